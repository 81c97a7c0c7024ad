/*-------------------------------------------------------------------------
 *
 * sql.c
 *	  Pieces of SQL with the type that they have.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdarg.h>

#include "common/keywords.h"

#include "metadata/sql.h"

#define BUILD_ITEMS 40			/* pairs of a call: the server takes 100 arguments */

char *
sql_name(const char *text)
{
	StringInfoData name;
	bool		plain = (text[0] >= 'a' && text[0] <= 'z') || text[0] == '_';
	int			keyword;

	for (const char *c = text; *c && plain; c++)
		plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_';
	keyword = plain ? ScanKeywordLookup(text, &ScanKeywords) : -1;
	if (plain && (keyword < 0 || ScanKeywordCategories[keyword] == UNRESERVED_KEYWORD))
		return pstrdup(text);

	initStringInfo(&name);
	appendStringInfoChar(&name, '"');
	for (const char *c = text; *c; c++)
	{
		if (*c == '"')
			appendStringInfoChar(&name, '"');
		appendStringInfoChar(&name, *c);
	}
	appendStringInfoChar(&name, '"');
	return name.data;
}

char *
sql_constant(const char *text)
{
	StringInfoData constant;

	initStringInfo(&constant);
	if (strchr(text, '\\'))
		appendStringInfoChar(&constant, 'E');
	appendStringInfoChar(&constant, '\'');
	for (const char *c = text; *c; c++)
	{
		if (*c == '\'' || *c == '\\')
			appendStringInfoChar(&constant, *c);
		appendStringInfoChar(&constant, *c);
	}
	appendStringInfoChar(&constant, '\'');
	return constant.data;
}

Sql
sql_make(SqlType type, bool whole, const char *format,...)
{
	StringInfoData text;
	int			needed;

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
	return (Sql) {.type = type, .text = text.data, .whole = whole};
}

Sql
sql_literal(const char *text)
{
	return (Sql) {.type = SQL_TEXT, .text = sql_constant(text), .whole = true, .constant = text};
}

/* Digits with or without a point; those that an integer does not hold are numeric. */
Sql
sql_number(const char *digits)
{
	bool		integer = strchr(digits, '.') == NULL && strlen(digits) < 10;

	return (Sql) {.type = integer ? SQL_INTEGER : SQL_NUMERIC, .text = digits, .whole = true, .constant = digits};
}

const char *
sql_operand(Sql sql)
{
	return sql.whole ? sql.text : psprintf("(%s)", sql.text);
}

static Sql
impossible(void)
{
	return (Sql) {.text = NULL};
}

Sql
sql_as_text(Sql sql)
{
	switch (sql.type)
	{
		case SQL_ANY:
		case SQL_TEXT:
		case SQL_NULL:
			return sql;
		case SQL_JSON:
			return sql_make(SQL_TEXT, false, "%s #>> '{}'", sql_operand(sql));
		case SQL_INSTANT:
		case SQL_BOOLEAN:
			return sql_as_text(sql_as_number(sql));
		case SQL_TIME:
			if (sql.day_if)
				return sql_make(SQL_TEXT, true, "to_char(%s, CASE WHEN %s THEN 'YYYY-MM-DD' ELSE 'YYYY-MM-DD HH24:MI:SS' END)",
								sql.text, sql.day_if);
			return sql_make(SQL_TEXT, true, "to_char(%s, 'YYYY-MM-DD HH24:MI:SS')", sql.text);
		case SQL_DATE:
			return sql_make(SQL_TEXT, true, "to_char(%s, 'YYYY-MM-DD')", sql.text);
		default:
			return sql_make(SQL_TEXT, true, "%s::text", sql_operand(sql));
	}
}

static bool
is_number(const char *text)
{
	const char *end = text + (text[0] == '-');
	size_t		digits = strspn(end, "0123456789");

	end += digits;
	if (*end == '.')
	{
		digits += strspn(end + 1, "0123456789");
		end += 1 + strspn(end + 1, "0123456789");
	}
	return digits > 0 && digits < 1000 && *end == '\0';
}

