-- Push: rows of a relation or query, sent to a target table, each version of each key once.
--
-- An item is a version of a key's record, as the target is to get it: rendered and hashed when the
-- source is read.  A request is one or more items whose bytes leave together: made once, with its
-- idempotency key, and repeated as it is.
--
--   pending       to be sent: at once, or at next_try
--   sending       in a request that a run has taken; its bytes leave after this was committed and flushed
--   acknowledged  the target has it, as it said (or that it had it already); the record is pruned, its hash stays
--   rejected      the target said no: stays until the row changes or is gone, or push_retry
--   unknown       it may have arrived.  By the target's option repeat: key, upsert, refuse: its request is
--                 sent again byte for byte; probe: the target is asked, record by record; never: a person
--                 says what is so (push_resolve)
--   held          out of patience, or in doubt: a person decides (push_retry, push_resolve)
--
-- Of a key there is at most one item outside of requests that is not acknowledged (it waits), one within
-- a request that is not settled (it flies), and one that is acknowledged.  A new version takes the place of the one that waits, never of the
-- one that flies; a key is not sent while it flies: order is kept by key, and only there.  A request is settled when no
-- item of it is unknown; until then all of its keys fly, since its bytes may be sent again.
--
-- Who commits when (push_execute.sql).  A run holds the lock of one of the push's workers beyond transactions:
--   1. the run's row; what runs left that were killed, which their free locks tell: sending is unknown.  COMMIT
--   2. the source is read, marks are folded, items written.                        COMMIT
--   3. again and again: verdicts of the answers that have come, and the next requests with their bytes. COMMIT,
--      flushed whatever synchronous_commit says; only then do the bytes of these requests leave
--   4. the run's end.                                                               COMMIT
-- A kill in 1 or 2 loses nothing and sends nothing.  A kill in 3 before the COMMIT leaves requests that never left
-- as if they had not been made, and answers that were not noted as sending; after it what flew is sending: both are
-- unknown to the next run.  A run that is cancelled or fails in 3 gives back what has not left: it is pending.  A version that is acknowledged is never sent again.

CREATE TABLE xbb._push_definition (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CHECK (pg_catalog.length(name) BETWEEN 1 AND 200),
  owner text NOT NULL,
  owner_oid oid,
  -- of a relation; a query is a function of the owner's, xbb._push_<id>
  source_name text,
  source oid,
  query text,
  target_name text NOT NULL,
  target oid,
  key text[] NOT NULL,
  feed text NOT NULL CHECK (feed IN ('query', 'trigger')),
  workers integer NOT NULL CHECK (workers BETWEEN 1 AND 32),
  max_age interval,
  path text NOT NULL,
  enabled boolean NOT NULL,
  -- fed by a trigger, is all to be read that was there before?
  copies boolean NOT NULL,
  -- records of a request that the target answered in time; NULL: its batch_size
  batch integer,
  -- matched when it was defined, and sent since
  columns text[],
  place pg_catalog.uuid,
  -- the history that its items belong to, and was it made active elsewhere since?
  system_identifier bigint NOT NULL,
  timeline integer NOT NULL,
  moved boolean NOT NULL DEFAULT false,
  -- since when it has its source: what was read before was another one's
  incomplete_since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  -- has its owner, or somebody who may act for him, said that it may run?
  confirmed boolean NOT NULL DEFAULT true,
  UNIQUE (owner_oid, name)
);
COMMENT ON TABLE xbb._push_definition IS 'the pushes; read them through push_definition';

CREATE TABLE xbb._push_request (
  id pg_catalog.uuid PRIMARY KEY,
  push integer NOT NULL,
  run bigint NOT NULL,
  worker integer NOT NULL,
  status text NOT NULL CHECK (status IN ('sending', 'unknown', 'held')),
  body pg_catalog.bytea NOT NULL,
  -- by which the answer names the records
  keys text[],
  -- in the body, however many of their items are left
  records integer NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  next_try timestamptz NOT NULL DEFAULT 'infinity',
  -- when nobody waited any more for the answer to its first sending
  given_up timestamptz,
  created timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  -- who brought it, if that was neither a run nor a superuser; then the push's number is below zero until xbb.activate()
  restored_by oid
);
CREATE INDEX ON xbb._push_request (push, status, next_try);
COMMENT ON TABLE xbb._push_request IS 'requests of the pushes that are not settled, as they were sent';

