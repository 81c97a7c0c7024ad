/*-------------------------------------------------------------------------
 *
 * expr_increment.c
 *	  Is a value the time of the last run, less some seconds?
 *
 * So many multiples of it, and a constant: {{LAST_SYNC_TIME}}000, sum({T}-3600),
 * ({{T}}-3600)*1000.  A format, and quotes, say how the other API wants it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "metadata/scope.h"

typedef struct Line
{
	double		factor;			/* of the time */
	double		constant;
	double		ago;			/* seconds, of a while ago */
	bool		sliding;
} Line;

static bool read_line(const MetaExpr *expr, Line *line);

static bool
read_variable(const MetaExpr *template, Line *line)
{
	static const struct
	{
		const char *prefix;
		int			seconds;
	}			whiles[] = {
		{"MINUTE_AGO_", 60}, {"MINUTES_AGO_", 60}, {"HOUR_AGO_", 3600}, {"HOURS_AGO_", 3600}, {"DAY_AGO_", 86400}, {"DAYS_AGO_", 86400}
	};

	line->factor = 1;
	/* of a date the time of day is lost */
	if (template->format && strcmp(template->format, "date") == 0)
		line->ago = 86400;
	if (strcmp(template->text, "LAST_SYNC_TIME") == 0)
		return true;
	line->sliding = true;
	for (int i = 0; i < (int) lengthof(whiles); i++)
	{
		size_t		length = strlen(whiles[i].prefix);

		if (strncmp(template->text, whiles[i].prefix, length) == 0 && strlen(template->text) < length + 6)
		{
			line->ago += atof(template->text + length) * whiles[i].seconds;
			return true;
		}
	}
	return false;
}

static bool
read_operator(const MetaExpr *expr, Line *line)
{
	Line		right = {0};

	if (!read_line(expr->args, line))
		return false;
	if (expr->args->next == NULL)
	{
		*line = (Line) {-line->factor, -line->constant, line->ago, line->sliding};
		return strcmp(expr->text, "-") == 0;
	}
	if (!read_line(expr->args->next, &right))
		return false;
	switch (expr->text[0])
	{
		case '+':
		case '-':
			{
				double		sign = expr->text[0] == '+' ? 1 : -1;

				line->factor += sign * right.factor;
				line->constant += sign * right.constant;
				break;
			}
		case '*':
			if (line->factor != 0 && right.factor != 0)
				return false;
			*line = line->factor != 0 || line->ago > 0 ?
				(Line) {line->factor * right.constant, line->constant * right.constant, line->ago, line->sliding} :
				(Line) {right.factor * line->constant, right.constant * line->constant, right.ago, right.sliding};
			break;
		case '/':
			if (right.factor != 0 || right.constant == 0)
				return false;
			line->factor /= right.constant;
			line->constant /= right.constant;
			break;
		default:
			return false;
	}
	line->ago = Max(line->ago, right.ago);
	line->sliding |= right.sliding;
	return expr->text[1] == '\0';
}

static bool
read_line(const MetaExpr *expr, Line *line)
{
	switch (expr->kind)
	{
		case EXPR_NUMBER:
			line->constant = atof(expr->text);
			return true;
		case EXPR_TEMPLATE:
			return read_variable(expr, line);
		case EXPR_TEXT:
			if (!read_line(expr->args, line))
				return false;
			if (expr->args->next == NULL)
				return true;
			line->factor *= 1000;
			line->constant *= 1000;
			return expr->args->next->kind == EXPR_LITERAL && strcmp(expr->args->next->text, "000") == 0 &&
				expr->args->next->next == NULL;
		case EXPR_CALL:
			return expr->args && expr->args->next == NULL &&
				(pg_strcasecmp(expr->text, "sum") == 0 || pg_strcasecmp(expr->text, "max") == 0 ||
				 pg_strcasecmp(expr->text, "min") == 0 || pg_strcasecmp(expr->text, "avg") == 0 ||
				 pg_strcasecmp(expr->text, "from_unixtime") == 0 || pg_strcasecmp(expr->text, "round") == 0) &&
				read_line(expr->args, line);
		case EXPR_OPERATOR:
			return expr->args->next == NULL || expr->args->next->next == NULL ? read_operator(expr, line) : false;
		default:
			return false;
	}
}

bool
expr_is_increment(const MetaExpr *expr, double *seconds, bool *sliding)
{
	Line		line = {0};

	if (!read_line(expr, &line) || line.factor <= 0)
		return false;
	*seconds = Max(line.ago - line.constant / line.factor, 0);
	*sliding = line.sliding;
	return isfinite(*seconds) && *seconds < 1e8;
}
