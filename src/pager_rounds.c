/*-------------------------------------------------------------------------
 *
 * pager_rounds.c
 *	  Certified scans: rounds of windows, and the audit.
 *
 * A round begins with a question: page 1 of all that is left.  If its answer
 * holds all, it is one instant, and the round was the last.  Else the range
 * is closed where nothing can enter any more, windows are read up to there,
 * oldest first, and what came above meanwhile is left to the next round.  A
 * second too full for a window is scanned in the same way by the other time:
 * a level of its own.  At the end the first question is asked again, and its
 * total may not exceed the number of ids handed on: the audit.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "pager_state.h"

#define STALLS		60			/* seconds beside settle_time */

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

#define NREMEDIES	((int) (sizeof(remedies) / sizeof(remedies[0])))

PagerLevel *
pager_level(Pager *p)
{
	return &p->levels[p->depth];
}

static void
begin_level(Pager *p, PagerTime key, const PagerRange *outer)
{
	PagerLevel *level = pager_level(p);

	*level = (PagerLevel)
	{
		.key = key,.round = outer[key],.stretch = 1
	};
	memcpy(level->outer, outer, sizeof(level->outer));
	p->phase = PAGER_ASK_REST;
}

/* The level has been read: back to the second that it was made of. */
static void
end_level(Pager *p)
{
	p->early = p->rest_read = false;
	if (p->depth == 0)
		p->phase = p->asked == 1 ? PAGER_COMPLETE : PAGER_ASK_AUDIT;
	else
	{
		p->depth--;
		pager_windows_drop(p, &pager_level(p)->windows);
		p->phase = PAGER_READ_WINDOWS;
	}
}

/* What moved while the windows were read is above them. */
static PagerRange
rest_of(const PagerLevel *level)
{
	PagerRange	rest = level->outer[level->key];

	rest.has_low = true;
	rest.low = pager_later(level->settled, 1);
	return rest;
}

static void
begin_round(Pager *p, PagerLevel *level)
{
	p->early = false;
	level->instant = false;
	level->round = rest_of(level);
	p->phase = PAGER_ASK_REST;
}

static void
answer_rest(Pager *p, Page *page, const PagerAnswer *answer)
{
	PagerLevel *level = pager_level(p);
	PagerRange	bounds = level->outer[level->key];
	PagerRange	span = level->round;
	int64_t		date = answer->date >= 0 ? answer->date : p->clock;

	level->settled = date - p->config.settle - p->overlap;
	if (pager_holds_all(p, answer))
	{
		pager_hand_on_answer(p, page, answer);
		end_level(p);
		return;
	}

	/* The audit came too early. */
	p->audit = AUDIT_DUE;
	pager_abandon(p, NULL);

	/*
	 * A second of updateTime that has settled can only lose members, so the
	 * addTimes in it need no closed range and no second round.
	 */
	level->final = (bounds.has_high && level->settled >= bounds.high) ||
		(p->depth > 0 && level->key == PAGER_ADD_TIME);
	if (!level->final && span.has_low && level->settled < span.low)
	{
		page_list_add(&p->freed, page);
		p->sleep = 1;
		if (++p->stalls > STALLS + p->config.settle)
			pager_fail(p, PAGER_UNSTABLE, answer->total, idset_count(&p->seen));
		return;
	}
	p->stalls = 0;
	if (!level->final)
	{
		span.has_high = true;
		span.high = level->settled;
	}
	p->phase = PAGER_READ_WINDOWS;
	if (pager_windows_lend(p, level, span, page, answer))
		return;
	page_list_add(&p->freed, page);
	pager_windows_plan(p, &level->windows, span, answer->total)->survey = true;
}

/*
 * The rest was asked for while windows were still read.  Each had said how many
 * members it has; if it is proven with as many, none has left it in between, and
 * what is not in it was above all windows when this was answered.
 */
static void
answer_early_rest(Pager *p, Page *page, const PagerAnswer *answer)
{
	if (pager_holds_all(p, answer))
	{
		pager_hand_on_answer(p, page, answer);
		p->rest_read = true;
		return;
	}
	page_list_add(&p->freed, page);
	pager_rounds_void(p);
}

/* The ids that will have been handed on when all windows are proven. */
static int64_t
expected_ids(const Pager *p)
{
	int64_t		n = idset_count(&p->seen);

	for (const Window *w = p->levels[0].windows; w; w = w->next)
		n += w->total;
	return n;
}

