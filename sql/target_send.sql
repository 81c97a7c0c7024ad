-- xbb.send() sends a query's rows to a target in batches, several requests at a time, and
-- tells what became of each, in the query's order; it is an error only where nothing was sent.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl targetSend create-target log_body=on
SELECT :'url' || '/target/targetSend' AS base \gset
CREATE SCHEMA target_send;
SET search_path = target_send;
SET client_min_messages = error;
\pset format unaligned
CREATE ROLE regress_xbb_target_send;
GRANT USAGE ON SCHEMA target_send TO regress_xbb_target_send;
CREATE SERVER target_send FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'base', rate_limit '0', max_retries '0',
  ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', record_id '$.docId', record_message '$.message',
  message '$.message', duplicate '$.status == "duplicate"', throttled '$.code == 429', retry '$.code == 503');
CREATE USER MAPPING FOR CURRENT_USER SERVER target_send;
CREATE FOREIGN TABLE material (编码 text, id text, price numeric, verdict text OPTIONS (verdict 'status'))
  SERVER target_send OPTIONS (api '/api/execute', batch_size '3');

-- A verdict for each, and the record of those that are not there; members that the query does not have are not sent.
\! python3 $XBB_SIM ctl targetSend refuse A2 A7 message=物料不存在
SELECT * FROM xbb.send('material', 'SELECT n::text AS 编码, ''A'' || n AS id FROM generate_series(1, 8) n');
\! python3 $XBB_SIM ctl targetSend log fields=body sort=on -- clear

-- A thousand records, answered in any order and told in the query's; each is sent once.
\! python3 $XBB_SIM ctl targetSend fault what=delay ms=30 at=every prob=0.3
SELECT count(*), bool_and(key = 'B' || position), string_agg(DISTINCT status, ', '), count(DISTINCT id) AS documents
FROM (SELECT * FROM xbb.send('material', 'SELECT n::text AS 编码, ''B'' || n AS id FROM generate_series(1, 1000) n') WITH ORDINALITY) s WHERE position = ordinality;
\! python3 $XBB_SIM ctl targetSend documents | grep -c "^B"
\! python3 $XBB_SIM ctl targetSend count -- clear what=all

-- What is not known, or was not executed, is no error, and does not keep others from being sent.
ALTER SERVER target_send OPTIONS (ADD concurrency '1');
SELECT xbb.disconnect('target_send');    -- of a kept connection it would be said so
\! python3 $XBB_SIM ctl targetSend fault what=close at=1
\! python3 $XBB_SIM ctl targetSend fault what=says kind=throttled at=2
\! python3 $XBB_SIM ctl targetSend fault what=half-told share=0.4 at=3
SELECT position, status, id IS NOT NULL AS id, regexp_replace(message, 'was lost: .*', 'was lost: ...') AS message, record->>'id' AS record
FROM xbb.send('material', 'SELECT n::text AS 编码, ''C'' || to_char(n, ''FM00'') AS id FROM generate_series(1, 10) n');
\! python3 $XBB_SIM ctl targetSend clear what=all
SELECT position, status FROM xbb.send('material', 'SELECT n::text AS 编码, ''C'' || n AS id FROM generate_series(1, 2) n');

-- Nothing is sent where a row has no JSON, be it the last, where the query fails, or where there is none.
\! python3 $XBB_SIM ctl targetSend clear
SELECT * FROM xbb.send('material', 'SELECT ''D'' || n AS id, CASE WHEN n < 2000 THEN 1 ELSE ''NaN''::numeric END AS price FROM generate_series(1, 2000) n');
SELECT * FROM xbb.send('material', 'SELECT ''D'' || n AS id, 1 / (n - 2000) AS price FROM generate_series(1, 2000) n');
SELECT * FROM xbb.send('material', 'SELECT ''D'' AS id WHERE false');
SELECT record FROM xbb.send('material', 'SELECT ''D'' AS id, 1.50 AS price', dry_run => true);
SELECT * FROM xbb.send('material', NULL);
SELECT * FROM xbb.send('nowhere', 'SELECT 1');
\! python3 $XBB_SIM ctl targetSend count

