-- Rows that refer to one another by a foreign key of the target to itself: none of them can go
-- out, or come in, before the others, and all can at once.  What is known is that none of the
-- rows could alone.

-- What refers to rows of those "ids" ($1), as a query: the id of the row, and that of one that refers to it
-- and does not go with it by itself, NULL if that is none of them.  NULL: the target does not refer to itself.
CREATE FUNCTION xbb._sync_references(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format(
    'SELECT p."#id" AS held, c."#id" AS by FROM (SELECT t.*, %1$s AS "#id" FROM %2$s t WHERE %3$s) p
     JOIN (SELECT t.*, CASE WHEN %3$s THEN %1$s END AS "#id" FROM %2$s t) c ON %4$s AND p."#id" IS DISTINCT FROM c."#id"',
    CASE WHEN xbb._sync_is_list((def).source) THEN pg_catalog.format('t.%I::pg_catalog.text', xbb._sync_id(def)) ELSE 't.data_id' END,
    (def).target, xbb._sync_victims(def, '$1'),
    (SELECT pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', a.attname, n.nspname, o.oprname, b.attname), ' AND ')
     FROM pg_catalog.generate_subscripts(f.conkey, 1) u (o)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = f.confkey[u.o]
     JOIN pg_catalog.pg_attribute b ON b.attrelid = f.conrelid AND b.attnum = f.conkey[u.o]
     JOIN pg_catalog.pg_operator o ON o.oid = f.conpfeqop[u.o] JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace)), ' UNION ALL ')
  FROM pg_catalog.pg_constraint f
  WHERE f.contype = 'f' AND f.conrelid = (def).target AND f.confrelid = (def).target AND f.confdeltype IN ('a', 'r')
$$;

-- Takes rows out that can go at once: have they gone?
CREATE FUNCTION xbb._sync_take_out_at_once(def xbb.sync_definition, ids pg_catalog.anyarray) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM xbb._sync_take_out(def, ids);
  RETURN true;
EXCEPTION WHEN OTHERS THEN
  IF NOT xbb._sync_target_blames(def, SQLSTATE) THEN
    RAISE;
  END IF;
  RETURN false;
END
$$;

-- Takes those of the rows out that can go with others of them: those that are left.  First all to which, in the
-- end, only rows refer that wait for one another; where another table holds one of these, one of them
-- at a time with all that refers to it: if that fails, so does what it refers to.
CREATE FUNCTION xbb._sync_take_out_rings(def xbb.sync_definition, INOUT ids pg_catalog.anyarray)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  edges constant pg_catalog.text := xbb._sync_references(def);
  ring pg_catalog.record;
  part pg_catalog.record;
