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
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "api.h"
#include "json.h"
#include "limiter.h"
#include "sign.h"

#define RETRY_BASE_MS	250		/* xbb-api 5: what works in practice (C2) */
#define RETRY_CEILING_MS 8000
#define RETRY_AFTER_FLOOR_MS 100
#define RETRY_AFTER_CEILING_MS 60000
#define REFUSED_MS		1000	/* hold back so long if the API names no time */
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
	OptionServer options;		/* the table's view of the server's */
	LimiterBudget budget;
	ApiReader	reader;
	dlist_head	waiting;		/* in the order they were asked */
	dlist_head	running;
	bool		has_slot;		/* one slot, reserved and not yet used */
	TimestampTz slot;
	int			retries_left;
	ApiCounters counters;
	MemoryContextCallback callback; /* gives an unused slot back */
};

/* Why an answer, or the lack of one, is no success. */
typedef struct ApiFault
{
	bool		transient;		/* worth another try */
	bool		refused;		/* for the rate */
	int64		retry_after;	/* ms, -1 if the API named none */
	LimiterCounter kind;
	int			sqlstate;
	const char *message;		/* in the server's encoding */
	const char *hint;			/* or NULL */
} ApiFault;

/*
 * Words of the API, and what they mean.  Codes are not public (xbb-api 5), the
 * words are; the first that is found counts.
 */
