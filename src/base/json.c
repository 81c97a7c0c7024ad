/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Small JSON documents, by jansson.
 *
 * The only file that includes jansson.h.  jansson's memory is malloc's: it is
 * released in the frame that asked for it, and whatever may raise an error
 * meanwhile is under PG_TRY.
 *
 * The server's executable exports a function json_object, and inside a backend
 * that one is found before jansson's: its declaration is renamed here, so that
 * a call cannot be written by accident.  Objects are made by json_pack().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <float.h>
#include <math.h>

#define json_object jansson_json_object
#include <jansson.h>
#undef json_object

#include "base/json.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

/*
 * jansson keeps a real as a double.  Seventeen digits would send 19.99 as
 * 19.989999999999998; fifteen send every real as it was written, if it has no
 * more digits than that.  Longer ones are refused when the option is set.
 */
#define REAL_DIGITS 15
#define WRITE_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS))

/* A copy in palloc's memory; "text" is freed, NULL means out of memory. */
static char *
take_text(char *text)
{
	char	   *copy = NULL;

	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));

	PG_TRY();
	{
		copy = pstrdup(text);
	}
	PG_FINALLY();
	{
		free(text);
	}
	PG_END_TRY();

	return copy;
}

/* The same for an array or object, without its brackets. */
static char *
take_inside(char *text)
{
	char	   *copy = take_text(text);

	copy[strlen(copy) - 1] = '\0';
	return copy + 1;
}

/*
 * What jansson found wrong.  Its quotation of the text is left out: it may end
 * within a character.
 */
static char *
describe_error(json_error_t *error)
{
	char	   *near = strstr(error->text, " near ");

	if (near != NULL)
		*near = '\0';
	return psprintf("invalid JSON at line %d, column %d: %s",
					error->line, error->column, error->text);
}

/* Why a real would not be sent as it was written, or NULL. */
static const char *
inexact_real(const char *number, size_t length)
{
	const char *first = NULL;	/* significant digit */
	const char *last = NULL;
	const char *point = NULL;
	int			digits;

	for (const char *c = number; c < number + length && *c != 'e' && *c != 'E'; c++)
	{
		if (*c == '.')
			point = c;
		else if (*c >= '1' && *c <= '9')
		{
			first = first ? first : c;
			last = c;
		}
	}
	if (first == NULL)
		return NULL;

	digits = last - first + 1;
	if (point > first && point < last)
		digits--;
	if (digits > REAL_DIGITS)
		return "a number has more than " CppAsString2(REAL_DIGITS) " digits";
	if (fabs(strtod(number, NULL)) < DBL_MIN)
		return "a number is too near to 0";
	return NULL;
}

/* The same for a document that is known to be valid. */
static const char *
find_inexact_real(const char *text)
{
	while (*text)
	{
		if (*text == '"')
		{
			for (text++; *text != '"'; text++)
				text += *text == '\\';
			text++;
		}
		else if (*text == '-' || isdigit((unsigned char) *text))
		{
			size_t		length = strspn(text, "-+.0123456789eE");
			const char *problem = NULL;

			if (strcspn(text, ".eE") < length)
				problem = inexact_real(text, length);
			if (problem)
				return problem;
			text += length;
		}
		else
			text++;
	}
	return NULL;
}

/* What json_check_object() says of a document that could be read. */
static const char *
find_reserved(const json_t *object, const char *const *reserved)
{
	if (reserved == NULL)
		return NULL;
	for (; *reserved != NULL; reserved++)
	{
		if (json_object_get(object, *reserved) != NULL)
			return *reserved;
	}
	return NULL;
}

static bool
holds_objects(const json_t *array)
{
	size_t		index;
	json_t	   *element;

	json_array_foreach(array, index, element)
	{
		if (!json_is_object(element))
			return false;
	}
	return json_is_array(array);
}

/* Loads what the caller has checked before; an error if it is wrong after all. */
static json_t *
load_checked(const char *text)
{
	json_error_t error;
	json_t	   *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg_internal("%s", describe_error(&error))));
	return value;
}

char *
json_check_object(const char *text, const char *const *reserved)
{
	json_error_t error;
	json_t	   *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	bool		is_object = json_is_object(root);
	const char *name = find_reserved(root, reserved);
	const char *problem;

	if (root == NULL)
		return describe_error(&error);
	json_decref(root);

	if (!is_object)
		return pstrdup("it is not a JSON object");
	if (name != NULL)
		return psprintf("member \"%s\" is reserved", name);
	problem = find_inexact_real(text);
	return problem ? pstrdup(problem) : NULL;
}

char *
json_check_array(const char *text)
{
	json_error_t error;
	json_t	   *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	bool		holds = holds_objects(root);
	const char *problem;

	if (root == NULL)
		return describe_error(&error);
	json_decref(root);

	if (!holds)
		return pstrdup("it is not a JSON array of objects");
	problem = find_inexact_real(text);
	return problem ? pstrdup(problem) : NULL;
}

char *
json_quote(const char *text)
{
	json_t	   *value;
	char	   *quoted;

	/* Raises the server's own error, which json_string() would keep. */
	(void) pg_verify_mbstr(PG_UTF8, text, strlen(text), false);

	value = json_string(text);
	quoted = json_dumps(value, JSON_ENCODE_ANY | WRITE_FLAGS);
	json_decref(value);

	return take_text(quoted);
}

char *
json_elements(const char *text)
{
	json_t	   *root = load_checked(text);
	char	   *elements = json_dumps(root, WRITE_FLAGS);

	json_decref(root);
	return take_inside(elements);
}

