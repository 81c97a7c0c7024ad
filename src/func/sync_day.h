/*-------------------------------------------------------------------------
 *
 * sync_day.h
 *	  What the log of the runs knows of an account's day.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_DAY_H
#define XBB_SYNC_DAY_H

#include "fmgr.h"

/*
 * xbb._sync_recall(oid, integer): the requests of the day that the log shows, of the syncs of all
 * roles over a server's account, count as used, once since PostgreSQL started; for a run of the
 * caller's own definition with that id, whose lock this backend holds
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_recall(PG_FUNCTION_ARGS);

/*
 * xbb._sync_day(regclass): how many requests the day of a table's account has left, and has at
 * all, for what may not use the reserve (NULL: any number), when it ends, the records of one, and
 * how many it has left with the reserve
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_day(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_DAY_H */
