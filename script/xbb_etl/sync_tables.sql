-- What one step of a run did.
CREATE TYPE xbb._sync_counts AS (
  rows_read bigint, inserted bigint, updated bigint, unchanged bigint, rejected bigint, deleted bigint
);

-- What one ended with.
CREATE TYPE xbb._sync_failure AS (
  sqlstate text, message text, detail text, hint text, context text
);

-- What an error names.
CREATE TYPE xbb._sync_error_names AS (relation text, attribute text, "constraint" text);

-- What a load works with: the stage as read and the one made of it, statements (sync_apply.sql
-- has them), and how many more records may be rejected.
CREATE TYPE xbb._sync_work AS (
  run bigint, stage integer, made integer, transform text, transform_loaded text, set_aside text, doubles text, older text, outdated text, moved text, rivals text, stored text,
  update_stored text, update_moved text, present boolean, insert_new text, no_rejects text, rejects_left bigint,
  has_rejects boolean, ids text[], constraints text
);

-- Where this database is: dumps leave it out, and what copies it otherwise is elsewhere.
CREATE TABLE xbb._place (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  token pg_catalog.uuid NOT NULL UNIQUE DEFAULT pg_catalog.gen_random_uuid(),
  system_identifier bigint NOT NULL,
  timeline integer NOT NULL,
  database pg_catalog.oid NOT NULL,
  host text NOT NULL,
  directory text NOT NULL,
  places text[] NOT NULL DEFAULT '{}',
  activated timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE xbb._place IS 'where the syncs run; xbb.activate() writes it';

CREATE FUNCTION xbb._place_here(OUT system_identifier bigint, OUT timeline integer, OUT database pg_catalog.oid,
  OUT host pg_catalog.text, OUT directory pg_catalog.text)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_place_here';
REVOKE ALL ON FUNCTION xbb._place_here() FROM PUBLIC;

CREATE FUNCTION xbb._place_is_here(system_identifier bigint, timeline integer, database pg_catalog.oid,
  host pg_catalog.text, directory pg_catalog.text, places pg_catalog.text[]) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_place_is_here';

INSERT INTO xbb._place (system_identifier, timeline, database, host, directory) SELECT h.* FROM xbb._place_here() h;

-- Nobody has rights on these tables but their owner, and for dumps and restores the
-- database's.  They are read through views, and written by functions in C
-- (src/func/sync_store.c).  What a dump takes along names roles and relations by names
-- alone: one that is missing costs one sync a word, not all of them their rows.  The
-- numbers beside them hold where "place" is the token of this one (src/func/sync_restore.c).
CREATE TABLE xbb._sync_definition (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CHECK (pg_catalog.length(name) BETWEEN 1 AND 200),
  owner text NOT NULL,
  owner_oid oid,
  source_name text NOT NULL,
  source oid,
  target_name text NOT NULL,
  target oid,
  key text[] NOT NULL,
  overlap interval NOT NULL,
  columns jsonb,
  chunk interval,
  reject_limit integer NOT NULL CHECK (reject_limit >= 0),
  delete_mode text NOT NULL CHECK (delete_mode IN ('ignore', 'mark', 'delete')),
  path text NOT NULL,
  target_columns text[] NOT NULL,
  source_columns text[] NOT NULL,
  watermark timestamptz,
  loading_until timestamptz,
  loading_windows pg_catalog.tstzrange[],
  types text,
  enabled boolean NOT NULL DEFAULT true,
  scope jsonb,
  delete_limit bigint CHECK (delete_limit >= 0),
  stamp text,
  label text,
  max_age interval,
  complete_until timestamptz,
  -- which records the source meant at the last run
  meant text,
  -- since when complete_until may be unknown
  incomplete_since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  read_until timestamptz,
  clock_ahead interval,
  -- has its owner, or somebody who may act for him, said that it may run?
  confirmed boolean NOT NULL DEFAULT true,
  place pg_catalog.uuid,
  UNIQUE (owner_oid, name)
);

-- A run writes a row when it begins and another one when it has ended, and none of them
-- again, but for how far it is between windows: a row that is dead would be in the way of those
-- who read on a standby.
CREATE TABLE xbb._sync_run_begun (
  id bigint GENERATED ALWAYS AS IDENTITY,
  definition integer NOT NULL,
  task text NOT NULL,
  pid integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
  started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  low timestamptz,
  PRIMARY KEY (definition, id)
);
COMMENT ON TABLE xbb._sync_run_begun IS 'how the runs of the syncs began; read it through sync_run';

CREATE TABLE xbb._sync_run_log (
  id bigint PRIMARY KEY,
  definition integer NOT NULL,
  task text NOT NULL,
  status text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'skipped', 'stopped', 'killed')),
  pid integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
  started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  ended timestamptz,
  low timestamptz,
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
  error text,
  complete_until timestamptz
);
-- of what the views ask, nothing is looked for among all runs
CREATE INDEX ON xbb._sync_run_log (definition, id);
CREATE INDEX ON xbb._sync_run_log (definition, id) WHERE status = 'succeeded';
CREATE INDEX ON xbb._sync_run_log (definition, id) INCLUDE (status, task, sqlstate, started) WHERE status IN ('failed', 'killed');
CREATE INDEX ON xbb._sync_run_log (definition, task, id) WHERE status IN ('failed', 'killed') AND task IN ('reconcile', 'reconcile full');
CREATE INDEX ON xbb._sync_run_log (definition, task, id) WHERE task IN ('reconcile', 'reconcile full');
CREATE INDEX ON xbb._sync_run_log (started);
COMMENT ON TABLE xbb._sync_run_log IS 'the runs of the syncs; read it through sync_run';

