/*-------------------------------------------------------------------------
 *
 * pager_windows.c
 *	  The windows of a round: how large, in which order, and when to cut.
 *
 * Windows are begun oldest first, and the next ones read ahead so that enough
 * requests are in flight; while nothing else can be asked, several are begun by
 * guess, since each total awaited alone is a round trip lost.  Each is proven
 * and handed on by itself: under the assumptions of doc/guarantees.md a record
 * moves from a window only to above all of them, so that it does not matter
 * which is proven first.  A change that shows later than settle_time may move
 * one from a window not yet read to a newer one already proven; that is for
 * the audit to find.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "pager/pager_state.h"

#define MOST		40			/* pages a window may aim at */
#define MOST_ROOM	.625		/* of the room for pages, likewise */
#define TOLERANCE	1.25		/* times what it aims at, before it is cut */
#define SPARE_PAGES 2			/* of the room, that no window may fill */
#define SWEEPS		2			/* of a window before it is cut */
#define PATIENCE	12			/* of one that cannot be cut */

/*
 * Pages to aim at first.  By addTime only deletions unseat a sweep, so begin large; by
 * updateTime every change does, so begin small.
 */
#define ADD_TIME_AIM	MOST
#define UPDATE_TIME_AIM 16

/* How the number of pages that a window aims at changes. */
#define GROWTH		2			/* as long as no sweep failed */
#define REGROWTH	1.1			/* afterwards */
#define SHRINKAGE	.75			/* a sweep missed some records */
#define SETBACK		.5			/* members left during a sweep */
#define FILLED		2			/* a part of the aim that shows it is well met */
#define NEARLY_EMPTY 8			/* a part of the aim that is too little */
#define STRETCH		3			/* after a nearly empty window, up to */
#define MAX_STRETCH 1e9

/*
 * Windows begun by guess at a time: a few, and one more for so many pages, but no more
 * than these.
 */
#define LEAST_PROBES 2
#define PROBE_PAGES 25
#define PROBES		8

static double
most_pages(const Pager *p)
{
	double		room = p->config.max_pages * MOST_ROOM;

	return room < MOST ? room : MOST;
}

static void
set_aim(Pager *p, double pages)
{
	p->aim = pages < 1 ? 1 : pages > most_pages(p) ? most_pages(p) : pages;
}

/*
 * Records that a window may have before it is cut.  To cut a second takes a level of
 * its own: as long as the list is still, it may be as large as any.
 */
static int64_t
window_limit(const Pager *p, const Window *window)
{
	double		pages = (window->second && !p->failed ? most_pages(p) : p->aim) * TOLERANCE;

	if (pages > p->config.max_pages - SPARE_PAGES)
		pages = p->config.max_pages - SPARE_PAGES;
	if (pages * p->config.page_size > API_WINDOW_RECORDS)
		pages = (double) API_WINDOW_RECORDS / p->config.page_size;
	return (int64_t) ((pages < 1 ? 1 : pages) * p->width);
}

/* The times between which a span is cut; those before 2010 stay together. */
static void
cutting_range(const Pager *p, const TimeRange *span, int64_t *left, int64_t *right)
{
	*right = span->has_high ? span->high : p->clock;
	*left = span->has_low ? span->low : API_FIRST_TIME;
	if (*left < API_FIRST_TIME && *right > API_FIRST_TIME)
		*left = API_FIRST_TIME;
}

/* Back to a plan that expects n records. */
static void
unread_window(Pager *p, Window *window, int64_t n)
{
	p->disturbed = true;
	pager_abandon(p, window);
	window_reset(window, &p->memory, &p->freed);
	window->state = WINDOW_PLANNED;
	window->guess = n;
	window->stock = ++p->last_stock;
	window->survey = false;
	window->begun = 0;
	window->sweeps = 0;
	window->moves = 0;
}

/*
 * How many windows of a planned one's stock may be open whose total is not known,
 * while nothing else is read: each may turn out to be empty, or too full.
 */
