-- show 'label': options, users, departments and labels as people see them, in arrays, too;
-- conditions are checked on what is shown, whatever the plan.

\set company dingShow
\set ECHO none
-- a database of its own: who alters a server or mapping of another makes sessions forget their labels
CREATE DATABASE regress_xbb_show TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_xbb_show
SET client_min_messages = warning;
CREATE EXTENSION xbb_fdw;
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('create object=user records=130');
SELECT sim('form form_id=5300201 object=customer name=客户 records=0', '[
  {"attr": "text_1", "attrName": "名称", "fieldType": 1},
  {"attr": "text_4", "attrName": "行业", "fieldType": 3, "items": [{"value": "1", "text": "制造"}, {"value": 2, "text": "零售"}, {"value": "u-9", "text": "零售"}]},
  {"attr": "array_1", "attrName": "渠道", "fieldType": 10001, "items": [{"value": "a", "text": "线上"}, {"value": "b", "text": "线下, \"店\""}]},
  {"attr": "text_5", "attrName": "跟进人", "fieldType": 10009}, {"attr": "array_2", "attrName": "成员", "fieldType": 10010},
  {"attr": "array_3", "attrName": "部门", "fieldType": 10012}, {"attr": "array_4", "attrName": "标签", "fieldType": 800000}]');
CREATE FUNCTION put(record text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT sim('put object=customer form_id=5300201', record) $$;
SELECT put('{"dataId": 1, "formId": 5300201, "addTime": 1, "updateTime": 1769990001, "data": {"text_1": "一", "text_4": "1", "array_1": ["a", "b"], "text_5": "u-0003",
  "array_2": ["u-0001", "u-0129"], "array_3": [2, 9], "array_4": [4400, 4415, 99], "ownerId": "[\"u-0016\", \"gone\"]", "departmentId": 3}}');
SELECT put('{"dataId": 2, "formId": 5300201, "addTime": 1, "updateTime": 1769990002, "data": {"text_1": "二", "text_4": 2, "array_1": "[\"b\", \"retired\"]", "text_5": "",
  "array_2": [], "array_3": "", "ownerId": "[]", "departmentId": "4"}}');
SELECT put('{"dataId": 3, "formId": 5300201, "addTime": 1, "updateTime": 1769990003, "data": {"text_1": "三", "text_4": "u-9", "array_1": [{"text": "直接", "value": "x"}, null],
  "text_5": {"id": "u-0003", "name": "某人"}, "array_2": [{"id": "u-0001"}], "ownerId": "u-0002"}}');
SELECT put('{"dataId": 4, "formId": 5300201, "addTime": 1, "updateTime": 1769990004, "data": {"text_1": "四", "text_4": "old-1"}}');
CREATE SERVER shows FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER shows OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE customer (
  data_id    bigint,
  industry   text   OPTIONS (attr 'text_4', show 'label'),
  value      text   OPTIONS (attr 'text_4', show 'value'),
  channels   text[] OPTIONS (attr 'array_1', show 'label'),
  as_text    text   OPTIONS (attr 'array_1', show 'label'),
  person     text   OPTIONS (attr 'text_5', show 'label'),
  members    text[] OPTIONS (attr 'array_2', show 'label'),
  parts      text[] OPTIONS (attr 'array_3', show 'label'),
  labels     text[] OPTIONS (attr 'array_4', show 'label'),
  owners     text[] OPTIONS (attr 'ownerId', show 'label'),
  department text   OPTIONS (attr 'departmentId', show 'label'),
  name       text   OPTIONS (attr 'text_1')
) SERVER shows OPTIONS (object 'customer', form_id '5300201');
\x on
SELECT * FROM customer ORDER BY data_id;
\x off
-- what the names are, by the list of users itself
CREATE FOREIGN TABLE users (user_id text, name text) SERVER shows OPTIONS (object 'user', params '{"delIgnore": 1}');
SELECT user_id, name FROM users WHERE user_id IN ('u-0001', 'u-0002', 'u-0003', 'u-0016', 'u-0129') ORDER BY 1;

-- asked for once, and only where they are read
SELECT sim('clear');
SELECT count(name) FROM customer;
SELECT sim('log fields=path');
SELECT count(owners), count(industry) FROM customer;
SELECT line, count(*) FROM sim('log fields=path') line GROUP BY 1 ORDER BY 1;
ALTER USER MAPPING FOR PUBLIC SERVER shows OPTIONS (SET user_id 'u2');
SELECT sim('clear');
SELECT count(owners), count(labels) FROM customer;
SELECT line, count(*) FROM sim('log fields=path') line GROUP BY 1 ORDER BY 1;
SELECT sim('field form_id=5300201 attr=text_4', '{"items": [{"value": "1", "text": "制造业"}]}');
SELECT data_id, industry FROM customer WHERE industry = '制造';
ALTER SERVER shows OPTIONS (SET rate_limit '0');
SELECT data_id, industry FROM customer WHERE industry LIKE '制造%';
SELECT sim('field form_id=5300201 attr=text_4', '{"items": [{"value": "1", "text": "制造"}, {"value": "2", "text": "零售"}, {"value": "u-9", "text": "零售"}]}');
ALTER SERVER shows OPTIONS (SET rate_limit '0');

