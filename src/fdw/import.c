/*-------------------------------------------------------------------------
 *
 * import.c
 *	  IMPORT FOREIGN SCHEMA: the CRM's forms, and its lists without forms, as
 *	  foreign tables.
 *
 * What a table in the target schema reads already is not imported again, whatever
 * that table is called: a second import adds what is new.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_foreign_table.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/printable.h"
#include "fdw/fdw.h"
#include "fdw/plan_children.h"
#include "form/form.h"

/* The recycle bin of the objects that have one (xbb-api 2, A). */
#define DELETED "{\"del\": 1}"

/* What is asked for the tables beside a form's own. */
static const struct
{
	const char *end;			/* of form_tables_beside */
	const char *params;
	const char *conditions;
}			beside[] = {
	{"_spu", NULL, PARENT_PRODUCTS},
	{"_sku", NULL, CHILD_PRODUCTS},
	{"_deleted", DELETED, NULL},
};

/* What a foreign table of the target schema reads. */
typedef struct Reading
{
	char	   *what;
	char	   *name;			/* of the table */
} Reading;

typedef struct Import
{
	ImportForeignSchemaStmt *stmt;
	ForeignServer *server;
	Oid			schema;			/* where the tables will be */
	bool		system;			/* system forms, and lists without forms */
	bool		custom;
	bool		by_label;
	List	   *read;			/* of Reading: what tables there read already */
	int			there;			/* that were left out for that */
	List	   *names;			/* of char *: what was imported, or told about */
	List	   *need_user;		/* likewise, what is read as somebody only */
	List	   *statements;
} Import;

/* ---- the statement ---- */

static void
read_options(Import *import)
{
	const char *remote = import->stmt->remote_schema;
	ListCell   *lc;

	import->system = strcmp(remote, "xbb") == 0 || strcmp(remote, "system") == 0;
	import->custom = strcmp(remote, "xbb") == 0 || strcmp(remote, "custom") == 0;
	if (!import->system && !import->custom)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("there is no schema \"%s\" to import", remote),
				 errhint("There are xbb, which has all, system and custom, which have the CRM's own forms and those of the company.")));

	foreach(lc, import->stmt->options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const char *value = defGetString(def);

		if (strcmp(def->defname, "names") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\"", def->defname),
					 errhint("IMPORT FOREIGN SCHEMA has the option \"names\".")));
		import->by_label = strcmp(value, "label") == 0;
		if (!import->by_label && strcmp(value, "attr") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("invalid value for option \"%s\": \"%s\"", "names", value),
					 errhint("Valid values are attr and label.")));
	}
}

static bool
is_listed(const Import *import, const char *name)
{
	ListCell   *lc;

	foreach(lc, import->stmt->table_list)
		if (strcmp(lfirst_node(RangeVar, lc)->relname, name) == 0)
			return true;
	return false;
}

static bool
is_wanted(const Import *import, const char *name)
{
	switch (import->stmt->list_type)
	{
		case FDW_IMPORT_SCHEMA_LIMIT_TO:
			return is_listed(import, name);
		case FDW_IMPORT_SCHEMA_EXCEPT:
			return !is_listed(import, name);
		default:
			return true;
	}
}

/* ---- what is there ---- */

static char *
what_is_read(const char *object, const char *form_id, const char *params, const char *conditions)
{
	return psprintf("%s %s %s %s", object ? object : "", form_id ? form_id : "", params ? params : "",
					conditions ? conditions : "");
}

