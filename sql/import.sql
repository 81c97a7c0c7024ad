-- IMPORT FOREIGN SCHEMA: the CRM's forms and lists as foreign tables, typed and named;
-- what is there already stays, what cannot be read is told.

\set company dingImports
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=12 freeze=on');
SELECT sim('form form_id=5300201 object=customer name=客户 records=3', '[
  {"attr": "text_1", "attrName": "客户名称", "fieldType": 1, "required": 1},
  {"attr": "text_4", "attrName": "行业", "fieldType": 3, "items": [{"value": "1", "text": "制造"}, {"value": 2, "text": "零售"}]},
  {"attr": "num_1", "attrName": "注册资本", "fieldType": 2, "integerOnly": 0, "accuracy": 2},
  {"attr": "num_2", "attrName": "员工数", "fieldType": 2, "integerOnly": 1, "accuracy": 0},
  {"attr": "date_1", "attrName": "成立日期", "fieldType": 4, "dateType": "yyyy-MM-dd"},
  {"attr": "date_2", "attrName": "下次拜访", "fieldType": 4, "dateType": "yyyy-MM-dd HH:mm"},
  {"attr": "", "attrName": "分割线", "fieldType": 10002},
  {"attr": "array_9", "attrName": "标签", "fieldType": 800000},
  {"attr": "subForm_1", "attrName": "电话", "fieldType": 10006, "subFieldList": [
    {"attr": "text_1", "attrName": "类型", "fieldType": 3}, {"attr": "text_2", "attrName": "号码", "fieldType": 1}]},
  {"attr": "array_7", "attrName": "将来的", "fieldType": 999999},
  {"attr": "ownerId", "attrName": "负责人", "fieldType": 10017},
  {"attr": "addTime", "attrName": "创建时间", "fieldType": 10014, "dateType": "yyyy-MM-dd HH:mm"},
  {"attr": "updateTime", "attrName": "更新时间", "fieldType": 10015, "dateType": "yyyy-MM-dd HH:mm"}]');
