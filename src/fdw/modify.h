/*-------------------------------------------------------------------------
 *
 * modify.h
 *	  What the files modify*.c share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_MODIFY_H
#define XBB_MODIFY_H

#include "nodes/execnodes.h"
#include "target/target.h"

/* One execution of INSERT or COPY into one target table. */
typedef struct ModifyState
{
	Oid			relid;
	char	   *table;			/* its name */
	Target	   *target;
	TargetColumns *columns;
	TargetSender *sender;
	MemoryContext context;		/* of one request, reset before each */

	/* so far; records */
	int64		sent;
	int64		accepted;
	int64		refused;
	int64		unknown;
	int64		requests;
} ModifyState;

/*
 * Counts the verdicts of a request over the rows that were sent last, and raises an error
 * unless all were accepted (modify_verdict.c).
 */
extern void modify_check_answer(ModifyState *state, const TargetAnswer *answer, char **keys);

/* Puts a verdict into the columns of a row that show it. */
extern void modify_show_verdict(ModifyState *state, const TargetVerdict *verdict, TupleTableSlot *slot);

#endif							/* XBB_MODIFY_H */
