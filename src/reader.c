/*-------------------------------------------------------------------------
 *
 * reader.c
 *	  One reading of a list: the pager's steps carried out over the API.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "reader.h"

/* Undelivered pages held at most (design G2). */
#define MAX_PAGES 64

/* dataIds in one condition; a public client asks for as many (xbb-api 3, C). */
#define IDS_A_REQUEST 50

/* Records handed on between two looks at the transfers. */
#define POLL_ROWS 25

/* A total that may be a limit of the API rather than a count (xbb-api 2, U). */
#define TOTAL_CAP 10000

struct Reader
{
	MemoryContext context;		/* owns everything, pages included */
	const OptionTable *table;
	const ConditionSet *set;
	RecordFormat *format;
	ApiQueue   *queue;
	Pager	   *pager;
	bool		unpaged;		/* the request names no page */
	int			since_poll;		/* records handed on since the last look */
	TimestampTz asleep_until;	/* the list settles then; DT_NOBEGIN: awake */
	bool		done;

	/* a lookup of many dataIds, instead of the pager */
	int			nbatches;		/* of ids, 0 if this is no lookup */
	int			next_batch;		/* to be asked for */
	int			in_flight;
	List	   *arrived;		/* pages whose records are to be handed on */
	int			next_row;		/* of the first of them */
};

/* ---- answers ---- */

static void *
read_page(void *arg, const char *body, size_t length, ApiEnvelope *envelope)
{
	Reader	   *reader = arg;
	RecordPage *page = record_read(reader->format, reader->context, body, length,
								   &envelope->unreadable);

	if (!page)
		return NULL;
	envelope->has_code = page->has_code;
	envelope->code = page->code;
	envelope->has_success = page->has_success;
	envelope->success = page->success;
	envelope->msg = page->msg;
	envelope->nrows = page->nrows;
	/* a list that counts nothing may be left out */
	if (!page->has_list && page->total != 0 &&
		(!page->has_code || page->code == 1) &&
		(!page->has_success || page->success))
		envelope->unreadable = psprintf("it has no list \"%s\"",
										reader->table->object->list_key);
	return page;
}

static void
discard_page(void *arg, void *page)
{
	MemoryContextDelete(((RecordPage *) page)->context);
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a,
				y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* A record that was not asked for: the API ignored the condition on dataId. */
static void
check_ids(Reader *reader, const RecordPage *page)
{
	const ConditionSet *set = reader->set;

	if (set->nids < 0)
		return;
	for (int i = 0; i < page->nrows; i++)
		if (!bsearch(&page->ids[i], set->ids, set->nids, sizeof(int64), compare_ids))
		{
			api_count_data_error(reader->queue, "the condition on dataId was ignored");
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("the API ignored the condition on dataId"),
					 errdetail("It returned record %lld, which was not asked for.",
							   (long long) page->ids[i]),
					 errhint("A comparison that is not pushed down, such as data_id + 0 = ..., reads the whole list instead.")));
		}
}

/*
 * The answer to a batch of ids.  Ids are unique, so one page holds them all, and
 * one answer is one instant.
 */
static void
take_batch(Reader *reader, RecordPage *page)
{
	MemoryContext old = MemoryContextSwitchTo(reader->context);

	reader->in_flight--;
	if (page->total != page->nrows)
	{
		api_count_data_error(reader->queue, "totalCount and records of a lookup differ");
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the API's answer to a lookup of dataIds is not complete"),
				 errdetail("totalCount was %lld, the records received were %d.",
						   (long long) page->total, page->nrows)));
	}
	reader->arrived = lappend(reader->arrived, page);
	MemoryContextSwitchTo(old);
}

static void
report_answer(Reader *reader, const ApiAnswer *answer)
{
	RecordPage *page = answer->page;
	PagerAnswer report = {
		.ticket = answer->ticket,
		.page = page,
		.nrows = page->nrows,
		.ids = page->ids,
		.times = {page->add_times, page->update_times},
		.total = page->total,
		.date = answer->date,
	};

	check_ids(reader, page);
	if (reader->nbatches > 0)
		take_batch(reader, page);
	else
		pager_answer(reader->pager, &report);
}

