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

/* "escaped" is set if there is a backslash in the name. */
static inline uint32
attr_hash(const char *name, int length, bool *escaped)
{
	uint32		hash = length;

	for (int i = 0; i < length; i++)
	{
		if (name[i] == '\\')
			*escaped = true;
		hash = hash * 31 + (unsigned char) name[i];
	}
	return hash;
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
