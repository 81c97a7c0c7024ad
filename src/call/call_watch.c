/*-------------------------------------------------------------------------
 *
 * call_watch.c
 *	  What becomes of calls: lines of the log, and those that nobody waits for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "call/call_watch.h"

typedef struct CallWatch
{
	const CallSpec *spec;
	Call	   *call;
	int			attempt;		/* which sending of it */
	char	   *name;			/* for the log, or NULL */
	MemoryContextCallback callback;
} CallWatch;

double
call_elapsed_ms(const Call *call)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, call->sent);
	return INSTR_TIME_GET_MILLISEC(now);
}

/*
 * In an abort, too: it allocates nothing but what the log does, and reads nothing that
 * may have gone.
 */
static void
watch_end(void *arg)
{
	const CallWatch *watch = arg;
	const CallSpec *spec = watch->spec;
	const Call *call = watch->call;
	double		ms;
	bool		running;
	bool		failed;

	if (call->transfer == NULL || call->attempts != watch->attempt)	/* judged */
		return;
	ms = call_elapsed_ms(call);
	running = http_result(call->transfer)->outcome == HTTP_RUNNING;
	failed = running && limiter_abandoned(&spec->budget, (WaitTime) (ms * 1000));
	if (failed)
	{
		char		message[64];

		snprintf(message, sizeof(message), "abandoned, unanswered after %.0f ms", ms);
		limiter_count_error(spec->serverid, spec->userid, spec->endpoint,
							LIMITER_ERRORS_NETWORK, message);
	}
	if (watch->name && (failed || call_log_requests == CALL_LOG_ALL))
		ereport(LOG_SERVER_ONLY,
				(errmsg("xbb_fdw: %s: %.0f ms, retries %d: abandoned, %s",
						watch->name, ms, call->attempts - 1, running ? "unanswered" : "unread"),
				 errhidestmt(true), errhidecontext(true)));
}

void
call_watch(const CallSpec *spec, Call *call)
{
	/* made after the transfer, and so deleted before it */
	MemoryContext context = AllocSetContextCreate(call->context, "xbb_fdw watch",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	CallWatch  *watch = palloc0(sizeof(CallWatch));

	watch->spec = spec;
	watch->call = call;
	watch->attempt = call->attempts;
	if (call_log_requests != CALL_LOG_NONE)
		watch->name = spec->owner.describe(spec->owner.arg, call, true);
	watch->callback.func = watch_end;
	watch->callback.arg = watch;
	MemoryContextRegisterResetCallback(context, &watch->callback);
	MemoryContextSwitchTo(old);
}

void
call_log(const CallSpec *spec, const Call *call, const HttpResult *http,
		 const CallAnswer *answer, const CallFault *fault)
{
	const CallOwner *owner = &spec->owner;
	char	   *name;
	char	   *outcome;

	if (call_log_requests == CALL_LOG_NONE || (!fault && call_log_requests == CALL_LOG_FAILED))
		return;
	name = owner->describe(owner->arg, call, true);
	outcome = fault ? psprintf("failed, %s", fault->message) : psprintf("%d records", answer->nrows);
	ereport(LOG_SERVER_ONLY,
			(errmsg("xbb_fdw: %s: %.0f ms, %lld bytes, HTTP status %d, retries %d: %s",
					name, call_elapsed_ms(call), (long long) http->wire_bytes,
					http->status, call->attempts - 1, outcome),
			 errhidestmt(true), errhidecontext(true)));
	pfree(name);
	pfree(outcome);
}
