-- Records that want one another's keys: whoever leaves a place before whoever wants it.  A row
-- whose record comes later has its place taken by the one that comes before, and would be
-- made anew, without what else was in it.  That matters where a piece is divided
-- because one of its records fails; all others of a piece come at once.

-- Which rows of those numbered "first" to "last" want a key that the row of another one of them
-- has, as a query: "wants" the place that "leaves" leaves.
CREATE FUNCTION xbb._sync_wanted(def xbb.sync_definition, work xbb._sync_work) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format(
    'SELECT n."#n" AS wants, m.leaves FROM %1$s JOIN %2$s t ON %3$s AND t.data_id <> n.data_id AND %4$s
     JOIN (SELECT n."#n" AS leaves, n.data_id FROM %1$s JOIN %2$s t ON %5$s) m ON m.data_id = t.data_id',
    xbb._stage_from((work).made::pg_catalog.text, 'n', (def).target, array['data_id'] || xbb._sync_key(def)), (def).target,
    xbb._sync_same_key(def), xbb._sync_own_rows(def), xbb._sync_other_key(def))
$$;

-- Those rows, and who is in their way, in an order in which each comes behind the one whose place
-- it wants.  Where they want one another's in a circle there is none: these have one number other than 0 in
-- "rings", stand side by side, and each but the first wants the place of the one before it.
CREATE FUNCTION xbb._sync_order(wants bigint[], leaves bigint[], first bigint, last bigint, OUT numbers bigint[], OUT rings bigint[])
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before bigint[] := pg_catalog.array_fill(0::bigint, array[(last - first + 1)::integer], array[first::integer]);
  -- 1: on the way, 2: has its place in the order
  states integer[] := pg_catalog.array_fill(0, array[(last - first + 1)::integer], array[first::integer]);
  way bigint[];
  ring bigint;
  n bigint;
BEGIN
  numbers := '{}';
  rings := '{}';
  FOR i IN 1 .. coalesce(pg_catalog.cardinality(wants), 0) LOOP
    before[wants[i]] := leaves[i];
  END LOOP;
  FOR i IN 1 .. coalesce(pg_catalog.cardinality(wants), 0) LOOP
    way := '{}';
    n := wants[i];
    WHILE n > 0 AND states[n] = 0 LOOP
      states[n] := 1;
      way := way || n;
      n := before[n];
    END LOOP;
    ring := CASE WHEN n > 0 AND states[n] = 1 THEN n ELSE 0 END;
    FOR o IN REVERSE pg_catalog.cardinality(way) .. 1 LOOP
      numbers := numbers || way[o];
      rings := rings || ring;
      states[way[o]] := 2;
      ring := CASE WHEN way[o] = ring THEN 0 ELSE ring END;
    END LOOP;
  END LOOP;
END
$$;

-- The rows numbered "first" to "last" that want one another's places, in that order; a piece that fails tells
-- nothing of them where a key is the record's own, a record is its line's, or rows do not move.
CREATE FUNCTION xbb._sync_tied(def xbb.sync_definition, work xbb._sync_work, first bigint, last bigint,
  OUT numbers bigint[], OUT rings bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wants bigint[];
  leaves bigint[];
  ordered pg_catalog.record;
BEGIN
  numbers := '{}';
  rings := '{}';
  IF def.key = '{data_id}' OR work.ids IS NOT NULL OR xbb._sync_is_distributed(def) THEN
    RETURN;
  END IF;
  PERFORM xbb._stage_piece(work.made, first, last, true);
  EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(w.wants ORDER BY w.wants), pg_catalog.array_agg(w.leaves ORDER BY w.wants) FROM (%s) w',
                            xbb._sync_wanted(def, work)) INTO wants, leaves;
  ordered := xbb._sync_order(wants, leaves, first, last);
  numbers := ordered.numbers;
  rings := ordered.rings;
END
$$;

