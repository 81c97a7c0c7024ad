CREATE SCHEMA xbb;
COMMENT ON SCHEMA xbb IS 'the XBB CRM''s web API as foreign tables: functions and views';
GRANT USAGE ON SCHEMA xbb TO PUBLIC;

CREATE FUNCTION xbb.fdw_handler() RETURNS pg_catalog.fdw_handler
LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_handler';
COMMENT ON FUNCTION xbb.fdw_handler() IS 'the handler of the foreign-data wrapper xbb_fdw';

CREATE FUNCTION xbb.fdw_validator(options pg_catalog.text[], catalog pg_catalog.oid) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_validator';
COMMENT ON FUNCTION xbb.fdw_validator(text[], oid) IS 'checks the options of the foreign-data wrapper xbb_fdw';

CREATE FOREIGN DATA WRAPPER xbb_fdw
  HANDLER xbb.fdw_handler VALIDATOR xbb.fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER xbb_fdw IS 'the XBB CRM''s web API as foreign tables';

CREATE FUNCTION xbb.options(
  OUT wrapper pg_catalog.text, OUT name pg_catalog.text, OUT place pg_catalog.text, OUT type pg_catalog.text, OUT "default" pg_catalog.text,
  OUT min pg_catalog.text, OUT max pg_catalog.text, OUT secret boolean, OUT superuser boolean,
  OUT description pg_catalog.text)
RETURNS SETOF record LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_options';
COMMENT ON FUNCTION xbb.options() IS 'every option of servers, user mappings, tables and columns of both wrappers';
