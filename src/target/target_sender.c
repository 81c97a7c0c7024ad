/*-------------------------------------------------------------------------
 *
 * target_sender.c
 *	  The requests of one statement: kept until their outcome is known, or cannot be.
 *
 * A request whose outcome is not known is sent again, byte for byte and with its key,
 * where option repeat says that this is safe; with a probe its records are asked for.
 * What was accepted once stays accepted, whatever a repetition says: it may be refused
 * as a duplicate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/wait.h"
#include "target/target.h"

/* The first pause before a repetition, and the longest. */
#define FIRST_PAUSE_MS 200
#define LONGEST_PAUSE_MS 10000

/* Bytes of an answer that stand for a reason. */
#define LONGEST_REASON 200

/* The length of an idempotency key: a UUID, version 4. */
#define KEY_LENGTH 36

typedef struct Request
{
	dlist_node	node;
	MemoryContext context;		/* of all of it */
	int			ticket;			/* the caller's */
	char		id[KEY_LENGTH + 1];
	char	   *body;
	size_t		length;
	char	  **records;		/* for probes; else NULL */
	char	  **keys;			/* or NULL */
	int			nrecords;
	int			repetitions;
	int			asked;			/* the record whose probe is under way, or -1 */
	TargetAnswer answer;		/* what is known so far; ours */
	TargetVerdict *verdicts;
} Request;

struct TargetSender
{
	Target	   *target;
	TargetQueue *queue;
	MemoryContext context;
	TargetRepeat repeat;
	int			most_repetitions;
	dlist_head	requests;		/* under way */
	dlist_head	later;			/* to be repeated after a pause */
	Request    *handed_out;		/* its answer is with the caller */
};

static void
warn_once(const Target *target)
{
	static bool warned = false;

	if (warned)
		return;
	warned = true;
	ereport(WARNING,
			(errmsg("what is sent to foreign table \"%s\" stays sent, even if the transaction is rolled back",
					get_rel_name(target_options(target)->relid)),
			 errdetail("So it is with all target tables. This is said once a session.")));
}

TargetSender *
target_sender(Target *target)
{
	TargetSender *sender = palloc0(sizeof(TargetSender));

	sender->target = target;
	sender->context = CurrentMemoryContext;
	sender->queue = target_queue(target);
	sender->repeat = target_repeat(target);
	sender->most_repetitions = target_options(target)->server.max_retries;
	dlist_init(&sender->requests);
	dlist_init(&sender->later);
	return sender;
}

void
target_sender_close(TargetSender *sender)
{
	target_close(sender->queue);
}

