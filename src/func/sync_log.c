/*-------------------------------------------------------------------------
 *
 * sync_log.c
 *	  The log of the runs, as SQL functions.
 *
 * Nothing here looks at more of it than at one row or a few by the number of the
 * definition: the log may have millions.  A run that began and has not ended is the last
 * that began of its definition.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "func/sync_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_run_begin);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_run_skip);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_run_lost);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_run_open);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_run_note);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_run_prune);

Datum
xbb_fdw_sync_run_begin(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._sync_run_begun (definition, task, low)"
		" SELECT d.id, left($2, 20), CASE WHEN $3 THEN xbb._sync_low(d.watermark, d.read_until, d.overlap) END"
		" FROM xbb._sync_definition d WHERE d.id = $1 AND " OWNED("$4") " RETURNING id"
	};
	int64		run;

	if (run_stored(fcinfo, &stored, &run) == 0)
		complain_of_drop();
	PG_RETURN_INT64(run);
}

Datum
xbb_fdw_sync_run_skip(PG_FUNCTION_ARGS)
{
	/* a definition that is being dropped is to have no row more */
	static Stored stored = {.text =
		"INSERT INTO xbb._sync_run_log (id, definition, task, status, started, ended, watermark)"
		" SELECT nextval('xbb._sync_run_begun_id_seq'), d.id, left($2, 20), 'skipped', now, now, d.watermark"
		" FROM (SELECT d.id, d.watermark FROM xbb._sync_definition d WHERE d.id = $1 AND " OWNED("$3")
		" FOR KEY SHARE SKIP LOCKED) d, clock_timestamp() now RETURNING id"
	};
	int64		run;

	if (run_stored(fcinfo, &stored, &run) == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(run);
}

