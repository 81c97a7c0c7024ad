/*-------------------------------------------------------------------------
 *
 * alert.c
 *	  What alerts write into their own tables, as SQL functions.
 *
 * What fires is looked at for all roles at once, as the owner of the tables, by a
 * function of ours that reads our own views and tables and nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "func/alert.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_alert_check);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_change);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_silence);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_channel_put);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_channel_drop);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_drift);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_lock);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_unlock);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_take);
PG_FUNCTION_INFO_V1(xbb_fdw_alert_note);

/* A lock on a table of ours in the function's schema and, of it, on what a role has. */
static LOCKTAG
lock_of(FunctionCallInfo fcinfo, const char *table, Oid role)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid(table, get_func_namespace(fcinfo->flinfo->fn_oid)), role, 0);
	return tag;
}

Datum
xbb_fdw_alert_check(PG_FUNCTION_ARGS)
{
	static Stored concerned = {.text =
		"SELECT (pg_has_role($1, 'pg_read_all_stats', 'USAGE') OR EXISTS (SELECT FROM (SELECT d.owner_oid FROM xbb._sync_definition d"
		" UNION ALL SELECT d.owner_oid FROM xbb._push_definition d) d WHERE pg_has_role($1, d.owner_oid, 'USAGE')))::int::bigint"
	};
	static Stored stored = {.text =
		"SELECT xbb._alert_evaluate(clock_timestamp()) WHERE $1 IS NOT NULL"
	};
	LOCKTAG		tag = lock_of(fcinfo, "_alert_state", InvalidOid);
	int64		is_concerned = 0;
	int64		queued = 0;

	PreventCommandDuringRecovery("xbb.check_alerts()");
	/*
	 * A block that stays open would keep all others from looking; it cannot be seen from
	 * a subtransaction, which the end of a run is.  An old snapshot tells everybody of what is over.
	 */
	if ((IsTransactionBlock() && !IsSubTransaction()) || IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("alerts cannot be looked at in a transaction block, nor above isolation level read committed"),
				 errhint("SELECT xbb.check_alerts(); must stand alone.")));
	/* whoever could hold the lock could keep all from being told */
	run_stored(fcinfo, &concerned, &is_concerned);
	if (is_concerned == 0)
		PG_RETURN_NULL();
	/* who waited would look at the same again */
	if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		PG_RETURN_NULL();
	run_stored(fcinfo, &stored, &queued);
	PG_RETURN_INT64(queued);
}

