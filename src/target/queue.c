/*-------------------------------------------------------------------------
 *
 * queue.c
 *	  Requests to a target, under way.
 *
 * The owner of a queue of calls: call.c sends, waits, and repeats what is transient,
 * which here is only what was certainly not executed.  Requests wait here until there is
 * a token and a place among those in flight.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "base/printable.h"
#include "base/secret.h"
#include "target/target_data.h"

/* One request, from target_ask until its answer. */
typedef struct Item
{
	MemoryContext context;		/* owns it */
	dlist_node	node;
	int			number;			/* by which the queue of calls knows it */
	int			ticket;			/* by which the caller does */
	char	   *body;
	size_t		length;
	char	  **keys;			/* or NULL */
	int			nrecords;
	char	   *id;
	char	   *record;			/* of a probe, else NULL */
	char	   *token;			/* that it was sent with last, or NULL */
	bool		renewed;		/* sent again, once, with a new token */
	bool		left;			/* was sent, and may have been executed */
} Item;

struct TargetQueue
{
	Target	   *target;
	MemoryContext context;
	MemoryContext answers;		/* what target_next has handed out */
	CallQueue  *calls;
	dlist_head	waiting;		/* Item: for a token, or a place in flight */
	dlist_head	running;		/* Item: with the queue of calls */
	int			nrunning;
	int			next_number;
	int64		asked;
	char	   *token;			/* to send with, or NULL */
};

/* ---- for the queue of calls ---- */

static Item *
find_item(TargetQueue *queue, int number)
{
	dlist_iter	iter;

	dlist_foreach(iter, &queue->running)
	{
		Item	   *item = dlist_container(Item, node, iter.cur);

		if (item->number == number)
			return item;
	}
	elog(ERROR, "an answer to a request that nobody made");
}

/* Keeps a token in the place of another one, which is wiped; it is when its context ends. */
static void
set_token(char **kept, MemoryContext context, const char *token)
{
	if (*kept && strcmp(*kept, token) == 0)
		return;
	if (*kept)
		explicit_bzero(*kept, strlen(*kept));
	*kept = secret_strdup(context, token);
}

static void
sign_call(void *arg, const Call *call, HttpRequest *http)
{
	const TargetQueue *queue = arg;
	const Target *target = queue->target;
	Item	   *item = call->item;
	const Request *request = item->record ? &target->probe : &target->request;
	TemplateValues values = target_moment(target->mapping);
	RequestSent sent;

	item->left = true;
	values.id = item->id;
	values.token = queue->token;
	values.record = item->record;
	if (queue->token)
		set_token(&item->token, item->context, queue->token);
	request_compose(request, item->body, item->length, &values, &sent);
	http->url = sent.url;
	http->headers = sent.headers;
	http->body = sent.body;
	http->body_length = sent.length;
	http->get = request->method[0] == 'G';
}

/* Was nothing of it executed, as the answer says?  It may say so of some records, and that it has others. */
static bool
is_undone(const TargetAnswer *answer)
{
	for (int i = 0; i < answer->nverdicts; i++)
		if (answer->verdicts[i].verdict != answer->verdict)
			return false;
	return answer->verdict == TARGET_THROTTLED || answer->verdict == TARGET_RETRY;
}

/* What the queue of calls is to think of a class. */
static void
fill_fault(const TargetAnswer *answer, const HttpResult *http, CallFault *fault)
{
	bool		came = http->outcome == HTTP_ANSWERED;

	fault->transient = is_undone(answer) && http->outcome != HTTP_UNTRUSTED;
	fault->refused = answer->verdict == TARGET_THROTTLED;
	fault->down = (!came && http->outcome != HTTP_UNTRUSTED && http->outcome != HTTP_TOO_LARGE) ||
		(http->status >= 500 && answer->verdict == TARGET_UNKNOWN);
	fault->uncounted = http->outcome == HTTP_NO_CONNECTION || http->outcome == HTTP_UNTRUSTED;
	fault->retry_after = http->retry_after;
	fault->kind = !came ? LIMITER_ERRORS_NETWORK :
		http->status < 200 || http->status >= 300 ? LIMITER_ERRORS_HTTP :
		answer->verdict == TARGET_UNKNOWN ? LIMITER_ERRORS_DATA : LIMITER_ERRORS_API;
	fault->sqlstate = ERRCODE_FDW_ERROR;
	fault->message = answer->message ? answer->message : target_class_name(answer->verdict);
}

static bool
judge_call(void *arg, const HttpResult *http, CallAnswer *call_answer, CallFault *fault)
{
	TargetQueue *queue = arg;
	const Target *target = queue->target;
	Item	   *item = find_item(queue, call_answer->ticket);
	MemoryContext old = MemoryContextSwitchTo(queue->answers);
	TargetAnswer *answer = palloc0(sizeof(TargetAnswer));

	if (item->record)
		verdict_probe(target->rules, target->probe_found, target->probe_id, http, answer);
	else
		verdict_judge(target->rules, http, (const char *const *) item->keys, item->nrecords, answer);
	if (is_undone(answer) && !item->renewed)
		item->left = false;
	call_answer->result = answer;
	call_answer->nrows = item->nrecords;
	if (answer->verdict > TARGET_DUPLICATE && !(item->record && answer->verdict == TARGET_REJECTED))
		fill_fault(answer, http, fault);
	MemoryContextSwitchTo(old);
	return fault->message == NULL;
}

