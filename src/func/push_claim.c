/*-------------------------------------------------------------------------
 *
 * push_claim.c
 *	  Which requests of a push are next, with their bytes.
 *
 * What was sent before and may be repeated comes first, as it was stored; then items
 * that wait, in the order of their numbers, each after the last one that was
 * claimed: so no claim looks at those before it that are done.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "func/push_flight.h"
#include "func/sync_stored.h"

/* Bytes of the records of a request, if they are several; and of all that a claim reads. */
#define MOST_OF_REQUEST (16 * 1024 * 1024)
#define MOST_OF_CLAIM (4 * MOST_OF_REQUEST)

/* What is read of an item that is claimed. */
typedef struct Claimed
{
	int64		id;
	char	   *record;			/* UTF-8 */
	size_t		length;
	int			most;
} Claimed;

typedef struct Claim
{
	MemoryContext context;		/* of what is read */
	PushSession *session;
	Claimed    *items;
	int			nitems;
	bool		is_cut;			/* there are more, which are too much to read */
	Datum	   *aside;			/* requests with nothing to repeat, or not to be repeated */
	int			naside;
} Claim;

#define NEXT_ITEMS \
	"SELECT i.id, i.record, i.most FROM xbb._push_item i" \
	" WHERE i.push = $1 AND i.status = 'pending' AND i.id > $2 AND i.next_try <= clock_timestamp()" \
	" AND (SELECT f.id FROM xbb._push_item f WHERE f.push = $1 AND f.key_id = i.key_id AND f.request IS NOT NULL LIMIT 1) IS NULL" \
	" ORDER BY i.id LIMIT $3"

static Stored next_items = {.nested = true, .text = NEXT_ITEMS " FOR UPDATE SKIP LOCKED"};

/* of the only worker */
static Stored next_items_alone = {.nested = true, .text = NEXT_ITEMS};

/* no index but the number's is to be thought of for the items */
static Stored send_items = {.nested = true, .text =
	"WITH requests AS (INSERT INTO xbb._push_request (id, push, run, worker, status, body, keys, records)"
	" SELECT u.id, $1, $2, $3, 'sending', u.body, u.keys::text[], u.records FROM unnest($4, $5, $6, $10) u (id, body, keys, records))"
	" UPDATE xbb._push_item i SET status = 'sending', request = u.request, position = u.position, attempts = i.attempts + 1,"
	" sent = clock_timestamp() FROM unnest($7, $8, $9) u (item, request, position)"
	" WHERE i.id = u.item AND CASE WHEN i.status = 'pending' AND i.push = $1 THEN i.request IS NULL END"
};

/*
 * $5: only where an answer was given up so long ago may a probe's answer be final: a target that is late may
 * execute what it was sent; -1: all that the target does not have, as it said, is sent again, and told about anew.
 * What a restore has brought may be anything: no records, or fewer keys than records.
 */
static Stored repeats = {.nested = true, .text =
	"WITH due AS MATERIALIZED (SELECT r.id FROM xbb._push_request r WHERE r.push = $1 AND r.status = 'unknown' AND r.next_try <= clock_timestamp()"
	" ORDER BY r.next_try LIMIT $2 FOR UPDATE SKIP LOCKED),"
	" taken AS (UPDATE xbb._push_request r SET status = 'sending', run = $3, worker = $4, attempts = r.attempts + 1"
	" FROM due WHERE r.id = due.id RETURNING r.id, r.body, r.keys, r.attempts, r.records, r.given_up),"
	" items AS (UPDATE xbb._push_item i SET status = 'sending', attempts = i.attempts + 1, sent = CASE WHEN $5 < 0 THEN clock_timestamp() ELSE i.sent END"
	" FROM due WHERE i.request = due.id AND (i.status = 'unknown' OR $5 < 0 AND i.status IN ('pending', 'rejected'))"
	" AND NOT ($5 < 0 AND EXISTS (SELECT FROM xbb._push_item h WHERE h.request = due.id AND h.status = 'held')))"
	" SELECT t.id, t.body, t.keys, t.attempts, i.ids, i.records,"
	" coalesce(t.given_up < clock_timestamp() - $5 * interval '1 millisecond', false) AS settled,"
	" i.in_doubt AND NOT ($5 < 0 AND (i.held OR cardinality(t.keys) <> t.records)) IS TRUE FROM taken t CROSS JOIN LATERAL ("
	" SELECT array_agg(CASE WHEN i.status = 'unknown' OR $5 < 0 AND i.status IN ('pending', 'rejected') THEN i.id ELSE 0 END ORDER BY p.n) AS ids,"
	" array_agg(coalesce(i.record, '') ORDER BY p.n) AS records,"
	" coalesce(bool_or(i.status = 'held'), false) AS held, coalesce(bool_or(i.status = 'unknown'), false) AS in_doubt"
	" FROM generate_series(1, t.records) p (n) LEFT JOIN xbb._push_item i ON i.request = t.id AND i.position = p.n) i"
};

