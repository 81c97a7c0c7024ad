/*-------------------------------------------------------------------------
 *
 * option.c
 *	  The options of the wrapper xbb_fdw as data.
 *
 * To add an option: an entry here, a field in option.h, a line in the table of
 * doc/reference.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/limits.h"
#include "option/option_data.h"

#define OF_SERVER(field) offsetof(ServerOptions, field)
#define OF_TABLE(field) offsetof(TableOptions, field)
#define OF_MAPPING(field) offsetof(MappingOptions, field)

#define MOST_PAGE_RECORDS CppAsString2(API_PAGE_RECORDS)

/* Name, places, type; default, least and greatest value, flags; field; words. */
static const OptionEntry entries[] = {
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

const OptionSet option_set = {
	.wrapper = "xbb_fdw",
	.handler = "xbb_fdw_handler",
	.validator = "xbb_fdw_validator",
	.entries = entries,
	.nentries = lengthof(entries),
};
