/*-------------------------------------------------------------------------
 *
 * scan_async.c
 *	  Asynchronous execution: a scan below Append that does not wait.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "executor/executor.h"

#include "fdw/fdw.h"
#include "fdw/scan_state.h"
#include "reader/reader.h"

bool
scan_is_async_capable(ForeignPath *path)
{
	return IS_SIMPLE_REL(path->path.parent);
}

/* Answers Append with the next row, the end, or that there is none yet. */
static void
answer_request(AsyncRequest *areq)
{
	ForeignScanState *node = (ForeignScanState *) areq->requestee;
	ScanProgress *state = node->fdw_state;
	TupleTableSlot *slot;

	state->asynchronous = true;
	state->not_yet = false;
	slot = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	state->asynchronous = false;
	if (TupIsNull(slot) && state->not_yet)
		ExecAsyncRequestPending(areq);
	else
		ExecAsyncRequestDone(areq, TupIsNull(slot) ? NULL : slot);
}

void
scan_async_request(AsyncRequest *areq)
{
	answer_request(areq);
}

void
scan_async_configure_wait(AsyncRequest *areq)
{
	ForeignScanState *node = (ForeignScanState *) areq->requestee;
	ScanProgress *state = node->fdw_state;
	AppendState *requestor = (AppendState *) areq->requestor;

	AddWaitEventToSet(requestor->as_eventset, WL_SOCKET_READABLE,
					  reader_descriptor(state->reader), NULL, areq);
}

void
scan_async_notify(AsyncRequest *areq)
{
	answer_request(areq);
}
