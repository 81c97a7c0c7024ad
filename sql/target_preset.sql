-- Each preset writes to a target of its shape, which checks signatures by itself: what is
-- accepted is ok, what is refused is rejected, a limit is a limit, and what the answer does
-- not tell is unknown.

\set company dingPreset
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
\pset format unaligned
SET client_min_messages = error;
SELECT name FROM xbb.target_preset WHERE builtin AND name <> 'target options' ORDER BY name COLLATE "C";   -- another file's

-- A company of the simulator is a target; "at" are the requests that follow.
CREATE FUNCTION at(target text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  PERFORM set_config('sim.company', target, true);
  SELECT string_agg(line, E'\n') INTO answer FROM sim(command) line;
  RETURN answer;
END $$;
-- What becomes of the records of a query; the target's ids as they follow its first.
CREATE FUNCTION became(target regclass, query text) RETURNS TABLE (key text, status text, id text, message text) LANGUAGE sql AS
$$ SELECT key, status, regexp_replace(id, '^10000+', '#'), message FROM xbb.send(target, query) ORDER BY position $$;
-- A server of a preset, and the mapping for it.
CREATE FUNCTION make(preset text, mapping text, more text DEFAULT '') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url %L, preset %L%s)', 'preset_' || preset,
                 current_setting('sim.url') || '/target/preset_' || preset, preset, more);
  EXECUTE format('CREATE USER MAPPING FOR CURRENT_ROLE SERVER %I OPTIONS (%s)', 'preset_' || preset, mapping);
END $$;

-- Kingdee K3 Cloud: both signatures, verdicts by index.
SELECT at('preset_kingdee_k3', 'create-target app_id=123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4 app_secret=k3');
SELECT make('kingdee_k3', $$app_id '123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4', app_secret 'k3', app_key 'dcid', user 'etl'$$, $$, rate_limit '0'$$);
CREATE FOREIGN TABLE k3_material ("FBillNo" text, "FName" text) SERVER preset_kingdee_k3
OPTIONS (api '/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.BatchSave.common.kdsvc', batch_size '10',
         envelope '{"formid": "BD_MATERIAL", "data": {"Model": "$records"}}');
CREATE FOREIGN TABLE k3_one (formid text, "FBillNo" text, "FName" text) SERVER preset_kingdee_k3
OPTIONS (api '/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.Save.common.kdsvc');
SELECT at('preset_kingdee_k3', 'refuse message=used M2');
SELECT * FROM became('k3_material', 'SELECT ''M'' || n AS "FBillNo", ''a "quoted" name'' AS "FName" FROM generate_series(1, 3) n');
SELECT * FROM became('k3_one', 'SELECT ''BD_MATERIAL'' AS formid, ''M9'' AS "FBillNo", ''后端'' AS "FName"');
SELECT at('preset_kingdee_k3', 'fault what=says kind=token');
SELECT * FROM became('k3_material', 'SELECT ''T'' || n AS "FBillNo" FROM generate_series(1, 2) n');
SELECT at('preset_kingdee_k3', 'fault what=odd how=response-error');
SELECT * FROM became('k3_material', 'SELECT ''R'' || n AS "FBillNo" FROM generate_series(1, 2) n');
SELECT at('preset_kingdee_k3', 'fault what=odd how=status-null');
SELECT * FROM became('k3_material', 'SELECT ''N'' || n AS "FBillNo" FROM generate_series(1, 2) n');
SELECT at('preset_kingdee_k3', 'fault what=half-told');
SELECT * FROM became('k3_material', 'SELECT ''H'' || n AS "FBillNo" FROM generate_series(1, 4) n');
ALTER USER MAPPING FOR CURRENT_ROLE SERVER preset_kingdee_k3 OPTIONS (SET app_secret 'wrong');
SELECT status, message FROM became('k3_material', 'SELECT ''W'' AS "FBillNo"');

