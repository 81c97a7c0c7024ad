/*-------------------------------------------------------------------------
 *
 * modify.c
 *	  The callbacks of the wrapper xbb_target: its tables are only written, by INSERT
 *	  and COPY.
 *
 * A request is sent and judged before the next row is taken: whoever catches the error
 * knows what arrived.  Nothing that was sent can be taken back, so there is nothing to
 * do at the end of a transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "fdw/fdw.h"
#include "fdw/modify.h"

static void refuse_to_read(Oid relid) __attribute__((noreturn));

static void
refuse_to_read(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("foreign table \"%s\" cannot be read", get_rel_name(relid)),
			 errdetail("What is in a target platform is not seen from here: its tables are only written."),
			 errhint("Use INSERT, COPY ... FROM, or xbb.send().")));
}

/*
 * The planner comes here first for whatever reads: SELECT, UPDATE, DELETE, COPY TO.
 * Without callbacks for reading it would call nothing.
 */
void
modify_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	refuse_to_read(relid);
}

void
modify_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	refuse_to_read(relid);
}

ForeignScan *
modify_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path, List *tlist,
				List *scan_clauses, Plan *outer_plan)
{
	refuse_to_read(relid);
}

void
modify_scan_begin(ForeignScanState *node, int eflags)
{
	refuse_to_read(RelationGetRelid(node->ss.ss_currentRelation));
}

TupleTableSlot *
modify_scan_iterate(ForeignScanState *node)
{
	refuse_to_read(RelationGetRelid(node->ss.ss_currentRelation));
}

void
modify_scan_rescan(ForeignScanState *node)
{
	refuse_to_read(RelationGetRelid(node->ss.ss_currentRelation));
}

void
modify_scan_end(ForeignScanState *node)
{
	/* nothing was begun */
}

int
modify_is_updatable(Relation relation)
{
	return 1 << CMD_INSERT;
}

List *
modify_plan(PlannerInfo *root, ModifyTable *plan, Index index, int subplan)
{
	if (plan->onConflictAction != ONCONFLICT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("ON CONFLICT is not possible with foreign table \"%s\"",
						get_rel_name(planner_rt_fetch(index, root)->relid)),
				 errdetail("What is there already only its target knows; option \"duplicate\" says how it tells.")));
	return NIL;
}

/* Made before the first row, and for EXPLAIN (VERBOSE). */
static ModifyState *
open_state(EState *estate, ResultRelInfo *result)
{
	MemoryContext previous = MemoryContextSwitchTo(estate->es_query_cxt);
	ModifyState *state = palloc0(sizeof(ModifyState));

	state->relid = RelationGetRelid(result->ri_RelationDesc);
	state->table = pstrdup(RelationGetRelationName(result->ri_RelationDesc));
	state->target = target_open(state->relid, compat_result_user(result, estate), estate->es_query_cxt);
	state->columns = target_columns(target_options(state->target),
									RelationGetDescr(result->ri_RelationDesc), NULL);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "xbb request", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(previous);
	return state;
}

static void
begin(EState *estate, ResultRelInfo *result)
{
	ModifyState *state = open_state(estate, result);
	MemoryContext previous = MemoryContextSwitchTo(estate->es_query_cxt);

	state->sender = target_sender(state->target);
	MemoryContextSwitchTo(previous);
	result->ri_FdwState = state;
}

void
modify_begin(ModifyTableState *mtstate, ResultRelInfo *result, List *fdw_private, int subplan, int eflags)
{
	if (!(eflags & EXEC_FLAG_EXPLAIN_ONLY))
		begin(mtstate->ps.state, result);
}

/* Of COPY, and of the partition that a row is routed to. */
void
modify_begin_insert(ModifyTableState *mtstate, ResultRelInfo *result)
{
	const ModifyTable *plan = (ModifyTable *) mtstate->ps.plan;

	/* COPY has no plan */
	if (plan && plan->onConflictAction != ONCONFLICT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("ON CONFLICT is not possible with foreign table \"%s\"",
						RelationGetRelationName(result->ri_RelationDesc))));
	begin(mtstate->ps.state, result);
}

void
modify_end(EState *estate, ResultRelInfo *result)
{
	ModifyState *state = result->ri_FdwState;

	if (state)
		target_sender_close(state->sender);
	result->ri_FdwState = NULL;
}

