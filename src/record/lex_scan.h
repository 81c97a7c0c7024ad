/*-------------------------------------------------------------------------
 *
 * lex_scan.h
 *	  Where plain strings and numbers end, looked for eight bytes at a time.
 *
 * Included by lex.c only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_LEX_SCAN_H
#define XBB_LEX_SCAN_H

#include "port/pg_bitutils.h"

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
find_digits_end(const char *s, const char *end)
{
#ifndef WORDS_BIGENDIAN
	const uint64 ones = UINT64CONST(0x0101010101010101);

	for (; end - s >= (ptrdiff_t) sizeof(uint64); s += sizeof(uint64))
	{
		uint64		word;
		uint64		others;

		/* the highest bit of each byte that is not 0 to 9 */
		memcpy(&word, s, sizeof(word));
		word ^= ones * '0';
		others = (((word & (ones * 0x7F)) + ones * (0x80 - 10)) | word) & (ones * 0x80);
		if (others != 0)
			return s + pg_rightmost_one_pos64(others) / 8;
	}
#endif
	while (s < end && *s >= '0' && *s <= '9')
		s++;
	return s;
}

/* The end of a number at "s", or NULL if that takes a closer look. */
static inline const char *
find_number_end(const char *s, const char *end)
{
	const char *first;

	if (s < end && *s == '-')
		s++;
	first = s;
	s = find_digits_end(s, end);
	if (s == first || (*first == '0' && s - first > 1))
		return NULL;
	if (s < end && *s == '.')
	{
		first = s + 1;
		s = find_digits_end(first, end);
		if (s == first)
			return NULL;
	}
	return s < end && (*s == ',' || *s == '}' || *s == ']') ? s : NULL;
}

#endif							/* XBB_LEX_SCAN_H */
