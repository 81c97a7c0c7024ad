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

#include "base/wait.h"

/* A slot of an account's line, or of a place in front of it. */
typedef struct LimiterSlot
{
	WaitTime	at;				/* when to ask about it, or to use it */
	bool		in_line;
	uint32		generation;		/* of the line */
	int			day;			/* that it was counted in */
} LimiterSlot;

/* What one account may do, as its server's options say now. */
typedef struct LimiterBudget
{
	const char *origin;			/* "https://host:port", lower case */
	const char *account;		/* there: the corpid */
	const char *server;			/* how error messages name an account that has no name; or NULL */
	double		rate;			/* requests a second, 0 = no limit */
	int64		daily_quota;	/* requests a day, 0 = no limit */
	int64		reserve;		/* of them that are not for who asks */
	const char *task;			/* of the day's requests, or NULL */
	pg_tz	   *time_zone;		/* whose midnight ends the day */
} LimiterBudget;

/*
 * Reserves the account's next free slot for a role and counts one request of the day.
 * It may be used now or later.  A quota that is used up, or down to the reserve, is an
 * error (53400) that says when it is renewed.
 */
extern LimiterSlot limiter_reserve(const LimiterBudget *budget, Oid userid);

/*
 * To be asked when a slot's time has come, just before sending: the slot if it may be
 * used, or a later one to wait for (and ask about again), where others are to go first,
 * requests have been refused meanwhile, or it was missed by more than half an interval
 * while others queue behind it.  The day's count stays.
 */
extern LimiterSlot limiter_claim(const LimiterBudget *budget, Oid userid, LimiterSlot slot);

/*
 * Gives an unused slot back, and the day's count.  Raises nothing once the account was
 * reserved from: it may be called while a memory context is being reset.  It takes an
 * LWLock, which this backend must not hold then: an abort releases those it holds before
 * it deletes memory contexts (AbortTransaction), and code here allocates nothing, and so
 * fails nowhere, while it holds one.
 */
extern void limiter_return(const LimiterBudget *budget, Oid userid, LimiterSlot slot);

/*
 * The API refused a request for its rate: everyone holds back until "until",
 * then the account goes on at half the rate, which grows back over a minute.
 * Refusals within one pause count as one.
 */
extern void limiter_refused(const LimiterBudget *budget, WaitTime until);

/*
 * What became of a request that had the slot: an answer, or a failure such as comes from
 * an API that is down, after so long a time.  "uncounted" takes it out of the day's count.
 */
extern void limiter_ended(const LimiterBudget *budget, Oid userid, LimiterSlot slot,
						  WaitTime taken, bool failed, bool uncounted);

/*
 * It was given up unanswered after so long a time.  True if that is a failure: nobody would
 * wait for so long, or answers take a tenth of it.
 */
extern bool limiter_abandoned(const LimiterBudget *budget, WaitTime taken);

/*
 * After many failures in a row, for a while, one request is let through at a time, to
 * see whether the API is back.  True if a request may be sent; else *failures tells how
 * many there were, and *again in how many seconds to ask.  With "sends" it is that one
 * request: who has no slot yet, or may get none, only asks.
 */
extern bool limiter_admits(const LimiterBudget *budget, bool sends, int *failures, int *again);

/* Do requests fail so long already that one is not worth repeating? */
extern bool limiter_is_broken(const LimiterBudget *budget);

/* How an account stands. */
typedef struct LimiterQuota
{
	int64		used;			/* requests of the day */
	TimestampTz resets_at;		/* when the day ends */
	double		share;			/* of the rate that may be used now */
	TimestampTz held_until;		/* nobody sends before; 0 = they may */
	int			failures;		/* in a row, such as of an API that is down */
	bool		recalled;		/* was limiter_recall called, since this is counted? */
} LimiterQuota;

extern void limiter_look(const LimiterBudget *budget, LimiterQuota *quota);

/* So many requests of the day, at least, had been sent before they were counted here. */
extern void limiter_recall(const LimiterBudget *budget, int64 used);

#define LIMITER_TASK_SIZE 64

/* What a role has used of the day, for one of its tasks. */
typedef struct LimiterUse
{
	Oid			databaseid;
	Oid			userid;
	int64		used;			/* requests */
	char		task[LIMITER_TASK_SIZE];	/* "" if none */
} LimiterUse;

/* Copies those of an account's day that are remembered; palloc'd. */
extern LimiterUse *limiter_uses(const LimiterBudget *budget, int *nuses);

/* The shared memory that is needed, bytes; for who can ask for it in time. */
extern Size limiter_size(void);

/* Maps it, and makes it first, if nobody has: an error where there is not enough. */
extern void limiter_attach(void);

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
