-- The targets of the syncs over foreign tables: which of their columns are copies, and whether these hold what
-- the foreign table gives.

-- The syncs, where there are some; those without "columns" copy all that a source has.
CREATE FUNCTION xbb._drift_syncs(
  OUT sync pg_catalog.text, OUT source pg_catalog.oid, OUT target pg_catalog.oid, OUT columns pg_catalog.jsonb,
  OUT key pg_catalog.text[], OUT loaded pg_catalog.text[], OUT filled pg_catalog.text[], OUT labelled pg_catalog.text)
RETURNS SETOF record LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF pg_catalog.to_regclass('xbb.sync_definition') IS NOT NULL THEN
    RETURN QUERY EXECUTE 'SELECT d.name, d.source::pg_catalog.oid, d.target::pg_catalog.oid, d.columns, d.key, d.target_columns,
      pg_catalog.array_remove(ARRAY(SELECT k FROM pg_catalog.jsonb_object_keys(d.scope) k) || d.stamp, NULL), d.label FROM xbb.sync_definition d';
  END IF;
END
$$;

-- A type as people type it, shorter where that is usual.
CREATE FUNCTION xbb._drift_type(type pg_catalog.oid, modifier integer) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.regexp_replace(pg_catalog.format_type(type, modifier), '^timestamp(.*) with time zone', E'timestamptz\\1')
$$;

-- A type without its domain, and an array's element.
CREATE FUNCTION xbb._drift_base(
  type pg_catalog.oid, modifier integer, OUT name pg_catalog.text, OUT width integer, OUT is_array boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN n.nspname = 'pg_catalog' THEN e.typname::pg_catalog.text END,
         nullif(CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE modifier END, -1), b.typcategory = 'A'
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN b.typcategory = 'A' THEN b.typelem ELSE b.oid END
  JOIN pg_catalog.pg_namespace n ON n.oid = e.typnamespace
  WHERE t.oid = type
$$;

-- Does a column of the one type hold all values of the other, as they are?  Of types that are not the server's own
-- nothing is known, and they are taken to.
CREATE FUNCTION xbb._drift_holds(
  type pg_catalog.oid, modifier integer, source pg_catalog.oid, source_modifier integer) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN t.name IS NULL OR s.name IS NULL THEN true
    WHEN t.is_array AND NOT s.is_array THEN false
    -- 'varchar(10)' is 14, 'numeric(10,2)' is ((10 << 16) | 2) + 4
    WHEN t.name IN ('text', 'varchar') AND (s.name IN ('text', 'varchar', 'bpchar') AND s.is_array = t.is_array) THEN
      t.width IS NULL OR s.width IS NOT NULL AND s.width <= t.width
    WHEN t.name IN ('text', 'varchar') THEN
      t.width IS NULL AND s.name IN ('text', 'varchar', 'bpchar', 'int2', 'int4', 'int8', 'numeric', 'bool', 'json', 'jsonb')
    WHEN t.is_array <> s.is_array THEN false
    WHEN t.name = s.name THEN t.width IS NULL OR t.width IS NOT DISTINCT FROM s.width
    WHEN t.name = 'numeric' THEN
      s.name IN ('int2', 'int4', 'int8') AND (t.width IS NULL OR ((t.width - 4) >> 16) - ((t.width - 4) & 2047) >= 19)
    WHEN t.name = 'int8' THEN s.name IN ('int2', 'int4')
    WHEN t.name = 'int4' THEN s.name = 'int2'
    WHEN t.name = 'float8' THEN s.name IN ('int2', 'int4', 'float4')
    WHEN t.name = 'timestamp' THEN s.name = 'date' AND t.width IS NULL
    WHEN t.name IN ('json', 'jsonb') THEN s.name IN ('json', 'jsonb')
    ELSE false END
  FROM xbb._drift_base(type, modifier) t, xbb._drift_base(source, source_modifier) s
$$;

-- The columns of targets that take what a column of a foreign table has, as it is; "at" is NULL where the
-- target has none of that name.
CREATE FUNCTION xbb._drift_copies(
  relation pg_catalog.oid, OUT sync pg_catalog.text, OUT target pg_catalog.regclass, OUT whole boolean, OUT said boolean,
  OUT lost boolean, OUT of_key boolean,
  OUT source pg_catalog.name, OUT attr pg_catalog.text, OUT label pg_catalog.text, OUT source_type pg_catalog.oid,
  OUT source_modifier integer, OUT name pg_catalog.name, OUT at smallint, OUT type pg_catalog.oid, OUT modifier integer)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH field AS (
    SELECT a.attname, xbb._column_attr(relation, a.attnum) AS attr, a.atttypid, a.atttypmod,
           (SELECT o.option_value FROM pg_catalog.pg_options_to_table(a.attfdwoptions) o WHERE o.option_name = 'label') AS label
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped),
  copy AS (
    SELECT s.*, f.*, f.attname AS name FROM xbb._drift_syncs() s, field f
    WHERE s.source = relation AND s.columns IS NULL AND f.attr IS DISTINCT FROM '#error' AND f.attname <> ALL (s.filled)
    UNION ALL
    SELECT s.*, f.*, e.key::pg_catalog.name FROM xbb._drift_syncs() s, pg_catalog.jsonb_each_text(s.columns) e, field f
    WHERE s.source = relation AND (e.value = pg_catalog.quote_ident(f.attname) OR e.value = f.attname AND f.attname = pg_catalog.lower(f.attname))
    UNION ALL
    -- what each sync loads, said or not
    SELECT s.*, f.*, o.name FROM xbb._drift_syncs() s, (VALUES ('dataId', 'data_id'), ('updateTime', 'update_time')) o (attr, name)
    JOIN field f ON f.attr = o.attr
    WHERE s.source = relation AND NOT s.columns ? o.name AND o.name = ANY (s.loaded))
  SELECT c.sync, c.target, c.columns IS NULL, coalesce(c.columns ? c.name::pg_catalog.text, false),
         t.attnum IS NULL AND c.name = ANY (c.loaded), c.name = ANY (c.key), c.attname, c.attr, nullif(c.label, ''), c.atttypid, c.atttypmod,
         c.name, t.attnum, t.atttypid, t.atttypmod
  FROM copy c LEFT JOIN pg_catalog.pg_attribute t ON t.attrelid = c.target AND t.attname = c.name AND t.attnum > 0 AND NOT t.attisdropped
  WHERE EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = c.target) AND coalesce(t.attgenerated, '') = ''
    AND (t.attnum IS NOT NULL OR c.attr IS DISTINCT FROM '*')