-- Of each definition the run that began and has not ended, if its last one has not; noted is
-- its row of the log, if it is between windows.
CREATE VIEW xbb._sync_under_way AS
SELECT d.id AS definition, b.id, b.task, b.pid, b.started, b.low, l.id AS noted
FROM xbb._sync_definition d
CROSS JOIN LATERAL (SELECT * FROM xbb._sync_run_begun b WHERE b.definition = d.id ORDER BY b.id DESC LIMIT 1) b
LEFT JOIN xbb._sync_run_log l ON l.id = b.id
WHERE l.id IS NULL OR l.status = 'running';
COMMENT ON VIEW xbb._sync_under_way IS 'the runs of all roles that have not ended';

CREATE TABLE xbb._sync_reject (
  definition integer NOT NULL,
  data_id bigint NOT NULL,
  update_time timestamptz,
  kind text NOT NULL,
  sqlstate text,
  error text NOT NULL,
  raw json,
  staged json,
  loaded jsonb,
  run bigint NOT NULL,
  first_seen timestamptz NOT NULL DEFAULT pg_catalog.now(),
  label text,
  context text,
  -- who brought it, if that was neither a run nor a superuser
  restored_by oid,
  PRIMARY KEY (definition, data_id)
);

COMMENT ON TABLE xbb._sync_definition IS 'the syncs; read them through sync_definition';
COMMENT ON TABLE xbb._sync_reject IS 'what was set aside; read it through sync_reject';

SELECT pg_catalog.pg_extension_config_dump('xbb._sync_definition', '');
SELECT pg_catalog.pg_extension_config_dump('xbb._sync_reject', '');

CREATE FUNCTION xbb._sync_restored() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_restored';

CREATE TRIGGER restored BEFORE INSERT ON xbb._sync_definition FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
CREATE TRIGGER restored BEFORE INSERT ON xbb._sync_reject FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
ALTER TABLE xbb._sync_definition ENABLE ALWAYS TRIGGER restored;
ALTER TABLE xbb._sync_reject ENABLE ALWAYS TRIGGER restored;

CREATE FUNCTION xbb._sync_owner(id integer, owner_oid pg_catalog.oid, owner pg_catalog.text, confirmed boolean) RETURNS pg_catalog.oid
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_owner';

