/*-------------------------------------------------------------------------
 *
 * record_page.c
 *	  From an answer's bytes to records.
 *
 * What is wanted of an answer is a tree of names.  One pass over the tokens
 * walks the text and the tree side by side, and notes where the value of each
 * name lies: once for the envelope, once for each record, whose values are copied
 * when it ends.  All else is only checked to be JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/limits.h"
#include "record/record_page.h"

#define MAX_BODY MaxAllocSize
#define LOOK_TOKENS 4096		/* between two looks at interrupts */
#define MAX_MSG 1000			/* bytes kept of the API's message */
#define FIRST_ROWS 128
#define FIRST_ROOM 4096			/* bytes of values */

/* Reading one answer. */
typedef struct PageReader
{
	RecordFormat *format;
	RecordPageData *page;
	const char *body;
	Lex			lex;
	RecordSpan *answer;			/* the envelope's spans, by an Attr's number */
	RecordSpan *record;			/* the spans of the record being read */
	RecordSpan *spans;			/* one of the two: those being filled */
	Attr	   *expected;		/* whose value comes next, or NULL */
	Attr	   *open[LEX_MAX_DEPTH + 1];	/* by depth: whose value the open
											 * container is, or NULL */
	char	   *name;			/* room to unescape a name */
	NamePlace	names;			/* the names that may come */
} PageReader;

static inline void
note_span(PageReader *reader, const Attr *attr)
{
	RecordSpan *span = &reader->spans[attr->number];

	span->offset = reader->lex.slice.start - reader->body;
	span->length = reader->lex.slice.length;
}

/* The wanted name among those of the open object, or NULL. */
static Attr *
find_name(PageReader *reader)
{
	const Attr *parent = reader->open[reader->lex.depth];
	const LexSlice *slice = &reader->lex.slice;
	const char *name = slice->start + 1;
	int			length = (int) slice->length - 2;
	LexEscape	escape;

	if (parent == NULL || parent->buckets == NULL)
		return NULL;

	if (reader->lex.escaped)
	{
		/* no character takes more than the six bytes of \uXXXX */
		if (length > 6 * reader->format->longest)
			return NULL;
		length = lex_unescape(slice, reader->name, &escape);
		if (escape != LEX_ESCAPES_GOOD)
			return NULL;
		name = reader->name;
	}
	return attr_find(parent, name, length, attr_hash(name, length));
}

/* The wanted name that has come, or NULL. */
static inline Attr *
take_wanted_name(PageReader *reader)
{
	RecordName *name = (RecordName *) reader->lex.hinted;
	Attr	   *attr = name ? name->attr : find_name(reader);

	if (!name)
		name = name_remember(&reader->names, &reader->lex, attr);
	name_hint(&reader->names, &reader->lex, name);
	return attr;
}

/* Passes over what is not wanted and was met before: most of a record. */
static inline void
skip_unwanted(PageReader *reader)
{
	LexName    *last = reader->lex.hint ? lex_skip(&reader->lex) : NULL;

	if (last)
		name_hint(&reader->names, &reader->lex, (RecordName *) last);
}

/* The last of several members of one name counts, as in jsonb. */
static void
forget_earlier(PageReader *reader, const Attr *attr)
{
	if (reader->spans[attr->number].length == 0)
		return;
	memset(&reader->spans[attr->number], 0,
		   (attr->end - attr->number) * sizeof(RecordSpan));
	if (attr == reader->format->result || attr == reader->format->list)
	{
		reader->page->page.nrows = 0;
		reader->page->used = 0;
	}
}

static inline LexSlice
get_slice(const PageReader *reader, const RecordSpan *spans, const Attr *attr)
{
	return record_slice(reader->body, &spans[attr->number]);
}

/* A field of the record: its own, else the one in its data. */
static inline const RecordSpan *
find_field(const PageReader *reader, const RecordColumn *column)
{
	const RecordSpan *span = &reader->record[column->own->number];

	if (span->length == 0 && column->data != NULL)
		span = &reader->record[column->data->number];
	return span;
}

static inline LexSlice
get_field(const PageReader *reader, const RecordColumn *column)
{
	return record_slice(reader->body, find_field(reader, column));
}

/* Makes room for one more row and lets the spans of a record be filled. */
static void
begin_row(PageReader *reader)
{
	RecordPageData *page = reader->page;

	if (page->page.nrows == page->capacity)
	{
		Size		capacity = page->capacity * 2;

		page->spans = repalloc_huge(page->spans, capacity *
									record_width(reader->format) * sizeof(RecordSpan));
		page->page.ids = repalloc(page->page.ids, capacity * sizeof(int64));
		page->page.add_times = repalloc(page->page.add_times,
										capacity * sizeof(int64));
		page->page.update_times = repalloc(page->page.update_times,
										   capacity * sizeof(int64));
		page->capacity = capacity;
	}
	reader->spans = reader->record;
	memset(reader->spans, 0, reader->format->record->end * sizeof(RecordSpan));
}

