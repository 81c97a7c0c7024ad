/*-------------------------------------------------------------------------
 *
 * pager.c
 *	  Which pages to ask for, and when their records may be handed on.
 *
 * The interface: what comes next, and what every answer is checked for.  How
 * completeness is proven stands in pager_list.c and pager_rounds.c.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "pager/pager_state.h"

/* What a list may cost before it counts as unstable. */
#define FREE_REQUESTS	1000
#define PAGE_REQUESTS	50			/* a page of it */

/* The API's clock; without a Date the newest stamp, never this machine's. */
static void
note_clock(Pager *p, const PagerAnswer *answer)
{
	const int64_t *times = answer->times[PAGER_UPDATE_TIME];

	if (answer->date >= 0 && (!p->has_date || answer->date > p->clock))
		p->clock = answer->date;
	p->has_date |= answer->date >= 0;
	for (int i = 0; !p->has_date && times && i < answer->nrows; i++)
	{
		if (times[i] > p->clock)
			p->clock = times[i];
	}
}

/* The API may put fewer records on a page than it was asked for. */
static void
note_width(Pager *p, int page, const PagerAnswer *answer)
{
	if (answer->nrows > p->widest)
		p->widest = answer->nrows;
	if (page == 1 && answer->nrows > 0 && answer->nrows < answer->total &&
		answer->nrows < p->config.page_size)
		p->width = p->widest < p->config.page_size ? p->widest : p->config.page_size;
}

static bool
is_bounded(TimeRange range)
{
	return range.has_low || range.has_high;
}

/* Remembers a record that windows may not find. */
static void
note_bare(Pager *p, const PagerAnswer *answer)
{
	PagerTime	key = p->config.key;
	const int64_t *times = answer->times[key];

	if (p->config.method != PAGER_CERTIFIED)
		return;
	for (int i = 0; i < answer->nrows && !p->bare.known; i++)
	{
		if (times[i] == 0)
			p->bare = (PagerOddity)
			{
				true, answer->ids[i], 0, key, answer->times[PAGER_UPDATE_TIME][i] == 0
			};
	}
}

/*
 * Was a condition ignored?  What is newer than "settled" has just changed,
 * and proves nothing.
 */
static bool
keeps_ranges(Pager *p, const PagerFlight *flight, const PagerAnswer *answer)
{
	int64_t		settled = (answer->date >= 0 ? answer->date : p->clock) - p->config.settle;

	if (flight->window && p->phase != PAGER_READ_LIST)
		settled = p->levels[flight->depth].settled;
	for (int t = 0; t < PAGER_NTIMES; t++)
	{
		TimeRange	range = flight->range[t];

		if (!is_bounded(range))
			continue;
		for (int i = 0; i < answer->nrows; i++)
		{
			int64_t		v = answer->times[t][i];

			if ((range.has_low && v < range.low) ||
				(range.has_high && v > range.high && v <= settled))
			{
				pager_fail(p, PAGER_IGNORED, answer->total, answer->nrows);
				pager_blame(p, &(PagerOddity) {true, answer->ids[i], v, (PagerTime) t, false});
				p->failure.range = range;
				return false;
			}
		}
	}
	return true;
}

/* A limited scan asks for no more than it needs, as long as it knows that. */
static bool
is_satisfied(const Pager *p)
{
	return p->config.limit >= 0 && p->pending > 0 &&
		p->counters.handed_on + p->pending >= p->config.limit;
}

/* Distinct records that have come, each counted once but where windows overlap. */
static int64_t
count_known(const Pager *p)
{
	int64_t		known = idset_count(&p->seen) + idset_count(&p->list.ids) + idset_count(&p->earlier);

	for (int depth = 0; depth <= p->depth; depth++)
	{
		for (const Window *w = p->levels[depth].windows; w; w = w->next)
			known += idset_count(&w->ids);
	}
	return known;
}

/*
 * Requests that the list may cost: by the records that came, each counted once, since
 * claims cost nothing; but by no more than were claimed at first, since a list may
 * grow faster than it is read.
 */
