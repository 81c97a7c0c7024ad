/*-------------------------------------------------------------------------
 *
 * scan_detail.c
 *	  Columns that come with a record's details, many requests in flight.
 *
 * A record waits here, whole but for these columns, until its details are there;
 * which record comes first is the API's affair.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/attr_names.h"
#include "fdw/plan_private.h"
#include "fdw/scan_state.h"
#include "form/form.h"

/*
 * Records that are read ahead: while the list is asked for more, nobody waits for its
 * turns in the account's budget, and they pass unused.
 */
#define READ_AHEAD 64

/* A record whose details are to be asked for, or under way. */
typedef struct DetailRow
{
	bool		used;
	HeapTuple	tuple;			/* the other columns */
	int64		data_id;
	bool		is_child;		/* of a product: details take the parent's id */
} DetailRow;

/* The details of one record, or why there are none. */
typedef struct DetailAnswer
{
	RecordPage *page;			/* NULL: the record is gone, or has none */
} DetailAnswer;

struct ScanDetails
{
	MemoryContext context;		/* owns this and the pages */
	TableOptions table;			/* of the list, with the path of the details */
	OptionObject object;
	TupleDesc	tupdesc;
	Bitmapset  *columns;
	Bitmapset  *told;			/* tell what did not fit, of the list and of these */
	RecordFormat *format;
	ApiQueue   *calls;
	DetailRow	ahead[READ_AHEAD];	/* read, and not asked for */
	int			nahead;
	int			asked_ahead;	/* of them */
	DetailRow  *rows;			/* by ticket */
	int			depth;			/* of them, those that may be under way */
	int			nrows;			/* and are */
	int64		nread;			/* of this reading: records that passed */
	Datum	   *values;			/* of the details; by attnum - 1 */
	bool	   *isnull;
	HeapTuple	last;			/* what the slot shows, with its page */
	RecordPage *last_page;
	DetailCounters *counters;
};

/* ---- for the queue of calls ---- */

static void *
read_details(void *arg, const char *body, size_t length, Envelope *envelope)
{
	ScanDetails *details = arg;
	DetailAnswer *answer = MemoryContextAllocZero(details->context, sizeof(DetailAnswer));

	answer->page = record_read_single(details->format, details->context, body, length, envelope);
	return answer;
}

static void
discard_details(void *arg, void *answer)
{
	if (((DetailAnswer *) answer)->page)
		MemoryContextDelete(((DetailAnswer *) answer)->page->context);
}

/* A record that has gone meanwhile, or a product's child: details take the parent's id (xbb-api 6, A). */
static void *
give_up_details(void *arg, const CallFault *fault)
{
	ScanDetails *details = arg;

	if (!fault->gone || strstr(details->object.path, fault->gone) == NULL)
		return NULL;
	details->counters->missing++;
	return MemoryContextAllocZero(details->context, sizeof(DetailAnswer));
}

/* ---- public ---- */

Bitmapset *
scan_detail_columns(Oid relid, const Bitmapset *wanted)
{
	Bitmapset  *result = NULL;
	int			attnum = -1;

	while ((attnum = bms_next_member(wanted, attnum)) > 0)
		if (option_is_detail(relid, attnum))
			result = bms_add_member(result, attnum);
	return result;
}

Bitmapset *
scan_detail_told(Oid relid, const Bitmapset *wanted)
{
	Bitmapset  *result = NULL;
	int			attnum = -1;

	while ((attnum = bms_next_member(wanted, attnum)) > 0)
		if (strcmp(option_attr(relid, attnum), ATTR_ERROR) == 0)
			result = bms_add_member(result, attnum);
	return result;
}

