/*-------------------------------------------------------------------------
 *
 * printable.c
 *	  What others wrote, for messages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "base/printable.h"

static bool
is_unprintable(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

char *
printable(const char *utf8)
{
	bool		unicode = GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
	StringInfoData out;

	if (!pg_verify_mbstr(PG_UTF8, utf8, strlen(utf8), true))
		return pstrdup("(not UTF-8)");

	initStringInfo(&out);
	for (const unsigned char *c = (const unsigned char *) utf8; *c;)
	{
		int			n = pg_utf_mblen(c);
		pg_wchar	character = utf8_to_unicode(c);

		if (is_unprintable(character))
			appendStringInfoChar(&out, '?');
		else if (n == 1 || unicode)
			appendBinaryStringInfo(&out, (const char *) c, n);
		else
			appendStringInfo(&out, "\\u%04X", (unsigned) character);
		c += n;
	}
	return out.data;
}

char *
printable_here(const char *text)
{
	char	   *copy;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return printable(text);
	/* no byte of a longer character is one of ASCII */
	copy = pstrdup(text);
	for (char *c = copy; *c; c++)
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			*c = '?';
	return copy;
}

void
printable_error(void)
{
	/* what is allocated meanwhile may not be in ErrorContext */
	MemoryContext old = MemoryContextSwitchTo(CurTransactionContext);
	ErrorData  *error = CopyErrorData();

	if (error->message)
		errmsg_internal("%s", printable_here(error->message));
	if (error->detail)
		errdetail_internal("%s", printable_here(error->detail));
	if (error->hint)
		errhint("%s", printable_here(error->hint));
	FreeErrorData(error);
	MemoryContextSwitchTo(old);
}
