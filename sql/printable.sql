-- What a record holds reaches no terminal and no log as more than text, whoever words the
-- error that quotes it.

\set company dingPrintable
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=3 width=2 freeze=on');
SELECT sim('touch id=51200001', '{"text_1": "7\u001b[2J\u202e8\u2028\u009b1"}');
CREATE SERVER printable FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER printable OPTIONS (token 't0ken');
CREATE FOREIGN TABLE product (data_id bigint, n numeric OPTIONS (attr 'text_1')) SERVER printable OPTIONS (object 'product');
CREATE FOREIGN TABLE place (data_id bigint, p point OPTIONS (attr 'text_1')) SERVER printable OPTIONS (object 'product');
CREATE FOREIGN TABLE many (data_id bigint, a int[] OPTIONS (attr 'text_1')) SERVER printable OPTIONS (object 'product');
SELECT n FROM product WHERE data_id = 51200001;
SELECT p FROM place WHERE data_id = 51200001;
SELECT a FROM many WHERE data_id = 51200001;
