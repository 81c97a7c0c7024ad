-- xbb.schema_drift tells of each form that is new how to import it, and nothing else; of what one may not see
-- it says nothing for ever.

\set company dingDriftForm
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
SELECT sim('create products=4 freeze=on');
CREATE SERVER "drift form" FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER "drift form" OPTIONS (token 't0ken', user_id 'u1');
CREATE SCHEMA "form in";
SET client_min_messages = warning;
\set look 'SELECT kind, form_id, relation, was, becomes, statements FROM xbb.schema_drift(''drift form'');'
\set type 'SELECT unnest(statements) FROM xbb.schema_drift(''drift form'');'
\set ECHO all
-- where nothing is imported yet, nobody knows where to
:look
IMPORT FOREIGN SCHEMA xbb FROM SERVER "drift form" INTO "form in" OPTIONS (names 'label');
DROP FOREIGN TABLE "form in".roles;
:look
-- forms called as others, as a list, as a table that is there, as nothing; with tables beside their own
CREATE VIEW "form in"."采购" AS SELECT;
SELECT sim('form form_id=5300201 object=customer name=客户', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}, {"attr": "array_9", "attrName": "标签", "fieldType": 800000}]');
SELECT sim('form form_id=5300202 object=clue name=客户', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('form form_id=5300203 object=contract name=users', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('form form_id=5300301 object=paas name=users', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('form form_id=5300302 object=paas name=采购', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('form form_id=5300303 object=paas name=Order', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('form form_id=5300304 object=- name=供应商 business=1001', '[]');
:look
-- each alone, in any order, makes its own tables and no other
SELECT s FROM xbb.schema_drift('drift form'), unnest(statements) s ORDER BY form_id DESC \gexec
SELECT relname FROM pg_class WHERE relnamespace = '"form in"'::regnamespace AND relkind = 'f' ORDER BY relname COLLATE "C";
:look
-- forms that one may not see
SELECT sim('form form_id=5300305 object=paas name=机密', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('form form_id=5300306 object=paas name=公开', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
SELECT sim('set denied_forms=5300305');
:look
:type \gexec
:look
-- one that the API fails on: that passes, or does not
SELECT sim('set denied_forms=');
ALTER SERVER "drift form" OPTIONS (ADD max_retries '0');
SELECT sim('fault what=replace body={"code":1,"success":true,"result":{}} path=form/get at=every');
SELECT kind, form_id, was, becomes, statements FROM xbb.schema_drift('drift form') WHERE form_id = 5300305;
SELECT sim('clear what=faults');
:type \gexec
:look
-- by attr
DROP SCHEMA "form in" CASCADE;
CREATE SCHEMA "form in";
IMPORT FOREIGN SCHEMA xbb LIMIT TO (product, product_spu, product_sku, customer) FROM SERVER "drift form" INTO "form in";
SELECT s FROM xbb.schema_drift('drift form'), unnest(statements) s ORDER BY form_id DESC \gexec
:look
DROP SCHEMA "form in" CASCADE;
