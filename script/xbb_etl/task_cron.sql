-- When pg_cron runs the syncs and pushes.

CREATE FUNCTION xbb._task_jobs(OUT kind pg_catalog.text, OUT task integer, OUT schedule pg_catalog.text)
RETURNS SETOF record LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_task_jobs';

-- The numbers that a field of a schedule stands for; NULL: it has other words than *, numbers, ranges, steps of
-- these, and lists.
CREATE FUNCTION xbb._cron_field(field pg_catalog.text, first integer, last integer) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item pg_catalog.text;
  parts pg_catalog.text[];
  low integer;
  high integer;
  step integer;
  numbers integer[] := '{}';
BEGIN
  FOREACH item IN ARRAY pg_catalog.string_to_array(field, ',') LOOP
    parts := pg_catalog.regexp_match(item, '^(?:[*]|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?$');
    low := coalesce(parts[1]::integer, first);
    high := coalesce(parts[2]::integer, parts[1]::integer, last);
    step := coalesce(parts[3]::integer, 1);
    IF parts IS NULL OR low < first OR high > last OR low > high OR step = 0
       OR parts[3] IS NOT NULL AND parts[1] IS NOT NULL AND parts[2] IS NULL THEN
      RETURN NULL;
    END IF;
    numbers := numbers || array(SELECT pg_catalog.generate_series(low, high, step));
  END LOOP;
  RETURN (SELECT pg_catalog.array_agg(DISTINCT u.n ORDER BY u.n) FROM pg_catalog.unnest(numbers) u (n));
END
$$;

-- The first minute behind "since" that a schedule means, which cron keeps in that zone; NULL: it is not known
-- exactly, or there is none within eight years.  As cron has it, of day and day of week either will do, unless one of
-- them begins with *.
CREATE FUNCTION xbb._cron_next(schedule pg_catalog.text, since pg_catalog.timestamptz, zone pg_catalog.text) RETURNS pg_catalog.timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fields constant pg_catalog.text[] := pg_catalog.regexp_split_to_array(pg_catalog.btrim(
    CASE pg_catalog.btrim(schedule) WHEN '@hourly' THEN '0 * * * *' WHEN '@daily' THEN '0 0 * * *' WHEN '@midnight' THEN '0 0 * * *'
      WHEN '@weekly' THEN '0 0 * * 0' WHEN '@monthly' THEN '0 0 1 * *' WHEN '@yearly' THEN '0 0 1 1 *' WHEN '@annually' THEN '0 0 1 1 *'
      ELSE schedule END), E'[ \t]+');
  minutes constant integer[] := xbb._cron_field(fields[1], 0, 59);
  hours constant integer[] := xbb._cron_field(fields[2], 0, 23);
  days constant integer[] := xbb._cron_field(fields[3], 1, 31);
  months constant integer[] := xbb._cron_field(fields[4], 1, 12);
  weekdays constant integer[] := pg_catalog.array_replace(xbb._cron_field(fields[5], 0, 7), 7, 0);
  -- the first minute that may be it
  local constant pg_catalog.timestamp := pg_catalog.date_trunc('minute', since AT TIME ZONE zone) + interval '1 minute';
  day pg_catalog.timestamp := pg_catalog.date_trunc('day', local);
  need_both constant boolean := pg_catalog.starts_with(fields[3], '*') OR pg_catalog.starts_with(fields[5], '*');
  on_day boolean;
  on_weekday boolean;
  hour integer := extract(hour FROM local);
  minute integer;
  found_out pg_catalog.timestamp;
BEGIN
  IF pg_catalog.cardinality(fields) <> 5 OR minutes IS NULL OR hours IS NULL OR days IS NULL OR months IS NULL OR weekdays IS NULL THEN
    RETURN NULL;
  END IF;
  FOR n IN 1 .. 8 * 366 LOOP
    on_day := extract(day FROM day)::integer = ANY (days);
    on_weekday := extract(dow FROM day)::integer = ANY (weekdays);
    IF extract(month FROM day)::integer = ANY (months)
       AND (on_day AND on_weekday OR NOT need_both AND (on_day OR on_weekday)) THEN
      minute := (SELECT pg_catalog.min(m) FROM pg_catalog.unnest(minutes) m WHERE m >= extract(minute FROM local)::integer AND hour = ANY (hours));
      hour := CASE WHEN minute IS NOT NULL THEN hour ELSE (SELECT pg_catalog.min(h) FROM pg_catalog.unnest(hours) h WHERE h > hour) END;
      found_out := day + pg_catalog.make_interval(hours => hour, mins => coalesce(minute, minutes[1]));
      EXIT WHEN hour IS NOT NULL;
    END IF;
    day := day + interval '1 day';
    hour := -1;
  END LOOP;
  -- what a clock that is set passes twice or not at all is not known exactly
  RETURN CASE WHEN (found_out + interval '1 hour') AT TIME ZONE zone - found_out AT TIME ZONE zone = interval '1 hour'
                AND found_out AT TIME ZONE zone - (found_out - interval '1 hour') AT TIME ZONE zone = interval '1 hour'
              THEN found_out AT TIME ZONE zone END;
END
$$;

-- Of each task that pg_cron runs the schedules, and when the first of them is due; NULL where one is not known.
-- Before 1.5 pg_cron knows no zone but GMT.
CREATE VIEW xbb._task_schedule AS
WITH job AS MATERIALIZED (SELECT DISTINCT j.kind, j.task, j.schedule FROM xbb._task_jobs() j),
  due AS (SELECT d.schedule, CASE WHEN pg_catalog.current_setting('cron.database_name', true) = pg_catalog.current_database()
            THEN xbb._cron_next(d.schedule, pg_catalog.now(), coalesce(pg_catalog.current_setting('cron.timezone', true), 'GMT')) END AS next
          FROM (SELECT DISTINCT j.schedule FROM job j) d)
SELECT j.kind, j.task, pg_catalog.string_agg(j.schedule, '; ' ORDER BY j.schedule) AS schedule,
       CASE WHEN pg_catalog.count(*) = pg_catalog.count(d.next) THEN pg_catalog.min(d.next) END AS next_run
FROM job j JOIN due d ON d.schedule = j.schedule
GROUP BY j.kind, j.task;
COMMENT ON VIEW xbb._task_schedule IS 'when pg_cron runs the tasks that one may see';
COMMENT ON COLUMN xbb._task_schedule.kind IS 'sync or push';
COMMENT ON COLUMN xbb._task_schedule.task IS 'id of the sync or push';
COMMENT ON COLUMN xbb._task_schedule.schedule IS 'its schedules, as cron.job has them';
COMMENT ON COLUMN xbb._task_schedule.next_run IS 'the next minute that one of them means; NULL: not known';
