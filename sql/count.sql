-- count(*) over what the API can select exactly is one request, decided when the
-- statement runs; everything else is read and counted, and the number is right.

\set company dingCount
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=900 freeze=on');
CREATE SERVER "count" FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER "count" OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  id          numeric   OPTIONS (attr 'dataId'),
  serial_no   text,
  add_time    timestamptz,
  update_time timestamptz,
  local_time  timestamp OPTIONS (attr 'updateTime'),
  name        text      OPTIONS (attr 'text_1'),
  size        text      OPTIONS (attr 'text_8'),
  cost        numeric   OPTIONS (attr 'num_2')
) SERVER "count" OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;

-- Counts on the foreign table and on the copy: requests, and whether both agree.
CREATE FUNCTION counted(VARIADIC wheres text[])
RETURNS TABLE (requests text, "right" boolean, "where" text) LANGUAGE plpgsql AS $$
DECLARE
  there text;
  here text;
BEGIN
  FOREACH "where" IN ARRAY wheres LOOP
    PERFORM sim('clear');
    EXECUTE 'SELECT q::text FROM (SELECT count(*) FROM product ' || "where" || ') q' INTO there;
    SELECT count(*) INTO requests FROM sim('log');
    EXECUTE 'SELECT q::text FROM (SELECT count(*) FROM copy ' || "where" || ') q' INTO here;
    "right" := there = here;
    IF requests <> '1' AND requests <> '0' THEN
      requests := 'several';
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- one request: all of the list, ranges of whole seconds, an id
SELECT * FROM counted(
  '',
  $$WHERE update_time BETWEEN '2025-06-01' AND '2026-01-01'$$,
  $$WHERE update_time >= '2025-06-01' AND add_time <= '2025-09-01'$$,
  $$WHERE update_time = (SELECT max(update_time) FROM copy)$$,
  $$WHERE update_time >= date '2025-06-01'$$,
  $$WHERE update_time >= '2100-01-01'$$,
  $$WHERE data_id = 51200003$$,
  $$WHERE data_id = 3$$,
  $$WHERE data_id IN (51200003, 51200004, 3)$$,
  $$WHERE id = ANY ('{51200003.0,51200004.5,51200004.00}')$$,
  $$WHERE data_id = ANY ('{51200003,51200004,51200005}') AND id = ANY ('{51200004.0,51200005,3}')$$,
  $$WHERE data_id = 51200003 AND update_time >= '2000-01-01'$$);

-- none at all
SELECT * FROM counted(
  'WHERE update_time >= (SELECT NULL::timestamptz)',
  $$WHERE update_time > '2026-01-01' AND update_time < '2025-01-01'$$,
  $$WHERE update_time > 'infinity'$$,
  $$WHERE id = 51200003.5$$,
  $$WHERE data_id = 51200003 AND data_id = ANY ('{51200004,51200005}')$$,
  $$WHERE false$$);

-- read and counted: open bounds, fractions of a second, local quals, values whose equality
-- the API may see otherwise, ranges of another column type, part of the rows
SELECT * FROM counted(
  $$WHERE update_time >= '2025-06-01' AND update_time < '2026-01-01'$$,
  $$WHERE update_time > '2025-06-01' AND update_time <= '2026-01-01'$$,
  $$WHERE update_time < (SELECT max(update_time) FROM copy)$$,
  $$WHERE update_time > (SELECT min(update_time) FROM copy)$$,
  $$WHERE update_time >= '2025-06-01 00:00:00.5'$$,
  $$WHERE update_time < (SELECT max(update_time) + interval '0.5 s' FROM copy)$$,
  $$WHERE update_time >= '2025-06-01' AND name LIKE '%9%'$$,
  $$WHERE size = '4'$$,
  $$WHERE cost <> 5$$,
  $$WHERE local_time >= '2025-06-01'$$,
  $$WHERE update_time IS NOT NULL$$,
  $$WHERE update_time <> '2025-06-01'$$,
  $$WHERE update_time >= '-infinity'$$,
  $$WHERE update_time >= '1970-01-01'$$,
  $$GROUP BY size ORDER BY size DESC LIMIT 1$$,
  $$LIMIT 1$$);

