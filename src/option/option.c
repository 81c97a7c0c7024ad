/*-------------------------------------------------------------------------
 *
 * option.c
 *	  The options as data, and how each type of value is read.
 *
 * To add an option: an entry here, a field in option.h, a line in the table of
 * doc/reference.md.
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
#include "base/limits.h"
#include "option/option_data.h"

#define OF_SERVER(field) offsetof(ServerOptions, field)
#define OF_TABLE(field) offsetof(TableOptions, field)
#define OF_MAPPING(field) offsetof(MappingOptions, field)

#define MOST_PAGE_RECORDS CppAsString2(API_PAGE_RECORDS)

/* Name, places, type; default, least and greatest value, flags; field; words. */
const OptionEntry option_entries[] = {
	{"corpid", OPTION_SERVER, OPTION_TEXT,
		NULL, NULL, NULL, 0, OF_SERVER(corpid),
	"the company's id; required"},
	{"base_url", OPTION_SERVER, OPTION_URL,
		NULL, NULL, NULL, OPTION_SUPERUSER, OF_SERVER(base_url),
	"where the API is; by default one of its two hosts, by corpid; any other only by a superuser"},
	{"ca_file", OPTION_SERVER, OPTION_FILE,
		NULL, NULL, NULL, OPTION_SUPERUSER, OF_SERVER(ca_file),
	"certificate authorities to trust instead of the system's, in a PEM file on the database server"},

	{"page_size", OPTION_SERVER | OPTION_TABLE, OPTION_INTEGER,
		MOST_PAGE_RECORDS, "1", MOST_PAGE_RECORDS, 0, OF_SERVER(page_size),
	"records a request"},
	{"concurrency", OPTION_SERVER | OPTION_TABLE, OPTION_INTEGER,
		"8", "1", "64", 0, OF_SERVER(concurrency),
	"requests of one scan in flight"},
	{"rate_limit", OPTION_SERVER, OPTION_RATE,
		"16", "0", "1000", 0, OF_SERVER(rate_limit),
	"requests a second for the whole cluster; 0 = no limit"},
	{"daily_quota", OPTION_SERVER, OPTION_COUNT,
		"100000", "0", "1000000000", 0, OF_SERVER(daily_quota),
	"requests a day for the whole cluster; 0 = no limit"},
	{"quota_reserve", OPTION_SERVER, OPTION_SHARE,
		"20%", "0", "1000000000", 0, OF_SERVER(quota_reserve),
	"how many of them, or what percentage, only incremental syncs may use"},

	{"request_limit", OPTION_SERVER | OPTION_TABLE | OPTION_MAPPING, OPTION_COUNT,
		NULL, "0", "1000000000", 0, -1,
	"requests that one statement may send, the least of server, table, user mapping and setting; 0 = no limit"},

	{"connect_timeout", OPTION_SERVER, OPTION_DURATION,
		"10s", "1ms", "1h", 0, OF_SERVER(connect_timeout),
	"for resolving, connecting and TLS"},
	{"request_timeout", OPTION_SERVER, OPTION_DURATION,
		"60s", "1ms", "1h", 0, OF_SERVER(request_timeout),
	"for one request, from start to last byte"},
	{"max_retries", OPTION_SERVER, OPTION_INTEGER,
		"5", "0", "20", 0, OF_SERVER(max_retries),
	"how often one request is tried again after a transient fault"},
	{"max_response_size", OPTION_SERVER, OPTION_SIZE,
		"64MB", "1kB", "1023MB", 0, OF_SERVER(max_response_size),
	"the longest answer accepted, after decompression"},

	{"snapshot", OPTION_SERVER | OPTION_TABLE, OPTION_BOOLEAN,
		"true", NULL, NULL, 0, OF_SERVER(snapshot),
	"prove that a scan is complete, however the list changes meanwhile"},
	{"settle_time", OPTION_SERVER | OPTION_TABLE, OPTION_DURATION,
		"5s", "0", "1h", 0, OF_SERVER(settle_time),
	"after how long a change is visible in the API's lists"},
	{"time_zone", OPTION_SERVER, OPTION_TIME_ZONE,
		"Asia/Shanghai", NULL, NULL, 0, OF_SERVER(time_zone),
	"for date, timestamp, times written as text and the quota's midnight"},

	{"busy_words", OPTION_SERVER, OPTION_TEXT,
		NULL, NULL, NULL, 0, OF_SERVER(busy_words),
	"more words of the API that mean \"later\", separated by commas"},

	{"use_remote_estimate", OPTION_SERVER | OPTION_TABLE, OPTION_BOOLEAN,
		"false", NULL, NULL, 0, OF_SERVER(use_remote_estimate),
	"ask the API for the number of records while planning"},
	{"fdw_startup_cost", OPTION_SERVER, OPTION_NUMBER,
		"100", "0", "10000000000", 0, OF_SERVER(fdw_startup_cost),
	"planner: what starting a scan costs; a request is about 100"},
	{"fdw_tuple_cost", OPTION_SERVER, OPTION_NUMBER,
		"1", "0", "10000000000", 0, OF_SERVER(fdw_tuple_cost),
	"planner: what a record costs, its share of a request"},

	{"token", OPTION_MAPPING, OPTION_TEXT,
		NULL, NULL, NULL, OPTION_SECRET, OF_MAPPING(token),
	"the secret that requests are signed with; required"},
	{"user_id", OPTION_MAPPING, OPTION_TEXT,
		NULL, NULL, NULL, 0, OF_MAPPING(user_id),
	"the CRM user who asks"},

	{"object", OPTION_TABLE, OPTION_OBJECT,
		NULL, NULL, NULL, 0, OF_TABLE(object),
	"the kind of records: product, customer, ...; this or api is required"},
	{"api", OPTION_TABLE, OPTION_PATH,
		NULL, NULL, NULL, 0, OF_TABLE(object),
	"the path of a read endpoint, such as /pro/v2/api/product/list"},
	{"list_key", OPTION_TABLE, OPTION_TEXT,
		NULL, NULL, NULL, 0, OF_TABLE(list_key),
	"the member of the answer's result that holds the records, where it is not the usual one"},
	{"id_key", OPTION_TABLE, OPTION_TEXT,
		NULL, NULL, NULL, 0, OF_TABLE(id_key),
	"the member of a record that is its identity, where it is not the usual one"},
	{"form_id", OPTION_TABLE, OPTION_DIGITS,
		NULL, NULL, NULL, 0, OF_TABLE(form_id),
	"the form whose records are read; some objects require it"},
	{"params", OPTION_TABLE, OPTION_JSON_OBJECT,
		NULL, NULL, NULL, 0, OF_TABLE(params),
	"a JSON object merged into every request"},
	{"conditions", OPTION_TABLE, OPTION_JSON_ARRAY,
		NULL, NULL, NULL, 0, OF_TABLE(conditions),
	"a JSON array of conditions that are always sent"},
	{"on_error", OPTION_TABLE, OPTION_ON_ERROR,
		"error", NULL, NULL, 0, OF_TABLE(null_on_error),
	"what becomes of a value that does not fit its column: an error, or null and told in column #error"},

	{"attr", OPTION_COLUMN, OPTION_ATTR,
		NULL, NULL, NULL, 0, -1,
	"the API's name of the field; a.b walks into objects, * is the whole record, #error what did not fit"},
	{"label", OPTION_TABLE | OPTION_COLUMN, OPTION_LABEL,
		NULL, NULL, NULL, 0, -1,
	"the form's or field's name in the CRM, when it was imported"},
	{"options", OPTION_COLUMN, OPTION_JSON_ARRAY,
		NULL, NULL, NULL, 0, -1,
	"what could be picked in the field when it was imported: objects with value and text"},
	{"show", OPTION_COLUMN, OPTION_SHOW,
		"value", NULL, NULL, 0, -1,
	"what is shown of options, users and departments: the value that the API gives, or the label that people see"},
	{"detail", OPTION_COLUMN, OPTION_BOOLEAN,
		"false", NULL, NULL, 0, -1,
	"read from the record's details, a request a record, where a query reads the column"},
	{"constant", OPTION_COLUMN, OPTION_CONSTANT,
		NULL, NULL, NULL, 0, -1,
	"the column's value in every row, instead of a field: the key of partitions by company"},
};

