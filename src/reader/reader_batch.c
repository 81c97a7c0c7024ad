/*-------------------------------------------------------------------------
 *
 * reader_batch.c
 *	  Lists of values too long for one condition, cut into batches.
 *
 * Each batch is a reading of its own.  Its first question is asked while earlier
 * ones are handed on, and mostly the answer holds all.
 *
 * dataIds never change, so the batches together are the list.  A text or number
 * may change from a value of a batch not yet read to one of a batch already
 * read, and its record would be missed.  It then carries an updateTime that is
 * no earlier than the first question, so a last reading asks for what changed
 * since, whatever its values: the caller checks these anyway.  An id is handed
 * on once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "reader/reader_state.h"

/* Tickets of batches are negative, those of pagers positive. */
#define TICKET_OF(batch) (-1 - (batch))
#define BATCH_OF(ticket) (-1 - (ticket))

static bool
is_lookup(const Reader *reader)
{
	return reader->list.set->nids >= 0;
}

/* A part of the set that asks for one batch of its list. */
static ConditionSet
batch_of(const Reader *reader, int batch)
{
	const ReaderBatches *batches = &reader->batches;
	ConditionSet part = *reader->list.set;

	part.list.values += batch * batches->size;
	part.list.nvalues = Min(batches->size, part.list.nvalues - batch * batches->size);
	if (is_lookup(reader))
	{
		part.ids += batch * batches->size;
		part.nids = part.list.nvalues;
	}
	return part;
}

static int64
seconds_since(instr_time then)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, then);
	return (int64) INSTR_TIME_GET_DOUBLE(now) + 1;
}

/*
 * What an answer says about the API's clock when the batches were opened.  That
 * clock is its Date, or at least the newest updateTime, less the time that has
 * passed since: none of the batches was answered before.
 */
static void
note_start(ReaderBatches *batches, const ApiAnswer *answer)
{
	const RecordPage *page = answer->result;
	int64		clock = answer->date;
	int64		start;

	for (int i = 0; answer->date < 0 && i < page->nrows; i++)
		clock = Max(clock, page->update_times[i]);
	if (clock <= 0)
		return;
	start = clock - seconds_since(batches->opened);
	if (!batches->has_start || start > batches->start)
		batches->start = start;
	batches->has_start = true;
}

/*
 * A record that met the conditions all the time and was in no batch has changed
 * since the start, and this asks for it.  False if the conditions themselves
 * exclude what has changed.
 */
static bool
narrow_to_changes(const Reader *reader, ConditionSet *part)
{
	const ReaderBatches *batches = &reader->batches;
	int64		low = batches->start - reader_settle(&reader->list);

	*part = *reader->list.set;
	part->list.nvalues = 0;
	if (batches->has_start && (!part->update_time.has_low || part->update_time.low < low))
	{
		part->update_time.has_low = true;
		part->update_time.low = low;
	}
	return !part->update_time.has_low || !part->update_time.has_high ||
		part->update_time.low <= part->update_time.high;
}

/* Does the next reading need requests beyond its first? */
static bool
is_long(const Reader *reader)
{
	const ApiAnswer *answer;
	const RecordPage *page;

	if (reader->batches.answers == NIL)
		return false;
	answer = linitial(reader->batches.answers);
	page = answer->result;
	return page->total != page->nrows;
}

/* How many batches may be in flight: with a limit 1, 2, 4, 8, as pages are. */
static int
most_batches_in_flight(const Reader *reader)
{
	int			most = reader->list.table->server.concurrency;

	return reader->limit < 0 ? most : Min(most, reader->batches.answered + 1);
}

/* With a limit, not before it is known that the records so far are too few. */
static bool
wants_more(const Reader *reader)
{
	return reader->limit < 0 || (!reader->reading.pager && reader->batches.answers == NIL);
}

/* ---- for reader.c ---- */

void
reader_batches_plan(Reader *reader)
{
	ReaderBatches *batches = &reader->batches;
	PagerMethod method = reader_method(reader->list.table);
	int			nvalues = reader->list.set->list.nvalues;

	INSTR_TIME_SET_CURRENT(batches->opened);
	batches->size = Min(API_CONDITION_VALUES, reader->list.table->server.page_size);
	/* where there are no times, nothing would tell what changed meanwhile */
	if (nvalues <= batches->size ||
		!(is_lookup(reader) || method == PAGER_CERTIFIED || method == PAGER_PLAIN))
		return;
	batches->n = (nvalues - 1) / batches->size + 1;
	batches->catches_up = !is_lookup(reader) && method == PAGER_CERTIFIED;
}

void
reader_batches_ask(Reader *reader)
{
	ReaderBatches *batches = &reader->batches;

	/* a reading with requests of its own keeps the API busy by itself */
	if (reader->reading.asks || is_long(reader) || !wants_more(reader))
		return;
	while (batches->next < batches->n &&
		   batches->in_flight < most_batches_in_flight(reader) &&
		   batches->in_flight + list_length(batches->answers) < MAX_PAGES - PAGER_PAGES)
	{
		ConditionSet part = batch_of(reader, batches->next);

		reader_ask(&reader->list, TICKET_OF(batches->next), &part, &part.add_time,
				   &part.update_time, 1);
		batches->next++;
		batches->in_flight++;
	}
}

bool
reader_batches_own(int ticket)
{
	return ticket < 0;
}

void
reader_batches_answer(Reader *reader, const ApiAnswer *answer)
{
	ReaderBatches *batches = &reader->batches;
	MemoryContext old = MemoryContextSwitchTo(reader->list.context);
	ApiAnswer  *kept = palloc(sizeof(ApiAnswer));
	ConditionSet part = batch_of(reader, BATCH_OF(answer->ticket));

	reader_check_ids(&reader->list, &part, answer->result);
	note_start(batches, answer);
	*kept = *answer;
	batches->answers = lappend(batches->answers, kept);
	batches->in_flight--;
	batches->answered++;
	MemoryContextSwitchTo(old);
}

bool
reader_batches_wait(const Reader *reader)
{
	const ReaderBatches *batches = &reader->batches;

	/* no more than "concurrency" in flight, whoever asks */
	return batches->in_flight > 0 && (batches->answers == NIL || is_long(reader));
}

/* Begins a reading in what room the answers that are kept leave it. */
static void
begin_part(Reader *reader, const ConditionSet *part, int64 limit, const ApiAnswer *first)
{
	reading_begin(&reader->reading, part, limit,
				  MAX_PAGES - list_length(reader->batches.answers), first);
}

bool
reader_batches_begin(Reader *reader)
{
	ReaderBatches *batches = &reader->batches;
	ConditionSet part;

	if (batches->answers != NIL)
	{
		ApiAnswer  *answer = linitial(batches->answers);
		int64		limit = reader->limit < 0 ? -1 :
			Max(reader->limit - reader->reading.ended.handed_on, 1);

		batches->answers = list_delete_first(batches->answers);
		part = batch_of(reader, BATCH_OF(answer->ticket));
		begin_part(reader, &part, limit, answer);
		pfree(answer);
		return true;
	}
	if (batches->catches_up && narrow_to_changes(reader, &part))
	{
		batches->catches_up = false;
		begin_part(reader, &part, -1, NULL);
		return true;
	}
	return false;
}

bool
reader_batches_accept(Reader *reader, int64 id)
{
	if (is_lookup(reader) || idset_add(&reader->batches.seen, &reader->list.memory, id))
		return true;
	reader->batches.repeats++;
	return false;
}
