-- What a run stages: it leaves nothing in the catalogs, goes to disk where memory is short,
-- takes types as INSERT does, and sets aside exactly what fails, wherever it stands among
-- the records and whatever it fails by; another role, or another run inside of it, does not
-- get at it.

\set company dingSyncStage
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=300 freeze=on');
CREATE SERVER sync_stage FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_stage OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER sync_stage OPTIONS (object 'product');

-- rows of the catalogs that were written by a run: by one with nothing new, one with some
-- hundred changes, and what a reconciliation compares
CREATE FUNCTION catalog_rows() RETURNS bigint LANGUAGE sql AS
  'SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_xact_sys_tables WHERE schemaname IN (''pg_catalog'', ''pg_toast'')';
SELECT xbb.create_sync('quiet', source => 'source', target => 'quiet', delete_mode => 'mark');
CALL xbb.sync('quiet');
BEGIN;
SELECT catalog_rows() AS before \gset
CALL xbb.sync('quiet');
SELECT catalog_rows() - :before AS written;
COMMIT;
SELECT sim('clock advance=10');
SELECT sim('touch id=' || (SELECT string_agg((51200000 + n)::text, ',') FROM generate_series(1, 250) n), '{"text_1": "changed"}');
SELECT sim('clock advance=10');
BEGIN;
SELECT catalog_rows() AS before \gset
CALL xbb.sync('quiet');
SELECT catalog_rows() - :before AS written;
SELECT c.missed, c.gone FROM xbb.sync_definition d, xbb._sync_differences(d, NULL, NULL) c WHERE d.name = 'quiet';
SELECT catalog_rows() - :before AS written;
ROLLBACK;

-- 6,000 records on disk, in pieces: those that an expression, a column's type, a domain, a
-- constraint, another unique index or a trigger refuses, alone and in a row, at both ends;
-- what is in the target, and why the rest is not, is asked of SQL
SET work_mem = '64kB';
CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
CREATE TABLE records AS
SELECT n::bigint AS data_id, timestamptz '2024-01-01' + n * interval '1 s' AS update_time,
       CASE WHEN n % 601 = 0 THEN 'none' ELSE n::text END AS number,
       repeat('x', CASE WHEN n % 701 = 0 THEN 9 ELSE n % 9 END) AS short,
       CASE WHEN n % 503 = 0 THEN 1 ELSE n * 2 END AS even,
       CASE WHEN n BETWEEN 2000 AND 3200 OR n IN (1, 6000) THEN -n ELSE n END AS positive,
       CASE WHEN n % 907 = 0 THEN 'same' ELSE 'other ' || n END AS other,
       n % 809 = 0 AS refused, n % 401 = 0 AS refused_late,
       CASE WHEN n % 97 = 0 THEN NULL ELSE array[n, n] END AS list,
       CASE WHEN n % 10 = 0 THEN repeat(md5(n::text), 200) END AS long
FROM generate_series(1, 6000) n;
ANALYZE records;
CREATE TABLE target (
  data_id bigint PRIMARY KEY, update_time timestamptz, number numeric(6, 1), short varchar(8), even even,
  positive bigint CHECK (positive > 0), other char(20) UNIQUE, refused boolean, refused_late boolean, list bigint[], long text);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_WHEN = 'BEFORE' AND NEW.refused OR TG_WHEN = 'AFTER' AND NEW.refused_late THEN
    RAISE 'refused' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER early BEFORE INSERT OR UPDATE ON target FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON target DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT xbb.create_sync('stage', source => 'records', target => 'target', columns => '{"number": "number::numeric / 2", "short": "short", "even": "even",
  "positive": "positive", "other": "other", "refused": "refused", "refused_late": "refused_late", "list": "list", "long": "long"}',
  reject_limit => 2000);
CALL xbb.sync('stage');
CREATE TABLE wrong AS
SELECT data_id, CASE WHEN number = 'none' THEN '22P02' WHEN length(short) > 8 THEN '22001'
                     WHEN positive < 0 OR even % 2 = 1 OR refused OR refused_late THEN '23514' WHEN other = 'same' THEN '23505' END AS sqlstate
