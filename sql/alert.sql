-- Alerts: what is wrong is told once, to whose it is, and that it is over; what each message says.
\getenv url XBB_SIM_URL
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl dingAlert create token=t0ken products=30 clock=now >/dev/null
\! python3 $XBB_SIM ctl dingAlertGroup create-target token=dt app_secret=SECdemo >/dev/null
SET client_min_messages = warning;
CREATE ROLE regress_xbb_alert;
CREATE ROLE regress_xbb_alert_other;
CREATE ROLE regress_xbb_alert_monitor;
GRANT pg_monitor TO regress_xbb_alert_monitor;
CREATE DATABASE regress_xbb_alert TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_xbb_alert
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE EXTENSION xbb_etl CASCADE;

-- each rule, new and over, in both languages
CREATE FUNCTION example(rule text, kind text, status text, facts jsonb) RETURNS xbb._alert_state LANGUAGE sql AS $$
  SELECT ROW('regress_xbb_alert'::regrole::oid, kind, CASE WHEN kind IN ('sync', 'push') THEN 'product' ELSE 'crm' END, rule, status,
             CASE status WHEN 'ok' THEN '2026-11-27 12:00Z' ELSE '2026-11-27 09:12Z' END, '2026-11-27 12:00Z', 0, true, 'crm', NULL, facts)::xbb._alert_state
$$;
SELECT l.lang, xbb._alert_block(ROW(l.lang, 'UTC', '2026-11-27 12:15Z'), example(e.rule, e.kind, s.status,
  jsonb_build_object('complete_until', '2026-11-27 08:55Z'::timestamptz, 'max_age', '30 min'::interval, 'target', 'mart.product', 'began', '2026-11-27 09:12Z'::timestamptz)
  || e.facts), true) AS message
FROM (VALUES ('en'), ('zh')) l (lang), (VALUES ('firing'), ('ok')) s (status), (VALUES
  ('failing', 'sync', '{"times": 3, "reason": "HV000: the API refused the request: code 100002"}'::jsonb),
  ('failing', 'push', '{"times": 1, "reason": "killed", "max_age": null}'),
  ('stale', 'sync', '{"complete_until": null}'),
  ('did_not_run', 'sync', '{"due": "2026-11-27 03:07Z", "began": "2026-11-26 03:07Z"}'),
  ('did_not_run', 'sync', '{"made": "2026-11-26 03:07Z"}'),
  ('rejects', 'sync', '{"records": 500}'),
  ('rejects', 'push', '{"records": 2}'),
  ('deletions_stopped', 'sync', '{}'),
  ('total_fell', 'sync', '{"at": "2026-11-27 03:07Z", "records": 500, "typical": 700}'),
  ('slow', 'sync', '{"took": "02:10:00", "typical": "00:00:45"}'),
  ('missed', 'sync', '{"at": "2026-11-27 03:07Z", "records": 2}'),
  ('unsettled', 'push', '{"unknown": 2, "held": 1}'),
  ('quota', 'account', '{"used": 80200, "quota": 100000, "resets_at": "2026-11-27 16:00Z", "is_gone": false, "target": null, "affected": ["product"]}'),
  ('quota', 'account', '{"resets_at": "2026-11-27 16:00Z", "is_gone": true, "target": null, "affected": ["product"]}'),
  ('unreachable', 'server', '{"reason": "08001: could not connect to the API: ...", "target": null, "affected": ["contract", "payment", "product", "user"]}'),
  ('token_refused', 'server', '{"reason": "28000", "target": null, "affected": ["product"]}'),
  ('drift', 'server', '{"at": "2026-11-27 03:07Z", "records": 4, "target": null, "affected": ["product"]}'),
  ('sees_less', 'server', '{"at": "2026-11-27 03:07Z", "target": null, "affected": ["product"]}')) e (rule, kind, facts)
WHERE s.status = 'firing' OR e.rule IN ('failing', 'quota', 'unreachable')
ORDER BY l.lang, s.status, e.rule, e.kind, e.facts::text;
-- no rule is without words
SELECT rule FROM xbb.alert_rule r WHERE xbb._alert_words('zh', 'title ' || rule) = xbb._alert_words('en', 'title ' || rule);

