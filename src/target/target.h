/*-------------------------------------------------------------------------
 *
 * target.h
 *	  Calls to another platform: what is sent, signed, and what became of it.
 *
 * A body is made once, without secrets, and may be kept and sent again as it is;
 * what changes with each sending (signature, token, time) is added when its turn has
 * come.  Nothing is sent again here but what was certainly not executed.  Knows
 * nothing of planner, columns, or where records come from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TARGET_H
#define XBB_TARGET_H

#include "option/option.h"
#include "progress/progress.h"
#include "target/target_columns.h"

/* A table's options, resolved: secrets, connections, what the templates say. */
typedef struct Target Target;

/*
 * The target of a foreign table as a role sends to it, as it is now, whatever becomes
 * of server and mapping meanwhile.  Lives in "context" and ends with it; its secrets are
 * wiped then.  Whose rights count is the caller's business.  Errors: those of the
 * readers of option.h, and HV024 for templates, recipes and paths that make no sense.
 */
extern Target *target_open(Oid relid, Oid userid, MemoryContext context);

/* Its options; live as long. */
extern const TargetTableOptions *target_options(const Target *target);

extern int	target_batch_size(const Target *target);
extern TargetRepeat target_repeat(const Target *target);

/* What its queues did until now: requests, bytes, retries and throttled_us of these numbers. */
extern void target_count(const Target *target, ProgressNumbers *numbers);

/* How many requests one statement may send: the least of all that say so; 0 is no limit. */
extern int64 target_request_limit(const Target *target);

/*
 * The body of a request over records, before anything is signed: no secret is in it.
 * Records are JSON objects (or what attr '*' made: any JSON), UTF-8; "id" is the
 * request's idempotency key.  palloc'd.  Errors: 22023 for a record that is no JSON, or
 * has a member that a signature is to add.
 */
extern char *target_body(const Target *target, const char *const *records, int nrecords,
						 const char *id, size_t *length);

/*
 * The key of each record, as option record_key finds it; NULL for those that have none,
 * and NULL instead of the array without that option.  palloc'd.
 */
extern char **target_keys(const Target *target, const char *const *records, int nrecords);

/* What became of a request, or of a record in it. */
typedef enum TargetClass
{
	TARGET_OK,					/* there */
	TARGET_DUPLICATE,			/* was there already */
	TARGET_REJECTED,			/* the target said no: nothing is there */
	TARGET_THROTTLED,			/* these were not executed: too fast, */
	TARGET_RETRY,				/* did not get there, or the target says so, */
	TARGET_TOKEN_EXPIRED,		/* the token is to be renewed.  A platform may say that
								 * after its work was done: sent again here only where
								 * repeating is safe */
	TARGET_UNKNOWN				/* may or may not have been executed */
} TargetClass;

/* As users read it: ok, duplicate, rejected, throttled, token expired, retry, unknown. */
extern const char *target_class_name(TargetClass class);

typedef struct TargetVerdict
{
	TargetClass verdict;
	const char *id;				/* the target's, or NULL */
	const char *message;		/* or NULL */
	bool		told;			/* by a word about this record alone */
} TargetVerdict;

/*
 * Texts are printable and in the database's encoding.  Valid until the next target_next
 * of the queue.
 */
typedef struct TargetAnswer
{
	int			ticket;
	TargetClass verdict;		/* of the request as a whole */
	int			status;			/* of HTTP, 0 if none came */
	const char *message;		/* the target's, or ours where none came; or NULL */
	const char *text;			/* of the answer, cut to 2 kB, or NULL */
	bool		unsent;			/* there is no token, and not a byte has left */
	int64		retry_after;	/* ms, or -1 */
	bool		renewed;		/* it was sent before, with a token that was refused, perhaps after all was done */
	int			nverdicts;		/* as many as there were records */
	const TargetVerdict *verdicts;	/* in the order the records were given */
} TargetAnswer;

/*
 * Requests to one target: pace, cancel, budgets and TLS are those of call.h.  Sends
 * again what was certainly not executed, up to max_retries times; all else is the
 * caller's to decide.
 */
