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

#include "option/option.h"

/*
 * The constant columns' values by attnum - 1, NULL for other columns; NULL if there
 * are none.  A constant that contradicts the bound of the partition that the table
 * is, is an error (23514): the server prunes by the bound, and never checks it.
 */
extern Const **plan_constants(Relation rel, const TableOptions *table);

/*
 * A copy of the clause with the constant columns' values in place of the relation's
 * Vars, simplified.  The clause itself where that could raise an error or tell a
 * value, as functions that are not leakproof may: such a clause waits for a row.
 */
extern Expr *plan_fold_clause(PlannerInfo *root, Expr *clause, Index relid,
							  Const **constants);

/*
 * Is what a clause was folded to the same for every row of the relation, and known
 * when a scan starts?
 */
extern bool plan_is_gate(PlannerInfo *root, Index relid, const Expr *clause,
						 Expr *folded);

/* Is a folded clause true for every row or, where "truth" is false, for none? */
extern bool plan_is_decided(const Expr *clause, bool truth);

#endif							/* XBB_PLAN_CONSTANT_H */
