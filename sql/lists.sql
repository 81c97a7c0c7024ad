-- A list of texts or numbers that is too long for one condition is asked for in
-- batches, and what changes from one batch to another meanwhile is not lost.

\set company dingLists
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=900 freeze=on');
CREATE SERVER lists FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0', concurrency '1');
CREATE USER MAPPING FOR PUBLIC SERVER lists OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  serial_no   text,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  price       numeric OPTIONS (attr 'num_1')
) SERVER lists OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;

-- the serial numbers of some records, in the order of their ids
CREATE FUNCTION numbers(first int, last int) RETURNS text[] STABLE LANGUAGE sql AS
$$ SELECT array_agg(serial_no ORDER BY data_id) FROM copy WHERE data_id BETWEEN 51200000 + first AND 51200000 + last $$;

-- what a query gives, and what it asks for: attr, symbol and number of values of
-- each condition
CREATE FUNCTION asked(query text, OUT nrows bigint, OUT ids bigint, OUT total bigint, OUT requests text[]) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('clear');
  EXECUTE 'SELECT count(*), count(DISTINCT data_id), sum(data_id) FROM (' || query || ') q' INTO nrows, ids, total;
  total := total - nrows * 51200000;
  SELECT array_agg((SELECT coalesce(string_agg(concat_ws(' ', c ->> 'attr', c ->> 'symbol', jsonb_array_length(c -> 'value')), ', '), 'all')
                    FROM jsonb_array_elements(nullif(line, '-')::jsonb) c)) INTO requests
  FROM sim('log fields=cond') line;
END
$$;

-- 130 numbers: three batches, and what has changed since the first of them
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 130))');
SELECT count(*), sum(i) FROM generate_series(1, 130) i;
-- each value is asked for once
SELECT array_agg(v ORDER BY v) = (SELECT array_agg(n ORDER BY n) FROM unnest(numbers(1, 130)) n) AS all_of_them
FROM sim('log fields=cond') line, jsonb_array_elements(line::jsonb) c, jsonb_array_elements_text(c -> 'value') v
WHERE c ->> 'attr' = 'serialNo';
-- from settle_time before the API's clock at the start, and not much earlier
SELECT v <= 1770000000 - 5 - 1 AS before, v > 1770000000 - 600 AS after
FROM sim('log fields=cond') line, jsonb_array_elements(line::jsonb) c, CAST(c -> 'value' ->> 0 AS bigint) v
WHERE c ->> 'attr' = 'updateTime';
-- the records are those of the copy
SELECT count(*) FROM (SELECT * FROM product WHERE serial_no = ANY (numbers(1, 130))
  EXCEPT SELECT * FROM copy WHERE data_id <= 51200130) q;

-- as many values as one condition takes, and one more; duplicates and what equals nothing do not count
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 50))');
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 51))');
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(1, 50) || ARRAY[NULL, ''] || numbers(1, 50))$$);
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (ARRAY[NULL, ''] || numbers(1, 60) || numbers(41, 120) || NULL::text)$$);
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (ARRAY(SELECT 'none' || i FROM generate_series(1, 120) i))$$);

-- numbers; equal ones that are written in two ways do not bring a record twice
SELECT * FROM asked('SELECT * FROM product WHERE price = ANY (ARRAY(SELECT DISTINCT price FROM copy WHERE price BETWEEN 0.01 AND 1e9 AND data_id <= 51200070))');
SELECT count(*), sum(data_id) - count(*) * 51200000 AS total FROM copy WHERE price IN (SELECT price FROM copy WHERE price BETWEEN 0.01 AND 1e9 AND data_id <= 51200070);
SELECT * FROM asked($$SELECT * FROM product WHERE price = ANY (ARRAY[20440, 3199.61] || ARRAY(SELECT 0.001 + i FROM generate_series(1, 60) i) || ARRAY[20440.0, 3199.6100])$$);
-- a page smaller than a batch
ALTER FOREIGN TABLE product OPTIONS (ADD page_size '20');
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 41))');
ALTER FOREIGN TABLE product OPTIONS (DROP page_size);

