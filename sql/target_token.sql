-- Tokens are asked for where there is none, renewed when nine tenths of their life are over,
-- kept for all sessions; one that rotates is renewed by what commits alone.

\set company dingToken
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE FUNCTION at(target text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  PERFORM set_config('sim.company', target, true);
  SELECT string_agg(line, E'\n') INTO answer FROM sim(command) line;
  RETURN answer;
END $$;
CREATE FUNCTION became(target regclass, n int) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(DISTINCT concat_ws(' ', status, message), ', ') FROM xbb.send(target, format('SELECT i::text AS id FROM generate_series(1, %s) i', n)) $$;

-- Any call may ask: once for many requests, and for all sessions.
SELECT at('token_any', 'create-target app_id=cid app_secret=cs token_life=1000') \gset
CREATE SERVER token_any FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', auth 'bearer', ok '$.code == 0', message '$.message',
  token_api '{"api": "/target/token_any/oauth2/token", "body": {"client_id": "{{app_id}}", "client_secret": "{{app_secret}}"},
              "token": "$.access_token", "expires_in": "$.expires_in", "message": "$.error"}');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER token_any OPTIONS (app_id 'cid', app_secret 'cs');
CREATE FOREIGN TABLE never_again (id text) SERVER token_any OPTIONS (api '/target/token_any/api/execute', envelope '["$record"]');
CREATE FOREIGN TABLE again (id text) SERVER token_any OPTIONS (api '/target/token_any/api/execute', envelope '["$record"]', repeat 'upsert');
SELECT became('again', 20);
\c -
\pset format unaligned
\pset tuples_only on
SET search_path = "dingToken";
\getenv url XBB_SIM_URL
SELECT set_config('sim.url', :'url', false) \gset
SET client_min_messages = error;
SELECT became('again', 1);
SELECT at('token_any', 'tokens');
-- Refused for its token, a request is sent again where that is safe, with one token for all of them; else the next one asks.
SELECT at('token_any', 'tokens expire=on');
SELECT became('again', 20);
SELECT at('token_any', 'tokens expire=on');
SELECT became('never_again', 1);
SELECT became('never_again', 1);
SELECT at('token_any', 'tokens');
-- Whoever says so has a new one.
CALL xbb.renew_token('token_any');
SELECT at('token_any', 'tokens');
-- Other secrets have another token.
ALTER USER MAPPING FOR CURRENT_ROLE SERVER token_any OPTIONS (SET app_secret 'wrong');
SELECT became('again', 3);
SELECT at('token_any', 'tokens');
CALL xbb.renew_token('token_any');
ALTER USER MAPPING FOR CURRENT_ROLE SERVER token_any OPTIONS (SET app_secret 'cs');
SELECT became('again', 1);
SELECT at('token_any', 'tokens');

-- A token that rotates.
SELECT at('token_one', 'create-target app_id=cid app_secret=cs refresh_token=r0 token_life=1000') \gset
CREATE SERVER token_one FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', auth 'bearer', ok '$.code == 0', message '$.message',
  token_api '{"api": "/target/token_one/oauth2/token", "form": true, "auth": "basic", "body": {"grant_type": "refresh_token", "refresh_token": "{{refresh_token}}"},
              "token": "$.access_token", "expires_in": "$.expires_in", "refresh_token": "$.refresh_token"}');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER token_one OPTIONS (user 'cid', password 'cs', refresh_token 'r0');
CREATE FOREIGN TABLE rotating (id text) SERVER token_one OPTIONS (api '/target/token_one/api/execute', envelope '["$record"]', repeat 'upsert');
SELECT became('rotating', 3);
SELECT at('token_one', 'tokens');
BEGIN;
CALL xbb.renew_token('token_one');
ROLLBACK;
DO $$ BEGIN PERFORM 1; CALL xbb.renew_token('token_one'); END $$;
SELECT at('token_one', 'tokens');
SELECT became('rotating', 3);
-- who asks at once again means the same one
CALL xbb.renew_token('token_one');
SELECT at('token_one', 'tokens');
-- it is not renewed by a write that was refused
SELECT at('token_one', 'tokens expire=on');
SELECT became('rotating', 3);
SELECT at('token_one', 'tokens');
-- nobody sees it, and it is not dumped
CREATE ROLE regress_xbb_token;
GRANT pg_read_all_data, pg_write_all_data TO regress_xbb_token;
SET ROLE regress_xbb_token;
SELECT count(*) FROM xbb.target_token;
DELETE FROM xbb.target_token;
INSERT INTO xbb.target_token (umid, origin) VALUES (1, 'x');
RESET ROLE;
SELECT count(*) FROM xbb.target_token JOIN pg_user_mappings USING (umid) WHERE srvname = 'token_one';
SELECT 'xbb.target_token'::regclass = ANY (extconfig) FROM pg_extension WHERE extname = 'xbb_fdw';
DROP ROLE regress_xbb_token;
CREATE ROLE regress_xbb_token;
SET ROLE regress_xbb_token;
CALL xbb.renew_token('token_one');
CALL xbb.renew_token('nowhere');
RESET ROLE;
-- what is left of mappings that are gone goes with the next renewal
SELECT umid AS gone FROM pg_user_mappings WHERE srvname = 'token_one' \gset
SELECT at('token_one', 'create-target app_id=cid app_secret=cs refresh_token=r1 token_life=1000') \gset
DROP USER MAPPING FOR CURRENT_ROLE SERVER token_one;
CREATE USER MAPPING FOR CURRENT_ROLE SERVER token_one OPTIONS (user 'cid', password 'cs', refresh_token 'r1');
CALL xbb.renew_token('token_one');
SELECT count(*) FROM xbb.target_token WHERE umid = :gone;
SELECT became('rotating', 1);

