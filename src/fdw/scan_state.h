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

#include "condition/condition.h"
#include "fdw/scan_detail.h"
#include "reader/reader.h"

/*
 * ForeignScanState.fdw_state; lives in the query's memory, as does what it points
 * to, but for the parts whose memory is named.
 */
typedef struct ScanProgress
{
	/* fixed for the whole execution; lists of nodes are the plan's */
	TableOptions *table;			/* as of the first reading, for all of them */
	ApiAccess  *access;			/* likewise; NULL before */
	Oid			userid;			/* whose rights and mapping are used */
	List	   *quals;			/* ConditionQual, in the order of values */
	List	   *expressions;	/* the quals' values, then limits, parameters, gates */
	List	   *values;			/* their ExprStates */
	int			nlimits;		/* of them: 0, LIMIT, or LIMIT and OFFSET */
	int			ngates;			/* of them: unless all are true, there are no rows */
	bool		counts;			/* answers count(*) */
	RecordFormat *format;			/* of the list: without the columns of details */
	TupleDesc	tupdesc;		/* the table's */
	Bitmapset  *detail_columns; /* attnums that come with details */
	Bitmapset  *detail_told;	/* those that tell what did not fit, also of the details */

	/*
	 * One reading: from the first row asked for until other values are set.
	 * Nothing here points into an outer row or another node's memory, which ends
	 * with the row.
	 */
	MemoryContext context;		/* owns the fields below */
	Datum	   *arguments;		/* copies of what values evaluated to */
	bool	   *argument_nulls;
	ConditionSet *set;			/* NULL before the first row is asked for */
	Reader	   *reader;			/* NULL where nothing needs to be read */
	ScanDetails *details;		/* NULL where no details are read */
	int64		limit;			/* rows that are wanted, -1 all */
	bool		ended;			/* the list; details may be under way */
	bool		done;			/* count(*) was returned */

	/* rows of this reading, for rescans that would read the same */
	bool		keeps;			/* worth it: such a rescan is likely */
	bool		too_many;		/* rows did not fit work_mem once */
	bool		rescanned;		/* begin anew with the next row */
	Tuplestorestate *kept;		/* copies of all rows so far, or NULL if not all
								 * fit; in context */
	TupleTableSlot *kept_slot;	/* reads them back; in the query's memory */
	bool		replaying;		/* rows come from there, not from the reader */

	/* asynchronous execution */
	bool		asynchronous;	/* do not wait for the next row */
	bool		not_yet;		/* so there was none */

	/* all readings that have ended, for EXPLAIN ANALYZE */
	ReaderCounters totals;
	int64		rechecked;		/* records that failed a qual that was sent */
	int64		failures;		/* values that did not fit and were read as null */
	int64		records;		/* looked at, those that failed a qual too */
	bool		read_out;		/* a reading came to the list's end */
	DetailCounters detailed;
} ScanProgress;

/* The attnums that the plan reads. */
extern Bitmapset *scan_wanted_columns(ForeignScan *plan);

/*
 * The next record whose details have come: fills the slot's arrays.  False at the end,
 * or (not_yet) if the list would have to be waited for: scan_detail.c.
 */
extern bool scan_details_row(ForeignScanState *node, TupleTableSlot *slot);

/* Warns of what the details lacked: scan_detail.c. */
extern void scan_details_tell(const ScanProgress *state);

/* Warns of columns whose attr no record had: scan_unmet.c. */
extern void scan_tell_unmet(const ScanProgress *state);

#endif							/* XBB_SCAN_STATE_H */
