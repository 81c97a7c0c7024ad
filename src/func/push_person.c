/*-------------------------------------------------------------------------
 *
 * push_person.c
 *	  What a person decides about items, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "func/push_flight.h"
#include "func/push_lock.h"
#include "func/push_person.h"
#include "func/push_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_repeat);
PG_FUNCTION_INFO_V1(xbb_fdw_push_again);
PG_FUNCTION_INFO_V1(xbb_fdw_push_settle);
PG_FUNCTION_INFO_V1(xbb_fdw_push_arrive);

static const char *const repeat_names[] = {
	[TARGET_REPEAT_NEVER] = "never",
	[TARGET_REPEAT_KEY] = "key",
	[TARGET_REPEAT_UPSERT] = "upsert",
	[TARGET_REPEAT_REFUSE] = "refuse",
	[TARGET_REPEAT_PROBE] = "probe",
};

/* The push of an item of the caller's, and its target. */
typedef struct Place
{
	int64		push;			/* 0: there is none */
	Oid			target;
} Place;

static Stored find = {.nested = true, .text =
	"SELECT i.push::bigint, d.target::oid::bigint FROM xbb._push_item i JOIN xbb._push_all d ON d.id = i.push"
	" WHERE i.id = $1 AND d.owner = $2"
};

static void
read_place(void *arg, const SPITupleTable *table, uint64 nrows)
{
	Place	   *place = arg;
	bool		isnull;

	if (nrows == 0)
		return;
	place->push = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
	place->target = (Oid) DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 2, &isnull));
}

/* Finds it, and keeps it from being replaced meanwhile. */
static Place
take_item(FunctionCallInfo fcinfo)
{
	const Oid	types[] = {INT8OID};
	Place		place = {0};

	run_stored_with(fcinfo->flinfo->fn_oid, &find, lengthof(types), types, fcinfo->args, read_place, &place);
	if (place.push == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no push of this role has an item " INT64_FORMAT, PG_GETARG_INT64(0))));
	push_lock_items(fcinfo, (int32) place.push, false);
	return place;
}

static TargetRepeat
repeat_of(Oid target)
{
	target_option_check_table(target);
	return target_option_table(target)->server.repeat;
}

Datum
xbb_fdw_push_repeat(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(repeat_names[repeat_of(PG_GETARG_OID(0))]));
}

Datum
xbb_fdw_push_again(PG_FUNCTION_ARGS)
{
	static Stored again = {.nested = true, .text =
		"WITH i AS MATERIALIZED (SELECT i.id, i.status, i.request FROM xbb._push_item i WHERE i.id = $1 AND"
		" i.status IN ('pending', 'rejected', 'held', 'unknown') FOR UPDATE),"
		" request AS (UPDATE xbb._push_request r SET status = 'unknown', next_try = clock_timestamp(), attempts = 1 FROM i"
		" WHERE r.id = i.request AND i.status IN ('unknown', 'held') AND r.status IN ('unknown', 'held') RETURNING r.id),"
		" others AS (UPDATE xbb._push_item o SET status = 'unknown' FROM request r WHERE o.request = r.id AND o.status = 'held' AND o.id <> $1)"
		" UPDATE xbb._push_item o SET status = CASE WHEN i.request IS NULL THEN 'pending' ELSE 'unknown' END, attempts = 0,"
		" next_try = '-infinity', most = CASE WHEN i.request IS NULL THEN NULL ELSE o.most END FROM i"
		" WHERE o.id = i.id AND (i.request IS NULL OR i.request IN (SELECT r.id FROM request r))"
		" RETURNING o.id"
	};

	take_item(fcinfo);
	return touched_any(fcinfo, &again);
}

