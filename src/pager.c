/*-------------------------------------------------------------------------
 *
 * pager.c
 *	  Which pages to ask for, and when their records may be handed on.
 *
 * A certified scan goes round: a question (page 1 of all that is left, which
 * ends the round if its answer holds all), windows up to where the list has
 * settled, oldest first, and again for what came above that; then the audit.
 * A second too full for a window is scanned in the same way by the other
 * time: a level of its own.  The other methods, and a limited scan until its
 * list ends, read pages in the list's order.
 *
 * Windows are read ahead, so that enough requests are in flight, and each is
 * proven and handed on by itself.  But each answers at least once after the
 * older ones were proven: a record whose change shows late has moved from an
 * older window to a newer one, whose total then has risen.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "window.h"

#define FLOOR		INT64_C(1262304000) /* cutting starts at 2010 */
#define CAP			10000		/* a list may end at this row */
#define DEEPEST		9000		/* records a window may have */
#define MOST		40			/* pages a window may aim at */
#define SWEEPS		2			/* of a window before it is cut */
#define PATIENCE	12			/* of one that cannot be cut */
#define READINGS	6			/* of a list without a time condition */
#define GROWTH		2			/* of windows as long as none failed */
#define REGROWTH	1.1			/* and afterwards */
#define SHRINKAGE	.75			/* after a sweep that missed some */
#ifndef STRETCH
#define STRETCH 4
#endif
#define MAX_STRETCH 1e9

/* What is tried, one after the other, when the audit counts more records. */
typedef enum Remedy
{
	LOOK_AGAIN,					/* something new came in between */
	LOOK_AT_MINUTE,				/* late or skewed stamps */
	LOOK_AT_ALL,				/* back-dated ones */
	LOOK_OVERLAPPING			/* fractions of a second, exclusive bounds */
} Remedy;

static const Remedy remedies[] = {
	LOOK_AGAIN, LOOK_AGAIN, LOOK_AT_MINUTE, LOOK_AT_ALL, LOOK_OVERLAPPING
};

typedef enum Phase
{
	READ_LIST,					/* pages in the list's own order */
	ASK_REST,					/* the question that begins a round */
	READ_WINDOWS,
	ASK_AUDIT,
	COMPLETE
} Phase;

typedef struct Flight
{
	int			ticket;			/* 0: free */
	int			page;
	PagerRange	range[PAGER_NTIMES];
	Window	   *window;			/* NULL: list, question, audit, or given up */
	int			depth;			/* of the window's level */
	bool		stale;			/* its answer is not needed any more */
	bool		oldest;			/* asked when its window was the oldest */
} Flight;

/* A scan by one time, of the whole list or of one second of the other time. */
typedef struct Level
{
	PagerTime	key;
	PagerRange	outer[PAGER_NTIMES];	/* what all its requests lie within */
	PagerRange	round;			/* of key: what this round reads */
	int64_t		settled;		/* nothing enters up to here */
	bool		final;			/* nothing can come above this round */
	double		stretch;		/* times longer windows after a nearly empty
								 * one */
	Window	   *windows;		/* oldest first */
} Level;

struct Pager
{
	PagerConfig config;
	Memory		memory;
	Phase		phase;
	PagerCounters counters;

	/* requests */
	Flight	   *flights;		/* config.concurrency of them */
	int			in_flight;
	int			last_ticket;
	int64_t		asked;
	int64_t		last_total;		/* of the last answer */
	int64_t		budget;			/* requests before the list counts as unstable */
	int			width;			/* records the API puts on a page */
	int			widest;			/* page seen */
	bool		waiting;		/* for the question's or the audit's answer */

	/* pages answered and not yet freed */
	int			held;
	PageList	rows;			/* to be handed on */
	PageList	freed;			/* to be given back */
	int64_t		pending;		/* records in rows, not yet handed on */

	/* the API's clock */
	int64_t		clock;			/* at least; epoch seconds */
	bool		has_date;		/* an answer carried it */
	int64_t		sleep;			/* seconds to sleep before the next request */

	IdSet		seen;			/* ids handed on or in rows */

