-- For each sync what its log says, looked up by its number: the latest run that has ended,
-- the one under way, the latest success and failure, and how many failed since.  A load that
-- succeeds makes up for loads alone: what compares ids or counts has an end of its own, and
-- what compares all ids, too.  What was refused in a copy is no failure of one that was activated.
CREATE VIEW xbb._sync_state AS
SELECT d.id, d.active, d.source_name, d.target_name, l.task AS last_task, d.name, d.owner, d.source, d.target, d.enabled,
       CASE WHEN NOT d.enabled THEN 'disabled'
            WHEN p.problem IS NOT NULL OR greatest(f.failures, r.failures) > 0 THEN 'failing'
            WHEN pg_catalog.now() - coalesce(c.until, i.incomplete_since) > d.max_age THEN 'stale'
            WHEN u.started IS NOT NULL THEN 'running'
            WHEN s.ended IS NULL THEN 'never_run'
            ELSE 'ok' END AS state,
       coalesce(p.problem || ': ' || p.remedy, r.problem,
                CASE WHEN d.complete_until = '-infinity' THEN pg_catalog.format(
                  'not all of source %s has been read since it was named or changed: CALL xbb.sync(%L, full => true); reads it', d.source_name, d.name) END) AS problem,
       d.watermark,
       c.until AS complete_until, pg_catalog.now() - c.until AS staleness, d.max_age, s.ended AS last_success,
       r.ended AS last_reconciled,
       l.started AS last_started, l.ended - l.started AS last_duration, l.rows_read AS last_rows, u.started AS running_since,
       greatest(f.failures, r.failures) AS failures_in_a_row, e.ended AS last_error_at, e.sqlstate AS last_sqlstate,
       CASE WHEN pg_catalog.pg_has_role(d.owner, 'USAGE') THEN e.error END AS last_error,
       (SELECT pg_catalog.count(*) FROM xbb._sync_reject r
        WHERE r.definition = d.id
          AND (r.restored_by IS NULL OR NOT d.confirmed OR pg_catalog.pg_has_role(r.restored_by, d.owner, 'MEMBER'))) AS rejects_open
FROM xbb._sync_all d
CROSS JOIN (SELECT pg_catalog.max(p.activated) AS activated FROM xbb._place p) h
CROSS JOIN xbb._sync_problem(ROW(d.*)::xbb.sync_definition) p
-- the latest row at or before the sync's last that may be: by this order and no other index, however long ago it was
LEFT JOIN LATERAL (
  SELECT * FROM xbb._sync_run_log l
  WHERE (l.definition, l.id) <= (d.id, 9223372036854775807) AND l.status NOT IN ('running', 'skipped')
  ORDER BY l.definition DESC, l.id DESC LIMIT 1) l ON l.definition = d.id
LEFT JOIN LATERAL (
  SELECT * FROM xbb._sync_run_log l
  WHERE (l.definition, l.id) <= (d.id, 9223372036854775807) AND l.status = 'succeeded' AND l.task <> 'retry_rejects'
  ORDER BY l.definition DESC, l.id DESC LIMIT 1) s ON s.definition = d.id
LEFT JOIN LATERAL (
  SELECT * FROM xbb._sync_run_log l
  WHERE (l.definition, l.id) <= (d.id, 9223372036854775807) AND l.status = 'failed'
  ORDER BY l.definition DESC, l.id DESC LIMIT 1) e ON e.definition = d.id
LEFT JOIN LATERAL (
  SELECT CASE WHEN NOT w.dead THEN w.started END AS started, w.dead, w.task
  FROM (SELECT u.started, u.task, xbb._sync_dead(d.id, u.id) AS dead FROM xbb._sync_under_way u WHERE u.definition = d.id OFFSET 0) w) u ON true
CROSS JOIN LATERAL (
  SELECT pg_catalog.count(*) + CASE WHEN u.dead AND u.task NOT IN ('reconcile', 'reconcile full') THEN 1 ELSE 0 END AS failures
  FROM xbb._sync_run_log l
  WHERE l.definition = d.id AND l.status IN ('failed', 'killed') AND l.task NOT IN ('reconcile', 'reconcile full')
    AND l.id > coalesce(s.id, 0) AND (l.sqlstate IS DISTINCT FROM '55000' OR l.started > h.activated)
    AND (l.task <> 'retry_rejects'
         OR l.id > coalesce((SELECT a.id FROM xbb._sync_run_log a WHERE a.definition = d.id AND a.status = 'succeeded'
                             ORDER BY a.id DESC LIMIT 1), 0))) f
