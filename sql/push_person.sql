-- What a person says of one record of a request in doubt: nothing is sent twice, what is held is not
-- sent, and its neighbours go on or are in sight.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\pset format unaligned
\! python3 $XBB_SIM ctl tPerson create-target twice=double
\set port `python3 $XBB_SIM ctl tPerson port`
CREATE ROLE regress_xbb_person;
GRANT CREATE ON SCHEMA public TO regress_xbb_person;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
RESET client_min_messages;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER person_erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', request_timeout '3s');
GRANT USAGE ON FOREIGN SERVER person_erp TO regress_xbb_person;
CREATE USER MAPPING FOR regress_xbb_person SERVER person_erp;
SET ROLE regress_xbb_person;
CREATE FOREIGN TABLE person_material (id text, version int) SERVER person_erp
  OPTIONS (api '/api/execute', batch_size '4', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_message '$.message', message '$.message', headers '{"Idempotency-Key": "{{id}}"}', repeat 'never',
           duplicate '$.status == "duplicate"', probe '{"api": "/api/query", "envelope": {"id": "$record.id"}, "found": "$.data.size() > 0"}');
CREATE TABLE person_goods (id text PRIMARY KEY, version int);
SELECT xbb.create_push('person', source => 'person_goods', target => 'person_material', key => '{id}');
CREATE VIEW person_state AS SELECT key, status, request IS NOT NULL AS bound, position, record FROM xbb.push_item WHERE push = 'person';
-- rows of a prefix; the run after them is one whose answer is lost, and which does not ask again
CREATE PROCEDURE person_lose(prefix text) LANGUAGE sql AS $$
  INSERT INTO person_goods SELECT prefix || n, 1 FROM generate_series(1, 4) n $$;
SET client_min_messages = error;

-- what the answer says of the records that are still in a request is by their place in it, whoever is gone
CALL person_lose('A');
\! python3 $XBB_SIM ctl tPerson fault what=close at=first
CALL xbb.push('person');
SELECT xbb.push_resolve(id, 'acknowledged', 'seen') FROM xbb.push_item WHERE key IN ('{A1}', '{A3}');
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'upsert');
\! python3 $XBB_SIM ctl tPerson set twice=upsert -- refuse message=no A1
SELECT xbb.push_retry(id) FROM xbb.push_item WHERE key = '{A2}';
CALL xbb.push('person');
SELECT * FROM person_state ORDER BY key;
\! python3 $XBB_SIM ctl tPerson accept

-- upsert: one that is held is not sent, its neighbours are, and their next versions
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'never');
CALL person_lose('B');
\! python3 $XBB_SIM ctl tPerson clear -- fault what=close at=first
CALL xbb.push('person');
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'upsert');
SELECT xbb.push_resolve(id, 'held', 'wait') FROM xbb.push_item WHERE key = '{B2}';
SELECT key, status, bound FROM person_state WHERE key[1] LIKE 'B%' ORDER BY key;
UPDATE person_goods SET version = 2 WHERE id = 'B1';
CALL xbb.push('person');
SELECT key, status, bound FROM person_state WHERE key[1] LIKE 'B%' ORDER BY key;
\! python3 $XBB_SIM ctl tPerson journal | cut -f 6,7 | grep B | sort
SELECT xbb.push_resolve(id, 'rejected', 'never') FROM xbb.push_item WHERE key = '{B2}';

-- key: it is not there, somebody says of one; the request is repeated, and the target tells
\! python3 $XBB_SIM ctl tPerson set twice=double idempotency=on
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'never');
CALL person_lose('C');
\! python3 $XBB_SIM ctl tPerson fault what=close at=first
CALL xbb.push('person');
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'key');
SELECT xbb.push_resolve(id, 'pending', 'not there') FROM xbb.push_item WHERE key = '{C2}';
CALL xbb.push('person');
SELECT key, status, bound FROM person_state WHERE key[1] LIKE 'C%' ORDER BY key;
CALL xbb.push('person');
\! python3 $XBB_SIM ctl tPerson documents | cut -f 1-3 | grep C

-- key: one that is held holds them all, until somebody has said what is so of each
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'never');
CALL person_lose('D');
\! python3 $XBB_SIM ctl tPerson clear -- fault what=lost at=first
CALL xbb.push('person');
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'key');
SELECT xbb.push_resolve(id, 'held', 'wait') FROM xbb.push_item WHERE key = '{D2}';
CALL xbb.push('person');
SELECT key, status, bound FROM person_state WHERE key[1] LIKE 'D%' ORDER BY key;
DO $$ BEGIN
  PERFORM xbb.push_retry(id) FROM xbb.push_item WHERE key = '{D1}';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
  RAISE INFO '%', regexp_replace(SQLERRM, '\d+', 'N');
