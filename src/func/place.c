/*-------------------------------------------------------------------------
 *
 * place.c
 *	  Which copy of a database this is.
 *
 * A copy must not ask or load anything by itself.  Neither the system identifier nor
 * the timeline tells all copies: a base backup that is started beside its original has
 * both.  So host name and data directory are part of it, and a standby that is promoted
 * goes on only where it was said that a failover may go.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include "access/htup_details.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "func/place.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_place_here);
PG_FUNCTION_INFO_V1(xbb_fdw_place_is_here);
PG_FUNCTION_INFO_V1(xbb_fdw_place_activate);
PG_FUNCTION_INFO_V1(xbb_fdw_place_follow);

#define PLACE_COLUMNS 5

static const char *
host_name(void)
{
	static char name[256];

	if (name[0] == '\0' && gethostname(name, sizeof(name) - 1) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYSTEM_ERROR),
				 errmsg("the host's name cannot be read: %m")));
	return name;
}

static TimeLineID
timeline(void)
{
	TimeLineID	replayed;

	if (!RecoveryInProgress())
		return GetWALInsertionTimeLine();
	GetXLogReplayRecPtr(&replayed);
	return replayed;
}

Datum
xbb_fdw_place_here(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	Datum		values[PLACE_COLUMNS];
	bool		nulls[PLACE_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != lengthof(values))
		elog(ERROR, "xbb._place_here() does not return what it should");
	values[0] = Int64GetDatum((int64) GetSystemIdentifier());
	values[1] = Int32GetDatum((int32) timeline());
	values[2] = ObjectIdGetDatum(MyDatabaseId);
	values[3] = CStringGetTextDatum(host_name());
	values[4] = CStringGetTextDatum(DataDir);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/* Is one of the places, 'host' or 'host:data directory', this one? */
static bool
is_named(ArrayType *places)
{
	size_t		length = strlen(host_name());
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(places, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *place;

		if (nulls[i])
			continue;
		place = TextDatumGetCString(elements[i]);
		if (pg_strncasecmp(place, host_name(), length) == 0 &&
			(place[length] == '\0' || (place[length] == ':' && strcmp(place + length + 1, DataDir) == 0)))
			return true;
	}
	return false;
}

Datum
xbb_fdw_place_is_here(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_INT64(0) != (int64) GetSystemIdentifier() || PG_GETARG_OID(2) != MyDatabaseId)
		PG_RETURN_BOOL(false);
	if (RecoveryInProgress())
		PG_RETURN_BOOL(true);
	if (pg_strcasecmp(text_to_cstring(PG_GETARG_TEXT_PP(3)), host_name()) == 0 &&
		strcmp(text_to_cstring(PG_GETARG_TEXT_PP(4)), DataDir) == 0)
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(timeline() > (TimeLineID) PG_GETARG_INT32(1) && is_named(PG_GETARG_ARRAYTYPE_P(5)));
}

/* Of a push a that begins here: is a row of its outbox, brought by a role or as it was and "so", to be its own? */
#define ARRIVES(row, so) \
	"(" row ".push = a.id AND " so " OR " row ".push = -a.id AND pg_has_role(" row ".restored_by, a.owner, 'MEMBER'))"

#define IN_DOUBT(row) " status = CASE WHEN " row ".status = 'sending' THEN 'unknown' ELSE " row ".status END"

