-- What alerts fire that the states of tasks and accounts do not tell already, and whether anybody looks for them.

CREATE FUNCTION xbb._report_actions_of_alerts(words pg_catalog.jsonb) RETURNS SETOF xbb._report_action
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE a.state WHEN 'firing' THEN 1 ELSE 3 END, a.state, a.subject,
         (words ->> a.subject_kind) || ' ' || xbb._report_name(a.subject) || ': ' || xbb._report_html(coalesce(xbb._alert_words(pg_catalog.left(words ->> 'language', 2), 'title ' || a.rule), a.rule)),
         pg_catalog.format(words ->> 'since', xbb._report_time(a.since), xbb._report_span(pg_catalog.now() - a.since, words))
         || CASE WHEN words ->> 'language' = 'en' AND a.impact IS NOT NULL THEN ' ' || xbb._report_html(a.impact) ELSE '' END,
         ARRAY[a.statement]
  FROM xbb.alert a
  WHERE a.state IN ('firing', 'silenced') AND a.rule NOT IN ('failing', 'stale', 'rejects', 'unsettled', 'quota')
  UNION ALL
  -- once there was somebody who looked
  SELECT 2, 'warn', '', words ->> 'do unwatched', pg_catalog.format(words ->> 'do unwatched why', xbb._report_time(e.evaluated)), ARRAY['SELECT xbb.check_alerts();']
  FROM xbb.alert_evaluated e WHERE e.evaluated < pg_catalog.now() - interval '1 hour'
$$;

-- Until when nobody is told of a task or server.
CREATE FUNCTION xbb._report_silences(OUT subject pg_catalog.text, OUT until pg_catalog.timestamptz)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.subject, pg_catalog.max(a.silenced_until) FROM xbb.alert a WHERE a.state = 'silenced' GROUP BY a.subject
$$;
