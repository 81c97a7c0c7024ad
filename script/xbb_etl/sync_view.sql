-- Is a run of the definition with that id alive?  It is, while its lock is held.  A standby
-- does not see the locks of its primary, and takes the log's word.
CREATE FUNCTION xbb._sync_alive(id integer) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
RETURN pg_catalog.pg_is_in_recovery() OR EXISTS (
    SELECT FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'object' AND l.granted AND l.objid = _sync_alive.id::pg_catalog.oid
      AND l.classid = 'xbb._sync_definition'::pg_catalog.regclass
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()));

-- Did that run end without a word?  One that has ended since the query began that asks
-- looks so, too: it is asked once more, behind the lock, which a run frees last.
CREATE FUNCTION xbb._sync_dead(definition integer, run bigint) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
RETURN CASE WHEN xbb._sync_alive(definition) THEN false ELSE xbb._sync_run_open(run) END;

-- Those who watch see the runs of all roles, too, but no error, which may quote a record.
CREATE VIEW xbb.sync_run WITH (security_barrier) AS
SELECT l.id, d.name AS sync, d.owner, l.task,
       CASE WHEN l.status = 'running' AND xbb._sync_dead(l.definition, l.id) THEN 'killed' ELSE l.status END AS status,
       l.pid, l.started, l.ended, l.low, l.watermark, l.requests, l.pages, l.rows_read, l.inserted, l.updated,
       l.unchanged, l.rejected, l.deleted, l.retries, l.throttled, l.bytes, l.sqlstate,
       CASE WHEN pg_catalog.pg_has_role(d.owner, 'USAGE') THEN l.error END AS error
FROM xbb._sync_run_log l JOIN (SELECT a.id, a.name, a.owner FROM xbb._sync_all a OFFSET 0) d ON d.id = l.definition
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb.sync_run IS 'the runs of the syncs; a row a run, failed and killed ones too';
COMMENT ON COLUMN xbb.sync_run.id IS 'which run';
COMMENT ON COLUMN xbb.sync_run.sync IS 'name of the sync';
COMMENT ON COLUMN xbb.sync_run.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_run.task IS 'sync, sync full, retry_rejects, reconcile or reconcile full';
COMMENT ON COLUMN xbb.sync_run.status IS 'running, succeeded, failed, skipped (another one was at work), stopped (enabled was set to false) or killed (no run holds the lock any more)';
COMMENT ON COLUMN xbb.sync_run.pid IS 'of which backend';
COMMENT ON COLUMN xbb.sync_run.started IS 'when it began, by this server''s clock';
COMMENT ON COLUMN xbb.sync_run.ended IS 'when it ended';
COMMENT ON COLUMN xbb.sync_run.low IS 'from which update_time on was read, NULL: all';
COMMENT ON COLUMN xbb.sync_run.watermark IS 'behind the run, or its last step';
COMMENT ON COLUMN xbb.sync_run.requests IS 'requests sent';
COMMENT ON COLUMN xbb.sync_run.pages IS 'pages that were read';
COMMENT ON COLUMN xbb.sync_run.rows_read IS 'records read, those of the overlap included';
COMMENT ON COLUMN xbb.sync_run.inserted IS 'rows that were new in the target';
COMMENT ON COLUMN xbb.sync_run.updated IS 'rows that differed';
COMMENT ON COLUMN xbb.sync_run.unchanged IS 'rows that were the same, and not written';
COMMENT ON COLUMN xbb.sync_run.rejected IS 'records set aside';
COMMENT ON COLUMN xbb.sync_run.deleted IS 'records that are gone, with any delete_mode';
COMMENT ON COLUMN xbb.sync_run.retries IS 'requests that were sent again';
COMMENT ON COLUMN xbb.sync_run.throttled IS 'time spent waiting for rate_limit';
COMMENT ON COLUMN xbb.sync_run.bytes IS 'bytes on the wire';
COMMENT ON COLUMN xbb.sync_run.sqlstate IS 'of a run that failed';
COMMENT ON COLUMN xbb.sync_run.error IS 'what it said';

CREATE VIEW xbb.sync_status WITH (security_barrier) AS
SELECT d.name, d.owner, d.source, d.target, d.enabled, p.problem || ': ' || p.remedy AS problem, d.watermark,
       pg_catalog.now() - d.watermark AS lag,
       (SELECT l.ended FROM xbb._sync_run_log l
        WHERE l.definition = d.id AND l.task <> 'retry_rejects' AND l.status = 'succeeded'
        ORDER BY l.id DESC LIMIT 1) AS last_success,
       (SELECT pg_catalog.count(*) FROM xbb._sync_run_log l
        WHERE l.definition = d.id
          AND (l.status IN ('failed', 'killed') OR l.status = 'running' AND xbb._sync_dead(d.id, l.id))
          AND l.id > coalesce((SELECT pg_catalog.max(s.id) FROM xbb._sync_run_log s
                               WHERE s.definition = d.id AND s.status = 'succeeded'), 0)) AS failures_in_a_row,
       (SELECT pg_catalog.max(l.started) FROM xbb._sync_run_log l
        WHERE l.definition = d.id AND l.status = 'running' AND NOT xbb._sync_dead(d.id, l.id)) AS running_since,
       (SELECT pg_catalog.count(*) FROM xbb._sync_reject r
        WHERE r.definition = d.id
          AND (r.restored_by IS NULL OR NOT d.confirmed OR pg_catalog.pg_has_role(r.restored_by, d.owner, 'MEMBER'))) AS rejects_open
FROM xbb._sync_all d, xbb._sync_problem(ROW(d.*)::xbb.sync_definition) p
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb.sync_status IS 'how each sync is doing';
COMMENT ON COLUMN xbb.sync_status.name IS 'name of the sync';
COMMENT ON COLUMN xbb.sync_status.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_status.source IS 'what is read';
COMMENT ON COLUMN xbb.sync_status.target IS 'what is written';
COMMENT ON COLUMN xbb.sync_status.enabled IS 'may it run?';
COMMENT ON COLUMN xbb.sync_status.problem IS 'what became of source or target that keeps it from running, and the statement that mends it';
COMMENT ON COLUMN xbb.sync_status.watermark IS 'the greatest update_time that was loaded';
COMMENT ON COLUMN xbb.sync_status.lag IS 'now() less the watermark: the age of the newest change, not how far behind the target is';
COMMENT ON COLUMN xbb.sync_status.last_success IS 'end of the last run that succeeded, of retry_rejects aside';
COMMENT ON COLUMN xbb.sync_status.failures_in_a_row IS 'runs that failed or were killed since one of any task succeeded';
COMMENT ON COLUMN xbb.sync_status.running_since IS 'start of the run under way';
COMMENT ON COLUMN xbb.sync_status.rejects_open IS 'rows in sync_reject';
