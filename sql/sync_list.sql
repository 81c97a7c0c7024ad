-- Users, departments, roles and labels have no times: a sync of such a list reads all of it in
-- each run, and leaves the copy equal to it.  What has not changed is not written.

\set company dingSyncList
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('create object=user records=230');
SELECT sim('create object=department records=9');
SELECT sim('create object=role records=5');
SELECT sim('create object=label records=4');
CREATE SERVER sync_list FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', concurrency '1');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_list OPTIONS (token 't0ken');
CREATE FOREIGN TABLE staff (
  user_id text, name text, position text, jobnumber text, status int, departments jsonb OPTIONS (attr 'departmentList'), failed jsonb OPTIONS (attr '#error'),
  raw json OPTIONS (attr '*'))
  SERVER sync_list OPTIONS (object 'user', on_error 'set_null', params '{"delIgnore": 1}');
CREATE FOREIGN TABLE department (id bigint, name text, parent_id bigint, sort int) SERVER sync_list OPTIONS (object 'department');
CREATE FOREIGN TABLE role (id int, role_name text) SERVER sync_list OPTIONS (object 'role');
CREATE FOREIGN TABLE label (id int, name text, labels jsonb OPTIONS (attr 'labelEntities'))
  SERVER sync_list OPTIONS (object 'label', form_id '5300127', params '{"businessType": 2401}');
CREATE VIEW run AS
  SELECT task, status, requests, rows_read, inserted, updated, unchanged, rejected, deleted, watermark, sqlstate
  FROM xbb.sync_run WHERE sync LIKE 'list %' ORDER BY id DESC LIMIT 1;
CREATE VIEW rejects AS SELECT sync, data_id, update_time, kind, sqlstate, error FROM xbb.sync_reject WHERE sync LIKE 'list %' ORDER BY data_id;

-- the least that can be said: the key is the list's own id
SELECT xbb.create_sync('list staff', 'staff', 'staff_copy', delete_mode => 'mark');
SELECT key, target_columns, source_columns FROM xbb.sync_definition WHERE name = 'list staff';
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'staff_copy'::regclass AND contype = 'p';
CALL xbb.sync('list staff');
SELECT task, status, rows_read, inserted, unchanged, watermark FROM run;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (SELECT user_id, name, position, jobnumber, departments FROM staff) s
  FULL JOIN (SELECT * FROM staff_copy WHERE deleted_at IS NULL) c ON c.user_id = s.user_id
  WHERE ROW(s.name, s.position, s.jobnumber, s.departments) IS DISTINCT FROM ROW(c.name, c.position, c.jobnumber, c.departments)
     OR s.user_id IS NULL OR c.user_id IS NULL
$$;
SELECT differences();
SELECT state, watermark, to_timestamp(1770000000) - complete_until BETWEEN '5 s' AND '35 s' AS complete FROM xbb.sync_status WHERE name = 'list staff';

-- nothing has changed: nothing is written
CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% of %', TG_OP, coalesce(NEW.user_id, OLD.user_id); RETURN NULL; END $$;
CREATE TRIGGER written AFTER INSERT OR UPDATE OR DELETE ON staff_copy FOR EACH ROW EXECUTE FUNCTION written();
CALL xbb.sync('list staff');
CALL xbb.sync('list staff', full => true);
CALL xbb.reconcile('list staff');
CALL xbb.reconcile('list staff', full => true, verbose => true);

-- somebody came, one was renamed, one is gone
SELECT sim('put object=user', '{"userId": "u-1000", "name": "新人", "position": "", "jobnumber": "90000", "status": 1, "departmentList": [], "roleList": []}');
SELECT sim('put object=user', '{"userId": "u-0007", "name": "改名", "position": "经理", "jobnumber": "00007", "status": 1, "departmentList": [], "roleList": []}');
SELECT sim('drop object=user id=u-0100');
CALL xbb.sync('list staff', dry_run => true);
CALL xbb.sync('list staff');
SELECT status, inserted, updated, unchanged, deleted FROM run;
SELECT differences();
SELECT user_id, deleted_at IS NOT NULL AS gone FROM staff_copy WHERE user_id IN ('u-0007', 'u-0100', 'u-1000') ORDER BY user_id;
CALL xbb.sync('list staff');
-- and comes back
SELECT sim('put object=user', '{"userId": "u-0100", "name": "回来", "position": "", "jobnumber": "00100", "status": 1, "departmentList": [], "roleList": []}');
CALL xbb.sync('list staff');
SELECT differences();
DROP TRIGGER written ON staff_copy;

-- what cannot be loaded is a reject, and its row is not for gone; it loads when it can
ALTER TABLE staff_copy ADD CONSTRAINT no_such_name CHECK (name <> 'xxx');
SELECT sim('put object=user', '{"userId": "u-0007", "name": "xxx", "position": "经理", "jobnumber": "00007"}');
SELECT sim('put object=user', '{"userId": "u-0008", "name": "八", "status": "gone", "departmentList": []}');
SELECT sim('put object=user', '{"userId": "225623432024", "name": "xxx"}');
CALL xbb.sync('list staff');
TABLE rejects;
SELECT raw ->> 'userId' AS user_id, raw ->> 'name' AS name FROM xbb.sync_reject WHERE sync = 'list staff' ORDER BY data_id;
SELECT user_id, name FROM staff_copy WHERE user_id IN ('u-0007', 'u-0008') ORDER BY user_id;
ALTER TABLE staff_copy DROP CONSTRAINT no_such_name;
CALL xbb.retry_rejects('list staff');
TABLE rejects;
SELECT sim('drop object=user id=u-0008');
CALL xbb.sync('list staff');
TABLE rejects;
SELECT differences();

