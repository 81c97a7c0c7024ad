/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  What a document keeps of the rows: its "condition", as a condition of SQL.
 *
 * The outer list is of alternatives, the inner of what has to be so together.  It is translated
 * whole or not at all: a part of it would send what is not to be sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/document.h"

typedef struct Logic
{
	const char *name;
	const char *operator;		/* NULL: not one of two operands */
} Logic;

static const Logic logics[] = {
	{"eq", "="}, {"neq", "IS DISTINCT FROM"}, {"gt", ">"}, {"egt", ">="}, {"lt", "<"}, {"elt", "<="},
	{"like", NULL}, {"notlike", NULL}, {"between", NULL}, {"isnull", NULL}, {"notnull", NULL}
};

/* One line of a condition, while it is read. */
typedef struct Line
{
	const char *field;
	const char *logic;
	const char *value;			/* NULL: none */
	Sql			left;
} Line;

/* A field with a constant, as numbers or times where either is one, else as texts. */
static Sql
compared(Scope *scope, const Line *line, const char *operator, const char *value)
{
	bool		ordered = *operator == '<' || *operator == '>';
	bool		number = line->left.type == SQL_NUMERIC || line->left.type == SQL_INTEGER || line->left.type == SQL_INSTANT;
	Sql			left = line->left;
	Sql			right = sql_literal(value);
	Sql			time = sql_as_time(right);

	if (left.type == SQL_INSTANT && time.text)
	{
		left = sql_as_time(left);
		right = time;
	}
	else if (number || (ordered && sql_as_number(right).text))
	{
		left = sql_as_number(left);
		right = sql_as_number(right);
		if (right.text == NULL)
			return scope_fail(scope, "%s is compared with what is no number or time", line->field);
	}
	else
	{
		left = sql_as_text(left);
		if (ordered)
			left = sql_make(SQL_TEXT, false, "%s COLLATE \"C\"", sql_operand(left));
	}
	if (left.text == NULL)
		return scope_fail(scope, "%s cannot be compared", line->field);
	return sql_make(SQL_BOOLEAN, false, "%s %s %s", sql_operand(left), operator, sql_operand(right));
}

static Sql
between(Scope *scope, const Line *line)
{
	const char *comma = strchr(line->value, ',');
	Sql			low;
	Sql			high;

	if (comma == NULL || strchr(comma + 1, ',') || comma == line->value || comma[1] == '\0')
		return scope_fail(scope, "between wants two values with a comma between them");
	low = compared(scope, line, ">=", pnstrdup(line->value, comma - line->value));
	high = compared(scope, line, "<=", comma + 1);
	if (low.text == NULL || high.text == NULL)
		return (Sql) {.text = NULL};
	return sql_make(SQL_BOOLEAN, false, "%s AND %s", low.text, high.text);
}

static Sql
line_sql(Scope *scope, const Line *line)
{
	const Logic *logic = NULL;

	for (int i = 0; i < (int) lengthof(logics); i++)
	{
		if (strcmp(logics[i].name, line->logic) == 0)
			logic = &logics[i];
	}
	if (logic == NULL)
		return scope_fail(scope, "logic %s is not known", expr_shown(line->logic));
	if (strcmp(logic->name, "isnull") == 0 || strcmp(logic->name, "notnull") == 0)
		return sql_make(SQL_BOOLEAN, false, "%s IS %s", sql_operand(line->left), logic->name[0] == 'i' ? "NULL" : "NOT NULL");
	if (line->value == NULL)
		return scope_fail(scope, "%s has no value to be compared with", line->field);
	if (line->left.type == SQL_JSON)
		return scope_fail(scope, "%s is an array or object", line->field);
	if (strcmp(logic->name, "between") == 0)
		return between(scope, line);
	if (logic->operator)
		return compared(scope, line, logic->operator, line->value);
	if (strchr(line->value, '%') == NULL)
		return scope_fail(scope, "%s without %%: whether it looks within the text is not known", logic->name);
	return sql_make(SQL_BOOLEAN, false, logic->name[0] == 'n' ? "(%s LIKE %s) IS NOT TRUE" : "%s LIKE %s",
					sql_operand(sql_as_text(line->left)), sql_constant(line->value));
}

/* Members that change what a line means, and that are not read. */
static const char *
unread_member(const Part *part)
{
	static const char *const known[] = {"field", "logic", "value", "type", "label", "describe", "id", "strictMode", NULL};

	for (int i = 0; i < part->nmembers; i++)
	{
		int			j = 0;

		while (known[j] && strcmp(known[j], part->members[i].json->name) != 0)
			j++;
		if (known[j] == NULL && !part_is(&part->members[i], JSON_TREE_NULL))
			return part->members[i].json->name;
	}
	return NULL;
}

