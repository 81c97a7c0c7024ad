-- The names of the records before are a guess at those that come; whatever comes
-- instead, the values are right.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingNames create token=s3cret products=0 freeze=on
CREATE SCHEMA names_test;
SET search_path = names_test;
SET client_encoding = 'UTF8';
CREATE SERVER names_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingNames', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER names_crm OPTIONS (token 's3cret');
CREATE FOREIGN TABLE product (
  data_id bigint, name text OPTIONS (attr 'text_1'), number int OPTIONS (attr 'num_1'), part text OPTIONS (attr 'sub.text_1'),
  long text OPTIONS (attr 'a_name_longer_than_a_guess')
) SERVER names_crm OPTIONS (object 'product');
CREATE FOREIGN TABLE record (data_id bigint, raw jsonb OPTIONS (attr '*')) SERVER names_crm OPTIONS (object 'product');

\pset format unaligned
\pset tuples_only on
\set put '\\g |xargs -d "\\n" python3 $XBB_SIM ctl dingNames putraw'
-- The list is sorted by updateTime, the newest first: 1 comes first.
SELECT format('{"dataId":%s,"addTime":1767283200,"updateTime":%s,%s}', n, 1767289999 - n, rest)
FROM unnest(ARRAY[
  '"data":{"a":1,"text_1":"first","num_1":1,"b":"x","sub":{"text_1":"part"},"c":[1,-2,"3"],"a_name_longer_than_a_guess":"l"}',
  -- the same once more
  '"data":{"a":2,"text_1":"same","num_1":2,"b":"y","sub":{"text_1":"part"},"c":[],"a_name_longer_than_a_guess":"l"}',
  -- some are missing, from the end, from the middle, from the beginning
  '"data":{"a":2,"text_1":"no end"}',
  '"data":{"a":2,"c":[7],"a_name_longer_than_a_guess":"no middle"}',
  '"data":{"sub":{"text_1":"no beginning"}}',
  -- there are more, at the beginning, in the middle, at the end
  '"data":{"n1":0,"n2":"","n3":null,"n4":true,"n5":-0.5,"a":1,"n6":"n","text_1":"more","num_1":6,"b":"x","n7":{},"sub":{"n8":1,"text_1":"part"},"n9":[[]]}',
  -- another order
  '"data":{"num_1":7,"sub":{"text_1":"part"},"c":[],"b":"x","text_1":"backwards","a":1}',
  -- not in data; both are there
  '"text_1":"beside","num_1":8,"data":{"sub":{"text_1":"part"}}',
  '"data":{"a":1,"text_1":"in data","num_1":0},"text_1":"beside","num_1":9',
  -- in other objects, before and behind; in an array
  '"data":{"a":{"text_1":"wrong","num_1":0,"sub":{"text_1":"wrong"}},"text_1":"other objects","num_1":10,"b":[{"text_1":"wrong"},{"num_1":0}]}',
  '"data":{"a":1,"text_1":"array","num_1":11,"b":"x","sub":[{"text_1":"wrong"},{"text_1":"wrong"}],"c":[{"text_1":"wrong"}]}',
  '"data":{"a":1,"text_1":"object again","num_1":12,"b":"x","sub":{"text_1":"part"},"c":{"text_1":"wrong"}}',
  -- twice: the last one counts
  '"data":{"a":1,"text_1":"wrong","num_1":0,"text_1":"last","num_1":13,"sub":{"text_1":"wrong"},"sub":{"text_1":"part"}}',
  '"data":{"a":1,"text_1":"in data of no account","sub":{"text_1":"wrong"}},"data":{"num_1":14}',
  -- written in another way
  '"data":{"a":1,"\u0074ext_1":"escaped","num\u005f1":15,"s\u0075b":{"text\u005F1":"part"}}',
  '"data": { "a" : 1 , "text_1" : "blanks" , "num_1" : 16 , "b" : "x" , "sub" : { "text_1" : "part" } }',
  -- nearly the same
  '"data":{"a":1,"text_12":"wrong","text_":"wrong","Text_1":"wrong","text_1 ":"wrong","text_1\"":"wrong","text_1":"close","num_1":17,"num_10":0,"sub.text_1":"wrong"}',
  -- no object and no scalar where one was
  '"data":{"a":[],"text_1":["list"],"num_1":18,"b":{},"sub":"text_1"}'
]) WITH ORDINALITY u (rest, n) ORDER BY n :put

SELECT * FROM product ORDER BY data_id;
-- The database's own reader agrees.
SELECT count(*), count(*) FILTER (WHERE (p.name, p.number, p.part, p.long) IS DISTINCT FROM
  (coalesce(raw ->> 'text_1', raw -> 'data' ->> 'text_1'), coalesce(raw ->> 'num_1', raw -> 'data' ->> 'num_1')::int,
   raw #>> '{data,sub,text_1}', raw -> 'data' ->> 'a_name_longer_than_a_guess'))
FROM product p JOIN record r USING (data_id);

-- More names than are remembered.
\! python3 $XBB_SIM ctl dingNames drop id=all
SELECT format('{"dataId":%s,"addTime":1767283200,"updateTime":%s,"data":{%s,"text_1":"many","num_1":%s}}', n, 1767289999 - n,
  (SELECT string_agg(format('"f%s_%s":%s', n, i, i), ',') FROM generate_series(1, 400) i), n)
FROM generate_series(1, 5) n ORDER BY n :put
SELECT * FROM product ORDER BY data_id;
