/*-------------------------------------------------------------------------
 *
 * scan_state.h
 *	  What a scan knows while it runs; for the scan files alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SCAN_STATE_H
#define XBB_SCAN_STATE_H

#include "nodes/execnodes.h"
#include "utils/tuplestore.h"

#include "condition.h"
#include "reader.h"

/* A qual that a row passes if a value it reads did not fit: see plan.h. */
typedef struct ScanQual
{
	ExprState  *state;
	Bitmapset  *columns;		/* attnums, or 0 for all of them */
	bool		sent;			/* the API was asked for it, too */
} ScanQual;

/* ForeignScanState.fdw_state; lives in the query's memory. */
typedef struct ScanProgress
{
	/* fixed for the whole execution */
	OptionTable *table;
	Oid			userid;			/* whose rights and mapping are used */
	List	   *quals;			/* ConditionQual, in the order of values */
	List	   *expressions;	/* the quals' values, then limits */
	List	   *values;			/* their ExprStates */
	List	   *lenient_quals;
	int			nlimits;		/* of them: 0, LIMIT, or LIMIT and OFFSET */
	bool		counts;			/* answers count(*) */
	RecordFormat *format;
	int			nlenient;
	ScanQual   *lenient;		/* those of the API's first */

	/* one reading: from the first row asked for until other values are set */
	MemoryContext context;		/* owns the fields below */
	Datum	   *arguments;		/* what values evaluated to */
	bool	   *argument_nulls;
	ConditionSet *set;			/* NULL before the first row is asked for */
	Reader	   *reader;			/* NULL where nothing needs to be read */
	bool		done;			/* count(*) was returned */

	/* rows of this reading, for rescans that would read the same */
	bool		keeps;			/* worth it: such a rescan is likely */
	bool		too_many;		/* rows did not fit work_mem once */
	bool		rescanned;		/* begin anew with the next row */
	Tuplestorestate *kept;		/* all rows so far, or NULL if not all fit */
	TupleTableSlot *kept_slot;	/* reads them back */
	bool		replaying;		/* rows come from there, not from the reader */

	/* asynchronous execution */
	bool		asynchronous;	/* do not wait for the next row */
	bool		not_yet;		/* so there was none */

	/* all readings that have ended, for EXPLAIN ANALYZE */
	ReaderCounters totals;
	int64		rechecked;		/* records that failed a qual that was sent */
	int64		filtered;		/* records that failed another lenient qual */
	int64		failures;		/* values that did not fit and were read as null */
} ScanProgress;

extern void scan_add_counters(ReaderCounters *sum, const ReaderCounters *more);

#endif							/* XBB_SCAN_STATE_H */