/* Copies a value to the page's; false if they become too many. */
static inline bool
keep_value(PageReader *reader, const RecordSpan *span, RecordSpan *kept)
{
	RecordPageData *page = reader->page;
	Size		needed = page->used + span->length + 1;
	char	   *value;

	*kept = (RecordSpan) {0};
	if (span->length == 0)
		return true;
	if (needed > page->size)
	{
		if (needed > MAX_BODY)
			return false;
		page->size = Min(Max(page->size * 2, needed), MAX_BODY);
		page->values = repalloc(page->values, page->size);
	}
	value = page->values + page->used;
	memcpy(value, reader->body + span->offset, span->length);
	value[span->length] = '\0';
	kept->offset = page->used;
	kept->length = span->length;
	page->used = needed;
	return true;
}

/* Keeps the values of the columns, the id and the form's; false if they become too many. */
static bool
keep_record(PageReader *reader)
{
	const RecordFormat *format = reader->format;
	const RecordSpan *record = &reader->record[format->record->number];
	RecordSpan *kept = reader->page->spans +
		(Size) reader->page->page.nrows * record_width(format);
	RecordSpan	copy = {0};

	/* all else lies within it */
	if (format->whole && !keep_value(reader, record, &copy))
		return false;
	for (int i = 0; i < record_width(format); i++)
	{
		const RecordSpan *span = find_field(reader, i < format->ncolumns ? &format->columns[i] :
											i == format->ncolumns ? &format->id :
											i == format->ncolumns + 1 ? &format->form_id : &format->parent);

		if (!format->whole)
		{
			if (!keep_value(reader, span, &kept[i]))
				return false;
			continue;
		}
		kept[i] = *span;
		if (span->length > 0)
			kept[i].offset += copy.offset - record->offset;
	}
	return true;
}

/* Digits in a string are a number, but "007" is another user than "7". */
static bool
is_canonical(const LexSlice *slice, int64 number)
{
	char		digits[MAXINT8LEN + 1];
	int			length = pg_lltoa(number, digits);

	return (int) slice->length == length + 2 &&
		memcmp(slice->start + 1, digits, length) == 0;
}

static int64
get_id(const PageReader *reader)
{
	LexSlice	slice = get_field(reader, &reader->format->id);
	int64		id;

	if (value_int64(&slice, &id) &&
		(slice.kind == LEX_NUMBER || is_canonical(&slice, id)))
		return id;

	/* 2 is the length of "" */
	if (slice.kind <= LEX_NULL || slice.length <= 2)
		slice = get_slice(reader, reader->record, reader->format->record);
	return (int64) hash_bytes_extended((const unsigned char *) slice.start,
									   slice.length, 0);
}

/* An object, or one of the ways to write that there is none (xbb-api 10.6). */
static bool
is_data(const LexSlice *slice)
{
	return slice->kind == LEX_OBJECT || slice->kind <= LEX_NULL ||
		((slice->kind == LEX_STRING || slice->kind == LEX_ARRAY) && slice->length <= 2);
}

/* Returns what is wrong with the record, or NULL. */
static const char *
end_row(PageReader *reader)
{
	RecordFormat *format = reader->format;
	RecordPage *page = &reader->page->page;
	LexSlice	add_time = get_field(reader, &format->add_time);
	LexSlice	update_time = get_field(reader, &format->update_time);
	LexSlice	data = get_slice(reader, reader->record, format->data);

	if (reader->record[format->record->number].length > API_RECORD_BYTES)
		return "a record is too long";
	if (!is_data(&data))
		return "the data of a record is not an object";
	if (!keep_record(reader))
		return "the columns are too large";
	page->ids[page->nrows] = get_id(reader);
	page->add_times[page->nrows] = value_epoch(&add_time, format->time_zone);
	page->update_times[page->nrows] = value_epoch(&update_time, format->time_zone);
	page->nrows++;
	reader->spans = reader->answer;
	return NULL;
}

/* The value that comes next is an element of the list. */
static inline bool
in_list(const PageReader *reader)
{
	return reader->open[reader->lex.depth] == reader->format->list &&
		lex_in_array(&reader->lex);
}

/* Walks text and tree; returns what is wrong, or NULL. */
static const char *
read_answer(PageReader *reader)
{
	RecordFormat *format = reader->format;
	Lex		   *lex = &reader->lex;
	const Attr *closed;
	const char *wrong;
	int			tokens = 0;

	for (;;)
	{
		if (++tokens % LOOK_TOKENS == 0)
			CHECK_FOR_INTERRUPTS();
		skip_unwanted(reader);
		switch (lex_next(lex))
		{
			case LEX_KEY:
				reader->expected = take_wanted_name(reader);
				if (reader->expected != NULL)
					forget_earlier(reader, reader->expected);
				break;

			case LEX_SCALAR:
				if (lex->depth == 0)
					return "the answer is not a JSON object";
				if (in_list(reader))
					return "the list holds something that is not a record";
				if (reader->expected != NULL)
					note_span(reader, reader->expected);
				reader->expected = NULL;
				break;

			case LEX_OPEN:
				if (lex->depth == 1 && lex_in_array(lex))
					return "the answer is not a JSON object";
				reader->open[lex->depth] = reader->expected;
				reader->expected = NULL;
				if (reader->open[lex->depth - 1] == format->list &&
					*lex->opened[lex->depth - 1] == '[')
				{
					if (lex_in_array(lex))
						return "the list holds something that is not a record";
					if (reader->page->page.nrows == format->most_rows)
						return "the list has too many records for one answer";
					reader->open[lex->depth] = format->record;
					begin_row(reader);
				}
				name_open(&reader->names, lex, reader->open[lex->depth],
						  reader->open[lex->depth] == format->record);
				break;

			case LEX_CLOSE:
				name_hint(&reader->names, lex, NULL);
				closed = reader->open[lex->depth + 1];
				if (closed != NULL)
					note_span(reader, closed);
				if (closed == format->record)
				{
					wrong = end_row(reader);
					if (wrong != NULL)
						return wrong;
					CHECK_FOR_INTERRUPTS();
				}
				break;

			case LEX_END:
				return NULL;
			case LEX_FAILED:
				return lex->error;
		}
	}
}

