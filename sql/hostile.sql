-- Whatever bytes the API sends, a query ends in the right rows or in a clean
-- error that names column, attr, dataId and value; only a value that is asked
-- for can fail; and the next scan is right.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingHostile create token=s3cret products=0 freeze=on
CREATE SCHEMA hostile_test;
SET search_path = hostile_test;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_encoding = 'UTF8';
CREATE SERVER hostile_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingHostile', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER hostile_crm OPTIONS (token 's3cret');
CREATE FOREIGN TABLE product (
  data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), small smallint OPTIONS (attr 'num_1'),
  int int OPTIONS (attr 'num_1'), big bigint OPTIONS (attr 'num_1'), num numeric OPTIONS (attr 'num_1'),
  num_5_2 numeric(5,2) OPTIONS (attr 'num_1'), single real OPTIONS (attr 'num_1'), float float8 OPTIONS (attr 'num_1'),
  bool boolean OPTIONS (attr 'num_1'), at timestamptz OPTIONS (attr 'num_1'), local timestamp OPTIONS (attr 'num_1'),
  day date OPTIONS (attr 'num_1'), ints int[] OPTIONS (attr 'num_1'), txt text OPTIONS (attr 'num_1'),
  json json OPTIONS (attr 'num_1'), jsonb jsonb OPTIONS (attr 'num_1'), uuid uuid OPTIONS (attr 'num_1'),
  names text[] OPTIONS (attr 'text_1'), name_json json OPTIONS (attr 'text_1'), name_jsonb jsonb OPTIONS (attr 'text_1'),
  raw json OPTIONS (attr '*'), raw_text text OPTIONS (attr '*'), raw_jsonb jsonb OPTIONS (attr '*'), raw_int int OPTIONS (attr '*')
) SERVER hostile_crm OPTIONS (object 'product');

