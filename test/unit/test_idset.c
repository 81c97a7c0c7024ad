/*-------------------------------------------------------------------------
 *
 * test_idset.c
 *	  Whoever chooses the ids of an answer cannot choose their slots.
 *
 *	  test_idset [seed]
 *
 * The ids are those that all belong in slot 0 of any table whose mix has no seed, found
 * by running the mix backwards.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/idset.c"

#define NIDS 20000
#define NSLOTS 24000
#define MOST_ALIKE 12			/* of random ids, one time in a thousand million */
#define NSEEDS 200

static int	ntests;
static int	nfailed;

static void
ok(bool passed, const char *name)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++ntests, name);
	nfailed += !passed;
}

static uint64_t
inverse(uint64_t factor)
{
	uint64_t	result = factor;

	for (int i = 0; i < 6; i++)
		result *= 2 - factor * result;
	return result;
}

static uint64_t
unshift(uint64_t h, int by)
{
	uint64_t	result = h;

	for (int i = 0; i < 64 / by + 1; i++)
		result = h ^ (result >> by);
	return result;
}

/* The id whose mix without a seed is h. */
static int64_t
id_of(uint64_t h)
{
	h = unshift(h, 31) * inverse(UINT64_C(0x94d049bb133111eb));
	h = unshift(h, 27) * inverse(UINT64_C(0xbf58476d1ce4e5b9));
	return (int64_t) unshift(h, 30);
}

static uint64_t state;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* How many of the ids belong in the slot that most belong in. */
static int
most_in_a_slot(uint64_t seed)
{
	static int	slots[NSLOTS];
	int			most = 0;

	memset(slots, 0, sizeof(slots));
	for (int i = 0; i < NIDS; i++)
	{
		int			n = ++slots[home_slot(id_of(i * UINT64_C(7919)), seed, NSLOTS)];

		most = n > most ? n : most;
	}
	return most;
}

static void *
resize(void *arg, void *ptr, size_t size)
{
	return realloc(ptr, size);
}

int
main(int argc, char **argv)
{
	uint64_t	start = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	int			worst = 0;
	bool		right = true;

	printf("# seed %llu\n", (unsigned long long) start);
	state = start * UINT64_C(0x9e3779b97f4a7c15) + 1;
	ok(most_in_a_slot(0) == NIDS, "these ids meet in one slot where there is no seed");
	for (int i = 0; i < NSEEDS; i++)
	{
		int			most = most_in_a_slot(next_random());

		worst = most > worst ? most : worst;
	}
	ok(worst <= MOST_ALIKE, "with a seed they are as far apart as any");

	/* two sets of two memories: each finds its own with the seed it was made with */
	{
		Memory		memories[] = {{resize, NULL, next_random()}, {resize, NULL, next_random()}};
		IdSet		sets[2] = {{0}};

		for (int i = 0; i < NIDS; i++)
			for (int j = 0; j < 2; j++)
				right &= idset_add(&sets[j], &memories[j], id_of(i)) &&
					!idset_add(&sets[j], &memories[j], id_of(i));
		for (int i = 0; i < 2 * NIDS; i++)
			for (int j = 0; j < 2; j++)
				right &= idset_has(&sets[j], id_of(i)) == (i < NIDS);
		for (int j = 0; j < 2; j++)
		{
			right &= idset_count(&sets[j]) == NIDS;
			idset_free(&sets[j], &memories[j]);
		}
	}
	ok(right, "a set is a set whatever its seed");
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
