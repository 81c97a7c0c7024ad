-- What reconciliations counted, which stays longer than the log, and when what the syncs had missed was found.
CREATE TABLE xbb._sync_evidence (
  run bigint PRIMARY KEY,
  definition integer NOT NULL,
  task text NOT NULL,
  -- NULL: it has not ended
  status text,
  started timestamptz NOT NULL,
  ended timestamptz,
  complete_until timestamptz,
  source_rows bigint NOT NULL,
  target_rows bigint NOT NULL,
  missed bigint NOT NULL,
  gone bigint NOT NULL
);
CREATE INDEX ON xbb._sync_evidence (definition, run);
COMMENT ON TABLE xbb._sync_evidence IS 'what reconciliations counted; read it through sync_reconciliation';

CREATE TABLE xbb._sync_late (
  definition integer NOT NULL,
  run bigint NOT NULL,
  update_time timestamptz NOT NULL,
  seen timestamptz NOT NULL
);
CREATE INDEX ON xbb._sync_late (definition, run);
COMMENT ON TABLE xbb._sync_late IS 'when reconciliations saw what the syncs had missed; read it through lateness';
