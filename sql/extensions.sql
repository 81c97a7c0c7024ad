-- Two extensions from one library: xbb_fdw reads, and needs nothing of xbb_etl,
-- which is the sync over it.
\getenv url XBB_SIM_URL
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl dingExtensions create token=t0ken products=3
\pset format unaligned
CREATE ROLE regress_xbb_reader;
CREATE DATABASE regress_xbb_extensions TEMPLATE template0;
\c regress_xbb_extensions
SET client_min_messages = warning;
SET TimeZone = 'UTC';

CREATE EXTENSION xbb_etl;
CREATE EXTENSION xbb_fdw;
-- what a careful DBA has installed with it
SELECT pg_describe_object(classid, objid, 0) COLLATE "C" AS object
FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'xbb_fdw')
  AND classid <> 'pg_type'::regclass
ORDER BY object;
-- nothing in it speaks of what is elsewhere: all of it works for a role without any other right
CREATE SERVER extensions FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingExtensions', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR regress_xbb_reader SERVER extensions OPTIONS (token 't0ken');
GRANT USAGE ON FOREIGN SERVER extensions TO regress_xbb_reader;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER extensions OPTIONS (object 'product');
GRANT SELECT ON source TO regress_xbb_reader;
SET ROLE regress_xbb_reader;
SELECT count(name) FROM source;
SELECT server, role, requests, rows FROM xbb.stats WHERE server = 'extensions';
SELECT count(*) > 20 AS has_options FROM xbb.options();
RESET ROLE;

-- The sync comes later, uses the same library, and goes first.
CREATE EXTENSION xbb_etl;
SELECT DISTINCT probin FROM pg_proc WHERE pronamespace = 'xbb'::regnamespace AND probin IS NOT NULL;
SELECT extname, array_agg(c::regclass::text ORDER BY o) AS dumped
FROM pg_extension LEFT JOIN LATERAL unnest(extconfig) WITH ORDINALITY u (c, o) ON true
WHERE extname LIKE 'xbb%' GROUP BY extname ORDER BY extname;
-- all that users see has a comment, and each column of every table and view
SELECT p.oid::regprocedure AS without_comment FROM pg_proc p
WHERE p.pronamespace = 'xbb'::regnamespace AND p.proname !~ '^_' AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.oid::regclass AS without_comment FROM pg_class c
WHERE c.relnamespace = 'xbb'::regnamespace AND c.relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT a.attrelid::regclass, a.attname AS without_comment FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'xbb'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
  AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL;
-- only what commits runs under a path that is not set by its definition
SELECT p.proname, p.prokind FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'xbb'::regnamespace AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
  AND 'search_path=pg_catalog, pg_temp' = ANY (p.proconfig) IS NOT TRUE ORDER BY p.proname;
CREATE USER MAPPING FOR CURRENT_USER SERVER extensions OPTIONS (token 't0ken');
SELECT xbb.create_sync('copy', source => 'source', target => 'target');
CALL xbb.sync('copy');
-- a definition that is there already uses up no number
SELECT count(*) FROM generate_series(1, 5) n, xbb.sync_definition d WHERE CASE WHEN n > 0 THEN xbb._sync_insert(d) END;
SELECT last_value FROM xbb._sync_definition_id_seq;
\set VERBOSITY terse
DROP EXTENSION xbb_fdw;
\set VERBOSITY default
DROP EXTENSION xbb_etl;
SELECT count(*) FROM target;
SELECT count(*) FROM source;
SELECT count(*) AS of_the_sync FROM pg_class WHERE relnamespace = 'xbb'::regnamespace AND relname NOT IN ('stats', 'quota', 'quota_use', 'progress')
  AND relname !~ '^(target|_?doctor)_';
CREATE EXTENSION xbb_etl;
TABLE xbb.sync_status;
DROP EXTENSION xbb_fdw CASCADE;
SELECT count(*) AS left_over FROM pg_namespace WHERE nspname = 'xbb';
-- both at once
CREATE EXTENSION xbb_etl CASCADE;
SELECT extname, extversion FROM pg_extension WHERE extname LIKE 'xbb%' ORDER BY extname;
DROP EXTENSION xbb_fdw CASCADE;

-- rights that are given to whoever by default are nobody's here
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO regress_xbb_reader, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO regress_xbb_reader;
CREATE EXTENSION xbb_etl CASCADE;
SELECT c.relname COLLATE "C" AS relname, coalesce(g.rolname, 'PUBLIC') AS grantee, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges
FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
WHERE c.relnamespace = 'xbb'::regnamespace AND (c.relname LIKE '\_sync%' OR c.relname LIKE 'sync%' OR c.relname IN ('target_token', '_doctor_kept')) AND a.grantee <> c.relowner
GROUP BY 1, 2 ORDER BY 1, 2;

\c postgres
DROP DATABASE regress_xbb_extensions;
DROP ROLE regress_xbb_reader;
\! python3 $XBB_SIM ctl dingExtensions remove
