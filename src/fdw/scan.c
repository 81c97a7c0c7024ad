/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Executor callbacks.
 *
 * A scan evaluates its conditions when its first row is asked for, opens a
 * reading, and turns record after record into a tuple.  A rescan is a new
 * reading, unless its conditions have the same values and the rows are kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/executor.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "condition/condition.h"
#include "fdw/fdw.h"
#include "fdw/plan_private.h"
#include "fdw/scan_state.h"
#include "form/form.h"
#include "reader/reader.h"

/* ---- begin ---- */

static Oid
scan_relid(ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int			rti = plan->scan.scanrelid > 0 ? (int) plan->scan.scanrelid :
		bms_next_member(plan->fs_relids, -1);

	return exec_rt_fetch(rti, node->ss.ps.state)->relid;
}

Bitmapset *
scan_wanted_columns(ForeignScan *plan)
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
	ScanProgress *state = palloc0(sizeof(ScanProgress));
	ListCell   *cell;

	node->fdw_state = state;
	state->table = option_table(scan_relid(node));
	foreach(cell, (List *) list_nth(plan->fdw_private, PLAN_CONDITIONS))
		state->quals = lappend(state->quals, condition_decode(lfirst(cell)));
	state->counts = boolVal(list_nth(plan->fdw_private, PLAN_COUNT));
	state->nlimits = intVal(list_nth(plan->fdw_private, PLAN_LIMITS));
	state->expressions = plan->fdw_exprs;
	state->ngates = list_length(state->expressions) - list_length(state->quals) - state->nlimits -
		intVal(list_nth(plan->fdw_private, PLAN_PARAMETERS));
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	state->userid = compat_scan_user(plan, node->ss.ps.state);
	state->keeps = (eflags & EXEC_FLAG_REWIND) != 0;
	state->values = ExecInitExprList(state->expressions, (PlanState *) node);
	state->context = AllocSetContextCreate(node->ss.ps.state->es_query_cxt,
										   "xbb_fdw scan", ALLOCSET_SMALL_SIZES);
}

/* Of a column, what the labels are that it shows, and those that its quals are on. */
static void
show_labels(void *scan, AttrNumber attnum, FormLabel label, void *labels)
{
	ScanProgress *state = scan;
	ListCell   *cell;

	record_show(state->format, attnum, label, labels);
	foreach(cell, state->quals)
	{
		ConditionQual *qual = lfirst(cell);

		if (!qual->shows_label || qual->column != attnum)
			continue;
		qual->values = form_label_values;
		qual->labels = labels;
	}
}

/*
 * What all readings of the scan have in common.  Options, connections and secrets are
 * read together, and once: ALTER SERVER or ALTER USER MAPPING in the middle is for
 * the next statement.
 */
static void
begin_readings(ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	ScanProgress *state = node->fdw_state;
	MemoryContext context = node->ss.ps.state->es_query_cxt;
	MemoryContext old = MemoryContextSwitchTo(context);
	Bitmapset  *wanted = scan_wanted_columns(plan);
	Relation	rel;

	state->table = option_table(state->table->relid);
	rel = table_open(state->table->relid, NoLock);
	state->tupdesc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	state->detail_columns = scan_detail_columns(state->table->relid, wanted);
	wanted = bms_del_members(wanted, state->detail_columns);
	state->detail_told = scan_detail_told(state->table->relid, wanted);
	state->format = reader_format(state->table, state->tupdesc, wanted, RelationGetRelationName(rel));
	table_close(rel, NoLock);
	state->access = api_access(state->table, state->userid, context);
	form_show_labels(state->table, state->access, wanted, show_labels, state);
	MemoryContextSwitchTo(old);
}

/* ---- one reading ---- */

/* A greater limit is none: it would not end any scan, and sums with it overflow. */
#define GREATEST_LIMIT INT64CONST(1000000000)

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
	return limit > GREATEST_LIMIT ? -1 : limit;
}

/*
 * Evaluates what conditions and limit depend on.  Values may point into the outer
 * row, or the memory of the current one: keep_arguments copies them.
 */
