/*-------------------------------------------------------------------------
 *
 * token_store.c
 *	  Tokens that rotate, in xbb.target_token.
 *
 * Nobody has rights on the table: fixed statements run as its owner, as the triggers of
 * foreign keys do, and nothing of the caller's is read as SQL, called or looked up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/secret.h"
#include "target/token_store.h"

#define MOST_ARGUMENTS 6

static Oid
table_owner(void)
{
	Oid			relid = get_relname_relid("target_token", get_namespace_oid("xbb", false));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "the extension's table xbb.target_token is missing");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Runs a statement as the owner; SPI's result stays until the caller's SPI_finish. */
static void
run_as_owner(const char *statement, int nargs, Oid *types, Datum *values, const char *nulls, int expected)
{
	Oid			caller;
	int			context;
	int			level = NewGUCNestLevel();

	/* whatever ends this by an error gives both back */
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(table_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	/* not "read only": that would see what the caller's statement sees, not what is there now */
	if (SPI_execute_with_args(statement, nargs, types, values, nulls, false, 0) != expected)
		elog(ERROR, "a statement on xbb.target_token failed");
	SetUserIdAndSecContext(caller, context);
	AtEOXact_GUC(true, level);
}

/* A text of the row, UTF-8, in the caller's memory, which is wiped; NULL of null. */
static char *
row_text(int column, MemoryContext context)
{
	char	   *here = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
	char	   *text;

	if (!here)
		return NULL;
	text = secret_strdup(context, pg_server_to_any(here, strlen(here), PG_UTF8));
	explicit_bzero(here, strlen(here));
	return text;
}

static TimestampTz
row_time(int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
}

bool
token_store_get(Oid umid, const char *origin, TokenRow *row)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(umid), CStringGetTextDatum(origin)};
	bool		found;

	SPI_connect();
	run_as_owner("SELECT token, refresh_token, renew_at, expires_at, renewed_at FROM xbb.target_token"
				 " WHERE umid OPERATOR(pg_catalog.=) $1 AND origin OPERATOR(pg_catalog.=) $2 AND token IS NOT NULL",
				 2, types, values, NULL, SPI_OK_SELECT);
	found = SPI_processed == 1;
	if (found)
		*row = (TokenRow)
		{
			row_text(1, caller), row_text(2, caller), row_time(3), row_time(4), row_time(5)
		};
	SPI_finish();
	return found;
}

void
token_store_prepare(Oid umid, const char *origin)
{
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(umid), CStringGetTextDatum(origin)};

	SPI_connect();
	/* nobody will ask for the secrets of mappings that are gone */
	run_as_owner("DELETE FROM xbb.target_token t WHERE NOT EXISTS"
				 " (SELECT FROM pg_catalog.pg_user_mappings m WHERE m.umid OPERATOR(pg_catalog.=) t.umid)",
				 0, NULL, NULL, NULL, SPI_OK_DELETE);
	/* another origin's tokens are those of secrets that have been replaced */
	run_as_owner("INSERT INTO xbb.target_token AS t (umid, origin) VALUES ($1, $2)"
				 " ON CONFLICT ON CONSTRAINT target_token_pkey DO UPDATE SET origin = excluded.origin,"
				 " token = CASE WHEN t.origin OPERATOR(pg_catalog.=) excluded.origin THEN t.token END,"
				 " refresh_token = CASE WHEN t.origin OPERATOR(pg_catalog.=) excluded.origin THEN t.refresh_token END",
				 2, types, values, NULL, SPI_OK_INSERT);
	SPI_finish();
}

/* UTF-8 as a text of this database; NULL as NULL, which is noted. */
static Datum
text_datum(const char *utf8, char *null)
{
	*null = utf8 ? ' ' : 'n';
	return utf8 ? CStringGetTextDatum(pg_any_to_server(utf8, strlen(utf8), PG_UTF8)) : (Datum) 0;
}

void
token_store_put(Oid umid, const char *origin, const TokenRow *row)
{
	Oid			types[MOST_ARGUMENTS] = {OIDOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	char		nulls[MOST_ARGUMENTS + 1] = "      ";
	Datum		values[MOST_ARGUMENTS] = {
		ObjectIdGetDatum(umid), CStringGetTextDatum(origin), 0, 0,
		TimestampTzGetDatum(row->renew_at), TimestampTzGetDatum(row->expires_at)
	};

	values[2] = text_datum(row->token, &nulls[2]);
	values[3] = text_datum(row->refresh_token, &nulls[3]);
	SPI_connect();
	run_as_owner("UPDATE xbb.target_token SET token = $3, refresh_token = $4, renew_at = $5, expires_at = $6,"
				 " renewed_at = pg_catalog.clock_timestamp()"
				 " WHERE umid OPERATOR(pg_catalog.=) $1 AND origin OPERATOR(pg_catalog.=) $2",
				 MOST_ARGUMENTS, types, values, nulls, SPI_OK_UPDATE);
	if (SPI_processed != 1)
		elog(ERROR, "the row of xbb.target_token has gone");
	SPI_finish();
}
