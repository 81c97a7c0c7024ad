/*-------------------------------------------------------------------------
 *
 * value_time.c
 *	  Times: epochs, and texts in the time zone of the shape.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"
#include "value_type.h"

/* Amounts from here on are milliseconds: as seconds, the year 5138. */
#define FIRST_MILLISECONDS INT64CONST(100000000000)

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
		int64		unit = (whole >= FIRST_MILLISECONDS ||
							whole <= -FIRST_MILLISECONDS) ? 1000 : USECS_PER_SEC;

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

		number *= (fabs(number) >= FIRST_MILLISECONDS) ? 1e3 : 1e6;
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

/* A time written as text is local time in the shape's zone, not the session's. */
static TimestampTz
parse_timestamp(const char *text, pg_tz *zone)
{
	pg_tz	   *saved = session_timezone;
	Datum		result = (Datum) 0;

	PG_TRY();
	{
		session_timezone = zone;
		result = DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
									 ObjectIdGetDatum(InvalidOid),
									 Int32GetDatum(-1));
	}
	PG_FINALLY();
	{
		session_timezone = saved;
	}
	PG_END_TRY();

	return DatumGetTimestampTz(result);
}

static TimestampTz
read_timestamp(ValueType *type, const LexSlice *slice, bool *isnull)
{
	int64		micros;

	value_refuse_container(type, slice);
	if (!read_epoch(slice, &micros))
		return parse_timestamp(value_terminated(value_text(slice)), type->zone);
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
	Timestamp	local = timestamp;
	struct pg_tm tm;
	fsec_t		fsec;

	if (!TIMESTAMP_NOT_FINITE(timestamp))
	{
		break_down(timestamp, type->zone, &tm, &fsec);
		if (tm2timestamp(&tm, fsec, NULL, &local) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("timestamp out of range")));
	}
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

	if (TIMESTAMP_IS_NOBEGIN(timestamp))
		return DateADTGetDatum(DATEVAL_NOBEGIN);
	if (TIMESTAMP_IS_NOEND(timestamp))
		return DateADTGetDatum(DATEVAL_NOEND);
	break_down(timestamp, type->zone, &tm, &fsec);
	return DateADTGetDatum(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) -
						   POSTGRES_EPOCH_JDATE);
}

int64
value_epoch(const LexSlice *slice)
{
	int64		micros;
	int64		seconds;

	if (!read_epoch(slice, &micros))
		return 0;
	seconds = micros / USECS_PER_SEC;
	return (micros % USECS_PER_SEC < 0) ? seconds - 1 : seconds;
}
