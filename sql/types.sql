-- Every kind of value that the API sends reaches every type of column that can
-- hold it, by the rules in the manual: times, numbers, arrays, nested fields,
-- the whole record, and what is NULL.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingTypes create token=s3cret products=0 freeze=on
CREATE SCHEMA types_test;
SET search_path = types_test;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = postgres;
SET extra_float_digits = 1;
CREATE SERVER types_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingTypes', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER types_crm OPTIONS (token 's3cret');
\set put '\\g (format=unaligned tuples_only=on) |python3 $XBB_SIM ctl dingTypes put "$(cat)"'

-- A table with one column of a type for each attr, which is its name, too.
CREATE PROCEDURE make(name text, type text, attrs text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE %I (data_id bigint, %s) SERVER types_crm OPTIONS (object ''product'')', name,
                 (SELECT string_agg(format('%I %s', a, type), ', ') FROM regexp_split_to_table(attrs, ' ') a));
END $$;

-- Times.  1767283200 is 2026-01-01 16:00 in UTC, midnight of the 2nd in Shanghai.
SELECT '{"dataId":1,"addTime":1767283200,"updateTime":1767283200,"data":{
  "date_1":1767283200, "date_2":1767283200123, "date_3":"1767283200", "date_4":"1767283200123", "date_5":1767283200.25,
  "date_6":0, "date_7":"0", "date_8":"", "date_9":null, "date_11":"2026-01-02 00:00:00", "date_12":"2026-01-02",
  "date_13":"2026-01-01T16:00:00Z", "date_14":" 1767283200 ", "date_15":-1, "date_16":99999999999, "date_17":100000000000,
  "date_18":"20260102", "date_19":253402185600, "date_20":"2026-01-02 00:00:00.6", "date_21":1.7672832e9}}' :put
SELECT string_agg('date_' || n, ' ' ORDER BY n) AS dates FROM generate_series(1, 21) n \gset
CALL make('timestamptz_', 'timestamptz', :'dates');
CALL make('timestamp_', 'timestamp', :'dates');
CALL make('date_', 'date', :'dates');
CALL make('timestamptz_0', 'timestamptz(0)', 'date_1 date_2 date_20');
CALL make('timestamp_1', 'timestamp(1)', 'date_1 date_2 date_20');
SELECT key, z.value AS timestamptz, l.value AS timestamp, d.value AS date
FROM timestamptz_ a, jsonb_each_text(to_jsonb(a)) z
JOIN (SELECT j.* FROM timestamp_ b, jsonb_each_text(to_jsonb(b)) j) l USING (key)
JOIN (SELECT j.* FROM date_ c, jsonb_each_text(to_jsonb(c)) j) d USING (key)
WHERE key LIKE 'date%' ORDER BY substr(key, 6)::int;
SELECT * FROM timestamptz_0;
SELECT * FROM timestamp_1;
-- The session's time zone changes how a timestamptz is shown, never what is read.
SET timezone = 'America/New_York';
SELECT date_1, date_11, date_12 FROM timestamptz_;
SELECT date_1, date_11, date_12 FROM timestamp_;
SELECT date_1, date_11, date_12 FROM date_;
SET timezone = 'UTC';
-- The server's time zone is that of date, timestamp and times written as text.
ALTER SERVER types_crm OPTIONS (ADD time_zone 'America/New_York');
SELECT date_1, date_11, date_12 FROM timestamptz_;
SELECT date_1, date_11, date_12 FROM timestamp_;
SELECT date_1, date_11, date_12 FROM date_;
ALTER SERVER types_crm OPTIONS (DROP time_zone);
\! python3 $XBB_SIM ctl dingTypes drop id=1

-- Numbers: digit for digit, as numbers or as strings.
SELECT '{"dataId":2,"addTime":1767283200,"updateTime":1767283200,"data":{
  "num_1":12.50, "num_2":"12.50", "num_3":3.0, "num_4":1e3, "num_5":"3", "num_6":0, "num_7":"", "num_8":null,
  "num_10":9223372036854775807, "num_11":123456789012345678901234567890.000100, "num_12":-0, "num_13":1E-7,
  "num_14":-9223372036854775808, "num_15":"-17", "num_16":"+4", "num_17":"1e3", "num_18":32767, "num_19":" 5 ",
  "num_20":0.1, "num_21":16777217, "num_22":"-.5e-1", "num_23":2147483648.000}}' :put
