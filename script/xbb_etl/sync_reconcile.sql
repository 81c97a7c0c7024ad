-- The records that a sync knows, as a query: those in the target and those set aside.
CREATE FUNCTION xbb._sync_known(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format(
    '(SELECT data_id, update_time FROM %s t
      WHERE %s AND NOT EXISTS (SELECT FROM xbb.sync_reject r
                                WHERE r.owner = %L::pg_catalog.regrole AND r.sync = %L AND r.data_id = t.data_id)
      UNION ALL SELECT data_id, update_time FROM xbb.sync_reject WHERE owner = %3$L::pg_catalog.regrole AND sync = %4$L)',
    (def).target, xbb._sync_alive_rows(def), (def).owner, (def).name)
$$;

-- The ids that source and target do not have alike between two times (NULL: all), and
-- of these those that the source has not shown.
CREATE FUNCTION xbb._sync_differences(
  def xbb.sync_definition, low pg_catalog.timestamptz, high pg_catalog.timestamptz, OUT differ bigint[], OUT gone bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  time_column pg_catalog.text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  missed bigint[];
BEGIN
  CREATE TEMP TABLE xbb_sync_ids (data_id bigint, update_time pg_catalog.timestamptz) ON COMMIT DROP;
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.xbb_sync_ids SELECT %1$I, %2$I FROM %3$s WHERE %4$s',
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), time_column, def.source,
    CASE WHEN low IS NULL THEN 'true' ELSE pg_catalog.format('%I BETWEEN $1 AND $2', time_column) END)
  USING low, high;
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(s.data_id) FROM pg_temp.xbb_sync_ids s LEFT JOIN %s t
       ON t.data_id = s.data_id AND t.update_time IS NOT DISTINCT FROM s.update_time
     WHERE t.data_id IS NULL', xbb._sync_known(def))
  INTO missed;
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(t.data_id) FROM %s t
     WHERE %s AND NOT EXISTS (SELECT FROM pg_temp.xbb_sync_ids s WHERE s.data_id = t.data_id)', xbb._sync_known(def),
    CASE WHEN low IS NULL THEN 'true' ELSE 't.update_time BETWEEN $1 AND $2' END)
  INTO gone USING low, high;
  DROP TABLE pg_temp.xbb_sync_ids;
  SELECT pg_catalog.array_agg(DISTINCT u.id) INTO differ FROM pg_catalog.unnest(missed || gone) u (id);
END
$$;

-- Takes what is gone out of the target, in the way the definition wants; where that is
-- not at all, but what keeps the place of another record.
CREATE FUNCTION xbb._sync_delete(def xbb.sync_definition, gone bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM xbb._sync_reject_drop(def.id, gone);
  IF def.delete_mode = 'mark' THEN
    EXECUTE pg_catalog.format(
      'UPDATE %s SET deleted_at = pg_catalog.now() WHERE data_id = ANY ($1) AND deleted_at IS NULL', def.target) USING gone;
  ELSIF def.delete_mode = 'delete' THEN
    EXECUTE pg_catalog.format('DELETE FROM %s WHERE data_id = ANY ($1)', def.target) USING gone;
  ELSE
    EXECUTE pg_catalog.format(
      'DELETE FROM %s t USING xbb.sync_reject r
       WHERE t.data_id = ANY ($1) AND r.owner = $2 AND r.sync = $3 AND r.kind = ''duplicate key''
         AND r.error = xbb._sync_rival_error(t.data_id)',
      def.target) USING gone, def.owner, def.name;
  END IF;
  RETURN coalesce(pg_catalog.cardinality(gone), 0);
END
$$;

-- Compares ids of the source between two times (NULL: all) with those of the target.
-- A second look, by dataId, tells what was deleted from what only moved or is new.
CREATE FUNCTION xbb._sync_compare(
  def xbb.sync_definition, run bigint, low pg_catalog.timestamptz, high pg_catalog.timestamptz)
RETURNS xbb._sync_counts LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  differences pg_catalog.record := xbb._sync_differences(def, low, high);
  staged bigint;
  ids_found bigint[];
  gone bigint[];
  counts xbb._sync_counts;
BEGIN
  IF differences.differ IS NULL THEN
    RETURN ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  END IF;
  staged := xbb._sync_stage(def, NULL, NULL, differences.differ);
  EXECUTE pg_catalog.format('SELECT coalesce(pg_catalog.array_agg(%I), ''{}'') FROM pg_temp.xbb_sync_stage',
                            xbb._sync_source_column(def.source, 'dataId', 'data_id')) INTO ids_found;
  counts := xbb._sync_load(def, run, staged);
  DROP TABLE pg_temp.xbb_sync_stage, pg_temp.xbb_sync_new;
  SELECT pg_catalog.array_agg(u.id) INTO gone
  FROM pg_catalog.unnest(differences.gone) u (id) WHERE u.id <> ALL (ids_found);
  counts.deleted := xbb._sync_delete(def, gone);
  RETURN counts;
END
$$;

-- Takes the next window of a reconciliation: equal counts are taken for equal contents,
-- what differs is halved where the target's records are, and compared when it is small.
CREATE FUNCTION xbb._sync_compare_next(def xbb.sync_definition, run bigint,
  INOUT windows pg_catalog.tstzrange[], OUT counts xbb._sync_counts)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  low pg_catalog.timestamptz := pg_catalog.lower(windows[pg_catalog.cardinality(windows)]);
  high pg_catalog.timestamptz := pg_catalog.upper(windows[pg_catalog.cardinality(windows)]);
  limits pg_catalog.record := xbb._sync_limits();
  here bigint;
  there bigint;
  middle pg_catalog.timestamptz;
  after_middle pg_catalog.timestamptz;
BEGIN
  windows := pg_catalog.trim_array(windows, 1);
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.count(*), pg_catalog.to_timestamp(pg_catalog.floor(extract(epoch FROM
       pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY update_time))))
     FROM %s t WHERE update_time BETWEEN $1 AND $2', xbb._sync_known(def))
  INTO here, middle USING low, high;
  -- large counts may hide what cancels out, and the API may count no further than 10,000
  IF here <= limits.counted_records THEN
    there := xbb._total(def.source, low, high);
    IF here = there THEN
      RETURN;
    ELSIF greatest(here, there) <= limits.compared_records OR high - low <= limits.least_window THEN
      counts := xbb._sync_compare(def, run, low, high);
      RETURN;
    END IF;
  END IF;
  IF middle IS NULL OR middle >= high THEN
    middle := pg_catalog.date_trunc('second', low + (high - low) / 2);
  END IF;
  after_middle := middle + limits.least_window;
  windows := windows || pg_catalog.tstzrange(after_middle, greatest(high, after_middle), '[]')
    || pg_catalog.tstzrange(low, middle, '[]');
END
$$;

-- The window that a reconciliation begins with: all that the target should have.
CREATE FUNCTION xbb._sync_all_times(def xbb.sync_definition) RETURNS pg_catalog.tstzrange[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT CASE WHEN (def).watermark IS NULL THEN '{}'
              ELSE array[pg_catalog.tstzrange(pg_catalog.to_timestamp(0), (def).watermark, '[]')] END;
END;
