-- What option preset names: options of servers and tables, as facts about platforms in public documents and clients have them; nothing
-- was tried against a live platform. Each signature is tested by vectors. Jsonpaths are ASCII, whatever the database's encoding.
INSERT INTO xbb.target_preset (name, builtin, description, options) VALUES
('kingdee_k3', true, 'Kingdee K3 Cloud, each request signed; server: base_url; mapping: app_id, app_secret, app_key (the account''s id), user; table: api, envelope with the form''s id; repeat is never, as nothing is known of a record that comes again: a table may have a probe', $preset$ {
  "envelope": {"formid": "$record.formid", "data": {"Model": "$rest"}},
  "headers": {"X-Api-ClientID": "{{app_id|k3_client}}", "X-Api-Auth-Version": "2.0", "x-api-timestamp": "{{timestamp}}", "x-api-nonce": "{{nonce}}", "x-api-signheaders": "x-api-timestamp,x-api-nonce", "X-Kd-Appkey": "{{app_id}}"},
  "sign": [{"hash": "hmac-sha256", "key": "{{app_id|k3_secret}}", "text": "{{method}}\n{{path|url}}\n\nx-api-nonce:{{nonce}}\nx-api-timestamp:{{timestamp}}\n", "encode": "base64hex", "header": "X-Api-Signature"}, {"text": "{{app_key}},{{user}},2052,0", "encode": "base64", "header": "X-Kd-Appdata"}, {"hash": "hmac-sha256", "key": "{{app_secret}}", "text": "{{app_id}}{{app_key}},{{user}},2052,0", "encode": "base64hex", "header": "X-Kd-Signature"}],
  "ok": "$.Result.ResponseStatus.IsSuccess == true",
  "message": "$.Result.ResponseStatus.Errors[*].Message",
  "records": "$.Result.ResponseStatus.*[*] ? (exists(@.DIndex))",
  "record_index": "$.DIndex",
  "record_ok": "!exists($.Message)",
  "record_id": "$.Id",
  "record_message": "$.Message",
  "token_expired": "$.Result.ResponseStatus.Errors[*].Message like_regex \"\\u4f1a\\u8bdd\\u4fe1\\u606f\\u5df2\\u4e22\\u5931|session .*(lost|expired)\" flag \"i\"",
  "throttled": "$status == 519"
} $preset$),
('jushuitan', true, 'Jushuitan V2; mapping: app_key, app_secret, refresh_token; CALL xbb.renew_token(server) gets the first token; table: api; record_key, record_id and repeat are those of orders: other uploads need their own', $preset$ {
  "base_url": "https://openapi.jushuitan.com",
  "body": "form",
  "batch_size": "50",
  "rate_limit": "1.6",
  "envelope": {"biz": "$records"},
  "sign": [{"text": "{{app_key}}", "form": "app_key"}, {"text": "{{token}}", "form": "access_token"}, {"text": "{{timestamp}}", "form": "timestamp"}, {"text": "utf-8", "form": "charset"}, {"text": "2", "form": "version"}, {"hash": "md5", "text": "{{app_secret}}{{params|sorted}}", "pair": "{k}{v}", "encode": "hex", "form": "sign"}],
  "token_api": {"api": "/openWeb/auth/refreshToken", "form": true, "body": {"app_key": "{{app_key}}", "timestamp": "{{timestamp}}", "grant_type": "refresh_token", "charset": "utf-8", "refresh_token": "{{refresh_token}}", "scope": "all"}, "sign": {"hash": "md5", "text": "{{app_secret}}{{params|sorted}}", "pair": "{k}{v}", "encode": "hex", "form": "sign"}, "ok": "$.code == 0", "token": "$.data.access_token", "expires_in": "$.data.expires_in", "refresh_token": "$.data.refresh_token", "message": "$.msg"},
  "ok": "$.code == 0",
  "message": "$.msg",
  "records": "$.data.datas[*]",
  "record_key": "so_id",
  "record_ok": "$.issuccess == true",
  "record_id": "$.o_id",
  "record_message": "$.msg",
  "token_expired": "$.code == 100",
  "throttled": "$.code == 199 || $.code == 200",
  "repeat": "upsert"
} $preset$),
('yonyou_bip', true, 'Yonyou BIP and YonSuite, one document a request; server: base_url (the tenant''s gateway); mapping: app_key, app_secret; table: api', $preset$ {
  "auth": "query",
  "auth_name": "access_token",
  "envelope": {"data": {"resubmitCheckKey": "{{id|compact}}", "_status": "Insert", "*": "$record"}},
  "token_api": {"api": "/iuap-api-auth/open-auth/selfAppAuth/getAccessToken", "method": "GET", "sign": [{"text": "{{app_key}}", "query": "appKey"}, {"text": "{{timestamp_ms}}", "query": "timestamp"}, {"hash": "hmac-sha256", "key": "{{app_secret}}", "text": "appKey{{app_key}}timestamp{{timestamp_ms}}", "encode": "base64", "query": "signature"}], "ok": "$.code == \"00000\"", "token": "$.data.access_token", "expires_in": "$.data.expire", "message": "$.message"},
  "ok": "$.code == \"200\" && !($.data.failCount > 0)",
  "message": "$.message",
  "record_id": "$.data.infos[*].id",
  "record_message": "$.data.messages[*]",
  "token_expired": "$.code == \"310008\"",
  "throttled": "$.code == \"310046\"",
  "repeat": "key"
} $preset$),
('dingtalk_robot', true, 'a robot of a DingTalk group, 20 messages a minute; mapping: url (whole), app_secret (its SEC...); column text', $preset$ {
  "concurrency": "1",
  "rate_limit": "0.33",
  "envelope": {"msgtype": "text", "text": {"content": "$record.text"}},
  "sign": [{"text": "{{timestamp_ms}}", "query": "timestamp"}, {"hash": "hmac-sha256", "key": "{{app_secret}}", "text": "{{timestamp_ms}}\n{{app_secret}}", "encode": "base64", "query": "sign"}],
  "ok": "$.errcode == 0",
  "message": "$.errmsg",
  "throttled": "$.errcode == 130101 || $.errcode == 130102 || $.status == 1111"
} $preset$),
('wecom_robot', true, 'a robot of a WeCom group, 20 messages a minute; mapping: url (whole); column text', $preset$ {
  "concurrency": "1",
  "rate_limit": "0.33",
  "envelope": {"msgtype": "text", "text": {"content": "$record.text"}},
  "ok": "$.errcode == 0",
  "message": "$.errmsg",
  "throttled": "$.errcode == 45009"
} $preset$),
('feishu_robot', true, 'a robot of a Feishu group, 100 messages a minute; mapping: url (whole), app_secret (its signing secret); column text', $preset$ {
  "concurrency": "1",
  "rate_limit": "1.6",
  "envelope": {"msg_type": "text", "content": {"text": "$record.text"}},
  "sign": [{"text": "{{timestamp}}", "member": "timestamp"}, {"hash": "hmac-sha256", "key": "{{timestamp}}\n{{app_secret}}", "text": "", "encode": "base64", "member": "sign"}],
  "ok": "$.code == 0",
  "message": "$.msg",
  "throttled": "$.code == 11232 || $.code == 99991400"
} $preset$),
('standard_webhook', true, 'Standard Webhooks: each request has a webhook-id, the same if it is repeated; server: base_url; mapping: app_secret (whsec_...); table: api', $preset$ {
  "headers": {"webhook-id": "{{id}}", "webhook-timestamp": "{{timestamp}}"},
  "sign": {"hash": "hmac-sha256", "key": "{{app_secret|whsec}}", "text": "{{id}}.{{timestamp}}.{{body}}", "encode": "base64", "prefix": "v1,", "header": "webhook-signature"},
  "message": "$.error",
  "repeat": "key"
} $preset$),
('xbb', true, 'the XBB CRM itself, 2.8 writes a second, from the budget that its reading has, too; server: base_url; mapping: app_id (the corpid), token, user; table: api, a path such as /pro/v2/api/product/add', $preset$ {
  "rate_limit": "2.8",
  "envelope": {"dataId": "$record.dataId", "formId": "$record.formId", "dataList": "$rest"},
  "sign": [{"text": "{{app_id}}", "member": "corpid"}, {"text": "{{user}}", "member": "userId"}, {"hash": "sha256", "text": "{{body}}{{token}}", "encode": "hex", "header": "sign"}],
  "ok": "$.code == 1 && !($.success == false) && !($.result.code != 1) && !($.result.errorDataMemo ? (@ != null) != \"\")",
  "message": "$.msg",
  "record_id": "$.result.dataId",
  "record_message": "$.result.keyvalue() ? (@.key == \"msg\" || @.key == \"errorDataMemo\").value",
  "throttled": "$.code != 1 && $.msg like_regex \"\\u9891\\u7387|\\u9891\\u7e41|\\u6b21/\\u79d2|\\u6b21/\\u5206|\\u9650\\u6d41\""
} $preset$);
