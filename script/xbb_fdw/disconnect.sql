CREATE FUNCTION xbb.disconnect(server pg_catalog.name DEFAULT NULL) RETURNS boolean
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_disconnect';
COMMENT ON FUNCTION xbb.disconnect(name) IS 'ends the connections that this session keeps to a server, or to all; false if there were none';
