/*-------------------------------------------------------------------------
 *
 * option_check.c
 *	  What the user meets of the option data: the validators and xbb.options().
 *
 * The server hands a validator all options that an object will have, old and
 * new, without saying which are new.  So a server that carries an option of
 * superusers can be altered by superusers only, like a postgres_fdw mapping
 * with password_required 'false'.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/json.h"
#include "option/nearest.h"
#include "option/option_data.h"

static const struct
{
	OptionPlace place;
	Oid			catalog;
	const char *name;
	const char *statement;		/* that sets the option %s there */
}			places[] = {
	{OPTION_SERVER, ForeignServerRelationId, "server",
	"ALTER SERVER server OPTIONS (ADD %s '...')"},
	{OPTION_MAPPING, UserMappingRelationId, "user mapping",
	"CREATE USER MAPPING FOR role SERVER server OPTIONS (%s '...')"},
	{OPTION_TABLE, ForeignTableRelationId, "table",
	"ALTER FOREIGN TABLE name OPTIONS (ADD %s '...')"},
	{OPTION_COLUMN, AttributeRelationId, "column",
	"ALTER FOREIGN TABLE name ALTER COLUMN name OPTIONS (ADD %s '...')"},
};

extern PGDLLEXPORT Datum xbb_fdw_validator(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum xbb_target_validator(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum xbb_fdw_options(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(xbb_fdw_validator);
PG_FUNCTION_INFO_V1(xbb_target_validator);
PG_FUNCTION_INFO_V1(xbb_fdw_options);

/* No place for a wrapper's own options: there are none. */
static int
place_of_catalog(Oid catalog)
{
	for (int i = 0; i < (int) lengthof(places); i++)
	{
		if (places[i].catalog == catalog)
			return places[i].place;
	}
	return 0;
}

/* Where an option that is valid elsewhere belongs. */
static char *
place_hint(const OptionEntry *entry)
{
	int			i = 0;
	char	   *statement;

	while (!(entry->places & places[i].place))
		i++;
	statement = psprintf(places[i].statement, entry->name);
	return psprintf("The option \"%s\" belongs to a %s: %s",
					entry->name, places[i].name, statement);
}

static char *
nearest_hint(const OptionSet *set, const char *name, int place)
{
	NearestName nearest = {.source = name};
	bool		any = false;

	for (int i = 0; i < set->nentries; i++)
	{
		if (set->entries[i].places & place)
		{
			nearest_offer(&nearest, set->entries[i].name);
			any = true;
		}
	}
	if (nearest.name)
		return psprintf("Perhaps you meant the option \"%s\".", nearest.name);
	if (any)
		return pstrdup("SELECT * FROM xbb.options() lists all options.");
	return pstrdup("The foreign-data wrapper itself has no options; its servers have.");
}

static void
check_superuser(const OptionSet *set, const OptionEntry *entry, const OptionValue *value)
{
	if (!(entry->flags & OPTION_SUPERUSER) || superuser())
		return;
	if (entry->type != OPTION_URL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set option \"%s\"", entry->name),
				 errdetail("Only superusers may set it, or alter a server that has it.")));
	if (set == &target_option_set)
	{
		if (strncmp(value->text, "https:", 6) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to set option \"%s\" to a URL that is not https", entry->name),
					 errdetail("Only superusers may set it so, or alter a server that has it.")));
	}
	else if (!option_url_is_api(value->text))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set option \"%s\" to another host than the API's",
						entry->name),
				 errdetail("Only superusers may set it so, or alter a server that has it.")));
}

static void
check_table(List *options)
{
	static const char *const form_id[] = {"formId", NULL};
	const char *params = option_given(options, "params");

	if (option_given(options, "object") && option_given(options, "api"))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("options \"object\" and \"api\" exclude each other"),
				 errhint("Each of them names an endpoint; drop one.")));

	if (params && option_given(options, "form_id") &&
		json_check_object(pg_server_to_any(params, strlen(params), PG_UTF8),
						  form_id) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"params\" must not hold \"formId\" beside option \"form_id\""),
				 errhint("Drop one of them.")));
}

