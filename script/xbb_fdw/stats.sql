CREATE FUNCTION xbb._stats(
  OUT serverid pg_catalog.oid, OUT userid pg_catalog.oid, OUT endpoint pg_catalog.text,
  OUT requests bigint, OUT rows bigint, OUT bytes bigint, OUT retries bigint, OUT refused bigint,
  OUT throttled_us bigint, OUT errors_network bigint, OUT errors_http bigint, OUT errors_api bigint,
  OUT errors_data bigint, OUT last_error pg_catalog.text, OUT last_error_at pg_catalog.timestamptz,
  OUT stats_reset pg_catalog.timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_stats';

CREATE VIEW xbb.stats AS
SELECT coalesce(f.srvname, s.serverid::pg_catalog.text) AS server,
       coalesce(r.rolname, s.userid::pg_catalog.text) AS role,
       s.endpoint, s.requests, s.rows, s.bytes, s.retries, s.refused,
       s.throttled_us * interval '1 microsecond' AS throttled,
       s.errors_network, s.errors_http, s.errors_api, s.errors_data,
       CASE WHEN pg_catalog.pg_has_role(s.userid, 'USAGE') THEN s.last_error END AS last_error, s.last_error_at, s.stats_reset
FROM xbb._stats() s
LEFT JOIN pg_catalog.pg_foreign_server f ON f.oid = s.serverid
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.userid;
COMMENT ON VIEW xbb.stats IS
  'requests of this database by server, role and endpoint since the server started or stats_reset()';
COMMENT ON COLUMN xbb.stats.server IS 'foreign server; its OID where it is gone';
COMMENT ON COLUMN xbb.stats.role IS 'role that asked; its OID where it is gone';
COMMENT ON COLUMN xbb.stats.endpoint IS 'path of the API';
COMMENT ON COLUMN xbb.stats.requests IS 'requests sent, repeated ones too';
COMMENT ON COLUMN xbb.stats.rows IS 'records received';
COMMENT ON COLUMN xbb.stats.bytes IS 'bytes on the wire';
COMMENT ON COLUMN xbb.stats.retries IS 'requests that were sent again';
COMMENT ON COLUMN xbb.stats.refused IS 'answers that said "too fast"';
COMMENT ON COLUMN xbb.stats.throttled IS 'time spent waiting for rate_limit';
COMMENT ON COLUMN xbb.stats.errors_network IS 'no connection, or it broke, or it took too long';
COMMENT ON COLUMN xbb.stats.errors_http IS 'answers with an HTTP status other than 200';
COMMENT ON COLUMN xbb.stats.errors_api IS 'answers with a code other than 1';
COMMENT ON COLUMN xbb.stats.errors_data IS 'answers, or lists, that are of no use';
COMMENT ON COLUMN xbb.stats.last_error IS 'what the last of them said, which may quote a record; shown to those who have the role';
COMMENT ON COLUMN xbb.stats.last_error_at IS 'and when';
COMMENT ON COLUMN xbb.stats.stats_reset IS 'since when all this is counted';
GRANT SELECT ON xbb.stats TO PUBLIC;

CREATE FUNCTION xbb.stats_reset(server pg_catalog.name DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stats_reset';
COMMENT ON FUNCTION xbb.stats_reset(name) IS
  'forgets the counters of one server, or of all in this database';
REVOKE ALL ON FUNCTION xbb.stats_reset(name) FROM PUBLIC;