-- parameters, also in a generic plan, and other values in a rescan
PREPARE listed (text[]) AS SELECT count(data_id) AS rows FROM product WHERE serial_no = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXECUTE listed (numbers(1, 130));
EXECUTE listed (numbers(1, 3));
EXECUTE listed (numbers(101, 160));
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (ARRAY(SELECT serial_no FROM copy WHERE data_id <= 51200101))');
SELECT n, (SELECT count(data_id) FROM product WHERE serial_no = ANY (numbers(n, 2 * n))) FROM unnest(ARRAY[60, 10, 100]) n;

-- one list is cut, the longest; ids go first, and they do not change
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(1, 60))
  AND price = ANY (ARRAY(SELECT DISTINCT price FROM copy WHERE price <> 0 ORDER BY 1 LIMIT 120))$$);
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(1, 80))
  AND data_id = ANY (ARRAY(SELECT data_id FROM copy WHERE data_id <= 51200070))$$);
-- the other conditions hold for each request
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(1, 60)) AND name = 'none'$$);
-- where a bound of one's own excludes what changes, nothing is asked for it
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(1, 60)) AND update_time < '2026-02-01'$$);
SELECT count(*) FROM copy WHERE data_id <= 51200060 AND update_time < '2026-02-01';
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(1, 60)) AND update_time >= '2026-02-02 03:00'$$);
-- and what has changed since is asked for by the later of two bounds
SELECT sim('log fields=cond tail=1');
SELECT nrows FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(1, 60)) AND update_time >= '2025-02-02 03:00'$$);
SELECT count(*) FROM copy WHERE data_id <= 51200060 AND update_time >= '2025-02-02 03:00';
SELECT v <= 1770000000 - 5 - 1 AS before, v > 1770000000 - 600 AS after
FROM sim('log fields=cond tail=1') line, jsonb_array_elements(line::jsonb) c, CAST(c -> 'value' ->> 0 AS bigint) v;

-- LIMIT ends the reading
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 300)) LIMIT 10');
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 300)) LIMIT 60');
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 130)) LIMIT 131');
ALTER SERVER lists OPTIONS (SET concurrency '8');
SELECT nrows, cardinality(requests) < 5 AS few FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 900)) LIMIT 60');
SELECT nrows, cardinality(requests) AS requests FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 900)) LIMIT 1');
-- several at a time, also below an Append
SELECT nrows, ids, cardinality(requests) AS requests FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 900))');
SELECT nrows, ids, cardinality(requests) AS requests FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 420))
  UNION ALL SELECT * FROM product WHERE serial_no = ANY (numbers(501, 900))');
ALTER SERVER lists OPTIONS (SET concurrency '1');

-- all readings are counted
CREATE FUNCTION counters(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ' || query LOOP
    IF line ~ '^ *(Windows|Calls|Pages|Rows Received|Rows Dropped):' THEN
      RETURN NEXT trim(line);
    END IF;
  END LOOP;
END
$$;
SELECT counters('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 130))');

-- a record that changes from a batch not yet read to one already read, and one that
-- changes the other way: each once
SELECT serial_no AS early FROM copy WHERE data_id = 51200003 \gset
SELECT serial_no AS late FROM copy WHERE data_id = 51200120 \gset
SELECT sim('at n=2 do=touch id=51200120', jsonb_build_object('serialNo', :'early')::text);
SELECT sim('at n=2 do=touch id=51200004', jsonb_build_object('serialNo', :'late')::text);
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 130))');
SELECT data_id, serial_no FROM product WHERE data_id IN (51200004, 51200120) ORDER BY 1;
-- the same where the API tells no time: from the newest record of the answers on
SELECT sim('fault what=no-date at=every');
SELECT sim('at n=2 do=touch id=51200119', jsonb_build_object('serialNo', :'early')::text);
SELECT nrows, ids, total, requests[4:5] AS last FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(1, 130))');
-- or one of the answers does: by that
SELECT sim('clear what=faults');
SELECT sim('fault what=no-date at=3');
SELECT nrows, ids, total FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(131, 260))');
SELECT sim('log fields=cond tail=1') LIKE '%:[17699999__]}]' AS late;
SELECT sim('fault what=no-date at=every');
-- nor do the answers have a record: from the beginning
SELECT sim('touch id=51200118', '{"serialNo": "moved"}');
SELECT sim('at n=2 do=touch id=51200118', '{"serialNo": "none1"}');
SELECT nrows, ids, total, requests[1:3] AS first
FROM asked($$SELECT * FROM product WHERE serial_no = ANY (ARRAY(SELECT 'none' || i FROM generate_series(1, 50) i) || 'moved'::text)$$);
SELECT sim('clear what=faults');
-- an API that sees more as equal brings a record in two batches
SELECT sim('set text_case=fold');
SELECT * FROM asked($$SELECT * FROM product WHERE serial_no = ANY (numbers(5, 60) || ARRAY(SELECT lower(n) FROM unnest(numbers(5, 60)) n))$$);
SELECT counters($$SELECT * FROM product WHERE serial_no = ANY (numbers(5, 60) || ARRAY(SELECT lower(n) FROM unnest(numbers(5, 60)) n))$$);
SELECT sim('set text_case=exact');

