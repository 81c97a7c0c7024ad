/*-------------------------------------------------------------------------
 *
 * send.c
 *	  Records to a target platform, in batches and several requests at a time.
 *
 * Batches end in any order; what became of their records is told in the query's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "func/send.h"

PG_FUNCTION_INFO_V1(xbb_fdw_send);

/* Batches that are asked or wait for their turn to be told, by requests in flight. */
#define BATCHES_A_REQUEST 2

#define RESULT_COLUMNS 6

/* Records of one request. */
typedef struct Batch
{
	MemoryContext context;		/* of all of it */
	int64		first;			/* position of its first record */
	int			nrecords;
	char	  **records;
	char	  **keys;			/* or NULL */
	bool		settled;
	TargetVerdict *verdicts;
} Batch;

typedef struct Send
{
	MemoryContext context;		/* of the rows of the store, too, that were on disk */
	const char *table;			/* its name */
	Target	   *target;
	TargetSender *sender;
	Tuplestorestate *store;		/* of the records */
	TupleTableSlot *slot;
	ReturnSetInfo *result;
	int			batch_size;

	Batch	   *batches;		/* a ring */
	int			nbatches;		/* its size */
	int			asked;			/* batches so far, in all */
	int			told;
	bool		read;			/* no record is left */

	int64		nrecords;
	int64		nsent;
	int64		nanswered;
	int64		naccepted;
} Send;

static bool
is_accepted(TargetClass class)
{
	return class == TARGET_OK || class == TARGET_DUPLICATE;
}

static char *
server_text(const char *utf8)
{
	return pg_any_to_server(utf8, strlen(utf8), PG_UTF8);
}

/* A row of the result; NULL is NULL. */
static void
tell(Send *send, int64 position, const char *key, const char *status, const char *id, const char *message,
	 const char *record)
{
	const char *texts[RESULT_COLUMNS] = {NULL, key, status, id, message, record};
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS];

	values[0] = Int64GetDatum(position);
	nulls[0] = false;
	for (int i = 1; i < RESULT_COLUMNS; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	tuplestore_putvalues(send->result->setResult, send->result->setDesc, values, nulls);
}

/* The next record, or NULL; the row itself is the slot's, which frees it. */
static char *
next_record(Send *send)
{
	MemoryContext previous = MemoryContextSwitchTo(send->context);
	bool		found = tuplestore_gettupleslot(send->store, true, false, send->slot);
	bool		isnull;

	MemoryContextSwitchTo(previous);
	if (!found)
		return NULL;
	return TextDatumGetCString(slot_getattr(send->slot, 1, &isnull));
}

/* Asks the next batch, if there is one and a place for it. */
static bool
ask_batch(Send *send)
{
	Batch	   *batch = &send->batches[send->asked % send->nbatches];
	MemoryContext previous;

	if (send->read || send->asked - send->told == send->nbatches)
		return false;
	memset(batch, 0, sizeof(Batch));
	batch->context = AllocSetContextCreate(CurrentMemoryContext, "xbb batch", ALLOCSET_SMALL_SIZES);
	previous = MemoryContextSwitchTo(batch->context);
	batch->first = send->nsent + 1;
	batch->records = palloc(send->batch_size * sizeof(char *));
	while (batch->nrecords < send->batch_size && !send->read)
	{
		char	   *record = next_record(send);

		if (record)
			batch->records[batch->nrecords++] = record;
		else
			send->read = true;
	}
	if (batch->nrecords > 0)
		batch->keys = target_keys(send->target, (const char *const *) batch->records, batch->nrecords);
	MemoryContextSwitchTo(previous);
	if (batch->nrecords == 0)
	{
		MemoryContextDelete(batch->context);
		return false;
	}
	target_sender_put(send->sender, send->asked % send->nbatches, (const char *const *) batch->records,
					  (const char *const *) batch->keys, batch->nrecords);
	send->nsent += batch->nrecords;
	send->asked++;
	return true;
}