Datum
xbb_fdw_place_activate(PG_FUNCTION_ARGS)
{
	/*
	 * Two rows of one name of one role would be a conflict: one of them goes by its name alone.  A function that belongs
	 * to another role than the definition was given to nobody by a dump.  A push may have been at work elsewhere since it
	 * was here: what was on its way there is in doubt.  Outboxes that its owner's role brought, or who has that, become
	 * its push's if that has none; others are nobody's.
	 */
	static Stored stored = {.text =
		"WITH may AS (SELECT FROM pg_roles r"
		" WHERE r.oid = $2 AND (r.rolsuper OR pg_has_role($2, 'pg_database_owner', 'USAGE'))),"
		" stayed AS MATERIALIZED (SELECT FROM xbb._place p WHERE xbb._place_is_here(p.system_identifier, p.timeline, p.database,"
		" p.host, p.directory, p.places)),"
		" place AS (INSERT INTO xbb._place AS p (system_identifier, timeline, database, host, directory, places)"
		" SELECT h.*, coalesce($1, '{}') FROM may, xbb._place_here() h"
		" ON CONFLICT (single) DO UPDATE SET (system_identifier, timeline, database, host, directory, places, activated) ="
		" ROW(excluded.system_identifier, excluded.timeline, excluded.database, excluded.host, excluded.directory,"
		" coalesce($1, p.places), excluded.activated) RETURNING p.token),"
		" known AS (UPDATE xbb._sync_definition d SET place = p.token,"
		" source = nullif(a.source::oid, 0), target = nullif(a.target::oid, 0),"
		" owner_oid = CASE WHEN a.owner <> 0 AND NOT EXISTS (SELECT FROM xbb._sync_all o"
		" WHERE o.owner = a.owner AND o.name = a.name AND o.id <> a.id) THEN a.owner::oid END,"
		" confirmed = d.confirmed AND coalesce(xbb._sync_function_owner(d.id), a.owner) = a.owner"
		" FROM xbb._sync_all a, place p WHERE a.id = d.id AND d.place IS DISTINCT FROM p.token),"
		" channels AS (UPDATE xbb._alert_channel c SET place = p.token FROM place p WHERE c.place IS DISTINCT FROM p.token),"
		" pushes AS (UPDATE xbb._push_definition d SET place = p.token, moved = true,"
		" source = nullif(a.source::oid, 0), target = nullif(a.target::oid, 0),"
		" owner_oid = CASE WHEN a.owner <> 0 AND NOT EXISTS (SELECT FROM xbb._push_all o"
		" WHERE o.owner = a.owner AND o.name = a.name AND o.id <> a.id) THEN a.owner::oid END"
		" FROM xbb._push_all a, place p WHERE a.id = d.id AND (d.place IS DISTINCT FROM p.token OR NOT EXISTS (TABLE stayed))),"
		" arrived AS MATERIALIZED (SELECT d.id, CASE WHEN d.confirmed AND NOT EXISTS (SELECT FROM xbb._push_item o WHERE o.push = d.id)"
		" THEN a.owner::oid END AS owner FROM xbb._push_definition d JOIN xbb._push_all a ON a.id = d.id, place p"
		" WHERE d.place IS DISTINCT FROM p.token OR NOT EXISTS (TABLE stayed)),"
		" items AS (UPDATE xbb._push_item i SET push = a.id, restored_by = NULL," IN_DOUBT("i")
		" FROM arrived a WHERE " ARRIVES("i", "i.status = 'sending'") "),"
		" requests AS (UPDATE xbb._push_request r SET push = a.id, restored_by = NULL, next_try = CASE WHEN r.status = 'sending'"
		" THEN clock_timestamp() ELSE r.next_try END, given_up = coalesce(r.given_up, clock_timestamp())," IN_DOUBT("r")
		" FROM arrived a WHERE " ARRIVES("r", "r.status = 'sending'") "),"
		" marks AS (UPDATE xbb._push_mark m SET push = a.id, restored_by = NULL FROM arrived a WHERE " ARRIVES("m", "false") "),"
		" strange_items AS (DELETE FROM xbb._push_item i USING place WHERE i.push < 0 AND NOT EXISTS (SELECT FROM arrived a WHERE " ARRIVES("i", "false") ")),"
		" strange_requests AS (DELETE FROM xbb._push_request r USING place WHERE r.push < 0 AND NOT EXISTS (SELECT FROM arrived a WHERE " ARRIVES("r", "false") ")),"
		" strange_marks AS (DELETE FROM xbb._push_mark m USING place WHERE m.push < 0 AND NOT EXISTS (SELECT FROM arrived a WHERE " ARRIVES("m", "false") "))"
		/* the numbers of what was restored are taken */
		" SELECT setval('xbb._push_item_id_seq', greatest((SELECT max(i.id) FROM xbb._push_item i),"
		" pg_sequence_last_value('xbb._push_item_id_seq'), 1)),"
		" setval('xbb._push_definition_id_seq', greatest((SELECT max(d.id) FROM xbb._push_definition d),"
		" pg_sequence_last_value('xbb._push_definition_id_seq'), 1)) FROM place"
	};

	PreventCommandDuringRecovery("xbb.activate()");
	PG_RETURN_BOOL(run_stored(fcinfo, &stored, NULL) > 0);
}

Datum
xbb_fdw_place_follow(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._place p SET (timeline, host, directory, places) = ROW(h.timeline, h.host, h.directory,"
		" CASE WHEN p.host = h.host AND p.directory = h.directory THEN p.places"
		" ELSE array_append(p.places, p.host || ':' || p.directory) END)"
		" FROM xbb._place_here() h"
		" WHERE p.ctid = (SELECT o.ctid FROM xbb._place o"
		" WHERE ROW(o.timeline, o.host, o.directory) IS DISTINCT FROM ROW(h.timeline, h.host, h.directory)"
		" AND xbb._place_is_here(o.system_identifier, o.timeline, o.database, o.host, o.directory, o.places)"
		" FOR UPDATE SKIP LOCKED)"
	};

	PreventCommandDuringRecovery("xbb.sync()");
	PG_RETURN_BOOL(run_stored(fcinfo, &stored, NULL) > 0);
}
