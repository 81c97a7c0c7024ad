/*-------------------------------------------------------------------------
 *
 * push_session.c
 *	  A worker of a push, as SQL functions.
 *
 * Requests are in the air while the procedure commits: so the session lives in
 * memory of its own, and a step that fails leaves it as it was, but for answers
 * that have been taken, which wait to be noted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "func/push_flight.h"
#include "func/push_lock.h"
#include "func/push_session.h"
#include "func/push_show.h"
#include "func/push_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_open);
PG_FUNCTION_INFO_V1(xbb_fdw_push_step);
PG_FUNCTION_INFO_V1(xbb_fdw_push_sent);
PG_FUNCTION_INFO_V1(xbb_fdw_push_close);

#define STEP_COLUMNS 10

/* at most one in a backend */
static PushSession *open_session = NULL;

static void
close_session(void)
{
	PushSession *session = open_session;

	open_session = NULL;
	if (session)
		MemoryContextDelete(session->context);
}

/* The session of that push, of the role that opened it. */
static PushSession *
get_session(int32 push)
{
	if (!open_session || open_session->push != push || open_session->role != GetUserId())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no run of the push is at work in this session")));
	return open_session;
}

/* ---- opening ---- */

static Stored definition = {.nested = true, .text =
	"SELECT a.target::oid::bigint, coalesce(a.batch, 0)::bigint, a.workers::bigint FROM xbb._push_all a WHERE a.id = $1 AND a.owner = $2"
};

static void
read_definition(void *arg, const SPITupleTable *table, uint64 nrows)
{
	int64	   *values = arg;
	bool		isnull;

	for (int i = 0; i < 3 && nrows > 0; i++)
		values[i] = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, i + 1, &isnull));
}

