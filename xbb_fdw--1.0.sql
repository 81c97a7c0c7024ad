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

-- Sync: copies of foreign tables, kept up to date.
--
-- Everything runs with the rights of its caller.  A procedure that commits can
-- have no SET clause, so each sets the search path by itself, and anew after
-- each COMMIT; the functions it calls inherit that.

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

CREATE TABLE xbb.sync_definition (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  owner regrole NOT NULL,
  source regclass NOT NULL,
  target regclass NOT NULL,
  key text[] NOT NULL,
  overlap interval NOT NULL,
  columns jsonb,                    -- as it was given
  chunk interval,
  max_rejects integer NOT NULL CHECK (max_rejects >= 0),
  delete_mode text NOT NULL CHECK (delete_mode IN ('ignore', 'mark', 'delete')),
  select_list text NOT NULL,        -- the transformation, over an alias "source"
  target_columns text[] NOT NULL,   -- what select_list yields, in its order
  source_columns text[] NOT NULL,   -- what is read for it
  watermark timestamptz,            -- all changes up to here are in the target
  loading_until timestamptz         -- a load by windows is under way up to here
);
COMMENT ON TABLE xbb.sync_definition IS 'the syncs and how far they are';

CREATE TABLE xbb.sync_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sync text NOT NULL,
  owner regrole NOT NULL,
  task text NOT NULL,               -- sync, retry_rejects, reconcile, reconcile full
  status text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'skipped', 'killed')),
  pid integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
  started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  ended timestamptz,
  low timestamptz,                  -- update_time from which on was read, NULL: all
  watermark timestamptz,
  requests bigint NOT NULL DEFAULT 0,
  pages bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  retries bigint NOT NULL DEFAULT 0,
  throttled interval NOT NULL DEFAULT '0',
  bytes bigint NOT NULL DEFAULT 0,
  sqlstate text,
  error text
);
CREATE INDEX ON xbb.sync_log (sync, id);
COMMENT ON TABLE xbb.sync_log IS 'the runs of the syncs; read it through sync_run';

CREATE TABLE xbb.sync_reject (
  sync text NOT NULL,
  owner regrole NOT NULL,
  data_id bigint NOT NULL,
  update_time timestamptz,
  kind text NOT NULL,               -- value, expression, constraint, null key, duplicate key
  sqlstate text,
  error text NOT NULL,
  raw json,                         -- the record: the column whose attr is '*', else what was read
  staged json,                      -- what was read of it, if raw is no more than that
  loaded jsonb,                     -- its row, if it was in the target
  run bigint NOT NULL,              -- the latest that rejected it
  first_seen timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (sync, data_id)
);
COMMENT ON TABLE xbb.sync_reject IS 'records that the syncs could not load';

-- whoever may use a role sees its syncs
ALTER TABLE xbb.sync_definition ENABLE ROW LEVEL SECURITY;
ALTER TABLE xbb.sync_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE xbb.sync_reject ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON xbb.sync_definition USING (pg_catalog.pg_has_role(owner, 'USAGE'));
CREATE POLICY owner ON xbb.sync_log USING (pg_catalog.pg_has_role(owner, 'USAGE'));
CREATE POLICY owner ON xbb.sync_reject USING (pg_catalog.pg_has_role(owner, 'USAGE'));
GRANT SELECT, INSERT, UPDATE, DELETE ON xbb.sync_definition, xbb.sync_log, xbb.sync_reject TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('xbb.sync_definition', '');

-- The two keys of a sync's advisory lock.
CREATE FUNCTION xbb._sync_lock(name text, OUT class integer, OUT object integer)
LANGUAGE sql STABLE STRICT BEGIN ATOMIC
  SELECT pg_catalog.hashtext('xbb.sync'), pg_catalog.hashtext(name);
END;

-- Does that process hold it?
CREATE FUNCTION xbb._sync_locked(name text, pid integer) RETURNS boolean
LANGUAGE sql VOLATILE STRICT
RETURN EXISTS (
    SELECT FROM pg_catalog.pg_locks l, xbb._sync_lock(name) k
    WHERE l.locktype = 'advisory' AND l.granted AND l.pid = _sync_locked.pid AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND l.classid = k.class::oid AND l.objid = k.object::oid);

CREATE VIEW xbb.sync_run WITH (security_invoker) AS
SELECT l.id, l.sync, l.owner, l.task,
       CASE WHEN l.status = 'running' AND NOT xbb._sync_locked(l.sync, l.pid) THEN 'killed' ELSE l.status END AS status,
       l.pid, l.started, l.ended, l.low, l.watermark, l.requests, l.pages, l.rows_read, l.inserted, l.updated,
       l.unchanged, l.rejected, l.deleted, l.retries, l.throttled, l.bytes, l.sqlstate, l.error
FROM xbb.sync_log l;
COMMENT ON VIEW xbb.sync_run IS 'the runs of the syncs; a row a run, failed and killed ones too';
GRANT SELECT ON xbb.sync_run TO PUBLIC;

CREATE VIEW xbb.sync_status WITH (security_invoker) AS
SELECT d.name, d.owner, d.source, d.target, d.watermark,
       pg_catalog.now() - d.watermark AS lag,
       (SELECT max(r.ended) FROM xbb.sync_run r WHERE r.sync = d.name AND r.task <> 'retry_rejects' AND r.status = 'succeeded') AS last_success,
       (SELECT count(*) FROM xbb.sync_run r
        WHERE r.sync = d.name AND r.status IN ('failed', 'killed')
          AND r.id > coalesce((SELECT max(s.id) FROM xbb.sync_run s
                               WHERE s.sync = d.name AND s.status = 'succeeded'), 0)) AS failures_in_a_row,
       (SELECT max(r.started) FROM xbb.sync_run r WHERE r.sync = d.name AND r.status = 'running') AS running_since,
       (SELECT count(*) FROM xbb.sync_reject j WHERE j.sync = d.name) AS rejects_open
FROM xbb.sync_definition d;
COMMENT ON VIEW xbb.sync_status IS 'how each sync is doing';
GRANT SELECT ON xbb.sync_status TO PUBLIC;

-- The caller's sync of that name; its lines are SQL that must run as nobody else.
CREATE FUNCTION xbb._sync_get(name text) RETURNS xbb.sync_definition
LANGUAGE plpgsql AS $$
DECLARE
  def xbb.sync_definition;
