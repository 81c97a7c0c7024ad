/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Executor callbacks and EXPLAIN.
 *
 * A scan evaluates its conditions when its first row is asked for, opens a
 * reading, and turns record after record into a tuple.  A rescan is a new
 * reading.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/executor.h"
#include "common/int.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "condition.h"
#include "plan.h"
#include "reader.h"
#include "scan.h"

/* ForeignScanState.fdw_state; lives in the query's memory. */
typedef struct ScanProgress
{
	/* fixed for the whole execution */
	OptionTable *table;
	Oid			userid;			/* whose rights and mapping are used */
	List	   *quals;			/* ConditionQual, in the order of values */
	List	   *values;			/* ExprStates: the quals' values, then limits */
	int			nlimits;		/* of them: 0, LIMIT, or LIMIT and OFFSET */
	bool		counts;			/* answers count(*) */
	RecordFormat *format;

	/* one reading: from the first row asked for to the rescan or the end */
	MemoryContext context;		/* owns the fields below */
	ConditionSet *set;			/* NULL before the first row is asked for */
	Reader	   *reader;			/* NULL where nothing needs to be read */
	bool		done;			/* count(*) was returned */

	/* all readings that have ended, for EXPLAIN ANALYZE */
	ReaderCounters totals;
	int64		rechecked;		/* records that failed a qual that was sent */
} ScanProgress;

/* ---- begin ---- */

static Oid
scan_relid(ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int			rti = plan->scan.scanrelid > 0 ? (int) plan->scan.scanrelid :
		bms_next_member(plan->fs_relids, -1);

	return exec_rt_fetch(rti, node->ss.ps.state)->relid;
}

static Bitmapset *
wanted_columns(ForeignScan *plan)
{
	Bitmapset  *wanted = NULL;
	ListCell   *cell;

	foreach(cell, (List *) list_nth(plan->fdw_private, PLAN_COLUMNS))
		wanted = bms_add_member(wanted, lfirst_int(cell));
	return wanted;
}

void
scan_begin(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	ScanProgress  *state = palloc0(sizeof(ScanProgress));
	Oid			relid = scan_relid(node);
	Relation	rel;
	ListCell   *cell;

	node->fdw_state = state;
	state->table = option_table(relid);
	foreach(cell, (List *) list_nth(plan->fdw_private, PLAN_CONDITIONS))
		state->quals = lappend(state->quals, condition_decode(lfirst(cell)));
	state->counts = boolVal(list_nth(plan->fdw_private, PLAN_COUNT));
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	state->userid = compat_scan_user(plan, node->ss.ps.state);
	state->nlimits = intVal(list_nth(plan->fdw_private, PLAN_LIMITS));
	state->values = ExecInitExprList(plan->fdw_exprs, (PlanState *) node);
	state->context = AllocSetContextCreate(node->ss.ps.state->es_query_cxt,
										   "xbb_fdw scan", ALLOCSET_SMALL_SIZES);
	rel = table_open(relid, NoLock);
	state->format = reader_format(state->table, CreateTupleDescCopyConstr(RelationGetDescr(rel)),
								  wanted_columns(plan), RelationGetRelationName(rel));
	table_close(rel, NoLock);
}

/* ---- one reading ---- */

/*
 * The rows that LIMIT and OFFSET let through together; -1 for no limit.  Values
 * that LIMIT would refuse are left for it to refuse.
 */
static int64
evaluate_limit(const Datum *values, const bool *isnull, int n)
{
	int64		limit = 0;

	if (n == 0 || isnull[0])
		return -1;
	for (int i = 0; i < n; i++)
		if (!isnull[i] &&
			(DatumGetInt64(values[i]) < 0 ||
			 pg_add_s64_overflow(limit, DatumGetInt64(values[i]), &limit)))
			return -1;
	return limit;
}

