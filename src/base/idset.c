/*-------------------------------------------------------------------------
 *
 * idset.c
 *	  A growing set of 64-bit record ids.
 *
 * Linear probing.  The ids of a company are nearly consecutive, so they are
 * mixed first; the product with the number of slots then picks one without a
 * division and for any number of slots, not only powers of two.  The ids come from
 * outside, so the mix begins with a secret, and mixes it in once more: an id alone
 * says nothing about its slot.
 *
 *-------------------------------------------------------------------------
 */
#include "base/idset.h"

#define VACANT		INT64_MIN
#define FIRST_SIZE	16
#define MOST_GROWTH	16			/* times as many slots at once, nearly */

static uint32_t
home_slot(int64_t id, uint64_t seed, uint32_t nslots)
{
	uint64_t	h = (uint64_t) id ^ seed;

	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9) + (seed << 32 | seed >> 32);
	h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
	h ^= h >> 31;
	return (uint32_t) (((h >> 32) * nslots) >> 32);
}

/* The slot that holds id, or the free one where it belongs. */
static int64_t *
find_slot(int64_t *slots, uint32_t nslots, uint64_t seed, int64_t id)
{
	uint32_t	i = home_slot(id, seed, nslots);

	while (slots[i] != VACANT && slots[i] != id)
		i = i + 1 < nslots ? i + 1 : 0;
	return &slots[i];
}

static void
grow(IdSet *set, const Memory *memory)
{
	uint32_t	old = set->nslots ? set->nslots : FIRST_SIZE;
	uint32_t	nslots = set->nslots ? old + old / 2 : old;
	int64_t		most = (int64_t) old * MOST_GROWTH;
	int64_t    *slots;

	/* not just below what is expected, which would be moved once more */
	if (set->expected > most)
		nslots = (uint32_t) (most < set->expected / 4 ? most : set->expected / 4);
	else if (set->expected * 100 / 85 + 2 > old)
		nslots = (uint32_t) (set->expected * 100 / 85 + 2);
	slots = memory->resize(memory->arg, NULL, nslots * sizeof(int64_t));

	for (uint32_t i = 0; i < nslots; i++)
		slots[i] = VACANT;
	for (uint32_t i = 0; i < set->nslots; i++)
	{
		if (set->slots[i] != VACANT)
			*find_slot(slots, nslots, memory->seed, set->slots[i]) = set->slots[i];
	}
	if (set->slots)
		memory->resize(memory->arg, set->slots, 0);
	set->slots = slots;
	set->seed = memory->seed;
	set->nslots = nslots;
}

void
idset_expect(IdSet *set, int64_t n)
{
	set->expected = n > 0 ? n : 0;
}

bool
idset_add(IdSet *set, const Memory *memory, int64_t id)
{
	int64_t    *slot = NULL;

	if (id == VACANT)
	{
		bool		is_new = !set->has_vacant;

		set->has_vacant = true;
		return is_new;
	}
	if (set->nslots > 0)
		slot = find_slot(set->slots, set->nslots, set->seed, id);
	if (slot && *slot == id)
		return false;
	if (set->nused + 1 > (uint64_t) set->nslots * 85 / 100)
	{
		grow(set, memory);
		slot = find_slot(set->slots, set->nslots, set->seed, id);
	}
	*slot = id;
	set->nused++;
	return true;
}

bool
idset_has(const IdSet *set, int64_t id)
{
	if (id == VACANT)
		return set->has_vacant;
	return set->nslots > 0 && *find_slot(set->slots, set->nslots, set->seed, id) == id;
}

int64_t
idset_count(const IdSet *set)
{
	return (int64_t) set->nused + set->has_vacant;
}

void
idset_free(IdSet *set, const Memory *memory)
{
	if (set->slots)
		memory->resize(memory->arg, set->slots, 0);
	*set = (IdSet) {0};
}
