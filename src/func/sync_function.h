/*-------------------------------------------------------------------------
 *
 * sync_function.h
 *	  The functions that a sync's expressions are.
 *
 * They are the owner's, who has no right to make anything in the extension's
 * schema: he makes them in pg_temp, and they are moved.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_FUNCTION_H
#define XBB_SYNC_FUNCTION_H

#include "fmgr.h"

/*
 * xbb._sync_function_keep(integer, oid[]): gives the caller's sync of that number these functions,
 * which he has made in pg_temp, in the place of those that it had; they are called _sync_<id>,
 * _sync_<id>_2 and so on.  What depends on the old ones goes, too.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_function_keep(PG_FUNCTION_ARGS);

/* xbb._push_function_keep(integer, oid[]): the same for the query of a push, _push_<id> */
extern PGDLLEXPORT Datum xbb_fdw_push_function_keep(PG_FUNCTION_ARGS);

/* Drops those of a sync, whoever owns them, with what depends on them; the extension's schema. */
extern void sync_functions_drop(int32 id, Oid schema);

/* xbb._sync_owners_path(text): a search path, made to end in pg_temp */
extern PGDLLEXPORT Datum xbb_fdw_sync_owners_path(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_FUNCTION_H */
