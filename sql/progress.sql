-- xbb.progress: what is read is seen while it is read, and nothing of it afterwards.

\set company dingProgress
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=1000 width=2 freeze=on');
CREATE SERVER progress FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER progress OPTIONS (token 't0ken');
CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1'), update_time timestamptz) SERVER progress OPTIONS (object 'product');
CREATE FOREIGN TABLE plain (data_id bigint) SERVER progress OPTIONS (object 'product', snapshot 'false');
CREATE VIEW mine AS SELECT * FROM xbb.progress WHERE pid = pg_backend_pid();

-- what every column is stands in its comment
SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'xbb.progress'::regclass AND a.attnum > 0 AND col_description(a.attrelid, a.attnum) IS NULL;
TABLE mine;

-- a reading under way: the window that the first row is of has been read
BEGIN;
DECLARE slow CURSOR FOR SELECT data_id, name FROM product;
SELECT count(*) FROM mine;
MOVE 1 FROM slow;
SELECT datname = current_database() AS here, role = current_user AS own, server, relid::regclass, source, object, task, name, run_id, method, windows_total, windows_done, rows_total, rows_done, retries, throttled FROM mine;
SELECT phase IN ('certifying', 'auditing', 'returning') AS phase, started <= updated AS updated, pages_done BETWEEN 10 AND pages_total AS pages,
  pages_total BETWEEN 10 AND 12 AS total, requests_done >= pages_done AS requests, bytes_done > 10000 AS bytes, eta >= '0' AS eta FROM mine;

-- a row a reading, the older one first
DECLARE other CURSOR FOR SELECT data_id FROM plain;
MOVE 1 FROM other;
SELECT source, method FROM mine ORDER BY started;
CLOSE slow;
SELECT source FROM mine;

-- a list that has been read to its end is no longer read
MOVE ALL FROM other;
SELECT count(*) FROM mine;

-- with LIMIT it takes fewer pages
DECLARE few CURSOR FOR SELECT data_id FROM product LIMIT 150;
MOVE 1 FROM few;
SELECT pages_total, rows_total FROM mine;

-- an error takes its readings along
SAVEPOINT before;
DECLARE failing CURSOR FOR SELECT 1 / (data_id - data_id) FROM plain;
MOVE 1 FROM failing;
ROLLBACK TO before;
SELECT source FROM mine;
COMMIT;
TABLE mine;

-- neither a plan nor what is over shows
EXPLAIN (COSTS OFF) SELECT data_id FROM product;
SELECT count(*) FROM product;
TABLE mine;

-- others see what pg_stat_activity would show them
CREATE ROLE progress_watcher;
GRANT USAGE ON SCHEMA :"company" TO progress_watcher;
BEGIN;
DECLARE slow CURSOR FOR SELECT data_id FROM product;
MOVE 1 FROM slow;
SET ROLE progress_watcher;
SELECT count(*) FROM xbb.progress WHERE pid = pg_backend_pid();
RESET ROLE;
GRANT pg_read_all_stats TO progress_watcher;
SET ROLE progress_watcher;
SELECT count(*) FROM xbb.progress WHERE pid = pg_backend_pid();
RESET ROLE;
COMMIT;
SELECT has_function_privilege('progress_watcher', 'xbb.progress_unseen()', 'EXECUTE') AS unseen;
DROP OWNED BY progress_watcher;
DROP ROLE progress_watcher;

-- a run has one row, from its first step to its last, whatever it reads and writes; seen by a trigger of the target
CREATE TABLE seen (n int GENERATED ALWAYS AS IDENTITY, task text, name text, is_run boolean, source text, object text, phase text, method text, windows text, rows text);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO seen (task, name, is_run, source, object, phase, method, windows, rows)
  SELECT p.task, p.name, p.run_id = (SELECT max(id) FROM xbb.sync_run WHERE sync = 'progress'), p.source, p.object, p.phase, p.method,
         p.windows_done || ' of ' || p.windows_total, p.rows_done || ' of ' || p.rows_total
  FROM xbb.progress p WHERE p.pid = pg_backend_pid();
  RETURN NULL;
END
$$;
CREATE TABLE target (data_id bigint PRIMARY KEY, name text, update_time timestamptz);
CREATE TRIGGER look AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION look();
SELECT xbb.create_sync('progress', source => 'product', target => 'target', delete_mode => 'delete');
\set VERBOSITY terse
SET client_min_messages = warning;
CALL xbb.sync('progress');
TABLE mine;

-- in a transaction block, too
SELECT sim('touch id=51200001,51200002');
BEGIN;
CALL xbb.sync('progress');
TABLE mine;
COMMIT;

-- a reconciliation: what the target has, and how much of it is compared
DELETE FROM target WHERE data_id = 51200500;
CALL xbb.reconcile('progress');
SELECT sim('drop id=51200600');
CALL xbb.reconcile('progress', full => true);
TABLE seen;

-- a run that fails leaves nothing
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'XX000'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON target FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT sim('touch id=51200003');
CALL xbb.sync('progress');
TABLE mine;
BEGIN;
SAVEPOINT before;
CALL xbb.sync('progress');
ROLLBACK TO before;
TABLE mine;
COMMIT;
SELECT xbb.drop_sync('progress');
