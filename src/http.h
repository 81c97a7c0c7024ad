/*-------------------------------------------------------------------------
 *
 * http.h
 *	  POST requests through libcurl's multi interface, interruptible.
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
#include "wait.h"

/* Connections to one place, kept alive between requests. */
typedef struct HttpPool HttpPool;

/* One transfer. */
typedef struct HttpCall HttpCall;

typedef struct HttpRequest
{
	const char *url;			/* scheme, host, port and path */
	const char *body;			/* sent as it is; must live until the call has
								 * ended */
	size_t		body_length;
	const char *const *headers; /* "Name: value", NULL-terminated; copied */
	int			connect_timeout;	/* ms */
	int			request_timeout;	/* ms, from start to last byte */
	int64		max_response_size;	/* decoded bytes */
	bool		allow_http;		/* else https only */
	const char *ca_file;		/* or NULL for the system's authorities */
} HttpRequest;

/* How a transfer ended, so far as HTTP goes. */
typedef enum HttpOutcome
{
	HTTP_RUNNING,
	HTTP_ANSWERED,				/* complete: look at status and body */
	HTTP_NO_CONNECTION,			/* resolve, connect or TLS failed */
	HTTP_BROKEN,				/* connection lost, or not HTTP */
	HTTP_TIMED_OUT,
	HTTP_TOO_LARGE,				/* above max_response_size */
	HTTP_UNTRUSTED				/* certificate not accepted */
} HttpOutcome;

/* What is known once outcome is not HTTP_RUNNING. */
typedef struct HttpResult
{
	HttpOutcome outcome;
	int			status;			/* HTTP status, 0 if none came */
	char	   *body;			/* decoded, NUL-terminated; lives until
								 * http_release */
	size_t		body_length;
	int64		wire_bytes;		/* received, as transferred (compressed) */
	int64		date;			/* Date header, epoch seconds, or -1 */
	int64		retry_after;	/* Retry-After in ms from now, or -1 */
	char		location[256];	/* host named by a redirect, or "" */
	char		error[256];		/* libcurl's words, never with secrets */
} HttpResult;

/* curl_global_init; called once from _PG_init. */
extern void http_init(void);

/*
 * A pool lives in a child of "parent" and ends with it.  Destroying it closes
 * its connections and abandons its transfers.
 */
extern HttpPool *http_pool_create(MemoryContext parent);
extern void http_pool_destroy(HttpPool *pool);

/*
 * Starts a POST and returns at once.  The call hangs on "context": deleting
 * or resetting that abandons the transfer, whatever its state.
 */
extern HttpCall *http_start(HttpPool *pool, MemoryContext context,
							const HttpRequest *request);

/*
 * Lets all transfers of the pool proceed; waits until one of them ends, or the
 * clock reaches "until".  A time in the past lets them proceed without waiting.
 * Raises interrupts.  "reason" is what is shown when no transfer runs.
 */
extern void http_wait(HttpPool *pool, TimestampTz until, WaitReason reason);

/* Valid until http_release. */
extern const HttpResult *http_result(HttpCall *call);

/* Ends the call, running or not; its body goes with it. */
extern void http_release(HttpCall *call);

/* Transfers of the pool that are under way. */
extern int	http_running(HttpPool *pool);

#endif							/* XBB_HTTP_H */
