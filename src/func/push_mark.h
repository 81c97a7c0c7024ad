/*-------------------------------------------------------------------------
 *
 * push_mark.h
 *	  Changes of a push's source, noted by a trigger.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_MARK_H
#define XBB_PUSH_MARK_H

#include "fmgr.h"

/*
 * xbb._push_mark(): the row trigger of a push's source; its arguments are the push's number and
 * the columns of its key.  Appends the row's key, old and new (an empty one if a
 * column of it is gone); waits for nobody, and fails nobody's statement for a key's sake.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_mark(PG_FUNCTION_ARGS);

/* xbb._push_marks(integer, integer): takes away at most so many marks of the caller's push: their keys, once each */
extern PGDLLEXPORT Datum xbb_fdw_push_marks(PG_FUNCTION_ARGS);

#endif							/* XBB_PUSH_MARK_H */
