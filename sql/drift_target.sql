-- xbb.schema_drift tells what the targets of syncs lack of a foreign table, or cannot hold of it; what it says,
-- typed in its order, leaves nothing to tell and the copy like its source.

\set company dingTarget
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
SELECT sim('create products=0 freeze=on');
SELECT sim('form form_id=5300201 object=customer name=客户 records=0', '[
  {"attr": "text_1", "attrName": "名称", "fieldType": 1},
  {"attr": "text_2", "attrName": "备注", "fieldType": 7},
  {"attr": "serialNo", "attrName": "编号", "fieldType": 10019},
  {"attr": "num_1", "attrName": "金额", "fieldType": 2, "accuracy": 0, "integerOnly": 1},
  {"attr": "array_1", "attrName": "渠道", "fieldType": 10001, "items": [{"value": "a", "text": "线上"}]},
  {"attr": "date_1", "attrName": "日期", "fieldType": 4, "dateType": "yyyy-MM-dd"}]');
SELECT sim('put object=customer form_id=5300201', format(
  '{"dataId": %s, "formId": 5300201, "serialNo": "KH-2026-%s", "addTime": 1769990000, "updateTime": %s, "data": {"text_1": "%s", "text_2": "b%1$s", "num_1": %s, "array_1": ["a", "%1$s"], "date_1": 1769990000}}',
  n, 1000 + n, 1769990000 + n, repeat('长', 3 * n), CASE WHEN n > 2 THEN 3000000000 ELSE n END)) FROM generate_series(1, 4) n;
CREATE SERVER target FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER target OPTIONS (token 't0ken', user_id 'u1');
CREATE SCHEMA target_in;
CREATE SCHEMA target_copy;
SET client_min_messages = error;
IMPORT FOREIGN SCHEMA xbb FROM SERVER target INTO target_in OPTIONS (names 'label');
\set look 'SELECT kind, form_id, relation, attr, was, becomes FROM xbb.schema_drift(''target'');'
\set type 'SELECT unnest(statements) FROM xbb.schema_drift(''target'');'
\set ECHO all
-- one made by hand, of before the CRM had some of the fields
CREATE TABLE target_copy.old (data_id bigint PRIMARY KEY, update_time timestamptz, "名称" varchar(9) NOT NULL, "金额" integer, "编号" text, "渠道" varchar(10)[],
  later text GENERATED ALWAYS AS ("名称" || '!') STORED);
SELECT xbb.create_sync('target, old', source => 'target_in."客户"', target => 'target_copy.old');
CALL xbb.sync('target, old');
:look
-- what others have built upon a column comes first, and fails first
:type
ALTER TABLE target_copy.old DROP COLUMN later;
:type \gexec
:look
SELECT count(*) FROM (SELECT "名称", "备注", "编号", "金额", "渠道", "日期", add_time, update_time FROM target_in."客户"
                      EXCEPT SELECT "名称", "备注", "编号", "金额", "渠道", "日期", add_time, update_time FROM target_copy.old) e;
SELECT count(*) AS rejects FROM xbb.sync_reject WHERE sync = 'target, old';
-- wider types, and others that take all values as they are
CREATE DOMAIN target_copy.name AS text CHECK (value <> '');
CREATE TABLE target_copy.wide (data_id bigint PRIMARY KEY, update_time timestamptz, name target_copy.name, whole numeric, digits text, channels text, day timestamp, same numeric(21,2), record jsonb);
SELECT xbb.create_sync('target, wide', source => 'target_in."客户"', target => 'target_copy.wide',
  columns => '{"name": "名称", "whole": "金额", "digits": "金额", "channels": "渠道", "day": "日期", "same": "金额", "record": "raw"}');
:look
-- columns called otherwise; what is said by an expression is meant so
CREATE TABLE target_copy.named (data_id bigint PRIMARY KEY, update_time timestamptz, amount numeric(6,1), small integer, note varchar(1), code char(8), doubled numeric);
SELECT xbb.create_sync('target, named', source => 'target_in."客户"', target => 'target_copy.named',
  columns => '{"amount": "金额", "small": "least(金额, 1000)::integer", "note": "\"备注\"", "code": "编号", "doubled": "金额 * 2"}');
:look
:type \gexec
:look
SELECT count(*) FROM (SELECT data_id, "金额", "备注", "编号", "金额" * 2 FROM target_in."客户" EXCEPT SELECT data_id, amount, note, code, doubled FROM target_copy.named) e;
-- somebody takes columns out of the targets: of the list of one sync they are taken, too
ALTER TABLE target_copy.named DROP COLUMN doubled, DROP COLUMN update_time;
ALTER TABLE target_copy.old DROP COLUMN "备注";
:look
:type \gexec
:look
CALL xbb.sync('target, named');
SELECT count(*) FROM target_copy.old WHERE "备注" IS NULL;
-- a key
CREATE TABLE target_copy.keyed (data_id bigint, update_time timestamptz, code varchar(12) PRIMARY KEY);
SELECT xbb.create_sync('target, keyed', source => 'target_in."客户"', target => 'target_copy.keyed', key => '{code}', columns => '{"code": "编号"}');
CALL xbb.sync('target, keyed');
:type \gexec
:look
SELECT count(*) FROM target_copy.keyed;
-- the CRM gives a field another type: all its copies follow, and are not told of twice
SELECT sim('field form_id=5300201 attr=num_1', '{"integerOnly": 0, "accuracy": 2}');
ALTER TABLE target_copy.named DROP COLUMN small;
ALTER TABLE target_copy.old ALTER "金额" TYPE integer USING NULL;
:look
:type \gexec
:look
-- what is narrower by its modifier alone; a column that is gone of a field with another type, or of one that is gone
ALTER TABLE target_copy.old ALTER "金额" TYPE numeric(4,1) USING NULL, ALTER update_time TYPE timestamptz(0), DROP COLUMN "日期", DROP COLUMN "备注";
SELECT sim('field form_id=5300201 attr=date_1', '{"dateType": "yyyy-MM-dd HH:mm"}');
:look
SELECT sim('field form_id=5300201 attr=text_2', 'null');
SELECT statement FROM xbb.schema_drift('target') d, unnest(d.statements) statement WHERE NOT statement ~ '_deleted' \gexec
:type \gexec
:look
SELECT count(*) FROM (SELECT "名称", "编号", "金额", "渠道", "日期", add_time, update_time FROM target_in."客户"
                      EXCEPT SELECT "名称", "编号", "金额", "渠道", "日期", add_time, update_time FROM target_copy.old) e;