static int
most_probes(const Pager *p, const PagerLevel *level, const Window *planned)
{
	int64_t		records = 0;
	int64_t		n;

	for (const Window *w = level->windows; w; w = w->next)
		if (w->stock == planned->stock && w->members < 0 && w->sweeps == 0)
			records += w->guess;
	n = LEAST_PROBES + records / p->width / PROBE_PAGES;
	return n < PROBES ? (int) n : PROBES;
}

/* The span of a window is settled: what it is, and what it asks for. */
static void
fix_window(Pager *p, PagerLevel *level, Window *window)
{
	int64_t		left;
	int64_t		right;

	cutting_range(p, &window->span, &left, &right);
	window->second = right <= left;
	window->last = window->second && p->depth == 1;
	pager_windows_set_range(p, level, window);
}

/*
 * Begins the oldest part of a planned window, cut as if times were even; or, where
 * nothing is known of the times, in halves: lists are mostly of late years.
 */
static void
open_window(Pager *p, PagerLevel *level, Window *window)
{
	if (window->guess > (window->survey ? p->width : window_limit(p, window)))
	{
		double		part = p->aim * p->width / window->guess * level->stretch;

		if (part > .5 || window->survey)
			part = .5;
		pager_windows_split(p, window, part);
	}
	fix_window(p, level, window);
	window_sweep(window);
}

/* Begun, and nothing of it is known yet. */
static bool
is_opening(const Window *window)
{
	return window->state == WINDOW_READING && window->members < 0 && window->sweeps == 0;
}

/* Too many records, or not still for long enough: cut it, however few. */
static void
cut_window(Pager *p, PagerLevel *level, Window *window)
{
	int64_t		limit = window_limit(p, window);
	int64_t		n = window->total > limit ? window->total : limit + 1;

	if (window->last)
	{
		pager_fail(p, PAGER_UNSTABLE, window->members, idset_count(&window->ids));
		return;
	}
	unread_window(p, window, n);
	if (window->second)
		window->state = WINDOW_FULL;
	else
		level->stretch = 1;
}

/* A sweep proved nothing. */
static void
sweep_again(Pager *p, PagerLevel *level, Window *window)
{
	int64_t		missing = window->total - idset_count(&window->ids);
	bool		nearly = window->moves == 0 && missing > 0 && missing < p->width;

	p->disturbed = true;
	p->failed = true;
	p->counters.sweeps++;
	window->sweeps++;
	if (window->sweeps < (window->last || nearly ? PATIENCE : SWEEPS))
		window_sweep(window);
	else if (window->last)
		pager_fail(p, PAGER_UNSTABLE, window->total, idset_count(&window->ids));
	else
		cut_window(p, level, window);
}

/* What a new total tells about where to cut next. */
static void
learn_density(Pager *p, PagerLevel *level, Window *window, int64_t total)
{
	int64_t		excess = window->guess - total;
	Window	   *rest = window->next;

	while (rest && (rest->state != WINDOW_PLANNED || rest->stock != window->stock))
		rest = rest->next;
	if (rest)
		rest->guess += excess;
	if (total >= p->aim * p->width / NEARLY_EMPTY)
		level->stretch = 1;
	else if (level->stretch < MAX_STRETCH)
		level->stretch *= STRETCH;
}

/* Its records can be handed on. */
static void
prove_window(Pager *p, PagerLevel *level, Window *window)
{
	Window	  **where = &level->windows;
	int64_t		before = idset_count(&p->seen);
	Page	   *page;

	while ((page = page_list_pop(&window->pages)) != NULL)
		pager_hand_on(p, page);
	if (p->early)
		p->audited += idset_count(&p->seen) - before;
	p->counters.windows++;
	p->counters.sweeps++;

	/* As TCP does: double until something fails. */
	if (window->moves == 0 && window->total > p->aim * p->width / FILLED)
		set_aim(p, p->aim * (p->failed ? REGROWTH : GROWTH));

	while (*where != window)
		where = &(*where)->next;
	pager_windows_drop(p, where);
}

