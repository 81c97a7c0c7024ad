/*-------------------------------------------------------------------------
 *
 * target_value.c
 *	  How the values of options are read that only targets have.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"

#include "base/attr_names.h"
#include "base/json.h"
#include "base/jsonpath.h"
#include "option/option_data.h"

/* Choices, in the order of their enums. */
static const char *const body_words[] = {"json", "form", NULL};
static const char *const auth_words[] = {"none", "basic", "bearer", "header", "query", NULL};
static const char *const repeat_words[] = {"never", "key", "upsert", "refuse", "probe", NULL};
static const char *const null_words[] = {"omit", "null", NULL};
static const char *const verdict_words[] = {"", "status", "message", "id", NULL};
static const char *const time_words[] = {"text", "epoch", "epoch_ms", NULL};

/* What a request has by its nature, or by its body. */
static const char *const reserved_headers[] = {
	"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Accept-Encoding", NULL
};

/* Its number among the words; false if it is none of them. */
static bool
read_choice(const char *const *words, const char *text, OptionValue *value)
{
	for (int i = 0; words[i]; i++)
	{
		if (words[i][0] != '\0' && strcmp(words[i], text) == 0)
		{
			value->number = i;
			value->boolean = i > 0;
			return true;
		}
	}
	return false;
}

/* Names between dots. */
static bool
read_key(const char *text, const char **result)
{
	size_t		length = strlen(text);

	if (length == 0 || text[0] == '.' || text[length - 1] == '.' ||
		strstr(text, "..") != NULL || option_has_control(text) ||
		strchr(text, '*') != NULL || text[0] == '#' || text[0] == '$')
		return false;
	*result = option_utf8(text);
	return true;
}

/* A misspelt word is no pattern: that has a part of a date or time. */
static bool
read_time(const char *text, OptionValue *value)
{
	static const char *const parts[] = {"YY", "MM", "DD", "HH", "MI", "SS"};

	if (read_choice(time_words, text, value))
		return true;
	value->number = TARGET_TIME_PATTERN;
	value->text = text;
	for (int i = 0; i < (int) lengthof(parts); i++)
		if (strstr(text, parts[i]))
			return !option_has_control(text);
	return false;
}

/* The tree of a JSON text; NULL, and perhaps *detail, if it is none. */
static JsonTree *
read_tree(const char *text, const char **result, char **detail)
{
	JsonTree   *tree;

	*result = option_utf8(text);
	tree = json_tree(*result, strlen(*result), JSON_TREE_ANY, detail);
	if (tree == NULL && *detail)
		*detail = pg_any_to_server(*detail, strlen(*detail), PG_UTF8);
	return tree;
}

/* Has the tree a string that a record, or a part of one, is put into? */
static bool
takes_record(const JsonTree *tree)
{
	if (tree->type == JSON_TREE_STRING)
		return strncmp(tree->text, "$record", strlen("$record")) == 0 || strcmp(tree->text, "$rest") == 0 ||
			strstr(tree->text, "{{record.") != NULL;
	for (int i = 0; i < tree->nmembers; i++)
		if (takes_record(&tree->members[i]))
			return true;
	return false;
}

static bool
read_envelope(const char *text, const char **result, char **detail)
{
	JsonTree   *tree = read_tree(text, result, detail);

	if (tree == NULL)
		return false;
	if (takes_record(tree))
		return true;
	*detail = pstrdup("It has no place for a record.");
	return false;
}

/* The name of a header: RFC 9110's token. */
static bool
is_header(const char *name)
{
	if (name[0] == '\0')
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char) *c) && !strchr("!#$%&'*+-.^_`|~", *c))
			return false;
	for (int i = 0; reserved_headers[i]; i++)
		if (pg_strcasecmp(name, reserved_headers[i]) == 0)
			return false;
	return true;
}

