-- A scan that runs again asks again, with the values of the day; the planner knows
-- that this is dear; cursors, subtransactions and early ends leave nothing behind.

\set company dingRescan
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=260 freeze=on');
CREATE SERVER rescan FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER rescan OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  serial_no   text,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  parent      bigint  OPTIONS (attr 'num_3'),
  cost        numeric OPTIONS (attr 'num_2')
) SERVER rescan OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;
CREATE TABLE wanted (id bigint, serial_no text);
INSERT INTO wanted SELECT data_id, serial_no FROM copy ORDER BY data_id LIMIT 3;
INSERT INTO wanted VALUES (3, 'none'), (NULL, NULL);
ANALYZE wanted, copy;

-- a nested loop asks for one record a row, and nothing for NULL
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
SELECT sim('clear');
SELECT w.id, p.name = c.name AS "right" FROM wanted w JOIN product p ON p.data_id = w.id JOIN copy c ON c.data_id = w.id ORDER BY 1;
SELECT sim('log fields=cond sort=on');
SELECT sim('clear');
SELECT w.id, p.data_id FROM wanted w LEFT JOIN product p USING (serial_no) ORDER BY 1;
SELECT sim('log fields=cond sort=on');

-- LATERAL, with a limit of its own, and a correlated sub-select
SELECT sim('clear');
SELECT w.id, p.data_id, p.name IS NOT NULL AS named
FROM wanted w LEFT JOIN LATERAL (SELECT * FROM product WHERE data_id >= 0 AND product.serial_no = w.serial_no LIMIT 1) p ON true ORDER BY 1;
SELECT sim('log fields=cond sort=on');
SELECT sim('clear');
SELECT id, (SELECT data_id FROM product WHERE serial_no = wanted.serial_no) FROM wanted ORDER BY 1;
SELECT sim('log fields=cond sort=on');
SELECT sim('clear');
SELECT n, (SELECT count(name) FROM product WHERE update_time >= timestamptz '2026-01-20' + n * interval '1 day')
         = (SELECT count(name) FROM copy WHERE update_time >= timestamptz '2026-01-20' + n * interval '1 day') AS "right"
FROM generate_series(1, 3) n;
SELECT sim('log fields=cond');

-- a sub-select without correlation is one scan, one that is EXISTS asks a row at a time
SELECT sim('clear');
SELECT count(*) FROM wanted WHERE id = ANY (ARRAY(SELECT data_id FROM product WHERE data_id < 51200003 AND serial_no <> ''));
SELECT sim('count')::int < 12 AS one_scan;
SELECT sim('clear');
SELECT id FROM wanted WHERE EXISTS (SELECT FROM product WHERE data_id = wanted.id AND cost >= 0) ORDER BY 1;
SELECT sim('count');

-- the same again with the same values, and with other limits: never other rows
SELECT sim('clear');
SELECT w.id, count(*) = (SELECT count(*) FROM copy WHERE cost > w.id - 51200000) AS "right"
FROM wanted w JOIN product p ON p.cost > w.id - 51200000 GROUP BY w.id ORDER BY w.id;
SELECT n, count(*), count(DISTINCT data_id) FROM generate_series(1, 4) n, LATERAL (SELECT data_id, n AS outer_n FROM product LIMIT 60) p GROUP BY n ORDER BY n;
SELECT n, count(*), count(DISTINCT data_id) FROM generate_series(1, 4) n, LATERAL (SELECT data_id FROM product LIMIT n * 70) p GROUP BY n ORDER BY n;
SELECT n, count(*), count(DISTINCT data_id)
FROM unnest(ARRAY['2025-06-01', '2025-06-01', '2026-01-01', NULL, '2025-06-01']::timestamptz[]) WITH ORDINALITY t (since, n)
     LEFT JOIN LATERAL (SELECT data_id FROM product WHERE update_time >= since) p ON true GROUP BY n ORDER BY n;
SELECT count(*) FROM copy WHERE update_time >= '2025-06-01';
SELECT count(*) FROM copy WHERE update_time >= '2026-01-01';
SET work_mem = '64kB';
SELECT n, count(p), count(DISTINCT p.data_id) FROM generate_series(1, 3) n LEFT JOIN product p ON p.cost > n - 1000000 GROUP BY n ORDER BY n;
RESET work_mem;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_memoize;

-- joins with itself: parent and child, each its own scan
SELECT count(*) = (SELECT count(*) FROM copy WHERE parent <> 0) AS "right"
FROM product child JOIN product parent ON parent.data_id = child.parent;
SELECT count(*) FROM product a JOIN product b USING (data_id, serial_no, update_time);

