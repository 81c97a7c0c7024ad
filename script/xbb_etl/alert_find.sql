-- What the rules see.  Everything here is called as the owner of the tables.

-- A row without a rule says that the subject is there, and may fire.
CREATE TYPE xbb._alert_finding AS (
  owner pg_catalog.oid, subject_kind pg_catalog.text, subject pg_catalog.text, server pg_catalog.text, rule pg_catalog.text, value numeric,
  -- from when on hold counts; NULL: now
  since pg_catalog.timestamptz,
  -- of the same owner: by which rule of the subject, or of its server, this is explained
  inhibited_by pg_catalog.text, facts pg_catalog.jsonb
);

-- At most so many characters of a text's beginning, none of them cut; in SQL_ASCII, where bytes are counted, the texts are UTF-8.
CREATE FUNCTION xbb._alert_left(value pg_catalog.text, most integer) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_catalog.getdatabaseencoding() <> 'SQL_ASCII' OR pg_catalog.length(value) <= most THEN pg_catalog.left(value, most)
              ELSE pg_catalog.regexp_replace(pg_catalog.left(value, most), E'[\\u00c0-\\u00ff][\\u0080-\\u00bf]*$', '') END
$$;

-- What an error says, without what may be a record's: those of the API and of ours, and neither long numbers, places nor companies.
CREATE FUNCTION xbb._alert_reason(sqlstate pg_catalog.text, error pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN sqlstate ~ '^(08|28|53|40|42|HV|55)' THEN
    sqlstate || coalesce(': ' || xbb._alert_left(pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.regexp_replace(
      pg_catalog.split_part(error, E'\n', 1), 'https?://[^[:space:]]*', '...', 'g'), 'corpid "[^"]*"', 'corpid "..."', 'g'), '[0-9][-0-9 ]{5,}[0-9]', '...', 'g'), 160), '')
    ELSE sqlstate END
$$;

