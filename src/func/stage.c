/*-------------------------------------------------------------------------
 *
 * stage.c
 *	  Rows in the memory of a backend, on their way from one statement to the next.
 *
 * Files of a tuplestore belong to a resource owner: here it is that of the whole
 * transaction, so that an error that is caught does not close them.  A stage that
 * was made in the very subtransaction that fails goes with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "func/stage.h"

/* read pointers: the first row, then the places, then where a reader is */
#define FIRST_ROW 0
#define PLACE(i) (1 + (i))
#define READER PLACE(STAGE_PLACES)

/* one row of so many tells how large they are */
#define SAMPLE_EACH 64

static Stage *stages = NULL;

/* The tuplestores have to be closed before their files would be missed. */
static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			while (stages)
				stage_close(stages);
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			/* files and memory go with the transaction */
			stages = NULL;
			break;
		default:
			break;
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	Stage	   *next;

	for (Stage *stage = stages; stage; stage = next)
	{
		next = stage->next;
		if (stage->subtransaction != mine)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			stage_close(stage);
		else if (event == SUBXACT_EVENT_COMMIT_SUB)
			stage->subtransaction = parent;
	}
}

static void
watch_transactions(void)
{
	static bool watching = false;

	if (watching)
		return;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
	watching = true;
}

static Stage *
look_up(int32 id)
{
	for (Stage *stage = stages; stage; stage = stage->next)
		if (stage->id == id)
			return stage;
	return NULL;
}

Stage *
stage_find(int32 id)
{
	Stage	   *stage = look_up(id);

	return stage && stage->role == GetUserId() ? stage : NULL;
}

Stage *
stage_get(int32 id)
{
	Stage	   *stage = stage_find(id);

	if (!stage || !stage->tupdesc)
		elog(ERROR, "there is no stage %d", id);
	return stage;
}