/* ---- failures ---- */

static const char *
time_text(int64 epoch)
{
	return timestamptz_to_str(time_t_to_timestamptz((pg_time_t) epoch));
}

static char *
range_text(const PagerRange *range)
{
	return psprintf("from %s to %s",
					range->has_low ? psprintf("%lld", (long long) range->low) : "the beginning",
					range->has_high ? psprintf("%lld", (long long) range->high) : "the end");
}

static void
raise_failure(Reader *reader, const PagerStep *step)
{
	const char *name = reader->table->object->path;
	const char *message = NULL;
	char	   *detail;
	const char *hint = "Try again; if the list never settles, read narrower ranges of its update time.";

	detail = psprintf("totalCount was %lld, the records received were %lld.",
					  (long long) step->expected, (long long) step->received);
	switch (step->failure)
	{
		case PAGER_IGNORED:
			message = "the API ignored a condition that was sent";
			detail = psprintf("Record %lld has the %s %lld (%s), outside the range asked for, %s.",
							  (long long) step->id,
							  step->time_kind == PAGER_ADD_TIME ? "addTime" : "updateTime",
							  (long long) step->time, time_text(step->time),
							  range_text(&step->range));
			hint = "If this object takes no conditions on times, set the table's option snapshot to false.";
			break;
		case PAGER_NO_FAILURE:
		case PAGER_UNSTABLE:
			message = "the list changed faster than it could be read completely";
			break;
		case PAGER_UNAUDITED:
			message = "the list counts more records than its parts show";
			break;
		case PAGER_NO_TOTAL:
			message = "the API's answer has no totalCount, so that a complete list cannot be proven";
			detail = psprintf("The answer had %lld records.", (long long) step->received);
			hint = "Conditions that make the list fit one page may help.";
			break;
		case PAGER_CHANGED:
			message = "the list was not read completely: it changed, or the API returned less than it counts";
			break;
		case PAGER_CAPPED:
			message = "the API may count no further than this, so that a complete list cannot be proven";
			hint = "Read narrower ranges of its update time.";
			break;
	}
	api_count_data_error(reader->queue, message);
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("%s", message),
			 errdetail("%s Request: POST %s.", detail, name),
			 errhint("%s", hint)));
}

/* ---- requests ---- */

static ConditionRange
narrowed(const PagerRange *range)
{
	ConditionRange result = {range->has_low, range->has_high, range->low, range->high};

	return result;
}

static void
send_request(Reader *reader, const PagerRequest *request)
{
	ConditionRange add = narrowed(&request->range[PAGER_ADD_TIME]);
	ConditionRange update = narrowed(&request->range[PAGER_UPDATE_TIME]);
	char	   *elements = condition_elements(reader->table->conditions, reader->set,
											  &add, &update);

	api_ask(reader->queue, request->ticket, elements,
			reader->unpaged ? 0 : request->page, request->page_size);
	pfree(elements);
}

/*
 * Lets transfers proceed; takes an answer, waiting for it if asked to.  One at a
 * time: what is to be asked next had better be under way while others are read.
 */
static bool
take_answer(Reader *reader, bool wait)
{
	ApiAnswer	answer;

	reader->since_poll = 0;
	if (!api_next(reader->queue, wait, &answer))
		return false;
	report_answer(reader, &answer);
	return true;
}

/* ---- opening ---- */

PagerMethod
reader_method(const OptionTable *table)
{
	if (!table->object->paged)
		return PAGER_SINGLE;
	if (!table->server.snapshot)
		return PAGER_PLAIN;
	return table->object->has_times ? PAGER_CERTIFIED : PAGER_REPEATED;
}