BEGIN
  SELECT d.* INTO def FROM xbb.sync_definition d WHERE d.name OPERATOR(pg_catalog.=) $1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'sync % does not exist', pg_catalog.quote_ident($1) USING ERRCODE = 'undefined_object';
  END IF;
  IF def.owner IS DISTINCT FROM (SELECT oid FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN
    RAISE EXCEPTION 'sync % belongs to role %', pg_catalog.quote_ident($1), def.owner
      USING ERRCODE = 'insufficient_privilege',
            HINT = pg_catalog.format('SET ROLE %s first: a sync runs as its owner only.', def.owner);
  END IF;
  RETURN def;
END
$$;

-- The source's column with that attr: a foreign table's by the rules of its
-- options, any other relation's by its name.
CREATE FUNCTION xbb._sync_source_column(source regclass, attr text, name text) RETURNS text
LANGUAGE sql STABLE STRICT AS $$
  SELECT a.attname::text
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    AND CASE WHEN c.relkind = 'f' THEN xbb._attr($1, a.attnum) = $2 ELSE a.attname = $3 END
  ORDER BY a.attnum LIMIT 1
$$;

-- The source's column that tells what of a record did not fit, if there is one.
CREATE FUNCTION xbb._sync_error_column(source regclass) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  error_column text := xbb._sync_source_column(source, '#error', '#error');
BEGIN
  IF error_column IS NULL AND EXISTS (
      SELECT FROM pg_catalog.pg_foreign_table t
      WHERE t.ftrelid OPERATOR(pg_catalog.=) source AND 'on_error=set_null' OPERATOR(pg_catalog.=) ANY (t.ftoptions)) THEN
    RAISE EXCEPTION 'source % has on_error set_null, but no column tells the errors', source
      USING ERRCODE = 'undefined_column',
            HINT = pg_catalog.format('Type: ALTER FOREIGN TABLE %s ADD COLUMN failed jsonb OPTIONS (attr ''#error'');', source);
  END IF;
  RETURN error_column;
END
$$;

-- The columns that are read of the source.
CREATE FUNCTION xbb._sync_staged_columns(def xbb.sync_definition) RETURNS text[]
LANGUAGE sql STABLE STRICT AS $$
  SELECT pg_catalog.array_remove((def).source_columns, e) || pg_catalog.array_remove(array[e], NULL)
  FROM xbb._sync_error_column((def).source) e
$$;

-- Can the API count the source's records between two times?
CREATE FUNCTION xbb._sync_counts_source(source regclass) RETURNS boolean LANGUAGE sql STABLE STRICT
RETURN EXISTS (
    SELECT FROM pg_catalog.pg_foreign_table t
    JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
    JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    WHERE t.ftrelid = source AND w.fdwhandler = 'xbb.fdw_handler'::regproc);

-- Checks what create_sync and alter_sync were given, makes a missing target, and
-- completes the definition.  "path" is the caller's: expressions are read by it.
CREATE FUNCTION xbb._sync_prepare(def xbb.sync_definition, target text, path text) RETURNS xbb.sync_definition
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  given jsonb := coalesce(def.columns, '{}');
  own_path text := current_setting('search_path');
  id_column text := xbb._sync_source_column(def.source, 'dataId', 'data_id');
  time_column text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  error_column text := xbb._sync_error_column(def.source);
  target_names text[] := parse_ident(target);
  list text;
  tail text;
  item record;
  found boolean;
BEGIN
  IF (SELECT relkind NOT IN ('f', 'r', 'p', 'v', 'm') FROM pg_class WHERE oid = def.source) THEN
    RAISE EXCEPTION 'source % is not a table', def.source USING ERRCODE = 'wrong_object_type';
  END IF;
  IF NOT has_table_privilege(def.source, 'SELECT') THEN
    RAISE EXCEPTION 'no right to read source %', def.source USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF id_column IS NULL OR time_column IS NULL THEN
    RAISE EXCEPTION 'source % has no column for %', def.source,
      CASE WHEN id_column IS NULL THEN 'dataId' ELSE 'updateTime' END
      USING ERRCODE = 'undefined_column',
            HINT = 'A sync needs the columns data_id bigint and update_time timestamptz.';
  END IF;
  IF def.overlap < make_interval(secs =>
      CASE WHEN (SELECT relkind FROM pg_class WHERE oid = def.source) = 'f'
           THEN xbb._settle_time(def.source) ELSE 0 END) THEN
    RAISE EXCEPTION 'overlap % is less than the settle_time of %', def.overlap, def.source
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.chunk IS NOT NULL AND NOT xbb._sync_counts_source(def.source) THEN
    RAISE EXCEPTION 'chunk needs a foreign table of xbb_fdw as source' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.chunk <= '0' THEN
    RAISE EXCEPTION 'chunk must be positive' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.max_rejects < 0 THEN
    RAISE EXCEPTION 'max_rejects must not be negative' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF coalesce(def.delete_mode NOT IN ('ignore', 'mark', 'delete'), true) THEN
    RAISE EXCEPTION 'delete_mode must be ignore, mark or delete' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF jsonb_typeof(given) <> 'object' OR
     EXISTS (SELECT FROM jsonb_each(given) e WHERE jsonb_typeof(e.value) <> 'string') THEN
    RAISE EXCEPTION 'columns must be a JSON object of SQL expressions'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'An example: {"name": "trim(name)", "price": "price * 1.13"}';
  END IF;

  -- the caller's words: target and expressions
  PERFORM set_config('search_path', path, true);
  def.target := to_regclass(target);
  IF def.target IS NULL AND cardinality(target_names) = 1 THEN
    target_names := array[current_schema()::text] || target_names;
  END IF;
  IF def.columns IS NULL THEN
    SELECT jsonb_object_agg(a.attname, quote_ident(a.attname)) INTO given
    FROM pg_attribute a
    WHERE a.attrelid = def.source AND a.attnum > 0 AND NOT a.attisdropped AND a.attname IS DISTINCT FROM error_column
      AND (def.target IS NULL OR EXISTS (
        SELECT FROM pg_attribute t WHERE t.attrelid = def.target AND t.attname = a.attname
          AND t.attnum > 0 AND NOT t.attisdropped AND t.attgenerated = ''));
  END IF;
  given := jsonb_build_object('data_id', quote_ident(id_column), 'update_time', quote_ident(time_column)) || given;
  FOR item IN SELECT e.key AS name FROM jsonb_each_text(given) e LOOP
    IF def.target IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_attribute t WHERE t.attrelid = def.target AND t.attname = item.name
          AND t.attnum > 0 AND NOT t.attisdropped) THEN
      RAISE EXCEPTION 'target % has no column %', def.target, quote_ident(item.name)
        USING ERRCODE = 'undefined_column';
    END IF;
  END LOOP;
  SELECT array_agg(e.key ORDER BY e.key NOT IN ('data_id', 'update_time'), e.key),
         string_agg(format(E'(%s\n) AS %I', e.value, e.key), ', ' ORDER BY e.key NOT IN ('data_id', 'update_time'), e.key)
  INTO def.target_columns, list
  FROM jsonb_each_text(given) e;
  EXECUTE format('CREATE TEMP VIEW xbb_sync_view AS SELECT %s FROM %s source', list, def.source);

  -- the same, said in a way that no search path changes
  PERFORM set_config('search_path', 'pg_catalog', true);
  list := rtrim(pg_get_viewdef('pg_temp.xbb_sync_view'::regclass), ';');
  tail := format('FROM %s source', def.source);
  IF right(list, length(tail)) <> tail THEN
    RAISE EXCEPTION 'columns must be expressions over one row of the source'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  def.select_list := left(list, -length(tail));
  PERFORM set_config('search_path', own_path, true);
  SELECT array_agg(a.attname ORDER BY a.attnum) INTO def.source_columns
  FROM pg_attribute a
  WHERE a.attrelid = def.source AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.attname IN (id_column, time_column) OR
         a.attname = xbb._sync_source_column(def.source, '*', '*') OR
         -- a whole row leaves no dependency
         def.select_list ~ '\msource\.\*' OR
         EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                 WHERE r.ev_class = 'pg_temp.xbb_sync_view'::regclass AND d.refclassid = 'pg_class'::regclass
                   AND d.refobjid = def.source AND d.refobjsubid = a.attnum));

  IF cardinality(def.key) IS NULL OR cardinality(def.key) = 0 OR NOT def.key <@ def.target_columns THEN
    RAISE EXCEPTION 'key % is not among the columns of the sync', def.key
      USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('They are: %s.', array_to_string(def.target_columns, ', '));
  END IF;
  IF def.target IS NULL THEN
    EXECUTE format('CREATE TABLE %I.%I AS SELECT * FROM pg_temp.xbb_sync_view WITH NO DATA', target_names[1], target_names[2]);
    def.target := format('%I.%I', target_names[1], target_names[2])::regclass;
    EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (%s)', def.target,
                   (SELECT string_agg(quote_ident(k), ', ') FROM unnest(def.key) k));
    IF def.key <> '{data_id}' THEN
      EXECUTE format('CREATE INDEX ON %s (data_id)', def.target);
    END IF;
    IF def.delete_mode = 'mark' THEN
      EXECUTE format('ALTER TABLE %s ADD COLUMN deleted_at timestamptz', def.target);
    END IF;
  END IF;
  IF (SELECT relkind NOT IN ('r', 'p') FROM pg_class WHERE oid = def.target) THEN
    RAISE EXCEPTION 'target % is not a table', def.target USING ERRCODE = 'wrong_object_type';
  END IF;
  FOR item IN SELECT unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS name LOOP
    IF NOT has_table_privilege(def.target, item.name) THEN
      RAISE EXCEPTION 'no right to % target %', lower(item.name), def.target USING ERRCODE = 'insufficient_privilege';
    END IF;
  END LOOP;
  FOR item IN SELECT * FROM (VALUES ('data_id', 'bigint'), ('update_time', 'timestamp with time zone')) v (name, type)
              UNION ALL SELECT 'deleted_at', 'timestamp with time zone' WHERE def.delete_mode = 'mark' LOOP
    SELECT format_type(a.atttypid, a.atttypmod) = item.type INTO found
    FROM pg_attribute a WHERE a.attrelid = def.target AND a.attname = item.name AND NOT a.attisdropped;
    IF found IS NOT TRUE THEN
      RAISE EXCEPTION 'target % must have a column % of type %', def.target, item.name, item.type
        USING ERRCODE = 'datatype_mismatch';
    END IF;
  END LOOP;
  IF NOT EXISTS (
      SELECT FROM pg_index i
      WHERE i.indrelid = def.target AND i.indisunique AND i.indisvalid AND i.indimmediate
        AND i.indpred IS NULL AND i.indexprs IS NULL
        AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
             FROM pg_attribute a
             WHERE a.attrelid = def.target AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
            = (SELECT array_agg(k ORDER BY k COLLATE "C") FROM unnest(def.key) k)) THEN
    RAISE EXCEPTION 'key % is not unique in target %', def.key, def.target
      USING ERRCODE = 'invalid_parameter_value',
            HINT = format('CREATE UNIQUE INDEX ON %s (%s);', def.target,
                          (SELECT string_agg(quote_ident(k), ', ') FROM unnest(def.key) k));
  END IF;
  -- the types, as INSERT sees them; this reads nothing
  EXECUTE format('EXPLAIN INSERT INTO %s (%s) SELECT * FROM pg_temp.xbb_sync_view', def.target,
                 (SELECT string_agg(quote_ident(c), ', ' ORDER BY o)
                  FROM unnest(def.target_columns) WITH ORDINALITY u (c, o)));
  DROP VIEW pg_temp.xbb_sync_view;
  RETURN def;
