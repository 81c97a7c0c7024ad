-- What a dump takes along comes back: names that are missing where it is restored cost the
-- one sync that has them, rejects are there again, who restores plants nothing, and nothing
-- runs before somebody says so.
CREATE ROLE regress_xbb_keeper LOGIN;
CREATE ROLE regress_xbb_keep_etl LOGIN;
CREATE ROLE regress_xbb_keep_gone LOGIN;
CREATE DATABASE regress_xbb_kept OWNER regress_xbb_keeper TEMPLATE template0;
CREATE DATABASE regress_xbb_keep_all OWNER regress_xbb_keeper TEMPLATE template0;
CREATE DATABASE regress_xbb_keep_own OWNER regress_xbb_keeper TEMPLATE template0;
\set here :DBNAME
\c regress_xbb_kept
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
GRANT ALL ON SCHEMA public TO regress_xbb_keep_etl, regress_xbb_keep_gone, regress_xbb_keeper;
CREATE TABLE records (data_id bigint PRIMARY KEY, update_time timestamptz, "Grösse" integer);
INSERT INTO records SELECT n, '2026-01-01', n FROM generate_series(1, 3) n;
GRANT SELECT ON records TO PUBLIC;
SET ROLE regress_xbb_keep_etl;
CREATE MATERIALIZED VIEW "Über.sicht" AS SELECT * FROM records;
CREATE TABLE small (data_id bigint PRIMARY KEY, update_time timestamptz, "Grösse" integer CHECK ("Grösse" < 3));
SELECT xbb.create_sync('mat', source => '"Über.sicht"', target => 'small');
CALL xbb.sync('mat');
SET ROLE regress_xbb_keep_gone;
CREATE TABLE gone_source (data_id bigint, update_time timestamptz);
SELECT xbb.create_sync('gone', source => 'gone_source', target => 'gone_target');
SET ROLE regress_xbb_keeper;
SELECT xbb.create_sync('mine', source => 'records', target => 'mine');
CALL xbb.sync('mine');
RESET ROLE;
SELECT xbb.create_sync('super', source => 'records', target => 'super_target');
SELECT name, nullif(owner, current_user::regrole)::regrole AS owner, source, target, confirmed, active FROM xbb.sync_definition ORDER BY id;
SELECT sync, data_id, run > 0 AS has_run FROM xbb.sync_reject;

-- by a superuser, where one role is missing: as it was, but for that one's sync
\! pg_dump regress_xbb_kept | sed s/regress_xbb_keep_gone/regress_xbb_keep_missing/g | psql -Xq regress_xbb_keep_all 2>&1 >/dev/null | grep -v 'role "regress_xbb_keep_missing" does not exist'
\c regress_xbb_keep_all
SET client_min_messages = warning;
SELECT name, nullif(owner, current_user::regrole)::regrole AS owner, nullif(owner_name, current_user) AS owner_name, source, target, confirmed, active, watermark FROM xbb.sync_definition ORDER BY id;
SELECT name, problem, rejects_open FROM xbb.sync_status ORDER BY name;
SET ROLE regress_xbb_keep_etl;
SELECT name FROM xbb.sync_definition;
CALL xbb.sync('mat');
CALL xbb.sync('mat', dry_run => true);
CALL xbb.retry_rejects('mat');
CALL xbb.reconcile('mat');
CALL xbb.sync_all();
SELECT count(*) FROM xbb.sync_run;
-- to change it is no run
SELECT xbb.alter_sync('mat', overlap => '2 hours');
SELECT xbb.alter_sync('mat', enabled => false);
CALL xbb.sync('mat');
SELECT xbb.alter_sync('mat', enabled => true);
SELECT xbb.activate();
RESET ROLE;
SELECT xbb.activate(array['elsewhere', NULL]);
-- what was made here runs without it
CREATE TABLE later (data_id bigint, update_time timestamptz);
SELECT xbb.create_sync('later', source => 'later', target => 'later_target');
CALL xbb.sync('later');
SELECT xbb.drop_sync('later');
SELECT xbb.activate();
SELECT name, problem FROM xbb.sync_status ORDER BY name;
-- refused in a copy is not failed, and nothing has run yet
SELECT name, state, failures_in_a_row FROM xbb.sync_status ORDER BY name;
SELECT name FROM xbb.sync_definition WHERE NOT active;
SET ROLE regress_xbb_keep_etl;
ALTER TABLE small DROP CONSTRAINT "small_Grösse_check";
CALL xbb.retry_rejects('mat');
TABLE small ORDER BY data_id;
-- numbers go on, and no run takes the rejects that came along for its own
SELECT xbb.create_sync('next', source => '"Über.sicht"', target => 'next_target');
RESET ROLE;
SELECT name, id FROM xbb.sync_definition ORDER BY id;
CALL xbb.sync('gone');
SET client_min_messages = notice;
SELECT xbb.alter_sync('gone', owner => 'regress_xbb_keep_etl');
SET client_min_messages = warning;
SET ROLE regress_xbb_keep_etl;
SELECT name, confirmed FROM xbb.sync_definition WHERE name = 'gone';
SELECT xbb.drop_sync('gone');
RESET ROLE;

