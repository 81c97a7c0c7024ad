/*-------------------------------------------------------------------------
 *
 * call.c
 *	  Queues of calls: pace, retries, counters, waiting.
 *
 * A queue's calls wait for a slot of the cluster's budget, are sent, and are judged
 * when they end.  Only one slot is reserved ahead of time, so that a long queue does
 * not push a short one to the end of the line.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "call/call.h"
#include "call/call_watch.h"
#include "call/place.h"

/* Pauses before a call is repeated: what has worked in practice. */
#define RETRY_BASE_MS	250
#define RETRY_CEILING_MS 8000
#define RETRY_AFTER_FLOOR_MS 100
#define RETRY_AFTER_CEILING_MS 60000
#define REFUSED_MS		1000	/* hold back so long if no time was named */
#define RETRIES_A_QUEUE	10		/* times max_retries: budget of one queue */

/* How long a cancel may go unseen where somebody else waits on our descriptor. */
#define INTERRUPT_LATENCY_MS 50

int			call_log_requests = CALL_LOG_NONE;

struct CallQueue
{
	MemoryContext context;
	CallSpec	spec;
	dlist_head	waiting;		/* in the order they were asked */
	dlist_head	running;
	dlist_head	unsent;			/* given up before they were sent */
	bool		has_slot;		/* one slot, reserved and not yet used */
	LimiterSlot slot;
	int			retries_left;
	CallCounters counters;
	WaitDescriptor *descriptor; /* for call_descriptor, or NULL */
	MemoryContextCallback callback; /* gives an unused slot back */
};

/* ---- counting ---- */

static int64 *
counter_field(CallCounters *counters, LimiterCounter counter)
{
	switch (counter)
	{
		case LIMITER_REQUESTS:
			return &counters->requests;
		case LIMITER_ROWS:
			return &counters->rows;
		case LIMITER_BYTES:
			return &counters->bytes;
		case LIMITER_RETRIES:
			return &counters->retries;
		case LIMITER_REFUSED:
			return &counters->refused;
		case LIMITER_THROTTLED_US:
			return &counters->throttled_us;
		default:
			elog(ERROR, "errors are not counted by queue");
	}
}

/* Adds to a counter of the queue, of its owner, and of the cluster. */
static void
count_event(CallQueue *queue, LimiterCounter counter, int64 n)
{
	const CallSpec *spec = &queue->spec;

	*counter_field(&queue->counters, counter) += n;
	*counter_field(spec->sum, counter) += n;
	limiter_count(spec->serverid, spec->userid, spec->endpoint, counter, n);
}

/* ---- sending ---- */

static void
send_call(CallQueue *queue, Call *call)
{
	const CallSpec *spec = &queue->spec;
	HttpRequest request = spec->request;
	MemoryContext old = MemoryContextSwitchTo(call->context);

	spec->owner.sign(spec->owner.arg, call, &request);
	MemoryContextSwitchTo(old);
	call->transfer = http_start(spec->place->pool, call->context, &request);
	call->attempts++;
	INSTR_TIME_SET_CURRENT(call->sent);
	call_watch(spec, call);
	dlist_delete(&call->node);
	dlist_push_tail(&queue->running, &call->node);
	count_event(queue, LIMITER_REQUESTS, 1);
}

/*
 * An API that is down is asked by one request at a time: the others end here, or wait
 * for the queue's own.  To be asked before a slot is, and once more, with "sends", when
 * its time has come.
 */
static bool
is_admitted(CallQueue *queue, Call *call, bool sends)
{
	int			failures;
	int			again;

	if (limiter_admits(&queue->spec.budget, sends, &failures, &again))
		return true;
	if (!dlist_is_empty(&queue->running))
		return false;
	if (queue->spec.down_is_answer)
	{
		dlist_delete(&call->node);
		dlist_push_tail(&queue->unsent, &call->node);
		return false;
	}
	ereport(ERROR,
			(errcode(ERRCODE_CONNECTION_FAILURE),
			 errmsg("the API is down: the last %d requests have failed", failures),
			 errdetail("%s, not sent.", queue->spec.owner.describe(queue->spec.owner.arg, call, false)),
			 errhint("The next request is let through in %d seconds. View xbb.stats shows the last error.", again)));
	return false;
}

/*
 * Sends what may be sent now.  Returns when there may be more to do: the next
 * slot, the end of a back-off, or never; *throttled tells which.
 */
