-- The two keys of a sync's advisory lock.
CREATE FUNCTION xbb._sync_lock(name pg_catalog.text, OUT class integer, OUT object integer)
LANGUAGE sql STABLE STRICT PARALLEL SAFE BEGIN ATOMIC
  SELECT pg_catalog.hashtext('xbb.sync'), pg_catalog.hashtext(name);
END;

-- Does that process hold it?
CREATE FUNCTION xbb._sync_locked(name pg_catalog.text, pid integer) RETURNS boolean
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
RETURN EXISTS (
    SELECT FROM pg_catalog.pg_locks l, xbb._sync_lock(name) k
    WHERE l.locktype = 'advisory' AND l.granted AND l.pid = _sync_locked.pid AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND l.classid = k.class::pg_catalog.oid AND l.objid = k.object::pg_catalog.oid);

CREATE VIEW xbb.sync_run WITH (security_invoker) AS
SELECT l.id, l.sync, l.owner, l.task,
       CASE WHEN l.status = 'running' AND NOT xbb._sync_locked(l.sync, l.pid) THEN 'killed' ELSE l.status END AS status,
       l.pid, l.started, l.ended, l.low, l.watermark, l.requests, l.pages, l.rows_read, l.inserted, l.updated,
       l.unchanged, l.rejected, l.deleted, l.retries, l.throttled, l.bytes, l.sqlstate, l.error
FROM xbb._sync_run_log l;
COMMENT ON VIEW xbb.sync_run IS 'the runs of the syncs; a row a run, failed and killed ones too';
GRANT SELECT ON xbb.sync_run TO PUBLIC;

CREATE VIEW xbb.sync_status WITH (security_invoker) AS
SELECT d.name, d.owner, d.source, d.target, d.watermark,
       pg_catalog.now() - d.watermark AS lag,
       (SELECT pg_catalog.max(r.ended) FROM xbb.sync_run r WHERE r.sync = d.name AND r.task <> 'retry_rejects' AND r.status = 'succeeded') AS last_success,
       (SELECT pg_catalog.count(*) FROM xbb.sync_run r
        WHERE r.sync = d.name AND r.status IN ('failed', 'killed')
          AND r.id > coalesce((SELECT pg_catalog.max(s.id) FROM xbb.sync_run s
                               WHERE s.sync = d.name AND s.status = 'succeeded'), 0)) AS failures_in_a_row,
       (SELECT pg_catalog.max(r.started) FROM xbb.sync_run r WHERE r.sync = d.name AND r.status = 'running') AS running_since,
       (SELECT pg_catalog.count(*) FROM xbb.sync_reject j WHERE j.sync = d.name) AS rejects_open
FROM xbb.sync_definition d;
COMMENT ON VIEW xbb.sync_status IS 'how each sync is doing';
GRANT SELECT ON xbb.sync_status TO PUBLIC;