RecordFormat *
reader_format(const OptionTable *table, TupleDesc tupdesc, Bitmapset *wanted,
			  const char *relname)
{
	char	  **attrs = palloc0(sizeof(char *) * tupdesc->natts);
	int			attnum = -1;
	RecordShape shape = {
		.list_key = table->object->list_key,
		.id_key = table->object->id_key,
		.time_zone = table->server.time_zone,
		.null_on_error = table->null_on_error,
	};

	while ((attnum = bms_next_member(wanted, attnum)) > 0)
	{
		attrs[attnum - 1] = option_attr(table->relid, attnum);
		option_check_column(table->relid, attnum, attrs[attnum - 1]);
	}
	return record_format(tupdesc, wanted, attrs, relname, &shape);
}

static void *
resize(void *arg, void *ptr, size_t size)
{
	if (size == 0)
	{
		if (ptr)
			pfree(ptr);
		return NULL;
	}
	return ptr ? repalloc_huge(ptr, size) : MemoryContextAllocHuge(arg, size);
}

static PagerRange
bounds(const ConditionRange *range)
{
	PagerRange	result = {range->has_low, range->has_high, range->low, range->high};

	return result;
}

/*
 * addTime never changes: windows by it are the steadier, as long as membership
 * of the list does not depend on something that may change.
 */
static PagerTime
window_time(const OptionTable *table, const ConditionSet *set)
{
	if (set->changeable || set->update_time.has_low || set->update_time.has_high ||
		table->conditions || table->params)
		return PAGER_UPDATE_TIME;
	return PAGER_ADD_TIME;
}

static int
ids_a_request(const Reader *reader)
{
	return Min(IDS_A_REQUEST, reader->table->server.page_size);
}

Reader *
reader_open(const OptionTable *table, Oid userid, RecordFormat *format,
			const ConditionSet *set, int64 limit)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "xbb_fdw reading",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Reader	   *reader = palloc0(sizeof(Reader));
	ApiReader	api = {read_page, discard_page, reader};
	PagerConfig config = {
		.method = reader_method(table),
		.key = window_time(table, set),
		.bounds = {bounds(&set->add_time), bounds(&set->update_time)},
		.page_size = table->server.page_size,
		.concurrency = table->server.concurrency,
		.max_pages = MAX_PAGES,
		.settle = (table->server.settle_time + 999) / 1000,
		.limit = limit,
		.resize = resize,
		.resize_arg = context,
	};

	reader->context = context;
	reader->table = table;
	reader->set = set;
	reader->format = format;
	reader->unpaged = !table->object->paged;
	reader->asleep_until = DT_NOBEGIN;
	reader->queue = api_open(table, userid, &api);
	reader->pager = pager_create(&config);
	if (set->nids > ids_a_request(reader))
		reader->nbatches = (set->nids - 1) / ids_a_request(reader) + 1;
	MemoryContextSwitchTo(old);
	return reader;
}

void
reader_close(Reader *reader)
{
	MemoryContextDelete(reader->context);
}

/* Waits until the list has settled; false if that is yet to come. */
static bool
settle(Reader *reader, bool wait)
{
	if (wait)
		api_sleep(reader->queue, reader->asleep_until);
	else if (GetCurrentTimestamp() < reader->asleep_until)
		return false;
	reader->asleep_until = DT_NOBEGIN;
	return true;
}

/* Asks for batches of ids, as many at a time as may be in flight. */
static void
ask_batches(Reader *reader)
{
	const ConditionSet *set = reader->set;
	int			size = ids_a_request(reader);

	while (reader->next_batch < reader->nbatches &&
		   reader->in_flight < reader->table->server.concurrency &&
		   list_length(reader->arrived) < MAX_PAGES)
	{
		ConditionSet batch = *set;
		char	   *elements;

		batch.ids += reader->next_batch * size;
		batch.nids = Min(size, set->nids - reader->next_batch * size);
		elements = condition_elements(reader->table->conditions, &batch,
									  &set->add_time, &set->update_time);
		api_ask(reader->queue, reader->next_batch, elements, 1,
				reader->table->server.page_size);
		pfree(elements);
		reader->next_batch++;
		reader->in_flight++;
	}
}

