-- Three statements copy all that the CRM has: import, create_syncs, sync_all.  The second run of
-- all is one request a list that has times, and two readings of the others.

\set company dingSyncs
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=40');
SELECT sim('forms n=26 records=5 seed=3');
CREATE ROLE regress_xbb_syncs;
CREATE SERVER syncs FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER syncs TO regress_xbb_syncs;
GRANT USAGE ON SCHEMA "dingSyncs" TO regress_xbb_syncs;
GRANT ALL ON sim_reply TO regress_xbb_syncs;
GRANT pg_execute_server_program TO regress_xbb_syncs;
CREATE USER MAPPING FOR regress_xbb_syncs SERVER syncs OPTIONS (token 't0ken', user_id 'u1');
CREATE SCHEMA syncs_in AUTHORIZATION regress_xbb_syncs;
CREATE SCHEMA syncs_copy AUTHORIZATION regress_xbb_syncs;
SET ROLE regress_xbb_syncs;
SET client_min_messages = warning;

IMPORT FOREIGN SCHEMA xbb FROM SERVER syncs INTO syncs_in OPTIONS (names 'label');
SELECT count(*) AS syncs, count(DISTINCT target) AS targets FROM xbb.create_syncs('syncs_in', 'syncs_copy');
CALL xbb.sync_all();
-- all lists, whole
CREATE FUNCTION pg_temp.rows(relation text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM ' || relation INTO n; RETURN n; END $$;
SELECT count(*) AS lists, count(*) FILTER (WHERE pg_temp.rows(source::text) = pg_temp.rows(target::text)) AS alike,
       sum(pg_temp.rows(target::text)) > 200 AS "not empty"
FROM xbb.sync_definition;
SELECT count(*) FILTER (WHERE status = 'succeeded') AS succeeded, count(*) AS runs, sum(rejected) AS rejected FROM xbb.sync_run;
SELECT name, target FROM xbb.sync_definition WHERE name IN ('users', '产品', '产品_labels', '客户', '客户_deleted', '产品_spu') ORDER BY name COLLATE "C";
SELECT col_description('syncs_copy."产品"'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'syncs_copy."产品"'::regclass AND attname = '产品名称';
-- what the CRM asks of a field, beside its name
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute
WHERE attrelid = 'syncs_copy."产品"'::regclass AND attname IN ('产品名称', '产品编号') ORDER BY attnum;
SELECT count(*) FROM pg_constraint WHERE connamespace = 'syncs_copy'::regnamespace AND contype = 'c';
-- again, when a minute has passed: nothing has changed
SELECT sim('clock advance=60');
SELECT sim('clear');
CALL xbb.sync_all();
SELECT line, count(*) FROM sim('log fields=path') line WHERE line !~ '^(user|department|role|signIn|label|product/category)' GROUP BY 1 HAVING count(*) <> (
  SELECT count(*) FROM xbb.sync_definition d JOIN pg_foreign_table t ON t.ftrelid = d.source::oid, pg_options_to_table(t.ftoptions) o
  WHERE o.option_name = 'object' AND replace(line, 'workOrderV2', 'workOrder') = o.option_value || '/list') ORDER BY 1;
SELECT line, count(*) FROM sim('log fields=path') line WHERE line ~ '^(user|department|role|signIn|label|product/category)' GROUP BY 1 ORDER BY 1;
-- only what has none yet; and all are forgotten, but the tables
SELECT count(*) FROM xbb.create_syncs('syncs_in', 'syncs_copy');
SELECT xbb.drop_sync('users');
SELECT * FROM xbb.create_syncs('syncs_in', 'syncs_copy');
SELECT xbb.drop_syncs('syncs_copy') - (SELECT count(*) FROM xbb._syncs_sources('syncs_in')) AS difference;
SELECT xbb.drop_syncs('syncs_copy'), count(*) FROM xbb.sync_definition;
SELECT count(*) FROM syncs_copy.users;
-- with checks: records that break the CRM's own rules become rejects, here those without a name
RESET ROLE;
SELECT sim('form form_id=5300901 object=customer name=规则 records=0', '[{"attr": "text_1", "attrName": "名称", "fieldType": 1, "required": 1},
  {"attr": "num_1", "attrName": "一个名称长到约束的名称放不下所以用列的编号来代替的字段", "fieldType": 2, "required": 1, "noRepeat": 1}, {"attr": "text_2", "attrName": "备注", "fieldType": 1},
  {"attr": "array_4", "attrName": "产品", "fieldType": 20004, "required": 1}]');
SELECT sim('put object=customer form_id=5300901', format('{"dataId": %s, "formId": 5300901, "addTime": 1769990000, "updateTime": %s, "data": {"text_1": "%s", "num_1": %s}}',
  900 + n, 1769990000 + n, CASE WHEN n < 5 THEN 'name' END, n)) FROM generate_series(1, 6) n;
CREATE SCHEMA syncs_ruled AUTHORIZATION regress_xbb_syncs;
CREATE SCHEMA syncs_rules AUTHORIZATION regress_xbb_syncs;
SET ROLE regress_xbb_syncs;
IMPORT FOREIGN SCHEMA xbb LIMIT TO ("规则") FROM SERVER syncs INTO syncs_rules OPTIONS (names 'label');
SELECT sync, target FROM xbb.create_syncs('syncs_rules', 'syncs_ruled', checks => true);
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'syncs_ruled'::regnamespace AND contype = 'c' ORDER BY conname COLLATE "C";
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'syncs_ruled."规则"'::regclass AND col_description(attrelid, attnum) ~ '[(]' ORDER BY attnum;
CALL xbb.sync('规则');
SELECT data_id, kind, sqlstate, error FROM xbb.sync_reject ORDER BY 1;
-- which of the foreign tables has none, and why; what has one is left out
SELECT xbb.drop_syncs('syncs_ruled');
ALTER TABLE syncs_ruled."规则" ALTER update_time TYPE date;
SELECT sync FROM xbb.create_syncs('syncs_rules', 'syncs_ruled');
ALTER TABLE syncs_ruled."规则" RENAME TO other;
CREATE VIEW syncs_ruled."规则" AS SELECT;
SELECT sync FROM xbb.create_syncs('syncs_rules', 'syncs_ruled');
SELECT xbb.create_sync('by hand', source => 'syncs_rules."规则"', target => 'syncs_ruled.by_hand');
SELECT count(*) FROM xbb.create_syncs('syncs_rules', 'syncs_ruled');
DROP VIEW syncs_ruled."规则";
DROP TABLE syncs_ruled.by_hand;
ALTER TABLE syncs_ruled.other RENAME TO "规则";
SELECT xbb.drop_sync('by hand');
-- forms that may not be seen: the syncs are made, without rules, which checks need
RESET ROLE;
SELECT sim('fault what=code code=100005 msg=没有权限 path=form/get at=every');
SET ROLE regress_xbb_syncs;
DROP TABLE syncs_ruled."规则";
SELECT sync FROM xbb.create_syncs('syncs_rules', 'syncs_ruled');
RESET ROLE;
SELECT sim('fault what=code code=100005 msg=没有权限 path=form/list at=every');
SET ROLE regress_xbb_syncs;
SELECT xbb.drop_syncs('syncs_ruled');
SELECT sync FROM xbb.create_syncs('syncs_rules', 'syncs_ruled', true);
SELECT sync FROM xbb.create_syncs('syncs_rules', 'syncs_ruled');
SELECT xbb.drop_syncs('syncs_ruled');
DROP FUNCTION pg_temp.rows(text);
RESET ROLE;
DROP SCHEMA syncs_in, syncs_copy, syncs_rules, syncs_ruled CASCADE;
DROP SERVER syncs CASCADE;
REVOKE USAGE ON SCHEMA "dingSyncs" FROM regress_xbb_syncs;
DROP TABLE sim_reply;
DROP ROLE regress_xbb_syncs;
