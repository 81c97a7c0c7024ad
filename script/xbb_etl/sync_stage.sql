-- Reads the source once: what its update_time or its dataIds let through, "most" records
-- of it at most.  The stage's number.
CREATE FUNCTION xbb._sync_stage(
  def xbb.sync_definition, low pg_catalog.timestamptz, high pg_catalog.timestamptz, ids bigint[] DEFAULT NULL,
  most bigint DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  time_column pg_catalog.text := xbb._sync_source_column(def.source, 'updateTime', 'update_time');
  conditions pg_catalog.text[];
  statement pg_catalog.text;
  stage integer;
BEGIN
  conditions := pg_catalog.array_remove(array[
    CASE WHEN low IS NOT NULL THEN pg_catalog.format('%I OPERATOR(pg_catalog.>=) $1', time_column) END,
    CASE WHEN high IS NOT NULL THEN pg_catalog.format('%I OPERATOR(pg_catalog.<=) $2', time_column) END,
    CASE WHEN ids IS NOT NULL THEN
      pg_catalog.format('%I OPERATOR(pg_catalog.=) ANY ($3)', xbb._sync_source_column(def.source, 'dataId', 'data_id')) END
  ], NULL);
  statement := pg_catalog.format(
    'SELECT NULL::pg_catalog.jsonb AS "#loaded", %s FROM %s WHERE %s%s',
    xbb._sync_list(xbb._sync_staged_columns(def), '%1$I'), def.source,
    coalesce(nullif(pg_catalog.array_to_string(conditions, ' AND '), ''), 'true'),
    pg_catalog.format(CASE WHEN most IS NOT NULL THEN ' LIMIT %s' END, most));
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  stage := xbb._stage_read(statement, low, high, ids);
  PERFORM xbb._sync_path();
  RETURN stage;
END
$$;

-- The staged records as a table expression: all that was read of them, or some columns.
-- What was in the target once has its row in "#loaded", and need not be transformed.
CREATE FUNCTION xbb._sync_staged(def xbb.sync_definition, stage integer, alias pg_catalog.text, columns pg_catalog.text[])
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.replace(xbb._stage_from($2::pg_catalog.text, $3, ($1).source, $4),
                            '("#n" pg_catalog.int8', '("#n" pg_catalog.int8, "#loaded" pg_catalog.jsonb')
$$;

-- The dataIds of all that is staged.
CREATE FUNCTION xbb._sync_staged_ids(def xbb.sync_definition, stage integer) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id_column pg_catalog.text := xbb._sync_source_column(def.source, 'dataId', 'data_id');
  ids bigint[];
BEGIN
  EXECUTE pg_catalog.format('SELECT coalesce(pg_catalog.array_agg(s.%I), ''{}'') FROM %s', id_column,
                            xbb._stage_from(stage::pg_catalog.text, 's', def.source, array[id_column])) INTO ids;
  RETURN ids;
END
$$;

-- The statement that sets staged records aside: the numbers $2, and words for each in $1:
-- kind, sqlstate, error and, or not, where it was, and 'again' if nothing is to be kept but that it
-- has to be asked for again.  It returns those that are one more of the run.
CREATE FUNCTION xbb._sync_aside_statement(def xbb.sync_definition, run bigint, stage integer) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  raw_column pg_catalog.text := xbb._sync_source_column(def.source, '*', '*');
  own pg_catalog.jsonb := xbb._sync_own_columns(def.source);
  staged pg_catalog.text[] := xbb._sync_staged_columns(def);
  label pg_catalog.text := xbb._sync_label(def);
  has_raw constant boolean := coalesce(raw_column = ANY (staged), false) AND xbb._sync_counts_source(def.source);
  whole pg_catalog.text;
BEGIN
  IF has_raw AND NOT xbb._sync_asks_details(def) THEN
    whole := pg_catalog.format('s.%I::pg_catalog.json', raw_column);
  ELSIF has_raw THEN
    -- of other kinds all was read
    whole := pg_catalog.format('CASE WHEN (($1)[u.o][1]) OPERATOR(pg_catalog.=) ''value'' AND s."#loaded" IS NULL THEN %s END',
                               xbb._sync_whole_record(def, raw_column));
  END IF;
  RETURN pg_catalog.format(
    'SELECT FROM %s JOIN pg_catalog.unnest($2) WITH ORDINALITY u (n, o) ON u.n OPERATOR(pg_catalog.=) s."#n"
     WHERE xbb._sync_reject_put(%s, ROW(%L, %L::pg_catalog.regrole, %s, %s,
       ($1)[u.o][1], ($1)[u.o][2], ($1)[u.o][3],
       CASE WHEN (($1)[u.o][5]) OPERATOR(pg_catalog.=) ''again'' THEN NULL
            ELSE coalesce(s."#loaded"::pg_catalog.json, %7$s, pg_catalog.row_to_json(s.*)) END,
       CASE WHEN (($1)[u.o][5]) OPERATOR(pg_catalog.=) ''again'' THEN NULL
            WHEN s."#loaded" IS NULL AND %7$s IS NULL THEN pg_catalog.row_to_json(s.*) END,
       s."#loaded", %8$s, NULL, %9$s,
       ($1)[u.o][4])::xbb.sync_reject)',
    xbb._sync_staged(def, stage, 's', staged), def.id, def.name, def.owner,
    pg_catalog.format(CASE WHEN xbb._sync_is_list(def.source) THEN 'xbb._sync_record_number(s.%I::pg_catalog.text)' ELSE 's.%I' END,
                      own ->> xbb._sync_id(def)),
    CASE WHEN own ? 'update_time' THEN pg_catalog.format('s.%I', own ->> 'update_time') ELSE 'NULL' END,
    coalesce(whole, 'NULL'), run,
    CASE WHEN label IS NOT NULL THEN pg_catalog.format('s.%I::pg_catalog.text', label) ELSE 'NULL' END);
END
$$;

-- Sets staged records aside: how many of them are one more of the run.
CREATE FUNCTION xbb._sync_set_aside(work xbb._sync_work, numbers bigint[], words pg_catalog.text[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM xbb._stage_piece(work.stage, (SELECT pg_catalog.min(u.n) FROM pg_catalog.unnest(numbers) u (n)),
                           (SELECT pg_catalog.max(u.n) FROM pg_catalog.unnest(numbers) u (n)), false);
  RETURN xbb._stage_execute(work.stage, work.set_aside, words, numbers);
END
$$;

-- The same, and they are handed out no more.
CREATE FUNCTION xbb._sync_hand_aside(work xbb._sync_work, numbers bigint[], words pg_catalog.text[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rejected bigint := xbb._sync_set_aside(work, numbers, words);
BEGIN
  PERFORM xbb._stage_piece(work.stage, 1, xbb._stage_count(work.stage), false);
  PERFORM xbb._stage_mark(work.stage, 'SELECT n FROM pg_catalog.unnest($2) n', numbers => numbers);
  PERFORM xbb._stage_drop(work.stage);
  RETURN rejected;
END
$$;

-- Those that lack their details: nothing is kept of them but that they are to be asked for again.
CREATE FUNCTION xbb._sync_set_missed_aside(def xbb.sync_definition, work xbb._sync_work, OUT unread bigint, OUT rejected bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ids constant bigint[] := xbb._stage_missed(work.stage);
  id_column pg_catalog.text;
  numbers bigint[];
BEGIN
  unread := 0;
  rejected := 0;
  IF ids = '{}' OR xbb._sync_is_list(def.source) THEN
    RETURN;
  END IF;
  id_column := xbb._sync_source_column(def.source, 'dataId', 'data_id');
  EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(s."#n" ORDER BY s."#n") FROM %s WHERE s.%I::pg_catalog.int8 = ANY ($1)',
                            xbb._stage_from(work.stage::pg_catalog.text, 's', def.source, array[id_column]), id_column)
  INTO numbers USING ids;
  IF numbers IS NOT NULL THEN
    unread := pg_catalog.cardinality(numbers);
    rejected := xbb._sync_hand_aside(work, numbers, array(
      SELECT array['details', NULL, 'the API says that the record has no details', NULL, 'again'] FROM pg_catalog.unnest(numbers)));
    PERFORM xbb._sync_limit_rejects(def, work, rejected);
  END IF;
END
$$;

-- Those, and what did not fit the source's own columns, as far as they are read.
CREATE FUNCTION xbb._sync_set_unread_aside(def xbb.sync_definition, work xbb._sync_work, OUT unread bigint, OUT rejected bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  error_column pg_catalog.text := xbb._sync_error_column(def.source);
  numbers bigint[];
  words pg_catalog.text[];
  missed pg_catalog.record;
BEGIN
  PERFORM xbb._stage_piece(work.stage, 1, xbb._stage_count(work.stage), false);
  missed := xbb._sync_set_missed_aside(def, work);
  unread := missed.unread;
  rejected := missed.rejected;
  IF error_column IS NULL THEN
    RETURN;
  END IF;
  PERFORM xbb._stage_piece(work.stage, 1, xbb._stage_count(work.stage), false);
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(e.n ORDER BY e.n), pg_catalog.array_agg(e.words ORDER BY e.n)
     FROM (SELECT s."#n" AS n,
                  array[''value'', (pg_catalog.array_agg(f.e ->> ''sqlstate'' ORDER BY f.o))[1],
                    pg_catalog.string_agg(pg_catalog.format(''column %%I: %%s'', f.e ->> ''column'', f.e ->> ''message''),
                                          ''; '' ORDER BY f.o), NULL,
                    CASE WHEN pg_catalog.bool_or(f.e ->> ''column'' = ANY ($2)) THEN ''again'' END] AS words
           FROM %s, pg_catalog.jsonb_array_elements(s.%I::pg_catalog.jsonb) WITH ORDINALITY f (e, o)
           WHERE f.e ->> ''column'' = ANY ($1) GROUP BY s."#n") e',
    xbb._stage_from(work.stage::pg_catalog.text, 's', def.source, array[error_column]), error_column)
  INTO numbers, words USING xbb._sync_used_columns(def), xbb._sync_detail_columns(def);
  IF numbers IS NOT NULL THEN
    unread := unread + pg_catalog.cardinality(numbers);
    rejected := rejected + xbb._sync_hand_aside(work, numbers, words);
    PERFORM xbb._sync_limit_rejects(def, work, rejected);
  END IF;
END
$$;
