-- The rules, and what roles changed of them.

-- A finding's value is told when it is at least threshold and was there for as long as hold says; failing and unreachable,
-- where it is less, too, but then after hold, and where it is not, at once.
CREATE VIEW xbb._alert_builtin AS
SELECT * FROM (VALUES
  ('failing', 3::numeric, interval '15 min', 'runs that failed or were killed in a row; fewer are told after hold'),
  ('stale', 1, '0', 'the age of what is complete, in parts of max_age'),
  ('did_not_run', 1, '5 min', 'a run that was due by pg_cron''s schedule, or a first one, within max_age or a day, has not begun'),
  ('rejects', 1, '0', 'records set aside by a sync, or refused by the target of a push'),
  ('deletions_stopped', 1, '0', 'a reconciliation would have deleted more than delete_limit'),
  ('total_fell', 0.2, '0', 'the part by which a full reading, or a list, has less records than is usual'),
  ('slow', 3, '0', 'how many times as long as is usual a run takes, if that is more than five minutes'),
  ('missed', 1, '0', 'records that the latest reconciliation found, and the syncs had missed'),
  ('unsettled', 1, '10 min', 'records of a push that are unknown or held'),
  ('quota', 0.8, '0', 'the part of the day''s requests that is used'),
  ('unreachable', 3, '15 min', 'runs of all tasks of a server that failed in a row as it was down; fewer are told after hold'),
  ('token_refused', 1, '0', 'runs of all tasks of a server that failed as it did not accept token or signature'),
  ('drift', 1, '0', 'changes of forms that xbb.check_drift found'),
  ('sees_less', 1, '0', 'xbb.doctor found that the acting user sees less than all')) r (rule, threshold, hold, description);
COMMENT ON VIEW xbb._alert_builtin IS 'the rules as they are unless somebody changes them';

-- What holds for a role's task, or, '', its servers.
CREATE FUNCTION xbb._alert_setting(
  owner pg_catalog.text, task pg_catalog.text, rule pg_catalog.text, OUT enabled boolean, OUT threshold numeric, OUT hold interval)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(t.enabled, o.enabled, e.enabled, true), coalesce(t.threshold, o.threshold, e.threshold, b.threshold),
         coalesce(t.hold, o.hold, e.hold, b.hold)
  FROM xbb._alert_builtin b
  LEFT JOIN xbb._alert_change t ON t.rule = b.rule AND t.owner = $1 AND t.task = $2
  LEFT JOIN xbb._alert_change o ON o.rule = b.rule AND o.owner = $1 AND o.task = ''
  LEFT JOIN xbb._alert_change e ON e.rule = b.rule AND e.owner = '' AND e.task = ''
  WHERE b.rule = $3
$$;

CREATE VIEW xbb.alert_rule WITH (security_barrier) AS
SELECT b.rule, NULL::pg_catalog.text AS owner, NULL::pg_catalog.text AS task, coalesce(e.enabled, true) AS enabled,
       coalesce(e.threshold, b.threshold) AS threshold, coalesce(e.hold, b.hold) AS hold, e.rule IS NULL AS builtin, b.description
FROM xbb._alert_builtin b LEFT JOIN xbb._alert_change e ON e.rule = b.rule AND e.owner = '' AND e.task = ''
UNION ALL
SELECT c.rule, c.owner, nullif(c.task, ''), coalesce(c.enabled, o.enabled, e.enabled, true), coalesce(c.threshold, o.threshold, e.threshold, b.threshold),
       coalesce(c.hold, o.hold, e.hold, b.hold), false, b.description
FROM xbb._alert_change c JOIN xbb._alert_builtin b ON b.rule = c.rule
LEFT JOIN xbb._alert_change o ON o.rule = b.rule AND o.owner = c.owner AND o.task = ''
LEFT JOIN xbb._alert_change e ON e.rule = b.rule AND e.owner = '' AND e.task = ''
WHERE c.owner <> '' AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = c.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE'));
COMMENT ON VIEW xbb.alert_rule IS 'what is told; xbb.alter_alert changes it';
COMMENT ON COLUMN xbb.alert_rule.rule IS 'name of the rule';
COMMENT ON COLUMN xbb.alert_rule.owner IS 'for whose tasks it is so; NULL: everybody''s, but for those with a row of their own';
COMMENT ON COLUMN xbb.alert_rule.task IS 'for which sync or push of his; NULL: all, and his servers';
COMMENT ON COLUMN xbb.alert_rule.enabled IS 'is it looked for?';
COMMENT ON COLUMN xbb.alert_rule.threshold IS 'from which value on it is told';
COMMENT ON COLUMN xbb.alert_rule.hold IS 'how long that must be so';
COMMENT ON COLUMN xbb.alert_rule.builtin IS 'false: somebody changed it';
COMMENT ON COLUMN xbb.alert_rule.description IS 'what the value is';

CREATE FUNCTION xbb._alert_change(
  rule pg_catalog.text, task pg_catalog.text, enabled boolean, threshold numeric, hold interval, everyone boolean) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_change';

CREATE FUNCTION xbb.alter_alert(
  rule pg_catalog.text, enabled boolean DEFAULT NULL, threshold numeric DEFAULT NULL, hold interval DEFAULT NULL,
  task pg_catalog.text DEFAULT NULL, everyone boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM xbb.alert_rule r WHERE r.rule = $1) THEN
    RAISE EXCEPTION 'there is no alert rule %', coalesce(pg_catalog.quote_ident($1), 'null')
      USING ERRCODE = 'undefined_object', HINT = 'TABLE xbb.alert_rule; shows them.';
  ELSIF everyone AND task IS NOT NULL THEN
    RAISE EXCEPTION 'a rule for everyone cannot be one for a task' USING ERRCODE = 'invalid_parameter_value';
  ELSIF threshold <= 0 OR hold < '0' THEN
    RAISE EXCEPTION 'threshold must be above 0, and hold not less' USING ERRCODE = 'invalid_parameter_value';
  ELSIF task IS NOT NULL AND NOT EXISTS (SELECT FROM xbb.task_status s WHERE s.name = $5 AND s.owner = current_user::pg_catalog.regrole) THEN
    RAISE EXCEPTION 'role % has no sync or push %', pg_catalog.quote_ident(current_user), pg_catalog.quote_ident($5)
      USING ERRCODE = 'undefined_object', HINT = 'TABLE xbb.task_status; shows those that you may see.';
  END IF;
  IF NOT xbb._alert_change($1, coalesce($5, ''), $2, $3, $4, everyone) THEN
    RAISE EXCEPTION 'only the owner of the database and superusers may change a rule for everyone' USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;
COMMENT ON FUNCTION xbb.alter_alert(text, boolean, numeric, interval, text, boolean) IS
  'changes a rule for your tasks, one of them, or everyone; without a change it is again what it was';
