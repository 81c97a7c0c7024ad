/*-------------------------------------------------------------------------
 *
 * sync_show.h
 *	  What others see of a run while it is at work, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_SHOW_H
#define XBB_SYNC_SHOW_H

#include "fmgr.h"

/*
 * xbb._sync_show(id, name, run, task, source, verbose, windows): the run, of the caller's own
 * definition, is in xbb.progress until xbb._sync_unshow or the end of the statement that the client
 * sent.  Said again at each step, with the windows that are left (NULL: it goes by none).
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_show(PG_FUNCTION_ARGS);

/* xbb._sync_unshow(): the run is there no more */
extern PGDLLEXPORT Datum xbb_fdw_sync_unshow(PG_FUNCTION_ARGS);

/*
 * xbb._sync_shows(phase, expects, did): what the run does now; so many records are in
 * the window under way; so many more were compared.  NULL says nothing.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_shows(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_SHOW_H */
