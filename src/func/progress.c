/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  The rows of the view xbb.progress, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "func/progress.h"
#include "progress/progress.h"

/* See xbb._progress(). */
#define PROGRESS_COLUMNS 27

PG_FUNCTION_INFO_V1(xbb_fdw_progress);
PG_FUNCTION_INFO_V1(xbb_fdw_progress_unseen);

/* Columns of a row, put one after the other. */
typedef struct Columns
{
	int			n;
	Datum		values[PROGRESS_COLUMNS];
	bool		nulls[PROGRESS_COLUMNS];
} Columns;

static void
put(Columns *columns, Datum value, bool null)
{
	columns->nulls[columns->n] = null;
	columns->values[columns->n++] = value;
}

static void
put_oid(Columns *columns, Oid oid)
{
	put(columns, ObjectIdGetDatum(oid), !OidIsValid(oid));
}

static void
put_text(Columns *columns, const char *text)
{
	bool		null = text == NULL || text[0] == '\0';

	put(columns, null ? (Datum) 0 : CStringGetTextDatum(text), null);
}

/* What is not known is less than 0. */
static void
put_number(Columns *columns, int64 number)
{
	put(columns, Int64GetDatum(number), number < 0);
}

static void
put_row(Columns *columns, const ProgressSeen *seen)
{
	const ProgressRow *row = &seen->row;
	const ProgressNumbers *numbers = &row->numbers;

	put(columns, Int32GetDatum(row->pid), false);
	put_oid(columns, row->databaseid);
	put_oid(columns, row->userid);
	put_oid(columns, row->serverid);
	put_text(columns, row->server);
	put_oid(columns, row->relid);
	put_text(columns, row->source);
	put_text(columns, row->object);
	put_text(columns, row->task);
	put_text(columns, row->name);
	put(columns, Int64GetDatum(row->run_id), row->run_id == 0);
	put_text(columns, seen->phase);
	put_text(columns, seen->method);
	put(columns, TimestampTzGetDatum(row->started), false);
	put(columns, TimestampTzGetDatum(row->updated), false);
	put_number(columns, numbers->windows_total);
	put_number(columns, numbers->windows_done);
	put_number(columns, numbers->pages_total);
	put_number(columns, numbers->pages_done);
	put_number(columns, numbers->rows_total);
	put_number(columns, numbers->rows_done);
	put_number(columns, numbers->requests);
	put_number(columns, numbers->bytes);
	put_number(columns, numbers->retries);
	put_number(columns, numbers->throttled_us);
	put_text(columns, seen->wait_event);
	put_number(columns, seen->left_us);
}

/* As pg_stat_activity decides it. */
static bool
may_see(Oid userid)
{
	return has_privs_of_role(GetUserId(), userid) ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

Datum
xbb_fdw_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ProgressSeen *rows;
	int			nrows;

	InitMaterializedSRF(fcinfo, 0);
	if (rsinfo->setDesc->natts != PROGRESS_COLUMNS)
		elog(ERROR, "xbb._progress() does not return what it should");
	/* who looks takes no memory away from who asks */
	api_attach();
	rows = progress_look(&nrows);
	for (int i = 0; i < nrows; i++)
	{
		Columns		columns = {0};

		if (!may_see(rows[i].row.userid))
			continue;
		put_row(&columns, &rows[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, columns.values, columns.nulls);
	}
	return (Datum) 0;
}

Datum
xbb_fdw_progress_unseen(PG_FUNCTION_ARGS)
{
	api_attach();
	PG_RETURN_INT64(progress_unseen());
}