SELECT string_agg('num_' || n, ' ' ORDER BY n) AS nums FROM generate_series(1, 23) n \gset
CALL make('numeric_', 'numeric', :'nums');
CALL make('text_', 'text', :'nums');
CALL make('jsonb_', 'jsonb', :'nums');
CALL make('float8_', 'float8', :'nums');
SELECT key, n.value AS numeric, x.value AS text, coalesce(j.value::text, 'NULL') AS jsonb, f.value AS float8
FROM numeric_ a, jsonb_each_text(to_jsonb(a)) n
JOIN (SELECT y.* FROM text_ b, jsonb_each_text(to_jsonb(b)) y) x USING (key)
JOIN (SELECT y.* FROM jsonb_ c, jsonb_each(to_jsonb(c)) y) j USING (key)
LEFT JOIN (SELECT y.* FROM float8_ d, jsonb_each_text(to_jsonb(d)) y) f USING (key)
WHERE key LIKE 'num%' ORDER BY substr(key, 5)::int;
CALL make('bigint_', 'bigint',
  'num_3 num_4 num_5 num_6 num_7 num_8 num_9 num_10 num_12 num_14 num_15 num_16 num_17 num_18 num_19 num_23');
CALL make('integer_', 'integer', 'num_3 num_4 num_5 num_6 num_7 num_8 num_9 num_12 num_15 num_16 num_17 num_18 num_19');
CALL make('smallint_', 'smallint', 'num_3 num_4 num_5 num_6 num_7 num_8 num_9 num_12 num_15 num_16 num_17 num_18 num_19');
CALL make('real_', 'real', 'num_1 num_13 num_20 num_21');
CALL make('numeric_10_2', 'numeric(10,2)', 'num_1 num_3 num_5 num_13 num_20');
SELECT * FROM bigint_ \gx
SELECT * FROM integer_ \gx
SELECT * FROM smallint_ \gx
SELECT * FROM real_;
SELECT * FROM numeric_10_2;
-- Arithmetic is exact: no digit went through a double.
SELECT num_11 + 1 AS sum, num_10::numeric * 10 AS product FROM numeric_;
\! python3 $XBB_SIM ctl dingTypes drop id=2

-- Booleans.
SELECT '{"dataId":3,"addTime":1767283200,"updateTime":1767283200,"data":{
  "num_1":true, "num_2":false, "num_3":1, "num_4":0, "num_5":"true", "num_6":"0", "num_7":"", "num_8":null, "num_9":"no"}}' :put
CALL make('bool_', 'boolean', 'num_1 num_2 num_3 num_4 num_5 num_6 num_7 num_8 num_9 num_10');
SELECT * FROM bool_;
SELECT num_1, num_2, num_3 FROM text_;
SELECT num_1, num_2, num_3 FROM jsonb_;
\! python3 $XBB_SIM ctl dingTypes drop id=3

-- Arrays: real ones, ones inside a string, and single values.
SELECT '{"dataId":4,"addTime":1767283200,"updateTime":1767283200,"data":{
  "array_1":["a","b"], "array_2":"[\"u-1\",\"u-2\"]", "array_3":"[]", "array_4":[], "array_5":"", "array_6":null,
  "array_8":"u-1", "array_9":[null,"","x"], "array_10":[["a","b"],["c"]], "array_11":[{"id":1},{"id":2}],
  "array_12":"[not json", "array_13":[4411,4412], "array_14":"[4411, 4412]", "array_15":4411, "array_16":"4411",
  "array_17":{"a":[1]}, "array_18":[1.50,"2.50",1e2], "array_19":[1767283200,"1767283200123",0,"2026-01-02"],
  "array_20":"[\"中文\",\"\u4e2d\\u6587\",\"a\\\"b\"]", "array_21":[true,false]}}' :put
SELECT string_agg('array_' || n, ' ' ORDER BY n) AS arrays FROM generate_series(1, 21) n \gset
CALL make('text_array', 'text[]', :'arrays');
SELECT * FROM text_array \gx
CALL make('bigint_array', 'bigint[]', 'array_3 array_4 array_5 array_6 array_7 array_13 array_14 array_15 array_16');
SELECT * FROM bigint_array \gx
CALL make('numeric_array', 'numeric(6,1)[]', 'array_13 array_18');
SELECT * FROM numeric_array;
CALL make('timestamptz_array', 'timestamptz[]', 'array_19');
SELECT * FROM timestamptz_array;
CALL make('jsonb_array', 'jsonb[]', 'array_1 array_2 array_8 array_10 array_11 array_17 array_21');
SELECT * FROM jsonb_array \gx
CALL make('boolean_array', 'boolean[]', 'array_4 array_21');
SELECT * FROM boolean_array;
CALL make('varchar_array', 'varchar(3)[]', 'array_1 array_2 array_8');
SELECT * FROM varchar_array;
-- Into other types: text gets JSON, json and jsonb take it as it is.
CALL make('as_text', 'text', 'array_1 array_2 array_4 array_8 array_10 array_11 array_17 array_20');
CALL make('as_json', 'json', 'array_1 array_2 array_4 array_5 array_6 array_7 array_8 array_11 array_17 array_18 array_20');
CALL make('as_jsonb', 'jsonb', 'array_1 array_2 array_4 array_5 array_6 array_7 array_8 array_11 array_17 array_18 array_20');
SELECT * FROM as_text \gx
SELECT * FROM as_json \gx
SELECT * FROM as_jsonb \gx
\! python3 $XBB_SIM ctl dingTypes drop id=4

