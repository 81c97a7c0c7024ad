/*-------------------------------------------------------------------------
 *
 * jsonpath.c
 *	  The server's jsonpath, of texts that mean the same in any encoding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"

#include "base/jsonpath.h"

/* In the place of what there is no character for. */
#define NO_CHARACTER "\\u0001"

/* Hexadecimal digits, as many as "most"; false if they are none. */
static bool
read_digits(const char **at, int most, pg_wchar *code)
{
	const char *begin = *at;

	*code = 0;
	while (*at < begin + most && isxdigit((unsigned char) **at))
	{
		char		digit = *(*at)++;

		*code = *code * 16 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	return *at > begin;
}

/* One unit of an escape, behind its backslash: u4e2d, or u{4e2d}. */
static bool
read_unit(const char **at, pg_wchar *code)
{
	const char *end;

	if (*(*at)++ != 'u')
		return false;
	if (**at == '{')
	{
		(*at)++;
		return read_digits(at, 6, code) && *(*at)++ == '}';
	}
	end = *at + 4;
	return read_digits(at, 4, code) && *at == end;
}

/* A character beyond ASCII, which is at the backslash; false, and *at as it was, if it is none. */
static bool
read_character(const char **at, pg_wchar *code)
{
	const char *end = *at + 1;
	pg_wchar	low;

	if (!read_unit(&end, code) || *code < 0x80)
		return false;
	if (is_utf16_surrogate_first(*code))
	{
		if (*end++ != '\\' || !read_unit(&end, &low) || !is_utf16_surrogate_second(low))
			return false;
		*code = surrogate_pair_to_codepoint(*code, low);
	}
	if (!is_valid_unicode_codepoint(*code) || is_utf16_surrogate_second(*code))
		return false;
	*at = end;
	return true;
}

/* In the database's encoding, or what stands for it. */
static void
append_character(StringInfo out, pg_wchar code)
{
	int			encoding = GetDatabaseEncoding();
	unsigned char utf8[MAX_MULTIBYTE_CHAR_LEN + 1] = {0};
	unsigned char here[MAX_MULTIBYTE_CHAR_LEN * MAX_CONVERSION_GROWTH + 1];
	int			length;
	Oid			proc;

	unicode_to_utf8(code, utf8);
	length = pg_utf_mblen(utf8);
	if (encoding == PG_SQL_ASCII)
	{
		appendBinaryStringInfo(out, (char *) utf8, length);
		return;
	}
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	if (OidIsValid(proc) &&
		pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding, utf8, length, here, sizeof(here), true) == length)
		appendStringInfoString(out, (char *) here);
	else
		appendStringInfoString(out, NO_CHARACTER);
}

Datum
jsonpath_read(const char *text)
{
	StringInfoData here;

	if (GetDatabaseEncoding() == PG_UTF8)
		return DirectFunctionCall1(jsonpath_in, CStringGetDatum(text));
	initStringInfo(&here);
	while (*text)
	{
		pg_wchar	code;

		/* a backslash is none of the bytes of a longer character */
		if (*text == '\\' && read_character(&text, &code))
			append_character(&here, code);
		else
		{
			if (*text == '\\' && text[1])
				appendStringInfoChar(&here, *text++);
			appendStringInfoChar(&here, *text++);
		}
	}
	return DirectFunctionCall1(jsonpath_in, CStringGetDatum(here.data));
}
