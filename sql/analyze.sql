-- ANALYZE reads a small list whole and samples a large one with few requests; what
-- it learns makes estimates honour the quals.

\set company dingAnalyze
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=260 freeze=on');
CREATE SERVER "analyze" FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER "analyze" OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  add_time    timestamptz,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  size        text    OPTIONS (attr 'text_8'),
  cost        numeric OPTIONS (attr 'num_2'),
  owners      text[]  OPTIONS (attr 'ownerId'),
  raw         json    OPTIONS (attr '*')
) SERVER "analyze" OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;
ANALYZE copy;

-- never analyzed: something, and nothing is sent to find out
CREATE FUNCTION estimate(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
  RETURN plan -> 0 -> 'Plan' -> 'Plan Rows';
END
$$;
SELECT sim('clear');
SELECT estimate('SELECT * FROM product');
SELECT sim('count');

-- a small list: exactly what ANALYZE learns of a local copy
ANALYZE product;
SELECT reltuples FROM pg_class WHERE oid = 'product'::regclass;
SELECT count(*) AS columns, count(*) FILTER (WHERE (a.null_frac, a.avg_width, a.n_distinct) IS DISTINCT FROM (b.null_frac, b.avg_width, b.n_distinct)) AS different
FROM pg_stats a FULL JOIN pg_stats b USING (schemaname, attname)
WHERE schemaname = 'dingAnalyze' AND a.tablename = 'product' AND b.tablename = 'copy';
SELECT a.most_common_vals::text = b.most_common_vals::text AS same_sizes, a.most_common_freqs = b.most_common_freqs AS as_often
FROM pg_stats a JOIN pg_stats b USING (schemaname, attname)
WHERE schemaname = 'dingAnalyze' AND attname = 'size' AND a.tablename = 'product' AND b.tablename = 'copy';

-- estimates honour quals, those that are sent and those that are not
CREATE FUNCTION near(predicate text, OUT estimate bigint, OUT "right" boolean) LANGUAGE plpgsql AS $$
DECLARE
  local bigint := estimate('SELECT * FROM copy WHERE ' || predicate);
BEGIN
  estimate := estimate('SELECT * FROM product WHERE ' || predicate);
  "right" := estimate BETWEEN local * 0.9 - 1 AND local * 1.1 + 1;
END
$$;
SELECT predicate, estimate BETWEEN 1 AND 260 AS possible, "right"
FROM unnest(ARRAY['true', $$update_time >= '2026-01-20'$$, $$update_time < '2026-01-20' AND update_time >= '2025-12-01'$$,
                  $$size = '4'$$, $$size = '4' AND cost > 1000$$, $$cost > 1000$$, $$name LIKE '%x%'$$, 'data_id = 51200003']) predicate, near(predicate);
SELECT estimate('SELECT * FROM product WHERE data_id = 51200003');
SELECT estimate('SELECT count(*) FROM product');

-- chosen columns only
ALTER FOREIGN TABLE product ALTER COLUMN cost SET STATISTICS 0;
ANALYZE product (name, cost);

-- a large list: few requests, the size exact, the spread about right
SELECT sim('create object=customer records=20000 form_id=5300201 width=4 step=60');
CREATE FOREIGN TABLE customer (
  data_id  bigint,
  add_time timestamptz,
  name     text OPTIONS (attr 'text_1')
) SERVER "analyze" OPTIONS (object 'customer', form_id '5300201');
SET default_statistics_target = 10;
SELECT sim('clear');
ANALYZE customer;
SELECT (SELECT sim('count')::int) < 60 AS few_requests;
RESET default_statistics_target;
SELECT reltuples FROM pg_class WHERE oid = 'customer'::regclass;
SELECT n_distinct = -1 AS "unique", array_length(histogram_bounds::text::text[], 1) AS bounds,
       (histogram_bounds::text::bigint[])[6] BETWEEN 51200001 + 2500 AND 51200001 + 17500 AS middle
FROM pg_stats WHERE schemaname = 'dingAnalyze' AND tablename = 'customer' AND attname = 'data_id';
SELECT estimate('SELECT * FROM customer');
SELECT estimate('SELECT * FROM customer WHERE data_id <= 51210000') BETWEEN 2500 AND 17500 AS part;
SELECT sim('log fields=size') AS size, count(*) > 5 AS some GROUP BY 1;

-- an object without conditions is read whole
CREATE FOREIGN TABLE staff (id text OPTIONS (attr 'userId')) SERVER "analyze" OPTIONS (object 'user');
ANALYZE staff;
SELECT reltuples FROM pg_class WHERE oid = 'staff'::regclass;

-- an empty list
SELECT sim('create object=clue records=0 form_id=5300301');
CREATE FOREIGN TABLE clue (data_id bigint) SERVER "analyze" OPTIONS (object 'clue', form_id '5300301');
ANALYZE clue;
SELECT reltuples FROM pg_class WHERE oid = 'clue'::regclass;
