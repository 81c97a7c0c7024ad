/*-------------------------------------------------------------------------
 *
 * xbb_fdw.c
 *	  The business objects of the XBB CRM as foreign tables: table of contents.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/datetime.h"
#include "utils/guc.h"

#include "api/api.h"
#include "call/call.h"
#include "fdw/fdw.h"
#include "http/http.h"
#include "progress/progress.h"
#include "target/target.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT Datum xbb_fdw_handler(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum xbb_target_handler(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(xbb_fdw_handler);
PG_FUNCTION_INFO_V1(xbb_target_handler);

extern PGDLLEXPORT void _PG_init(void);

/* read by xbb.sync alone, as a setting */
static char *log_retention;

/* A mistake would be found out at the end of a run; less than nothing would be the whole log. */
static bool
check_log_retention(char **newval, void **extra, GucSource source)
{
	char		buffer[MAXDATELEN + 1];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nfields;
	int			dtype;
	struct pg_itm_in interval;

	if (ParseDateTime(*newval, buffer, sizeof(buffer), field, ftype, MAXDATEFIELDS, &nfields) == 0 &&
		DecodeInterval(field, ftype, nfields, INTERVAL_FULL_RANGE, &dtype, &interval) == 0 && dtype == DTK_DELTA)
	{
		double		days = interval.tm_year * 366.0 + interval.tm_mon * 31.0 + interval.tm_mday +
			(double) interval.tm_usec / USECS_PER_DAY;

		if (interval.tm_year >= 0 && interval.tm_mon >= 0 && interval.tm_mday >= 0 && interval.tm_usec >= 0 &&
			days <= 366 * 1000)
			return true;
	}
	GUC_check_errdetail("It must be an interval of at most 1000 years, such as \"90 days\".");
	return false;
}

static const struct config_enum_entry log_requests_words[] = {
	{"none", CALL_LOG_NONE, false},
	{"failed", CALL_LOG_FAILED, false},
	{"all", CALL_LOG_ALL, false},
	{NULL, 0, false}
};

static shmem_request_hook_type next_request;

static void
request_memory(void)
{
	if (next_request)
		next_request();
	RequestAddinShmemSpace(call_shared_memory() + target_shared_memory() + progress_size());
}

void
_PG_init(void)
{
	/* elsewhere it comes out of the server's reserve, as far as that goes */
	if (process_shared_preload_libraries_in_progress)
	{
		next_request = shmem_request_hook;
		shmem_request_hook = request_memory;
	}
	http_init();
	DefineCustomEnumVariable("xbb_fdw.log_requests",
							 "Which requests to the API the server's log gets a line of.",
							 "None, those that failed, or all; never a body or a secret.",
							 &call_log_requests, CALL_LOG_NONE, log_requests_words,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("xbb_fdw.request_limit",
							"How many requests to the API one statement may send.",
							"The least of it and of the options of that name counts; 0 is no limit.",
							&api_request_limit, 0, 0, INT_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("xbb_fdw.log_retention",
							   "How long the runs of a sync stay in xbb.sync_run.",
							   "An interval.", &log_retention, "90 days",
							   PGC_SUSET, 0, check_log_retention, NULL, NULL);
	MarkGUCPrefixReserved("xbb_fdw");
}

Datum
xbb_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	/* planning: plan.c */
	routine->GetForeignRelSize = plan_get_rel_size;
	routine->GetForeignPaths = plan_get_paths;
	routine->GetForeignPlan = plan_get_plan;
	routine->GetForeignUpperPaths = plan_get_upper_paths;

	/* reading: scan.c */
	routine->BeginForeignScan = scan_begin;
	routine->IterateForeignScan = scan_iterate;
	routine->ReScanForeignScan = scan_rescan;
	routine->EndForeignScan = scan_end;
	routine->ExplainForeignScan = scan_explain; /* scan_explain.c */

	/* several scans of one Append at the same time: scan_async.c */
	routine->IsForeignPathAsyncCapable = scan_is_async_capable;
	routine->ForeignAsyncRequest = scan_async_request;
	routine->ForeignAsyncConfigureWait = scan_async_configure_wait;
	routine->ForeignAsyncNotify = scan_async_notify;

	/* ANALYZE: sample.c */
	routine->AnalyzeForeignTable = sample_analyze;

	/* IMPORT FOREIGN SCHEMA: import.c */
	routine->ImportForeignSchema = import_foreign_schema;

	PG_RETURN_POINTER(routine);
}

Datum
xbb_target_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	/* what would read says that it cannot: modify.c */
	routine->GetForeignRelSize = modify_get_rel_size;
	routine->GetForeignPaths = modify_get_paths;
	routine->GetForeignPlan = modify_get_plan;
	routine->BeginForeignScan = modify_scan_begin;
	routine->IterateForeignScan = modify_scan_iterate;
	routine->ReScanForeignScan = modify_scan_rescan;
	routine->EndForeignScan = modify_scan_end;

	/* INSERT and COPY FROM: modify.c */
	routine->IsForeignRelUpdatable = modify_is_updatable;
	routine->PlanForeignModify = modify_plan;
	routine->BeginForeignModify = modify_begin;
	routine->BeginForeignInsert = modify_begin_insert;
	routine->ExecForeignInsert = modify_insert;
	routine->ExecForeignBatchInsert = modify_batch_insert;
	routine->GetForeignModifyBatchSize = modify_batch_size;
	routine->EndForeignModify = modify_end;
	routine->EndForeignInsert = modify_end;
	routine->ExplainForeignModify = modify_explain;

	PG_RETURN_POINTER(routine);
}
