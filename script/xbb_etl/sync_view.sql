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
RETURN CASE WHEN xbb._sync_alive(definition) THEN false ELSE xbb._sync_run_open(definition, run) END;

-- What the log has, and of each sync the run that has begun and written nothing since.
-- Those who watch see the runs of all roles, too, but no error, which may quote a record.
CREATE VIEW xbb.sync_run WITH (security_barrier) AS
SELECT l.id, (SELECT pg_catalog.jsonb_object_agg(a.id, a.name) FROM xbb._sync_all a) ->> l.definition::pg_catalog.text AS sync,
       ((SELECT pg_catalog.jsonb_object_agg(a.id, a.owner::pg_catalog.oid) FROM xbb._sync_all a) ->> l.definition::pg_catalog.text)
         ::pg_catalog.oid::pg_catalog.regrole AS owner, l.task,
       CASE WHEN l.status = 'running' AND xbb._sync_dead(l.definition, l.id) THEN 'killed' ELSE l.status END AS status,
       l.pid, l.started, l.ended, l.low, l.watermark, l.requests, l.pages, l.rows_read, l.inserted, l.updated,
       l.unchanged, l.rejected, l.deleted, l.retries, l.throttled, l.bytes, l.sqlstate,
       CASE WHEN l.definition = ANY (array(SELECT a.id FROM xbb._sync_all a WHERE pg_catalog.pg_has_role(a.owner, 'USAGE')))
            THEN l.error END AS error
FROM (SELECT l.id, l.definition, l.task, l.status, l.pid, l.started, l.ended, l.low, l.watermark, l.requests, l.pages, l.rows_read,
             l.inserted, l.updated, l.unchanged, l.rejected, l.deleted, l.retries, l.throttled, l.bytes, l.sqlstate, l.error
      FROM xbb._sync_run_log l
      UNION ALL
      SELECT u.id, u.definition, u.task, 'running'::pg_catalog.text, u.pid, u.started, NULL::pg_catalog.timestamptz, u.low, NULL::pg_catalog.timestamptz,
             0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, interval '0', 0::bigint,
             NULL::pg_catalog.text, NULL::pg_catalog.text
      FROM xbb._sync_under_way u WHERE u.noted IS NULL) l
-- who asks for the latest gets them without a look at the rest: the order, no join, and nothing
-- to look up by an index are for that, as the planner does not see the limit behind the barrier
WHERE coalesce(l.definition = ANY (array(
  SELECT a.id FROM xbb._sync_all a
  WHERE pg_catalog.pg_has_role(a.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'))), false)
ORDER BY l.id DESC;
COMMENT ON VIEW xbb.sync_run IS 'the runs of the syncs; a row a run, failed and killed ones too';
COMMENT ON COLUMN xbb.sync_run.id IS 'which run';
COMMENT ON COLUMN xbb.sync_run.sync IS 'name of the sync';
COMMENT ON COLUMN xbb.sync_run.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_run.task IS 'sync, sync full, retry_rejects, reconcile or reconcile full';
COMMENT ON COLUMN xbb.sync_run.status IS 'running, succeeded, failed, skipped (another one was at work), stopped (enabled was set to false, or the day''s requests were used up) or killed (no run holds the lock any more)';
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
COMMENT ON COLUMN xbb.sync_run.sqlstate IS 'of a run that failed, or rests until the next day';
COMMENT ON COLUMN xbb.sync_run.error IS 'what it said';