/* What the foreign tables of the target schema read from the server. */
static void
find_readings(Import *import)
{
	Relation	tables = table_open(ForeignTableRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(tables, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_foreign_table form = (Form_pg_foreign_table) GETSTRUCT(tuple);
		Reading    *reading;
		List	   *options;

		if (form->ftserver != import->server->serverid || get_rel_namespace(form->ftrelid) != import->schema)
			continue;
		options = GetForeignTable(form->ftrelid)->options;
		reading = palloc(sizeof(Reading));
		reading->name = get_rel_name(form->ftrelid);
		reading->what = what_is_read(option_given(options, "object"), option_given(options, "form_id"),
									 option_given(options, "params"), option_given(options, "conditions"));
		import->read = lappend(import->read, reading);
	}
	systable_endscan(scan);
	table_close(tables, AccessShareLock);
}

/* A table of that name cannot be made. */
static bool
is_taken(void *arg, const char *name)
{
	const Import *import = arg;

	for (int i = 0; i < form_nlists; i++)
		if (import->system && strcmp(name, form_lists[i].name) == 0)
			return true;
	return OidIsValid(get_relname_relid(name, import->schema));
}

/* The table that reads this already, or NULL. */
static char *
reading_table(const Import *import, const char *object, const char *form_id, const char *params, const char *conditions)
{
	const char *wanted = what_is_read(object, form_id, params, conditions);
	ListCell   *lc;

	foreach(lc, import->read)
	{
		Reading    *reading = lfirst(lc);

		if (strcmp(reading->what, wanted) == 0)
			return reading->name;
	}
	return NULL;
}

/* ---- statements ---- */

static void
append_option(StringInfo sql, const char *before, const char *name, const char *value)
{
	if (value)
		appendStringInfo(sql, "%s%s %s", before, name, quote_literal_cstr(value));
}

static void
append_column(StringInfo sql, const FormColumn *column)
{
	appendStringInfo(sql, "%s\n  %s %s OPTIONS (", sql->data[sql->len - 1] == '(' ? "" : ",",
					 quote_identifier(column->name), column->type);
	append_option(sql, "", "attr", column->attr);
	append_option(sql, ", ", "label", column->label);
	append_option(sql, ", ", "options", column->options);
	appendStringInfoChar(sql, ')');
}

/* Else it tells: nobody's table is in the way of all others. */
static bool
name_is_free(Import *import, const char *name)
{
	if (!OidIsValid(get_relname_relid(name, import->schema)))
		return true;
	ereport(WARNING,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("foreign table \"%s\" was not imported", name),
			 errdetail("Schema \"%s\" has another relation of that name.", import->stmt->local_schema),
			 errhint("Rename it, or import into another schema.")));
	return false;
}

static StringInfo
begin_table(Import *import, const char *name)
{
	StringInfo	sql = makeStringInfo();

	import->names = lappend(import->names, pstrdup(name));
	appendStringInfo(sql, "CREATE FOREIGN TABLE %s (", quote_identifier(name));
	return sql;
}

static void
end_table(Import *import, StringInfo sql, const char *object, const char *form_id,
		  const char *params, const char *conditions, const char *label)
{
	appendStringInfo(sql, "\n) SERVER %s OPTIONS (", quote_identifier(import->server->servername));
	append_option(sql, "", "object", object);
	append_option(sql, ", ", "form_id", form_id);
	append_option(sql, ", ", "params", params);
	append_option(sql, ", ", "conditions", conditions);
	append_option(sql, ", ", "label", label && label[0] ? label : NULL);
	append_option(sql, ", ", "on_error", "set_null");
	appendStringInfoString(sql, ");");
	import->statements = lappend(import->statements, sql->data);
}

/* A table whose columns are known, with the whole record and what did not fit behind them. */
static void
add_list(Import *import, const char *name, const char *object, const char *form_id,
		 const char *params, const FormColumn *columns, int ncolumns)
{
	static const FormColumn whole[] = {{"failed", "jsonb", "#error", NULL, NULL}, {"raw", "json", "*", NULL, NULL}};
	StringInfo	sql;

	if (!is_wanted(import, name))
		return;
	if (reading_table(import, object, form_id, params, NULL))
	{
		import->there++;
		return;
	}
	if (!name_is_free(import, name))
		return;
	sql = begin_table(import, name);
	for (int i = 0; i < ncolumns && columns[i].name; i++)
		append_column(sql, &columns[i]);
	for (int i = 0; i < (int) lengthof(whole); i++)
		append_column(sql, &whole[i]);
	end_table(import, sql, object, form_id, params, NULL, NULL);
}

