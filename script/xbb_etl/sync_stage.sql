-- A list of column names, each made into text by a format with %1$I.
CREATE FUNCTION xbb._sync_list(names text[], pattern text, separator text DEFAULT ', ') RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format($2, u.n), $3 ORDER BY u.o)
  FROM pg_catalog.unnest($1) WITH ORDINALITY u (n, o)
$$;

-- Makes the two tables of the session: records as read, and as they go into the target.
-- What was in the target once has its row in "#loaded", and need not be transformed.
CREATE FUNCTION xbb._sync_tables(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TEMP TABLE xbb_sync_stage ON COMMIT DROP AS SELECT 0::bigint AS "#n", NULL::jsonb AS "#loaded", %s FROM %s WITH NO DATA',
                 xbb._sync_list(xbb._sync_staged_columns(def), '%1$I'), def.source);
  EXECUTE format('CREATE TEMP TABLE xbb_sync_new ON COMMIT DROP AS SELECT 0::bigint AS "#n", %s FROM %s WITH NO DATA',
                 xbb._sync_list(def.target_columns, '%1$I'), def.target);
END
$$;

-- Reads the source once: what its update_time or its dataIds let through.
CREATE FUNCTION xbb._sync_stage(def xbb.sync_definition, low timestamptz, high timestamptz, ids bigint[] DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  time_column text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  conditions text[];
  staged bigint;
BEGIN
  PERFORM xbb._sync_tables(def);
  conditions := array_remove(array[
    CASE WHEN low IS NOT NULL THEN format('%I >= $1', time_column) END,
    CASE WHEN high IS NOT NULL THEN format('%I <= $2', time_column) END,
    CASE WHEN ids IS NOT NULL THEN format('%I = ANY ($3)', xbb._sync_source_column(def.source, 'dataId', 'data_id')) END
  ], NULL);
  EXECUTE format('INSERT INTO pg_temp.xbb_sync_stage SELECT row_number() OVER (), NULL, %s FROM %s WHERE %s',
                 xbb._sync_list(xbb._sync_staged_columns(def), '%1$I'), def.source,
                 coalesce(nullif(array_to_string(conditions, ' AND '), ''), 'true'))
  USING low, high, ids;
  GET DIAGNOSTICS staged = ROW_COUNT;
  RETURN staged;
END
$$;

-- Sets a staged record aside.
CREATE FUNCTION xbb._sync_set_aside(def xbb.sync_definition, run bigint, n bigint, kind text, sqlstate text, error text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  raw_column text := xbb._sync_source_column(def.source, '*', '*');
BEGIN
  EXECUTE format(
    'INSERT INTO xbb.sync_reject AS r (sync, owner, data_id, update_time, kind, sqlstate, error, raw, staged, loaded, run)
     SELECT $1, $2, s.%1$I, s.%2$I, $3, $4, $5, coalesce(s."#loaded"::json, %3$s, row_to_json(s)),
            CASE WHEN s."#loaded" IS NULL AND %3$s IS NULL THEN row_to_json(s) END, s."#loaded", $6
     FROM pg_temp.xbb_sync_stage s WHERE s."#n" = $7
     ON CONFLICT ON CONSTRAINT sync_reject_pkey DO UPDATE
     SET update_time = excluded.update_time, kind = excluded.kind, sqlstate = excluded.sqlstate, error = excluded.error,
         raw = excluded.raw, staged = excluded.staged, loaded = excluded.loaded, run = excluded.run',
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), xbb._sync_source_column(def.source, 'updateTime', 'update_time'),
    CASE WHEN raw_column IS NOT NULL AND xbb._sync_counts_source(def.source) THEN format('s.%I::json', raw_column) ELSE 'NULL' END)
  USING def.name, def.owner, kind, sqlstate, error, run, n;
END
$$;

-- The same for those that did not fit the source's own columns, as far as they are read.
CREATE FUNCTION xbb._sync_set_unread_aside(def xbb.sync_definition, run bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  error_column text := xbb._sync_error_column(def.source);
  rejected bigint := 0;
  item record;
BEGIN
  IF error_column IS NULL THEN
    RETURN 0;
  END IF;
  FOR item IN EXECUTE format(
    'SELECT s."#n" AS n, (array_agg(f.e ->> ''sqlstate'' ORDER BY f.o))[1] AS sqlstate,
            string_agg(format(''column %%I: %%s'', f.e ->> ''column'', f.e ->> ''message''), ''; '' ORDER BY f.o) AS error
     FROM pg_temp.xbb_sync_stage s, jsonb_array_elements(s.%I::jsonb) WITH ORDINALITY f (e, o)
     WHERE f.e ->> ''column'' = ANY ($1) GROUP BY s."#n" ORDER BY s."#n"', error_column)
  USING def.source_columns
  LOOP
    PERFORM xbb._sync_set_aside(def, run, item.n, 'value', item.sqlstate, item.error);
    DELETE FROM pg_temp.xbb_sync_stage s WHERE s."#n" = item.n;
    rejected := rejected + 1;
    PERFORM xbb._sync_limit_rejects(def, run, item.error);
  END LOOP;
  RETURN rejected;
END
$$;

-- Ends a run that has rejected too much.
CREATE FUNCTION xbb._sync_limit_rejects(def xbb.sync_definition, run bigint, reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM xbb.sync_reject r WHERE r.sync = def.name AND r.run = $2) > def.reject_limit THEN
    RAISE EXCEPTION 'more than % records were rejected', def.reject_limit
      USING ERRCODE = 'program_limit_exceeded', DETAIL = format('The last one: %s', reason),
            HINT = format('SELECT xbb.alter_sync(%L, reject_limit => ...) raises the limit.', def.name);
  END IF;
END
$$;