-- names that are long, or would call all of a group, or begin a line of their own
SELECT xbb._alert_title('en', a), xbb._alert_statement(a)
FROM (VALUES (repeat('订', 100)), (E'a\nb'), ('<at user_id="all">'), ('it''s')) n (name),
LATERAL (SELECT (jsonb_populate_record(example('failing', 'sync', 'firing', '{}'), jsonb_build_object('subject', n.name))).*) a;
-- what an error says of a record, a place or a company is not told
SELECT xbb._alert_reason(s, e) FROM (VALUES
  ('HV000', 'the API refused the request: code 100005, "手机号 13800138000 已存在"'), ('HV000', 'call +86 138-0013-8000'),
  ('53400', 'daily quota of 100 requests is used up for corpid "ding0123456789"'), ('HV00M', 'the API answered with a redirect to https://x.example/robot?key=1'),
  ('22P02', 'invalid input syntax for type integer: "13800138000"'), ('08001', E'could not connect\nto 13800138000')) v (s, e);

-- however many, and in whatever characters: the bytes are not more than there may be, and the first is whole
SELECT c.kind, c.max_bytes, n AS alerts, xbb._alert_bytes(c.kind, b.body) <= c.max_bytes AS fits, b.body ~ '^\[运维 #7\] ' AS head,
       position('1. ' IN b.body) > 0 OR b.body ~ E'\n(Impact: |影响：)' AS impact, b.body ~ '项：TABLE xbb.alert;$' AS more, b.body ~ '\.\.\.$' AS cut
FROM (VALUES ('target', 2048), ('notify', 7500), ('log', 20000)) c (kind, max_bytes), (VALUES (1), (3), (200)) k (n),
LATERAL (SELECT array_agg(xbb._alert_block(ROW('zh', 'UTC', '2026-11-27 12:15Z'), (jsonb_populate_record(
           example('failing', 'sync', 'firing', jsonb_build_object('times', 3, 'reason', 'HV000: ' || repeat('😀"', 76), 'target', repeat('"😀', 90))),
           jsonb_build_object('subject', i || repeat('"😀', 90)))), true)) AS blocks FROM generate_series(1, n) i) a,
LATERAL (SELECT xbb._alert_body((SELECT ROW('etl', 'c', c.kind, CASE c.kind WHEN 'target' THEN 'x' END, 'zh', 'UTC', '运维', c.max_bytes, NULL, NULL)::xbb._alert_channel),
                                7, CASE WHEN n > 1 THEN '新增' END, a.blocks) AS body) b;

-- a sync of a role, and its channels
CREATE SCHEMA mart AUTHORIZATION regress_xbb_alert;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingAlert', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR regress_xbb_alert SERVER crm OPTIONS (token 't0ken');
\set target_url `echo http://127.0.0.1:$(python3 $XBB_SIM ctl dingAlertGroup port)`
CREATE SERVER ops FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'target_url', preset 'dingtalk_robot', rate_limit '0', max_retries '0');
\set robot_url :target_url '/robot/send?access_token=dt'
CREATE USER MAPPING FOR regress_xbb_alert SERVER ops OPTIONS (url :'robot_url', app_secret 'SECdemo');
GRANT USAGE ON FOREIGN SERVER crm, ops TO regress_xbb_alert;
\setenv PGDATABASE :DBNAME
SET ROLE regress_xbb_alert;
SET search_path = mart;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER crm OPTIONS (object 'product');
CREATE FOREIGN TABLE robot (text text) SERVER ops;
SELECT xbb.create_sync('product', source => 'source', max_age => '1 day');
SELECT xbb.create_sync('again', source => 'source');
SELECT xbb.create_alert_channel('group', target => 'robot', lang => 'zh', keyword => '运维', digest => NULL);
SELECT xbb.create_alert_channel('here', 'log', digest => NULL);
SELECT name, owner, kind, target, lang, keyword, max_bytes, digest, active FROM xbb.alert_channel ORDER BY name;
SELECT xbb.create_alert_channel('no', 'target', 'source');
SELECT xbb.create_alert_channel('no', 'mail');
SELECT xbb.create_alert_channel('no', 'log', time_zone => 'Asia/Xiamen');
\set QUIET on
\set sync '\\! psql -Xq -c "SET ROLE regress_xbb_alert" -c "CALL xbb.sync(''product'')" 2>&1 | grep ERROR'
\set again '\\! psql -Xq -c "SET ROLE regress_xbb_alert" -c "CALL xbb.sync(''again'')" 2>&1 | grep ERROR'
\set send '\\! psql -Xq -c "SET ROLE regress_xbb_alert" -c "CALL xbb.send_alerts()" 2>&1 | sed "s/message [0-9]*/message N/; s/timed out after .*/timed out/; s/was lost: .*/was lost/"'
:sync
:again
SELECT xbb.check_alerts();
SELECT count(*) FROM xbb.alert;
SELECT evaluated > now() - interval '1 minute' AS just_now FROM xbb.alert_evaluated;

