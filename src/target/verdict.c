/*-------------------------------------------------------------------------
 *
 * verdict.c
 *	  What an answer says of a request and of each record in it.
 *
 * In doubt a record is unknown: it may have arrived.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "base/printable.h"
#include "target/keys.h"
#include "target/path.h"
#include "target/scan.h"
#include "target/verdict.h"

/* Of an answer as it is kept. */
#define TEXT_BYTES 2048

struct VerdictRules
{
	bool		has_token;
	Path	   *ok;				/* NULL where there is no such option, as all below */
	Path	   *records;
	Path	   *record_ok;
	Path	   *record_id;
	Path	   *record_message;
	Path	   *record_index;
	Path	   *record_key;
	Path	   *message;
	Path	   *duplicate;
	Path	   *throttled;
	Path	   *token_expired;
	Path	   *retry;
};

/* ---- texts ---- */

/* What is shown of an answer: one line, in the database's encoding. */
static char *
answer_text(const HttpResult *http)
{
	size_t		length = Min(http->body_length, TEXT_BYTES);
	char	   *text;

	if (http->body == NULL || length == 0)
		return NULL;
	/* not within a character */
	while (length < http->body_length && length > 0 && (http->body[length] & 0xC0) == 0x80)
		length--;
	text = scan_utf8(http->body, length);
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	return printable(text);
}

static bool
is_html(const HttpResult *http)
{
	const char *body = http->body ? http->body : "";

	body += strspn(body, " \t\r\n");
	return *body == '<';
}

/* ---- the request as a whole ---- */

static const struct
{
	HttpOutcome outcome;
	TargetClass verdict;
	const char *message;
}			outcomes[] = {
	{HTTP_NO_CONNECTION, TARGET_RETRY, "could not connect to the target: %s"},
	{HTTP_UNTRUSTED, TARGET_RETRY, "the target's certificate was not accepted: %s"},
	{HTTP_BROKEN, TARGET_UNKNOWN, "connection to the target was lost: %s"},
	{HTTP_TIMED_OUT, TARGET_UNKNOWN, "the target did not answer in time: %s"},
	{HTTP_TOO_LARGE, TARGET_UNKNOWN, "the target's answer is larger than max_response_size: %s"},
};

static void
judge_outcome(const HttpResult *http, TargetAnswer *answer)
{
	for (size_t i = 0; i < lengthof(outcomes); i++)
		if (outcomes[i].outcome == http->outcome)
		{
			answer->verdict = outcomes[i].verdict;
			answer->message = psprintf(outcomes[i].message, http->error);
		}
}

/* By its status alone, where no path says more. */
static TargetClass
class_of_status(const VerdictRules *rules, const HttpResult *http)
{
	int			status = http->status;

	if (status == 401 && rules->has_token)
		return TARGET_TOKEN_EXPIRED;
	if (status == 429 || (status == 503 && http->retry_after >= 0))
		return TARGET_THROTTLED;
	if (status == 425)
		return TARGET_RETRY;
	/* too late, in conflict with one that may be ours: they say nothing of this one */
	if (status == 408 || status == 409)
		return TARGET_UNKNOWN;
	if ((status >= 400 && status < 500) || status == 307 || status == 308)
		return TARGET_REJECTED;
	return TARGET_UNKNOWN;
}

/* With status 2xx, where no path tells that it was not executed. */
static TargetClass
class_of_success(const VerdictRules *rules, const HttpResult *http, const Jsonb *document,
				 PathAnswer ok, const char **message)
{
	if (rules->ok == NULL && rules->records == NULL)
	{
		if (!is_html(http))
			return TARGET_OK;
		*message = "the answer is HTML";
		return TARGET_UNKNOWN;
	}
	if (document == NULL)
		*message = http->body_length == 0 ? "the answer is empty" :
			is_html(http) ? "the answer is HTML" : "the answer is no JSON, cut off, or too large";
	else if (rules->ok == NULL)
		return TARGET_OK;
	else if (ok == PATH_NO)
		return TARGET_REJECTED;
	else
		*message = "the answer has not what option ok asks for";
	return TARGET_UNKNOWN;
}

/* What no JSON is to paths: nothing is there, but the status. */
static Jsonb *
no_document(void)
{
	static const char empty[] = "{}";

	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(empty)));
}

