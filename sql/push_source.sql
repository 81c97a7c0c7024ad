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

-- a row of other types is cast, whichever row of a statement it is; one that cannot be is no record
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text, 2));
SELECT xbb._push_record(:maker, '{2,1}', ROW(2, 'a'::text));
SELECT xbb._push_record(:maker, '{1,2}', ROW(1, 2));
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text, 2::bigint));
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::varchar, 2));
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text));
SELECT xbb._push_record(:maker, '{1,2}', ROW('a'::text, now()));
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

-- keys and records are the same in each session
CREATE FOREIGN TABLE day (id text, version int, body text, on_day date) SERVER push_source
  OPTIONS (api '/api/execute', batch_size '10', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_id '$.docId', record_message '$.message', message '$.message', repeat 'upsert');
CREATE TABLE seen (at timestamptz, cost money, id text, version int, at2 timestamptz);
INSERT INTO seen VALUES ('2026-01-01 20:00+00', 1.5, 'T1', 1, '2026-01-01 20:00+00'), ('2026-01-02 20:00+00', 2.5, 'T2', 1, 'infinity');
SELECT xbb.create_push('seen', source => $$
  SELECT at, cost, id, version, at2::text || cost || to_char(1.5, '9D9') || to_char(at2, 'TMDay') || ' ' || id::xml || to_tsvector('is') AS body, at::date AS on_day
  FROM seen WHERE at < 'infinity' $$, target => 'day', key => '{at,cost}');
CALL xbb.push('seen');
SET timezone = 'America/New_York';
SET lc_monetary = 'C.UTF-8';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'iso_8601';
SET default_text_search_config = 'english';
SET lc_time = 'C.UTF-8';
CALL xbb.push('seen');
SHOW timezone;
SELECT key, status FROM xbb.push_item WHERE push = 'seen' ORDER BY key;
RESET timezone;
RESET lc_monetary;
RESET datestyle;
RESET intervalstyle;
RESET default_text_search_config;
RESET lc_time;
SELECT key, status FROM xbb.push_item WHERE push = 'seen' ORDER BY key;
SELECT xbb.drop_push('seen');
-- nor do those of a trigger's marks
CREATE TABLE mark (at timestamptz, amount numeric, numbers int[], cost money, id text, version int, body text);
SELECT xbb.create_push('mark', source => 'mark', target => 'day', key => '{at,amount,numbers,cost}', feed => 'trigger');
CALL xbb.push('mark');
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German';
INSERT INTO mark VALUES ('2026-02-03 00:00+00', 1.00, '{1,2}', 3, 'K1', 1), ('2026-02-04 00:00+00', 2, '{}', 3, 'K2', 1);
SET timezone = 'UTC';
-- two marks that are one value
UPDATE mark SET version = 2, amount = 1.0 WHERE id = 'K1';
CALL xbb.push('mark');
SELECT key, status FROM xbb.push_item WHERE push = 'mark' ORDER BY key;
RESET timezone;
RESET datestyle;
UPDATE mark SET version = 3 WHERE id = 'K1';
CALL xbb.push('mark');
\! python3 $XBB_SIM ctl tSource journal | cut -f 6,7,9 | sort
SELECT xbb.drop_push('mark');

-- marks whose columns are others by now have all rows looked at
CREATE TABLE other (k text, id text, version int);
INSERT INTO other VALUES ('1', 'O1', 1), ('2', 'O2', 1);
SELECT xbb.create_push('other', source => 'other', target => 'day', key => '{k}', feed => 'trigger');
CALL xbb.push('other');
INSERT INTO other VALUES ('no number', 'O3', 1);
UPDATE other SET k = 3, version = 2 WHERE id = 'O3';
ALTER TABLE other ALTER k TYPE int USING k::int;
CALL xbb.push('other');
ALTER TABLE other RENAME k TO number;
INSERT INTO other VALUES (4, 'O4', 1);
CALL xbb.push('other');
ALTER TABLE other RENAME number TO k;
CALL xbb.push('other');
SELECT key, status FROM xbb.push_item WHERE push = 'other' ORDER BY key;
SELECT count(*) FROM xbb._push_preview((SELECT id FROM xbb.push_definition WHERE name = 'other'), 2147483647) p;
SELECT xbb.drop_push('other');

-- rows that cannot be sent are in sight, and stop no others
CREATE FOREIGN TABLE worth (id text, version int, price numeric, on_day date) SERVER push_source
  OPTIONS (api '/api/execute', batch_size '10', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_id '$.docId', record_message '$.message', message '$.message', repeat 'upsert');
CREATE TABLE worth_of (k text, id text, version int, price numeric, on_day date);
INSERT INTO worth_of VALUES ('1', 'W1', 1, 1, '2026-01-01'), ('2', 'W2', 1, 'NaN', NULL), ('3', 'W3', 1, 3, 'infinity'), (NULL, 'W4', 1, 4, NULL),
  (NULL, 'W5', 1, 5, NULL), ('6', 'W6', 1, 6, NULL), ('6', 'W7', 1, 7, NULL), (repeat('钥', 700), 'W8', 1, 8, NULL), ('9', 'W9', 1, 9, NULL);
