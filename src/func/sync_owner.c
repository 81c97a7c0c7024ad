/*-------------------------------------------------------------------------
 *
 * sync_owner.c
 *	  Whose a sync or push is, and how it becomes another role's.
 *
 * A sync belongs to who has the function of its expressions, so that what the server
 * itself does with owners holds for syncs.  What is given to another role has no
 * function until that role has read the expressions: nobody makes anybody run anything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "func/sync_owner.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_owner);
PG_FUNCTION_INFO_V1(xbb_fdw_push_owner);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_give);
PG_FUNCTION_INFO_V1(xbb_fdw_push_give);

/* The extension's function of that name, and whose it is; 0 if there is none. */
static Oid
find_named(const char *name, Oid schema, Oid *owner)
{
	CatCList   *found = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	Oid			oid = InvalidOid;

	*owner = InvalidOid;
	for (int i = 0; i < found->n_members; i++)
	{
		Form_pg_proc function = (Form_pg_proc) GETSTRUCT(&found->members[i]->tuple);

		if (function->pronamespace == schema)
		{
			oid = function->oid;
			*owner = function->proowner;
		}
	}
	ReleaseSysCacheList(found);
	return oid;
}

/* A part of the function of a sync's expressions, or of a push's query. */
static Oid
find_function(const char *kind, int32 id, int part, Oid schema, Oid *owner)
{
	return find_named(part == 1 ? psprintf("_%s_%d", kind, id) : psprintf("_%s_%d_%d", kind, id, part), schema, owner);
}

static void
drop_functions(const char *kind, int32 id, Oid schema)
{
	ObjectAddress function = {.classId = ProcedureRelationId};
	Oid			ignored;

	for (int part = 1; OidIsValid(function.objectId = find_function(kind, id, part, schema, &ignored)); part++)
		performDeletion(&function, DROP_CASCADE, 0);
}

/* REASSIGN OWNED and its like give the function away, and with it the sync. */
Datum
xbb_fdw_sync_owner(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(1))
	{
		Oid			owner = PG_GETARG_OID(1);
		Oid			function_owner;

		if (PG_GETARG_BOOL(3) &&
			OidIsValid(find_function("sync", PG_GETARG_INT32(0), 1, get_func_namespace(fcinfo->flinfo->fn_oid), &function_owner)))
			owner = function_owner;
		PG_RETURN_OID(SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(owner)) ? owner : InvalidOid);
	}
	if (PG_ARGISNULL(2))
		PG_RETURN_OID(InvalidOid);
	PG_RETURN_OID(get_role_oid(text_to_cstring(PG_GETARG_TEXT_PP(2)), true));
}

/* The same of a push; one of a relation has no function, and its role's number for that. */
Datum
xbb_fdw_push_owner(PG_FUNCTION_ARGS)
{
	Oid			owner;

	if (PG_ARGISNULL(1))
		PG_RETURN_OID(PG_ARGISNULL(2) ? InvalidOid : get_role_oid(text_to_cstring(PG_GETARG_TEXT_PP(2)), true));
	if (!OidIsValid(find_function("push", PG_GETARG_INT32(0), 1, get_func_namespace(fcinfo->flinfo->fn_oid), &owner)))
		owner = PG_GETARG_OID(1);
	PG_RETURN_OID(SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(owner)) ? owner : InvalidOid);
}

Datum
xbb_fdw_sync_give(PG_FUNCTION_ARGS)
{
	/* rejects that its owner did not believe are not the heir's either, whose word would be for all that is there */
	static Stored stored = {.text =
		"WITH given AS (UPDATE xbb._sync_definition d SET owner = pg_get_userbyid($2), owner_oid = $2, confirmed = false"
		" WHERE d.id = $1 AND EXISTS (SELECT FROM xbb._sync_all o"
		" WHERE o.id = d.id AND pg_has_role($3, o.owner, " COMPAT_MAY_BECOME "))"
		" AND NOT EXISTS (SELECT FROM xbb._sync_all o WHERE o.name = d.name AND o.owner = $2 AND o.id <> d.id)"
		" RETURNING d.id),"
		" planted AS (DELETE FROM xbb._sync_reject j USING given g, xbb._sync_all o"
		" WHERE j.definition = g.id AND o.id = g.id AND o.confirmed AND NOT pg_has_role(j.restored_by, o.owner, 'MEMBER'))"
		" SELECT FROM given"
	};
	Oid			heir = PG_GETARG_OID(1);

	if (!compat_may_become(GetUserId(), heir))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only who may become role %s may give it a sync", quote_identifier(GetUserNameFromId(heir, false))),
				 errhint("A superuser, or a role that it was granted to, may.")));
	if (run_stored(fcinfo, &stored, NULL) == 0)
		PG_RETURN_BOOL(false);
	drop_functions("sync", PG_GETARG_INT32(0), get_func_namespace(fcinfo->flinfo->fn_oid));
	PG_RETURN_BOOL(true);
}

Datum
xbb_fdw_push_give(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._push_definition d SET owner = pg_get_userbyid($2), owner_oid = $2"
		" WHERE d.id = $1 AND EXISTS (SELECT FROM xbb._push_all o"
		" WHERE o.id = d.id AND pg_has_role($3, o.owner, " COMPAT_MAY_BECOME "))"
		" AND NOT EXISTS (SELECT FROM xbb._push_all o WHERE o.name = d.name AND o.owner = $2 AND o.id <> d.id)"
	};

	if (!compat_may_become(GetUserId(), PG_GETARG_OID(1)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only who may become another role may give it a push")));
	if (run_stored(fcinfo, &stored, NULL) == 0)
		PG_RETURN_BOOL(false);
	drop_functions("push", PG_GETARG_INT32(0), get_func_namespace(fcinfo->flinfo->fn_oid));
	PG_RETURN_BOOL(true);
}