-- an empty list is a right that was lost, and so is one of which too much is gone
SELECT sim('set rights=empty');
\set VERBOSITY terse
CALL xbb.sync('list staff');
SELECT status, sqlstate FROM run;
SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS alive FROM staff_copy;
SELECT sim('set rights=all');
SELECT count(n) FROM generate_series(120, 170) n LEFT JOIN LATERAL sim(format('drop object=user id=u-%s', to_char(n, 'FM0000'))) ON true;
CALL xbb.sync('list staff');
\set VERBOSITY default
-- those that are marked go, too
SELECT xbb.alter_sync('list staff', delete_limit => 52, delete_mode => 'delete');
CALL xbb.sync('list staff');
SELECT differences(), count(*) - count(DISTINCT user_id) AS doubles FROM staff_copy;

-- ids that are numbers, lists of one answer, and without a total; one that is gone stays
SELECT xbb.create_sync('list department', 'department', 'departments');
SELECT xbb.create_sync('list role', 'role', 'roles', delete_mode => 'delete');
SELECT xbb.create_sync('list label', 'label', 'labels');
SET client_min_messages = warning;
CALL xbb.sync('list department');
CALL xbb.sync('list role');
CALL xbb.sync('list label');
SELECT sim('set flat_total=off');
SELECT sim('drop object=department id=9');
SELECT sim('drop object=role id=5');
SELECT sim('put object=label', '{"id": 41, "name": "别的", "labelEntities": []}');
RESET client_min_messages;
CALL xbb.sync('list department');
CALL xbb.sync('list role');
CALL xbb.sync('list label');
SELECT count(*) FROM departments;
SELECT * FROM roles ORDER BY id;
SELECT id, name, jsonb_array_length(labels) AS labels FROM labels ORDER BY id;
-- a table of one's own, whose rows are told by something else until they have the list's id
CREATE TABLE team (name text PRIMARY KEY, id int, note text DEFAULT 'ours');
INSERT INTO team (name, note) SELECT role_name, 'kept' FROM role WHERE id <= 2;
SELECT xbb.create_sync('list team', 'role', 'team', key => '{name}', columns => '{"name": "role_name"}', delete_mode => 'delete');
CALL xbb.sync('list team');
SELECT * FROM team ORDER BY id;
-- one is renamed, and one to a name that is another's; the next has the name of one that is gone
SELECT sim('put object=role', '{"id": 1, "roleName": "总监"}');
SELECT sim('put object=role', '{"id": 2, "roleName": "角色3"}');
SELECT sim('drop object=role id=4');
SELECT sim('put object=role', '{"id": 6, "roleName": "角色4"}');
CALL xbb.sync('list team');
SELECT * FROM team ORDER BY id;
TABLE rejects;
-- where a row is needed elsewhere, it stays, and that is told
CREATE TABLE member (team text REFERENCES team);
INSERT INTO member VALUES ('角色4');
SELECT sim('drop object=role id=6');
CALL xbb.sync('list team');
SELECT data_id, kind, error FROM rejects WHERE sync = 'list team' ORDER BY data_id;
-- several lists in one table, each with its own rows: an id is unique in its list only
CREATE TABLE unit (kind text, id bigint, name text, PRIMARY KEY (kind, id));
SELECT xbb.create_sync('list unit role', 'role', 'unit', columns => '{"name": "role_name"}', scope => '{"kind": "role"}', delete_mode => 'delete');
SELECT xbb.create_sync('list unit department', 'department', 'unit', columns => '{"name": "name"}', scope => '{"kind": "department"}', delete_mode => 'delete');
CALL xbb.sync('list unit role');
CALL xbb.sync('list unit department');
SELECT sim('drop object=department id=3');
CALL xbb.sync('list unit department');
CALL xbb.sync('list unit role');
SELECT kind, array_agg(id ORDER BY id) AS ids FROM unit GROUP BY kind ORDER BY kind;
-- a table of the database without times is such a list, too
CREATE TABLE plain AS SELECT n AS data_id, 'name ' || n AS name FROM generate_series(1, 3) n;
SELECT xbb.create_sync('list plain', 'plain', 'plain_copy', delete_mode => 'delete');
CALL xbb.sync('list plain');
DELETE FROM plain WHERE data_id = 2;
UPDATE plain SET name = 'three' WHERE data_id = 3;
CALL xbb.reconcile('list plain');
SELECT * FROM plain_copy ORDER BY data_id;

-- what makes no sense is said at once
CREATE FOREIGN TABLE nameless (name text) SERVER sync_list OPTIONS (object 'user');
CREATE FOREIGN TABLE timeless (data_id bigint, name text OPTIONS (attr 'text_1')) SERVER sync_list OPTIONS (object 'product');
SELECT xbb.create_sync('list bad', 'nameless');
SELECT xbb.create_sync('list bad', 'timeless');
SELECT xbb.create_sync('list bad', 'staff', 'bad', chunk => '1 day');
SELECT xbb.create_sync('list bad', 'staff', 'bad', scope => '{"user_id": "u-0001"}');
SELECT xbb.create_sync('list bad', 'staff', 'bad', columns => '{"user_id": "upper(user_id)"}');

SET client_min_messages = warning;
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'list %';
DROP SERVER sync_list CASCADE;
DROP SCHEMA "dingSyncList" CASCADE;
