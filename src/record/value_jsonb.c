/*-------------------------------------------------------------------------
 *
 * value_jsonb.c
 *	  jsonb, straight from the tokens.
 *
 * jsonb_in() would do, but reads the text a second time with a recursive
 * parser, and in a SQL_ASCII database refuses escapes that text columns take.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "record/value_type.h"

/*
 * The server takes some 500 bytes for a container, and some 100 for a name or a scalar: a
 * record of 8 MB of "[]" would take a gigabyte.
 */
#define CONTAINER_PARTS 5

static void
make_string(const LexSlice *slice, JsonbValue *value)
{
	ValueText	text = value_text(slice);

	if (text.length > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("string too long to represent as jsonb string")));
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text.data);
	value->val.string.len = text.length;
}

static void
make_scalar(const LexSlice *slice, JsonbValue *value)
{
	switch (slice->kind)
	{
		case LEX_STRING:
			make_string(slice, value);
			break;
		case LEX_NUMBER:
			value->type = jbvNumeric;
			value->val.numeric = DatumGetNumeric(value_numeric(slice));
			break;
		case LEX_TRUE:
		case LEX_FALSE:
			value->type = jbvBool;
			value->val.boolean = (slice->kind == LEX_TRUE);
			break;
		default:
			value->type = jbvNull;
			break;
	}
}

/* "slice" is a container, and known to be valid. */
static JsonbValue *
make_container(ValueType *type, const LexSlice *slice)
{
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbValue	value;
	LexEvent	event;
	Lex			lex;

	lex_begin(&lex, slice->start, slice->length);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		event = lex_next(&lex);
		if (!value_take_parts(type, event == LEX_OPEN ? CONTAINER_PARTS : 1))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a value has too many members and elements for jsonb"),
					 errhint("A column of type json takes it as it is.")));
		switch (event)
		{
			case LEX_KEY:
				make_string(&lex.slice, &value);
				(void) pushJsonbValue(&state, WJB_KEY, &value);
				break;
			case LEX_SCALAR:
				make_scalar(&lex.slice, &value);
				(void) pushJsonbValue(&state,
									  lex_in_array(&lex) ? WJB_ELEM : WJB_VALUE,
									  &value);
				break;
			case LEX_OPEN:
				(void) pushJsonbValue(&state,
									  lex_in_array(&lex) ?
									  WJB_BEGIN_ARRAY : WJB_BEGIN_OBJECT,
									  NULL);
				break;
			case LEX_CLOSE:
				result = pushJsonbValue(&state,
										lex.slice.kind == LEX_ARRAY ?
										WJB_END_ARRAY : WJB_END_OBJECT,
										NULL);
				break;
			case LEX_END:
				return result;
			case LEX_FAILED:
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						 errmsg_internal("%s", lex.error)));
		}
	}
}

Datum
value_convert_jsonb(ValueType *type, const LexSlice *slice, bool *isnull)
{
	JsonbValue	scalar;

	if (slice->kind == LEX_ARRAY || slice->kind == LEX_OBJECT)
		return JsonbPGetDatum(JsonbValueToJsonb(make_container(type, slice)));

	make_scalar(slice, &scalar);
	return JsonbPGetDatum(JsonbValueToJsonb(&scalar));
}
