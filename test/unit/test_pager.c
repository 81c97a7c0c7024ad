/*-------------------------------------------------------------------------
 *
 * test_pager.c
 *	  A scan of a changing list is complete, or ends in an error.
 *
 *	  test_pager [schedules] [seed]
 *
 * Each schedule is a world (size, order, ties, changes, lag, faults), a scan
 * (method, time, bounds, page size, requests in flight, limit) and an
 * interleaving of requests, answers and rows, all of them from one seed.  A
 * failure prints that seed; "test_pager 1 SEED" runs it again.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* --- TAP --------------------------------------------------------------- */

static int	ntests;
static int	nfailed;

static void
ok(bool passed, const char *name)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++ntests, name);
	nfailed += !passed;
	fflush(stdout);
}

/* --- memory ------------------------------------------------------------ */

static size_t used,
			peak;

static void *
test_resize(void *arg, void *ptr, size_t size)
{
	size_t	   *block = ptr ? (size_t *) ptr - 2 : NULL;

	(void) arg;
	used -= block ? block[0] : 0;
	used += size;
	if (used > peak)
		peak = used;
	if (size == 0)
	{
		free(block);
		return NULL;
	}
	block = realloc(block, size + 2 * sizeof(size_t));
	if (!ptr)
		memset(block + 2, 0x5a, size);	/* no luck with old zeroes */
	block[0] = size;
	return block + 2;
}

/* --- one scan ----------------------------------------------------------- */

typedef struct Reply
{
	struct Reply *next;			/* of all replies */
	PagerRequest request;
	PagerAnswer answer;
	bool		answered;		/* the world has made it */
	bool		delivered;		/* the pager has it */
	bool		freed;
	int64_t		ids[100];
	int64_t		add_times[100];
	int64_t		update_times[100];
} Reply;

typedef struct Scan
{
	World	   *world;
	PagerConfig config;
	bool		stop_at_limit;	/* as LIMIT does */
	bool		shuffle;		/* answers in any order */
	double		eager;			/* chance that an answer comes between two
								 * rows */
	const char *trace;

	/* results */
	PagerAction end;			/* PAGER_DONE, PAGER_FAIL, or PAGER_ROW when
								 * stopped at the limit */
	PagerStep	step;			/* of the failure */
	PagerCounters counters;
	int			ngot;
	int			nlost;
	int			ngone;			/* handed on, but not there any more */
	int			deepest;		/* row that was asked for */
	int			most_in_flight;
	int			most_held;		/* undelivered and in flight */
	int			slept;
	const char *wrong;			/* a broken promise */

	/* state */
	Reply	   *replies;
	Reply	   *flying[64];
	int			nflying;
	int			held;
} Scan;

static void
wrong(Scan *scan, const char *what)
{
	if (!scan->wrong)
		scan->wrong = what;
}

static void
send(Scan *scan, const PagerRequest *request)
{
	Reply	   *reply = calloc(1, sizeof(Reply));
	int64_t		depth = (int64_t) request->page * request->page_size;

	reply->request = *request;
	reply->next = scan->replies;
	scan->replies = reply;
	if (scan->nflying >= scan->config.concurrency)
		wrong(scan, "too many requests in flight");
	scan->flying[scan->nflying++] = reply;

	if (scan->nflying > scan->most_in_flight)
		scan->most_in_flight = scan->nflying;
	if (scan->held + scan->nflying > scan->most_held)
		scan->most_held = scan->held + scan->nflying;
	if (depth > scan->deepest)
		scan->deepest = (int) depth;
	if (request->page < 1 || request->page_size != scan->config.page_size)
		wrong(scan, "bad page number or size");
	for (int t = 0; t < PAGER_NTIMES; t++)
	{
		PagerRange	bounds = scan->config.bounds[t];
		PagerRange	range = request->range[t];

		if ((bounds.has_low && (!range.has_low || range.low < bounds.low)) ||
			(bounds.has_high && (!range.has_high || range.high > bounds.high)))
			wrong(scan, "a request outside the user's bounds");
	}
}

