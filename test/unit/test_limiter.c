/*-------------------------------------------------------------------------
 *
 * test_limiter.c
 *	  Nobody gets more slots than the rate allows, and days are counted apart.
 *
 *	  test_limiter [seed]
 *
 * The clock is false: it stands still until the test moves it.
 *
 *-------------------------------------------------------------------------
 */
#include "limiter/slot.h"
#include "moments.h"

static void
test_spacing(void)
{
	static const double rates[] = {0.1, 1, 3, 16, 20, 333, 1000};
	static const int64_t intervals[] = {10000000, 1000000, 333334, 62500, 50000, 3004, 1000};
	bool		exact = true;
	bool		no_burst = true;
	bool		unlimited = true;
	SlotLine	shared = {0};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
	{
		SlotLine	line = {0};

		for (int n = 0; n < 1000; n++)
			exact &= slot_take(&line, rates[i], START) == START + n * intervals[i];

		/* an hour of silence earns one slot, not 3,600 of them */
		no_burst &= slot_take(&line, rates[i], START + 3600 * MINUTE) == START + 3600 * MINUTE;
		no_burst &= slot_take(&line, rates[i], START + 3600 * MINUTE) ==
			START + 3600 * MINUTE + intervals[i];
	}
	ok(exact, "a thousand slots asked for at once lie exactly 1/rate apart");
	ok(no_burst, "nothing is saved up while the line is idle");

	for (int n = 0; n < 100; n++)
	{
		SlotLine	line = {0};

		unlimited &= slot_take(&line, 0, START) == START;
	}
	ok(unlimited, "rate 0 never waits");

	slot_take(&shared, 1, START);
	slot_take(&shared, 1, START);
	ok(slot_take(&shared, 0, START) == START &&
	   slot_take(&shared, 1, START) == START + 2 * SLOT_SECOND,
	   "nor does it move those who queue in the same line");
}

static void
test_random_arrivals(void)
{
	enum
	{
		N = 20000
	};
	static int64_t times[N];
	bool		limited = true;
	bool		ordered = true;

	for (int round = 0; round < 50; round++)
	{
		SlotLine	line = {0};
		int			rate = 1 + below(60);
		int64_t		now = START;

		for (int n = 0; n < N; n++)
		{
			now += below(2 * SLOT_SECOND / rate);
			times[n] = slot_take(&line, rate, now);
			ordered &= times[n] >= now && (n == 0 || times[n] > times[n - 1]);
		}
		limited &= busiest_second(times, N) <= rate;
	}
	ok(limited, "however requests arrive, no second has more slots than the rate");
	ok(ordered, "slots are given in the order of the requests, none in the past");
}

static void
test_changed_rate(void)
{
	SlotLine	line = {0};

	slot_take(&line, 0.1, START);
	ok(slot_take(&line, 20, START) == START + 50000,
	   "a raised rate acts on the next reservation");
	ok(slot_take(&line, 0.5, START) == START + 50000 + 2 * SLOT_SECOND,
	   "a lowered rate acts on the next reservation");
}

static void
test_refusal(void)
{
	const double rate = 10;
	const int64_t pause = 5 * SLOT_SECOND;
	SlotLine	line = {0};
	int64_t		slot;
	int64_t		next;
	int64_t		last_gap;
	int64_t		half_way = 0;
	bool		shrinking = true;

	slot_take(&line, rate, START);
	slot_refuse(&line, START, START + pause);
	slot_refuse(&line, START + 1000, START + pause / 2);
	slot = slot_take(&line, rate, START + 2000);
	ok(slot == START + pause, "after a refusal nobody goes before the pause ends");
	next = slot_take(&line, rate, START + 2000);
	ok(next - slot == 200000, "then at half the rate, once for all of one pause's refusals");

	last_gap = next - slot;
	for (int n = 0; n < 1000 && next < START + pause + MINUTE; n++)
	{
		slot = next;
		next = slot_take(&line, rate, slot);
		shrinking &= next - slot <= last_gap && last_gap - (next - slot) < 1000;
		last_gap = next - slot;
		if (slot < START + pause + MINUTE / 2)
			half_way = last_gap;
	}
	ok(shrinking, "the rate grows back little by little");
	ok(half_way > 133000 && half_way < 134000, "half a minute later to three quarters");
	slot = slot_take(&line, rate, next);
	ok(slot - next == 100000, "after a minute it is whole again");

	slot = next = line.last;
	for (int n = 0; n < 20; n++, next += 1000)
		slot_refuse(&line, next, next + 1000);
	ok(slot_take(&line, rate, next) - slot == 1600000, "it never falls below a sixteenth");
}

