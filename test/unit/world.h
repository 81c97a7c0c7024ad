/*-------------------------------------------------------------------------
 *
 * world.h
 *	  A changing list behind a page-numbered API, for test_pager.c.
 *
 * Everything that happens in it follows from the seed.  An answer is one
 * instant of one replica, unless the fault says otherwise.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_WORLD_H
#define XBB_WORLD_H

#include "pager/pager.h"

#define WORLD_START INT64_C(1770000000)

typedef enum Fault
{
	FAULT_NONE,
	/* within the assumptions */
	FAULT_NO_DATE,				/* answers without a clock */
	FAULT_SOME_DATES,			/* every other one without */
	FAULT_SHORT_PAGES,			/* pages shorter than asked for */
	FAULT_FULL_SECOND,			/* a third of the records in one second */
	FAULT_DEPTH,				/* pages end at a row, totals do not */
	FAULT_IN_ASSUMPTIONS = FAULT_DEPTH,
	/* assumptions broken */
	FAULT_LATE,					/* changes show later than settle_time */
	FAULT_CLOCK_AHEAD,
	FAULT_TWO_REPLICAS,
	FAULT_BACK_DATING,
	FAULT_FRACTIONS,			/* times with parts of a second */
	FAULT_NO_TIMES,				/* records without times */
	FAULT_NO_ADD_TIME,			/* without this one */
	FAULT_NO_UPDATE_TIME,
	FAULT_TOTAL_CAPPED,			/* totals end at twelve pages */
	FAULT_TOTAL_ADDS,			/* a total without conditions is one too great */
	FAULT_LIST_BEFORE_COUNT,	/* rows and total of two instants */
	FAULT_NO_TOTAL,				/* now and then an answer without a total */
	FAULT_EXCLUSIVE_LOW,
	FAULT_EXCLUSIVE_HIGH,
	FAULT_IGNORES_ADD,			/* conditions on addTime are ignored */
	FAULT_IGNORES_UPDATE,
	FAULT_IGNORES_LOW,			/* lower bounds are ignored */
	FAULT_IGNORES_HIGH,
	FAULT_FRESH_ROWS,			/* rows newer than what they were found by */
	NFAULTS
} Fault;

typedef enum Change
{
	CHANGE_ADD = 1,
	CHANGE_DROP = 2,
	CHANGE_TOUCH = 4,
	CHANGE_BACK_DATE = 8
} Change;

typedef enum Order
{
	UPDATE_DESC, UPDATE_ASC, ID_ASC, ID_DESC, ADD_DESC, NORDERS
} Order;

/* Times are in tenths of a second, 0 for none. */
typedef struct Record
{
	int64_t		id;
	int64_t		time[PAGER_NTIMES];
	bool		exists;
} Record;

/* A version that a record had at some time of the scan. */
typedef struct Version
{
	int64_t		id;
	int64_t		time[PAGER_NTIMES];
} Version;

typedef struct Pending
{
	int64_t		due;
	int			replica;
	Record		record;
} Pending;

typedef struct World
{
	uint64_t	random;			/* generator's state */
	Fault		fault;
	Order		order;
	bool		bounce;			/* ties come in another order each time */
	double		rate;			/* chance of a change between two answers */
	double		pace;			/* chance that a second passes */
	int			changes;		/* kinds of Change that happen */
	bool		zero_counts;	/* no time is 0 in conditions, else it meets none */
	int			lag;			/* seconds until a change shows, at most */
	int			page_size;
	TimeRange	bounds[PAGER_NTIMES];

	int64_t		now;
	int64_t		requests;
	Record	   *truth;			/* [id - 1] */
	Record	   *initial;		/* as it was before the first answer */
	int			ninitial;
	bool	   *always;			/* met the bounds from start to end */
	bool	   *given;			/* the scan handed it on */
	int			nrecords;
	int			capacity;
	Record	   *replica[2];		/* likewise */
	int		   *sorted[2];		/* ids of those that exist, in order */
	int			nsorted[2];
	bool		dirty[2];
	Pending    *pending;
	int			npending;
	Version    *versions;
	int			nversions;
} World;

extern uint64_t world_random(World *world, uint64_t below);
extern bool world_chance(World *world, double p);

/* A world without records; faults and rates are set by the caller. */
extern void world_begin(World *world, uint64_t seed);

/* Before the first answer; times in seconds, 0 for none. */
extern void world_add(World *world, int64_t add_time, int64_t update_time);
extern void world_ready(World *world);
extern void world_end(World *world);

/* Answers; the arrays hold up to page_size records and are the caller's. */
extern void world_answer(World *world, const PagerRequest *request,
						 PagerAnswer *answer, int64_t *ids, int64_t *add_times,
						 int64_t *update_times);

extern bool world_had_version(const World *world, int64_t id,
							  int64_t add_time, int64_t update_time);
extern bool world_meets_bounds(const World *world, const Record *record);

#endif							/* XBB_WORLD_H */
