/*-------------------------------------------------------------------------
 *
 * sync_stage.c
 *	  Stages as SQL functions: what a sync has read, and what it has made of that.
 *
 * Statements are the caller's, run as him.  Those that a load repeats for piece after
 * piece are kept with their plans.  A plan knows how many rows it was made for, and the
 * target grows meanwhile: it is made anew where either is quite another by now, so that
 * no join reads the target whole for each piece.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/supportnodes.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "func/stage.h"
#include "func/stage_receiver.h"
#include "func/sync_stage.h"

PG_FUNCTION_INFO_V1(xbb_fdw_stage_read);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_make);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_append);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_clear);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_close);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_piece);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_mark);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_drop);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_count);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_last);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_fitting);
PG_FUNCTION_INFO_V1(xbb_fdw_stage);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_support);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_at);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_reached);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_execute);
PG_FUNCTION_INFO_V1(xbb_fdw_stage_value);

/* ---- statements and their plans ---- */

#define STATEMENT_PARAMETERS 2

/* Rows times so many want another plan. */
#define OTHER_SIZE 16

typedef struct Statement
{
	struct Statement *next;
	uint32		hash;
	char	   *text;
	SPIPlanPtr	plan;
	int			size;			/* of the pieces that it is for, as size_of() has it */
	int64		place;			/* how many rows went before when it was planned */
} Statement;

/* How many statements are at work, each in a function that the one before calls. */
static int	level = 0;

static Statement *statements = NULL;
static MemoryContext statements_memory = NULL;
static bool statements_stale = false;

static void
forget_statements(void)
{
	for (Statement *statement = statements; statement; statement = statement->next)
		SPI_freeplan(statement->plan);
	statements = NULL;
	statements_stale = false;
	MemoryContextReset(statements_memory);
}

/* After an error that ends a transaction plans may be in use: they go when they are looked at next. */
static void
end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		forget_statements();
	else if (event == XACT_EVENT_ABORT)
		statements_stale = true;
}

static SPIPlanPtr
plan_statement(const char *text)
{
	Oid			types[STATEMENT_PARAMETERS] = {TEXTARRAYOID, INT8ARRAYOID};
	SPIPlanPtr	plan = SPI_prepare_cursor(text, lengthof(types), types, CURSOR_OPT_GENERIC_PLAN);

	if (!plan || SPI_keepplan(plan) != 0)
		elog(ERROR, "a statement over a stage cannot be prepared");
	return plan;
}

static int
size_of(int64 rows)
{
	int			size = 0;

	for (; rows > OTHER_SIZE; rows /= OTHER_SIZE)
		size++;
	return size;
}

/* The target has grown by what went before. */
static bool
is_outgrown(Statement *statement, Stage *stage)
{
	return stage->cleared + stage->piece > Max(statement->place * 2, statement->place + OTHER_SIZE * OTHER_SIZE);
}

/* The plan of a statement about a piece of that stage. */
static SPIPlanPtr
statement_plan(Stage *stage, const char *text)
{
	uint32		hash = DatumGetUInt32(hash_any((const unsigned char *) text, strlen(text)));
	int			size = size_of(stage->piece_rows);
	Statement  *statement;

	if (!statements_memory)
	{
		statements_memory = AllocSetContextCreate(TopMemoryContext, "xbb_fdw statements", ALLOCSET_DEFAULT_SIZES);
		RegisterXactCallback(end_transaction, NULL);
	}
	if (statements_stale)
		forget_statements();
	for (statement = statements; statement; statement = statement->next)
		if (statement->hash == hash && statement->size == size && strcmp(statement->text, text) == 0)
			break;
	if (statement && !is_outgrown(statement, stage))
		return statement->plan;
	/* one that is outgrown may be at work further up the stack, and stays; the newest is found first */
	statement = MemoryContextAllocZero(statements_memory, sizeof(Statement));
	statement->hash = hash;
	statement->size = size;
	statement->text = MemoryContextStrdup(statements_memory, text);
	statement->plan = plan_statement(text);
	statement->place = stage->cleared + stage->piece;
	statement->next = statements;
	statements = statement;
	return statement->plan;
}

/* Runs a prepared statement; what it calls finds the stages as they are, and leaves them so. */
static void
run_plan(SPIPlanPtr plan, const SPIExecuteOptions *options)
{
	volatile int result = 0;

	level++;
	PG_TRY();
	{
		result = SPI_execute_plan_extended(plan, options);
	}
	PG_FINALLY();
	{
		level--;
	}
	PG_END_TRY();
	if (result < 0)
		elog(ERROR, "a statement over a stage cannot be run");
}

