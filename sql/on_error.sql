-- With on_error 'set_null' a value that does not fit its column is null, told in the column
-- whose attr is '#error', and filters and joins as null does, whatever the plan; nothing
-- else changes: what can be read is read, dataId and updateTime are errors as ever.

\set company dingOnError
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER on_error FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER on_error OPTIONS (token 't0ken');
CREATE DOMAIN share AS numeric CHECK (VALUE BETWEEN 0 AND 1);
CREATE TYPE color AS ENUM ('red', 'green');
CREATE FOREIGN TABLE product (
  data_id bigint, update_time timestamptz,
  name varchar(5) OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'), stock int OPTIONS (attr 'num_2'),
  part share OPTIONS (attr 'num_3'), bought timestamptz OPTIONS (attr 'date_1'), born date OPTIONS (attr 'date_2'),
  paint color OPTIONS (attr 'text_2'), code uuid OPTIONS (attr 'text_3'), sizes int[] OPTIONS (attr 'array_1'),
  doc jsonb OPTIONS (attr 'text_4'), flag boolean OPTIONS (attr 'text_5'),
  failed jsonb OPTIONS (attr '#error'))
  SERVER on_error OPTIONS (object 'product', on_error 'set_null');
SELECT sim('put', '{"dataId": 1, "addTime": 1769990001, "updateTime": 1769990001, "data": {"text_1": "good", "num_1": 1, "num_2": 1, "num_3": 1,
  "date_1": 1769990000, "date_2": "2026-02-01", "text_2": "red", "text_3": "6b1b36cb-0f5d-4b1e-8a0c-0b8f7d7b0001", "array_1": [1, 2], "text_4": {"a": 1}, "text_5": "true"}}');
SELECT sim('put', '{"dataId": 2, "addTime": 1769990002, "updateTime": 1769990002, "data": {"text_1": "too long", "num_1": "2 pieces", "num_2": 2.5, "num_3": 2,
  "date_1": "31.02.", "date_2": "2026-02-30", "text_2": "blue", "text_3": "none", "array_1": [1, "two", 3], "text_4": "a\u0000b", "text_5": "perhaps"}}');
SELECT sim('put', '{"dataId": 3, "addTime": 1769990003, "updateTime": 1769990003, "data": {"text_1": "half", "num_1": 3, "num_2": 99999999999, "num_3": 0.5,
  "text_2": "green"}}');

-- all types, of the server's own and others; each failure is told, the rest is read
SELECT * FROM product WHERE data_id = 1;
SELECT data_id, num_nonnulls(name, price, stock, part, bought, born, paint, code, sizes, doc, flag) AS read FROM product WHERE data_id = 2;
SELECT f.* FROM product p, jsonb_to_recordset(p.failed) f ("column" text, attr text, sqlstate text, message text, value text) WHERE data_id = 2;
SELECT data_id, name, price, stock, part, paint, failed FROM product WHERE data_id = 3;

-- only what is asked for can fail, which is all where the column is; without it there is
-- a warning
SELECT data_id, name, jsonb_path_query_array(failed, '$[*].column') AS failed FROM product ORDER BY data_id;
SELECT data_id, price FROM product ORDER BY data_id;
SELECT sum(stock) FROM product;
SELECT count(*) FROM product;

-- it may be text, too
ALTER FOREIGN TABLE product ALTER COLUMN failed TYPE text;
SELECT failed FROM product WHERE data_id = 3 AND stock IS NULL;
ALTER FOREIGN TABLE product ALTER COLUMN failed TYPE bigint;
SELECT failed FROM product;
ALTER FOREIGN TABLE product ALTER COLUMN failed TYPE jsonb;

