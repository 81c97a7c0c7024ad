/*-------------------------------------------------------------------------
 *
 * token_cache.h
 *	  Tokens in shared memory, for token.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TOKEN_CACHE_H
#define XBB_TOKEN_CACHE_H

#include "base/wait.h"

/* Longest token, bytes: those that carry claims have a kilobyte or two. */
#define TOKEN_SIZE 4096

/* Whose token: of database, mapping, and all that it was asked for with. */
typedef struct TokenKey
{
	uint64		part[2];
} TokenKey;

typedef struct TokenKept
{
	char		token[TOKEN_SIZE];	/* "" if none */
	WaitTime	renew_at;		/* nine tenths of its life */
	WaitTime	expires_at;
	WaitTime	failed_at;		/* when asking for it failed last; 0 = did not */
	char		problem[256];	/* why */
} TokenKept;

/* Copies what is kept; all zero if nothing is.  The caller wipes it. */
extern void token_cache_get(const TokenKey *key, TokenKept *kept);

/* Replaces what is kept. */
extern void token_cache_put(const TokenKey *key, const TokenKept *kept);

/* Forgets the token, if it is this one. */
extern void token_cache_drop(const TokenKey *key, const char *token);

#endif							/* XBB_TOKEN_CACHE_H */
