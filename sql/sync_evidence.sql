-- What a reconciliation counted stays as evidence, and so does how late what it found had come.

\set company dingEvidence
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=2000 width=2 freeze=on');
SELECT sim('touch id=51200001');
CREATE ROLE xbb_evidence_etl;
CREATE ROLE xbb_evidence_stranger;
CREATE ROLE xbb_evidence_monitor IN ROLE pg_monitor;
GRANT USAGE, CREATE ON SCHEMA "dingEvidence" TO xbb_evidence_etl;
GRANT USAGE ON SCHEMA "dingEvidence" TO xbb_evidence_monitor;
CREATE SERVER evidence FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER evidence TO xbb_evidence_etl;
CREATE USER MAPPING FOR xbb_evidence_etl SERVER evidence OPTIONS (token 't0ken');
-- a record as it comes from elsewhere, with a time of its own, so many seconds before now
CREATE FUNCTION put(id bigint, ago bigint) RETURNS void LANGUAGE sql AS $$
  SELECT sim('put', format('{"dataId": %s, "addTime": %s, "updateTime": %s, "data": {"text_1": "late"}}', id, clock::bigint - ago, clock::bigint - ago))
  FROM sim('clock') clock $$;
SET ROLE xbb_evidence_etl;
\set VERBOSITY terse
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER evidence OPTIONS (object 'product');
SELECT xbb.create_sync('evidence', 'source', 'target', overlap => '10 min', delete_mode => 'delete');
-- the latest
CREATE VIEW evidence AS
  SELECT e.task, e.status, e.source_rows, e.target_rows, e.missed, e.gone, e.started = r.started AND e.ended = r.ended AND e.run = r.id AS run,
         e.complete_until = s.complete_until AS complete
  FROM xbb.sync_reconciliation e JOIN xbb.sync_run r ON r.id = e.run JOIN xbb.sync_status s ON s.name = e.sync
  WHERE e.sync = 'evidence' ORDER BY e.run DESC LIMIT 1;
CALL xbb.sync('evidence');
TABLE evidence;
CALL xbb.reconcile('evidence');
TABLE evidence;
CALL xbb.reconcile('evidence', full => true);
TABLE evidence;
SELECT * FROM xbb.lateness('evidence');

-- two that come an hour and two days late, and one that is gone: 2001 there, 2000 here
RESET ROLE;
SELECT put(1, 3600), put(2, 172800);
SELECT sim('drop id=51200700');
SET ROLE xbb_evidence_etl;
CALL xbb.sync('evidence');
CALL xbb.reconcile('evidence');
TABLE evidence;
SELECT update_time = to_timestamp(1770000000 - CASE WHEN n = 1 THEN 172800 ELSE 3600 END) AS time, seen - update_time AS late
FROM (SELECT *, row_number() OVER (ORDER BY update_time) AS n FROM xbb.sync_late WHERE sync = 'evidence') l;
SELECT records, since = to_timestamp(1770000000) AS since, p50, p90, p99, most, overlap, settle_time FROM xbb.lateness('evidence');
CALL xbb.reconcile('evidence', full => true);
TABLE evidence;
-- what is late by less than overlap a sync brings
RESET ROLE;
SELECT put(3, 300);
SET ROLE xbb_evidence_etl;
CALL xbb.sync('evidence');
CALL xbb.reconcile('evidence', full => true);
TABLE evidence;
SELECT records FROM xbb.lateness('evidence');

-- what fails has not counted all, and what it has counted is there all the same
SELECT xbb.alter_sync('evidence', delete_limit => 0);
RESET ROLE;
SELECT put(4, 7200);
SELECT sim('drop id=51200701');
SET ROLE xbb_evidence_etl;
CALL xbb.reconcile('evidence', full => true);
TABLE evidence;
SELECT xbb.alter_sync('evidence', delete_limit => -1);
CALL xbb.reconcile('evidence', full => true);
TABLE evidence;
SELECT records, p50, most FROM xbb.lateness('evidence');
-- loads count nothing
CALL xbb.sync('evidence');
CALL xbb.retry_rejects('evidence');
SELECT count(*), count(DISTINCT run) AS runs FROM xbb.sync_reconciliation WHERE sync = 'evidence';

-- those who watch see it, others do not
RESET ROLE;
SET ROLE xbb_evidence_monitor;
SELECT count(*) FROM xbb.sync_reconciliation WHERE sync = 'evidence';
SELECT records, overlap FROM xbb.lateness('evidence');
SET ROLE xbb_evidence_stranger;
SELECT count(*) FROM xbb.sync_reconciliation WHERE sync = 'evidence';
SELECT count(*) FROM xbb.sync_late WHERE sync = 'evidence';
SELECT xbb.lateness('evidence');
SELECT xbb.lateness(NULL);
-- nobody writes it but a run of one's own
SELECT xbb._sync_evidence_add(id, run, '{9,9,9,9}', NULL, NULL)
FROM (SELECT 1 AS id, 1 AS run) r;
RESET ROLE;

-- evidence stays for 400 days longer than the log, what came late as long as that
UPDATE xbb._sync_run_log SET started = started - interval '100 days' WHERE definition IN (SELECT id FROM xbb._sync_definition WHERE name = 'evidence');
UPDATE xbb._sync_evidence SET started = started - CASE WHEN gone > 0 THEN interval '491 days' ELSE interval '489 days' END
WHERE definition IN (SELECT id FROM xbb._sync_definition WHERE name = 'evidence');
SELECT count(*) FILTER (WHERE gone > 0) AS old, count(*) FILTER (WHERE gone = 0) AS others FROM xbb.sync_reconciliation WHERE sync = 'evidence';
SET ROLE xbb_evidence_etl;
-- in two runs: nothing goes by a clock that no run before has had, so that one that is far ahead takes nothing along
CALL xbb.sync('evidence');
SELECT count(*) FILTER (WHERE gone > 0) AS old, count(*) FILTER (WHERE gone = 0) AS others FROM xbb.sync_reconciliation WHERE sync = 'evidence';
CALL xbb.sync('evidence');
SELECT count(*) FILTER (WHERE gone > 0) AS old, count(*) FILTER (WHERE gone = 0) AS others FROM xbb.sync_reconciliation WHERE sync = 'evidence';
SELECT records FROM xbb.lateness('evidence');
SELECT xbb.drop_sync('evidence');
RESET ROLE;
SELECT count(*) FROM xbb._sync_evidence e WHERE NOT EXISTS (SELECT FROM xbb._sync_definition d WHERE d.id = e.definition);
SET client_min_messages = warning;
DROP SERVER evidence CASCADE;
DROP SCHEMA "dingEvidence" CASCADE;
DROP ROLE xbb_evidence_etl, xbb_evidence_stranger, xbb_evidence_monitor;
