-- A run's row of the log, as things stand; at its end also the news of it.
CREATE FUNCTION xbb._sync_note(
  def xbb.sync_definition, run bigint, status pg_catalog.text, counts xbb._sync_counts, before pg_catalog.record,
  failure xbb._sync_failure)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  after pg_catalog.record := xbb._counters();
  entry xbb._sync_run_log;
BEGIN
  entry.id := run;
  entry.status := status;
  entry.ended := CASE WHEN status <> 'running' THEN pg_catalog.clock_timestamp() END;
  entry.watermark := (SELECT d.watermark FROM xbb.sync_definition d WHERE d.owner = def.owner AND d.id = def.id);
  entry.requests := after.requests - before.requests;
  entry.pages := after.pages - before.pages;
  entry.rows_read := coalesce(counts.rows_read, 0);
  entry.inserted := coalesce(counts.inserted, 0);
  entry.updated := coalesce(counts.updated, 0);
  entry.unchanged := coalesce(counts.unchanged, 0);
  entry.rejected := coalesce(counts.rejected, 0);
  entry.deleted := coalesce(counts.deleted, 0);
  entry.retries := after.retries - before.retries;
  entry.throttled := (after.throttled_us - before.throttled_us) * interval '1 microsecond';
  entry.bytes := after.bytes - before.bytes;
  entry.sqlstate := failure.sqlstate;
  entry.error := failure.message;
  PERFORM xbb._sync_run_note(entry);
  IF status <> 'running' THEN
    -- everybody may listen: no more than what to look up
    PERFORM pg_catalog.pg_notify('xbb_sync', pg_catalog.jsonb_build_object(
      'sync', def.name, 'run', run, 'status', status)::pg_catalog.text);
    PERFORM xbb._sync_run_prune(def.id, run);
  END IF;
END
$$;

-- Takes the lock and begins the run's row of the log; NULL if the sync is not enabled, and
-- NULL, and a row that says so, if another run is at work.
CREATE FUNCTION xbb._sync_begin(def xbb.sync_definition, task pg_catalog.text, before pg_catalog.record, can_commit boolean)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run bigint;
BEGIN
  IF NOT def.enabled THEN
    RAISE NOTICE 'sync % is not enabled', pg_catalog.quote_ident(def.name)
      USING HINT = pg_catalog.format('SELECT xbb.alter_sync(%L, enabled => true); lets it run.', def.name);
    RETURN NULL;
  END IF;
  IF NOT xbb._sync_take(def, can_commit) THEN
    run := xbb._sync_run_begin(def.id, task, false);
    PERFORM xbb._sync_note(def, run, 'skipped', NULL, before, NULL);
    RAISE NOTICE 'sync % is running already', pg_catalog.quote_ident(def.name);
    RETURN NULL;
  END IF;
  -- with the lock held, no other run is alive
  PERFORM xbb._sync_run_lost(def.id);
  RETURN xbb._sync_run_begin(def.id, task, task <> 'sync full');
END
$$;

-- One step of a run, and what comes after it; counts is NULL where nothing was done that
-- ought to be committed.  What is put together of texts, and what is kept as text, means
-- the same in any session.
CREATE FUNCTION xbb._sync_step(id integer, task pg_catalog.text, run bigint,
  INOUT phase pg_catalog.text, INOUT windows pg_catalog.tstzrange[], INOUT gone bigint[], OUT counts xbb._sync_counts)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
SET standard_conforming_strings = on SET array_nulls = on SET transform_null_equals = off SET DateStyle = ISO
SET IntervalStyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET xmloption = content AS $$
DECLARE
  def xbb.sync_definition := xbb._sync_get_again(id);
  loaded pg_catalog.text := CASE task WHEN 'reconcile' THEN 'divide' WHEN 'reconcile full' THEN 'compare all' ELSE 'done' END;
  next pg_catalog.record;
BEGIN
  IF NOT def.enabled THEN
    phase := 'stopped';
    RETURN;
  END IF;
  IF phase IN ('plan', 'retry') THEN
    PERFORM xbb._sync_check_again(def);
    IF task LIKE 'reconcile%' AND NOT xbb._sync_counts_source(def.source) THEN
      RAISE EXCEPTION 'the source of sync % is no foreign table of xbb_fdw', pg_catalog.quote_ident(def.name)
        USING ERRCODE = 'wrong_object_type';
    END IF;
  END IF;
  IF phase = 'plan' AND task <> 'sync full' THEN
    counts := xbb._sync_load_little(def, run);
  END IF;
  IF counts IS NOT NULL THEN
    phase := loaded;
  ELSIF phase = 'plan' THEN
    windows := xbb._sync_plan(def, task = 'sync full');
    phase := CASE WHEN task = 'sync full' AND windows = '{}' THEN 'load all' ELSE 'load' END;
  ELSIF phase = 'load' AND pg_catalog.cardinality(windows) > 0 THEN
    next := xbb._sync_load_next(def, run, windows);
    windows := next.windows;
    counts := next.counts;
  ELSIF phase = 'load' THEN
    counts := xbb._sync_catch_up(def, run);
    phase := loaded;
  ELSIF phase = 'load all' THEN
    counts := xbb._sync_window(def, run, NULL, NULL);
    phase := 'done';
  ELSIF phase = 'divide' THEN
    windows := xbb._sync_all_times(def);
    phase := 'compare';
  ELSIF phase = 'compare' AND pg_catalog.cardinality(windows) > 0 THEN
    next := xbb._sync_compare_next(def, run, windows);
    windows := next.windows;
    counts := next.counts;
    gone := gone || next.gone;
  ELSIF phase = 'compare' THEN
    phase := 'delete';
  ELSIF phase = 'compare all' THEN
    next := xbb._sync_compare(def, run, NULL, NULL);
    counts := next.counts;
    gone := next.gone;
    phase := 'delete';
  ELSIF phase = 'delete' THEN
    counts := xbb._sync_delete(def, run, gone);
    phase := 'retry without rival';
  ELSE
    counts := xbb._sync_retry(def, run, phase = 'retry without rival');
    phase := 'done';
  END IF;
