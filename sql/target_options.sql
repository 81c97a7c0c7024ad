-- Options of targets are checked when they are set; a table's go before its server's,
-- those before its preset's; what leads elsewhere than a superuser allows is refused;
-- no secret is shown.
CREATE SCHEMA target_options;
SET search_path = target_options;
CREATE ROLE regress_xbb_target_owner;
CREATE ROLE regress_xbb_target_user;
GRANT ALL ON SCHEMA target_options TO regress_xbb_target_owner, regress_xbb_target_user;
GRANT USAGE ON FOREIGN DATA WRAPPER xbb_target TO regress_xbb_target_owner;

-- Does a statement, takes it back and tells what came of it.
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
  h text;
BEGIN
  EXECUTE statement;
  RAISE EXCEPTION USING errcode = 'TRY00';
EXCEPTION
  WHEN SQLSTATE 'TRY00' THEN
    RETURN 'good';
  WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', SQLSTATE || ': ' || SQLERRM, nullif('DETAIL: ' || d, 'DETAIL: '),
                     nullif('HINT: ' || h, 'HINT: '));
END $$;

-- The options as data; every secret is one of the mapping's.
SELECT name, place, type, "default", min, max, superuser FROM xbb.options()
WHERE wrapper = 'xbb_target' AND place IN ('server', 'column') OR wrapper = 'xbb_target' AND name = 'api';
SELECT string_agg(name, ', ') AS secrets, bool_and(place = 'user mapping') AS of_mappings
FROM xbb.options() WHERE wrapper = 'xbb_target' AND secret;
SELECT string_agg(name, ', ') AS known FROM xbb.options() WHERE wrapper = 'xbb_target' AND place = 'user mapping' AND NOT secret;
-- a table has each option of how records are sent, by default as its server says
SELECT string_agg(name, ', ') AS of_servers_alone FROM xbb.options() s WHERE wrapper = 'xbb_target' AND place = 'server'
  AND NOT EXISTS (SELECT FROM xbb.options() t WHERE t.wrapper = s.wrapper AND t.name = s.name AND t.place = 'table' AND t."default" IS NULL);

CREATE SERVER target_erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'HTTPS://ERP.example:443/k3cloud/');
CREATE USER MAPPING FOR CURRENT_USER SERVER target_erp OPTIONS (app_id 'a', app_secret 'do not show');
CREATE FOREIGN TABLE material (编码 text, id text, verdict text OPTIONS (verdict 'status'), message text OPTIONS (verdict 'message'))
  SERVER target_erp OPTIONS (api '/api/execute', batch_size '50', envelope '"$records"', ok '$.code == 0', records '$.data[*]', record_key 'id');

-- Unknown names, and names in the wrong place.
\pset format unaligned
SELECT place, try(statement) AS answer FROM (VALUES
  ('server', 'CREATE SERVER target_x FOREIGN DATA WRAPPER xbb_target OPTIONS (corpid ''a'')'),
  ('server', 'CREATE SERVER target_x FOREIGN DATA WRAPPER xbb_target OPTIONS (batchsize ''10'')'),
  ('server', 'ALTER SERVER target_erp OPTIONS (ADD app_secret ''do not show'')'),
  ('server', 'ALTER SERVER target_erp OPTIONS (ADD api ''/x'')'),
  ('mapping', 'CREATE USER MAPPING FOR regress_xbb_target_user SERVER target_erp OPTIONS (secret ''do not show'')'),
  ('mapping', 'CREATE USER MAPPING FOR regress_xbb_target_user SERVER target_erp OPTIONS (user_id ''u'')'),
  ('table', 'ALTER FOREIGN TABLE material OPTIONS (ADD object ''product'')'),
  ('table', 'ALTER FOREIGN TABLE material OPTIONS (ADD preset ''x'')'),
  ('column', 'ALTER FOREIGN TABLE material ALTER COLUMN id OPTIONS (ADD verdikt ''status'')'),
  ('column', 'ALTER FOREIGN TABLE material ALTER COLUMN message OPTIONS (ADD attr ''x'')'),
  ('wrapper', 'CREATE FOREIGN DATA WRAPPER target_w HANDLER xbb.target_handler VALIDATOR xbb.target_validator OPTIONS (ok ''$'')')
) AS t (place, statement);

-- Each type of value.
CREATE FUNCTION try_table(name text, value text) RETURNS text LANGUAGE sql AS
$$ SELECT try(format('ALTER FOREIGN TABLE material OPTIONS (%s %I %L)',
  CASE WHEN name IN ('api', 'batch_size', 'envelope', 'ok', 'records', 'record_key') THEN 'SET' ELSE 'ADD' END, name, value)) $$;
