/*-------------------------------------------------------------------------
 *
 * reader.c
 *	  Readings of a list: the pager's steps carried out over the API.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "reader/reader_state.h"

/*
 * While there are records to hand on, the transfers are looked at after so many
 * microseconds; the clock after so many records.
 */
#define LOOK_US 2000
#define LOOK_ROWS 8

/* ---- answers and requests ---- */

static void
tell_pager(Reader *reader, int ticket, const ApiAnswer *answer)
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

	pager_answer(reader->pager, &report);
}

static void
take(Reader *reader, const ApiAnswer *answer)
{
	if (reader_batches_own(answer->ticket))
		reader_batches_answer(reader, answer);
	else if (answer->ticket > reader->first_ticket)
	{
		reader_check_ids(reader, &reader->part, answer->result);
		tell_pager(reader, answer->ticket - reader->first_ticket, answer);
	}
	else
		reader_discard_page(reader, answer->result);
}

static void
send_request(Reader *reader, const PagerRequest *request)
{
	reader->last_ticket = reader->first_ticket + request->ticket;
	reader->asks = true;
	reader_ask(reader, reader->last_ticket, &reader->part, &request->range[PAGER_ADD_TIME],
			   &request->range[PAGER_UPDATE_TIME], request->page);
}

/* ---- one reading ---- */

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

/* Answers that are still under way are dropped when they come. */
static void
end_reading(Reader *reader)
{
	pager_add_counters(&reader->ended, pager_counters(reader->pager));
	pager_destroy(reader->pager);
	reader->pager = NULL;
	reader->asks = false;
	reader->first_ticket = reader->last_ticket;
	reader->done = reader->batches.n == 0;
}

/*
 * Is it time to look at the transfers?  Once begun, it goes on until no answer is
 * left: one a record, since what is to be asked next had better be under way while
 * others are read.
 */
static bool
look_is_due(Reader *reader)
{
	TimestampTz now;

	if (reader->looking)
		return true;
	if (++reader->since_look < LOOK_ROWS)
		return false;
	reader->since_look = 0;
	now = GetCurrentTimestamp();
	if (now < reader->look_at)
		return false;
	reader->look_at = now + LOOK_US;
	return true;
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

/* The next record of the reading under way. */
static ReaderOutcome
next_record(Reader *reader, bool wait, RecordPage **page, int *row)
{
	PagerStep	step;

	if (reader->asleep_until != DT_NOBEGIN && !settle(reader, wait))
		return READER_NOT_YET;
	if (look_is_due(reader))
		reader->looking = reader_take_answer(reader, false);
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
				reader_discard_page(reader, step.page);
				break;
			case PAGER_WAIT:
				if (!reader_take_answer(reader, wait))
					return READER_NOT_YET;
				break;
			case PAGER_SLEEP:
				reader->asleep_until =
					TimestampTzPlusMilliseconds(GetCurrentTimestamp(), step.seconds * 1000);
				if (!settle(reader, wait))
					return READER_NOT_YET;
				break;
			case PAGER_DONE:
				return READER_END;
			case PAGER_FAIL:
				reader_raise_failure(reader, &step);
				break;
		}
	}
}

/* ---- for reader_batch.c ---- */

void
reader_begin(Reader *reader, const ConditionSet *part, int64 limit,
			 const ApiAnswer *first)
{
	const TableOptions *table = reader->table;
	PagerConfig config = {
		.method = reader_method(table),
		.key = window_time(table, part),
		.bounds = {part->add_time, part->update_time},
		.page_size = table->server.page_size,
		.concurrency = table->server.concurrency,
		.max_pages = MAX_PAGES - list_length(reader->batches.answers),
		.settle = reader_settle(reader),
		.limit = limit,
		.resize = reader->memory.resize,
		.resize_arg = reader->memory.arg,
	};
	PagerStep	step;

	reader->part = *part;
	reader->pager = pager_create(&config);
	if (!first)
		return;
	/* every method begins with one question */
	if (pager_next(reader->pager, &step) != PAGER_ASK || step.request.page != 1)
		elog(ERROR, "xbb_fdw has an answer to no question");
	tell_pager(reader, step.request.ticket, first);
}

