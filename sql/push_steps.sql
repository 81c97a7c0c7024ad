-- What leaves only after it was committed, whoever calls the steps of a run by hand, and in what order.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\pset format unaligned
\! python3 $XBB_SIM ctl tPushSteps create-target
\set port `python3 $XBB_SIM ctl tPushSteps port`
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE ROLE regress_xbb_steps;
SET client_min_messages = error;
CREATE SCHEMA push_steps AUTHORIZATION regress_xbb_steps;
CREATE SERVER steps_erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0');
GRANT USAGE ON FOREIGN SERVER steps_erp TO regress_xbb_steps;
CREATE USER MAPPING FOR regress_xbb_steps SERVER steps_erp;
SET ROLE regress_xbb_steps;
SET search_path = push_steps;
CREATE FOREIGN TABLE material (id text) SERVER steps_erp
  OPTIONS (api '/api/execute', batch_size '2', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true');
CREATE TABLE goods AS SELECT 'S' || n AS id FROM generate_series(1, 2) n;
SELECT xbb.create_push('steps', source => 'goods', target => 'material', key => '{id}');
SELECT id AS push FROM xbb.push_definition WHERE name = 'steps' AND owner = current_user::regrole \gset
CREATE VIEW state AS SELECT key, status FROM xbb.push_item WHERE push = 'steps' AND owner = current_user::regrole ORDER BY key;

SELECT xbb._push_lock(:push, 1, true);
SELECT xbb._push_run_begin(:push, 1, 'running') AS run \gset
SELECT xbb._push_read(d, true) IS NOT NULL AS is_read FROM xbb.push_definition d WHERE id = :push;
SELECT xbb._push_open(:push, 1, :run);
-- a claim that is not committed yet, and one that was rolled back, which frees the lock, too
BEGIN;
SELECT in_air FROM xbb._push_step(:push);
SELECT xbb._push_sent(:push);
ROLLBACK;
SELECT xbb._push_lock(:push, 1, true);
SELECT xbb._push_sent(:push);
\! python3 $XBB_SIM ctl tPushSteps count
TABLE state;
DO $$ BEGIN PERFORM xbb._push_step((SELECT id FROM xbb.push_definition WHERE name = 'steps' AND owner = current_user::regrole)); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END $$;
SELECT xbb._push_sent(:push);
\! python3 $XBB_SIM ctl tPushSteps count
-- one that is
SELECT in_air FROM xbb._push_step(:push);
SELECT xbb._push_sent(:push);
-- a verdict whose noting was rolled back is noted again
BEGIN;
SELECT in_air, acknowledged FROM xbb._push_step(:push);
ROLLBACK;
SELECT xbb._push_lock(:push, 1, true);
SELECT xbb._push_sent(:push);
TABLE state;
SELECT in_air FROM xbb._push_step(:push);
SELECT xbb._push_sent(:push);
TABLE state;
\! python3 $XBB_SIM ctl tPushSteps count
SELECT xbb._push_close(:push);
SELECT xbb._push_unlock(:push, 1);

-- nobody else keeps its runs from writing items
SET ROLE pg_monitor;
SELECT xbb._push_arrive(:push, false);

-- a restore may have brought requests without records, or with fewer keys than records, and items for requests of none
RESET ROLE;
INSERT INTO xbb._push_request (id, push, run, worker, status, body, keys, records, next_try)
VALUES ('00000000-0000-0000-0000-000000000001', :push, 0, 0, 'unknown', '[]', NULL, 0, '-infinity'),
       ('00000000-0000-0000-0000-000000000002', :push, 0, 0, 'unknown', '[]', '{}', 2, '-infinity');
INSERT INTO xbb._push_item (push, key, key_id, status, record, hash, request, position, most)
SELECT :push, array[v.id], gen_random_uuid(), v.status, jsonb_build_object('id', v.id), '', v.request::uuid, v.position, 0
FROM (VALUES ('B1', 'unknown', '00000000-0000-0000-0000-000000000002', 1), ('B2', 'unknown', '00000000-0000-0000-0000-000000000002', 2),
      ('B3', 'pending', NULL, NULL), ('B4', 'pending', NULL, NULL)) v (id, status, request, position);
SET ROLE regress_xbb_steps;
ALTER FOREIGN TABLE material OPTIONS (ADD repeat 'upsert');
SET statement_timeout = '60s';
CALL xbb.push('steps');
TABLE state;
\! python3 $XBB_SIM ctl tPushSteps count

-- that one record is for later has none of the others sent again; what is all for later is
RESET ROLE;
ALTER SERVER steps_erp OPTIONS (SET max_retries '2', ADD retry '$.message == "busy"');
SET ROLE regress_xbb_steps;
\! python3 $XBB_SIM ctl tPushSteps refuse message=busy R2 R4
SELECT status FROM xbb.send('material', $$SELECT 'R' || n AS id FROM generate_series(1, 2) n$$);
SELECT status FROM xbb.send('material', $$SELECT 'R4' AS id$$);
\! python3 $XBB_SIM ctl tPushSteps journal | cut -f 6,10 | grep ^R | sort | uniq -c | awk '{ print $2, $3, $1 }'

-- what cannot leave for want of a token is not in doubt, whatever the target does with repeats
RESET ROLE;
ALTER SERVER steps_erp OPTIONS (ADD auth 'bearer', ADD token_api '{"api": "/nowhere", "token": "$.token"}');
SET ROLE regress_xbb_steps;
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'never');
INSERT INTO goods VALUES ('T1');
CALL xbb.push('steps');
SELECT status, attempts, request FROM xbb.push_item WHERE push = 'steps' AND key = '{T1}' AND owner = current_user::regrole;

\o /dev/null
SELECT xbb.drop_push('steps');
RESET ROLE;
DROP SCHEMA push_steps CASCADE;
DROP SERVER steps_erp CASCADE;
DROP ROLE regress_xbb_steps;
\o
\! python3 $XBB_SIM ctl tPushSteps remove