static TargetClass
judge_whole(const VerdictRules *rules, const HttpResult *http, const Jsonb *document,
			const Jsonb *variables, const char **message)
{
	bool		success = http->status >= 200 && http->status < 300;
	const Jsonb *asked = document ? document : no_document();
	PathAnswer	ok = rules->ok && !is_html(http) ? path_ask(rules->ok, asked, variables) : PATH_SILENT;

	if (success && ok == PATH_YES)
		return TARGET_OK;
	if (path_says(rules->token_expired, asked, variables))
		return TARGET_TOKEN_EXPIRED;
	if (path_says(rules->throttled, asked, variables))
		return TARGET_THROTTLED;
	if (path_says(rules->retry, asked, variables))
		return TARGET_RETRY;
	if (path_says(rules->duplicate, asked, variables))
		return TARGET_DUPLICATE;
	if (success)
		return class_of_success(rules, http, document, ok, message);
	*message = http->status >= 300 && http->status < 400 ?
		psprintf("HTTP status %d, a redirect to \"%s\"", http->status, http->location) :
		psprintf("HTTP status %d", http->status);
	return class_of_status(rules, http);
}

/* ---- records ---- */

static TargetClass
judge_record(const VerdictRules *rules, const Jsonb *record, const Jsonb *variables, TargetClass whole)
{
	PathAnswer	ok = rules->record_ok ? path_ask(rules->record_ok, record, variables) :
		whole == TARGET_OK || whole == TARGET_DUPLICATE ? PATH_YES :
		whole == TARGET_REJECTED ? PATH_NO : PATH_SILENT;

	if (ok == PATH_YES)
		return TARGET_OK;
	if (path_says(rules->retry, record, variables))
		return TARGET_RETRY;
	if (path_says(rules->duplicate, record, variables))
		return TARGET_DUPLICATE;
	return ok == PATH_NO ? TARGET_REJECTED : TARGET_UNKNOWN;
}

/* What two mentions of one record say together. */
static TargetClass
both(TargetClass one, TargetClass other)
{
	if (one == other)
		return one;
	if (one <= TARGET_DUPLICATE && other <= TARGET_DUPLICATE)
		return TARGET_OK;
	return TARGET_UNKNOWN;
}

static void
mention(const VerdictRules *rules, const Jsonb *record, const Jsonb *variables, TargetClass whole,
		bool again, TargetVerdict *verdict)
{
	TargetClass class = judge_record(rules, record, variables, whole);

	verdict->verdict = again ? both(verdict->verdict, class) : class;
	verdict->told = rules->record_ok != NULL;
	if (!verdict->id)
		verdict->id = path_text(rules->record_id, record, variables);
	if (!verdict->message)
		verdict->message = path_text(rules->record_message, record, variables);
	if (!verdict->message && verdict->verdict == TARGET_UNKNOWN)
		verdict->message = "the answer has not what option record_ok asks for";
}

/* The record that a mention is about, of several with one key the first; or -1. */
static int
find_mentioned(const VerdictRules *rules, const Jsonb *mentioned, const Jsonb *variables, const Keys *sent)
{
	char	   *text;
	int			found = -1;

	if (!rules->record_index && !rules->record_key)
		return sent->nrecords == 1 ? 0 : -1;
	text = path_word(rules->record_index ? rules->record_index : rules->record_key, mentioned, variables);
	if (text && rules->record_index)
	{
		char	   *end;
		long		index = strtol(text, &end, 10);

		if (*text && *end == '\0' && index >= 0 && index < sent->nrecords)
			found = index;
	}
	else if (text)
		found = keys_find(sent, text);
	if (text)
		pfree(text);
	return found;
}

/* Without key or index: all are there if as many as were sent are said to be. */
static bool
are_all_there(const VerdictRules *rules, Jsonb **mentions, int nmentions, const Jsonb *variables,
			  int nrecords, TargetClass whole)
{
	bool		all = nmentions == nrecords && !rules->record_index && !rules->record_key;

	for (int i = 0; all && i < nmentions; i++)
		all = judge_record(rules, mentions[i], variables, whole) <= TARGET_DUPLICATE;
	return all;
}

/*
 * Fills the verdicts from what the answer says of each record; false if it mentions
 * none.  A record that is not mentioned among others is unknown.
 */
