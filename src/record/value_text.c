/*-------------------------------------------------------------------------
 *
 * value_text.c
 *	  What values say, as text in the database's encoding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record/value_type.h"

/* Bytes between two looks at interrupts. */
#define LOOK_BYTES (1024 * 1024)

static bool
is_ascii_text(const char *data, int length)
{
	for (int i = 0; i < length; i++)
	{
		if (IS_HIGHBIT_SET(data[i]))
			return false;
	}
	return true;
}

ValueText
value_server_text(const char *data, int length)
{
	ValueText	text = {data, length};

	if (GetDatabaseEncoding() != PG_UTF8 && !is_ascii_text(data, length))
	{
		text.data = pg_any_to_server(data, length, PG_UTF8);
		if (text.data != data)
			text.length = strlen(text.data);
	}
	return text;
}

ValueText
value_content(const LexSlice *slice)
{
	ValueText	text = {slice->start + 1, (int) slice->length - 2};
	LexEscape	escape;
	char	   *buffer;

	if (memchr(text.data, '\\', text.length) == NULL)
		return text;

	buffer = palloc(slice->length);
	text.length = lex_unescape(slice, buffer, &escape);
	text.data = buffer;			/* and two bytes of room behind it */
	buffer[text.length] = '\0';

	if (escape == LEX_ESCAPED_NUL)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("\\u0000 cannot be converted to text")));
	if (escape == LEX_ESCAPED_SURROGATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("a Unicode surrogate without its other half cannot be converted to text")));
	return text;
}

ValueText
value_text(const LexSlice *slice)
{
	ValueText	content = {slice->start, slice->length};

	if (slice->kind == LEX_STRING)
		content = value_content(slice);
	return value_server_text(content.data, content.length);
}

char *
value_terminated(ValueText text)
{
	return pnstrdup(text.data, text.length);
}

bool
value_is_utf8(const char *body, size_t length)
{
	while (length > 0)
	{
		int			part = Min(length, LOOK_BYTES);
		int			good = pg_encoding_verifymbstr(PG_UTF8, body, part);

		/* a part may end within a character, of four bytes at most */
		if (good == 0 || (good < part && (good < part - 3 || part == (int) length)))
			return false;
		body += good;
		length -= good;
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}