-- what did not fit filters as null does
SELECT data_id, price, failed IS NOT NULL AS failed FROM product WHERE price > 2 ORDER BY 1;
SELECT data_id, price, failed IS NOT NULL AS failed FROM product WHERE price IS NULL ORDER BY 1;
SELECT data_id, stock, failed IS NOT NULL AS failed FROM product WHERE stock > 0 AND name <> 'half' ORDER BY 1;
SELECT data_id FROM product WHERE failed IS NOT NULL ORDER BY 1;
SELECT data_id FROM product p WHERE p::text ~ 'none of them' ORDER BY 1;
-- sent or not, let through by the API or not
SELECT sim('set ignore=num_1');
SELECT data_id, price, failed IS NOT NULL AS failed FROM product WHERE price = 3 ORDER BY 1;
SELECT sim('set ignore=');
SELECT data_id, price, failed IS NOT NULL AS failed FROM product WHERE price = 3 ORDER BY 1;
SELECT data_id, price, failed IS NOT NULL AS failed FROM product WHERE price + 0 = 3 ORDER BY 1;
SELECT data_id, price FROM product WHERE price > 2.5 AND failed IS NOT NULL ORDER BY data_id LIMIT 1;
-- whether a plan folds a comparison with null, and whether it is a join
SET client_min_messages = error;
PREPARE more(int) AS SELECT data_id FROM product WHERE stock > $1;
SET plan_cache_mode = force_custom_plan;
EXECUTE more(NULL);
SET plan_cache_mode = force_generic_plan;
EXECUTE more(NULL);
EXECUTE more(0);
RESET plan_cache_mode;
SELECT data_id FROM product WHERE stock > (SELECT NULL::int);
SELECT data_id FROM product WHERE stock > ANY (SELECT NULL::int);
SELECT data_id FROM product WHERE stock NOT IN (SELECT 7);
SELECT data_id FROM product WHERE price > (SELECT 2.5) AND data_id NOT IN (SELECT 1) ORDER BY 1;
SELECT n, (SELECT string_agg(data_id::text, ',' ORDER BY data_id) FROM product WHERE stock < n) FROM generate_series(1, 2) n;
CREATE TABLE prices (price numeric, stock int);
INSERT INTO prices VALUES (1, 1), (3, 3);
SELECT data_id, t.price FROM product p JOIN prices t ON p.price = t.price WHERE p.failed IS NULL ORDER BY 1;
SELECT data_id, t.price FROM product p JOIN prices t ON p.price = t.price AND t.price = 3 WHERE p.name <> 'x' ORDER BY 1;
SELECT t.price, x.data_id FROM prices t, LATERAL (SELECT data_id FROM product WHERE product.price = t.price) x ORDER BY 1;
RESET client_min_messages;
CREATE VIEW guarded WITH (security_barrier) AS SELECT * FROM product WHERE price < 2;
SELECT data_id FROM guarded WHERE stock > 0 ORDER BY 1;
DROP VIEW guarded;

CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off) ' || query;
END $$;
SELECT regexp_replace(line, 'rows=\S+ loops', 'rows=N loops') AS line FROM plan($$SELECT data_id, failed FROM "dingOnError".product WHERE price = 3 AND stock > 100 AND data_id < 4$$) line
WHERE line ~ 'Filter|Conditions|Nulled|Dropped' ;

-- ids and stamps are never null: nothing would tell which record it is
SELECT sim('putraw id=4 add=1769990004 update=1769990004', '{"dataId": 4, "addTime": 1769990004, "updateTime": 1769990004, "formId": "x", "data": {"num_1": "x"}}');
ALTER FOREIGN TABLE product ADD COLUMN form_id bigint;
SELECT data_id, form_id, price, jsonb_path_query_array(failed, '$[*].attr') AS failed FROM product WHERE data_id = 4;
ALTER FOREIGN TABLE product ADD COLUMN id smallint OPTIONS (attr 'dataId');
ALTER FOREIGN TABLE product ADD COLUMN stamp int OPTIONS (attr 'updateTime');
SELECT id FROM product WHERE data_id = 1;
SELECT sim('put', '{"dataId": 99999, "addTime": 1769990005, "updateTime": 1769990005, "data": {}}');
SELECT id FROM product WHERE data_id = 99999;
SELECT sim('drop id=99999');
SELECT stamp FROM product WHERE data_id = 1;
SELECT sim('touch id=3 at=2147483648');
SELECT stamp, paint FROM product WHERE data_id = 3;
SELECT data_id FROM product WHERE data_id = 3;
ALTER FOREIGN TABLE product DROP COLUMN stamp;

-- the whole record, where \u0000 has no place
ALTER FOREIGN TABLE product ADD COLUMN raw jsonb OPTIONS (attr '*');
SELECT data_id, raw ->> 'dataId' AS raw, jsonb_path_query_array(failed, '$[*] ? (@.column == "raw")') -> 0 ->> 'sqlstate' AS sqlstate FROM product WHERE data_id IN (1, 2) ORDER BY 1;

