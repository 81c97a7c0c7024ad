/*-------------------------------------------------------------------------
 *
 * sync_rival.c
 *	  Does another sync write the same rows?
 *
 * Roles do not see each other's syncs, but two must not share rows.  So this reads
 * the definitions as the owner of the tables, as sync_store.c does, tells nothing
 * but a number, and that only to who may write to the table himself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "func/sync_rival.h"
#include "func/sync_store.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_rival);

/*
 * Scopes are apart where one column has two constants, which are stored as the column held
 * them at the last run: as texts, since a number may be a text by now.  Rows of a table are
 * those of its ancestors and descendants, too.
 */
static const char *const rival_query =
	"WITH RECURSIVE up AS (SELECT $1 AS relid UNION SELECT i.inhparent FROM up JOIN pg_inherits i ON i.inhrelid = up.relid),"
	" down AS (SELECT $1 AS relid UNION SELECT i.inhrelid FROM down JOIN pg_inherits i ON i.inhparent = down.relid)"
	" SELECT d.id FROM xbb._sync_all d"
	" WHERE d.target IN (SELECT relid FROM up UNION ALL SELECT relid FROM down)"
	" AND d.owner::oid <> 0 AND d.confirmed AND d.id <> coalesce($3, 0)"
	" AND has_table_privilege($4, $1, 'INSERT')"
	" AND NOT EXISTS (SELECT FROM jsonb_each(d.scope) a, jsonb_each($2) b WHERE a.key = b.key AND a.value #>> '{}' <> b.value #>> '{}')"
	" ORDER BY NOT pg_has_role($4, d.owner, 'USAGE'), d.id LIMIT 1";

Datum
xbb_fdw_sync_rival(PG_FUNCTION_ARGS)
{
	Oid			types[] = {OIDOID, JSONBOID, INT4OID, OIDOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	Oid			caller;
	int			context;
	int			level;
	bool		isnull = true;
	Datum		rival = (Datum) 0;

	GetUserIdAndSecContext(&caller, &context);
	for (int i = 0; i < (int) lengthof(types); i++)
	{
		bool		is_caller = i == (int) lengthof(types) - 1;

		values[i] = is_caller ? ObjectIdGetDatum(caller) : fcinfo->args[i].value;
		nulls[i] = !is_caller && fcinfo->args[i].isnull ? 'n' : ' ';
	}

	SPI_connect();
	/* whatever ends this by an error gives both back */
	level = NewGUCNestLevel();
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(sync_tables_owner(fcinfo->flinfo->fn_oid), context | SECURITY_LOCAL_USERID_CHANGE);
	/* what was committed before the caller got his lock, whatever his transaction sees */
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_with_args(rival_query, lengthof(types), types, values, nulls, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "a statement of xbb_etl cannot be run");
	PopActiveSnapshot();
	if (SPI_processed > 0)
		rival = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	SetUserIdAndSecContext(caller, context);
	AtEOXact_GUC(true, level);
	SPI_finish();
	if (isnull)
		PG_RETURN_NULL();
	return rival;
}