-- Jushuitan: a form with a signature, tokens that rotate.
SELECT at('preset_jushuitan', 'create-target app_key=jk app_secret=js refresh_token=r0');
SELECT make('jushuitan', $$app_key 'jk', app_secret 'js', refresh_token 'r0'$$, $$, rate_limit '0'$$);
CREATE FOREIGN TABLE jst_order (so_id text, shop_id int, buyer text) SERVER preset_jushuitan
OPTIONS (api '/open/jushuitan/orders/upload');
SELECT * FROM became('jst_order', 'SELECT ''S1'' AS so_id');
CALL xbb.renew_token('preset_jushuitan');
SELECT at('preset_jushuitan', 'refuse message=no S2');
SELECT * FROM became('jst_order', 'SELECT ''S'' || n AS so_id, 7 AS shop_id, ''旗舰店 & =%+'' AS buyer FROM generate_series(1, 3) n');
SELECT at('preset_jushuitan', 'fault what=says kind=throttled');
SELECT * FROM became('jst_order', 'SELECT ''S4'' AS so_id');
SELECT at('preset_jushuitan', 'tokens');

-- Yonyou BIP: a signed call for the token, a key in each document.
SELECT at('preset_yonyou_bip', 'create-target app_key=yk app_secret=ys');
SELECT make('yonyou_bip', $$app_key 'yk', app_secret 'ys'$$, $$, rate_limit '0'$$);
CREATE FOREIGN TABLE bip_product (code text, name text) SERVER preset_yonyou_bip OPTIONS (api '/iuap-api-gateway/yonbip/digitalModel/product/save');
SELECT at('preset_yonyou_bip', 'refuse message=no P2');
SELECT * FROM became('bip_product', 'SELECT ''P'' || n AS code, ''n'' AS name FROM generate_series(1, 3) n');
SELECT at('preset_yonyou_bip', 'tokens expire=on');
SELECT * FROM became('bip_product', 'SELECT ''P4'' AS code');
SELECT at('preset_yonyou_bip', 'tokens');

-- Robots: the mapping's url is the secret.
SELECT at('preset_dingtalk_robot', 'create-target token=dt app_secret=SECdemo');
SELECT at('preset_wecom_robot', 'create-target token=wt');
SELECT at('preset_feishu_robot', 'create-target token=ft app_secret=fs');
SELECT make('dingtalk_robot', format('url %L, app_secret ''SECdemo''', current_setting('sim.url') || '/target/preset_dingtalk_robot/robot/send?access_token=dt'), $$, rate_limit '0'$$);
SELECT make('wecom_robot', format('url %L', current_setting('sim.url') || '/target/preset_wecom_robot/cgi-bin/webhook/send?key=wt'), $$, rate_limit '0'$$);
SELECT make('feishu_robot', format('url %L, app_secret ''fs''', current_setting('sim.url') || '/target/preset_feishu_robot/open-apis/bot/v2/hook/ft'), $$, rate_limit '0'$$);
CREATE FOREIGN TABLE dingtalk (text text) SERVER preset_dingtalk_robot;
CREATE FOREIGN TABLE wecom (text text) SERVER preset_wecom_robot;
CREATE FOREIGN TABLE feishu (text text) SERVER preset_feishu_robot;
SELECT r.target, b.* FROM (VALUES ('dingtalk'), ('wecom'), ('feishu')) r (target), became(r.target::regclass, 'SELECT ''同步 failed: "x"'' AS text') b;
SELECT at('preset_' || r || '_robot', 'fault what=says kind=throttled times=9') FROM (VALUES ('dingtalk'), ('wecom'), ('feishu')) v (r);
ALTER SERVER preset_dingtalk_robot OPTIONS (ADD max_retries '0');
ALTER SERVER preset_wecom_robot OPTIONS (ADD max_retries '0');
ALTER SERVER preset_feishu_robot OPTIONS (ADD max_retries '0');
SELECT r.target, b.* FROM (VALUES ('dingtalk'), ('wecom'), ('feishu')) r (target), became(r.target::regclass, 'SELECT ''again'' AS text') b;

