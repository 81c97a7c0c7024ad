/*-------------------------------------------------------------------------
 *
 * encode_type.c
 *	  One value of any type as JSON, by the rules in encode.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "common/shortest_dec.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/typcache.h"
#include "utils/xml.h"

#include "record/encode_type.h"

void
encode_string(const char *text, StringInfo out)
{
	escape_json(out, pg_server_to_any(text, strlen(text), PG_UTF8));
}

/* JSON that is there already. */
static void
append_json(const char *text, int length, StringInfo out)
{
	char	   *utf8 = pg_server_to_any(text, length, PG_UTF8);

	if (utf8 == text)
		appendBinaryStringInfo(out, text, length);
	else
		appendStringInfoString(out, utf8);
}

static void
append_number(EncodeType *type, const char *number, StringInfo out)
{
	if (type->column->as_string)
		appendStringInfo(out, "\"%s\"", number);
	else
		appendStringInfoString(out, number);
}

static void
refuse_number(EncodeType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" has a number that JSON does not know", type->column->column),
			 errdetail("NaN and infinities cannot be sent.")));
}

static void
encode_integer(EncodeType *type, Datum value, StringInfo out)
{
	char		number[MAXINT8LEN + 1];

	switch (type->oid)
	{
		case INT2OID:
			pg_lltoa(DatumGetInt16(value), number);
			break;
		case INT4OID:
			pg_lltoa(DatumGetInt32(value), number);
			break;
		case OIDOID:
			pg_lltoa(DatumGetObjectId(value), number);
			break;
		default:
			pg_lltoa(DatumGetInt64(value), number);
			break;
	}
	append_number(type, number, out);
}

static void
encode_float(EncodeType *type, Datum value, StringInfo out)
{
	char		number[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (type->oid == FLOAT4OID)
	{
		float		real = DatumGetFloat4(value);

		if (isnan(real) || isinf(real))
			refuse_number(type);
		float_to_shortest_decimal_buf(real, number);
	}
	else
	{
		double		real = DatumGetFloat8(value);

		if (isnan(real) || isinf(real))
			refuse_number(type);
		double_to_shortest_decimal_buf(real, number);
	}
	append_number(type, number, out);
}

static void
encode_numeric(EncodeType *type, Datum value, StringInfo out)
{
	Numeric		number = DatumGetNumeric(value);

	if (numeric_is_nan(number) || numeric_is_inf(number))
		refuse_number(type);
	append_number(type, DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number))), out);
}

static void
encode_boolean(EncodeType *type, Datum value, StringInfo out)
{
	append_number(type, DatumGetBool(value) ? "true" : "false", out);
}

static void
encode_text(EncodeType *type, Datum value, StringInfo out)
{
	encode_string(TextDatumGetCString(value), out);
}

static void
encode_json(EncodeType *type, Datum value, StringInfo out)
{
	text	   *json = DatumGetTextPP(value);

	append_json(VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json), out);
}

static void
encode_jsonb(EncodeType *type, Datum value, StringInfo out)
{
	Jsonb	   *jsonb = DatumGetJsonbP(value);
	StringInfoData text;

	initStringInfo(&text);
	JsonbToCString(&text, &jsonb->root, VARSIZE(jsonb));
	append_json(text.data, text.len, out);
}

static void
encode_bytea(EncodeType *type, Datum value, StringInfo out)
{
	bytea	   *bytes = DatumGetByteaPP(value);
	int			length = VARSIZE_ANY_EXHDR(bytes);
	int			size = pg_b64_enc_len(length);
	char	   *base64 = palloc(size + 1);
	int			written = pg_b64_encode((const void *) VARDATA_ANY(bytes), length, base64, size);

	if (written < 0)
		elog(ERROR, "could not encode a value as base64");
	base64[written] = '\0';
	appendStringInfo(out, "\"%s\"", base64);
}

/* What an output function writes may depend on settings: they are as encode.h says. */
static void
encode_by_output(EncodeType *type, Datum value, StringInfo out)
{
	int			date_style = DateStyle;
	int			date_order = DateOrder;
	int			interval_style = IntervalStyle;
	int			xml_binary = xmlbinary;
	pg_tz	   *zone = session_timezone;
	char	   *text = NULL;

	PG_TRY();
	{
		DateStyle = USE_ISO_DATES;
		DateOrder = DATEORDER_YMD;
		IntervalStyle = INTSTYLE_POSTGRES;
		xmlbinary = XMLBINARY_BASE64;
		session_timezone = type->zone;
		text = OutputFunctionCall(&type->output, value);
	}
	PG_FINALLY();
	{
		DateStyle = date_style;
		DateOrder = date_order;
		IntervalStyle = interval_style;
		xmlbinary = xml_binary;
		session_timezone = zone;
	}
	PG_END_TRY();
	encode_string(text, out);
}

/* One dimension of an array, whose elements follow each other. */
static void
append_dimension(EncodeType *type, int ndims, const int *dims, Datum **values, bool **nulls, StringInfo out)
{
	appendStringInfoChar(out, '[');
	for (int i = 0; i < dims[0]; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		if (ndims > 1)
		{
			append_dimension(type, ndims - 1, dims + 1, values, nulls, out);
			continue;
		}
		CHECK_FOR_INTERRUPTS();
		if (**nulls)
			appendStringInfoString(out, "null");
		else
			type->element->append(type->element, **values, out);
		(*values)++;
		(*nulls)++;
	}
	appendStringInfoChar(out, ']');
}