ScanDetails *
scan_details_open(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;
	const TableOptions *table = state->table;
	TupleDesc	tupdesc = state->tupdesc;
	Bitmapset  *columns = state->detail_columns;
	Bitmapset  *told = state->detail_told;
	ScanDetails *details = palloc0(sizeof(ScanDetails));
	ApiReader	reader = {.read = read_details, .discard = discard_details, .give_up = give_up_details, .arg = details};
	const char *path = table->object->path;

	details->context = CurrentMemoryContext;
	details->table = *table;
	details->object = *table->object;
	details->object.path = psprintf("%.*sdetail", (int) (strlen(path) - strlen("list")), path);
	details->table.object = &details->object;
	details->table.form_id = details->table.params = NULL;
	details->tupdesc = tupdesc;
	details->columns = columns;
	details->told = told;
	details->format = reader_format(&details->table, tupdesc, bms_union(columns, told), get_rel_name(table->relid));
	form_show_labels(table, state->access, columns, record_show, details->format);
	record_show_details(details->format);
	details->calls = api_open(&details->table, state->access, &reader);
	details->depth = table->server.concurrency;
	details->rows = palloc0(sizeof(DetailRow) * details->depth);
	details->values = palloc(sizeof(Datum) * tupdesc->natts);
	details->isnull = palloc(sizeof(bool) * tupdesc->natts);
	details->counters = &state->detailed;
	if (boolVal(list_nth(((ForeignScan *) node->ss.ps.plan)->fdw_private, PLAN_READS_ALL)))
		reader_asks_each(state->reader);
	reader_detailed(state->reader, 0, &(ApiCounters) {0});
	return details;
}

/* Asks for the details of the next record that was read ahead. */
static void
ask_for_next(ScanDetails *details)
{
	MemoryContext old = MemoryContextSwitchTo(details->context);
	const DetailRow *next = &details->ahead[details->asked_ahead++];
	int			ticket = 0;

	while (details->rows[ticket].used)
		ticket++;
	details->rows[ticket] = *next;
	details->nrows++;
	details->counters->asked++;
	api_ask_members(details->calls, ticket, psprintf("\"dataId\":" INT64_FORMAT, next->data_id));
	MemoryContextSwitchTo(old);
}

/* What a column tells of the list's record and of the details: two arrays as one. */
static Datum
join_reports(Oid type, int32 typmod, Datum of_list, Datum of_details)
{
	Oid			output;
	Oid			input;
	Oid			ioparam;
	bool		varlena;
	char	   *first;

	getTypeOutputInfo(type, &output, &varlena);
	getTypeInputInfo(type, &input, &ioparam);
	first = OidOutputFunctionCall(output, of_list);
	return OidInputFunctionCall(input, psprintf("%.*s,%s", (int) strlen(first) - 1, first,
												OidOutputFunctionCall(output, of_details) + 1),
								ioparam, typmod);
}

/* Adds what did not fit in the details to what did not in the list. */
static void
tell_failures(const ScanDetails *details, TupleTableSlot *slot)
{
	int			attnum = -1;

	while ((attnum = bms_next_member(details->told, attnum)) > 0)
	{
		Form_pg_attribute attribute = TupleDescAttr(details->tupdesc, attnum - 1);
		Datum		report = details->values[attnum - 1];

		slot->tts_values[attnum - 1] = slot->tts_isnull[attnum - 1] ? report :
			join_reports(attribute->atttypid, attribute->atttypmod, slot->tts_values[attnum - 1], report);
		slot->tts_isnull[attnum - 1] = false;
	}
}

/* Details that name no record are taken for those that were asked for. */
static void
check_record(const ScanDetails *details, const DetailRow *row, const RecordPage *page)
{
	int64		id;

	if (record_own_id(details->format, page, 0, &id) && id != row->data_id)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("the API answered with the details of another record, %lld instead of %lld",
						(long long) id, (long long) row->data_id),
				 errdetail("Request: POST %s, server \"%s\".", details->object.path, details->table.server.name),
				 errhint("Check that base_url is the API's, and ask whoever runs what answers.")));
}

/* Waits for the details of any record, and fills the slot's arrays with all its columns. */
static void
take_next(ScanDetails *details, Reader *list, TupleTableSlot *slot)
{
	ApiCounters before = *api_counters(details->calls);
	ApiCounters spent;
	ApiAnswer	answer;
	DetailAnswer *got;
	DetailRow  *row;
	int			attnum = -1;

	if (details->last)
		heap_freetuple(details->last);
	if (details->last_page)
		MemoryContextDelete(details->last_page->context);
	details->last_page = NULL;
	if (!api_next(details->calls, true, &answer))
		elog(ERROR, "xbb_fdw waits for details of nothing");
	spent = *api_counters(details->calls);
	spent.requests -= before.requests;
	spent.retries -= before.retries;
	spent.refused -= before.refused;
	spent.rows -= before.rows;
	spent.bytes -= before.bytes;
	spent.throttled_us -= before.throttled_us;
	api_add_counters(&details->counters->api, &spent);
	reader_detailed(list, 1, &spent);

	row = &details->rows[answer.ticket];
	got = answer.result;
	details->last = row->tuple;
	details->last_page = got->page;
	row->used = false;
	details->nrows--;
	heap_deform_tuple(row->tuple, details->tupdesc, slot->tts_values, slot->tts_isnull);
	if (got->page && got->page->nrows == 1)
	{
		Bitmapset  *failed;

		check_record(details, row, got->page);
		failed = record_tuple(details->format, got->page, 0, details->values, details->isnull);
		details->counters->failures += bms_num_members(failed);
		while ((attnum = bms_next_member(details->columns, attnum)) > 0)
		{
			slot->tts_values[attnum - 1] = details->values[attnum - 1];
			slot->tts_isnull[attnum - 1] = details->isnull[attnum - 1];
		}
		if (failed)
			tell_failures(details, slot);
	}
	else if (!row->is_child)
		reader_missed(row->data_id);
	pfree(got);
}

