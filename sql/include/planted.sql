-- All that the owner of syncs does, in a session of his own with the search path :path, in
-- which somebody else has planted things; types and tables of pg_catalog's names are in
-- pg_temp.  Beforehand: source, other_source, and sequence trap.called.
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE FUNCTION pg_temp.evil(anyelement) RETURNS boolean LANGUAGE sql AS 'SELECT pg_catalog.nextval(''trap.called'') > 0';
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.name AS pg_catalog.name CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.json AS pg_catalog.json CHECK (pg_temp.evil(VALUE::pg_catalog.text));
CREATE DOMAIN pg_temp.timestamptz AS pg_catalog.timestamptz CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.tstzrange AS pg_catalog.tstzrange CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.regclass AS pg_catalog.regclass CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.regrole AS pg_catalog.regrole CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.oid AS pg_catalog.oid CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.int8 AS pg_catalog.int8 CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.record AS pg_catalog.text CHECK (pg_temp.evil(VALUE));
CREATE TEMP VIEW pg_class AS SELECT pg_temp.evil(oid) AS evil, c.* FROM pg_catalog.pg_class c;
CREATE TEMP VIEW pg_attribute AS SELECT pg_temp.evil(attrelid) AS evil, attrelid, attname, attnum, attisdropped, atttypid, atttypmod, attgenerated
  FROM pg_catalog.pg_attribute;
CREATE TEMP VIEW pg_roles AS SELECT pg_temp.evil(oid) AS evil, r.* FROM pg_catalog.pg_roles r;
CREATE TEMP VIEW pg_locks AS SELECT pg_temp.evil(pid) AS evil, l.* FROM pg_catalog.pg_locks l;
CREATE TEMP VIEW sync_definition AS SELECT pg_temp.evil(id) AS evil, d.* FROM xbb._sync_definition d;
CREATE TEMP VIEW sync_reject AS SELECT pg_temp.evil(data_id) AS evil, r.* FROM xbb._sync_reject r;
GRANT ALL ON ALL TABLES IN SCHEMA pg_temp TO PUBLIC;
SET ROLE regress_xbb_planted;
SET search_path = :path;
\set VERBOSITY terse
SELECT xbb.create_sync('planted', source => '"dingPlanted".source', target => '"dingPlanted".copy', delete_mode => 'mark');
SELECT xbb.create_sync('by number', source => '"dingPlanted".source', target => '"dingPlanted".by_number', key => '{serial_no}',
  columns => '{"serial_no": "serial_no"}', chunk => '10 years');
SELECT xbb.create_sync('planted', source => '"dingPlanted".source');
SELECT xbb.create_sync('wrong', source => '"dingPlanted".source', target => '"dingPlanted".copy', columns => '{"nowhere": "serial_no"}');
CALL xbb.sync('planted', dry_run => true);
CALL xbb.sync('planted');
CALL xbb.sync('planted');
CALL xbb.sync('by number');
CALL xbb.sync('by number', full => true);
CALL xbb.sync_all();
DELETE FROM "dingPlanted".copy;
CALL xbb.reconcile('planted');
CALL xbb.reconcile('planted', full => true);
CALL xbb.retry_rejects('planted');
SELECT xbb.alter_sync('planted', overlap => '2 hours', key => '{data_id}', columns => '{"serial_no": null}', chunk => '30 days',
  reject_limit => 5, delete_mode => 'delete');
