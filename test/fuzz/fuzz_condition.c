/*-------------------------------------------------------------------------
 *
 * fuzz_condition.c
 *	  Whatever values quals have: sound conditions, and JSON.
 *
 * An input's bytes are read as quals with their values.  Asserted are, here and
 * in fuzz_condition_value.c: nothing raises an error; a time whose column meets the quals lies in the range that is
 * asked for, and if the set is exact, no other does; a list holds just the values
 * that a record can equal, none of them 0 or '', and what is not sent has a reason;
 * the dataIds are those that all quals allow; all of it is JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "fuzz.h"
#include "fuzz_condition.h"

#define LAST_TIME INT64CONST(253402300799)	/* the end of year 9999 */

static pg_tz *zones[4];

/* ---- what times may be asked for ---- */

static void
evaluate(void *arg)
{
	Evaluation *evaluation = arg;

	evaluation->set = condition_evaluate(evaluation->quals, evaluation->values,
										 evaluation->isnull, evaluation->zone);
}

ConditionSet *
fuzz_set_of(const Evaluation *how, List *cases)
{
	Evaluation	evaluation = {.zone = how->zone};
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

/* What a column shows for a record of that time. */
static Datum
column_value(const ConditionQual *column, TimestampTz instant, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	Timestamp	local;

	if (column->column_type == TIMESTAMPTZOID)
		return DirectFunctionCall2(timestamptz_scale, TimestampTzGetDatum(instant),
								   Int32GetDatum(column->column_typmod));
	if (timestamp2tm(instant, &offset, &tm, &fsec, NULL, zone) != 0 ||
		tm2timestamp(&tm, fsec, NULL, &local) != 0)
		fuzz_broken("no local time");
	if (column->column_type == TIMESTAMPOID)
		return DirectFunctionCall2(timestamp_scale, TimestampGetDatum(local),
								   Int32GetDatum(column->column_typmod));
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
meets(const Case *one, TimestampTz instant, pg_tz *zone)
{
	int			difference;

	if (one->isnull)
		return false;
	difference = DatumGetInt32(DirectFunctionCall2(comparison(one->qual.column_type, one->item_type),
												   column_value(&one->qual, instant, zone),
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

/* One time, and some within its second. */
static void
check_time(const ConditionSet *set, const TimeRange *range, List *cases,
		   int64 seconds, pg_tz *zone)
{
	static const int fractions[] = {0, 1, 49999, 50000, 499999, 500000, 700000, 950000, 999999};

	if (seconds < 1 || seconds > LAST_TIME)
		return;					/* unset, or no time of this API */
	for (size_t i = 0; i < lengthof(fractions); i++)
	{
		bool		asked = !set->empty &&
			(!range->has_low || seconds >= range->low) &&
			(!range->has_high || seconds < range->high ||
			 (seconds == range->high && fractions[i] == 0));
		bool		wanted = true;
		ListCell   *cell;

		foreach(cell, cases)
			wanted = wanted && meets(lfirst(cell), (seconds - EPOCH_OFFSET) * USECS_PER_SEC + fractions[i], zone);
		if (wanted && !asked)
			fuzz_broken("a record is left out");
		if (asked && !wanted && set->exact)
			fuzz_broken("a record too many passes as exact");
	}
}

/* Both sides of the ends of the range, and what lies near the values. */
static void
check_times(const Evaluation *how, List *cases)
{
	ConditionSet *set;
	const TimeRange *range;
	ListCell   *cell;

	if (cases == NIL)
		return;
	set = fuzz_set_of(how, cases);
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

/* ---- */

static void
check_all(const Evaluation *how, List *cases, bool fixed)
{
	ConditionSet *set = fuzz_set_of(how, cases);

	fuzz_check_elements(condition_elements(fixed ? "[ {\"attr\": \"num_3\", \"symbol\": \"equal\", \"value\": [1]} ]" : NULL,
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

		if (one->qual.kind < CONDITION_DATA_ID)
			fuzz_check_values(&how, one);
		of_kind[one->qual.kind] = lappend(of_kind[one->qual.kind], one);
	}
	fuzz_check_ids(&how, of_kind[CONDITION_DATA_ID]);
	check_times(&how, of_kind[CONDITION_ADD_TIME]);
	check_times(&how, of_kind[CONDITION_UPDATE_TIME]);
}

const FuzzTarget fuzz_condition = {"condition", prepare, run};
