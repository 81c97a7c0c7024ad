CREATE FUNCTION xbb._sync_add(a xbb._sync_counts, b xbb._sync_counts) RETURNS xbb._sync_counts
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT coalesce((a).rows_read, 0) + coalesce((b).rows_read, 0), coalesce((a).inserted, 0) + coalesce((b).inserted, 0),
         coalesce((a).updated, 0) + coalesce((b).updated, 0), coalesce((a).unchanged, 0) + coalesce((b).unchanged, 0),
         coalesce((a).rejected, 0) + coalesce((b).rejected, 0), coalesce((a).deleted, 0) + coalesce((b).deleted, 0);
END;

-- The staged records "first" to "last" as they go into the target: how many.
CREATE FUNCTION xbb._sync_transform(def xbb.sync_definition, first bigint, last bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  transformed bigint;
  loaded_before bigint;
BEGIN
  TRUNCATE pg_temp.xbb_sync_new;
  -- one INSERT each, so that types are made the target's as INSERT makes them
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.xbb_sync_new (%s, "#n") SELECT %s, s."#n" FROM pg_temp.xbb_sync_stage s, %s
     WHERE s."#n" OPERATOR(pg_catalog.>=) $1 AND s."#n" OPERATOR(pg_catalog.<=) $2 AND s."#loaded" IS NULL',
    xbb._sync_list(def.target_columns, '%1$I'), xbb._sync_list(def.target_columns, 'r.%1$I'), xbb._sync_transformed(def))
  USING first, last;
  GET DIAGNOSTICS transformed = ROW_COUNT;
  PERFORM xbb._sync_path();
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.xbb_sync_new (%s, "#n")
     SELECT %s, "#n" FROM pg_temp.xbb_sync_stage s, pg_catalog.jsonb_populate_record(NULL::%s, s."#loaded") r
     WHERE "#n" BETWEEN $1 AND $2 AND "#loaded" IS NOT NULL',
    xbb._sync_list(def.target_columns, '%1$I'), xbb._sync_list(def.target_columns, 'r.%1$I'), def.target)
  USING first, last;
  GET DIAGNOSTICS loaded_before = ROW_COUNT;
  transformed := transformed + loaded_before;
  RETURN transformed;
END
$$;

