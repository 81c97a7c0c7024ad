/*-------------------------------------------------------------------------
 *
 * encode.h
 *	  Rows to records: the JSON text of one record, UTF-8, compact.
 *
 * The way back of value.h, and like it the same in every session:
 *
 * - Members are in the order of the columns; a.b makes an object of its own. One whose
 *	 members are all left out is left out, too.
 * - Numbers digit for digit: numeric as it is kept, floating-point numbers with
 *	 the fewest digits that mean them. NaN and infinities have no JSON: 22023.
 * - Times are texts in the zone, epochs, or by a pattern of to_char, cut to whole seconds
 *	 or milliseconds; a date alone is YYYY-MM-DD. Infinities, years before 1 or after
 *	 9999 are errors (22008).
 * - json and jsonb are as they are; arrays (of any dimensions) are arrays, composites
 *	 objects, bytea base64, booleans true and false, domains their base type.
 * - All other types are strings, as their output function writes them with
 *	 DateStyle ISO, IntervalStyle postgres and the zone.
 * - NULL is left out, or null; in arrays it is null.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_ENCODE_H
#define XBB_ENCODE_H

#include "lib/stringinfo.h"
#include "pgtime.h"

typedef enum EncodeTime
{
	ENCODE_TIME_TEXT,			/* YYYY-MM-DD HH:MI:SS */
	ENCODE_TIME_EPOCH,			/* seconds */
	ENCODE_TIME_EPOCH_MS,
	ENCODE_TIME_PATTERN
} EncodeTime;

typedef struct EncodeColumn
{
	const char *column;			/* its name, for messages */
	const char *attr;			/* path of the member, or "*"; UTF-8; NULL: not sent */
	Oid			type;
	EncodeTime	time;
	const char *pattern;		/* of to_char, in the database's encoding */
	bool		send_null;		/* NULL is null, not left out */
	bool		as_string;		/* numbers and booleans in quotes */
} EncodeColumn;

typedef struct Encoder Encoder;

/*
 * Allocates in the current context; copies what it needs but the zone.  Errors: HV00B
 * for two columns of the same attr, or of one below another's; HV004 for a type that has
 * no JSON, or none of that kind; HV005 if no column is sent.
 */
extern Encoder *encode_open(const EncodeColumn *columns, int ncolumns, const char *table, pg_tz *zone);

/* Appends the record; values and nulls are those of all columns. */
extern void encode_record(Encoder *encoder, const Datum *values, const bool *nulls, StringInfo out);

/* The same with the columns' names for values, as strings. */
extern void encode_example(Encoder *encoder, StringInfo out);

#endif							/* XBB_ENCODE_H */
