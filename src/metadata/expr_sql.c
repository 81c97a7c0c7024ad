/*-------------------------------------------------------------------------
 *
 * expr_sql.c
 *	  Expressions as SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/scope.h"

static Sql
nothing(void)
{
	return (Sql) {.text = NULL};
}

static Sql
template_sql(Scope *scope, const MetaExpr *template)
{
	Sql			sql = scope_find(scope, template->text);
	Sql			time;

	if (sql.text == NULL || template->format == NULL)
		return sql;
	time = sql_as_time(sql);
	if (time.text == NULL)
		return scope_fail(scope, "{{%s|%s}}: %s is no time", template->text, template->format, template->text);
	if (strcmp(template->format, "timestamp_ms") == 0)
	{
		if (sql.type != SQL_INSTANT)
			sql = sql_make(SQL_INSTANT, false, "%s AT TIME ZONE " SQL_ZONE, sql_operand(time));
		return sql_make(SQL_NUMERIC, true, "floor(extract(epoch FROM %s) * 1000)", sql.text);
	}
	return sql_make(SQL_TEXT, true, "to_char(%s, '%s')", time.text,
					strcmp(template->format, "date") == 0 ? "YYYY-MM-DD" : "YYYY-MM-DD HH24:MI:SS");
}

/* Text with templates: one without a value is as good as empty. */
static Sql
text_sql(Scope *scope, const MetaExpr *text)
{
	StringInfoData out;
	bool		sends_json = scope->sends_json;
	const char *bare = NULL;

	scope->sends_json = false;
	initStringInfo(&out);
	for (const MetaExpr *part = text->args; part; part = part->next)
	{
		Sql			sql = expr_sql(scope, part);
		bool		always = part->kind == EXPR_LITERAL || sql.type == SQL_INSTANT || scope->request;

		if (sql.text == NULL)
			return sql;
		bare = part == text->args && sql.type == SQL_ANY ? sql_operand(sql) : NULL;
		sql = sql_as_text(sql);
		if (out.len > 0)
			appendStringInfoString(&out, " || ");
		if (always)
			appendStringInfoString(&out, sql_operand(sql));
		else
			appendStringInfo(&out, "coalesce(%s, '')", sql.text);
	}
	scope->sends_json = sends_json;
	return (Sql) {.type = SQL_TEXT, .text = out.data, .whole = text->args->next == NULL, .bare = bare};
}

/* What a condition of a find compares its field with. */
static bool
find_operands(Scope *scope, const MetaExpr *condition, StringInfo out)
{
	bool		several = condition->args->next != NULL;

	appendStringInfo(out, "f.%s::text %s", sql_name(condition->text), several ? "IN (" : "= ");
	for (const MetaExpr *arg = condition->args; arg; arg = arg->next)
	{
		Sql			sql = expr_sql(scope, arg);

		if (sql.text == NULL)
			return false;
		appendStringInfo(out, "%s%s", arg == condition->args ? "" : ", ", sql_operand(sql_as_text(sql)));
	}
	appendStringInfoString(out, several ? ")" : "");
	return true;
}

/* The first by its own order, of those that fit: the platform's order is not known. */
static Sql
find_sql(Scope *scope, const MetaExpr *find)
{
	StringInfoData out;
	bool		sends_json = scope->sends_json;
	const char *table = scope_strategy(scope, find->format);

	if (table == NULL)
		return nothing();
	scope->sends_json = false;
	initStringInfo(&out);
	appendStringInfo(&out, "(SELECT f.%s::text FROM %s AS f WHERE ", sql_name(find->text), table);
	for (const MetaExpr *condition = find->args; condition; condition = condition->next)
	{
		if (condition != find->args)
			appendStringInfoString(&out, " AND ");
		if (!find_operands(scope, condition, &out))
			return nothing();
	}
	scope->sends_json = sends_json;
	appendStringInfoString(&out, " ORDER BY 1 LIMIT 1)");
	return (Sql) {.type = SQL_ANY, .text = out.data, .whole = true};
}

static Sql
arithmetic(Scope *scope, const char *operator, Sql left, Sql right)
{
	left = sql_as_number(left);
	right = sql_as_number(right);
	if (left.text == NULL || right.text == NULL)
		return scope_fail(scope, "%s wants numbers", operator);
	/* integers would be divided as such, or run over */
	if (left.type == SQL_INTEGER)
		left = sql_make(SQL_NUMERIC, true, "%s::numeric", sql_operand(left));
	if (*operator == '/' || *operator == '%')
		right = sql_make(SQL_NUMERIC, true, "nullif(%s, 0)", right.text);
	return sql_make(SQL_NUMERIC, false, "%s %s %s", sql_operand(left), operator, sql_operand(right));
}