/* Is a form's table, under conditions or without, to be made? */
static bool
form_is_missing(const Import *import, const char *name, const Form *form, const char *form_id,
				const char *params, const char *conditions)
{
	return is_wanted(import, name) && !reading_table(import, form->object->name, form_id, params, conditions);
}

static void
add_form(Import *import, const char *name, const Form *form, const char *form_id,
		 const char *params, const char *conditions)
{
	StringInfo	sql;
	ListCell   *lc;

	if (!form_is_missing(import, name, form, form_id, params, conditions) || !name_is_free(import, name))
		return;
	sql = begin_table(import, name);
	foreach(lc, form_columns(form, import->by_label))
		append_column(sql, lfirst(lc));
	end_table(import, sql, form->object->name, form_id, params, conditions, form->name);
	if (form->object->needs_user_id)
		import->need_user = lappend(import->need_user, pstrdup(name));
}

/* ---- forms ---- */

/* Those of the schema that is imported; of the others that have no list it tells. */
static List *
choose_forms(const Import *import, List *forms)
{
	List	   *chosen = NIL;
	StringInfoData unknown;
	int			nunknown = 0;
	ListCell   *lc;

	initStringInfo(&unknown);
	foreach(lc, forms)
	{
		Form	   *form = lfirst(lc);

		if (!(form->custom ? import->custom : import->system))
			continue;
		if (form->object)
			chosen = lappend(chosen, form);
		else if (nunknown++ < 20)
			appendStringInfo(&unknown, "%s\"%s\" (form_id " INT64_FORMAT ", businessType " INT64_FORMAT ")",
							 unknown.len ? ", " : "", printable_here(form->name), form->form_id, form->business_type);
	}
	if (nunknown > 0 && import->stmt->list_type == FDW_IMPORT_SCHEMA_ALL)
		ereport(NOTICE,
				(errmsg_plural("%d form has no list that is known", "%d forms have no list that is known",
							   nunknown, nunknown),
				 errdetail_internal("%s", unknown.data),
				 errhint("If the API has one, a table with the option \"api\" reads it.")));
	return chosen;
}

/* NULL where the object's list needs none and has only one form. */
static char *
form_id_option(const Form *form, List *forms)
{
	int			same = 0;
	ListCell   *lc;

	foreach(lc, forms)
		same += ((const Form *) lfirst(lc))->object == form->object;
	if (!form->object->needs_form_id && same == 1)
		return NULL;
	return psprintf(INT64_FORMAT, form->form_id);
}

/*
 * Is a table missing that reads the form?  Whether it has labels is seen only in its
 * fields; for these alone they are read if LIMIT TO says so.
 */
static bool
form_is_needed(const Import *import, const char *name, const Form *form, const char *form_id)
{
	List	   *ends = form_tables_beside(form);
	ListCell   *lc;

	if (form_is_missing(import, name, form, form_id, NULL, NULL))
		return true;
	foreach(lc, ends)
		for (int i = 0; i < (int) lengthof(beside); i++)
			if (strcmp(beside[i].end, lfirst(lc)) == 0 &&
				form_is_missing(import, form_name_beside(name, beside[i].end), form, form_id, beside[i].params, beside[i].conditions))
				return true;
	return import->stmt->list_type == FDW_IMPORT_SCHEMA_LIMIT_TO && is_wanted(import, form_name_beside(name, "_labels"));
}

static void
add_tables(Import *import, const char *name, const Form *form, const char *form_id)
{
	List	   *ends = form_tables_beside(form);
	ListCell   *lc;

	add_form(import, name, form, form_id, NULL, NULL);
	foreach(lc, ends)
	{
		const char *end = lfirst(lc);

		for (int i = 0; i < (int) lengthof(beside); i++)
			if (strcmp(beside[i].end, end) == 0)
				add_form(import, form_name_beside(name, end), form, form_id, beside[i].params, beside[i].conditions);
		if (strcmp(end, "_labels") == 0)
			add_list(import, form_name_beside(name, end), "label", psprintf(INT64_FORMAT, form->form_id),
					 psprintf("{\"businessType\": " INT64_FORMAT "}", form->business_type),
					 form_label_columns, lengthof(form_label_columns));
	}
}