static bool
read_templates(const char *text, bool headers, const char **result, char **detail)
{
	JsonTree   *tree = read_tree(text, result, detail);

	if (tree == NULL || tree->type != JSON_TREE_OBJECT)
		return false;
	for (int i = 0; i < tree->nmembers; i++)
	{
		const JsonTree *member = &tree->members[i];

		if (member->type != JSON_TREE_STRING || option_has_control(member->text))
			*detail = psprintf("The value of \"%s\" is no text, or has control characters.",
							   pg_any_to_server(member->name, strlen(member->name), PG_UTF8));
		else if (headers && !is_header(member->name))
			*detail = psprintf("\"%s\" is no header that can be set.",
							   pg_any_to_server(member->name, strlen(member->name), PG_UTF8));
		else
			continue;
		return false;
	}
	return true;
}

static bool
read_objects(const char *text, bool array, const char **result, char **detail)
{
	JsonTree   *tree = read_tree(text, result, detail);

	if (tree == NULL || tree->type == JSON_TREE_OBJECT)
		return tree != NULL;
	if (!array || tree->type != JSON_TREE_ARRAY)
		return false;
	for (int i = 0; i < tree->nmembers; i++)
		if (tree->members[i].type != JSON_TREE_OBJECT)
			return false;
	return true;
}

/* The detail is what jsonpath_in() says. */
static bool
read_jsonpath(const char *text, char **detail)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool good = true;

	PG_TRY();
	{
		(void) jsonpath_read(text);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
			ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		*detail = psprintf("The jsonpath has an error: %s.", error->message);
		good = false;
	}
	PG_END_TRY();
	return good;
}

/* Letters, digits, what a path has beside, and {{templates}}. */
static bool
is_path(const char *text)
{
	if (text[0] != '/')
		return false;
	for (const char *c = text; *c; c++)
	{
		if (*c == '/' && option_is_dots(c + 1))
			return false;
		if (strncmp(c, "{{", 2) == 0)
		{
			const char *end = c + 2 + strspn(c + 2, "abcdefghijklmnopqrstuvwxyz0123456789_|");

			if (end == c + 2 || strncmp(end, "}}", 2) != 0)
				return false;
			c = end + 1;
		}
		else if (!isalnum((unsigned char) *c) && !strchr("/-._~%:@!$&'()*+,;=", *c))
			return false;
	}
	return true;
}

/* Scheme and host as option_read_url() reads them, the rest as it is. */
static bool
read_whole_url(const char *text, const char **result)
{
	size_t		length = strcspn(text, "?");
	char	   *place = pnstrdup(text, length);
	const char *read;
	bool		good = option_read_url(place, &read);

	for (const char *c = text + length; good && *c; c++)
		good = isalnum((unsigned char) *c) || strchr("?/-._~%:@!$&'()*+,;=", *c);
	if (good)
		*result = psprintf("%s%s", read, text + strlen(read));
	explicit_bzero(place, length);
	return good;
}

bool
target_value(OptionType type, const char *text, OptionValue *value, char **detail)
{
	switch (type)
	{
		case OPTION_MEMBER:
			value->text = text;
			return strcmp(text, ATTR_RECORD) == 0 || read_key(text, &value->text);
		case OPTION_KEY:
			return read_key(text, &value->text);
		case OPTION_TEMPLATE:
			return read_envelope(text, &value->text, detail);
		case OPTION_TEMPLATES:
		case OPTION_HEADERS:
			return read_templates(text, type == OPTION_HEADERS, &value->text, detail);
		case OPTION_RECIPE:
		case OPTION_CALL:
			return read_objects(text, type == OPTION_RECIPE, &value->text, detail);
		case OPTION_JSONPATH:
			value->text = text;
			return read_jsonpath(text, detail);
		case OPTION_BODY:
			return read_choice(body_words, text, value);
		case OPTION_AUTH:
			return read_choice(auth_words, text, value);
		case OPTION_REPEAT:
			return read_choice(repeat_words, text, value);
		case OPTION_NULL:
			return read_choice(null_words, text, value);
		case OPTION_VERDICT:
			return read_choice(verdict_words, text, value);
		case OPTION_TIME:
			return read_time(text, value);
		case OPTION_TARGET_PATH:
			value->text = text;
			return is_path(text);
		case OPTION_WHOLE_URL:
			return read_whole_url(text, &value->text);
		default:
			return false;
	}
}