-- both fail, as the token is wrong: that is one thing, told once, whatever comes after it
RESET ROLE;
ALTER USER MAPPING FOR regress_xbb_alert SERVER crm OPTIONS (SET token 'wr0ng');
:sync
:again
:sync
SET ROLE regress_xbb_alert;
SELECT xbb.check_alerts();
SELECT subject_kind, subject, rule, owner, state, regexp_replace(detail, '(\d{4}-\d\d-\d\d )?\d\d:\d\d', 'HH:MM') AS detail, impact, statement, told FROM xbb.alert;
SELECT id, channel, kind, status, bytes <= 20000 AS short FROM xbb.alert_message ORDER BY id;
:send
:send
SELECT id, channel, status, tries, sent_at IS NOT NULL AS sent, note FROM xbb.alert_message ORDER BY id;
\! python3 $XBB_SIM ctl dingAlertGroup documents | sed -E 's/@[^)]*\)/@HERE)/; s/([0-9]{4}-[0-9]{2}-[0-9]{2} )?[0-9]{2}:[0-9]{2}/HH:MM/g'
-- it is over when that was seen twice
RESET ROLE;
ALTER USER MAPPING FOR regress_xbb_alert SERVER crm OPTIONS (SET token 't0ken');
:sync
SELECT subject, rule, state FROM xbb.alert;
:again
SELECT count(*) FROM xbb._alert_message;
SELECT xbb.check_alerts();
SELECT subject, rule, state, told FROM xbb.alert;
SELECT channel, kind, split_part(regexp_replace(body, '@[^)]*\)', '@HERE)'), E'\n', 1) AS first FROM xbb._alert_message ORDER BY id DESC LIMIT 2;
SELECT xbb.check_alerts(), (SELECT count(*) FROM xbb._alert_message) AS messages;

-- what is silenced is not told, until then
SET ROLE regress_xbb_alert;
SELECT xbb.silence('product', '2 h', '');
SELECT xbb.silence('product', '-1 h', 'x');
SELECT xbb.silence('prodct', '2 h', 'x');
SELECT xbb.silence('product', '2 h', 'the form is being changed');
SELECT name, owner, until - since < '2 h 1 min' AND until > now() + interval '1 h 59 min' AS two_hours, why FROM xbb.alert_silence;
RESET ROLE;
\! python3 $XBB_SIM ctl dingAlert set rights=error
:sync
SELECT xbb._alert_evaluate(now() + interval '20 min'), (SELECT count(*) FROM xbb._alert_message) AS messages;
SELECT subject, rule, state, silenced_until > now() AS silenced, told FROM xbb.alert WHERE state <> 'ok';
SELECT xbb._alert_evaluate(now() + interval '121 min');
SELECT channel, kind, body ~ '42501' AS says_why FROM xbb._alert_message ORDER BY id DESC LIMIT 2;
SELECT xbb.silence('product', now() + interval '1 h', 'again'), xbb.silence('*', '1 day', 'x');
SET ROLE regress_xbb_alert;
SELECT xbb.unsilence('product');
SELECT name, owner FROM xbb.alert_silence;
RESET ROLE;
SELECT xbb.unsilence('*'), xbb.unsilence('product');

-- the digest tells once a day what is still open, where it is wanted
SET ROLE regress_xbb_alert;
SELECT xbb.create_alert_channel('here', 'log', digest => '08:50');
RESET ROLE;
SELECT n, xbb._alert_evaluate(date_trunc('day', now(), 'Asia/Shanghai') + n * interval '1 hour') AS queued FROM generate_series(24, 72, 6) n;
SELECT channel, kind, split_part(regexp_replace(body, '@[^)]*\)', '@HERE)'), E'\n', 1) AS first FROM xbb._alert_message WHERE kind = 'digest' ORDER BY id;

