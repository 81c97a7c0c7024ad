-- What a monitoring system scrapes: numbers alone beside the labels.  Times are epochs, spans are seconds,
-- and none is NULL, which Prometheus takes for NaN and compares with nothing: 0 is never, none, no limit.
-- No two rows have the same labels, else an exporter gives none of them; no label is one that an exporter
-- adds itself (server, database, driver, host, user, sql_job, col).  Nothing of a record, no word of an error.
-- A column is a counter where its name ends in _total.

CREATE FUNCTION xbb._epoch(at pg_catalog.timestamptz) RETURNS double precision
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.isfinite(at) THEN extract(epoch FROM at)::double precision ELSE 0 END;

CREATE FUNCTION xbb._seconds(span interval) RETURNS double precision
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(extract(epoch FROM span)::double precision, 0);

-- Of those whose owner is gone there may be two of one name: the worse one.
CREATE VIEW xbb.metrics_sync WITH (security_barrier) AS
SELECT DISTINCT ON (t.owner, t.name)
       pg_catalog.current_database() AS datname, t.owner::pg_catalog.text AS owner, t.name AS sync,
       t.enabled::integer AS enabled, (t.state <> 'inactive')::integer AS active, (t.state = 'running')::integer AS running,
       (t.state = 'failing')::integer AS failing, (t.state = 'incomplete')::integer AS incomplete,
       (t.state = 'stale' OR t.state IN ('failing', 'incomplete', 'running') AND coalesce(t.staleness > t.max_age, false))::integer AS stale,
       xbb._epoch(t.complete_until) AS complete_until_timestamp_seconds, xbb._seconds(t.max_age) AS max_age_seconds,
       xbb._epoch(t.last_started) AS last_started_timestamp_seconds, xbb._epoch(t.last_success) AS last_success_timestamp_seconds,
       xbb._epoch(t.last_error_at) AS last_error_timestamp_seconds, xbb._epoch(t.next_run) AS next_run_timestamp_seconds,
       xbb._seconds(t.last_duration) AS last_duration_seconds, xbb._seconds(t.typical_duration) AS typical_duration_seconds,
       coalesce(t.last_rows, 0) AS last_rows, coalesce(t.typical_rows, 0) AS typical_rows,
       coalesce(t.failures_in_a_row, 0) AS failures_in_a_row, coalesce(t.problems, 0) AS rejects_open
FROM xbb.task_status t WHERE t.kind = 'sync'
ORDER BY t.owner, t.name, t.failures_in_a_row DESC NULLS LAST;

CREATE VIEW xbb.metrics_push WITH (security_barrier) AS
SELECT DISTINCT ON (t.owner, t.name)
       pg_catalog.current_database() AS datname, t.owner::pg_catalog.text AS owner, t.name AS push,
       t.enabled::integer AS enabled, (t.state <> 'inactive')::integer AS active, (t.state = 'running')::integer AS running,
       (t.state = 'failing')::integer AS failing, (t.state = 'incomplete')::integer AS incomplete,
       (t.state = 'stale' OR t.state IN ('failing', 'incomplete', 'running')
        AND coalesce(pg_catalog.now() - i.oldest_pending > t.max_age, false))::integer AS stale,
       xbb._epoch(t.complete_until) AS complete_until_timestamp_seconds, xbb._seconds(t.max_age) AS max_age_seconds,
       xbb._epoch(t.last_started) AS last_started_timestamp_seconds, xbb._epoch(t.last_success) AS last_success_timestamp_seconds,
       xbb._epoch(t.last_error_at) AS last_error_timestamp_seconds, xbb._epoch(t.next_run) AS next_run_timestamp_seconds,
       xbb._seconds(t.last_duration) AS last_duration_seconds, xbb._seconds(t.typical_duration) AS typical_duration_seconds,
       coalesce(t.last_rows, 0) AS last_rows, coalesce(t.typical_rows, 0) AS typical_rows,
       coalesce(t.failures_in_a_row, 0) AS failures_in_a_row,
       i.pending, i.sending, i.rejected, i.unknown, i.held, xbb._epoch(i.oldest_pending) AS oldest_pending_timestamp_seconds
