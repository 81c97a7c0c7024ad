-- Scope: which rows of a target are a sync's.  It sets the columns of its scope, they are
-- part of its key, and nothing that it does looks beyond them: dataIds are unique within a
-- company only, and several companies or forms may share one table.

-- The columns of a scope; none: all rows are the sync's.
CREATE FUNCTION xbb._sync_scope_columns(def xbb.sync_definition) RETURNS pg_catalog.text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(k ORDER BY k COLLATE "C"), '{}') FROM pg_catalog.jsonb_object_keys((def).scope) k
$$;

-- The columns that tell the rows of the target apart.
CREATE FUNCTION xbb._sync_key(def xbb.sync_definition) RETURNS pg_catalog.text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s || (SELECT pg_catalog.array_agg(u.k ORDER BY u.o) FROM pg_catalog.unnest((def).key) WITH ORDINALITY u (k, o)
               WHERE u.k <> ALL (s))
  FROM xbb._sync_scope_columns(def) s
$$;

-- Which rows of the target, called t, are the sync's.  A constant takes the column's type,
-- which _sync_check_scope has seen to be one that the server compares itself.
CREATE FUNCTION xbb._sync_own_rows(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('t.%I OPERATOR(pg_catalog.=) %L', u.k, (def).scope ->> u.k), ' AND ' ORDER BY u.o),
                  'true')
  FROM pg_catalog.unnest(xbb._sync_scope_columns(def)) WITH ORDINALITY u (k, o)
$$;

-- Those of them that stand for a record that is not known to be gone.
CREATE FUNCTION xbb._sync_alive_rows(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT xbb._sync_own_rows(def) || CASE WHEN (def).delete_mode = 'mark' THEN ' AND t.deleted_at IS NULL' ELSE '' END
$$;

-- The types of a scope's columns: the target's, or what a target that is to be made gets.
-- NULL: none that the server compares by itself, and alike in all collations.
CREATE FUNCTION xbb._sync_scope_types(def xbb.sync_definition, OUT name pg_catalog.text, OUT type pg_catalog.text, OUT is_there boolean)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.key, CASE
    WHEN (def).target IS NULL THEN CASE pg_catalog.jsonb_typeof(e.value) WHEN 'number' THEN 'bigint' WHEN 'boolean' THEN 'boolean' ELSE 'text' END
    WHEN pg_catalog.format_type(coalesce(nullif(y.typbasetype, 0), y.oid), NULL) = ANY (
           array['text', 'character varying', 'smallint', 'integer', 'bigint', 'boolean', 'uuid'])
         AND a.attgenerated = '' AND coalesce(c.collisdeterministic, true) THEN pg_catalog.format_type(a.atttypid, NULL) END,
    (def).target IS NULL OR a.attnum IS NOT NULL
  FROM pg_catalog.jsonb_each((def).scope) e
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = (def).target AND a.attname = e.key AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation
  ORDER BY e.key COLLATE "C"
$$;

-- The constant of a column of a scope, as that holds it: a column of the target that has another
-- type by now may hold no such thing.
CREATE FUNCTION xbb._sync_scope_constant(def xbb.sync_definition, name pg_catalog.text, type pg_catalog.text) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  constant pg_catalog.jsonb;
BEGIN
  EXECUTE pg_catalog.format('SELECT pg_catalog.to_jsonb(%L::%s)', def.scope ->> name, type) INTO constant;
  RETURN constant;
EXCEPTION WHEN data_exception OR check_violation THEN
  RAISE EXCEPTION 'scope does not fit column % of target %: %', pg_catalog.quote_ident(name), def.target, SQLERRM
    USING ERRCODE = SQLSTATE, DETAIL = pg_catalog.format('The scope of sync %I is %s.', def.name, def.scope),
          HINT = CASE WHEN def.id IS NOT NULL THEN pg_catalog.format('SELECT xbb.alter_sync(%L, scope => ...); names other rows.', def.name)
                      ELSE 'Give scope a constant that the column holds.' END;
END
$$;

-- Is a scope one that can be kept apart from others?  It comes back as the columns hold it.
CREATE FUNCTION xbb._sync_check_scope(def xbb.sync_definition) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  scope pg_catalog.jsonb := def.scope;
  item pg_catalog.record;
  constant pg_catalog.jsonb;
BEGIN
  IF scope IS NULL THEN
    RETURN NULL;
  END IF;
  IF pg_catalog.jsonb_typeof(scope) <> 'object' OR scope = '{}' OR
     EXISTS (SELECT FROM pg_catalog.jsonb_each(scope) e
             WHERE pg_catalog.jsonb_typeof(e.value) NOT IN ('string', 'number', 'boolean')) THEN
    RAISE EXCEPTION 'scope must be a JSON object of columns and constants'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'An example: {"company": "east", "form_id": 5300201}';
  END IF;
  FOR item IN SELECT s.name, s.type, s.is_there FROM xbb._sync_scope_types(def) s LOOP
    IF NOT item.is_there THEN
      RAISE EXCEPTION 'target % has no column %', def.target, pg_catalog.quote_ident(item.name)
        USING ERRCODE = 'undefined_column',
              HINT = pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s; adds it.', def.target, item.name,
                CASE pg_catalog.jsonb_typeof(scope -> item.name) WHEN 'number' THEN 'bigint' WHEN 'boolean' THEN 'boolean' ELSE 'text' END);
    END IF;
    IF item.type IS NULL OR item.name IN ('data_id', 'update_time', 'deleted_at') OR item.name = def.stamp THEN
      RAISE EXCEPTION 'column % of target % cannot be in a scope', pg_catalog.quote_ident(item.name), def.target
        USING ERRCODE = 'invalid_parameter_value', HINT = 'One of type text, bigint, integer, smallint, boolean or uuid can.';
    END IF;
    IF def.columns ? item.name THEN
      RAISE EXCEPTION 'column % is in columns and in scope', pg_catalog.quote_ident(item.name)
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    constant := xbb._sync_scope_constant(def, item.name, item.type);
    scope := scope || pg_catalog.jsonb_build_object(item.name, constant);
  END LOOP;
  RETURN scope;
