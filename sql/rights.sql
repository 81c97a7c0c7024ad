-- A scan has the rights and the user mapping of whoever may read the table by it:
-- the caller, a view's owner, a function's definer.  Changes of server and mapping
-- act on the next scan; between scans the connections are kept.

\set company dingRights
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=30 freeze=on');
CREATE SERVER rights FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE FOREIGN TABLE product (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER rights OPTIONS (object 'product');
CREATE ROLE xbb_rights_owner;
CREATE ROLE xbb_rights_reader;
CREATE ROLE xbb_rights_other;
GRANT USAGE ON SCHEMA "dingRights" TO xbb_rights_owner, xbb_rights_reader, xbb_rights_other;
GRANT CREATE ON SCHEMA "dingRights" TO xbb_rights_owner;
GRANT SELECT ON product TO xbb_rights_owner, xbb_rights_reader;
CREATE USER MAPPING FOR xbb_rights_owner SERVER rights OPTIONS (token 't0ken', user_id 'owner');
CREATE USER MAPPING FOR xbb_rights_reader SERVER rights OPTIONS (token 't0ken', user_id 'reader');

-- who asked, by the log
CREATE FUNCTION asked_by() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = "dingRights" AS $$
  SELECT string_agg(line, ',') FROM (SELECT DISTINCT sim('log fields=user') line) lines
$$;
SET ROLE xbb_rights_owner;
CREATE VIEW owners AS SELECT * FROM product;
CREATE VIEW invokers WITH (security_invoker) AS SELECT * FROM product;
CREATE VIEW nested AS SELECT * FROM invokers;
CREATE FUNCTION definers() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(name) FROM "dingRights".product';
CREATE FUNCTION callers() RETURNS bigint LANGUAGE sql AS 'SELECT count(name) FROM "dingRights".product';
GRANT SELECT ON owners, invokers, nested TO xbb_rights_reader, xbb_rights_other;
RESET ROLE;
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(name) FROM product;
RESET ROLE;
SELECT asked_by();
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(name) FROM owners;
RESET ROLE;
SELECT asked_by();
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(*) FROM owners;
RESET ROLE;
SELECT asked_by();
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(name) FROM invokers;
RESET ROLE;
SELECT asked_by();
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(*) FROM invokers WHERE data_id = 51200003;
RESET ROLE;
SELECT asked_by();
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(name) FROM nested;
RESET ROLE;
SELECT asked_by() AS "as if the inner view were read directly";
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT definers();
RESET ROLE;
SELECT asked_by();
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT callers();
RESET ROLE;
SELECT asked_by();

-- both in one query: each scan its own
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(a.name) FROM owners a JOIN invokers b USING (data_id);
RESET ROLE;
SELECT asked_by();

-- whoever may not read the table gets nothing, whatever mapping he has; whoever
-- has no mapping learns what to type
SELECT sim('clear');
SET ROLE xbb_rights_other;
SELECT count(name) FROM product;
SELECT count(name) FROM owners;
SELECT count(name) FROM invokers;
SELECT callers();
SELECT definers();
RESET ROLE;
SELECT asked_by();
GRANT SELECT ON product TO xbb_rights_other;
SET ROLE xbb_rights_other;
SELECT count(name) FROM product;
SELECT count(name) FROM invokers;
SELECT count(name) FROM owners;
EXPLAIN (COSTS off) SELECT * FROM product;
RESET ROLE;

-- the mapping for PUBLIC serves those without their own
CREATE USER MAPPING FOR PUBLIC SERVER rights OPTIONS (token 't0ken', user_id 'public');
SELECT sim('clear');
SET ROLE xbb_rights_other;
SELECT count(name) FROM product;
SET ROLE xbb_rights_reader;
SELECT count(name) FROM product;
RESET ROLE;
SELECT asked_by();

-- a changed mapping is used by the next scan, one without token is an error
ALTER USER MAPPING FOR xbb_rights_reader SERVER rights OPTIONS (SET user_id 'another');
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(name) FROM product;
RESET ROLE;
SELECT asked_by();
ALTER USER MAPPING FOR xbb_rights_reader SERVER rights OPTIONS (SET token 'wrong');
SET ROLE xbb_rights_reader;
\set VERBOSITY terse
SELECT count(name) FROM product;
\set VERBOSITY default
RESET ROLE;
ALTER USER MAPPING FOR xbb_rights_reader SERVER rights OPTIONS (DROP token);
SET ROLE xbb_rights_reader;
SELECT count(name) FROM product;
RESET ROLE;
DROP USER MAPPING FOR xbb_rights_reader SERVER rights;
SELECT sim('clear');
SET ROLE xbb_rights_reader;
SELECT count(name) FROM product;
RESET ROLE;
SELECT asked_by();
SELECT sim('set token=n3w');
ALTER USER MAPPING FOR PUBLIC SERVER rights OPTIONS (SET token 'n3w');
SELECT count(name) FROM product;

-- so is a changed server; a scan that runs goes on as it began
SELECT sim('set token=t0ken');
ALTER USER MAPPING FOR PUBLIC SERVER rights OPTIONS (SET token 't0ken');
BEGIN;
DECLARE running CURSOR FOR SELECT data_id > 0 AS running FROM product;
MOVE 5 IN running;
ALTER SERVER rights OPTIONS (ADD page_size '10');
FETCH 1 FROM running;
MOVE 23 IN running;
FETCH ALL FROM running;
CLOSE running;
SELECT sim('clear');
SELECT count(name) FROM product WHERE data_id = 51200003;
SELECT sim('log fields=size');
ROLLBACK;
SELECT sim('clear');
SELECT count(name) FROM product WHERE data_id = 51200003;
SELECT sim('log fields=size');
ALTER SERVER rights OPTIONS (SET base_url 'http://127.0.0.1:1', ADD max_retries '0');
\set VERBOSITY sqlstate
SELECT count(name) FROM product;
\set VERBOSITY default
ALTER SERVER rights OPTIONS (SET base_url :'url', DROP max_retries);
SELECT count(name) FROM product;

-- ten scans, one connection; a changed mapping begins another
ALTER USER MAPPING FOR PUBLIC SERVER rights OPTIONS (SET user_id 'first');
SELECT sim('clear');
SELECT n, (SELECT count(name) FROM product WHERE data_id = 51200001 + n) FROM generate_series(1, 10) n;
SELECT count(name) FROM product;
SELECT substring(sim('stats') FROM 'connections=\d+');
ALTER USER MAPPING FOR PUBLIC SERVER rights OPTIONS (SET user_id 'second');
SELECT count(name) FROM product;
SELECT count(name) FROM product;
SELECT substring(sim('stats') FROM 'connections=\d+');

DROP OWNED BY xbb_rights_owner, xbb_rights_reader, xbb_rights_other CASCADE;
DROP ROLE xbb_rights_owner, xbb_rights_reader, xbb_rights_other;