static void
test_claim(void)
{
	const double rate = 20;
	SlotLine	line = {0};
	int64_t		first = slot_take(&line, rate, START);
	int64_t		second = slot_take(&line, rate, START);

	ok(slot_claim(&line, rate, first, first) == first &&
	   slot_claim(&line, rate, first, first + 25000) == first,
	   "a slot is good at its time and half an interval later");
	ok(slot_claim(&line, rate, first, first + 25001) == second + 50000,
	   "missed while others queue behind, it is exchanged for a later one");

	second = line.last;
	ok(slot_claim(&line, rate, second, second + 40000) == second + 40000 &&
	   slot_take(&line, rate, second) == second + 90000,
	   "missed with nobody behind, it is now, and the next one follows from it");

	second = line.last;
	slot_refuse(&line, second - 1000, second + SLOT_SECOND);
	ok(slot_claim(&line, rate, second, second) == second + SLOT_SECOND,
	   "a refusal voids the slots of those who wait");
}

/* Backends that sleep until their slot, wake late, and sometimes much too late. */
static void
test_backends(void)
{
	enum
	{
		BACKENDS = 8, SECONDS = 600, MOST = 100 * SECONDS + 1000
	};
	static int64_t starts[MOST];
	bool		limited = true;
	bool		busy = true;
	bool		fair = true;

	for (int round = 0; round < 30; round++)
	{
		SlotLine	line = {0};
		int64_t		wake[BACKENDS];
		int64_t		slot[BACKENDS];
		int			sent[BACKENDS] = {0};
		int			rate = 1 + below(50);
		int64_t		interval = (SLOT_SECOND + rate - 1) / rate;
		int			n = 0;

		for (int b = 0; b < BACKENDS; b++)
			wake[b] = slot[b] = slot_take(&line, rate, START);
		for (;;)
		{
			int			b = 0;
			int64_t		now;

			for (int other = 1; other < BACKENDS; other++)
				b = wake[other] < wake[b] ? other : b;
			now = wake[b];
			if (now > START + SECONDS * SLOT_SECOND || n == MOST)
				break;
			slot[b] = slot_claim(&line, rate, slot[b], now);
			if (slot[b] <= now)
			{
				starts[n++] = now;
				sent[b]++;
				slot[b] = slot_take(&line, rate, now);
			}

			/* everyone wakes late; now and then busy elsewhere for intervals */
			wake[b] = (slot[b] > now ? slot[b] : now) + below(2000);
			if (below(20) == 0)
				wake[b] += below(4 * interval);
		}
		qsort(starts, n, sizeof(starts[0]), compare_times);
		limited &= busiest_second(starts, n) <= rate + 1;
		busy &= n > 0.85 * rate * SECONDS;
		for (int b = 0; b < BACKENDS; b++)
			fair &= sent[b] > 0.8 * n / BACKENDS && sent[b] < 1.2 * n / BACKENDS;
	}
	ok(limited, "eight backends that wake late start at most rate + 1 in any second");
	ok(busy, "and use more than 85 % of the rate");
	ok(fair, "each of them its share");
}

