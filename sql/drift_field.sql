-- xbb.schema_drift tells of fields that the CRM calls nothing, and of those of an object's other forms; comments
-- follow a field's name.

\set company dingDriftField
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
SELECT sim('create products=0 freeze=on');
SELECT sim('form form_id=5300401 object=contact name=联系人 records=3', '[
  {"attr": "text_1", "attrName": "姓名", "fieldType": 1, "required": 1}, {"attr": "text_2", "attrName": "", "fieldType": 1},
  {"attr": "num_1", "attrName": "年龄", "fieldType": 2, "accuracy": 0, "integerOnly": 1}, {"attr": "num_2", "attrName": "  ", "fieldType": 2},
  {"attr": "updateTime", "attrName": "", "fieldType": 10015}]');
CREATE SERVER drift_field FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER drift_field OPTIONS (token 't0ken', user_id 'u1');
CREATE SCHEMA field_in;
CREATE SCHEMA field_copy;
SET client_min_messages = error;
IMPORT FOREIGN SCHEMA xbb FROM SERVER drift_field INTO field_in OPTIONS (names 'label');
\set look 'SELECT kind, form_id, relation, attr, was, becomes FROM xbb.schema_drift(''drift_field'');'
\set type 'SELECT unnest(statements) FROM xbb.schema_drift(''drift_field'');'
\set ECHO all
SELECT attname, attfdwoptions FROM pg_attribute WHERE attrelid = 'field_in."联系人"'::regclass AND attnum > 0 ORDER BY attnum;
-- what has no name makes no comment
SELECT xbb.comment_labels('field_in') - count(*) AS "all" FROM pg_attribute, unnest(attfdwoptions) o
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'field_in'::regnamespace) AND o ~ '^label=.';
SELECT sync FROM xbb.create_syncs('field_in', 'field_copy') WHERE sync = '联系人';
-- a column of somebody's own reads a field as he likes; the copy gets it, too
ALTER FOREIGN TABLE field_in."联系人" ADD COLUMN age text OPTIONS (attr 'num_1');
:look
-- one gets a name, one is gone, one is called otherwise
SELECT sim('field form_id=5300401 attr=text_2', '{"attrName": "备注"}');
SELECT sim('field form_id=5300401 attr=num_2', 'null');
SELECT sim('field form_id=5300401 attr=text_1', '{"attrName": "姓''名"}');
:look
:type \gexec
:look
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute
WHERE attrelid IN ('field_in."联系人"'::regclass, 'field_copy."联系人"'::regclass) AND attname IN ('姓名', 'text_2', '年龄') ORDER BY attrelid = 'field_copy."联系人"'::regclass, attnum;
-- a name that is taken away; comments of somebody's own stay
COMMENT ON COLUMN field_copy."联系人"."年龄" IS 'how old';
SELECT sim('field form_id=5300401 attr=num_1', '{"attrName": "岁数"}');
SELECT sim('field form_id=5300401 attr=text_2', '{"attrName": ""}');
:look
:type \gexec
:look
-- a new field's name is a comment where those of others are
SELECT sim('field form_id=5300401 attr=text_5', '{"attrName": "城市", "fieldType": 1}');
:type \gexec
:look
-- a second form of the object: the table reads its records, too, and so its fields
SELECT sim('form form_id=5300400 object=contact name=其他人 records=2', '[
  {"attr": "text_1", "attrName": "名字", "fieldType": 1}, {"attr": "num_1", "attrName": "年龄", "fieldType": 2, "accuracy": 1, "integerOnly": 0},
  {"attr": "text_7", "attrName": "城市", "fieldType": 1}, {"attr": "text_8", "attrName": "", "fieldType": 7}]');
SELECT sim('form form_id=5300402 object=contact name=第三 records=0', '[{"attr": "text_8", "attrName": "街道", "fieldType": 1}, {"attr": "text_9", "attrName": "邮编", "fieldType": 1}]');
SELECT sim('put object=contact form_id=5300401', '{"dataId": 901, "formId": 5300400, "addTime": 1769990000, "updateTime": 1769990000, "data": {"text_1": "A", "num_1": 1.5, "text_7": "沪", "text_8": "x"}}');
:look
:type \gexec
:look
SELECT "姓名", "年龄", text_7, text_8 FROM field_copy."联系人" WHERE data_id = 901;
-- one of them cannot be seen: what is there of it stays; the table's own form
SELECT sim('set denied_forms=5300400');
SELECT sim('field form_id=5300402 attr=text_9', 'null');
:look
SELECT sim('set denied_forms=5300401');
:look
SELECT sim('set denied_forms=');
-- a field is gone when no form has it
SELECT sim('field form_id=5300400 attr=text_8', 'null');
:look
:type \gexec
SELECT sim('form form_id=5300400 gone=on');
:type \gexec
:look
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'field_in."联系人"'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
SELECT xbb.drop_syncs('field_copy') > 5 AS dropped;
DROP SCHEMA field_in, field_copy CASCADE;
