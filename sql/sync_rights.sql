-- Nobody but their owner has rights on the tables of the syncs: a role sees its own syncs,
-- what it writes is its own, and no row that somebody plants makes another role's sync run,
-- load, skip, fail or believe anything.
\set company dingSyncRights
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create token=t0ken products=30 freeze=on');
CREATE ROLE regress_xbb_etl;
CREATE ROLE regress_xbb_intern;
CREATE ROLE regress_xbb_member IN ROLE regress_xbb_etl;
CREATE ROLE regress_xbb_monitor IN ROLE pg_monitor;
GRANT ALL ON SCHEMA "dingSyncRights" TO regress_xbb_etl, regress_xbb_intern;
CREATE SERVER sync_rights FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER sync_rights TO regress_xbb_etl, regress_xbb_intern;
CREATE USER MAPPING FOR PUBLIC SERVER sync_rights OPTIONS (token 't0ken');
SET ROLE regress_xbb_etl;
CREATE FOREIGN TABLE etl_source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER sync_rights OPTIONS (object 'product');
SELECT data_id AS refused FROM etl_source ORDER BY update_time LIMIT 1 \gset
CREATE TABLE etl_target (data_id bigint PRIMARY KEY, update_time timestamptz, name text CHECK (data_id <> :refused));
SELECT xbb.create_sync('product', source => 'etl_source', target => 'etl_target');
CALL xbb.sync('product');
\set VERBOSITY terse

-- what is granted, to whom
SELECT c.relname, coalesce(g.rolname, 'PUBLIC') AS grantee, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges
FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
WHERE c.relnamespace = 'xbb'::regnamespace AND (c.relname LIKE '\_sync%' OR c.relname LIKE 'sync%') AND a.grantee <> c.relowner
GROUP BY 1, 2 ORDER BY c.relname COLLATE "C", grantee;

-- a stranger sees nothing, writes nothing, locks nothing
SET ROLE regress_xbb_intern;
SELECT (SELECT count(*) FROM xbb.sync_definition) AS definitions, (SELECT count(*) FROM xbb.sync_run) AS runs,
       (SELECT count(*) FROM xbb.sync_reject) AS rejects, (SELECT count(*) FROM xbb.sync_status) AS status;
