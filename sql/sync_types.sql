-- What cannot be loaded is refused when a sync is defined, or its run begins: types
-- that do not go into each other, in every session alike, with the expression that
-- does it, expressions that are not one row's, sources and targets that are not fit.

\set company dingSyncTypes
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('put', '{"dataId": 101, "formId": 1, "addTime": 1769000001, "updateTime": 1769000001, "data": {"serialNo": "S1", "text_1": "12", "num_1": 1.5, "num_2": 7, "date_1": 1769000000, "ownerId": ["a", "b"]}}');
SELECT sim('put', '{"dataId": 102, "formId": 1, "addTime": 1769000002, "updateTime": 1769000002, "data": {"serialNo": "S2", "text_1": "13", "num_1": 2.5, "num_2": 8, "date_1": 1769000000, "ownerId": []}}');
CREATE SERVER sync_types FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_types OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (
  data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'),
  price numeric OPTIONS (attr 'num_1'), parent_id bigint OPTIONS (attr 'num_2'), due timestamptz OPTIONS (attr 'date_1'),
  owners text[] OPTIONS (attr 'ownerId'), raw json OPTIONS (attr '*'))
  SERVER sync_types OPTIONS (object 'product');

-- what INSERT makes right by itself: a bigint of text, a jsonb of json, shorter texts, other numbers, domains
CREATE DOMAIN short AS varchar(3) CHECK (value <> 'no');
CREATE TABLE fits (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no short, name varchar(10), price real, parent_id text, raw jsonb);
SELECT xbb.create_sync('types fits', 'source', 'fits');
CALL xbb.sync('types fits');
SELECT data_id, serial_no, name, price, parent_id, raw -> 'data' ->> 'serialNo' AS raw FROM fits ORDER BY data_id;
-- a record that comes back from its row does so in the target's types
INSERT INTO xbb._sync_reject (definition, data_id, kind, error, raw, loaded, run)
SELECT d.id, 101, 'duplicate key', 'test', row_to_json(f), to_jsonb(f) || '{"parent_id": "99"}', 0
FROM fits f, xbb.sync_definition d WHERE f.data_id = 101 AND d.name = 'types fits';
CALL xbb.retry_rejects('types fits');
SELECT data_id, parent_id, raw -> 'data' ->> 'serialNo' AS raw FROM fits ORDER BY data_id;
-- a target that has changed: a type that fits still, one that does not, a column that is gone
ALTER TABLE fits ALTER COLUMN price TYPE text;
CALL xbb.sync('types fits', full => true);
SELECT data_id, price FROM fits ORDER BY data_id;
ALTER TABLE fits ALTER COLUMN name TYPE integer USING name::integer;
CALL xbb.sync('types fits');
CALL xbb.retry_rejects('types fits');
CALL xbb.reconcile('types fits');
SELECT status, sqlstate, error FROM xbb.sync_run WHERE sync = 'types fits' ORDER BY id DESC LIMIT 3;
SELECT xbb.alter_sync('types fits', overlap => '2 hours');
SELECT xbb.alter_sync('types fits', columns => '{"name": "name::integer"}');
CALL xbb.sync('types fits', full => true);
SELECT data_id, name FROM fits ORDER BY data_id;
ALTER TABLE fits DROP COLUMN parent_id;
CALL xbb.sync('types fits');
SELECT xbb.alter_sync('types fits', columns => '{"parent_id": null}');
CALL xbb.sync('types fits');
-- or a source
ALTER FOREIGN TABLE source ALTER COLUMN price TYPE integer;
CALL xbb.sync('types fits', full => true);
ALTER FOREIGN TABLE source ALTER COLUMN price TYPE numeric;
ALTER FOREIGN TABLE source RENAME COLUMN price TO cost;
\set VERBOSITY terse
-- the detail is in the server's words, which differ between majors
CALL xbb.sync('types fits');
\set VERBOSITY default
ALTER FOREIGN TABLE source RENAME COLUMN cost TO price;
CALL xbb.sync('types fits', full => true);
SELECT data_id, price FROM fits ORDER BY data_id;

