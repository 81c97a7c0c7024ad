/*-------------------------------------------------------------------------
 *
 * push_lock.c
 *	  Who is at work on a push, as SQL functions.
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

#include "base/compat.h"
#include "func/push_lock.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_lock);
PG_FUNCTION_INFO_V1(xbb_fdw_push_unlock);

/* beside the places of workers */
#define ITEMS 101

/* The lock of a place of the push with that id; the table is in the function's schema. */
static LOCKTAG
lock_of(FunctionCallInfo fcinfo, int32 id, int place)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid("_push_definition", schema), (uint32) id, place);
	return tag;
}

void
push_check_owner(int32 id)
{
	Oid			types[] = {INT4OID, OIDOID};
	Datum		values[] = {Int32GetDatum(id), ObjectIdGetDatum(GetUserId())};

	SPI_connect();
	if (SPI_execute_with_args("SELECT FROM xbb.push_definition d"
							  " WHERE d.id OPERATOR(pg_catalog.=) $1"
							  " AND d.owner::pg_catalog.oid OPERATOR(pg_catalog.=) $2",
							  lengthof(types), types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "xbb.push_definition cannot be read");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("not a push of role %s", quote_identifier(GetUserNameFromId(GetUserId(), false)))));
	SPI_finish();
}

static int
take_place(int32 place)
{
	if (place < 1 || (place > PUSH_MOST_WORKERS && place != PUSH_READER))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a push has no place %d for a worker", place)));
	return place;
}

Datum
xbb_fdw_push_lock(PG_FUNCTION_ARGS)
{
	int32		id = PG_GETARG_INT32(0);
	bool		session = PG_GETARG_BOOL(2);
	LOCKTAG		tag = lock_of(fcinfo, id, take_place(PG_GETARG_INT32(1)));

	PreventCommandDuringRecovery("xbb.push()");
	/* whoever could lock another role's push could stop it */
	push_check_owner(id);
	switch (LockAcquire(&tag, ExclusiveLock, session, true))
	{
		case LOCKACQUIRE_NOT_AVAIL:
			PG_RETURN_BOOL(false);
		case LOCKACQUIRE_ALREADY_HELD:
		case LOCKACQUIRE_ALREADY_CLEAR:
			/* once is enough */
			LockRelease(&tag, ExclusiveLock, session);
			PG_RETURN_BOOL(false);
		case LOCKACQUIRE_OK:
			break;
	}
	PG_RETURN_BOOL(true);
}

Datum
xbb_fdw_push_unlock(PG_FUNCTION_ARGS)
{
	LOCKTAG		tag = lock_of(fcinfo, PG_GETARG_INT32(0), take_place(PG_GETARG_INT32(1)));

	LockRelease(&tag, ExclusiveLock, true);
	PG_RETURN_VOID();
}

void
push_check_run(FunctionCallInfo fcinfo, int32 id, int worker)
{
	push_check_owner(id);
	push_check_lock(fcinfo, id, worker);
}

void
push_check_lock(FunctionCallInfo fcinfo, int32 id, int worker)
{
	LOCKTAG		tag = lock_of(fcinfo, id, take_place(worker));

	if (!compat_lock_held_by_me(&tag, ExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no run of the push is at work in this session")));
}

void
push_lock_items(FunctionCallInfo fcinfo, int32 id, bool alone)
{
	LOCKTAG		tag = lock_of(fcinfo, id, ITEMS);

	(void) LockAcquire(&tag, alone ? ExclusiveLock : ShareLock, false, false);
}
