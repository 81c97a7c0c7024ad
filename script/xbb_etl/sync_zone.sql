-- Times and zones: what an expression makes of a time must be the same in every session,
-- whatever its TimeZone.

-- The zone of the source's times: what a hint names.
CREATE FUNCTION xbb._sync_zone(source pg_catalog.regclass) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT substring(o.o FROM '^time_zone=(.*)$')
    FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
    CROSS JOIN LATERAL pg_catalog.unnest(s.srvoptions) o (o)
    WHERE f.ftrelid = $1 AND o.o LIKE 'time_zone=%'), 'Asia/Shanghai')
$$;

-- The statement that makes a timestamptz of a column: of times that are there without a zone it
-- does so by the source's, not the session's.
CREATE FUNCTION xbb._sync_retype_time(relation pg_catalog.regclass, name pg_catalog.text, source pg_catalog.regclass) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('ALTER %sTABLE %s ALTER COLUMN %I TYPE timestamptz%s;', CASE WHEN c.relkind = 'f' THEN 'FOREIGN ' END, $1, $2,
    CASE WHEN c.relkind <> 'f' THEN (
      SELECT CASE WHEN t.typcategory = 'S' OR t.oid = 1082 THEN pg_catalog.format(' USING %I::timestamp AT TIME ZONE %L', $2, xbb._sync_zone($3))
                  WHEN t.oid = 1114 THEN pg_catalog.format(' USING %I AT TIME ZONE %L', $2, xbb._sync_zone($3))
                  WHEN t.oid <> 1184 THEN ' USING ...' END
      FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL xbb._sync_base_type(a.atttypid) t WHERE a.attrelid = $1 AND a.attname = $2) END)
  FROM pg_catalog.pg_class c WHERE c.oid = $1
$$;

-- The first function that a view calls whose result depends on the session's TimeZone, and how
-- to do without; NULL: none.  A cast that nobody wrote is in the rule as one that was.
CREATE FUNCTION xbb._sync_zone_call(view pg_catalog.text, OUT call pg_catalog.text, OUT instead pg_catalog.text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH c AS (
    -- a function or an operator's; the text of a timestamptz
    SELECT m.m[2]::pg_catalog.oid AS function, m.o FROM pg_catalog.pg_rewrite r
    CROSS JOIN LATERAL pg_catalog.regexp_matches(r.ev_action::pg_catalog.text,
      ':(funcid|opfuncid) ([0-9]+)|[{]COERCEVIAIO :arg [{](VAR :varno [0-9]+ :varattno [0-9]+ :vartype|FUNCEXPR :funcid [0-9]+ :funcresulttype) 1184 ',
      'g') WITH ORDINALITY m (m, o)
    WHERE r.ev_class = pg_catalog.format('pg_temp.%I', $1)::pg_catalog.regclass)
  SELECT coalesce(p.oid::pg_catalog.regprocedure::pg_catalog.text, 'the text of a timestamptz'),
    CASE WHEN p.oid IS NULL OR p.proname = 'to_char' THEN 'to_char(x AT TIME ZONE %L, ...)'
         WHEN p.proname = 'date_trunc' THEN 'date_trunc(..., x AT TIME ZONE %L)'
         WHEN 1082 = ANY (p.proargtypes) THEN 'x::timestamp AT TIME ZONE %L'
         WHEN p.prorettype IN (1082, 1083) THEN 'CAST(x AT TIME ZONE %L AS ' || pg_catalog.format_type(p.prorettype, NULL) || ')'
         ELSE 'x AT TIME ZONE %L' END
  FROM c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.function LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE c.function IS NULL OR n.nspname = 'pg_catalog' AND p.provolatile = 's' AND
    -- between what has a zone and what has none: a cast or a comparison, or by the zone's days
    (1184 = ANY (p.proargtypes || p.prorettype) AND (p.proargtypes || p.prorettype) && array[1082, 1083, 1114]::pg_catalog.oid[] OR
     p.proname IN ('to_char', 'date_trunc') AND 1184 = ANY (p.proargtypes))
  ORDER BY c.o LIMIT 1
$$;

-- Does an expression mean the same in every session?  The view is the one of all of them.
CREATE FUNCTION xbb._sync_check_zone(def xbb.sync_definition) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name pg_catalog.text;
  found_out pg_catalog.record;
BEGIN
  SELECT * INTO found_out FROM xbb._sync_zone_call('xbb_sync_view');
  IF found_out.call IS NULL THEN
    RETURN;
  END IF;
  FOREACH name IN ARRAY def.target_columns LOOP
    PERFORM xbb._sync_make_view('xbb_sync_zone', def, array[name]);
    SELECT * INTO found_out FROM xbb._sync_zone_call('xbb_sync_zone');
    DROP VIEW pg_temp.xbb_sync_zone;
    IF found_out.call IS NOT NULL THEN
      RAISE EXCEPTION 'the expression of column % depends on the TimeZone of the session', pg_catalog.quote_ident(name)
        USING ERRCODE = 'datatype_mismatch', DETAIL = pg_catalog.format('It uses %s.', found_out.call),
              HINT = pg_catalog.format('Name the zone: %s.', pg_catalog.format(found_out.instead, xbb._sync_zone(def.source)));
    END IF;
  END LOOP;
END
$$;
