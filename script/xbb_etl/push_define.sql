-- The push of that name that he sees, his own before others'.
CREATE FUNCTION xbb._push_find(name pg_catalog.text) RETURNS xbb.push_definition
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.push_definition;
BEGIN
  SELECT d.* INTO def FROM xbb.push_definition d WHERE d.name = $1 ORDER BY d.owner <> xbb._sync_me(), d.owner, d.id LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'push % does not exist', pg_catalog.quote_ident($1) USING ERRCODE = 'undefined_object';
  END IF;
  RETURN def;
END
$$;

-- The caller's push of that name: it runs as nobody else.
CREATE FUNCTION xbb._push_get(name pg_catalog.text) RETURNS xbb.push_definition
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.push_definition := xbb._push_find(name);
BEGIN
  IF def.owner = 0::pg_catalog.oid THEN
    RAISE EXCEPTION 'push % belongs to role %, which does not exist', pg_catalog.quote_ident($1), pg_catalog.quote_ident(def.owner_name)
      USING ERRCODE = 'undefined_object',
            HINT = pg_catalog.format('A superuser types one of: SELECT xbb.alter_push(%1$L, owner => ...); SELECT xbb.drop_push(%1$L);', $1);
  ELSIF def.owner <> xbb._sync_me() THEN
    RAISE EXCEPTION 'push % belongs to role %', pg_catalog.quote_ident($1), def.owner
      USING ERRCODE = 'insufficient_privilege',
            HINT = pg_catalog.format('SET ROLE %s first: a push runs as its owner only.', def.owner);
  END IF;
  RETURN def;
END
$$;

-- Keeps runs out until the end of the transaction: for what would pull the definition from under one.  What the
-- transaction has kept out already is out, unless it is of a run itself.
CREATE FUNCTION xbb._push_take_idle(def xbb.push_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_run constant boolean := EXISTS (
    SELECT FROM xbb.push_run r WHERE r.owner = def.owner AND r.push = def.name AND r.status = 'running' AND r.pid = pg_catalog.pg_backend_pid());
BEGIN
  FOR worker IN 1 .. def.workers LOOP
    IF NOT xbb._push_lock(def.id, worker, false) AND (is_run OR NOT EXISTS (
         SELECT FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'object' AND l.granted
         AND l.classid = 'xbb._push_definition'::pg_catalog.regclass AND l.objid = def.id::pg_catalog.oid AND l.objsubid = worker)) THEN
      RAISE EXCEPTION 'push % is running', pg_catalog.quote_ident(def.name)
        USING ERRCODE = 'object_in_use',
              HINT = pg_catalog.format('SELECT xbb.alter_push(%L, enabled => false); ends it at its next step.', def.name);
    END IF;
  END LOOP;
END
$$;

-- What FROM has to say for the rows of the source.
CREATE FUNCTION xbb._push_from(def xbb.push_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT CASE WHEN (def).query IS NULL THEN xbb._sync_place((def).source) ELSE pg_catalog.format('xbb._push_%s()', (def).id) END
$$;

-- The source's columns, by their names.
CREATE FUNCTION xbb._push_columns(def xbb.push_definition, OUT name pg_catalog.text, OUT type pg_catalog.oid, OUT type_modifier integer)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.attname::pg_catalog.text, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a
  WHERE (def).query IS NULL AND a.attrelid = (def).source AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT u.name, u.type, -1
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace,
    ROWS FROM (pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proallargtypes)) u (name, type)
  WHERE (def).query IS NOT NULL AND n.nspname = 'xbb' AND p.proname = pg_catalog.format('_push_%s', (def).id)::pg_catalog.name
$$;

-- The target's columns that are sent.
CREATE FUNCTION xbb._push_takes(def xbb.push_definition) RETURNS SETOF pg_catalog.pg_attribute
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = (def).target AND a.attnum > 0 AND NOT a.attisdropped
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_options_to_table(a.attfdwoptions) o WHERE o.option_name = 'verdict')
$$;

