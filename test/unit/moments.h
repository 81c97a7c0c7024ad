/*-------------------------------------------------------------------------
 *
 * moments.h
 *	  A false clock, random numbers and TAP for the tests of the limiter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOMENTS_H
#define MOMENTS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/slot.h"

#define START (800000 * 1000 * SLOT_SECOND) /* some moment of 2025 */
#define MINUTE (60 * SLOT_SECOND)

static int	ntests;
static int	nfailed;

static inline void
ok(bool passed, const char *name)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++ntests, name);
	nfailed += !passed;
}

/* --- random numbers ---------------------------------------------------- */

static uint64_t state;

static inline int64_t
below(int64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int64_t) (state % (uint64_t) n);
}

/* --- moments ----------------------------------------------------------- */

static inline int
compare_times(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

/* The most of the (sorted) moments that lie within any second. */
static inline int
busiest_second(const int64_t *times, int n)
{
	int			most = 0;

	for (int first = 0, last = 0; last < n; last++)
	{
		while (times[last] - times[first] >= SLOT_SECOND)
			first++;
		if (last - first + 1 > most)
			most = last - first + 1;
	}
	return most;
}

/* Prints the seed that the tests are repeated with. */
static inline void
begin(int argc, char **argv)
{
	unsigned long long seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20251122;

	printf("# seed %llu\n", seed);
	state = seed ^ UINT64_C(0x9e3779b97f4a7c15);
}

/* The plan, and the status of the program. */
static inline int
end(void)
{
	printf("1..%d\n", ntests);
	return nfailed > 0;
}

#endif							/* MOMENTS_H */