void
pager_windows_begin(Pager *p)
{
	set_aim(p, p->levels[0].key == PAGER_ADD_TIME ? ADD_TIME_AIM : UPDATE_TIME_AIM);
}

Window *
pager_windows_plan(Pager *p, Window **where, TimeRange span, int64_t guess)
{
	Window	   *window = p->memory.resize(p->memory.arg, NULL, sizeof(Window));

	*window = (Window)
	{
		.next = *where,.span = span,.guess = guess,.members = -1,.stock = ++p->last_stock
	};
	*where = window;
	return window;
}

bool
pager_windows_lend(Pager *p, PagerLevel *level, TimeRange span, Page *page,
				   const PagerAnswer *answer)
{
	Window	   *window;

	/* A record newer than the span is one that the window does not have. */
	for (int i = 0; i < answer->nrows; i++)
		if (span.has_high && answer->times[level->key][i] > span.high)
			return false;
	if (p->remedy > 0 || p->restless || level->windows || answer->nrows >= answer->total)
		return false;

	window = pager_windows_plan(p, &level->windows, span, answer->total);
	fix_window(p, level, window);
	if (answer->total > window_limit(p, window))
	{
		pager_windows_drop(p, &level->windows);
		return false;
	}
	window_lend(window, page, answer, p->config.bounds, p->width, &p->memory, &p->freed);
	level->instant = true;
	return true;
}

bool
pager_windows_awaited(const PagerLevel *level)
{
	for (const Window *w = level->windows; w; w = w->next)
		if (w->state != WINDOW_READING || w->total < 0 || window_due(w) > 0)
			return false;
	return level->windows != NULL;
}

void
pager_windows_drop(Pager *p, Window **where)
{
	Window	   *window = *where;

	*where = window->next;
	pager_abandon(p, window);
	window_reset(window, &p->memory, &p->freed);
	p->memory.resize(p->memory.arg, window, 0);
}

/* Leaves the lower "part" of a window's span in it, if it can be cut. */
bool
pager_windows_split(Pager *p, Window *window, double part)
{
	TimeRange *span = &window->span;
	TimeRange	rest = *span;
	int64_t		left;
	int64_t		right;
	int64_t		middle;
	Window	   *later;

	cutting_range(p, span, &left, &right);
	if (left >= right)
		return false;
	middle = pager_divide(left, right, part);
	rest.has_low = true;
	rest.low = middle + 1;
	later = pager_windows_plan(p, &window->next, rest, (int64_t) (window->guess * (1 - part)));
	later->stock = window->stock;
	later->survey = window->survey;
	window->guess -= later->guess;
	span->has_high = true;
	span->high = middle;
	return true;
}

/* What its requests carry. */
void
pager_windows_set_range(Pager *p, const PagerLevel *level, Window *window)
{
	TimeRange	wider = window->span;

	wider.low = pager_later(wider.low, -p->overlap);
	wider.high = pager_later(wider.high, p->overlap);
	memcpy(window->range, level->outer, sizeof(window->range));
	window->range[level->key] = pager_intersect(level->outer[level->key], wider);
}

/*
 * The oldest planned window that may be begun.  The totals awaited tell where to
 * cut the rest of their stock; it goes on without them where nothing else is read
 * and it is large enough for wrong guesses.
 */
static Window *
next_to_open(const Pager *p, const PagerLevel *level)
{
	bool		idle = true;
	int			openings = 0;

	for (const Window *w = level->windows; w; w = w->next)
	{
		openings += is_opening(w);
		idle = idle && (w->state == WINDOW_PLANNED || is_opening(w));
	}
	for (Window *w = level->windows; w && w->state != WINDOW_FULL; w = w->next)
	{
		bool		awaited = false;

		if (w->state != WINDOW_PLANNED)
			continue;
		for (const Window *o = level->windows; o; o = o->next)
			awaited = awaited || (is_opening(o) && o->stock == w->stock);
		if (awaited ? idle && openings < most_probes(p, level, w) : openings < PROBES)
			return w;
	}
	return NULL;
}

