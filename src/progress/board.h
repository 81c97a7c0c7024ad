/*-------------------------------------------------------------------------
 *
 * board.h
 *	  A board in shared memory: a fixed number of slots that their owners write and
 *	  everybody reads, without a lock.
 *
 * A slot is claimed by swapping its owner from 0.  Its row is written by the
 * change-count protocol: the count is odd while the owner writes, and a reader who saw
 * it odd, or another one afterwards, looks again.
 *
 * Knows no process but by a number; test/unit/test_board.c has several of them use it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_BOARD_H
#define XBB_BOARD_H

#include <sched.h>

#include "port/atomics.h"

#include "progress/progress.h"

#define BOARD_SLOTS 128

/* A reader looks so often; the writer it waits for has but to copy some bytes. */
#define BOARD_LOOKS 10000

typedef struct BoardSlot
{
	pg_atomic_uint32 owner;		/* a pid; 0 = free */
	pg_atomic_uint32 count;		/* odd while the owner writes the row */
	volatile uint32 waits;		/* for what: WaitReason + 1; 0 = for nothing.  Written
								 * by the owner alone, as one word */
	ProgressRow row;
} BoardSlot;

typedef struct Board
{
	pg_atomic_uint32 unseen;	/* who found no slot */
	BoardSlot	slots[BOARD_SLOTS];
} Board;

static inline void
board_init(Board *board)
{
	memset(board, 0, sizeof(Board));
	pg_atomic_init_u32(&board->unseen, 0);
	for (int i = 0; i < BOARD_SLOTS; i++)
	{
		pg_atomic_init_u32(&board->slots[i].owner, 0);
		pg_atomic_init_u32(&board->slots[i].count, 0);
	}
}

/* By the owner; row.pid 0 shows nothing. */
static inline void
board_write(BoardSlot *slot, const ProgressRow *row)
{
	/* one who died while he wrote has left it odd */
	uint32		count = pg_atomic_read_u32(&slot->count) | 1;

	pg_atomic_write_u32(&slot->count, count);
	pg_write_barrier();
	slot->row = *row;
	pg_write_barrier();
	pg_atomic_write_u32(&slot->count, count + 1);
}

/* By anybody: false where there is nothing to be seen. */
static inline bool
board_read(BoardSlot *slot, ProgressRow *row)
{
	for (int looks = 0; looks < BOARD_LOOKS; looks++)
	{
		uint32		before = pg_atomic_read_u32(&slot->count);

		pg_read_barrier();
		*row = slot->row;
		pg_read_barrier();
		if (before % 2 == 0 && pg_atomic_read_u32(&slot->count) == before)
			return row->pid != 0 && (uint32) row->pid == pg_atomic_read_u32(&slot->owner);
		sched_yield();
	}
	return false;
}

static inline BoardSlot *
board_claim_from(Board *board, uint32 pid, bool (*is_dead) (uint32 owner))
{
	for (int i = 0; i < BOARD_SLOTS; i++)
	{
		BoardSlot  *slot = &board->slots[(pid + i) % BOARD_SLOTS];
		uint32		owner = pg_atomic_read_u32(&slot->owner);

		if (owner != 0 && (is_dead == NULL || !is_dead(owner)))
			continue;
		if (!pg_atomic_compare_exchange_u32(&slot->owner, &owner, pid))
			continue;
		slot->waits = 0;
		return slot;
	}
	return NULL;
}

/* A slot that is free, or else one that a dead process has left; NULL, and counted, if there is none. */
static inline BoardSlot *
board_claim(Board *board, uint32 pid, bool (*is_dead) (uint32 owner))
{
	BoardSlot  *slot = board_claim_from(board, pid, NULL);

	if (!slot)
		slot = board_claim_from(board, pid, is_dead);
	if (!slot)
		pg_atomic_fetch_add_u32(&board->unseen, 1);
	return slot;
}

/* By the owner. */
static inline void
board_free(BoardSlot *slot)
{
	ProgressRow nothing = {0};

	slot->waits = 0;
	board_write(slot, &nothing);
	pg_write_barrier();
	pg_atomic_write_u32(&slot->owner, 0);
}

#endif							/* XBB_BOARD_H */