END
$$;

-- A constant of a scope as a column of that type holds it, as a text; NULL: it does not fit.
-- The types are those of _sync_scope_types, by name: src/func/sync_rival.c asks, as the owner of the tables.
CREATE FUNCTION xbb._sync_scope_text(value pg_catalog.text, type pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name constant pg_catalog.text := pg_catalog.format_type(type, NULL);
BEGIN
  IF name = 'smallint' THEN
    RETURN value::pg_catalog.int2;
  ELSIF name = 'integer' THEN
    RETURN value::pg_catalog.int4;
  ELSIF name = 'bigint' THEN
    RETURN value::pg_catalog.int8;
  ELSIF name = 'boolean' THEN
    RETURN value::pg_catalog.bool;
  ELSIF name = 'uuid' THEN
    RETURN value::pg_catalog.uuid;
  END IF;
  RETURN value;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END
$$;

-- The constants of a scope as expressions.
CREATE FUNCTION xbb._sync_scope_expressions(def xbb.sync_definition) RETURNS pg_catalog.jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.jsonb_object_agg(s.name, pg_catalog.format('%L::%s', (def).scope ->> s.name,
    xbb._sync_type_name(s.type::pg_catalog.regtype))), '{}')
  FROM xbb._sync_scope_types(def) s
$$;

-- Are the rows that the sync writes nobody else's?  Where one's scope does not fit its columns any
-- more, it is not known: a definition is made or changed then, and none is run.
CREATE FUNCTION xbb._sync_check_rival(def xbb.sync_definition, runs boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rival integer := xbb._sync_rival(def.target, def.scope, def.id, NOT runs);
  whose pg_catalog.text;
BEGIN
  IF rival IS NOT NULL THEN
    whose := coalesce((SELECT pg_catalog.format('It is sync %I of role %s.', d.name, d.owner)
                       FROM xbb.sync_definition d WHERE d.id = rival), 'It is another role''s.');
    IF runs AND xbb._sync_rival(def.target, def.scope, def.id) IS NULL THEN
      RAISE EXCEPTION 'the scope of another sync of % does not fit its columns any more', def.target
        USING ERRCODE = 'object_in_use', DETAIL = whose || ' Which rows are its own is not known.',
              HINT = 'SELECT xbb.alter_sync(..., scope => ...); gives it one that fits, and SELECT xbb.drop_sync(...); ends it.';
    END IF;
    RAISE EXCEPTION 'another sync writes the same rows of %', def.target
      USING ERRCODE = 'object_in_use', DETAIL = whose,
            HINT = 'Take another target, or give each sync rows of its own: scope => ''{"company": "..."}''.';
  END IF;
END
$$;

-- The same where a definition is made or changed.  The lock keeps a second one waiting until
-- this one can be seen; runs go on under it.
CREATE FUNCTION xbb._sync_check_alone(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE pg_catalog.format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', def.target);
  PERFORM xbb._sync_check_rival(def);
END
$$;

-- The same before each run: the columns of a scope may have another type or collation by now,
-- and the target another parent or child.  The scope as the columns hold it today.
CREATE FUNCTION xbb._sync_check_scope_again(def xbb.sync_definition) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  def.scope := xbb._sync_check_scope(def);
  PERFORM xbb._sync_check_rival(def, true);
  RETURN def.scope;
END
$$;
