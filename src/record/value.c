/*-------------------------------------------------------------------------
 *
 * value.c
 *	  From one JSON value to one Datum: types, domains, arrays.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "record/value.h"
#include "record/value_type.h"

/* From so many bytes on what an array is made of is given back at once. */
#define LARGE_ARRAY (64 * 1024)

/* An element takes 16 bytes as a slice, and 9, 24 and more as a Datum, a text and in the array. */
#define ELEMENT_PARTS 2

/*
 * What a row's values may take is in proportion to what an answer may: at 100 bytes a part
 * one and a half times that.  What any statement takes, for connections and plans, is not worth
 * saving.
 */
#define PART_BYTES 64
#define LEAST_PARTS 1000
#define MOST_PARTS 1000000

int
value_parts(int64 most_bytes)
{
	return Min(Max(most_bytes / PART_BYTES, LEAST_PARTS), MOST_PARTS);
}

/*
 * The elements of a JSON array, palloc'd, or NULL if "text" is none.  The
 * slices point into "text".
 */
static LexSlice *
find_elements(ValueType *type, ValueText text, int *count)
{
	int			size = 16;
	LexSlice   *elements = palloc(size * sizeof(LexSlice));
	Lex			lex;
	LexEvent	event;

	*count = 0;
	lex_begin(&lex, text.data, text.length);
	if (lex_next(&lex) != LEX_OPEN || !lex_in_array(&lex))
		return NULL;

	while ((event = lex_next(&lex)) != LEX_END)
	{
		CHECK_FOR_INTERRUPTS();
		if (event == LEX_FAILED)
			return NULL;
		if (lex.depth != 1 || (event != LEX_SCALAR && event != LEX_CLOSE))
			continue;
		if (!value_take_parts(type, ELEMENT_PARTS))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a value has too many elements for an array"),
					 errhint("A column of type json takes it as it is.")));
		if (*count == size)
			elements = repalloc_huge(elements,
									 (size *= 2) * sizeof(LexSlice));
		elements[(*count)++] = lex.slice;
	}
	return elements;
}

/* What an array column is made of: see the rules in value.h. */
static LexSlice *
array_elements(ValueType *type, const LexSlice *slice, int *count)
{
	ValueText	text = {slice->start, slice->length};
	LexSlice   *elements = NULL;

	if (slice->kind == LEX_STRING)
		text = value_content(slice);
	if (text.length > 0 && memchr(text.data, '[', text.length) != NULL)
		elements = find_elements(type, text, count);
	if (elements == NULL)
	{
		elements = palloc(sizeof(LexSlice));
		*elements = *slice;
		*count = 1;
	}
	return elements;
}

/* [], or a string with it: most arrays are empty. */
static bool
is_empty_array(const LexSlice *slice)
{
	int			quote = slice->kind == LEX_STRING;

	return slice->length == 2 + 2 * (uint32) quote &&
		slice->start[quote] == '[' && slice->start[quote + 1] == ']';
}

static Datum
convert_array(ValueType *type, const LexSlice *slice, bool *isnull)
{
	int			count = 0;
	LexSlice   *elements = NULL;
	int			lower_bound = 1;
	Datum	   *datums;
	bool	   *nulls;
	Datum		result;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext elements_context;

	if (slice->length > LARGE_ARRAY)
		MemoryContextSwitchTo(AllocSetContextCreate(context, "xbb_fdw array", ALLOCSET_DEFAULT_SIZES));
	if (!is_empty_array(slice))
		elements = array_elements(type, slice, &count);
	if (count == 0)
	{
		MemoryContextSwitchTo(context);
		return PointerGetDatum(construct_empty_array(type->element_oid));
	}

	datums = palloc(count * sizeof(Datum));
	nulls = palloc(count * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		datums[i] = value_datum(type->element, &elements[i], &nulls[i]);
	}

	elements_context = MemoryContextSwitchTo(context);
	result = PointerGetDatum(construct_md_array(datums, nulls, 1, &count,
												&lower_bound, type->element_oid,
												type->typlen, type->typbyval,
												type->typalign));
	if (elements_context != context)
		MemoryContextDelete(elements_context);
	return result;
}

