/*-------------------------------------------------------------------------
 *
 * record_label.c
 *	  A value as people see it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "base/attr_names.h"
#include "base/json.h"
#include "record/record.h"
#include "record/record_label.h"

static void
refuse_size(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("a value is too large to show what it stands for"),
			 errhint("A column of type json, without option show, takes it as it is.")));
}

static void
append_text(StringInfo out, const RecordColumn *column, int64 form_id, const char *value)
{
	const char *label = value[0] && column->label ? column->label(column->labels, form_id, value) : NULL;

	escape_json(out, label ? label : value);
}

/* The first of these members that is a text or a number, and not empty. */
static const char *
first_text(const JsonTree *tree, const char *const *names)
{
	for (; *names; names++)
	{
		const char *text = json_tree_text(json_tree_member(tree, *names));

		if (text && text[0])
			return text;
	}
	return NULL;
}

/* What is neither a text nor a number, nor made of these, is left away. */
static void
append_tree(StringInfo out, const RecordColumn *column, int64 form_id, const JsonTree *tree, size_t most)
{
	static const char *const shown_names[] = {"text", "name", NULL};
	static const char *const value_names[] = {"value", "id", "dataId", NULL};
	const char *shown;
	int			n = 0;

	/* a label may be far longer than its value */
	if ((size_t) out->len > most)
		refuse_size();
	switch (tree->type)
	{
		case JSON_TREE_STRING:
		case JSON_TREE_NUMBER:
			append_text(out, column, form_id, tree->text);
			return;
		case JSON_TREE_ARRAY:
			appendStringInfoChar(out, '[');
			for (int i = 0; i < tree->nmembers; i++)
			{
				if (tree->members[i].type == JSON_TREE_NULL)
					continue;
				appendStringInfoString(out, n++ > 0 ? "," : "");
				append_tree(out, column, form_id, &tree->members[i], most);
			}
			appendStringInfoChar(out, ']');
			return;
		case JSON_TREE_OBJECT:
			shown = column->label ? first_text(tree, shown_names) : NULL;
			if (shown)
				escape_json(out, shown);
			else
			{
				shown = first_text(tree, value_names);
				append_text(out, column, form_id, shown ? shown : "");
			}
			return;
		default:
			appendStringInfoString(out, "null");
			return;
	}
}

/* Is it, or has it, an object that stands for a value? */
static bool
is_reducible(const JsonTree *tree)
{
	static const char *const names[] = {"value", "id", "dataId"};

	if (tree->type == JSON_TREE_ARRAY)
		return tree->nmembers > 0 && tree->members[0].type == JSON_TREE_OBJECT && is_reducible(&tree->members[0]);
	for (int i = 0; i < (int) lengthof(names); i++)
		if (json_tree_member(tree, names[i]))
			return true;
	return false;
}

LexSlice
record_label(const RecordFormat *format, const RecordColumn *column, int64 form_id, const LexSlice *slice)
{
	size_t		most = json_tree_most(format->most_bytes);
	char	   *problem;
	JsonTree   *tree;
	StringInfoData out;

	if (slice->kind == LEX_MISSING || slice->kind == LEX_NULL)
		return *slice;
	if (!json_tree_fits(slice->start, slice->length, most))
		refuse_size();
	tree = json_tree(slice->start, slice->length, most, &problem);
	if (tree == NULL)
		return *slice;
	if (tree->type == JSON_TREE_STRING && tree->text[0] == '[')
	{
		JsonTree   *inside;

		if (!json_tree_fits(tree->text, strlen(tree->text), most / 2))
			refuse_size();
		inside = json_tree(tree->text, strlen(tree->text), most / 2, &problem);
		if (inside && inside->type == JSON_TREE_ARRAY)
			tree = inside;
	}
	if (!column->label && !is_reducible(tree))
		return *slice;
	initStringInfo(&out);
	append_tree(&out, column, form_id, tree, most / 4);
	return (LexSlice) {out.data, out.len, lex_kind(out.data)};
}

void
record_show(void *format, AttrNumber attnum, RecordLabel label, void *arg)
{
	RecordFormat *record_format = format;

	for (int i = 0; i < record_format->ncolumns; i++)
	{
		RecordColumn *column = &record_format->columns[i];

		if (column->index == attnum - 1)
		{
			column->label = label;
			column->labels = arg;
		}
	}
}

void
record_show_details(RecordFormat *format)
{
	for (int i = 0; i < format->ncolumns; i++)
	{
		RecordColumn *column = &format->columns[i];

		column->reduced = column->typid != JSONOID && column->typid != JSONBOID && strcmp(column->attr, ATTR_RECORD) != 0;
	}
}

/* Where the member "result" stands, an object; false if there is none. */
static bool
find_result(const char *body, size_t length, LexSlice *result)
{
	Lex		   *lex = palloc(sizeof(Lex));
	bool		is_result = false;
	LexEvent	event;

	lex_begin(lex, body, length);
	lex->hint = NULL;
	while ((event = lex_next(lex)) != LEX_END && event != LEX_FAILED)
	{
		if (event == LEX_KEY && lex->depth == 1)
			is_result = lex->slice.length == strlen("\"result\"") && memcmp(lex->slice.start, "\"result\"", lex->slice.length) == 0;
		else if (event == LEX_CLOSE && lex->depth == 1 && is_result && lex->slice.kind == LEX_OBJECT)
		{
			*result = lex->slice;
			return true;
		}
	}
	return false;
}

RecordPage *
record_read_single(RecordFormat *format, MemoryContext parent, const char *body,
				   size_t length, Envelope *envelope)
{
	RecordPage *page = record_read(format, parent, body, length, envelope);
	Envelope	inner;
	LexSlice	result;
	char	   *list;

	/* its own members are the envelope's; what is refused has no result */
	if (page == NULL || envelope_refuses(envelope))
		return page;
	if (!find_result(body, length, &result))
	{
		envelope->unreadable = pstrdup("it has no result");
		return page;
	}
	MemoryContextDelete(page->context);
	envelope->msg = NULL;
	list = psprintf("{\"result\":{\"%s\":[%.*s]}}", format->list_key, (int) result.length, result.start);
	page = record_read(format, parent, list, strlen(list), &inner);
	pfree(list);
	envelope->unreadable = inner.unreadable;
	envelope->nrows = inner.nrows;
	return page;
}
