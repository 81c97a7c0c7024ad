-- Is that worker of the push at work?  It is, while its lock is held.  A standby does not see the locks of its
-- primary, and takes the log's word.
CREATE FUNCTION xbb._push_alive(id integer, worker integer) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
RETURN pg_catalog.pg_is_in_recovery() OR EXISTS (
    SELECT FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'object' AND l.granted AND l.objid = _push_alive.id::pg_catalog.oid AND l.objsubid = worker
      AND l.classid = 'xbb._push_definition'::pg_catalog.regclass
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()));

-- Those who watch see the runs of all roles, but no error, which may quote a record.  As in
-- sync_run, who asks for the latest gets them without a look at the rest.
CREATE VIEW xbb.push_run WITH (security_barrier) AS
SELECT l.id, (SELECT pg_catalog.jsonb_object_agg(a.id, a.name) FROM xbb._push_all a) ->> l.push::pg_catalog.text AS push,
       ((SELECT pg_catalog.jsonb_object_agg(a.id, a.owner::pg_catalog.oid) FROM xbb._push_all a) ->> l.push::pg_catalog.text)
         ::pg_catalog.oid::pg_catalog.regrole AS owner, l.worker,
       CASE WHEN l.status = 'running' AND NOT xbb._push_alive(l.push, l.worker) THEN 'killed' ELSE l.status END AS status,
       l.pid, l.started, l.ended, l.requests, l.enqueued, l.acknowledged, l.rejected, l.unknown, l.put_off, l.held, l.sqlstate,
       CASE WHEN l.push = ANY (array(SELECT a.id FROM xbb._push_all a WHERE pg_catalog.pg_has_role(a.owner, 'USAGE')))
            THEN l.error END AS error
FROM xbb._push_run_log l
WHERE coalesce(l.push = ANY (array(
  SELECT a.id FROM xbb._push_all a
  WHERE pg_catalog.pg_has_role(a.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'))), false)
ORDER BY l.id DESC;
COMMENT ON VIEW xbb.push_run IS 'the log of the pushes';

-- How the pushes of all roles are doing.
CREATE VIEW xbb._push_state AS
SELECT d.id, CASE WHEN d.query IS NULL THEN d.source_name END AS source_name, d.target_name, d.name, d.owner, d.source, (SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c WHERE c.oid = d.target) AS target, d.enabled,
       CASE WHEN NOT d.enabled THEN 'disabled'
            WHEN NOT d.active THEN 'inactive'
            WHEN l.status = 'failed' OR u.dead > 0 THEN 'failing'
            WHEN c.held > 0 OR c.rejected > 0 OR c.late > 0 OR c.unknown > 0 AND coalesce(u.alive, 0) = 0 THEN 'incomplete'
            -- what changed since the last success began, no run may have looked for
            WHEN pg_catalog.now() - least(c.oldest_pending, s.started) > d.max_age THEN 'stale'
            WHEN u.alive > 0 THEN 'running'
            WHEN l.status IS NULL THEN 'never_run'
            ELSE 'ok' END AS state,
       c.pending, c.sending,
       (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'acknowledged') AS acknowledged,
       c.rejected, c.unknown, c.held, c.oldest_pending, pg_catalog.now() - c.oldest_pending AS oldest_age, d.max_age,
       s.ended AS last_success, l.started AS last_started, l.ended - l.started AS last_duration, u.alive AS running_workers,
       e.ended AS last_error_at, e.sqlstate AS last_sqlstate, CASE WHEN pg_catalog.pg_has_role(d.owner, 'USAGE') THEN e.error END AS last_error, l.acknowledged AS last_rows, u.dead
FROM xbb._push_all d
-- the latest row at or before the push's last that may be: by this order and no other index, however long ago it was
LEFT JOIN LATERAL (SELECT * FROM xbb._push_run_log l
                   WHERE (l.push, l.id) <= (d.id, 9223372036854775807) AND l.status NOT IN ('running', 'skipped')
                   ORDER BY l.push DESC, l.id DESC LIMIT 1) l ON l.push = d.id
LEFT JOIN LATERAL (SELECT * FROM xbb._push_run_log l WHERE (l.push, l.id) <= (d.id, 9223372036854775807) AND l.status = 'succeeded'
                   ORDER BY l.push DESC, l.id DESC LIMIT 1) s ON s.push = d.id
LEFT JOIN LATERAL (SELECT * FROM xbb._push_run_log l WHERE (l.push, l.id) <= (d.id, 9223372036854775807) AND l.sqlstate IS NOT NULL
                   ORDER BY l.push DESC, l.id DESC LIMIT 1) e ON e.push = d.id
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) FILTER (WHERE a.alive) AS alive, pg_catalog.count(*) FILTER (WHERE NOT a.alive) AS dead
                    FROM (SELECT xbb._push_alive(r.push, r.worker) AS alive FROM xbb._push_run_log r
                          WHERE r.push = d.id AND r.status = 'running' OFFSET 0) a) u
CROSS JOIN LATERAL (
  SELECT (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'pending') AS pending,
         -- put off for longer than a run's success allows
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'pending'
          AND i.next_try > pg_catalog.now() + coalesce(d.max_age, '1 hour')) AS late,
         (SELECT pg_catalog.min(i.created) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'pending') AS oldest_pending,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.request IS NOT NULL AND i.status = 'sending') AS sending,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'rejected') AS rejected,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'unknown') AS unknown,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'held') AS held) c;
COMMENT ON VIEW xbb._push_state IS 'how the pushes of all roles are doing';

CREATE VIEW xbb.push_status WITH (security_barrier) AS
SELECT s.name, s.owner, s.source, s.target, s.enabled, s.state, s.pending, s.sending, s.acknowledged, s.rejected, s.unknown, s.held,
       s.oldest_pending, s.oldest_age, s.max_age, s.last_success, s.last_started, s.last_duration, s.running_workers, s.last_error_at,
       s.last_sqlstate, s.last_error
FROM xbb._push_state s
WHERE pg_catalog.pg_has_role(s.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb.push_status IS 'how each push is doing';