-- also where no answer says how many there are
SELECT sim('fault what=no-total path=user/list at=every');
ALTER SERVER shows OPTIONS (SET rate_limit '0');
SELECT members FROM customer WHERE data_id = 1;
SELECT sim('clear what=faults');
-- conditions are on what is shown
EXPLAIN (VERBOSE, COSTS OFF) SELECT data_id FROM customer WHERE industry = '零售' AND name = '二' AND value = '2';
SELECT data_id, industry FROM customer WHERE industry = '零售' ORDER BY 1;
SELECT data_id FROM customer WHERE industry IN ('old-1', '制造', '1') ORDER BY 1;
SELECT data_id FROM customer WHERE industry = '2';
SELECT data_id FROM customer WHERE '线下, "店"' = ANY (channels) ORDER BY 1;
SELECT c.data_id FROM customer c JOIN (VALUES ('零售'), ('制造')) v(i) ON c.industry = v.i ORDER BY 1;
ANALYZE customer;
-- asked for by all values that show as that, in both forms of a number: of two options with one label, and of
-- one that was retired, itself; nothing shows as what has another label
SELECT * FROM sent('SELECT data_id FROM customer WHERE industry = ''零售''');
SELECT * FROM sent('SELECT data_id FROM customer WHERE industry IN (''old-1'', ''制造'')');
SELECT * FROM sent('SELECT data_id FROM customer WHERE industry = ''2''');
SELECT * FROM sent('SELECT count(*) FROM customer WHERE industry = ''制造''');
SELECT data_id FROM customer WHERE industry = '零售' LIMIT 1;
-- not by what the API might compare in a narrower way, nor where the attr takes no condition
SELECT * FROM sent('SELECT data_id FROM customer WHERE industry = '' 零售'' AND owners = ''{a}'' AND department = ''x'' AND industry > ''a''');
CREATE TABLE copied AS SELECT * FROM customer;
CREATE FUNCTION differing(types text) RETURNS TABLE (compared bigint, different bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('set types=' || types);
  RETURN QUERY SELECT count(*), count(*) FILTER (WHERE (SELECT array_agg(data_id ORDER BY data_id) FROM customer c WHERE c.industry = v.shown)
                                         IS DISTINCT FROM (SELECT array_agg(data_id ORDER BY data_id) FROM copied c WHERE c.industry = v.shown))
  FROM (SELECT industry AS shown FROM copied UNION SELECT value FROM copied UNION VALUES (''), ('零'), ('线下')) v;
END
$$;
SELECT * FROM differing('loose');
SELECT * FROM differing('strict');
SELECT * FROM differing('spelled');
SELECT * FROM sent('SELECT data_id FROM customer WHERE person = (SELECT person FROM copied WHERE data_id = 1)', 'path,cond');
SELECT c.data_id FROM customer c WHERE person = (SELECT person FROM copied WHERE data_id = 1);
SELECT sim('set types=loose');

-- records of several forms in one table: each has the labels of its own form, also after a table of one of
-- them was read; where it names none, what all forms say
SELECT sim('form form_id=5300801 object=contact records=0', '[{"attr": "text_4", "attrName": "性别", "fieldType": 3,
  "items": [{"value": "1", "text": "男"}, {"value": "2", "text": "女"}, {"value": "0", "text": "不明"}]}]');
SELECT sim('form form_id=5300802 object=contact records=0', '[{"attr": "text_4", "attrName": "会员", "fieldType": 3,
  "items": [{"value": "1", "text": "是"}, {"value": "2", "text": "否"}, {"value": "0", "text": "不明"}, {"value": "3", "text": "2"}]}]');
SELECT sim('put object=contact form_id=5300801', format('{"dataId": %s, "formId": %s, "addTime": 1, "updateTime": 1, "data": {"text_4": "%s"}}', id, form, value))
FROM (VALUES (5300801, 11, 1), (5300801, 12, 2), (5300801, 13, 3), (5300802, 21, 1), (5300802, 22, 2), (5300802, 23, 3),
  (0, 31, 1), (0, 32, 0)) v(form, id, value);
CREATE FOREIGN TABLE members (data_id bigint, shown text OPTIONS (attr 'text_4', show 'label')) SERVER shows OPTIONS (object 'contact', form_id '5300802');
CREATE FOREIGN TABLE contacts (data_id bigint, shown text OPTIONS (attr 'text_4', show 'label')) SERVER shows OPTIONS (object 'contact');
SELECT * FROM members WHERE shown = '否';
SELECT data_id, shown FROM contacts ORDER BY 1;
SELECT data_id FROM contacts WHERE shown = '1';
SELECT data_id FROM contacts WHERE shown = '2' ORDER BY 1;
SELECT data_id FROM contacts WHERE shown IN ('男', '是', '不明') ORDER BY 1;
SELECT * FROM sent('SELECT data_id FROM contacts WHERE shown = ''2''');

-- what has no labels, and what is no choice
ALTER FOREIGN TABLE customer ALTER COLUMN name OPTIONS (ADD show 'label');
SELECT count(name) FROM customer;
SELECT count(data_id) FROM customer;
ALTER FOREIGN TABLE customer ALTER COLUMN name OPTIONS (SET show 'text');
ALTER FOREIGN TABLE customer ALTER COLUMN name OPTIONS (SET show 'value');
-- a form that may not be seen, but its records: users are known by their attrs
SELECT sim('fault what=code code=100005 msg=没有权限 path=form/get at=every');
SELECT sim('form form_id=5300202 object=customer name=其他 records=1', '[{"attr": "text_4", "attrName": "行业", "fieldType": 3, "items": []}]');
CREATE FOREIGN TABLE other (data_id bigint, owners text[] OPTIONS (attr 'ownerId', show 'label'), industry text OPTIONS (attr 'text_4', show 'label'))
  SERVER shows OPTIONS (object 'customer', form_id '5300202');
SELECT count(owners) FROM other;
SELECT count(industry) FROM other;
\set ECHO none
\c postgres
SET client_min_messages = error;
DROP DATABASE regress_xbb_show;
