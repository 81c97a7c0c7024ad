/*-------------------------------------------------------------------------
 *
 * backend.h
 *	  What the server gives its code, for tests that run without one.
 *
 * Memory and hashes come from the server's own library of common code, libpgcommon.
 * An error ends in the setjmp of backend_try.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TEST_BACKEND_H
#define XBB_TEST_BACKEND_H

#include "postgres.h"

/* Calls the function; the SQLSTATE of the error it raised, or 0.  Its message, too. */
extern int	backend_try(void (*function) (void *arg), void *arg);
extern char backend_message[1024];

#endif							/* XBB_TEST_BACKEND_H */
