/*-------------------------------------------------------------------------
 *
 * backend.c
 *	  What the server gives its code, for tests that run without one.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include <setjmp.h>
#include <stdarg.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"

char		backend_message[1024];
sigjmp_buf *PG_exception_stack = NULL;
ErrorContextCallback *error_context_stack = NULL;

static int	state;
static int	level;

bool
errstart(int elevel, const char *domain)
{
	level = elevel;
	state = elevel >= ERROR ? ERRCODE_INTERNAL_ERROR : 0;
	backend_message[0] = '\0';
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

int
errcode(int sqlerrcode)
{
	state = sqlerrcode;
	return 0;
}

int
errmsg(const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	vsnprintf(backend_message, sizeof(backend_message), fmt, args);
	va_end(args);
	return 0;
}

int
errmsg_internal(const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	vsnprintf(backend_message, sizeof(backend_message), fmt, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *fmt,...)
{
	return 0;
}

int
errhint(const char *fmt,...)
{
	return 0;
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (level < ERROR)
		return;
	if (PG_exception_stack == NULL)
	{
		fprintf(stderr, "%s:%d: %s\n", filename, lineno, backend_message);
		exit(2);
	}
	siglongjmp(*PG_exception_stack, 1);
}

void
pg_re_throw(void)
{
	siglongjmp(*PG_exception_stack, 1);
}

void
check_stack_depth(void)
{
}

bool
pg_verify_mbstr(int encoding, const char *mbstr, int len, bool noError)
{
	return pg_encoding_verifymbstr(encoding, mbstr, len) == len;
}

int
backend_try(void (*function) (void *arg), void *arg)
{
	sigjmp_buf	here;
	sigjmp_buf *before = PG_exception_stack;
	volatile int result = 0;

	if (sigsetjmp(here, 0) == 0)
	{
		PG_exception_stack = &here;
		function(arg);
	}
	else
		result = state;
	PG_exception_stack = before;
	return result;
}
