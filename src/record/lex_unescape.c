/*-------------------------------------------------------------------------
 *
 * lex_unescape.c
 *	  What a string of JSON stands for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "record/lex.h"
#include "mb/pg_wchar.h"

/* The four digits behind \u, which the lexer has seen to be digits. */
static pg_wchar
read_hex(const char *digits)
{
	pg_wchar	result = 0;

	for (int i = 0; i < 4; i++)
	{
		unsigned char c = digits[i];

		result = result * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return result;
}

/*
 * Reads \uXXXX, or a pair of them, at "in"; returns the bytes read.
 */
static int
read_unicode(const char *in, const char *end, pg_wchar *result,
			 LexEscape *escape)
{
	pg_wchar	first = read_hex(in + 2);

	*result = first;
	if (is_utf16_surrogate_first(first) && end - in >= 12 &&
		in[6] == '\\' && in[7] == 'u' &&
		is_utf16_surrogate_second(read_hex(in + 8)))
	{
		*result = surrogate_pair_to_codepoint(first, read_hex(in + 8));
		return 12;
	}

	if (first == 0)
		*escape = LEX_ESCAPED_NUL;
	else if (is_utf16_surrogate_first(first) || is_utf16_surrogate_second(first))
		*escape = LEX_ESCAPED_SURROGATE;
	else
		return 6;
	*result = 0xFFFD;
	return 6;
}

static char
read_short_escape(char c)
{
	switch (c)
	{
		case 'b':
			return '\b';
		case 'f':
			return '\f';
		case 'n':
			return '\n';
		case 'r':
			return '\r';
		case 't':
			return '\t';
		default:
			return c;			/* quote, slash, backslash */
	}
}

int
lex_unescape(const LexSlice *slice, char *out, LexEscape *escape)
{
	const char *in = slice->start + 1;
	const char *end = slice->start + slice->length - 1;
	char	   *begin = out;

	*escape = LEX_ESCAPES_GOOD;
	while (in < end)
	{
		const char *backslash = memchr(in, '\\', end - in);
		int			plain = (backslash ? backslash : end) - in;

		memcpy(out, in, plain);
		in += plain;
		out += plain;
		if (backslash == NULL)
			break;

		if (in[1] == 'u')
		{
			pg_wchar	c;

			in += read_unicode(in, end, &c, escape);
			unicode_to_utf8(c, (unsigned char *) out);
			out += pg_utf_mblen((unsigned char *) out);
		}
		else
		{
			*out++ = read_short_escape(in[1]);
			in += 2;
		}
	}
	return out - begin;
}
