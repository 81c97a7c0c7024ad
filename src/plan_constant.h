/*-------------------------------------------------------------------------
 *
 * plan_constant.h
 *	  Constant columns while planning; plan.c's alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PLAN_CONSTANT_H
#define XBB_PLAN_CONSTANT_H

#include "nodes/pathnodes.h"
#include "utils/rel.h"

#include "option.h"

/*
 * The constant columns' values by attnum - 1, NULL for other columns; NULL if there
 * are none.  A constant that contradicts the bound of the partition that the table
 * is, is an error (23514): the server prunes by the bound, and never checks it.
 */
extern Const **plan_constants(Relation rel, const OptionTable *table);

/*
 * A copy of the node with the constant columns' values in place of the Vars of
 * range table entry "varno", simplified.  root may be NULL.
 */
extern Node *plan_fold(PlannerInfo *root, Node *node, Index varno, Const **constants);

/* Is a folded clause true for every row or, where "truth" is false, for none? */
extern bool plan_is_decided(const Expr *clause, bool truth);

#endif							/* XBB_PLAN_CONSTANT_H */
