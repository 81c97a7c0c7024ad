-- Keys of any type, by the operators of their index; columns of any name; a stored row of any
-- content; and tables that a sync cannot take say what would make it.

\set company dingSyncKeys
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER sync_keys FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_keys OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'),
                             failed jsonb OPTIONS (attr '#error'), raw json OPTIONS (attr '*'))
  SERVER sync_keys OPTIONS (object 'product', on_error 'set_null');
CREATE FUNCTION put(id bigint, number text, name text, more text DEFAULT '') RETURNS SETOF text LANGUAGE sql AS $$
  SELECT sim('put', format('{"dataId": %s, "addTime": 1769990000, "updateTime": %s, "data": {"serialNo": "%s", "text_1": "%s"%s}}',
                           id, clock, number, name, more)) FROM sim('clock') clock
$$;
SELECT put(1, 'A1', '978-0-393-04002-9'), put(2, 'B.2', '978-3-16-148410-0');

-- types whose operators are not the server's
SET client_min_messages = warning;
CREATE SCHEMA types;
CREATE EXTENSION citext SCHEMA types;
CREATE EXTENSION ltree SCHEMA types;
CREATE EXTENSION isn SCHEMA types;
RESET client_min_messages;
CREATE TABLE by_citext (serial_no types.citext PRIMARY KEY, data_id bigint, update_time timestamptz);
CREATE TABLE by_ltree (serial_no types.ltree PRIMARY KEY, data_id bigint, update_time timestamptz);
CREATE TABLE by_isbn (name types.isbn13 PRIMARY KEY, data_id bigint, update_time timestamptz, note text);
SELECT xbb.create_sync('keys citext', 'source', 'by_citext', '{serial_no}', delete_mode => 'delete');
SELECT xbb.create_sync('keys ltree', 'source', 'by_ltree', '{serial_no}', columns => '{"serial_no": "serial_no::types.ltree"}', delete_mode => 'delete');
SELECT xbb.create_sync('keys isbn', 'source', 'by_isbn', '{name}', columns => '{"name": "name::types.isbn13"}', delete_mode => 'delete');
CALL xbb.sync('keys citext');
CALL xbb.sync('keys ltree');
CALL xbb.sync('keys isbn');
UPDATE by_isbn SET note = 'of ' || data_id;
-- the newer of two alike wins, stored or not; two swap
SELECT sim('clock advance=60'), put(3, 'a1', '978-0-306-40615-7'), put(4, 'C', '978-1-4028-9462-6'), put(5, 'c', '978-0-596-52068-7'),
       put(1, 'A1', '978-3-16-148410-0'), put(2, 'B.2', '978-0-393-04002-9');
SELECT sim('clock advance=1'), put(3, 'a1', '978-0-306-40615-7');
CALL xbb.sync('keys citext');
CALL xbb.sync('keys ltree');
CALL xbb.sync('keys isbn');
SELECT serial_no, data_id FROM by_citext ORDER BY data_id;
SELECT serial_no, data_id FROM by_ltree ORDER BY data_id;
SELECT name, data_id, note FROM by_isbn ORDER BY data_id;
SELECT sync, data_id, kind, error FROM xbb.sync_reject WHERE sync LIKE 'keys %' ORDER BY sync, data_id;
SELECT sim('drop id=3');
CALL xbb.reconcile('keys citext');
SELECT serial_no, data_id FROM by_citext ORDER BY data_id;
SELECT count(xbb.drop_sync(name)) FROM xbb.sync_definition WHERE name LIKE 'keys %';

-- what a stored row has that jsonb refuses does not keep its number
SELECT sim('create products=0 freeze=on');
SELECT put(1, 'S1', 'old', ', "text_9": "a\u0000b"'), put(2, 'S2', 'other', ', "text_9": "half of \ud83d"');
CREATE TABLE stored (serial_no text PRIMARY KEY, data_id bigint, update_time timestamptz, name text, raw json, half point DEFAULT '(1,2)');
SELECT xbb.create_sync('keys stored', 'source', 'stored', '{serial_no}', delete_mode => 'delete');
CALL xbb.sync('keys stored');
SELECT sim('clock advance=60'), put(3, 'S1', 'new');
CALL xbb.sync('keys stored');
SELECT serial_no, data_id, name FROM stored ORDER BY serial_no;
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'keys stored';
SELECT sim('drop id=3');
CALL xbb.reconcile('keys stored');
SELECT serial_no, data_id, name, raw FROM stored ORDER BY serial_no;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'keys stored';
SELECT xbb.drop_sync('keys stored');

-- columns that are called as the statements call what they join
CREATE FOREIGN TABLE named (data_id bigint, update_time timestamptz, s text OPTIONS (attr 'text_1'), t text OPTIONS (attr 'serialNo'),
                            n numeric OPTIONS (attr 'num_1'), r text OPTIONS (attr 'text_2'), j text OPTIONS (attr 'text_3'), source text OPTIONS (attr 'text_4'),
                            d text OPTIONS (attr 'text_5'), m text OPTIONS (attr 'text_6'), u text OPTIONS (attr 'text_7'), failed jsonb OPTIONS (attr '#error'))
  SERVER sync_keys OPTIONS (object 'product', on_error 'set_null');
SELECT sim('create products=0 freeze=on');
SELECT put(1, 'A', 'a', ', "num_1": "?"'), put(2, 'B', 'b'), put(3, 'C', 'c');
SELECT xbb.create_sync('keys named', 'named', 'named_copy', '{t}', delete_mode => 'delete');
CALL xbb.sync('keys named');
SELECT sim('clock advance=60'), put(3, 'B', 'newer'), put(2, 'B', 'swapped');
CALL xbb.sync('keys named');
CALL xbb.sync('keys named', dry_run => true);
CALL xbb.reconcile('keys named', full => true);
CALL xbb.retry_rejects('keys named');
SELECT data_id, s, t FROM named_copy ORDER BY data_id;
SELECT data_id, kind FROM xbb.sync_reject WHERE sync = 'keys named' ORDER BY data_id;
SELECT xbb.drop_sync('keys named');

-- a table without dataIds, as it was before there was a sync
CREATE TABLE products (serial_no text PRIMARY KEY, name text, update_time timestamptz);
SELECT xbb.create_sync('keys products', 'source', 'products', '{serial_no}');
ALTER TABLE products ADD COLUMN data_id bigint;
INSERT INTO products VALUES ('A', 'was here', '2020-01-01'), ('Z', 'ours', '2020-01-01');
SELECT xbb.create_sync('keys products', 'source', 'products', '{serial_no}', delete_mode => 'delete');
CALL xbb.sync('keys products');
CALL xbb.reconcile('keys products', full => true);
SELECT serial_no, name, data_id FROM products ORDER BY serial_no;
SELECT xbb.drop_sync('keys products');
-- dataIds that are texts
CREATE FOREIGN TABLE texts (data_id text, update_time timestamptz) SERVER sync_keys OPTIONS (object 'product');
CREATE TABLE plain (data_id text, update_time timestamptz);
CREATE VIEW viewed AS SELECT data_id, update_time FROM plain;
SELECT xbb.create_sync('keys texts', 'texts', 'texts_copy');
SELECT xbb.create_sync('keys texts', 'plain', 'texts_copy');
SELECT xbb.create_sync('keys texts', 'viewed', 'texts_copy');

SET client_min_messages = warning;
DROP SERVER sync_keys CASCADE;
DROP SCHEMA "dingSyncKeys" CASCADE;
DROP SCHEMA IF EXISTS types CASCADE;
