/*-------------------------------------------------------------------------
 *
 * push_store.h
 *	  What the push writes into its own tables: definitions and the log.
 *
 * As sync_store.h has it: each function writes as the owner of the tables, and only
 * rows of pushes of the role that calls it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PUSH_STORE_H
#define XBB_PUSH_STORE_H

#include "fmgr.h"

#include "option/option.h"

/* Is a definition, called d, that of a role? */
#define PUSH_OWNED(role) "EXISTS (SELECT FROM xbb._push_all o WHERE o.id = d.id AND o.owner = " role ")"

/*
 * When a request that was in the air, and that nobody waits for any more, may be repeated: what its target executes late
 * would overwrite what comes after the repeat, so "patience", milliseconds, passes.  It may have left just now, long after
 * its items were marked as sent: it waited for the target's pace, or was told to come again.
 */
#define PUSH_REPEAT_AT(patience) "clock_timestamp() + " patience " * interval '1 millisecond'"

/* That patience with a target: 0 where it does not overwrite. */
extern int64 push_patience(const TargetServerOptions *options);

/* An error: the definition is not there, or not the caller's, any more. */
extern void push_complain_of_drop(void) __attribute__((noreturn));

/* xbb._push_insert(xbb.push_definition): a new definition: its number; NULL if there is one of that name */
extern PGDLLEXPORT Datum xbb_fdw_push_insert(PG_FUNCTION_ARGS);

/* xbb._push_update(xbb.push_definition): what alter_push may change of one, and what a run has learned */
extern PGDLLEXPORT Datum xbb_fdw_push_update(PG_FUNCTION_ARGS);

/* xbb._push_forget(integer): a definition with all that was made for it */
extern PGDLLEXPORT Datum xbb_fdw_push_forget(PG_FUNCTION_ARGS);

/* xbb._push_run_begin(integer, integer, text): a run of that worker begins, or was skipped: its number */
extern PGDLLEXPORT Datum xbb_fdw_push_run_begin(PG_FUNCTION_ARGS);

/* xbb._push_run_note(xbb._push_run_log): how a run is, by its push and its number */
extern PGDLLEXPORT Datum xbb_fdw_push_run_note(PG_FUNCTION_ARGS);

/* xbb._push_run_prune(integer): runs that are older than xbb_fdw.log_retention, but for the latest success */
extern PGDLLEXPORT Datum xbb_fdw_push_run_prune(PG_FUNCTION_ARGS);

/*
 * xbb._push_run_lost(integer, integer): with the lock of that worker held: what it left behind
 * when it was killed is unknown; how many items
 */
extern PGDLLEXPORT Datum xbb_fdw_push_run_lost(PG_FUNCTION_ARGS);

#endif							/* XBB_PUSH_STORE_H */