/*
 * The page after the ids handed on, which is the same question as page 1 and
 * shows, too, whether the total is cut off there.
 */
static int
audit_page(const Pager *p)
{
	int64_t		page = expected_ids(p) / p->width + 1;

	return page * p->config.page_size <= PAGER_CAP ? (int) page : 1;
}

/* Was everything handed on that is counted now?  Else look again. */
static void
judge(Pager *p, int64_t total)
{
	PagerLevel *level = &p->levels[0];
	PagerRange	bounds = p->config.bounds[level->key];

	p->counters.audits++;
	if (total <= idset_count(&p->seen))
	{
		p->phase = PAGER_COMPLETE;
		return;
	}
	if (level->instant)
	{
		/* probably something new: ask for it */
		begin_round(p, level);
		return;
	}
	if (p->remedy == NREMEDIES)
	{
		pager_fail(p, PAGER_UNAUDITED, total, idset_count(&p->seen));
		return;
	}

	/* the first time something new is likely, then a lagging replica that catches up */
	if (p->remedy > 0)
		p->sleep = p->config.settle;
	p->phase = PAGER_ASK_REST;
	switch (remedies[p->remedy++])
	{
		case LOOK_AGAIN:
			break;
		case LOOK_AT_MINUTE:
			level->round.low = pager_later(level->round.low, -60);
			break;
		case LOOK_OVERLAPPING:
			p->overlap = 1;
			level->final = true;
			break;
		case LOOK_AT_ALL:
			level->final = true;
			break;
	}
	level->round = level->final ? bounds : pager_intersect(level->round, bounds);
}

static void
answer_audit(Pager *p, int number, Page *page, const PagerAnswer *answer)
{
	int64_t		shown = (int64_t) (number - 1) * p->width + answer->nrows;

	page_list_add(&p->freed, page);
	p->audit = AUDIT_ANSWERED;
	p->audit_total = answer->total;
	if (answer->total != PAGER_CAP && answer->nrows > 0 && shown > answer->total)
		p->audit_total = shown;
}

/*
 * Judges what the audit counted.  One that was asked before all was handed on is
 * void: its page was another, and what came since is not what it counted.
 */
static void
take_audit(Pager *p)
{
	PagerLevel *level = &p->levels[0];

	p->audit = AUDIT_DUE;
	if (p->audited < idset_count(&p->seen))
	{
		/* something new in between */
		p->restless = true;
		return;
	}
	if (p->audit_total == PAGER_CAP)
	{
		/* This may be where totals end: count in parts. */
		p->phase = PAGER_COUNT_PARTS;
		p->parts_total = 0;
		pager_windows_plan(p, &level->windows, p->config.bounds[level->key], 0);
		pager_windows_set_range(p, level, level->windows);
	}
	else
		judge(p, p->audit_total);
}

/* Newest first: a record that moves meanwhile is not counted twice. */
static void
answer_part(Pager *p, Page *page, const PagerAnswer *answer)
{
	PagerLevel *level = &p->levels[0];
	Window	   *part = level->windows;

	page_list_add(&p->freed, page);
	if (answer->total < PAGER_CAP)
	{
		p->parts_total += answer->total;
		pager_windows_drop(p, &level->windows);
		if (!level->windows)
			judge(p, p->parts_total);
	}
	else if (pager_windows_split(p, part, .5))
	{
		level->windows = part->next;
		part->next = level->windows->next;
		level->windows->next = part;
		pager_windows_set_range(p, level, part);
		pager_windows_set_range(p, level, level->windows);
	}
	else
		pager_fail(p, PAGER_CAPPED, answer->total, answer->nrows);
}

/*
 * The last pages of the round's windows are awaited: rest and audit need not be.
 * Only a scan as it should be is so bold: ids handed on before its windows may come
 * again, and a remedy looks with care.
 */
static bool
may_be_early(const Pager *p)
{
	return p->phase == PAGER_READ_WINDOWS && p->depth == 0 && p->remedy == 0 &&
		p->list_page == 0 && !p->restless && pager_windows_awaited(&p->levels[0]);
}

/*
 * The audit goes out together with the question that may be the last, and counts if
 * that brings nothing new: then it is as good as one asked a moment later.
 */
