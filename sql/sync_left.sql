-- What a trigger or a rule of the target leaves out is no row that was the same.

CREATE SCHEMA sync_left;
SET search_path = sync_left;
CREATE TABLE source (data_id bigint, update_time timestamptz, name text);
INSERT INTO source SELECT n, now() - interval '1 day' + n * interval '1 s', 'name ' || n FROM generate_series(1, 5) n;
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, name text);
CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN NEW.data_id <> 3 THEN NEW END; END$$;
CREATE TRIGGER leave_out BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION leave_out();
SELECT xbb.create_sync('left out', 'source', 'target');
CALL xbb.sync('left out');
SELECT string_agg(data_id::text, ',' ORDER BY data_id) FROM target;
CALL xbb.sync('left out', full => true);
DROP TRIGGER leave_out ON target;
CALL xbb.sync('left out', full => true);
SELECT xbb.drop_sync('left out');

-- a rule, into nothing at all
TRUNCATE target;
CREATE RULE nothing AS ON INSERT TO target DO INSTEAD NOTHING;
SELECT xbb.create_sync('left by rule', 'source', 'target');
CALL xbb.sync('left by rule');
SELECT count(*) FROM target;
SELECT xbb.drop_sync('left by rule');

-- of a list without times, too
DROP RULE nothing ON target;
CREATE TABLE list (data_id bigint, name text);
INSERT INTO list SELECT data_id, name FROM source;
CREATE TABLE people (data_id bigint PRIMARY KEY, name text);
CREATE TRIGGER leave_out BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION leave_out();
SELECT xbb.create_sync('left of list', 'list', 'people');
CALL xbb.sync('left of list');
DROP TRIGGER leave_out ON people;
CALL xbb.sync('left of list');
SELECT count(*) FROM people;
SELECT xbb.drop_sync('left of list');

-- what goes into a child of the target is there
CREATE TABLE parent (data_id bigint PRIMARY KEY, update_time timestamptz, name text);
CREATE TABLE child (PRIMARY KEY (data_id)) INHERITS (parent);
CREATE FUNCTION redirect() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO sync_left.child SELECT NEW.*; RETURN NULL; END$$;
CREATE TRIGGER redirect BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION redirect();
SELECT xbb.create_sync('left to child', 'source', 'parent');
CALL xbb.sync('left to child');
CALL xbb.sync('left to child', full => true);
SELECT count(*) FROM parent;
SELECT xbb.drop_sync('left to child');

-- where triggers keep rows at the keys that they had there is one row a record, and no record is lost without a word
CREATE TABLE moving (data_id bigint, update_time timestamptz, k text);
INSERT INTO moving SELECT n, '2026-01-01Z', 'k' || n FROM generate_series(1, 5) n;
CREATE TABLE moved (k text PRIMARY KEY, data_id bigint, update_time timestamptz);
SELECT xbb.create_sync('left where it is', 'moving', 'moved', '{k}');
CALL xbb.sync('left where it is');
CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  IF OLD.data_id = 2 THEN NEW.k := OLD.k; END IF;
  RETURN CASE WHEN OLD.data_id <> 1 THEN NEW END;
END$$;
CREATE TRIGGER stay BEFORE UPDATE ON moved FOR EACH ROW EXECUTE FUNCTION stay();
UPDATE moving SET k = 'new ' || k, update_time = update_time + interval '1 min' WHERE data_id < 4;
CALL xbb.sync('left where it is');
SELECT data_id, k, update_time AT TIME ZONE 'UTC' FROM moved ORDER BY data_id;
CALL xbb.sync('left where it is', full => true);
SELECT data_id, k FROM moved ORDER BY data_id;
-- another one wants the place of the row that is kept
UPDATE moving SET k = 'k1', update_time = update_time + interval '1 h' WHERE data_id = 4;
CALL xbb.sync('left where it is');
INSERT INTO moving VALUES (6, '2026-01-03Z', 'k1');
CALL xbb.sync('left where it is');
SELECT data_id, k FROM moved ORDER BY data_id;
-- nor does the row that is kept become another one's
DELETE FROM moving WHERE data_id IN (5, 6);
INSERT INTO moving VALUES (7, '2026-01-04Z', 'k5');
CREATE OR REPLACE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN OLD.data_id <> 5 THEN NEW END; END$$;
CALL xbb.sync('left where it is');
SELECT data_id, k FROM moved ORDER BY data_id;
-- and all comes right without the triggers
DROP TRIGGER stay ON moved;
DELETE FROM moving WHERE data_id = 4;
CALL xbb.sync('left where it is', full => true);
SELECT data_id, k FROM moved WHERE data_id <> 6 ORDER BY data_id;
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'left where it is' ORDER BY data_id;
-- nor does a rule make another row
CREATE RULE stay AS ON UPDATE TO moved DO INSTEAD NOTHING;
UPDATE moving SET k = 'at last', update_time = update_time + interval '9 h' WHERE data_id = 3;
CALL xbb.sync('left where it is');
SELECT data_id, k FROM moved ORDER BY data_id;
SELECT xbb.drop_sync('left where it is');

SET client_min_messages = warning;
DROP SCHEMA sync_left CASCADE;
