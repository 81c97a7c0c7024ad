/*-------------------------------------------------------------------------
 *
 * attr.h
 *	  The names wanted of a JSON object, as a tree.
 *
 * Each node has a number, a parent's before its children's, so that what was
 * found can be kept in an array, and forgotten with all that lies below it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_ATTR_H
#define XBB_ATTR_H

typedef struct Attr Attr;
struct Attr
{
	char	   *name;			/* UTF-8 */
	int			length;
	uint32		hash;
	int			number;			/* its own; those below it follow ... */
	int			end;			/* ... up to here, exclusive */
	Attr	   *child;			/* the first below it */
	Attr	   *next;			/* beside it */
	Attr	  **buckets;		/* those below it by hash, or NULL */
	uint32		mask;			/* of buckets */
};

/* A tree without names.  All functions allocate in the current context. */
extern Attr *attr_root(void);

/* The node of 'a' or 'a.b' below "root", made if it is not there. */
extern Attr *attr_want(Attr *root, const char *path);

/*
 * To be called once, when all names are known.  Returns the length of the
 * longest of them; root->end is the number of nodes.
 */
extern int	attr_finish(Attr *root);

/* Of both ends of the name, a word each: every name of an answer is hashed. */
static inline uint32
attr_hash(const char *name, int length)
{
	uint64		first = 0;
	uint64		last = 0;

	if (length >= (int) sizeof(uint64))
	{
		memcpy(&first, name, sizeof(uint64));
		memcpy(&last, name + length - sizeof(uint64), sizeof(uint64));
	}
	else if (length >= (int) sizeof(uint32))
	{
		memcpy(&first, name, sizeof(uint32));
		memcpy(&last, name + length - sizeof(uint32), sizeof(uint32));
	}
	else
		memcpy(&first, name, length);
	first ^= last * UINT64CONST(0x9e3779b97f4a7c15) + length;
	return (first * UINT64CONST(0xd1342543de82ef95)) >> 32;
}

/* The child of that name, or NULL; "parent" has buckets. */
static inline Attr *
attr_find(const Attr *parent, const char *name, int length, uint32 hash)
{
	uint32		bucket = hash & parent->mask;
	Attr	   *child;

	while ((child = parent->buckets[bucket]) != NULL)
	{
		if (child->hash == hash && child->length == length &&
			memcmp(child->name, name, length) == 0)
			return child;
		bucket = (bucket + 1) & parent->mask;
	}
	return NULL;
}

#endif							/* XBB_ATTR_H */
