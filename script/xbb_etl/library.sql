-- What the sync asks of C: the headers in src/func have the contracts.

CREATE FUNCTION xbb._sync_lock(id integer, session boolean) RETURNS pg_catalog.text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_lock';

CREATE FUNCTION xbb._sync_unlock(id integer) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_unlock';

CREATE FUNCTION xbb._sync_task(id integer, name pg_catalog.text, incremental boolean) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_task';

CREATE FUNCTION xbb._sync_show(
  id integer, name pg_catalog.text, run bigint, task pg_catalog.text, source pg_catalog.regclass, verbose boolean, windows integer)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_show';

CREATE FUNCTION xbb._sync_unshow() RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_unshow';

CREATE FUNCTION xbb._sync_shows(phase pg_catalog.text, expects bigint DEFAULT NULL, did bigint DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_shows';

CREATE FUNCTION xbb._sync_day(
  source pg_catalog.regclass, OUT requests_left bigint, OUT requests bigint, OUT ends pg_catalog.timestamptz, OUT page_size bigint,
  OUT with_reserve bigint)
RETURNS record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_day';

CREATE FUNCTION xbb._sync_recall(server pg_catalog.oid, id integer) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_recall';

CREATE FUNCTION xbb._sync_function_keep(id integer, made pg_catalog.oid[]) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_function_keep';

CREATE FUNCTION xbb._sync_owners_path(path pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_owners_path';

CREATE PROCEDURE xbb._sync_commit(
  INOUT sqlstate pg_catalog.text, INOUT message pg_catalog.text, INOUT detail pg_catalog.text, INOUT hint pg_catalog.text,
  INOUT context pg_catalog.text)
LANGUAGE c AS 'MODULE_PATHNAME', 'xbb_fdw_sync_commit';

CREATE FUNCTION xbb._sync_raise(
  warns boolean, sqlstate pg_catalog.text, message pg_catalog.text, detail pg_catalog.text, hint pg_catalog.text, context pg_catalog.text)
RETURNS void LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_raise';

CREATE FUNCTION xbb._can_commit() RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_can_commit';

CREATE FUNCTION xbb._counters(
  OUT requests bigint, OUT pages bigint, OUT rows bigint, OUT bytes bigint, OUT retries bigint,
  OUT throttled_us bigint, OUT clock pg_catalog.timestamptz, OUT clock_at pg_catalog.timestamptz, OUT refused bigint,
  OUT ticks_us bigint)
RETURNS record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_counters';

CREATE FUNCTION xbb._refuse_above(source pg_catalog.regclass, most bigint) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_refuse_above';

CREATE FUNCTION xbb._attr(source pg_catalog.regclass, attnum smallint) RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_attr';

CREATE FUNCTION xbb._list_id(source pg_catalog.regclass) RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_list_id';

CREATE FUNCTION xbb._settle_time(source pg_catalog.regclass) RETURNS double precision
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_settle_time';

CREATE FUNCTION xbb._total(source pg_catalog.regclass, low pg_catalog.timestamptz, high pg_catalog.timestamptz) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_total';

CREATE FUNCTION xbb._window_records() RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_window_records';

CREATE FUNCTION xbb._read_record(base pg_catalog.anyelement, record pg_catalog.json) RETURNS pg_catalog.anyelement
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_read_record';
