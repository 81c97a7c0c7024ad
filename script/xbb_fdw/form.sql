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
      AND o.option OPERATOR(pg_catalog.~~) 'label=%'
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
