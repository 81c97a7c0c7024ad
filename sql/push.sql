-- A push sends each version of each key once, and tells what became of it.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl tPush create-target
\set url `python3 $XBB_SIM ctl tPush port`
\pset format unaligned
CREATE ROLE regress_xbb_push;
CREATE ROLE regress_xbb_push_other;
GRANT CREATE ON SCHEMA public TO regress_xbb_push, regress_xbb_push_other;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
RESET client_min_messages;
SELECT 'http://127.0.0.1:' || :'url' AS url \gset
CREATE SERVER push_erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER push_erp TO regress_xbb_push;
CREATE USER MAPPING FOR regress_xbb_push SERVER push_erp OPTIONS (app_secret 'hush-hush');
SET ROLE regress_xbb_push;
CREATE FOREIGN TABLE push_material (id text, version int, price numeric, verdict text OPTIONS (verdict 'status')) SERVER push_erp
  OPTIONS (api '/api/execute', batch_size '4', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_id '$.docId', record_message '$.message', message '$.message');
CREATE TABLE push_goods (id text PRIMARY KEY, version int, price numeric(12,2), stock int);
INSERT INTO push_goods SELECT 'M' || lpad(n::text, 2, '0'), 1, n + 0.50 FROM generate_series(1, 10) n;
-- an error, without the numbers of items
CREATE FUNCTION push_try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE statement;
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN regexp_replace(concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, nullif(hint, '')), '(item |push_resolve\()\d+', '\1N', 'g');
END $$;
CREATE VIEW push_state AS SELECT push, key, status, target_id IS NOT NULL AS has_id, message, record, note FROM xbb.push_item;

-- what cannot be
SELECT xbb.create_push('goods', source => 'push_goods', target => 'push_goods', key => '{id}');
SELECT xbb.create_push('goods', source => 'push_nothing', target => 'push_material', key => '{id}');
SELECT xbb.create_push('goods', source => 'push_goods', target => 'push_material', key => '{number}');
SELECT xbb.create_push('goods', source => 'push_goods', target => 'push_material', key => '{}');
SELECT xbb.create_push('goods', source => 'SELECT id AS x FROM push_goods', target => 'push_material', key => '{x}');
SELECT xbb.create_push('goods', source => 'SELECT id FROM push_goods', target => 'push_material', key => '{id}', feed => 'trigger');
SELECT xbb.create_push('goods', source => 'push_goods', target => 'push_material', key => '{id}', workers => 0);
SELECT xbb.create_push(NULL, source => 'push_goods', target => 'push_material', key => '{id}');

-- all rows, then none, then what has changed
SELECT xbb.create_push('goods', source => 'push_goods', target => 'push_material', key => '{id}');
SELECT xbb.create_push('goods', source => 'push_goods', target => 'push_material', key => '{id}');
SET client_min_messages = warning;
CALL xbb.push('goods');
SELECT status, count(*), count(target_id) AS ids, count(record) AS records, count(hash) AS hashes FROM xbb.push_item GROUP BY status;
CALL xbb.push('goods');
UPDATE push_goods SET version = 2, price = 3 WHERE id IN ('M03', 'M07');
UPDATE push_goods SET stock = 1;
CALL xbb.push('goods');
\! python3 $XBB_SIM ctl tPush journal | cut -f 6,7,9 | sort
SELECT status, requests, enqueued, acknowledged, rejected, unknown FROM xbb.push_run ORDER BY id;
SELECT name, state, pending, acknowledged, rejected, last_success IS NOT NULL AS succeeded FROM xbb.push_status;

-- a refused record stays in sight, and is sent again when it changes, or when somebody says so
\! python3 $XBB_SIM ctl tPush refuse message=stop M01 M02
UPDATE push_goods SET version = 3 WHERE id IN ('M01', 'M02', 'M04');
CALL xbb.push('goods');
SELECT * FROM push_state WHERE status <> 'acknowledged' ORDER BY key;
CALL xbb.push('goods');
\! python3 $XBB_SIM ctl tPush accept
UPDATE push_goods SET version = 4 WHERE id = 'M01';
SELECT xbb.push_retry(id) FROM xbb.push_item WHERE status = 'rejected' AND key = '{M02}';
CALL xbb.push('goods');
SELECT count(*) FROM push_state WHERE status <> 'acknowledged';
\! python3 $XBB_SIM ctl tPush documents | cut -f 1-3

-- what went back to what the target has is not sent
\! python3 $XBB_SIM ctl tPush refuse message=stop M05
UPDATE push_goods SET version = 5 WHERE id = 'M05';
CALL xbb.push('goods');
UPDATE push_goods SET version = 1 WHERE id = 'M05';
CALL xbb.push('goods');
SELECT * FROM push_state WHERE key = '{M05}';

