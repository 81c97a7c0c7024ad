-- What the tests of one file share: a schema of their own, and sim(), which
-- gives orders to the simulator of the API (test/xbb_sim.py, verb "ctl") without
-- starting a program of the simulator's each time.
--
-- Before: \set company NAME, the company in the simulator and the schema.

\getenv url XBB_SIM_URL
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA :"company";
SET search_path = :"company";
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = 'postgres';
SELECT set_config('sim.company', :'company', false), set_config('sim.url', :'url', false) \gset

CREATE TABLE sim_reply (line text);

-- The lines of the answer to an order, such as sim('log fields=page,cond').
CREATE FUNCTION sim(command text, rest text DEFAULT NULL) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	words text[] := string_to_array(command, ' ');
	message text := jsonb_build_object(
		'corpid', current_setting('sim.company'),
		'verb', words[1],
		'args', coalesce((SELECT jsonb_object_agg(split_part(word, '=', 1), substr(word, strpos(word, '=') + 1))
						  FROM unnest(words[2:]) word WHERE word LIKE '%=%'), '{}'),
		'rest', coalesce((SELECT jsonb_agg(word) FROM unnest(words[2:] || rest) word
						  WHERE word NOT LIKE '%=%' OR word = rest), '[]'));
	address text[] := regexp_match(current_setting('sim.url'), '//(.*):([0-9]+)');
	program text := format(
		$sh$exec bash -c 'exec 3<>/dev/tcp/%s/%s && printf "POST /_ctl HTTP/1.0\r\nContent-Length: %%d\r\n\r\n%%s" "$1" "$2" >&3 && sed "1,/^\r\$/d" <&3' - %s '%s'$sh$,
		address[1], address[2], octet_length(convert_to(message, 'UTF8')), replace(message, '''', '''\'''''));
	reply jsonb;
BEGIN
	TRUNCATE sim_reply;
	EXECUTE format($copy$COPY sim_reply FROM PROGRAM %L (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02', ENCODING 'UTF8')$copy$,
				   program);
	SELECT line INTO STRICT reply FROM sim_reply;
	IF NOT (reply ->> 'ok')::boolean THEN
		RAISE EXCEPTION 'simulator: %', reply ->> 'text';
	END IF;
	RETURN QUERY SELECT string_to_table(reply ->> 'text', E'\n');
END
$$;

-- What a query makes the extension send: a line a request.  The query's result
-- is thrown away.
CREATE FUNCTION sent(query text, fields text DEFAULT 'cond') RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sim('clear');
	EXECUTE query;
	RETURN QUERY SELECT sim('log fields=' || fields);
END
$$;
RESET client_min_messages;
