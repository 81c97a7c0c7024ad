-- A dataId is any bigint: it is looked up, counted, joined and reconciled by as it is
-- shown.

\set company dingIds
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER ids FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER ids OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, name text OPTIONS (attr 'text_1'), update_time timestamptz) SERVER ids OPTIONS (object 'product');
\set VERBOSITY terse
CREATE TABLE wanted (id bigint, name text);
INSERT INTO wanted VALUES (1, 'one'), (999999999999999999, '18 digits'), (1000000000000000000, '19 digits'), (1234567890123456789, 'snow'),
  (9223372036854775806, 'last but one'), (9223372036854775807, 'last'), (-9223372036854775807, 'first'), (-1, 'minus');
SELECT sim('put', format('{"dataId":%s,"addTime":%s,"updateTime":%2$s,"data":{"text_1":"%3$s"}}', id, 1769990000 + row_number() OVER (), name)) FROM wanted;
SELECT data_id, name FROM source ORDER BY 1;
SELECT data_id, name FROM source WHERE data_id = 1234567890123456789;
SELECT data_id, name FROM source WHERE data_id = 9223372036854775807;
SELECT data_id, name FROM source WHERE data_id = -9223372036854775807;
SELECT sent('SELECT name FROM source WHERE data_id = 1234567890123456789');
SELECT count(*), count(data_id), count(DISTINCT name) FROM source WHERE data_id = ANY (ARRAY(SELECT id FROM wanted));
SELECT count(*) FROM source WHERE data_id = 9223372036854775807;
SELECT count(*) FROM source WHERE data_id = 1234567890123456788;
SELECT count(*) FROM source WHERE data_id IN (9223372036854775807, 9223372036854775805, 1234567890123456789);
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT id, source.name FROM wanted LEFT JOIN source ON data_id = id WHERE wanted.name IS DISTINCT FROM source.name;
SELECT id, (SELECT name FROM source WHERE data_id = id) FROM wanted WHERE id > 1000 ORDER BY 1;
RESET enable_hashjoin;
RESET enable_mergejoin;
SELECT name FROM source WHERE data_id = 1234567890123456789 AND update_time > '2026-01-01' LIMIT 1;

-- the same as digits in a string, and as a number with a point
SELECT sim('putraw id=' || 1234567890123456789 || ' add=1770000000 update=1770000000',
  '{"dataId":"1234567890123456789","addTime":1770000000,"updateTime":1770000000,"data":{"text_1":"text"}}');
SELECT data_id, name FROM source WHERE data_id = 1234567890123456789;
SELECT sim('putraw id=' || 9223372036854775807 || ' add=1770000000 update=1770000000',
  '{"dataId":9223372036854775807.00,"addTime":1770000000,"updateTime":1770000000,"data":{"text_1":"point"}}');
SELECT data_id, name FROM source WHERE data_id = 9223372036854775807;
SELECT sim('drop id=1234567890123456789,9223372036854775807');

-- what no bigint holds is told apart as well, and read into a numeric
SELECT sim('put', format('{"dataId":%s,"addTime":1770000000,"updateTime":1770000000,"data":{"text_1":"beyond"}}', id))
FROM unnest(ARRAY['9223372036854775808', '9223372036854775809', '18446744073709551615', '-9223372036854775809', '12345678901234567890123']) id;
ALTER FOREIGN TABLE source ALTER data_id TYPE numeric;
SELECT data_id, name FROM source WHERE name = 'beyond' ORDER BY 1;
SELECT count(*), count(name) FROM source;
ALTER FOREIGN TABLE source ALTER data_id TYPE bigint;
SELECT data_id FROM source WHERE name = 'beyond';

-- a sync, and a reconciliation that asks by dataId
SELECT sim('remove');
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId":%s,"addTime":%s,"updateTime":%2$s,"data":{"text_1":"%3$s"}}', id, 1769990000 + row_number() OVER (), name)) FROM wanted;
SELECT xbb.create_sync('ids', 'source', 'target', '{data_id}', delete_mode => 'delete', columns => '{"name": "name"}');
CREATE VIEW run AS SELECT status, inserted, updated, deleted, error FROM xbb.sync_run WHERE sync = 'ids' ORDER BY id DESC LIMIT 1;
CALL xbb.sync('ids');
TABLE run;
DELETE FROM target WHERE data_id IN (1234567890123456789, -9223372036854775807);
SELECT sim('drop id=9223372036854775807,1000000000000000000');
CALL xbb.reconcile('ids');
TABLE run;
DELETE FROM target WHERE data_id = 1234567890123456789;
CALL xbb.reconcile('ids', full => true);
TABLE run;
SELECT data_id, name FROM target ORDER BY 1;

SET client_min_messages = warning;
SELECT xbb.drop_sync('ids');
SELECT sim('remove');
DROP SERVER ids CASCADE;
DROP SCHEMA "dingIds" CASCADE;
