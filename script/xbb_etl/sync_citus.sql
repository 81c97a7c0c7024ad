-- Targets that Citus keeps on its nodes.  Its planner takes a join of a stage and such a table,
-- but no correlated subquery over both, nothing volatile in an UPDATE, and no other value for
-- the column by which rows are distributed.  What is read of a target here is brought to
-- this node before functions of ours see it: the nodes need not have them.

-- Does Citus plan what is said about the target?
CREATE FUNCTION xbb._sync_is_distributed(def xbb.sync_definition) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_distributed boolean := false;
BEGIN
  IF pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
    EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = $1)' INTO is_distributed USING def.target;
  END IF;
  RETURN is_distributed;
END
$$;

-- The column by which its rows are distributed; it is part of each unique key.  NULL: none.
CREATE FUNCTION xbb._sync_distribution_column(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name pg_catalog.text;
BEGIN
  IF xbb._sync_is_distributed(def) THEN
    EXECUTE 'SELECT pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) FROM pg_catalog.pg_dist_partition p
             WHERE p.logicalrelid = $1 AND p.partkey IS NOT NULL'
    INTO name USING def.target;
  END IF;
  RETURN name;
END
$$;

-- "expression", a of any type, is none of those that a FROM clause, "list", has in column "name".
CREATE FUNCTION xbb._sync_is_none_of(def xbb.sync_definition, expression pg_catalog.text, list pg_catalog.text, name pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xbb._sync_is_distributed(def)
              THEN pg_catalog.format('%1$s OPERATOR(pg_catalog.<>) ALL (SELECT %3$s FROM %2$s)', $2, $3, $4)
              ELSE pg_catalog.format('NOT EXISTS (SELECT FROM %2$s WHERE %3$s OPERATOR(pg_catalog.=) %1$s)', $2, $3, $4) END
$$;

-- What comes into the column of the id: "noting" is the expression that notes how far a statement has
-- come.  A node cannot tell that; a record that fails is found there by halves.
CREATE FUNCTION xbb._sync_come(def xbb.sync_definition, noting pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT CASE WHEN xbb._sync_is_distributed(def) THEN pg_catalog.format('n.%I', xbb._sync_id(def)) ELSE $2 END
$$;

-- The columns that an UPDATE of the target can set.
CREATE FUNCTION xbb._sync_set_columns(def xbb.sync_definition) RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.array_remove((def).target_columns, xbb._sync_distribution_column(def))
$$;

-- What it sets them to, of n: the id last.
CREATE FUNCTION xbb._sync_assignments(def xbb.sync_definition, come pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.concat_ws(', ', nullif(xbb._sync_list(pg_catalog.array_remove(xbb._sync_set_columns(def), xbb._sync_id(def)), '%1$I = n.%1$I'), ''),
                              CASE WHEN xbb._sync_id(def) = ANY (xbb._sync_set_columns(def))
                                   THEN pg_catalog.format('%I = %s', xbb._sync_id(def), $2) END)
$$;

-- Can a record be blamed for an error that the target has raised?
CREATE FUNCTION xbb._sync_target_blames(def xbb.sync_definition, sqlstate pg_catalog.text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT xbb._sync_is_blamed($2) AND NOT ($2 = '0A000' AND xbb._sync_is_distributed(def))
$$;

-- Whether Citus takes definitions to its nodes: what it was.  What is temporary is not for them.
CREATE FUNCTION xbb._sync_propagate(setting pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before pg_catalog.text := pg_catalog.current_setting('citus.enable_ddl_propagation', true);
BEGIN
  IF before IS NOT NULL THEN
    EXECUTE pg_catalog.format('SET LOCAL citus.enable_ddl_propagation = %L', setting);
  END IF;
  RETURN before;
END
$$;

-- What was set aside, as a table expression r without a view: Citus reads its tables as the
-- caller, who may not.
CREATE FUNCTION xbb._sync_rejects_here(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET DateStyle = ISO AS $$
  SELECT pg_catalog.format('ROWS FROM (pg_catalog.unnest(%L::pg_catalog.int8[]), pg_catalog.unnest(%L::pg_catalog.timestamptz[])) r (data_id, update_time)',
                           coalesce(pg_catalog.array_agg(j.data_id), '{}'), coalesce(pg_catalog.array_agg(j.update_time), '{}'))
  FROM xbb.sync_reject j WHERE j.owner = (def).owner AND j.sync = (def).name
$$;

-- The records for which others were set aside.
CREATE FUNCTION xbb._sync_rivals(def xbb.sync_definition) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array(SELECT DISTINCT substring(j.error FROM '[0-9]+')::bigint FROM xbb.sync_reject j
               WHERE j.owner = (def).owner AND j.sync = (def).name AND j.kind = 'duplicate key')
$$;
