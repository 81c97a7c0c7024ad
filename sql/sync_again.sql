-- What was set aside loads as soon as it can: at the end of the run that brought what it waited
-- for, or, as far as it can, by xbb.retry_rejects.  The whole record, which is only there to be
-- set aside, costs none; and a stamp tells which rows were written.

\set company dingAgain
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
CREATE TABLE source AS
  SELECT n::bigint AS data_id, '2026-01-01'::timestamptz + n * interval '1 s' AS update_time, 'S' || n AS serial_no, NULL::bigint AS parent
  FROM generate_series(1, 30) n;
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text UNIQUE, parent bigint REFERENCES target);
CREATE VIEW run AS
  SELECT task, status, rows_read, inserted, updated, unchanged, rejected FROM xbb.sync_run WHERE sync LIKE 'again%' ORDER BY id DESC LIMIT 1;
CREATE VIEW rejects AS SELECT sync, data_id, kind, sqlstate FROM xbb.sync_reject WHERE sync LIKE 'again%' ORDER BY data_id;

-- children that come before their parents, and an orphan: one run loads all
-- that can be
SELECT xbb.create_sync('again', 'source', 'target');
UPDATE source SET parent = data_id + 10 WHERE data_id IN (1, 2, 3);
UPDATE source SET parent = 999 WHERE data_id = 4;
CALL xbb.sync('again');
TABLE rejects;
SELECT count(*) FROM target;
TABLE run;
-- the orphan is no news in the next run, nor counts it against a limit
UPDATE source SET serial_no = 'changed', update_time = update_time + interval '1 min' WHERE data_id = 30;
CALL xbb.sync('again');
SELECT xbb.alter_sync('again', overlap => '1 s', reject_limit => 0);
UPDATE source SET serial_no = 'again', update_time = update_time + interval '1 min' WHERE data_id = 30;
CALL xbb.sync('again');
SELECT xbb.alter_sync('again', reject_limit => 1000);
-- its parent comes, and it with it
INSERT INTO source VALUES (999, '2026-01-02', 'S999', NULL);
CALL xbb.sync('again');
TABLE rejects;
SELECT parent FROM target WHERE data_id = 4;

-- after a fix what works loads, however much does not
ALTER TABLE target ADD CONSTRAINT upper CHECK (serial_no ~ '^S') NOT VALID;
UPDATE source SET serial_no = CASE WHEN data_id % 2 = 0 THEN 'x' ELSE 's' END || data_id, update_time = '2026-01-03' WHERE data_id <= 20;
CALL xbb.sync('again');
SELECT xbb.alter_sync('again', reject_limit => 3);
ALTER TABLE target DROP CONSTRAINT upper, ADD CONSTRAINT lower CHECK (serial_no !~ '^x') NOT VALID;
CALL xbb.retry_rejects('again');
SELECT count(*), count(*) FILTER (WHERE data_id % 2 = 0) AS even FROM rejects;
SELECT count(*) FROM target WHERE serial_no ~ '^s';

-- a stamp is set where a row was written, and there alone
CREATE TABLE stamped (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text, written timestamptz, deleted_at timestamptz);
SELECT xbb.create_sync('again stamped', 'source', 'stamped', stamp => 'written', delete_mode => 'mark');
CALL xbb.sync('again stamped');
SELECT count(*), count(*) FILTER (WHERE now() - written < '1 min') AS stamped FROM stamped;
CREATE TABLE before AS SELECT data_id, written FROM stamped;
CALL xbb.sync('again stamped', full => true);
UPDATE source SET serial_no = 'other', update_time = '2026-01-04' WHERE data_id = 5;
INSERT INTO source VALUES (1000, '2026-01-04', 'S1000');
CALL xbb.sync('again stamped', full => true);
SELECT s.data_id, s.written > b.written AS later FROM stamped s LEFT JOIN before b USING (data_id) WHERE s.written IS DISTINCT FROM b.written ORDER BY 1;
SELECT xbb.create_sync('again made', 'source', 'made', stamp => 'written');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum;
SELECT xbb.alter_sync('again made', stamp => '');
SELECT xbb.create_sync('again bad', 'source', 'bad', stamp => 'data_id');
SELECT xbb.create_sync('again bad', 'source', 'stamped', stamp => 'serial_no');
SELECT xbb.create_sync('again bad', 'source', 'bad', columns => '{"serial_no": "serial_no"}', stamp => 'serial_no');
SELECT xbb.create_sync('again bad', 'source', 'bad', label => 'nobody');

-- a record with what jsonb does not hold: it loads, and is kept as far as it can be
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "addTime": 1769990000, "updateTime": %s, "data": {"serialNo": "R%s", "num_1": %s, "text_9": %s}}',
  n, 1769990000 + n, n, CASE WHEN n = 3 THEN '"x"' ELSE n::text END, CASE WHEN n < 4 THEN '"a\u0000b"' ELSE '"c"' END)) FROM generate_series(1, 5) n;
