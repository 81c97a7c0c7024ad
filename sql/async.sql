-- Under Append several scans read at the same time, and what they return is the
-- same as one after the other; a cancel ends them while they wait.

\set company dingAsync
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=120 freeze=on');
SELECT sim('create object=customer form_id=5300201 records=70');
CREATE SERVER async FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0', concurrency '1');
CREATE USER MAPPING FOR PUBLIC SERVER async OPTIONS (token 't0ken', user_id 'u1');
CREATE TABLE everything (kind text, data_id bigint, update_time timestamptz) PARTITION BY LIST (kind);
CREATE FOREIGN TABLE product PARTITION OF everything FOR VALUES IN ('product')
  SERVER async OPTIONS (object 'product');
CREATE FOREIGN TABLE customer PARTITION OF everything FOR VALUES IN ('customer')
  SERVER async OPTIONS (object 'customer', form_id '5300201');
CREATE FUNCTION peak() RETURNS text LANGUAGE sql AS $$
  SELECT substring(sim('stats') FROM 'peak=\d+') $$;

EXPLAIN (COSTS OFF) SELECT data_id FROM everything;
-- one request of each scan at a time: one waits for the other's, or comes after it
SELECT sim('hold until=2');
SELECT sim('clear');
SELECT count(*), count(DISTINCT data_id) FROM everything;
SELECT peak();
SET enable_async_append = off;
SELECT sim('clear');
SELECT count(*), count(DISTINCT data_id) FROM everything;
SELECT peak();
RESET enable_async_append;

-- local quals, quals that are sent, and an end before the end
SELECT count(*) FROM (SELECT data_id FROM product WHERE data_id % 2 = 0
                      UNION ALL SELECT data_id FROM customer WHERE data_id % 2 = 1) x;
SELECT count(*) FROM (SELECT data_id FROM product WHERE update_time >= '2100-01-01'
                      UNION ALL SELECT data_id FROM customer WHERE update_time <= '2100-01-01') x;
SELECT count(*) FROM (SELECT data_id FROM everything LIMIT 5) x;
-- a rescan of the whole Append
SELECT g, (SELECT count(*) FROM everything WHERE data_id % 10 = g) FROM generate_series(0, 2) g;
-- an error of one scan ends all
SELECT sim('fault what=code code=100003 msg=no at=2 path=customer/list');
SELECT count(DISTINCT data_id) FROM everything;
SELECT count(DISTINCT data_id) FROM everything;
-- nobody waits for a server that hangs
SELECT sim('fault what=hang at=every path=customer/list');
SET statement_timeout = '500ms';
SELECT count(DISTINCT data_id) FROM everything;
RESET statement_timeout;
SELECT sim('clear what=all');
SELECT count(DISTINCT data_id) FROM everything;

-- nor for a list that settles, an hour here
ALTER SERVER async OPTIONS (ADD settle_time '1h');
SELECT sim('fault what=replace page=2 at=every path=product/list body={"code":1,"result":{"list":[],"totalCount":121}}');
SELECT sim('fault what=delay ms=500 path=customer/list');
SET statement_timeout = '20s';
SELECT count(*) FROM (SELECT data_id FROM everything LIMIT 190) x;
-- it is read on once it has settled
ALTER SERVER async OPTIONS (SET settle_time '1s');
SELECT sim('clear what=all');
SELECT sim('fault what=replace page=2 at=every times=6 path=product/list body={"code":1,"result":{"list":[],"totalCount":121}}');
SELECT count(DISTINCT data_id) FROM everything;
RESET statement_timeout;