-- The first row that a query over the table gives, or how it fails.
CREATE FUNCTION try(columns text, rest text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r text;
  d text;
  h text;
  c text;
BEGIN
  EXECUTE format('SELECT row(%s)::text FROM product %s', columns, rest) INTO r;
  RETURN r;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, c = PG_EXCEPTION_CONTEXT;
  RETURN concat_ws(E'\n', SQLSTATE || ': ' || regexp_replace(SQLERRM, 'at byte \d+', 'at byte N'), nullif('DETAIL: ' || d, 'DETAIL: '), nullif('HINT: ' || h, 'HINT: '),
                   'CONTEXT: ' || substring(c FROM '(?n)^column .*$'));
END $$;
-- Asks for the record with that dataId alone, once for each of the columns.
CREATE FUNCTION try_each(id int, VARIADIC columns text[]) RETURNS TABLE (name text, answer text) LANGUAGE sql AS $$
  SELECT c, try(c, 'WHERE data_id = ' || id) FROM unnest(columns) WITH ORDINALITY u (c, n) ORDER BY n $$;

-- Sends each line to the simulator as a record, as it is or with \xNN for bytes.
\set putraw '\\g (format=unaligned tuples_only=on) |xargs -d "\\n" python3 $XBB_SIM ctl dingHostile putraw'
\set putbytes '\\g (format=unaligned tuples_only=on) |xargs -d "\\n" python3 $XBB_SIM ctl dingHostile putraw esc=on'
CREATE FUNCTION record(id int, value text) RETURNS text LANGUAGE sql AS $$
  SELECT format('{"dataId":%s,"addTime":1767283200,"updateTime":1767283200,"data":{"text_1":"one","num_1":%s}}', id, value) $$;
CREATE FUNCTION named(id int, value text) RETURNS text LANGUAGE sql AS $$
  SELECT format('{"dataId":%s,"addTime":1767283200,"updateTime":1767283200,"data":{"text_1":%s,"num_1":1}}', id, value) $$;
\pset format unaligned
\pset tuples_only on

-- Numbers out of range.
SELECT record(id, value) FROM (VALUES
  (1, '9223372036854775808'), (2, '40000'), (3, '-12.5'), (4, '1e400'), (5, '1e999999999999'), (6, '"300000-01-01"')
) v (id, value) :putraw
SELECT * FROM try_each(1, 'small', 'int', 'big', 'num', 'num_5_2', 'single', 'float', 'bool', 'at', 'local', 'day', 'ints', 'txt', 'json', 'jsonb', 'uuid');
SELECT * FROM try_each(2, 'small', 'int', 'num_5_2', 'ints');
SELECT * FROM try_each(3, 'small', 'int', 'big', 'num', 'ints', 'at', 'jsonb');
SELECT * FROM try_each(4, 'int', 'big', 'single', 'float', 'at', 'day', 'txt', 'json', 'length(num::text)');
SELECT * FROM try_each(5, 'big', 'num', 'float', 'at', 'txt', 'json', 'jsonb', 'name');
SELECT * FROM try_each(6, 'at', 'local', 'day');

-- The wrong type.
SELECT record(id, value) FROM (VALUES
  (11, '"two"'), (12, '{"a":1}'), (13, '[1,"two"]'), (14, 'true'), (15, '"' || repeat('产品名称', 8) || '"')
) v (id, value) :putraw
SELECT * FROM try_each(11, 'small', 'int', 'big', 'num', 'num_5_2', 'single', 'float', 'bool', 'at', 'local', 'day', 'ints', 'uuid');
SELECT * FROM try_each(12, 'small', 'int', 'big', 'num', 'single', 'float', 'bool', 'at', 'local', 'day', 'ints', 'txt', 'uuid');
SELECT * FROM try_each(13, 'int', 'num', 'bool', 'at', 'ints', 'txt');
SELECT * FROM try_each(14, 'small', 'int', 'num', 'float', 'bool', 'at', 'day', 'ints', 'txt');
-- A long value is cut in the message, between characters.
SELECT * FROM try_each(15, 'bool', 'raw_int');
-- A qual reads a value, too; a column that nobody reads does no harm.
SELECT try('data_id', 'WHERE data_id = 15 AND int + 0 > 0');
SELECT try('data_id', 'WHERE data_id = 15 AND name IS NOT NULL');
SELECT try('count(*)', 'WHERE data_id = 15');

-- Escapes that name no character.
SELECT named(id, value) FROM (VALUES
  (21, '"a\u0000b"'), (22, '"a\ud83d"'), (23, '"\ude00\ud83d"'), (24, '"a\ud83d\ude00"'), (25, '["a","\u0000"]')
) v (id, value) :putraw
SELECT * FROM try_each(21, 'data_id', 'int', 'name', 'names', 'name_json', 'name_jsonb', 'raw', 'raw_text', 'raw_jsonb');
SELECT * FROM try_each(22, 'data_id', 'int', 'name', 'names', 'name_json', 'name_jsonb');
SELECT * FROM try_each(23, 'data_id', 'name');
SELECT * FROM try_each(24, 'data_id', 'name', 'name_jsonb');
SELECT * FROM try_each(25, 'data_id', 'name', 'names');

-- A name that comes twice: the last one counts, with all that is below it.
SELECT line FROM (VALUES
  ('{"dataId":31,"addTime":1767283200,"updateTime":1767283200,"data":{"text_1":"first","num_1":"x","num_1":2,"text_1":"last"}}'),
  ('{"dataId":32,"addTime":1767283200,"updateTime":1767283200,"data":{"text_1":"first","num_1":1},"data":{"num_1":2}}'),
  ('{"dataId":33,"addTime":1767283200,"updateTime":1767283200,"data":{"text_1":"first","t\u0065xt_1":"last"},"dataId":133,"data\u0049d":33}')
) v (line) :putraw
SELECT * FROM try_each(31, 'data_id, name, int', 'raw_text', 'raw_jsonb');
SELECT * FROM try_each(32, 'data_id, name, int');
SELECT * FROM try_each(33, 'data_id, name');

-- A record without data, or with something else in its place.
SELECT line FROM (VALUES
  ('{"dataId":41,"addTime":1767283200,"updateTime":1767283200}'),
  ('{"dataId":42,"addTime":1767283200,"updateTime":1767283200,"data":null}'),
  ('{"dataId":43,"addTime":1767283200,"updateTime":1767283200,"data":"text"}'),
  ('{"dataId":44,"addTime":1767283200,"updateTime":1767283200,"data":[{"text_1":"x"}]}')
) v (line) :putraw
SELECT try('data_id, name, int, update_time', 'WHERE data_id = ' || id) FROM generate_series(41, 44) id;

-- What is no JSON at all spoils the answer.
SELECT record(id, value) FROM (VALUES
  (51, '01'), (52, '1.'), (53, 'NaN'), (54, '1,'), (55, '"\q"'), (56, '"\u12"'), (57, 'one'), (58, '1}'), (59, '+1'), (60, '.5')
) v (id, value) :putraw
SELECT id, try('data_id', 'WHERE data_id = ' || id) FROM generate_series(51, 60) id;
-- Nor may it hold control characters, or anything but UTF-8: a stray byte, a
-- long form, half a surrogate pair, a cut character.
SELECT record(id, value) FROM (VALUES
  (61, '"a\x0ab"'), (62, '"a\x00b"'), (63, '"a\xffb"'), (64, '"\xc0\x80"'), (65, '"\xed\xa0\x80"'), (66, '"\xe4\xb8"')
) v (id, value) :putbytes
SELECT id, try('data_id', 'WHERE data_id = ' || id) FROM generate_series(61, 66) id;

-- Depth: 100 levels are read, a bottomless value is refused.
SELECT record(71, repeat('[', 100) || repeat(']', 100)) :putraw
SELECT data_id, length(txt), length(json::text), length(jsonb::text) FROM product WHERE data_id = 71;
SELECT record(72, repeat('{"a":', 20000) || '1' || repeat('}', 20000)) :putraw
SELECT try('data_id', 'WHERE data_id = 72');
-- Inside a string it is no array, so the string is the only element.
SELECT named(73, '"' || repeat('[', 20000) || '"') :putraw
SELECT length(name), cardinality(names), length(names[1]) FROM product WHERE data_id = 73;

-- A record whose dataId is no number, or that is no record.
\! python3 $XBB_SIM ctl dingHostile drop id=all
\! python3 $XBB_SIM ctl dingHostile putraw id=1 add=1767283200 update=1767283200 '{}'
SELECT try('data_id, name, int, update_time'), try('raw_text');
\! python3 $XBB_SIM ctl dingHostile putraw id=1 add=1767283200 update=1767283200 '{"dataId":{"a":1},"addTime":"soon","updateTime":[1],"data":{"text_1":"odd"}}'
SELECT try('data_id'), try('update_time'), try('name');
\! python3 $XBB_SIM ctl dingHostile putraw id=1 add=1767283200 update=1767283200 '{"dataId":"000012","addTime":"1767283200","updateTime":"1767283200","data":{"text_1":"odd"}}'
SELECT try('data_id, name, update_time');
\! python3 $XBB_SIM ctl dingHostile putraw id=1 add=1767283200 update=1767283200 17
SELECT try('data_id');
\! python3 $XBB_SIM ctl dingHostile putraw id=1 add=1767283200 update=1767283200 '[]'
SELECT try('data_id');

-- The next scan is right.
SELECT record(id, id::text) FROM generate_series(1, 2) id :putraw
SELECT data_id, int FROM product ORDER BY data_id;

-- Two records with one dataId are more than can be told apart: an error.
\! python3 $XBB_SIM ctl dingHostile putraw id=4 add=1767283202 update=1767283202 '{"dataId":1,"addTime":1767283202,"updateTime":1767283202,"data":{"text_1":"twin"}}'
SELECT left(try('data_id'), 5) AS sqlstate;
\! python3 $XBB_SIM ctl dingHostile drop id=4
SELECT data_id, int FROM product ORDER BY data_id;

-- A bad record among good ones: those before it do not hide it, and a scan
-- that stops before it never meets it.
\! python3 $XBB_SIM ctl dingHostile put '{"dataId":3,"addTime":1767283199,"updateTime":1767283199,"data":{"text_1":"three","num_1":"bad"}}'
SELECT try('sum(int)');
SELECT count(*) FROM (SELECT int FROM product LIMIT 2) t;
SELECT try('int', 'WHERE data_id = 2');

SET client_min_messages = warning;
DROP SERVER hostile_crm CASCADE;
DROP SCHEMA hostile_test CASCADE;
\! python3 $XBB_SIM ctl dingHostile remove
