-- What a chunk costs: a run that finds nothing new is one request, however long ago the
-- watermark was, and each reject counts once, as reject_limit counts it.  More than a
-- page of news is loaded in small steps.

\set company dingSyncChunk
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=300 freeze=on');
SELECT sim('touch id=51200291,51200292,51200293,51200294,51200295,51200296,51200297,51200298,51200299,51200300', '{"text_19": "bad"}');
CREATE SERVER sync_chunk FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_chunk OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, mark text OPTIONS (attr 'text_19'))
  SERVER sync_chunk OPTIONS (object 'product');
CREATE VIEW run AS
  SELECT status, requests, rows_read, inserted, updated, unchanged, rejected, error FROM xbb.sync_run WHERE sync = 'chunk'
  ORDER BY id DESC LIMIT 1;
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, mark text CONSTRAINT good CHECK (mark <> 'bad'));

-- the load goes by windows; the last ten records are refused, and read twice: in a window, and in what follows
SELECT xbb.create_sync('chunk', source => 'source', target => 'target', chunk => '100 days', reject_limit => 10);
CALL xbb.sync('chunk');
SELECT status, inserted, rejected, error FROM run;
SELECT count(*) FROM target;

-- idle, the watermark longer ago than the chunk: one request reads the overlap
SELECT xbb.alter_sync('chunk', chunk => '5 days');
SELECT sim('clock advance=864000');
SELECT sim('clear');
CALL xbb.sync('chunk');
TABLE run;
SELECT sim('count');
CALL xbb.reconcile('chunk');
SELECT status, updated, rejected FROM run;

-- the limit is for what the log shows
SELECT xbb.alter_sync('chunk', reject_limit => 9);
CALL xbb.sync('chunk');
SELECT status, error FROM run;
SELECT xbb.alter_sync('chunk', reject_limit => 10);

-- some news are no reason for windows, many are
SELECT sim('touch id=51200001', '{"text_19": "new"}');
SELECT sim('clear');
CALL xbb.sync('chunk');
SELECT status, updated, rejected FROM run;
SELECT sim('count');
SELECT sim('clock advance=864000');
SELECT sim('touch id=' || (SELECT string_agg((51200000 + n)::text, ',') FROM generate_series(1, 100) n), '{"text_19": "newer"}');
SELECT sim('clock advance=864000');
SELECT sim('touch id=' || (SELECT string_agg((51200100 + n)::text, ',') FROM generate_series(1, 100) n), '{"text_19": "newer"}');
SELECT sim('clock advance=864000');
SELECT sim('clear');
CALL xbb.sync('chunk');
SELECT status, updated, rejected FROM run;
SELECT sim('count')::int > 4 AS in_steps;
SELECT count(*) FROM target WHERE mark = 'newer';

-- what a run refuses, and then loads, was not set aside
SELECT xbb.drop_sync('chunk');
TRUNCATE target;
CREATE FUNCTION second_time(id bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF id = 51200150 AND NOT EXISTS (SELECT FROM xbb.sync_reject WHERE data_id = id) THEN
    RAISE division_by_zero;
  END IF;
  RETURN NULL;
END $$;
SELECT xbb.create_sync('chunk', source => 'source', target => 'target', chunk => '100 days',
  columns => '{"mark": "second_time(data_id)"}');
CALL xbb.sync('chunk');
SELECT status, inserted, rejected, error FROM run;
SELECT count(*), (SELECT rejects_open FROM xbb.sync_status WHERE name = 'chunk') FROM target;

SET client_min_messages = warning;
SELECT xbb.drop_sync('chunk');
DROP SERVER sync_chunk CASCADE;
DROP SCHEMA "dingSyncChunk" CASCADE;
