-- What is kept of a day's requests is for incremental syncs, whoever else asks.

\set company dingQuota
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=250 width=2 freeze=on');
CREATE SERVER quota FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0', settle_time '0', quota_reserve '0');
CREATE USER MAPPING FOR PUBLIC SERVER quota OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER quota OPTIONS (object 'product');
CREATE ROLE regress_xbb_quota;
GRANT USAGE ON SCHEMA :"company" TO regress_xbb_quota;
\pset format unaligned
\pset tuples_only on
-- What comes of a statement, its numbers left out, and what it has sent.
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r text := 'done';
  d text;
  h text;
BEGIN
  PERFORM sim('clear');
  BEGIN
    EXECUTE statement;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    r := concat_ws(' | ', SQLSTATE, regexp_replace(SQLERRM, '\d+', 'N', 'g'), regexp_replace(d, '\d{4}-\d\d-\d\d', 'DAY'), nullif(h, ''));
  END;
  RETURN r || ': ' || sim('count');
END $$;
-- So many more requests for today, of which so many are kept.
CREATE FUNCTION allow(n int, reserve text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER SERVER quota OPTIONS (SET quota_reserve %L)', reserve);
  EXECUTE (SELECT format('ALTER SERVER quota OPTIONS (%s daily_quota %L)', CASE WHEN array_to_string(srvoptions, ' ') ~ 'daily_quota' THEN 'SET' ELSE 'ADD' END, used_today + n)
           FROM xbb.quota JOIN pg_foreign_server ON srvname = server WHERE server = 'quota');
END $$;
SET client_min_messages = warning;
SELECT xbb.create_sync('quota', source => 'source', target => 'target');
CALL xbb.sync('quota');

-- ten more, four of them kept
SELECT allow(10, '4');
SELECT outcome('SELECT count(*) FROM source') FROM generate_series(1, 7);
SELECT outcome('CALL xbb.sync(''quota'', full => true)');
SELECT outcome('CALL xbb.reconcile(''quota'')');
SELECT outcome('CALL xbb.sync(''quota'', dry_run => true)');
SELECT outcome('CALL xbb.sync(''quota'')');
BEGIN;
CALL xbb.sync('quota');
SELECT outcome('SELECT count(*) FROM source');
ROLLBACK;
CALL xbb.sync('quota');
SELECT outcome('SELECT count(*) FROM source');
CALL xbb.sync('quota');
SELECT outcome('CALL xbb.sync(''quota'')');

-- all of it is kept, or more than there is; none of it
SELECT allow(10, '100%');
SELECT outcome('SELECT count(*) FROM source');
SELECT outcome('CALL xbb.sync(''quota'')');
SELECT allow(10, '1000000');
SELECT outcome('SELECT count(*) FROM source');
SELECT outcome('CALL xbb.sync(''quota'')');
SELECT allow(2, '0%');
SELECT outcome('SELECT count(*) FROM source') FROM generate_series(1, 3);

-- who has used it: a run of the sync counts as its, all else as typed
SELECT role = current_user AS mine, task, used_today > 0 AS some
FROM xbb.quota_use WHERE server = 'quota' AND database = current_database() ORDER BY task;
SELECT sum(u.used_today) = max(q.used_today) AS all_of_it FROM xbb.quota_use u JOIN xbb.quota q USING (server) WHERE server = 'quota';
SELECT used_today AS before FROM xbb.quota_use WHERE server = 'quota' AND database = current_database() AND task = 'quota' \gset
SELECT allow(10, '4');
CALL xbb.sync('quota');
SELECT used_today - :before AS more FROM xbb.quota_use WHERE server = 'quota' AND database = current_database() AND task = 'quota';
GRANT SELECT ON source TO regress_xbb_quota;
GRANT USAGE ON FOREIGN SERVER quota TO regress_xbb_quota;
SET ROLE regress_xbb_quota;
SELECT count(*) FROM source;
SELECT role, task, used_today FROM xbb.quota_use WHERE server = 'quota' AND database = current_database();
RESET ROLE;
GRANT pg_read_all_stats TO regress_xbb_quota;
SET ROLE regress_xbb_quota;
SELECT count(*) >= 3 FROM xbb.quota_use WHERE server = 'quota' AND database = current_database();
RESET ROLE;

-- not without a run, nor by who has none
SELECT allow(10, '100%');
SELECT id FROM xbb.sync_definition WHERE name = 'quota' \gset
SELECT xbb._sync_task(:id, 'quota', true);
BEGIN;
SET ROLE regress_xbb_quota;
SELECT xbb._sync_task(:id, 'quota', true);
ROLLBACK;

-- what a load that rests says of the requests that are left: pages, and what windows take beside, not the divisions that began it
\! python3 $XBB_SIM ctl dingQuotaRest create products=1600 width=2 freeze=on >/dev/null
CREATE SERVER rest FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingQuotaRest', base_url :'url', rate_limit '0', settle_time '0', page_size '20', quota_reserve '2');
CREATE USER MAPPING FOR PUBLIC SERVER rest OPTIONS (token 't0ken');
CREATE FOREIGN TABLE rest_source (data_id bigint, update_time timestamptz) SERVER rest OPTIONS (object 'product');
SELECT count(*) FROM rest_source;
SELECT format('ALTER SERVER rest OPTIONS (ADD daily_quota %L)', used_today + 16) FROM xbb.quota WHERE server = 'rest' \gset rest_
\o /dev/null
:rest_format;
\o
SELECT xbb.create_sync('quota, rest', source => 'rest_source', target => 'rest_target');
CALL xbb.sync('quota, rest');
SELECT r.status, m[1]::int > 1000 AS "left", m[2]::int BETWEEN m[1]::int / 20 AND m[1]::int / 5 AS "right"
FROM xbb.sync_run r, regexp_match(r.error, 'About (\d+) records are left, in (\d+) requests') m WHERE r.sync = 'quota, rest' ORDER BY r.id DESC LIMIT 1;
SELECT xbb.drop_sync('quota, rest');
DROP SERVER rest CASCADE;
\! python3 $XBB_SIM ctl dingQuotaRest remove >/dev/null

SELECT sim('remove');
SELECT xbb.drop_sync('quota');
DROP SERVER quota CASCADE;
DROP SCHEMA :"company" CASCADE;
DROP ROLE regress_xbb_quota;
