/*-------------------------------------------------------------------------
 *
 * value_scalar.c
 *	  Texts, numbers and booleans.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "record/value_type.h"

const int64 value_power_of_ten[VALUE_MAX_DIGITS + 1] = {
	INT64CONST(1),
	INT64CONST(10),
	INT64CONST(100),
	INT64CONST(1000),
	INT64CONST(10000),
	INT64CONST(100000),
	INT64CONST(1000000),
	INT64CONST(10000000),
	INT64CONST(100000000),
	INT64CONST(1000000000),
	INT64CONST(10000000000),
	INT64CONST(100000000000),
	INT64CONST(1000000000000),
	INT64CONST(10000000000000),
	INT64CONST(100000000000000),
	INT64CONST(1000000000000000),
	INT64CONST(10000000000000000),
	INT64CONST(100000000000000000),
	INT64CONST(1000000000000000000)
};

static const char *
skip_digits(const char *in, const char *end)
{
	while (in < end && *in >= '0' && *in <= '9')
		in++;
	return in;
}

static const char *
skip_blanks(const char *in, const char *end)
{
	while (in < end && (*in == ' ' || (*in >= '\t' && *in <= '\r')))
		in++;
	return in;
}

/*
 * Is a text a decimal number, perhaps with an exponent?  The input functions take
 * more: NaN, Infinity, 0x1F, 1_000, some of it since a later version.
 */
static bool
is_number(ValueText text)
{
	const char *end = text.data + text.length;
	const char *in = skip_blanks(text.data, end);
	const char *whole;
	int			digits;

	if (in < end && (*in == '-' || *in == '+'))
		in++;
	whole = in;
	in = skip_digits(in, end);
	digits = in - whole;
	if (in < end && *in == '.')
	{
		whole = ++in;
		in = skip_digits(in, end);
		digits += in - whole;
	}
	if (digits == 0)
		return false;
	if (in < end && (*in == 'e' || *in == 'E'))
	{
		in++;
		if (in < end && (*in == '-' || *in == '+'))
			in++;
		whole = in;
		in = skip_digits(in, end);
		if (in == whole)
			return false;
	}
	return skip_blanks(in, end) == end;
}

/* What stands for a number in "type"; an error if it is none. */
static char *
number_text(Oid type, const LexSlice *slice)
{
	ValueText	text = value_text(slice);

	if (slice->kind != LEX_NUMBER && !is_number(text))
		value_refuse_text(type, text, ERRCODE_INVALID_TEXT_REPRESENTATION);
	return value_terminated(text);
}

static Datum
convert_wide_integer(ValueType *type, const LexSlice *slice)
{
	Datum		number;
	Datum		whole;

	if (strpbrk(number_text(type->oid, slice), ".eE") == NULL)
		return value_call_input(type, slice);

	number = value_numeric(slice);
	whole = DirectFunctionCall2(numeric_trunc, number, Int32GetDatum(0));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number, whole)))
		return value_call_input(type, slice);

	switch (type->oid)
	{
		case INT2OID:
			return DirectFunctionCall1(numeric_int2, number);
		case INT4OID:
			return DirectFunctionCall1(numeric_int4, number);
		default:
			return DirectFunctionCall1(numeric_int8, number);
	}
}

Datum
value_convert_text(ValueType *type, const LexSlice *slice, bool *isnull)
{
	ValueText	text = value_text(slice);

	/* A text of n bytes has at most n characters. */
	if (type->typmod >= (int32) VARHDRSZ &&
		text.length > type->typmod - (int32) VARHDRSZ)
		return value_call_input(type, slice);
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.length));
}

Datum
value_convert_json(ValueType *type, const LexSlice *slice, bool *isnull)
{
	ValueText	text = value_server_text(slice->start, slice->length);

	return PointerGetDatum(cstring_to_text_with_len(text.data, text.length));
}

Datum
value_convert_bool(ValueType *type, const LexSlice *slice, bool *isnull)
{
	if (slice->kind == LEX_TRUE || slice->kind == LEX_FALSE)
		return BoolGetDatum(slice->kind == LEX_TRUE);
	return value_scalar_by_input(type, slice, isnull);
}

