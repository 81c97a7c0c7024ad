/*-------------------------------------------------------------------------
 *
 * token.c
 *	  Tokens that a target gives for the asking: kept, renewed, shared.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "target/token.h"

pg_attribute_noreturn() static void
not_yet(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("tokens cannot be asked for yet")));
}

Token *token_read(const char *token_api, const TokenAccess *access) {not_yet();}
char *token_get(const Token *token, const char **problem) {not_yet();}
void token_refused(const Token *token, const char *refused) {not_yet();}
bool token_rotates(const Token *token) {not_yet();}
bool token_is_due(const Token *token) {not_yet();}
void token_renew(const Token *token) {not_yet();}
bool target_token_is_due(const Target *target) {return false;}
void target_renew_token(Oid userid, Oid serverid) {not_yet();}
Size target_shared_memory(void) {return 0;}
