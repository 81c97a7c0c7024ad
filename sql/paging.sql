-- A list of many pages comes whole and each record once, or the scan ends in an error
-- that says so: a short, changed, uncounted or unfiltered list is never passed off as
-- whole.  page_size and concurrency are what the log shows.

\set company dingPaging
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=730 freeze=on');
CREATE SERVER paging FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER paging OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (data_id bigint, update_time timestamptz, add_time timestamptz, size text OPTIONS (attr 'text_8'))
  SERVER paging OPTIONS (object 'product', page_size '100', concurrency '8');
CREATE FOREIGN TABLE plain (data_id bigint, update_time timestamptz, size text OPTIONS (attr 'text_8'))
  SERVER paging OPTIONS (object 'product', snapshot 'false', page_size '100', concurrency '1');

-- what is wrong with a reading: nothing, if it has all records of the list, once
CREATE FUNCTION wrong(name text, OUT missing bigint, OUT twice bigint, OUT strange bigint) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TEMP TABLE reading AS SELECT data_id FROM %I', name);
  SELECT count(*) FILTER (WHERE r.data_id IS NULL), count(*) FILTER (WHERE a.id IS NULL)
  INTO missing, strange
  FROM (SELECT split_part(line, ',', 1)::bigint AS id FROM sim('dump form=csv cols=dataId') line) a
       FULL JOIN (SELECT DISTINCT data_id FROM reading) r ON r.data_id = a.id;
  SELECT count(*) - count(DISTINCT data_id) INTO twice FROM reading;
  DROP TABLE reading;
END
$$;
SELECT * FROM wrong('product');
SELECT * FROM wrong('plain');

-- pages of the size asked for; a plain reading asks for each once, one after another
SELECT sim('clear');
SELECT count(size) FROM plain;
SELECT sim('log fields=page,size,cond');
ALTER FOREIGN TABLE plain OPTIONS (SET page_size '73');
SELECT sim('clear');
SELECT count(size) FROM plain;
SELECT sim('count') AS "730 / 73, and the last is full";
ALTER FOREIGN TABLE product OPTIONS (SET page_size '37');
SELECT * FROM wrong('product');
SELECT sim('clear');
SELECT count(size) FROM product;
SELECT DISTINCT sim('log fields=size') AS size;

-- requests in flight: one, or as many as allowed, where one waits for the others
ALTER FOREIGN TABLE product OPTIONS (SET concurrency '1');
SELECT sim('clear');
SELECT count(size) FROM product;
SELECT substring(sim('stats') FROM 'peak=\d+') AS peak;
ALTER FOREIGN TABLE product OPTIONS (SET concurrency '3');
SELECT sim('clear');
SELECT sim('hold at=2 until=3');
SELECT count(size) FROM product;
SELECT substring(sim('stats') FROM 'peak=\d+') AS peak;
ALTER FOREIGN TABLE product OPTIONS (DROP concurrency, DROP page_size);

-- sizes at the edge of a page
CREATE FOREIGN TABLE customer (data_id bigint, name text OPTIONS (attr 'text_1')) SERVER paging OPTIONS (object 'customer', form_id '5300201');
CREATE FUNCTION sizes(VARIADIC sizes int[]) RETURNS TABLE (records int, read bigint, ids bigint, requests text) LANGUAGE plpgsql AS $$
BEGIN
  FOREACH records IN ARRAY sizes LOOP
    PERFORM sim('create object=customer form_id=5300201 width=4 records=' || records);
    PERFORM sim('clear');
    SELECT count(name), count(DISTINCT data_id) INTO read, ids FROM customer;
    requests := CASE WHEN (SELECT sim('count')) = '1' THEN 'one' ELSE 'several' END;
    RETURN NEXT;
  END LOOP;
END
$$;
SELECT * FROM sizes(0, 1, 99, 100, 101, 199, 200, 201, 1000);

-- orders with bouncing ties: nothing lost, nothing twice
SELECT sim('create object=customer form_id=5300201 width=4 records=450 shape=burst');
CREATE FUNCTION orders() RETURNS TABLE ("order" text, read bigint, ids bigint) LANGUAGE plpgsql AS $$
BEGIN
  FOREACH "order" IN ARRAY '{update-desc,update-asc,add-desc,add-asc,id-desc,id-asc}'::text[] LOOP
    PERFORM sim('set bounce=on order=' || "order");
    SELECT count(name), count(DISTINCT data_id) INTO read, ids FROM customer;
    RETURN NEXT;
  END LOOP;
  PERFORM sim('set bounce=off order=update-desc');
END
$$;
SELECT * FROM orders();

