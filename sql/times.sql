-- A time is the same whatever its spelling: in rows, for the conditions that the API
-- is sent and checked by, in syncs.  Text is read as PostgreSQL reads it, but only
-- what cannot be misread.

\set company dingTimes
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=250 freeze=on times=text');
CREATE SERVER times FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER times OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, add_time timestamptz, update_time timestamptz, added timestamp OPTIONS (attr 'addTime'))
  SERVER times OPTIONS (object 'product');
\set VERBOSITY terse

-- text times meet the conditions that were sent on them, in windows, too
CREATE TABLE copy AS SELECT * FROM source;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM ((TABLE "dingTimes".source EXCEPT TABLE "dingTimes".copy) UNION ALL (TABLE "dingTimes".copy EXCEPT TABLE "dingTimes".source)) d
$$;
SELECT count(*), differences() FROM copy;
CREATE FUNCTION compare(condition text) RETURNS TABLE (counted bigint, read bigint, expected bigint) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT (SELECT count(*) FROM source WHERE %1$s), (SELECT count(data_id) FROM source WHERE %1$s), (SELECT count(*) FROM copy WHERE %1$s)', condition)
  INTO counted, read, expected;
  RETURN NEXT;
END $$;
SELECT * FROM compare($$update_time >= '2026-01-20'$$);
SELECT * FROM compare($$add_time BETWEEN '2025-06-01' AND '2025-12-24 18:00'$$);
SELECT * FROM compare($$add_time < '2025-06-01' AND update_time > '2025-03-01'$$);
SELECT * FROM compare($$update_time = (SELECT max(update_time) FROM copy)$$);
SELECT sent($$SELECT count(data_id) FROM source WHERE update_time >= '2026-01-20'$$);
SELECT sim('set page_max=20');
ALTER SERVER times OPTIONS (ADD page_size '20');
SELECT differences();
ALTER SERVER times OPTIONS (DROP page_size);
SELECT sim('set page_max=0');

SELECT xbb.create_sync('times', 'source', 'target', '{data_id}', delete_mode => 'delete', columns => '{"serial_no": "serial_no"}');
CREATE VIEW run AS
  SELECT status, inserted, updated, deleted, error FROM xbb.sync_run WHERE sync = 'times' ORDER BY id DESC LIMIT 1;
CALL xbb.sync('times');
TABLE run;
SELECT sim('clock advance=60');
SELECT sim('touch id=last', '{"serialNo": "changed"}');
CALL xbb.sync('times');
TABLE run;
SELECT sim('drop id=51200001,51200100');
CALL xbb.reconcile('times');
TABLE run;
SELECT xbb.drop_sync('times');

-- a record whose time is none, under a condition: that is said
SELECT sim('set times=s');
\set VERBOSITY default
SELECT sim('putraw id=7 add=1770000000 update=1770000000', '{"dataId":7,"addTime":1770000000,"updateTime":"soon","data":{}}');
SELECT count(data_id) FROM source WHERE update_time > '2026-02-02 02:40';
SELECT sim('putraw id=7 add=1770000000 update=1770000000', '{"dataId":7,"addTime":"2026-02-30","updateTime":1770000000,"data":{}}');
SELECT count(data_id) FROM source WHERE add_time > '2026-02-02 02:39:59';
SELECT sim('putraw id=7 add=1770000000 update=1770000000', '{"dataId":7,"addTime":1770000000,"updateTime":1769000000,"data":{}}');
SELECT count(data_id) FROM source WHERE update_time > '2026-02-02 02:40';
\set VERBOSITY terse
SELECT sim('drop id=7');

-- the last day of 9999 is seconds, in every zone; as milliseconds it would be four
-- minutes of 1978
CREATE FOREIGN TABLE ends (data_id bigint, update_time timestamptz, ends timestamptz[] OPTIONS (attr 'array_1'), days date[] OPTIONS (attr 'array_1'))
  SERVER times OPTIONS (object 'product');
SELECT sim('put', '{"dataId":8,"addTime":1770000001,"updateTime":1770000001,"data":{"array_1":[253402127999,253402128000,253402185600,"253402271999",
  253402185600.5,2.534021856e11,253402347599,253402347600,253402185600000,-253402185600]}}');
SELECT u.at AT TIME ZONE 'UTC' AS utc, u.day FROM ends, unnest(ends, days) u (at, day) WHERE data_id = 8;
-- each zone's last midnight and last second
SELECT sim('put', format('{"dataId":8,"addTime":1770000001,"updateTime":1770000001,"data":{"array_1":%s}}',
  (SELECT json_agg(extract(epoch FROM t AT TIME ZONE z)::bigint ORDER BY z, t)
   FROM unnest(ARRAY['Pacific/Kiritimati', 'Pacific/Apia', 'Asia/Shanghai', 'UTC', 'America/New_York', 'Pacific/Pago_Pago', 'Etc/GMT+12']) z,
   unnest(ARRAY[timestamp '9999-12-31 00:00:00', '9999-12-31 23:59:59']) t)));
