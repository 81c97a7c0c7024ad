-- All that is to be kept fresh, syncs and pushes, in one view.
--
-- complete_until is never later than the truth: month-ends rest on it.  Of a sync it is the API's clock when the last
-- run that succeeded began, at most this server's, less what the API may need to show a change (_sync_complete_until);
-- of a push when the source was read the last time behind which nothing was left (_push_run_note).
CREATE VIEW xbb.task_status WITH (security_barrier) AS
SELECT t.kind, t.name, t.owner, t.source, t.target, t.enabled, t.state, t.complete_until, t.staleness, t.max_age, t.last_started,
       t.last_success, t.last_duration, t.typical_duration, t.last_rows, t.typical_rows, t.failures_in_a_row, t.last_error_at,
       t.last_sqlstate, t.last_error, t.problems, j.schedule, j.next_run
FROM (
SELECT 'sync'::pg_catalog.text AS kind, s.id, s.name, s.owner, coalesce(xbb._sync_place(s.source), s.source_name) AS source,
       coalesce(xbb._sync_place(s.target), s.target_name) AS target, s.enabled,
       CASE WHEN NOT s.enabled THEN 'disabled'
            WHEN NOT s.active THEN 'inactive'
            WHEN s.state = 'failing' THEN 'failing'
            WHEN s.complete_until IS NULL AND s.last_started IS NOT NULL AND s.running_since IS NULL THEN 'incomplete'
            ELSE s.state END AS state,
       s.complete_until, s.staleness, s.max_age, s.last_started, s.last_success, s.last_duration, t.duration AS typical_duration,
       s.last_rows, t.rows AS typical_rows, s.failures_in_a_row::integer AS failures_in_a_row, s.last_error_at, s.last_sqlstate,
       s.last_error, s.rejects_open AS problems
FROM xbb._sync_state s
CROSS JOIN LATERAL (
  SELECT pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY l.ended - l.started) AS duration,
         pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY l.rows_read) AS rows
  FROM (SELECT l.definition, l.task, l.started, l.ended, l.rows_read FROM xbb._sync_run_log l
        WHERE (l.definition, l.id) <= (s.id, 9223372036854775807) AND l.status = 'succeeded'
        ORDER BY l.definition DESC, l.id DESC LIMIT 20) l
  -- what does the same
  WHERE l.definition = s.id AND l.task = s.last_task) t
WHERE pg_catalog.pg_has_role(s.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
UNION ALL
SELECT 'push', p.id, p.name, p.owner, coalesce(xbb._sync_place(p.source), p.source_name), coalesce(xbb._sync_place(p.target), p.target_name),
       p.enabled, p.state, c.complete_until, pg_catalog.now() - c.complete_until, p.max_age, p.last_started, p.last_success,
       p.last_duration, t.duration, p.last_rows, t.rows, (f.failures + p.dead)::integer, p.last_error_at, p.last_sqlstate, p.last_error,
       p.rejected + p.unknown + p.held
FROM xbb._push_state p
CROSS JOIN (SELECT pg_catalog.max(h.activated) AS activated FROM xbb._place h) h
LEFT JOIN LATERAL (
  SELECT l.push, l.complete_until FROM xbb._push_run_log l
  WHERE (l.push, l.id) <= (p.id, 9223372036854775807) AND l.complete_until IS NOT NULL
  ORDER BY l.push DESC, l.id DESC LIMIT 1) c
  ON c.push = p.id AND c.complete_until >= (SELECT d.incomplete_since FROM xbb._push_definition d WHERE d.id = p.id)
CROSS JOIN LATERAL (
  SELECT pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY l.ended - l.started) AS duration,
         pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY l.acknowledged) AS rows
  FROM (SELECT l.push, l.started, l.ended, l.acknowledged FROM xbb._push_run_log l
        WHERE (l.push, l.id) <= (p.id, 9223372036854775807) AND l.status = 'succeeded'
        ORDER BY l.push DESC, l.id DESC LIMIT 20) l
  WHERE l.push = p.id) t
CROSS JOIN LATERAL (
  SELECT pg_catalog.count(*) AS failures FROM xbb._push_run_log l
  WHERE l.push = p.id AND l.status IN ('failed', 'killed') AND (l.sqlstate IS DISTINCT FROM '55000' OR l.started > h.activated)
    AND l.id > coalesce((SELECT CASE WHEN g.push = p.id THEN g.id END
                         FROM (SELECT g.push, g.id FROM xbb._push_run_log g
                               WHERE (g.push, g.id) <= (p.id, 9223372036854775807) AND g.status IN ('succeeded', 'incomplete')
                               ORDER BY g.push DESC, g.id DESC LIMIT 1) g), 0)) f
