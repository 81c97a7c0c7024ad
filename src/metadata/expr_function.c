/*-------------------------------------------------------------------------
 *
 * expr_function.c
 *	  The expressions behind _function, by recursive descent.
 *
 *	  or      = and { OR and }              and  = not { AND not }
 *	  not     = NOT not | compare           sum  = product { + | - product }
 *	  compare = sum [ operator sum | IS [NOT] NULL | [NOT] LIKE sum | [NOT] IN ( list )
 *	            | [NOT] BETWEEN sum AND sum ]
 *	  product = sign { * | / | % sign }     sign = { - | + } primary
 *	  primary = number | 'text' | template | function ( list ) | ( or ) | CASE ... END
 *	          | INTERVAL sum unit | _findCollection ... _endFind | NULL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/expr.h"

static MetaExpr *read_or(ExprReader *reader);
static MetaExpr *read_sum(ExprReader *reader);

static MetaExpr *
operator_of(const char *name, MetaExpr *left, MetaExpr *right)
{
	if (left == NULL)
		return NULL;
	left->next = right;
	return expr_new(EXPR_OPERATOR, name, left);
}

/* Some bytes of what comes, whole characters. */
static char *
what_comes(ExprReader *reader)
{
	const char *end = reader->at;

	if (*end == '\0')
		return pstrdup("its end");
	end++;
	while (end - reader->at < 30 && *end && !strchr(" \t\r\n(),", *end))
		end++;
	while (((unsigned char) *end & 0xc0) == 0x80)
		end++;
	return psprintf("\"%s\"", pnstrdup(reader->at, end - reader->at));
}

static bool
take(ExprReader *reader, const char *mark)
{
	expr_blanks(reader);
	if (strncmp(reader->at, mark, strlen(mark)) != 0)
		return false;
	reader->at += strlen(mark);
	return true;
}

/* Items with commas between them, up to the parenthesis; *problem if there are none. */
static MetaExpr *
read_list(ExprReader *reader)
{
	MetaExpr   *list = NULL;
	MetaExpr  **last = &list;

	if (take(reader, ")"))
		return NULL;
	do
	{
		*last = read_or(reader);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	} while (take(reader, ","));
	if (!take(reader, ")"))
		return expr_fail(reader, "%s where a parenthesis should be closed", what_comes(reader));
	return list;
}

static MetaExpr *
read_number(ExprReader *reader)
{
	const char *begin = reader->at;
	const char *end = begin + strspn(begin, "0123456789");

	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	reader->at = end;
	return expr_new(EXPR_NUMBER, pnstrdup(begin, end - begin), NULL);
}

static MetaExpr *
read_quoted(ExprReader *reader)
{
	char		quote = *reader->at++;
	MetaExpr   *text = expr_text(reader, quote == '"' ? "\"" : "'", quote);

	if (text == NULL)
		return NULL;
	if (*reader->at != quote)
		return expr_fail(reader, "a quote is not closed");
	reader->at++;
	return text;
}

static MetaExpr *
read_branch(ExprReader *reader, MetaExprKind kind)
{
	MetaExpr   *first = read_or(reader);

	if (first == NULL)
		return NULL;
	if (kind == EXPR_WHEN)
	{
		if (!expr_take_word(reader, "then"))
			return expr_fail(reader, "CASE: %s where THEN should be", what_comes(reader));
		first->next = read_or(reader);
		if (first->next == NULL)
			return NULL;
	}
	return expr_new(kind, NULL, first);
}

static MetaExpr *
read_case(ExprReader *reader)
{
	MetaExpr   *result = expr_new(EXPR_CASE, NULL, NULL);
	MetaExpr  **last = &result->args;
	bool		has_when = false;

	if (!expr_take_word(reader, "when"))
	{
		*last = read_branch(reader, EXPR_OPERAND);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
		has_when = expr_take_word(reader, "when");
	}
	else
		has_when = true;
	if (!has_when)
		return expr_fail(reader, "CASE: %s where WHEN should be", what_comes(reader));
	do
	{
		*last = read_branch(reader, EXPR_WHEN);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	} while (expr_take_word(reader, "when"));
	if (expr_take_word(reader, "else"))
	{
		*last = read_branch(reader, EXPR_ELSE);
		if (*last == NULL)
			return NULL;
	}
	if (!expr_take_word(reader, "end"))
		return expr_fail(reader, "CASE: %s where END should be", what_comes(reader));
	return result;
}

