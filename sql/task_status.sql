-- Syncs and pushes in one view: how each is, up to when it is complete, and beside what its last run did what is
-- usual; and up to when several of them are.

\set company dingTaskStatus
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=30 freeze=on');
\getenv sim XBB_SIM
\! python3 $XBB_SIM ctl tTaskStatus create-target
\set port `python3 $XBB_SIM ctl tTaskStatus port`
SELECT 'http://127.0.0.1:' || :'port' AS target_url \gset
CREATE ROLE xbb_task_etl;
CREATE ROLE xbb_task_stranger;
CREATE ROLE xbb_task_monitor IN ROLE pg_monitor;
GRANT USAGE, CREATE ON SCHEMA "dingTaskStatus" TO xbb_task_etl;
CREATE SERVER task_status FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE SERVER task_target FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'target_url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER task_status, task_target TO xbb_task_etl;
CREATE USER MAPPING FOR xbb_task_etl SERVER task_status OPTIONS (token 't0ken');
CREATE USER MAPPING FOR xbb_task_etl SERVER task_target OPTIONS (app_secret 'hush-hush');
SET ROLE xbb_task_etl;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER task_status OPTIONS (object 'product');
CREATE FOREIGN TABLE material (id text, version int) SERVER task_target
  OPTIONS (api '/api/execute', batch_size '10', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0', records '$.data[*]', record_key 'id',
           record_ok '$.success == true', record_id '$.docId', record_message '$.message', message '$.message', repeat 'upsert');
CREATE TABLE stock (id text PRIMARY KEY, version int);
INSERT INTO stock VALUES ('A', 1), ('B', 1);
-- of these tasks alone: other tests have theirs
CREATE FUNCTION tasks() RETURNS SETOF xbb.task_status LANGUAGE sql AS $$
  SELECT * FROM xbb.task_status WHERE name LIKE 'task %' ORDER BY kind DESC, name $$;
\pset format unaligned

SELECT xbb.create_sync('task one', 'source', 'one', max_age => '1000 years');
SELECT xbb.create_push('task stock', source => 'stock', target => 'material', key => '{id}', max_age => '1 day');
SELECT xbb.create_push('task query', source => 'SELECT id, version FROM stock', target => 'material', key => '{id}', enabled => false);
SELECT * FROM tasks();
SELECT xbb.complete_until('{task one}') IS NULL AS not_complete;

-- a run: the API's clock, which stands still, less settle_time, less how long the first step took
\set VERBOSITY terse
CALL xbb.sync('task one');
SELECT kind, name, owner, source, target, state, to_timestamp(1770000000) - complete_until BETWEEN '5 s' AND '35 s' AS known,
       staleness = now() - complete_until AS staleness, last_success - last_started = last_duration AS duration,
       typical_duration = last_duration AS typical, last_rows, typical_rows, failures_in_a_row, problems
FROM tasks() WHERE kind = 'sync';
-- what is usual is the median of the last 20 that did the same: of 30 and 100, of 30, 100 and 100
CALL xbb.sync('task one', full => true);
RESET ROLE;
SELECT count(*) FROM sim('add n=70');
SET ROLE xbb_task_etl;
CALL xbb.sync('task one', full => true);
SELECT last_rows, typical_rows FROM tasks() WHERE name = 'task one';
CALL xbb.sync('task one', full => true);
SELECT last_rows, typical_rows FROM tasks() WHERE name = 'task one';
-- of a reconciliation there is one
CALL xbb.reconcile('task one', full => true);
SELECT last_rows = typical_rows AS rows, last_duration = typical_duration AS duration FROM tasks() WHERE name = 'task one';

-- a view is as late as what it reads, another role's settings aside; a table has no clock but ours, and no delay
ALTER FOREIGN TABLE source OPTIONS (ADD settle_time '100s');
CREATE VIEW part AS SELECT * FROM source WHERE data_id % 2 = 0;
CREATE VIEW part_of_part AS SELECT * FROM part;
CREATE TABLE plain AS SELECT * FROM one;
CREATE TABLE kinds (LIKE plain, kind int) PARTITION BY LIST (kind);
CREATE TABLE kinds_1 PARTITION OF kinds FOR VALUES IN (1);
CREATE FOREIGN TABLE kinds_2 (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), kind int OPTIONS (constant '2'))
  SERVER task_status OPTIONS (object 'product', settle_time '50s');
