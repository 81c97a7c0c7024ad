/*-------------------------------------------------------------------------
 *
 * sync_raise.h
 *	  What a run says in its own words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_RAISE_H
#define XBB_SYNC_RAISE_H

#include "fmgr.h"

/*
 * xbb._sync_raise(boolean, text, text, text, text, text): an error or, true, a warning, with
 * sqlstate, message, detail, hint and context; the last three may be NULL or empty.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_raise(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_RAISE_H */
