-- Another number for a record is an update of its row: what hangs on it stays, whatever
-- numbers records pass on to one another, and of which type they are.

\set company dingSyncRenumber
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER sync_renumber FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_renumber OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz, price numeric OPTIONS (attr 'num_1'))
  SERVER sync_renumber OPTIONS (object 'product');
SET check_function_bodies = off;
CREATE FUNCTION put(id bigint, number text, age integer DEFAULT 0) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT sim('put', jsonb_build_object('dataId', id, 'addTime', 1769990000, 'updateTime', clock::bigint - age, 'data',
                                       jsonb_build_object('serialNo', number))::text) FROM sim('clock') clock
$$;
SELECT put(n, 'S' || n) FROM generate_series(1, 9) n;

-- a row has an id and a note of its own, and rows that hang on its id, its dataId, its number
CREATE TABLE product (id bigint GENERATED ALWAYS AS IDENTITY UNIQUE, serial_no text PRIMARY KEY, data_id bigint UNIQUE,
                      update_time timestamptz, note text);
CREATE TABLE line (id bigint REFERENCES product (id), data_id bigint REFERENCES product (data_id) ON DELETE CASCADE,
                   serial_no text REFERENCES product ON UPDATE CASCADE);
SELECT xbb.create_sync('renumber', 'source', 'product', '{serial_no}', delete_mode => 'delete');
CALL xbb.sync('renumber');
UPDATE product SET note = 'of ' || data_id;
INSERT INTO line SELECT id, data_id, serial_no FROM product;
CREATE VIEW wrong AS
  SELECT p.data_id, p.serial_no, s.serial_no AS in_crm, p.note, l.serial_no AS of_line FROM product p
  LEFT JOIN line l USING (id) LEFT JOIN source s ON s.data_id = p.data_id
  WHERE (p.note, l.data_id, l.serial_no, p.serial_no) IS DISTINCT FROM ('of ' || p.data_id, p.data_id, p.serial_no, s.serial_no);

-- one takes a new number
SELECT sim('clock advance=60'), put(1, 'new');
CALL xbb.sync('renumber');
TABLE wrong;
-- two swap, three go in a circle, three in a chain that ends at a new one
SELECT sim('clock advance=60'), put(2, 'S3'), put(3, 'S2'), put(4, 'S5'), put(5, 'S6'), put(6, 'S4'), put(7, 'S8'), put(8, 'S9'), put(9, 'S10');
CALL xbb.sync('renumber');
TABLE wrong;
SELECT data_id, serial_no FROM product ORDER BY data_id;
-- and a tenth record takes what the first one leaves
SELECT sim('clock advance=60'), put(1, 'S1'), put(10, 'new');
CALL xbb.sync('renumber');
SELECT * FROM wrong WHERE data_id <> 10;
-- everybody moves up by one
SELECT sim('clock advance=60'), put(n, 'S' || n + 1) FROM generate_series(1, 9) n;
SELECT sim('clock advance=60');
CALL xbb.sync('renumber');
SELECT * FROM wrong WHERE data_id <> 10;
SELECT count(*) FROM xbb.sync_reject WHERE sync = 'renumber';

-- a record whose number a newer one has leaves its place, and comes back for it
DELETE FROM line;
SELECT sim('clock advance=60'), put(1, 'S3', 30), put(2, 'S3');
CALL xbb.sync('renumber');
SELECT data_id, serial_no, note FROM product WHERE data_id < 4 ORDER BY data_id;
SELECT data_id, error FROM xbb.sync_reject WHERE sync = 'renumber';
SELECT sim('clock advance=60'), put(2, 'S2');
CALL xbb.sync('renumber');
CALL xbb.retry_rejects('renumber');
SELECT data_id, serial_no, note FROM product WHERE data_id < 4 ORDER BY data_id;
-- a renumbered record against a stored one that does not move: the row of the older one goes
SELECT sim('clock advance=60'), put(3, 'S2');
CALL xbb.sync('renumber');
SELECT data_id, serial_no, note FROM product WHERE data_id < 4 ORDER BY data_id;
SELECT data_id, error FROM xbb.sync_reject WHERE sync = 'renumber';
-- where a line holds it, the renumbered one is set aside
SELECT sim('clock advance=60'), put(2, 'S22');
CALL xbb.sync('renumber');
INSERT INTO line (id) SELECT id FROM product WHERE data_id = 4;
SELECT sim('clock advance=60'), put(3, 'S5');
CALL xbb.sync('renumber');
SELECT data_id, serial_no, note FROM product WHERE data_id < 5 ORDER BY data_id;
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'renumber';
SELECT xbb.drop_sync('renumber');

