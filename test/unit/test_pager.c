/*-------------------------------------------------------------------------
 *
 * test_pager.c
 *	  A scan of a changing list is complete, or ends in an error.
 *
 *	  test_pager [schedules [seed [part]]]
 *
 * Each schedule is a world (size, order, ties, changes, lag, faults), a scan
 * (method, time, bounds, page size, requests in flight, limit) and an
 * interleaving of requests, answers and rows, all of them from one seed.  A
 * failure prints that seed; "test_pager 1 SEED" runs it again and prints each
 * answer.  The tests after the schedules are of lists at rest, and of what a
 * scan costs.  Parts: "schedules", "assumed" (those that break no assumption),
 * "edges" (nonsense),
 * "lists", "price".
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pager_drive.c"
#include "pager_edges.c"
#include "pager_lists.c"
#include "pager_price.c"

static int	ntests;
static int	nfailed;
static bool verbose;

void
ok(bool passed, const char *name)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++ntests, name);
	nfailed += !passed;
	fflush(stdout);
}

typedef struct Tally
{
	int64_t		runs;
	int64_t		complete;
	int64_t		failures[PAGER_NFAILURES];
	int64_t		hidden;			/* lost behind deletions */
	int64_t		stopped;
	int64_t		wrongs;
	int64_t		requests;
} Tally;

static const char *const fault_names[NFAULTS] = {
	"none", "no Date", "some Dates", "short pages", "one full second", "depth",
	"late", "clock ahead", "two replicas", "back-dating", "fractions",
	"no times", "no addTime", "no updateTime", "total capped", "total adds", "list before count", "no total",
	"exclusive low", "exclusive high", "addTime ignored", "updateTime ignored",
	"low ignored", "high ignored", "fresh rows"
};

const char *const failure_names[PAGER_NFAILURES] = {
	"none", "ignored", "unstable", "unaudited", "no total", "changed", "capped", "absurd", "timeless", "future", "confused"
};

static TimeRange
random_bounds(World *world, int64_t spread)
{
	TimeRange	range = {0};
	int64_t		a = WORLD_START + 10 - (int64_t) world_random(world, spread + 20);
	int64_t		b = WORLD_START + 10 - (int64_t) world_random(world, spread + 20);

	range.has_low = world_random(world, 3) > 0;
	range.has_high = world_random(world, 3) == 0;
	range.low = a < b ? a : b;
	range.high = a < b ? b : a;
	return range;
}

static bool
lacks_times(Fault fault)
{
	return fault == FAULT_NO_TIMES || fault == FAULT_NO_ADD_TIME || fault == FAULT_NO_UPDATE_TIME;
}

static void
make_world(World *world, uint64_t seed, Fault only)
{
	static const int spreads[] = {1000, 60, 3};
	static const double rates[] = {0, .02, .1, .25};
	static const int changes[] = {
		CHANGE_TOUCH, CHANGE_DROP, CHANGE_ADD, CHANGE_TOUCH | CHANGE_DROP | CHANGE_ADD
	};
	static const int lags[] = {0, 0, 2};
	static const int strides[] = {3, 10, 50};
	int			n;
	int			stride;
	int64_t		spread;

	world_begin(world, seed);
	n = (int) world_random(world, world_random(world, 4) ? 120 : 20);
	spread = spreads[world_random(world, 3)];
	world->fault = only;
	world->order = (Order) world_random(world, NORDERS);
	world->bounce = world_random(world, 4) == 0;
	world->rate = rates[world_random(world, 4)];
	world->changes = changes[world_random(world, 4)];
	world->lag = lags[world_random(world, 3)];
	if (world->fault == FAULT_BACK_DATING)
		world->changes |= CHANGE_BACK_DATE;
	if (world->fault == FAULT_FRESH_ROWS)
		world->lag = 2;
	if (world->fault == FAULT_SHORT_PAGES)
		world->page_size = 1 + (int) world_random(world, 9);
	if (world_random(world, 3) == 0)
		world->bounds[0] = random_bounds(world, spread);
	if (world_random(world, 3) == 0)
		world->bounds[1] = random_bounds(world, spread);

	/* not in the worlds that have all times: these stay what their seeds made */
	stride = lacks_times(only) ? strides[world_random(world, 3)] : 3;
	world->zero_counts = lacks_times(only) && world_random(world, 2);

	for (int i = 0; i < n; i++)
	{
		int64_t		u = WORLD_START - 1 - (int64_t) world_random(world, spread);
		int64_t		a = u - (world_random(world, 2) ? 0 : (int64_t) world_random(world, spread));

		if (i % 3 == 0 && world->fault == FAULT_FULL_SECOND)
		{
			a = WORLD_START - 9;
			u = u > a ? u : a;
		}
		if (i % stride == 0 && (only == FAULT_NO_TIMES || only == FAULT_NO_ADD_TIME))
			a = 0;
		if (i % stride == 0 && (only == FAULT_NO_TIMES || only == FAULT_NO_UPDATE_TIME))
			u = 0;
		world_add(world, a, u);
	}
}

