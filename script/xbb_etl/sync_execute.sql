-- What a run begins with: the counters so far, and its start, by our clock and, once the
-- API has answered, by its own.
CREATE FUNCTION xbb._sync_before(OUT before pg_catalog.record)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT c.*, pg_catalog.clock_timestamp() AS began, NULL::pg_catalog.timestamptz AS asked INTO before FROM xbb._counters() c;
END
$$;

CREATE FUNCTION xbb._sync_asked(INOUT before pg_catalog.record)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  now pg_catalog.record := xbb._counters();
BEGIN
  IF before.asked IS NULL AND now.requests > before.requests THEN
    -- this server's clock may have been set meanwhile
    before.asked := now.clock - (now.ticks_us - before.ticks_us) * interval '1 microsecond';
  END IF;
END
$$;

-- How long the API may need to show a change, to who reads that source.  What a view or a partitioned table reads is
-- what stands below it; what a function reads, where anything was asked for, shows as late as by default.
CREATE FUNCTION xbb._sync_settles(source pg_catalog.regclass, asked boolean) RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE below AS (
    SELECT $1::pg_catalog.oid AS relid
    UNION
    SELECT o.relid FROM below b CROSS JOIN LATERAL (
      SELECT d.refobjid AS relid FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
      WHERE r.ev_class = b.relid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = b.relid) o)
  SELECT coalesce(pg_catalog.max(pg_catalog.make_interval(secs => xbb._settle_time(f.relid))), CASE WHEN $2 THEN interval '5 seconds' END, '0')
  FROM (SELECT b.relid FROM below b WHERE xbb._sync_counts_source(b.relid) OFFSET 0) f
$$;

-- All that the API had when a run began is here, when it has succeeded, but for what may not
-- have settled by then.  It is by the API's clock or by ours, whichever is behind: one that is ahead, and set right
-- later, would promise what has not come yet.
CREATE FUNCTION xbb._sync_complete_until(def xbb.sync_definition, before pg_catalog.record) RETURNS pg_catalog.timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN least(before.asked, before.began) - xbb._sync_settles(def.source, before.asked IS NOT NULL);
END
$$;

-- A run's row of the log, as things stand; at its end also the news of it.
CREATE FUNCTION xbb._sync_note(
  def xbb.sync_definition, run bigint, status pg_catalog.text, counts xbb._sync_counts, before pg_catalog.record,
  failure xbb._sync_failure)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  after pg_catalog.record := xbb._counters();
  entry xbb._sync_run_log;
BEGIN
  IF status = 'failed' THEN
    PERFORM xbb._sync_note_setback(def.id, before);
  END IF;
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
  entry.definition := def.id;
  entry.complete_until := CASE WHEN status = 'succeeded' THEN xbb._sync_complete_until(def, before) END;
  PERFORM xbb._sync_run_note(entry);
  -- dumps have it from the definition, which a run that changed nothing leaves alone, but for a new source
  IF status = 'succeeded' AND (entry.rows_read - entry.unchanged + entry.deleted > 0
                               OR EXISTS (SELECT FROM xbb.sync_definition d WHERE d.owner = def.owner AND d.id = def.id
                                          AND d.complete_until = '-infinity')) THEN
    PERFORM xbb._sync_completed(run, entry.complete_until);
  END IF;
  IF status <> 'running' THEN
    PERFORM xbb._sync_notify(def.name, run, status);
    PERFORM xbb._sync_run_prune(def.id, run);
  END IF;
END
$$;