END
$$;

CREATE FUNCTION xbb.create_sync(
  name text, source regclass, target text, key text[], overlap interval DEFAULT '1 hour',
  columns jsonb DEFAULT NULL, chunk interval DEFAULT NULL, max_rejects integer DEFAULT 1000,
  delete_mode text DEFAULT 'ignore')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  path text := pg_catalog.current_setting('search_path');
  def xbb.sync_definition;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF name IS NULL OR source IS NULL OR target IS NULL OR key IS NULL OR overlap IS NULL OR max_rejects IS NULL THEN
    RAISE EXCEPTION 'name, source, target, key, overlap and max_rejects must not be null'
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  def.name := name;
  def.owner := (SELECT oid FROM pg_roles WHERE rolname = current_user);
  def.source := source;
  def.key := key;
  def.overlap := overlap;
  def.columns := columns;
  def.chunk := chunk;
  def.max_rejects := max_rejects;
  def.delete_mode := delete_mode;
  def := xbb._sync_prepare(def, target, path);
  BEGIN
    INSERT INTO xbb.sync_definition SELECT def.*;
  EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'sync % exists already', quote_ident(name) USING ERRCODE = 'duplicate_object';
  END;
  PERFORM set_config('search_path', path, true);
END
$$;
COMMENT ON FUNCTION xbb.create_sync(text, regclass, text, text[], interval, jsonb, interval, integer, text) IS
  'defines a copy of a foreign table, to be kept up to date by CALL xbb.sync(name)';

