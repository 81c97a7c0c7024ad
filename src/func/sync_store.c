/*-------------------------------------------------------------------------
 *
 * sync_store.c
 *	  What the sync writes into its own tables, as SQL functions.
 *
 * Row level security with grants to PUBLIC would let anybody lock the tables and
 * plant rows; a function with SECURITY DEFINER cannot tell who called it.  So each
 * function here takes values, sees who calls, and runs one fixed statement as the
 * owner of the tables, as the triggers of foreign keys do.  The caller's role is
 * the last parameter of each, and every row that a statement touches has it as
 * owner, but for those that have lost theirs.  A definition is told by its number, since
 * another one may have its name by now.  Nothing of the caller's is read as SQL, called or looked up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "func/sync_store.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_sync_insert);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_update);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_move);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_step_back);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_rewind);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_loading);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_seen);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_columns);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_call);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_reject_put);
PG_FUNCTION_INFO_V1(xbb_fdw_sync_reject_drop);

/* Bytes of what is kept: texts of a definition, which each dump holds; a record set aside. */
#define MOST_DEFINITION (1024 * 1024)
#define MOST_REJECT (64 * 1024 * 1024)

/* the function's arguments, and its caller */
#define MOST_PARAMETERS 24

Oid
sync_tables_owner(Oid function)
{
	Oid			relid = get_relname_relid("_sync_definition", get_func_namespace(function));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "the extension's table xbb._sync_definition is missing");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Kept for the session; made anew where the extension was. */
static void
prepare(Stored *stored, Oid function, int nargs, const Oid *types)
{
	Oid			all[MOST_PARAMETERS];

	if (stored->plan && stored->function == function)
		return;
	if (stored->plan)
		SPI_freeplan(stored->plan);
	stored->plan = NULL;
	Assert(nargs < MOST_PARAMETERS);
	memcpy(all, types, sizeof(Oid) * nargs);
	all[nargs] = OIDOID;
	stored->plan = SPI_prepare(stored->text, nargs + 1, all);
	if (!stored->plan || SPI_keepplan(stored->plan) != 0)
		elog(ERROR, "a statement of xbb_etl cannot be prepared");
	stored->function = function;
}

uint64
run_stored_with(Oid function, Stored *stored, int nargs, const Oid *types, const NullableDatum *args,
				StoredReader read, void *arg)
{
	Oid			caller;
	int			context;
	int			level;
	Datum		values[MOST_PARAMETERS];
	char		nulls[MOST_PARAMETERS];
	uint64		touched;

	GetUserIdAndSecContext(&caller, &context);
	for (int i = 0; i < nargs; i++)
	{
		values[i] = args[i].value;
		nulls[i] = args[i].isnull ? 'n' : ' ';
	}
	values[nargs] = ObjectIdGetDatum(caller);
	nulls[nargs] = ' ';

	SPI_connect();
	/* whatever ends this by an error gives both back */
	level = NewGUCNestLevel();
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	/* rows are found by indexes, but a plan may be made, and kept, while the tables are empty */
	set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* what that makes a plan seem to cost is no reason to compile it */
	set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (stored->nested)
	{
		set_config_option("enable_hashjoin", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		set_config_option("enable_mergejoin", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	}
	SetUserIdAndSecContext(sync_tables_owner(function), context | SECURITY_LOCAL_USERID_CHANGE);
	prepare(stored, function, nargs, types);
	if (SPI_execute_plan(stored->plan, values, nulls, false, 0) < 0)
		elog(ERROR, "a statement of xbb_etl cannot be run");
	touched = SPI_processed;
	if (read && SPI_tuptable)
		read(arg, SPI_tuptable, touched);
	SetUserIdAndSecContext(caller, context);
	AtEOXact_GUC(true, level);
	SPI_finish();
	return touched;
}

static void
read_number(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;

	if (nrows > 0)
		*(int64 *) arg = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
}

uint64
run_stored(FunctionCallInfo fcinfo, Stored *stored, int64 *returned)
{
	Oid		   *types;
	int			ntypes;

	get_func_signature(fcinfo->flinfo->fn_oid, &types, &ntypes);
	Assert(ntypes == PG_NARGS());
	return run_stored_with(fcinfo->flinfo->fn_oid, stored, ntypes, types, fcinfo->args,
						   returned ? read_number : NULL, returned);
}

Datum
touched_any(FunctionCallInfo fcinfo, Stored *stored)
{
	return BoolGetDatum(run_stored(fcinfo, stored, NULL) > 0);
}

void
complain_of_drop(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("the sync was dropped meanwhile")));
}

