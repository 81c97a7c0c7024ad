-- The role that calls.
CREATE FUNCTION xbb._sync_me() RETURNS pg_catalog.oid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user);

-- The sync of that name that he sees, his own before others'.
CREATE FUNCTION xbb._sync_find(name pg_catalog.text) RETURNS xbb.sync_definition
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.sync_definition;
BEGIN
  SELECT d.* INTO def FROM xbb.sync_definition d WHERE d.name = $1
  ORDER BY d.owner <> xbb._sync_me(), NOT d.confirmed, d.owner, d.id LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'sync % does not exist', pg_catalog.quote_ident($1) USING ERRCODE = 'undefined_object';
  END IF;
  RETURN def;
END
$$;

-- The caller's sync of that name; its lines are SQL that must run as nobody else.
CREATE FUNCTION xbb._sync_get(name pg_catalog.text) RETURNS xbb.sync_definition
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.sync_definition := xbb._sync_find(name);
BEGIN
  IF def.owner = 0::pg_catalog.oid THEN
    RAISE EXCEPTION 'sync % belongs to role %, which does not exist', pg_catalog.quote_ident($1), pg_catalog.quote_ident(def.owner_name)
      USING ERRCODE = 'undefined_object', HINT = (xbb._sync_problem(def)).remedy;
  ELSIF def.owner <> xbb._sync_me() THEN
    RAISE EXCEPTION 'sync % belongs to role %', pg_catalog.quote_ident($1), def.owner
      USING ERRCODE = 'insufficient_privilege',
            HINT = pg_catalog.format('SET ROLE %s first: a sync runs as its owner only.', def.owner);
  END IF;
  RETURN def;
END
$$;

-- The caller's sync of that number, which a run began with: one of its name may be another.
CREATE FUNCTION xbb._sync_get_again(id integer) RETURNS xbb.sync_definition
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.sync_definition;
BEGIN
  SELECT d.* INTO def FROM xbb.sync_definition d
  WHERE d.id = $1 AND d.owner = xbb._sync_me();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the sync was dropped meanwhile' USING ERRCODE = 'undefined_object';
  END IF;
  RETURN def;
END
$$;

-- Takes the lock of a sync, unless another run has it, or one of this backend is at work
-- further up the stack.
CREATE FUNCTION xbb._sync_take(def xbb.sync_definition, session boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lock pg_catalog.text := xbb._sync_lock(def.id, session);
BEGIN
  RETURN lock IS NOT NULL AND (lock = 'taken' OR NOT EXISTS (
    SELECT FROM xbb.sync_status s WHERE s.owner = def.owner AND s.name = def.name AND s.running_since IS NOT NULL));
END
$$;

-- The same for what would pull the definition from under a run.
CREATE FUNCTION xbb._sync_take_idle(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT xbb._sync_take(def, false) THEN
    RAISE EXCEPTION 'sync % is running', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_in_use',
            HINT = pg_catalog.format('SELECT xbb.alter_sync(%L, enabled => false); ends it at its next window.', def.name);
  END IF;
END
$$;

-- The table that the caller means by a name, and the schema where he would make one.
CREATE FUNCTION xbb._sync_look_up(target pg_catalog.text, path pg_catalog.text,
  OUT relation pg_catalog.regclass, OUT creation_schema pg_catalog.name)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM xbb._sync_path(path);
  relation := pg_catalog.to_regclass(target);
  creation_schema := pg_catalog.current_schema();
END
$$;

-- The expression of each target column, by its name: those that were given, else the
-- columns that source and target have in common, or all but the whole record where the
-- target is to be made; and the two that each sync needs.
CREATE FUNCTION xbb._sync_expressions(def xbb.sync_definition) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  error_column pg_catalog.text := xbb._sync_error_column(def.source);
  raw_column pg_catalog.text := xbb._sync_source_column(def.source, '*', '*');
  given pg_catalog.jsonb := def.columns;
  missing pg_catalog.text;
BEGIN
  IF given IS NULL THEN
    SELECT pg_catalog.jsonb_object_agg(a.attname, pg_catalog.quote_ident(a.attname)) INTO given
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = def.source AND a.attnum > 0 AND NOT a.attisdropped AND a.attname IS DISTINCT FROM error_column
      AND a.attname IS DISTINCT FROM def.stamp
      AND (def.target IS NULL AND a.attname IS DISTINCT FROM raw_column OR EXISTS (
        SELECT FROM pg_catalog.pg_attribute t WHERE t.attrelid = def.target AND t.attname = a.attname
          AND t.attnum > 0 AND NOT t.attisdropped AND t.attgenerated = ''));
  END IF;
  given := (SELECT pg_catalog.jsonb_object_agg(o.key, pg_catalog.quote_ident(o.value))
            FROM pg_catalog.jsonb_each_text(xbb._sync_own_columns(def.source)) o) || coalesce(given, '{}')
    || xbb._sync_scope_expressions(def);
  SELECT u.k INTO missing FROM pg_catalog.jsonb_object_keys(given) WITH ORDINALITY u (k, o)
  WHERE def.target IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_attribute t WHERE t.attrelid = def.target AND t.attname = u.k
      AND t.attnum > 0 AND NOT t.attisdropped) ORDER BY u.o LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'target % has no column %', def.target, pg_catalog.quote_ident(missing)
      USING ERRCODE = 'undefined_column',
            HINT = pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s; adds it.', def.target, missing,
                                     CASE missing WHEN 'data_id' THEN 'bigint' WHEN 'update_time' THEN 'timestamptz'
                                       ELSE coalesce((SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
                                                      WHERE a.attrelid = def.source AND a.attnum > 0 AND NOT a.attisdropped
                                                        AND xbb._sync_is_column(given ->> missing, a.attname::pg_catalog.text)), '...') END);
  END IF;
  RETURN given;
