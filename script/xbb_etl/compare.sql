-- Two tables that are to hold the same, row by row and column by column: one statement over both, with the rights
-- of its caller.  Values are compared as values, never as they are written:
--
--   numbers        as numbers: 1.0 is 1.00, a float is the number that is shown of it
--   texts          byte by byte, whatever the collation; the blanks behind a char(n) are no part of it
--   number, text   the text as a number; what is none differs
--   times          as moments; those without a zone in the session's, which is said
--   json           as jsonb, composite types, too
--   others         of one type, by its own equality; without one, as they are written
--
-- NULL is not ''.  Other pairs of types are refused.

-- A type without its domains.
CREATE FUNCTION xbb._compare_type(type pg_catalog.oid) RETURNS pg_catalog.pg_type
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE types AS (
    SELECT t AS type FROM pg_catalog.pg_type t WHERE t.oid = $1
    UNION ALL
    SELECT b FROM types d JOIN pg_catalog.pg_type b ON b.oid = (d.type).typbasetype WHERE (d.type).typtype = 'd')
  SELECT t.type FROM types t WHERE (t.type).typtype <> 'd'
$$;

-- As what values of a type are compared with those of others; NULL: with their own alone.
CREATE FUNCTION xbb._compare_class(type pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN (t).oid = ANY (array['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']::pg_catalog.regtype[]) THEN 'number'
    WHEN (t).typcategory = 'S' OR (t).typtype = 'e' THEN 'text'
    WHEN (t).oid = ANY (array['date', 'timestamp', 'timestamptz']::pg_catalog.regtype[]) THEN 'time'
    WHEN (t).oid = ANY (array['json', 'jsonb']::pg_catalog.regtype[]) OR (t).typtype = 'c' THEN 'json'
    WHEN (t).typcategory = 'A' THEN (SELECT CASE WHEN e.class = 'json' THEN e.class ELSE e.class || '[]' END
                                     FROM xbb._compare_class((t).typelem) e (class) WHERE e.class <> 'time') END
  FROM xbb._compare_type($1) t
$$;

-- The operator by which a type's values are equal: that of its indexes, by a name that every path understands.
CREATE FUNCTION xbb._compare_operator(type pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, p.oprname)
  FROM xbb._compare_type($1) t
  JOIN pg_catalog.pg_opclass c ON c.opcdefault AND c.opcintype =
    CASE WHEN (t).typtype = 'r' THEN 'pg_catalog.anyrange'::pg_catalog.regtype WHEN (t).typtype = 'm' THEN 'pg_catalog.anymultirange'::pg_catalog.regtype
         WHEN (t).typcategory = 'A' THEN 'pg_catalog.anyarray'::pg_catalog.regtype ELSE (t).oid END
  JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
  JOIN pg_catalog.pg_amop o ON o.amopfamily = c.opcfamily AND o.amoplefttype = c.opcintype AND o.amoprighttype = c.opcintype
    AND o.amopstrategy = CASE m.amname WHEN 'btree' THEN 3 WHEN 'hash' THEN 1 END
  JOIN pg_catalog.pg_operator p ON p.oid = o.amopopr
  JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
  ORDER BY m.amname LIMIT 1
$$;

-- A value as it is compared with one of another type, or of its own.
CREATE FUNCTION xbb._compare_value(value pg_catalog.text, type pg_catalog.oid, other pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT CASE
    WHEN (u).mine = 'json' THEN pg_catalog.format('pg_catalog.to_jsonb(%s)', $1)
    WHEN (u).mine = 'text' AND (u).others = 'number' THEN
      pg_catalog.format(E'CASE WHEN %1$s::pg_catalog.text OPERATOR(pg_catalog.~) ''^\\s*[-+]?(\\d+[.]?\\d*|[.]\\d+)(e[-+]?\\d{1,4})?\\s*$'' '
                        'THEN %1$s::pg_catalog.text::pg_catalog.numeric END', $1)
    WHEN (u).mine = 'text' AND 'pg_catalog.bpchar'::pg_catalog.regtype = ANY (array[(u).type, (u).other]) THEN
      pg_catalog.format('pg_catalog.rtrim(%s::pg_catalog.text) COLLATE pg_catalog."C"', $1)
    WHEN (u).mine = 'text' THEN pg_catalog.format('%s::pg_catalog.text COLLATE pg_catalog."C"', $1)
    WHEN (u).mine = 'text[]' THEN pg_catalog.format('%s::pg_catalog.text[] COLLATE pg_catalog."C"', $1)
    WHEN (u).type = (u).other THEN
      pg_catalog.format(CASE WHEN xbb._compare_operator((u).type) IS NULL THEN '%s::pg_catalog.text COLLATE pg_catalog."C"'
                             WHEN t.typcollation <> 0::pg_catalog.oid THEN '%s COLLATE pg_catalog."C"' ELSE '%s' END, $1)
    WHEN (u).mine = 'number' THEN pg_catalog.format(CASE WHEN t.typname ~ '^float' THEN '%s::pg_catalog.text::pg_catalog.numeric' ELSE '%s::pg_catalog.numeric' END, $1)
    WHEN (u).mine = 'number[]' THEN pg_catalog.format('%s::pg_catalog.text[]::pg_catalog.numeric[]', $1)
    WHEN (u).mine = 'time' THEN pg_catalog.format('%s::pg_catalog.timestamptz', $1) END
  FROM (SELECT xbb._compare_class($2) AS mine, xbb._compare_class($3) AS others, (xbb._compare_type($2)).oid AS type, (xbb._compare_type($3)).oid AS other) u
  JOIN pg_catalog.pg_type t ON t.oid = (u).type
$$;

-- A pair of columns: where they stand, their types; is it one that tells the rows apart?
CREATE TYPE xbb._compare_pair AS (
  ours pg_catalog.text, theirs pg_catalog.text, our_type pg_catalog.oid, their_type pg_catalog.oid, is_key boolean, place integer);

-- What is compared with what: the key, then the pairs that are given, or the columns of the same name.
CREATE FUNCTION xbb._compare_pairs(
  ours pg_catalog.regclass, theirs pg_catalog.regclass, key pg_catalog.text[], columns pg_catalog.jsonb)
RETURNS xbb._compare_pair[] LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH given AS (
    SELECT e.key AS ours, e.value AS theirs, 0::bigint AS o FROM pg_catalog.jsonb_each_text(CASE pg_catalog.jsonb_typeof(columns) WHEN 'object' THEN columns ELSE '{}' END) e
    UNION ALL
    SELECT e.value, e.value, e.o
    FROM pg_catalog.jsonb_array_elements_text(CASE pg_catalog.jsonb_typeof(columns) WHEN 'array' THEN columns ELSE '[]' END) WITH ORDINALITY e (value, o)
    UNION ALL
    SELECT a.attname::pg_catalog.text, a.attname::pg_catalog.text, a.attnum
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attribute b ON b.attname = a.attname AND b.attrelid = $2 AND b.attnum > 0 AND NOT b.attisdropped
    WHERE columns IS NULL AND a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped),
  pairs AS (
    SELECT u.name AS ours, coalesce(g.theirs, u.name) AS theirs, true AS is_key, u.o FROM pg_catalog.unnest($3) WITH ORDINALITY u (name, o) LEFT JOIN given g ON g.ours = u.name
    UNION ALL
    SELECT g.ours, g.theirs, false, g.o FROM given g WHERE g.ours <> ALL ($3))
  SELECT pg_catalog.array_agg(ROW(p.ours, p.theirs, a.atttypid, b.atttypid, p.is_key, p.place)::xbb._compare_pair ORDER BY p.place)
  FROM (SELECT p.*, (pg_catalog.row_number() OVER (ORDER BY NOT p.is_key, p.o, a.attnum, p.ours))::integer AS place
        FROM pairs p LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attname = p.ours AND a.attnum > 0) p
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attname = p.ours AND a.attnum > 0
  LEFT JOIN pg_catalog.pg_attribute b ON b.attrelid = $2 AND b.attname = p.theirs AND b.attnum > 0
$$;

-- Is there each column, and a way to compare the two of a pair?  What is compared otherwise than one may think is said.
CREATE FUNCTION xbb._compare_check(ours pg_catalog.regclass, theirs pg_catalog.regclass, pairs xbb._compare_pair[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pair xbb._compare_pair;
  classes pg_catalog.text[];
  types pg_catalog.oid[];
BEGIN
  FOREACH pair IN ARRAY pairs LOOP
    IF pair.our_type IS NULL OR pair.their_type IS NULL THEN
      RAISE EXCEPTION 'relation % has no column %', CASE WHEN pair.our_type IS NULL THEN ours ELSE theirs END,
        pg_catalog.quote_ident(CASE WHEN pair.our_type IS NULL THEN pair.ours ELSE pair.theirs END)
        USING ERRCODE = 'undefined_column', HINT = 'columns => ''{"ours": "theirs"}'' says which column is which, the key''s, too.';
    END IF;
    classes := array[xbb._compare_class(pair.our_type), xbb._compare_class(pair.their_type)];
    types := array[(xbb._compare_type(pair.our_type)).oid, (xbb._compare_type(pair.their_type)).oid];
    IF types[1] <> types[2] AND (classes[1] IS NULL OR classes[2] IS NULL OR classes[1] <> classes[2] AND NOT classes <@ array['number', 'text']) THEN
      RAISE EXCEPTION 'column % is of type %, % of type %: they cannot be compared', pg_catalog.quote_ident(pair.ours),
        pair.our_type::pg_catalog.regtype, pg_catalog.quote_ident(pair.theirs), pair.their_type::pg_catalog.regtype
        USING ERRCODE = 'datatype_mismatch', HINT = pg_catalog.format('Compare with a view over %s that casts it.', theirs);
    ELSIF types[1] <> types[2] AND classes[1] = 'time' AND 'pg_catalog.timestamptz'::pg_catalog.regtype = ANY (types) THEN
      RAISE NOTICE 'column %: times without time zone are taken in %', pg_catalog.quote_ident(pair.ours), pg_catalog.current_setting('TimeZone');
    ELSIF 'pg_catalog.bpchar'::pg_catalog.regtype = ANY (types) THEN
      RAISE NOTICE 'column %: blanks at the end are not compared, as one is of type character', pg_catalog.quote_ident(pair.ours);
    END IF;
  END LOOP;
END
$$;

-- A column as a moment; NULL of none.
CREATE FUNCTION xbb._compare_time(alias pg_catalog.text, relation pg_catalog.regclass, name pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  class pg_catalog.text;
BEGIN
  IF name IS NULL THEN
    RETURN 'NULL::pg_catalog.timestamptz';
  END IF;
  SELECT xbb._compare_class(a.atttypid) INTO class FROM pg_catalog.pg_attribute a WHERE a.attrelid = relation AND a.attname = name AND a.attnum > 0;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'relation % has no column %', relation, pg_catalog.quote_ident(name) USING ERRCODE = 'undefined_column';
  ELSIF class IS DISTINCT FROM 'time' THEN
    RAISE EXCEPTION 'column % of % is no date or time', pg_catalog.quote_ident(name), relation USING ERRCODE = 'datatype_mismatch',
      HINT = pg_catalog.format('Compare with a view over %s that makes it one, as by to_timestamp.', relation);
  END IF;
  RETURN pg_catalog.format('%s.%I::pg_catalog.timestamptz', alias, name);
END
$$;

-- One side: its rows with their key as it is compared, k1 ..., what is compared, c1 ..., the time, and which of the
-- rows of that key it is.
CREATE FUNCTION xbb._compare_side(relation pg_catalog.regclass, pairs xbb._compare_pair[], is_ours boolean, moment pg_catalog.text)
RETURNS pg_catalog.text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('SELECT %1$s, %2$s AS moment, pg_catalog.row_number() OVER (PARTITION BY %3$s ORDER BY %2$s) AS copy FROM %4$s s',
    pg_catalog.string_agg(CASE WHEN p.is_key THEN pg_catalog.format('%s AS k%s, s.%I AS c%s', v.value, p.place, n.name, p.place)
                               ELSE pg_catalog.format('s.%I AS c%s', n.name, p.place) END, ', ' ORDER BY p.place),
    moment, pg_catalog.string_agg(v.value, ', ' ORDER BY p.place) FILTER (WHERE p.is_key), xbb._sync_place(relation))
  FROM pg_catalog.unnest(pairs) p
  CROSS JOIN LATERAL (SELECT CASE WHEN is_ours THEN p.ours ELSE p.theirs END) n (name)
  CROSS JOIN LATERAL (SELECT pg_catalog.format('(%s)', CASE WHEN is_ours THEN xbb._compare_value(pg_catalog.format('s.%I', n.name), p.our_type, p.their_type)
                                  ELSE xbb._compare_value(pg_catalog.format('s.%I', n.name), p.their_type, p.our_type) END)) v (value)
$$;

-- When o and t, the rows of a pair, have not the same in a column: either is NULL, or they differ as they are compared.
CREATE FUNCTION xbb._compare_differs(pair xbb._compare_pair) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('CASE WHEN pg_catalog.num_nulls(o.c%1$s, t.c%1$s) OPERATOR(pg_catalog.=) 0 THEN coalesce(NOT ((%2$s) %3$s (%4$s)), true) '
                           'ELSE pg_catalog.num_nulls(o.c%1$s, t.c%1$s) OPERATOR(pg_catalog.=) 1 END', (pair).place,
    xbb._compare_value(pg_catalog.format('o.c%s', (pair).place), (pair).our_type, (pair).their_type), xbb._compare_equal(pair),
    xbb._compare_value(pg_catalog.format('t.c%s', (pair).place), (pair).their_type, (pair).our_type))
$$;

CREATE FUNCTION xbb._compare_equal(pair xbb._compare_pair) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(CASE WHEN xbb._compare_class((pair).our_type) IS NULL THEN xbb._compare_operator((pair).our_type) END, 'OPERATOR(pg_catalog.=)')
$$;

-- All that differs, a row each: a row that has no other by its key is one, with what is compared of it as JSON.  $1 and
-- $2: what is older, and younger, is left out, or young.
CREATE FUNCTION xbb._compare_query(pairs xbb._compare_pair[], our_side pg_catalog.text, their_side pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format(
    'WITH o AS (%1$s), t AS (%2$s) '
    'SELECT ARRAY[%3$s]::pg_catalog.text[] AS row_key, v.name AS column_name, v.ours AS our_value, v.theirs AS their_value, o.moment AS our_time, '
      't.moment AS their_time, CASE WHEN t.copy IS NULL THEN ''only_ours'' WHEN o.copy IS NULL THEN ''only_theirs'' ELSE ''differs'' END AS kind, '
      'coalesce(greatest(o.moment, t.moment) OPERATOR(pg_catalog.>=) $2, false) AS young '
    'FROM o FULL JOIN t ON %4$s AND o.copy OPERATOR(pg_catalog.=) t.copy '
    'CROSS JOIN LATERAL ('
      'SELECT 0, NULL::pg_catalog.text, CASE WHEN t.copy IS NULL THEN %5$s END, CASE WHEN o.copy IS NULL THEN %6$s END '
      'WHERE o.copy IS NULL OR t.copy IS NULL%7$s) v (place, name, ours, theirs) '
    'WHERE (o.copy IS NULL OR t.copy IS NULL%8$s) AND coalesce(greatest(o.moment, t.moment) OPERATOR(pg_catalog.>=) $1, true) '
    'ORDER BY %9$s, o.copy, t.copy, v.place', our_side, their_side,
    pg_catalog.string_agg(pg_catalog.format('coalesce(o.c%1$s::pg_catalog.text, t.c%1$s::pg_catalog.text)', p.place), ', ' ORDER BY p.place) FILTER (WHERE p.is_key),
    pg_catalog.string_agg(pg_catalog.format('o.k%1$s %2$s t.k%1$s', p.place, xbb._compare_equal(p)), ' AND ' ORDER BY p.place) FILTER (WHERE p.is_key),
    xbb._compare_row(pairs, 'o'), xbb._compare_row(pairs, 't'),
    ' UNION ALL SELECT d.place, d.name, d.ours, d.theirs FROM (VALUES '
      || pg_catalog.string_agg(pg_catalog.format('(%1$s, %2$L::pg_catalog.text, o.c%1$s::pg_catalog.text, t.c%1$s::pg_catalog.text, %3$s)', p.place, p.ours, xbb._compare_differs(p)),
           ', ' ORDER BY p.place) FILTER (WHERE NOT p.is_key)
      || ') d (place, name, ours, theirs, differs) WHERE o.copy IS NOT NULL AND t.copy IS NOT NULL AND d.differs',
    ' OR ' || pg_catalog.string_agg(xbb._compare_differs(p), ' OR ' ORDER BY p.place) FILTER (WHERE NOT p.is_key),
    pg_catalog.string_agg(pg_catalog.format('coalesce(o.k%1$s, t.k%1$s)', p.place), ', ' ORDER BY p.place) FILTER (WHERE p.is_key))
  FROM pg_catalog.unnest(pairs) p
$$;

CREATE FUNCTION xbb._compare_row(pairs xbb._compare_pair[], alias pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT pg_catalog.format('pg_catalog.json_object(%L::pg_catalog.text[], ARRAY[%s]::pg_catalog.text[])::pg_catalog.text',
    pg_catalog.array_agg(p.ours ORDER BY p.place), pg_catalog.string_agg(pg_catalog.format('%s.c%s::pg_catalog.text', alias, p.place), ', ' ORDER BY p.place))
  FROM pg_catalog.unnest(pairs) p WHERE NOT p.is_key
$$;

-- Which columns are in one table alone, and so are not compared, where the caller named none.
CREATE FUNCTION xbb._compare_tell_rest(ours pg_catalog.regclass, theirs pg_catalog.regclass, times pg_catalog.text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rest pg_catalog.text := (
    SELECT pg_catalog.string_agg(pg_catalog.format('%s.%I', a.attrelid::pg_catalog.regclass, a.attname), ', ' ORDER BY a.attrelid <> ours, a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = ANY (array[ours, theirs]::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname IS DISTINCT FROM times[CASE WHEN a.attrelid = ours THEN 1 ELSE 2 END]
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute b WHERE b.attname = a.attname AND b.attnum > 0 AND NOT b.attisdropped
                      AND b.attrelid = CASE WHEN a.attrelid = ours THEN theirs ELSE ours END));
BEGIN
  IF rest IS NOT NULL THEN
    RAISE NOTICE 'not compared, for the other table has no column of that name: %', rest USING HINT = 'columns => ''{"ours": "theirs"}'' says which column is which.';
  END IF;
END
$$;

CREATE FUNCTION xbb._compare_read(query pg_catalog.text, path pg_catalog.text, since pg_catalog.timestamptz, until pg_catalog.timestamptz,
  OUT row_key pg_catalog.text[], OUT column_name pg_catalog.text, OUT our_value pg_catalog.text, OUT their_value pg_catalog.text,
  OUT our_time pg_catalog.timestamptz, OUT their_time pg_catalog.timestamptz, OUT kind pg_catalog.text)
RETURNS SETOF record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
  difference pg_catalog.record;
  young bigint := 0;
BEGIN
  -- what the tables are views of may want the caller's path
  PERFORM xbb._sync_path(path);
  FOR difference IN EXECUTE query USING since, until LOOP
    IF difference.young THEN
      young := young OPERATOR(pg_catalog.+) 1;
      CONTINUE;
    END IF;
    row_key := difference.row_key;
    column_name := difference.column_name;
    our_value := difference.our_value;
    their_value := difference.their_value;
    our_time := difference.our_time;
    their_time := difference.their_time;
    kind := difference.kind;
    RETURN NEXT;
  END LOOP;
  PERFORM xbb._sync_path();
  IF young > 0 THEN
    RAISE NOTICE '% not told, as they are younger than %', CASE WHEN young = 1 THEN '1 difference is' ELSE young || ' differences are' END, until;
  END IF;
END
$$;

CREATE FUNCTION xbb._compare(
  ours pg_catalog.regclass, theirs pg_catalog.regclass, key pg_catalog.text[], columns pg_catalog.jsonb, times pg_catalog.text[],
  span pg_catalog.timestamptz[], path pg_catalog.text,
  OUT row_key pg_catalog.text[], OUT column_name pg_catalog.text, OUT our_value pg_catalog.text, OUT their_value pg_catalog.text,
  OUT our_time pg_catalog.timestamptz, OUT their_time pg_catalog.timestamptz, OUT kind pg_catalog.text)
RETURNS SETOF record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pairs xbb._compare_pair[];
BEGIN
  IF pg_catalog.num_nulls(ours, theirs, key) > 0 THEN
    RAISE EXCEPTION 'ours, theirs and key must not be null' USING ERRCODE = 'null_value_not_allowed';
  ELSIF pg_catalog.cardinality(key) = 0 OR pg_catalog.array_position(key, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'key must name columns of ours' USING ERRCODE = 'invalid_parameter_value';
  ELSIF pg_catalog.jsonb_typeof(columns) <> ALL (array['object', 'array'])
    OR pg_catalog.jsonb_path_exists(columns, CASE pg_catalog.jsonb_typeof(columns)
      WHEN 'array' THEN '$[*] ? (@.type() != "string")'::pg_catalog.jsonpath ELSE '$.* ? (@.type() != "string")' END) THEN
    RAISE EXCEPTION 'columns must be names, or pairs of names' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'columns => ''{"ours": "theirs"}'', or ''["same"]''.';
  ELSIF pg_catalog.num_nonnulls(VARIADIC times) = 0 AND pg_catalog.num_nonnulls(VARIADIC span) > 0 THEN
    RAISE EXCEPTION 'since and until want ours_at or theirs_at' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'They name the columns that say when a row was changed.';
  END IF;
  pairs := xbb._compare_pairs(ours, theirs, key, columns);
  PERFORM xbb._compare_check(ours, theirs, pairs);
  PERFORM xbb._compare_tell_rest(ours, theirs, times) WHERE columns IS NULL;
  RETURN QUERY SELECT r.* FROM xbb._compare_read(
    xbb._compare_query(pairs, xbb._compare_side(ours, pairs, true, xbb._compare_time('s', ours, times[1])),
                       xbb._compare_side(theirs, pairs, false, xbb._compare_time('s', theirs, times[2]))),
    path, span[1], span[2]) r;
END
$$;

CREATE FUNCTION xbb.compare(
  ours pg_catalog.regclass, theirs pg_catalog.regclass, key pg_catalog.text[], columns pg_catalog.jsonb DEFAULT NULL,
  ours_at pg_catalog.text DEFAULT NULL, theirs_at pg_catalog.text DEFAULT NULL,
  since pg_catalog.timestamptz DEFAULT NULL, until pg_catalog.timestamptz DEFAULT NULL,
  OUT row_key pg_catalog.text[], OUT column_name pg_catalog.text, OUT our_value pg_catalog.text, OUT their_value pg_catalog.text,
  OUT our_time pg_catalog.timestamptz, OUT their_time pg_catalog.timestamptz, OUT kind pg_catalog.text)
RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  SELECT c.row_key, c.column_name, c.our_value, c.their_value, c.our_time, c.their_time, c.kind
  FROM xbb._compare(ours, theirs, key, columns, array[ours_at, theirs_at], array[since, until], pg_catalog.current_setting('search_path')) c;
END;
COMMENT ON FUNCTION xbb.compare(regclass, regclass, text[], jsonb, text, text, timestamptz, timestamptz) IS
  'what differs between two tables that are to hold the same: a row for each value, and each row that one has alone';
