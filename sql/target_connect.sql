-- A session's connections to a target are kept from one statement to the next, whatever
-- becomes of its transactions, until they are ended.

\set company dingConnect
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
SELECT sim('create-target token=t');
CREATE FUNCTION connections() RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace(sim('stats'), '.*(connections=\d+).*', '\1') $$;
CREATE SERVER target_connect FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', auth 'bearer');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER target_connect OPTIONS (token 't');
CREATE FOREIGN TABLE kept (id text) SERVER target_connect OPTIONS (api '/target/dingConnect/api/execute', envelope '["$record"]', ok '$.code == 0');
-- at once, since what has been idle for some seconds is not used again
DO $$
BEGIN
  INSERT INTO kept VALUES ('1');
  INSERT INTO kept VALUES ('2');
  BEGIN
    INSERT INTO kept VALUES ('3');
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN
    INSERT INTO kept VALUES ('4');
  END;
  COMMIT;
  INSERT INTO kept VALUES ('5');
  ROLLBACK;
  INSERT INTO kept VALUES ('6');
END $$;
SELECT connections();
SELECT xbb.disconnect('target_connect'), xbb.disconnect('target_connect');
INSERT INTO kept VALUES ('7');
SELECT connections();
-- one that is in use ends when it is no longer
BEGIN;
DECLARE c CURSOR FOR SELECT status FROM xbb.send('kept', 'SELECT ''8'' AS id');
FETCH c;
SELECT xbb.disconnect('target_connect') IS NOT NULL;
COMMIT;
INSERT INTO kept VALUES ('9');
ALTER SERVER target_connect OPTIONS (SET rate_limit '1000');
INSERT INTO kept VALUES ('10');
SELECT xbb.disconnect(), xbb.disconnect('target_connect');
SELECT sim('remove');
\o /dev/null
\set VERBOSITY terse
DROP SERVER target_connect CASCADE;
DROP SCHEMA :"company" CASCADE;
\o
