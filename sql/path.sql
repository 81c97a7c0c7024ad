-- What somebody else has put into the caller's search path is not run: functions and
-- operators that fit better than those of pg_catalog, and types in pg_temp.
\set company dingPath
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create token=t0ken products=30 freeze=on');
SET client_min_messages = error;

-- an intern's schema, which is in the way of whoever has it in the search path
CREATE ROLE regress_xbb_intern;
CREATE ROLE regress_xbb_etl;
GRANT ALL ON SCHEMA "dingPath" TO regress_xbb_etl, regress_xbb_intern;
CREATE SEQUENCE loot;       -- it counts what was called, in spite of rollbacks
GRANT ALL ON SEQUENCE loot TO PUBLIC;
SET ROLE regress_xbb_intern;
CREATE FUNCTION called(anyelement) RETURNS anyelement LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_catalog.nextval('"dingPath".loot'); RETURN $1; END $$;
CREATE FUNCTION cardinality(text[]) RETURNS int LANGUAGE sql AS 'SELECT "dingPath".called(pg_catalog.cardinality($1))';
CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE sql AS 'SELECT "dingPath".called(pg_catalog.quote_ident($1::pg_catalog.text))';
CREATE FUNCTION format(text, text) RETURNS text LANGUAGE sql AS 'SELECT "dingPath".called(pg_catalog.format($1, $2))';
CREATE FUNCTION format(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT "dingPath".called(pg_catalog.format($1, $2, $3))';
CREATE FUNCTION format(text, text, regclass) RETURNS text LANGUAGE sql AS 'SELECT "dingPath".called(pg_catalog.format($1, $2, $3))';
CREATE FUNCTION equal(regrole, oid) RETURNS boolean LANGUAGE sql AS 'SELECT "dingPath".called($1::pg_catalog.oid OPERATOR(pg_catalog.=) $2)';
CREATE FUNCTION equal(oid, regclass) RETURNS boolean LANGUAGE sql AS 'SELECT "dingPath".called($1 OPERATOR(pg_catalog.=) $2::pg_catalog.oid)';
CREATE FUNCTION equal(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT "dingPath".called($1::pg_catalog.text OPERATOR(pg_catalog.=) $2)';
CREATE FUNCTION equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT "dingPath".called(pg_catalog.texteq($1, $2))';
CREATE FUNCTION joined(text[], text[]) RETURNS text[] LANGUAGE sql AS 'SELECT "dingPath".called(pg_catalog.array_cat($1, $2))';
CREATE OPERATOR = (LEFTARG = regrole, RIGHTARG = oid, FUNCTION = equal);
CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = equal);
CREATE OPERATOR = (LEFTARG = name, RIGHTARG = text, FUNCTION = equal);
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = equal);
CREATE OPERATOR || (LEFTARG = text[], RIGHTARG = text[], FUNCTION = joined);
RESET ROLE;
-- they are found so
SET search_path = "dingPath", pg_catalog;
SELECT pg_catalog.format('x') || format('%s', 'y'::text), 'a'::text = 'a'::text AS equal;
SELECT last_value > 0 AND is_called AS trap_works FROM loot;
SELECT pg_catalog.setval('loot', 1, false) \gset

CREATE SERVER path FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingPath', base_url :'url', rate_limit '0', max_retries '0');
GRANT USAGE ON FOREIGN SERVER path TO regress_xbb_etl;
CREATE USER MAPPING FOR regress_xbb_etl SERVER path OPTIONS (token 't0ken');
SET ROLE regress_xbb_etl;
CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz) SERVER path OPTIONS (object 'product');
SELECT xbb.create_sync('path', source => 'source', target => 'copy', delete_mode => 'delete');
SELECT xbb.create_sync('by number', source => 'source', target => 'copy_by_number', key => '{serial_no}', columns => '{"serial_no": "serial_no"}');
SELECT xbb.alter_sync('path', overlap => '2 hours', key => '{data_id}');
CALL xbb.sync('path');
CALL xbb.sync('by number');
CALL xbb.reconcile('path');
CALL xbb.reconcile('path', full => true);
CALL xbb.retry_rejects('path');
SELECT pg_catalog.count(*) FROM copy;
-- a run that fails, without a word of its own for DETAIL
REVOKE INSERT ON copy FROM regress_xbb_etl;
\set VERBOSITY terse
CALL xbb.sync('path');
CALL xbb.retry_rejects('nobody''s');
\set VERBOSITY default
SELECT pg_catalog.count(*) FROM xbb.sync_status;
SELECT xbb.drop_sync('by number');
RESET ROLE;
SELECT last_value, is_called FROM loot;

-- types are looked up once a session, by whoever is first
\c
SET client_min_messages = error;
SET ROLE regress_xbb_intern;
CREATE FUNCTION pg_temp.evil(pg_catalog.text) RETURNS boolean LANGUAGE sql AS 'SELECT "dingPath".called(true)';
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.record AS pg_catalog.text CHECK (pg_temp.evil(VALUE));
CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (pg_temp.evil(VALUE #>> '{}'));
\set VERBOSITY terse
CALL xbb.sync('no such sync');
CALL xbb.reconcile('no such sync');
SELECT xbb.alter_sync('no such sync');
RESET ROLE;
SET ROLE regress_xbb_etl;
GRANT INSERT ON "dingPath".copy TO regress_xbb_etl;
CALL xbb.sync('path');
SELECT xbb.alter_sync('path', chunk => '30 days');
CALL xbb.reconcile('path');
RESET ROLE;
SELECT last_value, is_called FROM "dingPath".loot;

DROP OWNED BY regress_xbb_etl, regress_xbb_intern CASCADE;
DROP SCHEMA "dingPath" CASCADE;
DROP SERVER path CASCADE;
DROP ROLE regress_xbb_etl, regress_xbb_intern;
