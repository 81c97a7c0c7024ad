-- The attrs in use are found without the right to see forms, by one request; a column whose
-- attr no record has is told about, once a session.

\set company dingAttrs
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE FUNCTION put(record text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT sim('put', record) $$;
SELECT put('{"dataId": 1, "formId": 5300127, "addTime": 1, "updateTime": 1770000000, "data": {"text_1": "a", "text_2": 7, "text_3": "", "num_1": 1,
  "num_2": "12", "num_3": 0, "date_1": 1769000000, "array_1": ["a", 1], "array_2": [1, 2], "array_3": [], "ownerId": "[\"u-1\"]", "coUserId": "[]",
  "address_1": {"city": ""}, "text_9": {"a": 1}, "flag": true, "dataId": 5}}');
SELECT put('{"dataId": 2, "formId": 5300127, "addTime": 1, "updateTime": 1769999999, "uuid": "x", "data": {"text_1": "b", "text_2": "8", "num_1": 2.5,
  "num_2": "13.50", "num_3": 123456789012345678901, "date_1": "2026-01-02", "array_1": [null], "array_2": [[3]], "array_3": "[]", "ownerId": "[]",
  "text_9": "plain", "flag": "", "text_4": "0123456789012345678901234567890123456789012345678901234567890123456789"}}');
CREATE SERVER attrs FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER attrs OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id bigint,
  name    text OPTIONS (attr 'text_1'),
  again   text OPTIONS (attr 'text_1'),
  num_2   text,
  text_3  text OPTIONS (constant 'x'),
  wrong   text OPTIONS (attr 'text_99'),
  other   text OPTIONS (attr 'address_1.town'),
  known   text OPTIONS (attr 'text_98', label '备注'),
  uuid    text,
  raw     jsonb OPTIONS (attr '*')
) SERVER attrs OPTIONS (object 'product');
SELECT * FROM sent('SELECT * FROM xbb.attrs(''product'')', 'path,page,size');
SELECT * FROM xbb.attrs('product');
CREATE FOREIGN TABLE users ("userId" text, label text OPTIONS (attr 'name')) SERVER attrs OPTIONS (object 'user');
SELECT attr, seen, suggested_type, read_by FROM xbb.attrs('users');
-- whose it is
CREATE TABLE copy ();
SELECT * FROM xbb.attrs('copy');
CREATE ROLE regress_xbb_attrs;
GRANT USAGE ON SCHEMA :"company" TO regress_xbb_attrs;
SET ROLE regress_xbb_attrs;
SELECT * FROM xbb.attrs('product');
RESET ROLE;
REVOKE USAGE ON SCHEMA :"company" FROM regress_xbb_attrs;
DROP ROLE regress_xbb_attrs;

-- a few records say nothing of others; what a column of a form's field misses, nor does
SELECT count(wrong) FROM product;
SELECT sim('create products=150 freeze=on');
SELECT count(wrong), count(other), count(known), count(uuid) FROM product;
-- once
SELECT count(wrong) FROM product;
-- and in another session as well, where it is wanted and enough records were read
\c -
SET search_path = "dingAttrs";
SELECT data_id, wrong FROM product WHERE data_id = 51200003;
SELECT count(name) FROM product;
SELECT count(wrong) FROM (SELECT * FROM product LIMIT 120) p;
SELECT count(*) FROM product;
SELECT count(wrong) FROM product WHERE data_id > 0;
