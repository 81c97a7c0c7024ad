/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  JSON as text: is it whole, what are its parts, how is it made clean.
 *
 * One recursive reader, which checks, and copies where it is to make clean.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "target/scan.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* Numbers that are longer, or have greater exponents, become texts: see numeric_in. */
#define MOST_DIGITS 1000
#define MOST_EXPONENT 1000

typedef struct Scan
{
	const char *at;
	const char *end;
	StringInfo	out;			/* what is read is copied there, made clean; or NULL:
								 * then nothing is forgiven */
} Scan;

static bool read_value(Scan *scan, int depth);

static void
copy(Scan *scan, const char *bytes, size_t length)
{
	if (scan->out)
		appendBinaryStringInfo(scan->out, bytes, length);
}

static void
skip_blanks(Scan *scan)
{
	scan->at = scan_blanks(scan->at, scan->end);
}

/* Bytes of the character, or 0 if it is none. */
static int
character_length(const char *at, const char *end)
{
	int			length = pg_utf_mblen((const unsigned char *) at);

	return length <= end - at && pg_utf8_islegal((const unsigned char *) at, length) ? length : 0;
}

/* ---- strings ---- */

/* The end of what stands in any string as it is: ASCII but for controls, quote and backslash. */
static const char *
skip_plain(const char *at, const char *end)
{
	while (at < end && (unsigned char) *at >= 0x20 && (unsigned char) *at < 0x7f && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Four hex digits, or -1. */
static int
read_hex(const char *at, const char *end)
{
	int			code = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char		c = at[i];

		if (c >= '0' && c <= '9')
			code = code * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			code = code * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return code;
}

/*
 * The character that an escape at "at" (behind its "\u") stands for, surrogate pairs
 * together, or -1 if there are no four digits; 0xFFFD for what is no character, and
 * for NUL.  *at is moved behind it.
 */
static int
read_unicode(const char **at, const char *end)
{
	int			code = read_hex(*at, end);
	int			low = -1;

	if (code < 0)
		return -1;
	*at += 4;
	if (code >= 0xD800 && code < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u')
		low = read_hex(*at + 2, end);
	if (low >= 0xDC00 && low < 0xE000)
	{
		*at += 6;
		return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	return code == 0 || (code >= 0xD800 && code < 0xE000) ? 0xFFFD : code;
}

static bool
read_escape(Scan *scan)
{
	const char *begin = scan->at;
	const char *at = begin + 2;

	if (scan->end - begin < 2)
		return false;
	if (begin[1] == 'u')
	{
		int			code = read_unicode(&at, scan->end);

		if (code < 0)
			return false;
		scan->at = at;
		if (code == 0xFFFD)
			copy(scan, REPLACEMENT, strlen(REPLACEMENT));
		else
			copy(scan, begin, at - begin);
		return true;
	}
	if (strchr("\"\\/bfnrt", begin[1]) == NULL || begin[1] == '\0')
		return false;
	copy(scan, begin, 2);
	scan->at = at;
	return true;
}

static bool
read_string(Scan *scan)
{
	copy(scan, scan->at++, 1);
	for (;;)
	{
		const char *plain = skip_plain(scan->at, scan->end);
		int			length;

		copy(scan, scan->at, plain - scan->at);
		scan->at = plain;
		if (plain == scan->end || *plain == '"')
			break;
		if (*scan->at == '\\')
		{
			if (!read_escape(scan))
				return false;
			continue;
		}
		length = character_length(scan->at, scan->end);
		if (!scan->out && (length == 0 || (unsigned char) *scan->at < 0x20))
			return false;
		if (scan->out && (length == 0 || *scan->at == '\0'))
			copy(scan, REPLACEMENT, strlen(REPLACEMENT));
		else if (scan->out && (unsigned char) *scan->at < 0x20)
			appendStringInfo(scan->out, "\\u%04x", *scan->at);
		else
			copy(scan, scan->at, length);
		scan->at += Max(length, 1);
	}
	if (scan->at == scan->end)
		return false;
	copy(scan, scan->at++, 1);
	return true;
}

/* ---- numbers and words ---- */

static bool
read_digits(Scan *scan)
{
	const char *begin = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > begin;
}

static bool
read_number(Scan *scan)
{
	const char *begin = scan->at;
	bool		huge = false;

	if (*scan->at == '-')
		scan->at++;
	if (scan->at < scan->end && *scan->at == '0')
		scan->at++;
	else if (!read_digits(scan))
		return false;
	if (scan->at < scan->end && *scan->at == '.')
	{
		scan->at++;
		if (!read_digits(scan))
			return false;
	}
	huge = scan->at - begin > MOST_DIGITS;
	if (scan->at < scan->end && (*scan->at | 0x20) == 'e')
	{
		int			exponent = 0;

		scan->at++;
		if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
			scan->at++;
		for (const char *digit = scan->at; digit < scan->end && *digit >= '0' && *digit <= '9'; digit++)
			exponent = Min(exponent * 10 + *digit - '0', 10 * MOST_EXPONENT);
		huge |= exponent > MOST_EXPONENT;
		if (!read_digits(scan))
			return false;
	}
	if (huge)
		copy(scan, "\"", 1);
	copy(scan, begin, huge ? Min(scan->at - begin, MOST_DIGITS) : scan->at - begin);
	if (huge)
		copy(scan, "\"", 1);
	return true;
}

static bool
read_word(Scan *scan, const char *word)
{
	size_t		length = strlen(word);

	if ((size_t) (scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		return false;
	copy(scan, word, length);
	scan->at += length;
	return true;
}

/* ---- objects and arrays ---- */

/* From the opening bracket to the closing one. */
static bool
read_parts(Scan *scan, char close, int depth)
{
	copy(scan, scan->at++, 1);
	skip_blanks(scan);
	while (scan->at < scan->end && *scan->at != close)
	{
		if (close == '}')
		{
			if (*scan->at != '"' || !read_string(scan))
				return false;
			skip_blanks(scan);
			if (scan->at == scan->end || *scan->at != ':')
				return false;
			copy(scan, scan->at++, 1);
		}
		if (!read_value(scan, depth))
			return false;
		skip_blanks(scan);
		if (scan->at < scan->end && *scan->at == ',')
		{
			copy(scan, scan->at++, 1);
			skip_blanks(scan);
			if (scan->at == scan->end || *scan->at == close)
				return false;
		}
		else if (scan->at == scan->end || *scan->at != close)
			return false;
	}
	if (scan->at == scan->end)
		return false;
	copy(scan, scan->at++, 1);
	return true;
}

static bool
read_value(Scan *scan, int depth)
{
	skip_blanks(scan);
	if (scan->at == scan->end || depth > SCAN_DEPTH)
		return false;
	switch (*scan->at)
	{
		case '{':
			return read_parts(scan, '}', depth + 1);
		case '[':
			return read_parts(scan, ']', depth + 1);
		case '"':
			return read_string(scan);
		case 't':
			return read_word(scan, "true");
		case 'f':
			return read_word(scan, "false");
		case 'n':
			return read_word(scan, "null");
		default:
			return read_number(scan);
	}
}

/* ---- public ---- */

const char *
scan_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

const char *
scan_value(const char *at, const char *end)
{
	Scan		scan = {.at = at,.end = end};

	return read_value(&scan, 0) ? scan.at : NULL;
}

bool
scan_is_json(const char *text, size_t length)
{
	const char *end = text + length;
	const char *at = scan_value(text, end);

	return at != NULL && scan_blanks(at, end) == end;
}

char *
scan_unquote(const char *literal, const char *end, size_t *length)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *at = literal + 1; at < end - 1;)
	{
		unsigned char utf8[MAX_MULTIBYTE_CHAR_LEN + 1];
		static const char escapes[] = "b\bf\fn\nr\rt\t";
		const char *found;

		if (*at != '\\')
		{
			appendStringInfoCharMacro(&out, *at++);
			continue;
		}
		at++;
		if (*at == 'u')
		{
			at++;
			unicode_to_utf8(read_unicode(&at, end - 1), utf8);
			appendBinaryStringInfo(&out, (char *) utf8, pg_utf_mblen(utf8));
			continue;
		}
		found = strchr(escapes, *at);
		appendStringInfoChar(&out, found ? found[1] : *at);
		at++;
	}
	if (length)
		*length = out.len;
	return out.data;
}

void
scan_quote(StringInfo out, const char *text, size_t length)
{
	const char *end = text + length;

	appendStringInfoChar(out, '"');
	while (text < end)
	{
		const char *plain = skip_plain(text, end);
		int			n;

		appendBinaryStringInfo(out, text, plain - text);
		text = plain;
		if (text == end)
			break;
		n = character_length(text, end);
		if (n == 0 || *text == '\0')
			appendStringInfoString(out, REPLACEMENT);
		else if (*text == '"' || *text == '\\')
		{
			appendStringInfoChar(out, '\\');
			appendStringInfoChar(out, *text);
		}
		else if (*text == '\n')
			appendStringInfoString(out, "\\n");
		else if ((unsigned char) *text < 0x20)
			appendStringInfo(out, "\\u%04x", *text);
		else
			appendBinaryStringInfo(out, text, n);
		text += Max(n, 1);
	}
	appendStringInfoChar(out, '"');
}

char *
scan_clean(const char *text, size_t length)
{
	StringInfoData out;
	Scan		scan = {.at = text,.end = text + length,.out = &out};

	initStringInfo(&out);
	if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		scan.at += 3;
	if (read_value(&scan, 0))
	{
		skip_blanks(&scan);
		if (scan.at == scan.end)
			return out.data;
	}
	pfree(out.data);
	return NULL;
}

char *
scan_utf8(const char *text, size_t length)
{
	const char *end = text + length;
	StringInfoData out;

	initStringInfo(&out);
	while (text < end)
	{
		const char *plain = skip_plain(text, end);
		int			n;

		appendBinaryStringInfo(&out, text, plain - text);
		text = plain;
		if (text == end)
			break;
		n = character_length(text, end);
		if (n == 0 || *text == '\0')
			appendStringInfoString(&out, REPLACEMENT);
		else
			appendBinaryStringInfo(&out, text, n);
		text += Max(n, 1);
	}
	return out.data;
}
