-- A run's row of the log, as things stand; at its end also the news of it.
CREATE FUNCTION xbb._sync_note(run bigint, status text, counts xbb._sync_counts, before record, sqlstate text, error text)
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  after record := xbb._counters();
  entry xbb._sync_run_log;
BEGIN
  UPDATE xbb._sync_run_log l
  SET status = status, ended = CASE WHEN status <> 'running' THEN clock_timestamp() END,
      watermark = (SELECT d.watermark FROM xbb.sync_definition d WHERE d.name = l.sync),
      requests = after.requests - before.requests, pages = after.pages - before.pages,
      rows_read = coalesce(counts.rows_read, 0), inserted = coalesce(counts.inserted, 0),
      updated = coalesce(counts.updated, 0), unchanged = coalesce(counts.unchanged, 0),
      rejected = coalesce(counts.rejected, 0), deleted = coalesce(counts.deleted, 0),
      retries = after.retries - before.retries,
      throttled = make_interval(secs => (after.throttled_us - before.throttled_us) / 1000000.0),
      bytes = after.bytes - before.bytes, sqlstate = sqlstate, error = error
  WHERE l.id = run RETURNING * INTO entry;
  IF status <> 'running' THEN
    PERFORM pg_notify('xbb_sync', jsonb_build_object(
      'sync', entry.sync, 'run', entry.id, 'task', entry.task, 'status', status, 'inserted', entry.inserted,
      'updated', entry.updated, 'rejected', entry.rejected, 'deleted', entry.deleted,
      'watermark', entry.watermark, 'sqlstate', sqlstate, 'error', left(error, 500))::text);
    DELETE FROM xbb._sync_run_log l
    WHERE l.sync = entry.sync AND l.started < now() - current_setting('xbb_fdw.log_retention')::interval AND l.id <> run;
  END IF;
END
$$;

-- A run of any kind: lock, log, work in steps that commit, log, unlock.
CREATE PROCEDURE xbb._sync_execute(name text, task text) LANGUAGE plpgsql AS $$
DECLARE
  can_commit boolean := xbb._can_commit();
  path text := pg_catalog.current_setting('search_path');
  safe_path text := 'pg_catalog, pg_temp';
  def xbb.sync_definition;
  before record;
  counts xbb._sync_counts;
  run bigint;
  free boolean;
  windows tstzrange[];
  phase text;
  step xbb._sync_counts;
  difference record;
  fits boolean;
  low timestamptz;
  high timestamptz;
  failed boolean := false;
  failed_state text;
  failed_message text;
  failed_detail text;
  failed_hint text;
  failed_context text;
  failed_place text;                -- which value did not fit its column
