/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  What the fuzz targets share: errors, memory, comparisons.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FUZZ_H
#define XBB_FUZZ_H

#include "utils/elog.h"
#include "utils/jsonb.h"

/* Longer texts are not given to the server's own parser, which recurses. */
#define FUZZ_MAX_PARSED 4096

typedef struct FuzzTarget
{
	const char *name;
	void		(*prepare) (void);	/* once; may be NULL */

	/*
	 * One input, NUL-terminated.  In a context that is reset afterwards.  The
	 * database's encoding is UTF-8, and is put back by who sets another; the
	 * client's is SQL_ASCII, so that no conversion is skipped for its sake.
	 */
	void		(*run) (const char *input, size_t size);
} FuzzTarget;

extern const FuzzTarget fuzz_record;
extern const FuzzTarget fuzz_json;
extern const FuzzTarget fuzz_option;
extern const FuzzTarget fuzz_condition;
extern const FuzzTarget fuzz_metadata;
extern const FuzzTarget fuzz_target;
extern const FuzzTarget fuzz_exchange;	/* in a library of its own */

/* A property does not hold: libFuzzer keeps the input and ends. */
extern void fuzz_broken(const char *property) __attribute__((noreturn));

/*
 * Calls the function; returns the error it raised, or NULL.  No error may be
 * internal, or hold a text that is not valid in the database's encoding.
 */
extern ErrorData *fuzz_try(void (*function) (void *arg), void *arg);

/* The input's valid UTF-8 up to a NUL, at most FUZZ_MAX_PARSED bytes. */
extern char *fuzz_utf8(const char *input, size_t size);

/* Whether the server's own parser takes the text. */
extern bool fuzz_is_json(const char *text, size_t size);

/* What jsonb_in() makes of a text that must be JSON. */
extern Jsonb *fuzz_jsonb(const char *text);

extern bool fuzz_jsonb_equal(Jsonb *one, Jsonb *other);

#endif							/* XBB_FUZZ_H */
