/*-------------------------------------------------------------------------
 *
 * http.c
 *	  POST requests through libcurl's multi interface, interruptible.
 *
 * libcurl's frames are left before anything here raises an error or serves an
 * interrupt; what runs inside them is in http_callback.c.  Everything hangs on
 * memory contexts, whose reset callbacks are the only destructors and are
 * registered before the first object of libcurl is made.
 *
 * A pool and its calls may end in either order: the pool knows its calls, and
 * takes what is libcurl's from them when it goes first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>
#include <signal.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "http/http_data.h"

/* Descriptors of a multi handle beside its connections: its wake-up pair. */
#define POOL_OWN_FDS 2

/* Connections kept when idle, and for how many seconds they may be reused. */
#define POOL_MAX_CONNECTIONS 64L
#define POOL_IDLE_SECONDS 60L

/*
 * Read from a socket at once, bytes: a page of 100 records.  With libcurl's 16 kB
 * the system calls of a page took a sixth of a scan's time.
 */
#define READ_SIZE (128 * 1024L)

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
	{CURLOPT_MAXAGE_CONN, POOL_IDLE_SECONDS},
	{CURLOPT_POST, 1},
	{CURLOPT_HTTP_CONTENT_DECODING, 0}, /* http_decode.c does it */
#if LIBCURL_VERSION_NUM >= 0x075700
	{CURLOPT_QUICK_EXIT, 1},	/* else removing waits for the resolver */
#endif
};

/* ---- errors and descriptors, outside of libcurl ---- */

static void
check_process(const HttpPool *pool)
{
	if (pool->pid != MyProcPid)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg_internal("connections belong to another process")));
}

static void
check_memory(HttpPool *pool)
{
	if (pool->out_of_memory)
	{
		pool->out_of_memory = false;
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("libcurl or the body of an answer needed more.")));
	}
}

static void
check_multi(CURLMcode code)
{
	if (code != CURLM_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("libcurl failed: %s", curl_multi_strerror(code))));
}

static void
check_option(CURLcode code, const char *name)
{
	if (code != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("libcurl does not take %s: %s", name,
						curl_easy_strerror(code))));
}

#define SET(easy, option, value) \
	check_option(curl_easy_setopt(easy, option, value), #option)

/*
 * Announces descriptors to fd.c, which may refuse.  They are kept until the
 * pool ends: a new connection is made only where no idle one is left, so there
 * are never more of them than there were transfers at once.  (Counting them in
 * libcurl's callbacks goes wrong: some versions close sockets silently.)
 */
static void
acquire_fds(HttpPool *pool, int n)
{
	for (; pool->fds < n; pool->fds++)
	{
		/* and one to spare, which every wait needs */
		bool		acquired = AcquireExternalFD();
		bool		spare = acquired && AcquireExternalFD();

		if (acquired)
			ReleaseExternalFD();	/* the spare one, or the only one */
		if (!spare)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("too many open files for another connection"),
					 errhint("Lower the option concurrency of the server, or raise max_files_per_process.")));
	}
}

/* ---- transfers ---- */

/* Takes an ended transfer's outcome, and its handle back into the pool. */
static void
call_ended(HttpCall *call, CURLcode code)
{
	HttpPool   *pool = call->pool;

	http_read_outcome(call, code);
	curl_multi_remove_handle(pool->multi, call->easy);
	if (call->result.outcome == HTTP_ANSWERED && pool->nidle < HTTP_POOL_MAX_IDLE)
	{
		curl_easy_reset(call->easy);
		pool->idle[pool->nidle++] = call->easy;
	}
	else
	{
		/* resetting does not make every failure forgotten (seen with 8.14) */
		curl_easy_cleanup(call->easy);
	}
	call->easy = NULL;
	if (call->result.outcome == HTTP_TIMED_OUT)
		pool->timed_out_at = GetCurrentTimestamp();
	pool->running--;
	pool->unseen = true;
}

static void
collect_ended(HttpPool *pool)
{
	CURLMsg    *message;
	int			more;

	while ((message = curl_multi_info_read(pool->multi, &more)) != NULL)
	{
		CURLcode	code = message->data.result;
		char	   *call = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		call_ended((HttpCall *) call, code);
	}
	check_memory(pool);
}

/* Lets libcurl act upon a socket, or upon its timer (CURL_SOCKET_TIMEOUT). */
static void
drive(HttpPool *pool, curl_socket_t fd, int events)
{
	sigset_t	all;
	sigset_t	old;
	CURLMcode	code;
	int			running;

	/* libcurl may start a resolver thread: signals must not go there */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	code = curl_multi_socket_action(pool->multi, fd, events, &running);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	check_memory(pool);
	check_multi(code);
}

