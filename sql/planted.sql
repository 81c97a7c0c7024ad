-- For every function and operator that the syncs' scripts and C use, overloads that fit as
-- well or better are planted where the caller's path finds them, and types and tables in
-- pg_temp: none is called.  What is used is read from the catalog and the sources, so that
-- what comes to be used is planted, too.
\set company dingPlanted
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set statements `cd "$PG_ABS_SRCDIR"/src; cat func/sync*.c func/push*.c func/doctor*.c func/alert*.c func/send*.c option/target*.c target/*.c`
\! python3 $XBB_SIM ctl dingPlantedTarget create-target >/dev/null
\set target_url `python3 $XBB_SIM ctl dingPlantedTarget port`
\set ECHO all
SELECT sim('create token=t0ken products=30 freeze=on');
CREATE ROLE regress_xbb_planted;
\set here :DBNAME
CREATE DATABASE regress_xbb_planted TEMPLATE template0;
\c regress_xbb_planted
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION xbb_etl CASCADE;
CREATE SCHEMA "dingPlanted";
SET search_path = "dingPlanted";
GRANT ALL ON SCHEMA "dingPlanted" TO regress_xbb_planted;
CREATE SERVER planted FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingPlanted', base_url :'url', rate_limit '0', max_retries '0');
GRANT USAGE ON FOREIGN SERVER planted TO regress_xbb_planted;
CREATE USER MAPPING FOR regress_xbb_planted SERVER planted OPTIONS (token 't0ken');
SELECT 'http://127.0.0.1:' || :'target_url' AS target_url \gset
CREATE SERVER planted_erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'target_url', rate_limit '0', max_retries '0');
GRANT USAGE ON FOREIGN SERVER planted_erp TO regress_xbb_planted;
CREATE USER MAPPING FOR regress_xbb_planted SERVER planted_erp;
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE SEQUENCE trap.called;        -- it counts in spite of rollbacks
GRANT ALL ON SEQUENCE trap.called TO PUBLIC;

-- all that is said, and the words of it that are names of pg_catalog's
CREATE TABLE said AS
SELECT :'statements' AS body
UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  WHERE p.pronamespace = 'xbb'::regnamespace AND p.prokind IN ('f', 'p') AND l.lanname <> 'c'
UNION ALL SELECT pg_get_viewdef(c.oid) FROM pg_class c WHERE c.relnamespace = 'xbb'::regnamespace AND c.relkind = 'v';
CREATE TABLE used AS
SELECT DISTINCT 'function' AS kind, w[1] AS name FROM said, regexp_matches(body, '([a-z_][a-z0-9_]*)\(', 'g') w
  WHERE w[1] IN (SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace)
UNION SELECT 'operator', w[1] FROM said, regexp_matches(body, '[-+*/<>=~!@#%^&|?]+', 'g') w
  WHERE w[1] IN (SELECT oprname FROM pg_operator WHERE oprkind = 'b');
SELECT count(*) FILTER (WHERE kind = 'function') > 50 AS functions, count(*) FILTER (WHERE kind = 'operator') > 10 AS operators,
       bool_or(name = 'format') AND bool_or(name = 'now') AND bool_or(name = '||') AND bool_or(name = '=') AS those_known
FROM used;
CREATE TABLE type (name text, few boolean);
INSERT INTO type SELECT t, o <= 5 FROM unnest(
  '{text,name,regclass,bigint,jsonb,oid,regrole,integer,boolean,timestamp with time zone,interval,json,text[],bigint[],"\"char\""}'::text[])
  WITH ORDINALITY u (t, o);

-- pg_catalog's own signatures, and each one of these types that is closer
CREATE TABLE of_catalog AS
SELECT p.proname AS name, p.pronargs AS n, p.provariadic <> 0 AS more, p.proargmodes <> '{}' AND p.provariadic = 0 AS returns_columns,
       oidvectortypes(p.proargtypes) AS types, pg_get_function_arguments(p.oid) AS arguments
