/*-------------------------------------------------------------------------
 *
 * pager.h
 *	  Which pages to ask for, and when their records may be handed on.
 *
 * A pure state machine: no PostgreSQL, no libcurl, no clock of its own.  The
 * caller carries out the steps that pager_next() returns and reports each
 * answer with pager_answer().  test/unit/ drives it through a changing world.
 *
 * What it promises is guarantee G1 of doc/guarantees.md: every record that met
 * the conditions from the scan's first answer to its last, exactly once; or
 * a failure, never a silent gap.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PAGER_H
#define XBB_PAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

typedef struct Pager Pager;

/* How the pager proves that it saw everything. */
typedef enum PagerMethod
{
	PAGER_CERTIFIED,			/* windows by time, each certified */
	PAGER_REPEATED,				/* whole list read until two readings agree */
	PAGER_SINGLE,				/* the list comes in one answer */
	PAGER_PLAIN					/* pages 1 to n once, checked against totals */
} PagerMethod;

/* The times a window can be cut by; both are whole epoch seconds. */
typedef enum PagerTime
{
	PAGER_ADD_TIME,
	PAGER_UPDATE_TIME,
	PAGER_NTIMES
} PagerTime;

typedef struct PagerConfig
{
	PagerMethod method;
	PagerTime	key;			/* time to cut windows by (PAGER_CERTIFIED);
								 * updateTime if that has bounds */
	TimeRange	bounds[PAGER_NTIMES];	/* the user's own bounds; every request
										 * lies within them */
	int			page_size;		/* records a page, 1 to 100 */
	int			concurrency;	/* requests in flight at most, 1 or more */
	int			max_pages;		/* undelivered pages held or in flight at
								 * most, 8 or more; records of one second of
								 * both times, and PAGER_REPEATED, may exceed */
	int64_t		settle;			/* seconds until a change is visible; more than
								 * INT32_MAX count as that */
	int64_t		limit;			/* records the caller wants, -1 for all: pages
								 * are first read in the list's own order, no
								 * more than these need; who calls pager_next
								 * again wants more, up to all */

	/*
	 * realloc-like: ptr NULL allocates, size 0 frees.  May not return NULL for
	 * a size above 0 (but may longjmp away; the pager is then lost).
	 */
	void	   *(*resize) (void *arg, void *ptr, size_t size);
	void	   *resize_arg;
	uint64_t	seed;			/* a random number, for the sets of ids */
} PagerConfig;

/* One request: conditions of its own beside those of the scan. */
typedef struct PagerRequest
{
	int			ticket;			/* to be repeated in the answer */
	int			page;			/* from 1 */
	int			page_size;
	TimeRange	range[PAGER_NTIMES];	/* what to send; open ends send nothing */
} PagerRequest;

/* One answer.  The arrays are read during the call only. */
typedef struct PagerAnswer
{
	int			ticket;
	void	   *page;			/* caller's handle, returned by PAGER_ROW and
								 * PAGER_FREE; exactly one PAGER_FREE a page */
	int			nrows;
	const int64_t *ids;			/* not used by PAGER_SINGLE */
	const int64_t *times[PAGER_NTIMES]; /* 0 where the record has none; NULL if
										 * no range is ever sent */
	int64_t		total;			/* totalCount, -1 if it was missing */
	int64_t		date;			/* the API's clock, epoch seconds, -1 if the
								 * answer carried none */
} PagerAnswer;

typedef enum PagerAction
{
	PAGER_ASK,					/* send step.request, then call pager_next */
	PAGER_ROW,					/* hand on record step.row of step.page */
	PAGER_FREE,					/* step.page is needed no more */
	PAGER_WAIT,					/* nothing to do until an answer is reported */
	PAGER_SLEEP,				/* nothing in flight: sleep step.seconds, then
								 * call pager_next */
	PAGER_DONE,					/* complete; answers still in flight are not
								 * needed */
	PAGER_FAIL					/* incomplete: see step.failure */
} PagerAction;

