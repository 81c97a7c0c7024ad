/*-------------------------------------------------------------------------
 *
 * record_page.c
 *	  From an answer's bytes to records.
 *
 * What is wanted of an answer is a tree of names.  One pass over the tokens
 * walks the text and the tree side by side, and notes where the value of each
 * name lies: once for the envelope, once for each record.  All else is only
 * checked to be JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record_page.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define MAX_BODY MaxAllocSize
#define MAX_ROWS 100000			/* of an answer: bounds the memory of a hostile
								 * one; pages have 100 */
#define MAX_MSG 1000			/* bytes kept of the API's message */

/* Reading one answer. */
typedef struct Reader
{
	RecordFormat *format;
	RecordPageData *page;
	Lex			lex;
	RecordSpan *answer;			/* the envelope's spans */
	RecordSpan *spans;			/* those being filled */
	Attr	   *expected;		/* whose value comes next, or NULL */
	Attr	   *open[LEX_MAX_DEPTH + 1];	/* by depth: whose value the open
											 * container is, or NULL */
	char	   *name;			/* room to unescape a name */
} Reader;

static inline void
note_span(Reader *reader, const Attr *attr)
{
	RecordSpan *span = &reader->spans[attr->number];

	span->offset = reader->lex.slice.start - reader->page->body;
	span->length = reader->lex.slice.length;
}

/* The wanted name among those of the open object, or NULL. */
static Attr *
find_name(Reader *reader)
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

/* The last of several members of one name counts, as in jsonb. */
static void
forget_earlier(Reader *reader, const Attr *attr)
{
	memset(&reader->spans[attr->number], 0,
		   (attr->end - attr->number) * sizeof(RecordSpan));
	if (attr == reader->format->result || attr == reader->format->list)
		reader->page->page.nrows = 0;
}

