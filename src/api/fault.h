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

#include "base/envelope.h"
#include "call/call.h"
#include "option/option.h"

/*
 * The network's part: true if an HTTP answer with status 200 came; else *fault
 * says why not.  Its texts are palloc'd or constant.
 */
extern bool fault_transfer(const HttpResult *result, CallFault *fault);

/*
 * The API's part: true if the answer is a success (xbb-api 4: code 1 and
 * success); else *fault says why not, by what the server's words mean (words.h).
 */
extern bool fault_envelope(const Envelope *envelope, const ServerOptions *server,
						   CallFault *fault);

#endif							/* XBB_FAULT_H */
