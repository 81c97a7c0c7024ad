/*-------------------------------------------------------------------------
 *
 * token_cache.c
 *	  Tokens in shared memory, for all backends.
 *
 * The segment is made at first use, as the limiter's.  Its lock guards every field; it
 * is an LWLock and held for copies alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "storage/lwlock.h"

#include "base/compat.h"
#include "target/target.h"
#include "target/token_cache.h"

/* A change of TokenShared needs another name: old backends may be alive. */
#define TOKEN_SEGMENT "xbb_fdw tokens 1"

#define TOKENS_KEPT 32

typedef struct TokenEntry
{
	TokenKey	key;
	WaitTime	touched;		/* last use; 0 = free */
	TokenKept	kept;
} TokenEntry;

typedef struct TokenShared
{
	int			tranche;
	LWLock		lock;
	TokenEntry	entries[TOKENS_KEPT];
} TokenShared;

/* Mapped once, for the life of the backend. */
static TokenShared *shared = NULL;

static void
segment_init(void *segment)
{
	TokenShared *fresh = segment;

	memset(fresh, 0, sizeof(TokenShared));
	fresh->tranche = LWLockNewTrancheId();
	LWLockInitialize(&fresh->lock, fresh->tranche);
}

static void
lock_segment(void)
{
	if (!shared)
	{
		TokenShared *segment = compat_shared_segment(TOKEN_SEGMENT, sizeof(TokenShared), segment_init);

		LWLockRegisterTranche(segment->tranche, "xbb_tokens");
		shared = segment;
	}
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
}

/* Under the lock: the entry, or NULL. */
static TokenEntry *
find_entry(const TokenKey *key)
{
	for (int i = 0; i < TOKENS_KEPT; i++)
	{
		TokenEntry *entry = &shared->entries[i];

		if (entry->touched != 0 && memcmp(&entry->key, key, sizeof(TokenKey)) == 0)
		{
			entry->touched = wait_clock();
			return entry;
		}
	}
	return NULL;
}

/* Under the lock: a place for one that has none, the idlest. */
static TokenEntry *
take_entry(const TokenKey *key)
{
	TokenEntry *idlest = &shared->entries[0];

	for (int i = 1; i < TOKENS_KEPT; i++)
		if (shared->entries[i].touched < idlest->touched)
			idlest = &shared->entries[i];
	idlest->key = *key;
	idlest->touched = wait_clock();
	return idlest;
}

void
token_cache_get(const TokenKey *key, TokenKept *kept)
{
	const TokenEntry *entry;

	lock_segment();
	entry = find_entry(key);
	if (entry)
		*kept = entry->kept;
	else
		memset(kept, 0, sizeof(TokenKept));
	LWLockRelease(&shared->lock);
}

void
token_cache_put(const TokenKey *key, const TokenKept *kept)
{
	TokenEntry *entry;

	lock_segment();
	entry = find_entry(key);
	if (!entry)
		entry = take_entry(key);
	entry->kept = *kept;
	LWLockRelease(&shared->lock);
}

void
token_cache_drop(const TokenKey *key, const char *token)
{
	TokenEntry *entry;

	lock_segment();
	entry = find_entry(key);
	if (entry && strcmp(entry->kept.token, token) == 0)
		memset(&entry->kept, 0, sizeof(TokenKept));
	LWLockRelease(&shared->lock);
}

Size
target_shared_memory(void)
{
	return sizeof(TokenShared);
}
