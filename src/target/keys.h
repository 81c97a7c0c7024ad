/*-------------------------------------------------------------------------
 *
 * keys.h
 *	  The keys of a request's records, to be found by.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_KEYS_H
#define XBB_KEYS_H

/* A record's key. */
typedef struct Key
{
	const char *text;
	int			record;
} Key;

typedef struct Keys
{
	int			nrecords;
	Key		   *keys;			/* in order, of the records that have one */
	int			nkeys;
	int		   *first;			/* of each record: the first with its key */
	int		   *sharing;		/* of such a first one: how many have its key */
} Keys;

/* Texts are UTF-8; NULL is none, for one or for all.  palloc'd. */
extern Keys keys_sort(const char *const *texts, int nrecords);

/* The first record of that key, in the database's encoding; -1 if there is none. */
extern int	keys_find(const Keys *keys, const char *text);

#endif							/* XBB_KEYS_H */
