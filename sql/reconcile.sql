-- What a sync by update_time cannot see is found by comparing counts: deletions, and
-- records that were missed, even if they cancel out when every id is compared.

\set company dingReconcile
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=5000 width=3 freeze=on');
CREATE SERVER reconcile FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER reconcile OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz) SERVER reconcile OPTIONS (object 'product');
CREATE VIEW run AS
  SELECT task, status, inserted, updated, rejected, deleted, error FROM xbb.sync_run WHERE sync = 'copy' ORDER BY id DESC LIMIT 1;
SET check_function_bodies = off;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (TABLE source EXCEPT SELECT data_id, serial_no, update_time FROM target) a
  FULL JOIN (SELECT data_id, serial_no, update_time FROM target EXCEPT TABLE source) b USING (data_id)
$$;
SELECT xbb.create_sync('copy', 'source', 'target', '{data_id}', delete_mode => 'delete');
CALL xbb.sync('copy');

-- nothing to find: one question for what is new, and a count for each half
SELECT sim('clear');
CALL xbb.reconcile('copy');
TABLE run;
SELECT sim('count');

-- a planted miss and a planted deletion, far apart
DELETE FROM target WHERE data_id = 51200700;
SELECT sim('drop id=51204200');
SELECT sim('clear');
CALL xbb.reconcile('copy');
TABLE run;
SELECT requests <= 60 AS few_requests FROM xbb.sync_run WHERE sync = 'copy' ORDER BY id DESC LIMIT 1;
SELECT differences();

-- a pair that cancels out: same count, other records
SELECT update_time AS hidden FROM target WHERE data_id = 51202000 \gset
DELETE FROM target WHERE data_id = 51202000;
INSERT INTO target (data_id, update_time) VALUES (1, :'hidden');
CALL xbb.reconcile('copy');
TABLE run;
CALL xbb.reconcile('copy', full => true);
TABLE run;
SELECT differences();

-- deletions are ignored, or marked; what comes back is unmarked
SELECT xbb.alter_sync('copy', delete_mode => 'ignore');
SELECT sim('drop id=51203000');
CALL xbb.reconcile('copy');
TABLE run;
SELECT count(*) FROM target WHERE data_id = 51203000;
SELECT xbb.alter_sync('copy', delete_mode => 'mark');
ALTER TABLE target ADD COLUMN deleted_at timestamptz;
SELECT xbb.alter_sync('copy', delete_mode => 'mark');
CALL xbb.reconcile('copy');
TABLE run;
SELECT data_id, deleted_at IS NOT NULL AS marked FROM target WHERE data_id = 51203000 OR deleted_at IS NOT NULL;
CALL xbb.reconcile('copy');
TABLE run;
SELECT sim('clock advance=60');
SELECT sim('put', format('{"dataId": 51203000, "addTime": %s, "updateTime": %s, "data": {"serialNo": "back"}}', clock, clock)) FROM sim('clock') clock;
CALL xbb.sync('copy');
SELECT serial_no, deleted_at FROM target WHERE data_id = 51203000;
SELECT differences();

-- a reject is no miss, and one whose record is deleted goes
ALTER TABLE target ADD CHECK (serial_no <> 'bad') NOT VALID;
SELECT sim('clock advance=60');
SELECT sim('touch id=51200100', '{"serialNo": "bad"}');
CALL xbb.sync('copy');
CALL xbb.reconcile('copy', full => true);
SELECT status, inserted, updated, deleted FROM run;
SELECT rejects_open FROM xbb.sync_status WHERE name = 'copy';
SELECT sim('drop id=51200100');
CALL xbb.reconcile('copy', full => true);
SELECT status, inserted, updated, deleted FROM run;
SELECT rejects_open FROM xbb.sync_status WHERE name = 'copy';

SET client_min_messages = warning;
SELECT xbb.drop_sync('copy');
DROP SERVER reconcile CASCADE;
DROP SCHEMA "dingReconcile" CASCADE;
