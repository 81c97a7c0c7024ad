/*-------------------------------------------------------------------------
 *
 * value.c
 *	  A field's value, as SQL that gives json or jsonb.
 *
 * The type decides how a value is wrapped, an array around a scalar, and whether a literal
 * is a number; it never casts: the exports' types are not to be relied on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/field.h"

static char *write_field(FieldWriter *writer, const Field *field);

/* What is sent keeps the document's order: some targets fill their fields in that order. */
static char *
build(FieldWriter *writer, bool object, const char *const *items, int nitems)
{
	if (writer->scope->request)
		return sql_build(object ? "jsonb_build_object" : "jsonb_build_array", items, nitems);
	return sql_build_in_order(object, items, nitems);
}

/* It is not translated: a row of its own. */
static char *
refuse(FieldWriter *writer, Part *part, const char *name, const char *why)
{
	writer->scope->problem = NULL;
	if (writer->answer)
		answer_note(writer->answer, METADATA_UNKNOWN, part, "%s%s%s", name ? name : "", name ? ": " : "", why);
	return NULL;
}

static bool
is_required(const Field *field)
{
	const Part *required = part_member(field->part, "is_required");

	return part_is(required, JSON_TREE_TRUE) || (part_text(required) && strcmp(part_text(required), "1") == 0);
}

/* No value: not sent.  All of these are in one row, those that are required in another. */
static char *
leave_out(FieldWriter *writer, const Field *field)
{
	Answer	   *answer = writer->answer;
	int		   *row = is_required(field) ? &writer->missing : &writer->unsent;

	if (answer == NULL)
		return NULL;
	if (*row == 0)
	{
		*row = answer_row(answer, is_required(field) ? METADATA_UNKNOWN : METADATA_NOTE);
		answer_remark(answer, *row, is_required(field) ? "fields that are required and have no value: " : "fields without a value are not sent: ");
	}
	else
		appendStringInfoString(&answer->rows[*row].remark, ", ");
	appendStringInfoString(&answer->rows[*row].remark, field->name ? field->name : "one without a name");
	part_claim(field->part, *row);
	return NULL;
}

static bool
is_json_number(const char *text)
{
	const char *c = text + (text[0] == '-');
	size_t		digits = strspn(c, "0123456789");

	if (digits == 0 || digits > 300 || (c[0] == '0' && digits > 1))
		return false;
	if (c[digits] == '.')
		return strlen(c) < 300 && c[digits + 1] && strspn(c + digits + 1, "0123456789") == strlen(c + digits + 1);
	return c[digits] == '\0';
}

