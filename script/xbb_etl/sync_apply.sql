-- The load: staged records, by two stages (stage.sql), into the target.
--
--   _sync_work       puts the statements of a load together, once: they are planned once, too
--   _sync_transform  the first stage (as read) into the second (as the target has it), where
--                    values get the types of its columns; nothing of the target is touched
--   _sync_apply      a piece of the second stage into the target, all or, by an error, none:
--                    doubles, rivals, moved keys, then one UPDATE and one INSERT.  What a
--                    piece is, is the stage's business: statements say xbb._stage(made)
--   _sync_load       goes through the pieces, so that what is made needs no disk.  Of one that fails, what is before the row at
--                    which it failed goes on its own, then that row alone; only what fails
--                    alone is set aside.  Pieces are small behind a failure and grow again
--                    (_sync_pace), so that it costs what is written, not their square
CREATE FUNCTION xbb._sync_add(a xbb._sync_counts, b xbb._sync_counts) RETURNS xbb._sync_counts
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT coalesce((a).rows_read, 0) + coalesce((b).rows_read, 0), coalesce((a).inserted, 0) + coalesce((b).inserted, 0),
         coalesce((a).updated, 0) + coalesce((b).updated, 0), coalesce((a).unchanged, 0) + coalesce((b).unchanged, 0),
         coalesce((a).rejected, 0) + coalesce((b).rejected, 0), coalesce((a).deleted, 0) + coalesce((b).deleted, 0);
END;

-- The statements of a load.  Keys and times of the second stage, called n, tell which of
-- them have no place in the target, which have one, and which need none.
CREATE FUNCTION xbb._sync_work(def xbb.sync_definition, run bigint, stage integer, present boolean) RETURNS xbb._sync_work
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  work xbb._sync_work;
  n pg_catalog.text;
  update pg_catalog.text;
  come pg_catalog.text;
  keys constant pg_catalog.text[] := array['data_id', 'update_time'] || xbb._sync_key(def);
  same_key constant pg_catalog.text := xbb._sync_same_key(def);
  marks constant boolean := def.delete_mode = 'mark';
  believed pg_catalog.text;
