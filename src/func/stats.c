/*-------------------------------------------------------------------------
 *
 * stats.c
 *	  The rows of the view xbb.stats and their reset, as SQL functions.
 *
 * The counters are the limiter's; here they become rows, for those who may
 * see them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "base/compat.h"
#include "func/stats.h"
#include "limiter/limiter.h"

/* Columns before, between and after the counters; see xbb._stats(). */
#define STATS_KEYS 3
#define STATS_COLUMNS (STATS_KEYS + LIMITER_NCOUNTERS + 3)

#define QUOTA_COLUMNS 7
#define QUOTA_USE_COLUMNS 4

PG_FUNCTION_INFO_V1(xbb_fdw_stats);
PG_FUNCTION_INFO_V1(xbb_fdw_stats_reset);
PG_FUNCTION_INFO_V1(xbb_fdw_quota);
PG_FUNCTION_INFO_V1(xbb_fdw_quota_use);

/* As pg_stat_activity decides it. */
static bool
stats_may_see(Oid userid)
{
	return has_privs_of_role(GetUserId(), userid) ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

Datum
xbb_fdw_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	LimiterStats *rows;
	int			nrows;

	InitMaterializedSRF(fcinfo, 0);
	if (rsinfo->setDesc->natts != STATS_COLUMNS)
		elog(ERROR, "xbb._stats() does not return what it should");
	rows = limiter_stats(&nrows);
	for (int i = 0; i < nrows; i++)
	{
		LimiterStats *row = &rows[i];
		Datum		values[STATS_COLUMNS];
		bool		nulls[STATS_COLUMNS] = {false};
		int			n = 0;

		if (row->databaseid != MyDatabaseId || !stats_may_see(row->userid))
			continue;
		values[n++] = ObjectIdGetDatum(row->serverid);
		values[n++] = ObjectIdGetDatum(row->userid);
		values[n++] = CStringGetTextDatum(row->endpoint);
		for (int counter = 0; counter < LIMITER_NCOUNTERS; counter++)
			values[n++] = Int64GetDatum(row->counters[counter]);
		nulls[n] = nulls[n + 1] = row->last_error_at == 0;
		values[n++] = CStringGetTextDatum(row->last_error);
		values[n++] = TimestampTzGetDatum(row->last_error_at);
		values[n++] = TimestampTzGetDatum(row->since);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
xbb_fdw_stats_reset(PG_FUNCTION_ARGS)
{
	Oid			serverid = InvalidOid;

	if (!PG_ARGISNULL(0))
		serverid = get_foreign_server_oid(NameStr(*PG_GETARG_NAME(0)), false);
	limiter_stats_reset(serverid);
	PG_RETURN_VOID();
}

/* It may have been dropped since the caller's snapshot was taken. */
static bool
server_is_gone(Oid serverid)
{
	return GetForeignServerExtended(serverid, FSV_MISSING_OK) == NULL;
}

Datum
xbb_fdw_quota(PG_FUNCTION_ARGS)
{
	const ServerOptions *server;
	LimiterQuota quota;
	TupleDesc	tupdesc;
	Datum		values[QUOTA_COLUMNS];
	bool		nulls[QUOTA_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE ||
		tupdesc->natts != lengthof(values))
		elog(ERROR, "xbb._quota() does not return what it should");
	if (server_is_gone(PG_GETARG_OID(0)))
		PG_RETURN_NULL();
	server = option_server(PG_GETARG_OID(0));
	api_quota(server, &quota);
	values[0] = Int64GetDatum(quota.used);
	values[1] = Int64GetDatum(server->daily_quota);
	nulls[1] = server->daily_quota == 0;
	values[2] = TimestampTzGetDatum(quota.resets_at);
	values[3] = Float8GetDatum(server->rate_limit);
	nulls[3] = server->rate_limit == 0;
	values[4] = Float8GetDatum(quota.share);
	values[5] = TimestampTzGetDatum(quota.held_until);
	nulls[5] = quota.held_until == 0;
	values[6] = Int32GetDatum(quota.failures);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

Datum
xbb_fdw_quota_use(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	LimiterUse *uses;
	int			nuses;

	InitMaterializedSRF(fcinfo, 0);
	if (rsinfo->setDesc->natts != QUOTA_USE_COLUMNS)
		elog(ERROR, "xbb._quota_use() does not return what it should");
	if (server_is_gone(PG_GETARG_OID(0)))
		return (Datum) 0;
	uses = api_uses(option_server(PG_GETARG_OID(0)), &nuses);
	for (int i = 0; i < nuses; i++)
	{
		const LimiterUse *use = &uses[i];
		Datum		values[QUOTA_USE_COLUMNS];
		bool		nulls[QUOTA_USE_COLUMNS] = {false};

		if (!stats_may_see(use->userid))
			continue;
		values[0] = ObjectIdGetDatum(use->databaseid);
		values[1] = ObjectIdGetDatum(use->userid);
		values[2] = CStringGetTextDatum(use->task);
		nulls[2] = use->task[0] == '\0';
		values[3] = Int64GetDatum(use->used);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
