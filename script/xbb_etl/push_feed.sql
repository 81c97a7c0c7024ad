-- Is what is read by its marks marked at all?  A table that was made anew under its old name has no trigger, and one
-- that is disabled marks nothing: nothing would be new for ever.
CREATE FUNCTION xbb._push_check_feed(def xbb.push_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  source constant pg_catalog.text := xbb._sync_place(def.source);
  disabled pg_catalog.regclass[];
BEGIN
  IF def.feed <> 'trigger' THEN
    RETURN;
  END IF;
  -- those of the partitions are its clones
  SELECT pg_catalog.array_agg(t.tgrelid ORDER BY t.tgrelid) FILTER (WHERE t.tgenabled = 'D') INTO disabled
  FROM pg_catalog.pg_trigger t
  WHERE t.tgfoid = 'xbb._push_mark()'::pg_catalog.regprocedure AND t.tgname = pg_catalog.format('xbb_push_%s', def.id)::pg_catalog.name
    AND (t.tgrelid = def.source OR t.tgrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(def.source) p))
  HAVING pg_catalog.bool_or(t.tgrelid = def.source);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'table % has no trigger any more that marks its changes for push %', source, pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'It was dropped, or the table was made anew.',
            HINT = pg_catalog.format('SELECT xbb.alter_push(%L, source => %L); makes one, and the next run reads all rows.', def.name, source);
  ELSIF disabled IS NOT NULL THEN
    RAISE EXCEPTION 'the trigger of table % that marks its changes for push % is disabled', xbb._sync_place(disabled[1]), pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'What changes meanwhile is not marked.',
            HINT = pg_catalog.format('SELECT xbb.alter_push(%L, source => %L); makes it anew, and the next run reads all rows.', def.name, source);
  END IF;
END
$$;
