/*-------------------------------------------------------------------------
 *
 * sample.c
 *	  ANALYZE: random records of a list, with few requests.
 *
 * A list that fits the sample is read whole.  A larger one is split by addTime
 * into windows that the API can page through, and each gives random pages in
 * proportion to its records.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/vacuum.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

#include "base/compat.h"
#include "base/limits.h"
#include "fdw/fdw.h"
#include "form/form.h"
#include "reader/reader.h"

typedef struct Sample
{
	TableOptions *table;
	ApiAccess  *access;
	TupleDesc	tupdesc;
	RecordFormat *format;
	ConditionSet set;
	MemoryContext scratch;		/* reset page by page */
	MemoryContext result;		/* of the tuples */
	HeapTuple  *rows;
	int			nrows;
	int			target;
	double		total;			/* records of the list */
	double		seen;			/* records offered to the sample */
	ReservoirStateData reservoir;
	double		skip;			/* records to pass over before the next replacement */
	Datum	   *values;
	bool	   *isnull;
} Sample;

/* Offers one record: Vitter's algorithm, as ANALYZE does for plain tables. */
static void
offer_record(Sample *sample, RecordPage *page, int row)
{
	int			place = sample->nrows;
	MemoryContext old;

	sample->seen++;
	if (place >= sample->target)
	{
		if (sample->skip < 0)
			sample->skip = reservoir_get_next_S(&sample->reservoir, sample->seen - 1,
												sample->target);
		if (sample->skip-- > 0)
			return;
		sample->skip = -1;
		place = (int) (sample->target *
					   sampler_random_fract(&sample->reservoir.randstate));
		heap_freetuple(sample->rows[place]);
	}
	else
		sample->nrows++;

	old = MemoryContextSwitchTo(sample->scratch);
	record_tuple(sample->format, page, row, sample->values, sample->isnull);
	MemoryContextSwitchTo(sample->result);
	sample->rows[place] = heap_form_tuple(sample->tupdesc, sample->values,
										  sample->isnull);
	MemoryContextSwitchTo(old);
}

static void
offer_page(Sample *sample, RecordPage *page)
{
	for (int row = 0; row < page->nrows; row++)
		offer_record(sample, page, row);
}

static void
sample_everything(Sample *sample)
{
	Reader	   *reader = reader_open(sample->table, sample->access, sample->format,
									 &sample->set, -1);
	RecordPage *page;
	int			row;

	while (reader_next(reader, true, &page, &row) == READER_ROW)
	{
		offer_record(sample, page, row);
		MemoryContextReset(sample->scratch);
	}
	reader_close(reader);
	sample->total = sample->seen;
}

static RecordPage *
ask_for_page(Sample *sample, int64 low, int64 high, int number)
{
	MemoryContext old;
	RecordPage *page;

	MemoryContextReset(sample->scratch);
	old = MemoryContextSwitchTo(sample->scratch);
	sample->set.add_time.has_low = low > API_FIRST_TIME;
	sample->set.add_time.low = low;
	sample->set.add_time.has_high = high < PG_INT64_MAX;
	sample->set.add_time.high = high;
	page = reader_page(sample->table, sample->access, sample->format, &sample->set, number);
	MemoryContextSwitchTo(old);
	return page;
}

/* Samples the records that were added from low to high (epoch seconds). */
static void
sample_window(Sample *sample, int64 low, int64 high, int64 now)
{
	int			page_size = sample->table->server.page_size;
	int64		total = ask_for_page(sample, low, high, 1)->total;
	int64		last = Min(high, now);
	int			npages,
				nsamples;

	if (total > API_WINDOW_RECORDS && low < last)
	{
		int64		middle = low + (last - low) / 2;

		sample_window(sample, low, middle, now);
		sample_window(sample, middle + 1, high, now);
		return;
	}
	npages = (Min(total, API_WINDOW_RECORDS) + page_size - 1) / page_size;
	nsamples = (int) Min(sample->target * (total / sample->total) / page_size + 0.999, npages);
	for (int i = 1; i <= npages && nsamples > 0; i++)
		if (pg_prng_double(&pg_global_prng_state) * (npages - i + 1) < nsamples)
		{
			offer_page(sample, ask_for_page(sample, low, high, i));
			nsamples--;
		}
}

static int
sample_acquire(Relation relation, int elevel, HeapTuple *rows, int target,
			   double *totalrows, double *totaldeadrows)
{
	Sample		sample = {.rows = rows, .target = target, .skip = -1};
	Bitmapset  *wanted = NULL;
	int64		now = (int64) time(NULL);

	sample.table = option_table(RelationGetRelid(relation));
	sample.access = api_access(sample.table, GetUserId(), CurrentMemoryContext);
	sample.tupdesc = RelationGetDescr(relation);
	for (int i = 0; i < sample.tupdesc->natts; i++)
		if (!TupleDescAttr(sample.tupdesc, i)->attisdropped)
			wanted = bms_add_member(wanted, i + 1);
	sample.format = reader_format(sample.table, sample.tupdesc, wanted,
								  RelationGetRelationName(relation));
	form_show_labels(sample.table, sample.access, wanted, record_show, sample.format);
	sample.set.elements = "";
	sample.set.nids = -1;
	sample.result = CurrentMemoryContext;
	sample.scratch = AllocSetContextCreate(CurrentMemoryContext, "xbb_fdw sample",
										   ALLOCSET_DEFAULT_SIZES);
	sample.values = palloc(sizeof(Datum) * sample.tupdesc->natts);
	sample.isnull = palloc(sizeof(bool) * sample.tupdesc->natts);
	reservoir_init_selection_state(&sample.reservoir, target);
	watch_statement("analyze", sample.table->server.serverid, sample.table->server.name, sample.table->relid);

	if (sample.table->object->has_times && sample.table->object->paged)
		sample.total = ask_for_page(&sample, API_FIRST_TIME, PG_INT64_MAX, 1)->total;
	if (sample.total > target)
		sample_window(&sample, API_FIRST_TIME, PG_INT64_MAX, now);
	else
		sample_everything(&sample);
	MemoryContextDelete(sample.scratch);

	ereport(elevel,
			(errmsg("\"%s\": list contains %.0f records; %d records in sample",
					RelationGetRelationName(relation), sample.total, sample.nrows)));
	*totalrows = sample.total;
	*totaldeadrows = 0;
	return sample.nrows;
}

bool
sample_analyze(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages)
{
	/* a worker that waits for slots, or for an API that hangs, vacuums no table meanwhile */
	if (compat_is_autovacuum())
		return false;
	*func = sample_acquire;
	*totalpages = 1;			/* 0 would mean "never analyzed" */
	return true;
}
