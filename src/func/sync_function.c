/*-------------------------------------------------------------------------
 *
 * sync_function.c
 *	  The functions that a sync's expressions are, moved to where they stay.
 *
 * What a role may not do, this does for it, within bounds: a function that it has
 * made itself, in its own temporary schema, becomes one of the extension's schema,
 * under a name that says which of the role's syncs it belongs to.  It stays the
 * role's, so DROP ROLE and REASSIGN OWNED know it, and no member of the extension,
 * so dumps have it; but it goes with the extension.  Nobody else can make one
 * there, or a second one of its name.
 *
 * A dump writes a function's body as text that is read again under another path,
 * where IS DISTINCT FROM, IN and their like may find another operator.  So one that
 * was moved here has a mark in prosrc, which nothing reads where there is a body,
 * and which no dump has: without it the owner's words are read again before a run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "func/push_lock.h"
#include "func/push_store.h"
#include "func/sync_function.h"
#include "func/sync_lock.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_function_keep);
PG_FUNCTION_INFO_V1(xbb_fdw_push_function_keep);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_owners_path);

/* script/xbb_etl/sync_function.sql looks for it */
#define MARK "bound"

/* Whose functions: syncs' or pushes'. */
typedef struct Kind
{
	const char *name;
	void		(*check_owner) (int32 id);
	void		(*complain_of_drop) (void);
	Stored		lock;			/* a second one waits, and finds what the first has left */
} Kind;

static Kind sync_kind = {
	"sync", sync_check_owner, complain_of_drop,
	{.text = "SELECT FROM xbb._sync_definition d WHERE d.id = $1 AND $2 IS NOT NULL AND " OWNED("$3") " FOR NO KEY UPDATE"}
};
static Kind push_kind = {
	"push", push_check_owner, push_complain_of_drop,
	{.text = "SELECT FROM xbb._push_definition d WHERE d.id = $1 AND $2 IS NOT NULL FOR NO KEY UPDATE"}
};

static void
name_of_part(NameData *name, const Kind *kind, int32 id, int part)
{
	memset(name, 0, sizeof(*name));
	if (part == 1)
		snprintf(NameStr(*name), NAMEDATALEN, "_%s_%d", kind->name, id);
	else
		snprintf(NameStr(*name), NAMEDATALEN, "_%s_%d_%d", kind->name, id, part);
}

/* Is it one of the functions of that sync or push? */
static bool
belongs_to(Form_pg_proc function, const Kind *kind, int32 id, Oid schema)
{
	const char *name = NameStr(function->proname);
	NameData	first;
	size_t		length;

	name_of_part(&first, kind, id, 1);
	length = strlen(NameStr(first));
	if (function->pronamespace != schema || strncmp(name, NameStr(first), length) != 0)
		return false;
	return name[length] == '\0' ||
		(name[length] == '_' && name[length + 1] != '\0' &&
		 strspn(name + length + 1, "0123456789") == strlen(name + length + 1));
}

static void
drop_functions(const Kind *kind, int32 id, Oid schema)
{
	NameData	first;
	NameData	end;
	ScanKeyData keys[2];
	Relation	catalog = table_open(ProcedureRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;
	ObjectAddresses *functions = new_object_addresses();

	name_of_part(&first, kind, id, 1);
	memset(&end, 0, sizeof(end));
	/* ':' is what comes after '9' */
	snprintf(NameStr(end), NAMEDATALEN, "_%s_%d_:", kind->name, id);
	ScanKeyInit(&keys[0], Anum_pg_proc_proname, BTGreaterEqualStrategyNumber, F_NAMEGE, NameGetDatum(&first));
	ScanKeyInit(&keys[1], Anum_pg_proc_proname, BTLessStrategyNumber, F_NAMELT, NameGetDatum(&end));
	scan = systable_beginscan(catalog, ProcedureNameArgsNspIndexId, true, NULL, lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_proc function = (Form_pg_proc) GETSTRUCT(tuple);
		ObjectAddress address;

		if (!belongs_to(function, kind, id, schema))
			continue;
		ObjectAddressSet(address, ProcedureRelationId, function->oid);
		add_exact_object_address(&address, functions);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	/* a view that a stranger makes of one would keep it for ever if this did not cascade */
	performMultipleDeletions(functions, DROP_CASCADE, 0);
	free_object_addresses(functions);
}

void
sync_functions_drop(int32 id, Oid schema)
{
	drop_functions(&sync_kind, id, schema);
}

/* Anything but what CREATE FUNCTION ... BEGIN ATOMIC makes could do more than to say an expression. */
static Node *
body_of(HeapTuple tuple)
{
	Form_pg_proc function = (Form_pg_proc) GETSTRUCT(tuple);
	bool		no_body;
	bool		no_settings;
	Datum		body = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &no_body);

	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &no_settings);
	if (function->proowner != GetUserId() || !isTempNamespace(function->pronamespace) ||
		function->prokind != PROKIND_FUNCTION || function->prolang != SQLlanguageId || function->prosecdef ||
		no_body || !no_settings)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s is not one that the expressions of a sync can be", NameStr(function->proname))));
	return stringToNode(TextDatumGetCString(body));
}

