/*-------------------------------------------------------------------------
 *
 * metadata.h
 *	  An integration platform's metadata, as statements.
 *
 * Pure: documents in, rows out; no catalogue, no clock.  Texts are UTF-8.  Nothing raises but memory's end: what is not understood
 * is a row.  The platform's grammar is known from public exports and pages of it (targets A).
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_METADATA_H
#define XBB_METADATA_H

#include "base/json.h"

/* What is nested deeper is not looked into: it is a leaf. */
#define METADATA_DEPTH 60

typedef enum MetadataKind
{
	METADATA_SERVER,
	METADATA_TABLE,
	METADATA_SYNC,
	METADATA_PUSH,
	METADATA_SCHEDULE,
	METADATA_UNKNOWN,
	METADATA_NOTE
} MetadataKind;

typedef struct MetadataRow
{
	MetadataKind kind;
	const char *path;			/* jsonpaths with ", " between them, which is in none; NULL without */
	const char *sql;			/* or NULL */
	const char *remark;			/* or NULL */
} MetadataRow;

/* What the caller knows of a list of the CRM's; false if it has no times or no dataId. */
typedef struct MetadataList
{
	const char *object;			/* NULL: it is known by its path alone */
	bool		needs_form_id;
} MetadataList;

typedef bool (*MetadataListOf) (const char *path, MetadataList *list);

/* Of documents that may be NULL each; *nrows of them, in the order of their steps. */
extern MetadataRow *metadata_rows(const JsonTree *source, const JsonTree *target, MetadataListOf list_of, int *nrows);

#endif							/* XBB_METADATA_H */
