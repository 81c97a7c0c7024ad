/*-------------------------------------------------------------------------
 *
 * sync_restore.c
 *	  What the stored names of syncs and pushes mean here, and what a restore brings.
 *
 * Dumps name roles and tables by their names: a number means another thing in
 * another cluster, and a column of a reg* type would lose all rows where one name
 * is missing.  So names are texts, and the numbers beside them are known only where
 * the row was written.  The owner of a database may insert rows, or he could restore
 * nothing; with that right he must not make anybody else run anything.  What he brings of
 * outboxes is set aside, under the push's number below zero, where no run and no new push
 * can meet it, until xbb.activate() sees whose push it is.  What he brings of alerts is
 * left out, unless he may act for whose it is: it is at work as soon as it is there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "func/sync_restore.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_relation);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_restored);

/* Whoever brings a greater one would leave no numbers to others. */
#define GREATEST_ID (1 << 30)

/* The run of a reject that was restored: the log is not dumped, and counts anew. */
#define NO_RUN (-1)

/* The two parts of 'schema.name', each quoted where it has to be; false if it is not that. */
static bool
split_name(const char *name, char **schema, char **relation)
{
	List	   *parts;

	if (!SplitIdentifierString(pstrdup(name), '.', &parts) || list_length(parts) != 2)
		return false;
	*schema = linitial(parts);
	*relation = lsecond(parts);
	return true;
}

Datum
xbb_fdw_sync_relation(PG_FUNCTION_ARGS)
{
	char	   *schema;
	char	   *relation;
	Oid			namespace;

	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (PG_ARGISNULL(1) || !split_name(text_to_cstring(PG_GETARG_TEXT_PP(1)), &schema, &relation))
		PG_RETURN_OID(InvalidOid);
	namespace = get_namespace_oid(schema, true);
	PG_RETURN_OID(OidIsValid(namespace) ? get_relname_relid(relation, namespace) : InvalidOid);
}

/* A row with some columns replaced. */
typedef struct Change
{
	TupleDesc	tupdesc;
	int			count;
	int			columns[8];
	Datum		values[8];
	bool		nulls[8];
} Change;

static void
change(Change *row, const char *name, Datum value, bool isnull)
{
	Assert(row->count < (int) lengthof(row->columns));
	row->columns[row->count] = SPI_fnumber(row->tupdesc, name);
	row->values[row->count] = value;
	row->nulls[row->count] = isnull;
	row->count++;
}

static bool
has_column(TupleDesc tupdesc, const char *name)
{
	return SPI_fnumber(tupdesc, name) > 0;
}

static Datum
column(HeapTuple tuple, TupleDesc tupdesc, const char *name)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, tupdesc, SPI_fnumber(tupdesc, name), &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" of a restored row must not be null", name)));
	return value;
}

/* The sequence is not dumped, as who restores could set it to anything: it follows. */
static void
follow_id(Relation rel, int32 id)
{
	Oid			types[] = {REGCLASSOID, INT8OID};
	Datum		values[] = {ObjectIdGetDatum(compat_identity_sequence(rel, SPI_fnumber(RelationGetDescr(rel), "id"))),
	Int64GetDatum(id)};
	Oid			caller;
	int			context;

	if (id < 1 || id > GREATEST_ID)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the number of a definition must be 1 to %d", GREATEST_ID)));
	GetUserIdAndSecContext(&caller, &context);
	SPI_connect();
	SetUserIdAndSecContext(rel->rd_rel->relowner, context | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_execute_with_args("SELECT pg_catalog.setval($1, GREATEST($2, coalesce(pg_catalog.pg_sequence_last_value($1), 1)))",
							  lengthof(types), types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "the sequence of a definition cannot be set");
	SetUserIdAndSecContext(caller, context);
	SPI_finish();
}

/* A definition: whoever may act for the owner may say that it is to run as him. */
static void
take_definition(Relation rel, HeapTuple tuple, Change *row)
{
	Oid			owner = get_role_oid(TextDatumGetCString(column(tuple, row->tupdesc, "owner")), true);
	const char *const names[] = {"source_name", "target_name"};
	bool		confirmed = superuser() || (OidIsValid(owner) && compat_may_become(GetUserId(), owner));
	char	   *schema;
	char	   *relation;

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		char	   *name = SPI_getvalue(tuple, row->tupdesc, SPI_fnumber(row->tupdesc, names[i]));

		/* a push of a query has no source */
		if (!name && has_column(row->tupdesc, "query"))
			continue;
		if (!name)
			(void) column(tuple, row->tupdesc, names[i]);
		if (!split_name(name, &schema, &relation))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_NAME),
					 errmsg("%s is not the name of a table with its schema", name)));
	}
	follow_id(rel, DatumGetInt32(column(tuple, row->tupdesc, "id")));
	change(row, "place", 0, true);
	change(row, "owner_oid", 0, true);
	change(row, "source", 0, true);
	change(row, "target", 0, true);
	change(row, "confirmed", BoolGetDatum(confirmed), false);
}

