/*-------------------------------------------------------------------------
 *
 * path_encoding.c
 *	  Answers in the database's encoding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "target/path.h"

/* Converted at once, bytes: a conversion may need four times as many. */
#define CHUNK 65536

char *
path_to_database(const char *utf8)
{
	int			encoding = GetDatabaseEncoding();
	size_t		left = strlen(utf8);
	StringInfoData out;
	Oid			proc;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return pstrdup(utf8);
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	initStringInfo(&out);
	while (left > 0)
	{
		int			chunk = pg_encoding_mbcliplen(PG_UTF8, utf8, Min(left, CHUNK), CHUNK);
		int			done = 0;

		enlargeStringInfo(&out, chunk * MAX_CONVERSION_GROWTH + 1);
		if (OidIsValid(proc))
			done = pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding,
												 (unsigned char *) unconstify(char *, utf8), chunk,
												 (unsigned char *) out.data + out.len,
												 chunk * MAX_CONVERSION_GROWTH + 1, true);
		if (done > 0)
			out.len += strlen(out.data + out.len);
		if (done < chunk)
		{
			appendStringInfoChar(&out, '?');
			done += pg_utf_mblen((const unsigned char *) utf8 + done);
		}
		utf8 += done;
		left -= done;
	}
	return out.data;
}