-- ANALYZE reads what can be read
ANALYZE product;

-- in a parallel plan, too; but what may do anything needs a subtransaction, which cannot be had there
CREATE TABLE many AS SELECT g FROM generate_series(1, 10000) g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT (SELECT count(*) FROM many) AS many, data_id, price FROM product WHERE data_id = 2;
SELECT (SELECT count(*) FROM many) AS many, data_id, part, paint, code, sizes FROM product WHERE data_id = 2;
CREATE FUNCTION is_fine(numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1 < 2; END $$;
CREATE DOMAIN fine AS numeric CHECK (is_fine(VALUE));
ALTER FOREIGN TABLE product ALTER COLUMN part TYPE fine;
SELECT (SELECT count(*) FROM many) AS many, data_id, part FROM product WHERE data_id = 2;
ALTER FOREIGN TABLE product ALTER COLUMN part TYPE share;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- a cancelled statement is cancelled, not told: a check that takes its time
CREATE FUNCTION slow(v numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN true; END $$;
CREATE DOMAIN slow_number AS numeric CHECK (slow(VALUE));
ALTER FOREIGN TABLE product ALTER COLUMN price TYPE slow_number;
SET statement_timeout = 200;
SELECT price FROM product WHERE data_id = 1;
RESET statement_timeout;
-- a failure's own work is rolled back, its row's is not lost
CREATE TABLE traces (v numeric);
CREATE FUNCTION traced(v numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "dingOnError".traces VALUES (v); RETURN v <> 3; END $$;
CREATE DOMAIN traced_number AS numeric CHECK (traced(VALUE));
ALTER FOREIGN TABLE product ALTER COLUMN price TYPE traced_number;
SELECT data_id, price, stock, failed -> 0 ->> 'sqlstate' AS sqlstate FROM product WHERE data_id IN (1, 3) ORDER BY 1;
SELECT v FROM traces ORDER BY 1;

-- what a check cannot do is no fault of the value: neither a missing right nor a missing table
CREATE TABLE known (v numeric);
INSERT INTO known VALUES (1), (3);
CREATE FUNCTION is_known(numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1 IN (SELECT v FROM "dingOnError".known); END $$;
CREATE DOMAIN known_number AS numeric CHECK (is_known(VALUE));
ALTER FOREIGN TABLE product ALTER COLUMN price TYPE known_number;
SELECT data_id, price FROM product WHERE data_id IN (1, 3) ORDER BY 1;
ALTER TABLE known RENAME TO unknown;
SELECT data_id, price FROM product WHERE data_id IN (1, 3) ORDER BY 1;
ALTER TABLE unknown RENAME TO known;
ALTER FUNCTION is_known SECURITY DEFINER;
CREATE ROLE regress_xbb_on_error;
ALTER FUNCTION is_known OWNER TO regress_xbb_on_error;
GRANT USAGE ON SCHEMA "dingOnError" TO regress_xbb_on_error;
SELECT data_id, price FROM product WHERE data_id IN (1, 3) ORDER BY 1;
DROP OWNED BY regress_xbb_on_error CASCADE;
DROP ROLE regress_xbb_on_error;
ALTER FOREIGN TABLE product ALTER COLUMN price TYPE numeric;

-- several columns may tell
ALTER FOREIGN TABLE product ADD COLUMN told text OPTIONS (attr '#error');
SELECT data_id, failed -> 0 ->> 'column' AS failed, told LIKE '%stock%' AS told FROM product WHERE data_id = 3;
ALTER FOREIGN TABLE product DROP COLUMN told;

-- by default a value that does not fit is an error, also where #error alone is read
ALTER FOREIGN TABLE product OPTIONS (SET on_error 'error');
SELECT data_id, failed FROM product WHERE data_id = 1;
SELECT data_id, failed, stock FROM product WHERE data_id = 3;
SELECT data_id, failed FROM product WHERE data_id = 3;
ALTER FOREIGN TABLE product OPTIONS (SET on_error 'ignore');
ALTER FOREIGN TABLE product ALTER COLUMN failed OPTIONS (SET attr '#errors');
ALTER SERVER on_error OPTIONS (ADD on_error 'set_null');

SET client_min_messages = warning;
DROP SERVER on_error CASCADE;
DROP SCHEMA "dingOnError" CASCADE;
