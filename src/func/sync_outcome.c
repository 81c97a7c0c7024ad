/*-------------------------------------------------------------------------
 *
 * sync_outcome.c
 *	  What becomes of runs, beyond their rows of the log, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "func/sync_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_run_refuse);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_completed);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_meant);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_evidence_add);

/* Whoever has the owner's role may say in the owner's log that he tried. */
Datum
xbb_fdw_sync_run_refuse(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._sync_run_log (id, definition, task, status, started, ended, watermark, sqlstate, error)"
		" SELECT nextval('xbb._sync_run_begun_id_seq'), a.id, left($2, 20), 'failed', now, now, a.watermark, left($3, 5), left($4, " MOST_ERROR ")"
		" FROM xbb._sync_all a, clock_timestamp() now WHERE a.name = $1 AND pg_has_role($5, a.owner, 'USAGE')"
		" ORDER BY a.owner <> $5, NOT a.confirmed, a.owner, a.id LIMIT 1 RETURNING id"
	};
	int64		run;

	if (run_stored(fcinfo, &stored, &run) == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(run);
}

Datum
xbb_fdw_sync_completed(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._sync_definition d SET complete_until = $2 FROM xbb._sync_run_log l"
		" WHERE l.id = $1 AND l.task <> 'retry_rejects' AND l.complete_until IS NOT NULL AND d.id = l.definition AND " OWNED("$3")
	};

	return touched_any(fcinfo, &stored);
}

/*
 * A source that means other records than it did is as another one: until all of it was read, the target is
 * complete up to no time; a first load that has found nothing yet begins anew.  Another major version may say the
 * same in other words.
 */
Datum
xbb_fdw_sync_meant(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._sync_definition d SET meant = $2, complete_until = CASE WHEN c.others THEN '-infinity' ELSE d.complete_until END,"
		" incomplete_since = CASE WHEN c.others THEN clock_timestamp() ELSE d.incomplete_since END,"
		" loading_until = CASE WHEN NOT c.others OR d.watermark IS NOT NULL THEN d.loading_until END,"
		" loading_windows = CASE WHEN NOT c.others OR d.watermark IS NOT NULL THEN d.loading_windows END"
		" FROM (SELECT n.id, n.complete_until IS DISTINCT FROM '-infinity' AND"
		" split_part(n.meant, ' ', 1) = split_part($2, ' ', 1) AS others FROM xbb._sync_definition n WHERE n.id = $1) c"
		" WHERE d.id = c.id AND d.meant IS DISTINCT FROM $2 AND " OWNED("$3")
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_sync_evidence_add(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH added AS (INSERT INTO xbb._sync_evidence AS e (run, definition, task, started, source_rows, target_rows, missed, gone)"
		" SELECT b.id, b.definition, b.task, b.started, ($3)[1], ($3)[2], ($3)[3], ($3)[4]"
		" FROM xbb._sync_run_begun b JOIN xbb._sync_definition d ON d.id = b.definition"
		" WHERE b.definition = $1 AND b.id = $2 AND " OWNED("$6")
		" ON CONFLICT (run) DO UPDATE SET (source_rows, target_rows, missed, gone) = ROW(e.source_rows + excluded.source_rows,"
		" e.target_rows + excluded.target_rows, e.missed + excluded.missed, e.gone + excluded.gone) RETURNING run),"
		" late AS (INSERT INTO xbb._sync_late (definition, run, update_time, seen)"
		" SELECT $1, a.run, u, $5 FROM added a, unnest($4) u)"
		" SELECT FROM added"
	};

	return touched_some(fcinfo, &stored);
}
