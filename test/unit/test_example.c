/*-------------------------------------------------------------------------
 *
 * test_example.c
 *	  Another API read by the pager: the example of src/pager/README.md.
 *
 * A shop lists its orders by pages, those changed last first, and somebody edits
 * an old order after each answer.  Read page by page, edited orders slip onto
 * pages that were read already.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>

#include "pager/pager.h"

#define NORDERS		1000
#define PAGE_SIZE	50

typedef struct Order
{
	int64_t		id;
	int64_t		created;		/* epoch seconds */
	int64_t		changed;
} Order;

/* What the caller keeps of an answer until the pager gives it back. */
typedef struct ShopPage
{
	int			ticket;			/* the pager's, of the request */
	Order		orders[PAGE_SIZE];
	int64_t		ids[PAGE_SIZE];
	int64_t		created[PAGE_SIZE];
	int64_t		changed[PAGE_SIZE];
	int			n;
	int64_t		total;
} ShopPage;

static Order shop[NORDERS];		/* changed last first */
static int64_t clock_of_shop = 1770000000;

/* ---- the shop ---- */

static void
fill_shop(void)
{
	for (int i = 0; i < NORDERS; i++)
	{
		int64_t		time = clock_of_shop - 3600 - 60 * i;

		shop[i] = (Order) {NORDERS - i, time, time};
	}
}

/* The order that was changed longest ago is changed now. */
static void
edit_order(void)
{
	Order		edited = shop[NORDERS - 1];

	for (int i = NORDERS - 1; i > 0; i--)
		shop[i] = shop[i - 1];
	edited.changed = ++clock_of_shop;
	shop[0] = edited;
}

static bool
is_within(int64_t time, TimeRange range)
{
	return (!range.has_low || time >= range.low) && (!range.has_high || time <= range.high);
}

/* One request; a page has its orders, and how many there are on all pages. */
static ShopPage *
ask_shop(int number, const TimeRange *range)
{
	ShopPage   *page = calloc(1, sizeof(ShopPage));

	for (int i = 0; i < NORDERS; i++)
	{
		if (!is_within(shop[i].created, range[PAGER_ADD_TIME]) ||
			!is_within(shop[i].changed, range[PAGER_UPDATE_TIME]))
			continue;
		if (page->total / PAGE_SIZE == number - 1)
			page->orders[page->n++] = shop[i];
		page->total++;
	}
	edit_order();
	return page;
}

/* ---- the usual way ---- */

static void
read_page_by_page(int *times_read)
{
	TimeRange	all[PAGER_NTIMES] = {{0}};
	bool		more = true;

	for (int number = 1; more; number++)
	{
		ShopPage   *page = ask_shop(number, all);

		for (int i = 0; i < page->n; i++)
			times_read[page->orders[i].id]++;
		more = (int64_t) number * PAGE_SIZE < page->total;
		free(page);
	}
}

/* ---- the pager's ---- */

static void *
resize(void *arg, void *ptr, size_t size)
{
	(void) arg;
	if (size == 0)
	{
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

static void
report_answer(Pager *pager, ShopPage *page)
{
	PagerAnswer answer = {
		.ticket = page->ticket,
		.page = page,
		.nrows = page->n,
		.ids = page->ids,
		.times = {page->created, page->changed},
		.total = page->total,
		.date = clock_of_shop,
	};

	for (int i = 0; i < page->n; i++)
	{
		page->ids[i] = page->orders[i].id;
		page->created[i] = page->orders[i].created;
		page->changed[i] = page->orders[i].changed;
	}
	pager_answer(pager, &answer);
}

/* Returns PAGER_DONE or PAGER_FAIL. */
static PagerAction
read_by_pager(int *times_read)
{
	PagerConfig config = {
		.method = PAGER_CERTIFIED,
		.key = PAGER_ADD_TIME,	/* it never changes */
		.page_size = PAGE_SIZE,
		.concurrency = 1,		/* ask_shop() waits for its answer */
		.max_pages = 16,
		.settle = 2,			/* an order shows after so many seconds */
		.limit = -1,
		.resize = resize,
	};
	Pager	   *pager = pager_create(&config);
	ShopPage   *answered = NULL;
	PagerAction action;
	PagerStep	step;

	do
	{
		switch (action = pager_next(pager, &step))
		{
			case PAGER_ASK:
				answered = ask_shop(step.request.page, step.request.range);
				answered->ticket = step.request.ticket;
				break;
			case PAGER_WAIT:
				report_answer(pager, answered);
				break;
			case PAGER_ROW:
				times_read[((ShopPage *) step.page)->orders[step.row].id]++;
				break;
			case PAGER_FREE:
				free(step.page);
				break;
			case PAGER_SLEEP:
				clock_of_shop += step.seconds;
				break;
			case PAGER_DONE:
			case PAGER_FAIL:
				break;
		}
	} while (action != PAGER_DONE && action != PAGER_FAIL);
	pager_destroy(pager);
	return action;
}

/* ---- the proof ---- */

static int
count_read(const int *times_read, int times)
{
	int			n = 0;

	for (int id = 1; id <= NORDERS; id++)
		n += times_read[id] == times;
	return n;
}

int
main(void)
{
	int			usual[NORDERS + 1] = {0};
	int			certified[NORDERS + 1] = {0};
	bool		lost;
	bool		complete;

	fill_shop();
	read_page_by_page(usual);
	lost = count_read(usual, 0) > 0;
	printf("# page by page: %d orders never, %d twice\n", count_read(usual, 0), count_read(usual, 2));
	printf("%s 1 - page by page, orders are lost\n", lost ? "ok" : "not ok");

	complete = read_by_pager(certified) == PAGER_DONE && count_read(certified, 1) == NORDERS;
	printf("%s 2 - by the pager, none is lost, and none comes twice\n1..2\n", complete ? "ok" : "not ok");
	return !lost || !complete;
}
