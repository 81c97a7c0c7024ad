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

/* What begins no JSON: there is no record, for the reason that follows. */
#define PUSH_FAULT '!'

/*
 * xbb._push_record(oid, smallint[], record): a row as the target is to get it, JSON: fields in the
 * order of those columns of the target, and of their types.  For those who may insert into it.  PUSH_FAULT and what is wrong
 * with it, if it has values that cannot be sent.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_record(PG_FUNCTION_ARGS);

/*
 * xbb._push_enqueue(integer, text, boolean, text[], boolean): reads the caller's query, which returns keys, as
 * text of an array of texts, records, and whether the key has no null; what is new or differs from the
 * latest version of its key waits to be sent or, if the third is false, counts as sent.  How many
 * that are; and how many of those that were sent before differ, or do not.  A row that cannot be sent, for a null
 * in its key, a key that is there twice or too long,
 * or a fault of its record, is an item that is rejected, without a record; those of rows that are no
 * more are forgotten, of these keys or, of none, all.  If the third is false they are errors: 22004, 21000,
 * 54000, 22000.  If the last is true, what the target has counts as what its row is now, and nothing else is
 * done: how many that were.
 */
extern PGDLLEXPORT Datum xbb_fdw_push_enqueue(PG_FUNCTION_ARGS);

#endif							/* XBB_PUSH_ITEM_H */
