/*-------------------------------------------------------------------------
 *
 * day.h
 *	  The days of an account: from midnight to midnight of its time zone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_DAY_H
#define XBB_DAY_H

#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* A day of an account's time zone. */
typedef struct LimiterDay
{
	int			number;			/* Julian date */
	TimestampTz end;			/* the midnight that ends it */
} LimiterDay;

/* The present day of a time zone. */
static inline LimiterDay
day_now(pg_tz *time_zone)
{
	pg_time_t	now = timestamptz_to_time_t(GetCurrentTimestamp());
	struct pg_tm *local = pg_localtime(&now, time_zone);
	struct pg_tm midnight = {0};
	LimiterDay	day;

	day.number = date2j(local->tm_year + 1900, local->tm_mon + 1, local->tm_mday);
	j2date(day.number + 1, &midnight.tm_year, &midnight.tm_mon, &midnight.tm_mday);
	day.end = ((TimestampTz) (day.number + 1 - POSTGRES_EPOCH_JDATE) * SECS_PER_DAY +
			   DetermineTimeZoneOffset(&midnight, time_zone)) * USECS_PER_SEC;
	return day;
}

/* The day of a moment that is so many microseconds away. */
static inline int
day_of(const LimiterDay *today, int64 away)
{
	return GetCurrentTimestamp() + away < today->end ? today->number : today->number + 1;
}

#endif							/* XBB_DAY_H */
