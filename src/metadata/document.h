/*-------------------------------------------------------------------------
 *
 * document.h
 *	  The two documents of an integration, each as its statements.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_METADATA_DOCUMENT_H
#define XBB_METADATA_DOCUMENT_H

#include "metadata/field.h"

/* How the paths of the CRM begin. */
#define DOCUMENT_CRM "/pro/v2/api/"

/* What is known of an integration. */
typedef struct Integration
{
	Answer	   *answer;
	Scope		scope;			/* the source's row */
	const char *name;			/* of sync, push, and the copy's table */
	const char *key;			/* path of the source's key, or NULL */
	const char *key_reason;		/* why it is that, if nobody said so; or NULL */
	Part	   *source;			/* the documents, as far as they are read; or NULL */
	Part	   *target;
	bool		sends_now;		/* the record has the time of the run in it, and so is another each time */
	bool		needs_person;	/* what makes the rows others is not translated: the push must not run as it is */
	MetadataListOf list_of;
} Integration;

/*
 * Is it a dialect of the platform's documentation, which no export is written in?  Then
 * there is a row that says so, and the document is read.
 */
extern bool document_refused(Answer *answer, Part *document);

/*
 * Members that every document may have and that are read by nobody: a row each.  Those
 * that only describe it are in "main".
 */
extern void document_rest(Integration *integration, Part *document, int main);

/* Is what it says it is "QUERY" (or "EXECUTE")?  A row if it says something else. */
extern void document_effect(Answer *answer, Part *document, bool query, int main);

/* A schedule of cron, such as its five fields are; else a row says why there is none. */
extern void document_schedule(Integration *integration, Part *crontab, const char *suffix, const char *command);

/* A source's api; of the CRM the path, if it stands there with its host. */
extern const char *document_api(const Part *source);

/* Texts of it that become a name: letters, digits and "_". */
extern const char *document_name(const char *api);

/* ---- filter.c ---- */

/* The columns that a document's condition names. */
extern void filter_read(Integration *integration, const Part *document);

/* The conditions of both documents, with WHERE before them; "" if there are none, or they cannot be told, which is a row. */
extern char *filter_where(Integration *integration, int row);

/* A view of what they keep, where nothing else has them. */
extern void filter_write_view(Integration *integration);

/* ---- answer_rule.c ---- */

/* The jsonpath of a target's answer that means yes, claimed for the row; NULL: the document has none. */
extern char *answer_rule(Answer *answer, Part *document, int row);

/* ---- source.c ---- */

/* Key, name and columns of the source's row. */
extern void source_read(Integration *integration, Part *source);

/* Its statements, once all columns are known. */
extern void source_write(Integration *integration, Part *source);

/* The same where there is no source. */
extern void source_write_table(Integration *integration);

/* ---- source_crm.c ---- */

extern void source_write_crm(Integration *integration, Part *source, const MetadataList *list);

/* ---- target.c ---- */

/* Is it one that is stored and sent nowhere? */
extern bool target_is_store(const Part *target);

/* The columns that it asks for. */
extern void target_read(Integration *integration, Part *target);
extern void target_write(Integration *integration, Part *target);

#endif							/* XBB_METADATA_DOCUMENT_H */
