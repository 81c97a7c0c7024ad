-- LIMIT reads no more pages than it needs, and only where every row that the API
-- returns is a row of the result; what it cuts short is right nevertheless.

\set company dingLimit
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=900 freeze=on');
CREATE SERVER "limit" FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER "limit" OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  serial_no   text,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  size        text    OPTIONS (attr 'text_8')
) SERVER "limit" OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;

-- the pages that a query asks for, how many rows it gives, and whether each of
-- them is a row of the list and no other's double
CREATE FUNCTION pages(query text, OUT pages bigint, OUT rows bigint, OUT "right" boolean)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('clear');
  EXECUTE format('CREATE TEMP TABLE result AS SELECT data_id FROM (%s) q', query);
  SELECT count(*) INTO pages FROM sim('log');
  SELECT count(*), count(DISTINCT data_id) = count(*) AND coalesce(bool_and(data_id IN (SELECT data_id FROM copy)), true)
  INTO rows, "right" FROM result;
  DROP TABLE result;
END
$$;
CREATE FUNCTION pages_of(VARIADIC queries text[])
RETURNS TABLE (query text, pages bigint, rows bigint, "right" boolean) LANGUAGE sql AS $$
  SELECT query, p.* FROM unnest(queries) query, pages('SELECT data_id, name FROM product ' || query) p
$$;

-- one request for a handful, three for 250
SELECT * FROM pages_of(
  'LIMIT 5', 'LIMIT 100', 'LIMIT 101', 'LIMIT 250', 'FETCH FIRST ROW ONLY', 'LIMIT 0',
  'LIMIT 5 OFFSET 20', 'LIMIT 50 OFFSET 200', 'OFFSET 895 LIMIT 2');

-- what the list does not reach costs no more than the list: nine pages, the rest and the audit
SELECT * FROM pages_of('', 'LIMIT 900', 'LIMIT 1000', 'LIMIT 100000');

-- conditions that are sent do not stand in the way
SELECT * FROM pages_of(
  $$WHERE update_time >= '2025-06-01' LIMIT 5$$,
  $$WHERE size = '4' LIMIT 5$$,
  $$WHERE serial_no = 'none' LIMIT 5$$);

-- values that are known at execution only
PREPARE a_few (bigint, bigint) AS SELECT count(*) FROM (SELECT data_id, name FROM product LIMIT $1 OFFSET $2) q;
SET plan_cache_mode = force_generic_plan;
SELECT sim('clear');
EXECUTE a_few (5, NULL);
SELECT sim('count');
EXECUTE a_few (150, 30);
SELECT sim('count');
EXECUTE a_few (0, 0);
SELECT sim('count');
EXECUTE a_few (-1, 0);
SELECT sim('count');
RESET plan_cache_mode;
SELECT pages < 10 AS few, rows, "right" FROM pages('SELECT data_id FROM product LIMIT 4 + length(''x'')');

-- what is dropped, sorted or grouped here needs the whole list, which is read as such:
-- in no more requests than without a limit
SELECT pages AS pages_of_all FROM pages('SELECT data_id FROM product') \gset
SELECT query, pages = :pages_of_all AS whole, rows, "right" FROM pages_of(
  'LIMIT NULL', 'LIMIT ALL', 'OFFSET 895',
  'ORDER BY serial_no LIMIT 5', 'ORDER BY data_id, name DESC LIMIT 3',
  'GROUP BY data_id, name LIMIT 5', 'GROUP BY GROUPING SETS ((data_id, name)) LIMIT 5', 'FOR UPDATE LIMIT 5');
SELECT query, pages = :pages_of_all AS whole, rows
FROM unnest(ARRAY['SELECT DISTINCT 1 AS data_id FROM product LIMIT 2', 'SELECT min(data_id) AS data_id FROM product LIMIT 2',
  'SELECT max(data_id) OVER () AS data_id FROM product LIMIT 2', 'SELECT data_id + unnest(ARRAY[1, 2, 3]) AS data_id FROM product LIMIT 4',
  'SELECT 1 AS data_id FROM product GROUP BY name LIKE ''x'' LIMIT 1']) query, pages(query);

