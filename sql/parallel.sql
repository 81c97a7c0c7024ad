-- Connections and the order of a list belong to one backend: a foreign scan never runs
-- in a parallel worker, while what is beside it may.

\set company dingParallel
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=120 freeze=on');
CREATE SERVER parallel FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER parallel OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1')) SERVER parallel OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;
CREATE TABLE orders AS SELECT i AS id, 51200001 + i % 120 AS product FROM generate_series(1, 20000) i;
ANALYZE copy, orders, product;

-- the nodes of a plan that run in workers
CREATE FUNCTION in_workers(query text) RETURNS TABLE (gathers bigint, scans text) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
  RETURN QUERY
  WITH RECURSIVE node AS (
    SELECT plan -> 0 -> 'Plan' AS node, false AS in_worker
    UNION ALL
    SELECT child, in_worker OR node ->> 'Node Type' LIKE 'Gather%'
    FROM node, jsonb_array_elements(node -> 'Plans') child
  )
  SELECT count(*) FILTER (WHERE node ->> 'Node Type' LIKE 'Gather%'),
         string_agg(concat_ws(' on ', node ->> 'Node Type', node ->> 'Relation Name'), ', ' ORDER BY node ->> 'Relation Name')
           FILTER (WHERE in_worker AND node ->> 'Node Type' ~ 'Scan')
  FROM node;
END
$$;

-- as willing as a planner can be
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT * FROM in_workers('SELECT sum(id) FROM orders');
SELECT * FROM in_workers('SELECT count(name) FROM product');
SELECT * FROM in_workers('SELECT count(*) FROM product');
SELECT * FROM in_workers('SELECT o.product, count(p.name) FROM orders o JOIN product p ON p.data_id = o.product WHERE o.id % 7 = 3 GROUP BY 1');
SELECT * FROM in_workers('SELECT data_id FROM product UNION ALL SELECT id FROM orders');

-- forced
SELECT count(set_config(name, 'on', false)) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT gathers, scans FROM in_workers('SELECT * FROM copy WHERE data_id = 51200003');
SELECT * FROM in_workers('SELECT name FROM product');
SELECT * FROM in_workers('SELECT count(*) FROM product');
SELECT scans ~ 'product' AS foreign_scan_in_worker FROM in_workers('SELECT p.name FROM copy JOIN product p USING (data_id)');
SELECT count(name), count(DISTINCT data_id) FROM product;
SELECT count(*) FROM product;
SELECT count(*) FROM copy c JOIN product p USING (data_id) WHERE c.name = p.name;
SELECT (SELECT name IS NOT NULL FROM product WHERE data_id = c.data_id) AS named, count(*) FROM copy c WHERE c.data_id <= 51200005 GROUP BY 1;
