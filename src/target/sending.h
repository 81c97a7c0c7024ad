/*-------------------------------------------------------------------------
 *
 * sending.h
 *	  What all requests of a mapping have in common: budget, patience, the moment.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SENDING_H
#define XBB_SENDING_H

#include "call/call.h"
#include "target/template.h"

/* What names stand for, now, apart from token and id. */
extern TemplateValues target_moment(const TargetMappingOptions *mapping);

/* The budget that all requests of a mapping take from. */
extern LimiterBudget target_budget(const TargetServerOptions *server, const TargetMappingOptions *mapping);

/* What all requests to a server have in common, but URL, headers and body. */
extern HttpRequest target_http(const TargetServerOptions *server);

#endif							/* XBB_SENDING_H */
