CREATE FUNCTION xbb._can_commit() RETURNS boolean
LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_can_commit';

CREATE FUNCTION xbb._counters(
  OUT requests bigint, OUT pages bigint, OUT rows bigint, OUT bytes bigint, OUT retries bigint,
  OUT throttled_us bigint, OUT clock timestamptz)
RETURNS record LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_counters';

CREATE FUNCTION xbb._attr(source regclass, attnum smallint) RETURNS text
LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_attr';

CREATE FUNCTION xbb._settle_time(source regclass) RETURNS double precision
LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_settle_time';

CREATE FUNCTION xbb._total(source regclass, low timestamptz, high timestamptz) RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'xbb_fdw_total';

CREATE FUNCTION xbb._read_record(base anyelement, record json) RETURNS anyelement
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'xbb_fdw_read_record';