	/* READ_LIST */
	Window		list;			/* PAGER_REPEATED: the present reading */
	IdSet		earlier;		/* PAGER_REPEATED: ids of the one before */
	int			readings;
	int			list_page;		/* the last one asked for */
	int64_t		list_total;		/* -1 before the first answer */
	bool		list_ended;
	int			ramp;			/* requests in flight at most */

	/* PAGER_CERTIFIED */
	Level		levels[2];
	int			depth;			/* the one being read */
	double		aim;			/* pages a window should have */
	bool		failed;			/* a sweep did: grow the windows slowly */
	int			overlap;		/* seconds by which windows overlap */
	int			remedy;			/* the next one */

	PagerStep	failure;		/* why the scan ended */
};

/* --- ends ------------------------------------------------------------- */

static void
fail(Pager *p, PagerFailure failure, int64_t expected, int64_t received)
{
	if (p->failure.failure != PAGER_NO_FAILURE)
		return;
	p->failure.failure = failure;
	p->failure.expected = expected;
	p->failure.received = received;
}

/* Hands on what was not handed on before. */
static void
hand_on(Pager *p, Page *page)
{
	int			n = 0;

	for (int i = 0; i < page->nkept; i++)
	{
		PageRow		r = page->kept[i];

		if (idset_add(&p->seen, &p->memory, r.id) && r.row >= 0)
			page->kept[n++] = r;
	}
	page->nkept = n;
	p->pending += n;
	page_list_add(n > 0 ? &p->rows : &p->freed, page);
}

/* Hands on the rows of an answer that needs no further proof. */
static void
hand_on_answer(Pager *p, Page *page, const PagerAnswer *answer)
{
	IdSet		ids = {0};

	page_keep(page, answer, p->config.bounds, &ids, &p->memory);
	idset_free(&ids, &p->memory);
	hand_on(p, page);
}

/* Does one answer, which is one instant, hold the whole list? */
static bool
holds_all(Pager *p, const PagerAnswer *answer)
{
	IdSet		ids = {0};
	int64_t		distinct;

	if (answer->nrows != answer->total || answer->nrows > p->config.page_size)
		return false;
	for (int i = 0; i < answer->nrows; i++)
		idset_add(&ids, &p->memory, answer->ids[i]);
	distinct = idset_count(&ids);
	idset_free(&ids, &p->memory);
	return distinct == answer->total;
}

/* --- requests --------------------------------------------------------- */

static bool
has_room(const Pager *p, int reserved)
{
	return p->held + p->in_flight + reserved < p->config.max_pages;
}

static Flight *
ask(Pager *p, PagerStep *step, int page, const PagerRange *range)
{
	Flight	   *flight = p->flights;

	while (flight->ticket != 0)
		flight++;
	*flight = (Flight) {.ticket = ++p->last_ticket,.page = page};
	memcpy(flight->range, range, sizeof(flight->range));
	p->in_flight++;
	p->asked++;

	step->request.ticket = flight->ticket;
	step->request.page = page;
	step->request.page_size = p->config.page_size;
	memcpy(step->request.range, range, sizeof(flight->range));
	return flight;
}

static PagerRange
intersect(PagerRange a, PagerRange b)
{
	if (b.has_low && (!a.has_low || b.low > a.low))
	{
		a.has_low = true;
		a.low = b.low;
	}
	if (b.has_high && (!a.has_high || b.high < a.high))
	{
		a.has_high = true;
		a.high = b.high;
	}
	return a;
}

/* --- windows ---------------------------------------------------------- */

static Level *
level_of(Pager *p)
{
	return &p->levels[p->depth];
}

/* Records that a window may have before it is cut. */
static int64_t
window_limit(const Pager *p)
{
	double		pages = p->aim * 1.5;

	if (pages > p->config.max_pages - 2)
		pages = p->config.max_pages - 2;
	if (pages * p->config.page_size > DEEPEST)
		pages = (double) DEEPEST / p->config.page_size;
	return (int64_t) ((pages < 1 ? 1 : pages) * p->width);
}

static void
plan_window(Pager *p, Window **where, PagerRange span, int64_t guess)
{
	Window	   *window = p->memory.resize(p->memory.arg, NULL, sizeof(Window));

	*window = (Window) {.next = *where,.span = span,.guess = guess,.members = -1};
	*where = window;
}