static WaitTime
send_due(CallQueue *queue, WaitTime now, bool *throttled)
{
	const LimiterBudget *budget = &queue->spec.budget;
	WaitTime	next = DT_NOEND;
	dlist_mutable_iter iter;

	*throttled = false;
	dlist_foreach_modify(iter, &queue->waiting)
	{
		Call	   *call = dlist_container(Call, node, iter.cur);

		if (call->not_before > now)
		{
			next = Min(next, call->not_before);
			continue;
		}
		if (!queue->has_slot)
		{
			if (!is_admitted(queue, call, false))
				return next;
			queue->slot = limiter_reserve(budget, queue->spec.userid);
			queue->has_slot = true;
		}
		/* a slot that was left lying may not be used now */
		if (queue->slot.at <= now)
			queue->slot = limiter_claim(budget, queue->spec.userid, queue->slot);
		if (queue->slot.at > now)
			now = wait_clock();	/* some time may have passed meanwhile */
		if (queue->slot.at > now || !queue->slot.in_line)
		{
			*throttled = true;
			return Min(next, queue->slot.at);
		}
		if (!is_admitted(queue, call, true))
			return next;
		queue->has_slot = false;
		call->slot = queue->slot;
		send_call(queue, call);
	}
	return next;
}

/* ---- repeating ---- */

static int64
retry_delay_ms(const Call *call, const CallFault *fault)
{
	int			ceiling = Min(RETRY_BASE_MS << Min(call->attempts, 10), RETRY_CEILING_MS);
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

static void
raise_fault(const CallQueue *queue, const Call *call, const CallFault *fault)
{
	const CallOwner *owner = &queue->spec.owner;
	char	   *name = owner->describe(owner->arg, call, false);

	ereport(ERROR,
			(errcode(fault->sqlstate),
			 errmsg("%s", fault->message),
			 call->attempts > 1 ?
			 errdetail("%s, given up after %d attempts.", name, call->attempts) :
			 errdetail("%s.", name),
			 fault->hint ? errhint("%s", fault->hint) : 0));
}

/* Queues a failed call again, or raises the error; true if the owner takes it for an answer. */
static bool
retry_or_raise(CallQueue *queue, Call *call, const CallFault *fault, CallAnswer *answer)
{
	const CallOwner *owner = &queue->spec.owner;
	WaitTime	again;

	call_count_error(queue, fault->kind, fault->message);
	if (fault->refused)
		count_event(queue, LIMITER_REFUSED, 1);
	again = wait_later(wait_clock(), retry_delay_ms(call, fault));
	if (fault->refused)
		limiter_refused(&queue->spec.budget, again);

	if (!fault->transient || call->attempts > queue->spec.max_retries ||
		queue->retries_left <= 0 ||
		(fault->down && limiter_is_broken(&queue->spec.budget)))
	{
		if (owner->give_up && owner->give_up(owner->arg, fault, answer))
			return true;
		raise_fault(queue, call, fault);
	}

	queue->retries_left--;
	count_event(queue, LIMITER_RETRIES, 1);
	call->not_before = again;
	dlist_delete(&call->node);
	dlist_push_head(&queue->waiting, &call->node);
	return false;
}

/* Has a call that has ended judged; true if *answer is its answer. */
static bool
judge_call(CallQueue *queue, Call *call, CallAnswer *answer)
{
	const CallOwner *owner = &queue->spec.owner;
	const HttpResult *http = http_result(call->transfer);
	CallFault	fault = {.retry_after = -1};
	bool		success;

	count_event(queue, LIMITER_BYTES, http->wire_bytes);
	answer->ticket = call->ticket;
	answer->result = NULL;
	answer->date = http->date;
	success = owner->judge(owner->arg, http, answer, &fault);
	call_log(&queue->spec, call, http, answer, success ? NULL : &fault);
	limiter_ended(&queue->spec.budget, queue->spec.userid, call->slot,
				  (WaitTime) (call_elapsed_ms(call) * 1000), !success && fault.down,
				  !success && fault.uncounted);
	if (success)
		count_event(queue, LIMITER_ROWS, answer->nrows);
	http_release(call->transfer);
	call->transfer = NULL;
	if (!success && !retry_or_raise(queue, call, &fault, answer))
		return false;
	dlist_delete(&call->node);
	MemoryContextDelete(call->context);
	return true;
}

/* The owner's answer to a call that was not sent. */
static void
give_up_unsent(CallQueue *queue, CallAnswer *answer)
{
	const CallSpec *spec = &queue->spec;
	Call	   *call = dlist_container(Call, node, dlist_pop_head_node(&queue->unsent));
	CallFault	fault = {.down = true,.retry_after = 0};
	int			failures;
	int			again;

	if (!limiter_admits(&spec->budget, false, &failures, &again))
		fault.retry_after = again * 1000L;
	fault.message = psprintf("not sent: the last %d requests have failed", failures);
	*answer = (CallAnswer)
	{
		.ticket = call->ticket,
		.date = -1
	};
	if (!spec->owner.give_up(spec->owner.arg, &fault, answer))
		elog(ERROR, "a call that was not sent has no answer");
	MemoryContextDelete(call->context);
}

/* The answer to one of the calls that have ended, if there is any. */
static bool
take_ended(CallQueue *queue, CallAnswer *answer)
{
	dlist_mutable_iter iter;

	if (!dlist_is_empty(&queue->unsent))
	{
		give_up_unsent(queue, answer);
		return true;
	}
	dlist_foreach_modify(iter, &queue->running)
	{
		Call	   *call = dlist_container(Call, node, iter.cur);

		if (http_result(call->transfer)->outcome != HTTP_RUNNING &&
			judge_call(queue, call, answer))
			return true;
	}
	return false;
}

static void
queue_return_slot(void *arg)
{
	CallQueue  *queue = arg;

	if (queue->has_slot)
		limiter_return(&queue->spec.budget, queue->spec.userid, queue->slot);
}

/* ---- public ---- */

Size
call_shared_memory(void)
{
	return limiter_size();
}

void
call_attach(void)
{
	limiter_attach();
}

CallQueue *
call_open(const CallSpec *spec)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "xbb_fdw requests",
												  ALLOCSET_SMALL_SIZES);
	CallQueue  *queue = MemoryContextAllocZero(context, sizeof(CallQueue));

	limiter_attach();
	queue->context = context;
	queue->spec = *spec;
	queue->spec.budget.origin = spec->place->origin;
	queue->retries_left = RETRIES_A_QUEUE * spec->max_retries;
	dlist_init(&queue->waiting);
	dlist_init(&queue->running);
	dlist_init(&queue->unsent);
	queue->callback.func = queue_return_slot;
	queue->callback.arg = queue;
	MemoryContextRegisterResetCallback(context, &queue->callback);
	return queue;
}

