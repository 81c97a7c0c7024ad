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

-- What was sent and will be again, as it differs: said before it leaves, as it may be by mistake.
CREATE FUNCTION xbb._push_tell_again(def xbb.push_definition, again bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE NOTICE 'push % sends % again, which % from what was sent', pg_catalog.quote_ident(def.name), xbb._push_records(again),
    CASE WHEN again = 1 THEN 'differs' ELSE 'differ' END USING
    HINT = pg_catalog.format('If the target is to keep what it has: SELECT xbb.alter_push(%L, resend => false); before the push runs.', def.name);
END
$$;

-- Reads the source and tells in a run's words if all of many records that were sent differ: by their form, most likely.
CREATE FUNCTION xbb._push_read_all(def xbb.push_definition) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts constant bigint[] := xbb._push_read(def, true);
BEGIN
  PERFORM xbb._push_tell_again(def, counts[2]) WHERE counts[2] >= 10 AND counts[3] = 0;
  RETURN counts[1];
END
$$;

-- What becomes of the records that the target has, once their source or form has changed: they are sent again, and how
-- many are is told; or they count as what their rows are now.
CREATE FUNCTION xbb._push_resend(def xbb.push_definition, resend boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts bigint[];
BEGIN
  IF NOT resend THEN
    counts := xbb._push_read(def, false, true);
    RAISE NOTICE 'push %: % that the target has % now', pg_catalog.quote_ident(def.name), xbb._push_records(counts[1]),
      CASE WHEN counts[1] = 1 THEN 'counts as its row is' ELSE 'count as their rows are' END;
    RETURN;
  END IF;
  BEGIN
    counts := xbb._push_read(def, true);
    RAISE EXCEPTION 'rolled back' USING ERRCODE = 'XB001';
  EXCEPTION
    WHEN SQLSTATE 'XB001' THEN
      PERFORM xbb._push_tell_again(def, counts[2]) WHERE counts[2] > 0;
    WHEN OTHERS THEN
      -- the next run tells
      RETURN;
  END;
END
$$;