static ReaderOutcome
next_looked_up(Reader *reader, bool wait, RecordPage **page, int *row)
{
	for (;;)
	{
		ask_batches(reader);
		if (reader->arrived != NIL)
		{
			*page = linitial(reader->arrived);
			if (reader->next_row < (*page)->nrows)
			{
				*row = reader->next_row++;
				return READER_ROW;
			}
			discard_page(reader, *page);
			reader->arrived = list_delete_first(reader->arrived);
			reader->next_row = 0;
		}
		else if (reader->in_flight == 0)
			return READER_END;
		else if (!take_answer(reader, wait))
			return READER_NOT_YET;
	}
}

ReaderOutcome
reader_next(Reader *reader, bool wait, RecordPage **page, int *row)
{
	PagerStep	step;

	if (reader->done)
		return READER_END;
	if (reader->nbatches > 0)
		return next_looked_up(reader, wait, page, row);
	if (reader->asleep_until != DT_NOBEGIN && !settle(reader, wait))
		return READER_NOT_YET;
	if (++reader->since_poll >= POLL_ROWS)
		take_answer(reader, false);
	for (;;)
	{
		switch (pager_next(reader->pager, &step))
		{
			case PAGER_ASK:
				send_request(reader, &step.request);
				break;
			case PAGER_ROW:
				*page = step.page;
				*row = step.row;
				return READER_ROW;
			case PAGER_FREE:
				MemoryContextDelete(((RecordPage *) step.page)->context);
				break;
			case PAGER_WAIT:
				if (take_answer(reader, wait))
					break;
				if (wait)
					elog(ERROR, "xbb_fdw waits for an answer to nothing");
				return READER_NOT_YET;
			case PAGER_SLEEP:
				reader->asleep_until =
					TimestampTzPlusMilliseconds(GetCurrentTimestamp(), step.seconds * 1000);
				if (!settle(reader, wait))
					return READER_NOT_YET;
				break;
			case PAGER_DONE:
				reader->done = true;
				return READER_END;
			case PAGER_FAIL:
				raise_failure(reader, &step);
				break;
		}
	}
}

pgsocket
reader_descriptor(Reader *reader)
{
	return api_descriptor(reader->queue,
						  reader->asleep_until == DT_NOBEGIN ? DT_NOEND : reader->asleep_until);
}

void
reader_counters(const Reader *reader, ReaderCounters *counters)
{
	counters->pager = *pager_counters(reader->pager);
	counters->api = *api_counters(reader->queue);
}

/* ---- single answers ---- */

/* One page, outside of any paging. */
static RecordPage *
ask_page(const OptionTable *table, Oid userid, RecordFormat *format,
		 const ConditionSet *set, int number, ApiCounters *counters)
{
	Reader		reader = {
		.context = CurrentMemoryContext,
		.table = table,
		.set = set,
		.format = format,
	};
	ApiReader	api = {read_page, discard_page, &reader};
	ApiAnswer	answer;

	reader.queue = api_open(table, userid, &api);
	api_ask(reader.queue, 0,
			condition_elements(table->conditions, set, &set->add_time, &set->update_time),
			table->object->paged ? number : 0, table->server.page_size);
	if (!api_next(reader.queue, true, &answer))
		elog(ERROR, "xbb_fdw waits for an answer to nothing");
	check_ids(&reader, answer.page);
	if (counters)
		api_add_counters(counters, api_counters(reader.queue));
	return answer.page;
}

static bool
in_range(const ConditionRange *range, int64 time)
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

int64
reader_total(const OptionTable *table, Oid userid, RecordFormat *format,
			 const ConditionSet *set, ApiCounters *counters)
{
	RecordPage *page = ask_page(table, userid, format, set, 1, counters);

	if (page->total < 0 || page->total >= TOTAL_CAP ||
		page->nrows != Min(page->total, table->server.page_size) ||
		!page_in_bounds(set, page))
		return -1;
	return page->total;
}

RecordPage *
reader_page(const OptionTable *table, Oid userid, RecordFormat *format,
			const ConditionSet *set, int number)
{
	return ask_page(table, userid, format, set, number, NULL);
}