/* Two fields without quotes, whose values decide: the platform would compare numbers as such. */
static Sql
compare_any(const char *operator, Sql left, Sql right)
{
	static const char number[] = "'^-?[0-9]+([.][0-9]+)?$'";
	const char *one = sql_operand(left);
	const char *other = sql_operand(right);

	return sql_make(SQL_BOOLEAN, true, "CASE WHEN %s ~ %s AND %s ~ %s THEN %s::numeric %s %s::numeric ELSE %s %s %s END",
					one, number, other, number, one, operator, other, one, operator, other);
}

static Sql
comparison(Scope *scope, const char *operator, Sql left, Sql right)
{
	SqlType		type = sql_common(left.type, right.type);
	bool		number = left.type == SQL_INTEGER || left.type == SQL_NUMERIC || left.type == SQL_BOOLEAN ||
		right.type == SQL_INTEGER || right.type == SQL_NUMERIC || right.type == SQL_BOOLEAN;
	bool		time = left.type == SQL_TIME || left.type == SQL_DATE || right.type == SQL_TIME || right.type == SQL_DATE;

	if (left.type == SQL_ANY && right.type == SQL_ANY)
		return compare_any(operator, left, right);
	if (time)
		type = SQL_TIME;
	else if (number || type == SQL_INSTANT)
		type = SQL_NUMERIC;
	else
		type = SQL_TEXT;
	left = sql_as(left, type);
	right = sql_as(right, type);
	if (left.text == NULL || right.text == NULL)
		return scope_fail(scope, "%s compares what cannot be compared", operator);
	return sql_make(SQL_BOOLEAN, false, "%s %s %s", sql_operand(left), operator, sql_operand(right));
}

/* One of several: an OR of comparisons. */
static Sql
one_of(Scope *scope, const MetaExpr *expr)
{
	Sql			left = expr_sql(scope, expr->args);
	StringInfoData out;

	initStringInfo(&out);
	for (const MetaExpr *item = expr->args->next; item && left.text; item = item->next)
	{
		Sql			right = expr_sql(scope, item);
		Sql			equal = right.text ? comparison(scope, "=", left, right) : right;

		if (equal.text == NULL)
			return equal;
		appendStringInfo(&out, "%s%s", out.len > 0 ? " OR " : "", equal.text);
	}
	return left.text ? (Sql) {.type = SQL_BOOLEAN, .text = out.data} : left;
}

static Sql
operator_sql(Scope *scope, const MetaExpr *expr)
{
	const char *operator = expr->text;
	Sql			left;
	Sql			right = {.text = NULL};

	if (strcmp(operator, "IN") == 0)
		return one_of(scope, expr);
	left = expr_sql(scope, expr->args);
	if (left.text == NULL)
		return left;
	if (expr->args->next)
	{
		right = expr_sql(scope, expr->args->next);
		if (right.text == NULL)
			return right;
	}
	if (strncmp(operator, "IS ", 3) == 0)
		return sql_make(SQL_BOOLEAN, false, "%s %s", sql_operand(left), operator);
	if (strcmp(operator, "LIKE") == 0)
		return sql_make(SQL_BOOLEAN, false, "%s LIKE %s", sql_operand(sql_as_text(left)), sql_operand(sql_as_text(right)));
	if (strcmp(operator, "AND") == 0 || strcmp(operator, "OR") == 0 || strcmp(operator, "NOT") == 0)
	{
		left = sql_as_boolean(left);
		right = right.text ? sql_as_boolean(right) : left;
		if (left.text == NULL || right.text == NULL)
			return scope_fail(scope, "%s wants conditions", operator);
		return *operator == 'N' ? sql_make(SQL_BOOLEAN, false, "NOT %s", sql_operand(left)) :
			sql_make(SQL_BOOLEAN, false, "%s %s %s", sql_operand(left), operator, sql_operand(right));
	}
	if (strchr("<>=", *operator))
		return comparison(scope, operator, left, right);
	if (right.text)
		return arithmetic(scope, operator, left, right);
	left = sql_as_number(left);
	return left.text ? sql_make(left.type, false, "- %s", sql_operand(left)) : scope_fail(scope, "- wants a number");
}

