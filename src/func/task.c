/*-------------------------------------------------------------------------
 *
 * task.c
 *	  What is known elsewhere of syncs and pushes, as SQL functions: when pg_cron
 *	  runs them.
 *
 * pg_cron shows each role its own jobs, and only with a right to its schema, while those who
 * watch are to see when every task runs.  So its table is read as the owner of ours; it must be
 * pg_cron's own and a plain table, so that reading it runs nothing of anybody's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/tuplestore.h"

#include "func/sync_stored.h"
#include "func/task.h"

PG_FUNCTION_INFO_V1(xbb_fdw_task_jobs);

#define JOB_COLUMNS 3

static Stored job_table = {.text =
	"SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_extension'::regclass"
	" AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid"
	" WHERE n.nspname = 'cron' AND c.relname = 'job' AND c.relkind = 'r' AND e.extname = 'pg_cron'"
	" AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"
	" AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.atttypid IN (25, 16)"
	" AND a.attname IN ('schedule', 'command', 'database', 'username', 'active')) = 5 AND $1 IS NOT NULL"
};

/*
 * What a job calls: the task of that name, its role's own or else one of a role that it has, or all that are its
 * role's own.  Names are read as constants of SQL; what is written otherwise is not seen.
 */
static Stored jobs = {.text =
	"WITH called AS MATERIALIZED (SELECT j.username, j.schedule, lower(c[1]) AS kind, c[2] IS NOT NULL AS all_of_them,"
	" replace(c[3], '''''', '''') AS name FROM cron.job j CROSS JOIN LATERAL regexp_matches(j.command,"
	" '\\mxbb\\s*\\.\\s*(sync|push)(?:(_all)\\s*\\(|\\s*\\(\\s*(?:name\\s*=>\\s*)?''((?:[^'']|'''')*)'')', 'gi') c"
	" WHERE j.active AND j.database = current_database()),"
	" task AS (SELECT 'sync' AS kind, a.id, a.name, a.owner::oid AS owner, a.enabled FROM xbb._sync_all a"
	" UNION ALL SELECT 'push', p.id, p.name, p.owner::oid, p.enabled FROM xbb._push_all p)"
	" SELECT t.kind::text, t.id, c.schedule FROM called c JOIN pg_roles r ON r.rolname = c.username"
	" JOIN task t ON t.kind = c.kind AND (c.all_of_them AND t.enabled AND t.owner = r.oid OR t.name = c.name AND"
	" (t.owner = r.oid OR pg_has_role(r.oid, t.owner, 'USAGE') AND NOT EXISTS ("
	"SELECT FROM task o WHERE o.kind = t.kind AND o.name = t.name AND o.owner = r.oid)))"
	" WHERE pg_has_role($1, t.owner, 'USAGE') OR pg_has_role($1, 'pg_read_all_stats', 'USAGE')"
};

static void
put_rows(void *arg, const SPITupleTable *table, uint64 nrows)
{
	ReturnSetInfo *rsinfo = arg;

	for (uint64 i = 0; i < nrows; i++)
	{
		Datum		values[JOB_COLUMNS];
		bool		nulls[JOB_COLUMNS];

		for (int n = 0; n < JOB_COLUMNS; n++)
			values[n] = SPI_getbinval(table->vals[i], table->tupdesc, n + 1, &nulls[n]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

Datum
xbb_fdw_task_jobs(PG_FUNCTION_ARGS)
{
	Oid			function = fcinfo->flinfo->fn_oid;

	InitMaterializedSRF(fcinfo, 0);
	if (((ReturnSetInfo *) fcinfo->resultinfo)->setDesc->natts != JOB_COLUMNS)
		elog(ERROR, "xbb._task_jobs() does not return what it should");
	if (run_stored_with(function, &job_table, 0, NULL, NULL, NULL, NULL) > 0)
		run_stored_with(function, &jobs, 0, NULL, NULL, put_rows, fcinfo->resultinfo);
	return (Datum) 0;
}