Flight *
push_flight(PushSession *session, int nitems)
{
	MemoryContext context = AllocSetContextCreate(session->context, "xbb_fdw push request", ALLOCSET_SMALL_SIZES);
	Flight	   *flight = MemoryContextAllocZero(context, sizeof(Flight));

	flight->context = context;
	flight->ticket = ++session->last_ticket;
	flight->nitems = nitems;
	flight->items = MemoryContextAllocZero(context, sizeof(FlightItem) * nitems);
	flight->attempts = 1;
	flight->claimed = GetCurrentTransactionId();
	dlist_push_tail(&session->flights, &flight->node);
	session->nflights++;
	return flight;
}

static void
make_id(pg_uuid_t *id)
{
	if (!pg_strong_random(id->data, UUID_LEN))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	id->data[6] = (id->data[6] & 0x0f) | 0x40;
	id->data[8] = (id->data[8] & 0x3f) | 0x80;
}

static char *
id_text(const pg_uuid_t *id)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)));
}

/* ---- what was sent before ---- */

/* Texts of an array, as UTF-8, in a context; NULL where one is null. */
static char **
take_texts(ArrayType *array, MemoryContext context, int *n)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Datum	   *values;
	bool	   *nulls;
	char	  **texts;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, n);
	texts = palloc0(sizeof(char *) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		char	   *text_value = nulls[i] ? NULL : TextDatumGetCString(values[i]);

		if (text_value)
			texts[i] = pg_server_to_any(text_value, strlen(text_value), PG_UTF8);
	}
	MemoryContextSwitchTo(old);
	return texts;
}

static void
take_repeat(Claim *claim, HeapTuple tuple, TupleDesc tupdesc)
{
	PushSession *session = claim->session;
	bool		probes = target_repeat(session->target) == TARGET_REPEAT_PROBE;
	bool		isnull;
	pg_uuid_t  *id = DatumGetUUIDP(SPI_getbinval(tuple, tupdesc, 1, &isnull));
	bytea	   *body = DatumGetByteaPP(SPI_getbinval(tuple, tupdesc, 2, &isnull));
	bool		no_keys;
	Datum		keys = SPI_getbinval(tuple, tupdesc, 3, &no_keys);
	int			attempts = DatumGetInt32(SPI_getbinval(tuple, tupdesc, 4, &isnull));
	ArrayType  *ids;
	int			nitems;
	int64	   *numbers;
	char	  **records;
	bool		is_settled = DatumGetBool(SPI_getbinval(tuple, tupdesc, 7, &isnull));
	bool		is_due = DatumGetBool(SPI_getbinval(tuple, tupdesc, 8, &isnull));
	int			n;

	/* one that nobody made whole has no bytes: it can only be asked for */
	if (!is_due || (!probes && VARSIZE_ANY_EXHDR(body) == 0))
	{
		pg_uuid_t  *kept = MemoryContextAlloc(claim->context, sizeof(pg_uuid_t));

		*kept = *id;
		claim->aside[claim->naside++] = UUIDPGetDatum(kept);
		return;
	}
	ids = DatumGetArrayTypeP(SPI_getbinval(tuple, tupdesc, 5, &isnull));
	nitems = ARR_DIMS(ids)[0];
	numbers = (int64 *) ARR_DATA_PTR(ids);
	if (!probes)
	{
		Flight	   *flight = push_flight(session, nitems);

		flight->id = *id;
		flight->length = VARSIZE_ANY_EXHDR(body);
		flight->body = MemoryContextAllocHuge(flight->context, flight->length + 1);
		memcpy(flight->body, VARDATA_ANY(body), flight->length);
		flight->body[flight->length] = '\0';
		flight->keys = no_keys ? NULL : take_texts(DatumGetArrayTypeP(keys), flight->context, &n);
		flight->attempts = attempts;
		flight->repeats = true;
		for (int i = 0; i < nitems; i++)
			flight->items[i].id = numbers[i];
		return;
	}
	records = take_texts(DatumGetArrayTypeP(SPI_getbinval(tuple, tupdesc, 6, &isnull)), CurrentMemoryContext, &n);
	for (int i = 0; i < nitems; i++)
	{
		Flight	   *flight;

		if (numbers[i] == 0)
			continue;
		flight = push_flight(session, 1);
		flight->id = *id;
		flight->body = MemoryContextStrdup(flight->context, records[i]);
		flight->length = strlen(records[i]);
		flight->attempts = attempts;
		flight->repeats = flight->probes = true;
		flight->settles_late = !is_settled;
		flight->items[0].id = numbers[i];
	}
}

