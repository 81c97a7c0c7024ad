/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  Planner callbacks: what is sent, what it costs, what the scan decodes.
 *
 * Nothing is sent while planning, unless the option use_remote_estimate says so.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/prep.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"

#include "base/attr_names.h"
#include "base/compat.h"
#include "condition/condition.h"
#include "fdw/fdw.h"
#include "fdw/plan_children.h"
#include "fdw/plan_constant.h"
#include "fdw/plan_detail.h"
#include "fdw/plan_private.h"
#include "fdw/plan_remote.h"
#include "form/form.h"
#include "option/option.h"
#include "reader/reader.h"

/* Records assumed in a list that was never analyzed. */
#define DEFAULT_RECORDS 10000

/* RelOptInfo.fdw_private while planning; never survives it. */
typedef struct PlanInfo
{
	TableOptions *table;
	Oid			userid;			/* whose rights and mapping are used */
	int			natts;
	char	  **sent;			/* of attrs, those that lists have */
	char	  **attrs;			/* by attnum - 1; NULL for dropped and constant
								 * columns */
	Const	  **constants;		/* likewise, of constant columns; NULL if the table
								 * has none */
	List	   *remote;			/* RestrictInfos that can be sent */
	List	   *local;			/* those that cannot */
	List	   *gates;			/* those that hold for all rows or for none */
	bool		empty;			/* no row can pass what constants decide */
	double		received;		/* records the API returns for them */
	bool		one_record;		/* dataId = something among them */
} PlanInfo;

/* generate_implied_equalities_for_column's argument. */
typedef struct ColumnOfRel
{
	Index		relid;
	AttrNumber	attnum;
} ColumnOfRel;

/* ---- sizes ---- */

static void
read_attrs(PlanInfo *info, Oid relid)
{
	Relation	rel = table_open(relid, NoLock);
	TupleDesc	desc = RelationGetDescr(rel);

	info->natts = desc->natts;
	info->constants = plan_constants(rel, info->table);
	info->attrs = palloc0(sizeof(char *) * desc->natts);
	info->sent = palloc0(sizeof(char *) * desc->natts);
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped &&
			!(info->constants && info->constants[i]))
		{
			info->attrs[i] = option_attr(relid, i + 1);
			info->sent[i] = option_is_detail(relid, i + 1) ? NULL : info->attrs[i];
		}
	table_close(rel, NoLock);
}

/* See plan_fold_clause. */
static Expr *
fold_clause(PlannerInfo *root, RelOptInfo *rel, Expr *clause)
{
	PlanInfo   *info = rel->fdw_private;

	return info->constants ?
		plan_fold_clause(root, clause, rel->relid, info->constants) : clause;
}

/* Whether a folded clause can be sent; fills *qual.  Labels are those of texts. */
static bool
can_be_sent(PlannerInfo *root, RelOptInfo *rel, Expr *clause, ConditionQual *qual)
{
	PlanInfo   *info = rel->fdw_private;

	if (!info->table->object->has_times || !condition_match(root, rel, clause, info->sent, qual))
		return false;
	qual->shows_label = option_shows_label(info->table->relid, qual->column);
	return !qual->shows_label || qual->kind == CONDITION_TEXT;
}

static bool
is_one_record(const ConditionQual *qual)
{
	return qual->kind == CONDITION_DATA_ID && qual->op == CONDITION_EQUAL;
}

/* Asks the API how many records it would return; -1 if it does not tell. */
static double
remote_records(PlannerInfo *root, RelOptInfo *rel, PlanInfo *info)
{
	List	   *quals = NIL;
	ListCell   *cell;

	foreach(cell, info->remote)
	{
		RestrictInfo *rinfo = lfirst(cell);
		ConditionQual *qual = palloc(sizeof(ConditionQual));

		if (can_be_sent(root, rel, fold_clause(root, rel, rinfo->clause), qual))
			quals = lappend(quals, qual);
	}
	return plan_remote_records(root, info->table, info->userid, quals);
}