static Sql
read_line(Scope *scope, const Part *part)
{
	Line		line = {
		.field = part_text(part_member(part, "field")),
		.logic = part_text(part_member(part, "logic")),
		.value = part_text(part_member(part, "value"))
	};
	const char *unread = unread_member(part);
	const char *name = line.field;
	const Part *value = part_member(part, "value");

	if (line.field == NULL || line.logic == NULL)
		return scope_fail(scope, "a line of it has no field or no logic");
	if (unread)
		return scope_fail(scope, "member %s of its line is not read", expr_shown(unread));
	if (value && line.value == NULL && !part_is(value, JSON_TREE_NULL))
		return scope_fail(scope, "the value of %s is no text or number", expr_shown(line.field));
	if (line.value && strchr(line.value, '{'))
		return scope_fail(scope, "the value of %s is no constant", expr_shown(line.field));
	if (scope->crm && strncmp(name, "data.", 5) == 0)
		name += 5;
	if (strpbrk(name, ".{") || name[0] == '\0')
		return scope_fail(scope, "%s may be a field of an array's elements, of which strictMode drops some", expr_shown(line.field));
	line.field = expr_shown(line.field);
	line.left = scope_find(scope, name);
	return line.left.text ? line_sql(scope, &line) : line.left;
}

static Sql
read_lines(Scope *scope, const Part *lines)
{
	StringInfoData out;

	if (!part_is(lines, JSON_TREE_ARRAY) || lines->nmembers == 0)
		return scope_fail(scope, "it is no list of lists");
	initStringInfo(&out);
	for (int i = 0; i < lines->nmembers; i++)
	{
		Sql			sql = read_line(scope, &lines->members[i]);

		if (sql.text == NULL)
			return sql;
		appendStringInfo(&out, "%s%s", i > 0 ? " AND " : "", sql.text);
	}
	return (Sql) {.type = SQL_BOOLEAN, .text = out.data};
}

/* The whole; text is NULL with a problem. */
static Sql
condition_sql(Scope *scope, const Part *condition)
{
	StringInfoData out;

	if (!part_is(condition, JSON_TREE_ARRAY) || condition->nmembers == 0)
		return scope_fail(scope, "it is no list of lists");
	initStringInfo(&out);
	for (int i = 0; i < condition->nmembers; i++)
	{
		Sql			sql = read_lines(scope, &condition->members[i]);

		if (sql.text == NULL)
			return sql;
		appendStringInfo(&out, condition->nmembers > 1 ? "%s(%s)" : "%s%s", i > 0 ? " OR " : "", sql.text);
	}
	if (out.len > SCOPE_BYTES)
		return scope_fail(scope, "it becomes longer than %d bytes of SQL", SCOPE_BYTES);
	return (Sql) {.type = SQL_BOOLEAN, .text = out.data};
}

static bool
is_empty(const Part *condition)
{
	return condition == NULL || part_is(condition, JSON_TREE_NULL) || (part_is(condition, JSON_TREE_ARRAY) && condition->nmembers == 0);
}

void
filter_read(Integration *integration, const Part *document)
{
	const Part *condition = part_member(document, "condition");

	if (!is_empty(condition))
		(void) condition_sql(&integration->scope, condition);
	integration->scope.problem = NULL;
}

/* One document's, behind what is there already. */
static void
add_filter(Integration *integration, Part *document, int row, StringInfo where)
{
	Answer	   *answer = integration->answer;
	Part	   *condition = part_member(document, "condition");
	Sql			sql;

	if (condition == NULL || part_is_claimed(condition))
		return;
	if (is_empty(condition))
	{
		answer_note(answer, METADATA_NOTE, condition, "condition is empty: all rows are taken");
		return;
	}
	sql = condition_sql(&integration->scope, condition);
	if (sql.text == NULL)
	{
		answer_note(answer, METADATA_UNKNOWN, condition, "condition: %s; it belongs into the definition of the view, as WHERE",
					integration->scope.problem);
		integration->scope.problem = NULL;
		integration->needs_person = true;
		return;
	}
	appendStringInfo(where, condition->nmembers > 1 ? "%s(%s)" : "%s%s", where->len > 0 ? " AND " : "\nWHERE ", sql.text);
	part_claim(condition, row);
	part_claim(part_member(document, "strictMode"), row);
}

char *
filter_where(Integration *integration, int row)
{
	StringInfoData where;

	initStringInfo(&where);
	add_filter(integration, integration->source, row, &where);
	add_filter(integration, integration->target, row, &where);
	if (where.len > 0)
		answer_remark(integration->answer, row, "condition is its WHERE: what has no value is not equal to any, and texts are compared byte by byte");
	return where.data;
}

/* Is there a condition of it that can be told? */
static bool
is_filtered(Integration *integration, const Part *document)
{
	const Part *condition = part_member(document, "condition");
	bool		result = !is_empty(condition) && !part_is_claimed(condition) && condition_sql(&integration->scope, condition).text != NULL;

	integration->scope.problem = NULL;
	return result;
}

void
filter_write_view(Integration *integration)
{
	Answer	   *answer = integration->answer;
	bool		filtered = is_filtered(integration, integration->source) || is_filtered(integration, integration->target);
	int			row = filtered ? answer_row(answer, METADATA_TABLE) : 0;
	char	   *where = filter_where(integration, row);

	if (!filtered)
		return;
	answer_sql(answer, row, "CREATE VIEW %s AS\nSELECT " SCOPE_SOURCE ".* FROM %s AS " SCOPE_SOURCE "%s;",
			   sql_name(psprintf("%s_kept", integration->name)), sql_name(integration->name), where);
	answer_remark(answer, row, "what the platform keeps; %s has all", sql_name(integration->name));
}
