/*-------------------------------------------------------------------------
 *
 * pager_edges.c
 *	  Limits, totals, rows and times at the edges of their types, from an API
 *	  that says whatever it likes: a scan ends all the same, and soon.
 *
 * A part of test_pager.c.  What is handed on from such answers means nothing; that
 * nothing overflows is for UBSan to see.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pager/pager_state.h"
#include "pager_drive.h"

#define MOST_ROWS	300
#define MOST_STEPS	400000

typedef enum Manner
{
	STEADY,						/* one value for the whole scan */
	NEARLY_STEADY,				/* another one now and then */
	WILD						/* another one each time */
} Manner;

typedef struct EdgeReply
{
	PagerRequest request;
	bool		delivered;
	bool		freed;
	int			nrows;
	struct EdgeReply *next;
} EdgeReply;

/* A scan, and the habits of the API that answers it. */
typedef struct EdgeScan
{
	World		world;			/* its random numbers */
	PagerConfig config;
	Manner		totals;
	Manner		times;
	Manner		dates;
	int64_t		total;
	int64_t		time;
	int64_t		date;
	int			rows;			/* most on a page */
	int			fruitful;		/* answers that have any */
	bool		obeys;			/* times lie in the range asked for */
	bool		counts;			/* the total is that of the rows */
	bool		hollow;			/* and 0 where a range has an end */
	int64_t		next_id;
	int64_t		pool;			/* ids come again */

	/* the rows of the answer being given */
	int64_t		ids[MOST_ROWS];
	int64_t		values[PAGER_NTIMES][MOST_ROWS];

	EdgeReply  *flying[DRIVE_MOST_IN_FLIGHT];
	int			nflying;
	EdgeReply  *replies;
	int64_t		steps;
	int64_t		asked;
	PagerAction end;
	PagerFailure failure;
	const char *wrong;
} EdgeScan;

static int64_t
edge(World *world)
{
	static const int64_t edges[] = {
		INT64_MIN, INT64_MIN + 60, -1, 0, 1, 100, 9999, 10000, 1262304000, WORLD_START, INT32_MAX, UINT32_MAX,
		INT64_C(1000000000), INT64_C(9000000000000), INT64_C(253402300800), INT64_C(999999999999999999),
		INT64_MAX / 100, INT64_MAX / 50, INT64_MAX - 9999, INT64_MAX
	};
	int64_t		v = edges[world_random(world, sizeof(edges) / sizeof(edges[0]))];
	int64_t		d = (int64_t) world_random(world, 130);

	/* a little beside it, where the type goes on */
	if (world_random(world, 2))
		return v < 0 ? v + d : v - d;
	return v > 0 && v <= INT64_MAX - d ? v + d : v;
}

static TimeRange
edge_range(World *world)
{
	TimeRange	range = {world_random(world, 2), world_random(world, 2), 0, 0};

	range.low = edge(world);
	range.high = edge(world);
	if (range.low > range.high && world_random(world, 8))
	{
		int64_t		swap = range.low;

		range.low = range.high;
		range.high = swap;
	}
	return range;
}