/* Chooses how values get into the type. */
static void
choose_conversion(ValueType *type)
{
	Oid			element = get_element_type(type->oid);

	if (OidIsValid(element))
	{
		type->convert = convert_array;
		type->element_oid = element;
		type->element = value_type(element, type->typmod, type->zone);
		get_typlenbyvalalign(element, &type->typlen, &type->typbyval,
							 &type->typalign);
		return;
	}

	switch (type->oid)
	{
		case TEXTOID:
		case VARCHAROID:
			type->convert = value_convert_text;
			break;
		case JSONOID:
			type->convert = value_convert_json;
			break;
		case JSONBOID:
			type->convert = value_convert_jsonb;
			break;
		case BOOLOID:
			type->convert = value_convert_bool;
			break;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			type->convert = value_convert_integer;
			break;
		case NUMERICOID:
			type->convert = value_convert_numeric;
			break;
		case FLOAT4OID:
		case FLOAT8OID:
			type->convert = value_convert_float;
			break;
		case TIMEOID:
		case TIMETZOID:
			type->convert = value_convert_time;
			break;
		case TIMESTAMPTZOID:
			type->convert = value_convert_timestamptz;
			break;
		case TIMESTAMPOID:
			type->convert = value_convert_timestamp;
			break;
		case DATEOID:
			type->convert = value_convert_date;
			break;
		default:
			type->convert = value_by_input;
			break;
	}
}

static bool
is_missing(const LexSlice *slice)
{
	return slice->kind == LEX_MISSING || slice->kind == LEX_NULL ||
		(slice->kind == LEX_STRING && slice->length == 2);
}

/* The server's own scalar types; containers call the input functions of others. */
static bool
input_only_computes(Oid type, Oid input)
{
	char		kind = get_typtype(type);

	return input < FirstNormalObjectId && (kind == TYPTYPE_BASE || kind == TYPTYPE_ENUM);
}

static bool
may_do_anything(Oid function, void *context)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	bool		computes = form->prolang == INTERNALlanguageId &&
		form->provolatile == PROVOLATILE_IMMUTABLE;

	ReleaseSysCache(tuple);
	return !computes;
}

static bool
does_anything(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoerceToDomain) || IsA(node, CoerceViaIO) ||
		check_functions_in_node(node, may_do_anything, NULL))
		return true;
	return expression_tree_walker(node, does_anything, context);
}

/* Are a domain's checks made of immutable functions of the server's own? */
static bool
checks_only_compute(Oid domain)
{
	DomainConstraintRef *checks = palloc(sizeof(DomainConstraintRef));
	ListCell   *cell;

	InitDomainConstraintRef(domain, checks, CurrentMemoryContext, false);
	foreach(cell, checks->constraints)
	{
		DomainConstraintState *check = lfirst(cell);

		if (does_anything((Node *) check->check_expr, NULL))
			return false;
	}
	return true;
}

ValueType *
value_type(Oid oid, int32 typmod, pg_tz *zone)
{
	ValueType  *type = palloc0(sizeof(ValueType));
	Oid			input;

	type->typmod = typmod;
	type->oid = getBaseTypeAndTypmod(oid, &type->typmod);
	if (type->oid != oid)
	{
		type->domain = oid;
		type->checks_compute = checks_only_compute(oid);
	}
	type->zone = zone;
	type->context = CurrentMemoryContext;
	getTypeInputInfo(type->oid, &input, &type->ioparam);
	fmgr_info(input, &type->input);
	type->input_computes = input_only_computes(type->oid, input);
	choose_conversion(type);

	return type;
}

void
value_type_bound(ValueType *type, int *parts)
{
	type->parts = parts;
	if (type->element)
		value_type_bound(type->element, parts);
}

bool
value_type_only_computes(const ValueType *type)
{
	if (OidIsValid(type->domain) && !type->checks_compute)
		return false;
	return type->element ? value_type_only_computes(type->element) :
		type->convert != value_by_input || type->input_computes;
}

Datum
value_datum(ValueType *type, const LexSlice *slice, bool *isnull)
{
	Datum		result = (Datum) 0;

	*isnull = is_missing(slice);
	if (!*isnull)
		result = type->convert(type, slice, isnull);
	if (OidIsValid(type->domain))
		domain_check(result, *isnull, type->domain, &type->domain_cache,
					 type->context);
	return result;
}