END
$$;

-- Completes a definition by what its expressions are; leaves the view xbb_sync_view, and the
-- functions that _sync_bind takes.
CREATE FUNCTION xbb._sync_transformation(def xbb.sync_definition) RETURNS xbb.sync_definition
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own pg_catalog.jsonb := xbb._sync_own_columns(def.source);
  read pg_catalog.text[];
BEGIN
  PERFORM xbb._sync_check_row(def);
  -- in the source's order; what is not called as there comes last
  SELECT pg_catalog.array_agg(k ORDER BY a.attnum, k) INTO def.target_columns
  FROM pg_catalog.jsonb_object_keys(xbb._sync_expressions(def)) k
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = def.source AND a.attnum > 0 AND NOT a.attisdropped AND
    a.attname = coalesce(own ->> k, k);
  PERFORM xbb._sync_make_functions(def, 'xbb_sync_view', def.target_columns,
                                   xbb._sync_make_view('xbb_sync_view', def, def.target_columns));
  read := xbb._sync_functions_read(def.source) || xbb._sync_source_column(def.source, '*', '*');
  SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum) INTO def.source_columns
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = def.source AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.attname = ANY (read) OR a.attname IN (SELECT o.value FROM pg_catalog.jsonb_each_text(own) o));
  RETURN def;
END
$$;

-- Makes the target that was not there: the columns of the view, with its key, and an index
-- for what a reconciliation counts, windows of time.
CREATE FUNCTION xbb._sync_make_target(def xbb.sync_definition, names pg_catalog.text[]) RETURNS pg_catalog.regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target pg_catalog.text := pg_catalog.format('%I.%I', names[1], names[2]);
BEGIN
  EXECUTE pg_catalog.format('CREATE TABLE %s AS SELECT * FROM pg_temp.xbb_sync_view WITH NO DATA', target);
  EXECUTE pg_catalog.format('ALTER TABLE %s ADD PRIMARY KEY (%s)', target, xbb._sync_list(xbb._sync_key(def), '%1$I'));
  IF def.key <> array[xbb._sync_id(def)] THEN
    EXECUTE pg_catalog.format('CREATE INDEX ON %s (%s)', target, xbb._sync_list(xbb._sync_scope_columns(def) || xbb._sync_id(def), '%1$I'));
  END IF;
  IF NOT xbb._sync_is_list(def.source) THEN
    EXECUTE pg_catalog.format('CREATE INDEX ON %s (%s)', target, xbb._sync_list(xbb._sync_scope_columns(def) || 'update_time'::pg_catalog.text, '%1$I'));
  END IF;
  IF def.delete_mode = 'mark' THEN
    EXECUTE pg_catalog.format('ALTER TABLE %s ADD COLUMN deleted_at timestamptz', target);
  END IF;
  IF def.stamp IS NOT NULL THEN
    EXECUTE pg_catalog.format('ALTER TABLE %s ADD COLUMN %I timestamptz', target, def.stamp);
  END IF;
  RAISE NOTICE 'table % was made: %', target, pg_catalog.array_to_string(def.target_columns, ', ');
  RETURN target::pg_catalog.regclass;
END
$$;

