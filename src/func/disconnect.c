/*-------------------------------------------------------------------------
 *
 * disconnect.c
 *	  This backend's connections, as SQL sees them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "foreign/foreign.h"

#include "api/session.h"
#include "func/disconnect.h"
#include "target/target.h"

PG_FUNCTION_INFO_V1(xbb_fdw_disconnect);

Datum
xbb_fdw_disconnect(PG_FUNCTION_ARGS)
{
	Oid			serverid = InvalidOid;
	bool		ended;
	bool		target_ended;

	if (!PG_ARGISNULL(0))
		serverid = get_foreign_server_oid(NameStr(*PG_GETARG_NAME(0)), false);
	/* each ends its own */
	ended = session_disconnect(serverid);
	target_ended = target_disconnect(serverid);
	PG_RETURN_BOOL(ended || target_ended);
}
