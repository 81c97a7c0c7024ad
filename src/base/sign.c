/*-------------------------------------------------------------------------
 *
 * sign.c
 *	  The API's request signature: SHA-256 over body and token.
 *
 * The token is hashed where it lies and copied nowhere but into the hash's
 * own state, which the server wipes when it is freed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "base/sign.h"

static void
write_hex(const uint8 *digest, char *sign)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
	{
		*sign++ = digits[digest[i] >> 4];
		*sign++ = digits[digest[i] & 0xF];
	}
	*sign = '\0';
}

void
sign_body(const char *body, size_t length, const char *token,
		  char sign[SIGN_LENGTH + 1])
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (hash == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));

	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) body, length) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) token, strlen(token)) < 0 ||
		pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
	{
		const char *reason = pg_cryptohash_error(hash);

		pg_cryptohash_free(hash);
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not sign the request: %s", reason)));
	}
	pg_cryptohash_free(hash);

	write_hex(digest, sign);
}
