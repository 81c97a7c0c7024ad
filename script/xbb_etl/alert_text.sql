-- What an alert says, in English and Chinese: what it is about, since when, the impact, the next statement.

CREATE FUNCTION xbb._alert_words(lang pg_catalog.text, key pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_words';

-- Who reads: in which language, whose clock, when.
CREATE TYPE xbb._alert_reader AS (lang pg_catalog.text, time_zone pg_catalog.text, now pg_catalog.timestamptz);

CREATE FUNCTION xbb._alert_time(reader xbb._alert_reader, at pg_catalog.timestamptz) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN NOT coalesce(pg_catalog.isfinite(at), false) THEN xbb._alert_words((reader).lang, 'unknown time')
              WHEN pg_catalog.timezone((reader).time_zone, at)::pg_catalog.date = pg_catalog.timezone((reader).time_zone, (reader).now)::pg_catalog.date
              THEN pg_catalog.to_char(pg_catalog.timezone((reader).time_zone, at), 'HH24:MI')
              ELSE pg_catalog.to_char(pg_catalog.timezone((reader).time_zone, at), 'YYYY-MM-DD HH24:MI') END
$$;

CREATE FUNCTION xbb._alert_span(lang pg_catalog.text, span interval) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN s.seconds >= 86400 THEN pg_catalog.format(xbb._alert_words(lang, 'span days'), s.seconds / 86400, s.seconds % 86400 / 3600)
              WHEN s.seconds >= 3600 THEN pg_catalog.format(xbb._alert_words(lang, 'span hours'), s.seconds / 3600, s.seconds % 3600 / 60)
              WHEN s.seconds >= 60 THEN pg_catalog.format(xbb._alert_words(lang, 'span minutes'), s.seconds / 60)
              ELSE pg_catalog.format(xbb._alert_words(lang, 'span seconds'), s.seconds) END
  FROM (SELECT greatest(pg_catalog.floor(pg_catalog.date_part('epoch', span)), 0)::bigint AS seconds) s
$$;

-- A name as a message may have it: on one line, not so long, and nothing that a robot takes for a mark, or that turns the line round.
CREATE FUNCTION xbb._alert_name(name pg_catalog.text, most integer DEFAULT 60) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_catalog.length(n.name) > most THEN xbb._alert_left(n.name, most - 3) || '...' ELSE n.name END
  FROM (SELECT pg_catalog.translate(pg_catalog.regexp_replace(_alert_name.name,
          -- there characters are bytes, and those above parts of others
          CASE WHEN pg_catalog.getdatabaseencoding() = 'SQL_ASCII' THEN E'[\\u0001-\\u001f\\u007f]' ELSE E'[[:cntrl:]\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]' END, ' ', 'g'), '<>@', '()#') AS name) n
$$;

-- A name to be typed, with escapes for what _alert_name has otherwise; of a long one, NULL.
CREATE FUNCTION xbb._alert_literal(name pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_catalog.length(name) > 60 THEN NULL
              WHEN name = xbb._alert_name(name) THEN pg_catalog.quote_literal(name)
              ELSE (SELECT pg_catalog.format('E''%s''', pg_catalog.string_agg(
                      CASE WHEN c.c IN ('''', E'\\') THEN c.c || c.c WHEN c.c = xbb._alert_name(c.c) THEN c.c
                           ELSE E'\\u' || pg_catalog.lpad(pg_catalog.to_hex(pg_catalog.ascii(c.c)), 4, '0') END, '' ORDER BY c.place))
                    FROM pg_catalog.regexp_split_to_table(name, '') WITH ORDINALITY c (c, place)) END
$$;

-- The first of some names.
CREATE FUNCTION xbb._alert_names(names pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.string_agg(xbb._alert_name(n.name, 30), ', ' ORDER BY n.place) FILTER (WHERE n.place <= 3)
         || CASE WHEN pg_catalog.count(*) > 3 THEN ', ...' ELSE '' END
  FROM pg_catalog.jsonb_array_elements_text(names) WITH ORDINALITY n (name, place)
$$;

CREATE FUNCTION xbb._alert_title(lang pg_catalog.text, alert xbb._alert_state) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format(xbb._alert_words(lang, 'title'), CASE WHEN (alert).status = 'ok' THEN pg_catalog.format(xbb._alert_words(lang, 'title recovered'), t.title) ELSE t.title END,
    xbb._alert_words(lang, 'kind ' || (alert).subject_kind), xbb._alert_name((alert).subject),
    ' -> ' || xbb._alert_name((alert).facts ->> 'target'))
  FROM (SELECT xbb._alert_words(lang, 'title ' || (alert).rule) AS title) t
$$;

CREATE FUNCTION xbb._alert_detail(reader xbb._alert_reader, alert xbb._alert_state, with_reason boolean) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN (alert).status = 'ok' THEN
      pg_catalog.format(xbb._alert_words(f.lang, 'detail recovered'), xbb._alert_span(f.lang, (alert).since - (f.facts ->> 'began')::pg_catalog.timestamptz))
    WHEN (alert).rule = 'failing' THEN pg_catalog.format(f.words, f.since, f.facts ->> 'times', f.reason)
    WHEN (alert).rule IN ('unreachable', 'token_refused') THEN pg_catalog.format(xbb._alert_words(f.lang, 'detail server'), f.since, f.reason)
    WHEN (alert).rule = 'did_not_run' AND f.facts ? 'made' THEN
      pg_catalog.format(xbb._alert_words(f.lang, 'detail never_run'), xbb._alert_time(reader, (f.facts ->> 'made')::pg_catalog.timestamptz))
    WHEN (alert).rule = 'did_not_run' THEN pg_catalog.format(f.words, xbb._alert_time(reader, (f.facts ->> 'due')::pg_catalog.timestamptz),
                                                             xbb._alert_time(reader, (f.facts ->> 'began')::pg_catalog.timestamptz))
    WHEN (alert).rule = 'slow' THEN pg_catalog.format(f.words, xbb._alert_time(reader, (f.facts ->> 'began')::pg_catalog.timestamptz),
      xbb._alert_span(f.lang, (f.facts ->> 'took')::interval), xbb._alert_span(f.lang, (f.facts ->> 'typical')::interval))
    WHEN (alert).rule = 'total_fell' THEN pg_catalog.format(f.words, xbb._alert_time(reader, (f.facts ->> 'at')::pg_catalog.timestamptz),
                                                            f.facts ->> 'records', f.facts ->> 'typical')
    WHEN (alert).rule = 'missed' THEN pg_catalog.format(f.words, xbb._alert_time(reader, (f.facts ->> 'at')::pg_catalog.timestamptz), f.facts ->> 'records')
    WHEN (alert).rule = 'unsettled' THEN pg_catalog.format(f.words, f.since, f.facts ->> 'unknown', f.facts ->> 'held')
    WHEN (alert).rule = 'quota' AND (f.facts ->> 'is_gone')::boolean THEN xbb._alert_words(f.lang, 'detail quota_gone')
    WHEN (alert).rule = 'quota' THEN pg_catalog.format(f.words, f.facts ->> 'used', f.facts ->> 'quota')
    WHEN (alert).rule = 'drift' THEN pg_catalog.format(f.words, xbb._alert_time(reader, (f.facts ->> 'at')::pg_catalog.timestamptz), f.facts ->> 'records')
    WHEN (alert).rule = 'sees_less' THEN
      pg_catalog.format(xbb._alert_words(f.lang, 'detail doctor'), xbb._alert_time(reader, (f.facts ->> 'at')::pg_catalog.timestamptz))
    ELSE pg_catalog.format(f.words, f.since, f.facts ->> 'records') END
  FROM (SELECT (reader).lang, (alert).facts, xbb._alert_time(reader, (alert).since) AS since,
               CASE WHEN (alert).status <> 'ok' AND NOT (alert).rule IN ('unreachable', 'token_refused', 'sees_less') THEN
                 xbb._alert_words((reader).lang, 'detail ' || (alert).rule) END AS words,
               CASE WHEN (alert).facts ->> 'reason' = 'killed' THEN xbb._alert_words((reader).lang, 'reason killed')
                    WHEN with_reason THEN coalesce((alert).facts ->> 'reason', '?')
                    ELSE coalesce(pg_catalog.left((alert).facts ->> 'reason', 5), '?') END AS reason) f
$$;

CREATE FUNCTION xbb._alert_impact(reader xbb._alert_reader, alert xbb._alert_state) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN (alert).status <> 'ok' AND (alert).rule IN ('rejects', 'deletions_stopped', 'unsettled', 'drift', 'sees_less') THEN
      xbb._alert_words(f.lang, 'impact ' || (alert).rule)
    WHEN (alert).rule = 'quota' AND (alert).status <> 'ok' THEN
      pg_catalog.format(xbb._alert_words(f.lang, 'impact quota'), xbb._alert_time(reader, (f.facts ->> 'resets_at')::pg_catalog.timestamptz))
    WHEN (alert).subject_kind IN ('server', 'account') AND f.facts ? 'affected' THEN
      pg_catalog.format(xbb._alert_words(f.lang, 'impact affected'), pg_catalog.jsonb_array_length(f.facts -> 'affected'), xbb._alert_names(f.facts -> 'affected'))
    WHEN f.until IS NULL THEN xbb._alert_words(f.lang, 'impact none yet')
    WHEN f.facts ->> 'max_age' IS NULL OR (alert).status = 'ok' THEN
      pg_catalog.format(xbb._alert_words(f.lang, 'impact complete'), xbb._alert_time(reader, f.until), f.age)
    ELSE pg_catalog.format(xbb._alert_words(f.lang, 'impact promised'), xbb._alert_time(reader, f.until), f.age,
                           xbb._alert_span(f.lang, (f.facts ->> 'max_age')::interval)) END
  FROM (SELECT (reader).lang, (alert).facts, u.until, xbb._alert_span((reader).lang, (reader).now - u.until) AS age
        FROM (SELECT ((alert).facts ->> 'complete_until')::pg_catalog.timestamptz AS until) u) f
$$;

-- The next thing to type.  A name that would make a message long is in the view.
CREATE FUNCTION xbb._alert_statement(alert xbb._alert_state) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN l.name IS NULL THEN 'TABLE xbb.alert;'
    WHEN (alert).status = 'ok' THEN CASE WHEN (alert).subject_kind IN ('sync', 'push') THEN pg_catalog.format('SELECT * FROM xbb.task_status WHERE name = %s;', l.name)
                                         ELSE 'TABLE xbb.task_status;' END
    WHEN (alert).rule = 'quota' THEN 'TABLE xbb.quota_use;'
    WHEN (alert).rule = 'drift' THEN pg_catalog.format('SELECT * FROM xbb.schema_drift(%s);', l.name)
    WHEN (alert).subject_kind = 'server' AND ((alert).facts ->> 'is_target')::boolean THEN 'SELECT push, started, sqlstate, error FROM xbb.push_run ORDER BY id DESC LIMIT 5;'
    -- another object's look leaves it as it is
    WHEN (alert).rule = 'sees_less' AND (alert).facts ->> 'object' <> 'product' THEN
      pg_catalog.format('SELECT * FROM xbb.doctor(%s, %L);', l.name, (alert).facts ->> 'object')
    WHEN (alert).subject_kind = 'server' THEN pg_catalog.format('SELECT * FROM xbb.doctor(%s);', l.name)
    WHEN (alert).rule IN ('stale', 'did_not_run') THEN pg_catalog.format('CALL xbb.%s(%s);', (alert).subject_kind, l.name)
    WHEN (alert).rule = 'rejects' AND (alert).subject_kind = 'sync' THEN pg_catalog.format('SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = %s;', l.name)
    WHEN (alert).rule = 'rejects' THEN pg_catalog.format('SELECT id, message FROM xbb.push_item WHERE push = %s AND status = ''rejected'';', l.name)
    WHEN (alert).rule = 'unsettled' THEN pg_catalog.format('SELECT id, status, message FROM xbb.push_item WHERE push = %s AND status IN (''unknown'', ''held'');', l.name)
    WHEN (alert).rule = 'deletions_stopped' THEN pg_catalog.format('SELECT error FROM xbb.sync_run WHERE sync = %s AND status = ''failed'' LIMIT 1;', l.name)
    WHEN (alert).rule = 'missed' THEN pg_catalog.format('SELECT * FROM xbb.lateness(%s);', l.name)
    WHEN (alert).rule IN ('slow', 'total_fell') AND (alert).subject_kind = 'sync' THEN
      pg_catalog.format('SELECT started, task, ended - started AS took, rows_read, throttled FROM xbb.sync_run WHERE sync = %s LIMIT 20;', l.name)
    ELSE pg_catalog.format('SELECT started, sqlstate, error FROM xbb.%1$s_run WHERE %1$s = %2$s ORDER BY id DESC LIMIT 5;', (alert).subject_kind, l.name) END
  FROM (SELECT xbb._alert_literal((alert).subject) AS name) l
$$;

-- All of it, a few lines; with_reason: what a run said, too, which only its owner may read.
CREATE FUNCTION xbb._alert_block(reader xbb._alert_reader, alert xbb._alert_state, with_reason boolean) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.concat_ws(E'\n', xbb._alert_title((reader).lang, alert), xbb._alert_detail(reader, alert, with_reason),
    pg_catalog.format(xbb._alert_words((reader).lang, 'line impact'), xbb._alert_impact(reader, alert)),
    pg_catalog.format(xbb._alert_words((reader).lang, 'line next'), xbb._alert_statement(alert)),
    CASE WHEN (alert).status <> 'ok' THEN pg_catalog.format(xbb._alert_words((reader).lang, 'line silence'),
      xbb._alert_name(pg_catalog.pg_get_userbyid((alert).owner)::pg_catalog.text),
      coalesce('SELECT xbb.silence(' || xbb._alert_literal((alert).subject) || ', ''2 h'', ''...'');', 'TABLE xbb.alert;')) END)
$$;
