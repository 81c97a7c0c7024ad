-- What a sync's owner sees of it: how far the copy is, by the API's clock; whether that is
-- as fresh as promised; each failure, that of a call which never became a run, too; and, if
-- asked for, a line a window.

\set company dingSyncStatus
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=120 freeze=on');
CREATE ROLE xbb_sync_status_etl;
CREATE ROLE xbb_sync_status_member IN ROLE xbb_sync_status_etl;
CREATE ROLE xbb_sync_status_stranger;
CREATE ROLE xbb_sync_status_monitor IN ROLE pg_monitor;
GRANT USAGE, CREATE ON SCHEMA "dingSyncStatus" TO xbb_sync_status_etl;
GRANT USAGE ON SCHEMA "dingSyncStatus" TO PUBLIC;
CREATE SERVER sync_status FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER sync_status TO xbb_sync_status_etl;
CREATE USER MAPPING FOR xbb_sync_status_etl SERVER sync_status OPTIONS (token 't0ken');
SET ROLE xbb_sync_status_etl;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER sync_status OPTIONS (object 'product');
CREATE VIEW status AS
  SELECT state, problem IS NOT NULL AS problem, failures_in_a_row AS failures, last_rows, last_sqlstate, last_error FROM xbb.sync_status
  WHERE name = 'status';
GRANT SELECT ON status TO PUBLIC;
-- how long before the API's clock, which stands still, everything is there: settle_time is 5 seconds
CREATE VIEW until AS
  SELECT d.now - complete_until BETWEEN '5 s' AND '5 s'::interval + '30 s' AS known, staleness = now() - complete_until AS staleness,
         watermark < complete_until AS watermark_is_older
  FROM xbb.sync_status, (SELECT to_timestamp(1770000000) AS now) d WHERE name = 'status';
SELECT xbb.create_sync('status', 'source', 'target', chunk => '30 years', max_age => '1000 years');
TABLE status;
SELECT complete_until, staleness, max_age, last_success, last_started, last_duration, last_error_at FROM xbb.sync_status WHERE name = 'status';

-- a line a window, an empty one, too; all that was asked since the line before counts
RESET ROLE;
SELECT sim('clear');
SET ROLE xbb_sync_status_etl;
CALL xbb.sync('status', verbose => true);
RESET ROLE;
SELECT sim('count');
SET ROLE xbb_sync_status_etl;
TABLE status;
TABLE until;
SELECT s.last_started = r.started AS started, s.last_duration = r.ended - r.started AS duration, s.last_success = r.ended AS success
FROM xbb.sync_status s JOIN xbb.sync_run r ON r.sync = s.name WHERE s.name = 'status';
CALL xbb.reconcile('status', verbose => true);
CALL xbb.reconcile('status', full => true, verbose => true);
CALL xbb.retry_rejects('status', verbose => true);
CALL xbb.sync('status', full => true, verbose => true);
CALL xbb.sync_all(verbose => true);