CROSS JOIN LATERAL (
  SELECT pg_catalog.max(k.ended) AS ended, pg_catalog.max(k.failures) FILTER (WHERE i.is_reconciled) AS failures,
         (pg_catalog.array_agg(k.problem ORDER BY k.latest DESC) FILTER (WHERE k.problem IS NOT NULL AND i.is_reconciled))[1] AS problem
  FROM (
    SELECT a.ended, l.id AS latest,
           (SELECT pg_catalog.count(*) FROM xbb._sync_run_log e
            WHERE e.definition = d.id AND e.task IN ('reconcile', 'reconcile full') AND e.task = t.task
              AND e.status IN ('failed', 'killed') AND e.id > coalesce(a.id, 0)
              AND (e.sqlstate IS DISTINCT FROM '55000' OR e.started > h.activated))
             + CASE WHEN u.dead AND u.task = t.task THEN 1 ELSE 0 END AS failures,
           CASE WHEN u.dead AND u.task = t.task OR l.status = 'killed' THEN pg_catalog.format('the latest %s was killed: ', t.words)
                WHEN l.status = 'failed' THEN pg_catalog.format('the latest %s failed with %s: TABLE xbb.sync_run; tells why, ', t.words, l.sqlstate)
                WHEN l.status = 'skipped' THEN pg_catalog.format('the latest %s was skipped, as another run was at work: ', t.words) END
             || pg_catalog.format('CALL xbb.reconcile(%L%s); does it again', d.name, t.argument) AS problem
    FROM (VALUES ('reconcile', 'reconciliation', ''), ('reconcile full', 'full reconciliation', ', full => true')) t (task, words, argument)
    LEFT JOIN LATERAL (
      SELECT y.* FROM (VALUES ('reconcile'), ('reconcile full')) v (task)
      CROSS JOIN LATERAL (
        SELECT y.id, y.ended FROM xbb._sync_run_log y
        WHERE y.definition = d.id AND y.task IN ('reconcile', 'reconcile full') AND y.task = v.task AND y.status = 'succeeded'
        ORDER BY y.id DESC LIMIT 1) y
      WHERE v.task IN (t.task, 'reconcile full') ORDER BY y.id DESC LIMIT 1) a ON true
    LEFT JOIN LATERAL (
      SELECT y.id, y.status, y.sqlstate FROM xbb._sync_run_log y
      WHERE y.definition = d.id AND y.task IN ('reconcile', 'reconcile full') AND y.task = t.task AND y.status <> 'running'
        AND y.id > coalesce(a.id, 0) AND (y.sqlstate IS DISTINCT FROM '55000' OR y.started > h.activated)
      ORDER BY y.id DESC LIMIT 1) l ON true) k
  -- of a source that another one has replaced, what cannot be done to this one is no failure
  CROSS JOIN (SELECT xbb._sync_is_reconciled(d.source) AS is_reconciled OFFSET 0) i) r
CROSS JOIN LATERAL (SELECT CASE WHEN d.complete_until = '-infinity' THEN NULL ELSE coalesce(s.complete_until, d.complete_until) END AS until) c
CROSS JOIN LATERAL (SELECT n.incomplete_since FROM xbb._sync_definition n WHERE n.id = d.id) i;
COMMENT ON VIEW xbb._sync_state IS 'how the syncs of all roles are doing';

CREATE VIEW xbb.sync_status WITH (security_barrier) AS
SELECT s.name, s.owner, s.source, s.target, s.enabled, s.state, s.problem, s.watermark, s.complete_until, s.staleness, s.max_age,
       s.last_success, s.last_reconciled, s.last_started, s.last_duration, s.last_rows, s.running_since, s.failures_in_a_row,
       s.last_error_at, s.last_sqlstate, s.last_error, s.rejects_open
FROM xbb._sync_state s
WHERE pg_catalog.pg_has_role(s.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb.sync_status IS 'how each sync is doing';
COMMENT ON COLUMN xbb.sync_status.name IS 'name of the sync';
COMMENT ON COLUMN xbb.sync_status.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_status.source IS 'what is read';
COMMENT ON COLUMN xbb.sync_status.target IS 'what is written';
COMMENT ON COLUMN xbb.sync_status.enabled IS 'may it run?';
COMMENT ON COLUMN xbb.sync_status.state IS 'the first that holds: disabled, failing (the latest runs or reconciliations failed, or a table is gone), stale (staleness is more than max_age, or nothing was complete for as long since it was defined or got another source, target or scope), running, never_run, ok';
COMMENT ON COLUMN xbb.sync_status.problem IS 'what became of source, target or expressions that keeps it from running, or of the latest reconciliation, or of a new source, and the statement that mends it';
COMMENT ON COLUMN xbb.sync_status.watermark IS 'the greatest update_time that was loaded; NULL for a list without times';
COMMENT ON COLUMN xbb.sync_status.complete_until IS 'all that the API had by then is in the target, or set aside: the start of the last successful run by the API''s clock or this server''s, whichever is behind, less settle_time';
COMMENT ON COLUMN xbb.sync_status.staleness IS 'now() less complete_until: how far behind the target is';
COMMENT ON COLUMN xbb.sync_status.max_age IS 'how far behind it may be; NULL: nothing is promised';
COMMENT ON COLUMN xbb.sync_status.last_success IS 'end of the last run that succeeded, of retry_rejects aside';
COMMENT ON COLUMN xbb.sync_status.last_reconciled IS 'end of the last reconciliation that succeeded';
COMMENT ON COLUMN xbb.sync_status.last_started IS 'start of the last run that has ended';
COMMENT ON COLUMN xbb.sync_status.last_duration IS 'how long it took';
COMMENT ON COLUMN xbb.sync_status.last_rows IS 'records that it read';
COMMENT ON COLUMN xbb.sync_status.running_since IS 'start of the run under way';
COMMENT ON COLUMN xbb.sync_status.failures_in_a_row IS 'loads that failed or were killed since one succeeded, or reconciliations, or full ones: which are more';
COMMENT ON COLUMN xbb.sync_status.last_error_at IS 'end of the last run that failed, whatever came after it';
COMMENT ON COLUMN xbb.sync_status.last_sqlstate IS 'what it failed with, as a code';
COMMENT ON COLUMN xbb.sync_status.last_error IS 'what it said; shown to those who have the owner''s role';
COMMENT ON COLUMN xbb.sync_status.rejects_open IS 'rows in sync_reject';