/* Runs a statement: $1 and $2 are the function's arguments from there on. */
static void
run_statement(FunctionCallInfo fcinfo, Stage *stage, const char *text, DestReceiver *receiver)
{
	SPIPlanPtr	plan = statement_plan(stage, text);
	const int	argument = 2;
	SPIExecuteOptions options = {0};

	options.params = makeParamList(STATEMENT_PARAMETERS);
	for (int i = 0; i < STATEMENT_PARAMETERS; i++)
	{
		ParamExternData *parameter = &options.params->params[i];

		parameter->ptype = i == 0 ? TEXTARRAYOID : INT8ARRAYOID;
		parameter->pflags = PARAM_FLAG_CONST;
		parameter->isnull = argument + i >= PG_NARGS() || PG_ARGISNULL(argument + i);
		parameter->value = parameter->isnull ? (Datum) 0 : PG_GETARG_DATUM(argument + i);
	}
	options.dest = receiver;
	run_plan(plan, &options);
}

/* A text argument, in memory that the statement does not free. */
static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		elog(ERROR, "a statement must not be null");
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static Stage *
stage_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		elog(ERROR, "a stage must not be null");
	return stage_get(PG_GETARG_INT32(0));
}

static Stage *
make_stage(void)
{
	Stage	   *stage = stage_open();

	stage->level = level;
	return stage;
}

/*
 * A stage that is going to be changed: not by what a statement calls, an expression of the
 * owner's or a trigger, unless that made it.  The rows that it took out would be missed by nobody.
 */
static Stage *
stage_to_change(FunctionCallInfo fcinfo)
{
	Stage	   *stage = stage_argument(fcinfo);

	if (stage->level < level)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("stage %d is in use", stage->id)));
	return stage;
}

/* ---- what SQL calls ---- */

Datum
xbb_fdw_stage_read(PG_FUNCTION_ARGS)
{
	char	   *query = text_argument(fcinfo, 0);
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8ARRAYOID};
	SPIExecuteOptions options = {0};
	SPIPlanPtr	plan;
	Stage	   *stage;

	SPI_connect();
	stage = make_stage();
	options.params = makeParamList(lengthof(types));
	for (int i = 0; i < (int) lengthof(types); i++)
	{
		options.params->params[i].ptype = types[i];
		options.params->params[i].pflags = PARAM_FLAG_CONST;
		options.params->params[i].isnull = PG_ARGISNULL(i + 1);
		options.params->params[i].value = PG_ARGISNULL(i + 1) ? (Datum) 0 : PG_GETARG_DATUM(i + 1);
	}
	options.dest = stage_receiver(stage);
	options.must_return_tuples = true;
	plan = SPI_prepare_cursor(query, lengthof(types), types, CURSOR_OPT_CUSTOM_PLAN);
	if (!plan)
		elog(ERROR, "a query into a stage cannot be prepared");
	reader_note_missed(&stage->missed);
	run_plan(plan, &options);
	reader_note_missed(NULL);
	SPI_finish();
	stage_choose(stage, 1, stage_last(stage), true);
	PG_RETURN_INT32(stage->id);
}

/* Types are taken from the catalog: the table is not locked. */
Datum
xbb_fdw_stage_make(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Datum	   *names;
	int			count;
	TupleDesc	columns;
	Stage	   *stage;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &count);
	/* the number comes to stand before them */
	if (count >= MaxTupleAttributeNumber)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("a stage has at most %d columns", MaxTupleAttributeNumber - 1)));
	columns = CreateTemplateTupleDesc(count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = text_to_cstring(DatumGetTextPP(names[i]));
		HeapTuple	tuple = SearchSysCacheAttName(relid, name);
		Form_pg_attribute attribute;

		if (!HeapTupleIsValid(tuple))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of relation \"%s\" does not exist", name, get_rel_name(relid))));
		attribute = (Form_pg_attribute) GETSTRUCT(tuple);
		TupleDescInitEntry(columns, i + 1, name, attribute->atttypid, attribute->atttypmod, attribute->attndims);
		TupleDescInitEntryCollation(columns, i + 1, attribute->attcollation);
		ReleaseSysCache(tuple);
	}
	stage = make_stage();
	stage_set_columns(stage, columns);
	PG_RETURN_INT32(stage->id);
}

Datum
xbb_fdw_stage_append(PG_FUNCTION_ARGS)
{
	Stage	   *stage = stage_to_change(fcinfo);
	char	   *query = text_argument(fcinfo, 1);
	int64		before = stage->nrows;

	SPI_connect();
	run_statement(fcinfo, stage, query, stage_receiver(stage));
	SPI_finish();
	PG_RETURN_INT64(stage->nrows - before);
}

Datum
xbb_fdw_stage_clear(PG_FUNCTION_ARGS)
{
	stage_clear(stage_to_change(fcinfo));
	PG_RETURN_VOID();
}