-- by the owner of the database: he may speak for himself and the roles that he has
\c regress_xbb_keep_own
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
GRANT ALL ON SCHEMA public TO regress_xbb_keep_etl, regress_xbb_keep_gone, regress_xbb_keeper;
\! pg_dump regress_xbb_kept --schema-only -t records -t '"Über.sicht"' -t small -t super_target -t mine | psql -Xq regress_xbb_keep_own >/dev/null
INSERT INTO records SELECT n, '2026-01-01', n FROM generate_series(1, 3) n;
\! pg_dump -U regress_xbb_keeper --data-only -t xbb._sync_definition -t xbb._sync_reject regress_xbb_kept | psql -Xq -v ON_ERROR_STOP=1 -U regress_xbb_keeper regress_xbb_keep_own >/dev/null
SELECT name, nullif(owner, current_user::regrole)::regrole AS owner, confirmed FROM xbb.sync_definition ORDER BY id;
SELECT xbb.drop_sync('super');
SELECT count(*) AS rejects FROM xbb.sync_reject;
SET ROLE regress_xbb_keeper;
CALL xbb.sync('mine');
SELECT xbb.activate();
RESET ROLE;
SELECT name, problem, rejects_open FROM xbb.sync_status WHERE name IN ('mat', 'mine') ORDER BY name;
SET ROLE regress_xbb_keeper;
-- rows alone do not bring the expressions, which are functions
CALL xbb.sync('mine');
SELECT xbb.alter_sync('mine', columns => '{}');
CALL xbb.sync('mine');
TABLE mine ORDER BY data_id;
SET ROLE regress_xbb_keep_etl;
CALL xbb.sync_all();
CALL xbb.sync('mat');
SELECT xbb.alter_sync('mat', enabled => true);
CALL xbb.sync('mat');
SELECT xbb.alter_sync('mat', columns => '{}');
SELECT sync, data_id FROM xbb.sync_reject;
REFRESH MATERIALIZED VIEW "Über.sicht";
CALL xbb.sync('mat', full => true);
-- what he plants is nobody's
SET ROLE regress_xbb_keeper;
INSERT INTO xbb._sync_definition (id, name, owner, owner_oid, source, target, source_name, target_name, key, overlap, reject_limit,
  delete_mode, path, target_columns, source_columns, confirmed)
OVERRIDING SYSTEM VALUE SELECT 100, 'mat', 'regress_xbb_keep_etl', 'regress_xbb_keep_etl'::regrole, 'records'::regclass, 'mine'::regclass,
  'public.records', 'public.mine', '{data_id}', '1h', 0, 'ignore', 'SELECT 1', '{data_id}', '{data_id}', true;
INSERT INTO xbb._sync_definition (id, name, owner, source_name, target_name, key, overlap, reject_limit,
  delete_mode, path, target_columns, source_columns)
OVERRIDING SYSTEM VALUE VALUES (2147483647, 'x', 'regress_xbb_keeper', 'a.b', 'a.b', '{a}', '1h', 0, 'ignore', '', '{}', '{}');
INSERT INTO xbb._sync_definition (id, name, owner, source_name, target_name, key, overlap, reject_limit,
  delete_mode, path, target_columns, source_columns)
OVERRIDING SYSTEM VALUE VALUES (101, 'x', 'regress_xbb_keeper', 'a.b', 'a"b', '{a}', '1h', 0, 'ignore', '', '{}', '{}');
INSERT INTO xbb._sync_reject (definition, data_id, kind, error, raw, run) SELECT id, 99, 'value', 'planted', '{"dataId": 99}', 1
FROM xbb._sync_definition WHERE owner = 'regress_xbb_keep_etl' AND id < 100;
UPDATE xbb._sync_definition SET confirmed = true;
RESET ROLE;
SELECT id = 100 AS planted, confirmed, num_nonnulls(owner_oid, source, target) AS numbers FROM xbb._sync_definition WHERE owner = 'regress_xbb_keep_etl' ORDER BY id;
SET ROLE regress_xbb_keep_etl;
SELECT sync, data_id, error FROM xbb.sync_reject;
SELECT rejects_open FROM xbb.sync_status WHERE name = 'mat' ORDER BY problem NULLS FIRST;
CALL xbb.sync('mat');
CALL xbb.sync_all();


