-- Tables of targets are written by INSERT and COPY, in batches where nobody looks at single
-- rows; what was not accepted is an error that counts what arrived; nothing can be read.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl targetInsert create-target token=s3cret log_body=on
SELECT :'url' || '/target/targetInsert' AS base \gset
CREATE SCHEMA target_insert;
SET search_path = target_insert;
\pset format unaligned
CREATE ROLE regress_xbb_target_clerk;
CREATE ROLE regress_xbb_target_sender;
GRANT USAGE ON SCHEMA target_insert TO regress_xbb_target_clerk, regress_xbb_target_sender;

CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
  h text;
BEGIN
  EXECUTE statement;
  RETURN 'good';
EXCEPTION
  WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', SQLSTATE || ': ' || SQLERRM, nullif('DETAIL: ' || d, 'DETAIL: '),
                     nullif('HINT: ' || h, 'HINT: '));
END $$;

CREATE SERVER target_insert FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'base', rate_limit '0', max_retries '0', auth 'bearer',
  ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', record_id '$.docId', record_message '$.message',
  message '$.message', duplicate '$.status == "duplicate"', throttled '$.code == 429', token_expired '$.code == 401', retry '$.code == 503');
CREATE USER MAPPING FOR CURRENT_USER SERVER target_insert OPTIONS (token 's3cret');
CREATE FOREIGN TABLE material (编码 text, id text, verdict text OPTIONS (verdict 'status'), message text OPTIONS (verdict 'message'), document text OPTIONS (verdict 'id'))
  SERVER target_insert OPTIONS (api '/api/execute', batch_size '50');

-- The case study's request byte for byte; the session is warned, once.
BEGIN;
INSERT INTO material (编码, id) VALUES ('001', 'A1'), ('002', 'B2');
INSERT INTO material (编码, id) VALUES ('001', 'A1'), ('002', 'B2');
ROLLBACK;
\! python3 $XBB_SIM ctl targetInsert log fields=path,body -- documents -- clear
-- batches of 50
INSERT INTO material (编码, id) SELECT n, 'C' || n FROM generate_series(1, 120) n;
\! python3 $XBB_SIM ctl targetInsert count -- clear
-- where somebody looks at rows, one by one
INSERT INTO material (编码, id) VALUES ('1', 'D1'), ('2', 'D2') RETURNING *;
\! python3 $XBB_SIM ctl targetInsert log fields=body -- clear
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := 'E' || NEW.id; RETURN NEW; END $$;
CREATE TRIGGER note BEFORE INSERT ON material FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO material (编码, id) VALUES ('1', '1'), ('2', '2');
\! python3 $XBB_SIM ctl targetInsert log fields=body -- clear
DROP TRIGGER note ON material;
CREATE VIEW only_f AS SELECT 编码, id FROM material WHERE id ^@ 'F' WITH CHECK OPTION;
SELECT try($$INSERT INTO only_f VALUES ('1', 'F1'), ('2', 'G2'), ('3', 'F3')$$);
\! python3 $XBB_SIM ctl targetInsert log fields=body -- clear

-- What is refused: the rows before it, and the others of its batch, are there.
\! python3 $XBB_SIM ctl targetInsert refuse H7 message=物料不存在
SELECT try($$INSERT INTO material (编码, id) SELECT n, 'H' || n FROM generate_series(1, 9) n$$);
SELECT try($$INSERT INTO material (编码, id) SELECT n, 'H' || n FROM generate_series(1, 9) n RETURNING id$$);
SELECT try($$INSERT INTO material (编码, id) SELECT n, CASE n WHEN 120 THEN 'H7' ELSE 'I' || n END FROM generate_series(1, 200) n$$);
\! python3 $XBB_SIM ctl targetInsert log fields=result -- clear
-- There already: that is well.
\! python3 $XBB_SIM ctl targetInsert set twice=refuse
INSERT INTO material (编码, id) VALUES ('9', 'H1'), ('9', 'J1') RETURNING id, verdict, message;
\! python3 $XBB_SIM ctl targetInsert set twice=upsert -- clear

