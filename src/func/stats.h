/*-------------------------------------------------------------------------
 *
 * stats.h
 *	  The rows of the view xbb.stats and their reset, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_STATS_H
#define XBB_STATS_H

#include "fmgr.h"

/*
 * xbb._stats(): this database's counters by server, role and endpoint.  Rows
 * of roles that the caller is not a member of need pg_read_all_stats.
 */
extern PGDLLEXPORT Datum xbb_fdw_stats(PG_FUNCTION_ARGS);

/* xbb.stats_reset(server name): forgets them; NULL means all servers. */
extern PGDLLEXPORT Datum xbb_fdw_stats_reset(PG_FUNCTION_ARGS);

/* xbb._quota(server oid): how the server's account stands. */
extern PGDLLEXPORT Datum xbb_fdw_quota(PG_FUNCTION_ARGS);

/* xbb._quota_use(server oid): who has used its account's day, of those whom the caller may see. */
extern PGDLLEXPORT Datum xbb_fdw_quota_use(PG_FUNCTION_ARGS);

#endif							/* XBB_STATS_H */
