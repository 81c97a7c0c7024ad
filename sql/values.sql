-- The values of 730 records equal the source digit by digit, in every column
-- and in every spelling that the API may choose for the same value.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingValues create token=s3cret products=730 freeze=on odd=on
CREATE SCHEMA values_test;
SET search_path = values_test;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
CREATE SERVER values_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingValues', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER values_crm OPTIONS (token 's3cret');
CREATE FOREIGN TABLE product (
  data_id bigint,
  form_id int,
  add_time timestamptz,
  update_time timestamptz,
  added timestamp OPTIONS (attr 'addTime'),
  name text OPTIONS (attr 'text_1'),
  serial_no text,
  num_1 numeric,
  num_1_text text OPTIONS (attr 'num_1'),
  num_1_float float8 OPTIONS (attr 'num_1'),
  num_2 int,
  num_3 bigint,
  num_13 int,
  num_7 numeric,
  num_40 boolean,
  text_8 varchar(2),
  text_4 text,
  text_5 text,
  text_6 text,
  date_5 date,
  date_5_at timestamptz OPTIONS (attr 'date_5'),
  file_1 text[],
  array_31 bigint[],
  array_31_json jsonb OPTIONS (attr 'array_31'),
  creator_id text,
  owner_id text[],
  co_user_id text[],
  city text OPTIONS (attr 'address_1.city'),
  district text OPTIONS (attr 'address_1.district'),
  lon numeric OPTIONS (attr 'address_1.location.lon'),
  "subForm_2" jsonb,
  text_10 text,
  department_id smallint,
  num_50 numeric,
  text_55 text,
  raw text OPTIONS (attr '*'),
  raw_jsonb jsonb OPTIONS (attr '*')
) SERVER values_crm OPTIONS (object 'product');