-- Whose failure the latest run's is: killed, unreachable (its server was down, busy or limits), token_refused, quota (the day's requests are
-- used up), limit (too many records were refused), deletions (so many were to go), or failing, of another reason.
CREATE FUNCTION xbb._alert_blame(status pg_catalog.text, sqlstate pg_catalog.text, error pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN status = 'killed' THEN 'killed'
              WHEN sqlstate = '53400' AND (status = 'stopped' OR error ~ '^daily quota of') THEN 'quota'
              WHEN status <> 'failed' THEN NULL
              WHEN sqlstate IN ('08001', '08006', 'HV00M') OR error ~ '^the API did not answer in time'
                OR sqlstate = '53400' AND error ~ '^the API refused the request' THEN 'unreachable'
              WHEN sqlstate = '28000' THEN 'token_refused'
              WHEN sqlstate = '54000' AND error ~ ' would be deleted, and no more than ' THEN 'deletions'
              WHEN sqlstate = '54000' AND error ~ ' records were rejected' THEN 'limit'
              ELSE 'failing' END
$$;

-- A task that is enabled, and here, with its server and what keeps it from being well.
CREATE TYPE xbb._alert_task AS (
  kind pg_catalog.text, name pg_catalog.text, owner pg_catalog.oid, id integer, server pg_catalog.text, status xbb.task_status,
  blame pg_catalog.text, reason pg_catalog.text,
  -- from when on its age counts while nothing is complete
  made pg_catalog.timestamptz, due pg_catalog.timestamptz, running_since pg_catalog.timestamptz
);

CREATE FUNCTION xbb._alert_tasks() RETURNS xbb._alert_task[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tasks constant xbb.task_status[] := array(SELECT t FROM xbb.task_status t WHERE t.enabled AND t.state NOT IN ('disabled', 'inactive'));
BEGIN
  RETURN (WITH task AS (SELECT t::xbb.task_status AS status FROM pg_catalog.unnest(tasks) t),
  known AS (
    SELECT k.status, d.id, d.source AS relation, d.incomplete_since AS made, l.status AS ended, l.sqlstate, l.error,
           (k.status).state = 'failing' AND EXISTS (SELECT FROM xbb._sync_under_way u WHERE u.definition = d.id AND xbb._sync_dead(u.definition, u.id)) AS dead
    FROM task k JOIN xbb._sync_definition d ON d.name = (k.status).name AND d.owner_oid = (k.status).owner::pg_catalog.oid
    LEFT JOIN LATERAL (
      SELECT l.id, l.status, l.sqlstate, l.error FROM xbb._sync_run_log l
      WHERE (k.status).state = 'failing' AND l.definition = d.id AND l.status IN ('failed', 'killed') ORDER BY l.id DESC LIMIT 1) e ON true
    LEFT JOIN LATERAL (
      SELECT e.status, e.sqlstate, e.error WHERE e.id IS NOT NULL
      UNION ALL
      SELECT * FROM (SELECT l.status, l.sqlstate, l.error FROM xbb._sync_run_log l
                     WHERE e.id IS NULL AND l.definition = d.id AND l.status NOT IN ('running', 'skipped') ORDER BY l.id DESC LIMIT 1) l) l ON true
    WHERE (k.status).kind = 'sync'
    UNION ALL
    SELECT k.status, d.id, d.target, NULL, l.status, l.sqlstate, NULL,
           (k.status).state = 'failing' AND EXISTS (SELECT FROM xbb._push_run_log r WHERE r.push = d.id AND r.status = 'running'
                                                    AND NOT xbb._push_alive(r.push, r.worker))
    FROM task k JOIN xbb._push_definition d ON d.name = (k.status).name AND d.owner_oid = (k.status).owner::pg_catalog.oid
    LEFT JOIN LATERAL (SELECT l.status, l.sqlstate FROM xbb._push_run_log l
                       WHERE l.push = d.id AND l.status NOT IN ('running', 'skipped') ORDER BY l.id DESC LIMIT 1) l ON true
    WHERE (k.status).kind = 'push')
  SELECT coalesce(pg_catalog.array_agg(ROW((n.status).kind, (n.status).name, (n.status).owner::pg_catalog.oid, n.id, s.srvname::pg_catalog.text, n.status,
           CASE WHEN n.dead THEN 'killed' WHEN n.ended <> 'succeeded' THEN xbb._alert_blame(n.ended, n.sqlstate, n.error) END,
           -- what a target says may be of a record
           CASE WHEN n.dead OR n.ended = 'killed' THEN 'killed' WHEN n.ended IN ('failed', 'stopped') THEN xbb._alert_reason(n.sqlstate, n.error) END,
           n.made, u.due, CASE WHEN (n.status).state = 'running' AND (n.status).kind = 'sync' THEN
             (SELECT w.started FROM xbb._sync_under_way w WHERE w.definition = n.id) END)::xbb._alert_task), '{}')
  FROM known n
  LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = n.relation
  LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
  LEFT JOIN xbb._alert_due u ON u.owner = (n.status).owner::pg_catalog.oid AND u.kind = (n.status).kind AND u.name = (n.status).name);
END
$$;

-- What is so of each task by itself.  A failure that its server's, its account's or another finding of its own explains
-- is told with that.
CREATE FUNCTION xbb._alert_find_tasks(tasks xbb._alert_task[], now pg_catalog.timestamptz) RETURNS SETOF xbb._alert_finding
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH task AS (
    SELECT t.*, t.status AS s, (t.status).state = 'failing' AS failing,
           t.blame IN ('unreachable', 'token_refused') AND t.server IS NOT NULL AS by_server,
           pg_catalog.jsonb_build_object('complete_until', (t.status).complete_until, 'max_age', (t.status).max_age, 'target', (t.status).target,
                                         'reason', t.reason) AS facts
    FROM pg_catalog.unnest(tasks) t)
  SELECT ROW(t.owner, t.kind, t.name, t.server, r.rule, r.value, r.since, r.inhibited_by, t.facts || coalesce(r.facts, '{}'))::xbb._alert_finding
  FROM task t CROSS JOIN LATERAL (
    SELECT NULL::pg_catalog.text AS rule, NULL::numeric AS value, NULL::pg_catalog.timestamptz AS since, NULL::pg_catalog.text AS inhibited_by,
           NULL::pg_catalog.jsonb AS facts
    UNION ALL
    SELECT 'failing', coalesce(nullif((t.s).failures_in_a_row, 0), 1000), NULL,
           CASE WHEN t.by_server OR t.blame = 'quota' THEN t.blame WHEN t.blame = 'deletions' THEN 'deletions_stopped'
                WHEN t.blame = 'limit' AND (t.s).problems > 0 THEN 'rejects' END,
           pg_catalog.jsonb_build_object('times', (t.s).failures_in_a_row)
    WHERE t.failing
    UNION ALL
    SELECT 'deletions_stopped', 1, NULL, NULL, NULL WHERE t.failing AND t.blame = 'deletions'
    UNION ALL
    SELECT 'stale', pg_catalog.date_part('epoch', $2 - a.at) / pg_catalog.date_part('epoch', (t.s).max_age), a.at + (t.s).max_age,
           CASE WHEN t.by_server OR t.blame = 'quota' THEN t.blame WHEN t.failing THEN 'failing' WHEN t.due < $2 OR (t.s).last_started IS NULL THEN 'did_not_run' END, NULL
    -- what a target does not take is told by itself: the push is stale by what waits beside it, or as it does not run
    FROM (SELECT CASE WHEN t.kind = 'push' AND (t.s).state = 'incomplete' THEN greatest((t.s).complete_until, least((t.s).last_started, (
                        SELECT pg_catalog.min(i.created) FROM xbb._push_item i WHERE i.push = t.id AND i.status = 'pending')))
                      ELSE coalesce((t.s).complete_until, t.made) END AS at) a
    -- others make no share of it, or no time
    WHERE pg_catalog.date_part('epoch', (t.s).max_age) > 0 AND pg_catalog.date_part('epoch', (t.s).max_age) < 1e11
    UNION ALL
    SELECT 'did_not_run', 1, t.due, NULL, pg_catalog.jsonb_build_object('due', t.due, 'began', (t.s).last_started)
    WHERE t.due < $2 AND (t.s).state <> 'running' AND coalesce((t.s).last_started, '-infinity') < t.due
    UNION ALL
    SELECT 'did_not_run', 1, t.made + coalesce((t.s).max_age, '1 day'), NULL, pg_catalog.jsonb_build_object('made', t.made)
    WHERE (t.s).state IN ('never_run', 'stale') AND (t.s).last_started IS NULL AND t.due IS NULL
      AND $2 - t.made > coalesce((t.s).max_age, '1 day')
    UNION ALL
    SELECT 'slow', pg_catalog.date_part('epoch', d.duration) / pg_catalog.date_part('epoch', (t.s).typical_duration), NULL, NULL,
           pg_catalog.jsonb_build_object('began', d.began, 'took', d.duration, 'typical', (t.s).typical_duration)
    FROM (SELECT coalesce(t.running_since, (t.s).last_started) AS began, coalesce($2 - t.running_since, (t.s).last_duration) AS duration) d
    WHERE d.duration > '5 min' AND (t.s).typical_duration > '0' AND NOT t.failing) r
$$;

-- Records of each task that want a look: counted once for all of them.
CREATE FUNCTION xbb._alert_find_records(tasks xbb._alert_task[]) RETURNS SETOF xbb._alert_finding
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ROW(t.owner, t.kind, t.name, t.server, 'rejects', (t.status).problems, NULL, NULL,
             pg_catalog.jsonb_build_object('records', (t.status).problems))::xbb._alert_finding
  FROM pg_catalog.unnest(tasks) t WHERE t.kind = 'sync' AND (t.status).problems > 0
  UNION ALL
  SELECT ROW(t.owner, t.kind, t.name, t.server, r.rule, r.records, NULL, NULL, r.facts)::xbb._alert_finding
  FROM pg_catalog.unnest(tasks) t
  CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) FILTER (WHERE i.status = 'rejected') AS rejected, pg_catalog.count(*) FILTER (WHERE i.status = 'unknown') AS unknown,
           pg_catalog.count(*) FILTER (WHERE i.status = 'held') AS held
    FROM xbb._push_item i WHERE i.push = t.id AND i.status IN ('rejected', 'unknown', 'held')) i
  CROSS JOIN LATERAL (VALUES
    ('rejects', i.rejected, pg_catalog.jsonb_build_object('records', i.rejected)),
    ('unsettled', i.unknown + i.held, pg_catalog.jsonb_build_object('unknown', i.unknown, 'held', i.held))) r (rule, records, facts)
  WHERE t.kind = 'push' AND (t.status).problems > 0 AND r.records > 0
