-- Every way of giving a bound, a text, a number or a list of them reaches the
-- conditions of the request, and what the API cannot be trusted with stays here.
-- The proof is the simulator's request log: one line a request.

\set company dingPushdown
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=60 freeze=on');
CREATE SERVER pushdown FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER pushdown OPTIONS (token 't0ken', user_id 'u1');
CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN label AS text;
CREATE FOREIGN TABLE product (
  data_id     bigint,
  form_id     bigint,
  serial_no   text,
  add_time    timestamptz,
  update_time timestamptz,
  update_here timestamp                        OPTIONS (attr 'updateTime'),
  name        text                             OPTIONS (attr 'text_1'),
  size        varchar                          OPTIONS (attr 'text_8'),
  mark        label                            OPTIONS (attr 'text_43'),
  padded      char(7)                          OPTIONS (attr 'text_43'),
  folded      text                             OPTIONS (attr 'text_43') COLLATE folding,
  price       numeric                          OPTIONS (attr 'num_1'),
  cost        int                              OPTIONS (attr 'num_2'),
  weight      float8                           OPTIONS (attr 'num_2'),
  day         date                             OPTIONS (attr 'date_5'),
  moment      timestamptz                      OPTIONS (attr 'date_5'),
  creator     text                             OPTIONS (attr 'creatorId'),
  owners      text[]                           OPTIONS (attr 'ownerId')
) SERVER pushdown OPTIONS (object 'product');

CREATE FUNCTION conditions(VARIADIC predicates text[])
RETURNS TABLE (predicate text, sent text) LANGUAGE sql AS $$
  SELECT predicate, coalesce((SELECT string_agg(line, E'\n')
                              FROM sent('SELECT * FROM product WHERE ' || predicate) line), 'nothing')
  FROM unnest(predicates) predicate
$$;

-- times: operators, operands swapped, sub-selects, other types, rounding outward
SELECT extract(epoch FROM timestamptz '2026-01-15') AS "2026-01-15",
       extract(epoch FROM timestamptz '2026-01-20') AS "2026-01-20";
CREATE TABLE loaded AS SELECT timestamptz '2026-01-15' AS at;
SELECT * FROM conditions(
  $$update_time >= '2026-01-15'$$,
  $$'2026-01-15' <= update_time$$,
  $$update_time > '2026-01-15'$$,
  $$update_time <= '2026-01-15'$$,
  $$'2026-01-15' > update_time$$,
  $$update_time BETWEEN '2026-01-15' AND '2026-01-20'$$,
  $$update_time = '2026-01-15'$$,
  $$NOT update_time < '2026-01-15'$$,
  $$update_time >= '2026-01-15' AND update_time >= '2026-01-20'$$,
  $$update_time >= (SELECT max(at) FROM loaded)$$,
  $$update_time >= (SELECT coalesce(max(at), '-infinity') - interval '1 hour' FROM loaded)$$,
  $$update_time >= date '2026-01-15'$$,
  $$update_time >= timestamp '2026-01-15 08:00'$$,
  $$update_time >= '2026-01-15 00:00:00.5'$$,
  $$update_time > '2026-01-15 00:00:00.5'$$,
  $$update_time <= '2026-01-15 00:00:00.5'$$,
  $$update_time < '2026-01-15 00:00:00.5'$$,
  $$update_time = '2026-01-15 00:00:00.5'$$,
  $$add_time >= '2026-01-15' AND update_time < '2026-01-20'$$,
  $$update_here >= '2026-01-15 08:00'$$,
  $$update_here >= date '2026-01-15'$$,
  $$moment >= '2026-01-15'$$,
  $$day >= '2026-01-15'$$,
  $$day = '2026-01-15'$$);

-- now() is the transaction's, so that what must be sent is known
BEGIN;
SELECT sent($$SELECT * FROM product WHERE update_time >= now() - interval '1 hour'$$)
  = format('[{"attr":"updateTime","symbol":"greaterequal","value":[%s]}]',
           floor(extract(epoch FROM now() - interval '1 hour'))) AS "now() - interval";
SELECT sent($$SELECT * FROM product WHERE update_time >= current_date - 1$$)
  = format('[{"attr":"updateTime","symbol":"greaterequal","value":[%s]}]',
           extract(epoch FROM timestamptz 'yesterday')::bigint) AS "current_date - 1";
COMMIT;

-- NULL asks nothing, an infinite bound or one of 1970 is not sent
SELECT * FROM conditions(
  $$update_time >= NULL$$,
  $$update_time >= (SELECT NULL::timestamptz)$$,
  $$update_time >= (SELECT max(at) FROM loaded WHERE false)$$,
  $$update_time BETWEEN '2026-01-15' AND (SELECT NULL::timestamptz)$$,
  $$name = (SELECT NULL)$$,
  $$data_id = (SELECT NULL::bigint)$$,
  $$name = ANY (NULL::text[])$$,
  $$name = ANY ((SELECT NULL::text[])::text[])$$,
  $$name = ANY ((SELECT '{}'::text[])::text[])$$,
  $$name = ANY ((SELECT '{NULL}'::text[])::text[])$$,
  $$update_time >= '-infinity'$$,
  $$update_time <= 'infinity'$$,
  $$update_time > 'infinity'$$,
  $$update_time < '-infinity'$$,
  $$update_time >= date 'infinity'$$,
  $$update_time >= '1970-01-01'$$,
  $$update_time >= '1969-12-31 23:59:59.5'$$,
  $$update_time <= '1970-01-01'$$,
  $$update_time <= '294276-12-31'$$,
  $$update_time >= '294276-12-31'$$,
  $$update_time > '2026-01-20' AND update_time < '2026-01-15'$$,
  $$update_time >= '2026-01-15' AND (SELECT false)$$);

