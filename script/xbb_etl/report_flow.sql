-- The flow as drawings: the CRM's lists, the syncs that read them, the tables that these write, the pushes that
-- read these, and where they send to.
--
-- Each sync and each push has a lane of its own; a table has as many as the more of its two sides; what
-- several lanes share stands in the first of them.  A drawing ends at the first table behind 24 lanes.

-- A box or a line; "head" is left of "x" where it is a line.
CREATE TYPE xbb._report_shape AS (
  sheet bigint, place integer, kind pg_catalog.text, x integer, lane integer, width integer, from_x integer, from_lane integer,
  tone pg_catalog.text, name pg_catalog.text, sub pg_catalog.text
);

-- The lanes: a row for each sync and push, with the table that it is drawn at.
CREATE FUNCTION xbb._report_lanes(
  tasks xbb._report_task[], OUT sheet bigint, OUT lane integer, OUT table_lane integer, OUT place bigint, OUT at pg_catalog.text)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH task AS (
    SELECT t.place, t.kind, t.name, t.owner, t.server, t.source,
           CASE t.kind WHEN 'sync' THEN t.target ELSE coalesce(t.reads[1], t.source, 'SQL') END AS at
    FROM pg_catalog.unnest(tasks) t),
  -- beside those that read the same list
  block AS (
    SELECT t.at, greatest(pg_catalog.count(*) FILTER (WHERE t.kind = 'sync'), pg_catalog.count(*) FILTER (WHERE t.kind = 'push')) AS lanes,
           pg_catalog.min(coalesce(t.server, '') || ' ' || t.source) FILTER (WHERE t.kind = 'sync') COLLATE "C" AS list
    FROM task t GROUP BY t.at),
  stack AS (
    SELECT b.at, (pg_catalog.sum(b.lanes) OVER o - b.lanes)::integer AS first FROM block b
    WINDOW o AS (ORDER BY b.list NULLS LAST, b.at COLLATE "C" ROWS UNBOUNDED PRECEDING)),
  sheet AS (SELECT s.at, s.first, s.first / 24 AS sheet, pg_catalog.min(s.first) OVER (PARTITION BY s.first / 24) AS top FROM stack s)
  SELECT s.sheet, (s.first - s.top + pg_catalog.row_number() OVER (
           PARTITION BY t.kind, t.at ORDER BY t.server, t.source COLLATE "C", t.name COLLATE "C", t.owner COLLATE "C") - 1)::integer,
         s.first - s.top, t.place, s.at
  FROM task t JOIN sheet s ON s.at IS NOT DISTINCT FROM t.at
$$;

