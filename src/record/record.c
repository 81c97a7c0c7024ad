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

#include "access/xact.h"
#include "base/compat.h"
#include "mb/pg_wchar.h"
#include "base/attr_names.h"
#include "base/printable.h"
#include "record/record_label.h"
#include "record/record_page.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"

#define MAX_SHOWN 80			/* bytes shown of a value that does not fit */

/* The row being converted. */
typedef struct Place
{
	RecordFormat *format;
	RecordPageData *page;
	const RecordSpan *spans;	/* of the row */
	const RecordColumn *column; /* for messages; NULL between columns */
} Place;

/* What did not fit, of one row. */
typedef struct Failures
{
	Bitmapset  *attnums;
	StringInfoData report;		/* elements of a JSON array, server encoding */
} Failures;

static inline LexSlice
get_value(const Place *place, int i)
{
	return record_slice(place->page->values, &place->spans[i]);
}

/*
 * The value as it stands in the answer, cut, for a message.  It may be just
 * what cannot be converted: where that could be, it is shown escaped.
 */
static char *
show_slice(const LexSlice *slice)
{
	StringInfoData shown;
	int			length = slice->length;

	if (slice->kind == LEX_MISSING)
		return pstrdup("(missing)");
	if (length > MAX_SHOWN)
		length = pg_encoding_mbcliplen(PG_UTF8, slice->start, length, MAX_SHOWN);

	initStringInfo(&shown);
	appendBinaryStringInfo(&shown, slice->start, length);
	if (length < (int) slice->length)
		appendStringInfoString(&shown, "...");
	return printable(shown.data);
}

static void
add_context(void *arg)
{
	Place	   *place = arg;
	const RecordColumn *column = place->column;
	LexSlice	id = get_value(place, place->format->ncolumns);
	LexSlice	value;

	if (column == NULL)
		return;
	printable_error();
	value = get_value(place, column - place->format->columns);
	errcontext("column \"%s\" (attr %s) of foreign table \"%s\", %s %s, value %s",
			   column->name, column->attr, place->format->relname,
			   place->format->id_key, show_slice(&id), show_slice(&value));
}

/* 'x' is a field of the record, or of its data; '*' is the record. */
static void
place_column(RecordFormat *format, RecordColumn *column, const char *attr)
{
	column->attr = attr;
	if (strcmp(attr, ATTR_RECORD) == 0)
	{
		column->own = format->record;
		format->whole = true;
	}
	else
	{
		char	   *path = pg_server_to_any(attr, strlen(attr), PG_UTF8);

		column->own = attr_want(format->record, path);
		column->data = attr_want(format->data, path);
	}
}

static void
want_column(RecordFormat *format, Form_pg_attribute attribute, const char *attr,
			pg_tz *time_zone)
{
	RecordColumn *column = palloc0(sizeof(RecordColumn));

	column->index = attribute->attnum - 1;
	column->typid = getBaseType(attribute->atttypid);
	column->name = pstrdup(NameStr(attribute->attname));
	column->type = value_type(attribute->atttypid, attribute->atttypmod, time_zone);
	if (strcmp(attr, ATTR_ERROR) == 0)
	{
		format->told = lappend(format->told, column);
		return;
	}
	value_type_bound(column->type, &format->parts);
	place_column(format, column, pstrdup(attr));
	column->required = strcmp(attr, format->id_key) == 0 ||
		strcmp(attr, "updateTime") == 0;
	if (!value_type_only_computes(column->type))
		format->subtransactions = true;
	format->columns[format->ncolumns++] = *column;
}

/* For messages about a constant. */
typedef struct ConstantPlace
{
	const char *column;
	const char *relname;
} ConstantPlace;

static void
add_constant_context(void *arg)
{
	const ConstantPlace *place = arg;

	errcontext("constant of column \"%s\" of foreign table \"%s\"",
			   place->column, place->relname);
}

