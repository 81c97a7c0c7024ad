/*-------------------------------------------------------------------------
 *
 * plan_remote.c
 *	  What the API is asked while planning, and will be asked later.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"

#include "condition/condition.h"
#include "fdw/plan_remote.h"
#include "reader/reader.h"

static bool
may_read(Oid relid, Oid userid)
{
	return pg_class_aclcheck(relid, userid, ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, userid, ACL_SELECT, ACLMASK_ANY) == ACLCHECK_OK;
}

double
plan_remote_records(PlannerInfo *root, const TableOptions *table, Oid userid, List *quals)
{
	Datum	   *values = palloc(sizeof(Datum) * (list_length(quals) + 1));
	bool	   *isnull = palloc(sizeof(bool) * (list_length(quals) + 1));
	List	   *known = NIL;
	ConditionSet *set;
	ListCell   *cell;

	if (!may_read(table->relid, userid))
		return -1;
	foreach(cell, quals)
	{
		ConditionQual *qual = lfirst(cell);
		Node	   *value = estimate_expression_value(root, (Node *) qual->value);

		if (!IsA(value, Const))
			continue;			/* known only at execution */
		values[list_length(known)] = ((Const *) value)->constvalue;
		isnull[list_length(known)] = ((Const *) value)->constisnull;
		known = lappend(known, qual);
	}
	set = condition_evaluate(known, values, isnull, table->server.time_zone);
	if (set->empty)
		return 0;
	return reader_count(table, userid, set, true);
}

int
plan_requests(const TableOptions *table, double records, double limit)
{
	return (int) Min(reader_requests(table, (int64) Min(records, 1e12), limit < 0 ? -1 : (int64) Min(limit, 1e12)), INT_MAX);
}