-- rules can be others, for a role, a task, everybody
SET ROLE regress_xbb_alert;
SELECT xbb.alter_alert('failing', enabled => false, task => 'product');
SELECT xbb.alter_alert('stale', threshold => 0.5, hold => '1 h');
SELECT rule, owner, task, enabled, threshold, hold, builtin FROM xbb.alert_rule WHERE NOT builtin ORDER BY rule;
SELECT xbb.check_alerts();
SELECT subject, rule, state FROM xbb.alert WHERE state <> 'ok';
SELECT xbb.alter_alert('stale');
SELECT xbb.alter_alert('stale', everyone => true, enabled => false);
SELECT xbb.alter_alert('stalled');
SELECT xbb.alter_alert('stale', threshold => 0);
SELECT xbb.alter_alert('stale', task => 'prodct', enabled => false);
RESET ROLE;
SELECT xbb.alter_alert('stale', everyone => true, enabled => false);
SELECT rule, owner, enabled, builtin FROM xbb.alert_rule WHERE rule IN ('stale', 'failing') ORDER BY rule, owner NULLS FIRST;
SELECT xbb.alter_alert('stale', everyone => true);
SET ROLE regress_xbb_alert;
SELECT xbb.alter_alert('failing', task => 'product');
RESET ROLE;
SELECT count(*) FROM xbb.alert_rule WHERE NOT builtin;

-- what counts tell, and what was looked at: records that a reconciliation finds, deletions that it does not do, a list that is
-- shorter than it was, forms that have changed, an acting user who sees less
\! python3 $XBB_SIM ctl dingAlert set rights=all
:sync
SELECT xbb.check_alerts() >= 0, xbb.check_alerts() >= 0;
SET ROLE regress_xbb_alert;
CREATE FOREIGN TABLE people_source (user_id text, name text) SERVER crm OPTIONS (object 'user');
SELECT xbb.alter_sync('product', delete_mode => 'delete', delete_limit => 2), xbb.create_sync('people', source => 'people_source', key => '{user_id}', delete_limit => 1000);
\set people '\\! psql -Xq -c "SET ROLE regress_xbb_alert" -c "CALL xbb.sync(''people'')" 2>&1 | grep ERROR'
\set reconcile '\\! psql -Xq -c "SET ROLE regress_xbb_alert" -c "CALL xbb.reconcile(''product'', full => true)" 2>&1 | grep ERROR'
:people
:people
:reconcile
DELETE FROM product WHERE data_id IN (51200003, 51200005);
:reconcile
SELECT subject, rule, detail ~ 'found 2$' AS two, statement FROM xbb.alert WHERE state <> 'ok';
:reconcile
\! python3 $XBB_SIM ctl dingAlert drop id=51200001,51200002,51200003
\! python3 $XBB_SIM ctl dingAlert create object=user records=20
:reconcile
:people
RESET ROLE;
INSERT INTO xbb._doctor_kept SELECT s.oid, r.oid, 'product', now(), 30, 'api', 'acting_user', 'warn', 'user_id sees 5 of 30 records', NULL, NULL, 2, 0
FROM pg_foreign_server s, pg_roles r WHERE srvname = 'crm' AND rolname = 'regress_xbb_alert';
SET ROLE regress_xbb_alert;
SELECT xbb.check_drift('crm') >= 0 AS looked;
RESET ROLE;
SELECT changes >= 0 AS kept FROM xbb._alert_drift;
UPDATE xbb._alert_drift SET changes = 4;
SELECT xbb.check_alerts() >= 0 AS looked;
SET ROLE regress_xbb_alert;
SELECT subject_kind, subject, rule, regexp_replace(detail, '(\d{4}-\d\d-\d\d )?\d\d:\d\d', 'HH:MM') AS detail FROM xbb.alert WHERE state <> 'ok' ORDER BY 2, 3;
RESET ROLE;
SELECT subject, rule, status, inhibited_by FROM xbb._alert_state WHERE inhibited_by IS NOT NULL AND status <> 'ok';
DELETE FROM xbb._doctor_kept;
DELETE FROM xbb._alert_drift;
SET ROLE regress_xbb_alert;
SELECT xbb.drop_sync('people'), xbb.alter_sync('product', delete_limit => -1);
:reconcile
RESET ROLE;
SELECT xbb.check_alerts() >= 0, xbb.check_alerts() >= 0;
SELECT subject, rule FROM xbb.alert WHERE state <> 'ok';
-- a schedule: what should have begun and has not, counted from when it was due, and a run that takes long
UPDATE xbb._sync_run_log SET ended = started + interval '1 minute';
INSERT INTO xbb._alert_due SELECT r.oid, 'sync', 'product', now() FROM pg_roles r WHERE rolname = 'regress_xbb_alert';
SELECT f.rule, f.since = u.due AS since_due FROM xbb._alert_due u, xbb._alert_find(xbb._alert_tasks(), now() + interval '1 minute') f WHERE f.rule IN ('did_not_run', 'slow');
UPDATE xbb._sync_run_log SET ended = started + interval '10 minutes' WHERE id = (SELECT max(id) FROM xbb._sync_run_log);
SELECT f.rule, f.value FROM xbb._alert_find(xbb._alert_tasks(), now()) f WHERE f.rule = 'slow';
\! python3 $XBB_SIM ctl dingAlert set rights=error
:sync

