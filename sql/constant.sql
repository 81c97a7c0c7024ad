-- A column with a constant is that value in every row, so that tables of several
-- companies are partitions of one; what it decides costs no request, and what the
-- server prunes by is what the rows show.  Promises that no record keeps, stored
-- generated columns and defaults, are refused where they are used.

\set company dingConstant
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=260 freeze=on');
CREATE SERVER east FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE SERVER west FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingConstant', base_url :'url', rate_limit '0', page_size '50');
CREATE USER MAPPING FOR PUBLIC SERVER east OPTIONS (token 't0ken');
CREATE USER MAPPING FOR PUBLIC SERVER west OPTIONS (token 't0ken');
CREATE TABLE product (company text, data_id bigint, update_time timestamptz, name text) PARTITION BY LIST (company);
CREATE FOREIGN TABLE product_east (company text OPTIONS (constant 'east'), data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER east OPTIONS (object 'product');
CREATE FOREIGN TABLE product_west (name text OPTIONS (attr 'text_1'), company text OPTIONS (constant 'west'), update_time timestamptz, data_id bigint)
  SERVER west OPTIONS (object 'product', conditions '[{"attr": "num_3", "symbol": "equal", "value": [0]}]');
ALTER TABLE product ATTACH PARTITION product_east FOR VALUES IN ('east');
ALTER TABLE product ATTACH PARTITION product_west FOR VALUES IN ('west');

-- all of both, each with its company
SELECT company, count(*), count(DISTINCT data_id), count(name) > 0 AS named FROM product GROUP BY 1 ORDER BY 1;
SELECT count(*) = (SELECT count(DISTINCT product) FROM product) AS "right" FROM product;
SELECT * FROM product WHERE data_id = 51200007 ORDER BY 1;
SELECT company, product_east FROM product_east WHERE data_id = 51200007;

-- one company: the other's partition is not asked, and count(*) and LIMIT are as cheap
-- as without the condition
SELECT sent($$SELECT name FROM product WHERE company = 'east' AND data_id < 51200003$$, 'size') LIMIT 1;
SELECT sent($$SELECT count(*) FROM product_east WHERE company = 'east'$$, 'size,cond');
SELECT sent($$SELECT * FROM product WHERE company = 'west' LIMIT 3$$, 'size,cond');
SELECT count(*) FROM product_east WHERE company = 'east';
SELECT count(*) FROM (SELECT FROM product_east WHERE company IN ('east', 'north') AND company IS NOT NULL LIMIT 7) x;
SELECT sent($$SELECT count(*) FROM product_east WHERE company > 'd' AND company <> 'north' AND data_id = 51200001$$, 'cond');
-- what could fail or tell the value waits for a row, as in any table
SELECT count(*) FROM product_east WHERE company LIKE 'e%' AND upper(company) = 'EAST';
CREATE FOREIGN TABLE zero (data_id bigint, k int OPTIONS (constant '0'), name text OPTIONS (attr 'text_1'), company text OPTIONS (constant 'north'))
  SERVER east OPTIONS (object 'product');
SELECT count(*) FROM zero WHERE k <> 0 AND 10 / k > 1;
SELECT count(*) FROM zero WHERE company = 'south' AND company::int > 1;
SELECT count(*) FROM zero WHERE name = 'none of them' AND company::int > 1;
CREATE FUNCTION leak(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN true; END $$;
EXPLAIN (COSTS off) SELECT name FROM zero WHERE leak(company) AND data_id = 51200001;
-- none: nothing is asked
SELECT sent($$SELECT * FROM product_east WHERE company = 'west'$$);
SELECT sent($$SELECT count(*) FROM product_east WHERE company <> 'east' OR company IS NULL$$);
SELECT count(*) FROM product_east WHERE company = 'west';
SELECT count(*), min(company) FROM product WHERE company = 'north';
EXPLAIN (VERBOSE, COSTS off) SELECT name FROM product_east WHERE company = 'west';
-- what is left when the constant has been put in is sent
SELECT sent($$SELECT name FROM product_east WHERE company = 'west' OR data_id = 51200009$$);
EXPLAIN (VERBOSE, COSTS off) SELECT name FROM product_east WHERE (company = 'west' OR data_id = 51200009) AND company = 'east';
-- a whole row is no column
SELECT count(*) FROM product_east p WHERE p IS DISTINCT FROM NULL AND (p).company = 'east';

-- parameters, joins, sub-selects, in custom and generic plans
PREPARE of_company(text) AS SELECT count(*), min(company) FROM product WHERE company = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE of_company('east');
EXECUTE of_company('north');
RESET plan_cache_mode;
EXECUTE of_company('east');
PREPARE of_east(text) AS SELECT count(*), min(company) FROM product_east WHERE company = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE of_east('east');
EXECUTE of_east('west');
EXECUTE of_east(NULL);
SELECT sent('EXECUTE of_east(''west'')');
PREPARE few_of_east(text, int) AS SELECT count(*) FROM (SELECT FROM product_east WHERE company = $1 LIMIT $2) x;
SELECT sim('clear');
EXECUTE few_of_east('east', 3);
SELECT sim('count');
EXECUTE few_of_east('west', 3);
SELECT sim('count');
PREPARE number_of_east(text) AS SELECT count(*) FROM product_east WHERE company = $1;
EXECUTE number_of_east('east');
EXECUTE number_of_east('west');
SELECT sim('count');
RESET plan_cache_mode;
SELECT sent($$SELECT name FROM product_east WHERE company = (SELECT 'west')$$);
SELECT sent($$SELECT count(*) FROM product_east WHERE company = current_setting('application_name')$$);
SELECT o.company, (SELECT count(*) FROM product_east e WHERE e.company = o.company) FROM (VALUES ('east'), ('west'), (NULL)) o (company);
SELECT o.company, count(p.data_id) FROM (VALUES ('east'), ('north')) o (company) LEFT JOIN product p USING (company) GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM product_east e JOIN product w ON w.data_id = e.data_id AND w.company <> e.company AND e.data_id <= 51200010;
SELECT count(*) FROM product_west WHERE data_id <= 51200010;

-- as any type reads its text
CREATE DOMAIN branch AS int CHECK (VALUE < 100);
CREATE FOREIGN TABLE typed (data_id bigint, n branch OPTIONS (constant '7'), price numeric(6,1) OPTIONS (constant '12.25'), day date OPTIONS (constant '2026-02-01'),
  at timestamptz OPTIONS (constant '1769904000'), tags text[] OPTIONS (constant '["a", "b\"c"]'), flag boolean OPTIONS (constant 'true'),
  quote varchar(5) OPTIONS (constant '"\世'''), blank text OPTIONS (constant ' ')) SERVER east OPTIONS (object 'product');
SELECT n, price, day, at, tags, flag, quote, blank = ' ' AS blank FROM typed WHERE data_id = 51200001;
SELECT count(*) FROM typed WHERE n = 7 AND price = 12.3 AND day < '2026-02-02' AND at = '2026-02-01 00:00+00';
SELECT sent('SELECT * FROM typed WHERE n > 7');
SELECT sent('SELECT * FROM typed WHERE n = 7 AND data_id = 51200007');
ANALYZE typed;
SELECT attname, null_frac, n_distinct FROM pg_stats WHERE tablename = 'typed' AND attname IN ('n', 'quote') ORDER BY 1;
ALTER FOREIGN TABLE typed ALTER COLUMN n OPTIONS (SET constant 'seven');
SELECT n FROM typed;
SELECT data_id FROM typed WHERE data_id = 51200001;
ALTER FOREIGN TABLE typed ALTER COLUMN n OPTIONS (SET constant '700');
SELECT n FROM typed;

-- a column that is gone is none
ALTER FOREIGN TABLE typed DROP COLUMN n;
SELECT quote FROM typed WHERE data_id = 51200001;
-- types that mean another thing in another session are none of a constant either
ALTER FOREIGN TABLE typed ADD COLUMN class regclass OPTIONS (constant 'typed');
SELECT quote FROM typed WHERE data_id = 51200001;
ALTER FOREIGN TABLE typed DROP COLUMN class;
ALTER FOREIGN TABLE typed ADD COLUMN n branch;

-- a constant is a text, not beside an attr
ALTER FOREIGN TABLE typed ALTER COLUMN n OPTIONS (ADD constant '');
ALTER FOREIGN TABLE typed ALTER COLUMN n OPTIONS (ADD attr 'num_1', ADD constant '7');
ALTER FOREIGN TABLE typed OPTIONS (ADD constant 'x');

-- the server never checks a foreign partition's rows against its bound: here it is
ALTER FOREIGN TABLE product_west ALTER COLUMN company OPTIONS (SET constant 'east');
SELECT count(*) FROM product WHERE company = 'west';
SELECT count(*) FROM product WHERE company = 'east';
SELECT count(*) FROM product;
ALTER FOREIGN TABLE product_west ALTER COLUMN company OPTIONS (SET constant 'west');
CREATE TABLE by_branch (branch int, year int, data_id bigint) PARTITION BY RANGE (branch, year);
CREATE FOREIGN TABLE branch_1 (branch int OPTIONS (constant '1'), year int OPTIONS (constant '2026'), data_id bigint) SERVER east OPTIONS (object 'product');
CREATE FOREIGN TABLE branch_2 (branch int OPTIONS (constant '2'), year int OPTIONS (constant '2025'), data_id bigint) SERVER east OPTIONS (object 'product');
ALTER TABLE by_branch ATTACH PARTITION branch_1 FOR VALUES FROM (1, 2026) TO (1, 2027);
ALTER TABLE by_branch ATTACH PARTITION branch_2 FOR VALUES FROM (2, 2026) TO (2, 2027);
SELECT branch, year, count(*) FROM by_branch WHERE branch = 1 GROUP BY 1, 2;
SELECT branch, year, count(*) FROM by_branch GROUP BY 1, 2;
-- the column to mend is the one that is out of its bound
CREATE TABLE by_both (company text, data_id bigint, k int) PARTITION BY RANGE (k, company);
CREATE FOREIGN TABLE both_1 (company text OPTIONS (constant 'north'), data_id bigint, k int OPTIONS (constant '7')) SERVER east OPTIONS (object 'product');
ALTER TABLE by_both ATTACH PARTITION both_1 FOR VALUES FROM (1, MINVALUE) TO (5, MAXVALUE);
SELECT count(*) FROM by_both;
CREATE TABLE by_hash (company text, data_id bigint) PARTITION BY HASH (company);
CREATE FOREIGN TABLE hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER east OPTIONS (object 'product');
CREATE FOREIGN TABLE hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER east OPTIONS (object 'product');
ALTER FOREIGN TABLE hash_0 ALTER COLUMN company OPTIONS (ADD constant 'east');
ALTER FOREIGN TABLE hash_1 ALTER COLUMN company OPTIONS (ADD constant 'east');
SELECT count(*) FROM by_hash WHERE company = 'east';
\set VERBOSITY terse
SELECT count(*) FROM by_hash;
\set VERBOSITY default

-- a copy that is kept in step by a sync has the constant, too
SELECT xbb.create_sync('constant', source => 'product_east', target => 'east_copy', key => '{data_id}');
CALL xbb.sync('constant');
SELECT company, count(*) FROM east_copy GROUP BY 1;

-- stored generated columns and defaults: refused with the reason, where they are used
CREATE FOREIGN TABLE promised (data_id bigint, name text OPTIONS (attr 'text_1') DEFAULT 'none', twice bigint GENERATED ALWAYS AS (data_id * 2) STORED)
  SERVER east OPTIONS (object 'product');
SELECT data_id FROM promised WHERE data_id = 51200001;
SELECT name FROM promised WHERE data_id = 51200001;
SELECT twice FROM promised WHERE data_id = 51200001;
SELECT count(*) FROM promised WHERE name = 'none';
ANALYZE promised;
ALTER FOREIGN TABLE promised ALTER COLUMN name DROP DEFAULT;
ALTER FOREIGN TABLE promised ALTER COLUMN twice DROP EXPRESSION;
SELECT name IS NOT NULL AS named, twice FROM promised WHERE data_id = 51200001;
-- a partition inherits its parent's defaults, which are for inserts into others
CREATE TABLE inherited (company text DEFAULT 'north', data_id bigint, name text DEFAULT 'none', twice bigint GENERATED ALWAYS AS (data_id * 2) STORED)
  PARTITION BY LIST (company);
CREATE FOREIGN TABLE inherited_east PARTITION OF inherited FOR VALUES IN ('east') SERVER east OPTIONS (object 'product');
ALTER FOREIGN TABLE inherited_east ALTER COLUMN company OPTIONS (ADD constant 'east'), ALTER COLUMN name OPTIONS (ADD attr 'text_1');
SELECT company, name IS NOT NULL AS named FROM inherited WHERE data_id = 51200001;
SELECT twice FROM inherited WHERE data_id = 51200001;
CREATE TABLE parent (data_id bigint, note text DEFAULT 'x');
CREATE FOREIGN TABLE child (note text OPTIONS (attr 'text_1') DEFAULT 'y') INHERITS (parent) SERVER east OPTIONS (object 'product');
SELECT note IS NOT NULL AS noted FROM parent WHERE data_id = 51200001;
