-- What a document keeps of the rows: its "condition" as WHERE of what is sent, or of a view beside what is stored; which ids,
-- by hand.  What is not translated leaves the push not enabled.  What a document says of answers that mean yes is ok.
CREATE SCHEMA metadata_filter;
SET search_path = metadata_filter;
SET client_min_messages = warning;
\pset format unaligned
\pset null (null)
CREATE TABLE condition (n int, condition jsonb, kept int[]);
INSERT INTO condition VALUES
  (1, '[[{"field": "status", "logic": "eq", "value": "C"}]]', '{1,3}'),
  (2, '[[{"field": "status", "logic": "neq", "value": "C"}]]', '{2,4,5}'),
  (3, '[[{"field": "status", "logic": "eq", "value": "C"}, {"field": "amount", "logic": "gt", "value": "10"}]]', '{3}'),
  (4, '[[{"field": "status", "logic": "eq", "value": "A"}], [{"field": "amount", "logic": "egt", "value": "100"}]]', '{2,3}'),
  (5, '[[{"field": "amount", "logic": "between", "value": "9,10.5"}]]', '{1,2}'),
  (6, '[[{"field": "amount", "logic": "lt", "value": -1}]]', '{5}'),
  (7, '[[{"field": "amount", "logic": "elt", "value": "9"}, {"field": "status", "logic": "isnull"}]]', '{5}'),
  (8, '[[{"field": "note", "logic": "like", "value": "%急%"}]]', '{2}'),
  (9, '[[{"field": "note", "logic": "notlike", "value": "%急%"}]]', '{1,3,4,5}'),
  (10, '[[{"field": "note", "logic": "notnull"}]]', '{1,2,3}'),
  (11, '[[{"field": "day", "logic": "egt", "value": "2026-11-02"}, {"field": "day", "logic": "lt", "value": "2026-11-10"}]]', '{3,4}'),
  (12, '[[{"field": "note", "logic": "eq", "value": "it''s \\"}]]', '{3}'),
  (13, '[[{"field": "note", "logic": "like", "value": "it''s %"}]]', '{3}'),
  (14, '[[{"field": "amount", "logic": "eq", "value": "10", "strictMode": true, "type": "string", "label": "x"}]]', '{1}'),
  (15, '[[{"field": "status", "logic": "isnull"}], [{"field": "day", "logic": "eq", "value": "2026-11-01"}]]', '{1,5}');
CREATE FUNCTION kept(source jsonb, target jsonb, view text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  statement text;
  result int[];
BEGIN
  FOR statement IN SELECT m.sql FROM xbb.from_metadata(source, target, strict => true) m WHERE m.sql ~ '^CREATE (TABLE|VIEW)' ORDER BY step LOOP
    EXECUTE statement;
    IF statement ~ '^CREATE TABLE' THEN
      ALTER TABLE of_rows ADD IF NOT EXISTS status text, ADD IF NOT EXISTS amount text, ADD IF NOT EXISTS note text, ADD IF NOT EXISTS day text;
      INSERT INTO of_rows (id, status, amount, note, day) VALUES ('1', 'C', '10', '-', '2026-11-01'), ('2', 'A', '9.0', '加急', '2026-11-10'), ('3', 'C', '100.00', E'it''s \\', '2026-11-02'),
        ('4', 'c', '11', NULL, '2026-11-09'), ('5', NULL, '-2', NULL, NULL);
    END IF;
  END LOOP;
  EXECUTE format('SELECT coalesce(array_agg(id::int ORDER BY id), ''{}'') FROM %s', view) INTO result;
  DROP TABLE of_rows CASCADE;
  RETURN result;
END $$;
-- of the source, of the target, and of what is only stored
SELECT n, c.kept, s.kept AS of_source, t.kept AS of_target, b.kept AS stored
FROM condition c,
  jsonb_build_object('api', 'of.rows', 'id', 'id', 'condition', condition) source, jsonb_build_object('api', 'of.rows', 'id', 'id') plain,
  LATERAL (SELECT kept(source, '{"api": "/x", "request": [{"field": "a", "value": "{{id}}"}]}', 'of_rows_to_push')) s (kept),
  LATERAL (SELECT kept(plain, '{"api": "/x", "request": [{"field": "a", "value": "{{id}}"}]}' || jsonb_build_object('condition', condition), 'of_rows_to_push')) t (kept),
  LATERAL (SELECT kept(source, '{"api": "写入空操作"}', 'of_rows_kept')) b (kept)
WHERE s.kept <> c.kept OR t.kept <> c.kept OR b.kept <> c.kept ORDER BY n;
-- both documents, and a source alone
SELECT kept('{"api": "of.rows", "id": "id", "condition": [[{"field": "status", "logic": "eq", "value": "C"}], [{"field": "status", "logic": "eq", "value": "A"}]]}',
  '{"api": "/x", "strictMode": false, "condition": [[{"field": "amount", "logic": "lt", "value": "50"}]], "request": [{"field": "a", "value": "{{id}}"}]}', 'of_rows_to_push') AS one_and_two;
SELECT kept('{"api": "of.rows", "id": "id", "condition": [[{"field": "amount", "logic": "lt", "value": "0"}]]}', NULL, 'of_rows_kept') AS five;
-- of the CRM, whose fields have types
SELECT m.sql FROM xbb.from_metadata('{"api": "/pro/v2/api/product/list", "condition": [[{"field": "data.num_1", "logic": "eq", "value": "-1.50"}, {"field": "updateTime", "logic": "egt", "value": "2024-02-29 08:00"},
  {"field": "addTime", "logic": "gt", "value": 1700000000}, {"field": "data.text_1", "logic": "gt", "value": "M"}, {"field": "data.array_1", "logic": "notnull"}]]}', NULL, strict => true) m WHERE m.sql ~ 'VIEW';

