-- Where a run begins to read: many changes at once are read again for as long as overlap
-- says, and then no more, however quiet it is; and no clock hides a change, neither the
-- API's, if it was ahead for a while or is set back, nor what comes late.

\set company dingSyncQuiet
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=600 width=3 start=1760000000 end=1769900000');
CREATE SERVER sync_quiet FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER sync_quiet OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, number numeric OPTIONS (attr 'num_1'))
  SERVER sync_quiet OPTIONS (object 'product');
CREATE VIEW run AS
  SELECT status, rows_read, updated, requests FROM xbb.sync_run WHERE sync = 'quiet' ORDER BY id DESC LIMIT 1;
CREATE FUNCTION touch(first int, last int, at text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
  SELECT sim(concat_ws(' ', 'touch', at, 'id=' || string_agg((51200000 + n)::text, ',')), '{"num_1": 17}') FROM generate_series(first, last) n
$$;
\set ECHO queries
SELECT xbb.create_sync('quiet', 'source');
CREATE VIEW differences AS
  SELECT count(*) FROM (TABLE source EXCEPT TABLE quiet) a FULL JOIN (TABLE quiet EXCEPT TABLE source) b USING (data_id);
\setenv PGDATABASE :DBNAME
\set sync '\\! psql -X -q -c "CALL xbb.sync(''quiet'')" 2>&1 | grep ERROR'
:sync

-- 500 changes, read again while the hour is not over
SELECT touch(1, 500);
:sync
SELECT sim('clock advance=1800');
:sync
SELECT status, rows_read, updated, requests > 5 AS many FROM run;
SELECT sim('clock advance=3601');
:sync
SELECT status, rows_read FROM run;
-- then one request, and after a quiet day, too
:sync
SELECT status, rows_read, requests FROM run;
SELECT sim('clock advance=86400');
:sync
SELECT status, rows_read, requests FROM run;

-- what is stamped long ago is seen in such quiet
SELECT touch(501, 501, 'at=' || (sim('clock')::bigint - 80000));
:sync
SELECT status, updated, requests FROM run;
TABLE differences;
-- and what comes late by less than the overlap in any case
SELECT touch(1, 300);
:sync
SELECT sim('clock advance=3600');
:sync
SELECT touch(502, 502, 'at=' || (sim('clock')::bigint - 3500));
SELECT sim('clock advance=60');
:sync
SELECT status, updated FROM run;
TABLE differences;

-- the API's clock is set back by five hours: what changes then is seen
SELECT sim('clock advance=90000');
:sync
:sync
SELECT status, requests FROM run;
SELECT sim('clock set=' || (sim('clock')::bigint - 18000));
SELECT touch(503, 503);
:sync
SELECT status, updated FROM run;
TABLE differences;
-- also by the first run that can read it: many records of the future are an error
SELECT sim('clock advance=18000');
SELECT touch(1, 300);
:sync
SELECT sim('clock set=' || (sim('clock')::bigint - 18000));
SELECT touch(504, 504);
:sync
SELECT status, rows_read FROM run;
SELECT sim('clock advance=18000');
:sync
SELECT status, updated FROM run;
TABLE differences;

-- it is five hours ahead for a while, in which something changes, and right again
SELECT sim('clock advance=18000');
SELECT touch(505, 505);
:sync
SELECT status, updated FROM run;
SELECT sim('clock set=' || (sim('clock')::bigint - 18000 + 60));
SELECT touch(506, 506);
:sync
SELECT status, updated FROM run;
SELECT touch(507, 507);
:sync
SELECT status, updated FROM run;
TABLE differences;

-- a record of the future, and what changes now
SELECT touch(508, 508, 'at=4000000000');
:sync
SELECT sim('clock advance=60');
SELECT touch(509, 509);
:sync
SELECT status, updated FROM run;
TABLE differences;

SET client_min_messages = warning;
SELECT xbb.drop_sync('quiet');
DROP SERVER sync_quiet CASCADE;
DROP SCHEMA "dingSyncQuiet" CASCADE;
