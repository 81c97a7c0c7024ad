/*-------------------------------------------------------------------------
 *
 * sync.c
 *	  What the sync procedures ask of C, as SQL functions.
 *
 * The procedures are SQL that anybody could have typed; here is only what SQL
 * cannot see: the backend's own state, and a count without its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "api.h"
#include "condition.h"
#include "sync.h"

#define COUNTER_COLUMNS 7

PG_FUNCTION_INFO_V1(xbb_fdw_can_commit);
PG_FUNCTION_INFO_V1(xbb_fdw_counters);
PG_FUNCTION_INFO_V1(xbb_fdw_attr);
PG_FUNCTION_INFO_V1(xbb_fdw_settle_time);
PG_FUNCTION_INFO_V1(xbb_fdw_total);

Datum
xbb_fdw_can_commit(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(SPI_inside_nonatomic_context());
}

Datum
xbb_fdw_counters(PG_FUNCTION_ARGS)
{
	const ApiTotals *totals = api_totals();
	TupleDesc	tupdesc;
	Datum		values[COUNTER_COLUMNS];
	bool		nulls[COUNTER_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "xbb._counters() does not return what it should");
	values[0] = Int64GetDatum(totals->counters.requests);
	values[1] = Int64GetDatum(totals->answers);
	values[2] = Int64GetDatum(totals->counters.rows);
	values[3] = Int64GetDatum(totals->counters.bytes);
	values[4] = Int64GetDatum(totals->counters.retries);
	values[5] = Int64GetDatum(totals->counters.throttled_us);
	values[6] = TimestampTzGetDatum(time_t_to_timestamptz((pg_time_t) totals->clock));
	nulls[6] = totals->clock <= 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

Datum
xbb_fdw_attr(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(option_attr(PG_GETARG_OID(0), PG_GETARG_INT16(1))));
}

Datum
xbb_fdw_settle_time(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(option_table(PG_GETARG_OID(0))->server.settle_time / 1000.0);
}

/* A bound in epoch seconds; false if there is none. */
static bool
take_bound(FunctionCallInfo fcinfo, int argument, int64 *bound)
{
	TimestampTz time;

	if (PG_ARGISNULL(argument))
		return false;
	time = PG_GETARG_TIMESTAMPTZ(argument);
	if (TIMESTAMP_NOT_FINITE(time))
		return false;
	*bound = timestamptz_to_time_t(time);
	return true;
}

Datum
xbb_fdw_total(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ConditionSet set = {.elements = "", .nids = -1};
	OptionTable *table;
	char	   *elements;

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
	table = option_table(relid);
	set.update_time.has_low = take_bound(fcinfo, 1, &set.update_time.low);
	set.update_time.has_high = take_bound(fcinfo, 2, &set.update_time.high);
	elements = condition_elements(table->conditions, &set, &set.add_time, &set.update_time);
	PG_RETURN_INT64(api_total(table, GetUserId(), elements));
}
