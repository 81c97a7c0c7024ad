-- The report is a page that is XML, whose numbers are those of the log, which shows no value of a record, asks
-- nothing, and shows each role what it may see.
\set company dingReport
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
\pset format unaligned
SELECT sim('create products=240 freeze=on');
CREATE ROLE xbb_report_etl;
CREATE ROLE xbb_report_stranger;
CREATE ROLE xbb_report_monitor IN ROLE pg_read_all_stats;
GRANT USAGE, CREATE ON SCHEMA "dingReport" TO xbb_report_etl;
GRANT USAGE ON SCHEMA "dingReport" TO PUBLIC;
CREATE SERVER report FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0');
CREATE SERVER report_erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url :'url', rate_limit '0');
GRANT USAGE ON FOREIGN SERVER report, report_erp TO xbb_report_etl;
CREATE USER MAPPING FOR xbb_report_etl SERVER report OPTIONS (token 't0ken');
-- 200 records with a telephone number where a number of another kind is to be
CREATE TABLE phone AS SELECT n, '1391' || lpad((n * 7919)::text, 7, '0') AS phone FROM generate_series(1, 200) n;
\! set --; for n in $(seq 200); do set -- "$@" "{\"dataId\":$((900000 + n)),\"addTime\":1769990000,\"updateTime\":$((1769990000 + n)),\"data\":{\"text_1\":\"n $n\",\"text_9\":\"1391$(printf %07d $((n * 7919)))\"}}"; done; python3 $XBB_SIM ctl dingReport put "$@"
GRANT SELECT ON phone TO xbb_report_etl;
SET ROLE xbb_report_etl;
-- what an expression finds, as text
CREATE FUNCTION said(path text, part xml) RETURNS text LANGUAGE sql
RETURN replace(replace(replace((xpath(format('string(%s)', path), part))[1]::text, '&lt;', '<'), '&gt;', '>'), '&amp;', '&');
-- before anything is there
SELECT xpath('string(//h1)', xmlparse(document xbb.report())) AS verdict, xpath('string(//h1)', xmlparse(document xbb.report('zh'))) AS in_chinese;
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), phone text OPTIONS (attr 'text_9')) SERVER report OPTIONS (object 'product');
SELECT xbb.create_sync('report', 'source', 'target', columns => '{"number": "phone::integer"}');
SELECT xbb.create_sync('report <b>"&''', 'source', 'other', max_age => '1000 years');
SELECT xbb.create_sync('report never', 'source', 'never');
SET client_min_messages = error;
CALL xbb.sync('report');
CALL xbb.sync('report');
CALL xbb.sync('report <b>"&''');
CREATE VIEW to_send AS SELECT o.data_id::text AS id, o.name FROM other o JOIN target t ON t.data_id = o.data_id;
CREATE FOREIGN TABLE material (id text, name text) SERVER report_erp OPTIONS (api '/x', envelope '"$record"', ok '$.code == 0');
SELECT xbb.create_push('report push', source => 'to_send', target => 'material', key => '{id}', copy_data => false);
-- one that fails
REVOKE SELECT ON source FROM xbb_report_etl;
\set VERBOSITY terse
CALL xbb.sync('report');
\set VERBOSITY default
GRANT SELECT ON source TO xbb_report_etl;
SELECT task, status, rows_read, rejected FROM xbb.sync_run WHERE sync ~ '^report' ORDER BY id;

-- the page
RESET ROLE;
SELECT sim('clear');
SET ROLE xbb_report_etl;
CREATE TEMP TABLE page AS SELECT lang, xbb.report(lang) AS text, xmlparse(document xbb.report(lang)) AS page FROM unnest('{en,zh}'::text[]) lang;
RESET ROLE;
SELECT sim('count') AS requests;
SET ROLE xbb_report_etl;
SELECT lang, xpath('string(/html/@lang)', page) AS language, xpath('count(//script)', page) AS scripts, xpath('count(//*[@src or @srcset])', page) AS loads,
       xpath('count(//*[@href][not(starts-with(@href, "#"))])', page) AS links, text ~ 'https?://|url\(|@import' AS places,
       xpath('count(//table[not(caption)])', page) AS without_caption, xpath('count(//th[not(@scope)])', page) AS without_scope,
       xpath('count(//h1)', page) AS titles, xpath('count(//section)', page) AS sections
FROM page ORDER BY lang;
-- no number is in it, and those who own them have them
SELECT lang, (SELECT count(*) FROM phone WHERE strpos(text, phone) > 0) AS phones FROM page ORDER BY lang;
SELECT count(*) FROM xbb.sync_reject r JOIN phone p ON r.raw ->> 'phone' = p.phone WHERE r.sync = 'report';
-- made twice of the same, it is the same
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT md5(xbb.report()) = md5(xbb.report()) AS same;
COMMIT;

-- what is drawn is what the log says: of each sync what was read and written, of each push what was sent and is open
CREATE TEMP TABLE drawn AS
SELECT said('/svg/text[@class = "name"]', box) AS name, said('/svg/text[@class = "sub"]', box) AS sub
FROM page, unnest(xpath('//figure[contains(@class, "flow")]//svg/svg', page)) box WHERE lang = 'en';
CREATE TEMP TABLE logged AS
SELECT s.name, coalesce(r.read, 0) AS read, coalesce(r.written, 0) AS written, coalesce(r.runs, 0) AS runs, coalesce(r.failed, 0) AS failed
FROM xbb.sync_status s LEFT JOIN (
  SELECT sync, count(*) AS runs, count(*) FILTER (WHERE status IN ('failed', 'killed')) AS failed, sum(rows_read) AS read, sum(inserted + updated + deleted) AS written
  FROM xbb.sync_run WHERE started >= current_date - 29 GROUP BY sync) r ON r.sync = s.name;
