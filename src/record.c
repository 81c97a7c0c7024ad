/*-------------------------------------------------------------------------
 *
 * record.c
 *	  What a scan wants of each record, and records to Datums.
 *
 * record_page.c finds where the wanted values of each record lie; here they are
 * looked at, when their row is asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "record_page.h"

#define MAX_SHOWN 80			/* bytes shown of a value that does not fit */

/* The row being converted, for messages. */
typedef struct Place
{
	RecordFormat *format;
	RecordPageData *page;
	int			row;
	const RecordColumn *column; /* NULL between columns */
} Place;

/*
 * The value as it stands in the answer, cut, for a message.  It may be just
 * what cannot be converted: where that could be, it is shown escaped.
 */
static char *
show_slice(const LexSlice *slice)
{
	StringInfoData shown;
	int			length = slice->length;
	int			width;

	if (slice->kind == LEX_MISSING)
		return pstrdup("(missing)");
	if (length > MAX_SHOWN)
		length = pg_encoding_mbcliplen(PG_UTF8, slice->start, length, MAX_SHOWN);

	initStringInfo(&shown);
	for (const char *in = slice->start; in < slice->start + length; in += width)
	{
		width = pg_utf_mblen((const unsigned char *) in);
		if (width == 1 || GetDatabaseEncoding() == PG_UTF8)
			appendBinaryStringInfo(&shown, in, width);
		else
			appendStringInfo(&shown, "\\u%04X",
							 (unsigned) utf8_to_unicode((const unsigned char *) in));
	}
	if (length < (int) slice->length)
		appendStringInfoString(&shown, "...");
	return shown.data;
}

static void
add_context(void *arg)
{
	Place	   *place = arg;
	const RecordColumn *column = place->column;
	const RecordSpan *spans = place->page->spans +
		(Size) place->row * place->format->record->end;
	LexSlice	id = record_field(place->page, spans, &place->format->id);
	LexSlice	value;

	if (column == NULL)
		return;
	value = record_field(place->page, spans, column);
	errcontext("column \"%s\" (attr %s) of foreign table \"%s\", %s %s, value %s",
			   column->name, column->attr, place->format->relname,
			   place->format->id_key, show_slice(&id), show_slice(&value));
}

/* 'x' is a field of the record, or of its data; '*' is the record. */
static void
place_column(RecordFormat *format, RecordColumn *column, const char *attr)
{
	column->attr = attr;
	if (strcmp(attr, "*") == 0)
		column->own = format->record;
	else
	{
		char	   *path = pg_server_to_any(attr, strlen(attr), PG_UTF8);

		column->own = attr_want(format->record, path);
		column->data = attr_want(format->data, path);
	}
}

static void
want_envelope(RecordFormat *format, const char *list_key)
{
	format->answer = attr_root();
	format->code = attr_want(format->answer, "code");
	format->success = attr_want(format->answer, "success");
	format->msg = attr_want(format->answer, "msg");
	format->result = attr_want(format->answer, "result");
	format->list = attr_want(format->result, list_key);
	format->total = attr_want(format->result, "totalCount");
	format->longest = attr_finish(format->answer);
}

RecordFormat *
record_format(TupleDesc tupdesc, Bitmapset *wanted, char **attrs,
			  const char *relname, const RecordShape *shape)
{
	RecordFormat *format = palloc0(sizeof(RecordFormat));
	int			attnum = -1;
	int			longest;

	format->relname = pstrdup(relname);
	format->id_key = pstrdup(shape->id_key);
	want_envelope(format, shape->list_key);

	format->record = attr_root();
	format->data = attr_want(format->record, "data");
	place_column(format, &format->id, format->id_key);
	place_column(format, &format->add_time, "addTime");
	place_column(format, &format->update_time, "updateTime");

	format->natts = tupdesc->natts;
	format->columns = palloc0(tupdesc->natts * sizeof(RecordColumn));
	while ((attnum = bms_next_member(wanted, attnum)) >= 0)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, attnum - 1);
		RecordColumn *column = &format->columns[format->ncolumns++];

		column->index = attnum - 1;
		column->name = pstrdup(NameStr(attribute->attname));
		column->type = value_type(attribute->atttypid, attribute->atttypmod,
								  shape->time_zone);
		place_column(format, column, pstrdup(attrs[attnum - 1]));
	}
	longest = attr_finish(format->record);
	format->longest = Max(format->longest, longest);

	return format;
}

void
record_tuple(RecordFormat *format, RecordPage *page, int row, Datum *values,
			 bool *isnull)
{
	Place		place = {format, (RecordPageData *) page, row, NULL};
	const RecordSpan *spans = place.page->spans + (Size) row * format->record->end;
	ErrorContextCallback callback;

	callback.callback = add_context;
	callback.arg = &place;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	memset(values, 0, format->natts * sizeof(Datum));
	memset(isnull, true, format->natts * sizeof(bool));
	for (int i = 0; i < format->ncolumns; i++)
	{
		const RecordColumn *column = &format->columns[i];
		LexSlice	slice = record_field(place.page, spans, column);

		place.column = column;
		values[column->index] = value_datum(column->type, &slice,
											&isnull[column->index]);
	}
	error_context_stack = callback.previous;
}
