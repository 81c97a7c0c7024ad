-- Makes the two tables of the session: records as read, and as they go into the target.
-- What was in the target once has its row in "#loaded", and need not be transformed.
CREATE FUNCTION xbb._sync_tables(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE pg_catalog.format(
    'CREATE TEMP TABLE xbb_sync_stage ON COMMIT DROP AS
     SELECT 0::bigint AS "#n", NULL::pg_catalog.jsonb AS "#loaded", %s FROM %s WITH NO DATA',
    xbb._sync_list(xbb._sync_staged_columns(def), '%1$I'), def.source);
  EXECUTE pg_catalog.format('CREATE TEMP TABLE xbb_sync_new ON COMMIT DROP AS SELECT 0::bigint AS "#n", %s FROM %s WITH NO DATA',
                            xbb._sync_list(def.target_columns, '%1$I'), def.target);
END
$$;

-- Reads the source once: what its update_time or its dataIds let through, "most" records
-- of it at most.
CREATE FUNCTION xbb._sync_stage(
  def xbb.sync_definition, low pg_catalog.timestamptz, high pg_catalog.timestamptz, ids bigint[] DEFAULT NULL,
  most bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  time_column pg_catalog.text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  conditions pg_catalog.text[];
  staged bigint;
BEGIN
  PERFORM xbb._sync_tables(def);
  conditions := pg_catalog.array_remove(array[
    CASE WHEN low IS NOT NULL THEN pg_catalog.format('%I >= $1', time_column) END,
    CASE WHEN high IS NOT NULL THEN pg_catalog.format('%I <= $2', time_column) END,
    CASE WHEN ids IS NOT NULL THEN
      pg_catalog.format('%I = ANY ($3)', xbb._sync_source_column(def.source, 'dataId', 'data_id')) END
  ], NULL);
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.xbb_sync_stage SELECT pg_catalog.row_number() OVER (), NULL, %s FROM %s WHERE %s%s',
    xbb._sync_list(xbb._sync_staged_columns(def), '%1$I'), def.source,
    coalesce(nullif(pg_catalog.array_to_string(conditions, ' AND '), ''), 'true'),
    pg_catalog.format(CASE WHEN most IS NOT NULL THEN ' LIMIT %s' END, most))
  USING low, high, ids;
  GET DIAGNOSTICS staged = ROW_COUNT;
  RETURN staged;
END
$$;

-- Sets a staged record aside.
CREATE FUNCTION xbb._sync_set_aside(
  def xbb.sync_definition, run bigint, n bigint, kind pg_catalog.text, sqlstate pg_catalog.text, error pg_catalog.text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  raw_column pg_catalog.text := xbb._sync_source_column(def.source, '*', '*');
  kept boolean;
BEGIN
  EXECUTE pg_catalog.format(
    'SELECT xbb._sync_reject_put($8, ROW($1, $2, s.%1$I, s.%2$I, $3, $4, $5,
       coalesce(s."#loaded"::pg_catalog.json, %3$s, pg_catalog.row_to_json(s)),
       CASE WHEN s."#loaded" IS NULL AND %3$s IS NULL THEN pg_catalog.row_to_json(s) END, s."#loaded", $6, NULL)::xbb.sync_reject)
     FROM pg_temp.xbb_sync_stage s WHERE s."#n" = $7',
    xbb._sync_source_column(def.source, 'dataId', 'data_id'), xbb._sync_source_column(def.source, 'updateTime', 'update_time'),
    CASE WHEN raw_column IS NOT NULL AND xbb._sync_counts_source(def.source)
         THEN pg_catalog.format('s.%I::pg_catalog.json', raw_column) ELSE 'NULL' END)
  INTO kept USING def.name, def.owner, kind, sqlstate, error, run, n, def.id;
END
$$;

-- The same for those that did not fit the source's own columns, as far as they are read.
CREATE FUNCTION xbb._sync_set_unread_aside(def xbb.sync_definition, run bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  error_column pg_catalog.text := xbb._sync_error_column(def.source);
  rejected bigint := 0;
  item pg_catalog.record;
BEGIN
  IF error_column IS NULL THEN
    RETURN 0;
  END IF;
  FOR item IN EXECUTE pg_catalog.format(
    'SELECT s."#n" AS n, (pg_catalog.array_agg(f.e ->> ''sqlstate'' ORDER BY f.o))[1] AS sqlstate,
            pg_catalog.string_agg(pg_catalog.format(''column %%I: %%s'', f.e ->> ''column'', f.e ->> ''message''),
                                  ''; '' ORDER BY f.o) AS error
     FROM pg_temp.xbb_sync_stage s, pg_catalog.jsonb_array_elements(s.%I::pg_catalog.jsonb) WITH ORDINALITY f (e, o)
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
CREATE FUNCTION xbb._sync_limit_rejects(def xbb.sync_definition, run bigint, reason pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT pg_catalog.count(*) FROM xbb.sync_reject r
      WHERE r.owner = def.owner AND r.sync = def.name AND r.run = $2) > def.reject_limit THEN
    RAISE EXCEPTION 'more than % records were rejected', def.reject_limit
      USING ERRCODE = 'program_limit_exceeded', DETAIL = pg_catalog.format('The last one: %s', reason),
            HINT = pg_catalog.format('SELECT xbb.alter_sync(%L, reject_limit => ...) raises the limit.', def.name);
  END IF;
END
$$;
