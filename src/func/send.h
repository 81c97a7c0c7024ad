/*-------------------------------------------------------------------------
 *
 * send.h
 *	  Rows of a query to a target platform, as a SQL function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SEND_H
#define XBB_SEND_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "target/target.h"
#include "utils/tuplestore.h"

/*
 * xbb.send(target regclass, query text, dry_run boolean): a row a record, in the query's
 * order, with position, key, status, id, message and record (of those that were not
 * accepted; with dry_run of all, and nothing is sent).
 */
extern PGDLLEXPORT Datum xbb_fdw_send(PG_FUNCTION_ARGS);

/*
 * The rows of a query as records for a table, JSON in UTF-8 (send_query.c): a tuplestore of
 * one column of type text, in the current context, read to its end and encoded before it
 * returns.  Runs as the current user.  Errors: 42601 unless it is one SELECT, 42703 or
 * 42804 if its columns are not the table's, those of encode.h.
 */
extern Tuplestorestate *send_read_query(const TargetTableOptions *table, TupleDesc columns,
										const char *query, int64 *nrecords);

#endif							/* XBB_SEND_H */