Datum
xbb_fdw_push_open(PG_FUNCTION_ARGS)
{
	int32		push = PG_GETARG_INT32(0);
	const Oid	types[] = {INT4OID};
	int64		values[3] = {0};
	MemoryContext context;
	PushSession *session;

	push_check_run(fcinfo, push, PG_GETARG_INT32(1));
	close_session();
	run_stored_with(fcinfo->flinfo->fn_oid, &definition, 1, types, fcinfo->args, read_definition, values);

	context = AllocSetContextCreate(TopMemoryContext, "xbb_fdw push", ALLOCSET_DEFAULT_SIZES);
	PG_TRY();
	{
		session = MemoryContextAllocZero(context, sizeof(PushSession));
		session->context = context;
		session->push = push;
		session->worker = PG_GETARG_INT32(1);
		session->run = PG_GETARG_INT64(2);
		session->role = GetUserId();
		session->alone = values[2] == 1;
		dlist_init(&session->flights);
		session->target = target_open((Oid) values[0], GetUserId(), context);
		session->queue = target_queue(session->target);
	}
	PG_CATCH();
	{
		MemoryContextDelete(context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	session->most_flights = 1;
	session->batch = target_batch_size(session->target);
	if (values[1] > 0)
		session->batch = Min(session->batch, (int) values[1]);
	open_session = session;
	push_show_open(fcinfo, session);
	PG_RETURN_VOID();
}

/* ---- answers ---- */

static char *
copy(Flight *flight, const char *text)
{
	return text ? MemoryContextStrdup(flight->context, text) : NULL;
}

/* An answer is the flight's from now on. */
static void
keep_answer(PushSession *session, const TargetAnswer *answer)
{
	dlist_iter	iter;

	dlist_foreach(iter, &session->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (flight->ticket != answer->ticket)
			continue;
		flight->verdict = answer->verdict;
		flight->status = answer->status;
		flight->message = copy(flight, answer->message);
		flight->text = copy(flight, answer->text);
		flight->retry_after = answer->retry_after;
		/* it is not executed now, and may have been before */
		flight->repeats |= answer->renewed && (answer->verdict == TARGET_THROTTLED || answer->verdict == TARGET_RETRY);
		for (int i = 0; i < flight->nitems; i++)
		{
			bool		told = i < answer->nverdicts;

			flight->items[i].verdict = told ? answer->verdicts[i].verdict : answer->verdict;
			flight->items[i].told = told && answer->verdicts[i].told;
			flight->items[i].target_id = told ? copy(flight, answer->verdicts[i].id) : NULL;
			flight->items[i].message = told ? copy(flight, answer->verdicts[i].message) : NULL;
		}
		flight->answered = true;
		flight->unsent = answer->unsent && !flight->repeats;
		session->answers += answer->status != 0;
		return;
	}
}

/* Those that have come; with "wait" at least one, if any is to come. */
static void
take_answers(PushSession *session, bool wait)
{
	TargetAnswer answer;

	while (target_next(session->queue, wait, &answer))
	{
		keep_answer(session, &answer);
		wait = false;
	}
}

static void
count_flights(const PushSession *session, int *in_air, int *answered)
{
	dlist_iter	iter;

	*in_air = *answered = 0;
	dlist_foreach(iter, &((PushSession *) session)->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		*(flight->answered ? answered : in_air) += 1;
	}
}

/* ---- steps ---- */

static Stored next_due = {.nested = true, .text =
	"SELECT extract(epoch FROM least("
	" (SELECT min(i.next_try) FROM xbb._push_item i WHERE i.push = $1 AND i.status = 'pending' AND i.next_try > clock_timestamp()),"
	" (SELECT min(r.next_try) FROM xbb._push_request r WHERE $2 AND r.push = $1 AND r.status = 'unknown' AND r.next_try < 'infinity'))"
	" - clock_timestamp()) * 1000"
};

static void
read_due(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;
	Datum		value = SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull);

	if (!isnull)
		*(int64 *) arg = (int64) Max(DatumGetFloat8(DirectFunctionCall1(numeric_float8, value)), 0);
}

/* Milliseconds until the next item may be sent, if nothing is in the air; -1 if none is to be. */
static int64
until_due(FunctionCallInfo fcinfo, const PushSession *session)
{
	const Oid	types[] = {INT4OID, BOOLOID};
	NullableDatum args[] = {
		{.value = Int32GetDatum(session->push)},
		{.value = BoolGetDatum(target_repeat(session->target) != TARGET_REPEAT_NEVER)}
	};
	int64		due = -1;

	run_stored_with(fcinfo->flinfo->fn_oid, &next_due, lengthof(types), types, args, read_due, &due);
	return due;
}

static Stored ask_enabled = {.nested = true, .text =
	"SELECT count(*) FROM xbb._push_definition d WHERE d.id = $1 AND d.enabled"
};

static void
read_items(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;

	*(int64 *) arg = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
}

/* Is the push to go on?  Who disables it waits a second at most. */
static bool
is_enabled(FunctionCallInfo fcinfo, PushSession *session)
{
	const Oid	types[] = {INT4OID};
	NullableDatum args[] = {{.value = Int32GetDatum(session->push)}};
	TimestampTz now = GetCurrentTimestamp();
	int64		count;

	if (TimestampDifferenceExceeds(session->looked, now, 1000))
	{
		run_stored_with(fcinfo->flinfo->fn_oid, &ask_enabled, 1, types, args, read_items, &count);
		session->enabled = count > 0;
		session->looked = now;
	}
	return session->enabled;
}

/* As what push_claim.c takes, items that wait behind another of their key left out. */
static Stored something_due = {.nested = true, .text =
	"SELECT count(*) FROM (SELECT FROM xbb._push_request r WHERE $2 AND r.push = $1 AND r.status = 'unknown' AND r.next_try <= clock_timestamp()"
	" UNION ALL SELECT FROM xbb._push_item i WHERE i.push = $1 AND i.status = 'pending' AND i.next_try <= clock_timestamp()"
	" AND (SELECT f.id FROM xbb._push_item f WHERE f.push = $1 AND f.key_id = i.key_id AND f.request IS NOT NULL LIMIT 1) IS NULL"
	" LIMIT 1) d"
};

/*
 * Is a token that rotates to be renewed before anything leaves?  Not for a push with nothing to send; but one that was
 * refused is, though nothing be due now: the next session would send by it again, and none would ever find out in time.
 */
static bool
wants_token(FunctionCallInfo fcinfo, const PushSession *session)
{
	const Oid	types[] = {INT4OID, BOOLOID};
	NullableDatum args[] = {
		{.value = Int32GetDatum(session->push)},
		{.value = BoolGetDatum(target_repeat(session->target) != TARGET_REPEAT_NEVER)}
	};
	int64		count = 0;

	if (session->closed || session->renewed || !target_token_is_due(session->target))
		return false;
	if (target_token_is_refused(session->target))
		return true;
	run_stored_with(fcinfo->flinfo->fn_oid, &something_due, lengthof(types), types, args, read_items, &count);
	return count > 0;
}

/* A flight that is new in a transaction that was rolled back was never claimed; one that could not be asked, was. */
static void
forget_unclaimed(PushSession *session)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &session->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		flight->noted = InvalidTransactionId;
		if (flight->asked || TransactionIdDidCommit(flight->claimed))
			continue;
		dlist_delete(&flight->node);
		session->nflights--;
		MemoryContextDelete(flight->context);
	}
}

