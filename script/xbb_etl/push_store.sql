-- What writes into the tables of the pushes, for whoever calls: src/func/push_store.h and
-- src/func/push_item.h have the contracts.  Nobody else does.

CREATE FUNCTION xbb._push_insert(def xbb.push_definition) RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_insert';

CREATE FUNCTION xbb._push_update(def xbb.push_definition) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_update';

CREATE FUNCTION xbb._push_give(id integer, heir pg_catalog.regrole) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_give';

CREATE FUNCTION xbb._push_forget(id integer) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_forget';

CREATE FUNCTION xbb._push_function_keep(id integer, made pg_catalog.oid[]) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_function_keep';

CREATE FUNCTION xbb._push_lock(id integer, worker integer, session boolean) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_lock';

CREATE FUNCTION xbb._push_unlock(id integer, worker integer) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_unlock';

CREATE FUNCTION xbb._push_run_begin(id integer, worker integer, status pg_catalog.text) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_run_begin';

CREATE FUNCTION xbb._push_run_note(entry xbb._push_run_log) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_run_note';

CREATE FUNCTION xbb._push_run_prune(id integer) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_run_prune';

CREATE FUNCTION xbb._push_run_lost(id integer, worker integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_run_lost';

CREATE FUNCTION xbb._push_record(target pg_catalog.oid, columns smallint[], fields pg_catalog.record) RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_record';

CREATE FUNCTION xbb._push_enqueue(
  id integer, query pg_catalog.text, sends boolean, marks pg_catalog.text[] DEFAULT '{}', keeps boolean DEFAULT false) RETURNS bigint[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_enqueue';

CREATE FUNCTION xbb._push_arrive(id integer, is_read boolean) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_arrive';

CREATE FUNCTION xbb._push_repeat(target pg_catalog.oid) RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_repeat';

CREATE FUNCTION xbb._push_is_judged(target pg_catalog.oid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_is_judged';

CREATE FUNCTION xbb._push_again(id bigint) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_again';

CREATE FUNCTION xbb._push_settle(id bigint, status pg_catalog.text, note pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_settle';

CREATE FUNCTION xbb._push_identify(id bigint, target_id pg_catalog.text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_identify';

CREATE FUNCTION xbb._push_marks(id integer, most integer) RETURNS pg_catalog.text[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_marks';

CREATE FUNCTION xbb._push_mark() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_mark';

CREATE FUNCTION xbb._push_preview(id integer, most integer) RETURNS pg_catalog.text[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_preview';

-- A worker, between two commits: src/func/push_session.h has the contracts.

CREATE FUNCTION xbb._push_open(id integer, worker integer, run bigint) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_open';

CREATE FUNCTION xbb._push_tells() RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_tells';

CREATE FUNCTION xbb._push_step(id integer, OUT in_air integer, OUT due_in bigint, OUT problem pg_catalog.text,
  OUT requests bigint, OUT acknowledged bigint, OUT rejected bigint, OUT unknown bigint, OUT put_off bigint, OUT held bigint,
  OUT batch integer)
RETURNS record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_step';

CREATE FUNCTION xbb._push_sent(id integer) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_sent';

CREATE FUNCTION xbb._push_close(id integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'xbb_fdw_push_close';
