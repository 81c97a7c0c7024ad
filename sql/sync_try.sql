-- A dry run says what a run would insert, update and reject, with examples, and
-- leaves no trace: what it has said is what the run then does.

\set company dingSyncTry
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "formId": 1, "addTime": %s, "updateTime": %s, "data": {"serialNo": "S%s", "text_1": "name %s", "num_1": %s}}',
                         100 + n, 1769000000 + 7200 * n, 1769000000 + 7200 * n, n, n, n)) FROM generate_series(1, 30) n;
CREATE SERVER sync_try FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_try OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (
  data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'),
  raw json OPTIONS (attr '*'), failed jsonb OPTIONS (attr '#error')) SERVER sync_try OPTIONS (object 'product', on_error 'set_null');
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text, name text, price numeric CHECK (price < 1000));
CREATE TABLE seen (data_id bigint);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO "dingSyncTry".seen VALUES (new.data_id); RETURN NULL; END';
CREATE TRIGGER see AFTER INSERT OR UPDATE ON target FOR EACH ROW EXECUTE FUNCTION see();
CREATE FUNCTION traces() RETURNS TABLE (what text, rows bigint) LANGUAGE sql AS $$
  SELECT 'target', count(*) FROM target UNION ALL SELECT 'seen', count(*) FROM seen
  UNION ALL SELECT 'runs', count(*) FROM xbb.sync_run WHERE sync = 'try'
  UNION ALL SELECT 'rejects', count(*) FROM xbb.sync_reject WHERE sync = 'try'
  UNION ALL SELECT 'watermarks', count(watermark) FROM xbb.sync_definition WHERE name = 'try'
  UNION ALL SELECT 'tables', count(*) FROM pg_class WHERE relname LIKE 'xbb\_sync\_%' AND relnamespace = pg_my_temp_schema()
  UNION ALL SELECT 'locks', count(*) FROM pg_locks WHERE locktype IN ('advisory', 'object') AND pid = pg_backend_pid()
$$;

SELECT xbb.create_sync('try', 'source', 'target', columns => '{"serial_no": "serial_no", "name": "name", "price": "price"}');
CALL xbb.sync('try', dry_run => true);
SELECT * FROM traces();
CALL xbb.sync('try');
SELECT inserted, updated, unchanged, rejected FROM xbb.sync_run WHERE sync = 'try' ORDER BY id DESC LIMIT 1;
TRUNCATE seen;
CALL xbb.sync('try', dry_run => true);

-- of each kind some; a text is shown up to 40 characters
SELECT sim('clock advance=60');
SELECT sim('put', '{"dataId": 131, "formId": 1, "addTime": 1769300000, "updateTime": 1769300000, "data": {"serialNo": "S31", "num_1": 31}}');
SELECT sim('touch id=101,102,103,104,105,106', '{"text_1": "another"}');
SELECT sim('touch id=107', format('{"text_1": "%s", "num_1": null}', repeat('long ', 20)));
SELECT sim('touch id=108', '{"num_1": "8 pieces"}');
SELECT sim('touch id=109', '{"num_1": 1000}');
CREATE TABLE before AS SELECT data_id, xmin AS writer, ctid AS place FROM target;
CALL xbb.sync('try', dry_run => true);
SELECT * FROM traces();
SELECT count(*) AS written FROM (SELECT data_id, xmin, ctid FROM target EXCEPT TABLE before) t;
-- before a change of mind takes effect: all of the rows
BEGIN;
SELECT xbb.alter_sync('try', columns => '{"price": "price * 1000", "serial_no": null}', reject_limit => 3);
CALL xbb.sync('try', full => true, dry_run => true);
ROLLBACK;
SELECT columns ->> 'price' AS price, reject_limit FROM xbb.sync_definition WHERE name = 'try';
-- and what it said is what is done
CALL xbb.sync('try');
SELECT inserted, updated, unchanged, rejected FROM xbb.sync_run WHERE sync = 'try' ORDER BY id DESC LIMIT 1;
SELECT data_id, kind FROM xbb.sync_reject WHERE sync = 'try' ORDER BY data_id;
-- what stands aside stays as it was
CREATE TABLE rejects AS SELECT data_id, run, error FROM xbb.sync_reject WHERE sync = 'try';
CALL xbb.sync('try', full => true, dry_run => true);
SELECT count(*) AS the_same FROM (SELECT data_id, run, error FROM xbb.sync_reject WHERE sync = 'try' INTERSECT TABLE rejects) r;

-- an error is the run's, and no row of the log; a sync that is not enabled can be tried
SELECT xbb.alter_sync('try', enabled => false);
CALL xbb.sync('try', dry_run => true);
SELECT count(*) AS log_before FROM xbb.sync_run WHERE sync = 'try' \gset
SELECT sim('fault what=code code=100001 msg=broken times=1');
CALL xbb.sync('try', dry_run => true);
ALTER TABLE target DROP COLUMN name;
CALL xbb.sync('try', dry_run => true);
SELECT count(*) = :log_before AS as_before FROM xbb.sync_run WHERE sync = 'try';

SET client_min_messages = warning;
SELECT xbb.drop_sync('try');
DROP SERVER sync_try CASCADE;
DROP SCHEMA "dingSyncTry" CASCADE;
