/*-------------------------------------------------------------------------
 *
 * fuzz_condition.c
 *	  Whatever values quals have: sound conditions, and JSON.
 *
 * An input's bytes are read as quals with their values.  Asserted are: nothing
 * raises an error; a time that meets the quals lies in the range that is asked
 * for, and if the set is exact, no other does; a list holds just the values that
 * a record can equal, none of them 0 or ''; all of it is JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "fuzz.h"
#include "fuzz_qual.h"

#define MAX_QUALS 6

#define LAST_TIME INT64CONST(253402300799)	/* the end of year 9999 */

typedef struct Evaluation
{
	List	   *quals;
	Datum		values[MAX_QUALS];
	bool		isnull[MAX_QUALS];
	bool		strict;
	pg_tz	   *zone;
	pg_enc		encoding;
	ConditionSet *set;
} Evaluation;

static pg_tz *zones[4];

/* ---- what times may be asked for ---- */

static void
evaluate(void *arg)
{
	Evaluation *evaluation = arg;

	evaluation->set = condition_evaluate(evaluation->quals, evaluation->values,
										 evaluation->isnull, evaluation->strict,
										 evaluation->zone);
}

/* The set of some of the cases, those of one kind or one alone. */
static ConditionSet *
set_of(const Evaluation *how, List *cases)
{
	Evaluation	evaluation = {.strict = how->strict, .zone = how->zone};
	ErrorData  *error;
	ListCell   *cell;

	foreach(cell, cases)
	{
		Case	   *one = lfirst(cell);
		int			i = foreach_current_index(cell);

		evaluation.quals = lappend(evaluation.quals, &one->qual);
		evaluation.values[i] = one->value;
		evaluation.isnull[i] = one->isnull;
	}
	SetDatabaseEncoding(how->encoding);
	error = fuzz_try(evaluate, &evaluation);
	SetDatabaseEncoding(PG_UTF8);
	if (error != NULL)
		fuzz_broken(error->message);
	return evaluation.set;
}

/* A column's value for a record of that time. */
static Datum
column_value(Oid type, int64 seconds, pg_tz *zone)
{
	TimestampTz instant = (seconds - EPOCH_OFFSET) * USECS_PER_SEC;
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	Timestamp	local;

	if (type == TIMESTAMPTZOID)
		return TimestampTzGetDatum(instant);
	if (timestamp2tm(instant, &offset, &tm, &fsec, NULL, zone) != 0 ||
		tm2timestamp(&tm, fsec, NULL, &local) != 0)
		fuzz_broken("no local time");
	if (type == TIMESTAMPOID)
		return TimestampGetDatum(local);
	return DirectFunctionCall1(timestamp_date, TimestampGetDatum(local));
}

static PGFunction
comparison(Oid column, Oid value)
{
	if (column == TIMESTAMPTZOID)
		return value == TIMESTAMPTZOID ? timestamp_cmp :
			value == TIMESTAMPOID ? timestamptz_cmp_timestamp : timestamptz_cmp_date;
	if (column == TIMESTAMPOID)
		return value == TIMESTAMPOID ? timestamp_cmp : timestamp_cmp_date;
	return value == TIMESTAMPOID ? date_cmp_timestamp : date_cmp;
}

static bool
meets(const Case *one, int64 seconds, pg_tz *zone)
{
	int			difference;

	if (one->isnull)
		return false;
	difference = DatumGetInt32(DirectFunctionCall2(comparison(one->qual.column_type, one->item_type),
												   column_value(one->qual.column_type, seconds, zone),
												   one->value));
	switch (one->qual.op)
	{
		case CONDITION_GREATER_EQUAL:
			return difference >= 0;
		case CONDITION_GREATER:
			return difference > 0;
		case CONDITION_LESS_EQUAL:
			return difference <= 0;
		case CONDITION_LESS:
			return difference < 0;
		default:
			return difference == 0;
	}
}

static void
check_time(const ConditionSet *set, const ConditionRange *range, List *cases,
		   int64 seconds, pg_tz *zone)
{
	bool		wanted = true;
	bool		asked = !set->empty &&
		(!range->has_low || seconds >= range->low) &&
		(!range->has_high || seconds <= range->high);
	ListCell   *cell;

	if (seconds < 1 || seconds > LAST_TIME)
		return;					/* unset, or no time of this API */
	foreach(cell, cases)
		wanted = wanted && meets(lfirst(cell), seconds, zone);
	if (wanted && !asked)
		fuzz_broken("a record is left out");
	if (asked && !wanted && set->exact)
		fuzz_broken("a record too many passes as exact");
}

