/*-------------------------------------------------------------------------
 *
 * api.c
 *	  Calls of the XBB API: body, signature, what an answer means.
 *
 * The owner of its queues of calls: call.c sends, waits and repeats.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "api/api.h"
#include "api/fault.h"
#include "api/limit.h"
#include "api/task.h"
#include "base/json.h"
#include "base/sign.h"

/* Personal tokens want the acting user in a header, too (xbb-api 1, C). */
#define PERSONAL_TOKEN	"user_"

/* What is sent. */
typedef struct ApiRequest
{
	int			page;			/* 0: the endpoint has no pages */
	char	   *window;			/* the times that are asked for, or NULL */
	char	   *body;
	size_t		length;
	bool		missigned;		/* on purpose */
} ApiRequest;

struct ApiQueue
{
	const TableOptions *table;
	const Session *session;
	char	   *members;		/* what all bodies begin with */
	ApiReader	reader;
	CallQueue  *calls;
};

static ApiTotals totals;

/* ---- for the queue of calls ---- */

static void
sign_call(void *arg, const Call *call, HttpRequest *request)
{
	const ApiQueue *queue = arg;
	const Session *session = queue->session;
	const ApiRequest *item = call->item;
	char		sign[SIGN_LENGTH + 1];
	const char **headers = palloc0(4 * sizeof(char *));

	sign_body(item->body, item->length, session->token, sign);
	if (item->missigned)
		sign[0] = sign[0] == '0' ? '1' : '0';
	headers[0] = "Content-Type: application/json;charset=UTF-8";
	headers[1] = psprintf("sign: %s", sign);
	if (session->user_id &&
		strncmp(session->token, PERSONAL_TOKEN, strlen(PERSONAL_TOKEN)) == 0)
		headers[2] = psprintf("userId: %s", session->user_id);
	request->headers = headers;
	request->body = item->body;
	request->body_length = item->length;
}

static bool
judge_answer(void *arg, const HttpResult *http, CallAnswer *answer, CallFault *fault)
{
	const ApiQueue *queue = arg;
	const ApiReader *reader = &queue->reader;
	Envelope	envelope = {0};

	if (reader->look)
		reader->look(reader->arg, http);
	if (!fault_transfer(http, fault))
		return false;
	answer->result = reader->read(reader->arg, http->body ? http->body : "",
								  http->body_length, &envelope);
	answer->nrows = envelope.nrows;
	if (!fault_envelope(&envelope, &queue->table->server, fault))
	{
		if (answer->result)
			reader->discard(reader->arg, answer->result);
		return false;
	}
	totals.pages++;
	totals.clock = http->date;
	totals.clock_at = GetCurrentTimestamp();
	return true;
}

static bool
give_up_call(void *arg, const CallFault *fault, CallAnswer *answer)
{
	const ApiReader *reader = &((ApiQueue *) arg)->reader;

	answer->result = reader->give_up ? reader->give_up(reader->arg, fault) : NULL;
	answer->nrows = 0;
	return answer->result != NULL;
}

