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
  id          numeric                          OPTIONS (attr 'dataId'),
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
  $$name = E'a\t\u0001b'$$,
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

-- a number goes in its shortest form, and not where a double would not hold it
SELECT sim('set log_body=on');
SELECT predicate, substring(body FROM '"conditions":.*') AS body
FROM unnest(ARRAY[$$price = 1.50$$, $$price IN (1.5, 2)$$, $$price = 12345678901230047419.450$$,
                  $$price = -0.000001$$, $$price = 1e40$$,
                  $$price = 120.00$$, $$price = 999999999999999$$, $$price = 1e-400$$, $$price = 1e1000$$,
                  $$price = ANY ('{1.5,NaN}')$$, $$price = '-Infinity'$$,
                  $$name = '-12.50'$$, $$name = '12.345678901234567'$$]) predicate
LEFT JOIN LATERAL sent('SELECT * FROM product WHERE ' || predicate, 'body') body ON true;
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

-- a text that a number would show, too, is asked for in both forms
SELECT * FROM conditions(
  $$name = '7'$$,
  $$name = '007'$$,
  $$name = '+7'$$,
  $$name = '7.'$$,
  $$name = '１２'$$,
  $$name = '1e3'$$,
  $$name = '0'$$,
  $$name = '-0.00'$$,
  $$name = '123456789012345'$$,
  $$name = '1234567890123456'$$,
  $$name = '-1234567890123456'$$,
  $$name = ANY ('{a,7,b,7}')$$,
  $$name = ANY ('{a,0}')$$);

-- what is shown for something else, or might be looked for in part, is not sent
SELECT * FROM conditions(
  $$name = 'true'$$,
  $$name = 'null'$$,
  $$name = '["a"]'$$,
  $$name = '[new] a'$$,
  $$name = '{}'$$,
  $$name = ' a'$$,
  $$name = 'a '$$,
  $$name = E'a\u3000'$$,
  $$name = 'a b'$$,
  $$name = E'a\uFFFD'$$,
  $$name = ANY (ARRAY['a', repeat('a', 257)])$$);

SELECT length(sent($$SELECT * FROM product WHERE name = repeat('中', 256)$$)) AS "256",
  sent($$SELECT * FROM product WHERE name = repeat('a', 257)$$) AS "257", sent($$SELECT * FROM product WHERE name = repeat('a', 10000000)$$) AS "10^7";

-- white space at an end stays here, its neighbours do not
SELECT string_agg(to_hex(n), ' ' ORDER BY n) AS not_sent
FROM unnest('{1,32,33,132,133,134,159,160,161,5759,5760,5761,8191,8192,8193,8207,8208,8231,8232,8233,8234,8238,8239,8240,8286,8287,8288,12287,12288,12289,65278,65279,65280,65507,65508,65532,65533}'::int[]) n
WHERE NOT EXISTS (SELECT FROM sent(format('SELECT * FROM product WHERE name = %L', 'a' || chr(n))) line WHERE line LIKE '%text_1%');

-- dataIds: those that all quals on them allow, each once; what is no integer is none
SELECT * FROM conditions(
  $$id = 12.0$$,
  $$id = 12.5$$,
  $$id = 'NaN'$$,
  $$id = 1e1000$$,
  $$id = -9223372036854775808$$,
  $$id = 9223372036854775807$$,
  $$id = 9223372036854775808$$,
  $$id = ANY ('{12.0,13.50,11,12,1e30,NaN}'::numeric[])$$,
  $$id = ANY ('{1.5,Infinity}')$$,
  $$data_id = ANY ('{3,1,2,3}') AND data_id = ANY ('{4,3,2,NULL}'::int[])$$,
  $$data_id = 12.0$$,
  $$12.5 = data_id$$,
  $$data_id IN (51200001.5, 12, 12.0)$$,
  $$data_id > 12.5 AND data_id = 13$$,
  $$data_id = 5 AND data_id = ANY ('{4,5,6}')$$,
  $$data_id = ANY ('{4,6}') AND id = 5$$,
  $$data_id = ANY ('{4,5}') AND id = ANY ('{5.0,6.5}') AND name = ANY ('{a,b}')$$,
  $$data_id = ANY ('{0,5}')$$,
  $$data_id = ANY ('{0,5}') AND data_id = ANY ('{5,6}')$$,
  $$data_id = ANY ('{5,0}') AND data_id = ANY ('{0,6}')$$);

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
  $$weight = 5$$,
  $$data_id > 51200003$$,
  $$creator = 'u-0001'$$,
  $$owners = '{u-0001}'$$,
  $$owners @> '{u-0001}'$$,
  $$'u-0001' = ANY (owners)$$);

