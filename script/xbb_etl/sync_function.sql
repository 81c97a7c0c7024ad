-- The expressions of a sync are functions of its owner's, xbb._sync_<id>: names in them were
-- bound when they were made, by his path.  Their arguments are called as the source's
-- columns that they read, their results as the target's.  Where they read more columns than
-- a function takes arguments, there are several, xbb._sync_<id>_2 and so on.  The planner
-- puts their bodies in the place of their calls.

-- The functions of the sync of that number; NULL: there are none.
CREATE FUNCTION xbb._sync_functions(id integer) RETURNS pg_catalog.oid[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.array_agg(p.oid ORDER BY pg_catalog.length(p.proname::pg_catalog.text), p.proname)
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  -- for the index; ':' is what comes after '9'
  WHERE p.proname >= pg_catalog.format('_sync_%s', id)::pg_catalog.name AND p.proname < pg_catalog.format('_sync_%s_:', id)::pg_catalog.name
    AND n.nspname = 'xbb' AND p.proname ~ pg_catalog.format('^_sync_%s(_[0-9]+)?$', id)
$$;

-- Whose the expressions of that sync are; NULL: they have to be read again.
CREATE FUNCTION xbb._sync_function_owner(id integer) RETURNS pg_catalog.oid
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (SELECT p.proowner FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'xbb' AND p.proname = pg_catalog.format('_sync_%s', id)::pg_catalog.name LIMIT 1);

-- Were they bound here, and not by a restore, which reads a dump's words for them?  The mark is src/func/sync_function.c's.
CREATE FUNCTION xbb._sync_is_bound(id integer) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid = ANY (xbb._sync_functions(id)) AND p.prosrc <> 'bound');

-- Are the expressions there, the owner's, and of the types that there are?
CREATE FUNCTION xbb._sync_is_read(def xbb.sync_definition) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(xbb._sync_function_owner((def).id) = (def).owner AND xbb._sync_is_bound((def).id)
                  AND (def).types = xbb._sync_types(def), false)
$$;

-- What FROM has to say after the staged records, s: r is what of each goes into the target.
CREATE FUNCTION xbb._sync_transformed(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  row_type pg_catalog.oid := (SELECT c.reltype FROM pg_catalog.pg_class c WHERE c.oid = def.source);
  whole_row pg_catalog.text := (
    SELECT pg_catalog.format('ROW(%s)::%s', pg_catalog.string_agg(pg_catalog.format('s.%I', a.attname), ', ' ORDER BY a.attnum),
                             xbb._sync_place(def.source))
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = def.source AND a.attnum > 0 AND NOT a.attisdropped);
  calls pg_catalog.text[];
  results pg_catalog.text[] := '{}';
  item pg_catalog.record;
BEGIN
  FOR item IN SELECT p.proname, p.pronargs, p.proargnames, p.proargtypes, u.o
              FROM pg_catalog.unnest(xbb._sync_functions(def.id)) WITH ORDINALITY u (function, o)
              JOIN pg_catalog.pg_proc p ON p.oid = u.function ORDER BY u.o LOOP
    results := results || item.proargnames[item.pronargs + 1:];
    calls := calls || (
      SELECT pg_catalog.format('xbb.%I(%s) r%s', item.proname, pg_catalog.string_agg(
               CASE WHEN item.proargtypes[a.o - 1] = row_type THEN whole_row ELSE pg_catalog.format('s.%I', item.proargnames[a.o]) END,
               ', ' ORDER BY a.o), item.o)
      FROM pg_catalog.generate_series(1, item.pronargs) a (o));
  END LOOP;
  IF NOT (def.target_columns <@ results AND results <@ def.target_columns) THEN
    RAISE EXCEPTION 'the columns of sync % were changed meanwhile', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN pg_catalog.format('LATERAL (SELECT * FROM %s) r', pg_catalog.array_to_string(calls, ', '));
END
$$;

-- These columns of the target with their expressions, as a select list.
CREATE FUNCTION xbb._sync_select_list(def xbb.sync_definition, names pg_catalog.text[]) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format(E'(%s\n) AS %I', e.value, e.key), ', ' ORDER BY u.o)
  FROM pg_catalog.unnest(names) WITH ORDINALITY u (name, o)
  JOIN pg_catalog.jsonb_each_text(xbb._sync_expressions(def)) e ON e.key = u.name