ALTER SERVER target_send OPTIONS (ADD request_limit '3');
SELECT * FROM xbb.send('material', 'SELECT ''D'' || n AS id FROM generate_series(1, 10) n');
SET xbb_fdw.request_limit = 2;
SELECT * FROM xbb.send('material', 'SELECT ''D'' || n AS id FROM generate_series(1, 7) n');
\! python3 $XBB_SIM ctl targetSend count
SELECT count(*) FROM xbb.send('material', 'SELECT ''D'' || n AS id FROM generate_series(1, 6) n');
RESET xbb_fdw.request_limit;
ALTER SERVER target_send OPTIONS (DROP request_limit);

-- A cancel says how far it came.
\set SHOW_CONTEXT always
\! python3 $XBB_SIM ctl targetSend fault what=hang at=3
SET statement_timeout = '300ms';
SELECT count(*) FROM xbb.send('material', 'SELECT ''E'' || n AS id FROM generate_series(1, 9) n');
RESET statement_timeout;
ALTER SERVER target_send OPTIONS (DROP concurrency);
\set SHOW_CONTEXT errors

-- Records that do not fit into work_mem, of which the first requests are answered last.
SET work_mem = '64kB';
\! python3 $XBB_SIM ctl targetSend clear what=all
\! python3 $XBB_SIM ctl targetSend fault what=delay ms=300 at=1
SELECT count(*), string_agg(DISTINCT status, ', ') AS status, count(DISTINCT key) AS keys
FROM xbb.send('material', 'SELECT repeat(''x'', 10000) AS 编码, ''H'' || n AS id FROM generate_series(1, 100) n');
RESET work_mem;

-- Rights are those of INSERT, the mapping is the caller's; a transaction that only reads sends nothing.
SET ROLE regress_xbb_target_send;
SELECT * FROM xbb.send('material', 'SELECT ''F'' AS id');
RESET ROLE;
GRANT INSERT (id, 编码) ON material TO regress_xbb_target_send;
SET ROLE regress_xbb_target_send;
SELECT * FROM xbb.send('material', 'SELECT ''F'' AS id');
RESET ROLE;
GRANT INSERT (price) ON material TO regress_xbb_target_send;
SET ROLE regress_xbb_target_send;
SELECT * FROM xbb.send('material', 'SELECT ''F'' AS id');
SELECT record FROM xbb.send('material', 'SELECT ''F'' AS id', dry_run => true);
RESET ROLE;
BEGIN READ ONLY;
SELECT * FROM xbb.send('material', 'SELECT ''F'' AS id');
ROLLBACK;
-- the query is the caller's, with his path and rights
CREATE TABLE secret (id text);
SET ROLE regress_xbb_target_send;
SELECT * FROM xbb.send('material', 'SELECT id FROM secret', dry_run => true);
RESET ROLE;


-- The case study: 100 records of the CRM's list in one request, byte for byte what a client would send, each verdict told.
\! python3 $XBB_SIM ctl dingTargetSend create token=s3cret products=100 freeze=on
\! python3 $XBB_SIM ctl targetSend create-target
CREATE SERVER target_send_crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingTargetSend', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER target_send_crm OPTIONS (token 's3cret');
CREATE FOREIGN TABLE product (data_id bigint, serial_no text) SERVER target_send_crm OPTIONS (object 'product');
ALTER FOREIGN TABLE material OPTIONS (SET batch_size '100');
\! python3 $XBB_SIM ctl targetSend refuse 51200042 message=物料不存在
SELECT status, count(*), count(DISTINCT key), min(message) AS message, min(record->>'id') AS refused
FROM xbb.send('material', 'SELECT serial_no AS 编码, data_id::text AS id FROM product ORDER BY data_id') GROUP BY status ORDER BY status;
\! python3 $XBB_SIM ctl targetSend count
\set body `python3 $XBB_SIM ctl targetSend journal | cut -f 5 | sort -u`
SELECT :'body' = encode(sha256(convert_to('[' || string_agg('{"编码":"' || serial_no || '","id":"' || data_id || '"}', ',' ORDER BY data_id) || ']', 'UTF8')), 'hex') AS byte_for_byte,
  count(*) FROM product;
\! python3 $XBB_SIM ctl dingTargetSend remove
\! python3 $XBB_SIM ctl targetSend remove
DROP SCHEMA target_send CASCADE;
DROP SERVER target_send, target_send_crm CASCADE;
DROP OWNED BY regress_xbb_target_send;
DROP ROLE regress_xbb_target_send;
