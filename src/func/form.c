/*-------------------------------------------------------------------------
 *
 * form.c
 *	  The CRM's forms and their fields, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api/api.h"
#include "base/attr_names.h"
#include "base/limits.h"
#include "condition/condition.h"
#include "form/form.h"
#include "func/form.h"
#include "reader/reader.h"

#define FORM_COLUMNS 5
#define FIELD_COLUMNS 9
#define COLUMN_COLUMNS 10
#define TABLE_COLUMNS 4

PG_FUNCTION_INFO_V1(xbb_fdw_forms);
PG_FUNCTION_INFO_V1(xbb_fdw_form_fields);
PG_FUNCTION_INFO_V1(xbb_fdw_form_columns);
PG_FUNCTION_INFO_V1(xbb_fdw_form_tables);
PG_FUNCTION_INFO_V1(xbb_fdw_newest);

/* The server of that name, for those who may use it. */
static Oid
usable_server(const char *name)
{
	Oid			serverid = get_foreign_server_oid(name, false);

	if (!DatumGetBool(DirectFunctionCall2(has_server_privilege_id, ObjectIdGetDatum(serverid),
										  CStringGetTextDatum("USAGE"))))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, name);
	return serverid;
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL || text[0] == '\0';
	return *isnull ? (Datum) 0 : CStringGetTextDatum(text);
}

