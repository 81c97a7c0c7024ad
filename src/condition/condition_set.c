/*-------------------------------------------------------------------------
 *
 * condition_set.c
 *	  From values to conditions: ranges outward, lists, the JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/json.h"
#include "condition/condition.h"

#define EPOCH_OFFSET ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* ---- times ---- */

/* What to add to a local time in the zone for UTC, seconds. */
static int
zone_offset(Timestamp local, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return DetermineTimeZoneOffset(&tm, zone);
}

/*
 * The instant of a local time in the zone, rounded outward: near a change of the
 * clock a local time may mean two instants, or none.
 */
static TimestampTz
local_to_instant(Timestamp local, pg_tz *zone, bool upward)
{
	int			before = zone_offset(Max(local - USECS_PER_DAY, MIN_TIMESTAMP), zone);
	int			after = zone_offset(Min(local + USECS_PER_DAY, END_TIMESTAMP - 1), zone);

	return local + (upward ? Max(before, after) : Min(before, after)) * USECS_PER_SEC;
}

/*
 * A time value as an instant; false for the infinities (*sign says which).  Like
 * all microseconds here it counts from 2000: from 1970, the last 30 years of the
 * server's calendar would not fit.
 */
static bool
value_to_instant(const ConditionQual *qual, Datum value, pg_tz *zone, bool upward,
				 TimestampTz *result, int *sign)
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
	if (qual->column_type != TIMESTAMPTZOID)
	{
		/* a date stands for all of its day */
		if (qual->column_type == DATEOID && upward)
			instant += USECS_PER_DAY - (instant % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY - 1;
		instant = local_to_instant(instant, zone, upward);
	}
	*result = instant;
	return true;
}

static int64
floor_epoch(TimestampTz instant)
{
	int64		seconds = instant / USECS_PER_SEC + EPOCH_OFFSET;

	return instant % USECS_PER_SEC < 0 ? seconds - 1 : seconds;
}

static void
narrow_low(TimeRange *range, int64 low)
{
	if (!range->has_low || low > range->low)
		range->low = low;
	range->has_low = true;
}

static void
narrow_high(TimeRange *range, int64 high)
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
add_bound(ConditionSet *set, TimeRange *range, const ConditionQual *qual,
		  ConditionOperator op, Datum value, pg_tz *zone)
{
	bool		upward = op == CONDITION_LESS || op == CONDITION_LESS_EQUAL;
	int64		rounding = condition_rounding(qual);
	TimestampTz instant;
	int64		seconds;
	int			sign;

	if (!value_to_instant(qual, value, zone, upward, &instant, &sign))
	{
		/* beyond -infinity or infinity is nothing, on this side all but NULL */
		if ((sign > 0) != upward)
			set->empty = true;
		set->exact = false;
		return;
	}
	/* what the column shows may have been rounded towards the bound */
	instant += upward ? rounding : -rounding;
	seconds = floor_epoch(instant);
	if (instant % USECS_PER_SEC != 0)
	{
		seconds += upward ? 1 : 0;
		set->exact = false;
	}
	if (upward)
		narrow_high(range, seconds);
	else
		narrow_low(range, seconds);
	if (rounding != 0 || op == CONDITION_LESS || op == CONDITION_GREATER ||
		qual->column_type != TIMESTAMPTZOID || qual->kind == CONDITION_DATE)
		set->exact = false;
}

static void
add_time(ConditionSet *set, TimeRange *range, const ConditionQual *qual,
		 Datum value, pg_tz *zone)
{
	if (qual->op == CONDITION_EQUAL)
	{
		add_bound(set, range, qual, CONDITION_GREATER_EQUAL, value, zone);
		add_bound(set, range, qual, CONDITION_LESS_EQUAL, value, zone);
	}
	else
		add_bound(set, range, qual, qual->op, value, zone);
}

static void
append_range(StringInfo elements, const char *attr, const TimeRange *range)
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
close_range(ConditionSet *set, TimeRange *range)
{
	if (range->has_low && range->low <= 0)
	{
		range->has_low = false;
		set->exact = false;		/* nothing sent keeps NULL out */
	}
	if (range->has_high && range->high <= 0)
		set->empty = true;
	if (range->has_low && range->has_high && range->low > range->high)
		set->empty = true;
}

/* ---- lists of ids, texts and numbers ---- */

static void
append_list(StringInfo elements, const ConditionList *list)
{
	if (list->nvalues == 0)
		return;
	appendStringInfo(elements, "%s{\"attr\":%s,\"symbol\":\"%s\",\"value\":[",
					 elements->len ? "," : "", list->attr, list->symbol);
	for (int i = 0; i < list->nvalues; i++)
		appendStringInfo(elements, "%s%s", i ? "," : "", list->values[i]);
	appendStringInfoString(elements, "]}");
}

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a,
				y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* Keeps of two sorted sets what is in both; returns how many these are. */
static int
intersect_ids(int64 *ids, int n, const int64 *others, int nothers)
{
	int			kept = 0;

	for (int i = 0, j = 0; i < n && j < nothers;)
	{
		if (ids[i] == others[j])
			ids[kept++] = ids[i];
		if (ids[i] < others[j])
			i++;
		else
			j++;
	}
	return kept;
}

/*
 * Keeps the dataIds of one qual as numbers: those of several quals are one set,
 * by which the answers can be checked.
 */
static void
keep_ids(ConditionSet *set, Oid type, const Datum *items, const bool *nulls, int nitems)
{
	int64	   *ids = palloc(sizeof(int64) * Max(nitems, 1));
	int			found = 0;
	int			n = 0;

	for (int i = 0; i < nitems; i++)
		if (!(nulls && nulls[i]) && condition_id(type, items[i], &ids[found]))
			found++;
	qsort(ids, found, sizeof(int64), compare_int64);
	for (int i = 0; i < found; i++)
		if (i == 0 || ids[i] != ids[n - 1])
			ids[n++] = ids[i];
	if (set->nids >= 0)
		n = intersect_ids(ids, n, set->ids, set->nids);
	set->ids = ids;
	set->nids = n;
}

