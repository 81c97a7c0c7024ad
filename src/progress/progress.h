/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  Who is doing what: the rows of xbb.progress, in shared memory.
 *
 * A reading of a list has a row of its own, or, in a run (of a sync, an import, an
 * ANALYZE, a push), a share of the run's one row.  Rows are written once an answer, never
 * per record; nothing here is an error or waits: where there is no room, or no memory, there is no
 * row, and everything takes NULL for a Progress.
 *
 * The memory is made when it is first needed.  Up to 16 it comes out of the server's
 * reserve: whoever needs some of that to work at all takes it before (limiter_attach).
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PROGRESS_H
#define XBB_PROGRESS_H

#include "datatype/timestamp.h"

/* What is done; shown by its name, see progress_show.c. */
typedef enum ProgressPhase
{
	PROGRESS_ASKING,
	PROGRESS_CERTIFYING,		/* windows are read, and proven to be complete */
	PROGRESS_AUDITING,
	PROGRESS_RETURNING,			/* what was read is handed on */
	PROGRESS_STAGING,			/* ... or made what the target takes */
	PROGRESS_COMPARING,
	PROGRESS_WRITING,
	PROGRESS_SENDING,
	PROGRESS_NPHASES
} ProgressPhase;

/* How a list is read; shown by the name that EXPLAIN gives it. */
typedef enum ProgressMethod
{
	PROGRESS_NO_METHOD,
	PROGRESS_CERTIFIED,
	PROGRESS_REPEATED,
	PROGRESS_SINGLE,
	PROGRESS_PLAIN,
	PROGRESS_NMETHODS
} ProgressMethod;

/* How far it is; -1 where a number is not known, or makes no sense. */
typedef struct ProgressNumbers
{
	ProgressPhase phase;
	ProgressMethod method;
	int64		windows_total;	/* never less than those done */
	int64		windows_done;
	int64		pages_total;
	int64		pages_done;
	int64		rows_total;		/* as the API counts them */
	int64		rows_done;
	int64		work_total;		/* what the time that is left is reckoned by */
	int64		work_done;
	int64		requests;		/* these four since it began */
	int64		bytes;
	int64		retries;
	int64		throttled_us;
} ProgressNumbers;

#define PROGRESS_TEXT_SIZE 64
#define PROGRESS_TASK_SIZE 16

/* Texts are in the database's encoding, cut to what fits. */
typedef struct ProgressRow
{
	int32		pid;			/* 0: there is nothing to be seen */
	Oid			databaseid;
	Oid			userid;			/* the role of the session */
	Oid			serverid;
	Oid			relid;			/* what is read, or written; or InvalidOid */
	int32		encoding;
	int64		run_id;			/* 0 if there is none */
	TimestampTz started;
	TimestampTz updated;
	ProgressNumbers numbers;
	char		task[PROGRESS_TASK_SIZE];	/* "" for a plain scan */
	char		name[PROGRESS_TEXT_SIZE];	/* of the sync or push; "" if there is none */
	char		server[PROGRESS_TEXT_SIZE];
	char		source[PROGRESS_TEXT_SIZE]; /* relation */
	char		object[PROGRESS_TEXT_SIZE]; /* of the API */
} ProgressRow;

/* What is read or written; texts may be NULL. */
typedef struct ProgressSubject
{
	Oid			serverid;
	const char *server;
	Oid			relid;
	const char *source;
	const char *object;
} ProgressSubject;

/* The shared memory that is needed, bytes; for who can ask for it in time. */
extern Size progress_size(void);

/* ---- readings ---- */

typedef struct Progress Progress;

/* Until it is closed, or the context ends.  May be NULL. */
extern Progress *progress_open(MemoryContext context, const ProgressSubject *subject);
extern void progress_report(Progress *progress, const ProgressNumbers *numbers);
extern void progress_close(Progress *progress);

/* ---- runs ---- */

/*
 * A run of this backend begins; what is read from now on is its own.  It ends by
 * progress_run_end, with the context, or where another one begins.  False, and
 * nothing changes, if there is no room.  verbose: an INFO every few seconds,
 * also while it waits for an answer or its turn.
 */
extern bool progress_run(MemoryContext context, const ProgressSubject *subject, const char *task,
						 const char *name, int64 run_id, bool verbose);
extern void progress_run_end(void);

/* The run is verbose from now on. */
extern void progress_run_tells(void);

/* Is there one, and which?  Its run_id, or -1. */
extern bool progress_in_run(void);
extern int64 progress_run_id(void);

/* What the run does beside reading; the phase of that name, which must be one. */
extern void progress_run_phase(ProgressPhase phase);
extern ProgressPhase progress_phase(const char *name);

/*
 * Of a run that goes by windows of its own: so many are left, the one under way
 * included.  A run without windows says nothing, or 0 from the beginning.
 */
extern void progress_run_windows(int64 left);

/*
 * So many records are in the window under way, or in all of the run if there are no windows:
 * what was done before comes on top.
 */
extern void progress_run_expects(int64 records);

/*
 * So many more are done, of a run that does not count its records by reading them, from
 * now on.
 */
extern void progress_run_did(int64 records);

/*
 * What the run did beside reading lists, since it began: pages_done (answers), requests, bytes, retries
 * and throttled_us are added to its readings'.
 */
extern void progress_run_work(const ProgressNumbers *own);

/* ---- for those who look ---- */

typedef struct ProgressSeen
{
	ProgressRow row;
	const char *phase;
	const char *method;			/* or NULL */
	const char *wait_event;		/* or NULL */
	int64		left_us;		/* microseconds until it is done, or -1 */
} ProgressSeen;

/* All rows of living backends, palloc'd; texts in this database's encoding. */
extern ProgressSeen *progress_look(int *nrows);

/* How many readings and runs found no room since the memory was made. */
extern int64 progress_unseen(void);

#endif							/* XBB_PROGRESS_H */