$$;

-- What counts tell: those of reconciliations, and of lists, which are read whole each time.
CREATE FUNCTION xbb._alert_find_counts(tasks xbb._alert_task[]) RETURNS SETOF xbb._alert_finding
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ROW(t.owner, t.kind, t.name, t.server, r.rule, r.value, NULL, NULL, pg_catalog.jsonb_build_object(
    'at', r.at, 'records', r.records, 'typical', r.typical, 'complete_until', (t.status).complete_until, 'max_age', (t.status).max_age,
    'target', (t.status).target))::xbb._alert_finding
  FROM pg_catalog.unnest(tasks) t
  LEFT JOIN LATERAL (
    SELECT e.run, e.ended, e.missed, e.source_rows FROM xbb._sync_evidence e WHERE e.definition = t.id AND e.status = 'succeeded'
    ORDER BY e.run DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (
    SELECT pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY b.source_rows) AS typical
    FROM (SELECT b.source_rows FROM xbb._sync_evidence b WHERE b.definition = t.id AND b.status = 'succeeded' AND b.run < e.run
          ORDER BY b.run DESC LIMIT 20) b) b ON true
  CROSS JOIN LATERAL (
    SELECT 'missed' AS rule, e.missed::numeric AS value, e.ended AS at, e.missed AS records, NULL::bigint AS typical WHERE e.missed > 0
    UNION ALL
    SELECT 'total_fell', 1 - e.source_rows::numeric / b.typical, e.ended, e.source_rows, b.typical
    -- a source may be a list by now
    WHERE e.source_rows < b.typical AND NOT coalesce(xbb._sync_is_list((SELECT d.source FROM xbb._sync_definition d WHERE d.id = t.id)), false)
    UNION ALL
    SELECT 'total_fell', 1 - (t.status).last_rows::numeric / (t.status).typical_rows, (t.status).last_started, (t.status).last_rows, (t.status).typical_rows
    WHERE (t.status).last_rows < (t.status).typical_rows AND (t.status).state <> 'failing' AND (t.status).last_success > (t.status).last_started
      AND xbb._sync_is_list((SELECT d.source FROM xbb._sync_definition d WHERE d.id = t.id))) r
  WHERE t.kind = 'sync'