Datum
touched_some(FunctionCallInfo fcinfo, Stored *stored)
{
	if (run_stored(fcinfo, stored, NULL) == 0)
		complain_of_drop();
	return BoolGetDatum(true);
}

/*
 * Source and target stand in dumps by their names, and what is no table of the
 * database's own would make a restore fail for everybody.  What is gone stands there as
 * a number.
 */
static void
check_relations(Datum definition)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(definition);
	const char *const columns[] = {"source", "target"};
	const char *const kinds[] = {"rpvmf", "rp"};

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		bool		isnull;
		Oid			relid = DatumGetObjectId(GetAttributeByName(row, columns[i], &isnull));
		char		kind = isnull ? '\0' : get_rel_relkind(relid);

		if (kind != '\0' && (!strchr(kinds[i], kind) || get_rel_persistence(relid) == RELPERSISTENCE_TEMP))
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("the %s of a sync must be a table that stays", columns[i])));
	}
}

/* Anybody may call these functions, and what is too long to be dumped would stop every dump. */
static bool
is_longer(HeapTupleHeader row, int64 most)
{
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	int64		size = 0;

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		bool		isnull;
		Datum		value;

		if (attribute->attisdropped || attribute->attlen != -1)
			continue;
		value = GetAttributeByNum(row, attribute->attnum, &isnull);
		if (!isnull)
			size += toast_raw_datum_size(value);
	}
	ReleaseTupleDesc(tupdesc);
	return size > most;
}

static void
check_definition(HeapTupleHeader row)
{
	if (is_longer(row, MOST_DEFINITION))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the definition of a sync is longer than %d bytes", MOST_DEFINITION)));
}

/* What a relation is called; no text of the caller's, which all who look at it would read. */
#define PLACE(relation) "xbb._sync_place((" relation ")::pg_catalog.oid)"
#define NAME_OF(role) \
	"CASE WHEN ($1)." role "_name IS DISTINCT FROM d." role "_name" \
	" THEN coalesce(" PLACE("($1)." role) ", d." role "_name) ELSE d." role "_name END"

/* What alter_sync may change, in the order of the lists below. */
#define DEFINED \
	"source, target, key, overlap, columns, chunk, reject_limit, delete_mode, path, target_columns, " \
	"source_columns, types, enabled, scope, delete_limit, stamp, label, max_age"
#define DEFINED_VALUES \
	"($1).source, ($1).target, ($1).key, ($1).overlap, ($1).columns, ($1).chunk, ($1).reject_limit, " \
	"($1).delete_mode, ($1).path, ($1).target_columns, ($1).source_columns, ($1).types, ($1).enabled, ($1).scope, ($1).delete_limit, " \
	"($1).stamp, ($1).label, ($1).max_age"

/* A name that is there is looked for first: a conflict would use up a number. */
Datum
xbb_fdw_sync_insert(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"INSERT INTO xbb._sync_definition (place, name, owner, owner_oid, source_name, target_name, " DEFINED ")"
		" SELECT (SELECT token FROM xbb._place), ($1).name, pg_get_userbyid($2), $2, " PLACE("($1).source") ", " PLACE("($1).target") ", " DEFINED_VALUES
		" WHERE NOT EXISTS (SELECT FROM xbb._sync_all a WHERE a.name = ($1).name AND a.confirmed AND a.owner = $2)"
		" ON CONFLICT DO NOTHING"
	};

	check_relations(PG_GETARG_DATUM(0));
	check_definition(PG_GETARG_HEAPTUPLEHEADER(0));
	return touched_any(fcinfo, &stored);
}

