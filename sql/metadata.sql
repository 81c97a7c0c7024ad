-- An integration platform's metadata, as statements: what each form of a value becomes, by its result; that no leaf of
-- a document is left out, and no document an error; what is refused, and why.
-- test/metadata/values.json has the values, and what is sent for them, written by hand; test/metadata/samples.jsonl
-- public documents of the platform, personal details replaced.
CREATE SCHEMA metadata;
SET search_path = metadata;
\getenv srcdir PG_ABS_SRCDIR
\set file `cat "$PG_ABS_SRCDIR/test/metadata/values.json"`
\set ECHO none
CREATE TABLE file AS SELECT :'file'::jsonb AS document;
\set ECHO all
CREATE TABLE s1 AS SELECT f.* FROM file, jsonb_to_recordset(document -> 'found') AS f (shop_no text, email text, rank integer);

-- What is sent for a field of a target: its statements run, over a table with the one record.
CREATE FUNCTION sent(c jsonb, record jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  statement text;
  result jsonb;
BEGIN
  FOR statement IN
    SELECT m.sql FROM xbb.from_metadata(
      jsonb_build_object('api', 'of.values', 'effect', 'QUERY', 'id', 'o_id', 'response',
        (SELECT jsonb_agg(jsonb_build_object('field', u, 'type', 'array')) FROM jsonb_array_elements_text(c -> 'json') u)),
      jsonb_build_object('api', '/x', 'effect', 'EXECUTE', 'request', jsonb_build_array(c -> 'field')), true) m
    WHERE m.sql ~ '^CREATE (TABLE|VIEW)' ORDER BY step
  LOOP
    EXECUTE statement;
    IF statement ~ '^CREATE TABLE' THEN
      EXECUTE 'INSERT INTO of_values SELECT (jsonb_populate_record(NULL::of_values, $1)).*' USING record;
    END IF;
  END LOOP;
  EXECUTE 'SELECT record -> ''v'' FROM of_values_to_push' INTO result;
  DROP TABLE of_values CASCADE;
  RETURN coalesce(result, 'null');
END $$;
-- The same of a field of what a source is asked.
CREATE FUNCTION asked(c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  statement text;
  result jsonb;
BEGIN
  SELECT m.sql INTO STRICT statement FROM xbb.from_metadata(
    jsonb_build_object('api', 'of.values', 'effect', 'QUERY', 'request', jsonb_build_array(c -> 'field')), NULL, true) m
  WHERE m.sql ~ '^CREATE FUNCTION';
  EXECUTE statement;
  result := of_values_request('2024-03-14 08:00:00+00', 50, 100);
  DROP FUNCTION of_values_request;
  RETURN coalesce(result -> 'v', 'null');
END $$;
CREATE FUNCTION outcome(c jsonb, record jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result jsonb;
BEGIN
  result := CASE WHEN c ->> 'side' = 'source' THEN asked(c) ELSE sent(c, record) END;
  IF c ? 'result' THEN
    RETURN CASE WHEN result = c -> 'result' THEN 'as written' ELSE format('%s, not %s', result, c -> 'result') END;
  ELSIF c ? 'matches' THEN
    RETURN CASE WHEN result::text ~ (c ->> 'matches') THEN 'as written' ELSE result::text END;
  END IF;
  RETURN 'translated: ' || result;
EXCEPTION WHEN feature_not_supported THEN
  RETURN CASE WHEN position(c ->> 'unknown' IN sqlerrm) > 0 THEN 'as written' ELSE sqlerrm END;
END $$;
SET client_min_messages = warning;
CREATE TABLE tried AS
SELECT n, c ->> 'shape' AS shape, c -> 'field' AS field, outcome(c, record) AS outcome
FROM (SELECT n, document -> 'record' AS record,
        c || jsonb_build_object('field', coalesce(c -> 'node', jsonb_build_object('type', 'string', 'value', c -> 'value')) || '{"field": "v"}') AS c
      FROM file, jsonb_array_elements(document -> 'cases') WITH ORDINALITY AS e (c, n)) e;
RESET client_min_messages;
SELECT shape, count(*) FROM tried WHERE outcome = 'as written' GROUP BY shape ORDER BY shape COLLATE "C";
SELECT n, field, outcome FROM tried WHERE outcome <> 'as written' ORDER BY n;
