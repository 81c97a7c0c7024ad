/*-------------------------------------------------------------------------
 *
 * option_value.c
 *	  How each type of value is read; those of targets alone: target_value.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/attr_names.h"
#include "base/compat.h"
#include "base/json.h"
#include "option/option_data.h"

/* Members of a request that its builder owns. */
static const char *const reserved_params[] = {
	"corpid", "userId", "page", "pageSize", "conditions", NULL
};

/* By OptionType: its name in xbb.options(), and what to type. */
static const struct
{
	const char *name;
	const char *hint;			/* of an option without a range */
}			types[] = {
	[OPTION_BOOLEAN] = {"boolean", "Valid values are true and false."},
	[OPTION_INTEGER] = {"integer", NULL},
	[OPTION_COUNT] = {"integer", NULL},
	[OPTION_NUMBER] = {"number", NULL},
	[OPTION_RATE] = {"number", NULL},
	[OPTION_SHARE] = {"number", NULL},
	[OPTION_DURATION] = {"duration", NULL},
	[OPTION_SIZE] = {"size", NULL},
	[OPTION_TEXT] = {"text", "It must not be empty, nor begin or end with white space, nor hold control characters."},
	[OPTION_LABEL] = {"text", "It must not begin or end with white space, nor hold control characters."},
	[OPTION_DIGITS] = {"digits", "Valid values are numbers of 1 to 18 digits, such as 5300127."},
	[OPTION_URL] = {"url", "Write https://host, if need be followed by a port and the beginning of a path."},
	[OPTION_FILE] = {"file", "Write an absolute path."},
	[OPTION_TIME_ZONE] = {"time zone", "View pg_timezone_names lists the valid names."},
	[OPTION_JSON_OBJECT] = {"json object", "Write a JSON object, such as {\"isPublic\": 0}."},
	[OPTION_JSON_ARRAY] = {"json array",
	"Write a JSON array of objects, such as [{\"attr\": \"num_3\", \"symbol\": \"equal\", \"value\": [0]}]."},
	[OPTION_OBJECT] = {"object", "Other endpoints are reached by option \"api\"."},
	[OPTION_PATH] = {"path", "Write the path of a read endpoint, such as /pro/v2/api/product/list: it ends in list or List."},
	[OPTION_ATTR] = {"attr", "Write the API's name of the field, members of objects behind dots, * for the whole record, or #error for what did not fit."},
	[OPTION_CONSTANT] = {"text", "It must not be empty, which would be NULL, nor hold control characters."},
	[OPTION_SHOW] = {"choice", "Valid values are value and label."},
	[OPTION_ON_ERROR] = {"choice", "Valid values are error and set_null."},
	[OPTION_MEMBER] = {"attr", "Write the name of a member, members of objects behind dots, or * for the whole record."},
	[OPTION_KEY] = {"attr", "Write the name of a member, members of objects behind dots."},
	[OPTION_TEMPLATE] = {"json", "Write JSON with \"$record\", or with \"$records\" for a batch, such as {\"data\": \"$records\"}."},
	[OPTION_TEMPLATES] = {"json object", "Write a JSON object of texts, such as {\"version\": \"2\"}."},
	[OPTION_HEADERS] = {"json object", "Write a JSON object of texts by the headers' names, such as {\"X-App\": \"{{app_id}}\"}."},
	[OPTION_RECIPE] = {"json", "Write a JSON object, or an array of objects: each a recipe."},
	[OPTION_CALL] = {"json object", "Write a JSON object that describes the call."},
	[OPTION_JSONPATH] = {"jsonpath", "Write a jsonpath of PostgreSQL, such as $.code == 0."},
	[OPTION_BODY] = {"choice", "Valid values are json and form."},
	[OPTION_AUTH] = {"choice", "Valid values are none, basic, bearer, header and query."},
	[OPTION_REPEAT] = {"choice", "Valid values are never, key, upsert, refuse and probe."},
	[OPTION_NULL] = {"choice", "Valid values are omit and null."},
	[OPTION_VERDICT] = {"choice", "Valid values are status, message and id."},
	[OPTION_TIME] = {"text", "Valid values are text, epoch, epoch_ms, or a pattern of to_char such as YYYY-MM-DD\"T\"HH24:MI:SS."},
	[OPTION_TARGET_PATH] = {"path", "Write a path that begins with a slash, such as /api/execute; what follows a question mark belongs to option \"query\"."},
	[OPTION_WHOLE_URL] = {"url", "Write the whole URL, https://host/path, perhaps with a query."},
};

