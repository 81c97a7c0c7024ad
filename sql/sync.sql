-- A sync makes its target equal to its source and keeps it so: what is new or has
-- changed is read, what is the same is not written, and the watermark, the rows
-- and the log agree.

\set company dingSync
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=300 freeze=on');
CREATE SERVER sync FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (
  data_id bigint, serial_no text, update_time timestamptz,
  name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'), raw json OPTIONS (attr '*'))
  SERVER sync OPTIONS (object 'product');
CREATE VIEW run AS
  SELECT status, requests, pages, rows_read, inserted, updated, unchanged, rejected, sqlstate, error
  FROM xbb.sync_run WHERE sync LIKE 'sync%' ORDER BY id DESC LIMIT 1;

-- the target is made
SELECT xbb.create_sync('sync one', 'source', 'target', '{data_id}',
  columns => '{"serial_no": "serial_no", "name": "name", "price": "price"}');
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'target'::regclass AND attnum > 0 ORDER BY attnum;
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'target'::regclass ORDER BY 1;
-- both ways: what is in one and not in the other
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (
    (SELECT data_id, serial_no, update_time, name, price FROM source
     EXCEPT SELECT data_id, serial_no, update_time, name, price FROM target)
    UNION ALL
    (SELECT data_id, serial_no, update_time, name, price FROM target
     EXCEPT SELECT data_id, serial_no, update_time, name, price FROM source)) d
$$;
SELECT name, owner = current_role::regrole AS mine, source, target, key, overlap, target_columns, source_columns, watermark
FROM xbb.sync_definition WHERE name = 'sync one';

-- the first load, in this session and, without COMMIT, inside of a transaction
BEGIN;
CALL xbb.sync('sync one');
SELECT status, rows_read, inserted, updated, unchanged, rejected FROM run;
SELECT differences();
SHOW search_path;
ROLLBACK;
SELECT count(*) FROM target;
SELECT count(*) FROM run;
CALL xbb.sync('sync one');
SHOW search_path;
SELECT status, rows_read, inserted, updated, unchanged, rejected FROM run;
SELECT differences();
SELECT watermark = (SELECT max(update_time) FROM target) AS at_the_latest FROM xbb.sync_definition WHERE name = 'sync one';

-- nothing new: one request, and no row of the target is touched
CREATE TABLE before AS SELECT data_id, xmin AS writer, xmax AS locker, ctid AS place FROM target;
SELECT sim('clear');
CALL xbb.sync('sync one');
SELECT sim('count');
SELECT status, requests, pages, inserted, updated FROM run;
SELECT count(*) FROM (SELECT data_id, xmin, xmax, ctid FROM target EXCEPT TABLE before) written;

-- changes
SELECT sim('clock advance=7200');
SELECT sim('add n=5');
SELECT sim('touch id=51200001,51200002,51200003', '{"num_1": "77.70"}');
CALL xbb.sync('sync one');
SELECT status, requests, rows_read, inserted, updated, unchanged FROM run;
SELECT differences();
SELECT price FROM target WHERE data_id = 51200002;

-- a date in the future: the watermark goes to the API's clock, no further
SELECT sim('touch id=51200004 at=2000000000', '{"num_1": 4}');
CALL xbb.sync('sync one');
SELECT status, updated FROM run;
SELECT extract(epoch FROM watermark) = sim('clock')::bigint AS at_the_clock FROM xbb.sync_definition WHERE name = 'sync one';
-- it never falls, and what is older does not replace what is newer
SELECT extract(epoch FROM read_until)::bigint - 5 AS later, extract(epoch FROM read_until)::bigint - 10 AS earlier
FROM xbb.sync_definition WHERE name = 'sync one' \gset
UPDATE target SET update_time = to_timestamp(:later) WHERE data_id = 51200001;
SELECT sim('clock advance=60');
SELECT sim('touch id=51200001 at=' || :earlier, '{"num_1": 5}');
CALL xbb.sync('sync one');
SELECT status, inserted, updated FROM run;
SELECT price FROM target WHERE data_id = 51200001;

-- a failed run is logged, and leaves target and watermark as they were
SELECT coalesce(watermark, '-infinity') AS watermark_before FROM xbb.sync_definition WHERE name = 'sync one' \gset
SELECT sim('touch id=51200009', '{"num_1": 9}');
SELECT sim('fault what=code code=100001 msg=broken times=0');
CALL xbb.sync('sync one');
SELECT status, requests, inserted, updated, sqlstate, error FROM run;
SELECT watermark = :'watermark_before' AS unmoved FROM xbb.sync_definition WHERE name = 'sync one';
SELECT failures_in_a_row, running_since IS NULL AS idle, rejects_open, last_success IS NOT NULL AS succeeded_once
FROM xbb.sync_status WHERE name = 'sync one';
SELECT sim('clear what=faults');
CALL xbb.sync('sync one');
SELECT status, updated FROM run;
SELECT failures_in_a_row FROM xbb.sync_status WHERE name = 'sync one';

-- the news of each run
\setenv PGDATABASE :DBNAME
\! psql -X -q -c 'LISTEN xbb_sync' -c "CALL xbb.sync('sync one')" -c "SELECT 'then'" | grep '"sync one"' | sed 's/"run": [0-9]*, //; s/, "watermark": "[^"]*"//; s/ received from.*//; s/.*payload //'

-- one run at a time: the other one is no failure
SELECT xbb._sync_lock(id, true) FROM xbb.sync_definition WHERE name = 'sync one';
\! psql -X -q -c "CALL xbb.sync('sync one')"
SELECT status, requests, error FROM run;
SELECT xbb._sync_unlock(id) FROM xbb.sync_definition WHERE name = 'sync one';
CALL xbb.sync('sync one');
SELECT status FROM run;
SELECT count(*) FROM pg_locks WHERE locktype IN ('object', 'advisory') AND pid = pg_backend_pid();
-- and this session can go on after a failure, too
SELECT sim('fault what=code code=100001 msg=broken times=0');
CALL xbb.sync('sync one');
SELECT count(*) FROM pg_locks WHERE locktype IN ('object', 'advisory') AND pid = pg_backend_pid();
SELECT sim('clear what=faults');

-- a run that never came to its end
INSERT INTO xbb._sync_run_begun (definition, task) SELECT id, 'sync' FROM xbb.sync_definition WHERE name = 'sync one';
SELECT status FROM run;
SELECT failures_in_a_row FROM xbb.sync_status WHERE name = 'sync one';
CALL xbb.sync('sync one');
SELECT l.status, count(*) FROM xbb._sync_run_log l JOIN xbb.sync_definition d ON d.id = l.definition WHERE d.name = 'sync one' GROUP BY status ORDER BY status;

-- where COMMIT is not allowed, a failure leaves no row of the log
BEGIN;
SELECT sim('fault what=code code=100001 msg=broken times=1');
CALL xbb.sync('sync one');
ROLLBACK;
SELECT status FROM run;
CREATE FUNCTION by_function() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL xbb.sync('sync one'); END $$;
SELECT by_function();
SELECT status FROM run;

-- the log is pruned, by a clock that the run before has seen, too
UPDATE xbb._sync_run_log SET started = started - interval '92 days'
  WHERE definition = (SELECT id FROM xbb.sync_definition WHERE name = 'sync one');
CALL xbb.sync('sync one');
SELECT count(*) FROM xbb.sync_run WHERE sync = 'sync one' AND status = 'failed';
CALL xbb.sync('sync one');
SELECT count(*) FROM xbb.sync_run WHERE sync = 'sync one';
-- the latest success stays
SET xbb_fdw.log_retention = '0';
CALL xbb.sync('sync one');
SELECT count(*) FROM xbb.sync_run WHERE sync = 'sync one';
RESET xbb_fdw.log_retention;

-- transformations, quoted names, another key; the search path of the caller counts
-- when the sync is made, and never again
CREATE FUNCTION twice(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE "目标" ("编码" text UNIQUE, data_id bigint, update_time timestamptz, "a ""b" numeric(12, 1), note text DEFAULT 'ours');
SELECT xbb.create_sync('sync "二"', 'source', '"目标"', '{编码}',
  columns => '{"编码": "serial_no", "a \"b": "twice(price)"}');
SET search_path = pg_catalog;
CALL xbb.sync('sync "二"');
SET search_path = "dingSync";
SELECT status, inserted, rejected FROM run;
SELECT kind, count(*) FROM xbb.sync_reject WHERE sync = 'sync "二"' GROUP BY kind ORDER BY kind;
SELECT count(*) FROM "目标" z JOIN source s ON z."编码" = s.serial_no WHERE z."a ""b" IS DISTINCT FROM round(s.price * 2, 1);
SELECT DISTINCT note FROM "目标";
-- a record whose key has changed moves, two swap
SELECT sim('touch id=51200011', '{"serialNo": "CP.NEW"}');
SELECT serial_no AS first_no FROM source WHERE data_id = 51200012 \gset
SELECT serial_no AS second_no FROM source WHERE data_id = 51200013 \gset
SELECT sim('touch id=51200012', format('{"serialNo": "%s"}', :'second_no'));
SELECT sim('touch id=51200013', format('{"serialNo": "%s"}', :'first_no'));
CALL xbb.sync('sync "二"');
SELECT status, inserted, updated, rejected FROM run;
SELECT count(*) FROM "目标" z FULL JOIN source s ON z."编码" = s.serial_no AND z.data_id = s.data_id
WHERE (z IS NULL OR s.data_id IS NULL) AND s.data_id NOT IN (SELECT data_id FROM xbb.sync_reject WHERE sync = 'sync "二"');

-- the least that can be said: a target of the sync's name, by dataId
SELECT xbb.create_sync('Short One', source => 'source');
SELECT name, source, target, key, overlap, reject_limit, delete_mode FROM xbb.sync_definition WHERE name = 'Short One';
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '"Short One"'::regclass AND contype = 'p';
-- with the source's columns in their order, but the whole record
SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = '"Short One"'::regclass AND attnum > 0;
SELECT target_columns, source_columns FROM xbb.sync_definition WHERE name = 'Short One';
CALL xbb.sync('Short One');
SELECT count(*) = (SELECT count(*) FROM source) AS loaded FROM "Short One";
SELECT xbb.alter_sync('Short One');
SELECT target_columns FROM xbb.sync_definition WHERE name = 'Short One';
SELECT xbb.drop_sync('Short One');
DROP TABLE "Short One";
-- which is loaded where it is named, or where the target has it
SELECT xbb.create_sync('Short One', source => 'source', columns => '{"raw": "raw", "zero": "0", "a": "1", "price": "price", "name": "name"}');
SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = '"Short One"'::regclass AND attnum > 0;
SELECT xbb.alter_sync('Short One', columns => 'null');
SELECT target_columns FROM xbb.sync_definition WHERE name = 'Short One';
SELECT xbb.drop_sync('Short One');
DROP TABLE "Short One";

-- what was forgotten and what is wrong is said at once
CREATE TABLE plain (data_id bigint PRIMARY KEY, update_time timestamptz, name integer);
CREATE TABLE wrong_time (data_id bigint PRIMARY KEY, update_time timestamp);
CREATE FOREIGN TABLE poor (data_id bigint, name text) SERVER sync OPTIONS (object 'product');
SELECT xbb.create_sync('sync one', 'source', 'target', '{data_id}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{data_id}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{data_id}', columns => '{"nme": "name"}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{data_id}', columns => '{"name": "nme"}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{name}', columns => '{"name": "length(name)"}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{other}', columns => '{}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{}', columns => '{}');
SELECT xbb.create_sync('bad', 'source', 'wrong_time', '{data_id}', columns => '{}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{data_id}', columns => '{}', overlap => '4s');
-- a name that would be cut to another table's; a default target that is the source
CREATE TABLE "华东大区销售管理系统每日增量同步任务之客户" (data_id bigint PRIMARY KEY, update_time timestamptz);
SELECT xbb.create_sync('华东大区销售管理系统每日增量同步任务之客户档案', source => 'source');
SELECT xbb.create_sync('bad', source => 'source', target => '"dingSync"."华东大区销售管理系统每日增量同步任务之客户档案"');
SELECT xbb.create_sync('source', source => 'source');
SELECT xbb.create_sync('bad', 'source', 'plain', '{data_id}', columns => '{"name": 1}');
SELECT xbb.create_sync('bad', 'source', 'plain', '{data_id}', columns => '{"name": "1 FROM source), (SELECT 2"}');
SELECT xbb.create_sync('bad', 'poor', 'plain', '{data_id}');
SELECT xbb.create_sync('bad', 'source', 'plain', NULL);
SELECT xbb.create_sync('bad', 'source', 'plain', '{data_id}', columns => '{}', reject_limit => -1);
CALL xbb.sync('no such sync');
SELECT xbb.alter_sync('sync one', overlap => '1s');
SELECT xbb.alter_sync('sync one', overlap => '2 hours', columns => '{"name": "upper(name)", "price": "price", "serial_no": "serial_no"}');
SELECT overlap, columns ->> 'name' AS name FROM xbb.sync_definition WHERE name = 'sync one';

-- a sync belongs to its owner, and runs as nobody else
CREATE TABLE their_target (LIKE target INCLUDING ALL);
INSERT INTO their_target SELECT * FROM target;
CREATE ROLE xbb_sync_etl;
CREATE ROLE xbb_sync_other;
GRANT USAGE ON SCHEMA "dingSync" TO xbb_sync_etl, xbb_sync_other;
SET ROLE xbb_sync_etl;
SELECT xbb.create_sync('theirs', '"dingSync".source', '"dingSync".their_target', '{data_id}');
RESET ROLE;
GRANT SELECT ON source TO xbb_sync_etl;
SET ROLE xbb_sync_etl;
SELECT xbb.create_sync('theirs', '"dingSync".source', '"dingSync".their_target', '{data_id}');
RESET ROLE;
GRANT SELECT, INSERT, UPDATE, DELETE ON their_target TO xbb_sync_etl;
CREATE USER MAPPING FOR xbb_sync_etl SERVER sync OPTIONS (token 't0ken');
SET ROLE xbb_sync_etl;
SELECT xbb.create_sync('theirs', '"dingSync".source', '"dingSync".their_target', '{data_id}', columns => '{"name": "upper(name)"}');
CALL xbb.sync('theirs');
SELECT sync, status FROM xbb.sync_run;
SELECT name FROM xbb.sync_status;
CALL xbb.sync('sync one');
SET ROLE xbb_sync_other;
SELECT sync, status FROM xbb.sync_run;
SELECT name FROM xbb.sync_status;
CALL xbb.sync('theirs');
SELECT xbb.drop_sync('theirs');
INSERT INTO xbb._sync_definition (name, owner, source_name, target_name, key, overlap, reject_limit, delete_mode, path, target_columns, source_columns)
VALUES ('forged', 'xbb_sync_etl', 'pg_catalog.pg_class', 'pg_catalog.pg_class', '{a}', '1h', 0, 'ignore', 'pg_temp', '{a}', '{a}');
RESET ROLE;
CALL xbb.sync('theirs');
SET ROLE xbb_sync_etl;
SELECT xbb.drop_sync('theirs');
SELECT sync, status FROM xbb.sync_run;
RESET ROLE;
SELECT xbb.drop_sync('sync one'), xbb.drop_sync('sync "二"');
SELECT count(*) > 0 AS target_stays FROM target;

SET client_min_messages = warning;
DROP SERVER sync CASCADE;
DROP OWNED BY xbb_sync_etl, xbb_sync_other;
DROP ROLE xbb_sync_etl, xbb_sync_other;
DROP SCHEMA "dingSync" CASCADE;
