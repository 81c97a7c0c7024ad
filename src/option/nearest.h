/*-------------------------------------------------------------------------
 *
 * nearest.h
 *	  The name nearest to one that does not exist, for hints.
 *
 * By the rules of the server's ClosestMatchState, which it has from 16 on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_NEAREST_H
#define XBB_NEAREST_H

#include "utils/varlena.h"

/* Changes of a character that make it another name. */
#define NEAREST_MOST_CHANGES 4

/* Longer ones are none of our names, and may be too long to be compared. */
#define NEAREST_LONGEST 63

typedef struct NearestName
{
	const char *source;
	const char *name;			/* the nearest so far, or NULL */
	int			changes;		/* from source to name */
} NearestName;

static inline void
nearest_offer(NearestName *nearest, const char *candidate)
{
	int			length = strlen(nearest->source);
	int			changes;

	if (length == 0 || length > NEAREST_LONGEST)
		return;
	changes = varstr_levenshtein_less_equal(nearest->source, length,
											candidate, strlen(candidate),
											1, 1, 1, NEAREST_MOST_CHANGES, true);
	if (changes <= NEAREST_MOST_CHANGES && changes <= length / 2 &&
		(!nearest->name || changes < nearest->changes))
	{
		nearest->name = candidate;
		nearest->changes = changes;
	}
}

#endif							/* XBB_NEAREST_H */
