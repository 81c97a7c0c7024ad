/*-------------------------------------------------------------------------
 *
 * expr_call.c
 *	  MySQL's functions: a closed list, each as what it means in PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/scope.h"

#define MOST_ARGS 4

/*
 * Arguments: n a number, f one that may be a fraction, i a whole one, p one that is a constant from 1 on, c one from 0
 * on, t a text, d a time, b a condition.  $1 is the first, in parentheses if need be.
 */
static const struct Function
{
	const char *name;
	const char *arguments;
	SqlType		type;
	bool		whole;
	const char *sql;
}			functions[] = {
	{"ROUND", "f", SQL_NUMERIC, true, "round($1)"},
	{"ROUND", "fi", SQL_NUMERIC, true, "round($1, $2)"},
	{"FLOOR", "f", SQL_NUMERIC, true, "floor($1)"},
	{"CEIL", "f", SQL_NUMERIC, true, "ceil($1)"},
	{"CEILING", "f", SQL_NUMERIC, true, "ceil($1)"},
	{"ABS", "f", SQL_NUMERIC, true, "abs($1)"},
	{"MOD", "ff", SQL_NUMERIC, false, "$1 % nullif($2, 0)"},
	{"LOCATE", "tt", SQL_INTEGER, true, "strpos($2, $1)"},
	{"INSTR", "tt", SQL_INTEGER, true, "strpos($1, $2)"},
	{"LENGTH", "t", SQL_INTEGER, true, "octet_length($1)"},
	{"CHAR_LENGTH", "t", SQL_INTEGER, true, "char_length($1)"},
	{"LEFT", "tc", SQL_TEXT, true, "left($1, $2)"},
	{"RIGHT", "tc", SQL_TEXT, true, "right($1, $2)"},
	{"SUBSTRING", "tp", SQL_TEXT, true, "substr($1, $2)"},
	{"SUBSTRING", "tpc", SQL_TEXT, true, "substr($1, $2, $3)"},
	{"SUBSTR", "tp", SQL_TEXT, true, "substr($1, $2)"},
	{"SUBSTR", "tpc", SQL_TEXT, true, "substr($1, $2, $3)"},
	{"REPLACE", "ttt", SQL_TEXT, true, "replace($1, $2, $3)"},
	{"UPPER", "t", SQL_TEXT, true, "upper($1)"},
	{"LOWER", "t", SQL_TEXT, true, "lower($1)"},
	{"TRIM", "t", SQL_TEXT, true, "btrim($1)"},
	{"CURDATE", "", SQL_DATE, true, "(now() AT TIME ZONE " SQL_ZONE ")::date"},
	{"NOW", "", SQL_TIME, false, "now() AT TIME ZONE " SQL_ZONE},
	{"DATE", "d", SQL_DATE, true, "($1)::date"},
	{"LAST_DAY", "d", SQL_DATE, true, "(date_trunc('month', $1) + interval '1 month -1 day')::date"},
	{"DAY", "d", SQL_INTEGER, true, "extract(day FROM $1)::integer"},
	{"MONTH", "d", SQL_INTEGER, true, "extract(month FROM $1)::integer"},
	{"YEAR", "d", SQL_INTEGER, true, "extract(year FROM $1)::integer"},
	{"UNIX_TIMESTAMP", "", SQL_NUMERIC, true, "floor(extract(epoch FROM now()))"},
	{"UNIX_TIMESTAMP", "d", SQL_NUMERIC, true, "floor(extract(epoch FROM ($1) AT TIME ZONE " SQL_ZONE "))"},
	{"FROM_UNIXTIME", "n", SQL_TIME, false, "to_timestamp($1) AT TIME ZONE " SQL_ZONE},
};

/* A constant, with a sign or not, as an argument of kind p or c. */
static bool
is_constant(const MetaExpr *arg, long least)
{
	return arg->kind == EXPR_NUMBER && strlen(arg->text) < 10 && strchr(arg->text, '.') == NULL && atol(arg->text) >= least;
}

