/*-------------------------------------------------------------------------
 *
 * scan_explain.c
 *	  EXPLAIN: what a scan asks for, and what it took.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "fdw/fdw.h"
#include "fdw/plan_private.h"
#include "fdw/scan_state.h"

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

/*
 * Params of the executor become those of a statement: what they stand for is found
 * by the plan's ancestors, which EXPLAIN does not tell, and the server's deparser
 * asserts that it is.  $N is printed either way.
 */
static Node *
params_by_number(Node *node, void *context)
{
	if (node && IsA(node, Param))
	{
		Param	   *param = copyObject((Param *) node);

		param->paramkind = PARAM_EXTERN;
		return (Node *) param;
	}
	return expression_tree_mutator(node, params_by_number, context);
}

static char *
deparse_node(Node *expression, List *context, bool qualified)
{
	return deparse_expression(params_by_number(expression, NULL), context, qualified, false);
}

/*
 * A value that is known already may be one that is not sent: 0, an empty text.  Which
 * values show as a label is not known before the scan starts.
 */
static bool
is_sent(ConditionQual *qual, Node *value, pg_tz *time_zone)
{
	const Const *constant = (const Const *) value;
	const ConditionSet *set;

	if (!IsA(value, Const) || qual->shows_label)
		return true;
	set = condition_evaluate(list_make1(qual), &constant->constvalue, &constant->constisnull, time_zone);
	return !set->empty &&
		(set->elements[0] || set->list.nvalues > 0 || set->nids >= 0 ||
		 set->add_time.has_low || set->add_time.has_high ||
		 set->update_time.has_low || set->update_time.has_high);
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

		if (!is_sent(qual, value, state->table->server.time_zone))
			continue;
		texts = lappend(texts,
						psprintf("%s %s %s", qual->attr,
								 qual->shows_label ? "in values shown as" : condition_symbol(qual->op),
								 deparse_node(value, context, true)));
	}
	return texts;
}

static void
explain_request(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	const ScanProgress *state = node->fdw_state;
	const TableOptions *table = state->table;
	int			nbefore = intVal(list_nth(plan->fdw_private, PLAN_BEFORE));
	int			nremote = list_length(plan->fdw_recheck_quals) - nbefore;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, NIL);
	List	   *conditions = condition_texts(plan, state, context);

	ExplainPropertyText("Request", psprintf("POST %s", table->object->path), es);
	if (conditions)
		ExplainPropertyList("Conditions", conditions, es);
	if (nremote > 0)
		ExplainPropertyText("Remote Filter",
							deparse_node((Node *) make_ands_explicit(list_truncate(list_copy(plan->fdw_recheck_quals), nremote)),
									context, es->verbose), es);
	if (nbefore > 0)
		ExplainPropertyText("Filter Before Details",
							deparse_node((Node *) make_ands_explicit(list_copy_tail(plan->fdw_recheck_quals, nremote)),
									context, es->verbose), es);
	if (scan_detail_columns(table->relid, scan_wanted_columns(plan)))
		ExplainPropertyText("Details", psprintf("%sdetail, a request a record",
												pnstrdup(table->object->path, strlen(table->object->path) - strlen("list"))), es);
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
		reader_add_counters(&sum, &running);
	}
	sum.api.requests += state->detailed.api.requests;
	sum.api.retries += state->detailed.api.retries;
	sum.api.bytes += state->detailed.api.bytes;
	sum.api.throttled_us += state->detailed.api.throttled_us;
	ExplainPropertyInteger("Windows", NULL, sum.pager.windows, es);
	ExplainPropertyInteger("Calls", NULL, sum.api.requests, es);
	ExplainPropertyInteger("Pages", NULL, sum.pager.pages, es);
	ExplainPropertyInteger("Retries", NULL, sum.api.retries, es);
	if (es->timing)
		ExplainPropertyFloat("Throttled Time", "ms", sum.api.throttled_us / 1000.0, 3, es);
	ExplainPropertyInteger("Bytes", NULL, sum.api.bytes, es);
	ExplainPropertyInteger("Rows Received", NULL, sum.api.rows, es);
	ExplainPropertyInteger("Rows Dropped", NULL, sum.pager.repeats + state->rechecked, es);
	if (state->detail_columns)
		ExplainPropertyInteger("Details Asked", NULL, state->detailed.asked, es);
	if (state->table->null_on_error)
		ExplainPropertyInteger("Values Nulled", NULL, state->failures + state->detailed.failures, es);
}

void
scan_explain(ForeignScanState *node, ExplainState *es)
{
	if (es->costs)
		ExplainPropertyInteger("Estimated Requests", NULL,
							   intVal(list_nth(((ForeignScan *) node->ss.ps.plan)->fdw_private, PLAN_REQUESTS)), es);
	if (es->verbose)
		explain_request(node, es);
	if (es->analyze)
		explain_counters(node->fdw_state, es);
}
