/*-------------------------------------------------------------------------
 *
 * push_person.c
 *	  What a person decides about items, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "func/push_flight.h"
#include "func/push_lock.h"
#include "func/push_person.h"
#include "func/push_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_repeat);
PG_FUNCTION_INFO_V1(xbb_fdw_push_is_judged);
PG_FUNCTION_INFO_V1(xbb_fdw_push_again);
PG_FUNCTION_INFO_V1(xbb_fdw_push_settle);
PG_FUNCTION_INFO_V1(xbb_fdw_push_arrive);
PG_FUNCTION_INFO_V1(xbb_fdw_push_identify);

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
	bool		locked;			/* it is in a request, which is not on its way */
	bool		held;			/* nor to be sent by itself */
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

static Stored lock_request = {.nested = true, .text =
	"SELECT (r.status = 'held')::int::bigint FROM xbb._push_request r WHERE r.id = (SELECT i.request FROM xbb._push_item i WHERE i.id = $1)"
	" AND r.status <> 'sending' FOR UPDATE"
};

static void
read_lock(void *arg, const SPITupleTable *table, uint64 nrows)
{
	Place	   *place = arg;
	bool		isnull;

	place->locked = nrows > 0;
	place->held = nrows > 0 && DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull)) != 0;
}

/*
 * Finds it, and keeps it from being replaced meanwhile, and its request from being sent or decided about: requests are
 * locked before items, by all.
 */
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
	run_stored_with(fcinfo->flinfo->fn_oid, &lock_request, lengthof(types), types, fcinfo->args, read_lock, &place);
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
xbb_fdw_push_is_judged(PG_FUNCTION_ARGS)
{
	Oid			target = PG_GETARG_OID(0);
	const TargetServerOptions *options;

	target_option_check_table(target);
	options = &target_option_table(target)->server;
	PG_RETURN_BOOL(options->ok || options->records);
}

/* Are all records of a request sent again with any? */
static bool
repeats_whole(TargetRepeat repeat)
{
	return repeat == TARGET_REPEAT_KEY || repeat == TARGET_REPEAT_UPSERT || repeat == TARGET_REPEAT_REFUSE;
}

Datum
xbb_fdw_push_again(PG_FUNCTION_ARGS)
{
	/* $2: is its request locked; $3: are all its records sent again: not where somebody said that one must not be */
	static Stored again = {.nested = true, .text =
		"WITH i AS MATERIALIZED (SELECT i.id, i.status, i.request FROM xbb._push_item i WHERE i.id = $1 AND"
		" i.status IN ('pending', 'rejected', 'held', 'unknown') AND (i.request IS NULL OR $2) FOR UPDATE),"
		" request AS (UPDATE xbb._push_request r SET status = 'unknown', next_try = clock_timestamp(), attempts = 1 FROM i"
		" WHERE r.id = i.request AND i.status IN ('unknown', 'held') AND r.status IN ('unknown', 'held') AND NOT ($3 AND EXISTS ("
		" SELECT FROM xbb._push_item o WHERE o.request = r.id AND o.id <> $1 AND o.status IN ('held', 'rejected') AND o.note <> ''))"
		" RETURNING r.id),"
		" others AS (UPDATE xbb._push_item o SET status = 'unknown' FROM request r WHERE $3 AND o.request = r.id AND o.status = 'held' AND o.id <> $1)"
		" UPDATE xbb._push_item o SET status = CASE WHEN i.request IS NULL THEN 'pending' ELSE 'unknown' END, attempts = 0,"
		" next_try = '-infinity', most = CASE WHEN i.request IS NULL THEN NULL ELSE o.most END FROM i"
		" WHERE o.id = i.id AND (i.request IS NULL OR i.request IN (SELECT r.id FROM request r))"
		" RETURNING o.id"
	};
	const Oid	types[] = {INT8OID, BOOLOID, BOOLOID};
	NullableDatum args[lengthof(types)] = {{.value = PG_GETARG_DATUM(0)}};
	Place		place = take_item(fcinfo);

	args[1].value = BoolGetDatum(place.locked);
	args[2].value = BoolGetDatum(place.locked && repeats_whole(repeat_of(place.target)));
	PG_RETURN_BOOL(run_stored_with(fcinfo->flinfo->fn_oid, &again, lengthof(types), types, args, NULL, NULL) > 0);
}

