/*-------------------------------------------------------------------------
 *
 * api.c
 *	  Calls of the XBB API: body, signature, pace, retries, error mapping.
 *
 * A queue's requests wait for a slot of the cluster's budget, are sent, and
 * are judged when they end.  Only one slot is reserved ahead of time, so that
 * a long scan does not push a short one to the end of the line.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "api/fault.h"
#include "base/json.h"
#include "base/sign.h"
#include "limiter/limiter.h"

#define RETRY_BASE_MS	250		/* xbb-api 5: what works in practice (C2) */
#define RETRY_CEILING_MS 8000
#define RETRY_AFTER_FLOOR_MS 100
#define RETRY_AFTER_CEILING_MS 60000
#define REFUSED_MS		1000	/* hold back so long if the API names no time */
#define INTERRUPT_LATENCY_MS 50
#define RETRIES_A_SCAN	10		/* times max_retries: budget of one queue */

/* Personal tokens want the acting user in a header, too (xbb-api 1, C). */
#define PERSONAL_TOKEN	"user_"

typedef struct ApiRequest
{
	dlist_node	node;
	MemoryContext context;		/* owns the request and its call */
	int			ticket;
	int			page;
	char	   *body;
	size_t		body_length;
	HttpCall   *call;			/* NULL while it waits for its turn */
	TimestampTz not_before;		/* when it may be sent (again) */
	int			attempts;		/* so far */
} ApiRequest;

struct ApiQueue
{
	MemoryContext context;
	Session    *session;
	Oid			userid;
	const char *path;
	char	   *url;
	char	   *members;		/* what all bodies begin with */
	ServerOptions options;		/* the table's view of the server's */
	LimiterBudget budget;
	ApiReader	reader;
	dlist_head	waiting;		/* in the order they were asked */
	dlist_head	running;
	bool		has_slot;		/* one slot, reserved and not yet used */
	TimestampTz slot;
	int			retries_left;
	ApiCounters counters;
	WaitDescriptor *descriptor; /* for api_descriptor, or NULL */
	MemoryContextCallback callback; /* gives an unused slot back */
};

static ApiTotals totals;

static void
raise_fault(ApiQueue *queue, ApiRequest *request, const Fault *fault)
{
	char	   *page = request->page > 0 ?
		psprintf(", page %d", request->page) : pstrdup("");

	ereport(ERROR,
			(errcode(fault->sqlstate),
			 errmsg("%s", fault->message),
			 request->attempts > 1 ?
			 errdetail("POST %s%s, server \"%s\", given up after %d attempts.",
					   queue->path, page, queue->options.name, request->attempts) :
			 errdetail("POST %s%s, server \"%s\".",
					   queue->path, page, queue->options.name),
			 fault->hint ? errhint("%s", fault->hint) : 0));
}

/* ---- counting ---- */

/* Adds to one of a queue's counters and to that of the backend. */
#define COUNT_OWN(queue, member, n) \
	((queue)->counters.member += (n), totals.counters.member += (n))

static void
count(ApiQueue *queue, LimiterCounter counter, int64 n)
{
	limiter_count(queue->options.serverid, queue->userid, queue->path, counter, n);
}

/* ---- sending ---- */

static void
request_free(ApiRequest *request)
{
	dlist_delete(&request->node);
	MemoryContextDelete(request->context);
}

static void
request_send(ApiQueue *queue, ApiRequest *request)
{
	char		sign[SIGN_LENGTH + 1];
	char		sign_header[SIGN_LENGTH + 16];
	char	   *user_header = NULL;
	const char *headers[4] = {"Content-Type: application/json;charset=UTF-8"};
	const Session *session = queue->session;
	HttpRequest http = {
		.url = queue->url,
		.body = request->body,
		.body_length = request->body_length,
		.headers = headers,
		.connect_timeout = queue->options.connect_timeout,
		.request_timeout = queue->options.request_timeout,
		.max_response_size = queue->options.max_response_size,
		.allow_http = queue->options.allow_http,
		.ca_file = queue->options.ca_file,
	};

	sign_body(request->body, request->body_length, session->token, sign);
	snprintf(sign_header, sizeof(sign_header), "sign: %s", sign);
	headers[1] = sign_header;
	if (session->user_id &&
		strncmp(session->token, PERSONAL_TOKEN, strlen(PERSONAL_TOKEN)) == 0)
		headers[2] = user_header = psprintf("userId: %s", session->user_id);

	request->call = http_start(session->pool, request->context, &http);
	request->attempts++;
	dlist_delete(&request->node);
	dlist_push_tail(&queue->running, &request->node);
	COUNT_OWN(queue, requests, 1);
	count(queue, LIMITER_REQUESTS, 1);
	if (user_header)
		pfree(user_header);
}

/*
 * Sends what may be sent now.  Returns when there may be more to do: the next
 * slot, the end of a back-off, or never; *throttled tells which.
 */