BEGIN
  PERFORM pg_catalog.set_config('search_path', safe_path, true);
  phase := CASE task WHEN 'retry_rejects' THEN 'retry' ELSE 'plan' END;
  def := xbb._sync_get(_sync_execute.name);
  before := xbb._counters();
  -- a session may still hold it, from a run that ended between its last two statements
  IF can_commit THEN
    free := xbb._sync_locked(def.name, pg_backend_pid()) OR
      (SELECT pg_try_advisory_lock(k.class, k.object) FROM xbb._sync_lock(def.name) k);
  ELSE
    free := (SELECT pg_try_advisory_xact_lock(k.class, k.object) FROM xbb._sync_lock(def.name) k);
  END IF;
  IF NOT free THEN
    INSERT INTO xbb._sync_run_log (sync, owner, task, status) VALUES (def.name, def.owner, _sync_execute.task, 'running') RETURNING id INTO run;
    PERFORM xbb._sync_note(run, 'skipped', NULL, before, NULL, NULL);
    RAISE NOTICE 'sync % is running already', quote_ident(def.name);
    PERFORM set_config('search_path', path, true);
    RETURN;
  END IF;
  -- with the lock held, no other run is alive
  UPDATE xbb._sync_run_log l SET status = 'killed' WHERE l.sync = def.name AND l.status = 'running';
  INSERT INTO xbb._sync_run_log (sync, owner, task, status, low)
  SELECT def.name, def.owner, _sync_execute.task, 'running', d.watermark - d.overlap
  FROM xbb.sync_definition d WHERE d.name = def.name RETURNING id INTO run;
  IF can_commit THEN
    COMMIT;
    PERFORM pg_catalog.set_config('search_path', safe_path, true);
  END IF;

  WHILE phase <> 'done' AND NOT failed LOOP
    step := NULL;
    BEGIN
      def := xbb._sync_get(_sync_execute.name);
      IF phase IN ('load', 'compare') AND cardinality(windows) > 0 THEN
        low := lower(windows[cardinality(windows)]);
        high := upper(windows[cardinality(windows)]);
        windows := windows[:cardinality(windows) - 1];
        IF phase = 'load' THEN
          SELECT f.windows, f.fits INTO windows, fits FROM xbb._sync_fits(def, low, high, windows) f;
          IF fits THEN
            step := xbb._sync_window(def, run, low, high);
          END IF;
        ELSE
          difference := xbb._sync_descend(def, run, low, high, windows);
          windows := difference.windows;
          step := difference.counts;
        END IF;
      ELSIF phase = 'plan' THEN
        windows := xbb._sync_plan(def);
        phase := 'load';
      ELSIF phase = 'load' THEN
        UPDATE xbb.sync_definition d SET loading_until = NULL WHERE d.name = def.name AND d.loading_until IS NOT NULL;
        step := xbb._sync_window(def, run, def.watermark - def.overlap, NULL);
        phase := CASE _sync_execute.task WHEN 'reconcile' THEN 'divide' WHEN 'reconcile full' THEN 'compare all' ELSE 'done' END;
      ELSIF phase = 'divide' THEN
        windows := CASE WHEN def.watermark IS NULL THEN '{}' ELSE array[tstzrange(to_timestamp(0), def.watermark, '[]')] END;
        phase := 'compare';
      ELSE
        IF phase = 'compare all' THEN
          step := xbb._sync_compare(def, run, NULL, NULL);
        ELSIF phase = 'retry' THEN
          step := xbb._sync_retry(def, run);
        END IF;
        phase := 'done';
      END IF;
      counts := xbb._sync_add(counts, step);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      failed := true;
      GET STACKED DIAGNOSTICS failed_state = RETURNED_SQLSTATE, failed_message = MESSAGE_TEXT,
        failed_detail = PG_EXCEPTION_DETAIL, failed_hint = PG_EXCEPTION_HINT, failed_context = PG_EXCEPTION_CONTEXT;
      failed_place := substring(failed_context FROM 'column "[^\n]*" \(attr [^\n]*\) of foreign table [^\n]*');
      IF failed_place IS NOT NULL THEN
        failed_detail := format('It was %s.', failed_place);
        IF NOT EXISTS (SELECT FROM pg_foreign_table t WHERE t.ftrelid = def.source AND 'on_error=set_null' = ANY (t.ftoptions)) THEN
          failed_hint := format('Option on_error ''set_null'' of %s, with a column whose attr is ''#error'', sets such records aside.', def.source);
        END IF;
      END IF;
    END;
    -- rows, watermark and the log together
    IF can_commit AND step IS NOT NULL AND phase <> 'done' AND NOT failed THEN
      PERFORM xbb._sync_note(run, 'running', counts, before, NULL, NULL);
      COMMIT;
      PERFORM pg_catalog.set_config('search_path', safe_path, true);
    END IF;
  END LOOP;

  PERFORM xbb._sync_note(run, CASE WHEN failed THEN 'failed' ELSE 'succeeded' END, counts, before, failed_state,
                         failed_message || coalesce(': ' || failed_place, ''));
  IF can_commit THEN
    COMMIT;
    PERFORM pg_catalog.set_config('search_path', safe_path, true);
    PERFORM pg_advisory_unlock(k.class, k.object) FROM xbb._sync_lock(def.name) k;
  END IF;
  PERFORM set_config('search_path', path, true);
  IF failed THEN
    RAISE EXCEPTION USING ERRCODE = failed_state, MESSAGE = failed_message,
      DETAIL = coalesce(nullif(failed_detail, ''), format('Sync %I failed.', def.name)),
      HINT = coalesce(nullif(failed_hint, ''), 'TABLE xbb.sync_run shows its runs.');
  END IF;
END
$$;

CREATE PROCEDURE xbb.sync(name text) LANGUAGE plpgsql AS $$
BEGIN
  CALL xbb._sync_execute(name, 'sync');
END
$$;
COMMENT ON PROCEDURE xbb.sync(text) IS 'reads what has changed and brings it into the target';

CREATE PROCEDURE xbb.retry_rejects(name text) LANGUAGE plpgsql AS $$
BEGIN
  CALL xbb._sync_execute(name, 'retry_rejects');
END
$$;
COMMENT ON PROCEDURE xbb.retry_rejects(text) IS 'loads what was set aside, without a request';

CREATE PROCEDURE xbb.reconcile(name text, full boolean DEFAULT false) LANGUAGE plpgsql AS $$
BEGIN
  IF NOT xbb._sync_counts_source((xbb._sync_get(name)).source) THEN
    RAISE EXCEPTION 'the source of sync % is no foreign table of xbb_fdw', pg_catalog.quote_ident(name)
      USING ERRCODE = 'wrong_object_type';
  END IF;
  CALL xbb._sync_execute(name, CASE WHEN reconcile.full THEN 'reconcile full' ELSE 'reconcile' END);
END
$$;
COMMENT ON PROCEDURE xbb.reconcile(text, boolean) IS
  'finds what was deleted and what was missed, by counts of time windows or, full, by every id';
