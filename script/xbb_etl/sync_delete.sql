-- The end of a reconciliation: what its windows did not find is looked for once more, by
-- dataId, counted, and taken out of the target in one step, or, above delete_limit, not at all.

-- Which rows of the target, called t, a run takes out of it, of those whose dataId, or id as a
-- text of a list without times, is in "ids": all that are not marked as deleted yet, or, where
-- deletions are ignored, those that keep the place of another record.
CREATE FUNCTION xbb._sync_victims(def xbb.sync_definition, ids pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('%s OPERATOR(pg_catalog.=) ANY (%s) AND %s',
    CASE WHEN xbb._sync_is_list((def).source) THEN pg_catalog.format('t.%I::pg_catalog.text', xbb._sync_id(def)) ELSE 't.data_id' END,
    ids, xbb._sync_alive_rows(def)) ||
    CASE WHEN (def).delete_mode <> 'ignore' THEN ''
         WHEN xbb._sync_is_distributed(def) THEN pg_catalog.format(
      ' AND t.data_id OPERATOR(pg_catalog.=) ANY (%L::pg_catalog.int8[])', xbb._sync_rivals(def))
         ELSE pg_catalog.format(
      ' AND EXISTS (SELECT FROM xbb.sync_reject r
                    WHERE r.owner OPERATOR(pg_catalog.=) %L::pg_catalog.regrole AND r.sync OPERATOR(pg_catalog.=) %L
                      AND r.kind OPERATOR(pg_catalog.=) ''duplicate key''
                      AND r.error OPERATOR(pg_catalog.=) xbb._sync_rival_error(t.data_id))', (def).owner, (def).name) END
$$;

-- How many rows a reconciliation may take out, of how many.
CREATE FUNCTION xbb._sync_delete_limit(def xbb.sync_definition, OUT rows bigint, OUT most bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s t WHERE t.%I IS NOT NULL AND %s', def.target,
                            xbb._sync_id(def), xbb._sync_alive_rows(def)) INTO rows;
  most := coalesce(def.delete_limit, greatest(rows / (xbb._sync_limits()).deleted_part, (xbb._sync_limits()).deleted_rows));
END
$$;

-- Of what the windows did not find, what the source has not under its dataId either; the
-- rest is loaded, once all was asked: no lock is held meanwhile.  Once more is gone than may
-- go, no more is looked for.
CREATE FUNCTION xbb._sync_look_again(def xbb.sync_definition, run bigint, ids bigint[], most bigint,
  OUT counts xbb._sync_counts, OUT gone bigint[], OUT unasked bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step constant bigint := greatest(least(most + 1, (xbb._sync_limits()).window_records), (xbb._sync_limits()).compared_records);
  total constant bigint := pg_catalog.cardinality(ids);
  asked bigint := 0;
  part bigint[];
  ids_found bigint[];
  stage integer;
  stages integer[] := '{}';
BEGIN
  gone := '{}';
  WHILE asked < total AND (def.delete_mode = 'ignore' OR pg_catalog.cardinality(gone) <= most) LOOP
    part := ids[asked + 1:asked + step];
    asked := asked + pg_catalog.cardinality(part);
    stage := xbb._sync_stage(def, NULL, NULL, part);
    stages := stages || stage;
    ids_found := xbb._sync_staged_ids(def, stage);
    gone := gone || (SELECT coalesce(pg_catalog.array_agg(u.id), '{}') FROM pg_catalog.unnest(part) u (id)
                     WHERE NOT EXISTS (SELECT FROM pg_catalog.unnest(ids_found) f (id) WHERE f.id = u.id));
  END LOOP;
  unasked := total - asked;
  FOREACH stage IN ARRAY stages LOOP
    counts := xbb._sync_add(counts, xbb._sync_load(def, run, stage, present => true));
  END LOOP;
END
$$;

-- Has constraints that are checked at COMMIT checked at once, or at COMMIT again: those that
-- a row of the target can break, since another table's have nothing to do with it.
CREATE FUNCTION xbb._sync_set_constraints(def xbb.sync_definition, mode pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  names pg_catalog.text := xbb._sync_deferred(def, true);
BEGIN
  IF names IS NOT NULL THEN
    EXECUTE pg_catalog.format('SET CONSTRAINTS %s %s', names, mode);
  END IF;
END
$$;

-- What a write sets besides what was read: the time.
CREATE FUNCTION xbb._sync_stamp(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT CASE WHEN (def).stamp IS NULL THEN '' ELSE pg_catalog.format(', %I = pg_catalog.%s()', (def).stamp,
    CASE WHEN xbb._sync_is_distributed(def) THEN 'now' ELSE 'clock_timestamp' END) END
$$;

-- Takes rows out of the target, in the way the definition wants.
CREATE FUNCTION xbb._sync_take_out(def xbb.sync_definition, ids pg_catalog.anyarray) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  statement pg_catalog.text := pg_catalog.format(
    CASE WHEN def.delete_mode = 'mark' THEN 'UPDATE %1$s t SET deleted_at = pg_catalog.now()%3$s WHERE %2$s'
         ELSE 'DELETE FROM %1$s t WHERE %2$s' END, xbb._sync_place(def.target), xbb._sync_victims(def, '$1'), xbb._sync_stamp(def));
BEGIN
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE statement USING ids;
  PERFORM xbb._sync_path();
END
$$;

-- Those of the rows that are there yet, as rejects without a record: how many.
CREATE FUNCTION xbb._sync_tell_kept(def xbb.sync_definition, run bigint, ids pg_catalog.anyarray, failure xbb._sync_failure) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kept bigint;
BEGIN
  EXECUTE pg_catalog.format(
    'WITH v AS MATERIALIZED (SELECT %s, %s AS label FROM %s t WHERE %s)
     SELECT pg_catalog.count(xbb._sync_reject_put($1, ROW($2, $3, v.data_id, v.update_time, ''constraint'', $4, $5,
       NULL, NULL, NULL, $6, NULL, v.label, $8)::xbb.sync_reject)) FROM v',
    CASE WHEN xbb._sync_is_list(def.source) THEN pg_catalog.format(
           'xbb._sync_record_number(t.%I::pg_catalog.text) AS data_id, NULL::pg_catalog.timestamptz AS update_time', xbb._sync_id(def))
         ELSE 't.data_id, t.update_time' END,
    CASE WHEN def.label = ANY (def.target_columns) THEN pg_catalog.format('t.%I::pg_catalog.text', def.label) ELSE 'NULL::pg_catalog.text' END,
    def.target, xbb._sync_victims(def, '$7'))
  INTO kept
  USING def.id, def.name, def.owner, failure.sqlstate, pg_catalog.format('it is gone, but: %s', failure.message), run, ids, failure.context;
  RETURN kept;
END
$$;

-- The same, but what fails is halved until the row that cannot go stands alone, and is told
-- as a reject without a record: how many.
CREATE FUNCTION xbb._sync_take_out_or_halve(def xbb.sync_definition, run bigint, ids pg_catalog.anyarray) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  failure xbb._sync_failure;
  place xbb._sync_error_names;
  middle integer := pg_catalog.cardinality(ids) / 2;
BEGIN
  IF pg_catalog.cardinality(ids) = 0 THEN
    RETURN 0;
  END IF;
  PERFORM xbb._sync_shows('writing');
  BEGIN
    PERFORM xbb._sync_take_out(def, ids);
    failure.message := 'a trigger or a rule of the target keeps its row';
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
      failure.context = PG_EXCEPTION_CONTEXT, place.relation = TABLE_NAME, place.attribute = COLUMN_NAME, place.constraint = CONSTRAINT_NAME;
    IF NOT xbb._sync_target_blames(def, failure.sqlstate) THEN
      RAISE;
    END IF;
    failure.context := xbb._sync_error_place(place, failure.context);
  END;
  IF failure.sqlstate IS NULL OR middle = 0 THEN
    RETURN xbb._sync_tell_kept(def, run, ids, failure);
  END IF;
  RETURN xbb._sync_take_out_or_halve(def, run, ids[:middle]) + xbb._sync_take_out_or_halve(def, run, ids[middle + 1:]);
END
$$;

-- Those of them that are there yet.
CREATE FUNCTION xbb._sync_still_there(def xbb.sync_definition, INOUT ids pg_catalog.anyarray)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE pg_catalog.format('SELECT coalesce(pg_catalog.array_agg(%1$s ORDER BY %1$s), ''{}'') FROM %2$s t WHERE %3$s',
    CASE WHEN xbb._sync_is_list(def.source) THEN pg_catalog.format('t.%I::pg_catalog.text', xbb._sync_id(def)) ELSE 't.data_id' END,
    def.target, xbb._sync_victims(def, '$1'))
  INTO ids USING ids;
END
$$;

-- The same as often as it helps: a row that another one held may go once that one has gone, and rows that hold
-- one another at once.
CREATE FUNCTION xbb._sync_take_out_all(def xbb.sync_definition, run bigint, ids pg_catalog.anyarray) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  numbers bigint[];
  kept bigint;
  kept_before bigint;
BEGIN
  PERFORM xbb._sync_set_constraints(def, 'IMMEDIATE');
  LOOP
    kept_before := kept;
    kept := xbb._sync_take_out_or_halve(def, run, ids);
    EXIT WHEN kept = 0;
    numbers := xbb._sync_record_numbers(def, ids);
    ids := xbb._sync_still_there(def, ids);
    IF kept >= kept_before THEN
      ids := xbb._sync_take_out_rings(def, ids);
      EXIT WHEN pg_catalog.cardinality(ids) = kept;
      kept := pg_catalog.cardinality(ids);
    END IF;
    PERFORM xbb._sync_reject_drop(def.id, numbers);
    EXIT WHEN kept = 0;
  END LOOP;
  PERFORM xbb._sync_set_constraints(def, 'DEFERRED');
  RETURN kept;
END
$$;

-- Ends a run that would take too much out: "gone" rows of how many, and no more than "most" may be.
-- It names the first ids and the statement that shows their rows, in words of the column's type.
CREATE FUNCTION xbb._sync_refuse_deletion(
  def xbb.sync_definition, gone bigint, rows bigint, most bigint, unasked bigint, ids pg_catalog.text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  shown constant pg_catalog.text[] := ids[:(xbb._sync_limits()).shown_ids];
BEGIN
  RAISE EXCEPTION '% of the % rows of % would be deleted, and no more than % may be', gone, rows, def.target, most
    USING ERRCODE = 'program_limit_exceeded',
          DETAIL = pg_catalog.concat_ws(' ',
            CASE WHEN unasked = 0 THEN 'The API has no record of theirs. A right that was lost looks like that, too.'
                 ELSE pg_catalog.format('The API has no record of theirs, where %s of them were not asked for one by one. '
                                        'A right that was lost looks like that, too.', unasked) END,
            pg_catalog.format('%s: SELECT * FROM %s t WHERE %st.%I IN (%s);',
              CASE WHEN pg_catalog.cardinality(shown) < gone THEN 'Some of them' ELSE 'They are' END, def.target,
              pg_catalog.regexp_replace(xbb._sync_alive_rows(def) || ' AND ', '^true AND ', ''), xbb._sync_id(def), (SELECT pg_catalog.string_agg(CASE WHEN u.id ~ '^-?[0-9]+$' THEN u.id ELSE pg_catalog.quote_literal(u.id) END,
                                                               ', ' ORDER BY u.o)
                                  FROM pg_catalog.unnest(shown) WITH ORDINALITY u (id, o)))),
          HINT = pg_catalog.format('SELECT xbb.alter_sync(%1$L, delete_limit => %2$s); allows it, and '
                                   'SELECT xbb.alter_sync(%1$L, delete_limit => %3$s); is what it was.',
                                   def.name, gone, coalesce(def.delete_limit, -1));
END
$$;

-- Takes what is gone out of the target, once it is known how much that is; "ids" is what
-- the windows did not find.
CREATE FUNCTION xbb._sync_delete(def xbb.sync_definition, run bigint, ids bigint[]) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  deletable pg_catalog.record;
  looked pg_catalog.record;
  counts xbb._sync_counts;
  victims bigint;
  first_ids pg_catalog.text[];
  kept bigint;
BEGIN
  IF coalesce(ids, '{}') = '{}' THEN
    RETURN ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  END IF;
  BEGIN
    deletable := xbb._sync_delete_limit(def);
    RAISE EXCEPTION USING ERRCODE = 'XBB00';
  EXCEPTION WHEN SQLSTATE 'XBB00' THEN
    NULL;
  END;
  -- in their order, so that the first ids that are told are the same each time
  looked := xbb._sync_look_again(def, run, array(SELECT u.id FROM pg_catalog.unnest(ids) u (id) ORDER BY u.id), deletable.most);
  PERFORM xbb._sync_reject_drop(def.id, looked.gone);
  EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s t WHERE %s', def.target, xbb._sync_victims(def, '$1'))
  INTO victims USING looked.gone;
  IF victims > deletable.most THEN
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(t.data_id::pg_catalog.text ORDER BY t.data_id) FROM %s t WHERE %s', def.target,
                              xbb._sync_victims(def, '$1')) INTO first_ids USING looked.gone;
    PERFORM xbb._sync_refuse_deletion(def, victims + looked.unasked, deletable.rows, deletable.most, looked.unasked, first_ids);
  END IF;
  kept := xbb._sync_take_out_all(def, run, looked.gone);
  PERFORM xbb._sync_evidence_add(def.id, run, array[0, 0, 0, pg_catalog.cardinality(looked.gone)], NULL, NULL);
  counts := xbb._sync_add(looked.counts, ROW(0, 0, 0, 0, kept, pg_catalog.cardinality(looked.gone) - kept)::xbb._sync_counts);
  RETURN counts;
END
$$;
