-- What one bad hour of the API can cost is bounded: how far the watermark goes, how many
-- rows a reconciliation takes out, how many records a run sets aside.

\set company dingSyncBound
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER sync_bound FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_bound OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), raw json OPTIONS (attr '*'))
  SERVER sync_bound OPTIONS (object 'product');

-- one stamp of the year 2100, and no clock, or one that is years ahead: what changes next is seen
SELECT sim('put', '{"dataId": 1, "addTime": 1769990000, "updateTime": 1769990000, "data": {"text_1": "a"}}');
SELECT sim('put', '{"dataId": 2, "addTime": 4102444800, "updateTime": 4102444800, "data": {"text_1": "in 2100"}}');
SELECT sim('set date=off');
SELECT xbb.create_sync('bound: no clock', 'source', 'no_clock');
CALL xbb.sync('bound: no clock');
SELECT sim('set date=on date_offset=3000000000');
SELECT xbb.create_sync('bound: wild clock', 'source', 'wild_clock');
CALL xbb.sync('bound: wild clock');
CREATE TABLE plain AS SELECT 1::bigint AS data_id, now() AS update_time, 'a' AS name UNION ALL SELECT 2, '2100-01-01Z', 'in 2100';
SELECT xbb.create_sync('bound: plain', 'plain', 'plain_copy');
CALL xbb.sync('bound: plain');
SELECT name, watermark BETWEEN now() - interval '1 hour' AND now() AS bounded FROM xbb.sync_definition WHERE name LIKE 'bound: %' ORDER BY name;
UPDATE plain SET name = 'changed', update_time = now() WHERE data_id = 1;
CALL xbb.sync('bound: plain');
SELECT data_id, name FROM plain_copy ORDER BY data_id;
SELECT sim('set date_offset=0');
SELECT sim('clock set=now');
SELECT sim('touch id=1', '{"text_1": "changed"}');
CALL xbb.sync('bound: wild clock');
SELECT data_id, name FROM wild_clock ORDER BY data_id;
-- the API's clock bounds it, too, where there is one
SELECT sim('clock set=1770000000');
SELECT xbb.create_sync('bound: clock', 'source', 'clock');
CALL xbb.sync('bound: clock');
SELECT extract(epoch FROM watermark) AS watermark FROM xbb.sync_definition WHERE name = 'bound: clock';
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'bound: %';
