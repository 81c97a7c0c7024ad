-- An evaluation: findings become alerts, alerts messages.

-- When tasks with a schedule are to begin next: a time that has passed stays until a run began.
CREATE FUNCTION xbb._alert_note_due(tasks xbb._alert_task[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM xbb._alert_due u
  WHERE NOT EXISTS (SELECT FROM pg_catalog.unnest(tasks) t WHERE t.owner = u.owner AND t.kind = u.kind AND t.name = u.name
                    AND (t.status).next_run IS NOT NULL);
  INSERT INTO xbb._alert_due AS u (owner, kind, name, due)
  SELECT t.owner, t.kind, t.name, (t.status).next_run FROM pg_catalog.unnest(tasks) t
  WHERE (t.status).next_run IS NOT NULL
    AND (t.due IS NULL OR (t.status).next_run < t.due OR (t.status).next_run > t.due
         -- a scheduler's clock may be a moment behind
         AND ((t.status).state = 'running' OR (t.status).last_started >= t.due - interval '30 seconds'))
  ON CONFLICT (owner, kind, name) DO UPDATE SET due = excluded.due;
$$;

-- What became of each alert.  What a rule no longer looks at, or whose subject is gone, is forgotten without a word.
CREATE FUNCTION xbb._alert_apply(findings xbb._alert_finding[], now pg_catalog.timestamptz) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM xbb._alert_state a
  WHERE NOT EXISTS (SELECT FROM pg_catalog.unnest(findings) f WHERE f.owner = a.owner AND f.subject_kind = a.subject_kind AND f.subject = a.subject)
     OR a.status = 'ok' AND NOT a.told AND a.since < $2 - interval '1 day'
     OR NOT coalesce((xbb._alert_setting(pg_catalog.pg_get_userbyid(a.owner)::pg_catalog.text,
                                         CASE WHEN a.subject_kind IN ('sync', 'push') THEN a.subject ELSE '' END, a.rule)).enabled, false);
  -- seen again, or for the first time
  INSERT INTO xbb._alert_state AS a (owner, subject_kind, subject, server, rule, status, since, seen, inhibited_by, facts)
  SELECT f.owner, f.subject_kind, f.subject, f.server, f.rule, CASE WHEN f.fires THEN 'firing' ELSE 'pending' END, f.first_seen, $2, f.inhibited_by, f.facts
  FROM (
    SELECT f.*, s.since AS first_seen, f.value >= e.threshold AND f.rule IN ('failing', 'unreachable') OR $2 - s.since >= e.hold AS fires
    FROM (SELECT f.*, pg_catalog.pg_get_userbyid(f.owner)::pg_catalog.text AS owner_name,
                 CASE WHEN f.subject_kind IN ('sync', 'push') THEN f.subject ELSE '' END AS task FROM pg_catalog.unnest(findings) f) f
    JOIN xbb._alert_builtin d ON d.rule = f.rule
    -- as _alert_setting has it, for all of them
    LEFT JOIN xbb._alert_change t ON t.rule = f.rule AND t.owner = f.owner_name AND t.task = f.task
    LEFT JOIN xbb._alert_change o ON o.rule = f.rule AND o.owner = f.owner_name AND o.task = ''
    LEFT JOIN xbb._alert_change v ON v.rule = f.rule AND v.owner = '' AND v.task = ''
    LEFT JOIN xbb._alert_state b ON b.owner = f.owner AND b.subject_kind = f.subject_kind AND b.subject = f.subject AND b.rule = f.rule
                                AND b.status <> 'ok'
    CROSS JOIN LATERAL (SELECT coalesce(b.since, f.since, $2) AS since) s
    CROSS JOIN LATERAL (SELECT coalesce(t.enabled, o.enabled, v.enabled, true) AS enabled,
                               coalesce(t.threshold, o.threshold, v.threshold, d.threshold) AS threshold,
                               coalesce(t.hold, o.hold, v.hold, d.hold) AS hold) e
    WHERE e.enabled AND (f.value >= e.threshold OR f.rule IN ('failing', 'unreachable'))) f
  ON CONFLICT (owner, subject_kind, subject, rule) DO UPDATE
  SET status = CASE WHEN a.status = 'firing' THEN 'firing' ELSE excluded.status END, since = excluded.since, seen = excluded.seen, clear = 0,
      server = excluded.server, inhibited_by = excluded.inhibited_by, facts = excluded.facts;
  -- not seen: not yet told, it was nothing
  DELETE FROM xbb._alert_state a WHERE a.seen <> $2 AND a.status = 'pending';
  UPDATE xbb._alert_state a
  SET clear = a.clear + 1, status = CASE WHEN a.clear + 1 >= 2 THEN 'ok' ELSE a.status END,
      since = CASE WHEN a.clear + 1 >= 2 THEN $2 ELSE a.since END,
      facts = a.facts || pg_catalog.jsonb_build_object('began', a.since, 'complete_until', (
        SELECT f.facts -> 'complete_until' FROM pg_catalog.unnest(findings) f
        WHERE f.rule IS NULL AND f.owner = a.owner AND f.subject_kind = a.subject_kind AND f.subject = a.subject LIMIT 1))
  WHERE a.seen <> $2 AND a.status = 'firing';
$$;

-- Until when a role's alert is silenced: by a silence of its subject, of its server or of all ('*'), of somebody who may act
-- for that role; NULL: it is not.
CREATE FUNCTION xbb._alert_silenced(owner pg_catalog.oid, subject pg_catalog.text, server pg_catalog.text, now pg_catalog.timestamptz)
RETURNS pg_catalog.timestamptz LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.max(s.until) FROM xbb._alert_silence s JOIN pg_catalog.pg_roles r ON r.rolname = s.owner
  WHERE s.until > $4 AND s.name IN ($2, $3, '*') AND pg_catalog.pg_has_role(r.oid, $1, 'USAGE')
$$;

-- How many messages were queued.
CREATE FUNCTION xbb._alert_evaluate(now pg_catalog.timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tasks xbb._alert_task[];
  queued bigint;
BEGIN
  -- a copy of a database tells nobody what the original does
  IF NOT EXISTS (SELECT FROM xbb._place p
                 WHERE xbb._place_is_here(p.system_identifier, p.timeline, p.database, p.host, p.directory, p.places)) THEN
    RETURN 0;
  END IF;
  tasks := xbb._alert_tasks();
  PERFORM xbb._alert_apply(xbb._alert_findings(tasks, now), now);
  PERFORM xbb._alert_note_due(tasks);
  queued := xbb._alert_queue(now);
  PERFORM pg_catalog.setval('xbb._alert_evaluation', (extract(epoch FROM now) * 1000000)::bigint);
  RETURN queued;
END
$$;

CREATE FUNCTION xbb.check_alerts() RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_check';
COMMENT ON FUNCTION xbb.check_alerts() IS
  'looks for what is to be told of the tasks of all roles, and queues the messages: how many; NULL: another session is at it, or no role that you have has a task';

-- At the end of a run, which it never makes fail.
CREATE FUNCTION xbb._alert_check() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT pg_catalog.current_setting('transaction_read_only')::boolean THEN
    PERFORM xbb.check_alerts();
  END IF;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'alerts could not be looked at: %', SQLERRM;
END
$$;

-- The same, where it can be committed before an error is raised.
CREATE PROCEDURE xbb._alert_look(can_commit boolean) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM xbb._sync_path();
  IF can_commit THEN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM xbb._sync_path();
    PERFORM xbb._alert_check();
    COMMIT;
    PERFORM xbb._sync_path();
  END IF;
END
$$;
