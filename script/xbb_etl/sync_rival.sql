-- Rivals: records that want one key.  The newer one has it, and whoever has to leave his place
-- for it is set aside, with his row as it was.

-- What tells that a record was set aside for another one, "rival", with its key.
CREATE FUNCTION xbb._sync_rival_error(rival bigint) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.format('record %s has the same key and is newer', rival);

-- Has a record, of that alias, a time that can be right?  Of two with one key it wins against one
-- that has not, which would keep its place until that time has come, also when it is gone.
CREATE FUNCTION xbb._sync_is_stamped(def xbb.sync_definition, alias pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('(coalesce(%I.update_time, ''-infinity'') <= pg_catalog.to_timestamp(%s))', $2, extract(epoch FROM xbb._sync_latest_stamp(def)))
$$;

-- Of a new and a stored record with one key the newer wins, and any against one that is
-- marked as gone; then records whose key has changed go to their new places.  Of what had one or
-- the other, triggers of the target may leave a row where it is: "in_motion".
CREATE FUNCTION xbb._sync_make_room(def xbb.sync_definition, work xbb._sync_work,
  INOUT rows bigint, OUT renumbered bigint, OUT vacated bigint[], OUT rejected bigint, OUT in_motion boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moved boolean;
  room pg_catalog.record;
BEGIN
  renumbered := 0;
  vacated := '{}';
  rejected := 0;
  in_motion := false;
  IF def.key = '{data_id}' THEN
    RETURN;
  END IF;
  IF NOT work.present AND xbb._stage_mark(work.made, work.older) > 0 THEN
    rows := rows - xbb._stage_drop(work.made);
  END IF;
  moved := xbb._stage_mark(work.made, work.moved) > 0;
  IF moved THEN
    PERFORM xbb._sync_check_rows(def, work);
  END IF;
  in_motion := moved;
  IF xbb._stage_mark(work.made, work.rivals) > 0 THEN
    in_motion := true;
    room := xbb._sync_settle_rivals(def, work, rows, moved);
    rows := room.rows;
    rejected := room.rejected;
  END IF;
  IF moved AND xbb._stage_mark(work.made, work.moved) > 0 THEN
    room := xbb._sync_renumber(def, work);
    renumbered := room.renumbered;
    vacated := room.vacated;
  END IF;
END
$$;

-- Where a new record and a stored one have one key, sets the older one aside; a stored one
-- that is among the new ones under another key has left its place.  Of a row every value is
-- kept as text: jsonb does not take all that json does.
CREATE FUNCTION xbb._sync_settle_rivals(def xbb.sync_definition, work xbb._sync_work, INOUT rows bigint, moved boolean, OUT rejected bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  keys constant pg_catalog.text[] := array['data_id', 'update_time'] || xbb._sync_key(def);
  rivals constant pg_catalog.text := pg_catalog.format('FROM %s JOIN %s t ON %s AND t.data_id <> n.data_id AND %s%s',
    xbb._stage_from(work.made::pg_catalog.text, 'n', def.target, keys), def.target, xbb._sync_same_key(def), xbb._sync_alive_rows(def),
    CASE WHEN moved THEN pg_catalog.format(' AND %s', xbb._sync_is_none_of(def, 't.data_id',
      xbb._stage_from(work.made::pg_catalog.text, 'm', def.target, '{data_id}'), 'm.data_id')) END);
  winners constant pg_catalog.text := pg_catalog.format(
    '%s AND (%s, coalesce(t.update_time, ''-infinity''), t.data_id) > (%s, coalesce(n.update_time, ''-infinity''), n.data_id)',
    rivals, xbb._sync_is_stamped(def, 't'), xbb._sync_is_stamped(def, 'n'));
  -- what was set aside of a record that has a row is a later version than that, but for what was a row
  newer constant bigint[] := array(SELECT j.data_id FROM xbb.sync_reject j WHERE j.owner = def.owner AND j.sync = def.name
                                  AND j.raw IS NOT NULL AND j.loaded IS NULL);
  numbers bigint[];
  words pg_catalog.text[];
  pushed_out bigint;
BEGIN
  rejected := 0;
  IF xbb._stage_mark(work.made, 'SELECT n."#n" ' || winners) > 0 THEN
    EXECUTE pg_catalog.format('WITH w AS MATERIALIZED (SELECT n."#n" AS n, t.data_id AS winner %s)
      SELECT pg_catalog.array_agg(w.n ORDER BY w.n),
        pg_catalog.array_agg(array[''duplicate key'', NULL, xbb._sync_rival_error(w.winner)] ORDER BY w.n) FROM w', winners)
    INTO numbers, words;
    rejected := xbb._sync_set_aside(work, numbers, words);
    IF moved THEN
      PERFORM xbb._sync_vacate(def, work, '');
    END IF;
    rows := rows - xbb._stage_drop(work.made);
  END IF;
  EXECUTE pg_catalog.format(
    'WITH r AS MATERIALIZED (SELECT t.data_id, t.update_time, n.data_id AS winner, %s AS label, array[%s] AS loaded %s)
     SELECT pg_catalog.count(*) FILTER (WHERE xbb._sync_reject_put($4, ROW($1, $2, r.data_id, r.update_time, ''duplicate key'', NULL,
       xbb._sync_rival_error(r.winner), l.loaded::pg_catalog.json, NULL, l.loaded, $3, NULL, r.label, NULL)::xbb.sync_reject))
     FROM r CROSS JOIN LATERAL (SELECT pg_catalog.jsonb_object($5, r.loaded) AS loaded) l WHERE r.data_id <> ALL ($6)',
    CASE WHEN def.label = ANY (def.target_columns) THEN pg_catalog.format('t.%I::pg_catalog.text', def.label) ELSE 'NULL::pg_catalog.text' END,
    xbb._sync_list(def.target_columns, 't.%1$I::pg_catalog.text'), rivals)
  INTO pushed_out USING def.name, def.owner, work.run, def.id, def.target_columns, newer;
  rejected := rejected + pushed_out;
END
$$;

-- Which rejects, called j, may load by now: those that are there for a rival, but for what
-- _sync_kept_out has found ($3), and those that a key of another row forbade, or wanted.
CREATE FUNCTION xbb._sync_may_load() RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '(j.sqlstate IN (''23503'', ''23505'', ''23P01'') OR j.kind = ''duplicate key'' AND j.data_id <> ALL ($3))';

-- Those who were set aside for a rival that still has their key in the target.  Their keys are in what
-- is kept of them, and made as in a load; where that fails, who is meant is for a load to tell: none.
CREATE FUNCTION xbb._sync_kept_out(def xbb.sync_definition, run bigint) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  staged pg_catalog.record;
  total bigint;
  work xbb._sync_work;
  at bigint := 1;
  upto bigint;
  attempt pg_catalog.record;
  met pg_catalog.record;
  kept_out bigint[] := '{}';
BEGIN
  IF NOT EXISTS (SELECT FROM xbb.sync_reject j WHERE j.owner = def.owner AND j.sync = def.name AND j.kind = 'duplicate key') THEN
    RETURN kept_out;
  END IF;
  staged := xbb._sync_stage_rejects(def, 'j.kind = ''duplicate key''', NULL, NULL);
  total := xbb._stage_count(staged.stage);
  work := xbb._sync_work(def, run, staged.stage, true);
  WHILE at <= total LOOP
    upto := least(at + xbb._stage_fitting(staged.stage) - 1, total, CASE WHEN at <= staged.loaded THEN staged.loaded END);
    PERFORM xbb._stage_clear(work.made);
    PERFORM xbb._stage_piece(staged.stage, at, upto, false);
    attempt := xbb._sync_attempt(def, work, CASE WHEN at <= staged.loaded THEN work.transform_loaded ELSE work.transform END, at, upto);
    IF attempt.failure IS NOT NULL THEN
      kept_out := '{}';
      EXIT;
    END IF;
    PERFORM xbb._stage_piece(work.made, at, upto, true);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(n.data_id) AS ids, pg_catalog.array_agg(t.data_id) AS rivals
                               FROM %s JOIN %s t ON %s AND t.data_id <> n.data_id AND %s',
      xbb._stage_from(work.made::pg_catalog.text, 'n', def.target, array['data_id'] || xbb._sync_key(def)),
      def.target, xbb._sync_same_key(def), xbb._sync_alive_rows(def)) INTO met;
    kept_out := kept_out || array(
      SELECT j.data_id FROM pg_catalog.generate_subscripts(met.ids, 1) u (i)
      JOIN xbb.sync_reject j ON j.data_id = met.ids[u.i] AND xbb._sync_rival_error(met.rivals[u.i]) = j.error
      WHERE j.owner = def.owner AND j.sync = def.name);
    at := upto + 1;
  END LOOP;
  PERFORM xbb._stage_close(work.made);
  PERFORM xbb._stage_close(staged.stage);
  RETURN kept_out;
END
$$;
