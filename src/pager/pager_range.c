/*-------------------------------------------------------------------------
 *
 * pager_range.c
 *	  Times and ranges of them, to the ends of their type: users may ask for
 *	  any, and an API may answer with any.
 *
 *-------------------------------------------------------------------------
 */
#include "pager/pager_state.h"

int64_t
pager_later(int64_t time, int64_t seconds)
{
	if (seconds > 0 && time > INT64_MAX - seconds)
		return INT64_MAX;
	if (seconds < 0 && time < INT64_MIN - seconds)
		return INT64_MIN;
	return time + seconds;
}

int64_t
pager_divide(int64_t left, int64_t right, double part)
{
	/* the length of all times together does not fit an int64_t */
	uint64_t	offset = (uint64_t) (((uint64_t) right - (uint64_t) left) * part);

	return (int64_t) ((uint64_t) left + offset);
}

TimeRange
pager_intersect(TimeRange a, TimeRange b)
{
	if (b.has_low && (!a.has_low || b.low > a.low))
	{
		a.has_low = true;
		a.low = b.low;
	}
	if (b.has_high && (!a.has_high || b.high < a.high))
	{
		a.has_high = true;
		a.high = b.high;
	}
	return a;
}
