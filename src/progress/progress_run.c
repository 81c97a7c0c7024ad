/*-------------------------------------------------------------------------
 *
 * progress_run.c
 *	  The run under way: one row, to which all its readings add.
 *
 * A backend has one at a time.  A reading outlives its run where an error ends the run
 * first; it then belongs to nobody.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/wait.h"
#include "progress/progress_data.h"

/* Seconds between two lines of a verbose run. */
#define TELL_SECONDS 5

static struct
{
	BoardSlot  *slot;			/* NULL: there is no run */
	uint64		number;			/* of this backend's runs, to tell them apart */
	ProgressRow row;
	dlist_head	shares;			/* of readings under way */
	ProgressNumbers ended;		/* sum of those that have ended */
	ProgressNumbers own;		/* of what is no reading */
	int64		windows_left;	/* of the run's own, -1: it has none */
	int64		windows_done;
	int64		expected;		/* records, as far as they were counted */
	bool		is_whole;		/* that is all there is */
	bool		knows_pages;	/* it is known of some reading how many it takes */
	bool		counts;			/* its records are not those that it reads */
	int64		counted;
	bool		verbose;
	TimestampTz told;			/* the latest line */
}			run;

static uint64 last_number = 0;

/* What ends a run with a memory context. */
typedef struct RunEnd
{
	uint64		number;
	MemoryContextCallback callback;
} RunEnd;

/* ---- numbers ---- */

static void
add_known(int64 *sum, int64 more)
{
	if (more >= 0)
		*sum = Max(*sum, 0) + more;
}

static void
add_numbers(ProgressNumbers *sum, const ProgressNumbers *more)
{
	add_known(&sum->windows_total, more->windows_total);
	add_known(&sum->windows_done, more->windows_done);
	sum->pages_done += more->pages_done;
	add_known(&sum->rows_done, more->rows_done);
	sum->requests += more->requests;
	sum->bytes += more->bytes;
	sum->retries += more->retries;
	sum->throttled_us += more->throttled_us;
}

/* The run's own numbers: the sum of its readings', as the run goes on. */
static void
sum_up(ProgressNumbers *sum)
{
	dlist_iter	iter;
	int64		total = -1;
	int64		pages = run.ended.pages_done + run.own.pages_done;

	sum->windows_total = run.ended.windows_total;
	sum->windows_done = run.ended.windows_done;
	sum->pages_done = run.ended.pages_done + run.own.pages_done;
	sum->rows_done = run.ended.rows_done;
	sum->requests = run.ended.requests + run.own.requests;
	sum->bytes = run.ended.bytes + run.own.bytes;
	sum->retries = run.ended.retries + run.own.retries;
	sum->throttled_us = run.ended.throttled_us + run.own.throttled_us;
	dlist_foreach(iter, &run.shares)
	{
		const ProgressNumbers *numbers = &dlist_container(RunShare, node, iter.cur)->numbers;

		add_numbers(sum, numbers);
		add_known(&total, numbers->rows_total);
		run.knows_pages |= numbers->pages_total >= 0;
		pages += Max(numbers->pages_total, numbers->pages_done);
	}
	sum->pages_total = run.knows_pages ? pages : -1;
	if (run.windows_left >= 0)
	{
		sum->windows_done = run.windows_done;
		sum->windows_total = run.windows_done + run.windows_left;
	}
	else if (total >= 0 && !run.counts)
		run.is_whole = true;
	if (run.counts)
		sum->rows_done = run.counted;
	else if (total >= 0)
		run.expected = Max(run.expected, Max(run.ended.rows_done, 0) + total);
	sum->rows_total = run.expected >= 0 ? Max(run.expected, sum->rows_done) : -1;
	/* where nobody counts records, pages are what there is to do */
	sum->work_total = run.is_whole ? sum->rows_total : sum->rows_total < 0 ? sum->pages_total : -1;
	sum->work_done = run.is_whole ? sum->rows_done : sum->pages_done;
}

/* ---- lines ---- */

static void
tell(void)
{
	const ProgressNumbers *numbers = &run.row.numbers;
	int64		left = progress_left(&run.row);
	char		rows[64] = "";
	char		windows[64] = "";
	char		time[64] = "";
	char		still[64] = "";
	int64		since = (GetCurrentTimestamp() - run.row.updated) / USECS_PER_SEC;
	bool		throttled = run.slot->waits == WAIT_RATE_LIMIT + 1;

	if (numbers->rows_total >= 0)
		snprintf(rows, sizeof(rows), " of %lld", (long long) numbers->rows_total);
	if (numbers->windows_total >= 0)
		snprintf(windows, sizeof(windows), ", %lld of %lld windows", (long long) numbers->windows_done,
				 (long long) numbers->windows_total);
	if (left >= 0)
		snprintf(time, sizeof(time), ", %lld s left", (long long) (left / USECS_PER_SEC));
	if (since >= TELL_SECONDS)
		snprintf(still, sizeof(still), ", nothing new for %lld s", (long long) since);
	ereport(INFO,
			(errmsg("%s %s: %s, %lld%s records%s, %lld requests%s%s", run.row.task, quote_identifier(run.row.name),
					throttled ? "waiting for turn" : progress_phase_name(numbers->phase),
					(long long) Max(numbers->rows_done, 0), rows, windows, (long long) numbers->requests, time, still),
			 errhidestmt(true), errhidecontext(true)));
}

