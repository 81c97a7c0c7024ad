/*-------------------------------------------------------------------------
 *
 * push_show.h
 *	  What others see of a run of a push while it is at work: its row of xbb.progress.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_SHOW_H
#define XBB_PUSH_SHOW_H

#include "fmgr.h"

#include "func/push_flight.h"

/* xbb._push_tells(): the run of this backend that is shown is verbose */
extern PGDLLEXPORT Datum xbb_fdw_push_tells(PG_FUNCTION_ARGS);

/* A run begins, and reads its source first. */
extern void push_show_begin(FunctionCallInfo fcinfo, int32 push, int64 run);

/* It sends; what waits, and may be sent, is what there is to do. */
extern void push_show_open(FunctionCallInfo fcinfo, const PushSession *session);

/* So many more records were heard of. */
extern void push_show_did(const PushSession *session, int64 records);

/* The run is over, if it is the one that is shown. */
extern void push_show_end(void);

#endif							/* XBB_PUSH_SHOW_H */