-- A column of the source as one of the target, as xbb._push_record makes it: can that be?
CREATE FUNCTION xbb._push_cast(name pg_catalog.text, type pg_catalog.oid, type_modifier integer, target pg_catalog.pg_attribute)
RETURNS pg_catalog.text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT CASE WHEN type = (target).atttypid AND type_modifier = (target).atttypmod THEN pg_catalog.format('s.%I', name)
              ELSE pg_catalog.format('CAST(s.%I AS %s%s)', name, xbb._sync_type_name((target).atttypid),
                CASE WHEN (target).atttypmod <> -1 AND (target).atttypid <> ALL (array['pg_catalog.varchar'::pg_catalog.regtype, 'pg_catalog.bpchar', 'pg_catalog.bit', 'pg_catalog.varbit'])
                     THEN substring(pg_catalog.format_type((target).atttypid, (target).atttypmod) FROM '[(][^)]*[)]') END) END
$$;

-- The rows of some keys alone, each the text of an array of texts: what a query has to say after the source, s.  Keys are
-- compared as values, as two texts may be one.  No index finds nulls here: where there is none, nothing is said of them.
CREATE FUNCTION xbb._push_join(def xbb.push_definition, keys pg_catalog.text[]) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format(' WHERE EXISTS (SELECT FROM ROWS FROM (%s) k (%s) WHERE %s)',
    pg_catalog.string_agg(pg_catalog.format('pg_catalog.unnest(%L::pg_catalog.text[])',
      (SELECT pg_catalog.array_agg((u.key::pg_catalog.text[])[n.o] ORDER BY u.o) FROM pg_catalog.unnest(keys) WITH ORDINALITY u (key, o))),
      ', ' ORDER BY n.o),
    pg_catalog.string_agg(pg_catalog.format('k%s', n.o), ', ' ORDER BY n.o),
    pg_catalog.string_agg(pg_catalog.format('(s.%1$I OPERATOR(pg_catalog.=) CAST(k.k%2$s AS %3$s)%4$s)', n.name, n.o, xbb._sync_type_name(c.type),
      CASE WHEN xbb._push_has_null(keys) THEN pg_catalog.format(' OR s.%I IS NULL AND k.k%s IS NULL', n.name, n.o) END), ' AND ' ORDER BY n.o))
  FROM pg_catalog.unnest((def).key) WITH ORDINALITY n (name, o) JOIN xbb._push_columns(def) c ON c.name = n.name
$$;

CREATE FUNCTION xbb._push_has_null(keys pg_catalog.text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_catalog.unnest(keys) u (key) WHERE pg_catalog.array_position(u.key::pg_catalog.text[], NULL) IS NOT NULL)
$$;