/* $1 an item, $2 what is said of it, $3 the note, $4 is its request locked. */
static Stored settle = {.nested = true, .text =
	"WITH i AS MATERIALIZED (SELECT i.id, i.push, i.key_id FROM xbb._push_item i"
	" WHERE i.id = $1 AND i.status IN ('pending', 'rejected', 'held', 'unknown') AND (i.request IS NULL OR $4) FOR UPDATE),"
	" older AS (DELETE FROM xbb._push_item o USING i WHERE $2 = 'acknowledged' AND o.push = i.push AND o.key_id = i.key_id"
	" AND o.status = 'acknowledged' AND o.request IS NULL AND o.id <> i.id RETURNING o.target_id)"
	" UPDATE xbb._push_item o SET status = $2, note = $3, target_id = coalesce(o.target_id, (SELECT max(x.target_id) FROM older x)), record = CASE WHEN $2 <> 'acknowledged' THEN o.record END,"
	" acknowledged = CASE WHEN $2 = 'acknowledged' THEN clock_timestamp() END, attempts = 0, next_try = '-infinity'"
	" FROM i WHERE o.id = i.id RETURNING o.id"
};

/* What is known to be there may be known better. */
static Stored note_there = {.nested = true, .text =
	"UPDATE xbb._push_item i SET note = $3 WHERE i.id = $1 AND $2 = 'acknowledged' AND i.status = $2"
};

/* The target knows a repeat: its answer to one tells, and nothing is sent but that. */
static Stored repeat_now = {.nested = true, .text =
	"WITH i AS (UPDATE xbb._push_item i SET note = $3 WHERE i.id = $1 AND $2 = 'pending' AND $4 AND i.status = 'unknown' RETURNING i.request)"
	" UPDATE xbb._push_request r SET next_try = clock_timestamp() FROM i WHERE r.id = i.request"
};

/* One of its records must not be sent: none is, until somebody has said what is so of each. */
static Stored hold_request = {.nested = true, .text =
	"WITH r AS (UPDATE xbb._push_request r SET status = 'held', next_try = 'infinity' FROM xbb._push_item i WHERE i.id = $1"
	" AND r.id = i.request RETURNING r.id)"
	" UPDATE xbb._push_item o SET status = 'held' FROM r WHERE o.request = r.id AND o.status = 'unknown'"
};

/* The target overwrites or refuses what it has: the others may be sent without it. */
static Stored dissolve = {.nested = true, .text =
	"UPDATE xbb._push_item o SET status = 'pending', next_try = '-infinity' FROM xbb._push_item i"
	" WHERE i.id = $1 AND o.request = i.request AND o.status = 'unknown'"
};

/* $2: all items of the request at once, when none of them is in doubt; $3: whatever is held */
static Stored release = {.nested = true, .text =
	"WITH i AS MATERIALIZED (SELECT i.id, i.request, NOT $2 OR NOT EXISTS (SELECT FROM xbb._push_item o WHERE o.request = i.request"
	" AND (o.status IN ('unknown', 'sending') OR o.status = 'held' AND NOT $3)) AS free"
	" FROM xbb._push_item i WHERE i.id = $1 AND i.request IS NOT NULL),"
	" items AS MATERIALIZED (SELECT o.id, o.push, o.key_id, o.status <> 'acknowledged' AND EXISTS (SELECT FROM xbb._push_item n WHERE n.push = o.push"
	" AND n.key_id = o.key_id AND n.request IS NULL AND n.status <> 'acknowledged') AS replaced"
	" FROM i JOIN xbb._push_item o ON o.request = i.request WHERE i.free AND ($2 OR o.id = i.id)),"
	" dropped AS (DELETE FROM xbb._push_item o USING items t WHERE t.replaced AND o.id = t.id),"
	" back AS (DELETE FROM xbb._push_item n USING (SELECT " PUSH_WENT_BACK("t") " AS id FROM items t WHERE NOT $3 AND t.replaced OFFSET 0) b WHERE n.id = b.id),"
	" over AS (DELETE FROM xbb._push_request r USING i WHERE r.id = i.request AND i.free AND NOT EXISTS ("
	" SELECT FROM xbb._push_item o WHERE o.request = i.request AND o.id NOT IN (SELECT t.id FROM items t)))"
	" UPDATE xbb._push_item o SET request = NULL, position = NULL FROM items t WHERE o.id = t.id AND NOT t.replaced"
};

