/*-------------------------------------------------------------------------
 *
 * token.h
 *	  Tokens that a target gives for the asking: kept, renewed, shared.
 *
 * A token that any call may renew is kept in shared memory, for all backends.  One
 * that rotates is kept in xbb.target_token, and renewed by a step that commits alone
 * (postgres-facts 32).  One backend renews at a time, under a lock of its session.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TOKEN_H
#define XBB_TOKEN_H

#include "call/call.h"
#include "target/request.h"
#include "target/target.h"

/* How a target's tokens are asked for; option token_api, read. */
typedef struct Token Token;

/* Who asks, with whose secrets, through which budget. */
typedef struct TokenAccess
{
	Oid			userid;
	const TargetServerOptions *server;
	const TargetMappingOptions *mapping;
	LimiterBudget budget;
} TokenAccess;

/* Reads option token_api; palloc'd.  Errors: HV024. */
extern Token *token_read(const char *token_api, const TokenAccess *access);

/*
 * The token to send now, UTF-8, palloc'd; asks for one where there is none, or nine
 * tenths of its life are over.  NULL if there is none to be had, and then *problem says
 * why, printable.  Raises interrupts, and 53400.
 */
extern char *token_get(const Token *token, const char **problem);

/* The target has refused this one: if it is still the one that is kept, it is due. */
extern void token_refused(Token *token, const char *refused);

extern bool token_rotates(const Token *token);

/* Of one that rotates: are nine tenths of its life over, or was it refused? */
extern bool token_is_due(const Token *token);

/* Renews one that rotates, and writes it; the caller commits.  Errors: 28000. */
extern void token_renew(const Token *token);

#endif							/* XBB_TOKEN_H */
