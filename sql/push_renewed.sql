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
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA push_renewed CASCADE;
DROP OWNED BY regress_xbb_renewed;
DROP SERVER push_renewed CASCADE;
DROP ROLE regress_xbb_renewed;
\! python3 $XBB_SIM ctl tRenewed remove