-- Nested fields; the record's own fields come before those in data; '*'.
SELECT '{ "dataId" : 5, "addTime":1767283200, "updateTime":1767283200, "uuid":"outer", "formId":"5300127",
  "data":{"uuid":"inner", "alone":"inside", "updateTime":1, "text_1":"plain", "text_2":"a\u00e9\u4e2d\ud83d\ude00\/\t\"\\",
  "address_1":{"city":"杭州市","location":{"lon":120.50,"lat":"30"},"district":""}, "subForm_1":[{"text_1":"x"}],
  "n\u0061me":"escaped", "a.b":"dotted" , "编码":"coded", "snake_case":"snake", "snakeCase":"camel", "_x":"under" } }' :put
CREATE FOREIGN TABLE nested (
  data_id bigint,
  form_id bigint,
  uuid text,
  alone text,
  update_time timestamptz,
  inner_uuid text OPTIONS (attr 'data.uuid'),
  city text OPTIONS (attr 'address_1.city'),
  lon numeric OPTIONS (attr 'address_1.location.lon'),
  lat int OPTIONS (attr 'address_1.location.lat'),
  district text OPTIONS (attr 'address_1.district'),
  location jsonb OPTIONS (attr 'address_1.location'),
  no_member text OPTIONS (attr 'address_1.street'),
  below_text text OPTIONS (attr 'text_1.city'),
  below_array text OPTIONS (attr 'subForm_1.text_1'),
  below_nothing text OPTIONS (attr 'geo_1.a.b'),
  text_2 text,
  name text,
  "a.b" text,
  "编码" text,
  snake_case text,
  snake2 text OPTIONS (attr 'snake_case'),
  _x text,
  raw_json json OPTIONS (attr '*'),
  raw_text text OPTIONS (attr '*'),
  raw_jsonb jsonb OPTIONS (attr '*'),
  data jsonb
) SERVER types_crm OPTIONS (object 'product');
SELECT * FROM nested \gx
-- json and text of the whole record are the very bytes that came.
SELECT raw_json::text = raw_text AS same, octet_length(raw_text) FROM nested;
\! python3 $XBB_SIM ctl dingTypes dump | head -c -1 | wc -c
-- An attr may be as deep as it likes.
SELECT 'geo_1' || repeat('.a', 60) AS deep \gset
CREATE FOREIGN TABLE deep (data_id bigint, x text OPTIONS (attr :'deep')) SERVER types_crm OPTIONS (object 'product');
SELECT x IS NULL AS missing FROM deep;
\! python3 $XBB_SIM ctl dingTypes drop id=5

-- Domains, enums, lengths, and types that know only their input function.
SELECT '{"dataId":6,"addTime":1767283200,"updateTime":1767283200,"data":{
  "text_1":"open", "text_2":"abc  ", "text_3":"中文字", "text_4":"f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f", "text_5":"1 day 02:00",
  "text_6":"10.1.0.0/16", "text_7":"[1,5)", "text_8":"07:30", "text_9":"", "num_1":7, "num_2":-7, "array_1":[7,8], "text_10":"\\x0102"}}' :put
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN small_positive AS positive CHECK (VALUE < 100);
CREATE DOMAIN required AS text NOT NULL;
CREATE DOMAIN short AS varchar(3);
CREATE DOMAIN numbers AS int[] CHECK (cardinality(VALUE) = 2);
CREATE TYPE state AS ENUM ('open', 'closed');
CREATE FOREIGN TABLE others (
  state state OPTIONS (attr 'text_1'),
  num_1 small_positive,
  text_1 required,
  short short OPTIONS (attr 'text_3'),
  numbers numbers OPTIONS (attr 'array_1'),
  array_1 small_positive[],
  text_2 char(5),
  text_3 varchar(3),
  text_4 uuid,
  text_5 interval,
  text_6 inet,
  text_7 int4range,
  text_8 time,
  text_9 state,
  null_name name OPTIONS (attr 'text_9'),
  name name OPTIONS (attr 'text_3'),
  text_10 bytea
) SERVER types_crm OPTIONS (object 'product');
SELECT * FROM others \gx
SELECT length(text_2), octet_length(text_2) FROM others;
-- What a domain, an enum or a length does not take is its own error.
\set VERBOSITY terse
CREATE FOREIGN TABLE refused (data_id bigint, num_2 positive, text_9 required, state state OPTIONS (attr 'text_3'),
  text_2 varchar(2), num_1 numbers) SERVER types_crm OPTIONS (object 'product');
