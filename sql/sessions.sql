-- One value of the API is one value of a column in every session, whatever its
-- settings; what only PostgreSQL's own input takes fits in none.

\set company dingSessions
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER sessions FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sessions OPTIONS (token 't0ken');
SET extra_float_digits = 1;

-- a record a value
CREATE TABLE wire (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, given json);
INSERT INTO wire (given) SELECT to_json(v) FROM unnest(ARRAY['now', 'today', 'infinity', '-Infinity', 'inf', 'epoch', 'allballs', 'NaN', '-nan', '0x1F', '0b11', '0o17',
  '1_000', '1,000', '$12.50', '¥12.50', '12.50', '-12.50', '(12.50)', '.5', '5.', '+7', ' 7 ', E'\t7\n', '1e3', '1e', 'e3', '1e400', '1e-400', '007', '--1', '1 2', '9223372036854775807',
  '9223372036854775808', '01/02/2026', '13/02/2026', '2026-01-02', '2026/1/2', '2-1-2026', '02.01.2026', '2026-01-02 10:00', '2026-01-02T10:00:00Z',
  '2026-01-02 10:00:00+08:00', '2026-01-02 10:00 PST', '2026-01-02 10:00 IST', '2026-07-02 10:00 Asia/Tokyo', '20260102', '10:00', '10:00:00.5+08', '10:00 PM', '24:00', '25:00', '10:00 PST', '073000',
  '-1 2:03:04', '-1-2 +3 -4:05:06', '1-2', 'P1DT2H', '1 day 02:00', '1 day ago', '1.5', 'true', 'yes', 'on', 't', 'no', '1', '0', '2', 'TRUE ', '{1,2}', '[2026-01-02,2026-01-03)', '[01/02/2026,)',
  '[now,)', '[,infinity)', 'empty', '["2026-01-02 10:00","2026-01-03 10:00+08"]', '<a>1</a>', '<a/><b/>', 'f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f', '10.1.0.0/16', 'product', '\x41']) v;
INSERT INTO wire (given) SELECT v::json FROM unnest(ARRAY['7', '-7.50', '0', '1e3', '1.5e-3', '12345678901234567890.123', '0.1', '1e23', '123456.789012345678', '1767283200', '1767283200.25',
  '1767283200123', '253402185600', 'true', 'false', '[1, 2]', '{"a": 0.10}']) v;
DO $$
BEGIN
  PERFORM "dingSessions".sim('put', format('{"dataId":%s,"addTime":1770000001,"updateTime":1770000001,"data":{"text_1":%s}}', n, given)) FROM "dingSessions".wire;
END $$;

-- a column a type
CREATE TABLE types AS SELECT * FROM unnest(ARRAY['timestamptz', 'timestamp', 'date', 'time', 'timetz', 'interval', 'numeric', 'numeric(8,1)', 'int', 'bigint', 'real', 'float8', 'bool',
  'text', 'char(3)', 'jsonb', 'json', 'tstzrange', 'tsrange', 'daterange', 'tsmultirange', 'numrange', 'xml', 'uuid', 'inet', 'bytea', 'timestamptz[]', 'float8[]', 'interval[]']) WITH ORDINALITY t (type, n);
