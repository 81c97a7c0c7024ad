/*-------------------------------------------------------------------------
 *
 * sync_day.c
 *	  What the log of the runs knows of an account's day.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"

#include "api/api.h"
#include "func/sync_day.h"
#include "func/sync_lock.h"
#include "func/sync_stored.h"
#include "option/option.h"

#define DAY_COLUMNS 5

PG_FUNCTION_INFO_V1(xbb_fdw_sync_day);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_recall);

#define PLACE(server) \
	"(SELECT array_agg(o ORDER BY o) FROM unnest(" server ".srvoptions) o WHERE o LIKE 'corpid=%' OR o LIKE 'base\\_url=%')"

Datum
xbb_fdw_sync_recall(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"SELECT coalesce(sum(l.requests), 0)::bigint FROM pg_foreign_server a"
		" JOIN pg_foreign_server s ON " PLACE("s") " = " PLACE("a")
		" JOIN pg_foreign_table t ON t.ftserver = s.oid"
		" JOIN xbb._sync_all d ON d.source = t.ftrelid"
		" JOIN xbb._sync_run_log l ON l.definition = d.id"
		" WHERE a.oid = $1 AND l.started >= (SELECT q.resets_at - interval '24 hours' FROM xbb._quota($1) q)"
		" AND ($2, $3) IS NOT NULL"
	};
	const ServerOptions *server = option_server(PG_GETARG_OID(0));
	LimiterQuota quota;
	int64		used = 0;

	sync_check_run(fcinfo, PG_GETARG_INT32(1));
	api_quota(server, &quota);
	if (quota.recalled)
		PG_RETURN_VOID();
	run_stored(fcinfo, &stored, &used);
	api_recall(server, used);
	PG_RETURN_VOID();
}

Datum
xbb_fdw_sync_day(PG_FUNCTION_ARGS)
{
	const ServerOptions *server = &option_table(PG_GETARG_OID(0))->server;
	int64		allowed = Max(server->daily_quota - server->quota_reserve, 0);
	LimiterQuota quota;
	TupleDesc	tupdesc;
	Datum		values[DAY_COLUMNS];
	bool		nulls[DAY_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE ||
		tupdesc->natts != lengthof(values))
		elog(ERROR, "xbb._sync_day() does not return what it should");
	api_quota(server, &quota);
	values[0] = Int64GetDatum(Max(allowed - quota.used, 0));
	values[1] = Int64GetDatum(allowed);
	nulls[0] = nulls[1] = nulls[4] = server->daily_quota == 0;
	values[2] = TimestampTzGetDatum(quota.resets_at);
	values[3] = Int64GetDatum(server->page_size);
	values[4] = Int64GetDatum(Max(server->daily_quota - quota.used, 0));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
