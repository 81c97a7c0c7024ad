/*-------------------------------------------------------------------------
 *
 * test_evict.c
 *	  Whose place in shared memory is given away.
 *
 *-------------------------------------------------------------------------
 */
#include "limiter/evict.h"
#include "moments.h"

static void
test_evict(void)
{
	EvictPlace	places[8] = {
		{1, 500, 10},			/* busy, and left longest */
		{2, 0, 20},
		{2, 9, 21},
		{2, 0, 22},
		{3, 0, 11},
		{3, 0, 12},
		{2, 8, 24},
		{0, 0, 0},
	};

	ok(evict_choose(places, 8, 1000) == 7, "a free place is taken first");
	ok(evict_choose(places, 7, 1000) == 1, "then one of who has the most");
	places[1].touched = 30;
	ok(evict_choose(places, 7, 1000) == 3, "... of those that weigh nothing the one left longest");
	places[1].weight = places[3].weight = 10;
	ok(evict_choose(places, 7, 1000) == 6, "... and else that which weighs least");
	ok(evict_choose(places, 7, 24) == 2, "... and weighs next, while that one is in use");
	ok(evict_choose(places, 7, 20) == 2, "... the one left longest, where all are, whatever they weigh");
	for (int i = 0; i < 70; i++)
		places[1 + evict_choose(places + 1, 7, 1000)] = (EvictPlace) {9, 1000 + i, 100 + i};
	ok(places[0].owner == 1 && evict_of_owner(places, 8, 2) == 2 &&
	   evict_of_owner(places, 8, 3) == 2 && evict_of_owner(places, 8, 9) == 3,
	   "who takes many takes them from those who have as many");
}

int
main(int argc, char **argv)
{
	begin(argc, argv);
	test_evict();
	return end();
}