$$;

-- What was looked at by hand, or by a schedule: by xbb.doctor and xbb.check_drift.
CREATE FUNCTION xbb._alert_find_looks(tasks xbb._alert_task[]) RETURNS SETOF xbb._alert_finding
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ROW(s.owner, 'server', s.server, s.server, r.rule, r.value, NULL, NULL,
             pg_catalog.jsonb_build_object('at', r.at, 'records', r.value, 'object', r.object))::xbb._alert_finding
  FROM (SELECT DISTINCT t.owner, t.server FROM pg_catalog.unnest(tasks) t WHERE t.kind = 'sync' AND t.server IS NOT NULL) s
  JOIN pg_catalog.pg_foreign_server f ON f.srvname = s.server
  CROSS JOIN LATERAL (
    SELECT 'sees_less' AS rule, 1 AS value, pg_catalog.max(k.checked_at) AS at, pg_catalog.min(k.object) AS object FROM xbb._doctor_kept k
    WHERE k.serverid = f.oid AND k.userid = s.owner AND k.check_name = 'acting_user' AND k.status IN ('warn', 'fail') HAVING pg_catalog.count(*) > 0
    UNION ALL
    SELECT 'drift', d.changes, d.at, NULL FROM xbb._alert_drift d WHERE d.server = f.oid AND d.owner = s.owner AND d.changes > 0) r
$$;

