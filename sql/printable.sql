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
-- Nor do the names of forms and fields, as identifiers or in messages.
SELECT sim(format('form form_id=5300901 object=paas name=%s', U&'a\202eb\009bc'));
SELECT sim('field form_id=5300901 attr=text_1', '{"attrName": "d\u202ee\u009bf"}');
CREATE SCHEMA printable_forms;
IMPORT FOREIGN SCHEMA custom FROM SERVER printable INTO printable_forms OPTIONS (names 'label');
SELECT count(*) > 0 AS some, coalesce(bool_or(c.relname::text || a.attname ~ U&'[\202e\009b]'), false) AS wrong
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'printable_forms'::regnamespace;