static bool
judge_records(const VerdictRules *rules, const Jsonb *document, const Jsonb *variables,
			  const char *const *keys, int nrecords, TargetClass whole, TargetVerdict *verdicts)
{
	int			nmentions;
	Jsonb	  **mentions = path_parts(rules->records, document, variables, &nmentions);
	Keys		sent = keys_sort(rules->record_index ? NULL : keys, nrecords);
	int		   *times = palloc0(nrecords * sizeof(int));
	bool		any = false;

	for (int i = 0; i < nrecords; i++)
		verdicts[i] = (TargetVerdict) {.verdict = TARGET_UNKNOWN,.message = "the answer does not mention this record"};
	for (int i = 0; i < nmentions; i++)
	{
		int			found = find_mentioned(rules, mentions[i], variables, &sent);

		CHECK_FOR_INTERRUPTS();
		if (found < 0)
			continue;
		if (times[found]++ == 0)
			verdicts[found].message = NULL;
		mention(rules, mentions[i], variables, whole, times[found] > 1, &verdicts[found]);
		any = true;
	}
	/* what was said of a key is said of all that have it, each after the first */
	for (int i = 0; i < nrecords; i++)
	{
		int			first = sent.first[i];

		/* of two records with one key an answer must speak twice */
		if (times[first] > 0 && times[first] < sent.sharing[first])
			verdicts[i] = (TargetVerdict) {.verdict = TARGET_UNKNOWN,.message = "the answer mentions fewer records of this key than were sent"};
		else
			verdicts[i] = verdicts[first];
	}
	if (!any && nmentions > 0 && are_all_there(rules, mentions, nmentions, variables, nrecords, whole))
	{
		for (int i = 0; i < nrecords; i++)
			verdicts[i] = (TargetVerdict) {.verdict = TARGET_OK,.told = rules->record_ok != NULL};
		any = true;
	}
	return any;
}

/* From harmless to grave: a request is what its gravest record is. */
static int
gravity(TargetClass class)
{
	static const int order[] = {
		[TARGET_OK] = 0, [TARGET_DUPLICATE] = 1, [TARGET_REJECTED] = 2, [TARGET_THROTTLED] = 3,
		[TARGET_RETRY] = 4, [TARGET_TOKEN_EXPIRED] = 5, [TARGET_UNKNOWN] = 6
	};

	return order[class];
}

/* Whether the class is that of the whole, so that no record can have another. */
static bool
is_of_all(TargetClass class)
{
	return class == TARGET_THROTTLED || class == TARGET_TOKEN_EXPIRED || class == TARGET_RETRY;
}

/*
 * Where a path says that nothing was executed, and what is said of some record that it was, that one is unknown, and
 * what is said of the others is only that they are not there.  False if no record is said to be.
 */
static bool
contradict(TargetVerdict *verdicts, int nrecords, TargetClass whole)
{
	bool		any = false;

	for (int i = 0; i < nrecords; i++)
	{
		TargetVerdict *verdict = &verdicts[i];

		if (verdict->told && verdict->verdict <= TARGET_DUPLICATE)
		{
			any = true;
			verdict->verdict = TARGET_UNKNOWN;
			verdict->message = "the answer says that nothing was executed, and that this record was";
		}
		else if (verdict->verdict == TARGET_REJECTED)
			verdict->verdict = whole;
	}
	return any;
}

static void
judge_each(const VerdictRules *rules, const Jsonb *document, const Jsonb *variables,
		   const char *const *keys, int nrecords, TargetAnswer *answer)
{
	TargetVerdict *verdicts = palloc0(Max(nrecords, 1) * sizeof(TargetVerdict));
	TargetClass whole = answer->verdict;
	const char *message = answer->message;

	answer->nverdicts = nrecords;
	answer->verdicts = verdicts;
	if (rules->records && document && whole != TARGET_TOKEN_EXPIRED)
	{
		if (judge_records(rules, document, variables, keys, nrecords, whole, verdicts) &&
			(!is_of_all(whole) || contradict(verdicts, nrecords, whole)))
		{
			for (int i = 0; i < nrecords; i++)
				if (i == 0 || gravity(verdicts[i].verdict) > gravity(answer->verdict))
					answer->verdict = verdicts[i].verdict;
			return;
		}
		if (whole == TARGET_OK && nrecords > 0)
		{
			answer->verdict = whole = TARGET_UNKNOWN;
			message = "the answer does not mention this record";
		}
	}
	for (int i = 0; i < nrecords; i++)
	{
		verdicts[i] = (TargetVerdict) {.verdict = whole};
		if (nrecords == 1 && document && !rules->records)
		{
			verdicts[i].id = path_text(rules->record_id, document, variables);
			verdicts[i].message = path_text(rules->record_message, document, variables);
		}
		if (!verdicts[i].message && whole != TARGET_OK)
			verdicts[i].message = message;
	}
}

