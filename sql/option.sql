-- Every option is checked when it is set, an unknown name is answered with the
-- nearest valid one, what is required is asked for at first use with the
-- statement to type, and a table's value comes before its server's.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingOption create token=s3cret products=30 freeze=on log_body=on
\! python3 $XBB_SIM ctl dingOption create object=customer form_id=5300201 records=3
CREATE SCHEMA option_test;
SET search_path = option_test;
CREATE ROLE regress_xbb_option_owner;
CREATE ROLE regress_xbb_option_user;
GRANT ALL ON SCHEMA option_test TO regress_xbb_option_owner, regress_xbb_option_user;

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

-- The options as data: the defaults and ranges that a user can rely on.
SELECT name, place, type, "default", min, max, secret, superuser FROM xbb.options() WHERE wrapper = 'xbb_fdw' AND name !~ '_cost$';
SELECT count(*) AS without_description FROM xbb.options() WHERE coalesce(description, '') = '';

CREATE SERVER option_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingOption', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER option_crm OPTIONS (token 's3cret', user_id 'u1');
CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1'), "updateTime" bigint)
  SERVER option_crm OPTIONS (object 'product');

-- Unknown names, and names in the wrong place.
\pset format unaligned
SELECT place, try(statement) AS answer FROM (VALUES
  ('server', 'CREATE SERVER option_x FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corp_id ''a'')'),
  ('server', 'CREATE SERVER option_x FOREIGN DATA WRAPPER xbb_fdw OPTIONS (pagesize ''10'')'),
  ('server', 'ALTER SERVER option_crm OPTIONS (ADD zzzzzzzzzzzz ''1'')'),
  ('server', 'ALTER SERVER option_crm OPTIONS (ADD token ''do not show'')'),
  ('server', 'ALTER SERVER option_crm OPTIONS (ADD "Snapshot" ''true'')'),
  ('mapping', 'CREATE USER MAPPING FOR regress_xbb_option_user SERVER option_crm OPTIONS (tokn ''do not show'')'),
  ('mapping', 'CREATE USER MAPPING FOR regress_xbb_option_user SERVER option_crm OPTIONS (corpid ''a'')'),
  ('table', 'ALTER FOREIGN TABLE product OPTIONS (ADD objekt ''product'')'),
  ('table', 'ALTER FOREIGN TABLE product OPTIONS (ADD user_id ''u'')'),
  ('table', 'ALTER FOREIGN TABLE product OPTIONS (ADD rate_limit ''1'')'),
  ('column', 'ALTER FOREIGN TABLE product ALTER COLUMN data_id OPTIONS (ADD atr ''dataId'')'),
  ('column', 'ALTER FOREIGN TABLE product ALTER COLUMN data_id OPTIONS (ADD form_id ''1'')'),
  ('wrapper', 'CREATE FOREIGN DATA WRAPPER option_w HANDLER xbb.fdw_handler VALIDATOR xbb.fdw_validator OPTIONS (corpid ''a'')'),
  ('wrapper', 'CREATE FOREIGN DATA WRAPPER option_w HANDLER xbb.fdw_handler VALIDATOR xbb.fdw_validator OPTIONS (nonsense ''a'')')
) AS t (place, statement);

