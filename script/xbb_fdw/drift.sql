-- What has changed in the CRM's forms since their foreign tables were made, and what to type.

CREATE FUNCTION xbb._form_columns(
  server pg_catalog.name, form_ids bigint[],
  OUT form_id bigint, OUT problem pg_catalog.text, OUT attr pg_catalog.text, OUT label pg_catalog.text,
  OUT column_type pg_catalog.text, OUT by_attr pg_catalog.text, OUT by_label pg_catalog.text, OUT options pg_catalog.jsonb,
  OUT required boolean, OUT is_unique boolean)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_form_columns';

-- What IMPORT FOREIGN SCHEMA system or custom would make of forms, into that schema; "refused" by the API.
CREATE FUNCTION xbb._form_tables(
  server pg_catalog.name, form_ids bigint[], schema pg_catalog.oid, by_label boolean,
  OUT form_id bigint, OUT problem pg_catalog.text, OUT refused boolean, OUT tables pg_catalog.text[])
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_form_tables';

-- The foreign tables of a server that read an object, and how they name its fields.
CREATE FUNCTION xbb._drift_tables(
  server pg_catalog.name, OUT relation pg_catalog.oid, OUT object pg_catalog.text, OUT form_id bigint,
  OUT label pg_catalog.text, OUT imported boolean)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.ftrelid, p.object, p.form_id::bigint, p.label,
         EXISTS (SELECT FROM pg_catalog.pg_attribute a, pg_catalog.pg_options_to_table(a.attfdwoptions) o
                 WHERE a.attrelid = t.ftrelid AND o.option_name = 'label')
  FROM pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
  CROSS JOIN LATERAL (
    SELECT pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'object') AS object,
           pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'form_id') AS form_id,
           pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'label') AS label
    FROM pg_catalog.pg_options_to_table(t.ftoptions) o) p
  WHERE s.srvname = server AND p.object IS NOT NULL
$$;

-- The columns of foreign tables that have a field's label.
CREATE FUNCTION xbb._drift_columns(
  relation pg_catalog.oid, OUT name pg_catalog.name, OUT attr pg_catalog.text, OUT label pg_catalog.text,
  OUT column_type pg_catalog.text, OUT options pg_catalog.jsonb)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.attname, xbb._column_attr(relation, a.attnum), p.label,
         xbb._drift_type(a.atttypid, NULL),
         p.options::pg_catalog.jsonb
  FROM pg_catalog.pg_attribute a
  CROSS JOIN LATERAL (
    SELECT pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'label') AS label,
           pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'options') AS options,
           pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'constant') AS constant
    FROM pg_catalog.pg_options_to_table(a.attfdwoptions) o) p
  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND p.constant IS NULL
$$;

