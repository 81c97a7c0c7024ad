COMMENT ON COLUMN xbb.push_definition.name IS 'what the push is called';
COMMENT ON COLUMN xbb.push_definition.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.push_definition.source IS 'relation whose rows are sent; NULL: the rows of a query are';
COMMENT ON COLUMN xbb.push_definition.query IS 'the query, as it was given: a function of the owner''s, xbb._push_<id>';
COMMENT ON COLUMN xbb.push_definition.target IS 'foreign table that they are sent to';
COMMENT ON COLUMN xbb.push_definition.key IS 'columns of the source that tell its rows apart';
COMMENT ON COLUMN xbb.push_definition.feed IS 'how changes are found: query (each run compares all rows) or trigger (each change is marked)';
COMMENT ON COLUMN xbb.push_definition.workers IS 'runs that may be at work at a time';
COMMENT ON COLUMN xbb.push_definition.max_age IS 'how long a change may wait to be sent';
COMMENT ON COLUMN xbb.push_definition.path IS 'search_path of its owner when he gave the query; his functions run under it';
COMMENT ON COLUMN xbb.push_definition.enabled IS 'may it run?';
COMMENT ON COLUMN xbb.push_definition.copies IS 'true: the next run reads all rows, though a trigger marks changes';
COMMENT ON COLUMN xbb.push_definition.batch IS 'records of a request that the target answered in time; NULL: its batch_size';
COMMENT ON COLUMN xbb.push_definition.columns IS 'columns that are sent: those that source and target had in common when the source was named';
COMMENT ON COLUMN xbb.push_definition.source_name IS 'what the source is called, with its schema';
COMMENT ON COLUMN xbb.push_definition.target_name IS 'what the target is called, with its schema';
COMMENT ON COLUMN xbb.push_definition.id IS 'its number, by which its locks stand in pg_locks';
COMMENT ON COLUMN xbb.push_definition.owner_name IS 'the owner''s name, as dumps have it';
COMMENT ON COLUMN xbb.push_definition.active IS 'false: this is a copy of the database in which it was made or xbb.activate() called';
COMMENT ON COLUMN xbb.push_definition.confirmed IS 'false: it was restored by somebody else, and waits for its owner''s word';
COMMENT ON COLUMN xbb.push_item.id IS 'number of the item, for push_retry and push_resolve';
COMMENT ON COLUMN xbb.push_item.push IS 'name of the push';
COMMENT ON COLUMN xbb.push_item.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.push_item.key IS 'values of the key''s columns, as text';
COMMENT ON COLUMN xbb.push_item.status IS 'pending, sending, acknowledged, rejected, unknown or held';
COMMENT ON COLUMN xbb.push_item.target_id IS 'the record''s id at the target, if its answer, one to a version before, or push_resolve had one';
COMMENT ON COLUMN xbb.push_item.message IS 'what the target said, or what happened';
COMMENT ON COLUMN xbb.push_item.http_status IS 'of the latest answer; NULL: none came';
COMMENT ON COLUMN xbb.push_item.answer IS 'the beginning of that answer, unless it was good';
COMMENT ON COLUMN xbb.push_item.attempts IS 'how often it was sent, times that were not its own fault aside';
COMMENT ON COLUMN xbb.push_item.next_try IS 'before that it is not sent again; NULL: by itself it is not';
COMMENT ON COLUMN xbb.push_item.request IS 'idempotency key of the request that it is in, until that is settled';
COMMENT ON COLUMN xbb.push_item.position IS 'its place among the records of the request';
COMMENT ON COLUMN xbb.push_item.record IS 'what is sent; NULL once the target has it';
COMMENT ON COLUMN xbb.push_item.hash IS 'SHA-256 of the record';
COMMENT ON COLUMN xbb.push_item.note IS 'what was said in push_resolve';
COMMENT ON COLUMN xbb.push_item.created IS 'when the source was found to have this version';
COMMENT ON COLUMN xbb.push_item.sent IS 'when it was last sent';
COMMENT ON COLUMN xbb.push_item.acknowledged IS 'when the target said that it has it';
COMMENT ON COLUMN xbb.push_run.id IS 'number of the run';
COMMENT ON COLUMN xbb.push_run.push IS 'name of the push';
COMMENT ON COLUMN xbb.push_run.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.push_run.worker IS 'which of its workers this was; 0: none was free';
COMMENT ON COLUMN xbb.push_run.status IS 'running, succeeded, incomplete (some records were refused, held, or nobody knows), failed, skipped, stopped (it is not enabled any more) or killed';
COMMENT ON COLUMN xbb.push_run.pid IS 'process of the run';
COMMENT ON COLUMN xbb.push_run.started IS 'when it began';
COMMENT ON COLUMN xbb.push_run.ended IS 'when it ended; of one that was killed, when that was found out';
COMMENT ON COLUMN xbb.push_run.requests IS 'requests that it handed over to be sent, probes included; of one that is running, or was killed, as of a moment ago';
COMMENT ON COLUMN xbb.push_run.enqueued IS 'items that were new or changed when it read the source';
COMMENT ON COLUMN xbb.push_run.acknowledged IS 'records that the target has by it, likewise';
COMMENT ON COLUMN xbb.push_run.rejected IS 'records that are rejected as it ends, whenever they were';
COMMENT ON COLUMN xbb.push_run.unknown IS 'records of which it is not known as it ends whether the target has them; of one that was killed, those that were on their way';
COMMENT ON COLUMN xbb.push_run.put_off IS 'records that are to be sent yet as it ends';
COMMENT ON COLUMN xbb.push_run.held IS 'records that are held as it ends';
COMMENT ON COLUMN xbb.push_run.sqlstate IS 'of a run that failed, or holds records';
COMMENT ON COLUMN xbb.push_run.error IS 'what it said; shown to those who have the owner''s role';
COMMENT ON COLUMN xbb.push_status.name IS 'name of the push';
COMMENT ON COLUMN xbb.push_status.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.push_status.source IS 'relation whose rows are sent; NULL: the rows of a query are';
COMMENT ON COLUMN xbb.push_status.target IS 'foreign table that they are sent to; NULL: it was dropped';
COMMENT ON COLUMN xbb.push_status.enabled IS 'may it run?';
COMMENT ON COLUMN xbb.push_status.state IS 'the first that holds: disabled, inactive (a copy of the database), failing (the latest run failed or was killed), incomplete (records were refused, are held or put off for longer than max_age or an hour, or nobody knows), stale (something waits longer than max_age, or may: that long no run that succeeded has begun), running, never_run, ok';
COMMENT ON COLUMN xbb.push_status.pending IS 'records to be sent';
COMMENT ON COLUMN xbb.push_status.sending IS 'records on their way';
COMMENT ON COLUMN xbb.push_status.acknowledged IS 'records that the target has';
COMMENT ON COLUMN xbb.push_status.rejected IS 'records that it refused';
COMMENT ON COLUMN xbb.push_status.unknown IS 'records of which it is not known whether it has them';
COMMENT ON COLUMN xbb.push_status.held IS 'records that a person has to decide on';
COMMENT ON COLUMN xbb.push_status.oldest_pending IS 'since when the oldest record waits to be sent';
COMMENT ON COLUMN xbb.push_status.oldest_age IS 'how long that is';
COMMENT ON COLUMN xbb.push_status.max_age IS 'how long it may be';
COMMENT ON COLUMN xbb.push_status.last_success IS 'end of the last run that succeeded';
COMMENT ON COLUMN xbb.push_status.last_started IS 'start of the last run that has ended';
COMMENT ON COLUMN xbb.push_status.last_duration IS 'how long it took';
COMMENT ON COLUMN xbb.push_status.running_workers IS 'runs at work';
COMMENT ON COLUMN xbb.push_status.last_error_at IS 'end of the last run that failed, whatever came after it';
COMMENT ON COLUMN xbb.push_status.last_sqlstate IS 'what it failed with, as a code';
COMMENT ON COLUMN xbb.push_status.last_error IS 'what it said; shown to those who have the owner''s role';
-- What the views say of their columns holds for the tables below them.
COMMENT ON COLUMN xbb._push_definition.owner IS 'name of the role that it runs as';
COMMENT ON COLUMN xbb._push_definition.owner_oid IS 'its number, where the row was written';
COMMENT ON COLUMN xbb._push_definition.source IS 'the source''s number, where the row was written';
COMMENT ON COLUMN xbb._push_definition.target IS 'the target''s number, where the row was written';
COMMENT ON COLUMN xbb._push_definition.place IS 'token of the place where these numbers hold';
COMMENT ON COLUMN xbb._push_definition.system_identifier IS 'of the cluster that its items were last sent from';
COMMENT ON COLUMN xbb._push_definition.timeline IS 'the cluster''s, then';
COMMENT ON COLUMN xbb._push_definition.moved IS 'was it made active at another place since?';
COMMENT ON COLUMN xbb._push_definition.incomplete_since IS 'since when it has its source';
COMMENT ON COLUMN xbb._push_item.restored_by IS 'who restored it, if that was no superuser: then push is below zero until xbb.activate()';
COMMENT ON COLUMN xbb._push_request.restored_by IS 'who restored it, if that was no superuser: then push is below zero until xbb.activate()';
COMMENT ON COLUMN xbb._push_mark.restored_by IS 'who restored it, if that was no superuser: then push is below zero until xbb.activate()';
COMMENT ON COLUMN xbb._push_item.key_id IS 'the first half of the key''s SHA-256';
COMMENT ON COLUMN xbb._push_item.replaces IS 'may the target have an older version of its key?';
COMMENT ON COLUMN xbb._push_item.push IS 'id of the push';
COMMENT ON COLUMN xbb._push_item.most IS 'records that a request with it may have; NULL: as many as the target takes';
COMMENT ON COLUMN xbb._push_mark.push IS 'id of the push';
COMMENT ON COLUMN xbb._push_mark.key IS 'of a row that has changed';
COMMENT ON COLUMN xbb._push_run_log.push IS 'id of the push';
COMMENT ON COLUMN xbb._push_run_log.read_from IS 'when it began to read the source; NULL: another one did';
COMMENT ON COLUMN xbb._push_run_log.complete_until IS 'when the latest reading began, if the target had acknowledged all of it by the end of the run; NULL: it had not';
COMMENT ON COLUMN xbb._push_state.last_rows IS 'records that the target has by the last run that has ended';
COMMENT ON COLUMN xbb._push_state.dead IS 'runs that were killed, and not noted yet';
COMMENT ON COLUMN xbb._push_request.id IS 'its idempotency key';
COMMENT ON COLUMN xbb._push_request.push IS 'id of the push';
COMMENT ON COLUMN xbb._push_request.run IS 'which sent it last';
COMMENT ON COLUMN xbb._push_request.worker IS 'of that run';
COMMENT ON COLUMN xbb._push_request.status IS 'sending, unknown or held';
COMMENT ON COLUMN xbb._push_request.body IS 'what was sent, before it was signed';
COMMENT ON COLUMN xbb._push_request.keys IS 'by which the answer names its records';
COMMENT ON COLUMN xbb._push_request.records IS 'how many it has';
COMMENT ON COLUMN xbb._push_request.attempts IS 'how often it was sent';
COMMENT ON COLUMN xbb._push_request.next_try IS 'before that it is not sent again';
COMMENT ON COLUMN xbb._push_request.given_up IS 'when nobody waited any more for the answer to its first sending';
COMMENT ON COLUMN xbb._push_request.created IS 'when it was made';
DO $$
DECLARE
  item pg_catalog.record;
BEGIN
  FOR item IN
    SELECT v.below, a.attname, pg_catalog.col_description(a.attrelid, a.attnum) AS comment
    FROM (VALUES ('xbb.push_definition', 'xbb._push_definition'), ('xbb.push_definition', 'xbb._push_all'),
                 ('xbb.push_run', 'xbb._push_run_log'), ('xbb.push_item', 'xbb._push_item'), ('xbb.push_status', 'xbb._push_state'),
                 ('xbb.push_definition', 'xbb._push_state')) v (above, below)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = v.above::pg_catalog.regclass
    JOIN pg_catalog.pg_attribute b ON b.attrelid = v.below::pg_catalog.regclass AND b.attname = a.attname AND b.attnum > 0
    WHERE pg_catalog.col_description(b.attrelid, b.attnum) IS NULL
  LOOP
    EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', item.below, item.attname, item.comment);
  END LOOP;
END
$$;
