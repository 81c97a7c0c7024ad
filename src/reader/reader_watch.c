/*-------------------------------------------------------------------------
 *
 * reader_watch.c
 *	  How far a reading is, for xbb.progress.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "reader/reader_state.h"

static ProgressPhase
phase_of(PagerStage stage)
{
	switch (stage)
	{
		case PAGER_ASKS:
			break;
		case PAGER_CERTIFIES:
			return PROGRESS_CERTIFYING;
		case PAGER_AUDITS:
			return PROGRESS_AUDITING;
		case PAGER_RETURNS:
			return PROGRESS_RETURNING;
	}
	return PROGRESS_ASKING;
}

static ProgressMethod
method_of(PagerMethod method)
{
	switch (method)
	{
		case PAGER_CERTIFIED:
			break;
		case PAGER_REPEATED:
			return PROGRESS_REPEATED;
		case PAGER_SINGLE:
			return PROGRESS_SINGLE;
		case PAGER_PLAIN:
			return PROGRESS_PLAIN;
	}
	return PROGRESS_CERTIFIED;
}

ProgressSubject
reader_subject(const TableOptions *table)
{
	return (ProgressSubject)
	{
		.serverid = table->server.serverid,
		.server = table->server.name,
		.relid = table->relid,
		.source = OidIsValid(table->relid) ? get_rel_name(table->relid) : NULL,
		.object = table->object->name,
	};
}

/* Pages there are to read, as far as is known: a list in batches has one for each. */
static int64
pages_of(const Reader *reader, const PagerOutlook *outlook, int64 done)
{
	if (reader->batches.n > 0)
		return Max(reader->batches.n, done);
	if (outlook->stage == PAGER_RETURNS)
		return done;
	if (outlook->total < 0)
		return -1;
	return Max(reader_requests(reader->list.table, outlook->total, reader->limit), done);
}

void
reader_watch(Reader *reader)
{
	const Reading *reading = &reader->reading;
	PagerOutlook outlook = {.stage = PAGER_CERTIFIES,.total = -1};
	PagerCounters pager;
	ApiCounters api;
	int64		windows;
	ProgressNumbers numbers;

	if (!reader->progress)
		return;
	if (reading->pager)
		pager_outlook(reading->pager, &outlook);
	reading_counters(reading, &pager);
	api = *api_counters(reader->list.queue);
	api_add_counters(&api, &reader->details);
	windows = pager.windows + outlook.windows_open;
	/* what is read anew was there before */
	reader->rows_shown = Max(reader->rows_shown, reading->ended.handed_on + outlook.seen - reader->batches.repeats);
	numbers = (ProgressNumbers)
	{
		.phase = phase_of(outlook.stage),
		.method = method_of(reader_method(reader->list.table)),
		.windows_total = windows > 0 ? windows : -1,
		.windows_done = windows > 0 ? pager.windows : -1,
		.pages_total = pages_of(reader, &outlook, pager.pages),
		.pages_done = pager.pages,
		.rows_total = reader->batches.n > 0 ? -1 : outlook.total,
		/* what is refused is handed on to nobody */
		.rows_done = reader->done ? 0 : reader->rows_shown,
		.requests = api.requests,
		.bytes = api.bytes,
		.retries = api.retries,
		.throttled_us = api.throttled_us,
	};
	numbers.work_total = reader->has_details ? numbers.rows_total : numbers.pages_total;
	numbers.work_done = reader->has_details ? reader->detailed : numbers.pages_done;
	progress_report(reader->progress, &numbers);
}

void
reader_watch_begin(Reader *reader)
{
	ProgressSubject subject = reader_subject(reader->list.table);

	reader->progress = progress_open(reader->list.context, &subject);
	reader_watch(reader);
}

void
reader_watch_end(Reader *reader)
{
	/* details are still asked for when the list has ended */
	if (!reader->has_details)
		progress_close(reader->progress);
}