-- who sees what: the owner's, who watches without what runs said, and nobody else
SELECT xbb.check_alerts(), xbb._alert_evaluate(now() + interval '20 min') > 0;
SET ROLE regress_xbb_alert_monitor;
SELECT subject, rule, state, detail ~ '42501' AS code, detail ~ 'API' AS words FROM xbb.alert WHERE state <> 'ok';
SELECT count(*) FROM xbb.alert_message;
SELECT count(*) FROM xbb.alert_channel;
SET ROLE regress_xbb_alert;
SELECT subject, detail ~ '42501: the API refused' AS words FROM xbb.alert WHERE state <> 'ok';
SET ROLE regress_xbb_alert_other;
SELECT count(*) FROM xbb.alert;
SELECT count(*) FROM xbb.alert_message;
SELECT count(*) FROM xbb.alert_silence;
SELECT xbb.drop_alert_channel('group');
SELECT xbb._alert_evaluate(now());
SELECT count(*) FROM xbb._alert_state;
SELECT xbb._alert_take();
SELECT xbb._alert_note(1, 'queued', NULL, '0');
SELECT xbb.check_alerts() IS NOT NULL AS may;
SELECT count(*) FROM xbb.alert_rule;
RESET ROLE;
SELECT status, count(*) FROM xbb._alert_message WHERE id = 1 GROUP BY 1;

-- a run in a transaction block looks for nothing, which could be undone; sending does not go there
SELECT last_value AS before FROM xbb._alert_evaluation \gset
SET ROLE regress_xbb_alert;
BEGIN;
CALL xbb.sync('product');
ROLLBACK;
BEGIN;
CALL xbb.send_alerts();
ROLLBACK;
RESET ROLE;
SELECT last_value = :before AS not_since FROM xbb._alert_evaluation;

-- a dump has what users said; in a copy nothing is sent, until it is made active
SELECT xbb.alter_alert('slow', everyone => true, threshold => 5);
SET ROLE regress_xbb_alert;
SELECT xbb.silence('again', '1 day', 'kept'), xbb.alter_alert('failing', task => 'again', enabled => false);
RESET ROLE;
CREATE DATABASE regress_xbb_alert_copy TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\! pg_dump | psql -Xqo /dev/null regress_xbb_alert_copy
\c regress_xbb_alert_copy
SET client_min_messages = warning;
SELECT rule, owner, task, enabled, threshold FROM xbb.alert_rule WHERE NOT builtin ORDER BY rule;
SELECT name, owner, why FROM xbb.alert_silence;
SELECT name, owner, kind, target, lang, keyword, active FROM xbb.alert_channel ORDER BY name;
SELECT (SELECT count(*) FROM xbb._alert_state) AS alerts, (SELECT count(*) FROM xbb._alert_message) AS messages;
INSERT INTO xbb._alert_message (owner, channel, kind, body, bytes) VALUES ('regress_xbb_alert', 'group', 'firing', 'from a copy', 13);
\setenv PGDATABASE :DBNAME
:send
SELECT xbb.activate();
SELECT name, active FROM xbb.alert_channel ORDER BY name;
:send
\! python3 $XBB_SIM ctl dingAlertGroup documents | grep -c 'from a copy'
\c regress_xbb_alert
\setenv PGDATABASE :DBNAME
SET client_min_messages = warning;
DROP DATABASE regress_xbb_alert_copy;

