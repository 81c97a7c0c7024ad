-- xbb.doctor beside the API: who may, what it finds here, what it may send, what is kept and for whom.
-- What it finds of an API, test/doctor_test.py asks.
\set company dingDoctor
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
\pset format unaligned
SET client_min_messages = warning;
CREATE ROLE regress_xbb_doctor;
CREATE ROLE regress_xbb_patient;
SELECT sim('create token=0123456789abcdef0123456789abcdef products=250 clock=now') \g /dev/null
CREATE SERVER doctor FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingDoctor', base_url :'url', rate_limit '0');

-- who may not use the server, and what is no server of ours
SET ROLE regress_xbb_doctor;
SELECT * FROM xbb.doctor('doctor');
RESET ROLE;
SELECT * FROM xbb.doctor('no_server');
CREATE FOREIGN DATA WRAPPER regress_xbb_other;
CREATE SERVER doctor_other FOREIGN DATA WRAPPER regress_xbb_other;
SELECT * FROM xbb.doctor('doctor_other');
SELECT * FROM xbb.doctor('doctor', 'produkt');
SELECT * FROM xbb.doctor('doctor', '/pro/v2/api/product/del');
GRANT USAGE ON FOREIGN SERVER doctor TO regress_xbb_doctor;

-- without a user mapping nothing is asked, and each row says why
SET ROLE regress_xbb_doctor;
SELECT check_name, status, found, fix FROM xbb.doctor('doctor') WHERE status = 'fail' AND no > 0;
SELECT count(*) AS skipped, count(DISTINCT found) AS reasons, sum(requests) AS requests FROM xbb.doctor('doctor')
WHERE area IN ('network', 'api') AND status = 'skipped';
SELECT status, requests FROM xbb.doctor('doctor') WHERE no = 0;
RESET ROLE;

-- what a token looks like is told, and nothing else of it
CREATE FUNCTION credentials(token text, user_id text DEFAULT 'u1') RETURNS TABLE (status text, found text, fix text, shown boolean) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER doctor';
  EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER doctor OPTIONS (token %L, user_id %L, request_limit %L)', token, user_id, '1');
  RETURN QUERY WITH look AS MATERIALIZED (SELECT * FROM xbb.doctor('doctor'))
    SELECT d.status, d.found, d.fix, (SELECT bool_or(strpos(l::text, token) > 0) FROM look l)
    FROM look d WHERE d.check_name = 'credentials';
END $$;
SELECT * FROM credentials('0123456789abcdef0123456789abcdef');
SELECT * FROM credentials('user_0123456789abcdef0123456789');
SELECT * FROM credentials('01234567 89abcdef0123456789abcdef');
SELECT * FROM credentials('"0123456789abcdef0123456789abcdef"');
SELECT * FROM credentials('“0123456789abcdef0123456789abcdef”');
SELECT * FROM credentials('Bearer_0123456789abcdef0123456789');
SELECT * FROM credentials('0123456789');
SELECT * FROM credentials('dingDoctor');
SELECT * FROM credentials('0123456789abcdef0123456789abcdef', '<u1>');

-- the fix names the user mapping that is used
CREATE USER MAPPING FOR PUBLIC SERVER doctor OPTIONS (token 'short');
SET ROLE regress_xbb_doctor;
SELECT check_name, status, fix FROM xbb.doctor('doctor') WHERE status IN ('warn', 'fail') AND no > 0;
RESET ROLE;
DROP USER MAPPING FOR PUBLIC SERVER doctor;

-- no more is sent than request_limit allows, whoever set it; the rest says so
DROP USER MAPPING FOR CURRENT_USER SERVER doctor;
CREATE USER MAPPING FOR CURRENT_USER SERVER doctor OPTIONS (token '0123456789abcdef0123456789abcdef', user_id '1');
SELECT sim('clear') \g /dev/null
SET xbb_fdw.request_limit = 3;
SELECT count(*) FILTER (WHERE status = 'skipped' AND found = 'not asked: the statement has asked for the 3 requests that request_limit allows') AS not_asked,
       max(requests) AS requests, min(status) FILTER (WHERE no = 0) AS summary FROM xbb.doctor('doctor');