static TimestampTz
send_due(ApiQueue *queue, TimestampTz now, bool *throttled)
{
	TimestampTz next = DT_NOEND;
	dlist_mutable_iter iter;

	*throttled = false;
	dlist_foreach_modify(iter, &queue->waiting)
	{
		ApiRequest *request = dlist_container(ApiRequest, node, iter.cur);

		if (request->not_before > now)
		{
			next = Min(next, request->not_before);
			continue;
		}
		if (!queue->has_slot)
		{
			queue->slot = limiter_reserve(&queue->budget);
			queue->has_slot = true;
		}
		/* a slot that was left lying may not be used now */
		if (queue->slot <= now)
			queue->slot = limiter_claim(&queue->budget, queue->slot);
		if (queue->slot > now)
			now = GetCurrentTimestamp();	/* some time may have passed meanwhile */
		if (queue->slot > now)
		{
			*throttled = true;
			return Min(next, queue->slot);
		}
		queue->has_slot = false;
		request_send(queue, request);
	}
	return next;
}

/* ---- repeating ---- */

static int64
retry_delay_ms(const ApiRequest *request, const Fault *fault)
{
	int			ceiling = Min(RETRY_BASE_MS << Min(request->attempts, 10), RETRY_CEILING_MS);
	int64		delay;

	/* full jitter: clients that failed together do not come back together */
	delay = pg_prng_double(&pg_global_prng_state) * ceiling;
	if (fault->refused)
		delay = Max(delay, REFUSED_MS);
	if (fault->retry_after >= 0)
		delay = Max(delay, Min(Max(fault->retry_after, RETRY_AFTER_FLOOR_MS),
							   RETRY_AFTER_CEILING_MS));
	return delay;
}

/* Queues a failed request again, or raises the error. */
static void
retry_or_raise(ApiQueue *queue, ApiRequest *request, const Fault *fault)
{
	TimestampTz again;

	limiter_count_error(queue->options.serverid, queue->userid, queue->path,
						fault->kind, fault->message);
	if (fault->refused)
	{
		COUNT_OWN(queue, refused, 1);
		count(queue, LIMITER_REFUSED, 1);
	}
	again = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
										retry_delay_ms(request, fault));
	if (fault->refused)
		limiter_refused(&queue->budget, again);

	if (!fault->transient || request->attempts > queue->options.max_retries ||
		queue->retries_left <= 0)
		raise_fault(queue, request, fault);

	queue->retries_left--;
	COUNT_OWN(queue, retries, 1);
	count(queue, LIMITER_RETRIES, 1);
	request->call = NULL;
	request->not_before = again;
	dlist_delete(&request->node);
	dlist_push_head(&queue->waiting, &request->node);
}

/* Judges a request that has ended; true if *answer is its answer. */
static bool
request_judge(ApiQueue *queue, ApiRequest *request, ApiAnswer *answer)
{
	const HttpResult *result = http_result(request->call);
	ApiEnvelope envelope = {0};
	Fault	fault = {.retry_after = -1};
	void	   *page;

	COUNT_OWN(queue, bytes, result->wire_bytes);
	count(queue, LIMITER_BYTES, result->wire_bytes);

	if (fault_transfer(result, &fault))
	{
		page = queue->reader.read(queue->reader.arg,
								  result->body ? result->body : "",
								  result->body_length, &envelope);
		if (fault_envelope(&envelope, &fault))
		{
			answer->ticket = request->ticket;
			answer->page = page;
			answer->date = result->date;
			COUNT_OWN(queue, rows, envelope.nrows);
			totals.answers++;
			totals.clock = result->date;
			count(queue, LIMITER_ROWS, envelope.nrows);
			http_release(request->call);
			request_free(request);
			return true;
		}
		if (page)
			queue->reader.discard(queue->reader.arg, page);
	}
	http_release(request->call);
	retry_or_raise(queue, request, &fault);
	return false;
}

/* The answer to one of the requests that have ended, if there is any. */
static bool
take_ended(ApiQueue *queue, ApiAnswer *answer)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &queue->running)
	{
		ApiRequest *request = dlist_container(ApiRequest, node, iter.cur);

		if (http_result(request->call)->outcome != HTTP_RUNNING &&
			request_judge(queue, request, answer))
			return true;
	}
	return false;
}

static void
queue_return_slot(void *arg)
{
	ApiQueue   *queue = arg;

	if (queue->has_slot)
		limiter_return(&queue->budget, queue->slot);
}

/* ---- public ---- */

ApiAccess *
api_access(const TableOptions *table, Oid userid, MemoryContext context)
{
	ApiAccess  *access = MemoryContextAlloc(context, sizeof(ApiAccess));

	access->userid = userid;
	access->session = session_get(userid, table->server.serverid, context);
	return access;
}