/* Keeps the next record of the list, if it passes what is checked before. */
static ReaderOutcome
read_record(ForeignScanState *node, TupleTableSlot *slot, bool wait)
{
	ScanProgress *state = node->fdw_state;
	ScanDetails *details = state->details;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	RecordPage *page;
	int			row;
	ReaderOutcome outcome = reader_next(state->reader, wait, &page, &row);

	if (outcome != READER_ROW)
		return outcome;
	state->records++;
	state->failures += bms_num_members(record_tuple(state->format, page, row, slot->tts_values, slot->tts_isnull));
	ExecStoreVirtualTuple(slot);
	econtext->ecxt_scantuple = slot;
	if (ExecQual(node->fdw_recheck_quals, econtext))
	{
		MemoryContext old = MemoryContextSwitchTo(details->context);

		details->ahead[details->nahead++] = (DetailRow) {
			true, heap_form_tuple(details->tupdesc, slot->tts_values, slot->tts_isnull), page->ids[row],
			record_has_parent(state->format, page, row)
		};
		details->nread++;
		MemoryContextSwitchTo(old);
	}
	else
		state->rechecked++;
	ExecClearTuple(slot);
	ResetExprContext(econtext);
	return outcome;
}

/* Reads records ahead, if all that were are asked for; waits for the list if nothing else is to be done. */
static void
read_ahead(ForeignScanState *node, TupleTableSlot *slot)
{
	ScanProgress *state = node->fdw_state;
	ScanDetails *details = state->details;

	if (details->asked_ahead < details->nahead)
		return;
	details->nahead = details->asked_ahead = 0;
	while (!state->ended && details->nahead < READ_AHEAD && (state->limit < 0 || details->nread < state->limit))
	{
		bool		wait = details->nrows == 0 && details->nahead == 0 && !state->asynchronous;
		ReaderOutcome outcome = read_record(node, slot, wait);

		if (outcome == READER_NOT_YET)
			return;
		state->ended = outcome == READER_END;
		state->read_out |= state->ended;
	}
}

bool
scan_details_row(ForeignScanState *node, TupleTableSlot *slot)
{
	ScanProgress *state = node->fdw_state;
	ScanDetails *details = state->details;

	while (details->nrows < details->depth)
	{
		read_ahead(node, slot);
		if (details->asked_ahead == details->nahead)
			break;
		ask_for_next(details);
	}
	state->not_yet = details->nrows == 0 && !state->ended && (state->limit < 0 || details->nread < state->limit);
	if (details->nrows == 0)
		return false;
	take_next(details, state->reader, slot);
	return true;
}

void
scan_details_tell(const ScanProgress *state)
{
	const DetailCounters *counters = &state->detailed;
	bool		untold = counters->failures > 0 && bms_is_empty(state->detail_told);
	const char *name = counters->missing > 0 || untold ? get_rel_name(state->table->relid) : NULL;

	if (counters->missing > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg_plural("%lld record of foreign table \"%s\" has no details that can be read",
							   "%lld records of foreign table \"%s\" have no details that can be read",
							   counters->missing, (long long) counters->missing, name),
				 errhint("They were deleted meanwhile, or are children of products; what comes with the details is NULL.")));
	if (untold)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg_plural("%lld value of the details of foreign table \"%s\" did not fit its column and was read as null",
							   "%lld values of the details of foreign table \"%s\" did not fit their columns and were read as null",
							   counters->failures, (long long) counters->failures, name)));
}
