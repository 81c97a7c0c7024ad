/*-------------------------------------------------------------------------
 *
 * doctor_ask.c
 *	  The doctor's questions, one after another, through the cluster's limiter.
 *
 * Nothing is repeated by itself: whether a question is asked once more the doctor says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "func/doctor.h"

/* One question, and what comes of it. */
typedef struct Asking
{
	MemoryContext context;		/* for the answer */
	MemoryContext tree;			/* for its tree, which is large */
	TableOptions table;
	OptionObject object;
	const DoctorQuestion *question;
	DoctorWire	wire;
	int			status;			/* of HTTP */
	DoctorAnswer *answer;		/* NULL: none yet */
} Asking;

static void
look(void *arg, const HttpResult *http)
{
	Asking	   *asking = arg;
	const HttpWay *way = &http->way;
	double		now = GetCurrentTimestamp() / (double) USECS_PER_SEC +
	(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY;

	asking->status = http->status;
	asking->wire = (DoctorWire)
	{
		.resolved_us = way->resolved_us,
		.connected_us = way->connected_us,
		.secured_us = way->secured_us,
		.ended_us = Max(way->ended_us, 1),
		.untrusted = way->untrusted,
		.fresh = way->fresh,
		.http_version = way->version,
		.certificate_until = way->certificate_until,
		.sent = now - way->ended_us / 1000000.0,
		.came = now,
		.date = http->date,
	};
}

static void *
read_answer(void *arg, const char *body, size_t length, Envelope *envelope)
{
	Asking	   *asking = arg;
	MemoryContext old = MemoryContextSwitchTo(asking->context);
	DoctorAnswer *answer = palloc0(sizeof(DoctorAnswer));
	const JsonTree *success;

	answer->words = "";
	MemoryContextSwitchTo(asking->tree);
	answer->tree = json_tree(body, length, json_tree_most(asking->table.server.max_response_size), &envelope->unreadable);
	success = json_tree_member(answer->tree, "success");
	envelope->has_code = json_tree_integer(json_tree_member(answer->tree, "code"), &envelope->code);
	envelope->has_success = success != NULL;
	envelope->success = json_tree_flag(success) ||
		(json_tree_text(success) && strcmp(json_tree_text(success), "true") == 0);
	envelope->msg = unconstify(char *, json_tree_text(json_tree_member(answer->tree, "msg")));
	MemoryContextSwitchTo(old);
	return answer;
}

static void
discard_answer(void *arg, void *answer)
{
	/* the context's */
}

/* HTTP's "service unavailable": limiters answer with it, too. */
#define UNAVAILABLE 503

static DoctorKind
kind_of(const CallFault *fault, int status)
{
	if (fault->refused || status == UNAVAILABLE)
		return DOCTOR_LIMITED;
	if (fault->kind == LIMITER_ERRORS_NETWORK && fault->uncounted)
		return DOCTOR_UNREACHED;
	if (fault->transient)
		return DOCTOR_LOST;
	if (fault->sqlstate == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION)
		return DOCTOR_DENIED;
	if (fault->sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE)
		return DOCTOR_FORBIDDEN;
	return fault->kind == LIMITER_ERRORS_HTTP ? DOCTOR_STATUS : DOCTOR_REFUSED;
}

static void *
give_up_answer(void *arg, const CallFault *fault)
{
	const Asking *asking = arg;
	MemoryContext context = asking->context;
	DoctorAnswer *answer = MemoryContextAllocZero(context, sizeof(DoctorAnswer));

	answer->kind = kind_of(fault, asking->status);
	answer->words = MemoryContextStrdup(context, fault->message);
	answer->hint = fault->hint ? MemoryContextStrdup(context, fault->hint) : NULL;
	return answer;
}

static void
ask(void *arg)
{
	Asking	   *asking = arg;
	const DoctorQuestion *question = asking->question;
	ApiReader	reader = {read_answer, discard_answer, give_up_answer, look, asking};
	ApiQueue   *queue = api_open(&asking->table, api_access(&asking->table, GetUserId(), CurrentMemoryContext), &reader);
	ApiAnswer	answer;

	api_ask_body(queue, 0, question->body, question->called, question->missigned);
	if (api_next(queue, true, &answer))
		asking->answer = answer.result;
}

/* Asks; NULL, and *crash says why, where something else has failed. */
static DoctorAnswer *
answer_to(const DoctorQuestion *question, const ServerOptions *server, MemoryContext tree, const char **crash)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext requests = AllocSetContextCreate(context, "xbb_fdw doctor", ALLOCSET_DEFAULT_SIZES);
	Asking		asking = {.context = context, .tree = tree, .question = question, .table = {.server = *server}};
	ErrorData  *error;

	asking.object.name = asking.object.path = question->path;
	asking.table.object = &asking.object;
	asking.table.server.max_retries = 0;
	MemoryContextSwitchTo(requests);
	error = doctor_isolate(ask, &asking);
	MemoryContextSwitchTo(context);
	if (asking.answer && !error)
		asking.answer->wire = asking.wire;
	else if (error && (error->sqlerrcode == ERRCODE_CONFIGURATION_LIMIT_EXCEEDED || error->sqlerrcode == ERRCODE_CONNECTION_FAILURE))
	{
		/* the account's budget, the statement's, or an API that is known to be down */
		asking.answer = palloc0(sizeof(DoctorAnswer));
		asking.answer->kind = DOCTOR_NOT_SENT;
		asking.answer->words = psprintf("not asked: %s", error->message);
	}
	else
	{
		asking.answer = NULL;
		*crash = error ? pstrdup(error->message) : "no answer";
	}
	MemoryContextDelete(requests);
	return asking.answer;
}

/* A question and its answer, or the end. */
typedef struct Step
{
	Doctor	   *doctor;
	const ServerOptions *server;
	bool		ended;
} Step;

static void
take_step(void *arg)
{
	Step	   *step = arg;
	DoctorQuestion question;
	TimestampTz began;
	const char *crash = NULL;
	DoctorAnswer *answer;
	MemoryContext tree;

	if (!doctor_next(step->doctor, &question))
	{
		step->ended = true;
		return;
	}
	began = GetCurrentTimestamp();
	tree = AllocSetContextCreate(CurrentMemoryContext, "xbb_fdw doctor's answer", ALLOCSET_DEFAULT_SIZES);
	answer = answer_to(&question, step->server, tree, &crash);
	doctor_took(step->doctor, (GetCurrentTimestamp() - began) / (double) USECS_PER_SEC);
	if (answer)
		doctor_answer(step->doctor, answer);
	else
		doctor_crash(step->doctor, crash);
	if (!answer || !doctor_holds(step->doctor, answer))
		MemoryContextDelete(tree);
}

void
doctor_look_there(Doctor *doctor, const ServerOptions *server)
{
	Step		step = {doctor, server, false};

	while (!step.ended)
	{
		ErrorData  *error = doctor_isolate(take_step, &step);

		if (error)
			doctor_crash(doctor, error->message);
	}
}