static void
tell_at_times(TimestampTz now)
{
	if (now - run.told < TELL_SECONDS * USECS_PER_SEC)
		return;
	run.told = now;
	tell();
}

/* While it waits. */
static void
tick(void)
{
	if (run.slot)
		tell_at_times(GetCurrentTimestamp());
}

static void
show(void)
{
	sum_up(&run.row.numbers);
	progress_write(run.slot, &run.row);
	if (run.verbose)
		tell_at_times(run.row.updated);
}

/* ---- beginning and end ---- */

static void
end_with_context(void *arg)
{
	if (((RunEnd *) arg)->number == run.number)
		progress_run_end();
}

bool
progress_run(MemoryContext context, const ProgressSubject *subject, const char *task,
			 const char *name, int64 run_id, bool verbose)
{
	RunEnd	   *end = MemoryContextAllocZero(context, sizeof(RunEnd));
	BoardSlot  *slot;

	progress_run_end();
	slot = progress_claim();
	if (!slot)
		return false;
	memset(&run, 0, sizeof(run));
	dlist_init(&run.shares);
	run.number = end->number = ++last_number;
	progress_begin_row(&run.row, subject);
	progress_copy_text(run.row.task, task, sizeof(run.row.task));
	progress_copy_text(run.row.name, name, sizeof(run.row.name));
	run.row.run_id = run_id;
	run.ended = (ProgressNumbers)
	{
		.windows_total = -1,.windows_done = -1,.rows_done = -1
	};
	run.windows_left = run.expected = -1;
	run.verbose = verbose;
	run.told = run.row.started;
	run.slot = slot;
	if (verbose)
		progress_run_tells();
	end->callback.func = end_with_context;
	end->callback.arg = end;
	MemoryContextRegisterResetCallback(context, &end->callback);
	show();
	return true;
}

void
progress_run_tells(void)
{
	if (!run.slot)
		return;
	run.verbose = true;
	wait_tick = tick;
}

bool
progress_in_run(void)
{
	return run.slot != NULL;
}

int64
progress_run_id(void)
{
	return run.slot ? run.row.run_id : -1;
}

void
progress_run_end(void)
{
	if (!run.slot)
		return;
	progress_release(run.slot);
	run.slot = NULL;
	wait_tick = NULL;
	while (!dlist_is_empty(&run.shares))
	{
		dlist_node *node = dlist_pop_head_node(&run.shares);

		/* its reading may be under way still */
		node->next = node->prev = NULL;
	}
}

/* ---- what the run says ---- */

void
progress_run_phase(ProgressPhase phase)
{
	if (!run.slot)
		return;
	run.row.numbers.phase = phase;
	show();
}

void
progress_run_windows(int64 left)
{
	if (!run.slot || (left == 0 && run.windows_left < 0))
		return;
	/* one that was divided is two, of which one is done when both are no more */
	if (run.windows_left > left)
		run.windows_done += run.windows_left - left;
	run.windows_left = left;
	show();
}

void
progress_run_expects(int64 records)
{
	if (!run.slot || records < 0)
		return;
	run.is_whole |= run.windows_left <= 1;
	run.expected = Max(run.expected, records + (run.counts ? run.counted : Max(run.ended.rows_done, 0)));
	show();
}

void
progress_run_did(int64 records)
{
	if (!run.slot)
		return;
	if (!run.counts)
	{
		run.counts = true;
		run.is_whole = false;
		run.expected = -1;
	}
	run.counted += records;
	show();
}

void
progress_run_work(const ProgressNumbers *own)
{
	if (!run.slot)
		return;
	run.own = *own;
	show();
}

/* ---- its readings ---- */

void
progress_run_join(RunShare *share, const ProgressSubject *subject)
{
	if (run.row.object[0] == '\0')
		progress_copy_text(run.row.object, subject->object, sizeof(run.row.object));
	share->numbers = (ProgressNumbers)
	{
		.windows_total = -1,.windows_done = -1,.pages_total = -1,.rows_total = -1,.rows_done = -1
	};
	dlist_push_tail(&run.shares, &share->node);
}

/* Is it this run's? */
static bool
has_share(const RunShare *share)
{
	return run.slot && share->node.next != NULL;
}

void
progress_run_update(const RunShare *latest)
{
	if (!has_share(latest))
		return;
	run.row.numbers.method = latest->numbers.method;
	run.row.numbers.phase = latest->numbers.phase == PROGRESS_RETURNING ? PROGRESS_STAGING : latest->numbers.phase;
	show();
}

void
progress_run_leave(RunShare *share)
{
	if (!has_share(share))
		return;
	dlist_delete(&share->node);
	/* what it has not come to will not come any more */
	share->numbers.windows_total = share->numbers.windows_done;
	add_numbers(&run.ended, &share->numbers);
}