/* The world answers one request, or one answer arrives. */
static void
turn(Scan *scan, Pager *pager)
{
	World	   *world = scan->world;
	int			i = scan->shuffle ? (int) world_random(world, scan->nflying) : 0;
	Reply	   *reply = scan->flying[i];

	if (!reply->answered)
	{
		world_answer(world, &reply->request, &reply->answer, reply->ids,
					 reply->add_times, reply->update_times);
		reply->answered = true;
		if (scan->shuffle && world_random(world, 2))
			return;
	}
	scan->nflying--;
	memmove(scan->flying + i, scan->flying + i + 1, (scan->nflying - i) * sizeof(Reply *));
	reply->delivered = true;
	reply->answer.page = reply;
	scan->held++;
	if (scan->trace)
		printf("# %s %3d [%lld %lld] [%lld %lld]: %d of %lld at %lld\n", scan->trace, reply->request.page,
			   (long long) (reply->request.range[0].has_low ? reply->request.range[0].low - WORLD_START : -1),
			   (long long) (reply->request.range[0].has_high ? reply->request.range[0].high - WORLD_START : -1),
			   (long long) (reply->request.range[1].has_low ? reply->request.range[1].low - WORLD_START : -1),
			   (long long) (reply->request.range[1].has_high ? reply->request.range[1].high - WORLD_START : -1),
			   reply->answer.nrows, (long long) reply->answer.total, (long long) (world->now - WORLD_START));
	pager_answer(pager, &reply->answer);
}

static void
take_row(Scan *scan, const PagerStep *step)
{
	Reply	   *reply = step->page;
	Record		record = {.exists = true};
	int64_t		id;

	if (reply->freed || !reply->delivered || step->row < 0 || step->row >= reply->answer.nrows)
	{
		wrong(scan, "a row that is not there");
		return;
	}
	id = reply->ids[step->row];
	record.time[0] = reply->add_times[step->row] * 10;
	record.time[1] = reply->update_times[step->row] * 10;
	scan->ngot++;
	if (scan->world->given[id - 1])
		wrong(scan, "handed on twice");
	scan->world->given[id - 1] = true;
	if (scan->world->nrecords < 1000 &&
		!world_had_version(scan->world, id, record.time[0] / 10, record.time[1] / 10))
		wrong(scan, "a version that never was");
	if (!world_meets_bounds(scan->world, &record))
		wrong(scan, "a record outside the bounds");
}

static void
run(Scan *scan)
{
	World	   *world = scan->world;
	Pager	   *pager;
	PagerStep	step;
	int64_t		steps = 0;
	size_t		before = used;

	world_ready(world);
	scan->config.resize = test_resize;
	scan->end = PAGER_WAIT;
	pager = pager_create(&scan->config);

	while (scan->end == PAGER_WAIT)
	{
		PagerAction action = pager_next(pager, &step);

		if (++steps > 2000000)
		{
			wrong(scan, "does not end");
			break;
		}
		switch (action)
		{
			case PAGER_ASK:
				send(scan, &step.request);
				break;
			case PAGER_ROW:
				take_row(scan, &step);
				if (scan->stop_at_limit && scan->ngot >= scan->config.limit)
					scan->end = PAGER_ROW;
				if (scan->eager > 0 && scan->nflying > 0 && world_chance(world, scan->eager))
					turn(scan, pager);
				break;
			case PAGER_FREE:
				if (((Reply *) step.page)->freed)
					wrong(scan, "freed twice");
				((Reply *) step.page)->freed = true;
				scan->held--;
				break;
			case PAGER_WAIT:
				if (scan->nflying == 0)
				{
					wrong(scan, "waits for nothing");
					scan->end = PAGER_FAIL;
				}
				else
					turn(scan, pager);
				break;
			case PAGER_SLEEP:
				if (scan->nflying > 0 || step.seconds < 1)
					wrong(scan, "sleeps on requests");
				world->now += step.seconds;
				scan->slept += (int) step.seconds;
				break;
			case PAGER_DONE:
			case PAGER_FAIL:
				scan->end = action;
				scan->step = step;
				break;
		}
	}
	scan->counters = *pager_counters(pager);
	pager_destroy(pager);
	if (used != before)
		wrong(scan, "leaks memory");
	used = before;

	for (Reply *reply = scan->replies, *next; reply; reply = next)
	{
		if (scan->end == PAGER_DONE && reply->delivered && !reply->freed)
			wrong(scan, "keeps a page");
		next = reply->next;
		free(reply);
	}
	for (int i = 0; i < world->nrecords; i++)
	{
		scan->nlost += world->always[i] && !world->given[i];
		scan->ngone += world->given[i] && !world_meets_bounds(world, &world->truth[i]);
	}
	if (scan->counters.handed_on != scan->ngot)
		wrong(scan, "miscounts");
}

/* --- schedules ---------------------------------------------------------- */

