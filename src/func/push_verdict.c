/*-------------------------------------------------------------------------
 *
 * push_verdict.c
 *	  What became of requests, written into the outbox.
 *
 * An item's outcome is the record's verdict, unless the request as a whole was
 * refused or got no answer: then it depends on what may be repeated.  Halves of a refused
 * request are sent as new ones, those of one without an answer only where the
 * target overwrites or refuses what it has.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "func/push_flight.h"
#include "func/push_show.h"
#include "func/sync_stored.h"

/* so many tries, each pause twice as long as the one before it: the last ones are a day */
#define MOST_TRIES "17"
#define PAUSE(tries) \
	"least(interval '1 day', interval '2 seconds' * 2::float8 ^ least(" tries ", 20)) * (0.5 + random() / 2)"

/* No target has a record wait longer, whatever it says: milliseconds. */
#define LONGEST_WAIT ((int64) 24 * 60 * 60 * 1000)

/*
 * Outcomes are statuses, or 'later' (it is the target's fault: no try less is left), 'split', 'unsent', and 'anew' (a
 * probe did not find it, and its number of tries has grown by the probe, too).  What is
 * replaced by a version that waits is of no interest any more, once nothing can bring it back; nor is the one that
 * waits, if its row went back to what the target has.  The target's id of a key
 * stays where its answer to a newer version has none.
 */
static Stored note_items = {.nested = true, .text =
	"WITH u AS MATERIALIZED (SELECT u.*, i.push, i.key_id, i.replaces, u.settled AND u.outcome NOT IN ('acknowledged', 'unknown') AND ("
	" SELECT n.id FROM xbb._push_item n WHERE n.push = i.push AND n.key_id = i.key_id AND n.request IS NULL AND n.status <> 'acknowledged'"
	" LIMIT 1) IS NOT NULL AS replaced, CASE WHEN u.outcome = 'acknowledged' AND u.target_id IS NULL AND i.replaces THEN (SELECT o.target_id"
	" FROM xbb._push_item o WHERE o.push = i.push AND o.key_id = i.key_id AND o.status = 'acknowledged' AND o.id <> i.id ORDER BY o.id DESC LIMIT 1)"
	" END AS known_id"
	" FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	" u (id, request, outcome, target_id, message, answer, http_status, settled, wait, most)"
	" JOIN xbb._push_item i ON i.id = u.id AND CASE WHEN i.status = 'sending' THEN i.request = u.request END),"
	" older AS (DELETE FROM xbb._push_item o USING u WHERE u.outcome = 'acknowledged' AND u.replaces AND o.push = u.push AND o.key_id = u.key_id"
	" AND o.status = 'acknowledged' AND o.id <> u.id),"
	" dropped AS (DELETE FROM xbb._push_item o USING u WHERE u.replaced AND o.id = u.id),"
	" back AS (DELETE FROM xbb._push_item n USING (SELECT " PUSH_WENT_BACK("u") " AS id FROM u WHERE u.replaced OFFSET 0) b WHERE n.id = b.id)"
	" UPDATE xbb._push_item i SET status = CASE WHEN u.outcome IN ('pending', 'anew') AND i.attempts >= " MOST_TRIES " AND u.settled THEN 'held'"
	" WHEN u.outcome IN ('later', 'split', 'unsent', 'anew') THEN 'pending' ELSE u.outcome END,"
	" record = CASE WHEN u.outcome <> 'acknowledged' THEN i.record END,"
	" attempts = i.attempts - CASE WHEN u.outcome IN ('later', 'split', 'unsent') THEN 1 ELSE 0 END,"
	" sent = CASE WHEN u.outcome <> 'unsent' OR i.attempts > 1 THEN i.sent END,"
	" most = CASE WHEN u.outcome = 'split' THEN u.most ELSE i.most END,"
	" next_try = CASE WHEN u.outcome IN ('pending', 'later')"
	" THEN clock_timestamp() + greatest(u.wait * interval '1 millisecond', " PAUSE("i.attempts") ")"
	" WHEN u.outcome = 'anew' THEN clock_timestamp() + " PAUSE("i.attempts - 2") " ELSE '-infinity' END,"
	" request = CASE WHEN NOT u.settled THEN i.request END, position = CASE WHEN NOT u.settled THEN i.position END,"
	" target_id = coalesce(u.target_id, i.target_id, u.known_id), message = u.message, answer = u.answer, http_status = u.http_status,"
	" acknowledged = CASE WHEN u.outcome = 'acknowledged' THEN clock_timestamp() END"
	" FROM u WHERE i.id = u.id AND NOT u.replaced RETURNING i.status, u.outcome"
};

