-- The source's column with that attr: a foreign table's by the rules of its
-- options, any other relation's by its name.
CREATE FUNCTION xbb._sync_source_column(source regclass, attr text, name text) RETURNS text
LANGUAGE sql STABLE STRICT AS $$
  SELECT a.attname::text
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    AND CASE WHEN c.relkind = 'f' THEN xbb._attr($1, a.attnum) = $2 ELSE a.attname = $3 END
  ORDER BY a.attnum LIMIT 1
$$;

-- The source's column that tells what of a record did not fit, if there is one.
CREATE FUNCTION xbb._sync_error_column(source regclass) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  error_column text := xbb._sync_source_column(source, '#error', '#error');
BEGIN
  IF error_column IS NULL AND EXISTS (
      SELECT FROM pg_catalog.pg_foreign_table t
      WHERE t.ftrelid OPERATOR(pg_catalog.=) source AND 'on_error=set_null' OPERATOR(pg_catalog.=) ANY (t.ftoptions)) THEN
    RAISE EXCEPTION 'source % has on_error set_null, but no column tells the errors', source
      USING ERRCODE = 'undefined_column',
            HINT = pg_catalog.format('Type: ALTER FOREIGN TABLE %s ADD COLUMN failed jsonb OPTIONS (attr ''#error'');', source);
  END IF;
  RETURN error_column;
END
$$;

-- The columns that are read of the source.
CREATE FUNCTION xbb._sync_staged_columns(def xbb.sync_definition) RETURNS text[]
LANGUAGE sql STABLE STRICT AS $$
  SELECT pg_catalog.array_remove((def).source_columns, e) || pg_catalog.array_remove(array[e], NULL)
  FROM xbb._sync_error_column((def).source) e
$$;

-- Can the API count the source's records between two times?
CREATE FUNCTION xbb._sync_counts_source(source regclass) RETURNS boolean LANGUAGE sql STABLE STRICT
RETURN EXISTS (
    SELECT FROM pg_catalog.pg_foreign_table t
    JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
    JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    WHERE t.ftrelid = source AND w.fdwhandler = 'xbb.fdw_handler'::regproc);
