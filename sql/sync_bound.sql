-- What one bad hour of the API can cost is bounded: how far the watermark goes, how many
-- rows a reconciliation takes out, how many records a run sets aside.

\set company dingSyncBound
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER sync_bound FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_bound OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), raw json OPTIONS (attr '*'))
  SERVER sync_bound OPTIONS (object 'product');

-- one stamp of the year 2100, and no clock, or one that is years ahead: what changes next is seen
SELECT sim('put', '{"dataId": 1, "addTime": 1769990000, "updateTime": 1769990000, "data": {"text_1": "a"}}');
SELECT sim('put', '{"dataId": 2, "addTime": 4102444800, "updateTime": 4102444800, "data": {"text_1": "in 2100"}}');
SELECT sim('set date=off');
SELECT xbb.create_sync('bound: no clock', 'source', 'no_clock');
CALL xbb.sync('bound: no clock');
SELECT sim('set date=on date_offset=3000000000');
SELECT xbb.create_sync('bound: wild clock', 'source', 'wild_clock');
CALL xbb.sync('bound: wild clock');
CREATE TABLE plain AS SELECT 1::bigint AS data_id, now() AS update_time, 'a' AS name UNION ALL SELECT 2, '2100-01-01Z', 'in 2100';
SELECT xbb.create_sync('bound: plain', 'plain', 'plain_copy');
CALL xbb.sync('bound: plain');
SELECT name, watermark BETWEEN now() - interval '1 hour' AND now() AS bounded FROM xbb.sync_definition WHERE name LIKE 'bound: %' ORDER BY name;
UPDATE plain SET name = 'changed', update_time = now() WHERE data_id = 1;
CALL xbb.sync('bound: plain');
SELECT data_id, name FROM plain_copy ORDER BY data_id;
SELECT sim('set date_offset=0');
SELECT sim('clock set=now');
SELECT sim('touch id=1', '{"text_1": "changed"}');
CALL xbb.sync('bound: wild clock');
SELECT data_id, name FROM wild_clock ORDER BY data_id;
-- the API's clock bounds it, too, where there is one
SELECT sim('clock set=1770000000');
SELECT xbb.create_sync('bound: clock', 'source', 'clock');
CALL xbb.sync('bound: clock');
SELECT extract(epoch FROM watermark) AS watermark FROM xbb.sync_definition WHERE name = 'bound: clock';
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'bound: %';

-- a window of less than two seconds, which ends at a fraction of one, is divided into smaller ones
SELECT sim('create products=0 freeze=on');
SELECT sim('put', '{"dataId": 1, "addTime": 1769990010, "updateTime": 1769990010, "data": {}}');
SELECT xbb.create_sync('bound: chunk', 'source', 'chunked', chunk => '1 second');
SELECT extract(epoch FROM lower(w)) - 1769990000 AS low, extract(epoch FROM upper(w)) - 1769990000 AS high
FROM xbb.sync_definition d, xbb._sync_load_next(d, 0, array[tstzrange(to_timestamp(1769990010), to_timestamp(1769990011.9), '[]')]) n, unnest(n.windows) w
WHERE d.name = 'bound: chunk';
SELECT xbb.drop_sync('bound: chunk');

-- deletions are counted over all windows, and above the limit none is done
SELECT sim('create products=4000 width=3 freeze=on');
SELECT xbb.create_sync('bound', 'source', 'target', delete_mode => 'delete');
CALL xbb.sync('bound');
CREATE VIEW run AS
  SELECT task, status, inserted, updated, rejected, deleted, sqlstate, error FROM xbb.sync_run WHERE sync = 'bound' ORDER BY id DESC LIMIT 1;
-- five in a thousand: spread over many windows
SELECT sim('drop id=' || string_agg((51200000 + n * 9)::text, ',')) FROM generate_series(1, 401) n;
CALL xbb.reconcile('bound');
TABLE run;
SELECT count(*) FROM target;
CALL xbb.reconcile('bound', full => true);
SELECT count(*) FROM target;
-- what was only missed is loaded all the same
DELETE FROM target WHERE data_id = 51200001;
CALL xbb.reconcile('bound');
SELECT count(*) FROM target WHERE data_id = 51200001;
-- as the hint says
SELECT xbb.alter_sync('bound', delete_limit => 401);
CALL xbb.reconcile('bound');
TABLE run;
SELECT count(*) FROM target;
-- an empty answer is more than a tenth
SELECT sim('set rights=empty');
SELECT xbb.alter_sync('bound', delete_limit => -1);
CALL xbb.reconcile('bound', full => true);
SELECT count(*) FROM target;
SELECT xbb.drop_sync('bound');

-- of few rows 50 may go, or what the definition says; marks count, too
SELECT sim('create products=60 width=3 freeze=on');
SELECT xbb.create_sync('bound', 'source', 'few', delete_mode => 'mark');
CALL xbb.sync('bound');
SELECT sim('drop id=' || string_agg((51200000 + n)::text, ',')) FROM generate_series(1, 51) n;
CALL xbb.reconcile('bound');
SELECT xbb.alter_sync('bound', delete_limit => 0);
CALL xbb.reconcile('bound');
SELECT sim('add n=1');
SELECT xbb.alter_sync('bound', delete_limit => -1);
SELECT sim('put', '{"dataId": 51200001, "addTime": 1769990000, "updateTime": 1769990000, "data": {}}');
CALL xbb.reconcile('bound');
TABLE run;
SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS alive, count(*) FROM few;
SELECT xbb.drop_sync('bound');

