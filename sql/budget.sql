-- What a statement may cost is said before, and ends it with the first answer: an
-- account's requests belong to somebody.

\set company dingRequests
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=1500 width=2 freeze=on');
CREATE SERVER budget FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER budget OPTIONS (token 't0ken');
CREATE FOREIGN TABLE product (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER budget OPTIONS (object 'product');
CREATE ROLE regress_xbb_budget;
GRANT USAGE ON SCHEMA :"company" TO regress_xbb_budget;
GRANT SELECT ON product TO regress_xbb_budget;
CREATE USER MAPPING FOR regress_xbb_budget SERVER budget OPTIONS (token 't0ken', request_limit '10');
\pset format unaligned
\pset tuples_only on
-- What comes of a query, and what it has sent.
CREATE FUNCTION cost(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r text;
  h text;
  d text;
BEGIN
  PERFORM sim('clear');
  BEGIN
    EXECUTE query INTO r;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    r := concat_ws(' | ', SQLSTATE, SQLERRM, nullif(d, ''), nullif(h, ''));
  END;
  RETURN r || ': ' || sim('count');
END $$;
GRANT EXECUTE ON FUNCTION cost(text) TO PUBLIC;

-- LIMIT above the list's size costs what the list does.
SELECT cost('SELECT count(name) FROM product');
SELECT cost(format('SELECT count(*) FROM (SELECT name FROM product LIMIT %s) p', n)) FROM unnest(ARRAY[1400, 1500, 1501, 10000]) n;

-- The session's own limit.
SET xbb_fdw.request_limit = 10;
SELECT cost('SELECT count(name) FROM product');
SELECT cost('SELECT count(*) FROM product');
SELECT cost('SELECT count(*) FROM (SELECT name FROM product LIMIT 800) p');
SELECT cost('SELECT count(*) FROM (SELECT name FROM product LIMIT 1100) p');
SELECT cost('SELECT count(name) FROM product WHERE data_id IN (51200001, 51200002)');
SELECT regexp_replace(cost('SELECT count(a.name) + count(b.name) FROM (SELECT name FROM product LIMIT 600) a, (SELECT name FROM product LIMIT 800 OFFSET 1) b'), '\d+$', '');
SET xbb_fdw.request_limit = 100;
SELECT cost('SELECT count(name) FROM product');
RESET xbb_fdw.request_limit;
-- Each statement has its own.
SET xbb_fdw.request_limit = 17;
SELECT count(name) FROM product;
SELECT count(name) FROM product;
RESET xbb_fdw.request_limit;

-- Server, table and user mapping: the least counts, and nobody raises it.
ALTER SERVER budget OPTIONS (ADD request_limit '12');
SELECT cost('SELECT count(name) FROM product');
SET xbb_fdw.request_limit = 100;
SELECT cost('SELECT count(name) FROM product');
ALTER FOREIGN TABLE product OPTIONS (ADD request_limit '100');
SELECT cost('SELECT count(name) FROM product');
ALTER FOREIGN TABLE product OPTIONS (SET request_limit '11');
SELECT cost('SELECT count(name) FROM product');
ALTER FOREIGN TABLE product OPTIONS (DROP request_limit);
ALTER SERVER budget OPTIONS (DROP request_limit);
SELECT cost('SELECT count(name) FROM product');
ALTER SERVER budget OPTIONS (ADD request_limit '1.5');
SET ROLE regress_xbb_budget;
ALTER USER MAPPING FOR CURRENT_ROLE SERVER budget OPTIONS (SET request_limit '100');
SELECT count(name) FROM product;
SELECT count(*) FROM product;
RESET ROLE;
RESET xbb_fdw.request_limit;

-- Told before.
CREATE FUNCTION estimated(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  RETURN jsonb_path_query_array(plan::jsonb, '$.** ? (@.type() == "object")."Estimated Requests"');
END $$;
SELECT sim('clear');
SELECT estimated('SELECT name FROM product'), estimated('SELECT name FROM product LIMIT 250'), estimated('SELECT count(*) FROM product'),
  estimated('SELECT name FROM product WHERE data_id = 1');
ANALYZE product;
SELECT estimated('SELECT name FROM product'), estimated('SELECT name FROM product LIMIT 2000');
EXPLAIN (COSTS OFF) SELECT name FROM product;

-- How the account stands.
CREATE SERVER quiet FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingRequestsQuiet', rate_limit '0', daily_quota '0', time_zone 'UTC');
CREATE SERVER twin FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', daily_quota '7');
CREATE SERVER nobody FOREIGN DATA WRAPPER xbb_fdw;
SELECT server, used_today, daily_quota, rate_limit, share_of_rate, held_until, failures, resets_at AT TIME ZONE 'UTC' = ((now() AT TIME ZONE 'UTC')::date + 1) AS at_midnight
FROM xbb.quota WHERE server = 'quiet';
SELECT used_today AS before FROM xbb.quota WHERE server = 'budget' \gset
SELECT count(name) FROM product;
SELECT server, used_today - :before AS used, daily_quota FROM xbb.quota WHERE server IN ('budget', 'twin') ORDER BY 1;
SELECT sim('fault what=status code=429 retry_after=1');
SELECT count(name) FROM product;
SELECT share_of_rate <= 0.5 AS less, coalesce(held_until, now()) > now() - interval '1 min' AS held, failures FROM xbb.quota WHERE server = 'twin';
SET ROLE regress_xbb_budget;
SELECT count(*) FROM xbb.quota WHERE server = 'budget';
RESET ROLE;

SELECT sim('remove');
SET client_min_messages = warning;
DROP SERVER budget, quiet, twin, nobody CASCADE;
DROP SCHEMA :"company" CASCADE;
DROP ROLE regress_xbb_budget;