/* '' is no number: it becomes NULL, as a number that is not there. */
Sql
sql_as_number(Sql sql)
{
	switch (sql.type)
	{
		case SQL_INTEGER:
		case SQL_NUMERIC:
		case SQL_NULL:
			return sql;
		case SQL_ANY:
		case SQL_TEXT:
			if (sql.constant)
				return is_number(sql.constant) ? sql_make(SQL_NUMERIC, true, "%s::numeric", sql.text) : impossible();
			return sql_make(SQL_NUMERIC, true, "nullif(%s, '')::numeric", sql.bare ? sql.bare : sql.text);
		case SQL_JSON:
			return sql_as_number(sql_as_text(sql));
		case SQL_BOOLEAN:
			return sql_make(SQL_INTEGER, true, "CASE WHEN %s THEN 1 ELSE 0 END", sql.text);
		case SQL_INSTANT:
			return sql_make(SQL_NUMERIC, true, "floor(extract(epoch FROM %s))", sql.text);
		default:
			return impossible();
	}
}

Sql
sql_as_boolean(Sql sql)
{
	Sql			number;

	if (sql.type == SQL_BOOLEAN)
		return sql;
	number = sql_as_number(sql);
	return number.text ? sql_make(SQL_BOOLEAN, false, "%s <> 0", sql_operand(number)) : impossible();
}

/* Is it a day, and perhaps a time of day, that PostgreSQL will take? */
static bool
is_time(const char *text)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			year,
				month,
				day,
				hour,
				minute,
				second,
				used = 0;

	if (strspn(text, "0123456789-: ") != strlen(text) || strlen(text) > 19)
		return false;
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used == 0)
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days[month - 1] ||
		(month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0))))
		return false;
	text += used;
	if (*text == '\0')
		return true;
	if (sscanf(text, " %2d:%2d%n", &hour, &minute, &used) == 2 && text[used] == '\0')
		return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
	return sscanf(text, " %2d:%2d:%2d%n", &hour, &minute, &second, &used) == 3 && text[used] == '\0' &&
		hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
}

/*
 * A text may hold a time as text, with a zone of its own, too, or its seconds or milliseconds since 1970; MySQL's
 * 0000-00-00 is none.
 */
Sql
sql_as_time(Sql sql)
{
	switch (sql.type)
	{
		case SQL_TIME:
			return sql;
		case SQL_NULL:
		case SQL_DATE:
			return sql_make(SQL_TIME, true, "%s::timestamp", sql_operand(sql));
		case SQL_INSTANT:
			return sql_make(SQL_TIME, false, "%s AT TIME ZONE " SQL_ZONE, sql_operand(sql));
		case SQL_JSON:
			return sql_as_time(sql_make(SQL_ANY, false, "%s #>> '{}'", sql_operand(sql)));
		case SQL_ANY:
		case SQL_TEXT:
			if (sql.constant)
				return is_time(sql.constant) ? sql_make(SQL_TIME, true, "timestamp %s", sql.text) : impossible();
			else
			{
				const char *text = sql.bare ? sql.bare : sql_operand(sql);

				return sql_make(SQL_TIME, true,
								"CASE WHEN %s ~ '^[0-9]{10}$' THEN to_timestamp(%s::bigint) AT TIME ZONE " SQL_ZONE
								" WHEN %s ~ '^[0-9]{13}$' THEN to_timestamp(%s::bigint / 1000.0) AT TIME ZONE " SQL_ZONE
								" WHEN %s ~ ':[0-9]{2}([.][0-9]+)?(Z|[-+][0-9]{2}:?[0-9]{2})$' THEN %s::timestamptz AT TIME ZONE " SQL_ZONE
								" WHEN %s !~ '^0000-' THEN nullif(%s, '')::timestamp END", text, text, text, text, text, text, text, text);
			}
		default:
			return impossible();
	}
}

const char *
sql_as_json(Sql sql)
{
	switch (sql.type)
	{
		case SQL_NULL:
			return "NULL";
		case SQL_INSTANT:
		case SQL_BOOLEAN:
			return sql_as_number(sql).text;
		case SQL_TIME:
		case SQL_DATE:
			return sql_as_text(sql).text;
		default:
			return sql.text;
	}
}

SqlType
sql_common(SqlType one, SqlType other)
{
	bool		number = one == SQL_INTEGER || one == SQL_NUMERIC || other == SQL_INTEGER || other == SQL_NUMERIC;

	if (one == other || other == SQL_NULL)
		return one;
	if (one == SQL_NULL)
		return other;
	if (one == SQL_TEXT || other == SQL_TEXT)
		return SQL_TEXT;
	if ((one == SQL_TIME || one == SQL_DATE || one == SQL_INSTANT || one == SQL_ANY) &&
		(other == SQL_TIME || other == SQL_DATE || other == SQL_INSTANT || other == SQL_ANY))
		return SQL_TIME;
	if (number && one != SQL_TIME && one != SQL_DATE && other != SQL_TIME && other != SQL_DATE)
		return SQL_NUMERIC;
	return SQL_TEXT;
}

