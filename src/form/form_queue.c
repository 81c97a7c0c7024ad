/*-------------------------------------------------------------------------
 *
 * form_queue.c
 *	  Small answers, read whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "form/form_queue.h"

static void *
read_answer(void *arg, const char *body, size_t length, Envelope *envelope)
{
	MemoryContext old = MemoryContextSwitchTo(((FormQueue *) arg)->context);
	FormAnswer *answer = palloc0(sizeof(FormAnswer));
	const JsonTree *success;

	answer->root = json_tree(body, length, json_tree_most(((FormQueue *) arg)->table.server.max_response_size),
							 &envelope->unreadable);
	success = json_tree_member(answer->root, "success");
	envelope->has_code = json_tree_integer(json_tree_member(answer->root, "code"), &envelope->code);
	envelope->has_success = success != NULL;
	envelope->success = json_tree_flag(success) ||
		(json_tree_text(success) && strcmp(json_tree_text(success), "true") == 0);
	envelope->msg = unconstify(char *, json_tree_text(json_tree_member(answer->root, "msg")));
	MemoryContextSwitchTo(old);
	return answer;
}

static void
discard_answer(void *arg, void *answer)
{
	/* the context's */
}

/*
 * What concerns one form: not the network, nor the account's limits and rights.  On some
 * the API fails itself, each time.
 */
static void *
give_up_answer(void *arg, const CallFault *fault)
{
	MemoryContext context = ((FormQueue *) arg)->context;
	FormAnswer *answer;

	if (fault->refused || (fault->kind != LIMITER_ERRORS_API && fault->kind != LIMITER_ERRORS_DATA &&
						   !(fault->kind == LIMITER_ERRORS_HTTP && fault->down)))
		return NULL;
	answer = MemoryContextAllocZero(context, sizeof(FormAnswer));
	answer->problem = MemoryContextStrdup(context, fault->message);
	answer->problem_code = fault->sqlstate;
	answer->problem_hint = fault->hint;
	return answer;
}

/* How far it is, for xbb.progress. */
static void
watch(FormQueue *queue, int64 total)
{
	const ApiCounters *api = api_counters(queue->calls);

	progress_report(queue->progress, &(ProgressNumbers) {
		.phase = PROGRESS_ASKING,
		.windows_total = -1,
		.windows_done = -1,
		.pages_total = total,
		.pages_done = queue->answered,
		.rows_total = -1,
		.rows_done = -1,
		.work_total = total,
		.work_done = queue->answered,
		.requests = api->requests,
		.bytes = api->bytes,
		.retries = api->retries,
		.throttled_us = api->throttled_us,
	});
}

FormQueue *
form_queue(Oid serverid, Oid userid, const char *path, bool patient, bool lenient)
{
	FormQueue  *queue = palloc0(sizeof(FormQueue));
	ApiReader	reader = {.read = read_answer, .discard = discard_answer, .arg = queue};

	if (lenient)
		reader.give_up = give_up_answer;
	queue->object.name = queue->object.path = path;
	queue->table.object = &queue->object;
	queue->table.server = *option_server(serverid);
	if (!patient)
		queue->table.server.max_retries = 0;
	queue->context = CurrentMemoryContext;
	queue->calls = api_open(&queue->table, api_access(&queue->table, userid, CurrentMemoryContext), &reader);
	queue->progress = progress_open(CurrentMemoryContext, &(ProgressSubject) {
		.serverid = serverid,
		.server = queue->table.server.name,
		.object = path,
	});
	watch(queue, -1);
	return queue;
}

bool
form_next(FormQueue *queue, int64 total, ApiAnswer *answer)
{
	if (!api_next(queue->calls, true, answer))
		return false;
	queue->answered++;
	watch(queue, total);
	return true;
}

const JsonTree *
form_answer_list(const FormQueue *queue, const FormAnswer *answer, const char *name)
{
	const JsonTree *list = json_tree_member(json_tree_member(answer->root, "result"), name);

	if (list && list->type == JSON_TREE_ARRAY)
		return list;
	api_count_data_error(queue->calls, "an answer without its list");
	return NULL;
}
