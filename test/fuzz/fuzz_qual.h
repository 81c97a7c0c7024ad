/*-------------------------------------------------------------------------
 *
 * fuzz_qual.h
 *	  Quals with their values, made from an input's bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FUZZ_QUAL_H
#define XBB_FUZZ_QUAL_H

#include "datatype/timestamp.h"

#include "condition/condition.h"

#define MAX_ITEMS 5

#define EPOCH_OFFSET ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* A qual and its value; for a list, the value's items. */
typedef struct Case
{
	ConditionQual qual;
	Oid			item_type;
	Datum		value;
	bool		isnull;
	int			nitems;
	Datum		items[MAX_ITEMS];
	bool		nulls[MAX_ITEMS];
} Case;

/* What remains of an input; zeros behind its end. */
typedef struct Bytes
{
	const char *data;
	size_t		left;
} Bytes;

/* The next bytes as a number. */
extern int64 fuzz_take(Bytes *bytes, int size);

/* The next qual with its value, palloc'd. */
extern Case *fuzz_take_case(Bytes *bytes);

#endif							/* XBB_FUZZ_QUAL_H */
