-- Examples of what a load has done to records, from the target as it is and a stage, as it was.
CREATE FUNCTION xbb._sync_examples(def xbb.sync_definition, ids bigint[], stage integer, OUT inserted pg_catalog.text[], OUT updated pg_catalog.text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  limits pg_catalog.record := xbb._sync_limits();
  before pg_catalog.text := xbb._stage_from(stage::pg_catalog.text, 'b', def.target, array(
    SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = def.target AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum));
BEGIN
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(pg_catalog.format(''%%s: %%s'', t.id,
       (SELECT pg_catalog.string_agg(pg_catalog.format(''%%I %%s'', u.c, pg_catalog.left(t.r ->> u.c, $3)), '', '' ORDER BY u.o)
        FROM pg_catalog.unnest($1) WITH ORDINALITY u (c, o) WHERE u.c <> %4$L AND u.o <= $4 AND t.r -> u.c <> ''null''))
       ORDER BY t.id)
     FROM (SELECT t.%4$I AS id, pg_catalog.to_jsonb(t.*) AS r FROM %1$s t
           WHERE %5$s AND %2$s AND %3$s
           ORDER BY t.%4$I LIMIT $2) t', def.target, xbb._sync_own_rows(def),
    xbb._sync_is_none_of(def, pg_catalog.format('t.%I', xbb._sync_id(def)), before, pg_catalog.format('b.%I', xbb._sync_id(def))), xbb._sync_id(def),
    CASE WHEN ids IS NULL THEN 'true' ELSE 't.data_id = ANY ($5)' END)
  INTO inserted USING def.target_columns, limits.examples, limits.example_characters, limits.example_columns, ids;
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(pg_catalog.format(''%%s: %%s'', t.id,
       (SELECT pg_catalog.string_agg(pg_catalog.format(''%%I %%s -> %%s'', u.c, coalesce(pg_catalog.left(t.b ->> u.c, $3), ''NULL''),
                                                       coalesce(pg_catalog.left(t.r ->> u.c, $3), ''NULL'')), '', '' ORDER BY u.o)
        FROM pg_catalog.unnest($1) WITH ORDINALITY u (c, o) WHERE t.b -> u.c IS DISTINCT FROM t.r -> u.c))
       ORDER BY t.id)
     FROM (SELECT t.%6$I AS id, pg_catalog.to_jsonb(t.*) AS r, pg_catalog.to_jsonb(b.*) AS b
           FROM %1$s t JOIN %2$s ON b.%6$I = t.%6$I AND %3$s
           WHERE pg_catalog.record_image_ne(ROW(%4$s), ROW(%5$s)) ORDER BY t.%6$I LIMIT $2) t', def.target, before,
    xbb._sync_own_rows(def),
    xbb._sync_list(def.target_columns, 't.%1$I'), xbb._sync_list(def.target_columns, 'b.%1$I'), xbb._sync_id(def))
  INTO updated USING def.target_columns, limits.examples, limits.example_characters;
END
$$;

-- What a run would do, with examples.  All of it is done, triggers included, in a block
-- that ends in an error of its own and so leaves nothing.
CREATE FUNCTION xbb._sync_try(name pg_catalog.text, full boolean, path pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
SET standard_conforming_strings = on SET array_nulls = on SET transform_null_equals = off SET DateStyle = ISO
SET IntervalStyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET xmloption = content AS $$
DECLARE
  def xbb.sync_definition := xbb._sync_get(name);
  before pg_catalog.record := xbb._counters();
  reject_limit integer := def.reject_limit;
  checked pg_catalog.record;
  stage integer;
  read pg_catalog.record;
  stage_before integer;
  ids bigint[];
  counts xbb._sync_counts;
  examples pg_catalog.record;
  rejected pg_catalog.text[];
  line pg_catalog.text;
BEGIN
  PERFORM xbb._sync_check_active(def);
  IF NOT xbb._sync_take(def, false) THEN
    RAISE NOTICE 'sync % is running already', pg_catalog.quote_ident(def.name);
    RETURN;
  END IF;
  -- told, not obeyed
  def.reject_limit := (xbb._sync_limits()).most_rejects;
  BEGIN
    checked := xbb._sync_check_again(def);
    def := checked.def;
    PERFORM xbb._sync_fire(def, path);
    IF xbb._sync_is_list(def.source) THEN
      stage := xbb._sync_stage(def, NULL, NULL);
      stage_before := xbb._stage_read(pg_catalog.format('SELECT * FROM %s t WHERE %s', def.target, xbb._sync_own_rows(def)), NULL, NULL, NULL);
      counts := xbb._sync_load_list(def, 0, stage);
    ELSE
      read := xbb._sync_stage_window(def, 0, CASE WHEN NOT _sync_try.full THEN xbb._sync_low(def) END, NULL, _sync_try.full);
      ids := xbb._sync_staged_ids(def, read.stage);
      stage_before := xbb._stage_read(pg_catalog.format(
        'SELECT * FROM %s t WHERE t.data_id = ANY ($3) AND %s', def.target, xbb._sync_own_rows(def)), NULL, NULL, ids);
      counts := read.others;
      counts.rejected := xbb._sync_aside_again(def, 0, read.aside);
      counts := xbb._sync_add(counts, xbb._sync_load(def, 0, read.stage, present => _sync_try.full));
    END IF;
    examples := xbb._sync_examples(def, ids, stage_before);
    SELECT pg_catalog.array_agg(r.line ORDER BY r.data_id) INTO rejected
    FROM (SELECT j.data_id, pg_catalog.format('%s%s: %s, %s', j.data_id, ' (' || j.label || ')', j.kind, j.error) AS line FROM xbb.sync_reject j
          WHERE j.owner = def.owner AND j.sync = def.name AND j.run = 0 ORDER BY j.data_id LIMIT (xbb._sync_limits()).examples) r;
    RAISE EXCEPTION USING ERRCODE = 'XBB00';
  EXCEPTION WHEN SQLSTATE 'XBB00' THEN
    NULL;
  END;
  RAISE INFO 'dry run of sync %: % read, % to insert, % to update, % unchanged, % to reject%, % request%', pg_catalog.quote_ident(def.name),
    counts.rows_read, counts.inserted, counts.updated, counts.unchanged, counts.rejected,
    CASE WHEN counts.deleted > 0 THEN pg_catalog.format(', %s to delete', counts.deleted) ELSE '' END,
    (xbb._counters()).requests - before.requests,
    CASE WHEN (xbb._counters()).requests - before.requests <> 1 THEN 's' ELSE '' END;
  FOREACH line IN ARRAY coalesce(examples.inserted, '{}') LOOP
    RAISE INFO 'would insert %', line;
  END LOOP;
  FOREACH line IN ARRAY coalesce(examples.updated, '{}') LOOP
    RAISE INFO 'would update %', line;
  END LOOP;
  FOREACH line IN ARRAY coalesce(rejected, '{}') LOOP
    RAISE INFO 'would reject %', line;
  END LOOP;
  IF counts.rejected > reject_limit THEN
    RAISE INFO 'a run would fail: more than % records were rejected', reject_limit
      USING HINT = pg_catalog.format('SELECT xbb.alter_sync(%L, reject_limit => ...) raises the limit.', def.name);
  ELSIF xbb._sync_rejects_most(counts) THEN
    RAISE INFO 'a run would fail: % of % records were rejected, which is more than half', counts.rejected, counts.rows_read;
  END IF;
END
$$;
