/*-------------------------------------------------------------------------
 *
 * api.h
 *	  Calls of the XBB API: body, signature, what an answer means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_API_H
#define XBB_API_H

#include "api/session.h"
#include "base/envelope.h"
#include "call/call.h"
#include "option/option.h"

/*
 * Reads a body into whatever the caller makes of it; that is handed back with
 * the answer.  Must not keep pointers into the body.  An answer that is refused
 * or unreadable is dropped with "discard".
 */
typedef struct ApiReader
{
	void	   *(*read) (void *arg, const char *body, size_t length,
						 Envelope *envelope);
	void		(*discard) (void *arg, void *page);

	/*
	 * May be NULL.  What stands for an answer that cannot be had, whatever was tried;
	 * NULL for an error.
	 */
	void	   *(*give_up) (void *arg, const CallFault *fault);

	/* May be NULL: requests are measured, and it sees how each has ended. */
	void		(*look) (void *arg, const HttpResult *http);
	void	   *arg;
} ApiReader;

/* Of one queue. */
typedef CallCounters ApiCounters;

/* What this backend has asked, in all its queues since it started. */
typedef struct ApiTotals
{
	ApiCounters counters;
	int64		pages;			/* answers that could be used */
	int64		clock;			/* by the latest of them, of whatever server, epoch
								 * seconds; 0 before the first, -1 if it had none */
	TimestampTz clock_at;		/* when that one came, by this server's */
} ApiTotals;

/* Requests to one endpoint that differ in page and conditions only. */
typedef struct ApiQueue ApiQueue;

/* The answer to one request; its result is what the reader made of it. */
typedef CallAnswer ApiAnswer;

/* Requests that one statement may send, 0 = any number: setting xbb_fdw.request_limit. */
extern int	api_request_limit;

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

/* Takes the shared memory that api_open would take: before anything else does. */
extern void api_attach(void);

/*
 * Opens a queue for a table's endpoint.  It lives in the current context and
 * abandons what is under way when that ends; table and access must live as long.
 */
extern ApiQueue *api_open(const TableOptions *table, const ApiAccess *access,
						  const ApiReader *reader);

/*
 * Queues a request.  "conditions" are the elements of the array, JSON without
 * brackets, "" for none; "window" is how the log names the times among them, or NULL;
 * both are copied.  page 0 sends neither page nor pageSize.
 */
extern void api_ask(ApiQueue *queue, int ticket, const char *conditions,
					const char *window, int page, int page_size);

/*
 * The same where requests differ in more: "members" are members of the body, JSON
 * without brackets; copied.
 */
extern void api_ask_members(ApiQueue *queue, int ticket, const char *members);

/*
 * The same of a whole body, for who tries what the API takes; copied, as is "called", its name in
 * the log.  "missigned": with a signature that is not its own.
 */
extern void api_ask_body(ApiQueue *queue, int ticket, const char *body, const char *called, bool missigned);

/* The next answer: see call_next.  What stays wrong is an error (design G5). */
extern bool api_next(ApiQueue *queue, bool wait, ApiAnswer *answer);

/* Sleeps, interruptibly, until the list has settled. */
extern void api_sleep(ApiQueue *queue, WaitTime until);

/* For a caller that cannot wait in api_next: see call_descriptor. */
extern pgsocket api_descriptor(ApiQueue *queue, WaitTime until);

/*
 * Until the end of the present subtransaction, or of the transaction if there is none:
 * requests are those of that task, and, if it is incremental, may use the server's
 * quota_reserve.  The caller knows that this is so.
 */
extern void api_task(const char *name, bool incremental);

/* How a server's account stands. */
extern void api_quota(const ServerOptions *server, LimiterQuota *quota);

/* What it had used before that was counted: see limiter_recall. */
extern void api_recall(const ServerOptions *server, int64 used);

/* Who has used its day: see limiter_uses. */
extern LimiterUse *api_uses(const ServerOptions *server, int *nuses);

/* How many more requests the statement may send: see limit_left. */
extern int64 api_requests_left(const ApiQueue *queue, int64 *limit);

/*
 * Reports that an answer, though well-formed, contradicts what was asked; for
 * the statistics.  The caller raises the error.
 */
extern void api_count_data_error(ApiQueue *queue, const char *message);

extern const ApiCounters *api_counters(const ApiQueue *queue);
extern void api_add_counters(ApiCounters *sum, const ApiCounters *more);
extern const ApiTotals *api_totals(void);

#endif							/* XBB_API_H */