-- What is so of a server or an account, for each role that has tasks there.
CREATE FUNCTION xbb._alert_find_servers(tasks xbb._alert_task[]) RETURNS SETOF xbb._alert_finding
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH task AS (SELECT t.*, (t.status).failures_in_a_row AS failures, (t.status).state = 'failing' AS failing FROM pg_catalog.unnest(tasks) t),
  account AS (
    -- servers of one account show the same
    SELECT t.owner, pg_catalog.min(t.server) AS server, pg_catalog.array_agg(DISTINCT t.server) AS servers,
           pg_catalog.max(q.used_today) AS used, pg_catalog.max(q.daily_quota) AS quota, pg_catalog.max(q.resets_at) AS resets_at,
           pg_catalog.bool_or(t.blame = 'quota') AS is_gone, pg_catalog.array_agg(t.name ORDER BY t.name) AS names
    FROM task t JOIN xbb.quota q ON q.server = t.server JOIN pg_catalog.pg_foreign_server s ON s.srvname = t.server
    WHERE t.kind = 'sync'
    GROUP BY t.owner, (SELECT pg_catalog.string_agg(o, E'\n' ORDER BY o) FROM pg_catalog.unnest(s.srvoptions) o WHERE o ~ '^(corpid|base_url)='))
  SELECT DISTINCT ROW(t.owner, 'server', t.server, t.server, NULL, NULL, NULL, NULL, '{}')::xbb._alert_finding
  FROM task t WHERE t.server IS NOT NULL
  UNION ALL
  SELECT ROW(t.owner, 'server', t.server, t.server, t.blame, pg_catalog.sum(greatest(t.failures, 1)), NULL, NULL,
             pg_catalog.jsonb_build_object('reason', pg_catalog.max(t.reason), 'is_target', pg_catalog.bool_and(t.kind = 'push'),
               'affected', pg_catalog.jsonb_agg(t.name ORDER BY t.name)))::xbb._alert_finding
  FROM task t WHERE t.failing AND t.server IS NOT NULL AND t.blame IN ('unreachable', 'token_refused') GROUP BY t.owner, t.server, t.blame
  UNION ALL
  SELECT ROW(a.owner, 'account', a.server, a.server, r.rule, r.value, NULL, NULL,
             pg_catalog.jsonb_build_object('used', a.used, 'quota', a.quota, 'resets_at', a.resets_at, 'is_gone', a.is_gone,
                                           'servers', a.servers, 'affected', a.names))::xbb._alert_finding
  FROM account a CROSS JOIN LATERAL (
    VALUES (NULL, NULL), ('quota', greatest(a.used::numeric / nullif(a.quota, 0), CASE WHEN a.is_gone THEN 1 END))) r (rule, value)
  WHERE r.rule IS NULL OR r.value > 0
$$;

-- All of it, as far as somebody wants to be told: those that are there by more than a rule wants, those of lesser failures,
-- and what there is to be found.
CREATE FUNCTION xbb._alert_find(tasks xbb._alert_task[], now pg_catalog.timestamptz) RETURNS SETOF xbb._alert_finding
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.* FROM (
    SELECT * FROM xbb._alert_find_tasks(tasks, $2) UNION ALL SELECT * FROM xbb._alert_find_records(tasks)
    UNION ALL SELECT * FROM xbb._alert_find_counts(tasks) UNION ALL SELECT * FROM xbb._alert_find_looks(tasks)
    UNION ALL SELECT * FROM xbb._alert_find_servers(tasks)) f
  WHERE f.rule IS NULL OR f.value IS NOT NULL
$$;

-- The same as an array.  What fails for one role is looked at for the others; of that role what fires stays as it is.
CREATE FUNCTION xbb._alert_findings(tasks xbb._alert_task[], now pg_catalog.timestamptz) RETURNS xbb._alert_finding[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owners constant pg_catalog.oid[] := array(SELECT DISTINCT t.owner FROM pg_catalog.unnest(tasks) t);
BEGIN
  RETURN array(SELECT f::xbb._alert_finding FROM xbb._alert_find(tasks, now) f);
EXCEPTION WHEN OTHERS THEN
  IF pg_catalog.cardinality(owners) = 1 THEN
    RAISE LOG 'alerts of role % could not be looked at: %', pg_catalog.pg_get_userbyid(owners[1]), SQLERRM;
    RETURN array(SELECT ROW(a.owner, a.subject_kind, a.subject, a.server, a.rule, 'Infinity', a.since, a.inhibited_by, a.facts)::xbb._alert_finding
                 FROM xbb._alert_state a WHERE a.owner = owners[1] AND a.status = 'firing');
  END IF;
  RETURN array(SELECT f FROM pg_catalog.unnest(owners) o (id)
               CROSS JOIN LATERAL pg_catalog.unnest(xbb._alert_findings(array(SELECT t FROM pg_catalog.unnest(tasks) t WHERE t.owner = o.id), now)) f);
END
$$;
