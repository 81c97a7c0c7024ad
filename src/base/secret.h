/*-------------------------------------------------------------------------
 *
 * secret.h
 *	  Memory that is wiped when it ends, whatever ends it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SECRET_H
#define XBB_SECRET_H

/* As palloc(); wiped when the current memory context is reset or deleted, by an error, too.  Not to be freed alone. */
extern void *secret_alloc(size_t size);

/* A copy in such memory of a context. */
extern char *secret_strdup(MemoryContext context, const char *text);

#endif							/* XBB_SECRET_H */
