/*-------------------------------------------------------------------------
 *
 * plan_remote.h
 *	  What the API is asked while planning; plan.c's alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PLAN_REMOTE_H
#define XBB_PLAN_REMOTE_H

#include "nodes/pathnodes.h"

#include "option/option.h"

/*
 * How many records meet those of the quals (ConditionQual) whose values are known, by
 * one request; -1 if the API does not tell, or if the user may not read the table: the
 * executor refuses him, but later than this.
 */
extern double plan_remote_records(PlannerInfo *root, const TableOptions *table, Oid userid,
								  List *quals);

/* Requests that a scan takes, about; limit is of rows, -1 or less for none. */
extern int	plan_requests(const TableOptions *table, double records, double limit);

#endif							/* XBB_PLAN_REMOTE_H */
