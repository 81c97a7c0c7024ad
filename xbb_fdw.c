/*-------------------------------------------------------------------------
 *
 * xbb_fdw.c
 *	  The business objects of the XBB CRM as foreign tables: table of contents.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "fdw/fdw.h"
#include "http/http.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT Datum xbb_fdw_handler(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(xbb_fdw_handler);

extern PGDLLEXPORT void _PG_init(void);

/* read by xbb.sync alone, as a setting */
static char *log_retention;

void
_PG_init(void)
{
	http_init();
	DefineCustomStringVariable("xbb_fdw.log_retention",
							   "How long the runs of a sync stay in xbb.sync_run.",
							   "An interval.", &log_retention, "90 days",
							   PGC_USERSET, 0, NULL, NULL, NULL);
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

	PG_RETURN_POINTER(routine);
}
