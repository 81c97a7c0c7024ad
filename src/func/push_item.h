/*-------------------------------------------------------------------------
 *
 * push_item.h
 *	  The items of a push: from its source to its outbox.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_ITEM_H
#define XBB_PUSH_ITEM_H

#include "fmgr.h"

/*
 * xbb._push_record(oid, smallint[], record): a row as the target is to get it, JSON: fields in the
 * order of those columns of the target, and of their types.  For those who may insert into it.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_record(PG_FUNCTION_ARGS);

/*
 * xbb._push_enqueue(integer, text, boolean): reads the caller's query, which returns keys, as text of
 * an array of texts, and records; what is new or differs from the latest version of its key
 * waits to be sent or, if the third is false, counts as sent.  How many that are.  Errors: 22004 for a key
 * with a null, 21000 for one that is there twice, 54000 for one that is too long.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_enqueue(PG_FUNCTION_ARGS);

#endif							/* XBB_PUSH_ITEM_H */
