/*-------------------------------------------------------------------------
 *
 * lex.h
 *	  The tokens of a JSON text that nobody vouches for.
 *
 * The server's lexer cuts the text into tokens; what is added here is the
 * grammar, a bound on the depth, and slices in place of copies.  No recursion,
 * and nothing is raised but out of memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_LEX_H
#define XBB_LEX_H

#include "common/jsonapi.h"

#define LEX_MAX_DEPTH 256		/* containers within each other */

typedef enum LexKind
{
	LEX_MISSING,				/* no value at all */
	LEX_NULL,
	LEX_FALSE,
	LEX_TRUE,
	LEX_NUMBER,
	LEX_STRING,
	LEX_ARRAY,
	LEX_OBJECT
} LexKind;

/*
 * A name that may come next.  The records of a list have the same names in nearly
 * the same order, and to compare one is faster than to cut it and look it up.
 */
typedef struct LexName LexName;
struct LexName
{
	uint64		text[2];		/* with the quote and colon behind it */
	uint64		mask[2];		/* which bytes of them count */
	uint32		length;			/* bytes of them that count */
	bool		unwanted;		/* lex_skip may pass over its value */
	LexName    *next;			/* what else it may be, or NULL */
};

/* One value (or name) as it stands in the text, quotes and brackets included. */
typedef struct LexSlice
{
	const char *start;
	uint32		length;
	LexKind		kind;
} LexSlice;

typedef enum LexEvent
{
	LEX_KEY,					/* slice is the name, a LEX_STRING */
	LEX_SCALAR,					/* slice is the value */
	LEX_OPEN,					/* a container begins; only start and kind of
								 * the slice are known; depth counts it */
	LEX_CLOSE,					/* slice is the container; depth counts it no
								 * more */
	LEX_END,					/* the text ended after one whole value */
	LEX_FAILED					/* see error */
} LexEvent;

typedef struct Lex
{
	LexSlice	slice;			/* of the last event */
	bool		escaped;		/* LEX_KEY: there is a backslash in the name */
	LexName    *hint;			/* the caller's: the name that may come next, or
								 * NULL */
	LexName    *hinted;			/* LEX_KEY: which one it was, or NULL */
	int			depth;			/* open containers */
	const char *error;			/* LEX_FAILED: what is wrong, ASCII */
	size_t		position;		/* LEX_FAILED: where, bytes from the start */

	/* private */
	JsonLexContext *tokens;
	int			expected;
	const char *opened[LEX_MAX_DEPTH + 1];	/* by depth: the bracket */
} Lex;

/* "text" must be valid UTF-8, without NUL, below 1 GB, and outlive the Lex. */
extern void lex_begin(Lex *lex, const char *text, size_t length);

extern LexEvent lex_next(Lex *lex);

/*
 * Passes over members of the open object, after its first, that are hinted at and
 * unwanted, and whose values are plain: that is most of a record.  Returns the name
 * of the last of them, whose next are the hints to go on with, or NULL.
 */
extern LexName *lex_skip(Lex *lex);

/*
 * Fills a LexName, but for its next, from the slice of a LEX_KEY; false if the
 * name is too long for one, or escaped.
 */
extern bool lex_name(const Lex *lex, LexName *name);

/* The innermost open container is an array. */
static inline bool
lex_in_array(const Lex *lex)
{
	return lex->depth > 0 && *lex->opened[lex->depth] == '[';
}

/* The value's kind, told from its first byte. */
extern LexKind lex_kind(const char *start);

/* Escapes that name no character. */
typedef enum LexEscape
{
	LEX_ESCAPES_GOOD,
	LEX_ESCAPED_NUL,			/* \u0000 */
	LEX_ESCAPED_SURROGATE		/* half of a pair */
} LexEscape;

/*
 * Writes what a LEX_STRING stands for, UTF-8, without a NUL, to "out", which
 * has room for slice->length bytes; returns its length.  What names no character
 * becomes U+FFFD; "escape" says so.
 */
extern int	lex_unescape(const LexSlice *slice, char *out, LexEscape *escape);

#endif							/* XBB_LEX_H */