/* The answers in flight prove nothing any more. */
static void
abandon_flights(Pager *p, const Window *window)
{
	for (int i = 0; i < p->config.concurrency; i++)
	{
		if (p->flights[i].window == window)
			p->flights[i].stale = true;
	}
}

static void
drop_window(Pager *p, Window **where)
{
	Window	   *window = *where;

	*where = window->next;
	abandon_flights(p, window);
	window_reset(window, &p->memory, &p->freed);
	p->memory.resize(p->memory.arg, window, 0);
}

/* Back to a plan that expects n records. */
static void
unread_window(Pager *p, Window *window, int64_t n)
{
	abandon_flights(p, window);
	window_reset(window, &p->memory, &p->freed);
	window->state = WINDOW_PLANNED;
	window->guess = n;
	window->has_rest = false;
	window->sweeps = 0;
	window->moves = 0;
}

/* Begins the oldest part of a planned window, cut as if times were even. */
static void
open_window(Pager *p, Level *level, Window *window)
{
	PagerRange *span = &window->span;
	int64_t		left = span->has_low ? span->low : FLOOR;
	int64_t		right = span->has_high ? span->high : p->clock;

	if (window->guess > window_limit(p) && left < right)
	{
		double		part = p->aim * p->width / window->guess * level->stretch;
		int64_t		middle = left + (int64_t) ((right - left) * (part < .5 ? part : .5));
		PagerRange	rest = *span;

		rest.has_low = true;
		rest.low = (middle < right ? middle : right - 1) + 1;
		plan_window(p, &window->next, rest, 0);
		span->has_high = true;
		span->high = right = rest.low - 1;
		window->has_rest = true;
	}
	window->second = right <= left;
	window->last = window->second && p->depth == 1;

	memcpy(window->range, level->outer, sizeof(window->range));
	window->range[level->key] = intersect(level->outer[level->key],
										  (PagerRange)
	{
		span->has_low, span->has_high, span->low - p->overlap, span->high + p->overlap
	});
	window_sweep(window);
}

/* Too many records, or not still for long enough: cut it, however few. */
static void
cut_window(Pager *p, Level *level, Window *window)
{
	int64_t		limit = window_limit(p);
	int64_t		n = window->total > limit ? window->total : limit + 1;

	unread_window(p, window, n);
	if (window->second)
		window->state = WINDOW_FULL;
	else
		level->stretch = 1;
}

static void
sweep_again(Pager *p, Level *level, Window *window)
{
	int64_t		missing = window->total - idset_count(&window->ids);

	p->counters.sweeps++;
	window->sweeps++;
	if (window->sweeps < (window->last ? PATIENCE : SWEEPS) ||
		(window->sweeps < PATIENCE && !window->last && window->moves == 0 &&
		 missing > 0 && missing < p->width))
		window_sweep(window);
	else if (window->last)
		fail(p, PAGER_UNSTABLE, window->total, idset_count(&window->ids));
	else
		cut_window(p, level, window);
}

static void
window_moved(Pager *p, Level *level, Window *window)
{
	abandon_flights(p, window);
	window->moves++;
	p->failed = true;
	p->aim = p->aim > 2 ? p->aim / 2 : 1;
	sweep_again(p, level, window);
}

/* All that a new total tells about where to cut next. */
static void
learn_density(Pager *p, Level *level, Window *window, int64_t total)
{
	if (window->has_rest)
		window->next->guess = window->guess > total ? window->guess - total : 0;
	window->has_rest = false;
	if (total >= p->aim * p->width / 8)
		level->stretch = 1;
	else if (level->stretch < MAX_STRETCH)
		level->stretch *= STRETCH;
}

/* Its records can be handed on. */
static void
prove_window(Pager *p, Window *window)
{
	Page	   *page;

	while ((page = page_list_pop(&window->pages)) != NULL)
		hand_on(p, page);
	idset_free(&window->ids, &p->memory);
	abandon_flights(p, window);
	window->state = WINDOW_PROVEN;
	p->counters.windows++;
	p->counters.sweeps++;

	/* As TCP does: double until something fails. */
	if (window->moves == 0 && window->total > p->aim * p->width / 2)
	{
		int			most = p->config.max_pages * 5 / 8;

		p->aim *= p->failed ? REGROWTH : GROWTH;
		if (p->aim > (most < MOST ? most : MOST))
			p->aim = most < MOST ? most : MOST;
	}
}

