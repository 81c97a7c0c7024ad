/*-------------------------------------------------------------------------
 *
 * record_page.h
 *	  What record.c and record_page.c share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_RECORD_PAGE_H
#define XBB_RECORD_PAGE_H

#include "record/attr.h"
#include "record/record.h"
#include "record/record_name.h"
#include "record/value.h"

/* A value within a text; nothing if the length is 0. */
typedef struct RecordSpan
{
	uint32		offset;
	uint32		length;
} RecordSpan;

/* A wanted column. */
typedef struct RecordColumn
{
	int			index;			/* attnum - 1 */
	const char *name;
	const char *attr;
	Attr	   *own;			/* among the record's own fields */
	Attr	   *data;			/* in its "data", or NULL; the own comes first */
	ValueType  *type;
	bool		required;		/* what does not fit is an error in any case */
	bool		met;			/* a record had the attr */
	RecordLabel label;			/* or NULL: see record_show */
	void	   *labels;			/* its argument */
	bool		reduced;		/* objects of details are read as their values */
	Oid			typid;
} RecordColumn;

/* A wanted column that is the same in every row. */
typedef struct RecordConstant
{
	int			index;			/* attnum - 1 */
	Datum		value;			/* owned by the format's memory */
	bool		isnull;
} RecordConstant;

struct RecordFormat
{
	char	   *relname;
	const char *id_key;			/* for messages */
	char	   *list_key;
	pg_tz	   *time_zone;		/* of times as text */

	Attr	   *answer;			/* the envelope; its spans come once a page */
	Attr	   *code;
	Attr	   *success;
	Attr	   *msg;
	Attr	   *result;
	Attr	   *list;
	Attr	   *total;

	Attr	   *record;			/* one element of the list */
	Attr	   *data;			/* its "data" */
	RecordNames names;			/* met in records */
	RecordColumn id;
	RecordColumn form_id;
	RecordColumn parent;		/* nowhere, if records have none */
	RecordColumn add_time;
	RecordColumn update_time;
	int			longest;		/* name, bytes */
	int			most_rows;		/* of an answer */
	int64		most_bytes;		/* the same */
	int			parts;			/* left of those that a row's values may have */
	bool		whole;			/* a column is the record itself */
	Size		room;			/* that the values of the last page took, bytes */

	int			natts;			/* of the table */
	int			ncolumns;
	RecordColumn *columns;
	int			nconstants;
	RecordConstant *constants;

	/* where a value that does not fit is null */
	bool		null_on_error;
	bool		subtransactions;	/* are needed to catch errors of these types */
	List	   *told;			/* RecordColumns with attr '#error' */
};

/*
 * A page with what its owner does not see.  Of the answer only the values of the
 * wanted columns are kept, one after the other: what is not wanted is nine tenths
 * of it, and this way a window's pages may still be in the processor's caches when
 * their rows are asked for.
 */
typedef struct RecordPageData
{
	RecordPage	page;
	char	   *values;			/* each with a NUL behind it */
	Size		used;			/* bytes */
	Size		size;
	RecordSpan *spans;			/* of row 0: its columns, its id, its form's, its parent's; of row 1; ... */
	int			capacity;		/* rows */
} RecordPageData;

/* Spans of a row: those of the columns, in their order, the id's, the form_id's, and the parent's, if they have one. */
static inline int
record_width(const RecordFormat *format)
{
	return format->ncolumns + (format->parent.own ? 3 : 2);
}

static inline LexSlice
record_slice(const char *text, const RecordSpan *span)
{
	LexSlice	slice = {text + span->offset, span->length, LEX_MISSING};

	if (span->length > 0)
		slice.kind = lex_kind(slice.start);
	return slice;
}

#endif							/* XBB_RECORD_PAGE_H */