static void
take_repeats(void *arg, const SPITupleTable *table, uint64 nrows)
{
	Claim	   *claim = arg;

	claim->aside = MemoryContextAlloc(claim->context, sizeof(Datum) * Max(nrows, 1));
	for (uint64 i = 0; i < nrows; i++)
		take_repeat(arg, table->vals[i], table->tupdesc);
}

static int
claim_repeats(FunctionCallInfo fcinfo, Claim *claim, int most)
{
	PushSession *session = claim->session;
	TargetRepeat repeat = target_repeat(session->target);
	const Oid	types[] = {INT4OID, INT8OID, INT8OID, INT4OID, INT8OID};
	NullableDatum args[lengthof(types)] = {
		{.value = Int32GetDatum(session->push)},
		{.value = Int64GetDatum(most)},
		{.value = Int64GetDatum(session->run)},
		{.value = Int32GetDatum(session->worker)},
		{.value = Int64GetDatum(repeat == TARGET_REPEAT_PROBE ? target_options(session->target)->server.request_timeout : -1)}
	};

	int			n;

	if (repeat == TARGET_REPEAT_NEVER)
		return 0;
	n = (int) run_stored_with(fcinfo->flinfo->fn_oid, &repeats, lengthof(types), types, args, take_repeats, claim);
	push_set_aside(fcinfo, claim->aside, claim->naside);
	return n - claim->naside;
}

/* ---- what is new ---- */

static void
take_items(void *arg, const SPITupleTable *table, uint64 nrows)
{
	Claim	   *claim = arg;
	MemoryContext old = MemoryContextSwitchTo(claim->context);
	size_t		size = 0;

	claim->items = palloc(sizeof(Claimed) * Max(nrows, 1));
	claim->nitems = 0;
	claim->is_cut = false;
	for (uint64 i = 0; i < nrows; i++)
	{
		Claimed    *item = &claim->items[i];
		bool		isnull;
		Datum		value = SPI_getbinval(table->vals[i], table->tupdesc, 2, &isnull);
		char	   *record;

		size += toast_raw_datum_size(value);
		claim->is_cut = i > 0 && size > MOST_OF_CLAIM;
		if (claim->is_cut)
			break;
		claim->nitems++;

		item->id = DatumGetInt64(SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull));
		record = TextDatumGetCString(value);
		item->record = pg_server_to_any(record, strlen(record), PG_UTF8);
		item->length = strlen(item->record);
		item->most = Max(DatumGetInt32(SPI_getbinval(table->vals[i], table->tupdesc, 3, &isnull)), 1);
		if (isnull)
			item->most = PG_INT32_MAX;
	}
	MemoryContextSwitchTo(old);
}

