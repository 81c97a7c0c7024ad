-- Messages: of each evaluation and channel one, with all that is new or over.

-- Bytes of a message on its way: as JSON, but in a log; the most that it may be where a character is none of UTF-8's.
CREATE FUNCTION xbb._alert_bytes(kind pg_catalog.text, body pg_catalog.text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sent constant pg_catalog.text := CASE WHEN kind = 'log' THEN body ELSE pg_catalog.to_json(body)::pg_catalog.text END;
BEGIN
  IF pg_catalog.getdatabaseencoding() IN ('UTF8', 'SQL_ASCII') THEN
    RETURN pg_catalog.octet_length(sent);
  END IF;
  RETURN pg_catalog.octet_length(pg_catalog.convert_to(sent, 'UTF8'));
EXCEPTION WHEN untranslatable_character OR character_not_in_repertoire THEN
  RETURN 3 * pg_catalog.octet_length(sent);
END
$$;

-- As many characters of the beginning as that many bytes hold.
CREATE FUNCTION xbb._alert_cut(kind pg_catalog.text, body pg_catalog.text, most integer) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  low integer := 0;
  high integer := pg_catalog.length(body);
  middle integer;
BEGIN
  IF xbb._alert_bytes(kind, body) <= most THEN
    RETURN body;
  END IF;
  WHILE low < high LOOP
    middle := (low + high + 1) / 2;
    IF xbb._alert_bytes(kind, xbb._alert_left(body, middle) || '...') <= most THEN
      low := middle;
    ELSE
      high := middle - 1;
    END IF;
  END LOOP;
  RETURN xbb._alert_left(body, low) || '...';
END
$$;

-- A message of alerts, the gravest first, as many as fit; titles are theirs, for its first line.
CREATE FUNCTION xbb._alert_body(channel xbb._alert_channel, number bigint, head pg_catalog.text, blocks pg_catalog.text[]) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  count constant integer := pg_catalog.cardinality(blocks);
  first pg_catalog.text := pg_catalog.format('[%s #%s] ', channel.keyword, number);
  place constant pg_catalog.text := pg_catalog.format(' (%s@%s)', xbb._alert_name(pg_catalog.current_database()::pg_catalog.text),
                                                      (SELECT xbb._alert_name(p.host) FROM xbb._place p));
  body pg_catalog.text;
  longer pg_catalog.text;
BEGIN
  IF head IS NULL THEN
    body := first || pg_catalog.regexp_replace(blocks[1], E'\n', place || E'\n');
    RETURN xbb._alert_cut(channel.kind, body, channel.max_bytes);
  END IF;
  body := first || head || place;
  FOR n IN 1 .. count LOOP
    longer := body || E'\n\n' || blocks[n];
    IF xbb._alert_bytes(channel.kind, longer || CASE WHEN n < count THEN E'\n\n' || pg_catalog.format(
         xbb._alert_words(channel.lang, 'line more'), count - n) ELSE '' END) > channel.max_bytes THEN
      body := body || E'\n\n' || pg_catalog.format(xbb._alert_words(channel.lang, 'line more'), count - n + 1);
      EXIT;
    END IF;
    body := longer;
  END LOOP;
  RETURN xbb._alert_cut(channel.kind, body, channel.max_bytes);
END
$$;

-- Is that explained by another alert, which is told or about to be?
CREATE FUNCTION xbb._alert_inhibited(alert xbb._alert_state) RETURNS boolean
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (alert).inhibited_by IS NOT NULL AND EXISTS (
    SELECT FROM xbb._alert_state b
    WHERE b.owner = (alert).owner AND b.rule = (alert).inhibited_by AND b.status <> 'ok'
      AND (b.subject_kind = (alert).subject_kind AND b.subject = (alert).subject OR b.subject_kind = 'server' AND b.subject = (alert).server
           OR b.subject_kind = 'account' AND b.facts -> 'servers' ? (alert).server))
$$;

-- Puts a message of these alerts, which the channel's owner may see, into the queue.
CREATE FUNCTION xbb._alert_put(channel xbb._alert_channel, kind pg_catalog.text, alerts xbb._alert_state[], now pg_catalog.timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reader xbb._alert_reader := ROW(channel.lang, channel.time_zone, now);
  number bigint := pg_catalog.nextval('xbb._alert_message_id_seq');
  head pg_catalog.text;
  blocks pg_catalog.text[];
  body pg_catalog.text;
BEGIN
  SELECT pg_catalog.array_agg(xbb._alert_block(reader, a, channel.kind <> 'notify' AND pg_catalog.pg_has_role(r.oid, a.owner, 'USAGE'))
                              ORDER BY a.status = 'ok', a.subject_kind = 'push', a.subject_kind, a.since, a.subject, a.rule),
         CASE WHEN pg_catalog.count(*) > 1 OR $2 = 'digest' THEN
           pg_catalog.format(xbb._alert_words(channel.lang, CASE WHEN $2 = 'digest' THEN 'head digest' ELSE 'head several' END),
             VARIADIC CASE WHEN $2 = 'digest' THEN array[pg_catalog.count(*)::pg_catalog.text]
                           ELSE array[pg_catalog.count(*) FILTER (WHERE a.status <> 'ok'), pg_catalog.count(*) FILTER (WHERE a.status = 'ok')]::pg_catalog.text[] END
             || xbb._alert_names(pg_catalog.jsonb_agg(a.subject ORDER BY a.status = 'ok', a.subject_kind = 'push', a.subject_kind, a.since, a.subject, a.rule)))
         END
  INTO blocks, head
  FROM pg_catalog.unnest(alerts) a, pg_catalog.pg_roles r WHERE r.rolname = channel.owner;
  body := xbb._alert_body(channel, number, head, blocks);
  INSERT INTO xbb._alert_message (id, owner, channel, created, kind, body, bytes) OVERRIDING SYSTEM VALUE
  VALUES (number, channel.owner, channel.name, now, $2, body, xbb._alert_bytes(channel.kind, body));
END
$$;

-- The digest of a day, once its time has come: nothing, if nothing is open.
CREATE FUNCTION xbb._alert_digest(dest xbb._alert_channel, alerts xbb._alert_state[], now pg_catalog.timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  there constant pg_catalog.timestamp := pg_catalog.timezone(dest.time_zone, now);
  today pg_catalog.date := there::pg_catalog.date - CASE WHEN there::time < dest.digest THEN 1 ELSE 0 END;
  last pg_catalog.date;
BEGIN
  IF dest.digest IS NULL THEN
    RETURN false;
  END IF;
  SELECT g.day INTO last FROM xbb._alert_digest g WHERE g.owner = dest.owner AND g.channel = dest.name;
  IF last >= today THEN
    RETURN false;
  END IF;
  INSERT INTO xbb._alert_digest AS g (owner, channel, day) VALUES (dest.owner, dest.name, today)
  ON CONFLICT (owner, channel) DO UPDATE SET day = excluded.day;
  -- a channel that is new has missed none
  IF last IS NULL OR pg_catalog.cardinality(alerts) = 0 THEN
    RETURN false;
  END IF;
  PERFORM xbb._alert_put(dest, 'digest', alerts, now);
  RETURN true;
END
$$;

-- A channel's zone, or UTC: what another server's dump or somebody by hand has written may be none here.
CREATE FUNCTION xbb._alert_zone(name pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_catalog.timezone(name, pg_catalog.now());
  RETURN name;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN 'UTC';
END
$$;

-- Queues what is to be told, once: how many messages.
CREATE FUNCTION xbb._alert_queue(now pg_catalog.timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  channel pg_catalog.record;
  dest xbb._alert_channel;
  fresh xbb._alert_state[];
  open xbb._alert_state[];
  these xbb._alert_state[];
  queued bigint := 0;
  count integer;
BEGIN
  SELECT pg_catalog.array_agg(a) FILTER (WHERE a.told = (a.status = 'ok')), coalesce(pg_catalog.array_agg(a) FILTER (WHERE a.status = 'firing' AND a.told), '{}')
  INTO fresh, open
  FROM xbb._alert_state a
  WHERE a.status <> 'pending' AND xbb._alert_silenced(a.owner, a.subject, a.server, $1) IS NULL AND (a.status = 'ok' OR a.told OR NOT xbb._alert_inhibited(a));
  FOR channel IN
    SELECT c AS row, r.oid AS role, pg_catalog.pg_has_role(r.oid, 'pg_read_all_stats', 'USAGE') AS sees_all
    FROM xbb._alert_channel c JOIN pg_catalog.pg_roles r ON r.rolname = c.owner WHERE c.place = (SELECT p.token FROM xbb._place p)
    ORDER BY c.owner, c.name LOOP
    BEGIN
      count := 0;
      dest := channel.row;
      dest.time_zone := xbb._alert_zone(dest.time_zone);
      these := array(SELECT a FROM pg_catalog.unnest(fresh) a WHERE channel.sees_all OR pg_catalog.pg_has_role(channel.role, a.owner, 'USAGE'));
      IF these <> '{}' THEN
        PERFORM xbb._alert_put(dest, CASE WHEN EXISTS (SELECT FROM pg_catalog.unnest(these) a WHERE a.status = 'firing') THEN 'firing'
                                                 ELSE 'recovered' END, these, $1);
        count := 1;
      END IF;
      these := array(SELECT a FROM pg_catalog.unnest(open) a WHERE channel.sees_all OR pg_catalog.pg_has_role(channel.role, a.owner, 'USAGE'));
      queued := queued + count + CASE WHEN xbb._alert_digest(dest, these, $1) THEN 1 ELSE 0 END;
    EXCEPTION WHEN OTHERS THEN
      -- whatever is wrong with it: the other channels have their messages
      RAISE LOG 'there are no alert messages for channel % of role %: %',
        pg_catalog.quote_ident((channel.row).name), pg_catalog.quote_ident((channel.row).owner), SQLERRM;
    END;
  END LOOP;
  UPDATE xbb._alert_state a SET told = a.status = 'firing' FROM pg_catalog.unnest(fresh) f
  WHERE a.owner = f.owner AND a.subject_kind = f.subject_kind AND a.subject = f.subject AND a.rule = f.rule;
  -- of what is silenced nobody is told that it is over
  UPDATE xbb._alert_state a SET told = false WHERE a.status = 'ok' AND a.told;
  DELETE FROM xbb._alert_message m
  WHERE m.created < $1 - pg_catalog.current_setting('xbb_fdw.log_retention')::interval AND m.status <> 'sending';
  RETURN queued;
END
$$;