-- What is not known, and what was certainly not executed.
CREATE FUNCTION three(first int) RETURNS text LANGUAGE sql AS
$$ SELECT regexp_replace(try(format('INSERT INTO material (编码, id) SELECT n, ''K'' || n FROM generate_series(%s, %s) n', first, first + 2)),
  'was lost: [^\n]*', 'was lost: ...') $$;
\! python3 $XBB_SIM ctl targetInsert fault what=half-told share=0.3
SELECT three(1);
\! python3 $XBB_SIM ctl targetInsert fault what=html
SELECT three(4);
\! python3 $XBB_SIM ctl targetInsert fault what=empty
SELECT three(7);
\! python3 $XBB_SIM ctl targetInsert fault what=null
SELECT three(10);
SELECT xbb.disconnect('target_insert');    -- of a kept connection it would be said so
\! python3 $XBB_SIM ctl targetInsert fault what=close
SELECT three(13);
\! python3 $XBB_SIM ctl targetInsert fault what=says kind=throttled
SELECT three(16);
\! python3 $XBB_SIM ctl targetInsert fault what=says kind=busy
SELECT three(19);
\! python3 $XBB_SIM ctl targetInsert fault what=says kind=token
SELECT three(22);
\! python3 $XBB_SIM ctl targetInsert set batch_max=2
SELECT three(25);
-- where no option says where the reason stands, it is the answer
ALTER SERVER target_insert OPTIONS (DROP message);
SELECT three(25);
ALTER SERVER target_insert OPTIONS (ADD message '$.message');
\! python3 $XBB_SIM ctl targetInsert set batch_max=0 -- clear
ALTER SERVER target_insert OPTIONS (ADD request_timeout '300ms');
\! python3 $XBB_SIM ctl targetInsert fault what=hang
SELECT regexp_replace(three(28), 'after \d+ milli', 'after ... milli');
ALTER SERVER target_insert OPTIONS (DROP request_timeout);

-- A cancel says how far it came.
\! python3 $XBB_SIM ctl targetInsert fault what=hang at=2
\set SHOW_CONTEXT always
SET statement_timeout = '300ms';
INSERT INTO material (编码, id) SELECT n, 'L' || n FROM generate_series(1, 120) n;
RESET statement_timeout;
\set SHOW_CONTEXT errors

-- Where repeating is safe it is done, byte for byte and with the same key.
\! python3 $XBB_SIM ctl targetInsert clear what=all -- set idempotency=on
ALTER SERVER target_insert OPTIONS (SET max_retries '3');
ALTER FOREIGN TABLE material OPTIONS (ADD repeat 'key', ADD headers '{"Idempotency-Key": "{{id}}"}');
\! python3 $XBB_SIM ctl targetInsert fault what=close at=1 times=2
INSERT INTO material (编码, id) VALUES ('1', 'M1'), ('2', 'M2');
\! python3 $XBB_SIM ctl targetInsert count
\! python3 $XBB_SIM ctl targetInsert journal | grep M1 | cut -f 4,5 | sort -u | wc -l
\! python3 $XBB_SIM ctl targetInsert journal | grep M1 | cut -f 9-
-- two requests have two keys
INSERT INTO material (编码, id) VALUES ('1', 'M3');
INSERT INTO material (编码, id) VALUES ('1', 'M3');
\! python3 $XBB_SIM ctl targetInsert journal | grep M3 | cut -f 4 | sort -u | wc -l
\! python3 $XBB_SIM ctl targetInsert set idempotency=off -- clear what=all
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'upsert', DROP headers);
\! python3 $XBB_SIM ctl targetInsert fault what=half-told share=0.5
INSERT INTO material (编码, id) VALUES ('1', 'N1'), ('2', 'N2');
\! python3 $XBB_SIM ctl targetInsert count -- clear
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'refuse');
\! python3 $XBB_SIM ctl targetInsert set twice=refuse -- fault what=close
INSERT INTO material (编码, id) VALUES ('1', 'O1'), ('2', 'O2');
\! python3 $XBB_SIM ctl targetInsert count -- clear -- set twice=double
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'probe', ADD probe '{"api": "/api/query", "envelope": {"id": "$record.id"}, "found": "exists($.data[*])", "id": "$.data[0].docId"}');
\! python3 $XBB_SIM ctl targetInsert fault what=close path=api/execute
INSERT INTO material (编码, id) VALUES ('1', 'P1') RETURNING id, verdict, document IS NOT NULL AS document;
\! python3 $XBB_SIM ctl targetInsert log fields=path,body -- clear
\! python3 $XBB_SIM ctl targetInsert fault what=lost path=api/execute
SELECT try($$INSERT INTO material (编码, id) VALUES ('1', 'P2')$$);
\! python3 $XBB_SIM ctl targetInsert set twice=upsert -- clear
ALTER FOREIGN TABLE material OPTIONS (SET repeat 'never');
ALTER SERVER target_insert OPTIONS (SET max_retries '0');

