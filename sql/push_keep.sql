-- Outboxes that the database's owner restores, who is no superuser: his own pushes go on where they
-- were; one of another role waits for that role's word and begins anew; and what he plants is
-- nobody's, whether it comes before xbb.activate() or behind it.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\pset format unaligned
\! python3 $XBB_SIM ctl tPushKeep create-target
\! python3 $XBB_SIM ctl tPushKeep refuse G3
\set port `python3 $XBB_SIM ctl tPushKeep port`
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
\set here :DBNAME
CREATE ROLE regress_xbb_pkeeper LOGIN;
CREATE ROLE regress_xbb_pkeep_etl LOGIN;
CREATE DATABASE regress_xbb_pkept OWNER regress_xbb_pkeeper TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
CREATE DATABASE regress_xbb_pkeep_own OWNER regress_xbb_pkeeper TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\set VERBOSITY terse

-- what both databases have before any push
\set begin 'SET client_min_messages = error; CREATE EXTENSION xbb_etl CASCADE; CREATE SERVER erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :''url'', rate_limit ''0'', max_retries ''0''); CREATE USER MAPPING FOR PUBLIC SERVER erp; GRANT USAGE ON FOREIGN SERVER erp TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC; SET ROLE regress_xbb_pkeeper; CREATE TABLE goods AS SELECT ''G'' || n AS id, 1 AS version FROM generate_series(1, 4) n; CREATE FOREIGN TABLE material (id text, version integer) SERVER erp OPTIONS (api ''/api/execute'', batch_size ''4'', ok ''$.code == 0'', records ''$.data[*]'', record_key ''id'', record_ok ''$.success == true'', record_message ''$.message'', repeat ''upsert''); SET ROLE regress_xbb_pkeep_etl; CREATE TABLE others AS SELECT ''O'' || n AS id, 1 AS version FROM generate_series(1, 2) n; CREATE FOREIGN TABLE other_material (id text, version integer) SERVER erp OPTIONS (api ''/api/execute'', batch_size ''4'', ok ''$.code == 0'', records ''$.data[*]'', record_key ''id'', record_ok ''$.success == true'', repeat ''upsert''); RESET ROLE;'
\c regress_xbb_pkept
:begin
SET ROLE regress_xbb_pkeeper;
SELECT xbb.create_push('mine', source => 'goods', target => 'material', key => '{id}');
CALL xbb.push('mine');
SELECT xbb.create_push('queried', source => 'SELECT ''Q'' || n AS id, 1 AS version FROM generate_series(1, 2) n', target => 'material', key => '{id}');
CALL xbb.push('queried');
SET ROLE regress_xbb_pkeep_etl;
SELECT xbb.create_push('other', source => 'others', target => 'other_material', key => '{id}');
CALL xbb.push('other');
RESET ROLE;
SELECT push, key, status FROM xbb.push_item ORDER BY 1, 2;
-- as if it had been dumped in the middle of a run of a second worker
UPDATE xbb._push_item SET status = 'sending', record = '{}', request = '00000000-0000-4000-8000-000000000001', position = 1 WHERE key = '{G4}';
INSERT INTO xbb._push_request (id, push, run, worker, status, body, keys, records)
SELECT '00000000-0000-4000-8000-000000000001', i.push, 1, 2, 'sending', '[{"id": "G4", "version": 1}]', '{G4}', 1 FROM xbb._push_item i WHERE i.key = '{G4}';

