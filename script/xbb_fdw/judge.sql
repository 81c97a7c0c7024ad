CREATE FUNCTION xbb.judge(target pg_catalog.regclass, http_status int, answer pg_catalog.text, keys pg_catalog.text[] DEFAULT '{NULL}',
  OUT "position" int, OUT key pg_catalog.text, OUT status pg_catalog.text, OUT id pg_catalog.text, OUT message pg_catalog.text)
RETURNS SETOF record LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_judge';
COMMENT ON FUNCTION xbb.judge(regclass, int, text, text[]) IS
  'what the options of a target table make of an answer, for records of these keys; sends nothing';