/* A window read ahead, asked again: did something come in meanwhile? */
static void
confirm_window(Pager *p, Window *window, int64_t total)
{
	if (total > window->members)
		unread_window(p, window, total);
	else
	{
		window->state = WINDOW_PROVEN;
		window->confirmed = true;
	}
}

/* --- rounds ----------------------------------------------------------- */

static void
begin_scan(Pager *p, PagerTime key, const PagerRange *outer)
{
	Level	   *level = level_of(p);

	*level = (Level) {.key = key,.round = outer[key],.stretch = 1};
	memcpy(level->outer, outer, sizeof(level->outer));
	p->phase = ASK_REST;
}

/* The level has been read: back to the second that it was made of. */
static void
end_scan(Pager *p)
{
	if (p->depth > 0)
	{
		p->depth--;
		p->counters.windows++;
		drop_window(p, &level_of(p)->windows);
		p->phase = READ_WINDOWS;
	}
	else
		p->phase = p->asked == 1 ? COMPLETE : ASK_AUDIT;
}

/* Follows the oldest windows as far as they are proven. */
static void
advance(Pager *p)
{
	while (p->phase == READ_WINDOWS && p->failure.failure == PAGER_NO_FAILURE)
	{
		Level	   *level = level_of(p);
		Window	   *oldest = level->windows;

		if (!oldest && level->final)
			end_scan(p);
		else if (!oldest)
		{
			/* What moved meanwhile is above. */
			level->round = level->outer[level->key];
			level->round.has_low = true;
			level->round.low = level->settled + 1;
			p->phase = ASK_REST;
		}
		else if (oldest->state == WINDOW_FULL)
		{
			PagerTime	spare = level->key == PAGER_ADD_TIME ? PAGER_UPDATE_TIME : PAGER_ADD_TIME;

			p->depth++;
			begin_scan(p, spare, oldest->range);
		}
		else if (oldest->state != WINDOW_PROVEN)
			return;
		else if (oldest->confirmed)
			drop_window(p, &level->windows);
		else
		{
			window_sweep(oldest);
			oldest->state = WINDOW_CONFIRMING;
			return;
		}
	}
}

static void
answer_rest(Pager *p, Page *page, const PagerAnswer *answer)
{
	Level	   *level = level_of(p);
	PagerRange	top = level->outer[level->key];
	PagerRange	span = level->round;
	int64_t		hi = level->settled - p->overlap;

	if (holds_all(p, answer))
	{
		hand_on_answer(p, page, answer);
		end_scan(p);
		return;
	}
	page_list_add(&p->freed, page);

	/*
	 * A second of updateTime that has settled can only lose members, so the
	 * addTimes in it need no closed range and no second round.
	 */
	level->final = (top.has_high && hi >= top.high) ||
		(p->depth > 0 && level->key == PAGER_ADD_TIME);
	if (!level->final)
	{
		if (span.has_low && hi < span.low)
		{
			p->sleep = 1;
			return;
		}
		level->settled = hi;
		span.has_high = true;
		span.high = hi;
	}
	plan_window(p, &level->windows, span, answer->total);
	p->phase = READ_WINDOWS;
}

/* The first question again: was everything that it counts handed on? */
static void
answer_audit(Pager *p, Page *page, const PagerAnswer *answer)
{
	Level	   *level = &p->levels[0];
	PagerRange	bounds = p->config.bounds[level->key];

	page_list_add(&p->freed, page);
	p->counters.audits++;
	if (answer->total <= idset_count(&p->seen))
	{
		p->phase = COMPLETE;
		return;
	}
	if (p->remedy == sizeof(remedies) / sizeof(remedies[0]))
	{
		fail(p, PAGER_UNAUDITED, answer->total, idset_count(&p->seen));
		return;
	}

	p->sleep = p->config.settle;	/* a lagging replica catches up meanwhile */
	p->phase = ASK_REST;
	switch (remedies[p->remedy++])
	{
		case LOOK_AGAIN:
			break;
		case LOOK_AT_MINUTE:
			level->round.low -= 60;
			break;
		case LOOK_OVERLAPPING:
			p->overlap = 1;
			/* FALLTHROUGH */
		case LOOK_AT_ALL:
			level->round = bounds;
	}
	if (level->final)
		level->round = bounds;
	level->round = intersect(level->round, bounds);
}

