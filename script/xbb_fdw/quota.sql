CREATE FUNCTION xbb._quota(
  server pg_catalog.oid, OUT used_today bigint, OUT daily_quota bigint, OUT resets_at pg_catalog.timestamptz,
  OUT rate_limit double precision, OUT share_of_rate double precision, OUT held_until pg_catalog.timestamptz, OUT failures int)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_quota';

CREATE VIEW xbb.quota AS
SELECT s.srvname AS server, q.used_today, q.daily_quota, q.resets_at, q.rate_limit, q.share_of_rate, q.held_until, q.failures
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw,
LATERAL xbb._quota(s.oid) q
-- of a server that was dropped meanwhile there is none
WHERE q.used_today IS NOT NULL AND w.fdwhandler = 'xbb.fdw_handler'::pg_catalog.regproc AND w.fdwvalidator = 'xbb.fdw_validator'::pg_catalog.regproc
  AND EXISTS (SELECT FROM pg_catalog.unnest(s.srvoptions) o WHERE pg_catalog.left(o, 7) = 'corpid=')
  AND (pg_catalog.has_server_privilege(s.oid, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'));
COMMENT ON VIEW xbb.quota IS 'how the accounts of the servers stand; servers of one account show the same';
COMMENT ON COLUMN xbb.quota.server IS 'foreign server';
COMMENT ON COLUMN xbb.quota.used_today IS 'requests of the day; of those before PostgreSQL started, what a run of a sync found in the log';
COMMENT ON COLUMN xbb.quota.daily_quota IS 'the server''s option; null: no limit';
COMMENT ON COLUMN xbb.quota.resets_at IS 'when the day ends';
COMMENT ON COLUMN xbb.quota.rate_limit IS 'the server''s option; null: no limit';
COMMENT ON COLUMN xbb.quota.share_of_rate IS 'the part of it that may be used now: less than 1 after the API said "too fast"';
COMMENT ON COLUMN xbb.quota.held_until IS 'nobody sends before, as the API asked for a pause; null: they may';
COMMENT ON COLUMN xbb.quota.failures IS 'requests in a row that failed as those to an API that is down';
GRANT SELECT ON xbb.quota TO PUBLIC;

CREATE FUNCTION xbb._quota_use(
  server pg_catalog.oid, OUT databaseid pg_catalog.oid, OUT userid pg_catalog.oid, OUT task pg_catalog.text, OUT used_today bigint)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_quota_use';

CREATE VIEW xbb.quota_use AS
SELECT s.srvname AS server, coalesce(r.rolname, u.userid::pg_catalog.text) AS role,
       coalesce(d.datname, u.databaseid::pg_catalog.text) AS database, u.task, u.used_today
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
CROSS JOIN LATERAL xbb._quota_use(s.oid) u
LEFT JOIN pg_catalog.pg_roles r ON r.oid = u.userid
LEFT JOIN pg_catalog.pg_database d ON d.oid = u.databaseid
WHERE w.fdwhandler = 'xbb.fdw_handler'::pg_catalog.regproc AND w.fdwvalidator = 'xbb.fdw_validator'::pg_catalog.regproc
  AND EXISTS (SELECT FROM pg_catalog.unnest(s.srvoptions) o WHERE pg_catalog.left(o, 7) = 'corpid=')
  AND (pg_catalog.has_server_privilege(s.oid, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'));
COMMENT ON VIEW xbb.quota_use IS 'who has used the day of the servers'' accounts, of the latest 128; your own roles only, without pg_read_all_stats';
COMMENT ON COLUMN xbb.quota_use.server IS 'foreign server; those of one account show the same';
COMMENT ON COLUMN xbb.quota_use.role IS 'role that asked; its OID where it is gone';
COMMENT ON COLUMN xbb.quota_use.database IS 'from where; its OID where it is gone';
COMMENT ON COLUMN xbb.quota_use.task IS 'name of the sync; null: whatever was typed';
COMMENT ON COLUMN xbb.quota_use.used_today IS 'requests of the day';
GRANT SELECT ON xbb.quota_use TO PUBLIC;
