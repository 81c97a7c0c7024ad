/*-------------------------------------------------------------------------
 *
 * idset.h
 *	  A growing set of 64-bit record ids.
 *
 * Costs at most 24 bytes a record, counted while it grows, too: open
 * addressing up to a load of 85 %, and half as many slots again each time, or
 * more where more are expected.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_IDSET_H
#define XBB_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where memory comes from; realloc-like: ptr NULL allocates, size 0 frees.
 * Never returns NULL for a size above 0, but may longjmp away.
 */
typedef struct Memory
{
	void	   *(*resize) (void *arg, void *ptr, size_t size);
	void	   *arg;
	uint64_t	seed;			/* of the sets in it: a random number, so that nobody
								 * can choose ids that meet in one slot */
} Memory;

/* All zero is an empty set without memory. */
typedef struct IdSet
{
	int64_t    *slots;
	uint64_t	seed;			/* the memory's, once there are slots */
	uint32_t	nslots;
	uint32_t	nused;			/* slots taken */
	int64_t		expected;		/* ids, if somebody said so */
	bool		has_vacant;		/* the id that marks a free slot is a member */
} IdSet;

/*
 * Says how many ids to expect, so that the set need not grow as often.  Nothing is
 * reserved: if the number is wrong, it has at most 20 times the slots it needs.
 */
extern void idset_expect(IdSet *set, int64_t n);

/* Adds an id; false if it was there. */
extern bool idset_add(IdSet *set, const Memory *memory, int64_t id);

extern bool idset_has(const IdSet *set, int64_t id);
extern int64_t idset_count(const IdSet *set);

/* Empties the set and gives its memory back. */
extern void idset_free(IdSet *set, const Memory *memory);

#endif							/* XBB_IDSET_H */