typedef struct TargetQueue TargetQueue;

/*
 * Lives in the target's context, beyond transactions; requests under way are abandoned
 * when that ends, or with target_close.
 */
extern TargetQueue *target_queue(Target *target);
extern void target_close(TargetQueue *queue);

/*
 * Queues a request.  All arguments are copied.  "keys" as target_keys says, or NULL; an
 * unknown key is NULL.
 */
extern void target_ask(TargetQueue *queue, int ticket, const char *body, size_t length,
					   const char *const *keys, int nrecords, const char *id);

/* Asks whether a record is there, by option probe: OK, REJECTED (it is not), or else. */
extern void target_ask_probe(TargetQueue *queue, int ticket, const char *record, const char *id);

/*
 * The next answer, in any order.  With "wait" it sleeps until there is one and returns
 * false only if nothing is queued.  Never raises for what the target said: the class says
 * it.  Raises interrupts, 53400 where the quota is used up, out of memory.
 */
extern bool target_next(TargetQueue *queue, bool wait, TargetAnswer *answer);

/*
 * May the target have got a request?  False where it waits here, and not a byte of it was handed
 * to HTTP, or all that was sent came to nothing for certain; true of a ticket that is unknown:
 * its answer may have been lost.
 */
extern bool target_may_have(const TargetQueue *queue, int ticket);

/*
 * Requests of one statement, INSERT or xbb.send (target_sender.c): each gets a key of its
 * own, and where no answer came is repeated as far as option repeat says that it may
 * be.  Lives in the current context.  The first request of a session comes with a warning
 * that a rollback takes nothing back.
 */
typedef struct TargetSender TargetSender;

extern TargetSender *target_sender(Target *target);
extern void target_sender_close(TargetSender *sender);

/* Queues a request.  The arguments need not live longer. */
extern void target_sender_put(TargetSender *sender, int ticket, const char *const *records,
							  const char *const *keys, int nrecords);

/*
 * As target_next, of the requests that are settled; the answer is valid until the next call.
 * Verdicts on what is not there have a message, if anything was said at all.
 */
extern bool target_sender_next(TargetSender *sender, bool wait, TargetAnswer *answer);

/*
 * Why a record is not there: what the answer says of it, or of all, or the beginning of the answer
 * itself; of one that is there what is said of it, or NULL.  palloc'd.
 */
extern const char *target_reason(const TargetAnswer *answer, const TargetVerdict *verdict);

/*
 * What would be sent: method, URL, headers and body with all secrets and signatures
 * masked; palloc'd, in the database's encoding.
 */
extern char *target_preview(const Target *target, const char *body, size_t length,
							const char *id);

/*
 * What an answer of that status means by a table's options, for those who try them:
 * nothing is sent, no mapping is read.  palloc'd.
 */
extern TargetAnswer *target_judge(Oid relid, int status, const char *text,
								  const char *const *keys, int nrecords);

/*
 * Tokens that rotate, which only a step that commits may renew.  Does the token want
 * that, now: are nine tenths of its life over, or has the target refused it?  Always
 * false where a target's token does not rotate.
 */
extern bool target_token_is_due(const Target *target);

/* The latter, in this session? */
extern bool target_token_is_refused(const Target *target);

/* Does it rotate?  False where a target has no option token_api. */
extern bool target_token_rotates(const Target *target);

/*
 * Renews the token of a mapping; one that rotates is written to xbb.target_token, and
 * the caller commits at once.  Takes a lock of the transaction, and looks again under it:
 * of many who call, one renews.  Errors: HV00J without option token_api of the server,
 * 28000 if the target gives none.
 */
extern void target_renew_token(Oid userid, Oid serverid);

/*
 * Ends this backend's connections to the targets of a server, or to all for InvalidOid: at
 * once, or when nobody uses them any more.  False if there are none.
 */
extern bool target_disconnect(Oid serverid);

/* What a server that loads the library when it starts should set aside, bytes. */
extern Size target_shared_memory(void);

#endif							/* XBB_TARGET_H */