WHERE pg_catalog.pg_has_role(p.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')) t
LEFT JOIN xbb._task_schedule j ON j.kind = t.kind AND j.task = t.id;
COMMENT ON VIEW xbb.task_status IS 'how each sync and push is doing, in the same words';
COMMENT ON COLUMN xbb.task_status.kind IS 'sync or push';
COMMENT ON COLUMN xbb.task_status.name IS 'name of the sync or push';
COMMENT ON COLUMN xbb.task_status.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.task_status.source IS 'what is read, with its schema; NULL: a push reads a query';
COMMENT ON COLUMN xbb.task_status.target IS 'what is written, with its schema';
COMMENT ON COLUMN xbb.task_status.enabled IS 'may it run?';
COMMENT ON COLUMN xbb.task_status.state IS 'the first that holds: disabled, inactive (a copy of the database), failing, incomplete (of a sync: it has run, and never read to the end; of a push: records were refused or are held, or nobody knows), stale, running, never_run, ok';
COMMENT ON COLUMN xbb.task_status.complete_until IS 'of a sync: all that the API had by then is in the target, or set aside, as problems counts; of a push: all that was committed in the source by then is acknowledged; NULL: not known';
COMMENT ON COLUMN xbb.task_status.staleness IS 'now() less complete_until';
COMMENT ON COLUMN xbb.task_status.max_age IS 'how old a copy may become, or how long a change may wait to be sent';
COMMENT ON COLUMN xbb.task_status.last_started IS 'start of the last run that has ended';
COMMENT ON COLUMN xbb.task_status.last_success IS 'end of the last run that succeeded';
COMMENT ON COLUMN xbb.task_status.last_duration IS 'how long the last run took';
COMMENT ON COLUMN xbb.task_status.typical_duration IS 'median of the last 20 runs that succeeded, as far as their task was the last run''s';
COMMENT ON COLUMN xbb.task_status.last_rows IS 'records that the last run read, of a push: that the target has by it';
COMMENT ON COLUMN xbb.task_status.typical_rows IS 'median of the same runs as typical_duration''s';
COMMENT ON COLUMN xbb.task_status.failures_in_a_row IS 'runs that failed or were killed since one did not';
COMMENT ON COLUMN xbb.task_status.last_error_at IS 'end of the last run that failed, whatever came after it';
COMMENT ON COLUMN xbb.task_status.last_sqlstate IS 'what it failed with, as a code';
COMMENT ON COLUMN xbb.task_status.last_error IS 'what it said; shown to those who have the owner''s role';
COMMENT ON COLUMN xbb.task_status.problems IS 'of a sync: rows in sync_reject; of a push: records rejected, unknown or held';
COMMENT ON COLUMN xbb.task_status.schedule IS 'when pg_cron runs it, if pg_cron is in this database and its command names the task, or sync_all or push_all of the role; else NULL';
COMMENT ON COLUMN xbb.task_status.next_run IS 'when that is the next time; NULL: not known';

CREATE FUNCTION xbb.complete_until(names pg_catalog.text[]) RETURNS pg_catalog.timestamptz
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  task pg_catalog.text;
  until pg_catalog.timestamptz := 'infinity';
  found_out pg_catalog.record;
BEGIN
  FOREACH task IN ARRAY coalesce(names, '{}') LOOP
    SELECT pg_catalog.count(*) AS tasks, pg_catalog.min(coalesce(s.complete_until, '-infinity')) AS until INTO found_out
    FROM (SELECT s.complete_until, pg_catalog.rank() OVER (ORDER BY s.owner = current_user::pg_catalog.regrole DESC) AS place
          FROM xbb.task_status s WHERE s.name = task) s
    WHERE s.place = 1;
    IF found_out.tasks = 0 THEN
      RAISE EXCEPTION 'there is no sync or push %', coalesce(pg_catalog.quote_ident(task), 'null')
        USING ERRCODE = 'undefined_object', HINT = 'TABLE xbb.task_status; shows those that you may see.';
    END IF;
    until := least(until, found_out.until);
  END LOOP;
  RETURN CASE WHEN pg_catalog.isfinite(until) THEN until END;
END
$$;
COMMENT ON FUNCTION xbb.complete_until(text[]) IS
  'up to when all of these syncs and pushes are complete, as task_status has it; NULL: one of them is not, up to any time';
