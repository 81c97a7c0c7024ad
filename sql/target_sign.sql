-- Requests are signed as recipes say, anew with each sending: targets of the simulator check
-- them by themselves. No secret shows, and no value becomes more than a value.

\set company dingSign
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
CREATE FUNCTION became(target regclass, query text) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(concat_ws(' ', key, status, message), ', ' ORDER BY position) FROM xbb.send(target, query) $$;
SELECT at('sign', 'create-target app_id=sid app_key=key app_secret=s3cret') \gset
SELECT at('sign_plain', 'create-target token=t0k user=u password=p:w') \gset
SELECT at('sign_token', 'create-target token=t0k') \gset

-- Wangdian: the lengths of texts in front of them, in characters; in bytes a Chinese name is signed wrongly.
CREATE SERVER sign FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', body 'form', max_retries '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sign OPTIONS (app_id 'sid', app_key 'key', app_secret 's3cret');
CREATE FOREIGN TABLE trade (tid text, name text) SERVER sign OPTIONS (api '/target/sign/openapi2/trade_push.php', batch_size '2',
  envelope '{"shop_no": "旗舰店", "trade_list": "$records"}', ok '$.code == 0', message '$.message', throttled '$.code == 1012',
  sign '[{"text": "{{app_id}}", "form": "sid"}, {"text": "{{app_key}}", "form": "appkey"}, {"text": "{{timestamp}}", "form": "timestamp"},
         {"hash": "md5", "text": "{{params|sorted}}{{app_secret}}", "pair": "{kl:02d}-{k}:{vl:04d}-{v}", "join": ";", "form": "sign"}]');
CREATE FOREIGN TABLE trade_bytes (tid text, name text) SERVER sign OPTIONS (api '/target/sign/openapi2/trade_push.php', batch_size '2',
  envelope '{"shop_no": "旗舰店", "trade_list": "$records"}', ok '$.code == 0', message '$.message',
  sign '[{"text": "{{app_id}}", "form": "sid"}, {"text": "{{app_key}}", "form": "appkey"}, {"text": "{{timestamp}}", "form": "timestamp"},
         {"hash": "md5", "text": "{{params|sorted}}{{app_secret}}", "pair": "{kb:02d}-{k}:{vb:04d}-{v}", "join": ";", "form": "sign"}]');
SELECT became('trade', $$SELECT 'T' || n AS tid, 'a&b=c+%20 后"端"' AS name FROM generate_series(1, 3) n$$);
SELECT became('trade_bytes', $$SELECT 'T9' AS tid$$);

-- Basic, bearer, a header, the query.
CREATE SERVER sign_plain FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0', ok '$.code == 0', message '$.message');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sign_plain OPTIONS (user 'u', password 'p:w', token 't0k');
CREATE FOREIGN TABLE by_basic (id text) SERVER sign_plain OPTIONS (api '/target/sign_plain/api/execute', envelope '["$record"]', auth 'basic');
CREATE FOREIGN TABLE by_nothing (id text) SERVER sign_plain OPTIONS (api '/target/sign_plain/api/execute', envelope '["$record"]');
CREATE FOREIGN TABLE by_bearer (id text) SERVER sign_plain OPTIONS (api '/target/sign_token/api/execute', envelope '["$record"]', auth 'bearer');
CREATE FOREIGN TABLE by_header (id text) SERVER sign_plain OPTIONS (api '/target/sign_token/api/execute', envelope '["$record"]', auth 'header', auth_name 'X-Token');
CREATE FOREIGN TABLE by_query (id text) SERVER sign_plain OPTIONS (api '/target/sign_token/api/execute', envelope '["$record"]', auth 'query', auth_name 'access_token');
SELECT t, became(t, $$SELECT '1' AS id$$) FROM unnest('{by_basic,by_nothing,by_bearer,by_header,by_query}'::regclass[]) t;

-- What is shown has no secret in it, and no signature.
CREATE FOREIGN TABLE shown (id text, name text) SERVER sign_plain OPTIONS (api '/x/{{user}}/y', auth 'basic',
  envelope '{"key": "fixed", "data": "$record"}', headers '{"X-User": "{{user}}"}', query '{"v": "2", "t": "{{token}}"}',
  sign '[{"text": "{{token}}", "member": "token"}, {"hash": "hmac-sha256", "key": "{{password}}", "text": "{{body}}", "header": "X-Sign"},
         {"text": "{{user}}:{{token}}", "encode": "base64", "query": "who"}]');
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
    RETURN NEXT replace(line, current_setting('sim.url'), 'URL');
  END LOOP;
END $$;
SELECT plan($$INSERT INTO shown (id, name) VALUES ('1', 'x')$$);

-- A record cannot bring what a signature is to add, however its name is written.
CREATE FOREIGN TABLE raw (record json OPTIONS (attr '*')) SERVER sign_plain OPTIONS (api '/target/sign_token/webhook', envelope '"$record"',
  sign '{"text": "{{token}}", "member": "token"}');
SELECT became('raw', $$SELECT '{"a": {"token": 1}}'::json$$);
SELECT became('raw', $$SELECT '{"t\u006fken": "x"}'::json$$);
SELECT became('raw', $$SELECT '[1]'::json$$);
-- Nor a secret what it is not to be.
ALTER USER MAPPING FOR CURRENT_ROLE SERVER sign_plain OPTIONS (SET token E't0k\r\nX-Admin: yes');
ALTER USER MAPPING FOR CURRENT_ROLE SERVER sign_plain OPTIONS (DROP user);
SELECT became('by_basic', $$SELECT '1' AS id$$);
-- What changes with each sending is in no body that is kept.
ALTER FOREIGN TABLE by_bearer OPTIONS (SET envelope '[{"*": "$record", "token": "{{token}}"}]');
SELECT became('by_bearer', $$SELECT '1' AS id$$);
ALTER FOREIGN TABLE by_bearer OPTIONS (SET envelope '[{"*": "$record", "at": "{{timestamp}}"}]');
SELECT became('by_bearer', $$SELECT '1' AS id$$);

-- In no answer that is shown, and in no counter: the robot's url is a secret.
CREATE SERVER sign_robot FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', preset 'wecom_robot', rate_limit '0', max_retries '0');
\set robot :url '/target/none/cgi-bin/webhook/send?key=r0b0t'
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sign_robot OPTIONS (url :'robot');
CREATE FOREIGN TABLE robot (text text) SERVER sign_robot;
SELECT became('robot', $$SELECT 'x' AS text$$);
SELECT plan($$INSERT INTO robot VALUES ('x')$$);
SELECT endpoint, last_error FROM xbb.stats WHERE server IN ('sign_robot', 'sign_plain') ORDER BY endpoint COLLATE "C";

SELECT at(t, 'remove') FROM unnest('{sign,sign_plain,sign_token}'::text[]) t;
\o /dev/null
\set VERBOSITY terse
DROP SERVER sign CASCADE;
DROP SERVER sign_plain CASCADE;
DROP SERVER sign_robot CASCADE;
DROP SCHEMA :"company" CASCADE;
\o
