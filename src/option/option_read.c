/*-------------------------------------------------------------------------
 *
 * option_read.c
 *	  From the catalogs to typed structs; what is missing is asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/attr_names.h"
#include "base/compat.h"
#include "option/option_data.h"

/* Puts a value into its field, whose C type follows from the option's type. */
static void
store_value(const OptionEntry *entry, const OptionValue *value, char *base)
{
	void	   *field = base + entry->offset;

	switch (entry->type)
	{
		case OPTION_BOOLEAN:
		case OPTION_ON_ERROR:
		case OPTION_SHOW:
			*(bool *) field = value->boolean;
			break;
		case OPTION_INTEGER:
		case OPTION_DURATION:
		case OPTION_BODY:
		case OPTION_AUTH:
		case OPTION_REPEAT:
			*(int *) field = (int) value->number;
			break;
		case OPTION_COUNT:
		case OPTION_SIZE:
			*(int64 *) field = (int64) value->number;
			break;
		case OPTION_SHARE:
			/* a percentage is below 0, until what it is of is known */
			*(int64 *) field = (int64) (value->boolean ? -value->number : value->number);
			break;
		case OPTION_NUMBER:
		case OPTION_RATE:
			*(double *) field = value->number;
			break;
		case OPTION_TIME_ZONE:
			*(pg_tz **) field = value->zone;
			break;
		case OPTION_OBJECT:
		case OPTION_PATH:
			*(const OptionObject **) field = value->object;
			break;
		default:
			*(const char **) field = value->text;
			break;
	}
}

void
option_fill(const OptionSet *set, void *base, int places, List *options, bool defaults)
{
	for (int i = 0; i < set->nentries; i++)
	{
		const OptionEntry *entry = &set->entries[i];
		const char *text = option_given(options, entry->name);
		OptionValue value = {0};

		if (entry->places != places || entry->offset < 0)
			continue;
		if (text == NULL && defaults)
			text = entry->default_value;
		if (text == NULL)
			continue;
		option_value(entry, text, &value);
		store_value(entry, &value, base);
	}
}

/* Only a superuser can make a function of language C, whatever its name. */
static bool
is_ours(Oid function, const char *symbol)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		ours = false;
	Datum		source;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return false;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	ours = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId && !isnull &&
		strcmp(TextDatumGetCString(source), symbol) == 0;
	ReleaseSysCache(tuple);
	return ours;
}

/*
 * Servers of other wrappers may have options of the same names, which our validator
 * has not seen: a base_url that no superuser set, for one.
 */
bool
option_is_of_wrapper(const OptionSet *set, Oid serverid)
{
	ForeignDataWrapper *wrapper = GetForeignDataWrapper(GetForeignServer(serverid)->fdwid);

	return is_ours(wrapper->fdwhandler, set->handler) && is_ours(wrapper->fdwvalidator, set->validator);
}

void
option_check_wrapper(const OptionSet *set, Oid serverid)
{
	if (!option_is_of_wrapper(set, serverid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is of another foreign-data wrapper than %s",
						GetForeignServer(serverid)->servername, set->wrapper)));
}

static void
read_server(Oid serverid, ServerOptions *result)
{
	ForeignServer *server = GetForeignServer(serverid);

	option_check_wrapper(&option_set, serverid);
	result->serverid = serverid;
	result->name = server->servername;
	option_fill(&option_set, result, OPTION_SERVER, server->options, true);
	option_fill(&option_set, result, OPTION_SERVER | OPTION_TABLE, server->options, true);
	option_lower_limit(option_given(server->options, "request_limit"), &result->request_limit);
	if (result->quota_reserve < 0)
		result->quota_reserve = result->daily_quota * -result->quota_reserve / 100;

	if (result->corpid == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("server \"%s\" has no option \"corpid\"", result->name),
				 errhint("Type: ALTER SERVER %s OPTIONS (ADD corpid '...');",
						 quote_identifier(result->name))));
	if (result->base_url == NULL)
		result->base_url = pstrdup(option_url_by_corpid(result->corpid));
	result->allow_http = strncmp(result->base_url, "http:", 5) == 0;
}

