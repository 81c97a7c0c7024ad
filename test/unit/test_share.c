/*-------------------------------------------------------------------------
 *
 * test_share.c
 *	  Roles and servers of one account all get some of its slots.
 *
 *	  test_share [seed]
 *
 * The clock is false: it stands still until the test moves it.
 *
 *-------------------------------------------------------------------------
 */
#include "limiter/share.h"
#include "moments.h"

/* What others of the same account may do to whoever waits. */
static void
test_other_servers(void)
{
	ShareAccount account = {0};
	ShareSlot	slot;
	bool		soon = true;

	/* ten roles, each with a slot an hour, before anybody else came */
	for (uint32_t role = 1; role <= 10; role++)
		for (int n = 0; n < 4; n++)
		{
			slot = share_take(&account, role, 1.0 / 3600, START);
			(void) share_claim(&account, role, 1.0 / 3600, slot, slot.at);
		}
	slot = share_take(&account, 100, 16, START + 1000);
	ok(slot.in_line && slot.at <= START + 63500, "servers of another rate move nobody's slots hours ahead");

	/* and meanwhile */
	for (int n = 0; n < 1000; n++)
	{
		int64_t		now = START + SLOT_SECOND * (n + 2);

		(void) share_take(&account, 1 + n % 7, 1.0 / 3600, now);
		slot = share_take(&account, 100, 16, now);
		if (!slot.in_line)
			slot = share_claim(&account, 100, 16, slot, slot.at);
		soon &= slot.at - now <= 5 * 62500;
	}
	ok(soon, "nor while they wait");

	/* a slot that was given back belongs to the line as it was then */
	account = (ShareAccount) {0};
	for (int n = 0; n < 4; n++)
	{
		ShareSlot	taken = share_take(&account, 1, 1.0 / 3600, START);

		if (n == 2)
			slot = taken;
	}
	share_return(&account, 1, 1.0 / 3600, slot, START);
	soon = true;
	for (int n = 0; n < 4; n++)
		soon &= share_take(&account, 1, 16, START + 1000).at <= START + 1000 + (n + 1) * INT64_C(62500);
	ok(soon, "nor as one of their slots is given back");

	account = (ShareAccount) {0};
	(void) share_take(&account, 1, 1000, START);
	soon = true;
	for (int n = 0; n < 160; n++)
	{
		slot = share_take(&account, 2, 16, START);
		soon &= slot.at >= START + (n - 1) * INT64_C(62500);
	}
	ok(soon, "a faster server makes no other one faster");
}

/*
 * Backends of three roles, as each sleeps until its slot, sends, and asks for the next
 * when the answer comes or at once: counts what each role gets.
 */
static void
run_roles(const int *backends, double rate, int seconds, int64_t latency, int *got, int *most)
{
	enum
	{
		MOST = 64 * 1024
	};
	static int64_t starts[MOST];
	ShareAccount account = {0};
	ShareSlot	slots[16];
	int64_t		wake[16];
	uint32_t	roles[16];
	int			n = 0;
	int			nbackends = 0;

	for (uint32_t role = 0; role < 3; role++)
	{
		got[role] = 0;
		for (int b = 0; b < backends[role]; b++)
			roles[nbackends++] = role;
	}
	for (int b = 0; b < nbackends; b++)
	{
		slots[b] = share_take(&account, roles[b] + 1, rate, START + b);
		wake[b] = slots[b].at;
	}
	for (;;)
	{
		int			b = 0;
		int64_t		now;

		for (int other = 1; other < nbackends; other++)
			b = wake[other] < wake[b] ? other : b;
		now = wake[b];
		if (now > START + seconds * SLOT_SECOND || n == MOST)
			break;
		slots[b] = share_claim(&account, roles[b] + 1, rate, slots[b], now);
		if (slots[b].in_line && slots[b].at <= now)
		{
			starts[n++] = now;
			got[roles[b]]++;
			now += latency;
			slots[b] = share_take(&account, roles[b] + 1, rate, now);
		}
		wake[b] = (slots[b].at > now ? slots[b].at : now) + below(2000);
	}
	qsort(starts, n, sizeof(starts[0]), compare_times);
	*most = busiest_second(starts, n);
}