/* At a high rate, the time that waking takes must not starve anybody. */
static void
test_late_wakers(void)
{
	SlotLine	line = {0};
	int64_t		now = START;
	int			starved = 0;

	for (int n = 0; n < 1000; n++)
	{
		int64_t		slot = slot_take(&line, 1000, now);

		/* others queue behind, and waking takes three of the intervals */
		for (int other = 0; other < 5; other++)
			slot_take(&line, 1000, now);
		now = slot + 3000;
		starved += slot_claim(&line, 1000, slot, now) > now;
	}
	ok(starved == 0, "lines faster than processes wake still move");
}

static void
test_give_back(void)
{
	const double rate = 16;
	SlotLine	line = {0};
	int64_t		slots[12];
	bool		apart = true;

	for (int i = 0; i < 3; i++)
		slots[i] = slot_take(&line, rate, START);
	slot_give_back(&line, rate, slots[2], START);
	slot_give_back(&line, rate, slots[1], START);
	ok(line.last == slots[0], "the last ones go back, one after the other");
	ok(slot_take(&line, rate, START) == slots[1] && slot_take(&line, rate, START) == slots[2],
	   "and are given to the next");

	/* the first of hours ahead, as a session ends */
	line = (SlotLine) {0};
	for (int i = 0; i < 4; i++)
		slots[i] = slot_take(&line, 1.0 / 3600, START);
	for (int i = 0; i < 4; i++)
		slot_give_back(&line, 1.0 / 3600, slots[i], START + 1);
	ok(slot_take(&line, 1.0 / 3600, START + 2) == slots[1] && slot_take(&line, 1.0 / 3600, START + 2) == slots[2],
	   "slots with others behind them are given back, too");

	line = (SlotLine) {0};
	for (int i = 0; i < 12; i++)
		slots[i] = slot_take(&line, rate, START);
	for (int i = 10; i > 0; i -= 2)
		slot_give_back(&line, rate, slots[i], START);
	for (int i = 2; i <= 10; i += 2)
		apart &= slot_take(&line, rate, START) == slots[i];
	ok(apart && slot_take(&line, rate, START) == slots[11] + 62500, "the soonest first, each once");

	slot_give_back(&line, rate, slots[5], START);
	ok(slot_take(&line, rate, slots[8]) > slots[8], "one whose time has passed is gone");
}

static void
test_days(void)
{
	SlotDays	days = {0};
	bool		counted = true;

	for (int n = 0; n < 100; n++)
		counted &= slot_count(&days, 5000, 100);
	ok(counted && !slot_count(&days, 5000, 100) && !slot_count(&days, 5000, 100),
	   "a quota of 100 is 100 requests");
	ok(slot_count(&days, 5000, 101) && slot_count(&days, 5000, 0),
	   "a raised quota, or none, acts at once");
	ok(!slot_count(&days, 5000, 50), "so does a lowered one");

	slot_uncount(&days, 5000);
	ok(slot_count(&days, 5000, 102) && !slot_count(&days, 5000, 102),
	   "a request that was not sent is not counted");

	ok(slot_count(&days, 5001, 1) && !slot_count(&days, 5001, 1), "midnight renews it");
	ok(!slot_count(&days, 5000, 102), "who is a day ahead renews nobody else's day");
	ok(slot_count(&days, 4999, 1) && !slot_count(&days, 5000, 102) && !slot_count(&days, 5001, 1),
	   "nor does who is a day behind");
	slot_uncount(&days, 5000);
	ok(!slot_count(&days, 5001, 1) && slot_count(&days, 5000, 102), "what is given back is given to its day");
	ok(slot_count(&days, 5002, 1) && !slot_count(&days, 5000, 102), "the day before yesterday is kept");
	ok(slot_count(&days, 4900, 1) && !slot_count(&days, 4900, 1) && slot_count(&days, 4901, 1),
	   "a clock that was months ahead does not keep the day from ending");
}

int
main(int argc, char **argv)
{
	begin(argc, argv);
	test_spacing();
	test_random_arrivals();
	test_changed_rate();
	test_refusal();
	test_claim();
	test_backends();
	test_late_wakers();
	test_give_back();
	test_days();
	return end();
}
