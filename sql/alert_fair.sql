-- Alerts: nobody keeps others from being told, or has them told what is not so; what is to be typed can be.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_xbb_fair;
CREATE ROLE regress_xbb_fair_other;
CREATE DATABASE regress_xbb_fair TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
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

-- a channel without a clock is refused, also by who calls what is not for use; of one that a dump brought it is UTC's, and nobody is told less
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
-- who has no task would keep others from looking for as long as he likes
SELECT xbb.check_alerts() IS NOT NULL AS looked;
RESET ROLE;
SET ROLE regress_xbb_fair;
SELECT xbb.check_alerts() IS NOT NULL AS looked;
RESET ROLE;

-- records that a target refuses are told, and not again as what is stale, unless the push does not run, either
SELECT t.n, f.rule, f.value FROM (VALUES (1, 'push', 'incomplete', '5 min'::interval), (2, 'push', 'incomplete', '2 h'), (3, 'push', 'ok', '5 min'), (4, 'sync', 'incomplete', '5 min'))
  t (n, kind, state, ran), LATERAL xbb._alert_find_tasks(ARRAY[jsonb_populate_record(NULL::xbb._alert_task, jsonb_build_object('kind', kind, 'name', 'p', 'id', -1,
  'owner', 10, 'status', jsonb_build_object('state', state, 'max_age', '1 h', 'complete_until', '2026-11-27 09:00Z'::timestamptz, 'last_started', '2026-11-27 12:00Z'::timestamptz - ran)))],
  '2026-11-27 12:00Z') f WHERE f.rule = 'stale' AND f.value >= 1 ORDER BY 1;
-- what a push's run failed of is told by its code alone
SELECT s, xbb._alert_reason(s, NULL) FROM unnest('{HV000,53400,23505}'::text[]) s;

-- a name that a robot, or a reader, would take for something else is told with other marks, and can be typed
SET ROLE regress_xbb_fair;
SELECT xbb.alter_sync('product', new_name => n.name) FROM (VALUES ('p''\' || chr(8238) || E'\n<at user_id="all">@')) n (name);
SELECT name, xbb._alert_name(name), xbb._alert_literal(name) FROM xbb.sync_definition;
SELECT 'SELECT count(*) FROM xbb.sync_definition WHERE name = ' || xbb._alert_literal(name) || ';' FROM xbb.sync_definition \gexec
SELECT xbb._alert_literal(repeat('订', 60)) = quote_literal(repeat('订', 60)) AS whole, xbb._alert_literal(repeat('订', 61)) IS NULL AS long;
SELECT substring(xbb._alert_block(ROW('en', 'UTC', now()), ROW(0, 'sync', n.name, 'failing', 'firing', now(), now(), 0, false, 'crm', NULL, '{}')::xbb._alert_state, true)
                 FROM 'silence: .*') FROM (VALUES ('<a>'), (repeat('订', 61))) n (name);
SELECT xbb.alter_sync(name, new_name => 'product') FROM xbb.sync_definition;

-- a silence that would be of nothing is refused
SELECT xbb.silence('crm', '2 h', 'x'), xbb.silence('product', '2 h', 'x'), xbb.silence('*', '2 h', 'x');
SELECT xbb.unsilence('*'), xbb.unsilence('product'), xbb.unsilence('crm');
RESET ROLE;
GRANT pg_monitor TO regress_xbb_fair_other;
SET ROLE regress_xbb_fair_other;
SELECT xbb.silence('product', '2 h', 'x');
SELECT xbb.silence('crm', '2 h', 'x');
SELECT xbb.silence('*', '2 h', 'x');
SELECT count(*) FROM xbb.alert_silence;
RESET ROLE;

\c postgres
SET client_min_messages = error;
DROP DATABASE regress_xbb_fair;
DROP ROLE regress_xbb_fair, regress_xbb_fair_other;
