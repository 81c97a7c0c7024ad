-- What the views say of their columns holds for the tables below them.
COMMENT ON COLUMN xbb._sync_definition.owner IS 'name of the role that it runs as';
COMMENT ON COLUMN xbb._sync_definition.owner_oid IS 'its number, where the row was written';
COMMENT ON COLUMN xbb._sync_definition.source IS 'the source''s number, where the row was written';
COMMENT ON COLUMN xbb._sync_definition.target IS 'the target''s number, where the row was written';
COMMENT ON COLUMN xbb._sync_definition.place IS 'token of the place where these numbers hold';
COMMENT ON COLUMN xbb._sync_definition.meant IS 'which records the source means, as the last run began: PostgreSQL''s major version and a hash';
COMMENT ON COLUMN xbb._sync_definition.incomplete_since IS 'when it was defined, or got another source, target or scope, or its source other records';
COMMENT ON COLUMN xbb._place.single IS 'there is one row';
COMMENT ON COLUMN xbb._place.token IS 'what the definitions have that are active here';
COMMENT ON COLUMN xbb._place.system_identifier IS 'of the cluster';
COMMENT ON COLUMN xbb._place.timeline IS 'when the syncs were made active, or went on after a failover';
COMMENT ON COLUMN xbb._place.database IS 'its number';
COMMENT ON COLUMN xbb._place.host IS 'the host''s name';
COMMENT ON COLUMN xbb._place.directory IS 'the data directory';
COMMENT ON COLUMN xbb._place.places IS 'where a failover may go: host, or host:data directory';
COMMENT ON COLUMN xbb._place.activated IS 'when the syncs were made active: what was refused before is no failure';
COMMENT ON COLUMN xbb._sync_run_log.definition IS 'id of the sync';
COMMENT ON COLUMN xbb._sync_run_begun.definition IS 'id of the sync';
COMMENT ON COLUMN xbb._sync_under_way.definition IS 'id of the sync';
COMMENT ON COLUMN xbb._sync_under_way.noted IS 'its row of the log, if it has one';
COMMENT ON COLUMN xbb._sync_evidence.definition IS 'id of the sync';
COMMENT ON COLUMN xbb._sync_late.definition IS 'id of the sync';
COMMENT ON COLUMN xbb._sync_state.last_task IS 'task of the last run that has ended';
COMMENT ON COLUMN xbb._sync_reject.definition IS 'id of the sync';
COMMENT ON COLUMN xbb._sync_reject.restored_by IS 'who brought it, if that was neither a run nor a superuser';
DO $$
DECLARE
  item pg_catalog.record;
BEGIN
  FOR item IN
    SELECT v.below, a.attname, pg_catalog.col_description(a.attrelid, a.attnum) AS comment
    FROM (VALUES ('xbb.sync_definition', 'xbb._sync_definition'), ('xbb.sync_definition', 'xbb._sync_all'),
                 ('xbb.sync_run', 'xbb._sync_run_log'), ('xbb.sync_run', 'xbb._sync_run_begun'), ('xbb.sync_run', 'xbb._sync_under_way'),
                 ('xbb.sync_definition', 'xbb._sync_run_log'), ('xbb.sync_reject', 'xbb._sync_reject'), ('xbb.sync_status', 'xbb._sync_state'),
                 ('xbb.sync_definition', 'xbb._sync_state'), ('xbb.sync_definition', 'xbb._sync_watched'),
                 ('xbb.sync_reconciliation', 'xbb._sync_evidence'), ('xbb.sync_late', 'xbb._sync_late')) v (above, below)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = v.above::pg_catalog.regclass
    JOIN pg_catalog.pg_attribute b ON b.attrelid = v.below::pg_catalog.regclass AND b.attname = a.attname AND b.attnum > 0
    WHERE pg_catalog.col_description(b.attrelid, b.attnum) IS NULL
  LOOP
    EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', item.below, item.attname, item.comment);
  END LOOP;
END
$$;
