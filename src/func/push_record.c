/*-------------------------------------------------------------------------
 *
 * push_record.c
 *	  A row as a target is to get it, as an SQL function.
 *
 * Values become the columns' types here, and not in the query that reads the source: what
 * one row has that its column cannot take is that row's fault, and no other's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
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
	MemoryContext casting;		/* of all that follows, for rows of one type; or NULL */
	TupleTableSlot *row;
	ExprContext *values;
	ExprState **casts;			/* by field */
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

/* Would a CAST cut a value to the type's length, its own or its elements'? */
static bool
is_cut(Oid type)
{
	Oid			element = get_element_type(type);
	Oid			base = OidIsValid(element) ? element : type;

	return base == VARCHAROID || base == BPCHAROID || base == BITOID || base == VARBITOID;
}

/* A field as a column, as by CAST, but never cut to its length; what is too long for a domain is none of its values. */
static Expr *
cast_field(const RecordMaker *maker, Form_pg_attribute from, int field)
{
	Form_pg_attribute to = TupleDescAttr(maker->tupdesc, maker->attnums[field] - 1);
	Oid			base = getBaseType(to->atttypid);
	Oid			element = get_element_type(base);
	bool		is_domain = base != to->atttypid || (OidIsValid(element) && getBaseType(element) != element);
	int32		typmod = is_cut(to->atttypid) ? -1 : to->atttypmod;
	Node	   *value = (Node *) makeVar(OUTER_VAR, field + 1, from->atttypid, from->atttypmod, from->attcollation, 0);
	Node	   *cast = NULL;

	if (!OidIsValid(from->atttypid))
		return NULL;
	if (is_domain)
		cast = coerce_to_target_type(NULL, value, from->atttypid, to->atttypid, typmod,
									 COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	if (!cast)
		cast = coerce_to_target_type(NULL, value, from->atttypid, to->atttypid, typmod,
									 COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1);
	return cast ? expression_planner((Expr *) cast) : NULL;
}

/*
 * Anybody may call with any row, and each row may be of another type.  Bytes that are
 * taken for another type's would be read as pointers and lengths.
 */
static void
prepare_casts(RecordMaker *maker, TupleDesc fields)
{
	MemoryContext old;
	bool		fits = fields->natts == maker->nfields;

	if (maker->casting && equalTupleDescs(maker->row->tts_tupleDescriptor, fields))
		return;
	if (maker->casting)
		MemoryContextDelete(maker->casting);
	maker->casting = NULL;
	maker->casting = AllocSetContextCreate(maker->context, "xbb_fdw push casts", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(maker->casting);
	maker->row = MakeSingleTupleTableSlot(CreateTupleDescCopy(fields), &TTSOpsHeapTuple);
	maker->values = CreateStandaloneExprContext();
	maker->casts = palloc(sizeof(ExprState *) * maker->nfields);
	for (int i = 0; fits && i < maker->nfields; i++)
	{
		Expr	   *cast = cast_field(maker, TupleDescAttr(fields, i), i);

		fits = cast != NULL;
		maker->casts[i] = fits ? ExecInitExpr(cast, NULL) : NULL;
	}
	MemoryContextSwitchTo(old);
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the row does not have the types of the target's columns")));
}

/* Is it what a value has done, or somebody's constraint on it? */
static bool
is_fault(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return category == ERRCODE_DATA_EXCEPTION || category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		sqlstate == ERRCODE_RAISE_EXCEPTION;
}

/* The values, by column of the table; *column is the one under way, 0 if none is. */
static void
cast_values(RecordMaker *maker, HeapTuple row, Datum *values, bool *nulls, volatile AttrNumber *column)
{
	int			natts = maker->tupdesc->natts;

	memset(values, 0, sizeof(Datum) * natts);
	memset(nulls, true, sizeof(bool) * natts);
	ResetExprContext(maker->values);
	ExecStoreHeapTuple(row, maker->row, false);
	maker->values->ecxt_outertuple = maker->row;
	for (int i = 0; i < maker->nfields; i++)
	{
		*column = maker->attnums[i];
		values[*column - 1] = ExecEvalExprSwitchContext(maker->casts[i], maker->values, &nulls[*column - 1]);
	}
	*column = 0;
}

/* The record; of values that cannot be sent, what is wrong with them, behind PUSH_FAULT. */
static char *
make_record(RecordMaker *maker, HeapTuple row)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Datum	   *values = palloc(sizeof(Datum) * maker->tupdesc->natts);
	bool	   *nulls = palloc(sizeof(bool) * maker->tupdesc->natts);
	volatile AttrNumber column = 0;
	char	   *volatile result = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		char	   *record;

		cast_values(maker, row, values, nulls, &column);
		record = target_record(maker->columns, values, nulls);
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
		if (!is_fault(error->sqlerrcode))
			ReThrowError(error);
		result = column == 0 ? psprintf("%c%s", PUSH_FAULT, error->message) :
			psprintf("%ccolumn \"%s\": %s", PUSH_FAULT, NameStr(TupleDescAttr(maker->tupdesc, column - 1)->attname), error->message);
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
	MemoryContext old;
	char	   *record;
	text	   *result;

	prepare_casts(maker, tupdesc);
	ReleaseTupleDesc(tupdesc);
	old = MemoryContextSwitchTo(maker->work);
	record = make_record(maker, &tuple);
	MemoryContextSwitchTo(old);
	result = cstring_to_text(record);
	MemoryContextReset(maker->work);
	PG_RETURN_TEXT_P(result);
}
