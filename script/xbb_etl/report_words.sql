-- What the report says.  A text here is no markup; %s is where values go.

-- The same in Chinese, from src/func/report_words.c; NULL where the encoding has none of it.
CREATE FUNCTION xbb._report_chinese(key pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_report_chinese';

CREATE FUNCTION xbb._report_words_of_page(OUT key pg_catalog.text, OUT en pg_catalog.text)
RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('language', 'en'),
  ('title', 'XBB sync report'),
  ('kicker', '%s on %s, as %s sees it, %s (%s)'),
  ('verdict none', 'Nothing is set up yet'),
  ('verdict good', 'All is well'),
  ('verdict one', '1 thing needs action'),
  ('verdict many', '%s things need action'),
  ('lead', '%s of %s syncs and pushes are as they should be.'),
  ('lead none', 'A sync copies a list of the CRM into a table of your own, and keeps it up to date.'),
  ('sum complete', 'Complete until'),
  ('sum complete note', 'the least of all enabled tasks'),
  ('sum complete unknown', 'not known of %s tasks'),
  ('sum runs', 'Runs in 30 days'),
  ('sum runs note', '%s failed'),
  ('sum rows', 'Rows written in 30 days'),
  ('sum rows note', 'of %s records read'),
  ('sum problems', 'Records set aside'),
  ('sum problems note', 'by %s tasks'),
  ('action', 'What needs action'),
  ('action none', 'Nothing.'), ('begin', 'To begin, as a role that may:'),
  ('tasks', 'Syncs and pushes'),
  ('tasks note', 'Worst first. All that the source had at "complete until" is in the target, or set aside and counted.'),
  ('tasks none', 'There is no sync and no push that you may see.'),
  ('flow', 'The flow'),
  ('flow note', 'From the lists of the CRM to your tables, and on to where they are pushed. Numbers are of the last 30 days.'),
  ('flow none', 'Nothing flows yet.'),
  ('flow lists', 'Lists'), ('flow syncs', 'Syncs'), ('flow tables', 'Tables'),
  ('flow pushes', 'Pushes'), ('flow targets', 'Targets'),
  ('flow sync', '%s read, %s written'),
  ('flow push', '%s sent, %s open'),
  ('flow desc', 'A drawing: syncs %s, tables %s, pushes %s. The table of syncs and pushes has its numbers.'),
  ('local table', 'local table'),
  ('runs', '30 days of runs'),
  ('runs note', 'Days as the time zone %s has them. Failed runs include those that were killed.'),
  ('runs none', 'Nothing has run in the last 30 days.'),
  ('runs desc', '%s runs in 30 days, %s of them failed; at most %s a day.'),
  ('runs a day', 'runs a day'), ('failed a day', 'failed'),
  ('day good', 'all runs succeeded'), ('day warn', 'some failed'),
  ('day bad', 'all failed'), ('day off', 'skipped, stopped or under way'),
  ('strip', '%s: days with runs %s, with failures %s'),
  ('rejects', 'Records set aside'),
  ('rejects note', 'What syncs could not load, without any value of a record, and what targets of pushes did not take. Only the owner sees which records.'),
  ('rejects none', 'None.'),
  ('quota', 'Quota'),
  ('quota none', 'There is no server of the CRM that you may use.'),
  ('drift', 'Changes in the CRM'),
  ('drift note', 'This report asks the CRM nothing. What is known here: fields of foreign tables that a sync does not copy.'),
  ('drift none', 'The syncs copy all fields of their foreign tables. Whether the CRM has changed since, this tells, with the statements to type:'),
  ('drift some', 'This tells what has changed in the CRM, and what to type:'),
  ('doctor', 'The doctor''s last look'),
  ('doctor title', '%s, %s, as %s'), ('doctor note', '%s (%s ago); %s of %s checks are good.'), ('assumed', 'relied on: %s'),
  ('doctor none', 'Not asked yet. Some 20 requests tell whether the API behaves as the syncs take it to:'),
  ('doctor good', 'Nothing was found that needs action.'),
  ('evaluated', 'alerts looked at'), ('never', 'never'),
  ('versions', 'Versions and settings'),
  ('foot', 'Made by xbb.report(). It holds no values of records, no secrets, and sends no requests.')
$$;

CREATE FUNCTION xbb._report_words_of_parts(OUT key pg_catalog.text, OUT en pg_catalog.text)
RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('seconds', '%s s'), ('minutes', '%s min'), ('hours', '%s h'), ('days', '%s d'), ('ago', '%s ago'),
  ('state failing', 'failing'), ('state stale', 'stale'), ('state incomplete', 'incomplete'),
  ('state inactive', 'inactive'), ('state never_run', 'never run'), ('state running', 'running'),
  ('state ok', 'ok'), ('state disabled', 'disabled'),
  ('state fail', 'fail'), ('state warn', 'warning'), ('state unknown', 'unknown'),
  ('state aside', 'set aside'), ('state firing', 'alert'), ('state silenced', 'silenced'),
  ('sync', 'sync'), ('push', 'push'), ('server', 'server'), ('account', 'account'), ('syncs', 'syncs'), ('pushs', 'pushes'),
  ('h state', 'State'), ('h task', 'Task'), ('h path', 'From and to'), ('h complete', 'Complete until'),
  ('h last', 'Last run'), ('h rows', 'Rows'), ('h open', 'Set aside'), ('h next', 'Next run'),
  ('h days', '30 days'), ('h runs', 'Runs'), ('h failed', 'Failed'), ('h read', 'Read'), ('h written', 'Written'),
  ('h kind', 'Kind'), ('h error', 'Reason'), ('h records', 'Records'), ('h first', 'First seen'), ('h newest', 'Newest'),
  ('h ids', 'Newest dataIds'),
  ('h server', 'Server'), ('h used', 'Used today'), ('h left', 'Of'), ('h resets', 'Renewed'), ('h rate', 'Requests a second'), ('h held', 'On hold until'),
  ('h table', 'Foreign table'), ('h fields', 'Fields not copied'),
  ('h check', 'Check'), ('h found', 'Found'), ('h fix', 'What to type'),
  ('h what', 'What'), ('h value', 'Value'),
  ('comma', ', '), ('promised', '%s promised'), ('no promise', 'no max_age'), ('behind', '%s behind'),
  ('took', '%s, typically %s'), ('took alone', '%s'), ('typically', 'typically %s'),
  ('not scheduled', 'not known'), ('query', 'a query'), ('of owner', ', of %s'), ('no limit', 'no limit'),
  ('do failing why', 'Failures in a row: %s; the last %s: %s.'),
  ('do stale why', 'Complete until %s (%s ago); %s were promised.'),
  ('do stale never', 'It was never complete; %s were promised.'),
  ('do incomplete sync why', 'It has not read its list to the end. The next run goes on where the last one stopped.'),
  ('do incomplete push why', '%s records were refused, are held, or nobody knows whether they arrived.'),
  ('do inactive', 'This is a copy of the database: %s tasks do nothing here'),
  ('do inactive why', 'If it is to take the original''s place, type this; else leave it.'),
  ('do never_run why', 'No schedule has started it, or it was made just now.'),
  ('do rejects why', '%s records could not be loaded. The first statement shows them, the second one tries again.'),
  ('do many', '%s %s'), ('do many of', ', server %s'), ('do many more', 'and %s more'),
  ('do many rejects', '%s syncs'),
  ('do many rejects why', '%s records could not be loaded. This shows them; CALL xbb.retry_rejects() tries those of a sync again.'),
  ('do quota', 'The day''s requests of %s are nearly used up'),
  ('do quota why', '%s of %s are used; renewed %s.'),
  ('do held', '%s is on hold'),
  ('do held why', 'The API asked for a pause until %s, or %s requests in a row have failed.'),
  ('since', 'Since %s (%s).'), ('told until', 'Nobody is told before %s.'),
  ('do unwatched', 'Nobody looks for alerts'), ('do unwatched why', 'The last look was at %s.'),
  ('do doctor', 'doctor of %s: %s')
$$;

-- What an error's code says: the code's own row, else its class's.
CREATE FUNCTION xbb._report_words_of_errors(OUT key pg_catalog.text, OUT en pg_catalog.text)
RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('error', 'an error'),
  ('error none', 'it was killed, or the server was'),
  ('error 08', 'the API could not be reached'), ('error 08P01', 'the answer could not be understood'),
  ('error 22', 'a value that does not fit'), ('error 23', 'a constraint of the target was violated'),
  ('error 28', 'token or corpid was refused'), ('error 40', 'the list did not stand still, or a conflict'),
  ('error 42', 'a table, column or statement does not fit'), ('error 42501', 'a right is missing'), ('error 42704', 'something is missing, such as a user mapping'),
  ('error 53', 'resources are used up'), ('error 53400', 'quota or request limit is reached'),
  ('error 54', 'an answer that is too large'), ('error 55', 'not possible in this state'),
  ('error 57', 'cancelled, or the server was shut down'), ('error 57014', 'cancelled, or statement_timeout'),
  ('error HV', 'the API refused, or answered what cannot be read'), ('error HV00M', 'the API is busy or broken'), ('error HV00R', 'no such form or endpoint'),
  ('error P0', 'an error of a function of yours'), ('error XX', 'an error within the server')
$$;

CREATE FUNCTION xbb._report_words(lang pg_catalog.text) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF lang IS NULL OR lang NOT IN ('en', 'zh') THEN
    RAISE EXCEPTION 'there is no report in language %', coalesce(pg_catalog.quote_literal(lang), 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Languages are ''en'' and ''zh''.';
  END IF;
  RETURN (
    SELECT pg_catalog.jsonb_object_agg(w.key, coalesce(CASE lang WHEN 'zh' THEN xbb._report_chinese(w.key) END, w.en))
    FROM (SELECT p.* FROM xbb._report_words_of_page() p UNION ALL SELECT p.* FROM xbb._report_words_of_parts() p
          UNION ALL SELECT p.* FROM xbb._report_words_of_errors() p) w);
END
$$;

CREATE FUNCTION xbb._report_error(sqlstate pg_catalog.text, words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN sqlstate IS NULL THEN words ->> 'error none'
            ELSE coalesce(words ->> ('error ' || sqlstate), words ->> ('error ' || pg_catalog.left(sqlstate, 2)), words ->> 'error') || ' (' || xbb._report_html(sqlstate) || ')' END;
