/*-------------------------------------------------------------------------
 *
 * fuzz_option.c
 *	  Whatever is typed as an option: a sound value, or an error with a hint.
 *
 * The first line of an input names place and encoding: one of s(erver), m(apping),
 * t(able), c(olumn), w(rapper), in capitals of a target's; then one of U(TF-8), L(atin1),
 * A(SCII, SQL's).  Each further line is an option, name=value.  Asserted of what the validator
 * takes: ranges hold; libcurl finds the same host in a URL as we do; the texts
 * are UTF-8; JSON can be sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/json.h"
#include "option/option_data.h"
#include "record/attr.h"
#include "fuzz.h"

extern Datum xbb_fdw_validator(PG_FUNCTION_ARGS);
extern Datum xbb_target_validator(PG_FUNCTION_ARGS);

typedef struct Input
{
	const OptionSet *set;
	Oid			catalog;
	Datum		options;		/* text[] */
} Input;

static Oid
read_catalog(char letter)
{
	switch (pg_ascii_tolower((unsigned char) letter))
	{
		case 's':
			return ForeignServerRelationId;
		case 'm':
			return UserMappingRelationId;
		case 't':
			return ForeignTableRelationId;
		case 'c':
			return AttributeRelationId;
		default:
			return ForeignDataWrapperRelationId;
	}
}

static pg_enc
read_encoding(char letter)
{
	return letter == 'A' ? PG_SQL_ASCII : letter == 'L' ? PG_LATIN1 : PG_UTF8;
}

/* The lines that are options and valid in the database's encoding. */
static Datum
read_lines(char *text)
{
	ArrayBuildState *array = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	char	   *line;

	while ((line = strsep(&text, "\n")) != NULL)
	{
		if (*line != '=' && strchr(line, '=') &&
			pg_verify_mbstr(GetDatabaseEncoding(), line, strlen(line), true))
			accumArrayResult(array, CStringGetTextDatum(line), false, TEXTOID,
							 CurrentMemoryContext);
	}
	return makeArrayResult(array, CurrentMemoryContext);
}

static void
check_utf8(const char *text)
{
	if (!pg_verify_mbstr(PG_UTF8, text, strlen(text), true))
		fuzz_broken("a value is not UTF-8");
}

/* Part of a URL as libcurl reads it, which is who will go there; or NULL. */
static char *
curl_part(const char *url, CURLUPart part)
{
	CURLU	   *handle = curl_url();
	char	   *found = NULL;
	char	   *copy;

	if (curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK)
		(void) curl_url_get(handle, part, &found, CURLU_DEFAULT_PORT);
	copy = found ? pstrdup(found) : NULL;
	curl_free(found);
	curl_url_cleanup(handle);
	return copy;
}

static void
check_url(const char *base)
{
	char	   *url = psprintf("%s/pro/v2/api/product/list", base);
	const char *start = strstr(url, "://") + 3;
	char	   *host = curl_part(url, CURLUPART_HOST);
	char	   *path = curl_part(url, CURLUPART_PATH);
	bool		is_api = option_url_is_api(base);

	if (base[strlen(base) - 1] == '/' || strpbrk(base, "@?# \t\r\n\\"))
		fuzz_broken("a URL that nothing can be put behind");
	if (host == NULL)
	{
		if (is_api)
			fuzz_broken("libcurl does not know the API's host");
		return;
	}
	/* libcurl writes numeric addresses in its own way */
	if (pg_strncasecmp(start, host, strlen(host)) != 0 &&
		strspn(host, "0123456789abcdef.:[]") != strlen(host))
		fuzz_broken("libcurl goes to another host");
	if (strcmp(path, start + strcspn(start, "/")) != 0)
		fuzz_broken("libcurl asks for another path");
	if (is_api && ((strcmp(host, "proapi.xbongbong.com") != 0 &&
					strcmp(host, "appapi.xbongbong.com") != 0) ||
				   strcmp(curl_part(url, CURLUPART_SCHEME), "https") != 0 ||
				   strcmp(curl_part(url, CURLUPART_PORT), "443") != 0))
		fuzz_broken("taken for the API's host");
}

/* A whole URL: libcurl goes to that host, and asks for that. */
static void
check_whole_url(const char *url)
{
	const char *start = strstr(url, "://") + 3;
	const char *path = start + strcspn(start, "/?");
	char	   *host = curl_part(url, CURLUPART_HOST);
	char	   *query = curl_part(url, CURLUPART_QUERY);

	if (strpbrk(url, "@# \t\r\n\\") && strpbrk(url, "@# \t\r\n\\") < path)
		fuzz_broken("a URL with a user, or worse");
	if (host == NULL)
		return;
	if (pg_strncasecmp(start, host, strlen(host)) != 0 &&
		strspn(host, "0123456789abcdef.:[]") != strlen(host))
		fuzz_broken("libcurl goes to another host");
	if (strchr(path, '?') && strcmp(query ? query : "", strchr(path, '?') + 1) != 0)
		fuzz_broken("libcurl asks something else");
	if (option_url_is_within(url, "https://proapi.xbongbong.com") && strcmp(host, "proapi.xbongbong.com") != 0)
		fuzz_broken("taken for a URL within");
}

