-- Sending: each message is marked, committed, sent, and noted.  Where no answer came it is sent again, under its number.

CREATE FUNCTION xbb._alert_lock() RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_lock';

CREATE FUNCTION xbb._alert_unlock() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_unlock';

CREATE FUNCTION xbb._alert_take() RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_take';

CREATE FUNCTION xbb._alert_note(id bigint, status pg_catalog.text, note pg_catalog.text, wait interval) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_alert_note';

-- What became of it: sent, unknown, failed, or, where it certainly did not arrive, queued.
CREATE FUNCTION xbb._alert_deliver(message xbb.alert_message, OUT status pg_catalog.text, OUT note pg_catalog.text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET client_min_messages = error AS $$
DECLARE
  channel xbb.alert_channel;
  verdict pg_catalog.record;
BEGIN
  SELECT c.* INTO channel FROM xbb.alert_channel c WHERE c.name = message.channel AND c.owner = message.owner;
  status := 'sent';
  IF channel.kind = 'log' THEN
    RAISE LOG '%', message.body;
  ELSIF channel.kind = 'notify' THEN
    PERFORM pg_catalog.pg_notify('xbb_alert', pg_catalog.json_build_object('message', message.id, 'kind', message.kind, 'text', message.body)::pg_catalog.text);
  ELSE
    SELECT s.status, s.message INTO verdict
    FROM xbb.send(channel.target::pg_catalog.regclass, pg_catalog.format('SELECT %L::pg_catalog.text AS text', message.body)) s;
    status := CASE WHEN verdict.status IN ('ok', 'duplicate') THEN 'sent' WHEN verdict.status IN ('throttled', 'retry', 'not sent') THEN 'queued'
                   WHEN verdict.status = 'unknown' THEN 'unknown' ELSE 'failed' END;
    note := CASE WHEN status <> 'sent' THEN pg_catalog.concat_ws(': ', verdict.status, verdict.message) END;
  END IF;
EXCEPTION WHEN OTHERS THEN
  status := 'failed';
  note := SQLERRM;
END
$$;

-- Sends one, and notes it.  It is tried again for a day, in ever longer intervals; of one that may have
-- arrived each time, the fifth has failed: it keeps nothing back any more, and is rarely tried.
CREATE FUNCTION xbb._alert_send(id bigint) RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  message xbb.alert_message;
  verdict pg_catalog.record;
  wait interval;
BEGIN
  SELECT m.* INTO message FROM xbb.alert_message m WHERE m.id = $1;
  verdict := xbb._alert_deliver(message);
  IF verdict.status = 'unknown' AND message.tries >= 5 THEN
    verdict.status := 'failed';
    wait := '4 h';
  END IF;
  PERFORM xbb._alert_note($1, verdict.status, verdict.note,
    CASE WHEN verdict.status <> 'sent' AND message.created > pg_catalog.clock_timestamp() - interval '1 day'
         THEN coalesce(wait, least(interval '10 min', interval '1 min' * message.tries)) END);
  IF verdict.status <> 'sent' THEN
    RAISE WARNING 'alert message % could not be sent: %', $1, verdict.note;
  END IF;
  RETURN verdict.status;
END
$$;

CREATE PROCEDURE xbb.send_alerts() LANGUAGE plpgsql AS $$
DECLARE
  can_commit boolean := xbb._can_commit();
  path pg_catalog.text := pg_catalog.current_setting('search_path');
  id bigint;
  sent bigint := 0;
BEGIN
  PERFORM xbb._sync_path();
  IF NOT can_commit THEN
    RAISE EXCEPTION 'alerts cannot be sent where nothing can be committed' USING ERRCODE = 'invalid_transaction_termination',
      HINT = 'CALL xbb.send_alerts(); must stand alone: not in a transaction block or function, nor in one string with other statements.';
  END IF;
  PERFORM xbb._sync_path(path);
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  PERFORM xbb._sync_path();
  IF NOT xbb._alert_lock() THEN
    RAISE NOTICE 'alerts of role % are being sent already', pg_catalog.quote_ident(current_user);
    PERFORM xbb._sync_path(path);
    RETURN;
  END IF;
  LOOP
    id := xbb._alert_take();
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM xbb._sync_path();
    EXIT WHEN id IS NULL;
    sent := sent OPERATOR(pg_catalog.+) CASE WHEN xbb._alert_send(id) OPERATOR(pg_catalog.=) 'sent' THEN 1 ELSE 0 END;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM xbb._sync_path();
  END LOOP;
  PERFORM xbb._alert_unlock();
  RAISE INFO 'alerts: % sent', sent;
  PERFORM xbb._sync_path(path);
END
$$;
COMMENT ON PROCEDURE xbb.send_alerts() IS 'sends the messages of your channels that are queued or could not be sent';
