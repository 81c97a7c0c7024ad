/*-------------------------------------------------------------------------
 *
 * plan_children.c
 *	  The children among products, as a table of their own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "fdw/plan_children.h"

#define PARENT_ATTR "num_3"

void
plan_keep_children(PlannerInfo *root, RelOptInfo *rel, const TableOptions *table, char **attrs, int natts)
{
	if (strcmp(table->object->name, "product") != 0 || !table->conditions ||
		strcmp(table->conditions, CHILD_PRODUCTS) != 0)
		return;
	for (int i = 0; i < natts; i++)
	{
		Var		   *column;
		Const	   *none;
		Oid			type;
		int32		typmod;
		Oid			collation;
		Oid			not_equal;
		Expr	   *qual;

		if (!attrs[i] || strcmp(attrs[i], PARENT_ATTR) != 0)
			continue;
		get_atttypetypmodcoll(table->relid, i + 1, &type, &typmod, &collation);
		if (type != INT8OID && type != NUMERICOID)
			continue;
		column = makeVar(rel->relid, i + 1, type, typmod, collation, 0);
		none = makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0), false, FLOAT8PASSBYVAL);
		not_equal = OpernameGetOprid(list_make2(makeString("pg_catalog"), makeString("<>")), type, type);
		qual = make_opclause(not_equal, BOOLOID, false, (Expr *) column,
							 type == INT8OID ? (Expr *) none :
							 (Expr *) makeFuncExpr(F_NUMERIC_INT8, NUMERICOID, list_make1(none), InvalidOid, InvalidOid,
												   COERCE_IMPLICIT_CAST), InvalidOid, InvalidOid);
		set_opfuncid((OpExpr *) qual);
		rel->baserestrictinfo = lappend(rel->baserestrictinfo,
										make_simple_restrictinfo(root, (Expr *) eval_const_expressions(root, (Node *) qual)));
		return;
	}
}
