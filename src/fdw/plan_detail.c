/*-------------------------------------------------------------------------
 *
 * plan_detail.c
 *	  Quals that come before the details of a record are asked for.
 *
 * A record's details are a request: none is sent for what another qual drops.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

#include "base/attr_names.h"
#include "fdw/plan_detail.h"
#include "option/option.h"

/*
 * The columns among those read that come with the details, as pull_varattnos has them,
 * and those that tell what of them did not fit.
 */
static Bitmapset *
detail_columns(Oid relid, List *columns)
{
	Bitmapset  *result = NULL;
	Bitmapset  *told = NULL;
	ListCell   *lc;

	foreach(lc, columns)
	{
		int			place = lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber;

		if (option_is_detail(relid, lfirst_int(lc)))
			result = bms_add_member(result, place);
		else if (strcmp(option_attr(relid, lfirst_int(lc)), ATTR_ERROR) == 0)
			told = bms_add_member(told, place);
	}
	return result ? bms_add_members(result, told) : NULL;
}

static bool
needs_details(const RelOptInfo *rel, Node *clause, const Bitmapset *details)
{
	Bitmapset  *used = NULL;

	pull_varattnos(clause, rel->relid, &used);
	return bms_overlap(used, details) ||
		bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
}

/*
 * Does it depend on an outer query?  Then it has another value in most rescans, and rows
 * that are kept, which ask for a record's details once, are better than those of one
 * value, which ask for them again.  A join has its values in the conditions, too, and a
 * sub-select of this query has one.
 */
static bool
is_correlated(PlannerInfo *root, const RestrictInfo *rinfo)
{
	Bitmapset  *params = pull_paramids(rinfo->clause);
	ListCell   *lc;
	ListCell   *cell;

	foreach(lc, root->init_plans)
		foreach(cell, lfirst_node(SubPlan, lc)->setParam)
			params = bms_del_member(params, lfirst_int(cell));
	return !bms_is_empty(params);
}

/* May it come before the details, but for its security level? */
static bool
may_come_before(PlannerInfo *root, const RelOptInfo *rel, const RestrictInfo *rinfo, const Bitmapset *details)
{
	Node	   *clause = (Node *) rinfo->clause;

	return !needs_details(rel, clause, details) && !contain_subplans(clause) &&
		!contain_volatile_functions(clause) && !is_correlated(root, rinfo);
}

typedef struct Parameters
{
	Index		relid;
	List	   *found;
} Parameters;

/* Params of the executor, and what is of other relations. */
static bool
find_parameters(Node *node, void *context)
{
	Parameters *parameters = context;

	if (node == NULL)
		return false;
	if ((IsA(node, Var) && ((Var *) node)->varno != (int) parameters->relid) ||
		(IsA(node, PlaceHolderVar) && !bms_is_member(parameters->relid, ((PlaceHolderVar *) node)->phrels)) ||
		(IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC))
	{
		parameters->found = list_append_unique(parameters->found, node);
		return false;
	}
	return expression_tree_walker(node, find_parameters, context);
}

int
plan_detail_quals(PlannerInfo *root, RelOptInfo *rel, Oid relid, List *columns, List *scan_clauses,
				  List **local, List **before, List **parameters)
{
	Parameters	found = {.relid = rel->relid};
	Bitmapset  *details = detail_columns(relid, columns);
	Index		least = PG_UINT32_MAX;	/* security level of a qual that stays */
	int			moved = 0;
	ListCell   *lc;

	if (bms_is_empty(details))
		return 0;
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (list_member_ptr(*local, rinfo->clause) && !may_come_before(root, rel, rinfo, details))
			least = Min(least, rinfo->security_level);
	}
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Node	   *clause = (Node *) rinfo->clause;

		if (!list_member_ptr(*local, clause) || !may_come_before(root, rel, rinfo, details) ||
			(rinfo->security_level > least && !rinfo->leakproof))
			continue;
		*local = list_delete_ptr(*local, clause);
		*before = lappend(*before, clause);
		find_parameters(clause, &found);
		moved++;
	}
	*parameters = found.found;
	return moved;
}

bool
plan_reads_all(const PlannerInfo *root, const List *remote, bool limited)
{
	/* a join, an outer query, a cursor may do with less */
	return remote == NIL && !root->parent_root && bms_membership(root->all_baserels) == BMS_SINGLETON &&
		(limited || root->tuple_fraction <= 0);
}
