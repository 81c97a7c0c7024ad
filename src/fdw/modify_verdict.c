/*-------------------------------------------------------------------------
 *
 * modify_verdict.c
 *	  What the target said of the rows of an INSERT: columns, or an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"

#include "base/printable.h"
#include "fdw/modify.h"

static bool
is_accepted(TargetClass class)
{
	return class == TARGET_OK || class == TARGET_DUPLICATE;
}

static int
sqlstate(TargetClass class)
{
	switch (class)
	{
		case TARGET_THROTTLED:
			return ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		case TARGET_TOKEN_EXPIRED:
			return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		case TARGET_RETRY:
			return ERRCODE_FDW_UNABLE_TO_CREATE_REPLY;
		case TARGET_UNKNOWN:
			return ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN;
		default:
			return ERRCODE_FDW_ERROR;
	}
}

/* "class" is not one of those that were accepted. */
static char *
complaint(const ModifyState *state, TargetClass class, const char *why)
{
	const char *table = state->table;

	switch (class)
	{
		case TARGET_THROTTLED:
			return psprintf("the target takes no more records of foreign table \"%s\" now: %s", table, why);
		case TARGET_TOKEN_EXPIRED:
			return psprintf("the target does not accept the token for foreign table \"%s\": %s", table, why);
		case TARGET_RETRY:
			return psprintf("the target could not take records of foreign table \"%s\": %s", table, why);
		case TARGET_UNKNOWN:
			return psprintf("what became of a record of foreign table \"%s\" is not known: %s", table, why);
		default:
			return psprintf("the target refused a record of foreign table \"%s\": %s", table, why);
	}
}

static char *
remedy(const ModifyState *state, TargetClass class)
{
	const char *server;

	if (class != TARGET_TOKEN_EXPIRED)
		return pstrdup("What was sent stays sent, although this statement is undone here. "
						 "xbb.send() gives a verdict for each record, and no error.");
	server = GetForeignServer(GetForeignTable(state->relid)->serverid)->servername;
	return psprintf("What was sent stays sent. If the token is one that is renewed, type: CALL xbb.renew_token(%s);",
					quote_literal_cstr(server));
}

/* Did the last request leave?  Not without a connection, or a token. */
static bool
was_sent(const TargetAnswer *answer)
{
	for (int i = 0; i < answer->nverdicts; i++)
	{
		TargetClass class = answer->verdicts[i].verdict;

		if (class != TARGET_RETRY && class != TARGET_TOKEN_EXPIRED && class != TARGET_THROTTLED)
			return true;
	}
	return answer->status != 0;
}

/* Raises what became of the record at "at" of the last request. */
static void
raise_verdict(ModifyState *state, const TargetAnswer *answer, int at, char **keys)
{
	const TargetVerdict *verdict = &answer->verdicts[at];
	const char *why = verdict->message;
	const char *key = keys && keys[at] ? printable(keys[at]) : NULL;
	int64		number = state->sent - answer->nverdicts + at + 1;

	if (!was_sent(answer))
	{
		state->sent -= answer->nverdicts;
		state->refused -= answer->nverdicts;
	}
	ereport(ERROR,
			(errcode(sqlstate(verdict->verdict)),
			 errmsg_internal("%s", complaint(state, verdict->verdict, why ? why : "it did not say why")),
			 errdetail_internal("Record %lld%s%s%s. Records sent: %lld, of them accepted: %lld, not accepted: %lld, not known: %lld.",
								(long long) number, key ? ", key \"" : "", key ? key : "", key ? "\"" : "",
								(long long) state->sent, (long long) state->accepted,
								(long long) state->refused, (long long) state->unknown),
			 errhint("%s", remedy(state, verdict->verdict))));
}

void
modify_check_answer(ModifyState *state, const TargetAnswer *answer, char **keys)
{
	int			wrong = -1;

	for (int i = 0; i < answer->nverdicts; i++)
	{
		TargetClass class = answer->verdicts[i].verdict;

		if (is_accepted(class))
		{
			state->accepted++;
			continue;
		}
		if (class == TARGET_UNKNOWN)
			state->unknown++;
		else
			state->refused++;
		/* what is not known is worse than what was refused */
		if (wrong < 0 || (class == TARGET_UNKNOWN && answer->verdicts[wrong].verdict != TARGET_UNKNOWN))
			wrong = i;
	}
	if (wrong >= 0)
		raise_verdict(state, answer, wrong, keys);
}

/* A column that shows verdicts is of type text. */
static void
set_column(AttrNumber attnum, const char *text, Datum *values, bool *nulls)
{
	if (attnum == 0)
		return;
	nulls[attnum - 1] = text == NULL;
	values[attnum - 1] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

void
modify_show_verdict(ModifyState *state, const TargetVerdict *verdict, TupleTableSlot *slot)
{
	AttrNumber	status = target_verdict_column(state->columns, TARGET_COLUMN_STATUS);
	AttrNumber	message = target_verdict_column(state->columns, TARGET_COLUMN_MESSAGE);
	AttrNumber	id = target_verdict_column(state->columns, TARGET_COLUMN_ID);
	TupleDesc	columns = slot->tts_tupleDescriptor;
	HeapTuple	row;
	Datum	   *values;
	bool	   *nulls;
	MemoryContext previous;

	if (status == 0 && message == 0 && id == 0)
		return;
	slot_getallattrs(slot);
	values = palloc(columns->natts * sizeof(Datum));
	nulls = palloc(columns->natts * sizeof(bool));
	memcpy(values, slot->tts_values, columns->natts * sizeof(Datum));
	memcpy(nulls, slot->tts_isnull, columns->natts * sizeof(bool));
	set_column(status, target_class_name(verdict->verdict), values, nulls);
	set_column(message, verdict->message, values, nulls);
	set_column(id, verdict->id, values, nulls);

	previous = MemoryContextSwitchTo(slot->tts_mcxt);
	row = heap_form_tuple(columns, values, nulls);
	ExecForceStoreHeapTuple(row, slot, true);
	MemoryContextSwitchTo(previous);
}