-- (what is wrong with a jsonpath is said in the server's words)
SELECT name, value, regexp_replace(try_table(name, value), 'has an error: [^\n]*', 'has an error: ...') AS answer FROM (VALUES
  ('batch_size', '1000'), ('batch_size', '0'), ('batch_size', '1001'),
  ('body', 'form'), ('body', 'xml'), ('auth', 'basic'), ('auth', 'digest'), ('repeat', 'upsert'), ('repeat', 'always'),
  ('null', 'null'), ('null', 'none'),
  ('envelope', '"$record"'), ('envelope', '{"data": {"Model": "$records"}, "v": 2}'), ('envelope', '"records"'),
  ('envelope', '{"text": {"content": "$record.text"}}'), ('envelope', '{"data": '), ('envelope', '{"data": "x $records"}'),
  ('headers', '{"X-App": "{{app_id}}", "x-中": "a"}'), ('headers', '{"X-App": "{{app_id}}"}'), ('headers', '{"Host": "a"}'),
  ('headers', '{"content-length": "1"}'), ('headers', '{"X": 1}'), ('headers', '{"X": "a\nY: b"}'), ('headers', '[]'),
  ('query', '{"v": "2", "中": "{{nonce}}"}'), ('query', '{"v": {}}'),
  ('sign', '{"hash": "md5"}'), ('sign', '[{"hash": "md5"}, {}]'), ('sign', '[]'), ('sign', '[1]'), ('sign', '"md5"'),
  ('token_api', '{"api": "/token"}'), ('token_api', '[]'), ('probe', '{}'), ('probe', 'x'),
  ('ok', '$.code == 0 || $.code == 200'), ('ok', '$ == null'), ('ok', '$.code ='), ('ok', ''), ('records', 'strict $.a[*]'), ('duplicate', '$.msg like_regex "["'),
  ('record_key', 'a.b'), ('record_key', '编码'), ('record_key', '$.a'), ('record_key', '*'), ('record_key', 'a..b'),
  ('api', '/k3cloud/Kingdee.BOS.WebApi.Save.common.kdsvc'), ('api', '/v1/{{app_key}}/send'), ('api', '/{{app_id|k3_client}}'), ('api', '/v1/{{app key}}'), ('api', 'v1'), ('api', '/a?b=c'),
  ('api', '/a/../b'), ('api', '/a/%2E%2e/b'), ('api', '/a b'), ('api', '/'),
  ('auth_name', 'X-Token'), ('auth_name', 'a' || chr(10) || 'b')
) AS t (name, value);
SELECT name, value, try(format('ALTER FOREIGN TABLE material ALTER COLUMN id OPTIONS (ADD %I %L)', name, value)) AS answer FROM (VALUES
  ('attr', 'a.b'), ('attr', '*'), ('attr', 'a.*'), ('attr', '.a'), ('attr', ''), ('attr', '#error'), ('attr', 'FNumber'),
  ('time', 'epoch'), ('time', 'epoch_ms'), ('time', 'text'), ('time', 'epoc'), ('time', 'YYYYMMDD'), ('time', ''),
  ('null', 'null'), ('string', 'true'), ('string', 'maybe'), ('verdict', 'id'), ('verdict', 'ok'), ('verdict', '')
) AS t (name, value);
SELECT value, try(format('ALTER USER MAPPING FOR CURRENT_USER SERVER target_erp OPTIONS (ADD url %L)', value)) AS answer FROM (VALUES
  ('https://erp.example/robot/send?access_token=1&a=%E4%B8%AD'), ('ftp://erp.example'), ('https://u:p@erp.example/x'),
  ('https://erp.example/x y'), ('https://erp.example/x#y'), ('https://erp.example/../x')
) AS t (value);

-- What a superuser alone may say.
SET ROLE regress_xbb_target_owner;
SELECT try(statement) AS answer FROM (VALUES
  ('CREATE SERVER target_x FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url ''https://anywhere.example'')'),
  ('CREATE SERVER target_x FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url ''http://anywhere.example'')'),
  ('CREATE SERVER target_x FOREIGN DATA WRAPPER xbb_target OPTIONS (ca_file ''/etc/x'')'),
  ('INSERT INTO xbb.target_preset (name, options) VALUES (''mine'', ''{}'')'),
  ('UPDATE xbb.target_preset SET options = ''{}''')
) AS t (statement);
RESET ROLE;

-- What is missing or contradicts is told at first use, with the statement to type.
CREATE FUNCTION try_send(relation text) RETURNS text LANGUAGE sql AS
$$ SELECT try(format('SELECT * FROM xbb.send(%L, ''SELECT 1::text AS id'', dry_run => true)', relation)) $$;
CREATE SERVER target_bare FOREIGN DATA WRAPPER xbb_target;
CREATE FOREIGN TABLE bare (id text) SERVER target_bare OPTIONS (auth 'header');
SELECT try_send('bare');
ALTER FOREIGN TABLE bare OPTIONS (ADD auth_name 'X-Token', ADD repeat 'probe');
SELECT try_send('bare');
ALTER FOREIGN TABLE bare OPTIONS (SET repeat 'never');
SELECT try_send('bare');
SELECT try('SELECT * FROM xbb.forms(''target_erp'')');
SELECT try('SELECT * FROM xbb.send(''pg_class'', ''SELECT 1'')');
CREATE SERVER target_crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'ding0');
CREATE FOREIGN TABLE product (data_id bigint) SERVER target_crm OPTIONS (object 'product');
SELECT try_send('product');