const int	option_nentries = lengthof(option_entries);

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
};

static char *
to_utf8(const char *text)
{
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

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

/* They would end a header that a text is put into, and upset whoever reads a log. */
static bool
has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static bool
read_text(const char *text, const char **result)
{
	size_t		length = strlen(text);

	if (length == 0 || isspace((unsigned char) text[0]) ||
		isspace((unsigned char) text[length - 1]) || has_control(text))
		return false;
	*result = to_utf8(text);
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
		strstr(text, "..") != NULL || has_control(text) ||
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
	*result = to_utf8(text);
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
			return is_absolute_path(text) && !has_control(text);
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
			return text[0] != '\0' && !has_control(text);
		case OPTION_SHOW:
			value->boolean = strcmp(text, "label") == 0;
			return value->boolean || strcmp(text, "value") == 0;
		case OPTION_ON_ERROR:
			value->boolean = strcmp(text, "set_null") == 0;
			return value->boolean || strcmp(text, "error") == 0;
	}
	return false;
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

void
option_lower_limit(const char *text, int64 *limit)
{
	OptionValue value = {0};

	if (text == NULL)
		return;
	for (int i = 0; i < option_nentries; i++)
		if (strcmp(option_entries[i].name, "request_limit") == 0)
			option_value(&option_entries[i], text, &value);
	if (value.number > 0 && (*limit == 0 || value.number < *limit))
		*limit = (int64) value.number;
}

const char *
option_type_name(OptionType type)
{
	return types[type].name;
}
