/*-------------------------------------------------------------------------
 *
 * doctor.h
 *	  What is wrong with a connection: which questions to ask, and what the answers say.
 *
 * Answers in, findings out: knows no network, no session and no catalogue.  Each check is one
 * thing that the extension relies on, or that its user should know (xbb-api.md).  An answer is
 * classified before it is judged: a limiter's ends the asking, what could not be seen is
 * "unknown", and no check takes a failure of the way for a property of the API.  Everything
 * is palloc'd in the context that was current when doctor_begin was called.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_DOCTOR_H
#define XBB_DOCTOR_H

#include "base/json.h"

/* Requests of one look, and of one that looks deeper. */
#define DOCTOR_REQUESTS 20
#define DOCTOR_DEEP_REQUESTS 60

typedef enum DoctorStatus
{
	DOCTOR_OK,
	DOCTOR_WARN,
	DOCTOR_FAIL,
	DOCTOR_UNKNOWN,				/* could not be told */
	DOCTOR_SKIPPED,				/* was not asked, and why */
	DOCTOR_NSTATUSES
} DoctorStatus;

extern const char *const doctor_status_names[DOCTOR_NSTATUSES];

/* What has come, before anything is made of it. */
typedef enum DoctorKind
{
	DOCTOR_ANSWERED,			/* a success */
	DOCTOR_REFUSED,				/* this request, in the API's words */
	DOCTOR_DENIED,				/* for the signature, the token, the company, the address */
	DOCTOR_FORBIDDEN,			/* for the user's rights */
	DOCTOR_LIMITED,				/* too fast, the day is used up, or a pause is asked for */
	DOCTOR_STATUS,				/* an HTTP status that blames the request: asked once more, and
								 * then a refusal */
	DOCTOR_LOST,				/* no answer, or none that can be read: asked once more */
	DOCTOR_UNREACHED,			/* there is no way to the API: not asked again */
	DOCTOR_NOT_SENT				/* a limit of our own */
} DoctorKind;

/* How the request went, so far as it went; microseconds from its start, 0 = did not get there. */
typedef struct DoctorWire
{
	int64		resolved_us;
	int64		connected_us;
	int64		secured_us;
	int64		ended_us;
	bool		untrusted;		/* the certificate was not accepted */
	bool		fresh;			/* on a connection of its own */
	int			http_version;	/* 10, 11, 20 */
	int64		certificate_until;	/* epoch seconds, 0 unknown */
	double		sent;			/* this machine's clock, epoch seconds */
	double		came;
	int64		date;			/* the API's, epoch seconds, -1 none */
} DoctorWire;

typedef struct DoctorAnswer
{
	DoctorKind	kind;
	const char *words;			/* what was said instead of a success, or "" */
	const char *hint;			/* or NULL */
	JsonTree   *tree;			/* of a success */
	DoctorWire	wire;
} DoctorAnswer;

/* What is looked at.  Texts for bodies are UTF-8, those for findings in the server's encoding. */
typedef struct DoctorSubject
{
	const char *server;			/* as one would type it */
	const char *literal;		/* the same as a constant */
	const char *mapping;		/* whose, as one would type it */
	const char *corpid;			/* UTF-8, as the next two */
	const char *user_id;		/* or NULL */
	const char *form_id;		/* or NULL: that of a form which was found */
	bool		personal;		/* the token is one person's */
	bool		secure;			/* https */
	bool		loopback;		/* the API is this machine itself */
	const char *object;
	const char *path;			/* of its list */
	const char *list_key;
	const char *id_key;
	int			business_type;	/* 0 unknown */
	bool		custom;			/* the forms that a company made itself */
	bool		needs_form_id;
	bool		has_times;
	bool		paged;
	int			page_size;
	double		rate_limit;		/* requests a second, 0 = none */
	int			concurrency;
	int			zone_seconds;	/* of time_zone, east of UTC, now */
	const char *time_zone;
	bool		deep;
} DoctorSubject;

typedef struct DoctorQuestion
{
	const char *path;
	const char *body;
	const char *called;			/* for the log */
	bool		missigned;
} DoctorQuestion;

typedef struct DoctorFinding
{
	const char *area;			/* local, network, api, deep */
	const char *check_name;		/* does not change between versions */
	DoctorStatus status;
	const char *found;
	const char *assumed;		/* what the extension relies on, or NULL */
	const char *fix;			/* a statement, or what to do; or NULL */
	int			requests;
	double		elapsed;		/* seconds */
} DoctorFinding;

typedef struct Doctor Doctor;

extern Doctor *doctor_begin(const DoctorSubject *subject);

/* Nothing is asked; all checks are skipped, for that reason. */
extern void doctor_stop(Doctor *doctor, const char *why);

/* The next question, until doctor_answer; false if there is none. */
extern bool doctor_next(Doctor *doctor, DoctorQuestion *question);

extern void doctor_answer(Doctor *doctor, const DoctorAnswer *answer);

/* Is the answer's tree still needed?  Its texts are, in any case. */
extern bool doctor_holds(const Doctor *doctor, const DoctorAnswer *answer);

/* The check under way has failed itself: it is unknown, and the next is begun. */
extern void doctor_crash(Doctor *doctor, const char *message);

/* So many seconds were taken by the check under way. */
extern void doctor_took(Doctor *doctor, double seconds);

extern int	doctor_requests(const Doctor *doctor);

/* Why not all was asked, or NULL. */
extern const char *doctor_stopped(const Doctor *doctor);

/* In the order of areas and checks, once doctor_next is false. */
extern DoctorFinding *doctor_findings(const Doctor *doctor, int *nfindings);

/* What all of them come to, also those of others: the row that stands first. */
extern DoctorFinding doctor_summary(const Doctor *doctor, const DoctorFinding *findings, int nfindings, double elapsed);

#endif							/* XBB_DOCTOR_H */