ApiQueue *
api_open(const TableOptions *table, const ApiAccess *access, const ApiReader *reader)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "xbb_fdw requests",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ApiQueue   *queue = palloc0(sizeof(ApiQueue));

	queue->context = context;
	queue->userid = access->userid;
	queue->options = table->server;
	queue->session = access->session;
	queue->path = table->object->path;
	queue->url = psprintf("%s%s", queue->session->server->base_url, queue->path);
	queue->members = json_body_members(table->server.corpid,
									   queue->session->user_id,
									   table->form_id, table->params);
	queue->reader = *reader;
	queue->budget.origin = queue->session->origin;
	queue->budget.corpid = table->server.corpid;
	queue->budget.rate = table->server.rate_limit;
	queue->budget.daily_quota = table->server.daily_quota;
	queue->budget.time_zone = table->server.time_zone;
	queue->retries_left = RETRIES_A_SCAN * table->server.max_retries;
	dlist_init(&queue->waiting);
	dlist_init(&queue->running);
	queue->callback.func = queue_return_slot;
	queue->callback.arg = queue;
	MemoryContextRegisterResetCallback(context, &queue->callback);

	if (table->object->needs_user_id && !queue->session->user_id)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("%s needs the acting user", queue->path),
				 errhint("Add the option user_id to the user mapping for server \"%s\".",
						 table->server.name)));
	MemoryContextSwitchTo(old);
	return queue;
}

void
api_ask(ApiQueue *queue, int ticket, const char *conditions, int page,
		int page_size)
{
	MemoryContext context = AllocSetContextCreate(queue->context,
												  "xbb_fdw request",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ApiRequest *request = palloc0(sizeof(ApiRequest));
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfo(&body, "{%s", queue->members);
	if (conditions[0])
		appendStringInfo(&body, ",\"conditions\":[%s]", conditions);
	if (page > 0)
		appendStringInfo(&body, ",\"page\":%d,\"pageSize\":%d", page, page_size);
	appendStringInfoChar(&body, '}');

	request->context = context;
	request->ticket = ticket;
	request->page = page;
	request->body = body.data;
	request->body_length = body.len;
	request->not_before = DT_NOBEGIN;
	dlist_push_tail(&queue->waiting, &request->node);
	MemoryContextSwitchTo(old);
}

bool
api_next(ApiQueue *queue, bool wait, ApiAnswer *answer)
{
	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz until;
		bool		throttled;
		bool		idle;

		until = send_due(queue, now, &throttled);
		if (take_ended(queue, answer))
			return true;
		if (!wait)
		{
			if (dlist_is_empty(&queue->running))
				return false;
			http_wait(queue->session->pool, DT_NOBEGIN, WAIT_HTTP);
			(void) send_due(queue, now, &throttled);
			return take_ended(queue, answer);
		}
		idle = dlist_is_empty(&queue->running);
		if (idle && dlist_is_empty(&queue->waiting))
			return false;

		/* a judged request may have gone back to wait: look at its time, too */
		if (!throttled)
			until = send_due(queue, now, &throttled);
		http_wait(queue->session->pool, until,
				  throttled ? WAIT_RATE_LIMIT : WAIT_BACKOFF);
		if (throttled)
		{
			int64		waited = GetCurrentTimestamp() - now;

			COUNT_OWN(queue, throttled_us, waited);
			count(queue, LIMITER_THROTTLED_US, waited);
		}
	}
}

void
api_sleep(ApiQueue *queue, TimestampTz until)
{
	while (GetCurrentTimestamp() < until)
		http_wait(queue->session->pool, until, WAIT_SETTLE);
}

pgsocket
api_descriptor(ApiQueue *queue, TimestampTz until)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		throttled;
	TimestampTz due = send_due(queue, now, &throttled);
	dlist_iter	iter;

	until = Min(until, due);
	/* Append does not watch the latch: let it look for a cancel now and then */
	until = Min(until, TimestampTzPlusMilliseconds(now, INTERRUPT_LATENCY_MS));
	/* another scan's wait may have ended a transfer of ours */
	dlist_foreach(iter, &queue->running)
	{
		ApiRequest *request = dlist_container(ApiRequest, node, iter.cur);

		if (http_result(request->call)->outcome != HTTP_RUNNING)
			until = DT_NOBEGIN;
	}
	if (!queue->descriptor)
		queue->descriptor = wait_descriptor_create(queue->context);
	return http_arm(queue->session->pool, queue->descriptor, until);
}

void
api_count_data_error(ApiQueue *queue, const char *message)
{
	limiter_count_error(queue->options.serverid, queue->userid, queue->path,
						LIMITER_ERRORS_DATA, message);
}

const ApiCounters *
api_counters(const ApiQueue *queue)
{
	return &queue->counters;
}

void
api_add_counters(ApiCounters *sum, const ApiCounters *more)
{
	sum->requests += more->requests;
	sum->retries += more->retries;
	sum->refused += more->refused;
	sum->rows += more->rows;
	sum->bytes += more->bytes;
	sum->throttled_us += more->throttled_us;
}

const ApiTotals *
api_totals(void)
{
	return &totals;
}
