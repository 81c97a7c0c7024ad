/*-------------------------------------------------------------------------
 *
 * sync_lock.c
 *	  The lock of a run, as SQL functions.
 *
 * It is held on the row of the definition, in the lock manager's own method, as
 * CREATE INDEX CONCURRENTLY holds its own over several transactions: it outlasts
 * COMMIT, every error that ends a transaction frees it, pg_locks shows it, and no
 * function of SQL but these touches it.  An advisory lock would be anybody's, and
 * would outlast the error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api/api.h"
#include "base/compat.h"
#include "func/sync_lock.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_lock);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_unlock);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_task);

/* The lock of the definition with that id; the table is in the function's schema. */
static LOCKTAG
lock_of(FunctionCallInfo fcinfo, int32 id)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid("_sync_definition", schema), (uint32) id, 0);
	return tag;
}

void
sync_check_owner(int32 id)
{
	Oid			types[] = {INT4OID, OIDOID};
	Datum		values[] = {Int32GetDatum(id), ObjectIdGetDatum(GetUserId())};

	SPI_connect();
	if (SPI_execute_with_args("SELECT FROM xbb.sync_definition d"
							  " WHERE d.id OPERATOR(pg_catalog.=) $1"
							  " AND d.owner::pg_catalog.oid OPERATOR(pg_catalog.=) $2",
							  lengthof(types), types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "xbb.sync_definition cannot be read");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("not a sync of role %s", quote_identifier(GetUserNameFromId(GetUserId(), false)))));
	SPI_finish();
}

Datum
xbb_fdw_sync_lock(PG_FUNCTION_ARGS)
{
	int32		id = PG_GETARG_INT32(0);
	bool		session = PG_GETARG_BOOL(1);
	LOCKTAG		tag = lock_of(fcinfo, id);

	PreventCommandDuringRecovery("xbb.sync()");
	/* whoever could lock another role's sync could stop it */
	sync_check_owner(id);
	switch (LockAcquire(&tag, ExclusiveLock, session, true))
	{
		case LOCKACQUIRE_NOT_AVAIL:
			PG_RETURN_NULL();
		case LOCKACQUIRE_ALREADY_HELD:
		case LOCKACQUIRE_ALREADY_CLEAR:
			/* once is enough */
			LockRelease(&tag, ExclusiveLock, session);
			PG_RETURN_TEXT_P(cstring_to_text("held"));
		case LOCKACQUIRE_OK:
			break;
	}
	PG_RETURN_TEXT_P(cstring_to_text("taken"));
}

Datum
xbb_fdw_sync_unlock(PG_FUNCTION_ARGS)
{
	LOCKTAG		tag = lock_of(fcinfo, PG_GETARG_INT32(0));

	LockRelease(&tag, ExclusiveLock, true);
	PG_RETURN_VOID();
}

void
sync_check_run(FunctionCallInfo fcinfo, int32 id)
{
	LOCKTAG		tag = lock_of(fcinfo, id);

	sync_check_owner(id);
	if (!compat_lock_held_by_me(&tag, ExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no run of the sync is at work in this session")));
}

Datum
xbb_fdw_sync_task(PG_FUNCTION_ARGS)
{
	sync_check_run(fcinfo, PG_GETARG_INT32(0));
	api_task(text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}
