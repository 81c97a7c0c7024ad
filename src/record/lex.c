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

#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "record/lex.h"
#include "record/lex_scan.h"

#define MAX_HINTS 4				/* names compared before one is cut */

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
fail_at_token(Lex *lex)
{
	if (lex->tokens->token_type == JSON_TOKEN_END)
		return fail_at(lex, "unexpected end of JSON",
					   lex->tokens->input + lex->tokens->input_length);
	return fail_at(lex, "invalid JSON", lex->tokens->token_start);
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
	{
		bool		good = json_lex(tokens) == JSON_SUCCESS;

		/* it went on from here: see compat_raw_lexer() */
		Assert(!good || tokens->prev_token_terminator == start);
		return good;
	}
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
		return fail_at_token(lex);
	take_slice(lex, kind);
	value_ended(lex);
	return LEX_SCALAR;
}

/* A name, with the colon behind it. */
static LexEvent
take_key(Lex *lex)
{
	take_slice(lex, LEX_STRING);
	lex->hinted = NULL;
	lex->escaped = memchr(lex->slice.start, '\\', lex->slice.length) != NULL;
	if (!cut_token(lex) ||
		lex->tokens->token_type != JSON_TOKEN_COLON)
		return fail_at_token(lex);
	lex->expected = EXPECT_VALUE;
	return LEX_KEY;
}

static LexEvent
open_container(Lex *lex, LexKind kind)
{
	if (!expects_value(lex))
		return fail_at_token(lex);
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
		return fail_at_token(lex);
	lex->slice.start = lex->opened[lex->depth--];
	lex->slice.length = lex->tokens->token_terminator - lex->slice.start;
	lex->slice.kind = kind;
	value_ended(lex);
	return LEX_CLOSE;
}

/* The name that the text behind a quote is, among the next ones, or NULL. */
static inline LexName *
find_hint(LexName *name, const char *text, const char *end)
{
	uint64		words[lengthof(name->text)];

	if (end - text < (ptrdiff_t) sizeof(words))
		return NULL;
	memcpy(words, text, sizeof(words));
	for (int i = 0; name && i < MAX_HINTS; i++, name = name->next)
	{
		if ((((words[0] ^ name->text[0]) & name->mask[0]) |
			 ((words[1] ^ name->text[1]) & name->mask[1])) == 0)
			return name;
	}
	return NULL;
}

/* A name, from its quote on, with the colon behind it; false to look closer. */
static inline bool
take_plain_name(Lex *lex, const char *start, const char *end)
{
	LexName    *hint = find_hint(lex->hint, start + 1, end);
	const char *quote;

	if (hint)
		quote = start + hint->length - 1;
	else
	{
		quote = find_quote(start + 1, end);
		if (!quote || quote + 1 >= end || quote[1] != ':')
			return false;
	}
	lex->hinted = hint;
	lex->escaped = false;
	lex->slice.start = start;
	lex->slice.length = quote + 1 - start;
	lex->slice.kind = LEX_STRING;
	lex->tokens->token_terminator += quote + 2 - lex->tokens->token_terminator;
	lex->expected = EXPECT_VALUE;
	return true;
}

/* The end of a string without escapes or a plain number, or NULL to look closer. */
static inline const char *
find_plain_end(const char *start, const char *end)
{
	const char *quote;

	if (start >= end || *start != '"')
		return find_number_end(start, end);
	quote = find_quote(start + 1, end);
	return quote ? quote + 1 : NULL;
}

/* A plain value; false to look closer. */
static inline bool
take_plain(Lex *lex, const char *start, const char *end)
{
	const char *behind = find_plain_end(start, end);

	if (!behind)
		return false;
	lex->slice.start = start;
	lex->slice.length = behind - start;
	lex->slice.kind = *start == '"' ? LEX_STRING : LEX_NUMBER;
	lex->tokens->token_terminator += behind - lex->tokens->token_terminator;
	value_ended(lex);
	return true;
}

/*
 * What nearly all of a record consists of, cut at once, with the comma before it:
 * a name with its colon, and a plain value.  False where it is anything else; then
 * nothing has changed.
 */
static inline bool
take_member(Lex *lex, LexEvent *event)
{
	const char *start = lex->tokens->token_terminator;
	const char *end = lex->tokens->input + lex->tokens->input_length;

	if (start >= end)
		return false;
	switch (lex->expected)
	{
		case EXPECT_COMMA_OR_CLOSE:
			if (*start != ',' || ++start >= end)
				return false;
			if (lex_in_array(lex))
			{
				*event = LEX_SCALAR;
				return take_plain(lex, start, end);
			}
			/* FALLTHROUGH */
		case EXPECT_KEY:
		case EXPECT_KEY_OR_CLOSE:
			*event = LEX_KEY;
			return *start == '"' && take_plain_name(lex, start, end);
		case EXPECT_VALUE:
		case EXPECT_VALUE_OR_CLOSE:
			*event = LEX_SCALAR;
			return take_plain(lex, start, end);
	}
	return false;
}

void
lex_begin(Lex *lex, const char *text, size_t length)
{
	lex->tokens = compat_raw_lexer(text, length);
	lex->depth = 0;
	lex->opened[0] = "";		/* no bracket */
	lex->hint = NULL;
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
			return fail_at_token(lex);

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
					return fail_at_token(lex);
				lex->expected = lex_in_array(lex) ? EXPECT_VALUE : EXPECT_KEY;
				break;
			case JSON_TOKEN_END:
				return (lex->expected == EXPECT_END) ? LEX_END : fail_at_token(lex);
			default:
				return fail_at_token(lex);
		}
	}
}

bool
lex_name(const Lex *lex, LexName *name)
{
	/* without the quote before, with the colon behind */
	size_t		length = lex->slice.length;

	if (lex->escaped || length > sizeof(name->text))
		return false;
	memset(name, 0, sizeof(*name));
	name->length = length;
	memcpy(name->text, lex->slice.start + 1, length - 1);
	((char *) name->text)[length - 1] = ':';
	memset(name->mask, 0xFF, length);
	return true;
}

LexName *
lex_skip(Lex *lex)
{
	const char *at = lex->tokens->token_terminator;
	const char *end = lex->tokens->input + lex->tokens->input_length;
	LexName    *hint = lex->hint;
	LexName    *last = NULL;

	if (lex->expected != EXPECT_COMMA_OR_CLOSE || lex_in_array(lex))
		return NULL;
	while (hint && end - at > 2 && at[0] == ',' && at[1] == '"')
	{
		const char *behind;

		hint = find_hint(hint, at + 2, end);
		if (!hint || !hint->unwanted)
			break;
		behind = find_plain_end(at + 2 + hint->length, end);
		if (!behind)
			break;
		at = behind;
		last = hint;
		hint = hint->next;
	}
	lex->tokens->token_terminator += at - lex->tokens->token_terminator;
	return last;
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
