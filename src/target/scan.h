/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  JSON as text: is it whole, what are its parts, how is it made clean.
 *
 * Nothing here changes a number or the order of members, as a tree or jsonb would.
 * All texts are UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SCAN_H
#define XBB_SCAN_H

#include "lib/stringinfo.h"

/* Deeper documents are refused: no platform nests as far. */
#define SCAN_DEPTH 100

/*
 * The end of the JSON value that begins at "at", or NULL if there is none, or one that
 * is not UTF-8.
 */
extern const char *scan_value(const char *at, const char *end);

/* Skips blanks. */
extern const char *scan_blanks(const char *at, const char *end);

/* Is the text one JSON value, with nothing but blanks around it? */
extern bool scan_is_json(const char *text, size_t length);

/* A part of an object or array, as it stands there. */
typedef struct ScanPart
{
	const char *name;			/* a literal, quotes and all; NULL in an array */
	const char *name_end;
	const char *value;
	const char *value_end;
} ScanPart;

/*
 * Goes on in an object or array that scan_value has found whole: *at is its first byte,
 * then wherever this function left it.  False after the last part.
 */
extern bool scan_part(const char **at, const char *end, ScanPart *part);

/* What a string literal says; palloc'd, NUL-terminated.  *length may be NULL. */
extern char *scan_unquote(const char *literal, const char *end, size_t *length);

/* Appends the text as a string literal; what is no UTF-8 in it becomes U+FFFD. */
extern void scan_quote(StringInfo out, const char *text, size_t length);

/*
 * The value at a path "a.b" of a document that is JSON; false if there is none.  Of
 * members of the same name the last one.
 */
extern bool scan_path(const char *text, const char *end, const char *path, ScanPart *part);

/* The member of a document that is JSON, as it stands there; palloc'd; NULL if there is none. */
extern char *scan_member(const char *text, const char *path);

/*
 * An answer made clean: JSON that every reader takes, in which U+FFFD stands for what
 * is no character; numbers that nobody can hold are texts.  NULL if it is no JSON, or
 * cut off.  palloc'd.
 */
extern char *scan_clean(const char *text, size_t length);

/* The text with U+FFFD for what is no UTF-8 in it, and for NUL; palloc'd. */
extern char *scan_utf8(const char *text, size_t length);

#endif							/* XBB_SCAN_H */
