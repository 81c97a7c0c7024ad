/*-------------------------------------------------------------------------
 *
 * value_time.c
 *	  Times: epochs, and what they become in each type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"
#include "record/value_type.h"

/* Amounts from here on are milliseconds: as seconds, the year 5138. */
#define FIRST_MILLISECONDS INT64CONST(100000000000)

/*
 * But these are seconds: what "for ever" is where a day must be given, the last one
 * of 9999, in whichever zone.  As milliseconds they are four minutes of 1978.
 */
#define FIRST_OF_LAST_DAY INT64CONST(253402128000)
#define LAST_OF_LAST_DAY INT64CONST(253402347599)

#define MAX_TIME_TEXT 512		/* bytes of one, escapes and blanks included */

static bool
is_milliseconds(int64 whole)
{
	return whole <= -FIRST_MILLISECONDS ||
		(whole >= FIRST_MILLISECONDS &&
		 (whole < FIRST_OF_LAST_DAY || whole > LAST_OF_LAST_DAY));
}

/*
 * Microseconds from the epoch.  False if the value is not a number; what does
 * not fit into an int64 becomes its greatest or least value.
 */
static bool
read_epoch(const LexSlice *slice, int64 *micros)
{
	int64		mantissa;
	int			scale;

	if (value_decimal(slice, &mantissa, &scale))
	{
		int64		divisor = value_power_of_ten[scale];
		int64		whole = scale > 0 ? mantissa / divisor : mantissa;
		int64		fraction = scale > 0 ? mantissa % divisor : 0;
		int64		unit = is_milliseconds(whole) ? 1000 : USECS_PER_SEC;

		/* twelve digits of a fraction are more than enough, and cannot overflow */
		for (; scale > 12; scale--)
		{
			divisor /= 10;
			fraction /= 10;
		}
		if (pg_mul_s64_overflow(whole, unit, micros))
			*micros = (whole > 0) ? PG_INT64_MAX : PG_INT64_MIN;
		else if (scale > 0 &&
				 pg_add_s64_overflow(*micros, fraction * unit / divisor, micros))
			*micros = (whole > 0) ? PG_INT64_MAX : PG_INT64_MIN;
		return true;
	}

	if (slice->kind == LEX_NUMBER)
	{
		double		number = strtod(slice->start, NULL);

		number *= fabs(number) >= 1e15 || is_milliseconds((int64) number) ? 1e3 : 1e6;
		if (fabs(number) >= 9.2e18)
			*micros = (number > 0) ? PG_INT64_MAX : PG_INT64_MIN;
		else
			*micros = (int64) floor(number);
		return true;
	}
	return false;
}

static TimestampTz
epoch_to_timestamp(int64 micros)
{
	TimestampTz result;

	if (micros == PG_INT64_MAX || micros == PG_INT64_MIN ||
		pg_sub_s64_overflow(micros,
							(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY,
							&result) ||
		!IS_VALID_TIMESTAMP(result))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return result;
}

static TimestampTz
parse_timestamp(ValueType *type, const LexSlice *slice)
{
	ValueText	text = value_text(slice);
	TimestampTz result;

	switch (value_parse_time(text, type->zone, &result))
	{
		case VALUE_TIME_GOOD:
			break;
		case VALUE_TIME_MALFORMED:
			value_refuse_text(type->oid, text, ERRCODE_INVALID_DATETIME_FORMAT);
		case VALUE_TIME_NONEXISTENT:
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
					 errmsg("date/time field value out of range: \"%s\"",
							value_terminated(text))));
	}
	return result;
}

static TimestampTz
read_timestamp(ValueType *type, const LexSlice *slice, bool *isnull)
{
	int64		micros;

	value_refuse_container(type, slice);
	if (!read_epoch(slice, &micros))
		return parse_timestamp(type, slice);
	*isnull = (micros == 0);
	return epoch_to_timestamp(micros);
}

static void
break_down(TimestampTz timestamp, pg_tz *zone, struct pg_tm *tm, fsec_t *fsec)
{
	int			offset;

	if (timestamp2tm(timestamp, &offset, tm, fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
}

Datum
value_convert_timestamptz(ValueType *type, const LexSlice *slice, bool *isnull)
{
	Datum		result = TimestampTzGetDatum(read_timestamp(type, slice, isnull));

	if (type->typmod >= 0)
		result = DirectFunctionCall2(timestamptz_scale, result,
									 Int32GetDatum(type->typmod));
	return result;
}

Datum
value_convert_timestamp(ValueType *type, const LexSlice *slice, bool *isnull)
{
	TimestampTz timestamp = read_timestamp(type, slice, isnull);
	Timestamp	local;
	struct pg_tm tm;
	fsec_t		fsec;

	break_down(timestamp, type->zone, &tm, &fsec);
	if (tm2timestamp(&tm, fsec, NULL, &local) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	if (type->typmod >= 0)
		return DirectFunctionCall2(timestamp_scale, TimestampGetDatum(local),
								   Int32GetDatum(type->typmod));
	return TimestampGetDatum(local);
}

Datum
value_convert_date(ValueType *type, const LexSlice *slice, bool *isnull)
{
	TimestampTz timestamp = read_timestamp(type, slice, isnull);
	struct pg_tm tm;
	fsec_t		fsec;

	break_down(timestamp, type->zone, &tm, &fsec);
	return DateADTGetDatum(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) -
						   POSTGRES_EPOCH_JDATE);
}

Datum
value_convert_time(ValueType *type, const LexSlice *slice, bool *isnull)
{
	ValueText	text;

	value_refuse_container(type, slice);
	text = value_text(slice);
	if (!value_is_clock(text, type->oid == TIMETZOID))
		value_refuse_text(type->oid, text, ERRCODE_INVALID_DATETIME_FORMAT);
	return value_call_input(type, slice);
}

/* A text, whatever is in it, without raising an error. */
static bool
read_time_text(const LexSlice *slice, pg_tz *zone, int64 *micros)
{
	char		content[MAX_TIME_TEXT];
	ValueText	text = {content, 0};
	LexEscape	escape;
	TimestampTz timestamp;

	if (slice->kind != LEX_STRING || slice->length > sizeof(content))
		return false;
	text.length = lex_unescape(slice, content, &escape);
	if (value_parse_time(text, zone, &timestamp) != VALUE_TIME_GOOD)
		return false;
	*micros = timestamp + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	return true;
}

int64
value_epoch(const LexSlice *slice, pg_tz *zone)
{
	int64		micros;
	int64		seconds;

	if (!read_epoch(slice, &micros) && !read_time_text(slice, zone, &micros))
		return 0;
	seconds = micros / USECS_PER_SEC;
	return (micros % USECS_PER_SEC < 0) ? seconds - 1 : seconds;
}