-- what is sent and what stays, together
SELECT * FROM conditions(
  $$update_time >= '2026-01-15' AND name LIKE '%a%' AND (size = '4' OR size LIKE '1%') AND price = 5 AND data_id > 5$$);

-- a column of another type than the attr's shows one value for several: not sent
ALTER FOREIGN TABLE product ADD COLUMN size_number int OPTIONS (attr 'text_8'), ADD COLUMN stamp bigint OPTIONS (attr 'updateTime'),
  ADD COLUMN price_text text OPTIONS (attr 'num_1'), ADD COLUMN day_text text OPTIONS (attr 'date_5'), ADD COLUMN name_time timestamptz OPTIONS (attr 'text_900');
SELECT * FROM conditions(
  $$size_number = 4$$,
  $$size_number = ANY ('{4,5}')$$,
  $$stamp = 1769000000$$,
  $$stamp >= 1769000000$$,
  $$price_text = '5'$$,
  $$day_text = '5'$$,
  $$name_time = '2026-01-15'$$);
SELECT count(size_number) > 0 AS some, (SELECT count(*) FROM product WHERE size_number = 4) = (SELECT count(*) FROM product WHERE size_number + 0 = 4) AS "right" FROM product;
ALTER FOREIGN TABLE product DROP COLUMN size_number, DROP COLUMN stamp, DROP COLUMN price_text, DROP COLUMN day_text, DROP COLUMN name_time;

-- the condition lets the bound through: the qual is checked again here
SELECT update_time AS last FROM product ORDER BY 1 DESC LIMIT 1 \gset
SELECT count(name) FROM product WHERE update_time >= :'last';
SELECT count(name) FROM product WHERE update_time > :'last';
SELECT count(name) FROM product WHERE update_time > :'last'::timestamptz - interval '0.5 s';
SELECT count(name) FROM product WHERE update_time < :'last'::timestamptz + interval '0.5 s';

-- Modifiers, also those of domains: what rounds or cuts shows something else than
-- the API compares.  Numbers are not sent then, but for integers; varchar(n) only
-- what is too short to have been cut; times with half a unit more.
CREATE DOMAIN tenths AS numeric(12,1);
CREATE DOMAIN price AS tenths CHECK (VALUE >= 0);
CREATE DOMAIN second AS timestamptz(0);
CREATE DOMAIN code AS varchar(6);
SELECT sim('create object=contact records=0');
CREATE FOREIGN TABLE rounded (
  data_id     numeric(20,0),
  data_id_2   numeric(20,2)    OPTIONS (attr 'dataId'),
  tens        numeric(20,-1)   OPTIONS (attr 'dataId'),
  price       numeric(10,1)    OPTIONS (attr 'num_1'),
  price_too   price            OPTIONS (attr 'num_1'),
  pieces      numeric(8,0)     OPTIONS (attr 'num_1'),
  exact       numeric          OPTIONS (attr 'num_1'),
  code        varchar(6)       OPTIONS (attr 'text_1'),
  code_too    code             OPTIONS (attr 'text_1'),
  word        varchar          OPTIONS (attr 'text_1'),
  at          timestamptz(0)   OPTIONS (attr 'updateTime'),
  at_too      second           OPTIONS (attr 'updateTime'),
  tenth       timestamptz(1)   OPTIONS (attr 'updateTime'),
  micro       timestamptz(6)   OPTIONS (attr 'updateTime'),
  here        timestamp(0)     OPTIONS (attr 'updateTime'),
  moment      timestamptz(0)   OPTIONS (attr 'date_5')
) SERVER pushdown OPTIONS (object 'contact');
CREATE FUNCTION rounded(VARIADIC predicates text[])
RETURNS TABLE (predicate text, sent text) LANGUAGE sql AS $$
  SELECT predicate, coalesce((SELECT string_agg(line, E'\n')
                              FROM sent('SELECT * FROM rounded WHERE ' || predicate) line), 'nothing')
  FROM unnest(predicates) predicate
