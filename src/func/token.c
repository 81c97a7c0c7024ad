/*-------------------------------------------------------------------------
 *
 * token.c
 *	  CALL xbb.renew_token(server).
 *
 * A procedure that commits: a token that rotates and is lost by a rollback locks the
 * account out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "func/sync_stored.h"
#include "target/target.h"

PG_FUNCTION_INFO_V1(xbb_fdw_renew_token);

extern PGDLLEXPORT Datum xbb_fdw_renew_token(PG_FUNCTION_ARGS);

static void
check_commits(FunctionCallInfo fcinfo)
{
	CallContext *context = (CallContext *) fcinfo->context;

	if (!context || !IsA(context, CallContext) || context->atomic || IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("xbb.renew_token() commits, and cannot run inside a transaction block or function"),
				 errhint("Type CALL xbb.renew_token(...) by itself.")));
}

static void
read_count(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;

	*(int64 *) arg = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
}

/* The server, if the caller may use it. */
static Oid
server_of(const char *name)
{
	Oid			serverid = get_foreign_server_oid(name, false);

	if (!DatumGetBool(DirectFunctionCall2(has_server_privilege_id, ObjectIdGetDatum(serverid),
										  CStringGetTextDatum("USAGE"))))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, name);
	return serverid;
}

/*
 * Original and copy have one refresh token between them, and the platform locks the account of who uses it twice: where
 * xbb_etl says that this is a copy, nothing is asked for.
 */
static void
check_place(FunctionCallInfo fcinfo, const char *server)
{
	static Stored elsewhere = {.text =
		"SELECT count(*) FROM (SELECT 1 WHERE NOT EXISTS (SELECT FROM xbb._place p WHERE xbb._place_is_here("
		"p.system_identifier, p.timeline, p.database, p.host, p.directory, p.places))"
		" UNION ALL SELECT 1 FROM xbb._sync_definition d WHERE d.place IS DISTINCT FROM (SELECT p.token FROM xbb._place p)"
		" UNION ALL SELECT 1 FROM xbb._push_definition d WHERE d.place IS DISTINCT FROM (SELECT p.token FROM xbb._place p)) e"
	};
	const Oid	none[] = {InvalidOid};
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	int64		count = 0;

	if (!OidIsValid(get_relname_relid("_place", schema)) || !OidIsValid(get_relname_relid("_push_definition", schema)))
		return;
	run_stored_with(fcinfo->flinfo->fn_oid, &elsewhere, 0, none, NULL, read_count, &count);
	if (count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the token of server \"%s\" is not renewed here, as this is a copy of the database", server),
				 errhint("The owner of the database lets syncs, pushes and tokens be at work here by: SELECT xbb.activate();")));
}

Datum
xbb_fdw_renew_token(PG_FUNCTION_ARGS)
{
	char	   *server;
	Oid			serverid;

	check_commits(fcinfo);
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the server is null")));
	server = text_to_cstring(PG_GETARG_TEXT_PP(0));
	serverid = server_of(server);
	check_place(fcinfo, server);
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	target_renew_token(GetUserId(), serverid);
	/* whatever synchronous_commit says */
	ForceSyncCommit();
	SPI_commit();
	SPI_finish();
	PG_RETURN_VOID();
}
