/*-------------------------------------------------------------------------
 *
 * value_type.h
 *	  What the files value*.c share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_VALUE_TYPE_H
#define XBB_VALUE_TYPE_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "record/value.h"

#define VALUE_MAX_DIGITS 18		/* that always fit into an int64 */

struct ValueType
{
	Datum		(*convert) (ValueType *type, const LexSlice *slice,
							bool *isnull);
	Oid			oid;			/* never a domain */
	int32		typmod;
	pg_tz	   *zone;
	FmgrInfo	input;
	Oid			ioparam;
	bool		input_computes; /* the input function only computes */
	int		   *parts;			/* see value_type_bound; NULL: any number */

	/* of an array type */
	ValueType  *element;
	Oid			element_oid;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	/* of a domain */
	Oid			domain;
	bool		checks_compute; /* its checks only compute */
	void	   *domain_cache;
	MemoryContext context;		/* of the cache */
};

/* A piece of text, not always NUL-terminated. */
typedef struct ValueText
{
	const char *data;
	int			length;
} ValueText;

extern const int64 value_power_of_ten[VALUE_MAX_DIGITS + 1];

/*
 * In the database's encoding, from UTF-8, which was verified when the answer was
 * read.
 */
extern ValueText value_server_text(const char *data, int length);

/* The content of a string, UTF-8. */
extern ValueText value_content(const LexSlice *slice);

/*
 * What a text column shows, in the database's encoding: a string's content, or
 * the JSON as it stands.
 */
extern ValueText value_text(const LexSlice *slice);

/* A copy as a C string. */
extern char *value_terminated(ValueText text);

extern Datum value_call_input(ValueType *type, const LexSlice *slice);

/* Takes so many parts; false if there are not so many left. */
static inline bool
value_take_parts(ValueType *type, int n)
{
	if (type->parts == NULL)
		return true;
	*type->parts -= Min(n, *type->parts + 1);
	return *type->parts >= 0;
}

/* Types that are no container cannot say anything useful about one. */
extern void value_refuse_container(ValueType *type, const LexSlice *slice);

/* Raises that the type has no value for the text, in the input function's words. */
extern void value_refuse_text(Oid type, ValueText text, int sqlstate)
			__attribute__((noreturn));

typedef enum ValueTimeVerdict
{
	VALUE_TIME_GOOD,
	VALUE_TIME_MALFORMED,
	VALUE_TIME_NONEXISTENT		/* the 30th of February */
} ValueTimeVerdict;

/* Reads a date or time by the grammar in value.h; raises nothing. */
extern ValueTimeVerdict value_parse_time(ValueText text, pg_tz *zone,
										 TimestampTz *result);

/* Is a text HH:MM[:SS[.fff]], with a zone or without? */
extern bool value_is_clock(ValueText text, bool wants_zone);

/*
 * A plain decimal, blanks around it allowed: mantissa / 10^scale.  False for
 * anything else, an exponent or more than 18 digits included.
 */
extern bool value_decimal(const LexSlice *slice, int64 *mantissa, int *scale);

/* A number, or a string of one, digit for digit. */
extern Datum value_numeric(const LexSlice *slice);

/*
 * How values are converted.  "slice" is not missing, null or "".  isnull is
 * false and may be set.
 */
extern Datum value_by_input(ValueType *type, const LexSlice *slice,
							bool *isnull);
extern Datum value_scalar_by_input(ValueType *type, const LexSlice *slice,
								   bool *isnull);
extern Datum value_convert_text(ValueType *type, const LexSlice *slice,
								bool *isnull);
extern Datum value_convert_json(ValueType *type, const LexSlice *slice,
								bool *isnull);
extern Datum value_convert_jsonb(ValueType *type, const LexSlice *slice,
								 bool *isnull);
extern Datum value_convert_bool(ValueType *type, const LexSlice *slice,
								bool *isnull);
extern Datum value_convert_integer(ValueType *type, const LexSlice *slice,
								   bool *isnull);
extern Datum value_convert_float(ValueType *type, const LexSlice *slice,
								 bool *isnull);
extern Datum value_convert_numeric(ValueType *type, const LexSlice *slice,
								   bool *isnull);
extern Datum value_convert_timestamptz(ValueType *type, const LexSlice *slice,
									   bool *isnull);
extern Datum value_convert_timestamp(ValueType *type, const LexSlice *slice,
									 bool *isnull);
extern Datum value_convert_time(ValueType *type, const LexSlice *slice,
								bool *isnull);
extern Datum value_convert_date(ValueType *type, const LexSlice *slice,
								bool *isnull);

#endif							/* XBB_VALUE_TYPE_H */