CREATE VIEW worth_state AS
  SELECT push, left(key::text, 9) COLLATE "C" AS key, status, target_id IS NOT NULL AS has_id, message, record FROM xbb.push_item WHERE push IN ('worth', 'marked');
SELECT xbb.create_push('worth', source => 'worth_of', target => 'worth', key => '{k}');
CALL xbb.push('worth');
SELECT * FROM worth_state ORDER BY key, status;
CALL xbb.push('worth');
\set VERBOSITY terse
DO $$ BEGIN PERFORM xbb.push_retry(id) FROM xbb.push_item WHERE push = 'worth' AND key = '{2}'; EXCEPTION WHEN OTHERS THEN RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
DO $$ BEGIN PERFORM xbb.push_resolve(id, 'pending', 'x') FROM xbb.push_item WHERE push = 'worth' AND key = '{2}'; EXCEPTION WHEN OTHERS THEN RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
\set VERBOSITY default
-- what was good goes bad, and the other way
UPDATE worth_of SET price = 'NaN' WHERE id = 'W1';
UPDATE worth_of SET price = 2 WHERE id = 'W2';
UPDATE worth_of SET k = id WHERE id IN ('W4', 'W5', 'W7', 'W8');
CALL xbb.push('worth');
SELECT * FROM worth_state ORDER BY key, status;
UPDATE worth_of SET price = 1 WHERE id = 'W1';
DELETE FROM worth_of WHERE id = 'W3';
CALL xbb.push('worth');
SELECT count(*), count(*) FILTER (WHERE status = 'acknowledged') AS acknowledged FROM worth_state;
SELECT xbb.drop_push('worth');
-- a value that its column cannot take, by type or domain, is its row's fault alone
CREATE DOMAIN few AS int CHECK (VALUE < 10);
CREATE TYPE shade AS ENUM ('light', 'dark');
CREATE FOREIGN TABLE cast_to (id text, version few, shade shade, price numeric(4,1), note varchar(3)) SERVER push_source
  OPTIONS (api '/api/execute', batch_size '10', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', repeat 'upsert');
CREATE TABLE cast_from (id text, version text, shade text, price text, note text);
INSERT INTO cast_from VALUES ('C1', '1', 'light', '1.25', 'abcd'), ('C2', 'x', NULL, NULL, NULL), ('C3', '11', NULL, NULL, NULL), ('C4', '4', 'red', NULL, NULL),
  ('C5', '5', NULL, '12345', NULL), ('C6', '99999999999', NULL, NULL, NULL), ('C7', '7', 'dark', NULL, NULL);
SELECT xbb.create_push('cast', source => 'cast_from', target => 'cast_to', key => '{id}');
CALL xbb.push('cast');
SELECT key, status, message FROM xbb.push_item WHERE push = 'cast' ORDER BY key;
UPDATE cast_from SET version = '2' WHERE id = 'C2';
CALL xbb.push('cast');
SELECT key, status FROM xbb.push_item WHERE push = 'cast' AND key = '{C2}';
SELECT xbb._push_record('cast_to'::regclass, '{1,2,3,4,5}', c) FROM cast_from c WHERE id = 'C1';
CREATE DOMAIN three AS varchar(3);
CREATE FOREIGN TABLE cut_to (id text, notes varchar(3)[], brief three, briefs three[]) SERVER push_source OPTIONS (api '/api/execute');
SELECT substr(xbb._push_record('cut_to'::regclass, '{1,2,3,4}', c), 2) FROM (VALUES
  ('1', '{abcd}'::text[], 'abc'::text, '{abc}'::text[]), ('2', NULL, 'abcd', NULL), ('3', NULL, NULL, '{abcd}')) c;
SELECT xbb.create_push('cast twice', source => 'cast_from', target => 'cast_to', key => '{id}', copy_data => false);
\set VERBOSITY terse
SELECT xbb.create_push('cast never', source => 'SELECT id, ARRAY[1] AS price FROM cast_from', target => 'cast_to', key => '{id}');
\set VERBOSITY default
SELECT xbb.drop_push('cast');
-- the same by marks
SELECT xbb.create_push('marked', source => 'worth_of', target => 'worth', key => '{k,id}', feed => 'trigger');
CALL xbb.push('marked');
INSERT INTO worth_of VALUES (NULL, 'X1', 1, 1, NULL), ('x2', 'X2', 1, 'NaN', NULL), ('x3', 'X3', 1, 3, NULL);
CALL xbb.push('marked');
SELECT * FROM worth_state WHERE status <> 'acknowledged' ORDER BY key;
UPDATE worth_of SET version = 2 WHERE id = 'X3';
CALL xbb.push('marked');
SELECT key, status FROM worth_state WHERE status <> 'acknowledged' ORDER BY key;
UPDATE worth_of SET k = 'x1' WHERE id = 'X1';
DELETE FROM worth_of WHERE id = 'X2';
CALL xbb.push('marked');
SELECT key, status FROM worth_state WHERE key LIKE '%x%' OR status <> 'acknowledged' ORDER BY key;
SELECT xbb.drop_push('marked');
-- what is to count as sent has to be sendable
INSERT INTO worth_of VALUES ('y', 'Y', 1, 'NaN', NULL);
SELECT xbb.create_push('counts', source => 'worth_of', target => 'worth', key => '{k}', copy_data => false);

-- what a query names and the target does not take is an error; of a relation it is told
CREATE TABLE part (id text, version int, extra text, k text);
INSERT INTO part VALUES ('P1', 1, 'x', 'a'), ('P2', 1, 'y', 'b');
SET client_min_messages = notice;
SELECT xbb.create_push('part', source => 'SELECT id, version AS verison, extra FROM part', target => 'worth', key => '{id}');
SELECT xbb.create_push('part', source => 'SELECT id, version, k FROM part', target => 'worth', key => '{k}');
SELECT xbb.alter_push('part', source => 'SELECT id, k, version AS verison FROM part');
SELECT xbb.alter_push('part', source => 'part');
SET client_min_messages = warning;
CALL xbb.push('part');
-- columns that were matched are missed, and one that now matches waits to be named
ALTER TABLE part ADD price numeric DEFAULT 5;
CALL xbb.push('part');
ALTER TABLE part RENAME version TO revision;
CALL xbb.push('part');
CALL xbb.push('part', dry_run => true);
ALTER TABLE part RENAME revision TO version;
CALL xbb.push('part');
ALTER FOREIGN TABLE worth RENAME version TO revision;
CALL xbb.push('part');
ALTER FOREIGN TABLE worth RENAME revision TO version;
ALTER TABLE part DROP version;
CALL xbb.push('part');
SELECT xbb.alter_push('part', source => 'part');
CALL xbb.push('part');
SELECT key, status, attempts FROM xbb.push_item WHERE push = 'part' ORDER BY key;
SELECT xbb.drop_push('part');
-- where the answer is not read, each 2xx counts
CREATE FOREIGN TABLE blind (id text) SERVER push_source OPTIONS (api '/api/execute');
SELECT xbb.create_push('blind', source => 'SELECT id FROM part', target => 'blind', key => '{id}');
SELECT xbb.drop_push('blind');
RESET ROLE;
ALTER SERVER push_source OPTIONS (ADD ok '$.code == 0');
SET ROLE regress_xbb_source;
SELECT xbb.create_push('blind', source => 'SELECT id FROM part', target => 'blind', key => '{id}');
SELECT xbb.drop_push('blind');
RESET ROLE;
ALTER SERVER push_source OPTIONS (DROP ok);
SET ROLE regress_xbb_source;
ALTER FOREIGN TABLE blind OPTIONS (ADD ok '$.code == 0');
SELECT xbb.create_push('blind', source => 'SELECT id FROM part', target => 'blind', key => '{id}');
SELECT xbb.drop_push('blind');
RESET ROLE;
CREATE SERVER push_source_robot FOREIGN DATA WRAPPER xbb_target OPTIONS (preset 'dingtalk_robot');
GRANT USAGE ON FOREIGN SERVER push_source_robot TO regress_xbb_source;
SET ROLE regress_xbb_source;
CREATE FOREIGN TABLE robot (text text) SERVER push_source_robot;
SELECT xbb.create_push('robot', source => 'SELECT id AS text FROM part', target => 'robot', key => '{text}');
SELECT xbb.drop_push('robot');

-- what was dropped is named
CREATE FOREIGN TABLE brief (id text, version int) SERVER push_source OPTIONS (api '/api/execute');
CREATE TABLE short (id text, version int);
CREATE TABLE shorter (id text, version int);
SELECT xbb.create_push('brief', source => 'short', target => 'brief', key => '{id}');
SELECT xbb.create_push('briefer', source => 'shorter', target => 'brief', key => '{id}', feed => 'trigger');
DROP TABLE shorter;
CALL xbb.push('briefer');
SELECT xbb.alter_push('briefer', source => 'short');
CALL xbb.push('briefer');
DROP FOREIGN TABLE brief;
CALL xbb.push('brief');
CALL xbb.push('brief', dry_run => true);
SELECT name, state, target, last_error FROM xbb.push_status WHERE name = 'brief';
SELECT xbb.drop_push('brief');
SELECT xbb.drop_push('briefer');

RESET ROLE;
DROP SCHEMA push_source CASCADE;
DROP SERVER push_source CASCADE;
DROP SERVER push_source_robot;
DROP ROLE regress_xbb_source, regress_xbb_source_other;