static void
encode_array(EncodeType *type, Datum value, StringInfo out)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Datum	   *values;
	bool	   *nulls;
	int			nvalues;

	if (ARR_NDIM(array) == 0)
	{
		appendStringInfoString(out, "[]");
		return;
	}
	deconstruct_array(array, ARR_ELEMTYPE(array), type->typlen, type->typbyval, type->typalign,
					  &values, &nulls, &nvalues);
	append_dimension(type, ARR_NDIM(array), ARR_DIMS(array), &values, &nulls, out);
}

/* How the members of rows of that type are written; kept until another comes. */
static void
describe_rows(EncodeType *type, Oid row_type, int32 typmod)
{
	TupleDesc	rows;
	MemoryContext previous;

	if (type->rows && type->rows->tdtypeid == row_type && type->rows->tdtypmod == typmod)
		return;
	rows = lookup_rowtype_tupdesc(row_type, typmod);
	type->rows = NULL;
	MemoryContextReset(type->context);
	previous = MemoryContextSwitchTo(type->context);
	type->members = palloc0(rows->natts * sizeof(EncodeType *));
	for (int i = 0; i < rows->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(rows, i);

		if (!attribute->attisdropped)
			type->members[i] = encode_type(attribute->atttypid, type->column, NULL, type->zone);
	}
	type->rows = CreateTupleDescCopy(rows);
	MemoryContextSwitchTo(previous);
	ReleaseTupleDesc(rows);
}

static void
encode_composite(EncodeType *type, Datum value, StringInfo out)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	const char *comma = "";

	check_stack_depth();
	describe_rows(type, HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	appendStringInfoChar(out, '{');
	for (int i = 0; i < type->rows->natts; i++)
	{
		bool		isnull;
		Datum		member;

		if (type->members[i] == NULL)
			continue;
		member = heap_getattr(&tuple, i + 1, type->rows, &isnull);
		if (isnull && !type->column->send_null)
			continue;
		appendStringInfoString(out, comma);
		encode_string(NameStr(TupleDescAttr(type->rows, i)->attname), out);
		appendStringInfoChar(out, ':');
		if (isnull)
			appendStringInfoString(out, "null");
		else
			type->members[i]->append(type->members[i], member, out);
		comma = ",";
	}
	appendStringInfoChar(out, '}');
}

/* Types that do not mean the same in every session. */
static bool
is_unsteady(Oid type)
{
	switch (type)
	{
		case MONEYOID:
		case REGCLASSOID:
		case REGCOLLATIONOID:
		case REGCONFIGOID:
		case REGDICTIONARYOID:
		case REGNAMESPACEOID:
		case REGOPEROID:
		case REGOPERATOROID:
		case REGPROCOID:
		case REGPROCEDUREOID:
		case REGROLEOID:
		case REGTYPEOID:
			return true;
		default:
			return false;
	}
}

static void
choose_other(EncodeType *type, const char *table)
{
	Oid			element = get_base_element_type(type->oid);
	Oid			output;
	bool		is_varlena;

	if (OidIsValid(element))
	{
		type->append = encode_array;
		type->element = encode_type(element, type->column, table, type->zone);
		get_typlenbyvalalign(element, &type->typlen, &type->typbyval, &type->typalign);
	}
	else if (type_is_rowtype(type->oid))
	{
		type->append = encode_composite;
		type->context = AllocSetContextCreate(CurrentMemoryContext, "xbb composite", ALLOCSET_SMALL_SIZES);
	}
	else
	{
		type->append = encode_by_output;
		getTypeOutputInfo(type->oid, &output, &is_varlena);
		fmgr_info(output, &type->output);
	}
}

static void
choose(EncodeType *type, const char *table)
{
	switch (type->oid)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
			type->append = encode_integer;
			break;
		case FLOAT4OID:
		case FLOAT8OID:
			type->append = encode_float;
			break;
		case NUMERICOID:
			type->append = encode_numeric;
			break;
		case BOOLOID:
			type->append = encode_boolean;
			break;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			type->append = encode_text;
			break;
		case JSONOID:
			type->append = encode_json;
			break;
		case JSONBOID:
			type->append = encode_jsonb;
			break;
		case BYTEAOID:
			type->append = encode_bytea;
			break;
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case DATEOID:
			type->append = encode_time;
			break;
		default:
			choose_other(type, table);
			break;
	}
}

EncodeType *
encode_type(Oid oid, const EncodeColumn *column, const char *table, pg_tz *zone)
{
	EncodeType *type = palloc0(sizeof(EncodeType));

	check_stack_depth();
	type->oid = getBaseType(oid);
	type->column = column;
	type->zone = zone;
	if (is_unsteady(type->oid))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 table ?
				 errmsg("column \"%s\" of foreign table \"%s\" has type %s, which cannot be sent",
						column->column, table, format_type_be(oid)) :
				 errmsg("column \"%s\" has a member of type %s, which cannot be sent",
						column->column, format_type_be(oid)),
				 errdetail("It does not mean the same in every session.")));
	choose(type, table);
	return type;
}
