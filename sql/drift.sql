-- Whatever changes in a form, xbb.schema_drift tells it with the statements that follow it; typed
-- in their order, they leave nothing to tell, foreign table and target readable, and both alike.

\set company dingDrift
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
SELECT sim('create products=0 freeze=on');
SELECT sim('form form_id=5300201 object=customer name=客户 records=6', '[
  {"attr": "text_1", "attrName": "名称", "fieldType": 1},
  {"attr": "text_2", "attrName": "备注", "fieldType": 7},
  {"attr": "text_4", "attrName": "行业", "fieldType": 3, "items": [{"value": "1", "text": "制造"}, {"value": "2", "text": "零售"}]},
  {"attr": "num_1", "attrName": "金额", "fieldType": 2, "accuracy": 0, "integerOnly": 1},
  {"attr": "date_1", "attrName": "日期", "fieldType": 4, "dateType": "yyyy-MM-dd"},
  {"attr": "updateTime", "attrName": "更新时间", "fieldType": 10015}]');
SELECT sim('form form_id=5300202 object=customer name=老客户 records=1', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
CREATE SERVER drift FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER drift OPTIONS (token 't0ken', user_id 'u1');
CREATE SCHEMA drift_in;
CREATE SCHEMA drift_copy;
IMPORT FOREIGN SCHEMA xbb FROM SERVER drift INTO drift_in OPTIONS (names 'label');
-- what somebody made by hand is his own affair
CREATE FOREIGN TABLE drift_in.mine (data_id bigint, name varchar(20) OPTIONS (attr 'text_1')) SERVER drift OPTIONS (object 'customer', form_id '5300201');
SELECT xbb.create_sync('drift, whole', source => 'drift_in."客户"', target => 'drift_copy.customer');
SELECT xbb.create_sync('drift, some', source => 'drift_in."客户"', target => 'drift_copy.some',
  columns => '{"名称": "名称", "amount": "金额 * 2", "备注": "备注"}');
CALL xbb.sync('drift, whole');
CALL xbb.sync('drift, some');
\set look 'SELECT kind, form_id, relation, attr, was, becomes FROM xbb.schema_drift(''drift'') WHERE relation IS DISTINCT FROM ''drift_in."客户_deleted"''::regclass;'
\set type 'SELECT unnest(statements) FROM xbb.schema_drift(''drift'') WHERE relation IS DISTINCT FROM ''drift_in."客户_deleted"''::regclass;'
\set rest 'SELECT unnest(statements) FROM xbb.schema_drift(''drift'');'
CREATE FUNCTION alike() RETURNS TABLE (left_over bigint, alike boolean) LANGUAGE plpgsql AS $$
BEGIN
  CALL xbb.sync('drift, whole', full => true);
  CALL xbb.sync('drift, some', full => true);
  SELECT count(*) INTO left_over FROM xbb.schema_drift('drift');
  EXECUTE (SELECT format('SELECT NOT EXISTS (SELECT %1$s FROM drift_in."客户" EXCEPT SELECT %1$s FROM drift_copy.customer) AND count(*) = 6 FROM drift_copy.customer',
                         string_agg(quote_ident(attname), ', '))
           FROM pg_attribute WHERE attrelid = 'drift_in."客户"'::regclass AND attnum > 0 AND NOT attisdropped
             AND attname NOT IN ('raw', 'failed')) INTO alike;
  RETURN NEXT;
END
$$;
SET client_min_messages = error;
\set ECHO all
:look
-- 1: a field is new
SELECT sim('field form_id=5300201 attr=num_2', '{"attrName": "折扣", "fieldType": 2, "accuracy": 2}');
:look
:type \gexec
-- 2: one with options
SELECT sim('field form_id=5300201 attr=array_1', '{"attrName": "渠道", "fieldType": 10001, "items": [{"value": "a", "text": "线上"}]}');
:type \gexec
-- 3: one has another name
SELECT sim('field form_id=5300201 attr=text_1', '{"attrName": "客户''名称"}');
:look
:type \gexec
-- 4, 5: another type, wider and narrower
SELECT sim('field form_id=5300201 attr=num_1', '{"integerOnly": 0, "accuracy": 2}');
SELECT sim('field form_id=5300201 attr=date_1', '{"dateType": "yyyy-MM-dd HH:mm"}');
:look
:type \gexec
-- 6, 7, 8: options are new, gone, called something else
SELECT sim('field form_id=5300201 attr=text_4', '{"items": [{"value": "1", "text": "制造"}, {"value": "2", "text": "零售"}, {"value": "3", "text": "金融"}]}');
:look
:type \gexec
SELECT sim('field form_id=5300201 attr=text_4', '{"items": [{"value": "2", "text": "零售"}, {"value": "3", "text": "金融"}]}');
:look
:type \gexec
SELECT sim('field form_id=5300201 attr=text_4', '{"items": [{"value": "2", "text": "零售业"}, {"value": "3", "text": "金融"}]}');
:look
:type \gexec
-- 9: a field is gone, which one sync computes with and another copies
SELECT sim('field form_id=5300201 attr=text_2', 'null');
:look
:type \gexec
-- 10: a form is new
SELECT sim('form form_id=5300301 object=paas name=合同审批 records=2', '[{"attr": "num_1", "attrName": "金额", "fieldType": 2}]');
:look
:type \gexec
-- 11: one is called something else
SELECT sim('form form_id=5300301 name=审批');
:look
:type \gexec
SELECT count(*) FROM drift_in."合同审批";
-- 12: one is gone
SELECT sim('form form_id=5300202 gone=on');
:look
:type \gexec
-- all that is left is of the recycle bin, whose columns are those of its form
:rest \gexec
SELECT * FROM alike();
SELECT count(*) AS rejects FROM xbb.sync_reject WHERE sync LIKE 'drift, %';
\d drift_copy.customer
-- 13: a field is gone that a sync computes with; and in the target of another something is built upon the column
SELECT sim('field form_id=5300301 attr=text_9', '{"attrName": "事由", "fieldType": 1}');
:type \gexec
SELECT xbb.create_sync('drift, computed', source => 'drift_in."合同审批"', target => 'drift_copy.computed',
  columns => '{"data_id": "data_id", "n": "\"金额\" + 1", "t": "''金额''"}');
SELECT xbb.create_sync('drift, viewed', source => 'drift_in."合同审批"', target => 'drift_copy.viewed');
CALL xbb.sync('drift, computed');
CALL xbb.sync('drift, viewed');
CREATE VIEW drift_copy.over AS SELECT "金额" FROM drift_copy.viewed;
SELECT sim('field form_id=5300301 attr=num_1', '{"accuracy": 0, "integerOnly": 1}');
:type
DROP VIEW drift_copy.over;
ALTER TABLE drift_copy.viewed ALTER "金额" SET NOT NULL;
:type \gexec
SELECT sim('field form_id=5300301 attr=num_1', 'null');
SELECT sim('field form_id=5300301 attr=text_1', '{"attrName": "金额", "fieldType": 1}');
:type \gexec
CALL xbb.sync('drift, computed', full => true);
:look
-- 14: one takes the label that another had
SELECT sim('field form_id=5300301 attr=text_1', '{"attrName": "旧金额"}');
SELECT sim('field form_id=5300301 attr=text_2', '{"attrName": "金额", "fieldType": 1}');
:type \gexec
:look
SELECT xbb.drop_sync('drift, computed'), xbb.drop_sync('drift, viewed');
-- 15: a second form whose records a table has already, which tells of its own form's fields; then that is gone
SELECT sim('form form_id=5300401 object=contact name=联系人 records=2', '[{"attr": "text_1", "attrName": "姓名", "fieldType": 1}]');
:type \gexec
SELECT sim('form form_id=5300400 object=contact name=其他人 records=2', '[{"attr": "text_1", "attrName": "名字", "fieldType": 1}]');
SELECT sim('field form_id=5300401 attr=text_1', '{"attrName": "全名"}');
:look
:type \gexec
SELECT sim('form form_id=5300400 gone=on');
SELECT sim('form form_id=5300401 gone=on');
:look
:type \gexec
:look
-- a form that cannot be seen
SELECT sim('set denied_forms=5300301');
:look
:type \gexec
-- those who have no syncs
SELECT xbb.drop_sync('drift, whole'), xbb.drop_sync('drift, some');
DROP SCHEMA drift_in, drift_copy CASCADE;