-- Each type of value, on a server without any other option.
CREATE SERVER option_bare FOREIGN DATA WRAPPER xbb_fdw;
CREATE FUNCTION try_server(name text, value text) RETURNS text LANGUAGE sql AS
$$ SELECT try(format('ALTER SERVER option_bare OPTIONS (ADD %I %L)', name, value)) $$;
SELECT name, value, try_server(name, value) AS answer FROM (VALUES
  ('snapshot', 'true'), ('snapshot', 'off'), ('snapshot', '1'), ('snapshot', 'maybe'), ('snapshot', ''),
  ('use_remote_estimate', '2'),
  ('page_size', '1'), ('page_size', '100'), ('page_size', '0'), ('page_size', '101'), ('page_size', '10.5'),
  ('page_size', '-1'), ('page_size', '+5'), ('page_size', '1e1'), ('page_size', ' 10'), ('page_size', ''),
  ('page_size', '99999999999999999999'), ('page_size', 'many'),
  ('concurrency', '64'), ('concurrency', '0'), ('concurrency', '65'),
  ('max_retries', '0'), ('max_retries', '20'), ('max_retries', '21'),
  ('rate_limit', '0'), ('rate_limit', '0.5'), ('rate_limit', '1000'), ('rate_limit', '1000.5'), ('rate_limit', '-1'),
  ('rate_limit', 'NaN'), ('rate_limit', 'infinity'), ('rate_limit', '0.0001'), ('rate_limit', 'fast'),
  ('daily_quota', '0'), ('daily_quota', '1000000000'), ('daily_quota', '1000000001'), ('daily_quota', '1.5'),
  ('quota_reserve', '0'), ('quota_reserve', '100%'), ('quota_reserve', '25000'), ('quota_reserve', '101%'), ('quota_reserve', '1.5%'),
  ('quota_reserve', '%'), ('quota_reserve', '-1'), ('quota_reserve', '1000000001'), ('quota_reserve', 'some'),
  ('connect_timeout', '1ms'), ('connect_timeout', '10s'), ('connect_timeout', '1.5s'), ('connect_timeout', '1 h'),
  ('connect_timeout', '0'), ('connect_timeout', '10'), ('connect_timeout', '61min'), ('connect_timeout', '-1s'),
  ('connect_timeout', '1 fortnight'), ('request_timeout', '2h'),
  ('settle_time', '0'), ('settle_time', '1h'), ('settle_time', '5'), ('settle_time', '3601s'),
  ('max_response_size', '1kB'), ('max_response_size', '1023MB'), ('max_response_size', '1GB'),
  ('max_response_size', '64'), ('max_response_size', '10B'), ('max_response_size', '64mb'),
  ('fdw_startup_cost', '0'), ('fdw_startup_cost', '12.5'), ('fdw_startup_cost', '-1'), ('fdw_tuple_cost', 'NaN'),
  ('time_zone', 'Asia/Shanghai'), ('time_zone', 'UTC'), ('time_zone', 'Mars/Olympus'), ('time_zone', ''),
  ('corpid', 'ding1'), ('corpid', ''), ('corpid', ' ding1'), ('corpid', E'ding1\n'),
  ('ca_file', '/etc/ssl/ca.pem'), ('ca_file', 'ca.pem'), ('ca_file', '')
) AS t (name, value);
SELECT value, try_server('base_url', value) AS answer FROM (VALUES
  ('https://proapi.xbongbong.com'), ('HTTPS://AppApi.XbongBong.com/'), ('https://crm.example:8443/xbb/'),
  ('http://127.0.0.1:8080'), ('http://[::1]:8080'),
  ('crm.example'), ('ftp://crm.example'), ('https://'), ('https:///pro'), ('https://crm.example:0'),
  ('https://crm.example:65536'), ('https://crm.example:http'), ('https://[::1'), ('https://crm.example/?a=b'),
  ('https://crm.example/#a'), ('https://user:s3cret@crm.example'), ('https://crm example'), (''),
  ('https://crm.example/a b'), ('https://crm.example/a/../b'), ('https://crm.example/%2E'), ('https://crm.example/.a/b..')
) AS t (value);
SELECT name, value, try(format('ALTER FOREIGN TABLE product OPTIONS (%s %I %L)',
                               CASE name WHEN 'object' THEN 'SET' WHEN 'api' THEN 'DROP object, ADD' ELSE 'ADD' END,
                               name, value)) AS answer
