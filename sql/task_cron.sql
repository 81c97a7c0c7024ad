-- When pg_cron runs a sync or push is known exactly, or not at all.  test/t/010 has a pg_cron that does run them.
\pset format unaligned
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
SET timezone = 'UTC';
SET datestyle = ISO;

-- the numbers of a field: lists, ranges, steps; nothing of what is out of bounds, of words, or of what cron takes for an error
SELECT f, xbb._cron_field(f, 0, 59) FROM unnest('{0,59,"3,1,2,3",5-9,"10-20/5,58",5-5,*/20,"*/30,7",07}'::text[]) f;
SELECT f, xbb._cron_field(f, 1, 12) FROM unnest('{*,0,13,1-13,9-3,*/0,3/2,jan,"",1-,-1,"1,",1--2,*-3,1.5,100,?}'::text[]) f;

-- the first minute that a schedule means, behind a moment: 27 November 2026 is a Friday
SELECT s, xbb._cron_next(s, '2026-11-27 23:44:30+00', 'GMT') FROM unnest(
  '{* * * * *,*/5 * * * *,44 23 * * *,45 23 * * *,50 22 * * *,0 0 * * *,7 3 * * *,"15,45 9-17 * * 1-5","30 8,20 * * *",  0   6 * * *  }'::text[]) s;
SELECT xbb._cron_next('45 23 * * *', '2026-11-27 23:45:00+00', 'GMT') AS not_this_one, xbb._cron_next('59 23 31 12 *', '2026-12-31 23:58:59+00', 'GMT') AS this_one,
       xbb._cron_next('0 0 1 1 *', '2026-12-31 23:59:59+00', 'GMT') AS next_year;
-- month, leap day, a day that is in no month; day or day of week, where none of them begins with *; 7 is Sunday, too
SELECT s, xbb._cron_next(s, '2026-11-27 23:44:30+00', 'GMT') FROM unnest(
  '{0 0 1 2 *,0 0 29 2 *,0 0 31 4 *,0 12 13 * 5,0 12 */2 * 5,0 12 1-31/2 * 0,0 0 * * 7,0 0 * * 0,0 0 * * 6-7,0 0 */10 * *}'::text[]) s;
SELECT s, xbb._cron_next(s, '2026-11-27 23:44:30+00', 'GMT') FROM unnest(
  '{@hourly,@daily,@midnight,@weekly,@monthly,@yearly,@annually,@reboot,30 seconds,0 0 $ * *,0 0 * jan *,0 0 * * mon,0 24 * * *,60 * * * *,* * * *,* * * * * *,""}'::text[]) s;
-- in the zone of pg_cron; what a clock that is set passes twice or not at all is not known, nor what is beside it
SELECT xbb._cron_next('30 2 * * *', '2026-11-27 12:00+00', 'Asia/Shanghai') AS shanghai, xbb._cron_next('30 2 * * *', '2026-03-28 12:00+00', 'Europe/Berlin') AS spring,
       xbb._cron_next('30 2 * * *', '2026-10-24 12:00+00', 'Europe/Berlin') AS autumn, xbb._cron_next('30 5 * * *', '2026-10-24 12:00+00', 'Europe/Berlin') AS later;
-- eight years of days are looked at at most
SELECT xbb._cron_next('0 0 29 2 *', '2096-03-01 00:00+00', 'GMT') AS eight_years, xbb._cron_next('0 0 30 2 *', '2026-01-01 00:00+00', 'GMT') AS never;

-- what only looks like pg_cron's table is not read, by whoever asks
CREATE ROLE xbb_task_cron;
CREATE SCHEMA cron AUTHORIZATION xbb_task_cron;
SET ROLE xbb_task_cron;
CREATE FUNCTION cron.spring() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sprung, as %', current_user; END $$;
CREATE VIEW cron.job AS SELECT cron.spring() AS schedule, 'CALL xbb.sync_all()'::text AS command, current_database()::text AS database, 'postgres'::text AS username, true AS active;
RESET ROLE;
SELECT count(*) FROM xbb._task_jobs();
DROP SCHEMA cron CASCADE;
SET ROLE xbb_task_cron;
SELECT count(*) FROM xbb._task_jobs();
RESET ROLE;
CREATE SCHEMA cron;
CREATE TABLE cron.job (schedule text, command text, database text, username text, active boolean);
INSERT INTO cron.job VALUES ('* * * * *', 'CALL xbb.sync_all()', current_database(), current_user, true);
SELECT count(*) FROM xbb._task_jobs();
-- whose table it is the doctor sees also where its schema is closed, as pg_cron's is
ALTER EXTENSION plpgsql ADD TABLE cron.job;
SET ROLE xbb_task_cron;
SELECT xbb._doctor_has('cron.job', 'plpgsql') AS is_there, xbb._doctor_has('cron.job', 'pg_cron') AS of_another;
RESET ROLE;
ALTER EXTENSION plpgsql DROP TABLE cron.job;
DROP SCHEMA cron CASCADE;
DROP ROLE xbb_task_cron;
