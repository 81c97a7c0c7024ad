CREATE FUNCTION xbb._sync_add(a xbb._sync_counts, b xbb._sync_counts) RETURNS xbb._sync_counts
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(a.rows_read, 0) + coalesce(b.rows_read, 0), coalesce(a.inserted, 0) + coalesce(b.inserted, 0),
         coalesce(a.updated, 0) + coalesce(b.updated, 0), coalesce(a.unchanged, 0) + coalesce(b.unchanged, 0),
         coalesce(a.rejected, 0) + coalesce(b.rejected, 0), coalesce(a.deleted, 0) + coalesce(b.deleted, 0)
$$;

-- Brings the staged records "first" to "last" into the target, all or (by an
-- error) none.  A record whose key another, newer one has is set aside.
CREATE FUNCTION xbb._sync_apply(def xbb.sync_definition, run bigint, first bigint, last bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql AS $$
DECLARE
  same_key text := xbb._sync_list(def.key, 't.%1$I = n.%1$I', ' AND ');
  names text := xbb._sync_list(def.target_columns, '%1$I');
  counts xbb._sync_counts;
  moved bigint[];
  moved_back bigint;
  pushed_out bigint;
  item record;
BEGIN
  counts := ROW(0, 0, 0, 0, 0, 0);
  SET CONSTRAINTS ALL IMMEDIATE;
  TRUNCATE pg_temp.xbb_sync_new;
  EXECUTE format('INSERT INTO pg_temp.xbb_sync_new (%1$s, "#n") %2$s, "#n"
                  FROM pg_temp.xbb_sync_stage source WHERE "#n" BETWEEN $1 AND $2 AND "#loaded" IS NULL
                  UNION ALL
                  SELECT %3$s, "#n" FROM pg_temp.xbb_sync_stage s, jsonb_populate_record(NULL::%4$s, s."#loaded") r
                  WHERE "#n" BETWEEN $1 AND $2 AND "#loaded" IS NOT NULL',
                 names, def.select_list, xbb._sync_list(def.target_columns, 'r.%1$I'), def.target)
  USING first, last;
  GET DIAGNOSTICS counts.rows_read = ROW_COUNT;

  -- of several new records with one key the newest wins
  FOR item IN EXECUTE format(
    'DELETE FROM pg_temp.xbb_sync_new n
     USING (SELECT "#n", %2$s AS no_key,
                   first_value(data_id) OVER w AS winner, row_number() OVER w AS place
            FROM pg_temp.xbb_sync_new
            WINDOW w AS (PARTITION BY %1$s ORDER BY update_time DESC NULLS LAST, data_id DESC)) p
     WHERE p."#n" = n."#n" AND (p.place > 1 OR p.no_key)
     RETURNING n."#n" AS n, n.data_id, p.no_key, p.winner',
    xbb._sync_list(def.key, '%1$I'), xbb._sync_list(def.key, '%1$I IS NULL', ' OR '))
  LOOP
    PERFORM xbb._sync_set_aside(def, run, item.n, CASE WHEN item.no_key THEN 'null key' ELSE 'duplicate key' END, NULL,
                                CASE WHEN item.no_key THEN 'the key is null'
                                     ELSE format('record %s has the same key and is newer', item.winner) END);
    counts.rejected := counts.rejected + 1;
  END LOOP;

  -- a record whose key has changed leaves its old place
  moved := '{}';
  IF def.key <> '{data_id}' THEN
    EXECUTE format('DELETE FROM pg_temp.xbb_sync_new n USING %s t
                    WHERE t.data_id = n.data_id AND NOT (%s) AND n.update_time < t.update_time', def.target, same_key);
    EXECUTE format('WITH d AS (DELETE FROM %s t USING pg_temp.xbb_sync_new n
                               WHERE t.data_id = n.data_id AND NOT (%s) RETURNING t.data_id)
                    SELECT coalesce(array_agg(data_id), ''{}'') FROM d', def.target, same_key) INTO moved;

    -- of a new and a stored record with one key, too
    FOR item IN EXECUTE format(
      'DELETE FROM pg_temp.xbb_sync_new n USING %s t
       WHERE %s AND t.data_id <> n.data_id
         AND (coalesce(t.update_time, ''-infinity''), t.data_id) > (coalesce(n.update_time, ''-infinity''), n.data_id)
       RETURNING n."#n" AS n, t.data_id AS winner', def.target, same_key)
    LOOP
      PERFORM xbb._sync_set_aside(def, run, item.n, 'duplicate key', NULL,
                                  format('record %s has the same key and is newer', item.winner));
      counts.rejected := counts.rejected + 1;
    END LOOP;
    EXECUTE format(
      'INSERT INTO xbb.sync_reject AS r (sync, owner, data_id, update_time, kind, error, raw, loaded, run)
       SELECT $1, $2, t.data_id, t.update_time, ''duplicate key'',
              format(''record %%s has the same key and is newer'', n.data_id), row_to_json(t), to_jsonb(t), $3
       FROM %s t JOIN pg_temp.xbb_sync_new n ON %s
       WHERE t.data_id <> n.data_id
       ON CONFLICT ON CONSTRAINT sync_reject_pkey DO UPDATE
       SET update_time = excluded.update_time, kind = excluded.kind, sqlstate = NULL, error = excluded.error,
           raw = excluded.raw, staged = NULL, loaded = excluded.loaded, run = excluded.run', def.target, same_key)
    USING def.name, def.owner, run;
    GET DIAGNOSTICS pushed_out = ROW_COUNT;
    counts.rejected := counts.rejected + pushed_out;
  END IF;

  -- what is the same is not written
  EXECUTE format(
    'UPDATE %s t SET %s FROM pg_temp.xbb_sync_new n
     WHERE %s AND (t.data_id <> n.data_id OR coalesce(n.update_time >= t.update_time, true))
       AND (record_image_ne(ROW(%s), ROW(%s))%s)', def.target,
    xbb._sync_list(def.target_columns, '%1$I = n.%1$I') ||
      CASE WHEN def.delete_mode = 'mark' THEN ', deleted_at = NULL' ELSE '' END, same_key,
    xbb._sync_list(def.target_columns, 't.%1$I'), xbb._sync_list(def.target_columns, 'n.%1$I'),
    CASE WHEN def.delete_mode = 'mark' THEN ' OR t.deleted_at IS NOT NULL' ELSE '' END);
  GET DIAGNOSTICS counts.updated = ROW_COUNT;
  EXECUTE format(
    'WITH i AS (INSERT INTO %s (%s) SELECT %s FROM pg_temp.xbb_sync_new n
                WHERE NOT EXISTS (SELECT FROM %s t WHERE %s) RETURNING data_id)
     SELECT count(*) FILTER (WHERE data_id <> ALL ($1)), count(*) FILTER (WHERE data_id = ANY ($1)) FROM i',
    def.target, names, xbb._sync_list(def.target_columns, 'n.%1$I'), def.target, same_key)
  INTO counts.inserted, moved_back USING moved;
  counts.updated := counts.updated + moved_back;

  -- what was set aside once and is in the target now
  DELETE FROM xbb.sync_reject r USING pg_temp.xbb_sync_new n WHERE r.sync = def.name AND r.data_id = n.data_id;

  SELECT count(*) INTO counts.unchanged FROM pg_temp.xbb_sync_new;
  counts.unchanged := counts.unchanged - counts.updated - counts.inserted;
  RETURN counts;
END
$$;

-- The same, but what fails is halved until the bad record stands alone.
CREATE FUNCTION xbb._sync_apply_or_halve(def xbb.sync_definition, run bigint, first bigint, last bigint)
RETURNS xbb._sync_counts LANGUAGE plpgsql AS $$
DECLARE
  counts xbb._sync_counts;
  failed_state text;
  failed_message text;
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

-- Brings all that is staged into the target.
CREATE FUNCTION xbb._sync_load(def xbb.sync_definition, run bigint, staged bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql AS $$
DECLARE
  unread bigint := xbb._sync_set_unread_aside(def, run);
  counts xbb._sync_counts := xbb._sync_apply_or_halve(def, run, 1, staged);
BEGIN
  counts.rows_read := counts.rows_read + unread;
  counts.rejected := counts.rejected + unread;
  PERFORM xbb._sync_limit_rejects(def, run, (SELECT max(r.error) FROM xbb.sync_reject r WHERE r.sync = def.name AND r.run = $2));
  RETURN counts;
END
$$;
