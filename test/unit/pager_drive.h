/*-------------------------------------------------------------------------
 *
 * pager_drive.h
 *	  One scan of a changing world by the pager, and what came of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PAGER_DRIVE_H
#define XBB_PAGER_DRIVE_H

#include "world.h"

#define DRIVE_MOST_IN_FLIGHT 64
#define UNDELIVERED_PAGES 64	/* as the reader allows */

typedef struct Reply
{
	struct Reply *next;			/* of all replies */
	PagerRequest request;
	PagerAnswer answer;
	bool		answered;		/* the world has made it */
	bool		delivered;		/* the pager has it */
	bool		freed;
	int			trip;			/* round trip that it is part of */
	int64_t		ids[100];
	int64_t		add_times[100];
	int64_t		update_times[100];
} Reply;

typedef struct Scan
{
	World	   *world;
	PagerConfig config;
	bool		stop_at_limit;	/* as LIMIT does */
	bool		shuffle;		/* answers in any order */
	bool		hold_back;		/* the oldest answer comes when no other is left */
	double		eager;			/* chance of an answer between two rows */
	bool		trace;			/* prints every answer */

	/* results */
	PagerAction end;			/* PAGER_DONE, PAGER_FAIL, or PAGER_ROW when
								 * stopped at the limit */
	PagerStep	step;			/* of the failure */
	PagerCounters counters;
	int			ngot;
	int			nlost;
	int			ngone;			/* handed on, but not there any more */
	int			asked;			/* requests */
	int			deepest;		/* row that was asked for */
	int64_t		highest;		/* end of a range that was sent */
	int			slept;
	int			trips;			/* round trips one after another */
	int64_t		turns;			/* events in the world */
	int64_t		flight_turns;	/* requests in flight, summed over them */
	const char *wrong;			/* a broken promise */

	/* state */
	Reply	   *replies;
	Reply	   *flying[DRIVE_MOST_IN_FLIGHT];
	int			nflying;
	int			held;
} Scan;

/* Memory taken by the pager, bytes. */
extern size_t drive_used;
extern size_t drive_peak;
extern void *drive_resize(void *arg, void *ptr, size_t size);

/* Carries out the scan that is described at the top of "scan". */
extern void drive(Scan *scan);

/* The test's own failure: the first one stays. */
extern void drive_wrong(Scan *scan, const char *what);

/* TAP. */
extern void ok(bool passed, const char *name);

/* pager_lists.c: lists at rest. */
extern void test_lists(void);

/* pager_edges.c: numbers at the edges of their types. */
extern void test_edges(int64_t runs, uint64_t seed);

/* Of each failure, for tallies. */
extern const char *const failure_names[PAGER_NFAILURES];

/* pager_price.c: what a scan costs, in requests. */
extern void test_price(void);

#endif							/* XBB_PAGER_DRIVE_H */
