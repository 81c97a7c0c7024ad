/*-------------------------------------------------------------------------
 *
 * target_preset.c
 *	  The options of a preset, from its row of xbb.target_preset.
 *
 * The table is read as a catalogue is: past the caller's rights, path and policies,
 * and whatever the row says is read as if it had been typed.  Whoever may write the
 * table decides where others send, so a preset cannot say what only superusers may.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "option/nearest.h"
#include "option/option_data.h"

/* Columns of xbb.target_preset. */
#define PRESET_NAME 1
#define PRESET_OPTIONS 2
#define PRESET_BUILTIN 3

/* Is the option written as JSON?  Then a preset has it as JSON, not as a text. */
static bool
is_json(OptionType type)
{
	return type == OPTION_TEMPLATE || type == OPTION_TEMPLATES || type == OPTION_HEADERS ||
		type == OPTION_RECIPE || type == OPTION_CALL;
}

static char *
json_text(JsonbValue *value)
{
	Jsonb	   *jsonb = JsonbValueToJsonb(value);

	return JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
}

/* An option's value, as one would type it. */
static char *
option_text(const OptionEntry *entry, JsonbValue *value)
{
	if (value->type == jbvString && !is_json(entry->type))
		return pnstrdup(value->val.string.val, value->val.string.len);
	return json_text(value);
}

static const OptionEntry *
find_entry(const char *preset, const char *name)
{
	const OptionEntry *entry = option_find(&target_option_set, name);

	if (entry == NULL || !(entry->places & (OPTION_SERVER | OPTION_TABLE)) ||
		strcmp(name, "preset") == 0 || strcmp(name, "ca_file") == 0 || strcmp(name, "request_limit") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("preset \"%s\" has \"%s\", which is no option of a preset", preset, name),
				 errhint("A preset has the options of servers and tables, but preset, ca_file and request_limit.")));
	return entry;
}

static List *
read_options(const char *preset, Jsonb *options)
{
	List	   *result = NIL;
	JsonbIterator *iterator;
	JsonbValue	value;
	JsonbIteratorToken token;
	char	   *name = NULL;

	if (!JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("the options of preset \"%s\" are no JSON object", preset)));
	iterator = JsonbIteratorInit(&options->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		const OptionEntry *entry;
		OptionValue read = {0};
		char	   *text;

		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		if (token != WJB_VALUE)
			continue;
		entry = find_entry(preset, name);
		text = option_text(entry, &value);
		option_value(entry, text, &read);
		if (entry->type == OPTION_URL && strncmp(read.text, "https:", 6) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("the base_url of preset \"%s\" is not https", preset)));
		result = lappend(result, makeDefElem(name, (Node *) makeString(text), -1));
	}
	return result;
}

/*
 * The options of that name, or NULL; a user's row goes before the extension's.  Offers
 * the names that there are.
 */
static Jsonb *
find_row(const char *preset, NearestName *nearest)
{
	Oid			relid = get_relname_relid("target_preset", get_namespace_oid("xbb", false));
	Relation	presets = table_open(relid, AccessShareLock);
	SysScanDesc scan = systable_beginscan(presets, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	Jsonb	   *result = NULL;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		char	   *name = TextDatumGetCString(heap_getattr(tuple, PRESET_NAME, RelationGetDescr(presets), &isnull));
		Datum		options = heap_getattr(tuple, PRESET_OPTIONS, RelationGetDescr(presets), &isnull);
		bool		builtin = DatumGetBool(heap_getattr(tuple, PRESET_BUILTIN, RelationGetDescr(presets), &isnull));

		if (strcmp(name, preset) != 0)
			nearest_offer(nearest, name);
		else if (result == NULL || !builtin)
			result = DatumGetJsonbPCopy(options);
	}
	systable_endscan(scan);
	table_close(presets, AccessShareLock);
	return result;
}

static void
name_preset(void *arg)
{
	errcontext("preset \"%s\"", (const char *) arg);
}

List *
target_preset(const char *name)
{
	NearestName nearest = {.source = name};
	Jsonb	   *options = find_row(name, &nearest);
	ErrorContextCallback callback = {error_context_stack, name_preset, unconstify(char *, name)};
	List	   *result;

	if (options == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no preset \"%s\"", name),
				 nearest.name ?
				 errhint("Perhaps you meant the preset \"%s\".", nearest.name) :
				 errhint("TABLE xbb.target_preset; has the presets.")));
	error_context_stack = &callback;
	result = read_options(name, options);
	error_context_stack = callback.previous;
	return result;
}
