CREATE FUNCTION xbb._progress(
  OUT pid int, OUT datid pg_catalog.oid, OUT userid pg_catalog.oid, OUT serverid pg_catalog.oid, OUT server pg_catalog.text,
  OUT relid pg_catalog.oid, OUT source pg_catalog.text, OUT object pg_catalog.text, OUT task pg_catalog.text,
  OUT name pg_catalog.text, OUT run_id bigint, OUT phase pg_catalog.text, OUT method pg_catalog.text,
  OUT started pg_catalog.timestamptz, OUT updated pg_catalog.timestamptz, OUT windows_total bigint, OUT windows_done bigint,
  OUT pages_total bigint, OUT pages_done bigint, OUT rows_total bigint, OUT rows_done bigint, OUT requests_done bigint,
  OUT bytes_done bigint, OUT retries bigint, OUT throttled_us bigint, OUT wait_event pg_catalog.text, OUT left_us bigint)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_progress';

CREATE VIEW xbb.progress AS
SELECT p.pid, p.datid, coalesce(d.datname, p.datid::pg_catalog.text) AS datname,
       coalesce(r.rolname, p.userid::pg_catalog.text) AS role, p.server, p.relid, p.source, p.object,
       p.task, p.name, p.run_id, p.phase, p.method, p.started, p.updated,
       p.windows_total, p.windows_done, p.pages_total, p.pages_done, p.rows_total, p.rows_done,
       p.requests_done, p.bytes_done, p.retries, p.throttled_us * interval '1 microsecond' AS throttled, p.wait_event,
       p.left_us * interval '1 microsecond' AS eta
FROM xbb._progress() p
LEFT JOIN pg_catalog.pg_database d ON d.oid = p.datid
LEFT JOIN pg_catalog.pg_roles r ON r.oid = p.userid;
COMMENT ON VIEW xbb.progress IS
  'what reads from the API, or writes what was read, at this moment, in all databases; your own roles only, without pg_read_all_stats';
COMMENT ON COLUMN xbb.progress.pid IS 'process, as in pg_stat_activity; it may have several rows, one a scan';
COMMENT ON COLUMN xbb.progress.datid IS 'database''s OID';
COMMENT ON COLUMN xbb.progress.datname IS 'database';
COMMENT ON COLUMN xbb.progress.role IS 'role of the session';
COMMENT ON COLUMN xbb.progress.server IS 'foreign server';
COMMENT ON COLUMN xbb.progress.relid IS 'OID of what is read; null: no table';
COMMENT ON COLUMN xbb.progress.source IS 'its name, without the schema';
COMMENT ON COLUMN xbb.progress.object IS 'object of the API, or the path that is asked';
COMMENT ON COLUMN xbb.progress.task IS 'as in xbb.sync_run; or import, analyze, push; null: whatever was typed';
COMMENT ON COLUMN xbb.progress.name IS 'name of the sync or push';
COMMENT ON COLUMN xbb.progress.run_id IS 'id of the run in xbb.sync_run, or xbb.push_run';
COMMENT ON COLUMN xbb.progress.phase IS
  'asking, certifying (windows are read until they prove complete), auditing (is that all?), returning; in a run also staging, comparing, writing, sending; or waiting for turn, for rate_limit';
COMMENT ON COLUMN xbb.progress.method IS 'certified, repeated, single or plain, as EXPLAIN says; null: a single answer, or not known yet';
COMMENT ON COLUMN xbb.progress.started IS 'when it began';
COMMENT ON COLUMN xbb.progress.updated IS 'latest answer, or step of a run: one that is stuck shows by its age';
COMMENT ON COLUMN xbb.progress.windows_total IS
  'windows of time, as far as they are known: they are divided on the way; of a run that goes by windows, its own; null: there are none';
COMMENT ON COLUMN xbb.progress.windows_done IS 'those that are complete';
COMMENT ON COLUMN xbb.progress.pages_total IS 'pages that it takes, about; null before the first answer';
COMMENT ON COLUMN xbb.progress.pages_done IS 'pages that have come; of a push, answers';
COMMENT ON COLUMN xbb.progress.rows_total IS 'records that the API counts, or, in a reconciliation, the target has, or, of a push, that waited when it began; null: not counted yet';
COMMENT ON COLUMN xbb.progress.rows_done IS 'records that have come; of a reconciliation, those that are compared';
COMMENT ON COLUMN xbb.progress.requests_done IS 'requests sent until the latest answer, repeated ones too';
COMMENT ON COLUMN xbb.progress.bytes_done IS 'bytes on the wire';
COMMENT ON COLUMN xbb.progress.retries IS 'requests that were sent again';
COMMENT ON COLUMN xbb.progress.throttled IS 'time spent waiting for rate_limit';
COMMENT ON COLUMN xbb.progress.wait_event IS
  'XbbHttp: for an answer; XbbRateLimit: for its turn; XbbRetry: before a repetition; XbbSettle: until the list has settled; else as in pg_stat_activity; null: it works';
COMMENT ON COLUMN xbb.progress.eta IS
  'time that is left, if it goes on as it went; null before three answers, or where not all of it is counted';
GRANT SELECT ON xbb.progress TO PUBLIC;

CREATE FUNCTION xbb.progress_unseen() RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_progress_unseen';
COMMENT ON FUNCTION xbb.progress_unseen() IS
  'how many scans and runs since the server started are not in xbb.progress, as 128 others were';