Stage *
stage_open(void)
{
	MemoryContext memory = AllocSetContextCreate(TopTransactionContext, "xbb_fdw stage", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(memory);
	ResourceOwner owner = CurrentResourceOwner;
	Stage	   *stage = palloc0(sizeof(Stage));

	watch_transactions();
	stage->memory = stage->missed.context = memory;
	stage->role = GetUserId();
	stage->subtransaction = GetCurrentSubTransactionId();
	/* the lowest number that is free: statements are the same from window to window */
	for (stage->id = 1; look_up(stage->id);)
		stage->id++;
	CurrentResourceOwner = TopTransactionResourceOwner;
	stage->rows = tuplestore_begin_heap(false, false, work_mem);
	CurrentResourceOwner = owner;
	for (int i = PLACE(0); i <= READER; i++)
		tuplestore_alloc_read_pointer(stage->rows, EXEC_FLAG_REWIND);
	stage->next = stages;
	stages = stage;
	MemoryContextSwitchTo(old);
	return stage;
}

void
stage_close(Stage *stage)
{
	for (Stage **link = &stages; *link; link = &(*link)->next)
		if (*link == stage)
		{
			*link = stage->next;
			break;
		}
	tuplestore_end(stage->rows);
	MemoryContextDelete(stage->memory);
}

void
stage_set_columns(Stage *stage, TupleDesc tupdesc)
{
	MemoryContext old = MemoryContextSwitchTo(stage->memory);
	TupleDesc	columns = CreateTemplateTupleDesc(tupdesc->natts + 1);

	TupleDescInitEntry(columns, 1, "#n", INT8OID, -1, 0);
	for (int i = 0; i < tupdesc->natts; i++)
		TupleDescCopyEntry(columns, i + 2, tupdesc, i + 1);
	stage->tupdesc = columns;
	MemoryContextSwitchTo(old);
}

/* Notes the number of the row that comes next, if it is not that of its place. */
static void
note_number(Stage *stage, int64 number)
{
	if (!stage->numbers && number == stage->nrows + 1)
		return;
	if (number <= stage_last(stage))
		elog(ERROR, "row " INT64_FORMAT " comes too late", number);
	if (!stage->numbers)
	{
		stage->numbers_size = Max(1024, stage->nrows + 1);
		stage->numbers = MemoryContextAllocHuge(stage->memory, sizeof(int64) * stage->numbers_size);
		for (int64 i = 0; i < stage->nrows; i++)
			stage->numbers[i] = i + 1;
	}
	if (stage->nrows == stage->numbers_size)
	{
		stage->numbers_size *= 2;
		stage->numbers = repalloc_huge(stage->numbers, sizeof(int64) * stage->numbers_size);
	}
	stage->numbers[stage->nrows] = number;
}

void
stage_put(Stage *stage, int64 number, Datum *values, bool *isnull)
{
	note_number(stage, number);
	if (stage->nrows % SAMPLE_EACH == 0)
	{
		stage->sampled++;
		stage->sampled_bytes += SizeofMinimalTupleHeader + heap_compute_data_size(stage->tupdesc, values, isnull);
	}
	tuplestore_putvalues(stage->rows, stage->tupdesc, values, isnull);
	stage->nrows++;
	/* what was marked was of fewer rows */
	if (stage->flags)
	{
		pfree(stage->flags);
		stage->flags = NULL;
	}
}

void
stage_clear(Stage *stage)
{
	tuplestore_clear(stage->rows);
	stage->cleared += stage->nrows;
	stage->nrows = 0;
	if (stage->numbers)
		pfree(stage->numbers);
	stage->numbers = NULL;
	if (stage->flags)
		pfree(stage->flags);
	stage->flags = NULL;
	memset(stage->places, 0, sizeof(stage->places));
	stage->piece = stage->piece_rows = stage->reached = 0;
}

int64
stage_last(Stage *stage)
{
	if (stage->numbers && stage->nrows > 0)
		return stage->numbers[stage->nrows - 1];
	return stage->nrows;
}

/* The place of the first row with that number or a higher one. */
static int64
place_of(Stage *stage, int64 number)
{
	int64		low = 0;
	int64		high = stage->nrows;

	if (!stage->numbers)
		return Min(Max(number - 1, 0), stage->nrows);
	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (stage->numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Half of work_mem is for what the statement does besides. */
int64
stage_fitting_rows(Stage *stage)
{
	int64		bytes = stage->sampled_bytes / Max(stage->sampled, 1) + MAXIMUM_ALIGNOF;

	return Max(work_mem * INT64CONST(1024) / 2 / bytes, 1);
}

int64
stage_choose(Stage *stage, int64 first, int64 last, bool anew)
{
	stage->piece = place_of(stage, first);
	stage->piece_rows = Max(place_of(stage, last + 1) - stage->piece, 0);
	stage->reached = 0;
	if (stage->flags && anew)
		memset(stage->flags + stage->piece, 0, stage->piece_rows);
	return stage_count(stage, STAGE_ALL);
}

int64
stage_mark(Stage *stage, const int64 *numbers, int64 count)
{
	int64		marked = 0;

	if (!stage->flags && count > 0)
	{
		stage->flags = MemoryContextAllocHuge(stage->memory, stage->nrows + 1);
		memset(stage->flags, 0, stage->nrows + 1);
	}
	if (stage->flags)
		for (int64 i = 0; i < stage->piece_rows; i++)
			stage->flags[stage->piece + i] &= ~STAGE_MARKED;
	for (int64 i = 0; i < count; i++)
	{
		int64		place = place_of(stage, numbers[i]);

		if (place < stage->piece || place >= stage->piece + stage->piece_rows || stage->flags[place] & STAGE_MARKED)
			continue;
		stage->flags[place] |= STAGE_MARKED;
		marked++;
	}
	return marked;
}

int64
stage_drop_marked(Stage *stage)
{
	int64		dropped = 0;

	if (!stage->flags)
		return 0;
	for (int64 place = stage->piece; place < stage->piece + stage->piece_rows; place++)
	{
		if (stage->flags[place] != STAGE_MARKED)
			continue;
		stage->flags[place] = STAGE_DROPPED;
		dropped++;
	}
	return dropped;
}

static bool
is_in_part(Stage *stage, int64 place, StagePart part)
{
	char		flags = stage->flags ? stage->flags[place] : 0;

	if (flags & STAGE_DROPPED)
		return false;
	return part == STAGE_ALL || (part == STAGE_ONLY_MARKED) == ((flags & STAGE_MARKED) != 0);
}

int64
stage_count(Stage *stage, StagePart part)
{
	int64		count = 0;

	if (!stage->flags)
		return part == STAGE_ONLY_MARKED ? 0 : stage->piece_rows;
	for (int64 i = 0; i < stage->piece_rows; i++)
		count += is_in_part(stage, stage->piece + i, part);
	return count;
}

/*
 * Brings the reader to the first row of the piece, from the nearest place before it: on
 * disk each row has to be passed.
 */
static void
seek_piece(Stage *stage)
{
	int			nearest = -1;

	for (int i = 0; i < STAGE_PLACES; i++)
		if (stage->places[i] <= stage->piece && (nearest < 0 || stage->places[i] > stage->places[nearest]))
			nearest = i;
	if (nearest < 0)
	{
		/* the one that is less far from the start is needed less */
		nearest = stage->places[0] < stage->places[1] ? 0 : 1;
		tuplestore_copy_read_pointer(stage->rows, FIRST_ROW, PLACE(nearest));
		stage->places[nearest] = 0;
	}
	tuplestore_select_read_pointer(stage->rows, PLACE(nearest));
	if (stage->piece > stage->places[nearest])
		tuplestore_skiptuples(stage->rows, stage->piece - stage->places[nearest], true);
	stage->places[nearest] = stage->piece;
	tuplestore_copy_read_pointer(stage->rows, PLACE(nearest), READER);
	tuplestore_select_read_pointer(stage->rows, READER);
}

/* Which of the stage's columns each of those is, and the last of them; a column that is
 * not there, or of another type, is an error. */
static int *
map_columns(Stage *stage, TupleDesc columns, int *highest)
{
	int		   *map = palloc(sizeof(int) * columns->natts);

	*highest = 0;
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute wanted = TupleDescAttr(columns, i);

		/* mostly in the same order */
		map[i] = i > 0 ? map[i - 1] + 1 : 0;
		for (int tried = 0; tried < stage->tupdesc->natts; tried++, map[i]++)
		{
			if (map[i] >= stage->tupdesc->natts)
				map[i] = 0;
			if (strcmp(NameStr(TupleDescAttr(stage->tupdesc, map[i])->attname), NameStr(wanted->attname)) == 0)
				break;
			if (tried == stage->tupdesc->natts - 1)
				elog(ERROR, "stage %d has no column \"%s\"", stage->id, NameStr(wanted->attname));
		}
		if (TupleDescAttr(stage->tupdesc, map[i])->atttypid != wanted->atttypid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg_internal("column \"%s\" of stage %d is of another type", NameStr(wanted->attname), stage->id)));
		*highest = Max(*highest, map[i] + 1);
	}
	return map;
}

static bool
are_all_columns(Stage *stage, const int *map, int natts)
{
	if (natts != stage->tupdesc->natts)
		return false;
	for (int i = 0; i < natts; i++)
		if (map[i] != i)
			return false;
	return true;
}

void
stage_hand_out(Stage *stage, StagePart part, TupleDesc columns, Tuplestorestate *into)
{
	int			highest;
	int		   *map = map_columns(stage, columns, &highest);
	bool		whole = are_all_columns(stage, map, columns->natts);
	Datum	   *values = palloc(sizeof(Datum) * columns->natts);
	bool	   *isnull = palloc(sizeof(bool) * columns->natts);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(stage->tupdesc, &TTSOpsMinimalTuple);

	seek_piece(stage);
	for (int64 i = 0; i < stage->piece_rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!tuplestore_gettupleslot(stage->rows, true, false, slot))
			elog(ERROR, "stage %d has lost a row", stage->id);
		if (!is_in_part(stage, stage->piece + i, part))
			continue;
		if (whole)
		{
			tuplestore_puttupleslot(into, slot);
			continue;
		}
		slot_getsomeattrs(slot, highest);
		for (int column = 0; column < columns->natts; column++)
		{
			values[column] = slot->tts_values[map[column]];
			isnull[column] = slot->tts_isnull[map[column]];
		}
		tuplestore_putvalues(into, columns, values, isnull);
	}
	/* no reader may stand at the end when rows are appended */
	tuplestore_select_read_pointer(stage->rows, FIRST_ROW);
	ExecDropSingleTupleTableSlot(slot);
}
