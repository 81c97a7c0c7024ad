/*-------------------------------------------------------------------------
 *
 * fault.h
 *	  What an answer of the API means: success, try again, or an error.
 *
 * For api.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FAULT_H
#define XBB_FAULT_H

#include "api/api.h"
#include "http/http.h"
#include "limiter/limiter.h"

/* Why an answer, or the lack of one, is no success. */
typedef struct Fault
{
	bool		transient;		/* worth another try */
	bool		refused;		/* for the rate */
	int64		retry_after;	/* ms, -1 if the API named none */
	LimiterCounter kind;
	int			sqlstate;
	const char *message;		/* in the server's encoding */
	const char *hint;			/* or NULL */
} Fault;

/*
 * The network's part: true if an HTTP answer with status 200 came; else *fault
 * says why not.  Its texts are palloc'd or constant.
 */
extern bool fault_transfer(const HttpResult *result, Fault *fault);

/*
 * The API's part: true if the answer is a success (xbb-api 4: code 1 and
 * success); else *fault says why not.
 */
extern bool fault_envelope(const ApiEnvelope *envelope, Fault *fault);

#endif							/* XBB_FAULT_H */
