-- How far a watermark may go that an answer asks for: to the API's clock (NULL: it told none)
-- and to this server's, since either may be wrong.  What has a later time is read again until
-- it has come; a watermark ahead of time would hide what changes until then.
CREATE FUNCTION xbb._sync_bounded_watermark(wanted pg_catalog.timestamptz, api_clock pg_catalog.timestamptz)
RETURNS pg_catalog.timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE BEGIN ATOMIC
  SELECT CASE WHEN wanted IS NOT NULL THEN least(wanted, api_clock, pg_catalog.clock_timestamp()) END;
END;

-- One window: read, load, and note how far that was.  The watermark goes to the
-- latest record that was loaded, within bounds: if nothing was, it stays,
-- for there may be windows left before what comes next.  NULL, and nothing done, if the API
-- counts more than "most" records; nor where its clock has gone back: what has no upper
-- bound has to be read from further back then, which is noted.
CREATE FUNCTION xbb._sync_window(
  def xbb.sync_definition, run bigint, low pg_catalog.timestamptz, high pg_catalog.timestamptz, most bigint DEFAULT -1)
RETURNS xbb._sync_counts LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  began pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  before bigint := (xbb._counters()).requests;
  read pg_catalog.record;
  seen pg_catalog.record;
  -- a source that is no foreign table has no clock
  ahead interval;
  setback interval;
  counts xbb._sync_counts;
  latest pg_catalog.timestamptz;
BEGIN
  PERFORM xbb._refuse_above(def.source, most);
  read := xbb._sync_stage_window(def, run, low, high);
  seen := xbb._counters();
  PERFORM xbb._refuse_above(def.source, -1);
  ahead := CASE WHEN seen.requests > before THEN seen.clock - seen.clock_at END;
  IF high IS NULL AND low IS NOT NULL AND ahead IS NOT NULL THEN
    setback := xbb._sync_setback(def, seen);
  END IF;
  IF setback IS NOT NULL THEN
    PERFORM xbb._sync_step_back(def.id, setback, ahead);
  END IF;
  IF seen.refused IS NOT NULL OR setback IS NOT NULL THEN
    PERFORM xbb._stage_close(read.stage);
    RETURN NULL;
  END IF;
  latest := xbb._sync_bounded_watermark(read.latest, CASE WHEN ahead IS NOT NULL THEN seen.clock END);
  counts := read.others;
  counts.rejected := xbb._sync_aside_again(def, run, read.aside);
  counts := xbb._sync_add(counts, xbb._sync_load(def, run, read.stage));
  PERFORM xbb._sync_reach(def, latest, CASE WHEN high IS NULL AND low IS NOT NULL AND seen.requests > before + 1
                                            THEN least(seen.clock, began + ahead) END, ahead);
  RETURN counts;
END
$$;

-- Is there a reject that may load by now at the end of a run that has written, or has set it aside itself?
CREATE FUNCTION xbb._sync_is_due(def xbb.sync_definition, run bigint, counts xbb._sync_counts) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT xbb._sync_is_list((def).source) AND EXISTS (
    SELECT FROM xbb.sync_reject j
    WHERE j.owner = (def).owner AND j.sync = (def).name AND j.raw IS NOT NULL
      AND (j.sqlstate IN ('23503', '23505', '23P01') OR j.kind = 'duplicate key')
      AND ((counts).inserted + (counts).updated > 0 OR j.run = $2 AND j.kind <> 'duplicate key'
           OR EXISTS (SELECT FROM xbb.sync_run r WHERE r.id = $2 AND r.inserted + r.updated > 0)))
$$;

