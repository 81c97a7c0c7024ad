-- Rows of the target that hold one another by a foreign key of the target to itself: none of
-- them can go before the others, and all can go at once.  What is known is that none of the
-- rows could go alone.

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
