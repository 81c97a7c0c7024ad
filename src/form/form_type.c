/*-------------------------------------------------------------------------
 *
 * form_type.c
 *	  The table of fieldTypes: the type of the column that reads a field.
 *
 * From xbb-api 7 (codes: C).  A type is never narrower than what the field may
 * hold; what lists and details write differently is read into the same type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "form/form.h"

/* By what decides the type. */
#define NOTHING "-"				/* no record has it */
#define BY_DATE_TYPE "date"		/* a day, or a moment */
#define BY_DIGITS "number"
#define BY_PREFIX "prefix"
#define BY_PREFIX_WHOLE "prefix, whole"	/* num_N are integers */

/* In ascending order. */
static const struct
{
	int			first;
	int			last;
	const char *type;
}			field_types[] = {
	{0, 0, "bigint"},
	{1, 1, "text"},
	{2, 2, BY_DIGITS},
	{3, 3, "text"},
	{4, 4, BY_DATE_TYPE},
	{5, 5, "bigint"},
	{6, 6, "text[]"},
	{7, 7, "text"},
	{8, 8, "jsonb"},
	{9, 9, "text[]"},
	{10, 10, "smallint"},
	{12, 12, "jsonb"},
	{13, 13, "bigint"},
	{14, 14, "jsonb"},
	{15, 15, "integer"},
	{16, 16, "text"},
	{17, 20, "integer"},
	{37, 37, "jsonb"},
	{50, 50, "bigint"},
	{10000, 10000, "text"},
	{10001, 10001, "text[]"},
	{10002, 10002, NOTHING},	/* a line */
	{10003, 10003, "jsonb"},
	{10004, 10004, NOTHING},	/* a text on the form */
	{10005, 10006, "jsonb"},
	{10007, 10007, "text"},
	{10008, 10008, "bigint"},
	{10009, 10009, "text"},
	{10010, 10010, "text[]"},
	{10011, 10011, "bigint"},
	{10012, 10012, "bigint[]"},
	{10013, 10013, "text"},
	{10014, 10015, "timestamptz"},
	{10016, 10016, "bigint"},
	{10017, 10018, "text[]"},
	{10019, 10019, "text"},
	{10020, 10023, "bigint"},
	{10024, 10025, "jsonb"},
	{10026, 10027, "timestamptz"},
	{10028, 10028, "jsonb"},
	{10029, 10029, "numeric"},
	{10030, 10030, "text"},
	{10031, 10031, "numeric"},
	{20001, 20001, "bigint"},
	{20002, 20002, "bigint[]"},
	{20003, 20004, "jsonb"},
	{20005, 20012, BY_PREFIX},
	{20013, 20014, "jsonb"},
	{20015, 20029, BY_PREFIX_WHOLE},
	{20030, 20031, "jsonb"},
	{30000, 30015, NOTHING},	/* of the list's page */
	{40001, 40017, BY_PREFIX},
	{60001, 60001, "integer"},
	{60002, 60002, "text"},
	{700002, 700002, "text"},
	{700003, 700003, "integer"},
	{800000, 800000, "bigint[]"},
	{850000, 850000, BY_PREFIX},
	{900001, 900054, BY_PREFIX},
};

static const char *
type_by_prefix(const char *attr, const char *number)
{
	if (strncmp(attr, "text_", 5) == 0)
		return "text";
	if (strncmp(attr, "num_", 4) == 0)
		return number;
	if (strncmp(attr, "date_", 5) == 0)
		return "timestamptz";
	return "jsonb";
}

/* Without hours it is a day; whatever else is written there is a moment. */
static bool
shows_days(const char *date_type)
{
	return date_type[0] == 'y' && strpbrk(date_type, "Hhms") == NULL;
}

const char *
form_field_type(const FormField *field)
{
	const char *type = BY_PREFIX;

	if (field->attr[0] == '\0')
		return NULL;
	for (int i = 0; i < (int) lengthof(field_types); i++)
		if (field->field_type >= field_types[i].first && field->field_type <= field_types[i].last)
			type = field_types[i].type;

	if (strcmp(type, NOTHING) == 0)
		return NULL;
	if (strcmp(type, BY_DATE_TYPE) == 0)
		return shows_days(field->date_type) ? "date" : "timestamptz";
	if (strcmp(type, BY_DIGITS) == 0)
		return field->integer_only && field->accuracy == 0 ? "bigint" : "numeric";
	if (strcmp(type, BY_PREFIX) == 0)
		return type_by_prefix(field->attr, "numeric");
	if (strcmp(type, BY_PREFIX_WHOLE) == 0)
		return type_by_prefix(field->attr, "integer");
	return type;
}

char *
form_options_json(const FormField *field)
{
	StringInfoData json;

	if (field->noptions < 0)
		return NULL;
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < field->noptions; i++)
	{
		appendStringInfoString(&json, i > 0 ? ",{\"value\":" : "{\"value\":");
		escape_json(&json, field->options[i].value);
		appendStringInfoString(&json, ",\"text\":");
		escape_json(&json, field->options[i].text);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}
