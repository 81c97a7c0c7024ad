-- Whose fault an error is, and what may be said of it.  The values of a record stand in
-- sync_reject and nowhere else: not in the log, an error, a notification.

-- Can a record be blamed for it?  Not for what the server, the session, the API or another
-- transaction does, nor for our own.
CREATE FUNCTION xbb._sync_is_blamed(sqlstate pg_catalog.text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.left(sqlstate, 2) <> ALL (array['08', '25', '28', '2D', '40', '53', '55', '57', '58', 'HV', 'XB', 'XX']);

-- Is it one that a statement has by itself more often than by a record?  Then the first
-- records that have it, one after another, tell that it is so.
CREATE FUNCTION xbb._sync_is_suspicious(sqlstate pg_catalog.text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.left(sqlstate, 2) = ANY (array['0A', '2B', '2F', '3D', '3F', '42']);

-- Where it was, by names alone: table, column, constraint, and the functions of the owner's
-- own that were at work, the innermost first.
CREATE FUNCTION xbb._sync_error_place(place xbb._sync_error_names, context pg_catalog.text)
RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT nullif(pg_catalog.concat_ws(', ', 'table ' || nullif(($1).relation, ''), 'column ' || nullif(($1).attribute, ''),
    'constraint ' || nullif(($1).constraint, ''),
    (SELECT pg_catalog.string_agg(l.line, ', ' ORDER BY l.o)
     FROM pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.regexp_replace($2, E'(^|\n)PL/pgSQL function xbb[.].*$', ''), E'\n'))
       WITH ORDINALITY l (line, o)
     WHERE l.line ~ '^(PL/pgSQL|SQL) function ')), '')
$$;

-- A message or a context without what may be a value in it: of a record that does not fit, all
-- that is quoted.
CREATE FUNCTION xbb._sync_masked(sqlstate pg_catalog.text, message pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_catalog.left($1, 2) = '22' OR xbb._sync_is_suspicious($1)
              THEN pg_catalog.regexp_replace($2, '".*"', '"..."') ELSE $2 END
$$;

-- Is what the message of failures quotes a name, and so not masked?  It is where it is the same for
-- all that a run has set aside for them, and none of their values.
CREATE FUNCTION xbb._sync_quotes_names(def xbb.sync_definition, run bigint, failure xbb._sync_failure) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.bool_and(r.error = ($3).message AND NOT EXISTS (
    SELECT FROM pg_catalog.regexp_matches(r.error, '"([^"]*)"', 'g') q (q)
    -- a name before a colon is a column's
    WHERE pg_catalog.concat(r.raw, ' ', r.staged)
          ~* (E'\\m' || pg_catalog.regexp_replace(q.q[1], '([^[:alnum:][:space:]_])', E'\\\\\\1', 'g') || E'\\M(?!"\\s*:)'))), false)
  FROM xbb.sync_reject r
  WHERE r.owner = ($1).owner AND r.sync = ($1).name AND r.run = $2 AND r.sqlstate = ($3).sqlstate
$$;

-- Which record it was, by its number in the stage, and its label; NULL: not known.
CREATE FUNCTION xbb._sync_record_words(def xbb.sync_definition, work xbb._sync_work, n bigint) RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  words pg_catalog.text;
BEGIN
  IF n IS NOT NULL AND xbb._stage_piece(work.stage, n, n, false) > 0 THEN
    EXECUTE pg_catalog.format('SELECT pg_catalog.concat(''record '', s.%I, %s) FROM %s', xbb._sync_own_columns(def.source) ->> xbb._sync_id(def),
      coalesce(''' ('' || s.' || pg_catalog.quote_ident(xbb._sync_label(def)) || '::pg_catalog.text || '')''', 'NULL'),
      xbb._sync_staged(def, work.stage, 's', xbb._sync_staged_columns(def))) INTO words;
  END IF;
  RETURN words;
END
$$;

