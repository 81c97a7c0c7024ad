-- Makes what the scenes are put together of: syncs over foreign tables of a server that is not asked, and
-- rows in their logs as if they had run.  For a database that is thrown away, as a superuser.
CREATE EXTENSION xbb_etl CASCADE;
CREATE SCHEMA crm_in;
CREATE SCHEMA etl;
CREATE SCHEMA scene;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'ding_demo', base_url 'http://127.0.0.1:9', daily_quota '100000');
CREATE SERVER erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'http://127.0.0.1:9');
CREATE USER MAPPING FOR CURRENT_USER SERVER crm OPTIONS (token 'none');
CREATE USER MAPPING FOR CURRENT_USER SERVER erp;

-- A list of the CRM, and a sync of it.
CREATE FUNCTION scene.sync(name text, object text, target text DEFAULT NULL, max_age interval DEFAULT '1 hour', server text DEFAULT 'crm', scope jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET client_min_messages = error AS $$
DECLARE
  source text := format('crm_in.%I', left(name, 20));
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE %s (data_id bigint, update_time timestamptz, name text OPTIONS (attr ''text_1''))
    SERVER %I OPTIONS (object %L%s)', source, server, object, CASE WHEN object <> 'product' THEN format(', form_id %L', 5300200 + length(object)) END);
  PERFORM xbb.create_sync(name, source => source::regclass, target => coalesce(target, format('etl.%I', left(name, 20))), max_age => max_age,
    key => CASE WHEN scope IS NULL THEN '{data_id}'::text[] ELSE '{data_id,company}' END, scope => scope);
END
$$;

-- A run a day at noon for so many days, the last one some minutes ago.
CREATE FUNCTION scene.ran(name text, days integer, status text DEFAULT 'succeeded', records integer DEFAULT 100, changed integer DEFAULT 10,
  state text DEFAULT NULL, ends interval DEFAULT '4 min', a_day integer DEFAULT 24)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO xbb._sync_run_log (id, definition, task, status, started, ended, requests, pages, rows_read, inserted, updated, unchanged, sqlstate, error, complete_until)
  SELECT nextval('xbb._sync_run_begun_id_seq'), d.id, 'sync', status, t.at - interval '3 s', t.at, 1 + records / 100, 1 + records / 100, records,
         changed / 2, changed - changed / 2, records - changed, state, CASE WHEN state IS NOT NULL THEN 'tel. 13800000000' END,
         CASE WHEN status = 'succeeded' THEN t.at - interval '8 s' END
  FROM xbb._sync_definition d, LATERAL (
    SELECT CASE WHEN day = 0 AND n = a_day THEN now() - ends ELSE date_trunc('day', now()) - day * interval '1 day' + n * interval '1 day' / (a_day + 1) END AS at
    FROM generate_series(1, days) day, generate_series(1, a_day) n
    UNION ALL SELECT now() - ends) t
  WHERE d.name = ran.name ORDER BY t.at
$$;

-- A telephone number: none of them may be in a report.
CREATE FUNCTION scene.phone(n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '1380' || lpad((n * 7919)::text, 7, '0') $$;

CREATE FUNCTION scene.rejected(name text, records integer, state text DEFAULT '22P02', kind text DEFAULT 'value') RETURNS void LANGUAGE sql AS $$
  INSERT INTO xbb._sync_reject (definition, data_id, update_time, kind, sqlstate, error, raw, run, first_seen, label, context)
  SELECT d.id, 51200000 + n, now(), kind, state, 'invalid input syntax for type numeric: "' || scene.phone(n) || '"',
         json_build_object('text_9', scene.phone(n)), 1, now() - n * interval '1 h', scene.phone(n), 'column phone: ' || scene.phone(n)
  FROM xbb._sync_definition d, generate_series(1, records) n WHERE d.name = rejected.name
$$;

CREATE FUNCTION scene.push(name text, source text, target text, key text[] DEFAULT '{id}') RETURNS void LANGUAGE plpgsql SET client_min_messages = error AS $$
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE IF NOT EXISTS etl.%I (id text, name text) SERVER erp OPTIONS (api ''/x'', envelope ''"$record"'', ok ''$.code == 0'')', target);
  PERFORM xbb.create_push(name, source => source, target => format('etl.%I', target)::regclass, key => key, copy_data => false);
  UPDATE xbb._push_definition d SET incomplete_since = now() - interval '31 days' WHERE d.name = push.name;
END
$$;

CREATE FUNCTION scene.pushed(name text, days integer, status text DEFAULT 'succeeded', records integer DEFAULT 20, refused integer DEFAULT 0) RETURNS void LANGUAGE sql AS $$
  INSERT INTO xbb._push_run_log (push, status, started, ended, requests, enqueued, acknowledged, rejected, complete_until)
  SELECT d.id, status, t.at - interval '2 s', t.at, records, records, records - refused, refused, CASE WHEN status = 'succeeded' THEN t.at - interval '2 s' END
  FROM xbb._push_definition d, LATERAL (
    SELECT date_trunc('day', now()) - day * interval '1 day' + interval '13 h' AS at FROM generate_series(1, days) day
    UNION ALL SELECT now() - interval '3 min') t
  WHERE d.name = pushed.name ORDER BY t.at
$$;

CREATE FUNCTION scene.refused(name text, records integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO xbb._push_item (push, key, key_id, status, record, hash, message, answer)
  SELECT d.id, ARRAY[scene.phone(n)], gen_random_uuid(), 'rejected', json_build_object('phone', scene.phone(n)), '\x00', scene.phone(n), scene.phone(n)
  FROM xbb._push_definition d, generate_series(1, records) n WHERE d.name = refused.name
$$;