/* Both sides of the ends of the range, and what lies near the values. */
static void
check_times(const Evaluation *how, List *cases)
{
	ConditionSet *set;
	const ConditionRange *range;
	ListCell   *cell;

	if (cases == NIL)
		return;
	set = set_of(how, cases);
	range = ((Case *) linitial(cases))->qual.kind == CONDITION_ADD_TIME ?
		&set->add_time : &set->update_time;
	if (range->has_low && (range->low <= 0 || (!set->empty && range->has_high &&
											   range->low > range->high)))
		fuzz_broken("a range from nothing, or upside down");

	for (int i = -1; i <= 1; i++)
	{
		check_time(set, range, cases, range->low + i, how->zone);
		check_time(set, range, cases, range->high + i, how->zone);
		foreach(cell, cases)
		{
			Case	   *one = lfirst(cell);
			double		seconds = one->item_type == DATEOID ?
				(double) DatumGetDateADT(one->value) * SECS_PER_DAY :
				floor((double) DatumGetTimestamp(one->value) / USECS_PER_SEC);

			for (int hours = -14; hours <= 14; hours++)
				check_time(set, range, cases,
						   (int64) seconds + EPOCH_OFFSET + hours * SECS_PER_HOUR + i,
						   how->zone);
		}
	}
	check_time(set, range, cases, 1, how->zone);
	check_time(set, range, cases, LAST_TIME, how->zone);
}

/* ---- what values may be asked for ---- */

static JsonbValue *
member(JsonbContainer *object, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);

	if (value == NULL)
		fuzz_broken("a condition lacks a member");
	return value;
}

/* The values of a condition, each of which must say something. */
static JsonbContainer *
list_of(JsonbValue *condition)
{
	JsonbValue *list;

	if (condition->type != jbvBinary || !JsonContainerIsObject(condition->val.binary.data))
		fuzz_broken("a condition is no object");
	if (member(condition->val.binary.data, "attr")->type != jbvString ||
		member(condition->val.binary.data, "symbol")->type != jbvString)
		fuzz_broken("a condition without attr or symbol");
	list = member(condition->val.binary.data, "value");
	if (list->type != jbvBinary || !JsonContainerIsArray(list->val.binary.data) ||
		JsonContainerSize(list->val.binary.data) == 0)
		fuzz_broken("a condition without values");
	return list->val.binary.data;
}

static bool
is_zero(Datum number)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, number,
											DirectFunctionCall1(int4_numeric, Int32GetDatum(0))));
}

static void
check_elements(const char *elements)
{
	JsonbContainer *conditions = &fuzz_jsonb(psprintf("[%s]", elements))->root;

	for (uint32 i = 0; i < JsonContainerSize(conditions); i++)
	{
		JsonbContainer *list = list_of(getIthJsonbValueFromContainer(conditions, i));

		for (uint32 j = 0; j < JsonContainerSize(list); j++)
		{
			JsonbValue *value = getIthJsonbValueFromContainer(list, j);

			if (value->type == jbvString ? value->val.string.len == 0 :
				value->type != jbvNumeric || is_zero(NumericGetDatum(value->val.numeric)))
				fuzz_broken("a value that the API may read as no value");
		}
	}
}

/* What the API's value must be: UTF-8, or NULL if nothing equals the item. */
static char *
expected_text(const Case *one, int i, pg_enc encoding)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	getTypeOutputInfo(one->item_type, &output, &varlena);
	text = OidOutputFunctionCall(output, one->items[i]);
	if (one->qual.kind != CONDITION_TEXT)
		return text;
	if (encoding == PG_LATIN1)
		text = (char *) pg_do_encoding_conversion((unsigned char *) text, strlen(text),
												  PG_LATIN1, PG_UTF8);
	return text[0] && pg_verify_mbstr(PG_UTF8, text, strlen(text), true) ? text : NULL;
}

