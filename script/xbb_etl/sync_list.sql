-- Lists without times (users, departments, roles, labels): each run reads all of one, and
-- brings what differs into the target, what is gone included.  Rows and records belong
-- together by the list's own id, as text; after that by the key.

-- Is the source, a list without times, one that can be compared?
CREATE FUNCTION xbb._sync_check_list(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id_attr pg_catalog.text := xbb._sync_id_attr(def.source);
  id_column pg_catalog.text := xbb._sync_source_column(def.source, id_attr, 'data_id');
BEGIN
  IF id_column IS NULL THEN
    RAISE EXCEPTION 'source % has no column for %', def.source, id_attr
      USING ERRCODE = 'undefined_column', HINT = 'It tells the records of such a list apart.';
  END IF;
  IF def.columns ->> id_column <> pg_catalog.quote_ident(id_column) THEN
    RAISE EXCEPTION 'column % of the target tells the records apart, and takes no expression', pg_catalog.quote_ident(id_column)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.scope ? id_column THEN
    RAISE EXCEPTION 'column % tells the records apart, and cannot be in a scope', pg_catalog.quote_ident(id_column)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF def.chunk IS NOT NULL THEN
    RAISE EXCEPTION 'chunk needs a source with times' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;

-- What sync_reject calls a record: the number that its id is, or one made of it, below 0.
CREATE FUNCTION xbb._sync_record_number(id pg_catalog.text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN id ~ '^(0|[1-9][0-9]{0,17})$' THEN id::bigint ELSE pg_catalog.hashtextextended(id, 0) | ((1::bigint) << 63) END;

-- The same of all of those "ids", dataIds or ids of a list.
CREATE FUNCTION xbb._sync_record_numbers(def xbb.sync_definition, ids pg_catalog.anyarray) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xbb._sync_is_list(def.source) THEN array(SELECT xbb._sync_record_number(u.id::pg_catalog.text) FROM pg_catalog.unnest(ids) u (id))
              ELSE ids::pg_catalog.text::bigint[] END
$$;

-- When t, a row of the target, stands for n, a new one.
CREATE FUNCTION xbb._sync_same_record(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('t.%1$I::pg_catalog.text OPERATOR(pg_catalog.=) n.%1$I::pg_catalog.text AND %2$s', xbb._sync_id(def), xbb._sync_own_rows(def))
$$;

-- The ids of all that was read, as text.
CREATE FUNCTION xbb._sync_list_ids(def xbb.sync_definition, stage integer) RETURNS pg_catalog.text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id pg_catalog.text := xbb._sync_id(def);
  ids pg_catalog.text[];
BEGIN
  EXECUTE pg_catalog.format('SELECT coalesce(pg_catalog.array_agg(s.%I::pg_catalog.text), ''{}'') FROM %s', id,
                            xbb._stage_from(stage::pg_catalog.text, 's', def.source, array[id])) INTO ids;
  RETURN ids;
END
$$;

-- The statements of a load.  Of new records with one key the one that has it in the target
-- wins, else the one whose id comes first.
CREATE FUNCTION xbb._sync_list_work(def xbb.sync_definition, work xbb._sync_work) RETURNS xbb._sync_work
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id pg_catalog.text := xbb._sync_id(def);
  n pg_catalog.text := xbb._stage_from(work.made::pg_catalog.text, 'n', def.target, array[id] || xbb._sync_key(def));
  others pg_catalog.text[] := pg_catalog.array_remove(def.target_columns, id);
  is_distributed boolean := xbb._sync_is_distributed(def);
  same_record pg_catalog.text := xbb._sync_same_record(def);
  same_key pg_catalog.text := xbb._sync_same_key(def);
  marks boolean := def.delete_mode = 'mark';
  come pg_catalog.text := xbb._sync_come(def,
    pg_catalog.format('CASE WHEN xbb._stage_at(%s, n."#n", 0) OPERATOR(pg_catalog.=) 0 THEN n.%I END', work.made, id));
  update pg_catalog.text := pg_catalog.format('UPDATE %s t SET %s%s FROM %s WHERE ', xbb._sync_place(def.target),
    xbb._sync_assignments(def, come), CASE WHEN marks THEN ', deleted_at = NULL' ELSE '' END || xbb._sync_stamp(def),
    xbb._stage_from(work.made || ', true', 'n', def.target, def.target_columns));
BEGIN
  work.ids := xbb._sync_list_ids(def, work.stage);
  work.set_aside := xbb._sync_aside_statement(def, work.run, work.stage);
  work.doubles := pg_catalog.format(
    'SELECT q."#n", q."#no_key" AS no_key, pg_catalog.format(''record %%s has the same key'', pg_catalog.first_value(q."#id") OVER w) AS error,
            pg_catalog.row_number() OVER w AS place
     FROM (SELECT n.*, n.%I::pg_catalog.text AS "#id", %s AS "#no_key", %s AS "#there" FROM %s) q
     WINDOW w AS (PARTITION BY %s ORDER BY q."#there" DESC, q."#id", q."#n")', id, xbb._sync_list(def.key, 'n.%1$I IS NULL', ' OR '),
    CASE WHEN is_distributed THEN pg_catalog.format('n."#n" = ANY (SELECT n."#n" FROM %s JOIN %s t ON %s AND %s)', n, def.target, same_record, same_key)
         ELSE pg_catalog.format('EXISTS (SELECT FROM %s t WHERE %s AND %s)', def.target, same_record, same_key) END,
    n, xbb._sync_list(xbb._sync_key(def), 'q.%1$I'));
  work.stored := pg_catalog.format('SELECT n."#n" FROM %s JOIN %s t ON %s', n, def.target, same_record);
  work.update_stored := pg_catalog.format('%s%s AND (pg_catalog.record_image_ne(ROW(%s), ROW(%s))%s)', update, same_record,
    xbb._sync_list(xbb._sync_set_columns(def), 't.%1$I'), xbb._sync_list(xbb._sync_set_columns(def), 'n.%1$I'),
    CASE WHEN marks THEN ' OR t.deleted_at IS NOT NULL' END);
  -- rows of no record, or of one that is gone, are free
  work.moved := pg_catalog.format('SELECT n."#n" FROM %s JOIN %s t ON %s AND (t.%I IS NULL OR %s)
                                   WHERE %6$s', n, def.target, same_key, id,
    CASE WHEN marks THEN 't.deleted_at IS NOT NULL' ELSE pg_catalog.format('t.%I::pg_catalog.text <> ALL ($1)', id) END,
    CASE WHEN is_distributed THEN pg_catalog.format('n."#n" <> ALL (%s)', work.stored)
         ELSE pg_catalog.format('NOT EXISTS (SELECT FROM %s t WHERE %s)', def.target, same_record) END);
  work.older := update || same_key;
  work.rivals := pg_catalog.format('SELECT n."#n", t.%I::pg_catalog.text AS winner FROM %s JOIN %s t ON %s AND NOT (%s)', id, n, def.target,
                                   same_key, same_record);
  work.insert_new := pg_catalog.format('INSERT INTO %s (%I%s%s) SELECT %s%s%s FROM %s', xbb._sync_place(def.target), id,
    xbb._sync_list(others, ', %1$I', ''), ', ' || pg_catalog.quote_ident(def.stamp), come, xbb._sync_list(others, ', n.%1$I', ''),
    CASE WHEN def.stamp IS NOT NULL THEN ', pg_catalog.clock_timestamp()' END,
    xbb._stage_from(work.made || ', false', 'n', def.target, def.target_columns));
  work.no_rejects := pg_catalog.format('SELECT xbb._sync_reject_drop(%s, pg_catalog.array_agg(xbb._sync_record_number(n.%I::pg_catalog.text)), %s) FROM %s',
                                       def.id, id, work.run, n);
  RETURN work;
END
$$;

-- A free row is the new record's that has its key; where the row is another's, the new record
-- is set aside.
CREATE FUNCTION xbb._sync_list_make_room(def xbb.sync_definition, work xbb._sync_work, INOUT rows bigint, OUT adopted bigint, OUT rejected bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  numbers bigint[];
  words pg_catalog.text[];
BEGIN
  adopted := 0;
  rejected := 0;
  IF def.key = array[xbb._sync_id(def)] THEN
    RETURN;
  END IF;
  IF xbb._stage_mark(work.made, work.moved, work.ids) > 0 THEN
    PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
    adopted := xbb._stage_execute(work.made, work.older);
    PERFORM xbb._sync_path();
  END IF;
  EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(r."#n" ORDER BY r."#n"),
      pg_catalog.array_agg(array[''duplicate key'', NULL, pg_catalog.format(''record %%s has the same key'', r.winner)] ORDER BY r."#n")
    FROM (%s) r', work.rivals)
  INTO numbers, words;
  IF numbers IS NOT NULL THEN
    rejected := xbb._sync_set_aside(work, numbers, words);
    PERFORM xbb._stage_mark(work.made, 'SELECT n FROM pg_catalog.unnest($2) n', numbers => numbers);
    rows := rows - xbb._stage_drop(work.made);
  END IF;
END
$$;

-- Writes what is new or differs; what is the same is not written.
CREATE FUNCTION xbb._sync_list_write(def xbb.sync_definition, work xbb._sync_work, rows bigint, adopted bigint,
  OUT inserted bigint, OUT updated bigint, OUT left_out bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stored constant bigint := xbb._stage_mark(work.made, work.stored);
BEGIN
  inserted := 0;
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  updated := adopted OPERATOR(pg_catalog.+) xbb._stage_execute(work.made, work.update_stored);
  IF stored OPERATOR(pg_catalog.<) rows THEN
    inserted := xbb._stage_execute(work.made, work.insert_new);
  END IF;
  PERFORM xbb._sync_path();
  left_out := xbb._sync_left_out(def, work, rows, stored + inserted);
  inserted := rows - stored - left_out;
END
$$;

-- Takes what the list has no more out of the target: "ids" is all that it has.  An empty list
-- is a right that was lost, unless the definition says how much may go.
CREATE FUNCTION xbb._sync_list_delete(def xbb.sync_definition, run bigint, ids pg_catalog.text[]) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  deletable pg_catalog.record := xbb._sync_delete_limit(def);
  gone pg_catalog.text[];
  kept bigint := 0;
BEGIN
  EXECUTE pg_catalog.format(
    'SELECT coalesce(pg_catalog.array_agg(t.%1$I::pg_catalog.text ORDER BY t.%1$I), ''{}'') FROM %2$s t
     WHERE %3$s AND t.%1$I::pg_catalog.text <> ALL ($1)', xbb._sync_id(def), def.target, xbb._sync_alive_rows(def))
  INTO gone USING ids;
  IF def.delete_mode <> 'ignore' THEN
    IF def.delete_limit IS NULL AND ids = '{}' THEN
      deletable.most := 0;
    END IF;
    IF pg_catalog.cardinality(gone) > deletable.most THEN
      PERFORM xbb._sync_refuse_deletion(def, pg_catalog.cardinality(gone), deletable.rows, deletable.most, 0, gone);
    END IF;
    kept := xbb._sync_take_out_all(def, run, gone);
  END IF;
  RETURN ROW(0, 0, 0, 0, kept, pg_catalog.cardinality(gone) - kept)::xbb._sync_counts;
END
$$;

-- A run: makes the target like the list that was read.  What was set aside before and is not
-- now is loaded, or gone.
CREATE FUNCTION xbb._sync_load_list(def xbb.sync_definition, run bigint, stage integer) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ids pg_catalog.text[] := xbb._sync_list_ids(def, stage);
  counts xbb._sync_counts;
BEGIN
  PERFORM xbb._sync_check_list_ids(def, ids);
  counts := xbb._sync_list_delete(def, run, ids);
  counts := xbb._sync_add(counts, xbb._sync_load(def, run, stage));
  PERFORM xbb._sync_reject_drop(def.id, (SELECT pg_catalog.array_agg(r.data_id) FROM xbb.sync_reject r
                                         WHERE r.owner = def.owner AND r.sync = def.name AND r.run <> $2));
  RETURN counts;
END
$$;
