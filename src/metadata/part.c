/*-------------------------------------------------------------------------
 *
 * part.c
 *	  A document's parts, and the rows of the answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdarg.h>

#include "metadata/part.h"

static void
copy_part(Part *part, const JsonTree *json, Part *parent, int depth)
{
	part->json = json;
	part->parent = parent;
	if (json->nmembers == 0 || depth >= PART_DEPTH)
		return;
	part->nmembers = json->nmembers;
	part->members = palloc0(json->nmembers * sizeof(Part));
	for (int i = 0; i < json->nmembers; i++)
		copy_part(&part->members[i], &json->members[i], part, depth + 1);
}

Part *
part_make(const JsonTree *json)
{
	Part	   *part;

	if (json == NULL)
		return NULL;
	part = palloc0(sizeof(Part));
	copy_part(part, json, NULL, 0);
	return part;
}

Part *
part_member(const Part *part, const char *name)
{
	if (!part_is(part, JSON_TREE_OBJECT))
		return NULL;
	for (int i = 0; i < part->nmembers; i++)
	{
		if (strcmp(part->members[i].json->name, name) == 0)
			return &part->members[i];
	}
	return NULL;
}

const char *
part_text(const Part *part)
{
	return part ? json_tree_text(part->json) : NULL;
}

bool
part_is(const Part *part, JsonTreeType type)
{
	return part && part->json->type == type;
}

void
part_claim(Part *part, int row)
{
	if (part == NULL)
		return;
	if (part->nmembers == 0 && part->row == 0)
		part->row = row;
	for (int i = 0; i < part->nmembers; i++)
		part_claim(&part->members[i], row);
}

void
part_claim_own(Part *part, const char *but, int row)
{
	for (int i = 0; i < part->nmembers; i++)
	{
		if (strcmp(part->members[i].json->name, but) != 0)
			part_claim(&part->members[i], row);
	}
}

static void append(StringInfo out, const char *format, va_list args) pg_attribute_printf(2, 0);
static void add_remark(Answer *answer, int row, const char *remark, va_list args) pg_attribute_printf(3, 0);

static void
append(StringInfo out, const char *format, va_list args)
{
	va_list		again;
	int			needed;

	for (;;)
	{
		va_copy(again, args);
		needed = appendStringInfoVA(out, format, again);
		va_end(again);
		if (needed == 0)
			return;
		enlargeStringInfo(out, needed);
	}
}

int
answer_row(Answer *answer, MetadataKind kind)
{
	PartRow    *row;

	if (answer->nrows >= PART_ROWS && kind == METADATA_UNKNOWN)
		return answer->nrows;
	if (answer->nrows + 1 >= answer->max_rows)
	{
		int			max_rows = Max(64, answer->max_rows * 2);
		PartRow    *rows = palloc0(max_rows * sizeof(PartRow));

		if (answer->rows)
			memcpy(rows, answer->rows, (answer->nrows + 1) * sizeof(PartRow));
		answer->rows = rows;
		answer->max_rows = max_rows;
	}
	row = &answer->rows[++answer->nrows];
	row->kind = kind;
	initStringInfo(&row->remark);
	initStringInfo(&row->path);
	return answer->nrows;
}

/* Remarks are sentences. */
static void
add_remark(Answer *answer, int row, const char *remark, va_list args)
{
	StringInfo	out = &answer->rows[row].remark;

	if (out->len > 0)
		appendStringInfoString(out, "; ");
	append(out, remark, args);
}

void
answer_sql(Answer *answer, int row, const char *sql,...)
{
	StringInfoData out;
	va_list		args;

	initStringInfo(&out);
	va_start(args, sql);
	append(&out, sql, args);
	va_end(args);
	answer->rows[row].sql = out.data;
}

void
answer_remark(Answer *answer, int row, const char *remark,...)
{
	va_list		args;

	va_start(args, remark);
	add_remark(answer, row, remark, args);
	va_end(args);
}

void
answer_note(Answer *answer, MetadataKind kind, Part *part, const char *remark,...)
{
	int			row = answer_row(answer, kind);
	va_list		args;

	va_start(args, remark);
	add_remark(answer, row, remark, args);
	va_end(args);
	part_claim(part, row);
}

/* The row that has all leaves of a part, noted in it; -1: several have. */
static int
common_row(Part *part)
{
	if (part->nmembers > 0)
		part->row = common_row(&part->members[0]);
	for (int i = 1; i < part->nmembers; i++)
	{
		if (common_row(&part->members[i]) != part->row)
			part->row = -1;
	}
	return part->row;
}

/* A step of a jsonpath; no ", " and nothing but ASCII's letters unquoted. */
static void
append_step(StringInfo out, const char *name)
{
	bool		plain = name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z');

	for (const char *c = name; *c && plain; c++)
		plain = *c == '_' || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
	if (plain)
	{
		appendStringInfo(out, ".%s", name);
		return;
	}
	appendStringInfoString(out, ".\"");
	for (const char *c = name; *c; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfo(out, "\\%c", *c);
		else if ((unsigned char) *c < 0x20 || *c == ',')
			appendStringInfo(out, "\\u%04x", *c);
		else
			appendStringInfoChar(out, *c);
	}
	appendStringInfoChar(out, '"');
}

static void
write_paths(Answer *answer, Part *part, StringInfo path)
{
	if (part->row > 0)
	{
		StringInfo	out = &answer->rows[part->row].path;

		appendStringInfo(out, "%s%s", out->len > 0 ? ", " : "", path->data);
		return;
	}
	for (int i = 0; i < part->nmembers; i++)
	{
		int			length = path->len;

		if (part_is(part, JSON_TREE_ARRAY))
			appendStringInfo(path, "[%d]", i);
		else
			append_step(path, part->members[i].json->name);
		write_paths(answer, &part->members[i], path);
		path->len = length;
		path->data[length] = '\0';
	}
}

bool
part_is_claimed(const Part *part)
{
	if (part->nmembers == 0)
		return part->row != 0;
	for (int i = 0; i < part->nmembers; i++)
	{
		if (!part_is_claimed(&part->members[i]))
			return false;
	}
	return true;
}

void
answer_paths(Answer *answer, Part *part, const char *root)
{
	StringInfoData path;

	if (part == NULL)
		return;
	for (int i = 0; i < part->nmembers; i++)
	{
		if (!part_is_claimed(&part->members[i]))
			answer_note(answer, METADATA_UNKNOWN, &part->members[i], part_is(part, JSON_TREE_OBJECT) ?
						"member \"%s\" is not read, or not all of it" : "it is not read", part->members[i].json->name);
	}
	if (part->nmembers == 0 && part->row == 0)
		answer_note(answer, METADATA_UNKNOWN, part, "there is nothing in it to be read");
	common_row(part);
	initStringInfo(&path);
	appendStringInfoString(&path, root);
	write_paths(answer, part, &path);
}
