-- Where a relation stands, with its schema, in words to keep and compare; NULL: it is gone.
CREATE FUNCTION xbb._sync_place(relation pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1
$$;

-- What a sync's source and target have become that it cannot follow, and the statement
-- that mends it.  A table that was renamed is followed, unless another one has its name.
CREATE FUNCTION xbb._sync_place_problem(def xbb.sync_definition, OUT problem pg_catalog.text, OUT remedy pg_catalog.text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  item pg_catalog.record;
  place pg_catalog.text;
  is_there boolean;
BEGIN
  IF def.owner = 0::pg_catalog.oid THEN
    problem := pg_catalog.format('its owner, role %I, does not exist', def.owner_name);
    remedy := pg_catalog.format('SELECT xbb.alter_sync(%1$L, owner => ...); gives it to another role, '
                                'SELECT xbb.drop_sync(%1$L); forgets the sync.', def.name);
    RETURN;
  ELSIF NOT def.active THEN
    problem := 'inactive, as this is a copy of the database where it ran';
    remedy := 'SELECT xbb.activate(); lets the syncs run here.';
    RETURN;
  ELSIF NOT def.confirmed THEN
    problem := 'another role has restored it, or given it away, and it waits for its owner''s word';
    remedy := pg_catalog.format('SELECT xbb.alter_sync(%1$L, columns => ''{}''); reads its expressions anew, '
                                'SELECT xbb.drop_sync(%1$L); forgets the sync.', def.name);
    RETURN;
  END IF;
  FOR item IN SELECT * FROM (VALUES ('source', def.source, def.source_name), ('target', def.target, def.target_name))
                              v (role, relation, name) LOOP
    place := xbb._sync_place(item.relation);
    CONTINUE WHEN place = item.name;
    is_there := EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE pg_catalog.format('%I.%I', n.nspname, c.relname) = item.name);
    CONTINUE WHEN place IS NOT NULL AND NOT is_there;
    IF place IS NOT NULL THEN
      problem := pg_catalog.format('%s %s is called %s now, and another table has its name', item.role, item.name, place);
      remedy := pg_catalog.format('SELECT xbb.alter_sync(%1$L, %2$s => %3$L); takes the new one, '
                                  'SELECT xbb.alter_sync(%1$L, %2$s => %4$L); goes on with the old one.',
                                  def.name, item.role, item.name, place);
    ELSIF is_there THEN
      problem := pg_catalog.format('%s %s was dropped and made anew', item.role, item.name);
      remedy := pg_catalog.format('SELECT xbb.alter_sync(%L, %s => %L); takes the new one.', def.name, item.role, item.name);
    ELSE
      problem := pg_catalog.format('%s %s was dropped', item.role, item.name);
      remedy := pg_catalog.format('SELECT xbb.alter_sync(%1$L, %2$s => ...); names another one, '
                                  'SELECT xbb.drop_sync(%1$L); forgets the sync.', def.name, item.role);
    END IF;
    RETURN;
  END LOOP;
END
$$;

-- The same, or what became of its expressions.
CREATE FUNCTION xbb._sync_problem(def xbb.sync_definition, OUT problem pg_catalog.text, OUT remedy pg_catalog.text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  of_tables pg_catalog.record := xbb._sync_place_problem(def);
BEGIN
  problem := of_tables.problem;
  remedy := of_tables.remedy;
  IF problem IS NULL AND xbb._sync_function_owner(def.id) IS DISTINCT FROM def.owner THEN
    problem := 'its columns have to be read by its owner';
    remedy := pg_catalog.format('SELECT xbb.alter_sync(%L, columns => ''{}''); does that.', def.name);
  END IF;
END
$$;

-- Are source and target what the sync was made for?
CREATE FUNCTION xbb._sync_check_places(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_out pg_catalog.record := xbb._sync_place_problem(def);
BEGIN
  IF found_out.problem IS NOT NULL THEN
    RAISE EXCEPTION '%', found_out.problem
      USING ERRCODE = 'undefined_table', HINT = found_out.remedy;
  END IF;
END
$$;

-- Whoever owns a table or view has a say in what is run by those who use it: triggers,
-- expressions, what a name means tomorrow.  So it must be the caller's, or that of a role
-- which he has, or a superuser's.
CREATE FUNCTION xbb._sync_check_owner(what pg_catalog.text, relation pg_catalog.regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner pg_catalog.record;
  caller pg_catalog.record;
BEGIN
  SELECT r.oid, r.rolname, r.rolsuper INTO owner
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner WHERE c.oid = relation;
  SELECT r.oid, r.rolname, r.rolsuper INTO caller FROM pg_catalog.pg_roles r WHERE r.rolname = current_user;
  -- a superuser has every role, which is no trust
  IF NOT (owner.rolsuper OR NOT caller.rolsuper AND pg_catalog.pg_has_role(owner.oid, 'MEMBER')) THEN
    RAISE EXCEPTION '% % belongs to role %', what, relation, pg_catalog.quote_ident(owner.rolname)
      USING ERRCODE = 'insufficient_privilege', DETAIL = 'What its owner attaches to it would run with your rights.',
            HINT = CASE WHEN caller.rolsuper THEN pg_catalog.format('SET ROLE %I first.', owner.rolname)
                        ELSE pg_catalog.format('GRANT %I TO %I; or take a table of your own.', owner.rolname, caller.rolname) END;
  END IF;
END
$$;

-- Is the source one that a sync can read?
CREATE FUNCTION xbb._sync_check_source(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kind pg_catalog."char" := (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = def.source);
  time_column pg_catalog.text;
  time_type pg_catalog.text;
BEGIN
  IF kind NOT IN ('f', 'r', 'p', 'v', 'm') THEN
    RAISE EXCEPTION 'source % is not a table', def.source USING ERRCODE = 'wrong_object_type';
  END IF;
  IF NOT pg_catalog.has_table_privilege(def.source, 'SELECT') THEN
    RAISE EXCEPTION 'no right to read source %', def.source USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM xbb._sync_check_owner('source', def.source);
  time_column := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  IF xbb._sync_is_list(def.source) THEN
    PERFORM xbb._sync_check_list(def);
    RETURN;
  END IF;
  IF xbb._sync_source_column(def.source, 'dataId', 'data_id') IS NULL OR time_column IS NULL THEN
    RAISE EXCEPTION 'source % has no column for %', def.source,
      CASE WHEN xbb._sync_source_column(def.source, 'dataId', 'data_id') IS NULL THEN 'dataId' ELSE 'updateTime' END
      USING ERRCODE = 'undefined_column',
            HINT = 'A sync needs the columns data_id bigint and update_time timestamptz.';
  END IF;
  PERFORM xbb._sync_check_id(def.source);
  SELECT pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) INTO time_type
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = def.source AND a.attname = time_column;
  IF time_type <> 'timestamp with time zone' THEN
    RAISE EXCEPTION 'column % of source % is of type %, not timestamptz', pg_catalog.quote_ident(time_column), def.source, time_type
      USING ERRCODE = 'datatype_mismatch',
            HINT = CASE WHEN kind IN ('f', 'r', 'p') THEN
              xbb._sync_retype_time(def.source, time_column, def.source)
              ELSE 'Its meaning would depend on the TimeZone of each session.' END;
  END IF;
  IF def.overlap < pg_catalog.make_interval(secs => CASE WHEN kind = 'f' THEN xbb._settle_time(def.source) ELSE 0 END) THEN
    RAISE EXCEPTION 'overlap % is less than the settle_time of %', def.overlap, def.source
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.chunk IS NOT NULL AND NOT xbb._sync_counts_source(def.source) THEN
    RAISE EXCEPTION 'chunk needs a foreign table of xbb_fdw as source' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;

-- Are the other arguments in their range?
CREATE FUNCTION xbb._sync_check_options(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF def.chunk <= '0' THEN
    RAISE EXCEPTION 'chunk must be positive' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.reject_limit < 0 THEN
    RAISE EXCEPTION 'reject_limit must not be negative' USING ERRCODE = 'invalid_parameter_value';
  ELSIF def.delete_limit < 0 THEN
    RAISE EXCEPTION 'delete_limit must not be negative' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF coalesce(def.delete_mode NOT IN ('ignore', 'mark', 'delete'), true) THEN
    RAISE EXCEPTION 'delete_mode must be ignore, mark or delete' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.columns ? def.stamp OR def.stamp = 'deleted_at' OR xbb._sync_own_columns(def.source) ? def.stamp THEN
    RAISE EXCEPTION 'column % cannot be loaded and be the stamp', pg_catalog.quote_ident(def.stamp)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.label IS NOT NULL AND xbb._sync_label(def) IS NULL THEN
    RAISE EXCEPTION 'label % is no column of source %', pg_catalog.quote_ident(def.label), def.source
      USING ERRCODE = 'undefined_column', HINT = 'It is one that is read, or one of the target that is loaded from it as it is.';
  END IF;
  IF pg_catalog.jsonb_typeof(def.columns) <> 'object' OR
     EXISTS (SELECT FROM pg_catalog.jsonb_each(def.columns) e WHERE pg_catalog.jsonb_typeof(e.value) <> 'string') THEN
    RAISE EXCEPTION 'columns must be a JSON object of SQL expressions'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'An example: {"name": "trim(name)", "price": "price * 1.13"}';
  END IF;
END
$$;

-- Are the expressions one row's?  WHERE takes nothing else, and says why.
CREATE FUNCTION xbb._sync_check_row(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
SET standard_conforming_strings = on SET array_nulls = on SET transform_null_equals = off SET DateStyle = ISO
SET IntervalStyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET xmloption = content AS $$
DECLARE
  place pg_catalog.text := (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = def.source);
  item pg_catalog.record;
BEGIN
  FOR item IN SELECT e.key, pg_catalog.format(E'PREPARE xbb_sync_row AS SELECT FROM %s source WHERE (%s\n) IS NULL', place, e.value) AS test
              FROM pg_catalog.jsonb_each_text(xbb._sync_expressions(def)) e WHERE e.value <> pg_catalog.quote_ident(e.key)
  LOOP
    PERFORM xbb._sync_path(def.path);
    BEGIN
      EXECUTE item.test;
    EXCEPTION WHEN grouping_error OR windowing_error OR feature_not_supported THEN
      PERFORM xbb._sync_path();
      RAISE EXCEPTION 'the expression of column % is not over one row of the source', pg_catalog.quote_ident(item.key)
        USING ERRCODE = 'invalid_parameter_value', DETAIL = SQLERRM,
              HINT = 'A sub-select may read more: (SELECT max(x) FROM t WHERE t.id = source.data_id).';
    END;
    PERFORM xbb._sync_path();
    DEALLOCATE xbb_sync_row;
  END LOOP;
END
$$;

-- A type without its domain, and an array's element.
CREATE FUNCTION xbb._sync_base_type(type pg_catalog.oid) RETURNS pg_catalog.pg_type
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT b FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' AND t.typtype <> 'd' THEN t.typelem ELSE t.oid END
  JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN e.typtype = 'd' THEN e.typbasetype ELSE e.oid END
  WHERE t.oid = $1
$$;

-- Does the cast between two types read settings of the session, such as TimeZone?
CREATE FUNCTION xbb._sync_cast_depends(source_type pg_catalog.oid, target_type pg_catalog.oid) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(
    (SELECT coalesce(f.provolatile <> 'i', false) FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc f ON f.oid = c.castfunc
     WHERE c.castsource = s.oid AND c.casttarget = t.oid AND c.castmethod <> 'i'),
    -- by way of its text
    s.oid <> t.oid AND s.typtype <> 'e' AND (o.provolatile <> 'i' OR i.provolatile <> 'i'))
  FROM xbb._sync_base_type($1) s, xbb._sync_base_type($2) t, pg_catalog.pg_proc o, pg_catalog.pg_proc i
  WHERE o.oid = s.typoutput AND i.oid = t.typinput
$$;

-- What becomes of a value of one type that is assigned to a column of another: it "fits",
-- it "depends" on the session's settings, or it does "not".  A generated column is
-- assigned to as INSERT does it, and a table can be made without values.
CREATE FUNCTION xbb._sync_assignment(source_type pg_catalog.text, target_type pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE pg_catalog.format('CREATE TEMP TABLE xbb_sync_fit (a %s, b %s GENERATED ALWAYS AS (a) STORED)', source_type, target_type);
  DROP TABLE pg_temp.xbb_sync_fit;
  RETURN CASE WHEN xbb._sync_cast_depends(source_type::pg_catalog.regtype, target_type::pg_catalog.regtype)
              THEN 'depends' ELSE 'fits' END;
EXCEPTION WHEN datatype_mismatch OR cannot_coerce THEN
  RETURN 'not';
END
$$;

-- The expression that makes one type of another for every session alike, by the source's zone; NULL:
-- there is none.
CREATE FUNCTION xbb._sync_cast(expression pg_catalog.text, source_type pg_catalog.text, target_type pg_catalog.text, zone pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  to_text boolean := (SELECT t.typcategory = 'S' FROM pg_catalog.pg_type t WHERE t.oid = target_type::pg_catalog.regtype);
BEGIN
  IF expression !~ '^([a-z_][a-z0-9_$]*|"[^"]*")$' THEN
    expression := pg_catalog.format('(%s)', expression);
  END IF;
  CASE
    WHEN source_type = 'timestamp with time zone' AND to_text THEN
      RETURN pg_catalog.format('to_char(%s AT TIME ZONE %L, ''YYYY-MM-DD HH24:MI:SS'')', expression, zone);
    WHEN source_type LIKE 'timestamp with%' AND target_type LIKE 'timestamp with%' THEN
      RETURN pg_catalog.format('%s AT TIME ZONE %L', expression, zone);
    WHEN source_type = 'timestamp with time zone' AND target_type IN ('date', 'time without time zone') THEN
      RETURN pg_catalog.format('(%s AT TIME ZONE %L)::%s', expression, zone, target_type);
    WHEN source_type = 'date' AND target_type = 'timestamp with time zone' THEN
      RETURN pg_catalog.format('%s::timestamp AT TIME ZONE %L', expression, zone);
    WHEN source_type IN ('timestamp without time zone', 'date') AND to_text THEN
      RETURN pg_catalog.format('to_char(%s, %L)', expression,
                               CASE source_type WHEN 'date' THEN 'YYYY-MM-DD' ELSE 'YYYY-MM-DD HH24:MI:SS' END);
    ELSE
      EXECUTE pg_catalog.format('PREPARE xbb_sync_cast AS SELECT NULL::%s::%s', source_type, target_type);
      DEALLOCATE xbb_sync_cast;
      RETURN pg_catalog.format('%s::%s', expression, target_type);
  END CASE;
EXCEPTION WHEN cannot_coerce THEN
  RETURN NULL;
END
$$;

-- Do the target's columns take what the view's hold, in every session alike?
CREATE FUNCTION xbb._sync_check_types(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item pg_catalog.record;
  assignment pg_catalog.text;
  expression pg_catalog.text;
BEGIN
  FOR item IN
    SELECT DISTINCT ON (v.atttypid, t.atttypid) t.attname AS name, pg_catalog.format_type(v.atttypid, -1) AS source_type,
           pg_catalog.format_type(t.atttypid, -1) AS target_type
    FROM pg_catalog.pg_attribute v JOIN pg_catalog.pg_attribute t ON t.attname = v.attname
    WHERE v.attrelid = 'pg_temp.xbb_sync_view'::pg_catalog.regclass AND v.attnum > 0 AND t.attrelid = def.target
      AND t.attnum > 0 AND NOT t.attisdropped AND v.atttypid <> t.atttypid
    ORDER BY v.atttypid, t.atttypid, v.attnum
  LOOP
    assignment := xbb._sync_assignment(item.source_type, item.target_type);
    IF assignment <> 'fits' THEN
      expression := xbb._sync_cast(xbb._sync_expressions(def) ->> item.name, item.source_type, item.target_type,
                                   xbb._sync_zone(def.source));
      RAISE EXCEPTION 'column % of target % is of type %, its expression of type %',
        pg_catalog.quote_ident(item.name), def.target, item.target_type, item.source_type
        USING ERRCODE = 'datatype_mismatch',
              DETAIL = CASE assignment WHEN 'depends' THEN 'What INSERT makes of it depends on settings of the session.'
                                       ELSE 'INSERT does not make one of the other.' END,
              HINT = CASE WHEN expression IS NULL THEN pg_catalog.format('Write an expression of type %s.', item.target_type)
                          ELSE pg_catalog.format('Write: columns => ''%s''', pg_catalog.replace(
                            pg_catalog.jsonb_build_object(item.name, expression)::pg_catalog.text, '''', '''''')) END;
    END IF;
  END LOOP;
END
$$;

-- The index of the target by which no two rows have one key.
CREATE FUNCTION xbb._sync_key_index(def xbb.sync_definition) RETURNS pg_catalog.oid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  index pg_catalog.oid := (
    SELECT i.indexrelid FROM pg_catalog.pg_index i
    WHERE i.indrelid = def.target AND i.indisunique AND i.indisvalid AND i.indimmediate
      AND i.indpred IS NULL AND i.indexprs IS NULL
      AND (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname)
           FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = def.target AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
          = (SELECT pg_catalog.array_agg(k ORDER BY k COLLATE "C") FROM pg_catalog.unnest(xbb._sync_key(def)) k)
    ORDER BY i.indexrelid LIMIT 1);
BEGIN
  IF index IS NULL THEN
    RAISE EXCEPTION 'key % is not unique in target %', xbb._sync_key(def), def.target
      USING ERRCODE = 'invalid_parameter_value',
            HINT = pg_catalog.format('CREATE UNIQUE INDEX ON %s (%s);', def.target, xbb._sync_list(xbb._sync_key(def), '%1$I'));
  END IF;
  RETURN index;
END
$$;

-- When t, a row of the target, and n, a new one, have the same key: as the index takes it, in
-- words that mean the same by every path.
CREATE FUNCTION xbb._sync_same_key(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format('t.%1$I%2$s OPERATOR(%3$I.%4$s) n.%1$I%2$s', a.attname,
    CASE WHEN c.opcintype <> a.atttypid AND k.typtype <> 'p' THEN pg_catalog.format('::%s', xbb._sync_type_name(c.opcintype)) END,
    s.nspname, p.oprname), ' AND ' ORDER BY u.o)
  FROM pg_catalog.pg_index i
  CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) u (o)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[u.o]
  JOIN pg_catalog.pg_opclass c ON c.oid = i.indclass[u.o]
  JOIN pg_catalog.pg_type k ON k.oid = c.opcintype
  JOIN pg_catalog.pg_amop o ON o.amopfamily = c.opcfamily AND o.amoplefttype = c.opcintype AND o.amoprighttype = c.opcintype
    AND o.amopstrategy = 3                      -- a unique index is a btree
  JOIN pg_catalog.pg_operator p ON p.oid = o.amopopr
  JOIN pg_catalog.pg_namespace s ON s.oid = p.oprnamespace
  WHERE i.indexrelid = xbb._sync_key_index(def)
$$;

-- May the caller do to the target what a run does?
CREATE FUNCTION xbb._sync_check_rights(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  privilege pg_catalog.text;
BEGIN
  FOREACH privilege IN ARRAY array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] LOOP
    IF NOT pg_catalog.has_table_privilege(def.target, privilege) THEN
      RAISE EXCEPTION 'no right to % target %', pg_catalog.lower(privilege), def.target
        USING ERRCODE = 'insufficient_privilege';
    END IF;
  END LOOP;
END
$$;

-- Can the target take what the view holds?  This reads nothing.
CREATE FUNCTION xbb._sync_check_target(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item pg_catalog.record;
  fits boolean;
BEGIN
  IF def.target = def.source THEN
    RAISE EXCEPTION 'source and target are both %', def.target
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Name the target: target => ''...''.';
  END IF;
  IF (SELECT c.relkind NOT IN ('r', 'p') FROM pg_catalog.pg_class c WHERE c.oid = def.target) THEN
    RAISE EXCEPTION 'target % is not a table', def.target
      USING ERRCODE = 'wrong_object_type',
            HINT = 'Name the target: target => ''...''.';
  END IF;
  IF (SELECT c.relpersistence = 't' FROM pg_catalog.pg_class c WHERE c.oid = def.target) THEN
    RAISE EXCEPTION 'target % is a temporary table', def.target
      USING ERRCODE = 'wrong_object_type', HINT = 'It would be gone with this session.';
  END IF;
  PERFORM xbb._sync_check_rights(def);
  PERFORM xbb._sync_check_owner('target', def.target);
  FOR item IN SELECT * FROM (VALUES ('data_id', 'bigint'), ('update_time', 'timestamp with time zone')) v (name, type)
              WHERE NOT xbb._sync_is_list(def.source)
              UNION ALL SELECT 'deleted_at', 'timestamp with time zone' WHERE def.delete_mode = 'mark'
              UNION ALL SELECT def.stamp, 'timestamp with time zone' WHERE def.stamp IS NOT NULL LOOP
    SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) = item.type INTO fits
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = def.target AND a.attname = item.name AND NOT a.attisdropped;
    IF fits IS NOT TRUE THEN
      RAISE EXCEPTION 'target % must have a column % of type %', def.target, item.name, item.type
        USING ERRCODE = 'datatype_mismatch',
              HINT = CASE WHEN fits IS NULL THEN pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s;', def.target, item.name, item.type)
                          WHEN item.type = 'bigint' THEN pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint;', def.target, item.name)
                          ELSE xbb._sync_retype_time(def.target, item.name, def.source) END;
    END IF;
  END LOOP;
  -- a scope that was forgotten is no key that is missing
  PERFORM xbb._sync_check_rival(def);
  PERFORM xbb._sync_key_index(def);
  PERFORM xbb._sync_check_zone(def);
  PERFORM xbb._sync_check_types(def);
  -- all else that INSERT sees
  EXECUTE pg_catalog.format('EXPLAIN INSERT INTO %s (%s) SELECT * FROM pg_temp.xbb_sync_view', def.target,
                            xbb._sync_list(def.target_columns, '%1$I'));
END
$$;

-- The types of the columns that a sync reads and writes, as a text.
CREATE FUNCTION xbb._sync_types(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', '
                               ORDER BY a.attrelid = (def).target, a.attnum)
  FROM pg_catalog.pg_attribute a
  WHERE a.attnum > 0 AND NOT a.attisdropped
    AND (a.attrelid = (def).source AND a.attname = ANY ((def).source_columns) OR
         a.attrelid = (def).target AND a.attname = ANY ((def).target_columns))
$$;

-- Before a run: are the tables those that were meant, is nobody else their owner, and, where
-- types have changed, do they fit still?  The expressions are read again for that, and where
-- a restore has read them from a dump: "looked" then, and the target is locked.
CREATE FUNCTION xbb._sync_check_again(INOUT def xbb.sync_definition, OUT looked boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_new boolean;
  missing pg_catalog.text;
  again xbb.sync_definition;
  propagate pg_catalog.text;
  scope pg_catalog.jsonb;
BEGIN
  IF NOT def.confirmed THEN
    PERFORM xbb._sync_ask_to_read(def, 'Another role has restored it, or given it away.');
  END IF;
  PERFORM xbb._sync_check_places(def);
  PERFORM xbb._sync_check_function(def);
  PERFORM xbb._sync_check_owner('source', def.source);
  PERFORM xbb._sync_check_owner('target', def.target);
  PERFORM xbb._sync_seen(def.id, NULL);
  is_new := xbb._sync_meant(def.id, xbb._sync_means(def.source));
  IF is_new THEN
    def := xbb._sync_get_again(def.id);
  END IF;
  scope := xbb._sync_check_scope_again(def);
  looked := NOT xbb._sync_is_read(def) OR scope IS DISTINCT FROM def.scope;
  IF scope IS DISTINCT FROM def.scope THEN
    def.scope := scope;
    PERFORM xbb._sync_update(def);
  END IF;
  IF NOT looked THEN
    PERFORM xbb._sync_check_rights(def);
    -- what was written is committed before the API is asked, too
    looked := is_new;
    RETURN;
  END IF;
  SELECT u.c INTO missing FROM pg_catalog.unnest(def.target_columns) WITH ORDINALITY u (c, o)
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                    WHERE a.attrelid = def.target AND a.attname = u.c AND a.attnum > 0 AND NOT a.attisdropped)
  ORDER BY u.o LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'target % has no column % any more', def.target, pg_catalog.quote_ident(missing)
      USING ERRCODE = 'undefined_column',
            HINT = xbb._sync_missing_hint(def, missing);
  END IF;
  PERFORM xbb._sync_check_source(def);
  propagate := xbb._sync_propagate('off');
  again := def;
  again.columns := xbb._sync_named(def);
  BEGIN
    again := xbb._sync_transformation(again);
  EXCEPTION WHEN undefined_column THEN
    RAISE EXCEPTION 'source % has no longer what sync % reads', def.source, pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'undefined_column', DETAIL = SQLERRM,
            HINT = pg_catalog.format('SELECT xbb.alter_sync(%L, columns => ...); names another expression.', def.name);
  END;
  PERFORM xbb._sync_check_names(def);
  PERFORM xbb._sync_check_target(again);
  DROP VIEW pg_temp.xbb_sync_view;
  PERFORM xbb._sync_propagate(propagate);
  again.columns := def.columns;
  again.types := xbb._sync_types(again);
  PERFORM xbb._sync_seen(def.id, again.types);
  PERFORM xbb._sync_columns(def.id, again.target_columns, again.source_columns);
  PERFORM xbb._sync_bind(def.id);
  def := again;
END
$$;
