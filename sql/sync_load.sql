-- A first load of more than one window's worth goes window by window, sized by asking
-- counts first; each window commits, and a load that was interrupted goes on where
-- it was.

\set company dingSyncLoad
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=12000 width=3 freeze=on');
CREATE SERVER sync_load FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_load OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz) SERVER sync_load OPTIONS (object 'product');
CREATE VIEW run AS
  SELECT status, inserted, updated, rejected, error FROM xbb.sync_run WHERE sync = 'load' ORDER BY id DESC LIMIT 1;
SET check_function_bodies = off;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (TABLE source EXCEPT SELECT data_id, serial_no, update_time FROM target) a
  FULL JOIN (SELECT data_id, serial_no, update_time FROM target EXCEPT TABLE source) b USING (data_id)
$$;
SELECT xbb.create_sync('load', 'source', 'target', '{data_id}');

-- the very first request of a session's first sync
SELECT sim('fault what=code code=100001 msg=broken times=1');
\set VERBOSITY terse
CALL xbb.sync('load');
\set VERBOSITY default
SELECT status, rows_read, error FROM xbb.sync_run WHERE sync = 'load';

-- something breaks on the way
SELECT sim('fault what=code code=100001 msg=broken at=100');
\set VERBOSITY terse
CALL xbb.sync('load');
\set VERBOSITY default
SELECT sim('clear what=faults');
SELECT status, inserted BETWEEN 1 AND 11999 AS a_part, error FROM run;
SELECT d.watermark = (SELECT max(update_time) FROM target) AS at_the_rows, d.loading_until IS NOT NULL AS to_be_resumed,
  (SELECT count(*) FROM target) = (SELECT inserted FROM run) AS counted
FROM xbb.sync_definition d WHERE name = 'load';
SELECT count(*) AS before FROM target \gset
CALL xbb.sync('load');
SELECT status, inserted = 12000 - :before AS the_rest FROM run;
SELECT rows_read < 12000 - :before + 200 AS not_started_over FROM xbb.sync_run WHERE sync = 'load' ORDER BY id DESC LIMIT 1;
SELECT differences();
SELECT loading_until FROM xbb.sync_definition d WHERE name = 'load';
-- no list was longer than a window
SELECT sim('clear');
CALL xbb.sync('load');
SELECT sim('count');

-- in one transaction, where COMMIT is not allowed
TRUNCATE target;
UPDATE xbb.sync_definition SET watermark = NULL WHERE name = 'load';
BEGIN;
CALL xbb.sync('load');
SELECT status, inserted FROM run;
COMMIT;
SELECT differences();

-- small steps
SELECT sim('clock advance=864000');
SELECT sim('touch id=51200001,51200002,51200003', '{"num_1": 1}');
SELECT xbb.alter_sync('load', chunk => '2 days');
CALL xbb.sync('load');
SELECT status, inserted, updated FROM run;
SELECT differences();

-- a run that finds nothing leaves the watermark: what comes may be older than the clock
SELECT xbb.drop_sync('load');
TRUNCATE target;
SELECT sim('create products=0 freeze=on');
SELECT xbb.create_sync('load', 'source', 'target', '{data_id}');
CALL xbb.sync('load');
SELECT status, rows_read FROM xbb.sync_run WHERE sync = 'load';
SELECT watermark FROM xbb.sync_definition WHERE name = 'load';
SELECT sim('put', '{"dataId": 1, "addTime": 1700000000, "updateTime": 1700000000, "data": {"serialNo": "old"}}');
CALL xbb.sync('load');
SELECT status, inserted, updated, rejected, error FROM run;
SELECT extract(epoch FROM watermark) AS watermark FROM xbb.sync_definition WHERE name = 'load';
-- nor does the clock of other scans in the session hold back a source without one
CREATE TABLE plain AS SELECT 1::bigint AS data_id, '2026-02-10Z'::timestamptz AS update_time;
SELECT xbb.create_sync('plain', 'plain', 'plain_copy', '{data_id}');
CALL xbb.sync('plain');
SELECT watermark = '2026-02-10Z' AS at_the_record FROM xbb.sync_definition WHERE name = 'plain';
SELECT xbb.drop_sync('plain');

SET client_min_messages = warning;
SELECT xbb.drop_sync('load');
DROP SERVER sync_load CASCADE;
DROP SCHEMA "dingSyncLoad" CASCADE;