/* A whole number, digits only. */
static bool
read_integer(const char *text, double *number)
{
	size_t		length = strlen(text);

	if (length == 0 || length > 18 || strspn(text, "0123456789") != length)
		return false;
	*number = (double) strtoll(text, NULL, 10);
	return true;
}

static bool
read_number(const char *text, double *number)
{
	return parse_real(text, number, 0, NULL);
}

/* One would have to guess what a bare number means: only 0 needs no unit. */
static bool
read_quantity(const char *text, int unit, double *number)
{
	size_t		length = strlen(text);
	int			n;

	if (length == 0 || (!isalpha((unsigned char) text[length - 1]) &&
						strcmp(text, "0") != 0))
		return false;
	if (!parse_int(text, &n, unit, NULL))
		return false;
	*number = n;
	return true;
}

static bool
read_scalar(OptionType type, const char *text, double *number)
{
	switch (type)
	{
		case OPTION_INTEGER:
		case OPTION_COUNT:
		case OPTION_SHARE:
			return read_integer(text, number);
		case OPTION_DURATION:
			return read_quantity(text, GUC_UNIT_MS, number);
		case OPTION_SIZE:
			return read_quantity(text, GUC_UNIT_BYTE, number);
		case OPTION_RATE:
			/* a slot an hour is the slowest that is still a rate */
			return read_number(text, number) &&
				(*number == 0 || *number >= 1.0 / 3600);
		default:
			return read_number(text, number);
	}
}

static bool
read_ranged(const OptionEntry *entry, const char *text, double *number)
{
	double		min;
	double		max;

	return read_scalar(entry->type, entry->min, &min) &&
		read_scalar(entry->type, entry->max, &max) &&
		read_scalar(entry->type, text, number) &&
		*number >= min && *number <= max;
}

/* A whole number, or a percentage. */
static bool
read_share(const OptionEntry *entry, const char *text, OptionValue *value)
{
	size_t		length = strlen(text);

	value->boolean = length > 0 && text[length - 1] == '%';
	if (value->boolean)
		return read_integer(pnstrdup(text, length - 1), &value->number) && value->number <= 100;
	return read_ranged(entry, text, &value->number);
}

static bool
read_text(const char *text, const char **result)
{
	size_t		length = strlen(text);

	if (length == 0 || isspace((unsigned char) text[0]) ||
		isspace((unsigned char) text[length - 1]) || option_has_control(text))
		return false;
	*result = option_utf8(text);
	return true;
}

static bool
read_digits(const char *text, const char **result)
{
	double		number;

	if (!read_integer(text, &number) || number == 0)
		return false;
	*result = pstrdup(text);
	return true;
}

/* Names between dots; none begins with #. */
static bool
read_attr(const char *text, const char **result)
{
	size_t		length = strlen(text);

	if (length == 0 || text[0] == '.' || text[length - 1] == '.' ||
		strstr(text, "..") != NULL || option_has_control(text) ||
		(strchr(text, '*') != NULL && strcmp(text, ATTR_RECORD) != 0) ||
		(text[0] == '#' && strcmp(text, ATTR_ERROR) != 0))
		return false;
	*result = pstrdup(text);
	return true;
}

