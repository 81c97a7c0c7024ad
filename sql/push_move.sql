-- What is at the target already, as another platform has brought it there, is not sent: of 5,000 records none, whatever the
-- source is, and then of one that changes one, in one request.  A push that is not enabled sends nothing; a dry run of it
-- tells what would be sent.
\getenv sim XBB_SIM
\! python3 $XBB_SIM ctl tMove create-target
\set port `python3 $XBB_SIM ctl tMove port`
\pset format unaligned
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE SCHEMA push_move;
SET search_path = push_move;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_move FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER push_move;
CREATE FOREIGN TABLE material (id text, name text) SERVER push_move
  OPTIONS (api '/api/execute', batch_size '50', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', repeat 'upsert');
CREATE SERVER push_move_shadow FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://erp.example');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER push_move_shadow;
CREATE FOREIGN TABLE shadow (id text, name text) SERVER push_move_shadow OPTIONS (api '/api/execute', batch_size '50', ok '$.code == 0');
CREATE TABLE product AS SELECT g AS data_id, 'P' || g AS name FROM generate_series(1, 5000) g;
ALTER TABLE product ADD PRIMARY KEY (data_id);
CREATE VIEW product_to_push AS SELECT data_id, data_id::text AS id, name FROM product;
CREATE TABLE copied AS SELECT data_id::text AS id, name FROM product;
SELECT xbb.create_push('of a query', source => 'SELECT data_id::text AS id, name FROM push_move.product', target => 'material', key => '{id}', copy_data => false);
SELECT xbb.create_push('of a relation', source => 'product_to_push', target => 'material', key => '{data_id}', copy_data => false);
SELECT xbb.create_push('of a trigger', source => 'copied', target => 'material', key => '{id}', feed => 'trigger', copy_data => false);
RESET client_min_messages;
\o /dev/null
CALL xbb.push('of a query');
CALL xbb.push('of a relation');
CALL xbb.push('of a trigger');
\o
SELECT push, status, count(*) FROM xbb.push_item WHERE push ~ '^of a' GROUP BY 1, 2 ORDER BY 1;
\! python3 $XBB_SIM ctl tMove journal | wc -l
-- one change, one request each: of the first two of the same row
UPDATE product SET name = 'changed' WHERE data_id = 4711;
UPDATE copied SET name = 'changed' WHERE id = '815';
\o /dev/null
CALL xbb.push('of a query');
\o
\! python3 $XBB_SIM ctl tMove journal | wc -l
\o /dev/null
CALL xbb.push('of a relation');
\o
\! python3 $XBB_SIM ctl tMove journal | wc -l
\o /dev/null
CALL xbb.push('of a trigger');
\o
\! python3 $XBB_SIM ctl tMove journal | wc -l
SELECT i.push, i.key, i.status FROM xbb.push_item i WHERE i.push ~ '^of a' AND i.sent IS NOT NULL ORDER BY 1;

-- a shadow
SELECT xbb.create_push('shadow', source => 'product_to_push', target => 'shadow', key => '{data_id}', copy_data => false, enabled => false);
SELECT xbb.create_push('shadow of a trigger', source => 'copied', target => 'shadow', key => '{id}', feed => 'trigger', copy_data => false, enabled => false);
UPDATE product SET name = 'once more' WHERE data_id IN (1, 2);
INSERT INTO product VALUES (5001, 'new');
UPDATE copied SET name = 'once more' WHERE id = '7';
CALL xbb.push('shadow', dry_run => true);
CALL xbb.push('shadow of a trigger', dry_run => true);
CALL xbb.push('shadow');
\! python3 $XBB_SIM ctl tMove journal | wc -l
-- sending changes hands: what came meanwhile was sent by the other
SELECT xbb.drop_push('shadow');
SELECT xbb.create_push('shadow', source => 'product_to_push', target => 'material', key => '{data_id}', copy_data => false);
CALL xbb.push('shadow', dry_run => true);
\! python3 $XBB_SIM ctl tMove journal | wc -l
SELECT count(xbb.drop_push(d.name)) FROM xbb.push_definition d WHERE d.name ~ '^(of a|shadow)';
SET client_min_messages = warning;
DROP SCHEMA push_move CASCADE;
DROP SERVER push_move, push_move_shadow CASCADE;
