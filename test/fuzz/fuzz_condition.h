/*-------------------------------------------------------------------------
 *
 * fuzz_condition.h
 *	  What the files fuzz_condition*.c share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FUZZ_CONDITION_H
#define XBB_FUZZ_CONDITION_H

#include "mb/pg_wchar.h"

#include "fuzz_qual.h"

#define MAX_QUALS 6

typedef struct Evaluation
{
	List	   *quals;
	Datum		values[MAX_QUALS];
	bool		isnull[MAX_QUALS];
	pg_tz	   *zone;
	pg_enc		encoding;
	ConditionSet *set;
} Evaluation;

/* The set of some of the cases, those of one kind or one alone. */
extern ConditionSet *fuzz_set_of(const Evaluation *how, List *cases);

/* Are these JSON conditions that say something, each value of them? */
extern void fuzz_check_elements(const char *elements);

/* One qual on texts or numbers by itself. */
extern void fuzz_check_values(const Evaluation *how, Case *one);

/* The ids among all items that all of the cases allow, and no others. */
extern void fuzz_check_ids(const Evaluation *how, List *cases);

#endif							/* XBB_FUZZ_CONDITION_H */
