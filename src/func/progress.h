/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  The rows of the view xbb.progress, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FUNC_PROGRESS_H
#define XBB_FUNC_PROGRESS_H

#include "fmgr.h"

/*
 * xbb._progress(): what is read and written now, in all databases.  Rows of roles that the
 * caller is not a member of need pg_read_all_stats.
 */
extern PGDLLEXPORT Datum xbb_fdw_progress(PG_FUNCTION_ARGS);

/* xbb.progress_unseen(): how many scans and runs found no room there. */
extern PGDLLEXPORT Datum xbb_fdw_progress_unseen(PG_FUNCTION_ARGS);

#endif							/* XBB_FUNC_PROGRESS_H */