-- Does an expression name a column?
CREATE FUNCTION xbb._drift_names(expression pg_catalog.text, name pg_catalog.text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.regexp_replace(expression, '''([^'']|'''')*''', '', 'g')
    ~ pg_catalog.format('(^|%1$s)%2$s($|%1$s)', E'[]\\s()[,.:;+*/<>=|&!%^~"?#@{}-]',
                        pg_catalog.regexp_replace(name, '([^[:alnum:]_ ])', E'\\\\\\1', 'g'))
$$;

-- What follows for the syncs over a foreign table when a column of it is new, which those take in that
-- copy all columns, gone, or has another type.  "before" comes before the foreign table's statement: what may
-- fail, of what others have built upon a target, changes nothing then.
CREATE FUNCTION xbb._drift_follow(
  what pg_catalog.text, relation pg_catalog.oid, name pg_catalog.text, type pg_catalog.text, label pg_catalog.text,
  OUT before pg_catalog.text[], OUT after pg_catalog.text[])
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sync pg_catalog.record;
  reading pg_catalog.jsonb;
  there pg_catalog.record;
  retyped pg_catalog.text[];
  missing pg_catalog.text[];
  target pg_catalog.regclass;
BEGIN
  before := '{}';
  after := '{}';
  FOR sync IN SELECT s.* FROM xbb._drift_syncs() s JOIN pg_catalog.pg_class r ON r.oid = s.target WHERE s.source = relation ORDER BY s.sync LOOP
    target := sync.target;
    SELECT pg_catalog.jsonb_object_agg(c.key, NULL) INTO reading FROM pg_catalog.jsonb_each_text(sync.columns) c
    WHERE xbb._drift_names(c.value, name);
    SELECT a.atttypid INTO there
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = target AND a.attname = name AND NOT a.attisdropped;
    retyped := ARRAY(
      SELECT xbb._drift_retype(c.target, c.name, c.of_key, c.type, c.modifier, pg_catalog.to_regtype(_drift_follow.type), -1)
      FROM xbb._drift_copies(relation) c
      WHERE what = 'retyped' AND c.sync = sync.sync AND c.target = sync.target AND c.source = _drift_follow.name AND c.at IS NOT NULL
        AND (c.type = c.source_type OR NOT xbb._drift_holds(c.type, c.modifier, pg_catalog.to_regtype(_drift_follow.type), -1)) ORDER BY c.at);
    missing := ARRAY(
      SELECT pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s;', c.target, c.name, _drift_follow.type) FROM xbb._drift_copies(relation) c
      WHERE what = 'retyped' AND c.sync = sync.sync AND c.target = sync.target AND c.source = _drift_follow.name AND c.at IS NULL AND NOT c.said);
    CONTINUE WHEN NOT CASE what
      WHEN 'new' THEN sync.columns IS NULL
      WHEN 'gone' THEN reading IS NOT NULL OR sync.columns IS NULL OR sync.labelled = name
      ELSE EXISTS (SELECT FROM xbb._drift_copies(relation) c
                   WHERE c.sync = sync.sync AND c.target = sync.target AND c.source = _drift_follow.name) END;
    before := before || retyped || missing;
    IF what = 'gone' AND sync.labelled = name THEN
      before := before || pg_catalog.format('SELECT xbb.alter_sync(%L, label => %L);', sync.sync, '');
    END IF;
    IF what = 'new' AND there.atttypid IS NULL THEN
      after := after || pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s;', target, name, type)
        || xbb._drift_comment(relation, target, name, NULL, label);
    ELSIF what = 'new' AND there.atttypid <> pg_catalog.to_regtype(type)::pg_catalog.oid THEN
      before := before || xbb._drift_retype(target, name, false, NULL, NULL, pg_catalog.to_regtype(type), -1);
    END IF;
    IF sync.columns IS NULL AND (what <> 'retyped' OR missing <> '{}') THEN
      after := after || pg_catalog.format('SELECT xbb.alter_sync(%L, columns => %L);', sync.sync, 'null');
    ELSIF what = 'gone' AND reading IS NOT NULL THEN
      before := before || pg_catalog.format('SELECT xbb.alter_sync(%L, columns => %L);', sync.sync, reading);
    END IF;
    IF what <> 'gone' THEN
      after := after || pg_catalog.format('CALL xbb.sync(%L, full => true);', sync.sync);
    END IF;
  END LOOP;
END
$$;

-- Forms that are new, gone, renamed, or cannot be seen any more; those that one may not see are not new.
CREATE FUNCTION xbb._drift_forms(
  server pg_catalog.name, OUT kind pg_catalog.text, OUT form_id bigint, OUT relation pg_catalog.regclass,
  OUT was pg_catalog.text, OUT becomes pg_catalog.text, OUT statements pg_catalog.text[])
RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH form AS (SELECT f.* FROM xbb.forms(server) f),
  reads AS (
    SELECT t.*, f.form_id AS form, f.name FROM xbb._drift_tables(server) t
    LEFT JOIN LATERAL (
      -- one without form_id reads all forms of its object; it was made of the one that it is called as
      SELECT f.* FROM form f WHERE f.object = t.object AND (f.form_id = t.form_id OR t.form_id IS NULL)
      ORDER BY f.name IS DISTINCT FROM t.label, f.form_id LIMIT 1) f ON true
    WHERE t.object <> 'label'),
  place AS (
    SELECT c.relnamespace AS schema, r.by_label
    FROM (SELECT t.relation, EXISTS (
            SELECT FROM pg_catalog.pg_attribute a, pg_catalog.pg_options_to_table(a.attfdwoptions) o
            WHERE a.attrelid = t.relation AND o.option_name = 'label' AND o.option_value = a.attname) AS by_label
          FROM reads t WHERE t.imported) r JOIN pg_catalog.pg_class c ON c.oid = r.relation
    GROUP BY c.relnamespace, r.by_label ORDER BY pg_catalog.count(*) DESC LIMIT 1),
  new AS (
    SELECT f.* FROM form f WHERE f.object IS NOT NULL AND NOT EXISTS (
      SELECT FROM reads r WHERE r.form = f.form_id OR r.form_id IS NULL AND r.object = f.object)),
  made AS MATERIALIZED (
    SELECT t.*, p.* FROM (SELECT pg_catalog.array_agg(n.form_id) AS ids FROM new n) i LEFT JOIN place p ON true,
      xbb._form_tables(server, i.ids, coalesce(p.schema, 0), coalesce(p.by_label, false)) t)
  SELECT CASE WHEN m.problem IS NULL THEN 'form new' ELSE 'form unreadable' END, n.form_id, NULL::pg_catalog.regclass,
         CASE WHEN m.problem IS NOT NULL THEN n.name END, coalesce(m.problem, n.name),
         CASE WHEN m.problem IS NULL AND m.schema IS NOT NULL THEN ARRAY[
           pg_catalog.format('IMPORT FOREIGN SCHEMA %s LIMIT TO (%s) FROM SERVER %I INTO %s OPTIONS (names %L);', n.kind,
             (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(u.name), ', ' ORDER BY u.place) FROM pg_catalog.unnest(m.tables) WITH ORDINALITY u (name, place)),
             server, m.schema::pg_catalog.regnamespace, CASE WHEN m.by_label THEN 'label' ELSE 'attr' END)] ELSE '{}' END
  FROM new n JOIN made m ON m.form_id = n.form_id WHERE NOT m.refused
  UNION ALL
  SELECT 'form gone', r.form_id, r.relation, r.label, NULL,
         ARRAY(SELECT pg_catalog.format('SELECT xbb.drop_sync(%L);', s.sync) FROM xbb._drift_syncs() s WHERE s.source = r.relation)
         || pg_catalog.format('DROP FOREIGN TABLE %s;', r.relation::pg_catalog.regclass)
  FROM reads r WHERE r.form IS NULL AND (r.form_id IS NOT NULL OR r.label IS NOT NULL AND r.imported)
  UNION ALL
  SELECT 'form renamed', r.form, r.relation, r.label, r.name,
         ARRAY[pg_catalog.format('ALTER FOREIGN TABLE %s OPTIONS (SET label %L);', r.relation::pg_catalog.regclass, r.name)]
  FROM reads r WHERE r.label <> r.name
