-- What the owner attaches to his tables runs under his path of the time when he gave the
-- expressions, whatever the path of the session that runs the sync: triggers that a
-- deletion fires, those that wait for COMMIT, and functions of a view that is the source.
\set company dingSyncPath
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create token=t0ken products=20 freeze=on');
CREATE SERVER sync_path FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_path OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, serial_no text) SERVER sync_path OPTIONS (object 'product');
CREATE TABLE noted (data_id bigint, what text);
CREATE TABLE told (data_id bigint, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO noted VALUES (coalesce(new.data_id, old.data_id), lower(tg_op));
  RETURN coalesce(new, old);
END $$;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO told VALUES (new.*); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON noted DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text);
CREATE TRIGGER note BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION note();
SELECT xbb.create_sync('path of deletion', source => 'source', target => 'target', delete_mode => 'delete');
-- a view whose function looks a name up
CREATE TABLE rate (factor numeric);
INSERT INTO rate VALUES (10);
CREATE FUNCTION times_rate(numeric) RETURNS numeric LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $1 * (SELECT factor FROM rate); END $$;
CREATE VIEW shown AS SELECT n AS data_id, timestamptz '2026-01-01 00:00+00' AS update_time, times_rate(n) AS price FROM generate_series(1::bigint, 3) n;
SELECT xbb.create_sync('path of source', source => 'shown', target => 'shown_copy');

CALL xbb.sync('path of deletion');
SELECT sim('drop id=51200003,51200007');
SET search_path = public;
CALL xbb.reconcile('path of deletion', full => true);
CALL xbb.sync('path of source');
SET search_path = "dingSyncPath";
SELECT 'noted' AS by, n.* FROM noted n UNION ALL SELECT 'told', t.* FROM told t ORDER BY 1, 2;
SELECT data_id, price FROM shown_copy ORDER BY data_id;

-- what the caller has changed himself, and what waits for his COMMIT by that, runs under his path of now,
-- where a run has it checked at once or commits
CREATE TABLE seen (what text, path text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO seen VALUES (new.serial_no, current_setting('search_path'));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE ON target DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see();
SELECT sim('clock advance=10');
SELECT sim('touch id=51200001', '{"serialNo": "loaded"}');
SET search_path = public, "dingSyncPath";
BEGIN;
INSERT INTO target VALUES (-1, '2026-01-01 00:00+00', 'by hand, before a load');
CALL xbb.sync('path of deletion', dry_run => true);
TABLE seen;
CALL xbb.sync('path of deletion');
UPDATE target SET serial_no = 'by hand, before a deletion' WHERE data_id = -1;
CALL xbb.reconcile('path of deletion', full => true);
COMMIT;
CREATE PROCEDURE "dingSyncPath".by_hand() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO target VALUES (-2, '2026-01-01 00:00+00', 'by hand, before a COMMIT');
  CALL xbb.sync('path of deletion');
END $$;
CALL by_hand();
SET search_path = "dingSyncPath";
TABLE seen;
SELECT xbb.drop_sync(d.name) FROM xbb.sync_definition d WHERE d.name LIKE 'path of %';
SET client_min_messages = error;
DROP SERVER sync_path CASCADE;
DROP SCHEMA "dingSyncPath" CASCADE;
