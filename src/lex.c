/*-------------------------------------------------------------------------
 *
 * lex.c
 *	  The tokens of a JSON text that nobody vouches for.
 *
 * The server's json_lex() was measured at 7 us for a record of 40 fields,
 * against 14 to 16 us of pg_parse_json(), which unescapes every string, and
 * 60 us of jansson.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lex.h"
#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"

#include "compat.h"

/* What the grammar allows next. */
enum
{
	EXPECT_VALUE,
	EXPECT_VALUE_OR_CLOSE,		/* after '[' */
	EXPECT_KEY,
	EXPECT_KEY_OR_CLOSE,		/* after '{' */
	EXPECT_COMMA_OR_CLOSE,
	EXPECT_END
};

static LexEvent
fail_at(Lex *lex, const char *error, const char *where)
{
	lex->error = error;
	lex->position = where - lex->tokens->input;
	return LEX_FAILED;
}

static LexEvent
fail(Lex *lex)
{
	if (lex->tokens->token_type == JSON_TOKEN_END)
		return fail_at(lex, "unexpected end of JSON",
					   lex->tokens->input + lex->tokens->input_length);
	return fail_at(lex, "invalid JSON", lex->tokens->token_start);
}

/*
 * Marks, by their highest bits, those of eight bytes that are a quote, a
 * backslash or a control character; what is marked above another may be wrong.
 */
static inline uint64
mark_ends(const char *bytes)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64		word;
	uint64		quote;
	uint64		backslash;

	/* to subtract makes a small byte negative; those that were are masked */
	memcpy(&word, bytes, sizeof(word));
	quote = word ^ (ones * '"');
	backslash = word ^ (ones * '\\');
	return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
			((word - ones * ' ') & ~word)) & (ones * 0x80);
}

/* The quote that ends a string at "s", or NULL if that takes a closer look. */
static inline const char *
find_quote(const char *s, const char *end)
{
	for (; end - s >= (ptrdiff_t) sizeof(uint64); s += sizeof(uint64))
	{
		uint64		marks = mark_ends(s);

		if (marks == 0)
			continue;
#ifndef WORDS_BIGENDIAN
		s += pg_rightmost_one_pos64(marks) / 8;
#endif
		break;
	}
	while (s < end && *s != '"')
	{
		if (*s == '\\' || (unsigned char) *s < ' ')
			return NULL;
		s++;
	}
	return s < end ? s : NULL;
}

static inline const char *
skip_digits(const char *s, const char *end)
{
	while (s < end && *s >= '0' && *s <= '9')
		s++;
	return s;
}

/* The end of a number at "s", or NULL if that takes a closer look. */
static inline const char *
find_number_end(const char *s, const char *end)
{
	const char *first = s;

	s = skip_digits(s, end);
	if (s == first || (*first == '0' && s - first > 1))
		return NULL;
	if (s < end && *s == '.')
	{
		first = s + 1;
		s = skip_digits(first, end);
		if (s == first)
			return NULL;
	}
	return s < end && (*s == ',' || *s == '}' || *s == ']') ? s : NULL;
}

/*
 * Cuts the next token.  Nearly all are punctuation, strings without escapes and
 * plain numbers, which is found out here in a fraction of the time; the server's
 * lexer gets the others, and all that is wrong.
 */
static inline bool
cut_token(Lex *lex)
{
	JsonLexContext *tokens = lex->tokens;
	const char *start = tokens->token_terminator;
	const char *end = tokens->input + tokens->input_length;
	const char *last = start;	/* the token's last byte */
	JsonTokenType type;

	switch (start < end ? *start : '\0')
	{
		case '"':
			type = JSON_TOKEN_STRING;
			last = find_quote(start + 1, end);
			break;
		case ',':
			type = JSON_TOKEN_COMMA;
			break;
		case ':':
			type = JSON_TOKEN_COLON;
			break;
		case '{':
			type = JSON_TOKEN_OBJECT_START;
			break;
		case '}':
			type = JSON_TOKEN_OBJECT_END;
			break;
		case '[':
			type = JSON_TOKEN_ARRAY_START;
			break;
		case ']':
			type = JSON_TOKEN_ARRAY_END;
			break;
		default:
			type = JSON_TOKEN_NUMBER;
			last = find_number_end(start, end);
			if (last)
				last--;
			break;
	}
	if (!last)
		return json_lex(tokens) == JSON_SUCCESS;
	tokens->token_type = type;
	tokens->token_start = tokens->token_terminator;
	tokens->prev_token_terminator = tokens->token_terminator;
	tokens->token_terminator += last + 1 - start;
	return true;
}

static inline void
take_slice(Lex *lex, LexKind kind)
{
	lex->slice.start = lex->tokens->token_start;
	lex->slice.length = lex->tokens->token_terminator - lex->tokens->token_start;
	lex->slice.kind = kind;
}

static inline void
value_ended(Lex *lex)
{
	lex->expected = (lex->depth > 0) ? EXPECT_COMMA_OR_CLOSE : EXPECT_END;
}

static inline bool
expects_value(const Lex *lex)
{
	return lex->expected == EXPECT_VALUE ||
		lex->expected == EXPECT_VALUE_OR_CLOSE;
}

static LexEvent
take_scalar(Lex *lex, LexKind kind)
{
	if (!expects_value(lex))
		return fail(lex);
	take_slice(lex, kind);
	value_ended(lex);
	return LEX_SCALAR;
}

