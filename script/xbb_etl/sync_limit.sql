-- A run that sets too much aside is ended before the step that does so commits, and what
-- that step set aside stays to be read.

-- Ends a step, as an error of our own: its detail takes along what was set aside, which
-- the end of the subtransaction undoes, for _sync_keep_rejects to put it back.  Of rows that
-- had to leave the target nothing is taken: they have not left it.  Values that no json
-- function reads (\u0000) travel as texts.
CREATE FUNCTION xbb._sync_refuse(
  def xbb.sync_definition, run bigint, message pg_catalog.text, detail pg_catalog.text, hint pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most_bytes constant bigint := (xbb._sync_limits()).kept_bytes;
  rejects pg_catalog.json;
BEGIN
  SELECT pg_catalog.json_agg(pg_catalog.json_build_object('data_id', r.data_id, 'update_time', r.update_time, 'kind', r.kind,
           'sqlstate', r.sqlstate, 'error', r.error, 'label', r.label, 'context', r.context, 'raw', r.raw::pg_catalog.text, 'staged', r.staged::pg_catalog.text))
  INTO rejects
  FROM (SELECT j.*, pg_catalog.sum(pg_catalog.octet_length(j.error) + coalesce(pg_catalog.octet_length(j.raw::pg_catalog.text), 0)
                                   + coalesce(pg_catalog.octet_length(j.staged::pg_catalog.text), 0)) OVER (ORDER BY j.data_id) AS bytes
        FROM xbb.sync_reject j
        WHERE j.owner = def.owner AND j.sync = def.name AND j.run = $2 AND j.loaded IS NULL) r
  WHERE r.bytes <= most_bytes;
  RAISE EXCEPTION USING ERRCODE = 'XBB02', MESSAGE = message, HINT = hint,
    DETAIL = pg_catalog.json_build_object('detail', detail, 'rejects', rejects)::pg_catalog.text;
END
$$;

-- Of a failure that _sync_refuse made, puts back what was set aside: how many that are more
-- of this run.  What it says then is for people.
CREATE FUNCTION xbb._sync_keep_rejects(
  def xbb.sync_definition, run bigint, INOUT failure xbb._sync_failure, OUT kept bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  brought pg_catalog.json;
  before constant bigint := xbb._sync_count_rejects(def, run);
BEGIN
  kept := 0;
  IF failure.sqlstate <> 'XBB02' THEN
    RETURN;
  END IF;
  brought := failure.detail::pg_catalog.json;
  failure.sqlstate := '54000';
  failure.detail := brought ->> 'detail';
  PERFORM xbb._sync_reject_put(def.id, ROW(def.name, def.owner, r.data_id, r.update_time, r.kind, r.sqlstate, r.error,
            r.raw::pg_catalog.json, r.staged::pg_catalog.json, NULL, $2, NULL, r.label, r.context)::xbb.sync_reject)
  FROM pg_catalog.json_to_recordset(brought -> 'rejects')
    r (data_id bigint, update_time pg_catalog.timestamptz, kind pg_catalog.text, sqlstate pg_catalog.text,
       error pg_catalog.text, label pg_catalog.text, context pg_catalog.text, raw pg_catalog.text, staged pg_catalog.text);
  kept := xbb._sync_count_rejects(def, run) - before;
END
$$;

-- Ends a run that has rejected more than its definition allows: so many more in this load.  It
-- tells of the first record of the commonest reason, in whatever order they came.
CREATE FUNCTION xbb._sync_limit_rejects(def xbb.sync_definition, work xbb._sync_work, rejected bigint)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF rejected > work.rejects_left THEN
    PERFORM xbb._sync_refuse(def, work.run, pg_catalog.format('more than %s records were rejected', def.reject_limit),
      (SELECT pg_catalog.format('One of them: %s.', xbb._sync_reject_words(r)) FROM xbb.sync_reject r
       WHERE r.owner = def.owner AND r.sync = def.name AND r.run = work.run
       ORDER BY pg_catalog.count(*) OVER (PARTITION BY r.kind, r.sqlstate, r.context) DESC, r.data_id LIMIT 1),
      pg_catalog.format('SELECT xbb.alter_sync(%L, reject_limit => ...) raises the limit.', def.name));
  END IF;
END
$$;

-- Was so much rejected that something is wrong with all of it?
CREATE FUNCTION xbb._sync_rejects_most(counts xbb._sync_counts) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT (counts).rows_read >= (xbb._sync_limits()).share_records AND (counts).rejected * 2 > (counts).rows_read;
END;

-- Ends a run of which so much was rejected; counts are those of all its steps.
CREATE FUNCTION xbb._sync_limit_share(def xbb.sync_definition, run bigint, task pg_catalog.text, counts xbb._sync_counts) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- what was set aside once is no news
  IF task LIKE 'sync%' AND xbb._sync_rejects_most(counts) THEN
    PERFORM xbb._sync_refuse(def, run,
      pg_catalog.format('%s of %s records were rejected, which is more than half', counts.rejected, counts.rows_read), NULL,
      'TABLE xbb.sync_reject tells why.');
  END IF;
END
$$;

-- Ends a run whose first records have all failed, with an error that is rather the
-- statement's: a function that is not there, a right.
CREATE FUNCTION xbb._sync_suspect(def xbb.sync_definition, run bigint, failure xbb._sync_failure, failed bigint, none_has_come boolean)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF none_has_come AND failed >= (xbb._sync_limits()).suspects AND xbb._sync_is_suspicious(failure.sqlstate) THEN
    RAISE EXCEPTION 'the first % records failed alike: %', failed,
      CASE WHEN xbb._sync_quotes_names(def, run, failure) THEN failure.message ELSE xbb._sync_masked(failure.sqlstate, failure.message) END
      USING ERRCODE = failure.sqlstate, DETAIL = pg_catalog.format('It was %s.', coalesce(failure.context, 'in an expression'));
  END IF;
END
$$;
