/*-------------------------------------------------------------------------
 *
 * sync_detail.h
 *	  Records without details in a sync, as an SQL function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_DETAIL_H
#define XBB_SYNC_DETAIL_H

#include "fmgr.h"

/* xbb._stage_missed(stage): the dataIds of what was read into it without the details that it should have */
extern PGDLLEXPORT Datum xbb_fdw_stage_missed(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_DETAIL_H */