static void
make_edges(EdgeScan *scan, uint64_t seed)
{
	World	   *world = &scan->world;
	static const int64_t settles[] = {0, 0, 1, 1, 5, 5, 5, 100, INT64_MAX};

	memset(scan, 0, sizeof(*scan));
	world_begin(world, seed);
	scan->config.method = (PagerMethod) (world_random(world, 2) ? 0 : world_random(world, 4));
	scan->config.key = (PagerTime) world_random(world, PAGER_NTIMES);
	for (int t = 0; t < PAGER_NTIMES; t++)
		if (world_random(world, 4) == 0)
			scan->config.bounds[t] = edge_range(world);
	scan->config.page_size = 1 + (int) world_random(world, world_random(world, 2) ? 3 : 100);
	scan->config.concurrency = 1 + (int) world_random(world, 16);
	scan->config.max_pages = 8 + (int) world_random(world, 57);
	scan->config.settle = settles[world_random(world, 9)];
	scan->config.limit = world_random(world, 3) ? -1 : edge(world);

	scan->totals = (Manner) world_random(world, 3);
	scan->times = (Manner) world_random(world, 3);
	scan->dates = (Manner) world_random(world, 3);
	scan->total = world_random(world, 3) ? edge(world) : (int64_t) world_random(world, 400);
	scan->time = world_random(world, 2) ? edge(world) : WORLD_START - 500;
	scan->date = world_random(world, 2) ? edge(world) : WORLD_START;
	scan->rows = world_random(world, 4) ? scan->config.page_size : (int) world_random(world, MOST_ROWS + 1);
	scan->fruitful = (int) world_random(world, world_random(world, 2) ? 4 : 60);
	scan->obeys = world_random(world, 4) > 0;
	scan->counts = world_random(world, 4) == 0;
	scan->hollow = world_random(world, 8) == 0;
	scan->pool = 1 + (int64_t) world_random(world, 500);
}

/* The habit's value, or a new one. */
static int64_t
next_value(World *world, Manner manner, int64_t *value)
{
	if (manner == WILD || (manner == NEARLY_STEADY && world_random(world, 30) == 0))
		*value = edge(world);
	return *value;
}

static int64_t
inside(int64_t v, TimeRange range)
{
	if (range.has_low && v < range.low)
		v = range.low;
	if (range.has_high && v > range.high)
		v = range.high;
	return v;
}

static void
answer_edge(EdgeScan *scan, Pager *pager)
{
	World	   *world = &scan->world;
	int			i = (int) world_random(world, scan->nflying);
	EdgeReply  *reply = scan->flying[i];
	PagerAnswer answer = {.ticket = reply->request.ticket,.page = reply,.ids = scan->ids};

	scan->flying[i] = scan->flying[--scan->nflying];
	reply->delivered = true;
	if (scan->fruitful > 0)
	{
		scan->fruitful--;
		reply->nrows = world_random(world, 3) ? scan->rows : (int) world_random(world, scan->rows + 1);
	}
	for (int r = 0; r < reply->nrows; r++)
	{
		scan->ids[r] = world_random(world, 20) ? scan->next_id++ % scan->pool : edge(world);
		for (int t = 0; t < PAGER_NTIMES; t++)
		{
			int64_t		v = next_value(world, scan->times, &scan->time);

			scan->values[t][r] = scan->obeys ? inside(v, reply->request.range[t]) : v;
		}
	}
	answer.nrows = reply->nrows;
	answer.times[0] = scan->values[0];
	answer.times[1] = scan->values[1];
	answer.total = scan->counts ? reply->nrows : next_value(world, scan->totals, &scan->total);
	if (scan->hollow && (reply->request.range[0].has_high || reply->request.range[1].has_high))
		answer.total = 0;
	answer.date = next_value(world, scan->dates, &scan->date);
	pager_answer(pager, &answer);
}

static void
wrong_edge(EdgeScan *scan, const char *what)
{
	if (!scan->wrong)
		scan->wrong = what;
}

static void
ask_edge(EdgeScan *scan, const PagerRequest *request)
{
	EdgeReply  *reply = malloc(sizeof(EdgeReply));

	reply->request = *request;
	reply->delivered = reply->freed = false;
	reply->nrows = 0;
	reply->next = scan->replies;
	scan->replies = reply;
	scan->asked++;
	if (request->page < 1 || request->page_size != scan->config.page_size)
		wrong_edge(scan, "bad page number or size");
	if (scan->nflying >= scan->config.concurrency)
		wrong_edge(scan, "too many requests in flight");
	else
		scan->flying[scan->nflying++] = reply;
}

