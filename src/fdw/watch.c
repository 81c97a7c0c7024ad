/*-------------------------------------------------------------------------
 *
 * watch.c
 *	  Statements that read more than one list, in xbb.progress.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "api/api.h"
#include "fdw/fdw.h"
#include "progress/progress.h"

void
watch_statement(const char *task, Oid serverid, const char *server, Oid relid)
{
	ProgressSubject subject = {
		.serverid = serverid,
		.server = server,
		.relid = relid,
		.source = OidIsValid(relid) ? get_rel_name(relid) : NULL,
	};

	/* part of a run, it is the run's */
	if (progress_in_run())
		return;
	api_attach();
	progress_run(CurrentMemoryContext, &subject, task, NULL, 0, false);
}
