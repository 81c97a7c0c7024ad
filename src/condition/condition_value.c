/*-------------------------------------------------------------------------
 *
 * condition_value.c
 *	  One value as the API may have it: spellings, and what must not be sent.
 *
 * A column can show one value for several things that the API may have, and the
 * API's comparison is not known in all respects.  The condition must find all of
 * them (doc/guarantees.md, G8), so whatever might be compared in a narrower way
 * than here stays here:
 *
 * Numbers.  num_N and formId are compared as numbers: clients that send digits in
 * a string and such that send numbers both find what they ask for (xbb-api 2, 3),
 * so that neither JSON type nor spelling counts, "12.50" and 12.5 being one.  The
 * value is sent in its shortest spelling, and not if a double would not hold it,
 * which a server may put it through.
 *
 * Texts.  text_N can hold a string or, for options and linked records, a number
 * (xbb-api 7, 10.9), which a text column shows alike: a text that is a JSON number
 * is asked for in both forms; not so for serialNo, a string.  What is shown for true, an array or an object has
 * no other form that could be sent.
 *
 * Labels.  A column that shows labels shows one for each value that has it, so that
 * all of these are asked for: lists hold values (xbb-api 4, A), and the map that tells
 * their labels is the one that they are shown by.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "base/json.h"
#include "condition/condition.h"

/* Elasticsearch, which the API seems to search by, finds no longer texts by default. */
#define MAX_TEXT_LENGTH 256

/* The digits that survive a double. */
#define MAX_DIGITS 15

static char *
output_of(Oid type, Datum value)
{
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(type, &output, &varlena);
	return OidOutputFunctionCall(output, value);
}

/* ---- numbers ---- */

static bool
is_digits(const char *text, size_t length)
{
	return length > 0 && strspn(text, "0123456789") >= length;
}

static int
count_digits(const char *text)
{
	int			n = 0;

	for (; *text; text++)
		n += *text >= '0' && *text <= '9';
	return n;
}

/* Takes zeros at the end of a fraction off, and a point with nothing behind it. */
static void
drop_trailing_zeros(char *number)
{
	char	   *end = number + strlen(number);

	if (strchr(number, '.') == NULL)
		return;
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	*end = '\0';
}

bool
condition_id(Oid type, Datum item, int64 *id)
{
	char	   *text = output_of(type, item);
	char	   *end;

	drop_trailing_zeros(text);
	errno = 0;
	*id = strtoll(text, &end, 10);
	return errno == 0 && end > text && *end == '\0';
}

static bool
number_forms(Oid type, Datum item, List **forms)
{
	char	   *text = output_of(type, item);

	if (type == NUMERICOID && (numeric_is_nan(DatumGetNumeric(item)) ||
							   numeric_is_inf(DatumGetNumeric(item))))
		return false;
	drop_trailing_zeros(text);
	/* unset numbers are 0, "" or missing: the API's answer might lack some */
	if (strcmp(text, "0") == 0 || count_digits(text) > MAX_DIGITS)
		return false;
	*forms = lappend(*forms, text);
	return true;
}

/* ---- texts ---- */

/* Is a text the JSON of a number? */
static bool
is_json_number(const char *text)
{
	size_t		length;

	text += *text == '-';
	length = strspn(text, "0123456789");
	if (length == 0 || (text[0] == '0' && length > 1))
		return false;
	text += length;
	if (*text == '.')
	{
		length = strspn(++text, "0123456789");
		if (length == 0)
			return false;
		text += length;
	}
	if (*text == 'e' || *text == 'E')
	{
		text++;
		text += *text == '-' || *text == '+';
		return is_digits(text, strlen(text));
	}
	return *text == '\0';
}

/* White space that a server might take off a condition's value. */
static bool
is_white_space(pg_wchar c)
{
	return c <= ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200F) || c == 0x2028 || c == 0x2029 ||
		c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