/* An argument as the function takes it. */
static Sql
argument_sql(Scope *scope, const char *name, char kind, const MetaExpr *arg, Sql sql)
{
	if ((kind == 'p' || kind == 'c') && !is_constant(arg, kind == 'p'))
		return scope_fail(scope, "%s with a position or length that is no constant, or counts from the end", name);
	switch (kind)
	{
		case 't':
			sql = sql_as_text(sql);
			break;
		case 'd':
			sql = sql_as_time(sql);
			break;
		case 'b':
			sql = sql_as_boolean(sql);
			break;
		case 'i':
			sql = sql_as_number(sql);
			if (sql.text && (sql.type != SQL_INTEGER || sql.constant == NULL))
				sql = sql_make(SQL_INTEGER, true, "%s::integer", sql_operand(sql));
			break;
		default:
			sql = sql_as_number(sql);
			/* of an integer PostgreSQL would make a float, or an integer that is divided as such */
			if (kind == 'f' && sql.text && sql.type != SQL_NUMERIC)
				sql = sql_make(SQL_NUMERIC, true, "%s::numeric", sql_operand(sql));
	}
	return sql.text ? sql : scope_fail(scope, "%s wants another argument than %s", name,
									   kind == 'd' ? "what is no time" : "what is no number");
}

/* The pattern with the arguments in it. */
static Sql
fill(const struct Function *function, const Sql *args)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *c = function->sql; *c; c++)
	{
		const char *before = c - 1;

		if (*c != '$')
		{
			appendStringInfoChar(&out, *c);
			continue;
		}
		c++;
		if ((*before == '(' || *before == ' ') && before > function->sql && c[1] && strchr(",)", c[1]) &&
			(*before == '(' || before[-1] == ','))
			appendStringInfoString(&out, args[*c - '1'].text);
		else
			appendStringInfoString(&out, sql_operand(args[*c - '1']));
	}
	return (Sql) {.type = function->type, .text = out.data, .whole = function->whole};
}

/* Two values as one type: IFNULL's, IF's. */
static bool
make_common(Scope *scope, Sql *first, Sql *second)
{
	SqlType		type;

	type = sql_common(first->type, second->type);
	if (type == SQL_INSTANT || type == SQL_BOOLEAN)
		type = SQL_NUMERIC;
	*first = sql_as(*first, type);
	*second = sql_as(*second, type);
	first->type = type;
	if (first->text == NULL || second->text == NULL)
		scope_fail(scope, "values of different types");
	return first->text && second->text;
}

static Sql
choose_sql(Scope *scope, const char *name, const MetaExpr *call, const Sql *args)
{
	bool		is_if = strcmp(name, "IF") == 0;
	Sql			first = args[is_if ? 1 : 0];
	Sql			second = args[is_if ? 2 : 1];
	Sql			condition = is_if ? argument_sql(scope, name, 'b', call->args, args[0]) : first;

	if (condition.text == NULL || !make_common(scope, &first, &second))
		return (Sql) {.text = NULL};
	if (!is_if)
		return sql_make(first.type, true, "coalesce(%s, %s)", first.text, second.text);
	return sql_make(first.type, true, "CASE WHEN %s THEN %s ELSE %s END", condition.text, first.text, second.text);
}

/* As in MySQL, NULL if one of them is. */
static Sql
concat_sql(const Sql *args, int nargs)
{
	StringInfoData out;

	if (nargs == 1)
		return sql_as_text(args[0]);
	initStringInfo(&out);
	for (int i = 0; i < nargs; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? " || " : "", sql_operand(sql_as_text(args[i])));
	return (Sql) {.type = SQL_TEXT, .text = out.data};
}

static Sql
format_sql(Scope *scope, const char *name, const MetaExpr *call, const Sql *args)
{
	bool		of_number = strcmp(name, "FROM_UNIXTIME") == 0;
	Sql			time;
	char	   *unknown = NULL;
	char	   *pattern;

	if (args[1].constant == NULL)
		return scope_fail(scope, "%s with a pattern that is no constant", name);
	pattern = sql_pattern(args[1].constant, &unknown);
	if (pattern == NULL)
		return scope_fail(scope, "%s: %s is not known", name, unknown);
	time = argument_sql(scope, name, of_number ? 'n' : 'd', call->args, args[0]);
	if (time.text && of_number)
		time = sql_make(SQL_TIME, false, "to_timestamp(%s) AT TIME ZONE " SQL_ZONE, time.text);
	return time.text ? sql_make(SQL_TEXT, true, "to_char(%s, %s)", time.text, sql_constant(pattern)) : time;
}

