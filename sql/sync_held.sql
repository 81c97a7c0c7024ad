-- A row that another table holds stays where a reconciliation takes rows out, with its label in
-- the reject, and none besides: not those whose children go with them.

\set company dingHeld
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=12 freeze=on');
CREATE SERVER held FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER held OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, serial_no text) SERVER held OPTIONS (object 'product');
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text,
  parent bigint GENERATED ALWAYS AS (CASE WHEN data_id BETWEEN 51200006 AND 51200010 THEN data_id - 5 END) STORED REFERENCES target);
SET client_min_messages = warning;
SELECT xbb.create_sync('held', 'source', 'target', label => 'serial_no', delete_mode => 'delete');
CALL xbb.sync('held');
CREATE TABLE holds (id bigint REFERENCES target);
INSERT INTO holds VALUES (51200011);
SELECT sim('drop id=' || string_agg((51200000 + n)::text, ',')) FROM generate_series(1, 11) n;
CALL xbb.reconcile('held', full => true);
SELECT data_id FROM target ORDER BY data_id;
SELECT r.data_id, r.kind, r.sqlstate, r.label = t.serial_no AS labelled FROM xbb.sync_reject r JOIN target t USING (data_id) WHERE r.sync = 'held';
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'held';
TRUNCATE holds;
CALL xbb.reconcile('held', full => true);
SELECT data_id FROM target ORDER BY data_id;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'held';

SELECT xbb.drop_sync('held');
DROP SERVER held CASCADE;
DROP SCHEMA "dingHeld" CASCADE;