/* Of two equal texts the one that came first comes first. */
static int
compare_texts(const void *a, const void *b)
{
	char	  **x = *(char ***) a;
	char	  **y = *(char ***) b;
	int			order = strcmp(*x, *y);

	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Leaves the first of equal values, in the order they have. */
static void
drop_duplicates(ConditionList *list)
{
	char	 ***sorted = palloc(sizeof(char **) * list->nvalues);
	int			last = 0;
	int			n = 0;

	for (int i = 0; i < list->nvalues; i++)
		sorted[i] = &list->values[i];
	qsort(sorted, list->nvalues, sizeof(char **), compare_texts);
	for (int i = 1; i < list->nvalues; i++)
	{
		if (strcmp(*sorted[i], *sorted[last]) == 0)
			*sorted[i] = NULL;
		else
			last = i;
	}
	for (int i = 0; i < list->nvalues; i++)
		if (list->values[i])
			list->values[n++] = list->values[i];
	list->nvalues = n;
	pfree(sorted);
}

/* Keeps the longer of two lists apart. */
static void
keep_list(ConditionSet *set, StringInfo elements, const ConditionList *list)
{
	ConditionList other = *list;

	if (list->nvalues > set->list.nvalues)
	{
		other = set->list;
		set->list = *list;
	}
	append_list(elements, &other);
}

/* The list of dataIds is kept apart, whatever its length. */
static void
close_ids(ConditionSet *set, StringInfo elements)
{
	static const int64 zero = 0;
	ConditionList list = {.attr = "\"dataId\"", .nvalues = set->nids};

	if (set->nids < 0)
		return;
	if (set->nids == 0)
	{
		set->empty = true;
		return;
	}
	/* the API may read 0 as "no value" */
	if (bsearch(&zero, set->ids, set->nids, sizeof(int64), compare_int64))
	{
		set->nids = -1;
		set->exact = false;
		return;
	}
	list.symbol = condition_symbol(set->nids == 1 ? CONDITION_EQUAL : CONDITION_ANY);
	list.values = palloc(sizeof(char *) * set->nids);
	for (int i = 0; i < set->nids; i++)
		list.values[i] = psprintf("%lld", (long long) set->ids[i]);
	append_list(elements, &set->list);
	set->list = list;
}

static void
add_list(ConditionSet *set, StringInfo elements, const ConditionQual *qual,
		 Oid type, const Datum *items, const bool *nulls, int nitems)
{
	ConditionList list = {.attr = json_quote(qual->attr)};
	List	   *forms = NIL;
	ListCell   *cell;

	set->exact = false;
	for (int i = 0; i < nitems; i++)
	{
		if (nulls && nulls[i])
			continue;			/* equal to nothing */
		if (!condition_forms(qual, type, items[i], &forms))
			return;				/* the recheck decides alone */
	}
	if (forms == NIL)
	{
		set->empty = true;
		return;
	}
	list.values = palloc(sizeof(char *) * list_length(forms));
	foreach(cell, forms)
		list.values[list.nvalues++] = lfirst(cell);
	set->changeable = true;
	drop_duplicates(&list);
	if (qual->op == CONDITION_ANY)
	{
		list.symbol = condition_symbol(CONDITION_ANY);
		keep_list(set, elements, &list);
	}
	else
	{
		list.symbol = condition_symbol(list.nvalues > 1 ? CONDITION_ANY : CONDITION_EQUAL);
		append_list(elements, &list);
	}
}

static void
add_values(ConditionSet *set, StringInfo elements, const ConditionQual *qual,
		   Datum value)
{
	Datum	   *items = &value;
	bool	   *nulls = NULL;
	int			nitems = 1;
	Oid			type = qual->value_type;

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
	if (qual->kind == CONDITION_DATA_ID)
		keep_ids(set, type, items, nulls, nitems);
	else
		add_list(set, elements, qual, type, items, nulls, nitems);
}

ConditionSet *
condition_evaluate(List *quals, const Datum *values, const bool *isnull,
				   pg_tz *time_zone)
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
		TimeRange range = {0};

		if (isnull[i])
			set->empty = true;	/* no operator of ours is true for NULL */
		else if (qual->kind == CONDITION_ADD_TIME)
			add_time(set, &set->add_time, qual, values[i], time_zone);
		else if (qual->kind == CONDITION_UPDATE_TIME)
			add_time(set, &set->update_time, qual, values[i], time_zone);
		else if (qual->kind == CONDITION_DATE)
		{
			add_time(set, &range, qual, values[i], time_zone);
			append_range(&elements, qual->attr, &range);
			set->changeable = set->changeable || range.has_low || range.has_high;
			set->exact = false;
		}
		else
			add_values(set, &elements, qual, values[i]);
	}
	close_ids(set, &elements);
	close_range(set, &set->add_time);
	close_range(set, &set->update_time);
	set->elements = elements.data;
	return set;
}

char *
condition_elements(const char *fixed, const ConditionSet *set,
				   const TimeRange *add_time, const TimeRange *update_time)
{
	StringInfoData elements;

	initStringInfo(&elements);
	if (fixed)
		appendStringInfoString(&elements, json_elements(fixed));
	append_list(&elements, &set->list);
	if (set->elements[0])
		appendStringInfo(&elements, "%s%s", elements.len ? "," : "", set->elements);
	append_range(&elements, "addTime", add_time);
	append_range(&elements, "updateTime", update_time);
	return elements.data;
}