-- a limit with a local qual: the scan goes on until enough rows meet it
SELECT rows, "right" FROM pages('SELECT data_id FROM product WHERE name LIKE ''%9%'' LIMIT 5');
SELECT rows, "right" FROM pages('SELECT data_id FROM product WHERE serial_no LIKE ''none'' LIMIT 5');

-- a limit beyond the end of the list turns into the certified scan of all of it
-- which is begun at once where the first total says that the limit is beyond it
SELECT query, pages <= :pages_of_all + 1 AS once, rows, "right" FROM pages_of('LIMIT 900', 'LIMIT 901', 'LIMIT 5000', 'LIMIT 10 OFFSET 895', 'LIMIT 10 OFFSET 2000');
SELECT count(*), count(DISTINCT data_id) FROM (SELECT data_id FROM product WHERE size = '4' LIMIT 100000) q;
SELECT count(*) FROM copy WHERE size = '4';

-- strict bounds: the row on the bound is dropped, and the next one makes up for it
SELECT update_time AS newest FROM copy ORDER BY 1 DESC LIMIT 1 \gset
SELECT update_time AS second FROM copy ORDER BY 1 DESC OFFSET 1 LIMIT 1 \gset
SELECT update_time = :'second' AS found FROM product WHERE update_time < :'newest' AND update_time >= :'second' LIMIT 1;
SELECT count(*) FROM (SELECT name FROM product WHERE update_time < :'newest' LIMIT 100) q;

-- EXISTS wants one row
CREATE FUNCTION requests(query text, OUT requests bigint, OUT answer text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('clear');
  EXECUTE query INTO answer;
  SELECT count(*) INTO requests FROM sim('log');
END
$$;
SELECT * FROM requests('SELECT EXISTS (SELECT FROM product)');
SELECT * FROM requests($$SELECT EXISTS (SELECT * FROM product WHERE update_time >= '2025-06-01')$$);
SELECT * FROM requests($$SELECT EXISTS (SELECT * FROM product WHERE serial_no = 'none')$$);
SELECT * FROM requests($$SELECT 1 WHERE NOT EXISTS (SELECT FROM product WHERE size = '4')$$);

-- two tables: a limit on a join is not a limit on either
SELECT rows FROM pages('SELECT p.data_id FROM product p JOIN copy USING (data_id) LIMIT 5');
-- a limit above UNION ALL is not one on its parts, theirs are
SELECT rows FROM pages('(SELECT data_id FROM product LIMIT 3) UNION ALL (SELECT data_id + 1000000 FROM product LIMIT 4)');

-- what tools write for "no limit", and sums at the end of bigint
SELECT count(*) FROM (SELECT data_id FROM product LIMIT 9223372036854775807) s;
SELECT count(*) FROM (SELECT data_id FROM product FETCH FIRST 9223372036854775807 ROWS ONLY) s;
SELECT count(*) FROM (SELECT data_id FROM product LIMIT 9223372036854775709) s;
SELECT count(*) FROM (SELECT data_id FROM product LIMIT 9223372036854775708) s;
SELECT count(*) FROM (SELECT data_id FROM product LIMIT 9223372036854775800 OFFSET 7) s;
SELECT count(*) FROM (SELECT data_id FROM product LIMIT 9223372036854775807 OFFSET 5) s;
SELECT count(*) FROM (SELECT data_id FROM product OFFSET 9223372036854775807) s;
SELECT count(*) FROM (SELECT data_id FROM product LIMIT 2147483648) s;
SELECT count(*) FROM (SELECT data_id FROM product LIMIT 1000000000) s;
PREPARE up_to(bigint) AS SELECT data_id FROM product LIMIT $1;
CREATE TABLE all_of_them AS EXECUTE up_to(9223372036854775807);
SELECT count(DISTINCT data_id) FROM all_of_them;
SELECT count(*) FROM (SELECT data_id FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM all_of_them)) LIMIT 9223372036854775807) s;
SELECT count(*) FROM ((SELECT data_id FROM product LIMIT 9223372036854775807) UNION ALL (SELECT data_id FROM product LIMIT 9223372036854775800)) s;
