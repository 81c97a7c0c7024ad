-- What roles said of alerts, restored by the owner of a database, who is no superuser: his own, everybody's, and that of
-- roles that he may become; what he plants for others is left out.
SET client_min_messages = warning;
CREATE ROLE regress_xbb_akeeper LOGIN;
CREATE ROLE regress_xbb_akept;
CREATE ROLE regress_xbb_akept_other;
GRANT regress_xbb_akept TO regress_xbb_akeeper;
CREATE DATABASE regress_xbb_akept OWNER regress_xbb_akeeper TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
CREATE DATABASE regress_xbb_akept_copy OWNER regress_xbb_akeeper TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_xbb_akept
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
\c regress_xbb_akept_copy
SET client_min_messages = warning;
CREATE EXTENSION xbb_etl CASCADE;
\c regress_xbb_akept
SET client_min_messages = warning;
-- each has a sync to be silent of
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingAlertKeep');
GRANT USAGE ON FOREIGN SERVER crm TO PUBLIC;
CREATE SCHEMA AUTHORIZATION regress_xbb_akept
  CREATE TABLE product (data_id bigint PRIMARY KEY, update_time timestamptz);
CREATE SCHEMA AUTHORIZATION regress_xbb_akept_other
  CREATE TABLE product (data_id bigint PRIMARY KEY, update_time timestamptz);
SET ROLE regress_xbb_akept;
CREATE FOREIGN TABLE regress_xbb_akept.xbb_product (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
DO $$ BEGIN PERFORM xbb.create_sync('kept', source => 'regress_xbb_akept.xbb_product', target => 'regress_xbb_akept.product'); END $$;
SET ROLE regress_xbb_akept_other;
CREATE FOREIGN TABLE regress_xbb_akept_other.xbb_product (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
DO $$ BEGIN PERFORM xbb.create_sync('kept', source => 'regress_xbb_akept_other.xbb_product', target => 'regress_xbb_akept_other.product'); END $$;
SET ROLE regress_xbb_akeeper;
SELECT xbb.alter_alert('slow', everyone => true, threshold => 5), xbb.create_alert_channel('mine', 'log');
SET ROLE regress_xbb_akept;
SELECT xbb.alter_alert('stale', threshold => 2), xbb._alert_silence('*', now() + interval '1 day', 'kept'), xbb.create_alert_channel('here', 'log', time_zone => 'UTC');
SET ROLE regress_xbb_akept_other;
SELECT xbb.alter_alert('stale', threshold => 3), xbb._alert_silence('*', now() + interval '1 day', 'not kept'), xbb.create_alert_channel('there', 'log');
\! pg_dump -U regress_xbb_akeeper -a -t 'xbb._alert_*' regress_xbb_akept | psql -Xq -v ON_ERROR_STOP=1 -U regress_xbb_akeeper regress_xbb_akept_copy 2>&1 >/dev/null | grep -v '^CONTEXT'
\c regress_xbb_akept_copy
SET client_min_messages = warning;
SELECT owner, rule, threshold FROM xbb._alert_change ORDER BY owner;
SELECT owner, why FROM xbb._alert_silence;
SELECT owner, name, active FROM xbb.alert_channel ORDER BY owner;

-- nor has he another right on them
SET ROLE regress_xbb_akeeper;
INSERT INTO xbb._alert_channel SELECT 'postgres', name, kind, target, lang, time_zone, keyword, max_bytes, digest, (SELECT token FROM xbb._place) FROM xbb._alert_channel;
SELECT owner FROM xbb._alert_channel ORDER BY owner;
UPDATE xbb._alert_channel SET owner = 'postgres';
DELETE FROM xbb._alert_silence;
INSERT INTO xbb._alert_message (owner, channel, kind, body, bytes) VALUES ('postgres', 'x', 'firing', 'x', 1);
RESET ROLE;
\c postgres
SET client_min_messages = warning;
DROP DATABASE regress_xbb_akept;
DROP DATABASE regress_xbb_akept_copy;
DROP ROLE regress_xbb_akeeper, regress_xbb_akept, regress_xbb_akept_other;