static void
check_column(List *options)
{
	if (option_given(options, "attr") && option_given(options, "constant"))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("options \"attr\" and \"constant\" exclude each other"),
				 errhint("A column is read from a field or is the same in every row; drop one.")));
}

static void
check_target_column(List *options)
{
	ListCell   *lc;

	if (option_given(options, "verdict") == NULL)
		return;
	foreach(lc, options)
	{
		const char *name = lfirst_node(DefElem, lc)->defname;

		if (strcmp(name, "verdict") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("options \"verdict\" and \"%s\" exclude each other", name),
					 errhint("A column is sent or shows the verdict; drop one.")));
	}
}

/* Checks the options of an object of the given catalog, each for itself. */
static List *
check_options(const OptionSet *set, Datum array, Oid catalog)
{
	List	   *options = untransformRelOptions(array);
	int			place = place_of_catalog(catalog);
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const OptionEntry *entry = option_find(set, def->defname);
		OptionValue value = {0};

		if (entry == NULL || !(entry->places & place))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\"", def->defname),
					 errhint("%s", entry ? place_hint(entry) :
							 nearest_hint(set, def->defname, place))));
		option_value(entry, defGetString(def), &value);
		check_superuser(set, entry, &value);
	}
	return options;
}

/* Checks the options (text[]) of an object of the given catalog (oid). */
Datum
xbb_fdw_validator(PG_FUNCTION_ARGS)
{
	List	   *options = check_options(&option_set, PG_GETARG_DATUM(0), PG_GETARG_OID(1));
	int			place = place_of_catalog(PG_GETARG_OID(1));

	if (place == OPTION_TABLE)
		check_table(options);
	if (place == OPTION_COLUMN)
		check_column(options);
	PG_RETURN_VOID();
}

/* The same for the wrapper xbb_target. */
Datum
xbb_target_validator(PG_FUNCTION_ARGS)
{
	List	   *options = check_options(&target_option_set, PG_GETARG_DATUM(0), PG_GETARG_OID(1));

	if (place_of_catalog(PG_GETARG_OID(1)) == OPTION_COLUMN)
		check_target_column(options);
	PG_RETURN_VOID();
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
put_options(ReturnSetInfo *result, const OptionSet *set)
{
	for (int i = 0; i < set->nentries; i++)
	{
		const OptionEntry *entry = &set->entries[i];

		for (int j = 0; j < (int) lengthof(places); j++)
		{
			Datum		values[10];
			bool		nulls[10] = {0};

			if (!(entry->places & places[j].place))
				continue;
			values[0] = CStringGetTextDatum(set->wrapper);
			values[1] = CStringGetTextDatum(entry->name);
			values[2] = CStringGetTextDatum(places[j].name);
			values[3] = CStringGetTextDatum(option_type_name(entry->type));
			/* what a server has, too, is by default what the server says */
			values[4] = text_or_null((places[j].place & (OPTION_TABLE | OPTION_COLUMN)) &&
									 (entry->places & OPTION_SERVER) ?
									 NULL : entry->default_value, &nulls[4]);
			values[5] = text_or_null(entry->min, &nulls[5]);
			values[6] = text_or_null(entry->max, &nulls[6]);
			values[7] = BoolGetDatum((entry->flags & OPTION_SECRET) != 0);
			values[8] = BoolGetDatum((entry->flags & OPTION_SUPERUSER) != 0);
			values[9] = CStringGetTextDatum(entry->description);
			tuplestore_putvalues(result->setResult, result->setDesc,
								 values, nulls);
		}
	}
}

/*
 * xbb.options(): a row for each option of each wrapper and place it may stand in, with
 * wrapper, name, place, type, default, min, max, secret, superuser and description.
 */
Datum
xbb_fdw_options(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	put_options(result, &option_set);
	put_options(result, &target_option_set);
	return (Datum) 0;
}
