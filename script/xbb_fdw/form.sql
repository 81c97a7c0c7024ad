CREATE FUNCTION xbb.forms(
  server pg_catalog.name,
  OUT form_id bigint, OUT object pg_catalog.text, OUT name pg_catalog.text, OUT kind pg_catalog.text,
  OUT approval boolean)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_forms';
COMMENT ON FUNCTION xbb.forms(name) IS 'the CRM''s forms; object is NULL where no list of their records is known';

CREATE FUNCTION xbb.form_fields(
  server pg_catalog.name, form_id bigint,
  OUT attr pg_catalog.text, OUT label pg_catalog.text, OUT field_type integer, OUT column_type pg_catalog.text,
  OUT required boolean, OUT is_unique boolean, OUT parent pg_catalog.text, OUT "position" integer,
  OUT options pg_catalog.jsonb)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_form_fields';
COMMENT ON FUNCTION xbb.form_fields(name, bigint) IS
  'the fields of a form; those of a sub-form name their parent, a column_type of NULL holds nothing';

CREATE FUNCTION xbb.comment_labels(schema pg_catalog.name) RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  field pg_catalog.record;
  done integer := 0;
BEGIN
  FOR field IN
    SELECT t.ftrelid::pg_catalog.regclass AS relation, a.attname AS name, pg_catalog.substr(o.option, 7) AS label
    FROM pg_catalog.pg_foreign_table t
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.ftrelid
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    JOIN pg_catalog.pg_foreign_server s ON s.oid OPERATOR(pg_catalog.=) t.ftserver
    JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid OPERATOR(pg_catalog.=) s.srvfdw
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
    CROSS JOIN LATERAL pg_catalog.unnest(a.attfdwoptions) AS o(option)
    WHERE n.nspname OPERATOR(pg_catalog.=) schema AND w.fdwname OPERATOR(pg_catalog.=) 'xbb_fdw' AND NOT a.attisdropped
      AND o.option OPERATOR(pg_catalog.~~) 'label=_%'
      AND pg_catalog.col_description(c.oid, a.attnum) IS DISTINCT FROM pg_catalog.substr(o.option, 7)
    ORDER BY c.relname, a.attnum
  LOOP
    EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', field.relation, field.name, field.label);
    done := done + 1;
  END LOOP;
  RETURN done;
END
$$;
COMMENT ON FUNCTION xbb.comment_labels(name) IS
  'makes the labels of a schema''s foreign tables comments of their columns; returns how many are new';

CREATE FUNCTION xbb._newest(source pg_catalog.regclass, OUT record pg_catalog.jsonb)
RETURNS SETOF pg_catalog.jsonb LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_newest';

CREATE FUNCTION xbb._column_attr(source pg_catalog.regclass, attnum smallint) RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_attr';