/* --- lists ------------------------------------------------------------ */

/* A limited scan asks for no more than it needs, as long as it knows that. */
static bool
is_satisfied(const Pager *p)
{
	return p->config.limit >= 0 && p->pending > 0 &&
		p->counters.handed_on + p->pending >= p->config.limit;
}

static bool
is_limited(const Pager *p)
{
	return p->config.limit >= 0 && p->phase == READ_LIST;
}

/* Is there a page after those asked for? */
static bool
list_has_more(const Pager *p)
{
	if (p->list_total < 0)
		return p->list_page == 0;
	if (p->config.method != PAGER_PLAIN &&
		(int64_t) (p->list_page + 1) * p->config.page_size > CAP)
		return false;
	return !p->list_ended && p->list_page < window_pages(p->list_total, p->width);
}

static int
list_request(Pager *p)
{
	int			most = p->config.concurrency;
	int64_t		missing = p->config.limit - p->counters.handed_on - p->pending;

	if (p->config.method == PAGER_REPEATED)
		return window_due(&p->list) > 0 ? window_next_page(&p->list) : 0;
	if (!list_has_more(p))
		return 0;
	if (is_limited(p) && p->ramp < most)
		most = p->ramp;
	if (is_limited(p) && missing > 0 && window_pages(missing, p->width) < most)
		most = (int) window_pages(missing, p->width);
	if (p->in_flight >= most || !has_room(p, 0))
		return 0;
	return ++p->list_page;
}

/* All pages of the list were answered, and their rows handed on. */
static void
end_list(Pager *p)
{
	if (p->config.method == PAGER_CERTIFIED)
		begin_scan(p, p->levels[0].key, p->config.bounds);
	else if (idset_count(&p->seen) != p->list_total)
		fail(p, PAGER_CHANGED, p->list_total, idset_count(&p->seen));
	else if (p->list_total == CAP)
		fail(p, PAGER_CAPPED, p->list_total, idset_count(&p->seen));
	else
		p->phase = COMPLETE;
}

static void
answer_list(Pager *p, Page *page, const PagerAnswer *answer)
{
	bool		plain = p->config.method == PAGER_PLAIN;
	int64_t		before = idset_count(&p->seen);

	if (p->asked == 1 && holds_all(p, answer))
		p->phase = COMPLETE;
	hand_on_answer(p, page, answer);
	if (p->phase == COMPLETE)
		return;

	if (plain && p->list_total >= 0 && answer->total != p->list_total)
		fail(p, PAGER_CHANGED, answer->total, before);
	p->list_total = answer->total;
	p->ramp++;
	p->list_ended |= answer->nrows == 0;
	if (p->in_flight == 0 && !list_has_more(p))
		end_list(p);
}

static void
answer_single(Pager *p, Page *page, const PagerAnswer *answer)
{
	for (int i = 0; i < answer->nrows; i++)
		page->kept[i] = (PageRow) {.row = i};
	page->nkept = answer->nrows;
	p->pending += answer->nrows;
	page_list_add(answer->nrows > 0 ? &p->rows : &p->freed, page);
	if (answer->total > answer->nrows)
		fail(p, PAGER_CHANGED, answer->total, answer->nrows);
	else
		p->phase = COMPLETE;
}

/* Were the ids of this reading those of the one before? */
static bool
readings_agree(const Pager *p)
{
	if (idset_count(&p->earlier) != idset_count(&p->list.ids))
		return false;
	for (Page *page = p->list.pages.first; page; page = page->next)
	{
		for (int i = 0; i < page->nkept; i++)
		{
			if (!idset_has(&p->earlier, page->kept[i].id))
				return false;
		}
	}
	return p->readings > 0;
}