SELECT bool_and(u.ends AT TIME ZONE z IN ('9999-12-31 00:00:00', '9999-12-31 23:59:59')), count(*)
FROM ends, unnest(ends) WITH ORDINALITY u (ends, n),
  unnest(ARRAY['America/New_York', 'Asia/Shanghai', 'Etc/GMT+12', 'Pacific/Apia', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC']) WITH ORDINALITY z (z, m)
WHERE data_id = 8 AND (n + 1) / 2 = m;
-- it is what still holds
CREATE FOREIGN TABLE valid (data_id bigint, valid_until date OPTIONS (attr 'date_1')) SERVER times OPTIONS (object 'product');
SELECT sim('put', '{"dataId":9,"addTime":1770000002,"updateTime":1770000002,"data":{"date_1":253402185600}}');
SELECT data_id, valid_until FROM valid WHERE valid_until >= '2026-02-02' AND data_id = 9;
SELECT sim('putraw id=9 add=1770000002 update=2000000000', '{"dataId":9,"addTime":1770000002,"updateTime":253402185600,"data":{}}');
SELECT data_id, update_time FROM source WHERE update_time > '2027-01-01';
SELECT sim('drop id=9');

-- spellings at random, in several zones, against PostgreSQL's own reading
CREATE TABLE spelling (n int, text text);
SELECT setseed(0.20260202);
INSERT INTO spelling
SELECT n, format(CASE WHEN n % 2 = 0 THEN '%1$s-%2$s-%3$s' ELSE '%1$s/%2$s/%3$s' END, lpad(y::text, 4, '0'),
    CASE WHEN n % 3 = 0 THEN m::text ELSE lpad(m::text, 2, '0') END, CASE WHEN n % 5 = 0 THEN d::text ELSE lpad(d::text, 2, '0') END) ||
  CASE WHEN n % 7 > 0 THEN
    (ARRAY['T', 't', ' ', '  '])[1 + n % 4] || format('%s:%s', CASE WHEN n % 11 = 0 THEN h::text ELSE lpad(h::text, 2, '0') END, lpad(i::text, 2, '0')) ||
    CASE WHEN n % 13 > 0 THEN ':' || lpad(s::text, 2, '0') || CASE WHEN n % 17 > 8 THEN '.' || (f % power(10, 1 + n % 6)::int) ELSE '' END ELSE '' END ||
    (ARRAY['', '', '', 'Z', 'z', '+08', '-0330', '+05:45', ' +08:00', ' Z'])[1 + n / 7 % 10]
  ELSE '' END || CASE WHEN n % 19 = 0 THEN ' ' ELSE '' END
FROM (SELECT n, CASE WHEN n % 4 = 0 THEN 1 + floor(random() * 9998)::int ELSE 1900 + floor(random() * 150)::int END AS y,
        1 + floor(random() * 12)::int AS m, 1 + floor(random() * 28)::int AS d, floor(random() * 24)::int AS h, floor(random() * 60)::int AS i,
        floor(random() * 60)::int AS s, floor(random() * 1000000)::int AS f FROM generate_series(1, 2000) n) r;
-- where clocks change, and odd ends
INSERT INTO spelling SELECT 2001 + row_number() OVER (), t FROM (
  SELECT to_char(t, 'YYYY-MM-DD HH24:MI:SS') FROM unnest(ARRAY[timestamp '2026-03-08', '2026-11-01', '1986-05-04', '1991-09-15', '1940-06-01', '1900-12-31', '2011-12-29']) d,
    generate_series(d, d + interval '2 days', interval '20 minutes') t
  UNION ALL SELECT unnest(ARRAY['0001-01-01', '9999-12-31 23:59:59.999999', '9999-12-31T24:00', '2024-02-29', '2000-02-29', '2026-06-30 23:59:60', '2026-01-02 0:00'])) o (t);
SELECT sim('put', format('{"dataId":8,"addTime":1770000001,"updateTime":1770000001,"data":{"array_1":%s}}', (SELECT json_agg(text ORDER BY n) FROM spelling)));
CREATE FOREIGN TABLE spelled (data_id bigint, at timestamptz[] OPTIONS (attr 'array_1'), local timestamp[] OPTIONS (attr 'array_1'), day date[] OPTIONS (attr 'array_1'))
  SERVER times OPTIONS (object 'product');
SET DateStyle = 'ISO, YMD';
CREATE FUNCTION spell(zone text) RETURNS TABLE (texts bigint, at bigint, local bigint, day bigint) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER SERVER times OPTIONS (%s time_zone %L)', CASE zone WHEN 'Asia/Shanghai' THEN 'ADD' ELSE 'SET' END, zone);
  PERFORM set_config('TimeZone', zone, true);
  RETURN QUERY SELECT count(*), count(*) FILTER (WHERE u.at = s.text::timestamptz), count(*) FILTER (WHERE u.local = s.text::timestamptz::timestamp),
    count(*) FILTER (WHERE u.day = s.text::timestamptz::date)
  FROM spelled p, unnest(p.at, p.local, p.day) WITH ORDINALITY u (at, local, day, n)
  JOIN (SELECT text, row_number() OVER (ORDER BY spelling.n) AS n FROM spelling) s USING (n) WHERE p.data_id = 8;
END $$;
SELECT zone, s.* FROM unnest(ARRAY['Asia/Shanghai', 'America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC']) zone, spell(zone) s;
ALTER SERVER times OPTIONS (DROP time_zone);
SET DateStyle = 'ISO, MDY';
-- more digits of a second than there is room for are cut, as they are in numbers
SELECT sim('put', '{"dataId":8,"addTime":1770000001,"updateTime":1770000001,"data":{"array_1":["2026-01-02T03:04:59.99999999Z","2026-01-02 03:04:05,6Z",1767323099.99999999]}}');
SELECT at FROM spelled WHERE data_id = 8;

-- what is no time: each is refused, by each type, and is no stamp of a record
CREATE TABLE refused (n serial, value text);
INSERT INTO refused (value) SELECT unnest(ARRAY['now', 'today', 'tomorrow', 'infinity', '-infinity', 'epoch', 'allballs', 'NaN', 'J2451187', '01/02/2026', '2-1-2026',
  '02.01.2026', '2026.01.02', '2026-002', 'Jan 2 2026', '2 January 2026', 'Fri, 02 Jan 2026 10:00:00 GMT', '2026年1月2日', '20260102T101112', '2026-01',
  '2026-01-02T', '2026-01-02 10', '2026-01-02 10:00:', '2026-01-02 10:00:00.', '2026-01-02 10:0', '2026-01-02 10:00 AM', '2026-01-02 10:00 PST',
  '2026-01-02 10:00 Asia/Tokyo', '2026-01-02 10:00 UTC', '2026-01-02+08', '2026-01-02 10:00+8', '2026-01-02 10:00+08:', '2026-01-02 10:00 BC', '2026/01-02',
  '10000-01-01', '26-01-02', '-2026-01-02', '2026-01-02 10:00:00 x', '2026-01-02 10:00:00Z+08', '10:00', 'x', '２０２６-01-02', ' ', '-', '2026-01-02 10:00:00+080000']);
INSERT INTO refused (value) SELECT unnest(ARRAY['2026-02-29', '2026-13-01', '2026-00-01', '2026-01-00', '2026-01-32', '0000-01-01', '1900-02-29', '2026-01-02 24:01',
  '2026-01-02 25:00', '2026-01-02 10:60', '2026-01-02 10:00:61', '2026-01-02 24:00:00.1', '0000-00-00 00:00:00']);
CREATE FOREIGN TABLE read (data_id bigint, at timestamptz OPTIONS (attr 'text_1'), local timestamp OPTIONS (attr 'text_1'), day date OPTIONS (attr 'text_1'),
  failed jsonb OPTIONS (attr '#error')) SERVER times OPTIONS (object 'product', on_error 'set_null');
DO $$
BEGIN
  PERFORM "dingTimes".sim('put', format('{"dataId":%s,"addTime":1770000001,"updateTime":1770000001,"data":{"text_1":%s}}', 100 + n, to_json(value)))
  FROM "dingTimes".refused;
END $$;
CREATE TABLE result AS SELECT r.*, refused.value FROM read r JOIN refused ON data_id = n + 100;
SELECT count(*), count(*) FILTER (WHERE num_nulls(at, local, day) = 3) AS null FROM result;
SELECT sqlstate, types, count(*), array_agg(value ORDER BY data_id) AS values
FROM (SELECT data_id, r.value, f ->> 'sqlstate' AS sqlstate, count(*) AS types FROM result r, jsonb_array_elements(failed) f GROUP BY 1, 2, 3) f
GROUP BY 1, 2 ORDER BY 1, 2;
ALTER FOREIGN TABLE read OPTIONS (SET on_error 'error');
SELECT at FROM read WHERE data_id = 101;
SELECT local FROM read WHERE data_id = 145;
SELECT day FROM read WHERE data_id = 145;
SELECT day FROM read WHERE data_id = 146;

SET client_min_messages = warning;
SELECT sim('remove');
DROP SERVER times CASCADE;
DROP SCHEMA "dingTimes" CASCADE;