-- Standard Webhooks: no path at all, the status says it.
SELECT at('preset_standard_webhook', 'create-target app_secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
SELECT make('standard_webhook', $$app_secret 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'$$, $$, rate_limit '0'$$);
CREATE FOREIGN TABLE webhook (id text, name text) SERVER preset_standard_webhook OPTIONS (api '/webhook/orders');
SELECT at('preset_standard_webhook', 'refuse message=no W2');
SELECT * FROM became('webhook', 'SELECT ''W'' || n AS id, ''后'' AS name FROM generate_series(1, 3) n');

-- The CRM itself: what its inner words refuse is refused, whatever the outer ones say; reading and writing are one account.
SELECT at('dingPresetCrm', 'create products=2 width=2 freeze=on limit_write=3');
CREATE SERVER preset_crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingPresetCrm', base_url :'url', settle_time '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER preset_crm OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (data_id bigint, serial_no text, name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'))
  SERVER preset_crm OPTIONS (object 'product', snapshot 'false');
CREATE SERVER preset_xbb FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', preset 'xbb');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER preset_xbb OPTIONS (app_id 'dingPresetCrm', token 't0ken', user 'u1');
CREATE FOREIGN TABLE product_add (serial_no text OPTIONS (attr 'serialNo'), name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'))
  SERVER preset_xbb OPTIONS (api '/pro/v2/api/product/add', repeat 'probe',
  probe '{"api": "/pro/v2/api/product/list", "envelope": {"conditions": [{"attr": "serialNo", "symbol": "equal", "value": ["{{record.serialNo}}"]}], "page": 1, "pageSize": 1}, "found": "$.result.totalCount > 0", "id": "$.result.list[0].dataId"}');
CREATE FOREIGN TABLE product_edit (data_id bigint OPTIONS (attr 'dataId'), name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'))
  SERVER preset_xbb OPTIONS (api '/pro/v2/api/product/edit', repeat 'upsert');
CREATE FOREIGN TABLE product_del (data_id bigint OPTIONS (attr 'dataId')) SERVER preset_xbb OPTIONS (api '/pro/v2/api/product/del');
SELECT status, id = (SELECT max(data_id) FROM product)::text AS is_last, message
FROM xbb.send('product_add', 'SELECT ''Preset.1'' AS serial_no, ''刀 "x"'' AS name, 19.90 AS price');
SELECT serial_no, name, price FROM product WHERE serial_no = 'Preset.1';
SELECT b.status, b.message FROM (SELECT max(data_id) AS last FROM product) p,
  xbb.send('product_edit', format('SELECT %s AS data_id, 18.5 AS price', p.last)) b;
SELECT serial_no, name, price FROM product WHERE serial_no = 'Preset.1';
SELECT status, message FROM xbb.send('product_edit', 'SELECT 1 AS data_id, ''x'' AS name');
SELECT status, message FROM xbb.send('product_del', 'SELECT 1 AS data_id');
-- no answer came, not that it was too fast: it is asked for, and not sent twice
SELECT at('dingPresetCrm', 'set limit_write=0'), at('dingPresetCrm', 'fault what=close path=product/add');
SELECT status, id = (SELECT max(data_id) FROM product)::text AS is_last, message
FROM xbb.send('product_add', 'SELECT ''Preset.2'' AS serial_no, ''y'' AS name, 1 AS price');
SELECT count(*) FROM product WHERE serial_no = 'Preset.2';
-- each of these requests is one of the day that reading has
SELECT used_today > 10 AS counted FROM xbb.quota WHERE server = 'preset_crm';
ALTER USER MAPPING FOR CURRENT_ROLE SERVER preset_xbb OPTIONS (SET token 'wrong');
SELECT status, message FROM xbb.send('product_del', 'SELECT 1 AS data_id');

SELECT at('preset_' || p, 'remove') FROM (VALUES ('kingdee_k3'), ('jushuitan'), ('yonyou_bip'), ('dingtalk_robot'), ('wecom_robot'),
  ('feishu_robot'), ('standard_webhook')) v (p);
SELECT at('dingPresetCrm', 'remove');
\o /dev/null
DROP SCHEMA :"company" CASCADE;
SELECT 'DROP SERVER ' || srvname || ' CASCADE' FROM pg_foreign_server WHERE srvname LIKE 'preset\_%' ORDER BY oid \gexec
\o
