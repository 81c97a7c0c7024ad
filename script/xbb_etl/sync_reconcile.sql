-- The records that a sync knows, as a query: those in the target and those set aside.
CREATE FUNCTION xbb._sync_known(def xbb.sync_definition) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.format(
    '(SELECT data_id, update_time FROM %s t
      WHERE %s AND NOT EXISTS (SELECT FROM xbb.sync_reject r WHERE r.sync = %L AND r.data_id = t.data_id)
      UNION ALL SELECT data_id, update_time FROM xbb.sync_reject WHERE sync = %L)',
    (def).target, CASE WHEN (def).delete_mode = 'mark' THEN 'deleted_at IS NULL' ELSE 'true' END, (def).name, (def).name)
$$;

-- Compares ids of the source between two times (NULL: all) with those of the target.
-- A second look, by dataId, tells what was deleted from what only moved or is new.
CREATE FUNCTION xbb._sync_compare(def xbb.sync_definition, run bigint, low timestamptz, high timestamptz)
RETURNS xbb._sync_counts LANGUAGE plpgsql AS $$
DECLARE
  id_column text := xbb._sync_source_column(def.source, 'dataId', 'data_id');
  time_column text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  missed bigint[];
  gone bigint[];
  ids_found bigint[];
  counts xbb._sync_counts;
  batch bigint[];
BEGIN
  CREATE TEMP TABLE xbb_sync_ids (data_id bigint, update_time timestamptz) ON COMMIT DROP;
  EXECUTE format('INSERT INTO pg_temp.xbb_sync_ids SELECT %1$I, %2$I FROM %3$s WHERE %4$s', id_column, time_column, def.source,
                 CASE WHEN low IS NULL THEN 'true' ELSE format('%I BETWEEN $1 AND $2', time_column) END)
  USING low, high;
  EXECUTE format('SELECT array_agg(s.data_id) FROM pg_temp.xbb_sync_ids s LEFT JOIN %s t
                    ON t.data_id = s.data_id AND t.update_time IS NOT DISTINCT FROM s.update_time
                  WHERE t.data_id IS NULL', xbb._sync_known(def))
  INTO missed;
  EXECUTE format('SELECT array_agg(t.data_id) FROM %s t
                  WHERE %s AND NOT EXISTS (SELECT FROM pg_temp.xbb_sync_ids s WHERE s.data_id = t.data_id)', xbb._sync_known(def),
                 CASE WHEN low IS NULL THEN 'true' ELSE 't.update_time BETWEEN $1 AND $2' END)
  INTO gone USING low, high;
  DROP TABLE pg_temp.xbb_sync_ids;

  counts := ROW(0, 0, 0, 0, 0, 0);
  IF missed IS NULL AND gone IS NULL THEN
    RETURN counts;
  END IF;
  SELECT array_agg(DISTINCT u.id) INTO batch FROM unnest(missed || gone) u (id);
  counts.rows_read := xbb._sync_stage(def, NULL, NULL, batch);
  EXECUTE format('SELECT coalesce(array_agg(%I), ''{}'') FROM pg_temp.xbb_sync_stage', id_column) INTO ids_found;
  counts := xbb._sync_load(def, run, counts.rows_read);
  DROP TABLE pg_temp.xbb_sync_stage, pg_temp.xbb_sync_new;
  SELECT array_agg(u.id) INTO gone FROM unnest(gone) u (id) WHERE u.id <> ALL (ids_found);
  DELETE FROM xbb.sync_reject r WHERE r.sync = def.name AND r.data_id = ANY (gone);
  counts.deleted := coalesce(cardinality(gone), 0);
  IF def.delete_mode = 'mark' THEN
    EXECUTE format('UPDATE %s SET deleted_at = now() WHERE data_id = ANY ($1) AND deleted_at IS NULL', def.target) USING gone;
  ELSIF def.delete_mode = 'delete' THEN
    EXECUTE format('DELETE FROM %s WHERE data_id = ANY ($1)', def.target) USING gone;
  END IF;
  RETURN counts;
END
$$;

-- One window of a reconciliation: equal counts are taken for equal contents, what
-- differs is halved where the target's records are, and compared when it is small.
CREATE FUNCTION xbb._sync_descend(def xbb.sync_definition, run bigint, low timestamptz, high timestamptz,
  INOUT windows tstzrange[], OUT counts xbb._sync_counts)
LANGUAGE plpgsql AS $$
DECLARE
  here bigint;
  there bigint;
  middle timestamptz;
BEGIN
  EXECUTE format('SELECT count(*), to_timestamp(floor(extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY update_time))))
                  FROM %s t WHERE update_time BETWEEN $1 AND $2', xbb._sync_known(def))
  INTO here, middle USING low, high;
  -- large counts may hide what cancels out, and the API may count no further than 10,000
  IF here <= 4000 THEN
    there := xbb._total(def.source, low, high);
    IF here = there THEN
      RETURN;
    ELSIF greatest(here, there) <= 500 OR high - low <= '1 second' THEN
      counts := xbb._sync_compare(def, run, low, high);
      RETURN;
    END IF;
  END IF;
  IF middle IS NULL OR middle >= high THEN
    middle := date_trunc('second', low + (high - low) / 2);
  END IF;
  windows := windows || tstzrange(middle + interval '1 second', greatest(high, middle + interval '1 second'), '[]')
    || tstzrange(low, middle, '[]');
END
$$;
