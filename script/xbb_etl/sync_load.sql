-- One window: read, load, and move the watermark, which never falls.  It goes to the
-- latest record that was loaded, at most to the API's clock: if nothing was, it stays,
-- for there may be windows left before what comes next.
CREATE FUNCTION xbb._sync_window(def xbb.sync_definition, run bigint, low timestamptz, high timestamptz)
RETURNS xbb._sync_counts LANGUAGE plpgsql AS $$
DECLARE
  before bigint := (xbb._counters()).requests;
  staged bigint := xbb._sync_stage(def, low, high);
  seen record := xbb._counters();
  counts xbb._sync_counts;
  latest timestamptz;
BEGIN
  EXECUTE format('SELECT max(%I) FROM pg_temp.xbb_sync_stage',
                 xbb._sync_source_column(def.source, 'updateTime', 'update_time')) INTO latest;
  -- a source that is no foreign table has no clock
  latest := least(latest, CASE WHEN latest IS NOT NULL AND seen.requests > before THEN seen.clock END);
  counts := xbb._sync_load(def, run, staged);
  UPDATE xbb.sync_definition d SET watermark = greatest(d.watermark, latest)
  WHERE d.name = def.name AND d.watermark IS DISTINCT FROM greatest(d.watermark, latest);
  DROP TABLE pg_temp.xbb_sync_stage, pg_temp.xbb_sync_new;
  RETURN counts;
END
$$;

-- What was set aside, once more, from what is kept of it: a record is read as if it
-- came now, so that another type of its column can be the fix.
CREATE FUNCTION xbb._sync_retry(def xbb.sync_definition, run bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql AS $$
DECLARE
  staged bigint;
  counts xbb._sync_counts;
BEGIN
  PERFORM xbb._sync_tables(def);
  EXECUTE format(
    'INSERT INTO pg_temp.xbb_sync_stage
     SELECT row_number() OVER (ORDER BY j.update_time, j.data_id), j.loaded, %1$s
     FROM xbb.sync_reject j, LATERAL (
       SELECT * FROM xbb._read_record(NULL::%2$s, j.raw) WHERE j.staged IS NULL AND j.loaded IS NULL
       UNION ALL
       SELECT * FROM json_populate_record(NULL::%2$s, coalesce(j.staged, json_build_object(%3$L, j.data_id, %4$L, j.update_time)))
       WHERE j.staged IS NOT NULL OR j.loaded IS NOT NULL) r
     WHERE j.sync = $1',
    xbb._sync_list(xbb._sync_staged_columns(def), 'r.%1$I'), def.source,
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), xbb._sync_source_column(def.source, 'updateTime', 'update_time'))
  USING def.name;
  GET DIAGNOSTICS staged = ROW_COUNT;
  counts := xbb._sync_load(def, run, staged);
  DROP TABLE pg_temp.xbb_sync_stage, pg_temp.xbb_sync_new;
  RETURN counts;
END
$$;

-- The windows that a run begins with, the next one last; none if one reading without
-- an upper bound does it.  Loads by windows are resumed, and begun where the API
-- counts more than one window's worth or the definition wants small steps.
CREATE FUNCTION xbb._sync_plan(def xbb.sync_definition) RETURNS tstzrange[] LANGUAGE plpgsql AS $$
DECLARE
  low timestamptz := def.watermark - def.overlap;
  total bigint;
BEGIN
  IF NOT xbb._sync_counts_source(def.source) THEN
    RETURN '{}';
  END IF;
  IF def.loading_until IS NULL THEN
    IF def.watermark IS NOT NULL AND coalesce(def.watermark + def.chunk > now(), true) THEN
      RETURN '{}';
    END IF;
    total := xbb._total(def.source, low, NULL);
    IF def.chunk IS NULL AND total <= 9000 THEN
      RETURN '{}';
    END IF;
    def.loading_until := coalesce((xbb._counters()).clock, now());
    UPDATE xbb.sync_definition d SET loading_until = def.loading_until WHERE d.name = def.name;
  END IF;
  RETURN array[tstzrange(least(coalesce(low, to_timestamp(0)), def.loading_until), def.loading_until, '[]')];
END
$$;

-- Looks at a window: is it to be loaded?  Else it is empty, or *windows gets its halves.
CREATE FUNCTION xbb._sync_fits(def xbb.sync_definition, low timestamptz, high timestamptz, INOUT windows tstzrange[], OUT fits boolean)
LANGUAGE plpgsql AS $$
DECLARE
  total bigint := xbb._total(def.source, low, high);
  middle timestamptz := date_trunc('second', low + (high - low) / 2);
BEGIN
  fits := total > 0;
  IF fits AND high - low > '1 second' AND (total > 9000 OR high - low > def.chunk) THEN
    -- they share a second, for records with fractions of it
    windows := windows || tstzrange(middle, high, '[]') || tstzrange(low, middle, '[]');
    fits := false;
  END IF;
END
$$;
