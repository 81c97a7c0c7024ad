-- The records that a sync knows, as a query: those in the target, but for rows that have
-- never been a record's, and those set aside.
CREATE FUNCTION xbb._sync_known(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format(
    '(SELECT data_id, update_time FROM %s t
      WHERE t.data_id IS NOT NULL AND %s AND %s
      UNION ALL SELECT r.data_id, r.update_time FROM %s)', (def).target, xbb._sync_alive_rows(def),
    xbb._sync_is_none_of(def, 't.data_id', r.rejects, 'r.data_id'), r.rejects)
  FROM (SELECT CASE WHEN xbb._sync_is_distributed(def) THEN xbb._sync_rejects_here(def)
                    ELSE pg_catalog.format('(SELECT j.data_id, j.update_time FROM xbb.sync_reject j
                                             WHERE j.owner = %L::pg_catalog.regrole AND j.sync = %L) r', (def).owner, (def).name) END) r (rejects)
$$;

-- The ids that the source shows between two times (NULL: all) and the target does not have
-- alike, or has for want of a way to take them out, and those that the source does not show; and how many there are.
-- "late" are the times of those that the sync should have brought: what has changed since it read is not
-- among them.  What looks at the target before the API is
-- asked again is a block that ends in an error of its own: the locks end with it.
CREATE FUNCTION xbb._sync_differences(
  def xbb.sync_definition, low pg_catalog.timestamptz, high pg_catalog.timestamptz, OUT missed bigint[], OUT gone bigint[],
  OUT source_rows bigint, OUT target_rows bigint, OUT late pg_catalog.timestamptz[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known constant pg_catalog.text := xbb._sync_known(def);
  within constant pg_catalog.text := CASE WHEN low IS NULL THEN 'true' ELSE 't.update_time BETWEEN $1 AND $2' END;
  time_column pg_catalog.text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  stage integer;
  ids pg_catalog.text;
BEGIN
  stage := xbb._stage_read(pg_catalog.format(
    'SELECT %1$I AS data_id, %2$I AS update_time FROM %3$s WHERE %4$s',
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), time_column, def.source,
    CASE WHEN low IS NULL THEN 'true' ELSE pg_catalog.format('%I BETWEEN $1 AND $2', time_column) END), low, high, NULL);
  ids := pg_catalog.format('xbb._stage(%s) AS s (data_id pg_catalog.int8, update_time pg_catalog.timestamptz)', stage);
  PERFORM xbb._sync_shows('comparing');
  BEGIN
    EXECUTE pg_catalog.format(
      'SELECT pg_catalog.array_agg(s.data_id ORDER BY s.data_id),
              (pg_catalog.array_agg(s.update_time) FILTER (WHERE t.data_id IS NULL AND s.update_time < $2))[:1000]
       FROM %s LEFT JOIN %s t ON t.data_id = s.data_id AND t.update_time IS NOT DISTINCT FROM s.update_time
       WHERE t.data_id IS NULL OR s.data_id = ANY ($1)', ids, known)
    INTO missed, late USING array(SELECT j.data_id FROM xbb.sync_reject j WHERE j.owner = def.owner AND j.sync = def.name AND j.raw IS NULL),
                            coalesce(def.read_until, def.watermark);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(t.data_id) FROM %s t WHERE %s AND %s', known, within,
                              xbb._sync_is_none_of(def, 't.data_id', ids, 's.data_id'))
    INTO gone USING low, high;
    EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s t WHERE %s', known, within) INTO target_rows USING low, high;
    RAISE EXCEPTION USING ERRCODE = 'XBB00';
  EXCEPTION WHEN SQLSTATE 'XBB00' THEN
    NULL;
  END;
  source_rows := xbb._stage_count(stage);
  PERFORM xbb._stage_close(stage);
END
$$;

-- Compares ids of the source between two times (NULL: all) with those of the target, and
-- loads what was missed.  What is gone, or has only moved to another time, is for later:
-- deletions are limited over all windows.
CREATE FUNCTION xbb._sync_compare(
  def xbb.sync_definition, run bigint, low pg_catalog.timestamptz, high pg_catalog.timestamptz,
  OUT counts xbb._sync_counts, OUT gone bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  differences pg_catalog.record := xbb._sync_differences(def, low, high);
  seen constant pg_catalog.timestamptz := coalesce((xbb._counters()).clock, pg_catalog.clock_timestamp());
  stage integer;
BEGIN
  gone := differences.gone;
  IF differences.missed IS NOT NULL THEN
    -- as they are now, whatever their time; before anything is written
    stage := xbb._sync_stage(def, NULL, NULL, differences.missed);
  END IF;
  PERFORM xbb._sync_evidence_add(def.id, run, array[differences.source_rows, differences.target_rows,
    coalesce(pg_catalog.cardinality(differences.missed), 0), 0], differences.late, seen);
  IF differences.missed IS NULL THEN
    counts := ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  ELSE
    counts := xbb._sync_load(def, run, stage, present => true);
  END IF;
END
$$;

-- Takes the next window of a reconciliation: equal counts are taken for equal contents,
-- what differs is halved where the target's records are, and compared when it is small.
CREATE FUNCTION xbb._sync_compare_next(def xbb.sync_definition, run bigint,
  INOUT windows pg_catalog.tstzrange[], OUT counts xbb._sync_counts, OUT gone bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  compared pg_catalog.record;
  low pg_catalog.timestamptz := pg_catalog.lower(windows[pg_catalog.cardinality(windows)]);
  high pg_catalog.timestamptz := pg_catalog.upper(windows[pg_catalog.cardinality(windows)]);
  limits pg_catalog.record := xbb._sync_limits();
  here bigint;
  there bigint;
  middle pg_catalog.timestamptz;
  after_middle pg_catalog.timestamptz;
BEGIN
  windows := pg_catalog.trim_array(windows, 1);
  PERFORM xbb._sync_shows('comparing');
  BEGIN
    EXECUTE pg_catalog.format(
      'SELECT pg_catalog.count(*), pg_catalog.to_timestamp(pg_catalog.floor(extract(epoch FROM
         pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY update_time))))
       FROM %s t WHERE update_time BETWEEN $1 AND $2', xbb._sync_known(def))
    INTO here, middle USING low, high;
    RAISE EXCEPTION USING ERRCODE = 'XBB00';
  EXCEPTION WHEN SQLSTATE 'XBB00' THEN
    NULL;
  END;
  PERFORM xbb._sync_shows('comparing', expects => here);
  -- large counts may hide what cancels out, and the API may count no further than 10,000
  IF here <= limits.counted_records THEN
    there := xbb._total(def.source, low, high);
    IF here = there THEN
      PERFORM xbb._sync_shows('comparing', did => here);
      PERFORM xbb._sync_evidence_add(def.id, run, array[there, here, 0, 0], NULL, NULL);
      RETURN;
    ELSIF greatest(here, there) <= limits.compared_records OR high - low <= limits.least_window THEN
      compared := xbb._sync_compare(def, run, low, high);
      counts := compared.counts;
      gone := compared.gone;
      PERFORM xbb._sync_shows('comparing', did => here);
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

-- The windows that a reconciliation begins with, the last one first: up to the watermark all that the
-- target should have, and behind it what the target has, from records with a stamp of the future.
CREATE FUNCTION xbb._sync_all_times(def xbb.sync_definition) RETURNS pg_catalog.tstzrange[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  low constant pg_catalog.timestamptz := pg_catalog.date_trunc('second', def.watermark) + (xbb._sync_limits()).least_window;
  high pg_catalog.timestamptz;
BEGIN
  BEGIN
    EXECUTE pg_catalog.format(
      'SELECT greatest((SELECT pg_catalog.max(t.update_time) FROM %s t WHERE t.update_time < ''infinity'' AND %s),
                       (SELECT pg_catalog.max(r.update_time) FROM xbb.sync_reject r WHERE r.owner = $1 AND r.sync = $2))',
      def.target, xbb._sync_alive_rows(def)) INTO high USING def.owner, def.name;
    RAISE EXCEPTION USING ERRCODE = 'XBB00';
  EXCEPTION WHEN SQLSTATE 'XBB00' THEN
    NULL;
  END;
  RETURN CASE WHEN high > def.watermark THEN array[pg_catalog.tstzrange(low, greatest(low, high), '[]')] END
         || CASE WHEN def.watermark IS NOT NULL THEN array[pg_catalog.tstzrange(pg_catalog.to_timestamp(0), def.watermark, '[]')] ELSE '{}' END;
END
$$;
