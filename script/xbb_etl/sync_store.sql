-- What writes into the tables of the sync, for whoever calls: src/func/sync_store.h has
-- the contracts.  Nobody else does.

CREATE FUNCTION xbb._sync_insert(def xbb.sync_definition) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_insert';

CREATE FUNCTION xbb._sync_give(id integer, heir pg_catalog.regrole) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_give';

CREATE FUNCTION xbb._place_activate(places pg_catalog.text[]) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_place_activate';

CREATE FUNCTION xbb._place_follow() RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_place_follow';

CREATE FUNCTION xbb._sync_update(def xbb.sync_definition) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_update';

CREATE FUNCTION xbb._sync_move(
  id integer, watermark pg_catalog.timestamptz, read_until pg_catalog.timestamptz, clock_ahead interval, always boolean)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_move';

CREATE FUNCTION xbb._sync_step_back(id integer, by interval, clock_ahead interval) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_step_back';

CREATE FUNCTION xbb._sync_rewind(id integer, watermark pg_catalog.timestamptz) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_rewind';

CREATE FUNCTION xbb._sync_loading(id integer, until pg_catalog.timestamptz, windows pg_catalog.tstzrange[]) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_loading';

CREATE FUNCTION xbb._sync_seen(id integer, types pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_seen';

CREATE FUNCTION xbb._sync_columns(id integer, target_columns pg_catalog.text[], source_columns pg_catalog.text[]) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_columns';

CREATE FUNCTION xbb._sync_call(id integer, new_name pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_call';

CREATE FUNCTION xbb._sync_forget(id integer) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_forget';

CREATE FUNCTION xbb._sync_forget_lost(name pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_forget_lost';

CREATE FUNCTION xbb._sync_run_begin(id integer, task pg_catalog.text, reads boolean) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_run_begin';

CREATE FUNCTION xbb._sync_run_skip(id integer, task pg_catalog.text) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_run_skip';

CREATE FUNCTION xbb._sync_run_refuse(
  name pg_catalog.text, task pg_catalog.text, sqlstate pg_catalog.text, error pg_catalog.text) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_run_refuse';

CREATE FUNCTION xbb._sync_completed(run bigint, until pg_catalog.timestamptz) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_completed';

CREATE FUNCTION xbb._sync_meant(id integer, means pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_meant';

CREATE FUNCTION xbb._sync_run_lost(id integer) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_run_lost';

CREATE FUNCTION xbb._sync_run_open(definition integer, run bigint) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'xbb_fdw_sync_run_open';

CREATE FUNCTION xbb._sync_run_note(entry xbb._sync_run_log) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_run_note';

CREATE FUNCTION xbb._sync_run_prune(id integer, run bigint) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_run_prune';

CREATE FUNCTION xbb._sync_reject_put(id integer, reject xbb.sync_reject) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_reject_put';

CREATE FUNCTION xbb._sync_reject_drop(id integer, ids bigint[], run bigint DEFAULT 0) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_reject_drop';

-- Reads, for whoever calls, what he may not see: src/func/sync_rival.h has the contract.
CREATE FUNCTION xbb._sync_rival(target pg_catalog.regclass, scope pg_catalog.jsonb, id integer, unfit_is_apart boolean DEFAULT true) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_sync_rival';
