/*-------------------------------------------------------------------------
 *
 * progress_board.c
 *	  This backend's slots of the board.
 *
 * A slot is free again when what it shows ends, by a memory-context callback, or when
 * the backend exits.  One that is killed takes the server's shared memory along; should a slot
 * be left all the same, it is not shown, and given to the next who finds no other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/wait.h"
#include "progress/progress_data.h"

static Board *board = NULL;

/* There was no memory for it: this backend tries no more. */
static bool unavailable = false;

static void
segment_init(void *segment)
{
	board_init(segment);
}

/*
 * In a subtransaction: whatever a failure leaves behind, locks above all, goes with it.
 * What it says is for the log.
 */
static Board *
attach(void)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Board	   *volatile attached = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		attached = compat_shared_segment(PROGRESS_SEGMENT, sizeof(Board), segment_init);
		ReleaseCurrentSubTransaction();
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
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			ReThrowError(error);
		ereport(LOG_SERVER_ONLY,
				(errmsg("xbb_fdw shows no progress of this session: %s", error->message),
				 errhidestmt(true), errhidecontext(true)));
		FreeErrorData(error);
		attached = NULL;
		unavailable = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return attached;
}

Board *
progress_board(bool make)
{
	if (!board && make && !unavailable && IsTransactionState() &&
		(COMPAT_PARALLEL_SUBTRANSACTIONS || !IsInParallelMode()))
		board = attach();
	return board;
}

Size
progress_size(void)
{
	return sizeof(Board);
}

/* ---- slots ---- */

static bool
is_dead(uint32 owner)
{
	return BackendPidGetProc((int) owner) == NULL;
}

static void
leave_board(int code, Datum arg)
{
	wait_shown = NULL;
	for (int i = 0; i < BOARD_SLOTS; i++)
		progress_release(&board->slots[i]);
}

BoardSlot *
progress_claim(void)
{
	static bool registered = false;
	BoardSlot  *slot;

	if (!progress_board(true))
		return NULL;
	if (!registered)
		before_shmem_exit(leave_board, (Datum) 0);
	registered = true;
	slot = board_claim(board, (uint32) MyProcPid, is_dead);
	if (slot)
		wait_shown = &slot->waits;
	return slot;
}

void
progress_release(BoardSlot *slot)
{
	if (!slot || pg_atomic_read_u32(&slot->owner) != (uint32) MyProcPid)
		return;
	if (wait_shown == &slot->waits)
		wait_shown = NULL;
	board_free(slot);
}

/* ---- rows ---- */

void
progress_copy_text(char *to, const char *from, int size)
{
	int			length = from ? pg_mbcliplen(from, strlen(from), size - 1) : 0;

	if (length > 0)
		memcpy(to, from, length);
	memset(to + length, 0, size - length);
}

void
progress_begin_row(ProgressRow *row, const ProgressSubject *subject)
{
	memset(row, 0, sizeof(ProgressRow));
	row->pid = MyProcPid;
	row->databaseid = MyDatabaseId;
	row->userid = GetOuterUserId();
	row->encoding = GetDatabaseEncoding();
	row->started = GetCurrentTimestamp();
	row->serverid = subject->serverid;
	row->relid = subject->relid;
	progress_copy_text(row->server, subject->server, sizeof(row->server));
	progress_copy_text(row->source, subject->source, sizeof(row->source));
	progress_copy_text(row->object, subject->object, sizeof(row->object));
}

void
progress_write(BoardSlot *slot, ProgressRow *row)
{
	row->updated = GetCurrentTimestamp();
	/* whoever writes does not wait */
	slot->waits = 0;
	wait_shown = &slot->waits;
	board_write(slot, row);
}
