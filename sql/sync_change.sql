-- A change of one's mind: alter_sync merges into the columns as they are stored, and
-- says what it leaves undone; a full run does that, and writes nothing else.

\set company dingSyncChange
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('put', format('{"dataId": %s, "formId": 1, "addTime": %s, "updateTime": %s, "data": {"serialNo": "S%s", "text_1": "name %s", "text_2": "unit %s", "num_1": %s.255}}',
                         100 + n, 1769000000 + 7200 * n, 1769000000 + 7200 * n, n, n, n, n)) FROM generate_series(1, 30) n;
CREATE SERVER sync_change FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_change OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (
  data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'),
  price numeric OPTIONS (attr 'num_1'), raw json OPTIONS (attr '*'))
  SERVER sync_change OPTIONS (object 'product');
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, name text, price numeric);
CREATE VIEW run AS
  SELECT task, status, low, rows_read, inserted, updated, unchanged, rejected
  FROM xbb.sync_run WHERE sync = 'change' ORDER BY id DESC LIMIT 1;
CREATE VIEW columns AS SELECT columns FROM xbb.sync_definition WHERE name = 'change';

SELECT xbb.create_sync('change', 'source', 'target', columns => '{"name": "name", "price": "price"}');
-- before the first run there is nothing to fill
SELECT xbb.alter_sync('change', columns => '{"price": "price * 1"}');
TABLE columns;
CALL xbb.sync('change');
TABLE run;

-- what is not named stays, for new records, too
SELECT xbb.alter_sync('change', columns => '{"price": "round(price, 2)"}');
TABLE columns;
SELECT sim('clock advance=60');
SELECT sim('put', '{"dataId": 131, "formId": 1, "addTime": 1769300000, "updateTime": 1769300000, "data": {"serialNo": "S31", "text_1": "name 31", "num_1": 31.255}}');
SELECT sim('touch id=101', '{"text_1": "another"}');
CALL xbb.sync('change');
SELECT data_id, name, price FROM target WHERE data_id IN (101, 102, 131) ORDER BY data_id;
-- the others are as they were, until a full run: it writes what differs, no more
CREATE TABLE before AS SELECT data_id, xmin AS writer, ctid AS place FROM target;
SELECT watermark AS watermark_before FROM xbb.sync_definition WHERE name = 'change' \gset
CALL xbb.sync('change', full => true);
TABLE run;
SELECT data_id, name, price FROM target WHERE data_id IN (101, 102, 131) ORDER BY data_id;
SELECT array_agg(data_id ORDER BY data_id) AS untouched FROM (SELECT data_id, xmin, ctid FROM target INTERSECT TABLE before) t;
SELECT count(*) FROM target t JOIN source s USING (data_id) WHERE t.price IS DISTINCT FROM round(s.price, 2);
SELECT watermark = :'watermark_before' AS unmoved, loading_until FROM xbb.sync_definition WHERE name = 'change';
CALL xbb.sync('change', full => true);
TABLE run;
-- in pieces, too: no row has the new value before, each has it behind
SELECT xbb.alter_sync('change', columns => '{"price": "round(price)"}', chunk => '10 hours');
SELECT sim('clear');
CALL xbb.sync('change', full => true);
SELECT sim('count')::int > 3 AS in_pieces;
SELECT rows_read >= 31 AS all_read, inserted, updated FROM run;
SELECT count(*) FROM target t JOIN source s USING (data_id) WHERE t.price IS DISTINCT FROM round(s.price);
SELECT watermark = :'watermark_before' AS unmoved, loading_until FROM xbb.sync_definition WHERE name = 'change';
SELECT xbb.alter_sync('change', columns => '{"price": "round(price, 2)"}', chunk => '0');
CALL xbb.sync('change', full => true);
-- all is as in the source, also what is newer in the target
UPDATE target SET update_time = '2040-01-01', name = 'newer' WHERE data_id = 105;
CALL xbb.sync('change', full => true);
SELECT name FROM target WHERE data_id = 105;
UPDATE target SET update_time = '2020-01-01' WHERE data_id = 105;
-- a source without a clock or a count
CREATE TABLE plain AS TABLE source;
CREATE TABLE plain_copy (data_id bigint PRIMARY KEY, update_time timestamptz, name text);
SELECT xbb.create_sync('plain change', 'plain', 'plain_copy');
CALL xbb.sync('plain change');
UPDATE plain SET name = 'old, and changed' WHERE data_id = 102;
CALL xbb.sync('plain change');
SELECT name FROM plain_copy WHERE data_id = 102;
CALL xbb.sync('plain change', full => true);
SELECT name FROM plain_copy WHERE data_id = 102;