BEGIN
  IF edges IS NULL OR def.delete_mode = 'mark' THEN
    RETURN;
  END IF;
  EXECUTE pg_catalog.format(
    'WITH RECURSIVE e AS MATERIALIZED (%s), h AS (
       SELECT k.id FROM pg_catalog.unnest($1) k (id) WHERE NOT EXISTS (SELECT FROM e WHERE e.held = k.id)
       UNION SELECT e.held FROM e WHERE e.by IS NULL
       UNION SELECT e.held FROM h JOIN e ON e.by = h.id)
     SELECT pg_catalog.array_agg(k.id ORDER BY k.id) AS ids FROM pg_catalog.unnest($1) k (id) WHERE NOT EXISTS (SELECT FROM h WHERE h.id = k.id)', edges)
  INTO ring USING ids;
  IF ring.ids IS NULL THEN
    RETURN;
  END IF;
  IF xbb._sync_take_out_at_once(def, ring.ids) THEN
    ring.ids := '{}';
  END IF;
  WHILE pg_catalog.cardinality(ring.ids) > 0 LOOP
    EXECUTE pg_catalog.format(
      'WITH RECURSIVE e AS MATERIALIZED (%s), r AS (SELECT $2 AS id UNION SELECT e.by FROM r JOIN e ON e.held = r.id)
       SELECT pg_catalog.array_agg(r.id) AS ids FROM r', edges)
    INTO part USING ids, (ring.ids)[1];
    IF NOT xbb._sync_take_out_at_once(def, part.ids) THEN
      EXECUTE pg_catalog.format(
        'WITH RECURSIVE e AS MATERIALIZED (%s), r AS (SELECT $2 AS id UNION SELECT e.held FROM r JOIN e ON e.by = r.id)
         SELECT pg_catalog.array_agg(r.id) AS ids FROM r', edges)
      INTO part USING ids, (ring.ids)[1];
    END IF;
    ring.ids := array(SELECT u.id FROM pg_catalog.unnest(ring.ids) WITH ORDINALITY u (id, o) WHERE u.id <> ALL (part.ids) ORDER BY u.o);
  END LOOP;
  ids := xbb._sync_still_there(def, ids);
END
$$;

-- Makes the piece of those rows of the second stage, as far as they are there, which are in their order: how many.
CREATE FUNCTION xbb._sync_choose(def xbb.sync_definition, work xbb._sync_work, numbers bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rows bigint := xbb._stage_piece(work.made, numbers[1], numbers[pg_catalog.cardinality(numbers)], true);
BEGIN
  PERFORM xbb._stage_mark(work.made, pg_catalog.format(
    'SELECT n."#n" FROM %s WHERE NOT EXISTS (SELECT FROM pg_catalog.unnest($2) u (n) WHERE u.n = n."#n")',
    xbb._stage_from(work.made::pg_catalog.text, 'n', def.target, array[xbb._sync_id(def)])), numbers => numbers);
  RETURN rows - xbb._stage_drop(work.made);
END
$$;

-- What rows of the piece refer to that is not in the target, as a query: the number of the row, and that of the
-- one to which it refers, 0 if that is not there either.  NULL: the target does not refer to itself.
CREATE FUNCTION xbb._sync_staged_references(def xbb.sync_definition, work xbb._sync_work) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format(
    'SELECT n."#n" AS waits, coalesce(m."#n", 0) AS held FROM %s LEFT JOIN %s ON %s WHERE %s AND NOT EXISTS (SELECT FROM %s t WHERE %s)',
    xbb._stage_from((work).made::pg_catalog.text, 'n', (def).target, k.columns), xbb._stage_from((work).made::pg_catalog.text, 'm', (def).target, k.columns),
    pg_catalog.format(k.equal, VARIADIC pg_catalog.array_fill('m'::pg_catalog.text, array[k.size])), k.there, (def).target,
    pg_catalog.format(k.equal, VARIADIC pg_catalog.array_fill('t'::pg_catalog.text, array[k.size]))), ' UNION ALL ')
  FROM pg_catalog.pg_constraint f, LATERAL (
    SELECT pg_catalog.count(*)::integer AS size, pg_catalog.string_agg(pg_catalog.format('n.%I IS NOT NULL', b.attname), ' AND ') AS there,
           pg_catalog.string_agg(pg_catalog.concat('%s.', pg_catalog.replace(pg_catalog.format('%I OPERATOR(%I.%s) n.%I', a.attname, n.nspname, o.oprname, b.attname), '%', '%%')), ' AND ') AS equal,
           pg_catalog.array_agg(DISTINCT a.attname::pg_catalog.text) || pg_catalog.array_agg(b.attname::pg_catalog.text) AS columns
    FROM pg_catalog.generate_subscripts(f.conkey, 1) u (o)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = f.confkey[u.o]
    JOIN pg_catalog.pg_attribute b ON b.attrelid = f.conrelid AND b.attnum = f.conkey[u.o]
    JOIN pg_catalog.pg_operator o ON o.oid = f.conpfeqop[u.o] JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace) k
  WHERE f.contype = 'f' AND f.conrelid = (def).target AND f.confrelid = (def).target AND k.columns <@ (def).target_columns
$$;

-- What is reached from those "ids", themselves included, by edges each of which goes from one to another.
CREATE FUNCTION xbb._sync_reached(ids bigint[], edges_from bigint[], edges_to bigint[]) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE e AS MATERIALIZED (SELECT $2[u.i] AS one, $3[u.i] AS other FROM pg_catalog.generate_subscripts($2, 1) u (i)),
    r AS (SELECT u.id FROM pg_catalog.unnest($1) u (id) UNION SELECT e.other FROM r JOIN e ON e.one = r.id)
  SELECT coalesce(pg_catalog.array_agg(r.id), '{}') FROM r
$$;

-- Brings those of the rows in that failed alone for want of what they refer to, and can come with others of them: all at
-- once, and if that fails, one of them at a time with all to which it refers; if that fails, so does what refers to it.
CREATE FUNCTION xbb._sync_apply_rings(def xbb.sync_definition, work xbb._sync_work, numbers bigint[]) RETURNS xbb._sync_counts
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts xbb._sync_counts := ROW(0, 0, 0, 0, 0, 0)::xbb._sync_counts;
  edges pg_catalog.text;
  waits bigint[];
  held bigint[];
  part bigint[];
  ring bigint[];
  attempt pg_catalog.record;
BEGIN
  IF pg_catalog.cardinality(numbers) < 2 OR xbb._sync_is_distributed(def) THEN
    RETURN counts;
  END IF;
  edges := xbb._sync_staged_references(def, work);
  IF edges IS NULL THEN
    RETURN counts;
  END IF;
  PERFORM xbb._sync_choose(def, work, numbers);
  EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(e.waits), pg_catalog.array_agg(e.held) FROM (%s) e', edges) INTO waits, held;
  -- who waits for none of them failed for something else; 0 never comes
  part := xbb._sync_reached(0 || array(SELECT u.n FROM pg_catalog.unnest(numbers) u (n) EXCEPT SELECT w.n FROM pg_catalog.unnest(waits) w (n)), held, waits);
  ring := array(SELECT u.n FROM pg_catalog.unnest(numbers) u (n) EXCEPT SELECT p.n FROM pg_catalog.unnest(part) p (n) ORDER BY 1);
  IF ring = '{}' THEN
    RETURN counts;
  END IF;
  attempt := xbb._sync_attempt(def, work, NULL, ring[1], ring[1], ring);
  IF attempt.failure IS NULL THEN
    counts := attempt.counts;
    ring := '{}';
  END IF;
  WHILE ring <> '{}' LOOP
    part := array(SELECT p.n FROM pg_catalog.unnest(xbb._sync_reached(array[ring[1]], waits, held)) p (n)
                  INTERSECT SELECT u.n FROM pg_catalog.unnest(ring) u (n) ORDER BY 1);
    attempt := xbb._sync_attempt(def, work, NULL, part[1], part[1], part);
    IF attempt.failure IS NULL THEN
      counts := xbb._sync_add(counts, attempt.counts);
    ELSE
      part := xbb._sync_reached(array[ring[1]], held, waits);
    END IF;
    ring := array(SELECT u.n FROM pg_catalog.unnest(ring) u (n) EXCEPT SELECT p.n FROM pg_catalog.unnest(part) p (n) ORDER BY 1);
  END LOOP;
  -- they were read once
  counts.rows_read := 0;
  RETURN counts;
END
$$;