BEGIN
  work.run := run;
  work.stage := stage;
  -- and so is all of a full run
  work.present := present OR EXISTS (SELECT FROM xbb.sync_run r WHERE r.id = run AND r.task = 'sync full');
  work.made := xbb._stage_make(def.target, def.target_columns);
  come := xbb._sync_come(def, pg_catalog.format('xbb._stage_at(%s, n."#n", n.data_id)', work.made));
  work.transform := xbb._sync_transform_statement(def, stage, false);
  work.transform_loaded := xbb._sync_transform_statement(def, stage, true);
  work.constraints := xbb._sync_deferred(def, false);
  work.rejects_left := def.reject_limit - xbb._sync_count_rejects(def, run);
  work.has_rejects := EXISTS (SELECT FROM xbb.sync_reject r WHERE r.owner = def.owner AND r.sync = def.name);
  IF xbb._sync_is_list(def.source) THEN
    RETURN xbb._sync_list_work(def, work);
  END IF;
  n := xbb._stage_from(work.made::pg_catalog.text, 'n', def.target, keys);
  believed := pg_catalog.format('pg_catalog.to_timestamp(%s)', extract(epoch FROM xbb._sync_believed(def)));
  work.set_aside := xbb._sync_aside_statement(def, run, stage);
  work.doubles := pg_catalog.format(
    'SELECT n."#n", %2$s AS no_key, xbb._sync_rival_error(pg_catalog.first_value(n.data_id) OVER w) AS error, pg_catalog.row_number() OVER w AS place
     FROM %3$s WINDOW w AS (PARTITION BY %1$s ORDER BY %4$s DESC, n.update_time DESC NULLS LAST, n.data_id DESC, n."#n" DESC)',
    xbb._sync_list(def.key, 'n.%1$I'), xbb._sync_list(def.key, 'n.%1$I IS NULL', ' OR '), n, xbb._sync_is_stamped(def, 'n'));
  work.outdated := pg_catalog.format('SELECT n."#n" FROM %s JOIN %s t ON t.data_id = n.data_id AND %s AND n.update_time < t.update_time
                                       AND t.update_time <= %s', n, def.target, xbb._sync_own_rows(def), believed);
  work.older := pg_catalog.format('%s AND NOT (%s)', work.outdated, same_key);
  work.moved := pg_catalog.format('SELECT n."#n" FROM %s JOIN %s t ON %s', n, def.target, xbb._sync_other_key(def));
  work.rivals := pg_catalog.format('SELECT n."#n" FROM %s JOIN %s t ON %s AND t.data_id <> n.data_id AND %s',
                                   n, def.target, same_key, xbb._sync_alive_rows(def));
  work.stored := pg_catalog.format('SELECT n."#n" FROM %s JOIN %s t ON %s', n, def.target, same_key);
  update := pg_catalog.format('UPDATE %s t SET %s%s FROM %s WHERE ', def.target, xbb._sync_assignments(def, come),
    CASE WHEN marks THEN ', deleted_at = NULL' ELSE '' END || xbb._sync_stamp(def),
    xbb._stage_from(work.made || ', true', 'n', def.target, def.target_columns));
  work.update_moved := update || xbb._sync_other_key(def);
  work.update_stored := update || pg_catalog.format(
    '%s%s AND (pg_catalog.record_image_ne(ROW(%s), ROW(%s))%s)', same_key,
    CASE WHEN NOT work.present THEN ' AND (t.data_id OPERATOR(pg_catalog.<>) n.data_id OR coalesce(n.update_time OPERATOR(pg_catalog.>=) t.update_time, true)'
                                    || ' OR t.update_time OPERATOR(pg_catalog.>) ' || believed || ')' END,
    xbb._sync_list(xbb._sync_set_columns(def), 't.%1$I'), xbb._sync_list(xbb._sync_set_columns(def), 'n.%1$I'),
    CASE WHEN marks THEN ' OR t.deleted_at IS NOT NULL' ELSE '' END);
  work.insert_new := pg_catalog.format(
    'INSERT INTO %s (data_id%s%s) SELECT %s%s%s FROM %s', def.target,
    xbb._sync_list(pg_catalog.array_remove(def.target_columns, 'data_id'), ', %1$I', ''), ', ' || pg_catalog.quote_ident(def.stamp), come,
    xbb._sync_list(pg_catalog.array_remove(def.target_columns, 'data_id'), ', n.%1$I', ''),
    CASE WHEN def.stamp IS NOT NULL THEN ', pg_catalog.clock_timestamp()' END,
    xbb._stage_from(work.made || ', false', 'n', def.target, def.target_columns));
  work.no_rejects := pg_catalog.format('SELECT xbb._sync_reject_drop(%s, pg_catalog.array_agg(n.data_id), %s) FROM %s', def.id, run, n);
  RETURN work;
END
$$;

-- The constraints of the target and its partitions that are checked at COMMIT, as SET
-- CONSTRAINTS takes them, and those that "refer" to it.
CREATE FUNCTION xbb._sync_deferred(def xbb.sync_definition, refer boolean) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH r AS (SELECT ($1).target::pg_catalog.oid AS oid UNION SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(($1).target) p)
  SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%I.%I', n.nspname, c.conname), ', ')
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
  WHERE c.condeferred AND (c.conrelid IN (SELECT r.oid FROM r) OR $2 AND c.confrelid IN (SELECT r.oid FROM r))
$$;

-- The rejects of a run.
CREATE FUNCTION xbb._sync_count_rejects(def xbb.sync_definition, run bigint) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.count(*) FROM xbb.sync_reject r WHERE r.owner = ($1).owner AND r.sync = ($1).name AND r.run = $2
$$;

-- The statement that makes of staged records rows as they go into the target; of those
-- that were in it once their rows.
CREATE FUNCTION xbb._sync_transform_statement(def xbb.sync_definition, stage integer, loaded boolean) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('SELECT %s, s."#n" FROM %s, %s', xbb._sync_list(($1).target_columns, 'r.%1$I'),
    xbb._sync_staged($1, $2, 's', xbb._sync_staged_columns($1)),
    CASE WHEN $3 THEN (SELECT pg_catalog.format('LATERAL (SELECT %s) r', pg_catalog.string_agg(
                         pg_catalog.format('(s."#loaded" OPERATOR(pg_catalog.->>) %L)::%s AS %I', a.attname, xbb._sync_type_name(a.atttypid), a.attname), ', '))
                       FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid = ($1).target AND a.attname = ANY (($1).target_columns) AND NOT a.attisdropped)
         ELSE xbb._sync_transformed($1) END)
$$;

-- Transforms a piece of what is staged, or brings one of what is made into the target: what
-- came of it, or the error that a record can be blamed for.  All else ends the run.
CREATE FUNCTION xbb._sync_attempt(def xbb.sync_definition, work xbb._sync_work, transform pg_catalog.text, first bigint, last bigint,
  numbers bigint[] DEFAULT NULL, OUT counts xbb._sync_counts, OUT failure xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place xbb._sync_error_names;
BEGIN
  IF transform IS NOT NULL THEN
    PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
    PERFORM xbb._stage_append(work.made, transform);
    PERFORM xbb._sync_path();
  ELSE
    counts := xbb._sync_apply(def, work, first, last, numbers);
  END IF;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
    failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT,
    failure.context = PG_EXCEPTION_CONTEXT, place.relation = TABLE_NAME, place.attribute = COLUMN_NAME, place.constraint = CONSTRAINT_NAME;
  IF NOT xbb._sync_is_blamed(failure.sqlstate) THEN
    IF transform IS NULL THEN
      PERFORM xbb._sync_narrow(def, work, first, last, failure.sqlstate);
      place.relation := coalesce(nullif(place.relation, ''), def.target_name);
    END IF;
    PERFORM xbb._sync_end(def, work, CASE WHEN first = last THEN first WHEN transform IS NOT NULL THEN greatest(xbb._stage_last(work.made) + 1, first) END,
                          failure, place);
  END IF;
  IF NOT xbb._sync_is_blamed(failure.sqlstate) OR transform IS NULL AND NOT xbb._sync_target_blames(def, failure.sqlstate) THEN
    RAISE;
  END IF;
  failure.context := xbb._sync_error_place(place, failure.context);
END
$$;

-- How long pieces should be where every "span"th row fails, or so, and so many did not
-- since: what is done in vain behind a failure against what a piece costs by itself.
-- NULL: none has failed.
CREATE FUNCTION xbb._sync_pace(span double precision, good bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT CASE WHEN span IS NULL THEN NULL WHEN greatest(span, good) < 4 THEN 1
              ELSE pg_catalog.sqrt(greatest(span, good) * 32)::bigint END;
END;

-- Makes of the staged records "first" to "last", those that were not set aside yet, what goes
-- into the target.  Of a piece that fails what came before its error has come.
CREATE FUNCTION xbb._sync_transform(def xbb.sync_definition, work xbb._sync_work, first bigint, last bigint, rejected bigint,
  loaded bigint, OUT all_rejected bigint, OUT failed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most constant bigint := xbb._stage_fitting(work.stage);
  at bigint := first;
  size bigint := most;
  span double precision;
  good bigint := 0;
  upto bigint;
  attempt pg_catalog.record;
  failure xbb._sync_failure;
BEGIN
  all_rejected := rejected;
  failed := 0;
  WHILE at <= last LOOP
    upto := least(at + size - 1, last, CASE WHEN at <= loaded THEN loaded END);
    IF xbb._stage_piece(work.stage, at, upto, false) = 0 THEN
      at := upto + 1;
      CONTINUE;
    END IF;
    attempt := xbb._sync_attempt(def, work, CASE WHEN at <= loaded THEN work.transform_loaded ELSE work.transform END, at, upto);
    IF attempt.failure IS NULL THEN
      good := good + upto - at + 1;
      at := upto + 1;
      size := least(size * 2, xbb._sync_pace(span, good), most);
    ELSIF at < upto THEN
      good := good + greatest(xbb._stage_last(work.made) + 1 - at, 0);
      at := greatest(at, xbb._stage_last(work.made) + 1);
      size := 1;
    ELSE
      failure := attempt.failure;
      failed := failed + 1;
      IF at > loaded AND failed <= (xbb._sync_limits()).searched_rejects THEN
        failure.context := pg_catalog.concat_ws(', ', 'column ' || xbb._sync_guilty_column(def, work, at, failure), failure.context);
      END IF;
      all_rejected := all_rejected + xbb._sync_reject(work, at, failure);
      PERFORM xbb._sync_suspect(def, work.run, failure, failed, xbb._stage_last(work.made) = 0);
      PERFORM xbb._sync_limit_rejects(def, work, all_rejected);
      span := greatest((coalesce(span, good) + good) / 2, 1);
      size := least(xbb._sync_pace(span, 0), most);
      good := 0;
      at := at + 1;
    END IF;
  END LOOP;
END
$$;

-- Sets a record aside that has failed alone: is it one more of the run?
CREATE FUNCTION xbb._sync_reject(work xbb._sync_work, n bigint, failure xbb._sync_failure) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM xbb._stage_piece(work.stage, n, n, false);
  RETURN xbb._stage_execute(work.stage, work.set_aside, array[array[
    CASE WHEN failure.sqlstate LIKE '23%' THEN 'constraint' ELSE 'expression' END, failure.sqlstate,
    failure.message || CASE WHEN failure.sqlstate LIKE '22%' AND failure.detail <> '' THEN pg_catalog.format(' (%s)', failure.detail) ELSE '' END,
    nullif(failure.context, '')]],
    array[n]);
END
$$;

-- Of several new records with one key the newest wins; the others are set aside, and
-- those without a key: how many are left, and how many rejects more there are.
CREATE FUNCTION xbb._sync_drop_doubles(work xbb._sync_work, INOUT rows bigint, OUT rejected bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  statement constant pg_catalog.text := pg_catalog.format('SELECT d."#n" FROM (%s) d WHERE d.place > 1 OR d.no_key', work.doubles);
  numbers bigint[];
  words pg_catalog.text[];
BEGIN
  rejected := 0;
  IF xbb._stage_mark(work.made, statement) = 0 THEN
    RETURN;
  END IF;
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(d."#n" ORDER BY d."#n"),
            pg_catalog.array_agg(CASE WHEN d.no_key THEN array[''null key'', NULL, ''the key is null'']
                                      ELSE array[''duplicate key'', NULL, d.error] END ORDER BY d."#n")
     FROM (%s) d WHERE d.place > 1 OR d.no_key', work.doubles)
  INTO numbers, words;
  rejected := xbb._sync_set_aside(work, numbers, words);
  rows := rows - xbb._stage_drop(work.made);
END
$$;

-- How many of the rows are not in the target behind their INSERT, which told of as many as are
-- "there": a trigger or a rule of it has put them into a child of it, or nowhere.  "kept_out" more
-- were to get another record's row by an UPDATE, which has left it that one's.
CREATE FUNCTION xbb._sync_left_out(def xbb.sync_definition, work xbb._sync_work, rows bigint, there bigint, kept_out bigint DEFAULT 0)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  left_out bigint := CASE WHEN there < rows THEN rows - xbb._stage_mark(work.made, work.stored) ELSE 0 END;
BEGIN
  IF left_out + kept_out > 0 THEN
    RAISE WARNING '% of the records are not in % after their INSERT or UPDATE', left_out + kept_out, def.target
      USING HINT = 'A trigger or a rule of the table leaves them out.';
  END IF;
  RETURN left_out;
END
$$;

-- Writes what is new or differs, of so many rows; what is the same is not written, nor is what
-- has its row under the key that it had, since a trigger keeps it there.  Of the
-- inserted, those whose row was taken out for it count as updated.
CREATE FUNCTION xbb._sync_write(def xbb.sync_definition, work xbb._sync_work, rows bigint, vacated bigint[], in_motion boolean,
  OUT inserted bigint, OUT updated bigint, OUT left_out bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stored bigint;
  moved_back bigint := 0;
  kept_out bigint := 0;
BEGIN
  IF in_motion THEN
    work.stored := pg_catalog.concat(work.stored, ' UNION ALL ', work.moved);
  END IF;
  stored := xbb._stage_mark(work.made, work.stored);
  inserted := 0;
  updated := 0;
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  IF stored OPERATOR(pg_catalog.>) 0 THEN
    updated := xbb._stage_execute(work.made, work.update_stored);
  END IF;
  IF stored OPERATOR(pg_catalog.<) rows AND pg_catalog.cardinality(vacated) OPERATOR(pg_catalog.=) 0 THEN
    inserted := xbb._stage_execute(work.made, work.insert_new);
  ELSIF stored OPERATOR(pg_catalog.<) rows THEN
    EXECUTE pg_catalog.format(
      'WITH i AS (%s RETURNING data_id)
       SELECT pg_catalog.count(*) FILTER (WHERE i.data_id OPERATOR(pg_catalog.<>) ALL ($1)),
              pg_catalog.count(*) FILTER (WHERE i.data_id OPERATOR(pg_catalog.=) ANY ($1)) FROM i',
      work.insert_new)
    INTO inserted, moved_back USING vacated;
    updated := updated OPERATOR(pg_catalog.+) moved_back;
  END IF;
  PERFORM xbb._sync_path();
  IF in_motion THEN
    kept_out := xbb._stage_mark(work.made, work.rivals);
  END IF;
  left_out := xbb._sync_left_out(def, work, rows, stored + inserted + moved_back, kept_out);
  inserted := rows - stored - moved_back - left_out;
  left_out := left_out + kept_out;
END
$$;

-- Brings the rows numbered "first" to "last", or those "numbers", into the target, all or (by an error) none.
-- A record whose key another, newer one has is set aside.
CREATE FUNCTION xbb._sync_apply(def xbb.sync_definition, work xbb._sync_work, first bigint, last bigint, numbers bigint[] DEFAULT NULL)
RETURNS xbb._sync_counts LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts xbb._sync_counts := ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  left_over pg_catalog.record;
  room pg_catalog.record;
  written pg_catalog.record;
BEGIN
  IF work.constraints IS NOT NULL THEN
    EXECUTE pg_catalog.concat('SET CONSTRAINTS ', work.constraints, ' IMMEDIATE');
  END IF;
  IF numbers IS NULL THEN
    counts.rows_read := xbb._stage_piece(work.made, first, last, true);
  ELSE
    counts.rows_read := xbb._sync_choose(def, work, numbers);
  END IF;
  IF counts.rows_read = 0 THEN
    RETURN counts;
  END IF;
  left_over := xbb._sync_drop_doubles(work, counts.rows_read);
  IF work.ids IS NOT NULL THEN
    room := xbb._sync_list_make_room(def, work, left_over.rows);
    written := xbb._sync_list_write(def, work, room.rows, room.adopted);
    counts.updated := written.updated;
  ELSE
    room := xbb._sync_make_room(def, work, left_over.rows);
    written := xbb._sync_write(def, work, room.rows, room.vacated, room.in_motion);
    counts.updated := written.updated + room.renumbered;
  END IF;
  counts.inserted := written.inserted;
  counts.unchanged := room.rows - counts.updated - counts.inserted - written.left_out;
  counts.rejected := left_over.rejected + room.rejected;
  -- what was set aside once and is in the target now, and not what an older one of it has left as it was
  IF work.has_rejects OR counts.rejected > 0 THEN
    IF NOT work.present AND work.outdated IS NOT NULL AND xbb._stage_mark(work.made, work.outdated) > 0 THEN
      PERFORM xbb._stage_drop(work.made);
    END IF;
    counts.rejected := counts.rejected - coalesce(xbb._stage_value(work.made, work.no_rejects), 0);
  END IF;
  RETURN counts;
END
$$;

-- A row has failed alone: what comes of it.
CREATE FUNCTION xbb._sync_fail_alone(def xbb.sync_definition, work xbb._sync_work, n bigint, failure xbb._sync_failure, counts xbb._sync_counts)
RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  counts := xbb._sync_add(counts, ROW(1, 0, 0, 0, xbb._sync_reject(work, n, failure), 0)::xbb._sync_counts);
  PERFORM xbb._sync_suspect(def, work.run, failure, n, counts.inserted + counts.updated + counts.unchanged = 0);
  PERFORM xbb._sync_limit_rejects(def, work, counts.rejected);
  RETURN counts;
END
$$;

-- Brings what is made of the records "first" to "last" into the target: what fails alone is set
-- aside.  Of a piece that fails, those that take one another's places come behind the others, in their order.
CREATE FUNCTION xbb._sync_apply_all(def xbb.sync_definition, work xbb._sync_work, first bigint, last bigint, counts xbb._sync_counts)
RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most constant bigint := last - first + 1;
  at bigint := first;
  size bigint := most;
  span double precision;
  good bigint := 0;
  upto bigint;
  reached bigint;
  numbers bigint[];
  attempt pg_catalog.record;
  tied pg_catalog.record;
  part pg_catalog.record;
  ordered bigint[];
  waiting bigint[] := '{}';
BEGIN
  WHILE at <= last LOOP
    upto := least(at + size - 1, last);
    numbers := CASE WHEN ordered <> '{}' THEN
      array(SELECT g.n FROM pg_catalog.generate_series(at, upto) g (n) EXCEPT SELECT o.n FROM pg_catalog.unnest(ordered) o (n) ORDER BY 1) END;
    IF numbers = '{}' THEN
      at := upto + 1;
      CONTINUE;
    END IF;
    attempt := xbb._sync_attempt(def, work, NULL, at, upto, numbers);
    IF attempt.failure IS NULL THEN
      counts := xbb._sync_add(counts, attempt.counts);
      work.has_rejects := work.has_rejects OR (attempt.counts).rejected > 0;
      good := good + upto - at + 1;
      at := upto + 1;
      size := CASE WHEN at = reached THEN 1 ELSE least(size * 2, xbb._sync_pace(span, good), most) END;
    ELSIF at < upto AND ordered IS NULL THEN
      tied := xbb._sync_tied(def, work, at, last);
      ordered := tied.numbers;
    ELSIF at < upto THEN
      -- behind the last row, constraints and triggers that look at the end have their say
      reached := xbb._stage_reached(work.made);
      size := CASE WHEN reached = at THEN 1 WHEN reached > at AND reached < upto THEN reached - at ELSE (upto - at + 1) / 2 END;
    ELSE
      counts := xbb._sync_fail_alone(def, work, at, attempt.failure, counts);
      work.has_rejects := true;
      IF (attempt.failure).sqlstate = '23503' THEN
        waiting := waiting || at;
      END IF;
      span := greatest((coalesce(span, good) + good) / 2, 1);
      size := least(xbb._sync_pace(span, 0), most);
      good := 0;
      at := at + 1;
    END IF;
  END LOOP;
  IF ordered <> '{}' THEN
    part := xbb._sync_apply_in_order(def, work, tied.numbers, tied.rings, counts, waiting);
    counts := part.counts;
    waiting := array(SELECT u.n FROM pg_catalog.unnest(part.waiting) u (n) ORDER BY 1);
  END IF;
  RETURN xbb._sync_add(counts, xbb._sync_apply_rings(def, work, waiting));
END
$$;

-- Brings all that is staged into the target, and ends the stage; the first "loaded" records
-- are there as they were in it.  What is "present" is so whatever its time.  A record that a run sets aside twice counts once, and one
-- that it sets aside and loads later not at all.
CREATE FUNCTION xbb._sync_load(def xbb.sync_definition, run bigint, stage integer, loaded bigint DEFAULT 0,
  present boolean DEFAULT false) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts xbb._sync_counts := ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  work xbb._sync_work;
  aside pg_catalog.record;
  doubled pg_catalog.record;
  transformed pg_catalog.record;
  total constant bigint := xbb._stage_count(stage);
  -- records that change their keys among one another should be in one piece
  most constant bigint := least((xbb._sync_limits()).piece_records, CASE WHEN def.key = '{data_id}' THEN xbb._stage_fitting(stage) END);
  at bigint := 1;
BEGIN
  IF total > 0 THEN
    work := xbb._sync_work(def, run, stage, present);
    IF work.constraints IS NOT NULL THEN
      -- what waits for them already is the caller's, and no record's
      EXECUTE pg_catalog.concat('SET CONSTRAINTS ', work.constraints, ' IMMEDIATE');
    END IF;
    doubled := xbb._sync_doubled(def, stage, most);
    aside := xbb._sync_set_unread_aside(def, work);
    counts.rows_read := aside.unread;
    counts.rejected := aside.rejected;
    WHILE at <= total LOOP
      PERFORM xbb._sync_shows('staging');
      PERFORM xbb._stage_clear(work.made);
      transformed := xbb._sync_transform(def, work, at, least(at + most - 1, total), counts.rejected, loaded);
      counts.rows_read := counts.rows_read + transformed.failed;
      counts.rejected := transformed.all_rejected;
      work.has_rejects := work.has_rejects OR counts.rejected > 0;
      PERFORM xbb._sync_check_doubled(def, work, at, least(at + most - 1, total), doubled.ids, doubled.times);
      PERFORM xbb._sync_shows('writing');
      counts := xbb._sync_apply_all(def, work, at, least(at + most - 1, total), counts);
      work.has_rejects := work.has_rejects OR counts.rejected > 0;
      at := at + most;
    END LOOP;
    IF counts.rejected > work.rejects_left THEN
      PERFORM xbb._sync_limit_rejects(def, work, counts.rejected);
    END IF;
    PERFORM xbb._stage_close(work.made);
    IF work.constraints IS NOT NULL THEN
      EXECUTE pg_catalog.concat('SET CONSTRAINTS ', work.constraints, ' DEFERRED');
    END IF;
  END IF;
  PERFORM xbb._stage_close(stage);
  RETURN counts;
END
$$;
