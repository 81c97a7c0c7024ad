/*-------------------------------------------------------------------------
 *
 * sync_restore.h
 *	  What the stored names of syncs and pushes mean here, and what a restore brings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_RESTORE_H
#define XBB_SYNC_RESTORE_H

#include "fmgr.h"

/* xbb._sync_relation(oid, text): that relation, or the one that is called so; 0 if there is none */
extern PGDLLEXPORT Datum xbb_fdw_sync_relation(PG_FUNCTION_ARGS);

/*
 * xbb._sync_restored(): the trigger of the tables that are dumped.  A row that does not
 * come from sync_store.c loses its numbers, and waits for its owner's word unless who
 * brings it may act for him; one of an outbox waits for xbb.activate(); what another
 * role has said of alerts is left out.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_restored(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_RESTORE_H */
