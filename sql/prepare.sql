-- Values reach the request when the scan starts, not when it is planned: prepared
-- statements executed seven times (the sixth may be generic), plans forced to be
-- generic, PL/pgSQL loops.

\set company dingPrepare
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=60 freeze=on');
CREATE SERVER prepare FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER prepare OPTIONS (token 't0ken', user_id 'u1');
CREATE FOREIGN TABLE product (
  data_id     bigint,
  serial_no   text,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  cost        numeric OPTIONS (attr 'num_2')
) SERVER prepare OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM product;
SELECT serial_no FROM copy WHERE data_id = 51200002 \gset

-- custom plans first, then whatever the server likes better: seven bounds, seven requests
PREPARE since (timestamptz) AS SELECT count(name) FROM product WHERE update_time >= $1;
SELECT sim('clear');
EXECUTE since ('2026-01-01 00:00:00');
EXECUTE since ('2026-01-01 00:00:01');
EXECUTE since ('2026-01-01 00:00:02');
EXECUTE since ('2026-01-01 00:00:03');
EXECUTE since ('2026-01-01 00:00:04');
EXECUTE since ('2026-01-01 00:00:05');
EXECUTE since ('2026-01-01 00:00:06');
SELECT sim('log fields=cond');

-- one generic plan for all values, of every kind; NULL and '' ask nothing
SET plan_cache_mode = force_generic_plan;
PREPARE between_times (timestamptz, timestamptz) AS
  SELECT count(name) FROM product WHERE update_time BETWEEN $1 AND $2;
PREPARE since_interval (interval) AS
  SELECT count(name) FROM product WHERE update_time >= timestamptz '2026-01-02' - $1;
PREPARE by_text (text) AS SELECT count(cost) FROM product WHERE serial_no = $1;
PREPARE by_texts (text[]) AS SELECT count(cost) FROM product WHERE serial_no = ANY ($1);
PREPARE by_id (bigint) AS SELECT count(cost) FROM product WHERE data_id = $1;
PREPARE by_number (numeric) AS SELECT count(name) FROM product WHERE cost = $1;
SELECT sim('clear');
EXECUTE since ('2026-01-01 00:00:07');
EXECUTE since ('2026-01-01 00:00:07.5');
EXECUTE since ('-infinity');
EXECUTE since ('infinity');
EXECUTE since (NULL);
EXECUTE between_times ('2026-01-01', '2026-01-02');
EXECUTE between_times ('2026-01-01', NULL);
EXECUTE between_times ('2026-01-02', '2026-01-01');
EXECUTE since_interval ('1 day');
EXECUTE by_text (:'serial_no');
EXECUTE by_text ('');
EXECUTE by_text (NULL);
EXECUTE by_texts (ARRAY['a', NULL, :'serial_no']);
EXECUTE by_texts ('{}');
EXECUTE by_texts (NULL);
EXECUTE by_id (51200002);
EXECUTE by_id (0);
EXECUTE by_number (7);
EXECUTE by_number (0);
SELECT sim('log fields=cond');
EXPLAIN (VERBOSE, COSTS off) EXECUTE between_times ('2026-01-01', '2026-01-02');
SELECT name, generic_plans > 0 AS generic FROM pg_prepared_statements ORDER BY name;
RESET plan_cache_mode;

-- a loop in PL/pgSQL: its statement is prepared behind the scenes
CREATE FUNCTION agrees() RETURNS SETOF boolean LANGUAGE plpgsql AS $$
DECLARE
  here bigint;
  there bigint;
  bound timestamptz;
BEGIN
  FOR i IN 1..8 LOOP
    bound := timestamptz '2026-01-01' + i * interval '2 days';
    SELECT count(name) INTO there FROM product WHERE update_time >= bound;
    SELECT count(name) INTO here FROM copy WHERE update_time >= bound;
    RETURN NEXT here = there AND here > 0;
  END LOOP;
END
$$;
SELECT sim('clear');
SELECT agrees();
SELECT sim('log fields=cond');

-- a plan outlives changes of the table that it reads
SET plan_cache_mode = force_generic_plan;
PREPARE names AS SELECT data_id, name FROM product WHERE data_id = 51200002;
EXECUTE names;
ALTER FOREIGN TABLE product ALTER COLUMN name OPTIONS (SET attr 'text_43');
EXECUTE names;
ALTER FOREIGN TABLE product OPTIONS (ADD conditions '[{"attr":"text_8","symbol":"equal","value":["1"]}]');
EXECUTE names;
SELECT sim('log tail=1 fields=cond');
