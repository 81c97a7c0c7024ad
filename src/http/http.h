/*-------------------------------------------------------------------------
 *
 * http.h
 *	  POST and GET requests through libcurl's multi interface, interruptible.
 *
 * Knows nothing of XBB.  Errors and interrupts are raised only outside of
 * libcurl's frames.  Everything libcurl owns is released by a memory-context
 * reset callback, so an error anywhere leaks nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_HTTP_H
#define XBB_HTTP_H

#include "utils/timestamp.h"
#include "base/wait.h"

/* Connections to one place, kept alive between requests. */
typedef struct HttpPool HttpPool;

/* One transfer. */
typedef struct HttpCall HttpCall;

typedef struct HttpRequest
{
	const char *url;			/* scheme, host, port, path, and a query if there is
								 * one */
	bool		get;			/* GET, without a body; else POST */
	const char *body;			/* sent as it is; must live until the call has
								 * ended */
	size_t		body_length;
	const char *const *headers; /* "Name: value", NULL-terminated; copied */
	int			connect_timeout;	/* ms */
	int			request_timeout;	/* ms, from start to last byte */
	int64		max_response_size;	/* decoded bytes */
	bool		allow_http;		/* else https only */
	const char *ca_file;		/* these authorities only; NULL for the
								 * system's */
	int			idle_seconds;	/* a kept connection that was idle for longer is not
								 * used; 0 = a minute */
	bool		measured;		/* the result's way is wanted */
} HttpRequest;

/* The way of a request, so far as it went: microseconds from its start, 0 = not so far. */
typedef struct HttpWay
{
	int64		resolved_us;
	int64		connected_us;
	int64		secured_us;		/* TLS */
	int64		ended_us;
	bool		untrusted;		/* it was connected, and the certificate not accepted */
	bool		fresh;			/* a connection was begun for it */
	int			version;		/* of HTTP: 10, 11, 20 */
	int64		certificate_until;	/* epoch seconds, 0 unknown */
} HttpWay;

/* How a transfer ended, so far as HTTP goes. */
typedef enum HttpOutcome
{
	HTTP_RUNNING,
	HTTP_ANSWERED,				/* complete: look at status and body */
	HTTP_NO_CONNECTION,			/* resolve, connect or TLS failed or took too
								 * long: nothing was sent */
	HTTP_BROKEN,				/* connection lost, or not HTTP */
	HTTP_TIMED_OUT,				/* sent, at least in part */
	HTTP_TOO_LARGE,				/* above max_response_size */
	HTTP_UNTRUSTED				/* certificate not accepted */
} HttpOutcome;

/* What is known once outcome is not HTTP_RUNNING. */
typedef struct HttpResult
{
	HttpOutcome outcome;
	int			status;			/* HTTP status, 0 if none came */
	char	   *body;			/* decoded, NUL-terminated, NULL if empty;
								 * lives until http_release */
	size_t		body_length;
	int64		wire_bytes;		/* received, as transferred (compressed) */
	int64		date;			/* Date header, epoch seconds, or -1 */
	int64		retry_after;	/* Retry-After in ms from now, or -1 */
	char		location[256];	/* host named by a redirect, or "" */
	char		error[256];		/* libcurl's words, plain ASCII, never with
								 * secrets; "" if answered */
	HttpWay		way;			/* of a request that is to be measured */
} HttpResult;

/*
 * curl_global_init; called once from _PG_init.  Never undone: other extensions
 * in the same backend may use libcurl, too.
 */
extern void http_init(void);

/*
 * A pool lives in a child of "parent" and ends with it.  Destroying it closes
 * its connections and ends its transfers as HTTP_BROKEN; their calls stay
 * readable until they are released.
 */
extern HttpPool *http_pool_create(MemoryContext parent);
extern void http_pool_destroy(HttpPool *pool);

/*
 * Starts a request and returns at once.  It is sent at most once: libcurl's own
 * repetition, where a kept connection turns out dead, is prevented.  The call
 * hangs on "context": deleting or resetting that abandons the transfer,
 * whatever its state.
 */
extern HttpCall *http_start(HttpPool *pool, MemoryContext context,
							const HttpRequest *request);

/*
 * Lets all transfers of the pool proceed; waits until the clock reaches "until"
 * or one of them ends.  One that ended since the last http_wait returned, in
 * http_start for example, counts: callers look at http_result of each of their
 * calls after it, and may find that another's has ended.  A time in the past
 * (DT_NOBEGIN) lets them proceed without waiting; DT_NOEND returns at once when
 * no transfer runs.  Raises interrupts.  "reason" is what is shown when no
 * transfer runs.  Transfers proceed only here and in http_start, but their
 * timeouts count all the time.
 */
extern void http_wait(HttpPool *pool, WaitTime until, WaitReason reason);

/*
 * As http_wait, for those who wait by themselves: arms the descriptor, which
 * becomes readable when http_wait with a time in the past has something to do.
 */
extern pgsocket http_arm(HttpPool *pool, WaitDescriptor *descriptor,
						 WaitTime until);

/* Valid until http_release. */
extern const HttpResult *http_result(HttpCall *call);

/* Ends the call, running or not; its body goes with it. */
extern void http_release(HttpCall *call);

/* Transfers of the pool that are under way. */
extern int	http_running(HttpPool *pool);

#endif							/* XBB_HTTP_H */