Datum
xbb_fdw_push_settle(PG_FUNCTION_ARGS)
{
	/* $4: the request may be sent again byte for byte, and all its keys wait until it is settled */
	static Stored settle = {.nested = true, .text =
		"WITH i AS MATERIALIZED (SELECT i.id, i.push, i.key_id, i.request FROM xbb._push_item i LEFT JOIN xbb._push_request r ON r.id = i.request"
		" WHERE i.id = $1 AND i.status IN ('pending', 'rejected', 'held', 'unknown') AND r.status IS DISTINCT FROM 'sending' FOR UPDATE OF i),"
		" older AS (DELETE FROM xbb._push_item o USING i WHERE $2 = 'acknowledged' AND o.push = i.push AND o.key_id = i.key_id"
		" AND o.status = 'acknowledged' AND o.id <> i.id)"
		" UPDATE xbb._push_item o SET status = $2, note = $3, record = CASE WHEN $2 <> 'acknowledged' THEN o.record END,"
		" acknowledged = CASE WHEN $2 = 'acknowledged' THEN clock_timestamp() END, attempts = 0, next_try = '-infinity'"
		" FROM i WHERE o.id = i.id RETURNING o.id"
	};
	static Stored release = {.nested = true, .text =
		"WITH i AS MATERIALIZED (SELECT i.id, i.request, NOT $2 OR NOT EXISTS (SELECT FROM xbb._push_item o WHERE o.request = i.request"
		" AND o.status IN ('unknown', 'sending', 'held')) AS free FROM xbb._push_item i WHERE i.id = $1 AND i.request IS NOT NULL),"
		" items AS MATERIALIZED (SELECT o.id, o.status <> 'acknowledged' AND EXISTS (SELECT FROM xbb._push_item n WHERE n.push = o.push"
		" AND n.key_id = o.key_id AND n.request IS NULL AND n.status <> 'acknowledged') AS replaced"
		" FROM i JOIN xbb._push_item o ON o.request = i.request WHERE i.free AND ($2 OR o.id = i.id)),"
		" dropped AS (DELETE FROM xbb._push_item o USING items t WHERE t.replaced AND o.id = t.id),"
		" over AS (DELETE FROM xbb._push_request r USING i WHERE r.id = i.request AND i.free AND NOT EXISTS ("
		" SELECT FROM xbb._push_item o WHERE o.request = i.request AND o.id NOT IN (SELECT t.id FROM items t)))"
		" UPDATE xbb._push_item o SET request = NULL, position = NULL FROM items t WHERE o.id = t.id AND NOT t.replaced"
	};
	const Oid	types[] = {INT8OID, BOOLOID};
	NullableDatum args[2] = {{.value = PG_GETARG_DATUM(0)}};
	Place		place;
	TargetRepeat repeat;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	place = take_item(fcinfo);
	repeat = repeat_of(place.target);
	if (run_stored(fcinfo, &settle, NULL) == 0)
		PG_RETURN_BOOL(false);
	args[1].value = BoolGetDatum(repeat != TARGET_REPEAT_NEVER && repeat != TARGET_REPEAT_PROBE);
	run_stored_with(fcinfo->flinfo->fn_oid, &release, lengthof(types), types, args, NULL, NULL);
	PG_RETURN_BOOL(true);
}

Datum
xbb_fdw_push_arrive(PG_FUNCTION_ARGS)
{
	static Stored arrive = {.nested = true, .text =
		"UPDATE xbb._push_definition d SET (system_identifier, timeline, moved) = ROW(h.system_identifier, h.timeline, false)"
		" FROM xbb._place_here() h WHERE d.id = $1 AND " PUSH_OWNED("$2")
		" AND (d.moved OR ROW(d.system_identifier, d.timeline) IS DISTINCT FROM ROW(h.system_identifier, h.timeline))"
		" RETURNING (SELECT a.target::oid::bigint FROM xbb._push_all a WHERE a.id = d.id)"
	};
	static Stored hold = {.nested = true, .text =
		"UPDATE xbb._push_item i SET status = 'held', message = 'it may have been sent from where this database was copied, or failed over'"
		" FROM xbb._push_definition d WHERE i.push = $1 AND i.status = 'pending' AND d.id = i.push AND " PUSH_OWNED("$2")
	};
	int64		target;

	if (run_stored(fcinfo, &arrive, &target) == 0 || repeat_of((Oid) target) != TARGET_REPEAT_NEVER)
		PG_RETURN_INT64(0);
	push_lock_items(fcinfo, PG_GETARG_INT32(0), false);
	PG_RETURN_INT64((int64) run_stored(fcinfo, &hold, NULL));
}
