-- Syncs for all that IMPORT FOREIGN SCHEMA made.

-- The foreign tables of a schema that are lists of their own: neither a part of another one, nor a recycle bin.
CREATE FUNCTION xbb._syncs_sources(schema pg_catalog.name, OUT source pg_catalog.oid, OUT name pg_catalog.name)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.ftrelid, c.relname
  FROM pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_class c ON c.oid = t.ftrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  WHERE n.nspname = schema AND w.fdwname = 'xbb_fdw' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_options_to_table(t.ftoptions) o
    WHERE o.option_name = 'conditions' OR o.option_name = 'params' AND o.option_value::pg_catalog.jsonb ? 'del')
  ORDER BY c.relname
$$;

-- What the CRM itself asks of the fields that foreign tables read, as far as their forms may be seen.
CREATE FUNCTION xbb._syncs_fields(
  sources pg_catalog.oid[], OUT source pg_catalog.oid, OUT problem pg_catalog.text, OUT name pg_catalog.name,
  OUT required boolean, OUT is_unique boolean)
RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  WITH server AS (
    SELECT DISTINCT s.srvname AS name FROM pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
    WHERE t.ftrelid = ANY (sources) AND EXISTS (
      SELECT FROM pg_catalog.pg_attribute a, pg_catalog.pg_options_to_table(a.attfdwoptions) o
      WHERE a.attrelid = t.ftrelid AND o.option_name = 'label')),
  form AS (
    SELECT v.name AS server, f.form_id, f.object, pg_catalog.count(*) OVER (PARTITION BY v.name, f.object) AS alike
    FROM server v, xbb.forms(v.name) f),
  reads AS (
    SELECT f.server, f.form_id, t.relation
    FROM server v CROSS JOIN LATERAL xbb._drift_tables(v.name) t
    JOIN form f ON f.server = v.name AND f.object = t.object AND (f.form_id = t.form_id OR t.form_id IS NULL AND f.alike = 1)
    WHERE t.imported AND t.relation = ANY (sources)),
  field AS (
    SELECT i.server, c.* FROM (SELECT r.server, pg_catalog.array_agg(DISTINCT r.form_id) AS ids FROM reads r GROUP BY r.server) i,
      xbb._form_columns(i.server, i.ids) c)
  SELECT r.relation, f.problem, a.attname, f.required, f.is_unique
  FROM reads r JOIN field f ON f.server = r.server AND f.form_id = r.form_id
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.relation AND a.attnum > 0 AND NOT a.attisdropped
    AND xbb._column_attr(r.relation, a.attnum) = f.attr
  WHERE f.problem IS NOT NULL OR a.attname IS NOT NULL
  ORDER BY r.relation, a.attnum
$$;

-- The same by table and column: {"required": ..., "unique": ...}.  What cannot be read is told, and is an error
-- where it "has_to" be.
CREATE FUNCTION xbb._syncs_rules(sources pg_catalog.oid[], has_to boolean) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  field pg_catalog.record;
  rules pg_catalog.jsonb := '{}';
  problem pg_catalog.text;
BEGIN
  FOR field IN SELECT f.* FROM xbb._syncs_fields(sources) f LOOP
    IF field.problem IS NOT NULL THEN
      RAISE WARNING 'what the CRM asks of the fields of % could not be read', field.source::pg_catalog.regclass
        USING DETAIL = field.problem;
    ELSE
      rules := rules || pg_catalog.jsonb_build_object(field.source, coalesce(rules -> field.source::pg_catalog.text, '{}')
        || pg_catalog.jsonb_build_object(field.name, pg_catalog.jsonb_build_object('required', field.required, 'unique', field.is_unique)));
    END IF;
  END LOOP;
  RETURN rules;
EXCEPTION WHEN OTHERS THEN
  IF has_to THEN
    RAISE;
  END IF;
  GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
  RAISE WARNING 'what the CRM asks of the fields of its forms could not be read' USING DETAIL = problem;
  RETURN '{}';
END
$$;

-- What people call the fields, and what the CRM asks of them, as comments of the copy's columns.
CREATE FUNCTION xbb._syncs_comment(source pg_catalog.oid, target pg_catalog.regclass, rules pg_catalog.jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  field pg_catalog.record;
BEGIN
  FOR field IN
    SELECT a.attname AS name, nullif(o.option_value, '') AS label,
           nullif(pg_catalog.concat_ws(', ', CASE WHEN (r.rule -> 'required')::boolean THEN 'required' END,
                                       CASE WHEN (r.rule -> 'unique')::boolean THEN 'unique in the CRM' END), '') AS rules
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attribute b ON b.attrelid = target AND b.attname = a.attname,
         pg_catalog.pg_options_to_table(a.attfdwoptions) o, LATERAL (SELECT rules -> a.attname::pg_catalog.text) r (rule)
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped AND NOT b.attisdropped AND o.option_name = 'label'
  LOOP
    EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', target, field.name,
                              nullif(pg_catalog.concat_ws(' ', field.label, '(' || field.rules || ')'), ''));
  END LOOP;
