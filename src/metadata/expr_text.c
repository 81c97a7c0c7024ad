/*-------------------------------------------------------------------------
 *
 * expr_text.c
 *	  Text with templates, and _findCollection.
 *
 *	  template = "{{" name [ "|" format ] "}}"  or with single braces
 *	  find     = "find" field "from" strategy "where" { field ( "=" text | "in (" text "," ... ")" ) } [ "_endFind" ]
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdarg.h>

#include "lib/stringinfo.h"

#include "metadata/expr.h"

#define END_WORD "_endFind"

MetaExpr *
expr_new(MetaExprKind kind, const char *text, MetaExpr *args)
{
	MetaExpr   *expr = palloc0(sizeof(MetaExpr));

	expr->kind = kind;
	expr->text = text;
	expr->args = args;
	return expr;
}

MetaExpr *
expr_fail(ExprReader *reader, const char *format,...)
{
	StringInfoData text;
	int			needed;

	if (reader->problem)
		return NULL;
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
	reader->problem = text.data;
	return NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char) c >= 0x80;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void
expr_blanks(ExprReader *reader)
{
	while (is_blank(*reader->at))
		reader->at++;
}

bool
expr_take_word(ExprReader *reader, const char *word)
{
	size_t		length = strlen(word);

	expr_blanks(reader);
	if (pg_strncasecmp(reader->at, word, length) != 0 ||
		is_letter(reader->at[length]) || is_digit(reader->at[length]))
		return false;
	reader->at += length;
	return true;
}

/* The end of a name with dots; "at" itself if there is none. */
static const char *
end_of_name(const char *at)
{
	const char *end = at;

	while (is_letter(*end) || is_digit(*end) || (*end == '.' && end > at && end[-1] != '.'))
		end++;
	return end > at && end[-1] == '.' ? at : end;
}

static const char *
past_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

char *
expr_shown(const char *text)
{
	int			length = strnlen(text, 40);

	while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
		length--;
	return pnstrdup(text, length);
}

static MetaExpr *
documentation(ExprReader *reader, const char *at)
{
	return expr_fail(reader, "\"%s\" is documentation syntax of the platform, not an export's", expr_shown(at));
}

/*
 * A third brace on the left, "{{{a}}", is a slip that the platform takes, and so do we.
 */
MetaExpr *
expr_template(ExprReader *reader)
{
	const char *begin = reader->at;
	const char *name = begin + strspn(begin, "{");
	int			braces = Min(name - begin, 2);
	const char *end;
	const char *format = NULL;
	MetaExpr   *expr;

	if (name - begin > 3 && strstr(name, "}}"))
		return expr_fail(reader, "\"%s\" is no template", expr_shown(begin));
	if (braces == 0 || name - begin > 3)
		return NULL;
	name = past_blanks(name);
	if (*name == '$' && braces == 2)
		return documentation(reader, begin);
	end = end_of_name(name);
	if (end == name && braces == 2 && (is_letter(*name) || strstr(name, "}}")))
		return expr_fail(reader, "\"%s\" is no template", expr_shown(begin));
	if (end == name || (braces == 1 && is_digit(*name)))
		return NULL;
	expr = expr_new(EXPR_TEMPLATE, pnstrdup(name, end - name), NULL);
	end = past_blanks(end);
	if (*end == '|')
	{
		format = past_blanks(end + 1);
		end = format;
		while (is_letter(*end) || is_digit(*end))
			end++;
		expr->format = pnstrdup(format, end - format);
		if (*end == ':' || *end == '(')
			return documentation(reader, begin);
		end = past_blanks(end);
	}
	if (strncmp(end, "}}", braces) != 0)
		return braces == 1 ? NULL : expr_fail(reader, "\"%s\" is no template", expr_shown(begin));
	if (format && strcmp(expr->format, "datetime") != 0 && strcmp(expr->format, "dateTime") != 0 &&
		strcmp(expr->format, "date") != 0 && strcmp(expr->format, "timestamp_ms") != 0)
		return expr_fail(reader, "format \"%s\" is not known", expr->format);
	if (strncmp(expr->text, "source.", 7) == 0)
		return documentation(reader, begin);
	reader->at = end + braces;
	return expr;
}

static MetaExpr **
add_literal(MetaExpr **last, StringInfo literal)
{
	if (literal->len == 0)
		return last;
	*last = expr_new(EXPR_LITERAL, pstrdup(literal->data), NULL);
	resetStringInfo(literal);
	return &(*last)->next;
}

