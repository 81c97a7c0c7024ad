/*-------------------------------------------------------------------------
 *
 * api.h
 *	  Calls of the XBB API: body, signature, pace, retries, error mapping.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_API_H
#define XBB_API_H

#include "api/session.h"
#include "option/option.h"

/* What a reader found in a body beside the records (xbb-api 4). */
typedef struct ApiEnvelope
{
	char	   *unreadable;		/* why the body cannot be used, or NULL */
	bool		has_code;
	int64		code;			/* 1 = success */
	bool		has_success;
	bool		success;
	const char *msg;			/* UTF-8, "" if none */
	int64		nrows;			/* records in it */
} ApiEnvelope;

/*
 * Reads a body into whatever the caller makes of it; that is handed back with
 * the answer.  Must not keep pointers into the body.  An answer that is refused
 * or unreadable is dropped with "discard".
 */
typedef struct ApiReader
{
	void	   *(*read) (void *arg, const char *body, size_t length,
						 ApiEnvelope *envelope);
	void		(*discard) (void *arg, void *page);
	void	   *arg;
} ApiReader;

/* Counts of one queue; for EXPLAIN ANALYZE and the log of a run. */
typedef struct ApiCounters
{
	int64		requests;		/* sent, the repeated ones included */
	int64		retries;
	int64		refused;		/* answers that said "too fast" */
	int64		rows;
	int64		bytes;			/* of bodies, as transferred */
	int64		throttled_us;	/* waited for a slot, nothing else to do */
} ApiCounters;

/* What this backend has asked, in all its queues since it started. */
typedef struct ApiTotals
{
	ApiCounters counters;
	int64		answers;		/* that could be used */
	int64		clock;			/* the API's, by its latest answer; 0 unknown */
} ApiTotals;

/* Requests to one endpoint that differ in page and conditions only. */
typedef struct ApiQueue ApiQueue;

/* The answer to one request. */
typedef struct ApiAnswer
{
	int			ticket;
	void	   *page;			/* what the reader made of it */
	int64		date;			/* the API's clock, epoch seconds, -1 unknown */
} ApiAnswer;

/* Who asks, with what connections and secrets. */
typedef struct ApiAccess
{
	Oid			userid;			/* whose rights and mapping are used */
	Session    *session;		/* pinned by the context it was made for */
} ApiAccess;

/*
 * Access to a table's server, kept as it is now until the context ends, whatever
 * becomes of server and mapping meanwhile.  Errors: those of session_get.
 */
extern ApiAccess *api_access(const TableOptions *table, Oid userid, MemoryContext context);

/*
 * Opens a queue for a table's endpoint.  It lives in a child of the current
 * context, which abandons what is under way when it ends; the access must live as
 * long.
 */
extern ApiQueue *api_open(const TableOptions *table, const ApiAccess *access,
						  const ApiReader *reader);

/*
 * Queues a request.  "conditions" are the elements of the array, JSON without
 * brackets, "" for none; copied.  page 0 sends neither page nor pageSize.
 */
extern void api_ask(ApiQueue *queue, int ticket, const char *conditions,
					int page, int page_size);

/*
 * The next answer, in any order.  With "wait" it sleeps until there is one and
 * returns false only if nothing is queued; else it only lets the transfers
 * proceed.  Transient faults are retried here; what stays wrong is an error
 * (design G5).  Raises interrupts.
 */
extern bool api_next(ApiQueue *queue, bool wait, ApiAnswer *answer);

/* Sleeps, interruptibly, until the list has settled. */
extern void api_sleep(ApiQueue *queue, TimestampTz until);

/*
 * For a caller that cannot wait in api_next: a descriptor that becomes readable
 * when api_next without "wait" has something to do, at "until" at the latest.
 */
extern pgsocket api_descriptor(ApiQueue *queue, TimestampTz until);

/*
 * Reports that an answer, though well-formed, contradicts what was asked; for
 * the statistics.  The caller raises the error.
 */
extern void api_count_data_error(ApiQueue *queue, const char *message);

extern const ApiCounters *api_counters(const ApiQueue *queue);
extern void api_add_counters(ApiCounters *sum, const ApiCounters *more);
extern const ApiTotals *api_totals(void);

#endif							/* XBB_API_H */
