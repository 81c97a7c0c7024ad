CREATE FUNCTION xbb.target_handler() RETURNS pg_catalog.fdw_handler
LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_target_handler';
COMMENT ON FUNCTION xbb.target_handler() IS 'the handler of the foreign-data wrapper xbb_target';

CREATE FUNCTION xbb.target_validator(options pg_catalog.text[], catalog pg_catalog.oid) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_target_validator';
COMMENT ON FUNCTION xbb.target_validator(text[], oid) IS 'checks the options of the foreign-data wrapper xbb_target';

CREATE FOREIGN DATA WRAPPER xbb_target
  HANDLER xbb.target_handler VALIDATOR xbb.target_validator;
COMMENT ON FOREIGN DATA WRAPPER xbb_target IS 'other platforms as foreign tables that are only written';

-- a row of one's own goes before the extension's of the same name
CREATE TABLE xbb.target_preset (
  name pg_catalog.text NOT NULL CHECK (name <> ''),
  options pg_catalog.jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
  builtin boolean NOT NULL DEFAULT false,
  description pg_catalog.text,
  PRIMARY KEY (name, builtin)
);
COMMENT ON TABLE xbb.target_preset IS 'what servers with option preset begin with: the options of servers and tables for a platform';
COMMENT ON COLUMN xbb.target_preset.name IS 'what option preset says';
COMMENT ON COLUMN xbb.target_preset.options IS 'a JSON object of options; those that are JSON stand in it as JSON';
COMMENT ON COLUMN xbb.target_preset.builtin IS 'it came with the extension; a row of the same name that did not goes before it';
COMMENT ON COLUMN xbb.target_preset.description IS 'the platform, and what the user mapping needs';
GRANT SELECT ON xbb.target_preset TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('xbb.target_preset', 'WHERE NOT builtin');

CREATE FUNCTION xbb.send(target pg_catalog.regclass, query pg_catalog.text, dry_run boolean DEFAULT false,
  OUT "position" bigint, OUT key pg_catalog.text, OUT status pg_catalog.text, OUT id pg_catalog.text,
  OUT message pg_catalog.text, OUT record pg_catalog.json)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_send';
COMMENT ON FUNCTION xbb.send(regclass, text, boolean) IS
  'sends the rows of a query to a target table, in batches, with a verdict a record; dry_run: shows the records and sends nothing';
