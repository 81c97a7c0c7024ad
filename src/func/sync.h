/*-------------------------------------------------------------------------
 *
 * sync.h
 *	  What the sync procedures ask of C; they are SQL, see script/xbb_etl.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_H
#define XBB_SYNC_H

#include "fmgr.h"

/* xbb._can_commit(): whether the calling procedure may COMMIT here */
extern PGDLLEXPORT Datum xbb_fdw_can_commit(PG_FUNCTION_ARGS);

/* xbb._counters(): what this backend has asked of the API since it started */
extern PGDLLEXPORT Datum xbb_fdw_counters(PG_FUNCTION_ARGS);

/* xbb._attr(regclass, smallint): a column's attr */
extern PGDLLEXPORT Datum xbb_fdw_attr(PG_FUNCTION_ARGS);

/* xbb._list_id(regclass): the attr that tells the records of a list without times apart; NULL: it has times */
extern PGDLLEXPORT Datum xbb_fdw_list_id(PG_FUNCTION_ARGS);

/* xbb._settle_time(regclass): the option, seconds */
extern PGDLLEXPORT Datum xbb_fdw_settle_time(PG_FUNCTION_ARGS);

/*
 * xbb._total(regclass, timestamptz, timestamptz): what the API counts with an
 * updateTime between the two, both inclusive and in whole seconds; a NULL or
 * infinite bound sends no condition; one request
 */
extern PGDLLEXPORT Datum xbb_fdw_total(PG_FUNCTION_ARGS);

/*
 * xbb._read_record(anyelement, json): a record of the API as a row of a foreign
 * table, as a scan of it would read the record; the table is given by its row type
 */
extern PGDLLEXPORT Datum xbb_fdw_read_record(PG_FUNCTION_ARGS);

/*
 * xbb._refuse_above(regclass, bigint): reader_refuse_above, for the next statement; what
 * came of it is in xbb._counters
 */
extern PGDLLEXPORT Datum xbb_fdw_refuse_above(PG_FUNCTION_ARGS);

/* xbb._window_records(): API_WINDOW_RECORDS */
extern PGDLLEXPORT Datum xbb_fdw_window_records(PG_FUNCTION_ARGS);

#endif							/* XBB_SYNC_H */
