-- Documents as they are written by hand: whatever they say, each statement runs, once the angle brackets are filled in.
\set here :DBNAME
CREATE DATABASE regress_xbb_newcomer TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_xbb_newcomer
SET client_min_messages = error;
CREATE EXTENSION xbb_etl CASCADE;
\pset format unaligned
CREATE TABLE document (n serial, what text, source jsonb, target jsonb);
\set plain '{"api": "wdt.trade.query", "effect": "QUERY", "method": "POST", "id": "trade_no", "request": [{"field": "start", "value": "{{LAST_SYNC_TIME|datetime}}"}]}'
\set crm '{"api": "/pro/v2/api/product/list", "effect": "QUERY", "method": "POST", "id": "dataId", "request": [{"field": "corpid", "value": "d"}]}'
\set sends '{"api": "/api/save", "effect": "EXECUTE", "method": "POST", "request": [{"field": "no", "value": "{{trade_no}}"}]}'
INSERT INTO document (what, source, target) SELECT what, :'plain'::jsonb || source, :'sends'::jsonb || target FROM (VALUES
  ('as they are', '{}'::jsonb, '{}'::jsonb), ('lower case', '{"effect": "query", "method": "post"}', '{"effect": "execute", "method": "post"}'),
  ('no request', '{"request": null}', '{"request": null}'), ('empty requests', '{"request": []}', '{"request": []}'),
  ('a key of two', '{"id": "a,b"}', '{}'), ('a key in Chinese', '{"id": "单号"}', '{}'), ('a key that is a number', '{"id": 5}', '{}'), ('the key record', '{"id": "record"}', '{"request": [{"field": "a", "value": "{{body}}"}]}'),
  ('names with blanks', '{"api": " wdt trade "}', '{"api": "保存 销售订单"}'), ('no names', '{"api": ""}', '{"api": ""}'), ('quotes', '{"api": "a''b\";c"}', '{"api": "/x''y"}'),
  ('a long name', jsonb_build_object('api', repeat('名', 200)), '{}'), ('a whole address', '{}', '{"api": "https://open.example.com/api/save"}'), ('a query', '{}', '{"api": "/cgi-bin/send?access_token=abc&x=1"}'),
  ('a path up', '{}', '{"api": "/a/../b"}'), ('many records', '{}', '{"operation": {"method": "batchArraySave", "rows": 9999, "rowsKey": "array"}}'),
  ('a schedule of six', '{"crontab": "0 */5 * * * ?"}', '{"crontab": "0 0 * * * *"}'), ('idCheck as text', '{"idCheck": "true"}', '{"idCheck": 1}'), ('a large page', '{"pagination": {"pageSize": 500}}', '{}'), ('a page of nothing', '{"pagination": {"pageSize": ""}}', '{}')) v (what, source, target);
INSERT INTO document (what, source, target) SELECT what, :'crm'::jsonb || source, :'sends'::jsonb || target FROM (VALUES
  ('the CRM', '{}'::jsonb, '{}'::jsonb), ('with its host', '{"api": "https://proapi.xbongbong.com/pro/v2/api/product/list"}', '{}'),
  ('a list without times', '{"api": "/pro/v2/api/user/list", "id": "userId"}', '{}'), ('no list', '{"api": "/pro/v2/api/product/detail"}', '{}'), ('one that is not known', '{"api": "/pro/v2/api/unheard/list"}', '{}'),
  ('names of ours', '{}', '{"request": [{"field": "a", "value": "{{raw}}{{failed}}"}, {"field": "b", "value": "{{data.xyZ}}-{{data.xy_z}}-{{data.XyZ}}"}]}')) v (what, source, target);
