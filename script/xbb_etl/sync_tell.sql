-- What was read and written since "before", in words.
CREATE FUNCTION xbb._sync_words(counts xbb._sync_counts, task pg_catalog.text, before pg_catalog.record) RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  requests bigint := (xbb._counters()).requests - before.requests;
BEGIN
  RETURN pg_catalog.format('%s read, %s inserted, %s updated, %s unchanged, %s rejected%s, %s request%s',
    coalesce(counts.rows_read, 0), coalesce(counts.inserted, 0), coalesce(counts.updated, 0), coalesce(counts.unchanged, 0),
    coalesce(counts.rejected, 0),
    CASE WHEN task LIKE 'reconcile%' OR counts.deleted > 0 THEN pg_catalog.format(', %s deleted', coalesce(counts.deleted, 0)) END,
    requests, CASE WHEN requests <> 1 THEN 's' END);
END
$$;

-- The line that a run prints: what it did.
CREATE FUNCTION xbb._sync_print(
  def xbb.sync_definition, task pg_catalog.text, phase pg_catalog.text, counts xbb._sync_counts, before pg_catalog.record)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE INFO '%: %, % s',
    pg_catalog.concat(pg_catalog.split_part(task, ' ', 1), ' ', pg_catalog.quote_ident(def.name),
                      CASE WHEN task LIKE '% full' THEN ', full' END, CASE WHEN phase = 'stopped' THEN ', stopped' END),
    xbb._sync_words(counts, task, before),
    pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - before.began)::numeric, 1);
END
$$;

-- The line of a window that was dealt with, since the latest line; NULL: none was.
CREATE FUNCTION xbb._sync_print_window(
  task pg_catalog.text, span pg_catalog.tstzrange, counts xbb._sync_counts, INOUT told pg_catalog.record)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF span IS NOT NULL THEN
    RAISE INFO '%: %', CASE WHEN pg_catalog.lower(span) IS NULL AND pg_catalog.upper(span) IS NULL THEN 'all'
                            WHEN pg_catalog.upper(span) IS NULL THEN pg_catalog.format('from %s', pg_catalog.lower(span))
                            ELSE pg_catalog.format('%s to %s', pg_catalog.lower(span), pg_catalog.upper(span)) END,
      xbb._sync_words(counts, task, told);
    told := xbb._counters();
  END IF;
END
$$;

-- Says why a run failed: as an error where it runs alone, or was cancelled, else as a warning.
-- Where it was called is told, and none of what stands between.
CREATE FUNCTION xbb._sync_complain(name pg_catalog.text, failure xbb._sync_failure, alone boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  warns constant boolean := NOT alone AND failure.sqlstate <> '57014';
  stack pg_catalog.text;
BEGIN
  GET DIAGNOSTICS stack = PG_CONTEXT;
  PERFORM xbb._sync_raise(warns, failure.sqlstate,
    CASE WHEN warns THEN pg_catalog.format('sync %I failed: %s', name, failure.message) ELSE failure.message END,
    failure.detail, failure.hint,
    pg_catalog.regexp_replace(stack, E'^.*?\n[^\n]*xbb[.](?:sync|sync_all|reconcile|retry_rejects|push|push_all)[(](?:text|boolean)[^\n]*(?:\n|$)', ''));
END
$$;

-- The news of a run that has ended.  Everybody may listen: no more than what to look up.
CREATE FUNCTION xbb._sync_notify(name pg_catalog.text, run bigint, status pg_catalog.text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  SELECT pg_catalog.pg_notify('xbb_sync', pg_catalog.jsonb_build_object('sync', name, 'run', run, 'status', status)::pg_catalog.text);
END;

-- A call that was refused before its run began is a run that failed, of the caller's sync or
-- of one that he may see; and the lock is free, if it had come so far.  Where nothing can
-- be written, nothing is: the first error is the one to tell.
CREATE FUNCTION xbb._sync_note_refusal(id integer, name pg_catalog.text, task pg_catalog.text, failure xbb._sync_failure) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run bigint;
BEGIN
  IF xbb._sync_lock(id, true) IS NOT NULL THEN
    PERFORM xbb._sync_unlock(id);
  END IF;
  run := xbb._sync_run_refuse(name, task, failure.sqlstate, failure.message);
  IF run IS NOT NULL THEN
    PERFORM xbb._sync_notify(name, run, 'failed');
  END IF;
EXCEPTION WHEN OTHERS THEN
  RETURN;
END
$$;
