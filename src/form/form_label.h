/*-------------------------------------------------------------------------
 *
 * form_label.h
 *	  Labels by value; for the form files alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FORM_LABEL_H
#define XBB_FORM_LABEL_H

#include "form/form.h"

typedef enum LabelKind
{
	LABEL_NONE,
	LABEL_OPTIONS,
	LABEL_USERS,
	LABEL_DEPARTMENTS,
	LABEL_LABELS
} LabelKind;

/* Texts by value, both UTF-8, in the order of values. */
typedef struct LabelMap
{
	LabelKind	kind;			/* not of options, which a field has itself */
	char	   *form_id;		/* of labels */
	int			n;
	int			size;
	FormOption *entries;
} LabelMap;

/* What a column shows: the labels of its attr in each of its table's forms. */
typedef struct LabelSet
{
	int			n;
	struct
	{
		int64		form_id;
		LabelMap   *map;
	}			forms[FLEXIBLE_ARRAY_MEMBER];
} LabelSet;

/* Adds an entry, copied into the map's context, which is the current one; what has no text is none. */
extern void label_add(LabelMap *map, const char *value, const char *text);

/* When all entries are added. */
extern void label_sort(LabelMap *map);

/*
 * A FormLabel of a LabelSet: the label in the form, or, if it is none of the set's, what
 * all of them say.
 */
extern const char *label_find(void *labels, int64 form_id, const char *value);

#endif							/* XBB_FORM_LABEL_H */
