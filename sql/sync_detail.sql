-- A sync over columns that come with details lists first, compares, and asks details of what has changed
-- alone; its counts are those of a sync that reads all, and a full run does.

\set company dingSyncDetail
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=40 freeze=on');
SELECT sim('form form_id=5300601 object=contract name=合同 records=510', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1},
  {"attr": "num_1", "attrName": "金额", "fieldType": 2}, {"attr": "array_4", "attrName": "产品", "fieldType": 20004}]');
SELECT sim('form form_id=5300602 object=contract name=其他 records=0', '[]');
CREATE SERVER sync_detail FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_detail OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE contract (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), amount numeric OPTIONS (attr 'num_1'),
  lines jsonb OPTIONS (attr 'array_4', detail 'true'), raw json OPTIONS (attr '*')) SERVER sync_detail OPTIONS (object 'contract', form_id '5300601', snapshot 'false');
CREATE TABLE copy (data_id bigint PRIMARY KEY, update_time timestamptz, name text, amount numeric CHECK (amount <> 13), lines jsonb);
SELECT min(data_id) AS first FROM contract \gset
-- all within the overlap, and two that the target does not take
SELECT sim('touch object=contract form_id=5300601 id=' || (SELECT string_agg(data_id::text, ',') FROM contract WHERE data_id > :first + 1));
SELECT sim(format('touch object=contract form_id=5300601 id=%s,%s', :first, :first + 1), '{"num_1": 13}');
SELECT sim('clock advance=10');
SELECT xbb.create_sync('detailed', source => 'contract', target => 'copy');
CREATE FUNCTION requests() RETURNS TABLE (path text, n bigint) LANGUAGE sql AS
  $$SELECT line, count(*) FROM sim('log fields=path') line GROUP BY 1 ORDER BY 1$$;
CREATE FUNCTION alike() RETURNS TABLE (rows bigint, differing bigint) LANGUAGE sql AS
  $$SELECT count(*), count(*) FILTER (WHERE (c.name, c.amount, c.lines, c.update_time) IS DISTINCT FROM (s.name, s.amount, s.lines, s.update_time))
    FROM copy c JOIN contract s USING (data_id)$$;
SELECT sim('clear');
CALL xbb.sync('detailed');
SELECT n FROM requests() WHERE path = 'contract/detail';
SELECT * FROM alike();
-- nothing has changed, all is in the overlap, what was set aside too
SELECT sim('clear');
CALL xbb.sync('detailed');
SELECT path FROM requests();
SELECT count(*), count(DISTINCT run) FROM xbb.sync_reject WHERE sync = 'detailed';
SELECT data_id = :first AS "first", run = (SELECT max(id) FROM xbb.sync_run WHERE sync = 'detailed') AS "of this run",
       raw -> 'lines' IS NOT NULL AS "with details" FROM xbb.sync_reject WHERE sync = 'detailed' ORDER BY data_id;
-- three changed, one is new, one of those that were set aside is right now
SELECT sim('clock advance=10');
SELECT sim(format('touch object=contract form_id=5300601 id=%s,%s,%s', :first + 5, :first + 6, :first + 7), '{"num_1": 7.5}');
SELECT sim(format('touch object=contract form_id=5300601 id=%s', :first + 1), '{"num_1": 14}');
SELECT sim('put object=contract form_id=5300601', '{"dataId": 77, "formId": 5300601, "addTime": 1769990000, "updateTime": ' ||
  (SELECT extract(epoch FROM max(update_time))::bigint FROM contract) || ', "data": {"text_1": "new", "num_1": 1, "array_4": []}}');
SELECT sim('clock advance=10');
SELECT sim('clear');
CALL xbb.sync('detailed', dry_run => true);
SELECT n FROM requests() WHERE path = 'contract/detail';
SELECT sim('clear');
CALL xbb.sync('detailed');
SELECT n FROM requests() WHERE path = 'contract/detail';
SELECT * FROM alike();
-- what was set aside loads with its details
ALTER TABLE copy DROP CONSTRAINT copy_amount_check;
SELECT sim('clear');
CALL xbb.retry_rejects('detailed');
SELECT path FROM requests();
SELECT * FROM alike();
-- a row that was changed here has its record's time still: a full run reads all
UPDATE copy SET lines = NULL WHERE data_id = :first + 9;
CALL xbb.sync('detailed');
SELECT differing FROM alike();
SELECT sim('clear');
CALL xbb.sync('detailed', full => true);
SELECT n FROM requests() WHERE path = 'contract/detail';
SELECT * FROM alike();
-- a record whose details are not there when it is asked for keeps its row, and is asked for by each run until they are
SELECT sim('clear');
SELECT sim(format('touch object=contract form_id=5300601 id=%s', :first + 12), '{"num_1": 5, "text_1": "changed"}');
SELECT sim('clock advance=10');
SELECT sim('fault what=code code=100001 msg=数据不存在 path=contract/detail');
CALL xbb.sync('detailed');
SELECT data_id = :first + 12 AS "that one", kind, sqlstate, error, raw, staged FROM xbb.sync_reject WHERE sync = 'detailed';
SELECT name, amount, lines IS NOT NULL AS lines FROM copy WHERE data_id = :first + 12;
CALL xbb.retry_rejects('detailed');
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'detailed';
-- also once all others have changed long after it
SELECT sim('clock advance=1000000');
SELECT sim(format('touch object=contract form_id=5300601 id=%s', :first + 13), '{"num_1": 6}');
SELECT sim('clock advance=10');
SELECT sim('fault what=code code=100001 msg=该数据不存在。 path=contract/detail times=2');
CALL xbb.sync('detailed');
CALL xbb.sync('detailed');
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'detailed';
SELECT differing FROM alike();
SELECT sim(format('touch object=contract form_id=5300601 id=%s', :first + 12), '{"num_1": 5.5}');
SELECT sim('clock advance=10');
SELECT sim('fault what=code code=100001 msg=数据不存在 path=contract/detail');
CALL xbb.sync('detailed', full => true);
SELECT count(*), min(kind) AS kind FROM xbb.sync_reject WHERE sync = 'detailed';
SELECT count(*) FROM copy WHERE lines IS NULL;
CALL xbb.sync('detailed');
SELECT differing FROM alike();
-- where the API says of all that they are not there, or something else, nothing is written
SELECT sim('fault what=code code=100001 msg=数据不存在 path=contract/detail at=every');
CALL xbb.sync('detailed', full => true);
SELECT sim('clear what=faults');
SELECT sim('fault what=code code=100001 msg=用户不存在 path=contract/detail at=every');
CALL xbb.sync('detailed', full => true);
SELECT sim('clear what=faults');
SELECT differing FROM alike();
-- what a sync does not read it does not ask for
SELECT xbb.alter_sync('detailed', columns => '{"lines": null}');
SELECT sim(format('touch object=contract form_id=5300601 id=%s', :first + 20), '{"num_1": 8}');
SELECT sim('clock advance=10');
SELECT sim('clear');
CALL xbb.sync('detailed');
SELECT path FROM requests();
SELECT xbb.drop_sync('detailed');
-- a value that does not fit is a reject that loads once the column does: from what is kept, or, where the details have it, asked for again
ALTER FOREIGN TABLE contract ADD COLUMN failed jsonb OPTIONS (attr '#error'), ADD COLUMN shown text OPTIONS (attr 'text_9', detail 'true'),
  ADD COLUMN mark bigint OPTIONS (attr 'text_9', detail 'true');