-- In a transaction block, what waits for its COMMIT and a run has checked at once: triggers of the
-- caller's own changes, which run under his path, as at his COMMIT.
CREATE FUNCTION xbb._sync_fire(def xbb.sync_definition, path pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  names pg_catalog.text := xbb._sync_deferred(def, true);
BEGIN
  IF names IS NOT NULL THEN
    PERFORM xbb._sync_path(path);
    EXECUTE pg_catalog.concat('SET CONSTRAINTS ', names, ' IMMEDIATE');
    PERFORM xbb._sync_path();
    EXECUTE pg_catalog.concat('SET CONSTRAINTS ', names, ' DEFERRED');
  END IF;
END
$$;

-- Takes the lock and begins the run's row of the log: none if the sync is not enabled, one
-- that says so if another run is at work.  What keeps it from that is handed back, and
-- is a run of the log, too, that failed.  What is due less often than the run that it meets
-- waits for its end: it has been waited for a moment, and is to be called again.
CREATE FUNCTION xbb._sync_begin(
  name pg_catalog.text, task pg_catalog.text, before pg_catalog.record, can_commit boolean, path pg_catalog.text,
  OUT def xbb.sync_definition, OUT run bigint, OUT failure xbb._sync_failure, OUT waits boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  waits := false;
  def := xbb._sync_get(name);
  IF def.enabled THEN
    PERFORM xbb._sync_check_active(def);
  END IF;
  IF NOT def.enabled THEN
    RAISE NOTICE 'sync % is not enabled', pg_catalog.quote_ident(def.name)
      USING HINT = pg_catalog.format('SELECT xbb.alter_sync(%L, enabled => true); lets it run.', def.name);
  ELSIF xbb._sync_take(def, can_commit) THEN
    IF NOT can_commit THEN
      PERFORM xbb._sync_fire(def, path);
    END IF;
    -- with the lock held, no other run is alive
    PERFORM xbb._sync_run_lost(def.id);
    PERFORM xbb._sync_recall(t.ftserver, def.id) FROM pg_catalog.pg_foreign_table t
    WHERE t.ftrelid = def.source AND xbb._sync_counts_source(def.source);
    run := xbb._sync_run_begin(def.id, task, task <> 'sync full');
  ELSIF can_commit AND task <> 'sync' AND pg_catalog.clock_timestamp() - before.began < (xbb._sync_limits()).patience THEN
    waits := true;
    PERFORM pg_catalog.pg_sleep((1 + pg_catalog.random()) / 4);
  ELSE
    PERFORM xbb._sync_notify(def.name, r, 'skipped') FROM xbb._sync_run_skip(def.id, task) r WHERE r IS NOT NULL;
    RAISE NOTICE 'sync % is running already', pg_catalog.quote_ident(def.name);
  END IF;
EXCEPTION WHEN query_canceled OR OTHERS THEN
  GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
    failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.context = PG_EXCEPTION_CONTEXT;
  run := NULL;
  waits := false;
  IF can_commit THEN
    PERFORM xbb._sync_note_refusal(def.id, name, task, failure);
  END IF;
END
$$;

-- Begins a run, and before it waits where that has to be: each moment in a transaction of
-- its own, so that nothing is kept from being cleaned up.  What the caller's procedure has left
-- for a COMMIT runs under his path.  All transactions of a run that can commit are READ COMMITTED,
-- whatever the default: what is read under a lock is what there is once the lock is held.
CREATE PROCEDURE xbb._sync_start(
  name pg_catalog.text, task pg_catalog.text, can_commit boolean, path pg_catalog.text,
  INOUT def xbb.sync_definition, INOUT run bigint, INOUT failure xbb._sync_failure)
LANGUAGE plpgsql AS $$
DECLARE
  before pg_catalog.record := xbb._sync_before();
  step pg_catalog.record;
BEGIN
  PERFORM xbb._sync_path();
  IF can_commit THEN
    PERFORM xbb._sync_path(path);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM xbb._sync_path();
  END IF;
  LOOP
    step := xbb._sync_begin(_sync_start.name, task, before, can_commit, path);
    def := step.def;
    run := step.run;
    failure := step.failure;
    EXIT WHEN NOT can_commit;
    PERFORM xbb._sync_path(path);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM xbb._sync_path();
    EXIT WHEN NOT step.waits;
  END LOOP;
END
$$;

-- A step of a reconciliation; gone is what a window did not find.
CREATE FUNCTION xbb._sync_step_compare(def xbb.sync_definition, run bigint, INOUT phase pg_catalog.text, INOUT windows pg_catalog.tstzrange[],
  INOUT gone bigint[], OUT counts xbb._sync_counts, OUT span pg_catalog.tstzrange)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first pg_catalog.tstzrange := windows[pg_catalog.cardinality(windows)];
  next pg_catalog.record;
BEGIN
  IF phase = 'divide' THEN
    PERFORM xbb._sync_shows('comparing', did => 0);
    PERFORM xbb._sync_evidence_add(def.id, run, '{0,0,0,0}', NULL, NULL);
    windows := xbb._sync_all_times(def);
    phase := 'compare';
  ELSIF phase = 'compare' AND pg_catalog.cardinality(windows) > 0 THEN
    next := xbb._sync_compare_next(def, run, windows);
    span := CASE WHEN pg_catalog.cardinality(next.windows) < pg_catalog.cardinality(windows) THEN first END;
    windows := next.windows;
    counts := next.counts;
    gone := gone || next.gone;
  ELSIF phase = 'compare' THEN
    phase := 'delete';
  ELSIF phase = 'compare all' THEN
    next := xbb._sync_compare(def, run, NULL, NULL);
    counts := next.counts;
    gone := next.gone;
    span := '(,)';
    phase := 'delete';
  ELSE
    counts := xbb._sync_delete(def, run, gone);
    phase := 'retry due';
  END IF;
END
$$;

-- The step that begins a load: what is new, if it can be read at once, else what it is to be
-- loaded by.
CREATE FUNCTION xbb._sync_step_plan(def xbb.sync_definition, task pg_catalog.text, run bigint, loaded pg_catalog.text,
  OUT phase pg_catalog.text, OUT windows pg_catalog.tstzrange[], OUT counts xbb._sync_counts)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF xbb._sync_is_list(def.source) THEN
    counts := xbb._sync_load_list(def, run, xbb._sync_stage(def, NULL, NULL));
  ELSIF task <> 'sync full' THEN
    counts := xbb._sync_load_at_once(def, run);
  END IF;
  IF counts IS NOT NULL THEN
    phase := loaded;
  ELSIF xbb._sync_stepped_back(def) THEN
    -- from further back, in a step of its own: this one stays if that fails
    phase := 'plan';
  ELSE
    windows := xbb._sync_plan(def, task = 'sync full');
    phase := CASE WHEN task = 'sync full' AND windows = '{}' THEN 'load all' ELSE 'load' END;
  END IF;
END
$$;

-- One step of a run, and what comes after it; counts is NULL where nothing was loaded, span
-- the window that was dealt with, if one was.  What is put together of texts, and what is
-- kept as text, means the same in any session.
CREATE FUNCTION xbb._sync_step(id integer, task pg_catalog.text, run bigint,
  INOUT phase pg_catalog.text, INOUT windows pg_catalog.tstzrange[], INOUT gone bigint[], OUT counts xbb._sync_counts,
  OUT span pg_catalog.tstzrange)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
SET standard_conforming_strings = on SET array_nulls = on SET transform_null_equals = off SET DateStyle = ISO
SET IntervalStyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET xmloption = content AS $$
DECLARE
  def xbb.sync_definition := xbb._sync_get_again(id);
  loaded pg_catalog.text := CASE WHEN xbb._sync_is_list(def.source) THEN 'done' WHEN task = 'reconcile' THEN 'divide'
                                 WHEN task LIKE 'reconcile%' THEN 'compare all' ELSE 'done' END;
  first pg_catalog.tstzrange := windows[pg_catalog.cardinality(windows)];
  rest pg_catalog.tstzrange := pg_catalog.tstzrange(xbb._sync_low(def), NULL);
  next pg_catalog.record;
  checked pg_catalog.record;
BEGIN
  IF NOT def.enabled THEN
    phase := 'stopped';
    RETURN;
  END IF;
  -- what a day brings may use what is kept of the day's requests
  PERFORM xbb._sync_task(def.id, def.name, task = 'sync' AND def.loading_until IS NULL AND
                                           (def.watermark IS NOT NULL OR xbb._sync_is_list(def.source)));
  IF phase IN ('plan', 'retry') THEN
    checked := xbb._sync_check_again(def);
    def := checked.def;
  END IF;
  IF phase = 'plan' OR xbb._sync_is_list(def.source) THEN
    -- no lock is held while the API is asked: what has looked at the tables is a step
    IF NOT checked.looked THEN
      next := xbb._sync_step_plan(def, task, run, loaded);
      phase := next.phase;
      windows := next.windows;
      counts := next.counts;
      span := CASE WHEN counts IS NOT NULL THEN rest END;
    END IF;
  ELSIF phase = 'load' AND pg_catalog.cardinality(windows) > 0 THEN
    next := xbb._sync_load_next(def, run, windows);
    span := CASE WHEN pg_catalog.cardinality(next.windows) < pg_catalog.cardinality(windows) THEN first END;
    windows := next.windows;
    counts := next.counts;
  ELSIF phase = 'load' THEN
    next := xbb._sync_catch_up(def, run, windows);
    windows := next.windows;
    counts := next.counts;
    IF counts IS NOT NULL THEN
      span := rest;
      phase := loaded;
    END IF;
  ELSIF phase = 'load all' THEN
    counts := xbb._sync_window(def, run, NULL, NULL);
    span := '(,)';
    phase := 'done';
  ELSIF phase LIKE 'retry%' THEN
    counts := CASE WHEN task LIKE 'sync%' THEN xbb._sync_retry_due(def, run) ELSE xbb._sync_retry(def, run, phase = 'retry due') END;
    phase := 'done';
    RETURN;
  ELSE
    next := xbb._sync_step_compare(def, run, phase, windows, gone);
    phase := next.phase;
    windows := next.windows;
    counts := next.counts;
    span := next.span;
    gone := next.gone;
  END IF;
  IF phase = 'done' AND xbb._sync_is_due(def, run, counts) THEN
    phase := 'retry due';
  END IF;
END
$$;

-- A run has failed: notes it, and makes of it what is said.  Where the context names a value
-- that did not fit its column, both say so.
CREATE FUNCTION xbb._sync_fail(
  def xbb.sync_definition, run bigint, counts xbb._sync_counts, before pg_catalog.record, INOUT failure xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place pg_catalog.text := substring(failure.context FROM E'column "[^\n]*" [(]attr [^\n]*[)] of foreign table [^\n]*');
  refused pg_catalog.record;
  noted xbb._sync_failure;
BEGIN
  IF run IS NULL THEN
    RETURN;
  END IF;
  refused := xbb._sync_keep_rejects(def, run, failure);
  failure := refused.failure;
  counts := xbb._sync_add(counts, ROW(0, 0, 0, 0, refused.kept, 0)::xbb._sync_counts);
  -- values of a record are not for the log; in our own words there are none
  IF xbb._sync_is_blamed(failure.sqlstate) AND NOT xbb._sync_is_suspicious(failure.sqlstate) AND failure.sqlstate <> '54000'
     AND failure.context !~ E'^PL/pgSQL function xbb[.]_[^\n]* at RAISE' THEN
    failure.message := xbb._sync_masked(failure.sqlstate, failure.message);
    failure.detail := '';
    place := pg_catalog.regexp_replace(place, ', value .*$', '');
  END IF;
  noted := failure;
  noted.message := failure.message || coalesce(': ' || place, ' (' || substring(failure.detail FROM 'It was ((?:record|table|column|constraint|PL/pgSQL|SQL) .*)[.]$') || ')', '');
  PERFORM xbb._sync_note(def, run, 'failed', counts, before, noted);
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

-- Has a step, or its COMMIT, failed only because it met with others in the target, and might it go
-- better if it is done again, a little later?  A list that changes too fast is none of that: the
-- reading has tried again by itself.
CREATE FUNCTION xbb._sync_passes(failure xbb._sync_failure, tries integer, by_commit boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tries >= (xbb._sync_limits()).most_tries OR
     NOT (failure.sqlstate IN ('40P01', '55P03') OR
          failure.sqlstate = '40001' AND (by_commit OR pg_catalog.strpos(failure.context, 'xbb._sync_load(') > 0)) THEN
    RETURN false;
  END IF;
  PERFORM pg_catalog.pg_sleep((tries + pg_catalog.random()) / 2);
  RETURN true;
END
$$;

-- A COMMIT that fails frees the lock: takes it anew for a run that goes on, unless another one has
-- begun meanwhile.
CREATE FUNCTION xbb._sync_take_again(def xbb.sync_definition, run bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT xbb._sync_take(def, true) THEN
    RETURN false;
  ELSIF NOT xbb._sync_run_open(def.id, run) THEN
    PERFORM xbb._sync_unlock(def.id);
    RETURN false;
  END IF;
  RETURN true;
END
$$;

-- The end of a run, once it is committed: its lock, and what is to be told of it, unless others come.
CREATE PROCEDURE xbb._sync_leave(id integer, can_commit boolean, locked boolean, alone boolean) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM xbb._sync_path();
  IF can_commit THEN
    COMMIT;
    PERFORM xbb._sync_path();
  END IF;
  PERFORM xbb._sync_unlock(id) WHERE locked;
  CALL xbb._alert_look(can_commit AND alone);
END
$$;

-- A run of any kind: lock, log, work in steps that commit, log, unlock.  What a step has come to
-- counts once it is committed; a COMMIT that fails is an error of its step as any other is.
CREATE PROCEDURE xbb._sync_execute(
  name pg_catalog.text, task pg_catalog.text, alone boolean, by_window boolean, INOUT failed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  can_commit boolean := xbb._can_commit();
  path pg_catalog.text := pg_catalog.current_setting('search_path');
  def xbb.sync_definition;
  before pg_catalog.record;
  told pg_catalog.record;
  run bigint;
  phase pg_catalog.text := CASE WHEN task OPERATOR(pg_catalog.=) 'retry_rejects' THEN 'retry' ELSE 'plan' END;
  windows pg_catalog.tstzrange[];
  gone bigint[];
  step pg_catalog.record;
  counts xbb._sync_counts;
  reached xbb._sync_counts;
  locked boolean;
  tries integer := 0;
  failure xbb._sync_failure;
BEGIN
  PERFORM xbb._sync_path();
  CALL xbb._sync_start(_sync_execute.name, task, can_commit, path, def, run, failure);
  locked := can_commit AND run IS NOT NULL;
  before := xbb._sync_before();
  told := before;
  WHILE run IS NOT NULL LOOP
    BEGIN
      PERFORM xbb._sync_show(def.id, def.name, run, task, def.source, by_window, pg_catalog.cardinality(windows));
      step := xbb._sync_step_of_day(def, task, run, before, phase, windows, gone);
      reached := xbb._sync_add(counts, step.counts);
      PERFORM xbb._sync_limit_share(def, run, task, reached);
      before := xbb._sync_asked(before);
      told := CASE WHEN by_window THEN xbb._sync_print_window(task, step.span, step.counts, told) END;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
        failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.context = PG_EXCEPTION_CONTEXT;
    END;
    IF failure.sqlstate IS NULL THEN
      -- rows, watermark and the log together
      IF step.phase IN ('done', 'stopped') OR can_commit AND step.counts IS NOT NULL THEN
        PERFORM xbb._sync_note(def, run, CASE step.phase WHEN 'done' THEN 'succeeded' WHEN 'stopped' THEN 'stopped' ELSE 'running' END,
                               reached, before, step.rest);
      END IF;
      IF can_commit THEN
        -- triggers that wait for it are the owner's
        PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
        CALL xbb._sync_commit(failure.sqlstate, failure.message, failure.detail, failure.hint, failure.context);
        PERFORM xbb._sync_path();
        locked := failure.sqlstate IS NULL;
      END IF;
    END IF;
    IF failure.sqlstate IS NOT NULL THEN
      EXIT WHEN NOT can_commit OR NOT xbb._sync_passes(failure, tries, NOT locked);
      COMMIT; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      PERFORM xbb._sync_path();
      locked := locked OR xbb._sync_take_again(def, run);
      EXIT WHEN NOT locked;
      tries := tries OPERATOR(pg_catalog.+) 1;
      failure := NULL;
      CONTINUE;
    END IF;
    SELECT step.phase, step.windows, step.gone INTO phase, windows, gone;
    counts := reached;
    EXIT WHEN phase IN ('done', 'stopped');
  END LOOP;
  PERFORM xbb._sync_unshow() WHERE run IS NOT NULL;
  IF failure.sqlstate IS NOT NULL THEN
    failure := xbb._sync_fail(def, run, CASE WHEN can_commit THEN counts END, before, failure);
  END IF;
  CALL xbb._sync_leave(def.id, can_commit, locked, alone);
  failed := failure.sqlstate IS NOT NULL;
  PERFORM xbb._sync_complain(_sync_execute.name, failure, alone) WHERE failed;
  PERFORM xbb._sync_print(def, task, phase, counts, before) WHERE NOT failed AND run IS NOT NULL;
  PERFORM xbb._sync_path(path);
END
$$;
