/*-------------------------------------------------------------------------
 *
 * plan_children.h
 *	  The children among products, as a table of their own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PLAN_CHILDREN_H
#define XBB_PLAN_CHILDREN_H

#include "nodes/pathnodes.h"
#include "option/option.h"

/*
 * Option "conditions" of a table of parents, and of one of children, who name their
 * parent in num_3 (xbb-api 6, A; equal on it: C; noin was seen elsewhere: 3, C).
 */
#define PARENT_PRODUCTS "[{\"attr\":\"num_3\",\"symbol\":\"equal\",\"value\":[0]}]"
#define CHILD_PRODUCTS "[{\"attr\":\"num_3\",\"symbol\":\"noin\",\"value\":[0]}]"

/*
 * Has the table's children alone, as its conditions say: a qual that the scan
 * checks on the column that reads num_3, as the API may know no noin there.
 */
extern void plan_keep_children(PlannerInfo *root, RelOptInfo *rel, const TableOptions *table, char **attrs, int natts);

#endif							/* XBB_PLAN_CHILDREN_H */
