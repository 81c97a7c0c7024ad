/*-------------------------------------------------------------------------
 *
 * progress_data.h
 *	  What the files of this folder share.
 *
 *	  progress.c		readings
 *	  progress_run.c	the run under way
 *	  progress_show.c	what is seen of all
 *	  progress_words.c	names and times
 *	  progress_board.c	this backend's slots of the board
 *
 * Each calls only what stands below it; board.h is below all of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PROGRESS_DATA_H
#define XBB_PROGRESS_DATA_H

#include "lib/ilist.h"

#include "progress/board.h"

/* A change of Board needs another name: old backends may be alive. */
#define PROGRESS_SEGMENT "xbb_fdw progress 1"

/* Answers before the time that is left is told. */
#define PROGRESS_ANSWERS 3

/* progress_board.c */

/* The board, mapped for the life of the backend; made if "make".  NULL where there is none. */
extern Board *progress_board(bool make);

/* A slot of this backend's, or NULL; progress_release also takes one that is no longer its. */
extern BoardSlot *progress_claim(void);
extern void progress_release(BoardSlot *slot);

/* A fresh row of this backend. */
extern void progress_begin_row(ProgressRow *row, const ProgressSubject *subject);
extern void progress_copy_text(char *to, const char *from, int size);

/* Writes it, as of now. */
extern void progress_write(BoardSlot *slot, ProgressRow *row);

/* progress_words.c */

extern const char *progress_phase_name(ProgressPhase phase);
extern const char *progress_method_name(ProgressMethod method);

/* The time that is left of what a row shows, as of its latest change; -1: not known. */
extern int64 progress_left(const ProgressRow *row);

/* progress_run.c */

/* A reading of the run under way: the numbers are the reading's, which keeps them. */
typedef struct RunShare
{
	dlist_node	node;
	ProgressNumbers numbers;
} RunShare;

extern void progress_run_join(RunShare *share, const ProgressSubject *subject);
extern void progress_run_leave(RunShare *share);
extern void progress_run_update(const RunShare *latest);

#endif							/* XBB_PROGRESS_DATA_H */
