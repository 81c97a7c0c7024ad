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