/* Evaluates conditions and limit; starts to read unless that is needless. */
static void
start_reading(ForeignScanState *node)
{
	ScanProgress  *state = node->fdw_state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	int			n = list_length(state->values);
	MemoryContext old = MemoryContextSwitchTo(state->context);
	Datum	   *values = palloc(sizeof(Datum) * (n + 1));
	bool	   *isnull = palloc(sizeof(bool) * (n + 1));
	int64		limit;
	ListCell   *cell;

	foreach(cell, state->values)
	{
		int			i = foreach_current_index(cell);

		values[i] = ExecEvalExpr(lfirst(cell), econtext, &isnull[i]);
	}
	state->set = condition_evaluate(state->quals, values, isnull, state->counts,
									state->table->server.time_zone);
	n -= state->nlimits;
	limit = evaluate_limit(values + n, isnull + n, state->nlimits);
	if (!state->set->empty && !state->counts && limit != 0)
		state->reader = reader_open(state->table, state->userid, state->format,
									state->set, limit);
	MemoryContextSwitchTo(old);
}

static void
add_api_counters(ApiCounters *sum, const ApiCounters *more)
{
	sum->requests += more->requests;
	sum->retries += more->retries;
	sum->refused += more->refused;
	sum->rows += more->rows;
	sum->bytes += more->bytes;
	sum->throttled_us += more->throttled_us;
}

static void
add_counters(ReaderCounters *sum, const ReaderCounters *more)
{
	sum->pager.windows += more->pager.windows;
	sum->pager.sweeps += more->pager.sweeps;
	sum->pager.pages += more->pager.pages;
	sum->pager.received += more->pager.received;
	sum->pager.handed_on += more->pager.handed_on;
	sum->pager.repeats += more->pager.repeats;
	add_api_counters(&sum->api, &more->api);
}

static void
end_reading(ScanProgress *state)
{
	ReaderCounters counters;

	if (state->reader)
	{
		reader_counters(state->reader, &counters);
		add_counters(&state->totals, &counters);
		reader_close(state->reader);
	}
	state->reader = NULL;
	state->set = NULL;
	state->done = false;
	MemoryContextReset(state->context);
}

/* ---- rows ---- */

/*
 * Tuples are virtual, except where a query reads system columns, which only a
 * heap tuple has; theirs say nothing, as in other foreign tables.
 */
static void
store_row(ForeignScanState *node, TupleTableSlot *slot)
{
	HeapTuple	tuple;

	if (!((ForeignScan *) node->ss.ps.plan)->fsSystemCol)
	{
		ExecStoreVirtualTuple(slot);
		return;
	}
	tuple = heap_form_tuple(slot->tts_tupleDescriptor, slot->tts_values,
							slot->tts_isnull);
	HeapTupleHeaderSetXmax(tuple->t_data, InvalidTransactionId);
	HeapTupleHeaderSetXmin(tuple->t_data, InvalidTransactionId);
	HeapTupleHeaderSetCmin(tuple->t_data, InvalidTransactionId);
	ExecStoreHeapTuple(tuple, slot, false);
}

static TupleTableSlot *
next_row(ForeignScanState *node)
{
	ScanProgress  *state = node->fdw_state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	RecordPage *page;
	int			row;

	ExecClearTuple(slot);
	while (state->reader && reader_next(state->reader, true, &page, &row) == READER_ROW)
	{
		record_tuple(state->format, page, row, slot->tts_values, slot->tts_isnull);
		store_row(node, slot);
		econtext->ecxt_scantuple = slot;
		if (state->set->exact || ExecQual(node->fdw_recheck_quals, econtext))
			return slot;
		state->rechecked++;
		ExecClearTuple(slot);
		ResetExprContext(econtext);
	}
	return slot;
}

/* count(*): what the API counts, if that can be trusted; else counted here. */
static TupleTableSlot *
next_count(ForeignScanState *node)
{
	ScanProgress  *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	int64		total = -1;

	ExecClearTuple(slot);
	if (state->done)
		return slot;
	if (state->set->empty)
		total = 0;
	else if (state->set->exact)
	{
		ApiCounters counters = {0};
		MemoryContext old = MemoryContextSwitchTo(state->context);

		total = reader_total(state->table, state->userid, state->format,
							 state->set, &counters);
		add_api_counters(&state->totals.api, &counters);
		MemoryContextSwitchTo(old);
	}
	if (total < 0)
	{
		/* a plan's nodes run in the query's memory, not in one row's */
		MemoryContext old = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);
		TupleTableSlot *counted = ExecProcNode(outerPlanState(node));

		total = DatumGetInt64(slot_getattr(counted, 1, &state->done));
		MemoryContextSwitchTo(old);
	}
	state->done = true;
	slot->tts_values[0] = Int64GetDatum(total);
	slot->tts_isnull[0] = false;
	return ExecStoreVirtualTuple(slot);
}