/* Why a scan cannot be called complete. */
typedef enum PagerFailure
{
	PAGER_NO_FAILURE,
	PAGER_IGNORED,				/* a record outside a range that was sent */
	PAGER_UNSTABLE,				/* totalCount and records never agree */
	PAGER_UNAUDITED,			/* final total above the records handed on */
	PAGER_NO_TOTAL,				/* an answer without totalCount */
	PAGER_CHANGED,				/* PAGER_PLAIN: list changed or short */
	PAGER_CAPPED,				/* total is where the API's lists may end, or
								 * above it in what cannot be cut */
	PAGER_ABSURD,				/* a total that no list has: above PAGER_MOST */
	PAGER_TIMELESS,				/* PAGER_UNAUDITED, probably for records without
								 * times */
	PAGER_FUTURE,				/* PAGER_UNSTABLE, for records of times later than
								 * the API's clock */
	PAGER_CONFUSED				/* a state that cannot be: a mistake in here */
} PagerFailure;

#define PAGER_NFAILURES (PAGER_CONFUSED + 1)
#define PAGER_MOST	INT64_C(1000000000) /* records of a list */

typedef struct PagerStep
{
	PagerRequest request;		/* PAGER_ASK */
	void	   *page;			/* PAGER_ROW, PAGER_FREE */
	int			row;			/* PAGER_ROW: index into the page */
	int64_t		seconds;		/* PAGER_SLEEP */

	/* PAGER_FAIL */
	PagerFailure failure;
	int64_t		expected;		/* the total that was claimed */
	int64_t		received;		/* the distinct records seen or handed on */
	bool		named;			/* a record is known that is to blame (always
								 * with PAGER_IGNORED and PAGER_FUTURE), or an
								 * example of those without times */
	int64_t		id;				/* the record */
	int64_t		time;			/* its time that is outside, 0 for none */
	PagerTime	time_kind;		/* which of its times */
	TimeRange	range;			/* PAGER_IGNORED: the range that was sent */
} PagerStep;

/* What the scan has seen so far; for EXPLAIN ANALYZE and tests. */
typedef struct PagerCounters
{
	int64_t		windows;		/* certified */
	int64_t		sweeps;			/* of windows, the repeated ones included */
	int64_t		pages;			/* answers reported */
	int64_t		received;		/* records in them */
	int64_t		handed_on;		/* distinct records handed on */
	int64_t		repeats;		/* records not handed on: seen before, or in a
								 * sweep that proved nothing */
	int			audits;
	int			peak_pages;		/* most undelivered pages held */
} PagerCounters;

/* What is being done, for those who watch. */
typedef enum PagerStage
{
	PAGER_ASKS,					/* the list's own order, or what there is to read */
	PAGER_CERTIFIES,
	PAGER_AUDITS,
	PAGER_RETURNS				/* nothing is asked for any more */
} PagerStage;

/* How far a scan is. */
typedef struct PagerOutlook
{
	PagerStage	stage;
	int64_t		total;			/* that the list claimed first, -1 before */
	int64_t		seen;			/* distinct records that have come; fewer where a window
								 * is read anew */
	int64_t		windows_open;	/* known, and not certified yet */
} PagerOutlook;

/* The configuration is copied.  Memory comes from config->resize only. */
extern Pager *pager_create(const PagerConfig *config);

/* Gives back all memory; pages still held are the caller's to free. */
extern void pager_destroy(Pager *pager);

/*
 * The next thing to do.  Requests come before records, so that transfers run
 * while records are consumed; PAGER_FREE comes first of all.
 */
extern PagerAction pager_next(Pager *pager, PagerStep *step);

/* Reports an answer, in any order among the requests in flight. */
extern void pager_answer(Pager *pager, const PagerAnswer *answer);

extern const PagerCounters *pager_counters(const Pager *pager);
extern void pager_outlook(const Pager *pager, PagerOutlook *outlook);
extern void pager_add_counters(PagerCounters *sum, const PagerCounters *more);

#endif							/* XBB_PAGER_H */