static void
test_roles(void)
{
	static const int mixes[][3] = {{6, 1, 1}, {1, 6, 1}, {4, 2, 2}, {5, 2, 1}};
	bool		fair = true;
	bool		busy = true;
	bool		limited = true;
	int			got[3];
	int			most;

	for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++)
		for (int round = 0; round < 10; round++)
		{
			int			rate = 16 + below(5);
			int			all;

			run_roles(mixes[i], rate, 60, below(20000), got, &most);
			all = got[0] + got[1] + got[2];
			for (int role = 0; role < 3; role++)
				fair &= got[role] * 4 >= all;
			busy &= all > 0.85 * rate * 60;
			limited &= most <= rate + 1;
			if (!fair || !busy || !limited)
				printf("# mix %d, rate %d: %d + %d + %d, %d in a second\n", (int) i, rate, got[0], got[1], got[2], most);
		}
	ok(fair, "of three roles with work each gets a quarter of a minute's slots, whoever has most backends");
	ok(busy, "... together more than 85 % of the rate");
	ok(limited, "... and never more than rate + 1 in any second");

	run_roles((int[3]) {1, 0, 0}, 20, 60, 1000, got, &most);
	ok(got[0] > 0.85 * 20 * 60 && most <= 21, "a role alone may use all of it");
	run_roles((int[3]) {7, 1, 0}, 20, 60, 1000, got, &most);
	ok(got[0] + got[1] > 0.85 * 20 * 60 && got[1] * 4 >= got[0], "two roles leave nothing unused");
}

/* A first load of days beside somebody who comes once a minute. */
static void
test_minutely(void)
{
	ShareAccount account = {0};
	ShareSlot	load = share_take(&account, 1, 16, START);
	int64_t		longest = 0;

	for (int64_t now = START; now < START + 60 * MINUTE;)
	{
		load = share_claim(&account, 1, 16, load, now);
		if (load.in_line && load.at <= now)
			load = share_take(&account, 1, 16, now);
		if ((now - START) % MINUTE < 62500)
		{
			ShareSlot	slot = share_take(&account, 1 + below(2), 16, now);

			longest = slot.at - now > longest ? slot.at - now : longest;
		}
		now = load.at > now ? load.at : now + 1000;
	}
	ok(longest <= 4 * 62500, "a minutely sync beside a first load waits for a few slots");
}

/* Backends of a slower server queue for seconds, then one of a faster server joins. */
static void
test_faster_joins(void)
{
	enum { SLOWER = 60, ALL = 120 };
	ShareAccount account = {0};
	ShareSlot	slots[ALL];
	int64_t		used[ALL];
	int64_t		now = START;

	for (int n = 0; n < ALL; n++)
		slots[n] = share_take(&account, 1, n < SLOWER ? 19 : 20, START + n);
	for (int sent = 0; sent < ALL; sent++)
	{
		for (;;)
		{
			int			next = 0;
			ShareSlot	claimed;

			for (int n = 1; n < ALL; n++)
				if (slots[n].at < slots[next].at)
					next = n;
			if (slots[next].at > now)
				now = slots[next].at;
			claimed = share_claim(&account, 1, next < SLOWER ? 19 : 20, slots[next], now);
			slots[next] = claimed;
			if (!claimed.in_line || claimed.at > now)
				continue;
			slots[next].at = INT64_MAX;
			break;
		}
		used[sent] = now;
	}
	ok(busiest_second(used, ALL) <= 20, "a faster server that joins does not make it more than its rate");
	ok(used[ALL - 1] - START <= (ALL + 20) * SLOT_SECOND / 19, "... nor does it take longer");
}

int
main(int argc, char **argv)
{
	begin(argc, argv);
	test_other_servers();
	test_roles();
	test_minutely();
	test_faster_joins();
	return end();
}