typedef struct Tally
{
	int64_t		runs;
	int64_t		complete;
	int64_t		failures[PAGER_CAPPED + 1];
	int64_t		hidden;			/* lost behind deletions */
	int64_t		stopped;
	int64_t		wrongs;
	int64_t		requests;
} Tally;

static const char *const fault_names[NFAULTS] = {
	"none", "no Date", "some Dates", "short pages", "one full second", "depth",
	"late", "clock ahead", "two replicas", "back-dating", "fractions",
	"no times", "total capped", "list before count", "no total",
	"exclusive low", "exclusive high", "addTime ignored", "updateTime ignored",
	"low ignored", "high ignored"
};

static const char *const failure_names[] = {
	"none", "ignored", "unstable", "unaudited", "no total", "changed", "capped"
};

static PagerRange
random_bounds(World *world, int64_t spread)
{
	PagerRange	range = {0};
	int64_t		a = WORLD_START + 10 - (int64_t) world_random(world, spread + 20);
	int64_t		b = WORLD_START + 10 - (int64_t) world_random(world, spread + 20);

	range.has_low = world_random(world, 3) > 0;
	range.has_high = world_random(world, 3) == 0;
	range.low = a < b ? a : b;
	range.high = a < b ? b : a;
	return range;
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
	int			n;
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
	if (world->fault == FAULT_SHORT_PAGES)
		world->page_size = 1 + (int) world_random(world, 9);
	if (world_random(world, 3) == 0)
		world->bounds[0] = random_bounds(world, spread);
	if (world_random(world, 3) == 0)
		world->bounds[1] = random_bounds(world, spread);

	for (int i = 0; i < n; i++)
	{
		int64_t		u = WORLD_START - 1 - (int64_t) world_random(world, spread);
		int64_t		a = u - (world_random(world, 2) ? 0 : (int64_t) world_random(world, spread));

		if (i % 3 == 0 && world->fault == FAULT_FULL_SECOND)
		{
			a = WORLD_START - 9;
			u = u > a ? u : a;
		}
		if (i % 3 == 0 && world->fault == FAULT_NO_TIMES)
			a = u = 0;
		world_add(world, a, u);
	}
}

static void
make_scan(Scan *scan, World *world)
{
	static const int sizes[] = {1, 2, 3, 5, 10, 10, 20, 100};
	static const int rooms[] = {64, 64, 64, 24, 10, 8};

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
	scan->eager = world_random(world, 2) ? .1 : 0;
}

/* May the records of this world be lost silently behind deleted ones? */
static bool
may_hide(const Scan *scan)
{
	return scan->world->fault > FAULT_IN_ASSUMPTIONS && scan->nlost <= scan->ngone;
}

static bool verbose;

