-- A run prints one line of what it did.  xbb.sync_all() runs each enabled sync of its
-- caller, whatever becomes of the others, and names in the end those that failed.

\set company dingSyncAll
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=120 freeze=on');
CREATE ROLE xbb_sync_all_etl;
CREATE ROLE xbb_sync_all_none;
GRANT USAGE, CREATE ON SCHEMA "dingSyncAll" TO xbb_sync_all_etl;
CREATE SERVER sync_all FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER sync_all TO xbb_sync_all_etl;
CREATE USER MAPPING FOR xbb_sync_all_etl SERVER sync_all OPTIONS (token 't0ken');
SET ROLE xbb_sync_all_etl;
SET client_min_messages = warning;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER sync_all OPTIONS (object 'product');
SELECT xbb.create_sync('all c', 'source', 'copy_c', delete_mode => 'delete');
SELECT xbb.create_sync('all b', 'source', 'copy_b');
SELECT xbb.create_sync('all a', 'source', 'copy_a');
SELECT xbb.create_sync('all off', 'source', 'copy_off', enabled => false);
RESET client_min_messages;

-- a line a run, of each task
CALL xbb.sync('all c');
CALL xbb.sync('all c');
RESET ROLE;
SELECT sim('drop id=51200001,51200002');
SELECT sim('touch id=51200003', '{"text_1": "another"}');
SET ROLE xbb_sync_all_etl;
ALTER TABLE copy_c ADD CONSTRAINT another CHECK (name <> 'another');
CALL xbb.sync('all c');
CALL xbb.reconcile('all c', full => true);
ALTER TABLE copy_c DROP CONSTRAINT another;
CALL xbb.retry_rejects('all c');
SELECT xbb.alter_sync('all c', columns => '{"name": "upper(name)"}');
CALL xbb.sync('all c', full => true);
-- also in a transaction, and where something else calls it
BEGIN;
CALL xbb.sync('all b');
ROLLBACK;
DO $$ BEGIN CALL xbb.sync('all b'); END $$;
-- numbers of the line are those of the log
SELECT task, status, rows_read, inserted, updated, unchanged, rejected, deleted, requests FROM xbb.sync_run WHERE sync LIKE 'all %' ORDER BY id;

-- all of them, in the order in which they were made
CALL xbb.sync_all();
SELECT sync, status FROM xbb.sync_run WHERE sync LIKE 'all %' ORDER BY id DESC LIMIT 3;
SHOW search_path;
-- what fails stops nothing, and what was done stays
TRUNCATE copy_a, copy_b, copy_c;
SELECT xbb.alter_sync(name, enabled => true) FROM xbb.sync_definition WHERE name = 'all off';
DROP TABLE copy_b;
ALTER TABLE copy_a ADD CONSTRAINT none CHECK (false);
SELECT xbb.alter_sync('all a', reject_limit => 0);
RESET ROLE;
SELECT sim('touch id=51200010', '{"text_1": "new"}');
SET ROLE xbb_sync_all_etl;
CALL xbb.sync_all();
SELECT sync, status, sqlstate FROM xbb.sync_run WHERE sync LIKE 'all %' ORDER BY id DESC LIMIT 4;
SELECT count(*) FROM copy_c;
SELECT count(*) FROM copy_off;
SELECT name, failures_in_a_row FROM xbb.sync_status WHERE name LIKE 'all %' ORDER BY name;
SELECT count(*) FROM pg_locks WHERE locktype IN ('advisory', 'object') AND pid = pg_backend_pid();
-- in a transaction the error undoes all of them
BEGIN;
CALL xbb.sync_all();
ROLLBACK;
SELECT sync, status, sqlstate FROM xbb.sync_run WHERE sync LIKE 'all %' ORDER BY id DESC LIMIT 1;
-- a cancel is meant for all of them
SELECT xbb.drop_sync('all b');
RESET ROLE;
SELECT sim('fault what=delay ms=20000 times=1');
SET ROLE xbb_sync_all_etl;
SET statement_timeout = '1s';
CALL xbb.sync_all();
RESET statement_timeout;
SELECT sync, status, sqlstate FROM xbb.sync_run WHERE sync LIKE 'all %' ORDER BY id DESC LIMIT 2;
-- whoever has none runs none
SET ROLE xbb_sync_all_none;
CALL xbb.sync_all();
RESET ROLE;

SET client_min_messages = warning;
SET ROLE xbb_sync_all_etl;
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'all %';
RESET ROLE;
DROP SERVER sync_all CASCADE;
DROP SCHEMA "dingSyncAll" CASCADE;
DROP ROLE xbb_sync_all_etl, xbb_sync_all_none;
