/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  From quals to conditions: may it be sent, may it be exact.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "condition/condition.h"

static bool
is_numbered(const char *attr, const char *prefix)
{
	size_t		length = strlen(prefix);

	return strncmp(attr, prefix, length) == 0 && attr[length] != '\0' &&
		strspn(attr + length, "0123456789") == strlen(attr + length);
}

static bool
attr_kind(const char *attr, ConditionKind *kind)
{
	if (strcmp(attr, "serialNo") == 0 || is_numbered(attr, "text_"))
		*kind = CONDITION_TEXT;
	else if (strcmp(attr, "dataId") == 0)
		*kind = CONDITION_DATA_ID;
	else if (strcmp(attr, "formId") == 0 || is_numbered(attr, "num_"))
		*kind = CONDITION_NUMBER;
	else if (strcmp(attr, "addTime") == 0)
		*kind = CONDITION_ADD_TIME;
	else if (strcmp(attr, "updateTime") == 0)
		*kind = CONDITION_UPDATE_TIME;
	else if (is_numbered(attr, "date_"))
		*kind = CONDITION_DATE;
	else
		return false;
	return true;
}

static bool
is_time(ConditionKind kind)
{
	return kind >= CONDITION_ADD_TIME;
}

/*
 * numeric(p,s) rounds, and the API compares what was not rounded.  An integer it
 * leaves alone, unless it rounds before the point.
 */
static bool
numeric_fits(ConditionKind kind, int32 typmod)
{
	/* as numeric.c has it: eleven bits with a sign */
	int			scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;

	return typmod < (int32) VARHDRSZ || (kind == CONDITION_DATA_ID && scale >= 0);
}

/*
 * Do the column's and the value's types say what the API's comparison says?  The
 * modifiers of varchar and of times are left to condition_evaluate.
 */
static bool
types_fit(ConditionKind kind, Oid column, int32 typmod, Oid value)
{
	switch (column)
	{
		case NUMERICOID:
			if (!numeric_fits(kind, typmod))
				return false;
			/* FALLTHROUGH */
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return (kind == CONDITION_NUMBER || kind == CONDITION_DATA_ID) &&
				(value == INT2OID || value == INT4OID || value == INT8OID ||
				 value == NUMERICOID);
		case TEXTOID:
		case VARCHAROID:
			return kind == CONDITION_TEXT &&
				(value == TEXTOID || value == VARCHAROID);
		case TIMESTAMPTZOID:
			return is_time(kind) && (value == TIMESTAMPTZOID ||
									 value == TIMESTAMPOID || value == DATEOID);
		case TIMESTAMPOID:
		case DATEOID:
			/* with timestamptz the session's time zone would have a say */
			return is_time(kind) && (value == TIMESTAMPOID || value == DATEOID);
		default:
			return false;
	}
}

/* The operator of a clause "column op value", by the type's btree family. */
static bool
operator_of(Oid opno, Oid column_type, ConditionKind kind, ConditionOperator *op)
{
	TypeCacheEntry *type = lookup_type_cache(column_type, TYPECACHE_BTREE_OPFAMILY);

	switch (get_op_opfamily_strategy(opno, type->btree_opf))
	{
		case BTEqualStrategyNumber:
			*op = CONDITION_EQUAL;
			return true;
		case BTGreaterEqualStrategyNumber:
			*op = CONDITION_GREATER_EQUAL;
			break;
		case BTGreaterStrategyNumber:
			*op = CONDITION_GREATER;
			break;
		case BTLessEqualStrategyNumber:
			*op = CONDITION_LESS_EQUAL;
			break;
		case BTLessStrategyNumber:
			*op = CONDITION_LESS;
			break;
		default:
			return false;
	}
	return is_time(kind);
}

static bool
find_subplan(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan))
		return true;
	return expression_tree_walker(node, find_subplan, context);
}

bool
condition_is_value(PlannerInfo *root, Index relid, Node *node)
{
	return !bms_is_member(relid, pull_varnos(root, node)) &&
		!contain_volatile_functions(node) &&
		!find_subplan(node, NULL);
}

/*
 * A relabelled column has the same value, and the same modifier.  So has an integer
 * that PostgreSQL casts to numeric to compare it with one.
 */
static Node *
strip_casts(Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node && IsA(node, FuncExpr))
	{
		FuncExpr   *cast = (FuncExpr *) node;

		if (cast->funcid == F_NUMERIC_INT2 || cast->funcid == F_NUMERIC_INT4 ||
			cast->funcid == F_NUMERIC_INT8)
			return linitial(cast->args);
	}
	return node;
}

bool
condition_is_column(Node *node, Index relid, AttrNumber attnum)
{
	node = strip_casts(node);
	return node && IsA(node, Var) && (Index) ((Var *) node)->varno == relid &&
		((Var *) node)->varlevelsup == 0 && ((Var *) node)->varattno == attnum;
}

