/*-------------------------------------------------------------------------
 *
 * doctor_keep.c
 *	  The last look of each role at each server and object, in xbb._doctor_kept.
 *
 * Nobody has rights on the table: fixed statements run as its owner, as the triggers of
 * foreign keys do, with values alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "func/doctor.h"

#define KEPT_COLUMNS 13

static Oid
table_owner(void)
{
	Oid			relid = get_relname_relid("_doctor_kept", get_namespace_oid("xbb", false));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "the extension's table xbb._doctor_kept is missing");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
run(const char *statement, int nargs, Oid *types, Datum *values, const char *nulls, int expected)
{
	if (SPI_execute_with_args(statement, nargs, types, values, nulls, false, 0) != expected)
		elog(ERROR, "a statement on xbb._doctor_kept failed");
}

static Datum
text_of(const char *text, char *null)
{
	*null = text ? ' ' : 'n';
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
put_row(Datum *values, char *nulls, const DoctorFinding *finding, int no)
{
	static Oid	types[KEPT_COLUMNS] = {
		OIDOID, OIDOID, TEXTOID, TIMESTAMPTZOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, FLOAT8OID
	};

	values[4] = Int32GetDatum(no);
	values[5] = CStringGetTextDatum(finding->area);
	values[6] = CStringGetTextDatum(finding->check_name);
	values[7] = CStringGetTextDatum(doctor_status_names[finding->status]);
	values[8] = text_of(finding->found, &nulls[8]);
	values[9] = text_of(finding->assumed, &nulls[9]);
	values[10] = text_of(finding->fix, &nulls[10]);
	values[11] = Int32GetDatum(finding->requests);
	values[12] = Float8GetDatum(finding->elapsed);
	run("INSERT INTO xbb._doctor_kept (serverid, userid, object, checked_at, no, area, check_name, status, found, assumed, fix,"
		" requests, seconds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
		" ON CONFLICT ON CONSTRAINT _doctor_kept_pkey DO UPDATE SET checked_at = excluded.checked_at, area = excluded.area,"
		" check_name = excluded.check_name, status = excluded.status, found = excluded.found, assumed = excluded.assumed,"
		" fix = excluded.fix, requests = excluded.requests, seconds = excluded.seconds",
		KEPT_COLUMNS, types, values, nulls, SPI_OK_INSERT);
}

/* What is to be kept. */
typedef struct Look
{
	Oid			serverid;
	const char *object;
	const DoctorFinding *findings;
	int			nfindings;
} Look;

static void
keep(void *arg)
{
	const Look *look = arg;
	Oid			caller;
	int			context;
	int			level;
	Oid			types[] = {OIDOID, OIDOID, TEXTOID};
	char		nulls[KEPT_COLUMNS + 1] = "             ";
	Datum		values[KEPT_COLUMNS];

	GetUserIdAndSecContext(&caller, &context);
	values[0] = ObjectIdGetDatum(look->serverid);
	values[1] = ObjectIdGetDatum(caller);
	values[2] = CStringGetTextDatum(look->object);
	values[3] = TimestampTzGetDatum(GetCurrentTimestamp());
	SPI_connect();
	/* whatever ends this by an error gives both back */
	level = NewGUCNestLevel();
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* a look whose transaction goes on is not waited for */
	set_config_option("lock_timeout", "1s", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(table_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	run("DELETE FROM xbb._doctor_kept k WHERE k.serverid OPERATOR(pg_catalog.=) $1 AND k.userid OPERATOR(pg_catalog.=) $2"
		" AND k.object OPERATOR(pg_catalog.=) $3"
		" OR NOT EXISTS (SELECT FROM pg_catalog.pg_foreign_server s WHERE s.oid OPERATOR(pg_catalog.=) k.serverid)"
		" OR NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid OPERATOR(pg_catalog.=) k.userid)",
		lengthof(types), types, values, NULL, SPI_OK_DELETE);
	for (int i = 0; i < look->nfindings; i++)
		put_row(values, nulls, &look->findings[i], i);
	SetUserIdAndSecContext(caller, context);
	AtEOXact_GUC(true, level);
	SPI_finish();
}

void
doctor_keep(Oid serverid, const char *object, const DoctorFinding *findings, int nfindings)
{
	Look		look = {serverid, object, findings, nfindings};
	ErrorData  *error;

	/* what only looks cannot keep */
	if (XactReadOnly || RecoveryInProgress())
		return;
	error = doctor_isolate(keep, &look);
	if (error)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("what the doctor found is not kept: %s", error->message)));
}