-- Can the key's columns have had these values, as they are now?
CREATE FUNCTION xbb._push_fits(def xbb.push_definition, keys pg_catalog.text[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  name pg_catalog.text;
BEGIN
  FOR number IN 1 .. pg_catalog.cardinality(def.key) LOOP
    SELECT xbb._sync_type_name(c.type) INTO name FROM xbb._push_columns(def) c WHERE c.name = def.key[number];
    EXECUTE pg_catalog.format('SELECT pg_catalog.count((u.key::pg_catalog.text[])[$2]::%s) FROM pg_catalog.unnest($1) u (key)', name) USING keys, number;
  END LOOP;
  RETURN true;
EXCEPTION WHEN data_exception THEN
  RETURN false;
END
$$;

-- The key of a row, an array's elements: the same whatever the zone.
CREATE FUNCTION xbb._push_key(def xbb.push_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.string_agg(CASE WHEN (SELECT t.oid FROM xbb._sync_base_type(c.type) t) = 'pg_catalog.timestamptz'::pg_catalog.regtype
      THEN pg_catalog.format('(pg_catalog.timezone(''UTC'', s.%I)::pg_catalog.text OPERATOR(pg_catalog.||) ''+00'')', n.name)
      ELSE pg_catalog.format('s.%I::pg_catalog.text', n.name) END, ', ' ORDER BY n.o)
  FROM pg_catalog.unnest((def).key) WITH ORDINALITY n (name, o) JOIN xbb._push_columns(def) c ON c.name = n.name
$$;

-- What a push lacks where it was restored, as a look without its owner's rights can tell.
CREATE FUNCTION xbb._push_problem(def xbb.push_definition, OUT problem pg_catalog.text, OUT remedy pg_catalog.text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.problem, CASE WHEN l.is_word THEN pg_catalog.format(
           'As its owner: SELECT xbb.alter_push(name, source => query) FROM xbb.push_definition WHERE name = %L;', (def).name)
         WHEN l.problem IS NOT NULL THEN pg_catalog.format('Make it; or SELECT xbb.drop_push(%L); forgets the push.', (def).name) END
  FROM (SELECT CASE WHEN (def).owner = 0::pg_catalog.oid THEN 'its owner does not exist'
                    WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = (def).target) THEN 'its target ' || (def).target_name || ' does not exist'
                    WHEN (def).query IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = (def).source)
                      THEN 'its source ' || (def).source_name || ' does not exist'
                    WHEN NOT (def).confirmed THEN 'it was restored by another role, and waits for its owner''s word'
                    WHEN k.lacks_query THEN 'its query has to be given anew by its owner' END AS problem,
               (def).owner <> 0::pg_catalog.oid AND (NOT (def).confirmed OR k.lacks_query)
                 AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = (def).target) AS is_word
        FROM (SELECT (def).query IS NOT NULL AND NOT EXISTS (SELECT FROM xbb._push_columns(def)) AS lacks_query) k) l
$$;

-- The query that enqueues: keys and records of all rows or of those keys.
CREATE FUNCTION xbb._push_query(def xbb.push_definition, keys pg_catalog.text[] DEFAULT NULL) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  columns pg_catalog.text;
  numbers smallint[];
  missing pg_catalog.text;
BEGIN
  IF def.query IS NOT NULL AND NOT EXISTS (SELECT FROM xbb._push_columns(def)) THEN
    RAISE EXCEPTION 'the query of push % has to be given anew by its owner', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'undefined_function', HINT = pg_catalog.format(
        'So it is after a handover, and where no superuser restored it. SELECT xbb.alter_push(name, source => query) FROM xbb.push_definition WHERE name = %L; makes it anew.',
        def.name);
  END IF;
  SELECT u.name INTO missing FROM pg_catalog.unnest(def.key) u (name)
  WHERE NOT EXISTS (SELECT FROM xbb._push_columns(def) c WHERE c.name = u.name) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the source of push % has no column %', pg_catalog.quote_ident(def.name), pg_catalog.quote_ident(missing)
      USING ERRCODE = 'undefined_column', HINT = 'It is in the key: if it was renamed, rename it back, or make another push.';
  END IF;
  PERFORM xbb._push_check_sent(def);
  SELECT pg_catalog.string_agg(pg_catalog.format('s.%I', c.name), ', ' ORDER BY a.attnum), pg_catalog.array_agg(a.attnum ORDER BY a.attnum)
  INTO columns, numbers
  FROM xbb._push_columns(def) c JOIN xbb._push_takes(def) a ON a.attname = c.name
  WHERE def.columns IS NULL OR c.name = ANY (def.columns);
  IF numbers IS NULL THEN
    RAISE EXCEPTION 'source and target of push % have no column in common', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'undefined_column', HINT = 'Columns are matched by their names: source => ''SELECT ... AS name ...''.';
  END IF;
  RETURN pg_catalog.format('SELECT ARRAY[%s]::pg_catalog.text, xbb._push_record(%s, %L, ROW(%s)), %s FROM %s s%s',
    xbb._push_key(def), def.target::pg_catalog.oid, numbers, columns, xbb._sync_list(def.key, 's.%1$I IS NOT NULL', ' AND '), xbb._push_from(def), CASE WHEN keys IS NOT NULL THEN xbb._push_join(def, keys) END);
END
$$;

-- Are the columns still there that were matched when it was defined?  Records without one would take the place of
-- all that were sent.
CREATE FUNCTION xbb._push_check_sent(def xbb.push_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  again constant pg_catalog.text := pg_catalog.format('Rename it back; or SELECT xbb.alter_push(%L, source => %s); sends all rows without it.',
    def.name, CASE WHEN def.query IS NULL THEN pg_catalog.quote_literal(xbb._sync_place(def.source)) ELSE '...' END);
  missing pg_catalog.text;
BEGIN
  SELECT u.name INTO missing FROM pg_catalog.unnest(def.columns) WITH ORDINALITY u (name, o)
  WHERE NOT EXISTS (SELECT FROM xbb._push_columns(def) c WHERE c.name = u.name) ORDER BY u.o LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the source of push % has no column % any more', pg_catalog.quote_ident(def.name), pg_catalog.quote_ident(missing)
      USING ERRCODE = 'undefined_column', HINT = again;
  END IF;
  SELECT u.name INTO missing FROM pg_catalog.unnest(def.columns) WITH ORDINALITY u (name, o)
  WHERE NOT EXISTS (SELECT FROM xbb._push_takes(def) a WHERE a.attname = u.name) ORDER BY u.o LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the target of push % has no column % any more', pg_catalog.quote_ident(def.name), pg_catalog.quote_ident(missing)
      USING ERRCODE = 'undefined_column', HINT = again;
  END IF;
END
$$;

-- Has each column that the source has, but for the key's, one of the target?  A query names its columns for the
-- target; a relation has them for itself, too.
CREATE FUNCTION xbb._push_check_names(def xbb.push_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  hint constant pg_catalog.text := pg_catalog.format('Columns are matched by their names; those of the target: %s.',
    (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM xbb._push_takes(def) a));
  strangers pg_catalog.text[] := array(
    SELECT pg_catalog.quote_ident(c.name) FROM xbb._push_columns(def) WITH ORDINALITY c (name, type, type_modifier, o)
    WHERE c.name <> ALL (def.key) AND NOT EXISTS (SELECT FROM xbb._push_takes(def) a WHERE a.attname = c.name) ORDER BY c.o);
BEGIN
  IF strangers <> '{}' AND def.query IS NOT NULL THEN
    RAISE EXCEPTION 'column % of the source of push % is none of its target that is sent', strangers[1], pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'undefined_column', HINT = hint;
  ELSIF strangers <> '{}' THEN
    RAISE NOTICE 'push % does not send %', pg_catalog.quote_ident(def.name), pg_catalog.array_to_string(strangers, ', ') USING HINT = hint;
  END IF;
END
$$;

-- Makes the owner's query a function of his, bound by his path.
CREATE FUNCTION xbb._push_bind(def xbb.push_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  query constant pg_catalog.text := pg_catalog.rtrim(def.query, E' \t\r\n;') || E'\n';
  statement pg_catalog.text := pg_catalog.format('CREATE TEMP VIEW xbb_push_view AS %s', query);
  results pg_catalog.text;
  temporary pg_catalog.text;
  function pg_catalog.oid;
BEGIN
  -- a view is one query, and has columns with names and types
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE statement;
  PERFORM xbb._sync_path();
  SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, xbb._sync_type_name(a.atttypid)), ', ' ORDER BY a.attnum)
  INTO results FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'pg_temp.xbb_push_view'::pg_catalog.regclass AND a.attnum > 0;
  statement := pg_catalog.format(
    'CREATE FUNCTION pg_temp.xbb_push_function() RETURNS TABLE (%s) LANGUAGE sql STABLE BEGIN ATOMIC %s; END', results, query);
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE statement;
  PERFORM xbb._sync_path();
  SELECT p.oid INTO function FROM pg_catalog.pg_proc p
  WHERE p.pronamespace = pg_catalog.pg_my_temp_schema() AND p.proname = 'xbb_push_function';
  DROP VIEW pg_temp.xbb_push_view;
  SELECT pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) INTO temporary
  FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = function AND d.refclassid <> 'pg_catalog.pg_namespace'::pg_catalog.regclass
    AND (pg_catalog.pg_identify_object(d.refclassid, d.refobjid, 0)).schema ~ '^pg_temp' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the source of a push must not read what is temporary'
      USING ERRCODE = 'wrong_object_type', DETAIL = pg_catalog.format('It reads %s.', temporary),
            HINT = 'It would be gone with this session.';
  END IF;
  PERFORM xbb._push_function_keep(def.id, array[function]);
END
$$;

-- May it be so?  What is asked of the source's columns comes when it is bound.
CREATE FUNCTION xbb._push_check(def xbb.push_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target pg_catalog.record;
BEGIN
  IF NOT def.confirmed THEN
    RAISE EXCEPTION 'push % was restored by another role, and its owner has not confirmed it', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = pg_catalog.format('Look at what it sends, in xbb.push_definition. SELECT xbb.alter_push(name, source => coalesce(query, source_name)) '
              'FROM xbb.push_definition WHERE name = %1$L; lets it run, SELECT xbb.drop_push(%1$L); forgets it.', def.name);
  END IF;
  SELECT c.relkind, w.fdwname INTO target
  FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_foreign_table t ON t.ftrelid = c.oid
  LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver LEFT JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  WHERE c.oid = def.target;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'target % of push % was dropped', coalesce(def.target_name, def.target::pg_catalog.text), pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'undefined_table', HINT = 'A push keeps its target: make another push for another table, with copy_data => false if it has all that was sent.';
  ELSIF def.query IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = def.source) THEN
    RAISE EXCEPTION 'source % of push % was dropped', coalesce(def.source_name, def.source::pg_catalog.text), pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'undefined_table', HINT = pg_catalog.format('SELECT xbb.alter_push(%L, source => %s); names another one.', def.name,
        CASE WHEN pg_catalog.to_regclass(def.source_name) IS NULL THEN '...' ELSE pg_catalog.quote_literal(def.source_name) END);
  ELSIF target.fdwname IS NULL OR target.fdwname <> 'xbb_target' THEN
    RAISE EXCEPTION 'target % is no foreign table of xbb_target', def.target USING ERRCODE = 'wrong_object_type';
  ELSIF NOT pg_catalog.has_table_privilege(def.target, 'INSERT') THEN
    RAISE EXCEPTION 'no right to insert into target %', def.target USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM xbb._sync_check_owner('target', def.target);
  IF def.query IS NULL AND NOT pg_catalog.has_table_privilege(def.source, 'SELECT') THEN
    RAISE EXCEPTION 'no right to read source %', def.source USING ERRCODE = 'insufficient_privilege';
  ELSIF def.query IS NULL THEN
    PERFORM xbb._sync_check_owner('source', def.source);
  END IF;
  IF def.feed NOT IN ('query', 'trigger') THEN
    RAISE EXCEPTION 'feed must be query or trigger' USING ERRCODE = 'invalid_parameter_value';
  ELSIF def.feed = 'trigger' AND (def.query IS NOT NULL OR (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = def.source) NOT IN ('r', 'p')) THEN
    RAISE EXCEPTION 'only a push of a table can be fed by a trigger' USING ERRCODE = 'wrong_object_type',
      HINT = 'feed => ''query'' compares all rows of the source at each run.';
  END IF;
  IF def.workers NOT BETWEEN 1 AND 32 THEN
    RAISE EXCEPTION 'workers must be 1 to 32' USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
END
$$;

-- The same of its columns, once they are known, and keeps which are sent; the query that enqueues is planned, not run.
CREATE FUNCTION xbb._push_check_columns(INOUT def xbb.push_definition)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  statement pg_catalog.text;
  casts pg_catalog.text;
BEGIN
  IF coalesce(pg_catalog.cardinality(def.key), 0) = 0 OR pg_catalog.array_position(def.key, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'key must name columns of the source' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  statement := pg_catalog.format('EXPLAIN %s', xbb._push_query(def, CASE WHEN def.feed = 'trigger' THEN '{}'::pg_catalog.text[] END));
  SELECT pg_catalog.format('EXPLAIN SELECT %s FROM %s s', pg_catalog.string_agg(xbb._push_cast(c.name, c.type, c.type_modifier, a), ', '),
                           xbb._push_from(def)) INTO casts
  FROM xbb._push_columns(def) c JOIN xbb._push_takes(def) a ON a.attname = c.name;
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE statement;
  EXECUTE casts;
  PERFORM xbb._sync_path();
  PERFORM xbb._push_check_names(def);
  def.columns := array(SELECT c.name FROM xbb._push_columns(def) c JOIN xbb._push_takes(def) a ON a.attname = c.name ORDER BY a.attnum);
  PERFORM xbb._push_update(def);
END
$$;

-- A relation that the caller names, or a query.
CREATE FUNCTION xbb._push_source(INOUT def xbb.push_definition, source pg_catalog.text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  def.query := NULL;
  def.source := NULL;
  def.columns := NULL;
  IF source ~* E'^\\s*([(]|(select|with|values|table)\\M)' THEN
    def.query := source;
    RETURN;
  END IF;
  PERFORM xbb._sync_path(def.path);
  def.source := source::pg_catalog.regclass;
  PERFORM xbb._sync_path();
END
$$;

-- What the source's own expressions say of a row may name its values, and is not for a log: ends a run with no more
-- than what is not quoted.  Returns where no row can be blamed.
CREATE FUNCTION xbb._push_blame_row(def xbb.push_definition, failure xbb._sync_failure) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF xbb._sync_is_blamed(failure.sqlstate) AND failure.sqlstate <> '42501' THEN
    RAISE EXCEPTION USING ERRCODE = failure.sqlstate,
      MESSAGE = CASE WHEN pg_catalog.left(failure.sqlstate, 2) = '22' OR xbb._sync_is_suspicious(failure.sqlstate)
                     THEN xbb._sync_masked(failure.sqlstate, failure.message)
                     ELSE pg_catalog.format('the source of push %I fails with %s', def.name, failure.sqlstate) END,
      HINT = 'What it says of a row is not told, as that may name a value: read the source yourself to see it.';
  END IF;
END
$$;

-- Has a query written to the outbox, under the owner's path: how many items are new or changed; of all rows, how many
-- that were sent before are, and how many are not.
CREATE FUNCTION xbb._push_read_query(
  def xbb.push_definition, query pg_catalog.text, sends boolean, keeps boolean, marks pg_catalog.text[] DEFAULT '{}') RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts bigint[];
  failure xbb._sync_failure;
BEGIN
  BEGIN
    PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
    counts := xbb._push_enqueue(def.id, query, sends, marks, keeps);
    PERFORM xbb._sync_path();
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT;
    PERFORM xbb._push_blame_row(def, failure) WHERE sends;
    RAISE;
  END;
  RETURN CASE WHEN marks = '{}' THEN counts ELSE array[counts[1], 0, 0] END;
END
$$;

-- Reads the source, or what was marked in it.  Marks are taken first, rows read then: what changes between the two
-- has a mark that stays.  Where marks do not tell what changed, as the key's columns are others now, all is read.
-- No setting of the session is seen: what is read must be the same in each.
CREATE FUNCTION xbb._push_read(def xbb.push_definition, sends boolean, keeps boolean DEFAULT false) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
SET standard_conforming_strings = on SET array_nulls = on SET transform_null_equals = off SET DateStyle = 'ISO, MDY'
SET IntervalStyle = postgres SET TimeZone = UTC SET timezone_abbreviations = 'Default' SET extra_float_digits = 1
SET bytea_output = hex SET xmloption = content SET xmlbinary = base64 SET lc_monetary = 'C' SET lc_numeric = 'C' SET lc_time = 'C'
SET default_text_search_config = 'pg_catalog.simple' SET gin_fuzzy_search_limit = 0 AS $$
DECLARE
  marked pg_catalog.text[];
  part pg_catalog.text[];
  counts bigint[] := '{0,0,0}';
  more bigint[];
BEGIN
  -- days begin where the target's do; back to the caller's at the end, as TimeZone is set above
  EXECUTE pg_catalog.format('SET LOCAL TimeZone = %L', xbb._sync_zone(def.target));
  IF def.feed = 'query' OR def.copies OR NOT sends THEN
    counts := xbb._push_read_query(def, xbb._push_query(def), sends, keeps);
  END IF;
  IF def.copies AND NOT keeps THEN
    def.copies := false;
    PERFORM xbb._push_update(def);
  END IF;
  WHILE def.feed = 'trigger' AND sends LOOP
    marked := xbb._push_marks(def.id, 10000);
    IF marked = '{}' THEN
      -- where nothing is marked, nothing else would look
      PERFORM xbb._push_check_sent(def);
      EXIT;
    END IF;
    IF '{}' = ANY (marked) OR NOT xbb._push_fits(def, marked) THEN
      more := xbb._push_read_query(def, xbb._push_query(def), true, false);
      counts := array[counts[1] + more[1], counts[2] + more[2], counts[3] + more[3]];
      CONTINUE;
    END IF;
    FOR part IN SELECT pg_catalog.array_agg(u.key) FROM pg_catalog.unnest(marked) u (key)
                GROUP BY pg_catalog.array_position(u.key::pg_catalog.text[], NULL) IS NULL LOOP
      more := xbb._push_read_query(def, xbb._push_query(def, part), true, false, part);
      counts[1] := counts[1] + more[1];
    END LOOP;
  END LOOP;
  RETURN counts;
END
$$;

-- The trigger that marks what changes in the source; or none any more.
CREATE FUNCTION xbb._push_trigger(def xbb.push_definition, is_to_be boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  relation constant pg_catalog.text := xbb._sync_place(def.source);
BEGIN
  IF def.feed <> 'trigger' OR relation IS NULL THEN
    RETURN;
  ELSIF is_to_be THEN
    EXECUTE pg_catalog.format('CREATE TRIGGER xbb_push_%s AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW '
                              'EXECUTE FUNCTION xbb._push_mark(%s, %s)', def.id, relation, def.id, xbb._sync_list(def.key, '%1$L'));
  ELSE
    EXECUTE pg_catalog.format('DROP TRIGGER IF EXISTS xbb_push_%s ON %s', def.id, relation);
  END IF;
END
$$;

CREATE FUNCTION xbb._push_create(def xbb.push_definition, source pg_catalog.text, copy_data boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
BEGIN
  IF pg_catalog.num_nulls(def.name, source, def.target, def.key, copy_data, def.enabled, def.feed, def.workers) > 0 THEN
    RAISE EXCEPTION 'name, source, target, key, copy_data, enabled, feed and workers must not be null'
      USING ERRCODE = 'null_value_not_allowed';
  ELSIF pg_catalog.length(def.name) NOT BETWEEN 1 AND 200 THEN
    RAISE EXCEPTION 'the name of a push has 1 to 200 characters' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  def := xbb._push_source(def, source);
  PERFORM xbb._push_check(def);
  def.copies := copy_data AND def.feed = 'trigger';
  def.id := xbb._push_insert(def);
  IF def.id IS NULL THEN
    RAISE EXCEPTION 'push % exists already', pg_catalog.quote_ident(def.name) USING ERRCODE = 'duplicate_object';
  END IF;
  def.owner := xbb._sync_me();
  IF def.query IS NOT NULL THEN
    PERFORM xbb._push_bind(def);
  END IF;
  def := xbb._push_check_columns(def);
  IF NOT xbb._push_is_judged(def.target) THEN
    RAISE WARNING 'target % has no option ok: each answer with HTTP 2xx counts as acknowledged', def.target
      USING HINT = pg_catalog.format('Where its answers tell a refusal: ALTER FOREIGN TABLE %s OPTIONS (ADD ok ''$.code == 0''); with their own path.',
        xbb._sync_place(def.target));
  END IF;
  PERFORM xbb._push_trigger(def, true);
  IF NOT copy_data THEN
    PERFORM xbb._push_read(def, false);
  END IF;
END
$$;

CREATE FUNCTION xbb.create_push(
  name pg_catalog.text, source pg_catalog.text, target pg_catalog.regclass, key pg_catalog.text[], copy_data boolean DEFAULT true,
  enabled boolean DEFAULT true, feed pg_catalog.text DEFAULT 'query', workers integer DEFAULT 1, max_age interval DEFAULT NULL)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  SELECT xbb._push_create(
    ROW(name, NULL, NULL, NULL, target, key, feed, workers, max_age, pg_catalog.current_setting('search_path'), enabled, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, true)::xbb.push_definition, source, copy_data);
END;
COMMENT ON FUNCTION xbb.create_push(text, text, regclass, text[], boolean, boolean, text, integer, interval) IS
  'defines what is sent to a target table: the rows of a relation or query, by CALL xbb.push(name)';
