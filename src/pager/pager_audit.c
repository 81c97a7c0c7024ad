/*-------------------------------------------------------------------------
 *
 * pager_audit.c
 *	  Certified scans: the audit, and what is tried when it counts more than
 *	  was handed on.
 *
 * The first question is asked again, and its total may not exceed the number of
 * ids handed on.  Else each remedy looks where a broken assumption may have hidden
 * something.  They add to what was handed on, each id once, so that none can do
 * harm; what counts is that the total is met in the end.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "pager/pager_state.h"

/* What is tried, one after the other. */
typedef enum Remedy
{
	LOOK_AGAIN,					/* something new came in between */
	LOOK_AT_MINUTE,				/* late or skewed stamps */
	LOOK_AT_ALL,				/* by updateTime: back-dated ones, and records
								 * without addTime */
	LOOK_OVERLAPPING,			/* fractions of a second, exclusive bounds */
	LOOK_AT_PAGES				/* records without the times that find them */
} Remedy;

/* The last one twice: pages of a list that changes may miss some. */
static const Remedy remedies[] = {
	LOOK_AGAIN, LOOK_AGAIN, LOOK_AT_MINUTE, LOOK_AT_ALL, LOOK_OVERLAPPING, LOOK_AT_PAGES, LOOK_AT_PAGES
};

#define NREMEDIES	((int) (sizeof(remedies) / sizeof(remedies[0])))

#define MINUTE		60			/* seconds */

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

	return page * p->config.page_size <= API_LIST_RECORDS ? (int) page : 1;
}

void
pager_audit_ask(Pager *p, PagerStep *step)
{
	pager_ask(p, step, audit_page(p), p->config.bounds)->audit = true;
	p->audit = AUDIT_ASKED;
	p->audited = idset_count(&p->seen);
	p->early = p->phase == PAGER_READ_WINDOWS;
}

void
pager_audit_answer(Pager *p, int number, Page *page, const PagerAnswer *answer)
{
	int64_t		shown = (int64_t) (number - 1) * p->width + answer->nrows;

	page_list_add(&p->freed, page);
	p->audit = AUDIT_ANSWERED;
	p->audit_total = answer->total;
	if (answer->total != API_LIST_RECORDS && answer->nrows > 0 && shown > answer->total)
		p->audit_total = shown;
}

/* In the list's own order, since times do not find it. */
static void
look_at_pages(Pager *p)
{
	pager_abandon(p, NULL);
	p->phase = PAGER_READ_LIST;
	p->list_page = 0;
	p->list_total = -1;
	p->list_ended = false;
}

static void
look_again(Pager *p, Remedy remedy)
{
	PagerLevel *level = &p->levels[0];
	TimeRange	round = level->round;

	p->phase = PAGER_ASK_REST;
	switch (remedy)
	{
		case LOOK_AGAIN:
			break;
		case LOOK_AT_MINUTE:
			round.low = pager_later(round.low, -MINUTE);
			break;
		case LOOK_AT_ALL:
			pager_begin_level(p, PAGER_UPDATE_TIME, p->config.bounds);
			pager_windows_begin(p);
			return;
		case LOOK_OVERLAPPING:
			p->overlap = 1;
			pager_begin_level(p, p->config.key, p->config.bounds);
			pager_windows_begin(p);
			return;
		case LOOK_AT_PAGES:
			look_at_pages(p);
			return;
	}
	level->round = pager_intersect(round, p->config.bounds[level->key]);
}

/*
 * The remedy that finds a record which was seen, and not handed on, since it has not
 * the time that windows are cut by; -1 if there is no such record.
 */
static int
remedy_for_bare_record(const Pager *p)
{
	int			wanted = 0;

	if (!p->bare.known || idset_has(&p->seen, p->bare.id))
		return -1;
	while (remedies[wanted] < (p->bare.lacks_update ? LOOK_AT_PAGES : LOOK_AT_ALL))
		wanted++;
	return wanted;
}

/*
 * Are times to blame?  If a record that was seen could not be found; or if the pages
 * end at the cap, and what is missing stays as much as it was.
 */
static void
give_up(Pager *p, int64_t total)
{
	int64_t		missing = total - idset_count(&p->seen);
	bool		timeless = remedy_for_bare_record(p) >= 0 ||
		(p->list_total > API_LIST_RECORDS && missing == p->missing);

	pager_fail(p, timeless ? PAGER_TIMELESS : PAGER_UNAUDITED, total, idset_count(&p->seen));
	pager_blame(p, &p->bare);
}

/* Was everything handed on that is counted now?  Else look again. */
static void
judge_total(Pager *p, int64_t total)
{
	int			wanted = remedy_for_bare_record(p);

	p->counters.audits++;
	/* a deletion may hide a record from the count, not from the eye */
	if (total <= idset_count(&p->seen) && p->remedy > wanted)
		p->phase = PAGER_COMPLETE;
	else if (p->levels[0].instant)
	{
		/* probably something new: ask for it */
		pager_begin_round(p, &p->levels[0]);
	}
	else if (p->remedy == NREMEDIES)
		give_up(p, total);
	else
	{
		/* the first time something new is likely, then a lagging replica that catches up */
		if (p->remedy <= wanted)
			p->remedy = wanted;
		else if (p->remedy > 0)
			p->sleep = p->config.settle;
		p->missing = total - idset_count(&p->seen);
		look_again(p, remedies[p->remedy++]);
	}
}

/*
 * Judges what the audit counted.  One that was asked before all was handed on is
 * void: its page was another, and what came since is not what it counted.
 */
void
pager_audit_take(Pager *p)
{
	PagerLevel *level = &p->levels[0];

	p->audit = AUDIT_DUE;
	if (p->audited < idset_count(&p->seen))
	{
		/* something new in between */
		p->restless = true;
		return;
	}
	if (p->audit_total == API_LIST_RECORDS)
	{
		/* This may be where totals end: count in parts. */
		p->phase = PAGER_COUNT_PARTS;
		p->parts_total = 0;
		pager_windows_plan(p, &level->windows, p->config.bounds[level->key], 0);
		pager_windows_set_range(p, level, level->windows);
	}
	else
		judge_total(p, p->audit_total);
}

/* Newest first: a record that moves meanwhile is not counted twice. */
void
pager_audit_part(Pager *p, Page *page, const PagerAnswer *answer)
{
	PagerLevel *level = &p->levels[0];
	Window	   *part = level->windows;

	page_list_add(&p->freed, page);
	if (answer->total < API_LIST_RECORDS)
	{
		p->parts_total += answer->total;
		pager_windows_drop(p, &level->windows);
		if (!level->windows)
			judge_total(p, p->parts_total);
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
