-- Syncs over columns that come with details, a request a record: the records are listed first, and
-- details are asked for of those that are not in the target, nor set aside, as they are.

-- The columns that come with details, among those that the definition stages.
CREATE FUNCTION xbb._sync_detail_columns(def xbb.sync_definition) RETURNS pg_catalog.text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  detailed pg_catalog.text[] := array(
    SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a, pg_catalog.pg_options_to_table(a.attfdwoptions) o
    WHERE a.attrelid = def.source AND NOT a.attisdropped AND o.option_name = 'detail' AND o.option_value::boolean);
  staged pg_catalog.text[];
BEGIN
  IF detailed <> '{}' THEN
    staged := xbb._sync_staged_columns(def);
  END IF;
  RETURN array(SELECT d.name FROM pg_catalog.unnest(detailed) d (name) WHERE d.name = ANY (staged));
END
$$;

-- Does reading what the definition stages ask for details?
CREATE FUNCTION xbb._sync_asks_details(def xbb.sync_definition) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT xbb._sync_detail_columns($1) <> '{}'
$$;

-- What a record is read anew from, with its details: an expression of type json over the stage called s.  These
-- stand before what the list has of the record (a column with the attr '*'), where a record's own members are
-- found first: jsonb does not take all that json does.  NULL: an attr leads into a member.
CREATE FUNCTION xbb._sync_whole_record(def xbb.sync_definition, raw_column pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_catalog.bool_and(xbb._attr(($1).source, a.attnum) ~ '^[A-Za-z0-9_]+$') THEN pg_catalog.format(
    'pg_catalog.concat(''{'', %s, '', '', pg_catalog.substr(s.%I::pg_catalog.text, 2))::pg_catalog.json',
    pg_catalog.string_agg(pg_catalog.format('%L, coalesce(pg_catalog.to_json(s.%I)::pg_catalog.text, ''null'')',
      CASE WHEN d.o > 1 THEN ', ' ELSE '' END || pg_catalog.to_json(xbb._attr(($1).source, a.attnum))::pg_catalog.text || ': ', d.name), ', ' ORDER BY d.o), $2) END
  FROM pg_catalog.unnest(xbb._sync_detail_columns($1)) WITH ORDINALITY d (name, o)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = ($1).source AND a.attname = d.name AND NOT a.attisdropped
$$;

-- The records of a stage (data_id, update_time) that have changed: those that neither the target nor the rejects
-- have with that time; those that are set aside as they are; and how many are the others.
CREATE FUNCTION xbb._sync_changed(def xbb.sync_definition, stage integer,
  OUT changed bigint[], OUT latest pg_catalog.timestamptz, OUT aside bigint[], OUT others xbb._sync_counts)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  listed pg_catalog.text := pg_catalog.format('xbb._stage(%s) AS s (data_id pg_catalog.int8, update_time pg_catalog.timestamptz)', stage);
  ids bigint[];
BEGIN
  others := ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  EXECUTE 'SELECT pg_catalog.max(s.update_time), coalesce(pg_catalog.array_agg(s.data_id), ''{}'') FROM ' || listed INTO latest, ids;
  EXECUTE pg_catalog.format(
    'SELECT coalesce(pg_catalog.array_agg(s.data_id), ''{}'') FROM %s JOIN xbb.sync_reject r
       ON r.data_id = s.data_id AND r.update_time IS NOT DISTINCT FROM s.update_time
     WHERE r.owner = %L::pg_catalog.regrole AND r.sync = %L AND r.raw IS NOT NULL', listed, def.owner, def.name) INTO aside;
  EXECUTE pg_catalog.format(
    'SELECT coalesce(pg_catalog.array_agg(s.data_id ORDER BY s.data_id), ''{}'')
     FROM %s LEFT JOIN (SELECT t.data_id, t.update_time FROM %s t WHERE t.data_id = ANY ($1) AND %s) k
       ON k.data_id = s.data_id AND k.update_time IS NOT DISTINCT FROM s.update_time
     WHERE k.data_id IS NULL AND s.data_id <> ALL ($2)', listed, def.target, xbb._sync_alive_rows(def)) INTO changed USING ids, aside;
  others.rows_read := pg_catalog.cardinality(ids) - pg_catalog.cardinality(changed);
  others.unchanged := others.rows_read - pg_catalog.cardinality(aside);
END
$$;

-- Counts what is set aside as it is, as if it were read, and failed, again: how many are one more of the run.
CREATE FUNCTION xbb._sync_aside_again(def xbb.sync_definition, run bigint, aside bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reject xbb.sync_reject;
  rejected bigint := 0;
BEGIN
  FOR reject IN SELECT r.* FROM xbb.sync_reject r WHERE r.owner = def.owner AND r.sync = def.name AND r.data_id = ANY (aside) LOOP
    reject.run := run;
    rejected := rejected + xbb._sync_reject_put(def.id, reject)::integer;
  END LOOP;
  RETURN rejected;
END
$$;

-- Reads a window of the source: the stage, the greatest update_time in the window, and what of it was not
-- read since it has not changed.  Full runs read all, and so do those that have nothing to compare with.
CREATE FUNCTION xbb._sync_stage_window(
  def xbb.sync_definition, run bigint, low pg_catalog.timestamptz, high pg_catalog.timestamptz, whole boolean DEFAULT NULL,
  OUT stage integer, OUT latest pg_catalog.timestamptz, OUT aside bigint[], OUT others xbb._sync_counts)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  time_column pg_catalog.text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  listed pg_catalog.record;
  waiting bigint[];
BEGIN
  IF def.watermark IS NULL OR NOT xbb._sync_asks_details(def) OR coalesce(whole, EXISTS (
       SELECT FROM xbb.sync_run r WHERE r.id = run AND r.task = 'sync full')) THEN
    stage := xbb._sync_stage(def, low, high);
    EXECUTE pg_catalog.format('SELECT pg_catalog.max(s.%I) FROM %s', time_column,
                              xbb._stage_from(stage::pg_catalog.text, 's', def.source, array[time_column])) INTO latest;
    aside := '{}';
    others := ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
    RETURN;
  END IF;
  stage := xbb._stage_read(pg_catalog.format(
    'SELECT %I AS data_id, %I AS update_time FROM %s WHERE %s', xbb._sync_source_column(def.source, 'dataId', 'data_id'), time_column,
    def.source, pg_catalog.concat_ws(' AND ', CASE WHEN low IS NOT NULL THEN pg_catalog.format('%I >= $1', time_column) END,
                                     CASE WHEN high IS NOT NULL THEN pg_catalog.format('%I <= $2', time_column) END, 'true')), low, high, NULL);
  -- an error of our own ends it, and with it the locks on the target, before the API is asked again
  BEGIN
    listed := xbb._sync_changed(def, stage);
    RAISE EXCEPTION USING ERRCODE = 'XBB00';
  EXCEPTION WHEN SQLSTATE 'XBB00' THEN
    NULL;
  END;
  PERFORM xbb._stage_close(stage);
  -- with the last window comes what an earlier run could not keep, wherever it is by now
  waiting := array(SELECT r.data_id FROM xbb.sync_reject r
                   WHERE high IS NULL AND r.owner = def.owner AND r.sync = def.name AND r.kind IN ('details', 'value') AND r.raw IS NULL AND r.data_id <> ALL (listed.changed));
  stage := CASE WHEN waiting = '{}' THEN xbb._sync_stage(def, low, high, listed.changed)
                ELSE xbb._sync_stage(def, NULL, NULL, listed.changed || waiting) END;
  latest := listed.latest;
  aside := listed.aside;
  others := listed.others;
END
$$;