$$;

-- The options of one list that another has not, as people see them.
CREATE FUNCTION xbb._drift_options(one pg_catalog.jsonb, other pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', o.option ->> 'value', o.option ->> 'text'), ', ' ORDER BY o.place)
  FROM pg_catalog.jsonb_array_elements(coalesce(one, '[]')) WITH ORDINALITY o(option, place)
  WHERE NOT coalesce(other, '[]') @> pg_catalog.jsonb_build_array(o.option)
$$;

-- The comments that follow a field's name: of the foreign table, and of the columns that copy it.
CREATE FUNCTION xbb._drift_rename(relation pg_catalog.oid, name pg_catalog.text, becomes pg_catalog.text) RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(l.statement ORDER BY l.place, l.statement), '{}')
  FROM (SELECT 1 AS place, pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L;', relation::pg_catalog.regclass, name, becomes) AS statement
        FROM pg_catalog.pg_attribute a, pg_catalog.pg_options_to_table(a.attfdwoptions) o
        WHERE a.attrelid = relation AND a.attname = name AND o.option_name = 'label' AND becomes <> ''
          AND pg_catalog.col_description(relation, a.attnum) = o.option_value
        UNION
        SELECT 2, c.statement FROM xbb._drift_copies(relation) t, pg_catalog.unnest(xbb._drift_comment(relation, t.target, t.name, t.label, becomes)) c (statement)
        WHERE t.source = $2 AND t.label <> '') l
