/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  From quals to the API's conditions: may it be sent, is it exact, the JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "condition.h"
#include "json.h"

#define EPOCH_OFFSET ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* A zone's clock may be put back or forth by so much within a day. */
#define ZONE_MARGIN (2 * SECS_PER_HOUR)

/* ---- planning: may it be sent? ---- */

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

/* Do the column's and the value's types say what the API's comparison says? */
static bool
types_fit(ConditionKind kind, Oid column, Oid value)
{
	switch (column)
	{
		case TEXTOID:
		case VARCHAROID:
			return kind == CONDITION_TEXT &&
				(value == TEXTOID || value == VARCHAROID);
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
			return (kind == CONDITION_NUMBER || kind == CONDITION_DATA_ID) &&
				(value == INT2OID || value == INT4OID || value == INT8OID ||
				 value == NUMERICOID);
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

/* A value is known before the scan starts: nothing of this table, nothing volatile. */
static bool
is_value(PlannerInfo *root, RelOptInfo *rel, Node *node)
{
	return !bms_is_member(rel->relid, pull_varnos(root, node)) &&
		!contain_volatile_functions(node) &&
		!find_subplan(node, NULL);
}

static Var *
column_of(RelOptInfo *rel, Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
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
		!is_value(root, rel, right))
		return false;
	/* "equal" to a collation may be unequal to the API */
	if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
		return false;

	qual->attr = attrs[column->varattno - 1];
	qual->column_type = getBaseType(column->vartype);
	qual->value_type = getBaseType(exprType(right));
	qual->value = (Expr *) right;
	element = any ? getBaseType(get_element_type(qual->value_type)) : qual->value_type;
	if (!attr_kind(qual->attr, &qual->kind) ||
		!types_fit(qual->kind, qual->column_type, element) ||
		!operator_of(opno, qual->column_type, qual->kind, &qual->op))
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

bool
condition_may_be_exact(const ConditionQual *qual)
{
	return qual->kind == CONDITION_DATA_ID ||
		((qual->kind == CONDITION_ADD_TIME || qual->kind == CONDITION_UPDATE_TIME) &&
		 qual->column_type == TIMESTAMPTZOID);
}

List *
condition_encode(const ConditionQual *qual)
{
	return list_make5(makeString(qual->attr),
					  makeInteger(qual->kind),
					  makeInteger(qual->op),
					  makeInteger(qual->column_type),
					  makeInteger(qual->value_type));
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

/* ---- execution: times ---- */

/* Microseconds since 1970 of a local time in the zone, rounded outward. */
static int64
local_to_epoch(Timestamp local, pg_tz *zone, bool upward)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int64		seconds = local / USECS_PER_SEC;
	int			offset,
				before,
				after;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	if (local % USECS_PER_SEC < 0)
		seconds--;
	offset = DetermineTimeZoneOffset(&tm, zone);

	/* near a change of the clock a local time may mean two instants */
	if (timestamp2tm(local - USECS_PER_DAY, NULL, &tm, &fsec, NULL, NULL) == 0)
	{
		before = DetermineTimeZoneOffset(&tm, zone);
		if (timestamp2tm(local + USECS_PER_DAY, NULL, &tm, &fsec, NULL, NULL) == 0)
		{
			after = DetermineTimeZoneOffset(&tm, zone);
			if (before != after)
				offset += upward ? ZONE_MARGIN : -ZONE_MARGIN;
		}
	}
	return (seconds + offset + EPOCH_OFFSET) * USECS_PER_SEC +
		(local - seconds * USECS_PER_SEC);
}

/* A time value as an instant; false for the infinities (*sign says which). */
static bool
value_to_epoch(const ConditionQual *qual, Datum value, pg_tz *zone, bool upward,
			   int64 *epoch, int *sign)
{
	TimestampTz instant;
	int			overflow = 0;

	if (qual->column_type == TIMESTAMPTZOID)
	{
		/* as the cross-type operators do, in the session's time zone */
		if (qual->value_type == DATEOID)
			instant = date2timestamptz_opt_overflow(DatumGetDateADT(value), &overflow);
		else if (qual->value_type == TIMESTAMPOID)
			instant = timestamp2timestamptz_opt_overflow(DatumGetTimestamp(value), &overflow);
		else
			instant = DatumGetTimestampTz(value);
	}
	else if (qual->value_type == DATEOID)
		instant = date2timestamp_opt_overflow(DatumGetDateADT(value), &overflow);
	else
		instant = DatumGetTimestamp(value);

	*sign = TIMESTAMP_IS_NOBEGIN(instant) || overflow < 0 ? -1 :
		TIMESTAMP_IS_NOEND(instant) || overflow > 0 ? 1 : 0;
	if (*sign != 0)
		return false;
	if (qual->column_type == TIMESTAMPTZOID)
		*epoch = instant + EPOCH_OFFSET * USECS_PER_SEC;
	else
	{
		/* a date stands for all of its day */
		if (qual->column_type == DATEOID && upward)
			instant += USECS_PER_DAY - (instant % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY - 1;
		*epoch = local_to_epoch(instant, zone, upward);
	}
	return true;
}

static int64
floor_seconds(int64 usecs)
{
	int64		seconds = usecs / USECS_PER_SEC;

	return usecs % USECS_PER_SEC < 0 ? seconds - 1 : seconds;
}

static void
narrow_low(ConditionRange *range, int64 low)
{
	if (!range->has_low || low > range->low)
		range->low = low;
	range->has_low = true;
}

static void
narrow_high(ConditionRange *range, int64 high)
{
	if (!range->has_high || high < range->high)
		range->high = high;
	range->has_high = true;
}

/*
 * Narrows a range by one bound.  Clears set->exact when the range lets more
 * through than the qual, sets set->empty when nothing can meet it.
 */
static void
add_bound(ConditionSet *set, ConditionRange *range, const ConditionQual *qual,
		  ConditionOperator op, Datum value, bool strict, pg_tz *zone)
{
	bool		upward = op == CONDITION_LESS || op == CONDITION_LESS_EQUAL;
	bool		open = op == CONDITION_LESS || op == CONDITION_GREATER;
	bool		whole;
	int64		usecs,
				seconds;
	int			sign;

	if (!value_to_epoch(qual, value, zone, upward, &usecs, &sign))
	{
		/* beyond -infinity or infinity is nothing, on this side everything */
		if ((sign > 0) != upward)
			set->empty = true;
		return;
	}
	seconds = floor_seconds(usecs);
	whole = usecs % USECS_PER_SEC == 0;
	if (qual->column_type != TIMESTAMPTZOID || qual->kind == CONDITION_DATE)
		set->exact = strict = false;

	if (upward)
		narrow_high(range, !whole ? seconds + 1 : open && strict ? seconds - 1 : seconds);
	else
		narrow_low(range, whole && open && strict ? seconds + 1 : seconds);
	if (!whole || (open && !strict))
		set->exact = false;
}

static void
add_time(ConditionSet *set, ConditionRange *range, const ConditionQual *qual,
		 Datum value, bool strict, pg_tz *zone)
{
	if (qual->op == CONDITION_EQUAL)
	{
		add_bound(set, range, qual, CONDITION_GREATER_EQUAL, value, strict, zone);
		add_bound(set, range, qual, CONDITION_LESS_EQUAL, value, strict, zone);
	}
	else
		add_bound(set, range, qual, qual->op, value, strict, zone);
}

static void
append_range(StringInfo elements, const char *attr, const ConditionRange *range)
{
	/* the API may read 0 as "no value" */
	if (range->has_low && range->low != 0)
		appendStringInfo(elements, "%s{\"attr\":\"%s\",\"symbol\":\"greaterequal\",\"value\":[%lld]}",
						 elements->len ? "," : "", attr, (long long) range->low);
	if (range->has_high && range->high != 0)
		appendStringInfo(elements, "%s{\"attr\":\"%s\",\"symbol\":\"lessequal\",\"value\":[%lld]}",
						 elements->len ? "," : "", attr, (long long) range->high);
}

/* Ranges of the record's own times: never 0 or before, never upside down. */
static void
close_range(ConditionSet *set, ConditionRange *range)
{
	if (range->has_low && range->low <= 0)
		range->has_low = false;
	if (range->has_high && range->high <= 0)
		set->empty = true;
	if (range->has_low && range->has_high && range->low > range->high)
		set->empty = true;
}

/* ---- execution: texts and numbers ---- */

/*
 * One value as JSON, or NULL if it may not be sent.  *never is set if no record
 * can equal it: '' is read as NULL.
 */
static char *
value_json(ConditionKind kind, Oid type, Datum value, bool *never)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	*never = false;
	getTypeOutputInfo(type, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	if (kind == CONDITION_TEXT)
	{
		*never = text[0] == '\0';
		return *never ? NULL :
			json_quote(pg_server_to_any(text, strlen(text), PG_UTF8));
	}
	if (type == NUMERICOID)
	{
		Numeric		number = DatumGetNumeric(value);

		if (numeric_is_nan(number) || numeric_is_inf(number))
			return NULL;
	}
	/* unset numbers are 0, "" or missing: the API's answer might lack some */
	if (strspn(text, "-0.") == strlen(text))
		return NULL;
	return text;
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a,
				y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* Keeps the ids asked for, to notice when the condition was ignored. */
static void
keep_ids(ConditionSet *set, char **values, int nvalues)
{
	int64	   *ids = palloc(sizeof(int64) * nvalues);

	for (int i = 0; i < nvalues; i++)
	{
		char	   *end;

		errno = 0;
		ids[i] = strtoll(values[i], &end, 10);
		if (errno != 0 || *end != '\0')
			return;				/* 5.0 or beyond bigint: the recheck decides */
	}
	qsort(ids, nvalues, sizeof(int64), compare_ids);
	set->ids = ids;
	set->nids = nvalues;
}

static void
add_values(ConditionSet *set, StringInfo elements, const ConditionQual *qual,
		   Datum value)
{
	Datum	   *items = &value;
	bool	   *nulls = NULL;
	int			nitems = 1;
	int			nvalues = 0;
	Oid			type = qual->value_type;
	char	  **values;

	if (qual->op == CONDITION_ANY)
	{
		int16		typlen;
		bool		typbyval;
		char		typalign;

		type = getBaseType(get_element_type(qual->value_type));
		get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
		deconstruct_array(DatumGetArrayTypeP(value), type, typlen, typbyval,
						  typalign, &items, &nulls, &nitems);
	}

	values = palloc(sizeof(char *) * Max(nitems, 1));
	for (int i = 0; i < nitems; i++)
	{
		bool		never;

		if (nulls && nulls[i])
			continue;			/* equal to nothing */
		values[nvalues] = value_json(qual->kind, type, items[i], &never);
		if (values[nvalues])
			nvalues++;
		else if (!never)
		{
			set->exact = false; /* cannot be sent: the recheck decides */
			return;
		}
	}
	if (nvalues == 0)
	{
		set->empty = true;
		return;
	}

	appendStringInfo(elements, "%s{\"attr\":%s,\"symbol\":\"%s\",\"value\":[",
					 elements->len ? "," : "", json_quote(qual->attr),
					 condition_symbol(qual->op));
	for (int i = 0; i < nvalues; i++)
		appendStringInfo(elements, "%s%s", i ? "," : "", values[i]);
	appendStringInfoString(elements, "]}");

	if (qual->kind == CONDITION_DATA_ID)
		keep_ids(set, values, nvalues);
	else
	{
		set->changeable = true;
		set->exact = false;
	}
}

ConditionSet *
condition_evaluate(List *quals, const Datum *values, const bool *isnull,
				   bool strict, pg_tz *time_zone)
{
	ConditionSet *set = palloc0(sizeof(ConditionSet));
	StringInfoData elements;
	ListCell   *cell;

	set->exact = true;
	set->nids = -1;
	initStringInfo(&elements);
	foreach(cell, quals)
	{
		ConditionQual *qual = lfirst(cell);
		int			i = foreach_current_index(cell);
		ConditionRange range = {0};

		if (isnull[i])
			set->empty = true;	/* no operator of ours is true for NULL */
		else if (qual->kind == CONDITION_ADD_TIME)
			add_time(set, &set->add_time, qual, values[i], strict, time_zone);
		else if (qual->kind == CONDITION_UPDATE_TIME)
			add_time(set, &set->update_time, qual, values[i], strict, time_zone);
		else if (qual->kind == CONDITION_DATE)
		{
			add_time(set, &range, qual, values[i], false, time_zone);
			append_range(&elements, qual->attr, &range);
			set->changeable = set->changeable || range.has_low || range.has_high;
			set->exact = false;
		}
		else
			add_values(set, &elements, qual, values[i]);
	}
	close_range(set, &set->add_time);
	close_range(set, &set->update_time);
	set->elements = elements.data;
	return set;
}

char *
condition_elements(const char *fixed, const ConditionSet *set,
				   const ConditionRange *add_time, const ConditionRange *update_time)
{
	StringInfoData elements;

	initStringInfo(&elements);
	if (fixed)
		appendStringInfoString(&elements, json_elements(fixed));
	if (set->elements[0])
		appendStringInfo(&elements, "%s%s", elements.len ? "," : "", set->elements);
	append_range(&elements, "addTime", add_time);
	append_range(&elements, "updateTime", update_time);
	return elements.data;
}
