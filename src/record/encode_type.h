/*-------------------------------------------------------------------------
 *
 * encode_type.h
 *	  What the files encode*.c share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_ENCODE_TYPE_H
#define XBB_ENCODE_TYPE_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "record/encode.h"

/* How values of one type are written; chosen once. */
typedef struct EncodeType EncodeType;

struct EncodeType
{
	void		(*append) (EncodeType *type, Datum value, StringInfo out);
	Oid			oid;			/* never a domain */
	const EncodeColumn *column; /* that asks for it; its options */
	pg_tz	   *zone;
	FmgrInfo	output;

	/* of an array type */
	EncodeType *element;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	/* of a composite type, for rows of that type and typmod */
	TupleDesc	rows;
	EncodeType **members;		/* NULL for dropped ones */
	MemoryContext context;		/* of the two */
};

/*
 * "column" and "zone" must live as long.  Allocates in the current context.  Raises HV004
 * for a type that has no JSON, or no time where the column wants one.
 */
extern EncodeType *encode_type(Oid type, const EncodeColumn *column, const char *table, pg_tz *zone);

/* A text in the database's encoding as a JSON string. */
extern void encode_string(const char *text, StringInfo out);

/* Times (encode_time.c); false if the type is none. */
extern bool encode_is_time(Oid type);
extern void encode_time(EncodeType *type, Datum value, StringInfo out);

#endif							/* XBB_ENCODE_TYPE_H */