-- what is computed from it
CREATE FUNCTION asked(query text, OUT requests bigint, OUT answer text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('clear');
  EXECUTE 'SELECT q::text FROM (' || query || ') q' INTO answer;
  SELECT count(*) INTO requests FROM sim('log');
END
$$;
SELECT * FROM asked('SELECT count(*) + 1 FROM product');
SELECT * FROM asked('SELECT count(*), count(*) * 2, ''x'' FROM product');
SELECT * FROM asked($$SELECT count(*)::text || ' records' FROM product WHERE update_time >= '2025-06-01'$$);
SELECT * FROM asked('SELECT (SELECT count(*) FROM product WHERE data_id = 3), (SELECT count(*) FROM product)');
SELECT * FROM asked('SELECT count(*) FROM (SELECT * FROM product) p');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*), max(data_id) FROM product');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(data_id) FROM product');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(DISTINCT data_id) FROM product');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*) FILTER (WHERE data_id > 51200800) FROM product');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*) FROM product HAVING count(*) > 5');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*), count(*) FILTER (WHERE cost > 0) > 5 FROM product');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*) FROM product a JOIN product b USING (data_id)');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*) OVER () FROM product LIMIT 1');
SELECT requests > 1 AS several, answer FROM asked('SELECT sum(n) FROM (SELECT count(*) AS n FROM product GROUP BY size) q');

-- the same plan, executed for values that are exact and for others
PREPARE since (timestamptz) AS SELECT count(*) FROM product WHERE update_time >= $1;
SET plan_cache_mode = force_generic_plan;
SELECT sim('clear');
EXECUTE since ('2025-12-01');
SELECT sim('count');
EXECUTE since ('2025-12-01 00:00:00.5');
SELECT sim('count')::int > 2 AS several;
EXECUTE since (NULL);
EXECUTE since ('2100-01-01');
SELECT sim('clear');
SELECT n, (SELECT count(*) FROM product WHERE data_id = 51200001 + n) FROM generate_series(-1, 1) n;
SELECT sim('count');
RESET plan_cache_mode;

-- a total that may be a cap proves nothing; nor does one that the rows contradict
SELECT sim('create object=customer records=12000 form_id=5300201 width=4 step=60');
CREATE FOREIGN TABLE customer (data_id bigint, add_time timestamptz, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER "count" OPTIONS (object 'customer', form_id '5300201');
SELECT requests, answer FROM asked($$SELECT count(*) FROM customer WHERE data_id = 51200007$$);
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*) FROM customer');
SELECT add_time AS middle FROM customer ORDER BY 1 OFFSET 9000 LIMIT 1 \gset
SELECT * FROM asked(format('SELECT count(*) FROM customer WHERE add_time <= %L', :'middle'::timestamptz - interval '1 s'));
SELECT sim('set total_cap=10000');
SELECT requests > 1 AS several, answer FROM asked('SELECT count(*) FROM customer');
SELECT sim('set total_cap=0 total=missing');
SELECT * FROM asked('SELECT count(*) FROM product');
SELECT sim('set total=string');
SELECT * FROM asked('SELECT count(*) FROM product');
SELECT sim('set total=number ignore=updateTime');
SELECT * FROM asked($$SELECT count(*) FROM product WHERE update_time < '2026-01-01'$$);
SELECT sim('set ignore=dataId');
SELECT * FROM asked('SELECT count(*) FROM product WHERE data_id = 51200003');

-- an object without conditions is read and counted
CREATE FOREIGN TABLE users (id text OPTIONS (attr 'userId')) SERVER "count" OPTIONS (object 'user');
SELECT count(*) FROM users;

-- times with fractions: > and < know no next second, >= and <= are still right
SELECT sim('remove');
SELECT sim('create products=200 freeze=on fractions=wire');
CREATE FUNCTION wrong_counts() RETURNS TABLE (operator text, bounds bigint, wrong bigint) LANGUAGE plpgsql AS $$
DECLARE
  second timestamptz;
  there bigint;
BEGIN
  FOREACH operator IN ARRAY '{>,>=,<,<=,=}'::text[] LOOP
    bounds := 0;
    wrong := 0;
    FOR second IN SELECT date_trunc('second', add_time) + n * interval '1 s'
                  FROM copy, generate_series(0, 1) n WHERE data_id % 50 = 1 LOOP
      EXECUTE format('SELECT count(*) FROM product WHERE add_time %s %L', operator, second) INTO there;
      bounds := bounds + 1;
      EXECUTE format('SELECT $1 + (count(*) <> $2)::int FROM copy WHERE add_time %s %L', operator, second)
        INTO wrong USING wrong, there;
    END LOOP;
    RETURN NEXT;
  END LOOP;
END
$$;
TRUNCATE copy;
INSERT INTO copy SELECT * FROM product;
SELECT count(*), count(*) FILTER (WHERE extract(milliseconds FROM add_time)::int % 1000 = 700) AS fractions FROM copy;
SELECT * FROM wrong_counts();

-- a record without a time is no record below a bound, whatever the API makes of its 0
SELECT sim('set ignore=');
SELECT sent($$SELECT count(*) FROM product WHERE update_time <= '2030-01-01'$$);
SELECT sent($$SELECT count(*) FROM product WHERE update_time >= '2026-01-01'$$);