-- Do those rows fail, as the target is now?
CREATE FUNCTION xbb._sync_fail_now(def xbb.sync_definition, work xbb._sync_work, numbers bigint[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  attempt pg_catalog.record;
BEGIN
  attempt := xbb._sync_attempt_some(def, work, numbers);
  RAISE EXCEPTION USING ERRCODE = 'XBB00';
EXCEPTION WHEN SQLSTATE 'XBB00' THEN
  RETURN attempt.failure IS NOT NULL;
END
$$;

-- Brings those rows into the target, which are in any order.
CREATE FUNCTION xbb._sync_attempt_some(def xbb.sync_definition, work xbb._sync_work, numbers bigint[],
  OUT counts xbb._sync_counts, OUT failure xbb._sync_failure)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sorted constant bigint[] := array(SELECT u.n FROM pg_catalog.unnest(numbers) u (n) ORDER BY 1);
  attempt pg_catalog.record;
BEGIN
  attempt := xbb._sync_attempt(def, work, NULL, sorted[1], sorted[pg_catalog.cardinality(sorted)], sorted);
  counts := attempt.counts;
  failure := attempt.failure;
END
$$;

-- Of rows that want one another's places in a circle, and fail, makes an order: one that fails comes last, and
-- the one that takes its place first.
CREATE FUNCTION xbb._sync_open_ring(def xbb.sync_definition, work xbb._sync_work, numbers bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  low integer := 1;
  high integer := pg_catalog.cardinality(numbers);
BEGIN
  WHILE low < high LOOP
    IF xbb._sync_fail_now(def, work, numbers[low:(low + high) / 2]) THEN
      high := (low + high) / 2;
    ELSE
      low := (low + high) / 2 + 1;
    END IF;
  END LOOP;
  RETURN numbers[low + 1:] || numbers[:low];
END
$$;

-- Brings rows in that order into the target, at once, or those before a place where it can be
-- divided, then the others: what fails alone is set aside, and "waiting" if it is for what it refers to.
CREATE FUNCTION xbb._sync_apply_in_order(def xbb.sync_definition, work xbb._sync_work, numbers bigint[], rings bigint[],
  INOUT counts xbb._sync_counts, INOUT waiting bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  size constant integer := pg_catalog.cardinality(numbers);
  middle integer := size / 2;
  attempt pg_catalog.record;
  part pg_catalog.record;
BEGIN
  IF size = 0 THEN
    RETURN;
  END IF;
  work.has_rejects := work.has_rejects OR counts.rejected > 0;
  attempt := xbb._sync_attempt_some(def, work, numbers);
  IF attempt.failure IS NULL THEN
    counts := xbb._sync_add(counts, attempt.counts);
    RETURN;
  ELSIF size = 1 THEN
    counts := xbb._sync_fail_alone(def, work, numbers[1], attempt.failure, counts);
    waiting := waiting || CASE WHEN (attempt.failure).sqlstate = '23503' THEN array[numbers[1]] ELSE '{}' END;
    RETURN;
  ELSIF rings[1] > 0 AND rings[1] = rings[size] THEN
    numbers := xbb._sync_open_ring(def, work, numbers);
    rings := pg_catalog.array_fill(0::bigint, array[size]);
  ELSE
    -- no ring is divided that is not all there is
    WHILE middle > 0 AND rings[middle] > 0 AND rings[middle] = rings[middle + 1] LOOP
      middle := middle - 1;
    END LOOP;
    IF middle = 0 THEN
      middle := (SELECT pg_catalog.max(u.o) FROM pg_catalog.unnest(rings) WITH ORDINALITY u (ring, o) WHERE u.ring = rings[1]);
    END IF;
  END IF;
  part := xbb._sync_apply_in_order(def, work, numbers[:middle], rings[:middle], counts, waiting);
  part := xbb._sync_apply_in_order(def, work, numbers[middle + 1:], rings[middle + 1:], part.counts, part.waiting);
  counts := part.counts;
  waiting := part.waiting;
END
$$;
