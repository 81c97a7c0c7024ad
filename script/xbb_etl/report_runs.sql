-- 30 days of runs as a drawing, and a strip for each task.

-- A column for each day; below it how many failed, as a number.
CREATE FUNCTION xbb._report_month(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH day AS (
    SELECT n.at, CURRENT_DATE - 29 + n.at AS day, coalesce(pg_catalog.sum(d.succeeded), 0) AS good, coalesce(pg_catalog.sum(d.failed), 0) AS bad, coalesce(pg_catalog.sum(d.other), 0) AS off
    FROM pg_catalog.generate_series(0, 29) n (at)
    LEFT JOIN (SELECT (d.d).* FROM pg_catalog.unnest(tasks) t, LATERAL (SELECT d FROM pg_catalog.unnest(t.days) d) d) d ON d.day = CURRENT_DATE - 29 + n.at
    GROUP BY n.at),
  scale AS (SELECT pg_catalog.sum(d.good + d.bad + d.off) AS runs, pg_catalog.sum(d.bad) AS bad, greatest(pg_catalog.max(d.good + d.bad + d.off), 1) AS most FROM day d),
  bar AS (
    SELECT d.at, 56 + d.at * 28 AS x, d.day, d.bad, pg_catalog.round(120 * d.good / s.most, 1) AS good_h, pg_catalog.round(120 * d.bad / s.most, 1) AS bad_h, pg_catalog.round(120 * d.off / s.most, 1) AS off_h
    FROM day d, scale s)
  SELECT '<figure class="month"><div class="wide" role="group" tabindex="0" aria-label="' || (words ->> 'runs')
    || '"><svg role="img" aria-labelledby="month-t month-d" viewBox="0 0 900 192"><title id="month-t">' || (words ->> 'runs') || '</title><desc id="month-d">'
    || pg_catalog.format(words ->> 'runs desc', xbb._report_number(s.runs), xbb._report_number(s.bad), xbb._report_number(s.most)) || '</desc>'
    || '<path class="axis" d="M52 20h844M52 80h844M52 140h844"/>'
    || pg_catalog.format('<text class="sub" x="46" y="24" text-anchor="end">%s</text><text class="sub" x="46" y="144" text-anchor="end">0</text>', xbb._report_number(s.most))
    || pg_catalog.format('<text class="sub" x="52" y="12">%s</text>', words ->> 'runs a day') || CASE WHEN s.bad > 0 THEN pg_catalog.format('<text class="sub" x="46" y="182" text-anchor="end">%s</text>', words ->> 'failed a day') ELSE '' END
    || pg_catalog.string_agg(
      CASE WHEN b.good_h > 0 THEN pg_catalog.format('<rect class="bar" x="%s" y="%s" width="20" height="%s"/>', b.x, 140 - b.good_h, b.good_h) ELSE '' END
      || CASE WHEN b.off_h > 0 THEN pg_catalog.format('<rect class="bar off" x="%s" y="%s" width="20" height="%s"/>', b.x, 140 - b.good_h - b.off_h, b.off_h) ELSE '' END
      || CASE WHEN b.bad_h > 0 THEN pg_catalog.format('<rect class="bar bad" x="%s" y="%s" width="20" height="%s"/>', b.x, 140 - b.good_h - b.off_h - b.bad_h, b.bad_h) ELSE '' END
      || CASE WHEN b.at % 7 = 1 THEN pg_catalog.format('<text class="sub" x="%s" y="160" text-anchor="middle">%s</text>', b.x + 10, pg_catalog.to_char(b.day, 'MM-DD')) ELSE '' END
      || CASE WHEN b.bad > 0 THEN pg_catalog.format('<rect class="bar bad" x="%s" y="169" width="24" height="17" rx="3"/><text class="count" x="%s" y="182" text-anchor="middle">%s</text>', b.x - 2, b.x + 10,
                CASE WHEN b.bad < 1000 THEN b.bad::pg_catalog.text ELSE pg_catalog.floor(b.bad / 1000) || 'k' END) ELSE '' END,
      E'\n' ORDER BY b.at)
    || '</svg></div></figure>'
  FROM scale s, bar b GROUP BY s.runs, s.bad, s.most
$$;

-- Each day of a task as a mark: a low one where all succeeded, a high one where runs failed, a notched one where some did.
CREATE FUNCTION xbb._report_strip(days xbb._report_days[], label pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '<svg class="days" width="240" height="20" viewBox="0 0 240 20" role="img" aria-label="' || label || '"><path class="axis" d="M0 19.5h240"/>'
    || coalesce(pg_catalog.string_agg(pg_catalog.format('<path class="bar %s" d="%s"/>', m.tone, m.path), '' ORDER BY m.tone), '') || '</svg>'
  FROM (
    SELECT k.tone, pg_catalog.string_agg(pg_catalog.format(k.shape, (d.day - (CURRENT_DATE - 29)) * 8 + 1), '' ORDER BY d.day) AS path
    FROM pg_catalog.unnest(days) d
    CROSS JOIN LATERAL (SELECT CASE WHEN d.failed > 0 AND d.succeeded = 0 THEN 'bad' WHEN d.failed > 0 THEN 'warn' WHEN d.succeeded > 0 THEN 'good' ELSE 'off' END AS tone) t
    JOIN (VALUES ('good', 'M%s 19v-8h6v8z'), ('warn', 'M%1$s 19v-8h6v8zM%1$s 8v-7h6v7z'), ('bad', 'M%s 19v-18h6v18z'), ('off', 'M%s 19v-3h6v3z')) k (tone, shape) ON k.tone = t.tone
    WHERE d.day BETWEEN CURRENT_DATE - 29 AND CURRENT_DATE GROUP BY k.tone) m
$$;

CREATE FUNCTION xbb._report_runs(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH row AS (
    SELECT pg_catalog.string_agg(E'\n<tr><th scope="row">' || xbb._report_name(t.name) || '<small>' || (words ->> t.kind) || '</small></th>'
      || xbb._report_cell(words ->> 'h days', 't', xbb._report_strip(t.days, pg_catalog.format(words ->> 'strip', xbb._report_html(t.name), pg_catalog.cardinality(t.days), s.bad)))
      || xbb._report_cell(words ->> 'h runs', 'n', xbb._report_number(t.runs)) || xbb._report_cell(words ->> 'h failed', 'n', xbb._report_number(nullif(t.failed, 0)))
      || xbb._report_cell(words ->> 'h read', 'n', xbb._report_number(t.rows_read)) || xbb._report_cell(words ->> 'h written', 'n', xbb._report_number(t.rows_written)) || '</tr>',
      '' ORDER BY t.kind DESC, t.name COLLATE "C", t.owner COLLATE "C") AS body
    FROM pg_catalog.unnest(tasks) t
    CROSS JOIN LATERAL (SELECT pg_catalog.count(*) FILTER (WHERE d.failed > 0) AS bad FROM pg_catalog.unnest(t.days) d) s
    WHERE t.runs > 0),
  legend AS (
    SELECT '<ul class="legend" role="list">' || pg_catalog.string_agg(
      pg_catalog.format('<li><svg width="8" height="20" viewBox="0 0 8 20" aria-hidden="true"><path class="bar %s" d="%s"/></svg>%s</li>', l.tone, l.path, words ->> ('day ' || l.tone)), '' ORDER BY l.place) || '</ul>' AS drawn
    FROM (VALUES (1, 'good', 'M1 19v-8h6v8z'), (2, 'warn', 'M1 19v-8h6v8zM1 8v-7h6v7z'), (3, 'bad', 'M1 19v-18h6v18z'), (4, 'off', 'M1 19v-3h6v3z')) l (place, tone, path))
  SELECT CASE WHEN r.body IS NULL THEN '<p class="calm">' || (words ->> 'runs none') || '</p>' ELSE
    '<p class="note">' || pg_catalog.format(words ->> 'runs note', xbb._report_html(pg_catalog.current_setting('TimeZone'))) || '</p>'
    || xbb._report_month(tasks, words) || l.drawn
    || xbb._report_table(words ->> 'runs', 'runs', xbb._report_heads(words, 'h task', 'h days', '>h runs', '>h failed', '>h read', '>h written'), r.body) END
  FROM row r, legend l
$$;