FROM (SELECT *, row_number() OVER (PARTITION BY other ORDER BY number = 'none', length(short) > 8, even % 2 = 1, positive < 0, refused OR refused_late, data_id) AS place
      FROM records) r
WHERE number = 'none' OR length(short) > 8 OR even % 2 = 1 OR positive < 0 OR refused OR refused_late OR place > 1;
SELECT count(*) AS wrong, count(j.data_id) AS set_aside, count(*) FILTER (WHERE w.sqlstate = j.sqlstate) AS for_that
FROM wrong w FULL JOIN (SELECT * FROM xbb.sync_reject WHERE sync = 'stage') j USING (data_id);
CREATE VIEW differences AS
(SELECT data_id, update_time, (number::numeric / 2)::numeric(6, 1), short, even, positive, other::char(20), list, long
 FROM records WHERE data_id NOT IN (SELECT data_id FROM wrong)
 EXCEPT SELECT data_id, update_time, number, short, even, positive, other, list, long FROM target)
UNION ALL
(SELECT data_id, update_time, number, short, even, positive, other, list, long FROM target
 EXCEPT SELECT data_id, update_time, (number::numeric / 2)::numeric(6, 1), short, even, positive, other::char(20), list, long
 FROM records WHERE data_id NOT IN (SELECT data_id FROM wrong));
SELECT count(*) FROM differences;
SELECT count(*) FROM target;
-- the same as changes: half of the rows differ, and what was wrong is so still
UPDATE records SET update_time = update_time + interval '1 year', list = list || 7::bigint WHERE data_id % 2 = 0;
UPDATE records SET update_time = update_time + interval '1 year' WHERE data_id % 2 = 1;
SELECT count(*) FROM differences;
CALL xbb.sync('stage');
SELECT count(*) FROM differences;
SELECT count(*) AS wrong, count(j.data_id) AS set_aside
FROM wrong w FULL JOIN (SELECT * FROM xbb.sync_reject WHERE sync = 'stage') j USING (data_id);
-- what was wrong is mended
ALTER TABLE target DROP CONSTRAINT target_positive_check;
CALL xbb.retry_rejects('stage');
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'stage';
SELECT count(*) FROM target WHERE positive < 0;
RESET work_mem;

-- a trigger of the target runs another sync in the midst of a load: each has its own stages
CREATE TABLE inner_records AS SELECT n::bigint AS data_id, timestamptz '2024-01-01' AS update_time, 'inner ' || n AS name FROM generate_series(1, 20) n;
CREATE TABLE outer_records AS SELECT n::bigint AS data_id, timestamptz '2024-01-01' AS update_time, 'outer ' || n AS name FROM generate_series(1, 50) n;
SELECT xbb.create_sync('inner', source => 'inner_records', target => 'inner_copy');
SELECT xbb.create_sync('outer', source => 'outer_records', target => 'outer_copy');
CREATE FUNCTION run_inner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  CALL xbb.sync('inner');
  RETURN NEW;
END
$$;
CREATE TRIGGER run_inner BEFORE INSERT ON outer_copy FOR EACH ROW WHEN (NEW.data_id % 20 = 0) EXECUTE FUNCTION run_inner();
CALL xbb.sync('outer');
SELECT count(*), count(*) FILTER (WHERE name = 'outer ' || data_id) AS right FROM outer_copy;
SELECT count(*), count(*) FILTER (WHERE name = 'inner ' || data_id) AS right FROM inner_copy;