static bool
is_number_type(const char *type)
{
	static const char *const types[] = {"int", "integer", "float", "long", "double", "number", "decimal"};

	for (int i = 0; i < (int) lengthof(types); i++)
	{
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

static Sql
literal_sql(const char *type, const char *text)
{
	if (is_number_type(type) && is_json_number(text))
		return (Sql) {.type = SQL_NUMERIC, .text = text, .whole = text[0] != '-'};
	return sql_literal(text);
}

/* What one text of a document stands for. */
static Sql
text_value(FieldWriter *writer, const char *type, const char *text)
{
	char	   *problem;
	MetaExpr   *expr;
	Sql			sql;

	/* what is not written need not be read */
	if (writer->scope->written > SCOPE_ALL_BYTES)
		return scope_fail(writer->scope, "what stands before it has become more than %d bytes of SQL", SCOPE_ALL_BYTES);
	expr = expr_parse(text, &problem);
	if (expr == NULL)
		return scope_fail(writer->scope, "%s", problem);
	if (expr->kind == EXPR_LITERAL && expr->text[0])
		return literal_sql(type, expr->text);
	writer->scope->sends_json = expr->kind == EXPR_TEMPLATE && type[0] && strcmp(type, "string") != 0;
	sql = expr_sql(writer->scope, expr);
	writer->scope->sends_json = false;
	return sql;
}

char *
field_json(FieldWriter *writer, Part *part)
{
	bool		is_array = part_is(part, JSON_TREE_ARRAY);
	const char **items;
	Sql			sql;

	switch (part->json->type)
	{
		case JSON_TREE_NULL:
			return "NULL";
		case JSON_TREE_TRUE:
			return "true";
		case JSON_TREE_FALSE:
			return "false";
		case JSON_TREE_NUMBER:
			return pstrdup(part->json->text);
		case JSON_TREE_STRING:
			sql = text_value(writer, "", part->json->text);
			return sql.text ? unconstify(char *, sql_as_json(sql)) : NULL;
		default:
			break;
	}
	if (part->json->nmembers != part->nmembers)
	{
		scope_fail(writer->scope, "it is nested more than %d deep", PART_DEPTH);
		return NULL;
	}
	items = palloc((part->nmembers + 1) * sizeof(char *));
	for (int i = 0; i < part->nmembers; i++)
	{
		char	   *item = field_json(writer, &part->members[i]);

		if (item == NULL)
			return NULL;
		items[i] = is_array ? item : psprintf("%s, %s", sql_constant(part->members[i].json->name), item);
	}
	return sql_build(is_array ? "jsonb_build_array" : "jsonb_build_object", items, part->nmembers);
}

/* What the platform's parsers make of a value; text is NULL if that is not known. */
static Sql
parsed(FieldWriter *writer, Sql sql, const Part *parser)
{
	const char *name = part_text(part_member(parser, "name"));
	const char *params = part_text(part_member(parser, "params"));
	const char *first = part_text(part_member(parser, "params1"));
	const char *second = part_text(part_member(parser, "params2"));

	if (name == NULL)
		return scope_fail(writer->scope, part_member(parser, "type") ?
						  "its parser is documentation syntax of the platform, not an export's" : "its parser has no name");
	if (strcmp(name, "ConvertObjectParser") == 0 && params)
		return sql_make(SQL_JSON, true, "jsonb_build_object(%s, %s)", sql_constant(params), sql_as_json(sql));
	if (strcmp(name, "ArrayToString") == 0 && params && sql.type == SQL_JSON)
		return sql_make(SQL_TEXT, true, "(SELECT string_agg(a.value, %s ORDER BY a.n) FROM jsonb_array_elements_text("
						"CASE jsonb_typeof(%s) WHEN 'array' THEN %s ELSE jsonb_build_array(%s) END) WITH ORDINALITY AS a(value, n))",
						sql_constant(params), sql.text, sql.text, sql.text);
	if (strcmp(name, "ArrayToString") == 0 && params)
		return sql_as_text(sql);
	if (strcmp(name, "StringToArray") == 0 && params)
		return sql_make(SQL_JSON, true, "to_jsonb(string_to_array(regexp_replace(%s, '^\\s+$', ''), %s))", sql_as_text(sql).text,
						sql_constant(params));
	if (strcmp(name, "ConvertTwoStageObjectParser") == 0 && first && second)
		return sql_make(SQL_JSON, true, "jsonb_build_object(%s, jsonb_build_object(%s, %s))", sql_constant(first), sql_constant(second),
						sql_as_json(sql));
	if (strcmp(name, "ConvertJson") == 0)
		return sql_make(SQL_JSON, true, "(SELECT jsonb_agg(jsonb_build_object('Key', CASE WHEN o.key ~ '^[0-9]{1,15}$' THEN to_jsonb(o.key::bigint)"
						" ELSE to_jsonb(o.key) END, 'Value', o.value)) FROM jsonb_each(%s%s) AS o)",
						sql.type == SQL_JSON ? sql.text : sql_operand(sql_as_text(sql)), sql.type == SQL_JSON ? "" : "::jsonb");
	return scope_fail(writer->scope, "parser %s is not known", name);
}

/* An array around a scalar. */
static const char *
in_array(Sql sql)
{
	if (sql.type == SQL_JSON)
		return psprintf("CASE jsonb_typeof(%s) WHEN 'array' THEN %s ELSE jsonb_build_array(%s) END",
						sql_operand(sql), sql.text, sql.text);
	return psprintf("jsonb_build_array(%s)", sql_as_json(sql));
}

/* A column that holds an object or array, as its field says, is one of jsonb. */
static void
want_json(FieldWriter *writer, const Field *field, const char *text, const Part *parser)
{
	const char *name = part_text(part_member(parser, "name"));
	char	   *problem;
	MetaExpr   *expr;

	if (writer->scope->request || writer->scope->crm || (strcmp(field->type, "object") != 0 && (name == NULL || strcmp(name, "ArrayToString") != 0)))
		return;
	expr = expr_parse(text, &problem);
	if (expr && expr->kind == EXPR_TEMPLATE && expr->format == NULL && strchr(expr->text, '.') == NULL)
		(void) scope_column(writer->scope, expr->text, "jsonb");
}

/* A field without others below it. */
static char *
write_scalar(FieldWriter *writer, const Field *field)
{
	Part	   *value = part_member(field->part, "value");
	Part	   *parser = part_member(field->part, "parser");
	bool		is_array = strcmp(field->type, "array") == 0;
	const char *text = part_text(value);
	Sql			sql;

	if (value == NULL || part_is(value, JSON_TREE_NULL) || (text && text[0] == '\0'))
		return leave_out(writer, field);
	if (part_is(value, JSON_TREE_STRING))
	{
		want_json(writer, field, text, parser);
		sql = text_value(writer, field->type, text);
	}
	else
	{
		bool		whole = value->json->nmembers > 0 || part_is(value, JSON_TREE_ARRAY) || part_is(value, JSON_TREE_OBJECT);

		sql = (Sql) {.type = whole ? SQL_JSON : SQL_NUMERIC, .text = field_json(writer, value), .whole = whole};
	}
	if (sql.text && parser && !part_is(parser, JSON_TREE_NULL))
	{
		sql = parsed(writer, sql, parser);
		is_array = false;
	}
	if (sql.text == NULL)
		return refuse(writer, field->part, field->name, writer->scope->problem);
	return unconstify(char *, is_array && !part_is(value, JSON_TREE_ARRAY) ? in_array(sql) : sql_as_json(sql));
}

/* The array that the templates of a field's children name, if they name but one. */
static const char *
array_of_templates(const Scope *scope, const Field *field)
{
	const char *found = NULL;

	for (int i = 0; i < field->nfields; i++)
	{
		const char *text = field_text(field->fields[i]);
		char	   *problem;
		MetaExpr   *expr = text ? expr_parse(text, &problem) : NULL;
		const char *name = expr && expr->kind == EXPR_TEMPLATE ? expr->text : NULL;

		if (name && scope->crm && strncmp(name, "data.", 5) == 0)
			name += 5;
		if (name == NULL || strrchr(name, '.') == NULL)
			continue;
		name = pnstrdup(name, strrchr(name, '.') - name);
		if (found && strcmp(found, name) != 0)
			return NULL;
		found = name;
	}
	return found;
}

/* The array that a field goes through, as templates name it; NULL if it is none. */
static const char *
array_path(const Scope *scope, const Field *field)
{
	const char *text = field_text(field);
	char	   *problem;
	MetaExpr   *expr = text ? expr_parse(text, &problem) : NULL;

	if (strcmp(field->type, "array") != 0)
		return NULL;
	if (text == NULL)
		return array_of_templates(scope, field);
	return expr && (expr->kind == EXPR_TEMPLATE || expr->kind == EXPR_LITERAL) ? expr->text : NULL;
}

/* A record for each element of an array of the source. */
static char *
write_elements(FieldWriter *writer, const Field *field, const char *path)
{
	Scope	   *scope = writer->scope;
	Sql			array = scope_array(scope, path);
	ScopeArray	open = {path, psprintf("e%d", scope->narrays + 1), scope->arrays};
	int			nsent = writer->nsent;
	char	   *record;

	if (array.text == NULL)
		return refuse(writer, field->part, field->name, scope->problem);
	scope->narrays++;
	scope->arrays = &open;
	record = field_record(writer, field);
	scope->arrays = open.outer;
	if (writer->nsent == nsent)
		return leave_out(writer, field);
	if (writer->answer && field_text(field) == NULL)
		answer_remark(writer->answer, writer->row, "%s names no array: its fields do, %s", field->name ? field->name : "a field", path);
	return psprintf("(SELECT json_agg(%s ORDER BY %s.n) FROM jsonb_array_elements(CASE jsonb_typeof(%s) WHEN 'array' THEN %s"
					" WHEN 'object' THEN jsonb_build_array(%s) END) WITH ORDINALITY AS %s(value, n))",
					record, open.alias, sql_operand(array), array.text, array.text, open.alias);
}

/* Fields that have no name are elements. */
static char *
write_anonymous(FieldWriter *writer, const Field *field)
{
	const char **items = palloc(field->nfields * sizeof(char *));
	int			nitems = 0;

	for (int i = 0; i < field->nfields; i++)
	{
		char	   *item = write_field(writer, field->fields[i]);

		if (item)
			items[nitems++] = item;
	}
	return build(writer, false, items, nitems);
}

/* Members that change what a value means, and that are not read. */
static const char *
unread_member(const Field *field)
{
	static const char *const known[] = {
		"field", "type", "value", "is_required", "label", "children", "describe", "parent", "id", "parser", "display",
		"enableDisplay", "mapping", NULL
	};

	for (int i = 0; i < field->part->nmembers; i++)
	{
		const Part *member = &field->part->members[i];
		int			j = 0;

		while (known[j] && strcmp(known[j], member->json->name) != 0)
			j++;
		if (!part_is(member, JSON_TREE_NULL) && (known[j] == NULL || strcmp(known[j], "mapping") == 0))
			return member->json->name;
	}
	return NULL;
}

static bool
is_list_of_objects(const Part *list)
{
	for (int i = 0; i < list->nmembers; i++)
	{
		if (!part_is(&list->members[i], JSON_TREE_OBJECT))
			return false;
	}
	return part_is(list, JSON_TREE_ARRAY);
}

static char *
write_field(FieldWriter *writer, const Field *field)
{
	const char *path;
	const char *unread = unread_member(field);
	const Part *children = part_member(field->part, "children");
	int			nanonymous = 0;
	int			nsent = writer->nsent;
	char	   *result;

	if (unread)
		return refuse(writer, field->part, field->name, psprintf("its member \"%s\" is not read", unread));
	if (field->ambiguous && field_text(field))
		return refuse(writer, field->part, field->name, "stands behind an array or object that says nothing of what is in it: its place is not known");
	if (children && !part_is(children, JSON_TREE_NULL) && !is_list_of_objects(children))
		return refuse(writer, field->part, field->name, "its children are no list of fields");
	for (int i = 0; i < field->nfields; i++)
		nanonymous += field->fields[i]->name == NULL;
	if (nanonymous > 0 && nanonymous < field->nfields)
		return refuse(writer, field->part, field->name, "some of its children have names, others have none");
	if (field->nfields == 0)
		result = write_scalar(writer, field);
	else if (nanonymous > 0)
		result = write_anonymous(writer, field);
	else if ((path = array_path(writer->scope, field)) != NULL)
		result = write_elements(writer, field, path);
	else if (field_text(field))
		result = refuse(writer, field->part, field->name, "has a value and children");
	else
	{
		result = field_record(writer, field);
		if (writer->nsent == nsent)
			return leave_out(writer, field);
		if (strcmp(field->type, "array") == 0)
			result = build(writer, false, (const char *const *) &result, 1);
	}
	if (result && writer->answer)
		part_claim(field->part, writer->row);
	writer->nsent += result != NULL;
	return result;
}

/* How often the name stands among the fields. */
static int
count_name(const Field *root, const char *name)
{
	int			count = 0;

	for (int i = 0; i < root->nfields; i++)
		count += root->fields[i]->name && strcmp(root->fields[i]->name, name) == 0;
	return count;
}

char *
field_record(FieldWriter *writer, const Field *root)
{
	const char **items = palloc((root->nfields + 1) * sizeof(char *));
	int			nitems = 0;

	for (int i = 0; i < root->nfields; i++)
	{
		const Field *field = root->fields[i];
		char	   *value;

		if (field->name == NULL)
			refuse(writer, field->part, NULL, "a field without a name, beside others");
		else if (count_name(root, field->name) > 1)
			refuse(writer, field->part, field->name, "stands twice on one level, and one would be lost");
		else if ((value = write_field(writer, field)) != NULL)
			items[nitems++] = psprintf("%s, %s", sql_constant(field->name), value);
	}
	return build(writer, true, items, nitems);
}