/* The condition of a WHEN; *operand is compared with it, if there is one. */
static Sql
when_sql(Scope *scope, const Sql *operand, const MetaExpr *expr)
{
	Sql			condition = expr_sql(scope, expr);

	if (condition.text == NULL)
		return condition;
	condition = operand->text ? comparison(scope, "=", *operand, condition) : sql_as_boolean(condition);
	return condition.text ? condition : scope_fail(scope, "WHEN wants a condition");
}

/*
 * Branches of different types are texts.  Written with a condition each: PostgreSQL would
 * make one type of an operand and all that it is compared with.
 */
static Sql
case_sql(Scope *scope, const MetaExpr *expr)
{
	Sql			operand = {.text = NULL};
	SqlType		type = SQL_NULL;
	StringInfoData out;

	for (const MetaExpr *branch = expr->args; branch; branch = branch->next)
	{
		Sql			sql = branch->kind == EXPR_OPERAND ? (Sql) {.text = ""} :
		expr_sql(scope, branch->kind == EXPR_WHEN ? branch->args->next : branch->args);

		if (sql.text == NULL)
			return sql;
		if (branch->kind != EXPR_OPERAND)
			type = sql_common(type, sql.type == SQL_INSTANT || sql.type == SQL_BOOLEAN ? SQL_NUMERIC : sql.type);
	}
	initStringInfo(&out);
	appendStringInfoString(&out, "CASE");
	for (const MetaExpr *branch = expr->args; branch; branch = branch->next)
	{
		Sql			sql = expr_sql(scope, branch->kind == EXPR_WHEN ? branch->args->next : branch->args);

		if (branch->kind == EXPR_OPERAND)
		{
			operand = sql;
			if (operand.text == NULL)
				return operand;
			continue;
		}
		sql = sql_as(sql, type);
		if (branch->kind == EXPR_WHEN)
		{
			Sql			when = when_sql(scope, &operand, branch->args);

			if (when.text == NULL)
				return when;
			appendStringInfo(&out, " WHEN %s THEN", when.text);
		}
		else
			appendStringInfoString(&out, " ELSE");
		if (sql.text == NULL)
			return scope_fail(scope, "the branches of CASE are of different types");
		appendStringInfo(&out, " %s", sql.text);
	}
	appendStringInfoString(&out, " END");
	return (Sql) {.type = type, .text = out.data, .whole = true};
}

static Sql
call_sql(Scope *scope, const MetaExpr *call)
{
	Sql			args[EXPR_PARTS];
	int			nargs = 0;

	for (const MetaExpr *arg = call->args; arg; arg = arg->next)
	{
		args[nargs] = expr_sql(scope, arg->kind == EXPR_INTERVAL ? arg->args : arg);
		if (args[nargs++].text == NULL)
			return nothing();
	}
	return expr_call_sql(scope, call, args, nargs);
}

static Sql
write_sql(Scope *scope, const MetaExpr *expr)
{
	switch (expr->kind)
	{
		case EXPR_NULL:
			return (Sql) {.type = SQL_NULL, .text = "NULL", .whole = true};
		case EXPR_NUMBER:
			return sql_number(expr->text);
		case EXPR_LITERAL:
			return sql_literal(expr->text);
		case EXPR_TEMPLATE:
			return template_sql(scope, expr);
		case EXPR_TEXT:
			return text_sql(scope, expr);
		case EXPR_FIND:
			return find_sql(scope, expr);
		case EXPR_CALL:
			return call_sql(scope, expr);
		case EXPR_OPERATOR:
			return operator_sql(scope, expr);
		case EXPR_CASE:
			return case_sql(scope, expr);
		case EXPR_INTERVAL:
			return scope_fail(scope, "INTERVAL stands there without DATE_ADD or DATE_SUB");
		default:
			return nothing();
	}
}

Sql
expr_sql(Scope *scope, const MetaExpr *expr)
{
	Sql			sql;

	if (scope->written > SCOPE_ALL_BYTES)
		return scope_fail(scope, "what stands before it has become more than %d bytes of SQL", SCOPE_ALL_BYTES);
	sql = write_sql(scope, expr);
	if (sql.text == NULL)
		return sql;
	scope->written += strlen(sql.text);
	if (strlen(sql.text) > SCOPE_BYTES)
		return scope_fail(scope, "it becomes longer than %d bytes of SQL", SCOPE_BYTES);
	return sql;
}
