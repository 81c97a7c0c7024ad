/*-------------------------------------------------------------------------
 *
 * sync_raise.c
 *	  What a run says in its own words, as an SQL function.
 *
 * What RAISE says has a CONTEXT of all the functions that are at work, which here are
 * the extension's own: five lines that tell whoever called nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "func/sync_raise.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_raise);

/* An argument; NULL if it says nothing. */
static const char *
words(FunctionCallInfo fcinfo, int argument)
{
	const char *said = PG_ARGISNULL(argument) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(argument));

	return said[0] == '\0' ? NULL : said;
}

Datum
xbb_fdw_sync_raise(PG_FUNCTION_ARGS)
{
	bool		warns = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	const char *sqlstate = words(fcinfo, 1);
	const char *message = words(fcinfo, 2);
	const char *detail = words(fcinfo, 3);
	const char *hint = words(fcinfo, 4);
	const char *context = words(fcinfo, 5);
	int			code = ERRCODE_INTERNAL_ERROR;
	ErrorContextCallback *callers = error_context_stack;

	if (sqlstate && strlen(sqlstate) == 5)
		code = MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2], sqlstate[3], sqlstate[4]);
	/* whoever catches an error sets it anew */
	error_context_stack = NULL;
	ereport(warns ? WARNING : ERROR,
			(errcode(code),
			 errmsg_internal("%s", message ? message : ""),
			 detail ? errdetail_internal("%s", detail) : 0,
			 hint ? errhint("%s", hint) : 0,
			 context ? (set_errcontext_domain(TEXTDOMAIN), errcontext_msg("%s", context)) : 0));
	error_context_stack = callers;
	PG_RETURN_VOID();
}
