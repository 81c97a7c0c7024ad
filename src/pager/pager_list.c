/*-------------------------------------------------------------------------
 *
 * pager_list.c
 *	  Pages in the list's own order: the methods without windows, a limited
 *	  scan until its list ends, and the last of the audit's remedies.
 *
 *-------------------------------------------------------------------------
 */
#include "pager/pager_state.h"

#define READINGS	6			/* of a list before it counts as unstable */

/* Is there a page after those asked for? */
static bool
has_more(const Pager *p)
{
	if (p->list_total < 0)
		return p->list_page == 0;
	if (p->config.method == PAGER_CERTIFIED &&
		(int64_t) (p->list_page + 1) * p->config.page_size > API_LIST_RECORDS)
		return false;
	return !p->list_ended && p->list_page < window_pages(p->list_total, p->width);
}

/*
 * Requests in flight: 1, 2, 4, 8 for a limited scan, and no more than the
 * records that are still missing need.
 */
static int
most_list_requests(const Pager *p)
{
	int64_t		missing = p->config.limit - p->counters.handed_on - p->pending;
	int			most = p->config.concurrency;

	if (p->config.limit < 0)
		return most;
	if (p->ramp < most)
		most = p->ramp;
	if (missing > 0 && window_pages(missing, p->width) < most)
		most = (int) window_pages(missing, p->width);
	return most;
}

/* All pages were answered; true if that proves nothing yet: go on with windows. */
static bool
end_list(Pager *p)
{
	int64_t		received = idset_count(&p->seen);

	if (p->config.method == PAGER_CERTIFIED && p->remedy == 0)
		return true;
	if (p->config.method == PAGER_CERTIFIED)
		p->phase = PAGER_ASK_AUDIT;
	else if (received != p->list_total)
		pager_fail(p, PAGER_CHANGED, p->list_total, received);
	else if (p->list_total == API_LIST_RECORDS)
		pager_fail(p, PAGER_CAPPED, p->list_total, received);
	else
		p->phase = PAGER_COMPLETE;
	return false;
}

bool
pager_list_is_wanted(const Pager *p, const PagerAnswer *answer)
{
	return p->list_total < 0 && p->config.method == PAGER_CERTIFIED && p->remedy == 0 &&
		answer->total <= p->config.limit;
}

/* Handed on page by page; true as from end_list. */
static bool
answer_page(Pager *p, Page *page, const PagerAnswer *answer)
{
	bool		first = p->list_total < 0;
	bool		changed = !first && answer->total != p->list_total;

	pager_hand_on_answer(p, page, answer);
	p->list_total = answer->total;
	p->list_ended |= answer->nrows == 0;
	p->ramp++;
	if (first && pager_holds_all(p, answer))
		p->phase = PAGER_COMPLETE;
	else if (changed && p->config.method == PAGER_PLAIN)
		pager_fail(p, PAGER_CHANGED, answer->total, idset_count(&p->seen));
	else if (!pager_awaits(p, NULL) && !has_more(p))
		return end_list(p);
	return false;
}

/* The answer is the list; ids are not looked at. */
static void
answer_single(Pager *p, Page *page, const PagerAnswer *answer)
{
	for (int i = 0; i < answer->nrows; i++)
		page->kept[page->nkept++] = (PageRow)
		{
			.row = i
		};
	p->pending += answer->nrows;
	page_list_add(answer->nrows > 0 ? &p->rows : &p->freed, page);
	if (answer->total > answer->nrows)
		pager_fail(p, PAGER_CHANGED, answer->total, answer->nrows);
	else
		p->phase = PAGER_COMPLETE;
}

/* Were the ids of this reading those of the one before? */
static bool
readings_agree(const Pager *p)
{
	if (p->readings == 0 || idset_count(&p->earlier) != idset_count(&p->list.ids))
		return false;
	for (Page *page = p->list.pages.first; page; page = page->next)
	{
		for (int i = 0; i < page->nkept; i++)
		{
			if (!idset_has(&p->earlier, page->kept[i].id))
				return false;
		}
	}
	return true;
}

/* This reading becomes the earlier one. */
static void
read_again(Pager *p, bool whole)
{
	idset_free(&p->earlier, &p->memory);
	if (whole)
	{
		p->earlier = p->list.ids;
		p->list.ids = (IdSet) {0};
	}
	pager_abandon(p, &p->list);
	window_reset(&p->list, &p->memory, &p->freed);
	window_sweep(&p->list);
}

/* A reading is whole as a window is proven; two alike are handed on. */
static void
answer_reading(Pager *p, int number, Page *page, const PagerAnswer *answer)
{
	WindowVerdict verdict;

	if (p->counters.pages == 1 && pager_holds_all(p, answer))
	{
		pager_hand_on_answer(p, page, answer);
		p->phase = PAGER_COMPLETE;
		return;
	}
	if (answer->total == API_LIST_RECORDS)
	{
		page_list_add(&p->freed, page);
		pager_fail(p, PAGER_CAPPED, answer->total, answer->nrows);
		return;
	}
	verdict = window_answer(&p->list, number, page, answer, p->config.bounds,
							p->width, &p->memory, &p->freed);
	if (verdict == WINDOW_GOES_ON)
		return;

	p->counters.sweeps++;
	if (verdict == WINDOW_HAS_ALL && readings_agree(p))
	{
		idset_free(&p->earlier, &p->memory);
		idset_free(&p->list.ids, &p->memory);
		while ((page = page_list_pop(&p->list.pages)) != NULL)
			pager_hand_on(p, page);
		p->phase = PAGER_COMPLETE;
	}
	else if (++p->readings == READINGS)
		pager_fail(p, PAGER_UNSTABLE, answer->total, idset_count(&p->list.ids));
	else
		read_again(p, verdict == WINDOW_HAS_ALL);
}

bool
pager_list_request(Pager *p, PagerStep *step)
{
	if (p->config.method == PAGER_REPEATED)
	{
		if (window_due(&p->list) == 0)
			return false;
		pager_ask(p, step, window_next_page(&p->list), p->config.bounds)->window = &p->list;
		return true;
	}
	if (!has_more(p) || p->in_flight >= most_list_requests(p) || !pager_has_room(p, 0))
		return false;
	pager_ask(p, step, ++p->list_page, p->config.bounds);
	return true;
}

bool
pager_list_answer(Pager *p, int number, Page *page, const PagerAnswer *answer)
{
	if (p->config.method != PAGER_SINGLE && p->config.method != PAGER_REPEATED)
		return answer_page(p, page, answer);
	if (p->config.method == PAGER_SINGLE)
		answer_single(p, page, answer);
	else
		answer_reading(p, number, page, answer);
	return false;
}