Sql
sql_as(Sql sql, SqlType type)
{
	switch (type)
	{
		case SQL_NUMERIC:
		case SQL_INTEGER:
			return sql_as_number(sql);
		case SQL_TIME:
			return sql_as_time(sql);
		case SQL_BOOLEAN:
			return sql_as_boolean(sql);
		case SQL_TEXT:
		case SQL_ANY:
			return sql_as_text(sql);
		default:
			return sql;
	}
}

char *
sql_pattern(const char *pattern, char **unknown)
{
	static const char *const patterns[][2] = {
		{"Y", "YYYY"}, {"y", "YY"}, {"m", "MM"}, {"c", "FMMM"}, {"d", "DD"}, {"e", "FMDD"}, {"H", "HH24"}, {"k", "FMHH24"},
		{"h", "HH12"}, {"I", "HH12"}, {"i", "MI"}, {"s", "SS"}, {"S", "SS"}, {"T", "HH24:MI:SS"}, {"f", "US"}, {"j", "DDD"}
	};
	StringInfoData out;
	bool		quoted = false;

	initStringInfo(&out);
	for (const char *c = pattern; *c; c++)
	{
		const char *found = NULL;

		for (int i = 0; *c == '%' && i < (int) lengthof(patterns); i++)
			found = c[1] == patterns[i][0][0] ? patterns[i][1] : found;
		if (*c == '%' && c[1] != '%' && found == NULL)
		{
			int			length = c[1] == '\0' ? 1 : 2;

			while (((unsigned char) c[length] & 0xc0) == 0x80)
				length++;
			*unknown = pnstrdup(c, length);
			return NULL;
		}
		if ((found == NULL) != quoted)
			appendStringInfoChar(&out, '"');
		quoted = found == NULL;
		if (*c == '%')
			c++;
		if (found)
			appendStringInfoString(&out, found);
		else
		{
			if (*c == '"' || *c == '\\')
				appendStringInfoChar(&out, '\\');
			appendStringInfoChar(&out, *c);
		}
	}
	if (quoted)
		appendStringInfoChar(&out, '"');
	return out.data;
}

char *
sql_build(const char *function, const char *const *items, int nitems)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < nitems; i++)
	{
		if (i % BUILD_ITEMS == 0)
			appendStringInfo(&out, "%s%s(", i > 0 ? ") || " : "", function);
		else
			appendStringInfoString(&out, ", ");
		appendStringInfoString(&out, items[i]);
	}
	if (nitems == 0)
		appendStringInfo(&out, "%s(", function);
	appendStringInfoChar(&out, ')');
	return out.data;
}

/* One call, with so many of the items. */
static void
build_part(StringInfo out, bool object, const char *const *items, int nitems)
{
	appendStringInfo(out, "json_build_%s(", object ? "object" : "array");
	for (int i = 0; i < nitems; i++)
		appendStringInfo(out, "%s%s", i > 0 ? ", " : "", items[i]);
	appendStringInfoChar(out, ')');
}

char *
sql_build_in_order(bool object, const char *const *items, int nitems)
{
	StringInfoData out;

	initStringInfo(&out);
	if (nitems <= BUILD_ITEMS)
	{
		build_part(&out, object, items, nitems);
		return out.data;
	}
	appendStringInfo(&out, "(SELECT %s ORDER BY m.part, m.n) FROM (", object ? "json_object_agg(m.key, m.value" : "json_agg(m.value");
	for (int i = 0; i < nitems; i += BUILD_ITEMS)
	{
		appendStringInfo(&out, "%sSELECT %d, p.* FROM %s(", i > 0 ? " UNION ALL " : "", i, object ? "json_each" : "json_array_elements");
		build_part(&out, object, items + i, Min(nitems - i, BUILD_ITEMS));
		appendStringInfo(&out, ") WITH ORDINALITY AS p");
	}
	appendStringInfo(&out, ") AS m (part, %svalue, n))", object ? "key, " : "");
	return out.data;
}