SELECT num_2 FROM refused;
SELECT text_9 FROM refused;
SELECT state FROM refused;
SELECT text_2 FROM refused;
SELECT num_1 FROM refused;
SELECT data_id FROM refused;
\set VERBOSITY default
\! python3 $XBB_SIM ctl dingTypes drop id=6

-- Whole rows, no column at all, system columns.
SELECT '{"dataId":7,"addTime":1767283200,"updateTime":1767283200,"data":{"text_1":"seven","num_1":7}}' :put
SELECT '{"dataId":8,"addTime":1767283201,"updateTime":1767283201,"data":{"text_1":"eight","num_1":8}}' :put
CREATE FOREIGN TABLE plain (data_id bigint, gone text, text_1 text, num_1 int) SERVER types_crm OPTIONS (object 'product');
SELECT plain FROM plain ORDER BY data_id;
SELECT (plain).text_1, row_to_json(plain) FROM plain ORDER BY data_id;
SELECT FROM plain;
SELECT 1 AS one FROM plain;
SELECT count(*), count(plain), count(1) FROM plain;
SELECT EXISTS (SELECT FROM plain) AS any, EXISTS (SELECT FROM plain WHERE num_1 > 8) AS none;
SELECT tableoid::regclass, ctid, data_id FROM plain ORDER BY data_id;
SELECT tableoid::regclass FROM plain;

-- Dropped, added, renamed and generated columns.
ALTER FOREIGN TABLE plain DROP COLUMN gone;
SELECT * FROM plain ORDER BY data_id;
SELECT plain FROM plain ORDER BY data_id;
ALTER FOREIGN TABLE plain ADD COLUMN update_time timestamptz;
SELECT * FROM plain ORDER BY data_id;
ALTER FOREIGN TABLE plain RENAME num_1 TO num_2;
SELECT * FROM plain ORDER BY data_id;
ALTER FOREIGN TABLE plain ALTER COLUMN num_2 OPTIONS (ADD attr 'num_1');
ALTER FOREIGN TABLE plain RENAME num_2 TO amount;
SELECT * FROM plain ORDER BY data_id;
ALTER FOREIGN TABLE plain ALTER COLUMN amount TYPE text;
SELECT amount || '!' FROM plain ORDER BY data_id;
ALTER FOREIGN TABLE plain ADD COLUMN doubled int GENERATED ALWAYS AS (length(text_1) * 2) STORED;
SELECT data_id, doubled FROM plain ORDER BY data_id;
ALTER FOREIGN TABLE plain ALTER COLUMN doubled DROP EXPRESSION;
ALTER FOREIGN TABLE plain ALTER COLUMN doubled OPTIONS (ADD attr 'num_1');
SELECT data_id, doubled FROM plain ORDER BY data_id;
-- As parent and child.
CREATE TABLE family (data_id bigint, text_1 text);
CREATE FOREIGN TABLE child (text_1 text, data_id bigint, extra int OPTIONS (attr 'num_1')) SERVER types_crm OPTIONS (object 'product');
ALTER FOREIGN TABLE child INHERIT family;
INSERT INTO family VALUES (1, 'local');
SELECT tableoid::regclass, * FROM family ORDER BY data_id;
CREATE TABLE parted (data_id bigint, text_1 text) PARTITION BY RANGE (data_id);
CREATE FOREIGN TABLE part PARTITION OF parted FOR VALUES FROM (1) TO (100) SERVER types_crm OPTIONS (object 'product');
SELECT tableoid::regclass, parted FROM parted ORDER BY data_id;
-- A table without any column.
CREATE FOREIGN TABLE bare () SERVER types_crm OPTIONS (object 'product');
SELECT * FROM bare;
SELECT count(*) FROM bare;

SET client_min_messages = warning;
DROP SERVER types_crm CASCADE;
DROP SCHEMA types_test CASCADE;
\! python3 $XBB_SIM ctl dingTypes remove