$$;

-- Is a column of a foreign table what some sync tells its records apart by?  Only its owner knows what else could.
CREATE FUNCTION xbb._drift_is_key(relation pg_catalog.oid, name pg_catalog.text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM xbb._drift_copies(relation) c WHERE c.of_key AND c.source = $2)
    OR EXISTS (SELECT FROM xbb._drift_syncs() s, pg_catalog.jsonb_each_text(s.columns) e
               WHERE s.source = relation AND e.key = ANY (s.key) AND xbb._drift_names(e.value, $2)
                 AND EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = s.target))
$$;

-- Gives a column of a target another type.  Values that the new one holds stay, all others the next full run reads
-- again: one of the old type may be none of the new one.  A type of NULL: they are another field's.
CREATE FUNCTION xbb._drift_retype(
  target pg_catalog.regclass, name pg_catalog.text, of_key boolean, was pg_catalog.oid, was_modifier integer,
  type pg_catalog.oid, modifier integer) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('ALTER TABLE %s %sALTER COLUMN %I TYPE %s%s;', target,
    CASE WHEN n.lost AND (SELECT a.attnotnull FROM pg_catalog.pg_attribute a WHERE a.attrelid = target AND a.attname = name)
         THEN pg_catalog.format('ALTER COLUMN %I DROP NOT NULL, ', name) END, name, n.type,
    CASE WHEN n.lost THEN ' USING NULL'
         WHEN NOT n.holds THEN pg_catalog.format(CASE WHEN n.becomes_array THEN ' USING ARRAY[%I::pg_catalog.text]::%s' ELSE ' USING %I::pg_catalog.text::%s' END,
                                                 name, n.type) END)
  FROM (SELECT h.holds, NOT h.holds AND NOT of_key AS lost, xbb._drift_type(type, modifier) AS type,
               (SELECT b.is_array FROM xbb._drift_base(type, modifier) b) AND NOT (SELECT b.is_array FROM xbb._drift_base(was, was_modifier) b) AS becomes_array
        FROM (SELECT was IS NOT NULL AND xbb._drift_holds(type, modifier, was, was_modifier) AS holds) h) n
$$;