static void
forget_flight(PushSession *session, Flight *flight)
{
	dlist_delete(&flight->node);
	session->nflights--;
	MemoryContextDelete(flight->context);
}

/* What is wrong with records that no body can be made of; all other errors go on.  Nothing but memory was touched. */
static char *
take_data_error(MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
		PG_RE_THROW();
	FlushErrorState();
	return error->message;
}

/* The request over some items; what is wrong with them if there can be none. */
static char *
make_request(PushSession *session, const Claimed *items, int nitems)
{
	MemoryContext caller = CurrentMemoryContext;
	Flight	   *flight = push_flight(session, nitems);
	const char **records = MemoryContextAlloc(flight->context, sizeof(char *) * nitems);
	char	   *volatile problem = NULL;

	make_id(&flight->id);
	for (int i = 0; i < nitems; i++)
	{
		flight->items[i].id = items[i].id;
		records[i] = items[i].record;
	}
	PG_TRY();
	{
		MemoryContextSwitchTo(flight->context);
		flight->keys = target_keys(session->target, records, nitems);
		flight->body = target_body(session->target, records, nitems, id_text(&flight->id), &flight->length);
		MemoryContextSwitchTo(caller);
	}
	PG_CATCH();
	{
		problem = take_data_error(caller);
	}
	PG_END_TRY();
	if (problem)
		forget_flight(session, flight);
	return problem;
}

/* An array of values of a type. */
static Datum
array_of(Datum *values, bool *nulls, int n, Oid type)
{
	int16		length;
	bool		by_value;
	char		align;
	int			dimensions[] = {n};
	int			bounds[] = {1};

	get_typlenbyvalalign(type, &length, &by_value, &align);
	return PointerGetDatum(construct_md_array(values, nulls, 1, dimensions, bounds, type, length, by_value, align));
}

/* The keys of a flight's records as the text of an array. */
static Datum
keys_text(const Flight *flight)
{
	Datum	   *values = palloc(sizeof(Datum) * flight->nitems);
	bool	   *nulls = palloc(sizeof(bool) * flight->nitems);
	Oid			output;
	bool		varlena;

	for (int i = 0; i < flight->nitems; i++)
	{
		nulls[i] = flight->keys[i] == NULL;
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(pg_any_to_server(flight->keys[i], strlen(flight->keys[i]), PG_UTF8));
	}
	getTypeOutputInfo(TEXTARRAYOID, &output, &varlena);
	return CStringGetTextDatum(OidOutputFunctionCall(output, array_of(values, nulls, flight->nitems, TEXTOID)));
}

