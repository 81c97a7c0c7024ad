-- What one step of a run did.
CREATE TYPE xbb._sync_counts AS (
  rows_read bigint, inserted bigint, updated bigint, unchanged bigint, rejected bigint, deleted bigint
);

CREATE TABLE xbb.sync_definition (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  owner regrole NOT NULL,
  source regclass NOT NULL,
  target regclass NOT NULL,
  key text[] NOT NULL,
  overlap interval NOT NULL,
  columns jsonb,                    -- as it was given
  chunk interval,
  reject_limit integer NOT NULL CHECK (reject_limit >= 0),
  delete_mode text NOT NULL CHECK (delete_mode IN ('ignore', 'mark', 'delete')),
  select_list text NOT NULL,        -- the transformation, over an alias "source"
  target_columns text[] NOT NULL,   -- what select_list yields, in its order
  source_columns text[] NOT NULL,   -- what is read for it
  watermark timestamptz,            -- all changes up to here are in the target
  loading_until timestamptz         -- a load by windows is under way up to here
);
COMMENT ON TABLE xbb.sync_definition IS 'the syncs and how far they are';

CREATE TABLE xbb._sync_run_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sync text NOT NULL,
  owner regrole NOT NULL,
  task text NOT NULL,               -- sync, retry_rejects, reconcile, reconcile full
  status text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'skipped', 'killed')),
  pid integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
  started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  ended timestamptz,
  low timestamptz,                  -- update_time from which on was read, NULL: all
  watermark timestamptz,
  requests bigint NOT NULL DEFAULT 0,
  pages bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  retries bigint NOT NULL DEFAULT 0,
  throttled interval NOT NULL DEFAULT '0',
  bytes bigint NOT NULL DEFAULT 0,
  sqlstate text,
  error text
);
CREATE INDEX ON xbb._sync_run_log (sync, id);
COMMENT ON TABLE xbb._sync_run_log IS 'the runs of the syncs; read it through sync_run';

CREATE TABLE xbb.sync_reject (
  sync text NOT NULL,
  owner regrole NOT NULL,
  data_id bigint NOT NULL,
  update_time timestamptz,
  kind text NOT NULL,               -- value, expression, constraint, null key, duplicate key
  sqlstate text,
  error text NOT NULL,
  raw json,                         -- the record: the column whose attr is '*', else what was read
  staged json,                      -- what was read of it, if raw is no more than that
  loaded jsonb,                     -- its row, if it was in the target
  run bigint NOT NULL,              -- the latest that rejected it
  first_seen timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (sync, data_id)
);
COMMENT ON TABLE xbb.sync_reject IS 'records that the syncs could not load';

-- whoever may use a role sees its syncs
ALTER TABLE xbb.sync_definition ENABLE ROW LEVEL SECURITY;
ALTER TABLE xbb._sync_run_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE xbb.sync_reject ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON xbb.sync_definition USING (pg_catalog.pg_has_role(owner, 'USAGE'));
CREATE POLICY owner ON xbb._sync_run_log USING (pg_catalog.pg_has_role(owner, 'USAGE'));
CREATE POLICY owner ON xbb.sync_reject USING (pg_catalog.pg_has_role(owner, 'USAGE'));
GRANT SELECT, INSERT, UPDATE, DELETE ON xbb.sync_definition, xbb._sync_run_log, xbb.sync_reject TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('xbb.sync_definition', '');