static void
answer_reading(Pager *p, int number, Page *page, const PagerAnswer *answer)
{
	Window	   *list = &p->list;
	WindowVerdict verdict;

	if (p->asked == 1 && holds_all(p, answer))
	{
		p->phase = COMPLETE;
		hand_on_answer(p, page, answer);
		return;
	}
	if (answer->total == CAP || answer->total > INT32_MAX)
	{
		fail(p, PAGER_CAPPED, answer->total, answer->nrows);
		return;
	}
	verdict = window_answer(list, number, page, answer, p->config.bounds,
							p->width, &p->memory, &p->freed);
	if (verdict == WINDOW_GOES_ON)
		return;

	p->counters.sweeps++;
	if (verdict == WINDOW_HAS_ALL && readings_agree(p))
	{
		idset_free(&p->earlier, &p->memory);
		idset_free(&list->ids, &p->memory);
		while ((page = page_list_pop(&list->pages)) != NULL)
			hand_on(p, page);
		p->phase = COMPLETE;
		return;
	}
	if (++p->readings >= READINGS)
		fail(p, PAGER_UNSTABLE, answer->total, idset_count(&list->ids));
	abandon_flights(p, list);
	idset_free(&p->earlier, &p->memory);
	if (verdict == WINDOW_HAS_ALL)
	{
		p->earlier = list->ids;
		list->ids = (IdSet) {0};
	}
	window_reset(list, &p->memory, &p->freed);
	window_sweep(list);
}

/* --- the next request ------------------------------------------------- */

/*
 * The next page of the oldest window that has one.  The first page of the
 * next window goes before the rest of this one, so that its total is known
 * when this one has no more pages to ask for.
 */
static Flight *
ask_window(Pager *p, PagerStep *step)
{
	Level	   *level = level_of(p);
	Window	   *planned = NULL;
	Window	   *due = NULL;
	Flight	   *flight;
	bool		opening = false;
	int			backlog = 0;

	for (Window *w = level->windows; w && !planned; w = w->next)
	{
		opening |= w->state == WINDOW_READING && w->members < 0 && w->sweeps == 0;
		opening |= w->state == WINDOW_FULL;
		if (w->state == WINDOW_PLANNED)
			planned = w;
		backlog += window_due(w);
		if (!due && window_due(w) > 0)
			due = w;
	}
	if (planned && !opening && backlog < p->config.concurrency &&
		(planned == level->windows || has_room(p, backlog + 1)))
	{
		open_window(p, level, planned);
		due = planned;
	}
	if (!due)
		return NULL;
	if (due != level->windows ? !has_room(p, window_due(level->windows)) :
		!has_room(p, 0) && !due->last)
		return NULL;

	flight = ask(p, step, window_next_page(due), due->range);
	flight->window = due;
	flight->depth = p->depth;
	flight->oldest = due == level->windows;
	return flight;
}

static bool
next_request(Pager *p, PagerStep *step)
{
	Level	   *level = level_of(p);
	PagerRange	range[PAGER_NTIMES];
	int			page;

	if (p->in_flight >= p->config.concurrency || p->sleep > 0 ||
		p->phase == COMPLETE || is_satisfied(p))
		return false;
	if (p->budget > 0 && p->asked >= p->budget)
	{
		fail(p, PAGER_UNSTABLE, p->last_total, idset_count(&p->seen));
		return false;
	}
	switch (p->phase)
	{
		case READ_WINDOWS:
			return ask_window(p, step) != NULL;
		case READ_LIST:
			page = list_request(p);
			if (page == 0)
				return false;
			ask(p, step, page, p->config.bounds)->window =
				p->config.method == PAGER_REPEATED ? &p->list : NULL;
			return true;
		default:
			if (p->waiting || !has_room(p, 0))
				return false;
			memcpy(range, p->phase == ASK_AUDIT ? p->config.bounds : level->outer, sizeof(range));
			if (p->phase == ASK_REST)
				range[level->key] = level->round;
			ask(p, step, 1, range);
			p->waiting = true;
			return true;
	}
}

