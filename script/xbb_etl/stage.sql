-- Rows in the backend's memory, on their way from one statement to the next, without a
-- table and so without a trace in the catalogs: src/func/sync_stage.h has the contracts.

CREATE FUNCTION xbb._stage_read(query pg_catalog.text, low pg_catalog.timestamptz, high pg_catalog.timestamptz, ids bigint[])
RETURNS integer LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_read';

CREATE FUNCTION xbb._stage_make(relation pg_catalog.regclass, columns pg_catalog.text[]) RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_make';

CREATE FUNCTION xbb._stage_append(stage integer, query pg_catalog.text) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_append';

CREATE FUNCTION xbb._stage_close(stage integer) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_close';

CREATE FUNCTION xbb._stage_clear(stage integer) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_clear';

CREATE FUNCTION xbb._stage_piece(stage integer, first bigint, last bigint, anew boolean) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_piece';

CREATE FUNCTION xbb._stage_mark(stage integer, query pg_catalog.text, words pg_catalog.text[] DEFAULT NULL, numbers bigint[] DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_mark';

CREATE FUNCTION xbb._stage_drop(stage integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_drop';

CREATE FUNCTION xbb._stage_count(stage integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_count';

CREATE FUNCTION xbb._stage_last(stage integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_last';

CREATE FUNCTION xbb._stage_fitting(stage integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_fitting';

CREATE FUNCTION xbb._stage_missed(stage integer) RETURNS bigint[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_missed';

CREATE FUNCTION xbb._stage_support(request pg_catalog.internal) RETURNS pg_catalog.internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_support';

CREATE FUNCTION xbb._stage(stage integer, marked boolean DEFAULT NULL) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE SUPPORT xbb._stage_support AS 'MODULE_PATHNAME', 'xbb_fdw_stage';

CREATE FUNCTION xbb._stage_at(stage integer, number bigint, value bigint) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_at';

CREATE FUNCTION xbb._stage_reached(stage integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_reached';

CREATE FUNCTION xbb._stage_execute(stage integer, statement pg_catalog.text, words pg_catalog.text[] DEFAULT NULL, numbers bigint[] DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_execute';

CREATE FUNCTION xbb._stage_value(stage integer, statement pg_catalog.text, words pg_catalog.text[] DEFAULT NULL, numbers bigint[] DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_stage_value';

-- A stage as a table expression: its number, and those columns of a relation, by name.
CREATE FUNCTION xbb._stage_from(stage pg_catalog.text, alias pg_catalog.text, relation pg_catalog.regclass, columns pg_catalog.text[])
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('xbb._stage(%s) AS %s ("#n" pg_catalog.int8%s)', $1, $2,
                           pg_catalog.string_agg(pg_catalog.format(', %I %I.%I', c.name, n.nspname, t.typname), '' ORDER BY c.o))
  FROM (SELECT u.name, pg_catalog.min(u.o) AS o FROM pg_catalog.unnest($4) WITH ORDINALITY u (name, o) GROUP BY u.name) c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = $3 AND a.attname = c.name AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
$$;