SELECT l.name, l.read, l.written, d.sub = format('%s read, %s written', to_char(l.read, 'FM999,990'), to_char(l.written, 'FM999,990')) AS drawn
FROM logged l LEFT JOIN drawn d ON d.name = l.name AND d.sub ~ 'read' ORDER BY l.name;
SELECT name, sub FROM drawn WHERE sub ~ 'sent' ORDER BY name;
-- a box for each list, sync, table, push and target, and the lines between them: three from the list, one
-- from each sync, two into the push, one out of it
SELECT xpath('count(//figure[contains(@class, "flow")]//svg/svg)', page) AS boxes, xpath('count(//figure[contains(@class, "flow")]//path[starts-with(@class, "link")])', page) AS lines
FROM page WHERE lang = 'en';
-- the tables say the same
CREATE TEMP TABLE cell AS
SELECT said('/tr/th/bdi', r) AS name, xpath('/tr/td/div/text()', r)::text[] AS cells
FROM page, unnest(xpath('//table[@class = "runs"]/tbody/tr', page)) r WHERE lang = 'en';
SELECT l.name, c.cells = ARRAY[to_char(l.runs, 'FM999,990'), CASE l.failed WHEN 0 THEN U&'\2013' ELSE l.failed::text END, to_char(l.read, 'FM999,990'), to_char(l.written, 'FM999,990')] AS same
FROM logged l JOIN cell c USING (name) ORDER BY l.name;
SELECT said('/tr/th/bdi', r) AS name, said('/tr/td[1]', r) AS state
FROM page, unnest(xpath('//table[@class = "tasks"]/tbody/tr', page)) r WHERE lang = 'en';
SELECT s.name, s.complete_until IS NOT DISTINCT FROM c.complete_until::timestamptz AS complete_until
FROM (SELECT name, date_trunc('second', complete_until) AS complete_until FROM xbb.task_status) s LEFT JOIN (
  SELECT said('/tr/th/bdi', r) AS name, nullif(said('/tr/td[2]//time/@datetime', r), '') AS complete_until
  FROM page, unnest(xpath('//table[@class = "tasks"]/tbody/tr', page)) r WHERE lang = 'en') c USING (name) ORDER BY s.name;
-- what needs action, and what to type
SELECT said('/li/h3', i) AS what, said('/li/pre', i) AS statements
FROM page, unnest(xpath('//ol[@class = "todo"]/li', page)) i WHERE lang = 'en';
SELECT said('/li/h3', i) AS what FROM page, unnest(xpath('//ol[@class = "todo"]/li', page)) i WHERE lang = 'zh';
-- rejects by reason
SELECT said('/tr/th/bdi', r) AS name, said('/tr/td[1]', r) AS records, said('/tr/td[2]', r) AS kind, said('/tr/td[3]', r) AS reason
FROM page, unnest(xpath('//table[@class = "rejects"]/tbody/tr', page)) r WHERE lang = 'en';

-- who watches sees how all is, but not which records; a stranger sees nothing
RESET ROLE;
SET ROLE xbb_report_monitor;
SELECT count(*) FROM unnest(xpath('//table[@class = "tasks"]/tbody/tr[starts-with(th/bdi, "report")]', xmlparse(document xbb.report()))) r;
SELECT xpath('string(/tr/th/bdi)', r) AS name, xpath('string(/tr/td[1])', r) AS records, xpath('string(/tr/td[6])', r) AS ids
FROM unnest(xpath('//table[@class = "rejects"]/tbody/tr[starts-with(th/bdi, "report")]', xmlparse(document xbb.report()))) r;
RESET ROLE;
SET ROLE xbb_report_stranger;
SELECT xpath('string(//h1)', p) AS verdict, xpath('count(//table[@class = "tasks"])', p) AS tasks, xpath('count(//figure)', p) AS drawings,
       strpos(p::text, 'report never') AS seen
FROM xmlparse(document xbb.report()) p;
RESET ROLE;
-- what cannot be shown is typed by its number, and stays what it is
SELECT xbb._report_literal(n.name) AS typed, xbb._report_html(n.name) AS shown
FROM (VALUES ('plain ?'), ('it''s'), (E'back\\slash'), (E'two\nlines'), (U&'\202Ereversed''\005c')) n (name);
SELECT U&'two\000alines' = E'two\nlines' AS same, U&'\202ereversed''\\' = U&'\202Ereversed''\005c' AS same;
SELECT xbb.report('fr');
SELECT xbb.report(NULL);
SET default_transaction_read_only = on;
SELECT length(xbb.report()) > 10000 AS made;
RESET default_transaction_read_only;

SET client_min_messages = warning;
SET ROLE xbb_report_etl;
DROP TABLE page, drawn, logged, cell;
SELECT xbb.drop_push('report push');
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE owner = 'xbb_report_etl'::regrole;
RESET ROLE;
DROP SERVER report, report_erp CASCADE;
DROP SCHEMA "dingReport" CASCADE;
DROP ROLE xbb_report_etl, xbb_report_stranger, xbb_report_monitor;