CREATE FUNCTION xbb._sync_relation(relation pg_catalog.oid, name pg_catalog.text) RETURNS pg_catalog.oid
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_relation';

-- Every sync, with what its names mean here; owner, source and target are 0 where they mean
-- nothing.  What the next view shows and what is asked for all roles has this.
CREATE VIEW xbb._sync_all AS
SELECT d.name,
       xbb._sync_owner(d.id, (SELECT d.owner_oid FROM xbb._place p WHERE p.token = d.place), d.owner,
                       d.confirmed)::pg_catalog.regrole AS owner,
       xbb._sync_relation((SELECT d.source FROM xbb._place p WHERE p.token = d.place), d.source_name)::pg_catalog.regclass AS source,
       xbb._sync_relation((SELECT d.target FROM xbb._place p WHERE p.token = d.place), d.target_name)::pg_catalog.regclass AS target, d.key, d.overlap, d.columns, d.chunk, d.reject_limit,
       d.delete_mode, d.path, d.target_columns, d.source_columns, d.watermark, d.loading_until,
       d.types, d.enabled, d.source_name, d.target_name, d.id, d.scope, d.delete_limit, d.stamp, d.label, d.max_age,
       d.owner AS owner_name, d.confirmed, d.complete_until,
       EXISTS (SELECT FROM xbb._place p
               WHERE p.token = d.place AND xbb._place_is_here(p.system_identifier, p.timeline, p.database, p.host, p.directory,
                                                              p.places)) AS active, d.read_until, d.clock_ahead, d.loading_windows
FROM xbb._sync_definition d;
COMMENT ON VIEW xbb._sync_all IS 'the syncs of all roles';

-- Whoever may use a role sees its syncs.  The views read with the rights of the tables'
-- owner; what a reader's own functions would see below them, a barrier keeps back.  They
-- are here, since functions take their rows.
CREATE VIEW xbb.sync_definition WITH (security_barrier) AS
SELECT d.* FROM xbb._sync_all d WHERE pg_catalog.pg_has_role(d.owner, 'USAGE');
COMMENT ON VIEW xbb.sync_definition IS 'the syncs and how far they are';
COMMENT ON COLUMN xbb.sync_definition.name IS 'what the sync is called';
COMMENT ON COLUMN xbb.sync_definition.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_definition.source IS 'what is read';
COMMENT ON COLUMN xbb.sync_definition.target IS 'what is written';
COMMENT ON COLUMN xbb.sync_definition.key IS 'columns of the target that tell its rows apart';
COMMENT ON COLUMN xbb.sync_definition.overlap IS 'read again before the watermark';
COMMENT ON COLUMN xbb.sync_definition.columns IS 'expressions by target column, as they were given; NULL: the columns of the same name';
COMMENT ON COLUMN xbb.sync_definition.chunk IS 'at most this much of update_time is loaded at a time';
COMMENT ON COLUMN xbb.sync_definition.reject_limit IS 'a run with more rejects fails';
COMMENT ON COLUMN xbb.sync_definition.delete_mode IS 'what reconcile does to rows whose record is gone: ignore, mark or delete';
COMMENT ON COLUMN xbb.sync_definition.path IS 'search_path of its owner when he gave the expressions; his triggers and functions run under it';
COMMENT ON COLUMN xbb.sync_definition.target_columns IS 'which columns are written';
COMMENT ON COLUMN xbb.sync_definition.source_columns IS 'which columns are read for that';
COMMENT ON COLUMN xbb.sync_definition.watermark IS 'the greatest update_time that was loaded, at most the APIs clock and this servers';
COMMENT ON COLUMN xbb.sync_definition.loading_until IS 'a load by windows is under way up to here';
COMMENT ON COLUMN xbb.sync_definition.types IS 'types of the columns read and written when they were last checked';
COMMENT ON COLUMN xbb.sync_definition.enabled IS 'may it run?';
COMMENT ON COLUMN xbb.sync_definition.source_name IS 'what the source was called at the last run, with its schema';
COMMENT ON COLUMN xbb.sync_definition.target_name IS 'what the target was called at the last run, with its schema';
COMMENT ON COLUMN xbb.sync_definition.id IS 'its number, by which its lock stands in pg_locks';
COMMENT ON COLUMN xbb.sync_definition.scope IS 'columns of the target and what they are in the rows that are this sync''s; NULL: all rows are';
COMMENT ON COLUMN xbb.sync_definition.delete_limit IS 'a reconciliation that would take more rows out fails; NULL: a tenth of them, at least 50';
COMMENT ON COLUMN xbb.sync_definition.stamp IS 'column of the target that is set to the time of each write';
COMMENT ON COLUMN xbb.sync_definition.label IS 'column shown beside the dataId of a record in messages and rejects';
COMMENT ON COLUMN xbb.sync_definition.max_age IS 'how old the copy may become';
COMMENT ON COLUMN xbb.sync_definition.owner_name IS 'the owner''s name, as dumps have it';
COMMENT ON COLUMN xbb.sync_definition.confirmed IS 'false: it was restored by somebody else, and waits for its owner''s word';
COMMENT ON COLUMN xbb.sync_definition.complete_until IS 'all that the API had by then is in the target, by its clock, as the last run noted that changed something; sync_status has the latest; -infinity: not all of a new source has been read';
COMMENT ON COLUMN xbb.sync_definition.active IS 'false: this is a copy of the database in which it was made or xbb.activate() called';
COMMENT ON COLUMN xbb.sync_definition.read_until IS 'the API''s clock when a reading began that left nothing out; NULL: the watermark stands for it';
COMMENT ON COLUMN xbb.sync_definition.clock_ahead IS 'how much that clock was ahead of this server''s';
COMMENT ON COLUMN xbb.sync_definition.loading_windows IS 'what is left of the load up to loading_until, as it was divided, the next window last; NULL: it was not';

