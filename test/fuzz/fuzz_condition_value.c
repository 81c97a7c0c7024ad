/*-------------------------------------------------------------------------
 *
 * fuzz_condition_value.c
 *	  The part of fuzz_condition.c about texts, numbers and dataIds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "fuzz.h"
#include "fuzz_condition.h"

static JsonbValue *
member(JsonbContainer *object, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);

	if (value == NULL)
		fuzz_broken("a condition lacks a member");
	return value;
}

/* The values of a condition, each of which must say something. */
static JsonbContainer *
list_of(JsonbValue *condition)
{
	JsonbValue *list;

	if (condition->type != jbvBinary || !JsonContainerIsObject(condition->val.binary.data))
		fuzz_broken("a condition is no object");
	if (member(condition->val.binary.data, "attr")->type != jbvString ||
		member(condition->val.binary.data, "symbol")->type != jbvString)
		fuzz_broken("a condition without attr or symbol");
	list = member(condition->val.binary.data, "value");
	if (list->type != jbvBinary || !JsonContainerIsArray(list->val.binary.data) ||
		JsonContainerSize(list->val.binary.data) == 0)
		fuzz_broken("a condition without values");
	return list->val.binary.data;
}

static bool
is_zero(Datum number)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, number,
											DirectFunctionCall1(int4_numeric, Int32GetDatum(0))));
}

void
fuzz_check_elements(const char *elements)
{
	JsonbContainer *conditions = &fuzz_jsonb(psprintf("[%s]", elements))->root;

	for (uint32 i = 0; i < JsonContainerSize(conditions); i++)
	{
		JsonbContainer *list = list_of(getIthJsonbValueFromContainer(conditions, i));

		for (uint32 j = 0; j < JsonContainerSize(list); j++)
		{
			JsonbValue *value = getIthJsonbValueFromContainer(list, j);

			if (value->type == jbvString ? value->val.string.len == 0 :
				value->type != jbvNumeric || is_zero(NumericGetDatum(value->val.numeric)))
				fuzz_broken("a value that the API may read as no value");
		}
	}
}

/* What the API's value must be: UTF-8, or NULL if nothing equals the item. */
static char *
expected_text(const Case *one, int i, pg_enc encoding)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	if (one->isnull || one->nulls[i])
		return NULL;
	getTypeOutputInfo(one->item_type, &output, &varlena);
	text = OidOutputFunctionCall(output, one->items[i]);
	if (one->qual.kind != CONDITION_TEXT)
		return text;
	if (encoding == PG_LATIN1)
		text = (char *) pg_do_encoding_conversion((unsigned char *) text, strlen(text),
												  PG_LATIN1, PG_UTF8);
	return text[0] && pg_verify_mbstr(PG_UTF8, text, strlen(text), true) ? text : NULL;
}