static void
check_number(const OptionEntry *entry, double number)
{
	if (entry->min != NULL && !(number >= 0 && number <= 1e18))
		fuzz_broken("a number is out of any range");
	if ((entry->type == OPTION_INTEGER || entry->type == OPTION_DURATION) &&
		number != (int) number)
		fuzz_broken("an integer is not whole");
}

/* A percentage ends as one does, and is of a whole; else it is a count. */
static void
check_share(const OptionEntry *entry, const char *text, const OptionValue *value)
{
	if (value->boolean != (strchr(text, '%') != NULL))
		fuzz_broken("a percentage is taken for a count, or a count for one");
	if (value->boolean && !(value->number >= 0 && value->number <= 100))
		fuzz_broken("a percentage is out of any range");
	if (value->number != (int64) value->number)
		fuzz_broken("a share is not whole");
	check_number(entry, value->number);
}

static void
check_attr(const char *text)
{
	Attr	   *root = attr_root();

	(void) attr_want(root, text);
	(void) attr_finish(root);
}

/* An option that was accepted. */
static void
check_value(const OptionEntry *entry, const char *text)
{
	OptionValue value = {0};

	option_value(entry, text, &value);
	switch (entry->type)
	{
		case OPTION_INTEGER:
		case OPTION_COUNT:
		case OPTION_NUMBER:
		case OPTION_RATE:
		case OPTION_DURATION:
		case OPTION_SIZE:
			check_number(entry, value.number);
			break;
		case OPTION_SHARE:
			check_share(entry, text, &value);
			break;
		case OPTION_URL:
			check_url(value.text);
			break;
		case OPTION_WHOLE_URL:
			check_whole_url(value.text);
			break;
		case OPTION_MEMBER:
		case OPTION_KEY:
		case OPTION_TEMPLATE:
		case OPTION_TEMPLATES:
		case OPTION_HEADERS:
		case OPTION_RECIPE:
		case OPTION_CALL:
			check_utf8(value.text);
			break;
		case OPTION_JSON_OBJECT:
			check_utf8(value.text);
			(void) fuzz_jsonb(psprintf("{%s}", json_body_members("c", NULL, NULL,
																 value.text)));
			break;
		case OPTION_JSON_ARRAY:
			check_utf8(value.text);
			(void) fuzz_jsonb(psprintf("[%s]", json_elements(value.text)));
			break;
		case OPTION_TEXT:
			check_utf8(value.text);
			(void) json_body_members(value.text, value.text, NULL, NULL);
			break;
		case OPTION_DIGITS:
			(void) json_body_members("c", NULL, value.text, NULL);
			break;
		case OPTION_OBJECT:
		case OPTION_PATH:
			if (value.object->path[0] != '/' || value.object->list_key == NULL)
				fuzz_broken("an object without an endpoint");
			break;
		case OPTION_ATTR:
			check_attr(value.text);
			break;
		case OPTION_CONSTANT:
			if (text[0] == '\0' || value.text != text)
				fuzz_broken("a constant is empty or not what was given");
			break;
		case OPTION_TIME_ZONE:
			if (value.zone == NULL)
				fuzz_broken("a time zone is missing");
			break;
		default:
			break;
	}
}

static void
validate(void *arg)
{
	Input	   *input = arg;

	DirectFunctionCall2(input->set == &option_set ? xbb_fdw_validator : xbb_target_validator,
						input->options, ObjectIdGetDatum(input->catalog));
}

static void
use(void *arg)
{
	Input	   *input = arg;
	ListCell   *lc;

	foreach(lc, untransformRelOptions(input->options))
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		const OptionEntry *entry = option_find(input->set, def->defname);

		if (entry)
			check_value(entry, defGetString(def));
	}
}

static void
check_options(char *text)
{
	Input		input = {
		isupper((unsigned char) text[0]) ? &target_option_set : &option_set,
		read_catalog(text[0]), read_lines(text)
	};
	ErrorData  *error = fuzz_try(validate, &input);

	if (error == NULL)
	{
		error = fuzz_try(use, &input);
		if (error != NULL)
			fuzz_broken(error->message);
	}
	else if (error->hint == NULL &&
			 error->sqlerrcode != ERRCODE_CHARACTER_NOT_IN_REPERTOIRE)
		fuzz_broken(error->message);
}

static void
run(const char *input, size_t size)
{
	char	   *text = pnstrdup(input, Min(size, FUZZ_MAX_PARSED));

	if (strlen(text) < 2)
		return;
	SetDatabaseEncoding(read_encoding(text[1]));
	check_options(text);
	SetDatabaseEncoding(PG_UTF8);
}

const FuzzTarget fuzz_option = {"option", NULL, run};
