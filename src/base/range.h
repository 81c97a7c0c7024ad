/*-------------------------------------------------------------------------
 *
 * range.h
 *	  A range of times, as conditions on addTime and updateTime can name it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_RANGE_H
#define XBB_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Epoch seconds, both ends inclusive, each may be open. */
typedef struct TimeRange
{
	bool		has_low;
	bool		has_high;
	int64_t		low;
	int64_t		high;
} TimeRange;

#endif							/* XBB_RANGE_H */