-- The session of a login is a token: Kingdee K3 on premises; one that was lost is told by words, and got anew where the same again is safe.
SELECT at('token_k3', 'create-target app_id=i app_secret=cs app_key=account user=u password=pw key_member=FBillNo') \gset
CREATE SERVER token_k3 FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', preset 'kingdee_k3',
  headers '{}', sign '[]', auth 'header', auth_name 'kdservice-sessionid',
  token_api '{"api": "/target/token_k3/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService.LoginByAppSecret.common.kdsvc",
    "body": {"acctID": "{{app_key}}", "username": "{{user}}", "appId": "{{app_id}}", "appSecret": "{{app_secret}}", "lcid": 2052},
    "ok": "$.LoginResultType == 1", "token": "$.KDSVCSessionId", "message": "$.Message"}');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER token_k3 OPTIONS (app_id 'i', app_secret 'cs', app_key 'account', user 'u', password 'pw');
CREATE FOREIGN TABLE k3_session (id text OPTIONS (attr 'FBillNo')) SERVER token_k3
  OPTIONS (api '/target/token_k3/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.BatchSave.common.kdsvc', batch_size '9',
    envelope '{"formid": "BD_MATERIAL", "data": {"Model": "$records"}}', repeat 'upsert');
SELECT became('k3_session', 3);
SELECT at('token_k3', 'tokens expire=on');
SELECT became('k3_session', 3);
SELECT at('token_k3', 'tokens');
ALTER FOREIGN TABLE k3_session OPTIONS (SET repeat 'never');
SELECT at('token_k3', 'tokens expire=on');
SELECT became('k3_session', 3);
SELECT became('k3_session', 3);
ALTER SERVER token_k3 OPTIONS (SET token_api '{"api": "/target/token_k3/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService.ValidateUser.common.kdsvc",
  "body": {"acctID": "{{app_key}}", "username": "{{user}}", "password": "{{password}}", "lcid": 2052},
  "ok": "$.LoginResultType == 1", "token": "$.KDSVCSessionId", "message": "$.Message"}');
SELECT became('k3_session', 3);
ALTER USER MAPPING FOR CURRENT_ROLE SERVER token_k3 OPTIONS (SET password 'wrong');
SELECT became('k3_session', 1);

-- Where a table's option would take secrets elsewhere than its server.
CREATE FOREIGN TABLE elsewhere (id text) SERVER token_any OPTIONS (api '/x', token_api '{"url": "https://evil.example/token", "token": "$.t"}');
SELECT became('elsewhere', 1);
ALTER FOREIGN TABLE elsewhere OPTIONS (SET token_api '{"url": "http://evil.example/token", "token": "$.t"}');
SELECT became('elsewhere', 1);
ALTER FOREIGN TABLE elsewhere OPTIONS (SET token_api '{"api": "/token"}');
SELECT became('elsewhere', 1);
ALTER FOREIGN TABLE elsewhere OPTIONS (SET token_api '{"api": "/token", "token": "$.t", "verb": "GET"}');
SELECT became('elsewhere', 1);

SELECT at(t, 'remove') FROM unnest('{token_any,token_one,token_k3}'::text[]) t;
\o /dev/null
\set VERBOSITY terse
DROP SERVER token_any CASCADE;
DROP SERVER token_one CASCADE;
DROP SERVER token_k3 CASCADE;
DROP ROLE regress_xbb_token;
DROP SCHEMA "dingToken" CASCADE;
\o
