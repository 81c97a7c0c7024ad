/*-------------------------------------------------------------------------
 *
 * sync.c
 *	  What the sync procedures ask of C, as SQL functions.
 *
 * The procedures are SQL that anybody could have typed; here is only what SQL
 * cannot see: the backend's own state, a count without its rows, the API's limits,
 * and how a scan reads a record.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "api/api.h"
#include "base/limits.h"
#include "base/wait.h"
#include "condition/condition.h"
#include "form/form.h"
#include "func/sync.h"
#include "reader/reader.h"

#define COUNTER_COLUMNS 10

PG_FUNCTION_INFO_V1(xbb_fdw_can_commit);
PG_FUNCTION_INFO_V1(xbb_fdw_window_records);
PG_FUNCTION_INFO_V1(xbb_fdw_counters);
PG_FUNCTION_INFO_V1(xbb_fdw_refuse_above);
PG_FUNCTION_INFO_V1(xbb_fdw_attr);
PG_FUNCTION_INFO_V1(xbb_fdw_list_id);
PG_FUNCTION_INFO_V1(xbb_fdw_settle_time);
PG_FUNCTION_INFO_V1(xbb_fdw_total);
PG_FUNCTION_INFO_V1(xbb_fdw_read_record);

Datum
xbb_fdw_can_commit(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(SPI_inside_nonatomic_context());
}

Datum
xbb_fdw_window_records(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(API_WINDOW_RECORDS);
}

Datum
xbb_fdw_counters(PG_FUNCTION_ARGS)
{
	const ApiTotals *totals = api_totals();
	TupleDesc	tupdesc;
	Datum		values[COUNTER_COLUMNS];
	bool		nulls[COUNTER_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE ||
		tupdesc->natts != lengthof(values))
		elog(ERROR, "xbb._counters() does not return what it should");
	values[0] = Int64GetDatum(totals->counters.requests);
	values[1] = Int64GetDatum(totals->pages);
	values[2] = Int64GetDatum(totals->counters.rows);
	values[3] = Int64GetDatum(totals->counters.bytes);
	values[4] = Int64GetDatum(totals->counters.retries);
	values[5] = Int64GetDatum(totals->counters.throttled_us);
	values[6] = TimestampTzGetDatum(time_t_to_timestamptz((pg_time_t) totals->clock));
	values[7] = TimestampTzGetDatum(totals->clock_at);
	nulls[6] = nulls[7] = totals->clock <= 0;
	values[8] = Int64GetDatum(reader_refused());
	nulls[8] = reader_refused() < 0;
	/* of a clock that nobody sets */
	values[9] = Int64GetDatum(wait_clock());
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

Datum
xbb_fdw_refuse_above(PG_FUNCTION_ARGS)
{
	reader_refuse_above(PG_GETARG_OID(0), PG_GETARG_INT64(1));
	PG_RETURN_VOID();
}

Datum
xbb_fdw_attr(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);

	option_check_table(relid);
	PG_RETURN_TEXT_P(cstring_to_text(option_attr(relid, PG_GETARG_INT16(1))));
}

Datum
xbb_fdw_list_id(PG_FUNCTION_ARGS)
{
	const OptionObject *object = option_table(PG_GETARG_OID(0))->object;

	if (object->has_times)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(object->id_key));
}

Datum
xbb_fdw_settle_time(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(option_table(PG_GETARG_OID(0))->server.settle_time / 1000.0);
}

/* A bound in epoch seconds; false if there is none. */
static bool
take_bound(FunctionCallInfo fcinfo, int argument, int64 *bound)
{
	TimestampTz time;

	if (PG_ARGISNULL(argument))
		return false;
	time = PG_GETARG_TIMESTAMPTZ(argument);
	if (TIMESTAMP_NOT_FINITE(time))
		return false;
	*bound = timestamptz_to_time_t(time);
	return true;
}

Datum
xbb_fdw_total(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ConditionSet set = {.elements = "", .nids = -1};
	TableOptions *table;

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
	table = option_table(relid);
	set.update_time.has_low = take_bound(fcinfo, 1, &set.update_time.low);
	set.update_time.has_high = take_bound(fcinfo, 2, &set.update_time.high);
	PG_RETURN_INT64(reader_count(table, GetUserId(), &set, false));
}

/* How to read records, kept from call to call of one statement. */
typedef struct RecordType
{
	TupleDesc	tupdesc;
	RecordFormat *format;
	const char *list_key;
} RecordType;

static RecordType *
record_type(FunctionCallInfo fcinfo)
{
	RecordType *type = fcinfo->flinfo->fn_extra;
	MemoryContext old;
	Oid			rowtype;
	Oid			relid;
	Bitmapset  *wanted = NULL;
	bool		shows = false;
	TableOptions *table;

	if (type)
		return type;
	rowtype = get_fn_expr_argtype(fcinfo->flinfo, 0);
	relid = get_typ_typrelid(rowtype);
	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not the row type of a foreign table", format_type_be(rowtype))));

	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	type = palloc0(sizeof(RecordType));
	table = option_table(relid);
	type->tupdesc = lookup_rowtype_tupdesc_copy(rowtype, -1);
	for (int i = 0; i < type->tupdesc->natts; i++)
		if (!TupleDescAttr(type->tupdesc, i)->attisdropped)
			wanted = bms_add_member(wanted, i + 1);
	type->format = reader_format(table, type->tupdesc, wanted, get_rel_name(relid));
	for (int i = 0; i < type->tupdesc->natts; i++)
		shows |= bms_is_member(i + 1, wanted) && option_shows_label(relid, i + 1);
	if (shows)
		form_show_labels(table, api_access(table, GetUserId(), CurrentMemoryContext), wanted, record_show, type->format);
	type->list_key = table->object->list_key;
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = type;
	return type;
}

Datum
xbb_fdw_read_record(PG_FUNCTION_ARGS)
{
	RecordType *type;
	char	   *record;
	char	   *answer;
	Envelope	envelope;
	RecordPage *page;
	Datum	   *values;
	bool	   *isnull;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	type = record_type(fcinfo);
	record = text_to_cstring(PG_GETARG_TEXT_PP(1));
	answer = psprintf("{\"result\":{\"%s\":[%s]}}", type->list_key,
					  pg_server_to_any(record, strlen(record), PG_UTF8));
	page = record_read(type->format, CurrentMemoryContext, answer, strlen(answer), &envelope);
	if (!page || page->nrows != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("not a record of the API"),
				 envelope.unreadable ? errdetail_internal("%s", envelope.unreadable) : 0));

	values = palloc(sizeof(Datum) * type->tupdesc->natts);
	isnull = palloc(sizeof(bool) * type->tupdesc->natts);
	record_tuple(type->format, page, 0, values, isnull);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(type->tupdesc, values, isnull)));
}