void
plan_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	PlanInfo   *info = palloc0(sizeof(PlanInfo));
	double		total = -1;
	ListCell   *cell;

	rel->fdw_private = info;
	info->userid = compat_rel_user(root, rel);
	form_check_table(relid, info->userid);
	info->table = option_table(relid);
	read_attrs(info, relid);
	plan_keep_children(root, rel, info->table, info->attrs, info->natts);

	foreach(cell, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst(cell);
		Expr	   *clause = fold_clause(root, rel, rinfo->clause);
		ConditionQual qual;

		if (plan_is_decided(clause, false))
			info->empty = true;
		else if (plan_is_decided(clause, true))
			continue;
		else if (can_be_sent(root, rel, clause, &qual))
		{
			info->remote = lappend(info->remote, rinfo);
			info->one_record = info->one_record || is_one_record(&qual);
		}
		else if (plan_is_gate(root, rel->relid, rinfo->clause, clause))
			info->gates = lappend(info->gates, rinfo);
		else
			info->local = lappend(info->local, rinfo);
	}

	if (rel->tuples < 0)
		rel->tuples = DEFAULT_RECORDS;
	set_baserel_size_estimates(root, rel);
	if (info->constants)
		rel->rows = clamp_row_est(rel->tuples *
								  clauselist_selectivity(root, list_concat_copy(info->remote, info->local),
														 rel->relid, JOIN_INNER, NULL));
	info->received = clamp_row_est(rel->tuples *
								   clauselist_selectivity(root, info->remote,
														  rel->relid, JOIN_INNER, NULL));
	if (info->table->server.use_remote_estimate)
		total = remote_records(root, rel, info);
	if (total >= 0)
		info->received = clamp_row_est(total);
	if (info->one_record)
		info->received = 1;
	if (total >= 0 || info->one_record)
		rel->rows = clamp_row_est(info->received *
								  clauselist_selectivity(root, info->local,
														 rel->relid, JOIN_INNER, NULL));
}

/* ---- paths ---- */

/*
 * Adds one path.  Each request takes its slot of the rate, so a scan is dear,
 * and so is every rescan: rows are kept only for one with the same values.
 */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *rel, ParamPathInfo *param)
{
	PlanInfo   *info = rel->fdw_private;
	double		received = info->received;
	double		rows = rel->rows;
	Cost		startup = info->table->server.fdw_startup_cost;
	Cost		run;
	ListCell   *cell;

	startup += rel->baserestrictcost.startup;
	if (param)
	{
		List	   *sent = list_copy(info->remote);

		rows = param->ppi_rows;
		foreach(cell, param->ppi_clauses)
		{
			RestrictInfo *rinfo = lfirst(cell);
			ConditionQual qual;

			if (can_be_sent(root, rel, fold_clause(root, rel, rinfo->clause), &qual))
			{
				sent = lappend(sent, rinfo);
				if (is_one_record(&qual))
					received = rows = 1;
			}
		}
		received = Min(received,
					   clamp_row_est(rel->tuples *
									 clauselist_selectivity(root, sent, rel->relid,
															JOIN_INNER, NULL)));
	}
	run = received * (info->table->server.fdw_tuple_cost +
					  rel->baserestrictcost.per_tuple + cpu_tuple_cost);

	add_path(rel, (Path *)
			 compat_foreignscan_path(root, rel, rows, startup, startup + run,
									 param ? param->ppi_req_outer : rel->lateral_relids));
}

/* The parameterisation that lets a join clause be sent, if it does. */
static List *
add_parameters(PlannerInfo *root, RelOptInfo *rel, RestrictInfo *rinfo, List *params)
{
	ConditionQual qual;
	Relids		outer;
	ParamPathInfo *param;

	if (!join_clause_is_movable_to(rinfo, rel) ||
		!can_be_sent(root, rel, fold_clause(root, rel, rinfo->clause), &qual))
		return params;
	outer = bms_union(rinfo->clause_relids, rel->lateral_relids);
	outer = bms_del_member(outer, rel->relid);
	if (bms_is_empty(outer))
		return params;
	param = get_baserel_parampathinfo(root, rel, outer);
	return param ? list_append_unique_ptr(params, param) : params;
}

static bool
is_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
		  EquivalenceMember *member, void *arg)
{
	ColumnOfRel *column = arg;

	return condition_is_column((Node *) member->em_expr, column->relid, column->attnum);
}