char *
option_qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/* An underscore before a letter goes, and the letter becomes a capital. */
static char *
camel_case(const char *name)
{
	char	   *result = palloc(strlen(name) + 1);
	char	   *out = result;

	for (const char *in = name; *in; in++)
	{
		if (*in == '_' && in > name && in[1] >= 'a' && in[1] <= 'z')
			*out++ = pg_ascii_toupper((unsigned char) *++in);
		else
			*out++ = *in;
	}
	*out = '\0';
	return result;
}

const char *
option_given(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

ServerOptions *
option_server(Oid serverid)
{
	ServerOptions *result = palloc0(sizeof(ServerOptions));

	read_server(serverid, result);
	return result;
}

void
option_check_table(Oid relid)
{
	if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table",
						get_rel_name(relid) ? get_rel_name(relid) : psprintf("%u", relid))));
	option_check_wrapper(&option_set, GetForeignTable(relid)->serverid);
}

/* As it is, whether anything is missing or not. */
static TableOptions *
read_table(Oid relid)
{
	ForeignTable *table;
	TableOptions *result = palloc0(sizeof(TableOptions));

	option_check_table(relid);
	table = GetForeignTable(relid);
	result->relid = relid;
	read_server(table->serverid, &result->server);
	option_fill(&option_set, &result->server, OPTION_SERVER | OPTION_TABLE, table->options, false);
	option_fill(&option_set, result, OPTION_TABLE, table->options, true);
	option_lower_limit(option_given(table->options, "request_limit"), &result->server.request_limit);
	if (result->object)
		result->object = option_object_with_keys(result->object, result->list_key, result->id_key);
	return result;
}

const OptionObject *
option_lacks_form(Oid relid)
{
	const TableOptions *table = read_table(relid);

	return table->object && table->object->needs_form_id && !table->form_id ? table->object : NULL;
}

TableOptions *
option_table(Oid relid)
{
	TableOptions *result = read_table(relid);

	if (result->object == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("foreign table \"%s\" has neither option \"object\" nor \"api\"",
						get_rel_name(relid)),
				 errhint("Type: ALTER FOREIGN TABLE %s OPTIONS (ADD object 'product');",
						 option_qualified_name(relid))));
	if (result->object->needs_form_id && result->form_id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("foreign table \"%s\" has no option \"form_id\", which object \"%s\" requires",
						get_rel_name(relid), result->object->name),
				 errhint("Type: ALTER FOREIGN TABLE %s OPTIONS (ADD form_id '...');",
						 option_qualified_name(relid))));
	return result;
}

char *
option_attr(Oid relid, AttrNumber attnum)
{
	List	   *options = GetForeignColumnOptions(relid, attnum);
	const char *attr = option_given(options, "attr");

	return attr ? pstrdup(attr) : camel_case(get_attname(relid, attnum, false));
}

/*
 * A type that reads what another means, where that depends on the session: on its
 * lc_monetary, its search_path.  NULL for all others.
 */
static const char *
steady_type(Oid type)
{
	switch (type)
	{
		case MONEYOID:
			return "numeric";
		case MONEYARRAYOID:
			return "numeric[]";
		case REGCLASSOID:
		case REGCOLLATIONOID:
		case REGCONFIGOID:
		case REGDICTIONARYOID:
		case REGNAMESPACEOID:
		case REGOPEROID:
		case REGOPERATOROID:
		case REGPROCOID:
		case REGPROCEDUREOID:
		case REGROLEOID:
		case REGTYPEOID:
			return "text";
		default:
			return NULL;
	}
}

/*
 * What an attr of the API's own never is, by pg_type.typcategory; other attrs
 * are the company's, and may hold anything.  NULL if the type may fit.
 */