/* Of the requests that are over the bodies go. */
static Stored forget_requests = {.nested = true, .text =
	"DELETE FROM xbb._push_request r WHERE r.id = ANY ($1)"
};

/*
 * Those some of whose items are unknown are to be sent again, or held; "never" waits for a person.  While others of it are
 * asked for, it is on its way.
 */
static Stored keep_requests = {.nested = true, .text =
	"WITH kept AS (UPDATE xbb._push_request r SET status = CASE WHEN EXISTS (SELECT FROM xbb._push_item i WHERE i.request = r.id AND i.status = 'sending')"
	" THEN 'sending' WHEN $2 AND r.attempts >= " MOST_TRIES " THEN 'held' ELSE 'unknown' END,"
	" next_try = CASE WHEN $2 THEN clock_timestamp() + " PAUSE("r.attempts") " ELSE 'infinity' END,"
	" given_up = coalesce(r.given_up, clock_timestamp()) WHERE r.id = ANY ($1) RETURNING r.id, r.status)"
	" UPDATE xbb._push_item i SET status = 'held' FROM kept k WHERE k.status = 'held' AND i.request = k.id AND i.status = 'unknown'"
};

/*
 * Of those that may be over none of whose items is in doubt any more: they are free; or held, if an item is.  $2: what
 * the target did not take this time it did not take the first time either; else what went back is sent again, which
 * does no harm.
 */
static Stored settle_requests = {.nested = true, .text =
	"WITH over AS (DELETE FROM xbb._push_request r WHERE r.id = ANY ($1) AND NOT EXISTS (SELECT FROM xbb._push_item i"
	" WHERE i.request = r.id AND i.status IN ('unknown', 'sending', 'held')) RETURNING r.id),"
	" held AS (UPDATE xbb._push_request r SET status = 'held', next_try = 'infinity' WHERE r.id = ANY ($1) AND r.status = 'sending'"
	" AND EXISTS (SELECT FROM xbb._push_item i WHERE i.request = r.id AND i.status = 'held')"
	" AND NOT EXISTS (SELECT FROM xbb._push_item i WHERE i.request = r.id AND i.status IN ('unknown', 'sending'))),"
	" asked AS (UPDATE xbb._push_request r SET status = 'unknown' WHERE r.id = ANY ($1) AND r.status = 'sending'"
	" AND EXISTS (SELECT FROM xbb._push_item i WHERE i.request = r.id AND i.status = 'unknown')"
	" AND NOT EXISTS (SELECT FROM xbb._push_item i WHERE i.request = r.id AND i.status = 'sending')),"
	" items AS MATERIALIZED (SELECT i.id, i.push, i.key_id, i.status <> 'acknowledged' AND (SELECT n.id FROM xbb._push_item n WHERE n.push = i.push"
	" AND n.key_id = i.key_id AND n.request IS NULL AND n.status <> 'acknowledged' LIMIT 1) IS NOT NULL AS replaced"
	" FROM over o JOIN xbb._push_item i ON i.request = o.id),"
	" dropped AS (DELETE FROM xbb._push_item i USING items t WHERE t.replaced AND i.id = t.id),"
	" back AS (DELETE FROM xbb._push_item n USING (SELECT " PUSH_WENT_BACK("t") " AS id FROM items t WHERE $2 AND t.replaced OFFSET 0) b WHERE n.id = b.id)"
	" UPDATE xbb._push_item i SET request = NULL, position = NULL FROM items t WHERE NOT t.replaced AND i.id = t.id"
};

static Stored hold_items = {.nested = true, .text =
	"UPDATE xbb._push_item i SET status = 'held' WHERE i.request = ANY ($1) AND i.status IN ('unknown', 'sending')"
};

typedef enum Column
{
	ITEM, REQUEST, OUTCOME, TARGET_ID, MESSAGE, ANSWER, HTTP_STATUS, SETTLED, WAIT, MOST, COLUMNS
} Column;

