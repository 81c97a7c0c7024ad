-- What feeds a push: a query, a trigger, what another push has brought to its target; and whose it is.
\getenv sim XBB_SIM
\set SHOW_CONTEXT never
\! python3 $XBB_SIM ctl tFeed create-target
\set port `python3 $XBB_SIM ctl tFeed port`
\pset format unaligned
CREATE ROLE regress_xbb_feed;
CREATE ROLE regress_xbb_feed_other;
CREATE ROLE regress_xbb_feed_watch IN ROLE pg_read_all_stats;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE SCHEMA push_feed AUTHORIZATION regress_xbb_feed;
GRANT USAGE ON SCHEMA push_feed TO regress_xbb_feed_other;
SET search_path = push_feed;
SELECT 'http://127.0.0.1:' || :'port' AS url \gset
CREATE SERVER push_feed FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER push_feed TO regress_xbb_feed, regress_xbb_feed_other;
CREATE USER MAPPING FOR regress_xbb_feed SERVER push_feed OPTIONS (app_secret 'hush-hush');
CREATE SERVER push_feed_dry FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://erp.example');
GRANT USAGE ON FOREIGN SERVER push_feed_dry TO regress_xbb_feed;
CREATE USER MAPPING FOR regress_xbb_feed SERVER push_feed_dry OPTIONS (app_secret 'hush-hush');
SET ROLE regress_xbb_feed;
CREATE FOREIGN TABLE elsewhere_material (id text, version int) SERVER push_feed_dry
  OPTIONS (api '/api/execute', batch_size '2', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0');
CREATE FOREIGN TABLE material (id text, version int) SERVER push_feed
  OPTIONS (api '/api/execute', batch_size '10', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_id '$.docId', record_message '$.message', message '$.message', repeat 'upsert');
CREATE FOREIGN TABLE orders (id text, version int, lines jsonb) SERVER push_feed
  OPTIONS (api '/api/execute', batch_size '10', headers '{"X-Secret": "{{app_secret}}"}', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true',
           record_id '$.docId', record_message '$.message', message '$.message', repeat 'upsert');

-- a trigger marks what changes once it commits; the newest state is sent, of a key that is gone none
CREATE TABLE stock (place int, id text, version int, PRIMARY KEY (place, id));
INSERT INTO stock VALUES (1, 'A', 1), (1, 'B', 1);
SELECT xbb.create_push('stock', source => 'stock', target => 'material', key => '{place,id}', feed => 'trigger');
CALL xbb.push('stock');
BEGIN;
INSERT INTO stock VALUES (1, 'C', 1);
ROLLBACK;
INSERT INTO stock VALUES (1, 'D', 1), (2, E'E''{"\\', 1);
UPDATE stock SET version = 2 WHERE id = 'A';
UPDATE stock SET version = 3 WHERE id = 'A';
UPDATE stock SET id = 'B2' WHERE id = 'B';
INSERT INTO stock VALUES (1, 'F', 1);
DELETE FROM stock WHERE id = 'F';
CALL xbb.push('stock');
SELECT key, status FROM xbb.push_item ORDER BY key;
\! python3 $XBB_SIM ctl tFeed journal | cut -f 6,7,9 | sort
CALL xbb.push('stock');
SELECT xbb.create_push('later', source => 'stock', target => 'material', key => '{place,id}', feed => 'trigger', copy_data => false);
UPDATE stock SET version = 4 WHERE id = 'A';
CALL xbb.push('later');
SELECT xbb.drop_push('later');
SELECT xbb.drop_push('stock');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'stock'::regclass AND NOT tgisinternal;
-- one that somebody else makes of its function notes nothing
CREATE TABLE elsewhere (id text);
CREATE TRIGGER planted AFTER INSERT ON elsewhere FOR EACH ROW EXECUTE FUNCTION xbb._push_mark(1, id);
INSERT INTO elsewhere VALUES ('x');
SELECT xbb._push_mark();

-- orders wait for their materials
CREATE TABLE goods (id text PRIMARY KEY, version int);
CREATE TABLE sold (number text PRIMARY KEY, goods text[]);
INSERT INTO goods SELECT 'G' || n, 1 FROM generate_series(1, 4) n;
INSERT INTO sold VALUES ('S1', '{G1,G2}'), ('S2', '{G2,G3}'), ('S3', '{G4}');
SELECT xbb.create_push('goods', source => 'goods', target => 'material', key => '{id}');
SELECT xbb.create_push('sold', source => $$
  SELECT s.number AS id, 1 AS version, jsonb_agg(m.target_id IS NOT NULL) AS lines
  FROM sold s CROSS JOIN unnest(s.goods) g (id) LEFT JOIN xbb.push_item m ON m.push = 'goods' AND m.key = ARRAY[g.id] AND m.status = 'acknowledged'
  GROUP BY s.number HAVING count(*) = count(m.id);
  $$, target => 'orders', key => '{id}');
\! python3 $XBB_SIM ctl tFeed refuse message=stop G3
CALL xbb.push_all();
SELECT push, key, status FROM xbb.push_item WHERE push = 'sold' ORDER BY key;
\! python3 $XBB_SIM ctl tFeed accept
SELECT xbb.push_retry(id) FROM xbb.push_item WHERE status = 'rejected';
CALL xbb.push_all();
SELECT push, key, status FROM xbb.push_item WHERE push = 'sold' ORDER BY key;

-- a dry run shows what would be sent, and no secret; nothing stays of it
INSERT INTO goods VALUES ('G5', 1);
SELECT xbb.create_push('dry', source => 'goods', target => 'elsewhere_material', key => '{id}');
CALL xbb.push('dry', dry_run => true);
SELECT count(*) FROM xbb.push_item WHERE push = 'dry';
SELECT xbb.drop_push('dry');

-- a push that is not to send what is there
SELECT xbb.create_push('again', source => 'goods', target => 'material', key => '{id}', copy_data => false);
CALL xbb.push('again');
UPDATE goods SET version = 9 WHERE id = 'G1';
CALL xbb.push('again');
SELECT key, status, message FROM xbb.push_item WHERE push = 'again' ORDER BY key;

-- where it cannot commit
BEGIN;
CALL xbb.push('again');
ROLLBACK;
DO $$ BEGIN CALL xbb.push('again'); END $$;
CREATE FUNCTION calls() RETURNS void LANGUAGE sql AS $$ CALL xbb.push('again') $$;
SELECT calls();

-- changes
SELECT xbb.alter_push('again', new_name => 'once', workers => 3, max_age => '1 hour', enabled => false);
SELECT name, workers, max_age, enabled, source, key FROM xbb.push_definition WHERE name = 'once';
RESET client_min_messages;
CALL xbb.push('once');
SET client_min_messages = warning;
SELECT xbb.alter_push('once', new_name => 'goods');
SELECT xbb.alter_push('once', source => 'SELECT id, version FROM goods WHERE id <> ''G2''', enabled => true);
CALL xbb.push('once');
SELECT query, source FROM xbb.push_definition WHERE name = 'once';
SELECT xbb.alter_push('once', source => 'SELECT id AS number FROM goods');

-- other roles see nothing of it, but for those who watch
SELECT id AS item FROM xbb.push_item LIMIT 1 \gset
RESET ROLE;
SET ROLE regress_xbb_feed_other;
SELECT count(*) FROM xbb.push_item;
SELECT count(*) FROM xbb.push_definition;
SELECT count(*) FROM xbb.push_status;
SELECT count(*) FROM xbb.push_run;
CALL xbb.push('once');
\set VERBOSITY sqlstate
SELECT xbb.push_retry(:item);
SELECT xbb.push_resolve(:item, 'rejected', 'mine');
\set VERBOSITY default
SELECT xbb.alter_push('once', enabled => false);
SELECT xbb.drop_push('once');
TABLE xbb._push_item;
INSERT INTO xbb._push_mark VALUES (1, '{x}');
BEGIN; LOCK TABLE xbb._push_item; ROLLBACK;
BEGIN; LOCK TABLE xbb.push_item; ROLLBACK;
SELECT xbb._push_lock(d, 1, true) FROM generate_series(1, 9) d;
SELECT xbb._push_enqueue(3, 'SELECT ''{x}''::text, ''{}''::text', true);
SELECT xbb._push_open(3, 1, 1);
SELECT xbb._push_step(3);
SELECT xbb._push_sent(3);
SELECT xbb._push_close(3);
SELECT xbb._push_run_begin(3, 1, 'running');
SELECT xbb._push_preview(3, 1);
SELECT xbb._push_marks(3, 10);
SELECT xbb.create_push('theirs', source => 'push_feed.goods', target => 'push_feed.material', key => '{id}');
RESET ROLE;
SET ROLE regress_xbb_feed_watch;
SELECT name, state, last_error FROM xbb.push_status WHERE owner::text LIKE 'regress_xbb_feed%' ORDER BY name;
SELECT count(*) > 0 AS runs, count(error) FROM xbb.push_run;
SELECT count(*) FROM xbb.push_item;
RESET ROLE;
-- a role that is gone
GRANT regress_xbb_feed_other TO regress_xbb_feed;
SET ROLE regress_xbb_feed;
SELECT xbb.alter_push('once', owner => 'regress_xbb_feed_other');
SELECT xbb.alter_push('goods', owner => 'regress_xbb_feed_watch');
SELECT name, owner FROM xbb.push_definition ORDER BY name;
RESET ROLE;
SET ROLE regress_xbb_feed_other;
CALL xbb.push('once');
SELECT xbb.drop_push('once');
RESET ROLE;
SET ROLE regress_xbb_feed;
SELECT xbb.drop_push(name) FROM xbb.push_definition;
RESET ROLE;
SELECT count(*) AS left_over
FROM (SELECT push FROM xbb._push_item UNION ALL SELECT push FROM xbb._push_request UNION ALL SELECT push FROM xbb._push_run_log) l
WHERE NOT EXISTS (SELECT FROM xbb._push_definition d WHERE d.id = l.push);
DROP SCHEMA push_feed CASCADE;
DROP SERVER push_feed, push_feed_dry CASCADE;
DROP ROLE regress_xbb_feed, regress_xbb_feed_other, regress_xbb_feed_watch;