-- every rescan has its price: with many rows outside, the list is read once
CREATE FUNCTION shape(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
    IF line ~ 'Foreign Scan|Join|Nested Loop|Hash|Materialize|Memoize|Seq Scan' AND line !~ 'Cond|Key|Filter' THEN
      RETURN NEXT regexp_replace(line, '-> +', '-> ');
    END IF;
  END LOOP;
END
$$;
ANALYZE product;
CREATE TABLE orders AS SELECT i AS id, 51200001 + i % 260 AS product, 'CP' || i % 7 AS serial_no FROM generate_series(1, 20000) i;
ANALYZE orders;
SELECT shape('SELECT * FROM orders o JOIN product p ON p.data_id = o.product');
SELECT sim('clear');
SELECT count(p.name) FROM orders o JOIN product p ON p.data_id = o.product;
SELECT sim('count')::int < 12 AS once;
-- inequality: no hash join, so the list is kept
SELECT shape('SELECT * FROM orders o JOIN product p ON p.cost > o.id');
SELECT sim('clear');
SELECT count(*) > 0 AS some FROM (SELECT * FROM orders LIMIT 50) o JOIN product p ON p.cost > o.id;
SELECT sim('count')::int < 12 AS once;
-- a single row outside: one request is cheaper than the list
CREATE TABLE single AS SELECT 51200009::bigint AS id;
ANALYZE single;
SELECT sent('SELECT * FROM single JOIN product ON data_id = id');
-- few values again and again: each is asked for once
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET jit = off;
SELECT shape('SELECT * FROM orders o JOIN product p ON p.serial_no = o.serial_no');
SELECT sim('clear');
SELECT count(p.name) FROM orders o LEFT JOIN product p ON p.serial_no = o.serial_no;
SELECT (SELECT sim('count')::int) BETWEEN 7 AND 12 AS each_once;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- cursors: read on, back, ahead, and left half-way
BEGIN;
DECLARE plain CURSOR FOR SELECT data_id FROM product;
DECLARE scrolled SCROLL CURSOR FOR SELECT data_id FROM product WHERE data_id IN (51200001, 51200002, 51200003) ORDER BY data_id;
FETCH 0 FROM plain;
MOVE 150 IN plain;
FETCH 1 FROM scrolled;
FETCH LAST FROM scrolled;
FETCH PRIOR FROM scrolled;
FETCH ABSOLUTE 1 FROM scrolled;
MOVE FIRST IN scrolled;
FETCH ALL FROM scrolled;
CLOSE plain;
COMMIT;
BEGIN;
DECLARE back SCROLL CURSOR FOR SELECT data_id FROM product;
FETCH NEXT FROM back;
FETCH PRIOR FROM back;
MOVE FORWARD ALL IN back;
FETCH FIRST FROM back;
FETCH RELATIVE 259 FROM back;
FETCH LAST FROM back;
FETCH NEXT FROM back;
COMMIT;
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT data_id > 0 AS held, name IS NULL AS unnamed FROM product;
FETCH 0 FROM held;
COMMIT;
SELECT sim('clear');
MOVE 259 IN held;
FETCH ALL FROM held;
CLOSE held;
SELECT sim('count');

-- an error in a subtransaction, in the middle of a scan, ends that scan only
BEGIN;
DECLARE outside CURSOR FOR SELECT data_id > 0 AS outside FROM product;
MOVE 50 IN outside;
SAVEPOINT a;
DECLARE inside CURSOR FOR SELECT data_id FROM product;
MOVE 120 IN inside;
SELECT 1 / (data_id - data_id) FROM product;
ROLLBACK TO a;
MOVE 5 IN inside;
ROLLBACK TO a;
FETCH ABSOLUTE 51 FROM outside;
MOVE 208 IN outside;
FETCH ALL FROM outside;
FETCH ALL FROM outside;
COMMIT;
CREATE FUNCTION early() RETURNS TABLE (seen bigint) LANGUAGE plpgsql AS $$
DECLARE
  one record;
BEGIN
  FOR i IN 1..3 LOOP
    BEGIN
      FOR one IN SELECT * FROM product LOOP
        seen := one.data_id;
        IF i = 2 THEN
          RAISE division_by_zero;
        END IF;
        EXIT;
      END LOOP;
      RETURN NEXT;
    EXCEPTION WHEN division_by_zero THEN
      seen := -1;
      RETURN NEXT;
    END;
  END LOOP;
END
$$;
SELECT count(*), count(*) FILTER (WHERE seen = -1) AS failed FROM early();
-- and what was left early left no request behind: the next scan is right
SELECT count(*), count(DISTINCT data_id) FROM product WHERE name IS NOT NULL OR true;

-- A value that the outer row computes lives as long as that row: what one rescan asked
-- for is compared with the next, not with what lies at its address by then.  All rows
-- of the outer side match themselves.
CREATE TABLE codes AS SELECT serial_no, cost, data_id FROM copy ORDER BY data_id LIMIT 12;
ANALYZE codes;
CREATE FUNCTION code_of(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1 || ''''';
CREATE FUNCTION code_slowly(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $1 || ''; END $$;
CREATE VIEW guarded WITH (security_barrier) AS SELECT upper(serial_no) AS k FROM codes;
SELECT count(*), count(*) FILTER (WHERE (SELECT p.serial_no FROM product p WHERE p.serial_no = s.k) = s.k) AS "right"
FROM (SELECT upper(serial_no) AS k FROM codes OFFSET 0) s;
SELECT count(*), count(*) FILTER (WHERE (SELECT b.data_id FROM product b WHERE b.serial_no = a.serial_no) = a.data_id) AS "right"
FROM product a WHERE a.data_id <= 51200012;
SELECT count(*), count(*) FILTER (WHERE (SELECT min(p.cost) FROM product p WHERE p.cost = s.k) = s.k) AS "right"
FROM (SELECT cost + 0 AS k FROM codes WHERE cost <> 0 OFFSET 0) s;
SELECT count(*), count(*) FILTER (WHERE p.n = 2) AS "right"
FROM (SELECT ARRAY[data_id, data_id + 20] AS ids, data_id FROM codes OFFSET 0) s,
     LATERAL (SELECT count(name) AS n FROM product WHERE data_id = ANY (s.ids) AND data_id >= s.data_id) p;
SELECT count(*), count(*) FILTER (WHERE (SELECT p.serial_no FROM product p WHERE p.serial_no = s.k) = s.k) AS "right"
FROM (SELECT unnest(array_agg(serial_no)) AS k FROM codes) s;
SELECT count(*), count(*) FILTER (WHERE (SELECT p.serial_no FROM product p WHERE p.serial_no = s.k) = s.k) AS "right"
FROM (SELECT regexp_split_to_table(string_agg(serial_no, ','), ',') AS k FROM codes) s;
SELECT count(*), count(*) FILTER (WHERE (SELECT p.serial_no FROM product p WHERE p.serial_no = s.k) = s.k) AS "right"
FROM (SELECT code_of(serial_no) AS k FROM codes UNION ALL SELECT code_slowly(serial_no) FROM codes) s;
SELECT count(*), count(*) FILTER (WHERE (SELECT p.serial_no FROM product p WHERE p.serial_no = s.k) = s.k) AS "right"
FROM (SELECT row_number() OVER (), upper(serial_no) AS k FROM codes) s;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
SET enable_hashagg = off;
SELECT count(*), count(*) FILTER (WHERE s.k = p.serial_no) AS "right"
FROM (SELECT upper(serial_no) AS k FROM codes LIMIT 10) s JOIN product p ON p.serial_no = s.k;
SELECT count(*), count(*) FILTER (WHERE s.k = p.serial_no) AS "right" FROM guarded s JOIN product p ON p.serial_no = s.k;
SELECT count(*), count(*) FILTER (WHERE s.k = p.serial_no) AS "right"
FROM (SELECT trim(serial_no) AS k, count(*) FROM codes GROUP BY 1) s JOIN product p ON p.serial_no = s.k;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_memoize;
RESET enable_hashagg;
-- a value so large that its memory goes back to the system
SELECT count(*), sum((SELECT count(p.serial_no) FROM product p WHERE p.serial_no = s.c)) AS found
FROM (SELECT repeat('x', 300000 + i) AS c FROM generate_series(1, 6) i OFFSET 0) s;
-- values kept outside of their rows, the same and others
CREATE TABLE wide (n int, k text);
ALTER TABLE wide ALTER COLUMN k SET STORAGE EXTERNAL;
INSERT INTO wide SELECT n, repeat('x', 5000) FROM generate_series(1, 3) n UNION ALL SELECT 4, repeat('y', 5000);
SELECT n, (SELECT count(p.serial_no) FROM product p WHERE p.serial_no = wide.k) AS found FROM wide ORDER BY n;

-- ALTER in the middle is for the next statement, also where the scan asks again
CREATE TABLE some_ids AS SELECT data_id FROM copy ORDER BY data_id LIMIT 4;
ANALYZE some_ids;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
ALTER SERVER rescan OPTIONS (ADD fdw_tuple_cost '1000');
SELECT shape('SELECT i.data_id, p.name FROM some_ids i JOIN product p ON p.data_id = i.data_id');
BEGIN;
DECLARE in_the_middle CURSOR FOR SELECT i.data_id, p.name IS NOT NULL AS named FROM some_ids i JOIN product p ON p.data_id = i.data_id;
FETCH 2 FROM in_the_middle;
ALTER USER MAPPING FOR PUBLIC SERVER rescan OPTIONS (SET token 'another');
ALTER SERVER rescan OPTIONS (SET corpid 'dingNobody');
FETCH 2 FROM in_the_middle;
SELECT count(*) > 0 AS never FROM product WHERE data_id = 51200001;
ROLLBACK;
