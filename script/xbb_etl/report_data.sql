-- What the report is made of: each sync and push that its caller may see, what its log says of the last 30
-- days, and what feeds what.

-- The syncs and pushes, with what their names lead to.
CREATE VIEW xbb._report_subject WITH (security_barrier) AS
SELECT 'sync'::pg_catalog.text AS kind, d.id, d.name, d.owner, d.source::pg_catalog.oid AS source, d.source_name,
       d.target::pg_catalog.oid AS target, d.target_name
FROM xbb._sync_all d
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
UNION ALL
SELECT 'push', d.id, d.name, d.owner, d.source::pg_catalog.oid, d.source_name, d.target::pg_catalog.oid, d.target_name
FROM xbb._push_all d
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb._report_subject IS 'what xbb.report() is about';
COMMENT ON COLUMN xbb._report_subject.kind IS 'sync or push';
COMMENT ON COLUMN xbb._report_subject.id IS 'its number among those of its kind';
COMMENT ON COLUMN xbb._report_subject.name IS 'what it is called';
COMMENT ON COLUMN xbb._report_subject.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb._report_subject.source IS 'what is read; NULL: the query of a push';
COMMENT ON COLUMN xbb._report_subject.source_name IS 'its name, where it is gone';
COMMENT ON COLUMN xbb._report_subject.target IS 'what is written';
COMMENT ON COLUMN xbb._report_subject.target_name IS 'its name, where it is gone';

-- The runs of the last 30 days by day, as sync_run and push_run tell them.
CREATE VIEW xbb._report_day WITH (security_barrier) AS
SELECT 'sync'::pg_catalog.text AS kind, l.definition AS id, l.day, l.status, l.runs, l.rows_read, l.rows_written
FROM (
  SELECT l.definition, l.started::pg_catalog.date AS day, l.status, pg_catalog.count(*) AS runs, pg_catalog.sum(l.rows_read) AS rows_read,
         pg_catalog.sum(l.inserted + l.updated + l.deleted) AS rows_written
  FROM xbb._sync_run_log l WHERE l.started >= CURRENT_DATE - 29 AND l.status <> 'running' GROUP BY 1, 2, 3
  UNION ALL
  SELECT l.definition, l.started::pg_catalog.date, CASE WHEN xbb._sync_dead(l.definition, l.id) THEN 'killed' ELSE 'running' END, 1, l.rows_read,
         l.inserted + l.updated + l.deleted
  FROM xbb._sync_run_log l WHERE l.started >= CURRENT_DATE - 29 AND l.status = 'running'
  UNION ALL
  SELECT u.definition, u.started::pg_catalog.date, CASE WHEN xbb._sync_dead(u.definition, u.id) THEN 'killed' ELSE 'running' END, 1, 0, 0
  FROM xbb._sync_under_way u WHERE u.noted IS NULL AND u.started >= CURRENT_DATE - 29) l
WHERE l.definition = ANY (ARRAY(SELECT s.id FROM xbb._report_subject s WHERE s.kind = 'sync'))
UNION ALL
SELECT 'push', l.push, l.day, l.status, l.runs, l.rows_read, l.rows_written
FROM (
  SELECT l.push, l.started::pg_catalog.date AS day, l.status, pg_catalog.count(*) AS runs, pg_catalog.sum(l.enqueued) AS rows_read,
         pg_catalog.sum(l.acknowledged) AS rows_written
  FROM xbb._push_run_log l WHERE l.started >= CURRENT_DATE - 29 AND l.status <> 'running' GROUP BY 1, 2, 3
  UNION ALL
  SELECT l.push, l.started::pg_catalog.date, CASE WHEN xbb._push_alive(l.push, l.worker) THEN 'running' ELSE 'killed' END, 1, l.enqueued, l.acknowledged
  FROM xbb._push_run_log l WHERE l.started >= CURRENT_DATE - 29 AND l.status = 'running') l
