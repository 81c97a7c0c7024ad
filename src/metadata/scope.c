/*-------------------------------------------------------------------------
 *
 * scope.c
 *	  What templates name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdarg.h>

#include "metadata/scope.h"

Sql
scope_fail(Scope *scope, const char *format,...)
{
	StringInfoData text;
	int			needed;

	if (scope->problem)
		return (Sql) {.text = NULL};
	initStringInfo(&text);
	do
	{
		va_list		args;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(&text, needed);
	} while (needed > 0);
	scope->problem = text.data;
	return (Sql) {.text = NULL};
}

/* Is it letters, "_" and digits, as text_1? */
static bool
is_numbered(const char *attr)
{
	size_t		letters = strspn(attr, "abcdefghijklmnopqrstuvwxyz");

	return letters > 0 && attr[letters] == '_' && attr[letters + 1] != '\0' &&
		strspn(attr + letters + 1, "0123456789") == strlen(attr + letters + 1);
}

/* A column's name for a field of the CRM: read back as the field, if it has a plain name. */
static char *
crm_name(const char *attr)
{
	StringInfoData name;

	if (!(attr[0] >= 'a' && attr[0] <= 'z') ||
		strspn(attr, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != strlen(attr))
		return pstrdup(attr);
	initStringInfo(&name);
	for (const char *c = attr; *c; c++)
	{
		if (*c >= 'A' && *c <= 'Z')
			appendStringInfoChar(&name, '_');
		appendStringInfoChar(&name, pg_tolower(*c));
	}
	return name.data;
}

static const char *
crm_type(const char *attr)
{
	if (strcmp(attr, "dataId") == 0 || strcmp(attr, "formId") == 0)
		return "bigint";
	if (strcmp(attr, "addTime") == 0 || strcmp(attr, "updateTime") == 0 ||
		(is_numbered(attr) && strncmp(attr, "date_", 5) == 0))
		return "timestamptz";
	if (is_numbered(attr) && strncmp(attr, "num_", 4) == 0)
		return "numeric";
	if (is_numbered(attr) && (strncmp(attr, "array_", 6) == 0 || strncmp(attr, "address_", 8) == 0 ||
							  strncmp(attr, "subForm_", 8) == 0))
		return "jsonb";
	return "text";
}

/* By another column; in a table of the CRM's two more have names. */
static bool
is_taken(const Scope *scope, const char *name)
{
	if (scope->crm && (strcmp(name, "raw") == 0 || strcmp(name, "failed") == 0))
		return true;
	for (const ScopeColumn *column = scope->columns; column; column = column->next)
	{
		if (strcmp(column->name, name) == 0)
			return true;
	}
	return false;
}

ScopeColumn *
scope_column(Scope *scope, const char *path, const char *type)
{
	ScopeColumn **last = &scope->columns;
	ScopeColumn *column;
	int			ncolumns = 0;

	if (scope->crm && strncmp(path, "data.", 5) == 0)
		path += 5;
	if (scope->crm && (type == NULL || strcmp(type, "text") == 0))
		type = crm_type(path);
	for (; *last; last = &(*last)->next)
	{
		if (strcmp((*last)->path, path) == 0)
		{
			if (type && strcmp(type, "jsonb") == 0)
				(*last)->type = type;
			return *last;
		}
		ncolumns++;
	}
	if (++ncolumns > SCOPE_COLUMNS)
	{
		scope_fail(scope, "the documents name more than %d columns", SCOPE_COLUMNS);
		return NULL;
	}
	if (path[0] == '\0' || strlen(path) > SCOPE_NAME_BYTES)
	{
		scope_fail(scope, "\"%s\" cannot be the name of a column", path);
		return NULL;
	}
	column = palloc0(sizeof(ScopeColumn));
	column->path = pstrdup(path);
	column->name = scope->crm ? crm_name(path) : column->path;
	column->reads = true;
	while (is_taken(scope, column->name))
	{
		column->name = psprintf("%s_", column->name);
		column->reads = false;
	}
	/* without an option, only a name of the API's own form is read as what it was made of */
	column->reads &= strcmp(column->name, path) != 0 || is_numbered(path) ||
		strspn(path, "abcdefghijklmnopqrstuvwxyz") == strlen(path);
	column->type = type ? type : "text";
	*last = column;
	return column;
}

static const struct
{
	const char *prefix;
	const char *unit;
}			whiles[] = {
	{"MINUTE_AGO_", "mins"}, {"MINUTES_AGO_", "mins"}, {"HOUR_AGO_", "hours"}, {"HOURS_AGO_", "hours"},
	{"DAY_AGO_", "days"}, {"DAYS_AGO_", "days"}
};

/* A parameter of what a source is asked; a target has none. */
static Sql
parameter(Scope *scope, bool *used, SqlType type, const char *name, const char *template)
{
	if (!scope->request)
		return scope_fail(scope, "{{%s}} is of requests to a source", template);
	*used = true;
	return (Sql) {.type = type, .text = name, .whole = true};
}

/* The platform's own; text is NULL, without a problem, if it is none. */
static Sql
find_variable(Scope *scope, const char *name)
{
	if (strcmp(name, "LAST_SYNC_TIME") == 0 && scope->request)
		return parameter(scope, &scope->uses_last_sync, SQL_INSTANT, "last_sync_time", name);
	if (strcmp(name, "LAST_SYNC_TIME") == 0 || strcmp(name, "CURRENT_TIME") == 0)
	{
		scope->uses_now = true;
		return (Sql) {.type = SQL_INSTANT, .text = "now()", .whole = true};
	}
	if (strcmp(name, "PAGINATION_PAGE_SIZE") == 0)
		return parameter(scope, &scope->uses_page_size, SQL_INTEGER, "page_size", name);
	if (strcmp(name, "PAGINATION_START_ROW") == 0)
		return parameter(scope, &scope->uses_start_row, SQL_INTEGER, "start_row", name);
	if (strcmp(name, "LAST_ID") == 0 || strcmp(name, "MAX_DATA_ID") == 0)
		return parameter(scope, &scope->uses_last_id, SQL_ANY, "last_id", name);
	if (strcmp(name, "random") == 0)
	{
		scope->uses_random = true;
		if (scope->request)
			return sql_make(SQL_TEXT, true, "gen_random_uuid()::text");
		return sql_make(SQL_TEXT, true, "md5(%s || to_jsonb(" SCOPE_SOURCE ")::text)", sql_constant(scope->name));
	}
	for (int i = 0; i < (int) lengthof(whiles); i++)
	{
		size_t		length = strlen(whiles[i].prefix);

		if (strncmp(name, whiles[i].prefix, length) == 0 && strlen(name + length) - 1 < 5 &&
			strspn(name + length, "0123456789") == strlen(name + length))
		{
			scope->uses_now = true;
			return sql_make(SQL_INSTANT, false, "now() - make_interval(%s => %s)", whiles[i].unit, name + length);
		}
	}
	return (Sql) {.text = NULL};
}

/* jsonb's member at a path with dots; as text, or as jsonb. */
static Sql
member(const char *json, const char *path, bool as_json)
{
	StringInfoData keys;

	if (strchr(path, '.') == NULL)
		return sql_make(as_json ? SQL_JSON : SQL_ANY, false, "%s %s %s", json, as_json ? "->" : "->>", sql_constant(path));
	initStringInfo(&keys);
	appendStringInfoChar(&keys, '{');
	for (const char *c = path; *c; c++)
		appendStringInfoChar(&keys, *c == '.' ? ',' : *c);
	appendStringInfoChar(&keys, '}');
	return sql_make(as_json ? SQL_JSON : SQL_ANY, false, "%s %s %s", json, as_json ? "#>" : "#>>", sql_constant(keys.data));
}

/* An element of an array that is open, or a member of it; text is NULL if it is none. */
static Sql
find_element(const Scope *scope, const char *name, bool as_json)
{
	for (const ScopeArray *array = scope->arrays; array; array = array->outer)
	{
		size_t		length = strlen(array->path);

		if (strncmp(name, array->path, length) != 0)
			continue;
		if (name[length] == '.')
			return member(psprintf("%s.value", array->alias), name + length + 1, as_json);
		if (name[length] == '\0')
			return (Sql) {.type = SQL_JSON, .text = psprintf("%s.value", array->alias), .whole = true};
	}
	return (Sql) {.text = NULL};
}

static Sql
column_sql(const ScopeColumn *column)
{
	Sql			sql = sql_make(SQL_ANY, true, SCOPE_SOURCE ".%s", sql_name(column->name));

	if (strcmp(column->type, "jsonb") == 0)
		sql.type = SQL_JSON;
	else if (strcmp(column->type, "timestamptz") == 0)
		sql.type = SQL_INSTANT;
	else if (strcmp(column->type, "bigint") == 0)
		sql.type = SQL_INTEGER;
	else if (strcmp(column->type, "numeric") == 0)
		sql.type = SQL_NUMERIC;
	return sql;
}

static bool
is_rows(const Scope *scope, const char *name)
{
	size_t		length = scope->rows_key ? strlen(scope->rows_key) : 0;

	return length > 0 && strncmp(name, scope->rows_key, length) == 0 && (name[length] == '.' || name[length] == '\0');
}

/* A column, or a member of one that is an object. */
static Sql
find_column(Scope *scope, const char *name, bool as_json, bool as_array)
{
	const char *dot;
	ScopeColumn *column;

	if (scope->crm && strncmp(name, "data.", 5) == 0)
		name += 5;
	if (is_rows(scope, name))
		return scope_fail(scope, "%s is the platform's name for all rows of a request (rowsKey), and a record is one of them here", scope->rows_key);
	dot = strchr(name, '.');
	if (scope->crm && strcmp(name, "data") == 0)
		return scope_fail(scope, "{{data}} is all fields of the record at once: name them");
	column = scope_column(scope, dot ? pnstrdup(name, dot - name) : name, dot ? "jsonb" : NULL);
	if (column == NULL)
		return (Sql) {.text = NULL};
	if (dot && column->is_array && !as_array && !(dot[1] >= '0' && dot[1] <= '9'))
		return scope_fail(scope, "{{%s}}: %s is an array, and none of its elements is meant here", name, column->path);
	return dot ? member(column_sql(column).text, dot + 1, as_json) : column_sql(column);
}

Sql
scope_find(Scope *scope, const char *name)
{
	Sql			sql = find_variable(scope, name);

	if (sql.text || scope->problem)
		return sql;
	if (scope->request)
		return scope_fail(scope, "a request to a source knows no {{%s}}", name);
	sql = find_element(scope, name, scope->sends_json);
	if (sql.text)
		return sql;
	if (scope->arrays && strchr(name, '.') && !(scope->crm && strncmp(name, "data.", 5) == 0))
		return scope_fail(scope, "{{%s}}: no array %s is open here", name, pnstrdup(name, strcspn(name, ".")));
	return find_column(scope, name, scope->sends_json, false);
}

Sql
scope_array(Scope *scope, const char *path)
{
	Sql			sql = find_element(scope, path, true);

	if (sql.text)
		return sql;
	if (scope->request)
		return scope_fail(scope, "a request to a source knows no array %s", path);
	if (strchr(path, '.') == NULL || (scope->crm && strncmp(path, "data.", 5) == 0 && !strchr(path + 5, '.')))
	{
		ScopeColumn *column = is_rows(scope, path) ? NULL : scope_column(scope, path, "jsonb");

		if (column)
			column->is_array = true;
	}
	return find_column(scope, path, true, true);
}

const char *
scope_strategy(Scope *scope, const char *name)
{
	ScopeStrategy **last = &scope->strategies;
	int			nstrategies = 0;

	for (; *last; last = &(*last)->next)
	{
		if (strcmp((*last)->name, name) == 0)
			return sql_name(name);
		nstrategies++;
	}
	if (nstrategies >= SCOPE_STRATEGIES || strlen(name) > SCOPE_NAME_BYTES)
	{
		scope_fail(scope, "strategy %s cannot be the name of a table, or is one too many", name);
		return NULL;
	}
	*last = palloc0(sizeof(ScopeStrategy));
	(*last)->name = name;
	return sql_name(name);
}