static Datum
to_numeric(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static bool
has_value(JsonbContainer *list, const char *text, bool as_text)
{
	for (uint32 i = 0; i < JsonContainerSize(list); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(list, i);

		if (value->type != (as_text ? jbvString : jbvNumeric))
			continue;
		if (as_text ?
			value->val.string.len == (int) strlen(text) &&
			memcmp(value->val.string.val, text, strlen(text)) == 0 :
			DatumGetBool(DirectFunctionCall2(numeric_eq, to_numeric(text),
											 NumericGetDatum(value->val.numeric))))
			return true;
	}
	return false;
}

/* A text of digits, with a sign or a point, that JSON takes for a number. */
static bool
is_plain_number(const char *text)
{
	size_t		digits = strspn(text + (*text == '-'), "0123456789.");
	const char *point = strchr(text, '.');

	text += *text == '-';
	return text[digits] == '\0' && digits > 0 && (text[0] != '0' || digits == 1 || point == text + 1) &&
		point != text && (!point || (point[1] != '\0' && !strchr(point + 1, '.')));
}

/* Has an item that stays here a reason?  Those of texts are told by their looks. */
static bool
may_stay(const Case *one, const char *text)
{
	size_t		length = strlen(text);

	if (one->qual.kind != CONDITION_TEXT)
		return strpbrk(text, "yN") || is_zero(to_numeric(text)) || length > 15;
	return one->qual.column_typmod >= 0 || length > 256 || strchr("tf[{", text[0]) ||
		(unsigned char) text[0] <= ' ' || (unsigned char) text[length - 1] <= ' ' ||
		(strspn(text, "-+.0123456789eE") == length && !(is_plain_number(text) && length <= 15 && strtod(text, NULL) != 0)) ||
		(text[0] & 0x80) || (text[length - 1] & 0x80) || strstr(text, "\xef\xbf");
}

static int
count_letters(const char *text)
{
	int			n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static void
check_item(JsonbContainer *list, const Case *one, const char *text)
{
	bool		is_text = one->qual.kind == CONDITION_TEXT;
	size_t		length = strlen(text);

	if (!has_value(list, text, is_text))
		fuzz_broken("a value is missing");
	if (!is_text)
		return;
	if (is_plain_number(text) && length <= 15 && !has_value(list, text, false))
		fuzz_broken("a number that a text may be is missing");
	if (text[0] == ' ' || text[length - 1] == ' ' || strcmp(text, "true") == 0 ||
		(text[0] == '[' && text[length - 1] == ']'))
		fuzz_broken("a doubtful text was sent");
	if (one->qual.column_typmod >= 0 && count_letters(text) >= one->qual.column_typmod - VARHDRSZ)
		fuzz_broken("a text was sent that may have been cut");
}

void
fuzz_check_values(const Evaluation *how, Case *one)
{
	ConditionSet *set = fuzz_set_of(how, list_make1(one));
	char	   *elements = condition_elements(NULL, set, &set->add_time, &set->update_time);
	JsonbContainer *conditions = &fuzz_jsonb(psprintf("[%s]", elements))->root;
	char	   *expected[MAX_ITEMS];
	uint32		nexpected = 0;
	bool		stays = false;
	JsonbContainer *list;

	for (int i = 0; i < one->nitems; i++)
	{
		char	   *text = expected_text(one, i, how->encoding);

		if (text == NULL)
			continue;
		expected[nexpected++] = text;
		stays = stays || may_stay(one, text);
	}
	if (set->exact && !set->empty)
		fuzz_broken("a comparison of the API's passes as exact");
	if (set->empty ? nexpected > 0 : nexpected == 0 && elements[0])
		fuzz_broken("nothing is asked for, or everything");
	if (set->empty)
		return;
	if (elements[0] == '\0')
	{
		if (!stays)
			fuzz_broken("a value was not sent");
		return;
	}

	list = list_of(getIthJsonbValueFromContainer(conditions, 0));
	if (JsonContainerSize(conditions) != 1 || JsonContainerSize(list) > 2 * nexpected)
		fuzz_broken("more is asked for than the qual says");
	for (uint32 i = 0; i < nexpected; i++)
		check_item(list, one, expected[i]);
}

/* Does a case's value, or one of its items, equal the id? */
static bool
allows_id(const Case *one, int64 id)
{
	Datum		number = DirectFunctionCall1(int8_numeric, Int64GetDatum(id));

	for (int i = 0; i < one->nitems; i++)
	{
		char	   *text = expected_text(one, i, PG_UTF8);

		if (text && DatumGetBool(DirectFunctionCall2(numeric_eq, number, to_numeric(text))))
			return true;
	}
	return false;
}

void
fuzz_check_ids(const Evaluation *how, List *cases)
{
	ConditionSet *set;
	ListCell   *cell;
	ListCell   *other;
	bool		zero = true;
	int			allowed = 0;

	if (cases == NIL)
		return;
	set = fuzz_set_of(how, cases);
	foreach(cell, cases)
		zero = zero && allows_id(lfirst(cell), 0);
	if (!set->empty && (set->nids < 0) != zero)
		fuzz_broken("0 is asked for, or ids are not");
	for (int i = 1; i < set->nids; i++)
	{
		if (set->ids[i - 1] >= set->ids[i])
			fuzz_broken("the ids are not sorted, or not each once");
	}
	foreach(cell, cases)
	{
		Case	   *one = lfirst(cell);

		for (int i = 0; i < one->nitems; i++)
		{
			char	   *text = expected_text(one, i, PG_UTF8);
			double		size = text ? strtod(text, NULL) : NAN;
			int64		id;
			bool		wanted = true;

			if (!(fabs(size) < 9.2e18))
				continue;
			id = (int64) strtoll(text, NULL, 10);
			foreach(other, cases)
				wanted = wanted && allows_id(lfirst(other), id);
			if (!wanted)
				continue;
			allowed++;
			if (set->empty || (!zero && !bsearch(&id, set->ids, set->nids, sizeof(int64), compare_ids)))
				fuzz_broken("an id is missing");
		}
	}
	for (int i = 0; !set->empty && i < set->nids; i++)
	{
		foreach(cell, cases)
		{
			if (!allows_id(lfirst(cell), set->ids[i]))
				fuzz_broken("an id was asked for that a qual excludes");
		}
	}
	if (zero ? set->exact : !set->empty && !set->exact)
		fuzz_broken("equality on ids is exact, but for 0");
}