/* Nothing is an error of the statement: the class says it. */
static bool
give_up_call(void *arg, const CallFault *fault, CallAnswer *call_answer)
{
	TargetQueue *queue = arg;

	if (!call_answer->result)
	{
		/* it was not sent: the target is down, and is asked by one request at a time */
		const Item *item = find_item(queue, call_answer->ticket);
		MemoryContext old = MemoryContextSwitchTo(queue->answers);
		TargetAnswer *answer = palloc0(sizeof(TargetAnswer));
		TargetVerdict *verdicts = palloc0(Max(item->nrecords, 1) * sizeof(TargetVerdict));

		answer->verdict = TARGET_RETRY;
		answer->message = pstrdup(fault->message);
		answer->retry_after = fault->retry_after;
		answer->nverdicts = item->nrecords;
		answer->verdicts = verdicts;
		for (int i = 0; i < item->nrecords; i++)
			verdicts[i] = (TargetVerdict) {.verdict = TARGET_RETRY,.message = answer->message};
		call_answer->result = answer;
		MemoryContextSwitchTo(old);
	}
	call_answer->nrows = 0;
	return true;
}

static char *
describe_call(void *arg, const Call *call, bool full)
{
	const Target *target = ((TargetQueue *) arg)->target;
	const Item *item = call->item;

	return psprintf("%s %s, %d records, server \"%s\"",
					item->record ? target->probe.method : target->request.method,
					item->record ? "of a probe" : target->endpoint, item->nrecords,
					target->options->server.name);
}

/* ---- asking ---- */

TargetQueue *
target_queue(Target *target)
{
	MemoryContext context = AllocSetContextCreate(target->context, "xbb_fdw target requests",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	TargetQueue *queue = palloc0(sizeof(TargetQueue));
	CallSpec	spec = {
		.place = target->place,
		.request = target_http(&target->options->server),
		.budget = target_budget(&target->options->server, target->mapping),
		.max_retries = target->options->server.max_retries,
		.serverid = target->options->server.serverid,
		.userid = target->userid,
		.endpoint = target->endpoint,
		.sum = &target->sum,
		.down_is_answer = true,
		.owner = {sign_call, judge_call, give_up_call, describe_call, queue},
	};

	queue->target = target;
	queue->context = context;
	queue->answers = AllocSetContextCreate(context, "xbb_fdw target answers", ALLOCSET_DEFAULT_SIZES);
	dlist_init(&queue->waiting);
	dlist_init(&queue->running);
	queue->calls = call_open(&spec);
	MemoryContextSwitchTo(old);
	return queue;
}

void
target_close(TargetQueue *queue)
{
	MemoryContextDelete(queue->context);
}

static void
count_request(TargetQueue *queue)
{
	int64		limit = target_request_limit(queue->target);

	if (limit > 0 && queue->asked >= limit)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("more than %lld requests to server \"%s\" in one statement",
						(long long) limit, queue->target->options->server.name),
				 errhint("Option request_limit of table, server and user mapping, and the setting of that name, say how many there may be; the least of them counts.")));
	queue->asked++;
}

static Item *
new_item(TargetQueue *queue, int ticket, int nrecords, const char *id)
{
	MemoryContext context;
	Item	   *item;

	count_request(queue);
	context = AllocSetContextCreate(queue->context, "xbb_fdw target request", ALLOCSET_SMALL_SIZES);
	item = MemoryContextAllocZero(context, sizeof(Item));
	item->context = context;
	item->number = queue->next_number++;
	item->ticket = ticket;
	item->nrecords = nrecords;
	item->id = MemoryContextStrdup(context, id ? id : "");
	return item;
}

void
target_ask(TargetQueue *queue, int ticket, const char *body, size_t length,
		   const char *const *keys, int nrecords, const char *id)
{
	Item	   *item = new_item(queue, ticket, nrecords, id);
	MemoryContext old = MemoryContextSwitchTo(item->context);

	item->body = palloc(length + 1);
	memcpy(item->body, body, length);
	item->body[length] = '\0';
	item->length = length;
	if (keys)
	{
		item->keys = palloc0(Max(nrecords, 1) * sizeof(char *));
		for (int i = 0; i < nrecords; i++)
			item->keys[i] = keys[i] ? pstrdup(keys[i]) : NULL;
	}
	MemoryContextSwitchTo(old);
	dlist_push_tail(&queue->waiting, &item->node);
}

