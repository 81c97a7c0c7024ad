/*-------------------------------------------------------------------------
 *
 * push_item.c
 *	  The items of a push: from its source to its outbox, as SQL functions.
 *
 * The source is read as the caller, to its end, before anything is written: it may be
 * slow, and while items are written nobody claims or settles any.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/tuplestore.h"

#include "base/idset.h"
#include "func/push_item.h"
#include "func/push_lock.h"
#include "func/sync_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_enqueue);

/* written at once */
#define BATCH 1000

/* Bytes of a key, so that an index can hold it; of a record, so that a dump can. */
#define MOST_KEY 2000
#define MOST_RECORD (64 * 1024 * 1024)

/* Bytes of a key that is too long, to show it by. */
#define SHOWN_KEY 200

/* Rows of the source, on their way. */
typedef struct Rows
{
	Tuplestorestate *store;
	TupleDesc	tupdesc;
	Tuplestorestate *faults;	/* keys and what is wrong */
	TupleDesc	faulty;
	IdSet		keys;			/* hashes of those there are */
	IdSet		twice;			/* and of those that more than one row has */
	Memory		memory;
} Rows;

static void *
resize(void *arg, void *ptr, size_t size)
{
	if (size == 0)
	{
		if (ptr)
			pfree(ptr);
		return NULL;
	}
	return ptr ? repalloc_huge(ptr, size) : MemoryContextAllocHuge((MemoryContext) arg, size);
}

static int64
hash_of(Datum key)
{
	text	   *packed = DatumGetTextPP(key);

	return (int64) DatumGetUInt64(hash_any_extended((unsigned char *) VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), 0));
}

/* The beginning of a key, as a key. */
static Datum
cut_key(text *key)
{
	int			length = pg_mbcliplen(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), SHOWN_KEY);
	Datum		element = PointerGetDatum(cstring_to_text_with_len(VARDATA_ANY(key), length));
	ArrayType  *array = construct_array(&element, 1, TEXTOID, -1, false, TYPALIGN_INT);

	return CStringGetTextDatum(OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array)));
}

/* Keys, those that are too long as they are shown. */
static Datum
cut_keys(Datum keys)
{
	Datum	   *values;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(keys), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		text	   *packed = DatumGetTextPP(values[i]);

		if (VARSIZE_ANY_EXHDR(packed) > MOST_KEY)
			values[i] = cut_key(packed);
	}
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* What is wrong with a row, or NULL; its key, as it can be shown. */
static char *
fault_of(Rows *rows, HeapTuple tuple, TupleDesc tupdesc, int *code, Datum *key)
{
	bool		isnull;
	Datum		record;
	text	   *packed;

	*key = SPI_getbinval(tuple, tupdesc, 1, &isnull);
	if (isnull)
		elog(ERROR, "the query of a push does not return what it should");
	packed = DatumGetTextPP(*key);
	if (VARSIZE_ANY_EXHDR(packed) > MOST_KEY)
	{
		*key = cut_key(packed);
		*code = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		return psprintf("a key of a push is longer than %d bytes", MOST_KEY);
	}
	if (!DatumGetBool(SPI_getbinval(tuple, tupdesc, 3, &isnull)) || isnull)
	{
		*code = ERRCODE_NULL_VALUE_NOT_ALLOWED;
		return pstrdup("a row of the source has a null in its key");
	}
	if (!idset_add(&rows->keys, &rows->memory, hash_of(*key)))
	{
		(void) idset_add(&rows->twice, &rows->memory, hash_of(*key));
		*code = ERRCODE_CARDINALITY_VIOLATION;
		return psprintf("two rows of the source have the key %s", TextDatumGetCString(*key));
	}
	*code = ERRCODE_DATA_EXCEPTION;
	record = SPI_getbinval(tuple, tupdesc, 2, &isnull);
	if (isnull)
		return psprintf("the row of the source with the key %s has no record", TextDatumGetCString(*key));
	packed = DatumGetTextPP(record);
	if (VARSIZE_ANY_EXHDR(packed) > 0 && *VARDATA_ANY(packed) == PUSH_FAULT)
		return text_to_cstring(packed) + 1;
	return NULL;
}

