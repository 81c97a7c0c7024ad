/*-------------------------------------------------------------------------
 *
 * target_data.h
 *	  What target.c and queue.c share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TARGET_DATA_H
#define XBB_TARGET_DATA_H

#include "call/call.h"
#include "target/request.h"
#include "target/sending.h"
#include "target/target.h"
#include "target/token.h"
#include "target/verdict.h"

struct Target
{
	MemoryContext context;		/* owns all of it */
	Oid			userid;			/* whose mapping it is, and who is counted */
	const TargetTableOptions *options;
	const TargetMappingOptions *mapping;
	CallPlace  *place;
	Request		request;
	Request		probe;			/* without option probe all zero */
	const char *probe_envelope; /* template of its body */
	const char *probe_found;	/* jsonpaths */
	const char *probe_id;		/* or NULL */
	VerdictRules *rules;
	Token	   *token;			/* NULL where none is to be asked for */
	const char *endpoint;		/* by which requests are counted; no secret */
	CallCounters sum;
};

#endif							/* XBB_TARGET_DATA_H */