-- EXPLAIN sends nothing and shows no secret.
CREATE FUNCTION explain(statement text, base text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE statement LOOP
    RETURN NEXT replace(line, base, 'BASE');
  END LOOP;
END $$;
SELECT * FROM explain($$EXPLAIN (VERBOSE, COSTS OFF) INSERT INTO material (编码, id) SELECT 'a', 'b' WHERE random() < 2$$, :'base');
EXPLAIN (COSTS OFF) INSERT INTO material (编码, id) VALUES ('a', 'b');
\! python3 $XBB_SIM ctl targetInsert count
SELECT * FROM explain($$EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) INSERT INTO material (编码, id) SELECT n, 'Q' || n FROM generate_series(1, 70) n$$, :'base') line
WHERE line ~ 'Re[cq]';

-- COPY, prepared statements, partitions, rules of other tables.
COPY material (编码, id) FROM STDIN;
1	R1
2	R2
\.
PREPARE add(text) AS INSERT INTO material (编码, id) VALUES ('1', $1) RETURNING id, verdict;
EXECUTE add('S1');
SET plan_cache_mode = force_generic_plan;
EXECUTE add('S2');
RESET plan_cache_mode;
CREATE TABLE parted (编码 text, id text) PARTITION BY LIST (编码);
CREATE FOREIGN TABLE part PARTITION OF parted FOR VALUES IN ('1') SERVER target_insert OPTIONS (api '/api/execute', batch_size '50');
CREATE TABLE part_here PARTITION OF parted DEFAULT;
\! python3 $XBB_SIM ctl targetInsert clear
INSERT INTO parted SELECT n % 2, 'T' || n FROM generate_series(1, 6) n;
COPY parted FROM STDIN;
0	U1
1	U2
\.
\! python3 $XBB_SIM ctl targetInsert log fields=body
SELECT count(*) FROM part_here;
-- a row that an UPDATE moves there is sent
\! python3 $XBB_SIM ctl targetInsert clear
UPDATE parted SET 编码 = '1' WHERE 编码 = '0' AND id = 'U1';
\! python3 $XBB_SIM ctl targetInsert log fields=body
SELECT try('SELECT * FROM parted'), try('SELECT * FROM parted WHERE 编码 = ''2'''), try('UPDATE parted SET id = id WHERE 编码 = ''1''');
DROP TABLE parted;

