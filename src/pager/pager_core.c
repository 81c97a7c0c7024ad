/*-------------------------------------------------------------------------
 *
 * pager_core.c
 *	  What the parts of the pager stand on: requests, records handed on, levels,
 *	  failures.
 *
 * Nothing in here decides what to do next, or calls what does.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "pager/pager_state.h"

void
pager_fail(Pager *p, PagerFailure failure, int64_t expected, int64_t received)
{
	if (pager_has_failed(p))
		return;
	p->failure.failure = failure;
	p->failure.expected = expected;
	p->failure.received = received;
}

void
pager_blame(Pager *p, const PagerOddity *oddity)
{
	p->failure.named = oddity->known;
	p->failure.id = oddity->id;
	p->failure.time = oddity->time;
	p->failure.time_kind = oddity->kind;
}

void
pager_fail_unstable(Pager *p, int64_t expected, int64_t received)
{
	pager_fail(p, p->future.known ? PAGER_FUTURE : PAGER_UNSTABLE, expected, received);
	pager_blame(p, &p->future);
}

bool
pager_has_failed(const Pager *p)
{
	return p->failure.failure != PAGER_NO_FAILURE;
}

void
pager_hand_on(Pager *p, Page *page)
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

void
pager_hand_on_answer(Pager *p, Page *page, const PagerAnswer *answer)
{
	IdSet		ids = {0};

	page_keep(page, answer, p->config.bounds, &ids, &p->memory);
	idset_free(&ids, &p->memory);
	pager_hand_on(p, page);
}

bool
pager_holds_all(Pager *p, const PagerAnswer *answer)
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

bool
pager_has_room(const Pager *p, int reserved)
{
	return p->held + p->in_flight + reserved < p->config.max_pages;
}

PagerFlight *
pager_ask(Pager *p, PagerStep *step, int page, const TimeRange *range)
{
	PagerFlight *flight = p->flights;

	while (flight->ticket != 0)
		flight++;
	flight->ticket = ++p->last_ticket;
	flight->page = page;
	memcpy(flight->range, range, sizeof(flight->range));
	p->in_flight++;
	p->asked++;

	step->request.ticket = flight->ticket;
	step->request.page = page;
	step->request.page_size = p->config.page_size;
	memcpy(step->request.range, range, sizeof(flight->range));
	return flight;
}

bool
pager_awaits(const Pager *p, const Window *window)
{
	for (int i = 0; i < p->config.concurrency; i++)
	{
		const PagerFlight *flight = &p->flights[i];

		if (flight->ticket != 0 && flight->window == window && !flight->stale)
			return true;
	}
	return false;
}

void
pager_abandon(Pager *p, const Window *window)
{
	for (int i = 0; i < p->config.concurrency; i++)
	{
		if (p->flights[i].ticket != 0 && p->flights[i].window == window)
			p->flights[i].stale = true;
	}
}

PagerLevel *
pager_level(Pager *p)
{
	return &p->levels[p->depth];
}

void
pager_begin_level(Pager *p, PagerTime key, const TimeRange *outer)
{
	PagerLevel *level = pager_level(p);

	*level = (PagerLevel)
	{
		.key = key,.round = outer[key],.stretch = 1
	};
	memcpy(level->outer, outer, sizeof(level->outer));
	p->phase = PAGER_ASK_REST;
}

TimeRange
pager_rest(const PagerLevel *level)
{
	TimeRange	rest = level->outer[level->key];

	rest.has_low = true;
	rest.low = pager_later(level->settled, 1);
	return rest;
}

void
pager_begin_round(Pager *p, PagerLevel *level)
{
	p->early = false;
	level->instant = false;
	level->round = pager_rest(level);
	p->phase = PAGER_ASK_REST;
}
