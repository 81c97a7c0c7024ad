/*-------------------------------------------------------------------------
 *
 * sync_show.c
 *	  What others see of a run while it is at work, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "func/sync_lock.h"
#include "func/sync_show.h"
#include "progress/progress.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_show);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_unshow);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_shows);

static ProgressSubject
subject_of(Oid relid)
{
	ProgressSubject subject = {.relid = relid,.source = get_rel_name(relid)};

	if (subject.source && get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE)
	{
		subject.serverid = GetForeignTable(relid)->serverid;
		subject.server = GetForeignServer(subject.serverid)->servername;
	}
	return subject;
}

Datum
xbb_fdw_sync_show(PG_FUNCTION_ARGS)
{
	static int64 unseen = -1;	/* the latest run that found no room */
	int64		run = PG_GETARG_INT64(2);
	ProgressSubject subject;

	if (progress_run_id() != run && run != unseen)
	{
		sync_check_run(fcinfo, PG_GETARG_INT32(0));
		/* the budgets go first, if there is not memory enough for both */
		api_attach();
		subject = subject_of(PG_GETARG_OID(4));
		/* a CALL that commits goes on in its portal's memory */
		if (!progress_run(PortalContext ? PortalContext : TopTransactionContext, &subject,
						  text_to_cstring(PG_GETARG_TEXT_PP(3)), text_to_cstring(PG_GETARG_TEXT_PP(1)), run, PG_GETARG_BOOL(5)))
			unseen = run;
	}
	if (!PG_ARGISNULL(6))
		progress_run_windows(PG_GETARG_INT32(6));
	PG_RETURN_VOID();
}

Datum
xbb_fdw_sync_unshow(PG_FUNCTION_ARGS)
{
	progress_run_end();
	PG_RETURN_VOID();
}

Datum
xbb_fdw_sync_shows(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0))
		progress_run_phase(progress_phase(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	if (!PG_ARGISNULL(2))
		progress_run_did(PG_GETARG_INT64(2));
	if (!PG_ARGISNULL(1))
		progress_run_expects(PG_GETARG_INT64(1));
	PG_RETURN_VOID();
}
