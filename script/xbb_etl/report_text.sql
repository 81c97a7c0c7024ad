-- The report's small pieces.  What comes from a database goes through _report_html() or
-- _report_code(): names may hold anything.  What a word list says is text without markup.

-- What XML cannot hold, and what turns the direction of a line, is shown as ?; where characters are bytes (SQL_ASCII) the
-- bytes of one of UTF-8's stay together.
CREATE FUNCTION xbb._report_shown(value pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.regexp_replace(value, E'(?<![\\u0080-\\u00ff])[\\u0080-\\u009f]|\\u00d8\\u009c|\\u00e2\\u0080[\\u008b\\u008e\\u008f\\u00a8-\\u00ae]|\\u00e2\\u0081[\\u00a0-\\u00af]|' ||
  E'\\u00ef\\u00bb\\u00bf|\\u00ef\\u00bf[\\u00b9-\\u00bf]|[\\u0001-\\u001f\\u007f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\uffff]', '?', 'g');

CREATE FUNCTION xbb._report_html(value pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
  xbb._report_shown(value), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');

-- A name among words: it keeps its direction to itself.
CREATE FUNCTION xbb._report_name(value pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '<bdi>' || xbb._report_html(value) || '</bdi>';

-- A name as a constant to type: what would be shown as ? stands in it by its number.
CREATE FUNCTION xbb._report_literal(value pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xbb._report_shown(value) = value THEN pg_catalog.quote_literal(value) ELSE (
    SELECT 'U&''' || pg_catalog.string_agg(
      CASE WHEN c.c = '''' THEN '''''' WHEN c.c = E'\\' THEN E'\\\\'
           WHEN xbb._report_shown(c.c) <> c.c THEN E'\\' || pg_catalog.lpad(pg_catalog.to_hex(pg_catalog.ascii(c.c)), 4, '0') ELSE c.c END,
      '' ORDER BY c.place) || ''''
    FROM pg_catalog.string_to_table(value, NULL) WITH ORDINALITY c (c, place)) END
$$;

-- Statements to type, a line each.
CREATE FUNCTION xbb._report_code(statements pg_catalog.text[]) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '<pre><code dir="ltr">' || pg_catalog.string_agg(xbb._report_html(s.line), E'\n' ORDER BY s.place) || '</code></pre>'
  FROM pg_catalog.string_to_table(pg_catalog.array_to_string(statements, E'\n'), E'\n') WITH ORDINALITY s (line, place)
$$;

-- The beginning of a text; where characters are bytes none of UTF-8's is cut.
CREATE FUNCTION xbb._report_left(value pg_catalog.text, most integer) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN pg_catalog.length(value) <= most THEN value
            ELSE pg_catalog.regexp_replace(pg_catalog.left(value, most), E'[\\u00c0-\\u00ff][\\u0080-\\u00bf]*$', '') END;

-- As much of a name as has room in a drawing, where what is no ASCII is twice as wide.
CREATE FUNCTION xbb._report_cut(value pg_catalog.text, width integer) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN pg_catalog.length(pg_catalog.regexp_replace(pg_catalog.left(value, width + 1), E'[^\\u0001-\\u007f]', 'xx', 'g')) <= width
            THEN xbb._report_html(value)
            WHEN pg_catalog.left(value, width) !~ E'[^\\u0001-\\u007f]' THEN xbb._report_html(pg_catalog.left(value, width - 1)) || '&#8230;'
            ELSE xbb._report_html(xbb._report_left(value, width / 2 - 1)) || '&#8230;' END;

CREATE FUNCTION xbb._report_number(value pg_catalog.numeric) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.to_char(value, 'FM999,999,999,999,999,990');

CREATE FUNCTION xbb._report_time(value pg_catalog.timestamptz) RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN CASE WHEN pg_catalog.isfinite(value) THEN
  '<time datetime="' || pg_catalog.to_char(value AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '">'
  || pg_catalog.to_char(value, 'YYYY-MM-DD HH24:MI') || '</time>' END;

-- A span in its two greatest units.
CREATE FUNCTION xbb._report_span(value interval, words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN s.sign < 0 THEN '-' ELSE '' END || CASE
    WHEN s.n < 1 AND s.n > 0 THEN pg_catalog.format(words ->> 'seconds', pg_catalog.round(s.n, 1))
    WHEN s.n < 60 THEN pg_catalog.format(words ->> 'seconds', pg_catalog.floor(s.n))
    WHEN s.n < 3600 THEN pg_catalog.format(words ->> 'minutes', pg_catalog.floor(s.n / 60))
    WHEN s.n < 172800 THEN pg_catalog.format(words ->> 'hours', pg_catalog.floor(s.n / 3600))
      || CASE WHEN s.n % 3600 >= 60 THEN ' ' || pg_catalog.format(words ->> 'minutes', pg_catalog.floor(s.n % 3600 / 60)) ELSE '' END
    ELSE pg_catalog.format(words ->> 'days', pg_catalog.floor(s.n / 86400))
      || CASE WHEN s.n < 864000 AND s.n % 86400 >= 3600 THEN ' ' || pg_catalog.format(words ->> 'hours', pg_catalog.floor(s.n % 86400 / 3600)) ELSE '' END END
  FROM (SELECT pg_catalog.abs(extract(epoch FROM value)) AS n, pg_catalog.sign(extract(epoch FROM value)) AS sign) s
$$;

-- How a state looks: its shape and its colour have the same name.
CREATE FUNCTION xbb._report_tone(state pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN state IN ('failing', 'fail', 'firing') THEN 'bad'
            WHEN state IN ('stale', 'incomplete', 'inactive', 'warn', 'aside') THEN 'warn'
            WHEN state = 'running' THEN 'busy'
            WHEN state = 'ok' THEN 'good'
            WHEN state IN ('never_run', 'unknown') THEN 'idle'
            ELSE 'off' END;

CREATE FUNCTION xbb._report_icon(tone pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '<svg class="i ' || tone || '" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-' || tone || '"/></svg>';

CREATE FUNCTION xbb._report_state(state pg_catalog.text, words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '<span class="state ' || xbb._report_tone(state) || '">' || xbb._report_icon(xbb._report_tone(state))
  || xbb._report_html(coalesce(words ->> ('state ' || state), state)) || '</span>';

-- A table that can be moved sideways where it has no room; "head" is th elements.
CREATE FUNCTION xbb._report_table(caption pg_catalog.text, class pg_catalog.text, head pg_catalog.text, body pg_catalog.text)
RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '<div class="wide" role="group" tabindex="0" aria-label="' || caption || '"><table class="' || class || '"><caption>' || caption
  || '</caption><thead><tr>' || head || '</tr></thead><tbody>' || body || '</tbody></table></div>';

-- A row's cell, which says on a narrow screen what its column is called.
CREATE FUNCTION xbb._report_cell(head pg_catalog.text, class pg_catalog.text, value pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '<td class="' || class || CASE WHEN value IS NULL THEN ' none' ELSE '' END || '" data-head="' || head || '"><div>'
  || coalesce(value, '&#8211;') || '</div></td>';

-- A column of numbers has a > before its key.
CREATE FUNCTION xbb._report_heads(words pg_catalog.jsonb, VARIADIC keys pg_catalog.text[]) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.string_agg(CASE WHEN k.key ~ '^>' THEN '<th scope="col" class="n">' ELSE '<th scope="col">' END
    || (words ->> pg_catalog.ltrim(k.key, '>')) || '</th>', '' ORDER BY k.place)
  FROM pg_catalog.unnest(keys) WITH ORDINALITY k (key, place)
$$;