static Datum
report(FunctionCallInfo fcinfo, PushSession *session, int in_air, int claimed, int64 due)
{
	TupleDesc	tupdesc;
	Datum		values[STEP_COLUMNS];
	bool		nulls[STEP_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != STEP_COLUMNS)
		elog(ERROR, "xbb._push_step() does not return what it should");
	values[0] = Int32GetDatum(in_air + claimed);
	values[1] = Int64GetDatum(due);
	nulls[1] = due < 0;
	values[2] = session->problem ? CStringGetTextDatum(session->problem) : (Datum) 0;
	nulls[2] = session->problem == NULL;
	values[3] = Int64GetDatum(session->requests);
	values[4] = Int64GetDatum(session->acknowledged);
	values[5] = Int64GetDatum(session->rejected);
	values[6] = Int64GetDatum(session->unknown);
	values[7] = Int64GetDatum(session->put_off);
	values[8] = Int64GetDatum(session->held);
	values[9] = Int32GetDatum(session->batch);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}

Datum
xbb_fdw_push_step(PG_FUNCTION_ARGS)
{
	PushSession *session = get_session(PG_GETARG_INT32(0));
	bool		claims;
	int			in_air;
	int			answered;
	int			claimed = 0;
	int64		due = -1;

	push_check_lock(fcinfo, session->push, session->worker);
	claims = is_enabled(fcinfo, session);
	forget_unclaimed(session);
	take_answers(session, false);
	count_flights(session, &in_air, &answered);
	/* in a step of its own, so that nothing else can roll it back */
	if (claims && wants_token(fcinfo, session))
	{
		target_renew_token(GetUserId(), target_options(session->target)->server.serverid);
		session->renewed = true;
		session->renewals++;
		return report(fcinfo, session, in_air + answered, 1, -1);
	}
	/* nobody but this worker is kept waiting while it waits: nothing was locked yet */
	if (answered == 0 && in_air > 0 && (session->at_end || session->closed || !claims || in_air >= session->most_flights))
	{
		take_answers(session, true);
		count_flights(session, &in_air, &answered);
	}
	push_lock_items(fcinfo, session->push, false);
	push_note(fcinfo, session);
	claims &= !session->closed;
	/* nothing more leaves with a token that was refused just now: the next step renews it */
	if (claims && wants_token(fcinfo, session))
		return report(fcinfo, session, in_air, 1, -1);
	claims &= in_air < session->most_flights;
	if (claims)
		claimed = push_claim(fcinfo, session, session->most_flights - in_air);
	/* what is claimed stands on disk before its bytes leave, whatever synchronous_commit says */
	if (claimed > 0)
		ForceSyncCommit();
	else if (in_air == 0 && !session->closed)
		due = until_due(fcinfo, session);
	return report(fcinfo, session, in_air, claimed, due);
}