static void
keep_row(Rows *rows, HeapTuple tuple, TupleDesc tupdesc, bool raises)
{
	int			code;
	Datum		values[2];
	bool		nulls[2] = {false};
	char	   *fault = fault_of(rows, tuple, tupdesc, &code, &values[0]);

	if (!fault)
	{
		tuplestore_puttuple(rows->store, tuple);
		return;
	}
	if (raises)
		ereport(ERROR,
				(errcode(code),
				 errmsg("%s", fault),
				 errdetail("Its key: %s.", TextDatumGetCString(values[0]))));
	values[1] = CStringGetTextDatum(fault);
	tuplestore_putvalues(rows->faults, rows->faulty, values, nulls);
}

/* All rows of the query, by the caller's rights. */
static void
read_source(Rows *rows, const char *query, bool raises)
{
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext row;
	Portal		cursor;

	rows->memory = (Memory) {.resize = resize, .arg = outer, .seed = pg_prng_uint64(&pg_global_prng_state)};
	rows->tupdesc = CreateTemplateTupleDesc(3);
	TupleDescInitEntry(rows->tupdesc, 1, "key", TEXTOID, -1, 0);
	TupleDescInitEntry(rows->tupdesc, 2, "record", TEXTOID, -1, 0);
	TupleDescInitEntry(rows->tupdesc, 3, "is_complete", BOOLOID, -1, 0);
	rows->store = tuplestore_begin_heap(false, false, work_mem);
	rows->faulty = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(rows->faulty, 1, "key", TEXTOID, -1, 0);
	TupleDescInitEntry(rows->faulty, 2, "fault", TEXTOID, -1, 0);
	rows->faults = tuplestore_begin_heap(false, false, work_mem);
	SPI_connect();
	cursor = SPI_cursor_parse_open(NULL, query, &(SPIParseOpenOptions) {.read_only = false});
	if (cursor->tupDesc->natts != 3 || TupleDescAttr(cursor->tupDesc, 0)->atttypid != TEXTOID ||
		TupleDescAttr(cursor->tupDesc, 1)->atttypid != TEXTOID || TupleDescAttr(cursor->tupDesc, 2)->atttypid != BOOLOID)
		elog(ERROR, "the query of a push does not return what it should");
	row = AllocSetContextCreate(CurrentMemoryContext, "xbb_fdw push row", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		SPI_cursor_fetch(cursor, true, BATCH);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			MemoryContext old = MemoryContextSwitchTo(row);

			keep_row(rows, SPI_tuptable->vals[i], SPI_tuptable->tupdesc, raises);
			MemoryContextSwitchTo(old);
			MemoryContextReset(row);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(cursor);
	SPI_finish();
}

#define WAITING "i.push = $1 AND i.key_id = g.key_id AND i.request IS NULL AND i.status <> 'acknowledged'"
#define FLYING "i.push = $1 AND i.key_id = g.key_id AND i.request IS NOT NULL"
#define THERE "i.push = $1 AND i.key_id = g.key_id AND i.status = 'acknowledged'"

/* An id of a key that is the same in each encoding; MD5 is not to be had everywhere. */
#define KEY_ID(key) "encode(substr(sha256(convert_to(" key ", 'UTF8')), 1, 16), 'hex')::uuid"

/* What went back to what the target has, or will have, need not be sent. */
static Stored enqueue = {.nested = true, .text =
	"WITH given AS MATERIALIZED (SELECT u.key::text[] AS key, " KEY_ID("u.key") " AS key_id, u.record, sha256(convert_to(u.record, 'UTF8')) AS hash, u.n"
	" FROM unnest($2, $3) WITH ORDINALITY u (key, record, n)),"
	" compared AS MATERIALIZED (SELECT g.key, g.key_id, g.record, g.hash, g.n, w.id AS waiting, w.hash AS waiting_hash,"
	" coalesce(coalesce(f.hash, a.hash) = g.hash, false) AS is_latest, coalesce(f.hash, a.hash) IS NOT NULL AS replaces"
	" FROM given g LEFT JOIN LATERAL (SELECT i.id, i.hash FROM xbb._push_item i WHERE " WAITING " LIMIT 1) w ON true"
	" LEFT JOIN LATERAL (SELECT i.hash FROM xbb._push_item i WHERE " FLYING " LIMIT 1) f ON true"
	" LEFT JOIN LATERAL (SELECT i.hash FROM xbb._push_item i WHERE " THERE " ORDER BY i.id DESC LIMIT 1) a ON true),"
	" back AS (DELETE FROM xbb._push_item i USING compared c WHERE i.id = c.waiting AND c.is_latest),"
	" changed AS (UPDATE xbb._push_item i SET record = c.record, hash = c.hash, status = 'pending', attempts = 0, most = NULL,"
	" next_try = '-infinity', message = NULL, answer = NULL, http_status = NULL, note = NULL, created = clock_timestamp()"
	" FROM compared c WHERE i.id = c.waiting AND c.waiting_hash <> c.hash AND NOT c.is_latest RETURNING i.id),"
	" added AS (INSERT INTO xbb._push_item (push, key, key_id, record, hash, replaces, status, acknowledged, message)"
	" SELECT $1, c.key, c.key_id, CASE WHEN $4 THEN c.record END, c.hash, c.replaces, CASE WHEN $4 THEN 'pending' ELSE 'acknowledged' END,"
	" CASE WHEN NOT $4 THEN clock_timestamp() END, CASE WHEN NOT $4 THEN 'taken as sent' END"
	" FROM compared c WHERE c.waiting IS NULL AND NOT c.is_latest ORDER BY c.n RETURNING id)"
	" SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM added),"
	" (SELECT count(*) FROM compared c WHERE c.replaces AND NOT c.is_latest AND c.waiting_hash IS DISTINCT FROM c.hash),"
	" (SELECT count(*) FROM compared c WHERE c.is_latest)"
};

/* What the target has is what the row is now; what was refused, is held or on its way stays. */
static Stored keep = {.nested = true, .text =
	"WITH given AS MATERIALIZED (SELECT " KEY_ID("u.key") " AS key_id, sha256(convert_to(u.record, 'UTF8')) AS hash FROM unnest($2, $3) u (key, record)),"
	" there AS MATERIALIZED (SELECT g.hash, w.id AS waiting, a.id FROM given g"
	" CROSS JOIN LATERAL (SELECT i.id FROM xbb._push_item i WHERE " THERE " AND i.request IS NULL ORDER BY i.id DESC LIMIT 1) a"
	" LEFT JOIN LATERAL (SELECT i.id, i.status FROM xbb._push_item i WHERE " WAITING " LIMIT 1) w ON true"
	" WHERE coalesce(w.status = 'pending', true) AND NOT EXISTS (SELECT FROM xbb._push_item i WHERE " FLYING ")),"
	" dropped AS (DELETE FROM xbb._push_item i USING there t WHERE i.id = t.waiting),"
	" kept AS (UPDATE xbb._push_item i SET hash = t.hash FROM there t WHERE i.id = t.id AND i.hash <> t.hash RETURNING i.id)"
	" SELECT count(*) FROM kept"
};

/* What cannot be sent, in sight.  Its hash is that of the reason. */
static Stored refuse = {.nested = true, .text =
	"WITH given AS MATERIALIZED (SELECT DISTINCT ON (u.key) u.key::text[] AS key, " KEY_ID("u.key") " AS key_id, u.fault, sha256(convert_to(u.fault, 'UTF8')) AS hash"
	" FROM unnest($2, $3) u (key, fault)),"
	" compared AS MATERIALIZED (SELECT g.key, g.key_id, g.fault, g.hash, w.id AS waiting, w.hash AS waiting_hash,"
	" coalesce(coalesce(f.hash, a.hash) = g.hash, false) AS is_latest, coalesce(f.hash, a.hash) IS NOT NULL AS replaces"
	" FROM given g LEFT JOIN LATERAL (SELECT i.id, i.hash FROM xbb._push_item i WHERE " WAITING " LIMIT 1) w ON true"
	" LEFT JOIN LATERAL (SELECT i.hash FROM xbb._push_item i WHERE " FLYING " LIMIT 1) f ON true"
	" LEFT JOIN LATERAL (SELECT i.hash FROM xbb._push_item i WHERE " THERE " ORDER BY i.id DESC LIMIT 1) a ON true),"
	" changed AS (UPDATE xbb._push_item i SET record = NULL, hash = c.hash, status = 'rejected', attempts = 0, most = NULL,"
	" next_try = '-infinity', message = c.fault, answer = NULL, http_status = NULL, note = NULL, created = clock_timestamp()"
	" FROM compared c WHERE i.id = c.waiting AND c.waiting_hash <> c.hash RETURNING i.id),"
	" added AS (INSERT INTO xbb._push_item (push, key, key_id, hash, replaces, status, message)"
	" SELECT $1, c.key, c.key_id, c.hash, c.replaces, 'rejected', c.fault"
	" FROM compared c WHERE c.waiting IS NULL AND NOT c.is_latest ORDER BY c.key RETURNING id)"
	" SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM added)"
};

#define REFUSED "i.push = $1 AND i.status = 'rejected' AND i.record IS NULL AND i.request IS NULL"

/* Rows that could not be sent, and are no more: of all, or of those of the keys $2.  They may be as many as there are rows. */
static Stored forget = {.nested = true, .text =
	"WITH gone AS MATERIALIZED ((SELECT i.key_id FROM xbb._push_item i WHERE $2 = '{}' AND " REFUSED
	" UNION ALL SELECT i.key_id FROM unnest($2) m (key) CROSS JOIN LATERAL (SELECT i.key_id FROM xbb._push_item i"
	" WHERE i.key_id = " KEY_ID("m.key") " AND " REFUSED ") i) EXCEPT SELECT " KEY_ID("u.key") " FROM unnest($3) u (key)),"
	" forgotten AS (DELETE FROM xbb._push_item i USING gone g WHERE i.key_id = g.key_id AND " REFUSED " RETURNING i.id)"
	" SELECT count(*) FROM forgotten"
};

/* What the target refused, to be looked for among the rows that there are; and what of it is not found. */
static Stored look_for_refused = {.nested = true, .text =
	"SELECT i.id, i.key::text FROM xbb._push_item i WHERE i.push = $1 AND i.status = 'rejected' AND i.record IS NOT NULL AND i.request IS NULL"
	" AND ($2 = '{}' OR i.key::text = ANY ($2))"
};

static Stored forget_refused = {.nested = true, .text =
	"WITH gone AS (DELETE FROM xbb._push_item i WHERE i.push = $1 AND i.id = ANY ($2) RETURNING i.id)"
	" SELECT count(*) FROM gone"
};

/* What is new, where the outbox is empty. */
static Stored enqueue_first = {.nested = true, .text =
	"WITH added AS (INSERT INTO xbb._push_item (push, key, key_id, record, hash, status, acknowledged, message)"
	" SELECT $1, u.key::text[], " KEY_ID("u.key") ", CASE WHEN $4 THEN u.record END, sha256(convert_to(u.record, 'UTF8')),"
	" CASE WHEN $4 THEN 'pending' ELSE 'acknowledged' END,"
	" CASE WHEN NOT $4 THEN clock_timestamp() END, CASE WHEN NOT $4 THEN 'taken as sent' END"
	" FROM unnest($2, $3) WITH ORDINALITY u (key, record, n) ORDER BY u.n RETURNING id)"
	" SELECT count(*) FROM added"
};

static Stored look_for_any = {.nested = true, .text =
	"SELECT count(*) FROM (SELECT FROM xbb._push_item i WHERE i.push = $1 AND i.request IS NOT NULL"
	" UNION ALL SELECT FROM xbb._push_item i WHERE i.push = $1 AND i.request IS NULL AND i.status <> 'acknowledged'"
	" UNION ALL SELECT FROM xbb._push_item i WHERE i.push = $1 AND i.status = 'acknowledged' LIMIT 1) i"
};

/* What was written, and of the rows that were compared those that were sent, and differ from it, or do not. */
typedef enum Count
{
	WRITTEN, AGAIN, SAME, COUNTS
} Count;

static void
read_counts(void *arg, const SPITupleTable *table, uint64 nrows)
{
	int64	   *counts = arg;
	bool		isnull;

	for (int i = 0; i < table->tupdesc->natts; i++)
		counts[i] += DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, i + 1, &isnull));
}

