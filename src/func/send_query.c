/*-------------------------------------------------------------------------
 *
 * send_query.c
 *	  The rows of a query as records, for xbb.send().
 *
 * All of them are there before the first is sent: an error of the query, or a value
 * that has no JSON, leaves nothing half done.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"

#include "func/send.h"

/* Rows fetched at a time. */
#define FETCH_ROWS 1000

/* From the query's rows to the table's. */
typedef struct Assignment
{
	ExprContext *context;
	TupleTableSlot *from;
	ProjectionInfo *projection;
	TargetColumns *columns;
} Assignment;

/* The table's column of that name that is sent; 0 if there is none. */
static int
find_column(const TargetTableOptions *table, TupleDesc columns, const char *name)
{
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(columns, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return target_option_column(table, i + 1)->verdict == TARGET_COLUMN_SENT ? i + 1 : 0;
	}
	return 0;
}

/* The attnums of the columns that are sent. */
static int *
sent_columns(const TargetTableOptions *table, TupleDesc columns, int *nsent)
{
	int		   *result = palloc(columns->natts * sizeof(int));

	*nsent = 0;
	for (int i = 0; i < columns->natts; i++)
		if (!TupleDescAttr(columns, i)->attisdropped &&
			target_option_column(table, i + 1)->verdict == TARGET_COLUMN_SENT)
			result[(*nsent)++] = i + 1;
	return result;
}

static char *
column_list(TupleDesc columns, const int *sent, int nsent)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < nsent; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(TupleDescAttr(columns, sent[i] - 1)->attname)));
	return list.data;
}

/*
 * Which of the query's columns (from 1, by attnum - 1) goes into which of the table's: by
 * name; by position, as in INSERT, where no name is the table's.
 */
static int *
match_columns(const TargetTableOptions *table, TupleDesc columns, TupleDesc query)
{
	int		   *source = palloc0(columns->natts * sizeof(int));
	int			nsent;
	int		   *sent = sent_columns(table, columns, &nsent);
	int			nmatched = 0;
	int			stranger = 0;

	for (int i = 0; i < query->natts; i++)
	{
		int			column = find_column(table, columns, NameStr(TupleDescAttr(query, i)->attname));

		if (column == 0)
		{
			stranger = i;
			continue;
		}
		if (source[column - 1] != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("the query has column \"%s\" twice", NameStr(TupleDescAttr(query, i)->attname))));
		source[column - 1] = i + 1;
		nmatched++;
	}
	if (nmatched == 0 && query->natts == nsent)
		for (int i = 0; i < nsent; i++)
			source[sent[i] - 1] = i + 1;
	else if (nmatched < query->natts || nmatched == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of the query is none of foreign table \"%s\" that is sent",
						query->natts > 0 ? NameStr(TupleDescAttr(query, stranger)->attname) : "",
						get_rel_name(table->relid)),
				 errhint("Name the query's columns as the table's, or select as many as these, in their order: %s.",
						 column_list(columns, sent, nsent))));
	return source;
}

/* What INSERT would make of a column of the query. */
static Expr *
assign_column(Form_pg_attribute to, Form_pg_attribute from, int position)
{
	Node	   *value = (Node *) makeVar(OUTER_VAR, position, from->atttypid, from->atttypmod, from->attcollation, 0);
	Node	   *assigned = coerce_to_target_type(NULL, value, from->atttypid, to->atttypid, to->atttypmod,
												 COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);

	if (!assigned)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s but expression is of type %s", NameStr(to->attname),
						format_type_be(to->atttypid), format_type_be(from->atttypid))));
	return expression_planner((Expr *) assigned);
}

static Assignment *
plan_assignment(const TargetTableOptions *table, TupleDesc columns, TupleDesc query)
{
	Assignment *result = palloc0(sizeof(Assignment));
	int		   *source = match_columns(table, columns, query);
	bool	   *sent = palloc0(columns->natts * sizeof(bool));
	List	   *list = NIL;

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute to = TupleDescAttr(columns, i);
		Expr	   *value;

		sent[i] = source[i] != 0;
		if (sent[i])
			value = assign_column(to, TupleDescAttr(query, source[i] - 1), source[i]);
		else
			value = (Expr *) makeNullConst(to->attisdropped ? INT4OID : to->atttypid, -1, InvalidOid);
		list = lappend(list, makeTargetEntry(value, i + 1, NULL, false));
	}
	result->columns = target_columns(table, columns, sent);
	result->context = CreateStandaloneExprContext();
	result->from = MakeSingleTupleTableSlot(CreateTupleDescCopy(query), &TTSOpsHeapTuple);
	result->projection = ExecBuildProjectionInfo(list, result->context,
												 MakeSingleTupleTableSlot(CreateTupleDescCopy(columns), &TTSOpsVirtual), NULL, query);
	return result;
}

/* Encodes a row into the store. */
static void
store_row(Assignment *assignment, HeapTuple row, Tuplestorestate *store, TupleDesc store_columns)
{
	TupleTableSlot *slot;
	MemoryContext previous;
	Datum		record;
	bool		isnull = false;

	ResetExprContext(assignment->context);
	ExecStoreHeapTuple(row, assignment->from, false);
	assignment->context->ecxt_outertuple = assignment->from;
	slot = ExecProject(assignment->projection);
	previous = MemoryContextSwitchTo(assignment->context->ecxt_per_tuple_memory);
	record = CStringGetTextDatum(target_record(assignment->columns, slot->tts_values, slot->tts_isnull));
	tuplestore_putvalues(store, store_columns, &record, &isnull);
	MemoryContextSwitchTo(previous);
}

static Portal
open_query(const char *query)
{
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);
	Portal		portal;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (!SPI_is_cursor_plan(plan))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("what is sent is the rows of one SELECT")));
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	if (portal->commandTag != CMDTAG_SELECT || portal->tupDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("what is sent is the rows of one SELECT")));
	return portal;
}

Tuplestorestate *
send_read_query(const TargetTableOptions *table, TupleDesc columns, const char *query, int64 *nrecords)
{
	TupleDesc	store_columns = CreateTemplateTupleDesc(1);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	Assignment *assignment;
	Portal		portal;

	TupleDescInitEntry(store_columns, 1, "record", TEXTOID, -1, 0);
	*nrecords = 0;
	SPI_connect();
	portal = open_query(query);
	assignment = plan_assignment(table, columns, portal->tupDesc);
	do
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			CHECK_FOR_INTERRUPTS();
			store_row(assignment, SPI_tuptable->vals[i], store, store_columns);
		}
		*nrecords += SPI_processed;
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	ExecDropSingleTupleTableSlot(assignment->from);
	FreeExprContext(assignment->context, true);
	SPI_cursor_close(portal);
	SPI_finish();
	return store;
}