static int64_t
count_affordable(Pager *p)
{
	int64_t		known = count_known(p);

	if (known > p->known)
		p->known = known;
	return FREE_REQUESTS + PAGE_REQUESTS * window_pages(p->known < p->claimed ? p->known : p->claimed, p->width);
}

static bool
next_request(Pager *p, PagerStep *step)
{
	if (p->in_flight >= p->config.concurrency || p->sleep > 0 ||
		p->phase == PAGER_COMPLETE || pager_has_failed(p) || is_satisfied(p))
		return false;

	/* An unstable list must end, too. */
	if (p->asked >= FREE_REQUESTS && p->asked >= count_affordable(p))
	{
		pager_fail_unstable(p, p->last_total, idset_count(&p->seen));
		return false;
	}
	return p->phase == PAGER_READ_LIST ? pager_list_request(p, step) : pager_rounds_request(p, step);
}

static void
free_page(Pager *p, Page *page, PagerStep *step)
{
	p->held--;
	p->counters.repeats += page->nrows - page->ndone;
	step->page = page->handle;
	p->memory.resize(p->memory.arg, page, 0);
}

static void
take_row(Pager *p, Page *page, PagerStep *step)
{
	step->page = page->handle;
	step->row = page->kept[page->ndone++].row;
	p->pending--;
	p->counters.handed_on++;
}

/* The request that an answer is for; it is in flight no more. */
static PagerFlight
end_flight(Pager *p, const PagerAnswer *answer)
{
	for (int i = 0; i < p->config.concurrency; i++)
	{
		PagerFlight flight = p->flights[i];

		if (flight.ticket == 0 || flight.ticket != answer->ticket)
			continue;
		p->flights[i] = (PagerFlight)
		{
			0
		};
		p->in_flight--;
		return flight;
	}
	pager_fail(p, PAGER_CONFUSED, answer->total, answer->nrows);
	return (PagerFlight)
	{
		.stale = true
	};
}

Pager *
pager_create(const PagerConfig *config)
{
	size_t		size = config->concurrency * sizeof(PagerFlight);
	Pager	   *p = config->resize(config->resize_arg, NULL, sizeof(Pager));

	*p = (Pager)
	{
		.config = *config,.list_total = -1,.ramp = 1
	};
	p->memory = (Memory)
	{
		config->resize, config->resize_arg, config->seed
	};
	if (p->config.settle > INT32_MAX)
		p->config.settle = INT32_MAX;

	/* With bounds on updateTime a change can bring an old record in. */
	if (is_bounded(config->bounds[PAGER_UPDATE_TIME]))
		p->config.key = PAGER_UPDATE_TIME;
	p->width = config->page_size;
	p->flights = config->resize(config->resize_arg, NULL, size);
	memset(p->flights, 0, size);

	p->list.members = -1;
	window_sweep(&p->list);
	p->phase = PAGER_READ_LIST;
	if (config->method == PAGER_CERTIFIED && config->limit < 0)
		pager_rounds_begin(p);
	return p;
}

void
pager_destroy(Pager *p)
{
	Memory		memory = p->memory;
	Page	   *page;

	pager_rounds_free(p);
	window_reset(&p->list, &memory, &p->freed);
	page_list_join(&p->freed, &p->rows);
	while ((page = page_list_pop(&p->freed)) != NULL)
		memory.resize(memory.arg, page, 0);
	idset_free(&p->seen, &memory);
	idset_free(&p->earlier, &memory);
	memory.resize(memory.arg, p->flights, 0);
	memory.resize(memory.arg, p, 0);
}

