/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  Executor callbacks and EXPLAIN.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SCAN_H
#define XBB_SCAN_H

#include "foreign/fdwapi.h"

extern void scan_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *scan_iterate(ForeignScanState *node);
extern void scan_rescan(ForeignScanState *node);
extern void scan_end(ForeignScanState *node);
extern bool scan_is_async_capable(ForeignPath *path);
extern void scan_async_request(AsyncRequest *areq);
extern void scan_async_configure_wait(AsyncRequest *areq);
extern void scan_async_notify(AsyncRequest *areq);
extern void scan_explain(ForeignScanState *node, struct ExplainState *es);

#endif							/* XBB_SCAN_H */
