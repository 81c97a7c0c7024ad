/*-------------------------------------------------------------------------
 *
 * http.c
 *	  POST and GET requests through libcurl's multi interface, interruptible.
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

/* Connections kept when idle. */
#define POOL_MAX_CONNECTIONS 64L

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

/*
 * Takes an ended transfer's outcome.  Its handle is not used again: before 8.1.1 a folded
 * line that began the next answer's headers was put behind a header that was freed
 * (https://github.com/curl/curl/pull/11103), and resetting does not make every failure
 * forgotten (seen with 8.14).
 */
static void
call_ended(HttpCall *call, CURLcode code)
{
	HttpPool   *pool = call->pool;

	http_read_outcome(call, code);
	curl_multi_remove_handle(pool->multi, call->easy);
	curl_easy_cleanup(call->easy);
	call->easy = NULL;
	if (call->result.outcome == HTTP_TIMED_OUT)
		pool->timed_out_at = wait_clock();
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
	/* one that was given up for an interrupt is no answer */
	CHECK_FOR_INTERRUPTS();
}

/* Lets libcurl act upon a socket, or upon its timer (CURL_SOCKET_TIMEOUT). */
static void
drive_socket(HttpPool *pool, curl_socket_t fd, int events)
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
	if (pool->timer <= wait_clock())
	{
		pool->timer = DT_NOEND;
		drive_socket(pool, CURL_SOCKET_TIMEOUT, 0);
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
		drive_socket(pool, ready.fd,
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
	curl_multi_cleanup(pool->multi);
	curl_share_cleanup(pool->share);
	free(pool->sockets);
	for (; pool->fds > 0; pool->fds--)
		ReleaseExternalFD();
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
	call->started_at = wait_clock();
	call->max_response_size = request->max_response_size;
	call->result.date = call->retry_seconds = call->retry_date = -1;
	call->result.retry_after = -1;
	dlist_push_tail(&pool->calls, &call->node);
	call->callback.func = call_destroy;
	call->callback.arg = call;
	MemoryContextRegisterResetCallback(own, &call->callback);

	call->easy = curl_easy_init();
	pool->out_of_memory = call->easy == NULL;
	check_memory(pool);
	pool->running++;
	http_set_options(call, request);
	check_memory(pool);
	check_multi(curl_multi_add_handle(pool->multi, call->easy));
	drive_timer(pool);
	collect_ended(pool);
	return call;
}

void
http_wait(HttpPool *pool, WaitTime until, WaitReason reason)
{
	bool		waited = false;

	check_process(pool);
	for (;;)
	{
		drive_timer(pool);
		collect_ended(pool);
		if (pool->unseen || (waited && wait_clock() >= until) ||
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
http_arm(HttpPool *pool, WaitDescriptor *descriptor, WaitTime until)
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