-- a value of more records than a page holds, in a list that is cut
SELECT sim('touch id=' || (SELECT string_agg(data_id::text, ',') FROM copy WHERE data_id > 51200650), '{"text_1": "the same"}');
SELECT sim('clock advance=3600');
SELECT nrows, ids, total, requests[1:3] AS first, requests[cardinality(requests)] AS last
FROM asked($$SELECT * FROM product WHERE name = ANY (ARRAY(SELECT 'none' || i FROM generate_series(1, 70) i) || 'the same'::text)$$);
-- its other pages come before another batch, which would be one request in flight too many
SELECT * FROM asked($$SELECT * FROM product WHERE name = ANY ('the same'::text || ARRAY(SELECT 'none' || i FROM generate_series(1, 70) i))$$);
SELECT count(*), sum(i) FROM generate_series(651, 900) i;
SELECT nrows, ids FROM asked($$SELECT * FROM product WHERE name = ANY ('the same'::text || ARRAY(SELECT 'none' || i FROM generate_series(1, 70) i)) LIMIT 240$$);
ALTER SERVER lists OPTIONS (SET concurrency '8');
SELECT nrows, ids, total FROM asked($$SELECT * FROM product WHERE name = ANY (ARRAY(SELECT 'none' || i FROM generate_series(1, 270) i) || 'the same'::text)$$);
-- one moves away from there while it is read, to another value of the list
ALTER SERVER lists OPTIONS (SET concurrency '1');
SELECT sim('at n=3 do=touch id=51200700', '{"text_1": "none1"}');
SELECT nrows, ids, total FROM asked($$SELECT * FROM product WHERE name = ANY (ARRAY(SELECT 'none' || i FROM generate_series(1, 70) i) || 'the same'::text)$$);

-- without the proof, batches alone
ALTER FOREIGN TABLE product OPTIONS (ADD snapshot 'false');
SELECT * FROM asked('SELECT * FROM product WHERE serial_no = ANY (numbers(5, 110))');
SELECT nrows, ids, total FROM asked($$SELECT * FROM product WHERE name = ANY ('the same'::text || ARRAY(SELECT 'none' || i FROM generate_series(1, 70) i))$$);

-- a page of a window that was given up, as one of its records changed, comes when the
-- next reading is under way
SELECT sim('create products=300 freeze=on');
ALTER FOREIGN TABLE product OPTIONS (DROP snapshot, ADD page_size '20', ADD concurrency '2');
SELECT sim(format('touch id=%s at=%s', string_agg(data_id::text, ','), 1769000000 + data_id / 20 * 20 - 51200000), '{"text_1": "the same"}')
FROM copy WHERE data_id BETWEEN 51200101 AND 51200300 GROUP BY data_id / 20;
SELECT sim('at n=6 do=touch id=51200150');
SELECT sim('hold page=5 at=first');
SELECT sim('at n=19 do=release name=hold');
SELECT sim('fault what=delay ms=300 at=20');
SELECT nrows, ids, total FROM asked($$SELECT * FROM product WHERE name = ANY ('the same'::text || ARRAY(SELECT 'none' || i FROM generate_series(1, 31) i))$$);
SELECT count(*), sum(i) FROM generate_series(101, 300) i;