-- NULL leaves things as they are, but for chunk and columns: '0' and '{}' are
-- "none" there.
CREATE FUNCTION xbb.alter_sync(
  name text, key text[] DEFAULT NULL, overlap interval DEFAULT NULL, columns jsonb DEFAULT NULL,
  chunk interval DEFAULT NULL, max_rejects integer DEFAULT NULL, delete_mode text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  path text := pg_catalog.current_setting('search_path');
  def xbb.sync_definition;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  def := xbb._sync_get(name);
  def.key := coalesce(key, def.key);
  def.overlap := coalesce(overlap, def.overlap);
  def.columns := nullif(coalesce(columns, def.columns), '{}');
  def.chunk := nullif(coalesce(chunk, def.chunk), '0');
  def.max_rejects := coalesce(max_rejects, def.max_rejects);
  def.delete_mode := coalesce(delete_mode, def.delete_mode);
  def := xbb._sync_prepare(def, def.target::text, path);
  UPDATE xbb.sync_definition d
  SET key = def.key, overlap = def.overlap, columns = def.columns, chunk = def.chunk,
      max_rejects = def.max_rejects, delete_mode = def.delete_mode, select_list = def.select_list,
      target_columns = def.target_columns, source_columns = def.source_columns
  WHERE d.name = def.name;
  PERFORM set_config('search_path', path, true);
END
$$;
COMMENT ON FUNCTION xbb.alter_sync(text, text[], interval, jsonb, interval, integer, text) IS
  'changes a sync''s definition; what is not named stays';

CREATE FUNCTION xbb.drop_sync(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  path text := pg_catalog.current_setting('search_path');
  def xbb.sync_definition;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  def := xbb._sync_get(name);
  DELETE FROM xbb.sync_reject r WHERE r.sync = def.name;
  DELETE FROM xbb.sync_log l WHERE l.sync = def.name;
  DELETE FROM xbb.sync_definition d WHERE d.name = def.name;
  PERFORM set_config('search_path', path, true);
END
$$;
COMMENT ON FUNCTION xbb.drop_sync(text) IS
  'forgets a sync with its log and rejects; the target stays as it is';

-- What one step of a run did.
CREATE TYPE xbb._sync_counts AS (
  rows_read bigint, inserted bigint, updated bigint, unchanged bigint, rejected bigint, deleted bigint
);

CREATE FUNCTION xbb._sync_add(a xbb._sync_counts, b xbb._sync_counts) RETURNS xbb._sync_counts
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(a.rows_read, 0) + coalesce(b.rows_read, 0), coalesce(a.inserted, 0) + coalesce(b.inserted, 0),
         coalesce(a.updated, 0) + coalesce(b.updated, 0), coalesce(a.unchanged, 0) + coalesce(b.unchanged, 0),
         coalesce(a.rejected, 0) + coalesce(b.rejected, 0), coalesce(a.deleted, 0) + coalesce(b.deleted, 0)
$$;

-- A list of column names, each made into text by a format with %1$I.
CREATE FUNCTION xbb._sync_list(names text[], pattern text, separator text DEFAULT ', ') RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format($2, u.n), $3 ORDER BY u.o)
  FROM pg_catalog.unnest($1) WITH ORDINALITY u (n, o)
$$;

-- Makes the two tables of the session: records as read, and as they go into the target.
-- What was in the target once has its row in "#loaded", and need not be transformed.
CREATE FUNCTION xbb._sync_tables(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TEMP TABLE xbb_sync_stage ON COMMIT DROP AS SELECT 0::bigint AS "#n", NULL::jsonb AS "#loaded", %s FROM %s WITH NO DATA',
                 xbb._sync_list(xbb._sync_staged_columns(def), '%1$I'), def.source);
  EXECUTE format('CREATE TEMP TABLE xbb_sync_new ON COMMIT DROP AS SELECT 0::bigint AS "#n", %s FROM %s WITH NO DATA',
                 xbb._sync_list(def.target_columns, '%1$I'), def.target);
END
$$;

-- Reads the source once: what its update_time or its dataIds let through.
CREATE FUNCTION xbb._sync_stage(def xbb.sync_definition, low timestamptz, high timestamptz, ids bigint[] DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  time_column text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  conditions text[];
  staged bigint;
BEGIN
  PERFORM xbb._sync_tables(def);
  conditions := array_remove(array[
    CASE WHEN low IS NOT NULL THEN format('%I >= $1', time_column) END,
    CASE WHEN high IS NOT NULL THEN format('%I <= $2', time_column) END,
    CASE WHEN ids IS NOT NULL THEN format('%I = ANY ($3)', xbb._sync_source_column(def.source, 'dataId', 'data_id')) END
  ], NULL);
  EXECUTE format('INSERT INTO pg_temp.xbb_sync_stage SELECT row_number() OVER (), NULL, %s FROM %s WHERE %s',
                 xbb._sync_list(xbb._sync_staged_columns(def), '%1$I'), def.source,
                 coalesce(nullif(array_to_string(conditions, ' AND '), ''), 'true'))
  USING low, high, ids;
  GET DIAGNOSTICS staged = ROW_COUNT;
  RETURN staged;
END
$$;

-- Sets a staged record aside.
CREATE FUNCTION xbb._sync_set_aside(def xbb.sync_definition, run bigint, n bigint, kind text, sqlstate text, error text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  raw_column text := xbb._sync_source_column(def.source, '*', '*');
BEGIN
  EXECUTE format(
    'INSERT INTO xbb.sync_reject AS r (sync, owner, data_id, update_time, kind, sqlstate, error, raw, staged, loaded, run)
     SELECT $1, $2, s.%1$I, s.%2$I, $3, $4, $5, coalesce(s."#loaded"::json, %3$s, row_to_json(s)),
            CASE WHEN s."#loaded" IS NULL AND %3$s IS NULL THEN row_to_json(s) END, s."#loaded", $6
     FROM pg_temp.xbb_sync_stage s WHERE s."#n" = $7
     ON CONFLICT ON CONSTRAINT sync_reject_pkey DO UPDATE
     SET update_time = excluded.update_time, kind = excluded.kind, sqlstate = excluded.sqlstate, error = excluded.error,
         raw = excluded.raw, staged = excluded.staged, loaded = excluded.loaded, run = excluded.run',
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), xbb._sync_source_column(def.source, 'updateTime', 'update_time'),
    CASE WHEN raw_column IS NOT NULL AND xbb._sync_counts_source(def.source) THEN format('s.%I::json', raw_column) ELSE 'NULL' END)
  USING def.name, def.owner, kind, sqlstate, error, run, n;
END
$$;

-- The same for those that did not fit the source's own columns, as far as they are read.
CREATE FUNCTION xbb._sync_set_unread_aside(def xbb.sync_definition, run bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  error_column text := xbb._sync_error_column(def.source);
  rejected bigint := 0;
  item record;
BEGIN
  IF error_column IS NULL THEN
    RETURN 0;
  END IF;
  FOR item IN EXECUTE format(
    'SELECT s."#n" AS n, (array_agg(f.e ->> ''sqlstate'' ORDER BY f.o))[1] AS sqlstate,
            string_agg(format(''column %%I: %%s'', f.e ->> ''column'', f.e ->> ''message''), ''; '' ORDER BY f.o) AS error
     FROM pg_temp.xbb_sync_stage s, jsonb_array_elements(s.%I::jsonb) WITH ORDINALITY f (e, o)
     WHERE f.e ->> ''column'' = ANY ($1) GROUP BY s."#n" ORDER BY s."#n"', error_column)
  USING def.source_columns
  LOOP
    PERFORM xbb._sync_set_aside(def, run, item.n, 'value', item.sqlstate, item.error);
    DELETE FROM pg_temp.xbb_sync_stage s WHERE s."#n" = item.n;
    rejected := rejected + 1;
    PERFORM xbb._sync_limit_rejects(def, run, item.error);
  END LOOP;
  RETURN rejected;
END
$$;

-- Brings the staged records "first" to "last" into the target, all or (by an
-- error) none.  A record whose key another, newer one has is set aside.
CREATE FUNCTION xbb._sync_apply(def xbb.sync_definition, run bigint, first bigint, last bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql AS $$
DECLARE
  same_key text := xbb._sync_list(def.key, 't.%1$I = n.%1$I', ' AND ');
  names text := xbb._sync_list(def.target_columns, '%1$I');
  counts xbb._sync_counts;
  moved bigint[];
  moved_back bigint;
  item record;
BEGIN
  counts := ROW(0, 0, 0, 0, 0, 0);
  SET CONSTRAINTS ALL IMMEDIATE;
  TRUNCATE pg_temp.xbb_sync_new;
  EXECUTE format('INSERT INTO pg_temp.xbb_sync_new (%1$s, "#n") %2$s, "#n"
                  FROM pg_temp.xbb_sync_stage source WHERE "#n" BETWEEN $1 AND $2 AND "#loaded" IS NULL
                  UNION ALL
                  SELECT %3$s, "#n" FROM pg_temp.xbb_sync_stage s, jsonb_populate_record(NULL::%4$s, s."#loaded") r
                  WHERE "#n" BETWEEN $1 AND $2 AND "#loaded" IS NOT NULL',
                 names, def.select_list, xbb._sync_list(def.target_columns, 'r.%1$I'), def.target)
  USING first, last;
  GET DIAGNOSTICS counts.rows_read = ROW_COUNT;

  -- of several new records with one key the newest wins
  FOR item IN EXECUTE format(
    'DELETE FROM pg_temp.xbb_sync_new n
     USING (SELECT "#n", %2$s AS no_key,
                   first_value(data_id) OVER w AS winner, row_number() OVER w AS place
            FROM pg_temp.xbb_sync_new
            WINDOW w AS (PARTITION BY %1$s ORDER BY update_time DESC NULLS LAST, data_id DESC)) p
     WHERE p."#n" = n."#n" AND (p.place > 1 OR p.no_key)
     RETURNING n."#n" AS n, n.data_id, p.no_key, p.winner',
    xbb._sync_list(def.key, '%1$I'), xbb._sync_list(def.key, '%1$I IS NULL', ' OR '))
  LOOP
    PERFORM xbb._sync_set_aside(def, run, item.n, CASE WHEN item.no_key THEN 'null key' ELSE 'duplicate key' END, NULL,
                                CASE WHEN item.no_key THEN 'the key is null'
                                     ELSE format('record %s has the same key and is newer', item.winner) END);
    counts.rejected := counts.rejected + 1;
  END LOOP;

  -- a record whose key has changed leaves its old place
  moved := '{}';
  IF def.key <> '{data_id}' THEN
    EXECUTE format('DELETE FROM pg_temp.xbb_sync_new n USING %s t
                    WHERE t.data_id = n.data_id AND NOT (%s) AND n.update_time < t.update_time', def.target, same_key);
    EXECUTE format('WITH d AS (DELETE FROM %s t USING pg_temp.xbb_sync_new n
                               WHERE t.data_id = n.data_id AND NOT (%s) RETURNING t.data_id)
                    SELECT coalesce(array_agg(data_id), ''{}'') FROM d', def.target, same_key) INTO moved;

    -- of a new and a stored record with one key, too
    FOR item IN EXECUTE format(
      'DELETE FROM pg_temp.xbb_sync_new n USING %s t
       WHERE %s AND t.data_id <> n.data_id
         AND (coalesce(t.update_time, ''-infinity''), t.data_id) > (coalesce(n.update_time, ''-infinity''), n.data_id)
       RETURNING n."#n" AS n, t.data_id AS winner', def.target, same_key)
    LOOP
      PERFORM xbb._sync_set_aside(def, run, item.n, 'duplicate key', NULL,
                                  format('record %s has the same key and is newer', item.winner));
      counts.rejected := counts.rejected + 1;
    END LOOP;
    EXECUTE format(
      'INSERT INTO xbb.sync_reject AS r (sync, owner, data_id, update_time, kind, error, raw, loaded, run)
       SELECT $1, $2, t.data_id, t.update_time, ''duplicate key'',
              format(''record %%s has the same key and is newer'', n.data_id), row_to_json(t), to_jsonb(t), $3
       FROM %s t JOIN pg_temp.xbb_sync_new n ON %s
       WHERE t.data_id <> n.data_id
       ON CONFLICT ON CONSTRAINT sync_reject_pkey DO UPDATE
       SET update_time = excluded.update_time, kind = excluded.kind, sqlstate = NULL, error = excluded.error,
           raw = excluded.raw, staged = NULL, loaded = excluded.loaded, run = excluded.run', def.target, same_key)
    USING def.name, def.owner, run;
    GET DIAGNOSTICS counts.unchanged = ROW_COUNT;
    counts.rejected := counts.rejected + counts.unchanged;
  END IF;

  -- what is the same is not written
  EXECUTE format(
    'UPDATE %s t SET %s FROM pg_temp.xbb_sync_new n
     WHERE %s AND (t.data_id <> n.data_id OR coalesce(n.update_time >= t.update_time, true))
       AND (record_image_ne(ROW(%s), ROW(%s))%s)', def.target,
    xbb._sync_list(def.target_columns, '%1$I = n.%1$I') ||
      CASE WHEN def.delete_mode = 'mark' THEN ', deleted_at = NULL' ELSE '' END, same_key,
    xbb._sync_list(def.target_columns, 't.%1$I'), xbb._sync_list(def.target_columns, 'n.%1$I'),
    CASE WHEN def.delete_mode = 'mark' THEN ' OR t.deleted_at IS NOT NULL' ELSE '' END);
  GET DIAGNOSTICS counts.updated = ROW_COUNT;
  EXECUTE format(
    'WITH i AS (INSERT INTO %s (%s) SELECT %s FROM pg_temp.xbb_sync_new n
                WHERE NOT EXISTS (SELECT FROM %s t WHERE %s) RETURNING data_id)
     SELECT count(*) FILTER (WHERE data_id <> ALL ($1)), count(*) FILTER (WHERE data_id = ANY ($1)) FROM i',
    def.target, names, xbb._sync_list(def.target_columns, 'n.%1$I'), def.target, same_key)
  INTO counts.inserted, moved_back USING moved;
  counts.updated := counts.updated + moved_back;

  -- what was set aside once and is in the target now
  DELETE FROM xbb.sync_reject r USING pg_temp.xbb_sync_new n WHERE r.sync = def.name AND r.data_id = n.data_id;

  SELECT count(*) INTO counts.unchanged FROM pg_temp.xbb_sync_new;
  counts.unchanged := counts.unchanged - counts.updated - counts.inserted;
  RETURN counts;
END
$$;

-- Ends a run that has rejected too much.
CREATE FUNCTION xbb._sync_limit_rejects(def xbb.sync_definition, run bigint, reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM xbb.sync_reject r WHERE r.sync = def.name AND r.run = $2) > def.max_rejects THEN
    RAISE EXCEPTION 'more than % records were rejected', def.max_rejects
      USING ERRCODE = 'program_limit_exceeded', DETAIL = format('The last one: %s', reason),
            HINT = format('SELECT xbb.alter_sync(%L, max_rejects => ...) raises the limit.', def.name);
  END IF;
END
$$;

-- The same, but what fails is halved until the bad record stands alone.
CREATE FUNCTION xbb._sync_apply_or_halve(def xbb.sync_definition, run bigint, first bigint, last bigint)
RETURNS xbb._sync_counts LANGUAGE plpgsql AS $$
DECLARE
  counts xbb._sync_counts;
  failed_state text;
  failed_message text;
  middle bigint := (first + last) / 2;
BEGIN
  IF first > last THEN
    RETURN ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  END IF;
  BEGIN
    RETURN xbb._sync_apply(def, run, first, last);
  EXCEPTION
    -- what a record can be blamed for; all else ends the run
    WHEN data_exception OR integrity_constraint_violation OR cardinality_violation OR plpgsql_error
      OR external_routine_exception OR with_check_option_violation THEN
      GET STACKED DIAGNOSTICS failed_state = RETURNED_SQLSTATE, failed_message = MESSAGE_TEXT;
  END;
  IF first = last THEN
    PERFORM xbb._sync_set_aside(def, run, first,
      CASE WHEN failed_state LIKE '23%' THEN 'constraint' ELSE 'expression' END, failed_state, failed_message);
    PERFORM xbb._sync_limit_rejects(def, run, failed_message);
    RETURN ROW(1, 0, 0, 0, 1, 0)::xbb._sync_counts;
  END IF;
  counts := xbb._sync_apply_or_halve(def, run, first, middle);
  RETURN xbb._sync_add(counts, xbb._sync_apply_or_halve(def, run, middle + 1, last));
END
$$;

-- Brings all that is staged into the target.
CREATE FUNCTION xbb._sync_load(def xbb.sync_definition, run bigint, staged bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql AS $$
DECLARE
  unread bigint := xbb._sync_set_unread_aside(def, run);
  counts xbb._sync_counts := xbb._sync_apply_or_halve(def, run, 1, staged);
BEGIN
  counts.rows_read := counts.rows_read + unread;
  counts.rejected := counts.rejected + unread;
  PERFORM xbb._sync_limit_rejects(def, run, (SELECT max(r.error) FROM xbb.sync_reject r WHERE r.sync = def.name AND r.run = $2));
  RETURN counts;
END
$$;

-- One window: read, load, and move the watermark, which never falls.  It goes to the
-- latest record that was loaded, at most to the API's clock: if nothing was, it stays,
-- for there may be windows left before what comes next.
CREATE FUNCTION xbb._sync_window(def xbb.sync_definition, run bigint, low timestamptz, high timestamptz)
RETURNS xbb._sync_counts LANGUAGE plpgsql AS $$
DECLARE
  before bigint := (xbb._counters()).requests;
  staged bigint := xbb._sync_stage(def, low, high);
  seen record := xbb._counters();
  counts xbb._sync_counts;
  latest timestamptz;
BEGIN
  EXECUTE format('SELECT max(%I) FROM pg_temp.xbb_sync_stage',
                 xbb._sync_source_column(def.source, 'updateTime', 'update_time')) INTO latest;
  -- a source that is no foreign table has no clock
  latest := least(latest, CASE WHEN latest IS NOT NULL AND seen.requests > before THEN seen.clock END);
  counts := xbb._sync_load(def, run, staged);
  UPDATE xbb.sync_definition d SET watermark = greatest(d.watermark, latest)
  WHERE d.name = def.name AND d.watermark IS DISTINCT FROM greatest(d.watermark, latest);
  DROP TABLE pg_temp.xbb_sync_stage, pg_temp.xbb_sync_new;
  RETURN counts;
END
$$;

-- What was set aside, once more, from what is kept of it: a record is read as if it
-- came now, so that another type of its column can be the fix.
CREATE FUNCTION xbb._sync_retry(def xbb.sync_definition, run bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql AS $$
DECLARE
  staged bigint;
  counts xbb._sync_counts;
BEGIN
  PERFORM xbb._sync_tables(def);
  EXECUTE format(
    'INSERT INTO pg_temp.xbb_sync_stage
     SELECT row_number() OVER (ORDER BY j.update_time, j.data_id), j.loaded, %1$s
     FROM xbb.sync_reject j, LATERAL (
       SELECT * FROM xbb._read_record(NULL::%2$s, j.raw) WHERE j.staged IS NULL AND j.loaded IS NULL
       UNION ALL
       SELECT * FROM json_populate_record(NULL::%2$s, coalesce(j.staged, json_build_object(%3$L, j.data_id, %4$L, j.update_time)))
       WHERE j.staged IS NOT NULL OR j.loaded IS NOT NULL) r
     WHERE j.sync = $1',
    xbb._sync_list(xbb._sync_staged_columns(def), 'r.%1$I'), def.source,
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), xbb._sync_source_column(def.source, 'updateTime', 'update_time'))
  USING def.name;
  GET DIAGNOSTICS staged = ROW_COUNT;
  counts := xbb._sync_load(def, run, staged);
  DROP TABLE pg_temp.xbb_sync_stage, pg_temp.xbb_sync_new;
  RETURN counts;
END
$$;

-- The windows that a run begins with, the next one last; none if one reading without
-- an upper bound does it.  Loads by windows are resumed, and begun where the API
-- counts more than one window's worth or the definition wants small steps.
CREATE FUNCTION xbb._sync_plan(def xbb.sync_definition) RETURNS tstzrange[] LANGUAGE plpgsql AS $$
DECLARE
  low timestamptz := def.watermark - def.overlap;
  total bigint;
BEGIN
  IF NOT xbb._sync_counts_source(def.source) THEN
    RETURN '{}';
  END IF;
  IF def.loading_until IS NULL THEN
    IF def.watermark IS NOT NULL AND coalesce(def.watermark + def.chunk > now(), true) THEN
      RETURN '{}';
    END IF;
    total := xbb._total(def.source, low, NULL);
    IF def.chunk IS NULL AND total <= 9000 THEN
      RETURN '{}';
    END IF;
    def.loading_until := coalesce((xbb._counters()).clock, now());
    UPDATE xbb.sync_definition d SET loading_until = def.loading_until WHERE d.name = def.name;
  END IF;
  RETURN array[tstzrange(least(coalesce(low, to_timestamp(0)), def.loading_until), def.loading_until, '[]')];
END
$$;

-- Looks at a window: is it to be loaded?  Else it is empty, or *windows gets its halves.
CREATE FUNCTION xbb._sync_fits(def xbb.sync_definition, low timestamptz, high timestamptz, INOUT windows tstzrange[], OUT fits boolean)
LANGUAGE plpgsql AS $$
DECLARE
  total bigint := xbb._total(def.source, low, high);
  middle timestamptz := date_trunc('second', low + (high - low) / 2);
BEGIN
  fits := total > 0;
  IF fits AND high - low > '1 second' AND (total > 9000 OR high - low > def.chunk) THEN
    -- they share a second, for records with fractions of it
    windows := windows || tstzrange(middle, high, '[]') || tstzrange(low, middle, '[]');
    fits := false;
  END IF;
END
$$;

-- The records that a sync knows, as a query: those in the target and those set aside.
CREATE FUNCTION xbb._sync_known(def xbb.sync_definition) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.format(
    '(SELECT data_id, update_time FROM %s t
      WHERE %s AND NOT EXISTS (SELECT FROM xbb.sync_reject r WHERE r.sync = %L AND r.data_id = t.data_id)
      UNION ALL SELECT data_id, update_time FROM xbb.sync_reject WHERE sync = %L)',
    (def).target, CASE WHEN (def).delete_mode = 'mark' THEN 'deleted_at IS NULL' ELSE 'true' END, (def).name, (def).name)
$$;

-- Compares ids of the source between two times (NULL: all) with those of the target.
-- A second look, by dataId, tells what was deleted from what only moved or is new.
CREATE FUNCTION xbb._sync_compare(def xbb.sync_definition, run bigint, low timestamptz, high timestamptz)
RETURNS xbb._sync_counts LANGUAGE plpgsql AS $$
DECLARE
  id_column text := xbb._sync_source_column(def.source, 'dataId', 'data_id');
  time_column text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  missed bigint[];
  gone bigint[];
  found bigint[];
  counts xbb._sync_counts;
  batch bigint[];
BEGIN
  CREATE TEMP TABLE xbb_sync_ids (data_id bigint, update_time timestamptz) ON COMMIT DROP;
  EXECUTE format('INSERT INTO pg_temp.xbb_sync_ids SELECT %1$I, %2$I FROM %3$s WHERE %4$s', id_column, time_column, def.source,
                 CASE WHEN low IS NULL THEN 'true' ELSE format('%I BETWEEN $1 AND $2', time_column) END)
  USING low, high;
  EXECUTE format('SELECT array_agg(s.data_id) FROM pg_temp.xbb_sync_ids s LEFT JOIN %s t
                    ON t.data_id = s.data_id AND t.update_time IS NOT DISTINCT FROM s.update_time
                  WHERE t.data_id IS NULL', xbb._sync_known(def))
  INTO missed;
  EXECUTE format('SELECT array_agg(t.data_id) FROM %s t
                  WHERE %s AND NOT EXISTS (SELECT FROM pg_temp.xbb_sync_ids s WHERE s.data_id = t.data_id)', xbb._sync_known(def),
                 CASE WHEN low IS NULL THEN 'true' ELSE 't.update_time BETWEEN $1 AND $2' END)
  INTO gone USING low, high;
  DROP TABLE pg_temp.xbb_sync_ids;

  counts := ROW(0, 0, 0, 0, 0, 0);
  IF missed IS NULL AND gone IS NULL THEN
    RETURN counts;
  END IF;
  SELECT array_agg(DISTINCT u.id) INTO batch FROM unnest(missed || gone) u (id);
  counts.rows_read := xbb._sync_stage(def, NULL, NULL, batch);
  EXECUTE format('SELECT coalesce(array_agg(%I), ''{}'') FROM pg_temp.xbb_sync_stage', id_column) INTO found;
  counts := xbb._sync_load(def, run, counts.rows_read);
  DROP TABLE pg_temp.xbb_sync_stage, pg_temp.xbb_sync_new;
  SELECT array_agg(u.id) INTO gone FROM unnest(gone) u (id) WHERE u.id <> ALL (found);
  DELETE FROM xbb.sync_reject r WHERE r.sync = def.name AND r.data_id = ANY (gone);
  counts.deleted := coalesce(cardinality(gone), 0);
  IF def.delete_mode = 'mark' THEN
    EXECUTE format('UPDATE %s SET deleted_at = now() WHERE data_id = ANY ($1) AND deleted_at IS NULL', def.target) USING gone;
  ELSIF def.delete_mode = 'delete' THEN
    EXECUTE format('DELETE FROM %s WHERE data_id = ANY ($1)', def.target) USING gone;
  END IF;
  RETURN counts;
END
$$;

-- One window of a reconciliation: equal counts are taken for equal contents, what
-- differs is halved where the target's records are, and compared when it is small.
CREATE FUNCTION xbb._sync_descend(def xbb.sync_definition, run bigint, low timestamptz, high timestamptz,
  INOUT windows tstzrange[], OUT counts xbb._sync_counts)
LANGUAGE plpgsql AS $$
DECLARE
  here bigint;
  there bigint;
  middle timestamptz;
BEGIN
  EXECUTE format('SELECT count(*), to_timestamp(floor(extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY update_time))))
                  FROM %s t WHERE update_time BETWEEN $1 AND $2', xbb._sync_known(def))
  INTO here, middle USING low, high;
  -- large counts may hide what cancels out, and the API may count no further than 10,000
  IF here <= 4000 THEN
    there := xbb._total(def.source, low, high);
    IF here = there THEN
      RETURN;
    ELSIF greatest(here, there) <= 500 OR high - low <= '1 second' THEN
      counts := xbb._sync_compare(def, run, low, high);
      RETURN;
    END IF;
  END IF;
  IF middle IS NULL OR middle >= high THEN
    middle := date_trunc('second', low + (high - low) / 2);
  END IF;
  windows := windows || tstzrange(middle + interval '1 second', greatest(high, middle + interval '1 second'), '[]')
    || tstzrange(low, middle, '[]');
END
$$;

-- A run's row of the log, as things stand; at its end also the news of it.
CREATE FUNCTION xbb._sync_note(run bigint, status text, counts xbb._sync_counts, before record, sqlstate text, error text)
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  after record := xbb._counters();
  entry xbb.sync_log;
BEGIN
  UPDATE xbb.sync_log l
  SET status = status, ended = CASE WHEN status <> 'running' THEN clock_timestamp() END,
      watermark = (SELECT d.watermark FROM xbb.sync_definition d WHERE d.name = l.sync),
      requests = after.requests - before.requests, pages = after.pages - before.pages,
      rows_read = coalesce(counts.rows_read, 0), inserted = coalesce(counts.inserted, 0),
      updated = coalesce(counts.updated, 0), unchanged = coalesce(counts.unchanged, 0),
      rejected = coalesce(counts.rejected, 0), deleted = coalesce(counts.deleted, 0),
      retries = after.retries - before.retries,
      throttled = make_interval(secs => (after.throttled_us - before.throttled_us) / 1000000.0),
      bytes = after.bytes - before.bytes, sqlstate = sqlstate, error = error
  WHERE l.id = run RETURNING * INTO entry;
  IF status <> 'running' THEN
    PERFORM pg_notify('xbb_sync', jsonb_build_object(
      'sync', entry.sync, 'run', entry.id, 'task', entry.task, 'status', status, 'inserted', entry.inserted,
      'updated', entry.updated, 'rejected', entry.rejected, 'deleted', entry.deleted,
      'watermark', entry.watermark, 'sqlstate', sqlstate, 'error', left(error, 500))::text);
    DELETE FROM xbb.sync_log l
    WHERE l.sync = entry.sync AND l.started < now() - current_setting('xbb_fdw.log_retention')::interval AND l.id <> run;
  END IF;
END
$$;

-- A run of any kind: lock, log, work in steps that commit, log, unlock.
CREATE PROCEDURE xbb._sync_run(name text, task text) LANGUAGE plpgsql AS $$
DECLARE
  can_commit boolean := xbb._can_commit();
  path text := pg_catalog.current_setting('search_path');
  safe_path text := 'pg_catalog, pg_temp';
  def xbb.sync_definition;
  before record;
  counts xbb._sync_counts;
  run bigint;
  free boolean;
  windows tstzrange[];
  phase text;
  step xbb._sync_counts;
  found record;
  fits boolean;
  low timestamptz;
  high timestamptz;
  failed boolean := false;
  failed_state text;
  failed_message text;
  failed_detail text;
  failed_hint text;
  failed_context text;
  failed_place text;                -- which value did not fit its column
BEGIN
  PERFORM pg_catalog.set_config('search_path', safe_path, true);
  phase := CASE task WHEN 'retry_rejects' THEN 'retry' ELSE 'plan' END;
  def := xbb._sync_get(_sync_run.name);
  before := xbb._counters();
  -- a session may still hold it, from a run that ended between its last two statements
  IF can_commit THEN
    free := xbb._sync_locked(def.name, pg_backend_pid()) OR
      (SELECT pg_try_advisory_lock(k.class, k.object) FROM xbb._sync_lock(def.name) k);
  ELSE
    free := (SELECT pg_try_advisory_xact_lock(k.class, k.object) FROM xbb._sync_lock(def.name) k);
  END IF;
  IF NOT free THEN
    INSERT INTO xbb.sync_log (sync, owner, task, status) VALUES (def.name, def.owner, _sync_run.task, 'running') RETURNING id INTO run;
    PERFORM xbb._sync_note(run, 'skipped', NULL, before, NULL, NULL);
    RAISE NOTICE 'sync % is running already', quote_ident(def.name);
    PERFORM set_config('search_path', path, true);
    RETURN;
  END IF;
  -- with the lock held, no other run is alive
  UPDATE xbb.sync_log l SET status = 'killed' WHERE l.sync = def.name AND l.status = 'running';
  INSERT INTO xbb.sync_log (sync, owner, task, status, low)
  SELECT def.name, def.owner, _sync_run.task, 'running', d.watermark - d.overlap
  FROM xbb.sync_definition d WHERE d.name = def.name RETURNING id INTO run;
  IF can_commit THEN
    COMMIT;
    PERFORM pg_catalog.set_config('search_path', safe_path, true);
  END IF;

  WHILE phase <> 'done' AND NOT failed LOOP
    step := NULL;
    BEGIN
      def := xbb._sync_get(_sync_run.name);
      IF phase IN ('load', 'compare') AND cardinality(windows) > 0 THEN
        low := lower(windows[cardinality(windows)]);
        high := upper(windows[cardinality(windows)]);
        windows := windows[:cardinality(windows) - 1];
        IF phase = 'load' THEN
          SELECT f.windows, f.fits INTO windows, fits FROM xbb._sync_fits(def, low, high, windows) f;
          IF fits THEN
            step := xbb._sync_window(def, run, low, high);
          END IF;
        ELSE
          found := xbb._sync_descend(def, run, low, high, windows);
          windows := found.windows;
          step := found.counts;
        END IF;
      ELSIF phase = 'plan' THEN
        windows := xbb._sync_plan(def);
        phase := 'load';
      ELSIF phase = 'load' THEN
        UPDATE xbb.sync_definition d SET loading_until = NULL WHERE d.name = def.name AND d.loading_until IS NOT NULL;
        step := xbb._sync_window(def, run, def.watermark - def.overlap, NULL);
        phase := CASE _sync_run.task WHEN 'reconcile' THEN 'divide' WHEN 'reconcile full' THEN 'compare all' ELSE 'done' END;
      ELSIF phase = 'divide' THEN
        windows := CASE WHEN def.watermark IS NULL THEN '{}' ELSE array[tstzrange(to_timestamp(0), def.watermark, '[]')] END;
        phase := 'compare';
      ELSE
        IF phase = 'compare all' THEN
          step := xbb._sync_compare(def, run, NULL, NULL);
        ELSIF phase = 'retry' THEN
          step := xbb._sync_retry(def, run);
        END IF;
        phase := 'done';
      END IF;
      counts := xbb._sync_add(counts, step);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      failed := true;
      GET STACKED DIAGNOSTICS failed_state = RETURNED_SQLSTATE, failed_message = MESSAGE_TEXT,
        failed_detail = PG_EXCEPTION_DETAIL, failed_hint = PG_EXCEPTION_HINT, failed_context = PG_EXCEPTION_CONTEXT;
      failed_place := substring(failed_context FROM 'column "[^\n]*" \(attr [^\n]*\) of foreign table [^\n]*');
      IF failed_place IS NOT NULL THEN
        failed_detail := format('It was %s.', failed_place);
        IF NOT EXISTS (SELECT FROM pg_foreign_table t WHERE t.ftrelid = def.source AND 'on_error=set_null' = ANY (t.ftoptions)) THEN
          failed_hint := format('Option on_error ''set_null'' of %s, with a column whose attr is ''#error'', sets such records aside.', def.source);
        END IF;
      END IF;
    END;
    -- rows, watermark and the log together
    IF can_commit AND step IS NOT NULL AND phase <> 'done' AND NOT failed THEN
      PERFORM xbb._sync_note(run, 'running', counts, before, NULL, NULL);
      COMMIT;
      PERFORM pg_catalog.set_config('search_path', safe_path, true);
    END IF;
  END LOOP;

  PERFORM xbb._sync_note(run, CASE WHEN failed THEN 'failed' ELSE 'succeeded' END, counts, before, failed_state,
                         failed_message || coalesce(': ' || failed_place, ''));
  IF can_commit THEN
    COMMIT;
    PERFORM pg_catalog.set_config('search_path', safe_path, true);
    PERFORM pg_advisory_unlock(k.class, k.object) FROM xbb._sync_lock(def.name) k;
  END IF;
  PERFORM set_config('search_path', path, true);
  IF failed THEN
    RAISE EXCEPTION USING ERRCODE = failed_state, MESSAGE = failed_message,
      DETAIL = coalesce(nullif(failed_detail, ''), format('Sync %I failed.', def.name)),
      HINT = coalesce(nullif(failed_hint, ''), 'TABLE xbb.sync_run shows its runs.');
  END IF;
END
$$;

CREATE PROCEDURE xbb.sync(name text) LANGUAGE plpgsql AS $$
BEGIN
  CALL xbb._sync_run(name, 'sync');
END
$$;
COMMENT ON PROCEDURE xbb.sync(text) IS 'reads what has changed and brings it into the target';

CREATE PROCEDURE xbb.retry_rejects(name text) LANGUAGE plpgsql AS $$
BEGIN
  CALL xbb._sync_run(name, 'retry_rejects');
END
$$;
COMMENT ON PROCEDURE xbb.retry_rejects(text) IS 'loads what was set aside, without a request';

CREATE PROCEDURE xbb.reconcile(name text, "full" boolean DEFAULT false) LANGUAGE plpgsql AS $$
BEGIN
  IF NOT xbb._sync_counts_source((xbb._sync_get(name)).source) THEN
    RAISE EXCEPTION 'the source of sync % is no foreign table of xbb_fdw', pg_catalog.quote_ident(name)
      USING ERRCODE = 'wrong_object_type';
  END IF;
  CALL xbb._sync_run(name, CASE WHEN "full" THEN 'reconcile full' ELSE 'reconcile' END);
END
$$;
COMMENT ON PROCEDURE xbb.reconcile(text, boolean) IS
  'finds what was deleted and what was missed, by counts of time windows or, full, by every id';