$$;

-- A temporary view of these columns, as the owner's path understands them, and whether one
-- of them reads the source's whole row.
CREATE FUNCTION xbb._sync_make_view(view pg_catalog.text, def xbb.sync_definition, names pg_catalog.text[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  statement pg_catalog.text := pg_catalog.format('CREATE TEMP VIEW %I AS SELECT %s FROM %s source', view,
                                                 xbb._sync_select_list(def, names), xbb._sync_place(def.source));
  definition pg_catalog.text;
  tail pg_catalog.text;
BEGIN
  PERFORM xbb._sync_path(def.path);
  EXECUTE statement;
  PERFORM xbb._sync_path('pg_catalog');
  definition := pg_catalog.rtrim(pg_catalog.pg_get_viewdef(pg_catalog.format('pg_temp.%I', view)::pg_catalog.regclass), ';');
  tail := pg_catalog.format('FROM %s source', def.source);
  PERFORM xbb._sync_path();
  IF pg_catalog.right(definition, pg_catalog.length(tail)) <> tail THEN
    RAISE EXCEPTION 'columns must be expressions over one row of the source'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN definition ~ E'\\msource\\.\\*';
END
$$;

-- The columns of the source that a view of that name reads.
CREATE FUNCTION xbb._sync_view_reads(view pg_catalog.text, source pg_catalog.regclass, whole_row boolean) RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum), '{}')
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped
    AND (whole_row OR EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
      WHERE r.ev_class = pg_catalog.format('pg_temp.%I', view)::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = source AND d.refobjsubid = a.attnum))
$$;

-- A type by the only name that every path understands.
CREATE FUNCTION xbb._sync_type_name(type pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('%I.%I', n.nspname, t.typname)
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = $1
$$;

-- The functions that were made for a sync in this session, and are not yet its own.
CREATE FUNCTION xbb._sync_functions_made() RETURNS pg_catalog.oid[]
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(p.oid ORDER BY pg_catalog.length(p.proname::pg_catalog.text), p.proname), '{}')
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
  WHERE p.pronamespace = pg_catalog.pg_my_temp_schema() AND r.rolname = current_user AND p.proname ~ '^xbb_sync_function_[0-9]+$'
$$;

-- Makes a function of what a view says, over a row of the source that is made of arguments.
CREATE FUNCTION xbb._sync_make_function(
  def xbb.sync_definition, view pg_catalog.text, names pg_catalog.text[], arguments pg_catalog.text, source pg_catalog.text)
RETURNS pg_catalog.oid LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place integer := pg_catalog.cardinality(xbb._sync_functions_made()) + 1;
  results pg_catalog.text := (
    SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, xbb._sync_type_name(a.atttypid)), ', ' ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = pg_catalog.format('pg_temp.%I', view)::pg_catalog.regclass AND a.attnum > 0);
  statement pg_catalog.text := pg_catalog.format(
    'CREATE FUNCTION pg_temp.xbb_sync_function_%s(%s) RETURNS TABLE (%s) LANGUAGE sql STABLE BEGIN ATOMIC SELECT %s FROM %s; END',
    place, arguments, results, xbb._sync_select_list(def, names), source);
  function pg_catalog.oid;
  temporary pg_catalog.text;
BEGIN
  PERFORM xbb._sync_path(def.path);
  EXECUTE statement;
  PERFORM xbb._sync_path();
  function := (xbb._sync_functions_made())[place];
  SELECT pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) INTO temporary
  FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = function
    AND (pg_catalog.pg_identify_object(d.refclassid, d.refobjid, 0)).schema ~ '^pg_temp' ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the columns of a sync must not read what is temporary'
      USING ERRCODE = 'wrong_object_type', DETAIL = pg_catalog.format('They read %s.', temporary),
            HINT = 'It would be gone with this session.';
  END IF;
  RETURN function;
