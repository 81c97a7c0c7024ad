/*-------------------------------------------------------------------------
 *
 * pager_price.c
 *	  What a certified scan costs: in requests, against the ideal of one a
 *	  page, and in round trips, where it has always enough to ask for.
 *
 * A part of test_pager.c.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "pager_drive.h"

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
			.max_pages = UNDELIVERED_PAGES,.settle = 5,.limit = -1
	};
	drive(scan);
	world_end(&world);
	return (double) world.requests / ((n + 99) / 100);
}

/* The average of a few worlds; false in *complete if one was not. */
static double
average_price(Shape shape, PagerTime key, int n, double changes, bool *complete)
{
	const int	worlds = n > 10000 && changes == 1 ? 5 : 2;
	double		sum = 0;

	for (int i = 0; i < worlds; i++)
	{
		Scan		scan;

		sum += price(shape, key, n, changes, 100 * n + 10 * shape + i, &scan);
		*complete &= scan.end == PAGER_DONE && scan.nlost == 0 && !scan.wrong;
	}
	return sum / worlds;
}

/* Round trips that follow one another, of a list at rest of the last "days". */
static int
trips(int n, int days, PagerTime key, int limit, bool *complete)
{
	World		world;
	Scan		scan = {.world = &world};

	world_begin(&world, n + days);
	for (int i = 0; i < n; i++)
	{
		int64_t		t = WORLD_START - 9 - (int64_t) world_random(&world, days * 86400 - 9);

		world_add(&world, t, t);
	}
	scan.config = (PagerConfig)
	{
		.method = PAGER_CERTIFIED,.key = key,.page_size = 100,.concurrency = 16,
			.max_pages = UNDELIVERED_PAGES,.settle = 5,.limit = limit
	};
	drive(&scan);
	*complete &= scan.end == PAGER_DONE && scan.nlost == 0 && !scan.wrong;
	world_end(&world);
	return scan.trips;
}

static void
test_trips(void)
{
	static const struct
	{
		int			n;
		int			days;
		int			most;
	}			lists[] = {
		{400, 400, 2}, {1900, 400, 3}, {20000, 3650, 15}, {20000, 400, 15}, {20000, 14, 16},
		{50000, 3650, 35}, {50000, 400, 35}, {50000, 14, 35}
	};
	bool		complete = true;
	bool		fast = true;

	for (int i = 0; i < (int) (sizeof(lists) / sizeof(lists[0])); i++)
	{
		for (int key = 0; key < PAGER_NTIMES; key++)
		{
			int			n = trips(lists[i].n, lists[i].days, (PagerTime) key, -1, &complete);

			printf("# %d records of %d days, by %s: %d round trips, %.2f of pages/16\n",
				   lists[i].n, lists[i].days, key == PAGER_ADD_TIME ? "addTime" : "updateTime",
				   n, n / (lists[i].n / 1600.0));
			fast &= n <= lists[i].most;
		}
	}
	ok(complete && fast, "round trips: few are waited for, wherever the records lie");
	ok(trips(400, 400, PAGER_ADD_TIME, 1000, &complete) == trips(400, 400, PAGER_ADD_TIME, -1, &complete) && complete,
	   "round trips: a list that is shorter than its limit, as without one");
	ok(trips(20000, 400, PAGER_ADD_TIME, 30000, &complete) == trips(20000, 400, PAGER_ADD_TIME, -1, &complete) && complete,
	   "round trips: a long one");
}

void
test_price(void)
{
	static const struct
	{
		int			n;
		double		changes;
		double		most;		/* for times that are spread */
	}			columns[] = {
		{500, 0, 7 / 5.0}, {520, 1, 0}, {520, 5, 0}, {1900, 0, 21 / 19.0},
		{5000, 0, 0}, {5000, 1, 0}, {12000, 0, 1.12}, {30000, 0, 1.12},
		{30000, 1, 1.3}, {30000, 5, 0}
	};
	const int	ncolumns = sizeof(columns) / sizeof(columns[0]);
	bool		complete = true;
	bool		cheap = true;

	printf("# requests / ideal, by records (changes a second)\n# %-25s", "");
	for (int i = 0; i < ncolumns; i++)
		printf("%6d(%.0f)", columns[i].n, columns[i].changes);
	for (Shape shape = EVEN; shape < NSHAPES; shape++)
	{
		for (int key = 0; key < PAGER_NTIMES; key++)
		{
			printf("\n# %-17s %-7s", shape_names[shape], key == PAGER_ADD_TIME ? "add" : "update");
			for (int i = 0; i < ncolumns; i++)
			{
				double		p = average_price(shape, (PagerTime) key, columns[i].n,
											  columns[i].changes, &complete);

				printf("%9.2f", p);
				if (columns[i].most > 0 && (shape <= ZIPF || columns[i].n < 2000))
					cheap &= p < columns[i].most + 1e-6;
			}
		}
	}
	printf("\n");
	ok(complete, "price: every scan is complete");
	ok(cheap, "price: at rest 1.12 of the ideal, two more for a few full pages; 1.3 when changing");
	test_trips();
}
