-- Public documents of an integration platform, test/metadata/samples.jsonl: each leaf of each is in exactly one row's
-- path, none is an error, all statements run once their placeholders are filled, and at least 95 of 100 values that
-- are no literals are translated.
\set here :DBNAME
CREATE DATABASE regress_xbb_metadata TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_xbb_metadata
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
RESET client_min_messages;
CREATE SCHEMA metadata_samples;
SET search_path = metadata_samples;
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set lines `cat "$PG_ABS_SRCDIR/test/metadata/samples.jsonl"`
\set ECHO none
CREATE TABLE sample AS SELECT n, line::jsonb AS sample FROM string_to_table(:'lines', E'\n') WITH ORDINALITY AS l (line, n);
\set ECHO all
CREATE VIEW document AS
SELECT n, sample ->> 'system' AS system, sample ->> 'form' AS form,
  CASE sample ->> 'side' WHEN 'QUERY' THEN sample -> 'metadata' END AS source,
  CASE sample ->> 'side' WHEN 'EXECUTE' THEN sample -> 'metadata' END AS target
FROM sample;
SELECT count(*), count(source) AS sources, count(target) AS targets, count(DISTINCT system) AS systems FROM document;

-- All of them, some two together, and what is no document at all.
CREATE TABLE odd (n serial, document jsonb);
INSERT INTO odd (document) VALUES ('null'), ('1'), ('"x"'), ('true'), ('[]'), ('{}'), ('[1, {"a": []}]'), ('{"": {"a, b": 1, "\"c\\": [[]], ",": 2, "\t": 3}}'),
  ('{"api": null, "request": null, "id": null, "operation": null, "crontab": null, "idCheck": null, "effect": null, "method": null}'),
  ('{"api": 1, "request": [1, "a", [], {}, {"field": []}, {"field": {"a": 1}, "value": {"b": {}}}], "id": 7, "number": true, "name": [], "method": {}, "response": [1, {"field": 2}, {}]}'),
  ('{"api": "/pro/v2/api/product/list", "request": [{"field": "conditions", "children": [1, {}]}, {"field": "corpid"}, {"field": "corpid", "value": "a"}, {"field": "pageSize", "value": "0"}, {}], "id": "a.b.c", "crontab": {"source": "* * *", "target": 1, "x": {}}}'),
  ('{"api": "/pro/v2/api/x/List", "request": {"a": "{{b}}"}}'), ('{"api": "/pro/v2/api/product/add", "request": [{"field": "a", "children": {"b": 1}}, {"field": "c", "parent": "c"}, {"field": "d", "type": "object", "parent": "e"}, {"field": "e", "type": "array", "parent": "d"}]}'),
  ('{"request": [{"field": "a", "type": "array", "value": "x.y", "children": [{"field": "b", "value": "{{x.y.z}}"}]}, {"field": "", "value": "{{b}}"}, {"field": "c", "value": "{{"}, {"field": "d", "value": "_function"}, {"field": "e", "value": "_findCollection"}]}'),
  ('{"effect": "EVENT", "type": "", "operation": {"method": "merge"}, "pagination": {"pageSize": "many"}, "omissionRemedy": {"crontab": "x", "takeOverRequest": 1}, "otherRequest": "{{a}}", "condition": [[{"field": "a", "logic": "eq", "value": "1"}]], "groupCalculate": {}}'),
  ((repeat('{"a": [', 500) || '1' || repeat(']}', 500))::jsonb), ((repeat('{"request": [', 90) || '{"field": "f", "value": "v"}' || repeat(']}', 90))::jsonb),
  (jsonb_build_object('request', (SELECT jsonb_agg(jsonb_build_object('field', 'f' || i, 'value', '{{c' || i || '}}')) FROM generate_series(1, 300) i))),
  (jsonb_build_object('id', repeat('x', 100), 'request', jsonb_build_array(jsonb_build_object('field', repeat('名', 100), 'value', '{{' || repeat('名', 40) || '}}'))));
CREATE TABLE tried (id serial PRIMARY KEY, n integer, form text, source jsonb, target jsonb, document jsonb);
INSERT INTO tried (n, form, source, target) SELECT n, form, source, target FROM document;
INSERT INTO tried (source, target) SELECT s.source, t.target FROM document s, document t WHERE s.n IN (1, 20, 22) AND t.n IN (3, 9, 28, 35);
INSERT INTO tried (source, target) SELECT one.document, other.document FROM odd one, odd other WHERE one.n = other.n OR (one.n + 7) % 19 = other.n;
UPDATE tried SET document = (SELECT jsonb_object_agg(name, value) FROM (VALUES ('source', source), ('target', target)) v (name, value) WHERE value IS NOT NULL);

-- The leaves of a document, by the steps that lead to them; the steps of each path.
CREATE FUNCTION leaves(document jsonb) RETURNS SETOF text[] LANGUAGE sql AS $$
  WITH RECURSIVE part AS (
    SELECT '{}'::text[] AS steps, document AS value
    UNION ALL
    SELECT steps || m.name, m.value FROM part, LATERAL (
      SELECT o.key, o.value FROM jsonb_each(CASE jsonb_typeof(part.value) WHEN 'object' THEN part.value END) o
      UNION ALL
      SELECT (e.n - 1)::text, e.value FROM jsonb_array_elements(CASE jsonb_typeof(part.value) WHEN 'array' THEN part.value END) WITH ORDINALITY AS e (value, n)
    ) m (name, value))
  SELECT steps FROM part WHERE jsonb_typeof(value) NOT IN ('object', 'array') OR value IN ('{}', '[]')
