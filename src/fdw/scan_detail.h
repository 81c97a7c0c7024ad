/*-------------------------------------------------------------------------
 *
 * scan_detail.h
 *	  Columns that come with a record's details, many requests in flight.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SCAN_DETAIL_H
#define XBB_SCAN_DETAIL_H

#include "nodes/execnodes.h"

#include "api/api.h"
#include "reader/reader.h"

typedef struct ScanDetails ScanDetails;

/* Of a scan, summed over its readings. */
typedef struct DetailCounters
{
	int64		asked;			/* records whose details were asked for */
	int64		missing;		/* of them, those that have none to be read */
	int64		failures;		/* values that did not fit and were read as null */
	ApiCounters api;
} DetailCounters;

/* The columns among those wanted (attnums) that come with details. */
extern Bitmapset *scan_detail_columns(Oid relid, const Bitmapset *wanted);

/* Those that tell what did not fit, in the list's records and in the details. */
extern Bitmapset *scan_detail_told(Oid relid, const Bitmapset *wanted);

/*
 * For one reading of the list, by the scan's reader.  Lives in the current context, and abandons what
 * is under way when that ends.
 */
extern ScanDetails *scan_details_open(ForeignScanState *node);

#endif							/* XBB_SCAN_DETAIL_H */