/* What was begun is finished first, since that makes room; else the oldest goes first. */
static bool
goes_before(const Window *window, const Window *other)
{
	return window->begun > 0 && (other->begun == 0 || window->begun < other->begun);
}

/*
 * The next page of a window that has one.  The first page of the next window
 * goes before the rest of those begun, so that its total is known when they
 * have no more pages to ask for.
 */
bool
pager_windows_request(Pager *p, PagerStep *step)
{
	PagerLevel *level = pager_level(p);
	Window	   *planned = next_to_open(p, level);
	Window	   *due = NULL;
	PagerFlight *flight;
	int			backlog = 0;

	for (Window *w = level->windows; w; w = w->next)
	{
		backlog += window_due(w);
		if (window_due(w) > 0 && (!due || goes_before(w, due)))
			due = w;
	}
	if (planned && backlog < p->config.concurrency &&
		(planned == level->windows || pager_has_room(p, backlog + 1)))
	{
		open_window(p, level, planned);
		due = planned;
	}
	if (!due)
		return false;

	if (!pager_has_room(p, 0))
	{
		/* Only what cannot be cut may exceed, when no rows are left to make room. */
		due = level->windows;
		if (!due->last || window_due(due) == 0 || p->rows.first ||
			(due->total < 0 && p->in_flight > 0))
			return false;
	}

	if (due->begun == 0 && due->next_page > 1)
		due->begun = ++p->last_begun;
	flight = pager_ask(p, step, window_next_page(due), due->range);
	flight->window = due;
	flight->depth = p->depth;
	return true;
}

void
pager_windows_answer(Pager *p, const PagerFlight *flight, Page *page,
			  const PagerAnswer *answer)
{
	Window	   *window = flight->window;
	PagerLevel *level = &p->levels[flight->depth];
	bool		first = window->total < 0;
	bool		unlike = window->lent && answer->total != window->total;

	if (first && is_opening(window))
		learn_density(p, level, window, answer->total);
	if (first && !window->last && answer->total != window->members &&
		answer->total > window_limit(p, window))
	{
		page_list_add(&p->freed, page);
		window->total = answer->total;
		cut_window(p, level, window);
		return;
	}
	if (answer->total >= API_LIST_RECORDS)
	{
		page_list_add(&p->freed, page);
		pager_fail(p, PAGER_CAPPED, answer->total, answer->nrows);
		return;
	}

	if (unlike)
		p->disturbed = p->restless = true;
	switch (window_answer(window, flight->page, page, answer, p->config.bounds,
						  p->width, &p->memory, &p->freed))
	{
		case WINDOW_GOES_ON:
			break;
		case WINDOW_HAS_ALL:
			prove_window(p, level, window);
			break;
		case WINDOW_LACKS_SOME:
			set_aim(p, p->aim * SHRINKAGE);
			sweep_again(p, level, window);
			break;
		case WINDOW_MOVED:
			pager_abandon(p, window);
			window->moves++;
			set_aim(p, p->aim * SETBACK);
			sweep_again(p, level, window);
			break;
	}
}

void
pager_windows_make_room(Pager *p)
{
	PagerLevel *level = pager_level(p);
	Window	   *victim = NULL;

	/* The newest that was read ahead; else the oldest is too large. */
	for (int depth = p->depth; depth >= 0 && !victim; depth--)
	{
		for (Window *w = p->levels[depth].windows; w; w = w->next)
		{
			if (w != p->levels[depth].windows && w->pages.first)
				victim = w;
		}
	}
	if (victim)
		unread_window(p, victim, victim->members);
	else if (level->windows)
		cut_window(p, level, level->windows);
	else
		pager_fail(p, PAGER_CONFUSED, p->last_total, idset_count(&p->seen));
}