Datum
xbb_fdw_alert_change(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH who AS (SELECT CASE WHEN $6 THEN '' ELSE r.rolname END AS owner FROM pg_roles r WHERE r.oid = $7"
		" AND (NOT $6 OR r.rolsuper OR pg_has_role($7, 'pg_database_owner', 'USAGE'))),"
		" gone AS (DELETE FROM xbb._alert_change c USING who w WHERE c.owner = w.owner AND c.rule = $1 AND c.task = $2"
		" AND $3 IS NULL AND $4 IS NULL AND $5 IS NULL),"
		" put AS (INSERT INTO xbb._alert_change AS c (owner, rule, task, enabled, threshold, hold)"
		" SELECT w.owner, $1, $2, $3, $4, $5 FROM who w WHERE num_nonnulls($3, $4, $5) > 0"
		" ON CONFLICT (owner, rule, task) DO UPDATE SET (enabled, threshold, hold) = ROW(coalesce(excluded.enabled, c.enabled),"
		" coalesce(excluded.threshold, c.threshold), coalesce(excluded.hold, c.hold)))"
		" SELECT FROM who"
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_alert_silence(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH who AS (SELECT pg_get_userbyid($4)::text AS owner),"
		" gone AS (DELETE FROM xbb._alert_silence s USING who w WHERE s.owner = w.owner AND s.name = $1 AND $2 IS NULL),"
		" put AS (INSERT INTO xbb._alert_silence (owner, name, until, why) SELECT w.owner, $1, $2, left($3, 1000) FROM who w"
		" WHERE $2 IS NOT NULL ON CONFLICT (owner, name) DO UPDATE SET (until, why, since) ="
		" ROW(excluded.until, excluded.why, excluded.since))"
		" SELECT FROM who"
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_alert_channel_put(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._alert_channel (owner, name, kind, target, lang, time_zone, keyword, max_bytes, digest, place)"
		" SELECT pg_get_userbyid($2), ($1).name, ($1).kind, ($1).target, ($1).lang, ($1).time_zone, ($1).keyword, ($1).max_bytes,"
		" ($1).digest, p.token FROM xbb._place p"
		/* an error, if there is no such zone */
		" WHERE timezone(($1).time_zone, clock_timestamp()) IS NOT NULL"
		" ON CONFLICT (owner, name) DO UPDATE SET (kind, target, lang, time_zone, keyword, max_bytes, digest, place) ="
		" ROW(excluded.kind, excluded.target, excluded.lang, excluded.time_zone, excluded.keyword, excluded.max_bytes,"
		" excluded.digest, excluded.place)"
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_alert_channel_drop(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH messages AS (DELETE FROM xbb._alert_message m WHERE m.owner = pg_get_userbyid($2) AND m.channel = $1),"
		" digests AS (DELETE FROM xbb._alert_digest g WHERE g.owner = pg_get_userbyid($2) AND g.channel = $1)"
		" DELETE FROM xbb._alert_channel c WHERE c.owner = pg_get_userbyid($2) AND c.name = $1"
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_alert_drift(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._alert_drift (server, owner, changes, at) SELECT s.oid, $3, $2, clock_timestamp()"
		" FROM pg_foreign_server s WHERE s.srvname = $1"
		" ON CONFLICT (server, owner) DO UPDATE SET (changes, at) = ROW(excluded.changes, excluded.at)"
	};

	return touched_any(fcinfo, &stored);
}

Datum
xbb_fdw_alert_lock(PG_FUNCTION_ARGS)
{
	LOCKTAG		tag = lock_of(fcinfo, "_alert_channel", GetUserId());

	PreventCommandDuringRecovery("xbb.send_alerts()");
	switch (LockAcquire(&tag, ExclusiveLock, true, true))
	{
		case LOCKACQUIRE_NOT_AVAIL:
			PG_RETURN_BOOL(false);
		case LOCKACQUIRE_ALREADY_HELD:
		case LOCKACQUIRE_ALREADY_CLEAR:
			/* once is enough */
			LockRelease(&tag, ExclusiveLock, true);
			PG_RETURN_BOOL(false);
		case LOCKACQUIRE_OK:
			break;
	}
	PG_RETURN_BOOL(true);
}

Datum
xbb_fdw_alert_unlock(PG_FUNCTION_ARGS)
{
	LOCKTAG		tag = lock_of(fcinfo, "_alert_channel", GetUserId());

	LockRelease(&tag, ExclusiveLock, true);
	PG_RETURN_VOID();
}

Datum
xbb_fdw_alert_take(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH oldest AS (SELECT DISTINCT ON (m.channel) m.id, m.next_try FROM xbb._alert_message m"
		" JOIN xbb._alert_channel c ON c.owner = m.owner AND c.name = m.channel JOIN xbb._place p ON p.token = c.place"
		" AND xbb._place_is_here(p.system_identifier, p.timeline, p.database, p.host, p.directory, p.places)"
		" WHERE m.owner = pg_get_userbyid($1) AND m.status <> 'sent' AND m.next_try < 'infinity'"
		/* what was refused does not keep back what comes after it */
		" AND (m.status <> 'failed' OR m.next_try <= clock_timestamp()) ORDER BY m.channel, m.id)"
		" UPDATE xbb._alert_message m SET status = 'sending', tries = m.tries + 1"
		" WHERE m.id = (SELECT o.id FROM oldest o WHERE o.next_try <= clock_timestamp() ORDER BY o.id LIMIT 1) RETURNING m.id"
	};
	LOCKTAG		tag = lock_of(fcinfo, "_alert_channel", GetUserId());
	int64		id;

	if (!compat_lock_held_by_me(&tag, ExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this session sends no alerts")));
	if (run_stored(fcinfo, &stored, &id) == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}

Datum
xbb_fdw_alert_note(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._alert_message m SET status = $2, note = left($3, 1000), next_try = coalesce(clock_timestamp() + $4, 'infinity'),"
		" sent_at = CASE WHEN $2 = 'sent' THEN clock_timestamp() END"
		" WHERE m.id = $1 AND m.owner = pg_get_userbyid($5)"
	};

	return touched_any(fcinfo, &stored);
}