/* What the answer says beside its records. */
static void
finish_page(PageReader *reader, Envelope *envelope)
{
	RecordFormat *format = reader->format;
	RecordPage *page = &reader->page->page;
	LexSlice	code = get_slice(reader, reader->answer, format->code);
	LexSlice	success = get_slice(reader, reader->answer, format->success);
	LexSlice	msg = get_slice(reader, reader->answer, format->msg);
	LexSlice	total = get_slice(reader, reader->answer, format->total);
	LexSlice	list = get_slice(reader, reader->answer, format->list);

	envelope->has_code = value_integral(&code, &envelope->code);
	envelope->has_success = (success.kind == LEX_TRUE || success.kind == LEX_FALSE);
	envelope->success = (success.kind == LEX_TRUE);
	envelope->has_list = (list.kind == LEX_ARRAY);
	if (!value_integral(&total, &page->total) || page->total < 0)
		page->total = -1;

	envelope->nrows = page->nrows;
	envelope->msg = MemoryContextAllocZero(page->context, msg.length + 1);
	if (msg.kind == LEX_STRING)
	{
		LexEscape	ignored;
		int			length = lex_unescape(&msg, envelope->msg, &ignored);

		if (length > MAX_MSG)
			length = pg_encoding_mbcliplen(PG_UTF8, envelope->msg, length, MAX_MSG);
		envelope->msg[length] = '\0';
	}
}

static RecordPageData *
create_page(const RecordFormat *format, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	RecordPageData *page = palloc0(sizeof(RecordPageData));

	page->size = Max(format->room, FIRST_ROOM);
	page->values = palloc(page->size);
	page->capacity = FIRST_ROWS;
	page->spans = palloc(page->capacity * record_width(format) * sizeof(RecordSpan));
	page->page.context = context;
	page->page.ids = palloc(page->capacity * sizeof(int64));
	page->page.add_times = palloc(page->capacity * sizeof(int64));
	page->page.update_times = palloc(page->capacity * sizeof(int64));
	MemoryContextSwitchTo(old);

	return page;
}

/* Returns what is wrong with the body, or NULL. */
static const char *
read_page(RecordFormat *format, RecordPageData *page, const char *body,
		  size_t length, Envelope *envelope, size_t *position)
{
	PageReader		reader;
	const char *error;

	/* RFC 8259 lets a reader pass over it */
	if (length >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0)
	{
		body += 3;
		length -= 3;
	}
	if (!value_is_utf8(body, length))
		return "the answer is not valid UTF-8";

	reader.format = format;
	reader.page = page;
	reader.body = body;
	reader.name = palloc(6 * format->longest + 2);
	reader.answer = palloc0(format->answer->end * sizeof(RecordSpan));
	reader.record = palloc(format->record->end * sizeof(RecordSpan));
	reader.spans = reader.answer;
	reader.expected = format->answer;
	reader.open[0] = NULL;
	name_begin(&reader.names, &format->names);
	lex_begin(&reader.lex, body, length);

	error = read_answer(&reader);
	*position = reader.lex.position;
	if (error == NULL)
		finish_page(&reader, envelope);
	return error;
}

RecordPage *
record_read(RecordFormat *format, MemoryContext parent, const char *body,
			size_t length, Envelope *envelope)
{
	MemoryContext context;
	MemoryContext old;
	RecordPageData *page;
	const char *problem;
	size_t		position = 0;

	*envelope = (Envelope) {0};
	if (length >= MAX_BODY)
	{
		envelope->unreadable = pstrdup("the answer is too large");
		return NULL;
	}

	context = AllocSetContextCreate(parent, "xbb page", ALLOCSET_DEFAULT_SIZES);
	page = create_page(format, context);
	old = MemoryContextSwitchTo(context);
	problem = read_page(format, page, body, length, envelope, &position);
	MemoryContextSwitchTo(old);

	if (problem != NULL)
	{
		envelope->unreadable = (position > 0) ?
			psprintf("%s at byte %zu", problem, position) : pstrdup(problem);
		MemoryContextDelete(context);
		return NULL;
	}
	format->room = page->used + page->used / 8;
	return &page->page;
}