/* The length of the name that comes. */
static size_t
name_length(const char *at)
{
	return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.");
}

static MetaExpr *
read_interval(ExprReader *reader)
{
	MetaExpr   *count = read_sum(reader);
	size_t		length;
	char	   *unit;

	if (count == NULL)
		return NULL;
	expr_blanks(reader);
	length = name_length(reader->at);
	unit = pnstrdup(reader->at, length);
	for (char *c = unit; *c; c++)
		*c = pg_toupper(*c);
	reader->at += length;
	return expr_new(EXPR_INTERVAL, unit, count);
}

/* A function; a name without parentheses is no value. */
static MetaExpr *
read_call(ExprReader *reader)
{
	size_t		length = name_length(reader->at);
	char	   *name = pnstrdup(reader->at, length);
	MetaExpr   *args;

	if (length == 0)
		return expr_fail(reader, "%s where a value should be", what_comes(reader));
	reader->at += length;
	if (!take(reader, "("))
		return expr_fail(reader, "\"%s\" stands there without braces", name);
	args = read_list(reader);
	return reader->problem ? NULL : expr_new(EXPR_CALL, name, args);
}

static MetaExpr *
read_primary(ExprReader *reader)
{
	MetaExpr   *expr;

	if (++reader->parts > EXPR_PARTS)
		return expr_fail(reader, "it has more than %d parts", EXPR_PARTS);
	expr_blanks(reader);
	if (*reader->at >= '0' && *reader->at <= '9')
		return read_number(reader);
	if (*reader->at == '\'' || *reader->at == '"')
		return read_quoted(reader);
	if (*reader->at == '{')
	{
		expr = expr_template(reader);
		return expr || reader->problem ? expr : expr_fail(reader, "%s is no template", what_comes(reader));
	}
	if (take(reader, "("))
	{
		expr = read_or(reader);
		if (expr && !take(reader, ")"))
			return expr_fail(reader, "%s where a parenthesis should be closed", what_comes(reader));
		return expr;
	}
	if (expr_take_word(reader, "case"))
		return read_case(reader);
	if (expr_take_word(reader, "interval"))
		return read_interval(reader);
	if (expr_take_word(reader, "_findCollection"))
		return expr_find(reader);
	if (expr_take_word(reader, "null"))
		return expr_new(EXPR_NULL, NULL, NULL);
	return read_call(reader);
}

static MetaExpr *
read_sign(ExprReader *reader)
{
	bool		negative = false;
	MetaExpr   *expr;

	for (;;)
	{
		if (take(reader, "-"))
			negative = !negative;
		else if (!take(reader, "+"))
			break;
	}
	expr = read_primary(reader);
	return negative ? operator_of("-", expr, NULL) : expr;
}

/* A row of operands with operators of one rank between them, from the left. */
static MetaExpr *
read_row(ExprReader *reader, MetaExpr *(*operand) (ExprReader *reader), const char *const *marks)
{
	MetaExpr   *left = operand(reader);

	while (left)
	{
		const char *const *mark = marks;
		MetaExpr   *right;

		while (*mark && !take(reader, *mark))
			mark++;
		if (*mark == NULL)
			break;
		right = operand(reader);
		if (right == NULL)
			return NULL;
		left = operator_of(*mark, left, right);
	}
	return left;
}

static MetaExpr *
read_product(ExprReader *reader)
{
	static const char *const marks[] = {"*", "/", "%", NULL};

	return read_row(reader, read_sign, marks);
}

static MetaExpr *
read_sum(ExprReader *reader)
{
	static const char *const marks[] = {"+", "-", NULL};

	return read_row(reader, read_product, marks);
}