/* Windows read ahead hold all the room: give up the newest of them. */
static void
make_room(Pager *p)
{
	Window	   *victim = NULL;
	Level	   *level = level_of(p);

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
	else if (p->phase == READ_WINDOWS && level->windows && level->windows->pages.first)
	{
		cut_window(p, level, level->windows);
		advance(p);
	}
	else
		fail(p, PAGER_UNSTABLE, p->last_total, idset_count(&p->seen));
}

/* --- answers ---------------------------------------------------------- */

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

/*
 * Was a condition ignored?  What is newer than "settled" has just changed,
 * and proves nothing.
 */
static bool
keeps_ranges(Pager *p, const Flight *flight, const PagerAnswer *answer,
			 int64_t settled)
{
	for (int t = 0; t < PAGER_NTIMES; t++)
	{
		PagerRange	range = flight->range[t];

		if (!range.has_low && !range.has_high)
			continue;
		for (int i = 0; i < answer->nrows; i++)
		{
			int64_t		v = answer->times[t][i];

			if ((range.has_low && v < range.low) ||
				(range.has_high && v > range.high && v <= settled))
			{
				fail(p, PAGER_IGNORED, answer->total, answer->nrows);
				p->failure.id = answer->ids[i];
				p->failure.time = v;
				p->failure.time_kind = (PagerTime) t;
				p->failure.range = range;
				return false;
			}
		}
	}
	return true;
}

static void
answer_window(Pager *p, const Flight *flight, Page *page,
			  const PagerAnswer *answer)
{
	Window	   *window = flight->window;
	Level	   *level = &p->levels[flight->depth];

	if (window->state == WINDOW_CONFIRMING)
	{
		page_list_add(&p->freed, page);
		confirm_window(p, window, answer->total);
		return;
	}
	if (window->total < 0)
	{
		if (window->members < 0 && window->sweeps == 0)
			learn_density(p, level, window, answer->total);
		if (answer->total > window_limit(p) && answer->total != window->members && !window->last)
		{
			page_list_add(&p->freed, page);
			window->total = answer->total;
			cut_window(p, level, window);
			return;
		}
		if (answer->total >= CAP)
		{
			page_list_add(&p->freed, page);
			fail(p, PAGER_CAPPED, answer->total, answer->nrows);
			return;
		}
	}

	switch (window_answer(window, flight->page, page, answer, p->config.bounds,
						  p->width, &p->memory, &p->freed))
	{
		case WINDOW_HAS_ALL:
			window->confirmed |= flight->oldest;
			prove_window(p, window);
			break;
		case WINDOW_GOES_ON:
			window->confirmed |= flight->oldest;
			break;
		case WINDOW_LACKS_SOME:
			p->failed = true;
			p->aim = p->aim * SHRINKAGE > 1 ? p->aim * SHRINKAGE : 1;
			sweep_again(p, level, window);
			break;
		case WINDOW_MOVED:
			window_moved(p, level, window);
			break;
	}
}

/* --- public ----------------------------------------------------------- */

Pager *
pager_create(const PagerConfig *config)
{
	Pager	   *p = config->resize(config->resize_arg, NULL, sizeof(Pager));
	PagerRange	changes = config->bounds[PAGER_UPDATE_TIME];
	PagerTime	key = config->key;

	*p = (Pager) {.config = *config,.list_total = -1,.ramp = 1};
	p->memory = (Memory) {config->resize, config->resize_arg};
	p->width = config->page_size;
	p->flights = config->resize(config->resize_arg, NULL,
								config->concurrency * sizeof(Flight));
	memset(p->flights, 0, config->concurrency * sizeof(Flight));

	/* With bounds on updateTime a change can bring an old record in. */
	if (changes.has_low || changes.has_high)
		key = PAGER_UPDATE_TIME;

	/*
	 * By addTime only deletions unseat a sweep, so begin large; by updateTime
	 * every change does, so begin small.
	 */
	p->aim = key == PAGER_ADD_TIME ? MOST : 14;
	if (p->aim > config->max_pages * 5 / 8)
		p->aim = config->max_pages * 5 / 8;
	p->list.members = -1;
	window_sweep(&p->list);
	if (config->method == PAGER_CERTIFIED)
	{
		begin_scan(p, key, config->bounds);
		if (config->limit >= 0)
			p->phase = READ_LIST;
	}
	return p;
}