bool
reader_take_answer(Reader *reader, bool wait)
{
	ApiAnswer	answer;

	if (api_next(reader->queue, wait, &answer))
		take(reader, &answer);
	else if (wait)
		elog(ERROR, "xbb_fdw waits for an answer to nothing");
	else
		return false;
	return true;
}

void
reader_ask(Reader *reader, int ticket, const ConditionSet *part,
		   const TimeRange *add_time, const TimeRange *update_time,
		   int page)
{
	char	   *elements = condition_elements(reader->table->conditions, part,
											  add_time, update_time);

	api_ask(reader->queue, ticket, elements,
			reader->table->object->paged ? page : 0,
			reader->table->server.page_size);
	pfree(elements);
}

int
reader_settle(const Reader *reader)
{
	return (reader->table->server.settle_time + 999) / 1000;
}

/* ---- public ---- */

PagerMethod
reader_method(const TableOptions *table)
{
	if (!table->object->paged)
		return PAGER_SINGLE;
	if (!table->server.snapshot)
		return PAGER_PLAIN;
	return table->object->has_times ? PAGER_CERTIFIED : PAGER_REPEATED;
}

RecordFormat *
reader_format(const TableOptions *table, TupleDesc tupdesc, Bitmapset *wanted,
			  const char *relname)
{
	char	  **attrs = palloc0(sizeof(char *) * tupdesc->natts);
	char	  **constants = palloc0(sizeof(char *) * tupdesc->natts);
	int			attnum = -1;
	RecordShape shape = {
		.list_key = table->object->list_key,
		.id_key = table->object->id_key,
		.time_zone = table->server.time_zone,
		.null_on_error = table->null_on_error,
	};

	while ((attnum = bms_next_member(wanted, attnum)) > 0)
	{
		constants[attnum - 1] = option_constant(table->relid, attnum);
		if (!constants[attnum - 1])
			attrs[attnum - 1] = option_attr(table->relid, attnum);
		option_check_column(table->relid, attnum, attrs[attnum - 1]);
	}
	return record_format(tupdesc, wanted, attrs, constants, relname, &shape);
}

Reader *
reader_open(const TableOptions *table, const ApiAccess *access, RecordFormat *format,
			const ConditionSet *set, int64 limit)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "xbb_fdw reading",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Reader	   *reader = palloc0(sizeof(Reader));
	ApiReader	api = {reader_read_page, reader_discard_page, reader};

	reader->context = context;
	reader->table = table;
	reader->set = set;
	reader->format = format;
	reader->limit = limit;
	reader->asleep_until = DT_NOBEGIN;
	reader->memory.resize = resize;
	reader->memory.arg = context;
	reader->queue = api_open(table, access, &api);
	reader_batches_plan(reader);
	if (reader->batches.n == 0)
		reader_begin(reader, set, limit, NULL);
	MemoryContextSwitchTo(old);
	return reader;
}

void
reader_close(Reader *reader)
{
	MemoryContextDelete(reader->context);
}

ReaderOutcome
reader_next(Reader *reader, bool wait, RecordPage **page, int *row)
{
	while (!reader->done)
	{
		ReaderOutcome outcome;

		if (reader->batches.n > 0)
			reader_batches_ask(reader);
		if (!reader->pager)
		{
			if (!reader_batches_begin(reader, wait))
				return READER_NOT_YET;
			continue;
		}
		outcome = next_record(reader, wait, page, row);
		if (outcome == READER_END)
			end_reading(reader);
		else if (outcome == READER_NOT_YET || reader->batches.n == 0 ||
				 reader_batches_accept(reader, (*page)->ids[*row]))
			return outcome;
	}
	return READER_END;
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
	counters->pager = reader->ended;
	if (reader->pager)
		pager_add_counters(&counters->pager, pager_counters(reader->pager));
	counters->pager.handed_on -= reader->batches.repeats;
	counters->pager.repeats += reader->batches.repeats;
	counters->api = *api_counters(reader->queue);
}

void
reader_add_counters(ReaderCounters *sum, const ReaderCounters *more)
{
	pager_add_counters(&sum->pager, &more->pager);
	api_add_counters(&sum->api, &more->api);
}