/* A name, with the colon behind it. */
static LexEvent
take_key(Lex *lex)
{
	take_slice(lex, LEX_STRING);
	lex->escaped = memchr(lex->slice.start, '\\', lex->slice.length) != NULL;
	if (!cut_token(lex) ||
		lex->tokens->token_type != JSON_TOKEN_COLON)
		return fail(lex);
	lex->expected = EXPECT_VALUE;
	return LEX_KEY;
}

static LexEvent
open_container(Lex *lex, LexKind kind)
{
	if (!expects_value(lex))
		return fail(lex);
	if (lex->depth == LEX_MAX_DEPTH)
		return fail_at(lex, "JSON is nested too deeply",
					   lex->tokens->token_start);
	take_slice(lex, kind);
	lex->opened[++lex->depth] = lex->slice.start;
	lex->expected = (kind == LEX_OBJECT) ?
		EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
	return LEX_OPEN;
}

static LexEvent
close_container(Lex *lex, LexKind kind)
{
	int			empty = (kind == LEX_OBJECT) ?
		EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;

	if (lex->depth == 0 || lex_in_array(lex) != (kind == LEX_ARRAY) ||
		(lex->expected != EXPECT_COMMA_OR_CLOSE && lex->expected != empty))
		return fail(lex);
	lex->slice.start = lex->opened[lex->depth--];
	lex->slice.length = lex->tokens->token_terminator - lex->slice.start;
	lex->slice.kind = kind;
	value_ended(lex);
	return LEX_CLOSE;
}

/*
 * What nearly all of a record consists of, cut at once: a name with the comma
 * before and the colon behind it, and a string without escapes.  False where it is
 * anything else; then nothing has changed.
 */
static inline bool
take_member(Lex *lex, LexEvent *event)
{
	JsonLexContext *tokens = lex->tokens;
	const char *start = tokens->token_terminator;
	const char *end = tokens->input + tokens->input_length;
	bool		is_key = lex->expected == EXPECT_KEY || lex->expected == EXPECT_KEY_OR_CLOSE;
	const char *quote;

	if (lex->expected == EXPECT_COMMA_OR_CLOSE && !lex_in_array(lex) &&
		start < end && *start == ',')
	{
		is_key = true;
		start++;
	}
	if ((!is_key && !expects_value(lex)) || start >= end || *start != '"')
		return false;
	quote = find_quote(start + 1, end);
	if (!quote || (is_key && (quote + 1 >= end || quote[1] != ':')))
		return false;

	lex->slice.start = start;
	lex->slice.length = quote + 1 - start;
	lex->slice.kind = LEX_STRING;
	tokens->token_terminator += quote + 1 + is_key - tokens->token_terminator;
	if (is_key)
	{
		lex->expected = EXPECT_VALUE;
		lex->escaped = false;
	}
	else
		value_ended(lex);
	*event = is_key ? LEX_KEY : LEX_SCALAR;
	return true;
}

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

void
lex_begin(Lex *lex, const char *text, size_t length)
{
	lex->tokens = compat_raw_lexer(text, length);
	lex->depth = 0;
	lex->expected = EXPECT_VALUE;
	lex->error = NULL;
	lex->position = 0;
}

LexEvent
lex_next(Lex *lex)
{
	LexEvent	event;

	if (take_member(lex, &event))
		return event;
	for (;;)
	{
		if (!cut_token(lex))
			return fail(lex);

		switch (lex->tokens->token_type)
		{
			case JSON_TOKEN_STRING:
				if (lex->expected == EXPECT_KEY ||
					lex->expected == EXPECT_KEY_OR_CLOSE)
					return take_key(lex);
				return take_scalar(lex, LEX_STRING);
			case JSON_TOKEN_NUMBER:
				return take_scalar(lex, LEX_NUMBER);
			case JSON_TOKEN_TRUE:
				return take_scalar(lex, LEX_TRUE);
			case JSON_TOKEN_FALSE:
				return take_scalar(lex, LEX_FALSE);
			case JSON_TOKEN_NULL:
				return take_scalar(lex, LEX_NULL);
			case JSON_TOKEN_OBJECT_START:
				return open_container(lex, LEX_OBJECT);
			case JSON_TOKEN_ARRAY_START:
				return open_container(lex, LEX_ARRAY);
			case JSON_TOKEN_OBJECT_END:
				return close_container(lex, LEX_OBJECT);
			case JSON_TOKEN_ARRAY_END:
				return close_container(lex, LEX_ARRAY);
			case JSON_TOKEN_COMMA:
				if (lex->expected != EXPECT_COMMA_OR_CLOSE)
					return fail(lex);
				lex->expected = lex_in_array(lex) ? EXPECT_VALUE : EXPECT_KEY;
				break;
			case JSON_TOKEN_END:
				return (lex->expected == EXPECT_END) ? LEX_END : fail(lex);
			default:
				return fail(lex);
		}
	}
}

LexKind
lex_kind(const char *start)
{
	switch (*start)
	{
		case '"':
			return LEX_STRING;
		case '[':
			return LEX_ARRAY;
		case '{':
			return LEX_OBJECT;
		case 't':
			return LEX_TRUE;
		case 'f':
			return LEX_FALSE;
		case 'n':
			return LEX_NULL;
		default:
			return LEX_NUMBER;
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
