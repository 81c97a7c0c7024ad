/*-------------------------------------------------------------------------
 *
 * path.h
 *	  Questions to a JSON document by the server's own jsonpath.
 *
 * Texts are in the database's encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PATH_H
#define XBB_PATH_H

#include "utils/jsonb.h"

typedef struct Path Path;

typedef enum PathAnswer
{
	PATH_YES,
	PATH_NO,
	PATH_SILENT					/* what it asks about is not there, or of another kind */
} PathAnswer;

/*
 * palloc'd.  In all paths $status is the answer's HTTP status.  Errors: those of
 * jsonpath_in; 42704 for another variable.
 */
extern Path *path_read(const char *text);

/* The variables of paths, for an answer of that status; palloc'd. */
extern Jsonb *path_variables(int status);

/* The path of a member "a.b", UTF-8. */
extern Path *path_of_member(const char *member);

/*
 * An answer, made clean and in the database's encoding; NULL if it is no JSON, or more
 * than the server can hold.  NULL is an empty body.
 */
extern Jsonb *path_document(const char *body, size_t length);

/*
 * Of a predicate what it says; of a path whether it finds anything, where values that
 * are true or false say so themselves, all of them.
 */
extern PathAnswer path_ask(const Path *path, const Jsonb *document, const Jsonb *variables);

/* Is it no predicate, and finds nothing, or null, or false? */
extern bool path_finds_nothing(const Path *path, const Jsonb *document, const Jsonb *variables);

/* Is there a path, and a yes? */
extern bool path_says(const Path *path, const Jsonb *document, const Jsonb *variables);

/* Each value that the path finds; of a single array its elements. */
extern Jsonb **path_parts(const Path *path, const Jsonb *document, const Jsonb *variables, int *n);

/*
 * The texts that it finds, printable, with "; " between them, cut to 2 kB; NULL without a
 * path, or if it finds nothing.
 */
extern char *path_text(const Path *path, const Jsonb *document, const Jsonb *variables);

/* The first of them as it is, whole. */
extern char *path_word(const Path *path, const Jsonb *document, const Jsonb *variables);

/* The same in UTF-8; there is a path. */
extern char *path_raw_text(const Path *path, const Jsonb *document, const Jsonb *variables);

/* UTF-8 in the database's encoding, with ? for what that does not have. */
extern char *path_to_database(const char *utf8);

#endif							/* XBB_PATH_H */