void
plan_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	PlanInfo   *info = rel->fdw_private;
	List	   *params = NIL;
	ListCell   *cell;

	if (info->empty)
	{
		mark_dummy_rel(rel);
		return;
	}
	add_scan_path(root, rel, NULL);
	if (!info->table->object->has_times)
		return;

	foreach(cell, rel->joininfo)
		params = add_parameters(root, rel, lfirst(cell), params);
	for (int i = 0; rel->has_eclass_joins && i < info->natts; i++)
	{
		ColumnOfRel column = {rel->relid, i + 1};

		if (!info->sent[i])
			continue;
		foreach(cell, generate_implied_equalities_for_column(root, rel, is_column,
															 &column, rel->lateral_referencers))
			params = add_parameters(root, rel, lfirst(cell), params);
	}
	foreach(cell, params)
		add_scan_path(root, rel, lfirst(cell));
}

/* ---- the plan ---- */

/*
 * Columns that the target list or any qual reads; all of the list where one is read
 * that tells which did not fit, and those of details, too, by a whole row.
 */
static List *
columns_read(RelOptInfo *rel, List *clauses, const PlanInfo *info)
{
	Bitmapset  *used = NULL;
	List	   *columns = NIL;
	char	  **all = NULL;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &used);
	pull_varattnos((Node *) clauses, rel->relid, &used);
	for (int i = 1; i <= info->natts; i++)
		if (info->attrs[i - 1] && strcmp(info->attrs[i - 1], ATTR_ERROR) == 0 &&
			bms_is_member(i - FirstLowInvalidHeapAttributeNumber, used))
			all = info->sent;
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used))
		all = info->attrs;
	for (int i = 1; i <= info->natts; i++)
		if (bms_is_member(i - FirstLowInvalidHeapAttributeNumber, used) ||
			(all && (all[i - 1] || (info->constants && info->constants[i - 1]))))
			columns = lappend_int(columns, i);
	return columns;
}

/*
 * The LIMIT and OFFSET that end the scan early, if nothing between them and the
 * scan wants more rows: one relation, every qual sent, no sorting or grouping.
 * They only guide how far the scan reads ahead; the Limit node stays.
 */
static List *
limit_expressions(PlannerInfo *root, RelOptInfo *rel, List *local)
{
	Query	   *query = root->parse;

	if (local != NIL || bms_membership(root->all_baserels) != BMS_SINGLETON ||
		query->hasAggs || query->groupClause || query->groupingSets ||
		query->hasWindowFuncs || query->distinctClause || query->setOperations ||
		query->sortClause || query->hasTargetSRFs || query->rowMarks)
		return NIL;

	/* EXISTS (...) wants one row, and has no LIMIT */
	if (!query->limitCount && root->tuple_fraction >= 1 &&
		root->tuple_fraction < (double) PG_INT32_MAX && root->parent_root)
		return list_make1(makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
									Int64GetDatum((int64) root->tuple_fraction),
									false, true));
	if (!query->limitCount || contain_subplans(query->limitCount) ||
		contain_volatile_functions(query->limitCount) ||
		contain_subplans(query->limitOffset) ||
		contain_volatile_functions(query->limitOffset))
		return NIL;
	return query->limitOffset ? list_make2(query->limitCount, query->limitOffset) :
		list_make1(query->limitCount);
}

