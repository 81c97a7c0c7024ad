/*-------------------------------------------------------------------------
 *
 * use.h
 *	  Who has used an account's day, and for what.
 *
 * A fixed number of entries, of which the idlest is reused: what is shown is no more than
 * what is remembered.  Pure; who calls it holds the lock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_USE_H
#define XBB_USE_H

#include <stdint.h>
#include <string.h>

#define USES_KEPT 128

/* The same as LIMITER_TASK_SIZE, which limiter_show.c asserts; this file knows no limiter.h. */
#define USE_TASK_SIZE 64

typedef struct Use
{
	uint64_t	account[2];		/* its key */
	uint32_t	databaseid;
	uint32_t	userid;
	int			day;			/* any running number of days */
	int64_t		used;			/* requests */
	int64_t		touched;		/* last use; 0 = free */
	char		task[USE_TASK_SIZE];
} Use;

/* Adds to the entry that is like the key, made if it is not there. */
static inline void
use_count(Use *uses, const Use *key, int n)
{
	Use		   *use = &uses[0];

	for (int i = 0; i < USES_KEPT; i++)
	{
		Use		   *candidate = &uses[i];

		if (candidate->touched != 0 && candidate->day == key->day &&
			candidate->databaseid == key->databaseid && candidate->userid == key->userid &&
			memcmp(candidate->account, key->account, sizeof(key->account)) == 0 &&
			strcmp(candidate->task, key->task) == 0)
		{
			candidate->used = candidate->used + n < 0 ? 0 : candidate->used + n;
			candidate->touched = key->touched;
			return;
		}
		if (candidate->touched < use->touched)
			use = candidate;
	}
	if (n > 0)
	{
		*use = *key;
		use->used = n;
	}
}

#endif							/* XBB_USE_H */
