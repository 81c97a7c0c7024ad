-- Documents of as many systems as there are samples of, worked: what is sent for a record, or asked, is what was written
-- by hand in test/metadata/worked.json.  A source is asked with last_sync_time 2024-03-14 08:00:00 UTC, page_size 50,
-- start_row 100, last_id 4711; what changes with the clock has to be there, and is left out.
CREATE SCHEMA metadata_worked;
SET search_path = metadata_worked;
\getenv srcdir PG_ABS_SRCDIR
\set lines `cat "$PG_ABS_SRCDIR/test/metadata/samples.jsonl"`
\set worked `cat "$PG_ABS_SRCDIR/test/metadata/worked.json"`
\set ECHO none
CREATE TABLE sample AS SELECT n, line::jsonb AS sample FROM string_to_table(:'lines', E'\n') WITH ORDINALITY AS l (line, n);
CREATE TABLE worked AS SELECT w.* FROM jsonb_to_recordset(:'worked') AS w (sample integer, record jsonb, sent jsonb, asked jsonb, by_the_clock jsonb);
\set ECHO all
-- the strategies of lookups
CREATE TABLE "<strategy-uuid>" AS SELECT * FROM (VALUES ('001', '100', 'P1', 'pcs')) v (shop_no, email, "FNumber", "FBaseUnitId_FNumber");
CREATE FUNCTION sent(document jsonb, record jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  statement text;
  result jsonb;
BEGIN
  FOR statement IN SELECT m.sql FROM xbb.from_metadata(NULL, document) m WHERE m.sql ~ '^CREATE (TABLE|VIEW)' ORDER BY step LOOP
    EXECUTE statement;
    IF statement ~ '^CREATE TABLE' THEN
      EXECUTE 'INSERT INTO integration SELECT (jsonb_populate_record(NULL::integration, $1)).*'
      USING '{"id": "1"}' || record;
    END IF;
  END LOOP;
  EXECUTE 'SELECT record FROM integration_to_push' INTO STRICT result;
  DROP TABLE integration CASCADE;
  RETURN result;
END $$;
CREATE FUNCTION asked(document jsonb, by_the_clock jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  statement text;
  result jsonb := '{}';
  place text[];
BEGIN
  SELECT m.sql INTO STRICT statement FROM xbb.from_metadata(document, NULL) m WHERE m.sql ~ '^CREATE FUNCTION';
  EXECUTE regexp_replace(statement, '^CREATE FUNCTION [^(]*', 'CREATE FUNCTION request');
  result := request('2024-03-14 08:00:00+00', 50, 100, '4711');
  DROP FUNCTION request;
  FOR place IN SELECT ARRAY(SELECT jsonb_array_elements_text(c)) FROM jsonb_array_elements(by_the_clock) c LOOP
    IF result #>> place IS NULL THEN
      RETURN to_jsonb(format('%s is missing', place));
    END IF;
    result := result #- place;
  END LOOP;
  RETURN result;
END $$;
SET client_min_messages = warning;
CREATE TABLE outcome AS
SELECT w.sample, s.sample ->> 'system' AS system, coalesce(w.sent, w.asked) AS written,
  CASE WHEN w.sent IS NOT NULL THEN sent(s.sample -> 'metadata', record) ELSE asked(s.sample -> 'metadata', by_the_clock) END AS outcome
FROM worked w JOIN sample s ON s.n = w.sample;
RESET client_min_messages;
SELECT count(*), count(DISTINCT system) AS systems FROM outcome WHERE outcome = written;
SELECT * FROM outcome WHERE outcome IS DISTINCT FROM written ORDER BY sample;

-- A hundred fields, which one call of a function does not take, are sent in the document's order.
SELECT m.sql FROM xbb.from_metadata(NULL, (SELECT jsonb_build_object('api', '/x', 'request', jsonb_agg(jsonb_build_object('field', 'f' || i, 'value', 'v' || i) ORDER BY i DESC))
  FROM generate_series(1, 100) i)) m WHERE m.sql ~ '^CREATE (TABLE|VIEW)'
\set ECHO none
\gexec
\set ECHO all
INSERT INTO integration VALUES ('1');
SELECT count(*), string_agg(key, ' ' ORDER BY n) = (SELECT string_agg('f' || i, ' ' ORDER BY i DESC) FROM generate_series(1, 100) i) AS in_order
FROM integration_to_push, json_each(record) WITH ORDINALITY AS e (key, value, n);
DROP TABLE integration CASCADE;

-- An array that is written out says what is in it: what stands behind it does not belong into it.
SELECT m.sql FROM xbb.from_metadata(NULL, '{"api": "/x", "request": [{"field": "a", "type": "array", "value": ["x", "{{id}}"]}, {"field": "b", "value": "{{id}}"}]}', strict => true) m WHERE m.sql ~ 'VIEW';

-- Beside an array that is gone through, a member of its elements is nobody's in particular.
SELECT m.path, m.remark FROM xbb.from_metadata(NULL, '{"api": "/x", "request": [{"field": "h", "value": "{{items.sku}}"}, {"field": "l", "type": "array", "value": "items", "children": [{"field": "s", "value": "{{items.sku}}"}]}]}') m
WHERE m.kind = 'unknown';
