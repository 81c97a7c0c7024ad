-- Of two records with one key the newer one has the place in the target, but only as
-- long as it is in the CRM: when a reconciliation has found that it is gone, the other
-- one has it at the end of that same run, with each delete_mode.

\set company dingSyncRival
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=50 freeze=on');
CREATE SERVER sync_rival FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_rival OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER sync_rival OPTIONS (object 'product');
CREATE VIEW run AS SELECT task, status, deleted, error FROM xbb.sync_run WHERE sync = 'n' ORDER BY id DESC LIMIT 1;
CREATE VIEW rejects AS SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'n' ORDER BY data_id;

-- two rivals for one place, both loaded before, and the newer one is deleted: who has it
CREATE PROCEDURE play(delete_mode text, whole boolean, elder bigint, younger bigint, number text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM xbb.create_sync('n', source => 'source', key => '{serial_no}', delete_mode => delete_mode,
    columns => '{"serial_no": "serial_no", "name": "name"}');
  CALL xbb.sync('n');
  PERFORM sim('clock advance=10');
  PERFORM sim('touch id=' || elder, format('{"serialNo": "%s"}', number));
  PERFORM sim('clock advance=10');
  PERFORM sim('touch id=' || younger, format('{"serialNo": "%s"}', number));
  CALL xbb.sync('n');
  RAISE NOTICE '%', (SELECT array_agg(data_id) FROM n WHERE serial_no = number);
  PERFORM sim('drop id=' || younger);
  -- beyond the overlap: no run reads the elder again
  PERFORM sim('clock advance=864000');
  PERFORM sim('touch id=51200050', '{"text_1": "the watermark is here"}');
  CALL xbb.sync('n');
  CALL xbb.reconcile('n', full => whole);
END
$$;

CALL play('mark', true, 51200040, 51200041, 'N1');
TABLE run;
TABLE rejects;
SELECT data_id, deleted_at FROM n WHERE serial_no = 'N1';
SELECT count(*), count(deleted_at) AS gone FROM n;
-- and nothing is left to do
CALL xbb.reconcile('n', full => true);
TABLE run;
SELECT count(*), count(deleted_at) AS gone FROM n;
SELECT xbb.drop_sync('n');
DROP TABLE n;

CALL play('mark', false, 51200038, 51200039, 'N2');
TABLE run;
TABLE rejects;
SELECT data_id, deleted_at FROM n WHERE serial_no = 'N2';
SELECT count(*), count(deleted_at) AS gone FROM n;
SELECT xbb.drop_sync('n');
DROP TABLE n;

CALL play('delete', true, 51200036, 51200037, 'N3');
TABLE run;
TABLE rejects;
SELECT data_id FROM n WHERE serial_no = 'N3';
SELECT count(*) FROM n;
SELECT xbb.drop_sync('n');
DROP TABLE n;

CALL play('delete', false, 51200034, 51200035, 'N4');
TABLE run;
TABLE rejects;
SELECT data_id FROM n WHERE serial_no = 'N4';
SELECT xbb.drop_sync('n');
DROP TABLE n;

CALL play('ignore', true, 51200032, 51200033, 'N5');
TABLE run;
TABLE rejects;
SELECT data_id FROM n WHERE serial_no = 'N5';
SELECT count(*) FROM n;
-- a row that is in nobody's way stays
SELECT sim('drop id=51200001');
CALL xbb.reconcile('n', full => true);
TABLE run;
SELECT count(*) FROM n;
SELECT xbb.drop_sync('n');
DROP TABLE n;

CALL play('ignore', false, 51200030, 51200031, 'N6');
TABLE run;
TABLE rejects;
SELECT data_id FROM n WHERE serial_no = 'N6';
SELECT xbb.drop_sync('n');
DROP TABLE n;

-- a rival that is marked gives way to a record that comes later, and is no reject; one
-- that lives does not, and who lost against it is not tried again, run after run
SELECT xbb.create_sync('n', source => 'source', key => '{serial_no}', delete_mode => 'mark',
  columns => '{"serial_no": "serial_no", "name": "name"}');
CALL xbb.sync('n');
SELECT serial_no AS number FROM n WHERE data_id = 51200020 \gset
SELECT sim('drop id=51200020');
CALL xbb.reconcile('n');
SELECT sim('put', format('{"dataId": 60000000, "addTime": 1700000000, "updateTime": 1700000000, "data": {"serialNo": "%s"}}', :'number'));
CALL xbb.reconcile('n', full => true);
SELECT data_id, deleted_at FROM n WHERE serial_no = :'number';
TABLE rejects;
SELECT sim('clock advance=10');
SELECT sim('touch id=51200021', format('{"serialNo": "%s"}', :'number'));
CALL xbb.sync('n');
TABLE rejects;
CALL xbb.reconcile('n', full => true);
SELECT rejected FROM xbb.sync_run ORDER BY id DESC LIMIT 1;
TABLE rejects;
SELECT data_id FROM n WHERE serial_no = :'number';

SET client_min_messages = warning;
SELECT xbb.drop_sync('n');
DROP SERVER sync_rival CASCADE;
DROP SCHEMA "dingSyncRival" CASCADE;
