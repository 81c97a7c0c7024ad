/*-------------------------------------------------------------------------
 *
 * call_watch.h
 *	  What becomes of calls: lines of the log, and those that nobody waits for.
 *
 * For call.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_CALL_WATCH_H
#define XBB_CALL_WATCH_H

#include "call/call.h"

/*
 * Of a call just sent.  Where it is abandoned, by a cancel, a LIMIT or the end of a
 * cursor, that is a line of the log; where it was under way for seconds then, or for far
 * longer than answers take, it is counted as one that has failed: a statement_timeout below
 * request_timeout would hide an API that hangs.  "spec" outlives the call.
 */
extern void call_watch(const CallSpec *spec, Call *call);

/* Since it was sent. */
extern double call_elapsed_ms(const Call *call);

/* One line of the server's log: what was asked and what came, never a body. */
extern void call_log(const CallSpec *spec, const Call *call, const HttpResult *http,
					 const CallAnswer *answer, const CallFault *fault);

#endif							/* XBB_CALL_WATCH_H */