SELECT status, found LIKE '%xbb_fdw.request_limit 3:%' AS told, fix FROM xbb.doctor_result
WHERE server = 'doctor' AND role = CURRENT_USER AND check_name = 'settings';
RESET xbb_fdw.request_limit;
SELECT sim('count') AS sent;
-- nor than the account's day
\! python3 $XBB_SIM ctl dingDoctorDay create token=0123456789abcdef0123456789abcdef clock=now
ALTER SERVER doctor OPTIONS (SET corpid 'dingDoctorDay', ADD daily_quota '8', ADD quota_reserve '0');
SELECT count(*) FILTER (WHERE found LIKE 'not asked: %') > 0 AS some_not_asked, max(requests) AS requests FROM xbb.doctor('doctor');
SELECT status, found LIKE '8 of 8 requests of the day' AS used FROM xbb.doctor('doctor') WHERE check_name = 'account';
\! python3 $XBB_SIM ctl dingDoctorDay count -- remove
ALTER SERVER doctor OPTIONS (SET corpid 'dingDoctor', DROP daily_quota, DROP quota_reserve);

-- options that have no effect, or take a guarantee away
ALTER SERVER doctor OPTIONS (ADD snapshot 'off', ADD request_limit '50', SET rate_limit '30');
CREATE FOREIGN TABLE doctor_product (data_id bigint) SERVER doctor OPTIONS (object 'product', request_limit '60', page_size '20');
SELECT status, found, fix FROM xbb.doctor('doctor') WHERE check_name = 'options';
ALTER FOREIGN TABLE doctor_product OPTIONS (SET request_limit '40', DROP page_size);
ALTER SERVER doctor OPTIONS (DROP snapshot, SET rate_limit '0');
SELECT status, found, fix FROM xbb.doctor('doctor') WHERE check_name = 'options';
DROP FOREIGN TABLE doctor_product;

-- a check that fails itself is unknown, and the others are there
BEGIN;
CREATE OR REPLACE FUNCTION xbb._doctor_account(server oid, OUT status text, OUT seen text, OUT assumed text, OUT fix text)
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED AS $$ SELECT (1 / (server::bigint - server::bigint))::text, '', '', '' $$;
SELECT check_name, status, found FROM xbb.doctor('doctor') WHERE check_name IN ('account', 'encoding', 'answer') ORDER BY no;
ROLLBACK;

-- the library is of another version than the SQL
BEGIN;
UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'xbb_fdw';
SELECT status, fix FROM xbb.doctor('doctor') WHERE check_name = 'versions';
ROLLBACK;

-- kept is the last look of each role; its members and those who may read all statistics see it
GRANT regress_xbb_doctor TO regress_xbb_patient;
SELECT role, object, count(DISTINCT checked_at) AS looks, count(*) > 30 AS whole FROM xbb.doctor_result WHERE server = 'doctor'
GROUP BY role, object ORDER BY role = CURRENT_USER DESC;
SET ROLE regress_xbb_patient;
SELECT role, count(*) > 30 AS whole FROM xbb.doctor_result WHERE server = 'doctor' GROUP BY role;
SELECT count(*) FROM xbb._doctor_kept;
RESET ROLE;
REVOKE regress_xbb_doctor FROM regress_xbb_patient;
SET ROLE regress_xbb_patient;
SELECT count(*) FROM xbb.doctor_result WHERE server = 'doctor';
RESET ROLE;
GRANT pg_read_all_stats TO regress_xbb_patient;
SET ROLE regress_xbb_patient;
SELECT count(DISTINCT role) FROM xbb.doctor_result WHERE server = 'doctor';
RESET ROLE;
-- what only reads keeps nothing, and looks
BEGIN READ ONLY;
SELECT status FROM xbb.doctor('doctor', 'user') WHERE check_name = 'answer';
COMMIT;
SELECT count(*) FROM xbb.doctor_result WHERE server = 'doctor' AND object = 'user';

DROP SERVER doctor CASCADE;
DROP SERVER doctor_other;
DROP FOREIGN DATA WRAPPER regress_xbb_other;
SELECT count(*) FROM xbb.doctor_result WHERE server = 'doctor';
DROP FUNCTION credentials;
DROP ROLE regress_xbb_doctor, regress_xbb_patient;
SELECT sim('remove') \g /dev/null
DROP SCHEMA :"company" CASCADE;
