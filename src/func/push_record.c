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
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/typcache.h"

#include "func/push_item.h"
#include "target/target.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_record);

/* How to make records of one table's columns, kept from call to call of one statement. */
typedef struct RecordMaker
{
	MemoryContext context;		/* which it lives in */
	Oid			relid;
	ArrayType  *numbers;		/* as they were given */
	TargetColumns *columns;
	TupleDesc	tupdesc;		/* of the table */
	int			nfields;		/* of the row */
	AttrNumber *attnums;		/* of each field */
	MemoryContext work;			/* of one record */
} RecordMaker;

static void
read_numbers(RecordMaker *maker)
{
	int			natts = maker->tupdesc->natts;
	bool	   *sent = palloc0(sizeof(bool) * natts);

	if (ARR_NDIM(maker->numbers) != 1 || array_contains_nulls(maker->numbers))
		elog(ERROR, "not a list of columns");
	maker->nfields = ARR_DIMS(maker->numbers)[0];
	maker->attnums = palloc(sizeof(AttrNumber) * maker->nfields);
	memcpy(maker->attnums, ARR_DATA_PTR(maker->numbers), sizeof(int16) * maker->nfields);
	for (int i = 0; i < maker->nfields; i++)
	{
		if (maker->attnums[i] < 1 || maker->attnums[i] > natts)
			elog(ERROR, "not a list of columns");
		sent[maker->attnums[i] - 1] = true;
	}
	maker->columns = target_columns(target_option_table(maker->relid), maker->tupdesc, sent);
}

static RecordMaker *
record_maker(FunctionCallInfo fcinfo)
{
	RecordMaker *maker = fcinfo->flinfo->fn_extra;
	Oid			relid = PG_GETARG_OID(0);
	ArrayType  *numbers = PG_GETARG_ARRAYTYPE_P(1);
	MemoryContext context;
	MemoryContext old;
	Relation	rel;

	if (maker && maker->relid == relid && VARSIZE(maker->numbers) == VARSIZE(numbers) &&
		memcmp(maker->numbers, numbers, VARSIZE(numbers)) == 0)
		return maker;
	fcinfo->flinfo->fn_extra = NULL;
	if (maker)
		MemoryContextDelete(maker->context);
	target_option_check_table(relid);
	/* a record shows what the table's options say, and its columns' attributes */
	if (pg_class_aclcheck(relid, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "xbb_fdw push records", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	maker = palloc0(sizeof(RecordMaker));
	maker->context = context;
	maker->relid = relid;
	maker->numbers = (ArrayType *) PG_DETOAST_DATUM_COPY(PointerGetDatum(numbers));
	rel = table_open(relid, AccessShareLock);
	maker->tupdesc = CreateTupleDescCopy(RelationGetDescr(rel));
	read_numbers(maker);
	maker->work = AllocSetContextCreate(context, "xbb_fdw push record", ALLOCSET_DEFAULT_SIZES);
	table_close(rel, NoLock);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = maker;
	return maker;
}

/*
 * Anybody may call with any row, and each row may be of another type.  Bytes that are
 * taken for another type's would be read as pointers and lengths.
 */
static void
check_fields(const RecordMaker *maker, TupleDesc fields)
{
	bool		fits = fields->natts == maker->nfields;

	for (int i = 0; fits && i < maker->nfields; i++)
		fits = OidIsValid(TupleDescAttr(fields, i)->atttypid) &&
			TupleDescAttr(fields, i)->atttypid == TupleDescAttr(maker->tupdesc, maker->attnums[i] - 1)->atttypid;
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the row does not have the types of the target's columns")));
}

/* The record; of values that cannot be sent, what is wrong with them, behind PUSH_FAULT. */
static char *
make_record(RecordMaker *maker, const Datum *values, const bool *nulls)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	char	   *volatile result = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		char	   *record = target_record(maker->columns, values, nulls);

		result = pg_any_to_server(record, strlen(record), PG_UTF8);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			ReThrowError(error);
		result = psprintf("%c%s", PUSH_FAULT, error->message);
	}
	PG_END_TRY();
	return result;
}

Datum
xbb_fdw_push_record(PG_FUNCTION_ARGS)
{
	RecordMaker *maker = record_maker(fcinfo);
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(2);
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	int			natts = maker->tupdesc->natts;
	MemoryContext old = MemoryContextSwitchTo(maker->work);
	Datum	   *fields = palloc(sizeof(Datum) * maker->nfields);
	bool	   *no_fields = palloc(sizeof(bool) * maker->nfields);
	Datum	   *values = palloc0(sizeof(Datum) * natts);
	bool	   *nulls = palloc(sizeof(bool) * natts);
	char	   *record;
	text	   *result;

	check_fields(maker, tupdesc);
	heap_deform_tuple(&tuple, tupdesc, fields, no_fields);
	memset(nulls, true, sizeof(bool) * natts);
	for (int i = 0; i < maker->nfields; i++)
	{
		values[maker->attnums[i] - 1] = fields[i];
		nulls[maker->attnums[i] - 1] = no_fields[i];
	}
	record = make_record(maker, values, nulls);
	MemoryContextSwitchTo(old);
	result = cstring_to_text(record);
	ReleaseTupleDesc(tupdesc);
	MemoryContextReset(maker->work);
	PG_RETURN_TEXT_P(result);
}