END
$$;

-- What a failed run says, and what the log notes: where the context names a value that
-- did not fit its column, that, too.
CREATE FUNCTION xbb._sync_blame(def xbb.sync_definition, INOUT failure xbb._sync_failure, OUT noted xbb._sync_failure)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place pg_catalog.text := substring(failure.context FROM E'column "[^\n]*" [(]attr [^\n]*[)] of foreign table [^\n]*');
BEGIN
  noted := failure;
  noted.message := failure.message || coalesce(': ' || place, '');
  IF place IS NOT NULL THEN
    failure.detail := pg_catalog.format('It was %s.', place);
    IF NOT xbb._sync_sets_null(def.source) THEN
      failure.hint := pg_catalog.format(
        'Option on_error ''set_null'' of %s, with a column whose attr is ''#error'', sets such records aside.', def.source);
    END IF;
  END IF;
  failure.detail := coalesce(nullif(failure.detail, ''), pg_catalog.format('Sync %I failed.', def.name));
  failure.hint := coalesce(nullif(failure.hint, ''), 'TABLE xbb.sync_run shows its runs.');
END
$$;

-- The line that a run prints: what it did.
CREATE FUNCTION xbb._sync_print(
  def xbb.sync_definition, task pg_catalog.text, phase pg_catalog.text, counts xbb._sync_counts, before pg_catalog.record,
  began pg_catalog.timestamptz)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  after pg_catalog.record := xbb._counters();
BEGIN
  RAISE INFO '%: % read, % inserted, % updated, % unchanged, %, % request%, % s',
    pg_catalog.concat(pg_catalog.split_part(task, ' ', 1), ' ', pg_catalog.quote_ident(def.name),
                      CASE WHEN task LIKE '% full' THEN ', full' END, CASE WHEN phase = 'stopped' THEN ', stopped' END),
    coalesce(counts.rows_read, 0), coalesce(counts.inserted, 0), coalesce(counts.updated, 0), coalesce(counts.unchanged, 0),
    pg_catalog.concat(coalesce(counts.rejected, 0), ' rejected', CASE WHEN task LIKE 'reconcile%' THEN
      pg_catalog.format(', %s deleted', coalesce(counts.deleted, 0)) END),
    after.requests - before.requests, CASE WHEN after.requests - before.requests <> 1 THEN 's' ELSE '' END,
    pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - began)::numeric, 1);
END
$$;

