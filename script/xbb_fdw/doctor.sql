-- What is wrong with a connection: xbb.doctor, and what it found last.

CREATE FUNCTION xbb.doctor(
  server pg_catalog.name, object pg_catalog.text DEFAULT 'product', deep boolean DEFAULT false,
  OUT no integer, OUT area pg_catalog.text, OUT check_name pg_catalog.text, OUT status pg_catalog.text,
  OUT found pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text, OUT requests integer, OUT elapsed interval)
RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 50 AS 'MODULE_PATHNAME', 'xbb_fdw_doctor';
COMMENT ON FUNCTION xbb.doctor(name, text, boolean) IS
  'looks at a server: what is set up here, the way to the API, and what the API does, by at most 20 requests (deep: 60) that read; the first row sums up';

-- The last look of a role at a server and an object.  Nobody has rights on it; not dumped.
CREATE TABLE xbb._doctor_kept (
  serverid pg_catalog.oid NOT NULL,
  userid pg_catalog.oid NOT NULL,
  object pg_catalog.text NOT NULL,
  checked_at timestamp with time zone NOT NULL,
  no integer NOT NULL,
  area pg_catalog.text NOT NULL,
  check_name pg_catalog.text NOT NULL,
  status pg_catalog.text NOT NULL,
  found pg_catalog.text,
  assumed pg_catalog.text,
  fix pg_catalog.text,
  requests integer NOT NULL,
  seconds double precision NOT NULL,
  CONSTRAINT _doctor_kept_pkey PRIMARY KEY (serverid, userid, object, no)
);
COMMENT ON TABLE xbb._doctor_kept IS 'see view doctor_result';
COMMENT ON COLUMN xbb._doctor_kept.serverid IS 'foreign server';
COMMENT ON COLUMN xbb._doctor_kept.userid IS 'role that looked';
COMMENT ON COLUMN xbb._doctor_kept.object IS 'whose list was looked at';
COMMENT ON COLUMN xbb._doctor_kept.checked_at IS 'when';
COMMENT ON COLUMN xbb._doctor_kept.no IS 'as xbb.doctor returned it, like all that follows';
COMMENT ON COLUMN xbb._doctor_kept.area IS 'what it is about';
COMMENT ON COLUMN xbb._doctor_kept.check_name IS 'name of the check';
COMMENT ON COLUMN xbb._doctor_kept.status IS 'what came of it';
COMMENT ON COLUMN xbb._doctor_kept.found IS 'what was seen';
COMMENT ON COLUMN xbb._doctor_kept.assumed IS 'what is relied on';
COMMENT ON COLUMN xbb._doctor_kept.fix IS 'what to do';
COMMENT ON COLUMN xbb._doctor_kept.requests IS 'requests that it took';
COMMENT ON COLUMN xbb._doctor_kept.seconds IS 'seconds that it took';

CREATE VIEW xbb.doctor_result WITH (security_barrier) AS
SELECT s.srvname AS server, k.object, r.rolname AS role, k.checked_at, k.no, k.area, k.check_name, k.status, k.found, k.assumed, k.fix,
       k.requests, k.seconds OPERATOR(pg_catalog.*) interval '1 second' AS elapsed
FROM xbb._doctor_kept k
JOIN pg_catalog.pg_foreign_server s ON s.oid OPERATOR(pg_catalog.=) k.serverid
JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) k.userid
WHERE pg_catalog.pg_has_role(k.userid, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb.doctor_result IS 'what xbb.doctor found last, by server, object and role; yours, or with pg_read_all_stats all';
COMMENT ON COLUMN xbb.doctor_result.server IS 'foreign server';
COMMENT ON COLUMN xbb.doctor_result.object IS 'whose list was looked at';
COMMENT ON COLUMN xbb.doctor_result.role IS 'role that looked, whose user mapping counts';
COMMENT ON COLUMN xbb.doctor_result.checked_at IS 'when';
COMMENT ON COLUMN xbb.doctor_result.no IS 'order of the rows; 0 is the summary';
COMMENT ON COLUMN xbb.doctor_result.area IS 'summary, local, network, api or deep';
COMMENT ON COLUMN xbb.doctor_result.check_name IS 'name of the check; it does not change';
COMMENT ON COLUMN xbb.doctor_result.status IS 'ok, warn, fail, unknown (could not be told) or skipped (was not asked)';
COMMENT ON COLUMN xbb.doctor_result.found IS 'what was seen, or why it was not asked';
COMMENT ON COLUMN xbb.doctor_result.assumed IS 'what the extension relies on';
COMMENT ON COLUMN xbb.doctor_result.fix IS 'what to do: a statement, or advice';
COMMENT ON COLUMN xbb.doctor_result.requests IS 'requests that it took';
COMMENT ON COLUMN xbb.doctor_result.elapsed IS 'time that it took';
-- whatever default privileges give to others
DO $$
DECLARE
  grantee pg_catalog.text;
BEGIN
  FOR grantee IN
    SELECT DISTINCT CASE a.grantee WHEN 0::pg_catalog.oid THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::pg_catalog.text END
    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
    WHERE c.oid OPERATOR(pg_catalog.=) 'xbb._doctor_kept'::pg_catalog.regclass AND a.grantee OPERATOR(pg_catalog.<>) c.relowner
  LOOP
    EXECUTE 'REVOKE ALL ON xbb._doctor_kept FROM ' || grantee;
  END LOOP;
END $$;
GRANT SELECT ON xbb.doctor_result TO PUBLIC;