static const Oid column_types[COLUMNS] = {INT8OID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, BOOLOID, INT8OID, INT4OID};

/* What is to be written. */
typedef struct Notes
{
	PushSession *session;
	int			nitems;
	Datum	   *values[COLUMNS];
	bool	   *nulls[COLUMNS];
	Datum	   *over;			/* requests to forget, to keep, to look at */
	int			nover;
	Datum	   *kept;
	int			nkept;
	Datum	   *doubtful;
	int			ndoubtful;
} Notes;

static void
set(Notes *notes, Column column, Datum value)
{
	notes->values[column][notes->nitems] = value;
	notes->nulls[column][notes->nitems] = false;
}

static void
set_text(Notes *notes, Column column, const char *value)
{
	if (value)
		set(notes, column, CStringGetTextDatum(value));
}

/* Did the target refuse the request, and none of its records by itself? */
static bool
is_refused_whole(const Flight *flight)
{
	if (flight->verdict != TARGET_REJECTED)
		return false;
	for (int i = 0; i < flight->nitems; i++)
	{
		const FlightItem *item = &flight->items[i];

		if (item->verdict != TARGET_REJECTED || item->told ||
			(item->message && (!flight->message || strcmp(item->message, flight->message) != 0)))
			return false;
	}
	return true;
}

bool
push_may_repeat(const PushSession *session)
{
	TargetRepeat repeat = target_repeat(session->target);

	return repeat == TARGET_REPEAT_KEY || repeat == TARGET_REPEAT_UPSERT || repeat == TARGET_REPEAT_REFUSE;
}

/* Is the request to be sent in halves? */
static bool
splits(const PushSession *session, const Flight *flight)
{
	TargetRepeat repeat = target_repeat(session->target);

	if (flight->probes || flight->nitems == 1 || !push_may_repeat(session))
		return false;
	if (is_refused_whole(flight))
		return !flight->repeats || repeat != TARGET_REPEAT_KEY;
	return flight->verdict == TARGET_UNKNOWN && flight->status == 0 && flight->attempts > 1 && repeat != TARGET_REPEAT_KEY;
}

/* Does it refuse what it has in words that nobody told us? */
static bool
refuses_untold(const PushSession *session)
{
	return target_repeat(session->target) == TARGET_REPEAT_REFUSE && !target_options(session->target)->server.duplicate;
}

static const char *
outcome_of(const PushSession *session, const Flight *flight, const FlightItem *item)
{
	switch (item->verdict)
	{
		case TARGET_OK:
		case TARGET_DUPLICATE:
			return "acknowledged";
		case TARGET_REJECTED:
			if (flight->probes)
				return flight->settles_late ? "unknown" : "anew";
			/* that it does not take this now says nothing of what it took the first time */
			if (flight->repeats && (is_refused_whole(flight) || refuses_untold(session)))
				return "unknown";
			return "rejected";
		case TARGET_TOKEN_EXPIRED:
			/* some say so after the work was done */
			return "unknown";
		case TARGET_THROTTLED:
			break;
		case TARGET_RETRY:
			if (flight->status != 0 && !flight->repeats)
				return "pending";
			break;
		case TARGET_UNKNOWN:
			return "unknown";
	}
	/* what was not executed this time may have been the first time */
	return flight->repeats ? "unknown" : "later";
}

/* What is said of a record that is there; why one is not.  That a probe did not find it is said by its state. */
static const char *
message_of(const Flight *flight, const FlightItem *item)
{
	const TargetAnswer answer = {.message = flight->message, .text = flight->text};
	const TargetVerdict verdict = {.verdict = item->verdict, .message = item->message};
	bool		is_there = item->verdict == TARGET_OK || item->verdict == TARGET_DUPLICATE;

	if (is_there || flight->probes || flight->unsent)
		return item->message ? item->message : flight->message;
	return target_reason(&answer, &verdict);
}

