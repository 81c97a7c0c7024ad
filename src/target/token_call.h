/*-------------------------------------------------------------------------
 *
 * token_call.h
 *	  One call for a token, for token.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TOKEN_CALL_H
#define XBB_TOKEN_CALL_H

#include "target/token.h"

/*
 * Option token_api, read; texts are templates, UTF-8; jsonpaths are in
 * the database's encoding.
 */
typedef struct TokenApi
{
	Request		request;
	const char *body;			/* JSON template, or NULL */
	const char *ok;				/* or NULL */
	const char *token;
	const char *expires_in;		/* or NULL */
	const char *refresh_token;	/* or NULL: then it does not rotate */
	const char *message;		/* or NULL */
} TokenApi;

/* What a call brought; palloc'd, texts UTF-8. */
typedef struct TokenAnswer
{
	char	   *token;
	char	   *refresh_token;	/* or NULL */
	int64		life;			/* s */
} TokenAnswer;

/* Reads it.  Errors: HV024. */
extern void token_api_read(const char *text, const TargetServerOptions *server, TokenApi *api);

/*
 * Asks.  False if there is none to be had, and then *problem says why, printable.
 * "refresh_token" goes before the mapping's, NULL is its own.  Is repeated where it
 * was certainly not executed, and anywhere if "again".  Raises interrupts, and 53400.
 */
extern bool token_call(const TokenApi *api, const TokenAccess *access, const char *refresh_token,
					   bool again, TokenAnswer *answer, const char **problem);

#endif							/* XBB_TOKEN_CALL_H */
