/*-------------------------------------------------------------------------
 *
 * test_board.c
 *	  Several processes write and read one board, and nobody sees half a row.
 *
 *	  test_board [seed]
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "moments.h"
#include "progress/board.h"

#define WRITERS 6
#define READERS 3
#define ROWS 50000				/* that each reader wants to see */
#define WRITES 50				/* into a slot, before it is freed */

/* Shared by the processes. */
static Board *board;
static pg_atomic_uint32 *reading;	/* readers that have not seen enough */

/* A row in which everything says the same. */
static ProgressRow
row_of(int pid, int64 n)
{
	ProgressRow row = {.pid = pid,.run_id = n,.started = n,.updated = n};
	int64	   *numbers = &row.numbers.windows_total;

	for (int i = 0; i < 12; i++)
		numbers[i] = n;
	memset(row.name, 'a' + n % 26, sizeof(row.name) - 1);
	memset(row.object, 'a' + n % 26, sizeof(row.object) - 1);
	return row;
}

static bool
is_whole(const ProgressRow *row)
{
	ProgressRow right = row_of(row->pid, row->run_id);

	return memcmp(row, &right, sizeof(right)) == 0;
}

static bool
is_dead(uint32 owner)
{
	return kill((pid_t) owner, 0) != 0;
}

/* Children end with what this returns; writers go on until the readers have seen enough. */
static int
write_rows(void)
{
	uint32		pid = (uint32) getpid();
	ProgressRow seen;

	for (int64 i = 0; pg_atomic_read_u32(reading) > 0; i++)
	{
		BoardSlot  *slot = board_claim(board, pid, is_dead);

		if (!slot)
			return 1;
		for (int n = 0; n < WRITES; n++)
		{
			ProgressRow row = row_of((int) pid, i * WRITES + n + 1);

			board_write(slot, &row);
			if (!board_read(slot, &seen) || memcmp(&seen, &row, sizeof(row)) != 0)
				return 2;
		}
		board_free(slot);
	}
	return 0;
}

static int
read_rows(void)
{
	ProgressRow row;
	bool		whole = true;

	for (int seen = 0; whole && seen < ROWS;)
		for (int i = 0; i < BOARD_SLOTS; i++)
			if (board_read(&board->slots[i], &row))
			{
				whole &= is_whole(&row);
				seen++;
			}
	pg_atomic_fetch_sub_u32(reading, 1);
	return whole ? 0 : 1;
}

static bool
all_succeed(const pid_t *children, int n)
{
	bool		success = true;

	for (int i = 0; i < n; i++)
	{
		int			status;

		success &= waitpid(children[i], &status, 0) == children[i] && status == 0;
	}
	return success;
}

static void
test_many(void)
{
	pid_t		writers[WRITERS];
	pid_t		readers[READERS];
	ProgressRow row;
	bool		empty = true;

	fflush(stdout);
	pg_atomic_init_u32(reading, READERS);
	for (int i = 0; i < READERS; i++)
		if ((readers[i] = fork()) == 0)
			_exit(read_rows());
	for (int i = 0; i < WRITERS; i++)
		if ((writers[i] = fork()) == 0)
			_exit(write_rows());
	ok(all_succeed(readers, READERS), "who reads while others write sees each row whole");
	ok(all_succeed(writers, WRITERS), "who has claimed a slot has it alone, and reads what he wrote");
	for (int i = 0; i < BOARD_SLOTS; i++)
		empty &= pg_atomic_read_u32(&board->slots[i].owner) == 0 && !board_read(&board->slots[i], &row);
	ok(empty, "nothing is left of those who have freed their slots");
}

static void
test_full(void)
{
	BoardSlot  *slots[BOARD_SLOTS];
	uint32		pid = (uint32) getpid();
	uint32		before = pg_atomic_read_u32(&board->unseen);
	bool		all = true;

	for (int i = 0; i < BOARD_SLOTS; i++)
		all &= (slots[i] = board_claim(board, pid, is_dead)) != NULL;
	ok(all, "every slot can be claimed");
	ok(!board_claim(board, pid, is_dead) && pg_atomic_read_u32(&board->unseen) == before + 1,
	   "who comes later gets none, and is counted");
	board_free(slots[77]);
	ok(board_claim(board, pid, is_dead) == slots[77], "what is freed is claimed by the next");
	for (int i = 0; i < BOARD_SLOTS; i++)
		board_free(slots[i]);
}

/* A child claims a slot and dies while it writes there. */
static BoardSlot *
leave_half_a_row(void)
{
	pid_t		child;
	int			status;

	fflush(stdout);
	if ((child = fork()) == 0)
	{
		BoardSlot  *slot = board_claim(board, (uint32) getpid(), is_dead);
		ProgressRow row = row_of(getpid(), 7);

		board_write(slot, &row);
		pg_atomic_fetch_add_u32(&slot->count, 1);
		memset(&slot->row, 'x', sizeof(slot->row) / 2);
		raise(SIGKILL);
	}
	waitpid(child, &status, 0);
	for (int i = 0; i < BOARD_SLOTS; i++)
		if (pg_atomic_read_u32(&board->slots[i].owner) == (uint32) child)
			return &board->slots[i];
	return NULL;
}

static void
test_dead(void)
{
	BoardSlot  *left = leave_half_a_row();
	BoardSlot  *slots[BOARD_SLOTS] = {NULL};
	uint32		pid = (uint32) getpid();
	ProgressRow row = row_of((int) pid, 8);
	ProgressRow seen;
	bool		last = true;

	ok(left && !board_read(left, &seen), "what a dead process has half written is not shown, and holds nobody up");
	for (int i = 0; i < BOARD_SLOTS; i++)
	{
		slots[i] = board_claim(board, pid, is_dead);
		last &= (slots[i] == left) == (i == BOARD_SLOTS - 1);
	}
	ok(last, "its slot is given away when no other is free");
	board_write(left, &row);
	ok(board_read(left, &seen) && memcmp(&seen, &row, sizeof(row)) == 0, "... and shows what its new owner writes");
	for (int i = 0; i < BOARD_SLOTS; i++)
		board_free(slots[i]);
}

int
main(int argc, char **argv)
{
	begin(argc, argv);
	board = mmap(NULL, sizeof(Board) + sizeof(*reading), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	board_init(board);
	reading = (pg_atomic_uint32 *) (board + 1);
	test_full();
	test_many();
	test_dead();
	return end();
}
