/*-------------------------------------------------------------------------
 *
 * verdict.h
 *	  What an answer says of a request and of each record in it.
 *
 * Paths are evaluated by the server's own jsonpath, over the answer made clean.  That a
 * path is false means no only where what it asks about is there (postgres-facts 20):
 * the same path in strict mode tells.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_VERDICT_H
#define XBB_VERDICT_H

#include "utils/jsonb.h"

#include "call/call.h"
#include "target/target.h"

/* A target's paths, compiled; see option.h. */
typedef struct VerdictRules VerdictRules;

/*
 * palloc'd.  "has_token": status 401 means that it has expired.  Errors: those of
 * jsonpath_in.
 */
extern VerdictRules *verdict_rules(const TargetServerOptions *options, bool has_token);

/*
 * Judges an answer, or that none came: sets all of *answer but the ticket; palloc'd.
 * Keys of records are UTF-8, or NULL.  Raises nothing for what the answer says.
 */
extern void verdict_judge(const VerdictRules *rules, const HttpResult *http,
						  const char *const *keys, int nrecords, TargetAnswer *answer);

/* Is a probe's answer that the record is there?  OK, REJECTED if not, else why unknown. */
extern void verdict_probe(const VerdictRules *rules, const char *found, const char *id,
						  const HttpResult *http, TargetAnswer *answer);

/* ---- for token.c ---- */

/* A path's text in an answer, UTF-8, or NULL; "path" names the option in errors. */
extern char *verdict_text(const char *path, const char *body, size_t length);

/* Does the answer say yes?  Without a path if the status is 200 and it is JSON. */
extern bool verdict_is_ok(const char *path, const HttpResult *http);

#endif							/* XBB_VERDICT_H */
