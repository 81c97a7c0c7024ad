/*-------------------------------------------------------------------------
 *
 * push_flight.h
 *	  A worker of a push: its session, and the requests it has in the air.
 *
 * A session lives beyond transactions, in memory of its own; what it knows of a
 * request is what the tables say of it, but for answers that were taken and are
 * not noted yet.  They stay until the transaction that notes them is committed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_FLIGHT_H
#define XBB_PUSH_FLIGHT_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "lib/ilist.h"
#include "utils/uuid.h"

#include "target/target.h"

/* The item that waits of the key of u, if it is what the target has: once nothing of the key is on its way, it is not to be sent. */
#define PUSH_WENT_BACK(u) \
	"(SELECT n.id FROM xbb._push_item n WHERE n.push = " u ".push AND n.key_id = " u ".key_id AND n.request IS NULL" \
	" AND n.status <> 'acknowledged' AND n.hash = (SELECT a.hash FROM xbb._push_item a WHERE a.push = " u ".push" \
	" AND a.key_id = " u ".key_id AND a.status = 'acknowledged' ORDER BY a.id DESC LIMIT 1) LIMIT 1)"

/* One record in a request. */
typedef struct FlightItem
{
	int64		id;				/* of the item; 0: it was settled by an earlier answer */
	TargetClass verdict;
	bool		told;			/* by a word about it alone */
	char	   *target_id;		/* or NULL */
	char	   *message;		/* or NULL */
} FlightItem;

/* A request, from its claim until its verdicts are committed. */
typedef struct Flight
{
	dlist_node	node;
	MemoryContext context;		/* owns all of it */
	int			ticket;
	pg_uuid_t	id;				/* of the request, and its idempotency key */
	char	   *body;
	size_t		length;
	char	  **keys;			/* of each record, or NULL */
	int			nitems;
	FlightItem *items;			/* by position */
	int			attempts;		/* this one included */
	bool		repeats;		/* it was sent before */
	bool		probes;			/* asks for its one item, whose record is the body */
	bool		settles_late;	/* of a probe: "not there" may be too early to say */

	TransactionId claimed;		/* by this one: until it is committed not a byte leaves */
	bool		asked;			/* handed to the queue */
	int			renewals;		/* of the token before that, in this run */
	bool		answered;
	bool		unsent;			/* was never in the air, and will not be: its answer is that */
	TransactionId noted;		/* by this one; 0 if it is not noted */

	/* of the answer */
	TargetClass verdict;
	int			status;
	char	   *message;
	char	   *text;
	int64		retry_after;
} Flight;

typedef struct PushSession
{
	MemoryContext context;
	int32		push;
	int64		run;
	int32		worker;
	Oid			role;
	bool		alone;			/* the push has one worker */
	Target	   *target;
	TargetQueue *queue;
	dlist_head	flights;
	int			nflights;
	int			last_ticket;

	int			most_flights;	/* at a time: one, until the target has shown that it is there */
	int			batch;			/* records of a request */
	bool		shrunk;			/* since some timed out in this run */
	int64		last_item;		/* claimed; the next come after it */
	bool		at_end;			/* no item behind it */
	TimestampTz looked;			/* when it was last asked whether the push is enabled */
	bool		enabled;		/* it was */
	bool		closed;			/* nothing more is claimed in this run */
	bool		renewed;		/* a token, since the last good answer */
	int			renewals;		/* in this run */
	char	   *problem;		/* why it is closed, or NULL */

	int64		answers;		/* that the target gave */
	int64		requests;
	int64		acknowledged;
	int64		rejected;
	int64		unknown;
	int64		put_off;
	int64		held;
} PushSession;

/* push_claim.c: the next requests, up to so many, become flights; how many did. */
extern int	push_claim(FunctionCallInfo fcinfo, PushSession *session, int most);

/* push_verdict.c: writes what became of the flights that were answered and are not noted. */
extern void push_note(FunctionCallInfo fcinfo, PushSession *session);

/* The same file: requests that were taken to be repeated and are not: those in doubt are held, all others over. */
extern void push_set_aside(FunctionCallInfo fcinfo, Datum *requests, int n);

/* The same file: an item of which no request can be made was not sent, and will not be, as it is. */
extern void push_refuse(FunctionCallInfo fcinfo, PushSession *session, int64 id, const char *problem);

/* A flight of a session, not yet asked. */
extern Flight *push_flight(PushSession *session, int nitems);

/* May the same be sent again where it may have arrived? */
extern bool push_may_repeat(const PushSession *session);

#endif							/* XBB_PUSH_FLIGHT_H */