/* The items of a flight; what the request itself comes to. */
static void
add_flight(Notes *notes, Flight *flight)
{
	bool		halves = !flight->unsent && splits(notes->session, flight);
	bool		repeats_whole = push_may_repeat(notes->session);
	bool		in_doubt = false;
	int			first = notes->nitems;

	for (int i = 0; i < flight->nitems; i++)
	{
		FlightItem *item = &flight->items[i];
		const char *outcome = flight->unsent ? "unsent" : halves ? "split" : outcome_of(notes->session, flight, item);

		if (item->id == 0)
			continue;
		in_doubt |= strcmp(outcome, "unknown") == 0;
		for (int column = 0; column < COLUMNS; column++)
			notes->nulls[column][notes->nitems] = true;
		set(notes, ITEM, Int64GetDatum(item->id));
		set(notes, REQUEST, UUIDPGetDatum(&flight->id));
		set_text(notes, OUTCOME, outcome);
		set_text(notes, TARGET_ID, item->target_id);
		set_text(notes, MESSAGE, message_of(flight, item));
		/* of what the target has, the answer tells nothing more */
		if (strcmp(outcome, "acknowledged") != 0)
			set_text(notes, ANSWER, flight->text);
		if (flight->status != 0)
			set(notes, HTTP_STATUS, Int32GetDatum(flight->status));
		set(notes, WAIT, Int64GetDatum(Min(Max(flight->retry_after, 0), LONGEST_WAIT)));
		set(notes, MOST, Int32GetDatum(halves ? (flight->nitems + 1) / 2 : PG_INT32_MAX));
		notes->nitems++;
	}
	/* what may be sent again byte for byte keeps all of its keys; such a request has other items, too */
	for (int i = first; i < notes->nitems; i++)
	{
		bool		settled = repeats_whole ? !in_doubt && !flight->repeats :
			strcmp(TextDatumGetCString(notes->values[OUTCOME][i]), "unknown") != 0;

		notes->values[SETTLED][i] = BoolGetDatum(settled);
		notes->nulls[SETTLED][i] = false;
	}
	if (in_doubt)
		notes->kept[notes->nkept++] = UUIDPGetDatum(&flight->id);
	else if (flight->repeats)
		notes->doubtful[notes->ndoubtful++] = UUIDPGetDatum(&flight->id);
	else
		notes->over[notes->nover++] = UUIDPGetDatum(&flight->id);
}

/* What the run counts. */
static void
count_outcomes(void *arg, const SPITupleTable *table, uint64 nrows)
{
	PushSession *session = arg;

	for (uint64 i = 0; i < nrows; i++)
	{
		const char *status = SPI_getvalue(table->vals[i], table->tupdesc, 1);
		const char *outcome = SPI_getvalue(table->vals[i], table->tupdesc, 2);

		if (strcmp(status, "acknowledged") == 0)
			session->acknowledged++;
		else if (strcmp(status, "rejected") == 0)
			session->rejected++;
		else if (strcmp(status, "unknown") == 0)
			session->unknown++;
		else if (strcmp(status, "held") == 0)
			session->held++;
		else if (strcmp(outcome, "split") != 0)
			session->put_off++;
	}
}

