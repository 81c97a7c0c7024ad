/*-------------------------------------------------------------------------
 *
 * evict.h
 *	  Whose place is given away where all are taken.
 *
 * It is one of the owner who has the most, so that nobody makes others lose theirs by
 * taking many; of these one that is not in use, of those the one that weighs least, then the
 * one left longest.  If all are in use, it is the one left longest: the youngest weighs least,
 * and would be lost while it is needed most.
 *
 * Pure, as slot.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_EVICT_H
#define XBB_EVICT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct EvictPlace
{
	uint32_t	owner;
	int64_t		weight;			/* what is lost with it */
	int64_t		touched;		/* last use; 0 = free */
} EvictPlace;

/* How many places have the owner of this one. */
static inline int
evict_of_owner(const EvictPlace *places, int n, uint32_t owner)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
		count += places[i].owner == owner;
	return count;
}

/* Is it given away before that one? "recent": what was touched then or later is in use. */
static inline bool
evict_before(const EvictPlace *place, const EvictPlace *other, int64_t recent)
{
	bool		in_use = place->touched >= recent;

	if (in_use != (other->touched >= recent))
		return !in_use;
	if (!in_use && place->weight != other->weight)
		return place->weight < other->weight;
	return place->touched < other->touched;
}

/* The place to give away, a free one if there is any. */
static inline int
evict_choose(const EvictPlace *places, int n, int64_t recent)
{
	int			chosen = -1;
	int			most = 0;

	for (int i = 0; i < n; i++)
		if (places[i].touched == 0)
			return i;
	for (int i = 0; i < n; i++)
	{
		const EvictPlace *best = &places[chosen < 0 ? i : chosen];
		const EvictPlace *place = &places[i];

		if (chosen < 0 || place->owner != best->owner)
		{
			int			count = evict_of_owner(places, n, place->owner);

			if (count < most)
				continue;
			if (count > most)
			{
				most = count;
				chosen = i;
				continue;
			}
		}
		if (evict_before(place, best, recent))
			chosen = i;
	}
	return chosen;
}

#endif							/* XBB_EVICT_H */
