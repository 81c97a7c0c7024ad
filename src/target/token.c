/*-------------------------------------------------------------------------
 *
 * token.c
 *	  Tokens that a target gives for the asking: kept, renewed, shared.
 *
 * Who renews holds a lock on the user mapping, in the default lock method, so that
 * pg_locks shows it and no user can take it; others wait for it, and find the new token.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_user_mapping.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/secret.h"
#include "target/target_data.h"
#include "target/token_cache.h"
#include "target/token_call.h"
#include "target/token_store.h"

/* After a failure nobody asks for so long: each waiting request would. */
#define FAILURE_MS 5000

/* Who wants a token renewed that was renewed so recently, seconds, means the old one. */
#define JUST_NOW_S 10

/* Not the object's own lock, which DROP and ALTER take. */
#define LOCK_SUBID 1

struct Token
{
	MemoryContext context;		/* owns it */
	TokenApi	api;
	TokenAccess access;			/* lives as long */
	TokenKey	key;
	char	   *origin;			/* the same, as text: of secrets, but none */
	char	   *refused;		/* of those that rotate; or NULL */
};

/* ---- whose it is ---- */

static void
update_text(pg_cryptohash_ctx *hash, const char *text)
{
	static const uint8 none = 0;

	/* with its NUL: two texts are not one longer */
	if (pg_cryptohash_update(hash, text ? (const uint8 *) text : &none, text ? strlen(text) + 1 : 1) < 0)
		elog(ERROR, "could not hash: %s", pg_cryptohash_error(hash));
}

/* A hash of all that a token is asked for with: new secrets have a new token. */
static void
set_key(Token *token, const char *token_api)
{
	const TargetMappingOptions *mapping = token->access.mapping;
	const TargetServerOptions *server = token->access.server;
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	if (!hash || pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not hash");
	update_text(hash, psprintf("%u %u", MyDatabaseId, mapping->umid));
	update_text(hash, server->base_url);
	update_text(hash, token_api);
	update_text(hash, mapping->app_id);
	update_text(hash, mapping->app_key);
	update_text(hash, mapping->app_secret);
	update_text(hash, mapping->refresh_token);
	update_text(hash, mapping->user);
	update_text(hash, mapping->password);
	if (pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not hash: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
	memcpy(&token->key, digest, sizeof(TokenKey));
	token->origin = palloc0(2 * sizeof(TokenKey) + 1);
	hex_encode((char *) digest, sizeof(TokenKey), token->origin);
}

Token *
token_read(const char *token_api, const TokenAccess *access)
{
	Token	   *token = palloc0(sizeof(Token));

	token->context = CurrentMemoryContext;
	token->access = *access;
	token_api_read(token_api, access->server, &token->api);
	set_key(token, token_api);
	return token;
}

bool
token_rotates(const Token *token)
{
	return token->api.refresh_token != NULL;
}

static LOCKTAG
lock_tag(const Token *token)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, UserMappingRelationId, token->access.mapping->umid, LOCK_SUBID);
	return tag;
}

/* ---- tokens that any call may renew ---- */

static bool
is_fresh(const TokenKept *kept)
{
	return kept->token[0] && wait_clock() < kept->renew_at;
}

/* Under the lock, with none that is fresh: asks, and keeps what comes. */
static void
fetch(const Token *token, TokenKept *kept)
{
	TokenAnswer answer;
	const char *problem = NULL;
	WaitTime	now = wait_clock();

	if (token_call(&token->api, &token->access, NULL, true, &answer, &problem) &&
		strlen(answer.token) < TOKEN_SIZE)
	{
		memset(kept, 0, sizeof(TokenKept));
		strlcpy(kept->token, answer.token, TOKEN_SIZE);
		kept->renew_at = wait_later(now, answer.life * 900);
		kept->expires_at = wait_later(now, answer.life * 1000);
	}
	else
	{
		/* the old one is good until it ends */
		kept->failed_at = wait_clock();
		strlcpy(kept->problem, problem ? problem : "no token: it is longer than 4095 bytes",
				sizeof(kept->problem));
	}
	token_cache_put(&token->key, kept);
}

/* One backend renews, the others wait for it. */
static void
renew_shared(const Token *token, TokenKept *kept)
{
	LOCKTAG		tag = lock_tag(token);

	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	PG_TRY();
	{
		token_cache_get(&token->key, kept);
		if (!is_fresh(kept) && (kept->failed_at == 0 || wait_clock() >= wait_later(kept->failed_at, FAILURE_MS)))
			fetch(token, kept);
	}
	PG_FINALLY();
	{
		LockRelease(&tag, ExclusiveLock, true);
	}
	PG_END_TRY();
}