-- Of a piece that fails for what ends the run, looks for the record at which it does so: a half at a
-- time, what succeeds stays until the run's end.  That one ends it, if it is found.  Not where it
-- would be the same again, or take as long.
CREATE FUNCTION xbb._sync_narrow(def xbb.sync_definition, work xbb._sync_work, first bigint, last bigint, sqlstate pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  middle constant bigint := (first + last) / 2;
BEGIN
  IF first < last AND sqlstate <> '55P03' AND pg_catalog.left(sqlstate, 2) <> ALL (array['08', '40', '53', '57', '58', 'HV', 'XB', 'XX']) THEN
    PERFORM xbb._sync_attempt(def, work, NULL, first, middle);
    PERFORM xbb._sync_attempt(def, work, NULL, middle + 1, last);
  END IF;
END
$$;

-- Ends a run for what no record can be blamed for, with the record, the table and the functions that
-- were at work.  What the API says, and what is our own, goes as it came.
CREATE FUNCTION xbb._sync_end(
  def xbb.sync_definition, work xbb._sync_work, n bigint, failure xbb._sync_failure, place xbb._sync_error_names) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF xbb._sync_is_blamed(failure.sqlstate) OR pg_catalog.left(failure.sqlstate, 2) = ANY (array['HV', 'XB']) THEN
    RETURN;
  END IF;
  failure.detail := pg_catalog.concat_ws(' ', nullif(failure.detail, ''), pg_catalog.format('It was %s.',
    pg_catalog.concat_ws(', ', xbb._sync_record_words(def, work, n), xbb._sync_error_place(place, failure.context))));
  IF failure.hint = '' THEN
    RAISE EXCEPTION USING ERRCODE = failure.sqlstate, MESSAGE = failure.message, DETAIL = failure.detail;
  END IF;
  RAISE EXCEPTION USING ERRCODE = failure.sqlstate, MESSAGE = failure.message, DETAIL = failure.detail, HINT = failure.hint;
END
$$;

-- The first column of the target whose expression, or whose type, a record of the stage fails at;
-- NULL: it cannot be told, since the owner's expressions are computed all or none.
CREATE FUNCTION xbb._sync_guilty_column(def xbb.sync_definition, work xbb._sync_work, n bigint, failure xbb._sync_failure)
RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  alone xbb._sync_work := work;
  names pg_catalog.text[] := array[xbb._sync_id(def)];
  candidates pg_catalog.text[] := pg_catalog.array_remove(def.target_columns, xbb._sync_id(def));
  attempt pg_catalog.record;
BEGIN
  LOOP
    alone.made := xbb._stage_make(def.target, names);
    attempt := xbb._sync_attempt(def, alone, pg_catalog.format('SELECT %s, s."#n" FROM %s, %s', xbb._sync_list(names, 'r.%1$I'),
      xbb._sync_staged(def, work.stage, 's', xbb._sync_staged_columns(def)), xbb._sync_transformed(def)), n, n);
    PERFORM xbb._stage_close(alone.made);
    IF names = array[xbb._sync_id(def)] THEN
      IF attempt.failure IS NOT NULL THEN
        RETURN NULL;
      END IF;
    ELSIF (attempt.failure).sqlstate = failure.sqlstate THEN
      candidates := names;
    ELSE
      candidates := candidates[pg_catalog.cardinality(names) + 1:];
    END IF;
    IF pg_catalog.cardinality(candidates) <= 1 THEN
      RETURN candidates[1];
    END IF;
    names := candidates[:pg_catalog.cardinality(candidates) / 2];
  END LOOP;
END
$$;

-- A record that was set aside, in words without its values.
CREATE FUNCTION xbb._sync_reject_words(reject xbb.sync_reject) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.concat_ws(', ', 'record ' || (reject).data_id || coalesce(' (' || (reject).label || ')', ''), (reject).kind,
                              'SQLSTATE ' || (reject).sqlstate, (reject).context)
$$;

-- Is an expression no more than that column's name?
CREATE FUNCTION xbb._sync_is_column(expression pg_catalog.text, name pg_catalog.text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  -- names without quotes: no sign of ASCII, whose letters alone are folded
  SELECT $1 = pg_catalog.quote_ident($2) OR $1 ~ E'^[^\\x01-@[-^`{-\\x7f][^\\x01-#%-/:-@[-^`{-\\x7f]*$'
    AND $2 = pg_catalog.translate($1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
$$;

-- The column of the source that is shown beside the id of a record: one of its own, or the one
-- that a column of the target is loaded from as it is.  NULL: none.
CREATE FUNCTION xbb._sync_label(def xbb.sync_definition) RETURNS pg_catalog.text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT a.attname::pg_catalog.text FROM xbb._sync_own_columns((def).source) o (own), pg_catalog.pg_attribute a
  WHERE a.attrelid = (def).source AND a.attnum > 0 AND NOT a.attisdropped
    AND (xbb._sync_is_column((def).columns ->> (def).label, a.attname::pg_catalog.text) OR a.attname = (def).label
         OR a.attname = o.own ->> (def).label)
  ORDER BY xbb._sync_is_column((def).columns ->> (def).label, a.attname::pg_catalog.text) IS NOT TRUE LIMIT 1
$$;

-- Do the expressions of a sync read the whole record (attr '*')?
CREATE FUNCTION xbb._sync_reads_raw(def xbb.sync_definition, raw_column pg_catalog.text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid = ANY (xbb._sync_functions((def).id))
                 AND (raw_column = ANY (p.proargnames[1:p.pronargs]) OR
                      p.proargtypes[0] = (SELECT c.reltype FROM pg_catalog.pg_class c WHERE c.oid = (def).source)))
$$;

-- The columns whose values must fit.  The whole record is there to be set aside, and costs none.
CREATE FUNCTION xbb._sync_used_columns(def xbb.sync_definition) RETURNS pg_catalog.text[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xbb._sync_reads_raw(def, r) THEN (def).source_columns ELSE pg_catalog.array_remove((def).source_columns, r) END
  FROM xbb._sync_source_column((def).source, '*', '*') r
$$;

-- The columns that are read of the source: also the label, and the whole record, unless that
-- alone could end the run: an error of a foreign table that does not set NULL.
CREATE FUNCTION xbb._sync_staged_columns(def xbb.sync_definition) RETURNS pg_catalog.text[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  error_column pg_catalog.text := xbb._sync_error_column(def.source);
  raw_column pg_catalog.text := xbb._sync_source_column(def.source, '*', '*');
  used pg_catalog.text[] := xbb._sync_used_columns(def);
  is_safe boolean := error_column IS NOT NULL OR pg_catalog.getdatabaseencoding() = 'UTF8' AND EXISTS (
    SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = def.source AND a.attname = raw_column
      AND a.atttypid IN ('pg_catalog.json'::pg_catalog.regtype, 'pg_catalog.text'::pg_catalog.regtype));
BEGIN
  RETURN pg_catalog.array_remove(used, error_column) || array(
    SELECT DISTINCT u.c FROM pg_catalog.unnest(array[error_column, xbb._sync_label(def), CASE WHEN is_safe THEN raw_column END]) u (c)
    WHERE u.c IS NOT NULL AND (u.c = error_column OR u.c <> ALL (used)));
END
$$;
