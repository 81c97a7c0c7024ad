/*-------------------------------------------------------------------------
 *
 * field.c
 *	  Field nodes as a tree.
 *
 * Children stand below their parent, or beside it and name it.  Where an array or object
 * has neither children nor a value or parser, and nobody names it, what stands behind it may belong
 * into it or not: that cannot be told.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/field.h"

static const char *
lower(const char *text)
{
	char	   *result = pstrdup(text ? text : "");

	for (char *c = result; *c; c++)
		*c = pg_tolower(*c);
	return result;
}

static bool
is_container(const Field *field)
{
	return strcmp(field->type, "array") == 0 || strcmp(field->type, "object") == 0;
}

/* What others may call it by. */
static bool
is_called(const Field *field, const char *name)
{
	const char *id = part_text(part_member(field->part, "id"));

	return (field->name && strcmp(field->name, name) == 0) || (id && strcmp(id, name) == 0);
}

void
field_add(Field *parent, Field *child)
{
	Field	  **fields = palloc((parent->nfields + 1) * sizeof(Field *));

	if (parent->nfields > 0)
		memcpy(fields, parent->fields, parent->nfields * sizeof(Field *));
	fields[parent->nfields++] = child;
	parent->fields = fields;
}

/* Fields that name a parent among them go below it. */
static void
adopt(Field *root)
{
	Field	  **all = root->fields;
	int			nall = root->nfields;

	root->nfields = 0;
	root->fields = NULL;
	for (int i = 0; i < nall; i++)
	{
		const char *parent = part_text(part_member(all[i]->part, "parent"));
		Field	   *found = NULL;

		for (int j = 0; parent && j < nall && !found; j++)
		{
			if (j != i && is_container(all[j]) && is_called(all[j], parent))
				found = all[j];
		}
		field_add(found ? found : root, all[i]);
	}
}

static bool
has_value(const Field *field)
{
	const Part *value = part_member(field->part, "value");

	return value && !part_is(value, JSON_TREE_NULL) && !(part_is(value, JSON_TREE_STRING) && value->json->text[0] == '\0');
}

static void
mark_ambiguous(Field *root)
{
	bool		behind = false;

	for (int i = 0; i < root->nfields; i++)
	{
		Field	   *field = root->fields[i];

		field->ambiguous = behind;
		if (is_container(field) && field->nfields == 0 && part_member(field->part, "children") == NULL &&
			part_member(field->part, "parser") == NULL && !has_value(field))
			behind = true;
	}
}

Field *
field_tree(Part *list)
{
	Field	   *root = palloc0(sizeof(Field));

	root->part = list;
	root->type = "object";
	if (!part_is(list, JSON_TREE_ARRAY))
		return root;
	for (int i = 0; i < Min(list->nmembers, FIELD_MOST); i++)
	{
		Part	   *part = &list->members[i];
		Field	   *field;

		if (!part_is(part, JSON_TREE_OBJECT))
			continue;
		field = field_tree(part_member(part, "children"));
		field->part = part;
		field->name = part_text(part_member(part, "field"));
		field->type = lower(part_text(part_member(part, "type")));
		field_add(root, field);
	}
	adopt(root);
	mark_ambiguous(root);
	return root;
}

const Field *
field_find(const Field *root, const char *name)
{
	for (int i = 0; i < root->nfields; i++)
	{
		if (root->fields[i]->name && strcmp(root->fields[i]->name, name) == 0)
			return root->fields[i];
	}
	return NULL;
}

const char *
field_text(const Field *field)
{
	const char *text = field ? part_text(part_member(field->part, "value")) : NULL;

	return text && text[0] ? text : NULL;
}

void
field_quote(StringInfo out, const char *text)
{
	appendStringInfoChar(out, '"');
	for (const char *c = text; *c; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfo(out, "\\%c", *c);
		else if ((unsigned char) *c < 0x20)
			appendStringInfo(out, "\\u%04x", *c);
		else
			appendStringInfoChar(out, *c);
	}
	appendStringInfoChar(out, '"');
}