static const struct
{
	const char *words;			/* UTF-8 */
	bool		transient;
	bool		refused;
	int			sqlstate;
	const char *hint;
}			api_words[] =
{
	{"次/秒", true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	"Lower the server's option rate_limit: other clients use the same account."},
	{"请求频率", true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	"Lower the server's option rate_limit: other clients use the same account."},
	{"限流", true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	"Lower the server's option rate_limit: other clients use the same account."},
	{"系统繁忙", true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
	"The API was busy; try again later."},
	{"服务暂不可用", true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
	"The API was busy; try again later."},
	{"请求超时", true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
	"The API was busy; try again later."},
	{"签名", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping and the corpid of the server: both come from the API's token page."},
	{"sign", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping and the corpid of the server: both come from the API's token page."},
	{"token", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping."},
	{"corpid", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the corpid of the server and whether base_url fits it."},
	{"公司", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the corpid of the server and whether base_url fits it."},
	{"白名单", false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Add this machine's address to the API's list of allowed addresses."},
	{"权限", false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Give the acting user (user_id of the user mapping) the right in the CRM."},
	{"表单", false, false, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the form_id of the foreign table."},
	{"formId", false, false, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the form_id of the foreign table."},
	{"套餐", false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"The company's XBB package has expired or does not include the API."},
};

/* UTF-8 words of the API for a message, whatever the database's encoding. */
static char *
api_text(const char *utf8)
{
	int			length = strlen(utf8);
	StringInfoData out;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return pg_verify_mbstr(PG_UTF8, utf8, length, true) ?
			pstrdup(utf8) : pstrdup("(not UTF-8)");

	initStringInfo(&out);
	for (const unsigned char *c = (const unsigned char *) utf8; *c;)
	{
		int			n = pg_utf_mblen(c);

		if (n == 1)
			appendStringInfoChar(&out, *c);
		else if (pg_utf8_islegal(c, n))
			appendStringInfo(&out, "\\u%04X", (unsigned) utf8_to_unicode(c));
		else
			break;
		c += n;
	}
	return out.data;
}

/* ---- judging what came back ---- */

static void
fault_http_status(const HttpResult *result, ApiFault *fault)
{
	int			status = result->status;

	fault->kind = LIMITER_ERRORS_HTTP;
	fault->retry_after = result->retry_after;
	fault->refused = status == 429;
	fault->transient = status == 408 || status == 425 || status == 429 ||
		status == 500 || (status >= 502 && status <= 504);
	if (status >= 300 && status < 400)
	{
		fault->message = psprintf("the API answered with a redirect (HTTP %d) to \"%s\"",
								  status, result->location);
		fault->hint = "Redirects are not followed, since the signature would be sent along; check base_url.";
		fault->sqlstate = ERRCODE_FDW_UNABLE_TO_CREATE_REPLY;
		return;
	}
	fault->message = psprintf("the API answered with HTTP status %d", status);
	if (status == 401)
		fault->sqlstate = ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
	else if (status == 403)
		fault->sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE;
	else if (status == 404)
		fault->sqlstate = ERRCODE_FDW_TABLE_NOT_FOUND;
	else if (status == 429)
		fault->sqlstate = ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
	else
		fault->sqlstate = ERRCODE_FDW_UNABLE_TO_CREATE_REPLY;
	if (status == 404)
		fault->hint = "Check the table's option object or api and the server's base_url.";
}

/* The network's part: true if an HTTP answer with status 200 came. */
static bool
fault_transfer(const HttpResult *result, ApiFault *fault)
{
	fault->kind = LIMITER_ERRORS_NETWORK;
	fault->transient = true;
	fault->sqlstate = ERRCODE_CONNECTION_FAILURE;
	switch (result->outcome)
	{
		case HTTP_RUNNING:
		case HTTP_ANSWERED:
			if (result->status == 200)
				return true;
			fault_http_status(result, fault);
			break;
		case HTTP_NO_CONNECTION:
			fault->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			fault->message = psprintf("could not connect to the API: %s", result->error);
			break;
		case HTTP_BROKEN:
			fault->message = psprintf("connection to the API was lost: %s", result->error);
			break;
		case HTTP_TIMED_OUT:
			fault->sqlstate = ERRCODE_FDW_ERROR;
			fault->message = psprintf("the API did not answer in time: %s", result->error);
			fault->hint = "The server's options connect_timeout and request_timeout say how long to wait.";
			break;
		case HTTP_TOO_LARGE:
			fault->transient = false;
			fault->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
			fault->message = "the API's answer is larger than max_response_size";
			fault->hint = "Lower page_size, or raise the server's option max_response_size.";
			break;
		case HTTP_UNTRUSTED:
			fault->transient = false;
			fault->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			fault->message = psprintf("the API's certificate was not accepted: %s", result->error);
			break;
	}
	return false;
}

/* The API's part: true if the answer is a success (xbb-api 4: code 1 and success). */
static bool
fault_envelope(const ApiEnvelope *envelope, ApiFault *fault)
{
	const char *msg = envelope->msg ? envelope->msg : "";

	if (envelope->unreadable || !(envelope->has_code || envelope->has_success))
	{
		fault->kind = LIMITER_ERRORS_DATA;
		fault->transient = true;
		fault->sqlstate = ERRCODE_FDW_ERROR;
		fault->message = psprintf("the API's answer cannot be read: %s",
								  envelope->unreadable ? envelope->unreadable :
								  "it has neither code nor success");
		return false;
	}
	if ((!envelope->has_code || envelope->code == 1) &&
		(!envelope->has_success || envelope->success))
		return true;

	fault->kind = LIMITER_ERRORS_API;
	fault->sqlstate = ERRCODE_FDW_ERROR;
	fault->message = psprintf("the API refused the request: code %lld, \"%s\"",
							  (long long) envelope->code, api_text(msg));
	for (size_t i = 0; i < lengthof(api_words); i++)
		if (strstr(msg, api_words[i].words))
		{
			fault->transient = api_words[i].transient;
			fault->refused = api_words[i].refused;
			fault->sqlstate = api_words[i].sqlstate;
			fault->hint = api_words[i].hint;
			break;
		}
	return false;
}

static void
fault_raise(ApiQueue *queue, ApiRequest *request, const ApiFault *fault)
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
	queue->counters.requests++;
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
			queue->slot = limiter_reserve(&queue->budget, LIMITER_READ);
			queue->has_slot = true;
		}
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
retry_delay_ms(const ApiRequest *request, const ApiFault *fault)
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
retry_or_raise(ApiQueue *queue, ApiRequest *request, const ApiFault *fault)
{
	TimestampTz again;

	limiter_count_error(queue->options.serverid, queue->userid, queue->path,
						fault->kind, fault->message);
	if (fault->refused)
	{
		queue->counters.refused++;
		count(queue, LIMITER_REFUSED, 1);
	}
	again = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
										retry_delay_ms(request, fault));
	if (fault->refused)
		limiter_refused(&queue->budget, LIMITER_READ, again);

	if (!fault->transient || request->attempts > queue->options.max_retries ||
		queue->retries_left <= 0)
		fault_raise(queue, request, fault);

	queue->retries_left--;
	queue->counters.retries++;
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
	ApiFault	fault = {.retry_after = -1};
	void	   *page;

	queue->counters.bytes += result->wire_bytes;
	count(queue, LIMITER_BYTES, result->wire_bytes);

	if (fault_transfer(result, &fault))
	{
		page = queue->reader.read(queue->reader.arg, result->body,
								  result->body_length, &envelope);
		if (fault_envelope(&envelope, &fault))
		{
			answer->ticket = request->ticket;
			answer->page = page;
			answer->date = result->date;
			queue->counters.rows += envelope.nrows;
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
		limiter_return(&queue->budget, LIMITER_READ, queue->slot);
}

/* ---- public ---- */

ApiQueue *
api_open(const OptionTable *table, Oid userid, const ApiReader *reader)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "xbb_fdw requests",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ApiQueue   *queue = palloc0(sizeof(ApiQueue));

	queue->context = context;
	queue->userid = userid;
	queue->options = table->server;
	queue->session = session_get(userid, table->server.serverid, context);
	queue->path = table->object->path;
	queue->url = psprintf("%s%s", queue->session->server->base_url, queue->path);
	queue->members = json_body_members(table->server.corpid,
									   queue->session->user_id,
									   table->form_id, table->params);
	queue->reader = *reader;
	queue->budget.origin = queue->session->origin;
	queue->budget.corpid = table->server.corpid;
	queue->budget.rate[LIMITER_READ] = table->server.rate_limit;
	queue->budget.rate[LIMITER_WRITE] = table->server.write_rate_limit;
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

			queue->counters.throttled_us += waited;
			count(queue, LIMITER_THROTTLED_US, waited);
		}
	}
}

void
api_sleep(ApiQueue *queue, int64 seconds)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													seconds * 1000);

	while (GetCurrentTimestamp() < until)
		http_wait(queue->session->pool, until, WAIT_SETTLE);
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

static void *
total_read(void *arg, const char *body, size_t length, ApiEnvelope *envelope)
{
	JsonEnvelope json;

	json_read_envelope(body, length, &json);
	envelope->unreadable = json.valid ? NULL : json.error;
	envelope->has_code = json.has_code;
	envelope->code = json.code;
	envelope->has_success = json.has_success;
	envelope->success = json.success;
	envelope->msg = json.msg;
	*(int64 *) arg = json.total;
	return NULL;
}

int64
api_total(const OptionTable *table, Oid userid, const char *conditions)
{
	int64		total = -1;
	ApiReader	reader = {.read = total_read, .arg = &total};
	ApiQueue   *queue = api_open(table, userid, &reader);
	ApiAnswer	answer;

	api_ask(queue, 0, conditions, 1, 1);
	api_next(queue, true, &answer);
	MemoryContextDelete(queue->context);
	return total;
}
