-- Whoever answers in the API's place is given so much and no more: headers and trailers,
-- records of an answer, bytes of a record, and memory.

\set company dingBounds
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=3 freeze=on');
CREATE SERVER bounds FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER bounds OPTIONS (token 't0ken');
CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1'), name_b jsonb OPTIONS (attr 'text_1')) SERVER bounds OPTIONS (object 'product');
CREATE FOREIGN TABLE department (id bigint) SERVER bounds OPTIONS (object 'department');
CREATE FOREIGN TABLE role (id bigint) SERVER bounds OPTIONS (object 'role');
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION try(fault text, query text DEFAULT 'SELECT count(name) FROM product') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  n text;
BEGIN
  PERFORM sim('clear what=all');
  PERFORM sim('fault what=' || fault);
  EXECUTE query INTO n;
  RETURN n;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ': ' || regexp_replace(SQLERRM, 'at byte \d+', 'at byte N');
END $$;

-- Headers, of interim answers, too, and trailers: 256 kB together.
SELECT try('many-headers n=2000');
SELECT try('many-headers n=3000');
SELECT try('many-headers n=1 bytes=300000');
SELECT try('many-headers n=3000 interim=on');
SELECT try('trailers n=200');
SELECT try('trailers n=300');
SELECT try('trailers endless=on');

-- A page of 100 may hold 1,000 records, and no more.
CREATE FUNCTION rows_of(list text, n int) RETURNS text LANGUAGE sql AS $$
  SELECT format('replace at=every body={"code":1,"result":{"totalCount":%s,"%s":[%s]}}', n, list,
    string_agg(format('{"dataId":%1$s,"id":%1$s}', i), ',')) FROM generate_series(1, n) i $$;
SELECT try(rows_of('list', 1000), 'SELECT xbb._total(''product'', NULL, NULL)');
SELECT try(rows_of('list', 1001), 'SELECT xbb._total(''product'', NULL, NULL)');
-- Not so a list that is not paged.
SELECT try(rows_of('roleList', 2000), 'SELECT count(id) FROM role');

-- A record of 8 MB.
SELECT try('long bytes=8300000', 'SELECT max(length(name)) > 8300000 FROM product');
SELECT try('long bytes=8400000', 'SELECT max(length(name)) > 8300000 FROM product');
-- What jsonb makes of it takes far more memory than its bytes do.
SELECT try('bulk in=record n=1 shape=deep mb=0.3', 'SELECT count(*) = count(name_b) FROM product');
SELECT try('bulk in=record n=1 shape=deep mb=0.5', 'SELECT count(*) = count(name_b) FROM product');
SELECT try('bulk in=record n=1 shape=members mb=4', 'SELECT count(*) = count(name_b) FROM product');
SELECT try('bulk in=record n=1 shape=members mb=8', 'SELECT count(*) = count(name_b) FROM product');
SELECT try('bulk in=record n=1 shape=members mb=8', 'SELECT count(*) = count(name) FROM product');
-- Beside records there is room up to max_response_size.
SELECT try('long at=every bytes=8400000', 'SELECT count(id) FROM department');

-- The next scan is right.
SELECT sim('clear what=all');
SELECT count(name) FROM product;

SELECT sim('remove');
SET client_min_messages = warning;
DROP SERVER bounds CASCADE;
DROP SCHEMA :"company" CASCADE;