static void
evaluate_arguments(ForeignScanState *node, Datum *values, bool *isnull)
{
	ScanProgress *state = node->fdw_state;
	ListCell   *cell;

	foreach(cell, state->values)
	{
		int			i = foreach_current_index(cell);

		values[i] = ExecEvalExpr(lfirst(cell), node->ss.ps.ps_ExprContext, &isnull[i]);
	}
}

/* Would a new reading ask for the same as the present one? */
static bool
same_arguments(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;
	int			n = list_length(state->expressions);
	MemoryContext old = MemoryContextSwitchTo(node->ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	Datum	   *values = palloc(sizeof(Datum) * (n + 1));
	bool	   *isnull = palloc(sizeof(bool) * (n + 1));
	bool		same = true;

	evaluate_arguments(node, values, isnull);
	for (int i = 0; i < n && same; i++)
	{
		int16		typlen;
		bool		typbyval;

		get_typlenbyval(exprType(list_nth(state->expressions, i)), &typlen, &typbyval);
		same = isnull[i] == state->argument_nulls[i] &&
			(isnull[i] || datum_image_eq(values[i], state->arguments[i], typbyval, typlen));
	}
	MemoryContextSwitchTo(old);
	return same;
}

/*
 * Copies the arguments of a reading into the current context; out of line values
 * become whole, since what they point to may go.
 */
static void
keep_arguments(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;
	int			n = list_length(state->expressions);

	state->arguments = palloc(sizeof(Datum) * (n + 1));
	state->argument_nulls = palloc(sizeof(bool) * (n + 1));
	evaluate_arguments(node, state->arguments, state->argument_nulls);
	for (int i = 0; i < n; i++)
	{
		Datum	   *value = &state->arguments[i];
		int16		typlen;
		bool		typbyval;

		if (state->argument_nulls[i])
			continue;
		get_typlenbyval(exprType(list_nth(state->expressions, i)), &typlen, &typbyval);
		*value = typlen == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(*value)) :
			datumCopy(*value, typbyval, typlen);
	}
}

/* The conditions of a reading, from its arguments, in the current context. */
static ConditionSet *
evaluate_conditions(const ScanProgress *state)
{
	int			n = list_length(state->values);
	ConditionSet *set = condition_evaluate(state->quals, state->arguments,
										   state->argument_nulls,
										   state->table->server.time_zone);

	for (int i = n - state->ngates; i < n; i++)
		if (state->argument_nulls[i] || !DatumGetBool(state->arguments[i]))
			set->empty = true;
	return set;
}

/* Evaluates conditions and limit; starts to read unless that is needless. */
static void
start_reading(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;
	int			nquals = list_length(state->quals);
	MemoryContext old = MemoryContextSwitchTo(state->context);
	int64		limit;

	keep_arguments(node);
	state->set = evaluate_conditions(state);
	limit = evaluate_limit(state->arguments + nquals, state->argument_nulls + nquals,
						   state->nlimits);
	if (!state->set->empty && limit != 0 && !state->access)
	{
		begin_readings(node);
		state->set = evaluate_conditions(state);	/* by the options of now */
	}
	if (!state->set->empty && limit != 0 && !state->counts)
	{
		state->reader = reader_open(state->table, state->access, state->format,
									state->set, limit);
		state->limit = limit;
		if (state->detail_columns)
			state->details = scan_details_open(node);
		/* system columns do not survive in a tuplestore */
		if (state->keeps && !state->too_many &&
			!((ForeignScan *) node->ss.ps.plan)->fsSystemCol)
			state->kept = tuplestore_begin_heap(true, false, work_mem);
	}
	MemoryContextSwitchTo(old);
}

