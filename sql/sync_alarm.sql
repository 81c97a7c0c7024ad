-- What an alarm asks xbb.sync_status for shows a reconciliation that fails, however many
-- loads succeed between its failures; one that was killed; one that never came to its turn.

\set company dingSyncAlarm
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=730 freeze=on');
CREATE ROLE xbb_sync_alarm_etl;
CREATE ROLE xbb_sync_alarm_monitor IN ROLE pg_monitor;
GRANT USAGE, CREATE ON SCHEMA "dingSyncAlarm" TO xbb_sync_alarm_etl;
GRANT USAGE ON SCHEMA "dingSyncAlarm" TO xbb_sync_alarm_monitor;
CREATE SERVER sync_alarm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER sync_alarm TO xbb_sync_alarm_etl;
CREATE USER MAPPING FOR xbb_sync_alarm_etl SERVER sync_alarm OPTIONS (token 't0ken');
SET ROLE xbb_sync_alarm_etl;
SET client_min_messages = warning;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER sync_alarm OPTIONS (object 'product');
SELECT xbb.create_sync('alarm', 'source', 'target', delete_mode => 'delete');
RESET client_min_messages;
CREATE VIEW status AS SELECT state, problem, failures_in_a_row AS failures, last_success IS NOT NULL AS loaded,
  last_reconciled IS NOT NULL AS reconciled, last_sqlstate FROM xbb.sync_status WHERE name = 'alarm';
GRANT SELECT ON status TO xbb_sync_alarm_monitor;
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CALL xbb.sync('alarm');
TABLE status;
CALL xbb.reconcile('alarm');
TABLE status;

-- each hour's reconciliation would delete 151 of 730 rows; each minute's load has nothing to do
RESET ROLE;
SELECT sim('drop id=' || string_agg(id::text, ',')) FROM generate_series(51200200, 51200350) id;
SET ROLE xbb_sync_alarm_etl;
CALL xbb.reconcile('alarm');
CALL xbb.sync('alarm');
CALL xbb.reconcile('alarm');
CALL xbb.sync('alarm');
CALL xbb.reconcile('alarm');
CALL xbb.sync('alarm');
CALL xbb.retry_rejects('alarm');
TABLE status;
-- seen by those who watch, and no more said
RESET ROLE;
SET ROLE xbb_sync_alarm_monitor;
TABLE status;
RESET ROLE;
SET ROLE xbb_sync_alarm_etl;
-- loads are counted for themselves: the greater number is told
CALL xbb.reconcile('alarm', full => true);
TABLE status;
REVOKE SELECT ON source FROM xbb_sync_alarm_etl;
CALL xbb.sync('alarm');
CALL xbb.sync('alarm');
CALL xbb.sync('alarm');
CALL xbb.sync('alarm');
SELECT failures FROM status;
GRANT SELECT ON source TO xbb_sync_alarm_etl;
-- the rows are meant to go: one by counts makes up for those by counts, one by every id for all
SELECT xbb.alter_sync('alarm', delete_limit => 200);
CALL xbb.reconcile('alarm');
TABLE status;
CALL xbb.reconcile('alarm', full => true);
TABLE status;

-- what was set aside may fail to load: until a run succeeds, of it alone, too
REVOKE INSERT, UPDATE ON target FROM xbb_sync_alarm_etl;
CALL xbb.retry_rejects('alarm');
SELECT state, failures FROM status;
GRANT INSERT, UPDATE ON target TO xbb_sync_alarm_etl;
CALL xbb.retry_rejects('alarm');
SELECT state, failures FROM status;
-- which is no load
REVOKE SELECT ON source FROM xbb_sync_alarm_etl;
CALL xbb.sync('alarm');
GRANT SELECT ON source TO xbb_sync_alarm_etl;
CALL xbb.retry_rejects('alarm');
SELECT state, failures FROM status;
CALL xbb.sync('alarm');
SELECT state, failures FROM status;

-- one that was skipped is told until another one succeeds
RESET ROLE;
SELECT id AS alarm FROM xbb._sync_definition WHERE name = 'alarm' \gset
INSERT INTO xbb._sync_run_log (id, definition, task, status, started, ended)
  SELECT nextval('xbb._sync_run_begun_id_seq'), :alarm, 'reconcile full', 'skipped', now(), now();
SET ROLE xbb_sync_alarm_etl;
CALL xbb.sync('alarm');
CALL xbb.reconcile('alarm');
TABLE status;
CALL xbb.reconcile('alarm', full => true);
TABLE status;
-- one that was killed failed
RESET ROLE;
INSERT INTO xbb._sync_run_begun (definition, task) VALUES (:alarm, 'reconcile');
SET ROLE xbb_sync_alarm_etl;
TABLE status;
CALL xbb.sync('alarm');
TABLE status;
CALL xbb.reconcile('alarm');
TABLE status;

RESET ROLE;
\pset format aligned
\pset tuples_only off
SET client_min_messages = warning;
SET ROLE xbb_sync_alarm_etl;
SELECT xbb.drop_sync('alarm');
RESET ROLE;
DROP SERVER sync_alarm CASCADE;
DROP SCHEMA "dingSyncAlarm" CASCADE;
DROP ROLE xbb_sync_alarm_monitor, xbb_sync_alarm_etl;
