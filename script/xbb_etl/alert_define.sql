-- What users say: silences and channels.

CREATE FUNCTION xbb._alert_silence(name pg_catalog.text, until pg_catalog.timestamptz, why pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_silence';

CREATE FUNCTION xbb.silence(name pg_catalog.text, until pg_catalog.timestamptz, why pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF coalesce(until <= pg_catalog.now(), true) OR NOT pg_catalog.isfinite(until) OR coalesce(why, '') = '' OR coalesce(name, '') = '' THEN
    RAISE EXCEPTION 'a silence needs a name, an end in the future, and a reason' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'SELECT xbb.silence(''product'', ''2 h'', ''the ERP is being updated'');';
  ELSIF name <> '*' AND NOT EXISTS (SELECT FROM xbb.task_status t WHERE t.name = $1)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_foreign_server s WHERE s.srvname = $1) THEN
    RAISE EXCEPTION 'there is no sync, push or server %', pg_catalog.quote_ident(name) USING ERRCODE = 'undefined_object',
      HINT = 'TABLE xbb.task_status; shows the tasks that you may see, ''*'' is all of them.';
  ELSIF NOT EXISTS (SELECT FROM xbb.task_status t WHERE pg_catalog.pg_has_role(t.owner, 'USAGE')
                    AND (t.name = $1 OR $1 = '*' OR EXISTS (SELECT FROM pg_catalog.pg_foreign_server s WHERE s.srvname = $1))) THEN
    RAISE EXCEPTION 'no role that you have has a sync or push that a silence of % concerns', pg_catalog.quote_ident(name)
      USING ERRCODE = 'insufficient_privilege', HINT = 'Its owner may silence it, or a member of the owner''s role.';
  END IF;
  PERFORM xbb._alert_silence(name, until, why);
END
$$;
COMMENT ON FUNCTION xbb.silence(text, timestamptz, text) IS
  'nobody is told of that sync, push or server, or of all (*), of the roles that you have, until then';

CREATE FUNCTION xbb.silence(name pg_catalog.text, until interval, why pg_catalog.text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT xbb.silence($1, pg_catalog.now() + $2, $3)
$$;
COMMENT ON FUNCTION xbb.silence(text, interval, text) IS 'the same, for so long from now on';

-- A constant is an interval or a time.
CREATE FUNCTION xbb.silence(name pg_catalog.text, until pg_catalog.text, why pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  span interval;
BEGIN
  BEGIN
    span := until::interval;
  EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow OR interval_field_overflow THEN
    PERFORM xbb.silence($1, until::pg_catalog.timestamptz, $3);
    RETURN;
  END;
  PERFORM xbb.silence($1, pg_catalog.now() + span, $3);
END
$$;
COMMENT ON FUNCTION xbb.silence(text, text, text) IS 'the same, for a constant such as ''2 h'' or ''2026-12-01 08:00''';

CREATE FUNCTION xbb.unsilence(name pg_catalog.text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT xbb._alert_silence($1, NULL, NULL)
$$;
COMMENT ON FUNCTION xbb.unsilence(text) IS 'ends your silence of that name';

CREATE FUNCTION xbb._alert_drift(server pg_catalog.name, changes bigint) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_drift';

-- Requests of its own, so no evaluation looks for it.
CREATE FUNCTION xbb.check_drift(server pg_catalog.name) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changes constant bigint := (SELECT pg_catalog.count(*) FROM xbb.schema_drift(server));
BEGIN
  PERFORM xbb._alert_drift(server, changes);
  RETURN changes;
END
$$;
COMMENT ON FUNCTION xbb.check_drift(name) IS 'counts what xbb.schema_drift finds, for the alert: for a schedule, once a day';

CREATE FUNCTION xbb._alert_channel_put(channel xbb.alert_channel) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_channel_put';

CREATE FUNCTION xbb._alert_channel_drop(name pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_channel_drop';

-- What a target takes: a table of xbb_target with a column text, and how many bytes its platform allows.
CREATE FUNCTION xbb._alert_target(target pg_catalog.regclass, OUT name pg_catalog.text, OUT max_bytes integer)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname),
         CASE p.preset WHEN 'wecom_robot' THEN 2048 WHEN 'dingtalk_robot' THEN 19000 WHEN 'feishu_robot' THEN 19000 ELSE 4096 END
  INTO name, max_bytes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_foreign_table t ON t.ftrelid = c.oid JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
  JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  CROSS JOIN LATERAL (SELECT (SELECT substring(o FROM '=(.*)$') FROM pg_catalog.unnest(s.srvoptions) o WHERE o ~ '^preset=') AS preset) p
  WHERE c.oid = target AND w.fdwhandler = 'xbb.target_handler'::pg_catalog.regproc AND w.fdwvalidator = 'xbb.target_validator'::pg_catalog.regproc
    AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'text' AND a.attnum > 0);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the target of a channel must be a foreign table of xbb_target with a column "text"' USING ERRCODE = 'wrong_object_type',
      HINT = 'CREATE FOREIGN TABLE robot (text text) SERVER ...; on a server with preset dingtalk_robot, wecom_robot or feishu_robot.';
  END IF;
END
$$;

CREATE FUNCTION xbb.create_alert_channel(
  name pg_catalog.text, kind pg_catalog.text DEFAULT 'target', target pg_catalog.regclass DEFAULT NULL, lang pg_catalog.text DEFAULT 'en',
  keyword pg_catalog.text DEFAULT 'xbb', digest time DEFAULT '08:50', time_zone pg_catalog.text DEFAULT 'Asia/Shanghai')
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  channel xbb.alert_channel;
BEGIN
  IF kind IS NULL OR kind NOT IN ('log', 'notify', 'target') OR lang IS NULL OR lang NOT IN ('en', 'zh') OR (kind = 'target') <> (target IS NOT NULL) THEN
    RAISE EXCEPTION 'a channel is of kind log, notify or, with a target, target, and its lang is en or zh' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT $1, $2, t.name, $4, $7, $5, $6,
         -- what a payload of NOTIFY has beside the text is less than 200 bytes
         CASE $2 WHEN 'target' THEN t.max_bytes WHEN 'notify' THEN 7500 ELSE 20000 END
  INTO channel.name, channel.kind, channel.target, channel.lang, channel.time_zone, channel.keyword, channel.digest, channel.max_bytes
  FROM (SELECT) o LEFT JOIN LATERAL xbb._alert_target($3) t ON $3 IS NOT NULL;
  PERFORM xbb._alert_channel_put(channel);
END
$$;
COMMENT ON FUNCTION xbb.create_alert_channel(text, text, regclass, text, text, time, text) IS
  'where messages of your alerts go: the log, NOTIFY, or a robot as a table of xbb_target; one of that name is changed';

CREATE FUNCTION xbb.drop_alert_channel(name pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT coalesce(xbb._alert_channel_drop(name), false) THEN
    RAISE EXCEPTION 'role % has no channel %', pg_catalog.quote_ident(current_user), coalesce(pg_catalog.quote_ident(name), 'null')
      USING ERRCODE = 'undefined_object', HINT = 'TABLE xbb.alert_channel; shows them.';
  END IF;
END
$$;
COMMENT ON FUNCTION xbb.drop_alert_channel(text) IS 'forgets a channel of yours and its messages';
