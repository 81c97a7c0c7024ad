-- What is watched, as large as it gets: psql variables syncs and pushes say how many there are, runs how many
-- each has in the log, latest of which "failed" failed; of the first sync and push the job was stopped long ago, the
-- second ones never ran.  For a superuser, in a database of its own with the extensions; the log is written as runs
-- would have, a minute apart.
SET client_min_messages = warning;
SELECT :syncs AS syncs, :pushes AS pushes, :runs AS runs, :failed AS failed \gset
CREATE SERVER watching FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingWatching');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER watching OPTIONS (object 'product');
CREATE TABLE goods (data_id bigint PRIMARY KEY, name text);
CREATE SERVER watched FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://127.0.0.1:9');
CREATE FOREIGN TABLE target (data_id text, name text) SERVER watched OPTIONS (api '/', ok '$.code == 0');
SELECT count(xbb.create_sync('sync ' || n, source => 'source', target => 'copy_' || n, max_age => '1 hour')) AS syncs
FROM generate_series(1, :syncs) n;
SELECT count(xbb.create_push('push ' || n, source => 'SELECT data_id::text, name FROM goods', target => 'target', key => '{data_id}')) AS pushes
FROM generate_series(1, :pushes) n;

CREATE TEMP TABLE run AS
SELECT m AS minute, d.id, row_number() OVER (ORDER BY m, d.id) AS run, clock_timestamp() - (:runs - m) * interval '1 minute' AS started,
       CASE WHEN m > :runs - :failed THEN 'failed' ELSE 'succeeded' END AS status
FROM xbb._sync_definition d, generate_series(1, :runs) m WHERE d.name <> 'sync 2' AND (d.name <> 'sync 1' OR m < :runs / 10);
INSERT INTO xbb._sync_run_begun (id, definition, task, started) OVERRIDING SYSTEM VALUE
SELECT run, id, 'sync', started FROM run;
INSERT INTO xbb._sync_run_log (id, definition, task, status, started, ended, requests, rows_read, unchanged, sqlstate, error, complete_until)
SELECT run, id, CASE WHEN minute % 1440 = 7 THEN 'reconcile' ELSE 'sync' END, status, started, started + interval '2 s', 2, 40, 40,
       CASE status WHEN 'failed' THEN 'HV000' END, CASE status WHEN 'failed' THEN 'no' END,
       CASE status WHEN 'succeeded' THEN started END FROM run ORDER BY run;
INSERT INTO xbb._push_run_log (push, status, started, ended, requests, acknowledged, sqlstate, error)
SELECT d.id, CASE WHEN m > :runs - :failed THEN 'failed' ELSE 'succeeded' END, clock_timestamp() - (:runs - m) * interval '1 minute',
       clock_timestamp() - (:runs - m) * interval '1 minute' + interval '2 s', 2, 40,
       CASE WHEN m > :runs - :failed THEN 'HV000' END, CASE WHEN m > :runs - :failed THEN 'no' END
FROM xbb._push_definition d, generate_series(1, :runs) m WHERE d.name <> 'push 2' AND (d.name <> 'push 1' OR m < :runs / 10) ORDER BY m;
VACUUM ANALYZE;