static void
import_forms(Import *import, List *forms)
{
	char	  **names = form_table_names(forms, import->by_label, is_taken, import);
	List	   *wanted = NIL;
	List	   *wanted_names = NIL;
	ListCell   *lc;
	ListCell   *name;

	for (int i = 0; i < list_length(forms); i++)
	{
		Form	   *form = list_nth(forms, i);
		char	   *form_id = form_id_option(form, forms);
		char	   *there = reading_table(import, form->object->name, form_id, NULL, NULL);
		char	   *named = there ? there : names[i];

		if (form_is_needed(import, named, form, form_id))
		{
			wanted = lappend(wanted, form);
			wanted_names = lappend(wanted_names, named);
		}
		else if (there)
			import->there++;
	}
	form_read(import->server->serverid, GetUserId(), wanted);
	forboth(lc, wanted, name, wanted_names)
	{
		const Form *form = lfirst(lc);
		char	   *form_id = form_id_option(form, forms);

		if (form->problem)
		{
			ereport(WARNING,
					(errcode(form->problem_code),
					 errmsg("form " INT64_FORMAT " \"%s\" was not imported", form->form_id, printable_here(form->name)),
					 errdetail_internal("%s", form->problem),
					 form->problem_hint ? errhint("%s", form->problem_hint) : 0));
			import->names = lappend(import->names, lfirst(name));
			continue;
		}
		add_tables(import, lfirst(name), form, form_id);
	}
}

/* A name that LIMIT TO has, and nothing is there for it. */
static void
warn_of_unknown(const Import *import)
{
	ListCell   *lc;

	if (import->stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO)
		return;
	foreach(lc, import->stmt->table_list)
	{
		const char *name = lfirst_node(RangeVar, lc)->relname;
		bool		found = OidIsValid(get_relname_relid(name, import->schema));
		ListCell   *made;

		foreach(made, import->names)
			found |= strcmp(lfirst(made), name) == 0;
		if (!found)
			ereport(WARNING,
					(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
					 errmsg("there is no table \"%s\" to import", name),
					 errhint("Without LIMIT TO all tables are imported; SELECT * FROM xbb.forms(%s); lists the forms.",
							 quote_literal_cstr(import->server->servername))));
	}
}

/* Tables that cannot be read as the user mapping is. */
static void
tell_of_user(const Import *import)
{
	MappingOptions *mapping = option_mapping(GetUserId(), import->server->serverid);
	StringInfoData tables;
	ListCell   *lc;

	explicit_bzero(mapping->token, strlen(mapping->token));
	if (mapping->user_id || import->need_user == NIL)
		return;
	initStringInfo(&tables);
	foreach(lc, import->need_user)
		appendStringInfo(&tables, "%s%s", tables.len ? ", " : "", quote_identifier(lfirst(lc)));
	ereport(NOTICE,
			(errmsg("some foreign tables need the acting user: %s", tables.data),
			 errhint("Add the option user_id to the user mapping for server \"%s\".", import->server->servername)));
}

List *
import_foreign_schema(ImportForeignSchemaStmt *stmt, Oid serverid)
{
	Import		import = {
		.stmt = stmt,.server = GetForeignServer(serverid),
		.schema = get_namespace_oid(stmt->local_schema, false)
	};

	read_options(&import);
	find_readings(&import);
	watch_statement("import", serverid, import.server->servername, InvalidOid);
	import_forms(&import, choose_forms(&import, form_list(serverid, GetUserId())));
	for (int i = 0; import.system && i < form_nlists; i++)
		add_list(&import, form_lists[i].name, form_lists[i].object, NULL, NULL, form_lists[i].columns, lengthof(form_lists[i].columns));
	warn_of_unknown(&import);
	tell_of_user(&import);
	if (import.there > 0 && stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO)
		ereport(NOTICE,
				(errmsg_plural("%d is read by a table of schema \"%s\" already",
							   "%d are read by tables of schema \"%s\" already",
							   import.there, import.there, stmt->local_schema)));
	return import.statements;
}
