/* xbb_fdw--1.0.sql */

-- complain if the script is sourced in psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION xbb_fdw" to load this file. \quit

CREATE SCHEMA xbb;
COMMENT ON SCHEMA xbb IS 'the XBB CRM''s web API as foreign tables: functions and views';
GRANT USAGE ON SCHEMA xbb TO PUBLIC;

CREATE FUNCTION xbb.fdw_handler() RETURNS fdw_handler
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_handler';

CREATE FUNCTION xbb.fdw_validator(text[], oid) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_validator';

CREATE FOREIGN DATA WRAPPER xbb_fdw
  HANDLER xbb.fdw_handler VALIDATOR xbb.fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER xbb_fdw IS 'the XBB CRM''s web API as foreign tables';

CREATE FUNCTION xbb.options(
  OUT name text, OUT place text, OUT type text, OUT "default" text, OUT min text, OUT max text,
  OUT secret boolean, OUT superuser boolean, OUT description text)
RETURNS SETOF record LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_options';
COMMENT ON FUNCTION xbb.options() IS 'every option of servers, user mappings, tables and columns';

CREATE FUNCTION xbb._stats(
  OUT serverid oid, OUT userid oid, OUT endpoint text,
  OUT requests bigint, OUT rows bigint, OUT bytes bigint, OUT retries bigint, OUT refused bigint,
  OUT throttled_us bigint, OUT errors_network bigint, OUT errors_http bigint, OUT errors_api bigint,
  OUT errors_data bigint, OUT last_error text, OUT last_error_at timestamptz, OUT since timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_stats';

CREATE VIEW xbb.stats AS
SELECT coalesce(f.srvname, s.serverid::text) AS server,
       coalesce(r.rolname, s.userid::text) AS role,
       s.endpoint, s.requests, s.rows, s.bytes, s.retries, s.refused,
       make_interval(secs => s.throttled_us / 1000000.0) AS throttled,
       s.errors_network, s.errors_http, s.errors_api, s.errors_data,
       s.last_error, s.last_error_at, s.since
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
