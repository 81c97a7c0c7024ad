/*-------------------------------------------------------------------------
 *
 * stage.h
 *	  Rows in the memory of a backend, on their way from one statement to the next.
 *
 * A stage is a tuplestore with a number for each row.  It outlasts the statement
 * and every subtransaction but the one that made it, ends with the transaction at
 * the latest, and goes to disk beyond work_mem.  It leaves nothing in the catalogs,
 * takes no transaction id and no lock.  Only the role that made it gets at it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_STAGE_H
#define XBB_STAGE_H

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

#include "reader/reader.h"

/* Places in the rows where reading was begun: pieces mostly follow one another, but for
 * two readers. */
#define STAGE_PLACES 2

typedef struct Stage
{
	/* whose it is */
	int32		id;
	Oid			role;
	SubTransactionId subtransaction;
	struct Stage *next;
	MemoryContext memory;		/* of all below */

	/* the rows; numbers rise, and are those of the rows' places, from 1, where there is no list */
	TupleDesc	tupdesc;		/* "#n" first; NULL before stage_set_columns */
	Tuplestorestate *rows;
	int64		nrows;
	int64		cleared;		/* rows that were there before */
	int64		sampled;		/* rows of which the size was taken, and their bytes */
	int64		sampled_bytes;
	int64	   *numbers;
	int64		numbers_size;
	char	   *flags;			/* STAGE_DROPPED, STAGE_MARKED of each row; NULL: of none */
	int64		places[STAGE_PLACES];

	/* the rows that are handed out: the piece, by its place, and how far a statement came with it */
	int64		piece;
	int64		piece_rows;
	int64		reached;		/* a number; 0: nowhere */

	ReaderMissed missed;		/* records among the rows that lack their details */

	int			level;			/* of the statement that it was made in */
} Stage;

#define STAGE_DROPPED	1
#define STAGE_MARKED	2

/* Which rows of a piece that are not dropped */
typedef enum StagePart
{
	STAGE_ALL,
	STAGE_ONLY_MARKED,
	STAGE_ONLY_UNMARKED
} StagePart;

/* A new one, empty. */
extern Stage *stage_open(void);

/* One of the caller's role; an error if there is none. */
extern Stage *stage_get(int32 id);

/* The same, or NULL. */
extern Stage *stage_find(int32 id);

extern void stage_close(Stage *stage);

/* Its columns, without that of the number, which comes to stand before them. */
extern void stage_set_columns(Stage *stage, TupleDesc tupdesc);

/* Appends a row; its values begin with the number.  Nothing in them may point to what is
 * stored elsewhere. */
extern void stage_put(Stage *stage, int64 number, Datum *values, bool *isnull);

/* Without rows again; its columns stay, and numbers go on. */
extern void stage_clear(Stage *stage);

/* The number of the last row; 0: there is none. */
extern int64 stage_last(Stage *stage);

/* Makes the rows numbered from first to last the piece, "anew" without drops and marks:
 * how many of it are not dropped. */
extern int64 stage_choose(Stage *stage, int64 first, int64 last, bool anew);

/* Marks these, and no others of the piece: how many. */
extern int64 stage_mark(Stage *stage, const int64 *numbers, int64 count);

/* Drops what is marked in the piece: how many. */
extern int64 stage_drop_marked(Stage *stage);

/* How many rows a piece may have for a statement to hold it in memory. */
extern int64 stage_fitting_rows(Stage *stage);

/* How many rows of the piece are in that part. */
extern int64 stage_count(Stage *stage, StagePart part);

/* Puts a part of the piece into a tuplestore, with those columns, found by their names. */
extern void stage_hand_out(Stage *stage, StagePart part, TupleDesc columns, Tuplestorestate *into);

#endif							/* XBB_STAGE_H */
