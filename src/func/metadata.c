/*-------------------------------------------------------------------------
 *
 * metadata.c
 *	  xbb.from_metadata(source, target, strict).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "func/metadata.h"
#include "metadata/metadata.h"
#include "option/option.h"

#define ROW_COLUMNS 5

PG_FUNCTION_INFO_V1(xbb_fdw_from_metadata);

static void read_container(JsonbContainer *container, JsonTree *tree, int depth);

/* As the module has it: UTF-8. */
static char *
utf8_text(const char *text, int length)
{
	char	   *copy = pnstrdup(text, length);

	return pg_server_to_any(copy, length, PG_UTF8);
}

static void
read_value(const JsonbValue *value, JsonTree *tree, int depth)
{
	switch (value->type)
	{
		case jbvNull:
			tree->type = JSON_TREE_NULL;
			break;
		case jbvBool:
			tree->type = value->val.boolean ? JSON_TREE_TRUE : JSON_TREE_FALSE;
			break;
		case jbvNumeric:
			tree->type = JSON_TREE_NUMBER;
			tree->text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			break;
		case jbvString:
			tree->type = JSON_TREE_STRING;
			tree->text = utf8_text(value->val.string.val, value->val.string.len);
			break;
		default:
			read_container(value->val.binary.data, tree, depth + 1);
	}
}

/* jsonb as a tree, numbers digit for digit; as deep as anybody looks. */
static void
read_container(JsonbContainer *container, JsonTree *tree, int depth)
{
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbValue	value;
	JsonbIteratorToken token = JsonbIteratorNext(&it, &value, true);
	char	   *name = NULL;
	int			count = JsonContainerSize(container);

	if (JsonContainerIsScalar(container))
	{
		(void) JsonbIteratorNext(&it, &value, true);
		read_value(&value, tree, depth);
		return;
	}
	tree->type = token == WJB_BEGIN_ARRAY ? JSON_TREE_ARRAY : JSON_TREE_OBJECT;
	if (depth > METADATA_DEPTH)
		return;
	tree->members = palloc0(Max(count, 1) * sizeof(JsonTree));
	while ((token = JsonbIteratorNext(&it, &value, true)) == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM)
	{
		if (token == WJB_KEY)
			name = utf8_text(value.val.string.val, value.val.string.len);
		else
		{
			tree->members[tree->nmembers].name = name;
			read_value(&value, &tree->members[tree->nmembers++], depth);
		}
	}
}

static JsonTree *
document(FunctionCallInfo fcinfo, int argument)
{
	JsonTree   *tree;

	if (PG_ARGISNULL(argument))
		return NULL;
	tree = palloc0(sizeof(JsonTree));
	read_container(&PG_GETARG_JSONB_P(argument)->root, tree, 0);
	return tree;
}

static Datum
text_datum(const char *text)
{
	return CStringGetTextDatum(pg_any_to_server(text, strlen(text), PG_UTF8));
}

static bool
list_of(const char *path, MetadataList *list)
{
	size_t		length = strlen(path);
	const OptionObject *object;

	if (length < 4 || pg_strcasecmp(path + length - 4, "list") != 0)
		return false;
	object = option_object_by_path(path);
	list->object = strcmp(object->name, object->path) == 0 ? NULL : object->name;
	list->needs_form_id = object->needs_form_id;
	return object->has_times;
}

static void
refuse_unknown(const MetadataRow *row)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("the metadata cannot be translated whole: %s", TextDatumGetCString(text_datum(row->remark))),
			 row->path ? errdetail("At %s.", TextDatumGetCString(text_datum(row->path))) : 0,
			 errhint("Without strict it is a row of kind unknown.")));
}

Datum
xbb_fdw_from_metadata(PG_FUNCTION_ARGS)
{
	static const char *const kinds[] = {
		[METADATA_SERVER] = "server", [METADATA_TABLE] = "table", [METADATA_SYNC] = "sync", [METADATA_PUSH] = "push",
		[METADATA_SCHEDULE] = "schedule", [METADATA_UNKNOWN] = "unknown", [METADATA_NOTE] = "note"
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		strict = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	int			nrows;
	MetadataRow *rows = metadata_rows(document(fcinfo, 0), document(fcinfo, 1), list_of, &nrows);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < nrows; i++)
	{
		const char *texts[] = {rows[i].path, rows[i].sql, rows[i].remark};
		Datum		values[ROW_COLUMNS];
		bool		nulls[ROW_COLUMNS] = {false};

		if (strict && rows[i].kind == METADATA_UNKNOWN)
			refuse_unknown(&rows[i]);
		values[0] = Int32GetDatum(i + 1);
		values[1] = CStringGetTextDatum(kinds[rows[i].kind]);
		for (int j = 0; j < (int) lengthof(texts); j++)
		{
			nulls[j + 2] = texts[j] == NULL;
			values[j + 2] = texts[j] ? text_datum(texts[j]) : (Datum) 0;
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
