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
  fits boolean;
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
  IF def.reject_limit < 0 THEN
    RAISE EXCEPTION 'reject_limit must not be negative' USING ERRCODE = 'invalid_parameter_value';
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
    SELECT format_type(a.atttypid, a.atttypmod) = item.type INTO fits
    FROM pg_attribute a WHERE a.attrelid = def.target AND a.attname = item.name AND NOT a.attisdropped;
    IF fits IS NOT TRUE THEN
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
  name text, source regclass, target text DEFAULT NULL, key text[] DEFAULT '{data_id}', overlap interval DEFAULT '1 hour',
  columns jsonb DEFAULT NULL, chunk interval DEFAULT NULL, reject_limit integer DEFAULT 1000,
  delete_mode text DEFAULT 'ignore')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  path text := pg_catalog.current_setting('search_path');
  def xbb.sync_definition;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF name IS NULL OR source IS NULL OR key IS NULL OR overlap IS NULL OR reject_limit IS NULL THEN
    RAISE EXCEPTION 'name, source, key, overlap and reject_limit must not be null'
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  def.name := name;
  def.owner := (SELECT oid FROM pg_roles WHERE rolname = current_user);
  def.source := source;
  def.key := key;
  def.overlap := overlap;
  def.columns := columns;
  def.chunk := chunk;
  def.reject_limit := reject_limit;
  def.delete_mode := delete_mode;
  def := xbb._sync_prepare(def, coalesce(target, quote_ident(name)), path);
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
  chunk interval DEFAULT NULL, reject_limit integer DEFAULT NULL, delete_mode text DEFAULT NULL)
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
  def.reject_limit := coalesce(reject_limit, def.reject_limit);
  def.delete_mode := coalesce(delete_mode, def.delete_mode);
  def := xbb._sync_prepare(def, def.target::text, path);
  UPDATE xbb.sync_definition d
  SET key = def.key, overlap = def.overlap, columns = def.columns, chunk = def.chunk,
      reject_limit = def.reject_limit, delete_mode = def.delete_mode, select_list = def.select_list,
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
  DELETE FROM xbb._sync_run_log l WHERE l.sync = def.name;
  DELETE FROM xbb.sync_definition d WHERE d.name = def.name;
  PERFORM set_config('search_path', path, true);
END
$$;
COMMENT ON FUNCTION xbb.drop_sync(text) IS
  'forgets a sync with its log and rejects; the target stays as it is';
