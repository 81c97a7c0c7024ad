/*-------------------------------------------------------------------------
 *
 * template.h
 *	  Templates: texts with {{names}}, and JSON with "$record" in it.
 *
 * A value never becomes more than a value: into JSON it goes as a string's contents,
 * into URLs and forms percent-encoded, into headers without control characters.
 * Texts are UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TEMPLATE_H
#define XBB_TEMPLATE_H

#include "lib/stringinfo.h"

#include "option/option.h"

/* One parameter of a URL's query or a form, decoded. */
typedef struct TemplateParam
{
	char	   *name;
	char	   *value;
} TemplateParam;

/* What the names stand for at one moment. */
typedef struct TemplateValues
{
	const TargetMappingOptions *mapping;	/* NULL: no secret may be named */
	const char *token;			/* instead of the mapping's, or NULL */
	int64		now;			/* ms since 1970 */
	const char *nonce;
	const char *method;
	const char *path;			/* of the URL, without its query */
	const char *query;			/* of the URL so far, encoded; "" if none */
	const char *body;			/* so far */
	size_t		body_length;
	const char *id;				/* of the request, or NULL */
	const char *record;			/* JSON whose members are {{record.a.b}}, or NULL */
	const TemplateParam *params;	/* of query and form so far, for {{params|sorted}} */
	int			nparams;
	const char *pair;			/* how one of them is written, */
	const char *join;			/* and what stands between two */
	bool		masked;			/* secrets are shown as *** */
} TemplateValues;

/* Where a text is to stand. */
typedef enum TemplatePlace
{
	TEMPLATE_PLAIN,
	TEMPLATE_HEADER,			/* control characters are an error */
	TEMPLATE_URL				/* values are percent-encoded, the text is not */
} TemplatePlace;

/*
 * Appends the text with its names replaced.  "option" is named by errors: HV024 for a
 * name or filter that there is not, HV00J for an option that the mapping lacks.  What is
 * appended may be binary, and secret.
 */
extern void template_text(StringInfo out, const char *text, const TemplateValues *values,
						  TemplatePlace place, const char *option);

/* Percent-encodes all but letters, digits and "-._~". */
extern void template_percent(StringInfo out, const char *text, size_t length);

/* The parameters of a query or form; palloc'd.  *n is how many. */
extern TemplateParam *template_params(const char *text, size_t length, int *n);

/* Records for an envelope. */
typedef struct TemplateRecords
{
	const char *const *records; /* each is JSON */
	int			nrecords;
} TemplateRecords;

/*
 * Appends a JSON template, compactly: texts in it are templates, and
 *	  "$records"	is an array of all records;
 *	  "$record"		is the record;
 *	  "$record.a.b"	is that member of it, left out where there is none;
 *	  "$rest"		is the record without members that "$record.a" names;
 *	  "*": one of these, as a member, is its members.  Of members that are there twice
 *					the record's is taken.
 * An array of one part that speaks of a record has that part once for each record.
 * Errors: HV024.
 */
extern void template_json(StringInfo out, const char *text, const TemplateRecords *records,
						  const TemplateValues *values, const char *option);

/*
 * Appends the same as a form: members of the template are fields; what is no text in it
 * is sent as JSON.
 */
extern void template_form(StringInfo out, const char *text, const TemplateRecords *records,
						  const TemplateValues *values, const char *option);

/* Does the template have a place for each of several records? */
extern bool template_takes_many(const char *text);

#endif							/* XBB_TEMPLATE_H */
