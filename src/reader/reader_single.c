/*-------------------------------------------------------------------------
 *
 * reader_single.c
 *	  Single answers: a total, or a page for sampling.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "reader/reader_state.h"

/* What is to be seen of it, but for where it is read from. */
static void
watch(Progress *progress, const ReaderList *list)
{
	const ApiCounters *api = api_counters(list->queue);

	progress_report(progress, &(ProgressNumbers) {
		.phase = PROGRESS_ASKING,
		.windows_total = -1,
		.windows_done = -1,
		.pages_total = -1,
		.pages_done = api->rows > 0,
		.rows_total = -1,
		.rows_done = -1,
		.work_total = -1,
		.requests = api->requests,
		.bytes = api->bytes,
		.retries = api->retries,
		.throttled_us = api->throttled_us,
	});
}

/* One page, outside of any paging.  The list must live as long as its queue. */
static RecordPage *
ask_once(ReaderList *list, const ApiAccess *access, int number, int page_size)
{
	const TableOptions *table = list->table;
	const ConditionSet *set = list->set;
	ApiReader	api = {.read = reader_read_page, .discard = reader_discard_page, .arg = list};
	ProgressSubject subject = reader_subject(table);
	Progress   *progress;
	ApiAnswer	answer;

	list->queue = api_open(table, access, &api);
	progress = progress_open(list->context, &subject);
	watch(progress, list);
	api_ask(list->queue, 0,
			condition_elements(table->conditions, set, &set->add_time, &set->update_time),
			reader_window_text(&set->add_time, &set->update_time),
			table->object->paged ? number : 0, page_size);
	if (!api_next(list->queue, true, &answer))
		elog(ERROR, "xbb_fdw waits for an answer to nothing");
	watch(progress, list);
	progress_close(progress);
	return answer.result;
}

static RecordPage *
ask_page(const TableOptions *table, const ApiAccess *access, RecordFormat *format,
		 const ConditionSet *set, int number, ApiCounters *counters)
{
	ReaderList	list = {
		.context = CurrentMemoryContext,
		.table = table,
		.set = set,
		.format = format,
	};
	RecordPage *page = ask_once(&list, access, number, table->server.page_size);

	reader_check_ids(&list, set, page);
	if (counters)
		api_add_counters(counters, api_counters(list.queue));
	return page;
}

static bool
in_range(const TimeRange *range, int64 time)
{
	return (!range->has_low || time >= range->low) &&
		(!range->has_high || time <= range->high);
}

/* Do the records of a page lie where they were asked for? */
static bool
page_in_bounds(const ConditionSet *set, const RecordPage *page)
{
	for (int i = 0; i < page->nrows; i++)
		if (!in_range(&set->add_time, page->add_times[i]) ||
			!in_range(&set->update_time, page->update_times[i]))
			return false;
	return true;
}

/* A record without a time may lie below an upper bound: the API has 0 there. */
static void
keep_none_out(TimeRange *range)
{
	if (range->has_high && !range->has_low)
	{
		range->has_low = true;
		range->low = 1;
	}
}

int64
reader_total(const TableOptions *table, const ApiAccess *access, RecordFormat *format,
			 const ConditionSet *set, ApiCounters *counters)
{
	ConditionSet closed = *set;
	RecordPage *page;

	/* what is too long for one request is read and counted */
	if (set->list.nvalues > API_CONDITION_VALUES)
		return -1;
	keep_none_out(&closed.add_time);
	keep_none_out(&closed.update_time);
	set = &closed;
	page = ask_page(table, access, format, set, 1, counters);
	if (page->total < 0 || page->total >= API_LIST_RECORDS ||
		page->nrows != Min(page->total, table->server.page_size) ||
		!page_in_bounds(set, page))
		return -1;
	return page->total;
}

int64
reader_count(const TableOptions *table, Oid userid, const ConditionSet *set,
			 bool missing_ok)
{
	MemoryContext context;
	MemoryContext old;
	ReaderList	list = {.table = table,.set = set};
	PagerStep	missing = {.failure = PAGER_NO_TOTAL};
	RecordPage *page;
	int64		total;

	if (missing_ok && set->list.nvalues > API_CONDITION_VALUES)
		return -1;
	context = AllocSetContextCreate(CurrentMemoryContext, "xbb_fdw count",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	list.context = context;
	list.format = reader_format(table, CreateTemplateTupleDesc(0), NULL, "");
	page = ask_once(&list, api_access(table, userid, context), 1, 1);
	total = page->total;
	missing.received = page->nrows;
	if (total < 0 && !missing_ok)
		reader_raise_failure(&list, &missing);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return total;
}

RecordPage *
reader_page(const TableOptions *table, const ApiAccess *access, RecordFormat *format,
			const ConditionSet *set, int number)
{
	return ask_page(table, access, format, set, number, NULL);
}
