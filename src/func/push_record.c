/*-------------------------------------------------------------------------
 *
 * push_record.c
 *	  A row as a target is to get it, as an SQL function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "func/push_item.h"
#include "target/target.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_record);

/* How to make records, kept from call to call of one statement. */
typedef struct RecordMaker
{
	TargetColumns *columns;
	int			natts;			/* of the table */
	int			nfields;		/* of the row */
	AttrNumber *attnums;		/* of each field */
	MemoryContext work;			/* of one record */
} RecordMaker;

static RecordMaker *
record_maker(FunctionCallInfo fcinfo)
{
	RecordMaker *maker = fcinfo->flinfo->fn_extra;
	Oid			relid = PG_GETARG_OID(0);
	ArrayType  *numbers;
	MemoryContext old;
	Relation	rel;
	bool	   *sent;

	if (maker)
		return maker;
	target_option_check_table(relid);
	numbers = PG_GETARG_ARRAYTYPE_P(1);
	if (ARR_NDIM(numbers) != 1 || array_contains_nulls(numbers))
		elog(ERROR, "not a list of columns");
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	rel = table_open(relid, AccessShareLock);
	maker = palloc0(sizeof(RecordMaker));
	maker->natts = RelationGetDescr(rel)->natts;
	maker->nfields = ARR_DIMS(numbers)[0];
	maker->attnums = palloc(sizeof(AttrNumber) * maker->nfields);
	memcpy(maker->attnums, ARR_DATA_PTR(numbers), sizeof(int16) * maker->nfields);
	sent = palloc0(sizeof(bool) * maker->natts);
	for (int i = 0; i < maker->nfields; i++)
	{
		if (maker->attnums[i] < 1 || maker->attnums[i] > maker->natts)
			elog(ERROR, "not a list of columns");
		sent[maker->attnums[i] - 1] = true;
	}
	maker->columns = target_columns(target_option_table(relid), CreateTupleDescCopy(RelationGetDescr(rel)), sent);
	maker->work = AllocSetContextCreate(CurrentMemoryContext, "xbb_fdw push record", ALLOCSET_DEFAULT_SIZES);
	table_close(rel, NoLock);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = maker;
	return maker;
}

Datum
xbb_fdw_push_record(PG_FUNCTION_ARGS)
{
	RecordMaker *maker = record_maker(fcinfo);
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(2);
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	MemoryContext old = MemoryContextSwitchTo(maker->work);
	Datum	   *fields = palloc(sizeof(Datum) * maker->nfields);
	bool	   *no_fields = palloc(sizeof(bool) * maker->nfields);
	Datum	   *values = palloc0(sizeof(Datum) * maker->natts);
	bool	   *nulls = palloc(sizeof(bool) * maker->natts);
	char	   *record;
	text	   *result;

	if (tupdesc->natts != maker->nfields)
		elog(ERROR, "not a list of columns");
	heap_deform_tuple(&tuple, tupdesc, fields, no_fields);
	memset(nulls, true, sizeof(bool) * maker->natts);
	for (int i = 0; i < maker->nfields; i++)
	{
		values[maker->attnums[i] - 1] = fields[i];
		nulls[maker->attnums[i] - 1] = no_fields[i];
	}
	record = target_record(maker->columns, values, nulls);
	record = pg_any_to_server(record, strlen(record), PG_UTF8);
	MemoryContextSwitchTo(old);
	result = cstring_to_text(record);
	ReleaseTupleDesc(tupdesc);
	MemoryContextReset(maker->work);
	PG_RETURN_TEXT_P(result);
}
