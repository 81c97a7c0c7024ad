/*-------------------------------------------------------------------------
 *
 * sync_stage.h
 *	  Stages as SQL functions: what a sync has read, and what it has made of that.
 *
 * All run as who calls, and reach stages of that role alone (func/stage.h).  Statements
 * of _append, _mark, _execute and _value are planned once and kept until the transaction
 * ends, planned again where numbers of rows have become others; $1 is their list of words,
 * $2 of numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_STAGE_H
#define XBB_SYNC_STAGE_H

#include "fmgr.h"

/*
 * xbb._stage_read(query, low, high, ids): what the query returns, as a new stage: its
 * number.  $1 to $3 are the other arguments; rows are numbered as they come.
 */
extern PGDLLEXPORT Datum xbb_fdw_stage_read(PG_FUNCTION_ARGS);

/* xbb._stage_make(regclass, text[]): a new stage for rows with those columns of a table, empty: its number */
extern PGDLLEXPORT Datum xbb_fdw_stage_make(PG_FUNCTION_ARGS);

/*
 * xbb._stage_append(stage, query): appends what the query returns, made the types of the
 * columns as INSERT makes it; the last column is the row's number: how many.  Rows that
 * came before an error stay.
 */
extern PGDLLEXPORT Datum xbb_fdw_stage_append(PG_FUNCTION_ARGS);

/* xbb._stage_clear(stage): it has no rows any more; those that come have higher numbers */
extern PGDLLEXPORT Datum xbb_fdw_stage_clear(PG_FUNCTION_ARGS);

/* xbb._stage_close(stage) */
extern PGDLLEXPORT Datum xbb_fdw_stage_close(PG_FUNCTION_ARGS);

/*
 * xbb._stage_piece(stage, first, last, anew): the rows that are handed out from now on,
 * "anew" with those that were dropped, and unmarked: how many
 */
extern PGDLLEXPORT Datum xbb_fdw_stage_piece(PG_FUNCTION_ARGS);

/*
 * xbb._stage_mark(stage, query, words, numbers): marks the rows of the piece whose numbers
 * the query returns, and no others: how many
 */
extern PGDLLEXPORT Datum xbb_fdw_stage_mark(PG_FUNCTION_ARGS);

/* xbb._stage_drop(stage): drops the marked rows of the piece: how many */
extern PGDLLEXPORT Datum xbb_fdw_stage_drop(PG_FUNCTION_ARGS);

/* xbb._stage_count(stage): all rows, also those dropped */
extern PGDLLEXPORT Datum xbb_fdw_stage_count(PG_FUNCTION_ARGS);

/* xbb._stage_last(stage): the number of the last row, 0: there is none */
extern PGDLLEXPORT Datum xbb_fdw_stage_last(PG_FUNCTION_ARGS);

/* xbb._stage_fitting(stage): how many rows a piece may have for a statement to hold it in memory */
extern PGDLLEXPORT Datum xbb_fdw_stage_fitting(PG_FUNCTION_ARGS);

/* xbb._stage(stage, marked): the piece, or its marked or unmarked rows; columns by their names, "#n" is the number */
extern PGDLLEXPORT Datum xbb_fdw_stage(PG_FUNCTION_ARGS);

/* the planner's support function of that: it knows how many */
extern PGDLLEXPORT Datum xbb_fdw_stage_support(PG_FUNCTION_ARGS);

/* xbb._stage_at(stage, number, value): the value; notes that a statement has come to that row */
extern PGDLLEXPORT Datum xbb_fdw_stage_at(PG_FUNCTION_ARGS);

/* xbb._stage_reached(stage): the row to which the last statement came; 0: nobody noted it */
extern PGDLLEXPORT Datum xbb_fdw_stage_reached(PG_FUNCTION_ARGS);

/* xbb._stage_execute(statement, words, numbers): how many rows it touched or returned */
extern PGDLLEXPORT Datum xbb_fdw_stage_execute(PG_FUNCTION_ARGS);

/* xbb._stage_value(statement, words, numbers): the bigint that it returns first */
extern PGDLLEXPORT Datum xbb_fdw_stage_value(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_STAGE_H */
