-- A call that was refused before its run began is a run that failed.  Where nothing can be written, nothing is: the
-- first error is the one to tell.
CREATE FUNCTION xbb._push_note_refusal(def xbb.push_definition, failure xbb._sync_failure) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry xbb._push_run_log;
BEGIN
  IF def.id IS NULL THEN
    RETURN;
  END IF;
  entry.id := xbb._push_run_begin(def.id, 0, 'failed');
  entry.push := def.id;
  entry.status := 'failed';
  entry.ended := pg_catalog.clock_timestamp();
  entry.sqlstate := failure.sqlstate;
  entry.error := failure.message;
  PERFORM xbb._push_run_note(entry);
EXCEPTION WHEN OTHERS THEN
  RETURN;
END
$$;

-- What other workers left that were killed is unknown from here on; of how many items.  The caller's place is not
-- among them: a lock is taken once.
CREATE FUNCTION xbb._push_bury(def xbb.push_definition) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lost integer;
  items bigint := 0;
BEGIN
  FOR lost IN SELECT DISTINCT r.worker FROM xbb.push_run r
              WHERE r.owner = def.owner AND r.push = def.name AND r.status = 'killed' AND r.ended IS NULL AND r.worker > 0 LOOP
    IF xbb._push_lock(def.id, lost, false) THEN
      items := items + xbb._push_run_lost(def.id, lost);
    END IF;
  END LOOP;
  RETURN items;
END
$$;