-- what is refused is refused whole, and the push waits for a person
SELECT m.remark, p.sql ~ 'enabled => false' AS waits
FROM unnest('{"{}", "[[]]", "[[1]]", "[{\"field\": \"a\"}]", "[[{\"field\": \"a.b\", \"logic\": \"eq\", \"value\": \"1\"}]]", "[[{\"field\": \"a\", \"logic\": \"in\", \"value\": \"1\"}]]",
  "[[{\"field\": \"a\", \"logic\": \"like\", \"value\": \"1\"}]]", "[[{\"field\": \"a\", \"logic\": \"gt\", \"value\": \"{{b}}\"}]]", "[[{\"field\": \"a\", \"logic\": \"eq\"}]]",
  "[[{\"field\": \"a\", \"logic\": \"eq\", \"value\": [1]}]]", "[[{\"field\": \"a\", \"logic\": \"between\", \"value\": \"1\"}]]", "[[{\"field\": \"a\", \"logic\": \"eq\", \"value\": \"1\", \"not\": 1}]]",
  "[[{\"field\": \"num_1\", \"logic\": \"eq\", \"value\": \"x\"}]]", "[[{\"field\": \"addTime\", \"logic\": \"gt\", \"value\": \"2026-02-30\"}]]", "[[{\"field\": \"array_1\", \"logic\": \"eq\", \"value\": \"x\"}]]"}'::jsonb[]) WITH ORDINALITY c (condition, n),
  jsonb_build_object('api', '/pro/v2/api/product/list', 'condition', condition) source, LATERAL xbb.from_metadata(source, '{"api": "/x", "request": [{"field": "a", "value": "{{dataId}}"}]}') m,
  LATERAL (SELECT p.sql FROM xbb.from_metadata(source, '{"api": "/x", "request": [{"field": "a", "value": "{{dataId}}"}]}') p WHERE p.sql ~ 'create_push') p
WHERE m.path ~ 'condition' ORDER BY n;
SELECT member, m.remark, p.sql ~ 'enabled => false' AS waits
FROM unnest('{groupCalculate,beatFlat,formatResponse,detailApi}'::text[]) WITH ORDINALITY u (member, n), jsonb_build_object('api', 'a', member, '{"x": 1}'::jsonb) source,
  LATERAL xbb.from_metadata(source, '{"api": "/x", "request": [{"field": "a", "value": "{{b}}"}]}') m,
  LATERAL (SELECT p.sql FROM xbb.from_metadata(source, '{"api": "/x", "request": [{"field": "a", "value": "{{b}}"}]}') p WHERE p.sql ~ 'create_push') p
WHERE m.path ~ member ORDER BY n;
SELECT m.kind, m.remark FROM xbb.from_metadata('{"api": "a", "condition": []}', NULL) m WHERE m.path ~ 'condition';

-- what the CRM is asked: a list of constants, and a range up to the present, are conditions as they stand; no overlap is less than settle_time, or
-- the sync could not be made; of what is not sent the push waits, too
CREATE FUNCTION asked(conditions jsonb) RETURNS TABLE (kind text, said text) LANGUAGE sql AS $$
  SELECT m.kind, coalesce(substring(m.sql FROM 'conditions E?''.*\]''|overlap => .*''|enabled => false'), m.remark)
  FROM xbb.from_metadata(jsonb_build_object('api', '/pro/v2/api/product/list', 'request', jsonb_build_array(jsonb_build_object('field', 'conditions', 'type', 'array', 'children', conditions))),
    '{"api": "/x", "request": [{"field": "a", "value": "{{dataId}}"}]}') m WHERE m.sql ~ 'FOREIGN TABLE xbb_|create_sync|create_push' OR m.kind = 'unknown'