/* Writes the requests that were made, the last ones of the flights, and their items. */
static void
write_requests(FunctionCallInfo fcinfo, PushSession *session, int nrequests, int nitems)
{
	Datum	   *ids = palloc(sizeof(Datum) * nrequests);
	Datum	   *bodies = palloc(sizeof(Datum) * nrequests);
	Datum	   *keys = palloc(sizeof(Datum) * nrequests);
	bool	   *no_keys = palloc(sizeof(bool) * nrequests);
	Datum	   *counts = palloc(sizeof(Datum) * nrequests);
	Datum	   *items = palloc(sizeof(Datum) * nitems);
	Datum	   *requests = palloc(sizeof(Datum) * nitems);
	Datum	   *positions = palloc(sizeof(Datum) * nitems);
	const Oid	types[] = {INT4OID, INT8OID, INT4OID, UUIDARRAYOID, BYTEAARRAYOID, TEXTARRAYOID, INT8ARRAYOID, UUIDARRAYOID, INT4ARRAYOID, INT4ARRAYOID};
	NullableDatum args[lengthof(types)] = {{0}};
	dlist_node *node = dlist_tail_node(&session->flights);
	int			n = 0;

	for (int i = 0; i < nrequests; i++)
	{
		Flight	   *flight = dlist_container(Flight, node, node);
		bytea	   *body = palloc(VARHDRSZ + flight->length);

		SET_VARSIZE(body, VARHDRSZ + flight->length);
		memcpy(VARDATA(body), flight->body, flight->length);
		ids[i] = UUIDPGetDatum(&flight->id);
		bodies[i] = PointerGetDatum(body);
		counts[i] = Int32GetDatum(flight->nitems);
		no_keys[i] = flight->keys == NULL;
		keys[i] = no_keys[i] ? (Datum) 0 : keys_text(flight);
		for (int j = 0; j < flight->nitems; j++)
		{
			items[n] = Int64GetDatum(flight->items[j].id);
			requests[n] = UUIDPGetDatum(&flight->id);
			positions[n++] = Int32GetDatum(j + 1);
		}
		node = node->prev;
	}
	Assert(n == nitems);
	args[0].value = Int32GetDatum(session->push);
	args[1].value = Int64GetDatum(session->run);
	args[2].value = Int32GetDatum(session->worker);
	args[3].value = array_of(ids, NULL, nrequests, UUIDOID);
	args[4].value = array_of(bodies, NULL, nrequests, BYTEAOID);
	args[5].value = array_of(keys, no_keys, nrequests, TEXTOID);
	args[6].value = array_of(items, NULL, nitems, INT8OID);
	args[7].value = array_of(requests, NULL, nitems, UUIDOID);
	args[8].value = array_of(positions, NULL, nitems, INT4OID);
	args[9].value = array_of(counts, NULL, nrequests, INT4OID);
	if (run_stored_with(fcinfo->flinfo->fn_oid, &send_items, lengthof(types), types, args, NULL, NULL) != (uint64) nitems)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("items of the push were changed meanwhile")));
}

static int
claim_items(FunctionCallInfo fcinfo, Claim *claim, int most)
{
	PushSession *session = claim->session;
	int			most_items = most * session->batch;
	const Oid	types[] = {INT4OID, INT8OID, INT8OID};
	NullableDatum args[lengthof(types)] = {
		{.value = Int32GetDatum(session->push)},
		{.value = Int64GetDatum(session->last_item)},
		{.value = Int64GetDatum(most_items)}
	};
	int			nrequests = 0;
	int			sent = 0;
	int			done = 0;

	run_stored_with(fcinfo->flinfo->fn_oid, session->alone ? &next_items_alone : &next_items, lengthof(types), types, args, take_items, claim);
	session->at_end = claim->nitems < most_items && !claim->is_cut;
	while (done < claim->nitems && nrequests < most)
	{
		int			size = session->batch;
		int			n = 0;
		size_t		length = 0;
		const char *problem;

		while (done + n < claim->nitems && n < size)
		{
			size = Min(size, claim->items[done + n].most);
			length += claim->items[done + n].length;
			if (n >= size || (n > 0 && length > MOST_OF_REQUEST))
				break;
			n++;
		}
		problem = make_request(session, claim->items + done, n);
		if (problem && n > 1)
		{
			/* one of them is to blame: each alone */
			for (int i = 0; i < n; i++)
				claim->items[done + i].most = 1;
			continue;
		}
		if (problem)
			push_refuse(fcinfo, session, claim->items[done].id, problem);
		else
		{
			nrequests++;
			sent += n;
		}
		done += n;
	}
	if (done > 0)
		session->last_item = claim->items[done - 1].id;
	if (sent > 0)
		write_requests(fcinfo, session, nrequests, sent);
	session->at_end &= done == claim->nitems;
	return nrequests;
}

int
push_claim(FunctionCallInfo fcinfo, PushSession *session, int most)
{
	Claim		claim = {.context = CurrentMemoryContext, .session = session};
	int			n = claim_repeats(fcinfo, &claim, most);
	bool		from_start = session->last_item == 0;

	if (n >= most)
		return n;
	n += claim_items(fcinfo, &claim, most - n);
	/* what was put off, or waited for another of its key, has a number that was passed */
	if (session->at_end && !from_start && n < most)
	{
		session->last_item = 0;
		n += claim_items(fcinfo, &claim, most - n);
	}
	return n;
}
