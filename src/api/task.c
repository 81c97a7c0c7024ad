/*-------------------------------------------------------------------------
 *
 * task.c
 *	  What this backend asks the API for: a run of a sync, or whatever is typed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "mb/pg_wchar.h"

#include "api/api.h"
#include "api/task.h"

static struct
{
	int			level;			/* of subtransactions; 0 = none */
	bool		incremental;
	char		name[LIMITER_TASK_SIZE];
}			task;

static void
end_with_transaction(XactEvent event, void *arg)
{
	task.level = 0;
}

static void
end_with_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if ((event == SUBXACT_EVENT_COMMIT_SUB || event == SUBXACT_EVENT_ABORT_SUB) &&
		GetCurrentTransactionNestLevel() <= task.level)
		task.level = 0;
}

void
api_task(const char *name, bool incremental)
{
	static bool registered = false;
	int			length = pg_mbcliplen(name, strlen(name), LIMITER_TASK_SIZE - 1);

	if (!registered)
	{
		RegisterXactCallback(end_with_transaction, NULL);
		RegisterSubXactCallback(end_with_subtransaction, NULL);
		registered = true;
	}
	memcpy(task.name, name, length);
	task.name[length] = '\0';
	task.incremental = incremental;
	task.level = GetCurrentTransactionNestLevel();
}

const char *
task_name(void)
{
	return task.level > 0 ? task.name : NULL;
}

bool
task_is_incremental(void)
{
	return task.level > 0 && task.incremental;
}
