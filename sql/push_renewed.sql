-- A target that finds a token expired after all was done, and has no time when the request comes again with a new one:
-- it comes again as the same request.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\pset format unaligned
\! python3 $XBB_SIM ctl tRenewed create-target twice=double idempotency=required app_id=push app_secret=s3cret
\set port `python3 $XBB_SIM ctl tRenewed port`
CREATE ROLE regress_xbb_renewed;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE SCHEMA push_renewed AUTHORIZATION regress_xbb_renewed;
SET search_path = push_renewed;
RESET client_min_messages;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_renewed FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', auth 'bearer',
  token_api '{"api": "/oauth2/token", "body": {"grant_type": "client_credentials", "client_id": "{{app_id}}", "client_secret": "{{app_secret}}"},
    "token": "$.access_token", "expires_in": "$.expires_in"}');
GRANT USAGE ON FOREIGN SERVER push_renewed TO regress_xbb_renewed;
CREATE USER MAPPING FOR regress_xbb_renewed SERVER push_renewed OPTIONS (app_id 'push', app_secret 's3cret');
SET ROLE regress_xbb_renewed;
CREATE FOREIGN TABLE material (id text, version int) SERVER push_renewed
  OPTIONS (api '/api/execute', batch_size '4', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           message '$.message', token_expired '$.code == 401', retry '$.code == 503', throttled '$.code == 429',
           headers '{"Idempotency-Key": "{{id}}"}', repeat 'key');
CREATE TABLE goods AS SELECT 'K' || n AS id, 1 AS version FROM generate_series(1, 2) n;
SELECT xbb.create_push('renewed', source => 'goods', target => 'material', key => '{id}');
\! python3 $XBB_SIM ctl tRenewed fault what=says kind=token executed=on at=1 path=api/execute -- fault what=says kind=busy at=2 path=api/execute
CALL xbb.push('renewed');
\! python3 $XBB_SIM ctl tRenewed journal | cut -f 6,7,9
SELECT xbb.drop_push('renewed');
-- One that rotates, and was refused when nothing else was to be sent: it is renewed all the same, for the next run.
RESET ROLE;
\! python3 $XBB_SIM ctl tRotated create-target app_id=cid app_secret=cs refresh_token=r0 token_life=1000
\set port `python3 $XBB_SIM ctl tRotated port`
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_rotated FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', auth 'bearer',
  token_api '{"api": "/oauth2/token", "form": true, "auth": "basic", "body": {"grant_type": "refresh_token", "refresh_token": "{{refresh_token}}"},
    "token": "$.access_token", "expires_in": "$.expires_in", "refresh_token": "$.refresh_token"}');
GRANT USAGE ON FOREIGN SERVER push_rotated TO regress_xbb_renewed;
CREATE USER MAPPING FOR regress_xbb_renewed SERVER push_rotated OPTIONS ("user" 'cid', password 'cs', refresh_token 'r0');
SET ROLE regress_xbb_renewed;
CREATE FOREIGN TABLE rotated (id text, version int) SERVER push_rotated
  OPTIONS (api '/api/execute', batch_size '4', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           message '$.message', token_expired '$.code == 401');
SELECT xbb.create_push('rotated', source => 'goods', target => 'rotated', key => '{id}');
CALL xbb.push('rotated');
\! python3 $XBB_SIM ctl tRotated tokens expire=on
RESET ROLE;
-- not just now
UPDATE xbb.target_token t SET renewed_at = renewed_at - interval '1 minute' FROM pg_user_mappings m WHERE m.umid = t.umid AND m.srvname = 'push_rotated';
SET ROLE regress_xbb_renewed;
INSERT INTO goods VALUES ('K3', 1);
SET client_min_messages = error;
CALL xbb.push('rotated');
RESET client_min_messages;
SELECT key, status FROM xbb.push_item WHERE push = 'rotated' ORDER BY key;
\! python3 $XBB_SIM ctl tRotated tokens
SELECT xbb.push_resolve(id, 'pending', 'its token was refused') FROM xbb.push_item WHERE push = 'rotated' AND status = 'unknown';
CALL xbb.push('rotated');
SELECT xbb.drop_push('rotated');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA push_renewed CASCADE;
DROP OWNED BY regress_xbb_renewed;
DROP SERVER push_renewed, push_rotated CASCADE;
DROP ROLE regress_xbb_renewed;
\! python3 $XBB_SIM ctl tRenewed remove
\! python3 $XBB_SIM ctl tRotated remove