static const char *
fitting_type(const char *attr, Oid type)
{
	char		category;
	bool		preferred;

	if (steady_type(type) || attr == NULL)
		return steady_type(type);
	get_type_category_preferred(type, &category, &preferred);
	if (strcmp(attr, ATTR_RECORD) == 0 || strcmp(attr, ATTR_ERROR) == 0)
		return category == TYPCATEGORY_STRING || type == JSONOID || type == JSONBOID ?
			NULL : "jsonb";
	if (strcmp(attr, "dataId") == 0 || strcmp(attr, "formId") == 0)
		return strchr("BDGIT", category) ? "bigint" : NULL;
	if (strcmp(attr, "addTime") == 0 || strcmp(attr, "updateTime") == 0)
		return strchr("BEGIT", category) || type == UUIDOID ? "timestamptz" : NULL;
	return NULL;
}

char *
option_constant(Oid relid, AttrNumber attnum)
{
	const char *constant = option_given(GetForeignColumnOptions(relid, attnum), "constant");

	return constant ? pstrdup(constant) : NULL;
}

bool
option_shows_label(Oid relid, AttrNumber attnum)
{
	const char *show = option_given(GetForeignColumnOptions(relid, attnum), "show");

	return show && strcmp(show, "label") == 0;
}

bool
option_is_detail(Oid relid, AttrNumber attnum)
{
	const char *detail = option_given(GetForeignColumnOptions(relid, attnum), "detail");
	bool		is_detail = false;

	return detail && parse_bool(detail, &is_detail) && is_detail;
}

/* Has a parent's column of that name a default?  Then a partition's is its copy. */
static bool
inherits_default(Oid relid, const char *column)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Oid			parent = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent;
		HeapTuple	attribute = SearchSysCacheAttName(parent, column);

		if (!HeapTupleIsValid(attribute))
			continue;
		found = ((Form_pg_attribute) GETSTRUCT(attribute))->atthasdef;
		ReleaseSysCache(attribute);
	}
	systable_endscan(scan);
	table_close(inherits, AccessShareLock);
	return found;
}

/* What the table's definition says of a column beside its type. */
static void
check_definition(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
										Int16GetDatum(attnum));
	Form_pg_attribute attribute = (Form_pg_attribute) GETSTRUCT(tuple);
	char	   *column = pstrdup(NameStr(attribute->attname));
	bool		stored = attribute->attgenerated == ATTRIBUTE_GENERATED_STORED;
	bool		has_default = attribute->atthasdef && !attribute->attgenerated;

	ReleaseSysCache(tuple);
	if (!stored && !(has_default && !inherits_default(relid, column)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
			 stored ?
			 errmsg("column \"%s\" of foreign table \"%s\" is generated and stored, but nothing is stored in a foreign table",
					column, get_rel_name(relid)) :
			 errmsg("column \"%s\" of foreign table \"%s\" has a default, which no record of the API gets",
					column, get_rel_name(relid)),
			 errhint("Type: ALTER FOREIGN TABLE %s ALTER COLUMN %s DROP %s; or, where the value is the same in every row: OPTIONS (ADD constant '...').",
					 option_qualified_name(relid), quote_identifier(column),
					 stored ? "EXPRESSION" : "DEFAULT")));
}

void
option_check_column(Oid relid, AttrNumber attnum, const char *attr)
{
	Oid			type = get_atttype(relid, attnum);
	const char *fitting = fitting_type(attr, getBaseType(type));
	const char *column;

	if (attr)
		check_definition(relid, attnum);
	if (!fitting)
		return;
	column = get_attname(relid, attnum, false);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 attr ?
			 errmsg("column \"%s\" of foreign table \"%s\" has type %s, which attr \"%s\" cannot be read into",
					column, get_rel_name(relid), format_type_be(type), attr) :
			 errmsg("column \"%s\" of foreign table \"%s\" has type %s, which a constant cannot be read into",
					column, get_rel_name(relid), format_type_be(type)),
			 errhint("Type: ALTER FOREIGN TABLE %s ALTER COLUMN %s TYPE %s;",
					 option_qualified_name(relid), quote_identifier(column), fitting)));
}
