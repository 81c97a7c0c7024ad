-- Runs are READ COMMITTED, each transaction of theirs, whatever the default of role, database
-- or session is: with the snapshot of its beginning a run would not see what others have done
-- while it waited for a lock.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl tIsolation create-target log_body=on
\set url `python3 $XBB_SIM ctl tIsolation port`
\pset format unaligned
CREATE ROLE regress_xbb_isolation LOGIN;
GRANT CREATE ON SCHEMA public TO regress_xbb_isolation;
ALTER ROLE regress_xbb_isolation SET default_transaction_isolation = 'repeatable read';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
SELECT 'http://127.0.0.1:' || :'url' AS url \gset
SELECT current_user AS super \gset
CREATE SERVER isolation_erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER isolation_erp TO regress_xbb_isolation;
CREATE USER MAPPING FOR regress_xbb_isolation SERVER isolation_erp;
\c - regress_xbb_isolation
SET client_min_messages = warning;
SHOW default_transaction_isolation;
CREATE FOREIGN TABLE isolation_target (id text, level text) SERVER isolation_erp
  OPTIONS (api '/api/execute', batch_size '4', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true');
CREATE TABLE isolation_goods (id text PRIMARY KEY);
INSERT INTO isolation_goods VALUES ('a'), ('b'), ('c');
-- what the source tells is the level that it is read with
CREATE VIEW isolation_source AS SELECT id, current_setting('transaction_isolation') AS level FROM isolation_goods;
SELECT xbb.create_push('isolation', source => 'isolation_source', target => 'isolation_target', key => '{id}');
CALL xbb.push('isolation');
SELECT key, status FROM xbb.push_item WHERE push = 'isolation' ORDER BY key;
\! python3 $XBB_SIM ctl tIsolation log fields=body
SET default_transaction_isolation = 'serializable';
CALL xbb.push('isolation');
CALL xbb.push_all();
SELECT status, enqueued, acknowledged FROM xbb.push_run WHERE push = 'isolation' ORDER BY id;

-- and so with a sync: its target notes the level that it is written with
CREATE TABLE isolation_records (data_id bigint PRIMARY KEY, update_time timestamptz NOT NULL);
INSERT INTO isolation_records VALUES (1, '2026-01-01Z'), (2, '2026-01-02Z');
CREATE TABLE isolation_copy (data_id bigint PRIMARY KEY, update_time timestamptz, level text);
CREATE FUNCTION isolation_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.level := current_setting('transaction_isolation');
  RETURN NEW;
END $$;
CREATE TRIGGER note BEFORE INSERT OR UPDATE ON isolation_copy FOR EACH ROW EXECUTE FUNCTION isolation_note();
SELECT xbb.create_sync('isolation', 'isolation_records', 'isolation_copy');
CALL xbb.sync('isolation');
INSERT INTO isolation_records VALUES (3, '2026-01-03Z');
CALL xbb.sync_all();
SELECT data_id, level FROM isolation_copy ORDER BY data_id;
-- in a transaction that is not the run's own it is the caller's
INSERT INTO isolation_records VALUES (4, '2026-01-04Z');
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL xbb.sync('isolation');
COMMIT;
SELECT data_id, level FROM isolation_copy WHERE data_id = 4;
SELECT status, rows_read FROM xbb.sync_run WHERE sync = 'isolation' ORDER BY id;
SHOW default_transaction_isolation;
SELECT xbb.drop_push('isolation');
SELECT xbb.drop_sync('isolation');

\c - :super
SET client_min_messages = warning;
\! python3 $XBB_SIM ctl tIsolation remove
DROP OWNED BY regress_xbb_isolation CASCADE;
DROP SERVER isolation_erp CASCADE;
DROP ROLE regress_xbb_isolation;
