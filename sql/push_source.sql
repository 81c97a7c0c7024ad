-- What a push reads: whose rows, of which types, with which keys; and what is wrong with one stops no other.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl tSource create-target
\set port `python3 $XBB_SIM ctl tSource port`
\pset format unaligned
CREATE ROLE regress_xbb_source;
CREATE ROLE regress_xbb_source_other;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE SCHEMA push_source AUTHORIZATION regress_xbb_source;
GRANT USAGE ON SCHEMA push_source TO regress_xbb_source_other;
SET search_path = push_source;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_source FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER push_source TO regress_xbb_source;
CREATE USER MAPPING FOR regress_xbb_source SERVER push_source OPTIONS (app_secret 'hush-hush');
SET ROLE regress_xbb_source;
CREATE FOREIGN TABLE material (id text, version int) SERVER push_source
  OPTIONS (api '/api/execute', batch_size '10', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_id '$.docId', record_message '$.message', message '$.message', repeat 'upsert');
\set maker '''push_source.material''::regclass'

-- a row of other types is no record, whichever row of a statement it is
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text, 2));
SELECT xbb._push_record(:maker, '{2,1}', ROW(2, 'a'::text));
SELECT xbb._push_record(:maker, '{1,2}', ROW(1, 2));
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text, 2::bigint));
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::varchar, 2));
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text));
SELECT xbb._push_record(:maker, '{1,9}', ROW('a'::text, 2));
SELECT xbb._push_record(:maker, '{}', ROW());
SELECT xbb._push_record(:maker, m.numbers, ROW('a'::text, 2)) FROM (VALUES ('{1,2}'::smallint[]), ('{2,1}')) m (numbers);
CREATE FUNCTION any_row(n int) RETURNS record LANGUAGE plpgsql AS $$
BEGIN
  IF n = 1 THEN RETURN ROW('a'::text, 2); END IF;
  RETURN ROW(2, 2);
END $$;
SELECT xbb._push_record(:maker, '{1,2}', any_row(n)) FROM generate_series(1, 2) n;
-- nor is it for those who may not insert
RESET ROLE;
SET ROLE regress_xbb_source_other;
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text, 2));
RESET ROLE;
SET ROLE regress_xbb_source;

RESET ROLE;
DROP SCHEMA push_source CASCADE;
DROP SERVER push_source CASCADE;
DROP ROLE regress_xbb_source, regress_xbb_source_other;
