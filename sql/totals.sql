-- A count that a sync or the planner asks for is read as lists are: what nobody asks
-- for may be what it likes, and a total that is missing is never taken for none.

\set company dingTotals
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER totals FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER totals OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz) SERVER totals OPTIONS (object 'product');
CREATE VIEW run AS
  SELECT status, inserted, updated, rejected, deleted, error FROM xbb.sync_run WHERE sync = 'totals' ORDER BY id DESC LIMIT 1;
\set VERBOSITY terse

-- each of these records is once the newest, which is the one that comes with a count
SELECT sim('put', format('{"dataId":%1$s,"addTime":%2$s,"updateTime":%2$s,"data":{"serialNo":"S%1$s",%3$s}}', n, 1769990000 + n, odd))
FROM unnest(ARRAY['"text_9":"plain"', '"text_9":"a\u0000b"', '"a\u0000b":"text"', '"text_9":"cut \ud83d"', '"text_9":"\ude00"', '"num_9":1E400',
  '"num_9":-1e999', '"num_9":' || repeat('9', 100000), '"text_9":"\uffff"', '"array_9":' || repeat('[', 100) || repeat(']', 100)])
  WITH ORDINALITY o (odd, n);
SELECT n, xbb._total('source', NULL, to_timestamp(1769990000 + n)) FROM generate_series(0, 10) n;
SELECT xbb.create_sync('totals', 'source', 'target', '{data_id}', columns => '{"serial_no": "serial_no"}', delete_mode => 'delete');
CALL xbb.sync('totals');
TABLE run;
SELECT sim('drop id=3');
CALL xbb.reconcile('totals');
TABLE run;
SELECT xbb.alter_sync('totals', chunk => '1 day');
SELECT sim('clock advance=864000');
SELECT sim('put', '{"dataId":11,"addTime":1770864000,"updateTime":1770864000,"data":{"serialNo":"S11","text_9":"\u0000\ud83d"}}');
CALL xbb.sync('totals');
TABLE run;
SELECT array_agg(serial_no ORDER BY data_id) FROM target;
ALTER SERVER totals OPTIONS (ADD use_remote_estimate 'true');
CREATE FUNCTION estimate(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  RETURN plan #>> '{0,Plan,Plan Rows}';
END $$;
SELECT estimate('SELECT serial_no FROM source');
SELECT sent('SELECT serial_no FROM source', 'size,result');

-- (the simulator itself cannot bend halves of characters)
SELECT sim('drop id=4,5,10,11');

-- digits in a string count, too; what is no total is missing
SELECT sim('set total=string');
SELECT xbb._total('source', NULL, NULL), estimate('SELECT serial_no FROM source');
SELECT sim('set total=number');
\set VERBOSITY default
SELECT sim('fault what=no-total');
SELECT xbb._total('source', NULL, NULL);
\set VERBOSITY terse
SELECT sim('fault what=wrong-type field=total');
SELECT xbb._total('source', NULL, NULL);
SELECT sim('fault what=dup-keys');
SELECT xbb._total('source', NULL, NULL);
-- an answer that says neither is no answer
SELECT sim('fault what=no-list');
SELECT xbb._total('source', NULL, NULL);
-- a plan is made without a total as it is made without asking
ANALYZE source;
SELECT sim('fault what=no-total');
SELECT estimate('SELECT serial_no FROM source');
SELECT sim('faults');
SELECT sim('clear what=all');

-- a list that is too long for one condition is not asked for while planning
SELECT sim('set max_values=50');
SELECT string_agg(n::text, ',') AS ids FROM generate_series(1, 60) n \gset
SELECT sent(format('EXPLAIN SELECT serial_no FROM source WHERE data_id IN (%s)', :'ids'));
SELECT count(data_id) FROM source WHERE data_id IN (:ids);
SELECT string_agg(n::text, ',') AS ids FROM generate_series(1, 50) n \gset
SELECT estimate(format('SELECT serial_no FROM source WHERE data_id IN (%s)', :'ids'));
ALTER SERVER totals OPTIONS (DROP use_remote_estimate);
SELECT xbb.drop_sync('totals');
DROP TABLE target;
SELECT sim('remove');

-- a window whose total is missing is not an empty one: the run ends, and the next has it
SELECT sim('create products=300 freeze=on');
SELECT xbb.create_sync('totals', 'source', 'target', '{data_id}', columns => '{"serial_no": "serial_no"}', chunk => '100 days');
SELECT sim('fault what=no-total at=4 has=updateTime');
CALL xbb.sync('totals');
SELECT status, inserted < 300 AS a_part, error FROM run;
CALL xbb.sync('totals');
SELECT count(*), status, error FROM target, run GROUP BY 2, 3;

SET client_min_messages = warning;
SELECT xbb.drop_sync('totals');
SELECT sim('remove');
DROP SERVER totals CASCADE;
DROP SCHEMA "dingTotals" CASCADE;
