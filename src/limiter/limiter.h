/*-------------------------------------------------------------------------
 *
 * limiter.h
 *	  The cluster's request budgets and counters, in shared memory.
 *
 * Works without shared_preload_libraries: the segment is made at first use.
 * A budget belongs to one account of the API: scheme, host, port and corpid.
 * Slots are 1/rate apart (a "next free slot" time, no bursts); reserving is
 * quick and under a lock, sleeping is the caller's and without one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_LIMITER_H
#define XBB_LIMITER_H

#include "pgtime.h"
#include "utils/timestamp.h"

/* What one account may do, as its server's options say now. */
typedef struct LimiterBudget
{
	const char *origin;			/* "https://host:port", lower case */
	const char *account;		/* there, as error messages name it: the corpid */
	double		rate;			/* requests a second, 0 = no limit */
	int64		daily_quota;	/* requests a day, 0 = no limit */
	pg_tz	   *time_zone;		/* whose midnight ends the day */
} LimiterBudget;

/*
 * Reserves the account's next free slot and counts one request of the day.
 * Returns when it may be sent: now or later.  A used-up quota is an error
 * (53400) that says when it is renewed.
 */
extern TimestampTz limiter_reserve(const LimiterBudget *budget);

/*
 * To be asked when a slot's time has come, just before sending: returns the
 * slot if it is still good, or a later one to wait for (and ask about again)
 * if requests have been refused meanwhile, or if it was missed by more than
 * half an interval while others queue behind it.  The day's count stays.
 */
extern TimestampTz limiter_claim(const LimiterBudget *budget,
								 TimestampTz slot);

/*
 * Gives an unused slot back, if nobody has reserved one after it; the day's
 * count goes back in any case.  Raises nothing once the account was reserved
 * from: it may be called while a memory context is being reset.  It takes an LWLock,
 * which this backend must not hold then: an abort releases those it holds before it
 * deletes memory contexts (AbortTransaction), and code here allocates nothing, and so
 * fails nowhere, while it holds one.
 */
extern void limiter_return(const LimiterBudget *budget, TimestampTz slot);

/*
 * The API refused a request for its rate: everyone holds back until "until",
 * then the account goes on at half the rate, which grows back over a minute.
 * Refusals within one pause count as one.
 */
extern void limiter_refused(const LimiterBudget *budget, TimestampTz until);

/* Counters, kept for each (database, server, user, endpoint). */
typedef enum LimiterCounter
{
	LIMITER_REQUESTS,
	LIMITER_ROWS,				/* records received */
	LIMITER_BYTES,				/* of bodies, as transferred */
	LIMITER_RETRIES,
	LIMITER_REFUSED,			/* answers that said "too fast" */
	LIMITER_THROTTLED_US,		/* time spent waiting for slots */
	LIMITER_ERRORS_NETWORK,		/* no connection, broken, timed out */
	LIMITER_ERRORS_HTTP,		/* status other than 200 */
	LIMITER_ERRORS_API,			/* code other than 1 */
	LIMITER_ERRORS_DATA,		/* body or list unusable */
	LIMITER_NCOUNTERS
} LimiterCounter;

#define LIMITER_ENDPOINT_SIZE 64
#define LIMITER_ERROR_SIZE 256

/* Adds to a counter; effective at once, whatever becomes of the transaction. */
extern void limiter_count(Oid serverid, Oid userid, const char *endpoint,
						  LimiterCounter counter, int64 n);

/* Remembers an endpoint's last error (cut to LIMITER_ERROR_SIZE - 1 bytes). */
extern void limiter_count_error(Oid serverid, Oid userid, const char *endpoint,
								LimiterCounter kind, const char *message);

/* One row of xbb.stats. */
typedef struct LimiterStats
{
	Oid			databaseid;
	Oid			serverid;
	Oid			userid;
	char		endpoint[LIMITER_ENDPOINT_SIZE];
	int64		counters[LIMITER_NCOUNTERS];
	char		last_error[LIMITER_ERROR_SIZE]; /* "" if none */
	TimestampTz last_error_at;
	TimestampTz since;
} LimiterStats;

/* Copies all rows; palloc'd. */
extern LimiterStats *limiter_stats(int *nrows);

/* Forgets this database's counters (budgets stay); serverid may be InvalidOid. */
extern void limiter_stats_reset(Oid serverid);

#endif							/* XBB_LIMITER_H */
