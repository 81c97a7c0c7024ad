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
 * Scopes are apart where one column has two constants.  They are stored as the column held
 * them at the last run of each, and are compared as it would hold them now.  Where one does
 * not fit by now it is not known which rows are its: $4 says whether that is apart.  Rows of
 * a table are those of its ancestors and descendants, too.
 */
static const char *const rival_query =
	"WITH RECURSIVE up AS (SELECT $1 AS relid UNION SELECT i.inhparent FROM up JOIN pg_inherits i ON i.inhrelid = up.relid),"
	" down AS (SELECT $1 AS relid UNION SELECT i.inhrelid FROM down JOIN pg_inherits i ON i.inhparent = down.relid)"
	" SELECT d.id FROM xbb._sync_all d"
	" WHERE d.target IN (SELECT relid FROM up UNION ALL SELECT relid FROM down)"
	" AND d.owner::oid <> 0 AND d.confirmed AND d.id <> coalesce($3, 0)"
	" AND has_table_privilege($5, $1, 'INSERT')"
	" AND NOT EXISTS (SELECT FROM jsonb_each_text(d.scope) a JOIN jsonb_each_text($2) b ON a.key = b.key AND a.value <> b.value"
	"                 LEFT JOIN pg_attribute c ON c.attrelid = $1 AND c.attname = a.key AND NOT c.attisdropped"
	"                 LEFT JOIN pg_type y ON y.oid = c.atttypid,"
	"                 LATERAL (SELECT coalesce(nullif(y.typbasetype, 0), y.oid) AS oid) t"
	"                 WHERE coalesce(xbb._sync_scope_text(a.value, t.oid) <> xbb._sync_scope_text(b.value, t.oid), $4))"
	" ORDER BY NOT pg_has_role($5, d.owner, 'USAGE'), d.id LIMIT 1";

Datum
xbb_fdw_sync_rival(PG_FUNCTION_ARGS)
{
	Oid			types[] = {OIDOID, JSONBOID, INT4OID, BOOLOID, OIDOID};
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