static void
make_key(char *id)
{
	uint8		bytes[16];

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random key")));
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (int i = 0; i < (int) sizeof(bytes); i++)
		id += sprintf(id, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
}

static char **
copy_texts(const char *const *texts, int ntexts)
{
	char	  **result = palloc(ntexts * sizeof(char *));

	for (int i = 0; i < ntexts; i++)
		result[i] = texts[i] ? pstrdup(texts[i]) : NULL;
	return result;
}

static void
ask(TargetSender *sender, Request *request)
{
	dlist_push_tail(&sender->requests, &request->node);
	request->asked = -1;
	target_ask(sender->queue, request->ticket, request->body, request->length,
			   (const char *const *) request->keys, request->nrecords, request->id);
}

void
target_sender_put(TargetSender *sender, int ticket, const char *const *records,
				  const char *const *keys, int nrecords)
{
	MemoryContext context = AllocSetContextCreate(sender->context, "xbb sent", ALLOCSET_SMALL_SIZES);
	MemoryContext previous = MemoryContextSwitchTo(context);
	Request    *request = palloc0(sizeof(Request));

	warn_once(sender->target);
	request->context = context;
	request->ticket = ticket;
	make_key(request->id);
	request->body = target_body(sender->target, records, nrecords, request->id, &request->length);
	request->records = sender->repeat == TARGET_REPEAT_PROBE ? copy_texts(records, nrecords) : NULL;
	request->keys = keys ? copy_texts(keys, nrecords) : NULL;
	request->nrecords = nrecords;
	request->verdicts = palloc0(nrecords * sizeof(TargetVerdict));
	for (int i = 0; i < nrecords; i++)
		request->verdicts[i].verdict = TARGET_UNKNOWN;
	MemoryContextSwitchTo(previous);
	ask(sender, request);
}

static Request *
find_request(TargetSender *sender, int ticket)
{
	dlist_iter	iter;

	dlist_foreach(iter, &sender->requests)
	{
		Request    *request = dlist_container(Request, node, iter.cur);

		if (request->ticket == ticket)
			return request;
	}
	elog(ERROR, "an answer to request %d, which was not sent", ticket);
	return NULL;
}

static bool
is_accepted(TargetClass class)
{
	return class == TARGET_OK || class == TARGET_DUPLICATE;
}

static const char *
copy_text(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

const char *
target_reason(const TargetAnswer *answer, const TargetVerdict *verdict)
{
	if (verdict->message)
		return pstrdup(verdict->message);
	if (is_accepted(verdict->verdict))
		return NULL;
	if (answer->message || answer->text == NULL)
		return copy_text(answer->message);
	return pnstrdup(answer->text, pg_mbcliplen(answer->text, strlen(answer->text), LONGEST_REASON));
}

static void
take_verdict(TargetVerdict *to, const TargetAnswer *answer, int at)
{
	const TargetVerdict *from = &answer->verdicts[at];

	to->verdict = from->verdict;
	to->id = copy_text(from->id);
	to->message = target_reason(answer, from);
}

/* Adds what an answer says to what is known of its request. */
static void
take_answer(Request *request, const TargetAnswer *answer)
{
	MemoryContext previous = MemoryContextSwitchTo(request->context);
	bool		first = request->repetitions == 0 && request->asked < 0;

	if (request->asked >= 0)
	{
		TargetVerdict *verdict = &request->verdicts[request->asked];

		/* what is not there may still be on its way */
		if (is_accepted(answer->verdict) && answer->nverdicts > 0)
			take_verdict(verdict, answer, 0);
		else if (answer->verdict == TARGET_REJECTED)
			verdict->message = "no answer came, and the probe did not find it";
	}
	else
	{
		for (int i = 0; i < request->nrecords; i++)
			if (first || !is_accepted(request->verdicts[i].verdict))
			{
				/* a repetition that did not get there tells nothing of the first time */
				if (first || answer->verdicts[i].verdict == TARGET_REJECTED || is_accepted(answer->verdicts[i].verdict))
					take_verdict(&request->verdicts[i], answer, i);
			}
		request->answer = *answer;
		request->answer.message = copy_text(answer->message);
		request->answer.text = copy_text(answer->text);
		request->answer.verdicts = request->verdicts;
	}
	MemoryContextSwitchTo(previous);
}

/* The next record at or after "from" whose outcome is not known, or -1. */
static int
next_unknown(const Request *request, int from)
{
	for (int i = from; i < request->nrecords; i++)
		if (request->verdicts[i].verdict == TARGET_UNKNOWN)
			return i;
	return -1;
}

/* Has something of the request to be asked again?  Then that is under way, or for later. */
static bool
goes_on(TargetSender *sender, Request *request)
{
	int			unknown = next_unknown(request, request->asked + 1);

	switch (sender->repeat)
	{
		case TARGET_REPEAT_NEVER:
			return false;
		case TARGET_REPEAT_PROBE:
			if (unknown < 0)
				return false;
			request->asked = unknown;
			target_ask_probe(sender->queue, request->ticket, request->records[unknown], request->id);
			return true;
		default:
			if (unknown < 0 || request->repetitions >= sender->most_repetitions)
				return false;
			request->repetitions++;
			dlist_delete(&request->node);
			dlist_push_tail(&sender->later, &request->node);
			return true;
	}
}

/* Nothing else is under way: a pause, then once more what no answer came for. */
static bool
repeat_later(TargetSender *sender)
{
	int			pause = FIRST_PAUSE_MS;
	Request    *first;

	if (dlist_is_empty(&sender->later))
		return false;
	first = dlist_head_element(Request, node, &sender->later);
	for (int i = 1; i < first->repetitions && pause < LONGEST_PAUSE_MS; i++)
		pause *= 2;
	(void) wait_for(NULL, 0, wait_later(wait_clock(), Min(pause, LONGEST_PAUSE_MS)), WAIT_BACKOFF);
	while (!dlist_is_empty(&sender->later))
	{
		Request    *request = dlist_head_element(Request, node, &sender->later);

		dlist_delete(&request->node);
		ask(sender, request);
	}
	return true;
}

bool
target_sender_next(TargetSender *sender, bool wait, TargetAnswer *answer)
{
	if (sender->handed_out)
		MemoryContextDelete(sender->handed_out->context);
	sender->handed_out = NULL;
	for (;;)
	{
		TargetAnswer came;
		Request    *request;

		while (!target_next(sender->queue, wait, &came))
			if (!wait || !repeat_later(sender))
				return false;
		request = find_request(sender, came.ticket);
		take_answer(request, &came);
		if (goes_on(sender, request))
			continue;
		dlist_delete(&request->node);
		sender->handed_out = request;
		*answer = request->answer;
		answer->nverdicts = request->nrecords;
		return true;
	}
}
