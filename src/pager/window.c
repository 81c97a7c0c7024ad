/*-------------------------------------------------------------------------
 *
 * window.c
 *	  One window of a scan: which page to ask for next, and what the answers
 *	  prove.
 *
 * Page 1 goes alone, for its total says how many pages there are and whether
 * the sweep may be joined with the last; the others go in any order.
 *
 *-------------------------------------------------------------------------
 */
#include "pager/window.h"

static bool
is_outside(const PagerAnswer *answer, int row, const TimeRange *bounds)
{
	for (int t = 0; t < PAGER_NTIMES; t++)
	{
		TimeRange	range = bounds[t];

		/* a record without the time meets no bound, whatever the API thinks */
		if ((range.has_high && answer->times[t][row] > range.high) ||
			((range.has_low || range.has_high) && answer->times[t][row] == 0))
			return true;
	}
	return false;
}

/* The page that must be empty if the total was not cut off; 0 for none. */
static int
end_page(int64_t total, int width)
{
	return total > width && total % width == 0 ? (int) (total / width) + 1 : 0;
}

/* Page 1 says how far this sweep goes. */
static void
plan_sweep(Window *window, int64_t total, int width, const Memory *memory,
		   PageList *freed)
{
	if (total != window->members)
	{
		window_reset(window, memory, freed);
		window->members = total;
	}
	window->total = total;
	idset_expect(&window->ids, total);
	if (window->next_page < 2)
		window->next_page = 2;
	window->last_page = (int) window_pages(total, width);
	window->end_seen |= end_page(total, width) == 0;
	window->end_due = !window->end_seen && window->next_page <= window->last_page + 1;
}

/* The first answer of its own: was page 1 of the window's present members? */
static void
keep_or_return_loan(Window *window, int64_t total, int width,
					const Memory *memory, PageList *freed)
{
	window->lent = false;
	if (total == window->total)
		return;
	window_reset(window, memory, freed);
	plan_sweep(window, total, width, memory, freed);
	window->first_due = true;
}

Page *
page_create(const Memory *memory, const PagerAnswer *answer)
{
	Page	   *page = memory->resize(memory->arg, NULL,
									  sizeof(Page) + answer->nrows * sizeof(PageRow));

	*page = (Page) {.handle = answer->page,.nrows = answer->nrows};
	return page;
}

void
page_list_add(PageList *list, Page *page)
{
	page->next = NULL;
	if (list->last)
		list->last->next = page;
	else
		list->first = page;
	list->last = page;
}

Page *
page_list_pop(PageList *list)
{
	Page	   *page = list->first;

	if (page)
	{
		list->first = page->next;
		if (!list->first)
			list->last = NULL;
	}
	return page;
}

void
page_list_join(PageList *list, PageList *from)
{
	Page	   *page;

	while ((page = page_list_pop(from)) != NULL)
		page_list_add(list, page);
}

void
page_keep(Page *page, const PagerAnswer *answer, const TimeRange *bounds,
		  IdSet *set, const Memory *memory)
{
	for (int i = 0; i < answer->nrows; i++)
	{
		if (idset_add(set, memory, answer->ids[i]))
			page->kept[page->nkept++] = (PageRow)
			{
				answer->ids[i], is_outside(answer, i, bounds) ? -1 : i
			};
	}
}

int64_t
window_pages(int64_t n, int width)
{
	return n / width + (n % width > 0);
}

void
window_sweep(Window *window)
{
	window->state = WINDOW_READING;
	window->total = -1;
	window->next_page = 1;
	window->last_page = 1;
	window->first_due = false;
	window->end_due = false;
	window->in_flight = 0;
}

void
window_lend(Window *window, Page *page, const PagerAnswer *answer,
			const TimeRange *bounds, int width, const Memory *memory,
			PageList *freed)
{
	window_sweep(window);
	plan_sweep(window, answer->total, width, memory, freed);
	page_keep(page, answer, bounds, &window->ids, memory);
	page_list_add(page->nkept > 0 ? &window->pages : freed, page);
	window->lent = true;
}

void
window_reset(Window *window, const Memory *memory, PageList *freed)
{
	idset_free(&window->ids, memory);
	page_list_join(freed, &window->pages);
	window->members = -1;
	window->end_seen = false;
}

int
window_due(const Window *window)
{
	int			pages = window->last_page - window->next_page + 1;

	if (window->state != WINDOW_READING)
		return 0;
	return window->first_due + window->end_due + (pages > 0 ? pages : 0);
}

int
window_next_page(Window *window)
{
	window->in_flight++;
	if (window->first_due)
	{
		window->first_due = false;
		return 1;
	}
	if (window->end_due)
	{
		window->end_due = false;
		return window->last_page + 1;
	}
	return window->next_page++;
}

WindowVerdict
window_answer(Window *window, int number, Page *page,
			  const PagerAnswer *answer, const TimeRange *bounds, int width,
			  const Memory *memory, PageList *freed)
{
	window->in_flight--;
	if (window->total < 0)
		plan_sweep(window, answer->total, width, memory, freed);
	else if (window->lent)
		keep_or_return_loan(window, answer->total, width, memory, freed);

	page_keep(page, answer, bounds, &window->ids, memory);
	page_list_add(page->nkept > 0 ? &window->pages : freed, page);

	/* A total cut off somewhere is cut off at a full page. */
	if (number > window->last_page)
		window->end_seen = answer->nrows == 0;

	/* Too many ids are no error yet: two replicas do that. */
	if (answer->total != window->total ||
		(number > window->last_page && answer->nrows > 0) ||
		idset_count(&window->ids) > window->total)
	{
		window_reset(window, memory, freed);
		return WINDOW_MOVED;
	}

	/* Joined sweeps end as soon as they have all. */
	if (window->end_seen && idset_count(&window->ids) == window->total)
		return WINDOW_HAS_ALL;
	return window->in_flight > 0 || window_due(window) > 0 ? WINDOW_GOES_ON : WINDOW_LACKS_SOME;
}
