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
	else
	{
		reader.at = value;
		expr = expr_text(&reader, "", '\0');
	}
	*problem = reader.problem;
	return reader.problem ? NULL : expr;
}
