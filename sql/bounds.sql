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


-- What a server takes of memory is in proportion to its max_response_size, however small that is.
CREATE SERVER small FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '0', max_response_size '4MB');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER small OPTIONS (token 't0ken');
CREATE FOREIGN TABLE small (data_id bigint, name text OPTIONS (attr 'text_1'), b jsonb OPTIONS (attr 'text_1'), c jsonb OPTIONS (attr 'text_1'), many text[] OPTIONS (attr 'text_1'),
  whole jsonb[] OPTIONS (attr 'text_1'), error jsonb OPTIONS (attr '#error')) SERVER small OPTIONS (object 'product');
SELECT try('bulk in=record n=1 shape=deep mb=0.02', 'SELECT count(*) = count(b) FROM small');
SELECT try('bulk in=record n=1 shape=deep mb=0.05', 'SELECT count(*) = count(b) FROM small');
SELECT try('bulk in=record n=1 shape=deep mb=0.05', 'SELECT count(*) = count(whole) FROM small');
SELECT try('bulk in=record n=1 shape=members mb=0.2', 'SELECT count(*) = count(b) FROM small');
SELECT try('bulk in=record n=1 shape=members mb=0.4', 'SELECT count(*) = count(b) FROM small');
SELECT try('bulk in=record n=1 shape=members mb=0.2', 'SELECT count(*) = count(b) AND count(*) = count(c) FROM small');
SELECT try('bulk in=record n=1 shape=members mb=3.5', 'SELECT count(*) = count(name) FROM small');
SELECT try('bulk in=record n=1 shape=elements mb=0.05', 'SELECT count(*) = count(many) FROM small');
SELECT try('bulk in=record n=1 shape=elements mb=0.1', 'SELECT count(*) = count(many) FROM small');
-- each row anew
SELECT try('bulk in=record n=8 shape=members mb=1.6', 'SELECT count(b) FROM small');
-- where what does not fit is null, the row says so
ALTER FOREIGN TABLE small OPTIONS (ADD on_error 'set_null');
SELECT try('bulk in=record n=1 shape=members mb=0.4', 'SELECT b IS NULL AND error @> ''[{"column": "b", "sqlstate": "54000"}]'' FROM small');
-- An answer without its list names those that it has, of any size.
CREATE FUNCTION hint(fault text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  h text;
BEGIN
  PERFORM sim('clear what=all'), sim('fault at=every what=' || fault);
  PERFORM count(data_id) FROM small;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
  RETURN h;
END $$;
SELECT hint('replace body={"code":1,"result":{"totalCount":1,"x":[],"y":{"no":[]},"\u4e00":[1]},"no":[]}');
SELECT hint('bulk in=no-list shape=elements mb=0.9'), hint('bulk in=no-list shape=elements mb=3.9');
SELECT hint('replace body={"code":1,"result":{"totalCount":1,"x":1}}');
SELECT length(hint('replace body={"code":1,"result":{"totalCount":1' || string_agg(format(',"%s":[]', i), '') || '}}')) < 1200 FROM generate_series(1, 2000) i;
-- Forms, and the labels that they have, too.
SELECT sim('form form_id=5300201 object=customer name=f records=0', '[{"attr": "text_1", "attrName": "n", "fieldType": 3, "items": [{"value": "1", "text": "' || repeat('one', 50) || '"}]}]');
SELECT sim('put object=customer form_id=5300201', '{"dataId": 1, "formId": 5300201, "addTime": 1, "updateTime": 1769990001, "data": {"text_1": "1"}}');
CREATE FOREIGN TABLE labels (data_id bigint, name text OPTIONS (attr 'text_1', show 'label')) SERVER small OPTIONS (object 'customer', form_id '5300201');
SELECT try('bulk path=form/get in=result shape=elements mb=0.1', 'SELECT count(name) FROM labels');
SELECT try('bulk path=customer/list in=record n=1 shape=elements mb=0.02', 'SELECT length(name) > 1500000 FROM labels');
SELECT try('bulk path=customer/list in=record n=1 shape=elements mb=0.04', 'SELECT length(name) > 3000000 FROM labels');
SELECT try('bulk path=customer/list in=record n=1 shape=elements mb=0.06', 'SELECT length(name) > 1500000 FROM labels');

-- The next scan is right.
SELECT sim('clear what=all');
SELECT count(name) FROM product;

SELECT sim('remove');
SET client_min_messages = warning;
DROP SERVER bounds CASCADE;
DROP SCHEMA :"company" CASCADE;