END
$$;

-- What functions call that is not the server's own, of the functions or operators.
CREATE FUNCTION xbb._sync_calls(functions pg_catalog.oid[], kind pg_catalog.regclass) RETURNS pg_catalog.oid[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(DISTINCT d.refobjid), '{}')
  FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = ANY (functions) AND d.refclassid = kind
$$;

-- Does a function call what a view calls?
CREATE FUNCTION xbb._sync_calls_same(function pg_catalog.oid, view pg_catalog.text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.bool_and(xbb._sync_calls(array[function], k.kind) = (
    SELECT coalesce(pg_catalog.array_agg(DISTINCT d.refobjid), '{}')
    FROM pg_catalog.pg_rewrite r
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
    WHERE r.ev_class = pg_catalog.format('pg_temp.%I', view)::pg_catalog.regclass AND d.refclassid = k.kind))
  FROM (VALUES ('pg_catalog.pg_proc'::pg_catalog.regclass), ('pg_catalog.pg_operator'::pg_catalog.regclass)) k (kind)
$$;

-- Makes the function of a view that reads no more columns than there can be arguments: over a
-- row without a type, so that the source's columns may change theirs; if what reads the whole
-- row means something else by that, over one of the source's.
CREATE FUNCTION xbb._sync_make_function_of_columns(
  def xbb.sync_definition, view pg_catalog.text, names pg_catalog.text[], reads pg_catalog.text[], whole_row boolean)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  arguments pg_catalog.text;
  columns pg_catalog.text;
  numbers pg_catalog.text;
BEGIN
  SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', u.name, xbb._sync_type_name(a.atttypid)), ', ' ORDER BY u.o),
         pg_catalog.string_agg(pg_catalog.format('$%s%s AS %I', u.o, CASE WHEN a.attcollation <> t.typcollation THEN
           (SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, c.collname)
            FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
            WHERE c.oid = a.attcollation) END, u.name), ', ' ORDER BY u.o),
         pg_catalog.string_agg(pg_catalog.format('$%s', u.o), ', ' ORDER BY u.o)
  INTO arguments, columns, numbers
  FROM pg_catalog.unnest(reads) WITH ORDINALITY u (name, o)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = def.source AND a.attname = u.name
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid;
  BEGIN
    -- a column that is the whole row would crash the server, up to 18, which makes its type of a row without one
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.reltype = a.atttypid
                   WHERE c.oid = def.source AND a.attrelid = pg_catalog.format('pg_temp.%I', view)::pg_catalog.regclass) THEN
      IF xbb._sync_calls_same(xbb._sync_make_function(def, view, names, arguments,
                                                      pg_catalog.format('(SELECT %s) source', columns)), view) OR NOT whole_row THEN
        RETURN;
      END IF;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'XBB01';
  EXCEPTION WHEN SQLSTATE 'XBB01' OR undefined_function OR ambiguous_function OR undefined_column OR datatype_mismatch
    OR cannot_coerce OR invalid_function_definition THEN
    IF NOT whole_row THEN
      RAISE;
    END IF;
  END;
  PERFORM xbb._sync_make_function(def, view, names, arguments, pg_catalog.format(
    'pg_catalog.unnest(ARRAY[ROW(%s)::%s]) source', numbers, xbb._sync_place(def.source)));
END
$$;

-- Makes the functions of these columns, which a view has.
CREATE FUNCTION xbb._sync_make_functions(
  def xbb.sync_definition, view pg_catalog.text, names pg_catalog.text[], whole_row boolean)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  reads pg_catalog.text[] := xbb._sync_view_reads(view, def.source, whole_row);
  middle integer := pg_catalog.cardinality(names) / 2;
  part pg_catalog.text := view || '_';