CREATE TABLE xbb._push_item (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  push integer NOT NULL,
  key text[] NOT NULL,
  -- half of its SHA-256, which indexes compare faster
  key_id pg_catalog.uuid NOT NULL,
  status text NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'sending', 'acknowledged', 'rejected', 'unknown', 'held')),
  -- none: the target has it, or the row cannot be sent, and message says why
  record text CHECK (record IS NOT NULL OR status IN ('acknowledged', 'rejected', 'held')),
  hash pg_catalog.bytea NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- records of a request it may be in: less after one that was refused as a whole
  most integer,
  next_try timestamptz NOT NULL DEFAULT '-infinity',
  -- may the target have an older version of its key?
  replaces boolean NOT NULL DEFAULT false,
  request pg_catalog.uuid,
  -- among the records of the request
  position integer,
  target_id text,
  http_status integer,
  message text,
  answer text,
  note text,
  created timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  sent timestamptz,
  acknowledged timestamptz,
  restored_by oid
) WITH (fillfactor = 70);
-- the one of a key that waits, the one that flies
CREATE UNIQUE INDEX ON xbb._push_item (push, key_id) WHERE request IS NULL AND status <> 'acknowledged';
CREATE UNIQUE INDEX ON xbb._push_item (push, key_id) WHERE request IS NOT NULL;
CREATE INDEX ON xbb._push_item (push, key_id) WHERE status = 'acknowledged';
-- the next to be sent, by their number
CREATE INDEX ON xbb._push_item (push, id) WHERE status = 'pending';
CREATE INDEX ON xbb._push_item (push, status) WHERE status IN ('rejected', 'unknown', 'held');
CREATE INDEX ON xbb._push_item (request, position) WHERE request IS NOT NULL;
COMMENT ON TABLE xbb._push_item IS 'what the pushes have sent and are to send; read it through push_item';

-- Keys whose row has changed: appended by triggers, which wait for nobody; taken away by runs.
CREATE TABLE xbb._push_mark (
  push integer NOT NULL,
  key text[] NOT NULL,
  restored_by oid
);
COMMENT ON TABLE xbb._push_mark IS 'keys of rows that have changed, as triggers of the pushes noted them';

CREATE TABLE xbb._push_run_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  push integer NOT NULL,
  worker integer NOT NULL DEFAULT 0,
  status text NOT NULL CHECK (status IN ('running', 'succeeded', 'incomplete', 'failed', 'skipped', 'stopped', 'killed')),
  pid integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
  started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  ended timestamptz,
  requests bigint NOT NULL DEFAULT 0,
  enqueued bigint NOT NULL DEFAULT 0,
  acknowledged bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  unknown bigint NOT NULL DEFAULT 0,
  put_off bigint NOT NULL DEFAULT 0,
  held bigint NOT NULL DEFAULT 0,
  sqlstate text,
  error text,
  -- when it began to read the source; NULL: another one did
  read_from timestamptz,
  -- as far as the source was read when nothing was left to be sent; NULL: something was
  complete_until timestamptz
);
CREATE INDEX ON xbb._push_run_log (push, id);
-- of what the views ask, nothing is looked for among all runs
CREATE INDEX ON xbb._push_run_log (push, id) WHERE status = 'succeeded';
CREATE INDEX ON xbb._push_run_log (push, id) WHERE status IN ('succeeded', 'incomplete');
CREATE INDEX ON xbb._push_run_log (push, id) INCLUDE (status, sqlstate, started) WHERE status IN ('failed', 'killed');
CREATE INDEX ON xbb._push_run_log (push, id) WHERE sqlstate IS NOT NULL;
CREATE INDEX ON xbb._push_run_log (push, id) WHERE read_from IS NOT NULL;
CREATE INDEX ON xbb._push_run_log (push, id) WHERE complete_until IS NOT NULL;
CREATE INDEX ON xbb._push_run_log (push, id) WHERE status = 'running';
COMMENT ON TABLE xbb._push_run_log IS 'the runs of the pushes; read it through push_run';

