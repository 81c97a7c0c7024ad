-- What a sync says to do about a table that does not fit, or a row that another one holds, is
-- what does it.

CREATE SCHEMA "dingHint";
SET search_path = "dingHint";
SET TimeZone = 'UTC';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE source AS
  SELECT n::bigint AS data_id, '2026-01-01Z'::timestamptz AS update_time, 'S' || n AS serial_no, n::numeric(8,2) AS price, '编号' || n AS 编号
  FROM generate_series(1, 3) n;
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text UNIQUE);

-- a column that is missing has its type in the hint
SELECT xbb.create_sync('hint', 'source', 'target', columns => '{"price": "price"}');
SELECT xbb.create_sync('hint', 'source', 'target', columns => '{"price": "price * 2"}');
SELECT xbb.create_sync('hint', 'source', 'target', columns => '{}', scope => '{"company": "east"}');
SELECT xbb.create_sync('hint', 'source', 'target', columns => '{}', scope => '{"form_id": 7}');
-- a second company for one table without a scope
CREATE TABLE shared (company text, data_id bigint, update_time timestamptz, serial_no text, PRIMARY KEY (company, serial_no));
SELECT xbb.create_sync('hint east', 'source', 'shared', key => '{serial_no}', columns => '{"serial_no": "serial_no"}', scope => '{"company": "east"}');
SELECT xbb.create_sync('hint west', 'source', 'shared', key => '{serial_no}', columns => '{"serial_no": "serial_no"}');
-- a column of the target is called otherwise
ALTER TABLE target ADD COLUMN price numeric;
SELECT xbb.create_sync('hint', 'source', 'target', columns => '{"serial_no": "serial_no", "price": "price * 2"}');
CALL xbb.sync('hint');
ALTER TABLE target RENAME COLUMN price TO cost;
CALL xbb.sync('hint');
SELECT xbb.alter_sync('hint', columns => '{"cost": "price * 2", "price": null}');
CALL xbb.sync('hint', full => true);
SELECT data_id, cost FROM target ORDER BY data_id;

-- a label under another name, whose letters are no ASCII
SELECT xbb.alter_sync('hint', columns => '{"serial_no": "编号"}', label => 'serial_no');
SELECT xbb.alter_sync('hint', columns => '{"serial_no": "Serial_No"}', label => 'serial_no');
SELECT xbb.alter_sync('hint', columns => '{"serial_no": "upper(编号)", "cost": "price"}', label => 'no');
ALTER TABLE target ADD COLUMN no text;
SELECT xbb.alter_sync('hint', columns => '{"no": "编号 || ''''"}', label => 'no');
SELECT xbb.alter_sync('hint', columns => '{"no": "编号"}', label => 'no');
ALTER TABLE target ADD CHECK (no <> '编号2');
CALL xbb.sync('hint', full => true);
SELECT data_id, label, kind FROM xbb.sync_reject WHERE sync = 'hint';

SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'hint%' ORDER BY name;
SET client_min_messages = error;
DROP SCHEMA "dingHint" CASCADE;