static void
free_pages(Pager *p, PageList *list)
{
	Page	   *page;

	while ((page = page_list_pop(list)) != NULL)
		p->memory.resize(p->memory.arg, page, 0);
}

void
pager_destroy(Pager *p)
{
	void	   *(*resize) (void *, void *, size_t) = p->memory.resize;
	void	   *arg = p->memory.arg;

	for (int depth = 0; depth < 2; depth++)
	{
		while (p->levels[depth].windows)
			drop_window(p, &p->levels[depth].windows);
	}
	window_reset(&p->list, &p->memory, &p->freed);
	free_pages(p, &p->freed);
	free_pages(p, &p->rows);
	idset_free(&p->seen, &p->memory);
	idset_free(&p->earlier, &p->memory);
	resize(arg, p->flights, 0);
	resize(arg, p, 0);
}

PagerAction
pager_next(Pager *p, PagerStep *step)
{
	Page	   *page;

	for (;;)
	{
		if ((page = page_list_pop(&p->freed)) != NULL)
		{
			p->held--;
			p->counters.repeats += page->nrows - page->ndone;
			step->page = page->handle;
			p->memory.resize(p->memory.arg, page, 0);
			return PAGER_FREE;
		}
		if (p->failure.failure == PAGER_NO_FAILURE && next_request(p, step))
			return PAGER_ASK;
		if (p->failure.failure != PAGER_NO_FAILURE)
		{
			*step = p->failure;
			return PAGER_FAIL;
		}
		if ((page = p->rows.first) != NULL)
		{
			if (page->ndone < page->nkept)
			{
				step->page = page->handle;
				step->row = page->kept[page->ndone++].row;
				p->pending--;
				p->counters.handed_on++;
				return PAGER_ROW;
			}
			page_list_add(&p->freed, page_list_pop(&p->rows));
			continue;
		}
		if (p->phase == COMPLETE)
			return PAGER_DONE;
		if (p->in_flight > 0)
			return PAGER_WAIT;
		if (p->sleep > 0)
		{
			step->seconds = p->sleep;
			p->clock += p->sleep;
			p->sleep = 0;
			return PAGER_SLEEP;
		}
		make_room(p);
	}
}

void
pager_answer(Pager *p, const PagerAnswer *answer)
{
	Flight	   *slot = p->flights;
	Flight		flight;
	Page	   *page = page_create(&p->memory, answer);
	int64_t		settled;

	while (slot->ticket != answer->ticket)
		slot++;
	flight = *slot;
	slot->ticket = 0;
	slot->window = NULL;
	p->in_flight--;
	if (++p->held > p->counters.peak_pages)
		p->counters.peak_pages = p->held;
	p->counters.pages++;
	p->counters.received += answer->nrows;
	note_clock(p, answer);
	note_width(p, flight.page, answer);
	p->last_total = answer->total;
	if (p->counters.pages == 1)
		p->budget = 1000 + 50 * window_pages(answer->total, p->width);

	settled = (answer->date >= 0 ? answer->date : p->clock) - p->config.settle;
	if (flight.window && flight.window != &p->list)
		settled = p->levels[flight.depth].settled;
	if (answer->total < 0 && p->config.method != PAGER_SINGLE)
		fail(p, PAGER_NO_TOTAL, -1, answer->nrows);
	if (flight.stale || p->failure.failure != PAGER_NO_FAILURE ||
		!keeps_ranges(p, &flight, answer, settled))
	{
		page_list_add(&p->freed, page);
		return;
	}

	if (flight.window == &p->list)
		answer_reading(p, flight.page, page, answer);
	else if (flight.window)
		answer_window(p, &flight, page, answer);
	else if (p->config.method == PAGER_SINGLE)
		answer_single(p, page, answer);
	else if (p->phase == READ_LIST)
		answer_list(p, page, answer);
	else
	{
		p->waiting = false;
		if (p->phase == ASK_AUDIT)
			answer_audit(p, page, answer);
		else
		{
			level_of(p)->settled = settled;
			answer_rest(p, page, answer);
		}
	}
	advance(p);
}

const PagerCounters *
pager_counters(const Pager *p)
{
	return &p->counters;
}
