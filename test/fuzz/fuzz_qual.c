/*-------------------------------------------------------------------------
 *
 * fuzz_qual.c
 *	  Quals with their values, made from an input's bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "fuzz.h"
#include "fuzz_qual.h"

int64
fuzz_take(Bytes *bytes, int size)
{
	int64		number = 0;

	for (int i = 0; i < size; i++)
	{
		unsigned char byte = bytes->left > 0 ? *bytes->data : 0;

		number |= (int64) ((uint64) byte << (8 * i));
		bytes->data += bytes->left > 0;
		bytes->left -= bytes->left > 0;
	}
	return number;
}

static Datum
take_numeric(Bytes *bytes)
{
	static const char *const special[] = {"NaN", "Infinity", "-Infinity", "-0.00"};
	int			choice = fuzz_take(bytes, 1);
	const char *text;

	if (choice < (int) lengthof(special))
		text = special[choice];
	else
	{
		int64		digits = fuzz_take(bytes, choice % 9);

		text = psprintf("%llde%d", (long long) digits, (int8) fuzz_take(bytes, 1));
	}
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static Datum
take_text(Bytes *bytes)
{
	size_t		length = fuzz_take(bytes, 1);
	const char *data = bytes->data;

	length = Min(length, bytes->left);
	bytes->data += length;
	bytes->left -= length;
	length = strnlen(data, length);
	length = pg_encoding_verifymbstr(GetDatabaseEncoding(), data, length);
	return PointerGetDatum(cstring_to_text_with_len(data, length));
}

/* The infinities, the ends of what is valid, these years, and anything. */
static Timestamp
take_timestamp(Bytes *bytes)
{
	Timestamp	result;

	switch (fuzz_take(bytes, 1) % 8)
	{
		case 0:
			return DT_NOBEGIN;
		case 1:
			return DT_NOEND;
		case 2:
			result = END_TIMESTAMP - 1 - (fuzz_take(bytes, 6) & INT64CONST(0xffffffffffff));
			break;
		case 3:
			result = MIN_TIMESTAMP + fuzz_take(bytes, 6);
			break;
		case 4:
			result = fuzz_take(bytes, 8);
			break;
		default:
			result = (fuzz_take(bytes, 4) - EPOCH_OFFSET) * USECS_PER_SEC + fuzz_take(bytes, 1) % 2;
			break;
	}
	return IS_VALID_TIMESTAMP(result) ? result : 0;
}

static DateADT
take_date(Bytes *bytes)
{
	DateADT		result;

	switch (fuzz_take(bytes, 1) % 4)
	{
		case 0:
			return DATEVAL_NOBEGIN;
		case 1:
			return DATEVAL_NOEND;
		case 2:
			result = (int32) fuzz_take(bytes, 4);
			break;
		default:
			result = (int16) fuzz_take(bytes, 2);
			break;
	}
	return IS_VALID_DATE(result) ? result : 0;
}

static Datum
take_item(Bytes *bytes, Oid type)
{
	switch (type)
	{
		case INT2OID:
			return Int16GetDatum((int16) fuzz_take(bytes, 2));
		case INT4OID:
			return Int32GetDatum((int32) fuzz_take(bytes, 4));
		case INT8OID:
			return Int64GetDatum(fuzz_take(bytes, 8));
		case NUMERICOID:
			return take_numeric(bytes);
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
			return TimestampGetDatum(take_timestamp(bytes));
		case DATEOID:
			return DateADTGetDatum(take_date(bytes));
		default:
			return take_text(bytes);
	}
}

static void
take_types(Bytes *bytes, ConditionQual *qual)
{
	static const Oid texts[] = {TEXTOID, VARCHAROID};
	static const Oid numbers[] = {INT2OID, INT4OID, INT8OID, NUMERICOID};
	static const Oid times[][2] = {
		{TIMESTAMPTZOID, TIMESTAMPTZOID}, {TIMESTAMPTZOID, TIMESTAMPOID},
		{TIMESTAMPTZOID, DATEOID}, {TIMESTAMPOID, TIMESTAMPOID},
		{TIMESTAMPOID, DATEOID}, {DATEOID, TIMESTAMPOID}, {DATEOID, DATEOID},
	};
	int			choice = fuzz_take(bytes, 1);
	int			modifier = fuzz_take(bytes, 1) % 16;

	qual->column_typmod = -1;
	switch (qual->kind)
	{
		case CONDITION_TEXT:
			qual->column_type = qual->value_type = texts[choice % lengthof(texts)];
			if (qual->column_type == VARCHAROID && modifier > 7)
				qual->column_typmod = VARHDRSZ + modifier;
			break;
		case CONDITION_NUMBER:
		case CONDITION_DATA_ID:
			qual->column_type = qual->value_type = numbers[choice % lengthof(numbers)];
			break;
		default:
			qual->column_type = times[choice % lengthof(times)][0];
			qual->value_type = times[choice % lengthof(times)][1];
			if (qual->column_type != DATEOID && modifier <= MAX_TIMESTAMP_PRECISION)
				qual->column_typmod = modifier;
			break;
	}
}

static void
take_array(Bytes *bytes, Case *one)
{
	int			lower = 1;
	int			nulls = fuzz_take(bytes, 1);
	int16		typlen;
	bool		typbyval;
	char		typalign;

	one->nitems = fuzz_take(bytes, 1) % (MAX_ITEMS + 1);
	for (int i = 0; i < one->nitems; i++)
	{
		one->nulls[i] = (nulls >> i) & 1;
		one->items[i] = one->nulls[i] ? (Datum) 0 : take_item(bytes, one->item_type);
	}
	get_typlenbyvalalign(one->item_type, &typlen, &typbyval, &typalign);
	one->value = PointerGetDatum(construct_md_array(one->items, one->nulls, 1,
													&one->nitems, &lower,
													one->item_type, typlen,
													typbyval, typalign));
	one->qual.value_type = get_array_type(one->item_type);
}

Case *
fuzz_take_case(Bytes *bytes)
{
	static char *const attrs[] = {"text_1", "num_1", "dataId", "addTime", "updateTime", "date_1"};
	static const ConditionOperator bounds[] = {
		CONDITION_EQUAL, CONDITION_GREATER_EQUAL, CONDITION_GREATER,
		CONDITION_LESS_EQUAL, CONDITION_LESS
	};
	Case	   *one = palloc0(sizeof(Case));
	ConditionQual *qual = &one->qual;
	int			choice = fuzz_take(bytes, 1);

	qual->kind = choice % lengthof(attrs);
	qual->attr = attrs[qual->kind];
	take_types(bytes, qual);
	one->item_type = qual->value_type;
	one->isnull = choice >= 250;
	choice = fuzz_take(bytes, 1);
	if (qual->kind >= CONDITION_ADD_TIME)
		qual->op = bounds[choice % lengthof(bounds)];
	else
		qual->op = choice % 2 ? CONDITION_ANY : CONDITION_EQUAL;

	if (qual->op == CONDITION_ANY)
		take_array(bytes, one);
	else
	{
		one->nitems = 1;
		one->value = one->items[0] = take_item(bytes, one->item_type);
	}
	return one;
}