-- The rejects that may load by now, at a run's end: what has loaded is the run's news, what has
-- not is none.
CREATE FUNCTION xbb._sync_retry_due(def xbb.sync_definition, run bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before bigint[] := (SELECT pg_catalog.array_agg(r.data_id) FROM xbb.sync_reject r
                      WHERE r.owner = def.owner AND r.sync = def.name AND r.run = $2);
  counts xbb._sync_counts := xbb._sync_retry(def, run, true);
BEGIN
  counts.rows_read := 0;
  counts.unchanged := 0;
  counts.rejected := (SELECT pg_catalog.count(*) FROM xbb.sync_reject r
                      WHERE r.owner = def.owner AND r.sync = def.name AND r.data_id = ANY (before))
                     - coalesce(pg_catalog.cardinality(before), 0);
  RETURN counts;
END
$$;

-- Stages those rejects, called j, that meet a condition, in which $3 is "ids", and no more than "most" (NULL: all): the
-- stage's number, and how many of them, which come first, are rows as they were.
CREATE FUNCTION xbb._sync_stage_rejects(def xbb.sync_definition, condition pg_catalog.text, ids bigint[], most bigint,
  OUT stage integer, OUT loaded bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  stage := xbb._stage_read(pg_catalog.format(
    'SELECT j.loaded AS "#loaded", %1$s
     FROM xbb.sync_reject j, LATERAL (
       SELECT * FROM xbb._read_record(NULL::%2$s, j.raw) WHERE j.staged IS NULL AND j.loaded IS NULL
       UNION ALL
       SELECT * FROM pg_catalog.json_populate_record(NULL::%2$s, coalesce(j.staged,
         pg_catalog.json_build_object(%3$L, j.data_id, %4$L, j.update_time)))
       WHERE j.staged IS NOT NULL OR j.loaded IS NOT NULL) r
     WHERE j.owner = %6$L::pg_catalog.regrole AND j.sync = %7$L AND j.raw IS NOT NULL AND %5$s
     ORDER BY j.loaded IS NULL, j.update_time, j.data_id%8$s',
    xbb._sync_list(xbb._sync_staged_columns(def), 'r.%1$I'), def.source,
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), xbb._sync_source_column(def.source, 'updateTime', 'update_time'),
    condition, def.owner, def.name, pg_catalog.format(CASE WHEN most IS NOT NULL THEN ' LIMIT %s' END, most)), NULL, NULL, ids);
  EXECUTE pg_catalog.format('SELECT pg_catalog.count(s."#loaded") FROM %s', xbb._sync_staged(def, stage, 's', '{}')) INTO loaded;
END
$$;

-- What was set aside, once more, from what is kept of it: a record is read as if it
-- came now, so that another type of its column can be the fix, and was read later than its row, if
-- that is there, whatever its time.  Or of that only what may load by now, and, "passes" times, what
-- may behind that.  No limit: whatever loads, stays.
CREATE FUNCTION xbb._sync_retry(def xbb.sync_definition, run bigint, due boolean, passes integer DEFAULT 3) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  staged pg_catalog.record;
  counts xbb._sync_counts;
  behind xbb._sync_counts;
BEGIN
  def.reject_limit := (xbb._sync_limits()).most_rejects;
  staged := xbb._sync_stage_rejects(def, CASE WHEN due THEN xbb._sync_may_load() ELSE 'true' END,
    CASE WHEN due THEN xbb._sync_kept_out(def, run) END, CASE WHEN due THEN (xbb._sync_limits()).retried_records END);
  counts := xbb._sync_load(def, run, staged.stage, staged.loaded, present => true);
  IF due AND passes > 1 AND counts.inserted + counts.updated > 0 THEN
    behind := xbb._sync_retry(def, run, due, passes - 1);
    behind.rows_read := 0;
    behind.unchanged := 0;
    counts := xbb._sync_add(counts, behind);
  END IF;
  RETURN counts;
END
$$;

-- What is new, if it can be read at once, with what the day has left; else NULL, after a request or two.  Of a
-- definition that wants small steps of time that is a page's worth, and more only if it is
-- no longer ago.  A first load is planned beforehand, and one that is under way resumed.
CREATE FUNCTION xbb._sync_load_at_once(def xbb.sync_definition, run bigint) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most bigint;
  counts xbb._sync_counts;
BEGIN
  IF def.watermark IS NULL OR def.loading_until IS NOT NULL OR NOT xbb._sync_counts_source(def.source) THEN
    RETURN NULL;
  END IF;
  most := xbb._sync_window_records(def.source, true);
  counts := xbb._sync_window(def, run, xbb._sync_low(def), NULL,
                             CASE WHEN def.chunk IS NULL THEN most ELSE least(most, (xbb._sync_limits()).little_records) END);
  IF counts IS NULL AND xbb._sync_low(def) + def.chunk > (xbb._counters()).clock AND NOT xbb._sync_stepped_back(def) THEN
    counts := xbb._sync_window(def, run, xbb._sync_low(def), NULL, most);
  END IF;
  RETURN counts;
END
$$;

-- The windows that a run begins with, the next one last; none if one reading without
-- an upper bound does it.  Loads by windows are resumed where they were, and begun where there is more
-- than can be read at once.  A full one over what was loaded before begins at the first
-- record, and is not resumed.
CREATE FUNCTION xbb._sync_plan(def xbb.sync_definition, full boolean) RETURNS pg_catalog.tstzrange[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  again boolean := _sync_plan.full AND def.watermark IS NOT NULL;
  total bigint;
  low pg_catalog.timestamptz := CASE WHEN NOT again THEN xbb._sync_low(def) END;
BEGIN
  IF NOT xbb._sync_counts_source(def.source) THEN
    RETURN '{}';
  END IF;
  IF NOT again AND def.loading_until IS NOT NULL AND pg_catalog.cardinality(def.loading_windows) > 0 THEN
    RETURN def.loading_windows;
  ELSIF def.loading_until IS NULL OR again THEN
    IF low IS NULL THEN
      total := xbb._total(def.source, NULL, NULL);
      PERFORM xbb._sync_shows(NULL, expects => total);
      IF total <= xbb._sync_window_records(def.source) AND def.chunk IS NULL THEN
        RETURN '{}';
      END IF;
    END IF;
    def.loading_until := coalesce((xbb._counters()).clock, pg_catalog.now());
    IF NOT again THEN
      PERFORM xbb._sync_loading(def.id, def.loading_until, NULL);
    END IF;
  END IF;
  RETURN array[pg_catalog.tstzrange(least(coalesce(low, pg_catalog.to_timestamp(0)), def.loading_until), def.loading_until, '[]')];
END
$$;

-- Takes the next window of a load: one that is empty, or that is divided first, is no
-- step, and leaves counts NULL.  What is left then is noted, of a load that will be resumed: where a
-- day has few requests, they would be used up by the same divisions each day.
CREATE FUNCTION xbb._sync_load_next(def xbb.sync_definition, run bigint,
  INOUT windows pg_catalog.tstzrange[], OUT counts xbb._sync_counts)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  low pg_catalog.timestamptz := pg_catalog.lower(windows[pg_catalog.cardinality(windows)]);
  high pg_catalog.timestamptz := pg_catalog.upper(windows[pg_catalog.cardinality(windows)]);
  total bigint := xbb._total(def.source, low, high);
  -- a whole second above low, or the window that is divided would come again
  middle pg_catalog.timestamptz := pg_catalog.date_trunc('second', greatest(low + (high - low) / 2, low + interval '1 second'));
  limits pg_catalog.record := xbb._sync_limits();
  resumed boolean := coalesce(pg_catalog.upper(windows[1]) = def.loading_until, false);
BEGIN
  windows := pg_catalog.trim_array(windows, 1);
  PERFORM xbb._sync_shows(NULL, expects => total);
  IF total > 0 AND high - low > limits.least_window AND (total > xbb._sync_window_records(def.source) OR high - low > def.chunk) THEN
    -- they share a second, for records with fractions of it
    windows := windows || pg_catalog.tstzrange(middle, high, '[]') || pg_catalog.tstzrange(low, middle, '[]');
  ELSIF total > 0 THEN
    counts := xbb._sync_window(def, run, low, high);
  END IF;
  IF resumed THEN
    PERFORM xbb._sync_loading(def.id, def.loading_until, windows);
  END IF;
END
$$;

-- The rest, without an upper bound: with it a load by windows is over.  Where the overlap
-- alone is too much, as after many changes at once, it is what came since the load began,
-- and the next run begins there; if that is too much, it is loaded by windows, too, and counts
-- is NULL, as it is where the API's clock has gone back.
CREATE FUNCTION xbb._sync_catch_up(def xbb.sync_definition, run bigint,
  INOUT windows pg_catalog.tstzrange[], OUT counts xbb._sync_counts)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most bigint;
  low pg_catalog.timestamptz := xbb._sync_low(def);
BEGIN
  IF def.loading_until IS NULL THEN
    counts := xbb._sync_window(def, run, low, NULL);
    RETURN;
  END IF;
  -- a reading that the day's requests are not enough for would be tried again each day
  most := xbb._sync_window_records(def.source);
  counts := xbb._sync_window(def, run, low, NULL, most);
  IF counts IS NULL THEN
    IF xbb._sync_stepped_back(def) THEN
      RETURN;
    END IF;
    low := xbb._sync_low(def.watermark, def.loading_until, pg_catalog.make_interval(secs => xbb._settle_time(def.source)));
    counts := xbb._sync_window(def, run, low, NULL, most);
    IF xbb._sync_stepped_back(def) THEN
      RETURN;
    ELSIF counts IS NULL THEN
      def.loading_until := coalesce((xbb._counters()).clock, def.loading_until);
      windows := array[pg_catalog.tstzrange(least(low, def.loading_until), def.loading_until, '[]')];
      PERFORM xbb._sync_loading(def.id, def.loading_until, NULL);
      RETURN;
    END IF;
    PERFORM xbb._sync_reach(def, NULL, def.loading_until, def.clock_ahead);
  END IF;
  PERFORM xbb._sync_loading(def.id, NULL, NULL);
END
$$;