-- one more, one less, nothing, and nothing that there is
ALTER FOREIGN TABLE source ADD COLUMN unit text OPTIONS (attr 'text_2');
ALTER TABLE target ADD COLUMN unit text;
SELECT xbb.alter_sync('change', columns => '{"unit": "unit", "price": null}');
TABLE columns;
SELECT xbb.alter_sync('change', columns => '{"pirce": null}');
SELECT xbb.alter_sync('change', columns => '{}');
SELECT xbb.alter_sync('change');
TABLE columns;
CALL xbb.sync('change', full => true);
SELECT count(unit), count(price) FROM target;
-- what cannot be is refused, and the rest is as it was
SELECT xbb.alter_sync('change', columns => '{"data_id": "unit", "nme": "name"}');
SELECT xbb.alter_sync('change', columns => '{"name": {"a": "b"}}');
SELECT xbb.alter_sync('change', columns => '["name"]');
SELECT xbb.alter_sync('change', columns => '"name"');
TABLE columns;
SELECT xbb.alter_sync('change', key => '{unit}');
-- the two that each sync needs come back when they are taken out
SELECT xbb.alter_sync('change', columns => '{"update_time": "update_time - interval ''1 s''"}');
TABLE columns;
SELECT xbb.alter_sync('change', columns => '{"update_time": null}');
TABLE columns;

-- the default: columns of the same name; a patch is one over these
SELECT xbb.alter_sync('change', columns => 'null');
TABLE columns;
SELECT target_columns @> '{data_id,update_time,name,price,unit}' AS has_all FROM xbb.sync_definition WHERE name = 'change';
SELECT xbb.alter_sync('change', columns => '{"price": null, "name": "upper(name)"}');
TABLE columns;
-- all taken out is not the default
SELECT xbb.alter_sync('change', columns => '{"name": null, "unit": null}');
TABLE columns;
SELECT xbb.alter_sync('change', overlap => '2 hours');
SELECT columns, target_columns FROM xbb.sync_definition WHERE name = 'change';

-- what a source was read up to is that source's: where a dump was restored, the number beside its name may be another table's by now
CREATE TABLE one_source (data_id bigint, update_time timestamptz);
CREATE TABLE other_source (LIKE one_source);
SELECT xbb.create_sync('change source', source => 'one_source', target => 'change_source');
UPDATE xbb._sync_definition SET read_until = '2026-01-01 00:00+00', place = '00000000-0000-0000-0000-000000000000', source = 'other_source'::regclass
WHERE name = 'change source';
SET client_min_messages = warning;
SELECT xbb.alter_sync('change source', source => 'one_source');
SELECT source, read_until IS NOT NULL AS read FROM xbb.sync_definition WHERE name = 'change source';
UPDATE xbb._sync_definition SET read_until = '2026-01-01 00:00+00', place = '00000000-0000-0000-0000-000000000000', source = 'other_source'::regclass
WHERE name = 'change source';
SELECT xbb.alter_sync('change source', source => 'other_source');
SELECT source, read_until IS NOT NULL AS read FROM xbb.sync_definition WHERE name = 'change source';
SELECT xbb.drop_sync('change source');
RESET client_min_messages;

SET client_min_messages = warning;
SELECT xbb.drop_sync('change'), xbb.drop_sync('plain change');
DROP SERVER sync_change CASCADE;
DROP SCHEMA "dingSyncChange" CASCADE;