static bool
is_empty(FunctionCallInfo fcinfo)
{
	const Oid	types[] = {INT4OID};
	int64		count = 0;

	run_stored_with(fcinfo->flinfo->fn_oid, &look_for_any, lengthof(types), types, fcinfo->args, read_counts, &count);
	return count == 0;
}

static void
write_batch(FunctionCallInfo fcinfo, Stored *statement, Datum *keys, Datum *records, int n, int64 *counts)
{
	const Oid	types[] = {INT4OID, TEXTARRAYOID, TEXTARRAYOID, BOOLOID};
	NullableDatum args[lengthof(types)] = {
		{.value = fcinfo->args[0].value},
		{.value = PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT))},
		{.value = PointerGetDatum(construct_array(records, n, TEXTOID, -1, false, TYPALIGN_INT))},
		{.value = fcinfo->args[2].value}
	};

	run_stored_with(fcinfo->flinfo->fn_oid, statement, lengthof(types), types, args, read_counts, counts);
}

static void
write_items(FunctionCallInfo fcinfo, Rows *rows, bool keeps, int64 *counts)
{
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext batch = AllocSetContextCreate(outer, "xbb_fdw push batch", ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(rows->tupdesc, &TTSOpsMinimalTuple);
	Datum	   *keys = palloc(sizeof(Datum) * BATCH);
	Datum	   *records = palloc(sizeof(Datum) * BATCH);
	Stored	   *statement = keeps ? &keep : is_empty(fcinfo) ? &enqueue_first : &enqueue;
	Size		size = 0;
	int			n = 0;
	bool		more = true;

	while (more)
	{
		/* a row that was on disk is the slot's until the next one comes */
		MemoryContextSwitchTo(outer);
		more = tuplestore_gettupleslot(rows->store, true, false, slot);
		MemoryContextSwitchTo(batch);
		if (more)
		{
			slot_getallattrs(slot);
			if (idset_count(&rows->twice) > 0 && idset_has(&rows->twice, hash_of(slot->tts_values[0])))
				continue;
			keys[n] = PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[0]));
			records[n] = PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[1]));
			size += VARSIZE_ANY(DatumGetPointer(records[n]));
			n++;
		}
		if (n == BATCH || (n > 0 && (!more || size > MOST_RECORD)))
		{
			write_batch(fcinfo, statement, keys, records, n, counts);
			MemoryContextReset(batch);
			n = 0;
			size = 0;
			CHECK_FOR_INTERRUPTS();
		}
	}
	MemoryContextSwitchTo(outer);
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(batch);
}

