/*-------------------------------------------------------------------------
 *
 * condition.h
 *	  From quals to the API's conditions: may it be sent, is it exact, the JSON.
 *
 * What may be sent depends on the attr, the operator and the types (pushdown,
 * in doc/reference.md); only symbols that public clients were seen to use.
 * A condition may let through more than the qual, never less.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_CONDITION_H
#define XBB_CONDITION_H

#include "lib/stringinfo.h"
#include "nodes/pathnodes.h"
#include "pgtime.h"

#include "base/range.h"

/* What an attr holds, as far as conditions on it go. */
typedef enum ConditionKind
{
	CONDITION_TEXT,				/* text_N, serialNo */
	CONDITION_NUMBER,			/* num_N, formId */
	CONDITION_DATA_ID,			/* dataId */
	CONDITION_ADD_TIME,			/* addTime */
	CONDITION_UPDATE_TIME,		/* updateTime */
	CONDITION_DATE				/* date_N */
} ConditionKind;

typedef enum ConditionOperator
{
	CONDITION_EQUAL,
	CONDITION_ANY,
	CONDITION_GREATER_EQUAL,
	CONDITION_GREATER,
	CONDITION_LESS_EQUAL,
	CONDITION_LESS
} ConditionOperator;

/* The values, a List of char *, of which a column shows the same text; all UTF-8. */
typedef List *(*ConditionValues) (void *labels, const char *shown);

/* A qual that can be sent; its value is an expression. */
typedef struct ConditionQual
{
	char	   *attr;			/* in the server's encoding */
	ConditionKind kind;
	ConditionOperator op;
	AttrNumber	column;
	bool		shows_label;	/* the column shows labels of what the API compares;
								 * set by the caller of condition_match */
	Oid			column_type;	/* of the column, domains looked through */
	int32		column_typmod;	/* the same, -1 for none */
	Oid			value_type;		/* of the value; the array's for ANY */
	Expr	   *value;			/* NULL in what condition_decode returns */
	ConditionValues values;		/* of a column that shows labels, by the executor
								 * once it knows them: before, nothing is sent */
	void	   *labels;
} ConditionQual;

/* One condition with many values, any of which will do. */
typedef struct ConditionList
{
	const char *attr;			/* these three are JSON, UTF-8 */
	const char *symbol;
	char	  **values;			/* each once; spellings of one value follow each other */
	int			nvalues;		/* 0 if there is no such condition */
} ConditionList;

/*
 * The conditions of one execution.  All it points to was made for it, in the memory
 * it was made in; nothing of the values that it was made from.
 */
typedef struct ConditionSet
{
	bool		empty;			/* nothing can meet the quals: ask nothing */
	bool		exact;			/* what is sent means just what the quals say */
	bool		changeable;		/* names an attr that may change, beside times */
	char	   *elements;		/* JSON objects for all but the two times and
								 * the list, comma-separated, UTF-8; "" for none */
	ConditionList list;			/* the one to cut if it is too long to send: the
								 * dataIds, else the longest = ANY */
	TimeRange add_time;
	TimeRange update_time;
	int			nids;			/* dataIds that meet all quals on them, -1 if not
								 * asked for */
	int64	   *ids;			/* sorted, each once; the values of list */
} ConditionSet;

/*
 * Whether a clause can be sent for the relation; fills *qual.  "attrs" holds the
 * attr of each column by attnum - 1.  The value may hold Vars of other relations
 * (the clause then serves a parameterised path).
 */
extern bool condition_match(PlannerInfo *root, RelOptInfo *rel, Expr *clause,
							char **attrs, ConditionQual *qual);

/* Is the node the column, looked at through casts that leave its value alone? */
extern bool condition_is_column(Node *node, Index relid, AttrNumber attnum);

/*
 * Is an expression known before a scan of the relation starts?  Nothing of this
 * table, nothing volatile.  What is stable counts: it has one value throughout a
 * statement, and a scan does not outlive one.
 */
extern bool condition_is_value(PlannerInfo *root, Index relid, Node *node);

/*
 * Whether a condition for this qual can mean just what the qual says.  > and < on
 * times cannot: the API's bounds are inclusive, and nothing proves that no time
 * lies between two seconds.
 */
extern bool condition_may_be_exact(const ConditionQual *qual);

/*
 * By how much the column's modifier may have moved a time: microseconds, half a
 * unit of its last digit; 0 for columns that show times as they are.
 */
extern int64 condition_rounding(const ConditionQual *qual);

/*
 * Adds to *forms the JSON, palloc'd, by which the API finds every record whose column
 * shows this item of the qual's value; for text_N, serialNo, num_N and formId.  Adds
 * nothing if no record can show it; returns false if it must not be sent since the API
 * might find fewer.
 */
extern bool condition_forms(const ConditionQual *qual, Oid type, Datum item, List **forms);

/* The dataId that equals a number; false if none does. */
extern bool condition_id(Oid type, Datum item, int64 *id);

/* A qual without its value, as a copyable node, and back. */
extern List *condition_encode(const ConditionQual *qual);
extern ConditionQual *condition_decode(List *node);

/* The API's symbol for an operator: what EXPLAIN shows. */
extern const char *condition_symbol(ConditionOperator op);

/*
 * The set for these values.  Results are palloc'd in the current context.
 */
extern ConditionSet *condition_evaluate(List *quals, const Datum *values,
										const bool *isnull, pg_tz *time_zone);

/*
 * All elements of a request's conditions array, palloc'd: the fixed array of
 * the table (JSON, may be NULL), the set's with its list, and those for the two
 * times, which may be narrower than the set's own.
 */
extern char *condition_elements(const char *fixed, const ConditionSet *set,
								const TimeRange *add_time,
								const TimeRange *update_time);

#endif							/* XBB_CONDITION_H */
