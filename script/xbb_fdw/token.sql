-- Tokens that rotate: one that was lost locks the account out, so it is written by steps that commit alone.  Nobody has rights on
-- it, not even those who may read all data; it is not dumped, since a copy of the database must not renew what the original uses.
CREATE TABLE xbb.target_token (
  umid pg_catalog.oid CONSTRAINT target_token_pkey PRIMARY KEY,
  origin pg_catalog.text NOT NULL,
  token pg_catalog.text,
  refresh_token pg_catalog.text,
  renew_at timestamp with time zone,
  expires_at timestamp with time zone,
  renewed_at timestamp with time zone
);
ALTER TABLE xbb.target_token ENABLE ROW LEVEL SECURITY;
-- whatever default privileges give to others
DO $$
DECLARE
  grantee pg_catalog.text;
BEGIN
  FOR grantee IN
    SELECT DISTINCT CASE a.grantee WHEN 0::pg_catalog.oid THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::pg_catalog.text END
    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
    WHERE c.oid OPERATOR(pg_catalog.=) 'xbb.target_token'::pg_catalog.regclass AND a.grantee OPERATOR(pg_catalog.<>) c.relowner
  LOOP
    EXECUTE 'REVOKE ALL ON xbb.target_token FROM ' || grantee;
  END LOOP;
END $$;
COMMENT ON TABLE xbb.target_token IS 'tokens of targets that rotate; written by xbb.renew_token and by pushes';
COMMENT ON COLUMN xbb.target_token.umid IS 'the user mapping';
COMMENT ON COLUMN xbb.target_token.origin IS 'a hash of the secrets that the tokens began with';
COMMENT ON COLUMN xbb.target_token.renew_at IS 'when nine tenths of the token''s life are over';

CREATE PROCEDURE xbb.renew_token(server pg_catalog.text)
LANGUAGE c AS 'MODULE_PATHNAME', 'xbb_fdw_renew_token';
COMMENT ON PROCEDURE xbb.renew_token(text) IS 'renews the token of the caller''s user mapping for a server, and commits';
COMMENT ON COLUMN xbb.target_token.token IS 'the token, or null before the first renewal';
COMMENT ON COLUMN xbb.target_token.refresh_token IS 'what the next one is asked for with';
COMMENT ON COLUMN xbb.target_token.expires_at IS 'when the token ends';
COMMENT ON COLUMN xbb.target_token.renewed_at IS 'when it was renewed last';
