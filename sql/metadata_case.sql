-- The case study of the platform, from its two documents to a sync that runs; and its POST /api/execute, from a document to a push.

\set here :DBNAME
CREATE DATABASE regress_xbb_case TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_xbb_case
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
RESET client_min_messages;
\set company dingMetadata
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
\pset format unaligned
SELECT sim('create products=120 freeze=on');
CREATE ROLE regress_xbb_case;
GRANT ALL ON SCHEMA :"company" TO regress_xbb_case;
GRANT USAGE ON FOREIGN DATA WRAPPER xbb_fdw, xbb_target TO regress_xbb_case;
CREATE TABLE document (side text, document jsonb);
INSERT INTO document VALUES ('source', '{
  "api": "/pro/v2/api/product/list", "effect": "QUERY", "method": "POST",
  "number": "data.serialNo", "id": "data.serialNo", "name": "dataId", "idCheck": true,
  "request": [
    {"field": "pageSize", "label": "每页数量", "type": "int", "describe": "每页数量", "value": "100"},
    {"field": "userId", "label": "操作人ID", "type": "string", "describe": "操作人ID", "value": "u-0001"},
    {"field": "corpid", "label": "公司ID", "type": "string", "describe": "公司ID", "value": "dingMetadata"},
    {"field": "page", "label": "页码", "type": "int", "describe": "页码", "value": "1"},
    {"field": "conditions", "label": "条件集合", "type": "object", "children": [{"label": "test2", "type": "object", "children": [
      {"field": "attr", "label": "attr", "type": "string", "value": "updateTime"}, {"field": "symbol", "label": "symbol", "type": "string", "value": "greaterequal"},
      {"field": "value", "label": "value", "type": "array", "value": "_function sum({LAST_SYNC_TIME}-3600)"}]}]}
  ]}');
INSERT INTO document VALUES ('target',
  '{"api": "写入空操作", "effect": "EXECUTE", "method": "POST", "number": "number", "id": "id", "name": "编码", "idCheck": true}');
INSERT INTO document VALUES ('execute', '{"api": "/api/execute", "effect": "EXECUTE", "method": "POST", "operation": {"method": "batchArraySave", "rows": 50, "rowsKey": "array"},
  "request": [{"field": "编码", "type": "string", "value": "{{data.serialNo}}"}, {"field": "id", "type": "string", "value": "{{dataId}}"},
    {"field": "名称", "type": "string", "value": "{{data.text_1}}/{{data.text_99}}"}, {"field": "price2", "type": "float", "value": "_function ROUND({{data.num_1}}*2,1)"},
    {"field": "day", "type": "string", "value": "{{updateTime|date}}"}, {"field": "changed", "type": "long", "value": "{{updateTime}}"}]}');
INSERT INTO document VALUES ('customer', '{"api": "/pro/v2/api/customer/list", "effect": "QUERY", "method": "POST", "id": "dataId", "idCheck": false, "crontab": {"source": "*/5 * * * *"},
  "omissionRemedy": {"crontab": "2 */2 * * *", "takeOverRequest": [{"field": "a", "value": "{{DAYS_AGO_2}}"}]}, "request": [
  {"field": "formId", "type": "int", "value": "5300201"}, {"field": "pageSize", "type": "int", "value": "50"}, {"field": "isPublic", "type": "int", "value": "1"},
  {"field": "conditions", "type": "array", "children": [
    {"type": "object", "children": [{"field": "attr", "value": "addTime"}, {"field": "symbol", "value": "greaterequal"}, {"field": "value", "type": "array", "value": "{{MINUTE_AGO_30}}"}]},
    {"type": "object", "children": [{"field": "attr", "value": "updateTime"}, {"field": "symbol", "value": "lessequal"}, {"field": "value", "type": "array", "value": "{{CURRENT_TIME}}"}]},
    {"type": "object", "children": [{"field": "attr", "value": "text_1"}, {"field": "symbol", "value": "equal"}, {"field": "value", "type": "array", "value": "上海"}]},
    {"type": "object", "children": [{"field": "attr", "value": "num_1"}, {"field": "symbol", "value": "equal"}, {"field": "value", "type": "array", "value": "_function 1+1"}]}]}]}');
INSERT INTO document VALUES ('k3', '{"api": "batchSave", "effect": "EXECUTE", "method": "POST", "operation": {"method": "none"}, "otherRequest": [{"field": "FormId", "value": "SAL_RETURNSTOCK"}],
  "request": [{"field": "FBillTypeID", "type": "string", "value": "XSTHD01_SYS", "parser": {"name": "ConvertObjectParser", "params": "FNumber"}}, {"field": "FBillNo", "type": "string", "value": "{{refund_no}}"},
    {"field": "FEntity", "type": "array", "value": "refund_order_list", "children": [{"field": "FMaterialId", "type": "string", "value": "{{refund_order_list.goods_no}}"},
      {"field": "FTaxPrice", "type": "string", "value": "_function round({{{refund_order_list.refund_order_amount}}/{{refund_order_list.refund_num}},7)"}]}]}');
GRANT SELECT ON document TO regress_xbb_case;

-- What it says.
SELECT m.* FROM document s, document t, xbb.from_metadata(s.document, t.document, strict => true) m WHERE s.side = 'source' AND t.side = 'target';

