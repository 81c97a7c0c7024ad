-- Whoever may use the schema may call what the scripts call, with anything: an error is
-- right, and so is a result, but no end of the server.

\set company dingByHand
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
CREATE ROLE regress_xbb_by_hand;
GRANT USAGE ON SCHEMA xbb TO regress_xbb_by_hand;
GRANT ALL ON SCHEMA "dingByHand" TO regress_xbb_by_hand;
SET ROLE regress_xbb_by_hand;
CREATE TABLE own (a bigint);

-- each function in C with NULL everywhere, then with odd values of its types, beside a stage
CREATE TEMP TABLE odd AS
SELECT type::regtype, array_agg(value ORDER BY o) AS values FROM (VALUES
  ('integer', 'NULL', 1), ('integer', '1', 2), ('integer', '-2147483648', 3), ('integer', '0', 4), ('integer', '2147483647', 5),
  ('bigint', '1', 1), ('bigint', 'NULL', 2), ('bigint', '9223372036854775807', 3), ('bigint', '-9223372036854775808', 4),
  ('smallint', '1', 1), ('smallint', '-7', 2), ('smallint', '32767', 3), ('boolean', 'true', 1), ('boolean', 'NULL', 2), ('boolean', 'false', 3),
  ('text', $$'SELECT'$$, 1), ('text', $$'INSERT INTO own VALUES (1)'$$, 2), ('text', 'NULL', 3), ('text', $$'SELECT NULL::bigint'$$, 4),
  ('text', $$'SELECT 1::bigint; SELECT 1, 2::bigint'$$, 5), ('text', $$'SHOW work_mem'$$, 6), ('text', $$''$$, 7), ('text', $$'a.b'$$, 8),
  ('name', $$'x'$$, 1), ('name', $$''$$, 2), ('name', 'NULL', 3),
  ('text[]', $$array_fill('a'::text, array[40000])$$, 1), ('text[]', $$'{a,NULL}'$$, 2), ('text[]', $$'{}'$$, 3), ('text[]', $$'{{a},{a}}'$$, 4), ('text[]', 'NULL', 5),
  ('bigint[]', $$'{1,NULL}'$$, 1), ('bigint[]', $$'{{1},{2}}'$$, 2), ('bigint[]', 'NULL', 3),
  ('oid', 'NULL', 1), ('oid', '0', 2), ('oid', $$'own'::regclass$$, 3), ('oid[]', $$'{NULL}'$$, 1), ('oid[]', $$'{0}'$$, 2), ('oid[]', $$'{{1},{2}}'$$, 3),
  ('regclass', $$'own'$$, 1), ('regclass', '0', 2), ('regclass', 'NULL', 3), ('regrole', '0', 1), ('regrole', 'NULL', 2),
  ('timestamptz', $$'infinity'$$, 1), ('timestamptz', 'NULL', 2), ('interval', $$'1 day'$$, 1), ('interval', $$'-178000000 years'$$, 2),
  ('jsonb', $$'[1]'$$, 1), ('jsonb', 'NULL', 2), ('json', $$'""'$$, 1), ('json', $$'{}'$$, 2), ('anyelement', 'NULL::own', 1), ('anyelement', '1', 2))
  v (type, value, o) GROUP BY type;
CREATE FUNCTION value_of(type oid, k integer) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN k > 0 AND o.type IS NOT NULL THEN format(CASE WHEN o.type = 'anyelement'::regtype THEN '%s' ELSE '(%s)::%s' END, o.values[k % cardinality(o.values) + 1], t)
              ELSE format('NULL::%s', CASE WHEN t = 'anyelement'::regtype THEN 'own' ELSE t::text END) END
  FROM (SELECT type::regtype AS t) t LEFT JOIN odd o ON o.type = t $$;
