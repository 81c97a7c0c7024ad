/*-------------------------------------------------------------------------
 *
 * sync_forget.c
 *	  The end of a sync, as SQL functions: nothing of it stays but its target.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "func/sync_function.h"
#include "func/sync_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_forget);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_forget_lost);

#define FORGET_THE_REST \
	" rejects AS (DELETE FROM xbb._sync_reject j USING forgotten f WHERE j.definition = f.id)," \
	" begun AS (DELETE FROM xbb._sync_run_begun b USING forgotten f WHERE b.definition = f.id)," \
	" evidence AS (DELETE FROM xbb._sync_evidence e USING forgotten f WHERE e.definition = f.id)," \
	" late AS (DELETE FROM xbb._sync_late a USING forgotten f WHERE a.definition = f.id)," \
	" runs AS (DELETE FROM xbb._sync_run_log l USING forgotten f WHERE l.definition = f.id)" \
	" SELECT FROM forgotten"

Datum
xbb_fdw_sync_forget(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH forgotten AS (DELETE FROM xbb._sync_definition d WHERE d.id = $1 AND " OWNED("$2") " RETURNING id),"
		FORGET_THE_REST
	};
	Datum		touched = touched_some(fcinfo, &stored);

	sync_functions_drop(PG_GETARG_INT32(0), get_func_namespace(fcinfo->flinfo->fn_oid));
	return touched;
}

Datum
xbb_fdw_sync_forget_lost(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH forgotten AS (DELETE FROM xbb._sync_definition d WHERE d.name = $1 AND " OWNED("0::oid")
		" AND (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = $2) RETURNING id),"
		FORGET_THE_REST
	};

	return touched_any(fcinfo, &stored);
}
