CREATE FUNCTION xbb._stats(
  OUT serverid oid, OUT userid oid, OUT endpoint text,
  OUT requests bigint, OUT rows bigint, OUT bytes bigint, OUT retries bigint, OUT refused bigint,
  OUT throttled_us bigint, OUT errors_network bigint, OUT errors_http bigint, OUT errors_api bigint,
  OUT errors_data bigint, OUT last_error text, OUT last_error_at timestamptz, OUT stats_reset timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_stats';

CREATE VIEW xbb.stats AS
SELECT coalesce(f.srvname, s.serverid::text) AS server,
       coalesce(r.rolname, s.userid::text) AS role,
       s.endpoint, s.requests, s.rows, s.bytes, s.retries, s.refused,
       make_interval(secs => s.throttled_us / 1000000.0) AS throttled,
       s.errors_network, s.errors_http, s.errors_api, s.errors_data,
       s.last_error, s.last_error_at, s.stats_reset
FROM xbb._stats() s
LEFT JOIN pg_catalog.pg_foreign_server f ON f.oid = s.serverid
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.userid;
COMMENT ON VIEW xbb.stats IS
  'requests of this database by server, role and endpoint since the server started or stats_reset()';
GRANT SELECT ON xbb.stats TO PUBLIC;

CREATE FUNCTION xbb.stats_reset(server name DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'xbb_fdw_stats_reset';
COMMENT ON FUNCTION xbb.stats_reset(name) IS
  'forgets the counters of one server, or of all in this database';
REVOKE ALL ON FUNCTION xbb.stats_reset(name) FROM PUBLIC;
