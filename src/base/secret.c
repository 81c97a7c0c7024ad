/*-------------------------------------------------------------------------
 *
 * secret.c
 *	  Memory that is wiped when it ends, whatever ends it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/palloc.h"

#include "base/secret.h"

typedef struct Secret
{
	MemoryContextCallback callback;
	size_t		size;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} Secret;

static void
wipe(void *arg)
{
	Secret	   *secret = arg;

	explicit_bzero(secret->data, secret->size);
}

void *
secret_alloc(size_t size)
{
	Secret	   *secret = palloc0(offsetof(Secret, data) + size);

	secret->callback.func = wipe;
	secret->callback.arg = secret;
	secret->size = size;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &secret->callback);
	return secret->data;
}

char *
secret_strdup(MemoryContext context, const char *text)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	char	   *copy = secret_alloc(strlen(text) + 1);

	strcpy(copy, text);
	MemoryContextSwitchTo(old);
	return copy;
}