-- What would read says that it cannot, and nothing ends the server.
CREATE TABLE here (id text);
SELECT statement, try(statement) FROM (VALUES ('SELECT * FROM material'), ('SELECT count(*) FROM material'), ('SELECT 1 FROM material WHERE false'),
  ('TABLE only_f'), ('SELECT * FROM here JOIN material USING (id)'), ('SELECT * FROM material FOR UPDATE'), ('EXPLAIN SELECT * FROM material'),
  ('EXPLAIN ANALYZE SELECT * FROM material'), ('UPDATE material SET id = ''1'''), ('UPDATE material m SET id = h.id FROM here h WHERE h.id = m.id'),
  ('UPDATE here h SET id = m.id FROM material m'), ('DELETE FROM material'), ('DELETE FROM material m USING here h WHERE h.id = m.id'),
  ('MERGE INTO material m USING here h ON m.id = h.id WHEN NOT MATCHED THEN INSERT (id) VALUES (h.id)'), ('MERGE INTO here h USING material m ON m.id = h.id WHEN NOT MATCHED THEN INSERT VALUES (m.id)'),
  ('TRUNCATE material'), ('COPY material TO ''/dev/null'''), ('COPY (SELECT * FROM material) TO ''/dev/null'''), ('INSERT INTO material (id) VALUES (''1'') ON CONFLICT DO NOTHING'),
  ('INSERT INTO material (id) VALUES (''1'') ON CONFLICT (id) DO UPDATE SET id = excluded.id'), ('LOCK material'), ('CREATE INDEX ON material (id)'),
  ('INSERT INTO here SELECT id FROM material'), ('WITH x AS (SELECT * FROM material) SELECT 1'), ('WITH x AS (SELECT * FROM material) SELECT * FROM x'),
  ('DECLARE c CURSOR FOR SELECT * FROM material'), ('CREATE MATERIALIZED VIEW m AS SELECT * FROM material')) AS t (statement);
PREPARE read AS SELECT * FROM material WHERE id = $1;
EXECUTE read('1');
ANALYZE material;
VACUUM material;
SELECT relname, pg_relation_is_updatable('material'::regclass, false) AS updatable FROM pg_class WHERE oid = 'material'::regclass;
\setenv DATABASE :DBNAME
\! pg_dump --include-foreign-data='*' -t target_insert.material "$DATABASE" 2>&1 >/dev/null | grep -c "cannot be read"
\! pg_dump -t target_insert.material "$DATABASE" | grep -c "CREATE FOREIGN TABLE"

-- Rights: of a view its owner's, of a table the caller's; nobody lends his mapping.
GRANT INSERT ON only_f, material TO regress_xbb_target_clerk;
GRANT INSERT ON material TO regress_xbb_target_sender;
CREATE USER MAPPING FOR regress_xbb_target_sender SERVER target_insert OPTIONS (token 'wrong');
SET ROLE regress_xbb_target_clerk;
INSERT INTO only_f VALUES ('1', 'F7');
SELECT try($$INSERT INTO material (编码, id) VALUES ('1', 'V1')$$);
SET ROLE regress_xbb_target_sender;
SELECT try($$INSERT INTO only_f VALUES ('1', 'F8')$$), try($$INSERT INTO material (编码, id) VALUES ('1', 'V1')$$);
RESET ROLE;
BEGIN READ ONLY;
INSERT INTO material (编码, id) VALUES ('1', 'V1');
ROLLBACK;

-- What could not leave, for want of a connection or a token, was not sent.
CREATE SERVER target_unsent FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'http://127.0.0.1:1', rate_limit '0', max_retries '0', ok '$.code == 0');
CREATE USER MAPPING FOR CURRENT_USER SERVER target_unsent;
CREATE FOREIGN TABLE unsent (id text) SERVER target_unsent OPTIONS (api '/api/execute');
SELECT substring(try('INSERT INTO unsent VALUES (1)') FROM 'Record [^\n]*') AS connection;
ALTER SERVER target_unsent OPTIONS (ADD auth 'bearer', ADD token_api '{"api": "/token", "token": "$.token"}');
SELECT substring(try('INSERT INTO unsent VALUES (1)') FROM 'Record [^\n]*') AS token;
DROP FOREIGN TABLE unsent;
DROP USER MAPPING FOR CURRENT_USER SERVER target_unsent;
DROP SERVER target_unsent;

