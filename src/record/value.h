/*-------------------------------------------------------------------------
 *
 * value.h
 *	  From one JSON value to one Datum.
 *
 * How a type is read is chosen once a scan; the common types are built
 * directly, all others through their input function.  The rules:
 *
 * - "", null and a missing value are NULL for every type, in arrays too; so is
 *	 0 for a timestamptz, timestamp or date.
 * - Times are epoch seconds, or milliseconds where the amount is 1e11 or more (but
 *	 the last day of 9999 is seconds), as number or digits ("20260101" is an epoch).
 *	 Other texts are YYYY-MM-DD or YYYY/MM/DD, month and day of one digit or two,
 *	 perhaps with [T ]HH:MM[:SS[.fff]] and then Z or +HH[[:]MM]; without that in the
 *	 shape's time zone.  timestamp and date show the local time there.  time is
 *	 HH:MM[:SS[.fff]], timetz that with a zone.
 * - Numbers may come as strings, with an exponent, too.  numeric, text and jsonb keep
 *	 them digit for digit.  Integers must be integral: 3.0 and 1e3 are, 12.5 is not.
 * - An array may come inside a string; what is no array becomes an array of one.
 * - A string, read into text, is its content; every other value its JSON.
 * - json and jsonb take the value as it is: a string stays a JSON string, even
 *	 if there is JSON in it.
 *
 * A value means the same in every session and version.  So what only the server's
 * input functions take (now, infinity, NaN, 0x1F, 1_000, 01/02/2026) does not fit;
 * boolean takes what boolin() does, which is fixed.  The input functions of all other
 * types are called with DateStyle ISO, YMD, IntervalStyle postgres, XMLOPTION content
 * and the shape's time zone.  money and the reg types, which cannot be read alike by
 * all, are refused by option_check_column().
 *
 * A value that does not fit is an error with the SQLSTATE of the type's input
 * function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_VALUE_H
#define XBB_VALUE_H

#include "record/lex.h"
#include "pgtime.h"

/* How to read values into one type. */
typedef struct ValueType ValueType;

/* "zone" must live as long.  Allocates in the current context. */
extern ValueType *value_type(Oid type, int32 typmod, pg_tz *zone);

/*
 * Does reading the type only compute?  Then its errors can be caught without a
 * subtransaction.  So it is with the server's own scalar types, enums, arrays of them,
 * and domains over them whose checks call no function but the server's own immutable
 * ones; the input functions of other types and other checks may do anything.
 */
extern bool value_type_only_computes(const ValueType *type);

/*
 * What a row's values may be made of beside their bytes: a part stands for some 100 bytes that
 * the server takes for a name, a scalar, or half an element of an array.  So many are those of
 * a row where an answer may have so many bytes.
 */
extern int	value_parts(int64 most_bytes);

/* Values of the type are made of what is left of "parts", which lives as long; 54000 beyond it. */
extern void value_type_bound(ValueType *type, int *parts);

/* Allocates in the current context. */
extern Datum value_datum(ValueType *type, const LexSlice *slice, bool *isnull);

/*
 * A number, or a string of one, that is integral and written without exponent
 * in at most 18 digits: 3, "3", 3.0.  Else false, and *result stays as it is.
 */
extern bool value_integral(const LexSlice *slice, int64 *result);

/* The same of all that an int64 can hold; for ids, which are compared, not counted. */
extern bool value_int64(const LexSlice *slice, int64 *result);

/*
 * A time as a time column reads it, in whole seconds of the epoch, rounded down; 0
 * if it is none.  Raises nothing.
 */
extern int64 value_epoch(const LexSlice *slice, pg_tz *zone);

/* Whether a text is, and has no NUL.  Raises interrupts. */
extern bool value_is_utf8(const char *text, size_t length);

#endif							/* XBB_VALUE_H */