Call *
call_ask(CallQueue *queue, int ticket)
{
	MemoryContext context = AllocSetContextCreate(queue->context,
												  "xbb_fdw request",
												  ALLOCSET_SMALL_SIZES);
	Call	   *call = MemoryContextAllocZero(context, sizeof(Call));

	call->context = context;
	call->ticket = ticket;
	call->not_before = DT_NOBEGIN;
	dlist_push_tail(&queue->waiting, &call->node);
	return call;
}

bool
call_next(CallQueue *queue, bool wait, CallAnswer *answer)
{
	HttpPool   *pool = queue->spec.place->pool;

	for (;;)
	{
		WaitTime	now = wait_clock();
		WaitTime	until;
		bool		throttled;
		bool		idle;

		until = send_due(queue, now, &throttled);
		if (take_ended(queue, answer))
			return true;
		if (!wait)
		{
			if (dlist_is_empty(&queue->running))
				return false;
			http_wait(pool, DT_NOBEGIN, WAIT_HTTP);
			(void) send_due(queue, now, &throttled);
			return take_ended(queue, answer);
		}
		idle = dlist_is_empty(&queue->running);
		if (idle && dlist_is_empty(&queue->waiting))
			return false;

		/* a judged call may have gone back to wait: look at its time, too */
		if (!throttled)
			until = send_due(queue, now, &throttled);
		if (!dlist_is_empty(&queue->unsent))
			continue;
		http_wait(pool, until, throttled ? WAIT_RATE_LIMIT : WAIT_BACKOFF);
		if (throttled)
			count_event(queue, LIMITER_THROTTLED_US, wait_clock() - now);
	}
}

void
call_sleep(CallQueue *queue, WaitTime until, WaitReason reason)
{
	while (wait_clock() < until)
		http_wait(queue->spec.place->pool, until, reason);
}

pgsocket
call_descriptor(CallQueue *queue, WaitTime until)
{
	WaitTime	now = wait_clock();
	bool		throttled;
	WaitTime	due = send_due(queue, now, &throttled);
	dlist_iter	iter;

	until = Min(until, due);
	/* Append does not watch the latch: let it look for a cancel now and then */
	until = Min(until, wait_later(now, INTERRUPT_LATENCY_MS));
	/* another queue's wait may have ended a transfer of ours */
	dlist_foreach(iter, &queue->running)
	{
		Call	   *call = dlist_container(Call, node, iter.cur);

		if (http_result(call->transfer)->outcome != HTTP_RUNNING)
			until = DT_NOBEGIN;
	}
	if (!queue->descriptor)
		queue->descriptor = wait_descriptor_create(queue->context);
	return http_arm(queue->spec.place->pool, queue->descriptor, until);
}

void
call_count_error(CallQueue *queue, LimiterCounter kind, const char *message)
{
	const CallSpec *spec = &queue->spec;

	limiter_count_error(spec->serverid, spec->userid, spec->endpoint, kind, message);
}

const CallCounters *
call_counters(const CallQueue *queue)
{
	return &queue->counters;
}

void
call_add_counters(CallCounters *sum, const CallCounters *more)
{
	sum->requests += more->requests;
	sum->retries += more->retries;
	sum->refused += more->refused;
	sum->rows += more->rows;
	sum->bytes += more->bytes;
	sum->throttled_us += more->throttled_us;
}