WHERE l.push = ANY (ARRAY(SELECT s.id FROM xbb._report_subject s WHERE s.kind = 'push'));
COMMENT ON VIEW xbb._report_day IS 'the runs of the last 30 days, counted by day and status';
COMMENT ON COLUMN xbb._report_day.kind IS 'sync or push';
COMMENT ON COLUMN xbb._report_day.id IS 'number of the sync or push';
COMMENT ON COLUMN xbb._report_day.day IS 'on which the runs began, by the session''s time zone';
COMMENT ON COLUMN xbb._report_day.status IS 'as in sync_run and push_run';
COMMENT ON COLUMN xbb._report_day.runs IS 'how many';
COMMENT ON COLUMN xbb._report_day.rows_read IS 'records that they read; of a push: enqueued';
COMMENT ON COLUMN xbb._report_day.rows_written IS 'rows that they inserted, updated or took out; of a push: acknowledged records';

CREATE TYPE xbb._report_days AS (day pg_catalog.date, succeeded bigint, failed bigint, other bigint);

-- A sync or push, as the sections of the report take it.  "reads" are the tables that feed a push.
CREATE TYPE xbb._report_task AS (
  place bigint, kind pg_catalog.text, name pg_catalog.text, owner pg_catalog.text, state pg_catalog.text, server pg_catalog.text, source pg_catalog.text,
  target pg_catalog.text, target_server pg_catalog.text, reads pg_catalog.text[], complete_until pg_catalog.timestamptz, staleness interval,
  max_age interval, last_started pg_catalog.timestamptz, last_duration interval, typical_duration interval, last_rows bigint,
  typical_rows bigint, failures bigint, last_error_at pg_catalog.timestamptz, last_sqlstate pg_catalog.text, problems bigint,
  schedule pg_catalog.text, next_run pg_catalog.timestamptz, runs bigint, failed bigint, rows_read bigint, rows_written bigint,
  days xbb._report_days[]
);

-- "rank" orders: what fails, what is late or refused, what is open.  "what" and "why" are HTML already.
CREATE TYPE xbb._report_action AS (
  rank integer, state pg_catalog.text, name pg_catalog.text, what pg_catalog.text, why pg_catalog.text, statements pg_catalog.text[]
);

-- The name of a relation with its schema, as people type it.
CREATE FUNCTION xbb._report_relation(relation pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation
$$;

-- The tables below what each push reads, through views and functions; those that syncs write come first.
CREATE FUNCTION xbb._report_lineage(OUT push integer, OUT reads pg_catalog.text[])
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE subject AS MATERIALIZED (SELECT s.kind, s.id, s.source, s.target FROM xbb._report_subject s),
  below AS (
    SELECT s.id, 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AS class, s.source AS object FROM subject s WHERE s.kind = 'push' AND s.source <> 0
    UNION
    SELECT s.id, 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid
    FROM subject s JOIN pg_catalog.pg_proc p ON p.proname = '_push_' || s.id JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE s.kind = 'push' AND s.source IS NULL AND n.nspname = 'xbb'
    UNION
    SELECT b.id, d.refclassid, d.refobjid
    FROM below b CROSS JOIN LATERAL (
      SELECT w.oid, 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid AS class FROM pg_catalog.pg_rewrite w
      WHERE b.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND w.ev_class = b.object
      UNION ALL SELECT b.object, b.class WHERE b.class = 'pg_catalog.pg_proc'::pg_catalog.regclass) o
    JOIN pg_catalog.pg_depend d ON d.classid = o.class AND d.objid = o.oid AND d.deptype = 'n'
    WHERE d.refclassid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
      -- what a table's copy is, its sync tells
      AND NOT (b.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND EXISTS (SELECT FROM subject s WHERE s.kind = 'sync' AND s.target = b.object)))
  SELECT b.id, pg_catalog.array_agg(n.nspname || '.' || c.relname ORDER BY w.is_target DESC, n.nspname COLLATE "C", c.relname COLLATE "C")
  FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.object JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM subject s WHERE s.kind = 'sync' AND s.target = c.oid) AS is_target) w
  WHERE b.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND (c.relkind IN ('r', 'p', 'f', 'm') OR w.is_target) AND n.nspname <> 'xbb'
  GROUP BY b.id
$$;

