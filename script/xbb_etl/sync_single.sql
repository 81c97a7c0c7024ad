-- A record has one row.  Several that a source returns for one, such as the lines of an
-- order, cannot be told from a record that has got another key: a load of them ends before
-- it takes a row for another one's old place.

-- The dataIds that are staged more than once, and how often.  A piece holds all rows of one,
-- or it is refused.
CREATE FUNCTION xbb._sync_doubled(def xbb.sync_definition, stage integer, piece bigint, OUT ids bigint[], OUT times bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id pg_catalog.text;
  apart bigint;
BEGIN
  IF def.key = '{data_id}' OR xbb._sync_is_list(def.source) THEN
    RETURN;
  END IF;
  id := xbb._sync_source_column(def.source, 'dataId', 'data_id');
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(d.id), pg_catalog.array_agg(d.times), pg_catalog.min(d.id) FILTER (WHERE d.is_apart)
     FROM (SELECT s.%1$I::pg_catalog.int8 AS id, pg_catalog.count(*) AS times,
                  (pg_catalog.min(s."#n") - 1) / $1 < (pg_catalog.max(s."#n") - 1) / $1 AS is_apart
           FROM %2$s WHERE s.%1$I IS NOT NULL GROUP BY 1 HAVING pg_catalog.count(*) > 1) d',
    id, xbb._stage_from(stage::pg_catalog.text, 's', def.source, array[id]))
  INTO ids, times, apart USING piece;
  IF apart IS NOT NULL THEN
    PERFORM xbb._sync_refuse_lines(def, apart);
  END IF;
END
$$;

-- Have those that are made of the records "first" to "last", of those dataIds, one key each?
CREATE FUNCTION xbb._sync_check_doubled(def xbb.sync_definition, work xbb._sync_work, first bigint, last bigint, ids bigint[], times bigint[])
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id bigint;
BEGIN
  IF ids IS NULL THEN
    RETURN;
  END IF;
  PERFORM xbb._stage_piece(work.made, first, last, true);
  -- one that was set aside may be a line, too
  EXECUTE pg_catalog.format(
    'SELECT n.data_id FROM %s JOIN (SELECT pg_catalog.unnest($1) AS id, pg_catalog.unnest($2) AS times) d ON d.id = n.data_id
     GROUP BY n.data_id, d.times HAVING pg_catalog.count(*) < d.times OR pg_catalog.count(DISTINCT ROW(%s)) > 1 ORDER BY n.data_id LIMIT 1',
    xbb._stage_from(work.made::pg_catalog.text, 'n', def.target, array['data_id'] || xbb._sync_key(def)), xbb._sync_list(def.key, 'n.%1$I'))
  INTO id USING ids, times;
  IF id IS NOT NULL THEN
    PERFORM xbb._sync_refuse_lines(def, id);
  END IF;
END
$$;

CREATE FUNCTION xbb._sync_refuse_lines(def xbb.sync_definition, id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'source % returns several rows with data_id % and different keys', def.source, id
    USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'A record has one row: another key is taken for its new one.',
          HINT = 'Read a view that gives each row a data_id of its own, such as data_id * 1000 + line.';
END
$$;

-- Has each of the marked records, which has another key than a row of it, that row alone?
CREATE FUNCTION xbb._sync_check_rows(def xbb.sync_definition, work xbb._sync_work) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id bigint;
BEGIN
  EXECUTE pg_catalog.format(
    'SELECT n.data_id FROM %s JOIN %s t ON t.data_id = n.data_id AND %s
     GROUP BY n.data_id, n."#n" HAVING pg_catalog.count(*) > 1 ORDER BY n.data_id LIMIT 1',
    xbb._stage_from(work.made || ', true', 'n', def.target, '{data_id}'), def.target, xbb._sync_own_rows(def)) INTO id;
  IF id IS NOT NULL THEN
    RAISE EXCEPTION 'target % has several rows with data_id %', def.target, id
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'A record has one row, and has got another key: none of them is known to be its old one.',
            HINT = 'Delete all but one of them. Lines of a record need a data_id of their own, by a view.';
  END IF;
END
$$;

-- Has each record of a list that is no foreign table, all of whose ids these are, one of its own?
CREATE FUNCTION xbb._sync_check_list_ids(def xbb.sync_definition, ids pg_catalog.text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong pg_catalog.record;
BEGIN
  IF xbb._sync_counts_source(def.source) THEN
    RETURN;
  END IF;
  SELECT u.id, pg_catalog.count(*) AS rows INTO wrong FROM pg_catalog.unnest(ids) u (id)
  GROUP BY u.id HAVING u.id IS NULL OR pg_catalog.count(*) > 1 ORDER BY u.id NULLS FIRST LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'source % returns % with data_id %', def.source, CASE WHEN wrong.rows = 1 THEN 'a row' ELSE 'several rows' END,
      coalesce(wrong.id, 'null')
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'It tells the records of a list without times apart: read a view that leaves out what has none of its own.';
  END IF;
END
$$;
