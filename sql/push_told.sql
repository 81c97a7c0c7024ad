-- What is told of a push: why each record is not there, how many these are, and what a person has seen.  Figures are of
-- records, and log, line and warning of a run have the same.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl tTold create-target twice=double
\set port `python3 $XBB_SIM ctl tTold port`
\pset format unaligned
CREATE ROLE regress_xbb_told;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE SCHEMA push_told AUTHORIZATION regress_xbb_told;
SET search_path = push_told;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_told FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', request_timeout '3s');
GRANT USAGE ON FOREIGN SERVER push_told TO regress_xbb_told;
SET ROLE regress_xbb_told;
CREATE USER MAPPING FOR regress_xbb_told SERVER push_told;
CREATE FOREIGN TABLE material (id text, version int, size numeric) SERVER push_told
  OPTIONS (api '/api/execute', batch_size '4', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', record_id '$.docId');
CREATE TABLE goods (id text, version int, size numeric);
CREATE VIEW states AS SELECT key, status, target_id, message, note FROM xbb.push_item WHERE push = 'goods';

-- where no option says which words are the reason, the answer is shown
INSERT INTO goods VALUES ('A1', 1), ('A2', 1);
SELECT xbb.create_push('goods', source => 'goods', target => 'material', key => '{id}');
\! python3 $XBB_SIM ctl tTold refuse message=no A2
CALL xbb.push('goods');
SELECT key, status, message LIKE '{"code"%"no"%' AS is_answer FROM states ORDER BY key;
SELECT status, message FROM xbb.judge('material', 200, '{"code": 1, "hint": "closed"}', '{A1}');
SELECT status, message FROM xbb.judge('material', 200, '{"code": 0, "data": [{"id": "A1", "success": false, "why": "closed"}]}', '{A1,A2}');
\! python3 $XBB_SIM ctl tTold accept
SELECT xbb.push_retry(id) FROM xbb.push_item WHERE push = 'goods' AND status = 'rejected';
CALL xbb.push('goods');

-- what somebody has seen there, with the id that others ask for
INSERT INTO goods SELECT 'B' || n, 1 FROM generate_series(1, 4) n;
\! python3 $XBB_SIM ctl tTold fault what=close at=first
CALL xbb.push('goods');
SELECT xbb.push_resolve(id, 'acknowledged', 'seen', target_id => '4711') FROM xbb.push_item WHERE push = 'goods' AND key = '{B1}';
SELECT xbb.push_resolve(id, 'acknowledged', 'seen') FROM xbb.push_item WHERE push = 'goods' AND key = '{B2}';
DO $$ BEGIN
  PERFORM xbb.push_resolve(id, 'rejected', 'not there', '4713') FROM xbb.push_item WHERE push = 'goods' AND key = '{B3}';
EXCEPTION WHEN invalid_parameter_value THEN
  RAISE WARNING '%', SQLERRM;
END $$;
SELECT key, status, target_id, note FROM states WHERE key[1] LIKE 'B%' ORDER BY key;
SELECT bool_or(xbb._push_identify(id, 'x')) FROM xbb.push_item WHERE push = 'goods' AND key = '{B3}';
-- its id can be said later, and stays where the answer to a newer version has none, and where somebody has seen that one
\set VERBOSITY sqlstate
SELECT xbb.push_resolve(id, 'acknowledged', 'seen again') FROM xbb.push_item WHERE push = 'goods' AND key = '{B2}';
\set VERBOSITY default
SELECT xbb.push_resolve(id, 'acknowledged', 'its number', target_id => '4712') FROM xbb.push_item WHERE push = 'goods' AND key = '{B2}';
SELECT key, status, target_id, note FROM states WHERE key = '{B2}';
ALTER FOREIGN TABLE material OPTIONS (DROP record_id);
UPDATE goods SET version = 2 WHERE id IN ('B1', 'B2');
\! python3 $XBB_SIM ctl tTold clear what=faults -- refuse message=no B2
CALL xbb.push('goods');
SELECT xbb.push_resolve(id, 'acknowledged', 'by hand') FROM xbb.push_item WHERE push = 'goods' AND key = '{B2}' AND status = 'rejected';
SELECT key, status, target_id, note FROM states WHERE key IN ('{B1}', '{B2}') ORDER BY key;
\! python3 $XBB_SIM ctl tTold accept
-- one that is unknown, and then known, is not counted as unknown; the line adds up
SELECT xbb.drop_push('goods');
\! python3 $XBB_SIM ctl tTold set twice=upsert -- clear what=faults
ALTER FOREIGN TABLE material OPTIONS (ADD repeat 'upsert');
TRUNCATE goods;
INSERT INTO goods SELECT 'C' || n, 1 FROM generate_series(1, 6) n;
INSERT INTO goods VALUES ('C7', 1, 'NaN');
SELECT xbb.create_push('goods', source => 'goods', target => 'material', key => '{id}');
\! python3 $XBB_SIM ctl tTold fault what=lost at=first -- refuse message=no C6
CALL xbb.push('goods');
SELECT requests, enqueued, acknowledged, rejected, unknown, put_off, held FROM xbb.push_run WHERE push = 'goods' ORDER BY id DESC LIMIT 1;
SELECT state, rejected, unknown, pending FROM xbb.push_status WHERE name = 'goods';
-- what is put off for long is no success, and its push is not well
-- what the target refused, and is gone, is of no interest, and not sent by who retries all
DELETE FROM goods WHERE id IN ('C6', 'C7');
UPDATE goods SET version = 2 WHERE id = 'C1';
\! python3 $XBB_SIM ctl tTold accept -- fault what=status code=503 retry_after=86400 times=0
CALL xbb.push('goods');
SELECT state FROM xbb.push_status WHERE name = 'goods';
\! python3 $XBB_SIM ctl tTold clear what=faults
CALL xbb.push('goods');
SELECT status, acknowledged, put_off FROM xbb.push_run WHERE push = 'goods' ORDER BY id DESC LIMIT 1;
SELECT state FROM xbb.push_status WHERE name = 'goods';
SELECT xbb.drop_push('goods');
-- where it was called is told, and none of the extension's functions that stand between
\set SHOW_CONTEXT errors
CALL xbb.push('nothing');
DO $$ BEGIN CALL xbb.push('nothing'); END $$;
SELECT xbb.create_push('bad', source => 'SELECT id, version / (version - version) AS version FROM goods', target => 'material', key => '{id}');
CALL xbb.push('bad');
\set SHOW_CONTEXT never
CALL xbb.push_all();
SELECT xbb.drop_push('bad');
-- what nobody has looked for waits, too
SELECT xbb.create_push('seldom', source => 'goods', target => 'material', key => '{id}', copy_data => false, max_age => '1 day');
CALL xbb.push('seldom');
SELECT state, pending FROM xbb.push_status WHERE name = 'seldom';
SELECT xbb.alter_push('seldom', max_age => '1 us');
SELECT state, pending FROM xbb.push_status WHERE name = 'seldom';
SELECT xbb.drop_push('seldom');

RESET ROLE;
DROP SCHEMA push_told CASCADE;
DROP SERVER push_told CASCADE;
DROP ROLE regress_xbb_told;
