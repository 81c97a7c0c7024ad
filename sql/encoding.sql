-- In a database of another encoding each wanted value is converted alone: what
-- has no place in it is an error of that value, and requests stay UTF-8.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingEncoding create token=s3cret products=0 freeze=on log_body=on
\! python3 $XBB_SIM ctl dingEncoding put '{"dataId":1,"addTime":1767283200,"updateTime":1767283200,"data":{"text_1":"café","text_2":"caf\u00e9","text_3":"plain","num_1":1.50,"naïf":"naïf","array_1":["é","ü"]}}'
\! python3 $XBB_SIM ctl dingEncoding put '{"dataId":2,"addTime":1767283201,"updateTime":1767283201,"data":{"text_1":"中文","text_2":"\u4e2d\u6587","text_3":"plain","num_1":2.50,"naïf":"x","array_1":["é","中"]}}'
\pset format unaligned

CREATE DATABASE regress_xbb_latin1 TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_latin1
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION xbb_fdw;
CREATE SERVER encoding_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingEncoding', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER encoding_crm OPTIONS (token 's3cret', user_id 'ü');
CREATE FOREIGN TABLE product (data_id bigint, text_1 text, text_2 varchar(4), text_3 text, num_1 numeric, "naïf" text,
  array_1 text[], whole json OPTIONS (attr '*'), wholeb jsonb OPTIONS (attr '*'), escaped jsonb OPTIONS (attr 'text_2'))
  SERVER encoding_crm OPTIONS (object 'product', params '{"name":"é"}');
SELECT data_id, text_1, octet_length(text_1), text_2, text_3, "naïf", array_1 FROM product WHERE data_id = 1;
SELECT whole, wholeb FROM product WHERE data_id = 1;
SELECT data_id, text_3, num_1, "naïf" FROM product ORDER BY data_id;
SELECT text_1 FROM product WHERE data_id = 2;
SELECT text_2 FROM product WHERE data_id = 2;
SELECT escaped FROM product WHERE data_id = 2;
SELECT array_1 FROM product WHERE data_id = 2;
SELECT whole FROM product WHERE data_id = 2;
SELECT wholeb FROM product WHERE data_id = 2;
SELECT num_1 FROM product WHERE data_id = 2;
\! python3 $XBB_SIM ctl dingEncoding clear
SELECT data_id FROM product WHERE text_1 = 'café';
\! python3 $XBB_SIM ctl dingEncoding log fields=body
ALTER FOREIGN TABLE product OPTIONS (DROP params, ADD conditions '[{"attr":"text_1","symbol":"equal","value":["café"]}]');
SELECT data_id FROM product WHERE num_1 > 0;
\! python3 $XBB_SIM ctl dingEncoding log fields=cond tail=1
ALTER FOREIGN TABLE product OPTIONS (DROP conditions);
-- The API's own words have no place here either; they are shown escaped.
\! python3 $XBB_SIM ctl dingEncoding fault what=code code=100005 msg=没有权限
SELECT data_id FROM product;
SELECT count(data_id) FROM product WHERE num_1 > 0;

\c postgres
CREATE DATABASE regress_xbb_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_ascii
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION xbb_fdw;
CREATE SERVER encoding_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingEncoding', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER encoding_crm OPTIONS (token 's3cret');
CREATE FOREIGN TABLE product (data_id bigint, text_1 text, text_2 varchar(4), text_3 text, num_1 numeric, "naïf" text,
  array_1 text[], whole json OPTIONS (attr '*'), wholeb jsonb OPTIONS (attr '*'), escaped jsonb OPTIONS (attr 'text_2'))
  SERVER encoding_crm OPTIONS (object 'product', params '{"name":"é"}');
-- Here a text is bytes: those of UTF-8, one character each.
SELECT data_id, text_1, length(text_1), text_3, "naïf", array_1 FROM product ORDER BY data_id;
SELECT wholeb ->> 'dataId' AS id, escaped, whole FROM product ORDER BY data_id;
SELECT text_2 FROM product WHERE data_id = 1;
\! python3 $XBB_SIM ctl dingEncoding clear
SELECT data_id FROM product WHERE text_1 = '中文';
\! python3 $XBB_SIM ctl dingEncoding log fields=body
-- Bytes that are no UTF-8 equal nothing that comes from the API, and are not sent.
SELECT data_id FROM product WHERE text_1 = E'\xe4';
SELECT data_id FROM product WHERE text_1 IN (E'\xe4', '中文');
\! python3 $XBB_SIM ctl dingEncoding log fields=cond
SELECT data_id FROM product WHERE text_3 = 'plain' ORDER BY data_id;
\! python3 $XBB_SIM ctl dingEncoding fault what=code code=100005 msg=没有权限
SELECT data_id FROM product;

-- What has no place in UTF-8 is not sent, and compared here.
\c postgres
CREATE DATABASE regress_xbb_euc_cn TEMPLATE template0 ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_xbb_euc_cn
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION xbb_fdw;
CREATE SERVER encoding_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingEncoding', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER encoding_crm OPTIONS (token 's3cret');
CREATE FOREIGN TABLE product (data_id bigint, text_1 text, text_3 text) SERVER encoding_crm OPTIONS (object 'product');
SELECT count(*) FROM product WHERE text_3 = E'\xaa\xa1';
SELECT data_id FROM product WHERE text_3 = ANY (ARRAY[E'\xaa\xa1', 'plain']) ORDER BY 1;
SELECT data_id FROM product WHERE data_id = 2 AND text_1 = '中文';

\c postgres
DROP DATABASE regress_xbb_euc_cn;
DROP DATABASE regress_xbb_latin1;
DROP DATABASE regress_xbb_ascii;
\! python3 $XBB_SIM ctl dingEncoding remove