/* False if it was rolled back; an error if it may be yet. */
static bool
is_committed(TransactionId xid)
{
	if (TransactionIdIsCurrentTransactionId(xid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a request of a push does not leave before its claim is committed")));
	return TransactionIdDidCommit(xid);
}

Datum
xbb_fdw_push_sent(PG_FUNCTION_ARGS)
{
	PushSession *session = get_session(PG_GETARG_INT32(0));
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &session->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (flight->noted ? is_committed(flight->noted) : !flight->asked && !is_committed(flight->claimed))
		{
			dlist_delete(&flight->node);
			session->nflights--;
			MemoryContextDelete(flight->context);
		}
		else if (!flight->asked)
		{
			char	   *id = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&flight->id)));

			if (flight->probes)
				target_ask_probe(session->queue, flight->ticket, flight->body, id);
			else
				target_ask(session->queue, flight->ticket, flight->body, flight->length,
						   (const char *const *) flight->keys, flight->nitems, id);
			flight->asked = true;
			flight->renewals = session->renewals;
			session->requests++;
		}
	}
	/* they are on their way, or wait for the pace, before anything else is done */
	take_answers(session, false);
	PG_RETURN_VOID();
}

/* ---- the end ---- */

static Stored give_up = {.nested = true, .text =
	"WITH requests AS (UPDATE xbb._push_request r SET status = 'unknown', next_try = " PUSH_REPEAT_AT("$3") ","
	" given_up = coalesce(r.given_up, clock_timestamp())"
	" WHERE r.push = $1 AND r.run = $2 AND r.status = 'sending' RETURNING r.id),"
	" items AS (UPDATE xbb._push_item i SET status = 'unknown', message = 'its run ended before an answer came',"
	" http_status = NULL, answer = NULL FROM requests r WHERE i.request = r.id AND i.status = 'sending' RETURNING i.id)"
	" SELECT count(*) FROM items"
};

/* What the target took in time is where the next run begins; what went well may be twice as much then. */
static Stored learn_batch = {.nested = true, .text =
	"UPDATE xbb._push_definition d SET batch = $2 WHERE d.id = $1 AND d.batch IS DISTINCT FROM $2"
};

static void
keep_batch(FunctionCallInfo fcinfo, const PushSession *session)
{
	const Oid	types[] = {INT4OID, INT4OID};
	NullableDatum args[lengthof(types)] = {{.value = Int32GetDatum(session->push)}};
	int			size = target_batch_size(session->target);
	int			batch = session->shrunk || session->requests == 0 ? session->batch : 2 * session->batch;

	args[1].value = Int32GetDatum(batch);
	args[1].isnull = batch >= size;
	run_stored_with(fcinfo->flinfo->fn_oid, &learn_batch, lengthof(types), types, args, NULL, NULL);
}

/*
 * What was claimed and never left goes back: nothing is unknown of it.  A claim that was rolled back has
 * nothing to give back, and what was sent before is as unknown as it was.
 */
static void
give_back_unsent(PushSession *session)
{
	dlist_iter	iter;

	dlist_foreach(iter, &session->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		flight->noted = InvalidTransactionId;
		if (!flight->answered && !flight->repeats && !(flight->asked && target_may_have(session->queue, flight->ticket)))
			flight->answered = flight->unsent = true;
	}
}

Datum
xbb_fdw_push_close(PG_FUNCTION_ARGS)
{
	PushSession *session = open_session;
	const Oid	types[] = {INT4OID, INT8OID, INT8OID};
	NullableDatum args[lengthof(types)] = {{.value = PG_GETARG_DATUM(0)}};
	int64		items = 0;

	push_show_end();
	if (!session || session->push != PG_GETARG_INT32(0) || session->role != GetUserId())
		PG_RETURN_INT64(0);
	give_back_unsent(session);
	push_lock_items(fcinfo, session->push, false);
	push_note(fcinfo, session);
	args[1].value = Int64GetDatum(session->run);
	args[2].value = Int64GetDatum(push_patience(&target_options(session->target)->server));
	run_stored_with(fcinfo->flinfo->fn_oid, &give_up, lengthof(types), types, args, read_items, &items);
	keep_batch(fcinfo, session);
	close_session();
	PG_RETURN_INT64(items);
}
