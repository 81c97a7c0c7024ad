-- How far a sync has read, and where its next reading begins.
--
-- "read_until" is a time of the API's clock, and what it showed then was read, up to the
-- last record.  What it shows later is stamped earlier than that by as much as changes take
-- to show and clocks are apart: overlap is for it.  It is the watermark, as long as that
-- costs one request; a run that needs more has it go on to the moment when it began, so
-- that many changes at once are read again for an hour, not for ever.  At the latest
-- the next reading begins where records have ended, however long ago that was: a clock ahead
-- of the stamps hides nothing.

CREATE FUNCTION xbb._sync_low(watermark pg_catalog.timestamptz, read_until pg_catalog.timestamptz, overlap interval)
RETURNS pg_catalog.timestamptz LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT CASE WHEN watermark IS NOT NULL THEN
    least(coalesce(read_until, watermark) - overlap, pg_catalog.date_trunc('second', watermark) + interval '1 second') END;
END;

CREATE FUNCTION xbb._sync_low(def xbb.sync_definition) RETURNS pg_catalog.timestamptz
LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT xbb._sync_low((def).watermark, (def).read_until, (def).overlap);
END;

-- By how much the API's clock has gone back since read_until was noted, if it has: "seen"
-- are the counters after an answer.  It has for sure where it is behind what it was, and
-- it has, or this server's has gone ahead, where it has passed less time than this
-- server's: then a day at most is read again.
CREATE FUNCTION xbb._sync_setback(def xbb.sync_definition, seen pg_catalog.record) RETURNS interval
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  less interval := def.clock_ahead - (seen.clock - seen.clock_at);
  limits pg_catalog.record := xbb._sync_limits();
BEGIN
  IF def.read_until - seen.clock > limits.clock_noise THEN
    RETURN greatest(less, def.read_until - seen.clock);
  ELSIF less > limits.clock_drift THEN
    RETURN least(less, limits.most_setback);
  END IF;
  RETURN NULL;
END
$$;

-- Was that noted, of a definition as it was?
CREATE FUNCTION xbb._sync_stepped_back(def xbb.sync_definition) RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((xbb._sync_get_again((def).id)).read_until < (def).read_until, false)
$$;

-- The latest time that a record can have by the API's clock.  A later stamp is a wrong one.
CREATE FUNCTION xbb._sync_latest_stamp(def xbb.sync_definition) RETURNS pg_catalog.timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  seen pg_catalog.record := xbb._counters();
  ahead constant interval := CASE WHEN xbb._sync_counts_source(def.source) THEN seen.clock - seen.clock_at END;
BEGIN
  RETURN pg_catalog.clock_timestamp() + coalesce(ahead, '0') + (xbb._sync_limits()).clock_noise;
END
$$;

-- The latest time at which a stored row can be newer than what is read: that, and
-- what was read up to, which a setback takes back.
CREATE FUNCTION xbb._sync_believed(def xbb.sync_definition) RETURNS pg_catalog.timestamptz
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT least(xbb._sync_latest_stamp(def), (xbb._sync_get_again((def).id)).read_until)
$$;

-- Notes it behind a run that failed, perhaps for that: what has changed meanwhile is stamped
-- so early that the next run would pass it by, if the clock is right again by then.
CREATE FUNCTION xbb._sync_note_setback(id integer, before pg_catalog.record) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  seen pg_catalog.record := xbb._counters();
  def xbb.sync_definition;
  setback interval;
BEGIN
  SELECT d.* INTO def FROM xbb.sync_definition d
  WHERE d.id = $1 AND d.owner = xbb._sync_me();
  setback := xbb._sync_setback(def, seen);
  IF setback IS NOT NULL AND seen.requests > before.requests THEN
    PERFORM xbb._sync_step_back(def.id, setback, seen.clock - seen.clock_at);
  END IF;
END
$$;

-- Notes what was read: "latest" is the greatest update_time that was loaded, "until" the
-- API's clock up to which nothing was left out, NULL: latest is.  Nothing new, and nothing
-- noted: the next reading begins where this one did, and sees what has come late, too.
CREATE FUNCTION xbb._sync_reach(
  def xbb.sync_definition, latest pg_catalog.timestamptz, until pg_catalog.timestamptz, ahead interval)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  SELECT xbb._sync_move((def).id, latest,
                        CASE WHEN ahead IS NOT NULL THEN
                          least(coalesce(until, greatest((def).read_until, latest)), pg_catalog.clock_timestamp() + interval '1 day') END,
                        ahead, until IS NOT NULL);
END;
