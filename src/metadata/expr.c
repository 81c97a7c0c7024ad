/*-------------------------------------------------------------------------
 *
 * expr.c
 *	  Values of the platform's field nodes.
 *
 *	  value = "_function" expression | "_findCollection" find | text
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/expr.h"

#define FUNCTION_WORD	"_function"
#define FIND_WORD		"_findCollection"

/*
 * A word of the platform's that this grammar has not, or one of the two where it says nothing: what was sent as it stands
 * would be the word itself.
 */
static bool
has_other_word(const char *value)
{
	size_t		letters;

	while (*value == ' ')
		value++;
	letters = *value == '_' ? strspn(value + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
	return (letters > 0 && value[letters + 1] == ' ') || strstr(value, FIND_WORD " ") || strstr(value, FUNCTION_WORD " ");
}

MetaExpr *
expr_parse(const char *value, char **problem)
{
	ExprReader	reader = {.at = value};
	MetaExpr   *expr = NULL;

	if (strlen(value) > EXPR_BYTES)
		expr_fail(&reader, "it has more than %d bytes", EXPR_BYTES);
	else if (expr_take_word(&reader, FUNCTION_WORD))
	{
		expr = expr_function(&reader);
		expr_blanks(&reader);
		if (expr && *reader.at)
			expr_fail(&reader, "\"%s\" is not expected there", expr_shown(reader.at));
	}
	else if (expr_take_word(&reader, FIND_WORD))
	{
		expr = expr_find(&reader);
		expr_blanks(&reader);
		if (expr && *reader.at)
			expr_fail(&reader, "\"%s\" is not expected behind _endFind", expr_shown(reader.at));
	}
	else if (has_other_word(value))
		expr_fail(&reader, "\"%s\" has a word of the platform's that is not known, or stands where it says nothing", expr_shown(value));
	else
	{
		reader.at = value;
		expr = expr_text(&reader, "", '\0');
	}
	*problem = reader.problem;
	return reader.problem ? NULL : expr;
}