TupleTableSlot *
scan_iterate(ForeignScanState *node)
{
	ScanProgress  *state = node->fdw_state;

	if (!state->set)
		start_reading(node);
	return state->counts ? next_count(node) : next_row(node);
}

void
scan_rescan(ForeignScanState *node)
{
	end_reading(node->fdw_state);
}

void
scan_end(ForeignScanState *node)
{
	ScanProgress  *state = node->fdw_state;

	if (state && state->context)
		end_reading(state);
}

/* ---- EXPLAIN ---- */

static const char *
method_name(const ScanProgress *state)
{
	if (state->counts)
		return "single";
	switch (reader_method(state->table))
	{
		case PAGER_CERTIFIED:
			return "certified";
		case PAGER_REPEATED:
			return "repeated";
		case PAGER_SINGLE:
			return "single";
		case PAGER_PLAIN:
			return "plain";
	}
	return NULL;				/* keep the compiler quiet */
}

/* What is sent, as expressions: values would need the scan to start. */
static List *
condition_texts(ForeignScan *plan, const ScanProgress *state, List *context)
{
	List	   *texts = NIL;
	ListCell   *cell;

	foreach(cell, state->quals)
	{
		ConditionQual *qual = lfirst(cell);
		Node	   *value = list_nth(plan->fdw_exprs, foreach_current_index(cell));

		texts = lappend(texts,
						psprintf("%s %s %s", qual->attr, condition_symbol(qual->op),
								 deparse_expression(value, context, true, false)));
	}
	return texts;
}

static void
explain_request(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	const ScanProgress *state = node->fdw_state;
	const OptionTable *table = state->table;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, NIL);

	ExplainPropertyText("Request", psprintf("POST %s", table->object->path), es);
	if (state->quals)
		ExplainPropertyList("Conditions", condition_texts(plan, state, context), es);
	if (plan->fdw_recheck_quals)
		ExplainPropertyText("Remote Filter",
							deparse_expression((Node *) make_ands_explicit(plan->fdw_recheck_quals),
											   context, es->verbose, false), es);
	ExplainPropertyText("Method", method_name(state), es);
	if (table->object->paged)
	{
		ExplainPropertyInteger("Page Size", NULL, table->server.page_size, es);
		ExplainPropertyInteger("Concurrency", NULL, table->server.concurrency, es);
	}
}

static void
explain_counters(const ScanProgress *state, ExplainState *es)
{
	ReaderCounters sum = state->totals;
	ReaderCounters running;

	if (state->reader)
	{
		reader_counters(state->reader, &running);
		add_counters(&sum, &running);
	}
	ExplainPropertyInteger("Windows", NULL, sum.pager.windows, es);
	ExplainPropertyInteger("Calls", NULL, sum.api.requests, es);
	ExplainPropertyInteger("Pages", NULL, sum.pager.pages, es);
	ExplainPropertyInteger("Retries", NULL, sum.api.retries, es);
	if (es->timing)
		ExplainPropertyFloat("Throttled Time", "ms", sum.api.throttled_us / 1000.0, 3, es);
	ExplainPropertyInteger("Bytes", NULL, sum.api.bytes, es);
	ExplainPropertyInteger("Rows Received", NULL, sum.api.rows, es);
	ExplainPropertyInteger("Rows Dropped", NULL, sum.pager.repeats + state->rechecked, es);
}

void
scan_explain(ForeignScanState *node, ExplainState *es)
{
	if (es->verbose)
		explain_request(node, es);
	if (es->analyze)
		explain_counters(node->fdw_state, es);
}
