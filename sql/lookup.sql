-- A record looked up by its number or its id is one request, whatever the size of
-- the list, and a condition that the API ignores is noticed.

\set company dingLookup
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=900 freeze=on');
CREATE SERVER lookup FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER lookup OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  serial_no   text,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  size        text    OPTIONS (attr 'text_8'),
  raw         jsonb   OPTIONS (attr '*')
) SERVER lookup OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;
SELECT serial_no FROM copy WHERE data_id = 51200007 \gset

SELECT sim('clear');
SELECT p = c AS same FROM product p, copy c WHERE p.serial_no = :'serial_no' AND c.data_id = 51200007;
SELECT p = c AS same FROM product p, copy c WHERE p.data_id = 51200007 AND c.data_id = 51200007;
SELECT data_id FROM product WHERE data_id = 51200007 AND serial_no = :'serial_no';
SELECT data_id FROM product WHERE data_id = 51200007 AND serial_no = 'another';
SELECT data_id FROM product WHERE data_id = 51200007 AND raw @> '{"formId": 1}';
SELECT data_id FROM product WHERE data_id = 3;
SELECT data_id FROM product WHERE data_id = -51200007;
SELECT data_id FROM product WHERE serial_no = 'CP"\';
SELECT count(*), min(data_id), max(data_id) FROM product WHERE data_id IN (51200007, 51200009, 51200007, 3);
SELECT (SELECT jsonb_agg(condition ORDER BY condition ->> 'attr') FROM jsonb_array_elements(line::jsonb) condition) AS conditions
FROM sim('log fields=cond') line;

-- a serial number may belong to several records: all of them come
SELECT sim('put', '{"dataId":77,"addTime":1769000000,"updateTime":1769000000,"data":{"serialNo":"twin","text_1":"one"}}');
SELECT sim('put', '{"dataId":78,"addTime":1769000001,"updateTime":1769000001,"data":{"serialNo":"twin","text_1":"two"}}');
SELECT sim('clear');
SELECT data_id, name FROM product WHERE serial_no = 'twin' ORDER BY data_id;
SELECT sim('log fields=page,cond');

-- more ids than one page holds
SELECT sim('clear');
SELECT count(*), count(DISTINCT data_id) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy WHERE data_id <= 51200250));
SELECT sim('count')::int < 20 AS few;

-- the API's comparison may see more as equal than = does: checked again here
SELECT sim('set text_case=fold');
SELECT count(data_id) FROM product WHERE serial_no = 'TWIN';
SELECT count(data_id) FROM product WHERE serial_no = 'twin';

-- an ignored condition on the id is an error, one on a text only costs requests
SELECT sim('set ignore=dataId,serialNo');
SELECT name FROM product WHERE data_id = 51200007;
SELECT count(*) FROM product WHERE data_id = 51200007;
SELECT name FROM product WHERE data_id IN (51200007, 51200008);
SELECT data_id FROM product WHERE serial_no = :'serial_no';
SELECT sim('set ignore=');

-- more ids than one request takes, where the API's pages are shorter than what it was
-- asked for: read page by page, as a list is
SELECT sim('set page_max=20');
SELECT count(data_id) FROM product WHERE data_id = ANY (ARRAY(SELECT generate_series(51200001, 51200050)));
SELECT count(data_id) FROM product WHERE data_id = ANY (ARRAY(SELECT generate_series(51200001, 51200051)));
SELECT count(*) FROM product WHERE data_id = ANY (ARRAY(SELECT generate_series(51200001, 51200051)));
SELECT count(DISTINCT p) FROM product p JOIN copy c ON p = c WHERE p.data_id = ANY (ARRAY(SELECT generate_series(51200001, 51200130)));
SELECT sim('set page_max=100 short_pages=60');
SELECT count(data_id) FROM product WHERE data_id = ANY (ARRAY(SELECT generate_series(51200001, 51200130)));
SELECT sim('set short_pages=0');

-- no more values in one request than the API may take, whatever counts them
SELECT sim('set max_values=50');
SELECT count(data_id) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy));
SELECT count(*) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy));
SELECT count(*) FROM product WHERE data_id = ANY (ARRAY(SELECT data_id FROM copy LIMIT 50));

-- a text that is a number may be stored as one: asked for in both forms, or not at all
SELECT sim('set max_values=0 types=strict');
SELECT sim('put', '{"dataId":77,"formId":1,"addTime":1770000000,"updateTime":1770000000,"data":{"text_1":1234567890123456,"text_8":51200003}}');
SELECT data_id FROM product WHERE name = '1234567890123456';
SELECT data_id FROM product WHERE size = '51200003';
SELECT sim('set types=loose');