FROM xbb.task_status t JOIN xbb._push_all d ON d.owner = t.owner AND d.name = t.name
CROSS JOIN LATERAL (
  SELECT (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'pending') AS pending,
         (SELECT pg_catalog.min(i.created) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'pending') AS oldest_pending,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.request IS NOT NULL AND i.status = 'sending') AS sending,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'rejected') AS rejected,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'unknown') AS unknown,
         (SELECT pg_catalog.count(*) FROM xbb._push_item i WHERE i.push = d.id AND i.status = 'held') AS held) i
WHERE t.kind = 'push'
ORDER BY t.owner, t.name, t.failures_in_a_row DESC NULLS LAST;

-- A server or role that is gone is its number, which another one may be called.
CREATE VIEW xbb.metrics_api WITH (security_barrier) AS
SELECT pg_catalog.current_database() AS datname, s.server AS foreign_server, s.role, s.endpoint,
       pg_catalog.sum(s.requests) AS requests_total, pg_catalog.sum(s.rows) AS rows_total, pg_catalog.sum(s.bytes) AS bytes_total,
       pg_catalog.sum(s.retries) AS retries_total, pg_catalog.sum(s.refused) AS refused_total,
       xbb._seconds(pg_catalog.sum(s.throttled)) AS throttled_seconds_total,
       pg_catalog.sum(s.errors_network) AS network_errors_total, pg_catalog.sum(s.errors_http) AS http_errors_total,
       pg_catalog.sum(s.errors_api) AS api_errors_total, pg_catalog.sum(s.errors_data) AS data_errors_total,
       xbb._epoch(pg_catalog.max(s.last_error_at)) AS last_error_timestamp_seconds
FROM xbb.stats s GROUP BY s.server, s.role, s.endpoint;

CREATE VIEW xbb.metrics_account WITH (security_barrier) AS
SELECT pg_catalog.current_database() AS datname, q.server AS foreign_server,
       q.used_today AS requests_today, coalesce(q.daily_quota, 0) AS quota_requests, xbb._epoch(q.resets_at) AS resets_timestamp_seconds,
       coalesce(q.rate_limit, 0) AS rate_limit, coalesce(q.share_of_rate, 1) AS share_of_rate,
       xbb._epoch(q.held_until) AS held_until_timestamp_seconds, q.failures AS failures_in_a_row
FROM xbb.quota q;

-- One row, however many rules there are: what is silent has one, too.
CREATE VIEW xbb.metrics_alert WITH (security_barrier) AS
SELECT pg_catalog.current_database() AS datname,
       xbb._epoch((SELECT e.evaluated FROM xbb.alert_evaluated e)) AS evaluated_timestamp_seconds,
       a.firing, a.silenced, m.messages_queued, m.messages_unknown, m.messages_failed,
       xbb._epoch(m.oldest_queued) AS oldest_queued_timestamp_seconds
FROM (SELECT pg_catalog.count(*) FILTER (WHERE a.state = 'firing') AS firing,
             pg_catalog.count(*) FILTER (WHERE a.state = 'silenced') AS silenced FROM xbb.alert a) a