/* Makes room for one more row and lets its spans be filled. */
static void
begin_row(Reader *reader)
{
	RecordPageData *page = reader->page;
	Size		width = reader->format->record->end;

	if (page->page.nrows == page->capacity)
	{
		Size		capacity = page->capacity * 2;

		page->spans = repalloc_huge(page->spans,
									capacity * width * sizeof(RecordSpan));
		page->page.ids = repalloc(page->page.ids, capacity * sizeof(int64));
		page->page.add_times = repalloc(page->page.add_times,
										capacity * sizeof(int64));
		page->page.update_times = repalloc(page->page.update_times,
										   capacity * sizeof(int64));
		page->capacity = capacity;
	}
	reader->spans = page->spans + page->page.nrows * width;
	memset(reader->spans, 0, width * sizeof(RecordSpan));
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
get_id(const RecordPageData *page, const RecordSpan *spans,
	   const RecordFormat *format)
{
	LexSlice	slice = record_field(page, spans, &format->id);
	int64		id;

	if (value_integral(&slice, &id) &&
		(slice.kind == LEX_NUMBER || is_canonical(&slice, id)))
		return id;

	/* 2 is the length of "" */
	if (slice.kind <= LEX_NULL || slice.length <= 2)
		slice = record_slice(page, spans, format->record);
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
end_row(Reader *reader)
{
	RecordFormat *format = reader->format;
	RecordPage *page = &reader->page->page;
	const RecordSpan *spans = reader->spans;
	LexSlice	add_time = record_field(reader->page, spans, &format->add_time);
	LexSlice	update_time = record_field(reader->page, spans, &format->update_time);
	LexSlice	data = record_slice(reader->page, spans, format->data);

	if (!is_data(&data))
		return "the data of a record is not an object";
	page->ids[page->nrows] = get_id(reader->page, spans, format);
	page->add_times[page->nrows] = value_epoch(&add_time);
	page->update_times[page->nrows] = value_epoch(&update_time);
	page->nrows++;
	reader->spans = reader->answer;
	return NULL;
}

/* The value that comes next is an element of the list. */
static inline bool
in_list(const Reader *reader)
{
	return reader->open[reader->lex.depth] == reader->format->list &&
		lex_in_array(&reader->lex);
}

/* Walks text and tree; returns what is wrong, or NULL. */
static const char *
read_answer(Reader *reader)
{
	RecordFormat *format = reader->format;
	Lex		   *lex = &reader->lex;
	const Attr *closed;
	const char *wrong;

	for (;;)
	{
		switch (lex_next(lex))
		{
			case LEX_KEY:
				reader->expected = find_name(reader);
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
					if (reader->page->page.nrows == MAX_ROWS)
						return "the list has too many records for one answer";
					reader->open[lex->depth] = format->record;
					begin_row(reader);
				}
				break;

			case LEX_CLOSE:
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

/* What the envelope says beside its list. */
static void
finish_page(Reader *reader)
{
	RecordFormat *format = reader->format;
	RecordPage *page = &reader->page->page;
	LexSlice	code = record_slice(reader->page, reader->answer, format->code);
	LexSlice	success = record_slice(reader->page, reader->answer, format->success);
	LexSlice	msg = record_slice(reader->page, reader->answer, format->msg);
	LexSlice	total = record_slice(reader->page, reader->answer, format->total);
	LexSlice	list = record_slice(reader->page, reader->answer, format->list);

	page->has_code = value_integral(&code, &page->code);
	page->has_success = (success.kind == LEX_TRUE || success.kind == LEX_FALSE);
	page->success = (success.kind == LEX_TRUE);
	page->has_list = (list.kind == LEX_ARRAY);
	if (!value_integral(&total, &page->total) || page->total < 0)
		page->total = -1;

	page->msg = MemoryContextAllocZero(page->context, msg.length + 1);
	if (msg.kind == LEX_STRING)
	{
		LexEscape	ignored;
		int			length = lex_unescape(&msg, page->msg, &ignored);

		if (length > MAX_MSG)
			length = pg_encoding_mbcliplen(PG_UTF8, page->msg, length, MAX_MSG);
		page->msg[length] = '\0';
	}
}

static RecordPageData *
create_page(RecordFormat *format, MemoryContext context, const char *body,
			size_t length)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	RecordPageData *page = palloc0(sizeof(RecordPageData));
	char	   *copy = palloc(length + 1);

	memcpy(copy, body, length);
	copy[length] = '\0';
	page->body = copy;
	page->capacity = 128;
	page->spans = palloc(page->capacity * format->record->end * sizeof(RecordSpan));
	page->page.context = context;
	page->page.ids = palloc(page->capacity * sizeof(int64));
	page->page.add_times = palloc(page->capacity * sizeof(int64));
	page->page.update_times = palloc(page->capacity * sizeof(int64));
	MemoryContextSwitchTo(old);

	return page;
}

/* Returns what is wrong with the page's body, or NULL. */
static const char *
read_page(RecordFormat *format, RecordPageData *page, size_t length,
		  size_t *position)
{
	Reader		reader;
	const char *error;

	if (!pg_verify_mbstr(PG_UTF8, page->body, (int) length, true))
		return "the answer is not valid UTF-8";

	reader.format = format;
	reader.page = page;
	reader.name = palloc(6 * format->longest + 2);
	reader.answer = palloc0(format->answer->end * sizeof(RecordSpan));
	reader.spans = reader.answer;
	reader.expected = format->answer;
	reader.open[0] = NULL;
	lex_begin(&reader.lex, page->body, length);

	error = read_answer(&reader);
	*position = reader.lex.position;
	if (error == NULL)
		finish_page(&reader);
	return error;
}

RecordPage *
record_read(RecordFormat *format, MemoryContext parent, const char *body,
			size_t length, char **error)
{
	MemoryContext context;
	MemoryContext old;
	RecordPageData *page;
	const char *problem;
	size_t		position = 0;

	*error = NULL;
	if (length >= MAX_BODY)
	{
		*error = pstrdup("the answer is too large");
		return NULL;
	}

	context = AllocSetContextCreate(parent, "xbb page", ALLOCSET_DEFAULT_SIZES);
	page = create_page(format, context, body, length);
	old = MemoryContextSwitchTo(context);
	problem = read_page(format, page, length, &position);
	MemoryContextSwitchTo(old);

	if (problem != NULL)
	{
		*error = (position > 0) ?
			psprintf("%s at byte %zu", problem, position) : pstrdup(problem);
		MemoryContextDelete(context);
		return NULL;
	}
	return &page->page;
}
