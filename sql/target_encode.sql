-- Rows become records as encode.h says: members in the columns' order, numbers digit for
-- digit, times by their column's option, in every session alike.
CREATE SCHEMA target_encode;
SET search_path = target_encode;
CREATE SERVER target_encode FOREIGN DATA WRAPPER xbb_target;
\pset format unaligned
\pset tuples_only on

-- The record of a query's row.
CREATE FUNCTION record(target regclass, query text) RETURNS text LANGUAGE sql AS
$$ SELECT record::text FROM xbb.send(target, query, dry_run => true) $$;
CREATE FUNCTION try(target regclass, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
BEGIN
  RETURN record(target, query);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
  RETURN concat_ws(E'\n', SQLSTATE || ': ' || SQLERRM, nullif('DETAIL: ' || d, 'DETAIL: '));
END $$;

-- The case study's own records.
CREATE FOREIGN TABLE material (编码 text, id text) SERVER target_encode;
SELECT record FROM xbb.send('material', $$VALUES ('001', 'A1'), ('002', 'B2')$$, dry_run => true);

-- Numbers, booleans, texts.
CREATE FOREIGN TABLE scalar (i2 int2, i4 int4, i8 int8, o oid, n numeric, f4 float4, f8 float8, b boolean, t text, v varchar(9),
  c char(4), q "char", nm name, u uuid) SERVER target_encode;
SELECT record('scalar', $$SELECT (-32768)::int2 AS i2, 2147483647 AS i4, -9223372036854775808 AS i8, 4294967295::oid AS o,
  123456789012345678901234567890.1234567890 AS n, 0.1::float4 AS f4, 1e300::float8 AS f8, false AS b,
  E'"\\/\b\f\n\r\t\x01中😀' AS t, '' AS v, 'ab'::char(4) AS c, 'x'::"char" AS q, 'n'::name AS nm,
  'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid AS u$$);
SET extra_float_digits = -15;
SELECT record('scalar', $$SELECT 0.1::float8 + 0.2::float8 AS f8, 16777216::float4 AS f4, 1.10 AS n$$);
RESET extra_float_digits;
SELECT record('scalar', $$SELECT 1e-20 AS n, -0.0::float8 AS f8, 12345678901234567890::float8 AS f4$$);
SELECT n, try('scalar', format('SELECT %L::numeric AS n', n)) FROM (VALUES ('NaN'), ('Infinity')) v (n);
SELECT f, try('scalar', format('SELECT %L::float8 AS f8', f)) FROM (VALUES ('NaN'), ('-Infinity')) v (f);
-- assigned as INSERT would
SELECT record('scalar', $$SELECT 1.5::float8 AS i4, 7 AS t, 'abcd   '::text AS c$$);
SELECT try('scalar', $$SELECT 'x'::text AS i4$$), try('scalar', $$SELECT 70000 AS i2$$), try('scalar', $$SELECT 'abcdef'::text AS c$$);

-- As strings, where the column says so.
CREATE FOREIGN TABLE quoted (i8 int8 OPTIONS (string 'true'), n numeric OPTIONS (string 'true'), f8 float8 OPTIONS (string 'on'), b boolean OPTIONS (string 'true'),
  a int[] OPTIONS (string 'true'), e timestamptz OPTIONS (string 'true', time 'epoch'), t text OPTIONS (string 'true')) SERVER target_encode;
SELECT record('quoted', $$SELECT 9007199254740993 AS i8, 1.50 AS n, 2.5::float8 AS f8, true AS b, '{1,NULL}'::int[] AS a, timestamptz '1970-01-01 00:00:07Z' AS e, 'x' AS t$$);

-- JSON as it is; bytes as base64 (RFC 4648 10); arrays, composites, domains, enums.
CREATE TYPE colour AS ENUM ('red', 'grün');
CREATE DOMAIN price AS numeric(10, 2);
CREATE TYPE order_line AS (number int, item text, gone text, price price, at date);
ALTER TYPE order_line DROP ATTRIBUTE gone;
CREATE FOREIGN TABLE nested (j json, b jsonb, y bytea, a int[], t text[], d price, ds price[], c colour, cs colour[], l order_line, ls order_line[]) SERVER target_encode;
SELECT record('nested', $$SELECT '{"b" : [1.50, "\u4e2d"], "a": 1e2}'::json AS j, '{"b" : [1.50, "\u4e2d"], "a": 1e2}'::jsonb AS b$$);
SELECT record('nested', format('SELECT %L::bytea AS y', y)) FROM (VALUES (''), ('f'), ('fo'), ('foo'), ('foob'), ('fooba'), ('foobar')) v (y);
SELECT record('nested', $$SELECT '{}'::int[] AS a, '{a,NULL,"b,\""}'::text[] AS t$$);
SELECT record('nested', $$SELECT '[0:1][2:3]={{1,2},{NULL,4}}'::int[] AS a$$);
SELECT record('nested', $$SELECT 1.5 AS d, '{1,2.345}'::numeric[] AS ds, 'grün'::target_encode.colour AS c, '{red,grün}'::target_encode.colour[] AS cs$$);
SELECT record('nested', $$SELECT (1, 'a', 2.5, '2026-01-02')::target_encode.order_line AS l, ARRAY[(1, 'a', NULL, NULL), NULL, (2, NULL, 3, NULL)]::target_encode.order_line[] AS ls$$);

-- 2,000 rows of all lengths, digits and characters: the server's own to_jsonb() is the judge.
CREATE FOREIGN TABLE judged (n numeric, i int8, f float8, f4 float4, b boolean, t text, a int[], ts text[], j jsonb, l order_line, ls order_line[])
  SERVER target_encode OPTIONS ("null" 'null');
CREATE VIEW judge AS SELECT row_number() OVER () AS number, r.*
FROM generate_series(1, 2000) k, LATERAL (SELECT hashint8extended(k, 7) AS h, hashint8extended(k, 8) AS g) s,
  LATERAL (SELECT CASE WHEN h % 7 <> 0 THEN h::numeric / (10::numeric ^ abs(g % 25)) END AS n, CASE WHEN h % 5 <> 0 THEN g END AS i,
    h::float8 * 10::float8 ^ (g % 280) AS f, h::float4 / g::float4 AS f4, h > g AS b,
    CASE WHEN h % 3 <> 0 THEN (SELECT string_agg(chr(CASE WHEN c < 55296 OR c > 57343 THEN c ELSE 34 END), '' ORDER BY p)
      FROM generate_series(1, abs(h % 9)::int) p, LATERAL (SELECT (1 + abs(hashint8extended(h, p)) % (10 ^ (1 + p % 5))::int % 65535)::int AS c) x) END AS t,
    ARRAY[h % 100, NULL, g % 100]::int[] AS a, ARRAY[chr(abs(g % 127)::int + 1), NULL, '"\'] AS ts, to_jsonb(ARRAY[h, g]) AS j,
    ROW(h % 9, chr(abs(h % 127)::int + 1), NULL, NULL)::target_encode.order_line AS l,
    ARRAY[ROW(1, 'x', g % 99, NULL), NULL]::target_encode.order_line[] AS ls) r;
SELECT count(*) AS judged, count(*) FILTER (WHERE s.record::jsonb = to_jsonb(w) - 'number') AS alike
FROM xbb.send('judged', 'SELECT n, i, f, f4, b, t, a, ts, j, l, ls FROM target_encode.judge ORDER BY number', dry_run => true) s JOIN judge w ON w.number = s.position;

-- Times: of the server's zone, by option time.
CREATE FOREIGN TABLE moment (t timestamptz, e timestamptz OPTIONS (time 'epoch'), m timestamptz OPTIONS (time 'epoch_ms'),
  p timestamptz OPTIONS (time 'YYYY-MM-DD"T"HH24:MI:SS.MSTZH:TZM'), l timestamp, le timestamp OPTIONS (time 'epoch'), lp timestamp OPTIONS (time 'YYYYMMDDHH24MISS'),
  d date, de date OPTIONS (time 'epoch_ms'), dp date OPTIONS (time 'YYYY/MM'), a timestamptz[] OPTIONS (time 'epoch'), c time, i interval, r tstzrange)
  SERVER target_encode;
CREATE FUNCTION moment(at timestamptz) RETURNS text LANGUAGE sql AS
$$ SELECT record('moment', format('SELECT %1$L::timestamptz AS t, %1$L::timestamptz AS e, %1$L::timestamptz AS m, %1$L::timestamptz AS p', at)) $$;
SELECT moment('2026-01-31 23:59:59.9996+08'), moment('1969-12-31 23:59:59.999Z'), moment('1970-01-01 00:00:00Z');
SELECT record('moment', $$SELECT timestamp '1970-01-01 08:00:01.5' AS l, timestamp '1970-01-01 08:00:01.5' AS le, timestamp '2026-02-03 04:05:06' AS lp,
  date '2026-02-03' AS d, date '1970-01-02' AS de, date '2026-02-03' AS dp, ARRAY[timestamptz '1970-01-01 00:00:01Z', NULL] AS a$$);
-- an hour that came twice there, in 1991: the later one is +08
SELECT record('moment', $$SELECT timestamp '1991-09-15 01:30:00' AS le$$);
SELECT record('moment', $$SELECT time '01:02:03.5' AS c, interval '1 year 2 days 03:04:05' AS i, tstzrange('2026-01-01Z', '2026-01-02Z') AS r$$);
SET TimeZone = 'America/New_York';
SET DateStyle = 'German';
SET IntervalStyle = 'iso_8601';
SELECT moment('2026-01-31 23:59:59.9996+08') FROM (SELECT set_config('DateStyle', 'ISO', true)) s;
SELECT record('moment', $$SELECT '2026-02-03'::date AS d, interval '1 year 2 days 03:04:05' AS i, tstzrange('2026-01-01Z', '2026-01-02Z') AS r$$);
RESET TimeZone;
RESET DateStyle;
RESET IntervalStyle;
SELECT t, try('moment', format('SELECT %L::timestamptz AS t', t)) FROM (VALUES ('infinity'), ('0044-03-15 BC'), ('10000-01-01Z')) v (t);
SELECT d, try('moment', format('SELECT %L::date AS de', d)) FROM (VALUES ('-infinity'), ('9999-12-31')) v (d);

-- NULL is left out, or null; an object without members is left out, too.
CREATE FOREIGN TABLE part (number text OPTIONS (attr 'FNumber'), org text OPTIONS (attr 'FOrg.FNumber'), org_name text OPTIONS (attr 'FOrg.FName', "null" 'null'),
  unit text OPTIONS (attr 'FUnit.FDeep.FNumber'), odd text OPTIONS (attr 'a b."c')) SERVER target_encode;
SELECT record('part', $$SELECT 'n' AS number, 'o' AS org, 'on' AS org_name, 'u' AS unit, 'x' AS odd$$);
SELECT record('part', $$SELECT NULL::text AS number, NULL::text AS org, NULL::text AS org_name, NULL::text AS unit$$);
-- what the query does not have is not sent
SELECT record('part', $$SELECT NULL::text AS unit, 'n' AS number$$), record('part', $$SELECT NULL::text AS unit$$);

-- The whole record.
CREATE FOREIGN TABLE whole (r jsonb OPTIONS (attr '*'), verdict text OPTIONS (verdict 'status')) SERVER target_encode;
SELECT record('whole', $$SELECT '{"a": 1.0}'::jsonb AS r$$), record('whole', $$SELECT '["a"]'::jsonb AS r$$), try('whole', $$SELECT NULL::jsonb AS r$$);

-- Tables that make no sense say so at first use, whatever is in the query.
CREATE FOREIGN TABLE twice (a text OPTIONS (attr 'x'), b text OPTIONS (attr 'x')) SERVER target_encode;
CREATE FOREIGN TABLE below (a text OPTIONS (attr 'x'), b text OPTIONS (attr 'x.y.z')) SERVER target_encode;
CREATE FOREIGN TABLE above (a text OPTIONS (attr 'x.y.z'), b text OPTIONS (attr 'x')) SERVER target_encode;
CREATE FOREIGN TABLE beside (a text, b jsonb OPTIONS (attr '*')) SERVER target_encode;
CREATE FOREIGN TABLE nothing (a text OPTIONS (verdict 'id')) SERVER target_encode;
CREATE FOREIGN TABLE timeless (a text OPTIONS (time 'epoch')) SERVER target_encode;
CREATE FOREIGN TABLE unsteady (a text, b money) SERVER target_encode;
CREATE TYPE unsteady_row AS (r regclass);
CREATE FOREIGN TABLE unsteady_member (a unsteady_row) SERVER target_encode;
SELECT t, try(t::regclass, 'SELECT ''1'', ''1''') FROM unnest('{twice,below,above}'::text[]) t;
SELECT try('beside', $$SELECT '1', '1'::jsonb$$), try('nothing', 'SELECT'), try('timeless', 'SELECT ''1'''),
  try('unsteady', $$SELECT '1', 1::money$$), try('unsteady_member', $$SELECT ROW('pg_class')::target_encode.unsteady_row$$);

-- What is asked: one SELECT, whose columns are the table's by name, or by position where no name is.
SELECT try('material', 'SELECT 1 AS one, 2 AS two'), try('material', 'SELECT ''b'' AS id, ''a'' AS "编码"'), try('material', 'TABLE material');
SELECT try('material', query) FROM (VALUES ('SELECT 1 AS id, 2 AS two'), ('SELECT 1 AS one'), ('SELECT 1 AS id, 2 AS id'), ('SELECT'),
  ('SELECT 1; SELECT 2'), ('DELETE FROM pg_class RETURNING 1'), ('CREATE TABLE x ()'), (''), ('SELECT $1'), ('SELEC')) v (query);
SELECT count(*), min(record::text), max(record::text) FROM xbb.send('material', 'SELECT n::text, n::text FROM generate_series(100001, 103000) n', dry_run => true);

SET client_min_messages = warning;
DROP SCHEMA target_encode CASCADE;
DROP SERVER target_encode;

-- In a database of another encoding records are UTF-8 all the same: else this could not show them.
SELECT current_database() AS original \gset
CREATE DATABASE regress_xbb_target_gb TEMPLATE template0 ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_target_gb
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION xbb_fdw;
CREATE SERVER target_encode FOREIGN DATA WRAPPER xbb_target;
CREATE FOREIGN TABLE material (编码 text, j json OPTIONS (attr '规格.说明'), b jsonb, d date OPTIONS (time 'YYYY"年"')) SERVER target_encode;
SELECT octet_length('编码'), record FROM xbb.send('material', $$SELECT '中"文' AS "编码", '{"中":"文"}'::json AS j, '["文"]'::jsonb AS b, date '2026-01-02' AS d$$, dry_run => true);
-- and jsonpaths are of the database's encoding, in a probe as elsewhere
\! python3 $XBB_SIM ctl targetEncodeGb create-target
\getenv url XBB_SIM_URL
SELECT :'url' || '/target/targetEncodeGb' AS base \gset
ALTER SERVER target_encode OPTIONS (ADD base_url :'base', ADD rate_limit '0', ADD max_retries '0', ADD ok '$.code == 0', ADD repeat 'probe',
  ADD probe '{"api": "/api/query", "envelope": {"id": "$record.id"}, "found": "$.data[*] ? (@.id == \"中\")"}');
CREATE USER MAPPING FOR CURRENT_USER SERVER target_encode;
CREATE FOREIGN TABLE asked (id text) SERVER target_encode OPTIONS (api '/api/execute', batch_size '2');
SET client_min_messages = error;
\! python3 $XBB_SIM ctl targetEncodeGb fault what=close at=1
SELECT status, message FROM xbb.send('asked', $$SELECT '中' AS id$$);
\! python3 $XBB_SIM ctl targetEncodeGb remove
\c :original
DROP DATABASE regress_xbb_target_gb;

-- Escapes in jsonpaths are characters in any encoding; where it has none, nothing is that character, and all else works.
CREATE DATABASE regress_xbb_target_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE regress_xbb_target_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_target_ascii
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION xbb_fdw;
CREATE SERVER k3 FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://k3.example', preset 'kingdee_k3');
CREATE FOREIGN TABLE k3_material (id text) SERVER k3 OPTIONS (api '/x');
CREATE SERVER odd FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://k3.example', ok '$.a == "\u4e2d\ud83d\ude00\u{4e2d}"', message '$.b\u4e2d',
  throttled '$.a == "\\u4e2d"', retry '$.a == "\"\u00e9"');
CREATE FOREIGN TABLE odd_material (id text) SERVER odd OPTIONS (api '/x');
CREATE FOREIGN TABLE refused (id text) SERVER odd OPTIONS (api '/x', ok '$.a == "\u4e2"');
SELECT status FROM xbb.judge('k3_material', 200, '{"Result": {"ResponseStatus": {"IsSuccess": false, "Errors": [{"Message": "会话信息已丢失，请重新登录"}]}}}');
SELECT status FROM xbb.judge('k3_material', 200, '{"Result": {"ResponseStatus": {"IsSuccess": false, "Errors": [{"Message": "物料不存在"}]}}}');
SELECT answer, status, message FROM (VALUES ('{"a": "中😀中"}'), ('{"a": "中", "b中": "说"}'), ('{"a": "\\u4e2d"}'), ('{"a": "\"é"}')) v (answer),
  xbb.judge('odd_material', 200, answer);
\c regress_xbb_target_latin
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION xbb_fdw;
CREATE SERVER k3 FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://k3.example', preset 'kingdee_k3');
CREATE FOREIGN TABLE k3_material (id text) SERVER k3 OPTIONS (api '/x');
SELECT status FROM xbb.judge('k3_material', 200, '{"Result": {"ResponseStatus": {"IsSuccess": true, "SuccessEntitys": [{"Id": 1, "DIndex": 0}], "Errors": []}}}');
SELECT status, message FROM xbb.judge('k3_material', 200, '{"Result": {"ResponseStatus": {"IsSuccess": false, "Errors": [{"Message": "session was lost"}]}}}');
CREATE SERVER odd FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://k3.example', ok '$.a like_regex "\u4e2d|\u00e9"');
CREATE FOREIGN TABLE odd_material (id text) SERVER odd OPTIONS (api '/x');
SELECT status FROM unnest('{"{\"a\": \"é\"}","{\"a\": \"e\"}"}'::text[]) answer, xbb.judge('odd_material', 200, answer);
\c :original
DROP DATABASE regress_xbb_target_ascii;
DROP DATABASE regress_xbb_target_latin;
