/*-------------------------------------------------------------------------
 *
 * sync_commit.h
 *	  COMMIT that hands its error back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_COMMIT_H
#define XBB_SYNC_COMMIT_H

#include "fmgr.h"

/*
 * CALL xbb._sync_commit(sqlstate, message, detail, hint, context): commits, and begins
 * the next transaction; all NULL, or what the COMMIT failed with.  Then the transaction
 * is rolled back, and the locks of the session are gone with it.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_commit(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_COMMIT_H */