static char *
copy_text(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

/* Keeps the verdicts until their turn has come. */
static void
take_answer(Send *send, const TargetAnswer *answer)
{
	Batch	   *batch = &send->batches[answer->ticket];
	MemoryContext previous = MemoryContextSwitchTo(batch->context);

	batch->verdicts = palloc0(batch->nrecords * sizeof(TargetVerdict));
	for (int i = 0; i < batch->nrecords; i++)
	{
		const TargetVerdict *verdict = &answer->verdicts[i];

		batch->verdicts[i].verdict = verdict->verdict;
		batch->verdicts[i].id = copy_text(verdict->id);
		batch->verdicts[i].message = copy_text(verdict->message);
		send->nanswered++;
		send->naccepted += is_accepted(verdict->verdict);
	}
	batch->settled = true;
	MemoryContextSwitchTo(previous);
}

/* Tells of the batches whose turn has come. */
static void
tell_batches(Send *send)
{
	while (send->told < send->asked && send->batches[send->told % send->nbatches].settled)
	{
		Batch	   *batch = &send->batches[send->told++ % send->nbatches];
		MemoryContext previous = MemoryContextSwitchTo(batch->context);

		for (int i = 0; i < batch->nrecords; i++)
		{
			const TargetVerdict *verdict = &batch->verdicts[i];

			tell(send, batch->first + i, batch->keys && batch->keys[i] ? server_text(batch->keys[i]) : NULL,
				 target_class_name(verdict->verdict), verdict->id, verdict->message,
				 is_accepted(verdict->verdict) ? NULL : server_text(batch->records[i]));
		}
		MemoryContextSwitchTo(previous);
		MemoryContextDelete(batch->context);
	}
}

/* Of an error that ends it halfway. */
static void
tell_progress(void *arg)
{
	const Send *send = arg;

	errcontext("xbb.send() to foreign table \"%s\": of %lld records, %lld were accepted so far; up to %lld more may have arrived",
			   send->table, (long long) send->nrecords, (long long) send->naccepted,
			   (long long) (send->nsent - send->nanswered));
}

/* Nothing is sent where not all may be: the verdicts would be lost. */
static void
check_limit(const Send *send)
{
	int64		limit = target_request_limit(send->target);
	int64		needed = (send->nrecords + send->batch_size - 1) / send->batch_size;

	if (limit > 0 && needed > limit)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("this would take %lld requests, and the statement may send %lld",
						(long long) needed, (long long) limit),
				 errhint("Send less, or raise request_limit of server, table, user mapping and session.")));
}

static void
send_records(Send *send, Oid relid)
{
	ErrorContextCallback callback = {error_context_stack, tell_progress, send};
	TargetAnswer answer;

	send->target = target_open(relid, GetUserId(), CurrentMemoryContext);
	send->sender = target_sender(send->target);
	send->batch_size = target_batch_size(send->target);
	check_limit(send);
	send->nbatches = target_options(send->target)->server.concurrency * BATCHES_A_REQUEST;
	send->batches = palloc0(send->nbatches * sizeof(Batch));

	error_context_stack = &callback;
	for (;;)
	{
		while (ask_batch(send))
			 /* as many as there are places */ ;
		if (send->told == send->asked)
			break;
		if (!target_sender_next(send->sender, true, &answer))
			elog(ERROR, "a request has no answer");
		take_answer(send, &answer);
		tell_batches(send);
	}
	error_context_stack = callback.previous;
	target_sender_close(send->sender);
}

static void
show_records(Send *send)
{
	char	   *record;

	while ((record = next_record(send)) != NULL)
		tell(send, ++send->nsent, NULL, "not sent", NULL, NULL, server_text(record));
}

/* As INSERT into all columns that are sent would ask for them. */
static void
check_rights(const TargetTableOptions *table, TupleDesc columns)
{
	if (pg_class_aclcheck(table->relid, GetUserId(), ACL_INSERT) == ACLCHECK_OK)
		return;
	for (int i = 0; i < columns->natts; i++)
		if (!TupleDescAttr(columns, i)->attisdropped &&
			target_option_column(table, i + 1)->verdict == TARGET_COLUMN_SENT &&
			pg_attribute_aclcheck(table->relid, i + 1, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, get_rel_name(table->relid));
}

Datum
xbb_fdw_send(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		dry_run = PG_GETARG_BOOL(2);
	Send		send = {.context = CurrentMemoryContext,.result = (ReturnSetInfo *) fcinfo->resultinfo};
	Relation	relation;
	TupleDesc	store_columns = CreateTemplateTupleDesc(1);
	TargetTableOptions *table;

	if (!dry_run)
		PreventCommandIfReadOnly("xbb.send()");
	InitMaterializedSRF(fcinfo, 0);
	target_option_check_table(relid);
	relation = table_open(relid, RowExclusiveLock);
	table = target_option_table(relid);
	check_rights(table, RelationGetDescr(relation));

	send.table = RelationGetRelationName(relation);
	send.store = send_read_query(table, RelationGetDescr(relation), query, &send.nrecords);
	TupleDescInitEntry(store_columns, 1, "record", TEXTOID, -1, 0);
	send.slot = MakeSingleTupleTableSlot(store_columns, &TTSOpsMinimalTuple);
	if (dry_run)
		show_records(&send);
	else if (send.nrecords > 0)
		send_records(&send, relid);
	ExecDropSingleTupleTableSlot(send.slot);
	tuplestore_end(send.store);
	table_close(relation, NoLock);
	return (Datum) 0;
}