-- A field's name as the comment of a target's column, if the columns there are told so: by "was", or by that of another one.
CREATE FUNCTION xbb._drift_comment(
  relation pg_catalog.oid, target pg_catalog.regclass, name pg_catalog.text, was pg_catalog.text, becomes pg_catalog.text) RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(DISTINCT
    pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L;', target, name,
                      becomes || CASE WHEN was IS NOT NULL THEN pg_catalog.substr(d.comment, pg_catalog.length(was) + 1) ELSE '' END)), '{}')
  FROM (SELECT pg_catalog.col_description(c.target, c.at) AS comment, coalesce(was, c.label) AS label
        FROM xbb._drift_copies(relation) c
        WHERE c.target = $2 AND (was IS NULL OR c.name = $3) AND coalesce(was, c.label) <> '') d
  WHERE becomes <> '' AND (d.comment = d.label OR pg_catalog.starts_with(d.comment, d.label || ' ('))
$$;

-- What targets lack, or cannot hold: a row for a column.  Their syncs follow with the last of a target's.
CREATE FUNCTION xbb._drift_targets(
  server pg_catalog.name, OUT kind pg_catalog.text, OUT form_id bigint, OUT relation pg_catalog.regclass,
  OUT attr pg_catalog.text, OUT was pg_catalog.text, OUT becomes pg_catalog.text, OUT statements pg_catalog.text[],
  OUT source pg_catalog.oid)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH copy AS (
    SELECT t.relation, t.form_id, t.imported, c.*, xbb._drift_type(c.source_type, c.source_modifier) AS becomes
    FROM xbb._drift_tables(server) t CROSS JOIN LATERAL xbb._drift_copies(t.relation) c),
  change AS (
    SELECT 'column new' AS kind, c.form_id, c.target, c.attr, c.name, NULL AS was, c.becomes, c.relation, c.sync, c.whole,
           pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s;', c.target, c.name, c.becomes)
           || xbb._drift_comment(c.relation, c.target, c.name, NULL, c.label) AS statements
    FROM copy c WHERE c.at IS NULL AND NOT c.of_key AND NOT c.said AND (c.lost OR c.whole AND c.imported)
    UNION ALL
    SELECT 'column retyped', c.form_id, c.target, c.attr, c.name, xbb._drift_type(c.type, c.modifier), c.becomes, c.relation, c.sync, false,
           ARRAY[xbb._drift_retype(c.target, c.name, c.of_key, c.type, c.modifier, c.source_type, c.source_modifier)]
    FROM copy c WHERE (c.type <> c.source_type OR c.modifier <> c.source_modifier)
      AND NOT xbb._drift_holds(c.type, c.modifier, c.source_type, c.source_modifier)
    UNION ALL
    SELECT 'column gone', t.form_id, s.target, NULL, k.name, k.name, NULL, t.relation, s.sync, false, '{}'
    FROM xbb._drift_tables(server) t JOIN xbb._drift_syncs() s ON s.source = t.relation, pg_catalog.jsonb_object_keys(s.columns) k (name)
    WHERE k.name <> ALL (s.key) AND EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = s.target)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = s.target AND a.attname = k.name AND NOT a.attisdropped)),
  follow AS (
    SELECT q.target, pg_catalog.array_agg(s.statement ORDER BY s.place, q.sync) AS statements
    FROM (SELECT c.target, c.sync, pg_catalog.bool_or(c.whole) AS whole, pg_catalog.bool_or(c.kind <> 'column gone') AS run,
                 pg_catalog.jsonb_object_agg(c.name, NULL) FILTER (WHERE c.kind = 'column gone') AS gone
          FROM change c GROUP BY c.target, c.sync) q,
      LATERAL (VALUES (1, CASE WHEN q.whole THEN pg_catalog.format('SELECT xbb.alter_sync(%L, columns => %L);', q.sync, 'null') END),
                      (1, CASE WHEN q.gone IS NOT NULL THEN pg_catalog.format('SELECT xbb.alter_sync(%L, columns => %L);', q.sync, q.gone) END),
                      (2, CASE WHEN q.run THEN pg_catalog.format('CALL xbb.sync(%L, full => true);', q.sync) END)) s (place, statement)
    WHERE s.statement IS NOT NULL GROUP BY q.target)
  SELECT c.kind, c.form_id, c.target, c.attr, c.was, c.becomes,
         c.statements || CASE WHEN pg_catalog.row_number() OVER (PARTITION BY c.target ORDER BY c.kind DESC, c.form_id DESC, c.attr DESC, c.name DESC) = 1
                              THEN f.statements END, c.relation
  FROM (SELECT DISTINCT ON (c.target, c.name) c.kind, c.target, c.attr, c.name, c.was, c.becomes, c.relation, c.statements,
               pg_catalog.min(c.form_id) OVER (PARTITION BY c.target) AS form_id
        FROM change c ORDER BY c.target, c.name, c.kind, c.form_id, c.sync) c
  LEFT JOIN follow f ON f.target = c.target
$$;
