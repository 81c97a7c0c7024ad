/*-------------------------------------------------------------------------
 *
 * sync_store.h
 *	  What the sync writes into its own tables.
 *
 * Nobody has rights on them but who owns them.  Each function below writes as
 * that role, and only rows of the role that calls it, whatever it is given.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_STORE_H
#define XBB_SYNC_STORE_H

#include "fmgr.h"

/* Whose the tables are, the extension's owner's; by any function of the extension. */
extern Oid	sync_tables_owner(Oid function);

/* xbb._sync_insert(xbb.sync_definition): a new definition; false if there is one of that name */
extern PGDLLEXPORT Datum xbb_fdw_sync_insert(PG_FUNCTION_ARGS);

/* xbb._sync_update(xbb.sync_definition): what alter_sync may change of one */
extern PGDLLEXPORT Datum xbb_fdw_sync_update(PG_FUNCTION_ARGS);

/*
 * xbb._sync_move(integer, timestamptz, timestamptz, interval, boolean): the watermark, which does
 * not fall, and if it moves, or always, how far was read by the API's clock
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_move(PG_FUNCTION_ARGS);

/* xbb._sync_step_back(integer, interval, interval): read_until, by so much, and clock_ahead */
extern PGDLLEXPORT Datum xbb_fdw_sync_step_back(PG_FUNCTION_ARGS);

/* xbb._sync_rewind(integer, timestamptz): the watermark, to any time, or NULL */
extern PGDLLEXPORT Datum xbb_fdw_sync_rewind(PG_FUNCTION_ARGS);

/*
 * xbb._sync_loading(integer, timestamptz, tstzrange[]): up to where a load by windows is under way, NULL: none
 * is; what is left of it, NULL: all.
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_loading(PG_FUNCTION_ARGS);

/* xbb._sync_seen(integer, text): where source and target were found, and their types unless NULL */
extern PGDLLEXPORT Datum xbb_fdw_sync_seen(PG_FUNCTION_ARGS);

/* xbb._sync_columns(integer, text[], text[]): what is written and what is read for it, where the source has changed */
extern PGDLLEXPORT Datum xbb_fdw_sync_columns(PG_FUNCTION_ARGS);

/* xbb._sync_call(integer, text): another name for a definition, its log and its rejects */
extern PGDLLEXPORT Datum xbb_fdw_sync_call(PG_FUNCTION_ARGS);

/* xbb._sync_forget(integer): a definition, its functions, its log and its rejects */
extern PGDLLEXPORT Datum xbb_fdw_sync_forget(PG_FUNCTION_ARGS);

/* xbb._sync_forget_lost(text): the same, of a role that is no more: superusers alone */
extern PGDLLEXPORT Datum xbb_fdw_sync_forget_lost(PG_FUNCTION_ARGS);

/* xbb._sync_run_begin(integer, text, boolean): a run begins, from where it reads if it does: its number */
extern PGDLLEXPORT Datum xbb_fdw_sync_run_begin(PG_FUNCTION_ARGS);

/* xbb._sync_run_skip(integer, text): one that was skipped: its number, NULL if the sync is being dropped */
extern PGDLLEXPORT Datum xbb_fdw_sync_run_skip(PG_FUNCTION_ARGS);

/*
 * xbb._sync_run_refuse(text, text, text, text): a failed run, by name, task, SQLSTATE and
 * error, of a sync of the caller's or of a role that he has, which no run of his was
 * begun of; its number, NULL if there is no such sync
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_run_refuse(PG_FUNCTION_ARGS);

/* xbb._sync_completed(bigint, timestamptz): up to when all is in the target by that run, unless it reads nothing */
extern PGDLLEXPORT Datum xbb_fdw_sync_completed(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum xbb_fdw_sync_meant(PG_FUNCTION_ARGS);

/*
 * xbb._sync_evidence_add(integer, bigint, bigint[], timestamptz[], timestamptz): what a reconciliation
 * counted, on top of what it had, by the sync and the run; and the times of what came late, seen at that one
 */
extern PGDLLEXPORT Datum xbb_fdw_sync_evidence_add(PG_FUNCTION_ARGS);

/* xbb._sync_run_lost(integer): a run that never came to its end is a killed one */
extern PGDLLEXPORT Datum xbb_fdw_sync_run_lost(PG_FUNCTION_ARGS);

/* xbb._sync_run_open(integer, bigint): is that run of a definition, which the caller may see, without an end at this moment? */
extern PGDLLEXPORT Datum xbb_fdw_sync_run_open(PG_FUNCTION_ARGS);

/* xbb._sync_run_note(xbb._sync_run_log): how a run is, by its definition and its number */
extern PGDLLEXPORT Datum xbb_fdw_sync_run_note(PG_FUNCTION_ARGS);

/* xbb._sync_run_prune(integer, bigint): some others than that run, the latest, that are older than xbb_fdw.log_retention */
extern PGDLLEXPORT Datum xbb_fdw_sync_run_prune(PG_FUNCTION_ARGS);

/* xbb._sync_reject_put(integer, xbb.sync_reject): a reject, new or changed: is it one more of its run? */
extern PGDLLEXPORT Datum xbb_fdw_sync_reject_put(PG_FUNCTION_ARGS);

/* xbb._sync_reject_drop(integer, bigint[], bigint): rejects by dataId: how many were of that run */
extern PGDLLEXPORT Datum xbb_fdw_sync_reject_drop(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_STORE_H */