-- a quiet list: the watermark stays, the copy is as fresh as its last run; not by retry_rejects
CREATE TABLE before AS SELECT watermark, complete_until FROM xbb.sync_status WHERE name = 'status';
RESET ROLE;
SELECT sim('clock advance=3600');
SET ROLE xbb_sync_status_etl;
CALL xbb.retry_rejects('status');
SELECT s.complete_until = b.complete_until AS as_before FROM xbb.sync_status s, before b WHERE s.name = 'status';
CALL xbb.sync('status');
SELECT s.watermark = b.watermark AS watermark_stays, s.complete_until - b.complete_until BETWEEN '59 min' AND '61 min' AS an_hour_later
FROM xbb.sync_status s, before b WHERE s.name = 'status';
-- which is fresh enough or not
SELECT xbb.alter_sync('status', max_age => '1 day');
TABLE status;
SELECT xbb.alter_sync('status', max_age => '0');
SELECT state, max_age FROM xbb.sync_status WHERE name = 'status';
SELECT xbb.alter_sync('status', enabled => false);
TABLE status;
SELECT xbb.alter_sync('status', enabled => true);
-- one that was never complete is late when it is as old as that
SELECT xbb.create_sync('status late', 'source', 'late_target', max_age => '0.1 s');
SELECT pg_sleep(0.2);
CREATE VIEW late AS SELECT state, complete_until IS NOT NULL AS complete, problem FROM xbb.sync_status WHERE name = 'status late';
TABLE late;
SELECT xbb.alter_sync('status late', max_age => '1000 years');
TABLE late;
CALL xbb.sync('status late');
TABLE late;
-- another target, or scope, is not complete any more, and late from then on
CREATE TABLE later (LIKE late_target INCLUDING ALL);
SELECT xbb.alter_sync('status late', target => 'later');
TABLE late;
SELECT xbb.alter_sync('status late', max_age => '0.1 s');
SELECT pg_sleep(0.2);
TABLE late;
SELECT xbb.alter_sync('status late', max_age => '1000 years');
CALL xbb.sync('status late');
TABLE late;
-- another source is not, either, until all of it was read, by a full run
CREATE TABLE other AS SELECT data_id + 1000 AS data_id, update_time - interval '10 years' AS update_time, name FROM later;
UPDATE other SET update_time = update_time + interval '20 years' WHERE data_id = 51201001;
SELECT xbb.alter_sync('status late', source => 'other');
TABLE late;
CALL xbb.sync('status late');
TABLE late;
CALL xbb.sync('status late');
CALL xbb.retry_rejects('status late');
TABLE late;
SELECT complete_until FROM xbb.sync_definition WHERE name = 'status late';
-- the same one, and what else can be altered, is no other
CALL xbb.sync('status late', full => true);
TABLE late;
SELECT xbb.alter_sync('status late', source => 'other', overlap => '2 hours');
TABLE late;
CALL xbb.sync('status late');
TABLE late;
SET client_min_messages = warning;
SELECT xbb.alter_sync('status late', source => 'source');
CALL xbb.sync('status late', full => true);
SELECT xbb.alter_sync('status late', source => 'other');
RESET client_min_messages;
-- with another target all of it is read, and nothing that changes is to be
SELECT xbb.alter_sync('status late', source => 'source', target => 'late_target');
CALL xbb.sync('status late');
TABLE late;
SELECT xbb.drop_sync('status late');
-- nor is a source that means other records than it did: by its conditions, by what a view says; how it is asked means nothing
CREATE FOREIGN TABLE part (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER sync_status
  OPTIONS (object 'product', conditions '[{"attr": "dataId", "symbol": "equal", "value": [51200120]}]');
CREATE VIEW parts AS SELECT * FROM part;
SET client_min_messages = warning;
SELECT xbb.create_sync('status part', 'parts', 'part_target');
CREATE VIEW meant AS SELECT complete_until IS NOT NULL AS complete, problem FROM xbb.sync_status WHERE name = 'status part';
CALL xbb.sync('status part');
TABLE meant;
ALTER FOREIGN TABLE part OPTIONS (DROP conditions);
CALL xbb.sync('status part');
TABLE meant;
CALL xbb.sync('status part', full => true);
ALTER FOREIGN TABLE part OPTIONS (ADD page_size '50');
CALL xbb.sync('status part');
TABLE meant;
CREATE OR REPLACE VIEW parts AS SELECT * FROM part WHERE data_id > 0;
CALL xbb.sync('status part');
TABLE meant;
-- also where nothing differs
CALL xbb.sync('status part', full => true);
TABLE meant;
SELECT xbb.drop_sync('status part');
DROP TABLE part_target;
-- a first load that has found nothing yet begins anew, too, not with the windows that are left
ALTER FOREIGN TABLE part OPTIONS (ADD conditions '[{"attr": "addTime", "symbol": "greaterequal", "value": [1765000000]}]');
SELECT xbb.create_sync('status part', 'part', 'part_target', chunk => '30 days');
RESET ROLE;
SELECT sim('fault what=code code=100001 msg=broken at=20');
SET ROLE xbb_sync_status_etl;
CALL xbb.sync('status part');
SELECT watermark IS NULL AS nothing_found, loading_windows IS NOT NULL AS has_begun FROM xbb.sync_definition WHERE name = 'status part';
ALTER FOREIGN TABLE part OPTIONS (DROP conditions);
CALL xbb.sync('status part');
SELECT complete, problem, (SELECT count(*) FROM part_target) FROM meant;
SELECT xbb.drop_sync('status part');
RESET client_min_messages;
-- a local table has no clock of its own
CREATE TABLE plain AS SELECT * FROM target;
SELECT xbb.create_sync('status plain', 'plain', 'plain_copy', max_age => '1 hour');
CALL xbb.sync('status plain');
SELECT state, staleness BETWEEN '0' AND '1 min' AS fresh FROM xbb.sync_status WHERE name = 'status plain';
-- and nobody counts what it has: the call that would is refused, which is no failed run
CALL xbb.reconcile('status plain');
CALL xbb.reconcile('status plain', full => true);
SELECT state, problem, failures_in_a_row, last_reconciled FROM xbb.sync_status WHERE name = 'status plain';
SELECT task, status FROM xbb.sync_run WHERE sync = 'status plain' ORDER BY id;
SELECT xbb.drop_sync('status plain');
-- nor is one that failed, of a source that was replaced by one that has none
SET client_min_messages = warning;
SELECT xbb.create_sync('status plain', 'source', 'plain_copy', delete_mode => 'delete', delete_limit => 0);
CALL xbb.sync('status plain');
INSERT INTO plain_copy SELECT -1, '2020-01-01';
CALL xbb.reconcile('status plain');
SELECT state, problem, failures_in_a_row FROM xbb.sync_status WHERE name = 'status plain';
SELECT xbb.alter_sync('status plain', source => 'plain');
CALL xbb.sync('status plain', full => true);
SELECT state, problem, failures_in_a_row FROM xbb.sync_status WHERE name = 'status plain';
SELECT xbb.drop_sync('status plain');
RESET client_min_messages;
-- nor an API whose answers have none: it is by ours
RESET ROLE;
SELECT sim('set date=off');
SET ROLE xbb_sync_status_etl;
CALL xbb.sync('status');
SELECT staleness BETWEEN '5 s' AND '1 min' AS fresh FROM xbb.sync_status WHERE name = 'status';
RESET ROLE;
SELECT sim('set date=on');
SET ROLE xbb_sync_status_etl;

-- what never became a run is a failed one: of the owner,
REVOKE SELECT ON source FROM xbb_sync_status_etl;
\set VERBOSITY terse
CALL xbb.sync('status');
TABLE status;
GRANT SELECT ON source TO xbb_sync_status_etl;
CALL xbb.sync('status');
-- whose latest failure is told beyond the next success
TABLE status;
-- of a role that has the owner's, of a superuser,
RESET ROLE;
SET ROLE xbb_sync_status_member;
CALL xbb.sync('status');
RESET ROLE;
CALL xbb.reconcile('status');
-- but not of others, who see no more of it than that it is not theirs
SET ROLE xbb_sync_status_stranger;
CALL xbb.sync('status');
TABLE status;
SET ROLE xbb_sync_status_etl;
TABLE status;
SELECT task, status, sqlstate, error, ended >= started AS ended FROM xbb.sync_run WHERE sync = 'status' ORDER BY id DESC LIMIT 2;
-- what is rolled back is not told
BEGIN;
CALL xbb.sync('status none');
ROLLBACK;
DO $$ BEGIN CALL xbb.sync('status none'); END $$;
SELECT count(*) FROM xbb.sync_run WHERE sync = 'status none';
-- where nothing can be written the error is told as it is, and the lock is free
SET default_transaction_read_only = on;
CALL xbb.sync('status');
RESET default_transaction_read_only;
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND pid = pg_backend_pid();
-- a source that is gone
DROP VIEW status;
CREATE VIEW status AS
  SELECT state, problem, failures_in_a_row AS failures, last_sqlstate, last_error FROM xbb.sync_status WHERE name = 'status';
GRANT SELECT ON status TO PUBLIC;
DROP FOREIGN TABLE source;
CALL xbb.sync('status');
TABLE status;
-- those who watch see all but what was said
RESET ROLE;
SET ROLE xbb_sync_status_monitor;
TABLE status;
RESET ROLE;

SET client_min_messages = warning;
SET ROLE xbb_sync_status_etl;
SELECT xbb.drop_sync('status');
RESET ROLE;
DROP SERVER sync_status CASCADE;
DROP SCHEMA "dingSyncStatus" CASCADE;
DROP ROLE xbb_sync_status_member, xbb_sync_status_stranger, xbb_sync_status_monitor, xbb_sync_status_etl;
