-- The report's first section: what needs action, with the statements to type.

-- A sync or push that needs action.
CREATE FUNCTION xbb._report_action_of(task xbb._report_task, words pg_catalog.jsonb) RETURNS xbb._report_action
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE task.state WHEN 'failing' THEN 1 ELSE 2 END, task.state, task.name,
         (words ->> task.kind) || ' ' || xbb._report_name(task.name),
         CASE task.state
           WHEN 'failing' THEN pg_catalog.format(words ->> 'do failing why', task.failures, coalesce(xbb._report_time(task.last_error_at), '&#8211;'),
                                                 xbb._report_error(task.last_sqlstate, words))
             || coalesce((SELECT ' ' || xbb._report_html(pg_catalog.min(s.problem)) FROM xbb.sync_status s
                          WHERE task.kind = 'sync' AND s.name = task.name AND s.owner::pg_catalog.text = task.owner), '')
           WHEN 'stale' THEN CASE WHEN task.complete_until IS NULL THEN pg_catalog.format(words ->> 'do stale never', xbb._report_span(task.max_age, words))
             ELSE pg_catalog.format(words ->> 'do stale why', xbb._report_time(task.complete_until), xbb._report_span(task.staleness, words),
                                    xbb._report_span(task.max_age, words)) END
           WHEN 'incomplete' THEN CASE task.kind WHEN 'push' THEN pg_catalog.format(words ->> 'do incomplete push why', xbb._report_number(task.problems))
             ELSE words ->> 'do incomplete sync why' END
           ELSE words ->> 'do never_run why' END,
         CASE WHEN task.state = 'failing' THEN
                ARRAY[pg_catalog.format('SELECT started, error FROM xbb.%1$s_run WHERE %1$s = %2$s AND error <> '''' ORDER BY id DESC LIMIT 1;', task.kind, n.literal)]
              WHEN task.state = 'incomplete' AND task.kind = 'push' THEN
                ARRAY[pg_catalog.format('SELECT id, key, status, message FROM xbb.push_item WHERE push = %s AND status IN (''rejected'', ''unknown'', ''held'');', n.literal)]
              ELSE '{}' END
         || CASE WHEN task.state = 'failing' AND task.server IS NOT NULL AND task.last_sqlstate ~ '^(08|28|HV|53)' THEN
                ARRAY[pg_catalog.format('SELECT * FROM xbb.doctor(%s);', xbb._report_literal(task.server))] ELSE '{}' END
         || CASE WHEN task.state = 'incomplete' AND task.kind = 'push' THEN '{}' ELSE ARRAY[pg_catalog.format('CALL xbb.%s(%s);', task.kind, n.literal)] END
  FROM (SELECT xbb._report_literal(task.name) AS literal) n
$$;

-- Five and more that need the same are told of together.
CREATE FUNCTION xbb._report_actions_of_tasks(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS SETOF xbb._report_action
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH task AS MATERIALIZED (
    SELECT t AS task, (t).kind, (t).state, coalesce((t).server, '') AS server, CASE WHEN (t).state = 'failing' THEN coalesce((t).last_sqlstate, '') END AS code, (t).name, (t).place
    FROM (SELECT t FROM pg_catalog.unnest(tasks) t OFFSET 0) t WHERE (t).state IN ('failing', 'stale', 'incomplete', 'never_run')),
  cluster AS (
    SELECT t.kind, t.state, t.server, t.code, pg_catalog.count(*) AS tasks,
           pg_catalog.string_agg(xbb._report_name(t.name), ', ' ORDER BY t.place) FILTER (WHERE t.at <= 12) AS names, pg_catalog.min(t.name COLLATE "C") AS name
    FROM (SELECT t.*, pg_catalog.row_number() OVER (PARTITION BY t.kind, t.state, t.server, t.code ORDER BY t.place) AS at FROM task t) t
    GROUP BY 1, 2, 3, 4 HAVING pg_catalog.count(*) >= 5)
  SELECT (xbb._report_action_of(t.task, words)).* FROM task t
  WHERE NOT EXISTS (SELECT FROM cluster c WHERE c.kind = t.kind AND c.state = t.state AND c.server = t.server AND c.code IS NOT DISTINCT FROM t.code)
  UNION ALL
  SELECT CASE c.state WHEN 'failing' THEN 1 ELSE 2 END, c.state, c.name,
         pg_catalog.format(words ->> 'do many', c.tasks, words ->> (c.kind || 's'))
         || CASE WHEN c.server <> '' THEN pg_catalog.format(words ->> 'do many of', xbb._report_name(c.server)) ELSE '' END,
         CASE WHEN c.state = 'failing' THEN xbb._report_error(nullif(c.code, ''), words) || '. ' ELSE '' END || c.names
         || CASE WHEN c.tasks > 12 THEN ' ' || pg_catalog.format(words ->> 'do many more', c.tasks - 12) ELSE '' END,
         CASE WHEN c.state = 'failing' AND c.server <> '' THEN ARRAY[pg_catalog.format('SELECT * FROM xbb.doctor(%s);', xbb._report_literal(c.server))] ELSE '{}' END
         || pg_catalog.format('SELECT * FROM xbb.task_status WHERE kind = %L AND state = %L;', c.kind, c.state) || pg_catalog.format('CALL xbb.%s_all();', c.kind)
  FROM cluster c
$$;

-- Records that syncs have set aside: a sync an item, or all in one where they are many.
CREATE FUNCTION xbb._report_actions_of_rejects(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS SETOF xbb._report_action
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH task AS (SELECT t.name, t.kind, t.problems, pg_catalog.count(*) OVER () AS tasks FROM pg_catalog.unnest(tasks) t WHERE t.kind = 'sync' AND t.problems > 0)
  SELECT 3, 'aside', t.name, (words ->> t.kind) || ' ' || xbb._report_name(t.name),
         pg_catalog.format(words ->> 'do rejects why', xbb._report_number(t.problems)),
         ARRAY[pg_catalog.format('SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = %s ORDER BY first_seen DESC;', xbb._report_literal(t.name)),
               pg_catalog.format('CALL xbb.retry_rejects(%s);', xbb._report_literal(t.name))]
  FROM task t WHERE t.tasks < 5
  UNION ALL
  SELECT 3, 'aside', '', pg_catalog.format(words ->> 'do many rejects', pg_catalog.count(*)),
         pg_catalog.format(words ->> 'do many rejects why', xbb._report_number(pg_catalog.sum(t.problems))),
         ARRAY['SELECT sync, data_id, kind, error FROM xbb.sync_reject ORDER BY sync, first_seen DESC;']
  FROM task t WHERE t.tasks >= 5 HAVING pg_catalog.count(*) > 0
$$;

-- Everything that needs action.
CREATE FUNCTION xbb._report_actions(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS xbb._report_action[]
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH item AS (
    SELECT a.* FROM xbb._report_actions_of_tasks(tasks, words) a
    UNION ALL
    SELECT a.* FROM xbb._report_actions_of_rejects(tasks, words) a
    UNION ALL
    SELECT a.* FROM xbb._report_actions_of_doctor(words) a
    UNION ALL
    SELECT a.* FROM xbb._report_actions_of_alerts(words) a
    UNION ALL
    SELECT 2, 'inactive', '', pg_catalog.format(words ->> 'do inactive', pg_catalog.count(*)), words ->> 'do inactive why', ARRAY['SELECT xbb.activate();']
    FROM pg_catalog.unnest(tasks) t WHERE t.state = 'inactive' HAVING pg_catalog.count(*) > 0
    UNION ALL
    SELECT 2, 'warn', q.server, pg_catalog.format(words ->> 'do quota', xbb._report_name(q.server)),
           pg_catalog.format(words ->> 'do quota why', xbb._report_number(q.used_today), xbb._report_number(q.daily_quota), xbb._report_time(q.resets_at)),
           ARRAY[pg_catalog.format('SELECT * FROM xbb.quota_use WHERE server = %s ORDER BY used_today DESC;', xbb._report_literal(q.server))]
    FROM xbb.quota q WHERE q.used_today >= 0.8 * q.daily_quota
    UNION ALL
    SELECT 2, 'warn', q.server, pg_catalog.format(words ->> 'do held', xbb._report_name(q.server)),
           pg_catalog.format(words ->> 'do held why', coalesce(xbb._report_time(q.held_until), '&#8211;'), q.failures),
           ARRAY[pg_catalog.format('SELECT * FROM xbb.doctor(%s);', xbb._report_literal(q.server))]
    FROM xbb.quota q WHERE q.held_until > pg_catalog.now() OR q.failures >= 5)
  SELECT coalesce(pg_catalog.array_agg((i.rank, i.state, i.name, i.what,
                                        i.why || CASE WHEN s.until IS NULL THEN '' ELSE ' ' || pg_catalog.format(words ->> 'told until', xbb._report_time(s.until)) END,
                                        i.statements)::xbb._report_action ORDER BY i.rank, i.name COLLATE "C", i.what COLLATE "C"), '{}')
  FROM item i LEFT JOIN xbb._report_silences() s ON s.subject = i.name
$$;

-- The first steps, where there is nothing yet.
CREATE FUNCTION xbb._report_begin(words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT '<p>' || (words ->> 'begin') || '</p>' || xbb._report_code(
    CASE WHEN s.name IS NULL THEN ARRAY[pg_catalog.format('CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (%s ''...'');', 'corpid')] ELSE '{}' END
    || ARRAY['CREATE SCHEMA crm_in;', 'CREATE SCHEMA etl;',
             pg_catalog.format('IMPORT FOREIGN SCHEMA xbb FROM SERVER %I INTO crm_in OPTIONS (names ''label'');', coalesce(s.name, 'crm')),
             'SELECT * FROM xbb.create_syncs(from_schema => ''crm_in'', into_schema => ''etl'');', 'CALL xbb.sync_all();'])
  FROM (SELECT pg_catalog.min(q.server::pg_catalog.text COLLATE "C") AS name FROM xbb.quota q) s
$$;

CREATE FUNCTION xbb._report_todo(actions xbb._report_action[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce('<ol class="todo" role="list">' || pg_catalog.string_agg(
    pg_catalog.format(E'\n<li class="%s"><h3>%s %s</h3>', xbb._report_tone(a.state), xbb._report_state(a.state, words), a.what)
      || '<p class="why">' || a.why || '</p>' || coalesce(xbb._report_code(a.statements), '') || '</li>', '' ORDER BY a.place) || '</ol>',
    '<p class="calm">' || (words ->> 'action none') || '</p>')
  FROM pg_catalog.unnest(actions) WITH ORDINALITY a (rank, state, name, what, why, statements, place)
$$;
