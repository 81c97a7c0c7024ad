/*-------------------------------------------------------------------------
 *
 * http_request.c
 *	  A request, in libcurl's options.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>

#include "base/compat.h"
#include "http/http_data.h"

/*
 * Read from a socket at once, bytes: a page of 100 records.  With libcurl's 16 kB
 * the system calls of a page took a sixth of a scan's time.
 */
#define READ_SIZE (128 * 1024L)

/* For so many seconds an idle connection may be used again. */
#define IDLE_SECONDS 60L

/* Options that are the same for every request. */
static const struct
{
	CURLoption	option;
	long		value;
}			fixed_options[] = {
	{CURLOPT_NOSIGNAL, 1},		/* SIGALRM is the server's */
	{CURLOPT_FOLLOWLOCATION, 0},	/* the signature would go along */
	{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
	{CURLOPT_NETRC, CURL_NETRC_IGNORED},
	{CURLOPT_SSL_VERIFYPEER, 1},
	{CURLOPT_SSL_VERIFYHOST, 2},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_TCP_NODELAY, 1},
	{CURLOPT_TCP_KEEPALIVE, 1},
	{CURLOPT_MAXAGE_CONN, IDLE_SECONDS},
	{CURLOPT_POST, 1},
	{CURLOPT_HTTP_CONTENT_DECODING, 0}, /* http_decode.c does it */
#if LIBCURL_VERSION_NUM >= 0x075700
	{CURLOPT_QUICK_EXIT, 1},	/* else removing waits for the resolver */
#endif
};

static void
check_option(CURLcode code, const char *name)
{
	if (code != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("libcurl does not take %s: %s", name,
						curl_easy_strerror(code))));
}

#define SET_OR_RAISE(easy, option, value) \
	check_option(curl_easy_setopt(easy, option, value), #option)

static void
add_header(HttpCall *call, const char *header)
{
	struct curl_slist *headers = curl_slist_append(call->headers, header);

	if (headers)
		call->headers = headers;
	else
		call->pool->out_of_memory = true;
}

/*
 * After a timeout, connections from before it may be dead without knowing: one
 * of HTTP/2 stays in use until its last stream gives up.  Those in use are
 * avoided by making a new one, idle ones by their age.
 */
static void
avoid_old_connections(HttpCall *call)
{
	HttpPool   *pool = call->pool;
	bool		in_use = false;
	dlist_iter	iter;

	if (pool->timed_out_at == 0)
		return;
	dlist_foreach(iter, &pool->calls)
	{
		HttpCall   *other = dlist_container(HttpCall, node, iter.cur);

		in_use |= other->easy && other->started_at <= pool->timed_out_at;
	}
	SET_OR_RAISE(call->easy, CURLOPT_FRESH_CONNECT, in_use ? 1L : 0L);
	SET_OR_RAISE(call->easy, CURLOPT_MAXLIFETIME_CONN,
		(long) Max((call->started_at - pool->timed_out_at) / USECS_PER_SEC, 1));
}

void
http_set_options(HttpCall *call, const HttpRequest *request)
{
	CURL	   *easy = call->easy;

	for (size_t i = 0; i < lengthof(fixed_options); i++)
		check_option(curl_easy_setopt(easy, fixed_options[i].option,
									  fixed_options[i].value), "an option");
#if LIBCURL_VERSION_NUM >= 0x075500
	SET_OR_RAISE(easy, CURLOPT_PROTOCOLS_STR, request->allow_http ? "http,https" : "https");
#else
	SET_OR_RAISE(easy, CURLOPT_PROTOCOLS, request->allow_http ?
		(long) (CURLPROTO_HTTP | CURLPROTO_HTTPS) : (long) CURLPROTO_HTTPS);
#endif
	call->measured = request->measured;
	if (call->measured)
		SET_OR_RAISE(easy, CURLOPT_CERTINFO, 1L);
	SET_OR_RAISE(easy, CURLOPT_SHARE, call->pool->share);
	if (request->idle_seconds > 0)
		SET_OR_RAISE(easy, CURLOPT_MAXAGE_CONN, (long) request->idle_seconds);
	/* may be refused: a handle that has a buffer already keeps that one */
	(void) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_SIZE);
	SET_OR_RAISE(easy, CURLOPT_URL, request->url);
	SET_OR_RAISE(easy, CURLOPT_PROXY, "");	/* nor the environment's */
	SET_OR_RAISE(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (!request->allow_http)
	{
		SET_OR_RAISE(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
		SET_OR_RAISE(easy, CURLOPT_PIPEWAIT, 1L);
	}
	if (request->ca_file)
	{
		SET_OR_RAISE(easy, CURLOPT_CAINFO, request->ca_file);
		SET_OR_RAISE(easy, CURLOPT_CAPATH, NULL);
	}
	avoid_old_connections(call);
	SET_OR_RAISE(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) request->connect_timeout);
	SET_OR_RAISE(easy, CURLOPT_TIMEOUT_MS, (long) request->request_timeout);

	for (const char *const *header = request->headers; header && *header; header++)
		add_header(call, *header);
	add_header(call, "Expect:");	/* no round trip before the body */
	SET_OR_RAISE(easy, CURLOPT_HTTPHEADER, call->headers);
	if (request->get)
		SET_OR_RAISE(easy, CURLOPT_HTTPGET, 1L);
	else
	{
		SET_OR_RAISE(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_length);
		/* not copied; one packet with the headers */
		SET_OR_RAISE(easy, CURLOPT_POSTFIELDS, request->body);
	}
	SET_OR_RAISE(easy, CURLOPT_PREREQFUNCTION, http_on_request);
	SET_OR_RAISE(easy, CURLOPT_PREREQDATA, call);

	SET_OR_RAISE(easy, CURLOPT_PRIVATE, call);
	SET_OR_RAISE(easy, CURLOPT_ERRORBUFFER, call->error);
	SET_OR_RAISE(easy, CURLOPT_WRITEFUNCTION, http_on_body);
	SET_OR_RAISE(easy, CURLOPT_WRITEDATA, call);
	SET_OR_RAISE(easy, CURLOPT_HEADERFUNCTION, http_on_header);
	SET_OR_RAISE(easy, CURLOPT_HEADERDATA, call);
	SET_OR_RAISE(easy, CURLOPT_SOCKOPTFUNCTION, http_on_open);
}
