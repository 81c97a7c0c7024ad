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
#include "target/target.h"
#include "target/token.h"
#include "target/verdict.h"

struct Target
{
	MemoryContext context;		/* owns all of it */
	MemoryContextCallback callback; /* wipes the secrets */
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
	const char *account;		/* whose budget it is */
	const char *endpoint;		/* by which requests are counted; no secret */
	CallCounters sum;
};

/* Random digits, for one sending; palloc'd. */
extern char *target_nonce(void);

/* What names stand for, now, apart from the token. */
extern TemplateValues target_values(const Target *target, const char *id);

/* The budget that all requests of the target take from. */
extern LimiterBudget target_budget(const Target *target);

/* What all requests have in common, but URL, headers and body. */
extern HttpRequest target_http(const Target *target);

#endif							/* XBB_TARGET_DATA_H */
