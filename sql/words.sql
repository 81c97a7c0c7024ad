-- What the API says and answers is taken for what it means: try later, too fast, the day
-- is used up, forbidden, expired, unknown form.  Words that nobody knows are an error
-- that tells how to teach them.  (Which words mean what: test/unit/test_words.c.)

\set company dingWords
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=3 freeze=on');
CREATE SERVER "Words" FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER "Words" OPTIONS (token 't0ken');
CREATE FOREIGN TABLE product (data_id bigint) SERVER "Words" OPTIONS (object 'product');
\pset format unaligned
\pset tuples_only on
-- SQLSTATE, the hint, and what was sent.
CREATE FUNCTION try(fault text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  n text;
  h text;
BEGIN
  PERFORM sim('clear what=all');
  PERFORM sim('fault what=' || fault);
  SELECT count(data_id) || ' records' INTO n FROM product;
  RETURN n || ', requests ' || sim('count');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', SQLSTATE, nullif(h, ''), 'requests ' || sim('count'));
END $$;
SELECT msg, try('code msg=' || msg) FROM unnest(ARRAY['服务器繁忙，请稍后重试', '签名错误', 'token已过期', '公司不存在', 'IP不在白名单内', '套餐已到期',
  '没有该表单的权限', 'signIn表单不存在', 'design-module-not-opened', 'assigned-user-has-left:无权限', '参数错误']) msg;

-- Taught, it is tried again; quoted as it stands, more can be taught.
ALTER SERVER "Words" OPTIONS (SET max_retries '1', ADD busy_words '队列已满，it''s-full');
SELECT msg, try('code msg=' || msg) FROM unnest(ARRAY['队列已满', 'Queue:IT''S-FULL', 'fuller']) msg;
ALTER SERVER "Words" OPTIONS (SET busy_words E'a\nb');

-- Statuses of gateways; 405 is a firewall's.
SELECT code, try('status code=' || code) FROM unnest(ARRAY[400, 405, 408, 425, 501, 507, 520, 521, 522, 523, 524, 530]) code;

-- Too fast: everybody holds back for a second, and then at half the rate.
ALTER SERVER "Words" OPTIONS (SET max_retries '0');
SELECT msg, try('code msg=' || msg) FROM unnest(ARRAY['请求过于频繁，请稍后再试', '超过每日调用上限']) msg;
ALTER SERVER "Words" OPTIONS (SET max_retries '1');
SELECT code, try('status code=' || code) FROM unnest(ARRAY[420, 430, 509, 529]) code;

SELECT sim('remove');
SET client_min_messages = warning;
DROP SERVER "Words" CASCADE;
DROP SCHEMA :"company" CASCADE;
