-- What somebody with a right or two may try, and what somebody who answers in the API's
-- place may say: no option carries a second request, no table of another wrapper is
-- taken for ours, planning asks nothing for those who may not read, and the words of an
-- answer are text for a terminal and a log, nothing else.

\set company dingAttack
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=3 freeze=on log_headers=userId');
CREATE SERVER attack FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER attack OPTIONS (token 't0ken');
CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1')) SERVER attack OPTIONS (object 'product');

-- All that is said of a failure, control characters spelled out.
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
  h text;
BEGIN
  EXECUTE statement;
  RETURN 'good';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(d, ''), nullif(h, ''));
END $$;
\pset format unaligned
\pset tuples_only on

-- A control character would end a header, and what follows would be a request of its own.
CREATE FUNCTION holds_control(statement text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN r LIKE 'HV024 | invalid value for option %nor hold control characters.' THEN 'refused' ELSE left(r, 60) END FROM try(statement) r $$;
SELECT ascii(c), holds_control(format('ALTER USER MAPPING FOR CURRENT_ROLE SERVER attack OPTIONS (ADD user_id %L)', 'u' || c || 'v')),
  holds_control(format('ALTER USER MAPPING FOR CURRENT_ROLE SERVER attack OPTIONS (SET token %L)', 'user_' || c || 'v')),
  holds_control(format('ALTER SERVER attack OPTIONS (SET corpid %L)', 'ding' || c || 'v')),
  holds_control(format('ALTER FOREIGN TABLE product ALTER COLUMN name OPTIONS (DROP attr, ADD constant %L)', 'a' || c || 'v'))
FROM unnest(ARRAY[E'\r', E'\n', E'\t', E'\x01', E'\x1b', E'\x7f']) c;
SELECT left(try(format('ALTER SERVER attack OPTIONS (ADD ca_file %L)', E'/etc/ssl\n/x')), 47),
  left(try(format('ALTER FOREIGN TABLE product ALTER COLUMN name OPTIONS (SET attr %L)', E'text_1\x1b')), 44);
SELECT try('ALTER USER MAPPING FOR CURRENT_ROLE SERVER attack OPTIONS (ADD user_id ''用户 1'')');
SELECT count(*) FROM product;
-- Nor one that was stored before this was checked.
SET allow_system_table_mods = on;
UPDATE pg_user_mapping m SET umoptions = ARRAY[E'token=user_t0ken', E'user_id=1\r\nContent-Length: 0\r\n\r\nPOST /pro/v2/api/product/del HTTP/1.1']
FROM pg_foreign_server s WHERE s.oid = m.umserver AND s.srvname = 'attack';
RESET allow_system_table_mods;
SELECT sim('clear');
SELECT left(try('SELECT name FROM product'), 42);
SELECT sim('count');
DROP USER MAPPING FOR CURRENT_ROLE SERVER attack;
CREATE USER MAPPING FOR PUBLIC SERVER attack OPTIONS (token 't0ken');

-- A wrapper without our validator takes a base_url of anybody: what takes a table looks at its wrapper.
CREATE FOREIGN DATA WRAPPER attack_other;
CREATE FOREIGN DATA WRAPPER attack_unchecked HANDLER xbb.fdw_handler;
CREATE SERVER attack_other FOREIGN DATA WRAPPER attack_other OPTIONS (corpid 'dingAttack', base_url 'http://127.0.0.1:1');
CREATE SERVER attack_unchecked FOREIGN DATA WRAPPER attack_unchecked OPTIONS (corpid 'dingAttack', base_url 'http://127.0.0.1:1');
CREATE USER MAPPING FOR PUBLIC SERVER attack_other OPTIONS (token 't0ken');
CREATE USER MAPPING FOR PUBLIC SERVER attack_unchecked OPTIONS (token 't0ken');
CREATE FOREIGN TABLE other (data_id bigint) SERVER attack_other OPTIONS (object 'product');
CREATE FOREIGN TABLE unchecked (data_id bigint) SERVER attack_unchecked OPTIONS (object 'product');
CREATE TABLE plain (data_id bigint);
SELECT try(format(f, t)) FROM unnest(ARRAY['other', 'unchecked']) t,
  unnest(ARRAY['SELECT xbb._total(%L, NULL, NULL)', 'SELECT xbb._settle_time(%L)', 'SELECT xbb._attr(%L, 1::smallint)', 'SELECT xbb._read_record(NULL::%I, ''{}'')']) f;
SELECT try('SELECT * FROM unchecked');
SELECT try(f) FROM
  unnest(ARRAY['SELECT xbb._total(''plain'', NULL, NULL)', 'SELECT xbb._settle_time(''plain'')', 'SELECT xbb._attr(''plain'', 1::smallint)', 'SELECT xbb._total(0, NULL, NULL)']) f;

-- Planning comes before the permission check: it asks for those only who may read.
ALTER SERVER attack OPTIONS (ADD use_remote_estimate 'true');
CREATE ROLE regress_xbb_attack;
GRANT USAGE ON SCHEMA :"company" TO regress_xbb_attack;
SELECT sim('clear');
SET ROLE regress_xbb_attack;
SELECT try('SELECT name FROM product');
RESET ROLE;
SELECT sim('count');
GRANT SELECT (name) ON product TO regress_xbb_attack;
SET ROLE regress_xbb_attack;
SELECT try('EXPLAIN SELECT name FROM product');
RESET ROLE;
SELECT sim('count');
ALTER SERVER attack OPTIONS (DROP use_remote_estimate);

-- The API's words: controls, ends of lines, marks of direction are question marks.
CREATE FUNCTION says(msg text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('clear what=all');
  PERFORM sim('fault what=replace at=every body=' || replace(format('{"code":100000,"msg":"%s"}', msg), ' ', '\x20'));
  RETURN try('SELECT name FROM product');
END $$;
SELECT says(msg) FROM unnest(ARRAY['a\\u001b[31mred\\u0007', 'x\\nFATAL:  forged line\\r\\n', 'tab\\tnul\\u0000end\\u007f', 'c1\\u0085\\u009b2J',
  'bidi\\u202egnp\\u2066x\\u2069\\u200f\\u061c', 'lines\\u2028\\u2029\\ufeff', '系统 é 产品\\ud83d\\ude00']) msg;
SELECT last_error !~ '[\x01-\x1f\x7f\u0080-\u009f]' AS clean FROM xbb.stats WHERE server = 'attack' AND last_error ~ 'bidi|lines|系统';
-- So are the names it gives its lists.
SELECT sim('clear what=all');
SELECT sim('fault what=replace at=every body={"code":1,"result":{"totalCount":1,"l\\u001b[2J":[],"\\u202etsil":[]}}');
SELECT try('SELECT name FROM product');

SELECT sim('remove');
SET client_min_messages = warning;
DROP SERVER attack, attack_other, attack_unchecked CASCADE;
DROP FOREIGN DATA WRAPPER attack_other, attack_unchecked;
DROP SCHEMA :"company" CASCADE;
DROP ROLE regress_xbb_attack;