CREATE TYPE pair AS (day date, amount interval);
INSERT INTO types VALUES ('pair', 99);
-- (not echoed: which type's name is quoted depends on the major)
\set ECHO none
SELECT format('CREATE FOREIGN TABLE read (data_id bigint, %s, failed jsonb OPTIONS (attr ''#error'')) SERVER sessions OPTIONS (object ''product'', on_error ''set_null'')',
  string_agg(format('%I %s OPTIONS (attr ''text_1'')', type, type), ', ' ORDER BY n)) FROM types \gexec
\set ECHO all
CREATE TABLE seen AS SELECT * FROM read;

-- what fits, and as what
\pset format unaligned
CREATE FUNCTION shown(of text) RETURNS TABLE (n int, given text, value text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT n, given::text, %1$I::text FROM wire JOIN seen ON data_id = n WHERE %1$I IS NOT NULL ORDER BY n', of);
END $$;
SELECT string_agg(given::text, ' ' ORDER BY n) AS no_number FROM wire JOIN seen ON data_id = n WHERE num_nonnulls(seen.numeric, int, "float8") = 0;
SELECT given, left(numeric::text, 40) AS numeric, "numeric(8,1)", int, bigint, real, float8 FROM wire JOIN seen ON data_id = n WHERE num_nonnulls(seen.numeric, int, seen."float8") > 0 ORDER BY n;
SELECT given, timestamptz, timestamp, date FROM wire JOIN seen ON data_id = n WHERE num_nonnulls(seen.timestamptz, seen.date) > 0 ORDER BY n;
SELECT given, "time", timetz FROM wire JOIN seen ON data_id = n WHERE num_nonnulls(seen."time", seen.timetz) > 0 ORDER BY n;
SELECT given, value FROM shown('interval');
SELECT given, value FROM shown('bool');
SELECT type, given, value FROM unnest(ARRAY['tstzrange', 'tsrange', 'daterange', 'numrange']) WITH ORDINALITY t (type, m), shown(type) ORDER BY m, n;
SELECT count(*) = (SELECT count(*) FROM wire) AS all_texts FROM shown('text');
\pset format aligned

-- in other sessions
CREATE FUNCTION differs(settings jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config(key, value, true) FROM jsonb_each_text(settings);
  CREATE TEMP TABLE other AS SELECT * FROM read;
  -- compared as they are shown in one session
  PERFORM set_config('DateStyle', 'ISO, MDY', true), set_config('TimeZone', 'UTC', true), set_config('IntervalStyle', 'postgres', true),
    set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true), set_config('xmloption', 'content', true);
  RETURN (SELECT count(*) FROM seen s FULL JOIN other o USING (data_id) WHERE s::text IS DISTINCT FROM o::text);
END $$;
CREATE PROCEDURE in_sessions() LANGUAGE plpgsql AS $$
DECLARE
  settings jsonb;
  sessions int := 0;
  different int := 0;
BEGIN
  FOR settings IN
    SELECT jsonb_build_object('DateStyle', style || ', ' || date_order,
             'TimeZone', (ARRAY['UTC', 'Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'])[1 + n % 5],
             'IntervalStyle', (ARRAY['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'])[1 + n % 4],
             'extra_float_digits', (ARRAY['-15', '0', '1', '3'])[1 + n / 4 % 4], 'xmloption', (ARRAY['content', 'document'])[1 + n / 16 % 2],
             'bytea_output', (ARRAY['hex', 'escape'])[1 + n % 2], 'timezone_abbreviations', (ARRAY['Default', 'India', 'Australia'])[1 + n % 3],
             'lc_monetary', (ARRAY['C', 'C.UTF-8'])[1 + n % 2], 'backslash_quote', (ARRAY['on', 'off'])[1 + n % 2])
    FROM (SELECT *, row_number() OVER () AS n FROM unnest(ARRAY['ISO', 'SQL', 'Postgres', 'German']) style, unnest(ARRAY['YMD', 'MDY', 'DMY']) date_order,
            generate_series(1, 2)) s
  LOOP
    sessions := sessions + 1;
    BEGIN
      IF differs(settings) > 0 THEN
        different := different + 1;
        RAISE NOTICE 'different: %', settings;
      END IF;
      RAISE EXCEPTION USING errcode = 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
      NULL;                       -- the settings are as before
    END;
  END LOOP;
  RAISE NOTICE '% sessions, % different', sessions, different;
END $$;
CALL in_sessions();
-- settings are left as they were, also where an input function raises an error
SET DateStyle = 'German, DMY';
SET TimeZone = 'Asia/Kolkata';
SET IntervalStyle = 'iso_8601';
SELECT count(*) FROM read;
CREATE FOREIGN TABLE strict (data_id bigint, amount interval OPTIONS (attr 'text_1')) SERVER sessions OPTIONS (object 'product');
SELECT amount FROM strict WHERE data_id = 1;
SELECT timestamptz '2026-01-02 00:00Z', interval '1 day 2 hours', date '02.01.2026';
RESET DateStyle;
RESET TimeZone;
RESET IntervalStyle;

-- types that mean something else in every session
ALTER FOREIGN TABLE strict ALTER amount TYPE money;
SELECT amount FROM strict;
ALTER FOREIGN TABLE strict ALTER amount TYPE money[];
SELECT amount FROM strict;
ALTER FOREIGN TABLE strict ALTER amount TYPE regclass;
SELECT amount FROM strict;
SELECT count(data_id) FROM strict;

SET client_min_messages = warning;
SELECT sim('remove');
DROP SERVER sessions CASCADE;
DROP SCHEMA "dingSessions" CASCADE;