static void
end_reading(ScanProgress *state)
{
	ReaderCounters counters;

	if (state->reader)
	{
		reader_counters(state->reader, &counters);
		reader_add_counters(&state->totals, &counters);
		reader_close(state->reader);
	}
	if (state->kept)
		tuplestore_end(state->kept);
	state->kept = NULL;
	state->replaying = false;
	state->reader = NULL;
	state->details = NULL;
	state->set = NULL;
	state->done = state->ended = false;
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

/*
 * A rescan.  With the same arguments it gets the rows of the present reading
 * again, as far as they are kept, and then the rest of it; else a new one.
 */
static void
restart_reading(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;
	bool		same = state->reader && same_arguments(node);

	if (same && state->kept)
	{
		tuplestore_rescan(state->kept);
		state->replaying = true;
		return;
	}
	/* what comes twice may come a third time */
	state->keeps = state->keeps || same;
	end_reading(state);
	start_reading(node);
}

static void
keep_tuple(ScanProgress *state, TupleTableSlot *slot)
{
	if (!state->kept)
		return;
	tuplestore_puttupleslot(state->kept, slot);
	if (!tuplestore_in_memory(state->kept))
	{
		tuplestore_end(state->kept);
		state->kept = NULL;
		state->too_many = true;
	}
}

/* The next of the rows that are kept; false at their end. */
static bool
replay_row(ForeignScanState *node, TupleTableSlot *slot)
{
	ScanProgress *state = node->fdw_state;

	if (!state->kept_slot)
	{
		MemoryContext old = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

		state->kept_slot = ExecInitExtraTupleSlot(node->ss.ps.state,
												  slot->tts_tupleDescriptor,
												  &TTSOpsMinimalTuple);
		MemoryContextSwitchTo(old);
	}
	state->replaying = tuplestore_gettupleslot(state->kept, true, false, state->kept_slot);
	if (state->replaying)
		ExecCopySlot(slot, state->kept_slot);
	return state->replaying;
}

static TupleTableSlot *
next_row(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	RecordPage *page;
	int			row;

	ExecClearTuple(slot);
	if (state->replaying && replay_row(node, slot))
		return slot;
	if (state->details)
	{
		if (scan_details_row(node, slot))
		{
			store_row(node, slot);
			keep_tuple(state, slot);
		}
		return slot;
	}
	while (state->reader)
	{
		ReaderOutcome outcome = reader_next(state->reader, !state->asynchronous,
											&page, &row);
		Bitmapset  *failed;

		state->not_yet = outcome == READER_NOT_YET;
		state->read_out |= outcome == READER_END;
		if (outcome != READER_ROW)
			break;
		state->records++;
		failed = record_tuple(state->format, page, row, slot->tts_values, slot->tts_isnull);
		state->failures += bms_num_members(failed);
		store_row(node, slot);
		econtext->ecxt_scantuple = slot;
		if (ExecQual(node->fdw_recheck_quals, econtext))
		{
			keep_tuple(state, slot);
			return slot;
		}
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
	ScanProgress *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	int64		total = -1;

	ExecClearTuple(slot);
	if (state->done)
		return slot;
	if (state->set->empty)
		total = 0;
	else if (state->set->exact)
	{
		MemoryContext old = MemoryContextSwitchTo(state->context);

		total = reader_total(state->table, state->access, state->format,
							 state->set, &state->totals.api);
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
	ScanProgress *state = node->fdw_state;

	if (state->set && state->rescanned)
		restart_reading(node);
	else if (!state->set)
		start_reading(node);
	state->rescanned = false;
	return state->counts ? next_count(node) : next_row(node);
}

void
scan_rescan(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;

	state->rescanned = true;
	state->done = false;
}

void
scan_end(ForeignScanState *node)
{
	ScanProgress *state = node->fdw_state;

	if (!state || !state->context)
		return;
	end_reading(state);
	scan_tell_unmet(state);
	scan_details_tell(state);
	if (state->failures > 0 && !record_tells_failures(state->format))
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg_plural("%lld value of foreign table \"%s\" did not fit its column and was read as null",
							   "%lld values of foreign table \"%s\" did not fit their columns and were read as null",
							   state->failures, (long long) state->failures,
							   get_rel_name(state->table->relid)),
				 errhint("Read the column whose attr is \"#error\" to see what did not fit.")));
}
