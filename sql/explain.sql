-- EXPLAIN (VERBOSE) shows the request, EXPLAIN (ANALYZE) what it took, in every
-- format, times only with TIMING.  Planning sends nothing, not even to a server that
-- is down, except where use_remote_estimate asks for one total.

\set company dingExplain
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=260 freeze=on');
CREATE SERVER explain FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER explain OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  serial_no   text,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  price       numeric OPTIONS (attr 'num_1'),
  raw         jsonb   OPTIONS (attr '*')
) SERVER explain OPTIONS (object 'product');

-- EXPLAIN, what differs between majors and machines replaced
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
  line text;
BEGIN
  FOR answer IN EXECUTE query LOOP
  FOREACH line IN ARRAY string_to_array(answer, E'\n') LOOP
    CONTINUE WHEN line ~ '(Disabled|Planning|Execution|Buffers|Memory|Index Searches|Query Identifier|JIT)';
    line := regexp_replace(line, '(Bytes["<>]*:?>? ?)[1-9][0-9]*', '\1N');
    line := regexp_replace(line, '(Throttled Time["<>]*:? ?)[0-9.]+', '\1N');
    line := replace(replace(line, '(InitPlan 1).col1', '$0'), 'InitPlan 1 (returns $0)', 'InitPlan 1');
    line := regexp_replace(line, 'actual rows=([0-9]+)(\.00)?', 'actual rows=\1');
    RETURN NEXT line;
  END LOOP;
  END LOOP;
END
$$;

-- planned, not sent
SELECT sim('clear');
EXPLAIN (COSTS off) SELECT * FROM product WHERE update_time >= '2026-01-01' AND name LIKE '%a%';
SELECT plan($$EXPLAIN (VERBOSE, COSTS off)
SELECT name FROM product
WHERE update_time >= now() - interval '1 hour' AND 7.50 = price AND serial_no = ANY ('{a,b}') AND data_id = (SELECT 7)
  AND name LIKE '%a%'$$);
EXPLAIN (VERBOSE, COSTS off) SELECT count(*) FROM product WHERE update_time <= '2026-01-01';
SELECT sim('count');

-- no column at all, whole rows
EXPLAIN (VERBOSE, COSTS off) SELECT FROM product;
EXPLAIN (VERBOSE, COSTS off) SELECT product FROM product WHERE update_time IS NOT NULL;

