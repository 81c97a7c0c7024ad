-- The report's tables.

CREATE FUNCTION xbb._report_task_rows(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.string_agg(E'\n<tr>'
    || '<th scope="row">' || xbb._report_name(t.name)
      || '<small>' || (words ->> t.kind) || pg_catalog.format(words ->> 'of owner', xbb._report_name(t.owner)) || '</small></th>'
    || xbb._report_cell(words ->> 'h state', 't', xbb._report_state(t.state, words))
    || xbb._report_cell(words ->> 'h complete', 't', xbb._report_time(t.complete_until)
      || '<small>' || pg_catalog.concat_ws(words ->> 'comma', pg_catalog.format(words ->> 'behind', xbb._report_span(t.staleness, words)),
           CASE WHEN t.max_age IS NULL THEN words ->> 'no promise' ELSE pg_catalog.format(words ->> 'promised', xbb._report_span(t.max_age, words)) END) || '</small>')
    || xbb._report_cell(words ->> 'h path', 'w', coalesce(xbb._report_name(t.server) || ': ', '') || coalesce(xbb._report_name(t.source), words ->> 'query')
      || '<small>&#8594; ' || coalesce(xbb._report_name(t.target_server) || ': ', '') || xbb._report_name(t.target) || '</small>')
    || xbb._report_cell(words ->> 'h last', 't', xbb._report_time(t.last_started) || '<small>'
      || pg_catalog.format(words ->> CASE WHEN t.typical_duration IS NULL THEN 'took alone' ELSE 'took' END,
                           xbb._report_span(t.last_duration, words), xbb._report_span(t.typical_duration, words)) || '</small>')
    || xbb._report_cell(words ->> 'h rows', 'n', xbb._report_number(t.last_rows)
      || CASE WHEN t.typical_rows IS NULL THEN '' ELSE '<small>' || pg_catalog.format(words ->> 'typically', xbb._report_number(t.typical_rows)) || '</small>' END)
    || xbb._report_cell(words ->> 'h open', 'n', xbb._report_number(nullif(t.problems, 0)))
    || xbb._report_cell(words ->> 'h next', 't', coalesce(xbb._report_time(t.next_run), CASE WHEN t.schedule IS NOT NULL THEN '' END) || coalesce('<small><code>' || xbb._report_html(t.schedule) || '</code></small>', ''))
    || '</tr>', '' ORDER BY t.place)
  FROM pg_catalog.unnest(tasks) t
$$;

CREATE FUNCTION xbb._report_task_table(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce('<p class="note">' || (words ->> 'tasks note') || '</p>' || xbb._report_table(words ->> 'tasks', 'tasks',
    xbb._report_heads(words, 'h task', 'h state', 'h complete', 'h path', 'h last', '>h rows', '>h open', 'h next'),
    xbb._report_task_rows(tasks, words)), '<p class="calm">' || (words ->> 'tasks none') || '</p>');

-- Rejects by sync and reason.  No value of a record, no text of an error, no label: the dataId finds it.
CREATE FUNCTION xbb._report_rejects(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH kind AS (
    SELECT 'sync' AS task, r.sync AS name, r.owner::pg_catalog.text AS owner, r.kind, r.sqlstate, pg_catalog.count(*) AS records,
           pg_catalog.min(r.first_seen) AS first, pg_catalog.max(r.first_seen) AS newest,
           pg_catalog.array_to_string((pg_catalog.array_agg(r.data_id ORDER BY r.first_seen DESC, r.data_id DESC))[1:5], ', ') AS ids
    FROM xbb.sync_reject r GROUP BY 2, 3, 4, 5
    UNION ALL
    SELECT 'push', i.push, i.owner::pg_catalog.text, i.status, NULL, pg_catalog.count(*), pg_catalog.min(i.created), pg_catalog.max(i.created), NULL
    FROM xbb.push_item i WHERE i.status IN ('rejected', 'unknown', 'held') GROUP BY 2, 3, 4
    UNION ALL
    -- of others' tasks no more than how many
    SELECT t.kind, t.name, t.owner, NULL, NULL, t.problems, NULL, NULL, NULL
    FROM pg_catalog.unnest(tasks) t WHERE t.problems > 0
      AND NOT EXISTS (SELECT FROM xbb.sync_definition d WHERE t.kind = 'sync' AND d.name = t.name AND d.owner::pg_catalog.text = t.owner)
      AND NOT EXISTS (SELECT FROM xbb.push_definition d WHERE t.kind = 'push' AND d.name = t.name AND d.owner::pg_catalog.text = t.owner)),
  row AS (
    SELECT pg_catalog.string_agg(E'\n<tr><th scope="row">' || xbb._report_name(k.name) || '<small>' || (words ->> k.task) || '</small></th>'
      || xbb._report_cell(words ->> 'h records', 'n', xbb._report_number(k.records))
      || xbb._report_cell(words ->> 'h kind', 't', xbb._report_html(k.kind))
      || xbb._report_cell(words ->> 'h error', 'w', CASE WHEN k.sqlstate IS NOT NULL THEN xbb._report_error(k.sqlstate, words) END)
      || xbb._report_cell(words ->> 'h first', 't', xbb._report_time(k.first)) || xbb._report_cell(words ->> 'h newest', 't', xbb._report_time(k.newest))
      || xbb._report_cell(words ->> 'h ids', 'w', k.ids) || '</tr>',
      '' ORDER BY k.records DESC, k.task DESC, k.name COLLATE "C", k.owner COLLATE "C", k.kind, k.sqlstate) AS body
    FROM kind k)
  SELECT coalesce('<p class="note">' || (words ->> 'rejects note') || '</p>' || xbb._report_table(words ->> 'rejects', 'rejects',
      xbb._report_heads(words, 'h task', '>h records', 'h kind', 'h error', 'h first', 'h newest', 'h ids'), r.body),
    '<p class="calm">' || (words ->> 'rejects none') || '</p>')
  FROM row r
$$;

CREATE FUNCTION xbb._report_quota(words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(xbb._report_table(words ->> 'quota', 'quota', xbb._report_heads(words, 'h server', '>h used', '>h left', 'h resets', '>h rate', 'h held'),
    pg_catalog.string_agg(E'\n<tr><th scope="row">' || xbb._report_name(q.server) || '</th>'
      || xbb._report_cell(words ->> 'h used', 'n', xbb._report_number(q.used_today) || coalesce(m.drawn, ''))
      || xbb._report_cell(words ->> 'h left', 'n', coalesce(xbb._report_number(q.daily_quota), words ->> 'no limit'))
      || xbb._report_cell(words ->> 'h resets', 't', xbb._report_time(q.resets_at))
      || xbb._report_cell(words ->> 'h rate', 'n', CASE WHEN q.share_of_rate < 1 AND q.rate_limit IS NOT NULL
           THEN pg_catalog.format('%s &#215; %s%%', q.rate_limit, pg_catalog.round((q.share_of_rate * 100)::numeric)) ELSE coalesce(q.rate_limit::pg_catalog.text, words ->> 'no limit') END)
      || xbb._report_cell(words ->> 'h held', 't', xbb._report_time(q.held_until)) || '</tr>', '' ORDER BY q.server COLLATE "C")),
    '<p class="calm">' || (words ->> 'quota none') || '</p>')
  FROM xbb.quota q
  CROSS JOIN LATERAL (
    SELECT pg_catalog.format('<svg class="meter %s" width="96" height="8" viewBox="0 0 96 8" role="img" aria-label="%s%%"><rect class="box" x=".5" y=".5" width="95" height="7" rx="3.5"/><rect class="full" x=".5" y=".5" width="%s" height="7" rx="3.5"/></svg>',
             CASE WHEN s.share >= 0.8 THEN 'bad' ELSE 'busy' END, pg_catalog.round(s.share * 100), pg_catalog.round(least(s.share, 1) * 95, 1)) AS drawn
    FROM (SELECT q.used_today::numeric / nullif(q.daily_quota, 0) AS share) s) m
$$;

-- What the catalogue alone tells: fields of foreign tables that syncs which are to copy all columns do not.
CREATE FUNCTION xbb._report_drift(words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH field AS (
    SELECT v.srvname AS server, d.name AS sync, d.source_name, pg_catalog.count(*) AS fields, pg_catalog.string_agg(a.attname, ', ' ORDER BY a.attnum) AS names
    FROM xbb.sync_definition d JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = d.source JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.source AND a.attnum > 0 AND NOT a.attisdropped
    WHERE d.columns IS NULL AND NOT a.attname = ANY (d.source_columns) AND xbb._column_attr(d.source, a.attnum) <> '#error'
    GROUP BY 1, 2, 3),
  server AS (
    SELECT pg_catalog.array_agg(pg_catalog.format('SELECT * FROM xbb.schema_drift(%L);', q.server) ORDER BY q.server COLLATE "C") AS statements FROM xbb.quota q),
  row AS (
    SELECT pg_catalog.string_agg(E'\n<tr><th scope="row">' || xbb._report_name(f.sync) || '</th>'
      || xbb._report_cell(words ->> 'h table', 'w', xbb._report_name(f.server) || ': ' || xbb._report_name(f.source_name))
      || xbb._report_cell(words ->> 'h fields', 'w', xbb._report_number(f.fields) || '<small>' || xbb._report_name(xbb._report_left(f.names, 300)) || '</small>') || '</tr>',
      '' ORDER BY f.sync COLLATE "C", f.source_name COLLATE "C") AS body
    FROM field f)
  SELECT '<p class="note">' || (words ->> 'drift note') || '</p>'
    || coalesce(xbb._report_table(words ->> 'drift', 'drift', xbb._report_heads(words, 'h task', 'h table', 'h fields'), r.body), '')
    || CASE WHEN s.statements IS NOT NULL THEN '<p>' || (words ->> CASE WHEN r.body IS NULL THEN 'drift none' ELSE 'drift some' END) || '</p>' || xbb._report_code(s.statements)
            WHEN r.body IS NULL THEN '<p class="calm">' || (words ->> 'quota none') || '</p>' ELSE '' END
  FROM row r, server s
$$;

CREATE FUNCTION xbb._report_versions(words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT xbb._report_table(words ->> 'versions', 'versions', xbb._report_heads(words, 'h what', 'h value'),
    pg_catalog.string_agg(E'\n<tr><th scope="row">' || xbb._report_html(v.what) || '</th>'
      || xbb._report_cell(words ->> 'h value', 'w', xbb._report_html(v.value)) || '</tr>', '' ORDER BY v.part, v.what COLLATE "C"))
  FROM (
    SELECT 1 AS part, 'PostgreSQL' AS what, pg_catalog.current_setting('server_version') AS value
    UNION ALL SELECT 2, e.extname::pg_catalog.text, e.extversion FROM pg_catalog.pg_extension e WHERE e.extname IN ('xbb_fdw', 'xbb_etl', 'pg_cron', 'citus')
    UNION ALL SELECT 3, words ->> 'evaluated', coalesce(pg_catalog.to_char(e.evaluated, 'YYYY-MM-DD HH24:MI'), words ->> 'never') FROM xbb.alert_evaluated e
    UNION ALL SELECT 3, 'TimeZone', pg_catalog.current_setting('TimeZone')
    UNION ALL SELECT 3, 'server_encoding', pg_catalog.current_setting('server_encoding')
    UNION ALL SELECT 4, s.name, s.setting || coalesce(s.unit, '') FROM pg_catalog.pg_settings s WHERE s.name LIKE E'xbb\\_fdw.%' AND s.setting IS DISTINCT FROM s.boot_val) v
$$;