static Datum
to_numeric(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static bool
has_value(JsonbContainer *list, const char *text, ConditionKind kind)
{
	for (uint32 i = 0; i < JsonContainerSize(list); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(list, i);

		if (kind == CONDITION_TEXT ?
			value->val.string.len == (int) strlen(text) &&
			memcmp(value->val.string.val, text, strlen(text)) == 0 :
			DatumGetBool(DirectFunctionCall2(numeric_eq, to_numeric(text),
											 NumericGetDatum(value->val.numeric))))
			return true;
	}
	return false;
}

/* One qual on texts or numbers by itself. */
static void
check_values(const Evaluation *how, Case *one)
{
	ConditionSet *set = set_of(how, list_make1(one));
	char	   *elements = condition_elements(NULL, set, &set->add_time, &set->update_time);
	JsonbContainer *conditions = &fuzz_jsonb(psprintf("[%s]", elements))->root;
	char	   *expected[MAX_ITEMS];
	uint32		nexpected = 0;
	bool		sendable = true;
	JsonbContainer *list;

	for (int i = 0; i < one->nitems; i++)
	{
		char	   *text = one->isnull || one->nulls[i] ? NULL :
			expected_text(one, i, how->encoding);

		if (text)
			expected[nexpected++] = text;
		if (text && one->qual.kind != CONDITION_TEXT &&
			(strpbrk(text, "yN") || is_zero(to_numeric(text))))
			sendable = false;
	}
	if (set->empty != (nexpected == 0))
		fuzz_broken("nothing is asked for, or everything");
	if (set->empty)
		return;
	if (!sendable)
	{
		if (elements[0] || set->exact)
			fuzz_broken("0 or no number was sent");
		return;
	}

	list = list_of(getIthJsonbValueFromContainer(conditions, 0));
	if (JsonContainerSize(conditions) != 1 || JsonContainerSize(list) > nexpected)
		fuzz_broken("more is asked for than the qual says");
	for (uint32 i = 0; i < nexpected; i++)
	{
		if (!has_value(list, expected[i], one->qual.kind))
			fuzz_broken("a value is missing");
	}
	for (int i = 1; i < set->nids; i++)
	{
		if (set->ids[i - 1] >= set->ids[i])
			fuzz_broken("the ids are not sorted, or not each once");
	}
}

/* ---- */

static void
check_all(const Evaluation *how, List *cases, bool fixed)
{
	ConditionSet *set = set_of(how, cases);

	check_elements(condition_elements(fixed ? "[ {\"attr\": \"num_3\", \"symbol\": \"equal\", \"value\": [1]} ]" : NULL,
									  set, &set->add_time, &set->update_time));
}

static void
prepare(void)
{
	zones[0] = pg_tzset("Asia/Shanghai");
	zones[1] = pg_tzset("UTC");
	zones[2] = pg_tzset("America/New_York");
	zones[3] = pg_tzset("Pacific/Apia");
}

static void
run(const char *input, size_t size)
{
	static const pg_enc encodings[] = {PG_UTF8, PG_UTF8, PG_LATIN1, PG_SQL_ASCII};
	Bytes		bytes = {input, size};
	int			flags = fuzz_take(&bytes, 1);
	Evaluation	how = {
		.encoding = encodings[flags & 3],
		.strict = (flags >> 2) & 1,
		.zone = zones[(flags >> 3) & 3],
	};
	List	   *cases = NIL;
	List	   *of_kind[CONDITION_DATE + 1] = {NIL};
	ListCell   *cell;

	session_timezone = zones[(flags >> 5) & 3];
	SetDatabaseEncoding(how.encoding);
	while (bytes.left > 0 && list_length(cases) < MAX_QUALS)
		cases = lappend(cases, fuzz_take_case(&bytes));
	SetDatabaseEncoding(PG_UTF8);

	check_all(&how, cases, (flags >> 7) & 1);
	foreach(cell, cases)
	{
		Case	   *one = lfirst(cell);

		if (one->qual.kind < CONDITION_ADD_TIME)
			check_values(&how, one);
		of_kind[one->qual.kind] = lappend(of_kind[one->qual.kind], one);
	}
	check_times(&how, of_kind[CONDITION_ADD_TIME]);
	check_times(&how, of_kind[CONDITION_UPDATE_TIME]);
}

const FuzzTarget fuzz_condition = {"condition", prepare, run};