-- What a run begins with: its place and its row of the log.  What runs left that were killed is unknown from
-- here on: their locks are free.  None is begun where the push is not enabled, or has all the workers it may have.
CREATE FUNCTION xbb._push_begin(name pg_catalog.text, OUT def xbb.push_definition, OUT entry xbb._push_run_log, OUT failure xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  def := xbb._push_get(name);
  IF NOT def.enabled THEN
    RAISE NOTICE 'push % is not enabled', pg_catalog.quote_ident(def.name)
      USING HINT = pg_catalog.format('SELECT xbb.alter_push(%L, enabled => true); lets it run.', def.name);
    RETURN;
  END IF;
  IF NOT def.active THEN
    RAISE EXCEPTION 'push % is inactive, as this is a copy of the database where it ran', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'The owner of the database lets the pushes run here by: SELECT xbb.activate();';
  END IF;
  PERFORM xbb._place_follow();
  entry.push := def.id;
  FOR worker IN 1 .. def.workers LOOP
    IF xbb._push_lock(def.id, worker, true) THEN
      entry.worker := worker;
      PERFORM xbb._push_run_lost(def.id, worker);
      PERFORM xbb._push_bury(def);
      entry.id := xbb._push_run_begin(def.id, worker, 'running');
      RETURN;
    END IF;
  END LOOP;
  PERFORM xbb._push_run_begin(def.id, 0, 'skipped');
  RAISE NOTICE 'push % is running already', pg_catalog.quote_ident(def.name);
EXCEPTION WHEN query_canceled OR OTHERS THEN
  GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
    failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.context = PG_EXCEPTION_CONTEXT;
  IF entry.worker IS NOT NULL THEN
    PERFORM xbb._push_unlock(def.id, entry.worker);
  END IF;
  entry.id := NULL;
  PERFORM xbb._push_note_refusal(def, failure);
END
$$;

-- The first step: the source as it is now, unless another worker is reading it; and the target.
CREATE FUNCTION xbb._push_prepare(def xbb.push_definition, by_step boolean, INOUT entry xbb._push_run_log)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reads boolean;
  began pg_catalog.timestamptz;
BEGIN
  PERFORM xbb._push_tells() WHERE by_step;
  PERFORM xbb._push_check(def);
  PERFORM xbb._push_check_feed(def);
  entry.enqueued := 0;
  reads := xbb._push_lock(def.id, 100, false);
  IF reads THEN
    began := pg_catalog.clock_timestamp();
    entry.enqueued := xbb._push_read_all(def);
    entry.read_from := began;
  END IF;
  -- in a copy what the first run reads may have been sent from the original, too
  PERFORM xbb._push_arrive(def.id, reads);
  PERFORM xbb._push_open(def.id, entry.worker, entry.id);
END
$$;

-- Records that the target, or a person, said no to; all others that are rejected cannot be sent.
CREATE FUNCTION xbb._push_refused(def xbb.push_definition) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.count(*) FROM xbb.push_item i
  WHERE i.owner = (def).owner AND i.push = (def).name AND i.status = 'rejected' AND i.record IS NOT NULL AND (i.http_status IS NOT NULL OR i.note IS NOT NULL)
$$;

-- How a run has ended: what is not at the target, and will not be by itself, is no success.
CREATE FUNCTION xbb._push_end(def xbb.push_definition, INOUT entry xbb._push_run_log, problem pg_catalog.text, INOUT failure xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  left_over pg_catalog.record;
  holds boolean := false;
BEGIN
  SELECT s.pending, s.rejected, s.unknown, s.held, xbb._push_refused(def) AS refused INTO left_over
  FROM xbb.push_status s WHERE s.owner = def.owner AND s.name = def.name;
  SELECT left_over.rejected, left_over.unknown, left_over.pending, left_over.held
  INTO entry.rejected, entry.unknown, entry.put_off, entry.held;
  IF failure.sqlstate IS NULL AND problem IS NOT NULL THEN
    failure.sqlstate := 'HV000';
    failure.message := pg_catalog.format('push %I stopped sending: %s', def.name, problem);
    failure.detail := '';
    failure.hint := 'What it has not sent waits for the next CALL xbb.push.';
  ELSIF failure.sqlstate IS NULL AND left_over.held > 0 THEN
    failure.sqlstate := 'HV000';
    holds := true;
    failure.message := pg_catalog.format('push %I holds %s', def.name, xbb._push_records(left_over.held));
    failure.detail := '';
    failure.hint := pg_catalog.format('SELECT * FROM xbb.push_item WHERE push = %L AND status = ''held''; shows them, xbb.push_retry(id) sends one again.', def.name);
  END IF;
  entry.status := CASE WHEN holds THEN 'incomplete'
                       WHEN failure.sqlstate IS NOT NULL THEN 'failed'
                       WHEN left_over.rejected + left_over.unknown > 0 OR EXISTS (
                         SELECT FROM xbb.push_item i WHERE i.owner = def.owner AND i.push = def.name AND i.status = 'pending'
                         AND i.next_try > pg_catalog.now() + coalesce(def.max_age, '1 hour')) THEN 'incomplete'
                       WHEN NOT (SELECT d.enabled FROM xbb.push_definition d WHERE d.owner = def.owner AND d.id = def.id) THEN 'stopped'
                       ELSE 'succeeded' END;
  IF failure.sqlstate IS NULL AND left_over.rejected + left_over.unknown > 0 THEN
    RAISE WARNING 'push %: the target refused %, %of % it is not known', pg_catalog.quote_ident(def.name), xbb._push_records(left_over.refused),
      CASE WHEN left_over.refused < left_over.rejected
           THEN pg_catalog.format('%s cannot be sent, ', xbb._push_records(left_over.rejected - left_over.refused)) ELSE '' END,
      xbb._push_records(left_over.unknown) USING HINT =
        pg_catalog.format('SELECT * FROM xbb.push_item WHERE push = %L AND status IN (''rejected'', ''unknown''); shows them.', def.name);
  END IF;
  entry.ended := pg_catalog.clock_timestamp();
  entry.sqlstate := failure.sqlstate;
  entry.error := failure.message;
  PERFORM xbb._push_run_note(entry);
  PERFORM xbb._push_run_prune(def.id);
  PERFORM pg_catalog.pg_notify('xbb_push',
    pg_catalog.jsonb_build_object('push', def.name, 'run', entry.id, 'status', entry.status)::pg_catalog.text);
END
$$;

CREATE FUNCTION xbb._push_records(n bigint) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.format(CASE WHEN n = 1 THEN '%s record' ELSE '%s records' END, n);

-- The last step: what is in the air is given up.
CREATE FUNCTION xbb._push_finish(
  def xbb.push_definition, INOUT entry xbb._push_run_log, problem pg_catalog.text, INOUT failure xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended pg_catalog.record;
BEGIN
  PERFORM xbb._push_close(def.id);
  ended := xbb._push_end(def, entry, problem, failure);
  entry := ended.entry;
  failure := ended.failure;
EXCEPTION WHEN OTHERS THEN
  -- the first error is the one to tell
  IF failure.sqlstate IS NULL THEN
    GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
      failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.context = PG_EXCEPTION_CONTEXT;
  END IF;
END
$$;

-- A step of sending: verdicts, claims; and the pause, in seconds, where nothing is in the air, but soon to be:
-- for after the COMMIT, as this step has locked the items.  Who came while another reads the source waits for what
-- that will bring.  What was done so far stands in the log, in case the run is killed: a moment ago, at most.
CREATE FUNCTION xbb._push_send(
  def xbb.push_definition, INOUT entry xbb._push_run_log, INOUT noted pg_catalog.timestamptz, OUT in_air integer, OUT problem pg_catalog.text,
  OUT pause double precision)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step pg_catalog.record;
  so_far xbb._push_run_log;
BEGIN
  step := xbb._push_step(def.id);
  SELECT step.requests, step.acknowledged, step.rejected, step.unknown, step.put_off, step.held
  INTO entry.requests, entry.acknowledged, entry.rejected, entry.unknown, entry.put_off, entry.held;
  in_air := step.in_air;
  problem := step.problem;
  IF in_air = 0 AND step.due_in <= 5000 AND pg_catalog.clock_timestamp() - entry.started < interval '1 minute' THEN
    pause := step.due_in / 1000.0;
    in_air := 1;
  ELSIF in_air = 0 AND problem IS NULL AND xbb._push_bury(def) > 0 THEN
    in_air := 1;
  ELSIF in_air = 0 AND problem IS NULL AND entry.read_from IS NULL AND xbb._push_alive(def.id, 100) THEN
    pause := 0.2;
    in_air := 1;
  END IF;
  IF entry.requests > 0 AND (noted IS NULL OR pg_catalog.clock_timestamp() - noted > interval '100 milliseconds') THEN
    noted := pg_catalog.clock_timestamp();
    so_far := entry;
    so_far.status := 'running';
    -- these are not counted by records before the end
    SELECT 0, 0, 0 INTO so_far.unknown, so_far.put_off, so_far.held;
    PERFORM xbb._push_run_note(so_far);
  END IF;
END
$$;

-- The line that a run prints: what it did, and what there is as it ends.
CREATE FUNCTION xbb._push_print(def xbb.push_definition, entry xbb._push_run_log) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE INFO 'push %: % new, % acknowledged, % rejected, % unknown, % put off, % request%, % s', pg_catalog.quote_ident(def.name),
    coalesce(entry.enqueued, 0), coalesce(entry.acknowledged, 0), coalesce(entry.rejected, 0), coalesce(entry.unknown, 0),
    coalesce(entry.put_off, 0),
    pg_catalog.concat(CASE WHEN entry.held > 0 THEN pg_catalog.format('%s held, ', entry.held) END, coalesce(entry.requests, 0)),
    CASE WHEN entry.requests = 1 THEN '' ELSE 's' END,
    pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - entry.started)::numeric, 1);
END
$$;

-- The line of a step in which answers came.
CREATE FUNCTION xbb._push_print_step(before xbb._push_run_log, entry xbb._push_run_log, in_air integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF entry.acknowledged + entry.rejected + entry.unknown + entry.put_off + entry.held >
     coalesce(before.acknowledged + before.rejected + before.unknown + before.put_off + before.held, 0) THEN
    RAISE INFO '% acknowledged, % rejected, % unknown, % put off so far, % request% under way', entry.acknowledged, entry.rejected,
      entry.unknown, entry.put_off, in_air, CASE WHEN in_air = 1 THEN '' ELSE 's' END;
  END IF;
END
$$;

-- A run: a worker's place, log, source, then steps that commit before they send.  All of its transactions are
-- READ COMMITTED, whatever the default: what is read under a lock is what there is once the lock is held.
CREATE PROCEDURE xbb._push_execute(name pg_catalog.text, alone boolean, by_step boolean, INOUT failed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  can_commit boolean := xbb._can_commit();
  path pg_catalog.text := pg_catalog.current_setting('search_path');
  begun pg_catalog.record;
  step pg_catalog.record;
  entry xbb._push_run_log;
  noted pg_catalog.timestamptz;
  problem pg_catalog.text;
  prepared boolean := false;
  locked boolean;
  failure xbb._sync_failure;
  in_air integer := 1;
  pause double precision;
BEGIN
  PERFORM xbb._sync_path();
  PERFORM xbb._push_check_commit(can_commit);
  PERFORM xbb._sync_path(path);
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  PERFORM xbb._sync_path();
  begun := xbb._push_begin(_push_execute.name);
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  PERFORM xbb._sync_path();
  entry := begun.entry;
  entry.started := pg_catalog.clock_timestamp();
  failure := begun.failure;
  locked := entry.id IS NOT NULL;
  WHILE locked AND in_air OPERATOR(pg_catalog.>) 0 LOOP
    BEGIN
      IF prepared THEN
        step := xbb._push_send(begun.def, entry, noted);
        PERFORM xbb._push_print_step(entry, step.entry, step.in_air) WHERE by_step;
        entry := step.entry;
        noted := step.noted;
        in_air := step.in_air;
        problem := step.problem;
        pause := step.pause;
      ELSE
        entry := xbb._push_prepare(begun.def, by_step, entry);
      END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
        failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.context = PG_EXCEPTION_CONTEXT;
    END;
    EXIT WHEN failure.sqlstate IS NOT NULL;
    CALL xbb._sync_commit(failure.sqlstate, failure.message, failure.detail, failure.hint, failure.context);
    PERFORM xbb._sync_path();
    locked := failure.sqlstate IS NULL;
    EXIT WHEN NOT locked;
    BEGIN
      PERFORM xbb._push_sent(entry.push) WHERE prepared;
      PERFORM pg_catalog.pg_sleep(pause);
      prepared := true;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
        failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.context = PG_EXCEPTION_CONTEXT;
    END;
    EXIT WHEN failure.sqlstate IS NOT NULL;
  END LOOP;

  IF entry.id IS NOT NULL THEN
    step := xbb._push_finish(begun.def, entry, problem, failure);
    entry := step.entry;
    failure := step.failure;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM xbb._sync_path();
    PERFORM xbb._push_unlock(entry.push, entry.worker) WHERE locked;
    PERFORM xbb._push_print(begun.def, entry);
  END IF;
  CALL xbb._alert_look(alone);
  failed := failure.sqlstate IS NOT NULL;
  PERFORM xbb._sync_path(path) WHERE NOT failed;
  PERFORM xbb._push_complain(_push_execute.name, failure, alone) WHERE failed;
  PERFORM xbb._sync_path(path);
END
$$;

-- Nothing leaves before it is committed that it does.
CREATE FUNCTION xbb._push_check_commit(can_commit boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT can_commit THEN
    RAISE EXCEPTION 'a push cannot run where it cannot commit' USING ERRCODE = 'invalid_transaction_termination',
      HINT = 'CALL xbb.push(...) must stand alone: not in a transaction block or function, nor in one string with other statements.';
  END IF;
END
$$;

-- As xbb._sync_complain, in a push's words.
CREATE FUNCTION xbb._push_complain(name pg_catalog.text, failure xbb._sync_failure, alone boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT alone AND failure.sqlstate <> '57014' THEN
    PERFORM xbb._sync_raise(true, failure.sqlstate, pg_catalog.format('push %I failed: %s', name, failure.message),
      coalesce(nullif(failure.detail, ''), 'All others were run.'), coalesce(nullif(failure.hint, ''), 'TABLE xbb.push_run shows its runs.'), NULL);
  ELSE
    PERFORM xbb._sync_complain(name, failure, true);
  END IF;
END
$$;

CREATE PROCEDURE xbb.push(name pg_catalog.text, dry_run boolean DEFAULT false, verbose boolean DEFAULT false)
LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  IF dry_run THEN
    PERFORM xbb._push_try(name);
    RETURN;
  END IF;
  CALL xbb._push_execute(name, true, push.verbose, failed);
END
$$;
COMMENT ON PROCEDURE xbb.push(text, boolean, boolean) IS
  'sends what is new or has changed to the target, each version once, or tells what that would be';

CREATE PROCEDURE xbb.push_all(verbose boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
  path pg_catalog.text := pg_catalog.current_setting('search_path');
  name pg_catalog.text;
  failed boolean;
  failures pg_catalog.text;
  names pg_catalog.text[];
BEGIN
  PERFORM xbb._sync_path();
  names := xbb._push_enabled();
  IF names = '{}' THEN
    RAISE NOTICE 'role % has no push that is enabled', pg_catalog.quote_ident(current_user)
      USING HINT = 'TABLE xbb.push_status; shows the pushes that you may see, and whose they are: SET ROLE before the CALL.';
  END IF;
  FOREACH name IN ARRAY names LOOP
    PERFORM xbb._sync_path(path);
    CALL xbb._push_execute(name, false, push_all.verbose, failed);
    IF failed THEN
      failures := pg_catalog.concat_ws(', ', failures, pg_catalog.quote_ident(name));
    END IF;
  END LOOP;
  CALL xbb._alert_look(xbb._can_commit());
  PERFORM xbb._sync_path(path);
  IF failures IS NOT NULL THEN
    RAISE EXCEPTION 'these pushes failed: %', failures USING ERRCODE = 'fdw_error', HINT = 'TABLE xbb.push_run shows their runs.';
  END IF;
END
$$;
COMMENT ON PROCEDURE xbb.push_all(boolean) IS
  'runs every enabled push of the role that calls it, in the order in which they were made, whatever becomes of the others';

-- The caller's pushes that may run, in the order in which they were made.
CREATE FUNCTION xbb._push_enabled() RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(d.name ORDER BY d.active DESC, d.id), '{}') FROM xbb.push_definition d
  WHERE d.enabled AND d.owner = xbb._sync_me()
$$;
