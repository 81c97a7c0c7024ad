/*-------------------------------------------------------------------------
 *
 * reading.c
 *	  One reading of a list: the pager's steps carried out over the API.
 *
 * It asks for pages, but does not wait for them: whoever drives it hands it the
 * answers that are its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "reader/reader_state.h"

/*
 * addTime never changes: windows by it are the steadier, as long as membership
 * of the list does not depend on something that may change.
 */
static PagerTime
window_time(const TableOptions *table, const ConditionSet *set)
{
	if (set->changeable || set->update_time.has_low || set->update_time.has_high ||
		table->conditions || table->params)
		return PAGER_UPDATE_TIME;
	return PAGER_ADD_TIME;
}

static void
send_request(Reading *reading, const PagerRequest *request)
{
	reading->last_ticket = reading->first_ticket + request->ticket;
	reading->asks = true;
	reader_ask(reading->list, reading->last_ticket, &reading->part,
			   &request->range[PAGER_ADD_TIME], &request->range[PAGER_UPDATE_TIME],
			   request->page);
}

static void
tell_pager(Reading *reading, int ticket, const ApiAnswer *answer)
{
	RecordPage *page = answer->result;
	PagerAnswer report = {
		.ticket = ticket,
		.page = page,
		.nrows = page->nrows,
		.ids = page->ids,
		.times = {page->add_times, page->update_times},
		.total = page->total,
		.date = answer->date,
	};

	pager_answer(reading->pager, &report);
}

/* ---- lists ---- */

PagerMethod
reader_method(const TableOptions *table)
{
	if (!table->object->paged)
		return PAGER_SINGLE;
	if (!table->server.snapshot)
		return PAGER_PLAIN;
	return table->object->has_times ? PAGER_CERTIFIED : PAGER_REPEATED;
}

int64
reader_requests(const TableOptions *table, int64 total, int64 wanted)
{
	int			page_size = table->server.page_size;
	bool		all = wanted < 0 || wanted >= total;
	int64		records = all ? total : wanted;
	int64		pages = Max((records + page_size - 1) / page_size, 1);

	switch (reader_method(table))
	{
		case PAGER_SINGLE:
			return 1;
		case PAGER_REPEATED:
			return total <= page_size ? 1 : 2 * ((total + page_size - 1) / page_size);
		case PAGER_PLAIN:
			return pages;
		case PAGER_CERTIFIED:
			break;
	}
	/* windows, and what their ends and the audit take: see doc/performance.md */
	return !all || pages == 1 ? pages : pages + 2 + pages / 40;
}

/* The first answer has the total: a list that is too long for the statement ends here. */
static void
check_requests(const Reading *reading, const RecordPage *page)
{
	const ReaderList *list = reading->list;
	int64		limit;
	int64		left = api_requests_left(list->queue, &limit);
	int64		more = 0;

	if (left < 0 || page->total < 0)
		return;
	if (page->total != page->nrows)
		more = reader_requests(list->table, page->total, reading->limit) - 1;
	if (list->asks_each)
		more += reading->limit < 0 ? page->total : Min(reading->limit, page->total);
	if (more > left)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("this would take some %lld requests more, and the statement may send %lld in all",
						(long long) more, (long long) limit),
				 errdetail("The list has %lld records.", (long long) page->total),
				 errhint("Ask for less, read a local copy, or raise request_limit of server, table, user mapping and session.")));
}

int
reader_settle(const ReaderList *list)
{
	return (list->table->server.settle_time + 999) / 1000;
}

void
reader_ask(const ReaderList *list, int ticket, const ConditionSet *part,
		   const TimeRange *add_time, const TimeRange *update_time,
		   int page)
{
	char	   *elements = condition_elements(list->table->conditions, part,
											  add_time, update_time);
	char	   *window = reader_window_text(add_time, update_time);

	api_ask(list->queue, ticket, elements, window,
			list->table->object->paged ? page : 0,
			list->table->server.page_size);
	pfree(elements);
	if (window)
		pfree(window);
}

/* ---- readings ---- */

void
reading_begin(Reading *reading, const ConditionSet *part, int64 limit,
			  int max_pages, const ApiAnswer *first)
{
	const ReaderList *list = reading->list;
	PagerConfig config = {
		.method = reader_method(list->table),
		.key = window_time(list->table, part),
		.bounds = {part->add_time, part->update_time},
		.page_size = list->table->server.page_size,
		.concurrency = list->table->server.concurrency,
		.max_pages = max_pages,
		.settle = reader_settle(list),
		.limit = limit,
		.resize = list->memory.resize,
		.resize_arg = list->memory.arg,
		.seed = list->memory.seed,
	};
	const RecordPage *page;
	PagerStep	step;

	reading->part = *part;
	reading->limit = limit;
	reading->pager = pager_create(&config);
	if (!first)
		return;
	/* every method begins with one question */
	if (pager_next(reading->pager, &step) != PAGER_ASK || step.request.page != 1)
		elog(ERROR, "xbb_fdw has an answer to no question");
	page = first->result;
	reading->asks = page->total != page->nrows;
	tell_pager(reading, step.request.ticket, first);
}

void
reading_end(Reading *reading)
{
	pager_add_counters(&reading->ended, pager_counters(reading->pager));
	pager_destroy(reading->pager);
	reading->pager = NULL;
	reading->asks = false;
	reading->first_ticket = reading->last_ticket;
}

bool
reading_owns(const Reading *reading, int ticket)
{
	return ticket > reading->first_ticket;
}

void
reading_answer(Reading *reading, const ApiAnswer *answer)
{
	reader_check_ids(reading->list, &reading->part, answer->result);
	if (answer->ticket == reading->first_ticket + 1)
		check_requests(reading, answer->result);
	tell_pager(reading, answer->ticket - reading->first_ticket, answer);
}

bool
reading_wake(Reading *reading, bool wait)
{
	if (reading->asleep_until == DT_NOBEGIN)
		return true;
	if (wait)
		api_sleep(reading->list->queue, reading->asleep_until);
	else if (wait_clock() < reading->asleep_until)
		return false;
	reading->asleep_until = DT_NOBEGIN;
	return true;
}

ReadingOutcome
reading_next(Reading *reading, RecordPage **page, int *row)
{
	PagerStep	step;

	for (;;)
	{
		switch (pager_next(reading->pager, &step))
		{
			case PAGER_ASK:
				send_request(reading, &step.request);
				break;
			case PAGER_ROW:
				*page = step.page;
				*row = step.row;
				return READING_ROW;
			case PAGER_FREE:
				reader_discard_page(NULL, step.page);
				break;
			case PAGER_WAIT:
				return READING_WAITS;
			case PAGER_SLEEP:
				reading->asleep_until =
					wait_later(wait_clock(), step.seconds * 1000);
				return READING_SLEEPS;
			case PAGER_DONE:
				return READING_END;
			case PAGER_FAIL:
				reader_raise_failure(reading->list, &step);
				break;
		}
	}
}

void
reading_counters(const Reading *reading, PagerCounters *counters)
{
	*counters = reading->ended;
	if (reading->pager)
		pager_add_counters(counters, pager_counters(reading->pager));
}
