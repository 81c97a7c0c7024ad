-- What xbb.doctor tells without a request.  Each function is one check, called as the caller and alone, so that one that fails
-- is no more than "unknown".

CREATE FUNCTION xbb._library_version() RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_library_version';

-- A relation that is an extension's own: what anybody may have made under its name is not read.  Its schema may be closed.
CREATE FUNCTION xbb._doctor_has(relation pg_catalog.text, extension pg_catalog.name) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                 JOIN pg_catalog.pg_class c ON c.oid = d.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND pg_catalog.format('%s.%s', n.nspname, c.relname) = relation
                   AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND e.extname = extension)
$$;

CREATE FUNCTION xbb._doctor_versions(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_catalog.bool_and(e.extversion = xbb._library_version()) THEN 'ok' ELSE 'fail' END,
         pg_catalog.format('library %s, %s, PostgreSQL %s', xbb._library_version(),
                           pg_catalog.string_agg(e.extname || ' ' || e.extversion, ', ' ORDER BY e.extname DESC),
                           pg_catalog.current_setting('server_version')),
         'library and SQL of one version',
         CASE WHEN NOT pg_catalog.bool_and(e.extversion = xbb._library_version()) THEN
           pg_catalog.string_agg(pg_catalog.format('ALTER EXTENSION %I UPDATE;', e.extname), ' ' ORDER BY e.extname DESC)
             FILTER (WHERE e.extversion <> xbb._library_version()) || '  -- and reconnect' END
  FROM pg_catalog.pg_extension e WHERE e.extname IN ('xbb_fdw', 'xbb_etl')
$$;

CREATE FUNCTION xbb._doctor_encoding(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN e.name = 'UTF8' THEN 'ok' ELSE 'warn' END,
         CASE e.name WHEN 'UTF8' THEN 'UTF8'
           WHEN 'SQL_ASCII' THEN 'SQL_ASCII: texts are UTF-8 here, but their characters are not counted as such'
           ELSE pg_catalog.format('%s: a text with a character that it lacks is an error, or null with on_error ''set_null''', e.name) END,
         'UTF8',
         CASE WHEN e.name <> 'UTF8' THEN pg_catalog.format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'';  -- and work there',
                                                           pg_catalog.current_database() || '_utf8') END
  FROM (SELECT pg_catalog.current_setting('server_encoding')) e(name)
$$;

-- Options that other ones make void, or that take a guarantee away.
CREATE FUNCTION xbb._doctor_options(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH own AS (
    SELECT s.srvname, o.option_name, o.option_value
    FROM pg_catalog.pg_foreign_server s, pg_catalog.pg_options_to_table(s.srvoptions) o WHERE s.oid = server),
  had AS (
    SELECT pg_catalog.max(option_value) FILTER (WHERE option_name = 'request_limit')::numeric AS request_limit,
           coalesce(pg_catalog.max(option_value) FILTER (WHERE option_name = 'rate_limit'), '16')::numeric AS rate_limit,
           coalesce(pg_catalog.max(option_value) FILTER (WHERE option_name = 'daily_quota'), '100000')::numeric AS daily_quota,
           coalesce(pg_catalog.max(option_value) FILTER (WHERE option_name = 'quota_reserve'), '20%') AS quota_reserve
    FROM own),
  of_table AS (
    SELECT t.ftrelid::pg_catalog.regclass AS relation, o.option_name, o.option_value, w.option_value AS of_server
    FROM pg_catalog.pg_foreign_table t CROSS JOIN LATERAL pg_catalog.pg_options_to_table(t.ftoptions) o
    LEFT JOIN own w ON w.option_name = o.option_name
    WHERE t.ftserver = server),
  odd AS (
    SELECT 1 AS rank, pg_catalog.format('snapshot is off for the server: nothing is proven complete') AS found,
           pg_catalog.format('ALTER SERVER %I OPTIONS (DROP snapshot);', srvname) AS fix
    FROM own WHERE option_name = 'snapshot' AND pg_catalog.lower(option_value) IN ('false', 'off', 'no', '0', 'f', 'n')
    UNION ALL
    SELECT 2, 'quota_reserve leaves nothing of the day to whatever is no incremental sync',
           (SELECT pg_catalog.format('ALTER SERVER %I OPTIONS (SET quota_reserve %L);', srvname, '20%') FROM own LIMIT 1)
    FROM had WHERE daily_quota > 0 AND CASE WHEN quota_reserve ~ E'^ *[0-9.]+ *%' THEN pg_catalog.regexp_replace(quota_reserve, '[^0-9.]', '', 'g')::numeric >= 100
                                            WHEN quota_reserve ~ '^ *[0-9]+ *$' THEN quota_reserve::numeric >= daily_quota END
    UNION ALL
    SELECT 3, pg_catalog.format('rate_limit %s is more than the 1000 requests a minute that the API is known to allow', rate_limit),
           (SELECT pg_catalog.format('ALTER SERVER %I OPTIONS (SET rate_limit %L);', srvname, '16') FROM own LIMIT 1)
    FROM had WHERE rate_limit > 16.7
    UNION ALL
    SELECT 4, pg_catalog.format('request_limit %s of %s has no effect: the server''s is %s', option_value, relation, of_server),
           pg_catalog.format('ALTER FOREIGN TABLE %s OPTIONS (DROP request_limit);', relation)
    FROM of_table WHERE option_name = 'request_limit' AND of_server ~ '^[0-9]+$' AND option_value ~ '^[0-9]+$'
      AND of_server::numeric > 0 AND (option_value::numeric = 0 OR option_value::numeric > of_server::numeric)
    UNION ALL
    SELECT 5, pg_catalog.format('page_size %s of %s: %s times as many requests as with 100', option_value, relation, pg_catalog.round(100 / option_value::numeric, 1)),
           pg_catalog.format('ALTER FOREIGN TABLE %s OPTIONS (DROP page_size);', relation)
    FROM of_table WHERE option_name = 'page_size' AND option_value ~ '^[1-9][0-9]?$' AND option_value::numeric <= 50
    UNION ALL
    SELECT 6, pg_catalog.format('page_size %s: %s times as many requests as with 100', option_value, pg_catalog.round(100 / option_value::numeric, 1)),
           pg_catalog.format('ALTER SERVER %I OPTIONS (DROP page_size);', srvname)
    FROM own WHERE option_name = 'page_size' AND option_value ~ '^[1-9][0-9]?$' AND option_value::numeric <= 50)
  SELECT CASE WHEN EXISTS (SELECT FROM odd) THEN 'warn' ELSE 'ok' END,
         coalesce((SELECT pg_catalog.string_agg(o.found, '; ' ORDER BY o.rank, o.found) FROM odd o),
                  pg_catalog.format('%s of the server, %s of its tables, %s of which override the server''s',
                                    (SELECT pg_catalog.count(*) FROM own), (SELECT pg_catalog.count(*) FROM of_table),
                                    (SELECT pg_catalog.count(*) FROM of_table WHERE of_server IS NOT NULL))),
         NULL::pg_catalog.text,
         (SELECT pg_catalog.string_agg(o.fix, ' ' ORDER BY o.rank, o.found) FROM odd o)
$$;

CREATE FUNCTION xbb._doctor_account(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN q.used_today >= q.daily_quota THEN 'fail'
              WHEN q.held_until > pg_catalog.now() OR q.failures > 0 OR q.share_of_rate < 1 OR q.used_today > q.daily_quota * 0.8 THEN 'warn'
              ELSE 'ok' END,
         pg_catalog.format('%s of %s requests of the day', q.used_today, coalesce(q.daily_quota::pg_catalog.text, 'any number of'))
           || CASE WHEN q.held_until > pg_catalog.now() THEN pg_catalog.format('; nobody sends before %s, as the API asked', q.held_until) ELSE '' END
           || CASE WHEN q.failures > 0 THEN pg_catalog.format('; the last %s requests of all sessions have failed', q.failures) ELSE '' END
           || CASE WHEN q.share_of_rate < 1 THEN pg_catalog.format('; %s %% of the rate, since the API said "too fast"', pg_catalog.round((q.share_of_rate * 100)::numeric)) ELSE '' END,
         NULL::pg_catalog.text,
         CASE WHEN q.used_today > q.daily_quota * 0.8 THEN pg_catalog.format('TABLE xbb.quota_use;  -- who used them; the day ends at %s', q.resets_at)
              WHEN q.held_until > pg_catalog.now() OR q.share_of_rate < 1 THEN 'Wait, and lower rate_limit of the server where it happens often.'
              WHEN q.failures > 0 THEN 'TABLE xbb.stats;  -- the last error' END
  FROM xbb._quota(server) q
$$;

CREATE FUNCTION xbb._doctor_settings(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  WITH setting AS (
    SELECT s.name, s.setting::numeric AS value,
           CASE s.name WHEN 'statement_timeout' THEN s.setting::numeric BETWEEN 1 AND 60000
                       WHEN 'transaction_timeout' THEN s.setting::numeric BETWEEN 1 AND 600000
                       WHEN 'temp_file_limit' THEN s.setting::numeric BETWEEN 0 AND 100000
                       WHEN 'xbb_fdw.request_limit' THEN s.setting::numeric BETWEEN 1 AND 100 END AS is_low
    FROM pg_catalog.pg_settings s
    WHERE s.name IN ('statement_timeout', 'transaction_timeout', 'temp_file_limit', 'xbb_fdw.request_limit'))
  SELECT CASE WHEN pg_catalog.bool_or(is_low) THEN 'warn' ELSE 'ok' END,
         pg_catalog.string_agg(pg_catalog.format('%s %s', name, pg_catalog.current_setting(name)), ', ' ORDER BY name)
           || CASE WHEN pg_catalog.bool_or(is_low) THEN ': long reads of this session end in an error' ELSE '' END,
         NULL::pg_catalog.text,
         pg_catalog.string_agg(pg_catalog.format('RESET %s;', name), ' ' ORDER BY name) FILTER (WHERE is_low)
  FROM setting
$$;

CREATE FUNCTION xbb._doctor_syncs(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  syncs bigint;
  newest timestamp with time zone;
  bad pg_catalog.text;
BEGIN
  IF NOT xbb._doctor_has('xbb.sync_status', 'xbb_etl') THEN
    status := 'skipped';
    seen := 'extension xbb_etl is not in this database';
    RETURN;
  END IF;
  SELECT pg_catalog.count(*), pg_catalog.max(s.last_success),
         pg_catalog.string_agg(pg_catalog.format('%s is %s', s.name, s.state), ', ' ORDER BY s.name) FILTER (WHERE s.state IN ('failing', 'stale'))
    INTO syncs, newest, bad
  FROM xbb.sync_status s WHERE EXISTS (SELECT FROM pg_catalog.pg_foreign_table t WHERE t.ftrelid = s.source AND t.ftserver = server);
  status := CASE WHEN bad IS NULL THEN 'ok' ELSE 'warn' END;
  seen := pg_catalog.format('%s of this server%s%s', syncs,
                             CASE WHEN newest IS NOT NULL THEN pg_catalog.format(', the newest success at %s', newest) END,
                             CASE WHEN bad IS NOT NULL THEN '; ' || bad END);
  fix := CASE WHEN bad IS NOT NULL THEN 'SELECT name, state, problem, last_error FROM xbb.sync_status;' END;
END
$$;

-- Who has no right on pg_cron's table cannot tell; its rows are by role.
CREATE FUNCTION xbb._doctor_schedule(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  jobs bigint;
  strangers pg_catalog.text;
BEGIN
  IF NOT xbb._doctor_has('cron.job', 'pg_cron') THEN
    status := 'skipped';
    seen := 'pg_cron is not in this database; whatever else runs the syncs is not seen';
  ELSIF NOT pg_catalog.has_schema_privilege('cron', 'USAGE') OR NOT pg_catalog.has_table_privilege('cron.job', 'SELECT') THEN
    status := 'unknown';
    seen := 'pg_cron is there, but its jobs may not be read';
    fix := pg_catalog.format('GRANT USAGE ON SCHEMA cron TO %I;', current_user);
  ELSE
    EXECUTE 'SELECT pg_catalog.count(*),'
      '  pg_catalog.string_agg(DISTINCT j.username, '', '') FILTER (WHERE NOT EXISTS ('
      '    SELECT FROM pg_catalog.pg_user_mappings m WHERE m.srvid = $1 AND m.usename IN (j.username, ''public'')))'
      ' FROM cron.job j WHERE j.active AND j.database = pg_catalog.current_database()'
      '  AND j.command ~ ''xbb[.](sync|reconcile|push|retry)'''
      INTO jobs, strangers USING server;
    status := CASE WHEN jobs > 0 AND strangers IS NULL THEN 'ok' ELSE 'warn' END;
    seen := pg_catalog.format('%s active jobs that run syncs or pushes%s', jobs,
                               CASE WHEN strangers IS NOT NULL THEN '; without a user mapping for this server: ' || strangers END);
    fix := CASE WHEN jobs = 0 THEN 'CALL xbb.sync_all();  -- by pg_cron: SELECT cron.schedule(''sync'', ''*/5 * * * *'', ''CALL xbb.sync_all()'');'
                WHEN strangers IS NOT NULL THEN
                  (SELECT pg_catalog.format('CREATE USER MAPPING FOR <role> SERVER %I OPTIONS (token %L);', s.srvname, '<token>')
                   FROM pg_catalog.pg_foreign_server s WHERE s.oid = server) END;
  END IF;
END
$$;

CREATE FUNCTION xbb._doctor_alerts(
  server pg_catalog.oid, OUT status pg_catalog.text, OUT seen pg_catalog.text, OUT assumed pg_catalog.text, OUT fix pg_catalog.text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  at timestamp with time zone;
BEGIN
  IF NOT xbb._doctor_has('xbb.alert_evaluated', 'xbb_etl') THEN
    status := 'skipped';
    seen := 'there are no alerts in this database';
    RETURN;
  ELSIF NOT EXISTS (SELECT FROM xbb.task_status) THEN
    status := 'skipped';
    seen := 'there is no sync or push to watch';
    RETURN;
  END IF;
  SELECT pg_catalog.max(e.evaluated) INTO at FROM xbb.alert_evaluated e;
  status := CASE WHEN at > pg_catalog.now() - interval '5 minutes' THEN 'ok' ELSE 'warn' END;
  seen := coalesce(pg_catalog.format('evaluated at %s', at), 'never evaluated');
  fix := CASE WHEN status <> 'ok' THEN 'SELECT xbb.check_alerts();  -- each minute' END;
END
$$;