static uint64
run_for(FunctionCallInfo fcinfo, Stored *stored, bool locked)
{
	const Oid	types[] = {INT8OID, TEXTOID, TEXTOID, BOOLOID};
	NullableDatum args[] = {fcinfo->args[0], fcinfo->args[1], fcinfo->args[2], {.value = BoolGetDatum(locked)}};

	return run_stored_with(fcinfo->flinfo->fn_oid, stored, lengthof(types), types, args, NULL, NULL);
}

static void
run_for_item(FunctionCallInfo fcinfo, Stored *stored)
{
	const Oid	types[] = {INT8OID};

	run_stored_with(fcinfo->flinfo->fn_oid, stored, lengthof(types), types, fcinfo->args, NULL, NULL);
}

Datum
xbb_fdw_push_settle(PG_FUNCTION_ARGS)
{
	const Oid	types[] = {INT8OID, BOOLOID, BOOLOID};
	NullableDatum args[lengthof(types)] = {{.value = PG_GETARG_DATUM(0)}};
	char	   *status;
	Place		place;
	TargetRepeat repeat;
	bool		is_there;
	bool		dissolves;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	status = text_to_cstring(PG_GETARG_TEXT_PP(1));
	is_there = strcmp(status, "acknowledged") == 0;
	place = take_item(fcinfo);
	repeat = repeat_of(place.target);
	if (repeat == TARGET_REPEAT_KEY && !place.held && run_for(fcinfo, &repeat_now, place.locked) > 0)
		PG_RETURN_BOOL(true);
	if (run_for(fcinfo, &settle, place.locked) == 0)
		PG_RETURN_BOOL(run_for(fcinfo, &note_there, place.locked) > 0);
	if (!place.locked)
		PG_RETURN_BOOL(true);
	dissolves = !is_there && (repeat == TARGET_REPEAT_UPSERT || repeat == TARGET_REPEAT_REFUSE);
	if (dissolves)
		run_for_item(fcinfo, &dissolve);
	else if (!is_there && repeat == TARGET_REPEAT_KEY && strcmp(status, "pending") != 0)
		run_for_item(fcinfo, &hold_request);
	/* in doubt and held, its key waits */
	else if (!repeats_whole(repeat) && strcmp(status, "held") == 0)
		PG_RETURN_BOOL(true);
	args[1].value = BoolGetDatum(repeats_whole(repeat));
	args[2].value = BoolGetDatum(dissolves);
	run_stored_with(fcinfo->flinfo->fn_oid, &release, lengthof(types), types, args, NULL, NULL);
	PG_RETURN_BOOL(true);
}

#define MAY_BE_THERE "it may have been sent from where this database was copied, or failed over"

/* What waits there when it begins to run here; $3: and its source was read, so that nothing else can wait. */
static Stored arrive = {.nested = true, .text =
	"WITH d AS MATERIALIZED (SELECT d.id, h.system_identifier, h.timeline, (SELECT a.target::oid::bigint FROM xbb._push_all a WHERE a.id = d.id) AS target"
	" FROM xbb._push_definition d CROSS JOIN xbb._place_here() h WHERE d.id = $1 AND " PUSH_OWNED("$3")
	" AND (d.moved OR ROW(d.system_identifier, d.timeline) IS DISTINCT FROM ROW(h.system_identifier, h.timeline))),"
	" here AS (UPDATE xbb._push_definition o SET (system_identifier, timeline, moved) = ROW(d.system_identifier, d.timeline, false)"
	" FROM d WHERE $2 AND o.id = d.id)"
	" SELECT d.target FROM d"
};