FROM (VALUES
  ('object', 'customer'), ('object', 'workOrder'), ('object', 'prodcut'), ('object', 'Product'),
  ('object', 'spaceship_of_the_line'), ('object', ''),
  ('api', '/pro/v2/api/product/list'), ('api', '/pro/v2/api/label/allList'), ('api', '/pro/v2/api/product/add'),
  ('api', 'pro/v2/api/product/list'), ('api', '/pro//list'), ('api', '/pro/../list'), ('api', '/list?a=list'),
  ('api', 'https://evil.example/list'), ('api', ''),
  ('form_id', '5300127'), ('form_id', '0'), ('form_id', '-1'), ('form_id', '1.5'), ('form_id', 'one'),
  ('form_id', '1234567890123456789'), ('form_id', ''),
  ('params', '{}'), ('params', '{"isPublic": 0, "del": 1}'), ('params', '{"text": "中文 \u4e2d"}'),
  ('params', '[]'), ('params', '1'), ('params', ''), ('params', '{"a": 1'), ('params', '{"a": 1} x'),
  ('params', '{"a": 1, "a": 2}'), ('params', '{"corpid": "x"}'), ('params', '{"userId": "x"}'),
  ('params', '{"page": 2}'), ('params', '{"a": 1, "pageSize": 2}'), ('params', '{"conditions": []}'),
  ('params', '{"p\u0061ge": 2}'), ('params', '{"n": 9007199254740993, "x": 19.99}'), ('params', '{"n": 12345678901234567890}'),
  ('params', '{"x": 0.12345678901234567}'),
  ('params', '{"x": 0.10000000000000000555}'), ('params', '{"x": -0.1000000000000000000, "y": "1.2345678901234567\"8"}'),
  ('params', '{"x": 1e-400}'), ('params', '{"x": 1e400}'), ('params', '{"x": NaN}'),
  ('conditions', '[]'), ('conditions', '[{"attr": "num_3", "symbol": "equal", "value": [0]}]'),
  ('conditions', '{}'), ('conditions', '[1]'), ('conditions', '[{}, null]'), ('conditions', '[{}'), ('conditions', ''),
  ('page_size', '0'), ('concurrency', '65'), ('snapshot', 'perhaps'), ('settle_time', '1'),
  ('use_remote_estimate', ''), ('on_error', 'set_null'), ('on_error', 'null')
) AS t (name, value);
SELECT value, try(format('ALTER FOREIGN TABLE product ALTER COLUMN data_id OPTIONS (ADD attr %L)', value)) AS answer
FROM (VALUES ('dataId'), ('*'), ('address_1.city'), ('a.b.c'), ('编码'), (''), ('.a'), ('a.'), ('a..b'), ('*.a'), ('a*'))
  AS t (value);
SELECT name, value, try(format('CREATE USER MAPPING FOR regress_xbb_option_user SERVER option_crm OPTIONS (%I %L)', name, value))
FROM (VALUES ('token', 'abc'), ('token', ''), ('token', ' leading'), ('user_id', 'u-0001'), ('user_id', ''))
  AS t (name, value);
\pset format aligned

-- Options that exclude each other, whichever comes last.
SELECT try('ALTER FOREIGN TABLE product OPTIONS (ADD api ''/pro/v2/api/product/list'')');
SELECT try('ALTER FOREIGN TABLE product OPTIONS (ADD form_id ''1'', ADD params ''{"formId": 2}'')');
SELECT try('ALTER FOREIGN TABLE product OPTIONS (ADD params ''{"formId": 2}'')');

-- SET, DROP and ADD are checked alike, and a refused statement changes nothing.
ALTER SERVER option_crm OPTIONS (ADD page_size '7');
ALTER SERVER option_crm OPTIONS (SET page_size '0');
ALTER SERVER option_crm OPTIONS (ADD page_size '8');
ALTER SERVER option_crm OPTIONS (DROP concurrency);
SELECT srvoptions[4:] FROM pg_foreign_server WHERE srvname = 'option_crm';
ALTER SERVER option_crm OPTIONS (DROP page_size);

-- A table's value comes before its server's; without both the default holds.
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
    IF line ~ '(Method|Page Size|Concurrency):' THEN
      RETURN NEXT trim(line);
    END IF;
  END LOOP;
END $$;
SELECT shown('SELECT * FROM product');
ALTER SERVER option_crm OPTIONS (ADD page_size '15', ADD concurrency '1', ADD snapshot 'false');
SELECT shown('SELECT * FROM product');
SELECT count(data_id) FROM product WHERE name IS NOT NULL;
ALTER FOREIGN TABLE product OPTIONS (ADD page_size '10', ADD concurrency '3', ADD snapshot 'true');
SELECT shown('SELECT * FROM product');
ALTER FOREIGN TABLE product OPTIONS (SET snapshot 'false', SET concurrency '1');
SELECT count(data_id) FROM product WHERE name IS NOT NULL;
ALTER FOREIGN TABLE product OPTIONS (DROP page_size, DROP concurrency, DROP snapshot);
SELECT count(data_id) FROM product WHERE name IS NOT NULL;
\! python3 $XBB_SIM ctl dingOption log fields=path,page,size

