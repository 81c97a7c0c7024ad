-- What is gone from the CRM, and a trigger of the target keeps, counts as no deletion.

\set company dingSyncKept
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=4 freeze=on');
CREATE SERVER sync_kept FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_kept OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER sync_kept OPTIONS (object 'product');
CREATE TABLE kept (data_id bigint PRIMARY KEY, update_time timestamptz);
SELECT xbb.create_sync('kept', 'source', 'kept', delete_mode => 'delete');
CALL xbb.sync('kept');
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN OLD.data_id <> 51200001 THEN OLD END; END$$;
CREATE TRIGGER keep BEFORE DELETE ON kept FOR EACH ROW EXECUTE FUNCTION keep();
SELECT sim('drop id=51200001,51200002');
CALL xbb.reconcile('kept');
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'kept';
CALL xbb.reconcile('kept');
DROP TRIGGER keep ON kept;
CALL xbb.reconcile('kept');
SELECT data_id FROM kept ORDER BY data_id;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'kept';
SELECT xbb.drop_sync('kept');
DROP TABLE kept;

-- the same of a list without times, and a row that another one holds goes with it
CREATE TABLE list (data_id bigint, name text);
INSERT INTO list SELECT n, 'name ' || n FROM generate_series(1, 5) n;
CREATE TABLE people (data_id bigint PRIMARY KEY, name text,
  boss bigint GENERATED ALWAYS AS (CASE data_id WHEN 3 THEN 2 END) STORED REFERENCES people);
CREATE FUNCTION keep_first() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN OLD.data_id <> 1 THEN OLD END; END$$;
CREATE TRIGGER keep_first BEFORE DELETE ON people FOR EACH ROW EXECUTE FUNCTION keep_first();
SELECT xbb.create_sync('kept list', 'list', 'people', delete_mode => 'delete', label => 'name');
CALL xbb.sync('kept list');
DELETE FROM list WHERE data_id <= 3;
CALL xbb.sync('kept list');
SELECT data_id, kind, label, error FROM xbb.sync_reject WHERE sync = 'kept list';
SELECT string_agg(data_id::text, ',' ORDER BY data_id) FROM people;
CALL xbb.sync('kept list');
DROP TRIGGER keep_first ON people;
CALL xbb.sync('kept list');
SELECT string_agg(data_id::text, ',' ORDER BY data_id) FROM people;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'kept list';
SELECT xbb.drop_sync('kept list');
DROP TABLE people;
