/*-------------------------------------------------------------------------
 *
 * push_store.c
 *	  What the push writes into its own tables, as SQL functions: definitions and the log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "func/push_lock.h"
#include "func/push_show.h"
#include "func/push_store.h"
#include "func/sync_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_insert);
PG_FUNCTION_INFO_V1(xbb_fdw_push_update);
PG_FUNCTION_INFO_V1(xbb_fdw_push_forget);
PG_FUNCTION_INFO_V1(xbb_fdw_push_run_begin);
PG_FUNCTION_INFO_V1(xbb_fdw_push_run_note);
PG_FUNCTION_INFO_V1(xbb_fdw_push_run_prune);
PG_FUNCTION_INFO_V1(xbb_fdw_push_run_lost);

/* Bytes of a definition, which each dump holds. */
#define MOST_DEFINITION (1024 * 1024)

void
push_complain_of_drop(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("the push was dropped meanwhile")));
}

/* What stands in dumps by its name is a table that stays. */
static void
check_definition(HeapTupleHeader row)
{
	const char *const columns[] = {"source", "target"};
	const char *const kinds[] = {"rpvmf", "f"};
	bool		isnull;

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		Oid			relid = DatumGetObjectId(GetAttributeByName(row, columns[i], &isnull));
		char		kind = isnull ? '\0' : get_rel_relkind(relid);

		if (kind != '\0' && (!strchr(kinds[i], kind) || get_rel_persistence(relid) == RELPERSISTENCE_TEMP))
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("the %s of a push must be a table that stays", columns[i])));
	}
	if (HeapTupleHeaderGetDatumLength(row) > MOST_DEFINITION)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the definition of a push is longer than %d bytes", MOST_DEFINITION)));
}

#define PLACE(relation) "xbb._sync_place((" relation ")::pg_catalog.oid)"

#define DEFINED \
	"source, query, target, key, feed, workers, max_age, path, enabled, copies, batch, columns, confirmed"
#define DEFINED_VALUES \
	"($1).source, ($1).query, ($1).target, ($1).key, ($1).feed, ($1).workers, ($1).max_age, ($1).path, ($1).enabled, ($1).copies, ($1).batch, ($1).columns, ($1).confirmed"

Datum
xbb_fdw_push_insert(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._push_definition (place, system_identifier, timeline, name, owner, owner_oid,"
		" source_name, target_name, " DEFINED ")"
		" SELECT p.token, h.system_identifier, h.timeline, ($1).name, pg_get_userbyid($2), $2,"
		" " PLACE("($1).source") ", " PLACE("($1).target") ", " DEFINED_VALUES
		" FROM xbb._place p, xbb._place_here() h"
		" WHERE NOT EXISTS (SELECT FROM xbb._push_all a WHERE a.name = ($1).name AND a.owner = $2)"
		" ON CONFLICT DO NOTHING RETURNING id::bigint"
	};
	int64		id;

	check_definition(PG_GETARG_HEAPTUPLEHEADER(0));
	if (run_stored(fcinfo, &stored, &id) == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) id);
}

Datum
xbb_fdw_push_update(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._push_definition d"
		" SET (" DEFINED ") = ROW(" DEFINED_VALUES "), name = ($1).name, owner = pg_get_userbyid(($1).owner), owner_oid = ($1).owner,"
		" incomplete_since = CASE WHEN (SELECT ROW(a.source, a.query) IS NOT DISTINCT FROM ROW(($1).source, ($1).query)"
		" FROM xbb._push_all a WHERE a.id = d.id) THEN d.incomplete_since ELSE clock_timestamp() END,"
		" source_name = coalesce(" PLACE("($1).source") ", d.source_name), target_name = coalesce(" PLACE("($1).target") ", d.target_name)"
		" WHERE d.id = ($1).id AND " PUSH_OWNED("$2")
	};
	Oid			heir;
	bool		isnull;

	check_definition(PG_GETARG_HEAPTUPLEHEADER(0));
	heir = DatumGetObjectId(GetAttributeByName(PG_GETARG_HEAPTUPLEHEADER(0), "owner", &isnull));
	if (isnull || !compat_may_become(GetUserId(), heir))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only who may become another role may give it a push")));
	if (run_stored(fcinfo, &stored, NULL) == 0)
		push_complain_of_drop();
	PG_RETURN_BOOL(true);
}