static void
write_faults(FunctionCallInfo fcinfo, Rows *rows, int64 *counts)
{
	const Oid	types[] = {INT4OID, TEXTARRAYOID, TEXTARRAYOID};
	NullableDatum args[lengthof(types)] = {{.value = fcinfo->args[0].value}, {.value = cut_keys(fcinfo->args[3].value)}};
	TupleTableSlot *slot = MakeSingleTupleTableSlot(rows->faulty, &TTSOpsMinimalTuple);
	ArrayBuildState *all = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	Datum	   *keys = palloc(sizeof(Datum) * BATCH);
	Datum	   *faults = palloc(sizeof(Datum) * BATCH);
	int64		gone = 0;
	int			n = 0;
	bool		more = true;

	while (more)
	{
		more = tuplestore_gettupleslot(rows->faults, true, false, slot);
		if (more)
		{
			slot_getallattrs(slot);
			keys[n] = PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[0]));
			faults[n] = PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[1]));
			all = accumArrayResult(all, keys[n++], false, TEXTOID, CurrentMemoryContext);
		}
		if (n == BATCH || (n > 0 && !more))
		{
			write_batch(fcinfo, &refuse, keys, faults, n, counts);
			n = 0;
			CHECK_FOR_INTERRUPTS();
		}
	}
	ExecDropSingleTupleTableSlot(slot);
	args[2].value = makeArrayResult(all, CurrentMemoryContext);
	run_stored_with(fcinfo->flinfo->fn_oid, &forget, lengthof(types), types, args, read_counts, &gone);
}

