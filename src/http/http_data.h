/*-------------------------------------------------------------------------
 *
 * http_data.h
 *	  What the files of http share: http.c, http_request.c, http_callback.c,
 *	  http_decode.c, http_outcome.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_HTTP_DATA_H
#define XBB_HTTP_DATA_H

#include <curl/curl.h>
#include <zlib.h>

#if LIBCURL_VERSION_NUM < 0x075000
#error "xbb_fdw needs libcurl 7.80 or later"
#endif

#include "http/http.h"
#include "lib/ilist.h"

/*
 * Bytes of headers and trailers together, interim answers included.  libcurl bounds
 * single lines, since 8.3 headers, trailers not at all.
 */
#define HTTP_MAX_HEAD (256 * 1024)

struct HttpPool
{
	MemoryContext context;		/* owns this struct; a child of the parent */
	MemoryContextCallback callback;
	int			pid;			/* a forked process must not touch it */
	dlist_head	calls;			/* HttpCall, until released */
	int			running;		/* transfers under way */
	bool		unseen;			/* one ended since http_wait last returned */
	WaitTime	timed_out_at;	/* when one last did; 0 = never */
	int			fds;			/* descriptors announced to fd.c */

	/* libcurl's */
	CURLM	   *multi;
	CURLSH	   *share;			/* TLS sessions, else each handle has its own */

	/* kept by libcurl's callbacks */
	WaitSocket *sockets;		/* to be watched; malloc'd */
	int			nsockets;
	int			sockets_size;
	WaitTime	timer;			/* when libcurl wants to be called */
	bool		out_of_memory;	/* an error to raise outside */
};

/* How a body is encoded. */
typedef enum HttpCoding
{
	HTTP_PLAIN,
	HTTP_GZIP,
	HTTP_FOREIGN				/* in a way that was not asked for */
} HttpCoding;

struct HttpCall
{
	MemoryContext context;		/* owns this struct; a child of the caller's */
	MemoryContextCallback callback;
	dlist_node	node;			/* in the pool's calls */
	HttpPool   *pool;			/* NULL once the pool is gone */
	CURL	   *easy;			/* NULL once ended */
	WaitTime	started_at;
	struct curl_slist *headers;

	/* kept by libcurl's callbacks */
	bool		measured;
	bool		sent;			/* or about to be */
	bool		repeated;		/* was about to be sent once more */
	HttpResult	result;			/* body is malloc'd */
	size_t		head;			/* bytes of headers and trailers that came */
	size_t		body_size;		/* allocated */
	size_t		announced;		/* Content-Length, as far as it is believed; 0 =
								 * not known */
	int64		max_response_size;
	bool		too_large;
	HttpCoding	coding;
	int64		encoded;		/* bytes of gzip that came */
	z_stream	inflate;
	bool		inflating;		/* it is to be ended */
	bool		in_member;		/* a member of the gzip has begun, not ended */
	const char *unusable;		/* why, or NULL; constant */
	int64		retry_seconds;	/* Retry-After: one of the two, or -1 */
	int64		retry_date;
	char		error[CURL_ERROR_SIZE];
};

/*
 * Makes the call's handle that of a request.  Notes if memory is out, which the
 * caller is to raise; other errors are raised.
 */
extern void http_set_options(HttpCall *call, const HttpRequest *request);

/*
 * Callbacks of libcurl.  They run inside its frames: no errors, no palloc, no
 * interrupts.  The argument is the pool or, from http_on_body on, the call.
 */
extern int	http_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
						   void *unused);
extern int	http_on_timer(CURLM *multi, long milliseconds, void *arg);
extern int	http_on_open(void *unused, curl_socket_t fd, curlsocktype purpose);
extern size_t http_on_body(char *data, size_t size, size_t count, void *arg);
extern size_t http_on_header(char *line, size_t size, size_t count, void *arg);
extern int	http_on_request(void *arg, char *peer, char *own, int peer_port,
							int own_port);

/* Decodes what has come of a body and appends it; false if it is to end here. */
extern bool http_decode(HttpCall *call, const char *data, size_t length);

/*
 * Nothing more comes; if all has come, notes what is missing.  Frees zlib's memory;
 * may be called again.
 */
extern void http_decode_end(HttpCall *call, bool complete);

/* Fills the result of a transfer that has ended, its handle still in place. */
extern void http_read_outcome(HttpCall *call, CURLcode code);

#endif							/* XBB_HTTP_DATA_H */