-- All that is drawn; the right half only where there is a push.
CREATE FUNCTION xbb._report_shapes(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS SETOF xbb._report_shape
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH task AS (
    SELECT l.sheet, l.lane, l.table_lane, l.at, t.*, xbb._report_tone(t.state) AS tone,
           pg_catalog.min(l.lane) OVER (PARTITION BY l.sheet, t.kind, t.server, t.source) AS source_lane,
           pg_catalog.min(l.lane) OVER (PARTITION BY l.sheet, t.kind, t.target_server, t.target) AS target_lane
    FROM xbb._report_lanes(tasks) l JOIN pg_catalog.unnest(tasks) t ON t.place = l.place),
  node AS (
    SELECT DISTINCT t.sheet, t.table_lane, t.at, pg_catalog.split_part(t.at, '.', 1) AS schema, pg_catalog.substr(t.at, pg_catalog.strpos(t.at, '.') + 1) AS name FROM task t),
  -- a push draws a line from each table below it that is in the same drawing
  feed AS (
    SELECT DISTINCT t.sheet, t.lane, n.table_lane, t.tone
    FROM task t CROSS JOIN LATERAL pg_catalog.unnest(coalesce(t.reads, ARRAY[coalesce(t.source, 'SQL')])) r (name) JOIN node n ON n.sheet = t.sheet AND n.at = r.name
    WHERE t.kind = 'push')
  SELECT t.sheet, 1, 'line', 216, t.lane, 0, 168, t.source_lane, t.tone, NULL, NULL FROM task t WHERE t.kind = 'sync'
  UNION ALL SELECT t.sheet, 1, 'line', 484, t.table_lane, 0, 436, t.lane, t.tone, NULL, NULL FROM task t WHERE t.kind = 'sync'
  UNION ALL SELECT f.sheet, 1, 'line', 704, f.lane, 0, 656, f.table_lane, f.tone, NULL, NULL FROM feed f
  UNION ALL SELECT t.sheet, 1, 'line', 972, t.target_lane, 0, 924, t.lane, t.tone, NULL, NULL FROM task t WHERE t.kind = 'push'
  UNION ALL (SELECT DISTINCT t.sheet, 2, 'box', 0, t.source_lane, 168, 0, 0, NULL, t.source, coalesce(t.server, words ->> 'local table')
             FROM task t WHERE t.kind = 'sync')
  UNION ALL SELECT t.sheet, 3, 'box', 216, t.lane, 220, 0, 0, t.tone, t.name,
                   pg_catalog.format(words ->> 'flow sync', xbb._report_number(t.rows_read), xbb._report_number(t.rows_written)) FROM task t WHERE t.kind = 'sync'
  UNION ALL SELECT n.sheet, 4, 'box', 484, n.table_lane, 172, 0, 0, NULL, n.name, n.schema FROM node n
  UNION ALL SELECT t.sheet, 5, 'box', 704, t.lane, 220, 0, 0, t.tone, t.name,
                   pg_catalog.format(words ->> 'flow push', xbb._report_number(t.rows_written), xbb._report_number(t.problems)) FROM task t WHERE t.kind = 'push'
  UNION ALL (SELECT DISTINCT t.sheet, 6, 'box', 972, t.target_lane, 168, 0, 0, NULL,
                    pg_catalog.substr(t.target, pg_catalog.strpos(t.target, '.') + 1), coalesce(t.target_server, '') FROM task t WHERE t.kind = 'push')
$$;

-- A shape as SVG.  Boxes are drawings of their own, which keep within themselves what has no room.
CREATE FUNCTION xbb._report_draw(shape xbb._report_shape) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE shape.kind WHEN 'line' THEN
    pg_catalog.format('<path class="link %s" d="M%s %sC%s %s %s %s %s %s"/>', shape.tone, shape.from_x, p.from_y, shape.from_x + 26, p.from_y,
                      shape.x - 26, p.y, shape.x, p.y)
  ELSE
    pg_catalog.format('<svg x="%s" y="%s" width="%s" height="44"><rect class="box" x=".75" y=".75" width="%s" height="42.5" rx="7"/>',
                      shape.x, p.y - 22, shape.width, shape.width - 1.5)
    || CASE WHEN shape.tone IS NOT NULL THEN
         pg_catalog.format('<g class="%1$s"><rect class="strip" x="0" y="7" width="4" height="30" rx="2"/><use href="#i-%1$s" x="13" y="8" width="15" height="15"/></g>', shape.tone)
       ELSE '' END
    || pg_catalog.format('<text class="name" x="%s" y="19">%s</text><text class="sub" x="%s" y="35">%s</text></svg>',
                         CASE WHEN shape.tone IS NULL THEN 12 ELSE 34 END, xbb._report_cut(shape.name, CASE WHEN shape.tone IS NULL THEN shape.width / 8 ELSE shape.width / 9 END),
                         CASE WHEN shape.tone IS NULL THEN 12 ELSE 13 END, xbb._report_cut(shape.sub, shape.width / 6))
  END
  FROM (SELECT 50 + shape.lane * 54 AS y, 50 + shape.from_lane * 54 AS from_y) p
$$;

-- The drawings.  What they say stands in the table of the tasks, too, for those who cannot see them.
CREATE FUNCTION xbb._report_flow(tasks xbb._report_task[], words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH whole AS (SELECT pg_catalog.count(*) FILTER (WHERE t.kind = 'push') > 0 AS pushes FROM pg_catalog.unnest(tasks) t),
  shape AS (SELECT s FROM xbb._report_shapes(tasks, words) s),
  sheet AS (
    SELECT (s).sheet, pg_catalog.row_number() OVER (ORDER BY (s).sheet) AS number, pg_catalog.max((s).lane) AS last,
           pg_catalog.count(*) FILTER (WHERE (s).kind = 'box' AND (s).place = 3) AS syncs,
           pg_catalog.count(*) FILTER (WHERE (s).kind = 'box' AND (s).place = 4) AS tables,
           pg_catalog.count(*) FILTER (WHERE (s).kind = 'box' AND (s).place = 5) AS pushes,
           pg_catalog.string_agg(xbb._report_draw(s), E'\n' ORDER BY (s).place, (s).lane, (s).x, (s).from_lane, (s).name COLLATE "C") AS drawn
    FROM shape GROUP BY 1),
  heads AS (
    SELECT pg_catalog.string_agg(pg_catalog.format('<text class="col" x="%s" y="14">%s</text>', h.x, words ->> h.key), '' ORDER BY h.x) AS drawn
    FROM whole w, (VALUES (0, 'flow lists', false), (216, 'flow syncs', false), (484, 'flow tables', false), (704, 'flow pushes', true), (972, 'flow targets', true)) h (x, key, is_right)
    WHERE w.pushes OR NOT h.is_right)
  SELECT pg_catalog.string_agg(
    pg_catalog.format('<figure class="flow%s"><div class="wide" role="group" tabindex="0" aria-label="%s"><svg role="img" aria-labelledby="flow-%s-t flow-%s-d" viewBox="0 0 %s %s">',
      CASE WHEN w.pushes THEN '' ELSE ' few' END, words ->> 'flow' || ' ' || s.number, s.number, s.number, CASE WHEN w.pushes THEN 1140 ELSE 656 END, 76 + s.last * 54)
    || pg_catalog.format('<title id="flow-%s-t">%s %s</title><desc id="flow-%s-d">', s.number, words ->> 'flow', s.number, s.number)
    || pg_catalog.format(words ->> 'flow desc', s.syncs, s.tables, s.pushes) || '</desc>'
    || h.drawn || E'\n' || s.drawn || '</svg></div></figure>', E'\n' ORDER BY s.number)
  FROM sheet s, whole w, heads h
$$;