Datum
xbb_fdw_push_forget(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH forgotten AS (DELETE FROM xbb._push_definition d WHERE d.id = $1 AND (" PUSH_OWNED("$2")
		" OR " PUSH_OWNED("0::oid") " AND (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = $2)) RETURNING d.id),"
		" items AS (DELETE FROM xbb._push_item i USING forgotten f WHERE i.push = f.id),"
		" requests AS (DELETE FROM xbb._push_request r USING forgotten f WHERE r.push = f.id),"
		" marks AS (DELETE FROM xbb._push_mark m USING forgotten f WHERE m.push = f.id),"
		" runs AS (DELETE FROM xbb._push_run_log l USING forgotten f WHERE l.push = f.id)"
		" SELECT FROM forgotten"
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_push_run_begin(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._push_run_log (push, worker, status, ended)"
		" SELECT d.id, $2, $3, CASE WHEN $3 <> 'running' THEN clock_timestamp() END"
		" FROM xbb._push_definition d WHERE d.id = $1 AND " PUSH_OWNED("$4") " RETURNING id"
	};
	int64		run;

	if (run_stored(fcinfo, &stored, &run) == 0)
		push_complain_of_drop();
	if (strcmp(text_to_cstring(PG_GETARG_TEXT_PP(2)), "running") == 0)
		push_show_begin(fcinfo, PG_GETARG_INT32(0), run);
	PG_RETURN_INT64(run);
}

#define NOTED \
	"status, ended, requests, enqueued, acknowledged, rejected, unknown, put_off, held"

/*
 * All that was committed in the source before its latest reading began is at the target where no item is
 * left that the target has not acknowledged: an item's own time would not tell, as a newer version takes
 * its place.
 */
Datum
xbb_fdw_push_run_note(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._push_run_log l SET (" NOTED ", sqlstate, error, read_from, complete_until) = ROW(($1).status, ($1).ended, coalesce(($1).requests, 0),"
		" coalesce(($1).enqueued, 0), coalesce(($1).acknowledged, 0), coalesce(($1).rejected, 0), coalesce(($1).unknown, 0),"
		" coalesce(($1).put_off, 0), coalesce(($1).held, 0), left(($1).sqlstate, 5), left(($1).error, " MOST_ERROR "), ($1).read_from,"
		" CASE WHEN NOT EXISTS (SELECT FROM xbb._push_item i WHERE i.push = ($1).push AND i.request IS NULL AND i.status <> 'acknowledged')"
		" AND NOT EXISTS (SELECT FROM xbb._push_item i WHERE i.push = ($1).push AND i.request IS NOT NULL)"
		" THEN coalesce(($1).read_from, (SELECT o.read_from FROM xbb._push_run_log o WHERE o.push = ($1).push AND o.read_from IS NOT NULL"
		" ORDER BY o.id DESC LIMIT 1)) END)"
		" FROM xbb._push_definition d WHERE l.id = ($1).id AND l.push = ($1).push AND d.id = l.push AND " PUSH_OWNED("$2")
	};

	if (run_stored(fcinfo, &stored, NULL) == 0)
		push_complain_of_drop();
	PG_RETURN_BOOL(true);
}

Datum
xbb_fdw_push_run_prune(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"DELETE FROM xbb._push_run_log l USING xbb._push_definition d WHERE l.id = ANY (ARRAY("
		" SELECT o.id FROM xbb._push_run_log o WHERE o.push = $1"
		" AND o.started < now() - CAST(current_setting('xbb_fdw.log_retention') AS interval) AND o.status <> 'running'"
		" AND o.id <> coalesce((SELECT max(s.id) FROM xbb._push_run_log s WHERE s.push = $1 AND s.status = 'succeeded'), 0)"
		" AND o.id <> coalesce((SELECT max(s.id) FROM xbb._push_run_log s WHERE s.push = $1 AND s.complete_until IS NOT NULL), 0)"
		" ORDER BY o.id LIMIT 2000)) AND d.id = $1 AND " PUSH_OWNED("$2")
	};

	return touched_any(fcinfo, &stored);
}

static void
read_number(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;

	if (nrows > 0)
		*(int64 *) arg = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
}

int64
push_patience(const TargetServerOptions *options)
{
	return options->repeat == TARGET_REPEAT_UPSERT ? options->request_timeout : 0;
}

/* Of a push; one whose target is gone has none. */
static int64
patience_of(FunctionCallInfo fcinfo, int32 push)
{
	static Stored find_target = {.nested = true, .text =
		"SELECT a.target::oid::bigint FROM xbb._push_all a WHERE a.id = $1"
	};
	const Oid	types[] = {INT4OID};
	NullableDatum args[] = {{.value = Int32GetDatum(push)}};
	int64		target = 0;

	run_stored_with(fcinfo->flinfo->fn_oid, &find_target, lengthof(types), types, args, read_number, &target);
	return target_option_is_table((Oid) target) ? push_patience(&target_option_table((Oid) target)->server) : 0;
}

Datum
xbb_fdw_push_run_lost(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH requests AS (UPDATE xbb._push_request r SET status = 'unknown', next_try = " PUSH_REPEAT_AT("$3") ","
		" given_up = coalesce(r.given_up, clock_timestamp())"
		" WHERE r.push = $1 AND r.status = 'sending' AND r.worker = $2 RETURNING r.id),"
		" items AS (UPDATE xbb._push_item i SET status = 'unknown', message = 'its run was killed before an answer was noted',"
		" http_status = NULL, answer = NULL FROM requests r WHERE i.request = r.id AND i.status = 'sending' RETURNING i.id),"
		" runs AS (UPDATE xbb._push_run_log l SET status = 'killed', ended = clock_timestamp(), unknown = (SELECT count(*) FROM items)"
		" WHERE l.push = $1 AND l.worker = $2 AND l.status = 'running')"
		" SELECT count(*) FROM items"
	};
	const Oid	types[] = {INT4OID, INT4OID, INT8OID};
	NullableDatum args[lengthof(types)] = {fcinfo->args[0], fcinfo->args[1]};
	int64		items = 0;

	push_check_run(fcinfo, PG_GETARG_INT32(0), PG_GETARG_INT32(1));
	args[2].value = Int64GetDatum(patience_of(fcinfo, PG_GETARG_INT32(0)));
	run_stored_with(fcinfo->flinfo->fn_oid, &stored, lengthof(types), types, args, read_number, &items);
	PG_RETURN_INT64(items);
}