/*
 * Characters that a column may show for others: U+FFFD for what is no character,
 * and in EUC_JP U+FFE4 for U+00A6.  (No other two characters become one in any
 * encoding of a server.)
 */
static bool
is_stand_in(pg_wchar c)
{
	return c == 0xFFFD || c == 0xFFE4;
}

/* May the API's comparison of a UTF-8 text find less than ours? */
static bool
is_doubtful(const char *text)
{
	size_t		length = strlen(text);
	int			n = 0;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
		(text[0] == '[' && text[length - 1] == ']') ||
		(text[0] == '{' && text[length - 1] == '}'))
		return true;
	while (*text)
	{
		const unsigned char *c = (const unsigned char *) text;
		pg_wchar	letter = utf8_to_unicode(c);

		text += pg_utf_mblen(c);
		if (is_stand_in(letter) || ++n > MAX_TEXT_LENGTH ||
			((n == 1 || *text == '\0') && is_white_space(letter)))
			return true;
	}
	return false;
}

/*
 * varchar(n) cuts blanks behind the n-th character, so that what it shows at its
 * full length may have been longer; and it shows nothing longer.
 */
static bool
may_be_cut(const ConditionQual *qual, const char *text)
{
	return qual->column_typmod >= (int32) VARHDRSZ &&
		pg_mbstrlen(text) >= qual->column_typmod - (int32) VARHDRSZ;
}

/* The text in UTF-8, or NULL if that cannot hold it: no error, as it is compared here. */
static char *
utf8_of(char *text, size_t length)
{
	int			encoding = GetDatabaseEncoding();
	size_t		room = length * MAX_CONVERSION_GROWTH + 1;
	Oid			conversion;
	unsigned char *utf8;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return text;
	conversion = FindDefaultConversionProc(encoding, PG_UTF8);
	utf8 = palloc(room);
	if (!OidIsValid(conversion) ||
		pg_do_encoding_conversion_buf(conversion, encoding, PG_UTF8, (unsigned char *) text,
									  length, utf8, room, true) < (int) length)
		return NULL;
	return (char *) utf8;
}

/* The forms of what text_N or serialNo holds, UTF-8. */
static bool
value_forms(const ConditionQual *qual, char *text, List **forms)
{
	if (is_doubtful(text))
		return false;
	*forms = lappend(*forms, json_quote(text));
	/* a serial number is a string wherever it was seen (xbb-api 4, A) */
	if (strcmp(qual->attr, "serialNo") == 0 || !is_json_number(text))
		return true;
	if (strpbrk(text, "eE") || count_digits(text) > MAX_DIGITS ||
		strspn(text, "-0.") == strlen(text))
		return false;			/* zero may be "no value", as above */
	*forms = lappend(*forms, text);
	return true;
}

static bool
text_forms(const ConditionQual *qual, Oid type, Datum item, List **forms)
{
	char	   *text = output_of(type, item);
	size_t		length = strlen(text);
	ListCell   *cell;

	/* no value of the API is empty, or anything but UTF-8 */
	if (length == 0 ||
		(GetDatabaseEncoding() == PG_SQL_ASCII && !pg_verify_mbstr(PG_UTF8, text, length, true)))
		return true;
	if (length > MAX_TEXT_LENGTH * MAX_MULTIBYTE_CHAR_LEN || may_be_cut(qual, text))
		return false;
	text = utf8_of(text, length);
	if (text == NULL)
		return false;
	if (!qual->shows_label)
		return value_forms(qual, text, forms);
	if (qual->values == NULL || is_doubtful(text))
		return false;
	foreach(cell, qual->values(qual->labels, text))
		if (!value_forms(qual, lfirst(cell), forms))
			return false;
	return true;
}

bool
condition_forms(const ConditionQual *qual, Oid type, Datum item, List **forms)
{
	return qual->kind == CONDITION_TEXT ? text_forms(qual, type, item, forms) :
		number_forms(type, item, forms);
}
