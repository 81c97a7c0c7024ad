-- A record that is there is in the target as it is, or a reject that tells why it is not:
-- whoever had to leave its place for another, or failed behind its row, is not lost.

\set company dingSyncAstray
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "formId": 1, "addTime": %s, "updateTime": %s, "data": {"serialNo": "S%s", "num_3": %s}}',
                         n, 1769000000 + n, 1769000000 + n, n, CASE n WHEN 6 THEN 2 ELSE 0 END)) FROM generate_series(1, 6) n;
CREATE SERVER sync_astray FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_astray OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, serial text OPTIONS (attr 'serialNo'), parent bigint OPTIONS (attr 'num_3'))
  SERVER sync_astray OPTIONS (object 'product');
CREATE TABLE target (data_id bigint UNIQUE, update_time timestamptz, serial text PRIMARY KEY, parent bigint REFERENCES target (data_id), note text);
CREATE VIEW run AS
  SELECT task, rows_read, inserted, updated, unchanged, rejected FROM xbb.sync_run WHERE sync = 'astray' ORDER BY id DESC LIMIT 1;
CREATE VIEW rejects AS
  SELECT data_id, kind, sqlstate, extract(epoch FROM update_time)::bigint - 1769000000 AS version, loaded FROM xbb.sync_reject WHERE sync = 'astray' ORDER BY data_id;
CREATE VIEW rows AS SELECT data_id, serial, parent, note, extract(epoch FROM update_time)::bigint - 1769000000 AS version FROM target ORDER BY data_id;
SELECT xbb.create_sync('astray', 'source', 'target', key => '{serial}', columns => '{"serial": "serial", "parent": "nullif(parent, 0)"}');
CALL xbb.sync('astray');
UPDATE target SET note = 'mine ' || data_id;
TABLE rows;

-- 3 fails at the place of 2, to whose row 6 refers, before 5 pushes its row out: what is set aside is the later version
SELECT sim('touch id=5 at=1769990996', '{"serialNo": "S3"}');
SELECT sim('touch id=3 at=1769991000', '{"serialNo": "S2"}');
SELECT sim('touch id=4', '{"text_1": "changed"}');
CALL xbb.sync('astray');
TABLE rows;
TABLE rejects;
SELECT sim('touch id=6', '{"num_3": 0}');
SELECT sim('touch id=2', '{"serialNo": "S2b"}');
CALL xbb.sync('astray');
TABLE rows;
TABLE rejects;

-- what is stamped earlier than its row and does not fit is kept by a reconciliation, by what tries it
-- again, and by a run that reads it and leaves the row alone; and loads when it fits
SELECT sim('clock advance=60');
SELECT sim('touch id=4', '{"text_1": "once more"}');
CALL xbb.sync('astray');
SELECT sim('touch id=4 at=1767000060', '{"num_3": 99}');
CALL xbb.reconcile('astray', full => true);
TABLE run;
TABLE rejects;
CALL xbb.retry_rejects('astray');
TABLE run;
TABLE rejects;
SELECT sim('touch id=4 at=1770000030', '{"num_3": 98}');
CALL xbb.reconcile('astray', full => true);
CALL xbb.sync('astray');
TABLE run;
TABLE rejects;
TABLE rows;
SELECT sim('put', '{"dataId": 98, "formId": 1, "addTime": 1770000060, "updateTime": 1770000060, "data": {"serialNo": "S98", "num_3": 0}}');
CALL xbb.sync('astray');
TABLE run;
TABLE rejects;
TABLE rows;


-- who was set aside for a rival has its place again once that has gone to another one, or its own
SELECT sim('clock advance=7200');
SELECT sim('touch id=1', '{"serialNo": "S4"}');
CALL xbb.sync('astray');
TABLE rejects;
SELECT sim('clock advance=7200');
SELECT sim('touch id=6', '{"text_1": "changed"}');
CALL xbb.sync('astray');
TABLE rejects;
SELECT sim('touch id=1', '{"serialNo": "S1b"}');
CALL xbb.sync('astray');
TABLE rows;
TABLE rejects;
-- the rival comes to its other place at a run's end, when the record that it refers to is there
SELECT sim('clock advance=7200');
SELECT sim('touch id=1', '{"serialNo": "S4"}');
CALL xbb.sync('astray');
SELECT sim('clock advance=7200');
SELECT sim('touch id=1', '{"serialNo": "S1", "num_3": 97}');
CALL xbb.sync('astray');
TABLE rejects;
SELECT sim('clock advance=7200');
SELECT sim('put', '{"dataId": 97, "formId": 1, "addTime": 1770036060, "updateTime": 1770036060, "data": {"serialNo": "S97", "num_3": 0}}');
CALL xbb.sync('astray');
TABLE rows;
TABLE rejects;
CALL xbb.reconcile('astray', full => true);
TABLE run;

-- a row goes with its record to its new key, whatever else fails in its piece
UPDATE target SET note = 'mine ' || data_id;
SELECT sim('clock advance=7200');
SELECT sim('touch id=5 at=1770043260', '{"serialNo": "S2"}');
SELECT sim('touch id=1 at=1770043259', '{"num_3": 96}');
SELECT sim('touch id=3 at=1770043258', '{"serialNo": "S3b"}');
SELECT sim('touch id=6 at=1770043257', '{"serialNo": "S2b"}');
SELECT sim('touch id=2 at=1770043256', '{"serialNo": "S6"}');
CALL xbb.sync('astray');
TABLE rows;
TABLE rejects;
-- in a circle all but the one that fails itself: 2 takes the place of 4, and so on
SELECT sim('clock advance=7200');
SELECT sim('touch id=2 at=1770050460', '{"serialNo": "S4"}');
SELECT sim('touch id=4 at=1770050459', '{"serialNo": "S2b", "num_3": 96}');
SELECT sim('touch id=6 at=1770050458', '{"serialNo": "S6"}');
SELECT sim('touch id=1 at=1770050457', '{"num_3": 0}');
CALL xbb.sync('astray');
TABLE rows;
TABLE rejects;
SELECT sim('clock advance=60');
SELECT sim('touch id=4', '{"num_3": 0}');
CALL xbb.sync('astray');
TABLE rows;
TABLE rejects;

-- who was gone, with a row that could not be taken out, and is there again
SELECT xbb.alter_sync('astray', delete_mode => 'delete');
SELECT sim('touch id=3', '{"num_3": 98}');
CALL xbb.sync('astray');
SELECT sim('drop id=98');
CALL xbb.reconcile('astray', full => true);
TABLE rejects;
SELECT sim('put', '{"dataId": 98, "formId": 1, "addTime": 1770000060, "updateTime": 1770000060, "data": {"serialNo": "S98", "num_3": 0}}');
CALL xbb.reconcile('astray', full => true);
TABLE rejects;
SELECT * FROM rows WHERE data_id = 98;

-- the order: each behind the one whose place it wants, those of a circle side by side
SELECT * FROM xbb._sync_order(NULL, NULL, 1, 3);
SELECT * FROM xbb._sync_order('{11, 12, 14, 15, 16, 17, 18}', '{12, 13, 15, 16, 14, 15, 17}', 11, 20);
