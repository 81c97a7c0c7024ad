/*-------------------------------------------------------------------------
 *
 * push_lock.h
 *	  Who is at work on a push.
 *
 * A push has as many places for workers as its definition says.  A run holds the
 * lock of one of them, on the row of the definition, as sync_lock.c does: the lock
 * tells a run that was killed from one that is alive.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_LOCK_H
#define XBB_PUSH_LOCK_H

#include "fmgr.h"

/* the greatest number of a place for workers; 0 is nobody's */
#define PUSH_MOST_WORKERS 32

/* beside them: who reads the source */
#define PUSH_READER 100

/*
 * xbb._push_lock(integer, integer, boolean): takes the lock of that place of the caller's own
 * push, without waiting: false where another has it, or this backend.  Until the
 * end of the transaction, or, if the third is true, until xbb._push_unlock or an error that
 * ends a transaction.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_lock(PG_FUNCTION_ARGS);

/* xbb._push_unlock(integer, integer): gives back what was taken beyond the transaction */
extern PGDLLEXPORT Datum xbb_fdw_push_unlock(PG_FUNCTION_ARGS);

/* An error, unless the push with that id is the caller's, and, by the second, a run at that place this backend's. */
extern void push_check_owner(int32 id);
extern void push_check_run(FunctionCallInfo fcinfo, int32 id, int worker);

/* The latter alone, of a push that is known to be the caller's. */
extern void push_check_lock(FunctionCallInfo fcinfo, int32 id, int worker);

/*
 * Until the end of the transaction: either items are written from the source, by one, or
 * claimed and settled, by any number.
 */
extern void push_lock_items(FunctionCallInfo fcinfo, int32 id, bool alone);

#endif							/* XBB_PUSH_LOCK_H */