/* One byte of a literal; in quotes, with MySQL's escapes, of which those of a pattern stay what they are. */
static void
take_byte(ExprReader *reader, StringInfo literal, char quote)
{
	static const char escapes[] = "nrtbZ";
	static const char meant[] = "\n\r\t\b\032";

	if (quote && *reader->at == '\\' && reader->at[1] != '\0')
	{
		const char *escape = strchr(escapes, *++reader->at);

		if (*reader->at == '0')
			expr_fail(reader, "a text with a zero byte");
		if (*reader->at == '%' || *reader->at == '_')
			appendStringInfoChar(literal, '\\');
		appendStringInfoChar(literal, escape ? meant[escape - escapes] : *reader->at);
		reader->at++;
		return;
	}
	if (quote && *reader->at == quote)
		reader->at++;
	appendStringInfoChar(literal, *reader->at++);
}

MetaExpr *
expr_text(ExprReader *reader, const char *ends, char quote)
{
	StringInfoData literal;
	MetaExpr   *parts = NULL;
	MetaExpr  **last = &parts;

	initStringInfo(&literal);
	while (*reader->at && !reader->problem)
	{
		MetaExpr   *expr;

		if (strchr(ends, *reader->at) && !(quote && reader->at[0] == quote && reader->at[1] == quote))
			break;
		if (reader->at[0] == '$' && reader->at[1] == '{')
			return documentation(reader, reader->at);
		expr = expr_template(reader);
		if (expr)
		{
			last = add_literal(last, &literal);
			*last = expr;
			last = &expr->next;
		}
		else if (!reader->problem)
			take_byte(reader, &literal, quote);
	}
	add_literal(last, &literal);
	if (reader->problem)
		return NULL;
	if (parts == NULL)
		return expr_new(EXPR_LITERAL, "", NULL);
	if (parts->next == NULL && (parts->kind == EXPR_LITERAL || !quote))
		return parts;
	return expr_new(EXPR_TEXT, NULL, parts);
}

/* A name in a find: of a field, or of a strategy, which may be anything without blanks. */
static char *
find_name(ExprReader *reader, const char *what, const char *ends)
{
	const char *begin;

	expr_blanks(reader);
	begin = reader->at;
	reader->at += strcspn(begin, ends);
	if (reader->at == begin)
		expr_fail(reader, "_findCollection without %s", what);
	return pnstrdup(begin, reader->at - begin);
}

/* What a field is compared with, up to a blank. */
static MetaExpr *
find_operand(ExprReader *reader, const char *ends)
{
	MetaExpr   *operand;
	char		quote = *reader->at;

	if (quote != '\'' && quote != '"')
		return expr_text(reader, ends, '\0');
	reader->at++;
	operand = expr_text(reader, quote == '"' ? "\"" : "'", quote);
	if (operand == NULL)
		return NULL;
	if (*reader->at != quote)
		return expr_fail(reader, "a quote is not closed");
	reader->at++;
	return operand;
}

/* Behind "in": a list in parentheses. */
static MetaExpr *
find_list(ExprReader *reader)
{
	MetaExpr   *list = NULL;
	MetaExpr  **last = &list;

	expr_blanks(reader);
	if (*reader->at != '(')
		return expr_fail(reader, "_findCollection: \"in\" without a list");
	do
	{
		reader->at++;
		expr_blanks(reader);
		*last = find_operand(reader, " \t\r\n,)");
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
		expr_blanks(reader);
	} while (*reader->at == ',');
	if (*reader->at != ')')
		return expr_fail(reader, "_findCollection: a list is not closed");
	reader->at++;
	return list;
}

static MetaExpr *
find_condition(ExprReader *reader)
{
	MetaExpr   *condition = expr_new(EXPR_EQUAL, find_name(reader, "a condition", " \t\r\n=<>!()"), NULL);

	if (reader->problem)
		return NULL;
	expr_blanks(reader);
	if (expr_take_word(reader, "in"))
		condition->args = find_list(reader);
	else if (*reader->at == '=')
	{
		reader->at++;
		expr_blanks(reader);
		condition->args = find_operand(reader, " \t\r\n");
	}
	else
		return expr_fail(reader, "_findCollection: a condition is neither = nor in");
	return condition;
}

MetaExpr *
expr_find(ExprReader *reader)
{
	MetaExpr   *find;
	MetaExpr  **last;

	if (!expr_take_word(reader, "find"))
		return expr_fail(reader, "_findCollection without \"find\"");
	find = expr_new(EXPR_FIND, find_name(reader, "a field", " \t\r\n"), NULL);
	if (!expr_take_word(reader, "from"))
		return expr_fail(reader, "_findCollection without \"from\"");
	find->format = find_name(reader, "a strategy", " \t\r\n");
	if (!expr_take_word(reader, "where"))
		return expr_fail(reader, "_findCollection without \"where\"");
	last = &find->args;
	do
	{
		*last = find_condition(reader);
		if (reader->problem)
			return NULL;
		last = &(*last)->next;
		(void) expr_take_word(reader, "and");
		expr_blanks(reader);
	} while (*reader->at && !expr_take_word(reader, END_WORD));
	return find;
}