static void
want_constant(RecordFormat *format, Form_pg_attribute attribute, const char *constant,
			  pg_tz *time_zone)
{
	RecordConstant *column = &format->constants[format->nconstants++];

	column->index = attribute->attnum - 1;
	column->value = record_constant(attribute, constant, time_zone, format->relname,
									&column->isnull);
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

/* ---- rows ---- */

static void
convert_column(Place *place, int i, Datum *values, bool *isnull)
{
	RecordColumn *column = &place->format->columns[i];
	LexSlice	slice = get_value(place, i);

	place->column = column;
	column->met = column->met || slice.kind != LEX_MISSING;
	if (column->label || (column->reduced && (slice.kind == LEX_OBJECT || slice.kind == LEX_ARRAY)))
	{
		LexSlice	form = get_value(place, place->format->ncolumns + 1);
		int64		form_id;

		slice = record_label(place->format, column, value_int64(&form, &form_id) ? form_id : 0, &slice);
	}
	values[column->index] = value_datum(column->type, &slice, &isnull[column->index]);
}

/*
 * Does an error say that the value is not one of its type?  What a domain's check or
 * a type's functions cannot do, for want of a right, a table, memory or an answer, is
 * no fault of the value; what they raise on purpose is.  Some input functions call a
 * text that they cannot read a syntax error, or not supported.
 */
static bool
is_fault_of_value(const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_RAISE_EXCEPTION:
		case ERRCODE_SYNTAX_ERROR:
		case ERRCODE_INVALID_NAME:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
		case ERRCODE_FEATURE_NOT_SUPPORTED:
			return true;
	}
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case MAKE_SQLSTATE('2', '2', '0', '0', '0'):	/* data */
		case MAKE_SQLSTATE('2', '3', '0', '0', '0'):	/* constraints */
			return true;
	}
	return false;
}

static void
add_member(StringInfo report, const char *name, const char *value)
{
	appendStringInfo(report, "\"%s\":", name);
	escape_json(report, value);
}

static void
note_failure(Failures *failures, const Place *place, const ErrorData *error)
{
	const RecordColumn *column = place->column;
	LexSlice	value = get_value(place, column - place->format->columns);
	StringInfo	report = &failures->report;

	if (!failures->attnums)
		initStringInfo(report);
	failures->attnums = bms_add_member(failures->attnums, column->index + 1);
	appendStringInfoString(report, report->len ? ",{" : "{");
	add_member(report, "column", column->name);
	appendStringInfoChar(report, ',');
	add_member(report, "attr", column->attr);
	appendStringInfoChar(report, ',');
	add_member(report, "sqlstate", unpack_sql_state(error->sqlerrcode));
	appendStringInfoChar(report, ',');
	add_member(report, "message", error->message);
	appendStringInfoChar(report, ',');
	add_member(report, "value", show_slice(&value));
	appendStringInfoChar(report, '}');
}

/*
 * Converts columns from "first" on, up to one whose value does not fit: that one
 * is noted as a failure.  Returns how far it came.  A type that does more than
 * compute needs a subtransaction; where a parallel query cannot have one, its errors
 * remain errors, and say what to do.
 */
static int
convert_until_failure(Place *place, int first, Datum *values, bool *isnull,
					  Failures *failures)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool		subtransaction = place->format->subtransactions &&
		(COMPAT_PARALLEL_SUBTRANSACTIONS || !IsInParallelMode());
	volatile int i = first;

	if (subtransaction)
	{
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(context);
	}
	PG_TRY();
	{
		for (; i < place->format->ncolumns; i++)
			convert_column(place, i, values, isnull);
		if (subtransaction)
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		const RecordColumn *column = place->column;
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		if (subtransaction)
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (column->required || !is_fault_of_value(error))
			ReThrowError(error);
		if (!subtransaction && !value_type_only_computes(column->type))
		{
			error->hint = pstrdup("A parallel plan cannot set a value of this type to null. Type: SET max_parallel_workers_per_gather = 0;");
			ReThrowError(error);
		}
		note_failure(failures, place, error);
		values[column->index] = (Datum) 0;
		isnull[column->index] = true;
		i++;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return i;
}

/* The values of the columns that tell about failures. */
static void
tell_failures(const RecordFormat *format, const Failures *failures, Datum *values,
			  bool *isnull)
{
	char	   *report = psprintf("[%s]", failures->report.data);
	char	   *utf8 = pg_server_to_any(report, strlen(report), PG_UTF8);
	LexSlice	slice = {utf8, strlen(utf8), LEX_ARRAY};
	ListCell   *cell;

	foreach(cell, format->told)
	{
		const RecordColumn *column = lfirst(cell);

		values[column->index] = value_datum(column->type, &slice, &isnull[column->index]);
	}
}