-- Where it goes: what is missing or leads elsewhere is told, and no URL of a robot is shown.
CREATE SERVER target_bare FOREIGN DATA WRAPPER xbb_target;
CREATE FOREIGN TABLE bare (id text) SERVER target_bare;
CREATE FUNCTION try_bare() RETURNS text LANGUAGE sql AS
$$ SELECT replace(try('INSERT INTO bare VALUES (''1'')'), current_user, 'CURRENT_USER') $$;
SELECT try_bare();
CREATE USER MAPPING FOR CURRENT_USER SERVER target_bare;
SELECT try_bare();
ALTER USER MAPPING FOR CURRENT_USER SERVER target_bare OPTIONS (ADD url 'http://erp.example/robot?key=do_not_show');
SELECT try_bare();
ALTER SERVER target_bare OPTIONS (ADD base_url 'https://erp.example');
SELECT try_bare();
ALTER USER MAPPING FOR CURRENT_USER SERVER target_bare OPTIONS (SET url 'https://erp.example.evil/robot?key=do_not_show');
SELECT try_bare();
ALTER USER MAPPING FOR CURRENT_USER SERVER target_bare OPTIONS (SET url 'https://erp.example:8443/robot?key=do_not_show');
SELECT try_bare();
ALTER USER MAPPING FOR CURRENT_USER SERVER target_bare OPTIONS (DROP url);
SELECT try_bare();
ALTER FOREIGN TABLE bare OPTIONS (ADD api '/x', ADD auth 'bearer');
SELECT try_bare();

-- A URL of a robot is shown neither where nobody answers, nor where somebody leads elsewhere: not in errors, EXPLAIN, statistics.
CREATE SERVER target_robot FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'http://127.0.0.1:1', preset 'dingtalk_robot', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER target_robot OPTIONS (url 'http://127.0.0.1:1/robot/send?access_token=do_not_show', app_secret 'do_not_show');
CREATE FOREIGN TABLE robot (text text) SERVER target_robot;
CREATE FUNCTION try_robot() RETURNS TABLE (begins text, shows boolean) LANGUAGE sql AS
$$ SELECT substr(answer, 1, 90), answer ~ 'do_not_show|access_token' FROM try('INSERT INTO robot VALUES (''x'')') answer $$;
SELECT * FROM try_robot();
ALTER SERVER target_robot OPTIONS (SET base_url :'base');
SELECT :'base' || '/robot/send?access_token=do_not_show' AS robot \gset
ALTER USER MAPPING FOR CURRENT_USER SERVER target_robot OPTIONS (SET url :'robot');
\! python3 $XBB_SIM ctl targetInsert fault what=redirect location=https://elsewhere.example/?a=b
SELECT * FROM try_robot();
SELECT * FROM try_robot();
EXPLAIN (COSTS OFF) INSERT INTO robot VALUES ('x');
SELECT line ~ 'do_not_show|access_token=d' AS shows FROM explain('EXPLAIN (VERBOSE, COSTS OFF) INSERT INTO robot VALUES (''x'')', :'base') line WHERE line ~ 'Request|Headers|Body';
SELECT count(*) AS failed, bool_or(s::text ~ 'do_not_show|access_token=') AS shows FROM xbb.stats s WHERE server = 'target_robot';

-- A quota that is used up tells of no secret either.
ALTER SERVER target_insert OPTIONS (ADD daily_quota '1');
ALTER USER MAPPING FOR CURRENT_USER SERVER target_insert OPTIONS (ADD app_key 'do not show');
SELECT regexp_replace(regexp_replace(try('INSERT INTO material (id) VALUES (''1''), (''2'') RETURNING id'), '"[0-9a-f]{16}"', '"..."'), 'at 20\S+ ', 'at ... ');

-- A column that shows a verdict takes any.
CREATE FOREIGN TABLE narrow (id text, verdict varchar(3) OPTIONS (verdict 'status')) SERVER target_insert OPTIONS (api '/api/execute');
SELECT try('INSERT INTO narrow (id) VALUES (''1'')');

\! python3 $XBB_SIM ctl targetInsert remove
SET client_min_messages = warning;
DROP SCHEMA target_insert CASCADE;
DROP SERVER target_insert, target_bare, target_robot CASCADE;
DROP OWNED BY regress_xbb_target_clerk, regress_xbb_target_sender;
DROP ROLE regress_xbb_target_clerk, regress_xbb_target_sender;