-- A change acts on the next statement, also on one that was prepared before it.
SET plan_cache_mode = force_generic_plan;
PREPARE names AS SELECT min(name) FROM product WHERE data_id = 51200001;
EXECUTE names;
\! python3 $XBB_SIM ctl dingOption clear
ALTER FOREIGN TABLE product OPTIONS (ADD page_size '9');
EXECUTE names;
ALTER FOREIGN TABLE product ALTER COLUMN name OPTIONS (SET attr 'serialNo');
EXECUTE names;
ALTER SERVER option_crm OPTIONS (SET corpid 'dingNobody');
EXECUTE names;
ALTER SERVER option_crm OPTIONS (SET corpid 'dingOption');
ALTER USER MAPPING FOR CURRENT_USER SERVER option_crm OPTIONS (SET user_id 'u2');
EXECUTE names;
\! python3 $XBB_SIM ctl dingOption log fields=user,page,size,result
ALTER FOREIGN TABLE product OPTIONS (DROP page_size);
ALTER FOREIGN TABLE product ALTER COLUMN name OPTIONS (SET attr 'text_1');
ALTER USER MAPPING FOR CURRENT_USER SERVER option_crm OPTIONS (SET user_id 'u1');
RESET plan_cache_mode;

-- What the table says goes into every request, spelled as it was given.
\! python3 $XBB_SIM ctl dingOption clear
ALTER FOREIGN TABLE product OPTIONS (ADD form_id '5300127', ADD params '{"viewApproval": 0, "price": 19.99, "name": "A/B 中文"}',
  ADD conditions '[{"attr":"num_3","symbol":"equal","value":[0]}]');
SELECT count(data_id) AS parents FROM product WHERE data_id > 0;
\! python3 $XBB_SIM ctl dingOption log fields=body tail=1
ALTER FOREIGN TABLE product OPTIONS (DROP params, DROP conditions, SET form_id '007');
SELECT count(data_id) > 0 AS works FROM product WHERE name IS NOT NULL;
\! python3 $XBB_SIM ctl dingOption log fields=body tail=1
ALTER FOREIGN TABLE product OPTIONS (DROP form_id);
ALTER USER MAPPING FOR CURRENT_USER SERVER option_crm OPTIONS (DROP user_id);
SELECT count(data_id) > 0 AS works FROM product WHERE name IS NOT NULL;
\! python3 $XBB_SIM ctl dingOption log fields=body tail=1
-- Any endpoint of the usual shape by its path.
ALTER FOREIGN TABLE product OPTIONS (DROP object, ADD api '/pro/v2/api/customer/list', ADD form_id '5300201');
SELECT count(data_id) FROM product WHERE name IS NOT NULL;
ALTER FOREIGN TABLE product OPTIONS (DROP api, DROP form_id, ADD object 'product');

-- What is required is asked for at first use.
\pset format unaligned
\t on
CREATE SERVER "option Bare" FOREIGN DATA WRAPPER xbb_fdw;
CREATE FOREIGN TABLE "Product of 2026" (data_id bigint) SERVER "option Bare";
SELECT try('SELECT * FROM "Product of 2026"');
ALTER SERVER "option Bare" OPTIONS (ADD corpid 'dingOption');
SELECT try('SELECT * FROM "Product of 2026"');
ALTER FOREIGN TABLE "Product of 2026" OPTIONS (ADD object 'customer');
SELECT try('SELECT * FROM "Product of 2026"');
ALTER FOREIGN TABLE "Product of 2026" OPTIONS (ADD form_id '5300201');
SET ROLE regress_xbb_option_user;
SELECT try('SELECT * FROM "Product of 2026"');
RESET ROLE;
GRANT SELECT ON "Product of 2026" TO regress_xbb_option_user;
SET ROLE regress_xbb_option_user;
SELECT try('SELECT * FROM "Product of 2026"');
RESET ROLE;
CREATE USER MAPPING FOR PUBLIC SERVER "option Bare";
SET ROLE regress_xbb_option_user;
SELECT try('SELECT * FROM "Product of 2026"');
RESET ROLE;
CREATE USER MAPPING FOR regress_xbb_option_user SERVER "option Bare" OPTIONS (user_id 'u2');
SET ROLE regress_xbb_option_user;
SELECT try('SELECT * FROM "Product of 2026"');
RESET ROLE;
ALTER USER MAPPING FOR regress_xbb_option_user SERVER "option Bare" OPTIONS (ADD token 's3cret');
ALTER SERVER "option Bare" OPTIONS (ADD base_url :'url');
SET ROLE regress_xbb_option_user;
SELECT count(*) FROM "Product of 2026";
RESET ROLE;
ALTER USER MAPPING FOR regress_xbb_option_user SERVER "option Bare" OPTIONS (DROP user_id);
ALTER FOREIGN TABLE "Product of 2026" OPTIONS (SET object 'workReportDaily');
SET ROLE regress_xbb_option_user;
SELECT try('SELECT * FROM "Product of 2026"');
RESET ROLE;
\t off
\pset format aligned

