-- Alerts: nobody keeps others from being told, or has them told what is not so; what is to be typed can be.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_xbb_fair;
CREATE ROLE regress_xbb_fair_other;
CREATE DATABASE regress_xbb_fair TEMPLATE template0;
\c regress_xbb_fair
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE EXTENSION xbb_etl CASCADE;
CREATE SCHEMA mart AUTHORIZATION regress_xbb_fair;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingFair', base_url 'http://127.0.0.1:1');
GRANT USAGE ON FOREIGN SERVER crm TO regress_xbb_fair;
SET ROLE regress_xbb_fair;
SET search_path = mart;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
SELECT xbb.create_sync('product', source => 'source', max_age => '1 h');
SELECT xbb.create_alert_channel('here', 'log', digest => NULL);

-- a channel without a clock is refused, also by who calls what is not for use; one that a dump brought tells nobody, and nobody else less
SET ROLE regress_xbb_fair_other;
SELECT xbb._alert_channel_put(ROW('x', NULL, 'log', NULL, 'en', 'Asia/Xiamen', 'xbb', 2000, '08:50', NULL)::xbb.alert_channel);
SELECT xbb.create_alert_channel('x', 'log');
RESET ROLE;
UPDATE xbb._alert_channel SET time_zone = 'Asia/Xiamen' WHERE name = 'x';
UPDATE xbb._sync_definition SET incomplete_since = now() - interval '2 h';
SELECT xbb._alert_evaluate(now());
SELECT owner, channel, body ~ 'did not run: sync product' AS told FROM xbb._alert_message;

-- a promise that is no span of time is kept or not, and nobody else's is looked at less
SET ROLE regress_xbb_fair;
SELECT xbb.alter_sync('product', max_age => '-4 years 1461 days');
RESET ROLE;
SELECT xbb._alert_evaluate(now()) AS queued;
SET ROLE regress_xbb_fair;
SELECT xbb.alter_sync('product', max_age => '170000000 years');
RESET ROLE;
SELECT xbb._alert_evaluate(now()) AS queued;

-- an old snapshot has what is over, a block that stays open keeps others from looking
SET ROLE regress_xbb_fair_other;
BEGIN;
SELECT xbb.check_alerts();
ROLLBACK;
SET default_transaction_isolation = 'repeatable read';
SELECT xbb.check_alerts();
RESET default_transaction_isolation;
SELECT xbb.check_alerts() IS NOT NULL AS looked;
RESET ROLE;

-- what a push's run failed of is told by its code alone
SELECT s, xbb._alert_reason(s, NULL) FROM unnest('{HV000,53400,23505}'::text[]) s;

\c postgres
SET client_min_messages = error;
DROP DATABASE regress_xbb_fair;
DROP ROLE regress_xbb_fair, regress_xbb_fair_other;
