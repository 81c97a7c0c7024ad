/*-------------------------------------------------------------------------
 *
 * sync_lock.h
 *	  One run of a sync at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_LOCK_H
#define XBB_SYNC_LOCK_H

#include "fmgr.h"

/*
 * xbb._sync_lock(integer, boolean): takes the lock of the caller's own definition with
 * that id, without waiting: 'taken', 'held' where this backend has it already, NULL
 * where another has.  Until the end of the transaction, or, if the second is true,
 * until xbb._sync_unlock or an error that ends a transaction.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_lock(PG_FUNCTION_ARGS);

/* xbb._sync_unlock(integer): gives back what was taken beyond the transaction */
extern PGDLLEXPORT Datum xbb_fdw_sync_unlock(PG_FUNCTION_ARGS);

/*
 * xbb._sync_task(integer, text, boolean): api_task, for a run of the caller's own
 * definition with that id, whose lock this backend holds; else an error.  So no role that has
 * no sync can use what is kept for syncs; one that has could put its query into it.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_task(PG_FUNCTION_ARGS);

/* An error, unless a run of the caller's own definition with that id is this backend's. */
extern void sync_check_run(FunctionCallInfo fcinfo, int32 id);

/* An error, unless the definition with that id is the caller's. */
extern void sync_check_owner(int32 id);

#endif							/* XBB_SYNC_LOCK_H */
