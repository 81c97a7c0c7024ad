/*-------------------------------------------------------------------------
 *
 * pager_drive.c
 *	  One scan of a changing world by the pager, and what came of it.
 *
 * Checks what a scan may never do, however it ends: ask for too much, hand on
 * what is not there or was handed on before, keep or lose a page, leak.
 *
 * A part of test_pager.c.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pager_drive.h"

size_t		drive_used;
size_t		drive_peak;

void *
drive_resize(void *arg, void *ptr, size_t size)
{
	size_t	   *block = ptr ? (size_t *) ptr - 2 : NULL;

	(void) arg;
	drive_used -= block ? block[0] : 0;
	drive_used += size;
	if (drive_used > drive_peak)
		drive_peak = drive_used;
	if (size == 0)
	{
		free(block);
		return NULL;
	}
	block = realloc(block, size + 2 * sizeof(size_t));
	if (!ptr)
		memset(block + 2, 0x5a, size);	/* no luck with old zeroes */
	block[0] = size;
	return block + 2;
}

void
drive_wrong(Scan *scan, const char *what)
{
	if (!scan->wrong)
		scan->wrong = what;
}

/*
 * What cannot be cut may need more room: a second, or one more at either end,
 * and the time before 2010.
 */
static bool
is_second(TimeRange range)
{
	if (!range.has_low)
		return range.has_high && range.high <= 1262304001;
	return range.has_high && range.high - range.low <= 2;
}

static void
send(Scan *scan, const PagerRequest *request)
{
	Reply	   *reply = calloc(1, sizeof(Reply));
	int64_t		depth = (int64_t) request->page * request->page_size;

	scan->asked++;
	reply->request = *request;
	reply->trip = scan->trips + 1;
	reply->next = scan->replies;
	scan->replies = reply;
	if (scan->nflying >= scan->config.concurrency)
		drive_wrong(scan, "too many requests in flight");
	scan->flying[scan->nflying++] = reply;

	if (scan->held + scan->nflying > scan->config.max_pages &&
		scan->config.method != PAGER_REPEATED &&
		!(is_second(request->range[0]) && is_second(request->range[1])))
		drive_wrong(scan, "holds too many pages");
	if (depth > scan->deepest)
		scan->deepest = (int) depth;
	if (request->page < 1 || request->page_size != scan->config.page_size)
		drive_wrong(scan, "bad page number or size");
	for (int t = 0; t < PAGER_NTIMES; t++)
	{
		TimeRange	bounds = scan->config.bounds[t];
		TimeRange	range = request->range[t];

		if ((bounds.has_low && (!range.has_low || range.low < bounds.low)) ||
			(bounds.has_high && (!range.has_high || range.high > bounds.high)))
			drive_wrong(scan, "a request outside the user's bounds");
		if (range.has_high && range.high > scan->highest)
			scan->highest = range.high;
	}
}

static void
print_range(TimeRange range)
{
	printf(range.has_low ? " [%lld," : " [,", (long long) (range.low - WORLD_START));
	printf(range.has_high ? " %lld]" : "]", (long long) (range.high - WORLD_START));
}

static void
print_answer(const Scan *scan, const Reply *reply)
{
	printf("# %4lld: page %d", (long long) (scan->world->now - WORLD_START), reply->request.page);
	for (int t = 0; t < PAGER_NTIMES; t++)
		print_range(reply->request.range[t]);
	printf(": %d of %lld\n", reply->answer.nrows, (long long) reply->answer.total);
}

/* What those who watch are told makes sense. */
static void
check_outlook(Scan *scan, Pager *pager)
{
	PagerOutlook outlook;

	pager_outlook(pager, &outlook);
	if (outlook.seen < pager_counters(pager)->handed_on || outlook.windows_open < 0 ||
		(outlook.stage == PAGER_RETURNS && outlook.windows_open > 0))
		drive_wrong(scan, "an outlook that cannot be");
}

