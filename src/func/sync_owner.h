/*-------------------------------------------------------------------------
 *
 * sync_owner.h
 *	  Whose a sync or push is, and how it becomes another role's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_OWNER_H
#define XBB_SYNC_OWNER_H

#include "fmgr.h"

/*
 * xbb._sync_owner(integer, oid, text, boolean): the role that a definition belongs to.  If its
 * number is known: who has the function of its expressions, if it is confirmed and there
 * is one, else that role.  Else the role of that name.  0 if there is none.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_owner(PG_FUNCTION_ARGS);

/*
 * xbb._push_owner(integer, oid, text): the role that a push belongs to: who has the function of its
 * query, else the role of that number, else, if there is no number, of that name; 0 if there is none
 */
extern PGDLLEXPORT Datum xbb_fdw_push_owner(PG_FUNCTION_ARGS);

/*
 * xbb._sync_give(integer, regrole): gives a definition of a role that the caller may become to
 * another one that he may become, where it waits for that one's word; false if there
 * is none, or the other role has one of that name.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_give(PG_FUNCTION_ARGS);

/* xbb._push_give(integer, regrole): the same of a push, whose query is no function any more until its heir names it */
extern PGDLLEXPORT Datum xbb_fdw_push_give(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_OWNER_H */
