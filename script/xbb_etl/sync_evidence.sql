-- What a run of reconcile counted, more of it: in a window, say.  "counts" are records of the source, of the target,
-- missed, gone; "late" are the times of records that a sync should have
-- brought, and "seen" is now by their clock.
CREATE FUNCTION xbb._sync_evidence_add(definition integer, run bigint, counts bigint[], late pg_catalog.timestamptz[], seen pg_catalog.timestamptz)
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_evidence_add';

CREATE VIEW xbb.sync_reconciliation WITH (security_barrier) AS
SELECT d.name AS sync, d.owner, e.run, e.task, e.status, e.started, e.ended, e.complete_until, e.source_rows, e.target_rows, e.missed, e.gone
FROM xbb._sync_evidence e JOIN xbb._sync_all d ON d.id = e.definition
WHERE e.status IS NOT NULL AND (pg_catalog.pg_has_role(d.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'));
COMMENT ON VIEW xbb.sync_reconciliation IS 'what each reconciliation counted, as evidence: a row a run that has ended; kept for 400 days longer than the log';
COMMENT ON COLUMN xbb.sync_reconciliation.sync IS 'name of the sync';
COMMENT ON COLUMN xbb.sync_reconciliation.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_reconciliation.run IS 'id of the run in sync_run';
COMMENT ON COLUMN xbb.sync_reconciliation.task IS 'reconcile (counts by windows of update_time; ids where they differ) or reconcile full (all ids)';
COMMENT ON COLUMN xbb.sync_reconciliation.status IS 'succeeded, failed or stopped: what does not say succeeded has not counted all';
COMMENT ON COLUMN xbb.sync_reconciliation.started IS 'when the run began';
COMMENT ON COLUMN xbb.sync_reconciliation.ended IS 'when it ended';
COMMENT ON COLUMN xbb.sync_reconciliation.complete_until IS 'all that the API had by then is in the target behind it; NULL: the run did not succeed';
COMMENT ON COLUMN xbb.sync_reconciliation.source_rows IS 'records that the API had';
COMMENT ON COLUMN xbb.sync_reconciliation.target_rows IS 'records that the target had of these, or that were set aside, before the run mended anything';
COMMENT ON COLUMN xbb.sync_reconciliation.missed IS 'records that were not there, or not in that version, and were read again';
COMMENT ON COLUMN xbb.sync_reconciliation.gone IS 'records that the API has no more, with any delete_mode';

CREATE VIEW xbb.sync_late WITH (security_barrier) AS
SELECT d.name AS sync, d.owner, l.run, l.update_time, l.seen
FROM xbb._sync_late l JOIN xbb._sync_all d ON d.id = l.definition
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb.sync_late IS 'what reconciliations found that the syncs had missed: a row a record, at most 1000 a window; kept as long as the log';
COMMENT ON COLUMN xbb.sync_late.sync IS 'name of the sync';
COMMENT ON COLUMN xbb.sync_late.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_late.run IS 'id of the reconciliation in sync_run';
COMMENT ON COLUMN xbb.sync_late.update_time IS 'time of the record''s version that was missed';
COMMENT ON COLUMN xbb.sync_late.seen IS 'when the reconciliation saw it, by the API''s clock';

CREATE VIEW xbb._sync_watched WITH (security_barrier) AS
SELECT d.name, d.owner, d.source, d.overlap FROM xbb._sync_all d
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW xbb._sync_watched IS 'what lateness tells of the syncs that one may see';

-- A sync asks for a time again until overlap is over: what it has missed came later than that, and was there when a
-- reconciliation saw it.
CREATE FUNCTION xbb.lateness(sync pg_catalog.text, OUT records bigint, OUT since pg_catalog.timestamptz, OUT p50 interval, OUT p90 interval,
  OUT p99 interval, OUT most interval, OUT overlap interval, OUT settle_time interval)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def pg_catalog.record;
BEGIN
  SELECT w.* INTO def FROM xbb._sync_watched w WHERE w.name = lateness.sync ORDER BY w.owner <> xbb._sync_me(), w.owner LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'sync % does not exist', coalesce(pg_catalog.quote_ident(lateness.sync), 'null') USING ERRCODE = 'undefined_object';
  END IF;
  SELECT pg_catalog.count(*), pg_catalog.min(l.seen), pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY l.seen - l.update_time),
         pg_catalog.percentile_disc(0.9) WITHIN GROUP (ORDER BY l.seen - l.update_time),
         pg_catalog.percentile_disc(0.99) WITHIN GROUP (ORDER BY l.seen - l.update_time), pg_catalog.max(l.seen - l.update_time)
  INTO records, since, p50, p90, p99, most
  FROM xbb.sync_late l WHERE l.owner = def.owner AND l.sync = def.name;
  overlap := def.overlap;
  settle_time := xbb._sync_settles(def.source, false);
END
$$;
COMMENT ON FUNCTION xbb.lateness(text) IS
  'how late records came that a sync had missed, as reconciliations found them: percentiles of the time between their update_time and when they were seen, which overlap has to cover';
