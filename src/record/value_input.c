/*-------------------------------------------------------------------------
 *
 * value_input.c
 *	  Types that are read by their input functions, in every session alike.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/xml.h"
#include "record/value_type.h"

Datum
value_call_input(ValueType *type, const LexSlice *slice)
{
	return InputFunctionCall(&type->input, value_terminated(value_text(slice)),
							 type->ioparam, type->typmod);
}

void
value_refuse_text(Oid type, ValueText text, int sqlstate)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("invalid input syntax for type %s: \"%s\"",
					format_type_be(type), value_terminated(text))));
}

void
value_refuse_container(ValueType *type, const LexSlice *slice)
{
	if (slice->kind == LEX_ARRAY || slice->kind == LEX_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("a JSON %s cannot be converted to type %s",
						slice->kind == LEX_ARRAY ? "array" : "object",
						format_type_be(type->oid))));
}

/* "now" and "infinity" are words of the server's, not of the API. */
static bool
has_word_for_time(Oid type, const char *text)
{
	const char *letter = text;

	switch (type)
	{
		case INTERVALOID:
			/* whatever stands before it: the server passes over signs and brackets */
			for (; *letter; letter++)
				if (pg_strncasecmp(letter, "inf", 3) == 0 &&
					(letter == text || !isalpha((unsigned char) letter[-1])))
					return true;
			return false;
		case DATERANGEOID:
		case TSRANGEOID:
		case TSTZRANGEOID:
		case DATEMULTIRANGEOID:
		case TSMULTIRANGEOID:
		case TSTZMULTIRANGEOID:
			if (pg_strcasecmp(text, "empty") == 0)
				return false;
			while (*letter && (!isalpha((unsigned char) *letter) || strchr("TtZz", *letter)))
				letter++;
			return *letter != '\0';
		default:
			return false;
	}
}

/*
 * What an input function makes of a text may depend on settings of the session: for
 * the call they are those that value.h promises.
 */
Datum
value_by_input(ValueType *type, const LexSlice *slice, bool *isnull)
{
	ValueText	text = value_text(slice);
	int			date_style = DateStyle;
	int			date_order = DateOrder;
	int			interval_style = IntervalStyle;
	int			xml_option = xmloption;
	pg_tz	   *zone = session_timezone;
	Datum		result = (Datum) 0;
	char	   *input = value_terminated(text);

	if (has_word_for_time(type->oid, input))
		value_refuse_text(type->oid, text, ERRCODE_INVALID_DATETIME_FORMAT);
	PG_TRY();
	{
		DateStyle = USE_ISO_DATES;
		DateOrder = DATEORDER_YMD;
		IntervalStyle = INTSTYLE_POSTGRES;
		xmloption = XMLOPTION_CONTENT;
		session_timezone = type->zone;
		result = InputFunctionCall(&type->input, input, type->ioparam, type->typmod);
	}
	PG_FINALLY();
	{
		DateStyle = date_style;
		DateOrder = date_order;
		IntervalStyle = interval_style;
		xmloption = xml_option;
		session_timezone = zone;
	}
	PG_END_TRY();
	return result;
}

Datum
value_scalar_by_input(ValueType *type, const LexSlice *slice, bool *isnull)
{
	value_refuse_container(type, slice);
	return value_call_input(type, slice);
}