CREATE FUNCTION run(source jsonb, target jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  m record;
  ran text;
BEGIN
  FOR m IN SELECT * FROM xbb.from_metadata(source, target) r WHERE r.sql IS NOT NULL AND r.kind <> 'schedule' ORDER BY r.step LOOP
    ran := m.sql;
    EXECUTE replace(replace(m.sql, '<host>', 'target.example'), '<path>', 'path');
  END LOOP;
  RAISE EXCEPTION USING errcode = 'DONE0';
EXCEPTION
  WHEN SQLSTATE 'DONE0' THEN
    RETURN 'ran';
  WHEN OTHERS THEN
    RETURN format('%s: %s', sqlerrm, ran);
END $$;
SELECT count(*) FROM document;
SELECT n, what, r AS failed FROM document, LATERAL run(source, target) r WHERE r <> 'ran' ORDER BY n;

-- where the target is, how many records a request has, and what waits for a person
SELECT what, substring(m.sql FROM 'base_url ''[^'']*''|api ''[^'']*''(?:, batch_size ''\d+'')?|key => ''[^'']*''(?:, enabled => false)?') AS said
FROM document, xbb.from_metadata(source, target) m WHERE n <= 19 AND m.sql ~ 'xbb_target|FOREIGN TABLE|create_push' ORDER BY n, m.step;

-- the time of the run in what is sent is another at each run, which would send all rows again: that waits for a person
SELECT value, bool_or(m.sql ~ 'create_push.*enabled => false') AS waits, bool_or(m.remark ~ 'would send all rows again') AS told
FROM (VALUES ('{{CURRENT_TIME|date}}'), ('{{DAYS_AGO_2}}'), ('_function CURDATE()'), ('_function DATE_FORMAT(NOW(), ''%Y'')'), ('_function UNIX_TIMESTAMP()'),
  ('now()'), ('_function UNIX_TIMESTAMP(''{{a}}'')'), ('{{random}}')) v (value),
  xbb.from_metadata(:'plain', jsonb_set(:'sends', '{request, 1}', jsonb_build_object('field', 't', 'value', value))) m
GROUP BY value ORDER BY value COLLATE "C";

-- a million bytes of values that would become a hundred times that of SQL: those behind a limit are said, and little memory is wanted
SELECT kind, regexp_replace(remark, '^f\d+: ', '') AS remark, count(*) > 500 AS many FROM
  (SELECT jsonb_build_object('api', '/x', 'request', jsonb_agg(jsonb_build_object('field', 'f' || n, 'value', '_function 1' || repeat('+{{a|timestamp_ms}}', 60)))) AS target
   FROM generate_series(1, 1000) n) t, xbb.from_metadata(:'plain', target) WHERE kind = 'unknown' GROUP BY 1, 2;

-- what is sent to the CRM: its preset makes the dataList of a record's fields, and adds who asks
SELECT kind, path, coalesce(substring(sql FROM 'json_strip_nulls\((.*)\) AS record'), remark) AS said FROM xbb.from_metadata(:'plain', '{"api": "/pro/v2/api/customer/add",
  "effect": "EXECUTE", "method": "POST", "request": [{"field": "corpid", "value": "d"}, {"field": "userId", "value": "u"}, {"field": "formId", "type": "int", "value": "5"},
  {"field": "dataList", "type": "object", "children": [{"field": "text_1", "value": "{{name}}"}, {"field": "num_1", "type": "float", "value": "{{amount}}"}]}]}')
WHERE path ~ 'target.request' ORDER BY step;

-- rows by the platform's name for all of a request: no array of the source's row
SELECT kind, path, remark FROM xbb.from_metadata(:'plain', '{"api": "/api/save", "effect": "EXECUTE", "method": "POST", "operation": {"method": "batchArraySave", "rows": 20, "rowsKey": "lines"},
  "request": [{"field": "no", "value": "{{trade_no}}"}, {"field": "list", "type": "array", "value": "lines", "children": [{"field": "no", "value": "{{lines.no}}"}]},
  {"field": "first", "value": "{{lines.0.no}}"}, {"field": "linesman", "value": "{{linesman}}"}]}') WHERE kind = 'unknown' ORDER BY step;

-- who schedules the source alone is told that the push is not
SELECT count(*) FILTER (WHERE m.kind = 'push' AND m.remark ~ 'nothing runs it until CALL xbb.push\(''wdt_trade_query''\) is scheduled') AS told, t IS NOT NULL AS scheduled
FROM (VALUES (NULL), ('{"crontab": "*/5 * * * *"}'::jsonb)) v (t), xbb.from_metadata(:'plain'::jsonb || jsonb '{"crontab": "*/5 * * * *"}', :'sends'::jsonb || coalesce(t, '{}')) m GROUP BY t ORDER BY 2;

-- a whole number of the CRM is divided as a number
SELECT substring(sql FROM '''half'', (.*?)\)\) AS record') AS half FROM xbb.from_metadata(:'crm', '{"api": "/x", "effect": "EXECUTE", "request": [{"field": "half", "value": "_function {{dataId}}/2"}]}')
WHERE sql ~ '^CREATE VIEW';

-- a first run asks since ever, and for what the rest of a filter says
SELECT sql FROM xbb.from_metadata('{"api": "ExecuteBillQuery", "effect": "QUERY", "otherRequest": [{"field": "FilterString",
  "value": "FDate>=''{{LAST_SYNC_TIME|date}}'' and FDocumentStatus=''C''"}]}', NULL) WHERE sql ~ '^CREATE FUNCTION' \gexec
SELECT executebillquery_other_request() AS asked;
\c :here
DROP DATABASE regress_xbb_newcomer;