-- Checks what create_sync and alter_sync were given, makes a missing target of that
-- name, and completes the definition; reads its expressions, unless those stay that it has.
CREATE FUNCTION xbb._sync_prepare(def xbb.sync_definition, names pg_catalog.text[], anew boolean) RETURNS xbb.sync_definition
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  propagate constant pg_catalog.text := xbb._sync_propagate('off');
BEGIN
  PERFORM xbb._sync_check_source(def);
  PERFORM xbb._sync_check_options(def);
  def.scope := xbb._sync_check_scope(def);
  IF anew THEN
    def := xbb._sync_transformation(def);
  ELSE
    EXECUTE pg_catalog.format('CREATE TEMP VIEW xbb_sync_view AS SELECT %s FROM %s s, %s', xbb._sync_list(def.target_columns, 'r.%1$I'),
                              def.source, xbb._sync_transformed(def));
  END IF;
  IF pg_catalog.cardinality(def.key) IS NULL OR pg_catalog.cardinality(def.key) = 0 OR NOT def.key <@ def.target_columns THEN
    RAISE EXCEPTION 'key % is not among the columns of the sync', def.key
      USING ERRCODE = 'invalid_parameter_value',
            DETAIL = pg_catalog.format('They are: %s.', pg_catalog.array_to_string(def.target_columns, ', '));
  END IF;
  IF def.target IS NULL THEN
    def.target := xbb._sync_make_target(def, names);
  END IF;
  PERFORM xbb._sync_check_target(def);
  PERFORM xbb._sync_check_alone(def);
  DROP VIEW pg_temp.xbb_sync_view;
  PERFORM xbb._sync_propagate(propagate);
  def.types := xbb._sync_types(def);
  def.source_name := xbb._sync_place(def.source);
  def.target_name := xbb._sync_place(def.target);
  RETURN def;
END
$$;

