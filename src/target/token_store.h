/*-------------------------------------------------------------------------
 *
 * token_store.h
 *	  Tokens that rotate, in xbb.target_token; for token.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TOKEN_STORE_H
#define XBB_TOKEN_STORE_H

#include "utils/timestamp.h"

/* One row; palloc'd, texts UTF-8. */
typedef struct TokenRow
{
	char	   *token;			/* NULL: none yet */
	char	   *refresh_token;	/* likewise */
	TimestampTz renew_at;
	TimestampTz expires_at;
	TimestampTz renewed_at;		/* set by token_store_put */
} TokenRow;

/*
 * The mapping's row, if it began with these secrets: "origin" tells them, and is no
 * secret.  False if there is none.  Reads as the owner of the table.
 */
extern bool token_store_get(Oid umid, const char *origin, TokenRow *row);

/* Makes sure of a row, without a token; errors come before a token is asked for. */
extern void token_store_prepare(Oid umid, const char *origin);

extern void token_store_put(Oid umid, const char *origin, const TokenRow *row);

#endif							/* XBB_TOKEN_STORE_H */