static char *
get_shared(const Token *token, const char **problem)
{
	TokenKept  *kept = secret_alloc(sizeof(TokenKept));
	char	   *result = NULL;

	token_cache_get(&token->key, kept);
	if (!is_fresh(kept))
		renew_shared(token, kept);
	if (kept->token[0] && wait_clock() < kept->expires_at)
		result = secret_strdup(CurrentMemoryContext, kept->token);
	else
		*problem = pstrdup(kept->problem[0] ? kept->problem : "no token");
	explicit_bzero(kept, sizeof(TokenKept));
	return result;
}

/* ---- tokens that rotate ---- */

static char *
renewal_hint(const Token *token)
{
	return psprintf("the token has expired; type: CALL xbb.renew_token(%s);",
					quote_literal_cstr(token->access.server->name));
}

static char *
get_stored(const Token *token, const char **problem)
{
	TokenRow	row;

	if (!token_store_get(token->access.mapping->umid, token->origin, &row))
	{
		if (token->access.mapping->token)
			return pstrdup(token->access.mapping->token);
	}
	else if (GetCurrentTimestamp() < row.expires_at)
		return row.token;
	*problem = renewal_hint(token);
	return NULL;
}

bool
token_is_due(const Token *token)
{
	TokenRow	row;

	if (!token_rotates(token))
		return false;
	if (!token_store_get(token->access.mapping->umid, token->origin, &row))
		return token->access.mapping->token == NULL || token->refused;
	return GetCurrentTimestamp() >= row.renew_at ||
		(token->refused && strcmp(token->refused, row.token) == 0);
}

void
token_renew(const Token *token)
{
	Oid			umid = token->access.mapping->umid;
	LOCKTAG		tag = lock_tag(token);
	TokenRow	row;
	TokenAnswer answer;
	const char *problem;
	TimestampTz now;
	bool		has;

	/* until the caller's commit: who comes next sees what was written */
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	has = token_store_get(umid, token->origin, &row);
	now = GetCurrentTimestamp();
	if (has && now < row.renewed_at + JUST_NOW_S * USECS_PER_SEC)
		return;
	token_store_prepare(umid, token->origin);
	if (!token_call(&token->api, &token->access, has ? row.refresh_token : NULL, false, &answer, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("the token of server \"%s\" could not be renewed: %s",
						token->access.server->name, problem),
				 errhint("If the refresh token is no longer good, get a new one from the platform, and type: ALTER USER MAPPING FOR ... SERVER %s OPTIONS (SET refresh_token '...');",
						 quote_identifier(token->access.server->name))));
	row.token = answer.token;
	row.refresh_token = answer.refresh_token ? answer.refresh_token :
		has ? row.refresh_token : token->access.mapping->refresh_token;
	row.renew_at = now + answer.life * 900 * INT64CONST(1000);
	row.expires_at = now + answer.life * USECS_PER_SEC;
	token_store_put(umid, token->origin, &row);
	/* the target has forgotten the old one, whatever synchronous_commit says */
	ForceSyncCommit();
}

/* ---- public ---- */

char *
token_get(const Token *token, const char **problem)
{
	return token_rotates(token) ? get_stored(token, problem) : get_shared(token, problem);
}

void
token_refused(Token *token, const char *refused)
{
	if (token_rotates(token))
		token->refused = secret_strdup(token->context, refused);
	else
		token_cache_drop(&token->key, refused);
}

bool
target_token_is_due(const Target *target)
{
	return target->token && token_is_due(target->token);
}

bool
target_token_is_refused(const Target *target)
{
	return target_token_is_due(target) && target->token->refused;
}

bool
target_token_rotates(const Target *target)
{
	return target->token && token_rotates(target->token);
}

void
target_renew_token(Oid userid, Oid serverid)
{
	const TargetServerOptions *server = target_option_server(serverid);
	const TargetMappingOptions *mapping = target_option_mapping(userid, server);
	TokenAccess access = {userid, server, mapping, target_budget(server, mapping)};
	Token	   *token;
	const char *problem;
	char	   *got;

	if (!server->token_api)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("server \"%s\" has no option token_api", server->name),
				 errhint("Its token is that of the user mapping.")));
	token = token_read(server->token_api, &access);
	if (token_rotates(token))
	{
		token_renew(token);
		return;
	}
	got = token_get(token, &problem);
	if (got)
		token_refused(token, got);
	if (!token_get(token, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("the token of server \"%s\" could not be renewed: %s", server->name, problem)));
}