static Var *
column_of(RelOptInfo *rel, Node *node)
{
	node = strip_casts(node);
	if (node && IsA(node, Var) && (Index) ((Var *) node)->varno == rel->relid &&
		((Var *) node)->varlevelsup == 0 && ((Var *) node)->varattno > 0)
		return (Var *) node;
	return NULL;
}

static bool
match_sides(PlannerInfo *root, RelOptInfo *rel, Node *left, Node *right,
			Oid opno, Oid collation, bool any, char **attrs, ConditionQual *qual)
{
	Var		   *column = column_of(rel, left);
	Oid			element;

	if (!column || !attrs[column->varattno - 1] || !OidIsValid(opno) ||
		!condition_is_value(root, rel->relid, right))
		return false;
	/* "equal" to a collation may be unequal to the API */
	if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
		return false;

	qual->attr = attrs[column->varattno - 1];
	qual->column = column->varattno;
	qual->shows_label = false;
	qual->column_typmod = column->vartypmod;
	qual->column_type = getBaseTypeAndTypmod(column->vartype, &qual->column_typmod);
	qual->value_type = getBaseType(exprType(right));
	qual->value = (Expr *) right;
	element = any ? getBaseType(get_element_type(qual->value_type)) : qual->value_type;
	if (!attr_kind(qual->attr, &qual->kind) ||
		!types_fit(qual->kind, qual->column_type, qual->column_typmod, element) ||
		!operator_of(opno, getBaseType(exprType(left)), qual->kind, &qual->op))
		return false;
	if (any)
	{
		if (qual->op != CONDITION_EQUAL || is_time(qual->kind))
			return false;
		qual->op = CONDITION_ANY;
	}
	return true;
}

bool
condition_match(PlannerInfo *root, RelOptInfo *rel, Expr *clause, char **attrs,
				ConditionQual *qual)
{
	if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		OpExpr	   *op = (OpExpr *) clause;

		return match_sides(root, rel, linitial(op->args), lsecond(op->args),
						   op->opno, op->inputcollid, false, attrs, qual) ||
			match_sides(root, rel, lsecond(op->args), linitial(op->args),
						get_commutator(op->opno), op->inputcollid, false,
						attrs, qual);
	}
	if (IsA(clause, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) clause)->useOr)
	{
		ScalarArrayOpExpr *op = (ScalarArrayOpExpr *) clause;

		return match_sides(root, rel, linitial(op->args), lsecond(op->args),
						   op->opno, op->inputcollid, true, attrs, qual);
	}
	return false;
}

int64
condition_rounding(const ConditionQual *qual)
{
	int64		half = USECS_PER_SEC / 2;

	if ((qual->column_type != TIMESTAMPTZOID && qual->column_type != TIMESTAMPOID) ||
		qual->column_typmod < 0)
		return 0;
	for (int i = 0; i < qual->column_typmod; i++)
		half /= 10;
	return half;				/* of timestamp(6) 0 */
}

bool
condition_may_be_exact(const ConditionQual *qual)
{
	return qual->kind == CONDITION_DATA_ID ||
		((qual->kind == CONDITION_ADD_TIME || qual->kind == CONDITION_UPDATE_TIME) &&
		 qual->column_type == TIMESTAMPTZOID && condition_rounding(qual) == 0 &&
		 qual->op != CONDITION_GREATER && qual->op != CONDITION_LESS);
}

List *
condition_encode(const ConditionQual *qual)
{
	List	   *node = list_make5(makeString(qual->attr),
								  makeInteger(qual->kind),
								  makeInteger(qual->op),
								  makeInteger(qual->column_type),
								  makeInteger(qual->value_type));

	node = lappend(node, makeInteger(qual->column_typmod));
	node = lappend(node, makeInteger(qual->column));
	return lappend(node, makeBoolean(qual->shows_label));
}

ConditionQual *
condition_decode(List *node)
{
	ConditionQual *qual = palloc0(sizeof(ConditionQual));

	qual->attr = strVal(linitial(node));
	qual->kind = intVal(lsecond(node));
	qual->op = intVal(lthird(node));
	qual->column_type = (Oid) intVal(lfourth(node));
	qual->value_type = (Oid) intVal(list_nth(node, 4));
	qual->column_typmod = intVal(list_nth(node, 5));
	qual->column = intVal(list_nth(node, 6));
	qual->shows_label = boolVal(list_nth(node, 7));
	return qual;
}

const char *
condition_symbol(ConditionOperator op)
{
	switch (op)
	{
		case CONDITION_EQUAL:
			return "equal";
		case CONDITION_ANY:
			return "in";
		case CONDITION_GREATER_EQUAL:
		case CONDITION_GREATER:
			return "greaterequal";
		case CONDITION_LESS_EQUAL:
		case CONDITION_LESS:
			return "lessequal";
	}
	return NULL;				/* keep the compiler quiet */
}
