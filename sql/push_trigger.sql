-- A push that is fed by a trigger: no change of its table is missed in silence, whatever becomes of the trigger;
-- partitions and keys of any type are marked as others are.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl tTrigger create-target
\set port `python3 $XBB_SIM ctl tTrigger port`
\pset format unaligned
CREATE ROLE regress_xbb_trigger;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE SCHEMA push_trigger AUTHORIZATION regress_xbb_trigger;
SET search_path = push_trigger;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_trigger FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER push_trigger TO regress_xbb_trigger;
SET ROLE regress_xbb_trigger;
CREATE USER MAPPING FOR regress_xbb_trigger SERVER push_trigger;
CREATE FOREIGN TABLE material (id text, version int) SERVER push_trigger
  OPTIONS (api '/api/execute', batch_size '10', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', repeat 'upsert');
CREATE VIEW sent AS SELECT key, status FROM xbb.push_item;
-- the number of the push is not the same in each run of this file
CREATE FUNCTION toggle(place text, is_to_be text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s %s TRIGGER xbb_push_%s', place, is_to_be, (SELECT id FROM xbb.push_definition));
END $$;

-- a table that is made anew under its old name
CREATE TABLE stock (id text, version int);
INSERT INTO stock VALUES ('A', 1);
SELECT xbb.create_push('stock', source => 'stock', target => 'material', key => '{id}', feed => 'trigger');
CALL xbb.push('stock');
DROP TABLE stock;
CREATE TABLE stock (id text, version int);
INSERT INTO stock VALUES ('A', 2), ('B', 1);
CALL xbb.push('stock');
CALL xbb.push('stock', dry_run => true);
SELECT state FROM xbb.push_status;
SELECT * FROM sent ORDER BY key;
SELECT xbb.alter_push('stock', source => 'push_trigger.stock');
CALL xbb.push('stock');
INSERT INTO stock VALUES ('C', 1);
CALL xbb.push('stock');
SELECT * FROM sent ORDER BY key;
SELECT state FROM xbb.push_status;
-- a column that was sent is missed by a run that finds nothing marked, too
ALTER TABLE stock RENAME version TO revision;
CALL xbb.push('stock');
ALTER TABLE stock RENAME revision TO version;
CALL xbb.push('stock');

-- a trigger that is disabled, or dropped
SELECT toggle('stock', 'DISABLE');
INSERT INTO stock VALUES ('D', 1);
CALL xbb.push('stock');
SELECT toggle('stock', 'ENABLE ALWAYS');
CALL xbb.push('stock');
SELECT xbb.alter_push('stock', source => 'push_trigger.stock');
CALL xbb.push('stock');
DO $$ BEGIN EXECUTE format('DROP TRIGGER xbb_push_%s ON stock', (SELECT id FROM xbb.push_definition)); END $$;
CALL xbb.push('stock');
SELECT xbb.drop_push('stock');

-- partitions mark what is theirs, those that come later, too
CREATE TABLE part (year int, id text, version int, PRIMARY KEY (year, id)) PARTITION BY LIST (year);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
INSERT INTO part VALUES (1, 'P1', 1);
SELECT xbb.create_push('part', source => 'part', target => 'material', key => '{year,id}', feed => 'trigger');
CALL xbb.push('part');
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
CREATE TABLE part_3 (LIKE part);
INSERT INTO part_3 VALUES (3, 'P3', 1);
ALTER TABLE part ATTACH PARTITION part_3 FOR VALUES IN (3);
INSERT INTO part VALUES (2, 'P2', 1);
INSERT INTO part_1 VALUES (1, 'P4', 1);
UPDATE part SET year = 2, version = 2 WHERE id = 'P1';
CALL xbb.push('part');
SELECT * FROM sent ORDER BY key;
-- rows that came with their table were not changed
SELECT xbb.alter_push('part', source => 'part');
CALL xbb.push('part');
SELECT toggle('part_2', 'DISABLE');
CALL xbb.push('part');
SELECT toggle('part_2', 'ENABLE');
ALTER TABLE part DETACH PARTITION part_2;
INSERT INTO part_2 VALUES (2, 'P5', 1);
CALL xbb.push('part');
SELECT xbb.drop_push('part');

-- keys of types of one's own
CREATE TYPE kind AS ENUM ('raw', 'made', '成品 "x"');
CREATE DOMAIN number AS numeric(6,2) CHECK (VALUE > 0);
CREATE TABLE goods (kind kind, number number, id text, version int);
INSERT INTO goods VALUES ('raw', 1, 'G1', 1);
SELECT xbb.create_push('goods', source => 'goods', target => 'material', key => '{kind,number}', feed => 'trigger');
CALL xbb.push('goods');
INSERT INTO goods VALUES ('成品 "x"', 1.50, 'G2', 1), ('made', 2, 'G3', 1), (NULL, 3, 'G4', 1);
UPDATE goods SET version = 2 WHERE kind = 'raw';
CALL xbb.push('goods');
SELECT * FROM sent ORDER BY key;
ALTER TYPE kind RENAME VALUE 'made' TO 'done';
UPDATE goods SET version = 3 WHERE kind = 'done';
CALL xbb.push('goods');
SELECT * FROM sent ORDER BY key;
\! python3 $XBB_SIM ctl tTrigger journal | cut -f 6,7,9 | sort
SELECT xbb.drop_push('goods');

-- a row whose key is too long is in sight until it is gone
CREATE TABLE far (id text, version int);
SELECT xbb.create_push('far', source => 'far', target => 'material', key => '{id}', feed => 'trigger');
INSERT INTO far VALUES (repeat('k', 2100), 1);
CALL xbb.push('far');
SELECT status, message FROM xbb.push_item;
DELETE FROM far;
CALL xbb.push('far');
SELECT status, message FROM xbb.push_item;
SELECT xbb.drop_push('far');

RESET ROLE;
DROP SCHEMA push_trigger CASCADE;
DROP SERVER push_trigger CASCADE;
DROP ROLE regress_xbb_trigger;
