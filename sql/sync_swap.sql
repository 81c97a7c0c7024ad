-- A source or target that was dropped, made anew, or has given its name to another
-- table is named, with the statement that mends it; what was only renamed is
-- followed.  A sync gets another source, target or name, and is stopped and started.

\set company dingSyncSwap
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "formId": 1, "addTime": %s, "updateTime": %s, "data": {"serialNo": "S%s", "text_1": "name %s"}}',
                         100 + n, 1769000000 + 7200 * n, 1769000000 + 7200 * n, n, n)) FROM generate_series(1, 30) n;
CREATE SERVER sync_swap FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_swap OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER sync_swap OPTIONS (object 'product');
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, name text);
CREATE VIEW run AS
  SELECT task, status, rows_read, inserted, updated, unchanged, sqlstate
  FROM xbb.sync_run WHERE sync LIKE 'swap%' ORDER BY id DESC LIMIT 1;
CREATE VIEW status AS
  SELECT name, enabled, problem, watermark IS NULL AS from_the_start FROM xbb.sync_status WHERE name LIKE 'swap%';
SELECT xbb.create_sync('swap', 'source', 'target');
CALL xbb.sync('swap');
TABLE run;
TABLE status;

-- a name or a schema that has changed is followed
CREATE SCHEMA "dingSyncSwap shop";
ALTER TABLE target RENAME TO goods;
ALTER TABLE goods SET SCHEMA "dingSyncSwap shop";
ALTER FOREIGN TABLE source RENAME TO "the source";
TABLE status;
CALL xbb.sync('swap');
SELECT source_name, target_name FROM xbb.sync_definition WHERE name = 'swap';
ALTER TABLE "dingSyncSwap shop".goods SET SCHEMA "dingSyncSwap";
ALTER TABLE goods RENAME TO target;
ALTER FOREIGN TABLE "the source" RENAME TO source;
CALL xbb.sync('swap');

-- a swap is not: which one is meant
CREATE TABLE target_new (LIKE target INCLUDING ALL);
ALTER TABLE target RENAME TO target_old;
ALTER TABLE target_new RENAME TO target;
\pset format unaligned
TABLE status;
CALL xbb.sync('swap');
CALL xbb.retry_rejects('swap');
CALL xbb.reconcile('swap');
SELECT task, status, sqlstate, error FROM xbb.sync_run WHERE sync = 'swap' ORDER BY id DESC LIMIT 3;
\pset format aligned
SELECT xbb.alter_sync('swap', overlap => '2 hours');
SELECT count(*) FROM target;
-- the old one after all: it goes on where it was
SELECT xbb.alter_sync('swap', target => 'target_old');
TABLE status;
SELECT sim('clock advance=60');
SELECT sim('touch id=101', '{"text_1": "changed"}');
CALL xbb.sync('swap');
TABLE run;
-- the new one: all of it
SELECT xbb.alter_sync('swap', target => 'target');
TABLE status;
CALL xbb.sync('swap');
TABLE run;
SELECT count(*), count(*) FILTER (WHERE name = 'changed') AS changed FROM target;

-- dropped and made anew
DROP TABLE target;
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, name text);
\pset format unaligned
TABLE status;
\pset format aligned
CALL xbb.sync('swap');
SELECT xbb.alter_sync('swap', target => 'target');
CALL xbb.sync('swap');
SELECT count(*) FROM target;
DROP FOREIGN TABLE source;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER sync_swap OPTIONS (object 'product');
CALL xbb.sync('swap');
CALL xbb.reconcile('swap');
-- the new source has the same records, and the copy goes on
SELECT xbb.alter_sync('swap', source => 'source');
CALL xbb.sync('swap');
TABLE run;
-- or only dropped
DROP FOREIGN TABLE source;
\pset format unaligned
TABLE status;
\pset format aligned
CALL xbb.sync('swap');
SELECT xbb.alter_sync('swap', overlap => '3 hours');
-- what can be said without it can be said
SELECT xbb.alter_sync('swap', enabled => false);
SELECT xbb.alter_sync('swap', enabled => true, new_name => 'swap again');
CREATE FOREIGN TABLE other (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'serialNo')) SERVER sync_swap OPTIONS (object 'product');
SELECT xbb.alter_sync('swap again', source => 'other', columns => '{"name": "lower(name)"}');
CALL xbb.sync('swap again', full => true);
SELECT data_id, name FROM target WHERE data_id < 104 ORDER BY data_id;
DROP TABLE target;
CALL xbb.sync('swap again');
-- what is no source or target is refused as in create_sync
CREATE TABLE no_key (data_id bigint, update_time timestamptz, name text);
CREATE TEMP TABLE gone_soon (data_id bigint PRIMARY KEY, update_time timestamptz, name text);
SELECT xbb.alter_sync('swap again', target => 'no_key');
SELECT xbb.alter_sync('swap again', target => 'gone_soon');
SELECT xbb.alter_sync('swap again', target => 'no_such_table');
SELECT xbb.alter_sync('swap again', source => 'target_old', target => 'target_old');
SELECT xbb.drop_sync('swap again');

