-- detail 'true': a column is read from the record's details, decoded from their other encoding to the
-- same values; they are asked for where a query reads such a column, of records that passed all else.

\set company dingDetail
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=40 freeze=on');
SELECT sim('forms seed=7 records=24');
CREATE SERVER detail FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER detail OPTIONS (token 't0ken', user_id 'u1');
CREATE SCHEMA detail_in;
SET client_min_messages = error;
IMPORT FOREIGN SCHEMA custom LIMIT TO (paas_5300324) FROM SERVER detail INTO detail_in;
RESET client_min_messages;
SET client_min_messages = warning;

-- the form with every fieldType: what details show is what the list does
SELECT format('CREATE FOREIGN TABLE detail_in.whole (data_id bigint, %s) SERVER detail OPTIONS (object ''paas'', form_id ''5300324'', on_error ''set_null'')',
              string_agg(format('%I %s OPTIONS (attr %L, detail ''true'')', attname, format_type(atttypid, atttypmod), substr(o, 6)), ', ' ORDER BY attnum))
FROM pg_attribute, unnest(attfdwoptions) o
WHERE attrelid = 'detail_in.paas_5300324'::regclass AND attnum > 1 AND o LIKE 'attr=%' AND o NOT IN ('attr=*', 'attr=#error') \gset create_
\o /dev/null
:create_format;
\o
CREATE TABLE listed AS SELECT * FROM detail_in.paas_5300324;
CREATE TABLE detailed AS SELECT * FROM detail_in.whole;
CREATE FUNCTION differing() RETURNS TABLE (name name, type text, listed text, detailed text) LANGUAGE plpgsql AS $$
DECLARE
  field record;
BEGIN
  FOR field IN SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute
    WHERE attrelid = 'detailed'::regclass AND attnum > 0 ORDER BY attnum LOOP
    RETURN QUERY EXECUTE format('SELECT %1$L::name, %2$L, l.%1$I::text, d.%1$I::text FROM listed l JOIN detailed d USING (data_id)
                                 WHERE l.%1$I IS DISTINCT FROM d.%1$I ORDER BY l.data_id LIMIT 1', field.attname, field.type);
  END LOOP;
END
$$;
-- but for what lists leave out, and objects that are read into jsonb as they are
SELECT type, count(*), string_agg(name, ' ') FILTER (WHERE type <> 'jsonb') AS names, count(listed) AS listed FROM differing() GROUP BY 1 ORDER BY 1;
SELECT count(*) AS columns, count(*) FILTER (WHERE atttypid <> 'jsonb'::regtype) AS no_jsonb FROM pg_attribute WHERE attrelid = 'detailed'::regclass AND attnum > 0;

-- the lines of contracts as rows, with their products
SELECT sim('form form_id=5300601 object=contract name=合同 records=30', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1},
  {"attr": "serialNo", "attrName": "编号", "fieldType": 10019}, {"attr": "array_4", "attrName": "产品", "fieldType": 20004},
  {"attr": "text_3", "attrName": "状态", "fieldType": 3, "items": [{"value": "1", "text": "执行中"}, {"value": "2", "text": "已完成"}]},
  {"attr": "array_1", "attrName": "成员", "fieldType": 10010}]');
CREATE FOREIGN TABLE contract (
  data_id  bigint,
  number   text   OPTIONS (attr 'serialNo'),
  state    text   OPTIONS (attr 'text_3'),
  state_d  text   OPTIONS (attr 'text_3', detail 'true'),
  shown    text   OPTIONS (attr 'text_3', detail 'true', show 'label'),
  members  text[] OPTIONS (attr 'array_1'),
  members_d text[] OPTIONS (attr 'array_1', detail 'true'),
  lines    jsonb  OPTIONS (attr 'array_4', detail 'true')
) SERVER detail OPTIONS (object 'contract', form_id '5300601');
CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1')) SERVER detail OPTIONS (object 'product');
SELECT count(*) AS lines, count(p.name) AS with_product, sum((l ->> 'num_3')::numeric) > 0 AS amounts
FROM contract c, jsonb_array_elements(c.lines) l LEFT JOIN product p ON p.data_id = (l -> 'text_1' ->> 'dataId')::bigint;
SELECT count(*) FROM contract WHERE state IS DISTINCT FROM state_d OR members IS DISTINCT FROM members_d;
SELECT DISTINCT state_d, shown FROM contract ORDER BY 1;

