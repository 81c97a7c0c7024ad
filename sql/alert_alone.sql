-- Alerts of one role are looked at whatever another role, or another encoding, brings.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingAlone create token=t0ken products=3 clock=now >/dev/null
\! python3 $XBB_SIM ctl dingAlone create object=department records=20 >/dev/null
SET client_min_messages = warning;
CREATE ROLE regress_xbb_alone;
CREATE ROLE regress_xbb_alone_other;
CREATE DATABASE regress_xbb_alone TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_xbb_alone
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE EXTENSION xbb_etl CASCADE;
CREATE SCHEMA mart AUTHORIZATION regress_xbb_alone;
CREATE SCHEMA other AUTHORIZATION regress_xbb_alone_other;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingAlone', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken');
GRANT USAGE ON FOREIGN SERVER crm TO regress_xbb_alone, regress_xbb_alone_other;
SET ROLE regress_xbb_alone;
SET search_path = mart;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
SELECT xbb.create_sync('product', source => 'source', max_age => '1 ms');
SELECT xbb.alter_alert('did_not_run', enabled => false);
SELECT xbb.create_alert_channel('here', 'log', digest => NULL);

-- a zone that is none is UTC, and what is promised for longer than there are times is not stale
SET ROLE regress_xbb_alone_other;
SET search_path = other;
SELECT xbb.create_alert_channel('zone', 'log');
RESET ROLE;
UPDATE xbb._alert_channel SET time_zone = 'No/Zone' WHERE name = 'zone';
SET ROLE regress_xbb_alone_other;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
SELECT xbb.create_sync('far', source => 'source', max_age => '300000 years');
SELECT xbb.check_alerts();
SELECT rule, subject FROM xbb.alert;
SET ROLE regress_xbb_alone;
SELECT rule, subject, told FROM xbb.alert;

-- whatever else fails for one role: what fires of it still does, and is not over
RESET ROLE;
INSERT INTO xbb._sync_evidence (run, definition, task, status, started, ended, source_rows, target_rows, missed, gone)
SELECT n, d.id, 'reconcile', 'succeeded', now(), now(), 1 - n, 0, 0, 0 FROM xbb._sync_definition d, generate_series(1, 2) n WHERE d.name = 'far';
INSERT INTO xbb._alert_state (owner, subject_kind, subject, rule, status, since, seen, told, server, facts)
VALUES ('regress_xbb_alone_other'::regrole, 'sync', 'far', 'rejects', 'firing', now(), now(), true, 'crm', '{"records": 1}');
SET client_min_messages = error;
SELECT count(*) FROM (SELECT xbb.check_alerts() FROM generate_series(1, 3)) c;
SET client_min_messages = warning;
SELECT owner, rule, subject, state FROM xbb.alert ORDER BY rule;
SET ROLE regress_xbb_alone_other;
SELECT xbb.drop_sync('far');
SET ROLE regress_xbb_alone;
SELECT xbb.drop_sync('product');

-- a source that has become a list: what reconciliations counted of the old one is no more looked at
SET search_path = mart;
CREATE FOREIGN TABLE list (id bigint, name text) SERVER crm OPTIONS (object 'department');
SELECT xbb.create_sync('list', source => 'list', target => 'copy');
CALL xbb.sync('list');
CALL xbb.sync('list');
\setenv PGDATABASE :DBNAME
\! for id in $(psql -XAtc 'SELECT id FROM mart.list LIMIT 10'); do python3 $XBB_SIM ctl dingAlone drop object=department id=$id; done
CALL xbb.sync('list');
RESET ROLE;
INSERT INTO xbb._sync_evidence (run, definition, task, status, started, ended, source_rows, target_rows, missed, gone)
SELECT n + 2, d.id, 'reconcile', 'succeeded', now(), now(), 100 - 30 * n, 0, 0, 0 FROM xbb._sync_definition d, generate_series(1, 2) n WHERE d.name = 'list';
SELECT xbb.check_alerts();
SELECT rule, subject, detail ~ '^10 records at .*, usually 20$' AS detail FROM xbb.alert;

-- what the doctor saw of an object is over when it has looked at that one again
INSERT INTO xbb._doctor_kept (serverid, userid, object, checked_at, no, area, check_name, status, requests, seconds)
SELECT s.oid, 'regress_xbb_alone'::regrole, 'customer', now(), 1, 'api', 'acting_user', 'warn', 1, 0 FROM pg_foreign_server s WHERE s.srvname = 'crm';
SELECT xbb.check_alerts();
SELECT statement FROM xbb.alert WHERE rule = 'sees_less';
\c postgres
SET client_min_messages = warning;
DROP DATABASE regress_xbb_alone;

-- where characters are bytes none is cut, nor taken for a control character
CREATE DATABASE regress_xbb_alone TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_alone
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingAlone', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
SELECT xbb.create_sync(repeat('产品', n), source => 'source', target => 't' || n, max_age => '1 ms') FROM (VALUES (1), (20)) v (n);
SELECT xbb.create_alert_channel('here', 'log', lang => 'zh', digest => NULL);
SELECT xbb.alter_alert('did_not_run', enabled => false);
SELECT xbb.check_alerts();
SELECT bytes = octet_length(body) AS exact, convert_from(body::bytea, 'UTF8') ~ '同步 产品' AS named, body ~ '产品产品产品产品产品产品产品产品产品\.\.\.' AS cut FROM xbb.alert_message;
SELECT convert_from(convert_to(xbb.report('zh'), 'SQL_ASCII'), 'UTF8') ~ '运行.*产品产品' AS reported;
SELECT xbb._report_html(E'\xe2\x80\xaea\x01') AS turned, xbb._report_left('产品', 4) AS cut;
SELECT xbb._alert_left('产品', n), octet_length(xbb._alert_reason('08000', repeat('产', 100))) FROM generate_series(2, 4) n;
SELECT xbb._alert_bytes('target', repeat('产', 2000)), length(xbb._alert_cut('target', repeat('产', 2000), 2000));
\c postgres
SET client_min_messages = warning;
DROP DATABASE regress_xbb_alone;

-- an encoding without Chinese has English for it, in the report, too
CREATE DATABASE regress_xbb_alone TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_alone
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
SELECT xbb.report('zh') LIKE '%<html lang="en">%Nothing is set up yet%' AS is_english, xbb._alert_words('zh', 'kind sync') AS word;
\c postgres
SET client_min_messages = warning;
DROP DATABASE regress_xbb_alone;

-- and where they are none of UTF-8's, a message has its bytes at most
CREATE DATABASE regress_xbb_alone TEMPLATE template0 ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_alone
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
SELECT xbb._alert_bytes('log', convert_from('\xb2fa', 'EUC_CN')), xbb._alert_bytes('log', convert_from('\xfefe', 'EUC_CN'));
\c postgres
SET client_min_messages = warning;
DROP DATABASE regress_xbb_alone;
DROP ROLE regress_xbb_alone, regress_xbb_alone_other;