PagerAction
pager_next(Pager *p, PagerStep *step)
{
	for (;;)
	{
		Page	   *page = page_list_pop(&p->freed);

		if (page)
		{
			free_page(p, page, step);
			return PAGER_FREE;
		}
		if (next_request(p, step))
			return PAGER_ASK;
		if (pager_has_failed(p))
		{
			*step = p->failure;
			return PAGER_FAIL;
		}
		page = p->rows.first;
		if (page && page->ndone < page->nkept)
		{
			take_row(p, page, step);
			return PAGER_ROW;
		}
		if (page)
			page_list_add(&p->freed, page_list_pop(&p->rows));
		else if (p->phase == PAGER_COMPLETE)
			return PAGER_DONE;
		else if (p->in_flight > 0)
			return PAGER_WAIT;
		else if (p->sleep > 0)
		{
			step->seconds = p->sleep;
			p->clock = pager_later(p->clock, p->sleep);
			p->sleep = 0;
			return PAGER_SLEEP;
		}
		else
			pager_rounds_make_room(p);
	}
}

void
pager_answer(Pager *p, const PagerAnswer *answer)
{
	Page	   *page = page_create(&p->memory, answer);
	PagerFlight flight = end_flight(p, answer);

	if (++p->held > p->counters.peak_pages)
		p->counters.peak_pages = p->held;
	p->counters.pages++;
	p->counters.received += answer->nrows;
	p->last_total = answer->total;
	note_clock(p, answer);
	note_width(p, flight.page, answer);
	note_bare(p, answer);
	if (p->counters.pages == 1)
	{
		p->claimed = answer->total;
		idset_expect(&p->seen, answer->total);
	}

	if (answer->total < 0 && p->config.method != PAGER_SINGLE)
		pager_fail(p, PAGER_NO_TOTAL, -1, answer->nrows);
	if (answer->total > PAGER_MOST || idset_count(&p->seen) > PAGER_MOST)
		pager_fail(p, PAGER_ABSURD, answer->total, answer->nrows);
	if (flight.stale || pager_has_failed(p) || !keeps_ranges(p, &flight, answer))
		page_list_add(&p->freed, page);
	else if (p->phase == PAGER_READ_LIST && pager_list_is_wanted(p, answer))
	{
		p->list_page = 0;
		pager_rounds_begin(p);
		pager_rounds_answer(p, &flight, page, answer);
	}
	else if (p->phase != PAGER_READ_LIST)
		pager_rounds_answer(p, &flight, page, answer);
	else if (pager_list_answer(p, flight.page, page, answer))
		pager_rounds_begin(p);
}

const PagerCounters *
pager_counters(const Pager *p)
{
	return &p->counters;
}

static PagerStage
stage_of(const Pager *p)
{
	switch (p->phase)
	{
		case PAGER_READ_LIST:
			break;
		case PAGER_ASK_REST:
			return p->counters.sweeps > 0 ? PAGER_CERTIFIES : PAGER_ASKS;
		case PAGER_READ_WINDOWS:
			return PAGER_CERTIFIES;
		case PAGER_ASK_AUDIT:
		case PAGER_COUNT_PARTS:
			return PAGER_AUDITS;
		case PAGER_COMPLETE:
			return PAGER_RETURNS;
	}
	return PAGER_ASKS;
}

void
pager_outlook(const Pager *p, PagerOutlook *outlook)
{
	*outlook = (PagerOutlook)
	{
		.stage = stage_of(p),
		.total = p->counters.pages > 0 ? p->claimed : -1,
	};
	for (int depth = 0; depth <= p->depth; depth++)
		for (const Window *w = p->levels[depth].windows; w; w = w->next)
			outlook->windows_open++;
	outlook->seen = count_known(p);
	/* ids are not looked at by PAGER_SINGLE */
	if (outlook->seen < p->counters.handed_on + p->pending)
		outlook->seen = p->counters.handed_on + p->pending;
}

void
pager_add_counters(PagerCounters *sum, const PagerCounters *more)
{
	sum->windows += more->windows;
	sum->sweeps += more->sweeps;
	sum->pages += more->pages;
	sum->received += more->received;
	sum->handed_on += more->handed_on;
	sum->repeats += more->repeats;
	sum->audits += more->audits;
	if (sum->peak_pages < more->peak_pages)
		sum->peak_pages = more->peak_pages;
}
