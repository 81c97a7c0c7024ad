/* xbb_fdw--1.0.sql */

-- complain if the script is sourced in psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION xbb_fdw" to load this file. \quit

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