ForeignScan *
plan_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path,
			  List *tlist, List *scan_clauses, Plan *outer_plan)
{
	bool		is_count = IS_UPPER_REL(rel);
	RelOptInfo *base = is_count ? linitial(path->fdw_private) : rel;
	PlanInfo   *info = base->fdw_private;
	List	   *conditions = NIL;
	List	   *values = NIL;
	List	   *remote = NIL;
	List	   *local = NIL;
	int			moved = 0;
	List	   *gates = NIL;
	List	   *limits = NIL;
	List	   *parameters = NIL;
	List	   *columns = NIL;
	ListCell   *cell;

	foreach(cell, is_count ? list_concat_copy(info->remote, info->gates) : scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		Expr	   *clause = fold_clause(root, base, rinfo->clause);
		ConditionQual qual;

		if (rinfo->pseudoconstant || plan_is_decided(clause, true))
			continue;			/* a gating Result node checks it, or none need */
		if (can_be_sent(root, base, clause, &qual))
		{
			conditions = lappend(conditions, condition_encode(&qual));
			values = lappend(values, qual.value);
			remote = lappend(remote, rinfo->clause);
		}
		else if (plan_is_gate(root, base->relid, rinfo->clause, clause))
		{
			gates = lappend(gates, clause);
			/* an outer row that changes under a lock is checked again */
			remote = lappend(remote, rinfo->clause);
		}
		else
			local = lappend(local, rinfo->clause);
	}
	if (is_count)
		remote = NIL;			/* no row to check */
	else
	{
		limits = limit_expressions(root, base, local);
		columns = columns_read(base, list_make2(remote, local), info);
		moved = plan_detail_quals(root, base, info->table->relid, columns, scan_clauses, &local, &remote, &parameters);
	}

	return make_foreignscan(tlist, local, is_count ? 0 : base->relid,
							list_concat(list_concat(list_concat(values, limits), parameters), gates),
							list_concat(list_make5(conditions, columns, makeInteger(list_length(limits)),
												   makeBoolean(is_count), makeInteger(moved)),
										list_make3(makeInteger(list_length(parameters)), makeInteger(is_count ? 1 : plan_requests(info->table, info->received, limits ? root->limit_tuples : -1)),
												   makeBoolean(!is_count && plan_reads_all(root, remote, limits != NIL)))),
							is_count ? add_to_flat_tlist(NIL, lsecond(path->fdw_private)) : NIL,
							remote, outer_plan);
}

/* ---- count(*) ---- */

/*
 * The count(*) that is all a query computes, in a list of one, from records
 * that the API can select exactly; else NIL.
 */
static List *
plain_count(PlannerInfo *root, RelOptInfo *input, PathTarget *target)
{
	Query	   *query = root->parse;
	PlanInfo   *info = input->fdw_private;
	List	   *found = NIL;
	ListCell   *cell;

	if (!IS_SIMPLE_REL(input) || !info || info->empty || info->local != NIL ||
		!query->hasAggs || query->groupClause || query->groupingSets ||
		query->havingQual || query->hasTargetSRFs)
		return NIL;
	foreach(cell, info->remote)
	{
		RestrictInfo *rinfo = lfirst(cell);
		ConditionQual qual;

		if (!can_be_sent(root, input, fold_clause(root, input, rinfo->clause), &qual) ||
			!condition_may_be_exact(&qual))
			return NIL;
	}
	foreach(cell, pull_var_clause((Node *) target->exprs, PVC_INCLUDE_AGGREGATES))
	{
		Aggref	   *agg = lfirst(cell);

		if (!IsA(agg, Aggref) || agg->aggfnoid != F_COUNT_ || agg->aggfilter)
			return NIL;
		found = list_append_unique(found, agg);
	}
	return found;
}

/*
 * count(*) in one request: totalCount, if execution finds it trustworthy.  Else
 * the outer plan, an ordinary aggregate over an ordinary scan, does the work.
 */
void
plan_get_upper_paths(PlannerInfo *root, UpperRelationKind stage,
					 RelOptInfo *input, RelOptInfo *output, void *extra)
{
	PathTarget *target = root->upper_targets[UPPERREL_GROUP_AGG];
	PathTarget *count_target = create_empty_pathtarget();
	List	   *count;
	PlanInfo   *info = input->fdw_private;
	AggClauseCosts costs = {0};
	Path	   *aggregate;
	Cost		startup;

	if (stage != UPPERREL_GROUP_AGG || output->fdw_private)
		return;
	count = plain_count(root, input, target);
	if (count == NIL)
		return;

	add_column_to_pathtarget(count_target, linitial(count), 0);
	set_pathtarget_cost_width(root, count_target);
	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	aggregate = (Path *)
		create_agg_path(root, output, input->cheapest_total_path, count_target,
						AGG_PLAIN, AGGSPLIT_SIMPLE, NIL, NIL, &costs, 1);
	output->fdw_private = info;
	startup = info->table->server.fdw_startup_cost;
	add_path(output, (Path *)
			 compat_foreign_upper_path(root, output, target, 1, startup,
									   startup + cpu_tuple_cost, aggregate,
									   list_make2(input, count)));
}