-- Where the API is and whom to trust is for superusers to say.
ALTER SERVER option_bare OWNER TO regress_xbb_option_owner;
SET ROLE regress_xbb_option_owner;
\pset format unaligned
SELECT value, try_server('base_url', value) FROM (VALUES
  ('https://proapi.xbongbong.com'), ('https://appapi.xbongbong.com/'), ('https://APPAPI.xbongbong.com:443/prefix'),
  ('http://proapi.xbongbong.com'), ('https://proapi.xbongbong.com:444'), ('https://proapi.xbongbong.com:4430'),
  ('https://proapi.xbongbong.com.evil.example'), ('https://evil.example/proapi.xbongbong.com'),
  ('https://api.xbongbong.com'), ('http://127.0.0.1')
) AS t (value);
SELECT try_server('ca_file', '/etc/ssl/ca.pem');
SELECT try_server('corpid', 'dingOption');
-- A server that a superuser has set so is not to be altered by others ...
RESET ROLE;
ALTER SERVER option_bare OPTIONS (ADD base_url :'url', ADD corpid 'dingOption');
SET ROLE regress_xbb_option_owner;
SELECT try('ALTER SERVER option_bare OPTIONS (SET corpid ''dingOther'')');
SELECT try('ALTER SERVER option_bare OPTIONS (DROP base_url)');
RESET ROLE;
ALTER SERVER option_bare OPTIONS (DROP base_url, ADD ca_file '/etc/ssl/ca.pem');
SET ROLE regress_xbb_option_owner;
SELECT try('ALTER SERVER option_bare OPTIONS (SET corpid ''dingOther'')');
RESET ROLE;
ALTER SERVER option_bare OPTIONS (ADD base_url :'url', DROP ca_file);
-- ... but may be used: a superuser's URL holds for the tables of others.
SET ROLE regress_xbb_option_owner;
CREATE USER MAPPING FOR CURRENT_USER SERVER option_bare OPTIONS (token 's3cret');
CREATE FOREIGN TABLE owners (data_id bigint) SERVER option_bare OPTIONS (object 'product');
SELECT count(*) FROM owners;
SELECT count(*) > 30 AS everyone_may_see_the_options FROM xbb.options();
RESET ROLE;
\pset format aligned

-- The API's host follows from the company, unless the option says otherwise.
-- A personal token wants its user in a header, too.
\! python3 $XBB_SIM ctl dingOption clear
\! python3 $XBB_SIM ctl dingOption set token=user_abc log_headers=userid
ALTER USER MAPPING FOR CURRENT_USER SERVER option_crm OPTIONS (SET token 'user_abc', ADD user_id 'u-0007');
SELECT count(data_id) > 0 AS works FROM product WHERE name IS NOT NULL;
\! python3 $XBB_SIM ctl dingOption log fields=user,headers tail=1

SET client_min_messages = warning;
DROP SERVER option_crm, option_bare, "option Bare" CASCADE;
DROP SCHEMA option_test CASCADE;
DROP ROLE regress_xbb_option_owner, regress_xbb_option_user;
\! python3 $XBB_SIM ctl dingOption remove