-- to another role: who may become both gives it, and it waits for the other one's word
RESET ROLE;
CREATE ROLE regress_xbb_keep_heir LOGIN;
CREATE ROLE regress_xbb_keep_chief LOGIN;
GRANT ALL ON SCHEMA public TO regress_xbb_keep_heir;
SET ROLE regress_xbb_keep_etl;
SELECT xbb.alter_sync('mat', owner => 'regress_xbb_keep_heir');
SELECT xbb.handover('regress_xbb_keep_etl', 'regress_xbb_keep_heir');
SET ROLE regress_xbb_keep_heir;
SELECT xbb.alter_sync('mat', owner => 'regress_xbb_keep_heir');
RESET ROLE;
GRANT regress_xbb_keep_etl, regress_xbb_keep_heir TO regress_xbb_keep_chief;
SET ROLE regress_xbb_keep_chief;
SELECT xbb.alter_sync('mat', overlap => '3 hours', owner => 'regress_xbb_keep_heir');
-- of two that are called so, one waits for its owner's word
SELECT xbb.alter_sync('mat', owner => 'regress_xbb_keep_heir');
RESET ROLE;
DELETE FROM xbb._sync_definition WHERE id = 100;
SET ROLE regress_xbb_keep_chief;
\set VERBOSITY default
SELECT xbb.alter_sync('mat', owner => 'regress_xbb_keep_heir');
\set VERBOSITY terse
RESET ROLE;
SELECT count(*) AS functions FROM pg_proc p JOIN xbb.sync_definition d ON p.proname = '_sync_' || d.id WHERE d.name = 'mat';
SET ROLE regress_xbb_keep_etl;
CALL xbb.sync('mat');
SET ROLE regress_xbb_keep_heir;
CALL xbb.sync('mat');
SELECT problem FROM xbb.sync_status;
SELECT xbb.alter_sync('mat', columns => '{}');
RESET ROLE;
ALTER MATERIALIZED VIEW "Über.sicht" OWNER TO regress_xbb_keep_heir;
ALTER TABLE small OWNER TO regress_xbb_keep_heir;
GRANT SELECT ON records TO regress_xbb_keep_heir;
SET ROLE regress_xbb_keep_heir;
SELECT xbb.alter_sync('mat', columns => '{}');
CALL xbb.sync('mat');
SELECT sync, owner, data_id FROM xbb.sync_reject;
SELECT count(*) > 3 AS has_its_log FROM xbb.sync_run;
-- all of one role; a name that the other one has is refused
CREATE TABLE heirs (data_id bigint PRIMARY KEY, update_time timestamptz, "Grösse" integer);
SELECT xbb.create_sync('mine', source => '"Über.sicht"', target => 'heirs');
RESET ROLE;
SELECT xbb.handover('regress_xbb_keep_heir', 'regress_xbb_keeper');
SELECT xbb.alter_sync('mine', owner => 'regress_xbb_keeper');
SET ROLE regress_xbb_keep_heir;
SELECT xbb.alter_sync('mine', new_name => 'other');
RESET ROLE;
SELECT xbb.handover('regress_xbb_keep_heir', 'regress_xbb_keeper');
SELECT name, confirmed FROM xbb.sync_definition WHERE owner = 'regress_xbb_keeper'::regrole ORDER BY name;
-- a role that was renamed is followed
ALTER ROLE regress_xbb_keeper RENAME TO regress_xbb_keep_renamed;
SELECT count(*), bool_and(owner_name <> 'regress_xbb_keep_renamed') AS not_yet FROM xbb.sync_definition WHERE owner = 'regress_xbb_keep_renamed'::regrole;
SET ROLE regress_xbb_keep_renamed;
CALL xbb.sync('mine');
SELECT owner_name FROM xbb.sync_definition WHERE name = 'mine';
RESET ROLE;
ALTER ROLE regress_xbb_keep_renamed RENAME TO regress_xbb_keeper;

\c :here
SET client_min_messages = error;
DROP DATABASE regress_xbb_kept;
DROP DATABASE regress_xbb_keep_all;
DROP DATABASE regress_xbb_keep_own;
DROP ROLE regress_xbb_keeper, regress_xbb_keep_etl, regress_xbb_keep_gone, regress_xbb_keep_heir, regress_xbb_keep_chief;
