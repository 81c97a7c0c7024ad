/*-------------------------------------------------------------------------
 *
 * form_queue.h
 *	  Small answers, read whole; for the form files alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FORM_QUEUE_H
#define XBB_FORM_QUEUE_H

#include "api/api.h"
#include "base/json.h"
#include "progress/progress.h"

/* What one request brought. */
typedef struct FormAnswer
{
	JsonTree   *root;			/* NULL if it was given up */
	char	   *problem;		/* then why, with SQLSTATE and hint */
	int			problem_code;
	const char *problem_hint;
} FormAnswer;

typedef struct FormQueue
{
	TableOptions table;			/* of no table: the server's options, and the path */
	OptionObject object;
	MemoryContext context;		/* of answers */
	ApiQueue   *calls;
	Progress   *progress;		/* or NULL */
	int64		answered;
} FormQueue;

/*
 * For requests to one path, by api_ask_members; their answers' results are
 * FormAnswers.  Impatient: nothing is asked twice.  Lenient: what the API refuses is
 * an answer with a problem, not an error.  Lives in the current context.
 */
extern FormQueue *form_queue(Oid serverid, Oid userid, const char *path, bool patient, bool lenient);

/* Waits for the next answer, of so many (-1: not known); false if none is to come. */
extern bool form_next(FormQueue *queue, int64 total, ApiAnswer *answer);

/* The member of the answer's result, if it is an array; else NULL, and counted. */
extern const JsonTree *form_answer_list(const FormQueue *queue, const FormAnswer *answer, const char *name);

#endif							/* XBB_FORM_QUEUE_H */