SELECT xbb.alter_sync('planted', columns => 'null');
SELECT xbb.alter_sync('planted', source => '"dingPlanted".other_source', new_name => 'renamed');
SELECT xbb.alter_sync('renamed', enabled => false);
CALL xbb.sync('renamed');
SELECT xbb.alter_sync('renamed', enabled => true);
CALL xbb.sync('renamed');
-- rejects, and a run that fails without a word of its own for DETAIL
DELETE FROM "dingPlanted".by_number;
ALTER TABLE "dingPlanted".by_number ADD CONSTRAINT refused CHECK (data_id OPERATOR(pg_catalog.<>) 51200003);
SELECT xbb.alter_sync('by number', reject_limit => 0);
CALL xbb.sync('by number', dry_run => true);
CALL xbb.sync('by number', full => true);
SELECT xbb.alter_sync('by number', reject_limit => 9);
CALL xbb.sync('by number', full => true);
CALL xbb.retry_rejects('by number');
CALL xbb.reconcile('by number');
REVOKE INSERT ON "dingPlanted".copy FROM regress_xbb_planted;
CALL xbb.sync('renamed');
DROP TABLE "dingPlanted".copy;
CALL xbb.sync('renamed');
CALL xbb.retry_rejects('nobody''s');
SELECT name, rejects_open, failures_in_a_row, problem IS NOT NULL AS problem FROM xbb.sync_status ORDER BY name;
SELECT pg_catalog.count(1) FROM xbb.sync_run;
SELECT pg_catalog.count(1) FROM xbb.sync_reject;
SELECT pg_catalog.count(1) FROM xbb.sync_definition;
SELECT xbb._sync_move(d.id, '2000-01-01', NULL, NULL, false), xbb._sync_loading(d.id, NULL, NULL), xbb._sync_run_lost(d.id) FROM xbb.sync_definition d
WHERE d.name OPERATOR(pg_catalog.=) 'by number';
SELECT xbb.drop_sync('by number'), xbb.drop_sync('renamed');
DROP TABLE "dingPlanted".by_number;
-- pushes
INSERT INTO "dingPlanted".goods VALUES ('1', 'a'), ('2', 'b'), ('3', NULL);
SELECT xbb.create_push('goods', source => '"dingPlanted".goods', target => '"dingPlanted".erp', key => '{id}', feed => 'trigger');
SELECT xbb.create_push('query', source => 'SELECT id, number FROM "dingPlanted".goods', target => '"dingPlanted".erp', key => '{id}', copy_data => false);
SELECT xbb.create_push('query', source => '"dingPlanted".goods', target => '"dingPlanted".erp', key => '{nowhere}');
CALL xbb.push('goods', dry_run => true);
CALL xbb.push('goods');
UPDATE "dingPlanted".goods SET number = 'c';
CALL xbb.push('goods', verbose => true);
CALL xbb.push_all();
SELECT xbb.alter_push('goods', workers => 2, max_age => '1 hour', new_name => 'renamed');
SELECT xbb.alter_push('query', source => 'SELECT id, id AS number FROM "dingPlanted".goods', enabled => false);
SELECT xbb.alter_push('query', enabled => true);
CALL xbb.push('query', dry_run => true);
SELECT xbb.push_resolve(i.id, 'rejected', 'by hand'), xbb.push_retry(i.id) FROM xbb.push_item i;
SELECT xbb.push_retry(0);
CALL xbb.push('renamed');
CALL xbb.push_all();
CALL xbb.push('nobody''s');
SELECT name, state, pending, rejected, acknowledged FROM xbb.push_status ORDER BY name;
SELECT pg_catalog.count(1) FROM xbb.push_run;
SELECT pg_catalog.count(1) FROM xbb.push_item;
SELECT pg_catalog.count(1) FROM xbb.push_definition;
SELECT s.status, s.message FROM xbb.send('"dingPlanted".erp', 'SELECT id, number FROM "dingPlanted".goods') s;
SELECT s.status FROM xbb.send('"dingPlanted".erp', 'SELECT id, number FROM "dingPlanted".goods', dry_run => true) s;
INSERT INTO "dingPlanted".erp VALUES ('9', 'z');
SELECT xbb.drop_push('renamed'), xbb.drop_push('query');
SELECT c.kind, c.column_name FROM xbb.compare('"dingPlanted".goods', '"dingPlanted".goods', '{id}', '{"number": "id"}') c;
SELECT pg_catalog.count(1), pg_catalog.count(1) FILTER (WHERE d.found OPERATOR(pg_catalog.~~) 'the check itself%'::pg_catalog.text) AS failed
FROM xbb.doctor('planted'::pg_catalog.name) d WHERE d.area OPERATOR(pg_catalog.=) 'local'::pg_catalog.text;
SELECT pg_catalog.count(1) FROM xbb.doctor_result;
DELETE FROM "dingPlanted".goods;
-- alerts
SELECT xbb.create_alert_channel('log', 'log'), xbb.create_alert_channel('robot', target => '"dingPlanted".robot', lang => 'zh');
SELECT xbb.create_sync('failing', source => '"dingPlanted".source', target => '"dingPlanted".failing', max_age => '1 day');
SELECT xbb.alter_alert('failing', threshold => 1), xbb.silence('*', '2 h', 'why'), xbb.unsilence('*');
DROP TABLE "dingPlanted".failing;
CALL xbb.sync('failing');
SELECT xbb.check_alerts();
SELECT subject, rule, state, told FROM xbb.alert;
SELECT channel, kind FROM xbb.alert_message;
CALL xbb.send_alerts();
SELECT pg_catalog.count(1) FROM xbb.alert_rule;
SELECT name FROM xbb.alert_channel;
SELECT name FROM xbb.alert_silence;
SELECT pg_catalog.count(m::pg_catalog.text) FROM xbb.metrics_sync m;
SELECT pg_catalog.count(s) FROM (SELECT pg_catalog.count(m::pg_catalog.text) AS s FROM xbb.metrics_push m
  UNION ALL SELECT pg_catalog.count(m::pg_catalog.text) FROM xbb.metrics_api m
  UNION ALL SELECT pg_catalog.count(m::pg_catalog.text) FROM xbb.metrics_account m
  UNION ALL SELECT pg_catalog.count(m::pg_catalog.text) FROM xbb.metrics_alert m) m;
SELECT xbb.report('zh'::pg_catalog.text) OPERATOR(pg_catalog.~) '^<!DOCTYPE html>'::pg_catalog.text AS is_page;
SELECT xbb.drop_sync('failing'), xbb.drop_alert_channel('log'), xbb.drop_alert_channel('robot'), xbb.alter_alert('failing');
RESET ROLE;
RESET search_path;
SELECT is_called FROM trap.called;