ALTER TABLE kinds ATTACH PARTITION kinds_2 FOR VALUES IN (2);
SELECT r, xbb._sync_settles(r, true) AS asked, xbb._sync_settles(r, false) AS not_asked
FROM unnest('{source,part,part_of_part,plain,kinds}'::regclass[]) r;
-- by the API's clock or ours, whichever is behind
CREATE FUNCTION until(asked timestamptz, began timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
  before record;
BEGIN
  SELECT until.asked, until.began INTO before;
  RETURN (SELECT xbb._sync_complete_until(d, before) FROM xbb.sync_definition d WHERE d.name = 'task one');
END
$$;
SELECT until('2026-01-31 12:00', '2026-01-31 12:10') AS api_is_behind, until('2026-01-31 13:00', '2026-01-31 12:10') AS api_is_ahead,
       until(NULL, '2026-01-31 12:10') AS no_clock;
ALTER FOREIGN TABLE source OPTIONS (DROP settle_time);

-- what fails changes neither, is counted, and told to those who have the owner's role
CREATE TABLE before AS SELECT * FROM tasks();
RESET ROLE;
SELECT sim('clock advance=3600');
SELECT sim('fault what=code code=100001 msg=broken at=every');
SET ROLE xbb_task_etl;
CALL xbb.sync('task one');
CALL xbb.sync('task one');
RESET ROLE;
SELECT sim('clear what=faults');
GRANT SELECT ON before TO xbb_task_monitor;
GRANT USAGE ON SCHEMA "dingTaskStatus" TO xbb_task_monitor;
SET ROLE xbb_task_monitor;
SELECT t.name, t.state, t.failures_in_a_row AS failures, t.last_sqlstate, t.last_error, t.complete_until = b.complete_until AS as_before,
       t.last_success = b.last_success AS success, t.last_error_at > b.last_started AS later
FROM tasks() t LEFT JOIN before b USING (kind, name);
SET ROLE xbb_task_stranger;
SELECT count(*) FROM xbb.task_status WHERE name LIKE 'task %';
SELECT xbb.complete_until('{task one}');
SET ROLE xbb_task_etl;
SELECT last_error FROM tasks() WHERE name = 'task one';
CALL xbb.sync('task one');
SELECT t.state, t.failures_in_a_row, t.last_sqlstate, t.complete_until - b.complete_until BETWEEN '59 min' AND '61 min' AS an_hour_later
FROM tasks() t JOIN before b USING (kind, name) WHERE name = 'task one';
-- retry_rejects reads nothing
CREATE TABLE past AS SELECT * FROM tasks();
RESET ROLE;
SELECT sim('clock advance=3600');
SET ROLE xbb_task_etl;
CALL xbb.retry_rejects('task one');
SELECT t.complete_until = b.complete_until AS as_before FROM tasks() t JOIN past b USING (kind, name) WHERE name = 'task one';

-- a clock that was ahead, and is right again: what was promised meanwhile holds no more
RESET ROLE;
SELECT sim('clock advance=-7200');
SET ROLE xbb_task_etl;
CALL xbb.sync('task one');
SELECT to_timestamp(1770000000) - t.complete_until BETWEEN '5 s' AND '35 s' AS known FROM tasks() t WHERE name = 'task one';

-- what was never read to the end is not complete, as another source, target or scope
SELECT xbb.alter_sync('task one', source => 'plain');
SELECT state, complete_until FROM tasks() WHERE name = 'task one';
CALL xbb.sync('task one');
SELECT state, complete_until, xbb.complete_until('{task one}') FROM tasks() WHERE name = 'task one';
CALL xbb.sync('task one', full => true);
SELECT state, staleness BETWEEN '0' AND '1 min' AS fresh FROM tasks() WHERE name = 'task one';
CREATE TABLE two (LIKE one INCLUDING ALL);
SELECT xbb.alter_sync('task one', target => 'two');
SELECT state, target, complete_until FROM tasks() WHERE name = 'task one';
SELECT xbb.alter_sync('task one', enabled => false);
SELECT state, enabled FROM tasks() WHERE name = 'task one';

-- a push: when its source was read, if the target has all of it since
CALL xbb.push('task stock');
SELECT kind, name, owner, source, target, state, complete_until BETWEEN last_started AND last_success AS known, staleness = now() - complete_until AS staleness,
       last_success - last_started = last_duration AS duration, typical_duration = last_duration AS typical, last_rows, typical_rows,
       failures_in_a_row, problems
FROM tasks() WHERE name = 'task stock';
TRUNCATE past;
INSERT INTO past SELECT * FROM tasks();
-- one that is refused is not there, nor is all that was read since, also when a newer version of it waits
\! python3 $XBB_SIM ctl tTaskStatus refuse message=stop C >/dev/null
INSERT INTO stock VALUES ('C', 1), ('D', 1);
CALL xbb.push('task stock');
UPDATE stock SET version = 2;
CALL xbb.push('task stock');
SELECT t.state, t.problems, t.complete_until = b.complete_until AS as_before, t.last_success = b.last_success AS success, t.failures_in_a_row,
       t.last_rows, t.typical_rows
FROM tasks() t JOIN past b USING (kind, name) WHERE name = 'task stock';
\! python3 $XBB_SIM ctl tTaskStatus accept >/dev/null
SELECT xbb.push_retry(id) FROM xbb.push_item WHERE push = 'task stock' AND status = 'rejected';
-- a person's word is not a reading
SELECT t.complete_until = b.complete_until AS as_before FROM tasks() t JOIN past b USING (kind, name) WHERE name = 'task stock';
CALL xbb.push('task stock');
SELECT t.state, t.problems, t.complete_until BETWEEN t.last_started AND t.last_success AS known, t.complete_until > b.complete_until AS later
FROM tasks() t JOIN past b USING (kind, name) WHERE name = 'task stock';
-- another source is not there until it was read
SELECT xbb.alter_push('task stock', source => 'SELECT id, version + 1 AS version FROM stock');
SELECT source, complete_until FROM tasks() WHERE name = 'task stock';
CALL xbb.push('task stock');
SELECT state, complete_until BETWEEN last_started AND last_success AS known FROM tasks() WHERE name = 'task stock';
-- what cannot be read is a failure, and was not read
CREATE VIEW one_a AS SELECT 1 / (SELECT count(*) FROM stock WHERE id = 'A')::int AS one;
SELECT xbb.alter_push('task stock', source => 'SELECT id, version + one AS version FROM stock, one_a');
CALL xbb.push('task stock');
TRUNCATE past;
INSERT INTO past SELECT * FROM tasks();
UPDATE stock SET id = 'E' WHERE id = 'A';
CALL xbb.push('task stock');
CALL xbb.push('task stock');
SELECT t.state, t.failures_in_a_row, t.last_sqlstate, t.last_error_at > b.last_success AS later, t.complete_until = b.complete_until AS as_before
FROM tasks() t JOIN past b USING (kind, name) WHERE name = 'task stock';

-- up to when several are: the least, none if one has none; a name is one's own before it is another's
SELECT xbb.alter_sync('task one', enabled => true);
CALL xbb.sync('task one');
SELECT xbb.complete_until('{task one}') = complete_until AS one, xbb.complete_until('{task one,task one}') = complete_until AS twice,
       xbb.complete_until('{task one,task query}') AS with_one_that_is_not, xbb.complete_until('{}') AS of_none, xbb.complete_until(NULL) AS of_null
FROM tasks() WHERE name = 'task one';
SELECT xbb.alter_push('task query', enabled => true);
CALL xbb.push('task query');
SELECT xbb.complete_until('{task stock,task one}') = least(s.complete_until, o.complete_until) AS least, s.complete_until <> o.complete_until AS differ
FROM tasks() s, tasks() o WHERE s.name = 'task stock' AND o.name = 'task one';
SELECT xbb.complete_until('{task one,task none}');
SELECT xbb.complete_until('{task one,NULL}');
RESET ROLE;
CREATE TABLE own AS TABLE plain;
SELECT xbb.create_sync('task one', 'own', 'own_copy', enabled => false);
SELECT xbb.complete_until('{task one}') AS of_the_own, xbb.complete_until('{task stock}') IS NOT NULL AS of_the_others;
SELECT xbb.drop_sync('task one');

SET client_min_messages = warning;
SET ROLE xbb_task_etl;
SELECT xbb.drop_sync('task one'), xbb.drop_push('task stock'), xbb.drop_push('task query');
RESET ROLE;
DROP SERVER task_status CASCADE;
DROP SERVER task_target CASCADE;
DROP SCHEMA "dingTaskStatus" CASCADE;
DROP ROLE xbb_task_etl, xbb_task_stranger, xbb_task_monitor;
\! python3 $XBB_SIM ctl tTaskStatus remove