$$;
SELECT * FROM asked('[{"children": [{"field": "attr", "value": "text_2"}, {"field": "symbol", "value": "in"}, {"field": "value", "type": "array", "value": ["A\"", 2]}]}]');
SELECT * FROM asked('[{"children": [{"field": "attr", "value": "updateTime"}, {"field": "symbol", "value": "range"}, {"field": "value", "type": "array", "value": ["_function {LAST_SYNC_TIME}-600", "{{CURRENT_TIME}}"]}]}]');
SELECT * FROM asked('[{"children": [{"field": "attr", "value": "updateTime"}, {"field": "symbol", "value": "greaterequal"}, {"field": "value", "type": "array", "value": "{{LAST_SYNC_TIME}}"}]}]');
SELECT * FROM asked('[{"children": [{"field": "attr", "value": "text_2"}, {"field": "symbol", "value": "in"}, {"field": "value", "type": "array", "value": ["A", "{{b}}"]}]}]');
CREATE SERVER metadata_filter_crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingFilter');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER metadata_filter_crm OPTIONS (token 't0ken');
SELECT replace(replace(m.sql, 'SERVER crm', 'SERVER metadata_filter_crm'), 'create_sync(''product''', 'create_sync(''metadata filter''') FROM xbb.from_metadata('{"api": "/pro/v2/api/product/list", "request": [{"field": "conditions", "children": [
  {"children": [{"field": "attr", "value": "updateTime"}, {"field": "symbol", "value": "greaterequal"}, {"field": "value", "value": "{{LAST_SYNC_TIME}}"}]}]}]}', NULL) m WHERE m.sql ~ 'FOREIGN TABLE|create_sync' ORDER BY step
\set ECHO none
\gexec
\set ECHO all
SELECT overlap FROM xbb.sync_definition WHERE source = 'xbb_product'::regclass;
SELECT xbb.drop_sync('metadata filter');
DROP SERVER metadata_filter_crm CASCADE;

-- answers that mean yes
CREATE SERVER metadata_filter FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://erp.example');
CREATE TABLE answer (n int, said jsonb, answer text, status text);
INSERT INTO answer VALUES
  (1, '{"otherResponse": [{"field": "StatusKey", "value": "errcode"}, {"field": "statusValue", "value": "0"}, {"field": "dataKey", "value": "x"}]}', '{"errcode": 0}', 'ok'),
  (2, '{"otherResponse": [{"field": "StatusKey", "value": "errcode"}, {"field": "statusValue", "value": "0"}]}', '{"errcode": "0"}', 'ok'),
  (3, '{"otherResponse": [{"field": "StatusKey", "value": "errcode"}, {"field": "statusValue", "value": "0"}]}', '{"errcode": 40001}', 'rejected'),
  (4, '{"otherResponse": [{"field": "StatusKey", "value": "errcode"}, {"field": "statusValue", "value": "0"}]}', '{"errcode": "40001"}', 'rejected'),
  (5, '{"otherResponse": [{"field": "StatusKey", "value": "errcode"}, {"field": "statusValue", "value": "0"}]}', '{"error": 1}', 'unknown'),
  (6, '{"otherResponse": {"StatusKey": "result.状态", "StatusValue": "成功"}}', '{"result": {"状态": "成功"}}', 'ok'),
  (7, '{"otherResponse": {"StatusKey": "result.状态", "StatusValue": "成功"}}', '{"result": {"状态": "失败"}}', 'rejected'),
  (8, '{"otherResponse": {"StatusKey": "Successful", "StatusValue": "true"}}', '{"Successful": false}', 'rejected'),
  (9, '{"response": [{"field": "code", "value": "00000"}, {"field": "message"}]}', '{"code": "00000"}', 'ok'),
  (10, '{"response": [{"field": "code", "value": "00000"}, {"field": "message"}]}', '{"code": "0"}', 'rejected'),
  -- pages of version 0.1, where each field has a value; more levels than there are
  (11, '{"response": [{"field": "code", "value": "1"}, {"field": "message", "value": "1"}]}', '{"code": 0}', 'ok'),
  (12, '{"otherResponse": {"StatusKey": "a.b.c", "StatusValue": "1"}}', '{"a": {"b": {"c": 2}}}', 'ok');
CREATE FUNCTION judged(said jsonb, answer text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  statement text;
  result text;
BEGIN
  SELECT replace(m.sql, 'SERVER target', 'SERVER metadata_filter') INTO STRICT statement
  FROM xbb.from_metadata(NULL, '{"api": "/x", "request": [{"field": "a", "value": "{{b}}"}]}' || said) m WHERE m.sql ~ 'FOREIGN TABLE';
  EXECUTE statement;
  SELECT j.status INTO STRICT result FROM xbb.judge('integration_target', 200, answer, '{1}') j;
  DROP FOREIGN TABLE integration_target;
  RETURN result;
END $$;
SELECT n, status, judged(said, answer) FROM answer WHERE judged(said, answer) IS DISTINCT FROM status ORDER BY n;
SELECT m.path, m.sql FROM xbb.from_metadata(NULL, '{"api": "/x", "request": [{"field": "a", "value": "{{b}}"}], "otherResponse": [{"field": "StatusKey", "value": "errcode"},
  {"field": "statusValue", "value": "0"}]}') m WHERE m.sql ~ 'FOREIGN|MAPPING' ORDER BY step;
DROP SCHEMA metadata_filter CASCADE;
DROP SERVER metadata_filter;