CROSS JOIN (
  SELECT pg_catalog.count(*) FILTER (WHERE m.status IN ('queued', 'sending')) AS messages_queued,
         pg_catalog.count(*) FILTER (WHERE m.status = 'unknown') AS messages_unknown,
         pg_catalog.count(*) FILTER (WHERE m.status = 'failed' AND m.created > pg_catalog.now() - interval '1 day') AS messages_failed,
         pg_catalog.min(m.created) FILTER (WHERE m.status IN ('queued', 'sending')) AS oldest_queued
  FROM xbb._alert_message m
  WHERE m.status <> 'sent' AND (pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') OR EXISTS (
    SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = m.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE')))) m;

COMMENT ON VIEW xbb.metrics_sync IS 'numbers of each sync, for a monitoring system';
COMMENT ON COLUMN xbb.metrics_sync.datname IS 'this database';
COMMENT ON COLUMN xbb.metrics_sync.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.metrics_sync.sync IS 'name of the sync';
COMMENT ON COLUMN xbb.metrics_sync.enabled IS '1: it may run';
COMMENT ON COLUMN xbb.metrics_sync.active IS '0: this is a copy of the database, which does nothing';
COMMENT ON COLUMN xbb.metrics_sync.incomplete IS '1: it has run, and never read to the end';
COMMENT ON COLUMN xbb.metrics_sync.running IS '1: a run is under way, and nothing is wrong';
COMMENT ON COLUMN xbb.metrics_sync.failing IS '1: the latest runs or reconciliations failed, or a table is gone';
COMMENT ON COLUMN xbb.metrics_sync.stale IS '1: it is further behind than max_age';
COMMENT ON COLUMN xbb.metrics_sync.complete_until_timestamp_seconds IS 'everything that there was by then has arrived; 0: never complete';
COMMENT ON COLUMN xbb.metrics_sync.max_age_seconds IS 'how far behind it may be; 0: nothing is promised';
COMMENT ON COLUMN xbb.metrics_sync.last_started_timestamp_seconds IS 'start of the last run that has ended; 0: none has';
COMMENT ON COLUMN xbb.metrics_sync.last_success_timestamp_seconds IS 'end of the last run that succeeded; 0: none has';
COMMENT ON COLUMN xbb.metrics_sync.last_error_timestamp_seconds IS 'end of the last run that failed; 0: none has';
COMMENT ON COLUMN xbb.metrics_sync.next_run_timestamp_seconds IS 'when pg_cron starts it next; 0: not known';
COMMENT ON COLUMN xbb.metrics_sync.last_duration_seconds IS 'how long the last run took';
COMMENT ON COLUMN xbb.metrics_sync.typical_duration_seconds IS 'median of the last 20 that succeeded; 0: none has';
COMMENT ON COLUMN xbb.metrics_sync.last_rows IS 'records of the last run';
COMMENT ON COLUMN xbb.metrics_sync.typical_rows IS 'median of the last 20 that succeeded';
COMMENT ON COLUMN xbb.metrics_sync.failures_in_a_row IS 'runs that failed or were killed since one succeeded';
COMMENT ON COLUMN xbb.metrics_sync.rejects_open IS 'records set aside';
COMMENT ON VIEW xbb.metrics_push IS 'numbers of each push, for a monitoring system';
COMMENT ON COLUMN xbb.metrics_push.push IS 'name of the push';
COMMENT ON COLUMN xbb.metrics_push.incomplete IS '1: records were refused or are held, or nobody knows';
COMMENT ON COLUMN xbb.metrics_push.failing IS '1: the latest run failed or was killed';
COMMENT ON COLUMN xbb.metrics_push.stale IS '1: the oldest record waits longer than max_age, or may, as no run that succeeded has begun for so long';
COMMENT ON COLUMN xbb.metrics_push.pending IS 'records to be sent';
COMMENT ON COLUMN xbb.metrics_push.sending IS 'records on their way';
COMMENT ON COLUMN xbb.metrics_push.rejected IS 'records that the target refused';
COMMENT ON COLUMN xbb.metrics_push.unknown IS 'records of which it is not known whether the target has them';
COMMENT ON COLUMN xbb.metrics_push.held IS 'records that a person has to decide on';
COMMENT ON COLUMN xbb.metrics_push.oldest_pending_timestamp_seconds IS 'since when the oldest record waits to be sent; 0: none does';
COMMENT ON VIEW xbb.metrics_api IS 'counters of the requests of this database by server, role and endpoint, for a monitoring system';
COMMENT ON COLUMN xbb.metrics_api.datname IS 'this database';
COMMENT ON COLUMN xbb.metrics_api.foreign_server IS 'foreign server; its OID where it is gone';
COMMENT ON COLUMN xbb.metrics_api.role IS 'role that asked; its OID where it is gone';
COMMENT ON COLUMN xbb.metrics_api.endpoint IS 'path that was asked';
COMMENT ON COLUMN xbb.metrics_api.requests_total IS 'requests sent, repeated ones too';
COMMENT ON COLUMN xbb.metrics_api.rows_total IS 'records received';
COMMENT ON COLUMN xbb.metrics_api.bytes_total IS 'bytes on the wire';
COMMENT ON COLUMN xbb.metrics_api.retries_total IS 'requests that were sent again';
COMMENT ON COLUMN xbb.metrics_api.refused_total IS 'answers that said "too fast"';
COMMENT ON COLUMN xbb.metrics_api.throttled_seconds_total IS 'time spent waiting for rate_limit';
COMMENT ON COLUMN xbb.metrics_api.network_errors_total IS 'no connection, or it broke, or it took too long';
COMMENT ON COLUMN xbb.metrics_api.http_errors_total IS 'answers with an HTTP status other than 200';
COMMENT ON COLUMN xbb.metrics_api.api_errors_total IS 'answers with a code other than 1';
COMMENT ON COLUMN xbb.metrics_api.data_errors_total IS 'answers, or lists, that are of no use';
COMMENT ON COLUMN xbb.metrics_api.last_error_timestamp_seconds IS 'when the last of them came; 0: none has';
COMMENT ON VIEW xbb.metrics_account IS 'how the account of each server stands, for a monitoring system; servers of one account show the same';
COMMENT ON COLUMN xbb.metrics_account.datname IS 'this database';
COMMENT ON COLUMN xbb.metrics_account.foreign_server IS 'foreign server';
COMMENT ON COLUMN xbb.metrics_account.requests_today IS 'requests of the day, of all databases';
COMMENT ON COLUMN xbb.metrics_account.quota_requests IS 'how many the day has; 0: no limit';
COMMENT ON COLUMN xbb.metrics_account.resets_timestamp_seconds IS 'when the day ends';
COMMENT ON COLUMN xbb.metrics_account.rate_limit IS 'requests a second that may be sent; 0: no limit';
COMMENT ON COLUMN xbb.metrics_account.share_of_rate IS 'the part of it that may be used now: less than 1 after the API said "too fast"';
COMMENT ON COLUMN xbb.metrics_account.held_until_timestamp_seconds IS 'nobody sends before, as the API asked for a pause; 0: they may';
COMMENT ON COLUMN xbb.metrics_account.failures_in_a_row IS 'requests in a row that failed as those to an API that is down';
COMMENT ON VIEW xbb.metrics_alert IS 'whether alerts are evaluated, what fires, and what waits to be sent, for a monitoring system';
COMMENT ON COLUMN xbb.metrics_alert.datname IS 'this database';
COMMENT ON COLUMN xbb.metrics_alert.evaluated_timestamp_seconds IS 'when check_alerts() ran last; 0: never';
COMMENT ON COLUMN xbb.metrics_alert.firing IS 'alerts that fire';
COMMENT ON COLUMN xbb.metrics_alert.silenced IS 'alerts that would, but are silenced';
COMMENT ON COLUMN xbb.metrics_alert.messages_queued IS 'messages that wait for send_alerts(), or are being sent';
COMMENT ON COLUMN xbb.metrics_alert.messages_unknown IS 'messages of which it is not known whether they arrived';
COMMENT ON COLUMN xbb.metrics_alert.messages_failed IS 'messages of the last day that could not be sent';
COMMENT ON COLUMN xbb.metrics_alert.oldest_queued_timestamp_seconds IS 'since when the oldest of those that wait does; 0: none waits';
-- the rest of a push's means what it does of a sync
DO $$
DECLARE
  item pg_catalog.record;
BEGIN
  FOR item IN
    SELECT b.attname, pg_catalog.col_description(a.attrelid, a.attnum) AS comment
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_attribute b ON b.attrelid = 'xbb.metrics_push'::pg_catalog.regclass AND b.attname = a.attname
    WHERE a.attrelid = 'xbb.metrics_sync'::pg_catalog.regclass AND a.attnum > 0
      AND pg_catalog.col_description(b.attrelid, b.attnum) IS NULL
  LOOP
    EXECUTE pg_catalog.format('COMMENT ON COLUMN xbb.metrics_push.%I IS %L', item.attname, item.comment);
  END LOOP;
END
$$;