END $$;
SELECT xbb.push_resolve(id, 'pending', 'not there') FROM xbb.push_item WHERE key IN ('{D1}', '{D3}', '{D4}');
SELECT key, status, bound FROM person_state WHERE key[1] LIKE 'D%' ORDER BY key;
SELECT xbb.push_resolve(id, 'rejected', 'never') FROM xbb.push_item WHERE key = '{D2}';
CALL xbb.push('person');
SELECT key, status, bound FROM person_state WHERE key[1] LIKE 'D%' ORDER BY key;
\! python3 $XBB_SIM ctl tPerson documents | cut -f 1-3 | grep D

-- a repeat that is refused as a whole is no proof that nothing is there
DELETE FROM person_goods;
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'never');
CALL person_lose('E');
\! python3 $XBB_SIM ctl tPerson clear -- fault what=close at=first
CALL xbb.push('person');
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'key');
\! python3 $XBB_SIM ctl tPerson fault what=status code=403 times=1
RESET ROLE;
-- the next pause is longer than a run waits
UPDATE xbb._push_request r SET next_try = now(), attempts = 6 FROM xbb._push_definition d WHERE d.id = r.push AND d.name = 'person';
SET ROLE regress_xbb_person;
CALL xbb.push('person');
SELECT key, status, bound FROM person_state WHERE key[1] LIKE 'E%' ORDER BY key;
\! python3 $XBB_SIM ctl tPerson documents | cut -f 1-3 | grep E

SELECT xbb.push_resolve(id, 'pending', 'try again') FROM xbb.push_item WHERE key = '{E1}';
CALL xbb.push('person');
\! python3 $XBB_SIM ctl tPerson documents | cut -f 1-3 | grep E

-- a request that has lost its items is forgotten
RESET ROLE;
INSERT INTO xbb._push_request (id, push, run, worker, status, body, records, next_try)
SELECT gen_random_uuid(), d.id, 1, 1, 'unknown', '[]', 2, now() FROM xbb._push_definition d WHERE d.name = 'person';
SET ROLE regress_xbb_person;
CALL xbb.push('person');
RESET ROLE;
SELECT count(*) FROM xbb._push_request r JOIN xbb._push_definition d ON d.id = r.push WHERE d.name = 'person';
SET ROLE regress_xbb_person;

-- what a repeat is told of each record, without a reason, is told of it all the same; what is said of the request as a whole is not
ALTER FOREIGN TABLE person_material OPTIONS (SET repeat 'key', DROP record_message, DROP message);
CALL person_lose('M');
\! python3 $XBB_SIM ctl tPerson set twice=upsert idempotency=off -- clear what=all -- refuse M1 M2 M3 M4 -- fault what=close at=first
CALL xbb.push('person');
SELECT key, status FROM person_state WHERE key[1] LIKE 'M%' ORDER BY key;
\! python3 $XBB_SIM ctl tPerson accept

-- a request has 16 MB of records, if it has more than one; on a busy machine that takes its time
RESET ROLE;
ALTER SERVER person_erp OPTIONS (SET request_timeout '60s');
SET ROLE regress_xbb_person;
CREATE FOREIGN TABLE person_text (id text, filler text) SERVER person_erp
  OPTIONS (api '/api/execute', batch_size '20', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true');
SELECT xbb.create_push('text', target => 'person_text', key => '{id}',
                       source => $$ SELECT 'T' || n AS id, repeat('x', 3000000) AS filler FROM generate_series(1, 12) n $$);
CALL xbb.push('text');
SELECT xbb.drop_push('text');
-- a target has a record wait a day at most, and a run that leaves one so is no success
CREATE TABLE person_wait AS SELECT 'W' AS id, 1 AS version;
SELECT xbb.create_push('wait', source => 'person_wait', target => 'person_material', key => '{id}');
\! python3 $XBB_SIM ctl tPerson fault what=status code=503 retry_after=999999999 times=0
CALL xbb.push('wait');
SELECT status, next_try BETWEEN now() + interval '23 hours' AND now() + interval '1 day' AS a_day FROM xbb.push_item WHERE push = 'wait';
\! python3 $XBB_SIM ctl tPerson clear what=faults
CALL xbb.push('wait');
SELECT status FROM xbb.push_run WHERE push = 'wait' ORDER BY id;
SELECT xbb.drop_push('wait');
SELECT xbb.drop_push('person');
RESET ROLE;
DROP OWNED BY regress_xbb_person;
DROP SERVER person_erp CASCADE;
DROP ROLE regress_xbb_person;