Datum
xbb_fdw_stage_close(PG_FUNCTION_ARGS)
{
	stage_close(stage_to_change(fcinfo));
	PG_RETURN_VOID();
}

Datum
xbb_fdw_stage_piece(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(stage_choose(stage_to_change(fcinfo), PG_GETARG_INT64(1), PG_GETARG_INT64(2), PG_GETARG_BOOL(3)));
}

Datum
xbb_fdw_stage_mark(PG_FUNCTION_ARGS)
{
	Stage	   *stage = stage_to_change(fcinfo);
	char	   *query = text_argument(fcinfo, 1);
	int64	   *numbers;
	int64		marked;

	SPI_connect();
	run_statement(fcinfo, stage, query, NULL);
	if (!SPI_tuptable || SPI_tuptable->tupdesc->natts != 1 || TupleDescAttr(SPI_tuptable->tupdesc, 0)->atttypid != INT8OID)
		elog(ERROR, "a query that marks rows must return their numbers");
	numbers = palloc_extended(sizeof(int64) * (SPI_processed + 1), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		number = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);

		numbers[i] = isnull ? 0 : DatumGetInt64(number);
	}
	marked = stage_mark(stage, numbers, SPI_processed);
	SPI_finish();
	PG_RETURN_INT64(marked);
}

Datum
xbb_fdw_stage_drop(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(stage_drop_marked(stage_to_change(fcinfo)));
}

Datum
xbb_fdw_stage_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(stage_argument(fcinfo)->nrows);
}

Datum
xbb_fdw_stage_last(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(stage_last(stage_argument(fcinfo)));
}

Datum
xbb_fdw_stage_fitting(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(stage_fitting_rows(stage_argument(fcinfo)));
}

static StagePart
part_of(bool isnull, Datum marked)
{
	if (isnull)
		return STAGE_ALL;
	return DatumGetBool(marked) ? STAGE_ONLY_MARKED : STAGE_ONLY_UNMARKED;
}

Datum
xbb_fdw_stage(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Stage	   *stage = stage_argument(fcinfo);

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	stage_hand_out(stage, part_of(PG_ARGISNULL(1), PG_GETARG_DATUM(1)), result->setDesc, result->setResult);
	return (Datum) 0;
}

Datum
xbb_fdw_stage_support(PG_FUNCTION_ARGS)
{
	SupportRequestRows *request = (SupportRequestRows *) PG_GETARG_POINTER(0);
	List	   *arguments;
	Const	   *id;
	Const	   *marked;
	Stage	   *stage;

	if (!IsA(request, SupportRequestRows) || !IsA(request->node, FuncExpr))
		PG_RETURN_POINTER(NULL);
	arguments = ((FuncExpr *) request->node)->args;
	if (list_length(arguments) != 2 || !IsA(linitial(arguments), Const) || !IsA(lsecond(arguments), Const))
		PG_RETURN_POINTER(NULL);
	id = linitial(arguments);
	marked = lsecond(arguments);
	stage = id->constisnull ? NULL : stage_find(DatumGetInt32(id->constvalue));
	if (!stage)
		PG_RETURN_POINTER(NULL);
	request->rows = stage_count(stage, part_of(marked->constisnull, marked->constvalue));
	PG_RETURN_POINTER(request);
}

Datum
xbb_fdw_stage_at(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
	{
		Stage	   *stage = stage_find(PG_GETARG_INT32(0));

		if (stage)
			stage->reached = PG_GETARG_INT64(1);
	}
	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(2));
}

Datum
xbb_fdw_stage_reached(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(stage_argument(fcinfo)->reached);
}

Datum
xbb_fdw_stage_execute(PG_FUNCTION_ARGS)
{
	Stage	   *stage = stage_argument(fcinfo);
	char	   *statement = text_argument(fcinfo, 1);
	uint64		processed;

	SPI_connect();
	run_statement(fcinfo, stage, statement, None_Receiver);
	processed = SPI_processed;
	SPI_finish();
	PG_RETURN_INT64(processed);
}

Datum
xbb_fdw_stage_value(PG_FUNCTION_ARGS)
{
	Stage	   *stage = stage_argument(fcinfo);
	char	   *statement = text_argument(fcinfo, 1);
	int64		value = 0;
	bool		isnull = true;

	SPI_connect();
	run_statement(fcinfo, stage, statement, NULL);
	if (SPI_processed > 0 && SPI_tuptable && SPI_tuptable->tupdesc->natts > 0 &&
		TupleDescAttr(SPI_tuptable->tupdesc, 0)->atttypid == INT8OID)
	{
		Datum		first = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		value = isnull ? 0 : DatumGetInt64(first);
	}
	SPI_finish();
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_INT64(value);
}
