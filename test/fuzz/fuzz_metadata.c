/*-------------------------------------------------------------------------
 *
 * fuzz_metadata.c
 *	  An integration platform's documents: whatever they hold, statements come of it, or
 *	  rows that say why not.
 *
 * An input is two lines, the JSON of a source and of a target; where the first is none,
 * each line is the value of a field, of a target and of a source.  Asserted are: nothing
 * raises; each statement is one to the server's own parser, of a kind that we make, and
 * calls no function but those that we write; all leaves of the documents are below the
 * paths, and none twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/json.h"
#include "metadata/metadata.h"
#include "metadata/part.h"
#include "fuzz.h"

#define MOST_LINES 64

typedef struct Documents
{
	JsonTree   *source;
	JsonTree   *target;
} Documents;

static const char *const called[] = {
	"abs", "btrim", "ceil", "char_length", "create_push", "create_sync", "date_part", "date_trunc", "extract", "floor", "gen_random_uuid",
	"json_agg", "json_array_elements", "json_build_array", "json_build_object", "json_each", "json_object_agg", "json_strip_nulls",
	"jsonb_each", "jsonb_agg", "regexp_replace", "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_build_array", "jsonb_build_object",
	"jsonb_strip_nulls", "jsonb_typeof", "left", "lower", "make_interval", "md5", "now", "octet_length", "replace", "right", "round",
	"schedule", "string_agg", "string_to_array", "strpos", "substr", "timezone", "to_char", "to_jsonb", "to_timestamp", "upper", NULL
};

static bool
check_calls(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
	{
		const char *name = strVal(llast(castNode(FuncCall, node)->funcname));
		int			i = 0;

		while (called[i] && strcmp(called[i], name) != 0)
			i++;
		if (called[i] == NULL)
			fuzz_broken(psprintf("calls %s", name));
	}
	return raw_expression_tree_walker(node, check_calls, context);
}

/* What says which answers mean yes is a jsonpath. */
static void
check_paths(List *options)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "ok") == 0)
			(void) DirectFunctionCall1(jsonpath_in, CStringGetDatum(strVal(option->arg)));
	}
}

static void
check_statement(void *arg)
{
	List	   *statements = raw_parser(arg, RAW_PARSE_DEFAULT);
	Node	   *statement;

	if (list_length(statements) != 1)
		fuzz_broken("more or less than one statement");
	statement = linitial_node(RawStmt, statements)->stmt;
	switch (nodeTag(statement))
	{
		case T_ViewStmt:
			check_calls(castNode(ViewStmt, statement)->query, NULL);
			break;
		case T_SelectStmt:
			check_calls(statement, NULL);
			break;
		case T_CreateFunctionStmt:
			check_calls(castNode(ReturnStmt, castNode(CreateFunctionStmt, statement)->sql_body)->returnval, NULL);
			break;
		case T_CreateForeignTableStmt:
			check_paths(castNode(CreateForeignTableStmt, statement)->options);
			break;
		case T_CreateStmt:
		case T_CreateForeignServerStmt:
		case T_CreateUserMappingStmt:
			break;
		default:
			fuzz_broken("a statement of another kind");
	}
}

static int
count_leaves(const JsonTree *tree, int depth)
{
	int			count = 0;

	if (tree == NULL)
		return 0;
	if (tree->nmembers == 0 || depth >= PART_DEPTH)
		return 1;
	for (int i = 0; i < tree->nmembers; i++)
		count += count_leaves(&tree->members[i], depth + 1);
	return count;
}

/* The member that a path's next step names; *at goes on behind it. */
static const JsonTree *
step(const JsonTree *tree, const char **at)
{
	const char *begin = *at;

	if (*begin == '[')
	{
		int			index = atoi(begin + 1);

		*at = strchr(begin, ']') + 1;
		return tree->type == JSON_TREE_ARRAY && index < tree->nmembers ? &tree->members[index] : NULL;
	}
	for (int i = 0; i < tree->nmembers; i++)
	{
		StringInfoData name;
		const char *c = tree->members[i].name;

		if (c == NULL)
			return NULL;
		initStringInfo(&name);
		for (; *c; c++)
		{
			if (*c == '"' || *c == '\\')
				appendStringInfoChar(&name, '\\');
			if ((unsigned char) *c < 0x20 || *c == ',')
				appendStringInfo(&name, "\\u%04x", *c);
			else
				appendStringInfoChar(&name, *c);
		}
		if (begin[1] == '"' && strncmp(begin + 2, name.data, name.len) == 0 && begin[2 + name.len] == '"')
		{
			*at = begin + name.len + 3;
			return &tree->members[i];
		}
		if (begin[1] != '"' && strncmp(begin + 1, name.data, name.len) == 0 && strchr(".[,", begin[1 + name.len]))
		{
			*at = begin + name.len + 1;
			return &tree->members[i];
		}
	}
	return NULL;
}