-- What kind of value it is: for the type that holds all values of an attr.
CREATE FUNCTION xbb._value_kind(value pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE pg_catalog.jsonb_typeof(value)
    WHEN 'null' THEN 'empty'
    WHEN 'boolean' THEN 'boolean'
    WHEN 'number' THEN CASE WHEN (value #>> '{}') ~ E'^-?\\d{1,18}$' THEN 'whole' ELSE 'number' END
    WHEN 'string' THEN CASE
      WHEN (value #>> '{}') IN ('', '[]') THEN 'empty'
      WHEN (value #>> '{}') ~ E'^-?\\d{1,18}$' THEN 'whole text'
      WHEN (value #>> '{}') ~ E'^-?\\d+(\\.\\d+)?$' THEN 'number text'
      WHEN (value #>> '{}') ~ E'^\\d{4}[-/]\\d\\d?[-/]\\d\\d?($|[T ]\\d\\d:)' THEN 'time'
      WHEN (value #>> '{}') ~ E'^\\[\\s*"([^"\\\\]|\\\\.)*"\\s*(,\\s*"([^"\\\\]|\\\\.)*"\\s*)*\\]$' THEN 'texts'
      ELSE 'text' END
    WHEN 'array' THEN CASE
      WHEN value = '[]' THEN 'empty'
      WHEN EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(value) e WHERE pg_catalog.jsonb_typeof(e) IN ('object', 'array')) THEN 'object'
      WHEN EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(value) e WHERE NOT (e #>> '{}') ~ E'^-?\\d{1,18}$') THEN 'texts'
      ELSE 'wholes' END
    ELSE 'object' END
$$;

-- The type of the column that holds values of all these kinds.
CREATE FUNCTION xbb._kinds_type(attr pg_catalog.text, kinds pg_catalog.text[]) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN attr IN ('addTime', 'updateTime') OR attr ~ '^date_' AND kinds <@ '{whole, whole text, time}' THEN 'timestamptz'
    WHEN attr IN ('ownerId', 'coUserId') AND kinds <@ '{texts}' THEN 'text[]'
    WHEN kinds = '{}' THEN CASE pg_catalog.split_part(attr, '_', 1) WHEN 'text' THEN 'text' WHEN 'num' THEN 'numeric' ELSE 'jsonb' END
    WHEN kinds <@ '{whole}' OR attr ~ '^num_' AND kinds <@ '{whole, whole text}' THEN 'bigint'
    WHEN kinds <@ '{whole, number}' OR attr ~ '^num_' AND kinds <@ '{whole, number, whole text, number text}' THEN 'numeric'
    WHEN kinds <@ '{boolean}' THEN 'boolean'
    WHEN kinds <@ '{wholes}' THEN 'bigint[]'
    WHEN kinds <@ '{wholes, texts}' THEN 'text[]'
    WHEN kinds && '{object, wholes, texts}' THEN 'jsonb'
    ELSE 'text' END
$$;

CREATE FUNCTION xbb.attrs(
  source pg_catalog.regclass,
  OUT attr pg_catalog.text, OUT seen bigint, OUT example pg_catalog.text, OUT suggested_type pg_catalog.text,
  OUT read_by pg_catalog.name)
RETURNS SETOF record LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  WITH newest AS (SELECT record, pg_catalog.row_number() OVER () AS row FROM xbb._newest(source)),
  field AS (
    SELECT f.key, f.value, n.row, true AS own FROM newest n, pg_catalog.jsonb_each(n.record) f
    WHERE f.key <> 'data' OR pg_catalog.jsonb_typeof(f.value) <> 'object'
    UNION ALL
    SELECT f.key, f.value, n.row, false
    FROM newest n, pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(n.record -> 'data') WHEN 'object' THEN n.record -> 'data' ELSE '{}' END) f
    WHERE NOT n.record ? f.key),
  used AS (
    SELECT key, own, pg_catalog.count(*) FILTER (WHERE k.kind <> 'empty') AS seen,
           (pg_catalog.array_agg(value #>> '{}' ORDER BY row) FILTER (WHERE k.kind <> 'empty'))[1] AS example,
           coalesce(pg_catalog.array_agg(DISTINCT k.kind) FILTER (WHERE k.kind <> 'empty'), '{}') AS kinds
    FROM field, LATERAL (
      SELECT xbb._value_kind(CASE WHEN key ~ '^date_' AND (value #>> '{}') = '0' THEN 'null' ELSE value END) AS kind OFFSET 0) k
    GROUP BY key, own)
  SELECT u.key, u.seen, CASE WHEN pg_catalog.char_length(u.example) > 60 THEN pg_catalog.left(u.example, 57) || '...' ELSE u.example END,
         xbb._kinds_type(u.key, u.kinds),
         (SELECT a.attname FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped
            AND NOT EXISTS (SELECT FROM pg_catalog.unnest(a.attfdwoptions) o WHERE o LIKE 'constant=%')
            AND xbb._column_attr(source, a.attnum) = u.key
          ORDER BY a.attnum LIMIT 1)
  FROM used u ORDER BY u.own DESC, u.seen DESC, u.key COLLATE pg_catalog."C"
$$;
COMMENT ON FUNCTION xbb.attrs(regclass) IS
  'the attrs in use in the newest records of a foreign table, by one request: how often, an example, a type for all of them, the column that reads it';
