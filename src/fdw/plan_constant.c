/*-------------------------------------------------------------------------
 *
 * plan_constant.c
 *	  Constant columns while planning: their values folded into quals, and held
 *	  against the partition's bound.
 *
 * A qual that a constant decides never reaches the scan: a true one goes, so that
 * count(*) and LIMIT stay cheap, and with a false one nothing is sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/ruleutils.h"

#include "condition/condition.h"
#include "fdw/plan_constant.h"
#include "record/record.h"

typedef struct Folding
{
	Index		varno;
	Const	  **constants;
} Folding;

static Node *
replace_constants(Node *node, void *context)
{
	const Folding *folding = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if ((Index) var->varno == folding->varno && var->varlevelsup == 0 &&
			var->varattno > 0 && folding->constants[var->varattno - 1])
			return (Node *) copyObject(folding->constants[var->varattno - 1]);
	}
	return expression_tree_mutator(node, replace_constants, context);
}

static Node *
fold_constants(PlannerInfo *root, Node *node, Index varno, Const **constants)
{
	Folding		folding = {varno, constants};

	return eval_const_expressions(root, replace_constants(node, &folding));
}

Expr *
plan_fold_clause(PlannerInfo *root, Expr *clause, Index relid, Const **constants)
{
	if (contain_leaked_vars((Node *) clause))
		return clause;
	return (Expr *) fold_constants(root, (Node *) clause, relid, constants);
}

bool
plan_is_gate(PlannerInfo *root, Index relid, const Expr *clause, Expr *folded)
{
	return folded != clause && condition_is_value(root, relid, (Node *) folded);
}

bool
plan_is_decided(const Expr *clause, bool truth)
{
	const Const *value = (const Const *) clause;

	return IsA(clause, Const) &&
		truth == (!value->constisnull && DatumGetBool(value->constvalue));
}

/* The first of the constant columns that a qual reads. */
static const char *
constant_read(Relation rel, Node *qual, Const **constants)
{
	Bitmapset  *columns = NULL;
	int			attnum;

	pull_varattnos(qual, 1, &columns);
	for (attnum = 1; attnum < RelationGetNumberOfAttributes(rel); attnum++)
		if (constants[attnum - 1] &&
			bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, columns))
			break;
	return NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname);
}

/* The bound as the partitions' parents give it, on this table's columns. */
static void
check_bound(Relation rel, Const **constants)
{
	List	   *bound = RelationGetPartitionQual(rel);
	Node	   *broken = NULL;
	ListCell   *cell;

	foreach(cell, bound)
		if (plan_is_decided((Expr *) fold_constants(NULL, lfirst(cell), 1, constants), false))
		{
			broken = lfirst(cell);
			break;
		}
	if (!broken)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("the constant columns of foreign table \"%s\" contradict the bound of the partition that it is",
					RelationGetRelationName(rel)),
			 errdetail("Its rows must meet %s.",
					   deparse_expression((Node *) make_ands_explicit(bound),
										  deparse_context_for(RelationGetRelationName(rel),
															  RelationGetRelid(rel)),
										  false, false)),
			 errhint("Type: ALTER FOREIGN TABLE %s ALTER COLUMN %s OPTIONS (SET constant '...');",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												RelationGetRelationName(rel)),
					 quote_identifier(constant_read(rel, broken, constants)))));
}

Const **
plan_constants(Relation rel, const TableOptions *table)
{
	TupleDesc	desc = RelationGetDescr(rel);
	Const	  **constants = palloc0(sizeof(Const *) * desc->natts);
	bool		any = false;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		char	   *text = attribute->attisdropped ? NULL :
			option_constant(RelationGetRelid(rel), i + 1);
		Datum		value;
		bool		isnull;

		if (!text)
			continue;
		any = true;
		option_check_column(RelationGetRelid(rel), i + 1, NULL);
		value = record_constant(attribute, text, table->server.time_zone,
								RelationGetRelationName(rel), &isnull);
		constants[i] = makeConst(attribute->atttypid, attribute->atttypmod,
								 attribute->attcollation, attribute->attlen, value,
								 isnull, attribute->attbyval);
	}
	if (!any)
		return NULL;
	check_bound(rel, constants);
	return constants;
}