-- a list that changes while it is read: the certified reading has what has been there
-- all the time, once; the plain one notices that the total has changed
CREATE FUNCTION living(change text, OUT lost bigint, OUT twice bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('mark');
  PERFORM sim('at n=3 do=' || change);
  CREATE TEMP TABLE reading AS SELECT data_id FROM product;
  SELECT count(*) INTO lost FROM sim('always') id WHERE id::bigint NOT IN (SELECT data_id FROM reading);
  SELECT count(*) - count(DISTINCT data_id) INTO twice FROM reading;
  DROP TABLE reading;
END
$$;
SELECT update_time AS oldest FROM product ORDER BY 1 LIMIT 1 \gset
SELECT data_id AS oldest FROM product WHERE update_time = :'oldest' \gset
SELECT change, living.*
FROM unnest(ARRAY['touch id=first', 'touch id=last', 'touch id=' || :oldest, 'touch id=random', 'add', 'drop id=first', 'drop id=last']) change,
     living(change);

-- the rows of a reading, or its error
CREATE FUNCTION reading(name text, condition text DEFAULT 'true', OUT rows bigint, OUT state text, OUT message text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT count(size) FROM %I WHERE ', name) || condition INTO rows;
EXCEPTION WHEN OTHERS THEN
  state := SQLSTATE;
  message := SQLERRM;
END
$$;
SELECT sim('total') AS before;
SELECT sim('at n=3 do=add');
SELECT * FROM reading('plain');
SELECT sim('at n=3 do=drop id=first');
SELECT * FROM reading('plain');
-- the last record of the list moves to its front while the third page is read
SELECT data_id AS oldest FROM product ORDER BY update_time LIMIT 1 \gset
SELECT sim('at n=3 do=touch id=' || :oldest);
SELECT * FROM reading('plain');
SELECT * FROM reading('plain');

-- pages that lack records that are counted; a page in place of another; short pages
-- that together hold all
SELECT sim('set missing_rows=1');
SELECT * FROM reading('plain');
SELECT * FROM reading('product');
SELECT sim('set missing_rows=0');
SELECT sim('fault what=wrong-page at=3');
SELECT * FROM reading('plain');
SELECT sim('fault what=wrong-page at=3');
SELECT * FROM reading('product');
SELECT sim('set short_pages=7');
SELECT * FROM reading('plain');
SELECT * FROM reading('product');
SELECT sim('set short_pages=0');

-- totals: as text, missing, too great, too small
SELECT sim('set total=string');
SELECT * FROM reading('plain');
SELECT * FROM reading('product');
SELECT sim('set total=missing');
SELECT * FROM reading('plain');
SELECT * FROM reading('product');
SELECT * FROM reading('product', 'data_id = 51200300');
SELECT sim('set total=number total_add=5');
SELECT * FROM reading('plain');
SELECT * FROM reading('plain', 'data_id = 51200300');
SELECT sim('set total_add=-5');
SELECT * FROM reading('plain');
SELECT sim('set total_add=0');

-- conditions that the API ignores
SELECT sim('set ignore=addTime,updateTime');
SELECT * FROM reading('product');
SELECT * FROM reading('product', $$update_time < '2025-06-01'$$);
SELECT * FROM reading('plain', $$update_time < '2025-06-01'$$);
SELECT count(size) FROM product WHERE update_time < '2024-12-01';
SELECT sim('set ignore=');

-- deeper than the API can page
SELECT sim('set depth=300');
SELECT missing, twice, strange FROM wrong('product');
SELECT sim('set depth=0');

-- an object without conditions is read until two readings agree
CREATE FOREIGN TABLE staff (id text OPTIONS (attr 'userId')) SERVER paging OPTIONS (object 'user', page_size '20');
SELECT count(*), count(DISTINCT id) FROM staff;
SELECT sim('clear');
SELECT count(id) FROM staff;
SELECT sim('log fields=path,page,size,cond sort=on');

-- what is left of pages that were handed on is their ids
SELECT sim('create object=customer form_id=5300201 width=2 records=5000');
ALTER FOREIGN TABLE customer OPTIONS (ADD page_size '20', ADD concurrency '2');
BEGIN;
DECLARE customers CURSOR FOR SELECT data_id FROM customer;
MOVE 4999 customers;
SELECT sum(total_bytes) < 24 * 5000 + 100000 AS little FROM pg_backend_memory_contexts WHERE name = 'xbb_fdw reading';
COMMIT;

-- everything is as before, and the next scan is right
SELECT sim('get');
SELECT missing, twice, strange FROM wrong('product');
SELECT missing, twice, strange FROM wrong('plain');

-- windows are cut by addTime, which never changes, unless a condition names what may
SELECT sim('clear what=all');
SELECT sim('create products=260 freeze=on');
CREATE FOREIGN TABLE dated (data_id bigint, day timestamptz OPTIONS (attr 'date_5'), parent bigint OPTIONS (attr 'num_3'), update_time timestamptz, add_time timestamptz)
  SERVER paging OPTIONS (object 'product');
CREATE FUNCTION cut_by(condition text) RETURNS TABLE (cut_by text) LANGUAGE sql AS $$
  SELECT string_agg(DISTINCT c ->> 'attr', ' ' ORDER BY c ->> 'attr') FROM sent('SELECT data_id FROM dated WHERE ' || condition) line, jsonb_array_elements(nullif(line, '-')::jsonb) c
$$;
SELECT condition, cut_by(condition) FROM unnest(ARRAY['true', $$day >= '2000-01-01'$$, $$day <= '2100-01-01'$$, $$day BETWEEN '2000-01-01' AND '2100-01-01'$$,
  $$update_time >= '2000-01-01'$$, $$add_time >= '2000-01-01'$$, 'parent <> 1']) condition;

-- a record without times that pages have shown once, and one that only totals count:
-- an error that names what to mend
SELECT sim('clear what=all');
SELECT sim('create products=150 freeze=on order=id-desc');
SELECT sim('put', '{"dataId":59999999,"data":{}}');
SELECT sim('at n=2 do=drop id=59999999');
SELECT sim('fault what=replace page=2 at=every body={"code":1,"result":{"list":[],"totalCount":152}}');
ALTER SERVER paging OPTIONS (ADD settle_time '0');
SELECT count(data_id) FROM product;
-- where no record is known to lack a time, none is named; it is counted
SELECT xbb.stats_reset('paging');
SELECT count(data_id) FROM product;
SELECT endpoint, errors_data, last_error FROM xbb.stats WHERE server = 'paging';
SELECT sim('clear what=all');

-- fixed conditions may be on what changes
ALTER FOREIGN TABLE dated OPTIONS (ADD conditions '[{"attr": "num_3", "symbol": "range", "value": [-1e9, 1e9]}]');
SELECT cut_by('true');

-- more records than there can be
SELECT sim('set total_add=3000000000');
SELECT count(data_id) FROM product;