/* Items whose rows are gone. */
typedef struct Gone
{
	const Rows *rows;
	ArrayBuildState *ids;
} Gone;

static void
read_gone(void *arg, const SPITupleTable *table, uint64 nrows)
{
	Gone	   *gone = arg;
	bool		isnull;

	for (uint64 i = 0; i < nrows; i++)
	{
		Datum		id = SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull);

		if (!idset_has(&gone->rows->keys, hash_of(SPI_getbinval(table->vals[i], table->tupdesc, 2, &isnull))))
			gone->ids = accumArrayResult(gone->ids, id, false, INT8OID, gone->ids->mcontext);
	}
}

/* The target has none of it, and nobody wants it to: else it would be sent by push_retry. */
static void
forget_gone(FunctionCallInfo fcinfo, const Rows *rows)
{
	const Oid	asked[] = {INT4OID, TEXTARRAYOID};
	const Oid	told[] = {INT4OID, INT8ARRAYOID};
	NullableDatum args[2] = {{.value = fcinfo->args[0].value}, {.value = fcinfo->args[3].value}};
	Gone		gone = {rows, initArrayResult(INT8OID, CurrentMemoryContext, true)};
	int64		count = 0;

	run_stored_with(fcinfo->flinfo->fn_oid, &look_for_refused, lengthof(asked), asked, args, read_gone, &gone);
	if (gone.ids->nelems == 0)
		return;
	args[1].value = makeArrayResult(gone.ids, CurrentMemoryContext);
	run_stored_with(fcinfo->flinfo->fn_oid, &forget_refused, lengthof(told), told, args, read_counts, &count);
}

Datum
xbb_fdw_push_enqueue(PG_FUNCTION_ARGS)
{
	int32		id = PG_GETARG_INT32(0);
	bool		sends = PG_GETARG_BOOL(2);
	bool		keeps = PG_GETARG_BOOL(4);
	Rows		rows = {0};
	int64		counts[COUNTS] = {0};
	Datum		values[COUNTS];

	push_check_owner(id);
	read_source(&rows, text_to_cstring(PG_GETARG_TEXT_PP(1)), !sends && !keeps);
	push_lock_items(fcinfo, id, true);
	write_items(fcinfo, &rows, keeps, counts);
	if (sends && !keeps)
	{
		write_faults(fcinfo, &rows, counts);
		forget_gone(fcinfo, &rows);
	}
	tuplestore_end(rows.store);
	tuplestore_end(rows.faults);
	idset_free(&rows.keys, &rows.memory);
	idset_free(&rows.twice, &rows.memory);
	for (int i = 0; i < COUNTS; i++)
		values[i] = Int64GetDatum(counts[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, COUNTS, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