/* Is the source that is given the one that there was, as it is meant here? */
#define SAME_SOURCE "(SELECT a.source = ($1).source FROM xbb._sync_all a WHERE a.id = d.id)"

/*
 * Names in the row only tell that the tables are taken as they are called now.  Until all of another source was
 * read, the target is complete up to no time.  Who gives
 * his word for a definition gives it for the rejects that came with it, too.
 */
Datum
xbb_fdw_sync_update(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH confirmed AS (UPDATE xbb._sync_reject j SET restored_by = NULL FROM xbb._sync_definition d"
		" WHERE d.id = ($1).id AND " OWNED("$2") " AND NOT d.confirmed AND ($1).confirmed AND j.definition = d.id)"
		" UPDATE xbb._sync_definition d"
		" SET (" DEFINED ") = ROW(" DEFINED_VALUES "), owner = pg_get_userbyid($2), owner_oid = $2,"
		" read_until = CASE WHEN " SAME_SOURCE " THEN d.read_until END,"
		" complete_until = CASE WHEN " SAME_SOURCE " THEN d.complete_until ELSE '-infinity' END,"
		" incomplete_since = CASE WHEN " SAME_SOURCE " THEN d.incomplete_since ELSE clock_timestamp() END,"
		" source_name = " NAME_OF("source") ", target_name = " NAME_OF("target") ", confirmed = d.confirmed OR ($1).confirmed"
		" WHERE d.id = ($1).id AND " OWNED("$2")
	};

	check_relations(PG_GETARG_DATUM(0));
	check_definition(PG_GETARG_HEAPTUPLEHEADER(0));
	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_move(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH moved AS (UPDATE xbb._sync_definition d"
		" SET watermark = greatest(d.watermark, $2), read_until = $3, clock_ahead = $4"
		" WHERE d.id = $1 AND " OWNED("$6")
		" AND (d.watermark < $2 OR d.watermark IS NULL AND $2 IS NOT NULL OR $5 AND d.read_until IS DISTINCT FROM $3))"
		" SELECT FROM xbb._sync_definition d WHERE d.id = $1 AND " OWNED("$6")
	};

	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_step_back(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._sync_definition d SET read_until = d.read_until - $2, clock_ahead = $3 WHERE d.id = $1 AND " OWNED("$4")
	};

	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_rewind(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH success AS (SELECT l.id FROM xbb._sync_run_log l WHERE l.definition = $1 AND l.status = 'succeeded'"
		" AND l.task <> 'retry_rejects' ORDER BY l.id DESC LIMIT 1),"
		" incomplete AS (UPDATE xbb._sync_run_log l SET complete_until = NULL FROM success s, xbb._sync_definition d"
		" WHERE l.id = s.id AND d.id = l.definition AND " OWNED("$3") ")"
		" UPDATE xbb._sync_definition d"
		" SET watermark = $2, loading_until = NULL, loading_windows = NULL, read_until = NULL, clock_ahead = NULL, complete_until = NULL,"
		" incomplete_since = clock_timestamp()"
		" WHERE d.id = $1 AND " OWNED("$3")
	};

	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_loading(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH loading AS (UPDATE xbb._sync_definition d SET loading_until = $2, loading_windows = $3"
		" WHERE d.id = $1 AND " OWNED("$4") " AND (loading_until IS DISTINCT FROM $2 OR loading_windows IS DISTINCT FROM $3))"
		" SELECT FROM xbb._sync_definition d WHERE d.id = $1 AND " OWNED("$4")
	};

	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_seen(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH now AS (SELECT a.id, a.source::oid AS source, a.target::oid AS target, a.owner::oid AS owner,"
		" pg_get_userbyid(a.owner)::text AS owner_name, coalesce(" PLACE("a.source") ", a.source_name) AS source_name,"
		" coalesce(" PLACE("a.target") ", a.target_name) AS target_name, coalesce($2, a.types) AS types"
		" FROM xbb._sync_all a WHERE a.id = $1 AND a.owner = $3),"
		" seen AS (UPDATE xbb._sync_definition d"
		" SET (source, target, owner_oid, owner, source_name, target_name, types) ="
		" ROW(now.source, now.target, now.owner, now.owner_name, now.source_name, now.target_name, now.types) FROM now"
		" WHERE d.id = now.id AND ROW(d.source, d.target, d.owner_oid, d.owner, d.source_name, d.target_name, d.types)"
		" IS DISTINCT FROM ROW(now.source, now.target, now.owner, now.owner_name, now.source_name, now.target_name, now.types))"
		" SELECT FROM now"
	};

	if (!PG_ARGISNULL(1) && toast_raw_datum_size(PG_GETARG_DATUM(1)) > MOST_DEFINITION)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the types of a sync are longer than %d bytes", MOST_DEFINITION)));
	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_columns(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._sync_definition d SET target_columns = $2, source_columns = $3 WHERE d.id = $1 AND " OWNED("$4")
	};

	if (toast_raw_datum_size(PG_GETARG_DATUM(1)) + toast_raw_datum_size(PG_GETARG_DATUM(2)) > MOST_DEFINITION)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the columns of a sync are longer than %d bytes", MOST_DEFINITION)));
	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_call(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"UPDATE xbb._sync_definition d SET name = $2, owner = pg_get_userbyid($3), owner_oid = $3"
		" WHERE d.id = $1 AND " OWNED("$3")
	};

	return touched_some(fcinfo, &stored);
}

Datum
xbb_fdw_sync_reject_put(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH was AS (SELECT j.run FROM xbb._sync_reject j WHERE j.definition = $1 AND j.data_id = ($2).data_id), put AS ("
		"INSERT INTO xbb._sync_reject (definition, data_id, update_time, kind, sqlstate, error, raw, staged, loaded, run, label, context)"
		" SELECT d.id, ($2).data_id, ($2).update_time, left(($2).kind, 20), left(($2).sqlstate, 5),"
		" left(($2).error, " MOST_ERROR "), ($2).raw, ($2).staged, ($2).loaded, ($2).run,"
		" left(($2).label, 200), left(($2).context, 2000)"
		" FROM xbb._sync_definition d WHERE d.id = $1 AND " OWNED("$3")
		" ON CONFLICT (definition, data_id) DO UPDATE"
		" SET (update_time, kind, sqlstate, error, raw, staged, loaded, run, label, context, restored_by) ="
		" ROW(excluded.update_time, excluded.kind, excluded.sqlstate, excluded.error, excluded.raw, excluded.staged,"
		" excluded.loaded, excluded.run, excluded.label, excluded.context, NULL) RETURNING run)"
		" SELECT count(*) - (SELECT count(*) FROM was WHERE was.run = ($2).run) FROM put HAVING count(*) > 0"
	};
	int64		more;

	if (is_longer(PG_GETARG_HEAPTUPLEHEADER(1), MOST_REJECT))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a record to set aside is longer than %d bytes", MOST_REJECT)));
	if (run_stored(fcinfo, &stored, &more) == 0)
		complain_of_drop();
	PG_RETURN_BOOL(more > 0);
}

Datum
xbb_fdw_sync_reject_drop(PG_FUNCTION_ARGS)
{
	static Stored stored = {.text =
		"WITH known AS (SELECT d.id FROM xbb._sync_definition d WHERE d.id = $1 AND " OWNED("$4") "),"
		" dropped AS (DELETE FROM xbb._sync_reject j USING known k WHERE j.definition = k.id AND j.data_id = ANY ($2)"
		" RETURNING j.run)"
		" SELECT (SELECT count(*) FROM dropped WHERE run = $3) FROM known"
	};
	int64		dropped;

	if (run_stored(fcinfo, &stored, &dropped) == 0)
		complain_of_drop();
	PG_RETURN_INT64(dropped);
}
