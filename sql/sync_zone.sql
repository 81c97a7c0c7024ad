-- A time that an expression reads in the session's zone is refused, with the words that name
-- one; so is what a statement would make of the times that are in a table already.

CREATE SCHEMA "dingZone";
SET search_path = "dingZone";
SET TimeZone = 'UTC';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE source AS
  SELECT n::bigint AS data_id, '2026-01-01Z'::timestamptz + n * interval '1 s' AS update_time, DATE '2026-03-01' + n AS d,
         TIMESTAMP '2026-03-01 12:00' AS local, '2026-03-01 16:30Z'::timestamptz AS due
  FROM generate_series(1, 3) n;
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, at timestamptz, day date, local timestamp, text text, late boolean);
CREATE TABLE refused (o serial, name text, expression text, message text, detail text, hint text);
CREATE FUNCTION try(name text, expression text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  m text; d text; h text;
BEGIN
  PERFORM xbb.create_sync('zone try', 'source', 'target', columns => jsonb_build_object(name, expression));
  PERFORM xbb.drop_sync('zone try');
  INSERT INTO refused (name, expression, message) VALUES (name, expression, 'taken');
EXCEPTION WHEN datatype_mismatch THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  INSERT INTO refused (name, expression, message, detail, hint) VALUES (name, expression, m, d, h);
END
$$;
-- casts, also those that nobody wrote, comparisons, texts and days
SELECT try('at', 'd AT TIME ZONE ''Asia/Shanghai'''), try('at', '(d AT TIME ZONE ''Asia/Shanghai'') AT TIME ZONE ''Asia/Shanghai'''),
       try('at', 'coalesce(due, local)'), try('at', 'd::timestamptz'), try('day', 'due::date'), try('local', 'due::timestamp'),
       try('text', 'due::date::text'), try('text', 'due::text'), try('text', 'to_char(due, ''YYYY'')'), try('at', 'date_trunc(''day'', due)'),
       try('late', 'due > d'), try('late', '(SELECT bool_or(s.due > s.local) FROM source s)');
-- alike in every session
SELECT try('at', 'd::timestamp AT TIME ZONE ''Asia/Shanghai'''), try('at', 'local AT TIME ZONE ''Asia/Shanghai'''),
       try('day', '(due AT TIME ZONE ''Asia/Shanghai'')::date'), try('local', 'due AT TIME ZONE ''Asia/Shanghai'''),
       try('text', 'to_char(due AT TIME ZONE ''Asia/Shanghai'', ''YYYY-MM-DD'')'), try('late', 'due > d::timestamp AT TIME ZONE ''Asia/Shanghai'''),
       try('late', 'extract(epoch FROM due) > 0 AND due > ''2026-03-01 00:00+08'' AND d > ''2026-03-01'''), try('text', 'd::text');
\pset format unaligned
SELECT name, expression, message, detail, hint FROM refused ORDER BY o;
\pset format aligned
-- and so it is
SELECT xbb.create_sync('zone', 'source', 'target', columns => '{"at": "d::timestamp AT TIME ZONE ''Asia/Shanghai''",
  "day": "(due AT TIME ZONE ''Asia/Shanghai'')::date"}');
CALL xbb.sync('zone');
SELECT data_id, at, day FROM target ORDER BY data_id;
SET TimeZone = 'America/New_York';
SET client_min_messages = error;
CALL xbb.sync('zone', full => true);
SET client_min_messages = warning;
SELECT task, inserted, updated, unchanged FROM xbb.sync_run WHERE sync = 'zone' ORDER BY id;
SET TimeZone = 'UTC';
SELECT xbb.drop_sync('zone');

-- the tables that there are: the statement of the hint does not read their times in the session's zone
CREATE TABLE there (data_id bigint PRIMARY KEY, update_time timestamp, note text);
INSERT INTO there VALUES (1, '2026-01-01 08:00:01');
CREATE TABLE words (data_id bigint PRIMARY KEY, update_time text);
INSERT INTO words VALUES (1, '2026-01-01 08:00:01');
SELECT xbb.create_sync('zone', 'source', 'there', columns => '{}');
SELECT xbb.create_sync('zone', 'source', 'words', columns => '{}');
SELECT xbb.create_sync('zone', 'there', 'target', columns => '{}');
SELECT xbb.create_sync('zone', 'words', 'target', columns => '{}');
ALTER TABLE "dingZone".there ALTER COLUMN update_time TYPE timestamptz USING update_time AT TIME ZONE 'Asia/Shanghai';
ALTER TABLE "dingZone".words ALTER COLUMN update_time TYPE timestamptz USING update_time::timestamp AT TIME ZONE 'Asia/Shanghai';
SELECT t.update_time, w.update_time FROM there t JOIN words w USING (data_id);
SELECT xbb.create_sync('zone', 'source', 'there', columns => '{}');
SELECT xbb.drop_sync('zone');

-- the zone is the source's, in each hint
CREATE SERVER zone_elsewhere FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingZone', time_zone 'America/New_York');
CREATE FOREIGN TABLE elsewhere (data_id bigint, update_time timestamptz, due timestamptz OPTIONS (attr 'date_1'))
  SERVER zone_elsewhere OPTIONS (object 'product');
SELECT xbb.create_sync('zone', 'elsewhere', 'target', columns => '{"day": "due"}');
SELECT xbb.create_sync('zone', 'elsewhere', 'target', columns => '{"day": "due::date"}');

SET client_min_messages = error;
DROP SCHEMA "dingZone" CASCADE;
DROP SERVER zone_elsewhere;