-- texts and numbers
SELECT * FROM conditions(
  $$serial_no = 'CP.20250207.0003'$$,
  $$'CP.20250207.0003' = serial_no$$,
  $$name = '世达 "特价" \ 17''5'$$,
  $$name = E'\t\u0001'$$,
  $$size = '4'$$,
  $$size = '4'::varchar$$,
  $$mark = '187b0b9'$$,
  $$price = -3$$,
  $$price = (SELECT 7::bigint)$$,
  $$cost = 5$$,
  $$cost = 5::bigint$$,
  $$cost = 5::smallint$$,
  $$form_id = 5300127$$,
  $$data_id = 51200003$$,
  $$(cost, size) = (5, '4')$$,
  $$name IN ('a', 'b')$$,
  $$name = ANY (ARRAY['a', NULL, '', 'b'])$$,
  $$name = ANY (ARRAY(SELECT 'n' || i FROM generate_series(1, 3) i))$$,
  $$size IN ('1', '4')$$,
  $$cost = ANY ('{1,2}'::bigint[])$$,
  $$data_id = ANY ('{51200003,51200004}'::int[])$$);

-- numbers keep their digits
SELECT sim('set log_body=on');
SELECT predicate, substring(body FROM '"conditions":.*') AS body
FROM unnest(ARRAY[$$price = 1.50$$, $$price IN (1.5, 2)$$, $$price = 12345678901230047419.450$$,
                  $$price = -0.000001$$, $$price = 1e40$$]) predicate,
     sent('SELECT * FROM product WHERE ' || predicate, 'body') body;
SELECT sim('set log_body=off');

-- '' is NULL here, and 0 may be "no value" there: neither is ever sent
SELECT * FROM conditions(
  $$name = ''$$,
  $$name = ANY ('{""}')$$,
  $$cost = 0$$,
  $$price = 0.00$$,
  $$price = 'NaN'$$,
  $$price = ANY ('{0,5}')$$,
  $$data_id = 0$$);

-- what stays here
SELECT * FROM conditions(
  $$update_time >= clock_timestamp() - interval '1 hour'$$,
  $$price = round(random()::numeric, 3) + 5$$,
  $$update_time >= add_time$$,
  $$price = cost$$,
  $$update_time >= '2026-01-15' OR name = 'a'$$,
  $$update_time <> '2026-01-15'$$,
  $$update_time IN ('2026-01-15', '2026-01-20')$$,
  $$update_time IS NULL$$,
  $$update_time + interval '0' >= '2026-01-15'$$,
  $$update_here >= timestamptz '2026-01-15'$$,
  $$serial_no <> 'CP.20250207.0003'$$,
  $$serial_no NOT IN ('a', 'b')$$,
  $$serial_no LIKE 'CP%'$$,
  $$serial_no LIKE 'CP'$$,
  $$serial_no > 'CP'$$,
  $$serial_no IS NOT NULL$$,
  $$lower(serial_no) = 'cp'$$,
  $$serial_no IS NOT DISTINCT FROM 'CP'$$,
  $$name = 'a' COLLATE folding$$,
  $$folded = '187B0B9'$$,
  $$padded = '187b0b9'$$,
  $$price > 5$$,
  $$price <> 5$$,
  $$cost = 5.5$$,
  $$weight = 5$$,
  $$data_id > 51200003$$,
  $$creator = 'u-0001'$$,
  $$owners = '{u-0001}'$$,
  $$owners @> '{u-0001}'$$,
  $$'u-0001' = ANY (owners)$$);

-- what is sent and what stays, together
SELECT * FROM conditions(
  $$update_time >= '2026-01-15' AND name LIKE '%a%' AND (size = '4' OR size LIKE '1%') AND price = 5 AND data_id > 5$$);

-- the condition lets the bound through: the qual is checked again here
SELECT update_time AS last FROM product ORDER BY 1 DESC LIMIT 1 \gset
SELECT count(name) FROM product WHERE update_time >= :'last';
SELECT count(name) FROM product WHERE update_time > :'last';
SELECT count(name) FROM product WHERE update_time > :'last'::timestamptz - interval '0.5 s';
SELECT count(name) FROM product WHERE update_time < :'last'::timestamptz + interval '0.5 s';

-- a bound that is not sent still keeps out what has no time
SELECT sim('put', '{"dataId":1,"formId":5300127,"data":{"text_1":"timeless"}}');
SELECT count(name), count(update_time) FROM product;
SELECT bound, (SELECT count(name) FROM product WHERE update_time >= bound), (SELECT count(*) FROM product WHERE update_time >= bound) AS alone
FROM unnest('{-infinity,1970-01-01,1960-01-01,1970-01-01 00:00:01}'::timestamptz[]) bound;
SELECT (SELECT count(name) FROM product WHERE update_time <= bound) AS name, (SELECT count(*) FROM product WHERE update_time <= bound) AS alone
FROM unnest('{infinity,2030-01-01}'::timestamptz[]) bound;

-- conditions of the table come first, whatever the query says
ALTER FOREIGN TABLE product OPTIONS (ADD conditions '[{"attr":"num_3","symbol":"equal","value":[0]}]');
SELECT * FROM conditions('true', $$size = '4' AND update_time >= '2026-01-15'$$);