SELECT pg_catalog.pg_extension_config_dump('xbb._push_definition', '');
SELECT pg_catalog.pg_extension_config_dump('xbb._push_request', '');
SELECT pg_catalog.pg_extension_config_dump('xbb._push_item', '');
SELECT pg_catalog.pg_extension_config_dump('xbb._push_mark', '');

CREATE TRIGGER restored BEFORE INSERT ON xbb._push_definition FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
CREATE TRIGGER restored BEFORE INSERT ON xbb._push_request FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
CREATE TRIGGER restored BEFORE INSERT ON xbb._push_item FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
CREATE TRIGGER restored BEFORE INSERT ON xbb._push_mark FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
ALTER TABLE xbb._push_definition ENABLE ALWAYS TRIGGER restored;
ALTER TABLE xbb._push_request ENABLE ALWAYS TRIGGER restored;
ALTER TABLE xbb._push_item ENABLE ALWAYS TRIGGER restored;
ALTER TABLE xbb._push_mark ENABLE ALWAYS TRIGGER restored;

CREATE FUNCTION xbb._push_owner(id integer, owner_oid pg_catalog.oid, owner pg_catalog.text) RETURNS pg_catalog.oid
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_owner';

-- Every push, with what its names mean here; owner, source and target are 0 where they mean nothing.
CREATE VIEW xbb._push_all AS
SELECT d.name, xbb._push_owner(d.id, CASE WHEN h.token IS NOT NULL THEN d.owner_oid END, d.owner)::pg_catalog.regrole AS owner,
       CASE WHEN d.query IS NULL THEN
         xbb._sync_relation(CASE WHEN h.token IS NOT NULL THEN d.source END, d.source_name)::pg_catalog.regclass END AS source,
       d.query,
       xbb._sync_relation(CASE WHEN h.token IS NOT NULL THEN d.target END, d.target_name)::pg_catalog.regclass AS target,
       d.key, d.feed, d.workers, d.max_age, d.path, d.enabled, d.copies, d.batch, d.columns, d.source_name, d.target_name, d.id,
       d.owner AS owner_name, coalesce(xbb._place_is_here(h.system_identifier, h.timeline, h.database, h.host, h.directory, h.places),
                                       false) AS active, d.confirmed
FROM xbb._push_definition d LEFT JOIN xbb._place h ON h.token = d.place;
COMMENT ON VIEW xbb._push_all IS 'the pushes of all roles';

CREATE VIEW xbb.push_definition WITH (security_barrier) AS
SELECT d.* FROM xbb._push_all d WHERE pg_catalog.pg_has_role(d.owner, 'USAGE');
COMMENT ON VIEW xbb.push_definition IS 'the pushes, as they were defined';

CREATE VIEW xbb.push_item WITH (security_barrier) AS
SELECT i.id, d.name AS push, d.owner, i.key, i.status, i.target_id, i.message, i.http_status, i.answer, i.attempts,
       CASE WHEN i.status = 'unknown' AND r.next_try < 'infinity' THEN r.next_try WHEN i.status = 'pending' THEN i.next_try END AS next_try, i.request, i.position,
       i.record, i.hash, i.note, i.created, i.sent, i.acknowledged
FROM xbb._push_item i JOIN xbb._push_all d ON d.id = i.push LEFT JOIN xbb._push_request r ON r.id = i.request
WHERE pg_catalog.pg_has_role(d.owner, 'USAGE');
COMMENT ON VIEW xbb.push_item IS 'what each push has sent, and is to send: of a key the version that the target has, and the one that is to come';
