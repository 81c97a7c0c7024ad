/*-------------------------------------------------------------------------
 *
 * reader.c
 *	  The records of a list, one after the other.
 *
 * Takes the answers as they come and hands each to whoever asked: the reading under
 * way, or the batches that wait for theirs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "reader/reader_state.h"

/*
 * While there are records to hand on, the transfers are looked at after so many
 * microseconds; the clock after so many records.
 */
#define LOOK_US 2000
#define LOOK_ROWS 8

/* See reader_refuse_above. */
static struct
{
	Oid			relid;			/* InvalidOid: of none */
	int64		most;
	int64		refused;
}			refusal = {InvalidOid, -1, -1};

static void
forget_refusal(void *unused)
{
	refusal.relid = InvalidOid;
}

/* How much a reading that opens may read. */
static int64
take_refusal(Oid relid)
{
	if (refusal.relid != relid)
		return -1;
	forget_refusal(NULL);
	return refusal.most;
}

static void *
resize_memory(void *arg, void *ptr, size_t size)
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
 * Lets transfers proceed; takes an answer, waiting for it if asked to: false
 * then does not happen.  One at a time: what is to be asked next had better be
 * under way while others are read.
 */
static bool
take_answer(Reader *reader, bool wait)
{
	ApiAnswer	answer;

	if (!api_next(reader->list.queue, wait, &answer))
	{
		if (wait)
			elog(ERROR, "xbb_fdw waits for an answer to nothing");
		return false;
	}
	if (reader_batches_own(answer.ticket))
		reader_batches_answer(reader, &answer);
	else if (reading_owns(&reader->reading, answer.ticket))
	{
		if (reader->most >= 0 && ((RecordPage *) answer.result)->total > reader->most)
		{
			refusal.refused = ((RecordPage *) answer.result)->total;
			reader->done = true;
		}
		reader->most = -1;
		reading_answer(&reader->reading, &answer);
	}
	else
		reader_discard_page(NULL, answer.result);
	reader_watch(reader);
	return true;
}

/*
 * Is it time to look at the transfers?  Once begun, it goes on until no answer is
 * left: one a record, since what is to be asked next had better be under way while
 * others are read.
 */
static bool
look_is_due(Reader *reader)
{
	WaitTime	now;

	if (reader->looking)
		return true;
	if (++reader->since_look < LOOK_ROWS)
		return false;
	reader->since_look = 0;
	now = wait_clock();
	if (now < reader->look_at)
		return false;
	reader->look_at = now + LOOK_US;
	return true;
}

/* The next record of the reading under way. */
static ReaderOutcome
next_record(Reader *reader, bool wait, RecordPage **page, int *row)
{
	if (!reading_wake(&reader->reading, wait))
		return READER_NOT_YET;
	if (look_is_due(reader))
		reader->looking = take_answer(reader, false);
	while (!reader->done)
	{
		switch (reading_next(&reader->reading, page, row))
		{
			case READING_ROW:
				return READER_ROW;
			case READING_END:
				return READER_END;
			case READING_WAITS:
				if (!take_answer(reader, wait))
					return READER_NOT_YET;
				break;
			case READING_SLEEPS:
				if (!reading_wake(&reader->reading, wait))
					return READER_NOT_YET;
				break;
		}
	}
	return READER_END;
}

/* ---- public ---- */

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
		.most_rows = table->object->paged ? API_ANSWER_RECORDS : API_WHOLE_RECORDS,
		.most_bytes = table->server.max_response_size,
		/* of a product's children (xbb-api 6, A) */
		.parent_key = strstr(table->object->path, "/product/list") ? "num_3" : NULL,
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
	ReaderList *list = &reader->list;
	ApiReader	api = {.read = reader_read_page, .discard = reader_discard_page, .arg = list};

	list->context = context;
	list->table = table;
	list->set = set;
	list->format = format;
	list->memory.resize = resize_memory;
	list->memory.arg = context;
	list->memory.seed = pg_prng_uint64(&pg_global_prng_state);
	list->queue = api_open(table, access, &api);
	reader->limit = limit;
	reader->most = take_refusal(table->relid);
	reader->reading.list = list;
	reader->reading.asleep_until = DT_NOBEGIN;
	reader_batches_plan(reader);
	if (reader->batches.n == 0)
		reading_begin(&reader->reading, set, limit, MAX_PAGES, NULL);
	reader_watch_begin(reader);
	MemoryContextSwitchTo(old);
	return reader;
}

void
reader_close(Reader *reader)
{
	MemoryContextDelete(reader->list.context);
}

ReaderOutcome
reader_next(Reader *reader, bool wait, RecordPage **page, int *row)
{
	while (!reader->done)
	{
		ReaderOutcome outcome;

		if (reader->batches.n > 0)
			reader_batches_ask(reader);
		if (!reader->reading.pager)
		{
			while (reader_batches_wait(reader))
				if (!take_answer(reader, wait))
					return READER_NOT_YET;
			reader->done = !reader_batches_begin(reader);
			continue;
		}
		outcome = next_record(reader, wait, page, row);
		if (outcome == READER_END)
		{
			reading_end(&reader->reading);
			reader->done = reader->done || reader->batches.n == 0;
		}
		else if (outcome == READER_NOT_YET || reader->batches.n == 0 ||
				 reader_batches_accept(reader, (*page)->ids[*row]))
			return outcome;
	}
	reader_watch_end(reader);
	return READER_END;
}

void
reader_detailed(Reader *reader, int64 records, const ApiCounters *spent)
{
	reader->has_details = true;
	reader->detailed += records;
	api_add_counters(&reader->details, spent);
	reader_watch(reader);
}

void
reader_asks_each(Reader *reader)
{
	reader->list.asks_each = true;
}

void
reader_refuse_above(Oid relid, int64 most)
{
	MemoryContextCallback *callback;

	refusal.refused = -1;
	refusal.most = most;
	refusal.relid = most >= 0 ? relid : InvalidOid;
	if (most < 0)
		return;
	/* no reading of a later transaction is meant */
	callback = MemoryContextAllocZero(CurTransactionContext, sizeof(*callback));
	callback->func = forget_refusal;
	MemoryContextRegisterResetCallback(CurTransactionContext, callback);
}

int64
reader_refused(void)
{
	return refusal.refused;
}

pgsocket
reader_descriptor(Reader *reader)
{
	WaitTime	asleep_until = reader->reading.asleep_until;

	return api_descriptor(reader->list.queue,
						  asleep_until == DT_NOBEGIN ? DT_NOEND : asleep_until);
}

void
reader_counters(const Reader *reader, ReaderCounters *counters)
{
	reading_counters(&reader->reading, &counters->pager);
	counters->pager.handed_on -= reader->batches.repeats;
	counters->pager.repeats += reader->batches.repeats;
	counters->api = *api_counters(reader->list.queue);
}

void
reader_add_counters(ReaderCounters *sum, const ReaderCounters *more)
{
	pager_add_counters(&sum->pager, &more->pager);
	api_add_counters(&sum->api, &more->api);
}