SELECT sim('form form_id=5300202 object=customer name=客户 records=2', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('form form_id=5300301 object=paas name=order records=2 approval=1', '[
  {"attr": "text_1", "attrName": "order", "fieldType": 1}, {"attr": "text_2", "attrName": "名称", "fieldType": 1},
  {"attr": "text_3", "attrName": "名称", "fieldType": 1}, {"attr": "text_4", "attrName": "", "fieldType": 1},
  {"attr": "text_5", "attrName": "Raw", "fieldType": 1}, {"attr": "text_6", "attrName": "2026 年/完成 (%)", "fieldType": 1}]');
SELECT sim('form form_id=5300401 object=- name=供应商 business=1001', '[]');
CREATE SERVER imports FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER imports OPTIONS (token 't0ken', user_id 'u1');

-- what there is
SELECT * FROM xbb.forms('imports');
SELECT * FROM xbb.form_fields('imports', 5300201);
SELECT * FROM xbb.form_fields('imports', 1);
SELECT * FROM xbb.form_fields('nowhere', 1);
CREATE ROLE regress_xbb_import;
GRANT USAGE ON SCHEMA :"company" TO regress_xbb_import;
SET ROLE regress_xbb_import;
SELECT * FROM xbb.forms('imports');
SELECT * FROM xbb.form_fields('imports', 5300201);
RESET ROLE;

-- by attr
CREATE FUNCTION imported(wanted text) RETURNS TABLE ("table" name, "column" name, type text, options text[]) LANGUAGE sql AS
$$ SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attfdwoptions
   FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
   WHERE c.relnamespace = wanted::regnamespace ORDER BY c.relname, a.attnum $$;
CREATE SCHEMA "dingImports attr";
SET client_min_messages = notice;
IMPORT FOREIGN SCHEMA xbb FROM SERVER imports INTO "dingImports attr";
RESET client_min_messages;
SET client_min_messages = warning;
SELECT c.relname, t.ftoptions FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid
WHERE c.relnamespace = '"dingImports attr"'::regnamespace ORDER BY 1;
SELECT "column", type, options FROM imported('"dingImports attr"') WHERE "table" = 'customer';
SELECT xbb.comment_labels('dingImports attr'), xbb.comment_labels('dingImports attr');
SELECT col_description('"dingImports attr".customer'::regclass, 2);

SELECT sim('drop object=customer form_id=5300201 id=last');
SELECT count(*) FROM "dingImports attr".customer;
SELECT data_id FROM "dingImports attr".customer_deleted;

-- products: all, parents, children; also where the API does not know how to ask for these
SELECT (SELECT count(*) FROM "dingImports attr".product) AS "all", (SELECT count(*) FROM "dingImports attr".product_spu) AS parents,
       (SELECT count(*) FROM "dingImports attr".product_sku) AS children;
SELECT sim('set ignore=noin');
SELECT count(*), count(*) FILTER (WHERE num_3 <> 0) AS children FROM "dingImports attr".product_sku;
SELECT data_id FROM "dingImports attr".product_sku EXCEPT SELECT data_id FROM "dingImports attr".product WHERE num_3 <> 0;
EXPLAIN (COSTS OFF) SELECT data_id FROM "dingImports attr".product_sku;
SELECT sim('set ignore=');

-- by label
CREATE SCHEMA "dingImports label";
IMPORT FOREIGN SCHEMA system LIMIT TO ("客户_5300201", users) FROM SERVER imports INTO "dingImports label" OPTIONS (names 'label');
IMPORT FOREIGN SCHEMA custom FROM SERVER imports INTO "dingImports label" OPTIONS (names 'label');
SELECT "table", string_agg("column", ' ') FROM imported('"dingImports label"') GROUP BY 1 ORDER BY 1;
SELECT data_id, "客户名称", "行业" FROM "dingImports label"."客户_5300201" ORDER BY 1;

-- a second time, when there are more forms and one has been renamed: what is new, and what
-- cannot be read is told
SELECT sim('form form_id=5300302 object=paas name=合同审批', '[{"attr": "num_1", "attrName": "金额", "fieldType": 2}]');
SELECT sim('form form_id=5300303 object=paas name=机密', '[]');
SELECT sim('form form_id=5300301 name=新名字');
SELECT sim('set denied_forms=5300303');
SELECT * FROM xbb.form_fields('imports', 5300303);
SET client_min_messages = notice;
IMPORT FOREIGN SCHEMA custom FROM SERVER imports INTO "dingImports label" OPTIONS (names 'label');
IMPORT FOREIGN SCHEMA xbb EXCEPT (paas_5300302) FROM SERVER imports INTO "dingImports attr";
IMPORT FOREIGN SCHEMA xbb LIMIT TO (paas_5300302, customer, nowhere) FROM SERVER imports INTO "dingImports attr";
SET client_min_messages = warning;
SELECT DISTINCT "table" FROM imported('"dingImports label"') ORDER BY 1;
SELECT sim('set denied_forms=');

-- a name that is taken by something else
CREATE SCHEMA "dingImports taken";
CREATE TABLE "dingImports taken".customer ();
IMPORT FOREIGN SCHEMA xbb LIMIT TO (customer_5300201) FROM SERVER imports INTO "dingImports taken";
CREATE TABLE "dingImports taken".roles ();
CREATE VIEW "dingImports taken".product_spu AS SELECT;
IMPORT FOREIGN SCHEMA xbb LIMIT TO (roles, departments, product_spu, product_sku) FROM SERVER imports INTO "dingImports taken";
SELECT DISTINCT "table" FROM imported('"dingImports taken"') ORDER BY 1;

-- forms are asked for several at a time, and only those that are wanted
SELECT sim('forms n=30 records=1 first_form=5300501');
SELECT sim('hold path=form/get times=8 until=8');
SELECT sim('clear');
CREATE SCHEMA "dingImports many";
IMPORT FOREIGN SCHEMA custom FROM SERVER imports INTO "dingImports many";
SELECT sim('held');
SELECT count(*) FILTER (WHERE line = 'form/list') AS lists, count(*) FILTER (WHERE line = 'form/get') AS forms FROM sim('log fields=path') line;
SELECT sim('clear');
IMPORT FOREIGN SCHEMA xbb LIMIT TO (product_spu) FROM SERVER imports INTO "dingImports many";
SELECT sim('log fields=path,params sort=on');

-- what is no schema, no option, no value of one
IMPORT FOREIGN SCHEMA public FROM SERVER imports INTO "dingImports many";
IMPORT FOREIGN SCHEMA xbb FROM SERVER imports INTO "dingImports many" OPTIONS (name 'attr');
IMPORT FOREIGN SCHEMA xbb FROM SERVER imports INTO "dingImports many" OPTIONS (names 'labels');
-- the list of forms itself
SELECT sim('fault what=replace body={"code":1,"success":true,"result":{"forms":[]}} path=form/list');
IMPORT FOREIGN SCHEMA xbb FROM SERVER imports INTO "dingImports many";
SELECT sim('clear what=faults');
-- or of one form's fields; an answer that is no JSON is asked for again
SELECT sim('fault what=replace body={"code":1,"success":true,"result":{}} path=form/get at=every');
IMPORT FOREIGN SCHEMA xbb LIMIT TO (clue) FROM SERVER imports INTO "dingImports many";
SELECT sim('clear what=faults');
-- nor is it the end if the API fails on it each time
ALTER SERVER imports OPTIONS (ADD max_retries '0');
SELECT sim('fault what=status code=500 path=form/get');
IMPORT FOREIGN SCHEMA xbb LIMIT TO (clue) FROM SERVER imports INTO "dingImports many";
ALTER SERVER imports OPTIONS (DROP max_retries);
SELECT sim('fault what=html path=form/get');
IMPORT FOREIGN SCHEMA xbb LIMIT TO (clue) FROM SERVER imports INTO "dingImports many";
SELECT count(*) FROM "dingImports many".clue;
-- what a table is called that reads a form does not matter; its companions take its name
ALTER FOREIGN TABLE "dingImports many".clue RENAME TO leads;
IMPORT FOREIGN SCHEMA xbb LIMIT TO (product) FROM SERVER imports INTO "dingImports many";
DROP FOREIGN TABLE "dingImports many".product_spu;
ALTER FOREIGN TABLE "dingImports many".product RENAME TO goods;
IMPORT FOREIGN SCHEMA xbb LIMIT TO (clue, clue_5300512, product, goods_spu, goods_labels) FROM SERVER imports INTO "dingImports many";
SELECT DISTINCT "table" FROM imported('"dingImports many"') WHERE "table" !~ '^paas' ORDER BY 1;
-- forms that are called as tables beside other forms', or as one with its form_id
SELECT sim('form form_id=5300801 object=paas records=1', '[{"attr": "text_1", "attrName": "a", "fieldType": 1}]');
SELECT sim('form form_id=5300802 object=paas records=1 name=表单', '[{"attr": "text_1", "attrName": "a", "fieldType": 1}]');
SELECT sim('form form_id=5300803 object=paas records=1 name=表单_5300802', '[{"attr": "text_1", "attrName": "a", "fieldType": 1}]');
SELECT sim('form form_id=5300804 object=paas records=1 name=产品_spu', '[{"attr": "text_1", "attrName": "a", "fieldType": 1}]');
CREATE SCHEMA "dingImports beside";
IMPORT FOREIGN SCHEMA xbb FROM SERVER imports INTO "dingImports beside" OPTIONS (names 'label');
SELECT DISTINCT "table" FROM imported('"dingImports beside"') WHERE "table" ~ '^(产品|表单)' ORDER BY 1;
-- what can be read as somebody only is told where the mapping names nobody
ALTER USER MAPPING FOR PUBLIC SERVER imports OPTIONS (DROP user_id);
SELECT sim('form form_id=5300901 object=workReportDaily name=个人日报 records=1 business=2102', '[{"attr": "text_1", "attrName": "a", "fieldType": 1}]');
SELECT sim('form form_id=5300902 object=communicatePlan name=出差计划 records=1', '[{"attr": "text_1", "attrName": "a", "fieldType": 1}]');
CREATE SCHEMA "dingImports nobody";
SET client_min_messages = notice;
IMPORT FOREIGN SCHEMA xbb LIMIT TO ("个人日报", roles, "出差计划") FROM SERVER imports INTO "dingImports nobody" OPTIONS (names 'label');
SELECT count(*) FROM "dingImports nobody"."个人日报";
ALTER USER MAPPING FOR PUBLIC SERVER imports OPTIONS (ADD user_id 'u1');
DROP FOREIGN TABLE "dingImports nobody"."个人日报";
IMPORT FOREIGN SCHEMA xbb LIMIT TO ("个人日报") FROM SERVER imports INTO "dingImports nobody" OPTIONS (names 'label');
SELECT count(*) FROM "dingImports nobody"."个人日报";
SET client_min_messages = warning;
DROP SCHEMA "dingImports nobody" CASCADE;
DROP SCHEMA "dingImports attr", "dingImports label", "dingImports many", "dingImports taken", "dingImports beside" CASCADE;
REVOKE USAGE ON SCHEMA :"company" FROM regress_xbb_import;
DROP ROLE regress_xbb_import;