/* The world answers one request, or one answer arrives. */
static void
turn(Scan *scan, Pager *pager)
{
	World	   *world = scan->world;
	int			i = scan->shuffle ? (int) world_random(world, scan->nflying) : 0;
	Reply	   *reply;

	if (scan->hold_back && i == 0 && scan->nflying > 1)
		i = 1;
	reply = scan->flying[i];
	scan->turns++;
	scan->flight_turns += scan->nflying;
	if (!reply->answered)
	{
		world_answer(world, &reply->request, &reply->answer, reply->ids,
					 reply->add_times, reply->update_times);
		reply->answered = true;
		if (scan->shuffle && world_random(world, 2))
			return;
	}
	scan->nflying--;
	memmove(scan->flying + i, scan->flying + i + 1, (scan->nflying - i) * sizeof(Reply *));
	reply->delivered = true;
	if (reply->trip > scan->trips)
		scan->trips = reply->trip;
	reply->answer.page = reply;
	scan->held++;
	if (scan->trace)
		print_answer(scan, reply);
	pager_answer(pager, &reply->answer);
	check_outlook(scan, pager);
}

static void
take_row(Scan *scan, const PagerStep *step)
{
	Reply	   *reply = step->page;
	Record		record = {.exists = true};
	int64_t		id;

	if (reply->freed || !reply->delivered || step->row < 0 || step->row >= reply->answer.nrows)
	{
		drive_wrong(scan, "a row that is not there");
		return;
	}
	id = reply->ids[step->row];
	record.time[0] = reply->add_times[step->row] * 10;
	record.time[1] = reply->update_times[step->row] * 10;
	scan->ngot++;
	if (scan->world->given[id - 1])
		drive_wrong(scan, "handed on twice");
	scan->world->given[id - 1] = true;
	if (!world_had_version(scan->world, id, record.time[0] / 10, record.time[1] / 10))
		drive_wrong(scan, "a version that never was");
	if (!world_meets_bounds(scan->world, &record))
		drive_wrong(scan, "a record outside the bounds");
}

/* Carries out one step; false at the end. */
static bool
act(Scan *scan, Pager *pager, PagerAction action, const PagerStep *step)
{
	World	   *world = scan->world;
	Reply	   *reply = step->page;

	switch (action)
	{
		case PAGER_ASK:
			send(scan, &step->request);
			return true;
		case PAGER_ROW:
			take_row(scan, step);
			if (scan->eager > 0 && scan->nflying > 0 && world_chance(world, scan->eager))
				turn(scan, pager);
			scan->end = PAGER_ROW;
			return !scan->stop_at_limit || scan->ngot < scan->config.limit;
		case PAGER_FREE:
			if (reply->freed || !reply->delivered)
				drive_wrong(scan, "freed what it did not hold");
			reply->freed = true;
			scan->held--;
			return true;
		case PAGER_WAIT:
			if (scan->nflying > 0)
				turn(scan, pager);
			else
				drive_wrong(scan, "waits for nothing");
			return !scan->wrong;
		case PAGER_SLEEP:
			if (scan->nflying > 0 || step->seconds < 1)
				drive_wrong(scan, "sleeps without need");
			world->now += step->seconds;
			scan->slept += (int) step->seconds;
			return true;
		default:
			scan->end = action;
			if (action == PAGER_FAIL)
				scan->step = *step;
			return false;
	}
}

/* What was handed on, and what should have been. */
static void
compare(Scan *scan)
{
	const World *world = scan->world;

	for (int i = 0; i < world->nrecords; i++)
	{
		scan->nlost += world->always[i] && !world->given[i];
		scan->ngone += world->given[i] && !world_meets_bounds(world, &world->truth[i]);
	}
	if (scan->counters.handed_on != scan->ngot)
		drive_wrong(scan, "miscounts");
}

void
drive(Scan *scan)
{
	size_t		before = drive_used;
	int64_t		steps = 0;
	Pager	   *pager;
	PagerStep	step;

	world_ready(scan->world);
	drive_peak = drive_used;
	scan->config.resize = drive_resize;
	pager = pager_create(&scan->config);
	while (act(scan, pager, pager_next(pager, &step), &step))
	{
		if (++steps > 5000000)
		{
			drive_wrong(scan, "does not end");
			break;
		}
	}
	scan->counters = *pager_counters(pager);
	pager_destroy(pager);
	if (drive_used != before)
		drive_wrong(scan, "leaks memory");
	drive_used = before;

	for (Reply *reply = scan->replies, *next; reply; reply = next)
	{
		if (scan->end == PAGER_DONE && reply->delivered && !reply->freed)
			drive_wrong(scan, "keeps a page");
		next = reply->next;
		free(reply);
	}
	compare(scan);
}