/*
 * A batch with RETURNING gives no rows, triggers of rows want them one by one, and so
 * does a view whose check option is checked before a row is sent.
 */
int
modify_batch_size(ResultRelInfo *result)
{
	const TriggerDesc *triggers = result->ri_TrigDesc;
	const ModifyState *state = result->ri_FdwState;

	if (result->ri_projectReturning || result->ri_WithCheckOptions != NIL ||
		(triggers && (triggers->trig_insert_before_row || triggers->trig_insert_after_row)))
		return 1;
	return state ? target_batch_size(state->target) :
		target_option_table(RelationGetRelid(result->ri_RelationDesc))->server.batch_size;
}

/* Of an error or a cancel that comes in between. */
static void
tell_progress(void *arg)
{
	const ModifyState *state = arg;

	errcontext("foreign table \"%s\": of %lld records that were sent, %lld were accepted so far",
			   state->table, (long long) state->sent, (long long) state->accepted);
}

/* Sends rows as one request, and waits for what becomes of them. */
static void
send_rows(EState *estate, ResultRelInfo *result, TupleTableSlot **slots, int nslots)
{
	ModifyState *state = result->ri_FdwState;
	MemoryContext previous;
	const char **records;
	char	  **keys;
	TargetAnswer answer;
	ErrorContextCallback callback = {error_context_stack, tell_progress, state};

	if (result->ri_WithCheckOptions != NIL)
		for (int i = 0; i < nslots; i++)
			ExecWithCheckOptions(WCO_VIEW_CHECK, result, slots[i], estate);

	MemoryContextReset(state->context);
	previous = MemoryContextSwitchTo(state->context);
	records = palloc(nslots * sizeof(char *));
	for (int i = 0; i < nslots; i++)
	{
		slot_getallattrs(slots[i]);
		records[i] = target_record(state->columns, slots[i]->tts_values, slots[i]->tts_isnull);
	}
	keys = target_keys(state->target, records, nslots);
	error_context_stack = &callback;
	state->sent += nslots;
	state->requests++;
	target_sender_put(state->sender, 0, records, (const char *const *) keys, nslots);
	if (!target_sender_next(state->sender, true, &answer))
		elog(ERROR, "a request has no answer");
	error_context_stack = callback.previous;
	modify_check_answer(state, &answer, keys);
	for (int i = 0; i < nslots; i++)
		modify_show_verdict(state, &answer.verdicts[i], slots[i]);
	MemoryContextSwitchTo(previous);
}

TupleTableSlot *
modify_insert(EState *estate, ResultRelInfo *result, TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	send_rows(estate, result, &slot, 1);
	return slot;
}

TupleTableSlot **
modify_batch_insert(EState *estate, ResultRelInfo *result, TupleTableSlot **slots,
					TupleTableSlot **plan_slots, int *nslots)
{
	send_rows(estate, result, slots, *nslots);
	return slots;
}

/*
 * The request with names of columns for values; secrets and signatures are masked.  A
 * preview is a line with method and URL, lines of headers, an empty one, and the body.
 */
static void
explain_request(ModifyState *state, ExplainState *es)
{
	const char *record = target_example(state->columns);
	size_t		length;
	char	   *body = target_body(state->target, &record, 1, "id", &length);
	char	   *line = target_preview(state->target, body, length, "id");
	List	   *headers = NIL;
	bool		first = true;

	for (char *end; (end = strchr(line, '\n')) != NULL && end > line; line = end + 1)
	{
		*end = '\0';
		if (first)
			ExplainPropertyText("Request", line, es);
		else
			headers = lappend(headers, line);
		first = false;
	}
	ExplainPropertyList("Headers", headers, es);
	ExplainPropertyText("Body", *line == '\n' ? line + 1 : line, es);
}

void
modify_explain(ModifyTableState *mtstate, ResultRelInfo *result, List *fdw_private, int subplan, ExplainState *es)
{
	ModifyState *state = result->ri_FdwState;

	if (es->verbose)
	{
		ModifyState *shown = state ? state : open_state(mtstate->ps.state, result);

		explain_request(shown, es);
		ExplainPropertyInteger("Batch Size", NULL, modify_batch_size(result), es);
	}
	if (es->analyze && state)
	{
		ExplainPropertyInteger("Requests", NULL, state->requests, es);
		ExplainPropertyInteger("Records Accepted", NULL, state->accepted, es);
	}
}
