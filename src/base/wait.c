/*-------------------------------------------------------------------------
 *
 * wait.c
 *	  The one interruptible wait of xbb_fdw: for sockets, a time, or both.
 *
 * Every wait is on the process latch, so that a cancel, statement_timeout,
 * shutdown or the postmaster's death ends it at once.  The event set lives for
 * one wait only: nothing is left behind when an interrupt raises an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "base/wait.h"

/* More sockets than this may be ready at once; the next wait reports them. */
#define WAIT_MAX_EVENTS 16

/* A wait without the latch, milliseconds. */
#define POLL_MS 1

volatile uint32 *wait_shown = NULL;
void		(*wait_tick) (void) = NULL;

const char *
wait_name(WaitReason reason)
{
	static const char *const names[WAIT_NREASONS] = {
		[WAIT_HTTP] = "XbbHttp",
		[WAIT_RATE_LIMIT] = "XbbRateLimit",
		[WAIT_BACKOFF] = "XbbRetry",
		[WAIT_SETTLE] = "XbbSettle",
	};

	return names[reason];
}

static uint32
wait_event_of(WaitReason reason)
{
	static uint32 events[WAIT_NREASONS];

	if (events[reason] == 0)
		events[reason] = compat_wait_event(wait_name(reason));
	return events[reason];
}

static void
show_wait(uint32 shown)
{
	if (wait_shown)
		*wait_shown = shown;
}

WaitTime
wait_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * USECS_PER_SEC + now.tv_nsec / 1000;
}

/* Rounded up, so that no wait ends before its time; -1 waits without end. */
static long
wait_milliseconds(WaitTime until)
{
	WaitTime	now;

	if (until == DT_NOEND)
		return -1;
	now = wait_clock();
	if (until <= now)
		return 0;
	return Min((until - now + 999) / 1000, INT_MAX);
}

/* One look at latch and sockets; returns the number of ready sockets. */
static int
wait_sockets(WaitSocket *sockets, int nsockets, long timeout, uint32 event,
			 bool *woken)
{
	WaitEventSet *set = compat_wait_event_set(nsockets + 2);
	WaitEvent	occurred[WAIT_MAX_EVENTS];
	int			noccurred = 0;
	int			nready = 0;

	PG_TRY();
	{
		AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
		if (IsUnderPostmaster)
			AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
		for (int i = 0; i < nsockets; i++)
		{
			sockets[i].ready = 0;
			AddWaitEventToSet(set, sockets[i].events, sockets[i].fd, NULL,
							  &sockets[i]);
		}
		noccurred = WaitEventSetWait(set, timeout, occurred,
									 lengthof(occurred), event);
	}
	PG_FINALLY();
	{
		FreeWaitEventSet(set);
	}
	PG_END_TRY();

	*woken = false;
	for (int i = 0; i < noccurred; i++)
	{
		WaitSocket *ready = occurred[i].user_data;

		if (occurred[i].events & WL_LATCH_SET)
			*woken = true;
		else if (ready)
		{
			ready->ready = occurred[i].events;
			nready++;
		}
	}
	return nready;
}

/*
 * What is ready now or within a millisecond.  An event set costs as many system calls
 * as there are sockets, this costs one: where answers come as fast as they are read,
 * the difference shows in the time a scan takes.  poll() does not see the latch, so a
 * cancel waits for that millisecond.
 */
static int
poll_sockets(WaitSocket *sockets, int nsockets, long timeout)
{
	struct pollfd *fds = palloc(nsockets * sizeof(struct pollfd));
	int			nready;

	for (int i = 0; i < nsockets; i++)
	{
		fds[i].fd = sockets[i].fd;
		fds[i].events = (sockets[i].events & WL_SOCKET_READABLE ? POLLIN : 0) |
			(sockets[i].events & WL_SOCKET_WRITEABLE ? POLLOUT : 0);
		fds[i].revents = 0;
	}
	nready = poll(fds, nsockets, timeout < 0 ? POLL_MS : (int) Min(timeout, POLL_MS));
	for (int i = 0; i < nsockets; i++)
	{
		int			revents = nready > 0 ? fds[i].revents : 0;

		/* an error shows to whoever reads or writes */
		sockets[i].ready = revents == 0 ? 0 :
			revents & (POLLIN | POLLOUT) ?
			(revents & POLLIN ? WL_SOCKET_READABLE : 0) | (revents & POLLOUT ? WL_SOCKET_WRITEABLE : 0) :
			sockets[i].events;
	}
	pfree(fds);
	return Max(nready, 0);
}