BEGIN
  IF pg_catalog.cardinality(reads) <= pg_catalog.current_setting('max_function_args')::integer THEN
    PERFORM xbb._sync_make_function_of_columns(def, view, names, reads, whole_row);
  ELSIF pg_catalog.cardinality(names) = 1 THEN
    PERFORM xbb._sync_make_function(def, view, names, pg_catalog.format('source %s', xbb._sync_place(def.source)),
                                    'pg_catalog.unnest(ARRAY[$1]) source');
  ELSE
    whole_row := xbb._sync_make_view(part, def, names[1:middle]);
    PERFORM xbb._sync_make_functions(def, part, names[1:middle], whole_row);
    EXECUTE pg_catalog.format('DROP VIEW pg_temp.%I', part);
    whole_row := xbb._sync_make_view(part, def, names[middle + 1:]);
    PERFORM xbb._sync_make_functions(def, part, names[middle + 1:], whole_row);
    EXECUTE pg_catalog.format('DROP VIEW pg_temp.%I', part);
  END IF;
END
$$;

-- The columns of the source that the functions just made read.
CREATE FUNCTION xbb._sync_functions_read(source pg_catalog.regclass) RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped AND EXISTS (
    SELECT FROM pg_catalog.unnest(xbb._sync_functions_made()) u (function) JOIN pg_catalog.pg_proc p ON p.oid = u.function
    WHERE (a.attname = ANY (p.proargnames[1:p.pronargs]) OR
           p.proargtypes[0] = (SELECT c.reltype FROM pg_catalog.pg_class c WHERE c.oid = source)))
$$;

-- Gives the functions just made to the sync of that number, in the place of those it had.
CREATE FUNCTION xbb._sync_bind(id integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM xbb._sync_function_keep(id, xbb._sync_functions_made());
END
$$;

-- Are its expressions there, and its owner's?
CREATE FUNCTION xbb._sync_check_function(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  other pg_catalog.regrole := (SELECT p.proowner FROM pg_catalog.pg_proc p
                              WHERE p.oid = ANY (xbb._sync_functions(def.id)) AND p.proowner <> def.owner ORDER BY p.proname LIMIT 1);
BEGIN
  IF xbb._sync_function_owner(def.id) IS NULL THEN
    PERFORM xbb._sync_ask_to_read(def, 'Their function is gone.');
  ELSIF other IS NOT NULL THEN
    PERFORM xbb._sync_ask_to_read(def, pg_catalog.format('A function of theirs belongs to role %s.', other));
  END IF;
END
$$;

-- The functions just made take the place of those before, read of the same words.  All that
-- has a name must be the same still; where a restore has read a dump's words, IS DISTINCT
-- FROM, IN and their like may have lost an operator that comes back.
CREATE FUNCTION xbb._sync_check_names(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before pg_catalog.oid[] := xbb._sync_functions(def.id);
  made pg_catalog.oid[] := xbb._sync_functions_made();
BEGIN
  IF xbb._sync_calls(before, 'pg_catalog.pg_proc') <> xbb._sync_calls(made, 'pg_catalog.pg_proc')
     OR NOT xbb._sync_calls(before, 'pg_catalog.pg_operator') <@ xbb._sync_calls(made, 'pg_catalog.pg_operator')
     OR xbb._sync_is_bound(def.id) AND NOT
        xbb._sync_calls(made, 'pg_catalog.pg_operator') <@ xbb._sync_calls(before, 'pg_catalog.pg_operator') THEN
    PERFORM xbb._sync_ask_to_read(def, 'Types have changed, or they were restored, and names in them mean something else by now.');
  END IF;
END
$$;

-- Ends what needs expressions that are not to be had.
CREATE FUNCTION xbb._sync_ask_to_read(def xbb.sync_definition, reason pg_catalog.text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the columns of sync % have to be read by its owner', pg_catalog.quote_ident(def.name)
    USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = coalesce(reason, ''),
          HINT = pg_catalog.format('SELECT xbb.alter_sync(%L, columns => ''{}''); does that.', def.name);
END
$$;