static char *
describe_call(void *arg, const Call *call, bool full)
{
	const TableOptions *table = ((ApiQueue *) arg)->table;
	const ApiRequest *item = call->item;

	/* what names a record or a form says which one it is */
	full |= item->page == 0 && item->window && strstr(item->window, "Id\":") != NULL;
	return psprintf("POST %s%s%s, server \"%s\"", table->object->path,
					item->page > 0 ? psprintf(", page %d", item->page) : "",
					full && item->window ? psprintf(", %s", item->window) : "",
					table->server.name);
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

static LimiterBudget
budget_of(const ServerOptions *server)
{
	return (LimiterBudget)
	{
		.account = server->corpid,
		.rate = server->rate_limit,
		.daily_quota = server->daily_quota,
		.task = task_name() ? pstrdup(task_name()) : NULL,
		.reserve = task_is_incremental() ? 0 : server->quota_reserve,
		.time_zone = server->time_zone,
	};
}

void
api_quota(const ServerOptions *server, LimiterQuota *quota)
{
	LimiterBudget budget = budget_of(server);

	call_quota(server->base_url, &budget, quota);
}

void
api_recall(const ServerOptions *server, int64 used)
{
	LimiterBudget budget = budget_of(server);

	call_recall(server->base_url, &budget, used);
}

LimiterUse *
api_uses(const ServerOptions *server, int *nuses)
{
	LimiterBudget budget = budget_of(server);

	return call_uses(server->base_url, &budget, nuses);
}

void
api_attach(void)
{
	call_attach();
}

ApiQueue *
api_open(const TableOptions *table, const ApiAccess *access, const ApiReader *reader)
{
	const ServerOptions *server = &table->server;
	const Session *session = access->session;
	ApiQueue   *queue = palloc(sizeof(ApiQueue));
	CallSpec	spec = {
		.place = session->place,
		.request = {
			.url = psprintf("%s%s", session->server->base_url, table->object->path),
			.connect_timeout = server->connect_timeout,
			.request_timeout = server->request_timeout,
			.max_response_size = server->max_response_size,
			.allow_http = server->allow_http,
			.ca_file = server->ca_file,
			.measured = reader->look != NULL,
		},
		.budget = budget_of(server),
		.max_retries = server->max_retries,
		.serverid = server->serverid,
		.userid = access->userid,
		.endpoint = table->object->path,
		.sum = &totals.counters,
		.owner = {sign_call, judge_answer, give_up_call, describe_call, queue},
	};

	queue->table = table;
	queue->session = session;
	queue->members = json_body_members(server->corpid, session->user_id,
									   table->form_id, table->params);
	queue->reader = *reader;
	queue->calls = call_open(&spec);
	if (table->object->needs_user_id && !session->user_id)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("%s needs the acting user", table->object->path),
				 errhint("Add the option user_id to the user mapping for server \"%s\".",
						 server->name)));
	return queue;
}

static void
ask(ApiQueue *queue, int ticket, const char *conditions, const char *members,
	const char *window, int page, int page_size)
{
	Call	   *call;
	MemoryContext old;
	ApiRequest *request;
	StringInfoData body;

	limit_count(queue->table, queue->session);
	call = call_ask(queue->calls, ticket);
	old = MemoryContextSwitchTo(call->context);
	request = palloc0(sizeof(ApiRequest));
	initStringInfo(&body);
	appendStringInfo(&body, "{%s", queue->members);
	if (members[0])
		appendStringInfo(&body, ",%s", members);
	if (conditions[0])
		appendStringInfo(&body, ",\"conditions\":[%s]", conditions);
	if (page > 0)
		appendStringInfo(&body, ",\"page\":%d,\"pageSize\":%d", page, page_size);
	appendStringInfoChar(&body, '}');

	request->page = page;
	request->window = window ? pstrdup(window) : NULL;
	request->body = body.data;
	request->length = body.len;
	call->item = request;
	MemoryContextSwitchTo(old);
}

void
api_ask(ApiQueue *queue, int ticket, const char *conditions, const char *window,
		int page, int page_size)
{
	ask(queue, ticket, conditions, "", window, page, page_size);
}

void
api_ask_members(ApiQueue *queue, int ticket, const char *members)
{
	ask(queue, ticket, "", members, members, 0, 0);
}

void
api_ask_body(ApiQueue *queue, int ticket, const char *body, const char *called, bool missigned)
{
	Call	   *call;
	MemoryContext old;
	ApiRequest *request;

	limit_count(queue->table, queue->session);
	call = call_ask(queue->calls, ticket);
	old = MemoryContextSwitchTo(call->context);
	request = palloc0(sizeof(ApiRequest));
	request->window = called[0] ? pstrdup(called) : NULL;
	request->body = pstrdup(body);
	request->length = strlen(body);
	request->missigned = missigned;
	call->item = request;
	MemoryContextSwitchTo(old);
}

bool
api_next(ApiQueue *queue, bool wait, ApiAnswer *answer)
{
	return call_next(queue->calls, wait, answer);
}

void
api_sleep(ApiQueue *queue, WaitTime until)
{
	call_sleep(queue->calls, until, WAIT_SETTLE);
}

pgsocket
api_descriptor(ApiQueue *queue, WaitTime until)
{
	return call_descriptor(queue->calls, until);
}

int64
api_requests_left(const ApiQueue *queue, int64 *limit)
{
	return limit_left(queue->table, queue->session, limit);
}

void
api_count_data_error(ApiQueue *queue, const char *message)
{
	call_count_error(queue->calls, LIMITER_ERRORS_DATA, message);
}

const ApiCounters *
api_counters(const ApiQueue *queue)
{
	return call_counters(queue->calls);
}

void
api_add_counters(ApiCounters *sum, const ApiCounters *more)
{
	call_add_counters(sum, more);
}

const ApiTotals *
api_totals(void)
{
	return &totals;
}