/* Carries out one step; false at the end. */
static bool
act_edge(EdgeScan *scan, Pager *pager, PagerAction action, const PagerStep *step)
{
	EdgeReply  *reply = step->page;

	switch (action)
	{
		case PAGER_ASK:
			ask_edge(scan, &step->request);
			return true;
		case PAGER_ROW:
			if (!reply->delivered || reply->freed || step->row < 0 || step->row >= reply->nrows)
				wrong_edge(scan, "a row that is not there");
			return true;
		case PAGER_FREE:
			if (!reply->delivered || reply->freed)
				wrong_edge(scan, "freed what it did not hold");
			reply->freed = true;
			return true;
		case PAGER_WAIT:
			if (scan->nflying > 0)
				answer_edge(scan, pager);
			else
				wrong_edge(scan, "waits for nothing");
			return true;
		case PAGER_SLEEP:
			if (step->seconds < 1 || scan->nflying > 0)
				wrong_edge(scan, "sleeps without need");
			if (scan->dates == STEADY && scan->date >= 0 && scan->date < INT64_MAX - step->seconds)
				scan->date += step->seconds;
			return true;
		default:
			scan->end = action;
			scan->failure = action == PAGER_FAIL ? step->failure : PAGER_NO_FAILURE;
			return false;
	}
}

static void
drive_edges(EdgeScan *scan)
{
	size_t		before = drive_used;
	Pager	   *pager;
	PagerStep	step;

	scan->config.resize = drive_resize;
	pager = pager_create(&scan->config);
	while (!scan->wrong && act_edge(scan, pager, pager_next(pager, &step), &step))
		if (++scan->steps > MOST_STEPS)
			wrong_edge(scan, "does not end");
	pager_destroy(pager);
	if (drive_used != before)
		wrong_edge(scan, "leaks memory");
	drive_used = before;
	for (EdgeReply *reply = scan->replies, *next; reply; reply = next)
	{
		next = reply->next;
		free(reply);
	}
}

/*
 * A list that claims so many records, has some in its first answer alone, and none in
 * its windows: how it ends.
 */
static PagerFailure
claim(PagerMethod method, int64_t total, int rows, int64_t *asked)
{
	EdgeScan	scan = {.totals = STEADY,.total = total,.rows = rows,.fruitful = 1};

	world_begin(&scan.world, 1);
	scan.config = (PagerConfig)
	{
		.method = method,.page_size = 100,.concurrency = 8,.max_pages = UNDELIVERED_PAGES,.settle = 5,.limit = -1
	};
	scan.time = WORLD_START - 500;
	scan.date = WORLD_START;
	scan.obeys = scan.hollow = true;
	scan.pool = INT64_MAX;
	drive_edges(&scan);
	*asked = scan.asked;
	return scan.wrong || scan.end != PAGER_FAIL ? PAGER_NO_FAILURE : scan.failure;
}

static void
test_claims(void)
{
	static const int64_t totals[] = {INT32_MAX, INT64_C(9000000000000), INT64_C(999999999999999999), INT64_MAX};
	int64_t		asked;
	bool		absurd = true;
	bool		ends = true;

	for (PagerMethod method = PAGER_CERTIFIED; method <= PAGER_PLAIN; method++)
		for (int i = 0; i < 4; i++)
			absurd &= claim(method, totals[i], i, &asked) == PAGER_ABSURD && asked <= 8;
	ok(absurd, "edges: totals that no list has are an error at once");

	for (int rows = 0; rows <= 100; rows += 50)
	{
		ends &= claim(PAGER_CERTIFIED, PAGER_MOST, rows, &asked) == PAGER_UNSTABLE && asked < 1200;
		ends &= claim(PAGER_REPEATED, PAGER_MOST, rows, &asked) == PAGER_UNSTABLE && asked < 1200;
		ends &= claim(PAGER_PLAIN, PAGER_MOST, rows, &asked) == PAGER_CHANGED && asked <= 9;
	}
	ok(ends, "edges: a list that claims much and shows little is given up, by what it showed");
}