-- an answer that is lost: nobody knows, and a target that takes all twice is not asked twice
\! python3 $XBB_SIM ctl tPush -- accept -- fault what=close at=first
UPDATE push_goods SET version = 6 WHERE id IN ('M06', 'M07', 'M08', 'M09');
CALL xbb.push('goods');
SELECT key, status, message <> '' AS told FROM push_state WHERE status <> 'acknowledged' ORDER BY key;
UPDATE push_goods SET version = 7 WHERE id IN ('M06', 'M07');
CALL xbb.push('goods');
SELECT key, status, record FROM push_state WHERE key BETWEEN '{M06}' AND '{M09}' ORDER BY key, status;
SELECT push_try($$ SELECT xbb.push_retry(id) FROM xbb.push_item WHERE status = 'unknown' AND key = '{M08}' $$);
SELECT push_try($$ SELECT xbb.push_resolve(id, 'done', 'x') FROM xbb.push_item WHERE status = 'unknown' AND key = '{M08}' $$);
SELECT push_try($$ SELECT xbb.push_resolve(id, 'acknowledged', '') FROM xbb.push_item WHERE status = 'unknown' AND key = '{M08}' $$);
SELECT xbb.push_resolve(id, 'acknowledged', 'seen in the ERP') FROM xbb.push_item WHERE status = 'unknown' AND key IN ('{M06}', '{M08}');
SELECT xbb.push_resolve(id, 'pending', 'not there') FROM xbb.push_item WHERE status = 'unknown' AND key IN ('{M07}', '{M09}');
SELECT key, status, record, note FROM push_state WHERE key BETWEEN '{M06}' AND '{M09}' ORDER BY key, status;
CALL xbb.push('goods');
SELECT count(*) FROM push_state WHERE status <> 'acknowledged';
SELECT count(*) AS requests FROM xbb.push_item WHERE request IS NOT NULL;
SELECT push_try($$ SELECT xbb.push_resolve(id, 'pending', 'not there') FROM xbb.push_item WHERE key = '{M06}' $$);
SELECT push_try($$ SELECT xbb.push_retry(0) $$);

-- more rows than memory is for: each is read as it is
SET work_mem = '64kB';
CREATE TABLE push_many AS SELECT 'N' || n AS id, n AS version, repeat(md5(n::text), 3) AS filler FROM generate_series(1, 3000) n;
ALTER FOREIGN TABLE push_material ADD COLUMN filler text;
SELECT xbb.create_push('many', source => 'push_many', target => 'push_material', key => '{id}', copy_data => false);
SELECT count(*), count(DISTINCT hash) AS hashes FROM xbb.push_item WHERE push = 'many';
CALL xbb.push('many');
INSERT INTO push_many VALUES ('N1', 1, 'twice');
SELECT push_try($$ SELECT xbb.create_push('twice', source => 'push_many', target => 'push_material', key => '{id}', copy_data => false) $$);
UPDATE push_many SET id = NULL WHERE filler = 'twice';
SELECT push_try($$ SELECT xbb.create_push('twice', source => 'push_many', target => 'push_material', key => '{id}', copy_data => false) $$);
UPDATE push_many SET id = repeat('x', 3000) WHERE filler = 'twice';
SELECT push_try($$ SELECT xbb.create_push('twice', source => 'push_many', target => 'push_material', key => '{id}', copy_data => false) $$);
SELECT xbb.drop_push('many');

-- to another role: who may become both gives all, with what was sent; a query is named anew by who is to run it
SELECT xbb.create_push('asked', source => 'SELECT id, version FROM push_goods', target => 'push_material', key => '{id}', copy_data => false);
SELECT xbb.handover('regress_xbb_push', 'regress_xbb_push_other');
RESET ROLE;
SET client_min_messages = notice;
-- one alone, of a role that he has, and no more than that
SELECT xbb.alter_push('asked', owner => 'regress_xbb_push_other');
SELECT xbb.alter_push('asked', owner => 'regress_xbb_push', workers => 2);
SELECT xbb.alter_push('asked', owner => 'regress_xbb_push');
SELECT xbb.handover('regress_xbb_push', 'regress_xbb_push_other');
SELECT name, owner, source, query FROM xbb.push_definition WHERE owner IN ('regress_xbb_push'::regrole, 'regress_xbb_push_other'::regrole) ORDER BY name;
SELECT count(*) AS functions FROM pg_proc p JOIN xbb.push_definition d ON p.proname = '_push_' || d.id WHERE d.name = 'asked' AND d.owner = 'regress_xbb_push_other'::regrole;
SELECT push, count(*) AS items FROM xbb.push_item WHERE owner = 'regress_xbb_push_other'::regrole GROUP BY push ORDER BY push;
SET ROLE regress_xbb_push;
SELECT xbb.create_push('goods', source => 'push_goods', target => 'push_material', key => '{id}', copy_data => false);
RESET ROLE;
SELECT xbb.handover('regress_xbb_push_other', 'regress_xbb_push');
SET ROLE regress_xbb_push_other;
SELECT xbb.drop_push('goods');
RESET ROLE;
SELECT xbb.handover('regress_xbb_push_other', 'regress_xbb_push');
SET ROLE regress_xbb_push;
SELECT xbb.alter_push('asked', source => 'SELECT id, version FROM push_goods');
CALL xbb.push('asked');
SET client_min_messages = warning;
SELECT xbb.drop_push('asked');
SELECT xbb.drop_push('goods');
RESET ROLE;
DROP OWNED BY regress_xbb_push;
DROP SERVER push_erp CASCADE;
DROP OWNED BY regress_xbb_push_other;
DROP ROLE regress_xbb_push, regress_xbb_push_other;
