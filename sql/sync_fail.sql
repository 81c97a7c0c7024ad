-- The first thing that the first run of a session does fails: the error is the
-- API's, the log has it, and the sync is free.

\set company dingSyncFail
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=30 freeze=on');
CREATE SERVER sync_fail FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_fail OPTIONS (token 'wrong');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER sync_fail OPTIONS (object 'product');
SELECT xbb.create_sync('fail first', source => 'source', target => 'target');
\c -
CALL xbb.sync('fail first');
SELECT status, rows_read, sqlstate, error FROM xbb.sync_run WHERE sync = 'fail first';
SELECT count(*) FROM pg_locks WHERE locktype IN ('object', 'advisory') AND pid = pg_backend_pid();
ALTER USER MAPPING FOR CURRENT_ROLE SERVER sync_fail OPTIONS (SET token 't0ken');
CALL xbb.sync('fail first');
SELECT status, rows_read, sqlstate, error FROM xbb.sync_run WHERE sync = 'fail first' ORDER BY id;

-- a COMMIT that fails ends the run as any other error does: of reconcile, whose deletion
-- leaves something owing elsewhere
SET search_path = "dingSyncFail";
SET client_min_messages = warning;
SELECT set_config('sim.company', :'company', false), set_config('sim.url', :'url', false) \gset
CREATE VIEW run AS SELECT task, status, rows_read, inserted, deleted, sqlstate, error FROM xbb.sync_run WHERE sync LIKE 'fail %' ORDER BY id;
CREATE VIEW locked AS SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND pid = pg_backend_pid();
CREATE TABLE owed (data_id bigint PRIMARY KEY);
CREATE TABLE owing (data_id bigint REFERENCES owed DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION owe() RETURNS trigger LANGUAGE plpgsql SET search_path = "dingSyncFail" AS $$
BEGIN INSERT INTO owing VALUES (OLD.data_id); RETURN OLD; END $$;
CREATE TRIGGER owe BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION owe();
SELECT xbb.alter_sync('fail first', delete_mode => 'delete');
SELECT sim('drop id=51200003');
CALL xbb.reconcile('fail first');
TABLE run OFFSET 2;
SHOW search_path;
TABLE locked;
INSERT INTO owed VALUES (51200003);
CALL xbb.reconcile('fail first');
TABLE run OFFSET 3;
-- where it was called is told, and none of the extension's functions that stand between
\set SHOW_CONTEXT always
CALL xbb.sync('fail nowhere');
DO $$ BEGIN CALL xbb.reconcile('fail nowhere'); END $$;
\set SHOW_CONTEXT never
-- of one window of several: what the others loaded stays, and is all that the log tells
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'not in the end' USING ERRCODE = 'serialization_failure', DETAIL = 'Two at once.', HINT = 'Try again.'; END $$;
SELECT data_id AS latest FROM source ORDER BY update_time DESC LIMIT 1 \gset
CREATE TABLE noted (n bigint);
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON noted DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.n = :latest) EXECUTE FUNCTION refuse();
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path = "dingSyncFail" AS $$
BEGIN SET CONSTRAINTS ALL DEFERRED; INSERT INTO noted VALUES (NEW.data_id); RETURN NULL; END $$;
CREATE TABLE noting (LIKE target INCLUDING ALL);
CREATE TRIGGER note AFTER INSERT ON noting FOR EACH ROW EXECUTE FUNCTION note();
SELECT xbb.create_sync('fail by steps', source => 'source', target => 'noting', chunk => '1 day');
CALL xbb.sync('fail by steps');
SELECT status, inserted > 0 AS some, inserted = (SELECT count(*) FROM noting) AS those, sqlstate, error FROM run OFFSET 4;
SELECT watermark = (SELECT max(update_time) FROM noting) AS so_far FROM xbb.sync_definition WHERE name = 'fail by steps';
TABLE locked;
-- of the last step
SELECT xbb.alter_sync('fail by steps', chunk => '0');
CALL xbb.sync('fail by steps');
SELECT status, rows_read, inserted, sqlstate, error FROM run OFFSET 5;
TABLE locked;
-- and in the next run all is well
DROP TRIGGER refuse ON noted;
CALL xbb.sync('fail by steps');
SELECT status, sqlstate FROM run OFFSET 6;
SELECT count(*) FROM (SELECT data_id FROM source EXCEPT SELECT data_id FROM noting) missing;
-- where the procedure cannot commit it is no use to call it
BEGIN;
CALL xbb._sync_commit(NULL, NULL, NULL, NULL, NULL);
ROLLBACK;
