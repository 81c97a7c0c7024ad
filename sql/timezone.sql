-- The session's TimeZone decides how a timestamptz is shown and how a literal is
-- read, never which records a bound of the same instant selects; date and timestamp
-- columns speak the time zone of the server's option.

\set company dingTimezone
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=60 freeze=on');
CREATE SERVER timezone FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER timezone OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  update_time timestamptz,
  here        timestamp   OPTIONS (attr 'updateTime'),
  today       date        OPTIONS (attr 'updateTime'),
  name        text        OPTIONS (attr 'text_1')
) SERVER timezone OPTIONS (object 'product');
CREATE TABLE seen (zone text, kind text, ids bigint[]);
SELECT sim('put', '{"dataId":1,"addTime":1767196800,"updateTime":1767196800,"data":{"text_1":"midnight in Shanghai"}}');
SELECT sim('put', '{"dataId":2,"addTime":1767196799,"updateTime":1767196799,"data":{"text_1":"a second before"}}');
SELECT sim('put', '{"dataId":3,"addTime":1767225600,"updateTime":1767225600,"data":{"text_1":"midnight in Greenwich"}}');

PREPARE look AS
INSERT INTO seen
SELECT current_setting('TimeZone'), 'instant', array_agg(data_id ORDER BY data_id) FROM product WHERE update_time >= '2026-01-01 00:00+08'
UNION ALL
SELECT current_setting('TimeZone'), 'local time', array_agg(data_id ORDER BY data_id) FROM product WHERE here >= '2026-01-01 00:00'
UNION ALL
SELECT current_setting('TimeZone'), 'day', array_agg(data_id ORDER BY data_id) FROM product WHERE today >= '2026-01-01'
UNION ALL
SELECT current_setting('TimeZone'), 'one day', array_agg(data_id ORDER BY data_id) FROM product WHERE today = '2026-01-01';

SET TimeZone = 'Asia/Shanghai';
EXECUTE look;
SELECT data_id, update_time, here, today FROM product WHERE data_id < 10 ORDER BY 1;
SET TimeZone = 'UTC';
EXECUTE look;
SELECT data_id, update_time, here, today FROM product WHERE data_id < 10 ORDER BY 1;
SET TimeZone = 'America/New_York';
EXECUTE look;
SELECT data_id, update_time, here, today FROM product WHERE data_id < 10 ORDER BY 1;
SELECT kind, count(DISTINCT ids) AS answers, max(cardinality(ids)) > 0 AS some FROM seen GROUP BY kind ORDER BY kind;

-- a literal without zone is the session's, and goes out as the instant it means
SET TimeZone = 'Asia/Shanghai';
SELECT sent($$SELECT name FROM product WHERE update_time >= '2026-01-01'$$);
SELECT sent($$SELECT name FROM product WHERE update_time >= date '2026-01-01'$$);
SELECT sent($$SELECT name FROM product WHERE here >= '2026-01-01'$$);
SET TimeZone = 'America/New_York';
SELECT sent($$SELECT name FROM product WHERE update_time >= '2026-01-01'$$);
SELECT sent($$SELECT name FROM product WHERE update_time >= date '2026-01-01'$$);
SELECT sent($$SELECT name FROM product WHERE here >= '2026-01-01'$$);
SELECT count(name) FROM product WHERE update_time = '2026-01-01' AND data_id < 10;

-- the server's zone
SET TimeZone = 'UTC';
ALTER SERVER timezone OPTIONS (ADD time_zone 'America/New_York');
SELECT data_id, update_time, here, today FROM product WHERE data_id < 10 ORDER BY 1;
SELECT sent($$SELECT name FROM product WHERE here >= '2026-01-01'$$);
SELECT sent($$SELECT name FROM product WHERE today = '2025-12-31'$$);
SELECT data_id FROM product WHERE today = '2025-12-31' AND data_id < 10 ORDER BY 1;

-- where a clock is put back, an hour comes twice, and both are found
SELECT sim('put', '{"dataId":4,"addTime":1730611800,"updateTime":1730611800,"data":{"text_1":"01:30 the first time"}}');
SELECT sim('put', '{"dataId":5,"addTime":1730615400,"updateTime":1730615400,"data":{"text_1":"01:30 the second time"}}');
SELECT data_id, update_time, here FROM product WHERE here = '2024-11-03 01:30' ORDER BY 1;
SELECT data_id FROM product WHERE here BETWEEN '2024-11-03 01:00' AND '2024-11-03 01:59' ORDER BY 1;

-- where the calendar skips a day, a time of that day lies between its neighbours
ALTER SERVER timezone OPTIONS (SET time_zone 'Pacific/Apia');
SELECT sim('put', '{"dataId":6,"addTime":1325239199,"updateTime":1325239199,"data":{"text_1":"the last second of the 29th"}}');
SELECT sim('put', '{"dataId":7,"addTime":1325239200,"updateTime":1325239200,"data":{"text_1":"midnight of the 31st"}}');
SELECT data_id, update_time, here FROM product WHERE here >= '2011-12-30 12:00' AND here < '2012-01-01' ORDER BY 1;
SELECT data_id, update_time, here FROM product WHERE here > '2011-12-29' AND here <= '2011-12-30 12:00' ORDER BY 1;