-- methods
-- what is never sent is no condition: 0, an empty text
CREATE FOREIGN TABLE zero (data_id bigint, kind int OPTIONS (attr 'num_3'), name text OPTIONS (attr 'text_1')) SERVER explain OPTIONS (object 'product');
EXPLAIN (VERBOSE, COSTS OFF) SELECT data_id FROM zero WHERE kind = 0 AND name = '';
EXPLAIN (VERBOSE, COSTS OFF) SELECT data_id FROM zero WHERE kind = 5 AND name = '';
SELECT count(*) FILTER (WHERE cond ~ 'num_3|text_1') AS sent FROM sent('SELECT data_id FROM zero WHERE kind = 0 AND name = ''''') cond;

CREATE FOREIGN TABLE plain (data_id bigint) SERVER explain OPTIONS (object 'product', snapshot 'false', page_size '50', concurrency '2');
CREATE FOREIGN TABLE staff (id text OPTIONS (attr 'userId')) SERVER explain OPTIONS (object 'user');
SELECT plan('EXPLAIN (VERBOSE, COSTS off) SELECT * FROM plain');
SELECT plan('EXPLAIN (VERBOSE, COSTS off) SELECT * FROM staff');

-- analyzed
SELECT serial_no FROM product WHERE data_id = 51200007 \gset
SELECT plan(format('EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off) SELECT name FROM product WHERE serial_no = %L', :'serial_no'));
SELECT plan(format('EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT name FROM product WHERE serial_no = %L', :'serial_no'));
SELECT plan('EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off) SELECT count(*) FROM product WHERE data_id = 51200007');

-- all formats have all properties, and a time only with TIMING
SELECT format, timing, string_agg(DISTINCT name, ', ' ORDER BY name) AS properties
FROM unnest('{TEXT,JSON,XML,YAML}'::text[]) format, unnest('{on,off}'::text[]) timing,
     plan(format('EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING %s, SUMMARY off, FORMAT %s) SELECT name FROM product WHERE data_id = 51200007', timing, format)) plan,
     regexp_matches(plan, '(Request|Conditions|Remote.Filter|Method|Page.Size|Concurrency|Windows|Calls|Pages|Retries|Throttled.Time|Bytes|Rows.Received|Rows.Dropped)["]?[:>]', 'g') match,
     translate(match[1], '-', ' ') name
GROUP BY format, timing ORDER BY format, timing DESC;
CREATE FUNCTION as_json(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) ' || query INTO plan;
  RETURN plan -> 0 -> 'Plan';
END
$$;
SELECT plan -> 'Request' AS request, plan -> 'Conditions' AS conditions, plan -> 'Method' AS method, plan -> 'Calls' AS calls,
       jsonb_typeof(plan -> 'Throttled Time') AS throttled, (plan -> 'Bytes')::int > 100 AS bytes, plan -> 'Rows Received' AS received
FROM as_json('SELECT name FROM product WHERE data_id = 51200007 AND price >= -1000000') plan;

-- what was sent is what is shown; rows that the recheck drops are told
SELECT sim('clear');
SELECT plan -> 'Pages' AS pages, (plan -> 'Windows')::int > 0 AS windows, (plan -> 'Calls')::text = (SELECT sim('count')) AS calls,
       (plan -> 'Rows Received')::int >= 260 AS received, (plan -> 'Actual Rows')::numeric::int AS rows
FROM as_json('SELECT * FROM plain') plan;
SELECT update_time AS newest FROM product ORDER BY 1 DESC LIMIT 1 \gset
SELECT plan -> 'Rows Received' AS received, plan -> 'Rows Dropped' AS dropped, (plan -> 'Actual Rows')::numeric = 0 AS none
FROM as_json(format('SELECT name FROM product WHERE update_time > %L', :'newest')) plan;

-- rescans add up
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_memoize = off;
SET enable_material = off;
SELECT plan -> 'Plans' -> 1 -> 'Calls' AS calls, (plan -> 'Plans' -> 1 -> 'Actual Loops')::int AS loops
FROM as_json('SELECT name FROM (VALUES (51200001), (51200002), (51200003)) v (id) JOIN product ON data_id = id') plan;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_memoize;
RESET enable_material;

-- never started
SELECT plan('EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off) SELECT name FROM product WHERE (SELECT false)');

-- the network is down: EXPLAIN works, the scan does not
CREATE SERVER down FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url 'http://127.0.0.1:1', max_retries '0');
CREATE FOREIGN TABLE nowhere (data_id bigint, update_time timestamptz) SERVER down OPTIONS (object 'product');
EXPLAIN (VERBOSE, COSTS off) SELECT * FROM nowhere WHERE update_time >= '2026-01-01';
EXPLAIN (VERBOSE, COSTS off) SELECT count(*) FROM nowhere;
CREATE USER MAPPING FOR PUBLIC SERVER down OPTIONS (token 't0ken', user_id 'u1');
\set VERBOSITY sqlstate
SELECT * FROM nowhere;
\set VERBOSITY default

-- use_remote_estimate asks for the total, once a table and plan
CREATE FUNCTION estimate(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
  RETURN plan -> 0 -> 'Plan' -> 'Plan Rows';
END
$$;
SELECT sim('clear');
SELECT estimate('SELECT * FROM product') AS guessed;
SELECT sim('count');
ALTER FOREIGN TABLE product OPTIONS (ADD use_remote_estimate 'true');
SELECT estimate('SELECT * FROM product') AS asked;
SELECT sim('log fields=cond');
SELECT count(name) AS rows FROM product WHERE update_time >= '2026-01-20' \gset
SELECT sim('clear');
SELECT estimate($$SELECT * FROM product WHERE update_time >= '2026-01-20'$$) = :rows AS asked;
SELECT estimate($$SELECT * FROM product WHERE update_time >= (SELECT max(now()) FROM plain)$$) AS "not known yet";
SELECT sim('log fields=path,page,size,cond');
-- and the plan is executed as any other
SELECT count(p.name), count(q.name) FROM product p JOIN product q USING (data_id) WHERE p.data_id <= 51200005;
-- no record can pass these: nothing to ask
SELECT sim('clear');
SELECT estimate($$SELECT * FROM product WHERE update_time >= '2026-01-20' AND update_time < '2026-01-01'$$) AS none;
SELECT sim('count');

-- a count costs one start and one row
ALTER SERVER explain OPTIONS (ADD fdw_startup_cost '250');
EXPLAIN SELECT count(*) FROM product;
-- a scan costs what it receives, of one id a record
EXPLAIN SELECT data_id FROM plain;
EXPLAIN SELECT data_id FROM plain WHERE data_id = 51200007;