$$;
SELECT * FROM rounded(
  $$data_id = 51200003$$,
  $$data_id_2 = ANY ('{51200003,7.5}')$$,
  $$tens = 51200000$$,
  $$price = 10587.6$$,
  $$price_too = ANY ('{10587.6,5}')$$,
  $$pieces = 8$$,
  $$exact = 8::numeric(8,2)$$,
  $$code = 'abcde'$$,
  $$code = 'abcdef'$$,
  $$code = '世达特价工具'$$,
  $$code_too = ANY ('{abc,中文}')$$,
  $$code_too = ANY ('{abc,abcdef}')$$,
  $$word = 'abcdef'$$,
  $$word::varchar(3) = 'abc'$$,
  $$word::char(6) = 'abcdef'$$,
  $$code::text = 'abcde'$$,
  $$exact::numeric(10,1) = 7.5$$,
  $$micro::timestamptz(0) >= '2026-01-15'$$,
  $$at >= '2026-01-15'$$,
  $$at < '2026-01-15'$$,
  $$at_too = '2026-01-15'$$,
  $$tenth <= '2026-01-15 00:00:00.9'$$,
  $$tenth <= '2026-01-15 00:00:00.96'$$,
  $$micro BETWEEN '2026-01-15' AND '2026-01-15 00:00:00.5'$$,
  $$here > '2026-01-15 08:00'$$,
  $$moment = '2026-01-15'$$);

-- each finds what a copy of the table has
SELECT sim('put object=contact', '{"dataId":2,"addTime":1769990000,"updateTime":1769990000700,"data":{"text_1":"abcdef    ","num_1":392.2305,"date_5":1769990000.5}}');
SELECT sim('put object=contact', '{"dataId":3,"addTime":1769990000,"updateTime":1769990001200,"data":{"text_1":"abcde","num_1":7.5,"date_5":1769990001.4}}');
SELECT sim('put object=contact', '{"dataId":4,"addTime":1769990000,"updateTime":1769990001500,"data":{"text_1":"abcdef","num_1":"7.96","date_5":1769990001}}');
SELECT sim('put object=contact', '{"dataId":5,"addTime":1769990000,"updateTime":1769990000950,"data":{"text_1":7,"num_1":"8.00","date_5":"1769990001"}}');
CREATE TABLE rounded_copy AS SELECT * FROM rounded;
SELECT data_id, price, pieces, code, at, tenth, moment FROM rounded_copy ORDER BY data_id;
CREATE FUNCTION found(VARIADIC predicates text[])
RETURNS TABLE (predicate text, ids text, "as the copy" boolean) LANGUAGE plpgsql AS $$
DECLARE
  here text;
BEGIN
  FOREACH predicate IN ARRAY predicates LOOP
    EXECUTE 'SELECT string_agg(data_id::text, '','' ORDER BY data_id) FROM rounded WHERE '
      || predicate INTO ids;
    EXECUTE 'SELECT string_agg(data_id::text, '','' ORDER BY data_id) FROM rounded_copy WHERE ' || predicate INTO here;
    "as the copy" := here IS NOT DISTINCT FROM ids;
    RETURN NEXT;
  END LOOP;
END
$$;
SELECT * FROM found(
  $$price = 392.2$$,
  $$price_too IN (392.2, 7.5, 8)$$,
  $$pieces = 8$$,
  $$pieces = ANY ('{8,392}')$$,
  $$exact = 8$$,
  $$code = 'abcdef'$$,
  $$code = 'abcde'$$,
  $$code = '7'$$,
  $$code_too IN ('7', 'abcde')$$,
  $$at = '2026-02-01 23:53:21'$$,
  $$at >= '2026-02-01 23:53:22' AND at < '2026-02-02'$$,
  $$at_too <= '2026-02-01 23:53:21' AND at > '2026-02-01'$$,
  $$tenth = '2026-02-01 23:53:21'$$,
  $$tenth > '2026-02-01 23:53:20.7' AND tenth < '2026-02-01 23:53:21.5'$$,
  $$micro = '2026-02-01 23:53:20.7'$$,
  $$here = '2026-02-02 07:53:21'$$,
  $$moment = '2026-02-01 23:53:21'$$,
  $$moment >= '2026-02-01 23:53:21' AND moment < '2026-02-01 23:53:22'$$);

-- the same where types, white space and long texts make a difference to the API
SELECT sim('put object=contact', format('{"dataId":6,"addTime":1769990000,"updateTime":1769990000,"data":{"text_1":"%s","num_1":0.1}}', repeat('x', 300)));
SELECT sim('put object=contact', '{"dataId":7,"addTime":1769990000,"updateTime":1769990000,"data":{"text_1":" a ","num_1":0.10000000000000000555}}');
SELECT sim('set types=strict trim=on text_limit=256 doubles=on');
SELECT count(*) FROM rounded WHERE word = '7';
SELECT count(*) FROM rounded WHERE word = ANY ('{5,6,7}');
SELECT count(*) FROM rounded WHERE word = repeat('x', 300);
SELECT count(*) FROM rounded WHERE word = ' a ';
SELECT count(*) FROM rounded WHERE exact = 0.10000000000000000555;
SELECT count(*) FROM rounded WHERE exact = 0.10;
SELECT sim('set types=loose trim=off text_limit=0 doubles=off');

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