static void
make_scan(Scan *scan, World *world)
{
	static const int sizes[] = {1, 2, 3, 5, 10, 10, 20, 100};
	static const int rooms[] = {UNDELIVERED_PAGES, UNDELIVERED_PAGES, UNDELIVERED_PAGES, 24, 10, 8};

	*scan = (Scan) {.world = world,.shuffle = true};
	scan->config.method = PAGER_CERTIFIED;
	scan->config.key = (PagerTime) world_random(world, 2);
	memcpy(scan->config.bounds, world->bounds, sizeof(world->bounds));
	scan->config.page_size = sizes[world_random(world, 8)];
	scan->config.concurrency = 1 + (int) world_random(world, 16);
	scan->config.max_pages = rooms[world_random(world, 6)];
	scan->config.settle = world->fault == FAULT_LATE ? 0 : world->lag + 1;
	scan->config.limit = world_random(world, 4) ? -1 : (int64_t) world_random(world, 150);
	scan->stop_at_limit = world_random(world, 2);
	scan->hold_back = lacks_times(world->fault) && world_random(world, 2);
	scan->eager = world_random(world, 2) ? .1 : 0;
}

/* The methods that have no windows. */
static void
make_other_scan(Scan *scan, World *world)
{
	make_scan(scan, world);
	switch (world_random(world, 4))
	{
		case 0:
			scan->config.method = PAGER_SINGLE;
			world->page_size = scan->config.page_size = 100;
			break;
		case 1:
			scan->config.method = PAGER_REPEATED;
			break;
		default:
			scan->config.method = PAGER_PLAIN;
	}
}

/*
 * May records of this world be lost without an error?  When an assumption is
 * broken, behind as many that were handed on and then deleted.  A plain or
 * repeated reading can only compare totals, which tells nothing when records
 * come and go.
 */
static bool
may_hide(const Scan *scan)
{
	const World *world = scan->world;

	if (scan->config.method == PAGER_CERTIFIED)
		return world->fault > FAULT_IN_ASSUMPTIONS && scan->nlost <= scan->ngone;
	return (world->changes != CHANGE_ADD && world->changes != CHANGE_DROP &&
			world->changes != CHANGE_TOUCH) ||
		world->bounds[PAGER_UPDATE_TIME].has_low || world->bounds[PAGER_UPDATE_TIME].has_high;
}

/* Much in few seconds, and hardly room for it. */
static void
make_tight_scan(Scan *scan, World *world)
{
	make_scan(scan, world);
	scan->config.page_size = 1 + (int) world_random(world, 2);
	scan->config.max_pages = 8 + (int) world_random(world, 3);
	scan->config.concurrency = 8 + (int) world_random(world, 8);
	scan->stop_at_limit = false;
	scan->config.limit = -1;
}