/* A push: its outbox is older than what the original has sent since; and there is one of a name. */
static void
take_push(FunctionCallInfo fcinfo, HeapTuple tuple, Change *row)
{
	static Stored same = {.text =
		"SELECT FROM xbb._push_all a WHERE a.name = $1 AND (a.owner_name = $2 OR a.owner = $3)"
	};
	const Oid	types[] = {TEXTOID, TEXTOID, OIDOID};
	char	   *owner = TextDatumGetCString(column(tuple, row->tupdesc, "owner"));
	Oid			role = get_role_oid(owner, true);
	NullableDatum args[lengthof(types)] = {
		{.value = column(tuple, row->tupdesc, "name")},
		{.value = CStringGetTextDatum(owner)},
		{.value = ObjectIdGetDatum(role),.isnull = !OidIsValid(role)}
	};

	if (run_stored_with(fcinfo->flinfo->fn_oid, &same, lengthof(types), types, args, NULL, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("role %s has a push %s already", quote_identifier(owner),
						quote_identifier(TextDatumGetCString(args[0].value)))));
	change(row, "moved", BoolGetDatum(true), false);
}

/* Of an outbox.  By a superuser it is as it was. */
static void
take_outbox(Relation rel, HeapTuple tuple, Change *row)
{
	int32		push = DatumGetInt32(column(tuple, row->tupdesc, "push"));
	bool		believed = superuser() && push > 0;
	int			id;

	change(row, "restored_by", ObjectIdGetDatum(GetUserId()), believed);
	if (believed)
		return;
	if (push > 0)
		change(row, "push", Int32GetDatum(-push), false);
	/* nor does it take the number of an item to come */
	id = SPI_fnumber(row->tupdesc, "id");
	if (id > 0 && TupleDescAttr(row->tupdesc, id - 1)->atttypid == INT8OID)
		change(row, "id", Int64GetDatum(nextval_internal(compat_identity_sequence(rel, id), false)), false);
}

/* A reject: its definition may come later, so whom to believe is seen when it is read. */
static void
take_reject(Change *row)
{
	change(row, "run", Int64GetDatum(NO_RUN), false);
	change(row, "restored_by", ObjectIdGetDatum(GetUserId()), superuser());
}

/* Of alerts: may the caller say what this role has said?  Nobody's is everybody's. */
static bool
may_say(HeapTuple tuple, TupleDesc tupdesc)
{
	char	   *owner = TextDatumGetCString(column(tuple, tupdesc, "owner"));
	Oid			role = get_role_oid(owner, true);

	if (superuser() || (OidIsValid(role) && compat_may_become(GetUserId(), role)) ||
		(owner[0] == '\0' && has_privs_of_role(GetUserId(), ROLE_PG_DATABASE_OWNER)))
		return true;
	ereport(WARNING,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("what role %s has said of alerts is not restored", quote_identifier(owner)),
			 errhint("Restore it as a superuser, or as a role that may SET ROLE to that one.")));
	return false;
}

static bool
is_own(Relation rel, const char *name, Oid schema)
{
	return RelationGetRelid(rel) == get_relname_relid(name, schema);
}

typedef enum Table
{
	OTHER, SYNC, REJECT, PUSH, OUTBOX, ALERT
} Table;

static Table
table_of(Relation rel, Oid schema)
{
	static const struct
	{
		const char *name;
		Table		table;
	}			own[] = {
		{"_sync_definition", SYNC}, {"_sync_reject", REJECT}, {"_push_definition", PUSH},
		{"_push_item", OUTBOX}, {"_push_request", OUTBOX}, {"_push_mark", OUTBOX},
		{"_alert_change", ALERT}, {"_alert_silence", ALERT}, {"_alert_channel", ALERT}
	};

	for (int i = 0; i < (int) lengthof(own); i++)
		if (is_own(rel, own[i].name, schema))
			return own[i].table;
	return OTHER;
}

Datum
xbb_fdw_sync_restored(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Change		row = {0};
	Table		table = OTHER;
	Oid			user;
	int			context;

	/* sync_store.c writes so, and no restore does */
	GetUserIdAndSecContext(&user, &context);
	if (CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_BY_INSERT(data->tg_event) &&
		user == data->tg_relation->rd_rel->relowner && (context & SECURITY_LOCAL_USERID_CHANGE))
		return PointerGetDatum(data->tg_trigtuple);

	/* anybody may make a trigger of it, on a table with any columns */
	if (CALLED_AS_TRIGGER(fcinfo))
		table = table_of(data->tg_relation, get_func_namespace(fcinfo->flinfo->fn_oid));
	if (table == OTHER || !TRIGGER_FIRED_BY_INSERT(data->tg_event) ||
		!TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("_sync_restored() is a trigger for the extension's own tables")));

	row.tupdesc = RelationGetDescr(data->tg_relation);
	if (table == ALERT)
		return PointerGetDatum(may_say(data->tg_trigtuple, row.tupdesc) ? data->tg_trigtuple : NULL);
	if (table == SYNC || table == PUSH)
		take_definition(data->tg_relation, data->tg_trigtuple, &row);
	if (table == PUSH)
		take_push(fcinfo, data->tg_trigtuple, &row);
	else if (table == REJECT)
		take_reject(&row);
	else if (table == OUTBOX)
		take_outbox(data->tg_relation, data->tg_trigtuple, &row);
	return PointerGetDatum(heap_modify_tuple_by_cols(data->tg_trigtuple, row.tupdesc, row.count,
													 row.columns, row.values, row.nulls));
}
