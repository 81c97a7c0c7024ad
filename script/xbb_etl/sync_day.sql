-- A load that is larger than a day's requests goes over days: a run commits what the day allows,
-- and the next one goes on.

-- Has a run failed only because the day's requests are used up, and does the next one go on where
-- it was?  Not if it had a good part of a day's and is where it began: that will be so each day.
CREATE FUNCTION xbb._sync_rests(
  def xbb.sync_definition, task pg_catalog.text, before pg_catalog.record, failure xbb._sync_failure) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first boolean := def.watermark IS NULL;
  began constant xbb.sync_definition := def;
  -- how much the API's own day has is not known
  ours constant boolean := pg_catalog.starts_with(failure.message, 'daily quota of ');
  day pg_catalog.record;
BEGIN
  -- other limits have the same code
  IF NOT (ours OR pg_catalog.starts_with(failure.hint, 'The account''s requests of the day are used up')) THEN
    RETURN false;
  END IF;
  def := xbb._sync_get_again(def.id);
  IF NOT xbb._sync_counts_source(def.source) OR xbb._sync_is_list(def.source)
     OR NOT (task = 'sync' AND (def.loading_until IS NOT NULL OR def.watermark IS NULL) OR task = 'sync full' AND first) THEN
    RETURN false;
  END IF;
  day := xbb._sync_day(def.source);
  IF day.requests = 0 THEN
    RETURN false;
  ELSIF ROW(began.watermark, began.loading_until, began.loading_windows) IS DISTINCT FROM ROW(def.watermark, def.loading_until, def.loading_windows)
        OR coalesce((CASE WHEN ours THEN day.requests_left ELSE 0 END + (xbb._counters()).requests - before.requests) * 2 < day.requests, true) THEN
    RETURN true;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'configuration_limit_exceeded', MESSAGE = failure.message,
    DETAIL = 'The load is where it was when the run began: what comes next needs more requests than a day has for it.',
    HINT = 'Raise the server''s option daily_quota, or lower quota_reserve.';
END
$$;

-- What helps where the overlap alone has more records than a day's requests bring, so that each
-- run would take days; '' where it has not.  Costs a request.
CREATE FUNCTION xbb._sync_overlap_hint(def xbb.sync_definition, day pg_catalog.record) RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most constant bigint := day.requests * day.page_size;
  records bigint;
BEGIN
  IF def.watermark IS NULL THEN
    RETURN '';
  END IF;
  records := xbb._total(def.source, def.watermark - def.overlap, def.watermark);
  IF records <= most THEN
    RETURN '';
  END IF;
  RETURN pg_catalog.format(
    ' The overlap alone, %s, has %s records, and a day''s requests bring %s at most: raise the server''s option daily_quota, '
    || 'or type: SELECT xbb.alter_sync(%L, overlap => %L);', def.overlap, records, most, def.name,
    pg_catalog.make_interval(secs => greatest(pg_catalog.floor(pg_catalog.date_part('epoch', def.overlap) * most / records / 3), 1))::pg_catalog.text);
END
$$;

-- How many requests so many records take, in windows of "window" records: at the price of those that came, unless
-- that was of divisions rather, as where a day is short.  A window costs its pages and some five: counts when it was
-- divided, both ends, the audit; and of details there is one a record.
CREATE FUNCTION xbb._sync_price(records bigint, window_records bigint, page_size bigint, details boolean, sent bigint, came bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT least(pg_catalog.ceil(records::numeric / page_size) + 5 * pg_catalog.ceil(records::numeric / window_records) + CASE WHEN details THEN records ELSE 0 END,
               CASE WHEN came > 0 THEN greatest(pg_catalog.ceil(records * sent::numeric / came), pg_catalog.ceil(records::numeric / page_size)) END)::bigint
$$;

-- What a run says that rests, and is kept of it: how much is left, and until when that takes at
-- least.  A run that has sent anything counts it, by one request more, of the reserve.
CREATE FUNCTION xbb._sync_rest(
  def xbb.sync_definition, before pg_catalog.record, INOUT failure xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  day pg_catalog.record := xbb._sync_day(def.source);
  sent bigint := (xbb._counters()).requests - before.requests;
  came bigint := (xbb._counters()).rows - before.rows;
  pages bigint;
  records bigint;
  overlap_hint pg_catalog.text := '';
BEGIN
  def := xbb._sync_get_again(def.id);
  IF sent > 0 THEN
    BEGIN
      PERFORM xbb._sync_task(def.id, def.name, true);
      records := xbb._total(def.source, xbb._sync_low(def), NULL);
      pages := xbb._sync_price(records, greatest(day.requests / 2, 1) * day.page_size, day.page_size, xbb._sync_asks_details(def), sent, came);
      overlap_hint := xbb._sync_overlap_hint(def, day);
    EXCEPTION WHEN OTHERS THEN
      records := NULL;
    END;
  END IF;
  failure.detail := CASE WHEN records IS NOT NULL THEN
    pg_catalog.format('About %s records are left, in %s requests%s.', records, pages,
      ', which takes until ' || (day.ends + (greatest(pg_catalog.ceil(pages::numeric / day.requests), 1) - 1) * interval '1 day')::pg_catalog.text
      || ' at least') ELSE '' END;
  failure.hint := pg_catalog.format('The next run goes on, from %s on.%s', day.ends, overlap_hint);
  failure.message := 'the requests of the day are used up, the load goes on with the next';
  RAISE NOTICE USING MESSAGE = pg_catalog.format('sync %I: %s', def.name, failure.message), DETAIL = failure.detail, HINT = failure.hint;
  failure.message := pg_catalog.concat_ws('. ', failure.message, nullif(failure.detail, ''));
END
$$;

-- How many records a window may have, of those that it has if it is read at once: half of what
-- the day has left, so that a load proceeds however little that is; a page, if it is nothing.
-- What is new since the last run may use the reserve, too.
CREATE FUNCTION xbb._sync_window_records(source pg_catalog.regclass, incremental boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most bigint := (xbb._sync_limits()).window_records;
  day pg_catalog.record := xbb._sync_day(source);
  available bigint := CASE WHEN incremental THEN day.with_reserve ELSE day.requests_left END;
BEGIN
  RETURN CASE WHEN available IS NULL THEN most ELSE least(most, greatest(available / 2, 1) * day.page_size) END;
END
$$;

-- A step, or the rest, until another run.
CREATE FUNCTION xbb._sync_step_of_day(
  def xbb.sync_definition, task pg_catalog.text, run bigint, before pg_catalog.record,
  INOUT phase pg_catalog.text, INOUT windows pg_catalog.tstzrange[], INOUT gone bigint[], OUT counts xbb._sync_counts,
  OUT span pg_catalog.tstzrange, OUT rest xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step pg_catalog.record;
BEGIN
  step := xbb._sync_step(def.id, task, run, phase, windows, gone);
  SELECT step.phase, step.windows, step.gone, step.span INTO phase, windows, gone, span;
  counts := step.counts;
EXCEPTION WHEN configuration_limit_exceeded THEN
  GET STACKED DIAGNOSTICS rest.sqlstate = RETURNED_SQLSTATE, rest.message = MESSAGE_TEXT,
    rest.detail = PG_EXCEPTION_DETAIL, rest.hint = PG_EXCEPTION_HINT;
  IF NOT xbb._sync_rests(def, task, before, rest) THEN
    RAISE;
  END IF;
  rest := xbb._sync_rest(def, before, rest);
  phase := 'stopped';
END
$$;
