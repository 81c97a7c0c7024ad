/*-------------------------------------------------------------------------
 *
 * sync_rival.h
 *	  Does another sync write the same rows?
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_RIVAL_H
#define XBB_SYNC_RIVAL_H

#include "fmgr.h"

/*
 * xbb._sync_rival(regclass, jsonb, integer, boolean): the number of a sync, of any role, whose rows of
 * that table, or of its partitions, a sync of that scope (NULL: all rows) would write, too;
 * NULL if there is none, or if the caller may not write there himself.  The third is the
 * number of the sync that asks, or NULL; the fourth: are scopes apart of which one does not
 * fit the columns any more?
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_rival(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_RIVAL_H */
