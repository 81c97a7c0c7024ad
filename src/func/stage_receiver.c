/*-------------------------------------------------------------------------
 *
 * stage_receiver.c
 *	  Rows of a query, on their way into a stage.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"

#include "func/stage_receiver.h"

typedef struct StageReceiver
{
	DestReceiver receiver;
	Stage	   *stage;
	bool		numbered;		/* the last column is the number */
	ExprContext *context;
	ProjectionInfo *assignment; /* NULL: all columns are of the stage's types */
	Datum	   *values;
	bool	   *isnull;
} StageReceiver;

/*
 * What INSERT would make of the query's columns for those of the stage: NULL, if nothing.
 */
static ProjectionInfo *
plan_assignment(Stage *stage, TupleDesc query, ExprContext *context)
{
	List	   *list = NIL;
	bool		changes = false;
	TupleDesc	result = CreateTemplateTupleDesc(stage->tupdesc->natts - 1);

	for (int i = 1; i < stage->tupdesc->natts; i++)
	{
		Form_pg_attribute from = TupleDescAttr(query, i - 1);
		Form_pg_attribute to = TupleDescAttr(stage->tupdesc, i);
		Node	   *value = (Node *) makeVar(OUTER_VAR, i, from->atttypid, from->atttypmod, from->attcollation, 0);
		Node	   *assigned = coerce_to_target_type(NULL, value, from->atttypid, to->atttypid, to->atttypmod,
													 COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);

		if (!assigned)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" is of type %s but expression is of type %s", NameStr(to->attname),
							format_type_be(to->atttypid), format_type_be(from->atttypid))));
		changes = changes || assigned != value;
		list = lappend(list, makeTargetEntry(expression_planner((Expr *) assigned), i, NULL, false));
		TupleDescCopyEntry(result, i, stage->tupdesc, i + 1);
	}
	if (!changes)
		return NULL;
	return ExecBuildProjectionInfo(list, context, MakeSingleTupleTableSlot(result, &TTSOpsVirtual), NULL, query);
}

static void
receive_startup(DestReceiver *self, int operation, TupleDesc query)
{
	StageReceiver *receiver = (StageReceiver *) self;
	Stage	   *stage = receiver->stage;

	receiver->context = CreateStandaloneExprContext();
	if (!stage->tupdesc)
		stage_set_columns(stage, query);
	else if (query->natts != stage->tupdesc->natts || TupleDescAttr(query, query->natts - 1)->atttypid != INT8OID)
		elog(ERROR, "stage %d has other columns", stage->id);
	else
		receiver->assignment = plan_assignment(stage, query, receiver->context);
	receiver->values = palloc(sizeof(Datum) * stage->tupdesc->natts);
	receiver->isnull = palloc(sizeof(bool) * stage->tupdesc->natts);
}

/* Where it is stored now, a value may be no more when it is read. */
static Datum
take_along(Datum value, int16 length)
{
	if (length == -1 && VARATT_IS_EXTERNAL(DatumGetPointer(value)))
		return PointerGetDatum(detoast_external_attr((struct varlena *) DatumGetPointer(value)));
	return value;
}

static bool
receive_slot(TupleTableSlot *slot, DestReceiver *self)
{
	StageReceiver *receiver = (StageReceiver *) self;
	Stage	   *stage = receiver->stage;
	int			natts = stage->tupdesc->natts;
	int64		number = stage->nrows + 1;
	MemoryContext old;

	ResetExprContext(receiver->context);
	slot_getallattrs(slot);
	if (receiver->numbered)
	{
		if (slot->tts_isnull[natts - 1])
			elog(ERROR, "a row has no number");
		number = DatumGetInt64(slot->tts_values[natts - 1]);
	}
	if (receiver->assignment)
	{
		receiver->context->ecxt_outertuple = slot;
		slot = ExecProject(receiver->assignment);
	}
	old = MemoryContextSwitchTo(receiver->context->ecxt_per_tuple_memory);
	receiver->values[0] = Int64GetDatum(number);
	receiver->isnull[0] = false;
	for (int i = 1; i < natts; i++)
	{
		receiver->isnull[i] = slot->tts_isnull[i - 1];
		receiver->values[i] = slot->tts_values[i - 1];
		if (!receiver->isnull[i])
			receiver->values[i] = take_along(receiver->values[i], TupleDescAttr(stage->tupdesc, i)->attlen);
	}
	MemoryContextSwitchTo(old);
	stage_put(stage, number, receiver->values, receiver->isnull);
	return true;
}

static void
receive_nothing(DestReceiver *self)
{
}

DestReceiver *
stage_receiver(Stage *stage)
{
	StageReceiver *receiver = palloc0(sizeof(StageReceiver));

	receiver->receiver.receiveSlot = receive_slot;
	receiver->receiver.rStartup = receive_startup;
	receiver->receiver.rShutdown = receive_nothing;
	receiver->receiver.rDestroy = receive_nothing;
	receiver->receiver.mydest = DestTuplestore;
	receiver->stage = stage;
	receiver->numbered = stage->tupdesc != NULL;
	return &receiver->receiver;
}