Datum
record_constant(Form_pg_attribute attribute, const char *constant, pg_tz *time_zone,
				const char *relname, bool *isnull)
{
	ValueType  *type = value_type(attribute->atttypid, attribute->atttypmod, time_zone);
	ConstantPlace place = {NameStr(attribute->attname), relname};
	ErrorContextCallback callback = {error_context_stack, add_constant_context, &place};
	StringInfoData text;
	LexSlice	slice;
	Datum		value;

	initStringInfo(&text);
	escape_json(&text, pg_server_to_any(constant, strlen(constant), PG_UTF8));
	slice = (LexSlice) {text.data, text.len, LEX_STRING};
	error_context_stack = &callback;
	value = value_datum(type, &slice, isnull);
	error_context_stack = callback.previous;
	return value;
}

RecordFormat *
record_format(TupleDesc tupdesc, Bitmapset *wanted, char **attrs, char **constants,
			  const char *relname, const RecordShape *shape)
{
	RecordFormat *format = palloc0(sizeof(RecordFormat));
	int			attnum = -1;
	int			longest;

	format->names.context = CurrentMemoryContext;
	format->relname = pstrdup(relname);
	format->null_on_error = shape->null_on_error;
	format->id_key = pstrdup(shape->id_key);
	format->list_key = pstrdup(shape->list_key);
	format->time_zone = shape->time_zone;
	format->most_rows = shape->most_rows;
	format->most_bytes = shape->most_bytes;
	want_envelope(format, shape->list_key);

	format->record = attr_root();
	format->data = attr_want(format->record, "data");
	place_column(format, &format->id, format->id_key);
	place_column(format, &format->form_id, "formId");
	if (shape->parent_key)
		place_column(format, &format->parent, shape->parent_key);
	place_column(format, &format->add_time, "addTime");
	place_column(format, &format->update_time, "updateTime");

	format->natts = tupdesc->natts;
	format->columns = palloc0(tupdesc->natts * sizeof(RecordColumn));
	format->constants = palloc0(tupdesc->natts * sizeof(RecordConstant));
	while ((attnum = bms_next_member(wanted, attnum)) >= 0)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, attnum - 1);

		if (constants[attnum - 1])
			want_constant(format, attribute, constants[attnum - 1], shape->time_zone);
		else
			want_column(format, attribute, attrs[attnum - 1], shape->time_zone);
	}
	longest = attr_finish(format->record);
	format->longest = Max(format->longest, longest);

	return format;
}

Bitmapset *
record_tuple(RecordFormat *format, RecordPage *page, int row, Datum *values,
			 bool *isnull)
{
	Place		place = {.format = format,.page = (RecordPageData *) page};
	Failures	failures = {0};
	ErrorContextCallback callback;

	place.spans = place.page->spans + (Size) row * record_width(format);
	callback.callback = add_context;
	callback.arg = &place;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	format->parts = value_parts(format->most_bytes);
	memset(values, 0, format->natts * sizeof(Datum));
	memset(isnull, true, format->natts * sizeof(bool));
	for (int i = 0; i < format->nconstants; i++)
	{
		const RecordConstant *constant = &format->constants[i];

		values[constant->index] = constant->value;
		isnull[constant->index] = constant->isnull;
	}
	if (format->null_on_error)
	{
		for (int i = 0; i < format->ncolumns;)
			i = convert_until_failure(&place, i, values, isnull, &failures);
		place.column = NULL;
		if (failures.attnums)
			tell_failures(format, &failures, values, isnull);
	}
	else
		for (int i = 0; i < format->ncolumns; i++)
			convert_column(&place, i, values, isnull);
	error_context_stack = callback.previous;
	return failures.attnums;
}

bool
record_tells_failures(const RecordFormat *format)
{
	return format->told != NIL;
}

bool
record_own_id(const RecordFormat *format, const RecordPage *page, int row, int64 *id)
{
	const RecordPageData *data = (const RecordPageData *) page;
	LexSlice	slice = record_slice(data->values, &data->spans[(Size) row * record_width(format) + format->ncolumns]);

	return value_int64(&slice, id);
}

bool
record_has_parent(const RecordFormat *format, const RecordPage *page, int row)
{
	const RecordPageData *data = (const RecordPageData *) page;
	LexSlice	slice;
	int64		id;

	if (!format->parent.own)
		return false;
	slice = record_slice(data->values, &data->spans[(Size) row * record_width(format) + format->ncolumns + 2]);
	return value_int64(&slice, &id) && id != 0;
}

Bitmapset *
record_unmet(const RecordFormat *format)
{
	Bitmapset  *result = NULL;

	for (int i = 0; i < format->ncolumns; i++)
		if (!format->columns[i].met)
			result = bms_add_member(result, format->columns[i].index + 1);
	return result;
}