void
target_ask_probe(TargetQueue *queue, int ticket, const char *record, const char *id)
{
	const Target *target = queue->target;
	Item	   *item;
	MemoryContext old;
	TemplateRecords records = {&record, 1};
	TemplateValues values = {.id = id};
	StringInfoData body;

	if (!target->probe_found)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("server \"%s\" lacks option probe", target->options->server.name)));
	item = new_item(queue, ticket, 1, id);
	old = MemoryContextSwitchTo(item->context);
	initStringInfo(&body);
	if (target->probe_envelope && target->probe.form)
		template_form(&body, target->probe_envelope, &records, &values, "probe");
	else if (target->probe_envelope)
		template_json(&body, target->probe_envelope, &records, &values, "probe");
	item->record = pstrdup(record);
	item->body = body.data;
	item->length = body.len;
	MemoryContextSwitchTo(old);
	dlist_push_tail(&queue->waiting, &item->node);
}

/* ---- answering ---- */

/*
 * Hands requests on, as many as may be in flight.  NULL, or why there is no token to
 * send them with.
 */
static const char *
feed(TargetQueue *queue)
{
	const Target *target = queue->target;
	const char *problem = NULL;

	if (dlist_is_empty(&queue->waiting) || queue->nrunning >= target->options->server.concurrency)
		return NULL;
	if (target->token)
	{
		char	   *token = token_get(target->token, &problem);

		if (!token)
			return problem;
		set_token(&queue->token, queue->context, token);
		explicit_bzero(token, strlen(token));
	}
	while (!dlist_is_empty(&queue->waiting) && queue->nrunning < target->options->server.concurrency)
	{
		Item	   *item = dlist_container(Item, node, dlist_head_node(&queue->waiting));
		Call	   *call = call_ask(queue->calls, item->number);

		call->item = item;
		dlist_delete(&item->node);
		dlist_push_tail(&queue->running, &item->node);
		queue->nrunning++;
	}
	return NULL;
}

bool
target_may_have(const TargetQueue *queue, int ticket)
{
	const dlist_head *lists[] = {&queue->waiting, &queue->running};

	for (size_t i = 0; i < lengthof(lists); i++)
	{
		dlist_iter	iter;

		dlist_foreach(iter, (dlist_head *) lists[i])
		{
			const Item *item = dlist_container(Item, node, iter.cur);

			if (item->ticket == ticket)
				return item->left;
		}
	}
	return true;
}

/* The answer to a request that could not be sent, for want of a token. */
static void
answer_unsent(TargetQueue *queue, const char *problem, TargetAnswer *answer)
{
	Item	   *item = dlist_container(Item, node, dlist_pop_head_node(&queue->waiting));
	MemoryContext old = MemoryContextSwitchTo(queue->answers);
	TargetVerdict *verdicts = palloc0(Max(item->nrecords, 1) * sizeof(TargetVerdict));

	memset(answer, 0, sizeof(TargetAnswer));
	answer->ticket = item->ticket;
	answer->verdict = TARGET_TOKEN_EXPIRED;
	answer->message = problem;
	answer->unsent = !item->left;
	answer->retry_after = -1;
	answer->nverdicts = item->nrecords;
	answer->verdicts = verdicts;
	for (int i = 0; i < item->nrecords; i++)
		verdicts[i] = (TargetVerdict) {.verdict = TARGET_TOKEN_EXPIRED,.message = problem};
	MemoryContextSwitchTo(old);
	MemoryContextDelete(item->context);
}

/*
 * A token refused: is the request to be sent again with a new one?  Only where that is
 * safe: a target may find a token expired after it has done its work.
 */
static bool
is_to_renew(const TargetQueue *queue, const Item *item, const TargetAnswer *answer)
{
	TargetRepeat repeat = target_repeat(queue->target);

	if (answer->verdict != TARGET_TOKEN_EXPIRED || !queue->target->token || !item->token)
		return false;
	token_refused(queue->target->token, item->token);
	return !item->renewed && !token_rotates(queue->target->token) &&
		(item->record || repeat == TARGET_REPEAT_KEY || repeat == TARGET_REPEAT_UPSERT ||
		 repeat == TARGET_REPEAT_REFUSE);
}

bool
target_next(TargetQueue *queue, bool wait, TargetAnswer *answer)
{
	MemoryContextReset(queue->answers);
	for (;;)
	{
		CallAnswer	call_answer = {0};
		MemoryContext old = MemoryContextSwitchTo(queue->answers);
		const char *problem = feed(queue);
		Item	   *item;

		MemoryContextSwitchTo(old);
		if (problem)
		{
			answer_unsent(queue, problem, answer);
			return true;
		}
		if (!call_next(queue->calls, wait, &call_answer))
			return false;
		item = find_item(queue, call_answer.ticket);
		*answer = *(TargetAnswer *) call_answer.result;
		answer->ticket = item->ticket;
		answer->renewed = item->renewed;
		dlist_delete(&item->node);
		queue->nrunning--;
		if (is_to_renew(queue, item, answer))
		{
			item->renewed = true;
			dlist_push_head(&queue->waiting, &item->node);
			continue;
		}
		MemoryContextDelete(item->context);
		return true;
	}
}
