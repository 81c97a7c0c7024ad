/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  Readings: each has a row of its own, or a share of its run's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "progress/progress_data.h"

struct Progress
{
	BoardSlot  *slot;			/* NULL in a run */
	ProgressRow row;			/* what the slot shows */
	RunShare	share;			/* of the run, unless there is a slot */
	bool		closed;
	MemoryContextCallback callback;
};

static void
close_reading(void *arg)
{
	progress_close(arg);
}

Progress *
progress_open(MemoryContext context, const ProgressSubject *subject)
{
	Progress   *progress = MemoryContextAllocZero(context, sizeof(Progress));

	if (progress_in_run())
		progress_run_join(&progress->share, subject);
	else
	{
		progress->slot = progress_claim();
		if (!progress->slot)
		{
			pfree(progress);
			return NULL;
		}
		progress_begin_row(&progress->row, subject);
	}
	progress->callback.func = close_reading;
	progress->callback.arg = progress;
	MemoryContextRegisterResetCallback(context, &progress->callback);
	return progress;
}

void
progress_report(Progress *progress, const ProgressNumbers *numbers)
{
	if (!progress || progress->closed)
		return;
	if (progress->slot)
	{
		progress->row.numbers = *numbers;
		progress_write(progress->slot, &progress->row);
	}
	else
	{
		progress->share.numbers = *numbers;
		progress_run_update(&progress->share);
	}
}

void
progress_close(Progress *progress)
{
	if (!progress || progress->closed)
		return;
	progress->closed = true;
	if (progress->slot)
		progress_release(progress->slot);
	else
		progress_run_leave(&progress->share);
}