/* What is in doubt may have left again since, from where it is remembered otherwise. */
static Stored doubt_anew = {.nested = true, .text =
	"UPDATE xbb._push_request r SET given_up = clock_timestamp() WHERE r.push = $1 AND r.status = 'unknown'"
};

static Stored hold_waiting = {.nested = true, .text =
	"UPDATE xbb._push_item i SET status = 'held', message = '" MAY_BE_THERE "' WHERE i.push = $1 AND i.status = 'pending' AND i.request IS NULL"
};

/* Each as a request that nobody sent, to be asked for, and as late as if it had left just now; but for those behind another of their key. */
static Stored ask_waiting = {.nested = true, .text =
	"WITH waiting AS MATERIALIZED (SELECT i.id, gen_random_uuid() AS request FROM xbb._push_item i WHERE i.push = $1 AND i.status = 'pending'"
	" AND i.request IS NULL AND NOT EXISTS (SELECT FROM xbb._push_item f WHERE f.push = $1 AND f.key_id = i.key_id AND f.request IS NOT NULL)),"
	" requests AS (INSERT INTO xbb._push_request (id, push, run, worker, status, body, records, next_try, given_up)"
	" SELECT w.request, $1, 0, 0, 'unknown', '', 1, clock_timestamp(), clock_timestamp() FROM waiting w)"
	" UPDATE xbb._push_item i SET status = 'unknown', request = w.request, position = 1, message = '" MAY_BE_THERE "'"
	" FROM waiting w WHERE i.id = w.id"
};

static void
read_target(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;

	if (nrows > 0)
		*(int64 *) arg = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
}

Datum
xbb_fdw_push_arrive(PG_FUNCTION_ARGS)
{
	const Oid	types[] = {INT4OID, BOOLOID, OIDOID};
	NullableDatum args[] = {fcinfo->args[0], fcinfo->args[1], {.value = ObjectIdGetDatum(GetUserId())}};
	int64		target = 0;
	TargetRepeat repeat;
	int64		n = 0;

	/* whoever could lock another role's items could stop its runs */
	push_check_owner(PG_GETARG_INT32(0));
	push_lock_items(fcinfo, PG_GETARG_INT32(0), false);
	run_stored_with(fcinfo->flinfo->fn_oid, &arrive, lengthof(types), types, args, read_target, &target);
	if (target == 0)
		PG_RETURN_INT64(0);
	repeat = repeat_of((Oid) target);
	run_stored_with(fcinfo->flinfo->fn_oid, &doubt_anew, 1, types, args, NULL, NULL);
	if (repeat == TARGET_REPEAT_PROBE)
		n = (int64) run_stored_with(fcinfo->flinfo->fn_oid, &ask_waiting, 1, types, args, NULL, NULL);
	/* an older one that is asked for does not tell of a newer one */
	if (repeat != TARGET_REPEAT_UPSERT && repeat != TARGET_REPEAT_REFUSE)
		n += (int64) run_stored_with(fcinfo->flinfo->fn_oid, &hold_waiting, 1, types, args, NULL, NULL);
	PG_RETURN_INT64(n);
}

Datum
xbb_fdw_push_identify(PG_FUNCTION_ARGS)
{
	static Stored stored = {.nested = true, .text =
		"UPDATE xbb._push_item i SET target_id = $2 WHERE i.id = $1 AND i.status = 'acknowledged'"
		" AND (SELECT d.owner FROM xbb._push_all d WHERE d.id = i.push) = $3"
	};

	return touched_any(fcinfo, &stored);
}
