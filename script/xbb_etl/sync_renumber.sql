-- Another key for a record that has a row: the row is updated, so that what hangs on it
-- stays.  The unique index is looked at row by row, so records that pass their keys on to
-- one another, in a chain or a circle, first get keys that nobody has.

-- Is a row of the target, called t, that of the staged record n, under another key?
CREATE FUNCTION xbb._sync_other_key(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('t.data_id OPERATOR(pg_catalog.=) n.data_id AND %s AND NOT (%s)', xbb._sync_own_rows(def), xbb._sync_same_key(def))
$$;

-- A column of the key, and an expression over n of a value for it that no key has; NULL:
-- none is known for its types.
CREATE FUNCTION xbb._sync_nobodys_key(def xbb.sync_definition, OUT name pg_catalog.text, OUT value pg_catalog.text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT c.name, c.value
  FROM (SELECT u.k, u.o, CASE
          WHEN t.typcategory = 'S' THEN pg_catalog.format('(''~xbb '' OPERATOR(pg_catalog.||) n.data_id::pg_catalog.text)::%s', xbb._sync_type_name(t.oid))
          WHEN b.typname = 'int4' THEN '(-2147483648)::pg_catalog.int8 OPERATOR(pg_catalog.+) n."#n"'
          WHEN b.typname = 'int8' THEN '''-9223372036854775808''::pg_catalog.int8 OPERATOR(pg_catalog.+) n."#n"'
          WHEN b.typname = 'numeric' THEN '(-1000000000)::pg_catalog.int8 OPERATOR(pg_catalog.-) n."#n"'
          WHEN b.typname = 'uuid' THEN
            '(''ffffffff-ffff-ffff-ffff-'' OPERATOR(pg_catalog.||) pg_catalog.lpad(pg_catalog.to_hex(n."#n"), 12, ''0''))::pg_catalog.uuid'
        END
        FROM pg_catalog.unnest((def).key) WITH ORDINALITY u (k, o)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = (def).target AND a.attname = u.k AND NOT a.attisdropped
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        JOIN pg_catalog.pg_type b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
        WHERE u.k <> ALL (xbb._sync_scope_columns(def)) AND u.k <> 'data_id') c (name, o, value)
  WHERE c.value IS NOT NULL ORDER BY c.o LIMIT 1
$$;

-- Does the key say on which node a row of the target is?  Citus does not let that change.
CREATE FUNCTION xbb._sync_key_distributes(def xbb.sync_definition) RETURNS boolean
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(xbb._sync_distribution_column(def) = ANY ((def).key), false)
$$;

-- Writes into the target, whose triggers run under the owner's path: how many rows.
CREATE FUNCTION xbb._sync_touch(def xbb.sync_definition, work xbb._sync_work, statement pg_catalog.text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  touched bigint;
BEGIN
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  touched := xbb._stage_execute(work.made, statement);
  PERFORM xbb._sync_path();
  RETURN touched;
END
$$;

-- Takes the rows of records with another key, which are marked, out of the target, for them
-- to be inserted: their dataIds.
CREATE FUNCTION xbb._sync_vacate(def xbb.sync_definition, work xbb._sync_work, condition pg_catalog.text) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  statement constant pg_catalog.text := pg_catalog.format(
    'WITH d AS (DELETE FROM %s t USING %s WHERE %s%s RETURNING t.data_id)
     SELECT coalesce(pg_catalog.array_agg(d.data_id), ''{}'') FROM d', xbb._sync_place(def.target),
    xbb._stage_from(work.made || ', true', 'n', def.target, array['data_id'] || xbb._sync_key(def)),
    xbb._sync_other_key(def), condition);
  vacated bigint[];
BEGIN
  PERFORM xbb._sync_path(xbb._sync_owners_path(def.path));
  EXECUTE statement INTO vacated;
  PERFORM xbb._sync_path();
  RETURN vacated;
END
$$;

-- Gives those of the marked records whose key another one of them wants keys that nobody
-- has; where that does not work, takes their rows out.
CREATE FUNCTION xbb._sync_step_aside(def xbb.sync_definition, work xbb._sync_work) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marked constant pg_catalog.text := xbb._stage_from(work.made || ', true', 'n', def.target, array['data_id'] || xbb._sync_key(def));
  -- this n is another one
  wanted constant pg_catalog.text := pg_catalog.format(
    CASE WHEN xbb._sync_is_distributed(def)
         THEN ' AND t.data_id OPERATOR(pg_catalog.=) ANY (SELECT t.data_id FROM %1$s JOIN %3$s t ON %2$s AND n.data_id OPERATOR(pg_catalog.<>) t.data_id)'
         ELSE ' AND EXISTS (SELECT FROM %1$s WHERE %2$s AND n.data_id OPERATOR(pg_catalog.<>) t.data_id)' END,
    marked, xbb._sync_same_key(def), xbb._sync_place(def.target));
  nobodys pg_catalog.record;
BEGIN
  SELECT k.name, k.value INTO nobodys FROM xbb._sync_nobodys_key(def) k;
  IF nobodys.name IS NULL THEN
    RETURN xbb._sync_vacate(def, work, wanted);
  END IF;
  PERFORM xbb._sync_touch(def, work, pg_catalog.format('UPDATE %s t SET %I = %s FROM %s WHERE %s%s', xbb._sync_place(def.target),
    nobodys.name, nobodys.value, marked, xbb._sync_other_key(def), wanted));
  RETURN '{}';
EXCEPTION WHEN data_exception OR integrity_constraint_violation OR with_check_option_violation OR plpgsql_error THEN
  RETURN xbb._sync_vacate(def, work, wanted);
END
$$;

-- Brings the marked records, which have another key than their rows and no rival any more,
-- to their new places: how many, and the dataIds of those that are to be inserted instead.
CREATE FUNCTION xbb._sync_renumber(def xbb.sync_definition, work xbb._sync_work, OUT renumbered bigint, OUT vacated bigint[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  keys constant pg_catalog.text[] := array['data_id'] || xbb._sync_key(def);
  marked constant pg_catalog.text := xbb._stage_from(work.made || ', true', 'n', def.target, keys);
  whole_piece constant pg_catalog.text := xbb._stage_from(work.made::pg_catalog.text, 'm', def.target, '{data_id}');
  distributes constant boolean := xbb._sync_key_distributes(def);
BEGIN
  renumbered := 0;
  IF distributes THEN
    vacated := xbb._sync_vacate(def, work, '');
    RAISE NOTICE 'rows of % with another key were deleted and inserted: % of them', def.target, pg_catalog.cardinality(vacated)
      USING DETAIL = 'The key tells where a row is stored.';
    RETURN;
  END IF;
  -- who has the place, and does not leave it; a row that is no record's goes, too
  PERFORM xbb._sync_touch(def, work, pg_catalog.format(
    'DELETE FROM %s t USING %s WHERE %s AND (t.data_id IS NULL OR t.data_id OPERATOR(pg_catalog.<>) n.data_id AND %s)', xbb._sync_place(def.target), marked, xbb._sync_same_key(def),
    xbb._sync_is_none_of(def, 't.data_id', whole_piece, 'm.data_id')));
  vacated := xbb._sync_step_aside(def, work);
  renumbered := xbb._sync_touch(def, work, work.update_moved);
END
$$;