CREATE SERVER again FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER again OPTIONS (token 't0ken');
CREATE FOREIGN TABLE records (data_id bigint, serial_no text, update_time timestamptz, price numeric OPTIONS (attr 'num_1'),
  failed jsonb OPTIONS (attr '#error'), raw jsonb OPTIONS (attr '*')) SERVER again OPTIONS (object 'product', on_error 'set_null');
SELECT xbb.create_sync('again raw', 'records', 'copy', label => 'serial_no');
CALL xbb.sync('again raw');
SELECT data_id, serial_no, price FROM copy ORDER BY data_id;
SELECT data_id, label, kind, sqlstate, error, raw ->> 'serial_no' AS serial_no FROM xbb.sync_reject WHERE sync = 'again raw';
-- unless an expression wants it
SELECT xbb.create_sync('again whole', 'records', 'whole', columns => '{"raw": "raw"}');
CALL xbb.sync('again whole');
SELECT data_id, sqlstate, error FROM xbb.sync_reject WHERE sync = 'again whole' ORDER BY data_id;
-- where one error ends a scan, what nobody wants is not read
ALTER FOREIGN TABLE records OPTIONS (DROP on_error), DROP COLUMN failed, DROP COLUMN price;
SELECT xbb.create_sync('again strict', 'records', 'strict');
CALL xbb.sync('again strict');
SELECT count(*) FROM strict;
-- and one that was loaded gives way to a newer one with its key, whatever it holds
CREATE TABLE keyed (serial_no text PRIMARY KEY, data_id bigint, update_time timestamptz, raw json);
ALTER FOREIGN TABLE records DROP COLUMN raw, ADD COLUMN raw json OPTIONS (attr '*');
SELECT xbb.create_sync('again keyed', 'records', 'keyed', '{serial_no}');
CALL xbb.sync('again keyed');
SELECT sim('put', '{"dataId": 9, "addTime": 1769990100, "updateTime": 1769990100, "data": {"serialNo": "R1"}}');
CALL xbb.sync('again keyed');
SELECT serial_no, data_id FROM keyed ORDER BY serial_no;
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'again keyed';
SELECT sim('drop id=9');
CALL xbb.reconcile('again keyed');
SELECT serial_no, data_id FROM keyed ORDER BY serial_no;

-- records that refer to one another come at once, whatever else fails: 1 and 3, 5 and 6, and 7 that refers to 5;
-- not 2 and 8, which wait for what is not there, nor 10 and 11, of which one does
CREATE TABLE rings (data_id bigint, update_time timestamptz, parent bigint, place bigint);
INSERT INTO rings SELECT id, '2026-01-01Z', parent, CASE id WHEN 11 THEN 1 END
FROM unnest(array[1, 2, 3, 4, 5, 6, 7, 8, 10, 11], array[3, 99, 1, NULL, 6, 5, 5, 2, 11, 10]) r (id, parent);
CREATE TABLE places (id bigint PRIMARY KEY);
CREATE TABLE ringed (data_id bigint PRIMARY KEY, update_time timestamptz, parent bigint REFERENCES ringed, place bigint REFERENCES places);
SELECT xbb.create_sync('again rings', 'rings', 'ringed');
CALL xbb.sync('again rings');
SELECT string_agg(data_id::text, ' ' ORDER BY data_id) FROM ringed;
SELECT data_id, kind, sqlstate, context FROM xbb.sync_reject WHERE sync = 'again rings' ORDER BY data_id;
CALL xbb.sync('again rings');
INSERT INTO places VALUES (1);
CALL xbb.retry_rejects('again rings');
SELECT string_agg(data_id::text, ' ' ORDER BY data_id) FROM ringed;
INSERT INTO rings VALUES (99, '2026-01-01Z', 2, NULL);
CALL xbb.sync('again rings');
SELECT string_agg(data_id::text, ' ' ORDER BY data_id) FROM ringed;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'again rings';
-- by a key of two columns that waits for COMMIT, among rows that are there
CREATE TABLE ringed_late (data_id bigint PRIMARY KEY, update_time timestamptz, parent bigint, place bigint, UNIQUE (place, data_id),
  FOREIGN KEY (place, parent) REFERENCES ringed_late (place, data_id) DEFERRABLE INITIALLY DEFERRED);
SELECT xbb.create_sync('again rings late', 'rings', 'ringed_late', columns => '{"parent": "nullif(parent, 0)", "place": "coalesce(place, 0)"}');
UPDATE rings SET parent = 0, place = 0;
CALL xbb.sync('again rings late');
UPDATE rings SET parent = CASE data_id WHEN 1 THEN 3 WHEN 3 THEN 1 WHEN 2 THEN 98 END, place = CASE WHEN data_id < 4 THEN 7 ELSE 0 END,
  update_time = update_time + interval '1 min';
CALL xbb.sync('again rings late');
SELECT data_id, parent, place FROM ringed_late WHERE data_id < 5 ORDER BY data_id;
SELECT data_id, kind, sqlstate, context FROM xbb.sync_reject WHERE sync = 'again rings late' ORDER BY data_id;

SET client_min_messages = warning;
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'again%';
DROP SERVER again CASCADE;
DROP SCHEMA "dingAgain" CASCADE;