-- Says why a run failed: as an error where it runs alone, or was cancelled, else as a warning.
CREATE FUNCTION xbb._sync_complain(def xbb.sync_definition, failure xbb._sync_failure, alone boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF alone OR failure.sqlstate = '57014' THEN
    RAISE EXCEPTION USING ERRCODE = failure.sqlstate, MESSAGE = failure.message, DETAIL = failure.detail, HINT = failure.hint;
  END IF;
  RAISE WARNING USING ERRCODE = failure.sqlstate, MESSAGE = pg_catalog.format('sync %I failed: %s', def.name, failure.message),
    DETAIL = failure.detail, HINT = failure.hint;
END
$$;

-- A run of any kind: lock, log, work in steps that commit, log, unlock.  A COMMIT that
-- fails ends the run as any other error does, and has freed the lock.
CREATE PROCEDURE xbb._sync_execute(name pg_catalog.text, task pg_catalog.text, alone boolean, INOUT failed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  can_commit boolean := xbb._can_commit();
  began pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  path pg_catalog.text := pg_catalog.current_setting('search_path');
  def xbb.sync_definition;
  before pg_catalog.record;
  run bigint;
  phase pg_catalog.text := CASE WHEN task OPERATOR(pg_catalog.=) 'retry_rejects' THEN 'retry' ELSE 'plan' END;
  windows pg_catalog.tstzrange[];
  gone bigint[];
  step pg_catalog.record;
  counts xbb._sync_counts;
  committed xbb._sync_counts;
  locked boolean := can_commit;
  failure xbb._sync_failure;
  blame pg_catalog.record;
BEGIN
  PERFORM xbb._sync_path();
  failed := false;
  def := xbb._sync_get(_sync_execute.name);
  before := xbb._counters();
  run := xbb._sync_begin(def, task, before, can_commit);
  IF run IS NULL THEN
    PERFORM xbb._sync_path(path);
    RETURN;
  END IF;
  IF can_commit THEN
    COMMIT;
    PERFORM xbb._sync_path();
  END IF;

  LOOP
    BEGIN
      step := xbb._sync_step(def.id, task, run, phase, windows, gone);
      phase := step.phase;
      windows := step.windows;
      gone := step.gone;
      counts := xbb._sync_add(counts, step.counts);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
        failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.context = PG_EXCEPTION_CONTEXT;
    END;
    EXIT WHEN failure.sqlstate IS NOT NULL;
    -- rows, watermark and the log together
    IF phase IN ('done', 'stopped') OR can_commit AND step.counts IS NOT NULL THEN
      PERFORM xbb._sync_note(def, run, CASE phase WHEN 'done' THEN 'succeeded' WHEN 'stopped' THEN phase ELSE 'running' END,
                             counts, before, NULL);
      IF can_commit THEN
        CALL xbb._sync_commit(failure.sqlstate, failure.message, failure.detail, failure.hint, failure.context);
        PERFORM xbb._sync_path();
        locked := failure.sqlstate IS NULL;
      END IF;
      EXIT WHEN phase IN ('done', 'stopped') OR failure.sqlstate IS NOT NULL;
      committed := counts;
    END IF;
  END LOOP;

  IF failure.sqlstate IS NOT NULL THEN
    blame := xbb._sync_blame(def, failure);
    PERFORM xbb._sync_note(def, run, 'failed', committed, before, blame.noted);
    failure := blame.failure;
    IF can_commit THEN
      COMMIT;
      PERFORM xbb._sync_path();
    END IF;
  END IF;
  IF locked THEN
    PERFORM xbb._sync_unlock(def.id);
  END IF;
  failed := failure.sqlstate IS NOT NULL;
  IF failed THEN
    PERFORM xbb._sync_complain(def, failure, alone);
  ELSE
    PERFORM xbb._sync_print(def, task, phase, counts, before, began);
  END IF;
  PERFORM xbb._sync_path(path);
END
$$;

-- The caller's syncs that may run, none that wait for his word, in the order in which they were made.
CREATE FUNCTION xbb._sync_enabled() RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(d.name ORDER BY d.id), '{}') FROM xbb.sync_definition d
  WHERE d.enabled AND d.confirmed AND d.owner = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
$$;

CREATE PROCEDURE xbb.sync(name pg_catalog.text, full boolean DEFAULT false, dry_run boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  IF dry_run THEN
    PERFORM xbb._sync_try(name, sync.full);
    RETURN;
  END IF;
  CALL xbb._sync_execute(name, CASE WHEN sync.full THEN 'sync full' ELSE 'sync' END, true, failed);
END
$$;
COMMENT ON PROCEDURE xbb.sync(text, boolean, boolean) IS
  'reads what has changed or, full, everything, and brings what differs into the target, or tells what that would be';

CREATE PROCEDURE xbb.sync_all() LANGUAGE plpgsql AS $$
DECLARE
  path pg_catalog.text := pg_catalog.current_setting('search_path');
  name pg_catalog.text;
  failed boolean;
  failures pg_catalog.text;
BEGIN
  PERFORM xbb._sync_path();
  FOREACH name IN ARRAY xbb._sync_enabled() LOOP
    PERFORM xbb._sync_path(path);
    CALL xbb._sync_execute(name, 'sync', false, failed);
    IF failed THEN
      failures := pg_catalog.concat_ws(', ', failures, pg_catalog.quote_ident(name));
    END IF;
  END LOOP;
  PERFORM xbb._sync_path(path);
  IF failures IS NOT NULL THEN
    RAISE EXCEPTION 'these syncs failed: %', failures USING ERRCODE = 'fdw_error', HINT = 'TABLE xbb.sync_run shows their runs.';
  END IF;
END
$$;
COMMENT ON PROCEDURE xbb.sync_all() IS
  'runs every enabled sync of the role that calls it, one after another, whatever becomes of the others';

CREATE PROCEDURE xbb.retry_rejects(name pg_catalog.text) LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  CALL xbb._sync_execute(name, 'retry_rejects', true, failed);
END
$$;
COMMENT ON PROCEDURE xbb.retry_rejects(text) IS 'loads what was set aside, without a request';

CREATE PROCEDURE xbb.reconcile(name pg_catalog.text, full boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  CALL xbb._sync_execute(name, CASE WHEN reconcile.full THEN 'reconcile full' ELSE 'reconcile' END, true, failed);
END
$$;
COMMENT ON PROCEDURE xbb.reconcile(text, boolean) IS
  'finds what was deleted and what was missed, by counts of time windows or, full, by every id';
