CREATE FUNCTION xbb.from_metadata(source pg_catalog.jsonb, target pg_catalog.jsonb, strict boolean DEFAULT false,
  OUT step integer, OUT kind pg_catalog.text, OUT path pg_catalog.text, OUT sql pg_catalog.text, OUT remark pg_catalog.text)
RETURNS SETOF record LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_from_metadata';
COMMENT ON FUNCTION xbb.from_metadata(jsonb, jsonb, boolean) IS
  'reads the metadata of an integration of another platform, source and target, as statements; strict: what is not understood is an error';
