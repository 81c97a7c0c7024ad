-- A list of any endpoint is read with the keys that it has; a wrong one is told at once,
-- with the lists that are there, and a missing form with the forms to choose from.

\set company dingKeys
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=4 freeze=on');
SELECT sim('create object=user records=130');
CREATE SERVER keys FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER keys OPTIONS (token 't0ken', user_id 'u1');

-- a list whose keys are its own: without times, so it is read twice
CREATE FOREIGN TABLE staff (user_id text, name text) SERVER keys
  OPTIONS (api '/pro/v2/api/user/list', list_key 'list');
SELECT sent('SELECT * FROM staff', 'path,page');
SELECT count(*) FROM sim('log') line;
ALTER FOREIGN TABLE staff OPTIONS (SET list_key 'userList', ADD id_key 'userId');
SELECT count(*), count(DISTINCT user_id) FROM staff;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM staff;
-- rows that have no dataId, and a parameter of their own
CREATE FOREIGN TABLE parts (id bigint, work_order bigint OPTIONS (attr 'dataId'), num int) SERVER keys
  OPTIONS (api '/pro/v2/api/workOrder/productList', id_key 'id', params '{"dataId": 51200002}');
SELECT * FROM parts ORDER BY id;
CREATE FOREIGN TABLE steps (id bigint, memo text) SERVER keys
  OPTIONS (api '/pro/v2/api/workOrderV2/dynamic/list', id_key 'id', params '{"dataId": 51200003}');
SELECT count(*), min(id), max(id) FROM steps;
CREATE FOREIGN TABLE labels (id bigint, name text) SERVER keys
  OPTIONS (api '/pro/v2/api/label/allList', form_id '5300127', params '{"businessType": 2401}');
SELECT * FROM labels ORDER BY id;
-- an object whose list has another key than it should
SELECT sim('fault what=replace body={"code":1,"success":true,"result":{"records":[{"dataId":7}],"more":[],"totalCount":1}} path=product/list at=every');
CREATE FOREIGN TABLE product (data_id bigint) SERVER keys OPTIONS (object 'product');
SELECT sent('SELECT * FROM product', 'path');
ALTER FOREIGN TABLE product OPTIONS (ADD list_key 'records');
SELECT * FROM product;
SELECT sim('clear what=faults');
ALTER FOREIGN TABLE product OPTIONS (SET list_key '');
ALTER FOREIGN TABLE product OPTIONS (SET list_key 'list', ADD id_key ' dataId');

-- objects that want a form
SELECT sim('form form_id=5300201 object=customer name=客户 records=2');
SELECT sim('form form_id=5300202 object=customer name=海外客户 records=3');
SELECT sim('form form_id=5300301 object=clue name=线索 records=1');
CREATE FOREIGN TABLE customer (data_id bigint) SERVER keys OPTIONS (object 'customer');
SELECT * FROM customer;
ANALYZE customer;
CREATE FOREIGN TABLE contract (data_id bigint) SERVER keys OPTIONS (object 'contract');
SELECT * FROM contract;
ALTER FOREIGN TABLE customer OPTIONS (ADD form_id '5300202');
SELECT count(data_id) FROM customer;
-- where the forms cannot be had, it is said without them; they are asked for once
ALTER FOREIGN TABLE customer OPTIONS (DROP form_id);
SELECT sim('fault what=busy path=form/list at=every');
SELECT sent('SELECT * FROM customer', 'path');
SELECT line, count(*) FROM sim('log fields=path') line GROUP BY 1;