/* Leaves below the paths of a row. */
static int
count_covered(const Documents *documents, const char *path)
{
	int			count = 0;

	while (path && *path)
	{
		bool		source = strncmp(path, "$.source", 8) == 0;
		const JsonTree *tree = source ? documents->source : documents->target;
		int			depth = 0;

		path += 8;
		while (*path && *path != ',')
		{
			tree = step(tree, &path);
			depth++;
			if (tree == NULL)
				fuzz_broken("a path leads nowhere");
		}
		count += count_leaves(tree, depth);
		path += *path == ',' ? 2 : 0;
	}
	return count;
}

static bool
list_of(const char *path, MetadataList *list)
{
	list->object = strcmp(path, "/pro/v2/api/product/list") == 0 ? "product" : NULL;
	list->needs_form_id = strstr(path, "customer") != NULL;
	return strstr(path, "list") != NULL;
}

static void
read_documents(void *arg)
{
	const Documents *documents = arg;
	int			covered = 0;
	int			nrows;
	MetadataRow *rows = metadata_rows(documents->source, documents->target, list_of, &nrows);

	for (int i = 0; i < nrows; i++)
	{
		ErrorData  *error = rows[i].sql ? fuzz_try(check_statement, unconstify(char *, rows[i].sql)) : NULL;

		if (error && error->sqlerrcode != ERRCODE_STATEMENT_TOO_COMPLEX)
			fuzz_broken(psprintf("%s: %s", error->message, rows[i].sql));
		if (rows[i].remark && !pg_verify_mbstr(PG_UTF8, rows[i].remark, strlen(rows[i].remark), true))
			fuzz_broken("a remark is not UTF-8");
		covered += count_covered(documents, rows[i].path);
	}
	if (covered != count_leaves(documents->source, 0) + count_leaves(documents->target, 0))
		fuzz_broken("a leaf is in no path, or in two");
}

static JsonTree
string_tree(char *name, char *text)
{
	return (JsonTree) {.type = JSON_TREE_STRING, .name = name, .text = text};
}

/* A document whose request has a field for each line. */
static JsonTree *
of_values(char *text, char *effect)
{
	JsonTree   *document = palloc0(sizeof(JsonTree));
	JsonTree   *fields = palloc0(MOST_LINES * sizeof(JsonTree));
	int			nfields = 0;
	char	   *line;

	while ((line = strsep(&text, "\n")) != NULL && nfields < MOST_LINES)
	{
		JsonTree   *field = &fields[nfields];

		field->type = JSON_TREE_OBJECT;
		field->nmembers = 2;
		field->members = palloc0(2 * sizeof(JsonTree));
		field->members[0] = string_tree("field", psprintf("f%d", nfields++));
		field->members[1] = string_tree("value", line);
	}
	document->type = JSON_TREE_OBJECT;
	document->nmembers = 3;
	document->members = palloc0(3 * sizeof(JsonTree));
	document->members[0] = string_tree("api", "/a/b");
	document->members[1] = string_tree("effect", effect);
	document->members[2] = (JsonTree) {.type = JSON_TREE_ARRAY, .name = "request", .nmembers = nfields, .members = fields};
	return document;
}

static void
run(const char *input, size_t size)
{
	char	   *text = fuzz_utf8(input, size);
	char	   *behind = strchr(text, '\n');
	char	   *problem;
	Documents	documents = {NULL, NULL};
	ErrorData  *error;

	if (behind)
		documents.target = json_tree(behind + 1, strlen(behind + 1), JSON_TREE_ANY, &problem);
	documents.source = json_tree(text, behind ? behind - text : strlen(text), JSON_TREE_ANY, &problem);
	if (documents.source == NULL && documents.target == NULL)
	{
		documents.source = of_values(pstrdup(text), "QUERY");
		documents.target = of_values(text, "EXECUTE");
	}
	error = fuzz_try(read_documents, &documents);
	if (error != NULL)
		fuzz_broken(error->message);
}

const FuzzTarget fuzz_metadata = {"metadata", NULL, run};
