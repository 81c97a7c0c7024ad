-- A row that goes back to what the target has, while a version of it is on its way or in doubt: once that is known not
-- to be there, nothing is sent.  Else what came back is.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\pset format unaligned
\! python3 $XBB_SIM ctl tBack create-target twice=double
\set port `python3 $XBB_SIM ctl tBack port`
CREATE ROLE regress_xbb_back;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE SCHEMA push_back AUTHORIZATION regress_xbb_back;
SET search_path = push_back;
RESET client_min_messages;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_back FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', request_timeout '1s');
GRANT USAGE ON FOREIGN SERVER push_back TO regress_xbb_back;
CREATE USER MAPPING FOR regress_xbb_back SERVER push_back;
SET ROLE regress_xbb_back;
CREATE FOREIGN TABLE material (id text, version int) SERVER push_back
  OPTIONS (api '/api/execute', batch_size '4', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_message '$.message', headers '{"Idempotency-Key": "{{id}}"}', repeat 'never',
           probe '{"api": "/api/query", "envelope": {"id": "$record.id"}, "found": "$.data[*] ? (@.version == \"2\")"}');
-- marks, and rows by queries: what a run reads before it sends does not hide what it sends
CREATE TABLE goods AS SELECT 'K' || n AS id, 1 AS version FROM generate_series(1, 3) n;
SELECT xbb.create_push('back', source => 'goods', target => 'material', key => '{id}', feed => 'trigger');
SET client_min_messages = error;
CALL xbb.push('back');

-- a person says that it is not there: of K1, and of K2 that it is
UPDATE goods SET version = 2;
\! python3 $XBB_SIM ctl tBack refuse K1 -- fault what=close at=first
CALL xbb.push('back');
\! python3 $XBB_SIM ctl tBack accept
UPDATE goods SET version = 1 WHERE id <> 'K3';
CALL xbb.push('back');
SELECT key, status, record FROM xbb.push_item WHERE push = 'back' AND status <> 'acknowledged' ORDER BY id;
SELECT xbb.push_resolve(id, CASE key[1] WHEN 'K1' THEN 'pending' ELSE 'acknowledged' END, 'seen') FROM xbb.push_item WHERE push = 'back' AND status = 'unknown';
CALL xbb.push('back');
SELECT key, status, count(*) FROM xbb.push_item WHERE push = 'back' GROUP BY key, status ORDER BY key, status;
\! python3 $XBB_SIM ctl tBack journal | cut -f 6,7,9 | sort -s -k 1,1

-- the target says so: of P1 as it is asked, of Q1 as the same request comes again
INSERT INTO goods VALUES ('P1', 1), ('Q1', 1);
CALL xbb.push('back');
UPDATE goods SET version = 2 WHERE id = 'P1';
\! python3 $XBB_SIM ctl tBack fault what=lost at=first
CALL xbb.push('back');
UPDATE goods SET version = 1 WHERE id = 'P1';
CALL xbb.push('back');
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'probe');
RESET ROLE;
UPDATE xbb._push_request r SET given_up = now() - interval '1 hour' FROM xbb._push_definition d WHERE d.id = r.push AND d.name = 'back';
SET ROLE regress_xbb_back;
SELECT xbb.push_retry(id) FROM xbb.push_item WHERE push = 'back' AND key = '{P1}' AND status = 'unknown';
CALL xbb.push('back');
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'never');
UPDATE goods SET version = 2 WHERE id = 'Q1';
\! python3 $XBB_SIM ctl tBack set idempotency=on -- fault what=lost at=first
CALL xbb.push('back');
UPDATE goods SET version = 1 WHERE id = 'Q1';
CALL xbb.push('back');
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'key');
\! python3 $XBB_SIM ctl tBack fault what=refuse-one at=first
SELECT xbb.push_retry(id) FROM xbb.push_item WHERE push = 'back' AND key = '{Q1}' AND status = 'unknown';
CALL xbb.push('back');
SELECT key, status, count(*) FROM xbb.push_item WHERE push = 'back' AND key IN ('{P1}', '{Q1}') GROUP BY key, status ORDER BY key, status;
\! python3 $XBB_SIM ctl tBack journal | cut -f 4,6,7,9 | grep -v replayed | cut -f 2- | grep '^[PQ]' | sort -s -k 1,1

SELECT xbb.drop_push('back');
RESET ROLE;
DROP OWNED BY regress_xbb_back;
DROP SERVER push_back CASCADE;
DROP ROLE regress_xbb_back;
\! python3 $XBB_SIM ctl tBack remove