/* Behind BETWEEN: what it stands for. */
static MetaExpr *
read_between(ExprReader *reader, MetaExpr *left)
{
	MetaExpr   *again = expr_new(left->kind, left->text, left->args);
	MetaExpr   *low = read_sum(reader);
	MetaExpr   *high;

	again->format = left->format;
	expr_blanks(reader);
	if (low && !expr_take_word(reader, "and"))
		return expr_fail(reader, "BETWEEN: %s where AND should be", what_comes(reader));
	high = low ? read_sum(reader) : NULL;
	return high ? operator_of("AND", operator_of(">=", left, low), operator_of("<=", again, high)) : NULL;
}

/* Behind an operand: IN, LIKE or BETWEEN; NULL without a problem if none of them comes. */
static MetaExpr *
read_in_or_like(ExprReader *reader, MetaExpr *left)
{
	if (expr_take_word(reader, "in"))
	{
		MetaExpr   *list = take(reader, "(") ? read_list(reader) : NULL;

		if (list == NULL)
			return expr_fail(reader, "IN without a list");
		return operator_of("IN", left, list);
	}
	if (expr_take_word(reader, "like"))
	{
		MetaExpr   *right = read_sum(reader);

		return right ? operator_of("LIKE", left, right) : NULL;
	}
	return expr_take_word(reader, "between") ? read_between(reader, left) : NULL;
}

static MetaExpr *
read_compare(ExprReader *reader)
{
	static const char *const marks[][2] = {
		{"<=", "<="}, {">=", ">="}, {"<>", "<>"}, {"!=", "<>"}, {"==", "="}, {"=", "="}, {"<", "<"}, {">", ">"}
	};
	MetaExpr   *left = read_sum(reader);
	MetaExpr   *result;

	if (left == NULL)
		return NULL;
	if (expr_take_word(reader, "is"))
	{
		bool		negated = expr_take_word(reader, "not");

		if (!expr_take_word(reader, "null"))
			return expr_fail(reader, "IS: %s where NULL should be", what_comes(reader));
		return operator_of(negated ? "IS NOT NULL" : "IS NULL", left, NULL);
	}
	if (expr_take_word(reader, "not"))
	{
		result = read_in_or_like(reader, left);
		return result || reader->problem ? operator_of("NOT", result, NULL) :
			expr_fail(reader, "NOT: %s where IN, LIKE or BETWEEN should be", what_comes(reader));
	}
	result = read_in_or_like(reader, left);
	if (result || reader->problem)
		return result;
	for (int i = 0; i < (int) lengthof(marks); i++)
	{
		if (take(reader, marks[i][0]))
		{
			MetaExpr   *right = read_sum(reader);

			return right ? operator_of(marks[i][1], left, right) : NULL;
		}
	}
	return left;
}

static MetaExpr *
read_not(ExprReader *reader)
{
	bool		negated = false;
	MetaExpr   *expr;

	while (expr_take_word(reader, "not"))
		negated = !negated;
	expr = read_compare(reader);
	return negated ? operator_of("NOT", expr, NULL) : expr;
}

static MetaExpr *
read_and(ExprReader *reader)
{
	MetaExpr   *left = read_not(reader);

	while (left && expr_take_word(reader, "and"))
	{
		MetaExpr   *right = read_not(reader);

		left = right ? operator_of("AND", left, right) : NULL;
	}
	return left;
}

static MetaExpr *
read_or(ExprReader *reader)
{
	MetaExpr   *left;

	if (++reader->depth > EXPR_DEPTH)
		return expr_fail(reader, "it is nested more than %d deep", EXPR_DEPTH);
	left = read_and(reader);
	while (left && expr_take_word(reader, "or"))
	{
		MetaExpr   *right = read_and(reader);

		left = right ? operator_of("OR", left, right) : NULL;
	}
	reader->depth--;
	return left;
}

MetaExpr *
expr_function(ExprReader *reader)
{
	return read_or(reader);
}