-- Presets: what they may say, and what goes before them.
INSERT INTO xbb.target_preset (name, options, builtin, description) VALUES
  ('target options', '{"base_url": "https://erp.example", "api": "/of/preset", "null": "null", "envelope": {"of": "preset", "records": "$records"}, "batch_size": 7, "ok": "$.code == 0"}', true, 'a builtin'),
  ('target option', '{"base_url": "http://erp.example"}', false, NULL),
  ('wrong name', '{"token": "x"}', false, NULL),
  ('wrong value', '{"batch_size": 0}', false, NULL),
  ('wrong file', '{"ca_file": "/etc/x"}', false, NULL);
SELECT try('INSERT INTO xbb.target_preset (name, options) VALUES (''x'', ''[]'')');
CREATE SERVER target_preset FOREIGN DATA WRAPPER xbb_target OPTIONS (preset 'target optionen');
CREATE FOREIGN TABLE preset (id text, name text) SERVER target_preset;
SELECT try_send('preset');
ALTER SERVER target_preset OPTIONS (SET preset 'target option');
SELECT try_send('preset');
ALTER SERVER target_preset OPTIONS (SET preset 'wrong name');
SELECT try_send('preset');
ALTER SERVER target_preset OPTIONS (SET preset 'wrong value');
SELECT try_send('preset');
ALTER SERVER target_preset OPTIONS (SET preset 'wrong file');
SELECT try_send('preset');
ALTER SERVER target_preset OPTIONS (SET preset 'target options');
SELECT record FROM xbb.send('preset', 'SELECT ''1''::text AS id, NULL::text AS name', dry_run => true);
ALTER SERVER target_preset OPTIONS (ADD "null" 'omit');
SELECT record FROM xbb.send('preset', 'SELECT ''1''::text AS id, NULL::text AS name', dry_run => true);
ALTER FOREIGN TABLE preset OPTIONS (ADD "null" 'null');
SELECT record FROM xbb.send('preset', 'SELECT ''1''::text AS id, NULL::text AS name', dry_run => true);
ALTER FOREIGN TABLE preset ALTER COLUMN name OPTIONS (ADD "null" 'omit');
SELECT record FROM xbb.send('preset', 'SELECT ''1''::text AS id, NULL::text AS name', dry_run => true);
-- a row of one's own goes before the extension's of the same name
INSERT INTO xbb.target_preset (name, options) VALUES ('target options', '{"batch_size": 0}');
SELECT try_send('preset');

-- Everyone may see presets and options, nobody others' secrets; what was not builtin is dumped.
SET ROLE regress_xbb_target_user;
SELECT count(*) > 0 AS presets FROM xbb.target_preset;
SELECT count(*) AS secrets FROM pg_user_mappings WHERE srvname = 'target_erp' AND umoptions IS NOT NULL;
RESET ROLE;
SELECT c.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS c (relid, condition)
WHERE e.extname = 'xbb_fdw' AND c.relid = 'xbb.target_preset'::regclass;

DELETE FROM xbb.target_preset WHERE name IN ('target options', 'target option', 'wrong name', 'wrong value', 'wrong file');
SET client_min_messages = warning;
DROP SCHEMA target_options CASCADE;
DROP SERVER target_erp, target_bare, target_preset, target_crm CASCADE;
DROP OWNED BY regress_xbb_target_owner, regress_xbb_target_user;
DROP ROLE regress_xbb_target_owner, regress_xbb_target_user;
