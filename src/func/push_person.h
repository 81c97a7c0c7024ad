/*-------------------------------------------------------------------------
 *
 * push_person.h
 *	  What a person decides about items, and what becomes of them in a copy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_PERSON_H
#define XBB_PUSH_PERSON_H

#include "fmgr.h"

/* xbb._push_repeat(oid): a target's option repeat */
extern PGDLLEXPORT Datum xbb_fdw_push_repeat(PG_FUNCTION_ARGS);

/* xbb._push_is_judged(oid): do a target's options say what in an answer means yes? */
extern PGDLLEXPORT Datum xbb_fdw_push_is_judged(PG_FUNCTION_ARGS);

/*
 * xbb._push_again(bigint): an item of the caller's is sent again as soon as may be, or what is
 * in doubt repeated; false if it is on its way, or acknowledged, or bound to others in doubt
 */
extern PGDLLEXPORT Datum xbb_fdw_push_again(PG_FUNCTION_ARGS);

/* xbb._push_settle(bigint, text, text): it has that status, for that reason; false as above */
extern PGDLLEXPORT Datum xbb_fdw_push_settle(PG_FUNCTION_ARGS);

/*
 * xbb._push_arrive(integer, boolean): has the push gone back in time, or come to another place?  Then
 * what waits may have been sent from there: held, where a new request must not repeat it, or asked for, where that
 * can be.  The place is the push's own once its source was read there, as the second tells.  How many items
 */
extern PGDLLEXPORT Datum xbb_fdw_push_arrive(PG_FUNCTION_ARGS);

/* xbb._push_identify(bigint, text): what the target calls an item of the caller's that it has; false: there is none */
extern PGDLLEXPORT Datum xbb_fdw_push_identify(PG_FUNCTION_ARGS);

#endif							/* XBB_PUSH_PERSON_H */