Datum
xbb_fdw_sync_run_lost(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._sync_run_log (id, definition, task, status, pid, started, low)"
		" SELECT u.id, u.definition, u.task, 'killed', u.pid, u.started, u.low"
		" FROM xbb._sync_under_way u JOIN xbb._sync_definition d ON d.id = u.definition"
		" WHERE u.definition = $1 AND " OWNED("$2")
		" ON CONFLICT (id) DO UPDATE SET status = excluded.status"
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_sync_run_open(PG_FUNCTION_ARGS)
{
	/* with a snapshot of its own, younger than that of the query that asks */
	static Stored stored = {.text =
		"SELECT FROM xbb._sync_under_way u JOIN xbb._sync_all d ON d.id = u.definition"
		" WHERE u.definition = $1 AND u.id = $2"
		" AND (pg_has_role($3, d.owner, 'USAGE') OR pg_has_role($3, 'pg_read_all_stats', 'USAGE'))"
	};

	return touched_any(fcinfo, &stored);
}

#define NOTED \
	"status, ended, watermark, requests, pages, rows_read, inserted, updated, unchanged, rejected, deleted," \
	" retries, throttled, bytes, sqlstate, error, complete_until"

Datum
xbb_fdw_sync_run_note(PG_FUNCTION_ARGS)
{
	/* what a reconciliation counted is evidence once it has ended */
	static Stored stored = {.text =
		"WITH evidence AS (UPDATE xbb._sync_evidence e SET status = ($1).status, ended = ($1).ended, complete_until = CASE WHEN d.complete_until IS DISTINCT FROM '-infinity'"
		" THEN ($1).complete_until END FROM xbb._sync_definition d WHERE e.run = ($1).id AND e.definition = ($1).definition AND d.id = e.definition"
		" AND ($1).status <> 'running' AND " OWNED("$2") ")"
		" INSERT INTO xbb._sync_run_log AS l (id, definition, task, pid, started, low, " NOTED ")"
		" SELECT b.id, b.definition, b.task, b.pid, b.started, b.low, ($1).status, ($1).ended, ($1).watermark,"
		" ($1).requests, ($1).pages, ($1).rows_read, ($1).inserted, ($1).updated, ($1).unchanged, ($1).rejected,"
		" ($1).deleted, ($1).retries, ($1).throttled, ($1).bytes, left(($1).sqlstate, 5),"
		" left(($1).error, " MOST_ERROR "), CASE WHEN b.task <> 'retry_rejects'"
		" AND (b.low IS NULL OR d.complete_until IS DISTINCT FROM '-infinity') THEN ($1).complete_until END"
		" FROM xbb._sync_run_begun b JOIN xbb._sync_definition d ON d.id = b.definition"
		" WHERE b.definition = ($1).definition AND b.id = ($1).id AND " OWNED("$2")
		" ON CONFLICT (id) DO UPDATE SET (" NOTED ") ="
		" ROW(excluded.status, excluded.ended, excluded.watermark, excluded.requests, excluded.pages,"
		" excluded.rows_read, excluded.inserted, excluded.updated, excluded.unchanged, excluded.rejected,"
		" excluded.deleted, excluded.retries, excluded.throttled, excluded.bytes, excluded.sqlstate, excluded.error,"
		" excluded.complete_until)"
	};

	return touched_some(fcinfo, &stored);
}

/*
 * In pieces, and a day's at a time, so that a run has seldom to do with it.  The clock is
 * at most the latest of the runs before: one that was far ahead for one run takes
 * nothing along.  The latest success stays, as old as it may be, of a reconciliation, too.
 */
Datum
xbb_fdw_sync_run_prune(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH past AS (SELECT c.now - r AS until, c.now - r - least(r / 10, interval '1 day') AS due"
		" FROM CAST(current_setting('xbb_fdw.log_retention') AS interval) r, (SELECT least(now(), max(p.started)) AS now"
		" FROM (SELECT l.started FROM xbb._sync_run_log l WHERE l.definition = $1 AND l.id < $2 ORDER BY l.id DESC LIMIT 10) p) c),"
		" oldest AS (SELECT l.started FROM xbb._sync_run_log l WHERE l.definition = $1 ORDER BY l.id LIMIT 1),"
		" success AS ((SELECT l.id FROM xbb._sync_run_log l WHERE l.definition = $1 AND l.status = 'succeeded'"
		" AND l.task <> 'retry_rejects' ORDER BY l.id DESC LIMIT 1)"
		" UNION ALL (SELECT l.id FROM xbb._sync_run_log l WHERE l.definition = $1 AND l.status = 'succeeded'"
		" AND l.task = 'reconcile' ORDER BY l.id DESC LIMIT 1)"
		" UNION ALL (SELECT l.id FROM xbb._sync_run_log l WHERE l.definition = $1 AND l.status = 'succeeded'"
		" AND l.task = 'reconcile full' ORDER BY l.id DESC LIMIT 1)),"
		" old AS (SELECT l.id FROM (SELECT l.id, l.started FROM xbb._sync_run_log l WHERE l.definition = $1"
		" AND (SELECT o.started < p.due FROM oldest o, past p) ORDER BY l.id LIMIT 2000) l, past p"
		" WHERE l.started < p.until AND l.id <> $2 AND l.id NOT IN (SELECT s.id FROM success s)),"
		" late AS (DELETE FROM xbb._sync_late a USING xbb._sync_definition d"
		" WHERE a.definition = $1 AND a.run <= (SELECT max(o.id) FROM old o) AND d.id = $1 AND " OWNED("$3") "),"
		/* what it counted is to be shown a year later */
		" evidence AS (DELETE FROM xbb._sync_evidence e USING xbb._sync_definition d, past p"
		" WHERE e.definition = $1 AND (SELECT o.started < y.due FROM oldest o, past y) AND e.started < p.until - interval '400 days'"
		" AND e.run <> $2 AND d.id = $1 AND " OWNED("$3") "),"
		" begun AS (DELETE FROM xbb._sync_run_begun b USING xbb._sync_definition d"
		" WHERE b.definition = $1 AND b.id <= (SELECT max(o.id) FROM old o) AND b.id <> $2 AND d.id = $1 AND " OWNED("$3") ")"
		" DELETE FROM xbb._sync_run_log l USING old o, xbb._sync_definition d"
		" WHERE l.id = o.id AND d.id = $1 AND " OWNED("$3")
	};

	return touched_any(fcinfo, &stored);
}