-- The source, as the simulator holds it, decoded by the server's JSON functions.
CREATE TABLE source (raw text);
\copy source FROM PROGRAM 'python3 $XBB_SIM ctl dingValues dump' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
CREATE FUNCTION list(value json) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE json_typeof(value)
    WHEN 'string' THEN (SELECT array(SELECT json_array_elements_text((value #>> '{}')::json)))
    WHEN 'array' THEN (SELECT array(SELECT json_array_elements_text(value))) END $$;
CREATE TABLE expected AS
SELECT (r ->> 'dataId')::bigint AS data_id,
  (r ->> 'formId')::int AS form_id,
  to_timestamp((r ->> 'addTime')::bigint) AS add_time,
  to_timestamp((r ->> 'updateTime')::bigint) AS update_time,
  to_timestamp((r ->> 'addTime')::bigint) AT TIME ZONE 'Asia/Shanghai' AS added,
  nullif(d ->> 'text_1', '') AS name,
  nullif(d ->> 'serialNo', '') AS serial_no,
  (d ->> 'num_1')::numeric::text AS num_1,
  d ->> 'num_1' AS num_1_text,
  (d ->> 'num_1')::float8 AS num_1_float,
  (d ->> 'num_2')::int AS num_2,
  (d ->> 'num_3')::bigint AS num_3,
  (d ->> 'num_13')::int AS num_13,
  (d ->> 'num_7')::numeric::text AS num_7,
  (d ->> 'num_40') = '1' AS num_40,
  nullif(d ->> 'text_8', '') AS text_8,
  nullif(d ->> 'text_4', '') AS text_4,
  nullif(d ->> 'text_5', '') AS text_5,
  nullif(d ->> 'text_6', '') AS text_6,
  (to_timestamp(nullif((d ->> 'date_5')::bigint, 0)) AT TIME ZONE 'Asia/Shanghai')::date AS date_5,
  to_timestamp(nullif((d ->> 'date_5')::bigint, 0)) AS date_5_at,
  list(d -> 'file_1') AS file_1,
  list(d -> 'array_31')::bigint[] AS array_31,
  (d -> 'array_31')::jsonb AS array_31_json,
  nullif(d ->> 'creatorId', '') AS creator_id,
  list(d -> 'ownerId') AS owner_id,
  list(d -> 'coUserId') AS co_user_id,
  nullif(d #>> '{address_1,city}', '') AS city,
  nullif(d #>> '{address_1,district}', '') AS district,
  (d #>> '{address_1,location,lon}')::numeric::text AS lon,
  (d -> 'subForm_2')::jsonb AS "subForm_2",
  nullif(d ->> 'text_10', '') AS text_10,
  (d ->> 'departmentId')::smallint AS department_id,
  (d ->> 'num_50')::numeric::text AS num_50,
  nullif(d ->> 'text_55', '') AS text_55,
  raw,
  raw::jsonb AS raw_jsonb
FROM (SELECT raw, raw::json AS r, raw::json -> 'data' AS d FROM source) s;

-- The columns that differ, in how many records, and the first of these.  All is
-- compared as text: 1.50 is not 1.5 here.
CREATE FUNCTION different(one regclass, other regclass) RETURNS TABLE (name text, records bigint, first bigint)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE (
    SELECT format('SELECT c.name, count(*), min(data_id) FROM %s a FULL JOIN %s b USING (data_id), '
                  'LATERAL (VALUES %s) c (name, differs) WHERE differs GROUP BY c.name ORDER BY c.name', one, other,
                  string_agg(format('(%L, a.%I::text IS DISTINCT FROM b.%I::text)', attname, attname, attname), ', '))
    FROM pg_attribute WHERE attrelid = other AND attnum > 1);
END $$;

SELECT count(*), count(DISTINCT raw::json ->> 'dataId') AS ids FROM source;
SELECT count(*), count(DISTINCT data_id) AS ids FROM product;
SELECT * FROM different('expected', 'product');
-- The data is worth comparing: the odd values are there.
SELECT count(*) FILTER (WHERE num_1_text ~ 'E') AS exponents,
  count(*) FILTER (WHERE length(replace(num_1_text, '.', '')) > 17) AS beyond_doubles,
  count(*) FILTER (WHERE num_1_text ~ '\.\d*0$') AS trailing_zeros,
  count(*) FILTER (WHERE num_1 < 0) AS negative,
  count(*) FILTER (WHERE name ~ '["\\\n\t]') AS escaped,
  count(*) FILTER (WHERE name ~ ' $') AS blank_at_end,
  count(*) FILTER (WHERE octet_length(name) <> length(name) AND name ~ '[\U00010000-\U0010FFFF]') AS beyond_bmp,
  count(*) FILTER (WHERE date_5 IS NULL) AS no_date,
  count(*) FILTER (WHERE text_4 IS NULL) AS no_text,
  count(*) FILTER (WHERE owner_id = '{}') AS no_owner,
  count(lon) AS with_location
FROM product \gx
-- A difference of one digit would be seen.
UPDATE expected SET num_1 = num_1 || '0' WHERE data_id = 51200100;
DELETE FROM expected WHERE data_id = 51200101;
SELECT count(*), string_agg(name, ' ') FILTER (WHERE first = 51200100) AS digit, max(records) FROM different('expected', 'product');

-- The same values in other spellings; only the bytes of the record differ.
CREATE TABLE seen AS SELECT * FROM product;
SELECT count(*) FROM seen;
\! python3 $XBB_SIM ctl dingValues set times=ms
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set times=string
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set times=ms-string
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set times=text
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set times=s numbers=string
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set numbers=number arrays_in_strings=off
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set arrays_in_strings=all
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set arrays_in_strings=users escape=ascii
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set escape=slash
SELECT * FROM different('seen', 'product');
\! python3 $XBB_SIM ctl dingValues set escape=raw code_type=string total=string success=missing key_order=code-last gzip=off chunked=on
SELECT * FROM different('seen', 'product');

SET client_min_messages = warning;
DROP SERVER values_crm CASCADE;
DROP SCHEMA values_test CASCADE;
\! python3 $XBB_SIM ctl dingValues remove