-- Of several new records with one key the newest wins; the others are set aside, and
-- those without a key: how many.
CREATE FUNCTION xbb._sync_drop_doubles(def xbb.sync_definition, run bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rejected bigint := 0;
  item pg_catalog.record;
BEGIN
  FOR item IN EXECUTE pg_catalog.format(
    'DELETE FROM pg_temp.xbb_sync_new n
     USING (SELECT "#n", %2$s AS no_key,
                   pg_catalog.first_value(data_id) OVER w AS winner, pg_catalog.row_number() OVER w AS place
            FROM pg_temp.xbb_sync_new
            WINDOW w AS (PARTITION BY %1$s ORDER BY update_time DESC NULLS LAST, data_id DESC)) p
     WHERE p."#n" = n."#n" AND (p.place > 1 OR p.no_key)
     RETURNING n."#n" AS n, n.data_id, p.no_key, p.winner',
    xbb._sync_list(def.key, '%1$I'), xbb._sync_list(def.key, '%1$I IS NULL', ' OR '))
  LOOP
    PERFORM xbb._sync_set_aside(def, run, item.n, CASE WHEN item.no_key THEN 'null key' ELSE 'duplicate key' END, NULL,
                                CASE WHEN item.no_key THEN 'the key is null'
                                     ELSE xbb._sync_rival_error(item.winner) END);
    rejected := rejected + 1;
  END LOOP;
  RETURN rejected;
END
$$;

-- What tells that a record was set aside for another one, "rival", with its key.
CREATE FUNCTION xbb._sync_rival_error(rival bigint) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.format('record %s has the same key and is newer', rival);

-- A record whose key has changed leaves its old place; then, of a new and a stored
-- record with one key, the newer wins, and any against one that is marked as gone.
CREATE FUNCTION xbb._sync_make_room(def xbb.sync_definition, run bigint, OUT moved bigint[], OUT rejected bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  same_key pg_catalog.text := xbb._sync_same_key(def);
  target pg_catalog.text := xbb._sync_place(def.target);
  own_rows pg_catalog.text := xbb._sync_own_rows(def);
  pushed_out bigint;
  item pg_catalog.record;
BEGIN
  moved := '{}';
  rejected := 0;
  IF def.key = '{data_id}' THEN
    RETURN;
  END IF;
  EXECUTE pg_catalog.format(
    'DELETE FROM pg_temp.xbb_sync_new n USING %s t
     WHERE t.data_id = n.data_id AND %s AND NOT (%s) AND n.update_time < t.update_time', def.target, own_rows, same_key);
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE pg_catalog.format(
    'WITH d AS (DELETE FROM %s t USING pg_temp.xbb_sync_new n
                WHERE t.data_id OPERATOR(pg_catalog.=) n.data_id AND %s AND NOT (%s) RETURNING t.data_id)
     SELECT coalesce(pg_catalog.array_agg(d.data_id), ''{}'') FROM d', target, own_rows, same_key) INTO moved;
  PERFORM xbb._sync_path();
  FOR item IN EXECUTE pg_catalog.format(
    'DELETE FROM pg_temp.xbb_sync_new n USING %s t
     WHERE %s AND t.data_id <> n.data_id AND %s
       AND (coalesce(t.update_time, ''-infinity''), t.data_id) > (coalesce(n.update_time, ''-infinity''), n.data_id)
     RETURNING n."#n" AS n, t.data_id AS winner', def.target, same_key, xbb._sync_alive_rows(def))
  LOOP
    PERFORM xbb._sync_set_aside(def, run, item.n, 'duplicate key', NULL, xbb._sync_rival_error(item.winner));
    rejected := rejected + 1;
  END LOOP;
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.count(xbb._sync_reject_put($4, ROW($1, $2, t.data_id, t.update_time, ''duplicate key'', NULL,
       xbb._sync_rival_error(n.data_id), pg_catalog.row_to_json(t), NULL, pg_catalog.to_jsonb(t), $3, NULL)::xbb.sync_reject))
     FROM %s t JOIN pg_temp.xbb_sync_new n ON %s
     WHERE t.data_id <> n.data_id AND %s', def.target, same_key, xbb._sync_alive_rows(def))
  INTO pushed_out USING def.name, def.owner, run, def.id;
  rejected := rejected + pushed_out;
END
$$;

-- Writes what is new or differs; what is the same is not written.  Of the inserted,
-- those that have moved count as updated.
CREATE FUNCTION xbb._sync_write(def xbb.sync_definition, moved bigint[], OUT inserted bigint, OUT updated bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  same_key pg_catalog.text := xbb._sync_same_key(def);
  target pg_catalog.text := xbb._sync_place(def.target);
  alive pg_catalog.text := CASE WHEN def.delete_mode = 'mark' THEN ', deleted_at = NULL' ELSE '' END;
  was_gone pg_catalog.text := CASE WHEN def.delete_mode = 'mark' THEN ' OR t.deleted_at IS NOT NULL' ELSE '' END;
  moved_back bigint;
BEGIN
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE pg_catalog.format(
    'UPDATE %s t SET %s%s FROM pg_temp.xbb_sync_new n
     WHERE %s AND (t.data_id OPERATOR(pg_catalog.<>) n.data_id OR coalesce(n.update_time OPERATOR(pg_catalog.>=) t.update_time, true))
       AND (pg_catalog.record_image_ne(ROW(%s), ROW(%s))%s)', target,
    xbb._sync_list(def.target_columns, '%1$I = n.%1$I'), alive, same_key,
    xbb._sync_list(def.target_columns, 't.%1$I'), xbb._sync_list(def.target_columns, 'n.%1$I'), was_gone);
  GET DIAGNOSTICS updated = ROW_COUNT;
  EXECUTE pg_catalog.format(
    'WITH i AS (INSERT INTO %s (%s) SELECT %s FROM pg_temp.xbb_sync_new n
                WHERE NOT EXISTS (SELECT FROM %s t WHERE %s) RETURNING data_id)
     SELECT pg_catalog.count(*) FILTER (WHERE i.data_id OPERATOR(pg_catalog.<>) ALL ($1)),
            pg_catalog.count(*) FILTER (WHERE i.data_id OPERATOR(pg_catalog.=) ANY ($1)) FROM i',
    target, xbb._sync_list(def.target_columns, '%1$I'), xbb._sync_list(def.target_columns, 'n.%1$I'), target, same_key)
  INTO inserted, moved_back USING moved;
  PERFORM xbb._sync_path();
  updated := updated + moved_back;
END
$$;

-- Brings the staged records "first" to "last" into the target, all or (by an
-- error) none.  A record whose key another, newer one has is set aside.
CREATE FUNCTION xbb._sync_apply(def xbb.sync_definition, run bigint, first bigint, last bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts xbb._sync_counts := ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  room pg_catalog.record;
  written pg_catalog.record;
BEGIN
  SET CONSTRAINTS ALL IMMEDIATE;
  counts.rows_read := xbb._sync_transform(def, first, last);
  counts.rejected := xbb._sync_drop_doubles(def, run);
  room := xbb._sync_make_room(def, run);
  counts.rejected := counts.rejected + room.rejected;
  written := xbb._sync_write(def, room.moved);
  counts.inserted := written.inserted;
  counts.updated := written.updated;
  -- what was set aside once and is in the target now
  PERFORM xbb._sync_reject_drop(def.id, (
    SELECT pg_catalog.array_agg(r.data_id) FROM xbb.sync_reject r JOIN pg_temp.xbb_sync_new n ON n.data_id = r.data_id
    WHERE r.owner = def.owner AND r.sync = def.name));
  counts.unchanged := (SELECT pg_catalog.count(*) FROM pg_temp.xbb_sync_new) - counts.updated - counts.inserted;
  RETURN counts;
END
$$;

-- The same, but what fails is halved until the bad record stands alone.
CREATE FUNCTION xbb._sync_apply_or_halve(def xbb.sync_definition, run bigint, first bigint, last bigint)
RETURNS xbb._sync_counts LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts xbb._sync_counts;
  failed_state pg_catalog.text;
  failed_message pg_catalog.text;
  middle bigint := (first + last) / 2;
BEGIN
  IF first > last THEN
    RETURN ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  END IF;
  BEGIN
    RETURN xbb._sync_apply(def, run, first, last);
  EXCEPTION
    -- what a record can be blamed for; all else ends the run
    WHEN data_exception OR integrity_constraint_violation OR cardinality_violation OR plpgsql_error
      OR external_routine_exception OR with_check_option_violation THEN
      GET STACKED DIAGNOSTICS failed_state = RETURNED_SQLSTATE, failed_message = MESSAGE_TEXT;
  END;
  IF first = last THEN
    PERFORM xbb._sync_set_aside(def, run, first,
      CASE WHEN failed_state LIKE '23%' THEN 'constraint' ELSE 'expression' END, failed_state, failed_message);
    PERFORM xbb._sync_limit_rejects(def, run, failed_message);
    RETURN ROW(1, 0, 0, 0, 1, 0)::xbb._sync_counts;
  END IF;
  counts := xbb._sync_apply_or_halve(def, run, first, middle);
  RETURN xbb._sync_add(counts, xbb._sync_apply_or_halve(def, run, middle + 1, last));
END
$$;

-- Brings all that is staged into the target.  A record that a run sets aside twice counts
-- once, and one that it sets aside and loads later not at all.
CREATE FUNCTION xbb._sync_load(def xbb.sync_definition, run bigint, staged bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before bigint := (SELECT pg_catalog.count(*) FROM xbb.sync_reject r
                    WHERE r.owner = def.owner AND r.sync = def.name AND r.run = $2);
  unread bigint := xbb._sync_set_unread_aside(def, run);
  counts xbb._sync_counts := xbb._sync_apply_or_halve(def, run, 1, staged);
BEGIN
  counts.rows_read := counts.rows_read + unread;
  counts.rejected := (SELECT pg_catalog.count(*) FROM xbb.sync_reject r
                      WHERE r.owner = def.owner AND r.sync = def.name AND r.run = $2) - before;
  PERFORM xbb._sync_limit_rejects(def, run,
    (SELECT pg_catalog.max(r.error) FROM xbb.sync_reject r
     WHERE r.owner = def.owner AND r.sync = def.name AND r.run = $2));
  RETURN counts;
END
$$;
