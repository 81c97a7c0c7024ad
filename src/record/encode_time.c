/*-------------------------------------------------------------------------
 *
 * encode_time.c
 *	  Dates and times as texts, epochs or by a pattern.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "record/encode_type.h"

/* The last year that is written in four digits. */
#define LAST_YEAR 9999

bool
encode_is_time(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID;
}

static void
refuse_time(EncodeType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
			 errmsg("column \"%s\" has a time that cannot be sent", type->column->column),
			 errdetail("Times are of the years 1 to %d.", LAST_YEAR)));
}

/* What clocks in the zone show. */
static void
local_time(EncodeType *type, Datum value, struct pg_tm *tm, fsec_t *fsec)
{
	int			offset;
	bool		good;

	if (type->oid == DATEOID)
	{
		DateADT		date = DatumGetDateADT(value);

		if (DATE_NOT_FINITE(date))
			refuse_time(type);
		memset(tm, 0, sizeof(*tm));
		*fsec = 0;
		j2date(date + POSTGRES_EPOCH_JDATE, &tm->tm_year, &tm->tm_mon, &tm->tm_mday);
		good = true;
	}
	else if (TIMESTAMP_NOT_FINITE(DatumGetTimestamp(value)))
		good = false;
	else if (type->oid == TIMESTAMPOID)
		good = timestamp2tm(DatumGetTimestamp(value), NULL, tm, fsec, NULL, NULL) == 0;
	else
		good = timestamp2tm(DatumGetTimestampTz(value), &offset, tm, fsec, NULL, type->zone) == 0;
	if (!good || tm->tm_year < 1 || tm->tm_year > LAST_YEAR)
		refuse_time(type);
}

/* The moment that clocks in the zone show that. */
static TimestampTz
moment(EncodeType *type, Datum value, struct pg_tm *tm, fsec_t fsec)
{
	TimestampTz result;
	int			offset;

	if (type->oid == TIMESTAMPTZOID)
		return DatumGetTimestampTz(value);
	offset = DetermineTimeZoneOffset(tm, type->zone);
	if (tm2timestamp(tm, fsec, &offset, &result) != 0)
		refuse_time(type);
	return result;
}

static int64
epoch(TimestampTz time, int64 unit)
{
	int64		since = time + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	int64		whole = since / unit;

	return whole * unit > since ? whole - 1 : whole;
}

/* to_char() shows times in the session's zone. */
static char *
by_pattern(EncodeType *type, TimestampTz time)
{
	Datum		pattern = CStringGetTextDatum(type->column->pattern);
	pg_tz	   *zone = session_timezone;
	Datum		result = (Datum) 0;

	PG_TRY();
	{
		session_timezone = type->zone;
		result = DirectFunctionCall2Coll(timestamptz_to_char, C_COLLATION_OID,
										 TimestampTzGetDatum(time), pattern);
	}
	PG_FINALLY();
	{
		session_timezone = zone;
	}
	PG_END_TRY();
	return TextDatumGetCString(result);
}

void
encode_time(EncodeType *type, Datum value, StringInfo out)
{
	const char *quote = type->column->as_string ? "\"" : "";
	struct pg_tm tm;
	fsec_t		fsec;

	local_time(type, value, &tm, &fsec);
	switch (type->column->time)
	{
		case ENCODE_TIME_TEXT:
			appendStringInfo(out, "\"%04d-%02d-%02d", tm.tm_year, tm.tm_mon, tm.tm_mday);
			if (type->oid != DATEOID)
				appendStringInfo(out, " %02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
			appendStringInfoChar(out, '"');
			break;
		case ENCODE_TIME_EPOCH:
			appendStringInfo(out, "%s" INT64_FORMAT "%s", quote,
							 epoch(moment(type, value, &tm, fsec), USECS_PER_SEC), quote);
			break;
		case ENCODE_TIME_EPOCH_MS:
			appendStringInfo(out, "%s" INT64_FORMAT "%s", quote,
							 epoch(moment(type, value, &tm, fsec), 1000), quote);
			break;
		case ENCODE_TIME_PATTERN:
			encode_string(by_pattern(type, moment(type, value, &tm, fsec)), out);
			break;
	}
}
