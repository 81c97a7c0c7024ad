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

-- a COMMIT that meets with others is done again, as a step is, and what it was to write counts once: what a trigger of
-- the target writes elsewhere is checked as late as that
CREATE SEQUENCE commits;
CREATE TABLE audit (data_id bigint);
CREATE TABLE audited (data_id bigint PRIMARY KEY, update_time timestamptz, ref integer);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (NEW.data_id); RETURN NEW; END';
CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.data_id = 1 AND nextval('commits') <= current_setting('meet.times')::int THEN
    RAISE 'another transaction is in the way' USING ERRCODE = current_setting('meet.code');
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER audit AFTER INSERT ON audited FOR EACH ROW EXECUTE FUNCTION audit();
CREATE CONSTRAINT TRIGGER meet AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION meet();
SELECT xbb.create_sync('defer commit', 'deferred_source', 'audited');
CREATE VIEW committed AS
  SELECT r.status, r.sqlstate, r.rows_read, r.inserted, (SELECT count(*) FROM audited) AS rows, (SELECT count(*) FROM audit) AS audited,
    (SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND pid = pg_backend_pid()) AS locks
  FROM xbb.sync_run r WHERE r.sync = 'defer commit' ORDER BY r.id DESC LIMIT 1;
SET meet.times = 2;
SET meet.code = 'serialization_failure';
CALL xbb.sync('defer commit');
TABLE committed;
-- not for ever, and nothing else is
TRUNCATE audit, audited;
SELECT setval('commits', 1);
SET meet.times = 1000;
CALL xbb.sync('defer commit', full => true);
TABLE committed;
SELECT setval('commits', 1);
SET meet.code = 'check_violation';
CALL xbb.sync('defer commit', full => true);
TABLE committed;
SELECT last_value FROM commits;
SET meet.times = 0;
CALL xbb.sync('defer commit', full => true);
TABLE committed;
DROP VIEW committed;
SELECT xbb.drop_sync('defer commit');
DROP TABLE audited, audit;
DROP SEQUENCE commits;
DROP FUNCTION audit(), meet();

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
