/*-------------------------------------------------------------------------
 *
 * part.h
 *	  A document's parts, and the rows of the answer: each leaf belongs to one row.
 *
 * A leaf is a scalar, an empty array or object, or what is nested deeper than PART_DEPTH.
 * Who reads a part claims it for a row; what was claimed stays so.  What nobody has
 * claimed in the end is a row "unknown": so nothing is silently left out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_METADATA_PART_H
#define XBB_METADATA_PART_H

#include "base/json.h"
#include "lib/stringinfo.h"
#include "metadata/metadata.h"

#define PART_DEPTH METADATA_DEPTH
#define PART_ROWS 10000			/* of the answer: what comes behind is in the last one */

typedef struct Part
{
	const JsonTree *json;
	struct Part *parent;
	struct Part *members;
	int			nmembers;
	int			row;			/* of a leaf: whose it is, 0 nobody's */
} Part;

typedef struct PartRow
{
	MetadataKind kind;
	const char *sql;
	StringInfoData remark;
	StringInfoData path;
} PartRow;

typedef struct Answer
{
	int			nrows;			/* the first is 1 */
	int			max_rows;
	PartRow    *rows;
} Answer;

/* A document's tree; NULL of NULL. */
extern Part *part_make(const JsonTree *json);

/* A member; NULL also if the part is NULL or no object. */
extern Part *part_member(const Part *part, const char *name);

/* Of a string or number; else NULL. */
extern const char *part_text(const Part *part);
extern bool part_is(const Part *part, JsonTreeType type);

/* All leaves of it that nobody has claimed; the part may be NULL. */
extern void part_claim(Part *part, int row);

/* The same, but for the member of that name. */
extern void part_claim_own(Part *part, const char *but, int row);

/* Have all leaves of it a row? */
extern bool part_is_claimed(const Part *part);

/* A new row, its number. */
extern int	answer_row(Answer *answer, MetadataKind kind);

/* A statement in it; one more sentence of its remark. */
extern void answer_sql(Answer *answer, int row, const char *sql,...) pg_attribute_printf(3, 4);
extern void answer_remark(Answer *answer, int row, const char *remark,...) pg_attribute_printf(3, 4);

/* A row of that kind with the remark, and the part's leaves; the part may be NULL. */
extern void answer_note(Answer *answer, MetadataKind kind, Part *part, const char *remark,...) pg_attribute_printf(4, 5);

/* Rows for what nobody has claimed; then the paths of all of them, below "root". */
extern void answer_paths(Answer *answer, Part *part, const char *root);

#endif							/* XBB_METADATA_PART_H */