Datum
value_convert_integer(ValueType *type, const LexSlice *slice, bool *isnull)
{
	int64		number;

	value_refuse_container(type, slice);
	if (!value_integral(slice, &number))
		return convert_wide_integer(type, slice);

	switch (type->oid)
	{
		case INT2OID:
			if (number < PG_INT16_MIN || number > PG_INT16_MAX)
				break;
			return Int16GetDatum((int16) number);
		case INT4OID:
			if (number < PG_INT32_MIN || number > PG_INT32_MAX)
				break;
			return Int32GetDatum((int32) number);
		default:
			return Int64GetDatum(number);
	}
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value \"" INT64_FORMAT "\" is out of range for type %s",
					number, format_type_be(type->oid))));
	return (Datum) 0;			/* keep compiler quiet */
}

Datum
value_convert_float(ValueType *type, const LexSlice *slice, bool *isnull)
{
	value_refuse_container(type, slice);
	return InputFunctionCall(&type->input, number_text(type->oid, slice),
							 type->ioparam, type->typmod);
}

Datum
value_numeric(const LexSlice *slice)
{
	int64		mantissa;
	int			scale;

	if (value_decimal(slice, &mantissa, &scale))
		return NumericGetDatum(int64_div_fast_to_numeric(mantissa, scale));
	return DirectFunctionCall3(numeric_in,
							   CStringGetDatum(number_text(NUMERICOID, slice)),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

Datum
value_convert_numeric(ValueType *type, const LexSlice *slice, bool *isnull)
{
	Datum		number;

	value_refuse_container(type, slice);
	number = value_numeric(slice);
	if (type->typmod >= (int32) VARHDRSZ)
		number = DirectFunctionCall2(numeric, number,
									 Int32GetDatum(type->typmod));
	return number;
}

bool
value_decimal(const LexSlice *slice, int64 *mantissa, int *scale)
{
	const char *in = slice->start;
	const char *end = in + slice->length;
	const char *point = NULL;
	bool		negative = false;
	int			digits = 0;
	int64		number = 0;

	if (slice->kind == LEX_STRING)
	{
		in++;
		end--;
		while (in < end && *in == ' ')
			in++;
		while (in < end && end[-1] == ' ')
			end--;
	}
	else if (slice->kind != LEX_NUMBER)
		return false;

	if (in < end && (*in == '-' || *in == '+'))
		negative = (*in++ == '-');
	for (const char *first = in; in < end; in++)
	{
		if (*in >= '0' && *in <= '9' && digits++ < VALUE_MAX_DIGITS)
			number = number * 10 + (*in - '0');
		else if (*in == '.' && point == NULL && in > first && in + 1 < end)
			point = in;
		else
			return false;
	}
	if (digits == 0)
		return false;

	*mantissa = negative ? -number : number;
	*scale = point ? (int) (end - point) - 1 : 0;
	return true;
}

bool
value_integral(const LexSlice *slice, int64 *result)
{
	int64		mantissa;
	int			scale;

	if (!value_decimal(slice, &mantissa, &scale))
		return false;
	if (scale > 0)
	{
		if (mantissa % value_power_of_ten[scale] != 0)
			return false;
		mantissa /= value_power_of_ten[scale];
	}
	*result = mantissa;
	return true;
}

bool
value_int64(const LexSlice *slice, int64 *result)
{
	int			quote = slice->kind == LEX_STRING;
	const char *in = slice->start + quote;
	const char *end = slice->start + slice->length - quote;
	bool		negative;
	int64		number = 0;

	if (value_integral(slice, result))
		return true;
	if (slice->kind != LEX_NUMBER && slice->kind != LEX_STRING)
		return false;

	/* more digits: the least number has no positive counterpart */
	negative = in < end && *in == '-';
	in += negative;
	if (in == end)
		return false;
	for (; in < end && *in >= '0' && *in <= '9'; in++)
	{
		if (pg_mul_s64_overflow(number, 10, &number) ||
			pg_sub_s64_overflow(number, *in - '0', &number))
			return false;
	}
	/* as for fewer digits, 3.0 is 3 */
	if (in + 1 < end && *in == '.')
		for (in++; in < end && *in == '0';)
			in++;
	if (in != end || (!negative && number == PG_INT64_MIN))
		return false;
	*result = negative ? number : -number;
	return true;
}
