-- A rescan that would ask for the same gets the rows that are kept within
-- work_mem; one with other values, or with too many rows, asks again.  Long
-- lists of dataIds are cut into batches.

\set company dingReplay
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=260 freeze=on');
CREATE SERVER replay FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER replay OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  update_time timestamptz,
  name        text  OPTIONS (attr 'text_1'),
  raw         jsonb OPTIONS (attr '*')
) SERVER replay OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;

-- one scan is four requests here: the question, which is page 1, pages 2 and 3, the audit
SELECT sim('clear');
SELECT count(*) AS once FROM product WHERE data_id % 2 = 0;
SELECT sim('count') AS once;
-- the inner side of a nested loop without parameters
SELECT sim('clear');
SELECT count(*), (SELECT 3 * count(*) FROM copy) AS "right" FROM generate_series(1, 3) g LEFT JOIN product p ON p.data_id + g > 0;
SELECT sim('count');
-- a correlated sub-select whose conditions stay the same: the second time shows it
SELECT sim('clear');
SELECT g, (SELECT count(*) FROM product WHERE data_id % 5 = g) = (SELECT count(*) FROM copy WHERE data_id % 5 = g) AS "right"
FROM generate_series(0, 4) g;
SELECT sim('count');
-- an early end: the rest is read when it is wanted
SELECT sim('clear');
SELECT g, (SELECT count(*) FROM (SELECT FROM product WHERE data_id + g > 0 LIMIT 50 * g) x) FROM generate_series(1, 5) g;
SELECT sim('count')::int < 5 * 4 AS fewer_than_five_scans;
-- other values: other requests
SELECT sim('clear');
SELECT t, (SELECT count(name) FROM product WHERE update_time >= t) = (SELECT count(name) FROM copy WHERE update_time >= t) AS "right"
FROM unnest('{2026-01-20,2026-01-20,2026-01-25,2026-01-20}'::timestamptz[]) t;
SELECT sim('log fields=cond');
-- what does not fit work_mem is read again
SET work_mem = '64kB';
SELECT sim('clear');
SELECT count(raw), (SELECT 3 * count(*) FROM copy) AS "right" FROM generate_series(1, 3) g LEFT JOIN product p ON p.data_id + g > 0;
SELECT sim('count');
RESET work_mem;

-- a value that comes again and again is asked for twice, another one anew
SELECT sim('clear');
SELECT string_agg((p.data_id - 51200000)::text, ' ') FROM unnest('{51200001,51200001,51200001,51200001,51200002,51200002,NULL,51200001}'::bigint[]) i,
  LATERAL (SELECT data_id FROM product WHERE data_id = i OFFSET 0) p;
SELECT sim('log fields=cond');
SELECT sim('clear');
SELECT count((SELECT min(data_id) FROM product WHERE name = n)) AS found
FROM (SELECT name || '' AS n FROM copy, generate_series(1, 4) g WHERE data_id < 51200003 ORDER BY data_id OFFSET 0) s;
SELECT sim('count');

-- batches of ids: each id once, in as few requests as there are fifties
SELECT sim('clear');
SELECT count(*), count(DISTINCT data_id) FROM product
WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy ORDER BY data_id LIMIT 120) || '{1,2,2,NULL}'::bigint[]);
SELECT sim('log fields=page,size,rows sort=on');
-- with another condition, and with a limit
SELECT (SELECT count(*) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy)) AND update_time >= '2026-01-01')
     = (SELECT count(*) FROM copy WHERE update_time >= '2026-01-01') AS "right";
SELECT count(*) FROM (SELECT FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy)) LIMIT 7) x;
-- an answer that is not complete, or not what its batch asked for, is an error
SELECT sim('fault what=no-total at=2');
SELECT count(name) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy));
SELECT sim('clear what=all');
SELECT sim('fault what=ignore at=2');
\set VERBOSITY terse
SELECT count(name) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy));
SELECT sim('clear what=all');
SELECT count(name) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy));

-- system columns say nothing, as in other foreign tables, also in a scan that repeats
SELECT tableoid::regclass = 'product'::regclass AS here, ctid, xmin, xmax, cmin, cmax, data_id - 51200000 AS id FROM product WHERE data_id IN (51200001, 51200002) ORDER BY data_id;
SELECT g, count(p.xmin), count(DISTINCT p.data_id) FROM generate_series(1, 3) g LEFT JOIN product p ON p.data_id + g > 0 GROUP BY g ORDER BY g;
