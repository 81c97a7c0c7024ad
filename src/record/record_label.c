/*-------------------------------------------------------------------------
 *
 * record_label.c
 *	  A value as people see it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "base/json.h"
#include "record/record.h"
#include "record/record_label.h"

static void
append_text(StringInfo out, const RecordColumn *column, const char *value)
{
	const char *label = value[0] ? column->label(column->labels, value) : NULL;

	escape_json(out, label ? label : value);
}

/* What is neither a text nor a number, nor made of these, is left away. */
static void
append_tree(StringInfo out, const RecordColumn *column, const JsonTree *tree)
{
	const char *shown;
	int			n = 0;

	switch (tree->type)
	{
		case JSON_TREE_STRING:
		case JSON_TREE_NUMBER:
			append_text(out, column, tree->text);
			return;
		case JSON_TREE_ARRAY:
			appendStringInfoChar(out, '[');
			for (int i = 0; i < tree->nmembers; i++)
			{
				if (tree->members[i].type == JSON_TREE_NULL)
					continue;
				appendStringInfoString(out, n++ > 0 ? "," : "");
				append_tree(out, column, &tree->members[i]);
			}
			appendStringInfoChar(out, ']');
			return;
		case JSON_TREE_OBJECT:
			shown = json_tree_text(json_tree_member(tree, "text"));
			if (shown == NULL || shown[0] == '\0')
				shown = json_tree_text(json_tree_member(tree, "name"));
			if (shown && shown[0])
			{
				escape_json(out, shown);
				return;
			}
			shown = json_tree_text(json_tree_member(tree, "value"));
			if (shown == NULL)
				shown = json_tree_text(json_tree_member(tree, "id"));
			append_text(out, column, shown ? shown : "");
			return;
		default:
			appendStringInfoString(out, "null");
			return;
	}
}

LexSlice
record_label(const RecordColumn *column, const LexSlice *slice)
{
	char	   *problem;
	JsonTree   *tree;
	StringInfoData out;

	if (slice->kind == LEX_MISSING || slice->kind == LEX_NULL)
		return *slice;
	tree = json_tree(slice->start, slice->length, &problem);
	if (tree == NULL)
		return *slice;
	if (tree->type == JSON_TREE_STRING && tree->text[0] == '[')
	{
		JsonTree   *inside = json_tree(tree->text, strlen(tree->text), &problem);

		if (inside && inside->type == JSON_TREE_ARRAY)
			tree = inside;
	}
	initStringInfo(&out);
	append_tree(&out, column, tree);
	return (LexSlice) {out.data, out.len, lex_kind(out.data)};
}

void
record_show(void *format, AttrNumber attnum,
			const char *(*label) (void *arg, const char *value), void *arg)
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