CREATE FUNCTION call(statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM xbb._stage_append(xbb._stage_make('own', '{a}'), 'SELECT g, g FROM generate_series(1, 3::bigint) g');
  EXECUTE statement;
  RAISE EXCEPTION 'no trace of it stays';
EXCEPTION WHEN OTHERS THEN
END $$;
SET client_min_messages = error;
SELECT count(*) > 40 AS all, count(call(CASE WHEN p.prokind = 'p' THEN 'CALL ' WHEN k % 2 = 0 THEN 'SELECT ' ELSE 'SELECT * FROM ' END || format('xbb.%I(%s)', p.proname,
         (SELECT string_agg(value_of(a.type, CASE WHEN k > 0 THEN k + a.o::integer * (k / 20) END), ', ' ORDER BY a.o) FROM unnest(p.proargtypes) WITH ORDINALITY a (type, o))))) > 2000 AS calls
FROM pg_proc p, generate_series(0, 60) k
WHERE p.pronamespace = 'xbb'::regnamespace AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
  AND NOT 'internal'::regtype = ANY (p.proargtypes) AND p.prorettype <> 'trigger'::regtype;

SET client_min_messages = warning;

-- the trigger of the extension's own tables, on tables whose columns are called as theirs
CREATE TABLE definition (id integer GENERATED ALWAYS AS IDENTITY, confirmed boolean, owner bigint, source_name bigint, target_name text);
CREATE TRIGGER restored BEFORE INSERT ON definition FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
INSERT INTO definition (owner, source_name) VALUES (5, 5);
CREATE TABLE reject (run text, restored_by text);
CREATE TRIGGER restored BEFORE INSERT ON reject FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
INSERT INTO reject VALUES ('a', 'b');

-- a statement about a stage that closes it, or that another one takes the place of
CREATE FUNCTION closing(n bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF n = 2 THEN
    PERFORM xbb._stage_close(1);
  END IF;
  RETURN n;
END $$;
CREATE FUNCTION again(n bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF n[1] < 5 THEN
    PERFORM xbb._stage_piece(1, n[1] * 4000, n[1] * 4000 + 99, true);
    PERFORM xbb._stage_execute(1, 'SELECT again($2) FROM generate_series(1, 2)', NULL, array[n[1] + 1]);
  END IF;
  RETURN 1;
END $$;
SELECT xbb._stage_read('SELECT closing(g) FROM generate_series(1, 3) g', NULL, NULL, NULL);
BEGIN;
SELECT xbb._stage_append(xbb._stage_make('own', '{a}'), 'SELECT g, g FROM generate_series(1, 30000::bigint) g');
SAVEPOINT s;
SELECT xbb._stage_append(1, 'SELECT g, closing(g) FROM generate_series(30001, 30003::bigint) g UNION ALL SELECT 1, closing(2)');
ROLLBACK TO s;
SELECT xbb._stage_mark(1, 'SELECT closing(2)');
ROLLBACK TO s;
SELECT xbb._stage_piece(1, 1, 100, true);
SAVEPOINT s;
-- what a statement calls runs others about its stage, and changes nothing of it
SELECT xbb._stage_execute(1, 'SELECT again($2) FROM generate_series(1, 2)', NULL, array[1]);
ROLLBACK TO s;
SELECT xbb._stage_execute(1, 'SELECT again($2) FROM generate_series(1, 2)', NULL, array[5]);
SELECT xbb._stage_close(1);
COMMIT;

-- a function that calls itself safe in a parallel query, and is not: its worker's files are closed
CREATE FUNCTION said_safe(n bigint) RETURNS integer LANGUAGE plpgsql PARALLEL SAFE AS $$
BEGIN
  RETURN xbb._stage_read('SELECT repeat(''x'', 1000) FROM generate_series(1, 300)', NULL, NULL, NULL);
END $$;
INSERT INTO own SELECT generate_series(1, 1000);
ANALYZE own;
SET work_mem = '64kB';
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT count(said_safe(a)) FROM own WHERE a % 100 = 0;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA "dingByHand" CASCADE;
REVOKE USAGE ON SCHEMA xbb FROM regress_xbb_by_hand;
DROP OWNED BY regress_xbb_by_hand;
DROP ROLE regress_xbb_by_hand;
