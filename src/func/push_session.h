/*-------------------------------------------------------------------------
 *
 * push_session.h
 *	  A worker of a push, as SQL functions: between two commits, a step.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_SESSION_H
#define XBB_PUSH_SESSION_H

#include "fmgr.h"

/*
 * xbb._push_open(integer, integer, bigint): opens the target of the caller's push for a worker whose
 * lock this backend holds, and that run; what was open in this backend is closed
 */
extern PGDLLEXPORT Datum xbb_fdw_push_open(PG_FUNCTION_ARGS);

/*
 * xbb._push_step(integer): notes what has come and, while the push is enabled, claims what is next, waiting for
 * answers where there is nothing else to do.  The caller commits, which is flushed, and calls _push_sent.
 * How many requests are in the air then, when the next item is due if none is, why no more is claimed, and
 * what came of the run so far.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_step(PG_FUNCTION_ARGS);

/* xbb._push_sent(integer): after the commit of a step: what it claimed leaves, what it noted is forgotten */
extern PGDLLEXPORT Datum xbb_fdw_push_sent(PG_FUNCTION_ARGS);

/*
 * xbb._push_close(integer): the worker ends.  Answers that have come and are not noted are; what is in the
 * air is unknown, what was claimed and has not left goes back.  How many items are unknown.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_close(PG_FUNCTION_ARGS);

/* xbb._push_preview(integer, integer): the requests that would be sent first, with their secrets masked; nothing is */
extern PGDLLEXPORT Datum xbb_fdw_push_preview(PG_FUNCTION_ARGS);

#endif							/* XBB_PUSH_SESSION_H */