static void
run_on_requests(FunctionCallInfo fcinfo, Stored *stored, Datum *ids, int n, bool flag, int nargs)
{
	const Oid	types[] = {UUIDARRAYOID, BOOLOID};
	NullableDatum args[lengthof(types)] = {{.value = 0}, {.value = BoolGetDatum(flag)}};

	if (n == 0)
		return;
	args[0].value = PointerGetDatum(construct_array(ids, n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
	run_stored_with(fcinfo->flinfo->fn_oid, stored, nargs, types, args, NULL, NULL);
}

void
push_set_aside(FunctionCallInfo fcinfo, Datum *requests, int n)
{
	run_on_requests(fcinfo, &hold_items, requests, n, false, 1);
	run_on_requests(fcinfo, &settle_requests, requests, n, false, 2);
}

static void
write_notes(FunctionCallInfo fcinfo, Notes *notes)
{
	Oid			types[COLUMNS];
	NullableDatum args[COLUMNS] = {{0}};
	int			dimensions[] = {notes->nitems};
	int			bounds[] = {1};

	for (int i = 0; i < COLUMNS; i++)
	{
		int16		length;
		bool		by_value;
		char		align;

		get_typlenbyvalalign(column_types[i], &length, &by_value, &align);
		types[i] = get_array_type(column_types[i]);
		args[i].value = PointerGetDatum(construct_md_array(notes->values[i], notes->nulls[i], 1, dimensions, bounds,
														   column_types[i], length, by_value, align));
	}
	run_stored_with(fcinfo->flinfo->fn_oid, &note_items, COLUMNS, types, args, count_outcomes, notes->session);
	run_on_requests(fcinfo, &forget_requests, notes->over, notes->nover, false, 1);
	run_on_requests(fcinfo, &keep_requests, notes->kept, notes->nkept,
					target_repeat(notes->session->target) != TARGET_REPEAT_NEVER, 2);
	run_on_requests(fcinfo, &settle_requests, notes->doubtful, notes->ndoubtful,
					target_repeat(notes->session->target) == TARGET_REPEAT_KEY, 2);
}

/* What the session learns of an answer. */
static void
learn(PushSession *session, const Flight *flight)
{
	/*
	 * one that is renewed is good for another try, and what left before tells nothing about it; one that rotates and is
	 * not due was renewed by another worker meanwhile
	 */
	bool		refused = flight->verdict == TARGET_THROTTLED ||
		(flight->verdict == TARGET_TOKEN_EXPIRED && flight->renewals == session->renewals &&
		 (session->renewed || !target_token_rotates(session->target))) ||
		(flight->verdict == TARGET_RETRY && flight->status == 0);

	if (refused)
	{
		/* the queue has tried again for some time; others of this target meet the same */
		session->closed = true;
		if (!session->problem)
			session->problem = MemoryContextStrdup(session->context, flight->message ? flight->message : target_class_name(flight->verdict));
		return;
	}
	if (flight->verdict != TARGET_UNKNOWN || flight->status != 0)
	{
		/* some wait for their turn, so that none of the target's is missed; what a kill makes unknown is more by that */
		session->most_flights = target_options(session->target)->server.concurrency *
			(target_repeat(session->target) == TARGET_REPEAT_NEVER ? 1 : 2);
		session->renewed &= flight->verdict == TARGET_TOKEN_EXPIRED;
	}
	/* too many at a time, perhaps; what is repeated byte for byte is as large as it was */
	else if (!flight->probes && flight->nitems > 1 && target_repeat(session->target) != TARGET_REPEAT_NEVER)
	{
		session->batch = Min(session->batch, Max(flight->nitems / 2, 1));
		session->shrunk = true;
	}
}

static Stored refuse_item = {.nested = true, .text =
	"UPDATE xbb._push_item i SET status = 'rejected', message = $2, answer = NULL, http_status = NULL WHERE i.id = $1"
};

void
push_refuse(FunctionCallInfo fcinfo, PushSession *session, int64 id, const char *problem)
{
	const Oid	types[] = {INT8OID, TEXTOID};
	NullableDatum args[] = {{.value = Int64GetDatum(id)}, {.value = CStringGetTextDatum(problem)}};

	run_stored_with(fcinfo->flinfo->fn_oid, &refuse_item, lengthof(types), types, args, NULL, NULL);
	session->rejected++;
}

void
push_note(FunctionCallInfo fcinfo, PushSession *session)
{
	Notes		notes = {.session = session};
	int			most = 0;
	dlist_iter	iter;

	dlist_foreach(iter, &session->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (flight->answered)
			most += flight->nitems;
	}
	if (most == 0)
		return;
	for (int i = 0; i < COLUMNS; i++)
	{
		notes.values[i] = palloc0(sizeof(Datum) * most);
		notes.nulls[i] = palloc(sizeof(bool) * most);
	}
	notes.over = palloc(sizeof(Datum) * session->nflights);
	notes.kept = palloc(sizeof(Datum) * session->nflights);
	notes.doubtful = palloc(sizeof(Datum) * session->nflights);
	dlist_foreach(iter, &session->flights)
	{
		Flight	   *flight = dlist_container(Flight, node, iter.cur);

		if (!flight->answered)
			continue;
		add_flight(&notes, flight);
		flight->noted = GetCurrentTransactionId();
		/* what goes back as the run ends has no answer */
		if (!flight->unsent || flight->verdict != TARGET_OK)
			learn(session, flight);
	}
	write_notes(fcinfo, &notes);
	push_show_did(session, notes.nitems);
}
