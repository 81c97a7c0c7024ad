/*-------------------------------------------------------------------------
 *
 * field.h
 *	  Field nodes, a request's body: a JSON value for each.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_METADATA_FIELD_H
#define XBB_METADATA_FIELD_H

#include "metadata/part.h"
#include "metadata/scope.h"

#define FIELD_MOST 1000			/* on one level: those behind are not read, which is said */

typedef struct Field
{
	Part	   *part;
	const char *name;			/* NULL of an anonymous one */
	const char *type;			/* in lower case; "" if it has none */
	int			nfields;		/* below it, wherever they stand */
	struct Field **fields;
	bool		ambiguous;		/* beside an array or object that says nothing of what is in it */
} Field;

/* Where fields are written: statements are written twice, the first time without rows. */
typedef struct FieldWriter
{
	Scope	   *scope;
	Answer	   *answer;			/* NULL: nothing is noted or claimed */
	int			row;			/* that what is translated belongs to */
	int			nsent;			/* fields with a value, so far */
	int			unsent;			/* row of the fields without one; 0: none so far */
	int			missing;		/* of those that are required */
} FieldWriter;

/* The fields of a "request" and the like; of NULL, none. */
extern Field *field_tree(Part *list);

/* One more below it, behind the others. */
extern void field_add(Field *parent, Field *child);

/* The field of that name at the top, or NULL. */
extern const Field *field_find(const Field *root, const char *name);

/* Its value's text, if that is a literal or not yet parsed; NULL if there is none. */
extern const char *field_text(const Field *field);

/* A document as field_tree() gave it: json, in its order, or jsonb of a request. */
extern char *field_record(FieldWriter *writer, const Field *root);

/* Any JSON with templates in its strings, as jsonb. */
extern char *field_json(FieldWriter *writer, Part *part);

/* A text as a JSON string. */
extern void field_quote(StringInfo out, const char *text);

#endif							/* XBB_METADATA_FIELD_H */
