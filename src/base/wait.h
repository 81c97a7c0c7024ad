/*-------------------------------------------------------------------------
 *
 * wait.h
 *	  The one interruptible wait of xbb_fdw: for sockets, a time, or both.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_WAIT_H
#define XBB_WAIT_H

#include "utils/timestamp.h"

/* What a backend of ours can be seen waiting for (wait_event from 17 on). */
typedef enum WaitReason
{
	WAIT_HTTP,					/* XbbHttp: resolve, connect, send, receive */
	WAIT_RATE_LIMIT,			/* XbbRateLimit: the cluster's next free slot */
	WAIT_BACKOFF,				/* XbbRetry: before a request is repeated */
	WAIT_SETTLE,				/* XbbSettle: until the list has settled */
	WAIT_NREASONS
} WaitReason;

/* How it is shown, above all. */
extern const char *wait_name(WaitReason reason);

/*
 * Where others see what this backend waits for: the reason + 1, 0 while it does not wait.
 * NULL: nowhere.
 */
extern volatile uint32 *wait_shown;

/* Called in every wait, about once in so many milliseconds of it, where errors may be raised.  NULL: nothing is. */
#define WAIT_TICK_MS 1000
extern void (*wait_tick) (void);

typedef struct WaitSocket
{
	pgsocket	fd;
	int			events;			/* WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE */
	int			ready;			/* out: those of them that are ready */
} WaitSocket;

/*
 * The clock that all waits are by, in microseconds: nobody sets it, and all processes of
 * a machine see the same.  DT_NOBEGIN and DT_NOEND are moments of it, too.
 */
typedef int64 WaitTime;

extern WaitTime wait_clock(void);

/* So many milliseconds after a moment. */
static inline WaitTime
wait_later(WaitTime moment, int64 milliseconds)
{
	return moment + milliseconds * 1000;
}

/*
 * Waits until a socket is ready or the clock reaches "until" (DT_NOEND waits
 * for sockets alone; a time in the past polls).  Returns the number of ready
 * sockets.  Serves interrupts first, and after it has slept: it can raise 57014
 * and the like, never while library code is on the stack, and leaks nothing.
 */
extern int	wait_for(WaitSocket *sockets, int nsockets, WaitTime until,
					 WaitReason reason);

/*
 * One descriptor that stands for sockets and a time together, for those who can
 * only watch one: Append waits for its asynchronous scans itself.  Closed when
 * "context" ends.
 */
typedef struct WaitDescriptor WaitDescriptor;

extern WaitDescriptor *wait_descriptor_create(MemoryContext context);

/*
 * Makes it readable as soon as a socket is ready or "until" has come, instead of
 * what it was armed for before.  Returns the descriptor.
 */
extern pgsocket wait_descriptor_arm(WaitDescriptor *descriptor,
									const WaitSocket *sockets, int nsockets,
									WaitTime until);

#endif							/* XBB_WAIT_H */