-- none where no query reads such a column, and none for what another condition drops
CREATE FUNCTION asked(query text) RETURNS TABLE (lists bigint, details bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('clear');
  EXECUTE query;
  RETURN QUERY SELECT count(*) FILTER (WHERE line = 'contract/list'), count(*) FILTER (WHERE line = 'contract/detail') FROM sim('log fields=path') line;
END
$$;
SELECT data_id FROM contract WHERE state = '1' ORDER BY 1 LIMIT 1 \gset
SELECT count(*) AS all_of_them, count(*) FILTER (WHERE state = '1') AS in_state, count(*) FILTER (WHERE data_id % 3 = 0) AS third FROM contract \gset
SELECT * FROM asked('SELECT count(state) FROM contract');
SELECT * FROM asked('SELECT count(*) FROM contract');
SELECT lists, details = :all_of_them AS "all" FROM asked('SELECT lines FROM contract');
SELECT lists, details = :in_state AS "right" FROM asked('SELECT lines FROM contract WHERE state = ''1''');
SELECT lists, details = :third AS "right" FROM asked('SELECT lines FROM contract WHERE data_id % 3 = 0 AND jsonb_array_length(lines) > 1');
SELECT lists, details FROM asked('SELECT lines FROM contract WHERE data_id = ' || :data_id);
SELECT lists, details FROM asked('SELECT lines FROM contract LIMIT 3');
SELECT lists, details FROM asked('SELECT lines FROM contract WHERE state = ''no''');
EXPLAIN (VERBOSE, COSTS OFF) SELECT number, lines FROM contract WHERE state = '1' AND data_id % 3 = 0 AND jsonb_array_length(lines) > 1 AND random() >= 0;
EXPLAIN (VERBOSE, COSTS OFF) SELECT number FROM contract;
-- a sub-select's value is checked before, and a joined row's where it chooses what is read; again for each other value,
-- in rows with the same dataId, too; that of an outer query only after: from the
-- second time on rows are kept, and no record's details are asked for once more
SELECT lists, details = :third AS "right" FROM asked('SELECT lines FROM contract WHERE data_id % (SELECT 3) = 0 AND data_id > (SELECT min(data_id) - 1 FROM product)');
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT lists, details FROM asked(format('SELECT lines FROM (VALUES (%s, 0), (%1$s, 1), (%s, 0), (%2$s, 1)) v (id, rest) JOIN contract c ON c.data_id = v.id AND c.data_id %% 2 = v.rest',
                                 :data_id, :data_id + 1));
SELECT v.id - :data_id AS id, rest, c.data_id IS NOT NULL AS "there", rest = v.id % 2 AS "right" FROM (VALUES (:data_id, 0), (:data_id, 1), (:data_id, 0), (:data_id + 1, 0)) v (id, rest)
LEFT JOIN (SELECT data_id, lines FROM contract) c ON c.data_id = v.id AND c.data_id % 2 = v.rest AND c.lines IS NOT NULL ORDER BY 1, 2;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
SELECT details = 2 * :all_of_them AS "twice" FROM asked('SELECT (SELECT count(lines) FROM contract WHERE data_id % n = 0) FROM generate_series(1, 5) n');
-- a statement that may not send so many ends with the list's first answer, if it is certain to need them
CREATE FUNCTION limited(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text := 'done';
BEGIN
  PERFORM sim('clear');
  BEGIN
    EXECUTE query;
  EXCEPTION WHEN OTHERS THEN
    said := concat_ws(' ', SQLSTATE, SQLERRM);
  END;
  RETURN said || ': ' || (SELECT concat_ws(' ', count(*) FILTER (WHERE line = 'contract/list'), count(*) FILTER (WHERE line = 'contract/detail')) FROM sim('log fields=path') line);
END
$$;
SELECT :all_of_them AS all_of_them;
SET xbb_fdw.request_limit = 20;
SELECT format('SELECT limited(%L)', q) FROM unnest(ARRAY['SELECT number FROM contract', 'SELECT count(lines) FROM contract', 'SELECT lines FROM contract WHERE jsonb_array_length(lines) > 1',
  'SELECT lines FROM contract ORDER BY number', 'SELECT lines FROM contract LIMIT 15', 'SELECT lines FROM contract LIMIT 25',
  'SELECT lines FROM contract WHERE data_id = ' || :data_id]) q \gexec
SELECT EXISTS (SELECT FROM contract WHERE lines IS NOT NULL);
BEGIN;
DECLARE few CURSOR FOR SELECT lines IS NOT NULL FROM contract;
FETCH 2 FROM few;
ROLLBACK;
RESET xbb_fdw.request_limit;
-- many at a time
SELECT sim('hold path=contract/detail times=8 until=8');
SELECT count(lines) FROM contract;
SELECT sim('held');
-- below an Append, again with other values, and from a cursor
SELECT count(lines) FROM (SELECT lines FROM contract UNION ALL SELECT lines FROM contract) u;
SELECT n, (SELECT count(lines) FROM contract WHERE data_id % n = 0) = (SELECT count(*) FROM contract WHERE data_id % n = 0) AS "right" FROM generate_series(1, 3) n;
BEGIN;
DECLARE c CURSOR FOR SELECT lines IS NOT NULL FROM contract;
FETCH 2 FROM c;
CLOSE c;
COMMIT;
-- a condition of a view that keeps rows back comes before those of its readers
CREATE VIEW kept WITH (security_barrier) AS SELECT * FROM contract WHERE jsonb_array_length(lines) > 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT number FROM kept WHERE number ~ 'x' AND data_id > 0;

-- a policy comes before the conditions of those that it is for, also where it is not checked before the details
CREATE TABLE guarded (data_id bigint, number text, lines jsonb) PARTITION BY RANGE (data_id);
CREATE FOREIGN TABLE guarded_all (data_id bigint, number text OPTIONS (attr 'serialNo'), lines jsonb OPTIONS (attr 'array_4', detail 'true'))
SERVER detail OPTIONS (object 'contract', form_id '5300601');
ALTER TABLE guarded ATTACH PARTITION guarded_all FOR VALUES FROM (0) TO (maxvalue);
CREATE TABLE allowed AS SELECT max(data_id) AS data_id FROM contract;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY allowed ON guarded USING (data_id IN (SELECT data_id FROM allowed));
CREATE ROLE detail_reader;
GRANT USAGE ON SCHEMA :"company" TO detail_reader;
GRANT SELECT ON guarded, allowed TO detail_reader;
CREATE FUNCTION seen(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.1 AS $$ BEGIN RAISE WARNING 'seen'; RETURN true; END $$;
-- a sub-select as PostgreSQL 15 prints it
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
    RETURN NEXT regexp_replace(line, '\(ANY \(\S+ = \((hashed SubPlan \d+)\)\.col1\)\)', '(\1)');
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION plan(text) TO detail_reader;
SET ROLE detail_reader;
SELECT plan('SELECT lines FROM guarded WHERE seen(number) AND data_id > 0');
SELECT count(lines) FROM guarded WHERE seen(number);
RESET ROLE;
DROP TABLE guarded;
DROP OWNED BY detail_reader;
DROP ROLE detail_reader;
-- a record that is gone when its details are asked for; children of products have none
SELECT sim('at n=3 do=drop object=contract form_id=5300601 id=first');
SELECT count(*), count(lines) FROM contract;
CREATE FOREIGN TABLE unit (data_id bigint, parent bigint OPTIONS (attr 'num_3'), unit text OPTIONS (attr 'text_8', detail 'true')) SERVER detail OPTIONS (object 'product');
SELECT count(unit) = count(*) AS parents, count(*) FROM unit WHERE parent = 0;
SELECT count(unit) FROM unit WHERE parent > 0;
DROP VIEW kept;
-- what does not fit, and what is refused for other reasons
ALTER FOREIGN TABLE contract ALTER COLUMN lines TYPE bigint[];
SELECT count(lines) FROM contract;
ALTER FOREIGN TABLE contract OPTIONS (ADD on_error 'set_null');
SELECT count(lines) FROM contract;
-- which is told as what does not fit in the list is, and together with it; such a column is no condition before the details
ALTER FOREIGN TABLE contract ADD COLUMN failed jsonb OPTIONS (attr '#error'), ADD COLUMN told json OPTIONS (attr '#error'),
  ADD COLUMN day date OPTIONS (attr 'serialNo');
SELECT f ->> 'column' AS "column", f ->> 'attr' AS attr, f ->> 'sqlstate' AS sqlstate, count(*) FROM contract, jsonb_array_elements(failed) f WHERE lines IS NULL GROUP BY 1, 2, 3 ORDER BY 1;
SELECT count(*) AS "all", count(failed) FILTER (WHERE failed = told::jsonb AND jsonb_array_length(failed) = 2 AND lines IS NULL) AS both FROM contract;
SELECT count(*) = count(lines) AS fit FROM contract WHERE failed IS NULL;
EXPLAIN (VERBOSE, COSTS OFF) SELECT lines FROM contract WHERE failed IS NULL AND data_id > 0;
-- but asks for nothing itself, so that what nobody reads costs no request: through a view neither
SELECT lists, details FROM asked('SELECT data_id, failed FROM contract');
SELECT f ->> 'column' AS "column", count(*) FROM contract, jsonb_array_elements(failed) f GROUP BY 1;
CREATE VIEW seen_through AS SELECT *, jsonb_array_length(to_jsonb(lines)) AS n, row_number() OVER (ORDER BY data_id) AS place FROM contract ORDER BY number;
SELECT v, a.* FROM (VALUES ('SELECT data_id, failed FROM seen_through'), ('SELECT count(*) FROM seen_through'), ('SELECT count(place) FROM seen_through WHERE data_id % 2 = 0'),
  ('WITH c AS (SELECT * FROM seen_through) SELECT number FROM c'), ('SELECT s.number FROM seen_through s JOIN product USING (data_id)'),
  ('SELECT number FROM (SELECT DISTINCT ON (data_id) * FROM seen_through) s LIMIT 3')) v (v), asked(v) a;
SELECT lists, details = (SELECT count(*) FROM contract) AS "all" FROM asked('SELECT n FROM seen_through');
SELECT count(*) FILTER (WHERE line ~ 'Request: ') AS requests, count(*) FILTER (WHERE line ~ 'Details') AS details FROM plan('SELECT data_id, failed FROM seen_through') line;
DROP VIEW seen_through;
ALTER FOREIGN TABLE contract DROP COLUMN failed, DROP COLUMN told, DROP COLUMN day;
SELECT max(data_id) AS last FROM contract \gset
SELECT sim('fault what=code code=100005 msg=没有权限 path=contract/detail');
SELECT count(members_d) FROM contract WHERE data_id = :last;
-- words that say of something else that it is not there
CREATE TABLE said (msg text);
INSERT INTO said VALUES ('用户不存在'), ('接口不存在'), ('表单不存在'), ('产品不存在'), ('选项不存在'), ('该数据不存在。');
CREATE FUNCTION shown(msg text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('fault what=code code=100001 msg=' || msg || ' path=contract/detail');
  RETURN (SELECT coalesce(members_d::text, 'NULL') FROM contract LIMIT 1);
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT msg, shown(msg) FROM said;
SELECT sim('fault what=busy path=contract/detail');
SELECT count(members_d) FROM contract;
-- those of another record are not taken for this one's; some name none
SELECT sim('fault what=replace body={"code":1,"success":true,"result":{"dataId":5,"data":{"text_3":"2"}}} path=contract/detail');
SELECT state_d FROM contract WHERE data_id = :last;
SELECT sim('fault what=replace body={"code":1,"success":true,"result":{"dataId":"' || :last || '","data":{"text_3":"2"}}} path=contract/detail');
SELECT state_d FROM contract WHERE data_id = :last;
SELECT sim('fault what=replace body={"code":1,"success":true,"result":{"data":{"text_3":"3"}}} path=contract/detail');
SELECT state_d FROM contract WHERE data_id = :last;
ALTER FOREIGN TABLE contract ALTER COLUMN lines OPTIONS (SET detail 'perhaps');
DROP SCHEMA detail_in CASCADE;
