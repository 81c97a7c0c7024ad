/*-------------------------------------------------------------------------
 *
 * attr.c
 *	  The names wanted of a JSON object, as a tree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "record/attr.h"
#include "miscadmin.h"

/* The child "name", made if it is not there. */
static Attr *
want_child(Attr *parent, const char *name, int length)
{
	Attr	  **link = &parent->child;

	for (; *link != NULL; link = &(*link)->next)
	{
		if ((*link)->length == length &&
			memcmp((*link)->name, name, length) == 0)
			return *link;
	}
	*link = attr_root();
	(*link)->name = pnstrdup(name, length);
	(*link)->length = length;
	(*link)->hash = attr_hash(name, length);
	return *link;
}

/* Open addressing, mostly empty: most names asked for are not wanted. */
static void
build_buckets(Attr *parent, int nchildren)
{
	parent->mask = 7;
	while (parent->mask < 4 * (uint32) nchildren)
		parent->mask = parent->mask * 2 + 1;
	parent->buckets = palloc0((parent->mask + 1) * sizeof(Attr *));

	for (Attr *child = parent->child; child != NULL; child = child->next)
	{
		uint32		bucket = child->hash & parent->mask;

		while (parent->buckets[bucket] != NULL)
			bucket = (bucket + 1) & parent->mask;
		parent->buckets[bucket] = child;
	}
}

/* Numbers the tree from "next" on. */
static int
finish_tree(Attr *attr, int next)
{
	int			longest = attr->length;
	int			nchildren = 0;

	check_stack_depth();
	attr->number = next++;
	for (Attr *child = attr->child; child != NULL; child = child->next)
	{
		int			below = finish_tree(child, next);

		longest = Max(longest, below);
		next = child->end;
		nchildren++;
	}
	attr->end = next;
	if (nchildren > 0)
		build_buckets(attr, nchildren);

	return longest;
}

Attr *
attr_root(void)
{
	return palloc0(sizeof(Attr));
}

Attr *
attr_want(Attr *root, const char *path)
{
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL)
	{
		root = want_child(root, path, dot - path);
		path = dot + 1;
	}
	return want_child(root, path, strlen(path));
}

int
attr_finish(Attr *root)
{
	return finish_tree(root, 0);
}
