-- A copy of a database asks nothing and loads nothing by itself: a run there is an error, so
-- that who restored a production sees it, too.  Where a failover may go, it goes on.
CREATE FUNCTION xbb._sync_check_active(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT def.active THEN
    RAISE EXCEPTION 'sync % is inactive, as this is a copy of the database where it ran', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'The owner of the database lets the syncs run here by: SELECT xbb.activate();';
  END IF;
  PERFORM xbb._place_follow();
END
$$;

-- Lets the syncs and pushes run here, and after a failover at the places named: 'host', or
-- 'host:data directory'.  NULL leaves these as they are.
CREATE FUNCTION xbb.activate(places pg_catalog.text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place pg_catalog.record;
  item pg_catalog.record;
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.unnest(places) u (place) WHERE coalesce(u.place, '') = '') THEN
    RAISE EXCEPTION 'a place must be the name of a host, or host:data_directory' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT xbb._place_activate(places) THEN
    RAISE EXCEPTION 'only the owner of the database and superusers may activate its syncs and pushes'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT p.host, p.directory, p.places INTO place FROM xbb._place p;
  RAISE NOTICE 'the syncs and pushes of this database run at %:% now, after a failover %', place.host, place.directory,
    CASE WHEN place.places = '{}' THEN 'nowhere' ELSE pg_catalog.concat('at ', pg_catalog.array_to_string(place.places, ', ')) END;
  FOR item IN SELECT d.name, d.owner_name, p.problem, p.remedy
              FROM xbb._sync_all d, xbb._sync_problem(ROW(d.*)::xbb.sync_definition) p
              WHERE p.problem IS NOT NULL ORDER BY d.owner_name, d.name LOOP
    RAISE WARNING 'sync % of %: %', pg_catalog.quote_ident(item.name), pg_catalog.quote_ident(item.owner_name), item.problem
      USING HINT = item.remedy;
  END LOOP;
  FOR item IN SELECT d.name, d.owner_name, p.problem, p.remedy
              FROM xbb._push_all d, xbb._push_problem(ROW(d.*)::xbb.push_definition) p
              WHERE p.problem IS NOT NULL ORDER BY d.owner_name, d.name LOOP
    RAISE WARNING 'push % of %: %', pg_catalog.quote_ident(item.name), pg_catalog.quote_ident(item.owner_name), item.problem
      USING HINT = item.remedy;
  END LOOP;
END
$$;
COMMENT ON FUNCTION xbb.activate(text[]) IS
  'lets the syncs and pushes of a restored or copied database run, here and where a failover may go';

-- What can be done where the target has a column no more: it is gone, or it is called otherwise.
CREATE FUNCTION xbb._sync_missing_hint(def xbb.sync_definition, missing pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('SELECT xbb.alter_sync(%1$L, columns => %2$L); loads it no more. '
                           'Was it renamed: SELECT xbb.alter_sync(%1$L, columns => %3$L);', ($1).name, pg_catalog.jsonb_build_object($2, NULL),
    pg_catalog.jsonb_build_object($2, NULL, coalesce(n.name, 'new_name'), coalesce(xbb._sync_named($1) ->> $2, pg_catalog.quote_ident($2))))
  -- the only one that is not loaded
  FROM (SELECT CASE WHEN pg_catalog.count(*) = 1 THEN pg_catalog.min(a.attname::pg_catalog.text) END AS name FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = ($1).target AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
          AND a.attname <> ALL (($1).target_columns) AND a.attname <> 'deleted_at' AND a.attname IS DISTINCT FROM ($1).stamp) n
$$;