static void
one_schedule(uint64_t seed, Fault fault, void (*make) (Scan *, World *), Tally *tally)
{
	World		world;
	Scan		scan;

	make_world(&world, seed, fault);
	make(&scan, &world);
	scan.trace = verbose;
	drive(&scan);

	tally->runs++;
	tally->requests += world.requests;
	if (scan.end == PAGER_DONE && scan.nlost > 0)
	{
		if (may_hide(&scan))
			tally->hidden++;
		else
			drive_wrong(&scan, "records lost");
	}
	if (scan.end == PAGER_DONE)
		tally->complete += scan.nlost == 0;
	else if (scan.end == PAGER_ROW)
		tally->stopped++;
	else
		tally->failures[scan.step.failure]++;
	if (scan.wrong)
	{
		tally->wrongs++;
		printf("# seed %llu, fault \"%s\": %s (%d lost)\n", (unsigned long long) seed,
			   fault_names[fault], scan.wrong, scan.nlost);
	}
	world_end(&world);
}

static void
print_tally(const char *name, const Tally *t)
{
	printf("# %-18s %8lld runs, %8lld complete, %6lld at limit", name, (long long) t->runs,
		   (long long) t->complete, (long long) t->stopped);
	for (int i = 1; i < PAGER_NFAILURES; i++)
	{
		if (t->failures[i])
			printf(", %lld %s", (long long) t->failures[i], failure_names[i]);
	}
	if (t->hidden)
		printf(", %lld hidden by deletions", (long long) t->hidden);
	if (t->wrongs)
		printf(", %lld WRONG", (long long) t->wrongs);
	printf(" (%.1f requests each)\n", (double) t->requests / (t->runs ? t->runs : 1));
}

/* Errors where nothing is broken: lists that change too fast to be read. */
static bool
rarely_fails(const Tally *t)
{
	int64_t		failures = 0;

	for (int i = 1; i < PAGER_NFAILURES; i++)
	{
		failures += t->failures[i];
		if (i != PAGER_UNSTABLE && i != PAGER_UNAUDITED && t->failures[i] > 0)
			return false;
	}
	return failures * 100 <= t->runs + 500;
}

static void
test_schedules(int64_t runs, uint64_t seed, int nfaults)
{
	Tally		tallies[NFAULTS] = {{0}};
	Tally		others = {0};
	Tally		tight = {0};
	int64_t		wrongs = 0;
	bool		rare = true;

	for (int64_t i = 0; i < runs; i++)
	{
		uint64_t	s = seed + i;
		Fault		fault = s % 2 ? FAULT_NONE : (Fault) (s / 2 % nfaults);

		if (s % 16 == 15)
			one_schedule(s, FAULT_NONE, make_other_scan, &others);
		else if (s % 16 == 7)
			one_schedule(s, s % 32 == 7 ? FAULT_NONE : FAULT_FULL_SECOND, make_tight_scan, &tight);
		else
			one_schedule(s, fault, make_scan, &tallies[fault]);
	}
	for (int f = 0; f < NFAULTS; f++)
	{
		if (tallies[f].runs > 0)
			print_tally(fault_names[f], &tallies[f]);
		wrongs += tallies[f].wrongs;
		if (f <= FAULT_IN_ASSUMPTIONS)
			rare &= rarely_fails(&tallies[f]);
	}
	print_tally("little room", &tight);
	print_tally("other methods", &others);
	ok(wrongs + tight.wrongs + others.wrongs == 0, "schedules: complete, each record once, or an error");
	ok(rare && rarely_fails(&tight), "schedules: errors are rare where no assumption is broken");
	ok(rarely_fails(&tallies[FAULT_NO_ADD_TIME]), "schedules: nor where records have no addTime");
	ok(tallies[FAULT_FRESH_ROWS].failures[PAGER_IGNORED] == 0,
	   "schedules: a record that has just changed is no condition ignored");
}

int
main(int argc, char **argv)
{
	int64_t		runs = argc > 1 ? atoll(argv[1]) : 20000;
	uint64_t	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	const char *part = argc > 3 ? argv[3] : runs == 1 ? "schedules" : "";

	verbose = runs == 1;
	if (strcmp(part, "assumed") == 0)
		test_schedules(runs, seed, FAULT_IN_ASSUMPTIONS + 1);
	else if (!*part || strcmp(part, "schedules") == 0)
		test_schedules(runs, seed, NFAULTS);
	if (!*part || strcmp(part, "edges") == 0)
		test_edges(*part ? runs : 10000, seed);
	if (!*part || strcmp(part, "lists") == 0)
		test_lists();
	if (!*part || strcmp(part, "price") == 0)
		test_price();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