$$;

-- What to type, in its order: the syncs that read a column before it goes, targets whose column changes, the
-- foreign table, targets that get a column, their syncs.
CREATE FUNCTION xbb._drift_statements(
  kind pg_catalog.text, relation pg_catalog.oid, attr pg_catalog.text, name pg_catalog.text, becomes pg_catalog.text,
  type pg_catalog.text, options pg_catalog.jsonb) RETURNS pg_catalog.text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place pg_catalog.text := pg_catalog.format('ALTER FOREIGN TABLE %s ', relation::pg_catalog.regclass);
  at_column pg_catalog.text := place || pg_catalog.format('ALTER COLUMN %I ', coalesce(name, ''));
  given pg_catalog.text[];
  follow pg_catalog.record;
BEGIN
  SELECT a.attfdwoptions INTO given FROM pg_catalog.pg_attribute a WHERE a.attrelid = relation AND a.attname = name;
  CASE kind
    WHEN 'field new' THEN
      SELECT * INTO follow FROM xbb._drift_follow('new', relation, name, type, becomes);
      RETURN follow.before || pg_catalog.format('%sADD COLUMN %I %s OPTIONS (attr %L%s%s);', place, name, type, attr,
        ', label ' || pg_catalog.quote_literal(becomes), ', options ' || pg_catalog.quote_literal(options::pg_catalog.text)) || follow.after;
    WHEN 'field gone' THEN
      IF xbb._drift_is_key(relation, name) THEN
        RETURN '{}';
      END IF;
      SELECT * INTO follow FROM xbb._drift_follow('gone', relation, name, type, NULL);
      RETURN follow.before || pg_catalog.format('%sDROP COLUMN %I;', place, name) || follow.after;
    WHEN 'field renamed' THEN
      RETURN (at_column || pg_catalog.format('OPTIONS (SET label %L);', becomes)) || xbb._drift_rename(relation, name, becomes);
    WHEN 'field retyped' THEN
      SELECT * INTO follow FROM xbb._drift_follow('retyped', relation, name, type, NULL);
      RETURN follow.before || (at_column || pg_catalog.format('TYPE %s;', type)) || follow.after;
    WHEN 'form unreadable' THEN
      RETURN '{}';
    ELSE
      RETURN ARRAY[at_column || pg_catalog.format('OPTIONS (%s options %L);',
        CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_options_to_table(given) o WHERE o.option_name = 'options') THEN 'SET' ELSE 'ADD' END,
        options)];
  END CASE;
END
$$;

-- The forms that an imported table reads, first the one that it was made of; one without form_id reads all of its object.
CREATE FUNCTION xbb._drift_reads(
  server pg_catalog.name, OUT relation pg_catalog.oid, OUT form_id bigint, OUT place bigint)
RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.relation, f.form_id, pg_catalog.row_number() OVER (PARTITION BY t.relation ORDER BY f.name IS DISTINCT FROM t.label, f.form_id)
  FROM xbb._drift_tables(server) t JOIN xbb.forms(server) f ON f.object = t.object AND (f.form_id = t.form_id OR t.form_id IS NULL)
  WHERE t.imported
$$;

-- The type of a column that reads fields of several forms.
CREATE FUNCTION xbb._drift_wider(types pg_catalog.text[]) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN types <@ '{bigint, numeric}' AND 'numeric' = ANY (types) THEN 'numeric'
              WHEN types <@ '{date, timestamptz}' AND 'timestamptz' = ANY (types) THEN 'timestamptz'
              WHEN types <@ '{text, text[]}' AND 'text[]' = ANY (types) THEN 'text[]' ELSE types[1] END
$$;

