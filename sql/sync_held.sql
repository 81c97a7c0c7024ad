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

-- rows that hold one another go at once, whatever else is held: 1 and 2, the ring of 3, 4 and 5 with 6 that
-- refers to it; not 7, nor the ring of 8 and 9, which a line holds, nor 10 to which 9 refers, nor what a living row holds
SELECT sim('create products=12 freeze=on');
CREATE TABLE ring (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text, partner bigint REFERENCES ring, owner bigint REFERENCES ring,
  copy bigint REFERENCES ring ON DELETE SET NULL);
SELECT xbb.create_sync('held ring', 'source', 'ring', delete_mode => 'delete');
CALL xbb.sync('held ring');
UPDATE ring SET copy = 51200011, partner = 51200000 + (array[2, 1, 4, 5, 3, 3, NULL, 9, 8, NULL, NULL, 11])[data_id - 51200000],
  owner = 51200000 + (array[7, 2, NULL, NULL, NULL, NULL, NULL, NULL, 10, 10, NULL, 12])[data_id - 51200000];
ALTER TABLE holds DROP CONSTRAINT holds_id_fkey, ADD FOREIGN KEY (id) REFERENCES ring;
INSERT INTO holds VALUES (51200007), (51200008);
SELECT sim('drop id=' || string_agg((51200000 + n)::text, ',')) FROM generate_series(1, 11) n;
CALL xbb.reconcile('held ring', full => true);
SELECT data_id - 51200000 AS data_id FROM ring ORDER BY data_id;
SELECT data_id - 51200000 AS data_id, sqlstate FROM xbb.sync_reject WHERE sync = 'held ring' ORDER BY data_id;
TRUNCATE holds;
UPDATE ring SET partner = NULL WHERE data_id = 51200012;
CALL xbb.reconcile('held ring');
SELECT data_id - 51200000 AS data_id FROM ring ORDER BY data_id;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'held ring';
SELECT xbb.drop_sync('held ring');
-- a key of two columns, two rings of which one is held, and a trigger that keeps a row of a third one
SELECT sim('create products=12 freeze=on');
CREATE TABLE pairs (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text, kind int DEFAULT 1, other bigint, UNIQUE (kind, data_id),
  FOREIGN KEY (kind, other) REFERENCES pairs (kind, data_id) DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN OLD.data_id <> 51200005 THEN OLD END; END$$;
CREATE TRIGGER keep BEFORE DELETE ON pairs FOR EACH ROW EXECUTE FUNCTION keep();
SELECT xbb.create_sync('held pairs', 'source', 'pairs', delete_mode => 'delete');
CALL xbb.sync('held pairs');
UPDATE pairs SET other = 51200000 + (array[2, 1, 4, 3, 6, 5, 8, 7])[data_id - 51200000];
ALTER TABLE holds DROP CONSTRAINT holds_id_fkey, ADD FOREIGN KEY (id) REFERENCES pairs;
INSERT INTO holds VALUES (51200003);
SELECT sim('drop id=' || string_agg((51200000 + n)::text, ',')) FROM generate_series(1, 8) n;
CALL xbb.reconcile('held pairs');
SELECT data_id - 51200000 AS data_id FROM pairs WHERE data_id < 51200009 ORDER BY data_id;
SELECT data_id - 51200000 AS data_id, sqlstate FROM xbb.sync_reject WHERE sync = 'held pairs' ORDER BY data_id;
SELECT xbb.drop_sync('held pairs');
-- of a list, too
CREATE TABLE list (data_id text, name text);
INSERT INTO list SELECT 'u' || n, 'name ' || n FROM generate_series(1, 5) n;
CREATE TABLE people (data_id text PRIMARY KEY, name text, chief text REFERENCES people);
CREATE TABLE badges (id text REFERENCES people);
SELECT xbb.create_sync('held list', 'list', 'people', delete_mode => 'delete', delete_limit => 5);
CALL xbb.sync('held list');
UPDATE people SET chief = CASE data_id WHEN 'u1' THEN 'u2' WHEN 'u2' THEN 'u1' END;
INSERT INTO badges VALUES ('u3');
DELETE FROM list WHERE data_id < 'u4';
CALL xbb.sync('held list');
SELECT data_id FROM people ORDER BY data_id;
SELECT error FROM xbb.sync_reject WHERE sync = 'held list';
SELECT xbb.drop_sync('held list');
DROP SERVER held CASCADE;
DROP SCHEMA "dingHeld" CASCADE;