static bool
is_audit_due(const Pager *p)
{
	if (p->audit != AUDIT_DUE)
		return false;
	if (p->phase == PAGER_READ_WINDOWS)
		return p->waiting || p->rest_read || p->levels[0].final || p->levels[0].instant;
	return p->phase == PAGER_ASK_AUDIT ||
		(p->phase == PAGER_ASK_REST && p->waiting && p->depth == 0 &&
		 p->counters.windows > 0 && p->stalls == 0);
}

/*
 * What is next when there are no more windows, or the oldest is too full, or all is
 * handed on and counted.
 */
static void
advance(Pager *p)
{
	while (p->phase == PAGER_READ_WINDOWS && !pager_has_failed(p))
	{
		PagerLevel *level = pager_level(p);
		Window	   *oldest = level->windows;

		if (!oldest && (level->final || level->instant || p->rest_read))
			end_level(p);
		else if (!oldest)
			begin_round(p, level);
		else if (oldest->state == WINDOW_FULL)
		{
			p->depth++;
			begin_level(p, level->key == PAGER_ADD_TIME ? PAGER_UPDATE_TIME : PAGER_ADD_TIME,
						oldest->range);
		}
		else
			return;
	}
	if (p->phase == PAGER_ASK_AUDIT && p->audit == AUDIT_ANSWERED)
		take_audit(p);
}

void
pager_rounds_begin(Pager *p)
{
	PagerRange	changes = p->config.bounds[PAGER_UPDATE_TIME];

	/* With bounds on updateTime a change can bring an old record in. */
	begin_level(p, changes.has_low || changes.has_high ? PAGER_UPDATE_TIME : p->config.key,
				p->config.bounds);
	pager_windows_begin(p);
}

void
pager_rounds_free(Pager *p)
{
	for (int depth = 0; depth < 2; depth++)
	{
		while (p->levels[depth].windows)
			pager_windows_drop(p, &p->levels[depth].windows);
	}
}

bool
pager_rounds_request(Pager *p, PagerStep *step)
{
	PagerLevel *level = pager_level(p);
	PagerRange	range[PAGER_NTIMES];

	if (p->phase == PAGER_READ_WINDOWS)
	{
		if (pager_windows_request(p, step))
			return true;
		if (!may_be_early(p))
			return false;
	}
	if (!pager_has_room(p, 0))
		return false;
	if (is_audit_due(p))
	{
		pager_ask(p, step, audit_page(p), p->config.bounds)->audit = true;
		p->audit = AUDIT_ASKED;
		p->audited = idset_count(&p->seen);
		p->early = p->phase == PAGER_READ_WINDOWS;
		return true;
	}
	if (p->waiting || p->phase == PAGER_ASK_AUDIT ||
		(p->phase == PAGER_READ_WINDOWS && (level->final || level->instant || p->rest_read)))
		return false;

	memcpy(range, level->outer, sizeof(range));
	if (p->phase == PAGER_READ_WINDOWS)
	{
		range[level->key] = rest_of(level);
		p->early = true;
	}
	else if (p->phase == PAGER_ASK_REST)
		range[level->key] = level->round;
	else
		range[level->key] = level->windows->range[level->key];
	pager_ask(p, step, 1, range);
	p->waiting = true;
	return true;
}

void
pager_rounds_answer(Pager *p, const PagerFlight *flight, Page *page,
					const PagerAnswer *answer)
{
	if (flight->window)
		pager_windows_answer(p, flight, page, answer);
	else if (flight->audit)
		answer_audit(p, flight->page, page, answer);
	else
	{
		p->waiting = false;
		if (p->phase == PAGER_READ_WINDOWS)
			answer_early_rest(p, page, answer);
		else if (p->phase == PAGER_ASK_REST)
			answer_rest(p, page, answer);
		else
			answer_part(p, page, answer);
	}
	advance(p);
}

void
pager_rounds_make_room(Pager *p)
{
	pager_windows_make_room(p);
	advance(p);
}

void
pager_rounds_void(Pager *p)
{
	p->levels[0].instant = p->levels[1].instant = false;
	if (!p->early)
		return;
	p->restless = true;
	p->early = p->rest_read = p->waiting = false;
	p->audit = AUDIT_DUE;
	pager_abandon(p, NULL);
}
