/*-------------------------------------------------------------------------
 *
 * sign.h
 *	  The API's request signature.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SIGN_H
#define XBB_SIGN_H

#define SIGN_LENGTH 64			/* hex digits */

/*
 * SHA-256 over body followed by token, as 64 lower-case hex digits and a NUL
 * (xbb-api 1, label A: plain concatenation, no HMAC, no separator).  Wipes
 * what it copied of the token.
 */
extern void sign_body(const char *body, size_t length, const char *token,
					  char sign[SIGN_LENGTH + 1]);

#endif							/* XBB_SIGN_H */
