-- A change of one's mind about a push: what would be sent again is counted before it is, and what the target has may
-- count as sent.  A query does not hold its tables for ever.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl tAgain create-target twice=double
\set port `python3 $XBB_SIM ctl tAgain port`
\pset format unaligned
CREATE ROLE regress_xbb_again;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
RESET client_min_messages;
CREATE SCHEMA push_again AUTHORIZATION regress_xbb_again;
SET search_path = push_again;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_again FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0', max_retries '0');
GRANT USAGE ON FOREIGN SERVER push_again TO regress_xbb_again;
SET ROLE regress_xbb_again;
CREATE USER MAPPING FOR regress_xbb_again SERVER push_again;
CREATE FOREIGN TABLE material (id text, version int, size numeric) SERVER push_again
  OPTIONS (api '/api/execute', batch_size '50', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_id '$.docId', record_message '$.message');
CREATE TABLE goods (id text, version int, size numeric);
INSERT INTO goods SELECT 'G' || lpad(n::text, 2, '0'), 1, n FROM generate_series(1, 12) n;
CREATE VIEW states AS SELECT status, count(*), count(target_id) AS ids, sum(attempts) AS attempts FROM xbb.push_item GROUP BY status ORDER BY status;

-- another name for a member: each record is another one, and the target would have each twice
SELECT xbb.create_push('goods', source => 'goods', target => 'material', key => '{id}');
\! python3 $XBB_SIM ctl tAgain refuse message=no G12
CALL xbb.push('goods');
ALTER FOREIGN TABLE material ALTER size OPTIONS (ADD attr 'spec.size');
SELECT xbb.alter_push('goods', resend => false);
SELECT xbb.alter_push('goods', resend => false);
TABLE states;
CALL xbb.push('goods');
-- what was refused, what is new and what changes from here on is sent
INSERT INTO goods VALUES ('G13', 1, 13);
UPDATE goods SET version = 2 WHERE id = 'G03';
\! python3 $XBB_SIM ctl tAgain accept
CALL xbb.push('goods');
TABLE states;
\! python3 $XBB_SIM ctl tAgain journal | cut -f 6,7 | sort | uniq -c | awk '{ print $2, $3, $1 }'

-- who did not ask is told before it happens
ALTER FOREIGN TABLE material ALTER size OPTIONS (DROP attr);
CALL xbb.push('goods');
TABLE states;

-- another source; a row that cannot be sent is in nobody's way
INSERT INTO goods VALUES ('G14', 1, 'NaN');
SELECT xbb.alter_push('goods', source => 'SELECT id, version, size + 1 AS size FROM goods WHERE id < ''G03''');
SELECT xbb.alter_push('goods', source => 'SELECT id, version, size + 1 AS size FROM goods', resend => false);
CALL xbb.push('goods');
SELECT key, status, message FROM xbb.push_item WHERE status <> 'acknowledged';
-- one that cannot be read is named by the run
SELECT xbb.alter_push('goods', source => 'SELECT id, version / (version - version) AS version, size FROM goods');
CALL xbb.push('goods');
-- what is waiting to be sent again, and is not to be
SELECT xbb.alter_push('goods', source => 'SELECT id, version, size + 2 AS size FROM goods WHERE id < ''G14''');
\! python3 $XBB_SIM ctl tAgain fault what=status code=503 retry_after=3600 times=0
SET client_min_messages = error;
CALL xbb.push('goods');
RESET client_min_messages;
\! python3 $XBB_SIM ctl tAgain clear what=faults
TABLE states;
SELECT xbb.alter_push('goods', resend => false);
TABLE states;
CALL xbb.push('goods');
-- nothing was sent yet, so that nothing counts as sent
SELECT xbb.drop_push('goods');
SELECT xbb.create_push('goods', source => 'goods', target => 'material', key => '{id}', feed => 'trigger');
SELECT xbb.alter_push('goods', resend => false);
SELECT count(*) FROM xbb.push_item;
SELECT xbb.drop_push('goods');

-- a column that a query reads is altered behind one that does not
SELECT xbb.create_push('held', source => 'SELECT id, version FROM goods', target => 'material', key => '{id}', copy_data => false);
\set VERBOSITY sqlstate
ALTER TABLE goods ALTER version TYPE bigint;
\set VERBOSITY default
BEGIN;
SELECT xbb.alter_push('held', source => 'SELECT NULL::text AS id, NULL::int AS version WHERE false');
ALTER TABLE goods ALTER version TYPE bigint;
SELECT xbb.alter_push('held', source => 'SELECT id, version FROM goods');
COMMIT;
CALL xbb.push('held');
-- but not by what runs within a run
CREATE FUNCTION meddle() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM xbb.alter_push('held', workers => 2); RETURN 'x'; END $$;
SELECT xbb.alter_push('held', source => 'SELECT meddle() AS id');
CALL xbb.push('held');
SELECT xbb.drop_push('held');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA push_again CASCADE;
DROP SERVER push_again CASCADE;
DROP ROLE regress_xbb_again;
