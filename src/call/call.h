/*-------------------------------------------------------------------------
 *
 * call.h
 *	  Queues of calls: pace, retries, counters, waiting.
 *
 * Knows nothing of what is called.  A queue's owner signs a call when its turn has
 * come, judges what came of it, and names it in an error.
 *
 * What is named here of http.h and limiter.h is for owners to fill and to read;
 * the functions there are for the queue alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_CALL_H
#define XBB_CALL_H

#include "lib/ilist.h"
#include "portability/instr_time.h"

#include "http/http.h"
#include "limiter/limiter.h"

/* Which requests the server's log gets a line of: setting xbb_fdw.log_requests. */
typedef enum CallLog
{
	CALL_LOG_NONE,
	CALL_LOG_FAILED,
	CALL_LOG_ALL
} CallLog;

extern int	call_log_requests;

/* What a server that loads the library when it starts should set aside, bytes. */
extern Size call_shared_memory(void);

/* Takes it now, as call_open would: see limiter_attach. */
extern void call_attach(void);

/* A place that is called: its connections stay open between queues. */
typedef struct CallPlace CallPlace;

/*
 * url begins with scheme and host, and has been checked.  Lives in "context" and
 * ends with it, calls under way included.
 */
extern CallPlace *call_place(const char *url, MemoryContext context);

/* One call, from call_ask until its answer. */
typedef struct Call
{
	MemoryContext context;		/* owns the call and what its owner hangs on it */
	int			ticket;			/* tells the owner its answer */
	void	   *item;			/* what the owner knows it by; the owner's to set */
	int			attempts;		/* how often it was sent so far */
	instr_time	sent;			/* last */
	LimiterSlot slot;			/* that it was sent with */

	/* the queue's */
	dlist_node	node;
	HttpCall   *transfer;		/* NULL while it waits for its turn */
	WaitTime	not_before;		/* when it may be sent (again) */
} Call;

/* The answer to one call. */
typedef struct CallAnswer
{
	int			ticket;
	void	   *result;			/* what the judge made of it */
	int			nrows;			/* records in it, as the judge says */
	int64		date;			/* the other side's clock, epoch seconds, -1 unknown */
} CallAnswer;

/* Why what came, or the lack of it, is no success. */
typedef struct CallFault
{
	bool		transient;		/* to be sent again.  Whether that may be done is the
								 * judge's to know: a write that may have arrived is
								 * not transient, whatever happened */
	bool		refused;		/* for the rate */
	bool		down;			/* what was reached, if anything, answers no requests */
	bool		uncounted;		/* so that it took nothing from the account's day */
	int64		retry_after;	/* ms, -1 if no time was named */
	LimiterCounter kind;		/* one of the errors */
	int			sqlstate;
	const char *message;		/* in the server's encoding */
	const char *hint;			/* or NULL */
	const char *gone;			/* whose record it says is not there (words_gone), or NULL */
} CallFault;

/* Whoever knows what the calls of a queue are. */
typedef struct CallOwner
{
	/*
	 * Completes a request: body and headers.  Once for each time the call is sent,
	 * just before; in the call's memory.
	 */
	void		(*sign) (void *arg, const Call *call, HttpRequest *request);

	/*
	 * True if it is a success: sets the answer's result and nrows.  Else fills the
	 * fault, which is fresh; texts are palloc'd or constant.  The HTTP result ends
	 * with this call.
	 */
	bool		(*judge) (void *arg, const HttpResult *http, CallAnswer *answer,
						  CallFault *fault);

	/*
	 * May be NULL.  Of a call that has failed for good: true if the owner takes that
	 * for its answer, and sets the result, unless the judge did; else it is an error.
	 */
	bool		(*give_up) (void *arg, const CallFault *fault, CallAnswer *answer);

	/*
	 * How an error names the call, as the beginning of a sentence, or, in full, a line
	 * of the log; without secrets, palloc'd.
	 */
	char	   *(*describe) (void *arg, const Call *call, bool full);
	void	   *arg;
} CallOwner;

/* For EXPLAIN ANALYZE and the log of a run. */
typedef struct CallCounters
{
	int64		requests;		/* sent, the repeated ones included */
	int64		retries;
	int64		refused;		/* answers that said "too fast" */
	int64		rows;
	int64		bytes;			/* of bodies, as transferred */
	int64		throttled_us;	/* waited for a slot, transfers under way or not */
} CallCounters;

/* What all calls of a queue have in common; what it points to outlives the queue. */
typedef struct CallSpec
{
	CallPlace  *place;
	HttpRequest request;		/* but body and headers */
	LimiterBudget budget;		/* but the origin, which is the place's */
	int			max_retries;	/* of one call */
	bool		down_is_answer; /* a call that is not sent, as what it calls is down, is
								 * given up by its owner, and is no error at once */
	Oid			serverid;		/* these three are what the cluster counts by */
	Oid			userid;
	const char *endpoint;
	CallCounters *sum;			/* of all the owner's queues: added to */
	CallOwner	owner;
} CallSpec;

typedef struct CallQueue CallQueue;

/* How the account of a budget stands at a place, whose URL is that of call_place. */
extern void call_quota(const char *url, const LimiterBudget *budget, LimiterQuota *quota);

/* What it had used before that was counted: see limiter_recall. */
extern void call_recall(const char *url, const LimiterBudget *budget, int64 used);

/* Who has used its day: see limiter_uses. */
extern LimiterUse *call_uses(const char *url, const LimiterBudget *budget, int *nuses);

/*
 * Lives in a child of the current context, which abandons what is under way when it
 * ends.  Raises nothing but out of memory, be it shared memory.
 */
extern CallQueue *call_open(const CallSpec *spec);

/* Queues a call; its item is to be set before the next call_next. */
extern Call *call_ask(CallQueue *queue, int ticket);

/*
 * The next answer, in any order.  With "wait" it sleeps until there is one and
 * returns false only if nothing is queued; else it only lets the transfers
 * proceed.  Transient faults are retried here, after a jittered pause; what stays
 * wrong is an error, in the judge's words.  Raises interrupts, and 53400 where the
 * budget's quota is used up.
 */
extern bool call_next(CallQueue *queue, bool wait, CallAnswer *answer);

/* Sleeps, interruptibly, while transfers proceed; "reason" is what is shown. */
extern void call_sleep(CallQueue *queue, WaitTime until, WaitReason reason);

/*
 * For a caller that cannot wait in call_next: a descriptor that becomes readable
 * when call_next without "wait" has something to do, at "until" at the latest.
 */
extern pgsocket call_descriptor(CallQueue *queue, WaitTime until);

/*
 * Counts an error that only the owner can see: an answer, though well-formed, that
 * contradicts what was asked.  The caller raises it.
 */
extern void call_count_error(CallQueue *queue, LimiterCounter kind, const char *message);

extern const CallCounters *call_counters(const CallQueue *queue);
extern void call_add_counters(CallCounters *sum, const CallCounters *more);

#endif							/* XBB_CALL_H */