-- a row that a foreign key holds stays, and is told; the others go
SELECT sim('create products=60 width=3 freeze=on');
SELECT xbb.create_sync('bound', 'source', 'held', delete_mode => 'delete');
CALL xbb.sync('bound');
CREATE TABLE line (data_id bigint REFERENCES held);
CREATE TABLE late (data_id bigint CONSTRAINT checked_late REFERENCES held DEFERRABLE INITIALLY DEFERRED);
INSERT INTO line VALUES (51200003);
INSERT INTO late VALUES (51200005), (51200008);
SELECT sim('drop id=' || string_agg((51200000 + n)::text, ',')) FROM generate_series(1, 9) n;
CALL xbb.reconcile('bound', full => true);
TABLE run;
SELECT count(*), min(data_id) FROM held;
SELECT data_id, kind, sqlstate, error, raw IS NULL AS without_record FROM xbb.sync_reject WHERE sync = 'bound' ORDER BY data_id;
-- there is no record to load
CALL xbb.retry_rejects('bound');
-- once nothing holds it, the next one takes it out
DELETE FROM late WHERE data_id = 51200005;
DELETE FROM line;
CALL xbb.reconcile('bound');
TABLE run;
SELECT data_id FROM xbb.sync_reject WHERE sync = 'bound';
-- the record is back: nothing is owed
SELECT sim('put', '{"dataId": 51200008, "addTime": 1769990000, "updateTime": 1769990000, "data": {}}');
CALL xbb.reconcile('bound');
TABLE run;
SELECT data_id FROM xbb.sync_reject WHERE sync = 'bound';


-- a run that rejects too much ends before that step commits; the steps before stay, and
-- what it set aside, as it came
SELECT xbb.drop_sync('bound');
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "formId": 1, "addTime": %s, "updateTime": %2$s, "data": {"text_1": "%s", "text_2": "a\u0000b"}}',
                         n, 1760000000 + n * 3600, CASE WHEN n <= 60 THEN 'good' ELSE 'bad' END)) FROM generate_series(1, 130) n;
CREATE TABLE half (data_id bigint PRIMARY KEY, update_time timestamptz, name text CHECK (name <> 'bad'));
SELECT xbb.create_sync('bound', 'source', 'half', chunk => '1 day');
CREATE VIEW how AS SELECT r.status, r.rows_read, r.inserted, r.rejected, (SELECT count(*) FROM half) AS rows,
       (SELECT count(*) FROM xbb.sync_reject j WHERE j.sync = 'bound' AND j.run = r.id) AS rejects, r.sqlstate, r.error
  FROM xbb.sync_run r WHERE r.sync = 'bound' ORDER BY r.id DESC LIMIT 1;
CALL xbb.sync('bound');
TABLE how;
SELECT rejects * 2 > rows_read AS more_than_half, rejected = rejects AS all_kept FROM (SELECT rejects, rejected, (regexp_match(error, 'of ([0-9]+)'))[1]::int AS rows_read FROM how) h;
SELECT min(raw::text), count(DISTINCT kind), min(data_id) FROM xbb.sync_reject WHERE sync = 'bound';
SELECT watermark < (SELECT max(update_time) FROM xbb.sync_reject WHERE sync = 'bound') AND watermark > (SELECT max(update_time) FROM half) AS at_the_window_before FROM xbb.sync_definition WHERE name = 'bound';
-- it is the limit of the definition that comes first
TRUNCATE half;
SELECT xbb.drop_sync('bound');
SELECT xbb.create_sync('bound', 'source', 'half', chunk => '1 day', reject_limit => 30);
CALL xbb.sync('bound');
TABLE how;
-- in one reading, nothing of it is loaded
TRUNCATE half;
SELECT xbb.drop_sync('bound');
SELECT xbb.create_sync('bound', 'source', 'half');
CALL xbb.sync('bound', dry_run => true);
CALL xbb.sync('bound');
TABLE how;
-- half is not more than half
SELECT sim('drop id=' || string_agg(n::text, ',')) FROM generate_series(121, 130) n;
CALL xbb.sync('bound');
TABLE how;
-- what was set aside once is tried as often as one likes, and of few records all may be
CALL xbb.retry_rejects('bound');
TABLE how;
SELECT sim('clock advance=90000');
SELECT sim('touch id=' || string_agg(n::text, ',')) FROM generate_series(61, 119) n;
SELECT xbb.alter_sync('bound', overlap => '1 minute');
CALL xbb.sync('bound');
TABLE how;
-- in a transaction it is an error, which leaves nothing
SELECT xbb.drop_sync('bound');
SELECT xbb.create_sync('bound', 'source', 'half', reject_limit => 9);
BEGIN;
CALL xbb.sync('bound');
ROLLBACK;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'bound';

SET client_min_messages = warning;
SELECT xbb.drop_sync('bound');
DROP SERVER sync_bound CASCADE;
DROP SCHEMA "dingSyncBound" CASCADE;
