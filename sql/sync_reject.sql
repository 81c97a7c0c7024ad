-- Bad records are set aside and the rest loads: what a type, an expression, a check or
-- the key refuses stands in xbb.sync_reject, is loaded from there once the fault
-- is mended, and costs no request twice.

\set company dingSyncReject
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "formId": 1, "addTime": %s, "updateTime": %s, "data": {"serialNo": "S%s", "text_1": "2026-02-0%s", "num_1": %s}}',
                         100 + n, 1769990000 + n, 1769990000 + n, n, n % 9 + 1, n)) FROM generate_series(1, 90) n;
SELECT sim('total');
CREATE SERVER sync_reject FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_reject OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (
  data_id bigint, serial_no text, update_time timestamptz,
  bought text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'), raw json OPTIONS (attr '*'))
  SERVER sync_reject OPTIONS (object 'product');
CREATE TABLE target (serial_no text PRIMARY KEY, data_id bigint, update_time timestamptz, bought date,
  price numeric CONSTRAINT price_positive CHECK (price > 0));
CREATE VIEW run AS
  SELECT task, status, requests, rows_read, inserted, updated, unchanged, rejected, sqlstate, error
  FROM xbb.sync_run WHERE sync = 'bought' ORDER BY id DESC LIMIT 1;
CREATE VIEW rejects AS
  SELECT data_id, kind, sqlstate, error FROM xbb.sync_reject WHERE sync = 'bought' ORDER BY data_id;
SELECT xbb.create_sync('bought', 'source', 'target', '{serial_no}',
  columns => '{"serial_no": "serial_no", "bought": "bought::date", "price": "price"}');

-- a bad date, a failed check, no key, and two records with one key: the newer wins
SELECT sim('touch id=110 at=1769990010', '{"text_1": "31.02."}');
SELECT sim('touch id=120 at=1769990020', '{"num_1": -1}');
SELECT sim('touch id=130 at=1769990030', '{"serialNo": ""}');
SELECT sim('touch id=140 at=1769990040', '{"serialNo": "S41"}');
SELECT sim('clear');
CALL xbb.sync('bought');
TABLE run;
TABLE rejects;
SELECT count(*), count(*) FILTER (WHERE serial_no = 'S41' AND data_id = 141) AS winner FROM target;
-- no page was asked twice: the first question, and one for the count
SELECT sim('count')::int = (SELECT requests FROM run) AS no_more_requests;
SELECT raw -> 'data' ->> 'text_1' AS content, raw ->> 'dataId' AS id FROM xbb.sync_reject WHERE sync = 'bought' AND data_id = 110;
SELECT rejects_open FROM xbb.sync_status WHERE name = 'bought';

-- again: the same rejects, no more
CALL xbb.sync('bought');
SELECT status, inserted, updated, unchanged, rejected FROM run;
SELECT count(*) FROM rejects;

-- a fix in the target: the record is loaded from what was kept
ALTER TABLE target DROP CONSTRAINT price_positive;
SELECT sim('clear');
CALL xbb.retry_rejects('bought');
TABLE run;
SELECT sim('count');
TABLE rejects;
SELECT price FROM target WHERE data_id = 120;

-- a fix in the CRM
SELECT sim('clock advance=60');
SELECT sim('touch id=110', '{"text_1": "2026-02-28"}');
CALL xbb.sync('bought');
SELECT status, inserted FROM run;
SELECT bought FROM target WHERE data_id = 110;
TABLE rejects;

-- a later record with the key of a stored one: the stored one is the older
SELECT sim('clock advance=60');
SELECT sim('touch id=150', '{"serialNo": "S51"}');
CALL xbb.sync('bought');
SELECT status, inserted, updated, rejected FROM run;
SELECT data_id FROM target WHERE serial_no = 'S51';
TABLE rejects;
-- and an older one that comes later loses
SELECT sim('put', '{"dataId": 999, "addTime": 1769999000, "updateTime": 1769999000, "data": {"serialNo": "S51", "text_1": "2026-01-01", "num_1": 1}}');
SELECT xbb.alter_sync('bought', overlap => '2 days');
CALL xbb.sync('bought');
SELECT data_id FROM target WHERE serial_no = 'S51';
SELECT * FROM rejects WHERE data_id = 999;
-- the winner takes another key: the others can be loaded, the newer of them
SELECT sim('clock advance=60');
SELECT sim('touch id=150', '{"serialNo": "S50"}');
CALL xbb.sync('bought');
SELECT data_id FROM target WHERE serial_no IN ('S50', 'S51') ORDER BY serial_no;
TABLE rejects;

-- too many
SELECT watermark FROM xbb.sync_definition WHERE name = 'bought' \gset before_
SELECT xbb.alter_sync('bought', reject_limit => 9);
SELECT sim('clock advance=60');
SELECT sim('touch id=160,161,162,163,164,165,166,167,168,169', '{"text_1": "never"}');
CALL xbb.sync('bought');
TABLE run;
SELECT watermark = :'before_watermark' AS unmoved FROM xbb.sync_definition WHERE name = 'bought';
SELECT count(*) FROM rejects WHERE sqlstate = '22007';
SELECT xbb.alter_sync('bought', reject_limit => 20);
CALL xbb.sync('bought');
SELECT status, rejected FROM run;

-- what no record can be blamed for ends the run
ALTER TABLE target RENAME COLUMN price TO amount;
CALL xbb.sync('bought');
SELECT status, sqlstate FROM run;

SET client_min_messages = warning;
SELECT xbb.drop_sync('bought');
DROP SERVER sync_reject CASCADE;
DROP SCHEMA "dingSyncReject" CASCADE;
