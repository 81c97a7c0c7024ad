/*-------------------------------------------------------------------------
 *
 * limiter_data.h
 *	  What is in the shared memory of the budgets and counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_LIMITER_DATA_H
#define XBB_LIMITER_DATA_H

#include "storage/lwlock.h"

#include "limiter/limiter.h"
#include "limiter/share.h"
#include "limiter/use.h"

/* A change of LimiterShared needs another name: old backends may be alive. */
#define LIMITER_SEGMENT "xbb_fdw limiter 7"

#define LIMITER_ACCOUNTS 64
#define LIMITER_ROWS_KEPT 512

/* Guarded by accounts_lock; times are of wait_clock(). */
typedef struct LimiterAccount
{
	uint64		key[2];			/* of origin and corpid */
	Oid			maker;			/* who used it first */
	WaitTime	touched;		/* last use, or last slot; 0 = free */
	ShareAccount share;
	SlotDays	days;			/* numbers: Julian dates */
	bool		recalled;		/* are those included that were sent before a restart? */
	int			failures;		/* in a row, such as of an API that is down */
	WaitTime	failing_since;	/* the first of them */
	WaitTime	probe_at;		/* when one more may be sent */
	WaitTime	answer_time;	/* how long an answer takes, of late; 0 = none has come */
} LimiterAccount;

/* Guarded by rows_lock. */
typedef struct LimiterRow
{
	TimestampTz touched;		/* last use; 0 = free */
	LimiterStats stats;
} LimiterRow;

typedef struct LimiterShared
{
	int			tranche;		/* of the locks; never changes */
	LWLock		accounts_lock;
	LWLock		rows_lock;
	LimiterAccount accounts[LIMITER_ACCOUNTS];
	Use			uses[USES_KEPT];	/* guarded by accounts_lock */
	LimiterRow	rows[LIMITER_ROWS_KEPT];
} LimiterShared;

/* The segment; mapped once, for the life of the backend. */
extern LimiterShared *limiter_segment(void);

/* Which account that is. */
extern void limiter_account_key(const LimiterBudget *budget, uint64 key[2]);

#endif							/* XBB_LIMITER_DATA_H */