static void
move_function(Relation catalog, Oid oid, NameData name, Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	Datum		values[Natts_pg_proc] = {0};
	bool		nulls[Natts_pg_proc] = {false};
	bool		replaces[Natts_pg_proc] = {false};
	HeapTuple	moved;
	ObjectAddress address;
	ObjectAddress extension;
	Oid			old_schema;
	Node	   *body;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function with OID %u does not exist", oid)));
	body = body_of(tuple);
	old_schema = ((Form_pg_proc) GETSTRUCT(tuple))->pronamespace;
	values[Anum_pg_proc_proname - 1] = NameGetDatum(&name);
	values[Anum_pg_proc_pronamespace - 1] = ObjectIdGetDatum(schema);
	/* one that is volatile is called for each row, one that is stable becomes part of the query */
	values[Anum_pg_proc_provolatile - 1] = CharGetDatum(contain_volatile_functions(body) ? PROVOLATILE_VOLATILE : PROVOLATILE_STABLE);
	values[Anum_pg_proc_prosrc - 1] = CStringGetTextDatum(MARK);
	replaces[Anum_pg_proc_proname - 1] = replaces[Anum_pg_proc_pronamespace - 1] = true;
	replaces[Anum_pg_proc_provolatile - 1] = replaces[Anum_pg_proc_prosrc - 1] = true;
	moved = heap_modify_tuple(tuple, RelationGetDescr(catalog), values, nulls, replaces);
	CatalogTupleUpdate(catalog, &moved->t_self, moved);
	ReleaseSysCache(tuple);

	ObjectAddressSet(address, ProcedureRelationId, oid);
	ObjectAddressSet(extension, ExtensionRelationId, get_extension_oid("xbb_etl", false));
	if (changeDependencyFor(ProcedureRelationId, oid, NamespaceRelationId, old_schema, schema) != 1)
		elog(ERROR, "could not change schema dependency for function %u", oid);
	recordDependencyOn(&address, &extension, DEPENDENCY_AUTO_EXTENSION);
	InvokeObjectPostAlterHook(ProcedureRelationId, oid, 0);
}

/* The elements of an array of oids, none of them NULL. */
static Oid *
take_oids(ArrayType *array, int *n)
{
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("not a list of functions")));
	*n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return (Oid *) ARR_DATA_PTR(array);
}

static Datum
keep_functions(FunctionCallInfo fcinfo, Kind *kind)
{
	int32		id = PG_GETARG_INT32(0);
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Relation	catalog;
	Oid		   *made;
	int			nmade;

	kind->check_owner(id);
	made = take_oids(PG_GETARG_ARRAYTYPE_P(1), &nmade);
	if (run_stored(fcinfo, &kind->lock, NULL) == 0)
		kind->complain_of_drop();
	catalog = table_open(ProcedureRelationId, RowExclusiveLock);
	drop_functions(kind, id, schema);
	for (int i = 0; i < nmade; i++)
	{
		NameData	name;

		CommandCounterIncrement();
		name_of_part(&name, kind, id, i + 1);
		move_function(catalog, made[i], name, schema);
	}
	table_close(catalog, RowExclusiveLock);
	PG_RETURN_VOID();
}

Datum
xbb_fdw_sync_function_keep(PG_FUNCTION_ARGS)
{
	return keep_functions(fcinfo, &sync_kind);
}

Datum
xbb_fdw_push_function_keep(PG_FUNCTION_ARGS)
{
	return keep_functions(fcinfo, &push_kind);
}

Datum
xbb_fdw_sync_owners_path(PG_FUNCTION_ARGS)
{
	char	   *path = text_to_cstring(PG_GETARG_TEXT_PP(0));
	StringInfoData ending;
	List	   *names;
	ListCell   *cell;

	if (!SplitIdentifierString(path, ',', &names))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not a search path: %s", text_to_cstring(PG_GETARG_TEXT_PP(0)))));
	initStringInfo(&ending);
	foreach(cell, names)
	{
		const char *name = lfirst(cell);

		if (name[0] != '\0' && strcmp(name, "pg_temp") != 0)
			appendStringInfo(&ending, "%s, ", quote_identifier(name));
	}
	appendStringInfoString(&ending, "pg_temp");
	PG_RETURN_TEXT_P(cstring_to_text(ending.data));
}
