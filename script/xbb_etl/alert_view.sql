-- What users see of alerts: of the roles they have, and members of pg_read_all_stats of all, without what runs said.

CREATE VIEW xbb.alert WITH (security_barrier) AS
SELECT a.subject_kind, a.subject, a.rule, a.owner::pg_catalog.regrole AS owner,
       CASE WHEN a.status = 'ok' THEN 'ok' WHEN s.until IS NOT NULL THEN 'silenced' ELSE 'firing' END AS state, a.since, a.seen,
       xbb._alert_detail(r.reader, a, pg_catalog.pg_has_role(a.owner, 'USAGE')) AS detail, xbb._alert_impact(r.reader, a) AS impact,
       xbb._alert_statement(a) AS statement, s.until AS silenced_until, a.told
FROM xbb._alert_state a
-- as _alert_silenced and _alert_inhibited have it, with the rights of the view
CROSS JOIN LATERAL (
  SELECT pg_catalog.max(s.until) AS until FROM xbb._alert_silence s JOIN pg_catalog.pg_roles r ON r.rolname = s.owner
  WHERE s.until > pg_catalog.now() AND s.name IN (a.subject, a.server, '*') AND pg_catalog.pg_has_role(r.oid, a.owner, 'USAGE')) s
CROSS JOIN LATERAL (SELECT ROW('en', pg_catalog.current_setting('TimeZone'), pg_catalog.now())::xbb._alert_reader AS reader) r
WHERE (a.status = 'ok' OR a.status = 'firing' AND (a.told OR a.inhibited_by IS NULL OR NOT EXISTS (
  SELECT FROM xbb._alert_state b
  WHERE b.owner = a.owner AND b.rule = a.inhibited_by AND b.status <> 'ok'
    AND (b.subject_kind = a.subject_kind AND b.subject = a.subject OR b.subject_kind = 'server' AND b.subject = a.server
         OR b.subject_kind = 'account' AND b.facts -> 'servers' ? a.server))))
  AND EXISTS (SELECT FROM pg_catalog.pg_roles o WHERE o.oid = a.owner)
  AND (pg_catalog.pg_has_role(a.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'));
COMMENT ON VIEW xbb.alert IS 'what fires, is silenced, or was over within the last day';
COMMENT ON COLUMN xbb.alert.subject_kind IS 'server, account (of a server), sync or push';
COMMENT ON COLUMN xbb.alert.subject IS 'name of what it is about';
COMMENT ON COLUMN xbb.alert.rule IS 'which rule';
COMMENT ON COLUMN xbb.alert.owner IS 'whose task it is; of a server: who has tasks there';
COMMENT ON COLUMN xbb.alert.state IS 'firing, silenced, or ok, when it is over';
COMMENT ON COLUMN xbb.alert.since IS 'since when it is so';
COMMENT ON COLUMN xbb.alert.seen IS 'the latest evaluation that found it';
COMMENT ON COLUMN xbb.alert.detail IS 'what was found; what a run said, to those who have the owner''s role';
COMMENT ON COLUMN xbb.alert.impact IS 'what that means for the data';
COMMENT ON COLUMN xbb.alert.statement IS 'what to type next';
COMMENT ON COLUMN xbb.alert.silenced_until IS 'nobody is told before';
COMMENT ON COLUMN xbb.alert.told IS 'is it in a message, with no other since that it is over?';

CREATE VIEW xbb.alert_silence WITH (security_barrier) AS
SELECT s.name, s.owner, s.since, s.until, s.why FROM xbb._alert_silence s
WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = s.owner AND (pg_catalog.pg_has_role(r.oid, 'USAGE')
                                                                              OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')));
COMMENT ON VIEW xbb.alert_silence IS 'what is not told for a while; those that are over are those whose until is';
COMMENT ON COLUMN xbb.alert_silence.name IS 'sync, push or server, or * for all';
COMMENT ON COLUMN xbb.alert_silence.owner IS 'who said so: of alerts of the roles that he has';
COMMENT ON COLUMN xbb.alert_silence.since IS 'when';
COMMENT ON COLUMN xbb.alert_silence.until IS 'until when it holds';
COMMENT ON COLUMN xbb.alert_silence.why IS 'and why';

CREATE VIEW xbb.alert_channel WITH (security_barrier) AS
SELECT c.name, c.owner, c.kind, c.target, c.lang, c.time_zone, c.keyword, c.max_bytes, c.digest,
       EXISTS (SELECT FROM xbb._place p WHERE p.token = c.place
               AND xbb._place_is_here(p.system_identifier, p.timeline, p.database, p.host, p.directory, p.places)) AS active
FROM xbb._alert_channel c
WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = c.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE'));
COMMENT ON VIEW xbb.alert_channel IS 'where messages go';
COMMENT ON COLUMN xbb.alert_channel.name IS 'what it is called';
COMMENT ON COLUMN xbb.alert_channel.owner IS 'whose it is: it has alerts of the roles that he has, of all if he is a member of pg_read_all_stats, and CALL xbb.send_alerts() is his';
COMMENT ON COLUMN xbb.alert_channel.kind IS 'log: the server''s log; notify: NOTIFY xbb_alert; target: a table of xbb_target';
COMMENT ON COLUMN xbb.alert_channel.target IS 'that table, with its schema';
COMMENT ON COLUMN xbb.alert_channel.lang IS 'en or zh';
COMMENT ON COLUMN xbb.alert_channel.time_zone IS 'of the times in messages, and of digest';
COMMENT ON COLUMN xbb.alert_channel.keyword IS 'each message begins with it, as some robots want';
COMMENT ON COLUMN xbb.alert_channel.max_bytes IS 'no message is longer';
COMMENT ON COLUMN xbb.alert_channel.digest IS 'when, each day, what is still open is told; NULL: never';
COMMENT ON COLUMN xbb.alert_channel.active IS 'false: it was made in another copy of the database, and has no messages until xbb.activate() is called';

CREATE VIEW xbb.alert_message WITH (security_barrier) AS
SELECT m.id, m.channel, m.owner, m.created, m.kind, m.body, m.bytes, m.status, m.tries,
       CASE WHEN m.status <> 'sent' AND m.next_try > '-infinity' AND m.next_try < 'infinity' THEN m.next_try END AS next_try, m.sent_at, m.note
FROM xbb._alert_message m
WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = m.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE'));
COMMENT ON VIEW xbb.alert_message IS 'messages, queued and sent';
COMMENT ON COLUMN xbb.alert_message.id IS 'its number, which stands in it: of one that came twice it is the same';
COMMENT ON COLUMN xbb.alert_message.channel IS 'which channel';
COMMENT ON COLUMN xbb.alert_message.owner IS 'whose channel';
COMMENT ON COLUMN xbb.alert_message.created IS 'when it was queued';
COMMENT ON COLUMN xbb.alert_message.kind IS 'firing (something is new), recovered (something is over, nothing new) or digest';
COMMENT ON COLUMN xbb.alert_message.body IS 'what it says';
COMMENT ON COLUMN xbb.alert_message.bytes IS 'how long that is, as max_bytes counts: as JSON, for a log as it is';
COMMENT ON COLUMN xbb.alert_message.status IS 'queued, sending, sent, unknown (no answer came: it is sent again) or failed';
COMMENT ON COLUMN xbb.alert_message.tries IS 'how often it was tried';
COMMENT ON COLUMN xbb.alert_message.next_try IS 'when it is tried again; NULL of one that failed: not any more';
COMMENT ON COLUMN xbb.alert_message.sent_at IS 'when it was sent';
COMMENT ON COLUMN xbb.alert_message.note IS 'why it was not';