/* A day that is shifted by days stays one; of a text, that is known when it is there. */
static Sql
shifted(Sql from, Sql time, bool by_days)
{
	Sql			text;

	if (!by_days)
		return time;
	if (from.type == SQL_DATE || (from.constant && strchr(from.constant, ':') == NULL))
		return sql_make(SQL_DATE, true, "(%s)::date", time.text);
	if (from.type == SQL_TIME)
		time.day_if = from.day_if;
	if (from.constant || (from.type != SQL_ANY && from.type != SQL_TEXT && from.type != SQL_JSON))
		return time;
	text = sql_as_text(from);
	time.day_if = psprintf("%s ~ '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$'", text.bare ? text.bare : sql_operand(text));
	return time;
}

static Sql
shift_sql(Scope *scope, const char *name, const MetaExpr *call, const Sql *args)
{
	static const char *const units[][2] = {
		{"SECOND", "secs"}, {"MINUTE", "mins"}, {"HOUR", "hours"}, {"DAY", "days"}, {"WEEK", "weeks"}, {"MONTH", "months"}, {"YEAR", "years"}
	};
	const MetaExpr *interval = call->args->next;
	Sql			time = argument_sql(scope, name, 'd', call->args, args[0]);
	Sql			count;

	if (time.text == NULL)
		return time;
	if (interval->kind != EXPR_INTERVAL)
		return scope_fail(scope, "%s without INTERVAL", name);
	count = argument_sql(scope, name, 'i', interval->args, args[1]);
	for (int i = 0; i < (int) lengthof(units) && count.text; i++)
	{
		if (strcmp(interval->text, units[i][0]) == 0)
			return shifted(args[0], sql_make(SQL_TIME, false, "%s %s make_interval(%s => %s)", sql_operand(time),
											 strcmp(name, "DATE_ADD") == 0 ? "+" : "-", units[i][1], count.text), i >= 3);
	}
	return scope_fail(scope, "INTERVAL: %s is not known", interval->text);
}

static bool
is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(name, *names) != 0)
		names++;
	return *names != NULL;
}

/* Functions that are more than a pattern; text is NULL, without a problem, of others. */
static Sql
special_sql(Scope *scope, const char *name, const MetaExpr *call, const Sql *args, int nargs)
{
	static const char *const aggregates[] = {"SUM", "AVG", "MAX", "MIN", NULL};

	/* an aggregate over one value is that value; in PostgreSQL it would make one row of all */
	if (nargs == 1 && is_one_of(name, aggregates))
	{
		scope->strips_aggregate = true;
		return argument_sql(scope, name, 'n', call->args, args[0]);
	}
	if ((strcmp(name, "IFNULL") == 0 && nargs == 2) || (strcmp(name, "IF") == 0 && nargs == 3))
		return choose_sql(scope, name, call, args);
	if (strcmp(name, "CONCAT") == 0 && nargs > 0)
		return concat_sql(args, nargs);
	if ((strcmp(name, "DATE_FORMAT") == 0 || strcmp(name, "FROM_UNIXTIME") == 0) && nargs == 2)
		return format_sql(scope, name, call, args);
	if ((strcmp(name, "DATE_ADD") == 0 || strcmp(name, "DATE_SUB") == 0) && nargs == 2)
		return shift_sql(scope, name, call, args);
	return (Sql) {.text = NULL};
}

Sql
expr_call_sql(Scope *scope, const MetaExpr *call, const Sql *args, int nargs)
{
	char	   *name = pstrdup(call->text);
	Sql			taken[MOST_ARGS];
	Sql			result;

	for (char *c = name; *c; c++)
		*c = pg_toupper(*c);
	result = special_sql(scope, name, call, args, nargs);
	if (result.text || scope->problem)
		return result;
	for (int i = 0; i < (int) lengthof(functions); i++)
	{
		const MetaExpr *arg = call->args;

		if (strcmp(functions[i].name, name) != 0 || (int) strlen(functions[i].arguments) != nargs)
			continue;
		for (int j = 0; j < nargs; j++, arg = arg->next)
		{
			taken[j] = argument_sql(scope, name, functions[i].arguments[j], arg, args[j]);
			if (taken[j].text == NULL)
				return taken[j];
		}
		scope->uses_now |= strstr(functions[i].sql, "now()") != NULL;
		return fill(&functions[i], taken);
	}
	return scope_fail(scope, "function %s with %d arguments is not known", call->text, nargs);
}