/* Mistakes of the caller, which only show that a mistake in here would be no crash. */
static void
test_confusion(void)
{
	PagerConfig config = {
		.method = PAGER_CERTIFIED,.page_size = 100,.concurrency = 1,.max_pages = 8,.limit = -1,
		.resize = drive_resize
	};
	PagerAnswer answer = {.ticket = 4711,.page = &config,.total = 0,.date = -1};
	Pager	   *pager = pager_create(&config);
	PagerStep	step;
	bool		good = pager_next(pager, &step) == PAGER_ASK;

	pager_answer(pager, &answer);
	good = good && pager_next(pager, &step) == PAGER_FREE && step.page == &config &&
		pager_next(pager, &step) == PAGER_FAIL && step.failure == PAGER_CONFUSED;
	pager_destroy(pager);

	config.max_pages = 0;
	for (config.limit = -1; config.limit <= 1; config.limit += 2)
	{
		pager = pager_create(&config);
		good = good && pager_next(pager, &step) == PAGER_FAIL && step.failure == PAGER_CONFUSED;
		pager_destroy(pager);
	}
	ok(good && drive_used == 0, "edges: an answer to nothing, and nothing to ask for, are errors");
}

static void
test_times(void)
{
	ok(pager_later(INT64_MAX, 1) == INT64_MAX && pager_later(INT64_MAX - 59, 60) == INT64_MAX &&
	   pager_later(INT64_MAX - 60, 60) == INT64_MAX && pager_later(INT64_MAX - 61, 60) == INT64_MAX - 1 &&
	   pager_later(INT64_MIN + 59, -60) == INT64_MIN && pager_later(INT64_MIN + 61, -60) == INT64_MIN + 1 &&
	   pager_later(5, -60) == -55 && pager_later(INT64_MIN, 60) == INT64_MIN + 60,
	   "edges: the first and the last second there are");
	ok(pager_divide(5, 6, .5) == 5 && pager_divide(-7, 3, .3) == -4 && pager_divide(5, 205, .125) == 30 &&
	   pager_divide(INT64_MIN, INT64_MAX, .5) == 0 && pager_divide(INT64_MIN, INT64_MAX, .25) == INT64_MIN / 2 &&
	   pager_divide(INT64_MAX - 3, INT64_MAX, .5) == INT64_MAX - 2 && pager_divide(INT64_MIN, INT64_MAX, 0) == INT64_MIN,
	   "edges: parts of a span, all of time among them");
}

void
test_edges(int64_t runs, uint64_t seed)
{
	int64_t		ends[PAGER_NFAILURES] = {0};
	int64_t		done = 0;
	int64_t		steps = 0;
	int64_t		wrongs = 0;
	int64_t		longest = 0;
	bool		verbose = runs == 1;

	for (int64_t i = 0; i < runs; i++)
	{
		EdgeScan	scan;

		make_edges(&scan, seed + i);
		drive_edges(&scan);
		done += scan.end == PAGER_DONE;
		ends[scan.failure] += scan.end == PAGER_FAIL;
		steps += scan.steps;
		longest = scan.steps > longest ? scan.steps : longest;
		wrongs += scan.wrong != NULL;
		if (scan.wrong || verbose)
			printf("# seed %llu: %s (end %d, failure %d, %lld steps)\n", (unsigned long long) (seed + i),
				   scan.wrong ? scan.wrong : "nothing wrong", scan.end, scan.failure, (long long) scan.steps);
	}
	printf("# %lld scans of nonsense: %lld complete", (long long) runs, (long long) done);
	for (int f = 1; f < PAGER_NFAILURES; f++)
		if (ends[f] > 0)
			printf(", %lld %s", (long long) ends[f], failure_names[f]);
	printf("; %.0f steps each, at most %lld\n", (double) steps / runs, (long long) longest);
	ok(wrongs == 0, "edges: every scan of nonsense ends, and gives its memory back");
	ok(ends[PAGER_CONFUSED] == 0, "edges: and never in a state that cannot be");
	test_times();
	test_claims();
	test_confusion();
}
