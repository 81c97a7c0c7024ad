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

-- What people call the fields, as comments of the copy's columns.
CREATE FUNCTION xbb._syncs_comment(source pg_catalog.oid, target pg_catalog.regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  field pg_catalog.record;
BEGIN
  FOR field IN
    SELECT a.attname AS name, o.option_value AS label
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attribute b ON b.attrelid = target AND b.attname = a.attname,
         pg_catalog.pg_options_to_table(a.attfdwoptions) o
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped AND NOT b.attisdropped AND o.option_name = 'label'
  LOOP
    EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', target, field.name, field.label);
  END LOOP;
END
$$;

CREATE FUNCTION xbb._syncs_create(
  from_schema pg_catalog.name, into_schema pg_catalog.name, path pg_catalog.text,
  OUT sync pg_catalog.text, OUT source pg_catalog.regclass, OUT target pg_catalog.regclass)
RETURNS SETOF record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found pg_catalog.record;
  place pg_catalog.text;
BEGIN
  FOR found IN SELECT s.source, s.name FROM xbb._syncs_sources(from_schema) s LOOP
    CONTINUE WHEN EXISTS (SELECT FROM xbb.sync_definition d WHERE d.source = found.source AND d.owner_name = current_user);
    place := pg_catalog.format('%I.%I', into_schema, found.name);
    sync := found.name;
    IF EXISTS (SELECT FROM xbb.sync_definition d WHERE d.name = found.name AND d.owner_name = current_user) THEN
      sync := into_schema || '.' || found.name;
    END IF;
    PERFORM xbb._sync_create(pg_catalog.jsonb_populate_record(NULL::xbb.sync_definition, pg_catalog.jsonb_build_object(
      'name', sync, 'source', found.source::pg_catalog.text, 'key', '{data_id}'::pg_catalog.text[], 'overlap', '1 hour',
      'reject_limit', 1000, 'delete_mode', 'ignore', 'enabled', true)), place, path);
    source := found.source;
    target := place::pg_catalog.regclass;
    PERFORM xbb._syncs_comment(source, target);
    RETURN NEXT;
  END LOOP;
END
$$;

CREATE FUNCTION xbb.create_syncs(
  from_schema pg_catalog.name, into_schema pg_catalog.name,
  OUT sync pg_catalog.text, OUT source pg_catalog.regclass, OUT target pg_catalog.regclass)
RETURNS SETOF record LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE BEGIN ATOMIC
  SELECT c.sync, c.source, c.target FROM xbb._syncs_create(from_schema, into_schema, pg_catalog.current_setting('search_path')) c;
END;
COMMENT ON FUNCTION xbb.create_syncs(name, name) IS
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