-- what could not be sent waits, and what may have arrived comes again, under its number; what is refused keeps nothing back
\set again_at 'WITH u AS (UPDATE xbb._alert_message SET next_try = ''-infinity'' WHERE status <> ''sent'' RETURNING body, status, tries, split_part(note, '':'', 1) AS note) SELECT * FROM u ORDER BY body;'
UPDATE xbb._alert_message SET status = 'sent';
INSERT INTO xbb._alert_message (owner, channel, kind, body, bytes) SELECT 'regress_xbb_alert', 'group', 'firing', 'try ' || n, 9 FROM generate_series(1, 2) n;
\! python3 $XBB_SIM ctl dingAlertGroup fault what=says kind=throttled
:send
:again_at
\! python3 $XBB_SIM ctl dingAlertGroup fault what=lost
:send
:again_at
\! python3 $XBB_SIM ctl dingAlertGroup fault what=later ms=100000 s=1
ALTER SERVER ops OPTIONS (ADD request_timeout '300ms');
:send
:again_at
ALTER SERVER ops OPTIONS (DROP request_timeout);
\! python3 $XBB_SIM ctl dingAlertGroup clear what=all
\! python3 $XBB_SIM ctl dingAlertGroup refuse 'try 1'
:send
:again_at
\! python3 $XBB_SIM ctl dingAlertGroup accept
:send
SELECT body, status, tries FROM xbb._alert_message WHERE body LIKE 'try%' ORDER BY id;
\! python3 $XBB_SIM ctl dingAlertGroup documents | grep try | cut -f 1,3
-- from the fifth time on it is tried rarely, and what comes after it goes
\! python3 $XBB_SIM ctl dingAlertGroup fault what=lost at=every
INSERT INTO xbb._alert_message (owner, channel, kind, body, bytes, status, tries) VALUES ('regress_xbb_alert', 'group', 'firing', 'try five', 9, 'unknown', 3);
:send
UPDATE xbb._alert_message SET next_try = '-infinity' WHERE body = 'try five';
:send
\! python3 $XBB_SIM ctl dingAlertGroup clear what=all
INSERT INTO xbb._alert_message (owner, channel, kind, body, bytes) VALUES ('regress_xbb_alert', 'group', 'firing', 'try six', 9);
:send
SELECT body, status, tries, split_part(note, ':', 1) AS note, next_try > now() + interval '3 h' AS rarely FROM xbb.alert_message WHERE body ~ 'five|six' ORDER BY id;
UPDATE xbb._alert_message SET status = 'sent' WHERE body = 'try five';
-- a session that was killed while it sent left this behind
INSERT INTO xbb._alert_message (owner, channel, kind, body, bytes, status, tries) VALUES ('regress_xbb_alert', 'group', 'firing', 'try 3', 9, 'sending', 1);
:send
-- after a day it is given up
INSERT INTO xbb._alert_message (owner, channel, kind, body, bytes, created) VALUES ('regress_xbb_alert', 'group', 'firing', 'try 4', 9, now() - interval '25 hours');
\! python3 $XBB_SIM ctl dingAlertGroup refuse 'try 4'
:send
SELECT status, tries, next_try FROM xbb.alert_message WHERE body = 'try 4';
:send

-- a sync that is gone is not spoken of
SET ROLE regress_xbb_alert;
SELECT xbb.drop_sync('product'), xbb.drop_sync('again');
RESET ROLE;
SELECT xbb.check_alerts();
SET ROLE regress_xbb_alert;
SELECT count(*) FROM xbb.alert;
SELECT xbb.drop_alert_channel('group'), xbb.drop_alert_channel('here');
SELECT count(*) FROM xbb.alert_message;
RESET ROLE;

\c postgres
SET client_min_messages = error;
DROP DATABASE regress_xbb_alert;
DROP ROLE regress_xbb_alert, regress_xbb_alert_other, regress_xbb_alert_monitor;
\! python3 $XBB_SIM ctl dingAlert remove
\! python3 $XBB_SIM ctl dingAlertGroup remove