-- what an expression or a trigger of the owner's calls changes no stage of the load that it is called
-- by: neither that which is read, nor that which is made
CREATE TABLE meddled AS SELECT n::bigint AS data_id, timestamptz '2024-01-01' AS update_time, 'row ' || n AS name FROM generate_series(1, 40) n;
CREATE TABLE meddled_copy (data_id bigint PRIMARY KEY, update_time timestamptz, name text);
CREATE TABLE told (stage int, call text, error text);
CREATE FUNCTION meddle(id bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  stage int;
  call text;
BEGIN
  IF id = 20 THEN
    FOR stage IN 1 .. 2 LOOP
      FOREACH call IN ARRAY array['_stage_mark(%s, ''SELECT pg_catalog.generate_series(1::bigint, 40)'')', '_stage_drop(%s)',
        '_stage_piece(%s, 1, 5, true)', '_stage_append(%s, ''SELECT'')', '_stage_clear(%s)', '_stage_close(%s)'] LOOP
        BEGIN
          EXECUTE 'SELECT xbb.' || format(call, stage);
          INSERT INTO told VALUES (stage, call, 'none');
        EXCEPTION WHEN object_in_use THEN
          INSERT INTO told VALUES (stage, call, SQLERRM);
        END;
      END LOOP;
    END LOOP;
  END IF;
  RETURN true;
END
$$;
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM meddle(NEW.data_id); RETURN NEW; END';
SELECT xbb.create_sync('meddled', source => 'meddled', target => 'meddled_copy',
  columns => '{"name": "CASE WHEN meddle(data_id) THEN name END"}');
CALL xbb.sync('meddled');
SELECT stage, error, count(*) FROM told GROUP BY stage, error ORDER BY stage;
SELECT count(*), count(*) FILTER (WHERE name = 'row ' || data_id) AS right FROM meddled_copy;
TRUNCATE told, meddled_copy;
SELECT xbb.alter_sync('meddled', columns => '{"name": "name"}');
CREATE TRIGGER meddle BEFORE INSERT ON meddled_copy FOR EACH ROW EXECUTE FUNCTION meddle();
CALL xbb.sync('meddled', full => true);
SELECT stage, error, count(*) FROM told GROUP BY stage, error ORDER BY stage;
SELECT count(*), count(*) FILTER (WHERE name = 'row ' || data_id) AS right FROM meddled_copy;

-- a stage is the transaction's, and the role's that made it; its columns are known by name and type
\set VERBOSITY terse
CREATE ROLE regress_xbb_stage;
GRANT USAGE ON SCHEMA xbb TO regress_xbb_stage;
BEGIN;
SELECT xbb._stage_read('SELECT n, n::text AS t FROM generate_series(1, 5) n', NULL, NULL, NULL) AS stage \gset
SELECT * FROM xbb._stage(:stage) AS s (t text, "#n" bigint);
SAVEPOINT s;
SELECT xbb._stage_read('SELECT 1 AS one', NULL, NULL, NULL) AS inner \gset
SELECT * FROM xbb._stage(:stage) AS s (n text);
ROLLBACK TO s;
SELECT * FROM xbb._stage(:inner) AS s (one integer);
ROLLBACK TO s;
SELECT * FROM xbb._stage(:stage) AS s (other text);
ROLLBACK TO s;
SET LOCAL ROLE regress_xbb_stage;
SELECT * FROM xbb._stage(:stage) AS s (t text);
ROLLBACK TO s;
SELECT xbb._stage_piece(:stage, 2, 4, true), xbb._stage_mark(:stage, 'SELECT pg_catalog.unnest(array[3, 5]::bigint[])');
EXPLAIN (COSTS ON, SUMMARY OFF) SELECT * FROM xbb._stage(:stage, false) AS s (n integer);
SELECT * FROM xbb._stage(:stage, true) AS s (n integer);
SELECT xbb._stage_drop(:stage);
SELECT * FROM xbb._stage(:stage) AS s (n integer);
COMMIT;
SELECT * FROM xbb._stage(:stage) AS s (t text);
\set VERBOSITY default

SET client_min_messages = warning;
REVOKE USAGE ON SCHEMA xbb FROM regress_xbb_stage;
DROP ROLE regress_xbb_stage;
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name IN ('quiet', 'stage', 'inner', 'outer', 'meddled');
DROP SERVER sync_stage CASCADE;
DROP SCHEMA "dingSyncStage" CASCADE;