SELECT count(*) FROM xbb._sync_definition;
SELECT count(*) FROM xbb._sync_run_log;
SELECT count(*) FROM xbb._sync_reject;
INSERT INTO xbb.sync_reject (sync, owner, data_id, kind, error, run) VALUES ('product', 'regress_xbb_intern', 51200001, 'x', 'x', 0);
INSERT INTO xbb._sync_reject (definition, data_id, kind, error, run) VALUES (1, 51200001, 'x', 'x', 0);
INSERT INTO xbb._sync_run_log (definition, task, status) VALUES (1, 'sync', 'skipped');
UPDATE xbb.sync_definition SET watermark = NULL;
DELETE FROM xbb.sync_run;
TRUNCATE xbb._sync_run_log;
SELECT nextval('xbb._sync_run_begun_id_seq');
BEGIN;
LOCK TABLE xbb._sync_definition IN ACCESS SHARE MODE;
ROLLBACK;
BEGIN;
LOCK TABLE xbb.sync_definition IN ROW SHARE MODE;
ROLLBACK;
BEGIN;
LOCK TABLE xbb.sync_reject IN ACCESS EXCLUSIVE MODE;
ROLLBACK;
-- what his own functions see in a condition is what he sees
CREATE FUNCTION leak(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE WARNING 'saw %', $1; RETURN true; END $$;
SELECT count(*) FROM xbb.sync_reject WHERE leak(data_id);
SELECT count(*) FROM xbb.sync_run WHERE leak(id);

-- what writes for the caller writes for nobody else
RESET ROLE;
SELECT id AS run_of_etl FROM xbb.sync_run WHERE owner = 'regress_xbb_etl'::regrole \gset
SELECT id AS sync_of_etl FROM xbb.sync_definition WHERE owner = 'regress_xbb_etl'::regrole \gset
SET ROLE regress_xbb_intern;
SELECT xbb._sync_reject_put(:sync_of_etl, ROW('product', 'regress_xbb_etl', 1, '2030-01-01', 'value', NULL, 'x', '{}', NULL,
  '{"data_id": 1, "update_time": "2030-01-01", "name": "forged"}', 1, NULL, NULL, NULL)::xbb.sync_reject);
SELECT xbb._sync_run_begin(:sync_of_etl, 'sync', true);
SELECT xbb._sync_move(:sync_of_etl, 'infinity', NULL, NULL, false);
SELECT xbb._sync_rewind(:sync_of_etl, NULL);
SELECT xbb._sync_loading(:sync_of_etl, 'infinity', NULL);
SELECT xbb._sync_call(:sync_of_etl, 'forged');
SELECT xbb._sync_forget(:sync_of_etl);
SELECT xbb._sync_reject_drop(:sync_of_etl, array[:refused]);
SELECT xbb._sync_run_lost(:sync_of_etl), xbb._sync_run_prune(:sync_of_etl, 0);
SELECT xbb._sync_run_note(l) FROM (SELECT (json_populate_record(NULL::xbb._sync_run_log,
  json_build_object('id', :run_of_etl, 'status', 'failed', 'definition', :sync_of_etl))).*) l;
-- now he has a sync of the same name: two roles, two syncs
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER sync_rights OPTIONS (object 'product');
SELECT xbb.create_sync('product', source => 'source', target => 'intern_target');
CALL xbb.sync('product');
SELECT xbb._sync_reject_put((SELECT id FROM xbb.sync_definition), ROW('product', 'regress_xbb_etl', 51200001 + n, '2030-01-01', 'value', NULL, 'x', '{}', NULL,
  json_build_object('data_id', 51200001 + n, 'update_time', '2030-01-01'), :run_of_etl + 1, NULL, NULL, NULL)::xbb.sync_reject)
FROM generate_series(1, 2) n;
SELECT name, owner, rejects_open FROM xbb.sync_status;
SELECT sync, owner, data_id FROM xbb.sync_reject ORDER BY data_id;
CREATE TABLE wide (t text);
SELECT xbb._sync_insert(json_populate_record(NULL::xbb.sync_definition, json_build_object(
  'name', 'toast', 'source', (SELECT reltoastrelid FROM pg_class WHERE oid = 'wide'::regclass), 'target', 'intern_target', 'key', '{a}',
  'overlap', '1h', 'reject_limit', 1, 'delete_mode', 'ignore', 'path', '', 'target_columns', '{}', 'source_columns', '{}',
  'enabled', true)));
-- an error in it leaves nobody else's role behind
DO $$ BEGIN
  PERFORM xbb._sync_insert(json_populate_record(NULL::xbb.sync_definition, json_build_object(
    'name', '', 'source', 'source', 'target', 'intern_target', 'key', '{a}', 'overlap', '1h', 'reject_limit', 1,
    'delete_mode', 'ignore', 'path', '', 'target_columns', '{}', 'source_columns', '{}', 'enabled', true)));
EXCEPTION WHEN check_violation THEN
  RAISE WARNING '% is still %, with the path %', SQLERRM, current_user, current_setting('search_path');
END $$;

-- nor does he stop dumps by length: one bound for all texts, those of errors are cut
SELECT xbb._sync_update(json_populate_record(d, json_build_object('path', repeat(E'\\\\', 1048576)))) FROM xbb.sync_definition d;
SELECT xbb._sync_update(json_populate_record(d, json_build_object('key', array[repeat('x', 600000), repeat('y', 600000)])))
FROM xbb.sync_definition d;
SELECT xbb._sync_seen(id, repeat('x', 1048576)) FROM xbb.sync_definition;
SELECT xbb._sync_reject_put(id, ROW('product', NULL, 1, NULL, repeat('k', 30), repeat('s', 30), repeat('e', 20000), NULL, NULL, NULL, 1,
  NULL, NULL, NULL)::xbb.sync_reject) FROM xbb.sync_definition;
SELECT length(kind) AS kind, length(sqlstate) AS sqlstate, length(error) AS error FROM xbb.sync_reject WHERE data_id = 1;
SELECT xbb._sync_reject_drop(id, '{1}') FROM xbb.sync_definition;
-- nor does what he says of his own blind others
SELECT xbb._sync_update(json_populate_record(d, '{"source_name": "a..b", "target_name": "x was dropped: SELECT 1"}')) FROM xbb.sync_definition d;
SELECT source_name, target_name FROM xbb.sync_definition;

-- to the owner nothing has happened
SET ROLE regress_xbb_etl;
SELECT name, owner, watermark IS NOT NULL AS loaded, failures_in_a_row, last_success < now() AS succeeded, rejects_open
FROM xbb.sync_status;
SELECT sync, owner, data_id = :refused AS the_refused FROM xbb.sync_reject;
SELECT status, rejected FROM xbb.sync_run ORDER BY id;
CALL xbb.sync('product');
CALL xbb.retry_rejects('product');
CALL xbb.reconcile('product', full => true);
SELECT task, status FROM xbb.sync_run ORDER BY id;
SELECT count(*) FROM etl_target WHERE update_time = '2030-01-01';
-- nor to a superuser with a sync of that name, who sees them all
RESET ROLE;
CALL xbb.sync('product');
CREATE FOREIGN TABLE super_source (data_id bigint, update_time timestamptz) SERVER sync_rights OPTIONS (object 'product');
SELECT xbb.create_sync('product', source => 'super_source', target => 'super_target');
CALL xbb.sync('product');
CALL xbb.retry_rejects('product');
SELECT count(*), max(update_time) < '2030-01-01' AS none_forged FROM super_target;
SELECT owner = current_user::regrole AS mine, rejects_open FROM xbb.sync_status WHERE name = 'product' ORDER BY owner <> current_user::regrole, owner::text;
SELECT xbb.drop_sync('product');

-- a member sees, and runs as the owner only; a monitoring role sees how runs ended, and no record:
-- the superuser's and the member's calls and the owner's run have failed
SET ROLE regress_xbb_member;
SELECT name, owner FROM xbb.sync_status;
SELECT count(*) FROM xbb.sync_reject;
CALL xbb.sync('product');
UPDATE xbb.sync_definition SET path = 'pg_temp';
SET ROLE regress_xbb_etl;
ALTER TABLE etl_target ALTER COLUMN name TYPE integer USING 0;
SELECT xbb.alter_sync('product', columns => '{"name": "name::integer"}', reject_limit => 0);
CALL xbb.sync('product', full => true);
SET ROLE regress_xbb_monitor;
SELECT name, owner, failures_in_a_row, rejects_open FROM xbb.sync_status
WHERE owner::text LIKE 'regress\_xbb%' ORDER BY owner::text;
SELECT owner, status, sqlstate, error FROM xbb.sync_run WHERE owner::text LIKE 'regress\_xbb%' ORDER BY id DESC LIMIT 1;
SELECT (SELECT count(*) FROM xbb.sync_definition) AS definitions, (SELECT count(*) FROM xbb.sync_reject) AS rejects;

-- a table of somebody else's is no target, and no source
SET ROLE regress_xbb_intern;
CREATE TABLE squatted (data_id bigint PRIMARY KEY, update_time timestamptz);
CREATE VIEW squatted_source AS TABLE squatted;
GRANT ALL ON squatted, squatted_source TO PUBLIC;
\set VERBOSITY default
SET ROLE regress_xbb_etl;
SELECT xbb.create_sync('squatted', source => 'etl_source');
SELECT xbb.create_sync('own', source => 'squatted_source');
-- nor one that was given away
CREATE TABLE given (data_id bigint PRIMARY KEY, update_time timestamptz);
SELECT xbb.create_sync('given', source => 'etl_source', target => 'given');
RESET ROLE;
ALTER TABLE given OWNER TO regress_xbb_intern;
GRANT ALL ON given TO regress_xbb_etl;
SET ROLE regress_xbb_etl;
CALL xbb.sync('given');
SELECT xbb.drop_sync('given');
-- one whose expressions are gone runs when its owner has read them again
SELECT xbb.create_sync('anew', source => 'etl_source', columns => '{"name": "upper(name)"}');
RESET ROLE;
SELECT id AS anew FROM xbb.sync_definition WHERE name = 'anew' \gset
DROP FUNCTION xbb._sync_:anew;
SET ROLE regress_xbb_etl;
CALL xbb.sync('anew');
SELECT xbb.alter_sync('anew', columns => '{}');
CALL xbb.sync('anew');
SELECT xbb.drop_sync('anew');
RESET ROLE;
SELECT xbb.create_sync('squatted', source => 'super_source');
GRANT regress_xbb_intern TO regress_xbb_etl;
SET ROLE regress_xbb_etl;
SELECT xbb.create_sync('squatted', source => 'etl_source');
RESET ROLE;

-- a sync whose owner is no more is a superuser's to drop, and no other's
CREATE ROLE regress_xbb_gone;
GRANT ALL ON SCHEMA "dingSyncRights" TO regress_xbb_gone;
GRANT regress_xbb_etl TO regress_xbb_gone;
SET ROLE regress_xbb_gone;
SELECT xbb.create_sync('gone', source => 'etl_source');
RESET ROLE;
DROP OWNED BY regress_xbb_gone;
DROP ROLE regress_xbb_gone;
\set VERBOSITY terse
SET ROLE regress_xbb_etl;
SELECT xbb.drop_sync('gone');
RESET ROLE;
SELECT xbb.drop_sync('product');
-- his own first
SELECT xbb.create_sync('gone', source => 'super_source', target => 'super_target');
SELECT xbb.drop_sync('gone');
SELECT count(*), bool_or(owner = current_user::regrole) AS mine FROM xbb.sync_definition WHERE name = 'gone';
SELECT xbb.drop_sync('gone');
SELECT count(*) FROM xbb.sync_definition WHERE name = 'gone';

-- the owner of a database dumps it, definitions included, and a restore brings them back
CREATE ROLE regress_xbb_dbo LOGIN;
CREATE ROLE regress_xbb_backup LOGIN IN ROLE pg_read_all_data;
CREATE DATABASE regress_xbb_dumped OWNER regress_xbb_dbo TEMPLATE template0;
CREATE DATABASE regress_xbb_restored OWNER regress_xbb_dbo TEMPLATE template0;
\set here :DBNAME
\c regress_xbb_dumped
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
SET ROLE regress_xbb_dbo;
CREATE TABLE source (data_id bigint, update_time timestamptz);
SELECT xbb.create_sync(n, source => 'source') FROM unnest('{one,two}'::text[]) n;
\! pg_dump -U regress_xbb_backup regress_xbb_dumped | grep -c '^[0-9].*regress_xbb_dbo'
\! pg_dump -U regress_xbb_dbo regress_xbb_dumped | psql -Xq -v ON_ERROR_STOP=1 regress_xbb_restored >/dev/null
\c regress_xbb_restored
SET client_min_messages = warning;
SELECT name, owner, source, target FROM xbb.sync_definition ORDER BY name;
SET ROLE regress_xbb_dbo;
SELECT xbb.activate();
SELECT xbb.create_sync('three', source => 'source');
CALL xbb.sync('two');
SELECT name, last_success IS NOT NULL AS succeeded FROM xbb.sync_status ORDER BY name;
SELECT name, id FROM xbb.sync_definition ORDER BY id;

\c :here
SET client_min_messages = error;
DROP DATABASE regress_xbb_dumped;
DROP DATABASE regress_xbb_restored;
DROP OWNED BY regress_xbb_etl, regress_xbb_intern, regress_xbb_member, regress_xbb_monitor CASCADE;
DROP SERVER sync_rights CASCADE;
DROP ROLE regress_xbb_etl, regress_xbb_intern, regress_xbb_member, regress_xbb_monitor, regress_xbb_dbo, regress_xbb_backup;
DROP SCHEMA "dingSyncRights" CASCADE;
