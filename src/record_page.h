/*-------------------------------------------------------------------------
 *
 * record_page.h
 *	  What record.c and record_page.c share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_RECORD_PAGE_H
#define XBB_RECORD_PAGE_H

#include "attr.h"
#include "record.h"
#include "value.h"

/* A value within the body; nothing if the length is 0. */
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
} RecordColumn;

struct RecordFormat
{
	char	   *relname;
	const char *id_key;			/* for messages */

	Attr	   *answer;			/* the envelope; its spans come once a page */
	Attr	   *code;
	Attr	   *success;
	Attr	   *msg;
	Attr	   *result;
	Attr	   *list;
	Attr	   *total;

	Attr	   *record;			/* one element of the list */
	Attr	   *data;			/* its "data" */
	RecordColumn id;
	RecordColumn add_time;
	RecordColumn update_time;
	int			longest;		/* name, bytes */

	int			natts;			/* of the table */
	int			ncolumns;
	RecordColumn *columns;

	/* where a value that does not fit is null */
	bool		null_on_error;
	bool		subtransactions;	/* are needed to catch errors of these types */
	RecordColumn *told;			/* the column with attr '#error', or NULL */
};

/* A page with what its owner does not see. */
typedef struct RecordPageData
{
	RecordPage	page;
	const char *body;
	RecordSpan *spans;			/* of row 0, row 1, ... */
	int			capacity;		/* rows */
} RecordPageData;

static inline LexSlice
record_slice(const RecordPageData *page, const RecordSpan *spans,
			 const Attr *attr)
{
	const RecordSpan *span = &spans[attr->number];
	LexSlice	slice = {page->body + span->offset, span->length, LEX_MISSING};

	if (span->length > 0)
		slice.kind = lex_kind(slice.start);
	return slice;
}

/* A field of a record: its own, else the one in its data. */
static inline LexSlice
record_field(const RecordPageData *page, const RecordSpan *spans,
			 const RecordColumn *column)
{
	LexSlice	slice = record_slice(page, spans, column->own);

	if (slice.kind == LEX_MISSING && column->data != NULL)
		slice = record_slice(page, spans, column->data);
	return slice;
}

#endif							/* XBB_RECORD_PAGE_H */