-- a field is gone, another one is there
SELECT sim('field form_id=5300201 attr=text_2', '{"attrName": "备注", "fieldType": 7}');
:type \gexec
SELECT sim('field form_id=5300201 attr=text_2', 'null');
SELECT sim('field form_id=5300201 attr=text_3', '{"attrName": "说明", "fieldType": 1}');
:type \gexec
:look
-- what somebody reads by hand is compared as he reads it; columns that its target never had are his own affair
CREATE FOREIGN TABLE target_in.mine (data_id bigint, update_time timestamptz, name varchar(40) OPTIONS (attr 'text_1'), code text OPTIONS (attr 'serialNo'))
SERVER target OPTIONS (object 'customer', form_id '5300201');
CREATE TABLE target_copy.mine (data_id bigint PRIMARY KEY, update_time timestamptz, name varchar(20));
SELECT xbb.create_sync('target, mine', source => 'target_in.mine', target => 'target_copy.mine');
:look
:type \gexec
:look
-- lists without forms
CREATE TABLE target_copy.users (user_id text PRIMARY KEY, name varchar(2), status bigint);
SELECT xbb.create_sync('target, users', source => 'target_in.users', target => 'target_copy.users', columns => '{"name": "name", "status": "status"}');
:type \gexec
:look
-- two syncs into one target, which lacks a column of both
SELECT sim('form form_id=5300202 object=customer name=老客户 records=2', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1}]');
:type \gexec
CREATE TABLE target_copy.both (company text, data_id bigint, update_time timestamptz, "名称" text, PRIMARY KEY (company, data_id));
SELECT xbb.create_sync('target, first', source => 'target_in."客户"', target => 'target_copy.both', scope => '{"company": "a"}', columns => '{"名称": "名称"}');
SELECT xbb.create_sync('target, second', source => 'target_in."老客户"', target => 'target_copy.both', scope => '{"company": "b"}');
CALL xbb.sync('target, first');
CALL xbb.sync('target, second');
ALTER TABLE target_copy.both ALTER "名称" TYPE varchar(30), DROP COLUMN update_time;
:type \gexec
:look
SELECT count(*) FROM (SELECT 'a', data_id, "名称", NULL, update_time FROM target_in."客户" UNION ALL SELECT 'b', data_id, "名称", add_time, update_time FROM target_in."老客户"
                      EXCEPT SELECT company, data_id, "名称", add_time, update_time FROM target_copy.both) e;
-- a field that is gone is a sync's label, or its key: by what else its records are told apart its owner has to say first
SELECT sim('form form_id=5300203 object=customer name=会员 records=3', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1},
  {"attr": "text_2", "attrName": "卡号", "fieldType": 1}, {"attr": "text_3", "attrName": "级别", "fieldType": 1}]');
SELECT sim('touch object=customer form_id=5300203 id=' || id, format('{"text_2": "%s", "text_3": "%s"}', id, id)) FROM (VALUES (60203001), (60203002), (60203003)) v (id);
:type \gexec
CREATE TABLE target_copy.member (data_id bigint, update_time timestamptz, "名称" text, "卡号" text PRIMARY KEY, "级别" text);
CREATE TABLE target_copy.levels (level text PRIMARY KEY, data_id bigint, update_time timestamptz);
SELECT xbb.create_sync('target, member', source => 'target_in."会员"', target => 'target_copy.member', key => '{卡号}', label => '名称',
  columns => '{"名称": "名称", "卡号": "卡号", "级别": "级别"}');
SELECT xbb.create_sync('target, levels', source => 'target_in."会员"', target => 'target_copy.levels', key => '{level}', label => '名称', columns => '{"level": "upper(级别)"}');
CALL xbb.sync('target, member');
CALL xbb.sync('target, levels');
SELECT sim('field form_id=5300203 attr=text_1', 'null');
:type
:type \gexec
:look
SELECT name, label FROM xbb.sync_definition WHERE name IN ('target, member', 'target, levels') ORDER BY 1;
SELECT sim('field form_id=5300203 attr=text_2', '{"fieldType": 10001, "items": []}');
:type
:type \gexec
:look
SELECT sim('field form_id=5300203 attr=text_2', 'null');
SELECT sim('field form_id=5300203 attr=text_3', 'null');
:look
:type
:type \gexec
SELECT xbb.drop_sync('target, levels');
ALTER TABLE target_copy.member DROP CONSTRAINT member_pkey, ADD PRIMARY KEY (data_id);
SELECT xbb.alter_sync('target, member', key => '{data_id}');
:type \gexec
:look
CALL xbb.sync('target, member', full => true);
SELECT count(*) FROM target_copy.member;
-- a target that is gone is not a column's affair
DROP TABLE target_copy.users;
:look
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'target, %';
DROP SCHEMA target_in, target_copy CASCADE;