CREATE FUNCTION xbb._report_tasks() RETURNS xbb._report_task[]
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  WITH day AS (
    SELECT d.kind, d.id, d.day, coalesce(pg_catalog.sum(d.runs) FILTER (WHERE d.status = 'succeeded'), 0)::bigint AS succeeded,
           coalesce(pg_catalog.sum(d.runs) FILTER (WHERE d.status IN ('failed', 'killed')), 0)::bigint AS failed,
           coalesce(pg_catalog.sum(d.runs) FILTER (WHERE d.status NOT IN ('succeeded', 'failed', 'killed')), 0)::bigint AS other,
           pg_catalog.sum(d.rows_read)::bigint AS rows_read, pg_catalog.sum(d.rows_written)::bigint AS rows_written
    FROM xbb._report_day d GROUP BY 1, 2, 3),
  month AS MATERIALIZED (
    SELECT d.kind, d.id, pg_catalog.sum(d.succeeded + d.failed + d.other)::bigint AS runs, pg_catalog.sum(d.failed)::bigint AS failed,
           pg_catalog.sum(d.rows_read)::bigint AS rows_read, pg_catalog.sum(d.rows_written)::bigint AS rows_written,
           pg_catalog.array_agg((d.day, d.succeeded, d.failed, d.other)::xbb._report_days ORDER BY d.day) AS days
    FROM day d GROUP BY 1, 2),
  lineage AS MATERIALIZED (SELECT l.push, l.reads FROM xbb._report_lineage() l),
  status AS MATERIALIZED (SELECT t.*, t.owner::pg_catalog.text AS owner_name FROM xbb.task_status t),
  subject AS MATERIALIZED (SELECT s.*, s.owner::pg_catalog.text AS owner_name FROM xbb._report_subject s),
  task AS (
    SELECT t.*, s.id, coalesce(xbb._report_relation(s.source), s.source_name) AS reads, coalesce(xbb._report_relation(s.target), s.target_name) AS writes,
           (SELECT v.srvname FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver WHERE f.ftrelid = s.source) AS server,
           (SELECT v.srvname FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver WHERE f.ftrelid = s.target) AS target_server,
           -- as people know it, if it was imported
           (SELECT nullif(pg_catalog.concat_ws(' ', coalesce(pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'label'),
                                                      pg_catalog.max(o.option_value) FILTER (WHERE o.option_name IN ('object', 'api'))),
                                        '#' || pg_catalog.max(o.option_value) FILTER (WHERE o.option_name = 'form_id')), '')
            FROM pg_catalog.pg_foreign_table f, pg_catalog.pg_options_to_table(f.ftoptions) o WHERE f.ftrelid = s.source HAVING pg_catalog.count(*) > 0) AS object
    FROM status t JOIN subject s ON s.kind = t.kind AND s.name = t.name AND s.owner_name = t.owner_name)
  SELECT coalesce(pg_catalog.array_agg(q.task ORDER BY (q.task).place), '{}')
  FROM (
    SELECT (pg_catalog.row_number() OVER (
              ORDER BY pg_catalog.array_position('{failing,stale,incomplete,inactive,never_run,running,ok,disabled}'::pg_catalog.text[], t.state),
                       t.kind DESC, t.name COLLATE "C", t.owner_name COLLATE "C"),
            t.kind, t.name, t.owner_name, t.state, t.server, coalesce(t.object, t.reads), t.writes, t.target_server, l.reads,
            t.complete_until, t.staleness, t.max_age, t.last_started, t.last_duration, t.typical_duration, t.last_rows, t.typical_rows,
            t.failures_in_a_row, t.last_error_at, t.last_sqlstate, t.problems, t.schedule, t.next_run,
            coalesce(m.runs, 0), coalesce(m.failed, 0), coalesce(m.rows_read, 0), coalesce(m.rows_written, 0), coalesce(m.days, '{}'))::xbb._report_task AS task
    FROM task t LEFT JOIN month m ON m.kind = t.kind AND m.id = t.id LEFT JOIN lineage l ON t.kind = 'push' AND l.push = t.id) q
$$;