-- what it does not make, or makes of each session's settings something else: with the expression, which works
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, number integer, text text, day date, local timestamp, parts integer[]);
CREATE TABLE refused (o serial, number text, expression text, message text, detail text, hint text);
CREATE FUNCTION try(number text, expression text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  m text; d text; h text;
BEGIN
  PERFORM xbb.create_sync('types try', 'source', 'target', columns => jsonb_build_object(number, expression));
  PERFORM xbb.drop_sync('types try');
  INSERT INTO refused (number, expression) VALUES (number, expression);
EXCEPTION WHEN datatype_mismatch THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  INSERT INTO refused (number, expression, message, detail, hint) VALUES (number, expression, m, d, h);
END
$$;
SELECT try('number', 'name'), try('number', 'price'), try('number', 'length(name) > 1'), try('number', 'lower(name)'), try('number', 'owners'),
       try('text', 'price'), try('text', 'raw'), try('text', 'due'), try('text', 'owners'), try('text', 'due::date'), try('day', 'name'),
       try('day', 'due'), try('local', 'due'), try('update_time', 'due::timestamp'), try('update_time', 'due::date'), try('parts', 'owners');
\pset format unaligned
SELECT number, expression, message, detail, hint FROM refused ORDER BY o;
\pset format aligned
DO $$
DECLARE
  item record;
BEGIN
  FOR item IN SELECT * FROM refused WHERE hint LIKE 'Write:%' ORDER BY o LOOP
    PERFORM xbb.create_sync('types try', 'source', 'target',
      columns => replace(substring(item.hint FROM 'columns => ''(.*)''$'), '''''', '''')::jsonb);
    PERFORM xbb.drop_sync('types try');
  END LOOP;
END
$$;
SELECT xbb.create_sync('types', 'source', 'target', columns => '{"number": "name::integer",
  "text": "to_char(due AT TIME ZONE ''Asia/Shanghai'', ''YYYY-MM-DD HH24:MI:SS'')", "parts": "owners::integer[]"}');
SET client_min_messages = error;
CALL xbb.sync('types');
RESET client_min_messages;
SELECT data_id, number, text, parts FROM target ORDER BY data_id;
SELECT data_id, kind, sqlstate, error FROM xbb.sync_reject WHERE sync = 'types';
SELECT xbb.drop_sync('types');

-- expressions of more than one row, or of none
SELECT xbb.create_sync('types bad', 'source', 'target', columns => '{"text": "unnest(array[name, upper(name)])"}');
SELECT xbb.create_sync('types bad', 'source', 'target', columns => '{"text": "lag(name) OVER (ORDER BY data_id)"}');
SELECT xbb.create_sync('types bad', 'source', 'target', columns => '{"number": "1", "text": "max(name)"}');
SELECT xbb.create_sync('types bad', 'source', 'target', columns => '{"text": "json_array_elements_text(''[1, 2]'')"}');
SELECT xbb.alter_sync('types fits', columns => '{"price": "generate_series(1, 2)"}');
SELECT columns FROM xbb.sync_definition WHERE name = 'types fits';
-- a sub-select may look elsewhere
SELECT xbb.create_sync('types good', 'source', 'target', columns => '{"text": "(SELECT max(u) FROM unnest(owners) u)"}');
CALL xbb.sync('types good');
SELECT data_id, text FROM target ORDER BY data_id;
SELECT xbb.drop_sync('types good');

-- a time that each session would read in its own zone
CREATE FOREIGN TABLE local_time (data_id bigint, update_time timestamp, name text OPTIONS (attr 'text_1')) SERVER sync_types OPTIONS (object 'product');
CREATE FOREIGN TABLE text_time (data_id bigint, changed text OPTIONS (attr 'updateTime')) SERVER sync_types OPTIONS (object 'product');
CREATE VIEW local_view AS SELECT data_id, update_time AT TIME ZONE 'Asia/Shanghai' AS update_time FROM source;
SELECT xbb.create_sync('types bad', 'local_time', 'target', columns => '{}');
SELECT xbb.create_sync('types bad', 'text_time', 'target', columns => '{"update_time": "changed::timestamptz"}');
SELECT xbb.create_sync('types bad', 'local_view', 'new_target', columns => '{}');
ALTER FOREIGN TABLE local_time ALTER COLUMN update_time TYPE timestamptz;
SELECT xbb.create_sync('types good', 'local_time', 'target', columns => '{}');
ALTER FOREIGN TABLE local_time ALTER COLUMN update_time TYPE timestamp;
CALL xbb.sync('types good');
SELECT xbb.drop_sync('types good');

-- a target that is gone with the session
CREATE TEMP TABLE temporary (data_id bigint PRIMARY KEY, update_time timestamptz);
SELECT xbb.create_sync('types bad', 'source', 'temporary', columns => '{}');
SELECT xbb.create_sync('types bad', 'source', 'pg_temp.made', columns => '{}');

SET client_min_messages = warning;
SELECT xbb.drop_sync('types fits');
DROP SERVER sync_types CASCADE;
DROP SCHEMA "dingSyncTypes" CASCADE;