-- Expressions are read and said here and in _sync_alter as _sync_step reads them, in any
-- session.
CREATE FUNCTION xbb._sync_create(def xbb.sync_definition, target pg_catalog.text, path pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
SET standard_conforming_strings = on SET array_nulls = on SET transform_null_equals = off SET DateStyle = ISO
SET IntervalStyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET xmloption = content AS $$
DECLARE
  names pg_catalog.text[];
  place pg_catalog.record;
BEGIN
  IF def.name IS NULL OR def.source IS NULL OR def.key IS NULL OR def.overlap IS NULL OR def.reject_limit IS NULL OR def.enabled IS NULL THEN
    RAISE EXCEPTION 'name, source, key, overlap, reject_limit and enabled must not be null'
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  def.owner := xbb._sync_me();
  IF def.key = '{data_id}' AND xbb._sync_is_list(def.source) THEN
    def.key := array[xbb._sync_id(def)];
  END IF;
  IF EXISTS (SELECT FROM xbb.sync_definition d WHERE d.owner = def.owner AND d.name = def.name AND d.confirmed) THEN
    RAISE EXCEPTION 'sync % exists already', pg_catalog.quote_ident(def.name) USING ERRCODE = 'duplicate_object';
  END IF;
  target := coalesce(target, pg_catalog.quote_ident(def.name));
  names := pg_catalog.parse_ident(target);
  -- cut to its length, it may be the name of another table
  IF (SELECT pg_catalog.max(pg_catalog.octet_length(n)) FROM pg_catalog.unnest(names) n) >
     pg_catalog.current_setting('max_identifier_length')::pg_catalog.int4 THEN
    RAISE EXCEPTION 'target % is longer than the name of a table can be', target
      USING ERRCODE = 'name_too_long', HINT = 'Name the target: target => ''...''.';
  END IF;
  place := xbb._sync_look_up(target, path);
  def.target := place.relation;
  IF def.target IS NULL AND pg_catalog.cardinality(names) = 1 THEN
    IF place.creation_schema IS NULL THEN
      RAISE EXCEPTION 'no schema has been selected to create in' USING ERRCODE = 'invalid_schema_name';
    END IF;
    names := array[place.creation_schema::pg_catalog.text] || names;
  END IF;
  def.path := path;
  def := xbb._sync_prepare(def, names, true);
  IF NOT xbb._sync_insert(def) THEN
    RAISE EXCEPTION 'sync % exists already', pg_catalog.quote_ident(def.name) USING ERRCODE = 'duplicate_object';
  END IF;
  PERFORM xbb._sync_bind((SELECT d.id FROM xbb.sync_definition d WHERE d.owner = def.owner AND d.name = def.name AND d.confirmed));
END
$$;

CREATE FUNCTION xbb.create_sync(
  name pg_catalog.text, source pg_catalog.regclass, target pg_catalog.text DEFAULT NULL,
  key pg_catalog.text[] DEFAULT '{data_id}', overlap interval DEFAULT '1 hour', columns pg_catalog.jsonb DEFAULT NULL,
  chunk interval DEFAULT NULL, reject_limit integer DEFAULT 1000, delete_mode pg_catalog.text DEFAULT 'ignore',
  enabled boolean DEFAULT true, scope pg_catalog.jsonb DEFAULT NULL, delete_limit bigint DEFAULT NULL,
  stamp pg_catalog.text DEFAULT NULL, label pg_catalog.text DEFAULT NULL, max_age interval DEFAULT NULL)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  SELECT xbb._sync_create(
    ROW(name, NULL, source, NULL, key, overlap, columns, chunk, reject_limit, delete_mode,
        NULL, NULL, NULL, NULL, NULL, NULL, enabled, NULL, NULL, NULL, scope, delete_limit, stamp, label,
        max_age, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::xbb.sync_definition,
    target, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION xbb.create_sync(text, regclass, text, text[], interval, jsonb, interval, integer, text, boolean, jsonb, bigint, text, text,
  interval) IS
  'defines a copy of a foreign table, to be kept up to date by CALL xbb.sync(name)';

-- The expression of each column that a definition names: by default those it has.
CREATE FUNCTION xbb._sync_named(def xbb.sync_definition) RETURNS pg_catalog.jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT coalesce((def).columns, pg_catalog.jsonb_object_agg(u.c, pg_catalog.quote_ident(u.c)), '{}')
  FROM xbb._sync_own_columns((def).source) o (own), xbb._sync_scope_columns(def) s (scope), pg_catalog.unnest((def).target_columns) u (c)
  WHERE NOT o.own ? u.c AND u.c <> ALL (s.scope)
$$;

-- The columns of a definition after a JSON merge patch: null takes one out, and alone
-- it is the default.
CREATE FUNCTION xbb._sync_patch(def xbb.sync_definition, patch pg_catalog.jsonb) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  named pg_catalog.jsonb := xbb._sync_named(def);
  missing pg_catalog.text;
BEGIN
  IF coalesce(patch, '{}') = '{}' THEN
    RETURN def.columns;
  ELSIF patch = 'null' THEN
    RETURN NULL;
  ELSIF pg_catalog.jsonb_typeof(patch) <> 'object' THEN
    RETURN patch;
  END IF;
  FOR missing IN SELECT e.key FROM pg_catalog.jsonb_each(patch) e WHERE e.value = 'null' AND NOT named ? e.key ORDER BY 1 LOOP
    RAISE NOTICE 'sync % has no column %', pg_catalog.quote_ident(def.name), pg_catalog.quote_ident(missing);
  END LOOP;
  RETURN (SELECT coalesce(pg_catalog.jsonb_object_agg(e.key, e.value), '{}')
          FROM pg_catalog.jsonb_each(named || patch) e WHERE e.value <> 'null');
END
$$;

-- Says what a change of columns leaves undone, and the statement that does it.
CREATE FUNCTION xbb._sync_tell_change(before xbb.sync_definition, def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old pg_catalog.jsonb := xbb._sync_named(before);
  new pg_catalog.jsonb := xbb._sync_named(def);
  stale pg_catalog.text := (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(u.c), ', ' ORDER BY u.o)
                            FROM pg_catalog.unnest(def.target_columns) WITH ORDINALITY u (c, o)
                            WHERE new -> u.c IS DISTINCT FROM old -> u.c);
  left_out pg_catalog.text;
BEGIN
  IF before.path <> def.path THEN
    RAISE NOTICE 'the path of sync % is % now', pg_catalog.quote_ident(def.name), def.path
      USING DETAIL = pg_catalog.format('It was %s.', before.path);
  END IF;
  IF before.target <> def.target THEN
    RAISE NOTICE 'the next run of sync % loads all into %', pg_catalog.quote_ident(def.name), def.target;
    RETURN;
  END IF;
  IF before.scope IS DISTINCT FROM def.scope THEN
    RAISE NOTICE 'the next run of sync % loads all into its rows of %; what is outside of the scope stays',
      pg_catalog.quote_ident(def.name), def.target;
  END IF;
  IF before.source <> def.source AND def.watermark IS NOT NULL THEN
    RAISE NOTICE 'of % the next run reads what has changed since %', def.source, xbb._sync_low(def)
      USING HINT = pg_catalog.format('CALL xbb.sync(%L, full => true); reads all.', def.name);
  END IF;
  IF stale IS NOT NULL AND (def.watermark IS NOT NULL OR xbb._sync_alive(def.id)) THEN
    RAISE NOTICE 'rows whose record does not change keep what they have in %', stale
      USING HINT = pg_catalog.format('CALL xbb.sync(%L, full => true); fills them.', def.name);
  END IF;
  FOR left_out IN SELECT k FROM pg_catalog.jsonb_object_keys(old) k WHERE k <> ALL (def.target_columns) ORDER BY k LOOP
    RAISE NOTICE 'column % of % is loaded no more, and keeps what it has', pg_catalog.quote_ident(left_out), def.target
      USING HINT = pg_catalog.format('ALTER TABLE %s DROP COLUMN %I; takes it out.', def.target, left_out);
  END LOOP;
END
$$;

-- Gives a sync another name, with its log and its rejects.
CREATE FUNCTION xbb._sync_rename(def xbb.sync_definition, new_name pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM xbb.sync_definition d
             WHERE d.owner = def.owner AND d.name = new_name AND d.confirmed AND d.id <> def.id) THEN
    RAISE unique_violation;
  END IF;
  PERFORM xbb._sync_call(def.id, new_name);
  RAISE NOTICE 'sync % is called % now', pg_catalog.quote_ident(def.name), pg_catalog.quote_ident(new_name)
    USING HINT = pg_catalog.format('Jobs that name it must be changed: CALL xbb.sync(%L);', new_name);
EXCEPTION WHEN unique_violation THEN
  RAISE EXCEPTION 'sync % exists already', pg_catalog.quote_ident(new_name) USING ERRCODE = 'duplicate_object';
END
$$;

-- What is given in the place of what was; NULL leaves things as they are; '0' for chunk and
-- max_age, '' for stamp and label, 'null' for scope and -1 for delete_limit are "none".  Another target is empty, for all that is known.
CREATE FUNCTION xbb._sync_merge(def xbb.sync_definition, given xbb.sync_definition) RETURNS xbb.sync_definition
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  def.key := coalesce(given.key, def.key);
  def.overlap := coalesce(given.overlap, def.overlap);
  def.columns := xbb._sync_patch(def, given.columns);
  def.chunk := nullif(coalesce(given.chunk, def.chunk), '0');
  def.reject_limit := coalesce(given.reject_limit, def.reject_limit);
  def.delete_mode := coalesce(given.delete_mode, def.delete_mode);
  def.enabled := coalesce(given.enabled, def.enabled);
  def.scope := nullif(coalesce(given.scope, def.scope), 'null');
  def.delete_limit := nullif(coalesce(given.delete_limit, def.delete_limit), -1);
  def.stamp := nullif(coalesce(given.stamp, def.stamp), '');
  def.label := nullif(coalesce(given.label, def.label), '');
  def.max_age := nullif(coalesce(given.max_age, def.max_age), '0');
  IF given.source IS NOT NULL THEN
    def.source := given.source;
    def.source_name := xbb._sync_place(given.source);
  END IF;
  IF given.target IS NOT NULL THEN
    def.target_name := xbb._sync_place(given.target);
    IF given.target <> def.target THEN
      def.target := given.target;
      def.watermark := NULL;
      def.loading_until := NULL;
      def.loading_windows := NULL;
    END IF;
  END IF;
  RETURN def;
END
$$;

-- Does alter_sync name anything but enabled, owner and new_name?
CREATE FUNCTION xbb._sync_says_more(given xbb.sync_definition) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT pg_catalog.num_nonnulls((given).source, (given).target, (given).key, (given).overlap, (given).columns, (given).chunk,
                                 (given).reject_limit, (given).delete_mode, (given).scope, (given).delete_limit, (given).stamp,
                                 (given).label, (given).max_age) > 0;
END;

CREATE FUNCTION xbb._sync_alter(given xbb.sync_definition, new_name pg_catalog.text, path pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
SET standard_conforming_strings = on SET array_nulls = on SET transform_null_equals = off SET DateStyle = ISO
SET IntervalStyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET xmloption = content AS $$
DECLARE
  -- of a sync that is not one's own, the owner is all that can be said
  before xbb.sync_definition := CASE WHEN given.owner IS NULL OR new_name IS NOT NULL OR xbb._sync_says_more(given)
                                     THEN xbb._sync_get(given.name) ELSE xbb._sync_get_to_give(given.name) END;
  def xbb.sync_definition := xbb._sync_merge(before, given);
  anew boolean := false;
BEGIN
  IF pg_catalog.length(new_name) NOT BETWEEN 1 AND 200 THEN
    RAISE EXCEPTION 'the name of a sync has 1 to 200 characters' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- a run would go on with one half in the one table, one in the other
  IF pg_catalog.num_nonnulls(given.source, given.target, given.scope, new_name) > 0 THEN
    PERFORM xbb._sync_take_idle(def);
  END IF;
  -- these three are all that can be said of a sync whose tables are gone
  IF pg_catalog.num_nonnulls(given.enabled, given.owner, new_name) = 0 OR xbb._sync_says_more(given) THEN
    IF given.columns IS NOT NULL OR NOT def.confirmed THEN
      def.path := path;
    END IF;
    anew := pg_catalog.num_nonnulls(given.columns, given.source, given.target, given.scope) > 0 OR NOT xbb._sync_is_read(before);
    -- his word, where it was waited for; in a copy, too
    def.confirmed := true;
    def.active := true;
    PERFORM xbb._sync_check_places(def);
    def := xbb._sync_prepare(def, NULL, anew);
  END IF;
  -- what belongs to another role by now would be that role's word
  IF NOT before.confirmed AND def.confirmed THEN
    PERFORM xbb._sync_function_keep(def.id, '{}');
  END IF;
  IF pg_catalog.num_nonnulls(given.enabled, new_name) > 0 OR xbb._sync_says_more(given) OR given.owner IS NULL THEN
    PERFORM xbb._sync_update(def);
  END IF;
  -- a second one that alters the sync waits for its row
  IF anew THEN
    PERFORM xbb._sync_bind(def.id);
  END IF;
  IF before.target <> def.target OR before.scope IS DISTINCT FROM def.scope THEN
    PERFORM xbb._sync_rewind(def.id, NULL);
  END IF;
  PERFORM xbb._sync_tell_change(before, def);
  IF new_name <> def.name THEN
    PERFORM xbb._sync_rename(def, new_name);
    def.name := new_name;
  END IF;
  IF given.owner IS NOT NULL THEN
    PERFORM xbb._sync_hand_over(def, given.owner);
  END IF;
END
$$;

CREATE FUNCTION xbb.alter_sync(
  name pg_catalog.text, key pg_catalog.text[] DEFAULT NULL, overlap interval DEFAULT NULL,
  columns pg_catalog.jsonb DEFAULT NULL, chunk interval DEFAULT NULL, reject_limit integer DEFAULT NULL,
  delete_mode pg_catalog.text DEFAULT NULL, source pg_catalog.regclass DEFAULT NULL,
  target pg_catalog.regclass DEFAULT NULL, new_name pg_catalog.text DEFAULT NULL, enabled boolean DEFAULT NULL,
  scope pg_catalog.jsonb DEFAULT NULL, delete_limit bigint DEFAULT NULL, stamp pg_catalog.text DEFAULT NULL,
  label pg_catalog.text DEFAULT NULL, max_age interval DEFAULT NULL, owner pg_catalog.regrole DEFAULT NULL)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  SELECT xbb._sync_alter(
    ROW(name, owner, source, target, key, overlap, columns, chunk, reject_limit, delete_mode,
        NULL, NULL, NULL, NULL, NULL, NULL, enabled, NULL, NULL, NULL, scope, delete_limit, stamp, label,
        max_age, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::xbb.sync_definition,
    new_name, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION xbb.alter_sync(text, text[], interval, jsonb, interval, integer, text, regclass, regclass, text, boolean, jsonb, bigint, text,
  text, interval, regrole) IS
  'changes a sync''s definition; what is not named stays, also of columns, which is a JSON merge patch';

CREATE FUNCTION xbb.drop_sync(name pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.sync_definition;
BEGIN
  IF EXISTS (SELECT FROM xbb.sync_definition d JOIN pg_catalog.pg_roles r ON r.oid = d.owner
             WHERE d.name = $1 AND r.rolname = current_user) OR NOT xbb._sync_forget_lost(name) THEN
    def := xbb._sync_get(name);
    PERFORM xbb._sync_take_idle(def);
    PERFORM xbb._sync_forget(def.id);
  END IF;
END
$$;
COMMENT ON FUNCTION xbb.drop_sync(text) IS
  'forgets a sync with its log and rejects; the target stays as it is';
