-- xbb.report(): all that one wants to know of the syncs and pushes, as one page of HTML that needs nothing else.
--
-- It is XML, too.  It has no script, loads nothing, and its own policy forbids both.  It runs with its caller's
-- rights and shows what he may see; no value of a record is in it, nor an error's text, which may quote one.

CREATE FUNCTION xbb._report_section(id pg_catalog.text, title pg_catalog.text, body pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN E'\n<section aria-labelledby="' || id || '"><h2 id="' || id || '">' || title || '</h2>' || coalesce(body, '') || '</section>';

CREATE FUNCTION xbb._report_head(tasks xbb._report_task[], actions xbb._report_action[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT E'\n<header><p class="kicker">' || pg_catalog.format(words ->> 'kicker', xbb._report_name(pg_catalog.current_database()),
      xbb._report_html(coalesce(nullif(pg_catalog.current_setting('cluster_name'), ''), 'PostgreSQL ' || pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1))),
      xbb._report_name(current_user), xbb._report_time(pg_catalog.now()), xbb._report_html(pg_catalog.current_setting('TimeZone')))
    || '</p><h1>' || CASE WHEN a.n = 0 AND s.tasks = 0 THEN words ->> 'verdict none' WHEN a.n = 0 THEN words ->> 'verdict good'
         WHEN a.n = 1 THEN words ->> 'verdict one' ELSE pg_catalog.format(words ->> 'verdict many', a.n) END
    || '</h1><p class="lead">' || CASE s.tasks WHEN 0 THEN words ->> 'lead none' ELSE pg_catalog.format(words ->> 'lead', s.good, s.tasks) END || '</p>'
    || CASE s.tasks WHEN 0 THEN '' ELSE '<dl class="sum">'
      || pg_catalog.format('<div><dt>%s</dt><dd>%s<small>%s</small></dd></div>', words ->> 'sum complete',
                           coalesce(CASE WHEN s.unknown = 0 THEN xbb._report_time(s.complete_until) END, '&#8211;'), CASE s.unknown WHEN 0 THEN words ->> 'sum complete note' ELSE pg_catalog.format(words ->> 'sum complete unknown', s.unknown) END)
      || pg_catalog.format('<div><dt>%s</dt><dd>%s<small>%s</small></dd></div>', words ->> 'sum runs', xbb._report_number(s.runs),
                           pg_catalog.format(words ->> 'sum runs note', xbb._report_number(s.failed)))
      || pg_catalog.format('<div><dt>%s</dt><dd>%s<small>%s</small></dd></div>', words ->> 'sum rows', xbb._report_number(s.written),
                           pg_catalog.format(words ->> 'sum rows note', xbb._report_number(s.read)))
      || pg_catalog.format('<div><dt>%s</dt><dd>%s<small>%s</small></dd></div>', words ->> 'sum problems', xbb._report_number(s.problems),
                           pg_catalog.format(words ->> 'sum problems note', s.troubled)) || '</dl>' END
    || '</header>'
  FROM (SELECT pg_catalog.cardinality(actions) AS n) a,
       (SELECT pg_catalog.count(*) AS tasks, pg_catalog.count(*) FILTER (WHERE t.state IN ('ok', 'running', 'disabled')) AS good,
               pg_catalog.min(t.complete_until) FILTER (WHERE t.state <> 'disabled') AS complete_until,
               pg_catalog.count(*) FILTER (WHERE t.state <> 'disabled' AND t.complete_until IS NULL) AS unknown, pg_catalog.sum(t.runs) AS runs, pg_catalog.sum(t.failed) AS failed,
               pg_catalog.sum(t.rows_read) FILTER (WHERE t.kind = 'sync') AS read, pg_catalog.sum(t.rows_written) FILTER (WHERE t.kind = 'sync') AS written,
               pg_catalog.sum(t.problems) AS problems, pg_catalog.count(*) FILTER (WHERE t.problems > 0) AS troubled
        FROM pg_catalog.unnest(tasks) t) s
$$;

CREATE FUNCTION xbb._report_page(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  SELECT E'<!DOCTYPE html>\n<html lang="' || (words ->> 'language') || '"><head><meta charset="utf-8"/>'
    || '<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''"/>'
    || '<meta name="viewport" content="width=device-width, initial-scale=1"/><meta name="robots" content="noindex"/>'
    || '<title>' || (words ->> 'title') || ' &#183; ' || xbb._report_html(pg_catalog.current_database()) || '</title>'
    || '<style>' || xbb._report_colors() || xbb._report_sheet() || xbb._report_drawn() || xbb._report_places() || '</style></head><body>'
    || '<svg width="0" height="0" style="position:absolute" aria-hidden="true">' || xbb._report_symbols() || '</svg>'
    || xbb._report_head(tasks, a.actions, words) || E'\n<main>'
    || xbb._report_section('action', words ->> 'action', CASE WHEN pg_catalog.cardinality(tasks) + pg_catalog.cardinality(a.actions) = 0 THEN xbb._report_begin(words) ELSE xbb._report_todo(a.actions, words) END)
    || xbb._report_section('tasks', words ->> 'tasks', xbb._report_task_table(tasks, words))
    || xbb._report_section('flow', words ->> 'flow', coalesce('<p class="note">' || (words ->> 'flow note') || '</p>' || xbb._report_flow(tasks, words),
                                                              '<p class="calm">' || (words ->> 'flow none') || '</p>'))
    || xbb._report_section('runs', words ->> 'runs', xbb._report_runs(tasks, words))
    || xbb._report_section('rejects', words ->> 'rejects', xbb._report_rejects(tasks, words))
    || xbb._report_section('quota', words ->> 'quota', xbb._report_quota(words))
    || xbb._report_section('drift', words ->> 'drift', xbb._report_drift(words))
    || xbb._report_section('doctor', words ->> 'doctor', xbb._report_doctor(words))
    || xbb._report_section('versions', words ->> 'versions', xbb._report_versions(words))
    || E'\n</main>\n<footer>' || (words ->> 'foot') || E'</footer></body></html>\n'
  FROM (SELECT xbb._report_actions(tasks, words) AS actions OFFSET 0) a
$$;

CREATE FUNCTION xbb.report(lang pg_catalog.text DEFAULT 'en') RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN xbb._report_page(xbb._report_tasks(), xbb._report_words(lang));
COMMENT ON FUNCTION xbb.report(text) IS 'how the syncs and pushes are, as a page of HTML for people, in English (en) or Chinese (zh)';