-- All of it runs, once the token is filled in; names of the whole cluster and of this database are not this file's alone.
CREATE FUNCTION run(source jsonb, target jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  m record;
BEGIN
  FOR m IN SELECT r.* FROM xbb.from_metadata(source, target) r WHERE r.sql IS NOT NULL LOOP
    m.sql := replace(replace(replace(replace(replace(m.sql, '<token>', 't0ken'), 'SERVER crm ', 'SERVER case_crm '), 'SERVER target ', 'SERVER case_target '),
                     '<host>', 'target.example'), 'SERVER k3 ', 'SERVER case_k3 ');
    EXECUTE m.sql;
    RETURN NEXT m.kind;
  END LOOP;
END $$;
GRANT ALL ON SCHEMA public TO regress_xbb_case;
SET ROLE regress_xbb_case;
SELECT run(s.document, t.document) FROM document s, document t WHERE s.side = 'source' AND t.side = 'target';
RESET ROLE;
ALTER SERVER case_crm OPTIONS (ADD base_url :'url', ADD rate_limit '0');
SET ROLE regress_xbb_case;
SET client_min_messages = warning;
CALL xbb.sync('product');
SELECT count(*), count(serial_no), count(update_time) FROM product;
SELECT key, overlap FROM xbb.sync_definition WHERE name = 'product' AND owner::text = current_user;
RESET ROLE;
SELECT sim('log fields=path,page,size');
SET ROLE regress_xbb_case;

-- Conditions: of times, those of the sync; constants are the table's; others are not carried over, and it is said.
SELECT m.* FROM document, xbb.from_metadata(document, NULL) m WHERE side = 'customer';

-- A target that is sent something: fields of the CRM's record become columns of its table, each of its type.
SELECT xbb.drop_sync('product');
DROP FOREIGN TABLE xbb_product;
DROP SERVER case_crm CASCADE;
DROP TABLE product;
SELECT m.step, m.kind, m.path, m.sql, m.remark FROM document s, document t, xbb.from_metadata(s.document, t.document) m
WHERE s.side = 'source' AND t.side = 'execute' AND (m.kind IN ('table', 'push') OR m.path ~ 'target');
SELECT run(s.document, t.document) FROM document s, document t WHERE s.side = 'source' AND t.side = 'execute';
RESET ROLE;
\! python3 $XBB_SIM ctl dingMetadata_erp create-target
ALTER SERVER case_crm OPTIONS (ADD base_url :'url', ADD rate_limit '0');
SELECT :'url' || '/target/dingMetadata_erp' AS base \gset
ALTER SERVER case_target OPTIONS (SET base_url :'base', ADD rate_limit '0', ADD ok '$.code == 0', ADD records '$.data[*]', ADD record_key 'id',
  ADD record_ok '$.success == true', ADD record_id '$.docId', ADD record_message '$.message');
SET ROLE regress_xbb_case;
CALL xbb.sync('product');
CALL xbb.push('product');
SELECT status, count(*) FROM xbb.push_item WHERE push = 'product' AND owner::text = current_user GROUP BY status;
RESET client_min_messages;
\! python3 $XBB_SIM ctl dingMetadata_erp documents | wc -l
-- as PostgreSQL reads the same records
SELECT record::jsonb = jsonb_build_object('编码', serial_no, 'id', data_id, '名称', text_1 || '/', 'price2', round(num_1 * 2, 1),
    'day', to_char(update_time AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'), 'changed', extract(epoch FROM update_time)) AS as_meant, count(*)
FROM product_to_push JOIN product USING (serial_no) GROUP BY 1;

-- A platform with a preset: signature, envelope and verdicts are its own.
\pset tuples_only on
SELECT m.sql FROM document, xbb.from_metadata(NULL, document) m WHERE side = 'k3' AND m.kind = 'table';
SELECT run(NULL, document) FROM document WHERE side = 'k3';
\pset tuples_only off
INSERT INTO integration SELECT 'R' || n, jsonb_build_array(jsonb_build_object('goods_no', 'G' || n, 'refund_num', n, 'refund_order_amount', '10')) FROM generate_series(1, 3) n;
RESET ROLE;
\! python3 $XBB_SIM ctl dingMetadata_k3 create-target app_id=123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4 app_secret=k3 key_member=FBillNo log_body=on
\! python3 $XBB_SIM ctl dingMetadata_k3 refuse R2 message=物料不存在
SELECT :'url' || '/target/dingMetadata_k3' AS base \gset
ALTER SERVER case_k3 OPTIONS (SET base_url :'base', ADD rate_limit '0');
SET ROLE regress_xbb_case;
ALTER USER MAPPING FOR CURRENT_ROLE SERVER case_k3 OPTIONS (SET app_id '123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4', SET app_secret 'k3');
SET client_min_messages = warning;
CALL xbb.push('integration');
SELECT key, status, message FROM xbb.push_item WHERE push = 'integration' AND owner::text = current_user ORDER BY key;
\! python3 $XBB_SIM ctl dingMetadata_k3 log fields=body sort=on
RESET ROLE;
DROP OWNED BY regress_xbb_case;
\c :here
DROP DATABASE regress_xbb_case;
DROP ROLE regress_xbb_case;
