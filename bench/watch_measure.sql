-- The time that each watched view takes, all of its columns as text, planning included: the median of eleven,
-- of the wall and of the CPU, which tells more where others use the machine, too.
SET client_min_messages = warning;
CREATE ROLE watcher;
GRANT pg_monitor TO watcher;
CREATE FUNCTION pg_temp.cpu() RETURNS numeric LANGUAGE sql SECURITY DEFINER
AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric / 1e6 $$;
CREATE FUNCTION pg_temp.measure(query text, OUT ms numeric, OUT cpu numeric) LANGUAGE plpgsql AS $$
DECLARE
  began timestamptz;
  used numeric;
  took numeric[];
  worked numeric[];
BEGIN
  FOR n IN 1..11 LOOP
    began := clock_timestamp();
    used := pg_temp.cpu();
    EXECUTE format('SELECT count(v::text) FROM (%s) v', query);
    worked := worked || pg_temp.cpu() - used;
    took := took || extract(epoch FROM clock_timestamp() - began) * 1000;
  END LOOP;
  SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY t), percentile_disc(0.5) WITHIN GROUP (ORDER BY w) INTO ms, cpu
  FROM unnest(took, worked) u (t, w);
END
$$;
SET ROLE watcher;
SELECT what, round(m.ms, 1) AS ms, round(m.cpu, 1) AS "CPU ms", CASE WHEN m.cpu < 50 THEN 'ok' ELSE 'MISSED' END AS "CPU < 50"
FROM (VALUES ('TABLE xbb.task_status'), ('TABLE xbb.sync_status'), ('TABLE xbb.push_status'), ('TABLE xbb.metrics_sync'), ('TABLE xbb.metrics_push'),
             ('TABLE xbb.metrics_api'), ('TABLE xbb.metrics_account'), ('TABLE xbb.metrics_alert'),
             ('SELECT * FROM xbb.sync_run ORDER BY id DESC LIMIT 20'), ('SELECT * FROM xbb.push_run ORDER BY id DESC LIMIT 20')) v (what),
LATERAL (SELECT * FROM pg_temp.measure(what) OFFSET 0) m;
RESET ROLE;
