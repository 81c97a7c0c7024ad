-- Constraints that wait for COMMIT blame a record also where a partition has them; and a list
-- of one's own whose ids do not tell its records apart is refused by a sentence.

\set SHOW_CONTEXT never
CREATE TABLE deferred_source (data_id bigint, update_time timestamptz, ref integer);
INSERT INTO deferred_source SELECT g, now() - interval '1 minute', g FROM generate_series(1, 10) g;
CREATE TABLE ref (ref integer PRIMARY KEY);
INSERT INTO ref SELECT g FROM generate_series(1, 9) g;
CREATE TABLE parts (data_id bigint PRIMARY KEY, update_time timestamptz, ref integer) PARTITION BY RANGE (data_id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (1) TO (6);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (6) TO (100);
ALTER TABLE part_2 ADD FOREIGN KEY (ref) REFERENCES ref DEFERRABLE INITIALLY DEFERRED;
SELECT xbb.create_sync('defer', 'deferred_source', 'parts');
CALL xbb.sync('defer');
SELECT count(*) FROM parts;
SELECT data_id, kind, sqlstate FROM xbb.sync_reject WHERE sync = 'defer';

CREATE TABLE own_list (data_id text, name text);
INSERT INTO own_list VALUES ('a', 'A'), ('b', 'B');
SELECT xbb.create_sync('defer list', 'own_list', 'list_target');
CALL xbb.sync('defer list');
INSERT INTO own_list VALUES (NULL, 'nobody');
CALL xbb.sync('defer list');
UPDATE own_list SET data_id = 'b', name = 'C' WHERE data_id IS NULL;
CALL xbb.sync('defer list');
SELECT * FROM list_target ORDER BY data_id;
DELETE FROM own_list WHERE name = 'B';
CALL xbb.sync('defer list');
SELECT * FROM list_target ORDER BY data_id;
SELECT xbb.drop_sync('defer'), xbb.drop_sync('defer list');
DROP TABLE deferred_source, parts, ref, own_list, list_target;