END
$$;

-- Has the copy refuse new records without a value in a field that the CRM wants one in: not in what lists may leave
-- out (jsonb).
CREATE FUNCTION xbb._syncs_check(target pg_catalog.regclass, rules pg_catalog.jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  field pg_catalog.record;
BEGIN
  FOR field IN
    SELECT a.attname AS name,
           CASE WHEN pg_catalog.octet_length(a.attname) > 54 THEN pg_catalog.format('required_%s', a.attnum)
                ELSE a.attname || '_required' END AS rule
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull
      AND a.atttypid <> 'pg_catalog.jsonb'::pg_catalog.regtype AND (rules -> a.attname::pg_catalog.text -> 'required')::boolean
    ORDER BY a.attnum
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = target AND c.conname = field.rule);
    EXECUTE pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IS NOT NULL) NOT VALID', target, field.rule, field.name);
  END LOOP;
END
$$;

-- One of many: an error says of which.
CREATE FUNCTION xbb._syncs_create_one(source pg_catalog.regclass, sync pg_catalog.text, place pg_catalog.text, path pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  failure xbb._sync_failure;
BEGIN
  PERFORM xbb._sync_create(pg_catalog.jsonb_populate_record(NULL::xbb.sync_definition, pg_catalog.jsonb_build_object(
    'name', sync, 'source', source::pg_catalog.oid::pg_catalog.text, 'key', '{data_id}'::pg_catalog.text[], 'overlap', '1 hour',
    'reject_limit', 1000, 'delete_mode', 'ignore', 'enabled', true)), place, path);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
    failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT;
  RAISE EXCEPTION 'no sync of %: %', source, failure.message
    USING ERRCODE = failure.sqlstate,
          DETAIL = coalesce(nullif(failure.detail, ''), pg_catalog.format('It was to be called %I, and its target is %s.', sync, place)),
          HINT = coalesce(nullif(failure.hint, ''), pg_catalog.format(
            'SELECT xbb.create_sync(%L, source => %L, target => ...); makes it by hand: what has a sync is left out here.', sync, source));
END
$$;

CREATE FUNCTION xbb._syncs_create(
  from_schema pg_catalog.name, into_schema pg_catalog.name, checks boolean, path pg_catalog.text,
  OUT sync pg_catalog.text, OUT source pg_catalog.regclass, OUT target pg_catalog.regclass)
RETURNS SETOF record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found pg_catalog.record;
  place pg_catalog.text;
  sources constant pg_catalog.oid[] := ARRAY(
    SELECT s.source FROM xbb._syncs_sources(from_schema) s
    WHERE NOT EXISTS (SELECT FROM xbb.sync_definition d WHERE d.source = s.source AND d.owner_name = current_user));
  rules constant pg_catalog.jsonb := xbb._syncs_rules(sources, checks);
BEGIN
  FOR found IN SELECT s.source, s.name FROM xbb._syncs_sources(from_schema) s WHERE s.source = ANY (sources) LOOP
    place := pg_catalog.format('%I.%I', into_schema, found.name);
    sync := found.name;
    IF EXISTS (SELECT FROM xbb.sync_definition d WHERE d.name = found.name AND d.owner_name = current_user) THEN
      sync := into_schema || '.' || found.name;
    END IF;
    PERFORM xbb._syncs_create_one(found.source, sync, place, path);
    source := found.source;
    target := place::pg_catalog.regclass;
    PERFORM xbb._syncs_comment(source, target, rules -> found.source::pg_catalog.text);
    IF checks THEN
      PERFORM xbb._syncs_check(target, rules -> found.source::pg_catalog.text);
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

CREATE FUNCTION xbb.create_syncs(
  from_schema pg_catalog.name, into_schema pg_catalog.name, checks boolean DEFAULT false,
  OUT sync pg_catalog.text, OUT source pg_catalog.regclass, OUT target pg_catalog.regclass)
RETURNS SETOF record LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE BEGIN ATOMIC
  SELECT c.sync, c.source, c.target FROM xbb._syncs_create(from_schema, into_schema, checks, pg_catalog.current_setting('search_path')) c;
END;
COMMENT ON FUNCTION xbb.create_syncs(name, name, boolean) IS
  'a table and a sync for each foreign table of a schema that has none of this role yet';

CREATE FUNCTION xbb.drop_syncs(into_schema pg_catalog.name) RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found pg_catalog.record;
  done integer := 0;
BEGIN
  FOR found IN
    SELECT d.name FROM xbb.sync_definition d JOIN pg_catalog.pg_class c ON c.oid = d.target
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = into_schema AND d.owner_name = current_user ORDER BY d.name
  LOOP
    PERFORM xbb.drop_sync(found.name);
    done := done + 1;
  END LOOP;
  RETURN done;
END
$$;
COMMENT ON FUNCTION xbb.drop_syncs(name) IS 'forgets this role''s syncs into the tables of a schema, which stay; how many';