ALTER FOREIGN TABLE contract OPTIONS (ADD on_error 'set_null');
CREATE TABLE fitting (data_id bigint PRIMARY KEY, update_time timestamptz, amount text, lines jsonb, shown text, mark text);
SELECT sim(format('touch object=contract form_id=5300601 id=%s,%s', :first + 30, :first + 31), '{"num_1": "12 pieces", "text_9": "20260102"}');
SELECT sim(format('touch object=contract form_id=5300601 id=%s', :first + 32), '{"num_1": 32, "text_9": "someday"}');
SELECT sim('clock advance=10');
SELECT xbb.create_sync('fitting', source => 'contract', target => 'fitting', columns => '{"amount": "amount", "lines": "lines", "shown": "shown", "mark": "mark::text"}');
CALL xbb.sync('fitting');
SELECT data_id - :first AS n, kind, error, raw IS NOT NULL AS kept FROM xbb.sync_reject WHERE sync = 'fitting' ORDER BY 1;
CALL xbb.sync('fitting');
ALTER FOREIGN TABLE contract ALTER COLUMN amount TYPE text;
SELECT xbb.alter_sync('fitting');
SELECT sim('clear');
CALL xbb.retry_rejects('fitting');
SELECT sim('count');
SELECT count(*), count(*) FILTER (WHERE f.lines = s.lines AND f.lines IS NOT NULL AND f.amount = '12 pieces' AND f.shown = '20260102' AND f.mark = f.shown) AS whole
FROM fitting f JOIN contract s USING (data_id) WHERE data_id IN (:first + 30, :first + 31);
ALTER FOREIGN TABLE contract ALTER COLUMN mark TYPE text;
SELECT xbb.alter_sync('fitting');
CALL xbb.sync('fitting');
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'fitting';
SELECT mark FROM fitting WHERE data_id = :first + 32;
SELECT xbb.drop_sync('fitting');
ALTER FOREIGN TABLE contract DROP COLUMN failed, DROP COLUMN shown, DROP COLUMN mark, ALTER COLUMN amount TYPE numeric, OPTIONS (DROP on_error);
-- one that loads none of the columns with details asks for none, though it reads what tells of values that do not fit
ALTER FOREIGN TABLE contract ADD COLUMN failed jsonb OPTIONS (attr '#error');
ALTER FOREIGN TABLE contract OPTIONS (ADD on_error 'set_null');
SELECT xbb.create_sync('undetailed', source => 'contract', target => 'undetailed', columns => '{"name": "name"}');
SELECT sim('clear');
CALL xbb.sync('undetailed');
SELECT path FROM requests();
SELECT xbb.drop_sync('undetailed');
-- a product's child has no details by nature, and is loaded without; a parent that lacks them is not
CREATE FOREIGN TABLE product (data_id bigint, update_time timestamptz, parent bigint OPTIONS (attr 'num_3'), unit text OPTIONS (attr 'text_8', detail 'true'))
SERVER sync_detail OPTIONS (object 'product', snapshot 'false');
SELECT sim('fault what=code code=100001 msg=产品不存在 path=product/detail');
SELECT xbb.create_sync('units', source => 'product', target => 'units', columns => '{"unit": "unit"}');
SET client_min_messages = error;
CALL xbb.sync('units');
SELECT count(*), min(kind) AS kind, bool_and(p.parent = 0) AS parent FROM xbb.sync_reject r JOIN product p USING (data_id) WHERE r.sync = 'units';
CALL xbb.sync('units');
RESET client_min_messages;
SELECT count(*) AS rows, count(*) FILTER (WHERE p.parent > 0) > 0 AS children, count(*) FILTER (WHERE (u.unit IS NULL) <> (p.parent > 0)) AS wrong FROM units u JOIN product p USING (data_id);
SELECT xbb.drop_sync('units');
DROP SERVER sync_detail CASCADE;