static void
drive_timer(HttpPool *pool)
{
	if (pool->timer <= GetCurrentTimestamp())
	{
		pool->timer = DT_NOEND;
		drive(pool, CURL_SOCKET_TIMEOUT, 0);
	}
}

static void
drive_sockets(HttpPool *pool)
{
	int			i = 0;

	/* driving one changes the table: start again after each */
	while (i < pool->nsockets)
	{
		WaitSocket	ready = pool->sockets[i];

		if (ready.ready == 0)
		{
			i++;
			continue;
		}
		pool->sockets[i].ready = 0;
		drive(pool, ready.fd,
			  (ready.ready & WL_SOCKET_READABLE ? CURL_CSELECT_IN : 0) |
			  (ready.ready & WL_SOCKET_WRITEABLE ? CURL_CSELECT_OUT : 0));
		i = 0;
	}
}

/* Takes from a call what is libcurl's; the outcome remains. */
static void
call_detach(HttpCall *call)
{
	if (call->easy)
	{
		curl_multi_remove_handle(call->pool->multi, call->easy);
		curl_easy_cleanup(call->easy);
		call->easy = NULL;
		call->pool->running--;
		call->result.outcome = HTTP_BROKEN;
		strlcpy(call->result.error, "connection was given up",
				sizeof(call->result.error));
	}
	dlist_delete(&call->node);
	call->pool = NULL;
}

/* Reset callback of a call's context. */
static void
call_destroy(void *arg)
{
	HttpCall   *call = arg;
	HttpPool   *pool = call->pool;

	if (pool && pool->pid == MyProcPid)
		call_detach(call);
	http_decode_end(call, false);
	curl_slist_free_all(call->headers);
	free(call->result.body);
}

/* Reset callback of a pool's context. */
static void
pool_close(void *arg)
{
	HttpPool   *pool = arg;
	dlist_mutable_iter iter;

	if (pool->pid != MyProcPid)
		return;
	dlist_foreach_modify(iter, &pool->calls)
		call_detach(dlist_container(HttpCall, node, iter.cur));
	while (pool->nidle > 0)
		curl_easy_cleanup(pool->idle[--pool->nidle]);
	curl_multi_cleanup(pool->multi);
	curl_share_cleanup(pool->share);
	free(pool->sockets);
	for (; pool->fds > 0; pool->fds--)
		ReleaseExternalFD();
}

static CURL *
take_easy(HttpPool *pool)
{
	CURL	   *easy = pool->nidle > 0 ? pool->idle[--pool->nidle] : curl_easy_init();

	pool->out_of_memory = easy == NULL;
	check_memory(pool);
	return easy;
}

static void
add_header(HttpCall *call, const char *header)
{
	struct curl_slist *headers = curl_slist_append(call->headers, header);

	call->pool->out_of_memory = headers == NULL;
	check_memory(call->pool);
	call->headers = headers;
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
	SET(call->easy, CURLOPT_FRESH_CONNECT, in_use ? 1L : 0L);
	SET(call->easy, CURLOPT_MAXLIFETIME_CONN,
		(long) Max((call->started_at - pool->timed_out_at) / USECS_PER_SEC, 1));
}

static void
set_options(HttpCall *call, const HttpRequest *request)
{
	CURL	   *easy = call->easy;

	for (size_t i = 0; i < lengthof(fixed_options); i++)
		check_option(curl_easy_setopt(easy, fixed_options[i].option,
									  fixed_options[i].value), "an option");
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(easy, CURLOPT_PROTOCOLS_STR, request->allow_http ? "http,https" : "https");
#else
	SET(easy, CURLOPT_PROTOCOLS, request->allow_http ?
		(long) (CURLPROTO_HTTP | CURLPROTO_HTTPS) : (long) CURLPROTO_HTTPS);
#endif
	SET(easy, CURLOPT_SHARE, call->pool->share);
	/* no more than a wish: a handle that still has a buffer keeps it */
	(void) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_SIZE);
	SET(easy, CURLOPT_URL, request->url);
	SET(easy, CURLOPT_PROXY, "");	/* nor the environment's */
	SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (!request->allow_http)
	{
		SET(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
		SET(easy, CURLOPT_PIPEWAIT, 1L);
	}
	if (request->ca_file)
	{
		SET(easy, CURLOPT_CAINFO, request->ca_file);
		SET(easy, CURLOPT_CAPATH, NULL);
	}
	avoid_old_connections(call);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) request->connect_timeout);
	SET(easy, CURLOPT_TIMEOUT_MS, (long) request->request_timeout);

	for (const char *const *header = request->headers; header && *header; header++)
		add_header(call, *header);
	add_header(call, "Expect:");	/* no round trip before the body */
	SET(easy, CURLOPT_HTTPHEADER, call->headers);
	SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_length);
	SET(easy, CURLOPT_POSTFIELDS, request->body);	/* not copied; one packet with
													 * the headers */
	SET(easy, CURLOPT_PREREQFUNCTION, http_on_request);
	SET(easy, CURLOPT_PREREQDATA, call);

	SET(easy, CURLOPT_PRIVATE, call);
	SET(easy, CURLOPT_ERRORBUFFER, call->error);
	SET(easy, CURLOPT_WRITEFUNCTION, http_on_body);
	SET(easy, CURLOPT_WRITEDATA, call);
	SET(easy, CURLOPT_HEADERFUNCTION, http_on_header);
	SET(easy, CURLOPT_HEADERDATA, call);
	SET(easy, CURLOPT_SOCKOPTFUNCTION, http_on_open);
}

