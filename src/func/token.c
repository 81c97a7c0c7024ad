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
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

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

Datum
xbb_fdw_renew_token(PG_FUNCTION_ARGS)
{
	Oid			serverid;

	check_commits(fcinfo);
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the server is null")));
	serverid = server_of(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	target_renew_token(GetUserId(), serverid);
	/* whatever synchronous_commit says */
	ForceSyncCommit();
	SPI_commit();
	SPI_finish();
	PG_RETURN_VOID();
}
