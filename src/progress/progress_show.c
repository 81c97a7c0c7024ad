/*-------------------------------------------------------------------------
 *
 * progress_show.c
 *	  What is seen of all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/wait.h"
#include "progress/progress_data.h"

/* A name of another database may be of an encoding that is not ours: what is no ASCII is hidden then. */
static void
make_readable(char *text, int encoding)
{
	if (encoding == GetDatabaseEncoding())
		return;
	for (; *text; text++)
		if (IS_HIGHBIT_SET(*text))
			*text = '?';
}

static int64
time_left(const ProgressRow *row)
{
	int64		left = progress_left(row);

	return left < 0 ? -1 : Max(left - (GetCurrentTimestamp() - row->updated), 0);
}

/* A backend waits for one thing at a time, in whichever of its rows that is noted. */
static uint32
waits_of(Board *board, int32 pid)
{
	uint32		waits = 0;

	for (int i = 0; i < BOARD_SLOTS && waits == 0; i++)
		if (pg_atomic_read_u32(&board->slots[i].owner) == (uint32) pid)
			waits = board->slots[i].waits;
	return waits;
}

ProgressSeen *
progress_look(int *nrows)
{
	Board	   *board = progress_board(true);
	ProgressSeen *seen = palloc(sizeof(ProgressSeen) * BOARD_SLOTS);

	*nrows = 0;
	for (int i = 0; board && i < BOARD_SLOTS; i++)
	{
		ProgressSeen *next = &seen[*nrows];
		ProgressRow *row = &next->row;
		uint32		waits;
		PGPROC	   *process;

		if (pg_atomic_read_u32(&board->slots[i].owner) == 0 || !board_read(&board->slots[i], row))
			continue;
		process = BackendPidGetProc(row->pid);
		if (!process)
			continue;
		make_readable(row->name, row->encoding);
		make_readable(row->server, row->encoding);
		make_readable(row->source, row->encoding);
		make_readable(row->object, row->encoding);
		waits = waits_of(board, row->pid);
		next->phase = waits == WAIT_RATE_LIMIT + 1 ? "waiting for turn" : progress_phase_name(row->numbers.phase);
		next->method = progress_method_name(row->numbers.method);
		next->wait_event = waits > 0 && waits <= WAIT_NREASONS ? wait_name(waits - 1) :
			pgstat_get_wait_event(process->wait_event_info);
		next->left_us = time_left(row);
		++*nrows;
	}
	return seen;
}

int64
progress_unseen(void)
{
	Board	   *board = progress_board(true);

	return board ? pg_atomic_read_u32(&board->unseen) : 0;
}
