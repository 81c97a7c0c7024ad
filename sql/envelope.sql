-- What the API refuses, and what goes wrong on the way, ends in an error with
-- a fitting SQLSTATE, the API's code and words, and a hint; what may pass is
-- tried again, what will not pass is not; the token is in none of it.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingEnvelope create token=s3cret-of-ours products=3 freeze=on
\! python3 $XBB_SIM ctl dingEnvelope create object=customer form_id=5300201 records=2
CREATE SCHEMA envelope_test;
SET search_path = envelope_test;
CREATE ROLE regress_xbb_envelope;
GRANT USAGE ON SCHEMA envelope_test TO regress_xbb_envelope;
CREATE SERVER envelope_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingEnvelope', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER envelope_crm OPTIONS (token 's3cret-of-ours', user_id 'u-0001');
CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1')) SERVER envelope_crm OPTIONS (object 'product');
CREATE FOREIGN TABLE customer (data_id bigint) SERVER envelope_crm OPTIONS (object 'customer', form_id '5300201');
GRANT SELECT ON product TO regress_xbb_envelope;

-- The number of records, or all that is said of a failure.
CREATE FUNCTION try(name text DEFAULT 'product') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  n text;
  d text;
  h text;
  all_text text;
BEGIN
  EXECUTE format('SELECT count(data_id) FROM %s WHERE data_id > 0', name) INTO n;
  RETURN n || ' records';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, all_text = PG_EXCEPTION_CONTEXT;
  IF concat(SQLERRM, d, h, all_text) ~ 's3cret' THEN
    RETURN 'the token was told';
  END IF;
  -- libcurl words what it met, and ports differ
  RETURN concat_ws(E'\n', SQLSTATE || ': ' || regexp_replace(regexp_replace(SQLERRM, '(lost|API|in time): .*', '\1: ...'),
                                                           ':\d{4,5}/', ':PORT/'),
                   nullif('DETAIL: ' || d, 'DETAIL: '), nullif('HINT: ' || h, 'HINT: '));
END $$;
\pset format unaligned
\pset tuples_only on
SELECT try();

-- Who asks: token, company, right, form.
ALTER USER MAPPING FOR CURRENT_USER SERVER envelope_crm OPTIONS (SET token 's3cret-of-others');
SELECT try();
ALTER USER MAPPING FOR CURRENT_USER SERVER envelope_crm OPTIONS (SET token 's3cret-of-ours');
ALTER SERVER envelope_crm OPTIONS (SET corpid 'dingNobody');
SELECT try();
ALTER SERVER envelope_crm OPTIONS (SET corpid 'dingEnvelope');
\! python3 $XBB_SIM ctl dingEnvelope set rights=error
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope set rights=all
ALTER FOREIGN TABLE customer OPTIONS (SET form_id '999');
SELECT try('customer');
ALTER FOREIGN TABLE customer OPTIONS (DROP object, ADD api '/pro/v2/api/customer/list', DROP form_id);
SELECT try('customer');
ALTER FOREIGN TABLE customer OPTIONS (SET api '/pro/v2/api/nothing/list');
SELECT try('customer');
ALTER SERVER envelope_crm OPTIONS (SET base_url 'http://127.0.0.1:1');
SELECT try();
ALTER SERVER envelope_crm OPTIONS (SET base_url :'url');
SELECT try();
SET ROLE regress_xbb_envelope;
SELECT data_id FROM product;
RESET ROLE;
CREATE USER MAPPING FOR regress_xbb_envelope SERVER envelope_crm;
SET ROLE regress_xbb_envelope;
SELECT data_id FROM product;
RESET ROLE;

-- The API's codes: what is not known is told as it came.
\! python3 $XBB_SIM ctl dingEnvelope fault what=code code=701020 msg=字段数据格式错误
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=code code=-1 'msg=with "quotes" and %s'
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=success-false
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=replace 'body={"code":0}'
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=replace 'body={"code":"100003","msg":null,"success":false}'
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=replace 'body={"success":false,"msg":["list"]}'
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=code code=100429 msg=超过20次/秒
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=busy
SELECT try();

\! python3 $XBB_SIM ctl dingEnvelope fault what=code code=100007 msg=IP不在白名单
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=code code=100008 msg=套餐已过期
SELECT try();
-- What the table lacks or has wrong, in the API's own words.
CREATE FOREIGN TABLE label (data_id bigint OPTIONS (attr 'id')) SERVER envelope_crm OPTIONS (object 'label', form_id '5300127');
SELECT try('label');
ALTER FOREIGN TABLE product OPTIONS (ADD conditions '[{"attr":"nothing","symbol":"equal","value":["x"]}]');
SELECT try();
ALTER FOREIGN TABLE product OPTIONS (DROP conditions);

-- Answers that are none.
\! python3 $XBB_SIM ctl dingEnvelope fault what=html
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=empty
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=array
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=no-result
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=no-list
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=wrong-type
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=replace 'body={"result":{"list":[]}}'
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=close
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=bad-gzip
SELECT try();

-- HTTP statuses; a redirect is not followed.
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=400
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=401
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=403
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=404
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=429
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=500
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=503
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope clear
\! python3 $XBB_SIM ctl dingEnvelope fault what=redirect code=302 location=$XBB_SIM_URL/pro/v2/api/customer/list
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope log fields=path,result
SELECT try();

-- What may pass is tried again, as often as max_retries says ...
ALTER SERVER envelope_crm OPTIONS (SET max_retries '2');
\! python3 $XBB_SIM ctl dingEnvelope clear
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=503 times=2
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=busy times=2
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=truncated times=1
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope fault what=reset times=1
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope log fields=result
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=502 times=3
SELECT try();
-- ... and what will not pass is not.
\! python3 $XBB_SIM ctl dingEnvelope clear what=all
\! python3 $XBB_SIM ctl dingEnvelope fault what=status code=403 times=3
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope clear what=faults
\! python3 $XBB_SIM ctl dingEnvelope fault what=code code=100003 msg=参数错误 times=3
SELECT try();
\! python3 $XBB_SIM ctl dingEnvelope clear what=faults
\! python3 $XBB_SIM ctl dingEnvelope log fields=result
SELECT try();

-- Nor is the token in what is kept and shown.
SELECT count(*) > 0 AS kept, count(*) FILTER (WHERE s::text ~ 's3cret') AS told FROM xbb.stats s WHERE server = 'envelope_crm';
EXPLAIN (VERBOSE, COSTS OFF) SELECT data_id FROM product;

SET client_min_messages = warning;
DROP SERVER envelope_crm CASCADE;
DROP SCHEMA envelope_test CASCADE;
DROP ROLE regress_xbb_envelope;
\! python3 $XBB_SIM ctl dingEnvelope remove
