-- What the doctor found when it was last asked; the report asks nothing itself.

-- What it found, as HTML: the API's own words, which may be in it, could quote a record's number.
CREATE FUNCTION xbb._report_found(found pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN xbb._report_html(pg_catalog.regexp_replace(found, '[0-9]{7,}', '#######', 'g'));

CREATE FUNCTION xbb._report_doctor_rows(server pg_catalog.name, object pg_catalog.text, role pg_catalog.name, words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.string_agg(E'\n<tr><th scope="row">' || xbb._report_html(r.check_name) || '<small>' || xbb._report_html(r.area) || '</small></th>'
    || xbb._report_cell(words ->> 'h state', 't', xbb._report_state(r.status, words))
    || xbb._report_cell(words ->> 'h found', 'w', xbb._report_found(r.found)
      || CASE WHEN r.assumed IS NULL THEN '' ELSE '<small>' || pg_catalog.format(words ->> 'assumed', xbb._report_html(r.assumed)) || '</small>' END)
    || xbb._report_cell(words ->> 'h fix', 'w', CASE WHEN r.fix ~ ';' THEN '<code>' || xbb._report_html(r.fix) || '</code>' ELSE xbb._report_html(r.fix) END) || '</tr>',
    '' ORDER BY pg_catalog.array_position('{fail,warn,unknown}'::pg_catalog.text[], r.status), r.no)
  FROM xbb.doctor_result r
  WHERE r.server = $1 AND r.object = $2 AND r.role = $3 AND r.status IN ('fail', 'warn', 'unknown') AND r.check_name <> 'summary'
$$;

CREATE FUNCTION xbb._report_doctor(words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH looked AS (
    SELECT r.server, r.object, r.role, pg_catalog.max(r.checked_at) AS checked_at, pg_catalog.count(*) FILTER (WHERE r.check_name <> 'summary') AS checks,
           pg_catalog.count(*) FILTER (WHERE r.status = 'ok' AND r.check_name <> 'summary') AS good
    FROM xbb.doctor_result r GROUP BY 1, 2, 3),
  part AS (
    SELECT l.*, '<h3>' || pg_catalog.format(words ->> 'doctor title', xbb._report_name(l.server), xbb._report_html(l.object), xbb._report_name(l.role)) || '</h3><p class="note">'
      || pg_catalog.format(words ->> 'doctor note', xbb._report_time(l.checked_at), xbb._report_span(pg_catalog.now() - l.checked_at, words), l.good, l.checks) || '</p>'
      || coalesce(xbb._report_table(pg_catalog.format(words ->> 'doctor title', xbb._report_html(l.server), xbb._report_html(l.object), xbb._report_html(l.role)), 'doctor',
                                    xbb._report_heads(words, 'h check', 'h state', 'h found', 'h fix'), xbb._report_doctor_rows(l.server, l.object, l.role, words)),
                  '<p class="calm">' || (words ->> 'doctor good') || '</p>') AS body
    FROM looked l),
  never AS (
    SELECT pg_catalog.array_agg(pg_catalog.format('SELECT * FROM xbb.doctor(%s);', xbb._report_literal(q.server)) ORDER BY q.server COLLATE "C") AS statements
    FROM xbb.quota q WHERE NOT EXISTS (SELECT FROM looked l WHERE l.server = q.server))
  SELECT coalesce((SELECT pg_catalog.string_agg(p.body, '' ORDER BY p.server COLLATE "C", p.object COLLATE "C", p.role COLLATE "C") FROM part p), '')
    || coalesce('<p>' || (words ->> 'doctor none') || '</p>' || xbb._report_code(n.statements), '')
    || CASE WHEN n.statements IS NULL AND NOT EXISTS (SELECT FROM part p) THEN '<p class="calm">' || (words ->> 'quota none') || '</p>' ELSE '' END
  FROM never n
$$;

-- What it found broken needs action.
CREATE FUNCTION xbb._report_actions_of_doctor(words pg_catalog.jsonb) RETURNS SETOF xbb._report_action
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT 1, 'fail', r.server::pg_catalog.text, pg_catalog.format(words ->> 'do doctor', xbb._report_name(r.server), xbb._report_html(r.check_name)),
         xbb._report_found(r.found) || ' (' || pg_catalog.format(words ->> 'ago', xbb._report_span(pg_catalog.now() - r.checked_at, words)) || ')'
         || CASE WHEN r.fix ~ ';' OR r.fix IS NULL THEN '' ELSE ' ' || xbb._report_html(r.fix) END,
         CASE WHEN r.fix ~ ';' THEN ARRAY[r.fix] ELSE ARRAY[pg_catalog.format('SELECT * FROM xbb.doctor(%s, %s);', xbb._report_literal(r.server), xbb._report_literal(r.object))] END
  FROM xbb.doctor_result r WHERE r.status = 'fail' AND r.check_name <> 'summary'
$$;