-- What has become of the fields of forms.  A field of several forms is that of the table's own form, or of the first
-- that has it; where not all can be seen, only what the own one says is told.
CREATE FUNCTION xbb._drift_fields(
  server pg_catalog.name, OUT kind pg_catalog.text, OUT form_id bigint, OUT relation pg_catalog.regclass,
  OUT attr pg_catalog.text, OUT was pg_catalog.text, OUT becomes pg_catalog.text, OUT statements pg_catalog.text[])
RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH reads AS MATERIALIZED (SELECT r.* FROM xbb._drift_reads(server) r),
  found AS MATERIALIZED (
    SELECT c.* FROM (SELECT pg_catalog.array_agg(DISTINCT r.form_id) AS ids FROM reads r) i, xbb._form_columns(server, i.ids) c),
  own AS (
    SELECT r.relation, r.form_id,
           NOT EXISTS (SELECT FROM reads o JOIN found c ON c.form_id = o.form_id WHERE o.relation = r.relation AND c.problem IS NOT NULL) AS whole
    FROM reads r
    WHERE r.place = 1 AND NOT EXISTS (SELECT FROM found c WHERE c.form_id = r.form_id AND c.problem IS NOT NULL)),
  field AS (
    SELECT DISTINCT ON (r.relation, c.attr) r.relation, r.place, c.form_id, c.attr, coalesce(c.label, '') AS label, c.by_attr, c.by_label, c.options,
           xbb._drift_wider(pg_catalog.array_agg(c.column_type) OVER (
             PARTITION BY r.relation, c.attr ORDER BY r.place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS column_type
    FROM own w JOIN reads r ON r.relation = w.relation JOIN found c ON c.form_id = r.form_id WHERE c.problem IS NULL
    ORDER BY r.relation, c.attr, r.place),
  have AS (SELECT w.form_id, w.relation, w.whole, c.* FROM own w, xbb._drift_columns(w.relation) c),
  naming AS (
    SELECT h.relation, pg_catalog.bool_or(h.name = f.by_label AND f.by_label <> f.by_attr) AS by_label
    FROM have h JOIN field f ON f.relation = h.relation AND f.attr = h.attr GROUP BY h.relation),
  change AS (
    SELECT 'form unreadable' AS kind, r.form_id, r.relation, NULL AS attr, NULL::pg_catalog.text AS name, NULL AS was,
           c.problem AS becomes, NULL AS type, NULL::pg_catalog.jsonb AS options
    FROM reads r JOIN found c ON c.form_id = r.form_id WHERE r.place = 1 AND c.problem IS NOT NULL
    UNION ALL
    SELECT 'field new', f.form_id, f.relation, f.attr, CASE WHEN n.by_label AND f.place = 1 AND t.name IS NULL THEN f.by_label ELSE f.by_attr END,
           NULL, f.label, f.column_type, f.options
    FROM field f JOIN naming n ON n.relation = f.relation
    LEFT JOIN have t ON t.relation = f.relation AND t.name = f.by_label
      AND (t.label IS NULL OR EXISTS (SELECT FROM field g WHERE g.relation = t.relation AND g.attr = t.attr))
    WHERE NOT EXISTS (SELECT FROM have h WHERE h.relation = f.relation AND h.attr = f.attr)
    UNION ALL
    SELECT CASE WHEN f.attr IS NULL THEN 'field gone' ELSE 'field renamed' END, coalesce(f.form_id, h.form_id),
           h.relation, h.attr, h.name, h.label, f.label, NULL, NULL
    FROM have h LEFT JOIN field f ON f.relation = h.relation AND f.attr = h.attr
    WHERE h.label IS NOT NULL AND h.label IS DISTINCT FROM f.label AND (f.place = 1 OR h.whole)
    UNION ALL
    SELECT 'field retyped', f.form_id, h.relation, h.attr, h.name, h.column_type, f.column_type, f.column_type, NULL
    FROM have h JOIN field f ON f.relation = h.relation AND f.attr = h.attr
    WHERE h.label IS NOT NULL AND h.column_type <> f.column_type AND h.whole
    UNION ALL
    SELECT CASE WHEN o.gone IS NULL THEN 'options added' WHEN o.new IS NULL THEN 'options retired' ELSE 'options changed' END,
           f.form_id, h.relation, h.attr, h.name, o.gone, o.new, NULL, coalesce(f.options, '[]')
    FROM have h JOIN field f ON f.relation = h.relation AND f.attr = h.attr
    CROSS JOIN LATERAL (SELECT xbb._drift_options(h.options, f.options) AS gone, xbb._drift_options(f.options, h.options) AS new) o
    WHERE h.label IS NOT NULL AND (f.place = 1 OR h.whole) AND (o.gone IS NOT NULL OR o.new IS NOT NULL))
  SELECT c.kind, c.form_id, c.relation, c.attr, nullif(c.was, ''), nullif(c.becomes, ''),
         xbb._drift_statements(c.kind, c.relation, c.attr, c.name, c.becomes, c.type, c.options)
  FROM change c
$$;

-- Targets come first, so that all that follows finds them whole; they are told of where the CRM has not changed what
-- they are loaded from: what follows from that is told with it.
CREATE FUNCTION xbb.schema_drift(
  server pg_catalog.name, OUT kind pg_catalog.text, OUT form_id bigint, OUT relation pg_catalog.regclass,
  OUT attr pg_catalog.text, OUT was pg_catalog.text, OUT becomes pg_catalog.text, OUT statements pg_catalog.text[])
RETURNS SETOF record LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  WITH form AS MATERIALIZED (SELECT d.* FROM xbb._drift_forms(server) d),
  field AS MATERIALIZED (SELECT d.* FROM xbb._drift_fields(server) d),
  change AS (
    SELECT 2 AS part, f.kind, f.form_id, f.relation, NULL AS attr, f.was, f.becomes, f.statements FROM form f
    UNION ALL
    SELECT 2, f.kind, f.form_id, f.relation, f.attr, f.was, f.becomes, f.statements FROM field f
    UNION ALL
    SELECT 1, t.kind, t.form_id, t.relation, t.attr, t.was, t.becomes, t.statements FROM xbb._drift_targets(server) t
    WHERE NOT EXISTS (SELECT FROM form f WHERE f.relation = t.source AND f.kind = 'form gone')
      AND NOT EXISTS (SELECT FROM field f WHERE f.relation = t.source AND f.attr = t.attr AND f.kind IN ('field gone', 'field retyped'))),
  row AS MATERIALIZED (SELECT c.*, pg_catalog.row_number() OVER (ORDER BY c.part, c.form_id, c.relation, c.kind, c.attr, c.was) AS place FROM change c),
  line AS (
    SELECT r.place, s.at, s.statement, pg_catalog.substring(s.statement, E'^(?:CALL xbb\\.sync|SELECT xbb\\.alter_sync)\\(( ?E?''(?:[^'']|'''')*'')') AS sync,
           CASE WHEN s.statement ~ E'^CALL xbb\\.sync\\(' THEN 2 WHEN s.statement ~ E'^SELECT xbb\\.alter_sync\\(.*, columns => ''null''\\);$' THEN 1 ELSE 0 END AS step
    FROM row r, pg_catalog.unnest(r.statements) WITH ORDINALITY s (statement, at)),
  -- a sync is read anew, and runs, once: with the last change that is about it
  settled AS (
    SELECT l.place, 0 AS step, l.at, l.statement FROM line l WHERE l.step = 0
    UNION
    SELECT pg_catalog.max(e.place), l.step, 0, l.statement FROM line l JOIN line e ON e.sync = l.sync WHERE l.step > 0 GROUP BY l.step, l.statement)
  SELECT r.kind, r.form_id, r.relation, r.attr, r.was, r.becomes,
         ARRAY(SELECT s.statement FROM settled s WHERE s.place = r.place ORDER BY s.step, s.at, s.statement)
  FROM row r ORDER BY r.place
$$;
COMMENT ON FUNCTION xbb.schema_drift(name) IS
  'what has changed in the CRM since its forms were imported, and what targets of syncs cannot hold, with the statements to type in their order; nothing is changed by itself';