\c regress_xbb_pkeep_own
:begin
\! pg_dump -U regress_xbb_pkeeper --data-only -t 'xbb._push_*' -T xbb._push_run_log regress_xbb_pkept | psql -Xq -v ON_ERROR_STOP=1 -U regress_xbb_pkeeper regress_xbb_pkeep_own >/dev/null
SELECT name, owner, confirmed, active FROM xbb.push_definition ORDER BY name;
SELECT count(*) AS before_activate FROM xbb.push_item;
SET ROLE regress_xbb_pkeeper;
CALL xbb.push('mine');
SET client_min_messages = warning;
SELECT xbb.activate();
SET client_min_messages = error;
RESET ROLE;
SELECT push, key, status FROM xbb.push_item ORDER BY 1, 2;
\! python3 $XBB_SIM ctl tPushKeep clear
SET ROLE regress_xbb_pkeeper;
-- what is there is not sent again, but for what was in the air
CALL xbb.push('mine');
\set VERBOSITY default
CALL xbb.push('queried');
\set VERBOSITY terse
SELECT xbb.alter_push(name, source => query) FROM xbb.push_definition WHERE name = 'queried';
CALL xbb.push('queried');
SET ROLE regress_xbb_pkeep_etl;
\set VERBOSITY default
CALL xbb.push('other');
\set VERBOSITY terse
CALL xbb.push_all();
\! python3 $XBB_SIM ctl tPushKeep count
SELECT xbb.alter_push(name, source => coalesce(query, source_name)) FROM xbb.push_definition WHERE name = 'other';
CALL xbb.push('other');
SELECT key, status FROM xbb.push_item WHERE push = 'other' ORDER BY 1;
\! python3 $XBB_SIM ctl tPushKeep count

-- what he plants
SET ROLE regress_xbb_pkeeper;
\set item 'INSERT INTO xbb._push_item (id, push, key, key_id, record, hash) OVERRIDING SYSTEM VALUE'
SELECT d.id AS other FROM xbb._push_definition d WHERE d.name = 'other' \gset
:item VALUES (1000000000000, :other, '{planted}', gen_random_uuid(), '{"id": "planted"}', '');
:item VALUES (1, 101, '{planted}', gen_random_uuid(), '{"id": "planted"}', '');
INSERT INTO xbb._push_request (id, push, run, worker, status, body, records) VALUES (gen_random_uuid(), :other, 1, 1, 'unknown', '[{"id": "planted"}]', 1);
INSERT INTO xbb._push_mark (push, key) VALUES (:other, '{planted}');
\set definition 'INSERT INTO xbb._push_definition (id, name, owner, source_name, query, target_name, key, feed, workers, path, enabled, copies, system_identifier, timeline, confirmed, place) OVERRIDING SYSTEM VALUE'
:definition SELECT 100, 'other', 'regress_xbb_pkeep_etl', 'public.others', NULL, 'public.other_material', '{id}', 'query', 1, '', true, false, 1, 1, true, p.token FROM xbb._place p;
:definition SELECT 100, 'planted', 'regress_xbb_pkeep_etl', 'public.others', NULL, 'public.other_material', '{id}', 'query', 1, '', true, false, 1, 1, true, p.token FROM xbb._place p;
:item VALUES (2, 100, '{planted}', gen_random_uuid(), '{"id": "planted"}', '');
RESET ROLE;
SELECT push < 0 AS aside, id < 1000000 AS counted, restored_by::regrole FROM xbb._push_item WHERE key = '{planted}';
SET ROLE regress_xbb_pkeep_etl;
SELECT name, confirmed, active FROM xbb.push_definition ORDER BY name;
CALL xbb.push('other');
SELECT xbb.create_push('next', source => 'others', target => 'other_material', key => '{id}');
SELECT count(*) FROM xbb.push_item WHERE key = '{planted}';
SET ROLE regress_xbb_pkeeper;
SELECT xbb.activate();
RESET ROLE;
SELECT count(*) AS planted FROM xbb._push_item WHERE key = '{planted}';
SELECT count(*) AS planted FROM xbb._push_request WHERE convert_from(body, 'UTF8') LIKE '%planted%';
SELECT count(*) AS planted FROM xbb._push_mark;
SET ROLE regress_xbb_pkeep_etl;
CALL xbb.push('planted');
CALL xbb.push('other');
RESET ROLE;
\! python3 $XBB_SIM ctl tPushKeep journal | cut -f 6 | grep -c planted

\c :here
\! python3 $XBB_SIM ctl tPushKeep remove
DROP DATABASE regress_xbb_pkept;
DROP DATABASE regress_xbb_pkeep_own;
DROP ROLE regress_xbb_pkeeper, regress_xbb_pkeep_etl;