/* ---- public ---- */

static Path *
rule(const char *path)
{
	return path ? path_read(path) : NULL;
}

VerdictRules *
verdict_rules(const TargetServerOptions *options, bool has_token)
{
	VerdictRules *rules = palloc0(sizeof(VerdictRules));

	rules->has_token = has_token;
	rules->ok = rule(options->ok);
	rules->records = rule(options->records);
	rules->record_ok = rule(options->record_ok);
	rules->record_id = rule(options->record_id);
	rules->record_message = rule(options->record_message);
	rules->record_index = rule(options->record_index);
	rules->record_key = options->record_key ? path_of_member(options->record_key) : NULL;
	rules->message = rule(options->message);
	rules->duplicate = rule(options->duplicate);
	rules->throttled = rule(options->throttled);
	rules->token_expired = rule(options->token_expired);
	rules->retry = rule(options->retry);
	return rules;
}

void
verdict_judge(const VerdictRules *rules, const HttpResult *http,
			  const char *const *keys, int nrecords, TargetAnswer *answer)
{
	Jsonb	   *document = NULL;
	Jsonb	   *variables = path_variables(http->status);

	answer->status = http->status;
	answer->retry_after = http->retry_after;
	answer->text = answer_text(http);
	answer->message = NULL;
	if (http->outcome != HTTP_ANSWERED)
		judge_outcome(http, answer);
	else
	{
		const char *ours = NULL;
		char	   *theirs;

		document = path_document(http->body, http->body_length);
		answer->verdict = judge_whole(rules, http, document, variables, &ours);
		theirs = document ? path_text(rules->message, document, variables) : NULL;
		answer->message = theirs ? theirs : ours;
	}
	judge_each(rules, document, variables, keys, nrecords, answer);
}

void
verdict_probe(const VerdictRules *rules, const char *found, const char *id,
			  const HttpResult *http, TargetAnswer *answer)
{
	Jsonb	   *document;
	Jsonb	   *variables = path_variables(http->status);
	TargetVerdict *verdict = palloc0(sizeof(TargetVerdict));

	verdict_judge(rules, http, NULL, 0, answer);
	answer->nverdicts = 1;
	answer->verdicts = verdict;
	document = http->outcome == HTTP_ANSWERED ? path_document(http->body, http->body_length) : NULL;
	/* what the write's options say of it does not matter, if it is an answer at all */
	if (document && http->status >= 200 && http->status < 300 && !is_of_all(answer->verdict))
	{
		const Path *path = path_read(found);
		PathAnswer	there = path_ask(path, document, variables);

		/* an empty list is a no, but only of an answer that is none of a failure */
		if (answer->verdict == TARGET_OK && path_finds_nothing(path, document, variables))
			there = PATH_NO;
		answer->verdict = there == PATH_YES ? TARGET_OK : there == PATH_NO ? TARGET_REJECTED : TARGET_UNKNOWN;
		if (there == PATH_YES && id)
			verdict->id = path_text(path_read(id), document, variables);
	}
	else if (!is_of_all(answer->verdict))
		answer->verdict = TARGET_UNKNOWN;
	verdict->verdict = answer->verdict;
	verdict->message = answer->message;
}

char *
verdict_text(const char *path, const char *body, size_t length)
{
	Jsonb	   *document = path_document(body, length);

	return document ? path_raw_text(path_read(path), document, path_variables(200)) : NULL;
}

bool
verdict_is_ok(const char *path, const HttpResult *http)
{
	Jsonb	   *document = http->outcome == HTTP_ANSWERED && http->status == 200 ?
		path_document(http->body, http->body_length) : NULL;

	return document && (!path || path_ask(path_read(path), document, path_variables(http->status)) == PATH_YES);
}