FROM pg_proc p JOIN used u ON u.kind = 'function' AND u.name = p.proname
WHERE p.pronamespace = 'pg_catalog'::regnamespace;
CREATE TABLE planted AS
WITH closer AS (
  SELECT DISTINCT c.name, a.name AS types FROM of_catalog c, type a WHERE c.n = 1 OR c.more
  UNION SELECT DISTINCT c.name, a.name || ', ' || b.name FROM of_catalog c, type a, type b WHERE c.n = 2 OR c.more
  UNION SELECT DISTINCT c.name, a.name || ', ' || b.name || ', ' || d.name FROM of_catalog c, type a, type b, type d
    WHERE (c.n = 3 OR c.more) AND a.few AND b.few AND d.few)
SELECT name, types, arguments FROM of_catalog
WHERE returns_columns IS NOT TRUE AND arguments !~ 'ORDER BY'
  AND types !~ '"any"|internal|cstring|trigger|anyrange|anymultirange|anyenum|anynonarray|anycompat|handler'
UNION ALL SELECT name, types, types FROM closer k
WHERE NOT EXISTS (SELECT FROM of_catalog c WHERE c.name = k.name AND c.types = k.types);
DO $do$
DECLARE
  item record;
BEGIN
  FOR item IN TABLE planted LOOP
    EXECUTE format($sql$CREATE FUNCTION trap.%I(%s) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN RAISE WARNING '%% was called', %L; PERFORM pg_catalog.nextval('trap.called'); RETURN true; END $$ $sql$,
      item.name, item.arguments, format('%s(%s)', item.name, item.types));
  END LOOP;
  FOR item IN SELECT u.name, a.name AS a, b.name AS b FROM used u, type a, type b WHERE u.kind = 'operator' AND u.name <> '=>' LOOP
    EXECUTE format($sql$CREATE OR REPLACE FUNCTION trap.operate(%2$s, %3$s) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN RAISE WARNING 'an operator of %% was called', %4$L; PERFORM pg_catalog.nextval('trap.called'); RETURN true; END $$;
      CREATE OPERATOR trap.%1$s (LEFTARG = %2$s, RIGHTARG = %3$s, FUNCTION = trap.operate)$sql$,
      item.name, item.a, item.b, format('%s, %s', item.a, item.b));
  END LOOP;
END $do$;
SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'trap'::regnamespace) > 5000 AS functions,
       (SELECT count(*) FROM pg_operator WHERE oprnamespace = 'trap'::regnamespace) > 2000 AS operators;


-- all that a user does, with what was planted before pg_catalog, and with it behind, where
-- only what fits better than pg_catalog's is found
\set VERBOSITY terse
SET client_min_messages = warning;
SET ROLE regress_xbb_planted;
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz) SERVER planted OPTIONS (object 'product');
CREATE FOREIGN TABLE other_source (data_id bigint, serial_no text, update_time timestamptz) SERVER planted OPTIONS (object 'product');
CREATE FOREIGN TABLE erp (id text, number text) SERVER planted_erp
  OPTIONS (api '/api/execute', batch_size '4', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', repeat 'upsert');
CREATE FOREIGN TABLE robot (text text) SERVER planted_erp OPTIONS (api '/api/execute');
CREATE TABLE goods (id text PRIMARY KEY, number text);
RESET ROLE;
-- they are found so
SET search_path = trap, pg_catalog;
SELECT 'a'::text = 'b'::text AS planted, upper('a'::text) IS NOT NULL AS other;
SET search_path = trap;
SELECT format('%s', 1::oid::regrole) IS NOT NULL AS other, 1::oid::regrole = 1::oid AS planted;
SELECT is_called FROM trap.called;
SELECT pg_catalog.setval('trap.called', 1, false) \gset
\setenv PGDATABASE :DBNAME
\! psql -Xaq -v path='trap, pg_catalog, "dingPlanted"' <"$PG_ABS_SRCDIR"/sql/include/planted.sql 2>&1 | sed 's/127.0.0.1:[0-9]*/HOST/; s/item [1-9][0-9]*/item N/'
\! psql -Xaq -v path='"dingPlanted", trap' <"$PG_ABS_SRCDIR"/sql/include/planted.sql 2>&1 | sed 's/127.0.0.1:[0-9]*/HOST/; s/item [1-9][0-9]*/item N/'
SELECT is_called FROM trap.called;

\c :here
SET client_min_messages = error;
DROP DATABASE regress_xbb_planted;
DROP ROLE regress_xbb_planted;
DROP SCHEMA "dingPlanted" CASCADE;
