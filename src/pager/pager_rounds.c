/*-------------------------------------------------------------------------
 *
 * pager_rounds.c
 *	  Certified scans: rounds of windows.
 *
 * A round begins with a question: page 1 of all that is left.  If its answer
 * holds all, it is one instant, and the round was the last.  Else the range
 * is closed where nothing can enter any more, windows are read up to there,
 * oldest first, and what came above meanwhile is left to the next round.  A
 * second too full for a window is scanned in the same way by the other time:
 * a level of its own.  At the end the first question is asked again: the audit,
 * pager_audit.c.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "pager/pager_state.h"

#define STALLS		60			/* seconds beside settle_time */
#define READ_UP		5			/* likewise, until all but the future has been read */

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

/*
 * Is there more than a page of records of a time that is yet to come?  They settle
 * when it has come: no use in waiting for that.
 */
static bool
is_ahead_of_clock(Pager *p, const PagerLevel *level, const PagerAnswer *answer, int64_t date)
{
	const int64_t *times = answer->times[level->key];
	bool		was = p->future.known;

	p->future = (PagerOddity) {.known = answer->nrows > 0};
	for (int i = 0; i < answer->nrows && p->future.known; i++)
		if (times[i] <= pager_later(date, STALLS))
			p->future.known = false;
	if (!p->future.known)
		return false;
	p->future.id = answer->ids[0];
	p->future.time = times[0];
	p->future.kind = level->key;
	if (!was)
		p->future_since = date;
	return date > pager_later(p->future_since, READ_UP + p->config.settle);
}

static void
answer_rest(Pager *p, Page *page, const PagerAnswer *answer)
{
	PagerLevel *level = pager_level(p);
	TimeRange	bounds = level->outer[level->key];
	TimeRange	span = level->round;
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
	if (!level->final && is_ahead_of_clock(p, level, answer, date))
	{
		page_list_add(&p->freed, page);
		pager_fail_unstable(p, answer->total, idset_count(&p->seen));
		return;
	}
	if (!level->final && span.has_low && level->settled < span.low)
	{
		page_list_add(&p->freed, page);
		p->sleep = 1;
		if (++p->stalls > STALLS + p->config.settle)
			pager_fail_unstable(p, answer->total, idset_count(&p->seen));
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
	p->disturbed = true;
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
 * A window is not what it was when rest and audit were asked early, or its page was
 * lent; or what was asked early does not hold all of the rest.
 */
static void
forget_early_answers(Pager *p)
{
	p->disturbed = false;
	p->levels[0].instant = p->levels[1].instant = false;
	if (!p->early)
		return;
	p->restless = true;
	p->early = p->rest_read = p->waiting = false;
	p->audit = AUDIT_DUE;
	pager_abandon(p, NULL);
}

/*
 * What is next when there are no more windows, or the oldest is too full, or all is
 * handed on and counted.
 */
static void
advance(Pager *p)
{
	if (p->disturbed)
		forget_early_answers(p);
	while (p->phase == PAGER_READ_WINDOWS && !pager_has_failed(p))
	{
		PagerLevel *level = pager_level(p);
		Window	   *oldest = level->windows;

		if (!oldest && (level->final || level->instant || p->rest_read))
			end_level(p);
		else if (!oldest)
			pager_begin_round(p, level);
		else if (oldest->state == WINDOW_FULL)
		{
			p->depth++;
			pager_begin_level(p, level->key == PAGER_ADD_TIME ? PAGER_UPDATE_TIME : PAGER_ADD_TIME,
							  oldest->range);
		}
		else
			return;
	}
	if (p->phase == PAGER_ASK_AUDIT && p->audit == AUDIT_ANSWERED)
		pager_audit_take(p);
}

void
pager_rounds_begin(Pager *p)
{
	pager_begin_level(p, p->config.key, p->config.bounds);
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
	TimeRange	range[PAGER_NTIMES];

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
		pager_audit_ask(p, step);
		return true;
	}
	if (p->waiting || p->phase == PAGER_ASK_AUDIT ||
		(p->phase == PAGER_READ_WINDOWS && (level->final || level->instant || p->rest_read)))
		return false;

	memcpy(range, level->outer, sizeof(range));
	if (p->phase == PAGER_READ_WINDOWS)
	{
		range[level->key] = pager_rest(level);
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
		pager_audit_answer(p, flight->page, page, answer);
	else
	{
		p->waiting = false;
		if (p->phase == PAGER_READ_WINDOWS)
			answer_early_rest(p, page, answer);
		else if (p->phase == PAGER_ASK_REST)
			answer_rest(p, page, answer);
		else
			pager_audit_part(p, page, answer);
	}
	advance(p);
}

void
pager_rounds_make_room(Pager *p)
{
	pager_windows_make_room(p);
	advance(p);
}