-- another name: log, rejects and the place in the list go along
SELECT xbb.create_sync('swap', 'other', 'target_old');
CALL xbb.sync('swap');
INSERT INTO xbb._sync_reject (definition, data_id, kind, error, raw, run) SELECT id, 1, 'value', 'test', '{}', 0 FROM xbb.sync_definition WHERE name = 'swap';
SELECT xbb.create_sync('swapped', 'other', 'other_copy');
SELECT xbb.alter_sync('swap', new_name => 'swapped');
SELECT xbb.alter_sync('swap', new_name => '');
SELECT xbb.alter_sync('swap', new_name => 'swap "two"');
SELECT sync, count(*) FROM xbb.sync_run WHERE sync LIKE 'swap%' GROUP BY sync;
SELECT sync, data_id FROM xbb.sync_reject WHERE sync LIKE 'swap%';
CALL xbb.sync('swap');
CALL xbb.sync('swap "two"');
SELECT status, inserted, updated FROM xbb.sync_run WHERE sync LIKE 'swap%' ORDER BY id DESC LIMIT 1;
SELECT xbb.drop_sync('swapped'), xbb.drop_sync('swap "two"');

-- stopped, a sync asks nothing, and says so; jobs are green
SELECT xbb.create_sync('swap', 'other', 'stopped', enabled => false);
SELECT xbb.create_sync('swap not', 'other', 'stopped', enabled => NULL);
SELECT sim('clear');
CALL xbb.sync('swap');
CALL xbb.reconcile('swap');
CALL xbb.retry_rejects('swap');
SELECT sim('count');
TABLE status;
SELECT count(*) FROM xbb.sync_run WHERE sync = 'swap';
SELECT xbb.alter_sync('swap', enabled => true, chunk => '10 hours');
-- a run that is on its way ends with its window; the next one goes on from there
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM xbb.alter_sync('swap', enabled => false);
  RETURN NULL;
END
$$;
CREATE TRIGGER stop AFTER INSERT ON stopped FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION stop();
CALL xbb.sync('swap');
SELECT status, inserted > 0 AND inserted < 30 AS some, sqlstate, error FROM xbb.sync_run WHERE sync = 'swap' ORDER BY id DESC LIMIT 1;
SELECT count(*) > 0 AND count(*) < 30 AS some FROM stopped;
SELECT enabled, failures_in_a_row, last_success FROM xbb.sync_status WHERE name = 'swap';
DROP TRIGGER stop ON stopped;
SELECT xbb.alter_sync('swap', enabled => true);
CALL xbb.sync('swap');
SELECT status FROM xbb.sync_run WHERE sync = 'swap' ORDER BY id DESC LIMIT 1;
SELECT count(*) FROM stopped;
-- while a run is at work, its tables and its name stay
SELECT id AS swap_id FROM xbb.sync_definition WHERE name = 'swap' \gset
SELECT xbb._sync_lock(:swap_id, true);
\setenv PGDATABASE :DBNAME
\! psql -X -q -v SHOW_CONTEXT=never -c "SELECT xbb.alter_sync('swap', new_name => 'swap two')"
\! psql -X -q -v SHOW_CONTEXT=never -c "SELECT xbb.alter_sync('swap', target => '\"dingSyncSwap\".target_old')"
\! psql -X -q -v SHOW_CONTEXT=never -c "SELECT xbb.alter_sync('swap', source => '\"dingSyncSwap\".other')"
SELECT xbb._sync_unlock(:swap_id);

SET client_min_messages = warning;
SELECT xbb.drop_sync('swap');
DROP SERVER sync_swap CASCADE;
DROP SCHEMA "dingSyncSwap", "dingSyncSwap shop" CASCADE;
