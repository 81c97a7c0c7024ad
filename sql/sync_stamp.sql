-- What is read is the present state, also where its stamp is lower than the stored one: one
-- ahead of the API's clock was wrong, and so were those from before a clock that was set back.

\set company dingSyncStamp
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
CREATE SERVER sync_stamp FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '1s');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_stamp OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, serial_no text, number integer OPTIONS (attr 'num_1'))
  SERVER sync_stamp OPTIONS (object 'product');
CREATE FUNCTION put(id bigint, number integer, after integer DEFAULT 0) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT sim('put', jsonb_build_object('dataId', id, 'addTime', 1769990000, 'updateTime', clock::bigint + after, 'data',
                                       jsonb_build_object('serialNo', 'S' || id, 'num_1', number))::text) FROM sim('clock') clock
$$;
SELECT put(n, 1) FROM generate_series(1, 3) n;
CREATE TABLE stamp (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text, number integer);
CREATE TABLE stamp_key (data_id bigint, update_time timestamptz, serial_no text PRIMARY KEY, number integer);
SELECT xbb.create_sync('stamp', 'source', 'stamp'), xbb.create_sync('stamp key', 'source', 'stamp_key', '{serial_no}');
CALL xbb.sync('stamp');
CALL xbb.sync('stamp key');
CREATE VIEW wrong AS
  SELECT s.data_id, s.number AS in_crm, t.number, k.number AS by_key FROM source s
  LEFT JOIN stamp t USING (data_id) LEFT JOIN stamp_key k USING (data_id)
  WHERE (s.number, s.number) IS DISTINCT FROM (t.number, k.number);

-- a stamp of the far future, then one of now
SELECT sim('clock advance=60'), put(1, 2, 2000000000);
CALL xbb.sync('stamp');
CALL xbb.sync('stamp key');
SELECT sim('clock advance=60'), put(1, 3);
CALL xbb.sync('stamp');
CALL xbb.sync('stamp key');
TABLE wrong;

-- a stored row that is newer by a stamp that can be right stays
SELECT sim('clock advance=60'), put(3, 2);
CALL xbb.sync('stamp');
SELECT sim('clock advance=1');
SELECT put(3, 3, -30);
CALL xbb.sync('stamp');
SELECT number FROM stamp WHERE data_id = 3;
SELECT sim('clock advance=60'), put(3, 4);
CALL xbb.sync('stamp');
CALL xbb.sync('stamp key');
TABLE wrong;
-- a clock that was hours ahead, and is right again
SELECT sim('clock advance=18000'), put(2, 2);
CALL xbb.sync('stamp');
CALL xbb.sync('stamp key');
SELECT sim('clock advance=-17940'), put(2, 3);
CALL xbb.sync('stamp');
CALL xbb.sync('stamp key');
TABLE wrong;


-- one of the far future that is deleted is found by counts, too, and what changed meanwhile stays
SELECT xbb.alter_sync('stamp', delete_mode => 'delete'), xbb.alter_sync('stamp key', delete_mode => 'delete');
SELECT sim('clock advance=60'), put(4, 4, 2000000000), put(5, 5, 2000000000);
CALL xbb.sync('stamp');
CALL xbb.sync('stamp key');
SELECT sim('drop id=4');
SELECT sim('clock advance=60'), put(2, 5);
CALL xbb.reconcile('stamp');
SELECT data_id, number FROM stamp WHERE data_id <> 1 ORDER BY data_id;
CALL xbb.sync('stamp');
-- it does not keep its key from another one, whoever of them comes first, nor does one that is there
CREATE FUNCTION number(id bigint, serial_no text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT sim('touch id=' || id, jsonb_build_object('serialNo', serial_no)::text)
$$;
SELECT sim('clock advance=60'), number(2, 'S4'), number(3, 'S5');
CALL xbb.sync('stamp key');
SELECT data_id, serial_no FROM stamp_key WHERE data_id <> 1 ORDER BY data_id;
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'stamp key' ORDER BY data_id;
SELECT sim('clock advance=60');
CALL xbb.sync('stamp key');
SELECT sim('clock advance=60'), put(6, 6, 2000000000), put(7, 7), number(7, 'S6');
CALL xbb.sync('stamp key');
SELECT data_id, serial_no FROM stamp_key WHERE data_id <> 1 ORDER BY data_id;
-- nor is a reject kept of one that is gone
CALL xbb.reconcile('stamp key');
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'stamp key' ORDER BY data_id;
-- where both are of the future, the later one has it
SELECT sim('clock advance=60'), put(8, 8, 2000000000), put(9, 9, 2000000001);
SELECT sim('put', jsonb_build_object('dataId', 8, 'addTime', 1769990000, 'updateTime', 3970000000, 'data', '{"serialNo": "S9", "num_1": 8}'::jsonb)::text);
CALL xbb.sync('stamp key');
SELECT data_id, serial_no FROM stamp_key WHERE data_id > 7 ORDER BY data_id;

SELECT xbb.drop_sync('stamp'), xbb.drop_sync('stamp key');
DROP VIEW wrong;
DROP TABLE stamp, stamp_key;