char *
json_body_members(const char *corpid, const char *user_id,
				  const char *form_id, const char *params)
{
	json_t	   *members = NULL;
	json_t	   *root;
	char	   *body = NULL;
	int64		form = 0;
	int			failed = 0;

	if (form_id != NULL)
	{
		errno = 0;
		form = strtoll(form_id, NULL, 10);
		if (errno != 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("form id %s is out of range", form_id)));
	}
	(void) pg_verify_mbstr(PG_UTF8, corpid, strlen(corpid), false);
	if (user_id != NULL)
		(void) pg_verify_mbstr(PG_UTF8, user_id, strlen(user_id), false);
	if (params != NULL)
		members = load_checked(params);

	/* Nothing below raises an error before all of jansson's is released. */
	root = json_pack("{s:s}", "corpid", corpid);
	if (user_id != NULL)
		failed |= json_object_set_new(root, "userId", json_string(user_id));
	if (form_id != NULL)
		failed |= json_object_set_new(root, "formId", json_integer(form));
	if (members != NULL)
		failed |= json_object_update_missing(root, members);
	if (failed == 0)
		body = json_dumps(root, WRITE_FLAGS);
	json_decref(members);
	json_decref(root);

	return take_inside(body);
}

/* ---- whole documents ---- */

static void
copy_tree(json_t *value, JsonTree *tree)
{
	static const JsonTreeType types[] = {
		[JSON_OBJECT] = JSON_TREE_OBJECT, [JSON_ARRAY] = JSON_TREE_ARRAY,
		[JSON_STRING] = JSON_TREE_STRING, [JSON_INTEGER] = JSON_TREE_NUMBER,
		[JSON_REAL] = JSON_TREE_NUMBER, [JSON_TRUE] = JSON_TREE_TRUE,
		[JSON_FALSE] = JSON_TREE_FALSE, [JSON_NULL] = JSON_TREE_NULL,
	};
	const char *name;
	json_t	   *member;
	size_t		index;

	check_stack_depth();
	tree->type = types[json_typeof(value)];
	switch (json_typeof(value))
	{
		case JSON_OBJECT:
			tree->members = palloc0(Max(json_object_size(value), 1) * sizeof(JsonTree));
			json_object_foreach(value, name, member)
			{
				tree->members[tree->nmembers].name = pstrdup(name);
				copy_tree(member, &tree->members[tree->nmembers++]);
			}
			break;
		case JSON_ARRAY:
			tree->members = palloc0(Max(json_array_size(value), 1) * sizeof(JsonTree));
			json_array_foreach(value, index, member)
				copy_tree(member, &tree->members[tree->nmembers++]);
			break;
		case JSON_STRING:
			tree->text = pstrdup(json_string_value(value));
			break;
		case JSON_INTEGER:
			tree->text = psprintf("%lld", (long long) json_integer_value(value));
			break;
		case JSON_REAL:
			tree->text = psprintf("%.*g", REAL_DIGITS, json_real_value(value));
			break;
		default:
			break;
	}
}

/*
 * What a value takes: jansson's, of some 250 bytes if it is an empty object, and our copy of it, with its name;
 * and what a byte of a text takes: what jansson reads a string into doubles as it grows,
 * and beside it stands the string.
 */
#define VALUE_BYTES 300
#define BYTE_BYTES 4

/* At most so many values, or a few more. */
static size_t
count_values(const char *text, size_t length)
{
	size_t		n = 1;

	for (size_t i = 0; i < length; i++)
		n += text[i] == ',' || text[i] == '{' || text[i] == '[';
	return n;
}

bool
json_tree_fits(const char *text, size_t length, size_t most)
{
	size_t		values;

	if (length > JSON_TREE_BYTES)
		return false;
	values = count_values(text, length);
	return values <= JSON_TREE_VALUES && values * VALUE_BYTES + length * BYTE_BYTES <= most;
}

JsonTree *
json_tree(const char *text, size_t length, size_t most, char **problem)
{
	json_error_t error;
	json_t	   *root;
	JsonTree   *volatile tree = NULL;

	if (!json_tree_fits(text, length, most))
	{
		*problem = pstrdup("it is too large");
		return NULL;
	}
	root = json_loadb(text, length, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
	if (root == NULL)
	{
		*problem = describe_error(&error);
		return NULL;
	}
	PG_TRY();
	{
		tree = palloc0(sizeof(JsonTree));
		copy_tree(root, tree);
	}
	PG_FINALLY();
	{
		json_decref(root);
	}
	PG_END_TRY();
	return tree;
}

const JsonTree *
json_tree_member(const JsonTree *tree, const char *name)
{
	if (tree == NULL || tree->type != JSON_TREE_OBJECT)
		return NULL;
	for (int i = 0; i < tree->nmembers; i++)
	{
		if (strcmp(tree->members[i].name, name) == 0)
			return &tree->members[i];
	}
	return NULL;
}

const char *
json_tree_text(const JsonTree *tree)
{
	return tree ? tree->text : NULL;
}

bool
json_tree_integer(const JsonTree *tree, int64 *result)
{
	const char *text = json_tree_text(tree);
	char	   *end;
	long long	value;

	if (text == NULL || text[0] == '\0' || isspace((unsigned char) text[0]))
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	*result = value;
	return true;
}

bool
json_tree_flag(const JsonTree *tree)
{
	int64		number;

	if (tree == NULL)
		return false;
	return tree->type == JSON_TREE_TRUE || (json_tree_integer(tree, &number) && number != 0);
}