/* ---- public ---- */

void
http_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_SYSTEM_ERROR),
				 errmsg("could not initialize libcurl")));
	if (!(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS))
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("libcurl resolves host names synchronously"),
				 errhint("Queries cannot be canceled while a name is being resolved. Use a libcurl with AsynchDNS.")));
}

HttpPool *
http_pool_create(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "xbb_fdw connections",
												  ALLOCSET_SMALL_SIZES);
	HttpPool   *pool = MemoryContextAllocZero(context, sizeof(HttpPool));

	pool->context = context;
	pool->pid = MyProcPid;
	pool->timer = DT_NOEND;
	dlist_init(&pool->calls);
	pool->callback.func = pool_close;
	pool->callback.arg = pool;
	MemoryContextRegisterResetCallback(context, &pool->callback);

	acquire_fds(pool, POOL_OWN_FDS);
	pool->multi = curl_multi_init();
	pool->out_of_memory = pool->multi == NULL;
	check_memory(pool);
	pool->share = curl_share_init();
	pool->out_of_memory = pool->share == NULL;
	check_memory(pool);
	if (curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
		elog(ERROR, "libcurl does not share TLS sessions");
	check_multi(curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, http_on_socket));
	check_multi(curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool));
	check_multi(curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, http_on_timer));
	check_multi(curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool));
	check_multi(curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS,
								  POOL_MAX_CONNECTIONS));
	return pool;
}

void
http_pool_destroy(HttpPool *pool)
{
	MemoryContextDelete(pool->context);
}

HttpCall *
http_start(HttpPool *pool, MemoryContext context, const HttpRequest *request)
{
	MemoryContext own;
	HttpCall   *call;

	check_process(pool);
	acquire_fds(pool, POOL_OWN_FDS + pool->running + 1);

	own = AllocSetContextCreate(context, "xbb_fdw transfer", ALLOCSET_SMALL_SIZES);
	call = MemoryContextAllocZero(own, sizeof(HttpCall));
	call->context = own;
	call->pool = pool;
	call->started_at = GetCurrentTimestamp();
	call->max_response_size = request->max_response_size;
	call->result.date = call->retry_seconds = call->retry_date = -1;
	call->result.retry_after = -1;
	dlist_push_tail(&pool->calls, &call->node);
	call->callback.func = call_destroy;
	call->callback.arg = call;
	MemoryContextRegisterResetCallback(own, &call->callback);

	call->easy = take_easy(pool);
	pool->running++;
	set_options(call, request);
	check_multi(curl_multi_add_handle(pool->multi, call->easy));
	drive_timer(pool);
	collect_ended(pool);
	return call;
}

void
http_wait(HttpPool *pool, TimestampTz until, WaitReason reason)
{
	bool		waited = false;

	check_process(pool);
	for (;;)
	{
		drive_timer(pool);
		collect_ended(pool);
		if (pool->unseen || (waited && GetCurrentTimestamp() >= until) ||
			(pool->running == 0 && until == DT_NOEND))
			break;
		wait_for(pool->sockets, pool->nsockets, Min(until, pool->timer),
				 pool->running > 0 ? WAIT_HTTP : reason);
		drive_sockets(pool);
		waited = true;
	}
	pool->unseen = false;
}

pgsocket
http_arm(HttpPool *pool, WaitDescriptor *descriptor, TimestampTz until)
{
	check_process(pool);
	return wait_descriptor_arm(descriptor, pool->sockets, pool->nsockets,
							   Min(until, pool->timer));
}

const HttpResult *
http_result(HttpCall *call)
{
	return &call->result;
}

void
http_release(HttpCall *call)
{
	MemoryContextDelete(call->context);
}

int
http_running(HttpPool *pool)
{
	return pool->running;
}
