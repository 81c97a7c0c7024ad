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

SET client_min_messages = warning;
DROP SCHEMA sync_left CASCADE;