static bool
read_time_zone(const char *text, pg_tz **zone)
{
	static const char *const with_digits[] = {"GMT0", "GMT+0", "GMT-0", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"};
	const char *name;

	*zone = pg_tzset(text);
	/* timestamps do not count leap seconds */
	if (*zone == NULL || !pg_tz_acceptable(*zone))
		return false;

	/*
	 * Offsets written out may be of days.  They have digits, and become their names in
	 * capitals; so are few files' names.
	 */
	name = pg_get_timezone_name(*zone);
	for (int i = 0; i < (int) lengthof(with_digits); i++)
		if (strcmp(name, with_digits[i]) == 0)
			return true;
	return strpbrk(name, "abcdefghijklmnopqrstuvwxyz") != NULL || strpbrk(name, "0123456789") == NULL;
}

/* Keeps the bytes: what was checked is what is sent. */
static bool
read_json(OptionType type, const char *text, const char **result, char **detail)
{
	*result = option_utf8(text);
	*detail = type == OPTION_JSON_OBJECT ?
		json_check_object(*result, reserved_params) : json_check_array(*result);
	if (*detail)
		*detail = pg_any_to_server(*detail, strlen(*detail), PG_UTF8);
	return *detail == NULL;
}

/* May set *detail if it returns false. */
static bool
read_value(const OptionEntry *entry, const char *text, OptionValue *value,
		   char **detail)
{
	switch (entry->type)
	{
		case OPTION_BOOLEAN:
			return parse_bool(text, &value->boolean);
		case OPTION_INTEGER:
		case OPTION_COUNT:
		case OPTION_NUMBER:
		case OPTION_RATE:
		case OPTION_DURATION:
		case OPTION_SIZE:
			return read_ranged(entry, text, &value->number);
		case OPTION_SHARE:
			return read_share(entry, text, value);
		case OPTION_TEXT:
			return read_text(text, &value->text);
		case OPTION_LABEL:
			return text[0] == '\0' || read_text(text, &value->text);
		case OPTION_DIGITS:
			return read_digits(text, &value->text);
		case OPTION_URL:
			return option_read_url(text, &value->text);
		case OPTION_FILE:
			value->text = pstrdup(text);
			return is_absolute_path(text) && !option_has_control(text);
		case OPTION_TIME_ZONE:
			return read_time_zone(text, &value->zone);
		case OPTION_JSON_OBJECT:
		case OPTION_JSON_ARRAY:
			return read_json(entry->type, text, &value->text, detail);
		case OPTION_OBJECT:
			value->object = option_object_by_name(text);
			return value->object != NULL;
		case OPTION_PATH:
			if (!option_path_is_list(text))
				return false;
			value->object = option_object_by_path(text);
			return true;
		case OPTION_ATTR:
			return read_attr(text, &value->text);
		case OPTION_CONSTANT:
			value->text = text;
			return text[0] != '\0' && !option_has_control(text);
		case OPTION_SHOW:
			value->boolean = strcmp(text, "label") == 0;
			return value->boolean || strcmp(text, "value") == 0;
		case OPTION_ON_ERROR:
			value->boolean = strcmp(text, "set_null") == 0;
			return value->boolean || strcmp(text, "error") == 0;
		default:
			return target_value(entry->type, text, value, detail);
	}
}

/* What to type instead. */
static char *
value_hint(const OptionEntry *entry, const char *text)
{
	const char *nearest;

	switch (entry->type)
	{
		case OPTION_RATE:
			return psprintf("Valid values are %s (no limit) and 1 an hour to %s a second.",
							entry->min, entry->max);
		case OPTION_SHARE:
			return psprintf("Valid values are %s to %s, or 0%% to 100%%.", entry->min, entry->max);
		case OPTION_DURATION:
			return psprintf("Valid values are %s to %s, written with a unit (ms, s, min, h).",
							entry->min, entry->max);
		case OPTION_SIZE:
			return psprintf("Valid values are %s to %s, written with a unit (B, kB, MB).",
							entry->min, entry->max);
		case OPTION_OBJECT:
			nearest = option_object_nearest(text);
			if (nearest)
				return psprintf("Perhaps you meant the object \"%s\".", nearest);
			break;
		default:
			break;
	}
	if (entry->min)
		return psprintf("Valid values are %s to %s.", entry->min, entry->max);
	return pstrdup(types[entry->type].hint);
}

void
option_value(const OptionEntry *entry, const char *text, OptionValue *value)
{
	char	   *detail = NULL;
	bool		hidden;

	if (read_value(entry, text, value, &detail))
		return;

	/* a URL may hold a password by mistake */
	hidden = (entry->flags & OPTION_SECRET) ||
		(entry->type == OPTION_URL && strchr(text, '@'));
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 hidden ?
			 errmsg("invalid value for option \"%s\"", entry->name) :
			 errmsg("invalid value for option \"%s\": \"%s\"", entry->name, text),
			 detail ? errdetail_internal("%s", detail) : 0,
			 errhint("%s", value_hint(entry, text))));
}

const OptionEntry *
option_find(const OptionSet *set, const char *name)
{
	for (int i = 0; i < set->nentries; i++)
	{
		if (strcmp(set->entries[i].name, name) == 0)
			return &set->entries[i];
	}
	return NULL;
}

void
option_lower_limit(const char *text, int64 *limit)
{
	OptionValue value = {0};

	if (text == NULL)
		return;
	option_value(option_find(&option_set, "request_limit"), text, &value);
	if (value.number > 0 && (*limit == 0 || value.number < *limit))
		*limit = (int64) value.number;
}

const char *
option_type_name(OptionType type)
{
	return types[type].name;
}
