/*-------------------------------------------------------------------------
 *
 * sync_commit.c
 *	  COMMIT that hands its error back, as an SQL procedure.
 *
 * A COMMIT may fail: by a deferred constraint, a serialization failure, a full
 * disk.  In PL/pgSQL it stands in no block with EXCEPTION, so a run could not
 * write what became of it.  SPI_commit leaves a new transaction behind in either
 * case, so the procedure that called goes on.  That one is READ COMMITTED: when
 * SQL could say so, CALL has taken a snapshot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"

#include "func/sync_commit.h"

#define COMMIT_COLUMNS 5

PG_FUNCTION_INFO_V1(xbb_fdw_sync_commit);

/* The error of a COMMIT, in the caller's memory; NULL if there was none. */
static ErrorData *
commit_error(void)
{
	MemoryContext caller = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	PG_TRY();
	{
		SPI_commit();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	XactIsoLevel = XACT_READ_COMMITTED;
	SPI_finish();
	MemoryContextSwitchTo(caller);
	return error;
}

Datum
xbb_fdw_sync_commit(PG_FUNCTION_ARGS)
{
	CallContext *context = (CallContext *) fcinfo->context;
	Datum		values[COMMIT_COLUMNS] = {0};
	bool		nulls[COMMIT_COLUMNS];
	TupleDesc	tupdesc;
	ErrorData  *error;

	/* these errors of SPI_commit's own leave the transaction as it is: they are the caller's */
	if (!context || !IsA(context, CallContext) || context->atomic || IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("invalid transaction termination")));
	error = commit_error();

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != COMMIT_COLUMNS)
		elog(ERROR, "xbb._sync_commit() does not return what it should");
	memset(nulls, true, sizeof(nulls));
	if (error)
	{
		const char *texts[COMMIT_COLUMNS] = {
			unpack_sql_state(error->sqlerrcode), error->message, error->detail, error->hint, error->context
		};

		for (int i = 0; i < COMMIT_COLUMNS; i++)
		{
			nulls[i] = texts[i] == NULL;
			if (texts[i])
				values[i] = CStringGetTextDatum(texts[i]);
		}
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
