/*-------------------------------------------------------------------------
 *
 * record_name.h
 *	  The names met in a scan's records, as hints at those to come.
 *
 * They are a tree: the names of an object in the order in which they came, and
 * below each of them those of the object that was its value, or of those in an
 * array that was.  A record without some of them is passed through by looking a few
 * ahead, one with more adds them where they came.
 *
 * Private to record*.c; what a name means is the caller's affair.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_RECORD_NAME_H
#define XBB_RECORD_NAME_H

#include "record/attr.h"
#include "record/lex.h"
#include "utils/palloc.h"

typedef struct RecordName
{
	LexName		name;			/* its next is that of the same object */
	Attr	   *attr;			/* what is wanted of it, or NULL */
	struct RecordName *child;	/* the first below it */
	const Attr *below;			/* what is wanted of the objects below it */
} RecordName;

/* All names; zero but for the context is none. */
typedef struct RecordNames
{
	RecordName	root;			/* no name itself, but a record */
	int			count;			/* bounded, as records may be hostile */
	MemoryContext context;		/* where they are made */
} RecordNames;

/* Where a text is among them. */
typedef struct NamePlace
{
	RecordNames *names;

	/* by depth, NULL where none are known */
	RecordName *known[LEX_MAX_DEPTH + 1];	/* those below it may come */
	RecordName *last[LEX_MAX_DEPTH + 1];	/* this one came last */
} NamePlace;

/*
 * Adds the name of a LEX_KEY behind the one that came last in its object; "attr"
 * is what is wanted of it.  Returns NULL if it cannot be one, or there are too many.
 */
extern RecordName *name_remember(NamePlace *place, const Lex *lex, Attr *attr);

static inline void
name_begin(NamePlace *place, RecordNames *names)
{
	place->names = names;
	place->known[0] = place->last[0] = NULL;
}

/* "last", if not NULL, came last in the open object: hints at the next ones. */
static inline void
name_hint(NamePlace *place, Lex *lex, RecordName *last)
{
	const RecordName *known = place->known[lex->depth];

	if (last)
		place->last[lex->depth] = last;
	else
		last = place->last[lex->depth];
	lex->hint = last ? last->name.next :
		known && known->child ? &known->child->name : NULL;
}

/*
 * A container has been opened: a record, the value of a name, or an element of one.
 * "below" is what is wanted of it.
 */
static inline void
name_open(NamePlace *place, Lex *lex, const Attr *below, bool is_record)
{
	int			depth = lex->depth;
	RecordName *known = is_record ? &place->names->root :
		*lex->opened[depth - 1] == '[' ? place->known[depth - 1] : place->last[depth - 1];

	/* an object in one record may be an array of them in the next */
	if (known && !lex_in_array(lex))
	{
		if (known->child == NULL)
			known->below = below;
		else if (known->below != below)
			known = NULL;
	}
	place->known[depth] = known;
	place->last[depth] = NULL;
	name_hint(place, lex, NULL);
}

#endif							/* XBB_RECORD_NAME_H */