$$;
CREATE TABLE leaf AS SELECT id, l FROM tried, leaves(document) l;
CREATE TABLE path AS
SELECT id, m.kind, m.remark, p, (
  SELECT array_agg(coalesce(s[1], s[3], (replace(s[2], '\u002c', ',')::jsonb) #>> '{}') ORDER BY n)
  FROM regexp_matches(p, '\.([A-Za-z0-9_]+)|\.("(?:[^"\\]|\\.)*")|\[([0-9]+)\]', 'g') WITH ORDINALITY AS r (s, n)) AS steps
FROM tried, xbb.from_metadata(source, target) m, string_to_table(m.path, ', ') p;
ANALYZE;
SELECT count(*) > 1700 AS leaves, (SELECT count(*) > 500 FROM path) AS paths FROM leaf;
-- leaves that are not in exactly one path
SELECT id, left(l::text, 100), count(*) FILTER (WHERE l[1:cardinality(steps)] = steps) FROM leaf LEFT JOIN path USING (id) GROUP BY id, l HAVING count(*) FILTER (WHERE l[1:cardinality(steps)] = steps) <> 1 ORDER BY 1, 2;
-- paths that lead nowhere, for PostgreSQL or by their steps
SELECT id, p FROM path JOIN tried USING (id)
WHERE document #> steps IS NULL OR document #> steps <> jsonb_path_query_first(document, p::jsonpath);
SELECT count(*) FROM xbb.from_metadata(NULL, NULL);
SELECT count(*) FROM xbb.from_metadata(NULL, NULL, NULL);

-- Values with templates, functions or lookups: how many are translated, and why the rest is not.  Mapping tables were
-- published without braces, and are not counted; dialects that stand in the platform's documentation alone are refused
-- by name.
CREATE TABLE value AS
SELECT n, l AS steps, document #>> l AS value, kind, remark, coalesce(kind = 'unknown' AND remark ~ 'documentation syntax', false) AS dialect
FROM tried JOIN leaf USING (id) JOIN path USING (id)
WHERE form <> 'mapping' AND document #>> l ~ '[{]|^_function|^_findCollection' AND l[1:cardinality(path.steps)] = path.steps;
SELECT count(*) FILTER (WHERE NOT dialect) AS values, count(*) FILTER (WHERE kind <> 'unknown') AS translated,
  round(100.0 * count(*) FILTER (WHERE kind <> 'unknown') / count(*) FILTER (WHERE NOT dialect), 1) AS percent, count(*) FILTER (WHERE dialect) AS of_dialects FROM value;
SELECT n, value, remark FROM value WHERE kind = 'unknown' ORDER BY n, steps;

-- All statements run.
CREATE ROLE regress_xbb_metadata;
GRANT ALL ON SCHEMA metadata_samples TO regress_xbb_metadata;
GRANT USAGE ON FOREIGN DATA WRAPPER xbb_fdw, xbb_target TO regress_xbb_metadata;
GRANT SELECT ON document TO regress_xbb_metadata;
CREATE FUNCTION run(source jsonb, target jsonb) RETURNS TABLE (ran text, failed text) LANGUAGE plpgsql AS $$
DECLARE
  m record;
BEGIN
  FOR m IN SELECT * FROM xbb.from_metadata(source, target) r WHERE r.sql IS NOT NULL AND r.kind <> 'schedule' ORDER BY r.step LOOP
    EXECUTE replace(replace(m.sql, '<host>', 'target.example'), '<path>', 'path');
    ran := concat_ws(', ', ran, m.kind);
  END LOOP;
  RAISE EXCEPTION USING errcode = 'DONE0';
EXCEPTION
  WHEN SQLSTATE 'DONE0' THEN
    RETURN NEXT;
  WHEN OTHERS THEN
    failed := format('%s: %s', sqlerrm, m.sql);
    RETURN NEXT;
END $$;
SET ROLE regress_xbb_metadata;
CREATE TABLE "<strategy-uuid>" (id text, email text, shop_no text, "FNumber" text, "FBaseUnitId_FNumber" text, number text, name text, "textField_x" text, "textField_y" text,
  "F_XC_Base_Fnumber" text, so_id text, o_id text);
SET client_min_messages = error;    -- targets whose answers nobody described are warned of
SELECT ran, count(*), string_agg(n::text, ' ' ORDER BY n) AS documents FROM document, run(source, target) GROUP BY ran ORDER BY ran COLLATE "C";
SELECT n, failed FROM document, run(source, target) WHERE failed IS NOT NULL ORDER BY n;
RESET client_min_messages;
DROP TABLE "<strategy-uuid>";
RESET ROLE;
REVOKE ALL ON FOREIGN DATA WRAPPER xbb_fdw, xbb_target FROM regress_xbb_metadata;
REVOKE ALL ON SCHEMA metadata_samples FROM regress_xbb_metadata;
REVOKE ALL ON document FROM regress_xbb_metadata;
\c :here
DROP DATABASE regress_xbb_metadata;
DROP ROLE regress_xbb_metadata;