static void
one_schedule(uint64_t seed, Fault fault, Tally *tally)
{
	World		world;
	Scan		scan;

	make_world(&world, seed, fault);
	make_scan(&scan, &world);
	if (verbose)
		scan.trace = "";
	run(&scan);

	tally->runs++;
	tally->requests += world.requests;
	if (scan.end == PAGER_DONE && scan.nlost > 0)
	{
		if (may_hide(&scan))
			tally->hidden++;
		else
			wrong(&scan, "records lost");
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
	for (int i = 1; i <= PAGER_CAPPED; i++)
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

static void
test_schedules(int64_t runs, uint64_t seed)
{
	Tally		tallies[NFAULTS] = {{0}};
	int64_t		wrongs = 0;

	for (int64_t i = 0; i < runs; i++)
	{
		uint64_t	s = seed + i;
		Fault		fault = s % 2 ? FAULT_NONE : (Fault) (s / 2 % NFAULTS);

		one_schedule(s, fault, &tallies[fault]);
	}
	for (int f = 0; f < NFAULTS; f++)
	{
		if (tallies[f].runs)
			print_tally(fault_names[f], &tallies[f]);
		wrongs += tallies[f].wrongs;
	}
	ok(wrongs == 0, "schedules: complete, once each, or an error");
}

/* --- price -------------------------------------------------------------- */

typedef enum Shape
{
	EVEN, ZIPF, BURST, HOUR, NSHAPES
} Shape;

static const char *const shape_names[NSHAPES] = {
	"even", "Zipf by day", "30 % in one second", "90 % in one hour"
};

#define DAYS	3650
#define EARLIER(world) (WORLD_START - 9 - (int64_t) world_random(world, DAYS * 86400 - 9))

/* A day, the n-th most likely with a weight of 1/n. */
static int
zipf_day(World *world)
{
	static int	day_of_rank[DAYS];
	static double below[DAYS];
	int			low = 0;
	int			high = DAYS - 1;
	double		x;

	if (below[0] == 0)
	{
		for (int i = 0; i < DAYS; i++)
		{
			int			k = (int) world_random(world, i + 1);

			day_of_rank[i] = day_of_rank[k];
			day_of_rank[k] = i;
			below[i] = (i > 0 ? below[i - 1] : 0) + 1.0 / (1 + i);
		}
	}
	x = world_random(world, 1000000) * 1e-6 * below[DAYS - 1];
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (below[middle] > x)
			high = middle;
		else
			low = middle + 1;
	}
	return day_of_rank[low];
}

/* Requests a page of the list; "changes" a second, 16 requests a second. */
static double
price(Shape shape, PagerTime key, int n, double changes, uint64_t seed, Scan *scan)
{
	World		world;
	int64_t		burst;

	world_begin(&world, seed);
	world.rate = changes / 16;
	world.pace = 1.0 / 16;
	world.changes = CHANGE_TOUCH;
	burst = EARLIER(&world) - 3600;
	for (int i = 0; i < n; i++)
	{
		int64_t		t = EARLIER(&world);

		if ((shape == BURST && world_random(&world, 10) < 3))
			t = burst;
		else if (shape == HOUR && world_random(&world, 10) < 9)
			t = burst + (int64_t) world_random(&world, 3600);
		else if (shape == ZIPF)
			t = WORLD_START - 86400 * (1 + zipf_day(&world)) + (int64_t) world_random(&world, 32400);
		if (key == PAGER_ADD_TIME)
			world_add(&world, t, t + (int64_t) world_random(&world, 1 + WORLD_START - 9 - t));
		else
			world_add(&world, t - (int64_t) world_random(&world, 10000000), t);
	}

	*scan = (Scan) {.world = &world,.shuffle = true};
	scan->config = (PagerConfig)
	{
		.method = PAGER_CERTIFIED,.key = key,.page_size = 100,.concurrency = 8,
			.max_pages = 64,.settle = 5,.limit = -1
	};
	if (verbose)
		scan->trace = "";
	run(scan);
	world_end(&world);
	return (double) world.requests / ((n + 99) / 100);
}

static void
test_price(void)
{
	static const struct
	{
		int			n;
		double		changes;
	}			columns[] = {
		{520, 0}, {520, 1}, {520, 5}, {1900, 0}, {5000, 0}, {5000, 1}, {5000, 5},
		{10000, 0}, {30000, 0}, {30000, 1}, {30000, 5}
	};
	bool		complete = true;
	bool		small = true;
	bool		large = true;
	bool		changing = true;

	printf("# requests / ideal: records (changes a second)\n# %-20s%-8s", "", "");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		printf("%8d(%.0f)", columns[i].n, columns[i].changes);
	for (Shape shape = EVEN; shape < NSHAPES; shape++)
	{
		for (int key = 0; key < PAGER_NTIMES; key++)
		{
			printf("\n# %-20s%-8s", shape_names[shape], key == PAGER_ADD_TIME ? "add" : "update");
			for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
			{
				Scan		scan;
				int			n = columns[i].n;
				double		p = price(shape, (PagerTime) key, n, columns[i].changes, n + shape, &scan);

				printf("%11.2f", p);
				complete &= scan.end == PAGER_DONE && scan.nlost == 0 && !scan.wrong;
				if (columns[i].changes == 0)
				{
					if (n < 2000)
						small &= p * ((n + 99) / 100) <= (n + 99) / 100 + 3.001;
					else if (n >= 10000 && shape <= ZIPF)
						large &= p <= 1.12;
				}
				else if (columns[i].changes == 1 && n == 30000 && shape <= ZIPF)
					changing &= p <= 1.3;
			}
		}
	}
	printf("\n");
	ok(complete, "price: every scan complete");
	ok(small, "price: below 20 pages at rest at most three more than the ideal");
	ok(large, "price: from 100 pages at rest at most 1.12 of the ideal");
	ok(changing, "price: 300 pages at one change a second at most 1.3");
}

int
main(int argc, char **argv)
{
	int64_t		runs = argc > 1 ? atoll(argv[1]) : 20000;
	uint64_t	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	verbose = argc > 3;
	test_schedules(runs, seed);
	if (argc == 2)
		test_price();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