-- A sync that waits for its owner's word has none, for all that he knows.
CREATE VIEW xbb.sync_reject WITH (security_barrier) AS
SELECT d.name AS sync, d.owner, r.data_id, r.update_time, r.kind, r.sqlstate, r.error, r.raw, r.staged, r.loaded,
       r.run, r.first_seen, r.label, r.context
FROM xbb._sync_reject r JOIN xbb._sync_all d ON d.id = r.definition
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE') AND d.confirmed
  AND (r.restored_by IS NULL OR pg_catalog.pg_has_role(r.restored_by, d.owner, 'MEMBER'));
COMMENT ON VIEW xbb.sync_reject IS 'records that the syncs could not load';
COMMENT ON COLUMN xbb.sync_reject.sync IS 'name of the sync';
COMMENT ON COLUMN xbb.sync_reject.owner IS 'role that it runs as';
COMMENT ON COLUMN xbb.sync_reject.data_id IS 'which record';
COMMENT ON COLUMN xbb.sync_reject.update_time IS 'and which version of it';
COMMENT ON COLUMN xbb.sync_reject.kind IS 'value, expression, constraint, null key, duplicate key or details';
COMMENT ON COLUMN xbb.sync_reject.sqlstate IS 'why, as a code';
COMMENT ON COLUMN xbb.sync_reject.error IS 'why';
COMMENT ON COLUMN xbb.sync_reject.raw IS 'the record: the column whose attr is ''*'', else what was read; NULL: it is gone, and its row cannot be taken out, or it is asked for again';
COMMENT ON COLUMN xbb.sync_reject.staged IS 'what was read of it, if raw is no more than that';
COMMENT ON COLUMN xbb.sync_reject.loaded IS 'its row, if it was in the target';
COMMENT ON COLUMN xbb.sync_reject.run IS 'the latest run that rejected it; -1: one before a restore';
COMMENT ON COLUMN xbb.sync_reject.first_seen IS 'when the first one did';
COMMENT ON COLUMN xbb.sync_reject.label IS 'what the column that the sync has as label holds';
COMMENT ON COLUMN xbb.sync_reject.context IS 'where: table, column, constraint, functions that were at work';
