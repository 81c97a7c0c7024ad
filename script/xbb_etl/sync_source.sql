-- The source's column with that attr: a foreign table's by the rules of its
-- options, any other relation's by its name.
CREATE FUNCTION xbb._sync_source_column(source pg_catalog.regclass, attr pg_catalog.text, name pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.attname::pg_catalog.text
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    AND CASE WHEN c.relkind = 'f' THEN xbb._attr($1, a.attnum) = $2 ELSE a.attname = $3 END
  ORDER BY a.attnum LIMIT 1
$$;

-- Does the source set values that do not fit to NULL, and tell them elsewhere?
CREATE FUNCTION xbb._sync_sets_null(source pg_catalog.regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM pg_catalog.pg_foreign_table t WHERE t.ftrelid = source AND 'on_error=set_null' = ANY (t.ftoptions));

-- The source's column that tells what of a record did not fit, if there is one.
CREATE FUNCTION xbb._sync_error_column(source pg_catalog.regclass) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  error_column pg_catalog.text := xbb._sync_source_column(source, '#error', '#error');
BEGIN
  IF error_column IS NULL AND xbb._sync_sets_null(source) THEN
    RAISE EXCEPTION 'source % has on_error set_null, but no column tells the errors', source
      USING ERRCODE = 'undefined_column',
            HINT = pg_catalog.format('Type: ALTER FOREIGN TABLE %s ADD COLUMN failed jsonb OPTIONS (attr ''#error'');', source);
  END IF;
  RETURN error_column;
END
$$;

-- Can the API count the source's records between two times?
CREATE FUNCTION xbb._sync_counts_source(source pg_catalog.regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM pg_catalog.pg_foreign_table t
    JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
    JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    WHERE t.ftrelid = source AND w.fdwhandler = 'xbb.fdw_handler'::pg_catalog.regproc);

-- Is it a list without times, which is read whole and compared?
CREATE FUNCTION xbb._sync_is_list(source pg_catalog.regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xbb._sync_counts_source($1) THEN xbb._list_id($1) IS NOT NULL
              ELSE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = $1 AND c.relkind <> 'f')
                AND xbb._sync_source_column($1, 'updateTime', 'update_time') IS NULL END
$$;

-- Can what was deleted be found in it: does the API count it, or is it read whole?  Not STRICT: it would be
-- called, not inlined, and its body planned anew for each row of a view.
CREATE FUNCTION xbb._sync_is_reconciled(source pg_catalog.regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN xbb._sync_counts_source(source) OR xbb._sync_is_list(source);

-- Which records it means, behind the major version that says so: what stands below it, whose list that is and by which
-- conditions, and the texts of its views.  Not how it is asked, nor by whom.
CREATE FUNCTION xbb._sync_means(source pg_catalog.regclass) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  WITH RECURSIVE below AS (
    SELECT $1::pg_catalog.oid AS relid
    UNION
    SELECT o.relid FROM below b CROSS JOIN LATERAL (
      SELECT d.refobjid AS relid FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
      WHERE r.ev_class = b.relid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = b.relid) o)
  SELECT pg_catalog.concat_ws(' ', pg_catalog.current_setting('server_version_num')::integer / 10000, pg_catalog.hashtextextended(
    pg_catalog.string_agg(m.means COLLATE "C", E'\n' ORDER BY m.means COLLATE "C"), 0))
  FROM (
    SELECT CASE c.relkind WHEN 'v' THEN pg_catalog.pg_get_viewdef(c.oid)
                          WHEN 'f' THEN pg_catalog.concat_ws(E'\t', o.corpid, o.options)
                          ELSE c.relkind::pg_catalog.text END AS means
    FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.relid
    LEFT JOIN pg_catalog.pg_foreign_table t ON t.ftrelid = c.oid
    LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
    CROSS JOIN LATERAL (
      SELECT (SELECT u.o FROM pg_catalog.unnest(s.srvoptions) u (o) WHERE pg_catalog.starts_with(u.o, 'corpid=')) AS corpid,
             (SELECT pg_catalog.string_agg(u.o COLLATE "C", E'\t' ORDER BY u.o COLLATE "C") FROM pg_catalog.unnest(t.ftoptions) u (o)
              WHERE pg_catalog.split_part(u.o, '=', 1) = ANY (array['object', 'api', 'form_id', 'params', 'conditions', 'list_key', 'id_key'])) AS options) o) m
$$;

-- The attr that tells its records apart.
CREATE FUNCTION xbb._sync_id_attr(source pg_catalog.regclass) RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(CASE WHEN xbb._sync_counts_source($1) THEN xbb._list_id($1) END, 'dataId')
$$;

-- The columns of the target that each sync loads, with the source's that they come from.
CREATE FUNCTION xbb._sync_own_columns(source pg_catalog.regclass) RETURNS pg_catalog.jsonb
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xbb._sync_is_list($1) AND i IS NOT NULL THEN pg_catalog.jsonb_build_object(i, i)
              ELSE pg_catalog.jsonb_build_object('data_id', i, 'update_time', xbb._sync_source_column($1, 'updateTime', 'update_time')) END
  FROM xbb._sync_source_column($1, xbb._sync_id_attr($1), 'data_id') i
$$;

-- A list of column names, each made into text by a format with %1$I.
CREATE FUNCTION xbb._sync_list(names pg_catalog.text[], pattern pg_catalog.text, separator pg_catalog.text DEFAULT ', ')
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.string_agg(pg_catalog.format($2, u.n), $3 ORDER BY u.o)
  FROM pg_catalog.unnest($1) WITH ORDINALITY u (n, o)
$$;

-- The column of the target that tells which record a row stands for.
CREATE FUNCTION xbb._sync_id(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xbb._sync_is_list((def).source) THEN xbb._sync_source_column((def).source, xbb._sync_id_attr((def).source), 'data_id')
              ELSE 'data_id' END
$$;

-- Are the source's dataIds numbers?
CREATE FUNCTION xbb._sync_check_id(source pg_catalog.regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item pg_catalog.record;
BEGIN
  SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, c.relkind INTO item
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE a.attrelid = source AND a.attname = xbb._sync_source_column(source, 'dataId', 'data_id') AND t.typcategory <> 'N';
  IF FOUND THEN
    RAISE EXCEPTION 'column % of source % is of type %, not bigint', pg_catalog.quote_ident(item.attname), source, item.type
      USING ERRCODE = 'datatype_mismatch',
            HINT = CASE WHEN item.relkind = 'f' THEN pg_catalog.format('ALTER FOREIGN TABLE %s ALTER COLUMN %I TYPE bigint;', source, item.attname)
                        ELSE pg_catalog.format('Read a view that says: %1$I::bigint AS %1$I.', item.attname) END;
  END IF;
END
$$;