Datum
xbb_fdw_forms(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			serverid = usable_server(NameStr(*PG_GETARG_NAME(0)));
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, form_list(serverid, GetUserId()))
	{
		const Form *form = lfirst(lc);
		Datum		values[FORM_COLUMNS];
		bool		nulls[FORM_COLUMNS] = {false};

		values[0] = Int64GetDatum(form->form_id);
		values[1] = text_or_null(form->object ? form->object->name : NULL, &nulls[1]);
		values[2] = text_or_null(form->name, &nulls[2]);
		values[3] = CStringGetTextDatum(form->custom ? "custom" : "system");
		values[4] = BoolGetDatum(form->approval);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
xbb_fdw_form_fields(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			serverid = usable_server(NameStr(*PG_GETARG_NAME(0)));
	Form	   *form = form_make(PG_GETARG_INT64(1));
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	form_read(serverid, GetUserId(), list_make1(form));
	if (form->problem)
		ereport(ERROR,
				(errcode(form->problem_code),
				 errmsg("%s", form->problem),
				 errdetail("Request: POST %s, form " INT64_FORMAT ".", "/pro/v2/api/form/get", form->form_id),
				 form->problem_code == ERRCODE_FDW_TABLE_NOT_FOUND ?
				 errhint("SELECT * FROM xbb.forms(%s); lists the forms.",
						 quote_literal_cstr(NameStr(*PG_GETARG_NAME(0)))) :
				 form->problem_hint ? errhint("%s", form->problem_hint) : 0));
	foreach(lc, form->fields)
	{
		const FormField *field = lfirst(lc);
		Datum		values[FIELD_COLUMNS];
		bool		nulls[FIELD_COLUMNS] = {false};

		values[0] = text_or_null(field->attr, &nulls[0]);
		values[1] = text_or_null(field->label, &nulls[1]);
		values[2] = Int32GetDatum((int32) field->field_type);
		nulls[2] = field->field_type < 0 || field->field_type > PG_INT32_MAX;
		values[3] = text_or_null(form_field_type(field), &nulls[3]);
		values[4] = BoolGetDatum(field->required);
		values[5] = BoolGetDatum(field->is_unique);
		values[6] = text_or_null(field->parent, &nulls[6]);
		values[7] = Int32GetDatum(field->position);
		nulls[8] = field->noptions < 0;
		if (!nulls[8])
			values[8] = DirectFunctionCall1(jsonb_in, CStringGetDatum(form_options_json(field)));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The form's own field with that attr, or NULL. */
static const FormField *
field_of(const Form *form, const char *attr)
{
	ListCell   *lc;

	foreach(lc, form->fields)
	{
		const FormField *field = lfirst(lc);

		if (field->parent == NULL && strcmp(field->attr, attr) == 0)
			return field;
	}
	return NULL;
}

/* The rows of one form: what it could not be read for, or the columns that a table of it should have. */
static void
put_columns(ReturnSetInfo *result, const Form *form)
{
	List	   *by_attr = form_columns(form, false);
	List	   *by_label = form_columns(form, true);
	ListCell   *attr;
	ListCell   *label;
	Datum		values[COLUMN_COLUMNS];
	bool		nulls[COLUMN_COLUMNS];

	if (form->problem)
	{
		memset(nulls, true, sizeof(nulls));
		values[0] = Int64GetDatum(form->form_id);
		values[1] = CStringGetTextDatum(form->problem);
		nulls[0] = nulls[1] = false;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		return;
	}
	/* the two lists have the same columns in the same order */
	forboth(attr, by_attr, label, by_label)
	{
		const FormColumn *column = lfirst(attr);
		const FormField *field = field_of(form, column->attr);

		values[0] = Int64GetDatum(form->form_id);
		nulls[0] = false;
		nulls[1] = true;
		values[2] = text_or_null(column->attr, &nulls[2]);
		values[3] = text_or_null(column->label, &nulls[3]);
		values[4] = text_or_null(column->type, &nulls[4]);
		values[5] = text_or_null(column->name, &nulls[5]);
		values[6] = text_or_null(((const FormColumn *) lfirst(label))->name, &nulls[6]);
		nulls[7] = column->options == NULL;
		if (!nulls[7])
			values[7] = DirectFunctionCall1(jsonb_in, CStringGetDatum(column->options));
		values[8] = BoolGetDatum(field && field->required);
		values[9] = BoolGetDatum(field && field->is_unique);
		nulls[8] = nulls[9] = false;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
xbb_fdw_form_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			serverid = usable_server(NameStr(*PG_GETARG_NAME(0)));
	ArrayType  *ids = PG_GETARG_ARRAYTYPE_P(1);
	Datum	   *elements;
	bool	   *isnull;
	int			n;
	List	   *forms = NIL;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	deconstruct_array(ids, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &isnull, &n);
	for (int i = 0; i < n; i++)
		if (!isnull[i])
			forms = lappend(forms, form_make(DatumGetInt64(elements[i])));
	form_read(serverid, GetUserId(), forms);
	foreach(lc, forms)
		put_columns(result, lfirst(lc));
	return (Datum) 0;
}

/* Where the tables would be. */
typedef struct Place
{
	Oid			schema;
	bool		custom;
} Place;

/* IMPORT FOREIGN SCHEMA would not call a form's table so. */
static bool
is_taken(void *arg, const char *name)
{
	const Place *place = arg;

	for (int i = 0; i < form_nlists; i++)
		if (!place->custom && strcmp(name, form_lists[i].name) == 0)
			return true;
	return OidIsValid(get_relname_relid(name, place->schema));
}

/* The tables that IMPORT FOREIGN SCHEMA system, or custom, would make of a form, or why it would make none. */
static void
put_tables(ReturnSetInfo *result, const Form *form, const char *name)
{
	Datum		values[TABLE_COLUMNS];
	bool		nulls[TABLE_COLUMNS] = {false};
	List	   *ends = form_tables_beside(form);
	Datum	   *names = palloc(sizeof(Datum) * (1 + list_length(ends)));
	int			n = 0;
	ListCell   *lc;

	names[n++] = CStringGetTextDatum(name);
	foreach(lc, ends)
		names[n++] = CStringGetTextDatum(form_name_beside(name, lfirst(lc)));
	values[0] = Int64GetDatum(form->form_id);
	values[1] = text_or_null(form->problem, &nulls[1]);
	values[2] = BoolGetDatum(form->problem && form->problem_code == ERRCODE_INSUFFICIENT_PRIVILEGE);
	values[3] = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
xbb_fdw_form_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			serverid = usable_server(NameStr(*PG_GETARG_NAME(0)));
	ArrayType  *ids = PG_GETARG_ARRAYTYPE_P(1);
	Place		place = {.schema = PG_GETARG_OID(2)};
	bool		by_label = PG_GETARG_BOOL(3);
	List	   *all = form_list(serverid, GetUserId());
	List	   *wanted = NIL;
	Datum	   *elements;
	bool	   *isnull;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	deconstruct_array(ids, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &isnull, &n);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < list_length(all) && !isnull[i]; j++)
			if (((Form *) list_nth(all, j))->form_id == DatumGetInt64(elements[i]))
				wanted = list_append_unique_ptr(wanted, list_nth(all, j));
	form_read(serverid, GetUserId(), wanted);
	for (int custom = 0; custom <= 1; custom++)
	{
		List	   *forms = NIL;
		char	  **names;
		ListCell   *lc;

		place.custom = custom;
		foreach(lc, all)
			if (((Form *) lfirst(lc))->object && ((Form *) lfirst(lc))->custom == custom)
				forms = lappend(forms, lfirst(lc));
		names = form_table_names(forms, by_label, is_taken, &place);
		for (int i = 0; i < list_length(forms); i++)
			if (list_member_ptr(wanted, list_nth(forms, i)))
				put_tables(result, list_nth(forms, i), names[i]);
	}
	return (Datum) 0;
}

Datum
xbb_fdw_newest(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = PG_GETARG_OID(0);
	TupleDesc	tupdesc = CreateTemplateTupleDesc(1);
	char	   *attrs[] = {ATTR_RECORD};
	char	   *constants[] = {NULL};
	ConditionSet set = {.elements = "", .nids = -1};
	RecordShape shape = {.null_on_error = true, .most_rows = API_ANSWER_RECORDS};
	TableOptions *table;
	RecordFormat *format;
	RecordPage *page;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
	form_check_table(relid, GetUserId());
	table = option_table(relid);
	shape.list_key = table->object->list_key;
	shape.id_key = table->object->id_key;
	shape.time_zone = table->server.time_zone;
	shape.most_bytes = table->server.max_response_size;
	TupleDescInitEntry(tupdesc, 1, "record", JSONBOID, -1, 0);
	format = record_format(tupdesc, bms_make_singleton(1), attrs, constants, get_rel_name(relid), &shape);
	page = reader_page(table, api_access(table, GetUserId(), CurrentMemoryContext), format, &set, 1);
	for (int row = 0; row < page->nrows; row++)
	{
		Datum		value;
		bool		isnull;

		record_tuple(format, page, row, &value, &isnull);
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	return (Datum) 0;
}
