CREATE SCHEMA xbb;
COMMENT ON SCHEMA xbb IS 'the XBB CRM''s web API as foreign tables: functions and views';
GRANT USAGE ON SCHEMA xbb TO PUBLIC;

CREATE FUNCTION xbb.fdw_handler() RETURNS fdw_handler
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_handler';

CREATE FUNCTION xbb.fdw_validator(text[], oid) RETURNS void
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_validator';

CREATE FOREIGN DATA WRAPPER xbb_fdw
  HANDLER xbb.fdw_handler VALIDATOR xbb.fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER xbb_fdw IS 'the XBB CRM''s web API as foreign tables';

CREATE FUNCTION xbb.options(
  OUT name text, OUT place text, OUT type text, OUT "default" text, OUT min text, OUT max text,
  OUT secret boolean, OUT superuser boolean, OUT description text)
RETURNS SETOF record LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'xbb_fdw_options';
COMMENT ON FUNCTION xbb.options() IS 'every option of servers, user mappings, tables and columns';