int
wait_for(WaitSocket *sockets, int nsockets, WaitTime until,
		 WaitReason reason)
{
	uint32		event = wait_event_of(reason);
	bool		woken;
	int			nready = 0;

	CHECK_FOR_INTERRUPTS();
	if (nsockets > 0)
	{
		long		timeout = wait_milliseconds(until);

		nready = poll_sockets(sockets, nsockets, timeout);
		if (nready > 0 || timeout == 0)
			return nready;
	}
	show_wait(reason + 1);
	do
	{
		long		timeout = wait_milliseconds(until);

		if (wait_tick)
			timeout = timeout < 0 ? WAIT_TICK_MS : Min(timeout, WAIT_TICK_MS);
		if (nsockets > 0)
			nready = wait_sockets(sockets, nsockets, timeout, event, &woken);
		else
			woken = WaitLatch(MyLatch,
							  WL_LATCH_SET | WL_EXIT_ON_PM_DEATH |
							  (timeout < 0 ? 0 : WL_TIMEOUT),
							  timeout, event) & WL_LATCH_SET;
		if (woken)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (wait_tick)
			wait_tick();

		/* a latch that was set hides the sockets: look again, even if late */
	} while (nready == 0 && (woken || wait_clock() < until));
	show_wait(0);
	return nready;
}

struct WaitDescriptor
{
	int			epoll;			/* -1 if not open */
	int			timer;			/* member of the epoll set; -1 if not open */
	int			reserved;		/* descriptors announced to fd.c */
	MemoryContextCallback callback;
};

static void
descriptor_close(void *arg)
{
	WaitDescriptor *descriptor = arg;

	if (descriptor->epoll >= 0)
		close(descriptor->epoll);
	if (descriptor->timer >= 0)
		close(descriptor->timer);
	while (descriptor->reserved-- > 0)
		ReleaseExternalFD();
}

WaitDescriptor *
wait_descriptor_create(MemoryContext context)
{
	WaitDescriptor *descriptor = MemoryContextAllocZero(context, sizeof(WaitDescriptor));

	descriptor->epoll = descriptor->timer = -1;
	descriptor->callback.func = descriptor_close;
	descriptor->callback.arg = descriptor;
	MemoryContextRegisterResetCallback(context, &descriptor->callback);
	while (descriptor->reserved < 2)
	{
		if (!AcquireExternalFD())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("too many open files in this backend")));
		descriptor->reserved++;
	}
	return descriptor;
}

static void
descriptor_watch(WaitDescriptor *descriptor, int fd, int events)
{
	struct epoll_event event = {.data.fd = fd};

	if (events & WL_SOCKET_READABLE)
		event.events |= EPOLLIN;
	if (events & WL_SOCKET_WRITEABLE)
		event.events |= EPOLLOUT;
	if (epoll_ctl(descriptor->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		ereport(ERROR,
				(errcode_for_socket_access(),
				 errmsg("epoll_ctl() failed: %m")));
}

pgsocket
wait_descriptor_arm(WaitDescriptor *descriptor, const WaitSocket *sockets,
					int nsockets, WaitTime until)
{
	struct itimerspec time = {0};
	WaitTime	now = wait_clock();

	/* a new set each time: the sockets come and go as libcurl likes */
	if (descriptor->epoll >= 0)
		close(descriptor->epoll);
	descriptor->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (descriptor->timer < 0)
		descriptor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (descriptor->epoll < 0 || descriptor->timer < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create a descriptor to wait for: %m")));

	if (until != DT_NOEND)
	{
		int64		usecs = Max(until > now ? until - now : 0, 1);

		time.it_value.tv_sec = usecs / USECS_PER_SEC;
		time.it_value.tv_nsec = usecs % USECS_PER_SEC * 1000;
	}
	if (timerfd_settime(descriptor->timer, 0, &time, NULL) < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("timerfd_settime() failed: %m")));
	descriptor_watch(descriptor, descriptor->timer, WL_SOCKET_READABLE);
	for (int i = 0; i < nsockets; i++)
		descriptor_watch(descriptor, sockets[i].fd, sockets[i].events);
	return descriptor->epoll;
}
