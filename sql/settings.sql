-- A sync does the same whatever the settings of the sessions that define and run it:
-- neither its own code nor an expression of its columns changes meaning.

\set company dingSettings
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set include :srcdir '/sql/include/setting.sql'
SELECT sim('create products=20 freeze=on');
CREATE SERVER settings FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER settings OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (
  data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'))
  SERVER settings OPTIONS (object 'product');
\pset tuples_only on
\pset format unaligned

\set setting 'application_name = none'
\echo :setting
\i :include
\set setting 'standard_conforming_strings = off'
\echo :setting
\i :include
\set setting 'quote_all_identifiers = on'
\echo :setting
\i :include
\set setting 'DateStyle = "SQL, DMY"'
\echo :setting
\i :include
\set setting 'DateStyle = "German"'
\echo :setting
\i :include
\set setting 'IntervalStyle = sql_standard'
\echo :setting
\i :include
\set setting 'bytea_output = escape'
\echo :setting
\i :include
\set setting 'extra_float_digits = -15'
\echo :setting
\i :include
\set setting 'transform_null_equals = on'
\echo :setting
\i :include
\set setting 'array_nulls = off'
\echo :setting
\i :include
\set setting 'xmlbinary = hex'
\echo :setting
\i :include
\set setting 'xmloption = document'
\echo :setting
\i :include
\set setting 'backslash_quote = off'
\echo :setting
\i :include
\set setting 'plpgsql.variable_conflict = use_column'
\echo :setting
\i :include
\set setting 'plpgsql.variable_conflict = use_variable'
\echo :setting
\i :include
\set setting 'plpgsql.extra_errors = "all"'
\echo :setting
\i :include
\set setting 'plan_cache_mode = force_generic_plan'
\echo :setting
\i :include
\set setting 'TimeZone = "America/New_York"'
\echo :setting
\i :include
\set setting 'search_path = \'\''
\echo :setting
\i :include
\set setting 'row_security = off'
\echo :setting
\i :include
\pset tuples_only off
\pset format aligned
\set ECHO all

-- which value did not fit is told without standard_conforming_strings, too
\c -
SET search_path = "dingSettings";
SET TimeZone = 'UTC';
CREATE FOREIGN TABLE wrong (
  data_id bigint, update_time timestamptz, name integer OPTIONS (attr 'text_1')) SERVER settings OPTIONS (object 'product');
SET standard_conforming_strings = off;
SELECT xbb.create_sync('settings wrong', 'wrong');
CALL xbb.sync('settings wrong');
SELECT error LIKE '%: column "name" (attr text_1) of foreign table "wrong"%' AS told FROM xbb.sync_run WHERE sync = 'settings wrong';
SELECT xbb.drop_sync('settings wrong');
RESET standard_conforming_strings;

-- no schema to make the target in
SET search_path = '';
SELECT xbb.create_sync('settings nowhere', '"dingSettings".source');
\echo :LAST_ERROR_SQLSTATE
SET search_path = "dingSettings";

-- constants of an expression: printed in one session, read in another
CREATE TABLE plain (data_id bigint, update_time timestamptz, span interval, number float8, names text[]);
INSERT INTO plain VALUES (1, '2026-01-01', '-1 days -2 hours', 0.1234567890123456, '{a,NULL}');
CREATE TABLE given AS SELECT jsonb '{
  "plain": "''a\\b''::text", "escaped": "E''a\\\\b''::text", "day": "date ''2026-02-01''",
  "span": "interval ''-1 days -2 hours''", "number": "float8 ''0.1234567890123456''",
  "names": "''{a,NULL}''::text[]", "bytes": "bytea ''a'' || ''\\x00ff''"}' AS columns;
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SELECT xbb.create_sync('settings_printed', 'plain', columns => given.columns) FROM given;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = 'postgres';
RESET extra_float_digits;
RESET bytea_output;
SET standard_conforming_strings = off;
SELECT xbb.create_sync('settings_off', 'plain', columns => given.columns) FROM given;
RESET standard_conforming_strings;
SELECT xbb.create_sync('settings_read', 'plain', columns => given.columns) FROM given;
CALL xbb.sync('settings_printed');
CALL xbb.sync('settings_off');
SET standard_conforming_strings = off;
SET array_nulls = off;
CALL xbb.sync('settings_read');
RESET standard_conforming_strings;
RESET array_nulls;
SELECT * FROM settings_printed UNION ALL SELECT * FROM settings_off UNION ALL SELECT * FROM settings_read;

-- what is kept of a record that was set aside: written in one session, read in another
CREATE TABLE settings_kept (data_id bigint PRIMARY KEY, update_time timestamptz, span interval, number float8, names text[]);
ALTER TABLE settings_kept ADD CONSTRAINT none CHECK (false);
SELECT xbb.create_sync('settings_kept', 'plain');
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -15;
CALL xbb.sync('settings_kept');
SET IntervalStyle = 'postgres';
RESET extra_float_digits;
ALTER TABLE settings_kept DROP CONSTRAINT none;
CALL xbb.retry_rejects('settings_kept');
TABLE settings_kept;
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'settings%';
