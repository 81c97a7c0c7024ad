/*-------------------------------------------------------------------------
 *
 * push_mark.c
 *	  Changes of a push's source, noted by a trigger, as SQL functions.
 *
 * The trigger appends the key alone.  A unique index would have users wait for one
 * another, on different rows; a record made here would be older than what others
 * commit meanwhile.  So the run folds the marks, and reads the rows then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "func/push_mark.h"
#include "func/push_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_mark);
PG_FUNCTION_INFO_V1(xbb_fdw_push_marks);

/* Anybody may make a trigger of it, but only of the push's own source it notes anything. */
static Stored mark = {.text =
	"INSERT INTO xbb._push_mark (push, key) SELECT d.id, $2 FROM xbb._push_all d WHERE d.id = $1 AND d.feed = 'trigger'"
	" AND (d.source::oid = $3 OR d.source::oid IN (SELECT a.relid::oid FROM pg_partition_ancestors($3) a (relid)))"
};

/*
 * The key of a row, in words that mean the same in every session.  Where a column is gone,
 * or has another name, that is the push's trouble, not that of who writes: an empty key
 * has the run look at all rows.
 */
static Datum
key_of(TriggerData *data, HeapTuple tuple)
{
	Trigger    *trigger = data->tg_trigger;
	int			n = trigger->tgnargs - 1;
	Datum	   *values = palloc(sizeof(Datum) * n);
	bool	   *nulls = palloc(sizeof(bool) * n);
	int			dimensions[] = {n};
	int			bounds[] = {1};

	for (int i = 0; i < n; i++)
	{
		TupleDesc	tupdesc = RelationGetDescr(data->tg_relation);
		int			column = SPI_fnumber(tupdesc, trigger->tgargs[i + 1]);
		char	   *value;

		if (column <= 0)
			return PointerGetDatum(construct_empty_array(TEXTOID));
		value = SPI_getvalue(tuple, tupdesc, column);
		nulls[i] = value == NULL;
		values[i] = value ? CStringGetTextDatum(value) : (Datum) 0;
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, dimensions, bounds, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
append(FunctionCallInfo fcinfo, TriggerData *data, Datum key)
{
	const Oid	types[] = {INT4OID, TEXTARRAYOID, OIDOID};
	NullableDatum args[lengthof(types)] = {
		{.value = Int32GetDatum(pg_strtoint32(data->tg_trigger->tgargs[0]))},
		{.value = key},
		{.value = ObjectIdGetDatum(RelationGetRelid(data->tg_relation))}
	};

	run_stored_with(fcinfo->flinfo->fn_oid, &mark, lengthof(types), types, args, NULL, NULL);
}

/* What output functions look at; xbb._push_read reads the marks by the same, but for zone and path, which such texts name. */
static const char *const settings[][2] = {
	{"search_path", "pg_catalog, pg_temp"}, {"DateStyle", "ISO, MDY"}, {"IntervalStyle", "postgres"}, {"TimeZone", "UTC"},
	{"extra_float_digits", "1"}, {"bytea_output", "hex"}, {"lc_monetary", "C"}, {"quote_all_identifiers", "off"}
};

Datum
xbb_fdw_push_mark(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	int			level;
	Datum		key;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		data->tg_trigger->tgnargs < 2)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("_push_mark() is a trigger for the sources of pushes")));
	SPI_connect();
	level = NewGUCNestLevel();
	for (int i = 0; i < (int) lengthof(settings); i++)
		set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	key = key_of(data, data->tg_trigtuple);
	append(fcinfo, data, key);
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		Datum		new_key = key_of(data, data->tg_newtuple);

		if (VARSIZE_ANY(DatumGetPointer(key)) != VARSIZE_ANY(DatumGetPointer(new_key)) ||
			memcmp(DatumGetPointer(key), DatumGetPointer(new_key), VARSIZE_ANY(DatumGetPointer(key))) != 0)
			append(fcinfo, data, new_key);
	}
	AtEOXact_GUC(true, level);
	SPI_finish();
	return PointerGetDatum(NULL);
}

static void
read_keys(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;
	Datum		keys = SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull);
	ArrayType  *copy = SPI_palloc(VARSIZE(DatumGetArrayTypeP(keys)));

	memcpy(copy, DatumGetArrayTypeP(keys), VARSIZE(DatumGetArrayTypeP(keys)));
	*(ArrayType **) arg = copy;
}

Datum
xbb_fdw_push_marks(PG_FUNCTION_ARGS)
{
	static Stored take = {.text =
		"WITH taken AS (DELETE FROM xbb._push_mark m USING xbb._push_definition d WHERE m.ctid = ANY (ARRAY("
		" SELECT o.ctid FROM xbb._push_mark o WHERE o.push = $1 LIMIT $2)) AND d.id = $1 AND " PUSH_OWNED("$3") " RETURNING m.key)"
		" SELECT coalesce(array_agg(DISTINCT t.key::text), '{}') FROM taken t"
	};
	const Oid	types[] = {INT4OID, INT4OID};
	ArrayType  *keys = NULL;

	run_stored_with(fcinfo->flinfo->fn_oid, &take, lengthof(types), types, fcinfo->args, read_keys, &keys);
	PG_RETURN_ARRAYTYPE_P(keys);
}
