-- A value that does not fit its column of the foreign table is a reject like any other:
-- the rest loads, the whole record is kept, and what is kept is enough to load it once
-- the column, the expression or the key's owner has changed.

\set company dingSyncValue
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "formId": 1, "addTime": %s, "updateTime": %s, "data": {"serialNo": "S%s", "text_1": "name %s", "num_1": %s, "num_2": 1}}',
                         100 + n, 1769990000 + n, 1769990000 + n, n, n, n)) FROM generate_series(1, 30) n;
CREATE SERVER sync_value FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_value OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (
  data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'),
  price numeric OPTIONS (attr 'num_1'), unused int OPTIONS (attr 'num_2'), raw json OPTIONS (attr '*'))
  SERVER sync_value OPTIONS (object 'product', on_error 'set_null');
CREATE TABLE target (serial_no text PRIMARY KEY, data_id bigint, update_time timestamptz, name text, price numeric);
CREATE VIEW run AS
  SELECT task, status, requests, rows_read, inserted, updated, unchanged, rejected, sqlstate, error
  FROM xbb.sync_run WHERE sync = 'value' ORDER BY id DESC LIMIT 1;
CREATE VIEW rejects AS
  SELECT data_id, kind, sqlstate, error FROM xbb.sync_reject WHERE sync = 'value' ORDER BY data_id;

-- nulls that nobody is told about would be loaded
SELECT xbb.create_sync('value', 'source', 'target', '{serial_no}');
ALTER FOREIGN TABLE source ADD COLUMN failed jsonb OPTIONS (attr '#error');
SELECT xbb.create_sync('value', 'source', 'target', '{serial_no}');
SELECT target_columns, source_columns FROM xbb.sync_definition WHERE name = 'value';

-- two values, of one record and of another; what is not used may be what it likes
SELECT sim('touch id=110 at=1769990010', '{"num_1": "10 pieces", "num_2": "many"}');
SELECT sim('touch id=111 at=1769990011', '{"text_1": "a\u0000b", "num_1": "?"}');
SELECT sim('touch id=112 at=1769990012', '{"num_2": "many"}');
SELECT sim('clear');
CALL xbb.sync('value');
TABLE run;
TABLE rejects;
SELECT count(*), count(*) FILTER (WHERE data_id = 112) AS unused FROM target;
SELECT data_id, raw FROM xbb.sync_reject WHERE sync = 'value' ORDER BY data_id;
-- the watermark went on over them, and another run says the same
SELECT watermark FROM xbb.sync_definition WHERE name = 'value';
CALL xbb.sync('value');
TABLE run;

-- nothing has changed: the same rejects
SELECT sim('clear');
CALL xbb.retry_rejects('value');
TABLE run;
TABLE rejects;
-- the fix is another type and a transformation: no request is needed
ALTER FOREIGN TABLE source ALTER COLUMN price TYPE text;
SELECT xbb.alter_sync('value', columns => '{"serial_no": "serial_no", "name": "name", "price": "substring(price from ''^[0-9]+'')::numeric"}');
CALL xbb.retry_rejects('value');
TABLE run;
SELECT sim('count');
TABLE rejects;
SELECT data_id, name, price FROM target WHERE data_id = 110;
-- or in the CRM
SELECT sim('clock advance=60');
SELECT sim('touch id=111', '{"text_1": "ab", "num_1": 11}');
CALL xbb.sync('value');
TABLE rejects;
SELECT data_id, name, price FROM target WHERE data_id = 111;

-- a record that lost its key to a newer one comes back from its row in the target
SELECT sim('clock advance=60');
SELECT sim('touch id=120', '{"serialNo": "S21"}');
CALL xbb.sync('value');
TABLE rejects;
UPDATE target SET serial_no = 'S20' WHERE data_id = 120;
SELECT sim('clear');
CALL xbb.retry_rejects('value');
TABLE run;
SELECT sim('count');
SELECT serial_no, data_id, name, price FROM target WHERE data_id IN (120, 121) ORDER BY 1;
TABLE rejects;

-- without the whole record, what was read is kept, and is rejected until the CRM changes
ALTER FOREIGN TABLE source DROP COLUMN raw;
ALTER FOREIGN TABLE source ALTER COLUMN price TYPE numeric;
SELECT xbb.alter_sync('value', columns => '{"serial_no": "serial_no", "name": "name", "price": "price"}');
SELECT sim('clock advance=60');
SELECT sim('touch id=105', '{"num_1": "none"}');
CALL xbb.sync('value');
TABLE run;
SELECT data_id, raw ->> 'serial_no' AS serial_no, raw ->> 'price' AS price, raw -> 'failed' -> 0 ->> 'value' AS value FROM xbb.sync_reject WHERE sync = 'value' ORDER BY data_id;
CALL xbb.retry_rejects('value');
TABLE run;
TABLE rejects;
SELECT price FROM target WHERE data_id = 105;

-- too many
SELECT xbb.alter_sync('value', reject_limit => 3);
SELECT sim('clock advance=60');
SELECT sim('touch id=101,102,103,104', '{"num_1": "x"}');
CALL xbb.sync('value');
TABLE run;
SELECT xbb.alter_sync('value', reject_limit => 9);
-- where it is an error it ends the run, which tells the record
ALTER FOREIGN TABLE source OPTIONS (SET on_error 'error');
CALL xbb.sync('value');
SELECT status, sqlstate, error FROM run;
ALTER FOREIGN TABLE source OPTIONS (SET on_error 'set_null');
-- reconciliation knows them
CALL xbb.sync('value');
CALL xbb.reconcile('value', full => true);
TABLE run;

-- nobody drops the column unnoticed
ALTER FOREIGN TABLE source DROP COLUMN failed;
CALL xbb.sync('value');

-- an id or a stamp that cannot be read: nothing would say what is missing
ALTER FOREIGN TABLE source ADD COLUMN failed jsonb OPTIONS (attr '#error');
SELECT sim('putraw id=200 add=1770000000 update=1770000000', '{"dataId": "A-200", "addTime": 1770000000, "updateTime": 1770000000, "data": {}}');
CALL xbb.sync('value');
SELECT status, sqlstate FROM run;

-- a record read outside of a scan is read by the same rules
SELECT r.data_id, r.price, r.failed -> 0 ->> 'value' AS value
FROM xbb._read_record(NULL::source, '{"dataId": 7, "data": {"num_1": "7 \u5143"}}') r;
SELECT r.data_id, r.price FROM xbb._read_record(NULL::source, '{"dataId": 7, "data": {"num_1": 7.50}}') r;
SELECT r IS NULL AS nothing FROM xbb._read_record(NULL::source, NULL) r;
SELECT xbb._read_record(NULL::source, '[]');
SELECT xbb._read_record(NULL::source, '{"data": 1}');
SELECT xbb._read_record(NULL::target, '{}');
SELECT xbb._read_record(1, '{}');

SET client_min_messages = warning;
SELECT xbb.drop_sync('value');
DROP SERVER sync_value CASCADE;
DROP SCHEMA "dingSyncValue" CASCADE;