-- a row that is marked as deleted keeps no number
SELECT sim('create products=0 freeze=on');
SELECT put(n, 'S' || n) FROM generate_series(1, 3) n;
CREATE TABLE marked (serial_no text PRIMARY KEY, data_id bigint, update_time timestamptz, deleted_at timestamptz, note text);
SELECT xbb.create_sync('renumber', 'source', 'marked', '{serial_no}', delete_mode => 'mark');
CALL xbb.sync('renumber');
UPDATE marked SET note = 'of ' || data_id;
SELECT sim('drop id=1');
CALL xbb.reconcile('renumber');
SELECT sim('clock advance=60'), put(2, 'S1');
CALL xbb.sync('renumber');
SELECT serial_no, data_id, note, deleted_at IS NOT NULL AS deleted FROM marked ORDER BY serial_no;
SELECT xbb.drop_sync('renumber');

-- keys of other types, also those that take no other value: each pair swaps, and three in a circle
CREATE DOMAIN short AS varchar(4) CHECK (value ~ '^[0-9]+$');
CREATE FUNCTION swap(type text, expression text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('create products=0 freeze=on');
  PERFORM put(n, n::text) FROM generate_series(1, 6) n;
  EXECUTE format('CREATE TABLE swapped (k %s, half int DEFAULT 0, data_id bigint UNIQUE, update_time timestamptz, note bigint, PRIMARY KEY (k))', type);
  PERFORM xbb.create_sync('renumber', 'source', 'swapped', '{k}', columns => jsonb_build_object('k', expression));
  CALL xbb.sync('renumber');
  UPDATE swapped SET note = data_id;
  PERFORM sim('clock advance=60'), put(1, '2'), put(2, '1'), put(4, '5'), put(5, '6'), put(6, '4');
  CALL xbb.sync('renumber');
  RETURN QUERY SELECT format('%s: %s right, %s kept', type, count(*) FILTER (WHERE k::text ~ ('^[-0]*' || s.serial_no || '([.]00)?$')), count(*) FILTER (WHERE note = t.data_id))
    FROM swapped t JOIN source s USING (data_id);
  PERFORM xbb.drop_sync('renumber');
  DROP TABLE swapped;
END
$$;
SET client_min_messages = warning;
SELECT swap('text', 'serial_no');
SELECT swap('integer', 'serial_no::integer');
SELECT swap('bigint', 'serial_no::bigint');
SELECT swap('numeric(20,2)', 'serial_no::numeric(20,2)');
SELECT swap('uuid', '(''00000000-0000-0000-0000-'' || lpad(serial_no, 12, ''0''))::uuid');
SELECT swap('short', 'serial_no::short');
SELECT swap('smallint', 'serial_no::smallint');
RESET client_min_messages;

-- what is read by dataId is so, whatever its time says: a restored record, an import that keeps old times
SELECT sim('create products=0 freeze=on');
SELECT put(1, 'A'), put(2, 'B'), put(3, 'C');
CREATE TABLE present (data_id bigint PRIMARY KEY, serial_no text, update_time timestamptz, deleted_at timestamptz);
SELECT xbb.create_sync('renumber', 'source', 'present', delete_mode => 'mark');
CALL xbb.sync('renumber');
SELECT put(1, 'older', 90000), sim('drop id=2');
CALL xbb.reconcile('renumber');
SELECT data_id, serial_no, deleted_at IS NOT NULL AS deleted FROM present ORDER BY data_id;
SELECT put(2, 'restored', 90000);
CALL xbb.reconcile('renumber');
SELECT data_id, serial_no, deleted_at IS NOT NULL AS deleted FROM present ORDER BY data_id;
SELECT put(3, 'older', 90000);
CALL xbb.sync('renumber', full => true);
SELECT data_id, serial_no FROM present ORDER BY data_id;
SELECT xbb.drop_sync('renumber');
-- also where it is the number that was older
SELECT sim('create products=0 freeze=on');
SELECT put(1, 'A'), put(2, 'B');
CREATE TABLE numbered (data_id bigint UNIQUE, serial_no text PRIMARY KEY, update_time timestamptz, note text DEFAULT 'ours');
SELECT xbb.create_sync('renumber', 'source', 'numbered', '{serial_no}');
CALL xbb.sync('renumber');
UPDATE numbered SET note = 'kept';
SELECT put(1, 'Z', 90000);
CALL xbb.reconcile('renumber', full => true);
SELECT data_id, serial_no, note FROM numbered ORDER BY data_id;
SELECT xbb.drop_sync('renumber');

-- two that swap what a second unique index has: it must be looked at behind the statement
CREATE TABLE second (data_id bigint PRIMARY KEY, serial_no text UNIQUE DEFERRABLE, update_time timestamptz);
SELECT sim('create products=0 freeze=on');
SELECT put(1, 'A'), put(2, 'B');
SELECT xbb.create_sync('renumber', 'source', 'second');
CALL xbb.sync('renumber');
SELECT sim('clock advance=60'), put(1, 'B'), put(2, 'A');
CALL xbb.sync('renumber');
SELECT data_id, serial_no FROM second ORDER BY data_id;

SET client_min_messages = warning;
SELECT xbb.drop_sync('renumber');
DROP SERVER sync_renumber CASCADE;
DROP SCHEMA "dingSyncRenumber" CASCADE;
