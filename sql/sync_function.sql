-- The expressions of a sync mean what their owner's path said when he gave them: they are a
-- function of his.  His triggers and functions run under that path.  The function is no
-- member of the extension, dumps have it, and no stranger keeps it from going.
CREATE ROLE regress_xbb_function LOGIN;
CREATE ROLE regress_xbb_function_heir;
CREATE ROLE regress_xbb_function_intern;
CREATE DATABASE regress_xbb_function TEMPLATE template0;
CREATE DATABASE regress_xbb_function_copy TEMPLATE template0;
\set here :DBNAME
\c regress_xbb_function
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
CREATE SCHEMA own;
GRANT ALL ON SCHEMA own, public TO regress_xbb_function, regress_xbb_function_heir, regress_xbb_function_intern;
-- a type that is to text what citext is
SET search_path = own;
CREATE TYPE ci;
CREATE FUNCTION ci_in(cstring) RETURNS ci LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION ci_out(ci) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE ci (INPUT = ci_in, OUTPUT = ci_out, LIKE = text, COLLATABLE = true, CATEGORY = 'S');
CREATE CAST (ci AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE FUNCTION ci_eq(ci, ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN lower($1::text) = lower($2::text);
CREATE FUNCTION ci_ne(ci, ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN lower($1::text) <> lower($2::text);
CREATE FUNCTION ci_lt(ci, ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN lower($1::text) < lower($2::text);
CREATE FUNCTION ci_le(ci, ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN lower($1::text) <= lower($2::text);
CREATE FUNCTION ci_gt(ci, ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN lower($1::text) > lower($2::text);
CREATE FUNCTION ci_ge(ci, ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN lower($1::text) >= lower($2::text);
CREATE FUNCTION ci_cmp(ci, ci) RETURNS integer LANGUAGE sql IMMUTABLE STRICT RETURN bttextcmp(lower($1::text), lower($2::text));
CREATE OPERATOR = (LEFTARG = ci, RIGHTARG = ci, FUNCTION = ci_eq, COMMUTATOR = =, NEGATOR = <>);
CREATE OPERATOR <> (LEFTARG = ci, RIGHTARG = ci, FUNCTION = ci_ne, COMMUTATOR = <>, NEGATOR = =);
CREATE OPERATOR < (LEFTARG = ci, RIGHTARG = ci, FUNCTION = ci_lt, COMMUTATOR = >, NEGATOR = >=);
CREATE OPERATOR <= (LEFTARG = ci, RIGHTARG = ci, FUNCTION = ci_le, COMMUTATOR = >=, NEGATOR = >);
CREATE OPERATOR > (LEFTARG = ci, RIGHTARG = ci, FUNCTION = ci_gt, COMMUTATOR = <, NEGATOR = <=);
CREATE OPERATOR >= (LEFTARG = ci, RIGHTARG = ci, FUNCTION = ci_ge, COMMUTATOR = <=, NEGATOR = <);
CREATE OPERATOR CLASS ci_ops DEFAULT FOR TYPE ci USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 ci_cmp(ci, ci);
SET ROLE regress_xbb_function;
CREATE TABLE plain (data_id bigint, update_time timestamptz, kind ci, name varchar(20) COLLATE "POSIX", price numeric(8, 2));
INSERT INTO plain VALUES (1, '2026-01-01 00:00+00', 'a', 'one', 1), (2, '2026-01-02 00:00+00', 'A', 'two', 2), (3, '2026-01-03 00:00+00', 'c', NULL, NULL);

-- operators that have no name in what the parser leaves of the words
SELECT xbb.create_sync('words', 'plain', columns => '{"distinct_from": "kind IS DISTINCT FROM ''A''", "in_list": "kind IN (''A'', ''B'')",
  "null_if": "nullif(kind, ''A'')::text", "simple_case": "CASE kind WHEN ''A'' THEN 1 ELSE 0 END", "is_between": "kind BETWEEN ''a'' AND ''b''",
  "found": "kind IN (SELECT p.kind FROM plain p WHERE p.data_id = 1)"}');
SET search_path = '';
CALL xbb.sync('words');
SET search_path = own;
SELECT data_id, distinct_from, in_list, null_if, simple_case, is_between, found FROM words ORDER BY data_id;

-- the whole row is the source's, and what takes its type takes it
CREATE FUNCTION describe(plain) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1.name || ' for ' || $1.price $$;
CREATE FUNCTION chosen(record) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'any row'; END $$;
CREATE FUNCTION chosen(plain) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'a row of plain' $$;
SELECT xbb.create_sync('whole', 'plain', columns => '{"whole": "to_jsonb(source)", "star": "row_to_json(source.*)::jsonb",
  "all_there": "source IS NOT NULL", "field": "(source).name", "in_a_row": "ROW(source.*)::text", "collation": "pg_collation_for(name)"}');
SELECT xbb.create_sync('typed', 'plain', columns => '{"whole": "to_jsonb(source)", "described": "describe(source)", "price": "price"}');
SELECT xbb.create_sync('chosen', 'plain', columns => '{"chosen": "chosen(source)", "itself": "source"}');
CALL xbb.sync_all();
SET DateStyle = ISO;
SELECT w.whole = to_jsonb(s) AS whole, w.star = to_jsonb(s) AS star, w.all_there, w.field, w.in_a_row = ROW(s.*)::text AS in_a_row, w.collation,
  t.whole = to_jsonb(s) AS typed_whole, t.described, c.chosen, c.itself = s AS itself
FROM plain s JOIN whole w USING (data_id) JOIN typed t USING (data_id) JOIN chosen c USING (data_id) ORDER BY data_id;
-- what takes the type forbids another type of a column, the rest does not
SELECT xbb.drop_sync('chosen');
DROP TABLE chosen;
ALTER TABLE plain ALTER COLUMN price TYPE numeric;
SELECT xbb.drop_sync('typed');
ALTER TABLE plain ALTER COLUMN price TYPE double precision;
CALL xbb.sync('whole', full => true);
ALTER TABLE plain ALTER COLUMN price TYPE numeric(8, 2);
CALL xbb.sync('whole', full => true);

-- the planner puts the expressions in the place of the call
SELECT id FROM xbb.sync_definition WHERE name = 'whole' \gset
EXPLAIN (VERBOSE, COSTS OFF) SELECT r.field, r.all_there FROM plain s, LATERAL xbb._sync_:id(s.data_id, s.update_time, s.kind, s.name, s.price) r;
-- not where they may differ from call to call
CREATE SEQUENCE counted;
SELECT xbb.create_sync('volatile', 'plain', columns => '{"number": "nextval(''counted'')"}');
CALL xbb.sync('volatile');
SELECT count(DISTINCT number) FROM volatile;
SELECT d.name, p.provolatile, p.proowner::regrole FROM xbb.sync_definition d JOIN pg_proc p ON p.proname = '_sync_' || d.id ORDER BY d.id;

-- triggers and functions of the owner's, with names as he writes them; no temporary table is in their way
CREATE TABLE noted (data_id bigint, what text);
CREATE TABLE rate (factor numeric);
INSERT INTO rate VALUES (10);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO noted VALUES (coalesce(new.data_id, old.data_id), lower(tg_op));
  RETURN coalesce(new, old);
END $$;
CREATE FUNCTION converted(numeric) RETURNS numeric LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $1 * (SELECT factor FROM rate); END $$;
CREATE TABLE triggered (serial text PRIMARY KEY, data_id bigint, update_time timestamptz, price numeric);
CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON triggered FOR EACH ROW EXECUTE FUNCTION note();
CREATE CONSTRAINT TRIGGER note_later AFTER INSERT ON triggered DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
SELECT xbb.create_sync('triggered', 'plain', 'triggered', key => '{serial}', delete_mode => 'delete',
  columns => '{"serial": "''S'' || data_id", "price": "converted(price)"}');
SELECT path FROM xbb.sync_definition WHERE name = 'triggered';
CREATE TEMP TABLE noted (data_id bigint, what text);
CREATE TEMP TABLE rate AS SELECT 1000 AS factor;
SET search_path = public;
CALL xbb.sync('triggered');
UPDATE own.plain SET price = 3, update_time = update_time + interval '1 day' WHERE data_id = 2;
CALL xbb.sync('triggered');
SELECT * FROM own.noted ORDER BY data_id, what;
SELECT count(*) AS caught FROM pg_temp.noted;
SELECT serial, price FROM own.triggered ORDER BY 1;
DROP TABLE pg_temp.noted, pg_temp.rate;

-- another path, where columns are given, and only there
SELECT xbb.alter_sync('triggered', overlap => '2 hours');
SELECT path FROM xbb.sync_definition WHERE name = 'triggered';
SELECT xbb.alter_sync('triggered', columns => '{}');
SET search_path = pg_temp, own, "$user", public;
SET client_min_messages = notice;
SELECT xbb.alter_sync('triggered', columns => '{}');
SELECT xbb.alter_sync('triggered', columns => '{}');
SET client_min_messages = warning;
SELECT path, xbb._sync_owners_path(path) FROM xbb.sync_definition WHERE name = 'triggered';
SELECT xbb._sync_owners_path(p) FROM unnest(array['', '""', 'pg_temp', 'a,"b ""c", PG_TEMP , "PG_TEMP"']) p;
SELECT xbb._sync_owners_path('a b');
SET search_path = own;

-- what an expression calls may change, move, be renamed; it cannot go
CREATE OR REPLACE FUNCTION converted(numeric) RETURNS numeric LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $1 * 2; END $$;
ALTER FUNCTION converted(numeric) RENAME TO doubled;
ALTER FUNCTION doubled(numeric) SET SCHEMA public;
CREATE FUNCTION converted(numeric) RETURNS numeric LANGUAGE sql RETURN 0;
CALL xbb.sync('triggered', full => true);
SELECT serial, price FROM triggered ORDER BY 1;
DROP FUNCTION public.doubled(numeric);
-- nor is a name looked up again that fits better by now, unless its owner says so
SELECT xbb.create_sync('better', 'plain', columns => '{"name": "upper(name)"}');
CREATE FUNCTION upper(varchar) RETURNS text LANGUAGE sql RETURN 'planted';
SELECT xbb.alter_sync('better', overlap => '2 hours');
CALL xbb.sync('better');
ALTER TABLE plain ALTER COLUMN name TYPE varchar(30);
\set VERBOSITY default
CALL xbb.sync('better');
\set VERBOSITY terse
ALTER TABLE plain ALTER COLUMN name TYPE text;
CALL xbb.sync('better', full => true);
SELECT name FROM better ORDER BY data_id;
ALTER TABLE plain ALTER COLUMN name TYPE varchar(20) COLLATE "POSIX";
DROP FUNCTION upper(varchar);
SELECT xbb.drop_sync('better');
-- nor may it be what goes with the session
CREATE TEMP TABLE passing (n bigint);
CREATE FUNCTION pg_temp.passing(bigint) RETURNS bigint LANGUAGE sql RETURN $1;
SELECT xbb.create_sync('bound', 'plain', columns => '{"n": "(SELECT max(n) FROM passing)"}');
SELECT xbb.create_sync('bound', 'plain', columns => '{"n": "pg_temp.passing(data_id)"}');
SELECT to_regclass('bound'), (SELECT count(*) FROM pg_proc WHERE pronamespace = pg_my_temp_schema()) AS functions;

-- constants are read once; what asks for the session's time zone gets that of the run
SET TimeZone = 'Asia/Shanghai';
SELECT xbb.create_sync('zone', 'plain', columns => '{"noon": "timestamptz ''2026-01-01 12:00''", "hour": "extract(hour FROM update_time)"}');
SET TimeZone = 'UTC';
CALL xbb.sync('zone');
SELECT data_id, noon, hour FROM zone ORDER BY 1;
RESET TimeZone;

-- keys are compared as their index does
CREATE TABLE keyed (kind ci PRIMARY KEY, data_id bigint, update_time timestamptz);
SELECT xbb.create_sync('keyed', 'plain', 'keyed', key => '{kind}', columns => '{"kind": "kind"}');
CALL xbb.sync('keyed');
UPDATE plain SET kind = 'C', update_time = update_time + interval '1 day' WHERE data_id = 3;
INSERT INTO plain VALUES (4, '2026-01-05 00:00+00', 'a', 'four', 4);
CALL xbb.sync('keyed');
TABLE keyed ORDER BY data_id;
SELECT sync, data_id, kind, error FROM xbb.sync_reject;

-- of a domain by that of its base type, whatever its own are
CREATE DOMAIN code AS text;
CREATE FUNCTION code_eq(code, code) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'called'; RETURN false; END $$;
CREATE OPERATOR = (LEFTARG = code, RIGHTARG = code, FUNCTION = code_eq);
CREATE TABLE coded (name code PRIMARY KEY, data_id bigint, update_time timestamptz);
SELECT xbb.create_sync('coded', 'plain', 'coded', key => '{name}', columns => '{"name": "coalesce(name, ''none'')"}');
CALL xbb.sync('coded');
CALL xbb.sync('coded', full => true);
SELECT xbb._sync_same_key(d) FROM xbb.sync_definition d WHERE name IN ('coded', 'keyed') ORDER BY name;
-- a run that is overtaken by a change of columns says so
SELECT xbb._sync_transformed(json_populate_record(d, '{"target_columns": ["data_id", "update_time"]}')) FROM xbb.sync_definition d WHERE name = 'coded';

-- more columns than a function takes arguments
DO $$
BEGIN
  EXECUTE (SELECT format('CREATE TABLE wide (data_id bigint, update_time timestamptz, %s)', string_agg(format('c%s integer', n), ', '))
           FROM generate_series(1, 250) n);
  EXECUTE (SELECT format('INSERT INTO wide SELECT 1, ''2026-01-01'', %s', string_agg(n::text, ', ')) FROM generate_series(1, 250) n);
END $$;
SELECT xbb.create_sync('wide', 'wide', 'wide_copy', columns => jsonb_object_agg('c' || n, 'c' || n) || '{"whole": "to_jsonb(source)"}')
FROM generate_series(1, 250) n;
CALL xbb.sync('wide');
SELECT w.whole = to_jsonb(s) AS whole, to_jsonb(w) - 'whole' = to_jsonb(s) AS parts FROM wide s, wide_copy w;
SELECT id AS wide FROM xbb.sync_definition WHERE name = 'wide' \gset
SELECT proname, pronargs FROM pg_proc WHERE oid = ANY (xbb._sync_functions(:wide)) ORDER BY length(proname), proname;
SELECT xbb.alter_sync('wide', columns => jsonb_object_agg('c' || n, NULL)) FROM generate_series(1, 249) n;
SELECT proname, pronargs FROM pg_proc WHERE oid = ANY (xbb._sync_functions(:wide)) ORDER BY length(proname), proname;
SELECT xbb.drop_sync('wide');
SELECT xbb._sync_functions(:wide);

-- nobody gives a sync another function than one of its owner's, and none that is more than an expression
SELECT id AS whole, '_sync_' || id AS of_whole FROM xbb.sync_definition WHERE name = 'whole' \gset
SELECT xbb._sync_function_keep(:whole, array['note()'::regprocedure]);
CREATE FUNCTION pg_temp.made(data_id bigint) RETURNS TABLE (data_id bigint) LANGUAGE sql AS 'SELECT $1';
SELECT xbb._sync_function_keep(:whole, array['pg_temp.made(bigint)'::regprocedure]);
CREATE FUNCTION pg_temp.lent(data_id bigint) RETURNS TABLE (data_id bigint) LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC SELECT $1; END;
SELECT xbb._sync_function_keep(:whole, array['pg_temp.lent(bigint)'::regprocedure]);
SELECT xbb._sync_function_keep(:whole, array[NULL::oid]);
SELECT xbb._sync_function_keep(:whole, array[0::oid]);
SET ROLE regress_xbb_function_intern;
CREATE FUNCTION pg_temp.planted(data_id bigint) RETURNS TABLE (data_id bigint) LANGUAGE sql BEGIN ATOMIC SELECT $1; END;
SELECT xbb._sync_function_keep(:whole, array['pg_temp.planted(bigint)'::regprocedure]);
CREATE FUNCTION xbb._sync_4711() RETURNS integer LANGUAGE sql RETURN 1;
-- a view of his goes with the function
CREATE VIEW held AS SELECT * FROM xbb.:of_whole(1, '2026-01-01', 'a', 'x', 1);
SET ROLE regress_xbb_function;
SELECT xbb._sync_function_keep(:whole, array['pg_temp.planted(bigint)'::regprocedure]);
ALTER FUNCTION xbb.:of_whole RENAME TO _sync_4711;
SELECT xbb.alter_sync('whole', columns => '{"field": null}');
SELECT to_regclass('held');
CALL xbb.sync('whole');
DROP FUNCTION xbb.:of_whole;
CALL xbb.sync('whole');
SELECT xbb.alter_sync('whole', columns => '{}');
CALL xbb.sync('whole');
RESET ROLE;
DROP FUNCTION pg_temp.passing(bigint), pg_temp.made(bigint), pg_temp.lent(bigint), pg_temp.planted(bigint);

-- who has a sync forgotten by hand has no function left of it
SET ROLE regress_xbb_function;
SELECT xbb.create_sync('by hand', 'words', 'by_hand_copy');
SELECT id AS by_hand FROM xbb.sync_definition WHERE name = 'by hand' \gset
SELECT cardinality(xbb._sync_functions(:by_hand));
SELECT xbb._sync_forget(:by_hand);
SELECT xbb._sync_functions(:by_hand);
RESET ROLE;

-- as a function it is its owner's: DROP ROLE and REASSIGN OWNED know it
CREATE TABLE common (data_id bigint PRIMARY KEY, update_time timestamptz);
CREATE TABLE heirs (data_id bigint PRIMARY KEY, update_time timestamptz);
GRANT ALL ON common, heirs TO regress_xbb_function_heir, regress_xbb_function;
SET ROLE regress_xbb_function_heir;
SELECT xbb.create_sync('heirs', 'common', 'heirs');
RESET ROLE;
REVOKE ALL ON common, heirs FROM regress_xbb_function_heir;
REVOKE ALL ON SCHEMA own, public FROM regress_xbb_function_heir;
\set VERBOSITY default
DROP ROLE regress_xbb_function_heir;
\set VERBOSITY terse
REASSIGN OWNED BY regress_xbb_function_heir TO regress_xbb_function;
SELECT name, owner FROM xbb.sync_definition WHERE name = 'heirs';
SET ROLE regress_xbb_function;
CALL xbb.sync('heirs');
SELECT xbb.drop_sync('heirs');
RESET ROLE;
DROP OWNED BY regress_xbb_function_heir;
DROP ROLE regress_xbb_function_heir;

-- dumps have it; what their words have lost comes back before the first run
SELECT count(*) FILTER (WHERE d.deptype = 'e') AS members, count(*) FILTER (WHERE d.deptype = 'x') > 3 AS go_with_it
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass
WHERE p.proname ~ '^_sync_[0-9]+';
\! pg_dump regress_xbb_function | psql -Xq -v ON_ERROR_STOP=1 regress_xbb_function_copy >/dev/null
\c regress_xbb_function_copy
SET search_path = own;
SELECT d.name, p.proowner::regrole, p.prosrc FROM xbb.sync_definition d JOIN pg_proc p ON p.proname = '_sync_' || d.id WHERE d.name = 'words';
SET client_min_messages = warning;
SELECT xbb.activate();
SET ROLE regress_xbb_function;
SET search_path = '';
CALL xbb.sync('words', full => true);
SELECT data_id, distinct_from, in_list, null_if, simple_case, is_between, found FROM own.words ORDER BY data_id;
-- where another name was found than then, its owner has to say what he means
\set VERBOSITY default
CALL xbb.sync('triggered', full => true);
RESET ROLE;
SELECT d.name, p.proowner::regrole, p.prosrc FROM xbb.sync_definition d JOIN pg_proc p ON p.proname OPERATOR(pg_catalog.=) ('_sync_' || d.id) WHERE d.name = 'words';
-- and it goes with the extension
DROP EXTENSION xbb_etl;
SELECT count(*) FROM pg_proc WHERE proname ~ '^_sync_[0-9]+';
DROP EXTENSION xbb_fdw;

\c :here
SET client_min_messages = error;
DROP DATABASE regress_xbb_function;
DROP DATABASE regress_xbb_function_copy;
DROP ROLE regress_xbb_function, regress_xbb_function_intern;
